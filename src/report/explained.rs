//! The arithmetic of one finding, for `packman check --explain`: where its package comes from, what the policy asked and where, which
//! controls were needed and which of them count, whose word changed a status, and which line gave the level.
//!
//! Answers for: lines below a finding, and how the lines of a policy are named. Judges nothing anew.

use crate::catalogue::control::{Control, Tier};
use crate::catalogue::rating::{Rating, Reading, rate};
use crate::catalogue::{RegistryId, Standing};
use crate::finding::Finding;
use crate::policy::{ROWS, SetBy, Setting, Stated};
use crate::report::plural;
use crate::route::{Candidate, Registry};
use crate::routing::KnownBy;
use crate::rules::{By, Case, Dependency};
use crate::text::Place;

/// `path:line:column` of a place.
pub(crate) fn position(case: &Case<'_>, place: Place) -> String {
    let Some(text) = case.text(place.text) else { return String::new() };
    let (line, column) = text.lines().position(place.span.start);
    format!("{}:{line}:{column}", text.path)
}

/// Who made a setting, and where.
pub(crate) fn set_by<T>(case: &Case<'_>, setting: &Setting<T>) -> String {
    match (setting.by, setting.place) {
        (SetBy::File, Some(place)) => position(case, place),
        (SetBy::File, None) => "the policy".to_owned(),
        (SetBy::Preset(id), _) => format!("the preset `{id}`"),
        (SetBy::CommandLine, _) => "the command line".to_owned(),
        (SetBy::Default, _) => "packman's default".to_owned(),
    }
}

/// A line of a policy's minimums: whose it is, and where it stands.
pub(crate) fn stated_by(case: &Case<'_>, line: &Stated) -> String {
    let place = line.place.map(|place| format!(" at {}", position(case, place))).unwrap_or_default();
    match &*line.selects {
        "" => format!("`[minimum]`{place}"),
        selects => format!("`[[minimum.for]]` with {selects}{place}"),
    }
}

/// What is said below a finding, a line each.
pub(super) fn lines(case: &Case<'_>, finding: &Finding) -> Vec<String> {
    let by = finding.judged_by(case);
    let (finding, case) = finding.as_judged(case);
    let mut lines = Vec::new();
    if let Some(dependency) = case.dependency(finding.subject) {
        lines.push(origin(case, &dependency));
        lines.extend(candidates(case, &dependency));
        match finding.rule.id {
            "tier-below-minimum" => Arithmetic::of(case, &dependency).tell(false, &mut lines),
            "control-missing" => Arithmetic::of(case, &dependency).tell(true, &mut lines),
            _ => {}
        }
        overlays(case, &dependency, &mut lines);
        ended(case, &finding, &dependency, &mut lines);
    }
    lines.extend(level(case, &finding, by));
    lines
}

fn origin(case: &Case<'_>, dependency: &Dependency<'_>) -> String {
    let origin = dependency.origin;
    let mut text = match case.ratings.name(origin.registry) {
        Some(name) => format!("comes from {name} (class {})", origin.class.id()),
        None => format!("is of class {}", origin.class.id()),
    };
    let default = case.policy.default_registry(dependency.entry.ecosystem).filter(|_| origin.known_by == KnownBy::Policy);
    text += match (origin.known_by, default) {
        (_, Some(_)) => ", the default by ",
        (KnownBy::Entry, _) => ": the entry says so",
        (KnownBy::File, _) => ": its lockfile says so",
        (KnownBy::Configuration, _) => ": the client's configuration says so",
        (KnownBy::Policy, _) => ": the policy says so",
        (KnownBy::Assumed, _) => ": only the client's default says so",
    };
    text += &default.map(|line| set_by(case, line)).unwrap_or_default();
    let Some(declared) = case.policy.registries.iter().find(|one| Some(&*one.id.value) == case.ratings.id(origin.registry))
    else {
        return text;
    };
    let whose = match &declared.mirror_of {
        Some(original) if !declared.owns(dependency.name()) => {
            format!(": for this package it mirrors {}, whose controls count", original.value)
        }
        _ if declared.controls.is_empty() => ", where no controls are stated".to_owned(),
        _ => {
            let who = declared.owner.as_deref().unwrap_or_default();
            let why = declared.reason.as_deref().unwrap_or_default();
            format!(": its own controls count; {who}: {why}")
        }
    };
    format!("{text}; declared at {}{whose}", set_by(case, &declared.id))
}

