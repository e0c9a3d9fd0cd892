//! Everything from a lockfile passes here before it is printed anywhere.
//!
//! Answers for: text that a stranger wrote can neither move the terminal's cursor nor hide, reorder or imitate what packman says, nor
//! give a CI runner a command. GitHub's runner obeys lines that begin with `::name`, after blanks of any kind, and `##[name` anywhere
//! in a line, on both streams.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use super::serializer::{Serializer, is_plain};

/// For terminals and logs: control, bidirectional and invisible characters become `\u{…}`, and so does what would make a command for a
/// runner of the text: the second colon of a leading `::`, the bracket of `##[`. What stands before a character alone decides what
/// becomes of it, so the beginning of a text is escaped like the text's beginning.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) && !text.contains("::") {
        return Cow::Borrowed(text);
    }
    let is_command = text.trim_start().starts_with("::") || text.contains("##[");
    if !is_command && !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    let (mut before, mut last) = (None, None);
    let mut is_leading = true;
    for c in text.chars() {
        let is_command = match c {
            ':' => is_leading && last == Some(':'),
            '[' => (before, last) == (Some('#'), Some('#')),
            _ => false,
        };
        if is_command || is_unsafe(c) {
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        } else {
            safe.push(c);
        }
        is_leading = is_leading && (c.is_whitespace() || c == ':' && last != Some(':'));
        (before, last) = (last, Some(c));
    }
    Cow::Owned(safe)
}

/// The same, but line ends stay: for text that packman itself laid out in lines.
#[must_use]
pub fn lines(text: &str) -> String {
    text.split('\n').map(terminal).collect::<Vec<_>>().join("\n")
}

/// For Markdown: nothing from `text` is taken for mark-up, a link, a mention, mathematics or HTML. What would mention somebody or refer to
/// an issue stands in a code span, since references are looked for in the finished text.
#[must_use]
pub fn markdown(text: &str) -> String {
    let text = terminal(text);
    let mut safe = String::with_capacity(text.len() + 16);
    let (mut rest, mut is_after_code) = (text.as_ref(), false);
    while let Some(c) = rest.chars().next() {
        let coded = match c {
            '@' | '#' | '$' => 1,
            ':' if rest.starts_with("://") => 3,
            '.' if ends_with(&safe, "www") => 1,
            '-' if ends_with(&safe, "gh") => 1,
            _ => 0,
        };
        let (part, after) = rest.split_at(coded.max(c.len_utf8()));
        match c {
            // One span for all that follow each other: two would not be told apart.
            _ if coded > 0 && is_after_code => safe.truncate(safe.len() - 1),
            _ if coded > 0 => safe.push('`'),
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '+' | '!' | '|' | '~' => safe.extend(['\\', c]),
            ':' => safe.push_str("&#58;"),
            other => safe.push(other),
        }
        if coded > 0 {
            safe.push_str(part);
            safe.push('`');
        }
        is_after_code = coded > 0;
        rest = after;
    }
    safe
}

/// Whether a text ends so, in any case.
fn ends_with(text: &str, end: &str) -> bool {
    text.len().checked_sub(end.len()).and_then(|start| text.get(start..)).is_some_and(|found| found.eq_ignore_ascii_case(end))
}

/// For a code span of Markdown: delimited so that no run of backticks inside ends it, and without table bars.
#[must_use]
pub fn code(text: &str) -> String {
    let text = terminal(text).replace('|', "¦");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// For the value of a `KEY=value` line of a workflow's output file: one line.
#[must_use]
pub fn output_value(text: &str) -> String {
    terminal(text).into_owned()
}

/// Writes JSON in which nothing that would act where it is shown stands as itself: what strings have of it is written by number, which
/// means the same.
pub fn json(value: &impl Serialize, out: &mut Vec<u8>) -> serde_json::Result<()> {
    value.serialize(&mut Serializer { out })
}

/// The same of anything, without a shortcut.
pub(super) fn any_json(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Numbered))
}

struct Numbered;

impl Formatter for Numbered {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if is_plain(fragment.as_bytes()) {
            return out.write_all(fragment.as_bytes());
        }
        let mut rest = 0;
        for (at, c) in fragment.char_indices() {
            let before = fragment.get(..at).unwrap_or("");
            if is_unsafe(c) || c == '[' && before.ends_with("##") {
                out.write_all(fragment.get(rest..at).unwrap_or("").as_bytes())?;
                c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(out, "\\u{unit:04x}"))?;
                rest = at + c.len_utf8();
            }
        }
        out.write_all(fragment.get(rest..).unwrap_or("").as_bytes())
    }
}

/// Characters that do something instead of showing something, and the two that no XML can hold.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_runners_are_broken() {
        assert_eq!(terminal(" \u{a0}::error::x"), " \u{a0}:\\u{3a}error::x");
        assert_eq!(terminal("a ##[error]b ###[c"), "a ##\\u{5b}error]b ###\\u{5b}c");
        assert_eq!(terminal("std::fmt #[x] # #[y]"), "std::fmt #[x] # #[y]");
        assert_eq!(lines("a\n  ::x::"), "a\n  :\\u{3a}x::");
    }

    #[test]
    fn json_means_the_same_and_does_nothing() {
        let texts = ["a ##[error] ###[ ##", "\u{7f}\u{9b}2J", "\u{202e}x\u{e0001}\u{2028}", "é🦀 [x] #[y]", "\u{1b}##\n[\"##["];
        let mut written = Vec::new();
        json(&texts, &mut written).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert!(!written.contains("##[") && !written.chars().any(is_unsafe), "{written}");
        assert!(written.contains("é🦀 [x] #[y]") && written.contains("\\udb40\\udc01"), "{written}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), texts);
    }

    #[test]
    fn nothing_is_mentioned_or_linked_in_markdown() {
        assert_eq!(markdown("a:b @#://`"), "a&#58;b `@#://`\\`");
        assert_eq!(markdown("@me #1 GH-2 www.a b://c"), "`@`me `#`1 GH`-`2 www`.`a b`://`c");
    }
}
