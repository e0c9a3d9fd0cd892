//! Rush, which keeps the lockfiles of a repository apart from the folders that it installs in.
//!
//! Answers for: from which folder the paths in such a lockfile are seen, and where the settings lie that Rush copies there. Only where
//! rush.json says that it is a repository of Rush's. Never reads rush.json.
//!
//! Specification: rushjs.io. `common/config/rush` is copied to `common/temp`, `common/config/subspaces/<name>` to
//! `common/temp/<name>`; settings of `common/config/rush` count for subspaces and for `common/autoinstallers/<name>` too.

use crate::neighbours::{Neighbours, join};

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
