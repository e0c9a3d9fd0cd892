//! What one line of a requirements file says: a requirement with its hashes, or options of the whole run.
//!
//! Answers for: pip's options with their values and abbreviations. Never follows what a line names.

use std::ops::Range;

use super::lines::{Line, Word};
use crate::text::{Span, Str};

/// A value and where it stands in its file.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) at: Str,
}

/// What a line says.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) line: Line,
    /// The bytes of a requirement in the line; empty where there is none.
    pub(super) requirement: Range<usize>,
    /// What `-e` asks for.
    pub(super) editables: Vec<Value>,
    /// `--hash` of a requirement.
    pub(super) hashes: Vec<Value>,
    /// Files that `-r` and `-c` name; whether they constrain only.
    pub(super) includes: Vec<(Value, bool)>,
    /// The last `-i` of the line.
    pub(super) index: Option<Value>,
    pub(super) extra_indexes: Vec<Value>,
    /// The first `-f` of the line: pip takes no other.
    pub(super) find_links: Option<Value>,
    pub(super) no_index: bool,
    /// Other options with an effect, as the option's name and value.
    pub(super) settings: Vec<(&'static str, Value)>,
    /// What is no option of pip, lacks its value, or is ignored by pip.
    pub(super) unknown: Vec<(Span, String)>,
}

/// pip's options in requirements files by their long names, and whether they take a value. Some are from older versions.
const OPTIONS: [(&str, bool); 31] = [
    ("--all-releases", true),
    ("--allow-all-external", false),
    ("--allow-external", true),
    ("--allow-unverified", true),
    ("--always-unzip", false),
    ("--config-settings", true),
    ("--constraint", true),
    ("--editable", true),
    ("--extra-index-url", true),
    ("--find-links", true),
    ("--global-option", true),
    ("--hash", true),
    ("--index-url", true),
    ("--install-option", true),
    ("--no-binary", true),
    ("--no-build-isolation", false),
    ("--no-index", false),
    ("--no-require-hashes", false),
    ("--no-use-wheel", false),
    ("--only-binary", true),
    ("--only-final", true),
    ("--pre", false),
    ("--prefer-binary", false),
    ("--process-dependency-links", false),
    ("--pypi-url", true),
    ("--require-hashes", false),
    ("--requirement", true),
    ("--src", true),
    ("--trusted-host", true),
    ("--use-feature", true),
    ("--use-wheel", false),
];

const SHORT: [(char, &str); 7] = [
    ('C', "--config-settings"),
    ('Z', "--always-unzip"),
    ('c', "--constraint"),
    ('e', "--editable"),
    ('f', "--find-links"),
    ('i', "--index-url"),
    ('r', "--requirement"),
];

/// Reads a line.
pub(super) fn read(line: Line) -> Statement {
    let options = options_start(&line.text);
    let requirement = line.text.get(..options).unwrap_or("").trim_end().len();
    let words = line.words(options);
    let mut statement = Statement {
        line,
        requirement: 0..requirement,
        editables: Vec::new(),
        hashes: Vec::new(),
        includes: Vec::new(),
        index: None,
        extra_indexes: Vec::new(),
        find_links: None,
        no_index: false,
        settings: Vec::new(),
        unknown: Vec::new(),
    };
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let Some((name, value)) = option(&word) else { continue };
        let Some((option, takes)) = find(&name) else {
            let span = statement.line.span(&word.range);
            statement.unknown.push((span, format!("`{name}` is no option of requirements files")));
            continue;
        };
        let own = value.map(|from| (word.text.get(from..).unwrap_or("").to_owned(), own_range(&word, from)));
        let value = if takes {
            own.or_else(|| words.next().map(|next| (next.text.clone(), unquoted(&next, &statement.line.text))))
        } else {
            None
        };
        match value {
            None if takes => {
                let span = statement.line.span(&word.range);
                statement.unknown.push((span, format!("`{option}` has no value")));
            }
            value => statement.take(option, value.unwrap_or_else(|| (String::new(), word.range))),
        }
    }
    statement.keep_first();
    statement
}

