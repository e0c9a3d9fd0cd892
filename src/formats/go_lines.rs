//! The lines of `go.mod`, `go.work` and `go.sum`.
//!
//! Answers for: statements with their words, blocks and comments, as `golang.org/x/mod/modfile` splits them; replacements; checksums by
//! module. Never makes an entry.

use foldhash::{HashMap, HashSet};

use crate::dependency::{Entry, Locator};
use crate::ecosystem::Ecosystem;
use crate::syntax::lines::{self, Line};
use crate::text::{Lost, Problem, Span, Str, Text};

/// One statement: a line, or a line of a block.
#[derive(Debug)]
pub(super) struct Statement<'t> {
    /// The directive.
    pub(super) verb: &'t str,
    pub(super) verb_span: Span,
    /// What stands behind it.
    pub(super) words: Vec<Str>,
    /// What stands behind `//`, without it.
    pub(super) comment: &'t str,
    pub(super) span: Span,
}

impl Statement<'_> {
    /// Whether its comment says that the main module does not import it, as Go reads that comment.
    pub(super) fn is_indirect(&self) -> bool {
        let mut words = self.comment.split_whitespace();
        match words.next() {
            Some("indirect") => words.next().is_none(),
            Some("indirect;") => words.next().is_some(),
            _ => false,
        }
    }
}

/// The statements of a file, and what could not be split.
pub(super) fn statements(text: &Text) -> (Vec<Statement<'_>>, Vec<Problem>) {
    let mut reader = Reader { text, block: None, statements: Vec::new(), problems: Vec::new() };
    for line in lines::of(&text.content) {
        reader.line(line);
    }
    if let Some((verb, span)) = reader.block {
        let message = format!("the block of `{verb}` has no end, expected `)`");
        reader.problems.push(Problem::new(text.place(span), Lost::File, message));
    }
    (reader.statements, reader.problems)
}

struct Reader<'t> {
    text: &'t Text,
    block: Option<(&'t str, Span)>,
    statements: Vec<Statement<'t>>,
    problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    fn line(&mut self, line: Line<'t>) {
        let (words, comment) = match words_of(line) {
            Ok(split) => split,
            Err(message) => {
                self.problems.push(Problem::new(self.text.place(line.span()), Lost::Entry, message));
                return;
            }
        };
        let content = &self.text.content;
        let is = |at: usize, mark: &str| words.get(at).is_some_and(|word| word.made.is_none() && word.of(content) == mark);
        let Some(first) = words.first() else { return };
        let span = Span { start: first.span.start, end: words.last().map_or(first.span.end, |last| last.span.end) };
        if let Some((verb, verb_span)) = self.block {
            if is(0, ")") {
                self.block = None;
            } else {
                self.statements.push(Statement { verb, verb_span, words, comment, span });
            }
            return;
        }
        let verb_span = first.span;
        let verb = self.text.slice(verb_span);
        if is(1, "(") {
            let is_empty = is(2, ")");
            if words.len() > 2 + usize::from(is_empty) {
                self.problems.push(Problem::new(self.text.place(span), Lost::Detail, "a block begins with more than its `(`"));
            }
            self.block = (!is_empty).then_some((verb, verb_span));
            return;
        }
        let words = words.into_iter().skip(1).collect();
        self.statements.push(Statement { verb, verb_span, words, comment, span });
    }
}

/// The words of a line, and its comment.
fn words_of(line: Line<'_>) -> Result<(Vec<Str>, &str), String> {
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        let rest = line.text.get(at..).unwrap_or("");
        let Some(first) = rest.chars().next() else { return Ok((words, "")) };
        if let Some(comment) = rest.strip_prefix("//") {
            return Ok((words, comment.trim()));
        }
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let start = line.start + at;
        if matches!(first, '"' | '`') {
            let (inner, length) = quoted(rest, first)?;
            let span = Span::new(start + 1, start + length - 1);
            words.push(match inner {
                Some(made) => Str::made(span, made),
                None => Str::at(span),
            });
            at += length;
            continue;
        }
        let length = if is_mark(first) { first.len_utf8() } else { word_length(rest) };
        words.push(Str::at(Span::new(start, start + length)));
        at += length;
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',')
}

