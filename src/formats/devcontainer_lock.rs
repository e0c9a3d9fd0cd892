//! `devcontainer-lock.json`: the features of a development container, each locked to a digest.
//!
//! Written by the Dev Container CLI; specification: <https://github.com/devcontainers/spec/blob/main/docs/specs/devcontainer-lockfile.md>.
//! `features` maps what the configuration asks for to `version`, `resolved` (`host/path@sha256:…`, or the address of an archive),
//! `integrity` (`sha256:…`) and `dependsOn`. Registry: the host in `resolved`; an entry without it has a missing origin. The version of an
//! artifact is its digest. Every feature runs code when it is installed. Direct is what `devcontainer.json` beside asks for.

use std::collections::HashMap;

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::image::{self, Written};
use crate::formats::{Claim, Format, devcontainer, remote};
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, json};
use crate::text::{Lost, Problem, Str, Text};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "devcontainer-lock",
    title: "Development container lock",
    kind: Kind::Lock,
    files: &[Claim::Name(".devcontainer-lock.json"), Claim::Name("devcontainer-lock.json")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read(text)?;
    let root = document.root();
    let Some(features) = root.get("features").filter(|features| features.is_map()) else {
        return Err(root.problem(Lost::File, "expected a map with `features`"));
    };
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { integrity: true, edges: true, ..devcontainer::SHOWS };
    let mut indexes = HashMap::new();
    for feature in features.members() {
        if let Some(index) = push(&mut lockfile, text, feature) {
            indexes.insert(feature.key(), index);
        }
    }
    for feature in features.members() {
        let Some(from) = indexes.get(feature.key()).copied() else { continue };
        for required in feature.get("dependsOn").into_iter().flat_map(Node::items) {
            match required.text().and_then(|key| indexes.get(key)) {
                Some(to) => lockfile.edge(from, *to),
                None => lockfile.problems.push(required.problem(Lost::Detail, "depends on a feature that is not locked here")),
            }
        }
    }
    declare(&mut lockfile, text, neighbours, &indexes);
    Ok(lockfile)
}

fn push(lockfile: &mut Lockfile, text: &Text, feature: Node<'_>) -> Option<u32> {
    if !feature.is_map() {
        lockfile.problems.push(feature.problem(Lost::Entry, "a locked feature that is not a map"));
        return None;
    }
    let integrity = feature.get("integrity").and_then(Node::str);
    let version = feature.get("version").and_then(Node::str);
    let index = if let Some(resolved) = feature.get("resolved").and_then(Node::str) {
        let written = Written::foreign(&resolved, &text.content);
        if remote::is_remote(&written) {
            let index = remote::push(lockfile, text, &written, None, Scopes::BUILD);
            if let Some(entry) = lockfile.entries.get_mut(index as usize) {
                entry.version = version;
            }
            index
        } else {
            image::push(lockfile, text, &written, Scopes::BUILD)?
        }
    } else {
        let name = without_version(feature.key()).split_once('/').map_or(feature.key(), |(_, path)| path);
        let mut entry = Entry::new(Ecosystem::Docker, Str::made(feature.key_span(), name), version, Locator::Missing);
        entry.scopes = Scopes::BUILD;
        lockfile.push(entry)
    };
    if let Some(entry) = lockfile.entries.get_mut(index as usize) {
        entry.runs_code = Some(feature.key_span());
        entry.direct = None;
    }
    let resolved = feature.get("resolved").and_then(Node::text).unwrap_or(feature.key());
    if !without_version(resolved).eq_ignore_ascii_case(without_version(feature.key())) {
        let message = format!("resolves `{}` to something else, `{resolved}`", feature.key());
        lockfile.problems.push(Problem::new(feature.key_place(), Lost::Detail, message));
    }
    if let Some(integrity) = integrity {
        // The digest of an artifact is its integrity; the same hash counts once.
        let value = integrity.of(&text.content).to_owned();
        let is_known = lockfile.entries.get(index as usize).and_then(|entry| entry.version.as_ref());
        if is_known.is_none_or(|version| version.of(&text.content) != value) {
            lockfile.hash(index, integrity);
        }
    }
    Some(index)
}

/// A feature's name without tag and digest.
fn without_version(name: &str) -> &str {
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let last = name.rfind('/').unwrap_or(0);
    name.get(last..).and_then(|part| part.find(':')).and_then(|colon| name.get(..last + colon)).unwrap_or(name)
}

/// Where the configuration beside asks for a feature.
fn declare(lockfile: &mut Lockfile, text: &Text, neighbours: &Neighbours<'_>, indexes: &HashMap<&str, u32>) {
    let name = if text.path.ends_with(".devcontainer-lock.json") { ".devcontainer.json" } else { "devcontainer.json" };
    let Some(Ok(configuration)) = neighbours.beside(name) else { return };
    let Ok(document) = json::read_with_comments(configuration) else { return };
    for entry in &mut lockfile.entries {
        entry.direct = Some(false);
    }
    for feature in
        document.root().get("features").into_iter().filter(|features| features.kind() == NodeKind::Map).flat_map(Node::members)
    {
        if let Some(index) = indexes.get(feature.key()) {
            lockfile.declare(*index, feature.key_place());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    /// Counts by spelling alone.
    fn counted_entries(content: &str) -> usize {
        content.lines().filter(|line| line.trim_start().starts_with("\"resolved\":")).count()
    }

    #[test]
    fn none_is_lost() {
        testing::assert_counted("devcontainer-lock", "minimal", counted_entries);
        testing::assert_damaged(&FORMAT);
        testing::assert_corpus(&FORMAT, &["devcontainer-lock.json"], counted_entries);
    }
}
