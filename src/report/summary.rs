//! Markdown for a workflow's job summary: verdict first, registries, what may not come in with one next step each, warnings folded,
//! coverage last.
//!
//! Answers for: nothing from a lockfile is taken for mark-up, and the whole stays below the runner's limit, above which nothing at all
//! would be shown.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::finding::{Finding, State};
use crate::judge::{Report, Verdict};
use crate::policy::Level;
use crate::report::escape::{code, markdown, terminal};
use crate::report::group::{Group, groups};
use crate::report::human::{cells, counted, policy_title, says};
use crate::report::places::{Places, brought_in};
use crate::report::plural;
use crate::report::{Reporter, Style};

pub(super) static REPORTER: Reporter = Reporter { id: "summary", about: "Markdown for a job summary", is_streamed: false, write };

/// The runner shows nothing above 1 MiB; a job's other steps may write to the same file.
const BYTES_MAX: usize = 900 * 1024;
/// So many of a group's members are named.
const MEMBERS_MAX: usize = 100;
/// So many paths are named where paths are listed.
const PATHS_MAX: usize = 20;
/// The longest stretch of text from a lockfile, in characters.
const CHARACTERS_MAX: usize = 1000;

fn write(report: &Report<'_>, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(&report.case);
    let groups = groups(report);
    let tail = tail(report);
    let mut sheet = Sheet { text: String::new(), room: BYTES_MAX.saturating_sub(tail.len() + 200), cut: 0 };
    let _ = writeln!(sheet.text, "## {}: {}\n", report.verdict.id(), says(report));
    sheet.add(&format!(
        "Policy {}, catalogue {}, packman {}.\n\n",
        code(&policy_title(&report.case)),
        report.case.ratings.catalogue().date(),
        env!("CARGO_PKG_VERSION")
    ));
    table(report, &mut sheet);
    let of = |level: Level| groups.iter().filter(move |group| group.level == level).collect::<Vec<_>>();
    section("### May not come in\n\n", &of(Level::Deny), report, &places, &mut sheet);
    section("### Could not be understood\n\n", &of(Level::Undecided), report, &places, &mut sheet);
    if report.counts.warn > 0 {
        let title = plural(report.counts.warn, "warning", "warnings");
        sheet.fold(&title, |sheet| section("", &of(Level::Warn), report, &places, sheet));
    }
    if report.counts.existing > 0 {
        sheet.fold(&format!("{} there before this change", report.counts.existing), |sheet| existing(report, &places, sheet));
    }
    if sheet.cut > 0 {
        let _ = writeln!(sheet.text, "{} did not fit; all of it is in the JSON report.\n", plural(sheet.cut, "item", "items"));
    }
    out.write_all(sheet.text.as_bytes())?;
    out.write_all(tail.as_bytes())
}

/// Text that never grows over its room.
struct Sheet {
    text: String,
    room: usize,
    /// How many items did not fit.
    cut: usize,
}

impl Sheet {
    fn add(&mut self, item: &str) {
        if self.text.len() + item.len() <= self.room {
            self.text.push_str(item);
        } else {
            self.cut += 1;
        }
    }

    /// A part that is shown when somebody asks.
    fn fold(&mut self, title: &str, fill: impl FnOnce(&mut Self)) {
        let end = "\n</details>\n\n";
        let _ = write!(self.text, "<details><summary>{title}</summary>\n\n");
        self.room = self.room.saturating_sub(end.len());
        fill(self);
        self.text.push_str(end);
    }
}

/// Registries with their tiers, never without the arithmetic.
fn table(report: &Report<'_>, sheet: &mut Sheet) {
    if report.registries.is_empty() {
        return;
    }
    sheet.add(
        "| registry | dependencies | tier | enforced | offered | missing for tier 2 |\n| --- | --: | --- | --: | --: | --- |\n",
    );
    for row in &report.registries {
        sheet.add(&format!("| {} |\n", cells(row).map(|cell| markdown(&cell)).join(" | ")));
    }
    sheet.text.push('\n');
}

fn section(title: &str, groups: &[&Group], report: &Report<'_>, places: &Places<'_>, sheet: &mut Sheet) {
    if groups.is_empty() {
        return;
    }
    sheet.add(title);
    for group in groups {
        sheet.add(&block(report, group, places));
    }
    sheet.text.push('\n');
}

/// One cause: where, what, who brings it in, what to do.
fn block(report: &Report<'_>, group: &Group, places: &Places<'_>) -> String {
    let words = &group.first;
    let mut block = String::from("- ");
    let first = group.findings.first().and_then(|number| report.findings.get(*number));
    if group.findings.len() == 1 {
        let at = words.primary.map(|place| format!("{}: ", code(&clipped(&places.spoken(place))))).unwrap_or_default();
        let _ = write!(block, "{at}{}.", first.map(|finding| said(report, finding, &words.message)).unwrap_or_default());
        block.push_str(&first.and_then(|finding| brought(report, finding, places)).unwrap_or_default());
    } else {
        let _ = write!(block, "{}:", inline(&words.many.replace("{}", &counted(report, group))));
        for number in group.findings.iter().take(MEMBERS_MAX) {
            let Some(finding) = report.findings.get(*number) else { continue };
            let _ = write!(block, "\n  - {}", member(report, finding, places));
        }
        if let Some(more) = group.findings.len().checked_sub(MEMBERS_MAX).filter(|more| *more > 0) {
            let _ = write!(block, "\n  - and {more} more, which the JSON report names");
        }
        block.push('\n');
    }
    next(&words.hint, &mut block);
    block.push('\n');
    block
}