fn word_length(rest: &str) -> usize {
    let end = rest.find(|c: char| is_mark(c) || c.is_whitespace()).unwrap_or(rest.len());
    // Only the word is searched: to the end of the line for each word would be quadratic.
    rest.get(..end).and_then(|word| word.find("//")).unwrap_or(end).max(1)
}

/// What a quoted word means, if that is not what stands there, and its length with its quotes.
fn quoted(rest: &str, quote: char) -> Result<(Option<String>, usize), String> {
    let mut made = String::new();
    let mut has_escape = false;
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Ok((has_escape.then_some(made), at + 1));
        }
        if c == '\\' && quote == '"' {
            has_escape = true;
            match chars.next() {
                Some((_, escaped @ ('\\' | '"'))) => made.push(escaped),
                _ => return Err("has an escape that is not read, expected `\\\\` or `\\\"`".to_owned()),
            }
            continue;
        }
        made.push(c);
    }
    Err("has a quote without its end".to_owned())
}

/// What replaces a module.
#[derive(Debug)]
pub(super) struct Replacement<'t> {
    /// Where both stand.
    pub(super) text: &'t Text,
    /// The module that is replaced.
    pub(super) old: &'t Str,
    /// A module path, or a folder where there is no version.
    pub(super) new: &'t Str,
    pub(super) version: Option<&'t Str>,
}

/// All `replace` directives that count for one module.
#[derive(Debug, Default)]
pub(super) struct Replacements<'t> {
    /// By path and version; the version is empty where all are replaced.
    by_module: HashMap<(&'t str, &'t str), Replacement<'t>>,
    /// Paths that the workspace replaces: there nothing else counts.
    of_workspace: HashSet<&'t str>,
}

impl<'t> Replacements<'t> {
    /// Takes one directive: `old [version] => new [version]`.
    pub(super) fn add(&mut self, statement: &'t Statement<'_>, text: &'t Text, is_workspace: bool) -> Result<(), String> {
        let content = &text.content;
        let words = &statement.words;
        let arrow = words.iter().position(|word| word.of(content) == "=>");
        let (old, old_version, new, version) = match (arrow, words.as_slice()) {
            (Some(1), [old, _, new]) => (old, None, new, None),
            (Some(1), [old, _, new, version]) => (old, None, new, Some(version)),
            (Some(2), [old, old_version, _, new]) => (old, Some(old_version), new, None),
            (Some(2), [old, old_version, _, new, version]) => (old, Some(old_version), new, Some(version)),
            _ => return Err("is no replacement, expected `module [version] => module version` or `=> ./folder`".to_owned()),
        };
        if version.is_none() && !is_folder(new.of(content)) {
            return Err(format!("is replaced by `{}`, which has no version and is no folder", new.of(content)));
        }
        let path = old.of(content);
        if is_workspace {
            self.of_workspace.insert(path);
        } else if self.of_workspace.contains(path) {
            return Ok(());
        }
        let key = (path, old_version.map_or("", |version| version.of(content)));
        self.by_module.insert(key, Replacement { text, old, new, version });
        Ok(())
    }

    /// The only replacement.
    pub(super) fn into_one(self) -> Option<Replacement<'t>> {
        self.by_module.into_values().next()
    }

    /// What replaces a version of a module: a replacement of that very version, else of all.
    pub(super) fn find<'a>(&'a self, path: &'a str, version: &'a str) -> Option<&'a Replacement<'a>> {
        self.by_module.get(&(path, version)).or_else(|| self.by_module.get(&(path, "")))
    }
}

