//! What both yarn lockfiles share: descriptors that name blocks, and what the manifests of the workspace ask for.
//!
//! Answers for: which block a request means, edges, directness and scopes. Never reads a lockfile's own syntax.

use foldhash::HashMap;

use crate::dependency::{Lockfile, Scopes};
use crate::formats::npm_spec::{self, split_name};
use crate::formats::package_json::{self, Catalogs, Request};
use crate::formats::reach::Walk;
use crate::neighbours::{Neighbours, join};
use crate::syntax::{Document, Node};
use crate::text::{Lost, Place, Problem, Span, TextId};

/// Blocks by descriptor and by name.
#[derive(Default)]
pub(super) struct Index<'d> {
    by_descriptor: HashMap<&'d str, u32>,
    /// `None` where a name has several.
    by_name: HashMap<&'d str, Option<u32>>,
    /// By name: what `resolutions` put in its place.
    replaced: HashMap<String, Vec<Replaced>>,
    buffer: String,
}

/// A package that `resolutions` put in the place of what is asked for.
struct Replaced {
    /// Only where this package asks for it.
    asker: Option<String>,
    /// Only where it is asked for in this range.
    range: Option<String>,
    entry: u32,
}

impl<'d> Index<'d> {
    /// Says that `descriptor`, whose name is `name`, stands for an entry.
    pub(super) fn add(&mut self, descriptor: &'d str, name: &'d str, entry: u32) {
        self.by_descriptor.entry(descriptor).or_insert(entry);
        self.by_name.entry(name).and_modify(|one| *one = one.filter(|one| *one == entry)).or_insert(Some(entry));
    }

    /// Takes in what the root's `resolutions` put in the place of others, where the lockfile has it.
    pub(super) fn replace(&mut self, resolutions: Node<'_>, protocols: &[&str]) {
        for (resolution, wanted) in resolutions.members().filter_map(|node| Some((node.key(), node.text()?))) {
            let (asker, asked) = split_asker(resolution);
            let (name, range) = split_name(asked);
            let bound = format!("{name}@{wanted}::");
            let found = self.exact(name, wanted, protocols);
            let found = found.or_else(|| self.by_descriptor.iter().find(|(key, _)| key.starts_with(&bound)).map(|(_, at)| *at));
            let Some(entry) = found else { continue };
            let asker = asker.map(|asker| split_name(asker).0.to_owned());
            let range = (!range.is_empty()).then(|| range.to_owned());
            self.replaced.entry(name.to_owned()).or_default().push(Replaced { asker, range, entry });
        }
    }

    /// The entry that `name` in `range` means where `asker` asks for it (`""`: the repository): what `resolutions` put there, else the
    /// block of this descriptor, with one of the protocols in front where none is written, else the only block of that name.
    pub(super) fn find(&mut self, asker: &str, (name, range): (&str, &str), protocols: &[&str]) -> Option<u32> {
        let is_meant = |replaced: &&Replaced| {
            let is_range = |of: &String| bare(of) == bare(range);
            replaced.asker.as_ref().is_none_or(|of| of == asker) && replaced.range.as_ref().is_none_or(is_range)
        };
        let replaced = self.replaced.get(name).and_then(|all| all.iter().find(is_meant)).map(|replaced| replaced.entry);
        replaced.or_else(|| self.exact(name, range, protocols)).or_else(|| self.by_name.get(name).copied().flatten())
    }

    fn exact(&mut self, name: &str, range: &str, protocols: &[&str]) -> Option<u32> {
        for protocol in protocols {
            self.buffer.clear();
            self.buffer.extend([name, "@", protocol, range]);
            if let Some(found) = self.by_descriptor.get(self.buffer.as_str()) {
                return Some(*found);
            }
        }
        None
    }
}

/// A range without the protocol that stands for a registry.
fn bare(range: &str) -> &str {
    range.strip_prefix("npm:").unwrap_or(range)
}

