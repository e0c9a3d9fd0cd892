//! JSON, and JSON with comments, into the tree of nodes.
//!
//! Specification: RFC 8259; serde_json decides what is JSON, in one pass, and this reader finds where each token stands. With
//! comments: `//`, `/* */` and a comma after the last element, as `bun.lock`, `deno.json` and `tsconfig.json` have them; JSON5's
//! other liberties are refused. Never interprets a number.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize as _, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::{Builder, DEPTH_MAX, Document, Key, Kind, broken, character_at, empty, offset_in, too_deep};
use crate::text::{Problem, Span, Text};

/// A guess that saves most growth of the vector: real lockfiles have a node every 24 to 58 bytes.
const BYTES_PER_NODE: usize = 48;

/// Reads JSON.
pub fn read(text: &Text) -> Result<Document<'_>, Problem> {
    read_content(text, &text.content)
}

/// Reads JSON with comments and trailing commas.
pub fn read_with_comments(text: &Text) -> Result<Document<'_>, Problem> {
    read_content(text, &without_comments(text)?)
}

/// `content` is as long as the text's own, so that every span is valid in both.
fn read_content<'t>(text: &'t Text, content: &str) -> Result<Document<'t>, Problem> {
    if content.trim_ascii().is_empty() {
        return Err(empty(text, "JSON"));
    }
    let builder = Builder::new(text, content.len() / BYTES_PER_NODE + 1);
    let mut reader = Reader { content, builder, at: 0, depth: 0, is_too_deep: false };
    let mut source = serde_json::Deserializer::from_str(content);
    let root = Value { reader: &mut reader, parent: None, key: Key::default() };
    match root.deserialize(&mut source).and_then(|()| source.end()) {
        Ok(()) => reader.builder.finish(),
        Err(_) if reader.is_too_deep => Err(too_deep(text, reader.at)),
        Err(error) => Err(problem(text, content, &error)),
    }
}

/// serde_json's error in our words, at its place.
fn problem(text: &Text, content: &str, error: &serde_json::Error) -> Problem {
    if error.classify() == Category::Eof {
        let at = content.trim_ascii_end().len();
        return broken(text, Span::new(at, at), "is not JSON: ends before it is complete");
    }
    let mut message = error.to_string();
    if let Some(at) = message.rfind(" at line ") {
        message.truncate(at);
    }
    let line_start = match error.line() {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', content.as_bytes()).nth(line - 2).map_or(0, |at| at + 1),
    };
    let at = line_start + error.column().saturating_sub(1);
    broken(text, character_at(&text.content, at), format!("is not JSON: {message}"))
}

/// What is known while serde_json walks over the content.
struct Reader<'c, 't> {
    content: &'c str,
    builder: Builder<'t>,
    /// One past the last token that was met.
    at: usize,
    depth: usize,
    is_too_deep: bool,
}

impl Reader<'_, '_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.content.as_bytes().get(at).copied()
    }

    /// Goes to the next token that has a meaning of its own. serde_json has checked, or will check, what is skipped.
    fn skip_to_token(&mut self) -> usize {
        while let Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | b':') = self.byte(self.at) {
            self.at += 1;
        }
        self.at
    }

    /// Passes a string that holds no escape, and so was lent by serde_json out of the content.
    fn pass_borrowed(&mut self, string: &str) -> Span {
        let start = offset_in(self.content, string).unwrap_or(self.at);
        let end = start + string.len();
        self.at = end + 1;
        Span::new(start, end)
    }

    /// Passes a string that holds escapes; its first quote is the next token.
    fn pass_escaped(&mut self) -> Span {
        let start = self.skip_to_token() + 1;
        let bytes = self.content.as_bytes();
        let mut end = start;
        while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(end..).unwrap_or(&[])) {
            end += found;
            if self.byte(end) == Some(b'"') {
                break;
            }
            end += 2;
        }
        self.at = end + 1;
        Span::new(start, end)
    }

    /// Passes a number, `true`, `false` or `null`.
    fn pass_word(&mut self) -> Span {
        let start = self.at;
        while let Some(b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'E') = self.byte(self.at) {
            self.at += 1;
        }
        Span::new(start, self.at)
    }

    /// Passes the closing brace or bracket.
    fn pass_close(&mut self, index: u32) {
        self.at = self.skip_to_token() + 1;
        self.builder.close(index, self.at);
    }
}

