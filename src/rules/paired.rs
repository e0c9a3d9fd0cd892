//! Packages of a head with what they were at the base, wherever their lockfile moved. Finds nothing itself.

use std::hash::Hash;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::address;
use crate::dependency::Locator;
use crate::ecosystem::Ecosystem;
use crate::finding::Subject;
use crate::route::{Class, Registry};
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

/// What a file has, by name.
type Entries<'a> = HashMap<Name<'a>, Vec<Dependency<'a>>>;

/// Entries of lockfiles that differ between both sides, each with what it was. What the base did not have is not among them: that is judged
/// like any other new package.
pub(super) fn paired<'a>(case: &Case<'a>) -> Vec<Paired<'a>> {
    let Some(base) = case.base else { return Vec::new() };
    let at_base = case.at(base);
    let changed = changed(case.head, base);
    let mut paired = Vec::new();
    let mut gone: Option<Entries<'_>> = None;
    for (number, twin) in &changed {
        let before = twin.map(|twin| entries(&at_base, twin)).unwrap_or_default();
        for dependency in of_lockfile(case, *number) {
            let name = (dependency.entry.ecosystem, dependency.name());
            // What only a declaration still asks for has lost its lockfile, which is a finding of its own.
            let is_like = |one: &&Dependency<'_>| one.lockfile().kind == dependency.lockfile().kind;
            let mut all = before.get(&name).cloned().unwrap_or_default();
            if all.is_empty() {
                let gone = gone.get_or_insert_with(|| gone_entries(case, &at_base, &changed)).get(&name);
                all.extend(gone.into_iter().flatten().filter(is_like).copied());
            }
            if all.is_empty() {
                continue;
            }
            let of_version: Vec<_> = all.iter().filter(|one| one.version() == dependency.version()).copied().collect();
            let is_same_version = !of_version.is_empty();
            paired.push(Paired { head: dependency, base: if is_same_version { of_version } else { all }, is_same_version });
        }
    }
    paired
}

/// Judged lockfiles of the head that the base has not just so, with the base's lockfile at the same path.
pub(super) fn changed(head: &Snapshot, base: &Snapshot) -> Vec<(u32, Option<u32>)> {
    let mut changed = Vec::new();
    for (number, judged) in head.lockfiles.iter().enumerate().filter(|(_, judged)| judged.is_judged()) {
        let twin = base.number_at(head.path(judged.lockfile.text));
        let before = twin.and_then(|twin| base.lockfiles.get(twin as usize));
        if before.is_some_and(|before| Arc::ptr_eq(before, judged)) {
            continue;
        }
        let twin = twin.filter(|_| before.is_some_and(|before| before.is_judged()));
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

fn entries<'a>(case: &Case<'a>, number: u32) -> Entries<'a> {
    let mut entries: Entries<'a> = HashMap::new();
    for dependency in of_lockfile(case, number) {
        entries.entry((dependency.entry.ecosystem, dependency.name())).or_default().push(dependency);
    }
    entries
}

/// What left its lockfile, or left with it. Of entries that are alike in all that is compared one is kept: a folder of projects that
/// moves as a whole would otherwise be compared each with each.
fn gone_entries<'a>(case: &Case<'a>, at_base: &Case<'a>, changed: &[(u32, Option<u32>)]) -> Entries<'a> {
    let twins: HashMap<u32, u32> = changed.iter().filter_map(|(number, twin)| Some(((*twin)?, *number))).collect();
    let here: HashSet<*const Judged> = case.head.lockfiles.iter().map(Arc::as_ptr).collect();
    let is_shared = |judged: &Arc<Judged>| here.contains(&Arc::as_ptr(judged));
    let mut gone: Entries<'a> = HashMap::new();
    let mut seen = HashSet::default();
    for (number, judged) in at_base.head.lockfiles.iter().enumerate().filter(|(_, judged)| judged.is_judged()) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let twin = twins.get(&number);
        if twin.is_none() && is_shared(judged) {
            continue;
        }
        let here: HashSet<Name<'_>> =
            twin.map(|twin| of_lockfile(case, *twin).map(|one| (one.entry.ecosystem, one.name())).collect()).unwrap_or_default();
        for dependency in of_lockfile(at_base, number) {
            let name = (dependency.entry.ecosystem, dependency.name());
            if !here.contains(&name) && seen.insert((name, alike(at_base, &dependency))) {
                gone.entry(name).or_default().push(dependency);
            }
        }
    }
    gone
}

/// Everything about an entry but its name and its file that a comparison looks at.
fn alike<'a>(case: &Case<'a>, dependency: &Dependency<'a>) -> impl Eq + Hash + use<'a> {
    let (entry, lockfile, text) = (dependency.entry, &dependency.judged.lockfile, dependency.text);
    // A commit stands behind its repository, what was asked for between both.
    let until = match &entry.locator {
        Locator::Git { commit: Some(commit), .. } => commit.span.end,
        _ => 0,
    };
    let written = entry.locator_span().map(|span| text.slice(Span { end: span.end.max(until), ..span }));
    let locator = (std::mem::discriminant(&entry.locator), written, dependency.commit());
    let hashes: Vec<&str> = lockfile.hashes_of(dependency.id.1).map(|hash| hash.of(&text.content)).collect();
    let flags = (entry.moving.is_some(), entry.runs_code.is_some(), lockfile.shows.install_code);
    (lockfile.format.id, lockfile.kind, dependency.version(), locator, sources(case, dependency), hashes, flags)
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
