//! Findings: what a rule found, at which level, in which state, about what.
//!
//! A finding is small; its words are made when it is reported, by the rule that found it.

use crate::policy::{Exception, Level, Policy};
use crate::rules::{By, Case, Rule};
use crate::text::Place;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// One entry: lockfile and entry by number.
    Entry(u32, u32),
    /// One lockfile, by number.
    Lockfile(u32),
    /// One problem of a lockfile or of its client's configuration.
    Problem(u32, u32),
    /// One setting of the configuration around a lockfile.
    Setting(u32, u32),
    /// One exception of the policy.
    Exception(u32),
    /// One overlay of the policy.
    Overlay(u32),
    /// One file that is no longer judged, by number in `Case::lost`.
    Lost(u32),
    /// One setting around a lockfile of the base: lockfile and setting by number.
    BaseSetting(u32, u32),
    /// The policy's file.
    Policy,
}

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It decides.
    New,
    /// It was there at the base.
    Existing,
    /// An exception of the policy accepts it (its number).
    Excepted(u32),
    /// The baseline accepts it (the number of its line).
    Baselined(u32),
}

impl State {
    /// The word used in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Existing => "existing",
            Self::Excepted(_) => "excepted",
            Self::Baselined(_) => "baselined",
        }
    }

    /// The line of the baseline that accepts it.
    #[must_use]
    pub fn baselined(self) -> Option<u32> {
        if let Self::Baselined(line) = self { Some(line) } else { None }
    }
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// What it does to the verdict.
    pub level: Level,
    /// What became of it.
    pub state: State,
    /// What it is about.
    pub subject: Subject,
    /// The policy line that asked.
    pub asked: Option<Place>,
    /// What the rule needs to remember: a set of controls, a kind. The rule alone reads it.
    pub detail: u32,
    /// The entry of the base that its subject was, where it is about a difference: lockfile and entry by number.
    pub was: Option<(u32, u32)>,
    /// If another policy judges it so: which, and what it is about as that case numbers it.
    pub under: Option<Under>,
}

/// Under which other policy something was found.
#[derive(Clone, Copy, Debug)]
pub struct Under {
    /// Which of `Case::others`, if it is not the case's own.
    pub other: Option<u8>,
    /// Which of that case's `Case::folders`, if it is one of these.
    pub folder: Option<u8>,
    /// What it is about as that case numbers it.
    pub subject: Subject,
}

/// What a finding says, to people and programs.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// A sentence without its full stop: what was found, about what. Names are in backticks.
    pub message: String,
    /// What stands under the culprit.
    pub label: String,
    /// What to do next: an imperative sentence, maybe with lines below it.
    pub hint: String,
    /// What findings with one cause have in common: `unknown-registry` and a host. Groups are made of it.
    pub cause: String,
    /// The sentence for several findings of one cause; `{}` stands for `7 packages`.
    pub many: String,
    /// Where the finding stands: the line that a change of the dependency changes.
    pub primary: Option<Place>,
    /// What is underlined for people, where that is not the primary place: the address, the flag.
    pub culprit: Option<Place>,
    /// Further places, each with its role: `origin`, `configuration`, `policy`, `asked-for`.
    pub also: Vec<(&'static str, Place)>,
}

impl Finding {
    /// What it says.
    #[must_use]
    pub fn words(&self, case: &Case<'_>) -> Words {
        if let Some((finding, case)) = self.seen_by_other(case) {
            return finding.words(case);
        }
        let mut words = (self.rule.words)(case, self);
        if let Some(place) = self.asked.filter(|place| Some(*place) != words.primary) {
            words.also.push(("policy", place));
        }
        words
    }

    /// The exception of this number that accepts it, for sentences.
    #[must_use]
    pub fn exception_name(&self, case: &Case<'_>, number: u32) -> String {
        self.seen_by_other(case).map_or_else(|| case.exception_name(number), |(_, case)| case.exception_name(number))
    }

    /// The finding as the policy has it that judges it so, with that policy's case.
    #[must_use]
    pub fn as_judged<'f, 'c>(&self, case: &'f Case<'c>) -> (Self, &'f Case<'c>) {
        self.seen_by_other(case).unwrap_or_else(|| (self.clone(), case))
    }

    /// The finding in the case of the policy that judges it so, if that is another one.
    fn seen_by_other<'c>(&self, case: &Case<'c>) -> Option<(Self, &'c Case<'c>)> {
        let Under { other, folder, subject } = self.under?;
        let of_folder = |case: &Case<'c>| case.folders.get(usize::from(folder?));
        let seen = match other {
            None => of_folder(case)?,
            Some(number) => {
                let case = &case.others.get(usize::from(number))?.case;
                of_folder(case).unwrap_or(case)
            }
        };
        Some((Self { subject, under: None, ..self.clone() }, seen))
    }

    /// The exception that accepts it.
    #[must_use]
    pub fn exception<'c>(&self, case: &Case<'c>) -> Option<&'c Exception> {
        let State::Excepted(number) = self.state else { return None };
        self.policy(case).exceptions.all().get(number as usize)
    }

    /// The policy that judges it so.
    #[must_use]
    pub fn policy<'c>(&self, case: &Case<'c>) -> &'c Policy {
        self.seen_by_other(case).map_or(case.policy, |(_, case)| case.policy)
    }

    /// Whose policy judges it so.
    #[must_use]
    pub fn judged_by(&self, case: &Case<'_>) -> By {
        let other = self.under.and_then(|under| case.others.get(usize::from(under.other?)));
        other.map_or(By::Own, |other| other.by)
    }

    /// Whether it decides the verdict.
    #[must_use]
    pub fn decides(&self) -> bool {
        self.state == State::New
    }

    /// Its key: rule, registry or origin, package without version, lockfile, and a detail where the rule needs one. The same for the same
    /// cause on another day.
    #[must_use]
    pub fn key(&self, case: &Case<'_>) -> String {
        if let Some((finding, case)) = self.seen_by_other(case) {
            return finding.key(case);
        }
        let parts = case.key_parts(self);
        let mut key = format!("{} {} {} {}", self.rule.id, parts.registry, parts.package, parts.lockfile);
        if !parts.detail.is_empty() {
            key.push(' ');
            key.push_str(&parts.detail);
        }
        key
    }
}
