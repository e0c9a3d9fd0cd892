//! Findings by cause: grouping is presentation only.

use std::collections::BTreeMap;

use crate::finding::{State, Words};
use crate::judge::Report;
use crate::policy::Level;
use crate::rules::Rule;

/// Findings of one rule, level and cause.
pub struct Group {
    /// The rule.
    pub rule: &'static Rule,
    /// The level.
    pub level: Level,
    /// What they have in common.
    pub cause: String,
    /// The words of the first.
    pub first: Words,
    /// All of them, by number in the report.
    pub findings: Vec<usize>,
}

/// Groups the findings that decide, the worst first, else in the order of the rules and of their first finding.
#[must_use]
pub fn groups(report: &Report<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut index: BTreeMap<(&'static str, Level, String), usize> = BTreeMap::new();
    for (number, finding) in report.findings.iter().enumerate().filter(|(_, finding)| finding.state == State::New) {
        let words = finding.words(&report.case);
        let key = (finding.rule.id, finding.level, words.cause.clone());
        if let Some(group) = index.get(&key).and_then(|at| groups.get_mut(*at)) {
            group.findings.push(number);
            continue;
        }
        index.insert(key, groups.len());
        let cause = words.cause.clone();
        groups.push(Group { rule: finding.rule, level: finding.level, cause, first: words, findings: vec![number] });
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.level));
    groups
}

impl Group {
    /// An id for programs: rule and cause.
    #[must_use]
    pub fn id(rule: &str, cause: &str) -> String {
        let mut id = format!("{rule}/");
        for c in cause.chars() {
            id.push(if c.is_alphanumeric() || "-._@/".contains(c) { c } else { '-' });
        }
        id
    }
}
