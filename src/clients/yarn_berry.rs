//! yarn 2 and later: `.yarnrc.yml` of the project and of every folder above it, and no other file.
//!
//! Answers for: the registry that `yarn install --immutable` asks; an `__archiveUrl` is fetched as it stands. The nearest file wins, maps
//! such as `npmScopes` merge; `.npmrc` and `.yarnrc` are not read; above the repository's root nothing is known. A member's file counts
//! for who starts yarn there: another candidate.
//!
//! Quirks: `${VAR:-default}` has a default that the environment may replace, so it is unknown; `checksumBehavior` other than `throw`
//! switches hashes off even with `--immutable`; `yarnPath` and `plugins` run on every command. Specification: yarnpkg.com, yarnrc;
//! tested with yarn 2 to 4.

use crate::clients::npmrc::{self, Config, Line};
use crate::clients::{Client, members_with, settings_in};
use crate::dependency::Lockfile;
use crate::neighbours::Neighbours;
use crate::routing::{Effect, Routing};
use crate::syntax::{Kind, Node};
use crate::text::{Problem, Text};

const NAME: &str = ".yarnrc.yml";

/// The row of the table.
pub(super) static CLIENT: Client = Client { id: "yarn-berry", reads: &[NAME], serves: &["yarn-berry"], read };

fn read(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let mut config = Config::default();
    let mut seen: Vec<&'static str> = Vec::new();
    for found in neighbours.upwards(NAME) {
        let mut below = Config::default();
        take(found, &mut below, &mut routing, Some(&mut seen));
        config.below(&below);
    }
    let mut all = vec![config];
    for found in members_with(NAME, lockfile, neighbours) {
        let mut member = Config::default();
        take(found, &mut member, &mut routing, None);
        if let Some(root) = all.first() {
            member.below(root);
        }
        all.push(member);
    }
    npmrc::plain_rules(&all, &mut routing);
    routing
}

/// One file; `seen` names settings that a nearer file has.
fn take(found: Result<&Text, &Problem>, config: &mut Config, routing: &mut Routing, seen: Option<&mut Vec<&'static str>>) {
    let documents = found.map_err(Problem::clone).and_then(|text| {
        routing.read.push(text.id);
        settings_in(text)
    });
    match documents {
        Ok(documents) => {
            let Some(document) = documents.first() else { return };
            config.on_top(registries(document.root()));
            if let Some(seen) = seen {
                settings(document.root(), seen, routing);
            }
        }
        Err(problem) => {
            config.opaque.get_or_insert((format!("{NAME} {}", problem.message), problem.place));
            routing.problems.push(problem);
        }
    }
}

/// Registries in the shape of `.npmrc`'s lines.
fn registries(root: Node<'_>) -> Vec<Line> {
    let line = |key: String, node: Node<'_>| Line { key, value: node.scalar().unwrap_or("").to_owned(), place: node.place() };
    let mut found: Vec<Line> = root.get("npmRegistryServer").map(|node| line("registry".to_owned(), node)).into_iter().collect();
    for scope in root.get("npmScopes").into_iter().flat_map(Node::members) {
        let server = scope.get("npmRegistryServer");
        found.extend(server.map(|node| line(format!("@{}:registry", scope.key().trim_start_matches('@')), node)));
    }
    found
}

