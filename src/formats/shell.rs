//! Variables in words, as Dockerfiles (BuildKit's shell lexer) and compose files expand them, with the places of the pieces.
//!
//! Answers for: quotes, escapes, `$NAME`, `${NAME}` and its modifiers (`:-`, `-`, `:+`, `+`, `:?`, `?`, `#`, `##`, `%`, `%%`, `/`,
//! `//`), and marks of template engines (`{{ … }}`, `<% … %>`), whose values nobody knows offline. Never runs a shell.

use std::borrow::Cow;

use crate::formats::image::{PieceKind, Written};
use crate::text::Span;

/// The named limit on defaults inside defaults.
const NESTING_MAX: u8 = 8;
/// The named limit on an expanded value, in bytes: values that hold values double with each line.
const VALUE_LENGTH_MAX: usize = 8 * 1024;
/// The named limit on values and patterns of `#`, `%` and `/`, in bytes.
const CUT_LENGTH_MAX: usize = 128;

/// What is known of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Its value.
    Known(Cow<'a, str>),
    /// Nothing sets it: `${NAME:-default}` is the default.
    Unset,
    /// It has a value, which nobody knows offline.
    Unknown,
}

/// Looks a variable up.
pub(super) type Lookup<'l> = dyn Fn(&str) -> Value<'l> + 'l;

/// A word to expand.
#[derive(Clone, Copy)]
pub(super) struct Word<'w> {
    /// What is written.
    pub text: &'w str,
    /// Where a range of it stands.
    pub place: &'w dyn Fn(usize, usize) -> Span,
    /// Whose rules hold.
    pub dialect: Dialect,
}

/// Whose rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A Dockerfile's: quotes, and this escape character.
    Builder(u8),
    /// A compose file's: no quotes, `$$` is a dollar sign, no `#`, `%` and `/`.
    Compose,
    /// Files that have no variables of their own: what looks like one, `$(NAME)` too, is another tool's, and unknown.
    Foreign,
}

impl Dialect {
    fn is_escape(self, text: &str, at: usize) -> bool {
        let byte = text.as_bytes().get(at).copied();
        match self {
            Self::Builder(escape) => byte == Some(escape) && at + 1 < text.len(),
            Self::Compose => byte == Some(b'$') && text.as_bytes().get(at + 1) == Some(&b'$'),
            Self::Foreign => false,
        }
    }
}

/// Expands a word. What is unknown stays as it is written, as a piece of its own.
pub(super) fn expand(word: Word<'_>, lookup: &Lookup<'_>) -> Written {
    let mut out = Written::default();
    Expansion { word, lookup, nesting: 0 }.run(&mut out);
    out
}

/// The value of a word whose variables are all known.
pub(super) fn evaluate(text: &str, lookup: &Lookup<'_>) -> Option<String> {
    evaluate_as(text, Dialect::Builder(b'\\'), lookup)
}

/// The same by the rules of a dialect.
pub(super) fn evaluate_as(text: &str, dialect: Dialect, lookup: &Lookup<'_>) -> Option<String> {
    evaluate_nested(text, lookup, dialect, 0)
}

fn evaluate_nested(text: &str, lookup: &Lookup<'_>, dialect: Dialect, nesting: u8) -> Option<String> {
    if nesting > NESTING_MAX {
        return None;
    }
    let mut out = Written::default();
    let word = Word { text, place: &|_, _| Span::default(), dialect };
    Expansion { word, lookup, nesting }.run(&mut out);
    (!out.is_unknown()).then_some(out.value)
}

/// The end of a template engine's mark that begins at `at`, if one does.
pub(super) fn template_end(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at + 2..)?;
    let close = match text.as_bytes().get(at..at + 2)? {
        b"{{" => "}}",
        b"{%" => "%}",
        b"<%" => "%>",
        _ => return None,
    };
    rest.find(close).map(|end| at + 2 + end + close.len())
}

/// Whether a template engine's mark begins at `at`.
pub(super) fn is_template(text: &str, at: usize) -> bool {
    matches!(text.as_bytes().get(at..at + 2), Some(b"{{" | b"{%" | b"<%"))
}

/// A brace that nothing closes: what follows is unknown.
struct Unclosed;

struct Expansion<'w, 'l> {
    word: Word<'w>,
    lookup: &'w Lookup<'l>,
    nesting: u8,
}

