//! build.sbt.lock: what the plugin sbt-dependency-lock writes.
//!
//! Answers for: one entry for each locked module with the hashes of its artifacts, and what it is for. Never says where a module comes
//! from or who requires it: the format has no such thing.
//!
//! Specification: sbt-dependency-lock, `LockFile` of version 1. Quirks: the name of a Scala library ends in the Scala version; an
//! artifact's hash is `sha1:` and hexadecimal digits; `compile` and `runtime` are what production needs, `test` what tests need.

use std::collections::BTreeMap;

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::{Claim, Format, maven_names};
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, json};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(super) static FORMAT: Format = Format {
    id: "sbt-lock",
    title: "build.sbt.lock",
    kind: Kind::Lock,
    files: &[Claim::Around("", ".sbt.lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read(text)?;
    let root = document.root();
    let Some(dependencies) = root.get("dependencies").filter(|node| node.kind() == NodeKind::List) else {
        return Err(root.problem(Lost::File, "has no list `dependencies`, which every build.sbt.lock has"));
    };
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { integrity: true, scope: true, ..Shows::default() };
    lockfile.covers.extend(text.path.strip_suffix(".lock").and_then(|build| neighbours.find(build)));
    let version = root.get("lockVersion");
    lockfile.version = version.and_then(Node::scalar).map(str::to_owned);
    if lockfile.version.as_deref() != Some("1") {
        let message =
            format!("version {} of build.sbt.lock is not known; expected 1", lockfile.version.as_deref().unwrap_or("none"));
        lockfile.problems.push(version.unwrap_or(root).problem(Lost::Detail, message));
    }
    let mut known: BTreeMap<String, u32> = BTreeMap::new();
    for node in dependencies.items() {
        read_one(&mut lockfile, text, node, &mut known);
    }
    Ok(lockfile)
}

fn read_one(lockfile: &mut Lockfile, text: &Text, node: Node<'_>, known: &mut BTreeMap<String, u32>) {
    let content = &text.content;
    let part = |key| node.get(key).and_then(Node::str).filter(|part| maven_names::is_part(part.of(content)));
    let (Some(group), Some(artifact), Some(version)) = (part("org"), part("name"), part("version")) else {
        lockfile.stated += 1;
        lockfile.problems.push(node.problem(Lost::Entry, "is no locked module, expected `org`, `name` and `version`"));
        return;
    };
    let configurations = node.get("configurations").into_iter().flat_map(Node::items).filter_map(Node::text);
    let scopes = configurations.fold(Scopes::UNKNOWN, |scopes, name| scopes.with(scope_of(name)));
    let name = format!("{}:{}", group.of(content), artifact.of(content));
    let key = format!("{name}:{}", version.of(content));
    let index = if let Some(index) = known.get(&key) {
        lockfile.stated += 1;
        if let Some(entry) = lockfile.entries.get_mut(*index as usize) {
            entry.scopes = entry.scopes.with(scopes);
        }
        *index
    } else {
        let moving = version.of(content).ends_with("-SNAPSHOT").then(|| version.clone());
        let entry = Entry::new(Ecosystem::Maven, Str::made(artifact.span, name), Some(version), Locator::Silent);
        let index = lockfile.push(Entry { scopes, moving, ..entry });
        known.insert(key, index);
        index
    };
    for artifact in node.get("artifacts").into_iter().flat_map(Node::items) {
        if let Some(hash) = artifact.get("hash").and_then(Node::str).filter(|hash| is_hash(hash.of(content))) {
            lockfile.hash(index, hash);
        } else {
            let message = "has no hash, expected one like `sha1:0122c7…`";
            lockfile.problems.push(artifact.problem(Lost::Detail, message));
        }
    }
}

fn is_hash(hash: &str) -> bool {
    hash.split_once(':').is_some_and(|(algorithm, digest)| {
        !algorithm.is_empty() && digest.len() >= 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn scope_of(configuration: &str) -> Scopes {
    match configuration {
        "compile" | "runtime" | "provided" => Scopes::PRODUCTION,
        "optional" => Scopes::PRODUCTION.with(Scopes::OPTIONAL),
        "plugin" | "scala-tool" | "compile-internal" => Scopes::BUILD,
        "test" | "it" => Scopes::TEST,
        _ => Scopes::UNKNOWN,
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
fn counted_entries(content: &str) -> usize {
    let root: serde_json::Value = serde_json::from_str(content).unwrap_or_default();
    root["dependencies"].as_array().map_or(0, Vec::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::counting;

    #[test]
    fn states_as_many_entries_as_there_are() {
        counting::check(&FORMAT, "sbt lock", counted_entries);
    }
}
