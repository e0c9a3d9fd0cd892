//! What a lockfile states, as far as its format can tell: entries, their locators, scopes, hashes and edges, with places.
//!
//! Answers for: the one model that every format fills. Never knows a registry, a tier or a policy.

use crate::ecosystem::Ecosystem;
use crate::formats::Format;
use crate::routing::Routing;
use crate::text::{Lost, Place, Problem, Span, Str, Text, TextId};

/// What kind of statement a file makes (`docs`: lockfiles, declarations, references).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Exact versions.
    Lock,
    /// What is wanted.
    Declaration,
    /// Points at something to fetch.
    Reference,
}

impl Kind {
    /// The word used in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Declaration => "declaration",
            Self::Reference => "reference",
        }
    }
}

/// Where an entry says it comes from, as written. Which registry that is, `route` decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locator {
    /// Nothing: the client's configuration, or its default, decides.
    Silent,
    /// The address of the package's file as a registry served it (npm's `resolved`, an index's file URL).
    File(Str),
    /// The address or client id of a registry or index (Cargo's `source`, uv's `registry`, a gem's `remote`, an image's host).
    Index(Str),
    /// The name of a registry that the lockfile itself or the client's configuration defines (poetry's `reference`).
    Named(Str),
    /// An address that the entry itself asks for, whatever registry there is (`name @ URL`).
    Url(Str),
    /// A repository. `commit` is what pins it; what else was asked for (branch, tag) goes to `Entry::moving`.
    Git {
        /// The repository's address as written, with or without a `git+` in front.
        url: Str,
        /// The full commit, if there is one.
        commit: Option<Str>,
    },
    /// A folder or archive, relative to the lockfile's folder.
    Path(Str),
    /// A member of the repository itself.
    Workspace,
    /// Inside another entry of the same lockfile, by its number.
    Bundled(u32),
    /// The language's own.
    Builtin,
    /// A reference that cannot be resolved offline, as written.
    Unresolved(Str),
    /// An entry that always has a locator in this format, and has none or a garbled one.
    Missing,
}

/// What an entry is for; a set, empty where the format cannot say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// The format cannot say.
    pub const UNKNOWN: Self = Self(0);
    /// Needed at run time.
    pub const PRODUCTION: Self = Self(1);
    /// Needed by developers only.
    pub const DEVELOPMENT: Self = Self(2);
    /// Runs while building.
    pub const BUILD: Self = Self(4);
    /// Needed by tests only.
    pub const TEST: Self = Self(8);
    /// May be left out.
    pub const OPTIONAL: Self = Self(16);
    /// Asked of whoever uses the package.
    pub const PEER: Self = Self(32);

    const NAMES: [(Self, &'static str); 6] = [
        (Self::PRODUCTION, "production"),
        (Self::DEVELOPMENT, "development"),
        (Self::BUILD, "build"),
        (Self::TEST, "test"),
        (Self::OPTIONAL, "optional"),
        (Self::PEER, "peer"),
    ];

    /// Both sets.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The words, in a fixed order.
    pub fn ids(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(scope, _)| self.contains(*scope)).map(|(_, id)| id)
    }

    /// The scope that a word names.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(_, name)| *name == id).map(|(scope, _)| scope)
    }
}

/// One package version and origin that a file states, after merging what the format repeats.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whose package it is.
    pub ecosystem: Ecosystem,
    /// The name as the ecosystem writes it; the real name of an alias.
    pub name: Str,
    /// The version: exact, else `None` (a range is none).
    pub version: Option<Str>,
    /// Where it says it comes from.
    pub locator: Locator,
    /// What it is for.
    pub scopes: Scopes,
    /// Whether the repository itself asks for it; `None` where the format cannot say.
    pub direct: Option<bool>,
    /// Where it shows that the package runs code when installed or built.
    pub runs_code: Option<Span>,
    /// The branch or tag that moves it, where nothing pins it.
    pub moving: Option<Str>,
    /// The name that it is installed under, where that is not its own.
    pub alias: Option<Str>,
    /// An address beside its locator that it records too, and that is another package's or version's (`shape`); its own name, where it
    /// is installed in the place of a package that was asked for.
    pub foreign: Option<Box<Str>>,
}