/// A message with the version of the package that it is about in a code span too.
fn said(report: &Report<'_>, finding: &Finding, message: &str) -> String {
    match report.case.dependency(finding.subject).map(|dependency| dependency.spoken()) {
        Some(spoken) => match (message.split_once(&spoken), spoken.rsplit_once("` ")) {
            (Some((before, after)), Some((name, version))) => inline(&format!("{before}{name}` `{version}`{after}")),
            _ => inline(message),
        },
        None => inline(message),
    }
}

/// Package and place.
fn member(report: &Report<'_>, finding: &Finding, places: &Places<'_>) -> String {
    let at = finding.words(&report.case).primary.map(|place| code(&clipped(&places.spoken(place)))).unwrap_or_default();
    match report.case.dependency(finding.subject) {
        Some(dependency) => format!("{} at {at}", said(report, finding, &dependency.spoken())),
        None => at,
    }
}

fn brought(report: &Report<'_>, finding: &Finding, places: &Places<'_>) -> Option<String> {
    let brought = brought_in(&report.case, &report.case.dependency(finding.subject)?)?;
    let by = brought.by.map(|by| format!(" Brought in by {}", inline(&by)));
    let primary = finding.words(&report.case).primary;
    let asked = brought.asked.filter(|place| !primary.is_some_and(|primary| places.is_same_line(primary, *place)));
    let at = asked.map(|place| code(&clipped(&places.spoken(place))));
    Some(match (by, at) {
        (Some(by), Some(at)) => format!("{by}, asked for at {at}."),
        (Some(by), None) => format!("{by}."),
        (None, at) => format!(" Asked for at {}.", at?),
    })
}

/// One next step, below its item. What packman indents in a hint is for a file.
fn next(hint: &str, block: &mut String) {
    if hint.is_empty() {
        return;
    }
    block.push_str("\n  **Next:** ");
    let mut is_code = false;
    for line in hint.lines() {
        let indented = line.strip_prefix("    ");
        if indented.is_some() != is_code {
            block.truncate(block.trim_end().len());
            block.push_str(if is_code { "\n  ```\n  " } else { "\n  ```toml" });
            is_code = !is_code;
        }
        let shown = match indented {
            Some(line) => format!("\n  {}", terminal(&clipped(line)).replace('`', "'")),
            None => inline(line) + " ",
        };
        block.push_str(&shown);
    }
    if is_code {
        block.push_str("\n  ```");
    }
    *block = block.trim_end().to_owned();
}

/// What was there at the base.
fn existing(report: &Report<'_>, places: &Places<'_>, sheet: &mut Sheet) {
    for finding in report.findings.iter().filter(|finding| finding.state == State::Existing) {
        let words = finding.words(&report.case);
        let at = words.primary.map(|place| format!("{}: ", code(&clipped(&places.spoken(place))))).unwrap_or_default();
        sheet.add(&format!("- {at}{}.\n", said(report, finding, &words.message)));
    }
}

/// Notes, coverage, and how to see the same elsewhere.
fn tail(report: &Report<'_>) -> String {
    let case = &report.case;
    let coverage = &case.head.coverage;
    let mut tail = String::new();
    for note in report.notes.iter().take(PATHS_MAX) {
        let _ = writeln!(tail, "- Note: {}", inline(&note.message));
    }
    let unreadable =
        case.head.lockfiles.iter().filter(|judged| judged.lockfile.is_unreadable()).map(|one| case.path(one.lockfile.text));
    let excluded = coverage.excluded.iter().map(|id| case.head.texts.path(*id));
    let left_out = coverage.left_out.iter().map(|one| one.path.as_str());
    let _ = write!(tail, "\n**Coverage:** {} read", plural(coverage.read, "file", "files"));
    let _ = write!(tail, ", {} shadowed by their lockfiles", coverage.shadowed);
    listed(", unreadable: ", &unreadable.collect::<Vec<_>>(), &mut tail);
    listed(", excluded by policy: ", &excluded.collect::<Vec<_>>(), &mut tail);
    listed(", left out: ", &left_out.collect::<Vec<_>>(), &mut tail);
    if report.counts.excepted > 0 {
        let _ = write!(tail, ", {} accepted by exceptions", plural(report.counts.excepted, "finding", "findings"));
    }
    tail.push_str(".\n\n");
    if let Some(rule) = report.findings.iter().find(|finding| finding.decides()).map(|finding| finding.rule.id) {
        let _ = write!(tail, "About a rule: `packman explain {rule}`. ");
    }
    let folder = if case.head.prefix.is_empty() { String::new() } else { format!(" {}", case.head.prefix) };
    let verb = if report.verdict == Verdict::Pass { "See the same" } else { "See the same, with the lines underlined," };
    let _ = writeln!(tail, "{verb} on a terminal: {}", code(&format!("packman check{folder}")));
    tail
}

fn listed(title: &str, paths: &[&str], text: &mut String) {
    let _ = write!(text, "{title}{}", paths.len());
    if paths.is_empty() {
        return;
    }
    let named: Vec<String> = paths.iter().take(PATHS_MAX).map(|path| code(&clipped(path))).collect();
    let more =
        paths.len().checked_sub(PATHS_MAX).filter(|more| *more > 0).map(|more| format!(" and {more} more")).unwrap_or_default();
    let _ = write!(text, " ({}{more})", named.join(", "));
}

/// Text of ours with names in backticks, as Markdown: names in code spans, everything else escaped. Backticks that a name brings along
/// can only move the borders between two ways of being escaped.
fn inline(text: &str) -> String {
    let text = clipped(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return markdown(&text);
    }
    parts
        .iter()
        .enumerate()
        .map(|(at, part)| match (at % 2 == 1, part.is_empty()) {
            (true, false) => code(part),
            (true, true) => String::new(),
            (false, _) => markdown(part),
        })
        .collect()
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}
