//! paket.lock: what Paket locks, in groups and blocks of sources.
//!
//! Answers for: packages with the feed of their block, files of repositories, gists and web addresses, edges inside a group, and what
//! paket.dependencies beside asks for. Never reads the feeds' configuration: Paket takes no feed from nuget.config.
//!
//! Specification: fsprojects.github.io/Paket, "The paket.lock file". Quirks: `specs:` stands under `remote:` in old files; a feed may be a
//! folder; settings of a group stand in capitals (`RESTRICTION: …`), settings of a package behind ` - `; a gist, and a file of a
//! repository in old files, may have no commit, and so moves. The group of no name, `Main`, is what runs; `Build` and `Test` are what they
//! are called, by convention. The format has no hashes.
//!
//! Raises trust: `remote:` of a block, commits.

use foldhash::{HashMap, HashMapExt};

use super::{Claim, Format, nuget};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::lines::{self, Line};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "paket-lock",
    title: "paket.lock",
    kind: Kind::Lock,
    files: &[Claim::Name("paket.lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// What a block's entries are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    NuGet,
    GitHub,
    Gist,
    Git,
    Http,
}

impl Block {
    fn of(word: &str) -> Option<Self> {
        let blocks =
            [("NUGET", Self::NuGet), ("GITHUB", Self::GitHub), ("GIST", Self::Gist), ("GIT", Self::Git), ("HTTP", Self::Http)];
        blocks.into_iter().find(|(name, _)| *name == word).map(|(_, block)| block)
    }
}

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, edges: true, ..Shows::default() };
    if text.content.trim().is_empty() {
        // Paket writes an empty line where nothing is asked for.
        if !text.content.is_empty() && asks_nothing(neighbours) {
            return Ok(lockfile);
        }
        lockfile.problem(text.place(crate::text::Span::default()), Lost::File, "is empty, expected a block such as `NUGET`");
        return Ok(lockfile);
    }
    let mut reader = Reader {
        text,
        lockfile,
        group: String::new(),
        block: None,
        remote: None,
        last: None,
        known: HashMap::new(),
        in_group: HashMap::new(),
        wanted: Vec::new(),
    };
    for line in lines::of(&text.content).filter(|line| !line.is_blank()) {
        reader.line(line);
    }
    let Reader { mut lockfile, in_group, wanted, .. } = reader;
    for (from, group, id) in wanted {
        if let Some(to) = in_group.get(&(group, id)) {
            lockfile.edge(from, *to);
        }
    }
    declare(&mut lockfile, &in_group, neighbours);
    Ok(lockfile)
}

/// Whether paket.dependencies beside is there and asks for nothing.
fn asks_nothing(neighbours: &Neighbours<'_>) -> bool {
    let asks = |line: Line<'_>| {
        let word = line.text.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
        ["clitool", "external_lock", "gist", "git", "github", "http", "nuget"].contains(&word.as_str())
    };
    matches!(neighbours.beside("paket.dependencies"), Some(Ok(wanted)) if !lines::of(&wanted.content).any(asks))
}

struct Reader<'t> {
    text: &'t Text,
    lockfile: Lockfile,
    /// The group under way, in lower case; empty for the main one.
    group: String,
    block: Option<Block>,
    remote: Option<Str>,
    last: Option<u32>,
    /// Entries by id, version and where they come from.
    known: HashMap<(String, String, String), u32>,
    in_group: HashMap<(String, String), u32>,
    /// Who requires which id in which group.
    wanted: Vec<(u32, String, String)>,
}

