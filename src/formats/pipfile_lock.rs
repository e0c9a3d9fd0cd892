//! `Pipfile.lock`: what Pipenv resolved, specification 6.
//!
//! Specification: Pipenv's `Pipfile.lock` as its own writer makes it. `default` is production, `develop` development; other sections are
//! categories that a project names itself, which say nothing about what they are for. One version in several sections is one entry.
//! There are no edges; a `Pipfile` beside it tells what is direct.
//!
//! Registry quirks: `pipenv sync` asks the sources in `_meta.sources` and nothing else. `index` names one of them; an entry without
//! `index` comes from the first, and no other is tried. An index that is not among them is an error, as is a file without sources.
//! `${VARIABLE}` in a source's address is expanded; one in the host leaves the source unknown here. `verify_ssl = false` switches
//! certificates off. An entry without hashes is installed unchecked. Repositories and archives of sources run a build backend.
//!
//! Raises trust: hashes, `index`, `ref`. Good news by absence: `git`, `file`, `path`.

use super::python::manifest::{self, locate};
use super::python::packages::Packages;
use super::python::{Needs, built, is_variable_host, name, part, text_of, without_variable_user};
use super::{Claim, Format};
use crate::address;
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::routing::{Address, Asked, Effect, KnownBy, Rule, When};
use crate::syntax::{Kind as NodeKind, Node, json};
use crate::text::{Lost, Place, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "pipfile-lock",
    title: "Pipfile.lock",
    kind: Kind::Lock,
    files: &[Claim::Name("Pipfile.lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read(text)?;
    let root = document.root();
    let Some(meta) = root.get("_meta").filter(|meta| meta.is_map()) else {
        return Err(root.problem(Lost::File, "has no `_meta`, expected a Pipfile.lock"));
    };
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, integrity: true, edges: false, scope: true, install_code: false };
    if let Some(version) = meta.get("pipfile-spec") {
        lockfile.version = version.scalar().map(str::to_owned);
        if version.scalar() != Some("6") {
            let message = format!("pipfile-spec `{}` is not known; expected 6", version.scalar().unwrap_or("that is no number"));
            lockfile.problems.push(version.problem(Lost::Detail, message));
        }
    }
    let sources: Vec<Node<'_>> = meta.get("sources").into_iter().flat_map(Node::items).collect();
    declare_sources(&mut lockfile, text, &sources);
    if sources.is_empty() {
        let message = "has no `sources` in `_meta`, without which Pipenv installs nothing";
        lockfile.problem(meta.key_place(), Lost::Detail, message);
        let asked = Asked::Unknown(message.to_owned(), meta.key_place());
        lockfile.routing.rules.push(Rule { when: When::Silent, ask: vec![asked], known_by: KnownBy::File });
    }
    let mut packages = Packages::new(text);
    for section in root.members().filter(|section| section.key() != "_meta") {
        let needs = match section.key() {
            "default" => Needs::PRODUCTION,
            "develop" => Needs::DEVELOPMENT,
            _ => Needs::NONE,
        };
        if !section.is_map() {
            let message = format!("`{}` is no section of packages", section.key());
            lockfile.problems.push(section.problem(Lost::Detail, message));
        }
        for node in section.members() {
            read_entry(&mut lockfile, &mut packages, node, needs);
        }
    }
    if let Some(Ok(project)) = neighbours.beside("Pipfile")
        && let Ok(manifest) = manifest::pipfile(project)
    {
        packages.declare(&mut lockfile, project, &manifest.wanted);
    }
    packages.finish(&mut lockfile);
    Ok(lockfile)
}

fn read_entry(lockfile: &mut Lockfile, packages: &mut Packages<'_>, node: Node<'_>, needs: Needs) {
    if !node.is_map() {
        lockfile.stated += 1;
        let message = format!("`{}` is no table of a version, hashes and an origin", node.key());
        return lockfile.problem(node.key_place(), Lost::Entry, message);
    }
    let version = match node.get("version") {
        None => None,
        Some(version) => {
            if let Some((whole, written)) = version.str().zip(version.text()) {
                pinned(&whole, written)
            } else {
                lockfile.stated += 1;
                return lockfile.problem(version.place(), Lost::Entry, format!("the version of `{}` is no text", node.key()));
            }
        }
    };
    let (locator, moving) = locate(node);
    if version.is_none() && matches!(locator, Locator::Silent | Locator::Named(_)) && node.get("version").is_none() {
        lockfile.stated += 1;
        let message = format!("`{}` has neither a version nor an address", node.key());
        return lockfile.problem(node.key_place(), Lost::Entry, message);
    }
    let mut entry = Entry::new(Ecosystem::PyPi, name(&node.key_str(), node.key()), version, locator);
    entry.moving = moving;
    entry.runs_code = built(&entry.locator, packages.content());
    let index = packages.add(lockfile, entry, needs);
    let hashes = node.get("hashes").filter(|hashes| hashes.kind() == NodeKind::List);
    let is_hashed = hashes.is_some_and(|hashes| !hashes.is_empty());
    if !is_hashed {
        packages.hash(index, None);
    }
    for hash in hashes.into_iter().flat_map(Node::items).filter_map(Node::str) {
        packages.hash(index, Some(hash));
    }
}

/// `==1.2.3`; a star or a range pins nothing.
fn pinned(whole: &Str, written: &str) -> Option<Str> {
    let version = written.trim().trim_start_matches('=').trim();
    let is_exact = written.trim_start().starts_with("==") && !version.is_empty() && !version.contains(['*', ',', ' ']);
    is_exact.then(|| part(whole, written, version))
}

/// Sources of a `Pipfile` or its lock: by name, and the first for what names none.
pub(super) fn declare_sources(lockfile: &mut Lockfile, text: &Text, sources: &[Node<'_>]) {
    for (position, source) in sources.iter().enumerate() {
        let Some((at, written)) = text_of(*source, "url") else {
            let asked = Asked::Unknown("a source has no address".to_owned(), source.place());
            lockfile.problem(source.place(), Lost::Detail, "a source has no `url`, expected an address");
            rules(lockfile, position, *source, &asked);
            continue;
        };
        let place = Place { text: text.id, span: at.span };
        let asked = if is_variable_host(written) {
            Asked::Unknown(format!("the host in `{}` is a variable", address::stripped(written)), place)
        } else {
            Asked::At(Address { url: without_variable_user(written).into_owned(), place })
        };
        rules(lockfile, position, *source, &asked);
        if let Some(verify) = source.get("verify_ssl").filter(|verify| verify.bool() == Some(false)) {
            lockfile.routing.setting(Effect::TlsOff, "verify_ssl", verify.place());
        }
    }
}

fn rules(lockfile: &mut Lockfile, position: usize, source: Node<'_>, asked: &Asked) {
    let mut rule = |when| lockfile.routing.rules.push(Rule { when, ask: vec![asked.clone()], known_by: KnownBy::File });
    if let Some(name) = source.get("name").and_then(Node::text) {
        rule(When::Named(name.to_owned()));
    }
    if position == 0 {
        rule(When::Silent);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_package_is_stated() {
        // Another reader of JSON, and keys counted.
        fn keys(content: &str) -> usize {
            let Ok(serde_json::Value::Object(root)) = serde_json::from_str(content.trim_start_matches('\u{feff}')) else {
                return 0;
            };
            root.iter().filter(|(key, _)| *key != "_meta").filter_map(|(_, section)| Some(section.as_object()?.len())).sum()
        }
        crate::formats::counting::check(&super::FORMAT, "Pipfile.lock", keys);
    }
}
