//! Which dependencies a line of the policy speaks of.
//!
//! Answers for: patterns of packages and paths, and finding the lines that fit a dependency without trying them all.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::HashMap;

use super::fault::advice;
use super::paths::{OfPath, PathIndex, PathPattern};
use crate::dependency::Scopes;
use crate::ecosystem::Ecosystem;
use crate::pattern;

/// Patterns longer than this are refused: no name or path comes near.
pub(super) const PATTERN_BYTES_MAX: usize = 1024;

/// A dependency, or the file that a finding is about, as far as a policy can select by it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// Its ecosystem; `None` for a finding about a file.
    pub ecosystem: Option<Ecosystem>,
    /// Its name as the ecosystem writes it.
    pub name: &'a str,
    /// Its version.
    pub version: Option<&'a str>,
    /// The id of the registry that serves it.
    pub registry: Option<&'a str>,
    /// What it is for.
    pub scopes: Scopes,
    /// The path of the lockfile, from the root.
    pub path: &'a str,
}

/// Packages by name, in one ecosystem or in all, with one version or any.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PackagePattern {
    ecosystem: Option<Ecosystem>,
    name: Box<str>,
    version: Option<Box<str>>,
}

impl PackagePattern {
    /// Reads a package URL (`pkg:npm/@acme/*`, `pkg:maven/org.acme/core@1.2`) or a bare name, in either of which `*` stands for any run
    /// of characters. `default` is the ecosystem of a bare name. The error is a message and a hint.
    pub fn parse(written: &str, default: Option<Ecosystem>) -> Result<Self, (String, String)> {
        if written.len() > PATTERN_BYTES_MAX {
            let message = format!("a pattern of {} bytes; at most {PATTERN_BYTES_MAX} are read", written.len());
            return Err((message, "let `*` stand for a part of it".to_owned()));
        }
        if written.contains(|c: char| c.is_whitespace() || c.is_control()) {
            let message = format!("`{}` has a blank in it, which no package has", written.escape_debug());
            return Err((message, "take it out, or write two texts".to_owned()));
        }
        let Some(purl) = written.strip_prefix("pkg:") else {
            if written.rfind('@').is_some_and(|at| at > 0) {
                let kind = default.map_or("npm", Ecosystem::id);
                let message = format!("`{written}` is a plain name, which cannot have a version");
                return Err((message, format!("write it as a package URL, like `pkg:{kind}/{written}`")));
            }
            return Ok(Self::named(default, written, None));
        };
        let example = || "write it like `pkg:npm/@acme/*` or `pkg:maven/org.acme/core@1.2`".to_owned();
        let Some((kind, rest)) = purl.split_once('/').filter(|(_, rest)| !rest.is_empty()) else {
            return Err((format!("`{written}` is a package URL without a name"), example()));
        };
        let Some(ecosystem) = Ecosystem::from_id(kind) else {
            let hint = advice(kind, Ecosystem::ALL.map(Ecosystem::id));
            return Err((format!("`{kind}` is no ecosystem"), hint));
        };
        if rest.contains(['?', '#']) {
            return Err((format!("`{written}` has qualifiers or a subpath, which are not compared"), "leave them out".into()));
        }
        let (name, version) = match rest.rsplit_once('@') {
            Some((name, version)) if !name.is_empty() && !name.ends_with('/') && !version.contains('/') => (name, Some(version)),
            _ => (rest, None),
        };
        let (Some(name), Ok(version)) = (decode(name), version.map(|version| decode(version).ok_or(())).transpose()) else {
            return Err((format!("`{written}` has a broken percent sign"), "write `%40` or simply `@`".into()));
        };
        if name.is_empty() || version.as_deref() == Some("") {
            return Err((format!("`{written}` lacks a name or a version"), example()));
        }
        Ok(Self::named(Some(ecosystem), &name, version))
    }