impl Entry {
    /// An entry of which only this much is known.
    #[must_use]
    pub fn new(ecosystem: Ecosystem, name: Str, version: Option<Str>, locator: Locator) -> Self {
        Self {
            ecosystem,
            name,
            version,
            locator,
            scopes: Scopes::UNKNOWN,
            direct: None,
            runs_code: None,
            moving: None,
            alias: None,
            foreign: None,
        }
    }

    /// Where a finding about it stands: its version, else its name.
    #[must_use]
    pub fn span(&self) -> Span {
        match &self.version {
            Some(version) if !version.span.is_empty() => version.span,
            _ => self.name.span,
        }
    }

    /// Where its locator stands, if it has one that stands somewhere.
    #[must_use]
    pub fn locator_span(&self) -> Option<Span> {
        let (Locator::File(at)
        | Locator::Index(at)
        | Locator::Named(at)
        | Locator::Url(at)
        | Locator::Path(at)
        | Locator::Unresolved(at)
        | Locator::Git { url: at, .. }) = &self.locator
        else {
            return None;
        };
        (!at.span.is_empty()).then_some(at.span)
    }
}

/// What a file of this format and version can show; what it cannot is unknown, not fine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shows {
    /// Names the registry or address of each entry.
    pub origin: bool,
    /// Carries a hash of each entry that comes from a registry.
    pub integrity: bool,
    /// Says who requires whom.
    pub edges: bool,
    /// Says what an entry is for (itself or with the manifest beside it).
    pub scope: bool,
    /// Says whether an entry runs code when it is installed.
    pub install_code: bool,
}

/// One file, read.
#[derive(Debug)]
pub struct Lockfile {
    /// The file.
    pub text: TextId,
    /// Its format.
    pub format: &'static Format,
    /// What kind of statement it makes.
    pub kind: Kind,
    /// The version of the format, as written.
    pub version: Option<String>,
    /// What it states.
    pub entries: Vec<Entry>,
    /// How many entries it states before anything is merged.
    pub stated: usize,
    /// What could not be understood.
    pub problems: Vec<Problem>,
    /// What this file can show.
    pub shows: Shows,
    /// Registries that the file itself declares (Gemfile.lock's blocks, Pipfile.lock's sources, requirements' options).
    pub routing: Routing,
    /// Manifests that this file locks; they are shadowed.
    pub covers: Vec<TextId>,
    /// Where the repository asks for a direct entry: entry and place, sorted by entry.
    declared: Vec<(u32, Place)>,
    /// Hashes: entry and hash as an SRI-like `algorithm-digest` or as the format writes it; sorted by entry.
    hashes: Vec<(u32, Str)>,
    /// Who requires whom: from and to; sorted.
    edges: Vec<(u32, u32)>,
    /// Names that it knows beside those of its entries: the project's own, packages that are named and locked to nothing.
    mentioned: Vec<Str>,
    /// Entries of a declaration that its lock may leave out; sorted.
    may_be_unlocked: Vec<u32>,
}

impl Lockfile {
    /// A file of which nothing is known yet.
    #[must_use]
    pub fn new(text: &Text, format: &'static Format, kind: Kind) -> Self {
        Self {
            text: text.id,
            format,
            kind,
            version: None,
            entries: Vec::new(),
            stated: 0,
            problems: Vec::new(),
            shows: Shows::default(),
            routing: Routing::default(),
            covers: Vec::new(),
            declared: Vec::new(),
            hashes: Vec::new(),
            edges: Vec::new(),
            mentioned: Vec::new(),
            may_be_unlocked: Vec::new(),
        }
    }

    /// A file that cannot be understood at all.
    #[must_use]
    pub fn unreadable(text: &Text, format: &'static Format, kind: Kind, problem: Problem) -> Self {
        let mut lockfile = Self::new(text, format, kind);
        lockfile.problems.push(problem);
        lockfile
    }

    /// Adds an entry that the file states, and gives its number.
    pub fn push(&mut self, entry: Entry) -> u32 {
        self.stated += 1;
        self.entries.push(entry);
        u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
    }

    /// Adds a hash to an entry. Written as SRI where the algorithm is known (`sha256-…` base64, or `sha256:hex` as most formats do).
    pub fn hash(&mut self, entry: u32, hash: Str) {
        self.hashes.push((entry, hash));
    }

    /// Says that `from` requires `to`.
    pub fn edge(&mut self, from: u32, to: u32) {
        self.edges.push((from, to));
    }

