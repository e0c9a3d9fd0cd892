//! Readers of syntaxes that keep places: JSON (also with comments), TOML, XML, YAML, and lines.
//!
//! Answers for: bytes into a tree of nodes with exact spans; depth, duplicate keys, aliases, several documents, broken syntax, once
//! for all formats. Never knows a format.
//!
//! The nodes of a document lie in one vector and point at each other by number, so a document costs one allocation, not one a value:
//! the trees of the libraries underneath are 10 to 90 times slower than their event streams, this one about as fast as the events.

pub mod json;
pub mod lines;
pub mod toml;
pub mod xml;
pub mod yaml;

use foldhash::{HashMap, HashMapExt};

use crate::text::{Lost, Place, Problem, Span, Str, Text};

/// The named limit on nesting. Honest lockfiles stay below 60.
pub const DEPTH_MAX: usize = 120;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Keys and values.
    Map,
    /// Values.
    List,
    /// Text.
    Text,
    /// A number, as written.
    Number,
    /// `true` or `false`.
    Bool,
    /// Nothing (`null`, `~`, an empty YAML value).
    Null,
    /// A date or time of TOML, as written.
    Date,
}

/// One document: nodes in one vector, the first of them the root.
#[derive(Debug)]
pub struct Document<'t> {
    /// The text it was read from.
    pub text: &'t Text,
    nodes: Vec<NodeData>,
    /// What escapes mean.
    made: Vec<Box<str>>,
}

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct NodeData {
    kind: Kind,
    key: Span,
    key_made: u32,
    value: Span,
    value_made: u32,
    first: u32,
    last: u32,
    next: u32,
}

impl NodeData {
    fn own_key(&self) -> Key {
        Key { span: self.key, made: (self.key_made != NONE).then_some(self.key_made) }
    }
}

/// A cursor on one node.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document<'d>,
    index: u32,
}

impl<'t> Document<'t> {
    /// A document whose root is a map without members, for a file that may be missing or empty.
    #[must_use]
    pub fn empty_map(text: &'t Text) -> Self {
        let mut builder = Builder::new(text, 1);
        builder.add(None, Key::default(), Kind::Map, Span::default(), None);
        builder.document
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node { document: self, index: 0 }
    }
}

