//! bun.lock: what bun installs, as JSON with comments.
//!
//! Answers for: entries by install path, each by the first part of its tuple (never by its length, which varies), workspace members,
//! files bundled in other packages, packages in the place of others, hashes, edges, directness and scopes from `workspaces`. Never
//! decides which registry an empty address means: `""` is whatever the default was.
//!
//! Specification: bun's lockfile types; versions 0 to 2. Quirks: the key is the install path (`parent/child`), the name stands in the
//! tuple; repositories are pinned by seven digits of a commit, which is no full commit; `trustedDependencies` lists whose scripts run.
//! The binary bun.lockb is `bun_lockb`'s.
//!
//! Raises trust: the address and the hash of a tuple. Good news by absence: `trustedDependencies`.

use foldhash::{HashMap, HashMapExt};

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::aliases::{self, Aliases};
use crate::formats::npm_spec::{self, Located, Spec, part, split_name};
use crate::formats::package_json;
use crate::formats::reach::Walk;
use crate::formats::{Claim, Format, yarn};
use crate::neighbours::{Neighbours, join, normalise};
use crate::syntax::{Document, Node, json};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "bun-lock",
    title: "bun bun.lock",
    kind: Kind::Lock,
    files: &[Claim::Name("bun.lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

const SECTIONS: [&str; 9] = [
    "catalog",
    "catalogs",
    "configVersion",
    "lockfileVersion",
    "overrides",
    "packages",
    "patchedDependencies",
    "trustedDependencies",
    "workspaces",
];

/// Sections of a tuple's details that make edges, and whether what they name may be left out.
const EDGES: [(&str, bool); 3] = [("dependencies", false), ("optionalDependencies", true), ("peerDependencies", false)];

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read_with_comments(text)?;
    let root = document.root();
    let packages = root.get("packages");
    if !root.is_map() || packages.is_some_and(|packages| !packages.is_map()) {
        return Err(packages.unwrap_or(root).problem(Lost::File, "is no map, expected the keys of a bun.lock"));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: false, integrity: true, edges: true, scope: true, install_code: false };
    let stated = root.get("lockfileVersion");
    lockfile.version = stated.and_then(Node::scalar).map(str::to_owned);
    if !matches!(lockfile.version.as_deref(), Some("0" | "1" | "2")) {
        let found = lockfile.version.as_deref().unwrap_or("without a number");
        let problem =
            stated.unwrap_or(root).problem(Lost::Detail, format!("lockfileVersion {found} is unknown, expected 0, 1 or 2"));
        lockfile.problems.push(problem);
    }
    for section in root.members().filter(|section| !SECTIONS.contains(&section.key())) {
        let message = format!("`{}` is an unknown section of a bun.lock", section.key());
        lockfile.problems.push(Problem::new(section.key_place(), Lost::Detail, message));
    }
    let members = root.get("workspaces").into_iter().flat_map(Node::members).map(|member| (member.key(), member)).collect();
    let (paths, merged, aliases) = (HashMap::new(), HashMap::new(), Aliases::default());
    let mut reading = Reading { lockfile, text, neighbours, paths, merged, members, aliases, buffer: String::new() };
    let trusted: HashMap<&str, Node<'_>> =
        root.get("trustedDependencies").into_iter().flat_map(Node::items).filter_map(|item| Some((item.text()?, item))).collect();
    // What holds others comes first, so that what is bundled finds it.
    let mut tuples: Vec<Node<'_>> = packages.into_iter().flat_map(Node::members).collect();
    tuples.sort_by_key(|tuple| segments(tuple.key()));
    for (number, tuple) in (0..).zip(&tuples) {
        reading.tuple(number, *tuple, &trusted);
    }
    Ok(reading.connect(root, &tuples))
}

/// How many packages deep an install path is.
fn segments(path: &str) -> usize {
    path.split('/').filter(|part| !part.starts_with('@')).count()
}

/// The install path without its last package, and that package's name.
fn split_path(path: &str) -> (&str, &str) {
    let last = path.rfind('/').map_or(0, |at| at + 1);
    let before = path.get(..last).unwrap_or("").trim_end_matches('/');
    let scope = before.rfind('/').map_or(0, |at| at + 1);
    let start = if before.get(scope..).is_some_and(|part| part.starts_with('@')) { scope } else { last };
    (path.get(..start).unwrap_or("").trim_end_matches('/'), path.get(start..).unwrap_or(path))
}

/// The work on one file.
struct Reading<'d> {
    lockfile: Lockfile,
    text: &'d Text,
    neighbours: &'d Neighbours<'d>,
    /// Entries by install path, each with the number of its tuple.
    paths: HashMap<&'d str, Installed>,
    merged: HashMap<Same<'d>, u32>,
    /// Projects of the workspace by their folder.
    members: HashMap<&'d str, Node<'d>>,
    aliases: Aliases,
    buffer: String,
}

