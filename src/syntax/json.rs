//! JSON, and JSON with comments, into the tree of nodes.
//!
//! Specification: RFC 8259. With comments: `//`, `/* */` and a comma after the last element, as `bun.lock`, `deno.json` and
//! `tsconfig.json` have them; JSON5's other liberties are refused. One pass, which makes a node of each value where it stands;
//! serde_json says what escapes mean, and property tests hold the rest against it. Never interprets a number.

use super::{Builder, DEPTH_MAX, Document, Key, Kind, broken, character_at, empty, too_deep};
use crate::text::{Problem, Span, Text};

/// A guess that saves most growth of the vector: real lockfiles have a node every 24 to 58 bytes.
const BYTES_PER_NODE: usize = 48;

/// Reads JSON.
pub fn read(text: &Text) -> Result<Document<'_>, Problem> {
    Reader::new(text, false).document()
}

/// Reads JSON with comments and trailing commas.
pub fn read_with_comments(text: &Text) -> Result<Document<'_>, Problem> {
    Reader::new(text, true).document()
}

/// What stands wrong, boxed: it is rare, and what hands it on is not.
type Outcome<T> = Result<T, Box<Problem>>;

struct Reader<'t> {
    text: &'t Text,
    bytes: &'t [u8],
    has_comments: bool,
    builder: Builder<'t>,
    /// What is read next.
    at: usize,
    /// The end of the last token.
    token_end: usize,
    /// The maps and lists around, the innermost last.
    open: Vec<Open>,
}

#[derive(Clone, Copy)]
struct Open {
    index: u32,
    close: u8,
}

impl<'t> Reader<'t> {
    fn new(text: &'t Text, has_comments: bool) -> Self {
        let builder = Builder::new(text, text.content.len() / BYTES_PER_NODE + 1);
        Self { text, bytes: text.content.as_bytes(), has_comments, builder, at: 0, token_end: 0, open: Vec::new() }
    }

