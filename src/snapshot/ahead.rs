//! Declarations that are ahead of their lockfiles: what they ask for and no lock answers is judged where they ask for it.
//!
//! Answers for: which entries of a declaration its lockfiles do not have. Compares names, and of what is asked for by an address whether
//! the lock's is one too; versions are the package manager's business. Never flags what a lock may leave out: folders and members, peers,
//! optional packages, what only some platforms want, what only a build wants.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};

use super::Shadows;
use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes};
use crate::ecosystem::Ecosystem;
use crate::formats::package_json;
use crate::shape::{self, Shape};
use crate::text::{Text, TextId};

/// Declarations whose names are their locks' too. Of others, only a lock without entries is known to lack something.
const COMPARED: [&str; 4] = ["cargo-toml", "package-json", "pipfile", "pyproject"];
/// Declarations that ask for something by themselves, and for nothing that a lock beside them may not have.
const ASKING: [&str; 7] = ["cargo-toml", "nuget-project", "package-json", "pipfile", "pom-xml", "pyproject", "requirements"];
/// Locks that may be of a part of what their declaration asks for.
const PARTIAL: [&str; 1] = ["pylock"];

/// What a declaration asks for beyond its locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// The lockfile that lacks it.
    pub of: TextId,
    /// Whether that has no entries at all, so that it locks nothing.
    pub is_hollow: bool,
    /// What is asked for, by the numbers of the declaration's entries.
    lacking: Vec<u32>,
}

impl Ahead {
    /// Leaves of a declaration what no lock answers.
    pub(super) fn cut(&self, declaration: &mut Lockfile) {
        if !self.is_hollow {
            declaration.retain(&self.lacking);
        }
    }
}

/// One file as it is compared.
struct File<'l> {
    lockfile: &'l Lockfile,
    content: &'l str,
}

impl<'l> File<'l> {
    fn entries_by_name(&self) -> impl Iterator<Item = (&'l str, &'l Entry)> {
        let content = self.content;
        let names = |entry: &'l Entry| [Some(&entry.name), entry.alias.as_ref()].into_iter().flatten();
        self.lockfile.entries.iter().flat_map(move |entry| names(entry).map(move |name| (name.of(content), entry)))
    }

    /// Whether it locks nothing.
    fn is_hollow(&self) -> bool {
        let is_here = |entry: &Entry| matches!(entry.locator, Locator::Workspace | Locator::Path(_) | Locator::Builtin);
        self.lockfile.entries.iter().all(is_here)
    }
}

/// Which declarations are ahead of their locks, by path; only those that `is_asked` names.
pub(super) fn find<'p, 'l>(
    lockfiles: impl Iterator<Item = (&'p str, &'l Lockfile)> + Clone,
    shadows: &Shadows<'p>,
    text_of: impl Fn(TextId) -> Option<&'l Text>,
) -> BTreeMap<&'p str, Ahead> {
    let mut by_text: HashMap<TextId, File<'l>> = HashMap::default();
    let mut details: HashMap<TextId, Vec<TextId>> = HashMap::default();
    for (path, lockfile) in lockfiles.clone() {
        let Some(text) = text_of(lockfile.text) else { continue };
        by_text.insert(lockfile.text, File { lockfile, content: &text.content });
        for by in shadows.get(path).into_iter().flatten() {
            details.entry(*by).or_default().push(lockfile.text);
        }
    }
    let mut known = Known { by_text: &by_text, details: &details, cache: HashMap::default() };
    let is_own = |path: &str, lockfile: &Lockfile| lockfile.format.id != "package-json" || !package_json::is_installed(path);
    let declarations = lockfiles.filter(|(path, lockfile)| lockfile.kind == Kind::Declaration && is_own(path, lockfile));
    declarations.filter_map(|(path, lockfile)| Some((path, known.ahead(lockfile, shadows.get(path)?)?))).collect()
}

/// What locks have, looked at once for all that they lock.
struct Known<'a, 'l> {
    by_text: &'a HashMap<TextId, File<'l>>,
    details: &'a HashMap<TextId, Vec<TextId>>,
    cache: HashMap<Vec<TextId>, Has<'l>>,
}

/// What locks of one format have together.
#[derive(Default)]
struct Has<'l> {
    entries: HashMap<&'l str, Vec<(&'l Entry, &'l str)>>,
    /// Names of the projects themselves, and others that are known and locked to nothing.
    others: HashSet<&'l str>,
    is_hollow: bool,
}

