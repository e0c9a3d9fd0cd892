//! package-lock.json: what npm installs, in the three versions of its format and the one before them.
//!
//! Answers for: entries by install path, links and workspace members merged with their targets, aliases under their real names, files
//! bundled in other packages, hashes, install scripts, edges by node's own way of finding packages, scopes as npm flags them, and
//! production's for all that the manifests' `dependencies` lead to. Never decides which registry an address belongs to, and never reads
//! what npm itself does not read (`dependencies` beside `packages`).
//!
//! Specification: docs.npmjs.com, package-lock.json. Versions: none (npm before 5), 1 (npm 5 and 6), 2 (npm 7 and 8, both trees), 3.
//! Quirks: `resolved` on npm's default host means whatever registry is configured; with `omit-lockfile-registry-resolved` it is left
//! out; version 1 puts aliases, repositories, addresses and files into `version`; a dependency bundled by the root itself is fetched
//! like any other. Where npm-shrinkwrap.json lies beside it, npm up to 11 reads that file and npm 12 this one: packman reads both.
//! One package at several paths with equal version, address and hash is one entry.
//!
//! Raises trust: `resolved`, `integrity`, `inBundle`. Good news by absence: `hasInstallScript`.

mod aliases;
mod flat;
mod nested;

use foldhash::{HashMap, HashMapExt};

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::aliases::Aliases;
use crate::formats::npm_spec::{self, Located, Spec};
use crate::formats::package_json::{self, Request};
use crate::formats::reach::Walk;
use crate::formats::{Claim, Format};
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, json};
use crate::text::{Lost, Place, Problem, Span, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "npm-package-lock",
    title: "npm package-lock.json",
    kind: Kind::Lock,
    files: &[Claim::Name("package-lock.json")],
    looks: None,
    shadowed_by: &[],
    read: |text, neighbours| read_as(&FORMAT, text, neighbours),
};

/// Reads a file of this grammar as `format`.
pub(super) fn read_as(format: &'static Format, text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read(text)?;
    let root = document.root();
    if !root.is_map() {
        return Err(root.problem(Lost::File, "is no map, expected the keys of a package-lock.json"));
    }
    if !KEYS.iter().any(|key| root.get(key).is_some()) {
        return Err(root.problem(Lost::File, "has none of the keys of a package-lock.json, expected at least `lockfileVersion`"));
    }
    let mut lockfile = Lockfile::new(text, format, Kind::Lock);
    let stated = root.get("lockfileVersion");
    lockfile.version = stated.and_then(Node::scalar).map(str::to_owned);
    if let Some(odd) = stated.filter(|node| !matches!(node.scalar(), Some("1" | "2" | "3"))) {
        let message = format!("lockfileVersion {} is unknown, expected 1, 2 or 3", odd.scalar().unwrap_or("that is no number"));
        lockfile.problems.push(odd.problem(Lost::Detail, message));
    }
    let is_old = matches!(lockfile.version.as_deref(), None | Some("1"));
    let (packages, dependencies) = (root.get("packages"), root.get("dependencies"));
    if let Some(odd) = [packages, dependencies].into_iter().flatten().find(|node| !node.is_map()) {
        return Err(odd.problem(Lost::File, format!("`{}` is no map of packages", odd.key())));
    }
    lockfile.shows = Shows { origin: true, integrity: true, edges: true, scope: true, install_code: packages.is_some() };
    // Files before version 1 had neither hashes nor `requires`.
    let is_older = stated.is_none() && packages.is_none() && root.get("requires").is_none();
    let mut reading = Reading {
        lockfile,
        text,
        packages: Vec::new(),
        children: HashMap::new(),
        merged: HashMap::new(),
        aliases: Aliases::default(),
        production: Walk::default(),
    };
    match (packages, dependencies) {
        (Some(packages), _) => flat::read(&mut reading, packages, neighbours),
        (None, Some(dependencies)) => nested::read(&mut reading, dependencies, neighbours),
        (None, None) if is_old => nested::read(&mut reading, root, neighbours),
        (None, None) => {
            let message = "has neither `packages` nor `dependencies`, one of which this version always has";
            return Err(root.problem(Lost::File, message));
        }
    }
    reading.lockfile.shows.integrity = !is_older || reading.lockfile.has_hashes();
    Ok(reading.lockfile)
}

/// Keys of which each file has some, in whichever version.
const KEYS: [&str; 6] = ["lockfileVersion", "packages", "dependencies", "requires", "name", "version"];

const NONE: u32 = u32::MAX;

/// One installed package while its lockfile is read; number 0 is the project itself.
#[derive(Clone, Copy)]
struct Package<'d> {
    /// The name that it is installed under; empty for the project and for folders.
    name: &'d str,
    node: Node<'d>,
    /// The package whose folder holds it, or would be asked next for a name.
    up: u32,
    /// Its entry, once it has one.
    entry: u32,
}

