//! Reports: one file for each output, and the table that lists them.
//!
//! Answers for: a judged case into bytes, the same for the same case. Decides nothing.

mod annotations;
mod comment;
mod difference;
pub mod escape;
pub(crate) mod explained;
mod group;
mod html;
mod human;
mod json;
#[cfg(feature = "junit")]
mod junit;
pub mod line_hash;
mod markdown;
mod outputs;
mod places;
mod sarif;
mod serializer;
pub mod snippet;
mod summary;

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use crate::judge::Report;

pub use comment::marker as comment_marker;
pub use difference::{diff_schema, json as diff_json, markdown as diff_markdown, table as diff_table};
pub use group::{Group, groups};
pub(crate) use human::policy_title;
pub use json::{REPORT_SCHEMA, list, list_schema, report_schema};
pub use sarif::ids as sarif_rule_ids;

/// How a report is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With colours and other terminal styles.
    pub is_coloured: bool,
    /// With the arithmetic of each finding, and every finding of a group.
    pub is_explained: bool,
}

/// One output.
pub struct Reporter {
    /// Its id, as in `--output ID=FILE`.
    pub id: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Whether it may be so large that it is written while it is rendered; others are rendered whole before anything is written.
    pub is_streamed: bool,
    /// Writes it.
    pub write: fn(&Report<'_>, Style, &mut dyn Write) -> io::Result<()>,
}

/// All outputs.
pub static REPORTERS: &[&Reporter] = &[
    &human::REPORTER,
    &json::REPORTER,
    &sarif::REPORTER,
    &summary::REPORTER,
    &comment::REPORTER,
    &html::REPORTER,
    &annotations::REPORTER,
    #[cfg(feature = "junit")]
    &junit::REPORTER,
    &outputs::REPORTER,
];

/// The output with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Reporter> {
    REPORTERS.iter().copied().find(|reporter| reporter.id == id)
}

/// Rows as indented lines, columns below each other by the width that a terminal gives them; `numbers` are the columns that end alike.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]], numbers: &[usize]) -> Vec<String> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let line = |row: &[String; N]| {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let pad = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = if numbers.contains(&column) { (pad.as_str(), "") } else { ("", pad.as_str()) };
            line.push_str(&["  ", before, cell, after].concat());
        }
        line.truncate(line.trim_end().len());
        line
    };
    rows.iter().map(line).collect()
}

/// A count with its noun.
#[must_use]
pub(crate) fn plural(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
