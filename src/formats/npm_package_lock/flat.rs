//! Versions 2 and 3: `packages`, one key for each install path.
//!
//! Answers for: which path is whose, links and their targets, bundlers, edges. Never reads the `dependencies` that version 2 repeats.

use foldhash::{HashMap, HashMapExt};

use super::{NONE, Package, Reading, Same, aliases, plain, scopes, tail, text_of};
use crate::dependency::{Entry, Locator};
use crate::formats::npm_spec::{self, Located};
use crate::formats::package_json::{self, Members};
use crate::neighbours::{Neighbours, folder_of, join, normalise};
use crate::syntax::{Document, Node};
use crate::text::{Lost, Problem};

const MODULES: &str = "node_modules/";

/// Sections that make edges, and whether only folders of the repository have them.
const EDGES: [(&str, bool); 4] =
    [("dependencies", false), ("optionalDependencies", false), ("peerDependencies", false), ("devDependencies", true)];

/// What is found out about the paths before entries are made.
struct Paths<'d> {
    by_path: HashMap<&'d str, u32>,
    /// Folder of the repository to the first link that leads there.
    links: HashMap<&'d str, u32>,
    members: Members,
}

/// Reads `packages`.
pub(super) fn read<'d>(reading: &mut Reading<'d>, packages: Node<'d>, neighbours: &Neighbours<'_>) {
    let root = packages.get("").unwrap_or(packages);
    let has_root = root.id() != packages.id();
    let manifest = package_json::manifest(neighbours.folder(), neighbours);
    let manifest = manifest.as_ref().map(Document::root);
    let mut patterns = if has_root { package_json::patterns(root) } else { Vec::new() };
    let own = manifest.map(package_json::patterns).unwrap_or_default();
    if patterns.is_empty() {
        patterns.clone_from(&own);
    }
    let mut paths = Paths { by_path: HashMap::new(), links: HashMap::new(), members: Members::of(&patterns) };
    collect(reading, &mut paths, packages, root);
    entries(reading, &paths, neighbours);
    edges(reading);
    if has_root {
        let places = package_json::places(manifest);
        for request in package_json::requests(root) {
            reading.ask(0, request, &places);
        }
    }
    reading.ships_by(0, manifest);
    aliases::ask(reading, 0, has_root.then_some(root), manifest);
    members(reading, &paths, neighbours);
    aliases::settle(reading, manifest);
    reading.lockfile.covers.extend(neighbours.find(&join(neighbours.folder(), package_json::NAME)));
    for patterns in [&patterns, &own] {
        reading.lockfile.covers.extend(package_json::members(patterns, neighbours).into_values());
    }
    reading.settle_scopes();
    reading.settle_directness();
}

/// Gives each path its number and its place in the tree. Number 0 is the project, whether the file states it or not.
fn collect<'d>(reading: &mut Reading<'d>, paths: &mut Paths<'d>, packages: Node<'d>, root: Node<'d>) {
    reading.packages.push(Package { name: "", node: root, up: NONE, entry: NONE });
    paths.by_path.insert("", 0);
    for node in packages.members().filter(|node| !node.key().is_empty()) {
        let number = u32::try_from(reading.packages.len()).unwrap_or(NONE);
        let name = node.key().rfind(MODULES).and_then(|at| node.key().get(at + MODULES.len()..)).unwrap_or("");
        reading.packages.push(Package { name, node, up: 0, entry: NONE });
        paths.by_path.insert(node.key(), number);
        if is_link(node) {
            paths.links.entry(text_of(node, "resolved")).or_insert(number);
        }
    }
    for number in 1..reading.packages.len() {
        let number = u32::try_from(number).unwrap_or(NONE);
        let Some(package) = reading.package(number).copied() else { continue };
        let path = package.node.key();
        let mut holder = path.get(..path.len() - package.name.len()).unwrap_or("");
        if !package.name.is_empty() {
            holder = holder.strip_suffix(MODULES).unwrap_or(holder).trim_end_matches('/');
            if let Some(parent) = paths.by_path.get(holder) {
                reading.children.insert((*parent, package.name), number);
            }
        }
        let mut folder = if package.name.is_empty() { folder_of(path) } else { holder };
        let up = loop {
            if let Some(up) = paths.by_path.get(folder) {
                break *up;
            }
            folder = folder_of(folder);
        };
        if let Some(package) = reading.packages.get_mut(number as usize) {
            package.up = up;
        }
    }
}

fn is_link(node: Node<'_>) -> bool {
    node.get("link").and_then(Node::bool) == Some(true)
}

