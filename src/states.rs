//! What became of each finding: new with the change under review, or there at the base already.
//!
//! Answers for: comparing findings of a head with those of its base by key, both judged by the same policy. Finds nothing itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::catalogue::control::Tier;
use crate::finding::{Finding, State, Subject, Under};
use crate::policy::{Exception, Level};
use crate::route::Class;
use crate::rules::{Case, Findings, UNUSED, looks_across};
use crate::snapshot::{Judged, Snapshot};
use crate::text::{Lost, Place};

/// All findings of a case, each with its state; below folders with a policy of their own, what both policies find: the worse of both, but
/// where the folder's decides alone.
#[must_use]
pub fn findings(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = of_one(case);
    for (number, inner) in case.folders.iter().enumerate() {
        let Some(folder) = inner.folder else { continue };
        let is_own = |exception: Option<&Exception>| exception.is_some_and(|exception| folder.says(exception.place));
        let is_kept = |finding: &Finding| match finding.subject {
            // What the root's policy says of its own exceptions it says itself.
            Subject::Exception(number) => is_own(inner.policy.exceptions.all().get(number as usize)),
            Subject::Overlay(_) => false,
            _ => true,
        };
        let theirs = of_one(inner).into_iter().filter(is_kept).collect();
        let is_left = |finding: &Finding| !folder.decides_alone(finding.rule.id);
        findings.retain(|finding| is_left(finding) || !folder.holds(case.policy_subject(finding.subject).path));
        let folder = Some(u8::try_from(number).unwrap_or(u8::MAX));
        findings = worse(case, findings, inner, theirs, |subject| Under { other: None, folder, subject });
    }
    findings
}

/// All findings under a case's own policy.
fn of_one(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Findings::of(case);
    if let Some(base) = case.base {
        let at_base = case.at(base);
        let shared = shared(case.head, base);
        for finding in findings.iter_mut().filter(|finding| finding.state == State::New && is_settled(finding, &shared)) {
            finding.state = State::Existing;
        }
        // A finding of a shared lockfile has gone nowhere, so that nothing can have moved from there.
        let shared = self::shared(base, case.head);
        let mut before = Findings::of(&at_base);
        before.retain(|finding| !is_settled(finding, &shared) && !is_decided_alone(case, &at_base, finding));
        Before::of(&at_base, &before).apply(case, &mut findings);
    }
    findings
}

/// Whether a finding at the base lies in a folder whose own policy decided it alone: the root's has never said anything of it.
fn is_decided_alone(case: &Case<'_>, at_base: &Case<'_>, finding: &Finding) -> bool {
    let mut folders = case.folders.iter().filter_map(|inner| inner.folder).filter(|folder| folder.decides_alone(finding.rule.id));
    folders.any(|folder| folder.holds(at_base.policy_subject(finding.subject).path))
}

/// Which lockfiles of one side are the other's too, by number.
fn shared(side: &Snapshot, other: &Snapshot) -> Vec<bool> {
    let is_shared =
        |judged: &Arc<Judged>| other.at(side.path(judged.lockfile.text)).is_some_and(|(_, twin)| Arc::ptr_eq(twin, judged));
    side.lockfiles.iter().map(is_shared).collect()
}

/// Whether a finding is there on both sides without a comparison: it is about one lockfile, which both sides share, and about no other.
fn is_settled(finding: &Finding, shared: &[bool]) -> bool {
    let (Subject::Entry(number, _) | Subject::Lockfile(number)) = finding.subject else { return false };
    !looks_across(finding.rule) && shared.get(number as usize).copied().unwrap_or(false)
}

/// The findings of a case and those under another policy that has a say. What that finds about its own exceptions is not this tree's
/// business.
#[must_use]
pub fn with_other(case: &Case<'_>, own: Vec<Finding>, (number, other): (usize, &Case<'_>), theirs: Vec<Finding>) -> Vec<Finding> {
    let theirs = theirs.into_iter().filter(|finding| !matches!(finding.subject, Subject::Exception(_) | Subject::Overlay(_)));
    let other_number = Some(u8::try_from(number).unwrap_or(u8::MAX));
    worse(case, own, other, theirs.collect(), |subject| Under { other: other_number, folder: None, subject })
}

