//! Lines with their places, for formats that are read line by line.
//!
//! Answers for: where lines begin and end, and where a part of a line stands. Never knows comments, keys or sections.

use super::offset_in;
use crate::text::Span;

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    /// What stands in it, without its line end.
    pub text: &'t str,
    /// The byte of the content at which it begins.
    pub start: usize,
    /// Its number, from 1.
    pub number: u32,
}

impl<'t> Line<'t> {
    /// The bytes of the whole line, without its line end.
    #[must_use]
    pub fn span(&self) -> Span {
        Span::new(self.start, self.start + self.text.len())
    }

    /// Where `part` stands, which was cut out of this line; the whole line for anything else.
    #[must_use]
    pub fn span_of(&self, part: &str) -> Span {
        match offset_in(self.text, part) {
            Some(offset) => Span::new(self.start + offset, self.start + offset + part.len()),
            None => self.span(),
        }
    }

    /// What stands before and after the first `separator`, both trimmed.
    #[must_use]
    pub fn split_once(&self, separator: &str) -> Option<(&'t str, &'t str)> {
        let (before, after) = self.text.split_once(separator)?;
        Some((before.trim(), after.trim()))
    }

    /// How many spaces or tabs it begins with.
    #[must_use]
    pub fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches([' ', '\t']).len()
    }

    /// Whether nothing but white space stands in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// The lines of a content, as `Text::lines` numbers them: they end with LF, CR LF or a lone CR. No empty line follows the last line
/// end.
pub fn of(content: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    let mut number = 0;
    std::iter::from_fn(move || {
        let rest = content.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let (text, after) = rest.split_at_checked(length)?;
        number += 1;
        let line = Line { text, start, number };
        start += length + if after.starts_with("\r\n") { 2 } else { 1 };
        Some(line)
    })
}
