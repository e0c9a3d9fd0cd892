//! `Cargo.lock`: what Cargo resolved, in versions 1 to 4 of its format.
//!
//! Specification: Cargo's own encoder (`core/resolver/encode.rs`, `util_schemas/lockfile.rs`). Version 1 keeps checksums in
//! `[metadata]` and, in its oldest form, the root package in `[root]`; versions 2 to 4 keep checksums inline and shorten dependencies
//! to as much of `name version (source)` as is needed. A version that is not known is still read, and said.
//!
//! Registry quirks: `registry+` and `sparse+` addresses are the index's identity, not what is asked; `[source]` in Cargo's
//! configuration may divert it (client `cargo`). A package without `source` is a member of the workspace or a path dependency, which only
//! manifests can tell. Scopes and directness are not in the lockfile: they come from the manifests that it locks, by reachability.
//! Which build scripts run is not in it either. `[[patch.unused]]` is not used by anything and is skipped.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::cargo_manifest::{self, Manifest, Table, Workspace};
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{Neighbours, relative};
use crate::syntax::{Node, toml};
use crate::text::{Lost, Problem, Span, Str, Text};

pub(crate) static FORMAT: Format = Format {
    id: "cargo-lock",
    title: "Cargo.lock",
    kind: Kind::Lock,
    files: &[Claim::Name("Cargo.lock"), Claim::Around("Cargo.", ".lock"), Claim::Around("Cargo-", ".lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// The root that Bazel's rules for Rust make up where packages are asked for in Bazel's own files. Without a source nothing is fetched for it.
const BAZEL_ROOT: (&str, &str) = ("direct-cargo-bazel-deps", "0.0.1");

/// The newest version of the format that is known.
const VERSION_MAX: u32 = 4;

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = toml::read(text)?;
    let root = document.root();
    if root.get("package").is_none() && root.get("root").is_none() {
        return Err(root.problem(Lost::File, "has no `[[package]]`, which every Cargo.lock has"));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, integrity: true, edges: true, ..Shows::default() };
    let mut packages =
        Packages { workspace: cargo_manifest::around(neighbours), folder: neighbours.folder(), ..Packages::default() };
    packages.index_manifests();
    for member in root.members() {
        match member.key() {
            "version" | "metadata" => {}
            "patch" => {
                let unused = member.get("unused").into_iter().flat_map(Node::items);
                unused.filter_map(|patch| patch.get("name")?.str()).for_each(|name| lockfile.mention(name));
            }
            "package" if member.kind() == crate::syntax::Kind::List => {
                member.items().for_each(|node| packages.read(&mut lockfile, text, node));
            }
            "root" if member.is_map() => packages.read(&mut lockfile, text, member),
            other => {
                let message =
                    format!("`{other}` is not known; expected `version`, `[[package]]`, `[metadata]` or `[[patch.unused]]`");
                lockfile.problems.push(member.problem(Lost::Detail, message));
            }
        }
    }
    read_version(&mut lockfile, root, packages.has_inline_checksum);
    packages.read_metadata(&mut lockfile, root);
    packages.read_edges(&mut lockfile);
    packages.read_workspace(&mut lockfile);
    Ok(lockfile)
}

fn read_version(lockfile: &mut Lockfile, root: Node<'_>, has_inline_checksum: bool) {
    let Some(node) = root.get("version") else {
        lockfile.version = Some(if has_inline_checksum { "2" } else { "1" }.to_owned());
        return;
    };
    let written = node.scalar().unwrap_or("");
    lockfile.version = Some(written.to_owned());
    let is_known = written.parse::<u32>().is_ok_and(|version| (1..=VERSION_MAX).contains(&version));
    if !is_known {
        let message = format!("version {written} of Cargo.lock is not known; expected 1 to {VERSION_MAX}");
        lockfile.problems.push(node.problem(Lost::Detail, message));
    }
}

/// A package of the lockfile; its number is its entry's.
struct Package<'d> {
    name: &'d str,
    version: &'d str,
    source: &'d str,
    dependencies: Option<Node<'d>>,
    replace: Option<Node<'d>>,
}

/// Who has a name, or a name and version: the first, and whether it is the only one.
#[derive(Clone, Copy)]
struct Holder {
    first: u32,
    is_only: bool,
}

#[derive(Default)]
struct Packages<'d, 'a> {
    all: Vec<Package<'d>>,
    by_name: HashMap<&'d str, Holder>,
    by_version: HashMap<(&'d str, &'d str), Holder>,
    /// Only those that share name and version with another.
    by_source: HashMap<(&'d str, &'d str, &'d str), u32>,
    has_inline_checksum: bool,
    unknown_keys: HashSet<&'d str>,
    workspace: Workspace<'a>,
    /// Manifests by the name of their package.
    manifests: HashMap<String, Vec<usize>>,
    folder: &'a str,
}

impl<'d> Packages<'d, '_> {
    fn index_manifests(&mut self) {
        for (index, manifest) in self.workspace.manifests.iter().enumerate() {
            if let Some(name) = &manifest.name {
                self.manifests.entry(name.clone()).or_default().push(index);
            }
        }
    }

    fn read(&mut self, lockfile: &mut Lockfile, text: &Text, node: Node<'d>) {
        let (Some(name), Some(version)) = (field(node, "name"), field(node, "version")) else {
            lockfile.stated += 1;
            let place = if node.span().is_empty() { node.key_place() } else { node.place() };
            return lockfile.problem(place, Lost::Entry, "a package has no name or no version as text");
        };
        let source = node.get("source");
        let is_garbled = source.is_some_and(|source| source.text().is_none()) || !is_version(version.1);
        if is_garbled {
            lockfile.stated += 1;
            let at = source.filter(|source| source.text().is_none()).map_or(version.0.span, Node::span);
            let message = format!("package `{}` has a garbled version or source", name.1);
            return lockfile.problem(text.place(at), Lost::Entry, message);
        }
        for member in node.members() {
            let is_known = matches!(member.key(), "name" | "version" | "source" | "checksum" | "dependencies" | "replace");
            if !is_known && self.unknown_keys.insert(member.key()) {
                let message = format!("`{}` of a package is not known", member.key());
                lockfile.problem(member.key_place(), Lost::Detail, message);
            }
        }
        let written = source.and_then(Node::text).unwrap_or("");
        if self.is_repeated(name.1, version.1, written) {
            lockfile.stated += 1;
            let message = format!("package `{} {}` stands twice with one source", name.1, version.1);
            return lockfile.problem(text.place(name.0.span), Lost::Entry, message);
        }
        let (locator, moving) = match source.and_then(|source| Some((source.str()?, source.text()?))) {
            Some((at, written)) => locate(lockfile, text, at, written),
            None => (self.locate_sourceless(&name.0, name.1, version.1), None),
        };
        let mut entry = Entry::new(Ecosystem::Cargo, name.0, Some(version.0), locator);
        entry.moving = moving;
        let index = lockfile.push(entry);
        self.remember(
            index,
            Package {
                name: name.1,
                version: version.1,
                source: written,
                dependencies: node.get("dependencies"),
                replace: node.get("replace"),
            },
        );
        if let Some(checksum) = node.get("checksum") {
            self.has_inline_checksum = true;
            add_checksum(lockfile, index, checksum);
        }
    }

    fn is_repeated(&self, name: &str, version: &str, source: &str) -> bool {
        let Some(holder) = self.by_version.get(&(name, version)) else { return false };
        let first = self.all.get(holder.first as usize);
        first.is_some_and(|first| first.source == source) || self.by_source.contains_key(&(name, version, bare(source)))
    }

    fn remember(&mut self, index: u32, package: Package<'d>) {
        let hold = |holder: &mut Holder| holder.is_only = false;
        let fresh = Holder { first: index, is_only: true };
        let (name, version, source) = (package.name, package.version, bare(package.source));
        self.by_name.entry(name).and_modify(hold).or_insert(fresh);
        let holder = *self.by_version.entry((name, version)).and_modify(hold).or_insert(fresh);
        if holder.first != index {
            if let Some(first) = self.all.get(holder.first as usize) {
                self.by_source.insert((name, version, bare(first.source)), holder.first);
            }
            self.by_source.insert((name, version, source), index);
        }
        self.all.push(package);
    }

    /// A package without source: a member, a path dependency, or nothing that the repository explains.
    fn locate_sourceless(&self, at: &Str, name: &str, version: &str) -> Locator {
        let here = Span { start: at.span.start, end: at.span.start };
        if let Some(manifest) = self.manifest_of(name, version) {
            if manifest.is_member {
                return Locator::Workspace;
            }
            let path = relative(self.folder, manifest.folder);
            return Locator::Path(Str::made(here, path));
        }
        match self.workspace.absent.get(name) {
            Some(path) => Locator::Path(Str::made(here, path.as_str())),
            None if self.workspace.manifests.is_empty() && (name, version) == BAZEL_ROOT => Locator::Workspace,
            None => Locator::Missing,
        }
    }

    fn manifest_of(&self, name: &str, version: &str) -> Option<&Manifest<'_>> {
        let found = || self.manifests.get(name).into_iter().flatten().filter_map(|index| self.workspace.manifests.get(*index));
        found().find(|manifest| manifest.version.as_deref() == Some(version)).or_else(|| found().next())
    }

    /// Checksums of version 1: `"checksum name version (source)" = "hex"`.
    fn read_metadata(&self, lockfile: &mut Lockfile, root: Node<'d>) {
        for line in root.get("metadata").into_iter().flat_map(Node::members) {
            let Some(id) = line.key().strip_prefix("checksum ") else { continue };
            if line.text() == Some("<none>") {
                continue;
            }
            if let Some(index) = self.find(id) {
                add_checksum(lockfile, index, line);
            }
        }
    }

    fn read_edges(&self, lockfile: &mut Lockfile) {
        for (from, package) in (0u32..).zip(&self.all) {
            let written = package.dependencies.into_iter().flat_map(Node::items).chain(package.replace);
            for node in written {
                // Cargo too passes over what the file does not have: a merge may have left it behind.
                if let Some(to) = node.text().and_then(|id| self.find(id)) {
                    lockfile.edge(from, to);
                }
            }
        }
    }

    /// The package that `name[ version[ (source)]]` names, if it is exactly one. Without a source, where one is needed to tell two
    /// apart, it is the one that has none.
    fn find(&self, id: &str) -> Option<u32> {
        let only = |holder: &Holder| holder.is_only.then_some(holder.first);
        let Some((name, rest)) = id.split_once(' ') else { return self.by_name.get(id).and_then(only) };
        let Some((version, source)) = rest.split_once(' ') else {
            let local = || self.by_source.get(&(name, rest, "")).copied();
            return self.by_version.get(&(name, rest)).and_then(only).or_else(local);
        };
        let source = bare(source.strip_prefix('(')?.strip_suffix(')')?);
        let holder = self.by_version.get(&(name, version))?;
        if !holder.is_only {
            return self.by_source.get(&(name, version, source)).copied();
        }
        let has = bare(self.all.get(holder.first as usize)?.source);
        // Versions 1 and 2 leave `?branch=master` away on one side.
        let without_query = |source: &'_ str| source.split('?').next().unwrap_or("").to_owned();
        (has == source || without_query(has) == without_query(source)).then_some(holder.first)
    }

    /// Directness, scopes and what this file locks, from manifests.
    fn read_workspace(&mut self, lockfile: &mut Lockfile) {
        lockfile.problems.append(&mut self.workspace.problems);
        lockfile.covers = self.workspace.manifests.iter().map(|manifest| manifest.text.id).collect();
        if self.workspace.manifests.is_empty() {
            return;
        }
        lockfile.shows.scope = true;
        for entry in &mut lockfile.entries {
            entry.direct = Some(false);
        }
        let edges = self.edges_of(lockfile);
        let mut reach = Reach::new(edges.len());
        for (from, package) in (0u32..).zip(&self.all) {
            let Some(manifest) = self.manifest_of(package.name, package.version).filter(|_| package.source.is_empty()) else {
                continue;
            };
            if !manifest.is_member {
                continue;
            }
            reach.is_member.insert(from);
            self.ask(lockfile, manifest, edges.get(from as usize).map_or(&[][..], Vec::as_slice), &mut reach);
        }
        reach.run(&edges);
        for (entry, mask) in lockfile.entries.iter_mut().zip(&reach.masks) {
            entry.scopes = scopes_of(*mask);
        }
    }

    fn edges_of(&self, lockfile: &Lockfile) -> Vec<Vec<u32>> {
        let mut edges = vec![Vec::new(); self.all.len()];
        for (from, to) in lockfile.edges() {
            if let Some(from) = edges.get_mut(*from as usize) {
                from.push(*to);
            }
        }
        edges
    }

    /// What one member asks for, among what the lockfile says it requires.
    fn ask(&self, lockfile: &mut Lockfile, manifest: &Manifest<'_>, required: &[u32], reach: &mut Reach) {
        let mut by_name: HashMap<&str, Vec<u32>> = HashMap::new();
        for to in required {
            if let Some(package) = self.all.get(*to as usize) {
                by_name.entry(package.name).or_default().push(*to);
            }
        }
        for wanted in manifest.wanted.iter().filter(|wanted| wanted.table != Table::Patch) {
            let Some(targets) = by_name.get(wanted.name()) else { continue };
            let fits = |to: &&u32| self.all.get(**to as usize).is_some_and(|package| wanted.may_be(package.version));
            let is_told_apart = targets.len() > 1 && targets.iter().any(|to| fits(&to));
            for to in targets.iter().filter(|to| !is_told_apart || fits(to)) {
                lockfile.declare(*to, wanted.place());
                reach.seed(*to, wanted.table, wanted.is_optional);
            }
        }
    }
}

