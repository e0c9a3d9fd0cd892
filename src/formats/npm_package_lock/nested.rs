//! Version 1 and the files before it: `dependencies` in `dependencies`, as deep as the folders.
//!
//! Answers for: the overloaded `version`, `requires`, and directness from the package.json beside. Never guesses directness without it.

use super::{NONE, Package, Reading, Same, aliases, plain, scopes, text_of};
use crate::dependency::{Entry, Locator};
use crate::formats::npm_spec::{self, Located, Spec};
use crate::formats::package_json;
use crate::neighbours::{Neighbours, join};
use crate::syntax::{Document, Kind as NodeKind, Node};
use crate::text::{Lost, Problem, Str};

/// Reads `dependencies`; given the root itself, a file that has none.
pub(super) fn read<'d>(reading: &mut Reading<'d>, dependencies: Node<'d>, neighbours: &Neighbours<'_>) {
    reading.packages.push(Package { name: "", node: dependencies, up: NONE, entry: NONE });
    if dependencies.key() == "dependencies" {
        collect(reading, dependencies, 0);
    }
    for number in 1..u32::try_from(reading.packages.len()).unwrap_or(NONE) {
        installed(reading, number);
    }
    edges(reading);
    let manifest = package_json::manifest(neighbours.folder(), neighbours);
    let asking = manifest.as_ref().map(Document::root);
    reading.ships_by(0, asking);
    aliases::ask(reading, 0, None, asking);
    aliases::settle(reading, asking);
    let Some(beside) = neighbours.find(&join(neighbours.folder(), package_json::NAME)) else { return };
    reading.lockfile.covers.push(beside);
    let Some(manifest) = manifest else {
        let place = crate::text::Place { text: beside, span: crate::text::Span::default() };
        let message = "cannot be read as a package.json, so what is asked for directly is not known";
        reading.lockfile.problems.push(Problem::new(place, Lost::Detail, message));
        return;
    };
    for request in package_json::requests(manifest.root()) {
        if let Some(entry) = reading.children.get(&(0, request.node.key())).and_then(|found| reading.entry_of(*found)) {
            reading.lockfile.declare(entry, request.node.place());
            reading.asked_by_address(entry, request.node.text().unwrap_or(""));
        }
    }
    reading.settle_scopes();
    reading.settle_directness();
}

/// Numbers parents before what lies in them. The depth is bounded by the syntax.
fn collect<'d>(reading: &mut Reading<'d>, dependencies: Node<'d>, up: u32) {
    for node in dependencies.members() {
        let number = u32::try_from(reading.packages.len()).unwrap_or(NONE);
        reading.packages.push(Package { name: node.key(), node, up, entry: NONE });
        reading.children.insert((up, node.key()), number);
        if let Some(inner) = node.get("dependencies") {
            collect(reading, inner, number);
        }
    }
}

fn installed(reading: &mut Reading<'_>, number: u32) {
    let Some(package) = reading.package(number).copied() else { return };
    let node = package.node;
    if !node.is_map() || !npm_spec::is_name(package.name) {
        let message = format!("`{}` is no package, expected a name with a version, an address and a hash", package.name);
        reading.lose(Problem::new(node.key_place(), Lost::Entry, message));
        return;
    }
    let stated = node.get("version");
    if let Some(odd) = stated.filter(|version| !matches!(version.kind(), NodeKind::Text | NodeKind::Null)) {
        reading.lose(odd.problem(Lost::Entry, format!("the version of `{}` is no text", package.name)));
        return;
    }
    let bundler = bundler(reading, number).and_then(|bundler| reading.entry_of(bundler));
    let found = says(reading, package, bundler);
    if let Some(installed_as) = &found.alias {
        reading.aliases.add(number, installed_as, &found.name);
    }
    let Located { locator, moving } = found.located;
    let same = Same {
        name: package.name,
        version: text_of(node, "version"),
        resolved: text_of(node, "resolved"),
        integrity: text_of(node, "integrity"),
        bundler: bundler.unwrap_or(NONE),
        runs_code: false,
    };
    let entry = Entry { moving, alias: found.alias, ..plain(found.name, found.version, locator, scopes(node)) };
    reading.add(number, same, entry);
}

/// What `version` and `resolved` say together.
struct Says {
    name: Str,
    version: Option<Str>,
    alias: Option<Str>,
    located: Located,
}

fn says(reading: &mut Reading<'_>, package: Package<'_>, bundler: Option<u32>) -> Says {
    let node = package.node;
    let content = &reading.text.content;
    let key = node.key_str();
    let whole = node.get("version").and_then(Node::str).unwrap_or_default();
    let spec = npm_spec::parse(whole.of(content));
    let part = |piece: &str| npm_spec::part(&whole, content, piece);
    let says = |version, located| Says { name: key.clone(), version, alias: None, located };
    if let Some(located) = npm_spec::git_located(&spec, &whole, content) {
        return says(None, located);
    }
    match spec {
        Spec::Address(address) => says(None, Locator::Url(part(address)).into()),
        Spec::Path(path) => says(None, Locator::Path(part(path)).into()),
        Spec::Alias { name, wanted } if npm_spec::is_name(name) => {
            let (name, version) = (part(name), npm_spec::exact(wanted).map(part));
            let alias = (name.of(content) != package.name).then(|| key.clone());
            Says { name, version, alias, located: reading.located(node, bundler) }
        }
        Spec::Version(version) | Spec::Range(version) if npm_spec::is_locked_version(version) => {
            let version = part(version);
            says(Some(version), reading.located(node, bundler))
        }
        _ => {
            if let Some(version) = node.get("version").filter(|version| version.text().is_some_and(|text| !text.is_empty())) {
                let message = format!("`{}` is no version, expected one like `1.2.3`", version.text().unwrap_or(""));
                reading.lockfile.problems.push(version.problem(Lost::Detail, message));
            }
            let located = reading.located(node, bundler);
            let is_silent = located.locator == Locator::Silent;
            says(None, if is_silent { Locator::Missing.into() } else { located })
        }
    }
}

/// The package whose file holds this one; npm 5 wrote `true` as a text now and then.
fn bundler(reading: &Reading<'_>, number: u32) -> Option<u32> {
    let is_bundled = |package: &Package<'_>| package.node.get("bundled").and_then(Node::scalar) == Some("true");
    let package = reading.package(number).filter(|package| is_bundled(package))?;
    let mut above = package.up;
    while above != 0 {
        let package = reading.package(above)?;
        if !is_bundled(package) {
            return Some(above);
        }
        above = package.up;
    }
    None
}

/// Who requires whom. Files before version 1 have no `requires`: there, who holds whom is all that is known.
fn edges(reading: &mut Reading<'_>) {
    let mut has_any = false;
    for number in 1..u32::try_from(reading.packages.len()).unwrap_or(NONE) {
        let Some(package) = reading.package(number).copied() else { continue };
        let Some(requires) = package.node.get("requires").filter(|requires| requires.is_map()) else { continue };
        has_any = true;
        for wanted in requires.members() {
            if let Some(found) = reading.resolve(number, wanted.key()) {
                reading.require(number, found, "dependencies", wanted.text().unwrap_or(""));
            }
        }
    }
    reading.lockfile.shows.edges = has_any || reading.lockfile.version.is_some();
}
