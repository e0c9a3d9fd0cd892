//! Bundler: `.bundle/config` in the lockfile's folder.
//!
//! Only there: folders above are not searched. What stands in it beats the environment, so it is what is asked. Nothing in it is expanded.
//! Keys are settings in upper case: `.` is written `__`, `-` is written `___`.
//!
//! What moves a registry: `mirror.all` diverts every remote; `mirror.ADDRESS`, or `mirror.HOST`, that one. A mirror with a
//! `fallback_timeout` is left for the original when it cannot be reached: both are candidates. The lockfile stays as it is.
//! `BUNDLE_GEMFILE` switches to another Gemfile and lockfile; both are read wherever they lie.

use std::collections::BTreeMap;

use super::Client;
use crate::dependency::Lockfile;
use crate::neighbours::Neighbours;
use crate::routing::{Address, Asked, Effect, Routing, When};
use crate::syntax::{Node, yaml};
use crate::text::{Lost, Place, Problem};

pub(crate) static CLIENT: Client =
    Client { id: "bundler", reads: &[".bundle/config"], serves: &["gemfile", "gemfile-lock"], read };

/// What a mirror's key ends with if the original may be asked as well.
const FALLBACK: &str = ".fallback_timeout";

fn read(_: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let text = match neighbours.beside(".bundle/config") {
        Some(Ok(text)) => text,
        Some(Err(problem)) => {
            broken(&mut routing, problem.clone());
            return routing;
        }
        None => return routing,
    };
    routing.read.push(text.id);
    if text.content.trim().is_empty() {
        return routing;
    }
    let documents = match yaml::read(text) {
        Ok(documents) => documents,
        Err(problem) => {
            broken(&mut routing, problem);
            return routing;
        }
    };
    let Some(root) = documents.first().map(crate::syntax::Document::root) else { return routing };
    if !root.is_map() && root.kind() != crate::syntax::Kind::Null {
        broken(&mut routing, root.problem(Lost::Detail, "is not a map of settings"));
        return routing;
    }
    let mut mirrors: BTreeMap<String, Mirror> = BTreeMap::new();
    for node in root.members() {
        let Some(key) = setting(node.key()) else { continue };
        let value = node.scalar().unwrap_or("").trim();
        match key.strip_prefix("mirror.") {
            Some(of) => mirror(&mut mirrors, of, node, value),
            None => read_setting(&mut routing, &key, node, value),
        }
    }
    add_mirrors(&mut routing, &mirrors);
    routing
}

/// A setting's own name.
fn setting(key: &str) -> Option<String> {
    Some(key.strip_prefix("BUNDLE_")?.replace("___", "-").replace("__", ".").to_ascii_lowercase())
}

/// What cannot be read may say anything.
fn broken(routing: &mut Routing, problem: Problem) {
    let unknown = Asked::Unknown("Bundler's configuration cannot be read".to_owned(), problem.place);
    routing.problems.push(problem);
    routing.rule(When::Recorded, vec![unknown]);
}

#[derive(Default)]
struct Mirror {
    url: Option<(String, Place)>,
    has_fallback: bool,
}

fn mirror(mirrors: &mut BTreeMap<String, Mirror>, of: &str, node: Node<'_>, value: &str) {
    let address = of.strip_suffix(FALLBACK);
    let mirror = mirrors.entry(address.unwrap_or(of).trim_end_matches('/').to_owned()).or_default();
    if address.is_some() {
        mirror.has_fallback = !matches!(value, "0" | "false" | "");
    } else {
        mirror.url = Some((value.to_owned(), node.place()));
    }
}

