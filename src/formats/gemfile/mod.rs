//! `Gemfile`, `gems.rb` and `*.gemfile`: what a project asks Bundler for. A declaration: a detail where the lockfile of the same name
//! lies beside it.
//!
//! Specification: Bundler's `dsl.rb` and "gemfile(5)". A Gemfile is a program. What stands in it as a plain text is read, whichever branch
//! it stands in; nothing is run. A gem whose name, or a source whose host, is worked out when the file runs is a problem. Files that
//! `eval_gemfile` names are read where that line stands; `gemspec` asks for what the gemspec in that folder asks for.
//!
//! Registry quirks: without an option a gem comes from the block's source, else from the global one; Bundler has no default. Several global
//! sources are all asked, so all are candidates. `github:` and its like are repositories. A version is given only where one is asked for
//! exactly (`"1.2.3"`, `"= 1.2.3"`). Groups `development` and `test` are what their names say, other groups say nothing.

mod ruby;

use std::collections::{HashMap, HashSet};

use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{Neighbours, folder_of, join, normalise, relative};
use crate::routing::{Address, Asked, KnownBy, Rule, When};
use crate::text::{Lost, Problem, Span, Str, Text, TextId};
use ruby::{Kind as Piece, Token};

pub(crate) static FORMAT: Format = Format {
    id: "gemfile",
    title: "Gemfile",
    kind: Kind::Declaration,
    files: &[Claim::Name("Gemfile"), Claim::Name("gems.rb"), Claim::SuffixAnyCase(".gemfile")],
    looks: None,
    // A lockfile covers the one Gemfile whose name it has; others may lie in the same folder.
    shadowed_by: &[],
    read,
};

/// The named limit on files that one Gemfile includes, directly or not.
const FILES_MAX: usize = 32;
/// The named limit on global sources.
const SOURCES_MAX: usize = 64;
/// The named limit on the pieces of one call that are looked at.
const PIECES_MAX: usize = 1 << 9;
/// The name under which several global sources are asked.
const GLOBAL: &str = "the global sources";

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Declaration);
    lockfile.shows = Shows { origin: true, scope: true, ..Shows::default() };
    let mut reader = Reader {
        text,
        around: neighbours,
        lockfile,
        known: HashMap::new(),
        seen: HashSet::from([text.id]),
        sources: Vec::new(),
        waiting: Vec::new(),
        hosts: HashSet::new(),
        is_gemfile: ruby::statements(&text.content).is_empty(),
        specifications: 0,
    };
    reader.file(text, None);
    if !reader.is_gemfile {
        let message = "has no line of a Gemfile, expected `source`, `gem` or another method of Bundler's";
        return Err(Problem::new(text.place(Span::default()), Lost::File, message));
    }
    Ok(reader.finish())
}

/// A source: a place that is asked, and where that stands in the Gemfile.
#[derive(Clone)]
struct Source {
    at: Span,
    asked: Asked,
}

/// What a block says of the gems in it.
#[derive(Clone, Default)]
struct Block {
    locator: Option<Locator>,
    moving: Option<Str>,
    scopes: Option<Scopes>,
}

struct Reader<'t> {
    text: &'t Text,
    around: &'t Neighbours<'t>,
    lockfile: Lockfile,
    known: HashMap<(String, String), u32>,
    seen: HashSet<TextId>,
    /// The global sources, in order.
    sources: Vec<Source>,
    /// Entries that the global sources serve.
    waiting: Vec<u32>,
    /// Options that `git_source` defines.
    hosts: HashSet<String>,
    /// Whether anything of a Gemfile was found.
    is_gemfile: bool,
    /// How often `gemspec` was asked for.
    specifications: usize,
}

/// The methods by which a Gemfile is known.
const METHODS: [&str; 12] = [
    "eval_gemfile",
    "gem",
    "gemspec",
    "git",
    "git_source",
    "github",
    "group",
    "instance_eval",
    "path",
    "plugin",
    "ruby",
    "source",
];

impl<'t> Reader<'t> {
    /// Reads a file: the Gemfile, or one that it includes, which then stands `at` the line that does.
    fn file(&mut self, text: &'t Text, at: Option<Span>) {
        let mut blocks: Vec<Block> = Vec::new();
        for statement in ruby::statements(&text.content) {
            self.statement(text, at, &statement, &mut blocks);
        }
    }

