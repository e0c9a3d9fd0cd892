//! `pixi.lock`: what pixi resolved for several environments and platforms, versions 3 to 7.
//!
//! Specification: the `rattler_lock` crate's readers. Version 3 is a list like conda-lock's; from 4 on `environments` name packages by
//! address and `packages` describe them, with `kind` (4, 5) or keyed `conda:`, `pypi:` and, from 7 on, `conda_source:`. One version from
//! one channel on several platforms is one entry. An environment called `default` is production, `dev`, `docs` and `test` are what they
//! say, others say nothing. What source packages are built with is of scope build. A `pixi.toml`, or `[tool.pixi]` of a
//! `pyproject.toml`, beside it tells what is direct; the latter's own dependencies are then locked by it.
//!
//! Registry quirks: the channel in a package's address is its registry, `channels` and `indexes` only what was asked for. conda-forge is served by
//! two hosts. Of PyPI packages the file's host is the origin; `.` is the project itself. MD5 alone is a weak hash.
//!
//! Raises trust: addresses, `sha256`.

use foldhash::{HashMap, HashMapExt};

use super::conda::{Package, locate_pypi, need_of, require, spec_name, start};
use super::conda_lock;
use super::python::manifest;
use super::python::packages::Packages;
use super::python::{Needs, name, part, requirement, text_of};
use super::{Claim, Format};
use crate::dependency::{Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, toml, yaml};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "pixi-lock",
    title: "pixi.lock",
    kind: Kind::Lock,
    files: &[Claim::Name("pixi.lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// Lists of what builds a package from its sources.
const BUILDERS: [&str; 2] = ["build_packages", "host_packages"];

const SECTIONS: [&str; 6] = ["version", "metadata", "platforms", "environments", "packages", "package"];

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let documents = yaml::read(text)?;
    let root = documents.first().map(|document| document.root()).filter(|root| root.is_map());
    let list = root.and_then(|root| root.get("packages").or_else(|| root.get("package")));
    let list = list.filter(|list| list.kind() == NodeKind::List);
    let (Some(root), Some(list)) = (root, list) else {
        return Err(Problem::new(text.place(start(text)), Lost::File, "has no list `packages`, expected a pixi.lock"));
    };
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, integrity: true, edges: true, scope: true, install_code: false };
    let version = root.get("version").and_then(Node::scalar).unwrap_or("");
    lockfile.version = Some(version.to_owned());
    if !matches!(version, "1" | "2" | "3" | "4" | "5" | "6" | "7") {
        let place = root.get("version").map_or(text.place(start(text)), Node::place);
        lockfile.problem(place, Lost::Detail, format!("version `{version}` of pixi.lock is not known; expected 3 to 7"));
    }
    for member in root.members().filter(|member| !SECTIONS.contains(&member.key())) {
        let message = format!("`{}` is not known; expected {}", member.key(), SECTIONS.join(", "));
        lockfile.problem(member.key_place(), Lost::Detail, message);
    }
    if root.get("packages").is_none() {
        conda_lock::read_list(&mut lockfile, text, list);
        return Ok(lockfile);
    }
    let by_address = HashMap::new();
    let mut reader = Reader { packages: Packages::new(text), needs: needs(root, list), nodes: Vec::new(), by_address };
    for node in list.items() {
        reader.package(&mut lockfile, node);
    }
    reader.edges(&mut lockfile);
    reader.project(&mut lockfile, neighbours);
    reader.packages.finish(&mut lockfile);
    Ok(lockfile)
}

/// What packages are for, by their address, as environments and what is built need them.
fn needs<'d>(root: Node<'d>, list: Node<'d>) -> HashMap<&'d str, Needs> {
    let mut needs: HashMap<&str, Needs> = HashMap::new();
    let mut need = |item: Node<'d>, what: Needs| {
        for address in item.members().filter(|member| is_kind(member.key())).filter_map(Node::text) {
            let all = needs.entry(address).or_default();
            *all = all.with(what);
        }
    };
    for environment in root.get("environments").into_iter().flat_map(Node::members) {
        let platforms = environment.get("packages").into_iter().flat_map(Node::members);
        for item in platforms.flat_map(Node::items) {
            need(item, need_of(environment.key()));
        }
    }
    for node in list.items() {
        for key in BUILDERS {
            for item in node.get(key).into_iter().flat_map(Node::items) {
                need(item, Needs::BUILD);
            }
        }
    }
    needs
}

fn is_kind(key: &str) -> bool {
    matches!(key, "conda" | "pypi" | "conda_source")
}

struct Reader<'t> {
    packages: Packages<'t>,
    needs: HashMap<&'t str, Needs>,
    nodes: Vec<(u32, Ecosystem, Node<'t>)>,
    by_address: HashMap<&'t str, u32>,
}

