//! What both yarn lockfiles share: descriptors that name blocks, and what the manifests of the workspace ask for.
//!
//! Answers for: which block a request means, edges, directness and scopes. Never reads a lockfile's own syntax.

use foldhash::HashMap;

use crate::dependency::{Lockfile, Scopes};
use crate::formats::package_json::{self, Request};
use crate::formats::reach::Walk;
use crate::neighbours::{Neighbours, join};
use crate::syntax::Document;
use crate::text::{Lost, Place, Problem, Span, TextId};

/// Blocks by descriptor and by name.
#[derive(Default)]
pub(super) struct Index<'d> {
    by_descriptor: HashMap<&'d str, u32>,
    /// `None` where a name has several.
    by_name: HashMap<&'d str, Option<u32>>,
    buffer: String,
}

impl<'d> Index<'d> {
    /// Says that `descriptor`, whose name is `name`, stands for an entry.
    pub(super) fn add(&mut self, descriptor: &'d str, name: &'d str, entry: u32) {
        self.by_descriptor.entry(descriptor).or_insert(entry);
        self.by_name.entry(name).and_modify(|one| *one = one.filter(|one| *one == entry)).or_insert(Some(entry));
    }

    /// The entry that `name` in `range` means: the block of this descriptor, with one of the protocols in front where none is written,
    /// else the only block of that name (`resolutions` change ranges).
    pub(super) fn find(&mut self, name: &str, range: &str, protocols: &[&str]) -> Option<u32> {
        for protocol in protocols {
            self.buffer.clear();
            self.buffer.extend([name, "@", protocol, range]);
            if let Some(found) = self.by_descriptor.get(self.buffer.as_str()) {
                return Some(*found);
            }
        }
        self.by_name.get(name).copied().flatten()
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

    fn add(&mut self, folder: &str, neighbours: &Neighbours<'a>) {
        let Some(id) = neighbours.find(&join(folder, package_json::NAME)) else { return };
        match package_json::manifest(folder, neighbours) {
            Some(document) => self.documents.push((id, document)),
            None => self.broken.push(id),
        }
    }

    /// Asks for everything: declares entries, and begins the walk for scopes.
    pub(super) fn ask(&self, index: &mut Index<'_>, protocols: &[&str], lockfile: &mut Lockfile, walk: &mut Walk) {
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
                let Some(entry) = index.find(node.key(), node.text().unwrap_or(""), protocols) else { continue };
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
