//! pnpm-lock.yaml: what pnpm installs, lockfile versions 5.0 to 9.0, and shrinkwrap.yaml before them.
//!
//! Answers for: packages of all documents of the file (pnpm 11 puts its own and configuration packages into a first one), peer variants
//! merged, links to workspace members and folders, hashes, edges, directness from importers, scopes from flags (5, 6) or by walking
//! from the importers (9). Never decides which registry serves an entry: pnpm names one seldom, and a missing `tarball` proves nothing.
//!
//! Specification: pnpm's lockfile types. Quirks: key spellings changed twice; git, archive and folder entries have their name in a
//! field, or before the `@`; archives of git sites are repositories; in 6.x a host before the name is not asked; 9.0 dropped `dev` and
//! `requiresBuild`. `node@runtime:…` is a runtime from its own site or sites, ecosystem `generic`.
//!
//! Raises trust: `resolution` with `integrity`, `tarball`. Good news by absence: `requiresBuild`.

mod graph;
mod key;

use foldhash::{HashMap, HashMapExt, HashSet};
use graph::{Graph, NONE};
use key::{Key, Spelling};

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::npm_spec::{self, Located, part};
use crate::formats::{Claim, Format, package_json, rush};
use crate::neighbours::{self, Neighbours, join, normalise};
use crate::syntax::{Document, Kind as NodeKind, Node, yaml};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "pnpm-lock",
    title: "pnpm pnpm-lock.yaml",
    kind: Kind::Lock,
    // A branch's own where `gitBranchLockfile` is on; the name that pnpm 1 and 2 wrote.
    files: &[Claim::Name("pnpm-lock.yaml"), Claim::Around("pnpm-lock.", ".yaml"), Claim::Name("shrinkwrap.yaml")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// Keys at the top of a document. The others are a problem: they may bring packages.
const SECTIONS: [&str; 25] = [
    "catalogs",
    "configDependencies",
    "dependencies",
    "dependenciesMeta",
    "devDependencies",
    "ignoredOptionalDependencies",
    "importers",
    "lockfileVersion",
    "neverBuiltDependencies",
    "onlyBuiltDependencies",
    "optionalDependencies",
    "overrides",
    "packageExtensionsChecksum",
    "packageManagerDependencies",
    "packages",
    "patchedDependencies",
    "pnpmfileChecksum",
    "publishDirectory",
    "registry",
    "settings",
    "shrinkwrapMinorVersion",
    "shrinkwrapVersion",
    "snapshots",
    "specifiers",
    "time",
];

/// Sections of an importer, and what they are for. What may be left out is flagged in each entry. pnpm itself and configuration
/// packages run while installing.
const ASKS: [(&str, Scopes); 5] = [
    ("dependencies", Scopes::PRODUCTION),
    ("devDependencies", Scopes::DEVELOPMENT),
    ("optionalDependencies", Scopes::PRODUCTION),
    ("configDependencies", Scopes::BUILD),
    ("packageManagerDependencies", Scopes::BUILD),
];

const EDGES: [&str; 2] = ["dependencies", "optionalDependencies"];

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let documents = yaml::read(text)?;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: false, integrity: true, edges: true, scope: true, install_code: true };
    let mut reading = Reading {
        lockfile,
        text,
        neighbours,
        base: rush::base(neighbours),
        packed: if text.content.contains(rush::PACKED) { rush::projects(neighbours) } else { HashMap::new() },
        projects: HashMap::new(),
        merged: HashMap::new(),
        links: HashMap::new(),
        twins: Vec::new(),
        is_overriding: false,
    };
    let mut is_empty = true;
    for document in &documents {
        let root = document.root();
        match root.kind() {
            NodeKind::Null => {}
            NodeKind::Map => {
                is_empty = false;
                reading.document(root);
            }
            _ => {
                return Err(root.problem(Lost::File, "is no map, expected the keys of a pnpm-lock.yaml"));
            }
        }
    }
    if is_empty {
        let place = text.place(crate::text::Span::default());
        return Err(Problem::new(place, Lost::File, "is empty, expected the keys of a pnpm-lock.yaml"));
    }
    reading.settle();
    Ok(reading.lockfile)
}