/// Findings under two policies, each key as the policy that judges it worse sees it; the first one's where both see it alike. An exception
/// that only the other policy needs is used.
fn worse(
    case: &Case<'_>,
    own: Vec<Finding>,
    theirs_case: &Case<'_>,
    theirs: Vec<Finding>,
    under: impl Fn(Subject) -> Under,
) -> Vec<Finding> {
    let rank = |finding: &Finding| (finding.decides(), finding.level);
    let mut ranks: HashMap<String, [Option<(bool, Level)>; 2]> = HashMap::new();
    let places = |findings: &[Finding], case: &Case<'_>| -> HashSet<Place> {
        findings.iter().filter_map(|finding| finding.exception(case)?.place).collect()
    };
    let used = [places(&own, case), places(&theirs, theirs_case)];
    // An exception may stand in both policies.
    let is_used = |finding: &Finding, case: &Case<'_>| match finding.subject {
        Subject::Exception(number) if finding.rule.id == UNUSED => {
            let place = finding.policy(case).exceptions.all().get(number as usize).and_then(|exception| exception.place);
            place.is_some_and(|place| used.iter().any(|used| used.contains(&place)))
        }
        _ => false,
    };
    let keyed = |findings: Vec<Finding>, case: &Case<'_>| -> Vec<(String, Finding)> {
        let findings = findings.into_iter().filter(|finding| !is_used(finding, case));
        findings.map(|finding| (finding.key(case), finding)).collect()
    };
    let (own, theirs) = (keyed(own, case), keyed(theirs, theirs_case));
    for (side, findings) in [&own, &theirs].into_iter().enumerate() {
        for (key, finding) in findings {
            if let Some(slot) = ranks.entry(key.clone()).or_default().get_mut(side) {
                *slot = (*slot).max(Some(rank(finding)));
            }
        }
    }
    let is_theirs = |key: &str| ranks.get(key).is_some_and(|[own, theirs]| theirs > own);
    let translated = theirs.into_iter().filter(|(key, _)| is_theirs(key)).map(|(_, finding)| {
        let subject = translated(case, theirs_case, finding.subject);
        let inner = finding.under.unwrap_or(Under { other: None, folder: None, subject: finding.subject });
        let under = under(inner.subject);
        Finding { under: Some(Under { folder: inner.folder.or(under.folder), ..under }), subject, ..finding }
    });
    own.into_iter().filter(|(key, _)| !is_theirs(key)).map(|(_, finding)| finding).chain(translated).collect()
}

/// A subject by the numbers of another case of the same trees.
fn translated(case: &Case<'_>, from: &Case<'_>, subject: Subject) -> Subject {
    let number = |number: u32| {
        let path = from.judged(number).map_or("", |judged| from.head.path(judged.lockfile.text));
        case.head.number_at(path).unwrap_or(u32::MAX)
    };
    match subject {
        Subject::Entry(lockfile, entry) => Subject::Entry(number(lockfile), entry),
        Subject::Lockfile(lockfile) => Subject::Lockfile(number(lockfile)),
        Subject::Problem(lockfile, index) => Subject::Problem(number(lockfile), index),
        Subject::Setting(lockfile, index) => Subject::Setting(number(lockfile), index),
        other => other,
    }
}

/// How bad one finding is. The same key can be worse than it was.
struct Mark {
    level: Level,
    tier: Option<Tier>,
    detail: u32,
    /// Of what no registry vouches for: version, commit and address. Of what cannot be understood: what stands there.
    exact: Option<[String; 3]>,
    /// Whether an exception or the baseline accepts it. What is accepted in one place, or of one version, is worse where it is not.
    is_accepted: bool,
}

