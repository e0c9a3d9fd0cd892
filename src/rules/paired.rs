//! Packages of a head with what they were at the base, wherever their lockfile moved. Finds nothing itself.

use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::address;
use crate::dependency::{Kind, Locator};
use crate::ecosystem::Ecosystem;
use crate::finding::Subject;
use crate::route::{Class, Registry};
use crate::rules::integrity_missing::is_weak;
use crate::rules::{Case, Dependency};
use crate::snapshot::{Judged, Snapshot};
use crate::text::Span;

/// One entry of the head, and the entries of the same package at the base: those of its version, else all of it.
pub(super) struct Paired<'a> {
    pub(super) head: Dependency<'a>,
    pub(super) base: Vec<Dependency<'a>>,
    pub(super) is_same_version: bool,
}

/// A package of an ecosystem.
type Name<'a> = (Ecosystem, &'a str);

/// So many different entries of one package are compared with; no honest lockfile has as many. What is left out counts as not there, so that
/// a change of it is found.
const ALIKE_MAX: usize = 64;

/// Entries of the base by name. Of those that are alike in all that is compared one is kept, else a folder of projects that moves as a whole,
/// or a file with one package in thousands of versions, would be compared each with each.
#[derive(Default)]
struct Entries<'a> {
    of_version: HashMap<(Name<'a>, Option<&'a str>), Kept<'a>>,
    /// For versions that the base has not: these have no hash and no address in common with what they become.
    of_name: HashMap<Name<'a>, Kept<'a>>,
}

/// Entries that differ, with what they are told apart by.
#[derive(Default)]
struct Kept<'a> {
    seen: HashSet<Alike<'a>>,
    entries: Vec<Dependency<'a>>,
}

impl<'a> Kept<'a> {
    fn add(&mut self, dependency: Dependency<'a>, alike: Alike<'a>) {
        if self.entries.len() < ALIKE_MAX && self.seen.insert(alike) {
            self.entries.push(dependency);
        }
    }
}

impl<'a> Entries<'a> {
    fn add(&mut self, case: &Case<'a>, dependency: Dependency<'a>) {
        let name = (dependency.entry.ecosystem, dependency.name());
        let alike = alike(case, &dependency);
        self.of_name.entry(name).or_default().add(dependency, alike.without_version());
        self.of_version.entry((name, dependency.version())).or_default().add(dependency, alike);
    }

    /// What a dependency was: entries of its version, else of its name; only those that `is_like` lets count.
    fn before(&self, dependency: &Dependency<'a>, is_like: impl Fn(&Dependency<'a>) -> bool) -> (Vec<Dependency<'a>>, bool) {
        let name = (dependency.entry.ecosystem, dependency.name());
        let like = |kept: Option<&Kept<'a>>| -> Vec<Dependency<'a>> {
            kept.into_iter().flat_map(|kept| &kept.entries).filter(|one| is_like(one)).copied().collect()
        };
        let of_version = like(self.of_version.get(&(name, dependency.version())));
        if of_version.is_empty() { (like(self.of_name.get(&name)), false) } else { (of_version, true) }
    }
}

/// Entries of lockfiles that differ between both sides, each with what it was. What the base did not have is not among them: that is judged
/// like any other new package.
pub(super) fn paired<'a>(case: &Case<'a>) -> Vec<Paired<'a>> {
    let Some(base) = case.base else { return Vec::new() };
    let at_base = case.at(base);
    let changed = changed(case.head, base);
    let mut paired = Vec::new();
    let mut gone: Option<Gone<'_>> = None;
    for (number, twin) in &changed {
        let mut entries = Entries::default();
        for dependency in twin.iter().flat_map(|twin| of_lockfile(&at_base, *twin)) {
            entries.add(&at_base, dependency);
        }
        for dependency in of_lockfile(case, *number) {
            let (mut base, mut is_same_version) = entries.before(&dependency, |_| true);
            if base.is_empty() {
                let gone = gone.get_or_insert_with(|| gone_entries(case, &at_base, &changed));
                // What only a declaration still asks for has lost its lockfile, which is a finding of its own; where that stays, its entry.
                let kind = dependency.lockfile().kind;
                (base, is_same_version) = gone.all.before(&dependency, |one| one.lockfile().kind == kind);
                if base.is_empty() && kind == Kind::Declaration {
                    (base, is_same_version) = gone.thinned.before(&dependency, |one| one.lockfile().kind == Kind::Lock);
                }
            }
            if !base.is_empty() {
                paired.push(Paired { head: dependency, base, is_same_version });
            }
        }
    }
    paired
}

/// Judged lockfiles of the head that the base has not just so, with the base's lockfile at the same path.
pub(super) fn changed(head: &Snapshot, base: &Snapshot) -> Vec<(u32, Option<u32>)> {
    let mut changed = Vec::new();
    for (number, judged) in head.lockfiles.iter().enumerate().filter(|(_, judged)| judged.is_judged()) {
        let twin = base.at(head.path(judged.lockfile.text));
        if twin.is_some_and(|(_, before)| Arc::ptr_eq(before, judged)) {
            continue;
        }
        let twin = twin.filter(|(_, before)| before.is_judged()).map(|(twin, _)| twin);
        changed.push((u32::try_from(number).unwrap_or(u32::MAX), twin));
    }
    changed
}

