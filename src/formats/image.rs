//! References to container images, for every format that has them.
//!
//! Answers for: the reference grammar (`[HOST/]REPOSITORY[:TAG][@DIGEST]`) as the distribution project's `reference` package reads it,
//! and how a reference becomes an entry. Never decides which registry serves a reference without a host: that is the client's default.
//!
//! Quirks: the first part is a host only if it has a `.`, a `:` or an upper-case letter or is `localhost`; a name without `/` lies
//! below `library/`, also behind `docker.io/`; no tag and no digest means `latest`; with both, the digest decides. Digests of known
//! algorithms have their exact length in lower case. 64 hexadecimal characters alone are an image's id, which is no reference.
//!
//! A part that holds an unknown variable is not checked. An unknown tag leaves name and registry known, an unknown repository behind a
//! known host (or a known namespace of the default registry) leaves the registry known; everything else is `Locator::Unresolved`.

use std::borrow::Cow;
use std::ops::Range;

use crate::dependency::{Entry, Locator, Lockfile, Scopes};
use crate::ecosystem::Ecosystem;
use crate::formats::shell::{self, Dialect, Value, Word};
use crate::text::{Lost, Span, Str, Text};

/// The named limit on a repository's name with its host, in bytes (the reference package's).
const NAME_LENGTH_MAX: usize = 255;
/// The named limit on a tag, in bytes.
const TAG_LENGTH_MAX: usize = 128;

/// A reference whose variables are all resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The host as written, if one is written.
    pub host: Option<String>,
    /// The repository without host (`library/node`).
    pub name: String,
    /// The tag, if one is written.
    pub tag: Option<String>,
    /// The digest, if one is written.
    pub digest: Option<String>,
}

/// Reads a reference (of `Locator::Unresolved`) with variables whose values `args` knows; `None` if one is missing or the result is no
/// reference. `$NAME`, `${NAME}` and the modifiers of `shell` are understood.
#[must_use]
pub fn resolve(written: &str, args: &dyn Fn(&str) -> Option<String>) -> Option<Reference> {
    let lookup = |name: &str| args(name).map_or(Value::Unset, |value| Value::Known(value.into()));
    let value = shell::evaluate(written, &lookup)?;
    let parts = split(&value).ok()?;
    let part = |range: Range<usize>| value.get(range).unwrap_or("").to_owned();
    let name = repository(&value, &parts)?.into_owned();
    Some(Reference { host: parts.host.map(part), name, tag: parts.tag.map(part), digest: parts.digest.map(part) })
}

/// The part of a repository's name that an unknown variable leaves known, in whole path segments: which registry serves it may hang on
/// them.
#[must_use]
pub fn known_part(name: &str) -> &str {
    match name.find(['$', '{', '<', '(']) {
        Some(unknown) => name.get(..unknown).and_then(|known| known.rfind('/')).and_then(|slash| name.get(..slash)).unwrap_or(""),
        None => name,
    }
}

/// A value in pieces, each with the place that it comes from.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// What it means; unknown pieces stand in it as they are written.
    pub value: String,
    pieces: Vec<Piece>,
    /// Where all of it is said to stand, where its pieces stand apart.
    anchor: Option<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    at: usize,
    span: Span,
    kind: PieceKind,
}

/// How a piece of a value relates to the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// It stands there, byte for byte.
    Literal,
    /// It is derived from what stands there.
    Made,
    /// A variable of which nothing is known.
    Unknown,
}

impl Written {
    /// A value that is put together from pieces that stand apart, and is said to stand at `anchor`.
    pub(super) fn anchored(anchor: Span) -> Self {
        Self { anchor: Some(anchor), ..Self::default() }
    }

