//! `uv.lock` and the locks of scripts (`name.py.lock`): what uv resolved, version 1 in all its revisions.
//!
//! Specification: docs.astral.sh/uv, "The lockfile", and uv's own reader (`uv-resolver/src/lock`). Every package has a `source`;
//! `registry` names an index or, as a path, a folder of files. Forks by marker repeat a name with another version or source.
//!
//! Registry quirks: uv asks the recorded `url` of each file and does not compare it with `registry`, so the files' host is the origin;
//! a version whose files lie on several hosts is one entry for each of them, and `registry` counts only where no file has an address. A
//! file without `hash` is installed unchecked, so one such file leaves its entry without hashes. A version without a wheel runs a
//! build backend, as do repositories and archives of sources.
//!
//! Scopes and directness: members of the workspace (`virtual`, `editable` or listed in `[manifest]`), and what `[manifest]` asks for,
//! are where edges begin; extras of members are optional, groups a developer's, those named `test` or `tests` a test's. Members'
//! `pyproject.toml`s are locked by it.
//!
//! Raises trust: `url`, `hash`, `source`, wheels. Good news by absence: `sdist` alone.

use foldhash::{HashMap, HashMapExt, HashSet};

use super::python::artifacts::{Artifact, Artifacts};
use super::python::manifest;
use super::python::packages::{NAMED_MAX, Packages};
use super::python::{Needs, asked, built, name, normalised, revision, text_of};
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{Neighbours, join};
use crate::syntax::{Kind as NodeKind, Node, toml};
use crate::text::{Lost, Place, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "uv-lock",
    title: "uv.lock",
    kind: Kind::Lock,
    files: &[Claim::Name("uv.lock"), Claim::SuffixAnyCase(".py.lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

const SECTIONS: [&str; 10] = [
    "version",
    "revision",
    "requires-python",
    "resolution-markers",
    "supported-markers",
    "required-markers",
    "conflicts",
    "options",
    "manifest",
    "package",
];

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = toml::read(text)?;
    let root = document.root();
    // Oldest files write `[[distribution]]`.
    let list = root.get("package").or_else(|| root.get("distribution"));
    if root.get("version").is_none() || list.is_some_and(|list| list.kind() != NodeKind::List) {
        return Err(root.problem(Lost::File, "has no `version`, or no list of `[[package]]`; expected a uv.lock"));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, integrity: true, edges: true, scope: true, install_code: true };
    read_version(&mut lockfile, root);
    for member in root.members().filter(|member| !SECTIONS.contains(&member.key()) && member.key() != "distribution") {
        let message = format!("`{}` is not known; expected one of {}", member.key(), SECTIONS.join(", "));
        lockfile.problem(member.key_place(), Lost::Detail, message);
    }
    let members = root.at(&["manifest", "members"]).into_iter().flat_map(Node::items).filter_map(Node::text);
    let members = members.map(|name| normalised(name).into_owned()).collect();
    let mut reader = Reader { packages: Packages::new(text), nodes: Vec::new(), roots: Vec::new(), members, neighbours };
    for node in list.into_iter().flat_map(Node::items) {
        reader.package(&mut lockfile, node);
    }
    reader.edges(&mut lockfile);
    reader.asked_by_manifest(&mut lockfile, root);
    reader.packages.spread();
    reader.manifests(&mut lockfile);
    reader.packages.cover_folders(&mut lockfile, neighbours);
    reader.packages.finish(&mut lockfile);
    Ok(lockfile)
}

fn read_version(lockfile: &mut Lockfile, root: Node<'_>) {
    let Some(node) = root.get("version") else { return };
    let version = node.scalar().unwrap_or("");
    let revision = root.get("revision").and_then(Node::scalar).map(|revision| format!(".{revision}")).unwrap_or_default();
    lockfile.version = Some(format!("{version}{revision}"));
    if version != "1" {
        lockfile.problems.push(node.problem(Lost::Detail, format!("version `{version}` of uv.lock is not known; expected 1")));
    }
}

/// A member of the workspace: its entry and its folder.
struct Root<'t> {
    index: u32,
    folder: &'t str,
}

/// Where a package comes from; the folder of a member of the workspace.
struct Located<'t> {
    locator: Locator,
    moving: Option<Str>,
    folder: Option<&'t str>,
}

