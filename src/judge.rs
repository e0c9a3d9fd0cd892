//! From findings to a verdict.
//!
//! Answers for: the verdict, the counts and the table of registries of one case. Never finds anything.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::OnceLock;

use jiff::civil::Date;

use crate::assess::Tiers;
use crate::catalogue;
use crate::catalogue::control::{Control, Tier};
use crate::catalogue::rating::Reading;
use crate::finding::{Finding, State, Subject, Words};
use crate::policy::{BASELINE_PATH, Exception, Level, Overlay, Setting};
use crate::route::{Class, Registry};
use crate::rules::{By, Case, Differences, is_comparing, stale_lines};
use crate::states;
use crate::text::Place;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// All was judged and nothing decides at `deny`.
    Pass,
    /// Something could not be judged.
    Undecided,
    /// Something decides at `deny`.
    Fail,
}

impl Verdict {
    /// The word used in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Undecided => "undecided",
            Self::Fail => "fail",
        }
    }
}

/// How many of what. All counts partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Judged entries.
    pub dependencies: usize,
    /// Deciding findings at `deny`.
    pub deny: usize,
    /// Deciding findings at `undecided`.
    pub undecided: usize,
    /// Deciding findings at `warn`.
    pub warn: usize,
    /// Findings that were there at the base.
    pub existing: usize,
    /// Findings that exceptions accept.
    pub excepted: usize,
    /// Findings that the baseline accepts.
    pub baselined: usize,
    /// Judged entries with at least one deciding finding at `deny`.
    pub denied_dependencies: usize,
}

/// One row of the table of registries.
#[derive(Clone, Debug)]
pub struct Row {
    /// The registry's id, or the class of origins without one.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The class.
    pub class: Class,
    /// Entries from it.
    pub dependencies: usize,
    /// Its tiers, where the class has any.
    pub tiers: Tiers,
    /// Of the controls of tier 2, how many are enforced.
    pub enforced: Option<usize>,
    /// Of the controls of tier 2, how many are offered.
    pub offered: Option<usize>,
    /// What is missing for tier 2 in the guaranteed reading.
    pub missing_guaranteed: Vec<Control>,
    /// What is missing for tier 2 in the offered reading.
    pub missing_offered: Vec<Control>,
    /// The controls whose status is the policy's word.
    pub by_policy: Vec<Control>,
}

/// Something to know that is no finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// A sentence fragment.
    pub message: String,
    /// What it is about, if that stands somewhere.
    pub place: Option<Place>,
}

/// A judged case.
pub struct Report<'a> {
    /// What was judged.
    pub case: Case<'a>,
    /// What was found, sorted.
    pub findings: Vec<Finding>,
    /// The answer.
    pub verdict: Verdict,
    /// Whether all was judged.
    pub is_complete: bool,
    /// Whether no lockfile was read, and what the policy makes of that.
    pub no_lockfile: Option<Level>,
    /// How many of what.
    pub counts: Counts,
    /// Registries, the strongest first.
    pub registries: Vec<Row>,
    /// Lines of the baseline that nothing needs any more, by number.
    pub stale: Vec<u32>,
    /// Things to know.
    pub notes: Vec<Note>,
    /// What the first findings say, made once for all outputs.
    said: Vec<OnceLock<Box<Words>>>,
    /// Their keys, likewise.
    keys: Vec<OnceLock<Box<str>>>,
}

/// So many findings keep their words, about a kilobyte each; the others make them anew for each output.
const SAID_MAX: usize = 50_000;

impl Report<'_> {
    /// What the finding of this number says.
    #[must_use]
    pub fn words(&self, number: usize) -> Cow<'_, Words> {
        let Some(finding) = self.findings.get(number) else { return Cow::default() };
        match self.said.get(number) {
            Some(said) => Cow::Borrowed(said.get_or_init(|| Box::new(finding.words(&self.case)))),
            None => Cow::Owned(finding.words(&self.case)),
        }
    }

    /// The key of the finding of this number: see [`Finding::key`].
    #[must_use]
    pub fn key(&self, number: usize) -> Cow<'_, str> {
        let Some(finding) = self.findings.get(number) else { return Cow::default() };
        match self.keys.get(number) {
            Some(key) => Cow::Borrowed(key.get_or_init(|| finding.key(&self.case).into())),
            None => Cow::Owned(finding.key(&self.case)),
        }
    }
}