    /// A value of a document, its variables expanded as this dialect does.
    pub(super) fn expanded(value: &Str, content: &str, dialect: Dialect, lookup: &shell::Lookup<'_>) -> Self {
        let start = value.span.start as usize;
        let is_made = value.made.is_some();
        let place = |from: usize, to: usize| if is_made { value.span } else { Span::new(start + from, start + to) };
        let mut written = shell::expand(Word { text: value.of(content), place: &place, dialect }, lookup);
        for piece in written.pieces.iter_mut().filter(|piece| is_made && piece.kind == PieceKind::Literal) {
            piece.kind = PieceKind::Made;
        }
        written
    }

    /// A value of a document that has no variables of its own; what looks like one is unknown.
    pub(super) fn foreign(value: &Str, content: &str) -> Self {
        Self::expanded(value, content, Dialect::Foreign, &|_| Value::Unknown)
    }

    /// Adds a piece.
    pub(super) fn push(&mut self, text: &str, span: Span, kind: PieceKind) {
        if text.is_empty() {
            return;
        }
        let kind = if kind == PieceKind::Literal && span.len() != text.len() { PieceKind::Made } else { kind };
        self.pieces.push(Piece { at: self.value.len(), span, kind });
        self.value.push_str(text);
    }

    /// Adds all pieces of another value.
    pub(super) fn append(&mut self, other: &Self) {
        let ends = other.pieces.iter().skip(1).map(|piece| piece.at).chain([other.value.len()]);
        for (piece, end) in other.pieces.iter().zip(ends) {
            self.push(other.value.get(piece.at..end).unwrap_or(""), piece.span, piece.kind);
        }
    }

    /// A part of it, with its places.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        let mut part = Self::default();
        let ends = self.pieces.iter().skip(1).map(|piece| piece.at).chain([self.value.len()]);
        for (piece, end) in self.pieces.iter().zip(ends) {
            let (start, end) = (piece.at.max(range.start), end.min(range.end));
            let Some(text) = self.value.get(start..end.max(start)) else { continue };
            let span = if piece.kind == PieceKind::Literal { self.span_of(start..end) } else { piece.span };
            part.push(text, span, piece.kind);
        }
        part
    }

    /// Whether an unknown variable is in it.
    pub(super) fn is_unknown(&self) -> bool {
        self.pieces.iter().any(|piece| piece.kind == PieceKind::Unknown)
    }

    /// The unknown pieces, as written.
    pub(super) fn unknowns(&self) -> impl Iterator<Item = Range<usize>> {
        let ends = self.pieces.iter().skip(1).map(|piece| piece.at).chain([self.value.len()]);
        self.pieces.iter().zip(ends).filter(|(piece, _)| piece.kind == PieceKind::Unknown).map(|(piece, end)| piece.at..end)
    }

    /// Where all of it stands.
    pub(super) fn span(&self) -> Span {
        self.anchor.unwrap_or_else(|| self.span_of(0..self.value.len()))
    }

    fn span_of(&self, range: Range<usize>) -> Span {
        let piece_at = |at: usize| {
            let after = self.pieces.partition_point(|piece| piece.at <= at);
            self.pieces.get(after.saturating_sub(1))
        };
        let start = piece_at(range.start).map_or(0, |piece| match piece.kind {
            PieceKind::Literal => piece.span.start as usize + (range.start - piece.at),
            _ => piece.span.start as usize,
        });
        let end = piece_at(range.end.saturating_sub(1)).map_or(0, |piece| match piece.kind {
            PieceKind::Literal => piece.span.start as usize + (range.end - piece.at),
            _ => piece.span.end as usize,
        });
        Span::new(start, end)
    }

    /// A part of it with its place.
    pub(super) fn str(&self, range: Range<usize>, content: &str) -> Str {
        let span = self.span_of(range.clone());
        let value = self.value.get(range).unwrap_or("");
        if content.get(span.range()) == Some(value) { Str::at(span) } else { Str::made(span, value) }
    }

    /// All of it with its place.
    pub(super) fn whole(&self, content: &str) -> Str {
        match self.anchor {
            Some(anchor) => Str::made(anchor, self.value.as_str()),
            None => self.str(0..self.value.len(), content),
        }
    }

    /// The value with something that is part of no reference in place of what is unknown, so that it is neither split nor checked.
    pub(super) fn shape(&self) -> Cow<'_, str> {
        if !self.is_unknown() {
            return Cow::Borrowed(&self.value);
        }
        let mut shape = String::with_capacity(self.value.len());
        for unknown in self.unknowns() {
            shape.push_str(self.value.get(shape.len()..unknown.start).unwrap_or(""));
            shape.extend(unknown.map(|_| HOLE));
        }
        shape.push_str(self.value.get(shape.len()..).unwrap_or(""));
        Cow::Owned(shape)
    }
}