/// The work on one lockfile.
struct Reading<'d> {
    lockfile: Lockfile,
    text: &'d Text,
    packages: Vec<Package<'d>>,
    /// Who lies in whose `node_modules`.
    children: HashMap<(u32, &'d str), u32>,
    merged: HashMap<Same<'d>, u32>,
    aliases: Aliases,
    /// What production asks for, and what that requires.
    production: Walk,
}

/// What two packages share that are one entry.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Same<'d> {
    name: &'d str,
    version: &'d str,
    resolved: &'d str,
    integrity: &'d str,
    bundler: u32,
    runs_code: bool,
}

impl<'d> Reading<'d> {
    fn package(&self, number: u32) -> Option<&Package<'d>> {
        self.packages.get(number as usize)
    }

    /// Which package `name` means in the folder of `from`: its own `node_modules`, then those of the folders above.
    fn resolve(&self, from: u32, name: &str) -> Option<u32> {
        let mut folder = from;
        loop {
            if let Some(found) = self.children.get(&(folder, name)) {
                return Some(*found);
            }
            folder = self.package(folder)?.up;
        }
    }

    fn entry_of(&self, number: u32) -> Option<u32> {
        self.package(number).map(|package| package.entry).filter(|entry| *entry != NONE)
    }

    /// Adds an entry, or counts it with its equal.
    fn add(&mut self, number: u32, same: Same<'d>, entry: Entry) {
        let index = if let Some(index) = self.merged.get(&same) {
            self.lockfile.stated += 1;
            if let Some(before) = self.lockfile.entries.get_mut(*index as usize) {
                before.scopes = before.scopes.with(entry.scopes);
            }
            *index
        } else {
            let index = self.lockfile.push(entry);
            self.merged.insert(same, index);
            self.hashes(index, number);
            index
        };
        if let Some(package) = self.packages.get_mut(number as usize) {
            package.entry = index;
        }
    }

    fn hashes(&mut self, index: u32, number: u32) {
        let Some(integrity) = self.package(number).and_then(|package| package.node.get("integrity")) else { return };
        let Some(whole) = integrity.str() else {
            if integrity.kind() != NodeKind::Null {
                self.lockfile.problems.push(integrity.problem(Lost::Detail, "the hash is no text"));
            }
            return;
        };
        let content = &self.text.content;
        // A word that is no hash proves nothing, so it is as if it were not there.
        for hash in npm_spec::hashes(whole.of(content)).flatten() {
            self.lockfile.hash(index, npm_spec::part(&whole, content, hash));
        }
    }

    /// An entry that cannot be understood: counted, not judged.
    fn lose(&mut self, problem: Problem) {
        self.lockfile.stated += 1;
        self.lockfile.problems.push(problem);
    }

    /// The version that an entry states, or none with a problem if it is none.
    fn version(&mut self, node: Node<'d>) -> Option<Str> {
        let version = node.str()?;
        if npm_spec::is_locked_version(version.of(&self.text.content)) {
            return Some(version);
        }
        let message = format!("`{}` is no version, expected one like `1.2.3`", node.text().unwrap_or(""));
        self.lockfile.problems.push(node.problem(Lost::Detail, message));
        None
    }

    /// Where `resolved` leads; without it, into the bundler, or to whatever is configured.
    fn located(&mut self, node: Node<'_>, bundler: Option<u32>) -> Located {
        let resolved = node.get("resolved");
        let written = resolved.and_then(Node::str).filter(|written| !written.of(&self.text.content).is_empty());
        match (resolved, written, bundler) {
            (Some(_), Some(whole), _) => self.recorded(&whole),
            // Old files have `false` here.
            (Some(odd), None, _) if !matches!(odd.kind(), NodeKind::Null | NodeKind::Text) && odd.bool() != Some(false) => {
                self.lockfile.problems.push(odd.problem(Lost::Detail, "the address is no text"));
                Locator::Missing.into()
            }
            (_, None, Some(bundler)) => Locator::Bundled(bundler).into(),
            (_, None, None) | (None, _, _) => Locator::Silent.into(),
        }
    }

    fn recorded(&mut self, whole: &Str) -> Located {
        let content = &self.text.content;
        let written = whole.of(content);
        if written.trim() != written {
            // Some parsers of addresses cut spaces off and others do not.
            return Locator::File(whole.clone()).into();
        }
        let spec = npm_spec::parse(written);
        if let Some(located) = npm_spec::git_located(&spec, whole, content) {
            return located;
        }
        let part = |piece: &str| npm_spec::part(whole, content, piece);
        match spec {
            Spec::Address(address) => Locator::File(part(address)).into(),
            Spec::Path(path) => Locator::Path(part(path)).into(),
            // No address: nothing will explain it, and the report shows it as it stands.
            _ => Locator::File(whole.clone()).into(),
        }
    }

    /// Says that `from` requires `to`, in a section of its manifest; a specification that is an address makes the other's file one that was
    /// asked for.
    fn require(&mut self, from: u32, to: u32, section: &str, spec: &str) {
        self.aliases.asked(to, spec, false, &self.text.content);
        if !matches!(section, "peerDependencies" | "devDependencies") {
            self.production.edge(from, to, false);
        }
        let (Some(from), Some(to)) = (self.entry_of(from), self.entry_of(to)) else { return };
        if from != to {
            self.lockfile.edge(from, to);
        }
        self.asked_by_address(to, spec);
    }

    fn asked_by_address(&mut self, entry: u32, spec: &str) {
        if !spec.starts_with("http") || !matches!(npm_spec::parse(spec), Spec::Address(_)) {
            return;
        }
        if let Some(entry) = self.lockfile.entries.get_mut(entry as usize)
            && let Locator::File(at) = &entry.locator
        {
            entry.locator = Locator::Url(at.clone());
        }
    }

    /// Says that `folder`, a manifest, asks for a package directly. The place is the manifest's own line, where it has one.
    fn ask(&mut self, folder: u32, Request { node: request, scopes }: Request<'d>, places: &HashMap<&str, Place>) {
        let Some(found) = self.resolve(folder, request.key()) else { return };
        self.ships(found, scopes);
        let Some(entry) = self.entry_of(found) else { return };
        self.lockfile.declare(entry, places.get(request.key()).copied().unwrap_or_else(|| request.place()));
        self.asked_by_address(entry, request.text().unwrap_or(""));
    }

    /// Notes what a manifest asks for production.
    fn ships(&mut self, number: u32, scopes: Scopes) {
        if scopes.contains(Scopes::PRODUCTION) {
            self.production.begin(number, Scopes::PRODUCTION, false);
        }
    }

    /// Notes what the manifest in a folder asks for production, whatever the lockfile repeats of it.
    fn ships_by(&mut self, folder: u32, manifest: Option<Node<'_>>) {
        for Request { node, scopes } in manifest.into_iter().flat_map(package_json::requests) {
            if let Some(found) = self.resolve(folder, node.key()) {
                self.ships(found, scopes);
            }
        }
    }

    /// What production reaches is production's, whatever flags a package has.
    fn settle_scopes(&mut self) {
        let reached = std::mem::take(&mut self.production).scopes();
        for (package, reached) in self.packages.iter().zip(reached) {
            let entry = self.lockfile.entries.get_mut(package.entry as usize);
            let entry = entry.filter(|entry| reached.contains(Scopes::PRODUCTION) && entry.scopes.contains(Scopes::DEVELOPMENT));
            if let Some(entry) = entry {
                entry.scopes = entry.scopes.with(Scopes::PRODUCTION);
            }
        }
    }

    /// Everything that nobody has asked for directly is somebody's dependency.
    fn settle_directness(&mut self) {
        for entry in &mut self.lockfile.entries {
            entry.direct.get_or_insert(false);
        }
    }
}

