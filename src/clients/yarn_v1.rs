//! yarn 1: `.npmrc` and `.yarnrc` of the project and of every folder above it.
//!
//! Answers for: the registry that is asked for entries without `resolved`; recorded addresses are fetched as they stand, whatever is
//! configured. `.npmrc` beats `.yarnrc`, the nearest file beats those above; above the repository's root nothing is known. Started in a
//! member's folder, yarn reads the member's files too, which makes another candidate.
//!
//! Quirks: `.yarnrc` has yarn's own syntax, and keys for one command (`--install.registry`); it never expands variables;
//! `.npmrc`'s `ignore-scripts` has no effect; `yarn-path`, and even `yarnPath` of `.yarnrc.yml`, run another program instead of yarn.
//! Specification: classic.yarnpkg.com, yarnrc; tested with yarn 1.22.

use crate::clients::npmrc::{self, Config, Line};
use crate::clients::{Client, members_with};
use crate::dependency::Lockfile;
use crate::neighbours::Neighbours;
use crate::routing::{Effect, Routing};
use crate::syntax::{lines, yaml};
use crate::text::Text;

const YARNRC: &str = ".yarnrc";

/// The row of the table.
pub(super) static CLIENT: Client =
    Client { id: "yarn-v1", reads: &[npmrc::NAME, YARNRC, ".yarnrc.yml"], serves: &["yarn-v1"], read };

const NPMRC_SETTINGS: [(&str, Effect); 3] =
    [("https-proxy", Effect::Proxy), ("proxy", Effect::Proxy), ("strict-ssl", Effect::TlsOff)];

const YARNRC_SETTINGS: [(&str, Effect); 5] = [
    ("https-proxy", Effect::Proxy),
    ("ignore-scripts", Effect::InstallCodeOff),
    ("proxy", Effect::Proxy),
    ("strict-ssl", Effect::TlsOff),
    ("yarn-path", Effect::RunsProgram),
];

fn read(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let config = config(neighbours, &mut routing);
    let mut all = vec![config];
    for name in [npmrc::NAME, YARNRC] {
        for found in members_with(name, lockfile, neighbours) {
            let mut member = Config::default();
            match found {
                Ok(text) if name == YARNRC => member.on_top(yarnrc(text, &mut routing)),
                found => member.push(found, &mut routing),
            }
            if let Some(root) = all.first() {
                member.below(root);
            }
            all.push(member);
        }
    }
    npmrc::plain_rules(&all, &mut routing);
    for found in neighbours.upwards(".yarnrc.yml").into_iter().flatten() {
        let documents = yaml::read_with_aliases(found).unwrap_or_default();
        let path = documents.first().and_then(|document| document.root().get("yarnPath"));
        if let Some(path) = path {
            routing.read.push(found.id);
            routing.setting(Effect::RunsProgram, "yarnPath", path.place());
            break;
        }
    }
    routing
}

/// The files of this folder and those above, the strongest first.
fn config(neighbours: &Neighbours<'_>, routing: &mut Routing) -> Config {
    let mut npmrc = Config::default();
    for found in neighbours.upwards(npmrc::NAME) {
        npmrc.push(found, routing);
    }
    npmrc.settings(&NPMRC_SETTINGS, routing);
    let mut own = Config::default();
    for found in neighbours.upwards(YARNRC) {
        match found {
            Ok(text) => {
                let mut below = Config::default();
                below.on_top(yarnrc(text, routing));
                own.below(&below);
            }
            found @ Err(_) => own.push(found, routing),
        }
    }
    own.settings(&YARNRC_SETTINGS, routing);
    npmrc.below(&own);
    npmrc
}

/// `key value` lines, each part quoted or not.
fn yarnrc(text: &Text, routing: &mut Routing) -> Vec<Line> {
    routing.read.push(text.id);
    let mut found = Vec::new();
    for line in lines::of(&text.content) {
        let trimmed = line.text.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let (key, rest) = word(trimmed);
        let rest = rest.trim_start_matches([' ', ':']);
        let (value, _) = word(rest);
        let key = key.strip_prefix("--").and_then(|flag| flag.split_once('.')).map_or(key, |(_, key)| key);
        if key.starts_with('_') || key.starts_with("//") || key.contains(":_") {
            continue;
        }
        let span = line.span_of(if value.is_empty() { trimmed } else { value });
        let value = if rest.is_empty() { "true" } else { value };
        found.push(Line { key: key.to_owned(), value: value.to_owned(), place: text.place(span) });
    }
    found
}

fn word(rest: &str) -> (&str, &str) {
    if let Some((word, after)) = rest.strip_prefix('"').and_then(|inner| inner.split_once('"')) {
        return (word, after.trim_start());
    }
    rest.split_once(' ').map_or((rest, ""), |(word, after)| (word, after.trim_start()))
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    const LOCK: &str = "# yarn lockfile v1\n\n\na@1:\n  version \"1.0.0\"\n";

    #[test]
    fn npmrc_beats_yarnrc_and_near_beats_far() {
        let files = [
            ("web/yarn.lock", LOCK),
            (
                "web/.yarnrc",
                "# x\nregistry \"https://y.example/\"\n\"@acme:registry\" \"https://s.example/\"\n--install.ignore-scripts true\n",
            ),
            (".npmrc", "registry=https://n.example/\nstrict-ssl=false\n"),
            (".yarnrc", "registry https://far.example\nyarn-path \"./yarn.js\"\n"),
        ];
        assert_eq!(
            routing("web/yarn.lock", &files),
            "\
SilentFor(@acme/*) -> https://s.example/
Silent -> https://n.example/
setting TlsOff strict-ssl at .npmrc:2
setting InstallCodeOff ignore-scripts at web/.yarnrc:4
setting RunsProgram yarn-path at .yarnrc:2
reads .npmrc
reads web/.yarnrc
reads .yarnrc
"
        );
    }

    #[test]
    fn nothing_and_later_files_only() {
        let files = [("yarn.lock", LOCK), (".yarnrc.yml", "npmRegistryServer: https://a.example\nyarnPath: x.cjs\n")];
        assert_eq!(routing("yarn.lock", &files), "setting RunsProgram yarnPath at .yarnrc.yml:2\nreads .yarnrc.yml\n");
    }

    #[test]
    fn a_members_own_file_is_a_candidate() {
        let files = [
            ("yarn.lock", LOCK),
            ("package.json", r#"{ "workspaces": ["app"] }"#),
            ("app/package.json", "{}"),
            ("app/.npmrc", "registry=https://m.example\n"),
        ];
        assert_eq!(routing("yarn.lock", &files), "Silent -> default, https://m.example\nreads app/.npmrc\n");
    }
}
