//! Annotations of a workflow's run, as commands for GitHub's runner: one for each cause, the worst first.
//!
//! The runner keeps ten of each level for a step (and counts all steps inside of one action as one), so no more are written: where there
//! are more, the tenth says how many. Text is made harmless first and then escaped as the runner unescapes it. Commands must stand on
//! the step's output, outside of what `::stop-commands::` switches off.

use std::io::{self, Write};

use crate::judge::{Note, Report};
use crate::policy::Level;
use crate::report::escape::{lines, terminal};
use crate::report::group::{Group, groups};
use crate::report::human::{brought_in, counted, members};
use crate::report::places::Places;
use crate::report::{Reporter, Style, plural};
use crate::text::Place;

pub(super) static REPORTER: Reporter = Reporter {
    id: "annotations",
    about: "commands for GitHub's runner, which shows them at their lines",
    is_streamed: false,
    write,
};

/// The runner keeps so many of each level.
const ANNOTATIONS_MAX: usize = 10;
/// The runner cuts a message here, in UTF-16 units.
const UNITS_MAX: usize = 4096;

/// What an annotation is about.
enum Subject<'r> {
    Cause(&'r Group),
    NoLockfile,
    Note(&'r Note),
}

/// What it says.
struct Annotation {
    /// Shown above it.
    title: String,
    message: String,
    place: Option<Place>,
}

fn write(report: &Report<'_>, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(&report.case);
    let groups = groups(report);
    let (mut errors, mut warnings): (Vec<Subject<'_>>, Vec<Subject<'_>>) = (Vec::new(), Vec::new());
    match report.no_lockfile {
        Some(Level::Deny | Level::Undecided) => errors.push(Subject::NoLockfile),
        Some(Level::Warn) => warnings.push(Subject::NoLockfile),
        Some(Level::Allow) | None => {}
    }
    for group in &groups {
        let level = if group.level == Level::Warn { &mut warnings } else { &mut errors };
        level.push(Subject::Cause(group));
    }
    let notices: Vec<Subject<'_>> = report.notes.iter().map(Subject::Note).collect();
    for (command, subjects) in [("error", errors), ("warning", warnings), ("notice", notices)] {
        let shown = if subjects.len() > ANNOTATIONS_MAX { ANNOTATIONS_MAX - 1 } else { subjects.len() };
        for subject in subjects.iter().take(shown) {
            let Annotation { title, message, place } = annotation(report, subject);
            let at = place.map(|place| properties(&places, place)).unwrap_or_default();
            writeln!(out, "::{command} {at}title={}::{}", property(&title), data(&cut(&lines(&message))))?;
        }
        let rest = subjects.len() - shown;
        if rest > 0 {
            let message = format!("{rest} more of these are in the log and in the job's summary, not here.");
            let title = format!("packman: {}", plural(rest, "more", "more"));
            writeln!(out, "::{command} title={}::{}", property(&title), data(&message))?;
        }
    }
    Ok(())
}

fn annotation(report: &Report<'_>, subject: &Subject<'_>) -> Annotation {
    match subject {
        Subject::Cause(group) => {
            let words = &group.first;
            let is_one = group.findings.len() == 1;
            let said = if is_one { words.message.clone() } else { words.many.replace("{}", &counted(report, group)) };
            let help = (!words.hint.is_empty()).then(|| format!("Next: {}", words.hint));
            let parts = [Some(said), members(report, group, Style::default()), brought_in(report, group), help];
            let message = parts.into_iter().flatten().collect::<Vec<_>>().join("\n");
            Annotation { title: format!("packman: {}", group.rule.id), message, place: words.primary }
        }
        Subject::NoLockfile => Annotation {
            title: "packman: no-lockfile".to_owned(),
            message: "no lockfile was found, so nothing was judged\nNext: run packman in the folder that has the lockfiles, and commit them"
                .to_owned(),
            place: None,
        },
        Subject::Note(note) => {
            Annotation { title: "packman: note".to_owned(), message: note.message.clone(), place: note.place }
        }
    }
}

/// Where it stands, if that is in the tree: one line, since columns count only within one.
fn properties(places: &Places<'_>, place: Place) -> String {
    let Some((place, path)) = places.at_head(place).and_then(|place| Some((place, places.path_below_top(place.text)?))) else {
        return String::new();
    };
    let region = places.region(place);
    // The runner drops a value's own leading `=`.
    let dot = if path.starts_with('=') { "./" } else { "" };
    format!(
        "file={dot}{},line={},endLine={},col={},endColumn={},",
        property(&path),
        region.line,
        region.end_line,
        region.column,
        region.end_column
    )
}

/// A message of the length that the runner keeps.
fn cut(message: &str) -> String {
    let mut units = 0;
    let mut cut = String::new();
    let is_short = message.len() <= UNITS_MAX || message.encode_utf16().count() <= UNITS_MAX;
    for c in message.chars() {
        units += c.len_utf16();
        if !is_short && units >= UNITS_MAX {
            cut.push('…');
            break;
        }
        cut.push(c);
    }
    cut
}

/// A command's data as the runner unescapes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value, likewise.
fn property(text: &str) -> String {
    data(&terminal(text)).replace(':', "%3A").replace(',', "%2C")
}