/// Whether a replacement is a folder, as Go decides it.
pub(super) fn is_folder(path: &str) -> bool {
    let has_drive = path.as_bytes().get(1) == Some(&b':') && path.starts_with(|c: char| c.is_ascii_alphabetic());
    let prefixes = ["./", "../", "/", ".\\", "..\\", "\\"];
    path == "." || path == ".." || has_drive || prefixes.iter().any(|prefix| path.starts_with(prefix))
}

/// A module with a version as written (`word` is what that says); a branch moves it.
pub(super) fn module(name: Str, version: Str, word: &str) -> Entry {
    let (version, moving) = if is_version(word) { (Some(version), None) } else { (None, Some(version)) };
    Entry { moving, ..Entry::new(Ecosystem::Golang, name, version, Locator::Silent) }
}

/// Whether a version names one version; a branch or `latest` does not.
pub(super) fn is_version(version: &str) -> bool {
    let rest = version.strip_prefix('v').unwrap_or("");
    rest.starts_with(|c: char| c.is_ascii_digit()) && version.split(['-', '+']).next().unwrap_or("").split('.').count() == 3
}

/// One line of `go.sum`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum<'t> {
    pub(super) line: Line<'t>,
    pub(super) path: &'t str,
    /// Without `/go.mod`.
    pub(super) version: &'t str,
    /// Whether it is the hash of a `go.mod` only, not of the module's content.
    pub(super) is_of_go_mod: bool,
    pub(super) hash: &'t str,
}

/// The lines of a `go.sum`; a message for those that are none.
pub(super) fn sums(content: &str) -> impl Iterator<Item = Result<Sum<'_>, (Span, String)>> {
    lines::of(content).filter(|line| !line.is_blank()).map(|line| {
        let Some([path, version, hash]) = three_words(line.text) else {
            return Err((line.span(), "is no checksum, expected `module version hash`".to_owned()));
        };
        if hash.starts_with("h1:") && hash.len() != "h1:".len() + 44 {
            return Err((line.span_of(hash), "has a hash that is not 32 bytes long".to_owned()));
        }
        let bare = version.strip_suffix("/go.mod");
        Ok(Sum { line, path, version: bare.unwrap_or(version), is_of_go_mod: bare.is_some(), hash })
    })
}

/// The words of a line, if there are three.
fn three_words(line: &str) -> Option<[&str; 3]> {
    fn three<'l>(mut words: impl Iterator<Item = &'l str>) -> Option<[&'l str; 3]> {
        let three = [words.next()?, words.next()?, words.next()?];
        words.next().is_none().then_some(three)
    }
    // As Go writes it, with nothing that only Unicode takes for a blank.
    let is_plain = line.bytes().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~'));
    let plain = if is_plain { three(line.split(' ')) } else { None };
    plain.filter(|words| words.iter().all(|word| !word.is_empty())).or_else(|| three(line.split_whitespace()))
}

/// Hashes of modules' content by path and version, in the order of their lines.
#[derive(Debug, Default)]
pub(super) struct Sums<'t>(pub(super) HashMap<(&'t str, &'t str), Vec<&'t str>>);

impl<'t> Sums<'t> {
    /// The hashes of an entry.
    pub(super) fn of<'a>(&'a self, entry: &'a Entry, content: &'a str) -> &'a [&'a str] {
        let hashes = entry.version.as_ref().and_then(|version| self.0.get(&(entry.name.of(content), version.of(content))));
        hashes.map_or(&[], Vec::as_slice)
    }

    /// Adds a file's lines; what cannot be read is a detail of whoever asks.
    pub(super) fn add(&mut self, text: &'t Text, problems: &mut Vec<Problem>) {
        for sum in sums(&text.content) {
            match sum {
                Ok(sum) if !sum.is_of_go_mod => {
                    let hashes = self.0.entry((sum.path, sum.version)).or_default();
                    if !hashes.contains(&sum.hash) {
                        hashes.push(sum.hash);
                    }
                }
                Ok(_) => {}
                Err((span, message)) => problems.push(Problem::new(text.place(span), Lost::Detail, message)),
            }
        }
    }
}
