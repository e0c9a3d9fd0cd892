//! Findings, registries and coverage as Markdown: what the job summary and the comment have in common.
//!
//! Answers for: nothing from a lockfile is taken for mark-up, and what would grow over its room is counted instead of shown.

use std::fmt::Write as _;

use crate::finding::{Finding, State};
use crate::judge::{Report, Verdict};
use crate::policy::Level;
use crate::report::escape::{code, markdown, terminal};
use crate::report::group::{Group, groups};
use crate::report::human::{baseline_left, cells, counted, policy_title};
use crate::report::places::{Places, brought_in};
use crate::report::plural;
use crate::text::Place;

/// How much is shown at most.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Of everything, in bytes.
    pub(super) bytes: usize,
    /// Members of a group that are named.
    pub(super) members: usize,
    /// Paths that are named where paths are listed.
    pub(super) paths: usize,
    /// Notes.
    pub(super) notes: usize,
    /// The longest stretch of text from a lockfile, in characters.
    pub(super) characters: usize,
}

/// What is said aloud when something is cut.
const CUT_BYTES: usize = 200;

/// A page that never grows over its limits: an item that does not fit is counted, and so are all that come after it.
pub(super) struct Sheet<'r> {
    report: &'r Report<'r>,
    places: Places<'r>,
    groups: Vec<Group>,
    limits: Limits,
    text: String,
    /// What comes last whatever is cut.
    tail: String,
    room: usize,
    /// How many items did not fit.
    cut: usize,
}

impl<'r> Sheet<'r> {
    /// A page that begins with `head`, which is shown whatever is cut.
    pub(super) fn new(report: &'r Report<'r>, limits: Limits, head: &str) -> Self {
        let places = Places::new(&report.case);
        let mut sheet =
            Self { report, places, groups: groups(report), limits, text: head.to_owned(), tail: String::new(), room: 0, cut: 0 };
        sheet.tail = sheet.ending();
        sheet.room = limits.bytes.saturating_sub(sheet.tail.len() + CUT_BYTES);
        let title = code(&sheet.clipped(&policy_title(&report.case)));
        let date = report.case.ratings.catalogue().date();
        sheet.add(|_| format!("Policy {title}, catalogue {date}, packman {}.\n\n", env!("CARGO_PKG_VERSION")));
        sheet
    }

    /// The whole page.
    pub(super) fn finish(mut self) -> String {
        if self.cut > 0 {
            let items = plural(self.cut, "item", "items");
            let _ = writeln!(self.text, "{items} did not fit; all of it is in the JSON report.\n");
        }
        self.text + &self.tail
    }

    fn add(&mut self, item: impl FnOnce(&Self) -> String) {
        let item = if self.cut == 0 { item(self) } else { String::new() };
        if self.cut == 0 && self.text.len() + item.len() <= self.room {
            self.text.push_str(&item);
        } else {
            self.cut += 1;
        }
    }

    /// A part that is shown when somebody asks.
    fn fold(&mut self, title: &str, fill: impl FnOnce(&mut Self)) {
        let (start, end) = (format!("<details><summary>{title}</summary>\n\n"), "\n</details>\n\n");
        self.room = self.room.saturating_sub(end.len());
        // Nothing would be in it.
        if self.text.len() + start.len() > self.room {
            self.cut += 1;
            return;
        }
        self.text.push_str(&start);
        fill(self);
        self.text.push_str(end);
    }

    /// Registries with their tiers, never without the arithmetic.
    pub(super) fn registries(&mut self) {
        if self.report.registries.is_empty() {
            return;
        }
        let head = "| registry | dependencies | tier | enforced | offered | missing for tier 2 |\n| --- | --: | --- | --: | --: | --- |\n";
        self.add(|_| head.to_owned());
        for row in &self.report.registries {
            self.add(|sheet| format!("| {} |\n", cells(row).map(|cell| markdown(&sheet.clipped(&cell))).join(" | ")));
        }
        self.text.push('\n');
    }

    /// The same, folded.
    pub(super) fn registries_folded(&mut self) {
        if !self.report.registries.is_empty() {
            let title = plural(self.report.registries.len(), "registry or origin", "registries and origins");
            self.fold(&title, Self::registries);
        }
    }