    fn named(ecosystem: Option<Ecosystem>, name: &str, version: Option<String>) -> Self {
        let name = match ecosystem {
            Some(Ecosystem::Maven) => match name.rsplit_once('/') {
                Some((group, artifact)) => format!("{}:{artifact}", group.replace('/', ".")),
                None => name.to_owned(),
            },
            Some(Ecosystem::PyPi) => normalise_python(name),
            Some(ecosystem) if folds_case(ecosystem) => name.to_ascii_lowercase(),
            _ => name.to_owned(),
        };
        Self { ecosystem, name: name.into(), version: version.map(Into::into) }
    }

    /// The name or pattern of names, as the ecosystem compares them.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version or pattern of versions, if it speaks of one.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The ecosystem, if it speaks of one.
    #[must_use]
    pub fn ecosystem(&self) -> Option<Ecosystem> {
        self.ecosystem
    }

    /// Whether it speaks of some versions only.
    #[must_use]
    pub fn has_version(&self) -> bool {
        self.version.is_some()
    }

    /// Whether a package fits.
    #[must_use]
    pub fn fits(&self, ecosystem: Ecosystem, name: &str, version: Option<&str>) -> bool {
        self.ecosystem.is_none_or(|wanted| wanted == ecosystem)
            && self.version.as_deref().is_none_or(|wanted| version.is_some_and(|version| pattern::matches(wanted, version)))
            && self.fits_name(ecosystem, name)
    }

    fn fits_name(&self, ecosystem: Ecosystem, name: &str) -> bool {
        let name = fold(ecosystem, name);
        if self.ecosystem.is_none() && folds_case(ecosystem) {
            return pattern::matches(&self.name.to_ascii_lowercase(), &name);
        }
        if self.ecosystem.is_none() && ecosystem == Ecosystem::PyPi {
            return pattern::matches(&normalise_python(&self.name), &name);
        }
        pattern::matches(&self.name, &name)
    }

    /// Whether all that fits another one fits this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        // A `*` of the other one is a character like any: only a `*` can stand for it.
        let ecosystem = match (self.ecosystem, other.ecosystem) {
            (None, None) => None,
            (None, Some(any)) => Some(any),
            (Some(wanted), found) if found == Some(wanted) => found,
            _ => return false,
        };
        let is_name = match ecosystem {
            Some(ecosystem) => self.fits_name(ecosystem, &other.name),
            None => pattern::matches(&self.name, &other.name),
        };
        let version = other.version.as_deref();
        is_name && self.version.as_deref().is_none_or(|wanted| version.is_some_and(|version| pattern::matches(wanted, version)))
    }

    /// Whether something may fit both: two that are plain names of two packages have nothing in common.
    pub(super) fn may_meet(&self, other: &Self) -> bool {
        let are_of_two = self.ecosystem.is_some() && other.ecosystem.is_some() && self.ecosystem != other.ecosystem;
        let is_literal = |one: &Self| one.key().is_some();
        !are_of_two
            && match (is_literal(self), is_literal(other)) {
                (true, true) => self.name == other.name,
                (true, false) => self.ecosystem.is_none_or(|ecosystem| other.fits_name(ecosystem, &self.name)),
                (false, true) => other.ecosystem.is_none_or(|ecosystem| self.fits_name(ecosystem, &other.name)),
                (false, false) => true,
            }
    }

    /// How much it says, for choosing the most specific.
    #[must_use]
    pub fn specificity(&self) -> (bool, usize) {
        let (is_literal, count) = pattern::specificity(&self.name);
        (is_literal, count + usize::from(self.ecosystem.is_some()) + self.version.as_deref().map_or(0, str::len))
    }

    /// How every name begins that can fit, in lowercase, if that says anything.
    fn beginning(&self) -> Option<Beginning> {
        let literal = self.name.split('*').next().unwrap_or_default();
        // Python's names have one sign where several stand in a pattern for all ecosystems.
        let is_sign = |byte: &u8| matches!(byte, b'-' | b'_' | b'.');
        let run = literal.as_bytes().windows(2).position(|two| two.iter().all(is_sign));
        let beginning = beginning_of(run.and_then(|at| literal.get(..=at)).unwrap_or(literal));
        (beginning != 0).then_some(beginning)
    }

    /// The one name that can fit, if a map can be asked for it.
    fn key(&self) -> Option<&str> {
        (self.ecosystem.is_some() && pattern::is_literal(&self.name)).then_some(&self.name)
    }
}