    fn statement(&mut self, text: &'t Text, at: Option<Span>, tokens: &[Token<'t>], blocks: &mut Vec<Block>) {
        let mut scan = Scan { text, at, block: blocks.last().cloned().unwrap_or_default() };
        if tokens.first().is_some_and(|first| first.is("end")) {
            blocks.pop();
            // What stands behind it on the line is chained to the block.
            return;
        }
        let mut opened = scan.block.clone();
        for (index, token) in tokens.iter().enumerate() {
            let Piece::Word(word) = token.kind else { continue };
            let is_call = index.checked_sub(1).and_then(|before| tokens.get(before)).is_none_or(|before| {
                before.is_sign(&['{', '|', '?', ':', ')', ']'])
                    || ["then", "do", "else", "and"].iter().any(|word| before.is(word))
            });
            if !is_call {
                continue;
            }
            self.is_gemfile |= METHODS.contains(&word);
            let call = Call::of(tokens.get(index + 1..).unwrap_or(&[]));
            match word {
                "gem" if call.is_asked() => self.gem(&scan, token, &call),
                "source" if call.opens => opened.locator = source_of(&scan, &call).map(|source| locator(&source)),
                "source" if self.sources.len() < SOURCES_MAX => self.sources.extend(source_of(&scan, &call)),
                "source" if call.is_asked() => {
                    self.problem(&scan, token.span, Lost::Detail, "is one source too many to ask them all");
                }
                "group" if call.opens => opened.scopes = Some(scopes_of(&call.names)),
                "git" | "github" | "path" if call.opens => {
                    let mut options = call.options.clone();
                    options.extend(call.values.first().map(|value| (word, value.clone())));
                    (opened.locator, opened.moving) = self.own_origin(&scan, &options).unwrap_or_default();
                }
                "git_source" => self.hosts.extend(call.names.iter().map(|name| (*name).to_owned())),
                "gemspec" if !call.is_assigned => self.gemspec(&scan, token, &call),
                "eval_gemfile" => self.include(&scan, token, &call),
                "instance_eval" | "eval" => self.problem(&scan, token.span, Lost::Detail, "runs what only Bundler can tell"),
                _ => {}
            }
            scan.block = opened.clone();
        }
        let begins = ["if", "unless", "case", "while", "until", "begin", "def", "class", "module", "for"];
        let is_compound = tokens.iter().enumerate().any(|(index, token)| {
            let is_first = index.checked_sub(1).and_then(|before| tokens.get(before)).is_none_or(|before| before.is_sign(&['=']));
            is_first && begins.iter().any(|word| token.is(word))
        });
        let ends = tokens.iter().filter(|token| token.is("end")).count();
        let opens = tokens.iter().filter(|token| token.is("do")).count() + usize::from(is_compound);
        for _ in ends..opens {
            blocks.push(opened.clone());
        }
        for _ in opens..ends {
            blocks.pop();
        }
    }

    fn problem(&mut self, scan: &Scan<'t>, span: Span, lost: Lost, message: &str) {
        self.lockfile.stated += usize::from(lost == Lost::Entry);
        let problem = Problem::new(scan.text.place(span), lost, message);
        let hint = "write the lockfile with `bundle lock` and commit it: what it states is judged then";
        self.lockfile.problems.push(problem.with_hint(hint));
    }

    fn gem(&mut self, scan: &Scan<'t>, token: &Token<'t>, call: &Call<'t>) {
        let Some(name) = call.values.first().and_then(Token::text) else {
            let message = "asks for a gem whose name is worked out when Bundler runs this file";
            return self.problem(scan, token.span, Lost::Entry, message);
        };
        let version = call.version().map(|version| scan.here(version));
        let scopes = call.groups().map(|groups| scopes_of(&groups)).or(scan.block.scopes);
        self.add(scan, name, version, scopes.unwrap_or(Scopes::PRODUCTION), call);
    }

    fn add(&mut self, scan: &Scan<'t>, name: Str, version: Option<Str>, scopes: Scopes, call: &Call<'t>) {
        let own = self.own_origin(scan, &call.options);
        let inherited = || (scan.block.locator.clone(), scan.block.moving.clone());
        let (locator, moving) = own.unwrap_or_else(inherited);
        let is_global = locator.is_none();
        let locator = locator.unwrap_or(Locator::Missing);
        let own_place = scan.text.place(name.span);
        let name = scan.here(name);
        let content = &self.text.content;
        let number = version.as_ref().map_or("", |version| version.of(content));
        let key = (name.of(content).to_owned(), format!("{number} {}", origin(&locator, content)));
        let index = if let Some(index) = self.known.get(&key).copied() {
            self.lockfile.stated += 1;
            index
        } else {
            let mut entry = Entry::new(Ecosystem::Gem, name, version, locator);
            entry.moving = moving;
            let index = self.lockfile.push(entry);
            self.known.insert(key, index);
            if is_global {
                self.waiting.push(index);
            }
            index
        };
        if let Some(entry) = self.lockfile.entries.get_mut(index as usize) {
            entry.scopes = entry.scopes.with(scopes);
        }
        self.lockfile.declare(index, own_place);
    }

    /// Where the options of a gem or a block say that it comes from.
    fn own_origin(&self, scan: &Scan<'t>, options: &[(&str, Token<'t>)]) -> Option<(Option<Locator>, Option<Str>)> {
        let of = |key: &str| options.iter().find(|(found, _)| *found == key).map(|(_, value)| value);
        let text = |key: &str| of(key).and_then(Token::text).map(|value| scan.here(value));
        if let Some((key, value)) = options.iter().find(|(key, _)| is_host(key) || self.hosts.contains(*key)) {
            let content = &self.text.content;
            let moving = text("branch").or_else(|| text("tag"));
            let reference = text("ref");
            let commit = reference.clone().filter(|commit| is_commit(commit.of(content)));
            let moving = moving.or(reference.filter(|_| commit.is_none()));
            let written = value.text().map(|value| scan.here(value));
            let url = written.as_ref().and_then(|at| repository(key, at, content));
            return Some(match url {
                Some(url) => (Some(Locator::Git { url, commit }), moving),
                None => (Some(Locator::Unresolved(written.unwrap_or_else(|| scan.whole(value)))), None),
            });
        }
        if let Some(value) = of("path") {
            let path = value.text().map(|path| scan.path(self.text, path));
            return Some((Some(path.map_or_else(|| Locator::Unresolved(scan.whole(value)), Locator::Path)), None));
        }
        let source = asked(scan, of("source")?);
        Some((Some(locator(&source)), None))
    }

    /// `gemspec`: what the gemspec of a folder asks for.
    fn gemspec(&mut self, scan: &Scan<'t>, token: &Token<'t>, call: &Call<'t>) {
        let of = |key: &str| call.options.iter().find(|(found, _)| *found == key).map(|(_, value)| value);
        let path = match of("path").map(Token::text) {
            Some(None) => return self.problem(scan, token.span, Lost::Detail, "asks for a gemspec whose folder is worked out"),
            Some(Some(path)) => path.of(&scan.text.content).to_owned(),
            None => String::new(),
        };
        let Some(folder) = normalise(folder_of(&scan.text.path), &path) else {
            return self.problem(scan, token.span, Lost::Detail, "asks for a gemspec outside of the repository");
        };
        let wanted = of("name").and_then(Token::text).map(|name| format!("{}.gemspec", name.of(&scan.text.content)));
        let is_it = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            folder_of(path) == folder && wanted.as_ref().map_or_else(|| name.ends_with(".gemspec"), |wanted| name == wanted)
        };
        if self.specifications >= FILES_MAX {
            return self.problem(scan, token.span, Lost::Detail, "asks for one gemspec too many, which is not read");
        }
        self.specifications += 1;
        let found: Vec<&str> = self.around.below(&folder).map(|(_, path)| path).filter(|path| is_it(path)).collect();
        if found.is_empty() {
            self.problem(scan, token.span, Lost::Detail, "asks for a gemspec that is not there");
        }
        let here = scan.at.unwrap_or(token.span);
        for path in found {
            match self.around.at(path) {
                Some(Ok(text)) => {
                    if self.seen.insert(text.id) {
                        self.specification(text, here, of("development_group").is_none());
                    }
                }
                _ => self.problem(scan, token.span, Lost::Detail, "asks for a gemspec that cannot be read"),
            }
        }
    }

    fn specification(&mut self, text: &'t Text, at: Span, is_development: bool) {
        let scan = Scan { text, at: Some(at), block: Block::default() };
        for tokens in ruby::statements(&text.content) {
            for (index, token) in tokens.iter().enumerate() {
                let scopes = match token.kind {
                    Piece::Word("add_dependency" | "add_runtime_dependency") => Scopes::PRODUCTION,
                    Piece::Word("add_development_dependency") if is_development => Scopes::DEVELOPMENT,
                    Piece::Word("add_development_dependency") => Scopes::UNKNOWN,
                    _ => continue,
                };
                let call = Call::of(tokens.get(index + 1..).unwrap_or(&[]));
                let Some(name) = call.values.first().and_then(Token::text) else {
                    let message = "asks for a gem whose name is worked out when this file runs";
                    self.problem(&scan, token.span, Lost::Entry, message);
                    continue;
                };
                let version = call.version().map(|version| scan.here(version));
                self.add(&scan, name, version, scopes, &Call::default());
            }
        }
    }

    /// `eval_gemfile "path"`
    fn include(&mut self, scan: &Scan<'t>, token: &Token<'t>, call: &Call<'t>) {
        let Some(path) = call.values.first().and_then(Token::text) else {
            let message = "includes a file whose path is worked out when Bundler runs this file";
            return self.problem(scan, token.span, Lost::Detail, message);
        };
        let target = normalise(folder_of(&scan.text.path), path.of(&scan.text.content));
        match target.and_then(|target| self.around.at(&target)) {
            Some(Ok(_)) if self.seen.len() > 2 * FILES_MAX => {
                self.problem(scan, path.span, Lost::Detail, "is not read: too many files are included");
            }
            Some(Ok(text)) => {
                if self.seen.insert(text.id) {
                    self.file(text, Some(scan.at.unwrap_or(path.span)));
                }
            }
            Some(Err(_)) => self.problem(scan, path.span, Lost::Detail, "is included and cannot be read"),
            None => self.problem(scan, path.span, Lost::Detail, "is included and is not in the repository"),
        }
    }

    /// Gives the global sources to the entries that have no other.
    fn finish(mut self) -> Lockfile {
        let locator = match self.sources.as_slice() {
            [] => Locator::Missing,
            [only] => locator(only),
            all => {
                let first = all.first().map_or_else(Span::default, |source| source.at);
                let ask = all.iter().map(|source| source.asked.clone()).collect();
                let rule = Rule { when: When::Named(GLOBAL.to_owned()), ask, known_by: KnownBy::File };
                self.lockfile.routing.rules.push(rule);
                Locator::Named(Str::made(first, GLOBAL))
            }
        };
        for index in self.waiting {
            if let Some(entry) = self.lockfile.entries.get_mut(index as usize) {
                entry.locator = locator.clone();
            }
        }
        self.lockfile
    }
}

