//! `control-missing`: a control that the policy asks by name and that is not met.

use crate::catalogue::control::Control;
use crate::catalogue::rating::{ControlSet, Reading};
use crate::finding::{Finding, Subject, Words};
use crate::policy::{Minimum, Setting};
use crate::rules::{Case, Dependency, Findings, Rule, entry_words};

pub(super) static RULE: Rule = Rule {
    id: "control-missing",
    title: "A dependency's registry lacks a control that the policy asks by name",
    help: "\
**Finds** a dependency whose registry does not have a control that the policy asks for by name (`controls` in `[minimum]`), in the
reading that the policy chose.

**Why it matters.** A tier is a sum; a named control is a promise that your organisation relies on, such as a contact that answers when
a package is taken over.

**What to do.** `packman registries ID` shows what the registry has, with evidence. Choose another registry, put a mirror of yours in
front and declare what it does, or make an exception with an end.",
    check,
    words,
};

/// What is asked of each dependency is asked once: `tier-below-minimum` looks for what this rule finds.
fn check(_: &Case<'_>, _: &mut Findings<'_>) {}

/// Whether this rule can find anything.
pub(super) fn is_asked(case: &Case<'_>, findings: &Findings<'_>) -> bool {
    findings.wants(RULE.id) && case.policy.minimum.asks_controls()
}

/// Finds what one dependency lacks.
pub(super) fn find(case: &Case<'_>, dependency: &Dependency<'_>, minimum: &Minimum<'_>, findings: &mut Findings<'_>) {
    let Some(first) = minimum.controls.first() else { return };
    let missing = missing(case, dependency, minimum.controls, minimum.reading.value);
    if missing != 0 {
        let (lockfile, entry) = dependency.id;
        findings.add(&RULE, Subject::Entry(lockfile, entry), first.place, missing);
    }
}

/// The controls that are asked and not met, as a set of bits in the order of the matrix.
fn missing(case: &Case<'_>, dependency: &Dependency<'_>, asked: &[Setting<Control>], reading: Reading) -> u32 {
    let statuses = case.ratings.statuses(dependency.origin.registry, dependency.name());
    asked
        .iter()
        .map(|asked| asked.value)
        .filter(|control| !statuses.is_met(*control, reading, ControlSet::default()))
        .fold(0, |bits, control| bits | 1 << control.index())
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let overlaid = case.ratings.statuses(dependency.origin.registry, dependency.name()).overlaid();
    let missing = Control::ALL.into_iter().filter(|control| finding.detail & (1 << control.index()) != 0);
    let whose = |control| if overlaid.contains(control) { " (by your policy)" } else { "" };
    let spoken = missing.map(|control| format!("`{}`{}", control.id(), whose(control)));
    let list = spoken.collect::<Vec<_>>().join(", ");
    let name = case.origin_name(dependency.origin);
    let id = case.origin_id(dependency.origin);
    words.message = format!("{} comes from {name}, which does not have {list}", dependency.spoken());
    words.many = format!("{{}} come from {name}, which does not have {list}");
    words.label = format!("{name} lacks {list}");
    words.cause = format!("{id} {list}");
    words.hint = format!("see what {name} has and why with `packman registries {id}`, or make an exception with an end");
    words
}
