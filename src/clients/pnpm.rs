//! pnpm: `.npmrc` and pnpm-workspace.yaml beside the lockfile.
//!
//! Answers for: the registry that `pnpm install --frozen-lockfile` asks for entries without a recorded address; recorded ones are
//! fetched as they stand by every version. Three generations differ: up to 9 only `.npmrc` counts (also one that its `userconfig`
//! names); 10 adds `registries` of pnpm-workspace.yaml, which wins; from 11 on also its `registry`. In a member's folder, pnpm up to 10
//! reads the member's `.npmrc` too: another answer, so a candidate. The generation is told by the lockfile's version,
//! `packageManager` or `devEngines`; where it is not, the answers of all are candidates.
//!
//! Quirks: pnpm 10.9 and later ask npm.jsr.io for the scope `@jsr` by themselves; `${VAR}` in a registry is ignored by 10 and 11 and
//! refused by 12, and counts as unknown for all. From 10 on only listed packages run code when they are installed.
//! In a repository of Rush's, `common/config/rush/.npmrc` counts for subspaces and autoinstallers too.
//! `.pnpmfile.cjs` runs on every install. Specification: pnpm.io, settings; tested with pnpm 8 to 12.

use std::collections::BTreeSet;

use crate::clients::npmrc::{self, Config, Line};
use crate::clients::{Client, manager, members_with, settings_in};
use crate::dependency::Lockfile;
use crate::formats::{package_json, rush};
use crate::neighbours::{Neighbours, join};
use crate::routing::{Address, Asked, Effect, KnownBy, Routing, Rule, When};
use crate::syntax::{Kind, Node};
use crate::text::{Place, Problem, Span};

const WORKSPACE: &str = "pnpm-workspace.yaml";

/// The row of the table.
pub(super) static CLIENT: Client = Client {
    id: "pnpm",
    reads: &[npmrc::NAME, ".pnpmfile.cjs", ".pnpmfile.mjs", "package.json", WORKSPACE],
    serves: &["pnpm-lock"],
    read,
};

const NPMRC_SETTINGS: [(&str, Effect); 8] = [
    ("dangerously-allow-all-builds", Effect::InstallCodeOn),
    ("http-proxy", Effect::Proxy),
    ("https-proxy", Effect::Proxy),
    ("ignore-scripts", Effect::InstallCodeOff),
    ("pnpmfile", Effect::RunsProgram),
    ("proxy", Effect::Proxy),
    ("script-shell", Effect::RunsProgram),
    ("strict-ssl", Effect::TlsOff),
];

const WORKSPACE_SETTINGS: [(&str, Effect); 10] = [
    ("blockExoticSubdeps", Effect::Cautious),
    ("configDependencies", Effect::RunsProgram),
    ("dangerouslyAllowAllBuilds", Effect::InstallCodeOn),
    ("httpProxy", Effect::Proxy),
    ("httpsProxy", Effect::Proxy),
    ("ignoreScripts", Effect::InstallCodeOff),
    ("minimumReleaseAge", Effect::Cautious),
    ("pnpmfile", Effect::RunsProgram),
    ("strictSsl", Effect::TlsOff),
    ("trustPolicy", Effect::Cautious),
];

/// Versions that read the same files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Generation {
    UpTo9,
    Ten,
    From11,
}

/// What one generation reads: lines of `.npmrc` and of pnpm-workspace.yaml in the same shape.
struct Reads {
    config: Config,
    has_jsr: Option<bool>,
}

