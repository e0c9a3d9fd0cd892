//! YAML into trees of nodes, one a document.
//!
//! Specification: YAML 1.2 with the core schema, as `granit-parser` reads it, whose events carry byte ranges. Quirks that lockfiles
//! and workflows need: `yes`, `no`, `on` and `off` are text (only YAML 1.1 takes them for booleans); `<<` merges maps where aliases
//! are read, although 1.2 dropped it. Tags say nothing here, but for `!!str`. Never converts a number.

mod plain;

use foldhash::{HashMap, HashMapExt, HashSet};
use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Tag};

use super::{Builder, DEPTH_MAX, Document, Key, Kind, NONE, broken, character_at, empty, too_deep};
use crate::text::{Problem, Span, Text};

/// The named limit on nodes that aliases add to one text: a few lines of aliases of aliases mean billions of nodes.
pub const ALIAS_NODES_MAX: usize = 1_000_000;

/// A guess that saves most growth of the vector: real lockfiles have a node every 30 to 60 bytes.
const BYTES_PER_NODE: usize = 32;

/// Reads all documents of a text that its own tool writes. No such tool writes aliases, so they are a problem.
pub fn read(text: &Text) -> Result<Vec<Document<'_>>, Problem> {
    plain::read(text, nodes_expected(text)).map_or_else(|| Reader::new(text, false).run(), Ok)
}

/// Reads all documents of a text that people write: an alias stands for a copy of what it names, whose places are those of the
/// original, and the keys of the maps that `<<` names are added to its map, unless they are there.
pub fn read_with_aliases(text: &Text) -> Result<Vec<Document<'_>>, Problem> {
    plain::read(text, nodes_expected(text)).map_or_else(|| Reader::new(text, true).run(), Ok)
}

fn nodes_expected(text: &Text) -> usize {
    text.content.len() / BYTES_PER_NODE + 1
}

/// A map or list whose end has not come yet.
struct Open {
    index: u32,
    is_map: bool,
    /// The key of the next value, in a map.
    key: Option<Key>,
    /// The value of the plain key `<<`, if there is one.
    merge: u32,
    /// How often that key stands in this map.
    merges: u32,
    /// Whether that key is the next value's.
    is_merge_next: bool,
}

/// A scalar as it will stand in a node or in a key.
#[derive(Clone, Copy)]
struct Scalar {
    kind: Kind,
    span: Span,
    made: Option<u32>,
    is_merge: bool,
}

/// What an anchor names.
/// The named limit on a key on its line. The specification's is 1024, which Berry's early lockfiles do not keep: their keys hold all
/// ranges that a version answers.
const KEY_CHARACTERS_MAX: usize = 65_536;

#[derive(Clone, Copy)]
enum Anchored {
    Scalar(Scalar),
    Collection(u32),
}