/// The work on one file.
struct Reading<'d> {
    lockfile: Lockfile,
    text: &'d Text,
    neighbours: &'d Neighbours<'d>,
    /// The folder that paths in the file are relative to.
    base: String,
    /// Folders of projects by the names of the archives that Rush packs of them.
    packed: HashMap<String, String>,
    /// Folders of those that are in the tree, by their entries.
    projects: HashMap<u32, String>,
    merged: HashMap<Same<'d>, u32>,
    /// Links by name and folder.
    links: HashMap<(&'d str, String), u32>,
    /// Entries of one runtime whose files come from several sites: the first and another.
    twins: Vec<(u32, u32)>,
    /// Whether `overrides` put packages under other names in the place of those that are asked for.
    is_overriding: bool,
}

/// What two packages share that are one entry.
#[derive(PartialEq, Eq, Hash)]
struct Same<'d> {
    name: &'d str,
    version: &'d str,
    from: &'d str,
    integrity: &'d str,
    runs_code: bool,
}

impl<'d> Reading<'d> {
    /// What is true of the first of several twins is true of all; what nobody asks for directly is indirect.
    fn settle(&mut self) {
        for (first, other) in &self.twins {
            let known = self.lockfile.entries.get(*first as usize).map(|first| (first.scopes, first.direct, first.alias.clone()));
            if let (Some((scopes, direct, alias)), Some(other)) = (known, self.lockfile.entries.get_mut(*other as usize)) {
                (other.scopes, other.direct, other.alias) = (scopes, direct, alias);
            }
        }
        for entry in &mut self.lockfile.entries {
            entry.direct.get_or_insert(false);
        }
    }

    fn document(&mut self, root: Node<'d>) {
        let spelling = self.spelling(root);
        let overrides = root.get("overrides").into_iter().flat_map(Node::members).filter_map(Node::scalar);
        self.is_overriding |= overrides.into_iter().any(|spec| matches!(npm_spec::parse(spec), npm_spec::Spec::Alias { .. }));
        self.unknown_sections(root);
        let mut graph = Graph::new(spelling);
        self.packages(root, &mut graph);
        let importers = root.get("importers");
        let mut ends: Vec<(Node<'d>, &'d str)> = Vec::new();
        match importers {
            Some(importers) => ends.extend(importers.members().map(|importer| (importer, importer.key()))),
            None => ends.push((root, ".")),
        }
        self.edges(&mut graph);
        let members: HashSet<&str> = ends.iter().map(|(_, folder)| *folder).collect();
        for (importer, folder) in &ends {
            self.importer(*importer, folder, &members, &mut graph);
        }
        if spelling == Spelling::At {
            for (snapshot, scopes) in graph.snapshots.iter().zip(graph.walk.scopes()) {
                if let Some(entry) = self.lockfile.entries.get_mut(snapshot.entry as usize) {
                    entry.scopes = entry.scopes.with(scopes);
                }
            }
        }
    }

    fn spelling(&mut self, root: Node<'d>) -> Spelling {
        let shrinkwrap = root.get("shrinkwrapVersion");
        let version = root.get("lockfileVersion").or(shrinkwrap);
        let stated = version.and_then(Node::scalar).unwrap_or("");
        if self.lockfile.version.is_none() && !stated.is_empty() {
            self.lockfile.version = Some(stated.to_owned());
        }
        let (spelling, is_known) = match stated {
            "9.0" | "9" => (Spelling::At, true),
            "6.0" | "6.1" | "6" => (Spelling::SlashAt, true),
            _ if stated.starts_with("5.") || stated == "5" => (Spelling::Slash, true),
            "3" | "4" if shrinkwrap.is_some() => (Spelling::Slash, true),
            _ if root.get("snapshots").is_some() => (Spelling::At, false),
            _ => (Spelling::SlashAt, false),
        };
        if !is_known {
            let message = format!("lockfileVersion `{stated}` is unknown, expected 5.x, 6.x or 9.0");
            self.lockfile.problems.push(version.unwrap_or(root).problem(Lost::Detail, message));
        }
        if spelling == Spelling::At {
            self.lockfile.shows.install_code = false;
        }
        spelling
    }

