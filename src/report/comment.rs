//! Markdown for one comment on a pull request: a hidden marker, the verdict, what is new in the change with one next step each; what
//! was there before and the registries folded.
//!
//! The first line is the marker that the comment is found by when it is brought up to date: `<!-- packman -->`, or
//! `<!-- packman FOLDER -->` when a folder below the work tree's top was judged, so that several runs on one pull request have a
//! comment each. Whoever posts it compares the whole line, and the comment's author: anybody can write the marker.

use std::io::{self, Write};

use crate::judge::Report;
use crate::policy::Level;
use crate::report::human::says;
use crate::report::markdown::{Limits, Sheet};
use crate::report::places::encoded;
use crate::report::{Reporter, Style};

pub(super) static REPORTER: Reporter =
    Reporter { id: "comment", about: "Markdown for a comment on a pull request", is_streamed: false, write };

/// GitHub takes no comment above 65,536 bytes.
const LIMITS: Limits = Limits { bytes: 65_000, members: 20, paths: 0, notes: 5, characters: 300 };

/// The line that a comment is found by, without its line end. `id` tells comments of one pull request apart; it may be empty.
#[must_use]
pub fn marker(id: &str) -> String {
    let blank = if id.is_empty() { "" } else { " " };
    // Percent-encoded it can neither end the HTML comment nor the line.
    format!("<!-- packman{blank}{} -->", encoded(id).replace("--", "-%2D"))
}

fn write(report: &Report<'_>, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let is_compared = report.case.base.is_some();
    let marker = marker(&report.case.head.prefix);
    let mut sheet = Sheet::new(report, LIMITS, &format!("{marker}\n## packman: {}: {}\n\n", report.verdict.id(), says(report)));
    let title = if is_compared { "### New in this change\n\n" } else { "### May not come in\n\n" };
    sheet.section(title, Level::Deny);
    sheet.section("### Could not be understood\n\n", Level::Undecided);
    sheet.warnings();
    sheet.existing();
    sheet.registries_folded();
    out.write_all(sheet.finish().as_bytes())
}
