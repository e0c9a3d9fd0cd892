//! Cargo: `.cargo/config.toml` and `.cargo/config`, in the lockfile's folder and every folder above.
//!
//! Deeper files win, key by key; where both names exist, only the one without `.toml` is read. `include` pulls more files, below the
//! values of the file that includes. Cargo starts at the folder it is run in; that this is the lockfile's is an assumption. Values are
//! literal: nothing is expanded. The environment can override `[registries]` (`CARGO_REGISTRIES_NAME_INDEX`), but not `[source]`.
//!
//! What moves a registry: any `[source.crates-io]` that names something else, with or without `replace-with` (its value is a source, or else
//! one of `[registries]`); a `[source]` whose `registry` is recorded and that is replaced; `[registries]` for names in manifests. The
//! lockfile stays as it is. `[registries.crates-io]` and `[registry] default` move nothing. `[patch]` is in the lockfile; without one it
//! decides for the names that it patches. A replaced git source keeps its identity: vendored folders ask nobody, anything else is a
//! problem. `[net]` and `[build]` change neither address nor trust; `[paths]` overrides are not in the lockfile and ask nobody.

use std::collections::{BTreeMap, HashSet};

use super::Client;
use crate::dependency::Lockfile;
use crate::neighbours::{Absent, Neighbours, folder_of, folders_upwards, join, normalise};
use crate::routing::{Address, Asked, Effect, Routing, When};
use crate::syntax::{Kind, Node, toml};
use crate::text::{Lost, Place, Problem, Span, Text, TextId};

pub(crate) static CLIENT: Client =
    Client { id: "cargo", reads: &[".cargo/config.toml", ".cargo/config"], serves: &["cargo-lock", "cargo-toml"], read };

/// How the registry that is asked by default is recorded, over either protocol.
const DEFAULT_INDEXES: [&str; 2] = ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];
/// The name of the default registry in configuration.
const DEFAULT_NAME: &str = "crates-io";
/// The named limit on files that include each other.
const INCLUDED_MAX: usize = 64;
/// Versions of TLS and SSL that protect no more.
const WEAK_TLS: [&str; 5] = ["sslv2", "sslv3", "tlsv1", "tlsv1.0", "tlsv1.1"];

/// The configuration files around a lockfile, the strongest first, without what they include.
pub(crate) fn files<'a>(neighbours: &Neighbours<'a>) -> Vec<Result<&'a Text, &'a Problem>> {
    let file = |folder: &str| {
        let at = |name: &str| neighbours.at(&join(folder, name));
        at(".cargo/config").or_else(|| at(".cargo/config.toml"))
    };
    folders_upwards(neighbours.folder()).filter_map(file).collect()
}

fn read(_: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    read_around(neighbours)
}

fn read_around(neighbours: &Neighbours<'_>) -> Routing {
    let mut config = Config::new(neighbours);
    for file in files(neighbours) {
        match file {
            Ok(text) => config.file(text),
            Err(problem) => config.broken(problem.clone()),
        }
    }
    config.into_routing()
}

/// A value with where it stands.
#[derive(Clone)]
struct Value {
    text: String,
    place: Place,
}

/// One `[source.NAME]`.
#[derive(Default)]
struct Source {
    registry: Option<Value>,
    replace_with: Option<Value>,
    /// `directory` or `local-registry`, from the root where it lies inside.
    folder: Option<Value>,
    git: Option<Value>,
}

struct Config<'a> {
    neighbours: Neighbours<'a>,
    sources: BTreeMap<String, Source>,
    registries: BTreeMap<String, Value>,
    patches: BTreeMap<String, Asked>,
    seen: HashSet<TextId>,
    settings_seen: HashSet<String>,
    unknown: Option<(String, Place)>,
    routing: Routing,
}