/// `asker/name` of `resolutions` into both; a name may have an npm scope.
fn split_asker(resolution: &str) -> (Option<&str>, &str) {
    let scope = if resolution.starts_with('@') { resolution.find('/').map_or(0, |at| at + 1) } else { 0 };
    let end = resolution.get(scope..).and_then(|rest| rest.find('/')).map(|at| scope + at);
    match end.and_then(|end| Some((resolution.get(..end)?, resolution.get(end + 1..)?))) {
        Some((asker, name)) if npm_spec::is_name(split_name(name).0) => (Some(asker), name),
        _ => (None, resolution),
    }
}

/// The manifests of a workspace: the root's first.
pub(super) struct Projects<'a> {
    documents: Vec<(TextId, Document<'a>)>,
    /// Manifests that cannot be read.
    broken: Vec<TextId>,
    /// Whether the root's could be read.
    pub(super) has_root: bool,
}

impl<'a> Projects<'a> {
    /// The manifest beside the lockfile and those of the members that it names, or of the given folders.
    pub(super) fn around(neighbours: &Neighbours<'a>, folders: &[String]) -> Self {
        let mut projects = Self { documents: Vec::new(), broken: Vec::new(), has_root: false };
        let root = neighbours.folder();
        projects.add(root, neighbours);
        projects.has_root = !projects.documents.is_empty();
        let patterns: Vec<String> = match projects.documents.first() {
            Some((_, document)) => package_json::patterns(document.root()).into_iter().map(str::to_owned).collect(),
            None => Vec::new(),
        };
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let members = package_json::members(&patterns, neighbours);
        let named = folders.iter().map(String::as_str);
        let mut all: Vec<&str> = members.into_keys().chain(named).filter(|folder| *folder != root).collect();
        all.sort_unstable();
        all.dedup();
        for folder in all {
            projects.add(folder, neighbours);
        }
        projects
    }

    /// What the root's manifest puts in the place of others.
    pub(super) fn resolutions(&self) -> Option<Node<'_>> {
        self.documents.first().filter(|_| self.has_root).and_then(|(_, document)| document.root().get("resolutions"))
    }

    fn add(&mut self, folder: &str, neighbours: &Neighbours<'a>) {
        let Some(id) = neighbours.find(&join(folder, package_json::NAME)) else { return };
        match package_json::manifest(folder, neighbours) {
            Some(document) => self.documents.push((id, document)),
            None => self.broken.push(id),
        }
    }

    /// Asks for everything: declares entries, and begins the walk for scopes.
    pub(super) fn ask(
        &self,
        index: &mut Index<'_>,
        (protocols, catalogs): (&[&str], &Catalogs<'_>),
        lockfile: &mut Lockfile,
        walk: &mut Walk,
    ) {
        for id in &self.broken {
            lockfile.covers.push(*id);
            let message = "cannot be read as a package.json, so what is asked for directly is not known";
            let place = Place { text: *id, span: Span::default() };
            lockfile.problems.push(Problem::new(place, Lost::Detail, message));
        }
        for (id, document) in &self.documents {
            lockfile.covers.push(*id);
            for Request { node, scopes } in package_json::requests(document.root()) {
                if scopes.contains(Scopes::PEER) {
                    continue;
                }
                let range = catalogs.range(node.key(), node.text().unwrap_or(""));
                let Some(entry) = index.find("", (node.key(), range), protocols) else { continue };
                lockfile.declare(entry, Place { text: *id, span: node.span() });
                let is_optional = scopes.contains(Scopes::OPTIONAL);
                walk.begin(entry, if is_optional { Scopes::PRODUCTION } else { scopes }, is_optional);
            }
        }
    }
}

/// Puts what the walk found into the entries.
pub(super) fn settle(lockfile: &mut Lockfile, walk: Walk, knows: bool) {
    lockfile.shows.scope = knows;
    let edges: Vec<(u32, u32)> = walk.edges().filter(|(from, to)| from != to).collect();
    for (from, to) in edges {
        lockfile.edge(from, to);
    }
    for (entry, scopes) in lockfile.entries.iter_mut().zip(walk.scopes()) {
        entry.scopes = entry.scopes.with(scopes);
        if knows {
            entry.direct.get_or_insert(false);
        }
    }
}