/// Makes the entries: first what stands for itself, then what is bundled in those, then links by their targets.
fn entries(reading: &mut Reading<'_>, paths: &Paths<'_>, neighbours: &Neighbours<'_>) {
    let count = u32::try_from(reading.packages.len()).unwrap_or(NONE);
    let mut waiting = Vec::new();
    let mut links = Vec::new();
    for number in 1..count {
        let Some(package) = reading.package(number).copied() else { continue };
        let node = package.node;
        if !node.is_map() {
            let message = format!("`{}` is no map, expected a version, an address and a hash", node.key());
            reading.lose(Problem::new(node.key_place(), Lost::Entry, message));
        } else if is_link(node) {
            links.push(number);
        } else if is_folder(&package, paths) {
            folder(reading, paths, number, neighbours);
        } else if !npm_spec::is_name(package.name) {
            let message = format!("`{}` ends in no name of a package", node.key());
            reading.lose(Problem::new(node.key_place(), Lost::Entry, message));
        } else {
            match holder_of(reading, number) {
                Some(bundler) if reading.entry_of(bundler).is_none() => waiting.push(number),
                bundler => installed(reading, number, bundler),
            }
        }
    }
    for number in waiting {
        let bundler = holder_of(reading, number);
        installed(reading, number, bundler);
    }
    for number in links {
        link(reading, paths, number, neighbours);
    }
}

/// A folder of the repository, or what a link leads to below some package's folder.
fn is_folder(package: &Package<'_>, paths: &Paths<'_>) -> bool {
    let path = package.node.key();
    let is_target = || paths.links.contains_key(path) && !npm_spec::is_name(package.name);
    if package.name.is_empty() { !path.ends_with(MODULES) } else { is_target() }
}

/// The package whose file holds this one: the nearest above that is not itself bundled. What the project itself or one of its folders
/// bundles is fetched like anything else, and so is what has an address of its own.
fn holder_of(reading: &Reading<'_>, number: u32) -> Option<u32> {
    let is_bundled = |package: &Package<'_>| package.node.get("inBundle").and_then(Node::bool) == Some(true);
    let package = reading.package(number).filter(|package| is_bundled(package))?;
    if !text_of(package.node, "resolved").is_empty() {
        return None;
    }
    let mut above = package.up;
    loop {
        let package = reading.package(above)?;
        if package.name.is_empty() || is_link(package.node) || !package.node.is_map() {
            return None;
        }
        if !is_bundled(package) || !text_of(package.node, "resolved").is_empty() {
            return Some(above);
        }
        above = package.up;
    }
}

/// A package in some `node_modules`.
fn installed(reading: &mut Reading<'_>, number: u32, bundler: Option<u32>) {
    let Some(package) = reading.package(number).copied() else { return };
    let (node, content) = (package.node, &reading.text.content);
    let version = match node.get("version") {
        None => None,
        Some(version) if version.text().is_none() => {
            let message = format!("the version of `{}` is no text", package.name);
            reading.lose(version.problem(Lost::Entry, message));
            return;
        }
        Some(version) => reading.version(version),
    };
    let installed_as = tail(&node.key_str(), package.name);
    let (name, alias) = match node.get("name").and_then(Node::str) {
        Some(real) if real.of(content) != package.name => (real, Some(installed_as)),
        _ => (installed_as, None),
    };
    if !npm_spec::is_name(name.of(content)) {
        let message = format!("`{}` is no name of a package", name.of(content));
        reading.lose(Problem::new(reading.text.place(name.span), Lost::Entry, message));
        return;
    }
    if let Some(installed_as) = &alias {
        reading.aliases.add(number, installed_as, &name);
    }
    let bundler = bundler.and_then(|bundler| reading.entry_of(bundler));
    let Located { locator, moving } = reading.located(node, bundler);
    let runs_code = node.get("hasInstallScript").filter(|flag| flag.bool() == Some(true)).map(Node::span);
    let same = Same {
        name: node.get("name").and_then(Node::text).unwrap_or(package.name),
        version: text_of(node, "version"),
        resolved: text_of(node, "resolved"),
        integrity: text_of(node, "integrity"),
        bundler: bundler.unwrap_or(NONE),
        runs_code: runs_code.is_some(),
    };
    let entry = Entry { runs_code, moving, alias, ..plain(name, version, locator, scopes(node)) };
    reading.add(number, same, entry);
}