fn read(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let workspace = Workspace::beside(neighbours, &mut routing);
    let told = manager::told(neighbours).filter(|manager| manager.name == "pnpm");
    let version = told.and_then(|manager| manager.major.map(|major| (major, manager.minor.unwrap_or(0))));
    let generations = generations(lockfile, version);
    let mut npmrc = Config::beside(neighbours, &mut routing);
    if let Some(found) = rush::settings(neighbours).and_then(|folder| neighbours.at(&join(&folder, npmrc::NAME))) {
        npmrc.push(found, &mut routing);
    }
    npmrc.settings(&NPMRC_SETTINGS, &mut routing);
    workspace.settings(&mut routing);
    builds(&workspace, &generations, neighbours, &mut routing);
    if generations.contains(&Generation::UpTo9) {
        npmrc.follow(&["userconfig"], neighbours, &mut routing);
    }
    let mut all: Vec<Reads> = Vec::new();
    for generation in &generations {
        let mut config = npmrc.clone();
        config.on_top(workspace.lines(*generation));
        config.opaque = config.opaque.or_else(|| workspace.opaque.clone().filter(|_| *generation != Generation::UpTo9));
        let has_jsr = match (generation, version) {
            (_, Some(version)) => Some(version >= (10, 9)),
            (Generation::UpTo9, None) => Some(false),
            (Generation::Ten, None) => None,
            (Generation::From11, None) => Some(true),
        };
        all.push(Reads { config, has_jsr });
    }
    if generations.first().is_some_and(|first| *first != Generation::From11) {
        members(lockfile, neighbours, &mut all, &mut routing);
    }
    rules(&all, lockfile, &mut routing);
    for (name, line) in &workspace.named {
        let asked = npmrc::asked(line, &mut routing);
        routing.rule(When::Named(name.clone()), vec![asked]);
    }
    for name in [".pnpmfile.cjs", ".pnpmfile.mjs"] {
        if let Some(text) = neighbours.find(&join(neighbours.folder(), name)) {
            routing.setting(Effect::RunsProgram, name, Place { text, span: Span::default() });
            // Read for the report only: the place must be in a text that is there.
            let _ = neighbours.beside(name);
        }
    }
    routing
}

/// Packages whose code may run when they are installed. Up to 9 all of them may, and a list takes that from the others.
fn builds(workspace: &Workspace, generations: &[Generation], neighbours: &Neighbours<'_>, routing: &mut Routing) {
    if *generations == [Generation::UpTo9] {
        return;
    }
    let mut all = workspace.builds.clone();
    let manifest = package_json::manifest(neighbours.folder(), neighbours);
    // 11 and later do not read it.
    if let Some(own) = manifest.as_ref().and_then(|manifest| manifest.root().get("pnpm"))
        && generations.contains(&Generation::Ten)
    {
        all.extend(built(own));
    }
    for (key, place) in all {
        if !routing.settings.iter().any(|setting| setting.key == key) {
            routing.setting(Effect::InstallCodeOn, &key, place);
        }
    }
}

/// What pnpm's settings list, in pnpm-workspace.yaml or under `pnpm` of a manifest; all but some is as good as all.
fn built(settings: Node<'_>) -> Vec<(String, Place)> {
    let mut all = manager::builds(settings.get("onlyBuiltDependencies"));
    all.extend(manager::builds(settings.get("allowBuilds")));
    if settings.get("onlyBuiltDependencies").is_none() {
        all.extend(settings.get("neverBuiltDependencies").map(|node| (node.key().to_owned(), node.place())));
    }
    all
}

fn generations(lockfile: &Lockfile, version: Option<(u32, u32)>) -> Vec<Generation> {
    let is_old = lockfile.version.as_deref().is_some_and(|version| version.starts_with(['5', '6']));
    match version {
        _ if is_old => vec![Generation::UpTo9],
        Some((0..=9, _)) => vec![Generation::UpTo9],
        Some((10, _)) => vec![Generation::Ten],
        Some(_) => vec![Generation::From11],
        None => vec![Generation::UpTo9, Generation::Ten, Generation::From11],
    }
}

/// Members' own `.npmrc`, which counts for who starts pnpm there: the same below it.
fn members(lockfile: &Lockfile, neighbours: &Neighbours<'_>, all: &mut Vec<Reads>, routing: &mut Routing) {
    let Some((root, has_jsr)) = all.first().map(|reads| (reads.config.clone(), reads.has_jsr)) else { return };
    for found in members_with(npmrc::NAME, lockfile, neighbours) {
        let mut member = Config::default();
        member.push(found, routing);
        if member.opaque.is_none() && member.get("registry").is_none() && member.scopes().is_empty() {
            continue;
        }
        member.below(&root);
        all.push(Reads { config: member, has_jsr });
    }
}

