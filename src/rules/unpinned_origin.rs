//! `unpinned-origin`: a moving reference.

use crate::dependency::Locator;
use crate::ecosystem::Ecosystem;
use crate::finding::{Finding, Subject, Words};
use crate::report::escape::terminal;
use crate::rules::{Case, Dependency, Findings, Rule, entry_words};

pub(super) static RULE: Rule = Rule {
    id: "unpinned-origin",
    title: "A dependency can change without any change of the lockfile",
    help: "\
**Finds** a git dependency without a full commit, an image without a digest, an action without a commit, a `-SNAPSHOT` of Maven's world.

**Why it matters.** A tag or branch is whatever its owner makes of it today. In March 2025 the tags of `tj-actions/changed-files` were moved
to a commit that printed secrets into the logs of 23,000 repositories; those pinned by commit were safe.

**What to do.** Pin it: `FROM node:22@sha256:…`, `uses: owner/name@<40 hexadecimal digits> # v4`, `rev = \"…\"`. Update tools keep such
pins fresh. Images and actions have their own level, `unpinned-reference`.",
    check,
    words,
};

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if !findings.wants(RULE.id) && !findings.wants("unpinned-reference") {
        return;
    }
    for dependency in case.dependencies().filter(is_moving) {
        let (lockfile, entry) = dependency.id;
        let key = if dependency.is_reference() { "unpinned-reference" } else { RULE.id };
        findings.add_at(&RULE, key, Subject::Entry(lockfile, entry), None, 0);
    }
}

fn is_moving(dependency: &Dependency<'_>) -> bool {
    let is_loose = matches!(&dependency.entry.locator, Locator::Git { commit: None, .. });
    dependency.entry.moving.is_some() || is_loose
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let moving = dependency.entry.moving.as_ref().map(|moving| moving.of(&dependency.text.content).to_owned());
    let by = moving.as_deref().unwrap_or("");
    let name = dependency.spoken_name();
    match dependency.entry.ecosystem {
        Ecosystem::Docker => {
            words.message = format!("the image `{name}` is named by tag (`{by}`), not by digest");
            "{} are named by tag, not by digest".clone_into(&mut words.many);
            words.hint = if name.contains('$') {
                "pin it by a digest, as in `node:22@sha256:…`".to_owned()
            } else {
                format!("pin it, for example `{}:{}@sha256:…`", terminal(name), terminal(by))
            };
        }
        Ecosystem::GitHubActions => {
            words.message = format!("the action `{name}` is named by `{by}`, not by commit");
            "{} are named by tag or branch, not by commit".clone_into(&mut words.many);
            words.hint = format!("pin it: `{}@<40 hexadecimal digits> # {}`", terminal(name), terminal(by));
        }
        // A snapshot of Maven's world: a version of a registry, not a revision of a repository.
        _ if !matches!(dependency.entry.locator, Locator::Git { .. }) => {
            words.message = format!("{} asks for `{by}`, which may be another thing tomorrow", dependency.spoken());
            "{} ask for versions that may be other things tomorrow".clone_into(&mut words.many);
            "ask for a released version".clone_into(&mut words.hint);
        }
        _ => {
            words.message = match &moving {
                Some(by) => format!("{} follows `{by}` of a repository, not a commit", dependency.spoken()),
                None => format!("{} follows the default branch of a repository, not a commit", dependency.spoken()),
            };
            "{} follow a branch or tag of a repository, not a commit".clone_into(&mut words.many);
            "pin it to a full commit".clone_into(&mut words.hint);
        }
    }
    "may change without a change here".clone_into(&mut words.label);
    words.cause = dependency.entry.ecosystem.id().to_owned();
    words
}
