//! The fast path for YAML as package managers write it: block maps and lists, one value a line, flow collections that end in their line.
//!
//! Answers for: the same document as the general reader's, several times faster, or none. Whatever is not plainly of that shape
//! (anchors, aliases, tags, values that go on in the next line, tabs, errors of any kind) is left to the general reader, so that there
//! is one place that judges YAML. A differential test holds the two equal.

use super::super::{Builder, Document, Key, Kind};
use super::plain_kind;
use crate::text::{Span, Text};

/// Deeper files are left to the general reader, which knows the limit.
const DEPTH_MAX: usize = 60;
/// YAML bounds keys without `?`; longer ones are left to the general reader.
const KEY_BYTES_MAX: usize = 1000;

/// All documents of a text; none if it has to be read in general.
pub(super) fn read(text: &Text, nodes_expected: usize) -> Option<Vec<Document<'_>>> {
    if !is_ordinary(&text.content) {
        return None;
    }
    let bytes = text.content.as_bytes();
    let builder = Builder::new(text, nodes_expected);
    let mut reader =
        Reader { text, bytes, builder, open: Vec::new(), has_root: false, is_marked: false, end: 0, documents: Vec::new() };
    let mut at = 0;
    while at < bytes.len() {
        let end = memchr::memchr(b'\n', bytes.get(at..)?).map_or(bytes.len(), |length| at + length);
        at = reader.line(at, end)?;
    }
    reader.finish_document()?;
    Some(reader.documents)
}

/// Whether there is no character with a meaning of its own but the line feed.
fn is_ordinary(content: &str) -> bool {
    // Every byte is looked at, without a branch on the way: compilers make it vectors.
    let special =
        content.bytes().fold(0u8, |seen, byte| seen | u8::from(byte < 0x20) & u8::from(byte != b'\n') | u8::from(byte == 0x7F));
    special == 0
        && (content.is_ascii()
            || content.chars().all(|c| {
                !matches!(c, '\u{80}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFF}' | '\u{10FFF0}'..)
            }))
}

/// A block map or list whose end has not come yet.
struct Open {
    index: u32,
    is_map: bool,
    /// How far its keys or dashes are indented.
    indent: usize,
    /// The key whose value has not come yet, in a map, and the place of its colon.
    key: Option<(Key, usize)>,
    /// Whether the value of the last dash has not come yet, in a list.
    is_item_due: bool,
}

struct Reader<'t> {
    text: &'t Text,
    bytes: &'t [u8],
    builder: Builder<'t>,
    open: Vec<Open>,
    has_root: bool,
    /// Whether the document began with `---`.
    is_marked: bool,
    /// One past the last byte that belongs to a node.
    end: usize,
    documents: Vec<Document<'t>>,
}

/// A value that ends in its line.
struct Scalar {
    kind: Kind,
    span: Span,
    made: Option<u32>,
}

