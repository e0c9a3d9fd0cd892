//! `runs-code-on-install`: a version that runs code when installed or built.

use crate::finding::{Finding, Subject, Words};
use crate::rules::{Case, Findings, Rule, entry_words};

pub(super) static RULE: Rule = Rule {
    id: "runs-code-on-install",
    title: "A dependency runs code when it is installed",
    help: "\
**Finds** a version of which the lockfile says that it runs code when it is installed or built, and that `may-run-code` does not list.

**Why it matters.** Code at install runs before anyone has looked at it, with the rights of whoever installs: the worm of September 2025
(`Shai-Hulud`) spread through npm's `postinstall` to over 500 packages.

**What to do.** Look at what it runs, then list it: `[packages] may-run-code = [\"pkg:npm/esbuild\"]`. Or switch install scripts off in the
client's configuration.",
    check,
    words,
};

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if !findings.wants(RULE.id) {
        return;
    }
    for dependency in case.dependencies().filter(|dependency| dependency.entry.runs_code.is_some()) {
        let allowed =
            case.policy.packages.may_run_code().first(dependency.entry.ecosystem, dependency.name(), dependency.version());
        if allowed.is_none() {
            let (lockfile, entry) = dependency.id;
            findings.add(&RULE, Subject::Entry(lockfile, entry), None, 0);
        }
    }
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    words.culprit = dependency.entry.runs_code.map(|span| dependency.text.place(span));
    words.message = format!("{} runs code when it is installed", dependency.spoken());
    "{} run code when they are installed".clone_into(&mut words.many);
    "runs code".clone_into(&mut words.label);
    words.cause = dependency.entry.ecosystem.id().to_owned();
    words.hint = if dependency.name().contains('*') {
        "look at what it runs, and use another package: in a line of `may-run-code` its `*` would stand for others too".to_owned()
    } else {
        format!("look at what it runs, then list it: `[packages] may-run-code = [\"{}\"]`", dependency.package())
    };
    words
}
