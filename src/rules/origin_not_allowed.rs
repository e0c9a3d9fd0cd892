//! `origin-not-allowed`: a git, url or archive origin that the policy does not list.

use crate::address;
use crate::finding::{Finding, Subject, Words};
use crate::policy::means_itself;
use crate::report::escape::terminal;
use crate::route::Class;
use crate::rules::{Case, Dependency, Findings, Rule, entry_words};

pub(super) static RULE: Rule = Rule {
    id: "origin-not-allowed",
    title: "A dependency is fetched from outside any registry",
    help: "\
**Finds** a dependency that comes from a repository, from an address of its own or from an archive in the tree, and that the policy does not
list (`allow-git`, `allow-url`, `allow-archive`).

**Why it matters.** Such a dependency passes by everything that a registry does: no owner list, no removal of malware, no advisory that
names it, and an address that whoever holds it can fill anew.

**What to do.** Use the released package, or list the origin in `packman.toml`:

```toml
[origins]
allow-git = [\"https://github.com/acme/*\"]
```",
    check,
    words,
};

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if !findings.wants(RULE.id) {
        return;
    }
    for dependency in case.dependencies() {
        let (lockfile, entry) = dependency.id;
        if is_denied(case, &dependency) {
            findings.add(&RULE, Subject::Entry(lockfile, entry), None, 0);
        }
    }
}

fn is_denied(case: &Case<'_>, dependency: &Dependency<'_>) -> bool {
    match dependency.origin.class {
        Class::Git => case.policy.origins.git(&dependency.location()).is_none(),
        Class::Url => case.policy.origins.url(&dependency.location()).is_none(),
        Class::Path => {
            let is_allowed = |path: String| case.policy.origins.archive(&path).is_some();
            dependency.origin.is_archive && !dependency.archive().is_some_and(is_allowed)
        }
        _ => false,
    }
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let location = dependency.location();
    let (what, key, shown) = match dependency.origin.class {
        Class::Git => ("a repository", "allow-git", format!("https://{}", address::repository(&location))),
        Class::Url => ("an address of its own", "allow-url", location),
        _ => ("an archive in the tree", "allow-archive", dependency.archive().unwrap_or(location)),
    };
    words.message = format!("{} comes from {what} that the policy does not list, `{shown}`", dependency.spoken());
    words.many = format!("{{}} come from {what} that the policy does not list, `{shown}`");
    words.label = format!("not in `{key}`");
    // A hint keeps its line ends: what stands in it must not bring its own.
    let safe = terminal(&shown);
    words.hint = if means_itself(key, &shown) {
        format!("use the released package, or list it in packman.toml: `[origins] {key} = [\"{safe}\"]`")
    } else {
        format!("use the released package: as a pattern of `{key}`, `{safe}` would allow others too, or nothing")
    };
    words.culprit = dependency.origin_place();
    words.cause = format!("{} {shown}", dependency.origin.class.id());
    words
}
