//! The shape of tarball addresses in npm-like registries.
//!
//! Answers for: whether an address is shaped as a registry serves this package, another package, or nothing of the kind.

/// What an address is shaped like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As registries serve this very package.
    Own,
    /// As registries serve another package or version (lockfile injection).
    AnotherPackage,
    /// No registry's shape.
    Other,
}

/// The shape of `address`, held against the package that it should be.
///
/// Two layouts are common to all registries of this kind: `…/NAME/-/BASE-VERSION.tgz`, and GitHub Packages' and Google's
/// `…/download/NAME/VERSION/…`. A registry may live below any path.
#[must_use]
pub fn tarball(address: &str, name: &str, version: &str) -> Shape {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let path = address.get(..end).unwrap_or(address).replace("%2f", "/").replace("%2F", "/").replace("%40", "@");
    if let Some((before, file)) = path.rsplit_once("/-/") {
        return standard(before, file, name, version);
    }
    if let Some((_, rest)) = path.split_once("/download/") {
        let own = rest.strip_prefix(name).and_then(|rest| rest.strip_prefix('/'));
        return match own {
            Some(rest) if rest.split('/').next() == Some(version) => Shape::Own,
            _ => Shape::AnotherPackage,
        };
    }
    Shape::Other
}

fn standard(before: &str, file: &str, name: &str, version: &str) -> Shape {
    let file = file.rsplit('/').next().unwrap_or(file);
    let Some(stem) = file.strip_suffix(".tgz").or_else(|| file.strip_suffix(".tar.gz")) else { return Shape::Other };
    let base = name.rsplit('/').next().unwrap_or(name);
    let is_name = before == name || before.strip_suffix(name).is_some_and(|rest| rest.ends_with('/'));
    // Build metadata is not part of a tarball's name.
    let plain = version.split('+').next().unwrap_or(version);
    let is_version = stem
        .strip_prefix(base)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|found| found == version || found == plain || version.is_empty());
    if is_name && is_version { Shape::Own } else { Shape::AnotherPackage }
}