/// All that may be asked, where that is more than one.
fn candidates(case: &Case<'_>, dependency: &Dependency<'_>) -> Option<String> {
    let candidates = dependency.candidates();
    let named = |candidate: &Candidate| match case.ratings.name(candidate.registry) {
        Some(name) => name.to_owned(),
        None if candidate.location.is_empty() => format!("something unknown ({})", candidate.reason),
        None => candidate.location.clone(),
    };
    let names: Vec<String> = candidates.iter().map(named).collect();
    (names.len() > 1).then(|| format!("judged as the weakest of {} that may be asked: {}", names.len(), names.join(", ")))
}

/// What was asked of a dependency's registry, and what it has.
struct Arithmetic<'c, 'a> {
    case: &'c Case<'a>,
    dependency: &'c Dependency<'a>,
    standing: Standing,
    reading: Reading,
    rating: Rating,
}

impl<'c, 'a> Arithmetic<'c, 'a> {
    fn of(case: &'c Case<'a>, dependency: &'c Dependency<'a>) -> Self {
        let standing = case.ratings.standing(dependency.origin.registry, dependency.name());
        let reading = case.minimum_for(dependency).map(|minimum| minimum.reading.value).unwrap_or_default();
        let rating = rate(&standing.statuses(), reading);
        Self { case, dependency, standing, reading, rating }
    }

    /// What was asked by name, or what else was.
    fn tell(&self, is_by_name: bool, lines: &mut Vec<String>) {
        let asked = self.case.policy.minimum.explain(&self.case.selectable(self.dependency));
        for (what, stated) in
            [("tier", &asked.tier), ("reading", &asked.reading), ("controls", &asked.controls), ("any of", &asked.any_of)]
        {
            let Some((first, others)) = stated.split_first() else { continue };
            if what != "reading" && (what == "controls") != is_by_name {
                continue;
            }
            let told = |line: &Stated| format!("{}, by {}", without(&line.asks, what), stated_by(self.case, line));
            let others: String = others.iter().flat_map(|other| ["; not ".to_owned(), told(other)]).collect();
            lines.push(format!("asked: {what} {}{others}", told(first)));
        }
        match self.standing {
            Standing::Unrated => return lines.push("nobody has read its controls, so it is tier 1".to_owned()),
            Standing::Declared(tier) => {
                return lines
                    .push(format!("of its controls nothing is known on this day; the seed document declared tier {tier}"));
            }
            Standing::Controls(_) => {}
        }
        let Some(minimum) = self.case.minimum_for(self.dependency) else { return };
        if is_by_name {
            return self.sum("asked for by name", minimum.controls.iter().map(|control| control.value), lines);
        }
        if let Some(tier) = minimum.tier {
            self.tier(tier.value, lines);
        }
        for alternative in minimum.any_of {
            if let Some(tier) = alternative.tier {
                self.tier(tier, lines);
            }
            self.sum(&format!("for the alternative {alternative}"), alternative.controls.iter().copied(), lines);
        }
    }

    fn tier(&self, tier: Tier, lines: &mut Vec<String>) {
        self.sum(&format!("needed for tier {tier}"), tier.needs(), lines);
    }