    /// Says where the repository itself asks for an entry, which makes it direct.
    pub fn declare(&mut self, entry: u32, place: Place) {
        if let Some(direct) = self.entries.get_mut(entry as usize) {
            direct.direct = Some(true);
        }
        self.declared.push((entry, place));
    }

    /// Adds a name that the file knows beside those of its entries.
    pub fn mention(&mut self, name: Str) {
        self.mentioned.push(name);
    }

    /// Names that the file knows beside those of its entries.
    pub fn mentions(&self) -> impl Iterator<Item = &Str> {
        self.mentioned.iter()
    }

    /// Says that a lock may leave an entry of this declaration out: only some platforms or versions of the language want it.
    pub fn leave_unlocked(&mut self, entry: u32) {
        self.may_be_unlocked.push(entry);
    }

    /// Whether a lock may leave an entry of this declaration out.
    #[must_use]
    pub fn may_be_unlocked(&self, entry: u32) -> bool {
        self.may_be_unlocked.binary_search(&entry).is_ok()
    }

    /// Keeps only these entries, given sorted, and what is said of them.
    pub(crate) fn retain(&mut self, kept: &[u32]) {
        let renumbered = |entry: u32| kept.binary_search(&entry).ok().and_then(|at| u32::try_from(at).ok());
        let mut number = 0;
        self.entries.retain(|_| {
            number += 1;
            renumbered(number - 1).is_some()
        });
        self.stated = self.entries.len();
        let declared = self.declared.iter().filter_map(|(of, place)| Some((renumbered(*of)?, *place)));
        self.declared = declared.collect();
        let hashes = std::mem::take(&mut self.hashes).into_iter();
        self.hashes = hashes.filter_map(|(of, hash)| Some((renumbered(of)?, hash))).collect();
        let edges = self.edges.iter().filter_map(|(from, to)| Some((renumbered(*from)?, renumbered(*to)?)));
        self.edges = edges.collect();
        self.may_be_unlocked = self.may_be_unlocked.iter().filter_map(|of| renumbered(*of)).collect();
    }

    /// Adds a problem of this file.
    pub fn problem(&mut self, place: Place, lost: Lost, message: impl Into<String>) {
        self.problems.push(Problem::new(place, lost, message));
    }

    /// Puts what was added in any order into order; the pipeline calls it once after reading.
    pub(crate) fn finish(&mut self) {
        self.declared.sort_unstable();
        self.declared.dedup();
        self.hashes.sort_by_key(|(entry, hash)| (*entry, hash.span));
        self.hashes.dedup();
        self.edges.sort_unstable_by_key(|(from, to)| u64::from(*from) << 32 | u64::from(*to));
        self.edges.dedup();
        self.covers.sort_unstable();
        self.covers.dedup();
        self.may_be_unlocked.sort_unstable();
        self.problems.sort_by_key(|problem| (problem.place, problem.lost));
    }

    /// The texts that ask for entries, each at least once.
    pub fn asked_in(&self) -> impl Iterator<Item = TextId> {
        self.declared.iter().map(|(_, place)| place.text)
    }

    /// Whether any entry has a hash.
    #[must_use]
    pub fn has_hashes(&self) -> bool {
        !self.hashes.is_empty()
    }

    /// The hashes of an entry.
    pub fn hashes_of(&self, entry: u32) -> impl Iterator<Item = &Str> {
        let first = self.hashes.partition_point(|(of, _)| *of < entry);
        self.hashes.iter().skip(first).take_while(move |(of, _)| *of == entry).map(|(_, hash)| hash)
    }

    /// What an entry requires.
    pub fn required_by(&self, entry: u32) -> impl Iterator<Item = u32> {
        let first = self.edges.partition_point(|(from, _)| *from < entry);
        self.edges.iter().skip(first).take_while(move |(from, _)| *from == entry).map(|(_, to)| *to)
    }

    /// Where the repository asks for an entry.
    #[must_use]
    pub fn declared_at(&self, entry: u32) -> Option<Place> {
        let first = self.declared.partition_point(|(of, _)| *of < entry);
        self.declared.get(first).filter(|(of, _)| *of == entry).map(|(_, place)| *place)
    }

    /// All edges, sorted.
    #[must_use]
    pub fn edges(&self) -> &[(u32, u32)] {
        &self.edges
    }

    /// Whether nothing of the file can be relied on.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        self.problems.iter().any(|problem| problem.lost == Lost::File)
    }
}
