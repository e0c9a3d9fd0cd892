//! Entries of one Python lockfile while it is read.
//!
//! Answers for: repeats (markers, extras, platforms) merged by name, version and origin; hashes, edges, and what is needed for what.
//! Never reads syntax.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::Needs;
use super::manifest::Wanted;
use crate::address;
use crate::dependency::{Entry, Locator, Lockfile};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{Neighbours, join};
use crate::text::{Str, Text};

/// One entry's hashes: all of its files', or none where one file has none, since that file is then what nobody checks.
#[derive(Clone, Debug, Default)]
struct Hashes {
    all: Vec<Str>,
    is_incomplete: bool,
}

/// The named limit on entries of one name that an edge leads to. Honest lockfiles have a handful.
pub(crate) const NAMED_MAX: usize = 128;

/// What makes two statements one entry.
type Key = (Ecosystem, String, String, String);

/// The entries of a lockfile, beside the lockfile itself.
pub(crate) struct Packages<'t> {
    text: &'t Text,
    by_key: HashMap<Key, u32>,
    by_name: HashMap<(Ecosystem, String), Vec<u32>>,
    hashes: Vec<Hashes>,
    needs: Vec<Needs>,
    edges: Vec<(u32, u32)>,
}

impl<'t> Packages<'t> {
    pub(crate) fn new(text: &'t Text) -> Self {
        let (by_key, by_name) = (HashMap::new(), HashMap::new());
        Self { text, by_key, by_name, hashes: Vec::new(), needs: Vec::new(), edges: Vec::new() }
    }

