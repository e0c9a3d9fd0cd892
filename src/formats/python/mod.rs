//! What Python's formats share: names, requirements (PEP 508), file names of distributions, groups, and entries that repeat.
//!
//! Answers for: the words in which these formats speak, read once. Never reads a file of its own and never decides what a file is.

pub(crate) mod artifacts;
#[cfg(test)]
mod damaged;
pub(crate) mod manifest;
pub(crate) mod packages;

use std::borrow::Cow;

use crate::dependency::{Locator, Scopes};
use crate::syntax::Node;
use crate::text::{Span, Str};

/// A name as PyPI compares it (PEP 503): lower case, every run of `-`, `_` and `.` one `-`.
pub(crate) fn normalised(written: &str) -> Cow<'_, str> {
    let is_separator = |byte: u8| matches!(byte, b'-' | b'_' | b'.');
    let bytes = written.as_bytes();
    let is_plain = |(at, byte): (usize, &u8)| {
        let follows = at > 0 && bytes.get(at - 1).is_some_and(|before| is_separator(*before));
        let is_odd = byte.is_ascii_uppercase() || matches!(byte, b'_' | b'.') || (*byte == b'-' && follows);
        !is_odd
    };
    if bytes.iter().enumerate().all(is_plain) {
        return Cow::Borrowed(written);
    }
    let mut name = String::with_capacity(written.len());
    for character in written.chars() {
        if !matches!(character, '-' | '_' | '.') {
            name.extend(character.to_lowercase());
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    Cow::Owned(name)
}

/// A name with its place, as PyPI compares it.
pub(crate) fn name(at: &Str, written: &str) -> Str {
    match normalised(written) {
        Cow::Borrowed(_) => at.clone(),
        Cow::Owned(name) => Str::made(at.span, name),
    }
}

/// The part of a value that was cut out of it.
pub(crate) fn part(whole: &Str, value: &str, part: &str) -> Str {
    let offset = part.as_ptr().addr().checked_sub(value.as_ptr().addr());
    match offset {
        Some(at) if whole.made.is_none() && at + part.len() <= value.len() => {
            let start = whole.span.start as usize + at;
            Str::at(Span::new(start, start + part.len()))
        }
        _ => Str::made(whole.span, part),
    }
}

/// A requirement of PEP 508, cut out of what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Requirement<'a> {
    /// As written, not normalised.
    pub(crate) name: &'a str,
    /// The one version that it accepts, if it accepts one only.
    pub(crate) version: Option<&'a str>,
    /// What it asks for by address (`name @ address`).
    pub(crate) address: Option<&'a str>,
    /// What stands behind `;`.
    pub(crate) marker: &'a str,
}

/// Reads a requirement; `None` if it is none.
pub(crate) fn requirement(written: &str) -> Option<Requirement<'_>> {
    let written = written.trim();
    let end = written.bytes().position(|byte| !is_name_byte(byte)).unwrap_or(written.len());
    let (name, rest) = written.split_at_checked(end)?;
    if !is_name(name) {
        return None;
    }
    let mut rest = rest.trim_start();
    if let Some(inside) = rest.strip_prefix('[') {
        let (extras, after) = inside.split_once(']')?;
        let is_extra = |extra: &str| extra.trim().bytes().all(is_name_byte);
        if !extras.split(',').all(is_extra) {
            return None;
        }
        rest = after.trim_start();
    }
    if let Some(after) = rest.strip_prefix('@') {
        let after = after.trim_start();
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        let (address, behind) = after.split_at_checked(end)?;
        let behind = behind.trim_start();
        let marker = if behind.is_empty() { "" } else { behind.strip_prefix(';')? };
        return (!address.is_empty()).then_some(Requirement {
            name,
            version: None,
            address: Some(address),
            marker: marker.trim(),
        });
    }
    let (specifiers, marker) = rest.split_once(';').unwrap_or((rest, ""));
    let specifiers = specifiers.trim();
    let specifiers = specifiers.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(specifiers).trim();
    let mut version = None;
    let clauses = specifiers.trim_end_matches(',');
    for clause in clauses.split(',').filter(|_| !clauses.is_empty()) {
        version = version.or(exact(clause)?);
    }
    Some(Requirement { name, version, address: None, marker: marker.trim() })
}

