//! Whose package the file at an address is, by the shape in which registries lay their files out.
//!
//! Answers for: whether an address is shaped as registries serve this very package, another one (lockfile injection), or nothing that is
//! known. Never knows a registry, and says nothing where it is not sure: below which path a registry lives is its own business.

mod conda;
mod maven;
mod npm;
mod python;
mod repository;

use std::borrow::Cow;

pub use repository::is_archive_of_another;

use crate::ecosystem::Ecosystem;

/// What an address is shaped like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As registries serve this very package and version.
    Own,
    /// As registries serve another package or version (lockfile injection).
    AnotherPackage,
    /// No shape that is known.
    Other,
}

/// The shape of a file's address, held against the package that it should be: its name as the ecosystem writes it, and its version, which
/// is empty where it is not known. `Other` in ecosystems whose registries share no shape.
#[must_use]
pub fn of(ecosystem: Ecosystem, address: &str, name: &str, version: &str) -> Shape {
    let judge = match ecosystem {
        Ecosystem::Npm => npm::shape,
        Ecosystem::PyPi => python::shape,
        Ecosystem::Maven => maven::shape,
        Ecosystem::Conda => conda::shape,
        _ => return Shape::Other,
    };
    let end = address.find(['?', '#']).unwrap_or(address.len());
    judge(&decoded(address.get(..end).unwrap_or(address)), name, version)
}

/// With those characters decoded that names and versions have and clients encode.
fn decoded(path: &str) -> Cow<'_, str> {
    const ENCODED: [(&str, &str); 6] = [("%2f", "/"), ("%40", "@"), ("%2b", "+"), ("%21", "!"), ("%2d", "-"), ("%7e", "~")];
    let mut path = Cow::Borrowed(path);
    // Nearly none has any.
    if !path.contains('%') {
        return path;
    }
    for (code, character) in ENCODED {
        for code in [code, code.to_ascii_uppercase().as_str()] {
            if path.contains(code) {
                path = Cow::Owned(path.replace(code, character));
            }
        }
    }
    path
}

/// The file name at the end of a path, and what stands before its slash.
fn file_of(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(test)]
mod tests;
