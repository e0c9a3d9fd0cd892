//! `Pipfile`: what a project of Pipenv asks for, where no `Pipfile.lock` lies beside it.
//!
//! Specification: Pipenv's documentation, "Pipfile & Pipfile.lock". `[packages]` is production, `[dev-packages]` development; other tables
//! are categories that say nothing about what they are for. A version is given only where one is asked for exactly.
//!
//! Registry quirks: `[[source]]` as in `Pipfile.lock`; without one Pipenv asks PyPI.

use super::pipfile_lock::declare_sources;
use super::python::manifest::{self, Manifest, Wanted};
use super::python::packages::Packages;
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::{Node, toml};
use crate::text::{Problem, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "pipfile",
    title: "Pipfile",
    kind: Kind::Declaration,
    files: &[Claim::Name("Pipfile")],
    looks: None,
    shadowed_by: &["pipfile-lock"],
    read,
};

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = toml::read(text)?;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Declaration);
    let sources: Vec<Node<'_>> = document.root().get("source").into_iter().flat_map(Node::items).collect();
    declare_sources(&mut lockfile, text, &sources);
    match manifest::pipfile(text) {
        Ok(manifest) => fill(&mut lockfile, text, manifest),
        Err(problem) => lockfile.problems.push(problem),
    }
    Ok(lockfile)
}

/// Hands what a manifest asks for to the lockfile that stands for it.
pub(super) fn fill(lockfile: &mut Lockfile, text: &Text, manifest: Manifest) {
    lockfile.shows = Shows { origin: true, integrity: false, edges: false, scope: true, install_code: false };
    let mut packages = Packages::new(text);
    for Wanted { name, version, locator, moving, needs, is_conditional } in manifest.wanted.into_iter().chain(manifest.build) {
        let mut entry = Entry::new(Ecosystem::PyPi, name.clone(), version, locator);
        entry.moving = moving;
        let index = packages.add(lockfile, entry, needs);
        lockfile.declare(index, text.place(name.span));
        if is_conditional {
            lockfile.leave_unlocked(index);
        }
    }
    packages.finish(lockfile);
    lockfile.stated = manifest.stated;
    lockfile.problems.extend(manifest.problems);
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_package_is_stated() {
        let keys = |content: &str| {
            let mut is_in = false;
            let mut count = 0;
            for line in content.lines().map(str::trim) {
                if line.starts_with('[') {
                    is_in = !line.starts_with("[[") && !["[requires]", "[scripts]", "[pipenv]"].contains(&line);
                } else if is_in && !line.starts_with('#') && line.contains('=') {
                    count += 1;
                }
            }
            count
        };
        crate::formats::counting::check(&super::FORMAT, "Pipfile ", keys);
    }
}
