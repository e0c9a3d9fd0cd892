//! lockfile.json: what the Maven plugin maven-lockfile writes beside a pom.xml.
//!
//! Answers for: one entry for each artifact that Maven chose, for each plugin and extension with what they need, and for the project's
//! own parents and BOMs; where each was fetched, its hash, what it is for, and who requires whom. Never lists the parents and BOMs of
//! dependencies, which are details of them.
//!
//! Specification: maven-lockfile's README and classes; version 1. Quirks: the name is shared with other tools, so the content decides;
//! `dependencies` is a tree in which an artifact that lost to another version, or stands elsewhere, has `included: false`;
//! `selectedVersion` is what counts; a module of the same build has no address; classifiers and types of one module are one entry. A
//! plugin's dependencies are a tree of their own.

use std::collections::{BTreeMap, BTreeSet};

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::pom_xml::reactor::Reactor;
use crate::formats::{Claim, Format, maven_names};
use crate::neighbours::Neighbours;
use crate::syntax::{Node, json};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(super) static FORMAT: Format = Format {
    id: "maven-lockfile",
    title: "maven-lockfile",
    kind: Kind::Lock,
    files: &[Claim::Name("lockfile.json")],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

fn looks(content: &str) -> bool {
    content.contains("\"lockFileVersion\"") || (content.contains("\"groupId\"") && content.contains("\"artifactId\""))
}

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read(text)?;
    let root = document.root();
    if !root.is_map() {
        return Err(root.problem(Lost::File, "is no map, expected the keys of a maven-lockfile"));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, integrity: true, edges: true, scope: true, ..Shows::default() };
    let version = root.get("lockFileVersion");
    lockfile.version = version.and_then(Node::scalar).map(str::to_owned);
    if let Some(odd) = version.filter(|node| node.scalar().is_some_and(|version| version != "1")) {
        let message = format!("version {} of maven-lockfile is not known; expected 1", odd.scalar().unwrap_or(""));
        lockfile.problems.push(odd.problem(Lost::Detail, message));
    }
    let is_located = text.content.contains("\"resolved\"");
    let mut reading = Reading {
        text,
        is_located,
        reactor: neighbours.beside("pom.xml").and_then(Result::ok).map(|pom| Reactor::around(&pom.path, neighbours)),
        known: BTreeMap::new(),
        edges: Vec::new(),
        chosen: BTreeMap::new(),
        hashes: BTreeSet::new(),
        lockfile,
    };
    reading.tree(root.get("dependencies"), None, None);
    reading.connect();
    for section in ["mavenPlugins", "mavenExtensions"] {
        for node in root.get(section).into_iter().flat_map(Node::items) {
            let Some(index) = reading.one(node, "version", Some(Scopes::BUILD), true) else { continue };
            reading.tree(node.get("dependencies"), Some(Scopes::BUILD), Some(index));
            reading.connect();
        }
    }
    for node in root.get("boms").into_iter().flat_map(Node::items) {
        reading.one(node, "version", Some(Scopes::BUILD), true);
    }
    reading.parents(root.get("pom"));
    Ok(reading.lockfile)
}

