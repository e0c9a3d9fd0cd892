//! All that changed between a base and its head, package by package, for people. Finds nothing itself: what a change weakens, rules found.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::dependency::Kind;
use crate::ecosystem::Ecosystem;
use crate::finding::{Finding, Subject};
use crate::route::Class;
use crate::rules::paired::{Source, of_lockfile, sources};
use crate::rules::versions::{Part, line, order, parts};
use crate::rules::{Case, Dependency, coverage_lost, protection_lowered};
use crate::snapshot::Snapshot;
use crate::text::{Lost, Side};

/// What happened to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It came in.
    Added,
    /// It is gone.
    Removed,
    /// It has a later version.
    Upgraded,
    /// It has an earlier version.
    Downgraded,
    /// It has another version, commit or address, and nobody can say which is the later one.
    Changed,
    /// Another lockfile has it.
    Moved,
    /// It comes from another registry, host or kind of origin.
    Rerouted,
    /// Protection was taken from it.
    Weakened,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Added,
        Self::Removed,
        Self::Upgraded,
        Self::Downgraded,
        Self::Changed,
        Self::Moved,
        Self::Rerouted,
        Self::Weakened,
    ];

    /// The word used in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Upgraded => "upgraded",
            Self::Downgraded => "downgraded",
            Self::Changed => "changed",
            Self::Moved => "moved",
            Self::Rerouted => "re-routed",
            Self::Weakened => "weakened",
        }
    }

    /// Whether a change that does this needs somebody's eyes.
    #[must_use]
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Rerouted | Self::Weakened)
    }
}

/// One package that is not what it was. At least one side is there.
#[derive(Clone)]
pub struct Difference<'a> {
    /// What it was.
    pub base: Option<Dependency<'a>>,
    /// What it is.
    pub head: Option<Dependency<'a>>,
    /// What happened to it, in order; never empty.
    pub changes: Vec<Change>,
    /// What was taken from it, as words: `hash-gone`.
    pub weakened: Vec<&'static str>,
}

impl<'a> Difference<'a> {
    /// What it is, else what it was.
    #[must_use]
    pub fn either(&self) -> Option<&Dependency<'a>> {
        self.head.as_ref().or(self.base.as_ref())
    }
}

/// A file that differs and could not be read whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// Which side's file it is.
    pub side: Side,
    /// Its path.
    pub path: String,
    /// What was found there.
    pub message: String,
}

/// All that changed.
pub struct Differences<'a> {
    /// Packages, by registry and name.
    pub packages: Vec<Difference<'a>>,
    /// What a change weakens that is no package: settings that are gone, files that nobody judges any more. Sentences.
    pub beyond: Vec<String>,
    /// What could not be compared.
    pub unread: Vec<Unread>,
    /// Whether no side has any lockfile.
    pub is_nothing: bool,
}

impl Differences<'_> {
    /// Whether something needs somebody's eyes.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        !self.beyond.is_empty() || self.packages.iter().any(|one| one.changes.iter().any(|change| change.is_bad()))
    }

    /// How many packages a kind of change happened to.
    #[must_use]
    pub fn count(&self, change: Change) -> usize {
        self.packages.iter().filter(|one| one.changes.contains(&change)).count()
    }

    /// Whether all was compared.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty() && !self.is_nothing
    }
}

/// All that changed between a case's base and its head. `findings` are the case's.
#[must_use]
pub fn differences<'a>(case: &Case<'a>, findings: &[Finding]) -> Differences<'a> {
    let mut different = Differences { packages: Vec::new(), beyond: Vec::new(), unread: Vec::new(), is_nothing: false };
    let Some(base) = case.base else { return different };
    let at_base = case.at(base);
    let heads = items(case, base, &mut different.unread);
    let bases = items(&at_base, case.head, &mut different.unread);
    let mut lowered = lowered(case, findings, &mut different.beyond);
    for (before, now) in matched(&bases, &heads) {
        let (before, now) = (before.and_then(|at| bases.get(at)), now.and_then(|at| heads.get(at)));
        let weakened = now.and_then(|now| lowered.remove(&now.dependency.id)).unwrap_or_default();
        different.packages.extend(difference(before, now, &weakened));
    }
    different.packages.sort_by_cached_key(|one| {
        let dependency = one.either();
        let registry =
            dependency.map(|dependency| (case.origin_id(dependency.origin), dependency.entry.ecosystem, dependency.name()));
        let version = |one: Option<&Dependency<'_>>| one.and_then(Dependency::version).map(parts);
        let at = |one: Option<&Dependency<'_>>| one.map(|one| (one.path().to_owned(), one.id));
        (registry, version(one.base.as_ref()), version(one.head.as_ref()), at(one.head.as_ref()), at(one.base.as_ref()))
    });
    different.beyond.sort();
    different.beyond.dedup();
    different.unread.sort();
    different.unread.dedup();
    let is_empty = |side: &Snapshot| side.coverage.read + side.coverage.unreadable == 0;
    different.is_nothing = is_empty(case.head) && is_empty(base);
    different
}

