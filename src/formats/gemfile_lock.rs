//! `Gemfile.lock`, `gems.locked` and other names that Bundler derives from a Gemfile's: the gems that Bundler resolved.
//!
//! Specification: Bundler's `lockfile_parser.rb` and `lockfile_generator.rb`. Sections stand at the margin, options of a source two
//! spaces in, gems four (`name (version-platform)`), what they require six. A gem stands once for each platform: one entry.
//!
//! Registry quirks: the source is the block that a gem stands in. A `GEM` block with one `remote` is that registry; with several
//! nothing tells which of them served a gem, so all are candidates. `PATH` with `.` is the repository's own gem, if a gemspec is there.
//! Mirrors in Bundler's configuration divert a remote without a trace here (client `bundler`). Groups are in the Gemfile only, which is
//! a program: scopes are unknown. `CHECKSUMS` came with Bundler 2.5 and is optional. Whether a gem compiles an extension is not in it.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{Neighbours, join};
use crate::routing::{Address, Asked, KnownBy, Rule, When};
use crate::syntax::lines::{self, Line};
use crate::text::{Lost, Problem, Span, Str, Text};

/// The named limit on the remotes of one block.
const REMOTES_MAX: usize = 64;

pub(crate) static FORMAT: Format = Format {
    id: "gemfile-lock",
    title: "Gemfile.lock",
    kind: Kind::Lock,
    files: &[
        Claim::Name("gems.locked"),
        Claim::Around("Gemfile", ".lock"),
        Claim::SuffixAnyCase(".gemfile.lock"),
        Claim::SuffixAnyCase(".rb.lock"),
    ],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, edges: true, ..Shows::default() };
    let mut reader = Reader {
        text,
        neighbours,
        lockfile,
        section: Section::None,
        block: Block::default(),
        current: None,
        by_name: HashMap::new(),
        by_version: HashMap::new(),
        required: Vec::new(),
        asked: Vec::new(),
        checksums: Vec::new(),
        has_sections: false,
    };
    for line in lines::of(&text.content) {
        reader.line(line);
    }
    reader.finish()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    None,
    Gem,
    Git,
    Path,
    Plugin,
    Platforms,
    Dependencies,
    Checksums,
    RubyVersion,
    BundledWith,
    Unknown,
}

impl Section {
    fn of(header: &str) -> Self {
        match header {
            "GEM" => Self::Gem,
            "GIT" => Self::Git,
            "PATH" => Self::Path,
            "PLUGIN SOURCE" => Self::Plugin,
            "PLATFORMS" => Self::Platforms,
            "DEPENDENCIES" => Self::Dependencies,
            "CHECKSUMS" => Self::Checksums,
            "RUBY VERSION" => Self::RubyVersion,
            "BUNDLED WITH" => Self::BundledWith,
            _ => Self::Unknown,
        }
    }

    fn is_source(self) -> bool {
        matches!(self, Self::Gem | Self::Git | Self::Path | Self::Plugin)
    }
}

/// One source with its options.
#[derive(Default)]
struct Block {
    /// Its number, so that one gem in two blocks is two entries.
    number: u32,
    line: u32,
    remotes: Vec<Str>,
    revision: Option<Str>,
    moving: Option<Str>,
    /// What its gems have, once their list begins.
    locator: Option<Locator>,
}

