//! `pylock.toml` and `pylock.name.toml`: the lockfile that Python's tools share (PEP 751), lock version 1.
//!
//! Specification: packaging.python.org, "pylock.toml Specification". A package is one of `vcs`, `directory`, `archive`, or files in
//! `sdist` and `wheels`; it may stand several times for several environments. `index` is optional and names the index that the files were
//! found at; edges are optional too. `attestation-identities` and `tool` are not read here.
//!
//! Registry quirks: installers ask the recorded `url` of a file and do not use `index`, so the files' host is the origin; a version
//! whose files lie on several hosts is one entry for each of them. Where files have names only (PDM writes such files), `index` or the
//! installer's own configuration decides. A version without a wheel runs a build backend, as do repositories and archives of sources.
//!
//! Scopes come from markers: `'x' in dependency_groups` and `'x' in extras`; a default group, or no such term, means production.
//! Directness comes from a `pyproject.toml` beside it. A `.in` file that the header names as compiled is locked by it.
//!
//! Raises trust: `url`, `hashes`, `commit-id`, wheels. Good news by absence: `vcs`, `archive`.

use super::python::artifacts::{Artifact, Artifacts};
use super::python::manifest;
use super::python::packages::Packages;
use super::python::{Needs, asked, built, is_commit, name, normalised, text_of};
use super::requirements::header_sources;
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, toml};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "pylock",
    title: "pylock.toml",
    kind: Kind::Lock,
    files: &[Claim::Name("pylock.toml"), Claim::Around("pylock.", ".toml")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = toml::read(text)?;
    let root = document.root();
    let list = root.get("packages").filter(|list| list.kind() == NodeKind::List);
    let (Some(list), Some(version)) = (list, root.get("lock-version")) else {
        return Err(root.problem(Lost::File, "has no `lock-version`, or no list of `[[packages]]`; expected a pylock.toml"));
    };
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    let written = version.scalar().unwrap_or("");
    lockfile.version = Some(written.to_owned());
    if written.split('.').next() != Some("1") {
        let message = format!("lock-version `{written}` is not known; expected 1.0");
        lockfile.problems.push(version.problem(Lost::Detail, message));
    }
    lockfile.shows = Shows { origin: true, integrity: true, edges: false, scope: true, install_code: true };
    let defaults = root.get("default-groups").into_iter().flat_map(Node::items).filter_map(Node::text).collect();
    let mut reader = Reader { packages: Packages::new(text), defaults, nodes: Vec::new() };
    for node in list.items() {
        reader.package(&mut lockfile, node);
    }
    reader.edges(&mut lockfile);
    if let Some(Ok(project)) = neighbours.beside("pyproject.toml")
        && let Ok(manifest) = manifest::pyproject(project)
    {
        reader.packages.declare(&mut lockfile, project, &manifest.wanted);
    }
    reader.packages.finish(&mut lockfile);
    lockfile.covers = header_sources(text, neighbours);
    Ok(lockfile)
}

struct Reader<'t> {
    packages: Packages<'t>,
    defaults: Vec<&'t str>,
    /// Packages with the entries that they became.
    nodes: Vec<(Vec<u32>, Node<'t>)>,
}

impl<'t> Reader<'t> {
    fn package(&mut self, lockfile: &mut Lockfile, node: Node<'t>) {
        let version = node.get("version");
        let (Some((at, written)), false) = (text_of(node, "name"), version.is_some_and(|version| version.text().is_none()))
        else {
            lockfile.stated += 1;
            return lockfile.problem(node.place(), Lost::Entry, "a package has no name, or a version that is no text");
        };
        let mut entry = Entry::new(Ecosystem::PyPi, name(&at, written), version.and_then(Node::str), Locator::Missing);
        let needs = self.needs(node.get("marker").and_then(Node::text).unwrap_or(""));
        let files: Vec<Artifact<'t>> = wheels(node).collect();
        let added = match locate(node) {
            Some((locator, moving)) => {
                entry.runs_code = built(&locator, self.packages.content());
                let index = self.packages.add(lockfile, Entry { locator, moving, ..entry }, needs);
                if let Some(archive) = node.get("archive") {
                    for hash in hashes(archive) {
                        self.packages.hash(index, Some(hash));
                    }
                }
                vec![index]
            }
            None if files.is_empty() && node.get("index").is_none() => {
                let message = format!(
                    "`{written}` has no files, and no origin that is known; expected `wheels`, `sdist`, `archive`, `directory` or `vcs`"
                );
                lockfile.problem(node.place(), Lost::Detail, message);
                vec![self.packages.add(lockfile, entry, needs)]
            }
            None => {
                let otherwise = text_of(node, "index").map_or(Locator::Silent, |(at, _)| Locator::Index(at));
                Artifacts { files, otherwise }.add(lockfile, &mut self.packages, &entry, needs)
            }
        };
        self.nodes.push((added, node));
    }