    fn unknown_sections(&mut self, root: Node<'d>) {
        for section in root.members().filter(|section| !SECTIONS.contains(&section.key())) {
            let message = format!("`{}` is an unknown section of a pnpm-lock.yaml", section.key());
            self.lockfile.problems.push(Problem::new(section.key_place(), Lost::Detail, message));
        }
        for section in ["packages", "snapshots", "importers"] {
            if let Some(odd) = root.get(section).filter(|node| !matches!(node.kind(), NodeKind::Map | NodeKind::Null)) {
                self.lockfile.problems.push(odd.problem(Lost::File, format!("`{section}` is no map")));
            }
        }
    }

    /// Entries from `packages`, and the snapshots that stand for them.
    fn packages(&mut self, root: Node<'d>, graph: &mut Graph<'d>) {
        let is_apart = root.get("snapshots").is_some();
        let mut by_key: HashMap<&'d str, u32> = HashMap::new();
        for node in root.get("packages").into_iter().flat_map(Node::members) {
            let entry = self.package(node, graph.spelling).unwrap_or(NONE);
            if is_apart {
                by_key.insert(node.key(), entry);
            } else {
                graph.add(node.key(), node, entry);
            }
        }
        for node in root.get("snapshots").into_iter().flat_map(Node::members) {
            let key = node.key();
            let entry = by_key.get(key::without_peers(key)).or_else(|| by_key.get(key)).copied();
            if entry.is_none() {
                let message = format!("`{key}` is in `snapshots` and not in `packages`");
                self.lockfile.problems.push(Problem::new(node.key_place(), Lost::Detail, message));
            }
            let entry = entry.unwrap_or(NONE);
            graph.add(key, node, entry);
            let is_optional = node.get("optional").and_then(Node::bool) == Some(true);
            if let Some(entry) = self.lockfile.entries.get_mut(entry as usize).filter(|_| is_optional) {
                entry.scopes = entry.scopes.with(Scopes::OPTIONAL);
            }
        }
        for node in root.get("packages").into_iter().flat_map(Node::members).filter(|_| is_apart) {
            if !graph.has(node.key()) {
                graph.add(node.key(), node, by_key.get(node.key()).copied().unwrap_or(NONE));
            }
        }
    }

    fn package(&mut self, node: Node<'d>, spelling: Spelling) -> Option<u32> {
        if !matches!(node.kind(), NodeKind::Map | NodeKind::Null) {
            self.lose(node, format!("`{}` is no map, expected a resolution", node.key()));
            return None;
        }
        let content = &self.text.content;
        let key = key::parse(node.key(), spelling);
        let whole = node.key_str();
        let field = |name: &str| node.get(name).filter(|field| field.scalar().is_some());
        let name = field("name").and_then(Node::scalar_str).or_else(|| key.name.map(|name| part(&whole, content, name)));
        let Some(name) = name.filter(|name| npm_spec::is_name(name.of(content))) else {
            self.lose(node, format!("`{}` names no package", node.key()));
            return None;
        };
        let version = match key.version {
            Some(version) => Some(part(&whole, content, version)),
            None => field("version").and_then(Node::scalar_str),
        };
        let resolution = node.get("resolution");
        let Located { locator, moving } = self.located(node, resolution, &key, spelling);
        let project = self.packed.get(name.of(content)).filter(|_| matches!(locator, Locator::Path(_)));
        let project = project.filter(|folder| self.neighbours.has(&join(folder, package_json::NAME))).cloned();
        let locator = if project.is_some() { Locator::Workspace } else { locator };
        let runs_code = node.get("requiresBuild").filter(|flag| flag.bool() == Some(true)).map(Node::span);
        let from = ["tarball", "repo", "directory", "url", "registry"];
        let text_of = |key: &str| resolution.and_then(|resolution| resolution.get(key)).and_then(Node::text).unwrap_or("");
        let same = Same {
            name: field("name").and_then(Node::scalar).or(key.name).unwrap_or(""),
            version: key.version.or_else(|| field("version").and_then(Node::scalar)).unwrap_or(""),
            from: key
                .host
                .or(key.named)
                .or_else(|| from.iter().map(|key| text_of(key)).find(|text| !text.is_empty()))
                .unwrap_or(""),
            integrity: Some(text_of("integrity")).filter(|text| !text.is_empty()).unwrap_or_else(|| text_of("commit")),
            runs_code: runs_code.is_some(),
        };
        let scopes = if spelling == Spelling::At { Scopes::UNKNOWN } else { flagged(node) };
        if let Some(index) = self.merged.get(&same).copied() {
            self.lockfile.stated += 1;
            if let Some(entry) = self.lockfile.entries.get_mut(index as usize) {
                entry.scopes = entry.scopes.with(scopes);
            }
            return Some(index);
        }
        let ecosystem = if key.is_runtime { Ecosystem::Generic } else { Ecosystem::Npm };
        let entry = Entry { scopes, runs_code, moving, ..Entry::new(ecosystem, name, version, locator) };
        let others = resolution.map(variants).unwrap_or_default().into_iter().skip(1);
        let others: Vec<Entry> = others.map(|url| Entry { locator: Locator::Url(url), ..entry.clone() }).collect();
        let index = self.lockfile.push(entry);
        self.merged.insert(same, index);
        self.hashes(index, resolution);
        self.projects.extend(project.map(|folder| (index, folder)));
        for other in others {
            // The file states them once.
            self.lockfile.stated -= 1;
            let other = self.lockfile.push(other);
            self.hashes(other, resolution);
            self.twins.push((index, other));
        }
        Some(index)
    }