impl Expansion<'_, '_> {
    fn run(&self, out: &mut Written) {
        let bytes = self.word.text.as_bytes();
        let has_quotes = matches!(self.word.dialect, Dialect::Builder(_));
        let (mut at, mut literal, mut quote) = (0, 0, 0);
        while let Some(byte) = bytes.get(at).copied() {
            if quote != b'\'' && self.word.dialect.is_escape(self.word.text, at) {
                // What is escaped is text, whatever it is.
                self.piece(out, literal, at);
                literal = at + 1;
                at += 2;
                continue;
            }
            let end = match byte {
                b'\'' | b'"' if has_quotes && (quote == 0 || quote == byte) => {
                    quote = if quote == 0 { byte } else { 0 };
                    Some(at + 1)
                }
                b'{' | b'<' if is_template(self.word.text, at) => {
                    let Some(end) = template_end(self.word.text, at) else { return self.rest(out, literal, at) };
                    Some(end)
                }
                b'$' if quote != b'\'' => match self.end_of_variable(at) {
                    Ok(end) => end,
                    Err(Unclosed) => return self.rest(out, literal, at),
                },
                _ => None,
            };
            let Some(end) = end else {
                at += 1;
                continue;
            };
            self.piece(out, literal, at);
            match byte {
                b'$' => self.variable(out, at, end),
                b'{' | b'<' => self.unknown(out, at, end),
                _ => {}
            }
            (literal, at) = (end, end);
            if out.value.len() > VALUE_LENGTH_MAX {
                return self.unknown(out, end, bytes.len());
            }
        }
        self.piece(out, literal, bytes.len());
    }

    fn piece(&self, out: &mut Written, start: usize, end: usize) {
        let text = self.word.text.get(start..end).unwrap_or("");
        out.push(text, (self.word.place)(start, end), PieceKind::Literal);
    }

    fn unknown(&self, out: &mut Written, start: usize, end: usize) {
        let text = self.word.text.get(start..end).unwrap_or("");
        out.push(text, (self.word.place)(start, end), PieceKind::Unknown);
    }

    fn rest(&self, out: &mut Written, literal: usize, at: usize) {
        self.piece(out, literal, at);
        self.unknown(out, at, self.word.text.len());
    }

    /// The end of the variable that begins at `at`; `None` for a lone `$`.
    fn end_of_variable(&self, at: usize) -> Result<Option<usize>, Unclosed> {
        let text = self.word.text;
        if is_template(text, at + 1) {
            return template_end(text, at + 1).map(Some).ok_or(Unclosed);
        }
        if self.word.dialect == Dialect::Foreign && text.as_bytes().get(at + 1) == Some(&b'(') {
            return text.get(at..).and_then(|rest| rest.find(')')).map(|close| Some(at + close + 1)).ok_or(Unclosed);
        }
        if text.as_bytes().get(at + 1) == Some(&b'{') {
            return closing_brace(text, at + 2).map(|close| Some(close + 1)).ok_or(Unclosed);
        }
        let length = name_length(text.get(at + 1..).unwrap_or(""));
        Ok((length > 0).then_some(at + 1 + length))
    }

    fn variable(&self, out: &mut Written, start: usize, end: usize) {
        let inner = self.word.text.get(start + 1..end).unwrap_or("");
        let inner = inner.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(inner);
        match self.value(inner) {
            Some(value) => out.push(&value, (self.word.place)(start, end), PieceKind::Made),
            None => self.unknown(out, start, end),
        }
    }

    /// The value of `NAME` with its modifier; `None` if nobody knows it.
    fn value(&self, inner: &str) -> Option<String> {
        let (name, rest) = inner.split_at_checked(name_length(inner))?;
        let value = if name.is_empty() { return None } else { (self.lookup)(name) };
        let nested = |word: &str| evaluate_nested(word, self.lookup, self.word.dialect, self.nesting + 1);
        let (is_strict, modifier) = rest.strip_prefix(':').map_or((false, rest), |rest| (true, rest));
        let is_set = match &value {
            Value::Known(value) => !(is_strict && value.is_empty()),
            Value::Unset => false,
            Value::Unknown => return None,
        };
        let known = match value {
            Value::Known(value) if value.len() > VALUE_LENGTH_MAX => return None,
            Value::Known(value) => Some(value.into_owned()),
            _ => None,
        };
        match modifier.as_bytes().first() {
            None if is_strict => None,
            None => known,
            Some(b'-' | b'?') if is_set => known,
            Some(b'-') => nested(modifier.get(1..)?),
            Some(b'+') if is_set => nested(modifier.get(1..)?),
            Some(b'+') => Some(String::new()),
            Some(b'#' | b'%' | b'/') if !is_strict && matches!(self.word.dialect, Dialect::Builder(_)) => {
                cut(&known?, modifier, &nested)
            }
            Some(_) => None,
        }
    }
}