impl Statement {
    fn take(&mut self, option: &'static str, (text, range): (String, Range<usize>)) {
        let stands = self.line.text.get(range.clone()) == Some(text.as_str());
        let at = if stands { self.line.value(&range) } else { Str::made(self.line.span(&range), text.as_str()) };
        let value = Value { text, at };
        // Behind a requirement only its own options have an effect.
        let is_global = self.requirement.is_empty();
        match option {
            "--hash" => self.hashes.push(value),
            "--editable" if is_global => self.editables.push(value),
            "--requirement" if is_global => self.includes.push((value, false)),
            "--constraint" if is_global => self.includes.push((value, true)),
            "--index-url" | "--pypi-url" if is_global => self.index = Some(value),
            "--extra-index-url" if is_global => self.extra_indexes.push(value),
            "--find-links" if is_global => self.find_links = self.find_links.take().or(Some(value)),
            "--no-index" if is_global => self.no_index = true,
            "--trusted-host" | "--require-hashes" | "--no-require-hashes" | "--only-binary" | "--no-binary" if is_global => {
                self.settings.push((option, value));
            }
            _ => {}
        }
    }

    /// Of a line with `-e`, pip reads nothing else; of one with `-r` or `-c`, the first of them only, `-r` before `-c`.
    fn keep_first(&mut self) {
        let first = self.includes.iter().position(|(_, constrains)| !constrains).unwrap_or(0);
        let (option, kept) = match (self.editables.is_empty(), self.includes.get(first)) {
            (false, _) => ("-e", None),
            (true, None) => return,
            (true, Some(kept)) => (if kept.1 { "-c" } else { "-r" }, Some(kept.clone())),
        };
        let mut ignored: Vec<Value> = self.index.take().into_iter().chain(self.find_links.take()).collect();
        ignored.append(&mut self.extra_indexes);
        ignored.extend(self.settings.drain(..).map(|(_, value)| value));
        let includes = self.includes.drain(..).enumerate();
        ignored.extend(includes.filter(|(at, _)| kept.is_none() || *at != first).map(|(_, (value, _))| value));
        self.includes.extend(kept);
        let mut spans: Vec<Span> = ignored.into_iter().map(|value| value.at.span).collect();
        if std::mem::take(&mut self.no_index) {
            spans.push(self.line.span(&(0..self.line.text.len())));
        }
        let message = format!("stands in one line with `{option}`, of which pip reads nothing else, expected a line of its own");
        self.unknown.extend(spans.into_iter().map(|span| (span, message.clone())));
    }
}

/// Where the options of a line begin: at the first word with a dash.
fn options_start(text: &str) -> usize {
    if text.starts_with('-') {
        return 0;
    }
    let bytes = text.as_bytes();
    let is_start = |at: &usize| *at > 0 && bytes.get(at - 1).is_some_and(u8::is_ascii_whitespace);
    memchr::memchr_iter(b'-', bytes).find(is_start).unwrap_or(text.len())
}

/// An option's name, and where in the word its value begins, if it is there.
fn option(word: &Word) -> Option<(String, Option<usize>)> {
    let text = &word.text;
    if text.starts_with("--") {
        return Some(match text.split_once('=') {
            Some((name, _)) => (name.to_owned(), Some(name.len() + 1)),
            None => (text.clone(), None),
        });
    }
    let short = text.strip_prefix('-')?.chars().next()?;
    let end = 1 + short.len_utf8();
    Some((format!("-{short}"), (text.len() > end).then_some(end)))
}

/// The option that a name or its unambiguous beginning means.
fn find(name: &str) -> Option<(&'static str, bool)> {
    let long = match name.strip_prefix('-').and_then(|rest| rest.chars().next()).filter(|first| *first != '-') {
        Some(short) => SHORT.iter().find(|(letter, _)| *letter == short)?.1,
        None => name,
    };
    let exact = OPTIONS.iter().find(|(option, _)| *option == long);
    let mut abbreviated = OPTIONS.iter().filter(|(option, _)| long.len() > 2 && option.starts_with(long));
    exact.or_else(|| abbreviated.next().filter(|_| abbreviated.next().is_none())).copied()
}

/// The bytes of a value inside its option's word.
fn own_range(word: &Word, from: usize) -> Range<usize> {
    let is_quoted = word.range.len() != word.text.len();
    if is_quoted { word.range.clone() } else { word.range.start + from..word.range.end }
}

/// The bytes of a word without the quotes around it.
fn unquoted(word: &Word, line: &str) -> Range<usize> {
    let inner = word.range.start + 1..word.range.end.saturating_sub(1);
    let is_inner = inner.start <= inner.end && line.get(inner.clone()) == Some(word.text.as_str());
    if is_inner && word.range.len() != word.text.len() { inner } else { word.range.clone() }
}
