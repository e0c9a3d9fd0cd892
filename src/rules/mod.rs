//! Rules: one file each, and the table that lists them. The only place where findings are made.
//!
//! Answers for: what is found, and the words for it. Never parses anything and never reads a file.

mod baseline;
mod case;
mod control_missing;
mod coverage_lost;
mod declaration;
mod dependency;
mod difference;
mod exceptions;
mod insecure_origin;
mod integrity_missing;
mod lockfiles;
mod moved;
mod origin_not_allowed;
mod paired;
mod policy_changed;
mod protection_lowered;
mod registry_assumed;
mod registry_mismatch;
mod registry_new;
mod registry_unrated;
mod runs_code_on_install;
mod tier_below_minimum;
mod unknown_registry;
mod unpinned_origin;
mod versions;

pub use baseline::{baseline_key, stale_lines};
pub use case::{By, Case, Other};
pub use declaration::{Declaration, of as declaration_of};
pub use dependency::{Dependency, short};
pub use difference::{Change, Difference, Differences, Unread, differences};
pub use policy_changed::PolicyChange;

use rayon::prelude::*;

use crate::finding::{Finding, State, Subject, Words};
use crate::policy::{Level, Policy};
use crate::route::{Class, Origin, Registry};
use crate::text::Place;

/// One rule.
pub struct Rule {
    /// Its id.
    pub id: &'static str,
    /// What it finds, as a short title.
    pub title: &'static str,
    /// What it finds, why that matters and what to do, in Markdown: the rule's page and its help in code scanning.
    pub help: &'static str,
    /// Finds.
    pub check: fn(&Case<'_>, &mut Findings<'_>),
    /// The words for one of its findings.
    pub words: fn(&Case<'_>, &Finding) -> Words,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// All rules, in the order in which they are explained.
pub static RULES: &[&Rule] = &[
    &tier_below_minimum::RULE,
    &control_missing::RULE,
    &unknown_registry::RULE,
    &registry_unrated::RULE,
    &registry_assumed::RULE,
    &registry_mismatch::RULE,
    &origin_not_allowed::RULE,
    &insecure_origin::RULE,
    &unpinned_origin::RULE,
    &integrity_missing::RULE,
    &runs_code_on_install::RULE,
    &lockfiles::MISSING,
    &lockfiles::UNREADABLE,
    &protection_lowered::RULE,
    &coverage_lost::RULE,
    &registry_new::RULE,
    &policy_changed::RULE,
    &exceptions::EXPIRED,
    &exceptions::UNUSED,
];

/// The rule that finds exceptions which nothing needs.
pub const UNUSED: &str = exceptions::UNUSED.id;

/// Whether a rule finds differences from a base, and nothing else.
#[must_use]
pub fn is_comparing(rule: &Rule) -> bool {
    [&protection_lowered::RULE, &coverage_lost::RULE, &registry_new::RULE, &policy_changed::RULE]
        .iter()
        .any(|one| one.id == rule.id)
}

/// Whether what a rule finds in one lockfile may depend on other lockfiles, or on the base.
#[must_use]
pub fn looks_across(rule: &Rule) -> bool {
    rule.id == registry_mismatch::RULE.id || is_comparing(rule)
}

/// The rule with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

/// What rules have found so far.
pub struct Findings<'a> {
    policy: &'a Policy,
    found: Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// Runs all rules, and marks what exceptions and the baseline accept.
    #[must_use]
    pub fn of(case: &Case<'a>) -> Vec<Finding> {
        let run = |rule: &&Rule| {
            let mut findings = Self { policy: case.policy, found: Vec::new() };
            // What looks across lockfiles looks beyond the folder too.
            let all = Case { folder: None, ..*case };
            (rule.check)(if looks_across(rule) { &all } else { case }, &mut findings);
            if let Some(folder) = case.folder {
                findings.found.retain(|finding| folder.holds(case.policy_subject(finding.subject).path));
            }
            findings.found
        };
        // The rules on exceptions act on what the others found.
        let Some((rules, last)) = RULES.split_last_chunk::<2>() else { return Vec::new() };
        let mut findings = Self { policy: case.policy, found: rules.par_iter().flat_map_iter(run).collect() };
        for rule in last {
            (rule.check)(case, &mut findings);
        }
        baseline::apply(case, &mut findings.found);
        findings.found
    }

    /// Looks at the judged entries of each lockfile by themselves, at several lockfiles at once.
    pub fn in_each_lockfile<'c>(
        &mut self,
        case: &Case<'c>,
        look: impl Fn(&mut dyn Iterator<Item = Dependency<'c>>, &mut Self) + Sync,
    ) {
        let policy = self.policy;
        let lockfiles = (0..case.head.lockfiles.len()).into_par_iter();
        self.found.par_extend(lockfiles.flat_map_iter(|number| {
            let mut findings = Self { policy, found: Vec::new() };
            look(&mut case.dependencies_of(number), &mut findings);
            findings.found
        }));
    }

    /// Whether a look at something finds nothing. What it finds is not kept.
    pub fn none_of(&self, look: impl FnOnce(&mut Self)) -> bool {
        let mut aside = Self { policy: self.policy, found: Vec::new() };
        look(&mut aside);
        aside.found.is_empty()
    }

    /// Whether anything found under a level key is reported at all.
    #[must_use]
    pub fn wants(&self, key: &str) -> bool {
        self.policy.level(key).value != Level::Allow
    }

    /// Adds a finding at the level that the policy gives the rule.
    pub fn add(&mut self, rule: &'static Rule, subject: Subject, asked: Option<Place>, detail: u32) {
        self.add_at(rule, rule.id, subject, asked, detail);
    }

    /// Adds a finding at the level of a part of the rule.
    pub fn add_at(&mut self, rule: &'static Rule, key: &str, subject: Subject, asked: Option<Place>, detail: u32) {
        self.push(key, Finding { rule, level: Level::Allow, state: State::New, subject, asked, detail, was: None, under: None });
    }

    /// Adds a finding about an entry that was another one at the base.
    pub fn add_difference(&mut self, rule: &'static Rule, subject: Subject, was: Option<(u32, u32)>, detail: u32) {
        let finding = Finding { rule, level: Level::Allow, state: State::New, subject, asked: None, detail, was, under: None };
        self.push(rule.id, finding);
    }

    fn push(&mut self, key: &str, finding: Finding) {
        let level = self.policy.level(key);
        if level.value != Level::Allow {
            self.found.push(Finding { level: level.value, asked: finding.asked.or(level.place), ..finding });
        }
    }

    /// What was found so far, for the rules on exceptions, which come last.
    pub fn found_mut(&mut self) -> &mut Vec<Finding> {
        &mut self.found
    }
}

/// Whether the tier and control rules look at an origin.
#[must_use]
pub fn has_judged_registry(origin: &Origin) -> bool {
    match origin.class {
        Class::Registry | Class::Unrated | Class::Declared => true,
        Class::Bundled => origin.registry != Registry::None,
        _ => false,
    }
}

/// Words about an entry: anchored on its version, with its origin and where the repository asks for it.
#[must_use]
pub(crate) fn entry_words<'a>(case: &Case<'a>, finding: &Finding) -> Option<(Words, Dependency<'a>)> {
    let dependency = case.dependency(finding.subject)?;
    let mut words = Words { primary: Some(dependency.place()), ..Words::default() };
    if let Some(place) = dependency.origin_place().filter(|place| Some(*place) != words.primary) {
        words.also.push(("origin", place));
    }
    if let Some(place) = dependency.judged.lockfile.declared_at(dependency.id.1) {
        words.also.push(("asked-for", place));
    }
    Some((words, dependency))
}