/// Applies `#`, `##`, `%`, `%%`, `/` or `//` with its pattern.
fn cut(value: &str, modifier: &str, nested: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let (sign, rest) = modifier.split_at_checked(1)?;
    let (is_greedy, rest) = rest.strip_prefix(sign).map_or((false, rest), |rest| (true, rest));
    // Every end of the value is tried with the whole pattern; values of images are short.
    if value.len() > CUT_LENGTH_MAX || rest.len() > CUT_LENGTH_MAX {
        return None;
    }
    if sign == "/" {
        let (pattern, replacement) = rest.split_once('/').unwrap_or((rest, ""));
        let (pattern, replacement) = (nested(pattern)?, nested(replacement)?);
        let is_plain = !pattern.is_empty() && replacement.len() <= CUT_LENGTH_MAX && !pattern.contains(['*', '?', '[', '\\']);
        let count = if is_greedy { usize::MAX } else { 1 };
        return is_plain.then(|| value.replacen(&pattern, &replacement, count));
    }
    let pattern = nested(rest)?;
    if pattern.len() > CUT_LENGTH_MAX || pattern.contains(['[', '\\']) {
        return None;
    }
    let mut ends: Vec<usize> = value.char_indices().map(|(at, _)| at).chain([value.len()]).collect();
    if (sign == "#") == is_greedy {
        ends.reverse();
    }
    for end in ends {
        let (before, after) = value.split_at_checked(end)?;
        let (matched, kept) = if sign == "#" { (before, after) } else { (after, before) };
        if is_match(pattern.as_bytes(), matched.as_bytes()) {
            return Some(kept.to_owned());
        }
    }
    Some(value.to_owned())
}

/// Whether a pattern with `*` and `?` matches all of a text.
fn is_match(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || Some(byte) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                p = at + 1;
                t = from + 1;
            }
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// How much of the beginning of a text is a variable's name.
pub(super) fn name_length(text: &str) -> usize {
    let is_name = |(at, byte): (usize, u8)| byte == b'_' || byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit());
    text.bytes().enumerate().take_while(|indexed| is_name(*indexed)).count()
}

/// The `}` that closes what begins at `at`, over braces of variables inside.
pub(super) fn closing_brace(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open = 0_usize;
    let mut at = at;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 1,
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                open += 1;
                at += 1;
            }
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_mean_what_the_builder_documents() {
        let lookup = |name: &str| match name {
            "V" => Value::Known("3.19.1-slim".into()),
            "E" => Value::Known("".into()),
            "A" => Value::Unknown,
            _ => Value::Unset,
        };
        for (word, expected) in [
            ("a$V", Some("a3.19.1-slim")),
            ("a${V}b", Some("a3.19.1-slimb")),
            ("$V.x", Some("3.19.1-slim.x")),
            ("${E}", Some("")),
            ("${E:-d}", Some("d")),
            ("${E-d}", Some("")),
            ("${N:-d}", Some("d")),
            ("${N-d}", Some("d")),
            ("${N:-${M:-${V}}}", Some("3.19.1-slim")),
            ("${N:-$N}", None),
            ("${V:+x}", Some("x")),
            ("${E:+x}", Some("")),
            ("${E+x}", Some("x")),
            ("${N:+x}", Some("")),
            ("${V:?must be set}", Some("3.19.1-slim")),
            ("${N:?must be set}", None),
            ("${A:-d}", None),
            ("${V#3.}", Some("19.1-slim")),
            ("${V#*.}", Some("19.1-slim")),
            ("${V##*.}", Some("1-slim")),
            ("${V%-*}", Some("3.19.1")),
            ("${V%.*}", Some("3.19")),
            ("${V%%.*}", Some("3")),
            ("${V/./_}", Some("3_19.1-slim")),
            ("${V//./_}", Some("3_19_1-slim")),
            ("${V/?/_}", None),
            ("$N", None),
            ("${V", None),
            ("a$", Some("a$")),
            ("$1", Some("$1")),
            ("'$V'", Some("$V")),
            ("\"$V\"x", Some("3.19.1-slimx")),
            ("\\$V", Some("$V")),
            ("{{ x }}", None),
            ("<%= x %>", None),
            ("{x}", Some("{x}")),
        ] {
            assert_eq!(evaluate(word, &lookup).as_deref(), expected, "{word}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let word = format!("{}d{}", "${N:-".repeat(500), "}".repeat(500));
        assert_eq!(evaluate(&word, &|_| Value::Unset), None);
    }
}
