//! `poetry.lock`: what Poetry resolved, in lock versions none, 1.0, 1.1, 2.0 and 2.1.
//!
//! Specification: Poetry's own `packages/locker.py`. Hashes stand in `[metadata.hashes]` (oldest), `[metadata.files]` (1.x) or each
//! package's `files` (2.x). Scopes are `category` (1.x), `groups` (2.1) or nothing at all (2.0): there they come from the project's
//! `pyproject.toml` by reachability, and so does directness in every version. Edges name no version, so they lead to every version of
//! the name. Groups other than `main` are a developer's, those named `test` or `tests` a test's; `optional` is what extras bring.
//!
//! Registry quirks: no `[package.source]` means PyPI or the project's primary sources. Of a `legacy` source Poetry ignores the `url` and
//! looks its `reference` up in `pyproject.toml` (client `poetry`); where the tree has none beside it, the `url` is all there is to go by.
//! A version without a wheel among its files runs a build backend, as do repositories and archives of sources.
//!
//! Raises trust: hashes, `resolved_reference`, wheels. Good news by absence: `[package.source]`.

use foldhash::HashMap;

use super::python::artifacts::{Artifact, Artifacts};
use super::python::manifest;
use super::python::packages::Packages;
use super::python::{Needs, asked, built, is_commit, name, normalised, text_of};
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, toml};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "poetry-lock",
    title: "poetry.lock",
    kind: Kind::Lock,
    files: &[Claim::Name("poetry.lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

const VERSIONS: [&str; 4] = ["1.0", "1.1", "2.0", "2.1"];

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = toml::read(text)?;
    let root = document.root();
    let list = root.get("package");
    if list.is_some_and(|list| list.kind() != NodeKind::List) || (list.is_none() && root.get("metadata").is_none()) {
        return Err(root.problem(Lost::File, "has neither `[[package]]` nor `[metadata]`, expected a poetry.lock"));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, integrity: true, edges: true, scope: false, install_code: true };
    read_version(&mut lockfile, root);
    for member in root.members().filter(|member| !matches!(member.key(), "package" | "metadata" | "extras")) {
        let message = format!("`{}` is not known; expected `[[package]]`, `[extras]` or `[metadata]`", member.key());
        lockfile.problem(member.key_place(), Lost::Detail, message);
    }
    let has_project = neighbours.beside("pyproject.toml").is_some();
    let mut reader = Reader { files: old_files(root), packages: Packages::new(text), has_project, requires: Vec::new() };
    for node in list.into_iter().flat_map(Node::items) {
        reader.package(&mut lockfile, node);
    }
    reader.edges();
    reader.project(&mut lockfile, neighbours);
    reader.packages.cover_folders(&mut lockfile, neighbours);
    reader.packages.finish(&mut lockfile);
    Ok(lockfile)
}

fn read_version(lockfile: &mut Lockfile, root: Node<'_>) {
    let Some(node) = root.at(&["metadata", "lock-version"]) else { return };
    let written = node.scalar().unwrap_or("");
    lockfile.version = Some(written.to_owned());
    if !VERSIONS.contains(&written) {
        let message = format!("lock-version `{written}` is not known; expected {}", VERSIONS.join(", "));
        lockfile.problems.push(node.problem(Lost::Detail, message));
    }
}

/// `[metadata.files]` or `[metadata.hashes]` by normalised name.
fn old_files(root: Node<'_>) -> HashMap<String, Node<'_>> {
    let tables = ["hashes", "files"].into_iter().filter_map(|key| root.at(&["metadata", key]));
    tables.flat_map(Node::members).map(|node| (normalised(node.key()).into_owned(), node)).collect()
}

struct Reader<'t> {
    files: HashMap<String, Node<'t>>,
    packages: Packages<'t>,
    has_project: bool,
    /// Entries and their `[package.dependencies]`.
    requires: Vec<(Vec<u32>, Node<'t>)>,
}

impl<'t> Reader<'t> {
    fn package(&mut self, lockfile: &mut Lockfile, node: Node<'t>) {
        let (Some((at, written)), Some((version, _))) = (text_of(node, "name"), text_of(node, "version")) else {
            lockfile.stated += 1;
            return lockfile.problem(node.place(), Lost::Entry, "a package has no name or no version as text");
        };
        let name = name(&at, written);
        let mut entry = Entry::new(Ecosystem::PyPi, name, Some(version), Locator::Silent);
        if let Some(source) = node.get("source") {
            if let Some((locator, moving)) = self.locate(source) {
                (entry.locator, entry.moving) = (locator, moving);
            } else {
                let message = format!("the source of `{written}` is not known; expected `type` and `url`, or `reference`");
                lockfile.problems.push(source.problem(Lost::Detail, message));
                entry.locator = Locator::Missing;
            }
        }
        entry.runs_code = built(&entry.locator, self.packages.content());
        let needs = needs(lockfile, node);
        let files = self.artifacts(node, written);
        let added = Artifacts::of(files, lockfile, &mut self.packages, entry, needs);
        if let Some(dependencies) = node.get("dependencies") {
            self.requires.push((added, dependencies));
        }
    }

    fn locate(&self, source: Node<'_>) -> Option<(Locator, Option<Str>)> {
        let url = text_of(source, "url");
        let reference = text_of(source, "reference").map(|(at, _)| at);
        match source.get("type").and_then(Node::text)? {
            "legacy" => match (reference, url) {
                (Some(reference), _) if self.has_project => Some((Locator::Named(reference), None)),
                (_, Some((at, _))) => Some((Locator::Index(at), None)),
                (Some(reference), None) => Some((Locator::Named(reference), None)),
                (None, None) => None,
            },
            "git" | "hg" => {
                let pins = text_of(source, "resolved_reference").or_else(|| text_of(source, "reference"));
                let commit = pins.filter(|(_, written)| is_commit(written)).map(|(at, _)| at);
                let moving = reference.filter(|_| commit.is_none());
                Some((Locator::Git { url: url?.0, commit }, moving))
            }
            "url" => url.map(|(at, written)| asked(&at, written)),
            "file" | "directory" => url.map(|(at, _)| (Locator::Path(at), None)),
            _ => None,
        }
    }

    /// The files of a package, its own or those that older versions keep in `[metadata]`.
    fn artifacts(&self, node: Node<'t>, written: &str) -> Vec<Artifact<'t>> {
        let own = node.get("files").filter(|files| files.kind() == NodeKind::List);
        let old = || self.files.get(normalised(written).as_ref()).copied();
        own.or_else(old).into_iter().flat_map(Node::items).filter_map(artifact).collect()
    }

    fn edges(&mut self) {
        for (from, dependencies) in std::mem::take(&mut self.requires) {
            for dependency in dependencies.members() {
                let targets = self.packages.named(normalised(dependency.key()).as_ref()).to_vec();
                self.packages.edges(&from, &targets);
            }
        }
    }

    fn project(&mut self, lockfile: &mut Lockfile, neighbours: &Neighbours<'_>) {
        let Some(Ok(text)) = neighbours.beside("pyproject.toml") else { return };
        let Ok(manifest) = manifest::pyproject(text) else { return };
        self.packages.of_project(lockfile, text, &manifest.wanted);
    }
}

/// `{ file, hash }`, or a bare hash in the oldest files.
fn artifact(node: Node<'_>) -> Option<Artifact<'_>> {
    if let Some(hash) = node.str() {
        let bare = node.text().filter(|text| !text.contains(':')).map(|text| Str::made(hash.span, format!("sha256:{text}")));
        // The oldest files tell no names, so a wheel may be among them.
        return Some(Artifact { at: None, name: (hash.clone(), ".whl"), hash: Some(bare.unwrap_or(hash)), is_path: false });
    }
    let name = text_of(node, "file")?;
    Some(Artifact { at: None, name, hash: text_of(node, "hash").map(|(at, _)| at), is_path: false })
}

/// What a package says that it is for; says in `shows` whether packages of this file do.
fn needs(lockfile: &mut Lockfile, node: Node<'_>) -> Needs {
    let is_optional = node.get("optional").and_then(Node::bool) == Some(true);
    let category = node.get("category").and_then(Node::text);
    let groups = node.get("groups").filter(|groups| groups.kind() == NodeKind::List);
    let mut needs = Needs::NONE;
    let names = groups.into_iter().flat_map(Node::items).filter_map(Node::text).chain(category);
    for name in names {
        lockfile.shows.scope = true;
        let need = Needs::of_group(name);
        needs = needs.with(if is_optional && need == Needs::PRODUCTION { Needs::EXTRA } else { need });
    }
    needs
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_package_is_stated() {
        let headers = |content: &str| content.lines().filter(|line| line.trim() == "[[package]]").count();
        crate::formats::counting::check(&super::FORMAT, "poetry.lock", headers);
    }
}
