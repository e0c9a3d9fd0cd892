//! `exception-expired` and `exception-unused`: exceptions of the policy that no longer do what they were made for.
//!
//! Applies exceptions too: they act on what the other rules found, so these two run last.

use crate::finding::{Finding, State, Subject, Words};
use crate::policy::Overlay;
use crate::rules::{Case, Findings, Rule, by_id, is_comparing};

pub(super) static EXPIRED: Rule = Rule {
    id: "exception-expired",
    title: "An exception or overlay has ended",
    help: "\
**Finds** an exception whose last day is over while what it accepted is still there, and an overlay of a registry that is in use, once its
last day is over.

**Why it matters.** An exception with an end is a promise to come back. What it accepted decides again. An overlay that has ended counts
no longer, whether it made the registry better or worse; its owner has to decide what holds now.

**What to do.** Mend the cause, or renew it with a new `until` and a reason that still holds. An overlay that is no longer needed is
taken out.",
    check: check_expired,
    words: words_expired,
};

pub(super) static UNUSED: Rule = Rule {
    id: "exception-unused",
    title: "An exception accepts nothing",
    help: "\
**Finds** an exception that no finding needs any more.

**Why it matters.** A forgotten exception will accept the next bad thing that happens to fit it.

**What to do.** Delete it.",
    check: check_unused,
    words: words_unused,
};

fn check_expired(case: &Case<'_>, findings: &mut Findings<'_>) {
    apply(case, findings);
    for (number, overlay) in case.policy.overlays.iter().enumerate() {
        if overlay.is_expired(case.today) && case.uses(&overlay.registry.value) {
            findings.add(&EXPIRED, Subject::Overlay(u32::try_from(number).unwrap_or(u32::MAX)), overlay.until.place, 0);
        }
    }
}

/// Marks what exceptions accept, and finds those that have ended.
fn apply(case: &Case<'_>, findings: &mut Findings<'_>) {
    if case.policy.exceptions.all().is_empty() {
        return;
    }
    let mut expired = Vec::new();
    let mut found = std::mem::take(findings.found_mut());
    for finding in &mut found {
        let subject = case.policy_subject(finding.subject);
        if let Some((index, _)) = case.policy.exception_for(finding.rule.id, &subject, case.today) {
            finding.state = State::Excepted(u32::try_from(index).unwrap_or(u32::MAX));
        } else if let Some(index) =
            case.policy.exceptions.find_expired(finding.rule.id, &subject, case.today).map(|(index, _)| index)
        {
            expired.push(u32::try_from(index).unwrap_or(u32::MAX));
        }
    }
    *findings.found_mut() = found;
    expired.sort_unstable();
    expired.dedup();
    for number in expired {
        let place = case.policy.exceptions.all().get(number as usize).and_then(|exception| exception.until.place);
        findings.add(&EXPIRED, Subject::Exception(number), place, 0);
    }
}

fn check_unused(case: &Case<'_>, findings: &mut Findings<'_>) {
    let mut used = vec![false; case.policy.exceptions.all().len()];
    for finding in findings.found_mut() {
        let number = match (finding.state, finding.subject) {
            (State::Excepted(number), _) | (_, Subject::Exception(number)) => Some(number),
            _ => None,
        };
        if let Some(slot) = number.and_then(|number| used.get_mut(number as usize)) {
            *slot = true;
        }
    }
    for (number, _) in used.iter().enumerate().filter(|(_, used)| !**used) {
        let exception = case.policy.exceptions.all().get(number);
        // What only a change can bring is not there before it, nor after it.
        if exception.and_then(|exception| by_id(exception.rule)).is_some_and(is_comparing) {
            continue;
        }
        let place = exception.and_then(|exception| exception.place);
        findings.add(&UNUSED, Subject::Exception(u32::try_from(number).unwrap_or(u32::MAX)), place, 0);
    }
}

fn words_expired(case: &Case<'_>, finding: &Finding) -> Words {
    if let Subject::Overlay(number) = finding.subject {
        return case.policy.overlays.get(number as usize).map(words_overlay).unwrap_or_default();
    }
    let Subject::Exception(number) = finding.subject else { return Words::default() };
    let Some(exception) = case.policy.exceptions.all().get(number as usize) else { return Words::default() };
    let name = case.exception_name(number);
    Words {
        message: format!("the exception {name} ended on {}; what it accepted decides again", exception.until.value),
        label: "the last day".to_owned(),
        hint: "mend the cause, or renew it with a new `until` and a reason that still holds".to_owned(),
        cause: name,
        many: "{} have ended".to_owned(),
        primary: exception.until.place,
        ..Words::default()
    }
}

fn words_overlay(overlay: &Overlay) -> Words {
    let id = &overlay.registry.value;
    Words {
        message: format!("the overlay of `{id}` ended on {}; the catalogue's word counts again", overlay.until.value),
        label: "the last day".to_owned(),
        hint: "take it out, or renew it with a new `until` and a reason that still holds".to_owned(),
        cause: format!("overlay {id}"),
        many: "{} have ended".to_owned(),
        primary: overlay.until.place,
        ..Words::default()
    }
}

fn words_unused(case: &Case<'_>, finding: &Finding) -> Words {
    let Subject::Exception(number) = finding.subject else { return Words::default() };
    let Some(exception) = case.policy.exceptions.all().get(number as usize) else { return Words::default() };
    let name = case.exception_name(number);
    Words {
        message: format!("the exception {name} accepts nothing"),
        label: "nothing needs it".to_owned(),
        hint: "delete it".to_owned(),
        cause: name,
        many: "{} accept nothing".to_owned(),
        primary: exception.place,
        ..Words::default()
    }
}