/// What lies at an install path.
#[derive(Clone, Copy)]
struct Installed {
    entry: u32,
    /// The number of its tuple.
    tuple: u32,
}

/// What two tuples share that are one entry.
#[derive(PartialEq, Eq, Hash)]
struct Same<'d> {
    first: &'d str,
    address: &'d str,
    hash: &'d str,
    bundler: Option<u32>,
}

impl<'d> Reading<'d> {
    fn tuple(&mut self, number: u32, tuple: Node<'d>, trusted: &HashMap<&str, Node<'d>>) {
        let content = &self.text.content;
        let first = tuple.items().next();
        let whole = first.and_then(Node::str);
        let (name, rest) = split_name(first.and_then(Node::text).unwrap_or(""));
        let Some(whole) = whole.filter(|_| npm_spec::is_name(name) && !rest.is_empty()) else {
            self.lockfile.stated += 1;
            let message = format!("`{}` is no tuple that begins with a name and a version", tuple.key());
            self.lockfile.problems.push(Problem::new(tuple.key_place(), Lost::Entry, message));
            return;
        };
        let details = tuple.items().find(|item| item.is_map());
        let (above, installed_as) = split_path(tuple.key());
        let address = tuple.items().nth(1).filter(|_| npm_spec::is_version(rest));
        let is_bundled = details.and_then(|details| details.get("bundled")).and_then(Node::bool) == Some(true);
        let address_text = address.and_then(Node::text).unwrap_or("");
        let bundler = self.paths.get(above).map(|installed| installed.entry).filter(|_| is_bundled && address_text.is_empty());
        let texts: Vec<Node<'d>> =
            tuple.items().skip(1).filter(|item| item.text().is_some_and(|text| !text.is_empty())).collect();
        // The address, and bun's own name of an unpacked repository, are no hashes.
        let is_registry = npm_spec::is_version(rest);
        let hash = texts.iter().rev().copied().find(|item| item.id() != address.map_or(0, Node::id)).filter(|item| {
            let is_hash = item.text().is_some_and(|text| npm_spec::hashes(text).all(|word| word.is_ok()));
            is_hash || is_registry
        });
        let same = Same {
            first: first.and_then(Node::text).unwrap_or(""),
            address: address_text,
            hash: hash.and_then(Node::text).unwrap_or(""),
            bundler,
        };
        let alias = (installed_as != name).then(|| part(&tuple.key_str(), content, installed_as));
        if let Some(alias) = &alias {
            self.aliases.add(number, alias, &part(&whole, content, name));
        }
        if let Some(entry) = self.merged.get(&same).copied() {
            self.lockfile.stated += 1;
            self.paths.insert(tuple.key(), Installed { entry, tuple: number });
            return;
        }
        let Located { locator, moving } = match bundler {
            Some(bundler) => Locator::Bundled(bundler).into(),
            None => self.located(tuple, rest, &whole, address),
        };
        let version = match rest.strip_prefix("workspace:") {
            Some(folder) => self.members.get(folder).and_then(|member| member.get("version")).and_then(Node::str),
            None => is_registry.then(|| part(&whole, content, rest)),
        };
        let runs_code = trusted.get(name).map(|item| item.span());
        let entry =
            Entry { runs_code, moving, alias, ..Entry::new(Ecosystem::Npm, part(&whole, content, name), version, locator) };
        let index = self.lockfile.push(entry);
        self.merged.insert(same, index);
        self.paths.insert(tuple.key(), Installed { entry: index, tuple: number });
        self.hash(index, hash);
    }