/// The file that is read, and what holds there.
struct Scan<'t> {
    text: &'t Text,
    /// Where in the Gemfile it is included.
    at: Option<Span>,
    block: Block,
}

impl Scan<'_> {
    /// A value of the file that is read, as one of the Gemfile.
    fn here(&self, value: Str) -> Str {
        match self.at {
            Some(span) => Str::made(span, value.of(&self.text.content)),
            None => value,
        }
    }

    fn whole(&self, token: &Token<'_>) -> Str {
        self.here(Str::at(token.span))
    }

    /// Paths are relative to the file that writes them.
    fn path(&self, gemfile: &Text, path: Str) -> Str {
        let (own, other) = (folder_of(&gemfile.path), folder_of(&self.text.path));
        if own == other {
            return self.here(path);
        }
        Str::made(self.at.unwrap_or(path.span), join(&relative(own, other), path.of(&self.text.content)))
    }
}

/// What a source says is asked.
fn asked(scan: &Scan<'_>, value: &Token<'_>) -> Source {
    let place = scan.text.place(value.span);
    let at = scan.at.unwrap_or(value.span);
    let url = match value.kind {
        Piece::Symbol("rubygems" | "rubyforge" | "gemcutter") => Some("https://rubygems.org"),
        Piece::Text { value, is_plain: true } => Some(value),
        // A secret before the host says nothing about where it is.
        Piece::Text { value, .. } => value.rsplit_once('@').map(|(_, host)| host).filter(|host| !host.contains(['#', '\\'])),
        _ => None,
    };
    let url = url.map(|url| match (value.kind.clone(), url.contains("://")) {
        (Piece::Text { value, is_plain: false }, false) => {
            format!("{}://{url}", value.split_once("://").map_or("https", |(scheme, _)| scheme))
        }
        _ => url.to_owned(),
    });
    let asked = match url {
        Some(url) => Asked::At(Address { url, place }),
        None => Asked::Unknown("its address is worked out when Bundler runs the file".to_owned(), place),
    };
    Source { at, asked }
}

