//! Lines of a requirements file as pip joins them, and the words in them.
//!
//! Answers for: line ends, continuations, comments, quotes, and the place of every word. Never knows what an option means.

use std::ops::Range;

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

    /// The words from an offset on, as Python's `shlex` cuts them.
    pub(super) fn words(&self, from: usize) -> Vec<Word> {
        let rest = self.text.get(from..).unwrap_or("");
        if memchr::memchr3(b'"', b'\'', b'\\', rest.as_bytes()).is_none() {
            return plain_words(rest, from);
        }
        let mut words: Vec<Word> = Vec::new();
        let mut open: Option<Word> = None;
        let mut quote = None;
        let mut characters = rest.char_indices().peekable();
        while let Some((at, mut character)) = characters.next() {
            let at = from + at;
            if quote.is_none() && is_blank(character) {
                words.extend(open.take());
                continue;
            }
            let mut end = at + character.len_utf8();
            // A backslash keeps what follows from meaning something; between double quotes only what could end them.
            let is_kept = |next: char| quote.is_none() || (quote == Some('"') && matches!(next, '"' | '\\'));
            let kept = if character == '\\' { characters.next_if(|(_, next)| is_kept(*next)) } else { None };
            if let Some((_, next)) = kept {
                character = next;
                end += next.len_utf8();
            }
            let word = open.get_or_insert_with(|| Word { text: String::new(), range: at..end });
            word.range.end = end;
            match quote {
                _ if kept.is_some() => word.text.push(character),
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
        let word = rest.trim_start_matches(is_blank);
        from += rest.len() - word.len();
        let size = word.find(is_blank).unwrap_or(word.len());
        let Some((word, behind)) = word.split_at_checked(size).filter(|(word, _)| !word.is_empty()) else { return words };
        words.push(Word { text: word.to_owned(), range: from..from + size });
        (rest, from) = (behind, from + size);
    }
}

/// What stands between words. Other white space is part of them: `https://a<U+00A0>@b` is one address, of host `b`.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// White space as Python's `str.isspace` knows it.
fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\x1c'..='\x1f')
}

/// What ends a line for Python's `str.splitlines`, which is more than other readers know.
fn is_line_end(character: char) -> bool {
    matches!(character, '\n'..='\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The lines of a content as `str.splitlines` cuts them, without their ends, and where they begin.
fn physical(content: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = content.get(start..).filter(|rest| !rest.is_empty())?;
        let (text, after) = rest.split_at_checked(rest.find(is_line_end).unwrap_or(rest.len()))?;
        let at = start;
        let end = if after.starts_with("\r\n") { 2 } else { after.chars().next().map_or(0, char::len_utf8) };
        start += text.len() + end;
        Some((at, text))
    })
}

/// The lines of a content that say something.
pub(super) fn of(content: &str) -> Vec<Line> {
    read(content, false)
}

/// The lines that begin with an option. The rest costs little.
pub(super) fn of_options(content: &str) -> Vec<Line> {
    read(content, true)
}

fn read(content: &str, is_options_only: bool) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    let mut open: Option<Line> = None;
    let mut is_annotated = false;
    // Whether a comment began in a line that is continued: all the rest is in it.
    let mut is_hidden = false;
    let mut is_skipped = false;
    for (start, text) in physical(content) {
        let is_comment = text.trim_start_matches(is_space).starts_with('#');
        let is_continued = text.ends_with('\\') && !is_comment;
        if is_skipped {
            is_skipped = is_continued;
            continue;
        }
        let code = if is_continued { text.trim_matches('\\') } else { text };
        let start = if is_continued { start + text.len() - text.trim_start_matches('\\').len() } else { start };
        let is_begun = open.as_ref().is_some_and(|line| !line.text.ends_with(is_space) && !line.text.is_empty());
        let comment = comment_start(code, is_comment || !is_begun);
        let said = comment.and_then(|at| code.get(at..)).map(|text| text.trim_start_matches('#').trim().to_owned());
        let code = comment.and_then(|at| code.get(..at)).unwrap_or(code);
        if open.is_none() && code.trim_matches(is_space).is_empty() && (!is_continued || comment.is_none()) {
            let is_indented = text.starts_with([' ', '\t']);
            let last = found.last_mut().filter(|_| is_annotated && is_comment && is_indented);
            match last {
                Some(last) => last.comments.extend(said),
                None => is_annotated = false,
            }
            continue;
        }
        if open.is_none() && is_options_only && !code.trim_start_matches(is_space).starts_with('-') {
            is_skipped = is_continued;
            continue;
        }
        let joined = open.get_or_insert_with(Line::default);
        if !is_hidden {
            joined.pieces.push((joined.text.len(), start));
            joined.text.push_str(code);
            joined.end = start + code.len();
            joined.comments.extend(said);
            is_hidden = comment.is_some();
        }
        if !is_continued {
            found.extend(open.take().map(trimmed).filter(|line| !line.text.is_empty()));
            is_annotated = true;
            is_hidden = false;
        }
    }
    found.extend(open.map(trimmed).filter(|line| !line.text.is_empty()));
    found
}