/// Stands for each byte of what is unknown.
pub(super) const HOLE: char = '\u{1}';

/// Adds the image that a reference names. What is no reference is a problem, and no entry.
pub(super) fn push(lockfile: &mut Lockfile, text: &Text, written: &Written, scopes: Scopes) -> Option<u32> {
    match entry(written, &text.content) {
        Ok((mut entry, digest)) => {
            entry.scopes = scopes;
            entry.direct = Some(true);
            let index = lockfile.push(entry);
            if let Some(digest) = digest {
                lockfile.hash(index, digest);
            }
            Some(index)
        }
        Err(reason) => {
            let message = format!("`{}` is no image reference: {reason}", written.value);
            lockfile.problem(text.place(written.span()), Lost::Entry, message);
            None
        }
    }
}

/// Whether a value is an image reference, as far as it is known.
pub(super) fn is_reference(written: &Written) -> bool {
    split(&written.shape()).is_ok()
}

/// The entry of a reference, and its digest if it has one.
fn entry(written: &Written, content: &str) -> Result<(Entry, Option<Str>), &'static str> {
    let shape = written.shape();
    let parts = split(&shape)?;
    let is_known = |range: &Range<usize>| !shape.get(range.clone()).is_some_and(|part| part.contains(HOLE));
    let first_end = shape.find('/').filter(|slash| *slash < parts.path.end);
    let is_registry_known = is_known(&(0..first_end.unwrap_or(parts.path.end)));
    let name_range = if is_registry_known { parts.path.clone() } else { 0..parts.path.end };
    let mut name = written.str(name_range, content);
    if is_registry_known && let Some(Cow::Owned(full)) = repository(&written.value, &parts) {
        name = Str::made(name.span, full);
    }
    let digest = parts.digest.clone().filter(is_known).map(|range| written.str(range, content));
    let pin = match (&parts.tag, &parts.digest) {
        (_, Some(unknown)) if digest.is_none() => Some(unknown),
        (tag, _) => tag.as_ref(),
    };
    let (version, moving) = match (&digest, pin) {
        (Some(digest), _) => (Some(digest.clone()), None),
        (None, Some(tag)) => {
            let moving = written.str(tag.clone(), content);
            (is_known(tag).then(|| moving.clone()), Some(moving))
        }
        (None, None) if is_known(&parts.path) => {
            let latest = Str::made(name.span, "latest");
            (Some(latest.clone()), Some(latest))
        }
        (None, None) => (None, Some(written.whole(content))),
    };
    let locator = match parts.host.clone() {
        _ if !is_registry_known => Locator::Unresolved(written.whole(content)),
        Some(host) => Locator::Index(written.str(host, content)),
        None => Locator::Silent,
    };
    let mut entry = Entry::new(Ecosystem::Docker, name, version, locator);
    entry.moving = moving;
    Ok((entry, digest))
}

#[derive(Debug, PartialEq, Eq)]
struct Parts {
    host: Option<Range<usize>>,
    path: Range<usize>,
    tag: Option<Range<usize>>,
    digest: Option<Range<usize>>,
}

