//! One judged entry with everything around it.
//!
//! Answers for: its names for people and machines, where it stands, where it comes from..

use crate::dependency::{Entry, Lockfile};
use crate::ecosystem::Ecosystem;
use crate::formats;
use crate::purl;
use crate::route::{self, Candidate, Class, Origin};
use crate::snapshot::Judged;
use crate::text::{Place, Text};

/// One judged entry with everything around it.
#[derive(Clone, Copy)]
pub struct Dependency<'a> {
    /// Its lockfile and what was routed.
    pub judged: &'a Judged,
    /// The lockfile's text.
    pub text: &'a Text,
    /// What the lockfile states.
    pub entry: &'a Entry,
    /// Where it comes from.
    pub origin: &'a Origin,
    /// Lockfile and entry by number.
    pub id: (u32, u32),
}

impl<'a> Dependency<'a> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.entry.name.of(&self.text.content)
    }

    /// Its version, if there is one.
    #[must_use]
    pub fn version(&self) -> Option<&'a str> {
        self.entry.version.as_ref().map(|version| version.of(&self.text.content))
    }

    /// The commit that pins it, if it is a repository's.
    #[must_use]
    pub fn commit(&self) -> Option<&'a str> {
        match &self.entry.locator {
            crate::dependency::Locator::Git { commit, .. } => commit.as_ref().map(|commit| commit.of(&self.text.content)),
            _ => None,
        }
    }

    /// Its package URL with version.
    #[must_use]
    pub fn purl(&self) -> String {
        purl::of(self.entry.ecosystem, self.name(), self.version())
    }

    /// Its package URL without version.
    #[must_use]
    pub fn package(&self) -> String {
        purl::of(self.entry.ecosystem, self.name(), None)
    }

    /// The name as people write it: Docker Hub's `library/` is silent.
    #[must_use]
    pub fn spoken_name(&self) -> &'a str {
        let name = self.name();
        match self.entry.ecosystem {
            Ecosystem::Docker => name.strip_prefix("library/").unwrap_or(name),
            _ => name,
        }
    }

    /// Name and version for a sentence: `` `left-pad` 1.3.0 ``. A digest is cut.
    #[must_use]
    pub fn spoken(&self) -> String {
        match self.version() {
            Some(version) if !version.is_empty() => format!("`{}` {}", self.spoken_name(), short(version)),
            _ => format!("`{}`", self.spoken_name()),
        }
    }

    /// The path of its lockfile.
    #[must_use]
    pub fn path(&self) -> &'a str {
        &self.text.path
    }

    /// Where it stands: its version, else its name.
    #[must_use]
    pub fn place(&self) -> Place {
        self.text.place(self.entry.span())
    }

    /// Where its origin stands: the locator, else the configuration that was asked.
    #[must_use]
    pub fn origin_place(&self) -> Option<Place> {
        let locator = self.entry.locator_span().map(|span| self.text.place(span));
        let answered = self.candidate().and_then(|candidate| candidate.place);
        match self.origin.known_by {
            crate::routing::KnownBy::Entry => locator.or(answered),
            _ => answered.or(locator),
        }
    }

    /// The weakest candidate, which is the one that is judged.
    #[must_use]
    pub fn candidate(&self) -> Option<&'a Candidate> {
        let answer = self.judged.routed.answer(self.origin)?;
        let is_same = |candidate: &&Candidate| {
            (candidate.class == self.origin.class || self.origin.class == Class::Bundled)
                && candidate.registry == self.origin.registry
        };
        answer.candidates.iter().find(is_same)
    }

    /// All candidates, of which the weakest is judged.
    #[must_use]
    pub fn candidates(&self) -> &'a [Candidate] {
        self.judged.routed.answer(self.origin).map_or(&[], |answer| &answer.candidates)
    }

    /// Where it comes from, as an address for people; empty if there is none.
    #[must_use]
    pub fn location(&self) -> String {
        let is_own = self.origin.known_by == crate::routing::KnownBy::Entry;
        // Images of one host share an answer, whose address is that of the first.
        if let (true, Ecosystem::Docker, crate::dependency::Locator::Index(host)) =
            (is_own, self.entry.ecosystem, &self.entry.locator)
        {
            let content = &self.text.content;
            let name = formats::image::known_part(self.entry.name.of(content));
            return crate::address::stripped(&format!("https://{}/{name}", host.of(content)));
        }
        match self.written() {
            Some(own) if is_own => crate::address::stripped(own),
            _ => self.candidate().map(|candidate| candidate.location.clone()).unwrap_or_default(),
        }
    }

    /// What the entry itself says of where it comes from.
    fn written(&self) -> Option<&'a str> {
        let entry: &'a Entry = self.entry;
        entry.locator_span().and_then(|_| match &entry.locator {
            crate::dependency::Locator::File(at)
            | crate::dependency::Locator::Url(at)
            | crate::dependency::Locator::Git { url: at, .. }
            | crate::dependency::Locator::Path(at)
            | crate::dependency::Locator::Unresolved(at)
            | crate::dependency::Locator::Index(at) => Some(at.of(&self.text.content)),
            _ => None,
        })
    }

    /// The path from the root of the archive of the tree that it comes from, if it comes from one.
    #[must_use]
    pub fn archive(&self) -> Option<String> {
        if self.origin.class != Class::Path || !self.origin.is_archive {
            return None;
        }
        route::path_from_root(self.path(), self.written()?)
    }

    /// Whether it is a reference that no hash could pin but its own digest or commit.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        matches!(self.entry.ecosystem, Ecosystem::Docker | Ecosystem::GitHubActions)
    }

    /// The lockfile.
    #[must_use]
    pub fn lockfile(&self) -> &'a Lockfile {
        &self.judged.lockfile
    }
}

/// A digest or commit cut to what people compare.
#[must_use]
pub fn short(version: &str) -> String {
    let hex = version.rsplit(':').next().unwrap_or(version);
    let is_hex = hex.len() >= 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (is_hex, version.split_once(':')) {
        (true, Some((algorithm, hex))) => format!("{algorithm}:{}…", hex.get(..12).unwrap_or(hex)),
        (true, None) => format!("{}…", version.get(..12).unwrap_or(version)),
        _ => version.to_owned(),
    }
}
