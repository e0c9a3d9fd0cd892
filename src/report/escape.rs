//! Everything from a lockfile passes here before it is printed anywhere.
//!
//! Answers for: text that a stranger wrote can neither move the terminal's cursor nor hide, reorder or imitate what packman says.

use std::borrow::Cow;
use std::fmt::Write as _;

/// For terminals and logs: control, bidirectional and invisible characters become `\u{…}`.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| !is_unsafe(c)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// The same, but line ends stay: for text that packman itself laid out in lines.
#[must_use]
pub fn lines(text: &str) -> String {
    text.split('\n').map(terminal).collect::<Vec<_>>().join("\n")
}

/// For Markdown: nothing from `text` is taken for mark-up, a link, a mention or HTML.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for c in terminal(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            // A zero-width entity keeps addresses and mentions from becoming links.
            '@' => safe.push_str("&#64;"),
            ':' => safe.push_str("&#58;"),
            '.' if is_after_www(&safe) => safe.push_str("&#46;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Whether a dot would make a link of what follows.
fn is_after_www(text: &str) -> bool {
    text.len().checked_sub(3).and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case("www"))
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

/// Characters that do something instead of showing something.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