    /// The causes of a level below a title.
    pub(super) fn section(&mut self, title: &str, level: Level) {
        let groups = std::mem::take(&mut self.groups);
        let of_level = || groups.iter().filter(|group| group.level == level);
        if of_level().next().is_some() {
            self.add(|_| title.to_owned());
            of_level().for_each(|group| self.add(|sheet| sheet.block(group)));
            self.text.push('\n');
        }
        self.groups = groups;
    }

    /// Warnings, folded.
    pub(super) fn warnings(&mut self) {
        if self.report.counts.warn > 0 {
            let title = plural(self.report.counts.warn, "warning", "warnings");
            self.fold(&title, |sheet| sheet.section("", Level::Warn));
        }
    }

    /// What was there at the base, folded.
    pub(super) fn existing(&mut self) {
        if self.report.counts.existing == 0 {
            return;
        }
        self.fold(&format!("{} there before this change", self.report.counts.existing), |sheet| {
            for finding in sheet.report.findings.iter().filter(|finding| finding.state == State::Existing) {
                sheet.add(|sheet| {
                    let words = finding.words(&sheet.report.case);
                    let at = words.primary.map(|place| format!("{}: ", sheet.at(place))).unwrap_or_default();
                    format!("- {at}{}.\n", sheet.said(finding, &words.message))
                });
            }
        });
    }

    /// One cause: where, what, who brings it in, what to do.
    fn block(&self, group: &Group) -> String {
        let words = &group.first;
        let mut block = String::from("- ");
        let first = group.findings.first().and_then(|number| self.report.findings.get(*number));
        if group.findings.len() == 1 {
            let at = words.primary.map(|place| format!("{}: ", self.at(place))).unwrap_or_default();
            let _ = write!(block, "{at}{}.", first.map(|finding| self.said(finding, &words.message)).unwrap_or_default());
            block.push_str(&first.and_then(|finding| self.brought(finding)).unwrap_or_default());
        } else {
            let _ = write!(block, "{}:", self.inline(&words.many.replace("{}", &counted(self.report, group))));
            let max = self.limits.members;
            for number in group.findings.iter().take(max) {
                let Some(finding) = self.report.findings.get(*number) else { continue };
                let _ = write!(block, "\n  - {}", self.member(finding));
            }
            if let Some(more) = group.findings.len().checked_sub(max).filter(|more| *more > 0) {
                let _ = write!(block, "\n  - and {more} more, which the JSON report names");
            }
            block.push('\n');
        }
        self.next(&words.hint, &mut block);
        block.push('\n');
        block
    }

    /// A message with the version of the package that it is about in a code span too.
    fn said(&self, finding: &Finding, message: &str) -> String {
        match self.report.case.dependency(finding.subject).map(|dependency| dependency.spoken()) {
            Some(spoken) => match (message.split_once(&spoken), spoken.rsplit_once("` ")) {
                (Some((before, after)), Some((name, version))) => self.inline(&format!("{before}{name}` `{version}`{after}")),
                _ => self.inline(message),
            },
            None => self.inline(message),
        }
    }

    /// Package and place.
    fn member(&self, finding: &Finding) -> String {
        let at = finding.words(&self.report.case).primary.map(|place| self.at(place)).unwrap_or_default();
        match self.report.case.dependency(finding.subject) {
            Some(dependency) => format!("{} at {at}", self.said(finding, &dependency.spoken())),
            None => at,
        }
    }

    fn brought(&self, finding: &Finding) -> Option<String> {
        let case = &self.report.case;
        let brought = brought_in(case, &case.dependency(finding.subject)?)?;
        let by = brought.by.map(|by| format!(" Brought in by {}", self.inline(&by)));
        let primary = finding.words(case).primary;
        let asked = brought.asked.filter(|place| !primary.is_some_and(|primary| self.places.is_same_line(primary, *place)));
        let at = asked.map(|place| self.at(place));
        Some(match (by, at) {
            (Some(by), Some(at)) => format!("{by}, asked for at {at}."),
            (Some(by), None) => format!("{by}."),
            (None, at) => format!(" Asked for at {}.", at?),
        })
    }