impl<'l> Known<'_, 'l> {
    fn ahead(&mut self, declaration: &Lockfile, locks: &[TextId]) -> Option<Ahead> {
        if !ASKING.contains(&declaration.format.id) || declaration.is_unreadable() {
            return None;
        }
        let mut by_format: BTreeMap<&str, Vec<TextId>> = BTreeMap::new();
        for lock in locks {
            let file = self.by_text.get(lock)?.lockfile;
            if file.kind == Kind::Lock && !file.is_unreadable() {
                by_format.entry(file.format.id).or_default().push(*lock);
            } else if file.kind == Kind::Lock {
                // Nobody knows what it has.
                return None;
            }
        }
        let content = self.by_text.get(&declaration.text)?.content;
        let is_own = |format: &str| declaration.format.shadowed_by.contains(&format) && !PARTIAL.contains(&format);
        let is_compared = COMPARED.contains(&declaration.format.id) && by_format.keys().any(|format| is_own(format));
        let mut lacking = BTreeSet::new();
        let mut of = None;
        let mut is_hollow = !is_compared;
        for (format, locks) in &by_format {
            let has = self.has(locks);
            if !is_compared && !has.is_hollow {
                return None;
            }
            if is_compared && !is_own(format) {
                continue;
            }
            let asked = (0u32..).zip(&declaration.entries);
            let lacks = asked.filter(|(at, entry)| is_wanted(declaration, *at, entry, format) && !has.answers(entry, content));
            let before = lacking.len();
            lacking.extend(lacks.map(|(at, _)| at));
            if lacking.len() > before {
                of = of.or(locks.first().copied());
                is_hollow |= has.is_hollow;
            }
        }
        Some(Ahead { of: of?, is_hollow, lacking: lacking.into_iter().collect() })
    }

    fn has(&mut self, locks: &[TextId]) -> &Has<'l> {
        let (by_text, details) = (self.by_text, self.details);
        self.cache.entry(locks.to_vec()).or_insert_with(|| {
            let mut has = Has { is_hollow: true, ..Has::default() };
            for (id, file) in locks.iter().filter_map(|lock| Some((lock, by_text.get(lock)?))) {
                has.is_hollow &= file.is_hollow();
                for (name, entry) in file.entries_by_name() {
                    has.entries.entry(name).or_default().push((entry, file.content));
                }
                let projects = details.get(id).into_iter().flatten().filter_map(|detail| by_text.get(detail));
                for file in projects.chain([file]) {
                    has.others.extend(file.lockfile.mentions().map(|name| name.of(file.content)));
                }
            }
            has
        })
    }
}

impl Has<'_> {
    /// Whether the locks have what an entry of a declaration asks for.
    fn answers(&self, asked: &Entry, content: &str) -> bool {
        let names = [Some(&asked.name), asked.alias.as_ref()].into_iter().flatten().map(|name| name.of(content));
        let address = match &asked.locator {
            Locator::Url(at) | Locator::Git { url: at, .. } => Some(at.of(content)),
            _ => None,
        };
        let answers = |(entry, own): &(&Entry, &str)| {
            entry.ecosystem == asked.ecosystem && address.is_none_or(|address| is_by_address(entry, own, address))
        };
        let mut names = names.map(|name| (self.others.contains(name), self.entries.get(name)));
        names.any(|(is_known, entries)| is_known || entries.is_some_and(|entries| entries.iter().any(answers)))
    }
}

/// Whether an entry of a lock may be what is asked for by an address: registries' packages are not.
fn is_by_address(entry: &Entry, content: &str, address: &str) -> bool {
    match &entry.locator {
        Locator::Silent | Locator::Index(_) | Locator::Named(_) => false,
        Locator::File(at) => {
            let (at, version) = (at.of(content), entry.version.as_ref().map_or("", |version| version.of(content)));
            at == address || shape::of(entry.ecosystem, at, entry.name.of(content), version) == Shape::Other
        }
        _ => true,
    }
}

/// Whether a lock of a format has to have what an entry asks for.
fn is_wanted(declaration: &Lockfile, number: u32, entry: &Entry, lock: &str) -> bool {
    match entry.locator {
        Locator::Workspace | Locator::Path(_) | Locator::Builtin | Locator::Bundled(_) => return false,
        Locator::Url(_) | Locator::Git { .. } => return true,
        _ => {}
    }
    let has = |scope| entry.scopes.contains(scope);
    let is_for_developers = has(Scopes::DEVELOPMENT) || has(Scopes::TEST);
    match entry.ecosystem {
        _ if declaration.may_be_unlocked(number) => false,
        // Optional packages of a crate are locked, whatever features are on.
        Ecosystem::Cargo => true,
        _ if has(Scopes::OPTIONAL) => false,
        Ecosystem::Jsr => false,
        Ecosystem::Npm => has(Scopes::PRODUCTION) || is_for_developers && lock != "npm-shrinkwrap",
        // Groups are locked by tools that know them.
        Ecosystem::PyPi if declaration.format.id != "requirements" => {
            has(Scopes::PRODUCTION) || is_for_developers && matches!(lock, "uv-lock" | "pipfile-lock")
        }
        _ => entry.scopes.is_empty() || entry.scopes != Scopes::BUILD,
    }
}
