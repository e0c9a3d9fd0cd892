//! npm: `.npmrc` beside the root manifest, and nothing else of the repository.
//!
//! Answers for: the registry that `npm ci` asks. Members' and parents' `.npmrc`, `publishConfig`, `//host/:registry` and other clients'
//! files are not read, as npm does not. The environment and the user's own files can override everything and are outside.
//!
//! npm 7 to 12 fetch what `resolved` records, but for npm's default host, which stands for the configured default registry (never for a
//! scope's); `replace-registry-host` widens or ends that. npm 6 uses `resolved` only where it lies on the configured registry. A
//! lockfile of version 2 or 3 is npm 7's or later; version 1 may be installed by any, so that with a configured registry both answers
//! are candidates. npm 12 refuses addresses that no configured registry serves, which changes no registry, and so counts like 11.
//! Specification: docs.npmjs.com, config; tested with npm 6 to 12.

use crate::clients::npmrc::{self, Config};
use crate::clients::{Client, bun, manager, pnpm, yarn_berry, yarn_v1};
use crate::dependency::Lockfile;
use crate::neighbours::Neighbours;
use crate::routing::{Asked, Effect, Routing, When};

/// The row of the table.
pub(super) static CLIENT: Client = Client {
    id: "npm",
    reads: &[npmrc::NAME, "package.json"],
    serves: &["npm-package-lock", "npm-shrinkwrap", "package-json"],
    read,
};

/// The host that stands for the configured registry.
const MAGIC: &str = "registry.npmjs.org";

const SETTINGS: [(&str, Effect); 13] = [
    ("before", Effect::Cautious),
    ("dangerously-allow-all-scripts", Effect::InstallCodeOn),
    ("git", Effect::RunsProgram),
    ("https-proxy", Effect::Proxy),
    ("http-proxy", Effect::Proxy),
    ("ignore-scripts", Effect::InstallCodeOff),
    ("min-release-age", Effect::Cautious),
    ("node-options", Effect::RunsProgram),
    ("proxy", Effect::Proxy),
    ("script-shell", Effect::RunsProgram),
    ("shell", Effect::RunsProgram),
    ("strict-allow-scripts", Effect::InstallCodeOff),
    ("strict-ssl", Effect::TlsOff),
];

/// What is known about npm's version.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Band {
    Six,
    SevenOn,
    Any,
}

/// A manifest without a lockfile is installed by whichever manager it names.
fn read(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    if lockfile.format.id == "package-json" {
        let told = manager::told(neighbours);
        let other = match told.as_ref().map(|manager| (manager.name.as_str(), manager.major)) {
            Some(("pnpm", _)) => Some(&pnpm::CLIENT),
            Some(("yarn", Some(0 | 1))) => Some(&yarn_v1::CLIENT),
            Some(("yarn", _)) => Some(&yarn_berry::CLIENT),
            Some(("bun", _)) => Some(&bun::CLIENT),
            _ => None,
        };
        if let Some(other) = other {
            return (other.read)(lockfile, neighbours);
        }
    }
    npm(lockfile, neighbours)
}

fn npm(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let mut config = Config::beside(neighbours, &mut routing);
    config.follow(&["userconfig", "globalconfig"], neighbours, &mut routing);
    config.settings(&SETTINGS, &mut routing);
    let default = config.default_registry(&mut routing);
    let scopes: Vec<(String, Asked)> = {
        let lines = config.scopes();
        lines.into_iter().map(|(scope, line)| (npmrc::names_of(scope), npmrc::asked(line, &mut routing))).collect()
    };
    let replace = config.get("replace-registry-host").map_or("npmjs", |line| line.value.as_str());
    for (names, asked) in &scopes {
        let mut ask = vec![asked.clone()];
        if names == "@*/*" {
            ask.extend(or_default(&default));
        }
        if replace == "always" {
            // The scope's registry is asked what there is, the default one for the file.
            ask.extend(or_default(&default));
        }
        routing.rule(When::SilentFor(names.clone()), ask);
    }
    if let Some(unknown) = config.unknown().filter(|_| config.get("registry").is_some()) {
        let ask = std::iter::once(unknown).chain(default.clone()).collect();
        routing.rule(When::SilentFor("@*/*".to_owned()), ask);
    }
    recorded(&mut routing, band(lockfile, neighbours), replace, &default, &scopes);
    if !default.is_empty() {
        routing.rule(When::Silent, default);
    }
    routing
}

