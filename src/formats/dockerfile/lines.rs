//! Logical lines of a Dockerfile.
//!
//! Answers for: the escape character, continuations with comments and blank lines between them, here-documents, and where each part
//! of a line stands. Never knows what an instruction means.
//!
//! Builders differ in what opens a here-document: old ones know none, new ones (2025) allow blanks behind `<<`. Where its lines may be
//! instructions to another builder, down to the one that ends it, the file means two things, which is told.

use std::ops::Range;

use super::INSTRUCTIONS;
use super::heredocs::{self, Blanks, Opened, Unsure};
use crate::formats::shell;
use crate::text::Span;

/// The named limit on looks for the end of a here-document that only new builders see: each may read all that follows.
const LOOKS_MAX: u8 = 64;

/// A walk over logical lines. One buffer serves all lines that are continued; the others are not copied.
pub(super) struct Lines<'t> {
    content: &'t str,
    at: usize,
    /// The escape character of this file.
    pub escape: u8,
    buffer: String,
    segments: Vec<(usize, usize)>,
    looks: u8,
}

/// One logical line: an instruction.
pub(super) struct Line<'l> {
    /// The instruction without line breaks and comments.
    pub text: &'l str,
    /// Where its parts stand: offset in `text`, offset in the content; sorted.
    segments: &'l [(usize, usize)],
    /// The escape character.
    pub escape: u8,
    /// What is not sure about its here-documents, as a range of `text`.
    pub doubt: Option<(Range<usize>, Doubt)>,
}

/// What is not sure about a here-document.
#[derive(Clone, Copy)]
pub(super) enum Doubt {
    /// Nothing ends it.
    Unended,
    /// To another builder its lines are instructions.
    Ambiguous,
    /// Only the builder knows whether there is one.
    Unsure,
}

impl<'t> Lines<'t> {
    pub(super) fn of(content: &'t str) -> Self {
        Self { content, at: 0, escape: b'\\', buffer: String::new(), segments: Vec::new(), looks: 0 }
    }

    /// The next physical line, without its line end: where it starts, and what it is.
    pub(super) fn physical(&mut self) -> Option<(usize, &'t str)> {
        let start = self.at;
        let rest = self.content.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest.as_bytes());
        self.at = end.map_or(self.content.len(), |end| start + end + 1);
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or("");
        Some((start, line.trim_end_matches('\r')))
    }

    /// Goes back to a physical line that was read.
    pub(super) fn back_to(&mut self, start: usize) {
        self.at = start;
    }

    /// The next instruction, its here-documents skipped.
    pub(super) fn next(&mut self) -> Option<Line<'_>> {
        let (start, line) = loop {
            let (start, line) = self.physical()?;
            let trimmed = line.trim_start();
            if !trimmed.is_empty() && !trimmed.starts_with('#') {
                break (start + line.len() - trimmed.len(), trimmed);
            }
        };
        self.segments.clear();
        self.segments.push((0, start));
        let is_joined = match continued(line, self.escape) {
            Some(part) => {
                self.buffer.clear();
                self.buffer.push_str(part);
                self.join();
                true
            }
            None => false,
        };
        let mut doubt = None;
        if memchr::memmem::find(if is_joined { self.buffer.as_bytes() } else { line.as_bytes() }, b"<<").is_some() {
            let text = if is_joined { &self.buffer } else { line };
            let newest = heredocs::opened(text, self.escape, Blanks::Join);
            let older = heredocs::opened(text, self.escape, Blanks::Part);
            let whole = 0..text.trim_end().len();
            doubt = match (newest, older) {
                (Ok(newest), Ok(older)) => self.pass(&newest, &older),
                (Err(Unsure), _) | (_, Err(Unsure)) => Some((whole, Doubt::Unsure)),
            };
        }
        let text = if is_joined { self.buffer.as_str() } else { line };
        Some(Line { text, segments: &self.segments, escape: self.escape, doubt })
    }

    /// Goes behind the here-documents that an instruction opens for the newest builder, and for older ones.
    fn pass(&mut self, newest: &[Opened], older: &[Opened]) -> Option<(Range<usize>, Doubt)> {
        let body = self.at;
        let doubt = |opened: &[Opened], doubt| opened.first().map(|first| (first.range.clone(), doubt));
        if newest == older {
            return match self.skip(newest) {
                Ok(Some(end)) if self.is_plain(body, end, false) => doubt(newest, Doubt::Ambiguous),
                Ok(_) => None,
                Err(range) => Some((range, Doubt::Unended)),
            };
        }
        if !newest.is_empty() && self.looks < LOOKS_MAX {
            if let Ok(Some(end)) = self.skip(newest) {
                let is_plain = !older.is_empty() || self.is_plain(body, end, true);
                return if is_plain { doubt(newest, Doubt::Ambiguous) } else { None };
            }
            // The newest builder refuses this, as it does `$((1 << 2))`.
            self.looks += 1;
            self.at = body;
            return self.skip(older).err().map(|range| (range, Doubt::Unended));
        }
        doubt(if newest.is_empty() { older } else { newest }, Doubt::Ambiguous)
    }

    fn join(&mut self) {
        while let Some((start, line)) = self.physical() {
            let trimmed = line.trim_start();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            self.segments.push((self.buffer.len(), start));
            match continued(line, self.escape) {
                Some(part) => self.buffer.push_str(part),
                None => return self.buffer.push_str(line),
            }
        }
    }

    /// Goes behind the ends of here-documents: where the last end stands, or which has none.
    fn skip(&mut self, opened: &[Opened]) -> Result<Option<usize>, Range<usize>> {
        let mut end = None;
        for Opened { range, name, is_indented } in opened {
            end = loop {
                let (start, line) = self.physical().ok_or_else(|| range.clone())?;
                if (if *is_indented { line.trim_start_matches('\t') } else { line }) == name {
                    break Some(start);
                }
            };
        }
        Ok(end)
    }

    /// Whether a builder that sees no here-document would take its lines, up to the one that ends it, for instructions. Mostly it would
    /// refuse that last one, unless the line before continues on it.
    fn is_plain(&self, body: usize, end: usize, may_nest: bool) -> bool {
        let mut lines = Lines { at: body, ..Lines::of(self.content) };
        let (mut is_continued, mut has_instruction) = (false, false);
        while let Some((_, line)) = lines.physical().filter(|(start, _)| *start <= end) {
            let trimmed = line.trim_start();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let part = continued(line, self.escape);
            if !std::mem::replace(&mut is_continued, part.is_some()) {
                let text = part.map_or(trimmed, str::trim_start);
                let keyword = text.split_whitespace().next().unwrap_or("");
                // A keyword may go on in the next line.
                let is_cut = part.is_some() && keyword.len() == text.len();
                if !is_cut && !INSTRUCTIONS.iter().any(|known| known.eq_ignore_ascii_case(keyword)) {
                    return false;
                }
                has_instruction = true;
            }
            if may_nest && line.contains("<<") {
                return true;
            }
        }
        has_instruction
    }
}