/// Judges a case.
#[must_use]
pub fn judge(case: Case<'_>, mut notes: Vec<Note>) -> Report<'_> {
    let (mut findings, stale) = findings(&case);
    notes.extend(overlay_notes(&case, "your policy"));
    let floors = case.others.iter().filter(|other| other.by == By::Floor);
    notes.extend(floors.flat_map(|floor| overlay_notes(&floor.case, "the floor")));
    notes.extend(ending_notes(&case));
    notes.extend(stale_note(&case, &stale));
    findings.sort_by_key(|finding| {
        (finding.state, std::cmp::Reverse(finding.level), order(&case, finding.subject), finding.rule.id, finding.detail)
    });
    let counts = count(&case, &findings);
    let cases = || std::iter::once(&case).chain(case.others.iter().map(|other| &other.case));
    let no_lockfile = cases().filter_map(no_lockfile).max();
    let verdict = verdict(&counts, no_lockfile);
    // What was unreadable at the base already decides nothing, and is not judged all the same.
    let is_open = |finding: &Finding| finding.level == Level::Undecided && matches!(finding.state, State::New | State::Existing);
    let is_complete = no_lockfile != Some(Level::Undecided) && !findings.iter().any(is_open);
    let registries = registries(&case);
    let kept = findings.len().min(SAID_MAX);
    let said = (0..kept).map(|_| OnceLock::new()).collect();
    let keys = (0..kept).map(|_| OnceLock::new()).collect();
    Report { case, findings, verdict, is_complete, no_lockfile, counts, registries, stale, notes, said, keys }
}

/// The findings of a case under its own policy and under others that have a say: the worse verdict on each key stands. With them the lines
/// of the case's own baseline that nothing needs.
fn findings(case: &Case<'_>) -> (Vec<Finding>, Vec<u32>) {
    let own = states::findings(case);
    let mut stale = stale_lines(case, &own);
    if let Some(change) = case.change {
        // Once it is merged nothing is compared with what was before.
        let remain = own.iter().filter(|finding| !is_comparing(finding.rule)).cloned();
        let remain: Vec<Finding> = remain
            .map(|finding| Finding {
                state: if finding.state == State::Existing { State::New } else { finding.state },
                ..finding
            })
            .collect();
        let _ = change.after.set(verdict(&count(case, &remain), no_lockfile(case)).id());
    }
    let mut findings = own;
    for (number, other) in case.others.iter().enumerate() {
        let theirs = states::findings(&other.case);
        if other.by == By::Floor {
            // A floor's baseline is the case's own, as far as it accepts that.
            let needed: Vec<u32> = theirs.iter().filter_map(|finding| finding.state.baselined()).collect();
            stale.retain(|line| !needed.contains(line));
        }
        findings = states::with_other(case, findings, (number, &other.case), theirs);
    }
    (findings, stale)
}

fn no_lockfile(case: &Case<'_>) -> Option<Level> {
    (case.head.coverage.read == 0 && case.head.coverage.unreadable == 0).then_some(case.policy.no_lockfile.value)
}

fn verdict(counts: &Counts, no_lockfile: Option<Level>) -> Verdict {
    if counts.deny > 0 || no_lockfile == Some(Level::Deny) {
        Verdict::Fail
    } else if counts.undecided > 0 || no_lockfile == Some(Level::Undecided) {
        Verdict::Undecided
    } else {
        Verdict::Pass
    }
}

/// What counts by the policy's own word: each overlay that holds, of a registry that is in use.
fn overlay_notes(case: &Case<'_>, whose: &str) -> Vec<Note> {
    let overlays = case.policy.overlays.iter().filter(|overlay| !overlay.is_expired(case.today));
    let overlays = overlays.filter(|overlay| case.uses(&overlay.registry.value));
    let note = |overlay: &Overlay| {
        let id = catalogue::find(&overlay.registry.value)?;
        let read = case.ratings.as_read(id).statuses();
        let mut says: Vec<String> = overlay
            .controls
            .iter()
            .map(|(control, status)| {
                format!("`{}` counts as {} (the catalogue says {})", control.id(), status.value, read.get(*control))
            })
            .collect();
        if let Some(all) = overlay.all {
            let others = if says.is_empty() { "every control" } else { "every other control" };
            says.push(format!("{others} counts as {}", all.value));
        }
        let Overlay { reason, owner, until, .. } = overlay;
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = format!("by {whose}, until {}, of {}: {}; {owner}: {reason}", until.value, id.row().name, says.join(", "));
        Some(Note { message, place: overlay.place() })
    };
    overlays.filter_map(note).collect()
}

/// Above this number of ends that are near, the rest is counted.
const ENDINGS_MAX: usize = 10;

/// Which exceptions and overlays end soon.
fn ending_notes(case: &Case<'_>) -> Vec<Note> {
    let of = |case: &Case<'_>, is_new: &dyn Fn(&Exception) -> bool| -> Vec<(String, Setting<Date>)> {
        let all = case.policy.exceptions.all().iter().enumerate().filter(|(_, exception)| is_new(exception));
        let name = |number| format!("the exception {}", case.exception_name(u32::try_from(number).unwrap_or(u32::MAX)));
        all.map(|(number, exception)| (name(number), exception.until)).collect()
    };
    let known: HashSet<Option<Place>> = case.policy.exceptions.all().iter().map(|exception| exception.place).collect();
    let of_folders = case.folders.iter().flat_map(|inner| of(inner, &|exception| !known.contains(&exception.place)));
    let exceptions = of(case, &|_| true).into_iter().chain(of_folders);
    let overlays = case.policy.overlays.iter().map(|one| (format!("the overlay of `{}`", one.registry.value), one.until));
    let ends = exceptions.chain(overlays).filter_map(|(name, until)| {
        let when = match case.policy.days_left(until.value, case.today)? {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            days => format!("in {days} days"),
        };
        Some(Note { message: format!("{name} ends {when}: {} is its last day", until.value), place: until.place })
    });
    let mut notes: Vec<Note> = ends.collect();
    let more = notes.len().saturating_sub(ENDINGS_MAX);
    if more > 0 {
        notes.truncate(ENDINGS_MAX);
        notes.push(Note { message: format!("and {more} more exceptions or overlays end soon"), place: None });
    }
    notes
}

