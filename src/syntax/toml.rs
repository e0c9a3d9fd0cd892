//! TOML into the tree of nodes.
//!
//! Specification: TOML 1.1 as `toml_parser` reads it, whose events carry byte ranges but know neither tables nor redefinition: both
//! are decided here, as the `toml` crate decides them. Numbers and dates stay as written.

use std::borrow::Cow;

use foldhash::{HashMap, HashMapExt};
use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::parser::{EventReceiver, parse_document};
use toml_parser::{ErrorSink, ParseError, Raw, Source};

use super::{Builder, DEPTH_MAX, Document, Key, Kind, broken, empty, offset_in, too_deep};
use crate::text::{Problem, Span, Text};

/// A guess that saves most growth of the vector: real lockfiles have a node every 26 to 56 bytes.
const BYTES_PER_NODE: usize = 32;

/// Reads TOML. A text without any key is an empty map; one without any byte but white space is a problem.
pub fn read(text: &Text) -> Result<Document<'_>, Problem> {
    if text.content.trim_ascii().is_empty() {
        return Err(empty(text, "TOML"));
    }
    let mut reader = Reader::new(text);
    let mut syntax_error: Option<ParseError> = None;
    let tokens = Source::new(&text.content).lex().into_vec();
    parse_document(&tokens, &mut reader, &mut syntax_error);
    reader.end_section();
    let syntax_problem = syntax_error.map(|error| problem(text, &error));
    // Whichever stands first: what follows a mistake is often only its consequence.
    let first = [syntax_problem, reader.problem.take()].into_iter().flatten().min_by_key(|problem| problem.place.span.start);
    match first {
        Some(problem) => Err(problem),
        None => reader.builder.finish(),
    }
}

/// `toml_parser`'s error in our words, at its place.
fn problem(text: &Text, error: &ParseError) -> Problem {
    let at = error.unexpected().or(error.context()).unwrap_or_default();
    broken(text, Span::new(at.start(), at.end()), format!("is not TOML: {}", error.description()))
}

/// How a table came to be, which decides who may add to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// By its own header; complete with its section.
    Header,
    /// By the header of a table below it; a header of its own may follow.
    Implied,
    /// By a dotted key; no header of its own may follow.
    Dotted,
    /// By a header of an array of tables.
    Items,
}

/// A table that headers and dotted keys can find again, or the last item of an array of tables.
#[derive(Clone, Copy)]
struct Known {
    how: How,
    /// The table.
    table: u32,
    /// The list that it is the last item of, for an array of tables.
    list: u32,
}

/// A key as written, with what it means.
struct Part<'t> {
    span: Span,
    name: Cow<'t, str>,
}

/// A table or list that values are added to.
#[derive(Clone, Copy)]
struct Container {
    index: u32,
    depth: usize,
}

const ROOT: Container = Container { index: 0, depth: 0 };