/// The repository without host, with the `library/` that the default registry's short names leave out.
fn repository<'w>(value: &'w str, parts: &Parts) -> Option<Cow<'w, str>> {
    let path = value.get(parts.path.clone())?;
    let host = parts.host.clone().and_then(|host| value.get(host));
    let is_short = !path.contains('/') && matches!(host, None | Some("docker.io" | "index.docker.io"));
    Some(if is_short { Cow::Owned(format!("library/{path}")) } else { Cow::Borrowed(path) })
}

/// Divides a reference and checks its parts; parts with a hole are not checked.
fn split(value: &str) -> Result<Parts, &'static str> {
    if value.is_empty() {
        return Err("it is empty");
    }
    if value.len() == 64 && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err("it is an image's id, which no registry serves by name");
    }
    let (named, digest) = match value.find('@') {
        Some(at) => (value.get(..at).unwrap_or(""), Some(at + 1..value.len())),
        None => (value, None),
    };
    let last = named.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match named.get(last..).and_then(|part| part.find(':')) {
        Some(colon) => (named.get(..last + colon).unwrap_or(""), Some(last + colon + 1..named.len())),
        None => (named, None),
    };
    let host = name.split_once('/').map(|(first, _)| first).filter(|first| is_host(first)).map(|first| 0..first.len());
    let path = host.as_ref().map_or(0, |host| host.end + 1)..name.len();
    let parts = Parts { host, path, tag, digest };
    check(value, &parts)?;
    Ok(parts)
}

fn is_host(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) && !first.contains(HOLE) || first.chars().any(char::is_uppercase)
}

fn check(value: &str, parts: &Parts) -> Result<(), &'static str> {
    let part = |range: &Range<usize>| value.get(range.clone()).filter(|part| !part.contains(HOLE));
    if let Some(host) = parts.host.as_ref().and_then(part)
        && !is_host_valid(host)
    {
        return Err("the host is malformed");
    }
    let path = value.get(parts.path.clone()).unwrap_or("");
    if path.chars().any(char::is_uppercase) {
        return Err("a repository has no upper-case letters");
    }
    if !path.split('/').all(|component| component.contains(HOLE) || is_component_valid(component)) {
        return Err(
            "the repository is malformed (expected lower-case letters and digits with single `.`, `_` or `-` between them)",
        );
    }
    if parts.path.end > NAME_LENGTH_MAX {
        return Err("the name is longer than 255 characters");
    }
    if let Some(tag) = parts.tag.as_ref().and_then(part)
        && !is_tag_valid(tag)
    {
        return Err("the tag is malformed");
    }
    if let Some(digest) = parts.digest.as_ref().and_then(part)
        && !is_digest_valid(digest)
    {
        return Err("the digest is malformed (expected `sha256:` and 64 lower-case hexadecimal digits)");
    }
    Ok(())
}

/// A domain name, an IPv4 address or an IPv6 address in brackets, with or without a port.
fn is_host_valid(host: &str) -> bool {
    let (domain, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            let is_address = !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':');
            if !is_address {
                return false;
            }
            if rest.is_empty() {
                return true;
            }
            ("ipv6", rest.strip_prefix(':'))
        }
        None => host.split_once(':').map_or((host, Some("0")), |(domain, port)| (domain, Some(port))),
    };
    let is_port = port.is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    is_port && domain.split('.').all(is_label)
}

/// Runs of lower-case letters and digits, with `.`, `_`, `__` or any number of `-` between them.
fn is_component_valid(component: &str) -> bool {
    let is_run = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut separator = 0..0;
    let bytes = component.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        if is_run(*byte) {
            let between = bytes.get(separator.clone()).unwrap_or(&[]);
            let is_fine = matches!(between, b"" | b"." | b"_" | b"__") || between.iter().all(|byte| *byte == b'-');
            if !is_fine || (separator.start == 0 && !between.is_empty()) {
                return false;
            }
            separator = at + 1..at + 1;
        } else {
            separator.end = at + 1;
        }
    }
    !component.is_empty() && separator.is_empty()
}

