//! `packman doctor`: shows that the gate is on.
//!
//! Answers for: planting bad entries in a copy of the repository that only memory holds, and telling which of them stop a build under
//! the policy as it is. It writes nothing and changes nothing.

mod plants;

use std::fmt::Write as _;

use crate::catalogue::control::Tier;
use crate::cli::args::Doctor;
use crate::cli::check::{open, refuse};
use crate::cli::{Environment, Exit};
use crate::finding::{Finding, State};
use crate::gate::{Base, compare};
use crate::judge::Report;
use crate::policy::Level;
use crate::report::escape::terminal;
use crate::report::{aligned, policy_title};
use crate::rules::{Case, Dependency};
use crate::tree::{FileKind, Overlay, Tree};
use plants::{FOLDER, Plant, plants};

/// Plants, judges, tells.
pub(super) fn run(command: &Doctor, environment: &mut Environment<'_>) -> Exit {
    let (tree, request) = match open(&command.path, command.policy.as_deref(), command.today, environment) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let plants = plants();
    let (mut before, mut after) = (Overlay::new(tree.as_ref()), Overlay::new(tree.as_ref()));
    for plant in &plants {
        plant.base.iter().for_each(|(name, content)| before.put(path(plant, name), content.as_bytes()));
        plant.head.iter().for_each(|(name, content)| after.put(path(plant, name), content.as_bytes()));
    }
    let base = Base { tree: &before, name: "the repository as it is".to_owned() };
    let judged = compare(&after, Some(&base), request, |report| examine(report, &plants));
    match judged {
        Ok(examined) => {
            let is_on = examined.is_on();
            let shown = examined.shown(workflow(tree.as_ref()).as_deref());
            match environment.print(shown.as_bytes()) {
                Exit::Pass if !is_on => Exit::Fail,
                exit => exit,
            }
        }
        Err(refusal) => refuse(&refusal, environment),
    }
}

fn path(plant: &Plant, name: &str) -> String {
    format!("{FOLDER}/{}/{name}", plant.id)
}

/// What became of a planted thing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// It stops the build.
    Stops,
    /// It is shown, and the build goes on.
    Shown,
    /// The policy does not look for it; where it says so.
    NotSought(String),
    /// The policy looks for it, and lets this one by; why.
    Missed(String),
}

struct Examined {
    policy: String,
    /// What was planted, the rule, the level that the policy gives it, and what became of it.
    rows: Vec<(&'static str, &'static str, Level, Fate, bool)>,
}

fn examine(report: &Report<'_>, plants: &[Plant]) -> Examined {
    let policy = policy_title(&report.case);
    Examined { policy, rows: plants.iter().map(|plant| row(report, plant)).collect() }
}

fn row(report: &Report<'_>, plant: &Plant) -> (&'static str, &'static str, Level, Fate, bool) {
    let case = &report.case;
    let level = case.policy.level(plant.level);
    let folder = format!("{FOLDER}/{}/", plant.id);
    let is_it = |finding: &&Finding| finding.rule.id == plant.rule && case.key_parts(finding).lockfile.starts_with(&folder);
    let found = report.findings.iter().filter(is_it).min_by_key(|finding| (finding.state, std::cmp::Reverse(finding.level)));
    let fate = match found {
        Some(Finding { state: State::New, level: Level::Deny | Level::Undecided, .. }) => Fate::Stops,
        Some(Finding { state: State::New, .. }) => Fate::Shown,
        Some(Finding { state: State::Excepted(number), .. }) => {
            Fate::Missed(format!("the exception {} accepts it", case.exception_name(*number)))
        }
        Some(_) => Fate::Missed("the baseline accepts it".to_owned()),
        None if !is_asked(case, plant, &folder) => Fate::NotSought(": no minimum is asked of it".to_owned()),
        None if level.value == Level::Allow => {
            Fate::NotSought(level.place.map_or_else(String::new, |place| format!(", {}", at(case, place))))
        }
        None => Fate::Missed(excluded(case, plant).unwrap_or_else(|| "nothing found it".to_owned())),
    };
    (plant.what, plant.rule, level.value, fate, plant.is_vital)
}

