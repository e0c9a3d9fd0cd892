//! Logical lines of a Dockerfile.
//!
//! Answers for: the escape character, continuations with comments and blank lines between them, here-documents, and where each part
//! of a line stands. Never knows what an instruction means.

use std::ops::Range;

use crate::formats::shell;
use crate::text::Span;

/// A walk over logical lines. One buffer serves all lines that are continued; the others are not copied.
pub(super) struct Lines<'t> {
    content: &'t str,
    at: usize,
    /// The escape character of this file.
    pub escape: u8,
    buffer: String,
    segments: Vec<(usize, usize)>,
}

/// One logical line: an instruction.
pub(super) struct Line<'l> {
    /// The instruction without line breaks and comments.
    pub text: &'l str,
    /// Where its parts stand: offset in `text`, offset in the content; sorted.
    segments: &'l [(usize, usize)],
    /// The escape character.
    pub escape: u8,
    /// A here-document that nothing ends, as a range of `text`.
    pub unended: Option<Range<usize>>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(content: &'t str) -> Self {
        Self { content, at: 0, escape: b'\\', buffer: String::new(), segments: Vec::new() }
    }

    /// The next physical line, without its line end: where it starts, and what it is.
    pub(super) fn physical(&mut self) -> Option<(usize, &'t str)> {
        let start = self.at;
        let rest = self.content.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest.as_bytes());
        self.at = end.map_or(self.content.len(), |end| start + end + 1);
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or("");
        Some((start, line.strip_suffix('\r').unwrap_or(line)))
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
        let mut unended = None;
        if memchr::memmem::find(if is_joined { self.buffer.as_bytes() } else { line.as_bytes() }, b"<<").is_some() {
            let names = here_documents(if is_joined { &self.buffer } else { line }, self.escape);
            unended = names.into_iter().find(|(_, name, is_indented)| !self.skip(name, *is_indented)).map(|(range, ..)| range);
        }
        let text = if is_joined { self.buffer.as_str() } else { line };
        Some(Line { text, segments: &self.segments, escape: self.escape, unended })
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

    /// Goes behind the end of a here-document; whether there is one.
    fn skip(&mut self, name: &str, is_indented: bool) -> bool {
        while let Some((_, line)) = self.physical() {
            let line = if is_indented { line.trim_start_matches('\t') } else { line };
            if line == name {
                return true;
            }
        }
        false
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

/// The here-documents that an instruction opens: where, how they end, and whether their lines lose leading tabs.
fn here_documents(line: &str, escape: u8) -> Vec<(Range<usize>, String, bool)> {
    let keyword_length = line.find(char::is_whitespace).unwrap_or(line.len());
    let (keyword, rest) = line.split_at_checked(keyword_length).unwrap_or((line, ""));
    let rest = rest.trim();
    let can_hold = ["RUN", "COPY", "ADD", "ONBUILD"].iter().any(|known| known.eq_ignore_ascii_case(keyword));
    let is_list = rest.starts_with('[') && rest.ends_with(']');
    if !can_hold || is_list {
        return Vec::new();
    }
    let mut found = Vec::new();
    for range in (Words { text: line, at: keyword_length, escape, is_unclosed: false }) {
        let word = line.get(range.clone()).unwrap_or("");
        let opening = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let Some(name) = opening.strip_prefix("<<") else { continue };
        let (name, is_indented) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
        let name = name.replace(['\'', '"'], "");
        if !name.is_empty() && !name.contains('<') {
            found.push((range, name, is_indented));
        }
    }
    found
}
