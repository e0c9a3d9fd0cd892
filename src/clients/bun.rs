//! bun: `.npmrc` and bunfig.toml beside the root manifest.
//!
//! Answers for: the registry that `bun install --frozen-lockfile` asks for tuples with an empty address; recorded addresses are fetched
//! as they stand. Up to 1.2 an empty address means the public registry whatever is configured; 1.3 asks what is configured, `.npmrc`
//! before bunfig.toml; 1.4 the other way round. Where `packageManager` does not tell which, all answers are candidates. Members' and
//! parents' files are not read. Packages of `trustedDependencies` run code when they are installed.
//!
//! Quirks: a registry is a text or a table with `url`; `$VAR` stands for the environment only as the whole value; proxies in files
//! have no effect. Specification: bun.sh, bunfig; tested with bun 1.1 to 1.4.

use std::collections::HashSet;

use crate::clients::npmrc::{self, Config, Line};
use crate::clients::{Client, manager};
use crate::dependency::Lockfile;
use crate::formats::package_json;
use crate::neighbours::Neighbours;
use crate::routing::{BUILDS_OF, Effect, Routing};
use crate::syntax::{Node, toml};
use crate::text::Problem;

const BUNFIG: &str = "bunfig.toml";

/// The row of the table.
pub(super) static CLIENT: Client =
    Client { id: "bun", reads: &[npmrc::NAME, BUNFIG, "package.json"], serves: &["bun-lock", "bun-lockb"], read };

fn read(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let npmrc = Config::beside(neighbours, &mut routing);
    let bunfig = bunfig(neighbours, &mut routing);
    let told = manager::told(neighbours).filter(|manager| manager.name == "bun");
    let version = told.and_then(|manager| manager.major.map(|major| (major, manager.minor.unwrap_or(0))));
    let stacked = |upper: &Config, lower: &Config| {
        let mut config = upper.clone();
        config.below(lower);
        config
    };
    let (old, before, after) = (Config::default(), stacked(&npmrc, &bunfig), stacked(&bunfig, &npmrc));
    let all = match version {
        Some(version) if version <= (1, 2) => vec![old],
        Some(version) if version <= (1, 3) => vec![before],
        Some(_) => vec![after],
        None => vec![before, after, old],
    };
    npmrc::plain_rules(&all, &mut routing);
    trusted(lockfile, neighbours, &mut routing);
    routing
}

/// Packages that the manifest lets run code when they are installed and of which the lockfile does not say so itself.
fn trusted(lockfile: &Lockfile, neighbours: &Neighbours<'_>, routing: &mut Routing) {
    let Some(manifest) = package_json::manifest(neighbours.folder(), neighbours) else { return };
    let content = neighbours.by_id(lockfile.text).and_then(Result::ok).map_or("", |text| &text.content);
    let running = lockfile.entries.iter().filter(|entry| entry.runs_code.is_some());
    let running: HashSet<&str> = running.map(|entry| entry.name.of(content)).collect();
    for (key, place) in manager::builds(manifest.root().get("trustedDependencies")) {
        if !key.strip_prefix(BUILDS_OF).is_some_and(|name| running.contains(name)) {
            routing.setting(Effect::InstallCodeOn, &key, place);
        }
    }
}

/// bunfig.toml in the shape of `.npmrc`'s lines.
fn bunfig(neighbours: &Neighbours<'_>, routing: &mut Routing) -> Config {
    let mut config = Config::default();
    let Some(found) = neighbours.beside(BUNFIG) else { return config };
    let document = found.map_err(Problem::clone).and_then(|text| {
        routing.read.push(text.id);
        toml::read(text)
    });
    match document {
        Ok(document) => {
            let install = document.root().get("install");
            let mut lines: Vec<Line> = install
                .and_then(|install| install.get("registry"))
                .and_then(|node| line("registry".to_owned(), node))
                .into_iter()
                .collect();
            for scope in install.and_then(|install| install.get("scopes")).into_iter().flat_map(Node::members) {
                lines.extend(line(format!("@{}:registry", scope.key().trim_start_matches('@')), scope));
            }
            config.on_top(lines);
            if let Some(install) = install {
                settings(install, routing);
            }
        }
        Err(problem) => {
            config.opaque = Some((format!("{BUNFIG} {}", problem.message), problem.place));
            routing.problems.push(problem);
        }
    }
    config
}