impl<'d> Node<'d> {
    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.data().map_or(Kind::Null, |data| data.kind)
    }

    /// Whether it has keys.
    #[must_use]
    pub fn is_map(self) -> bool {
        self.kind() == Kind::Map
    }

    /// The bytes of the value: of a string what stands between its quotes; of a map or list its first byte to its end, as far as the
    /// syntax tells.
    #[must_use]
    pub fn span(self) -> Span {
        self.data().map_or_else(Span::default, |data| data.value)
    }

    /// The bytes of the key, without quotes; empty for the root and for list items.
    #[must_use]
    pub fn key_span(self) -> Span {
        self.data().map_or_else(Span::default, |data| data.key)
    }

    /// The key as it means.
    #[must_use]
    pub fn key(self) -> &'d str {
        self.data().map_or("", |data| self.lookup(data.key, data.key_made))
    }

    /// The key with its place.
    #[must_use]
    pub fn key_str(self) -> Str {
        self.data().map_or_else(Str::default, |data| self.str_of(data.key, data.key_made))
    }

    /// The text, if it is text.
    #[must_use]
    pub fn text(self) -> Option<&'d str> {
        self.data().filter(|data| data.kind == Kind::Text).map(|data| self.lookup(data.value, data.value_made))
    }

    /// The text with its place, if it is text.
    #[must_use]
    pub fn str(self) -> Option<Str> {
        self.data().filter(|data| data.kind == Kind::Text).map(|data| self.str_of(data.value, data.value_made))
    }

    /// Text, number, boolean or date as written; `None` for maps, lists and null.
    #[must_use]
    pub fn scalar(self) -> Option<&'d str> {
        self.data()
            .filter(|data| !matches!(data.kind, Kind::Map | Kind::List | Kind::Null))
            .map(|data| self.lookup(data.value, data.value_made))
    }

    /// The same with its place.
    #[must_use]
    pub fn scalar_str(self) -> Option<Str> {
        self.data()
            .filter(|data| !matches!(data.kind, Kind::Map | Kind::List | Kind::Null))
            .map(|data| self.str_of(data.value, data.value_made))
    }

    /// The boolean, if it is one.
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        let data = self.data().filter(|data| data.kind == Kind::Bool)?;
        Some(self.lookup(data.value, data.value_made).eq_ignore_ascii_case("true"))
    }

    /// The member with this key (the first, should there be two). Walks the members: for many look-ups in a large map build an index.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'d>> {
        self.children().find(|child| child.has_key(key))
    }

    /// Bytes of the key as it means.
    fn key_length(self) -> usize {
        self.data().map_or(0, |data| self.document.made.get(data.key_made as usize).map_or(data.key.len(), |made| made.len()))
    }

    fn has_key(self, key: &str) -> bool {
        // Most keys have another length, which tells without a look at the text.
        let is_other = |data: &NodeData| data.key_made == NONE && data.key.len() != key.len();
        !self.data().is_some_and(is_other) && self.key() == key
    }

    /// Follows several keys.
    #[must_use]
    pub fn at(self, keys: &[&str]) -> Option<Node<'d>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The members of a map, in order; nothing for anything else.
    pub fn members(self) -> impl Iterator<Item = Node<'d>> {
        let is_map = self.is_map();
        self.children().filter(move |_| is_map)
    }

    /// The items of a list, in order; nothing for anything else.
    pub fn items(self) -> impl Iterator<Item = Node<'d>> {
        let is_list = self.kind() == Kind::List;
        self.children().filter(move |_| is_list)
    }

    /// How many members or items it has. Counts them.
    #[must_use]
    pub fn len(self) -> usize {
        self.children().count()
    }

    /// Whether it has no members or items.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.data().is_none_or(|data| data.first == NONE)
    }

    /// Its number in the document, for indexes beside it.
    #[must_use]
    pub fn id(self) -> u32 {
        self.index
    }

    /// Where the value stands.
    #[must_use]
    pub fn place(self) -> Place {
        self.document.text.place(self.span())
    }

    /// Where the key stands, or the value where there is no key.
    #[must_use]
    pub fn key_place(self) -> Place {
        let key = self.key_span();
        if key.is_empty() { self.place() } else { self.document.text.place(key) }
    }

    /// A problem at the value.
    #[must_use]
    pub fn problem(self, lost: Lost, message: impl Into<String>) -> Problem {
        Problem::new(self.place(), lost, message)
    }

    fn children(self) -> Children<'d> {
        Children { document: self.document, next: self.data().map_or(NONE, |data| data.first) }
    }

    fn data(self) -> Option<&'d NodeData> {
        self.document.nodes.get(self.index as usize)
    }

    fn lookup(self, span: Span, made: u32) -> &'d str {
        match self.document.made.get(made as usize) {
            Some(made) => made,
            None => self.document.text.slice(span),
        }
    }

    fn str_of(self, span: Span, made: u32) -> Str {
        Str { span, made: self.document.made.get(made as usize).cloned() }
    }
}

struct Children<'d> {
    document: &'d Document<'d>,
    next: u32,
}

impl<'d> Iterator for Children<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        let index = self.next;
        let data = self.document.nodes.get(index as usize)?;
        self.next = data.next;
        Some(Node { document: self.document, index })
    }
}

/// A problem that takes the whole file away.
fn broken(text: &Text, at: Span, message: impl Into<String>) -> Problem {
    Problem::new(text.place(at), Lost::File, message)
}

/// The file says nothing where a document was expected.
fn empty(text: &Text, syntax: &str) -> Problem {
    broken(text, Span::default(), format!("is empty, expected {syntax}"))
}

/// The file nests deeper than anything honest.
fn too_deep(text: &Text, at: usize) -> Problem {
    broken(text, character_at(&text.content, at), format!("is nested more than {DEPTH_MAX} levels deep"))
}

/// The character that holds the byte at `at`; empty at the end of the content.
fn character_at(content: &str, at: usize) -> Span {
    let start = content.floor_char_boundary(at);
    let length = content.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Span::new(start, start + length)
}

/// Where `part` lies in `content`, if it was cut out of it.
fn offset_in(content: &str, part: &str) -> Option<usize> {
    let at = part.as_ptr().addr().checked_sub(content.as_ptr().addr())?;
    (at + part.len() <= content.len()).then_some(at)
}

/// Builds a document; used by the readers of this module only.
struct Builder<'t> {
    document: Document<'t>,
}

/// The key that a new node gets.
#[derive(Clone, Copy, Default)]
struct Key {
    span: Span,
    made: Option<u32>,
}