struct Reader<'t> {
    text: &'t Text,
    has_aliases: bool,
    builder: Builder<'t>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    nodes_copied: usize,
    /// One past the last byte that belongs to a node.
    end: usize,
    documents: Vec<Document<'t>>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t Text, has_aliases: bool) -> Self {
        Self {
            text,
            has_aliases,
            builder: Builder::new(text, nodes_expected(text)),
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes_copied: 0,
            end: 0,
            documents: Vec::new(),
        }
    }

    fn run(mut self) -> Result<Vec<Document<'t>>, Problem> {
        let text = self.text;
        let mut options = Options::default();
        options.set_emit_comments(false);
        options.flow_nesting_limit = DEPTH_MAX;
        options.block_nesting_limit = DEPTH_MAX;
        options.simple_key_max_lookahead = KEY_CHARACTERS_MAX;
        for event in Parser::new_from_str_with_options(&text.content, options) {
            let (event, span) = event.map_err(|error| problem(text, &error))?;
            let range = span.byte_range().unwrap_or(self.end..self.end);
            self.take(event, range.start, range.end)?;
        }
        if self.documents.is_empty() {
            return Err(empty(text, "YAML"));
        }
        Ok(self.documents)
    }

    fn take(&mut self, event: Event<'_>, start: usize, end: usize) -> Result<(), Problem> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let is_text = tag.is_some_and(|tag| is_str(&tag));
                let scalar = self.scalar(&value, style, is_text, start, end);
                self.keep_anchor(anchor, Anchored::Scalar(scalar));
                self.add_scalar(scalar);
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => self.begin(Kind::Map, anchor, start),
            Event::SequenceStart(_, anchor, _) => self.begin(Kind::List, anchor, start),
            Event::MappingEnd | Event::SequenceEnd => self.finish_collection(start, end),
            Event::Alias(anchor) => self.add_alias(anchor, start, end),
            Event::DocumentEnd => self.finish_document(),
            _ => Ok(()),
        }
    }

    fn finish_document(&mut self) -> Result<(), Problem> {
        // No guess for the next one: there may be millions of tiny documents.
        let builder = std::mem::replace(&mut self.builder, Builder::new(self.text, 0));
        self.anchors.clear();
        self.documents.push(builder.finish()?);
        Ok(())
    }

    fn scalar(&mut self, value: &str, style: ScalarStyle, is_text: bool, start: usize, end: usize) -> Scalar {
        let content: &'t str = &self.text.content;
        let (start, length) = match style {
            ScalarStyle::Plain => (start, end.saturating_sub(start)),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (start + 1, end.saturating_sub(start + 2)),
            ScalarStyle::Literal | ScalarStyle::Folded => (start, block_length(content.get(start..end).unwrap_or(""), value)),
        };
        let span = Span::new(start, start + length);
        // A block scalar's bytes reach up to the next token.
        self.end = if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) { start + length } else { end };
        let written = content.get(span.range()).unwrap_or("");
        let is_plain = style == ScalarStyle::Plain;
        // The library says `~` where nothing stands.
        if is_plain && written.is_empty() {
            let kind = if is_text { Kind::Text } else { Kind::Null };
            return Scalar { kind, span, made: None, is_merge: false };
        }
        let made = (written != value).then(|| self.builder.keep(value));
        let kind = if is_plain && !is_text { plain_kind(value) } else { Kind::Text };
        Scalar { kind, span, made, is_merge: is_plain && written == "<<" }
    }

    fn keep_anchor(&mut self, anchor: usize, anchored: Anchored) {
        if anchor != 0 && self.has_aliases {
            self.anchors.insert(anchor, anchored);
        }
    }

    fn add_scalar(&mut self, scalar: Scalar) {
        if let Some(open) = self.open.last_mut()
            && open.is_map
            && open.key.is_none()
        {
            open.key = Some(Key { span: scalar.span, made: scalar.made });
            open.is_merge_next = scalar.is_merge;
            return;
        }
        self.add(scalar.kind, scalar.span, scalar.made);
    }

    /// Adds a node where the next value belongs.
    fn add(&mut self, kind: Kind, span: Span, made: Option<u32>) -> u32 {
        let parent = self.open.last().map(|open| open.index);
        let key = self.open.last_mut().and_then(|open| open.key.take()).unwrap_or_default();
        let index = self.builder.add(parent, key, kind, span, made);
        self.note_merge(index);
        index
    }

    /// Remembers what `<<` names. Where it stands twice in a map, both stay, to be found as a key that stands twice.
    fn note_merge(&mut self, index: u32) {
        if let Some(open) = self.open.last_mut()
            && std::mem::take(&mut open.is_merge_next)
        {
            open.merge = index;
            open.merges += 1;
        }
    }

    fn refuse_as_key(&self, start: usize, end: usize) -> Result<(), Problem> {
        match self.open.last() {
            Some(open) if open.is_map && open.key.is_none() => {
                let message = "has a map or list for a key, expected text";
                Err(broken(self.text, Span::new(start, end.max(start)), message))
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, kind: Kind, anchor: usize, start: usize) -> Result<(), Problem> {
        self.refuse_as_key(start, start)?;
        if self.open.len() == DEPTH_MAX {
            return Err(too_deep(self.text, start));
        }
        let index = self.add(kind, Span::new(start, start), None);
        self.keep_anchor(anchor, Anchored::Collection(index));
        self.open.push(Open { index, is_map: kind == Kind::Map, key: None, merge: NONE, merges: 0, is_merge_next: false });
        self.end = self.end.max(start);
        Ok(())
    }

    /// A flow collection ends with its bracket, a block collection, whose end has no bytes, with its last value.
    fn finish_collection(&mut self, start: usize, end: usize) -> Result<(), Problem> {
        if end > start {
            self.end = end;
        }
        let Some(open) = self.open.pop() else { return Ok(()) };
        self.builder.close(open.index, self.end);
        if self.has_aliases && open.merges == 1 {
            self.merge(open.index, open.merge)?;
        }
        Ok(())
    }

    fn add_alias(&mut self, anchor: usize, start: usize, end: usize) -> Result<(), Problem> {
        let span = Span::new(start, end);
        self.end = end;
        if !self.has_aliases {
            let message = format!("has the alias `{}`, which no lockfile needs", self.text.slice(span));
            return Err(broken(self.text, span, message).with_hint("write out what it stands for"));
        }
        match self.anchors.get(&anchor).copied() {
            Some(Anchored::Scalar(scalar)) => {
                self.count_copy(span)?;
                self.add_scalar(Scalar { is_merge: false, ..scalar });
                Ok(())
            }
            Some(Anchored::Collection(index)) => {
                self.refuse_as_key(start, end)?;
                if self.open.iter().any(|open| open.index == index) {
                    let message = format!("has the alias `{}` inside of what it stands for", self.text.slice(span));
                    return Err(broken(self.text, span, message));
                }
                let parent = self.open.last().map(|open| open.index);
                let key = self.open.last_mut().and_then(|open| open.key.take()).unwrap_or_default();
                let depth = self.open.len();
                let copy = self.copy(index, parent, key, depth, span)?;
                self.note_merge(copy);
                Ok(())
            }
            None => Err(broken(self.text, span, "is not YAML: an alias without its anchor")),
        }
    }

    fn count_copy(&mut self, at: Span) -> Result<(), Problem> {
        self.nodes_copied += 1;
        if self.nodes_copied > ALIAS_NODES_MAX {
            let message = format!("has aliases that stand for more than {ALIAS_NODES_MAX} values");
            return Err(broken(self.text, at, message));
        }
        Ok(())
    }

    /// Copies a node and all below it. `depth` counts the collections around the copy; `at` is the alias.
    fn copy(&mut self, from: u32, parent: Option<u32>, key: Key, depth: usize, at: Span) -> Result<u32, Problem> {
        self.count_copy(at)?;
        let Some(data) = self.builder.node(from).copied() else { return Ok(NONE) };
        let is_collection = matches!(data.kind, Kind::Map | Kind::List);
        if is_collection && depth >= DEPTH_MAX {
            return Err(too_deep(self.text, at.start as usize));
        }
        let made = (data.value_made != NONE).then_some(data.value_made);
        let index = self.builder.add(parent, key, data.kind, data.value, made);
        let mut child = data.first;
        while let Some(below) = self.builder.node(child).copied() {
            self.copy(child, Some(index), below.own_key(), depth + 1, at)?;
            child = below.next;
        }
        Ok(index)
    }

    /// Puts the members of what `<<` names into the map in place of `<<`; its own keys win, then those of earlier maps.
    fn merge(&mut self, map: u32, merge: u32) -> Result<(), Problem> {
        let at = self.builder.node(merge).map_or_else(Span::default, |data| data.key);
        let sources = match self.builder.node(merge).map(|data| data.kind) {
            Some(Kind::Map) => vec![merge],
            _ => self.builder.children(merge),
        };
        let is_map = |builder: &mut Builder<'t>, index: u32| builder.node(index).is_some_and(|data| data.kind == Kind::Map);
        if sources.is_empty() || !sources.iter().all(|source| is_map(&mut self.builder, *source)) {
            return Err(broken(self.text, at, "has a `<<` that names no map, expected a map or a list of maps"));
        }
        self.builder.remove(map, merge);
        let own = self.builder.children(map);
        let mut seen: HashSet<String> = own.into_iter().map(|child| self.builder.key(child).to_owned()).collect();
        for source in sources {
            for member in self.builder.children(source) {
                if seen.insert(self.builder.key(member).to_owned())
                    && let Some(key) = self.builder.node(member).map(|data| data.own_key())
                {
                    self.copy(member, Some(map), key, self.open.len() + 1, at)?;
                }
            }
        }
        Ok(())
    }
}

fn is_str(tag: &Tag) -> bool {
    tag.is_yaml_core_schema_tag("str")
}

/// granit-parser's error in our words, at its place.
fn problem(text: &Text, error: &ScanError) -> Problem {
    let at = error.marker().byte_offset().unwrap_or(0);
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => too_deep(text, at),
        kind => broken(text, character_at(&text.content, at), format!("is not YAML: {kind}")),
    }
}

