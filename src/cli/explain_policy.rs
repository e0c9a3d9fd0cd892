//! `packman explain --policy`: which line of the policy decides each question about a dependency, and why.
//!
//! Answers for: minimum, overlay, assignment, origin, code at install, levels, exceptions and baseline, each with its place. Judges nothing
//! anew: it tells what the gate found.

use std::path::Path;

use crate::cli::args::Explain;
use crate::cli::check::{open, refuse};
use crate::cli::why::fits;
use crate::cli::{Environment, Exit};
use crate::finding::{Finding, Subject};
use crate::gate::check;
use crate::judge::Report;
use crate::policy::{Exception, ROWS, SetBy, Setting, Stated};
use crate::report::escape::terminal;
use crate::report::explained;
use crate::route::{Class, Registry};
use crate::routing::KnownBy;
use crate::rules::{By, Case, Dependency, RULES};
use crate::text::Place;

/// Explains every dependency that fits. Exit 1 if there is none.
pub(super) fn run(package: &str, command: &Explain, environment: &mut Environment<'_>) -> Exit {
    let root = Path::new(command.id.as_deref().unwrap_or("."));
    let looked = look(root, package, command, environment);
    match looked {
        Ok(lines) if lines.is_empty() => {
            environment.say("not found", &format!("no lockfile here states `{}`", terminal(package)));
            Exit::Fail
        }
        Ok(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| terminal(line).into_owned()).collect();
            environment.print(format!("{}\n", lines.join("\n")).as_bytes())
        }
        Err(exit) => exit,
    }
}

fn look(root: &Path, package: &str, command: &Explain, environment: &mut Environment<'_>) -> Result<Vec<String>, Exit> {
    let (tree, mut request) = open(root, None, command.today, environment)?;
    request.floor = environment.floor(command.floor.as_deref(), root)?;
    let told = check(tree.as_ref(), request, |report| explain_all(report, package));
    told.map_err(|refusal| refuse(&refusal, environment))
}

fn explain_all(report: &Report<'_>, package: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let case = &report.case;
    for dependency in case.dependencies().filter(|dependency| fits(dependency, package)) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(dependency.purl());
        let teller = Teller { case, findings: &report.findings, is_own: true };
        lines.push(teller.line("stated in", &teller.at(dependency.place())));
        teller.tell(&dependency, &mut lines);
        for inner in case.folders {
            let Some(folder) = inner.folder.filter(|folder| folder.holds(dependency.path())) else { continue };
            lines.push(format!("  in the folder {}, by {}", folder.path, inner.policy.text.map_or("", |text| inner.path(text))));
            let teller = Teller { case: inner, findings: &[], is_own: false };
            let alone: Vec<&str> = RULES.iter().map(|rule| rule.id).filter(|rule| folder.decides_alone(rule)).collect();
            if !alone.is_empty() {
                lines.push(teller.line("alone on", &format!("{}, as {} lets it", alone.join(", "), teller.at(folder.place))));
            }
            teller.tell(&dependency, &mut lines);
        }
        for other in case.others.iter().filter(|other| other.by == By::Floor) {
            let number = other.case.head.number_at(dependency.path());
            let subject = number.map(|number| Subject::Entry(number, dependency.id.1));
            let Some(same) = subject.and_then(|subject| other.case.dependency(subject)) else { continue };
            let path = other.case.policy.text.map(|text| other.case.path(text)).unwrap_or_default();
            lines.push(format!("  under the floor {path}"));
            Teller { case: &other.case, findings: &[], is_own: false }.tell(&same, &mut lines);
        }
    }
    lines
}

/// Tells what one policy says.
struct Teller<'t, 'a> {
    case: &'t Case<'a>,
    findings: &'t [Finding],
    /// Whether it is the policy under which the findings were made.
    is_own: bool,
}