impl Reader<'_> {
    /// Ends a document that has something in it.
    fn finish_document(&mut self) -> Option<()> {
        while !self.open.is_empty() {
            self.close()?;
        }
        if !std::mem::replace(&mut self.has_root, false) {
            return None;
        }
        // No guess for the next one: there may be many tiny documents.
        let builder = std::mem::replace(&mut self.builder, Builder::new(self.text, 0));
        self.documents.push(builder.finish().ok()?);
        Some(())
    }

    /// A line with `---`.
    fn mark(&mut self) -> Option<()> {
        let is_first = !std::mem::replace(&mut self.is_marked, true);
        if is_first && !self.has_root { Some(()) } else { self.finish_document() }
    }

    /// Reads one line, and gives where the next one starts.
    fn line(&mut self, start: usize, end: usize) -> Option<usize> {
        let line = self.bytes.get(start..end)?;
        let indent = line.iter().position(|byte| *byte != b' ').unwrap_or(line.len());
        let Some(first) = line.get(indent) else { return Some(end + 1) };
        if *first == b'#' {
            return Some(end + 1);
        }
        if line == b"---" {
            return self.mark().map(|()| end + 1);
        }
        if indent == 0 && (line.starts_with(b"---") || line.starts_with(b"...") || *first == b'%') {
            return None;
        }
        let is_item = is_dash(line.get(indent..)?);
        while let Some(top) = self.open.last() {
            // A list may stand at its key's own column.
            let is_over = top.indent > indent || (top.indent == indent && !top.is_map && !is_item);
            if !is_over {
                break;
            }
            self.close()?;
        }
        let mut at = start + indent;
        while is_dash(self.bytes.get(at..end)?) {
            let dash = at;
            at = self.skip_spaces(at + 1, end);
            let is_blank = self.rest_is_blank(at, end);
            self.item(dash, dash - start, Some(at).filter(|_| !is_blank))?;
            if is_blank {
                return Some(end + 1);
            }
        }
        self.content(start, at, end)
    }

    /// A dash at a column: the next item of the list there, or a new list. `content` is what follows the dash in its line.
    fn item(&mut self, dash: usize, column: usize, content: Option<usize>) -> Option<()> {
        if let Some(top) = self.open.last_mut()
            && !top.is_map
            && top.indent == column
        {
            if top.is_item_due {
                return None;
            }
            top.is_item_due = true;
            return Some(());
        }
        let is_due = match self.open.last() {
            None => !self.has_root,
            Some(top) if top.is_map => top.key.is_some() && top.indent <= column,
            Some(top) => top.is_item_due && top.indent < column,
        };
        if !is_due {
            return None;
        }
        // The general reader lets a list at its key's own column begin behind the dash.
        let is_at_key = self.open.last().is_some_and(|top| top.indent == column);
        self.begin(false, if is_at_key { content? } else { dash }, column)?;
        self.open.last_mut()?.is_item_due = true;
        Some(())
    }

    /// What follows the dashes of a line: a member of a map, or a value.
    fn content(&mut self, start: usize, at: usize, end: usize) -> Option<usize> {
        let column = at - start;
        let Some((key, after)) = self.key(at, end)? else {
            // A value without a key belongs to the dash before it; one below its key is left to the general reader.
            return if self.open.last().is_some_and(|top| !top.is_map) { self.value(at, end) } else { None };
        };
        match self.open.last() {
            Some(top) if top.is_map && top.indent == column => self.no_value()?,
            Some(top) if top.is_map && (top.key.is_none() || top.indent > column) => return None,
            Some(top) if !top.is_map && (!top.is_item_due || top.indent >= column) => return None,
            None if self.has_root => return None,
            _ => self.begin(true, at, column)?,
        }
        self.end = after;
        self.open.last_mut()?.key = Some((key, after));
        let value = self.skip_spaces(after + 1, end);
        if self.rest_is_blank(value, end) { Some(end + 1) } else { self.value(value, end) }
    }

    /// The key that stands at `at`, and the place of its colon.
    #[allow(clippy::option_option, reason = "no key is not the same as a key for the general reader")]
    fn key(&mut self, at: usize, end: usize) -> Option<Option<(Key, usize)>> {
        let (span, made, mut colon) = match self.bytes.get(at)? {
            b'"' | b'\'' => {
                let (scalar, after) = self.quoted(at, end)?;
                if self.bytes.get(after..end)?.first() != Some(&b':') {
                    return Some(None);
                }
                (scalar.span, scalar.made, after)
            }
            b'{' | b'[' => return Some(None),
            first if is_indicator(*first) => {
                return if is_plain_start(self.bytes.get(at..end)?) { self.plain_key(at, end) } else { Some(None) };
            }
            _ => return self.plain_key(at, end),
        };
        if !matches!(self.bytes.get(colon + 1..end)?.first(), None | Some(b' ')) {
            return None;
        }
        if colon - at > KEY_BYTES_MAX {
            return None;
        }
        colon = colon.max(at);
        Some(Some((Key { span, made }, colon)))
    }

    #[allow(clippy::option_option, reason = "no key is not the same as a key for the general reader")]
    fn plain_key(&mut self, at: usize, end: usize) -> Option<Option<(Key, usize)>> {
        let line = self.bytes.get(at..end)?;
        let is_end = |colon: &usize| matches!(line.get(colon + 1), None | Some(b' '));
        let Some(length) = memchr::memchr_iter(b':', line).find(is_end) else { return Some(None) };
        let key = line.get(..length)?;
        let is_plain = !key.is_empty() && key != b"<<" && key.last() != Some(&b' ') && find_pair(key, *b" #").is_none();
        if !is_plain || length > KEY_BYTES_MAX {
            return None;
        }
        Some(Some((Key { span: Span::new(at, at + length), made: None }, at + length)))
    }

    /// A value that starts at `at` in this line. Gives where the next line starts.
    fn value(&mut self, at: usize, end: usize) -> Option<usize> {
        match self.bytes.get(at)? {
            b'{' | b'[' => {
                let after = self.flow(at, end, 0)?;
                self.rest_is_blank(after, end).then_some(end + 1)
            }
            b'"' | b'\'' => {
                let (scalar, after) = self.quoted(at, end)?;
                self.add_scalar(scalar)?;
                self.end = after;
                self.rest_is_blank(after, end).then_some(end + 1)
            }
            b'|' => self.literal(at, end),
            _ => {
                let line = self.bytes.get(at..end)?;
                if !is_plain_start(line) {
                    return None;
                }
                let length = find_pair(line, *b" #").unwrap_or(line.len());
                let written = line.get(..length)?.trim_ascii_end();
                if written.last() == Some(&b':') || find_pair(written, *b": ").is_some() {
                    return None;
                }
                let span = Span::new(at, at + written.len());
                self.add_scalar(Scalar { kind: plain_kind(self.text.slice(span)), span, made: None })?;
                self.end = at + written.len();
                Some(end + 1)
            }
        }
    }

    /// Text between quotes that end in this line, and one past the closing one.
    fn quoted(&mut self, at: usize, end: usize) -> Option<(Scalar, usize)> {
        let quote = *self.bytes.get(at)?;
        let line = self.bytes.get(at + 1..end)?;
        let mut length = memchr::memchr2(quote, b'\\', line)?;
        let mut has_escapes = false;
        loop {
            match (quote, line.get(length)?, line.get(length + 1)) {
                (b'\'', b'\'', Some(b'\'')) | (b'"', b'\\', Some(_)) => has_escapes = true,
                (b'\'', b'\\', _) => {
                    length += 1 + memchr::memchr(quote, line.get(length + 1..)?)?;
                    continue;
                }
                (b'"', b'\\', None) => return None,
                _ => break,
            }
            length += 2 + memchr::memchr2(quote, if quote == b'"' { b'\\' } else { quote }, line.get(length + 2..)?)?;
        }
        let span = Span::new(at + 1, at + 1 + length);
        let written = self.text.slice(span);
        let made = match (has_escapes, quote) {
            (false, _) => None,
            (true, b'"') => Some(self.builder.keep(unescaped(written)?)),
            (true, _) => Some(self.builder.keep(written.replace("''", "'"))),
        };
        Some((Scalar { kind: Kind::Text, span, made }, at + length + 2))
    }

    /// A literal block: the lines below, without their indentation.
    fn literal(&mut self, at: usize, end: usize) -> Option<usize> {
        let is_stripped = match self.bytes.get(at..end)? {
            b"|-" => true,
            b"|" => false,
            _ => return None,
        };
        let around = self.open.last()?.indent;
        let (mut indent, mut next, mut lines, mut first) = (0, end + 1, String::new(), 0);
        let mut last = 0;
        let mut is_ended = false;
        while next < self.bytes.len() {
            let stop = memchr::memchr(b'\n', self.bytes.get(next..)?).map_or(self.bytes.len(), |length| next + length);
            let line = self.bytes.get(next..stop)?;
            let spaces = line.iter().position(|byte| *byte != b' ').unwrap_or(line.len());
            if spaces == line.len() {
                // What blank lines mean depends on what follows.
                if spaces > 0 || indent == 0 {
                    return None;
                }
                lines.push('\n');
            } else if indent == 0 {
                if spaces <= around {
                    return None;
                }
                (indent, first) = (spaces, next + spaces);
                lines.push_str(self.text.slice(Span::new(first, stop)));
                lines.push('\n');
                last = stop;
            } else if spaces < indent {
                if spaces > around {
                    return None;
                }
                break;
            } else {
                lines.push_str(self.text.slice(Span::new(next + indent, stop)));
                lines.push('\n');
                last = stop;
            }
            is_ended = stop < self.bytes.len();
            next = stop + 1;
        }
        if indent == 0 || !is_ended {
            return None;
        }
        let value = lines.trim_end_matches('\n');
        let written = self.text.slice(Span::new(first, last)).trim_end_matches(' ');
        let span = Span::new(first, first + written.len());
        let value = if is_stripped { value.to_owned() } else { format!("{value}\n") };
        let made = (value != written).then(|| self.builder.keep(value));
        self.add_scalar(Scalar { kind: Kind::Text, span, made })?;
        self.end = first + written.len();
        Some(next)
    }

    /// A flow map or list that ends in this line; gives one past its bracket.
    fn flow(&mut self, at: usize, end: usize, depth: usize) -> Option<usize> {
        let is_map = *self.bytes.get(at)? == b'{';
        let closing = if is_map { b'}' } else { b']' };
        if depth + self.open.len() > DEPTH_MAX {
            return None;
        }
        let index = self.add(if is_map { Kind::Map } else { Kind::List }, Span::new(at, at), None)?;
        // Its members are added below it, so it is open like a block collection until its bracket.
        self.open.push(Open { index, is_map, indent: 0, key: None, is_item_due: false });
        let mut at = self.skip_spaces(at + 1, end);
        while *self.bytes.get(at..end)?.first()? != closing {
            if is_map {
                let (scalar, after) = self.flow_scalar(at, end, true)?;
                if self.bytes.get(after..end)?.first() != Some(&b':') || self.bytes.get(after + 1..end)?.first() != Some(&b' ') {
                    return None;
                }
                if self.text.slice(scalar.span) == "<<" || after - at > KEY_BYTES_MAX {
                    return None;
                }
                self.open.last_mut()?.key = Some((Key { span: scalar.span, made: scalar.made }, after));
                at = self.skip_spaces(after + 1, end);
            } else {
                self.open.last_mut()?.is_item_due = true;
            }
            at = match self.bytes.get(at..end)?.first()? {
                b'{' | b'[' => self.flow(at, end, depth + 1)?,
                _ => {
                    let (scalar, after) = self.flow_scalar(at, end, false)?;
                    self.add_scalar(scalar)?;
                    after
                }
            };
            at = self.skip_spaces(at, end);
            match self.bytes.get(at..end)?.first()? {
                b',' => at = self.skip_spaces(at + 1, end),
                byte if *byte == closing => {}
                _ => return None,
            }
        }
        self.open.pop();
        self.end = at + 1;
        self.builder.close(index, self.end);
        Some(at + 1)
    }

    /// A scalar inside a flow collection, and one past it.
    fn flow_scalar(&mut self, at: usize, end: usize, is_key: bool) -> Option<(Scalar, usize)> {
        let line = self.bytes.get(at..end)?;
        if matches!(line.first()?, b'"' | b'\'') {
            return self.quoted(at, end);
        }
        if !is_plain_start(line) {
            return None;
        }
        let is_end = |at: usize, byte: u8| match byte {
            b',' | b'[' | b']' | b'{' | b'}' => true,
            b':' => matches!(line.get(at + 1), None | Some(b' ' | b',' | b'[' | b']' | b'{' | b'}')),
            _ => false,
        };
        let length = line.iter().enumerate().position(|(at, byte)| is_end(at, *byte))?;
        let ends_with = *line.get(length)?;
        let written = line.get(..length)?;
        let trimmed = written.trim_ascii_end();
        let is_fine = match ends_with {
            b':' => is_key && trimmed.len() == written.len(),
            b',' | b']' | b'}' => !is_key,
            _ => false,
        };
        if !is_fine || trimmed.is_empty() || find_pair(written, *b" #").is_some() {
            return None;
        }
        let span = Span::new(at, at + trimmed.len());
        Some((Scalar { kind: plain_kind(self.text.slice(span)), span, made: None }, at + trimmed.len()))
    }

    fn skip_spaces(&self, at: usize, end: usize) -> usize {
        at + self.bytes.get(at..end).unwrap_or(&[]).iter().take_while(|byte| **byte == b' ').count()
    }

    /// Whether nothing but a comment follows.
    fn rest_is_blank(&self, at: usize, end: usize) -> bool {
        let rest = self.bytes.get(at..end).unwrap_or(&[]);
        match rest.iter().position(|byte| *byte != b' ') {
            None => true,
            Some(spaces) => rest.get(spaces) == Some(&b'#') && self.bytes.get((at + spaces).wrapping_sub(1)) == Some(&b' '),
        }
    }

    fn begin(&mut self, is_map: bool, at: usize, indent: usize) -> Option<()> {
        if self.open.len() == DEPTH_MAX {
            return None;
        }
        let index = self.add(if is_map { Kind::Map } else { Kind::List }, Span::new(at, at), None)?;
        self.open.push(Open { index, is_map, indent, key: None, is_item_due: false });
        Some(())
    }

    fn add_scalar(&mut self, scalar: Scalar) -> Option<()> {
        self.add(scalar.kind, scalar.span, scalar.made).map(|_| ())
    }

    /// Adds a node where the next value belongs; none if no value is due.
    fn add(&mut self, kind: Kind, span: Span, made: Option<u32>) -> Option<u32> {
        let Some(top) = self.open.last_mut() else {
            let is_first = !std::mem::replace(&mut self.has_root, true);
            return is_first.then(|| self.builder.add(None, Key::default(), kind, span, made));
        };
        let key = if top.is_map {
            top.key.take()?.0
        } else if std::mem::take(&mut top.is_item_due) {
            Key::default()
        } else {
            return None;
        };
        Some(self.builder.add(Some(top.index), key, kind, span, made))
    }

    /// Nothing stood where a value was due. Empty items are left to the general reader.
    fn no_value(&mut self) -> Option<()> {
        let top = self.open.last()?;
        if top.is_item_due {
            return None;
        }
        let Some((_, at)) = top.key else { return Some(()) };
        self.add(Kind::Null, Span::new(at, at), None)?;
        self.end = at;
        Some(())
    }

    /// Closes the innermost collection.
    fn close(&mut self) -> Option<()> {
        self.no_value()?;
        let open = self.open.pop()?;
        self.builder.close(open.index, self.end);
        Some(())
    }
}