/// Where a source leads to.
fn locator(source: &Source) -> Locator {
    match &source.asked {
        Asked::At(address) => Locator::Index(Str::made(source.at, address.url.as_str())),
        _ => Locator::Unresolved(Str::at(source.at)),
    }
}

/// The source that a call names.
fn source_of(scan: &Scan<'_>, call: &Call<'_>) -> Option<Source> {
    let first = call.values.first()?;
    // `ENV["SOURCE"] || "https://…"`, `ENV.fetch("SOURCE", "https://…")`: what the file gives counts, the environment is unseen.
    let mut given = call.values.iter().chain(&call.constraints).filter(|value| is_address(value));
    match (given.next(), given.next()) {
        (Some(only), None) if first.is("ENV") => Some(asked(scan, only)),
        (Some(one), Some(same)) if first.is("ENV") && one == same => Some(asked(scan, one)),
        _ => Some(asked(scan, first)),
    }
}

fn is_address(token: &Token<'_>) -> bool {
    matches!(token.kind, Piece::Text { value, is_plain: true } if value.contains("://"))
}

/// The arguments of a method.
#[derive(Default)]
struct Call<'t> {
    /// Values without a key.
    values: Vec<Token<'t>>,
    /// What they say in words: symbols, plain texts, lists.
    names: Vec<&'t str>,
    /// What a version must meet, in or out of a list.
    constraints: Vec<Token<'t>>,
    options: Vec<(&'t str, Token<'t>)>,
    /// All that stands in the list of an option.
    lists: Vec<(&'t str, Vec<&'t str>)>,
    /// Whether a block follows.
    opens: bool,
    is_assigned: bool,
}

