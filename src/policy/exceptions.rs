//! Accepted departures: what, why, who, until when.
//!
//! Answers for: which exception accepts a finding on a day. Rules report those whose day is over and those that nothing needs.

use std::collections::HashMap;

use jiff::civil::Date;

use super::Setting;
use super::compile::{Compiler, too_long};
use super::file::{self, At};
use super::levels::Row;
use super::selector::{Index, Selector, Subject};
use crate::text::{Place, TextId};

/// One accepted departure.
#[derive(Clone, Debug)]
pub struct Exception {
    /// The rule whose findings it accepts.
    pub rule: &'static str,
    /// The package as the policy writes it.
    pub package: Option<Box<str>>,
    /// The registry's id.
    pub registry: Option<Box<str>>,
    /// The path pattern as the policy writes it.
    pub path: Option<Box<str>>,
    /// Why.
    pub reason: Box<str>,
    /// Who.
    pub owner: Box<str>,
    /// The last day on which it holds.
    pub until: Setting<Date>,
    /// The whole entry; only its header where the file writes it as a table.
    pub place: Option<Place>,
    /// Where it begins.
    pub(super) start: Option<Place>,
    selector: Selector,
}

impl Exception {
    /// Whether its last day is over.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        self.until.value < today
    }

    /// Whether it speaks of a rule's finding about a subject, on whatever day.
    #[must_use]
    pub fn fits(&self, rule: &str, subject: &Subject<'_>) -> bool {
        self.rule == rule && self.selector.fits(subject)
    }
}

/// All exceptions, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Exceptions {
    all: Vec<Exception>,
    index: Index,
}

impl Exceptions {
    /// Validates one file's `[[exceptions]]`.
    pub(super) fn add(&mut self, file: &[At<file::Exception>], days_max: Option<Setting<i64>>, compiler: &mut Compiler<'_>) {
        self.all.extend(file.iter().filter_map(|entry| exception(entry, days_max, compiler)));
    }

    /// Holds all of them against each other, and makes them quick to find.
    pub(super) fn finish(&mut self, count_max: Option<Setting<i64>>, compiler: &mut Compiler<'_>) {
        let mut seen = HashMap::new();
        for exception in &self.all {
            if let Some(first) = seen.insert((exception.rule, exception.selector.identity()), exception.start) {
                let fault = compiler.fault_at(exception.start, "two exceptions accept the same");
                fault.hint("keep one of them").also(first, "the first one");
            }
        }
        let over = count_max.and_then(|most| Some((most, self.all.get(usize::try_from(most.value).ok()?)?)));
        if let Some((most, first)) = over {
            let message =
                format!("this is one exception too many: there are {}, at most {} are accepted", self.all.len(), most.value);
            let hint = "mend the cause of one, or take out one that has ended";
            compiler.fault_at(first.start, message).hint(hint).also(most.place, "the most that are accepted");
        }
        self.accept(Vec::new());
    }

    /// Those that stand in one of these files and accept findings of one of these rules, for what lies below a folder.
    pub(super) fn of_folder(&self, folder: &str, files: &[TextId], is_for: impl Fn(&str) -> bool) -> Vec<Exception> {
        let own = self.all.iter().filter(|one| one.start.is_some_and(|start| files.contains(&start.text)) && is_for(one.rule));
        own.map(|one| Exception { selector: Selector { folder: Some(folder.into()), ..one.selector.clone() }, ..one.clone() })
            .collect()
    }

    /// Takes on others, which have been validated.
    pub(super) fn accept(&mut self, others: Vec<Exception>) {
        self.all.extend(others);
        self.index = Index::of(self.all.iter().map(|exception| &exception.selector));
    }

    /// All, in the order of the files.
    #[must_use]
    pub fn all(&self) -> &[Exception] {
        &self.all
    }

    /// The first that accepts a rule's finding about a subject on this day, with its position.
    #[must_use]
    pub fn find(&self, rule: &str, subject: &Subject<'_>, today: Date) -> Option<(usize, &Exception)> {
        self.first(rule, subject, |exception| !exception.is_expired(today))
    }

    /// The first that would accept it, had its last day not passed.
    #[must_use]
    pub fn find_expired(&self, rule: &str, subject: &Subject<'_>, today: Date) -> Option<(usize, &Exception)> {
        self.first(rule, subject, |exception| exception.is_expired(today))
    }

    fn first(&self, rule: &str, subject: &Subject<'_>, accepts: impl Fn(&Exception) -> bool) -> Option<(usize, &Exception)> {
        if self.all.is_empty() {
            return None;
        }
        let mut first: Option<(usize, &Exception)> = None;
        self.index.each(subject, |position| {
            let is_earlier = first.is_none_or(|(earlier, _)| position < earlier);
            let exception = self.all.get(position).filter(|exception| is_earlier && exception.rule == rule);
            if let Some(exception) = exception.filter(|one| accepts(one) && one.selector.fits_beside_path(subject)) {
                first = Some((position, exception));
            }
        });
        first
    }
}

/// Findings that speak about exceptions themselves, which no exception can accept.
const NOT_EXCEPTABLE: [&str; 2] = ["exception-expired", "exception-unused"];

fn exception(entry: &At<file::Exception>, days_max: Option<Setting<i64>>, compiler: &mut Compiler<'_>) -> Option<Exception> {
    let At { value: written, span } = entry;
    let rule = Row::rule(&written.rule.value)?.id;
    if NOT_EXCEPTABLE.contains(&rule) {
        compiler
            .fault(written.rule.span, format!("`{rule}` speaks about exceptions; none can accept it"))
            .hint(format!("set its level: `{rule} = \"allow\"` in `[levels]`"));
    }
    if let Some(registry) = &written.registry {
        compiler.registry(registry);
    }
    let selector = Selector {
        registry: written.registry.as_ref().map(|registry| registry.value.as_str().into()),
        package: written.package.as_ref().and_then(|package| compiler.package(package, None)),
        path: written.path.as_ref().map(|path| compiler.path(path)),
        ..Selector::default()
    };
    if written.package.is_none() && written.registry.is_none() && written.path.is_none() {
        compiler
            .fault(*span, format!("this exception accepts every finding of `{rule}`"))
            .hint("say what it accepts: `package`, `registry` or `path` (`**` for all of them, until its end)");
    }
    let until = compiler.date(&written.until)?;
    too_long("exception", &until, written.until.span, days_max, compiler);
    let boxed = |value: &Option<At<String>>| value.as_ref().map(|value| value.value.as_str().into());
    Some(Exception {
        rule,
        package: boxed(&written.package),
        registry: boxed(&written.registry),
        path: boxed(&written.path),
        reason: written.reason.value.as_str().into(),
        owner: written.owner.value.as_str().into(),
        until,
        place: compiler.place(*span),
        start: compiler.at(*span),
        selector,
    })
}
