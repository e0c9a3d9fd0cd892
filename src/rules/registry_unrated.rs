//! `registry-unrated`: a known registry whose controls nobody has read.

use crate::finding::{Finding, Subject, Words};
use crate::route::Class;
use crate::rules::{Case, Findings, Rule, declaration, entry_words};

pub(super) static RULE: Rule = Rule {
    id: "registry-unrated",
    title: "A dependency comes from a known registry whose controls nobody has read",
    help: "\
**Finds** a dependency from a registry that is known (its operator and hosts are) but not rated: it counts as tier 1.

**Why it matters.** A cloud's registry is often fine, but what is in it is its owner's business: nobody here can say who may push there.

**What to do.** If it is yours, declare it in `packman.toml` with what you know of it (for usual services the finding has a declaration to
paste); if it mirrors a public registry, say so with `mirror-of`. Otherwise prefer the package's public registry.",
    check,
    words,
};

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if !findings.wants(RULE.id) {
        return;
    }
    for dependency in case.dependencies().filter(|dependency| dependency.origin.class == Class::Unrated) {
        let (lockfile, entry) = dependency.id;
        findings.add(&RULE, Subject::Entry(lockfile, entry), None, 0);
    }
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let name = case.origin_name(dependency.origin);
    let id = case.origin_id(dependency.origin);
    words.message =
        format!("{} comes from {name}, a known registry whose controls nobody has read (tier 1)", dependency.spoken());
    words.many = format!("{{}} come from {name}, a known registry whose controls nobody has read (tier 1)");
    words.label = format!("{name}: known, not rated");
    id.clone_into(&mut words.cause);
    words.culprit = case.host_place(&dependency).or_else(|| dependency.origin_place());
    words.hint = "if it is yours, declare it in packman.toml under `[registries]` with what you know of it".to_owned();
    if let Some(declaration) = declaration::of(&dependency).filter(|declaration| declaration.service.is_some()) {
        words.hint = format!("if it is yours, say so in packman.toml:\n{}otherwise prefer a rated registry", declaration.text);
        // One declaration settles one repository of the service.
        words.cause = declaration.url;
    }
    words
}
