//! What is wrong with a policy that can be applied: lines that decide nothing, minimums that nothing can meet, defaults that are loosened.
//!
//! Answers for: holding each line against the repository that it is for, and saying so where that cannot be told because something was not
//! read. Judges no dependency: rules do.

mod blind;
mod minimums;
mod patterns;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

use crate::ecosystem::Ecosystem;
use crate::rules::Case;
use crate::text::Place;
use blind::Blind;

/// What a lint means for the policy, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A line without which everything would be judged as it is now.
    Dead,
    /// A minimum that no version of a registry can meet.
    OutOfReach,
    /// Whether a line is dead cannot be said.
    Unsaid,
    /// A default that the policy loosens.
    Loosened,
}

impl Kind {
    /// All of them, the worst first.
    pub const ALL: [Self; 4] = [Self::Dead, Self::OutOfReach, Self::Unsaid, Self::Loosened];

    /// Whether a line decides nothing, as far as that can be said.
    fn is_idle(self) -> bool {
        matches!(self, Self::Dead | Self::Unsaid)
    }
}

/// One thing to tell about a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// What it means.
    pub kind: Kind,
    /// The line.
    pub place: Option<Place>,
    /// A sentence without its full stop: what was found.
    pub message: String,
    /// An imperative: what to do.
    pub hint: String,
}

/// All that there is to tell.
#[derive(Clone, Debug, Default)]
pub struct Lints {
    /// By kind, then in the order of the files.
    pub lints: Vec<Lint>,
    /// How many settings of files were tried.
    pub settings: usize,
    /// On how many dependencies.
    pub dependencies: usize,
}

impl Lints {
    /// How many there are of a kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.lints.iter().filter(|lint| lint.kind == kind).count()
    }
}

/// Holds a case's policy against the repository, and those of its folders; and against the base if there is one. `ignores` tells of a path
/// whether the tree leaves it out where it is there.
#[must_use]
pub fn of(case: &Case<'_>, ignores: &dyn Fn(&str) -> bool) -> Lints {
    let (lints, mut tried) = of_sides(case, ignores);
    let inner = || case.folders.iter().filter_map(|inner| Some((inner, inner.folder?)));
    let is_folders = |lint: &Lint| inner().any(|(_, folder)| lint.place == Some(folder.place));
    let (mut of_folders, mut lints): (Vec<Lint>, Vec<Lint>) = lints.into_iter().partition(is_folders);
    lints.retain(|lint| !inner().any(|(_, folder)| folder.says(lint.place)));
    for (inner, folder) in inner() {
        if of_folders.iter().any(|lint| lint.kind.is_idle() && lint.place == Some(folder.place)) {
            continue;
        }
        let (there, settings) = of_sides(&Case { others: case.others, ..*inner }, ignores);
        // The root's settings hold in the folder too, and may be needed there alone.
        keep_idle(&mut lints, &there);
        of_folders.extend(there.into_iter().filter(|lint| folder.says(lint.place)));
        tried.extend(settings);
    }
    lints.append(&mut of_folders);
    lints.sort_by_key(|lint| (lint.kind, lint.place));
    // A line that is dead in two ways is told once.
    let mut dead = BTreeSet::new();
    lints.retain(|lint| lint.kind != Kind::Dead || lint.place.is_none() || dead.insert(lint.place));
    Lints { lints, settings: tried.len(), dependencies: case.dependencies().count() }
}

/// What a case's head shows, and its base if there is one: what is needed there does something. With the settings that were tried.
fn of_sides(case: &Case<'_>, ignores: &dyn Fn(&str) -> bool) -> (Vec<Lint>, BTreeSet<Place>) {
    let (mut lints, tried) = of_side(case, ignores);
    if let Some(base) = case.base {
        keep_idle(&mut lints, &of_side(&case.at(base), ignores).0);
    }
    (lints, tried)
}

fn of_side(case: &Case<'_>, ignores: &dyn Fn(&str) -> bool) -> (Vec<Lint>, BTreeSet<Place>) {
    let mut found = Found { case, blind: blind::of(case), lints: Vec::new(), tried: BTreeSet::new() };
    settings::check(&mut found);
    minimums::check(&mut found);
    patterns::check(&mut found, ignores);
    (found.lints, found.tried)
}

/// Keeps of the lines that decide nothing those that decide nothing elsewhere either, as far as that can be said there.
fn keep_idle(lints: &mut Vec<Lint>, elsewhere: &[Lint]) {
    let idle = elsewhere.iter().filter(|lint| lint.kind.is_idle());
    let idle: BTreeMap<Option<Place>, &Lint> = idle.map(|lint| (lint.place, lint)).collect();
    lints.retain(|lint| !lint.kind.is_idle() || idle.contains_key(&lint.place));
    for lint in lints.iter_mut().filter(|lint| lint.kind.is_idle()) {
        if let Some(there) = idle.get(&lint.place).filter(|there| there.kind > lint.kind) {
            lint.clone_from(there);
        }
    }
}

/// What was found so far.
struct Found<'c, 'a> {
    case: &'c Case<'a>,
    blind: Vec<Blind>,
    lints: Vec<Lint>,
    /// The settings of files that were looked at.
    tried: BTreeSet<Place>,
}

impl Found<'_, '_> {
    fn add(&mut self, kind: Kind, place: Option<Place>, message: impl Into<String>, hint: impl Into<String>) {
        self.lints.push(Lint { kind, place, message: message.into(), hint: hint.into() });
    }

    /// A line that decides nothing, as far as was read. Where something was not read that it could be about, that cannot be said.
    fn idle(&mut self, place: Option<Place>, about: &[Ecosystem], message: &str, hint: &str) {
        let why = self.blind.iter().find(|blind| blind.may_be_about(about)).map(|blind| blind.why.clone());
        self.idle_unless(why, place, message, hint);
    }

    /// The same where whoever calls knows what was not read.
    fn idle_unless(&mut self, unread: Option<String>, place: Option<Place>, message: &str, hint: &str) {
        match unread {
            Some(why) => {
                let message = format!("{message}, as far as was read; but {why}");
                self.add(Kind::Unsaid, place, message, "mend that first: only then can be said whether this line is needed");
            }
            None => self.add(Kind::Dead, place, message, hint),
        }
    }

    /// A place for sentences: `packman.toml:3`.
    fn at(&self, place: Place) -> String {
        let Some(text) = self.case.text(place.text) else { return String::new() };
        format!("{}:{}", text.path, text.lines().position(place.span.start).0)
    }

    /// What stands at a place, where it is one line.
    fn written(&self, place: Option<Place>) -> String {
        let written = place.and_then(|place| Some(self.case.text(place.text)?.slice(place.span)));
        written.and_then(|written| written.lines().next()).unwrap_or_default().trim_end().to_owned()
    }
}
