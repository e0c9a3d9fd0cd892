//! Wheels and source distributions: the file's name says name and version, whatever path it lies at.
//!
//! Names are compared in their normal form (PEP 503), versions as PEP 440 compares them; the file of a local version (`2.0.0+cpu`) also
//! fits the version without it. A file that does not say both, such as a code host's `main.zip`, says nothing.

use std::str::FromStr;

use pep440_rs::Version;

use super::Shape;

const SOURCE_ENDS: [&str; 7] = [".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar"];

pub(super) fn shape(path: &str, name: &str, version: &str) -> Shape {
    let file = super::file_of(path).1;
    if let Some(stem) = file.strip_suffix(".whl") {
        let parts: Vec<&str> = stem.split('-').collect();
        return match parts.as_slice() {
            // Name, version, perhaps a build, and three tags.
            [found, at, _, _, _] | [found, at, _, _, _, _] if at.starts_with(|first: char| first.is_ascii_digit()) => {
                either(after_name(found, name) == Some("") && is_version(at, version))
            }
            _ => Shape::Other,
        };
    }
    let Some(stem) = SOURCE_ENDS.iter().find_map(|end| file.strip_suffix(end)) else { return Shape::Other };
    match after_name(stem, name).and_then(|rest| rest.strip_prefix('-')) {
        Some(at) if is_version(at, version) => Shape::Own,
        _ => {
            if says_name_and_version(stem) {
                Shape::AnotherPackage
            } else {
                Shape::Other
            }
        }
    }
}

/// What follows a name (in its normal form) at the beginning of a text, whichever case and separators it is written with there.
fn after_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let is_separator = |c: char| matches!(c, '-' | '_' | '.');
    let mut rest = text;
    for wanted in name.chars() {
        if is_separator(wanted) {
            let after = rest.trim_start_matches(is_separator);
            if after.len() == rest.len() {
                return None;
            }
            rest = after;
        } else {
            let first = rest.chars().next().filter(|first| first.eq_ignore_ascii_case(&wanted))?;
            rest = rest.get(first.len_utf8()..)?;
        }
    }
    Some(rest)
}

/// Whether both spell one version. Any text that begins like a version fits where none is wanted.
fn is_version(found: &str, wanted: &str) -> bool {
    if wanted.is_empty() {
        return found.starts_with(|first: char| first.is_ascii_digit());
    }
    if found == wanted {
        return true;
    }
    // A file's name has no room for `-`, and some tools no sign but `_`.
    let spellings = [found.to_owned(), found.replacen('_', "+", 1), found.replace('_', "-")];
    let Ok(wanted) = Version::from_str(wanted) else { return folded(found) == folded(wanted) };
    let fits = |found: Version| found == wanted || (!wanted.is_local() && found.without_local() == wanted);
    spellings.iter().filter_map(|spelling| Version::from_str(spelling).ok()).any(fits)
}

/// A version from before there were rules, as far as it can be compared: letters and digits.
fn folded(version: &str) -> String {
    version.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a source distribution's stem is `name-1.0`: names begin with a letter or digit, versions with a digit.
fn says_name_and_version(stem: &str) -> bool {
    stem.rsplit_once('-').is_some_and(|(name, version)| {
        name.starts_with(|first: char| first.is_ascii_alphanumeric()) && Version::from_str(version).is_ok()
    })
}

fn either(is_own: bool) -> Shape {
    if is_own { Shape::Own } else { Shape::AnotherPackage }
}