impl<'t> Call<'t> {
    fn of(tokens: &[Token<'t>]) -> Self {
        let mut call = Self { is_assigned: tokens.first().is_some_and(|first| first.is_sign(&['=', '.'])), ..Self::default() };
        let mut depth = 0usize;
        let mut key: Option<&'t str> = None;
        let mut has_value = false;
        let mut all = tokens.iter().take(PIECES_MAX).peekable();
        while let Some(token) = all.next() {
            match &token.kind {
                Piece::Sign('(' | '[' | '{') => depth += 1,
                Piece::Sign(')' | ']' | '}') => match depth.checked_sub(1) {
                    Some(outer) => depth = outer,
                    None => break,
                },
                Piece::Sign(',') => {
                    if depth == 0 || (depth == 1 && tokens.first().is_some_and(|first| first.is_sign(&['(']))) {
                        (key, has_value) = (None, false);
                    }
                }
                Piece::Word("do") => {
                    call.opens = true;
                    break;
                }
                Piece::Word("if" | "unless" | "and" | "or" | "gem" | "end" | "source" | "group") => break,
                Piece::Label(found) => (key, has_value) = (Some(*found), false),
                Piece::Symbol(found) | Piece::Text { value: found, is_plain: true }
                    if all.peek().is_some_and(|next| next.kind == Piece::Arrow) =>
                {
                    (key, has_value) = (Some(*found), false);
                }
                Piece::Arrow => {}
                _ => {
                    call.take(key, token, has_value);
                    has_value = true;
                }
            }
        }
        call
    }

    /// Takes a value: the first piece of an argument is it, unless it is in a list.
    fn take(&mut self, key: Option<&'t str>, token: &Token<'t>, has_value: bool) {
        let words: Vec<&'t str> = match &token.kind {
            Piece::Symbol(name) => vec![*name],
            Piece::Text { value, is_plain: true } => vec![*value],
            Piece::List(all) => all.clone(),
            _ => Vec::new(),
        };
        let Some(key) = key else {
            self.names.extend(words);
            if !self.values.is_empty() && !matches!(token.kind, Piece::Sign('.')) && !token.is("freeze") {
                self.constraints.push(token.clone());
            }
            if !has_value {
                self.values.push(token.clone());
            }
            return;
        };
        match self.lists.iter_mut().find(|(found, _)| *found == key) {
            Some((_, list)) => list.extend(words),
            None => self.lists.push((key, words)),
        }
        if !has_value {
            self.options.push((key, token.clone()));
        }
    }