/// What rules found weakened, by head entry; the rest goes to `beyond`.
fn lowered(case: &Case<'_>, findings: &[Finding], beyond: &mut Vec<String>) -> BTreeMap<(u32, u32), Vec<&'static str>> {
    let mut lowered: BTreeMap<(u32, u32), Vec<&'static str>> = BTreeMap::new();
    for finding in findings {
        match finding.subject {
            Subject::Entry(lockfile, entry)
                if finding.rule.id == protection_lowered::RULE.id
                    && case.head.lockfiles.get(lockfile as usize).is_some_and(|judged| judged.is_judged()) =>
            {
                lowered.entry((lockfile, entry)).or_default().push(protection_lowered::lowered_to(finding.detail));
            }
            _ if [protection_lowered::RULE.id, coverage_lost::RULE.id].contains(&finding.rule.id) => {
                beyond.push(finding.words(case).message);
            }
            _ => {}
        }
    }
    lowered
}

/// One entry with what it is matched by.
struct Item<'a> {
    dependency: Dependency<'a>,
    sources: Vec<Source>,
    /// What says which one it is, beside its version: commit or address.
    pin: String,
    order: Vec<Part>,
}

/// Entries of lockfiles that the other side has not just so.
fn items<'a>(case: &Case<'a>, other: &Snapshot, unread: &mut Vec<Unread>) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    for (number, judged) in case.head.lockfiles.iter().enumerate().filter(|(_, judged)| judged.is_judged()) {
        let path = case.head.path(judged.lockfile.text);
        let twin = other.at(path).map(|(_, twin)| twin);
        if twin.is_some_and(|twin| Arc::ptr_eq(twin, judged)) {
            continue;
        }
        unread.extend(judged.problems().filter(|problem| problem.lost != Lost::Detail).map(|problem| Unread {
            side: case.head.texts.side(),
            path: case.head.path(problem.place.text).to_owned(),
            message: problem.message.clone(),
        }));
        // What cannot be read is neither gone nor new.
        if twin.is_some_and(|twin| twin.lockfile.is_unreadable()) {
            continue;
        }
        items.extend(of_lockfile(case, u32::try_from(number).unwrap_or(u32::MAX)).map(|dependency| Item {
            sources: sources(case, &dependency),
            pin: pin(&dependency),
            order: parts(dependency.version().unwrap_or_default()),
            dependency,
        }));
    }
    items.sort_by(|a, b| {
        let rest = |item: &Item<'a>| (item.dependency.path(), item.dependency.id.1);
        a.order.cmp(&b.order).then_with(|| a.pin.cmp(&b.pin)).then_with(|| rest(a).cmp(&rest(b)))
    });
    items
}

fn pin(dependency: &Dependency<'_>) -> String {
    match (dependency.commit(), dependency.origin.class) {
        (Some(commit), _) => commit.to_owned(),
        (None, Class::Git | Class::Url | Class::Path | Class::Unknown) => dependency.location(),
        _ => String::new(),
    }
}

/// By what entries of both sides are held to be one, the surest first.
#[derive(Clone, Copy)]
enum By {
    All,
    Version,
    Line,
    Name,
}

/// File (if it must be the same), what it states, name, version or its beginning, pin and sources.
type Key<'i> = (Option<&'i str>, Kind, Ecosystem, &'i str, &'i str, &'i str, &'i [Source]);

