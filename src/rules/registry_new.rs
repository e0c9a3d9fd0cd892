//! `registry-new`: a registry that was not used before the change.

use std::collections::HashSet;

use crate::finding::{Finding, Subject, Words};
use crate::route::{Class, Registry};
use crate::rules::{Case, Dependency, Findings, Rule, entry_words};

pub(super) static RULE: Rule = Rule {
    id: "registry-new",
    title: "A registry is used for the first time",
    help: "\
**Finds** a registry that the head uses and the base does not; once for each, at the first package that comes from it.

**Why it matters.** With a registry comes everybody who may publish there, by its rules. That is a decision, and it should not happen as a
detail of another change.

**What to do.** Look at what protects its packages: `packman registries ID`. Ask a tier for it in the policy if it should meet one.",
    check,
    words,
};

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    let Some(base) = case.base.filter(|_| findings.wants(RULE.id)) else { return };
    let mut known: HashSet<Registry> = case.at(base).dependencies().filter(is_served).map(|one| one.origin.registry).collect();
    for dependency in case.dependencies().filter(is_served) {
        if known.insert(dependency.origin.registry) {
            let (lockfile, entry) = dependency.id;
            findings.add(&RULE, Subject::Entry(lockfile, entry), None, 0);
        }
    }
}

fn is_served(dependency: &Dependency<'_>) -> bool {
    matches!(dependency.origin.class, Class::Registry | Class::Unrated | Class::Declared)
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let name = case.origin_name(dependency.origin);
    let id = case.origin_id(dependency.origin);
    words.culprit = dependency.origin_place();
    words.message = format!("the registry {name} is new here: {} is the first that comes from it", dependency.spoken());
    words.many = "{} come from registries that are new here".to_owned();
    "new here".clone_into(&mut words.label);
    words.cause = id.to_owned();
    words.hint = format!("look at what protects its packages: `packman registries {id}`");
    words
}