/// What a setting's value does.
type Reads<'a> = &'a dyn Fn(Node<'_>) -> Option<Effect>;

fn settings(root: Node<'_>, seen: &mut Vec<&'static str>, routing: &mut Routing) {
    let flag = |node: Node<'_>, wanted: bool| node.bool() == Some(wanted);
    let is_filled = |node: Node<'_>| !node.is_empty() || node.scalar().is_some_and(|value| !value.is_empty() && value != "false");
    let known: [(&str, Reads<'_>); 11] = [
        ("checksumBehavior", &|node| matches!(node.scalar(), Some("ignore" | "update")).then_some(Effect::IntegrityOff)),
        ("enableHardenedMode", &|node| flag(node, true).then_some(Effect::Cautious)),
        ("enableScripts", &|node| node.bool().map(|on| if on { Effect::InstallCodeOn } else { Effect::InstallCodeOff })),
        ("enableStrictSsl", &|node| flag(node, false).then_some(Effect::TlsOff)),
        ("httpProxy", &|node| is_filled(node).then_some(Effect::Proxy)),
        ("httpsProxy", &|node| is_filled(node).then_some(Effect::Proxy)),
        ("npmMinimalAgeGate", &|node| (!matches!(node.scalar(), None | Some("0"))).then_some(Effect::Cautious)),
        ("plugins", &|node| is_filled(node).then_some(Effect::RunsProgram)),
        ("unsafeHttpWhitelist", &|node| is_filled(node).then_some(Effect::TlsOff)),
        ("yarnPath", &|node| (node.kind() != Kind::Null).then_some(Effect::RunsProgram)),
        ("networkSettings", &|node| {
            node.members().any(|host| host.get("enableStrictSsl").is_some_and(|on| flag(on, false))).then_some(Effect::TlsOff)
        }),
    ];
    for (key, effect) in known {
        let Some(node) = root.get(key).filter(|_| !seen.contains(&key)) else { continue };
        seen.push(key);
        if let Some(effect) = effect(node) {
            routing.setting(effect, key, node.place());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    const LOCK: &str = "__metadata:\n  version: 8\n\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n";

    #[test]
    fn files_merge_upwards_and_npmrc_is_not_read() {
        let files = [
            ("web/yarn.lock", LOCK),
            (
                "web/.yarnrc.yml",
                "npmRegistryServer: https://near.example\nnpmScopes:\n  acme:\n    npmRegistryServer: https://acme.example\n",
            ),
            (
                ".yarnrc.yml",
                "npmRegistryServer: https://far.example\nnpmScopes:\n  other:\n    npmRegistryServer: https://other.example\nchecksumBehavior: update\nyarnPath: .yarn/releases/yarn.cjs\n",
            ),
            ("web/.npmrc", "registry=https://n.example\n"),
        ];
        assert_eq!(
            routing("web/yarn.lock", &files),
            "\
SilentFor(@acme/*) -> https://acme.example
SilentFor(@other/*) -> https://other.example
Silent -> https://near.example
setting IntegrityOff checksumBehavior at .yarnrc.yml:5
setting RunsProgram yarnPath at .yarnrc.yml:6
reads web/.yarnrc.yml
reads .yarnrc.yml
"
        );
    }

    #[test]
    fn settings_and_variables() {
        let content = "npmRegistryServer: \"${R:-https://a.example}\"\nenableScripts: false\nunsafeHttpWhitelist: [a.example]\nhttpsProxy: http://p.example\n";
        assert_eq!(
            routing("yarn.lock", &[("yarn.lock", LOCK), (".yarnrc.yml", content)]),
            "\
Silent -> unknown: `${R:-https://a.example}` depends on the environment
setting InstallCodeOff enableScripts at .yarnrc.yml:2
setting Proxy httpsProxy at .yarnrc.yml:4
setting TlsOff unsafeHttpWhitelist at .yarnrc.yml:3
reads .yarnrc.yml
problem .yarnrc.yml:1: `registry`: `${R:-https://a.example}` depends on the environment
"
        );
    }

    #[test]
    fn a_broken_file_may_say_anything() {
        let found = routing("yarn.lock", &[("yarn.lock", LOCK), (".yarnrc.yml", "a: [\n")]);
        assert!(found.starts_with("Silent -> unknown: .yarnrc.yml is not YAML"), "{found}");
    }

    #[test]
    fn a_file_of_comments_says_nothing() {
        for content in ["", "\n", "# nodeLinker: node-modules\n"] {
            let found = routing("yarn.lock", &[("yarn.lock", LOCK), (".yarnrc.yml", content)]);
            assert_eq!(found, "reads .yarnrc.yml\n");
        }
    }
}