/// The version of a clause that accepts one only; `None` outside if it is no clause.
#[expect(clippy::option_option)] // a clause that is none, and one that pins nothing, differ
fn exact(clause: &str) -> Option<Option<&str>> {
    const OPERATORS: [&str; 8] = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];
    let clause = clause.trim();
    let operator = OPERATORS.into_iter().find(|operator| clause.starts_with(operator))?;
    let version = clause.strip_prefix(operator)?.trim();
    let is_odd = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'<' | b'>' | b'~' | b'"' | b'\'' | b'[' | b']');
    if version.is_empty() || version.bytes().any(is_odd) {
        return None;
    }
    let pins = operator.starts_with("==") && !version.contains(['*', '$', '{', '}']);
    Some(pins.then_some(version))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// Whether a text can be a package's name (PEP 508).
pub(crate) fn is_name(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    text.bytes().all(is_name_byte) && is_end(text.as_bytes().first()) && is_end(text.as_bytes().last())
}

const SOURCE_ENDS: [&str; 7] = [".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar"];

/// The file name at the end of an address or path, without query and fragment.
pub(crate) fn file_name(address: &str) -> &str {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let path = address.split_at_checked(end).map_or(address, |(path, _)| path);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Whether a file is a source distribution or another archive of sources, which is built before it is installed.
pub(crate) fn is_source(file: &str) -> bool {
    let file = file_name(file).to_ascii_lowercase();
    SOURCE_ENDS.iter().any(|end| file.ends_with(end))
}

/// Name and version in the file name of a wheel or source distribution.
pub(crate) fn of_file(address: &str) -> Option<(&str, &str)> {
    let file = file_name(address);
    if let Some(stem) = file.strip_suffix(".whl") {
        let mut parts = stem.split('-');
        let (name, version) = (parts.next()?, parts.next()?);
        return (parts.count() >= 3 && is_name(name)).then_some((name, version));
    }
    let stem = SOURCE_ENDS.iter().find_map(|end| file.strip_suffix(end))?;
    let (name, version) = stem.rsplit_once('-')?;
    (is_name(name) && version.starts_with(|first: char| first.is_ascii_digit())).then_some((name, version))
}

/// A version out of a file name, where `+` may be written `%2B`.
pub(crate) fn file_version(at: &Str, version: &str) -> Str {
    if version.contains('%') { Str::made(at.span, version.replace("%2B", "+").replace("%2b", "+")) } else { at.clone() }
}

/// Whether a text is a full commit: SHA-1 or SHA-256 in hexadecimal.
pub(crate) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Programs whose repositories an address may name (`git+https://…`).
const PROGRAMS: [&str; 4] = ["git+", "hg+", "svn+", "bzr+"];

/// Whether an address names a repository.
pub(crate) fn is_repository(address: &str) -> bool {
    PROGRAMS.iter().any(|program| address.starts_with(program)) || address.starts_with("git://")
}

/// A repository as pip writes it, `git+https://host/path@reference#egg=name`: its locator and the branch or tag that moves it.
pub(crate) fn repository(whole: &Str, written: &str) -> (Locator, Option<Str>) {
    let bare = written.split(['#', '?']).next().unwrap_or(written);
    let path_start = bare.find("://").map_or(0, |at| at + 3);
    let path_start = bare.get(path_start..).and_then(|rest| rest.find('/')).map_or(bare.len(), |at| path_start + at);
    let at = bare.get(path_start..).and_then(|path| path.rfind('@')).map(|at| path_start + at);
    let (url, reference) = match at {
        Some(at) => (bare.get(..at).unwrap_or(bare), bare.get(at + 1..).unwrap_or("")),
        None => (bare, ""),
    };
    let is_revision = written.starts_with("svn+") && !reference.is_empty() && reference.bytes().all(|byte| byte.is_ascii_digit());
    let is_pinned = is_commit(reference) || is_revision;
    let commit = is_pinned.then(|| part(whole, written, reference));
    let moving = (!is_pinned && !reference.is_empty()).then(|| part(whole, written, reference));
    (Locator::Git { url: part(whole, written, url), commit }, moving)
}

/// A repository as uv and pixi write it, `https://host/path?rev=main&subdirectory=x#commit`: its locator and what moves it.
pub(crate) fn revision(whole: &Str, written: &str) -> (Locator, Option<Str>) {
    let (rest, commit) = written.split_once('#').unwrap_or((written, ""));
    let (url, query) = rest.split_once('?').unwrap_or((rest, ""));
    let commit = is_commit(commit).then(|| part(whole, written, commit));
    let is_reference = |pair: &&str| ["branch=", "tag=", "rev="].iter().any(|key| pair.starts_with(key));
    let reference = query.split('&').find(is_reference).and_then(|pair| pair.split_once('=')).map(|(_, value)| value);
    let moving = reference.filter(|_| commit.is_none()).map(|value| part(whole, written, value));
    (Locator::Git { url: part(whole, written, url), commit }, moving)
}

/// Where an address that an entry itself asks for leads.
pub(crate) fn asked(whole: &Str, written: &str) -> (Locator, Option<Str>) {
    if is_repository(written) {
        return repository(whole, written);
    }
    if is_variable_host(written) {
        return (Locator::Unresolved(whole.clone()), None);
    }
    if let Some(path) = written.strip_prefix("file:") {
        let end = path.find(['#', '?']).unwrap_or(path.len());
        return (Locator::Path(part(whole, written, path.get(..end).unwrap_or(path))), None);
    }
    let locator = if written.contains("://") { Locator::Url(whole.clone()) } else { Locator::Path(whole.clone()) };
    (locator, None)
}

/// The path in an address that begins at the project's own folder: `file:///${PROJECT_ROOT}/…` of PDM and uv, `{root:uri}/…` of Hatch.
pub(crate) fn in_project(whole: &Str, written: &str) -> Option<Locator> {
    let (rest, is_parent) = match written.strip_prefix("{root:parent:uri}") {
        Some(rest) => (rest, true),
        None => (written.strip_prefix("file:///${PROJECT_ROOT}").or_else(|| written.strip_prefix("{root:uri}"))?, false),
    };
    let end = rest.find(['#', '?']).unwrap_or(rest.len());
    let path = rest.get(..end).unwrap_or(rest).trim_start_matches('/');
    let at = part(whole, written, path);
    Some(Locator::Path(match (is_parent, path) {
        (true, path) => Str::made(at.span, format!("../{path}")),
        (false, "") => Str::made(whole.span, "."),
        (false, _) => at,
    }))
}

/// Whether a variable stands in the host, so that nobody can tell offline which one it is.
pub(crate) fn is_variable_host(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return address.contains('$') };
    let authority = rest.split('/').next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    scheme.contains('$') || host.contains('$')
}