impl Mark {
    fn of(case: &Case<'_>, finding: &Finding) -> Self {
        let dependency = case.dependency(finding.subject);
        let tier = dependency.as_ref().and_then(|one| case.ratings.tiers(one.origin, one.name()).offered);
        let exact = dependency.filter(|one| matches!(one.origin.class, Class::Git | Class::Url | Class::Unknown)).map(|one| {
            [one.version().unwrap_or_default().to_owned(), one.commit().unwrap_or_default().to_owned(), one.location()]
        });
        let exact = exact.or_else(|| not_understood(case, finding.subject));
        let is_accepted = matches!(finding.state, State::Excepted(_) | State::Baselined(_));
        Self { level: finding.level, tier, detail: finding.detail, exact, is_accepted }
    }

    fn is_worse_than(&self, before: &Self) -> bool {
        before.is_accepted && !self.is_accepted
            || self.level > before.level
            || self.tier < before.tier
            || self.detail != before.detail
            || self.exact.is_some() && self.exact != before.exact
    }
}

/// What stands where nothing could be understood. If it is not what stood there, nobody knows what changed.
fn not_understood(case: &Case<'_>, subject: Subject) -> Option<[String; 3]> {
    let Subject::Problem(number, index) = subject else { return None };
    let problem = case.problem(number, index)?;
    let text = case.text(problem.place.text)?;
    let stands = match problem.lost {
        // Of a link or a file that is too large nothing was read: it may be any other one now.
        Lost::File if text.bytes().is_empty() => format!("unread at the {}", text.id.side.id()),
        Lost::File => text.sha256(),
        Lost::Entry | Lost::Detail => text.slice(problem.place.span).to_owned(),
    };
    Some([stands, String::new(), String::new()])
}

/// What was found at the base: by key without its path, then by path.
struct Before(HashMap<String, BTreeMap<String, Vec<Mark>>>);

impl Before {
    fn of(case: &Case<'_>, findings: &[Finding]) -> Self {
        let mut before: HashMap<String, BTreeMap<String, Vec<Mark>>> = HashMap::new();
        for finding in findings {
            let (key, path) = key_and_path(case, finding);
            before.entry(key).or_default().entry(path).or_default().push(Mark::of(case, finding));
        }
        Self(before)
    }

    /// Marks what was there before. A key that differs only in its path, and is gone from that path, has moved; one move for each.
    fn apply(&self, case: &Case<'_>, findings: &mut [Finding]) {
        let keys: Vec<(String, String)> = findings.iter().map(|finding| key_and_path(case, finding)).collect();
        let here: HashSet<(&str, &str)> = keys.iter().map(|(key, path)| (key.as_str(), path.as_str())).collect();
        let mut moved: HashMap<&(String, String), Option<&str>> = HashMap::new();
        // Of each key the paths that it is gone from, each given out once.
        let mut gone: HashMap<&str, std::vec::IntoIter<&str>> = HashMap::new();
        for (finding, key) in findings.iter_mut().zip(&keys) {
            if finding.state != State::New {
                continue;
            }
            let Some(paths) = self.0.get(&key.0) else { continue };
            let from = moved.entry(key).or_insert_with(|| {
                if let Some((path, _)) = paths.get_key_value(&key.1) {
                    return Some(path.as_str());
                }
                let gone = gone.entry(&key.0).or_insert_with(|| {
                    let paths = paths.keys().map(String::as_str).filter(|path| !here.contains(&(key.0.as_str(), *path)));
                    paths.collect::<Vec<_>>().into_iter()
                });
                gone.next()
            });
            let before = from.and_then(|path| paths.get(path));
            let mark = Mark::of(case, finding);
            if before.is_some_and(|before| before.iter().any(|before| !mark.is_worse_than(before))) {
                finding.state = State::Existing;
            }
        }
    }
}

fn key_and_path(case: &Case<'_>, finding: &Finding) -> (String, String) {
    let parts = case.key_parts(finding);
    (format!("{} {} {} {}", finding.rule.id, parts.registry, parts.package, parts.detail), parts.lockfile)
}