/// What a text in double quotes means, where all of its escapes are common ones.
fn unescaped(written: &str) -> Option<String> {
    let mut meant = String::with_capacity(written.len());
    let mut characters = written.chars();
    while let Some(c) = characters.next() {
        meant.push(match c {
            '\\' => match characters.next()? {
                c @ ('"' | '\\' | '/') => c,
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '_' => '\u{A0}',
                _ => return None,
            },
            c => c,
        });
    }
    Some(meant)
}

fn is_dash(rest: &[u8]) -> bool {
    matches!(rest, [b'-'] | [b'-', b' ', ..])
}

/// The characters that mean something at the start of a value.
fn is_indicator(byte: u8) -> bool {
    matches!(
        byte,
        b'-' | b'?'
            | b':'
            | b','
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'#'
            | b'&'
            | b'*'
            | b'!'
            | b'|'
            | b'>'
            | b'\''
            | b'"'
            | b'%'
            | b'@'
            | b'`'
    )
}

/// Where two bytes first follow each other. Lines are short: to prepare a search would cost more than it saves.
fn find_pair(bytes: &[u8], [first, second]: [u8; 2]) -> Option<usize> {
    bytes.windows(2).position(|pair| *pair == [first, second])
}

/// Whether a plain scalar starts here.
fn is_plain_start(rest: &[u8]) -> bool {
    match rest {
        [b'-' | b'?' | b':', next, ..] => !matches!(next, b' ' | b',' | b'[' | b']' | b'{' | b'}'),
        [first, ..] => !is_indicator(*first),
        [] => false,
    }
}

#[cfg(test)]
mod tests;
