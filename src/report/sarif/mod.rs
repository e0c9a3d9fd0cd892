//! SARIF 2.1.0, as code scanning reads it best: one run, every rule that was looked at, one result for each cause that somebody can
//! act on.
//!
//! Findings that an exception or the baseline accepts are left out, since code scanning would open alerts for them. A run that could
//! not judge everything says `executionSuccessful: false` and is complete in what it could judge. Paths of the machine never occur.
//! What the limits of code scanning cut is said in a notification.

mod alerts;
mod limits;
mod results;
mod rules;
mod words;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, Message, Notification, PhysicalLocation, Region, Run, RunAutomationDetails, Sarif,
    Tool, ToolComponent,
};

use crate::judge::Report;
use crate::policy::Level;
use crate::report::places::Places;
use crate::report::{Reporter, Style};
use crate::text::{Lost, Place, Problem};
use alerts::{Alerts, alerts};
use rules::Rules;
pub use rules::ids;
use words::{plain, sentence};

pub(super) static REPORTER: Reporter =
    Reporter { id: "sarif", about: "SARIF 2.1.0 for code scanning", is_streamed: false, write };

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";
/// The base of all addresses: the work tree's top.
const ROOT: &str = "%SRCROOT%";
/// The name that code scanning keeps alerts under. Those of another name or category would stay open for ever, so neither changes.
const NAME: &str = "packman";
/// So many notifications of one kind are written.
const NOTIFICATIONS_MAX: usize = 200;

fn write(report: &Report<'_>, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut results_max = limits::RESULTS_MAX;
    loop {
        let pieces = log(report, results_max)?;
        match limits::fewer_results(&pieces, results_max)? {
            Some(fewer) => results_max = fewer,
            None => return pieces.iter().try_for_each(|piece| out.write_all(piece)).and_then(|()| out.write_all(b"\n")),
        }
    }
}

/// The whole log, in pieces. Its results are written by themselves.
fn log(report: &Report<'_>, results_max: usize) -> io::Result<Vec<Vec<u8>>> {
    let rules = Rules::of(report);
    let places = Places::new(&report.case);
    let alerts = alerts(report, &rules, &places, results_max);
    let driver = ToolComponent::builder()
        .name(NAME)
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .information_uri(env!("CARGO_PKG_REPOSITORY"))
        .rules(rules.descriptors(&report.case))
        .build();
    let root = ArtifactLocation::builder().description(message("The top of the repository.".to_owned())).build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .automation_details(RunAutomationDetails::builder().id(category(&places)).build())
        .invocations(vec![invocation(report, &rules, &alerts, &places)])
        .original_uri_base_ids(BTreeMap::from([(ROOT.to_owned(), root)]))
        .column_kind(json!("utf16CodeUnits"))
        .newline_sequences(["\r\n", "\n", "\r"].map(str::to_owned).to_vec())
        .results(Vec::new())
        .build();
    let mut log = serde_json::to_vec(&Sarif::builder().schema(SCHEMA).version(json!("2.1.0")).runs(vec![run]).build())?;
    // No string can hold this: its quotes would be escaped.
    let empty = memchr::memmem::find(&log, br#""results":[]"#).ok_or_else(|| io::Error::other("a log has no results"))?;
    let behind = log.split_off(empty + br#""results":["#.len());
    let results = results::results(report, &rules, &alerts.kept, &places)?;
    Ok([log].into_iter().chain(results).chain([behind]).collect())
}

/// The category: what stands before the last slash. Each folder that is judged by itself has its own, since an upload takes the place
/// of the one before it under the same category.
fn category(places: &Places<'_>) -> String {
    match places.prefix() {
        prefix if prefix.is_empty() => format!("{NAME}/"),
        prefix => format!("{NAME}/{prefix}/"),
    }
}

fn message(text: String) -> Message {
    Message::builder().text(text).build()
}

/// A place as a location; none if it does not lie in the tree under judgement.
fn location(places: &Places<'_>, place: Place) -> Option<Location> {
    Some(Location::builder().physical_location(physical(places.uri(place.text)?, places.region(place))).build())
}

fn physical(uri: String, region: crate::text::Region) -> PhysicalLocation {
    let region = Region::builder()
        .start_line(i64::from(region.line))
        .start_column(i64::from(region.column))
        .end_line(i64::from(region.end_line))
        .end_column(i64::from(region.end_column))
        .build();
    PhysicalLocation::builder()
        .artifact_location(ArtifactLocation::builder().uri(uri).uri_base_id(ROOT).build())
        .region(region)
        .build()
}

/// How the run went: what could not be read, what was left out, what is good to know.
fn invocation(report: &Report<'_>, rules: &Rules, alerts: &Alerts, places: &Places<'_>) -> Invocation {
    let mut notifications = undecided(report, places);
    if alerts.cut > 0 {
        let kept = alerts.kept.len();
        let text = format!("Code scanning keeps {kept} results; {} more are left out, the worst are kept.", alerts.cut);
        notifications.push(notification("warning", text, None));
    }
    if rules.cut > 0 {
        let text = format!("Code scanning keeps {} rules; {} that found nothing are left out.", limits::RULES_MAX, rules.cut);
        notifications.push(notification("warning", text, None));
    }
    let homeless = alerts.homeless.iter().filter_map(|number| report.findings.get(*number));
    let homeless = homeless.map(|finding| {
        let level = if finding.level == Level::Warn { "warning" } else { "error" };
        notification(level, sentence(&plain(&finding.words(&report.case).message)), None)
    });
    notifications.extend(at_most(homeless, "findings have no place in this tree"));
    let notes = report.notes.iter().map(|note| {
        let place = note.place.and_then(|place| location(places, place));
        notification("note", sentence(&plain(&note.message)), place)
    });
    notifications.extend(at_most(notes, "notes are left out"));
    // What could not be read was not judged, whatever level the policy gives it.
    let is_successful = report.is_complete && report.case.head.coverage.unreadable == 0;
    Invocation::builder().execution_successful(is_successful).tool_execution_notifications(notifications).build()
}

/// The first of them, and how many more there are.
fn at_most(mut all: impl Iterator<Item = Notification>, what: &str) -> Vec<Notification> {
    let mut kept: Vec<Notification> = all.by_ref().take(NOTIFICATIONS_MAX).collect();
    let more = all.count();
    if more > 0 {
        kept.push(notification("error", format!("{more} more {what}."), None));
    }
    kept
}

/// Why the run is not complete.
fn undecided(report: &Report<'_>, places: &Places<'_>) -> Vec<Notification> {
    let case = &report.case;
    let mut notifications = Vec::new();
    if let Some(level) = report.no_lockfile {
        let level = if level == Level::Undecided { "error" } else { "warning" };
        notifications.push(notification(level, "No lockfile was found, so nothing was judged.".to_owned(), None));
    }
    let is_undecided = case.policy.level("lockfile-unreadable").value == Level::Undecided;
    let problems: Vec<&Problem> = case
        .head
        .lockfiles
        .iter()
        .flat_map(|judged| judged.problems())
        .filter(|problem| is_undecided || problem.lost == Lost::File)
        .collect();
    let told = problems.iter().map(|problem| {
        let text = format!("'{}' was not understood: {}", plain(case.path(problem.place.text)), plain(&problem.message));
        notification("error", sentence(&text), location(places, problem.place))
    });
    notifications.extend(at_most(told, "were not understood"));
    notifications
}

fn notification(level: &'static str, text: String, location: Option<Location>) -> Notification {
    let mut notification = Notification::builder().level(json!(level)).message(message(text)).build();
    notification.locations = location.map(|location| vec![location]);
    notification
}