    /// Whether this is a method that is called, and no variable of that name.
    fn is_asked(&self) -> bool {
        !self.is_assigned && !self.values.is_empty()
    }

    /// The one version that is asked for.
    fn version(&self) -> Option<Str> {
        let [only] = self.constraints.as_slice() else { return None };
        let Piece::Text { value, is_plain: true } = only.kind else { return None };
        let version = value.trim_start().strip_prefix('=').unwrap_or(value).trim();
        let is_version = version.starts_with(|c: char| c.is_ascii_digit())
            && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        let offset = value.find(version)?;
        let start = only.span.start as usize + offset;
        is_version.then(|| Str::at(Span::new(start, start + version.len())))
    }

    fn groups(&self) -> Option<Vec<&'t str>> {
        let of = |key: &str| self.lists.iter().find(|(found, _)| *found == key).map(|(_, list)| list.clone());
        of("group").or_else(|| of("groups"))
    }
}

/// What groups are for, by their names.
fn scopes_of(groups: &[&str]) -> Scopes {
    groups.iter().fold(Scopes::UNKNOWN, |scopes, group| {
        scopes.with(match *group {
            "default" | "production" => Scopes::PRODUCTION,
            "development" | "dev" => Scopes::DEVELOPMENT,
            "test" | "tests" => Scopes::TEST,
            _ => Scopes::UNKNOWN,
        })
    })
}

fn is_host(key: &str) -> bool {
    matches!(key, "git" | "github" | "gist" | "bitbucket" | "gitlab")
}

/// The address that an option of a repository means; `None` for one that the file defines itself.
fn repository(key: &str, at: &Str, content: &str) -> Option<Str> {
    let written = at.of(content);
    let full = if written.contains('/') { written.to_owned() } else { format!("{written}/{written}") };
    let url = match key {
        "git" => return Some(at.clone()),
        "github" if written.contains("://") => return Some(at.clone()),
        "github" => format!("https://github.com/{full}.git"),
        "gitlab" => format!("https://gitlab.com/{full}.git"),
        "bitbucket" => format!("https://bitbucket.org/{full}.git"),
        "gist" => format!("https://gist.github.com/{written}.git"),
        _ => return None,
    };
    Some(Str::made(at.span, url))
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What two statements of one gem must share to be one entry.
fn origin(locator: &Locator, content: &str) -> String {
    match locator {
        Locator::Git { url, commit } => {
            format!("git {} {}", url.of(content), commit.as_ref().map_or("", |commit| commit.of(content)))
        }
        Locator::Index(at) => format!("index {}", at.of(content)),
        Locator::Path(at) => format!("path {}", at.of(content)),
        Locator::Unresolved(at) => format!("unresolved {}", at.of(content)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dumb second count: lines that begin with `gem` and a name, and what a gemspec beside adds to each `gemspec` line.
    fn counted_entries(content: &str, beside: &dyn Fn(&str) -> String) -> usize {
        let is_gem = |line: &&str| {
            let rest = line.strip_prefix("gem").filter(|rest| rest.starts_with([' ', '(']));
            rest.is_some_and(|rest| !rest.trim_start().starts_with('='))
        };
        let own = content.split(['\n', ';', '|']).map(str::trim).filter(is_gem).count();
        let is_included = |line: &str| line.trim().starts_with("eval_gemfile \"");
        let included = if content.lines().any(is_included) { beside("Gemfile.shared") } else { String::new() };
        let shared = included.lines().map(str::trim).filter(is_gem).count();
        let has_gemspec = content.lines().any(|line| line.trim() == "gemspec");
        let spec = if has_gemspec { beside("own.gemspec") } else { String::new() };
        own + shared + spec.lines().filter(|line| line.contains(".add_")).count()
    }

    #[test]
    fn no_entry_is_lost() {
        super::super::counting::check_beside(&FORMAT, "Gemfile ", &counted_entries);
    }

    #[test]
    fn a_damaged_file_is_read_as_far_as_it_goes() {
        super::super::testing::assert_damaged(&FORMAT);
    }
}