impl<'a> Teller<'_, 'a> {
    fn line(&self, name: &str, text: &str) -> String {
        let indent = if self.is_own { "  " } else { "    " };
        format!("{indent}{name:<13}{text}")
    }

    fn at(&self, place: Place) -> String {
        explained::position(self.case, place)
    }

    fn set_by<T>(&self, setting: &Setting<T>) -> String {
        explained::set_by(self.case, setting)
    }

    fn tell(&self, dependency: &Dependency<'a>, lines: &mut Vec<String>) {
        self.origin(dependency, lines);
        let asked = self.case.policy.minimum.explain(&self.case.selectable(dependency));
        self.minimum("tier", &asked.tier, "none is asked", lines);
        let is_asked = !(asked.tier.is_empty() && asked.controls.is_empty() && asked.any_of.is_empty());
        if is_asked {
            self.minimum("reading", &asked.reading, "`offered`: packman's default", lines);
        }
        self.minimum("controls", &asked.controls, "none are asked by name", lines);
        if !asked.any_of.is_empty() {
            self.minimum("any of", &asked.any_of, "", lines);
        }
        self.overlay(dependency, lines);
        self.packages(dependency, lines);
        self.levels(dependency, lines);
        self.accepted(dependency, lines);
    }

    fn origin(&self, dependency: &Dependency<'a>, lines: &mut Vec<String>) {
        let (case, origin) = (self.case, dependency.origin);
        let mut text = format!("{} (class {})", case.origin_name(origin), origin.class.id());
        let declared = case.policy.registries.iter().find(|one| Some(&*one.id.value) == case.ratings.id(origin.registry));
        let default = case.policy.default_registry(dependency.entry.ecosystem).filter(|_| origin.known_by == KnownBy::Policy);
        if let Some(declared) = declared {
            text = format!("{text}, declared at {}", self.set_by(&declared.id));
        }
        if let Some(default) = default {
            text = format!("{text}, the default by {}", self.set_by(default));
        }
        lines.push(self.line("comes from", &text));
        let location = dependency.location();
        let origins = &case.policy.origins;
        let allowed = match origin.class {
            Class::Git => Some(origins.git(&location).map(|line| self.set_by(line))),
            Class::Url => Some(origins.url(&location).map(|line| self.set_by(line))),
            _ => None,
        };
        if let Some(allowed) = allowed {
            let text = allowed.map_or_else(|| "no line of `[origins]` allows it".to_owned(), |by| format!("allowed by {by}"));
            lines.push(self.line("origin", &text));
        }
    }

    /// The line that decides, and those that it is put before.
    fn minimum(&self, name: &str, stated: &[Stated], none: &str, lines: &mut Vec<String>) {
        let Some((first, others)) = stated.split_first() else {
            lines.push(self.line(name, none));
            return;
        };
        let because = match (others.is_empty(), &*first.selects) {
            (true, "") => "nothing narrower fits".to_owned(),
            (true, _) => "nothing else fits".to_owned(),
            (false, _) => "the most specific that fits".to_owned(),
        };
        lines.push(self.line(name, &format!("{}, by {}: {because}", first.asks, explained::stated_by(self.case, first))));
        for other in others {
            lines.push(self.line("", &format!("not {}, by {}", other.asks, explained::stated_by(self.case, other))));
        }
    }

    fn overlay(&self, dependency: &Dependency<'a>, lines: &mut Vec<String>) {
        let original = self.case.ratings.original(dependency.origin.registry, dependency.name());
        let Registry::Record(id) = original else { return };
        for overlay in self.case.policy.overlays.iter().filter(|overlay| *overlay.registry.value == *id.row().id) {
            let place = self.set_by(&overlay.registry);
            let text = if overlay.is_expired(self.case.today) {
                format!("none: the one at {place} ended on {}", overlay.until.value)
            } else {
                let rating = self.case.ratings.rating(original, dependency.name(), crate::catalogue::rating::Reading::Offered);
                let rating = rating.map(|rating| format!("; {rating}")).unwrap_or_default();
                format!("by {place}, until {}, {}: {}{rating}", overlay.until.value, overlay.owner, overlay.reason)
            };
            lines.push(self.line("overlay", &text));
        }
    }

    fn packages(&self, dependency: &Dependency<'a>, lines: &mut Vec<String>) {
        let (packages, ecosystem) = (&self.case.policy.packages, dependency.entry.ecosystem);
        let text = match packages.assigned(ecosystem, dependency.name()) {
            Some(line) => format!("to `{}`, by {}", line.registry.value, self.set_by(&line.registry)),
            None => "to no registry".to_owned(),
        };
        lines.push(self.line("assigned", &text));
        if let Some(line) = packages.may_run_code().first(ecosystem, dependency.name(), dependency.version()) {
            lines.push(self.line("may run code", &format!("by {}", self.set_by(line))));
        }
    }

    /// The levels of what was found here, and of whatever the policy sets itself.
    fn levels(&self, dependency: &Dependency<'a>, lines: &mut Vec<String>) {
        let subject = Subject::Entry(dependency.id.0, dependency.id.1);
        let found: Vec<&Finding> = self.findings.iter().filter(|finding| finding.subject == subject).collect();
        for finding in &found {
            let by = match finding.judged_by(self.case) {
                By::Own => String::new(),
                other => format!(", as the {} judges", other.id()),
            };
            let message = finding.words(self.case).message;
            lines.push(
                self.line(
                    "found",
                    &format!("{} at {}, {}{by}: {message}", finding.rule.id, finding.level.id(), finding.state.id()),
                ),
            );
        }
        if found.is_empty() && self.is_own {
            lines.push(self.line("found", "nothing"));
        }
        for row in ROWS {
            let level = self.case.policy.level(row.id);
            let is_found = found.iter().any(|finding| finding.rule.id == row.rule);
            if is_found || matches!(level.by, SetBy::File | SetBy::CommandLine) {
                lines.push(self.line("level", &format!("{} is at {}, by {}", row.id, level.value.id(), self.set_by(&level))));
            }
        }
    }

    fn accepted(&self, dependency: &Dependency<'a>, lines: &mut Vec<String>) {
        let subject = self.case.selectable(dependency);
        let of = Subject::Entry(dependency.id.0, dependency.id.1);
        for exception in self.case.policy.exceptions.all() {
            if !exception.fits(exception.rule, &subject) {
                continue;
            }
            let place = exception.place.map(|place| self.at(place)).unwrap_or_default();
            let is_it = |used: &Exception| used.place == exception.place;
            let is_used = self.findings.iter().any(|one| one.subject == of && one.exception(self.case).is_some_and(is_it));
            let state = match (exception.is_expired(self.case.today), is_used) {
                (true, _) => format!("ended on {}, so it accepts nothing", exception.until.value),
                (false, true) => format!("accepts the finding until {}", exception.until.value),
                (false, false) => format!("would accept such a finding until {}", exception.until.value),
            };
            let text = format!("from {}, at {place}: {state}; {}: {}", exception.rule, exception.owner, exception.reason);
            lines.push(self.line("exception", &text));
        }
        let lines_of =
            self.findings.iter().filter(|finding| finding.subject == of).filter_map(|finding| finding.state.baselined());
        for number in lines_of {
            if let Some(line) = self.case.policy.baseline.lines().get(number as usize) {
                lines.push(self.line("baseline", &format!("{} accepts it since {}", self.at(line.place), line.since)));
            }
        }
    }
}