    /// Which of these controls count in the reading, and which do not.
    fn sum(&self, what: &str, controls: impl Iterator<Item = Control>, lines: &mut Vec<String>) {
        let (met, missing): (Vec<Control>, Vec<Control>) = controls.partition(|control| self.rating.is_met(*control));
        if met.is_empty() && missing.is_empty() {
            return;
        }
        let all = plural(met.len() + missing.len(), "control", "controls");
        lines.push(format!("{what}: {all}, of which {} count in the reading `{}`", met.len(), self.reading));
        for (title, controls) in [("count", met), ("do not count", missing)] {
            if !controls.is_empty() {
                let controls: Vec<String> = controls.into_iter().map(|control| self.status(control)).collect();
                lines.push(format!("  {title}: {}", controls.join(", ")));
            }
        }
    }

    /// A control with its status; where the policy has put it there, with the catalogue's.
    fn status(&self, control: Control) -> String {
        let statuses = self.standing.statuses();
        let status = statuses.get(control).id();
        if !statuses.overlaid().contains(control) {
            return format!("{} ({status})", control.id());
        }
        let read = original(self.case, self.dependency).map(|id| self.case.ratings.as_read(id).statuses().get(control).id());
        format!("{} ({status} by your policy; the catalogue says {})", control.id(), read.unwrap_or("nothing"))
    }
}

/// `tier 2` is said of a tier without saying so twice.
fn without<'t>(asks: &'t str, what: &str) -> &'t str {
    asks.strip_prefix(what).map_or(asks, str::trim_start)
}

/// The record whose controls count for a dependency.
fn original(case: &Case<'_>, dependency: &Dependency<'_>) -> Option<RegistryId> {
    match case.ratings.original(dependency.origin.registry, dependency.name()) {
        Registry::Record(id) => Some(id),
        _ => None,
    }
}

fn overlays(case: &Case<'_>, dependency: &Dependency<'_>, lines: &mut Vec<String>) {
    let Some(id) = original(case, dependency) else { return };
    for overlay in case.policy.overlays.iter().filter(|overlay| *overlay.registry.value == *id.row().id) {
        let state = if overlay.is_expired(case.today) { "counts no longer, it ended on" } else { "counts until" };
        let place = set_by(case, &overlay.registry);
        lines.push(format!("the overlay at {place} {state} {}; {}: {}", overlay.until.value, overlay.owner, overlay.reason));
    }
}

/// The exceptions that would accept it, had they not ended.
fn ended(case: &Case<'_>, finding: &Finding, dependency: &Dependency<'_>, lines: &mut Vec<String>) {
    let subject = case.selectable(dependency);
    for exception in case.policy.exceptions.all().iter().filter(|one| one.is_expired(case.today)) {
        if exception.fits(finding.rule.id, &subject) {
            let place = exception.place.map(|place| position(case, place)).unwrap_or_default();
            let (owner, reason) = (&exception.owner, &exception.reason);
            lines.push(format!(
                "the exception at {place} accepts it no longer, it ended on {}; {owner}: {reason}",
                exception.until.value
            ));
        }
    }
}

/// Which line gave the level: that of the rule, or that of the part of it that has one of its own.
fn level(case: &Case<'_>, finding: &Finding, by: By) -> Option<String> {
    let rows = ROWS.iter().filter(|row| row.rule == finding.rule.id);
    let levels: Vec<_> = rows.map(|row| (row.id, case.policy.level(row.id))).collect();
    let is_reference = case.dependency(finding.subject).is_some_and(|dependency| dependency.is_reference());
    let (id, level) = levels.iter().find(|(id, _)| (*id != finding.rule.id) == is_reference).or_else(|| levels.first())?;
    let whose = match by {
        By::Own => String::new(),
        other => format!(" of the {}", other.id()),
    };
    // A rule may judge milder or harder than its level, and says so itself.
    let found = if level.value == finding.level { String::new() } else { format!("; this is at {}", finding.level.id()) };
    Some(format!("{id} is at {} by {}{whose}{found}", level.value.id(), set_by(case, level)))
}
