//! Markdown for a workflow's job summary: verdict first, registries, what may not come in with one next step each, warnings folded,
//! coverage last.
//!
//! Answers for: the whole stays below the runner's limit, above which nothing at all would be shown.

use std::io::{self, Write};

use crate::judge::Report;
use crate::policy::Level;
use crate::report::human::says;
use crate::report::markdown::{Limits, Sheet};
use crate::report::{Reporter, Style};

pub(super) static REPORTER: Reporter = Reporter { id: "summary", about: "Markdown for a job summary", is_streamed: false, write };

/// The runner shows nothing above 1 MiB; a job's other steps may write to the same file.
const LIMITS: Limits = Limits { bytes: 900 * 1024, members: 100, paths: 20, notes: 20, characters: 1000 };

fn write(report: &Report<'_>, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(report, LIMITS, &format!("## {}: {}\n\n", report.verdict.id(), says(report)));
    sheet.registries();
    sheet.section("### May not come in\n\n", Level::Deny);
    sheet.section("### Could not be understood\n\n", Level::Undecided);
    sheet.warnings();
    sheet.existing();
    out.write_all(sheet.finish().as_bytes())
}