/// What npm's flags say: `dev` and `peer` are strict, `devOptional` is a development and an optional production dependency.
fn scopes(node: Node<'_>) -> Scopes {
    let mut found = Scopes::UNKNOWN;
    let (mut is_development, mut is_other) = (false, false);
    for flag in node.members().filter(|member| member.bool() == Some(true)) {
        match flag.key() {
            "dev" => is_development = true,
            "optional" => found = found.with(Scopes::OPTIONAL),
            "devOptional" => found = found.with(Scopes::OPTIONAL).with(Scopes::DEVELOPMENT),
            "peer" => found = found.with(Scopes::PEER),
            "extraneous" => is_other = true,
            _ => {}
        }
    }
    match (is_other, is_development) {
        (true, _) => Scopes::UNKNOWN,
        (false, true) => found.with(Scopes::DEVELOPMENT),
        (false, false) => found.with(Scopes::PRODUCTION),
    }
}

fn plain(name: Str, version: Option<Str>, locator: Locator, scopes: Scopes) -> Entry {
    Entry { scopes, ..Entry::new(Ecosystem::Npm, name, version, locator) }
}

/// The text of a member, if it is text.
fn text_of<'d>(node: Node<'d>, key: &str) -> &'d str {
    node.get(key).and_then(Node::text).unwrap_or("")
}

/// The end of a key that is a name: `name` of `a/node_modules/name`.
fn tail(key: &Str, name: &str) -> Str {
    if key.made.is_some() {
        return Str::made(key.span, name);
    }
    let end = key.span.end as usize;
    Str::at(Span::new(end - name.len().min(key.span.len()), end))
}

#[cfg(test)]
mod tests;