/// One value that is about to be read.
struct Value<'r, 'c, 't> {
    reader: &'r mut Reader<'c, 't>,
    parent: Option<u32>,
    key: Key,
}

impl Value<'_, '_, '_> {
    fn add(&mut self, kind: Kind, span: Span, made: Option<u32>) -> u32 {
        self.reader.builder.add(self.parent, self.key, kind, span, made)
    }

    /// Enters a map or list.
    fn open<E: de::Error>(&mut self, kind: Kind) -> Result<u32, E> {
        let start = self.reader.at;
        if self.reader.depth == DEPTH_MAX {
            self.reader.is_too_deep = true;
            return Err(E::custom("nested too deep"));
        }
        self.reader.depth += 1;
        self.reader.at += 1;
        Ok(self.add(kind, Span::new(start, start), None))
    }

    fn close(&mut self, index: u32) {
        self.reader.depth -= 1;
        self.reader.pass_close(index);
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_, '_> {
    type Value = ();

    /// The first byte tells which kind to ask for. A number is asked for as something to ignore: it is checked, never converted.
    fn deserialize<D: Deserializer<'de>>(mut self, source: D) -> Result<(), D::Error> {
        let start = self.reader.skip_to_token();
        let kind = match self.reader.byte(start) {
            Some(b'"') => return source.deserialize_str(self),
            Some(b'{') => return source.deserialize_map(self),
            Some(b'[') => return source.deserialize_seq(self),
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        };
        IgnoredAny::deserialize(source)?;
        let span = self.reader.pass_word();
        self.add(kind, span, None);
        Ok(())
    }
}

impl<'de> Visitor<'de> for Value<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_borrowed_str<E>(mut self, string: &'de str) -> Result<(), E> {
        let span = self.reader.pass_borrowed(string);
        self.add(Kind::Text, span, None);
        Ok(())
    }

    fn visit_str<E>(mut self, string: &str) -> Result<(), E> {
        let span = self.reader.pass_escaped();
        let made = self.reader.builder.keep(string);
        self.add(Kind::Text, span, Some(made));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let index = self.open(Kind::Map)?;
        while let Some(key) = members.next_key_seed(KeySeed { reader: self.reader })? {
            members.next_value_seed(Value { reader: self.reader, parent: Some(index), key })?;
        }
        self.close(index);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let index = self.open(Kind::List)?;
        while let Some(()) = items.next_element_seed(Value { reader: self.reader, parent: Some(index), key: Key::default() })? {}
        self.close(index);
        Ok(())
    }
}

/// One key that is about to be read.
struct KeySeed<'r, 'c, 't> {
    reader: &'r mut Reader<'c, 't>,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_, '_, '_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Key, D::Error> {
        source.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_, '_, '_> {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, string: &'de str) -> Result<Key, E> {
        Ok(Key { span: self.reader.pass_borrowed(string), made: None })
    }

    fn visit_str<E>(self, string: &str) -> Result<Key, E> {
        let span = self.reader.pass_escaped();
        Ok(Key { span, made: Some(self.reader.builder.keep(string)) })
    }
}

/// The content with spaces where comments and trailing commas stand; the content itself if there are none.
///
/// What may begin a comment and what closes a map or list is looked for, and only if it does is asked whether it stands in a string: strings
/// are far more than comments, and none goes on in another line.
fn without_comments(text: &Text) -> Result<Cow<'_, str>, Problem> {
    let bytes = text.content.as_bytes();
    let mut blanked: Option<Vec<u8>> = None;
    // No string and no comment goes on here.
    let mut outside = 0;
    for at in memchr::memchr3_iter(b'/', b'}', b']', bytes) {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let is_comment = matches!(rest, [b'/', b'/' | b'*', ..]);
        if at < outside || !is_comment && !is_behind_comma(blanked.as_deref().unwrap_or(bytes), at) {
            continue;
        }
        outside = not_in_string(bytes, outside, at);
        if outside > at {
            continue;
        }
        let blanked = blanked.get_or_insert_with(|| bytes.to_vec());
        if !is_comment {
            blank_trailing_comma(blanked, at);
            continue;
        }
        let Some(length) = comment_length(rest) else {
            return Err(broken(text, Span::new(at, at + 2), "is not JSON: a comment begins here and does not end"));
        };
        outside = at + length;
        let comment = blanked.get_mut(at..outside).unwrap_or_default();
        comment.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    }
    // Whole characters were replaced by spaces, so this is valid UTF-8.
    Ok(blanked.map_or(Cow::Borrowed(&*text.content), |blanked| Cow::Owned(String::from_utf8(blanked).unwrap_or_default())))
}