/// Which kinds of wish reach which package.
struct Reach {
    masks: Vec<u8>,
    /// Members are not passed through: what they require mixes tables, and each asks for itself.
    is_member: HashSet<u32>,
    pending: Vec<u32>,
}

const PRODUCTION: u8 = 1;
const BUILD: u8 = 2;
const DEVELOPMENT: u8 = 4;
const OPTIONAL_PRODUCTION: u8 = 8;
const OPTIONAL_BUILD: u8 = 16;

impl Reach {
    fn new(count: usize) -> Self {
        Self { masks: vec![0; count], is_member: HashSet::new(), pending: Vec::new() }
    }

    fn seed(&mut self, to: u32, table: Table, is_optional: bool) {
        let bit = match (table, is_optional) {
            (Table::Production | Table::Patch, false) => PRODUCTION,
            (Table::Production | Table::Patch, true) => OPTIONAL_PRODUCTION,
            (Table::Build, false) => BUILD,
            (Table::Build, true) => OPTIONAL_BUILD,
            (Table::Development, _) => DEVELOPMENT,
        };
        self.add(to, bit);
    }

    fn add(&mut self, to: u32, bits: u8) {
        if let Some(mask) = self.masks.get_mut(to as usize)
            && *mask | bits != *mask
        {
            *mask |= bits;
            self.pending.push(to);
        }
    }

