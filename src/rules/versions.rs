//! Which of two versions is the later one, as far as their text tells. What nobody can order is not ordered.

use std::cmp::Ordering;

use crate::ecosystem::Ecosystem;

/// A run of digits or of letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Word(String),
    /// A number without leading zeros: its length, then its digits.
    Number(usize, String),
}

/// Words that come before the version that they belong to, in order.
const BEFORE: [&str; 11] = ["dev", "snapshot", "a", "alpha", "b", "beta", "m", "milestone", "pre", "preview", "rc"];
/// Words that come after it, in order.
const AFTER: [&str; 4] = ["sp", "p", "patch", "post"];

/// How `one` stands to `other`: equal is "the same but for how it is written". `None` where the text does not tell: digests, commits,
/// branches, unlike variants of one version.
pub(super) fn order(ecosystem: Ecosystem, one: &str, other: &str) -> Option<Ordering> {
    let (one, other) = (bare(one)?, bare(other)?);
    let is_semver = matches!(
        ecosystem,
        Ecosystem::Npm
            | Ecosystem::Cargo
            | Ecosystem::Golang
            | Ecosystem::Jsr
            | Ecosystem::Hex
            | Ecosystem::Pub
            | Ecosystem::Swift
            | Ecosystem::NuGet
            | Ecosystem::Terraform
    );
    if !is_semver {
        return order_parts(&parts(one), &parts(other), false);
    }
    let split = |version| str::split_once(version, '-').map_or((version, ""), |(core, before)| (core, before));
    let ((one, one_before), (other, other_before)) = (split(one), split(other));
    let core = order_parts(&parts(one), &parts(other), true)?;
    Some(core.then_with(|| match (one_before.is_empty(), other_before.is_empty()) {
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        _ => parts(one_before).cmp(&parts(other_before)),
    }))
}

/// Without what says nothing about the order; `None` if it does not look like a version.
fn bare(version: &str) -> Option<&str> {
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let version = version.split('+').next().unwrap_or(version);
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    let is_word_next = end + 1 < version.len() && version.get(end..).is_some_and(|rest| rest.starts_with(char::is_alphabetic));
    (end > 0 && end < 20 && !is_word_next).then_some(version)
}

/// Runs of digits and letters, in order; also an order of all texts for sorting.
pub(super) fn parts(version: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for piece in version.split(|c: char| !c.is_alphanumeric()) {
        let mut rest = piece;
        while let Some(first) = rest.chars().next() {
            let is_digit = first.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
            let (run, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let number = run.trim_start_matches('0');
            let part = if is_digit { Part::Number(number.len(), number.to_owned()) } else { Part::Word(run.to_lowercase()) };
            parts.push(part);
            rest = behind;
        }
    }
    parts
}

fn order_parts(one: &[Part], other: &[Part], is_semver: bool) -> Option<Ordering> {
    let zero = Part::Number(0, String::new());
    for at in 0..one.len().max(other.len()) {
        let ordering = match (one.get(at), other.get(at)) {
            (Some(Part::Word(one)), Some(Part::Word(other))) if one != other && !is_semver => rank(one)?.cmp(&rank(other)?),
            (Some(Part::Word(word)), None) => rank(word)?.cmp(&0),
            (None, Some(Part::Word(word))) => 0.cmp(&rank(word)?),
            (one, other) => one.unwrap_or(&zero).cmp(other.unwrap_or(&zero)),
        };
        if ordering != Ordering::Equal {
            return Some(ordering);
        }
    }
    Some(Ordering::Equal)
}

/// Below 0 comes before the version itself, above 0 after it.
fn rank(word: &str) -> Option<i32> {
    let at = |words: &[&str]| words.iter().position(|one| *one == word).and_then(|at| i32::try_from(at).ok());
    at(&BEFORE).map(|at| at - 100).or_else(|| at(&AFTER).map(|at| at + 1))
}

/// What versions that are meant to be alike have in common: the first number, or two after a zero.
pub(super) fn line(version: &str) -> &str {
    let bare = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let dots: Vec<usize> = bare.match_indices('.').map(|(at, _)| at).take(2).collect();
    let end = match (dots.first(), dots.get(1)) {
        (Some(1), second) if bare.starts_with('0') => second.copied().unwrap_or(bare.len()),
        (Some(first), _) => *first,
        (None, _) => bare.len(),
    };
    bare.get(..end).unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_their_ecosystem_does() {
        use Ecosystem::{Conda, Docker, GitHubActions, Golang, Maven, Npm, PyPi};
        let less = [
            (Npm, "1.9.0", "1.10.0"),
            (Npm, "1.0.0-rc.9", "1.0.0-rc.10"),
            (Npm, "1.0.0-1", "1.0.0"),
            (Golang, "v0.0.0-20230101000000-ffffffffffff", "v0.0.0-20240101000000-000000000000"),
            (Golang, "v1.2.3+incompatible", "v1.3.0"),
            (PyPi, "1.0rc1", "1.0"),
            (PyPi, "1.0", "1.0.post1"),
            (Maven, "1.0-alpha-2", "1.0-beta-1"),
            (Docker, "3.19-alpine", "3.20-alpine"),
            (Conda, "99999999999999999.1", "99999999999999999.2"),
        ];
        for (ecosystem, one, other) in less {
            assert_eq!(order(ecosystem, one, other), Some(Ordering::Less), "{one} {other}");
            assert_eq!(order(ecosystem, other, one), Some(Ordering::Greater), "{other} {one}");
        }
        assert_eq!(order(PyPi, "1.0", "1.0.0"), Some(Ordering::Equal));
        let unknown = [
            (Docker, "20-alpine", "20-slim"),
            (Docker, "latest", "3.20"),
            (GitHubActions, "8e5e7e5ab8b370d6c329ec480221332ada57f0ab", "v4"),
            (GitHubActions, "main", "v4"),
            (Docker, "sha256:00", "sha256:01"),
            (Npm, "", "1.0.0"),
        ];
        for (ecosystem, one, other) in unknown {
            assert_eq!((order(ecosystem, one, other), order(ecosystem, other, one)), (None, None), "{one} {other}");
        }
        assert_eq!(["1.2.3", "0.2.3", "v12.0", "7", "0.1"].map(line), ["1", "0.2", "12", "7", "0.1"]);
    }
}
