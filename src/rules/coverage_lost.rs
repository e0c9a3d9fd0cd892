//! `coverage-lost`: a file that was judged before the change and is no longer after it.

use std::collections::BTreeSet;

use crate::finding::{Finding, Subject, Words};
use crate::policy::Policy;
use crate::rules::{Case, Findings, Rule};
use crate::snapshot::{Judged, Snapshot};
use crate::text::{Place, Side, Span, TextId};

pub(super) static RULE: Rule = Rule {
    id: "coverage-lost",
    title: "A file is no longer judged",
    help: "\
**Finds** a file that was judged at the base and is not at the head, while it, or the declaration that it locks, is still there: a lockfile
that was deleted or renamed, that became a link or a pointer of Git LFS, that the policy excludes now, or that went into a submodule.

**Why it matters.** A gate says nothing about what it does not read. Taking a lockfile out of its sight is the easiest way past it.

**What to do.** Bring the file back, or delete what it locks too. If it is right that nobody judges it any more, accept that by an exception
with a reason and an end that is merged first.",
    check,
    words,
};

/// A file that was judged at the base and is not at the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Its path.
    pub path: String,
    /// What became of it, as a fragment.
    pub reason: String,
    /// Where that stands at the head.
    place: Option<Place>,
    /// The file at the base.
    base: TextId,
}

/// What is lost between a base as its own policy reads it and a head as its own policy reads it.
#[must_use]
pub fn lost(base: &Snapshot, head: &Snapshot, head_policy: &Policy) -> Vec<Lost> {
    let judged = base.lockfiles.iter().filter(|judged| judged.is_judged() && !judged.lockfile.is_unreadable());
    judged.filter_map(|judged| lost_one(base, judged, head, head_policy)).collect()
}

fn lost_one(base: &Snapshot, judged: &Judged, head: &Snapshot, head_policy: &Policy) -> Option<Lost> {
    let path = base.path(judged.lockfile.text);
    let lost =
        |reason: String, place: Option<Place>| Some(Lost { path: path.to_owned(), reason, place, base: judged.lockfile.text });
    let here = head.texts.find(path);
    let start = |text: TextId| Place { text, span: Span::default() };
    if let Some(line) = head_policy.excludes(path).filter(|_| here.is_some()) {
        return lost("is excluded by the policy now".to_owned(), line.place);
    }
    if let Some(twin) = head.number_at(path).and_then(|number| head.lockfiles.get(number as usize)) {
        let is_pointer = || head.text(twin.lockfile.text).is_some_and(|text| text.content.starts_with("version https://git-lfs"));
        let reason = match () {
            () if !twin.lockfile.is_unreadable() => return None,
            () if head.is_link(twin.lockfile.text) => "is a symbolic link now",
            () if is_pointer() => "is a pointer of Git LFS now",
            // What was damaged is undecided already, and nobody can tell what it says.
            () => return None,
        };
        return lost(reason.to_owned(), Some(start(twin.lockfile.text)));
    }
    if let Some(here) = here {
        // A file that only its content made one of this format is another file now.
        let is_named = judged.lockfile.format.looks.is_none() || head.is_link(here);
        return if is_named { lost("is no longer read".to_owned(), Some(start(here))) } else { None };
    }
    let is_below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    if let Some(left_out) = head.coverage.left_out.iter().find(|one| is_below(&one.path)) {
        return lost(format!("lies in what is left out now (`{}`: {})", left_out.path, left_out.reason), None);
    }
    let declaration = declarations(base, judged).into_iter().find_map(|declaration| unlocked(head, declaration))?;
    let reason = format!("is gone, while `{}`, which it locked, stays", head.path(declaration));
    lost(reason, Some(start(declaration)))
}

/// The paths of the declarations that a lockfile of the base makes details.
fn declarations<'b>(base: &'b Snapshot, lock: &Judged) -> BTreeSet<&'b str> {
    // By path: a declaration that is shared with the head names the head's lockfile.
    let path = base.path(lock.lockfile.text);
    let details = base.lockfiles.iter().filter(|judged| judged.shadowed_by.is_some_and(|by| base.path(by) == path));
    details.map(|judged| base.path(judged.lockfile.text)).collect()
}

/// A declaration that is still there and that no other lockfile locks.
fn unlocked(head: &Snapshot, path: &str) -> Option<TextId> {
    let id = head.texts.find(path)?;
    let judged = head.number_at(path).and_then(|number| head.judged(number));
    judged.is_none_or(Judged::is_judged).then_some(id)
}

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    for number in 0..case.lost.len() {
        findings.add(&RULE, Subject::Lost(u32::try_from(number).unwrap_or(u32::MAX)), None, 0);
    }
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Subject::Lost(number) = finding.subject else { return Words::default() };
    let Some(lost) = case.lost.get(number as usize) else { return Words::default() };
    let was = case.text(lost.base).map(|text| text.place(Span::default()));
    Words {
        message: format!("`{}` was judged before this change and {}", lost.path, lost.reason),
        label: "no longer judged".to_owned(),
        hint: format!(
            "bring `{}` back into view; if nobody needs to judge it, merge an exception with a reason and an end first",
            crate::report::escape::terminal(&lost.path)
        ),
        cause: lost.path.clone(),
        many: "{} are no longer judged".to_owned(),
        primary: lost.place.or(was),
        also: was
            .filter(|was| lost.place.is_some() && was.text.side == Side::Base)
            .map(|place| ("base", place))
            .into_iter()
            .collect(),
        ..Words::default()
    }
}