    /// What a marker lets a package be needed for.
    fn needs(&self, marker: &str) -> Needs {
        let mut needs = Needs::NONE;
        for (group, is_extra) in memberships(marker) {
            let need = if is_extra {
                Needs::EXTRA
            } else if self.defaults.contains(&group) {
                Needs::PRODUCTION
            } else {
                Needs::of_group(group)
            };
            needs = needs.with(need);
        }
        if needs == Needs::NONE { Needs::PRODUCTION } else { needs }
    }

    fn edges(&mut self, lockfile: &mut Lockfile) {
        for (from, node) in std::mem::take(&mut self.nodes) {
            for dependency in node.get("dependencies").into_iter().flat_map(Node::items) {
                lockfile.shows.edges = true;
                let Some((_, name)) = text_of(dependency, "name") else { continue };
                let version = text_of(dependency, "version").map(|(_, version)| version);
                let content = self.packages.content();
                for to in self.packages.named(normalised(name).as_ref()).to_vec() {
                    let stated = lockfile.entries.get(to as usize).and_then(|entry| entry.version.as_ref());
                    if version.is_none() || stated.map(|stated| stated.of(content)) == version {
                        self.packages.edges(&from, &[to]);
                    }
                }
            }
        }
    }
}

/// `'x' in dependency_groups` and `'x' in extras` of a marker: the name, and whether it is an extra.
fn memberships(marker: &str) -> impl Iterator<Item = (&str, bool)> {
    let words = [("dependency_groups", false), ("extras", true)];
    words.into_iter().flat_map(move |(word, is_extra)| {
        marker.match_indices(word).filter_map(move |(at, _)| {
            let before = marker.get(..at)?.trim_end().strip_suffix("in")?.trim_end();
            let quote = before.chars().next_back().filter(|last| matches!(last, '\'' | '"'))?;
            let name = before.strip_suffix(quote)?;
            Some((name.rsplit(quote).next()?, is_extra))
        })
    })
}

/// Where a package comes from that is no release of an index.
fn locate(node: Node<'_>) -> Option<(Locator, Option<Str>)> {
    if let Some(vcs) = node.get("vcs") {
        let commit = text_of(vcs, "commit-id").filter(|(_, written)| is_commit(written)).map(|(at, _)| at);
        let moving = text_of(vcs, "requested-revision").map(|(at, _)| at).filter(|_| commit.is_none());
        let (url, _) = text_of(vcs, "url").or_else(|| text_of(vcs, "path"))?;
        return Some((Locator::Git { url, commit }, moving));
    }
    if let Some(directory) = node.get("directory") {
        let (at, written) = text_of(directory, "path")?;
        let is_own = matches!(written, "." | "./" | "");
        return Some((if is_own { Locator::Workspace } else { Locator::Path(at) }, None));
    }
    let archive = node.get("archive")?;
    match text_of(archive, "url") {
        Some((at, written)) => Some(asked(&at, written)),
        None => Some((Locator::Path(text_of(archive, "path")?.0), None)),
    }
}

fn wheels(node: Node<'_>) -> impl Iterator<Item = Artifact<'_>> {
    let files = node.get("wheels").into_iter().flat_map(Node::items).chain(node.get("sdist"));
    files.filter(|file| file.is_map()).map(|file| {
        let url = text_of(file, "url");
        let path = text_of(file, "path");
        let is_path = url.is_none() && path.is_some();
        let at = url.or(path);
        let name = text_of(file, "name").or_else(|| at.clone()).unwrap_or((Str::at(file.span()), ""));
        Artifact { at, name, hash: hashes(file).next(), is_path }
    })
}

/// `hashes = { sha256 = "…" }`, the strongest first.
fn hashes(file: Node<'_>) -> impl Iterator<Item = Str> {
    let mut found: Vec<Node<'_>> = file.get("hashes").into_iter().flat_map(Node::members).collect();
    found.sort_by_key(|hash| matches!(hash.key(), "md5" | "sha1"));
    found.into_iter().filter_map(|hash| Some(Str::made(hash.span(), format!("{}:{}", hash.key(), hash.text()?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_stated() {
        let headers = |content: &str| content.lines().filter(|line| line.trim() == "[[packages]]").count();
        crate::formats::counting::check(&FORMAT, "pylock.toml", headers);
    }

    #[test]
    fn a_marker_names_groups_and_extras() {
        let marker = "python_version > '3' and ('dev' in dependency_groups or \"x-y\" in extras) and extras == ''";
        assert_eq!(memberships(marker).collect::<Vec<_>>(), [("dev", false), ("x-y", true)]);
    }
}