/// Whether a bracket or brace closes what ends with a comma.
fn is_behind_comma(bytes: &[u8], close: usize) -> bool {
    bytes.get(close) != Some(&b'/') && bytes.get(..close).unwrap_or(&[]).trim_ascii_end().ends_with(b",")
}

/// `at`, if no string holds it, else the end of the string that does. No string or comment goes on at `outside`.
fn not_in_string(bytes: &[u8], outside: usize, at: usize) -> usize {
    let line = bytes.get(outside..at).unwrap_or(&[]);
    let mut from = outside + memchr::memrchr2(b'\n', b'\r', line).map_or(0, |end| end + 1);
    while let Some(quote) = memchr::memchr(b'"', bytes.get(from..at).unwrap_or(&[])) {
        let start = from + quote;
        from = start + string_length(bytes.get(start..).unwrap_or(&[]));
        if from > at {
            return from;
        }
    }
    at
}

/// Blanks the comma before the bracket or brace at `close`; one that follows no element stays, for serde_json to refuse.
fn blank_trailing_comma(blanked: &mut [u8], close: usize) {
    let before = |bytes: &[u8], end: usize| {
        let end = bytes.get(..end).unwrap_or(&[]).trim_ascii_end().len();
        end.checked_sub(1).and_then(|at| bytes.get(at).map(|byte| (at, *byte)))
    };
    let Some((comma, b',')) = before(blanked, close) else { return };
    if let Some((_, byte)) = before(blanked, comma)
        && !matches!(byte, b'{' | b'[' | b':' | b',')
        && let Some(byte) = blanked.get_mut(comma)
    {
        *byte = b' ';
    }
}

/// Bytes of the comment at the start of `rest`, without the line end; `None` if it does not end.
fn comment_length(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"//") {
        return Some(memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()));
    }
    let end = memchr::memmem::find(rest.get(2..)?, b"*/")?;
    Some(end + 4)
}

/// Bytes of the string at the start of `rest`, with its quotes.
fn string_length(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', rest.get(at..).unwrap_or(&[])) {
        at += found;
        if rest.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{Side, TextId};

    /// The same, a byte after the other. `Err` where a string goes on in another line, which is no JSON.
    fn plainly(content: &str) -> Result<Option<String>, ()> {
        let bytes = content.as_bytes();
        let mut blanked = bytes.to_vec();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let rest = bytes.get(at..).unwrap_or(&[]);
            match byte {
                b'"' => {
                    let length = string_length(rest);
                    if rest.iter().take(length).any(|byte| matches!(byte, b'\n' | b'\r')) {
                        return Err(());
                    }
                    at += length;
                }
                b'/' if matches!(rest, [_, b'/' | b'*', ..]) => {
                    let Some(length) = comment_length(rest) else { return Ok(None) };
                    let end = at + length;
                    let comment = blanked.get_mut(at..end).unwrap_or_default();
                    comment.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
                    at = end;
                }
                b'}' | b']' => {
                    blank_trailing_comma(&mut blanked, at);
                    at += 1;
                }
                _ => at += 1,
            }
        }
        Ok(String::from_utf8(blanked).ok())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn comments_are_found_where_no_string_is(pieces in proptest::collection::vec(prop::sample::select(vec![
            "\"a\"", "\"//\"", "\"/*,]\"", "\"\\\"//\"", "\"\\\\\"", "// x\n", "/* y, ] */", "/*\n\"*/", "// \"\r", "\n", " ", ",", "]", "}",
            "[", "{", "/", "1", "é", "\", \"", "//é\n", "/*",
        ]), 0..24)) {
            let content = pieces.concat();
            let text = Text::decode(TextId { side: Side::Head, index: 0 }, "x.json", content.clone().into_bytes()).0;
            if let Ok(expected) = plainly(&content) {
                prop_assert_eq!(without_comments(&text).ok().map(Cow::into_owned), expected);
            }
        }
    }
}