fn add_mirrors(routing: &mut Routing, mirrors: &BTreeMap<String, Mirror>) {
    let asked = |mirror: &Mirror| {
        let (url, place) = mirror.url.clone()?;
        let mut ask = vec![Asked::At(Address { url, place })];
        if mirror.has_fallback {
            ask.push(Asked::Recorded);
        }
        Some(ask)
    };
    // `all` beats the mirror of one remote.
    if let Some(ask) = mirrors.get("all").and_then(asked) {
        routing.rule(When::Recorded, ask);
    }
    for (of, mirror) in mirrors.iter().filter(|(of, _)| *of != "all") {
        let Some(ask) = asked(mirror) else { continue };
        if of.contains("://") {
            routing.rule(When::Index(format!("{of}/")), ask);
        } else {
            for scheme in ["https", "http"] {
                routing.rule(When::Index(format!("{scheme}://{of}/")), ask.clone());
            }
        }
    }
}

fn read_setting(routing: &mut Routing, key: &str, node: Node<'_>, value: &str) {
    let is_on = matches!(value, "true" | "1" | "yes" | "on" | "t" | "y");
    let effect = match key {
        "disable_checksum_validation" if is_on => Effect::IntegrityOff,
        "lockfile_checksums" if value == "false" => Effect::IntegrityOff,
        "ssl_verify_mode" if value == "0" => Effect::TlsOff,
        "git.allow_insecure" if is_on => Effect::TlsOff,
        "trust-policy" if !value.eq_ignore_ascii_case("nosecurity") && !value.is_empty() => Effect::IntegrityOn,
        _ => return,
    };
    routing.setting(effect, node.key(), node.place());
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    fn said(config: &str) -> String {
        routing(
            "Gemfile.lock",
            &[("Gemfile.lock", "GEM\n  remote: https://rubygems.org/\n  specs:\n"), (".bundle/config", config)],
        )
    }

    #[test]
    fn a_mirror_of_one_remote() {
        let config = "---\nBUNDLE_MIRROR__HTTPS://RUBYGEMS__ORG/: \"https://gems.acme-corp.example/\"\n";
        let found = said(config);
        assert!(found.starts_with("Index(https://rubygems.org/) -> https://gems.acme-corp.example/\n"), "{found}");
        let config = "BUNDLE_MIRROR__HTTPS://GEMS__ACME___CORP__EXAMPLE/: https://m.example\n";
        assert!(said(config).starts_with("Index(https://gems.acme-corp.example/) -> https://m.example\n"), "{}", said(config));
    }

    #[test]
    fn a_mirror_of_all_comes_first_and_may_fall_back() {
        let config = "BUNDLE_MIRROR__RUBYGEMS__ORG: https://host.example\nBUNDLE_MIRROR__ALL: https://all.example\n\
                      BUNDLE_MIRROR__ALL__FALLBACK_TIMEOUT: 3\n";
        let found = said(config);
        let lines: Vec<&str> = found.lines().take(3).collect();
        assert_eq!(
            lines,
            [
                "Recorded -> https://all.example, recorded",
                "Index(https://rubygems.org/) -> https://host.example",
                "Index(http://rubygems.org/) -> https://host.example"
            ]
        );
    }

    #[test]
    fn settings_that_weaken() {
        let config = "BUNDLE_PATH: vendor/bundle\nBUNDLE_DISABLE_CHECKSUM_VALIDATION: \"true\"\nBUNDLE_SSL_VERIFY_MODE: 0\n\
                      BUNDLE_TRUST___POLICY: HighSecurity\n";
        let found = said(config);
        for key in ["BUNDLE_DISABLE_CHECKSUM_VALIDATION", "BUNDLE_SSL_VERIFY_MODE", "BUNDLE_TRUST___POLICY"] {
            assert!(found.contains(key), "{found}");
        }
        assert!(!found.contains("BUNDLE_PATH"));
    }

    #[test]
    fn what_cannot_be_read_makes_every_remote_unknown() {
        let found = said("BUNDLE: [unclosed\n");
        assert!(found.starts_with("Recorded -> unknown"), "{found}");
        assert_eq!(
            routing(
                "sub/Gemfile.lock",
                &[("sub/Gemfile.lock", "GEM\n"), (".bundle/config", "BUNDLE_MIRROR__ALL: https://x.example\n")]
            ),
            ""
        );
    }
}
