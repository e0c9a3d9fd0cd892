//! Requirements and constraints files of pip: `*requirements*.txt`, `*constraints*.txt`, `requirements/**/*.txt`, `.in`, `.pip`, and
//! those of Rye and others that are called `requirements*.lock`.
//!
//! Specification: pip's documentation, "Requirements File Format", and its reader `req/req_file.py`. A file is a lock if every line is
//! pinned (`==` or `===` without a star, an address, a folder, a full commit), else a declaration; `.in` files are always one, and
//! the `.txt` of the same stem, or the one whose header names them, locks them. A line that pip cannot read is a problem.
//!
//! Includes: `-r` and `-c` are relative to the file that has them. An included file that is claimed by its own name is a lockfile of its
//! own, so nothing is counted twice; the requirements of any other are counted here, at the line that includes them. Of constraints that
//! are no lockfile of their own only the options count.
//!
//! Registry quirks: options hold for a whole run of pip, over all its files: the last `-i` in reading order replaces what came before and
//! serves every requirement; `--extra-index-url` and `--find-links` add places that are asked alike; `--no-index` is for good. The
//! options of files that include this one with `-r` make further candidates, since nobody can tell which of them pip is given. pip
//! reads no configuration from a project (no `pip.conf`). `${NAME}` is expanded by pip; one in a host leaves the index unknown here.
//!
//! Comments of pip-compile and uv (`# via x`) give edges and directness. Scopes come from file names only (`dev`, `test`).
//!
//! Raises trust: `--hash`, versions, commits, `-i`. Good news by absence: `--extra-index-url`, `--find-links`, `--trusted-host`.

mod encoding;
mod lines;
mod located;
mod run;
mod statement;

use std::collections::HashSet;

use super::python::packages::Packages;
use super::python::{Needs, built, manifest, normalised};
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{Neighbours, folder_of, normalise};
use crate::routing::{KnownBy, Rule, When};
use crate::text::{Lost, Problem, Span, Str, Text, TextId};

use located::{Found, locate};
use run::{Files, Run};
use statement::{Statement, Value};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "requirements",
    title: "pip requirements",
    kind: Kind::Lock,
    files: &[
        Claim::Holding("requirements", ".txt"),
        Claim::SuffixAnyCase("requirements.txt"),
        Claim::Holding("constraints", ".txt"),
        Claim::Below("requirements", ".txt"),
        Claim::Holding("requirements", ".in"),
        Claim::SuffixAnyCase("requirements.in"),
        Claim::Below("requirements", ".in"),
        Claim::Holding("requirements", ".pip"),
        Claim::Below("requirements", ".pip"),
        Claim::Around("requirements", ".lock"),
    ],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

/// The named limit on files that one file includes, directly or not, and on those that include it. A file counts once.
const FILES_MAX: usize = 128;
/// The named limit on entries of one name that a comment's edge leads from. Markers give a name a handful of versions.
const VIA_MAX: usize = 16;

/// The statements of a content.
fn statements(content: &str) -> Vec<Statement> {
    lines::of(content).into_iter().map(statement::read).collect()
}

/// Names are shared with prose. A file is claimed if any line is what only a requirements file has, or all lines are what one may have.
fn looks(content: &str) -> bool {
    let odd = content.starts_with("version https://git-lfs") || content.contains(['\0', '\u{fffd}']) || encoding::is_odd(content);
    let mut is_all = true;
    for line in lines::of(content) {
        let text = line.text.as_str();
        let is_option = text.starts_with('-')
            && text.get(1..).is_some_and(|rest| rest.starts_with(|c: char| c == '-' || c.is_ascii_alphabetic()));
        let is_specific = || text.contains("://") || text.contains("==") || text.contains(">=") || text.contains("~=");
        let is_requirement = located::is_requirement(text);
        if is_option || (is_requirement && is_specific()) {
            return true;
        }
        is_all &= is_requirement;
    }
    odd || is_all
}

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    if let Some(problem) = encoding::fault(text) {
        return Err(problem);
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows.integrity = true;
    let mut reader = Reader {
        text,
        around: neighbours,
        packages: Packages::new(text),
        scope: scope_of(&text.path),
        is_pinned: !text.path.ends_with(".in"),
        notes: Vec::new(),
        seen: HashSet::from([text.id]),
        is_full: false,
    };
    reader.file(&mut lockfile, text, None);
    if !reader.is_pinned {
        lockfile.kind = Kind::Declaration;
    }
    let is_scoped = reader.scope != Needs::NONE;
    let is_annotated = reader.annotate(&mut lockfile);
    if lockfile.kind == Kind::Lock {
        reader.sources(&mut lockfile);
    }
    reader.packages.finish(&mut lockfile);
    let mut files = Files::of(text, neighbours);
    let run = Run::of(&mut files);
    let ask = run::asked_for(&run, &mut files);
    lockfile.problems.extend(files.problem());
    lockfile.shows =
        Shows { origin: !ask.is_empty(), integrity: true, edges: is_annotated, scope: is_scoped, install_code: false };
    if !ask.is_empty() {
        lockfile.routing.rules.push(Rule { when: When::Silent, ask, known_by: KnownBy::File });
    }
    lockfile.routing.settings = run.settings;
    Ok(lockfile)
}