/// That the baseline can shrink.
fn stale_note(case: &Case<'_>, stale: &[u32]) -> Option<Note> {
    let first = *stale.first()?;
    let total = case.policy.baseline.lines().len();
    let (lines, matches) = if stale.len() == 1 { ("line", "matches") } else { ("lines", "match") };
    let message = format!(
        "{} {lines} of the {total} in `{BASELINE_PATH}` {matches} nothing any more; `packman baseline` takes them out",
        stale.len()
    );
    Some(Note { message, place: case.policy.baseline.lines().get(first as usize).map(|line| line.place) })
}

/// What a comparison for people answers: whether somebody has to look, else whether all was compared.
#[must_use]
pub fn of_differences(different: &Differences<'_>) -> Verdict {
    match (different.is_bad(), different.is_complete()) {
        (true, _) => Verdict::Fail,
        (false, false) => Verdict::Undecided,
        (false, true) => Verdict::Pass,
    }
}

/// Where a subject comes in a report: by file, then by place in it.
fn order(case: &Case<'_>, subject: Subject) -> (u32, u32, u32, u8) {
    let at = |place: Option<Place>, number: u32, kind: u8| {
        place.map_or((number, 0, 0, kind), |place| (number, place.span.start, place.span.end, kind))
    };
    match subject {
        Subject::Problem(number, index) => at(case.problem(number, index).map(|problem| problem.place), number, 0),
        Subject::Entry(number, _) => at(case.dependency(subject).map(|dependency| dependency.place()), number, 1),
        Subject::Lockfile(number) => (number, 0, 0, 2),
        Subject::Setting(number, index) => (number, index, 0, 3),
        Subject::Lost(index) => (0, index, 0, 4),
        Subject::BaseSetting(number, index) => (number, index, 0, 5),
        Subject::Policy => (u32::MAX, 0, 0, 6),
        Subject::Exception(index) => (u32::MAX, index, 0, 7),
        Subject::Overlay(index) => (u32::MAX, index, 0, 8),
    }
}

