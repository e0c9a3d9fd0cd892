//! deno: `.npmrc` beside the root manifest, for its npm packages only.
//!
//! Answers for: the registry that `deno install --frozen` asks for `npm` entries. A recorded tarball on the public registry's default
//! host counts as the configured default; other recorded addresses, remote modules and JSR go where they say, and only the environment
//! can move JSR. Members' and parents' `.npmrc` are not read.
//!
//! Specification: docs.deno.com, npm registries; tested with deno 2.1 and 2.9.

use crate::clients::Client;
use crate::clients::npmrc::{self, Config};
use crate::dependency::Lockfile;
use crate::neighbours::Neighbours;
use crate::routing::{Asked, Routing, When};

/// The row of the table.
pub(super) static CLIENT: Client = Client { id: "deno", reads: &[npmrc::NAME], serves: &["deno-lock"], read };

fn read(_: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let config = Config::beside(neighbours, &mut routing);
    npmrc::plain_rules(std::slice::from_ref(&config), &mut routing);
    let default = routing.rules.iter().find(|rule| rule.when == When::Silent).map(|rule| rule.ask.clone());
    if let Some(ask) = default.filter(|ask| !ask.contains(&Asked::Default)) {
        routing.rule(When::Host("registry.npmjs.org".to_owned()), ask);
    }
    routing
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
Host(registry.npmjs.org) -> https://a.example
reads .npmrc
"
        );
    }
}