struct Reader<'t, 'n> {
    packages: Packages<'t>,
    /// Packages with the entries that they became.
    nodes: Vec<(Vec<u32>, Node<'t>)>,
    roots: Vec<Root<'t>>,
    /// What `[manifest]` lists.
    members: HashSet<String>,
    neighbours: &'n Neighbours<'n>,
}

impl<'t> Reader<'t, '_> {
    fn package(&mut self, lockfile: &mut Lockfile, node: Node<'t>) {
        let named = text_of(node, "name");
        let version = node.get("version");
        let (Some((at, written)), false) = (named, version.is_some_and(|version| version.text().is_none())) else {
            lockfile.stated += 1;
            return lockfile.problem(node.place(), Lost::Entry, "a package has no name, or a version that is no text");
        };
        let own = normalised(written);
        let mut entry = Entry::new(Ecosystem::PyPi, name(&at, written), version.and_then(Node::str), Locator::Missing);
        let source = node.get("source");
        let files = artifacts(node);
        let Some(Located { locator, moving, folder }) = source.and_then(|source| self.locate(source, &own, &files)) else {
            let message = format!(
                "`{written}` has no source that is known; expected `registry`, `git`, `url`, `path`, `directory`, `editable` or `virtual`"
            );
            let place = source.map_or(at.span, Node::span);
            lockfile.problem(Place { text: lockfile.text, span: place }, Lost::Detail, message);
            let index = self.packages.add(lockfile, entry, Needs::NONE);
            return self.nodes.push((vec![index], node));
        };
        entry.runs_code = built(&locator, self.packages.content());
        entry.moving = moving;
        let added = match locator {
            otherwise @ Locator::Index(_) => {
                Artifacts { files, otherwise }.add(lockfile, &mut self.packages, &entry, Needs::NONE)
            }
            locator => {
                let index = self.packages.add(lockfile, Entry { locator, ..entry }, Needs::NONE);
                for file in files {
                    self.packages.hash(index, file.hash);
                }
                vec![index]
            }
        };
        if let (Some(folder), Some(index)) = (folder, added.first().copied()) {
            self.roots.push(Root { index, folder });
        }
        self.nodes.push((added, node));
    }

    /// Where a source leads.
    fn locate(&self, source: Node<'t>, name: &str, files: &[Artifact<'_>]) -> Option<Located<'t>> {
        let kind = source.members().find(|member| {
            matches!(member.key(), "registry" | "git" | "url" | "direct" | "path" | "directory" | "editable" | "virtual")
        })?;
        let (at, written) = (kind.str()?, kind.text()?);
        let (locator, moving) = match kind.key() {
            "registry" if written.contains("://") => (Locator::Index(at), None),
            "registry" => (Locator::Path(in_folder(&at, written, files)), None),
            "git" => revision(&at, written),
            "url" | "direct" => asked(&at, written),
            "editable" | "virtual" | "directory" if matches!(written, "" | "." | "./") || self.members.contains(name) => {
                return Some(Located { locator: Locator::Workspace, moving: None, folder: Some(written) });
            }
            _ => (Locator::Path(at), None),
        };
        Some(Located { locator, moving, folder: None })
    }

    fn edges(&mut self, lockfile: &mut Lockfile) {
        let index = Index::of(&self.nodes);
        let roots: HashSet<u32> = self.roots.iter().map(|root| root.index).collect();
        for (from, node) in std::mem::take(&mut self.nodes) {
            let is_root = from.first().is_some_and(|first| roots.contains(first));
            let lists = node.get("dependencies").into_iter();
            let extras = node.get("optional-dependencies").into_iter().flat_map(Node::members);
            let groups =
                node.get("dev-dependencies").or_else(|| node.get("dependency-groups")).into_iter().flat_map(Node::members);
            let lists = lists
                .map(|list| (list, Needs::PRODUCTION))
                .chain(extras.map(|list| (list, Needs::EXTRA)))
                .chain(groups.map(|list| (list, Needs::of_group(list.key()))));
            for (list, needs) in lists {
                for dependency in list.items() {
                    let found = index.find(dependency);
                    if found.is_empty() {
                        let message = "a dependency is no package of this file";
                        lockfile.problems.push(dependency.problem(Lost::Detail, message));
                    }
                    for to in found {
                        // What a member needs depends on the list; the rest hands on what it is needed for itself.
                        if is_root {
                            self.packages.need(to, needs);
                            direct(lockfile, to);
                        }
                        for from in &from {
                            lockfile.edge(*from, to);
                            if !is_root {
                                self.packages.edge(*from, to);
                            }
                        }
                    }
                }
            }
        }
    }

    /// What a script, or a workspace without a project, asks for.
    fn asked_by_manifest(&mut self, lockfile: &mut Lockfile, root: Node<'_>) {
        let Some(manifest) = root.get("manifest") else { return };
        let requirements = manifest.get("requirements").into_iter().map(|list| (list, Needs::PRODUCTION));
        let groups = manifest.get("dependency-groups").into_iter().flat_map(Node::members);
        for (list, needs) in requirements.chain(groups.map(|list| (list, Needs::of_group(list.key())))) {
            for (at, written) in list.items().filter_map(|item| text_of(item, "name")) {
                for index in self.packages.named(&normalised(written)).to_vec() {
                    self.packages.need(index, needs);
                    lockfile.declare(index, Place { text: lockfile.text, span: at.span });
                }
            }
        }
    }

    /// The manifests of the members: where they ask for what is direct.
    fn manifests(&mut self, lockfile: &mut Lockfile) {
        for entry in lockfile.entries.iter_mut().filter(|entry| entry.direct.is_none() && entry.locator != Locator::Workspace) {
            entry.direct = Some(false);
        }
        for root in &self.roots {
            let Ok(folder) = self.neighbours.resolve(root.folder) else { continue };
            let path = join(&folder, "pyproject.toml");
            let Some(id) = self.neighbours.find(&path) else { continue };
            lockfile.covers.push(id);
            let Some(Ok(text)) = self.neighbours.at(&path) else { continue };
            let Ok(manifest) = manifest::pyproject(text) else { continue };
            for wanted in &manifest.wanted {
                for index in self.packages.named(wanted.name.of(&text.content)) {
                    lockfile.declare(*index, text.place(wanted.name.span));
                }
            }
        }
    }
}

