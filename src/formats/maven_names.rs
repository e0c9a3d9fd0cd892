//! Names and versions of Maven's world, for all formats that write them.
//!
//! Answers for: what may be a part of a coordinate, and which versions are exact. Never reads a file.

use crate::text::Str;

/// Whether a text can be a group, an artifact or a version: no space, and nothing that separates coordinates, builds paths, or stands for
/// something else. Also keeps `*` out of the patterns that are made of names.
pub(crate) fn is_part(text: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || ":/\\${}<>\"'*=".contains(c);
    !text.is_empty() && text.len() <= 256 && !text.contains(is_odd)
}

/// What a version asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// This version. Maven and Gradle may settle on a higher one where others ask for it; a repository never changes it.
    Exact,
    /// This version, whose content changes (`-SNAPSHOT`).
    Changing,
    /// The newest one (`LATEST`, `RELEASE`, `latest.release`).
    Newest,
    /// One of several (`[1.0,2.0)`, `1.+`).
    Range,
    /// No version.
    Odd,
}

/// What a version, as Maven or Gradle write it, asks for.
pub(super) fn wanted(version: &str) -> Wanted {
    if matches!(version, "LATEST" | "RELEASE") || version.starts_with("latest.") {
        Wanted::Newest
    } else if version.starts_with(['[', '(', ']']) || version.ends_with('+') {
        Wanted::Range
    } else if !is_part(version) || version.contains([',', '[', ']', '(', ')']) {
        Wanted::Odd
    } else if version.ends_with("-SNAPSHOT") {
        Wanted::Changing
    } else {
        Wanted::Exact
    }
}

/// The version of an entry that asks for this one, and what moves it.
pub(super) fn version_of(version: &Str, content: &str) -> (Option<Str>, Option<Str>) {
    match wanted(version.of(content)) {
        Wanted::Exact => (Some(version.clone()), None),
        Wanted::Changing => (Some(version.clone()), Some(version.clone())),
        Wanted::Newest => (None, Some(version.clone())),
        Wanted::Range | Wanted::Odd => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        for (version, expected) in [
            ("1.0", Wanted::Exact),
            ("9+181-r4173-1", Wanted::Exact),
            ("33.4.8-jre", Wanted::Exact),
            ("1.0-SNAPSHOT", Wanted::Changing),
            ("1.0-20240101.120000-3", Wanted::Exact),
            ("LATEST", Wanted::Newest),
            ("latest.release", Wanted::Newest),
            ("[1.0,2.0)", Wanted::Range),
            ("[1.0]", Wanted::Range),
            ("1.+", Wanted::Range),
            ("+", Wanted::Range),
            ("${x}", Wanted::Odd),
            ("", Wanted::Odd),
            ("1.0,2.0", Wanted::Odd),
        ] {
            assert_eq!(wanted(version), expected, "{version}");
        }
    }
}