struct Reader<'t> {
    text: &'t Text,
    builder: Builder<'t>,
    /// Every table but inline ones, by the table that holds it and its key.
    known: HashMap<(u32, Cow<'t, str>), Known>,
    /// The table of the section that is being read.
    section: Container,
    /// Tables and lists that reach as far as the section does.
    open_ended: Vec<u32>,
    /// The header that is being read: where it begins, and whether it is one of an array of tables.
    header: Option<(usize, bool)>,
    /// The parts of the key or header that is being read.
    path: Vec<Part<'t>>,
    /// Where the next value goes, in a table.
    target: Option<(Container, Key)>,
    /// Tables that the dotted key of each open value leads through, to be closed after it.
    dotted: Vec<u32>,
    /// Inline tables and lists around the next value, each with the number of `dotted` tables below it.
    stack: Vec<(Container, usize)>,
    problem: Option<Problem>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t Text) -> Self {
        let mut builder = Builder::new(text, text.content.len() / BYTES_PER_NODE + 1);
        builder.add(None, Key::default(), Kind::Map, Span::new(0, text.content.len()), None);
        Self {
            text,
            builder,
            known: HashMap::new(),
            section: ROOT,
            open_ended: Vec::new(),
            header: None,
            path: Vec::new(),
            target: None,
            dotted: Vec::new(),
            stack: Vec::new(),
            problem: None,
        }
    }

    fn fail(&mut self, problem: Problem) {
        self.problem.get_or_insert(problem);
    }

    /// Two definitions that exclude each other.
    fn fail_twice(&mut self, part: &Part<'_>, before: u32, what: &str) {
        let span = self.builder.node(before).map_or_else(Span::default, |data| data.key);
        let line = self.text.lines().position(span.start).0;
        let message = format!("{what} `{}` is defined twice, first in line {line}", part.name);
        self.fail(broken(self.text, part.span, message).with_hint("keep one of them; two programs may each read another one"));
    }

    fn raw(&self, span: toml_parser::Span, encoding: Option<Encoding>) -> Raw<'t> {
        let text: &'t Text = self.text;
        Raw::new_unchecked(text.content.get(span.start()..span.end()).unwrap_or(""), encoding, span)
    }

    /// Runs a decoder of `toml_parser`, whose first error becomes the problem.
    fn decode<T>(&mut self, run: impl FnOnce(&mut dyn ErrorSink) -> T) -> T {
        let mut error: Option<ParseError> = None;
        let result = run(&mut error);
        if let Some(error) = error {
            self.fail(problem(self.text, &error));
        }
        result
    }

    /// A string that means what stands in it: most of them, and the library's decoder takes longer than all else here.
    fn plain(raw: Raw<'t>, encoding: Option<Encoding>) -> Option<&'t str> {
        let written = raw.as_str();
        let quote = match encoding {
            Some(Encoding::BasicString) => '"',
            Some(Encoding::LiteralString) => '\'',
            _ => return None,
        };
        let inner = written.strip_prefix(quote)?.strip_suffix(quote)?;
        inner.bytes().all(|byte| byte >= b' ' && byte != b'\\' && byte != 0x7f).then_some(inner)
    }

    /// What stands between the quotes, and what it means where that differs.
    fn unquoted(&self, span: toml_parser::Span, encoding: Option<Encoding>, value: Cow<'t, str>) -> (Span, Option<Cow<'t, str>>) {
        if let Cow::Borrowed(value) = value
            && let Some(start) = offset_in(&self.text.content, value)
        {
            return (Span::new(start, start + value.len()), None);
        }
        let quotes = match encoding {
            None => 0,
            Some(Encoding::BasicString | Encoding::LiteralString) => 1,
            Some(Encoding::MlBasicString | Encoding::MlLiteralString) => 3,
        };
        let inner = Span::new(span.start() + quotes, span.end().saturating_sub(quotes));
        (inner, (!value.is_empty() || !inner.is_empty()).then_some(value))
    }

    fn key(&mut self, part: &Part<'t>) -> Key {
        let is_as_written = part.name == self.text.slice(part.span);
        Key { span: part.span, made: (!is_as_written).then(|| self.builder.keep(part.name.as_ref())) }
    }

    /// The table below `at` that `part` leads to, and how it came to be; it is made if there is none.
    fn descend(&mut self, at: Container, part: &Part<'t>, how: How, start: usize) -> Option<(Container, How)> {
        let depth = at.depth + 1;
        if depth >= DEPTH_MAX {
            self.fail(too_deep(self.text, part.span.start as usize));
            return None;
        }
        let slot = (at.index, part.name.clone());
        let Some(known) = self.known.get_mut(&slot) else {
            let key = self.key(part);
            let index = self.builder.add(Some(at.index), key, Kind::Map, Span::new(start, start), None);
            self.known.insert(slot, Known { how, table: index, list: index });
            return Some((Container { index, depth }, how));
        };
        match (how, known.how) {
            (How::Dotted, How::Implied) => known.how = How::Dotted,
            (How::Dotted, How::Header | How::Items) => {
                let before = known.list;
                self.fail_twice(part, before, "the table");
                return None;
            }
            _ => {}
        }
        let depth = if known.how == How::Items { depth + 1 } else { depth };
        Some((Container { index: known.table, depth }, known.how))
    }

    /// Ends the section before, and begins the one of the header that was read.
    fn begin_section(&mut self, end: usize) {
        let Some((start, is_array)) = self.header.take() else { return };
        self.end_section();
        let mut at = ROOT;
        let mut path = std::mem::take(&mut self.path);
        let Some(last) = path.pop() else { return };
        for part in path.drain(..) {
            let Some((below, how)) = self.descend(at, &part, How::Implied, start) else { return };
            if how == How::Implied {
                self.open_ended.push(below.index);
            }
            at = below;
        }
        self.path = path;
        let span = Span::new(start, end);
        let section = if is_array { self.add_item(at, &last, span) } else { self.add_table(at, &last, span) };
        if let Some(section) = section {
            self.section = section;
        }
    }

    /// Lists and tables without a header of their own end where the last section below them does.
    fn end_section(&mut self) {
        let end = self.builder.node(self.section.index).map_or(0, |data| data.value.end) as usize;
        while let Some(index) = self.open_ended.pop() {
            self.builder.close(index, end);
        }
    }

    fn add_table(&mut self, at: Container, part: &Part<'t>, span: Span) -> Option<Container> {
        let depth = at.depth + 1;
        if depth >= DEPTH_MAX {
            self.fail(too_deep(self.text, part.span.start as usize));
            return None;
        }
        let slot = (at.index, part.name.clone());
        let index = match self.known.get_mut(&slot) {
            Some(known) if known.how == How::Implied => {
                known.how = How::Header;
                let index = known.table;
                if let Some(data) = self.builder.node(index) {
                    (data.key, data.value) = (part.span, span);
                    data.key_made = super::NONE;
                }
                let key = self.key(part);
                if let (Some(data), Some(made)) = (self.builder.node(index), key.made) {
                    data.key_made = made;
                }
                index
            }
            Some(known) => {
                let before = known.list;
                self.fail_twice(part, before, "the table");
                return None;
            }
            None => {
                let key = self.key(part);
                let index = self.builder.add(Some(at.index), key, Kind::Map, span, None);
                self.known.insert(slot, Known { how: How::Header, table: index, list: index });
                index
            }
        };
        Some(Container { index, depth })
    }

    fn add_item(&mut self, at: Container, part: &Part<'t>, span: Span) -> Option<Container> {
        let depth = at.depth + 2;
        if depth >= DEPTH_MAX {
            self.fail(too_deep(self.text, part.span.start as usize));
            return None;
        }
        let slot = (at.index, part.name.clone());
        let list = match self.known.get(&slot) {
            Some(known) if known.how == How::Items => known.list,
            Some(known) => {
                let before = known.list;
                self.fail_twice(part, before, "the table");
                return None;
            }
            None => {
                let key = self.key(part);
                self.builder.add(Some(at.index), key, Kind::List, span, None)
            }
        };
        self.open_ended.push(list);
        let table = self.builder.add(Some(list), Key::default(), Kind::Map, span, None);
        self.known.insert(slot, Known { how: How::Items, table, list });
        Some(Container { index: table, depth })
    }

    /// The container that the next value, or the key before it, belongs to.
    fn container(&self) -> Container {
        self.stack.last().map_or(self.section, |(container, _)| *container)
    }

    /// Follows the dotted key that was read to the table that gets the value.
    fn aim(&mut self) {
        let mut path = std::mem::take(&mut self.path);
        let mut at = self.container();
        let Some(last) = path.pop() else { return };
        for part in path.drain(..) {
            let start = part.span.start as usize;
            let Some((below, _)) = self.descend(at, &part, How::Dotted, start) else { return };
            self.dotted.push(below.index);
            at = below;
        }
        self.path = path;
        let key = self.key(&last);
        self.target = Some((at, key));
    }

    /// Adds a value where it belongs.
    fn add(&mut self, kind: Kind, span: Span, made: Option<u32>) -> Container {
        let (at, key) = self.target.take().unwrap_or_else(|| (self.container(), Key::default()));
        let index = self.builder.add(Some(at.index), key, kind, span, made);
        Container { index, depth: at.depth + 1 }
    }

    fn open(&mut self, kind: Kind, start: usize) -> bool {
        if self.problem.is_some() {
            return false;
        }
        let dotted = self.dotted.len();
        let container = self.add(kind, Span::new(start, start), None);
        if container.depth >= DEPTH_MAX {
            self.fail(too_deep(self.text, start));
            return false;
        }
        self.stack.push((container, dotted));
        true
    }

    fn close(&mut self, end: usize) {
        if self.problem.is_some() {
            return;
        }
        if let Some((container, _)) = self.stack.pop() {
            self.builder.close(container.index, end);
            self.end_value(end);
        }
    }

    /// What is done after a value: the tables that its dotted key leads through end with it, and so far the section does.
    fn end_value(&mut self, end: usize) {
        let kept = self.stack.last().map_or(0, |(_, dotted)| *dotted).min(self.dotted.len());
        for index in self.dotted.drain(kept..) {
            self.builder.close(index, end);
        }
        if self.stack.is_empty() && self.section.index != ROOT.index {
            self.builder.close(self.section.index, end);
        }
    }
}