/// What a file is for, by its name.
fn scope_of(path: &str) -> Needs {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let has = |words: &[&str]| stem.split(['-', '_', '.']).any(|part| words.contains(&part));
    if has(&["test", "tests", "testing"]) {
        Needs::TEST
    } else if has(&["dev", "devel", "develop", "development"]) {
        Needs::DEVELOPMENT
    } else {
        Needs::NONE
    }
}

/// What a comment says of an entry.
struct Note {
    index: u32,
    comments: Vec<String>,
}

struct Reader<'t, 'n> {
    text: &'t Text,
    around: &'n Neighbours<'t>,
    packages: Packages<'t>,
    scope: Needs,
    /// Whether every requirement so far is pinned.
    is_pinned: bool,
    notes: Vec<Note>,
    seen: HashSet<TextId>,
    /// Whether there were more files than are read.
    is_full: bool,
}

impl Reader<'_, '_> {
    /// Reads a file: the lockfile itself, or one that it includes, which then stands `at` the line that does.
    fn file(&mut self, lockfile: &mut Lockfile, text: &Text, at: Option<Span>) {
        for statement in statements(&text.content) {
            for (span, message) in &statement.unknown {
                lockfile.problem(text.place(*span), Lost::Detail, message.as_str());
            }
            let written = statement.line.text.get(statement.requirement.clone()).unwrap_or("").to_owned();
            if !written.is_empty() {
                let whole = Value { at: statement.line.value(&statement.requirement), text: written };
                self.requirement(lockfile, text, at, &whole, &statement);
            }
            for editable in &statement.editables {
                self.requirement(lockfile, text, at, editable, &statement);
            }
            for (path, constrains) in &statement.includes {
                self.include(lockfile, text, at, path, *constrains);
            }
        }
    }

    fn requirement(&mut self, lockfile: &mut Lockfile, text: &Text, at: Option<Span>, whole: &Value, statement: &Statement) {
        let Some(found) = locate(&whole.at, &whole.text, self.around) else {
            lockfile.stated += 1;
            let message = format!("`{}` is no requirement, expected a name with `==` and a version, or an address", whole.text);
            return lockfile.problem(text.place(whole.at.span), Lost::Entry, message);
        };
        self.is_pinned &= is_pinned(&found);
        let own_place = text.place(found.name.span);
        let content = &text.content;
        let here = |value: Str| match at {
            Some(span) => Str::made(span, value.of(content)),
            None => value,
        };
        let mut entry = Entry::new(Ecosystem::PyPi, here(found.name), found.version.map(&here), found.locator);
        entry.moving = found.moving.map(&here);
        entry.locator = match entry.locator {
            Locator::Url(value) => Locator::Url(here(value)),
            Locator::Path(value) => Locator::Path(here(moved(value, content, &text.path, &self.text.path))),
            Locator::Unresolved(value) => Locator::Unresolved(here(value)),
            Locator::Git { url, commit } => Locator::Git { url: here(url), commit: commit.map(&here) },
            other => other,
        };
        entry.runs_code = built(&entry.locator, &self.text.content);
        let index = self.packages.add(lockfile, entry, self.scope);
        let mut hashes: Vec<Str> = found.hash.map(&here).into_iter().collect();
        for hash in &statement.hashes {
            if hash.text.split_once(':').is_some_and(|(algorithm, digest)| !algorithm.is_empty() && !digest.is_empty()) {
                hashes.push(here(hash.at.clone()));
            } else {
                let message = format!("`{}` is no hash, expected `sha256:` and its digits", hash.text);
                lockfile.problem(text.place(hash.at.span), Lost::Detail, message);
            }
        }
        if hashes.is_empty() {
            self.packages.hash(index, None);
        }
        for hash in hashes {
            self.packages.hash(index, Some(hash));
        }
        if at.is_some() {
            lockfile.declare(index, own_place);
        }
        self.notes.push(Note { index, comments: statement.line.comments.clone() });
    }