impl Reader<'_> {
    fn line(&mut self, line: Line<'_>) {
        let written = line.text.trim();
        match line.indent() {
            0 => self.head(line, written),
            1..=3 => self.source(line, written),
            4 | 5 => self.entry(line, written),
            _ => self.required(written),
        }
    }

    /// A group, a block or a setting of a group.
    fn head(&mut self, line: Line<'_>, written: &str) {
        self.last = None;
        if let Some(group) = written.strip_prefix("GROUP ") {
            let group = group.trim().to_ascii_lowercase();
            self.group = if group == "main" { String::new() } else { group };
            (self.block, self.remote) = (None, None);
        } else if let Some(block) = Block::of(written) {
            (self.block, self.remote) = (Some(block), None);
        } else if is_setting(written) {
            self.block = None;
        } else {
            self.block = None;
            let message = format!("`{written}` is not known, expected a group, a setting or a block such as `NUGET`");
            self.lockfile.problem(self.text.place(line.span()), Lost::Detail, message);
        }
    }

    fn source(&mut self, line: Line<'_>, written: &str) {
        self.last = None;
        if let Some(remote) = written.strip_prefix("remote:").filter(|remote| !remote.trim().is_empty()) {
            self.remote = Some(Str::at(line.span_of(remote.trim())));
        } else if written != "specs:" {
            self.remote = None;
            let message = format!("`{written}` is not known, expected `remote:`");
            self.lockfile.problem(self.text.place(line.span_of(written)), Lost::Detail, message);
        }
    }

    /// `name (version)`, `path (commit)`, `(commit)`, `file (path)`, each with what Paket adds behind it.
    fn entry(&mut self, line: Line<'_>, written: &str) {
        let (name, rest) = written.split_once('(').unwrap_or((written, ""));
        let (inner, _) = rest.split_once(')').unwrap_or(("", rest));
        let (name, inner) = (name.trim(), inner.trim());
        let is_closed = written.contains('(') == rest.contains(')');
        let at = |part: &str| Str::at(line.span_of(part));
        let whole = || Str::at(line.span_of(written));
        let entry = match (self.block, self.remote.clone()) {
            (Some(Block::NuGet), Some(remote)) if !name.is_empty() && is_closed => {
                let version = nuget::exact(&at(inner), &self.text.content);
                version.map(|version| Entry::new(Ecosystem::NuGet, at(name), Some(version), self.feed(remote)))
            }
            (Some(Block::Git | Block::GitHub | Block::Gist), Some(remote)) if is_closed => {
                let name = if name.is_empty() { whole() } else { at(name) };
                Some(self.repository(&remote, &name, (!inner.is_empty()).then(|| at(inner))))
            }
            (Some(Block::Http), Some(remote)) if !name.is_empty() && is_closed => {
                Some(Entry::new(Ecosystem::Generic, at(name), None, self.address(remote, inner)))
            }
            _ => None,
        };
        let Some(mut entry) = entry else {
            self.last = None;
            self.lockfile.stated += 1;
            let message = format!("`{written}` is no entry, expected a name and a version in parentheses under a `remote:`");
            return self.lockfile.problem(self.text.place(line.span_of(written)), Lost::Entry, message);
        };
        entry.scopes = match self.group.as_str() {
            "" => Scopes::PRODUCTION,
            "build" => Scopes::BUILD,
            "test" | "tests" => Scopes::TEST,
            _ => Scopes::UNKNOWN,
        };
        self.add(entry);
    }

    fn add(&mut self, entry: Entry) {
        let content = &self.text.content;
        let id = nuget::key(entry.name.of(content));
        let version = entry.version.as_ref().map_or("", |version| version.of(content)).to_owned();
        let key = (id.clone(), version, format!("{:?}", self.remote.as_ref().map(|remote| remote.of(content))));
        let index = match self.known.get(&key) {
            Some(index) => {
                self.lockfile.stated += 1;
                if let Some(known) = self.lockfile.entries.get_mut(*index as usize) {
                    // What one group cannot say, nobody knows.
                    let is_told = !known.scopes.is_empty() && !entry.scopes.is_empty();
                    known.scopes = if is_told { known.scopes.with(entry.scopes) } else { Scopes::UNKNOWN };
                }
                *index
            }
            None => self.lockfile.push(entry),
        };
        self.known.insert(key, index);
        self.in_group.insert((self.group.clone(), id), index);
        self.last = Some(index);
    }

    /// A line below an entry: what it requires, or a setting of a repository.
    fn required(&mut self, written: &str) {
        let name = written.split([' ', '(']).next().unwrap_or(written);
        if let Some(from) = self.last.filter(|_| !name.ends_with(':')) {
            self.wanted.push((from, self.group.clone(), nuget::key(name)));
        }
    }

    /// A feed, or a folder of packages.
    fn feed(&self, remote: Str) -> Locator {
        if nuget::is_web(remote.of(&self.text.content)) { Locator::Index(remote) } else { Locator::Path(remote) }
    }

    fn repository(&self, remote: &Str, name: &Str, pinned: Option<Str>) -> Entry {
        let content = &self.text.content;
        let written = remote.of(content);
        let url = match self.block {
            Some(Block::GitHub) => Str::made(remote.span, format!("https://github.com/{written}")),
            Some(Block::Gist) => Str::made(remote.span, format!("https://gist.github.com/{written}")),
            _ => remote.clone(),
        };
        let is_commit = pinned.as_ref().is_some_and(|commit| is_commit(commit.of(content)));
        let commit = pinned.clone().filter(|_| is_commit);
        let moving = if is_commit { None } else { Some(pinned.clone().unwrap_or_else(|| Str::made(name.span, "HEAD"))) };
        let owner = match self.block {
            Some(Block::Git) => Str::made(remote.span, repository_name(written)),
            _ => remote.clone(),
        };
        Entry { moving, ..Entry::new(Ecosystem::Generic, owner, pinned, Locator::Git { url, commit }) }
    }

    /// The address of a file: the remote itself, or with the path in parentheses behind it.
    fn address(&self, remote: Str, path: &str) -> Locator {
        if path.is_empty() {
            return Locator::Url(remote);
        }
        let base = remote.of(&self.text.content).trim_end_matches('/');
        let address = if path.contains("://") { path.to_owned() } else { format!("{base}/{}", path.trim_start_matches('/')) };
        Locator::Url(Str::made(remote.span, address))
    }
}

