//! build.sbt.lock: what the plugin sbt-dependency-lock writes.
//!
//! Answers for: one entry for each locked module with the hashes of its artifacts, and what it is for. Never says where a module comes
//! from or who requires it: the format has no such thing.
//!
//! Specification: sbt-dependency-lock, `LockFile` of version 1. Quirks: the name of a Scala library ends in the Scala version; an
//! artifact's hash is `sha1:` and hexadecimal digits; `compile` and `runtime` are what production needs, `test` what tests need. Modules
//! without artifacts that bear the build's own organization are its projects (class `workspace`).

use std::collections::{BTreeMap, BTreeSet};

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::{Claim, Format, maven_names};
use crate::neighbours::{Neighbours, folder_of, folders_upwards, join};
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
    let own = organizations(neighbours);
    for node in dependencies.items() {
        read_one(&mut lockfile, text, node, &mut known, &own);
    }
    Ok(lockfile)
}

/// The scripts of the project, and of the build that it is part of: upwards to the folder with `project/build.properties`.
pub(crate) fn scripts<'a>(neighbours: &Neighbours<'a>) -> Vec<&'a str> {
    let own = neighbours.folder();
    let top = folders_upwards(own).find(|folder| neighbours.has(&join(folder, "project/build.properties"))).unwrap_or(own);
    let folders = folders_upwards(own).take_while(|folder| *folder != top).chain([top]);
    let mut scripts: Vec<&str> = Vec::new();
    for folder in folders {
        let project = join(folder, "project/");
        scripts.extend(neighbours.below(folder).map(|(_, path)| path).filter(|path| {
            let is_script = matches!(path.rsplit_once('.'), Some((_, "sbt" | "scala")));
            is_script && (folder_of(path) == folder || path.starts_with(&project))
        }));
    }
    scripts
}

/// What the build's scripts call themselves: `organization := "…"`.
fn organizations<'a>(neighbours: &Neighbours<'a>) -> BTreeSet<&'a str> {
    let texts = scripts(neighbours).into_iter().filter_map(|path| neighbours.at(path)?.ok());
    let lines = texts.flat_map(|text| text.content.lines()).map(str::trim_start).filter(|line| !line.starts_with("//"));
    let named = lines.filter_map(|line| {
        let (before, after) = line.split_once("organization")?;
        let value = after.trim_start().strip_prefix(":=")?.trim_start().strip_prefix('"')?;
        let is_whole = !before.ends_with(|last: char| last.is_alphanumeric());
        value.split_once('"').filter(|_| is_whole).map(|(value, _)| value)
    });
    named.collect()
}

fn read_one(lockfile: &mut Lockfile, text: &Text, node: Node<'_>, known: &mut BTreeMap<String, u32>, own: &BTreeSet<&str>) {
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
        // Of the build's own projects nothing is fetched.
        let is_member = own.contains(group.of(content)) && node.get("artifacts").is_some_and(|all| all.items().next().is_none());
        let locator = if is_member { Locator::Workspace } else { Locator::Silent };
        let moving = (!is_member && version.of(content).ends_with("-SNAPSHOT")).then(|| version.clone());
        let entry = Entry::new(Ecosystem::Maven, Str::made(artifact.span, name), Some(version), locator);
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