impl<'a> Config<'a> {
    fn new(neighbours: &Neighbours<'a>) -> Self {
        Self {
            neighbours: *neighbours,
            sources: BTreeMap::new(),
            registries: BTreeMap::new(),
            patches: BTreeMap::new(),
            seen: HashSet::new(),
            settings_seen: HashSet::new(),
            unknown: None,
            routing: Routing::default(),
        }
    }

    /// What cannot be read may say anything.
    fn broken(&mut self, problem: Problem) {
        let reason = "Cargo's configuration cannot be read".to_owned();
        self.unknown.get_or_insert((reason, problem.place));
        self.routing.problems.push(problem);
    }

    /// Takes one file's values where stronger files said nothing, then what it includes.
    fn file(&mut self, text: &Text) {
        if !self.seen.insert(text.id) {
            return;
        }
        if self.seen.len() > INCLUDED_MAX {
            let message = format!("is one of more than {INCLUDED_MAX} files of Cargo's configuration");
            return self.broken(Problem::new(text.place(Span::default()), Lost::Detail, message));
        }
        self.routing.read.push(text.id);
        let document = match toml::read(text) {
            Ok(document) => document,
            // An empty file says nothing, which is fine.
            Err(_) if text.content.trim().is_empty() => return,
            Err(problem) => return self.broken(problem),
        };
        let root = document.root();
        let base = folder_of(folder_of(&text.path)).to_owned();
        for source in tables(root, "source") {
            self.source(source, &base);
        }
        for registry in tables(root, "registries") {
            if let Some(index) = self.value(registry, "index") {
                self.registries.entry(registry.key().to_owned()).or_insert(index);
            }
        }
        for node in tables(root, "patch").into_iter().flat_map(Node::members) {
            self.patch(node, &base);
        }
        self.settings(root);
        let mut included: Vec<Node<'_>> = match root.get("include") {
            Some(include) if include.kind() == Kind::List => include.items().collect(),
            Some(include) => vec![include],
            None => Vec::new(),
        };
        included.reverse();
        for node in included {
            self.include(node, folder_of(&text.path));
        }
    }

    fn include(&mut self, node: Node<'_>, folder: &str) {
        let path = node.text().or_else(|| node.get("path").and_then(Node::text));
        let is_optional = node.get("optional").and_then(Node::bool) == Some(true);
        let found = match path.map(|path| normalise(folder, path).ok_or(Absent::Outside)) {
            Some(Ok(path)) => self.neighbours.at(&path).ok_or(Absent::Missing),
            Some(Err(absent)) => Err(absent),
            None => {
                return self.broken(node.problem(Lost::Detail, "`include` is not a path, expected text or a table with `path`"));
            }
        };
        match found {
            Ok(Ok(text)) => self.file(text),
            Ok(Err(problem)) => self.broken(problem.clone()),
            Err(Absent::Missing) if is_optional => {}
            Err(Absent::Missing) => self.broken(node.problem(Lost::Detail, "includes a file that is not in the repository")),
            Err(Absent::Outside) => self.broken(node.problem(Lost::Detail, "includes a file outside the repository")),
        }
    }

    /// A field of text; anything else is a problem.
    fn value(&mut self, table: Node<'_>, key: &str) -> Option<Value> {
        let node = table.get(key)?;
        let Some(text) = node.text() else {
            self.broken(node.problem(Lost::Detail, format!("`{key}` of `{}` is not text", table.key())));
            return None;
        };
        Some(Value { text: text.to_owned(), place: node.place() })
    }

    fn source(&mut self, table: Node<'_>, base: &str) {
        let mut found = Source {
            registry: self.value(table, "registry"),
            replace_with: self.value(table, "replace-with"),
            folder: self.value(table, "directory").or_else(|| self.value(table, "local-registry")),
            git: self.value(table, "git"),
        };
        if let Some(folder) = &mut found.folder {
            folder.text = normalise(base, &folder.text).unwrap_or_else(|| folder.text.clone());
        }
        let source = self.sources.entry(table.key().to_owned()).or_default();
        source.registry = source.registry.take().or(found.registry);
        source.replace_with = source.replace_with.take().or(found.replace_with);
        source.folder = source.folder.take().or(found.folder);
        source.git = source.git.take().or(found.git);
    }

    fn patch(&mut self, node: Node<'_>, base: &str) {
        let name = node.get("package").and_then(Node::text).unwrap_or(node.key()).to_owned();
        let asked = if let Some(path) = self.value(node, "path") {
            let folder = normalise(base, &path.text).unwrap_or(path.text);
            Asked::Folder(Address { url: folder, place: path.place })
        } else if let Some(git) = self.value(node, "git") {
            Asked::Unknown("a patch in Cargo's configuration takes it from a git repository".to_owned(), git.place)
        } else {
            return;
        };
        self.patches.entry(name).or_insert(asked);
    }

    /// Settings of `[http]`; the deepest file that has one decides.
    fn settings(&mut self, root: Node<'_>) {
        for node in root.get("http").into_iter().flat_map(Node::members) {
            if !self.settings_seen.insert(node.key().to_owned()) {
                continue;
            }
            let (key, effect) = match node.key() {
                "check-revoke" if node.bool() == Some(false) => ("http.check-revoke", Effect::TlsOff),
                "ssl-version" if is_weak_tls(node) => ("http.ssl-version", Effect::TlsOff),
                "proxy" if node.text().is_some_and(|proxy| !proxy.is_empty()) => ("http.proxy", Effect::Proxy),
                _ => continue,
            };
            self.routing.setting(effect, key, node.place());
        }
    }

    fn into_routing(mut self) -> Routing {
        if let Some((reason, place)) = self.unknown.take() {
            for when in [When::Recorded, When::Silent] {
                self.routing.rule(when, vec![Asked::Unknown(reason.clone(), place)]);
            }
        }
        let default = self.sources.contains_key(DEFAULT_NAME).then(|| self.follow(DEFAULT_NAME, None));
        let patches = std::mem::take(&mut self.patches);
        for (name, asked) in patches {
            self.routing.rule(When::SilentFor(name), vec![asked]);
        }
        if let Some(default) = default.clone() {
            for index in DEFAULT_INDEXES {
                self.routing.rule(When::Index(index.to_owned()), vec![default.clone()]);
            }
            self.routing.rule(When::Silent, vec![default]);
        }
        self.replaced_sources();
        let named: Vec<(String, Asked)> = self.registries.iter().map(|(name, index)| (name.clone(), self.named(index))).collect();
        for (name, asked) in named.into_iter().filter(|(name, _)| name != DEFAULT_NAME) {
            self.routing.rule(When::Named(name), vec![asked]);
        }
        self.routing.rule(When::Named(DEFAULT_NAME.to_owned()), vec![default.unwrap_or(Asked::Default)]);
        self.routing
    }

    fn replaced_sources(&mut self) {
        let mut rules = Vec::new();
        for (name, source) in self.sources.iter().filter(|(name, source)| *name != DEFAULT_NAME && source.replace_with.is_some())
        {
            let asked = self.follow(name, None);
            if let Some(registry) = &source.registry {
                rules.push((registry.text.clone(), asked));
            } else if let Some(git) = &source.git
                && !matches!(asked, Asked::Folder(_))
            {
                let message = format!("git source `{name}` is replaced by something that is not a folder, which is not followed");
                self.routing.problems.push(Problem::new(git.place, Lost::Detail, message));
            }
        }
        for (index, asked) in rules {
            self.routing.rule(When::Index(index), vec![asked]);
        }
    }

    /// What is asked for one of `[registries]`: its index, unless a source with that index is replaced.
    fn named(&self, index: &Value) -> Asked {
        let is_replaced = |source: &Source| {
            source.replace_with.is_some() && source.registry.as_ref().is_some_and(|registry| same(&registry.text, &index.text))
        };
        match self.sources.iter().find(|(_, source)| is_replaced(source)) {
            Some((name, _)) => self.follow(name, None),
            None => at(index),
        }
    }

    /// What is asked for a source, at the end of its chain of replacements.
    fn follow(&self, name: &str, asker: Option<&Value>) -> Asked {
        let mut name = name;
        let mut asker = asker;
        for _ in 0..=self.sources.len() {
            let Some(source) = self.sources.get(name) else { return self.outside_sources(name, asker) };
            match source {
                Source { replace_with: Some(next), .. } => {
                    name = &next.text;
                    asker = Some(next);
                }
                Source { registry: Some(registry), .. } => return at(registry),
                Source { folder: Some(folder), .. } => {
                    return Asked::Folder(Address { url: folder.text.clone(), place: folder.place });
                }
                Source { git: Some(git), .. } => {
                    return Asked::Unknown("a git repository replaces the registry".to_owned(), git.place);
                }
                _ => return self.outside_sources(name, asker),
            }
        }
        match asker {
            Some(asker) => Asked::Unknown("sources replace each other in a circle".to_owned(), asker.place),
            None => Asked::Default,
        }
    }

    /// What a name is that no `[source]` explains: one of `[registries]`, or the default.
    fn outside_sources(&self, name: &str, asker: Option<&Value>) -> Asked {
        match (self.registries.get(name), asker) {
            _ if name == DEFAULT_NAME => Asked::Default,
            (Some(index), _) => at(index),
            (None, Some(asker)) => Asked::Unknown(format!("`{name}` is not defined as a source"), asker.place),
            (None, None) => Asked::Default,
        }
    }
}

