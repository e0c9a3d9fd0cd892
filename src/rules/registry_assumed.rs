//! `registry-assumed`: only the client's built-in default says where a dependency comes from.

use crate::finding::{Finding, Subject, Words};
use crate::route::Class;
use crate::routing::KnownBy;
use crate::rules::{Case, Findings, Rule, entry_words};

pub(super) static RULE: Rule = Rule {
    id: "registry-assumed",
    title: "Only the client's default says where a dependency comes from",
    help: "\
**Finds** a dependency for which no file of the repository names a registry: the client's built-in default is all there is.

**Why it matters.** A default is a setting of somebody's machine. A variable or a user file can point the same lockfile elsewhere, and
nobody sees it in a review.

**What to do.** Write the registry down once: in the client's own configuration file, or for packman alone with one line,
`[origins] default-registry = { golang = \"go\" }`.",
    check,
    words,
};

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if !findings.wants(RULE.id) {
        return;
    }
    let is_assumed = |class: Class, known_by: KnownBy| {
        known_by == KnownBy::Assumed && matches!(class, Class::Registry | Class::Unrated | Class::Declared)
    };
    for dependency in case.dependencies().filter(|one| is_assumed(one.origin.class, one.origin.known_by)) {
        let (lockfile, entry) = dependency.id;
        findings.add(&RULE, Subject::Entry(lockfile, entry), None, 0);
    }
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let name = case.origin_name(dependency.origin);
    let id = case.origin_id(dependency.origin);
    let ecosystem = dependency.entry.ecosystem.id();
    words.message =
        format!("nothing in the repository says that {} comes from {name}; it is the client's default", dependency.spoken());
    words.many = format!("nothing in the repository says that {{}} come from {name}; it is the client's default");
    words.label = format!("{name}, by default only");
    words.cause = format!("{id} {ecosystem}");
    words.hint = format!("settle it with one line of policy: `[origins] default-registry = {{ {ecosystem} = \"{id}\" }}`");
    words
}