    fn lose(&mut self, node: Node<'d>, message: String) {
        self.lockfile.stated += 1;
        self.lockfile.problems.push(Problem::new(node.key_place(), Lost::Entry, message));
    }

    fn located(&mut self, node: Node<'d>, resolution: Option<Node<'d>>, key: &Key<'d>, spelling: Spelling) -> Located {
        let Some(resolution) = resolution.filter(|resolution| resolution.is_map()) else {
            if let Some(odd) = node.get("resolution") {
                self.lockfile.problems.push(odd.problem(Lost::Detail, "the resolution is no map"));
            }
            return Locator::Missing.into();
        };
        let content = &self.text.content;
        let str_of = |key: &str| resolution.get(key).and_then(Node::str).filter(|value| !value.of(content).is_empty());
        match resolution.get("type").and_then(Node::text) {
            Some("git") => return git(resolution, content),
            Some("directory") => {
                let folder = str_of("directory").map(|at| self.seen(at.clone(), at.of(content)));
                return folder.map_or(Locator::Missing, Locator::Path).into();
            }
            Some("binary") => return str_of("url").map_or(Locator::Missing, Locator::Url).into(),
            Some("variations") => return variants(resolution).into_iter().next().map_or(Locator::Missing, Locator::Url).into(),
            Some(other) => {
                let message = format!("`{other}` is an unknown type of resolution");
                let at = resolution.get("type").unwrap_or(resolution);
                self.lockfile.problems.push(at.problem(Lost::Detail, message));
                return Locator::Unresolved(at.str().unwrap_or_default()).into();
            }
            None => {}
        }
        if let Some(tarball) = str_of("tarball") {
            return tarball_located(&tarball, str_of("registry"), key, content);
        }
        if let Some(registry) = str_of("registry") {
            return Locator::Index(registry).into();
        }
        let has_hash = str_of("integrity").is_some();
        match (key.named, key.host) {
            (Some(named), _) => Locator::Named(part(&node.key_str(), content, named)).into(),
            (None, Some(host)) if spelling == Spelling::Slash => {
                let at = part(&node.key_str(), content, host);
                Locator::Index(Str::made(at.span, format!("https://{host}/"))).into()
            }
            // Version 6 ignores the host: the configured registry is asked.
            _ if key.version.is_some() && has_hash => Locator::Silent.into(),
            _ => Locator::Missing.into(),
        }
    }

    fn hashes(&mut self, index: u32, resolution: Option<Node<'d>>) {
        let Some(resolution) = resolution else { return };
        let variants = resolution.get("variants").into_iter().flat_map(Node::items);
        let inner = variants.filter_map(|variant| variant.at(&["resolution", "integrity"]));
        for integrity in resolution.get("integrity").into_iter().chain(inner) {
            let whole = integrity.str().unwrap_or_default();
            let content = &self.text.content;
            let mut is_odd = integrity.str().is_none();
            for word in npm_spec::hashes(whole.of(content)) {
                match word {
                    Ok(hash) => self.lockfile.hash(index, part(&whole, content, hash)),
                    Err(_) => is_odd = true,
                }
            }
            if is_odd {
                let message = format!("`{}` is no hash, expected one like `sha512-…`", whole.of(content));
                self.lockfile.problems.push(integrity.problem(Lost::Detail, message));
            }
        }
    }

