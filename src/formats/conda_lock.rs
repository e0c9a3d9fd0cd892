//! `conda-lock.yml`: what conda-lock resolved for several platforms, version 1.
//!
//! Specification: conda-lock's own model (`lockfile/v1/models.py`). A package stands once for each platform: one entry for each version and
//! channel. `manager: pip` packages are PyPI's. `category` `main` is production, `dev`, `docs` and `test` what they say, other categories
//! nothing; `optional` beside `main` is optional. What is direct only the files in `metadata.sources` know, which are not read.
//!
//! Registry quirks: the channel in a package's `url` is its registry: conda-forge, defaults, bioconda and private channels share hosts.
//! `metadata.channels` says what was asked for, not where a package came from. Tokens in addresses are left out. Of PyPI packages the file's host
//! is the origin. MD5 alone is a weak hash.
//!
//! Raises trust: `url`, `hash.sha256`.

use super::conda::{Package, need_of, require, spec_name, start};
use super::python::packages::Packages;
use super::python::{Needs, text_of};
use super::{Claim, Format};
use crate::dependency::{Kind, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, lines, yaml};
use crate::text::{Lost, Problem, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "conda-lock",
    title: "conda-lock",
    kind: Kind::Lock,
    files: &[
        Claim::Name("conda-lock.yml"),
        Claim::Name("conda-lock.yaml"),
        Claim::SuffixAnyCase(".conda-lock.yml"),
        Claim::SuffixAnyCase(".conda-lock.yaml"),
    ],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

/// Whether it is no workflow, which may have the name of what it updates (`.github/workflows/conda-lock.yml`).
fn looks(content: &str) -> bool {
    let has = |key: &str| lines::of(content).any(|line| line.text.starts_with(key));
    has("package:") || !has("jobs:")
}

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let documents = yaml::read(text)?;
    let root = documents.first().map(|document| document.root()).filter(|root| root.is_map());
    let list = root.and_then(|root| root.get("package")).filter(|list| list.kind() == NodeKind::List);
    let (Some(root), Some(list)) = (root, list) else {
        return Err(Problem::new(text.place(start(text)), Lost::File, "has no list `package`, expected a conda-lock.yml"));
    };
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, integrity: true, edges: true, scope: true, install_code: false };
    if let Some(version) = root.get("version") {
        lockfile.version = version.scalar().map(str::to_owned);
        if version.scalar() != Some("1") {
            let message = format!("version `{}` of conda-lock.yml is not known; expected 1", version.scalar().unwrap_or(""));
            lockfile.problems.push(version.problem(Lost::Detail, message));
        }
    }
    for member in root.members().filter(|member| !matches!(member.key(), "version" | "metadata" | "package")) {
        let message = format!("`{}` is not known; expected `version`, `metadata` or `package`", member.key());
        lockfile.problem(member.key_place(), Lost::Detail, message);
    }
    if let Some(more) = documents.get(1) {
        let message = "a second document is not read; expected one";
        lockfile.problem(more.root().place(), Lost::Detail, message);
    }
    let sources = root.at(&["metadata", "sources"]).into_iter().flat_map(Node::items).filter_map(Node::text);
    // A pyproject.toml among them is read as what it is.
    let sources = sources.filter(|source| matches!(source.rsplit_once('.'), Some((_, "yml" | "yaml"))));
    for source in sources.chain(["environment.yml", "environment.yaml"]) {
        lockfile.covers.extend(neighbours.resolve(source).ok().and_then(|path| neighbours.find(&path)));
    }
    read_list(&mut lockfile, text, list);
    Ok(lockfile)
}

/// A list of packages with `manager` and `platform`, which the oldest pixi.lock has too.
pub(super) fn read_list(lockfile: &mut Lockfile, text: &Text, list: Node<'_>) {
    let mut packages = Packages::new(text);
    let mut requires = Vec::new();
    for node in list.items() {
        let Some(package) = package(node) else {
            lockfile.stated += 1;
            let message = "a package has no name, no address or an unknown `manager`; expected `conda` or `pip`";
            lockfile.problem(node.place(), Lost::Entry, message);
            continue;
        };
        let ecosystem = package.ecosystem;
        let index = package.add(lockfile, &mut packages, needs(node));
        requires.push((index, ecosystem, node));
    }
    for (index, ecosystem, node) in requires {
        let Some(dependencies) = node.get("dependencies") else { continue };
        for dependency in dependencies.members() {
            require(&mut packages, index, ecosystem, dependency.key());
        }
        for spec in dependencies.items().filter_map(Node::text) {
            require(&mut packages, index, ecosystem, spec_name(spec));
        }
    }
    packages.finish(lockfile);
}

fn package(node: Node<'_>) -> Option<Package> {
    text_of(node, "name")?;
    let (at, written) = text_of(node, "url")?;
    match node.get("manager").and_then(Node::text) {
        Some("conda") => Package::conda(node, &at, written),
        Some("pip") => Package::pypi(node, &at, written),
        _ => None,
    }
    .filter(|package| package.ecosystem == Ecosystem::Conda || package.version.is_some())
}

fn needs(node: Node<'_>) -> Needs {
    let is_optional = node.get("optional").and_then(Node::bool) == Some(true);
    let listed = node.get("categories").into_iter().flat_map(Node::items);
    let mut needs = Needs::NONE;
    for category in node.get("category").into_iter().chain(listed).filter_map(Node::text) {
        let need = need_of(category);
        needs = needs.with(if is_optional && need == Needs::PRODUCTION { Needs::EXTRA } else { need });
    }
    needs
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_package_is_stated() {
        // Every package says once who manages it.
        fn managed(content: &str) -> usize {
            content.lines().filter(|line| line.trim_start_matches([' ', '-']).starts_with("manager:")).count()
        }
        crate::formats::counting::check(&super::FORMAT, "conda-lock", managed);
    }
}