struct Reader<'t> {
    text: &'t Text,
    neighbours: &'t Neighbours<'t>,
    lockfile: Lockfile,
    section: Section,
    block: Block,
    /// The gem whose requirements are read.
    current: Option<u32>,
    by_name: HashMap<&'t str, Vec<u32>>,
    by_version: HashMap<(u32, &'t str, &'t str), u32>,
    required: Vec<(u32, &'t str)>,
    asked: Vec<(&'t str, Span)>,
    checksums: Vec<(&'t str, &'t str, Str)>,
    has_sections: bool,
}

impl<'t> Reader<'t> {
    fn line(&mut self, line: Line<'t>) {
        if line.is_blank() {
            return;
        }
        let body = line.text.trim_end();
        let indent = line.indent();
        let words = body.trim_start();
        if indent == 0 {
            return self.header(line, words);
        }
        match (self.section, indent) {
            (section, 2) if section.is_source() => self.option(line, words),
            (section, 4) if section.is_source() => self.gem(line, words),
            (section, 6) if section.is_source() => self.requirement(words),
            (Section::Dependencies, 2) => {
                let name = words.split([' ', '!']).next().unwrap_or("");
                self.asked.push((name, line.span_of(name)));
            }
            (Section::Checksums, 2) => self.checksum(line, words),
            (Section::BundledWith, _) => self.lockfile.version = Some(words.to_owned()),
            (Section::Platforms | Section::RubyVersion | Section::Unknown, _) => {}
            _ => {
                self.current = None;
                // Where a gem could stand, one is lost.
                let lost = if self.section.is_source() { Lost::Entry } else { Lost::Detail };
                self.lockfile.stated += usize::from(lost == Lost::Entry);
                let message = "is indented as nothing in a Gemfile.lock is, expected 2, 4 or 6 spaces";
                self.lockfile.problem(self.text.place(line.span()), lost, message);
            }
        }
    }

    fn header(&mut self, line: Line<'t>, words: &str) {
        self.section = Section::of(words);
        self.current = None;
        self.has_sections |= self.section != Section::Unknown;
        if self.section == Section::Unknown {
            let message = format!("section `{words}` is not known");
            self.lockfile.problem(self.text.place(line.span()), Lost::Detail, message);
        }
        self.block = Block { number: self.block.number + 1, line: line.number, ..Block::default() };
    }

    fn option(&mut self, line: Line<'t>, words: &'t str) {
        self.current = None;
        let (key, value) = words.split_once(':').unwrap_or((words, ""));
        let value = value.trim();
        let at = Str::at(line.span_of(value));
        match key {
            "remote" if !value.is_empty() => self.block.remotes.push(at),
            "revision" if !value.is_empty() => self.block.revision = Some(at),
            "branch" | "tag" if !value.is_empty() => self.block.moving = Some(at),
            "ref" if !value.is_empty() => self.block.moving = self.block.moving.take().or(Some(at)),
            "specs" => self.block.locator = Some(self.locate()),
            "remote" | "revision" | "branch" | "tag" | "ref" | "submodules" | "glob" | "type" | "name" => {}
            // A plugin's source has options of its own.
            _ if self.section == Section::Plugin => {}
            _ => {
                let message = format!("option `{key}` of a source is not known");
                self.lockfile.problem(self.text.place(line.span()), Lost::Detail, message);
            }
        }
    }

    /// The locator of all gems of this block.
    fn locate(&mut self) -> Locator {
        let content = &self.text.content;
        let Some(first) = self.block.remotes.first() else { return Locator::Missing };
        match self.section {
            Section::Git => {
                let commit = self.block.revision.clone().filter(|revision| is_commit(revision.of(content)));
                Locator::Git { url: first.clone(), commit }
            }
            Section::Path if self.is_own(first.of(content)) => Locator::Workspace,
            Section::Path => Locator::Path(first.clone()),
            Section::Gem if self.block.remotes.len() > 1 => {
                let name = format!("one of {} remotes, line {}", self.block.remotes.len(), self.block.line);
                let at = |remote: &Str| Asked::At(Address::of(remote, content, self.text.id));
                let mut ask: Vec<Asked> = self.block.remotes.iter().take(REMOTES_MAX).map(at).collect();
                if let Some(more) = self.block.remotes.get(REMOTES_MAX) {
                    let (place, message) = (self.text.place(more.span), format!("is one of more than {REMOTES_MAX} remotes"));
                    self.lockfile.problem(place, Lost::Detail, message.clone());
                    ask.push(Asked::Unknown(message, place));
                }
                self.lockfile.routing.rules.push(Rule { when: When::Named(name.clone()), ask, known_by: KnownBy::File });
                Locator::Named(Str::made(first.span, name))
            }
            _ => Locator::Index(first.clone()),
        }
    }

    /// Whether a path is the repository's own gem: the lockfile's folder, with a gemspec in it.
    fn is_own(&self, path: &str) -> bool {
        let folder = self.neighbours.folder();
        let is_gemspec = |path: &str| {
            let rest = path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/');
            rest.ends_with(".gemspec") && rest.matches('/').count() <= 2
        };
        matches!(path, "." | "./") && self.neighbours.below(folder).any(|(_, path)| is_gemspec(path))
    }

    fn gem(&mut self, line: Line<'t>, words: &'t str) {
        self.current = None;
        let Some((name, version)) = split_gem(words) else {
            self.lockfile.stated += 1;
            let message = "is no gem, expected `name (version)`";
            return self.lockfile.problem(self.text.place(line.span()), Lost::Entry, message);
        };
        // The platform stands behind the first `-`.
        let version = version.split('-').next().unwrap_or(version);
        if let Some(index) = self.by_version.get(&(self.block.number, name, version)) {
            self.lockfile.stated += 1;
            self.current = Some(*index);
            return;
        }
        let locator = self.block.locator.clone().unwrap_or(Locator::Missing);
        let version_at = Str::at(line.span_of(version));
        let mut entry = Entry::new(Ecosystem::Gem, Str::at(line.span_of(name)), Some(version_at), locator);
        if matches!(entry.locator, Locator::Git { commit: None, .. }) {
            entry.moving = self.block.moving.clone().or_else(|| self.block.revision.clone());
        }
        let index = self.lockfile.push(entry);
        self.by_version.insert((self.block.number, name, version), index);
        self.by_name.entry(name).or_default().push(index);
        self.current = Some(index);
    }

    fn requirement(&mut self, words: &'t str) {
        if let Some(from) = self.current {
            self.required.push((from, words.split([' ', '!']).next().unwrap_or("")));
        }
    }

    /// `name (version[-platform]) sha256=hex[,algorithm=hex]`
    fn checksum(&mut self, line: Line<'t>, words: &'t str) {
        let end = words.rfind(')').map_or(words.len(), |at| at + 1);
        let (gem, sums) = words.split_at_checked(end).unwrap_or((words, ""));
        let Some((name, version)) = split_gem(gem) else {
            let message = "is no checksum, expected `name (version) sha256=…`";
            return self.lockfile.problem(self.text.place(line.span()), Lost::Detail, message);
        };
        let version = version.split('-').next().unwrap_or(version);
        for sum in sums.trim().split(',').filter(|sum| !sum.is_empty()) {
            let at = line.span_of(sum);
            match sum.split_once('=') {
                Some((algorithm, hex)) if is_hash(algorithm, hex) => {
                    self.checksums.push((name, version, Str::made(at, format!("{algorithm}:{hex}"))));
                }
                _ => {
                    let message = format!("`{sum}` is no checksum, expected `sha256=` and 64 hexadecimal digits");
                    self.lockfile.problem(self.text.place(at), Lost::Detail, message);
                }
            }
        }
        self.lockfile.shows.integrity = true;
    }

    fn finish(mut self) -> Result<Lockfile, Problem> {
        if !self.has_sections {
            let message = "has no section, expected `GEM`, `DEPENDENCIES` and others at the margin";
            return Err(Problem::new(self.text.place(Span::default()), Lost::File, message));
        }
        let content = &self.text.content;
        for (from, name) in &self.required {
            for to in self.by_name.get(name).into_iter().flatten().filter(|to| *to != from).take(32) {
                self.lockfile.edge(*from, *to);
            }
        }
        for (name, version, hash) in std::mem::take(&mut self.checksums) {
            let indexes = self.by_name.get(name).into_iter().flatten();
            let entries = &self.lockfile.entries;
            let is_it = |index: &&u32| {
                let entry = entries.get(**index as usize);
                entry.and_then(|entry| entry.version.as_ref()).is_some_and(|known| known.of(content) == version)
            };
            if let Some(index) = indexes.take(32).find(is_it).copied() {
                self.lockfile.hash(index, hash);
            }
        }
        for entry in &mut self.lockfile.entries {
            entry.direct = Some(false);
        }
        let mut asked = HashSet::new();
        for (name, span) in self.asked.iter().filter(|(name, _)| asked.insert(*name)) {
            for index in self.by_name.get(name).into_iter().flatten() {
                self.lockfile.declare(*index, self.text.place(*span));
            }
        }
        let version = self.lockfile.version.as_deref().unwrap_or("");
        self.lockfile.shows.integrity |= can_have_checksums(version);
        let gemfile = join(self.neighbours.folder(), gemfile_of(&self.text.path));
        self.lockfile.covers.extend(self.neighbours.find(&gemfile));
        let asked_in = self.neighbours.at(&gemfile).and_then(Result::ok).filter(|_| self.lockfile.entries.is_empty());
        if let Some(asks) = asked_in.filter(|text| asks_for_gems(&text.content)) {
            let message = format!("has no gems, while `{}` asks for some", asks.path);
            let problem = Problem::new(self.text.place(Span::default()), Lost::Detail, message);
            self.lockfile.problems.push(problem.with_hint("write it anew with `bundle lock`"));
        }
        Ok(self.lockfile)
    }
}

/// Whether a Gemfile, which is a program, has a line that asks for a gem whatever else it does.
fn asks_for_gems(content: &str) -> bool {
    content.lines().any(|line| line.trim_start().strip_prefix("gem").is_some_and(|rest| rest.starts_with([' ', '(', '\t'])))
}

/// `name (version)`
fn split_gem(words: &str) -> Option<(&str, &str)> {
    let (name, rest) = words.split_once(" (")?;
    let version = rest.strip_suffix(')')?;
    let is_plain = !name.is_empty() && !name.contains(' ') && version.starts_with(|c: char| c.is_ascii_digit());
    (is_plain && !version.contains([' ', '(', ')'])).then_some((name, version))
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_hash(algorithm: &str, hex: &str) -> bool {
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        "sha1" => 40,
        "md5" => 32,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Bundler writes checksums from 2.6 on, if told to.
fn can_have_checksums(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (major, minor) >= (2, 6)
}

/// The name of the Gemfile that a lockfile belongs to.
fn gemfile_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        "gems.locked" => "gems.rb",
        name => name.strip_suffix(".lock").unwrap_or(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dumb second count: lines that are four, or oddly many, spaces in, while a list of gems is read.
    fn counted_entries(content: &str) -> usize {
        let mut count = 0;
        let mut is_source = false;
        for line in content.lines().filter(|line| !line.trim().is_empty()) {
            let indent = line.len() - line.trim_start().len();
            if indent == 0 {
                is_source = matches!(line.trim(), "GEM" | "GIT" | "PATH" | "PLUGIN SOURCE");
            }
            count += usize::from(is_source && indent != 0 && indent != 2 && indent != 6);
        }
        count
    }

    #[test]
    fn no_entry_is_lost() {
        super::super::counting::check(&FORMAT, "Gemfile.lock", counted_entries);
        super::super::counting::check(&FORMAT, "gems.locked", counted_entries);
    }
}
