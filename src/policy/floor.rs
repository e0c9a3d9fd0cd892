//! Floors: policies from outside that a repository may only tighten.
//!
//! Answers for: what a floor lets a repository accept for itself. That the worse of both verdicts stands, `states` says.

use jiff::civil::Date;

use super::compile::Compiler;
use super::file;
use super::levels::Row;
use super::{Policy, Setting};
use crate::text::Place;

/// What a repository may accept for itself.
#[derive(Clone, Debug, Default)]
pub struct Floor {
    /// The rules of which its exceptions count.
    exceptions: Vec<Setting<&'static str>>,
    /// The rules of which its baseline counts.
    baseline: Vec<Setting<&'static str>>,
}

impl Floor {
    /// Validates one file's `[floor]`, which replaces lists of the files before it.
    pub(super) fn add(&mut self, file: &file::Floor, compiler: &mut Compiler<'_>) {
        for written in &file.allow_baseline {
            if let Some(why) = super::baseline::never(&written.value) {
                compiler
                    .fault(written.span, format!("no baseline can accept `{}`: it {why}", written.value))
                    .hint("take it out of `allow-baseline`");
            }
        }
        let rules = |written: &[file::At<String>], compiler: &Compiler<'_>| {
            let rule = |id: &file::At<String>| Some(compiler.setting(id, Row::rule(&id.value)?.id));
            written.iter().filter_map(rule).collect::<Vec<_>>()
        };
        self.exceptions.extend(rules(&file.allow_exceptions, compiler));
        self.baseline.extend(rules(&file.allow_baseline, compiler));
    }
}

/// Why an exception of a repository counts for nothing under its floor, though it is for a rule that the floor lets it accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its position among the repository's exceptions.
    pub position: u32,
    /// What is wrong with it.
    pub why: String,
    /// Where.
    pub place: Option<Place>,
}

impl Policy {
    /// Lets a repository's own exceptions and baseline count under this policy, its floor, as far as the floor allows.
    #[must_use]
    pub fn accept(&mut self, own: &Self, today: Date) -> Vec<Refused> {
        let allows = |allowed: &[Setting<&'static str>], rule: &str| allowed.iter().any(|one| one.value == rule);
        let mut refused = Vec::new();
        let (mut accepted, mut count) = (Vec::new(), 0);
        for (position, exception) in own.exceptions.all().iter().enumerate() {
            if !allows(&self.floor.exceptions, exception.rule) {
                continue;
            }
            count += 1;
            let days = today.until(exception.until.value).map_or(i64::MAX, |span| i64::from(span.get_days()));
            let too_long = self.exception_days_max.filter(|most| days > most.value);
            let too_many = self.exception_count_max.filter(|most| count > most.value);
            let why = match (too_long, too_many) {
                (Some(most), _) => format!("lasts {days} days from today, and the floor accepts {}", most.value),
                (_, Some(most)) => format!("is number {count}, and the floor accepts {}", most.value),
                (None, None) => {
                    accepted.push(exception.clone());
                    continue;
                }
            };
            let position = u32::try_from(position).unwrap_or(u32::MAX);
            refused.push(Refused { position, why, place: exception.until.place });
        }
        self.exceptions.accept(accepted);
        self.baseline = own.baseline.only(|rule| allows(&self.floor.baseline, rule));
        refused
    }
}