    fn edges(&mut self, graph: &mut Graph<'d>) {
        let mut buffer = String::new();
        for number in 0..graph.snapshots.len() {
            let Some(snapshot) = graph.snapshots.get(number).copied() else { continue };
            let from = u32::try_from(number).unwrap_or(NONE);
            if let Some(folder) = self.projects.get(&snapshot.entry).cloned() {
                self.project(&folder, snapshot.node, graph);
            }
            for wanted in EDGES.iter().filter_map(|section| snapshot.node.get(section)).flat_map(Node::members) {
                let Some(reference) = wanted.scalar() else { continue };
                if let Some(to) = graph.find(wanted.key(), reference, &mut buffer) {
                    graph.walk.edge(from, to, false);
                }
            }
        }
        for (from, to) in graph.walk.edges() {
            let entry =
                |number: u32| graph.snapshots.get(number as usize).map(|snapshot| snapshot.entry).filter(|entry| *entry != NONE);
            if let (Some(from), Some(to)) = (entry(from), entry(to))
                && from != to
            {
                self.lockfile.edge(from, to);
            }
        }
    }

    /// What a project asks for of which Rush packs an archive.
    fn project(&mut self, folder: &str, node: Node<'d>, graph: &Graph<'d>) {
        self.lockfile.covers.extend(self.neighbours.find(&join(folder, package_json::NAME)));
        let manifest = package_json::manifest(folder, self.neighbours);
        let places = package_json::places(manifest.as_ref().map(Document::root));
        let mut buffer = String::new();
        for wanted in EDGES.iter().filter_map(|section| node.get(section)).flat_map(Node::members) {
            let found = wanted.scalar().and_then(|reference| graph.find(wanted.key(), reference, &mut buffer));
            let entry = found.and_then(|found| graph.snapshots.get(found as usize)).map_or(NONE, |snapshot| snapshot.entry);
            if entry != NONE {
                self.lockfile.declare(entry, places.get(wanted.key()).copied().unwrap_or_else(|| wanted.place()));
            }
        }
    }

    /// What one project of the workspace asks for.
    fn importer(&mut self, importer: Node<'d>, folder: &'d str, members: &HashSet<&str>, graph: &mut Graph<'d>) {
        let own = normalise(&self.base, folder);
        let manifest = own.as_deref().map(|own| join(own, package_json::NAME));
        self.lockfile.covers.extend(manifest.as_deref().and_then(|manifest| self.neighbours.find(manifest)));
        let manifest = own.as_deref().and_then(|own| package_json::manifest(own, self.neighbours));
        let places = package_json::places(manifest.as_ref().map(Document::root));
        let mut buffer = String::new();
        for (section, scopes) in ASKS {
            for wanted in importer.get(section).into_iter().flat_map(Node::members) {
                let version = wanted.get("version").unwrap_or(wanted);
                let Some(reference) = version.scalar() else { continue };
                // The line of the project's own manifest, else of the lockfile.
                let own = places.get(wanted.key()).copied();
                let place = own.unwrap_or_else(|| wanted.get("specifier").unwrap_or(wanted).place());
                if let Some(path) = reference.strip_prefix("link:") {
                    let entry = self.link(wanted, version, folder, path, members, scopes);
                    self.lockfile.declare(entry, place);
                    continue;
                }
                let Some(found) = graph.find(wanted.key(), reference, &mut buffer) else {
                    let message = format!("`{}` is locked to `{reference}`, which `packages` does not have", wanted.key());
                    self.lockfile.problems.push(version.problem(Lost::Detail, message));
                    continue;
                };
                graph.walk.begin(found, scopes, false);
                let entry = graph.snapshots.get(found as usize).map_or(NONE, |snapshot| snapshot.entry);
                let Some(locked) = self.lockfile.entries.get_mut(entry as usize) else { continue };
                if locked.name.of(&self.text.content) != wanted.key() {
                    let specifiers = importer.get("specifiers").and_then(|all| all.get(wanted.key()));
                    let specifier = wanted.get("specifier").or(specifiers).and_then(Node::scalar);
                    let is_served = matches!(locked.locator, Locator::Silent | Locator::File(_) | Locator::Index(_));
                    // Another package was asked for, in whose place it is.
                    if is_served && specifier.is_some_and(npm_spec::is_plain) && !self.is_overriding {
                        locked.alias = Some(wanted.key_str());
                        locked.foreign = Some(Box::new(locked.name.clone()));
                    }
                    locked.alias.get_or_insert_with(|| wanted.key_str());
                }
                self.lockfile.declare(entry, place);
            }
        }
    }