/// An index's address as its client would ask it. Variables before the host are credentials and say nothing about where it is.
pub(crate) fn without_variable_user(address: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = address.split_once("://") else { return Cow::Borrowed(address) };
    let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
    match authority.rsplit_once('@') {
        Some((user, host)) if user.contains('$') => Cow::Owned(format!("{scheme}://{host}{path}")),
        _ => Cow::Borrowed(address),
    }
}

/// What something is needed for, so that a thing needed without condition is not called optional because an extra needs it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs(u8);

impl Needs {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const PRODUCTION: Self = Self(1);
    pub(crate) const DEVELOPMENT: Self = Self(2);
    pub(crate) const TEST: Self = Self(4);
    pub(crate) const BUILD: Self = Self(8);
    /// An extra of the project itself.
    pub(crate) const EXTRA: Self = Self(16);

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What a group is for, by its name: groups other than the main one are a developer's.
    pub(crate) fn of_group(name: &str) -> Self {
        match name {
            "main" | "default" => Self::PRODUCTION,
            "test" | "tests" | "testing" => Self::TEST,
            _ => Self::DEVELOPMENT,
        }
    }

    pub(crate) fn scopes(self) -> Scopes {
        let mut scopes = Scopes::UNKNOWN;
        for (need, scope) in [
            (Self::PRODUCTION, Scopes::PRODUCTION),
            (Self::DEVELOPMENT, Scopes::DEVELOPMENT),
            (Self::TEST, Scopes::TEST),
            (Self::BUILD, Scopes::BUILD),
        ] {
            if self.contains(need) {
                scopes = scopes.with(scope);
            }
        }
        if self.contains(Self::EXTRA) && !self.contains(Self::PRODUCTION) {
            scopes = scopes.with(Scopes::PRODUCTION).with(Scopes::OPTIONAL);
        }
        scopes
    }
}

