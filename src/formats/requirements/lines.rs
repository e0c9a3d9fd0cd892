//! Lines of a requirements file as pip joins them, and the words in them.
//!
//! Answers for: continuations, comments, quotes, and the place of every word. Never knows what an option means.

use std::ops::Range;

use crate::syntax::lines;
use crate::text::{Span, Str};

/// What pip reads as one line.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Its text: physical lines joined, comments left out.
    pub(super) text: String,
    /// Where its pieces begin: in `text`, and in the content.
    pieces: Vec<(usize, usize)>,
    /// Where it ends in the content.
    end: usize,
    /// Comments in it and, indented, right below it, without `#`.
    pub(super) comments: Vec<String>,
}

/// A word of a line, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Its bytes in the line, quotes included.
    pub(super) range: Range<usize>,
}

impl Line {
    /// Where a part of the line stands in the content.
    pub(super) fn span(&self, range: &Range<usize>) -> Span {
        let at = |offset: usize| {
            let index = self.pieces.partition_point(|(joined, _)| *joined <= offset).saturating_sub(1);
            self.pieces.get(index).map_or(self.end, |(joined, source)| source + (offset - joined))
        };
        let end = if range.end > range.start { at(range.end - 1) + 1 } else { at(range.start) };
        Span::new(at(range.start), end.min(self.end))
    }

    /// A part of the line as a value.
    pub(super) fn value(&self, range: &Range<usize>) -> Str {
        let span = self.span(range);
        let text = self.text.get(range.clone()).unwrap_or("");
        if span.len() == text.len() { Str::at(span) } else { Str::made(span, text) }
    }

    /// The words from an offset on, as a shell would cut them.
    pub(super) fn words(&self, from: usize) -> Vec<Word> {
        let rest = self.text.get(from..).unwrap_or("");
        if memchr::memchr2(b'"', b'\'', rest.as_bytes()).is_none() {
            return plain_words(rest, from);
        }
        let mut words: Vec<Word> = Vec::new();
        let mut open: Option<Word> = None;
        let mut quote = None;
        for (at, character) in rest.char_indices() {
            let at = from + at;
            let end = at + character.len_utf8();
            if quote.is_none() && character.is_whitespace() {
                words.extend(open.take());
                continue;
            }
            let word = open.get_or_insert_with(|| Word { text: String::new(), range: at..end });
            word.range.end = end;
            match quote {
                Some(mark) if mark == character => quote = None,
                None if matches!(character, '"' | '\'') => quote = Some(character),
                _ => word.text.push(character),
            }
        }
        words.extend(open);
        words
    }
}

/// The words of a text without quotes, which begins at an offset of its line.
fn plain_words(mut rest: &str, mut from: usize) -> Vec<Word> {
    let mut words = Vec::new();
    loop {
        let word = rest.trim_start();
        from += rest.len() - word.len();
        let size = word.find(char::is_whitespace).unwrap_or(word.len());
        let Some((word, behind)) = word.split_at_checked(size).filter(|(word, _)| !word.is_empty()) else { return words };
        words.push(Word { text: word.to_owned(), range: from..from + size });
        (rest, from) = (behind, from + size);
    }
}

/// The lines of a content that say something.
pub(super) fn of(content: &str) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    let mut open: Option<Line> = None;
    let mut is_annotated = false;
    for line in lines::of(content) {
        let comment = comment_start(line.text);
        let is_comment = comment.is_some_and(|at| line.text.get(..at).is_some_and(|before| before.trim().is_empty()));
        let is_continued = line.text.ends_with('\\') && !is_comment;
        let code = if is_continued { line.text.trim_end_matches('\\') } else { line.text };
        let said = comment.and_then(|at| line.text.get(at..)).map(|text| text.trim_start_matches('#').trim().to_owned());
        let code = match comment {
            Some(at) if !is_continued => code.get(..at).unwrap_or(code),
            _ => code,
        };
        if open.is_none() && code.trim().is_empty() {
            let last = found.last_mut().filter(|_| is_annotated && is_comment && line.indent() > 0);
            match last {
                Some(last) => last.comments.extend(said),
                None => is_annotated = false,
            }
            continue;
        }
        let joined = open.get_or_insert_with(Line::default);
        joined.pieces.push((joined.text.len(), line.start));
        joined.text.push_str(code);
        joined.end = line.start + code.len();
        joined.comments.extend(said.filter(|_| !is_continued));
        if !is_continued {
            found.extend(open.take().map(trimmed).filter(|line| !line.text.is_empty()));
            is_annotated = true;
        }
    }
    found.extend(open.map(trimmed).filter(|line| !line.text.is_empty()));
    found
}

/// Without white space at either end.
fn trimmed(mut line: Line) -> Line {
    line.text.truncate(line.text.trim_end().len());
    let cut = line.text.len() - line.text.trim_start().len();
    if cut > 0 {
        let start = line.span(&(cut..cut)).start as usize;
        line.text.drain(..cut);
        line.pieces.retain(|(joined, _)| *joined > cut);
        line.pieces.iter_mut().for_each(|(joined, _)| *joined -= cut);
        line.pieces.insert(0, (0, start));
    }
    line
}

/// Where a comment begins: `#` at the start, or after white space.
fn comment_start(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    memchr::memchr_iter(b'#', bytes).find(|at| *at == 0 || bytes.get(at - 1).is_some_and(u8::is_ascii_whitespace))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn lines_are_joined_and_every_part_keeps_its_place() {
        let content =
            "# head\n\n  a==1 \\\n    --hash=x \\\n    --hash y # said\n    # via b\n# not this\n    # nor this\nc#d # e\n\\\n";
        let found = of(content);
        assert_eq!(found.len(), 2);
        let first = &found[0];
        assert_eq!(first.comments, ["said", "via b"]);
        for word in first.words(0) {
            assert_eq!(content.get(first.span(&word.range).range()), Some(word.text.as_str()));
        }
        assert_eq!((found[1].text.as_str(), &found[1].comments), ("c#d", &vec!["e".to_owned()]));
    }

    #[test]
    fn quotes_are_taken_off() {
        let found = of("-i 'https://a/b c' --pre");
        let words: Vec<String> = found[0].words(0).into_iter().map(|word| word.text).collect();
        assert_eq!(words, ["-i", "https://a/b c", "--pre"]);
    }
}
