//! Development containers: the image, and the features that are installed into it.
//!
//! Specification: <https://containers.dev/implementors/json_reference/> and <https://containers.dev/implementors/features/>. JSON with
//! comments. Registry: the host of each reference; images without one have the client's default (`docker.io`).
//!
//! A feature is an OCI artifact (`ghcr.io/owner/repo/feature:1`), an archive (`https://….tgz`) or a folder (`./feature`); its
//! `install.sh` runs as root when the container is built, so every feature runs code. Names without a host are of the time before the
//! specification (`fish`, `owner/repo/feature@v1`): what they mean depends on the tool. An artifact's name is read in lower case, as
//! the client does. Features that `devcontainer-lock.json` beside locks are read there and not here. A Dockerfile or compose file that is named is read for itself. Extensions of editors are not read.

use std::collections::HashSet;

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::image::{self, PieceKind, Written};
use crate::formats::{Claim, Format, compose, dockerfile, remote};
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, json};
use crate::text::{Lost, Problem, Str, Text};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "devcontainer",
    title: "Development container",
    kind: Kind::Reference,
    files: &[Claim::Name(".devcontainer.json"), Claim::Name("devcontainer.json")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// What development containers and their locks show.
pub(super) const SHOWS: Shows = Shows { origin: true, integrity: false, edges: false, scope: true, install_code: true };

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read_with_comments(text)?;
    let root = document.root();
    if !root.is_map() {
        return Err(root.problem(Lost::File, "expected a map with `image`, `build` or `dockerComposeFile`"));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Reference);
    lockfile.shows = SHOWS;
    let written = |node: Node<'_>| node.str().map(|value| Written::foreign(&value, &text.content));
    if let Some(node) = root.get("image") {
        match written(node) {
            Some(image) => {
                image::push(&mut lockfile, text, &image, Scopes::DEVELOPMENT);
            }
            None => lockfile.problems.push(node.problem(Lost::Entry, "an image that is no text")),
        }
    }
    let caches = root.at(&["build", "cacheFrom"]);
    for cache in caches.into_iter().flat_map(|caches| caches.items().chain([caches])).filter_map(written) {
        image::push(&mut lockfile, text, &cache, Scopes::BUILD);
    }
    let dockerfile = root.at(&["build", "dockerfile"]).or_else(|| root.get("dockerFile"));
    if let Some((node, path)) = dockerfile.and_then(|node| Some((node, written(node)?))) {
        dockerfile::expect_read(&mut lockfile, node, &path, neighbours);
    }
    for node in root.get("dockerComposeFile").into_iter().flat_map(|files| files.items().chain([files])) {
        if let Some(path) = written(node) {
            compose::expect_read(&mut lockfile, node, &path, neighbours);
        }
    }
    let locked = locked_features(neighbours, text);
    match root.get("features") {
        Some(features) if features.is_map() => {
            for feature in features.members().filter(|feature| !locked.contains(feature.key())) {
                push_feature(&mut lockfile, text, &feature.key_str(), neighbours);
            }
        }
        Some(features) if features.kind() != NodeKind::Null => {
            lockfile.problems.push(features.problem(Lost::Entry, "`features` is not a map"));
        }
        _ => {}
    }
    Ok(lockfile)
}

/// The features that the lock beside has; a broken lock has none, and says so itself.
fn locked_features(neighbours: &Neighbours<'_>, text: &Text) -> HashSet<String> {
    let name = if text.path.ends_with(".devcontainer.json") { ".devcontainer-lock.json" } else { "devcontainer-lock.json" };
    let Some(Ok(lock)) = neighbours.beside(name) else { return HashSet::new() };
    let Ok(document) = json::read(lock) else { return HashSet::new() };
    document.root().get("features").into_iter().flat_map(Node::members).map(|feature| feature.key().to_owned()).collect()
}

fn push_feature(lockfile: &mut Lockfile, text: &Text, key: &Str, neighbours: &Neighbours<'_>) {
    let written = Written::foreign(key, &text.content);
    let id = &written.value;
    let index = if id.starts_with("./") || id.starts_with("../") {
        let is_there = neighbours.resolve(&format!("{id}/devcontainer-feature.json")).is_ok_and(|path| neighbours.has(&path));
        let locator = if is_there { Locator::Path(key.clone()) } else { Locator::Missing };
        push_plain(lockfile, Ecosystem::Generic, key, locator)
    } else if remote::is_remote(&written) && !written.is_unknown() {
        remote::push(lockfile, text, &written, None, Scopes::BUILD)
    } else if id.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']) || host == "localhost") || written.is_unknown()
    {
        let Some(index) = image::push(lockfile, text, &in_lower_case(&written, key), Scopes::BUILD) else { return };
        index
    } else {
        push_plain(lockfile, Ecosystem::Docker, key, Locator::Unresolved(key.clone()))
    };
    if let Some(entry) = lockfile.entries.get_mut(index as usize) {
        entry.runs_code = Some(key.span);
    }
}

/// The name of a feature as the client reads it: in lower case, tag and digest included.
fn in_lower_case(written: &Written, key: &Str) -> Written {
    let mut lower = Written::default();
    if written.is_unknown() || !written.value.bytes().any(|byte| byte.is_ascii_uppercase()) {
        lower.append(written);
    } else {
        lower.push(&written.value.to_ascii_lowercase(), key.span, PieceKind::Made);
    }
    lower
}

fn push_plain(lockfile: &mut Lockfile, ecosystem: Ecosystem, key: &Str, locator: Locator) -> u32 {
    let mut entry = Entry::new(ecosystem, key.clone(), None, locator);
    entry.scopes = Scopes::BUILD;
    entry.direct = Some(true);
    entry.moving = matches!(entry.locator, Locator::Unresolved(_)).then(|| key.clone());
    lockfile.push(entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    /// Counts by spelling alone: features have options in braces.
    fn counted_entries(content: &str) -> usize {
        let is_image = |line: &&str| line.trim_start().starts_with("\"image\":");
        let is_feature = |line: &&str| line.trim_start().starts_with("\"ghcr.io/");
        content.lines().filter(is_image).count() + content.lines().filter(is_feature).count()
    }

    #[test]
    fn none_is_lost() {
        testing::assert_counted("devcontainer", "minimal", counted_entries);
        testing::assert_damaged(&FORMAT);
        testing::assert_corpus(&FORMAT, &["devcontainer.json"], counted_entries);
    }
}