fn count(case: &Case<'_>, findings: &[Finding]) -> Counts {
    let dependencies = case.head.lockfiles.iter().map(|judged| judged.dependencies()).sum();
    let mut counts = Counts { dependencies, ..Counts::default() };
    let mut denied: Vec<Subject> = Vec::new();
    for finding in findings {
        match (finding.state, finding.level) {
            (State::Existing, _) => counts.existing += 1,
            (State::Excepted(_), _) => counts.excepted += 1,
            (State::Baselined(_), _) => counts.baselined += 1,
            (State::New, Level::Deny) => {
                counts.deny += 1;
                denied.extend(matches!(finding.subject, Subject::Entry(..)).then_some(finding.subject));
            }
            (State::New, Level::Undecided) => counts.undecided += 1,
            (State::New, _) => counts.warn += 1,
        }
    }
    denied.sort_unstable();
    denied.dedup();
    counts.denied_dependencies = denied.len();
    counts
}

fn registries(case: &Case<'_>) -> Vec<Row> {
    let mut counts: BTreeMap<(Registry, Class, bool), usize> = BTreeMap::new();
    for dependency in case.dependencies() {
        let origin = dependency.origin;
        // What is bundled is counted with what bundles it.
        let class = match (origin.class, origin.registry) {
            (Class::Bundled, Registry::Record(id)) if case.ratings.is_rated(id) => Class::Registry,
            (Class::Bundled, Registry::Record(_)) => Class::Unrated,
            (Class::Bundled, Registry::Declared(_)) => Class::Declared,
            (class, _) => class,
        };
        let is_own = class == Class::Declared && case.ratings.is_own(origin.registry, dependency.name());
        *counts.entry((origin.registry, class, is_own)).or_default() += 1;
    }
    let mut rows: Vec<Row> = counts
        .into_iter()
        .map(|((registry, class, is_own), dependencies)| row(case, registry, class, is_own, dependencies))
        .collect();
    rows.sort_by(|a, b| {
        let strength = |row: &Row| (row.tiers.offered.map(|tier| tier.0), row.enforced, row.offered);
        strength(b).cmp(&strength(a)).then_with(|| b.dependencies.cmp(&a.dependencies)).then_with(|| a.id.cmp(&b.id))
    });
    rows
}

fn row(case: &Case<'_>, registry: Registry, class: Class, is_own: bool, dependencies: usize) -> Row {
    // Any name that no `own` pattern matches stands for the mirrored packages.
    let standing = match (registry, is_own) {
        (Registry::Declared(_), true) => case.ratings.own_standing(registry),
        _ => case.ratings.standing(registry, ""),
    };
    let rating = standing.rating(Reading::Offered);
    let tiers = if class.has_tier() {
        Tiers { guaranteed: Some(standing.tier(Reading::Guaranteed)), offered: Some(standing.tier(Reading::Offered)) }
    } else {
        Tiers::default()
    };
    let missing = |reading: Reading| standing.rating(reading).map(|rating| rating.missing_for(Tier::BASIC)).unwrap_or_default();
    let suffix = if is_own && case.ratings.is_mirror(registry) { " (own packages)" } else { "" };
    Row {
        id: format!("{}{}", case.ratings.id(registry).unwrap_or(class.id()), if suffix.is_empty() { "" } else { "/own" }),
        name: format!("{}{suffix}", case.ratings.name(registry).unwrap_or(class.id())),
        class,
        dependencies,
        tiers,
        enforced: rating.as_ref().map(|rating| rating.enforced(Tier::BASIC)),
        offered: rating.as_ref().map(|rating| rating.offered(Tier::BASIC)),
        missing_guaranteed: missing(Reading::Guaranteed),
        missing_offered: missing(Reading::Offered),
        by_policy: standing.statuses().overlaid().iter().collect(),
    }
}