fn line(key: String, node: Node<'_>) -> Option<Line> {
    let node = if node.is_map() { node.get("url")? } else { node };
    let value = node.text()?;
    // What `.npmrc` writes as `${VAR}`.
    let variable = value.strip_prefix('$').filter(|name| !name.is_empty() && !name.contains(['/', '{', ':', '.']));
    let value = variable.map_or_else(|| value.to_owned(), |name| format!("${{{name}}}"));
    Some(Line { key, value, place: node.place() })
}

fn settings(install: Node<'_>, routing: &mut Routing) {
    if let Some(node) = install.get("ignoreScripts").filter(|node| node.bool() == Some(true)) {
        routing.setting(Effect::InstallCodeOff, "ignoreScripts", node.place());
    }
    if let Some(node) = install.get("minimumReleaseAge").filter(|node| node.scalar() != Some("0")) {
        routing.setting(Effect::Cautious, "minimumReleaseAge", node.place());
    }
    if let Some(node) = install.at(&["security", "scanner"]) {
        routing.setting(Effect::RunsProgram, "security.scanner", node.place());
    }
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    const LOCK: &str = r#"{ "lockfileVersion": 1, "packages": {} }"#;

    fn bun(manager: &str, more: &[(&str, &str)]) -> String {
        let manifest = format!(r#"{{ "packageManager": "{manager}" }}"#);
        let mut files = vec![("bun.lock", LOCK)];
        if !manager.is_empty() {
            files.push(("package.json", &manifest));
        }
        files.extend(more);
        routing("bun.lock", &files)
    }

    #[test]
    fn versions_differ_in_order_and_in_what_an_empty_address_means() {
        let files = [
            (".npmrc", "registry=https://n.example\n"),
            (
                "bunfig.toml",
                "[install]\nregistry = { url = \"https://b.example\", token = \"$T\" }\n[install.scopes]\nacme = \"https://s.example\"\n",
            ),
        ];
        let reads = "reads .npmrc\nreads bunfig.toml\n";
        assert_eq!(bun("bun@1.2.23", &files), reads);
        let scope = "SilentFor(@acme/*) -> https://s.example\n";
        assert_eq!(bun("bun@1.3.0", &files), format!("{scope}Silent -> https://n.example\n{reads}"));
        assert_eq!(bun("bun@1.4.0", &files), format!("{scope}Silent -> https://b.example\n{reads}"));
        let all = "SilentFor(@acme/*) -> https://s.example, default\nSilent -> https://n.example, https://b.example, default\n";
        assert_eq!(bun("", &files), format!("{all}{reads}"));
    }

    #[test]
    fn trusted_packages_beyond_those_of_the_lockfile() {
        let lock = r#"{ "lockfileVersion": 1, "trustedDependencies": ["a"], "packages": { "a": ["a@1.0.0", "", {}, ""] } }"#;
        let files = [("bun.lock", lock), ("package.json", r#"{ "trustedDependencies": ["a", "b"] }"#)];
        assert_eq!(routing("bun.lock", &files), "setting InstallCodeOn builds of b at package.json:1\n");
    }

    #[test]
    fn variables_and_settings() {
        let files = [("bunfig.toml", "[install]\nregistry = \"$REG\"\nignoreScripts = true\n")];
        assert_eq!(
            bun("bun@1.4.0", &files),
            "\
Silent -> unknown: `${REG}` depends on the environment
setting InstallCodeOff ignoreScripts at bunfig.toml:3
reads bunfig.toml
problem bunfig.toml:2: `registry`: `${REG}` depends on the environment
"
        );
    }
}