/// Ecosystems in which names that differ in case are one name.
fn folds_case(ecosystem: Ecosystem) -> bool {
    matches!(ecosystem, Ecosystem::NuGet | Ecosystem::GitHubActions | Ecosystem::Composer | Ecosystem::Swift)
}

fn fold(ecosystem: Ecosystem, name: &str) -> Cow<'_, str> {
    if folds_case(ecosystem) && name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// PEP 503, with `*` left as it is.
fn normalise_python(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            c => normal.push(c.to_ascii_lowercase()),
        }
    }
    normal
}

/// Percent-decoded; `None` if it is not validly encoded.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// What one entry of the policy selects by; all that it states must fit.
#[derive(Clone, Debug, Default)]
pub(super) struct Selector {
    pub(super) ecosystem: Option<Ecosystem>,
    pub(super) registry: Option<Box<str>>,
    pub(super) scope: Option<Scopes>,
    /// With its `@`, without a slash.
    pub(super) npm_scope: Option<Box<str>>,
    pub(super) package: Option<PackagePattern>,
    pub(super) path: Option<PathPattern>,
    /// The folder whose policy says so, where it is not the root's.
    pub(super) folder: Option<Box<str>>,
}

/// Whether a path lies below a folder.
pub(super) fn lies_below(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// How specific a selector is; compared from the first field on.
pub(super) type Rank = (usize, usize, (bool, usize), bool, bool, bool, bool);

/// What makes two selectors the same.
pub(super) type Identity<'a> =
    (Option<Ecosystem>, Option<&'a str>, Option<Scopes>, Option<&'a str>, Option<&'a PackagePattern>, Option<&'a str>);

impl Selector {
    pub(super) fn fits(&self, subject: &Subject<'_>) -> bool {
        self.fits_beside_path(subject) && self.path.as_ref().is_none_or(|pattern| pattern.fits(subject.path))
    }

    /// Whether all but the path fits, which an [`Index`] has looked up already.
    pub(super) fn fits_beside_path(&self, subject: &Subject<'_>) -> bool {
        self.ecosystem.is_none_or(|ecosystem| subject.ecosystem == Some(ecosystem))
            && self.registry.as_deref().is_none_or(|registry| subject.registry == Some(registry))
            && self.scope.is_none_or(|scope| fits_scope(scope, subject.scopes))
            && self.npm_scope.as_deref().is_none_or(|scope| fits_npm_scope(scope, subject))
            && self.folder.as_deref().is_none_or(|folder| lies_below(folder, subject.path))
            && self.package.as_ref().is_none_or(|package| {
                subject.ecosystem.is_some_and(|ecosystem| package.fits(ecosystem, subject.name, subject.version))
            })
    }

    /// Whether it fits all that another one selects of a folder.
    pub(super) fn covers(&self, other: &Self, folder: &str) -> bool {
        fn is_no_wider<T: PartialEq>(own: Option<T>, other: Option<T>) -> bool {
            own.is_none() || own == other
        }
        let ecosystem = other.ecosystem.or_else(|| other.package.as_ref().and_then(PackagePattern::ecosystem));
        is_no_wider(self.ecosystem, ecosystem.or(other.npm_scope.as_ref().map(|_| Ecosystem::Npm)))
            && is_no_wider(self.registry.as_deref(), other.registry.as_deref())
            && is_no_wider(self.scope, other.scope)
            && is_no_wider(self.npm_scope.as_deref(), other.npm_scope.as_deref())
            && self.package.as_ref().is_none_or(|own| other.package.as_ref().is_some_and(|other| own.covers(other)))
            && self
                .path
                .as_ref()
                .is_none_or(|own| own.covers(folder) || other.path.as_ref().is_some_and(|other| own.written() == other.written()))
    }

    /// Whether it may fit something that another one selects of a folder.
    pub(super) fn may_meet(&self, other: &Self, folder: &str) -> bool {
        fn may_be_one<T: PartialEq>(own: Option<T>, other: Option<T>) -> bool {
            own.is_none() || other.is_none() || own == other
        }
        may_be_one(self.ecosystem, other.ecosystem)
            && may_be_one(self.registry.as_deref(), other.registry.as_deref())
            && may_be_one(self.npm_scope.as_deref(), other.npm_scope.as_deref())
            && self.package.as_ref().is_none_or(|own| other.package.as_ref().is_none_or(|other| own.may_meet(other)))
            && self.path.as_ref().is_none_or(|own| own.may_reach(folder))
    }

    /// From the narrowest kind of selector to the widest: path, package, npm scope, scope, registry, ecosystem. All that a folder's policy
    /// asks is narrower than what the root's does.
    pub(super) fn rank(&self) -> Rank {
        let of = |written: &str| 1 + pattern::specificity(written).1;
        let folder = self.folder.as_deref().map_or(0, of);
        let path = self.path.as_ref().map_or(0, |pattern| of(pattern.written()));
        let package = self.package.as_ref().map_or((false, 0), |package| {
            let (is_literal, count) = package.specificity();
            (is_literal, 1 + count)
        });
        (folder, path, package, self.npm_scope.is_some(), self.scope.is_some(), self.registry.is_some(), self.ecosystem.is_some())
    }

    pub(super) fn identity(&self) -> Identity<'_> {
        let path = self.path.as_ref().map(PathPattern::written);
        (self.ecosystem, self.registry.as_deref(), self.scope, self.npm_scope.as_deref(), self.package.as_ref(), path)
    }

    /// Whether it selects all, at least of its folder.
    pub(super) fn is_empty(&self) -> bool {
        self.identity() == Identity::default()
    }
}