    /// The content of the lockfile.
    pub(crate) fn content(&self) -> &'t str {
        &self.text.content
    }

    /// Adds an entry, or counts it as a repeat of an earlier one, and gives its number.
    pub(crate) fn add(&mut self, lockfile: &mut Lockfile, entry: Entry, needs: Needs) -> u32 {
        let content = &self.text.content;
        let name = entry.name.of(content).to_owned();
        let version = entry.version.as_ref().map_or("", |version| version.of(content)).to_owned();
        let key = (entry.ecosystem, name.clone(), version, origin(&entry.locator, content));
        if let Some(index) = self.by_key.get(&key).copied() {
            lockfile.stated += 1;
            self.need(index, needs);
            if let Some(first) = lockfile.entries.get_mut(index as usize) {
                first.runs_code = first.runs_code.or(entry.runs_code);
                first.moving = first.moving.take().or(entry.moving);
                first.foreign = first.foreign.take().or(entry.foreign);
            }
            return index;
        }
        let ecosystem = entry.ecosystem;
        let index = lockfile.push(entry);
        self.by_key.insert(key, index);
        self.by_name.entry((ecosystem, name)).or_default().push(index);
        self.hashes.push(Hashes::default());
        self.needs.push(needs);
        index
    }

    /// The entries of a (normalised) PyPI name.
    pub(crate) fn named(&self, name: &str) -> &[u32] {
        self.of(Ecosystem::PyPi, name)
    }

    /// The entries of a name, as many as are looked at.
    pub(crate) fn of(&self, ecosystem: Ecosystem, name: &str) -> &[u32] {
        let all = self.by_name.get(&(ecosystem, name.to_owned())).map_or(&[][..], Vec::as_slice);
        all.get(..all.len().min(NAMED_MAX)).unwrap_or(all)
    }

    /// Adds a file's hash; `None` says that a file has none.
    pub(crate) fn hash(&mut self, index: u32, hash: Option<Str>) {
        let Some(hashes) = self.hashes.get_mut(index as usize) else { return };
        match hash {
            Some(hash) => hashes.all.push(hash),
            None => hashes.is_incomplete = true,
        }
    }

    pub(crate) fn need(&mut self, index: u32, needs: Needs) {
        if let Some(all) = self.needs.get_mut(index as usize) {
            *all = all.with(needs);
        }
    }

    /// Says that `from` requires `to`. What a package says of itself (its own extras) is no edge.
    pub(crate) fn edge(&mut self, from: u32, to: u32) {
        if from != to {
            self.edges.push((from, to));
        }
    }

    /// Says that each of `from` requires each of `to`.
    pub(crate) fn edges(&mut self, from: &[u32], to: &[u32]) {
        for from in from {
            for to in to {
                self.edge(*from, *to);
            }
        }
    }

    /// Marks what a manifest asks for as direct, and the rest as not.
    pub(crate) fn declare(&mut self, lockfile: &mut Lockfile, manifest: &Text, wanted: &[Wanted]) {
        for entry in lockfile.entries.iter_mut().filter(|entry| entry.direct.is_none()) {
            entry.direct = Some(false);
        }
        for wanted in wanted {
            let name = wanted.name.of(&manifest.content);
            for index in self.named(name).to_vec() {
                lockfile.declare(index, manifest.place(wanted.name.span));
            }
        }
    }

    /// Lets every entry be needed for what a manifest needs it for.
    pub(crate) fn need_wanted(&mut self, manifest: &Text, wanted: &[Wanted]) {
        for wanted in wanted {
            for index in self.named(wanted.name.of(&manifest.content)).to_vec() {
                self.need(index, wanted.needs);
            }
        }
    }

    /// What the project beside the lockfile asks for; where the lockfile says nothing of scopes, they follow from that.
    pub(crate) fn of_project(&mut self, lockfile: &mut Lockfile, manifest: &Text, wanted: &[Wanted]) {
        self.declare(lockfile, manifest, wanted);
        if !lockfile.shows.scope {
            self.need_wanted(manifest, wanted);
            self.spread();
            lockfile.shows.scope = true;
        }
    }

    /// What an entry is needed for, all that it requires is needed for too.
    pub(crate) fn spread(&mut self) {
        let mut edges = std::mem::take(&mut self.edges);
        edges.sort_unstable();
        edges.dedup();
        let mut waiting: Vec<u32> =
            (0u32..).zip(&self.needs).filter(|(_, needs)| **needs != Needs::NONE).map(|(at, _)| at).collect();
        while let Some(from) = waiting.pop() {
            let needs = self.needs.get(from as usize).copied().unwrap_or_default();
            let first = edges.partition_point(|(of, _)| *of < from);
            for (_, to) in edges.iter().skip(first).take_while(|(of, _)| *of == from) {
                let Some(before) = self.needs.get_mut(*to as usize) else { continue };
                if !before.contains(needs) {
                    *before = before.with(needs);
                    waiting.push(*to);
                }
            }
        }
        self.edges = edges;
    }

    /// The manifests of folders that the lockfile names: what they ask for is locked by it.
    pub(crate) fn cover_folders(&self, lockfile: &mut Lockfile, around: &Neighbours<'_>) {
        for entry in &lockfile.entries {
            let Locator::Path(path) = &entry.locator else { continue };
            let folder = around.resolve(path.of(&self.text.content)).ok();
            lockfile.covers.extend(folder.and_then(|folder| around.find(&join(&folder, "pyproject.toml"))));
        }
    }

    /// Hands hashes, edges and scopes to the lockfile.
    pub(crate) fn finish(self, lockfile: &mut Lockfile) {
        let content = &self.text.content;
        for (index, hashes) in (0u32..).zip(self.hashes).filter(|(_, hashes)| !hashes.is_incomplete) {
            let mut seen = HashSet::new();
            for hash in hashes.all {
                if seen.insert(hash.of(content).to_owned()) {
                    lockfile.hash(index, hash);
                }
            }
        }
        for (from, to) in self.edges {
            lockfile.edge(from, to);
        }
        for (entry, needs) in lockfile.entries.iter_mut().zip(self.needs) {
            entry.scopes = needs.scopes();
        }
    }
}

/// What two statements of one version must share to be one entry: the host of a file, else the whole locator.
fn origin(locator: &Locator, content: &str) -> String {
    let (kind, at) = match locator {
        Locator::File(at) => return format!("file {}", host(at.of(content))),
        Locator::Index(at) => ("index", at),
        Locator::Named(at) => ("named", at),
        Locator::Url(at) => ("url", at),
        Locator::Path(at) => ("path", at),
        Locator::Unresolved(at) => ("unresolved", at),
        Locator::Git { url, commit } => {
            return format!("git {} {}", url.of(content), commit.as_ref().map_or("", |commit| commit.of(content)));
        }
        Locator::Bundled(parent) => return format!("bundled {parent}"),
        Locator::Silent => return "silent".to_owned(),
        Locator::Workspace => return "workspace".to_owned(),
        Locator::Builtin => return "builtin".to_owned(),
        Locator::Missing => return "missing".to_owned(),
    };
    format!("{kind} {}", at.of(content))
}

/// Scheme, host and port of a file's address, or, where it is odd, all before its path.
pub(crate) fn host(written: &str) -> String {
    match address::read(written) {
        Ok(address) if !address.has_user => address.origin(),
        _ => {
            let start = written.find("://").map_or(0, |at| at + 3);
            let end = written.get(start..).and_then(|rest| rest.find('/')).map_or(written.len(), |at| start + at);
            written.get(..end).unwrap_or(written).to_owned()
        }
    }
}
