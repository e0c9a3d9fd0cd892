//! What was not read, and what it could have held.
//!
//! Answers for: where a line that fits nothing may yet be needed. Never guesses what an unread file states.

use std::collections::{BTreeMap, BTreeSet};

use crate::dependency::Locator;
use crate::ecosystem::Ecosystem;
use crate::route::Class;
use crate::rules::Case;
use crate::text::Lost;

/// Something that was not read.
pub(super) struct Blind {
    /// What, as a fragment: `` `web/yarn.lock` could not be read ``.
    pub(super) why: String,
    /// The ecosystems that it could be about; empty for any.
    ecosystems: BTreeSet<Ecosystem>,
}

impl Blind {
    /// Whether it could hold something of one of these ecosystems; of any if none is named.
    pub(super) fn may_be_about(&self, ecosystems: &[Ecosystem]) -> bool {
        ecosystems.is_empty() || self.ecosystems.is_empty() || ecosystems.iter().any(|one| self.ecosystems.contains(one))
    }
}

/// All of it, in the order of the files.
pub(super) fn of(case: &Case<'_>) -> Vec<Blind> {
    let coverage = &case.head.coverage;
    if coverage.read == 0 && coverage.unreadable == 0 {
        return vec![Blind { why: "no lockfile was found here".to_owned(), ecosystems: BTreeSet::new() }];
    }
    let mut blind = unread(case);
    // An image that a variable names could be any.
    let mut unresolved: BTreeMap<&str, BTreeSet<Ecosystem>> = BTreeMap::new();
    for dependency in case.dependencies() {
        if dependency.origin.class == Class::Unknown && matches!(dependency.entry.locator, Locator::Unresolved(_)) {
            unresolved.entry(dependency.path()).or_default().insert(dependency.entry.ecosystem);
        }
    }
    blind.extend(unresolved.into_iter().map(|(path, ecosystems)| Blind {
        why: format!("`{path}` has a variable in place of a name, whose value nobody knows"),
        ecosystems,
    }));
    blind
}

/// Files that could not be read, or not wholly.
pub(super) fn unread(case: &Case<'_>) -> Vec<Blind> {
    let mut blind = Vec::new();
    for judged in &case.head.lockfiles {
        // Details of a file that is not judged itself do not matter; that it cannot be read at all does.
        let Some(problem) = judged.problems().find(|problem| judged.is_judged() || problem.lost == Lost::File) else { continue };
        let path = case.head.path(problem.place.text);
        let (why, ecosystems) = if judged.lockfile.is_unreadable() {
            (format!("`{path}` could not be read"), BTreeSet::new())
        } else {
            let ecosystems = judged.lockfile.entries.iter().map(|entry| entry.ecosystem).collect();
            (format!("not all of `{path}` could be read"), ecosystems)
        };
        blind.push(Blind { why, ecosystems });
    }
    let folders = case.head.coverage.left_out.iter().filter(|left| left.reason == "unreadable folder");
    blind.extend(
        folders.map(|left| Blind { why: format!("the folder `{}` could not be read", left.path), ecosystems: BTreeSet::new() }),
    );
    blind
}