    /// Each package is passed at most once for each kind of wish.
    fn run(&mut self, edges: &[Vec<u32>]) {
        while let Some(from) = self.pending.pop() {
            let bits = self.masks.get(from as usize).copied().unwrap_or(0);
            if self.is_member.contains(&from) {
                continue;
            }
            for to in edges.get(from as usize).into_iter().flatten() {
                self.add(*to, bits);
            }
        }
    }
}

/// Development only where nothing else wants it; optional only where nothing wants it firmly.
fn scopes_of(mask: u8) -> Scopes {
    let has = |bits: u8| mask & bits != 0;
    let mut scopes = Scopes::UNKNOWN;
    if has(PRODUCTION | OPTIONAL_PRODUCTION) {
        scopes = scopes.with(Scopes::PRODUCTION);
    }
    if has(BUILD | OPTIONAL_BUILD) {
        scopes = scopes.with(Scopes::BUILD);
    }
    if scopes.is_empty() && has(DEVELOPMENT) {
        scopes = Scopes::DEVELOPMENT;
    }
    if has(OPTIONAL_PRODUCTION | OPTIONAL_BUILD) && !has(PRODUCTION | BUILD) {
        scopes = scopes.with(Scopes::OPTIONAL);
    }
    scopes
}

/// A field of text that is not empty, with its place.
fn field<'d>(node: Node<'d>, key: &str) -> Option<(Str, &'d str)> {
    let field = node.get(key)?;
    field.text().filter(|text| !text.is_empty()).and_then(|text| Some((field.str()?, text)))
}

