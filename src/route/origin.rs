//! Where an entry comes from, once everything is joined.

use crate::catalogue::RegistryId;
use crate::routing::KnownBy;
use crate::text::Place;

/// The class of an origin; every entry has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A rated record serves it.
    Registry,
    /// An unrated record serves it.
    Unrated,
    /// A registry that the policy declares.
    Declared,
    /// A repository.
    Git,
    /// An address that the entry itself asks for.
    Url,
    /// A file or folder of the repository.
    Path,
    /// A member of the repository itself.
    Workspace,
    /// Inside another package.
    Bundled,
    /// The language's own.
    Builtin,
    /// Nothing explains it.
    Unknown,
}

impl Class {
    /// The word used in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Unrated => "unrated",
            Self::Declared => "declared",
            Self::Git => "git",
            Self::Url => "url",
            Self::Path => "path",
            Self::Workspace => "workspace",
            Self::Bundled => "bundled",
            Self::Builtin => "builtin",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it has a tier.
    #[must_use]
    pub fn has_tier(self) -> bool {
        matches!(self, Self::Registry | Self::Unrated | Self::Declared | Self::Unknown)
    }
}

/// The registry behind an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Registry {
    /// None: the class says why.
    None,
    /// A record of the catalogue.
    Record(RegistryId),
    /// A registry of the policy, by its number.
    Declared(u16),
}

/// What can be changed on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Insecure {
    /// Fetched without encryption or authentication of the other side.
    PlainText,
    /// The other side is a number, which no certificate names.
    IpAddress,
}

/// Where an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its class.
    pub class: Class,
    /// Its registry.
    pub registry: Registry,
    /// How that is known.
    pub known_by: KnownBy,
    /// What can be changed on the way.
    pub insecure: Option<Insecure>,
    /// Whether its locator is another package's.
    pub is_mismatch: bool,
    /// Whether it is an archive in the tree.
    pub is_archive: bool,
    /// The answer that it was taken from, by number in `Routed::answers`.
    pub answer: u32,
}

impl Origin {
    /// An origin that needs no answer.
    #[must_use]
    pub fn plain(class: Class) -> Self {
        Self {
            class,
            registry: Registry::None,
            known_by: KnownBy::Entry,
            insecure: None,
            is_mismatch: false,
            is_archive: false,
            answer: u32::MAX,
        }
    }
}

/// What would be asked for one or many entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// All that may be asked; the weakest is judged.
    pub candidates: Vec<Candidate>,
    /// Where it is said, if it is said anywhere.
    pub place: Option<Place>,
}

/// One address that may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its class.
    pub class: Class,
    /// Its registry.
    pub registry: Registry,
    /// The address without user-info and query; empty where there is none.
    pub location: String,
    /// Where it stands.
    pub place: Option<Place>,
    /// How it is known.
    pub known_by: KnownBy,
    /// What can be changed on the way.
    pub insecure: Option<Insecure>,
    /// Why it is unknown, as a fragment; empty if it is not.
    pub reason: String,
    /// The package (its URL without version) whose code makes it unknown, which the policy may let run.
    pub program: Option<String>,
}

impl Candidate {
    /// Something that nothing explains yet.
    #[must_use]
    pub fn unknown(location: String, place: Option<Place>, known_by: KnownBy) -> Self {
        Self {
            class: Class::Unknown,
            registry: Registry::None,
            location,
            place,
            known_by,
            insecure: None,
            reason: String::new(),
            program: None,
        }
    }

    /// A folder: nothing is asked over a network.
    #[must_use]
    pub fn folder(location: String, place: Option<Place>, known_by: KnownBy) -> Self {
        Self { class: Class::Path, ..Self::unknown(location, place, known_by) }
    }

    /// Whether it is unknown only because no record has its host.
    #[must_use]
    pub fn is_plain_host(&self) -> bool {
        self.reason.ends_with("is in no record and not declared")
    }
}
