//! `pdm.lock`: what PDM resolved, lock versions 2 to 4.
//!
//! Specification: PDM's own `pdm/project/lockfile`. Files stand in each package's `files` (4.x) or in `[metadata.files]` under
//! `"name version"` (older). A package is repeated for each combination of extras: one entry. `groups` (4.4 and later) say what a package
//! is for; where they are missing, the project's `pyproject.toml` does by reachability, and always it tells what is direct. Groups other
//! than `default` are a developer's, those named `test` or `tests` a test's; extras that the project offers are optional.
//!
//! Registry quirks: files are names only, and whatever sources are configured are asked (client `pdm`), unless the strategy
//! `static_urls` recorded addresses, which then are asked whatever is configured. A file without hash is installed unchecked, so one such
//! file leaves its entry without hashes. A version without a wheel runs a build backend, as do repositories and archives of sources.
//!
//! Raises trust: hashes, `url` of files, `revision`, wheels. Good news by absence: `git`, `url`, `path` of a package.

use foldhash::HashMap;

use super::python::artifacts::{Artifact, Artifacts};
use super::python::manifest;
use super::python::packages::Packages;
use super::python::{Needs, built, in_project, name, normalised, requirement, text_of};
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, toml};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "pdm-lock",
    title: "pdm.lock",
    kind: Kind::Lock,
    files: &[Claim::Name("pdm.lock"), Claim::Around("pdm.", ".lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = toml::read(text)?;
    let root = document.root();
    let list = root.get("package");
    if list.is_some_and(|list| list.kind() != NodeKind::List) || root.get("metadata").is_none() {
        return Err(root.problem(Lost::File, "has no `[metadata]`, or no list of `[[package]]`; expected a pdm.lock"));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, integrity: true, edges: true, scope: false, install_code: true };
    read_version(&mut lockfile, root);
    for member in root.members().filter(|member| !matches!(member.key(), "package" | "metadata")) {
        let message = format!("`{}` is not known; expected `[[package]]` or `[metadata]`", member.key());
        lockfile.problem(member.key_place(), Lost::Detail, message);
    }
    let project = neighbours.beside("pyproject.toml").and_then(Result::ok);
    let project = project.and_then(|text| Some((text, manifest::pyproject(text).ok()?)));
    let extras = project.as_ref().map(|(_, manifest)| manifest.extras.clone()).unwrap_or_default();
    let mut reader = Reader { files: old_files(root), packages: Packages::new(text), extras, requires: Vec::new() };
    for node in list.into_iter().flat_map(Node::items) {
        reader.package(&mut lockfile, node);
    }
    reader.edges();
    if let Some((text, manifest)) = &project {
        reader.packages.of_project(&mut lockfile, text, &manifest.wanted);
    }
    reader.packages.cover_folders(&mut lockfile, neighbours);
    reader.packages.finish(&mut lockfile);
    Ok(lockfile)
}

fn read_version(lockfile: &mut Lockfile, root: Node<'_>) {
    let Some(node) = root.at(&["metadata", "lock_version"]) else { return };
    let written = node.scalar().unwrap_or("");
    lockfile.version = Some(written.to_owned());
    if !matches!(written.split('.').next(), Some("2" | "3" | "4")) {
        let message = format!("lock_version `{written}` is not known; expected 2 to 4");
        lockfile.problems.push(node.problem(Lost::Detail, message));
    }
}

/// `[metadata.files]` by normalised name and version.
fn old_files(root: Node<'_>) -> HashMap<(String, &str), Node<'_>> {
    let files = root.at(&["metadata", "files"]).into_iter().flat_map(Node::members);
    files
        .filter_map(|node| {
            let (name, version) = node.key().split_once(' ')?;
            let name = name.split('[').next().unwrap_or(name);
            Some(((normalised(name).into_owned(), version), node))
        })
        .collect()
}

struct Reader<'t> {
    files: HashMap<(String, &'t str), Node<'t>>,
    packages: Packages<'t>,
    extras: Vec<String>,
    /// Entries and their `dependencies`.
    requires: Vec<(Vec<u32>, Node<'t>)>,
}

impl<'t> Reader<'t> {
    fn package(&mut self, lockfile: &mut Lockfile, node: Node<'t>) {
        let version = node.get("version");
        let (Some((at, written)), false) = (text_of(node, "name"), version.is_some_and(|version| version.text().is_none()))
        else {
            lockfile.stated += 1;
            return lockfile.problem(node.place(), Lost::Entry, "a package has no name, or a version that is no text");
        };
        let (locator, moving) = locate(node);
        let is_fetched = matches!(locator, Locator::Silent);
        if version.is_none() && is_fetched {
            lockfile.stated += 1;
            return lockfile.problem(node.place(), Lost::Entry, format!("package `{written}` has no version"));
        }
        let mut entry = Entry::new(Ecosystem::PyPi, name(&at, written), version.and_then(Node::str), locator);
        entry.moving = moving;
        entry.runs_code = built(&entry.locator, self.packages.content());
        let needs = self.needs(lockfile, node);
        let version = node.get("version").and_then(Node::text).unwrap_or("");
        let own = node.get("files").filter(|files| files.kind() == NodeKind::List);
        let files = own.or_else(|| self.files.get(&(normalised(written).into_owned(), version)).copied());
        let files: Vec<Artifact<'t>> = files.into_iter().flat_map(Node::items).filter_map(artifact).collect();
        let added = Artifacts::of(files, lockfile, &mut self.packages, entry, needs);
        if let Some(dependencies) = node.get("dependencies") {
            self.requires.push((added, dependencies));
        }
    }

    fn needs(&self, lockfile: &mut Lockfile, node: Node<'_>) -> Needs {
        let mut needs = Needs::NONE;
        for group in node.get("groups").into_iter().flat_map(Node::items).filter_map(Node::text) {
            lockfile.shows.scope = true;
            let is_extra = self.extras.iter().any(|extra| extra == group);
            needs = needs.with(if is_extra { Needs::EXTRA } else { Needs::of_group(group) });
        }
        needs
    }

    fn edges(&mut self) {
        for (from, dependencies) in std::mem::take(&mut self.requires) {
            // PEP 508 in a list, or names with tables in the oldest files.
            let listed = dependencies.items().filter_map(Node::text).filter_map(requirement).map(|found| found.name);
            let names: Vec<&str> = listed.chain(dependencies.members().map(Node::key)).collect();
            for name in names {
                let targets = self.packages.named(normalised(name).as_ref()).to_vec();
                self.packages.edges(&from, &targets);
            }
        }
    }
}

/// Where a package comes from, if not from an index.
fn locate(node: Node<'_>) -> (Locator, Option<Str>) {
    if let Some((at, written)) = text_of(node, "path").or_else(|| text_of(node, "url")) {
        // The project's own folder is where relative paths begin.
        if let Some(path) = in_project(&at, written) {
            return (path, None);
        }
    }
    manifest::locate(node)
}

fn artifact(node: Node<'_>) -> Option<Artifact<'_>> {
    let url = text_of(node, "url");
    let name = text_of(node, "file").or_else(|| url.clone())?;
    Some(Artifact { at: url, name, hash: text_of(node, "hash").map(|(at, _)| at), is_path: false })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_package_is_stated() {
        let headers = |content: &str| content.lines().filter(|line| line.trim() == "[[package]]").count();
        crate::formats::counting::check(&super::FORMAT, "pdm.lock", headers);
    }
}