    /// A path of the file as seen from its own folder.
    fn seen(&self, whole: Str, path: &str) -> Str {
        if self.base == self.neighbours.folder() {
            return if whole.of(&self.text.content) == path { whole } else { Str::made(whole.span, path) };
        }
        let own = normalise(&self.base, path);
        let seen = own.map(|own| neighbours::relative(self.neighbours.folder(), &own));
        Str::made(whole.span, seen.as_deref().unwrap_or(path))
    }

    /// A link to a member or another folder, once for each name and folder.
    fn link(
        &mut self,
        wanted: Node<'d>,
        version: Node<'d>,
        folder: &str,
        path: &str,
        members: &HashSet<&str>,
        scopes: Scopes,
    ) -> u32 {
        let target = npm_spec::relative(folder, path);
        if let Some(index) = self.links.get(&(wanted.key(), target.clone())).copied() {
            self.lockfile.stated += 1;
            if let Some(entry) = self.lockfile.entries.get_mut(index as usize) {
                entry.scopes = entry.scopes.with(scopes);
            }
            return index;
        }
        let own = normalise(&self.base, &target);
        let manifest = own.as_deref().map(|folder| join(folder, package_json::NAME));
        let is_there = manifest.is_some_and(|manifest| self.neighbours.has(&manifest));
        let locator = if is_there && members.contains(target.as_str()) {
            Locator::Workspace
        } else {
            Locator::Path(self.seen(version.str().unwrap_or_default(), &target))
        };
        let entry = Entry { scopes, ..Entry::new(Ecosystem::Npm, wanted.key_str(), None, locator) };
        let index = self.lockfile.push(entry);
        self.links.insert((wanted.key(), target), index);
        index
    }
}

/// What the flags of versions 5 and 6 say: without `dev`, an entry is needed by both.
fn flagged(node: Node<'_>) -> Scopes {
    let scopes = match node.get("dev").and_then(Node::bool) {
        Some(true) => Scopes::DEVELOPMENT,
        Some(false) => Scopes::PRODUCTION,
        None => Scopes::PRODUCTION.with(Scopes::DEVELOPMENT),
    };
    if node.get("optional").and_then(Node::bool) == Some(true) { scopes.with(Scopes::OPTIONAL) } else { scopes }
}

/// Where the files of a runtime come from: the first address of each site.
fn variants(resolution: Node<'_>) -> Vec<Str> {
    let urls = resolution.get("variants").into_iter().flat_map(Node::items);
    let urls = urls.filter_map(|variant| variant.at(&["resolution", "url"]));
    let mut sites: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for url in urls {
        let site = url.text().and_then(|url| url.split('/').nth(2)).unwrap_or("");
        if !sites.contains(&site) {
            sites.push(site);
            found.extend(url.str());
        }
    }
    found
}

fn git(resolution: Node<'_>, content: &str) -> Located {
    let Some(url) = resolution.get("repo").and_then(Node::str) else { return Locator::Missing.into() };
    let commit = resolution.get("commit").and_then(Node::scalar_str);
    let (commit, moving) = match commit {
        Some(commit) if npm_spec::is_commit(commit.of(content)) => (Some(commit), None),
        other => (None, other),
    };
    Located { locator: Locator::Git { url, commit }, moving }
}

/// An archive: a registry's if the key has a version, else a git site's, a file, or any address.
fn tarball_located(tarball: &Str, registry: Option<Str>, key: &Key<'_>, content: &str) -> Located {
    let written = tarball.of(content);
    if let Some(path) = written.strip_prefix("file:") {
        return Locator::Path(part(tarball, content, path)).into();
    }
    let is_address = written.contains("://");
    match (is_address, registry) {
        (false, Some(registry)) => Locator::Index(registry).into(),
        (false, None) => Locator::Missing.into(),
        (true, _) if key.version.is_some() => Locator::File(tarball.clone()).into(),
        (true, _) => npm_spec::archive_located(written, tarball, content).unwrap_or_else(|| Locator::Url(tarball.clone()).into()),
    }
}

#[cfg(test)]
mod tests;
