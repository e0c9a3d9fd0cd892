//! Which package manager a JavaScript project says it uses: `packageManager` (Corepack's) and `devEngines.packageManager`.
//!
//! Answers for: name and major version from the manifest of a folder or of the folders above. Never believes `engines`, which names
//! what may be used, not what is.

use crate::formats::package_json;
use crate::neighbours::{Neighbours, folders_upwards};
use crate::routing::BUILDS_OF;
use crate::syntax::Node;
use crate::text::Place;

/// A package manager as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manager {
    /// `npm`, `pnpm`, `yarn`, `bun` or `deno`.
    pub(super) name: String,
    /// Its major version, where one is told.
    pub(super) major: Option<u32>,
    /// Its minor version, where one is told.
    pub(super) minor: Option<u32>,
}

/// What the nearest manifest that names one says.
pub(super) fn told(neighbours: &Neighbours<'_>) -> Option<Manager> {
    folders_upwards(neighbours.folder()).find_map(|folder| {
        let manifest = package_json::manifest(folder, neighbours)?;
        of(manifest.root())
    })
}

fn of(manifest: Node<'_>) -> Option<Manager> {
    if let Some((name, version)) = manifest.get("packageManager").and_then(Node::text).and_then(|text| text.split_once('@')) {
        return Some(manager(name, version));
    }
    let engines = manifest.at(&["devEngines", "packageManager"])?;
    // With several, any of them may be used.
    let engine = if engines.is_map() { Some(engines) } else { engines.items().next().filter(|_| engines.items().count() == 1) }?;
    let version = engine.get("version").and_then(Node::text).unwrap_or("");
    Some(manager(engine.get("name")?.text()?, version))
}

fn manager(name: &str, version: &str) -> Manager {
    let version = version.trim_start_matches(['^', '~', 'v', '=']);
    let mut numbers = version.split(['.', '+', '-']).map(|part| part.parse().ok());
    let major = numbers.next().flatten();
    Manager { name: name.to_owned(), major, minor: major.and_then(|_| numbers.next().flatten()) }
}

/// Packages that a list (`[a, b]`) or a map (`a: true`) lets run code when they are installed. The same name in whichever file, under
/// whichever key, is the same setting.
pub(super) fn builds(node: Option<Node<'_>>) -> Vec<(String, Place)> {
    let listed = node.into_iter().flat_map(Node::items).filter_map(|item| Some((item.scalar()?, item)));
    let mapped = node.into_iter().flat_map(Node::members).filter(|member| member.bool() == Some(true));
    listed
        .chain(mapped.map(|member| (member.key(), member)))
        .map(|(name, node)| (format!("{BUILDS_OF}{name}"), node.place()))
        .collect()
}
