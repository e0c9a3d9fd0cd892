//! deno: `.npmrc` beside the root manifest, for its npm packages only.
//!
//! Answers for: the registry that `deno install --frozen` asks for `npm` entries. A recorded tarball on the public registry's default
//! host counts as none: its npm scope's registry is asked, or the configured default. Other recorded addresses, remote modules and JSR
//! go where they say, and only the environment can move JSR. Members' and parents' `.npmrc` are not read.
//!
//! Specification: docs.deno.com, npm registries; tested with deno 2.1 and 2.9.

use crate::clients::Client;
use crate::clients::npmrc::{self, Config};
use crate::dependency::Lockfile;
use crate::neighbours::Neighbours;
use crate::routing::{Asked, Routing, When};

/// The row of the table.
pub(super) static CLIENT: Client = Client { id: "deno", reads: &[npmrc::NAME], serves: &["deno-lock"], read };

/// The host that stands for whatever is configured.
const MAGIC: &str = "registry.npmjs.org";

fn read(_: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let config = Config::beside(neighbours, &mut routing);
    npmrc::plain_rules(std::slice::from_ref(&config), &mut routing);
    let recorded: Vec<(When, Vec<Asked>)> =
        routing.rules.iter().filter_map(|rule| Some((recorded(&rule.when)?, rule.ask.clone()))).collect();
    for (when, ask) in recorded {
        routing.rule(when, ask);
    }
    routing
}

/// The same rule for entries that record the public host.
fn recorded(silent: &When) -> Option<When> {
    match silent {
        When::Silent => Some(When::Host(MAGIC.to_owned())),
        When::SilentFor(names) => Some(When::HostFor(MAGIC.to_owned(), names.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    #[test]
    fn the_public_host_means_the_configured_registry() {
        let files = [
            ("deno.lock", r#"{ "version": "5" }"#),
            (".npmrc", "registry=https://a.example\n@acme:registry=https://b.example\n"),
        ];
        assert_eq!(
            routing("deno.lock", &files),
            "\
SilentFor(@acme/*) -> https://b.example
Silent -> https://a.example
HostFor(registry.npmjs.org, @acme/*) -> https://b.example
Host(registry.npmjs.org) -> https://a.example
reads .npmrc
"
        );
    }
}
