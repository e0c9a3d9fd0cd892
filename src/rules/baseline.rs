//! What the baseline accepts of what was found. No rule: it runs when all rules, exceptions among them, have spoken.

use std::collections::HashSet;

use crate::finding::{Finding, State, Subject};
use crate::policy::{BaselineKey, may_be_baselined};
use crate::route::Registry;
use crate::rules::{Case, Dependency, registry_mismatch};

/// Marks what the baseline accepts. What an exception accepts needs no line.
pub(super) fn apply(case: &Case<'_>, found: &mut [Finding]) {
    let baseline = &case.policy.baseline;
    if baseline.lines().is_empty() {
        return;
    }
    let may_be = |finding: &&mut Finding| finding.state == State::New && may_be_baselined(finding.rule.id);
    for finding in found.iter_mut().filter(may_be) {
        if let Some(line) = baseline.find(&baseline_key(case, finding)) {
            finding.state = State::Baselined(line);
        }
    }
}

/// What a line says that accepts a finding. Narrower than the finding's key where no registry answers for what comes: there the version
/// and the address count too, since another one is another stranger.
#[must_use]
pub fn baseline_key(case: &Case<'_>, finding: &Finding) -> BaselineKey {
    let parts = case.key_parts(finding);
    let named = |part: String| if part == "-" { String::new() } else { part };
    let mut key = BaselineKey {
        rule: finding.rule.id.to_owned(),
        origin: named(parts.registry),
        package: named(parts.package),
        path: named(parts.lockfile),
        detail: parts.detail,
        address: String::new(),
    };
    let Some(dependency) = case.dependency(finding.subject) else { return key };
    if finding.rule.id == registry_mismatch::RULE.id {
        registry_mismatch::kind(finding).clone_into(&mut key.detail);
    }
    if dependency.origin.registry == Registry::None || dependency.origin.is_mismatch {
        key.package = dependency.purl();
        key.address = address(&dependency);
    }
    key
}

/// Where it comes from, with the commit if there is one.
fn address(dependency: &Dependency<'_>) -> String {
    let location = dependency.location();
    dependency.commit().map_or_else(|| location.clone(), |commit| format!("{location}#{commit}"))
}

/// The lines of the baseline that nothing needs any more, by number. What stands in a file that cannot be read may still be there.
#[must_use]
pub fn stale_lines(case: &Case<'_>, findings: &[Finding]) -> Vec<u32> {
    let baseline = &case.policy.baseline;
    if baseline.lines().is_empty() {
        return Vec::new();
    }
    let mut needed = vec![false; baseline.lines().len()];
    for finding in findings {
        if let State::Baselined(line) = finding.state
            && let Some(needed) = needed.get_mut(line as usize)
        {
            *needed = true;
        }
    }
    let unreadable: HashSet<&str> = findings
        .iter()
        .filter_map(|finding| match finding.subject {
            Subject::Problem(number, index) => case.problem(number, index).map(|problem| case.path(problem.place.text)),
            _ => None,
        })
        .collect();
    for (key, line) in baseline.keys().into_iter().filter(|_| !unreadable.is_empty()) {
        if let Some(needed) = needed.get_mut(line as usize).filter(|_| unreadable.contains(&key.path.as_str())) {
            *needed = true;
        }
    }
    let lines = needed.iter().enumerate().filter(|(_, needed)| !**needed);
    lines.map(|(line, _)| u32::try_from(line).unwrap_or(u32::MAX)).collect()
}