    fn hash(&mut self, index: u32, hash: Option<Node<'d>>) {
        let Some((node, whole)) = hash.and_then(|node| Some((node, node.str()?))) else { return };
        let content = &self.text.content;
        for word in npm_spec::hashes(whole.of(content)) {
            match word {
                Ok(hash) => self.lockfile.hash(index, part(&whole, content, hash)),
                Err(word) => {
                    let message = format!("`{word}` is no hash, expected one like `sha512-…`");
                    self.lockfile.problems.push(node.problem(Lost::Detail, message));
                    return;
                }
            }
        }
    }

    fn located(&mut self, tuple: Node<'d>, rest: &str, whole: &Str, address: Option<Node<'d>>) -> Located {
        let content = &self.text.content;
        if npm_spec::is_version(rest) {
            return match address.and_then(Node::str) {
                Some(address) if address.of(content).is_empty() => Locator::Silent.into(),
                Some(address) if address.of(content).contains("://") => Locator::File(address).into(),
                _ => {
                    if let Some(odd) = address.filter(|odd| !odd.is_map()) {
                        let message = format!("`{}` has no address, expected a text behind its version", tuple.key());
                        self.lockfile.problems.push(odd.problem(Lost::Detail, message));
                    }
                    Locator::Missing.into()
                }
            };
        }
        if rest.starts_with("root:") {
            return self.member("", Str::made(part(whole, content, rest).span, ".")).into();
        }
        let spec = npm_spec::parse(rest);
        if let Some(located) = npm_spec::git_located(&spec, whole, content) {
            return located;
        }
        match spec {
            Spec::Workspace(folder) => self.member(folder, part(whole, content, folder)).into(),
            Spec::Path(path) => Locator::Path(part(whole, content, path)).into(),
            Spec::Address(url) => {
                let archive = npm_spec::archive_located(url, whole, content);
                archive.unwrap_or_else(|| Locator::Url(part(whole, content, url)).into())
            }
            _ => {
                let message = format!("`{rest}` is no version and no source that is known");
                self.lockfile.problems.push(tuple.problem(Lost::Detail, message));
                Locator::Unresolved(part(whole, content, rest)).into()
            }
        }
    }

    /// A member, if its manifest is in the tree.
    fn member(&self, folder: &str, written: Str) -> Locator {
        let path = normalise(self.neighbours.folder(), folder);
        let is_there = path.is_some_and(|path| self.neighbours.has(&join(&path, package_json::NAME)));
        if is_there { Locator::Workspace } else { Locator::Path(written) }
    }

    /// What `name` means for what lies at `path`: its own folder, then those above.
    fn resolve(&mut self, path: &str, name: &str) -> Option<Installed> {
        let mut folder = path;
        loop {
            self.buffer.clear();
            if !folder.is_empty() {
                self.buffer.extend([folder, "/"]);
            }
            self.buffer.push_str(name);
            if let Some(found) = self.paths.get(self.buffer.as_str()) {
                return Some(*found);
            }
            if folder.is_empty() {
                return None;
            }
            folder = split_path(folder).0;
        }
    }