/// Whether the policy asks of what was planted what it lacks.
fn is_asked(case: &Case<'_>, plant: &Plant, folder: &str) -> bool {
    let is_planted = |dependency: &Dependency<'_>| dependency.path().starts_with(folder);
    let asked = |dependency: Dependency<'_>| case.minimum_for(&dependency).and_then(|minimum| minimum.tier);
    plant.rule != "tier-below-minimum"
        || case.dependencies().filter(is_planted).filter_map(asked).any(|tier| tier.value > Tier::UNTRUSTED)
}

/// Where a setting stands, for people.
fn at(case: &Case<'_>, place: crate::text::Place) -> String {
    let line = case.text(place.text).map_or(1, |text| text.lines().position(place.span.start).0);
    format!("{}:{line}", case.path(place.text))
}

/// That a pattern of the policy keeps the planted files from being read.
fn excluded(case: &Case<'_>, plant: &Plant) -> Option<String> {
    let pattern = plant.head.iter().find_map(|(name, _)| case.policy.excludes(&path(plant, name)))?;
    let place = pattern.place.map_or_else(String::new, |place| format!(" ({})", at(case, place)));
    Some(format!("`exclude` has `{}`, so it is not read{place}", pattern.value))
}

impl Examined {
    /// Whether what a gate is for stops the build, and nothing that the policy looks for gets by.
    fn is_on(&self) -> bool {
        self.rows.iter().all(|(_, _, _, fate, is_vital)| match fate {
            Fate::Stops => true,
            Fate::Shown | Fate::NotSought(_) => !is_vital,
            Fate::Missed(_) => false,
        })
    }

    fn shown(&self, workflow: Option<&str>) -> String {
        let mut rows = vec![["planted", "rule", "level", "what happens"].map(str::to_owned)];
        for (what, rule, level, fate, _) in &self.rows {
            let fate = match fate {
                Fate::Stops => "stops the build".to_owned(),
                Fate::Shown => "is shown, stops nothing".to_owned(),
                Fate::NotSought(place) => format!("is not looked for{place}"),
                Fate::Missed(why) => format!("GETS BY: {why}"),
            };
            rows.push([(*what).to_owned(), (*rule).to_owned(), level.id().to_owned(), fate]);
        }
        let stops = self.rows.iter().filter(|(_, _, _, fate, _)| *fate == Fate::Stops).count();
        let mut shown = format!("packman doctor, policy {}\n\n", self.policy);
        for line in aligned(&rows, &[]) {
            let _ = writeln!(shown, "{}", terminal(&line));
        }
        let all = self.rows.len();
        if self.is_on() {
            let _ = writeln!(
                shown,
                "\nthe gate is on: {stops} of {all} kinds of trouble stop a build, nothing that the policy looks for gets by"
            );
        } else {
            let off: Vec<&str> = self.rows.iter().filter(|row| row.4 && row.3 != Fate::Stops).map(|row| row.1).collect();
            let missed = self.rows.iter().filter(|row| matches!(row.3, Fate::Missed(_))).count();
            let why = if off.is_empty() {
                format!(
                    "{} by that the policy looks for",
                    if missed == 1 { "one thing gets".to_owned() } else { format!("{missed} things get") }
                )
            } else {
                format!("`{}` {} nothing", off.join("` and `"), if off.len() == 1 { "stops" } else { "stop" })
            };
            let _ = writeln!(shown, "\nthe gate is off: {why}");
            let _ =
                writeln!(shown, "next: extend `standard` or `strict`, or raise the level in `[levels]`: packman explain levels");
        }
        match workflow {
            Some(workflow) => {
                let _ = writeln!(
                    shown,
                    "{} runs packman; that it has to run, only a required check or a required workflow can assure",
                    terminal(workflow)
                );
            }
            None => {
                shown.push_str("note: nothing below .github/workflows names packman; a gate that nobody runs stops nothing\n");
            }
        }
        shown
    }
}

/// The first workflow of the repository that names packman.
fn workflow(tree: &dyn Tree) -> Option<String> {
    const WORKFLOW_BYTES_MAX: u64 = 1024 * 1024;
    let mut files: Vec<String> = tree
        .list()
        .ok()?
        .files
        .into_iter()
        .filter(|(path, kind)| *kind == FileKind::File && path.starts_with(".github/workflows/"))
        .map(|(path, _)| path.into())
        .collect();
    files.sort();
    files
        .into_iter()
        .find(|path| tree.read(path, WORKFLOW_BYTES_MAX).is_ok_and(|bytes| memchr::memmem::find(&bytes, b"packman").is_some()))
}