/// Whether it has the look of a semantic version.
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or("");
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    core.split('.').count() == 3 && core.split('.').all(is_number) && !text.contains(char::is_whitespace)
}

/// A source without what pins it, as dependencies write it.
fn bare(source: &str) -> &str {
    source.split('#').next().unwrap_or("")
}

/// The locator that a `source` is, and what moves it.
fn locate(lockfile: &mut Lockfile, text: &Text, at: Str, written: &str) -> (Locator, Option<Str>) {
    let kind = written.split_once('+').map_or("", |(kind, _)| kind);
    match kind {
        "registry" | "sparse" => (Locator::Index(at), None),
        "git" => locate_git(&at, written),
        "path" | "directory" | "local-registry" => {
            let path = written.split_once('+').map_or("", |(_, rest)| rest);
            let path = path.strip_prefix("file://").unwrap_or(path);
            (Locator::Path(part(&at, written, written.len() - path.len(), written.len())), None)
        }
        _ => {
            let message = format!("source `{written}` is of no known kind; expected `registry+`, `sparse+`, `git+` or `path+`");
            lockfile.problem(text.place(at.span), Lost::Detail, message);
            (Locator::Missing, None)
        }
    }
}

/// `git+URL[?branch=|tag=|rev=…]#commit`
fn locate_git(at: &Str, written: &str) -> (Locator, Option<Str>) {
    let hash = written.find('#').unwrap_or(written.len());
    let query = written.find('?').filter(|query| *query < hash).unwrap_or(hash);
    let url = part(at, written, 0, query);
    let pinned = written.get(hash + 1..).unwrap_or("");
    if is_commit(pinned) {
        return (Locator::Git { url, commit: Some(part(at, written, hash + 1, written.len())) }, None);
    }
    let moving = written.get(query..hash).and_then(|query| query.find('=')).map(|equals| query + equals + 1);
    let moving = if pinned.is_empty() { moving.map(|start| (start, hash)) } else { Some((hash + 1, written.len())) };
    (Locator::Git { url, commit: None }, moving.map(|(start, end)| part(at, written, start, end)))
}

/// A full commit, of SHA-1 or SHA-256.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Part of a value: by its place where nothing was escaped, else copied.
fn part(at: &Str, written: &str, start: usize, end: usize) -> Str {
    match &at.made {
        None => {
            let first = at.span.start as usize;
            Str::at(Span::new(first + start, first + end))
        }
        Some(_) => Str::made(at.span, written.get(start..end).unwrap_or("")),
    }
}

fn add_checksum(lockfile: &mut Lockfile, index: u32, node: Node<'_>) {
    match node.text() {
        Some(hex) if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            lockfile.hash(index, Str::made(node.span(), format!("sha256:{hex}")));
        }
        _ => lockfile.problems.push(node.problem(Lost::Detail, "a checksum is not 64 hexadecimal digits")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dumb second count for tests: headers of packages outside `patch`, and `[root]`.
    fn counted_entries(content: &str) -> usize {
        content.lines().filter(|line| matches!(line.trim(), "[[package]]" | "[root]")).count()
    }

    #[test]
    fn no_entry_is_lost() {
        super::super::counting::check(&FORMAT, "Cargo.lock", counted_entries);
    }
}