fn is_tag_valid(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= TAG_LENGTH_MAX
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// `ALGORITHM:HEX`; known algorithms with their length, others with at least 32 digits.
fn is_digest_valid(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let is_lower = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match algorithm {
        "sha256" => is_lower && hex.len() == 64,
        "sha384" => is_lower && hex.len() == 96,
        "sha512" => is_lower && hex.len() == 128,
        _ => {
            let is_name = |part: &str| {
                part.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
                    && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            };
            algorithm.split(['-', '_', '+', '.']).all(is_name)
                && hex.len() >= 32
                && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn read(reference: &str) -> Option<Reference> {
        resolve(reference, &|_| None)
    }

    fn show(reference: &str) -> String {
        read(reference).map_or_else(
            || "-".to_owned(),
            |found| {
                let or = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
                let digest = found.digest.map(|digest| digest.chars().take(9).collect());
                format!("{} {} {} {}", or(found.host), found.name, or(found.tag), or(digest))
            },
        )
    }

    #[test]
    fn references_divide_as_the_distribution_project_divides_them() {
        let hex = "0123456789abcdef".repeat(4);
        for (reference, expected) in [
            ("node", "- library/node - -"),
            ("node:22", "- library/node 22 -"),
            ("acme/app", "- acme/app - -"),
            ("docker.io/node", "docker.io library/node - -"),
            ("index.docker.io/node:1", "index.docker.io library/node 1 -"),
            ("docker.io/library/node", "docker.io library/node - -"),
            ("localhost/app", "localhost app - -"),
            ("localhost:5000", "- library/localhost 5000 -"),
            ("registry:5000/app:1", "registry:5000 app 1 -"),
            ("ghcr.io/acme/app:v1.2_3-x", "ghcr.io acme/app v1.2_3-x -"),
            ("Acme/app", "Acme app - -"),
            ("[::1]:5000/app", "[::1]:5000 app - -"),
            ("[2001:db8::1]/app", "[2001:db8::1] app - -"),
            ("a__b/c--d.e", "- a__b/c--d.e - -"),
            ("acme/App", "-"),
            ("App", "-"),
            ("-app", "-"),
            ("app-", "-"),
            ("a___b", "-"),
            ("a..b/c", "-"),
            ("app:", "-"),
            ("app:-x", "-"),
            ("app@sha256:12", "-"),
            ("app//x", "-"),
            ("/app", "-"),
            ("https://ghcr.io/app", "-"),
            ("evil.example\\@ghcr.io/app", "-"),
            ("user@ghcr.io/app", "-"),
            ("", "-"),
            (&hex, "-"),
            (&format!("node@sha256:{hex}"), "- library/node - sha256:01"),
            (&format!("node:22@sha256:{hex}"), "- library/node 22 sha256:01"),
            (&format!("node@sha256:{}", hex.to_uppercase()), "-"),
            (&format!("{}/x", "a".repeat(260)), "-"),
        ] {
            assert_eq!(show(reference), expected, "{reference}");
        }
    }

    #[test]
    fn unknown_names_keep_whole_segments() {
        for (name, known) in [("a/b", "a/b"), ("a/b${X}/c", "a"), ("${X}/c", ""), ("a/{{ x }}", "a"), ("a/$(x)", "a")] {
            assert_eq!(known_part(name), known);
        }
    }

    #[test]
    fn arguments_resolve_what_was_unresolved() {
        let args = |name: &str| (name == "REGISTRY").then(|| "ghcr.io/acme".to_owned());
        let found = resolve("${REGISTRY}/app:1", &args).unwrap();
        assert_eq!((found.host.as_deref(), found.name.as_str()), (Some("ghcr.io"), "acme/app"));
        assert_eq!(resolve("${OTHER}/app:1", &args), None);
        assert_eq!(resolve("${{ github.repository }}", &args), None);
    }
}