fn tables<'d>(root: Node<'d>, key: &str) -> Vec<Node<'d>> {
    root.get(key).into_iter().flat_map(Node::members).collect()
}

fn at(value: &Value) -> Asked {
    Asked::At(Address { url: value.text.clone(), place: value.place })
}

/// `ssl-version` is one version, or a range with `min`.
fn is_weak_tls(node: Node<'_>) -> bool {
    let lowest = node.text().or_else(|| node.get("min").and_then(Node::text));
    lowest.is_some_and(|version| WEAK_TLS.contains(&version))
}

/// Two spellings of one index.
fn same(a: &str, b: &str) -> bool {
    let plain = |text: &'_ str| {
        let bare = text.strip_prefix("registry+").unwrap_or(text);
        bare.trim_end_matches('/').to_ascii_lowercase()
    };
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Side, Texts};
    use crate::tree::{MapTree, Tree};

    /// Rules, settings and problems as lines, for the lockfile `app/Cargo.lock`.
    fn said(files: &[(&str, &str)]) -> Vec<String> {
        let mut tree = MapTree::of(files);
        tree.0.insert("app/Cargo.lock".to_owned(), Vec::new());
        let Ok(listing) = tree.list() else { return Vec::new() };
        let texts = Texts::of(Side::Head, listing.files);
        let routing = read_around(&Neighbours::of("app/Cargo.lock", &texts, &tree));
        let asked = |asked: &Asked| match asked {
            Asked::At(address) => address.url.clone(),
            Asked::Folder(address) => format!("folder {}", address.url),
            Asked::Unknown(reason, _) => format!("unknown: {reason}"),
            other => format!("{other:?}"),
        };
        let rules =
            routing.rules.iter().map(|rule| format!("{:?} -> {}", rule.when, rule.ask.iter().map(asked).collect::<String>()));
        let settings = routing.settings.iter().map(|setting| format!("{:?} {}", setting.effect, setting.key));
        let problems = routing.problems.iter().map(|problem| format!("problem: {}", problem.message));
        let default = "Named(\"crates-io\") -> Default";
        rules.chain(settings).chain(problems).filter(|line| line != default).collect()
    }

    const DEFAULT: &str = "Index(\"sparse+https://index.crates.io/\") -> ";

    #[test]
    fn no_configuration_moves_nothing() {
        assert_eq!(said(&[]), [""; 0]);
        assert_eq!(
            said(&[(
                ".cargo/config.toml",
                "[net]\ngit-fetch-with-cli = true\n[registries.crates-io]\nindex = \"https://x.example\"\n"
            )]),
            [""; 0]
        );
    }

    #[test]
    fn a_chain_of_replacements_is_followed_over_files() {
        let near = "[source.crates-io]\nreplace-with = \"mirror\"\n";
        let far =
            "[source.mirror]\nreplace-with = \"real\"\n[registries]\nreal = { index = \"sparse+https://crates.example.com/\" }\n";
        let said = said(&[("app/.cargo/config.toml", near), (".cargo/config", far), (".cargo/config.toml", "broken")]);
        assert!(said.contains(&format!("{DEFAULT}sparse+https://crates.example.com/")), "{said:?}");
        assert!(said.contains(&"Named(\"real\") -> sparse+https://crates.example.com/".to_owned()), "{said:?}");
    }

    #[test]
    fn the_default_moves_without_the_word() {
        let said = said(&[("app/.cargo/config.toml", "[source.crates-io]\nregistry = \"https://crates.example.com/index\"\n")]);
        assert!(said.contains(&format!("{DEFAULT}https://crates.example.com/index")), "{said:?}");
        assert!(said.contains(&"Silent -> https://crates.example.com/index".to_owned()), "{said:?}");
    }

    #[test]
    fn folders_circles_and_nobody() {
        let config = "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"vendor\"\n[source.a]\nregistry = \
                      \"https://a.example/i\"\nreplace-with = \"b\"\n[source.b]\nreplace-with = \"a\"\n[source.c]\nregistry = \
                      \"https://c.example/i\"\nreplace-with = \"nobody\"\n[source.d]\ngit = \"https://d.example/d\"\nreplace-with = \"a\"\n";
        let said = said(&[("app/.cargo/config.toml", config)]);
        assert!(said.contains(&format!("{DEFAULT}folder app/vendor")), "{said:?}");
        assert!(said.contains(&"Index(\"https://a.example/i\") -> unknown: sources replace each other in a circle".to_owned()));
        assert!(said.contains(&"Index(\"https://c.example/i\") -> unknown: `nobody` is not defined as a source".to_owned()));
        assert!(said.iter().any(|line| line.starts_with("problem: git source `d`")));
    }

    #[test]
    fn included_files_are_weaker_and_missing_ones_make_everything_unknown() {
        let config = "include = [\"more.toml\", { path = \"none.toml\", optional = true }]\n[registries]\na.index = \"https://own.example/\"\n";
        let more =
            "[registries]\na.index = \"https://weak.example/\"\nb.index = \"https://b.example/\"\n[http]\ncheck-revoke = false\n";
        let found = said(&[("app/.cargo/config.toml", config), ("app/.cargo/more.toml", more)]);
        assert_eq!(
            found,
            ["Named(\"a\") -> https://own.example/", "Named(\"b\") -> https://b.example/", "TlsOff http.check-revoke"]
        );
        for broken in
            ["include = [\"../../../x.toml\"]", "include = \"none.toml\"", "include = 7", "[source", "[source.a]\nregistry = 1"]
        {
            let found = said(&[("app/.cargo/config.toml", broken)]);
            assert!(found.first().is_some_and(|line| line.starts_with("Recorded -> unknown")), "{broken}: {found:?}");
            assert!(found.iter().any(|line| line.starts_with("problem")), "{broken}: {found:?}");
        }
    }

    #[test]
    fn patches_decide_for_their_names() {
        let config = "[patch.crates-io]\na = { path = \"forks/a\" }\nb = { git = \"https://b.example/b\" }\n";
        let found = said(&[(".cargo/config.toml", config)]);
        assert_eq!(
            found,
            [
                "SilentFor(\"a\") -> folder forks/a",
                "SilentFor(\"b\") -> unknown: a patch in Cargo's configuration takes it from a git repository"
            ]
        );
    }
}