impl<'t> Builder<'t> {
    fn new(text: &'t Text, nodes_expected: usize) -> Self {
        Self { document: Document { text, nodes: Vec::with_capacity(nodes_expected), made: Vec::new() } }
    }

    /// Keeps what an escape means.
    fn keep(&mut self, made: impl Into<Box<str>>) -> u32 {
        self.document.made.push(made.into());
        u32::try_from(self.document.made.len() - 1).unwrap_or(NONE)
    }

    /// Adds a node below `parent` (`None` for the root) and gives its number.
    fn add(&mut self, parent: Option<u32>, key: Key, kind: Kind, value: Span, value_made: Option<u32>) -> u32 {
        let index = u32::try_from(self.document.nodes.len()).unwrap_or(NONE);
        self.document.nodes.push(NodeData {
            kind,
            key: key.span,
            key_made: key.made.unwrap_or(NONE),
            value,
            value_made: value_made.unwrap_or(NONE),
            first: NONE,
            last: NONE,
            next: NONE,
        });
        if let Some(parent) = parent {
            let last = self.node(parent).map_or(NONE, |data| data.last);
            if let Some(last) = self.node(last) {
                last.next = index;
            }
            if let Some(parent) = self.node(parent) {
                parent.last = index;
                if parent.first == NONE {
                    parent.first = index;
                }
            }
        }
        index
    }

    /// Sets where a map or list ends.
    fn close(&mut self, index: u32, end: usize) {
        if let Some(data) = self.node(index) {
            data.value.end = u32::try_from(end).unwrap_or(NONE).max(data.value.start);
        }
    }

    /// The members or items of a node.
    fn children(&self, index: u32) -> Vec<u32> {
        let node = Node { document: &self.document, index };
        node.children().map(|child| child.index).collect()
    }

    /// What a node's key means.
    fn key(&self, index: u32) -> &str {
        Node { document: &self.document, index }.key()
    }

    /// Takes a child out of its parent. It stays in the document, and nothing leads to it.
    fn remove(&mut self, parent: u32, child: u32) {
        let rest: Vec<u32> = self.children(parent).into_iter().filter(|index| *index != child).collect();
        for (position, index) in rest.iter().enumerate() {
            let next = rest.get(position + 1).copied().unwrap_or(NONE);
            if let Some(data) = self.node(*index) {
                data.next = next;
            }
        }
        if let Some(data) = self.node(child) {
            data.next = NONE;
        }
        if let Some(data) = self.node(parent) {
            data.first = rest.first().copied().unwrap_or(NONE);
            data.last = rest.last().copied().unwrap_or(NONE);
        }
    }

    fn node(&mut self, index: u32) -> Option<&mut NodeData> {
        self.document.nodes.get_mut(index as usize)
    }

    /// The finished document; a key that stands twice in one map is a problem, since two parsers may read it differently.
    fn finish(self) -> Result<Document<'t>, Problem> {
        let document = self.document;
        for index in 0..document.nodes.len() {
            let node = Node { document: &document, index: u32::try_from(index).unwrap_or(NONE) };
            if node.is_map()
                && let Some((first, second)) = duplicate(node)
            {
                let line = document.text.lines().position(first.key_span().start).0;
                let message = format!("the key `{}` stands twice in one map, first in line {line}", second.key());
                let problem = Problem::new(second.key_place(), Lost::File, message);
                return Err(problem.with_hint("keep one of them; two programs may each read another one"));
            }
        }
        Ok(document)
    }
}

/// Maps up to this size are searched pair by pair: quicker than hashing, and most maps are small.
const SMALL_MAP: usize = 8;

/// The first two members of a map with the same key.
fn duplicate(map: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    // Lengths tell most keys apart, without a look at the text.
    let mut small = [(0, map.index); SMALL_MAP];
    for (count, member) in map.members().enumerate() {
        let Some(slot) = small.get_mut(count) else { return duplicate_of_many(map) };
        let length = member.key_length();
        *slot = (length, member.index);
        for (other, index) in small.iter().take(count) {
            let before = Node { document: map.document, index: *index };
            if *other == length && before.key() == member.key() {
                return Some((before, member));
            }
        }
    }
    None
}

fn duplicate_of_many(map: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let mut seen: HashMap<&str, Node<'_>> = HashMap::with_capacity(map.len());
    map.members().find_map(|member| seen.insert(member.key(), member).map(|before| (before, member)))
}