/// How many bytes of a block scalar are its own: the library's span begins after the indentation and ends before the next token; of
/// one that says nothing it is the header's.
fn block_length(written: &str, value: &str) -> usize {
    if value.trim().is_empty() { 0 } else { written.trim_end_matches([' ', '\n', '\r']).len() }
}

/// The kind of a plain scalar by the core schema of YAML 1.2.
fn plain_kind(value: &str) -> Kind {
    match value.as_bytes() {
        [] | b"~" | b"null" | b"Null" | b"NULL" => Kind::Null,
        b"true" | b"True" | b"TRUE" | b"false" | b"False" | b"FALSE" => Kind::Bool,
        [b'0'..=b'9' | b'+' | b'-' | b'.', ..] if is_number(value) => Kind::Number,
        _ => Kind::Text,
    }
}

fn is_number(value: &str) -> bool {
    let all = |digits: &str, is: fn(&u8) -> bool| !digits.is_empty() && digits.bytes().all(|byte| is(&byte));
    if let Some(digits) = value.strip_prefix("0o") {
        return all(digits, |byte| matches!(byte, b'0'..=b'7'));
    }
    if let Some(digits) = value.strip_prefix("0x") {
        return all(digits, u8::is_ascii_hexdigit);
    }
    if matches!(value, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let unsigned = value.strip_prefix(['+', '-']).unwrap_or(value);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let is_exponent = |digits: &str| all(digits.strip_prefix(['+', '-']).unwrap_or(digits), u8::is_ascii_digit);
    let is_mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => all(fraction, u8::is_ascii_digit),
        Some((whole, fraction)) => all(whole, u8::is_ascii_digit) && (fraction.is_empty() || all(fraction, u8::is_ascii_digit)),
        None => all(mantissa, u8::is_ascii_digit),
    };
    is_mantissa && exponent.is_none_or(is_exponent)
}
