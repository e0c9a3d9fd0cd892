//! Tarballs of npm-like registries.
//!
//! Layouts, below any path: `NAME/-/BASE-VERSION.tgz` (npm and nearly all; some have the npm scope or the version before the file), cnpm's
//! `NAME/download/…`, GitHub Packages' `download/NAME/VERSION/HASH`, and JSR's `~/REVISION/NAME/VERSION.tgz`.

use super::Shape;

pub(super) fn shape(path: &str, name: &str, version: &str) -> Shape {
    if let Some((before, file)) = path.rsplit_once("/-/") {
        return tarball(before, file, name, version);
    }
    if let Some((_, rest)) = path.split_once("/~/")
        && let Some((_, rest)) = rest.split_once('/').filter(|(revision, _)| revision.bytes().all(|byte| byte.is_ascii_digit()))
    {
        let found = rest.strip_suffix(".tgz").and_then(|rest| rest.rsplit_once('/'));
        return found.map_or(Shape::Other, |(found, at)| either(found == name && is_version(at, version)));
    }
    match path.split_once("/download/") {
        // A code host's releases have that word too.
        Some((before, _)) if before.ends_with("/releases") => Shape::Other,
        Some((before, file)) if file.strip_suffix(".tgz").is_some_and(|stem| stem.split('/').count() <= 2) => {
            tarball(before, file, name, version)
        }
        Some((_, rest)) => download(rest, name, version),
        None => Shape::Other,
    }
}

/// `NAME/VERSION/HASH`.
fn download(rest: &str, name: &str, version: &str) -> Shape {
    let parts: Vec<&str> = rest.split('/').collect();
    let (found, at) = match parts.as_slice() {
        [scope, base, at, _, ..] if scope.starts_with('@') => (format!("{scope}/{base}"), *at),
        [base, at, _, ..] if base.len() < rest.len() => ((*base).to_owned(), *at),
        _ => return Shape::Other,
    };
    // `download/scope/base/version/hash`: the scope's sign was lost on the way.
    if without_sign(name).is_some_and(|plain| rest.strip_prefix(plain).is_some_and(|rest| rest.starts_with('/'))) {
        return either(parts.get(2).is_some_and(|at| is_version(at, version)));
    }
    let is_version_like = at.starts_with(|first: char| first.is_ascii_digit()) && at.contains('.');
    if is_version_like { either(found == name && is_version(at, version)) } else { Shape::Other }
}

fn tarball(before: &str, file: &str, name: &str, version: &str) -> Shape {
    let (folder, file) = super::file_of(file);
    let Some(stem) = file.strip_suffix(".tgz").or_else(|| file.strip_suffix(".tar.gz")) else { return Shape::Other };
    // Nothing but an npm scope or the version stands before the file; a code host's `/-/archive/…` is no registry's.
    let is_scope = || !folder.contains('/') && before.ends_with(&format!("/{folder}/{}", super::file_of(before).1));
    if !(folder.is_empty() || folder == version || is_scope()) {
        return Shape::Other;
    }
    let base = name.rsplit('/').next().unwrap_or(name);
    let ends = |name: &str| before == name || before.strip_suffix(name).is_some_and(|rest| rest.ends_with('/'));
    let is_name = ends(name) || without_sign(name).is_some_and(ends);
    let found = stem.strip_prefix(base).and_then(|rest| rest.strip_prefix('-'));
    either(is_name && found.is_some_and(|found| is_version(found, version)))
}

/// `@acme/x` as some registries write it.
fn without_sign(name: &str) -> Option<&str> {
    name.strip_prefix('@')
}

/// Whether a version is the one that is wanted. Build metadata is not part of a tarball's name.
fn is_version(found: &str, wanted: &str) -> bool {
    wanted.is_empty() || found == wanted || Some(found) == wanted.split('+').next()
}

fn either(is_own: bool) -> Shape {
    if is_own { Shape::Own } else { Shape::AnotherPackage }
}