impl EventReceiver for Reader<'_> {
    fn std_table_open(&mut self, span: toml_parser::Span, _error: &mut dyn ErrorSink) {
        self.header = Some((span.start(), false));
        self.path.clear();
    }

    fn std_table_close(&mut self, span: toml_parser::Span, _error: &mut dyn ErrorSink) {
        if self.problem.is_none() {
            self.begin_section(span.end());
        }
    }

    fn array_table_open(&mut self, span: toml_parser::Span, _error: &mut dyn ErrorSink) {
        self.header = Some((span.start(), true));
        self.path.clear();
    }

    fn array_table_close(&mut self, span: toml_parser::Span, _error: &mut dyn ErrorSink) {
        if self.problem.is_none() {
            self.begin_section(span.end());
        }
    }

    fn inline_table_open(&mut self, span: toml_parser::Span, _error: &mut dyn ErrorSink) -> bool {
        self.open(Kind::Map, span.start())
    }

    fn inline_table_close(&mut self, span: toml_parser::Span, _error: &mut dyn ErrorSink) {
        self.close(span.end());
    }

    fn array_open(&mut self, span: toml_parser::Span, _error: &mut dyn ErrorSink) -> bool {
        self.open(Kind::List, span.start())
    }

    fn array_close(&mut self, span: toml_parser::Span, _error: &mut dyn ErrorSink) {
        self.close(span.end());
    }

    fn simple_key(&mut self, span: toml_parser::Span, encoding: Option<Encoding>, _error: &mut dyn ErrorSink) {
        if self.problem.is_some() {
            return;
        }
        let raw = self.raw(span, encoding);
        let mut name = Cow::Borrowed("");
        self.decode(|errors| raw.decode_key(&mut name, errors));
        let (span, _) = self.unquoted(span, encoding, name.clone());
        self.path.push(Part { span, name });
    }

    fn key_val_sep(&mut self, _span: toml_parser::Span, _error: &mut dyn ErrorSink) {
        if self.problem.is_none() {
            self.aim();
        }
    }

    fn scalar(&mut self, span: toml_parser::Span, encoding: Option<Encoding>, _error: &mut dyn ErrorSink) {
        if self.problem.is_some() {
            return;
        }
        let raw = self.raw(span, encoding);
        if let Some(value) = Self::plain(raw, encoding) {
            self.add(Kind::Text, Span::new(span.start() + 1, span.start() + 1 + value.len()), None);
            self.end_value(span.end());
            return;
        }
        let mut value = Cow::Borrowed("");
        let kind = match self.decode(|errors| raw.decode_scalar(&mut value, errors)) {
            ScalarKind::String => Kind::Text,
            ScalarKind::Boolean(_) => Kind::Bool,
            ScalarKind::Float | ScalarKind::Integer(_) => Kind::Number,
            ScalarKind::DateTime => Kind::Date,
        };
        let end = span.end();
        let whole = Span::new(span.start(), end);
        if kind == Kind::Date && raw.as_str().parse::<toml::value::Datetime>().is_err() {
            self.fail(broken(self.text, whole, format!("is not TOML: `{}` is no date or time", raw.as_str())));
        }
        let (span, value) = if kind == Kind::Text { self.unquoted(span, encoding, value) } else { (whole, None) };
        let made = value.map(|value| self.builder.keep(value));
        self.add(kind, span, made);
        self.end_value(end);
    }

    fn comment(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.raw(span, None).decode_comment(error);
    }

    fn newline(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.raw(span, None).decode_newline(error);
    }
}