    fn connect(mut self, root: Node<'d>, tuples: &[Node<'d>]) -> Lockfile {
        let mut walk = Walk::default();
        for tuple in tuples {
            let Some(from) = self.paths.get(tuple.key()).map(|installed| installed.entry) else { continue };
            let details = tuple.items().find(|item| item.is_map());
            for (section, is_optional) in EDGES {
                for wanted in details.and_then(|details| details.get(section)).into_iter().flat_map(Node::members) {
                    if let Some(to) = self.resolve(tuple.key(), wanted.key()) {
                        walk.edge(from, to.entry, is_optional);
                        self.aliases.asked(to.tuple, wanted.text().unwrap_or(""), false, &self.text.content);
                    }
                }
            }
        }
        for workspace in root.get("workspaces").into_iter().flat_map(Node::members) {
            self.workspace(workspace, &mut walk);
        }
        yarn::settle(&mut self.lockfile, walk, true);
        self.settle(root, tuples);
        self.lockfile
    }

    /// Marks what is installed in another package's place.
    fn settle(&mut self, root: Node<'d>, tuples: &[Node<'d>]) {
        let manifest = package_json::manifest(self.neighbours.folder(), self.neighbours);
        let manifest = manifest.as_ref().map(Document::root);
        let is_put = |real: &str| {
            let own = manifest.into_iter().flat_map(|manifest| [manifest.get("overrides"), manifest.get("resolutions")]);
            aliases::is_put(own.chain([root.get("overrides")]).flatten(), manifest, real)
        };
        for found in std::mem::take(&mut self.aliases).stand_ins(&self.text.content, is_put) {
            let path = tuples.get(found.number as usize).map(|tuple| tuple.key());
            let installed = path.and_then(|path| self.paths.get(path));
            if let Some(entry) = installed.and_then(|installed| self.lockfile.entries.get_mut(installed.entry as usize)) {
                found.mark(entry);
            }
        }
    }

    /// What one project asks for: the place is its manifest's own line, where it has one.
    fn workspace(&mut self, workspace: Node<'d>, walk: &mut Walk) {
        let folder = normalise(self.neighbours.folder(), workspace.key());
        let manifest = folder.as_deref().and_then(|folder| package_json::manifest(folder, self.neighbours));
        let path = folder.as_deref().map(|folder| join(folder, package_json::NAME));
        self.lockfile.covers.extend(path.and_then(|path| self.neighbours.find(&path)));
        let at = if workspace.key().is_empty() { "" } else { workspace.get("name").and_then(Node::text).unwrap_or("") };
        let itself = self.paths.get(at).map(|installed| installed.entry).filter(|_| !at.is_empty());
        let places = package_json::places(manifest.as_ref().map(Document::root));
        let own = manifest.iter().flat_map(|manifest| package_json::requests(manifest.root())).map(|request| request.node);
        let own: HashMap<&str, &str> = own.filter_map(|node| Some((node.key(), node.text()?))).collect();
        for request in package_json::requests(workspace) {
            let Some(Installed { entry, tuple }) = self.resolve(at, request.node.key()) else { continue };
            // What the lockfile repeats of a manifest says nothing beside it.
            let asked = own.get(request.node.key()).copied().or(request.node.text());
            self.aliases.asked(tuple, asked.unwrap_or(""), true, &self.text.content);
            let place = places.get(request.node.key()).copied().unwrap_or_else(|| request.node.place());
            self.lockfile.declare(entry, place);
            let is_optional = request.scopes.contains(Scopes::OPTIONAL);
            walk.begin(entry, if is_optional { Scopes::PRODUCTION } else { request.scopes }, is_optional);
            if let Some(itself) = itself {
                self.lockfile.edge(itself, entry);
            }
        }
        if let Some(member) = itself.and_then(|itself| self.lockfile.entries.get_mut(itself as usize)) {
            member.direct = Some(true);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Lines of `packages` that begin a tuple.
    fn counted_entries(content: &str) -> usize {
        let Some((_, packages)) = content.split_once("\"packages\": {") else { return 0 };
        packages
            .lines()
            .filter(|line| line.trim_start().starts_with('"') && line.contains("\": ") && line.starts_with("    \""))
            .count()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "bun.lock", counted_entries);
    }

    #[test]
    fn install_paths() {
        assert_eq!(split_path("a"), ("", "a"));
        assert_eq!(split_path("@s/a"), ("", "@s/a"));
        assert_eq!(split_path("@s/a/b"), ("@s/a", "b"));
        assert_eq!(split_path("a/@s/b"), ("a", "@s/b"));
        assert_eq!(segments("@s/a/@t/b/c"), 3);
    }
}
