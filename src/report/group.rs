//! Findings by cause: grouping is presentation only.

use foldhash::{HashMap, HashMapExt};
use rayon::prelude::*;

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
    let mut index: HashMap<(&'static str, Level, String), usize> = HashMap::new();
    let deciding = report.findings.par_iter().enumerate().filter(|(_, finding)| finding.state == State::New);
    let causes: Vec<(usize, String)> = deciding.map(|(number, _)| (number, report.words(number).cause.clone())).collect();
    for (number, cause) in causes {
        let Some(finding) = report.findings.get(number) else { continue };
        let key = (finding.rule.id, finding.level, cause);
        if let Some(group) = index.get(&key).and_then(|at| groups.get_mut(*at)) {
            group.findings.push(number);
            continue;
        }
        let (cause, first) = (key.2.clone(), report.words(number).into_owned());
        groups.push(Group { rule: finding.rule, level: finding.level, cause, first, findings: vec![number] });
        index.insert(key, groups.len() - 1);
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