fn key<'i>(item: &'i Item<'_>, is_same_file: bool, by: By) -> Key<'i> {
    let one = &item.dependency;
    let version = one.version().unwrap_or_default();
    let (version, pin, sources) = match by {
        By::All => (version, item.pin.as_str(), item.sources.as_slice()),
        By::Version => (version, "", &[][..]),
        By::Line => (line(version), "", &[][..]),
        By::Name => ("", "", &[][..]),
    };
    (is_same_file.then_some(one.path()), one.lockfile().kind, one.entry.ecosystem, one.name(), version, pin, sources)
}

/// Each entry of both sides once, with its match if it has one: in its own file first, then wherever it moved. The other way round gives the
/// same pairs.
fn matched(bases: &[Item<'_>], heads: &[Item<'_>]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut pairs = Vec::new();
    let (mut open_bases, mut open_heads): (Vec<usize>, Vec<usize>) = ((0..bases.len()).collect(), (0..heads.len()).collect());
    for is_same_file in [true, false] {
        for by in [By::All, By::Version, By::Line, By::Name] {
            if open_bases.is_empty() || open_heads.is_empty() {
                break;
            }
            let mut waiting: HashMap<Key<'_>, VecDeque<usize>> = HashMap::new();
            for at in &open_heads {
                if let Some(head) = heads.get(*at) {
                    waiting.entry(key(head, is_same_file, by)).or_default().push_back(*at);
                }
            }
            open_bases.retain(|at| {
                let wanted = bases.get(*at).map(|base| key(base, is_same_file, by));
                let found = wanted.and_then(|wanted| waiting.get_mut(&wanted)).and_then(VecDeque::pop_front);
                pairs.extend(found.map(|head| (Some(*at), Some(head))));
                found.is_none()
            });
            open_heads = waiting.into_values().flatten().collect();
            open_heads.sort_unstable();
        }
    }
    pairs.extend(open_bases.into_iter().map(|base| (Some(base), None)));
    pairs.extend(open_heads.into_iter().map(|head| (None, Some(head))));
    pairs
}

fn difference<'a>(base: Option<&Item<'a>>, head: Option<&Item<'a>>, lowered: &[&'static str]) -> Option<Difference<'a>> {
    let mut changes = Vec::new();
    let mut is_rerouted = false;
    match (base, head) {
        (Some(base), Some(head)) => {
            changes.extend(version_change(base, head));
            changes.extend((base.dependency.path() != head.dependency.path()).then_some(Change::Moved));
            // As the base's policy sees it, too.
            is_rerouted = comes_from_elsewhere(base, head) || lowered.contains(&protection_lowered::ORIGIN_WORD);
        }
        (None, _) => changes.push(Change::Added),
        (_, None) => changes.push(Change::Removed),
    }
    // An entry that was not there has no origin to be re-routed from; other versions of it have one.
    let is_said = |word: &str| is_rerouted && word == protection_lowered::ORIGIN_WORD;
    let weakened: Vec<_> = lowered.iter().copied().filter(|word| !is_said(word)).collect();
    changes.extend(is_rerouted.then_some(Change::Rerouted));
    changes.extend((!weakened.is_empty()).then_some(Change::Weakened));
    let dependency = |item: Option<&Item<'a>>| item.map(|item| item.dependency);
    (!changes.is_empty()).then(|| Difference { base: dependency(base), head: dependency(head), changes, weakened })
}

fn version_change(base: &Item<'_>, head: &Item<'_>) -> Option<Change> {
    let (before, now) = (base.dependency.version(), head.dependency.version());
    if before == now {
        // Where it comes from elsewhere, its address says nothing more.
        return (base.pin != head.pin && base.sources == head.sources).then_some(Change::Changed);
    }
    match order(head.dependency.entry.ecosystem, before.unwrap_or_default(), now.unwrap_or_default()) {
        Some(Ordering::Less) => Some(Change::Upgraded),
        Some(Ordering::Greater) => Some(Change::Downgraded),
        _ => Some(Change::Changed),
    }
}

/// Whether the places that it may come from are others. Inside the repository all places are one.
fn comes_from_elsewhere(base: &Item<'_>, head: &Item<'_>) -> bool {
    let is_own = |item: &Item<'_>| match item.dependency.origin.class {
        Class::Workspace => true,
        Class::Path => !item.dependency.origin.is_archive,
        _ => false,
    };
    let lacks = |one: &Item<'_>, other: &Item<'_>| one.sources.iter().any(|source| !other.sources.contains(source));
    !(is_own(base) && is_own(head)) && (lacks(base, head) || lacks(head, base))
}