/// Rules for entries that record an address.
fn recorded(routing: &mut Routing, band: Band, replace: &str, default: &[Asked], scopes: &[(String, Asked)]) {
    if band == Band::Six {
        // Whatever is not on the configured registry of its name is ignored; which scope's, no single rule can tell.
        let is_configured = !default.is_empty() || !scopes.is_empty();
        let ask = or_default(default).into_iter().chain(scopes.iter().map(|(_, asked)| asked.clone())).collect();
        if is_configured {
            routing.rule(When::Recorded, ask);
        }
        return;
    }
    let replaced = match replace {
        "never" => None,
        "always" => {
            routing.rule(When::Recorded, or_default(default));
            None
        }
        "npmjs" => Some(MAGIC.to_owned()),
        other => Some(host_of(other)),
    };
    if let Some(host) = replaced {
        let is_itself = host == MAGIC && matches!(default, [] | [Asked::At(_)] if default.iter().all(is_magic));
        if !is_itself {
            routing.rule(When::Host(host), or_default(default));
        }
    }
    if band == Band::Any && !default.is_empty() && replace != "always" {
        let ask = std::iter::once(Asked::Recorded).chain(default.iter().cloned()).collect();
        routing.rule(When::Recorded, ask);
    }
}

fn or_default(default: &[Asked]) -> Vec<Asked> {
    if default.is_empty() { vec![Asked::Default] } else { default.to_vec() }
}

/// Whether replacing npm's default host by this address changes nothing.
fn is_magic(asked: &Asked) -> bool {
    matches!(asked, Asked::At(address) if address.url.trim_end_matches('/') == format!("https://{MAGIC}"))
}

/// The host of `host`, `host/path` or an address.
fn host_of(written: &str) -> String {
    let bare = written.split_once("://").map_or(written, |(_, rest)| rest);
    bare.split(['/', ':']).next().unwrap_or(bare).to_ascii_lowercase()
}