    fn document(mut self) -> Result<Document<'t>, Problem> {
        match self.values() {
            Ok(()) => self.builder.finish(),
            Err(problem) => Err(*problem),
        }
    }

    fn values(&mut self) -> Outcome<()> {
        self.skip_space()?;
        if self.at == self.bytes.len() {
            return Err(Box::new(empty(self.text, "JSON")));
        }
        let mut next = Some(Key::default());
        while let Some(key) = next {
            let is_opened = self.value(key)?;
            next = self.next(is_opened)?;
        }
        Ok(())
    }

    /// Reads a value, of a map or list the beginning alone; whether it was one.
    fn value(&mut self, key: Key) -> Outcome<bool> {
        self.skip_space()?;
        let start = self.at;
        let kind = match self.bytes.get(start) {
            Some(b'"') => {
                let (span, made) = self.string()?;
                self.add(key, Kind::Text, span, made);
                return Ok(false);
            }
            Some(b'{') => return self.open(key, Kind::Map, b'}'),
            Some(b'[') => return self.open(key, Kind::List, b']'),
            Some(b't') => self.word(b"true", Kind::Bool)?,
            Some(b'f') => self.word(b"false", Kind::Bool)?,
            Some(b'n') => self.word(b"null", Kind::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            None => return self.incomplete(),
            Some(_) => return self.wrong(start, "expected value"),
        };
        self.token_end = self.at;
        self.add(key, kind, Span::new(start, self.at), None);
        Ok(false)
    }

    /// Goes on to the next value, past what ends before it: its key (of an item an empty one), or `None` at the end.
    fn next(&mut self, is_opened: bool) -> Outcome<Option<Key>> {
        let mut is_first = is_opened;
        loop {
            self.skip_space()?;
            let byte = self.bytes.get(self.at).copied();
            let Some(open) = self.open.last().copied() else {
                return if byte.is_none() { Ok(None) } else { self.wrong(self.at, "trailing characters") };
            };
            let is_map = open.close == b'}';
            match byte {
                None => return self.incomplete(),
                Some(byte) if byte == open.close => {
                    self.close(open);
                    is_first = false;
                    continue;
                }
                Some(_) if is_first => {}
                Some(b',') => {
                    self.pass(1);
                    self.skip_space()?;
                    if self.bytes.get(self.at) == Some(&open.close) {
                        if !self.has_comments {
                            return self.wrong(self.at, "trailing comma");
                        }
                        self.close(open);
                        is_first = false;
                        continue;
                    }
                }
                Some(_) => return self.wrong(self.at, if is_map { "expected `,` or `}`" } else { "expected `,` or `]`" }),
            }
            return if is_map { self.key().map(Some) } else { Ok(Some(Key::default())) };
        }
    }

    fn key(&mut self) -> Outcome<Key> {
        match self.bytes.get(self.at) {
            Some(b'"') => {}
            None => return self.incomplete(),
            Some(_) => return self.wrong(self.at, "key must be a string"),
        }
        let (span, made) = self.string()?;
        self.skip_space()?;
        match self.bytes.get(self.at) {
            Some(b':') => self.pass(1),
            None => return self.incomplete(),
            Some(_) => return self.wrong(self.at, "expected `:`"),
        }
        Ok(Key { span, made })
    }

    fn add(&mut self, key: Key, kind: Kind, span: Span, made: Option<u32>) -> u32 {
        let parent = self.open.last().map(|open| open.index);
        self.builder.add(parent, key, kind, span, made)
    }

    fn open(&mut self, key: Key, kind: Kind, close: u8) -> Outcome<bool> {
        if self.open.len() == DEPTH_MAX {
            return Err(Box::new(too_deep(self.text, self.at)));
        }
        let index = self.add(key, kind, Span::new(self.at, self.at), None);
        self.open.push(Open { index, close });
        self.pass(1);
        Ok(true)
    }

    fn close(&mut self, open: Open) {
        self.pass(1);
        self.builder.close(open.index, self.at);
        self.open.pop();
    }

    fn pass(&mut self, length: usize) {
        self.at += length;
        self.token_end = self.at;
    }

    /// Passes a string: what stands between its quotes, and what it means if that is something else.
    fn string(&mut self) -> Outcome<(Span, Option<u32>)> {
        let start = self.at + 1;
        let end = start + plain_length(self.bytes.get(start..).unwrap_or(&[]));
        match self.bytes.get(end) {
            Some(b'"') => {
                self.at = end + 1;
                self.token_end = self.at;
                Ok((Span::new(start, end), None))
            }
            Some(b'\\') => self.escaped(start, end),
            Some(_) => self.wrong(end, "control character (\\u0000-\\u001F) found while parsing a string"),
            None => self.incomplete_at(end),
        }
    }

    /// Passes a string whose first escape is at `end`.
    fn escaped(&mut self, start: usize, mut end: usize) -> Outcome<(Span, Option<u32>)> {
        while self.bytes.get(end) == Some(&b'\\') {
            end += 2;
            end += plain_length(self.bytes.get(end..).unwrap_or(&[]));
        }
        if end >= self.bytes.len() {
            return self.incomplete_at(self.bytes.len());
        }
        let quoted = self.text.content.get(start - 1..=end).unwrap_or("");
        match serde_json::from_str::<Box<str>>(quoted) {
            Ok(means) => {
                self.at = start;
                self.pass(end + 1 - start);
                let made = self.builder.keep(means);
                Ok((Span::new(start, end), Some(made)))
            }
            Err(error) if error.is_eof() => self.wrong(end, "invalid escape"),
            Err(error) => {
                let message = error.to_string();
                let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
                self.wrong(start - 1 + error.column().saturating_sub(1), message)
            }
        }
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Outcome<Kind> {
        for expected in word {
            match self.bytes.get(self.at) {
                Some(byte) if byte == expected => self.at += 1,
                None => return self.incomplete_at(self.at),
                Some(_) => return self.wrong(self.at, "expected ident"),
            }
        }
        Ok(kind)
    }

    /// `-`? (`0` | [1-9][0-9]*) (`.` [0-9]+)? ([eE] [+-]? [0-9]+)?
    fn number(&mut self) -> Outcome<Kind> {
        self.pass_one(|byte| byte == b'-');
        if self.pass_one(|byte| byte == b'0') {
            if self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
                return self.wrong(self.at, "invalid number");
            }
        } else {
            self.digits()?;
        }
        if self.pass_one(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.pass_one(|byte| matches!(byte, b'e' | b'E')) {
            self.pass_one(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        Ok(Kind::Number)
    }

    fn digits(&mut self) -> Outcome<()> {
        if !self.pass_one(|byte| byte.is_ascii_digit()) {
            return if self.at == self.bytes.len() { self.incomplete_at(self.at) } else { self.wrong(self.at, "invalid number") };
        }
        while self.pass_one(|byte| byte.is_ascii_digit()) {}
        Ok(())
    }

    fn pass_one(&mut self, is_it: impl Fn(u8) -> bool) -> bool {
        let is_next = self.bytes.get(self.at).is_some_and(|byte| is_it(*byte));
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes space, and comments where they are allowed.
    fn skip_space(&mut self) -> Outcome<()> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'/') if self.has_comments && self.comment()? => {}
                _ => return Ok(()),
            }
        }
    }

    /// Passes a comment, if one begins here.
    #[cold]
    fn comment(&mut self) -> Outcome<bool> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        if rest.starts_with(b"//") {
            self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        } else if rest.starts_with(b"/*") {
            let Some(length) = memchr::memmem::find(rest.get(2..).unwrap_or(&[]), b"*/") else {
                return self.wrong_span(Span::new(self.at, self.at + 2), "a comment begins here and does not end");
            };
            self.at += length + 4;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    #[cold]
    fn wrong<T>(&self, at: usize, message: &str) -> Outcome<T> {
        self.wrong_span(character_at(&self.text.content, at), message)
    }

    #[cold]
    fn wrong_span<T>(&self, span: Span, message: &str) -> Outcome<T> {
        Err(Box::new(broken(self.text, span, format!("is not JSON: {message}"))))
    }

    #[cold]
    fn incomplete<T>(&self) -> Outcome<T> {
        self.incomplete_at(self.token_end)
    }

    #[cold]
    fn incomplete_at<T>(&self, at: usize) -> Outcome<T> {
        self.wrong_span(Span::new(at, at), "ends before it is complete")
    }
}

/// Bytes before the first quote, backslash or control character.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const TOPS: u64 = ONES << 7;
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);
    const SPACES: u64 = u64::from_le_bytes([b' '; 8]);
    let mut at = 0;
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let eight = u64::from_le_bytes(*eight);
        let quote = eight ^ QUOTES;
        let backslash = eight ^ BACKSLASHES;
        // What is borrowed changes only bytes after the first that is found.
        let found =
            (quote.wrapping_sub(ONES) & !quote | backslash.wrapping_sub(ONES) & !backslash | eight.wrapping_sub(SPACES) & !eight)
                & TOPS;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or(&[]);
    at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::syntax::Node;
    use crate::text::{Side, TextId};

    fn text(content: &str) -> Text {
        Text::decode(TextId { side: Side::Head, index: 0 }, "x.json", content.into()).0
    }

    /// What was read, as `serde_json` has it.
    fn value(node: Node<'_>) -> Value {
        match node.kind() {
            Kind::Map => node.members().map(|member| (member.key().to_owned(), value(member))).collect(),
            Kind::List => node.items().map(value).collect(),
            Kind::Text => node.text().into(),
            _ => serde_json::from_str(node.scalar().unwrap_or("null")).unwrap(),
        }
    }

    /// `None` where a key stands twice, which `serde_json` takes.
    fn ours(read: impl Fn(&Text) -> Result<Document<'_>, Problem>, content: &str) -> Option<Result<Value, String>> {
        let text = text(content);
        match read(&text) {
            Ok(document) => Some(Ok(value(document.root()))),
            Err(problem) if problem.message.contains("stands twice") => None,
            Err(problem) => Some(Err(problem.message)),
        }
    }

    /// Writes a value with what comes next between any two tokens.
    fn write(value: &Value, between: &mut impl Iterator<Item = &'static str>, out: &mut String) {
        let mut first = true;
        match value {
            Value::Object(members) => {
                *out += "{";
                for (key, member) in members {
                    let comma = if std::mem::take(&mut first) { "" } else { "," };
                    *out += &[
                        comma,
                        between.next().unwrap(),
                        &json!(key).to_string(),
                        between.next().unwrap(),
                        ":",
                        between.next().unwrap(),
                    ]
                    .concat();
                    write(member, between, out);
                    *out += between.next().unwrap();
                }
            }
            Value::Array(items) => {
                *out += "[";
                for item in items {
                    *out += if std::mem::take(&mut first) { "" } else { "," };
                    *out += between.next().unwrap();
                    write(item, between, out);
                    *out += between.next().unwrap();
                }
            }
            plain => return *out += &plain.to_string(),
        }
        if !first && between.next().unwrap().len() > 2 {
            *out += ",";
        }
        *out += between.next().unwrap();
        *out += if value.is_object() { "}" } else { "]" };
    }

    /// Maps and lists in each other, with what looks like comments in their strings.
    fn nested(seed: &[u8]) -> Value {
        let leaf = |byte: u8| match byte % 6 {
            0 => json!("//"),
            1 => json!("/* \" ,] \\"),
            2 => json!(byte),
            3 => json!([]),
            4 => json!({}),
            _ => Value::Null,
        };
        seed.iter().fold(json!({}), |inner, byte| match byte % 4 {
            0 => json!({"a": inner, "//b,": leaf(byte / 4)}),
            1 => json!([leaf(byte / 4), inner]),
            2 => json!([inner, leaf(byte / 4), leaf(byte / 8)]),
            _ => json!({"\"": leaf(byte / 4), "c": inner}),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn json_is_what_serde_json_takes(pieces in proptest::collection::vec(prop::sample::select(vec![
            "\"a\"", "\"", "\\", "\\\"", "\\u00e9", "\\ud83d", "\\ude00", "\\n", "\\x", "\\u12", "\u{1}", "\n", " ", "\t", "é", "[", "]", "{", "}", "[]", "{}",
            ",", ":", "\"b\":", ",\"c\":", "true", "false", "null", "nul", "0", "-", "-1", "12", ".5", "e", "E+3", "1e", "01", "//", "/*", "\u{a0}", "\u{c}", "[1,2", "{\"d\":[",
        ]), 0..12)) {
            let content = pieces.concat();
            let expected = serde_json::from_str::<Value>(&content);
            // A number may be as large as it likes here; nobody calculates with it.
            prop_assume!(expected.as_ref().err().is_none_or(|error| !error.to_string().starts_with("number out of range")));
            if let Some(found) = ours(read, &content) {
                prop_assert_eq!(found.clone().ok(), expected.ok(), "{:?}", found);
            }
        }

        #[test]
        fn what_is_nearly_json_too(seed in any::<[u8; 6]>(), at in any::<prop::sample::Index>(), length in 0..3_usize, piece in prop::sample::select(vec![
            "", ",", ":", "\"", "\\", "[", "]", "{", "}", "0", "-", "x", " ", "\n", "null", "//",
        ])) {
            let mut content = nested(&seed).to_string();
            let start = at.index(content.len());
            content.replace_range(start..content.len().min(start + length), piece);
            if let Some(found) = ours(read, &content) {
                prop_assert_eq!(found.clone().ok(), serde_json::from_str::<Value>(&content).ok(), "{}: {:?}", content, found);
            }
        }

        #[test]
        fn comments_and_commas_change_nothing(seed in any::<[u8; 24]>(), between in proptest::collection::vec(prop::sample::select(vec![
            "", " ", "\n", "\r\n", "\t", "// x\n", "// \"\r", "/* y, ] */", "/*\n\"*/", "/**/", "//é }\n", "/***/ ", "/*//*/", "///*\n",
        ]), 1..24)) {
            let expected = nested(&seed);
            let mut between = between.iter().copied().cycle();
            let mut content = between.next().unwrap().to_owned();
            write(&expected, &mut between, &mut content);
            content += between.next().unwrap();
            prop_assert_eq!(ours(read_with_comments, &content), Some(Ok(expected)), "{}", content);
        }
    }

    #[test]
    fn eight_bytes_at_a_time() {
        for (content, expected) in
            [("", 0), ("abc", 3), ("abcdefgh", 8), ("abcdefghi\"", 9), ("\u{1f}", 0), ("éééé\\\"", 8), ("1234567\u{7f} \n", 9)]
        {
            assert_eq!(plain_length(content.as_bytes()), expected, "{content:?}");
        }
    }
}