/// What production needs too is not development's only; what is of unknown scope may be production's.
fn fits_scope(wanted: Scopes, scopes: Scopes) -> bool {
    if wanted == Scopes::PRODUCTION {
        return scopes.is_empty() || scopes.contains(wanted);
    }
    let is_modifier = wanted == Scopes::OPTIONAL || wanted == Scopes::PEER;
    scopes.contains(wanted) && (is_modifier || !scopes.contains(Scopes::PRODUCTION))
}

fn fits_npm_scope(wanted: &str, subject: &Subject<'_>) -> bool {
    subject.ecosystem == Some(Ecosystem::Npm) && subject.name.split_once('/').is_some_and(|(scope, _)| scope == wanted)
}

/// Selectors that are quick to find: a long list costs no more than a short one.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Those without a path.
    anywhere: Lists,
    /// Those with one.
    by_path: Option<Arc<PathIndex>>,
}

impl Index {
    pub(super) fn of<'a>(selectors: impl Iterator<Item = &'a Selector>) -> Self {
        let mut anywhere = Lists::default();
        let mut lists = Lists::default();
        let mut patterns = Vec::new();
        for (position, selector) in (0..).zip(selectors) {
            match &selector.path {
                Some(pattern) => {
                    patterns.push((position, pattern.written().into()));
                    lists.add(position, selector);
                }
                None => anywhere.add(position, selector),
            }
        }
        Self { anywhere, by_path: PathIndex::of(patterns, lists).map(Arc::new) }
    }

    /// What is known about a path, for whoever asks about many subjects of it.
    pub(super) fn of_path(&self, path: &str) -> OfPath {
        self.by_path.as_ref().map(|paths| paths.of_path(path))
    }

    /// Calls `with` for the positions of all that may fit, in no order. Paths fit: see [`Selector::fits_beside_path`].
    pub(super) fn each(&self, subject: &Subject<'_>, with: impl FnMut(usize)) {
        self.each_at(&self.of_path(subject.path), subject, with);
    }

    /// The same where the subject's path has been asked for.
    pub(super) fn each_at(&self, of_path: &OfPath, subject: &Subject<'_>, mut with: impl FnMut(usize)) {
        let mut with = |position: u32| with(position as usize);
        self.anywhere.each(subject, &mut with);
        if let (Some(paths), Some(fits)) = (&self.by_path, of_path) {
            paths.each(fits, subject, with);
        }
    }
}