/// Where something shows that it is built before it is installed: a repository, or an archive of sources.
pub(crate) fn built(locator: &Locator, content: &str) -> Option<Span> {
    match locator {
        Locator::Git { url, .. } => Some(url.span),
        Locator::Url(at) | Locator::Path(at) if is_source(at.of(content)) => Some(at.span),
        _ => None,
    }
}

/// A member's text with its place.
pub(crate) fn text_of<'d>(node: Node<'d>, key: &str) -> Option<(Str, &'d str)> {
    let member = node.get(key)?;
    Some((member.str()?, member.text()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_compared_as_pypi_does() {
        for (written, expected) in
            [("requests", "requests"), ("Zope.Interface", "zope-interface"), ("a-_-b", "a-b"), ("ruamel_yaml", "ruamel-yaml")]
        {
            assert_eq!(normalised(written), expected);
        }
    }

    #[test]
    fn a_requirement_pins_one_version_or_none() {
        for (written, name, version) in [
            ("requests==2.31.0", "requests", Some("2.31.0")),
            ("requests [security,tests] == 2.8.1 ; python_version < '2.7'", "requests", Some("2.8.1")),
            ("a (===1.0-odd)", "a", Some("1.0-odd")),
            ("a>=1,==1.2", "a", Some("1.2")),
            ("a==1.*", "a", None),
            ("a==${VERSION}", "a", None),
            ("a>=1,<2", "a", None),
            ("a", "a", None),
        ] {
            let found = requirement(written).unwrap();
            assert_eq!((found.name, found.version), (name, version), "{written}");
        }
        for odd in ["", "==1", "a==", "a==1 b", "a = 1", "-e .", "a b", "{{ name }}==1", "a[b", "a==1 --hash"] {
            assert_eq!(requirement(odd), None, "{odd}");
        }
        let address = requirement("a[x] @ https://example.com/a.whl#sha256=0 ; extra == 'x'").unwrap();
        assert_eq!((address.address, address.marker), (Some("https://example.com/a.whl#sha256=0"), "extra == 'x'"));
    }

    #[test]
    fn files_tell_name_and_version() {
        for (file, expected) in [
            ("https://example.com/a/numpy-1.9.2-cp34-none-win32.whl", Some(("numpy", "1.9.2"))),
            ("zope-interface-5.0.tar.gz#sha256=0", Some(("zope-interface", "5.0"))),
            ("https://example.com/archive/refs/tags/1.26.8.zip", None),
            ("folder", None),
        ] {
            assert_eq!(of_file(file), expected, "{file}");
        }
    }

    #[test]
    fn a_repository_is_pinned_by_a_full_commit_only() {
        let written = "git+ssh://git@example.com/a/b.git@v1#egg=b";
        let (locator, moving) = repository(&Str::at(Span::new(0, written.len())), written);
        let Locator::Git { url, commit } = locator else { return assert!(commit_free()) };
        assert_eq!((url.of(written), commit), ("git+ssh://git@example.com/a/b.git", None));
        assert_eq!(moving.unwrap().of(written), "v1");
    }

    fn commit_free() -> bool {
        false
    }
}