    fn include(&mut self, lockfile: &mut Lockfile, text: &Text, at: Option<Span>, path: &Value, constrains: bool) {
        let place = text.place(path.at.span);
        let lost = |lockfile: &mut Lockfile, reason: &str| {
            let problem = Problem::new(place, Lost::Detail, format!("`{}` {reason}", path.text));
            lockfile.problems.push(problem.with_hint("commit that file too, or take this line out"));
        };
        if path.text.contains("://") {
            return lost(lockfile, "is not in the repository, so what it asks for is unknown");
        }
        let Some(target) = normalise(folder_of(&text.path), &path.text) else {
            return lost(lockfile, "leads out of the repository, so what it asks for is unknown");
        };
        match self.around.at(&target) {
            None => lost(lockfile, "is not there"),
            Some(Err(_)) => lost(lockfile, "cannot be read"),
            Some(Ok(included)) => {
                let is_own = FORMAT.claims(&target) && looks(&included.content);
                if is_own || constrains || self.seen.contains(&included.id) {
                    return;
                }
                // The file itself is one of those that were seen.
                if self.seen.len() > FILES_MAX {
                    if !std::mem::replace(&mut self.is_full, true) {
                        lost(lockfile, &format!("and what follows is not read: more than {FILES_MAX} files are included"));
                    }
                    return;
                }
                self.seen.insert(included.id);
                if let Some(problem) = encoding::fault(included) {
                    return lost(lockfile, &problem.message);
                }
                self.file(lockfile, included, Some(at.unwrap_or(path.at.span)));
            }
        }
    }

    /// Reads `# via` comments; says whether there are any.
    fn annotate(&mut self, lockfile: &mut Lockfile) -> bool {
        let notes = std::mem::take(&mut self.notes);
        let via: Vec<(u32, Vec<&str>)> = notes.iter().map(|note| (note.index, via(&note.comments))).collect();
        let is_annotated = lockfile.kind == Kind::Lock && via.iter().any(|(_, via)| !via.is_empty());
        for (index, via) in via {
            // Older tools leave the comment out where the project itself asks.
            let mut is_direct = via.is_empty() || lockfile.kind == Kind::Declaration;
            for item in via {
                if item.starts_with("-r") || item.ends_with(')') {
                    is_direct = true;
                } else if !item.starts_with("-c") {
                    let name = item.split('[').next().unwrap_or(item);
                    let from: Vec<u32> = self.packages.named(&normalised(name)).iter().take(VIA_MAX).copied().collect();
                    self.packages.edges(&from, &[index]);
                }
            }
            let entry = lockfile.entries.get_mut(index as usize);
            if let Some(entry) = entry.filter(|_| is_annotated || lockfile.kind == Kind::Declaration) {
                entry.direct = Some(is_direct || entry.direct == Some(true));
            }
        }
        is_annotated
    }

    /// The files that this one was compiled from.
    fn sources(&mut self, lockfile: &mut Lockfile) {
        let stem = self.text.path.strip_suffix(".txt").unwrap_or(&self.text.path);
        let mut sources: Vec<TextId> = self.around.find(&format!("{stem}.in")).into_iter().collect();
        sources.extend(header_sources(self.text, self.around));
        for id in sources {
            if lockfile.covers.contains(&id) {
                continue;
            }
            lockfile.covers.push(id);
            let Some(Ok(source)) = self.around.by_id(id) else { continue };
            if source.path.ends_with(".toml") {
                let wanted = manifest::pyproject(source).map(|manifest| manifest.wanted).unwrap_or_default();
                self.packages.declare(lockfile, source, &wanted);
                continue;
            }
            for statement in statements(&source.content) {
                let written = statement.line.text.get(statement.requirement.clone()).unwrap_or("").to_owned();
                let Some(found) = locate(&statement.line.value(&statement.requirement), &written, self.around) else { continue };
                for index in self.packages.named(found.name.of(&source.content)) {
                    lockfile.declare(*index, source.place(found.name.span));
                }
            }
            for entry in lockfile.entries.iter_mut().filter(|entry| entry.direct.is_none()) {
                entry.direct = Some(false);
            }
        }
    }
}