/// Entries of a lockfile, if it is judged.
pub(super) fn of_lockfile<'a>(case: &Case<'a>, number: u32) -> impl Iterator<Item = Dependency<'a>> {
    let count = case.judged(number).filter(|judged| judged.is_judged()).map_or(0, |judged| judged.lockfile.entries.len());
    let case = case.at(case.head);
    (0..u32::try_from(count).unwrap_or(u32::MAX)).filter_map(move |entry| case.dependency(Subject::Entry(number, entry)))
}

/// What left its lockfile.
#[derive(Default)]
struct Gone<'a> {
    /// Alone or with it.
    all: Entries<'a>,
    /// Alone: the lockfile is still there.
    thinned: Entries<'a>,
}

fn gone_entries<'a>(case: &Case<'a>, at_base: &Case<'a>, changed: &[(u32, Option<u32>)]) -> Gone<'a> {
    let twins: HashMap<u32, u32> = changed.iter().filter_map(|(number, twin)| Some(((*twin)?, *number))).collect();
    let here: HashSet<*const Judged> = case.head.lockfiles.iter().map(Arc::as_ptr).collect();
    let is_shared = |judged: &Arc<Judged>| here.contains(&Arc::as_ptr(judged));
    let mut gone = Gone::default();
    for (number, judged) in at_base.head.lockfiles.iter().enumerate().filter(|(_, judged)| judged.is_judged()) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let twin = twins.get(&number);
        if twin.is_none() && is_shared(judged) {
            continue;
        }
        let here: HashSet<Name<'_>> =
            twin.map(|twin| of_lockfile(case, *twin).map(|one| (one.entry.ecosystem, one.name())).collect()).unwrap_or_default();
        for dependency in of_lockfile(at_base, number) {
            if !here.contains(&(dependency.entry.ecosystem, dependency.name())) {
                gone.all.add(at_base, dependency);
                if twin.is_some() {
                    gone.thinned.add(at_base, dependency);
                }
            }
        }
    }
    gone
}

/// Everything about an entry but its name, its version and its file that a comparison looks at.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'a> {
    format: &'static str,
    kind: Kind,
    sources: Vec<Source>,
    locator: std::mem::Discriminant<Locator>,
    /// Its address with the commit behind it, as written.
    written: Option<&'a str>,
    hashes: Vec<&'a str>,
    /// Whether there is any hash, any strong one, a version, a commit, a moving reference, code that runs, and whether that would show.
    flags: [bool; 7],
}

impl Alike<'_> {
    /// What counts where another version is compared with.
    fn without_version(&self) -> Self {
        Alike { sources: self.sources.clone(), written: None, hashes: Vec::new(), ..*self }
    }
}

fn alike<'a>(case: &Case<'a>, dependency: &Dependency<'a>) -> Alike<'a> {
    let (entry, lockfile, text) = (dependency.entry, &dependency.judged.lockfile, dependency.text);
    // What was asked for stands between a repository and its commit.
    let until = match &entry.locator {
        Locator::Git { commit: Some(commit), .. } => commit.span.end,
        _ => 0,
    };
    let written = entry.locator_span().map(|span| text.slice(Span { end: span.end.max(until), ..span }));
    let hashes: Vec<&str> = lockfile.hashes_of(dependency.id.1).map(|hash| hash.of(&text.content)).collect();
    let flags = [
        !hashes.is_empty(),
        hashes.iter().any(|hash| !is_weak(hash)),
        entry.version.is_some(),
        dependency.commit().is_some(),
        entry.moving.is_some(),
        entry.runs_code.is_some(),
        lockfile.shows.install_code,
    ];
    Alike {
        format: lockfile.format.id,
        kind: lockfile.kind,
        sources: sources(case, dependency),
        locator: std::mem::discriminant(&entry.locator),
        written,
        hashes,
        flags,
    }
}

/// One place that a package may come from, as far as a change of it matters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Source {
    class: Class,
    registry: Registry,
    /// The repository, or the host of what no registry explains.
    address: String,
}

/// All places that a dependency may come from. A declared mirror equals its original.
pub(super) fn sources(case: &Case<'_>, dependency: &Dependency<'_>) -> Vec<Source> {
    let source = |class: Class, registry: Registry, location: &str| {
        let registry = case.ratings.original(registry, dependency.name());
        let class = match class {
            Class::Registry | Class::Unrated | Class::Declared => Class::Registry,
            // Inside a package of a registry, it comes from there too.
            Class::Bundled if registry != Registry::None => Class::Registry,
            other => other,
        };
        let address = match class {
            Class::Git => address::repository(location),
            Class::Url | Class::Unknown => address::read(location).map_or_else(|_| location.to_owned(), |read| read.origin()),
            _ => String::new(),
        };
        Source { class, registry, address }
    };
    let origin = dependency.origin;
    match dependency.judged.routed.answer(origin) {
        Some(answer) if origin.class != Class::Bundled => {
            answer.candidates.iter().map(|one| source(one.class, one.registry, &one.location)).collect()
        }
        _ => vec![source(origin.class, origin.registry, "")],
    }
}