/// Selectors by what is asked of them most.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    by_name: HashMap<Box<str>, Vec<u32>>,
    by_registry: HashMap<Box<str>, Vec<u32>>,
    /// By how the names begin that patterns fit.
    by_beginning: HashMap<Beginning, Vec<u32>>,
    /// Of how many bytes there are beginnings.
    lengths: Vec<u32>,
    others: Vec<u32>,
}

/// The first bytes of a name in lowercase with all signs alike, as a number: the first is the lowest.
type Beginning = u64;

/// So many bytes of a beginning are looked up.
const BEGINNING_BYTES_MAX: usize = 6;

fn beginning_of(name: &str) -> Beginning {
    let bytes = name.bytes().take(BEGINNING_BYTES_MAX).enumerate();
    let alike = |byte: u8| if matches!(byte, b'_' | b'.') { b'-' } else { byte.to_ascii_lowercase() };
    bytes.fold(0, |beginning, (at, byte)| beginning | (Beginning::from(alike(byte)) << (8 * at)))
}

/// A shorter beginning of a beginning.
fn cut(beginning: Beginning, length: u32) -> Beginning {
    beginning & ((1 << (8 * length)) - 1)
}

impl Lists {
    fn add(&mut self, position: u32, selector: &Selector) {
        let name = selector.package.as_ref().and_then(PackagePattern::key);
        let beginning = selector.package.as_ref().and_then(PackagePattern::beginning);
        match (name, beginning, &selector.registry) {
            (Some(name), _, _) => self.by_name.entry(name.into()).or_default().push(position),
            (None, Some(beginning), _) => {
                let length = (Beginning::BITS - beginning.leading_zeros()).div_ceil(8);
                if !self.lengths.contains(&length) {
                    self.lengths.push(length);
                }
                self.by_beginning.entry(beginning).or_default().push(position);
            }
            (None, None, Some(registry)) => self.by_registry.entry(registry.clone()).or_default().push(position),
            (None, None, None) => self.others.push(position),
        }
    }

    /// Calls `with` for the positions of all that may fit, wherever their paths lead.
    pub(super) fn each(&self, subject: &Subject<'_>, mut with: impl FnMut(u32)) {
        let mut visit = |positions: Option<&Vec<u32>>| positions.into_iter().flatten().for_each(|position| with(*position));
        visit(Some(&self.others));
        if !self.by_registry.is_empty() {
            visit(subject.registry.and_then(|registry| self.by_registry.get(registry)));
        }
        let Some(ecosystem) = subject.ecosystem else { return };
        if !self.by_name.is_empty() {
            visit(self.by_name.get(fold(ecosystem, subject.name).as_ref()));
        }
        if self.lengths.is_empty() {
            return;
        }
        let beginning = beginning_of(subject.name);
        for length in &self.lengths {
            let one = cut(beginning, *length);
            // A name that is shorter has been looked up with the beginnings of its length.
            if one >> (8 * (length - 1)) != 0 {
                visit(self.by_beginning.get(&one));
            }
        }
    }
}
