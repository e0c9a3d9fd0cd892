//! For people at a terminal: verdict first, registries with their tiers, findings by cause with the culprit underlined, what was not
//! judged last.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Paint};

use crate::finding::{Finding, State, Words};
use crate::judge::{Report, Row, Verdict};
use crate::policy::Level;
use crate::report::escape::{lines, terminal};
use crate::report::explained::{self, position};
use crate::report::group::{Group, groups};
use crate::report::snippet::{self, Excerpt};
use crate::report::{Reporter, Style, places};
use crate::report::{aligned, plural};
use crate::rules::{By, Case};
use crate::text::TextId;

pub(super) static REPORTER: Reporter = Reporter { id: "human", about: "for people at a terminal", is_streamed: false, write };

/// Above this many groups of one level the rest is counted, not shown.
const GROUPS_MAX: usize = 40;
/// So many of a group's members are named.
const NAMED_MAX: usize = 3;

fn write(report: &Report<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let case = &report.case;
    writeln!(
        out,
        "packman {}, catalogue {}, policy {}\n",
        env!("CARGO_PKG_VERSION"),
        case.ratings.catalogue().date(),
        terminal(&policy_title(case))
    )?;
    headline(report, style, out)?;
    table(&report.registries, out)?;
    let groups = groups(report);
    for level in [Level::Deny, Level::Undecided, Level::Warn] {
        let of_level: Vec<&Group> = groups.iter().filter(|group| group.level == level).collect();
        for group in of_level.iter().take(GROUPS_MAX) {
            block(report, group, style, out)?;
        }
        if let Some(rest) = of_level.len().checked_sub(GROUPS_MAX).filter(|rest| *rest > 0) {
            writeln!(out, "and {rest} more causes at `{}`: all of them are in `--output json=FILE`\n", level.id())?;
        }
    }
    for note in &report.notes {
        writeln!(out, "note: {}", lines(&note.message))?;
    }
    ledger(report, out)?;
    let Some(group) = groups.first() else { return Ok(()) };
    let details = if style.is_explained { "" } else { "details: packman check --explain; " };
    writeln!(out, "{details}a rule: packman explain {}", group.rule.id)
}

/// Which policy asks: its file and the presets that it builds on.
pub(crate) fn policy_title(case: &Case<'_>) -> String {
    let presets = case.policy.extends.iter().map(|preset| preset.value);
    let folders = &case.policy.folders;
    let is_shared =
        |file: &&TextId| Some(**file) != case.policy.text && !folders.iter().any(|folder| folder.files.contains(file));
    let extended = case.policy.files.iter().filter(is_shared).map(|file| case.path(*file));
    let presets = presets.chain(extended).collect::<Vec<_>>().join(", ");
    let own = match case.policy.text {
        Some(text) => format!("{} ({presets})", case.path(text)),
        None => format!("{presets} (no packman.toml)"),
    };
    let own = match folders.as_slice() {
        [] => own,
        [one] => format!("{own}, {} has its own", one.path),
        more => format!("{own}, {} folders have their own", more.len()),
    };
    let floors = case.others.iter().filter(|other| other.by == By::Floor).filter_map(|floor| floor.case.policy.text);
    floors.fold(own, |title, floor| format!("{title}, floor {}", case.path(floor)))
}

/// What follows the verdict's word: how many may not come in, and how many were accepted, warned of or not understood.
pub(super) fn says(report: &Report<'_>) -> String {
    let counts = &report.counts;
    let total = plural(counts.dependencies, "dependency", "dependencies");
    let mut says = match report.verdict {
        Verdict::Fail if counts.denied_dependencies > 0 => {
            format!("{} of {total} may not come in", counts.denied_dependencies)
        }
        Verdict::Fail => format!("{} against it", plural(counts.deny, "finding decides", "findings decide")),
        Verdict::Undecided if report.no_lockfile.is_some() => "no lockfile was found, so nothing was judged".to_owned(),
        Verdict::Undecided => {
            let what = plural(counts.undecided, "thing", "things");
            format!("{what} could not be understood, so nothing is known about what it states")
        }
        Verdict::Pass => format!("{total}, all may come in"),
    };
    if report.verdict == Verdict::Fail && counts.undecided > 0 {
        let _ = write!(says, ", and {} could not be understood", plural(counts.undecided, "thing", "things"));
    }
    if counts.warn > 0 {
        let _ = write!(says, ", {}", plural(counts.warn, "warning", "warnings"));
    }
    let accepted = [(counts.excepted, "excepted"), (counts.baselined, "baselined"), (counts.existing, "existing")];
    for (count, word) in accepted.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(says, ", {count} {word}");
    }
    says
}