fn band(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Band {
    if matches!(lockfile.version.as_deref(), Some("2" | "3")) {
        return Band::SevenOn;
    }
    match manager::told(neighbours) {
        Some(manager) if manager.name == "npm" => match manager.major {
            Some(0..=6) => Band::Six,
            Some(_) => Band::SevenOn,
            None => Band::Any,
        },
        _ if lockfile.format.id == "package-json" => Band::SevenOn,
        _ => Band::Any,
    }
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    const V3: &str = r#"{ "lockfileVersion": 3, "packages": {} }"#;
    const V1: &str = r#"{ "lockfileVersion": 1 }"#;

    fn npm(lock: &str, npmrc: &str) -> String {
        routing(
            "web/package-lock.json",
            &[("web/package-lock.json", lock), ("web/.npmrc", npmrc), (".npmrc", "registry=https://above.example")],
        )
    }

    #[test]
    fn nothing_configured() {
        assert_eq!(npm(V3, ""), "reads web/.npmrc\n");
        assert_eq!(
            npm(V1, "registry=https://registry.npmjs.org/\n"),
            "\
Recorded -> recorded, https://registry.npmjs.org/
Silent -> https://registry.npmjs.org/
reads web/.npmrc
"
        );
    }

    #[test]
    fn a_registry_takes_the_default_host_and_never_a_scope() {
        assert_eq!(
            npm(V3, "registry=https://a.example/npm/\n@acme:registry=https://b.example/\n//b.example/:_authToken=x\n"),
            "\
SilentFor(@acme/*) -> https://b.example/
Host(registry.npmjs.org) -> https://a.example/npm/
Silent -> https://a.example/npm/
reads web/.npmrc
"
        );
    }

    #[test]
    fn version_1_may_be_installed_by_npm_6() {
        assert_eq!(
            npm(V1, "registry=https://a.example\n"),
            "\
Host(registry.npmjs.org) -> https://a.example
Recorded -> recorded, https://a.example
Silent -> https://a.example
reads web/.npmrc
"
        );
        let told = |version: &str| {
            let manifest = format!(r#"{{ "packageManager": "npm@{version}" }}"#);
            routing(
                "package-lock.json",
                &[("package-lock.json", V1), ("package.json", &manifest), (".npmrc", "registry=https://a.example")],
            )
        };
        assert_eq!(told("6.14.18"), "Recorded -> https://a.example\nSilent -> https://a.example\nreads .npmrc\n");
        let on = "Host(registry.npmjs.org) -> https://a.example\nSilent -> https://a.example\nreads .npmrc\n";
        assert_eq!(told("10.9.0+sha512.aa"), on);
    }

    #[test]
    fn replace_registry_host() {
        assert_eq!(
            npm(V3, "registry=https://a.example\nreplace-registry-host=never"),
            "Silent -> https://a.example\nreads web/.npmrc\n"
        );
        assert_eq!(npm(V3, "replace-registry-host=always"), "Recorded -> default\nreads web/.npmrc\n");
        assert_eq!(
            npm(V3, "replace-registry-host=old.example\nregistry=https://a.example"),
            "\
Host(old.example) -> https://a.example
Silent -> https://a.example
reads web/.npmrc
"
        );
    }

    #[test]
    fn what_the_environment_completes_is_unknown() {
        assert_eq!(
            npm(V3, "registry=https://${HOST}/\n"),
            "\
Host(registry.npmjs.org) -> unknown: `https://${HOST}/` depends on the environment
Silent -> unknown: `https://${HOST}/` depends on the environment
reads web/.npmrc
problem web/.npmrc:1: `registry`: `https://${HOST}/` depends on the environment
"
        );
    }

    #[test]
    fn a_manifest_alone_is_its_own_managers() {
        let files = |manager: &'static str| {
            let manifest = format!(r#"{{ "packageManager": "{manager}" }}"#);
            let files = [
                ("package.json", manifest.as_str()),
                (".npmrc", "registry=https://n.example"),
                (".yarnrc.yml", "npmRegistryServer: https://y.example"),
            ];
            routing("package.json", &files)
        };
        assert_eq!(files("yarn@4.1.0"), "Silent -> https://y.example\nreads .yarnrc.yml\n");
        assert_eq!(files("yarn@1.22.0"), "Silent -> https://n.example\nreads .npmrc\n");
        assert_eq!(
            files("npm@10.0.0"),
            "Host(registry.npmjs.org) -> https://n.example\nSilent -> https://n.example\nreads .npmrc\n"
        );
    }

    #[test]
    fn other_files_are_followed_inside_the_repository() {
        let files = |npmrc: &'static str| {
            routing(
                "package-lock.json",
                &[("package-lock.json", V3), (".npmrc", npmrc), ("ci/npmrc", "registry=https://a.example\nstrict-ssl=false")],
            )
        };
        assert_eq!(
            files("userconfig=./ci/npmrc\n@acme:registry=https://b.example"),
            "\
SilentFor(@acme/*) -> https://b.example
Host(registry.npmjs.org) -> https://a.example
Silent -> https://a.example
setting TlsOff strict-ssl at ci/npmrc:2
reads .npmrc
reads ci/npmrc
"
        );
        let outside = files("globalconfig=/etc/npmrc");
        assert!(outside.starts_with("Host(registry.npmjs.org) -> unknown: `globalconfig` names `/etc/npmrc`"), "{outside}");
    }
}
