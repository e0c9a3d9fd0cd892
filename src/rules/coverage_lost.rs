//! `coverage-lost`: a file that was judged before the change and is no longer after it.

use crate::finding::{Finding, Subject, Words};
use crate::rules::{Case, Findings, Rule};

pub(super) static RULE: Rule = Rule {
    id: "coverage-lost",
    title: "A file is no longer judged",
    help: "\
**Finds** a file that was judged at the base and is not at the head, while it, or the declaration that it locks, is still there: a lockfile
that was deleted or renamed, that became a link or a pointer of Git LFS or lies behind a link, that the policy excludes where it is now,
or that went into a submodule.

**Why it matters.** A gate says nothing about what it does not read. Taking a lockfile out of its sight is the easiest way past it.

**What to do.** Bring the file back, or delete what it locks too. If it is right that nobody judges it any more, accept that by an exception
with a reason and an end that is merged first.",
    check,
    words,
};

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    for number in 0..case.lost.len() {
        findings.add(&RULE, Subject::Lost(u32::try_from(number).unwrap_or(u32::MAX)), None, 0);
    }
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Subject::Lost(number) = finding.subject else { return Words::default() };
    let Some(lost) = case.lost.get(number as usize) else { return Words::default() };
    let label = if lost.is_elsewhere { format!("`{}` is no longer judged", lost.path) } else { "no longer judged".to_owned() };
    Words {
        message: format!("`{}` was judged before this change and {}", lost.path, lost.reason),
        label,
        hint: format!(
            "bring `{}` back into view; if nobody needs to judge it, merge an exception with a reason and an end first",
            crate::report::escape::terminal(&lost.path)
        ),
        cause: lost.path.clone(),
        many: "{} are no longer judged".to_owned(),
        primary: lost.place.or(lost.base),
        also: lost.base.filter(|_| lost.place.is_some()).map(|place| ("base", place)).into_iter().collect(),
        ..Words::default()
    }
}