fn direct(lockfile: &mut Lockfile, index: u32) {
    if let Some(entry) = lockfile.entries.get_mut(index as usize) {
        entry.direct = Some(true);
    }
}

/// A file in the folder that stands for an index.
fn in_folder(folder: &Str, written: &str, files: &[Artifact<'_>]) -> Str {
    match files.iter().find(|file| file.is_path).and_then(|file| file.at.as_ref()) {
        Some((at, file)) => Str::made(at.span, format!("{}/{file}", written.trim_end_matches('/'))),
        None => folder.clone(),
    }
}

fn artifacts(node: Node<'_>) -> Vec<Artifact<'_>> {
    let sdist = node.get("sdist").into_iter();
    let wheels = node.get("wheels").or_else(|| node.get("wheel")).into_iter().flat_map(Node::items);
    wheels
        .chain(sdist)
        .filter(|file| file.is_map())
        .map(|file| {
            let url = text_of(file, "url");
            let path = text_of(file, "path");
            let is_path = url.is_none() && path.is_some();
            let at = url.or(path);
            let name = at.clone().or_else(|| text_of(file, "filename")).unwrap_or((Str::at(file.span()), ""));
            Artifact { at, name, hash: file.get("hash").and_then(Node::str), is_path }
        })
        .collect()
}

/// A normalised name, and a version if one is told.
type Key<'t> = (String, Option<&'t str>);

/// Packages by name, and by name and version, for edges that name as much as they need to.
struct Index<'t> {
    by_name: HashMap<Key<'t>, Vec<(u32, Node<'t>)>>,
}

impl<'t> Index<'t> {
    fn of(nodes: &[(Vec<u32>, Node<'t>)]) -> Self {
        let mut by_name: HashMap<Key<'t>, Vec<(u32, Node<'t>)>> = HashMap::new();
        for (entries, node) in nodes {
            let name = normalised(node.get("name").and_then(Node::text).unwrap_or("")).into_owned();
            let version = node.get("version").and_then(Node::text);
            for index in entries {
                if version.is_some() {
                    by_name.entry((name.clone(), version)).or_default().push((*index, *node));
                }
                by_name.entry((name.clone(), None)).or_default().push((*index, *node));
            }
        }
        Self { by_name }
    }

    fn find(&self, dependency: Node<'t>) -> Vec<u32> {
        let name = normalised(dependency.get("name").and_then(Node::text).unwrap_or("")).into_owned();
        let version = dependency.get("version").and_then(Node::text);
        let source = source_of(dependency);
        let all = self.by_name.get(&(name, version)).map_or(&[][..], Vec::as_slice).iter().take(NAMED_MAX);
        all.filter(|(_, node)| source.is_none() || source_of(*node) == source).map(|(index, _)| *index).collect()
    }
}

fn source_of(node: Node<'_>) -> Option<(&str, &str)> {
    let source = node.get("source")?.members().find(|member| member.key() != "subdirectory")?;
    Some((source.key(), source.text()?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_package_is_stated() {
        let headers = |content: &str| {
            content.lines().filter(|line| line.trim() == "[[package]]" || line.trim() == "[[distribution]]").count()
        };
        for kind in ["uv.lock", "uv script lock"] {
            crate::formats::counting::check(&super::FORMAT, kind, headers);
        }
    }
}