/// A folder of the repository: a workspace member, or what a link or `file:` leads to.
fn folder(reading: &mut Reading<'_>, paths: &Paths<'_>, number: u32, neighbours: &Neighbours<'_>) {
    let Some(package) = reading.package(number).copied() else { return };
    let (node, content) = (package.node, &reading.text.content);
    let path = node.key();
    let linked = paths.links.get(path).and_then(|link| reading.package(*link)).copied();
    let name = match (node.get("name").and_then(Node::str), linked) {
        (Some(name), _) => name,
        (None, Some(link)) => tail(&link.node.key_str(), link.name),
        (None, None) => tail(&node.key_str(), base_name(path)),
    };
    let locator = located(node, path, paths, neighbours);
    let version = node.get("version").and_then(Node::str).filter(|version| npm_spec::is_version(version.of(content)));
    let linked_scopes = linked.map_or_else(|| scopes(node), |link| scopes(link.node).with(scopes(node)));
    let entry = plain(name, version, locator, linked_scopes);
    let same = Same { name: path, resolved: path, bundler: number, ..Same::default() };
    reading.add(number, same, entry);
    let manifest = normalise(neighbours.folder(), path).map(|folder| join(&folder, package_json::NAME));
    reading.lockfile.covers.extend(manifest.and_then(|manifest| neighbours.find(&manifest)));
}

/// Whether a folder is a member of the workspace, with its manifest in the tree, or any folder.
fn located(node: Node<'_>, path: &str, paths: &Paths<'_>, neighbours: &Neighbours<'_>) -> Locator {
    let manifest = normalise(neighbours.folder(), path).map(|folder| join(&folder, package_json::NAME));
    let is_there = manifest.is_some_and(|manifest| neighbours.has(&manifest));
    if is_there && paths.members.contain(path) {
        return Locator::Workspace;
    }
    let written = if node.key() == path { node.key_str() } else { node.get("resolved").and_then(Node::str).unwrap_or_default() };
    Locator::Path(written)
}

/// The last part of a path, with the scope before it.
fn base_name(path: &str) -> &str {
    let Some((folder, last)) = path.rsplit_once('/') else { return path };
    let scope = folder.rsplit('/').next().unwrap_or("");
    let length = if scope.starts_with('@') { scope.len() + 1 + last.len() } else { last.len() };
    path.get(path.len() - length..).unwrap_or(last)
}

/// A link counts with the folder that it leads to; without one it is an entry of its own.
fn link(reading: &mut Reading<'_>, paths: &Paths<'_>, number: u32, neighbours: &Neighbours<'_>) {
    let Some(package) = reading.package(number).copied() else { return };
    let target = text_of(package.node, "resolved");
    let entry = paths.by_path.get(target).filter(|target| **target != 0).and_then(|target| reading.entry_of(*target));
    if let Some(entry) = entry {
        reading.lockfile.stated += 1;
        if let Some(package) = reading.packages.get_mut(number as usize) {
            package.entry = entry;
        }
        return;
    }
    let name = tail(&package.node.key_str(), package.name);
    let locator = match target {
        "" => Locator::Missing,
        _ => located(package.node, target, paths, neighbours),
    };
    let same = Same { name: package.name, resolved: target, bundler: number, ..Same::default() };
    let entry = plain(name, None, locator, scopes(package.node));
    reading.add(number, same, entry);
}

/// Who requires whom.
fn edges(reading: &mut Reading<'_>) {
    let count = u32::try_from(reading.packages.len()).unwrap_or(NONE);
    for number in 1..count {
        let Some(package) = reading.package(number).copied().filter(|package| package.entry != NONE) else { continue };
        for section in package.node.members().filter(|member| member.is_map()) {
            let makes_edges =
                |(name, folders_only): &(&str, bool)| *name == section.key() && (!folders_only || package.name.is_empty());
            if !EDGES.iter().any(makes_edges) {
                continue;
            }
            for wanted in section.members() {
                if let Some(found) = reading.resolve(number, wanted.key()) {
                    reading.require(number, found, section.key(), wanted.text().unwrap_or(""));
                }
            }
        }
    }
}

/// Members are the repository itself: what they ask for is direct.
fn members(reading: &mut Reading<'_>, paths: &Paths<'_>, neighbours: &Neighbours<'_>) {
    let count = u32::try_from(reading.packages.len()).unwrap_or(NONE);
    for number in 1..count {
        let Some(package) = reading.package(number).copied().filter(|package| package.name.is_empty()) else { continue };
        let path = package.node.key();
        if !paths.members.contain(path) {
            continue;
        }
        if let Some(member) = reading.lockfile.entries.get_mut(package.entry as usize) {
            member.direct = Some(true);
        }
        let folder = normalise(neighbours.folder(), path);
        let manifest = folder.and_then(|folder| package_json::manifest(&folder, neighbours));
        let manifest = manifest.as_ref().map(Document::root);
        let places = package_json::places(manifest);
        for request in package_json::requests(package.node) {
            reading.ask(number, request, &places);
        }
        reading.ships_by(number, manifest);
        aliases::ask(reading, number, Some(package.node), manifest);
    }
}
