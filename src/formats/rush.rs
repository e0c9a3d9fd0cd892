//! Rush, which keeps the lockfiles of a repository apart from the folders that it installs in.
//!
//! Answers for: from which folder the paths in such a lockfile are seen, and where the settings lie that Rush copies there. Only where
//! rush.json says that it is a repository of Rush's. Where projects do not lie in a workspace of the package manager's, Rush packs an
//! archive of each while it installs: which folder such an archive stands for.
//!
//! Specification: rushjs.io. `common/config/rush` is copied to `common/temp`, `common/config/subspaces/<name>` to
//! `common/temp/<name>`; settings of `common/config/rush` count for subspaces and for `common/autoinstallers/<name>` too.

use foldhash::{HashMap, HashMapExt};

use crate::neighbours::{Neighbours, join};
use crate::syntax::{Node, json};

/// Where a folder of a repository of Rush's stands.
struct Place<'p> {
    root: &'p str,
    kind: Kind<'p>,
}

enum Kind<'p> {
    Main,
    Subspace(&'p str),
    Autoinstaller,
}

fn place<'p>(folder: &'p str, neighbours: &Neighbours<'_>) -> Option<Place<'p>> {
    let at = folder.rfind("common/").filter(|at| *at == 0 || folder.get(..*at).is_some_and(|root| root.ends_with('/')))?;
    let root = folder.get(..at)?.trim_end_matches('/');
    let parts: Vec<&str> = folder.get(at..)?.split('/').skip(1).collect();
    let kind = match parts.as_slice() {
        ["config", "rush"] => Kind::Main,
        ["config", "subspaces", name] => Kind::Subspace(name),
        ["autoinstallers", _] => Kind::Autoinstaller,
        _ => return None,
    };
    neighbours.has(&join(root, "rush.json")).then_some(Place { root, kind })
}

/// The folder that paths in a lockfile are relative to: its own, or the one that Rush copies it to.
pub(super) fn base(neighbours: &Neighbours<'_>) -> String {
    let folder = neighbours.folder();
    match place(folder, neighbours) {
        Some(Place { root, kind: Kind::Main }) => join(root, "common/temp"),
        Some(Place { root, kind: Kind::Subspace(name) }) => join(root, &format!("common/temp/{name}")),
        Some(Place { kind: Kind::Autoinstaller, .. }) | None => folder.to_owned(),
    }
}

/// The folder whose settings count for a lockfile beside its own.
pub(crate) fn settings(neighbours: &Neighbours<'_>) -> Option<String> {
    let Place { root, kind } = place(neighbours.folder(), neighbours)?;
    (!matches!(kind, Kind::Main)).then(|| join(root, "common/config/rush"))
}

/// What the names of archives begin with that Rush packs of projects.
pub(super) const PACKED: &str = "@rush-temp/";

/// The folders, from the root, of the projects that Rush packs, by the names of their archives. What two have is left out.
pub(super) fn projects(neighbours: &Neighbours<'_>) -> HashMap<String, String> {
    let mut found: HashMap<String, Option<String>> = HashMap::new();
    let root = place(neighbours.folder(), neighbours).map(|place| place.root);
    let text = root.and_then(|root| neighbours.at(&join(root, "rush.json"))?.ok());
    let document = text.and_then(|text| json::read_with_comments(text).ok());
    let projects = document.iter().filter_map(|document| document.root().get("projects")).flat_map(Node::items);
    for project in projects {
        let text_of = |key: &str| project.get(key).and_then(Node::text);
        let (Some(name), Some(folder), Some(root)) = (text_of("packageName"), text_of("projectFolder"), root) else { continue };
        let bare = name.rsplit('/').next().unwrap_or(name);
        let folder = crate::neighbours::normalise(root, folder);
        found.entry(format!("{PACKED}{bare}")).and_modify(|one| *one = None).or_insert(folder);
    }
    found.into_iter().filter_map(|(name, folder)| Some((name, folder?))).collect()
}
