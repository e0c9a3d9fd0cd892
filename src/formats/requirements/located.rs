//! One requirement of pip: its name, version and where it shall come from.
//!
//! Answers for: PEP 508 and pip's own forms, addresses and paths without a name. Never reads options.

use crate::dependency::Locator;
use crate::formats::python::{
    Requirement, asked, file_name, file_version, is_repository, is_source, manifest, name, of_file, part, requirement,
};
use crate::neighbours::{Neighbours, join};
use crate::text::Str;

/// What a requirement says.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: Str,
    pub(super) version: Option<Str>,
    pub(super) locator: Locator,
    pub(super) moving: Option<Str>,
    /// The hash in an address's fragment.
    pub(super) hash: Option<Str>,
}

/// Whether a text is a requirement at all, named or not.
pub(super) fn is_requirement(text: &str) -> bool {
    let code = text.split(" --").next().unwrap_or(text);
    requirement(code).is_some() || is_address(code)
}

/// Reads a requirement; `None` if it is none.
pub(super) fn locate(whole: &Str, written: &str, around: &Neighbours<'_>) -> Option<Found> {
    if let Some(found) = requirement(written).filter(|found| !is_archive(found.name)) {
        return Some(named(whole, written, found));
    }
    is_address(written).then(|| nameless(whole, written, around))
}

fn named(whole: &Str, written: &str, found: Requirement<'_>) -> Found {
    let at = name(&part(whole, written, found.name), found.name);
    let Some(address) = found.address else {
        let version = found.version.map(|version| part(whole, written, version));
        return Found { name: at, version, locator: Locator::Silent, moving: None, hash: None };
    };
    let value = part(whole, written, address);
    let (locator, moving) = asked(&value, address);
    Found { name: at, version: version_of(&value, address), locator, moving, hash: fragment_hash(&value, address) }
}

/// An address or path without a name before it.
fn nameless(whole: &Str, written: &str, around: &Neighbours<'_>) -> Found {
    // A marker stands behind ` ;`, extras in brackets at the end.
    let bare = written.split(" ;").next().unwrap_or(written).trim_end();
    let bare = match bare.strip_suffix(']').and_then(|rest| rest.rfind('[')) {
        Some(at) => bare.get(..at).unwrap_or(bare),
        // An editable's extras may hold a space, where its word ends.
        None if bare.starts_with('.') => bare.split('[').next().unwrap_or(bare),
        None => bare,
    };
    let value = part(whole, written, bare);
    let (locator, moving) = asked(&value, bare);
    let name = egg(&value, bare).or_else(|| {
        let (name, _) = of_file(bare)?;
        Some(crate::formats::python::name(&part(&value, bare, name), name))
    });
    let name = name.or_else(|| project(&value, bare, around)).unwrap_or_else(|| last(&value, bare));
    let version = if matches!(locator, Locator::Git { .. }) { None } else { version_of(&value, bare) };
    Found { name, version, locator, moving, hash: fragment_hash(&value, bare) }
}

/// Whether pip takes a text for an address or a path.
fn is_address(text: &str) -> bool {
    let bare = text.split(" ;").next().unwrap_or(text).trim();
    let has_scheme = bare.split_once(':').is_some_and(|(scheme, rest)| {
        !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
            && rest.starts_with('/')
    });
    let is_path = bare.starts_with(['.', '/', '~']) || bare.starts_with("${") || bare.starts_with("file:");
    // `${NAME}` is expanded by pip, in a secret of an address above all.
    let is_plain = !bare.replace("${", "").contains([' ', '<', '>', '{', '|']) || bare.starts_with("${");
    (has_scheme && is_plain) || is_path || (is_plain && (is_archive(bare) || (bare.contains('/') && !bare.contains('='))))
}

fn is_archive(text: &str) -> bool {
    is_source(text) || file_name(text).to_ascii_lowercase().ends_with(".whl")
}

fn version_of(value: &Str, address: &str) -> Option<Str> {
    if is_repository(address) {
        return None;
    }
    let (_, version) = of_file(address)?;
    Some(file_version(&part(value, address, version), version))
}

/// `#sha256=…` of an address.
fn fragment_hash(value: &Str, address: &str) -> Option<Str> {
    let (_, fragment) = address.split_once('#')?;
    let pair = fragment
        .split('&')
        .find(|pair| ["sha256=", "sha384=", "sha512=", "sha1=", "md5="].iter().any(|start| pair.starts_with(start)))?;
    Some(Str::made(part(value, address, pair).span, pair.replacen('=', ":", 1)))
}

/// `#egg=name` of an address.
fn egg(value: &Str, address: &str) -> Option<Str> {
    let (_, fragment) = address.split_once('#')?;
    let egg = fragment.split('&').find_map(|pair| pair.strip_prefix("egg="))?;
    let egg = egg.split(['[', '=', '<', '>', '~']).next().unwrap_or(egg);
    (!egg.is_empty()).then(|| name(&part(value, address, egg), egg))
}

/// The name in the `pyproject.toml` of a folder of the repository.
fn project(value: &Str, path: &str, around: &Neighbours<'_>) -> Option<Str> {
    if path.contains("://") {
        return None;
    }
    let folder = around.resolve(path).ok()?;
    let text = around.at(&join(&folder, "pyproject.toml"))?.ok()?;
    let name = manifest::pyproject(text).ok()?.name?;
    Some(Str::made(value.span, name))
}

/// The last part of an address or path: the best that can be said of something without a name.
fn last(value: &Str, address: &str) -> Str {
    let end = address.find(['#', '?']).unwrap_or(address.len());
    let bare = address.get(..end).unwrap_or(address).trim_end_matches(['/', '\\']);
    let path = bare.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or(bare, |(_, path)| path);
    let bare = if is_repository(address) { path.rsplit_once('@').map_or(path, |(path, _)| path) } else { bare };
    let last = bare.rsplit(['/', '\\']).next().unwrap_or(bare);
    let last = last.strip_suffix(".git").unwrap_or(last);
    if last.is_empty() || last.bytes().all(|byte| byte == b'.') {
        return value.clone();
    }
    let at = part(value, address, last);
    if is_archive(last) { at } else { name(&at, last) }
}