struct Reading<'d> {
    text: &'d Text,
    /// Whether the file says where anything was fetched; its first versions did not.
    is_located: bool,
    /// The build that the project is part of: its modules are fetched from nowhere.
    reactor: Option<Reactor<'d>>,
    /// Entries by name, version and repository.
    known: BTreeMap<(String, &'d str, &'d str), u32>,
    /// Of the tree that is read: what requires which module at which version.
    edges: Vec<(u32, (String, &'d str))>,
    /// Of the tree that is read: entries by name and version.
    chosen: BTreeMap<(String, &'d str), u32>,
    hashes: BTreeSet<(u32, String)>,
    lockfile: Lockfile,
}

impl<'d> Reading<'d> {
    /// A tree of dependencies, below `above` or the project itself.
    fn tree(&mut self, list: Option<Node<'d>>, scopes: Option<Scopes>, above: Option<u32>) {
        for node in list.into_iter().flat_map(Node::items) {
            if node.get("included").and_then(Node::bool) == Some(false) {
                if let (Some(above), Some(target)) = (above, target(node)) {
                    self.edges.push((above, target));
                }
                continue;
            }
            let version = if node.get("selectedVersion").is_some() { "selectedVersion" } else { "version" };
            let index = self.one(node, version, scopes, above.is_none());
            if let (Some(index), Some(target)) = (index, target(node)) {
                self.chosen.insert(target, index);
                if let Some(above) = above {
                    self.lockfile.edge(above, index);
                }
            }
            self.tree(node.get("children"), scopes, index.or(above));
        }
    }

    /// Turns the names of what is required into entries, at the end of a tree.
    fn connect(&mut self) {
        for (from, target) in std::mem::take(&mut self.edges) {
            if let Some(to) = self.chosen.get(&target) {
                self.lockfile.edge(from, *to);
            }
        }
        self.chosen.clear();
    }

    /// The project's own parents, as far as they were fetched.
    fn parents(&mut self, pom: Option<Node<'d>>) {
        let mut parent = pom.and_then(|pom| pom.get("parent"));
        while let Some(node) = parent.filter(|node| node.is_map()) {
            if node.get("resolved").is_some() {
                self.one(node, "version", Some(Scopes::BUILD), true);
            }
            parent = node.get("parent");
        }
    }

    /// One artifact. Its scope is `scopes` or what it says itself.
    fn one(&mut self, node: Node<'d>, version: &str, scopes: Option<Scopes>, is_direct: bool) -> Option<u32> {
        let content = &self.text.content;
        let part = |key: &str| node.get(key).and_then(Node::str).filter(|part| maven_names::is_part(part.of(content)));
        let (Some(group), Some(artifact), Some(version_at)) = (part("groupId"), part("artifactId"), part(version)) else {
            self.lockfile.stated += 1;
            let message = format!("is no artifact, expected `groupId`, `artifactId` and `{version}`");
            self.lockfile.problems.push(node.problem(Lost::Entry, message));
            return None;
        };
        let scopes = scopes.unwrap_or_else(|| scope_of(node.get("scope").and_then(Node::text).unwrap_or("")));
        let name = format!("{}:{}", group.of(content), artifact.of(content));
        let version = node.get(version).and_then(Node::text).unwrap_or("");
        let resolved = node.get("resolved").and_then(Node::str).filter(|resolved| !resolved.of(content).trim().is_empty());
        let key = (name.clone(), version, repository(node, group.of(content)));
        let index = if let Some(index) = self.known.get(&key) {
            self.lockfile.stated += 1;
            if let Some(entry) = self.lockfile.entries.get_mut(*index as usize) {
                entry.scopes = entry.scopes.with(scopes);
                entry.direct = Some(entry.direct == Some(true) || is_direct);
            }
            *index
        } else {
            let locator = match resolved {
                Some(address) => Locator::File(address),
                None if self.is_located => Locator::Missing,
                None => Locator::Silent,
            };
            let is_module = || {
                let reactor = self.reactor.as_ref();
                reactor.is_some_and(|reactor| reactor.find(group.of(content), artifact.of(content), Some(version)).is_some())
            };
            let locator = if locator == Locator::Missing && is_module() { Locator::Workspace } else { locator };
            let moving = (locator != Locator::Workspace && version.ends_with("-SNAPSHOT")).then(|| version_at.clone());
            let entry = Entry::new(Ecosystem::Maven, Str::made(artifact.span, name), Some(version_at), locator);
            let index = self.lockfile.push(Entry { scopes, moving, direct: Some(is_direct), ..entry });
            self.known.insert(key, index);
            index
        };
        self.hash(node, index);
        Some(index)
    }

    fn hash(&mut self, node: Node<'d>, entry: u32) {
        let Some(checksum) =
            node.get("checksum").and_then(Node::str).filter(|checksum| !checksum.of(&self.text.content).is_empty())
        else {
            return;
        };
        let digest = checksum.of(&self.text.content);
        let algorithm = node.get("checksumAlgorithm").and_then(Node::text).unwrap_or("").replace('-', "").to_ascii_lowercase();
        if algorithm.is_empty() || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let message = "is no checksum, expected hexadecimal digits and a `checksumAlgorithm`";
            self.lockfile.problem(self.text.place(checksum.span), Lost::Detail, message);
            return;
        }
        let hash = format!("{algorithm}:{digest}");
        // Many trees repeat an artifact; a classifier's file has a hash of its own.
        if self.hashes.insert((entry, hash.clone())) {
            self.lockfile.hash(entry, Str::made(checksum.span, hash));
        }
    }
}

/// The module and version that a node of the tree stands for.
fn target(node: Node<'_>) -> Option<(String, &str)> {
    let text = |key: &str| node.get(key).and_then(Node::text);
    let version = text("selectedVersion").or_else(|| text("version"))?;
    Some((format!("{}:{}", text("groupId")?, text("artifactId")?), version))
}

/// Where an artifact was fetched, without its own path: the same for all files of one module in one repository.
fn repository<'d>(node: Node<'d>, group: &str) -> &'d str {
    let resolved = node.get("resolved").and_then(Node::text).unwrap_or("");
    let path = format!("/{}/", group.replace('.', "/"));
    resolved.split_once(&path).map_or(resolved, |(before, _)| before)
}

fn scope_of(scope: &str) -> Scopes {
    match scope {
        "compile" | "runtime" | "provided" | "system" => Scopes::PRODUCTION,
        "test" => Scopes::TEST,
        "import" => Scopes::BUILD,
        _ => Scopes::UNKNOWN,
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
fn counted_entries(content: &str) -> usize {
    fn below(value: &serde_json::Value, key: &str, child: &str) -> usize {
        let list = value[key].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().map(|node| usize::from(node["included"] != false) + below(node, child, child)).sum()
    }
    let root: serde_json::Value = serde_json::from_str(content).unwrap_or_default();
    let trees = ["mavenPlugins", "mavenExtensions"].map(|section| {
        let plugins = root[section].as_array().map_or(&[][..], Vec::as_slice);
        plugins.iter().map(|plugin| below(plugin, "dependencies", "children") + 1).sum::<usize>()
    });
    let parents = std::iter::successors(root["pom"].get("parent"), |parent| parent.get("parent"));
    let fetched = parents.filter(|parent| !parent["resolved"].is_null()).count();
    below(&root, "dependencies", "children") + trees.iter().sum::<usize>() + below(&root, "boms", "none") + fetched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::counting;

    #[test]
    fn states_as_many_entries_as_there_are() {
        counting::check(&FORMAT, "maven-lockfile", counted_entries);
    }
}