fn is_pinned(found: &Found) -> bool {
    match &found.locator {
        Locator::Silent => found.version.is_some(),
        Locator::Git { commit, .. } => commit.is_some(),
        Locator::Unresolved(_) => false,
        _ => true,
    }
}

/// A path of an included file, as the file that includes it would write it.
fn moved(path: Str, content: &str, from: &str, to: &str) -> Str {
    let (from, to) = (folder_of(from), folder_of(to));
    let written = path.of(content);
    match normalise(from, written) {
        Some(target) if from != to => {
            let up = if to.is_empty() { String::new() } else { "../".repeat(to.split('/').count()) };
            Str::made(path.span, format!("{up}{target}"))
        }
        _ => path,
    }
}

/// The items of a `# via` comment, in one line or several.
fn via(comments: &[String]) -> Vec<&str> {
    let is_via = |comment: &&String| *comment == "via" || comment.starts_with("via ");
    let Some(start) = comments.iter().position(|comment| is_via(&comment)) else { return Vec::new() };
    let lines =
        comments.iter().skip(start).enumerate().map(|(at, line)| if at == 0 { line.get(3..).unwrap_or("") } else { line });
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// The `.in` files and `pyproject.toml` in the command that pip-compile or uv writes at the top of what it compiles.
pub(super) fn header_sources(text: &Text, around: &Neighbours<'_>) -> Vec<TextId> {
    let mut head = text.content.lines().take(16).take_while(|line| line.starts_with('#') || line.trim().is_empty());
    if !head.any(|line| line.contains("autogenerated by")) {
        return Vec::new();
    }
    let mut sources = Vec::new();
    for line in head.filter(|line| line.contains("compile")) {
        let mut before = "";
        for word in line.split_whitespace() {
            let is_source =
                word.rsplit_once('.').is_some_and(|(_, end)| end == "in") || word.rsplit('/').next() == Some("pyproject.toml");
            let is_value =
                matches!(before, "-c" | "--constraint" | "-o" | "--output-file" | "--override" | "--overrides" | "--excludes");
            if is_source && !is_value && !word.starts_with('-') {
                let beside = normalise(folder_of(&text.path), word).and_then(|path| around.find(&path));
                sources.extend(beside.or_else(|| around.find(&normalise("", word)?)));
            }
            before = word;
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_stated() {
        // A line that begins with a letter or dot is one, as is `-e`; lines that continue another are none. `# brings N` counts includes.
        fn count(content: &str) -> usize {
            let mut is_continued = false;
            let mut count = 0;
            for line in content.lines().map(str::trim) {
                let begins = line.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '.' | '{' | '=' | '('));
                let is_editable = ["-e ", "--editable"].iter().any(|start| line.starts_with(start));
                count += usize::from(!is_continued && (begins || is_editable));
                // The corpus has an include that no name claims.
                count += usize::from(line == "--requirement include-b.txt");
                count += line.split_once("# brings ").and_then(|(_, brings)| brings.parse::<usize>().ok()).unwrap_or(0);
                is_continued = line.ends_with('\\') && !line.starts_with('#');
            }
            count
        }
        crate::formats::counting::check(&FORMAT, "requirements.txt", count);
    }

    #[test]
    fn prose_is_not_claimed() {
        for prose in ["The system shall work.\n", "Introduction\n\nIt must be fast (>= 3 s).\n"] {
            assert!(!looks(prose), "{prose}");
        }
        for list in ["", "# nothing\n", "requests\nflask[x]\n", "-r base.txt\n", "broken line here\nrequests==1\n", "./local\n"] {
            assert!(looks(list), "{list}");
        }
    }

    #[test]
    fn files_are_claimed_by_their_names() {
        for path in [
            "requirements.txt",
            "a/requirements-dev.txt",
            "dev-requirements.txt",
            "requirements/x.txt",
            "requirements/static/ci/linux.txt",
            "constraints.txt",
            "upper-constraints.txt",
            "requirements.pip",
        ] {
            assert!(FORMAT.claims(path), "{path}");
        }
        for path in ["requirements.md", "notes.txt", "a-requirements/b.txt", "requirements.d/b.txt"] {
            assert!(!FORMAT.claims(path), "{path}");
        }
    }
}
