//! What project.assets.json and *.deps.json share: libraries as `id/version`, and targets that say who requires whom.
//!
//! Answers for: splitting keys, indexes by key and by id, and edges. Never decides what a library is.

use foldhash::HashMap;

use super::nuget;
use crate::dependency::Lockfile;
use crate::syntax::Node;
use crate::text::{Lost, Str};

/// One member of `libraries`.
pub(super) struct Library<'d> {
    /// Its map.
    pub(super) node: Node<'d>,
    /// Its id.
    pub(super) id: Str,
    /// Its version.
    pub(super) version: Str,
    /// `package`, `project`, `reference`, …, in lower case.
    pub(super) kind: String,
}

/// The libraries of a file; members that are none are problems.
pub(super) fn libraries<'d>(root: Node<'d>, content: &str, lockfile: &mut Lockfile) -> Vec<Library<'d>> {
    let mut libraries = Vec::new();
    for node in root.get("libraries").into_iter().flat_map(Node::members) {
        let key = node.key_str();
        let kind = node.get("type").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
        let Some((id, version)) = key.of(content).split_once('/').filter(|(id, version)| !id.is_empty() && !version.is_empty())
        else {
            lockfile.stated += 1;
            let message = format!("`{}` is no library, expected an id, a slash and a version", node.key());
            lockfile.problem(node.key_place(), Lost::Entry, message);
            continue;
        };
        let (id, version) = (nuget::part(&key, content, id), nuget::part(&key, content, version));
        libraries.push(Library { node, id, version, kind });
    }
    libraries
}

/// Who requires whom: targets repeat libraries and name what each requires, by id.
pub(super) fn edges(root: Node<'_>, known: &HashMap<String, u32>, lockfile: &mut Lockfile) {
    for target in root.get("targets").into_iter().flat_map(Node::members) {
        let here = |node: &Node<'_>| known.get(&nuget::key(node.key())).copied();
        let by_id: HashMap<String, u32> = target
            .members()
            .filter_map(|node| {
                let id = node.key().split_once('/').map_or(node.key(), |(id, _)| id);
                Some((nuget::key(id), here(&node)?))
            })
            .collect();
        for node in target.members() {
            let Some(from) = here(&node) else { continue };
            for required in node.get("dependencies").into_iter().flat_map(Node::members) {
                if let Some(to) = by_id.get(&nuget::key(required.key())) {
                    lockfile.edge(from, *to);
                }
            }
        }
    }
}