fn headline(report: &Report<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let coverage = &report.case.head.coverage;
    let (word, colour) = match report.verdict {
        Verdict::Pass => ("pass", AnsiColor::Green),
        Verdict::Fail => ("fail", AnsiColor::Red),
        Verdict::Undecided => ("undecided", AnsiColor::Yellow),
    };
    let says = says(report);
    let read = format!("{} read, {} unreadable", plural(coverage.read, "file", "files"), coverage.unreadable);
    let verdict = paint(style, Paint::new().bold().fg_color(Some(colour.into())), word);
    writeln!(out, "{verdict}: {says}\n{:width$}  {read}\n", "", width = word.len())
}

/// The table of registries; tiers are never shown without their arithmetic.
fn table(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let cells: Vec<[String; 6]> = rows.iter().map(cells).collect();
    let titles = ["registry", "dependencies", "tier", "enforced", "offered", "missing for tier 2"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(titles).chain(cells).collect();
    for line in aligned(&rows, &[1, 3, 4]) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)
}

pub(super) fn cells(row: &Row) -> [String; 6] {
    let none = || "-".to_owned();
    let by_policy = !row.by_policy.is_empty();
    let tier = match (row.tiers.guaranteed, row.tiers.offered) {
        (Some(guaranteed), Some(offered)) if guaranteed == offered && by_policy => format!("{offered} (by your policy)"),
        (Some(guaranteed), Some(offered)) if guaranteed == offered => guaranteed.to_string(),
        (Some(_), Some(offered)) if by_policy => format!("{offered} (offered, by your policy)"),
        (Some(_), Some(offered)) => format!("{offered} (offered)"),
        _ => none(),
    };
    let missing = match (row.offered, row.missing_offered.as_slice()) {
        (None, _) | (_, []) => none(),
        (_, missing) => missing.iter().map(|control| control.id()).collect::<Vec<_>>().join(", "),
    };
    [
        terminal(&row.name).into_owned(),
        row.dependencies.to_string(),
        tier,
        row.enforced.map_or_else(none, |enforced| format!("{enforced} of 6")),
        row.offered.map_or_else(none, |offered| offered.to_string()),
        missing,
    ]
}

/// One cause.
fn block(report: &Report<'_>, group: &Group, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let case = &report.case;
    let words = &group.first;
    let count = group.findings.len();
    let title = if count == 1 { words.message.clone() } else { words.many.replace("{}", &counted(report, group)) };
    let first = group.findings.first().and_then(|number| report.findings.get(*number));
    let by = first.map_or(By::Own, |finding| finding.judged_by(case));
    let mut excerpts = Vec::new();
    excerpts.extend(culprit(words).map(|place| Excerpt { place, label: label(report, group, words), is_primary: true }));
    if let Some((_, place)) = words.also.iter().find(|(role, _)| *role == "policy") {
        let label = match by {
            By::Own => "asked for here",
            By::Base => "asked for here, by the base's policy",
            By::Floor => "asked for here, by the floor",
        };
        excerpts.push(Excerpt { place: *place, label: label.to_owned(), is_primary: false });
    }
    let mut notes = Vec::new();
    notes.extend(members(report, group, style));
    notes.extend(brought_in(report, group));
    if style.is_explained {
        notes.extend(first.iter().flat_map(|finding| explained::lines(case, finding)));
    }
    if by == By::Floor {
        notes.push(
            "the floor judges so: what this repository declares or accepts counts only as far as the floor lets it".to_owned(),
        );
    }
    let severity = match group.level {
        Level::Deny | Level::Undecided => snippet::Severity::Error,
        _ => snippet::Severity::Warning,
    };
    let message = snippet::Message { severity, id: group.rule.id, title: &title, notes: &notes, hint: &words.hint };
    let text = snippet::render(&message, &excerpts, |id| case.text(id), style.is_coloured);
    writeln!(out, "{text}\n")
}

/// What is underlined: the address if the finding is about one, else the anchor.
pub(super) fn culprit(words: &Words) -> Option<crate::text::Place> {
    words.culprit.or(words.primary)
}

fn label(report: &Report<'_>, group: &Group, words: &Words) -> String {
    let count = group.findings.len();
    let first = group.findings.first().and_then(|number| report.findings.get(*number));
    let spoken = first.and_then(|finding| report.case.dependency(finding.subject)).map(|dependency| dependency.spoken());
    match (count, spoken) {
        (1, _) | (_, None) => words.label.clone(),
        (_, Some(_)) => format!("{}, and {} more", words.label, count - 1),
    }
}

pub(super) fn counted(report: &Report<'_>, group: &Group) -> String {
    let count = group.findings.len();
    let first = group.findings.first().and_then(|number| report.findings.get(*number));
    let ecosystem = first.and_then(|finding| report.case.dependency(finding.subject)).map(|one| one.entry.ecosystem);
    let noun = match ecosystem {
        Some(crate::ecosystem::Ecosystem::Docker) => "images",
        Some(crate::ecosystem::Ecosystem::GitHubActions) => "actions",
        Some(_) => "packages",
        None => "places",
    };
    format!("{count} {noun}")
}