    /// One next step, below its item. What packman indents in a hint is for a file.
    fn next(&self, hint: &str, block: &mut String) {
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
                Some(line) => format!("\n  {}", terminal(&self.clipped(line)).replace('`', "'")),
                None => self.inline(line) + " ",
            };
            block.push_str(&shown);
        }
        if is_code {
            block.push_str("\n  ```");
        }
        *block = block.trim_end().to_owned();
    }

    /// Notes, coverage, and how to see the same elsewhere.
    fn ending(&self) -> String {
        let report = self.report;
        let case = &report.case;
        let coverage = &case.head.coverage;
        let mut tail = String::new();
        for note in report.notes.iter().take(self.limits.notes) {
            let _ = writeln!(tail, "- Note: {}", self.inline(&note.message));
        }
        let unreadable =
            case.head.lockfiles.iter().filter(|judged| judged.lockfile.is_unreadable()).map(|one| case.path(one.lockfile.text));
        let excluded = coverage.excluded.iter().map(|id| case.head.texts.path(*id));
        let left_out = coverage.left_out.iter().map(|one| one.path.as_str());
        let _ = write!(tail, "\n**Coverage:** {} read", plural(coverage.read, "file", "files"));
        let _ = write!(tail, ", {} shadowed by their lockfiles", coverage.shadowed);
        self.listed(", unreadable: ", &unreadable.collect::<Vec<_>>(), &mut tail);
        self.listed(", excluded by policy: ", &excluded.collect::<Vec<_>>(), &mut tail);
        self.listed(", left out: ", &left_out.collect::<Vec<_>>(), &mut tail);
        if report.counts.excepted > 0 {
            let _ = write!(tail, ", {} accepted by exceptions", plural(report.counts.excepted, "finding", "findings"));
        }
        if let Some(left) = baseline_left(report) {
            let accepted = plural(report.counts.baselined, "finding", "findings");
            let _ = write!(tail, ", {accepted} accepted by the baseline ({left})");
        }
        tail.push_str(".\n\n");
        if let Some(rule) = report.findings.iter().find(|finding| finding.decides()).map(|finding| finding.rule.id) {
            let _ = write!(tail, "About a rule: `packman explain {rule}`. ");
        }
        let folder = if case.head.prefix.is_empty() { String::new() } else { format!(" {}", case.head.prefix) };
        let verb = if report.verdict == Verdict::Pass { "See the same" } else { "See the same, with the lines underlined," };
        let _ = writeln!(tail, "{verb} on a terminal: {}", code(&self.clipped(&format!("packman check{folder}"))));
        tail
    }

    fn listed(&self, title: &str, paths: &[&str], text: &mut String) {
        let _ = write!(text, "{title}{}", paths.len());
        let max = self.limits.paths;
        if paths.is_empty() || max == 0 {
            return;
        }
        let named: Vec<String> = paths.iter().take(max).map(|path| code(&self.clipped(path))).collect();
        let more = paths.len().checked_sub(max).filter(|more| *more > 0).map(|more| format!(" and {more} more"));
        let _ = write!(text, " ({}{})", named.join(", "), more.unwrap_or_default());
    }

    /// `path:line`, as code.
    fn at(&self, place: Place) -> String {
        code(&self.clipped(&self.places.spoken(place)))
    }

    /// Text of ours with names in backticks, as Markdown: names in code spans, everything else escaped. A name that brings backticks
    /// along would move the borders: then all of it is one code span, unless they come in pairs and only move them between two ways of
    /// being harmless.
    fn inline(&self, text: &str) -> String {
        let text = self.clipped(text);
        let parts: Vec<&str> = text.split('`').collect();
        if parts.len().is_multiple_of(2) {
            return code(&text);
        }
        let mut text = String::new();
        for (at, part) in parts.into_iter().enumerate().filter(|(_, part)| !part.is_empty()) {
            let part = if at % 2 == 1 { code(part) } else { markdown(part) };
            // Two spans that touch would not be told apart.
            if text.ends_with('`') && part.starts_with('`') {
                text.push(' ');
            }
            text.push_str(&part);
        }
        text
    }

    fn clipped(&self, text: &str) -> String {
        clipped(text, self.limits.characters)
    }
}

/// At most so many characters, with a sign where something was cut.
pub(super) fn clipped(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}
