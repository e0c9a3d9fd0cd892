//! The files of one locked version: wheels and source distributions, where they lie and what their hashes are.
//!
//! Answers for: one entry for each host that serves files of a version, since each is an origin of its own that a client asks. Never
//! compares a host with a registry.

use foldhash::{HashMap, HashMapExt};

use super::packages::{Packages, host};
use super::{Needs, is_source};
use crate::dependency::{Entry, Locator, Lockfile};
use crate::ecosystem::Ecosystem;
use crate::shape::{self, Shape};
use crate::text::Str;

/// One file.
pub(crate) struct Artifact<'d> {
    /// Its address or path, where one is recorded.
    pub(crate) at: Option<(Str, &'d str)>,
    /// Its name, else its address or path.
    pub(crate) name: (Str, &'d str),
    /// Its hash.
    pub(crate) hash: Option<Str>,
    /// Whether `at` is a path, not an address.
    pub(crate) is_path: bool,
}

/// All files of a version, and what stands for those whose place is not recorded.
pub(crate) struct Artifacts<'d> {
    pub(crate) files: Vec<Artifact<'d>>,
    pub(crate) otherwise: Locator,
}

impl Artifacts<'_> {
    /// Adds an entry whose files an index serves, or which has one origin of its own, with all hashes; gives its numbers.
    pub(crate) fn of(
        files: Vec<Artifact<'_>>,
        lockfile: &mut Lockfile,
        packages: &mut Packages<'_>,
        entry: Entry,
        needs: Needs,
    ) -> Vec<u32> {
        if let Locator::Silent | Locator::Named(_) | Locator::Index(_) = entry.locator {
            let otherwise = entry.locator.clone();
            return Artifacts { files, otherwise }.add(lockfile, packages, &entry, needs);
        }
        let index = packages.add(lockfile, entry, needs);
        for file in files {
            packages.hash(index, file.hash);
        }
        vec![index]
    }

    /// Adds an entry for every origin of the files, the first written first; gives their numbers. The file states one.
    pub(crate) fn add(self, lockfile: &mut Lockfile, packages: &mut Packages<'_>, entry: &Entry, needs: Needs) -> Vec<u32> {
        let is_built = self.files.iter().all(|file| is_source(file.name.1));
        let built = self.files.first().filter(|_| is_built).map(|file| file.name.0.span);
        let mut origins: Vec<(Locator, Vec<Option<Str>>)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let foreign = self.foreign(packages.content(), entry);
        for file in self.files {
            let (origin, locator) = match file.at {
                Some((at, _)) if file.is_path => ("path".to_owned(), Locator::Path(at)),
                Some((at, written)) => (host(written), Locator::File(at)),
                None => (String::new(), self.otherwise.clone()),
            };
            let at = *known.entry(origin).or_insert(origins.len());
            match origins.get_mut(at) {
                Some((_, hashes)) => hashes.push(file.hash),
                None => origins.push((locator, vec![file.hash])),
            }
        }
        if origins.is_empty() {
            origins.push((self.otherwise, Vec::new()));
        }
        let mut added = Vec::new();
        for (locator, hashes) in origins {
            let (runs_code, foreign) = (entry.runs_code.or(built), foreign.clone());
            let index = packages.add(lockfile, Entry { locator, runs_code, foreign, ..entry.clone() }, needs);
            for hash in hashes {
                packages.hash(index, hash);
            }
            added.push(index);
        }
        lockfile.stated -= added.len() - 1;
        added
    }

    /// The first address that is another package's: a client takes whichever file fits its machine.
    fn foreign(&self, content: &str, entry: &Entry) -> Option<Box<Str>> {
        let (name, version) = (entry.name.of(content), entry.version.as_ref().map_or("", |version| version.of(content)));
        let is_foreign = |written: &str| shape::of(Ecosystem::PyPi, written, name, version) == Shape::AnotherPackage;
        let mut addresses = self.files.iter().filter(|file| !file.is_path).filter_map(|file| file.at.as_ref());
        addresses.find(|(_, written)| is_foreign(written)).map(|(at, _)| Box::new(at.clone()))
    }
}
