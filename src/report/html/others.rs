//! The rest of the page: what an exception or the baseline accepts, what was there at the base, and what was read and what was not.

use std::fmt::Write as _;

use super::{code, html, inline};
use crate::finding::{Finding, State};
use crate::judge::Report;
use crate::report::places::Places;
use crate::report::plural;

/// So many findings, files and notes are listed in each list.
const ROWS_MAX: usize = 500;

/// What does not decide.
pub(super) fn accepted(report: &Report<'_>) -> String {
    let of = |title: &str, is_of: fn(State) -> bool| {
        let findings: Vec<&Finding> = report.findings.iter().filter(|finding| is_of(finding.state)).collect();
        if findings.is_empty() { String::new() } else { list(report, title, &findings) }
    };
    let lists = [
        of("there before this change", |state| state == State::Existing),
        of("accepted by exceptions", |state| matches!(state, State::Excepted(_))),
        of("accepted by the baseline", |state| matches!(state, State::Baselined(_))),
    ]
    .concat();
    if lists.is_empty() { "<p class=\"card\">Nothing: every finding decides.</p>\n".to_owned() } else { lists }
}

fn list(report: &Report<'_>, title: &str, findings: &[&Finding]) -> String {
    let places = Places::new(&report.case);
    let mut rows = String::new();
    for finding in findings.iter().take(ROWS_MAX) {
        let words = finding.words(&report.case);
        let at = words.primary.map(|place| code(&places.spoken(place))).unwrap_or_default();
        let by = match finding.state {
            State::Excepted(number) => inline(&finding.exception_name(&report.case, number)),
            _ => finding.level.id().to_owned(),
        };
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\">{}</th><td class=\"nowrap\">{}</td><td>{by}</td><td>{at}</td></tr>",
            inline(&words.message),
            finding.rule.id
        );
    }
    format!(
        "<details class=\"card\"><summary>{} {title}</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\">\n\
         <table><thead><tr><th scope=\"col\">What</th><th scope=\"col\">Rule</th><th scope=\"col\">{}</th><th scope=\"col\">Where</th></tr></thead>\n\
         <tbody>\n{rows}</tbody></table>\n</div>\n{}</details>\n",
        plural(findings.len(), "finding", "findings"),
        if title.ends_with("exceptions") { "Exception" } else { "Level" },
        more(findings.len())
    )
}

fn more(count: usize) -> String {
    let more = count.checked_sub(ROWS_MAX).filter(|more| *more > 0);
    more.map(|more| format!("<p class=\"quiet\">and {more} more, which the JSON report names</p>\n")).unwrap_or_default()
}

/// What was read, shadowed, excluded and left out, and what there is to know.
pub(super) fn coverage(report: &Report<'_>) -> String {
    let case = &report.case;
    let coverage = &case.head.coverage;
    let mut files = String::new();
    for judged in case.head.lockfiles.iter().take(ROWS_MAX) {
        let lockfile = &judged.lockfile;
        let state = match judged.shadowed_by {
            _ if lockfile.is_unreadable() => "unreadable".to_owned(),
            Some(by) => format!("its lock is judged: {}", code(case.path(by))),
            None => "judged".to_owned(),
        };
        let _ = writeln!(
            files,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"number\">{}</td><td>{state}</td></tr>",
            code(case.path(lockfile.text)),
            lockfile.format.id,
            lockfile.kind.id(),
            judged.dependencies()
        );
    }
    let left_out = coverage.left_out.iter().map(|one| format!("{} ({})", code(&one.path), html(one.reason)));
    let excluded = coverage.excluded.iter().map(|id| code(case.head.texts.path(*id)));
    format!(
        "<p>{} read, {} unreadable, {} shadowed by their lockfiles, {} excluded by policy, {} left out.</p>\n{}{}{}{}",
        plural(coverage.read, "file", "files"),
        coverage.unreadable,
        coverage.shadowed,
        coverage.excluded.len(),
        coverage.left_out.len(),
        notes(report),
        if files.is_empty() {
            String::new()
        } else {
            format!(
                "<details class=\"card\"><summary>{}</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Files\">\n<table>\
                 <thead><tr><th scope=\"col\">File</th><th scope=\"col\">Format</th><th scope=\"col\">Kind</th><th scope=\"col\" class=\"number\">\
                 Dependencies</th><th scope=\"col\">What became of it</th></tr></thead>\n<tbody>\n{files}</tbody></table>\n</div>\n{}</details>\n",
                plural(case.head.lockfiles.len(), "file", "files"),
                more(case.head.lockfiles.len())
            )
        },
        folded("excluded by policy", excluded.collect()),
        folded("left out", left_out.collect())
    )
}

fn notes(report: &Report<'_>) -> String {
    let notes: Vec<String> = report.notes.iter().map(|note| inline(&note.message)).collect();
    if notes.is_empty() { String::new() } else { format!("<ul class=\"notes\">\n{}</ul>\n{}", items(&notes), more(notes.len())) }
}

fn folded(title: &str, rows: Vec<String>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let count = rows.len();
    format!(
        "<details class=\"card\"><summary>{count} {title}</summary>\n<ul class=\"notes\">\n{}</ul>\n{}</details>\n",
        items(&rows),
        more(count)
    )
}

fn items(items: &[String]) -> String {
    items.iter().take(ROWS_MAX).map(|item| format!("<li>{item}</li>\n")).collect()
}