impl<'t> Reader<'t> {
    fn package(&mut self, lockfile: &mut Lockfile, node: Node<'t>) {
        let kind = node.get("kind").and_then(Node::text);
        let keyed = node.members().find(|member| is_kind(member.key()));
        let found = match (kind, keyed) {
            (Some(kind), _) => text_of(node, "url").or_else(|| text_of(node, "path")).map(|(at, written)| (kind, at, written)),
            (None, Some(member)) => member.str().zip(member.text()).map(|(at, written)| (member.key(), at, written)),
            (None, None) => None,
        };
        let package = found.as_ref().and_then(|(kind, at, written)| match *kind {
            "conda" => Package::conda(node, at, written),
            "pypi" => Package::pypi(node, at, written),
            "conda_source" => source(at, written),
            _ => None,
        });
        let (Some(package), Some((_, _, address))) = (package, found) else {
            lockfile.stated += 1;
            let message = "a package has no address, or no name; expected `conda`, `pypi` or `conda_source`";
            return lockfile.problem(node.place(), Lost::Entry, message);
        };
        let needs = self.needs.get(address).copied().unwrap_or_default();
        let ecosystem = package.ecosystem;
        let index = package.add(lockfile, &mut self.packages, needs);
        self.by_address.insert(address, index);
        self.nodes.push((index, ecosystem, node));
    }

    fn edges(&mut self, lockfile: &mut Lockfile) {
        for (from, ecosystem, node) in std::mem::take(&mut self.nodes) {
            // What builds a package of this repository is named by its address.
            let builders = BUILDERS.iter().filter_map(|key| node.get(key)).flat_map(Node::items).flat_map(Node::members);
            for to in builders.filter_map(|builder| self.by_address.get(builder.text()?)) {
                lockfile.edge(from, *to);
            }
            for spec in node.get("depends").into_iter().flat_map(Node::items).filter_map(Node::text) {
                require(&mut self.packages, from, Ecosystem::Conda, spec_name(spec));
            }
            // What an extra alone brings is no edge: nobody says which extras were asked for.
            let requires = node.get("requires_dist").into_iter().flat_map(Node::items).filter_map(Node::text);
            for found in requires.filter_map(requirement).filter(|found| !found.marker.contains("extra ==")) {
                require(&mut self.packages, from, ecosystem, found.name);
            }
        }
    }

    /// What `pixi.toml` or `[tool.pixi]` asks for.
    fn project(&mut self, lockfile: &mut Lockfile, neighbours: &Neighbours<'_>) {
        let beside = ["pixi.toml", "pyproject.toml"].into_iter().filter_map(|name| neighbours.beside(name)?.ok());
        for text in beside {
            let Ok(document) = toml::read(text) else { continue };
            let root = document.root();
            let is_own = text.path.ends_with("pixi.toml");
            let Some(table) = (if is_own { Some(root) } else { root.at(&["tool", "pixi"]) }) else { continue };
            lockfile.covers.push(text.id);
            if let Ok(manifest) = manifest::pyproject(text)
                && !is_own
            {
                self.packages.declare(lockfile, text, &manifest.wanted);
            }
            for entry in lockfile.entries.iter_mut().filter(|entry| entry.direct.is_none()) {
                entry.direct = Some(false);
            }
            let mut tables = vec![table];
            tables.extend(table.get("package"));
            let named = ["feature", "environments"].into_iter().filter_map(|key| table.get(key));
            tables.extend(named.flat_map(Node::members));
            let targets = tables.iter().filter_map(|table| table.get("target")).flat_map(Node::members);
            let targets: Vec<Node<'_>> = targets.collect();
            tables.extend(targets);
            for table in tables {
                self.declare(lockfile, text, table);
            }
        }
    }

    fn declare(&self, lockfile: &mut Lockfile, text: &Text, table: Node<'_>) {
        for key in ["dependencies", "host-dependencies", "build-dependencies", "run-dependencies", "pypi-dependencies"] {
            let all = table.get(key).into_iter().flat_map(Node::members);
            // `"if(linux)"` holds what only some platforms want.
            let all = all.flat_map(|node| if node.key().starts_with("if(") { node.members().collect() } else { vec![node] });
            for node in all {
                let is_pypi = key == "pypi-dependencies";
                let own = name(&node.key_str(), node.key());
                let (ecosystem, name) =
                    if is_pypi { (Ecosystem::PyPi, own.of(&text.content)) } else { (Ecosystem::Conda, node.key()) };
                for index in self.packages.of(ecosystem, name) {
                    lockfile.declare(*index, text.place(node.key_span()));
                }
            }
        }
    }
}

/// `name[hash] @ path`: a package that is built from sources.
fn source(at: &Str, written: &str) -> Option<Package> {
    let (id, place) = written.split_once(" @ ")?;
    let name = id.split('[').next().unwrap_or(id).trim();
    let place = place.trim();
    let whole = part(at, written, place);
    let is_own = matches!(place, "." | "./");
    let (locator, moving) = if is_own { (Locator::Workspace, None) } else { locate_pypi(&whole, place) };
    let name = (!name.is_empty()).then(|| part(at, written, name))?;
    let (ecosystem, file) = (Ecosystem::Conda, (whole, String::new()));
    Some(Package { ecosystem, name, version: None, locator, moving, hash: None, file })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_package_is_stated() {
        fn items(content: &str) -> usize {
            let lists = content.lines().skip_while(|line| !matches!(line.trim_end(), "packages:" | "package:"));
            lists.filter(|line| line.starts_with("- ")).count()
        }
        crate::formats::counting::check(&super::FORMAT, "pixi.lock", items);
    }
}