/// Without white space at either end.
fn trimmed(mut line: Line) -> Line {
    line.text.truncate(line.text.trim_end_matches(is_space).len());
    let cut = line.text.len() - line.text.trim_start_matches(is_space).len();
    if cut > 0 {
        let start = line.span(&(cut..cut)).start as usize;
        line.text.drain(..cut);
        line.pieces.retain(|(joined, _)| *joined > cut);
        line.pieces.iter_mut().for_each(|(joined, _)| *joined -= cut);
        line.pieces.insert(0, (0, start));
    }
    line
}

/// Where a comment begins: `#` after white space, or at the start if that begins a word.
fn comment_start(line: &str, is_start: bool) -> Option<usize> {
    let follows = |at: usize| line.get(..at).and_then(|before| before.chars().next_back()).is_some_and(is_space);
    memchr::memchr_iter(b'#', line.as_bytes()).find(|at| if *at == 0 { is_start } else { follows(*at) })
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
    fn lines_end_where_python_ends_them() {
        for end in ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\u{85}", "\u{2028}", "\u{2029}"] {
            let content = format!("\u{e9}{end}a==1 # b{end}  -i c{end}");
            let found = of(&content);
            let lines: Vec<&str> = found.iter().map(|line| line.text.as_str()).collect();
            assert_eq!(lines, ["\u{e9}", "a==1", "-i c"], "{end:?}");
            for (line, word) in found.iter().flat_map(|line| line.words(0).into_iter().map(move |word| (line, word))) {
                assert_eq!(content.get(line.span(&word.range).range()), Some(word.text.as_str()), "{end:?}");
            }
        }
        assert_eq!(of("a\x1fb\u{a0}c").len(), 1);
    }

    #[test]
    fn a_comment_hides_what_continues_its_line() {
        let lines = |content: &str| of(content).into_iter().map(|line| line.text).collect::<Vec<_>>();
        assert_eq!(lines("--pre # a \\\n-i b\n-i c\n"), ["--pre", "-i c"]);
        assert_eq!(lines("\\-i \\\nb\u{a0}# c\n"), ["-i b"]);
        assert_eq!(lines("# a \\\n-i b\n"), ["-i b"]);
        assert_eq!(lines("\\# a \\\n-i b\n-i c\n"), ["-i c"]);
        let options: Vec<String> =
            of_options("a \\\n-i b\n\x1f-i c\n\\\n-i \\\nd\ne\n").into_iter().map(|line| line.text).collect();
        assert_eq!(options, ["-i c", "-i d"]);
    }

    #[test]
    fn words_are_cut_as_python_cuts_them() {
        let words = |line: &str| of(line)[0].words(0).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(words("-i https://a\u{a0}@b"), ["-i", "https://a\u{a0}@b"]);
        assert_eq!(words("-i https://a\\ @b \\-r c"), ["-i", "https://a @b", "-r", "c"]);
        assert_eq!(words(r#"-i "a\"b\c" 'd\'"#), ["-i", r#"a"b\c"#, r"d\"]);
    }

    #[test]
    fn quotes_are_taken_off() {
        let found = of("-i 'https://a/b c' --pre");
        let words: Vec<String> = found[0].words(0).into_iter().map(|word| word.text).collect();
        assert_eq!(words, ["-i", "https://a/b c", "--pre"]);
    }
}