/// One rule for each scope, and one for the rest; what the generations answer differently are candidates.
fn rules(all: &[Reads], lockfile: &Lockfile, routing: &mut Routing) {
    let mut scopes: BTreeSet<String> =
        all.iter().flat_map(|reads| reads.config.scopes()).map(|(scope, _)| scope.to_owned()).collect();
    if all.iter().any(|reads| reads.has_jsr != Some(false)) {
        scopes.insert("@jsr".to_owned());
    }
    let mut quiet = Routing::default();
    let defaults: Vec<Vec<Asked>> = all.iter().map(|reads| reads.config.default_registry(&mut quiet)).collect();
    let or_default = |asked: &[Asked]| if asked.is_empty() { vec![Asked::Default] } else { asked.to_vec() };
    for scope in &scopes {
        let mut ask = Vec::new();
        let mut is_assumed = true;
        for (reads, default) in all.iter().zip(&defaults) {
            let line = reads.config.get(&format!("{scope}:registry"));
            match line {
                Some(line) => {
                    is_assumed = false;
                    ask.push(npmrc::asked(line, &mut quiet));
                    if npmrc::has_variable(scope) {
                        ask.extend(or_default(default));
                    }
                }
                None if scope == "@jsr" && reads.has_jsr != Some(false) => {
                    let place = Place { text: lockfile.text, span: Span::default() };
                    ask.push(Asked::At(Address { url: "https://npm.jsr.io/".to_owned(), place }));
                    if reads.has_jsr.is_none() {
                        ask.extend(or_default(default));
                    }
                }
                None => ask.extend(or_default(default)),
            }
        }
        let known_by = if is_assumed { KnownBy::Assumed } else { KnownBy::Configuration };
        routing.rules.push(Rule { when: When::SilentFor(npmrc::names_of(scope)), ask: npmrc::unique(ask), known_by });
    }
    if defaults.iter().any(|default| !default.is_empty()) {
        let ask = defaults.iter().flat_map(|default| or_default(default)).collect();
        routing.rule(When::Silent, npmrc::unique(ask));
    }
    npmrc::keep_problems(routing, quiet.problems);
}

/// What pnpm-workspace.yaml says, as lines of `.npmrc`'s shape.
#[derive(Default)]
struct Workspace {
    /// From `registries`.
    registries: Vec<Line>,
    /// From the top level.
    top: Vec<Line>,
    /// From `namedRegistries`.
    named: Vec<(String, Line)>,
    settings: Vec<(Effect, &'static str, Place)>,
    /// Packages that may run code.
    builds: Vec<(String, Place)>,
    opaque: Option<(String, Place)>,
}

impl Workspace {
    fn beside(neighbours: &Neighbours<'_>, routing: &mut Routing) -> Self {
        let mut workspace = Self::default();
        let Some(found) = neighbours.beside(WORKSPACE) else { return workspace };
        let documents = found.map_err(Problem::clone).and_then(|text| {
            routing.read.push(text.id);
            settings_in(text)
        });
        match documents {
            Ok(documents) => documents.iter().for_each(|document| workspace.take(document.root())),
            Err(problem) => {
                workspace.opaque = Some((format!("{WORKSPACE} {}", problem.message), problem.place));
                routing.problems.push(problem);
            }
        }
        workspace
    }

    fn take(&mut self, root: Node<'_>) {
        let line = |key: String, node: Node<'_>| Line { key, value: node.scalar().unwrap_or("").to_owned(), place: node.place() };
        for node in root.get("registries").into_iter().flat_map(Node::members) {
            let key = if node.key() == "default" { "registry".to_owned() } else { format!("{}:registry", node.key()) };
            self.registries.push(line(key, node));
        }
        let is_registry =
            |node: &Node<'_>| node.key() == "registry" || (node.key().starts_with('@') && node.key().ends_with(":registry"));
        self.top.extend(root.members().filter(is_registry).map(|node| line(node.key().to_owned(), node)));
        for node in root.get("namedRegistries").into_iter().flat_map(Node::members) {
            self.named.push((node.key().to_owned(), line(format!("namedRegistries.{}", node.key()), node)));
        }
        self.builds.extend(built(root));
        for (key, effect) in WORKSPACE_SETTINGS {
            let Some(node) = root.get(key) else { continue };
            let is_set = match effect {
                Effect::TlsOff => node.bool() == Some(false),
                Effect::Proxy | Effect::RunsProgram => !matches!(node.kind(), Kind::Null | Kind::Bool),
                Effect::Cautious => node.bool() != Some(false) && !matches!(node.scalar(), None | Some("0" | "off")),
                _ => node.bool() == Some(true),
            };
            if is_set {
                self.settings.push((effect, key, node.place()));
            }
        }
    }