impl Line<'_> {
    /// Where a range of the line stands; over a line break it covers that too.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        if start >= end {
            let at = self.place(start);
            return Span::new(at, at);
        }
        Span::new(self.place(start), self.place(end - 1) + 1)
    }

    fn place(&self, at: usize) -> usize {
        let after = self.segments.partition_point(|(from, _)| *from <= at);
        self.segments.get(after.saturating_sub(1)).map_or(0, |(from, to)| to + (at - from))
    }

    /// The words from `from` on: parted by blanks, quotes and template marks kept together.
    pub(super) fn words(&self, from: usize) -> Words<'_> {
        Words { text: self.text, at: from, escape: self.escape, is_unclosed: false }
    }

    /// What stands in a range.
    pub(super) fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or("")
    }
}

/// The words of a line, as ranges.
pub(super) struct Words<'l> {
    text: &'l str,
    at: usize,
    escape: u8,
    /// A template's mark was met that nothing closes: no other is looked for, so that the work stays linear.
    is_unclosed: bool,
}

impl Iterator for Words<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.text.get(self.at..)?;
        let start = self.at + rest.find(|c: char| !c.is_whitespace())?;
        let bytes = self.text.as_bytes();
        let (mut at, mut quote) = (start, 0);
        while let Some(byte) = bytes.get(at).copied() {
            match byte {
                b'\'' | b'"' if quote == 0 => quote = byte,
                byte if quote != 0 && byte == quote => quote = 0,
                byte if byte == self.escape && quote != b'\'' => at += 1,
                b'{' | b'<' if !self.is_unclosed && shell::is_template(self.text, at) => match shell::template_end(self.text, at)
                {
                    Some(end) => at = end - 1,
                    None => self.is_unclosed = true,
                },
                b' ' | b'\t' | b'\r' | 0x0b | 0x0c if quote == 0 => break,
                _ => {}
            }
            at += 1;
        }
        self.at = at.min(self.text.len());
        Some(start..self.at)
    }
}

/// The line without its final escape character, if it is continued.
fn continued(line: &str, escape: u8) -> Option<&str> {
    let part = line.trim_end_matches([' ', '\t']).strip_suffix(char::from(escape))?;
    (!part.ends_with(char::from(escape))).then_some(part)
}