/// The other members of a group: a few by name, all of them when explained.
pub(super) fn members(report: &Report<'_>, group: &Group, style: Style) -> Option<String> {
    let others = group.findings.len().checked_sub(1).filter(|others| *others > 0)?;
    let shown = if style.is_explained { others } else { NAMED_MAX.min(others) };
    let mut names: Vec<String> = group
        .findings
        .iter()
        .skip(1)
        .take(shown)
        .filter_map(|number| Some((report.findings.get(*number)?, report.words(*number))))
        .map(|(finding, words)| {
            let place = words.primary.map(|place| position(&report.case, place)).unwrap_or_default();
            match report.case.dependency(finding.subject) {
                Some(dependency) => format!("{} ({place})", dependency.spoken()),
                None => place,
            }
        })
        .collect();
    if shown < others {
        names.push(format!("and {} more", others - shown));
    }
    Some(format!("also {}", names.join(", ")))
}

/// Who brings the first of a group in.
pub(super) fn brought_in(report: &Report<'_>, group: &Group) -> Option<String> {
    brought(&report.case, group.findings.first().and_then(|number| report.findings.get(*number))?)
}

/// Who brings in what a finding is about.
pub(super) fn brought(case: &Case<'_>, finding: &Finding) -> Option<String> {
    let brought = places::brought_in(case, &case.dependency(finding.subject)?)?;
    let asked = brought.asked.map(|place| position(case, place));
    match (brought.by, asked) {
        (None, asked) => asked.map(|at| format!("asked for at {at}")),
        (Some(by), Some(at)) => Some(format!("brought in by {by}, which is asked for at {at}")),
        (Some(by), None) => Some(format!("brought in by {by}")),
    }
}

/// How much of the baseline is left.
pub(super) fn baseline_left(report: &Report<'_>) -> Option<String> {
    let lines = report.case.policy.baseline.lines();
    let since = lines.iter().map(|line| line.since).min()?;
    let left = lines.len().saturating_sub(report.stale.len());
    Some(format!("left in the baseline: {}, the oldest of {since}", plural(left, "line", "lines")))
}

/// What was not judged, said aloud.
fn ledger(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let case = &report.case;
    let coverage = &case.head.coverage;
    let unreadable: Vec<&str> = case
        .head
        .lockfiles
        .iter()
        .filter(|judged| judged.lockfile.is_unreadable())
        .map(|judged| case.path(judged.lockfile.text))
        .collect();
    if report.no_lockfile.is_some() {
        writeln!(
            out,
            "help: run packman in the folder that has the lockfiles, and commit them; `no-lockfile = \"warn\"` accepts having none\n"
        )?;
    }
    let not_judged = match (unreadable.as_slice(), report.is_complete) {
        ([], _) if report.no_lockfile.is_some() => "there was nothing to judge".to_owned(),
        ([], true) => "nothing".to_owned(),
        ([], false) => "what the findings above name".to_owned(),
        (paths, _) => some_of(paths),
    };
    write!(out, "not judged: {}", terminal(&not_judged))?;
    if coverage.shadowed > 0 {
        write!(out, ". shadowed by their lockfiles: {}", coverage.shadowed)?;
    }
    if !coverage.left_out.is_empty() {
        let paths: Vec<&str> = coverage.left_out.iter().map(|one| one.path.as_str()).collect();
        write!(out, ". left out: {}", terminal(&some_of(&paths)))?;
    }
    if !coverage.excluded.is_empty() {
        let paths: Vec<&str> = coverage.excluded.iter().map(|id| case.head.texts.path(*id)).collect();
        write!(out, ". excluded by policy: {}", terminal(&some_of(&paths)))?;
    }
    let accepted = report.findings.iter().filter(|finding| matches!(finding.state, State::Excepted(_))).count();
    if accepted > 0 {
        write!(out, ". accepted by exceptions: {accepted}")?;
    }
    if let Some(left) = baseline_left(report) {
        write!(out, ". {left}")?;
    }
    writeln!(out)
}

fn some_of(paths: &[&str]) -> String {
    let named = paths.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    match paths.len().checked_sub(NAMED_MAX).filter(|rest| *rest > 0) {
        Some(rest) => format!("{} ({named}, and {rest} more)", paths.len()),
        None => format!("{} ({named})", paths.len()),
    }
}

pub(super) fn paint(style: Style, paint: Paint, text: &str) -> String {
    if style.is_coloured { format!("{paint}{text}{paint:#}") } else { text.to_owned() }
}