    fn lines(&self, generation: Generation) -> Vec<Line> {
        match generation {
            Generation::UpTo9 => Vec::new(),
            Generation::Ten => self.registries.clone(),
            Generation::From11 => self.top.iter().chain(&self.registries).cloned().collect(),
        }
    }

    fn settings(&self, routing: &mut Routing) {
        for (effect, key, place) in &self.settings {
            routing.setting(*effect, key, *place);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    const V9: &str = "lockfileVersion: '9.0'\nimporters:\n  .: {}\n  app: {}\n";
    const V6: &str = "lockfileVersion: '6.0'\n";

    fn pnpm(lock: &str, manager: &str, more: &[(&str, &str)]) -> String {
        let manifest = format!(r#"{{ "packageManager": "{manager}" }}"#);
        let mut files = vec![("pnpm-lock.yaml", lock), ("app/package.json", "{}")];
        if !manager.is_empty() {
            files.push(("package.json", &manifest));
        }
        files.extend(more);
        routing("pnpm-lock.yaml", &files)
    }

    #[test]
    fn generations_differ_in_what_they_read() {
        let npmrc = (".npmrc", "registry=https://a.example/\n");
        let workspace = (
            "pnpm-workspace.yaml",
            "registries:\n  default: https://b.example/\n  '@acme': https://c.example/\nregistry: https://d.example/\n",
        );
        let both = [npmrc, workspace];
        let reads = "reads pnpm-workspace.yaml\nreads .npmrc\n";
        assert_eq!(pnpm(V6, "", &both), format!("Silent -> https://a.example/\n{reads}"));
        assert_eq!(pnpm(V9, "pnpm@9.15.0", &both), format!("Silent -> https://a.example/\n{reads}"));
        let ten = format!("SilentFor(@acme/*) -> https://c.example/\nSilent -> https://b.example/\n{reads}");
        assert_eq!(pnpm(V9, "pnpm@10.0.0", &both), ten);
        let untold = "\
SilentFor(@acme/*) -> https://a.example/, https://c.example/
SilentFor(@jsr/*) -> https://a.example/, https://npm.jsr.io/, https://b.example/
Silent -> https://a.example/, https://b.example/
";
        assert_eq!(pnpm(V9, "", &both), format!("{untold}{reads}"));
        let only_top = [("pnpm-workspace.yaml", "registry: https://d.example/\n")];
        assert_eq!(pnpm(V9, "pnpm@10.8.0", &only_top), "reads pnpm-workspace.yaml\n");
        let eleven = "SilentFor(@jsr/*) -> https://npm.jsr.io/\nSilent -> https://d.example/\nreads pnpm-workspace.yaml\n";
        assert_eq!(pnpm(V9, "pnpm@11.0.0", &only_top), eleven);
    }

    #[test]
    fn named_registries_and_variables() {
        let files = [
            ("pnpm-workspace.yaml", "namedRegistries:\n  cc: https://cc.example/\n"),
            (".npmrc", "registry=https://${H}/\n@jsr:registry=https://npm.jsr.io\n"),
        ];
        assert_eq!(
            pnpm(V9, "pnpm@12.0.0", &files),
            "\
SilentFor(@jsr/*) -> https://npm.jsr.io
Silent -> unknown: `https://${H}/` depends on the environment
Named(cc) -> https://cc.example/
reads pnpm-workspace.yaml
reads .npmrc
problem .npmrc:1: `registry`: `https://${H}/` depends on the environment
"
        );
    }

    #[test]
    fn a_members_own_file_is_a_candidate_up_to_10() {
        let files = [
            (".npmrc", "registry=https://a.example"),
            ("app/.npmrc", "registry=https://m.example"),
            ("other/.npmrc", "registry=https://o.example"),
        ];
        let nine = "Silent -> https://a.example, https://m.example\nreads .npmrc\nreads app/.npmrc\n";
        assert_eq!(pnpm(V9, "pnpm@9.0.0", &files), nine);
        let twelve = "SilentFor(@jsr/*) -> https://npm.jsr.io/\nSilent -> https://a.example\nreads .npmrc\n";
        assert_eq!(pnpm(V9, "pnpm@12.0.0", &files), twelve);
    }

    #[test]
    fn packages_that_may_run_code() {
        let files = [(
            "pnpm-workspace.yaml",
            "onlyBuiltDependencies:\n  - esbuild\nallowBuilds:\n  '@swc/core': true\n  core-js: false\n  esbuild: true\n",
        )];
        let esbuild = "setting InstallCodeOn builds of esbuild at pnpm-workspace.yaml:2\n";
        let swc = "setting InstallCodeOn builds of @swc/core at pnpm-workspace.yaml:4\n";
        assert_eq!(pnpm(V9, "pnpm@10.0.0", &files), format!("{esbuild}{swc}reads pnpm-workspace.yaml\n"));
        // There all packages may, and the list takes it from the others.
        assert_eq!(pnpm(V9, "pnpm@9.0.0", &files), "reads pnpm-workspace.yaml\n");
        let own = r#"{ "packageManager": "pnpm@10.1.0", "pnpm": { "onlyBuiltDependencies": ["esbuild"] } }"#;
        let own = routing("pnpm-lock.yaml", &[("pnpm-lock.yaml", V9), ("package.json", own)]);
        assert_eq!(own, "setting InstallCodeOn builds of esbuild at package.json:1\n");
    }

    #[test]
    fn settings() {
        let files = [
            (".npmrc", "strict-ssl=false\n"),
            (".pnpmfile.cjs", "module.exports = {}\n"),
            (
                "pnpm-workspace.yaml",
                "minimumReleaseAge: 1440\ntrustPolicy: no-downgrade\ndangerouslyAllowAllBuilds: true\nstrictSsl: true\n",
            ),
        ];
        assert_eq!(
            pnpm(V9, "pnpm@9.0.0", &files),
            "\
setting TlsOff strict-ssl at .npmrc:1
setting InstallCodeOn dangerouslyAllowAllBuilds at pnpm-workspace.yaml:3
setting Cautious minimumReleaseAge at pnpm-workspace.yaml:1
setting Cautious trustPolicy at pnpm-workspace.yaml:2
setting RunsProgram .pnpmfile.cjs at .pnpmfile.cjs:1
reads pnpm-workspace.yaml
reads .npmrc
"
        );
    }

    #[test]
    fn a_broken_workspace_file_may_say_anything() {
        let files = [("pnpm-workspace.yaml", "registries: [\n")];
        let found = pnpm(V9, "pnpm@10.0.0", &files);
        assert!(found.starts_with("Silent -> unknown: pnpm-workspace.yaml is not YAML"), "{found}");
    }

    #[test]
    fn a_file_of_comments_says_nothing() {
        assert_eq!(pnpm(V6, "", &[("pnpm-workspace.yaml", "# the root\n\n")]), "reads pnpm-workspace.yaml\n");
        assert_eq!(pnpm(V6, "", &[("pnpm-workspace.yaml", "")]), "reads pnpm-workspace.yaml\n");
        assert!(pnpm(V6, "", &[("pnpm-workspace.yaml", "packages: [\n")]).contains("is not YAML"));
    }

    #[test]
    fn rush_brings_settings_of_its_own_folder() {
        let files = [
            ("rush.json", "{}"),
            ("common/config/rush/.npmrc", "registry=https://a.example/\n"),
            ("common/config/subspaces/web/pnpm-lock.yaml", V6),
            ("common/config/subspaces/web/.npmrc", "@acme:registry=https://b.example/\n"),
            ("common/autoinstallers/tool/pnpm-lock.yaml", V6),
        ];
        assert_eq!(
            routing("common/config/subspaces/web/pnpm-lock.yaml", &files),
            "\
SilentFor(@acme/*) -> https://b.example/
Silent -> https://a.example/
reads common/config/subspaces/web/.npmrc
reads common/config/rush/.npmrc
"
        );
        let tool = "common/autoinstallers/tool/pnpm-lock.yaml";
        assert_eq!(routing(tool, &files), "Silent -> https://a.example/\nreads common/config/rush/.npmrc\n");
        assert_eq!(routing(tool, files.get(1..).unwrap_or_default()), "");
    }

    #[test]
    fn an_installed_package_is_no_member() {
        let files = [("node_modules/a/package.json", "{}"), ("node_modules/a/.npmrc", "registry=https://evil.example/")];
        assert_eq!(pnpm(V6, "", &files), "");
    }
}
