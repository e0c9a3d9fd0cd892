//! Lines for a workflow's output file: `KEY=value`, one each.

use std::io::{self, Write};

use crate::judge::Report;
use crate::report::{Reporter, Style};

pub(super) static REPORTER: Reporter =
    Reporter { id: "outputs", about: "`key=value` lines for `GITHUB_OUTPUT`", is_streamed: false, write };

fn write(report: &Report<'_>, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let counts = &report.counts;
    writeln!(out, "verdict={}", report.verdict.id())?;
    writeln!(out, "complete={}", report.is_complete)?;
    let numbers = [
        ("dependencies", counts.dependencies),
        ("deny", counts.deny),
        ("undecided", counts.undecided),
        ("warn", counts.warn),
        ("existing", counts.existing),
        ("excepted", counts.excepted),
        ("baselined", counts.baselined),
        ("unreadable", report.case.head.coverage.unreadable),
    ];
    numbers.into_iter().try_for_each(|(key, number)| writeln!(out, "{key}={number}"))
}