/// `REDIRECTS: ON`, `LOWEST_MATCHING: TRUE`, `RESTRICTION: …`.
fn is_setting(written: &str) -> bool {
    let name = written.split_once(':').map_or("", |(name, _)| name);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-'))
}

fn is_commit(word: &str) -> bool {
    matches!(word.len(), 40 | 64) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The last part of a repository's address.
fn repository_name(url: &str) -> &str {
    let last = url.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or(url);
    last.strip_suffix(".git").unwrap_or(last)
}

/// Where paket.dependencies beside asks for an entry. With it, what it does not ask for is not direct.
fn declare(lockfile: &mut Lockfile, in_group: &HashMap<(String, String), u32>, neighbours: &Neighbours<'_>) {
    let text = match neighbours.beside("paket.dependencies") {
        Some(Ok(text)) => text,
        Some(Err(problem)) => {
            lockfile.problems.push(Problem { lost: Lost::Detail, ..problem.clone() });
            return;
        }
        None => return,
    };
    lockfile.covers.push(text.id);
    for entry in &mut lockfile.entries {
        entry.direct = Some(false);
    }
    let mut group = String::new();
    for line in lines::of(&text.content) {
        let mut words = line.text.split_whitespace();
        let (Some(verb), Some(name)) = (words.next(), words.next()) else { continue };
        let id = match verb.to_ascii_lowercase().as_str() {
            "group" => {
                group = Some(name.to_ascii_lowercase()).filter(|group| group != "main").unwrap_or_default();
                continue;
            }
            "nuget" | "clitool" => name.to_owned(),
            "github" | "gist" => name.split(':').next().unwrap_or(name).to_owned(),
            "git" => repository_name(name).to_owned(),
            "http" => {
                words.next().map_or_else(|| repository_name(name), |file| file.rsplit('/').next().unwrap_or(file)).to_owned()
            }
            _ => continue,
        };
        if let Some(index) = in_group.get(&(group.clone(), nuget::key(&id))) {
            lockfile.declare(*index, text.place(line.span_of(name)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines with four or five spaces before them.
    fn counted_entries(content: &str) -> usize {
        let indent = |line: &&str| line.len() - line.trim_start().len();
        content.lines().filter(|line| !line.trim().is_empty() && matches!(indent(line), 4 | 5)).count()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "paket.lock", counted_entries);
    }
}
