//! deno.lock: what deno fetches from JSR, npm and any address.
//!
//! Answers for: `jsr`, `npm` and `remote` entries of versions 1 to 5, peer variants merged, files of one remote module merged by the
//! `@version` in their address, hashes, edges, and directness from `workspace`. Never says scopes (deno has none) and never guesses the
//! npm registry, which `.npmrc` decides.
//!
//! Specification: denoland/deno_lockfile. Quirks: version 1 is a flat map of addresses; ids moved from `npm.packages` over `packages`
//! to the top; dependencies were maps until 3; `_peer@1` behind a version is a peer set; `"scripts": true` (5) means that a package has
//! lifecycle scripts. JSR entries name no address: `jsr:` is the client's id. Remote modules are ecosystem `generic`.
//!
//! Raises trust: `integrity`, the hashes of `remote`, `tarball`. Good news by absence: `scripts`.

use foldhash::{HashMap, HashMapExt};

use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::npm_spec::{self, part, split_name};
use crate::formats::{Claim, Format};
use crate::neighbours::{Neighbours, join};
use crate::syntax::{Kind as NodeKind, Node, json};
use crate::text::{Lost, Place, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "deno-lock",
    title: "deno deno.lock",
    kind: Kind::Lock,
    files: &[Claim::Name("deno.lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

const SECTIONS: [&str; 8] = ["jsr", "npm", "packages", "redirects", "remote", "specifiers", "version", "workspace"];

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read(text)?;
    let root = document.root();
    if !root.is_map() {
        return Err(root.problem(Lost::File, "is no map, expected the keys of a deno.lock"));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    for name in ["deno.json", "deno.jsonc"] {
        lockfile.covers.extend(neighbours.find(&join(neighbours.folder(), name)));
    }
    let stated = root.get("version");
    lockfile.version = stated.and_then(Node::scalar).map(str::to_owned);
    let version = lockfile.version.as_deref().unwrap_or("1").to_owned();
    lockfile.shows = Shows { integrity: true, edges: true, install_code: version == "5", ..Shows::default() };
    let mut reading = Reading {
        specifiers: HashMap::new(),
        lockfile,
        text,
        by_id: HashMap::new(),
        by_name: HashMap::new(),
        modules: HashMap::new(),
        merged: HashMap::new(),
    };
    if stated.is_none() {
        reading.remote(root);
        return Ok(reading.lockfile);
    }
    if !matches!(version.as_str(), "1" | "2" | "3" | "4" | "5") {
        let problem = stated.unwrap_or(root).problem(Lost::Detail, format!("version {version} is unknown, expected 1 to 5"));
        reading.lockfile.problems.push(problem);
    }
    for section in root.members().filter(|section| !SECTIONS.contains(&section.key())) {
        let message = format!("`{}` is an unknown section of a deno.lock", section.key());
        reading.lockfile.problems.push(Problem::new(section.key_place(), Lost::Detail, message));
    }
    let is_odd = |section: &Node<'_>| !matches!(section.key(), "version") && !section.is_map();
    for odd in root.members().filter(|section| SECTIONS.contains(&section.key())).filter(is_odd) {
        reading.lockfile.problems.push(odd.problem(Lost::Detail, format!("`{}` is no map", odd.key())));
    }
    // Where the three generations keep them.
    let jsr = root.get("jsr").or_else(|| root.at(&["packages", "jsr"]));
    let npm = root
        .at(&["npm", "packages"])
        .filter(|_| version == "2")
        .or_else(|| root.at(&["packages", "npm"]))
        .or_else(|| root.get("npm"));
    let specifiers =
        root.get("specifiers").or_else(|| root.at(&["packages", "specifiers"])).or_else(|| root.at(&["npm", "specifiers"]));
    for (section, ecosystem) in [(jsr, Ecosystem::Jsr), (npm, Ecosystem::Npm)] {
        for node in section.into_iter().flat_map(Node::members) {
            reading.package(node, ecosystem);
        }
    }
    root.get("remote").into_iter().for_each(|remote| reading.remote(remote));
    let locked = specifiers.into_iter().flat_map(Node::members);
    reading.specifiers = locked.filter_map(|specifier| Some((specifier.key(), specifier.text()?))).collect();
    for section in [jsr, npm].into_iter().flatten() {
        section.members().for_each(|node| reading.edges(node));
    }
    reading.directness(root, specifiers, version == "2");
    Ok(reading.lockfile)
}

/// The work on one file.
struct Reading<'d> {
    lockfile: Lockfile,
    text: &'d Text,
    /// By the id as it stands (`name@1.0.0_peer@2`).
    by_id: HashMap<&'d str, u32>,
    /// What each specifier (`npm:chalk@^5`) is locked to.
    specifiers: HashMap<&'d str, &'d str>,
    /// `None` where a name has several.
    by_name: HashMap<&'d str, Option<u32>>,
    modules: HashMap<&'d str, u32>,
    merged: HashMap<(Ecosystem, &'d str, &'d str, &'d str, &'d str), u32>,
}

impl<'d> Reading<'d> {
    fn lose(&mut self, node: Node<'d>, message: String) {
        self.lockfile.stated += 1;
        self.lockfile.problems.push(Problem::new(node.key_place(), Lost::Entry, message));
    }

    fn package(&mut self, node: Node<'d>, ecosystem: Ecosystem) {
        let content = &self.text.content;
        let key = node.key_str();
        let (name, rest) = split_name(node.key());
        let version = rest.split('_').next().unwrap_or(rest);
        if !npm_spec::is_name(name) || !npm_spec::is_version(version) || !node.is_map() {
            self.lose(node, format!("`{}` is no package like `name@1.2.3` with a hash", node.key()));
            return;
        }
        let text_of = |key: &str| node.get(key).and_then(Node::text).unwrap_or("");
        let same = (ecosystem, name, version, text_of("tarball"), text_of("integrity"));
        let index = if let Some(index) = self.merged.get(&same) {
            self.lockfile.stated += 1;
            *index
        } else {
            let tarball = node.get("tarball").filter(|tarball| tarball.kind() != NodeKind::Null);
            let locator = match (ecosystem, tarball) {
                (Ecosystem::Jsr, _) => Locator::Index(Str::made(key.span, "jsr:")),
                (_, Some(tarball)) => {
                    let url = tarball.str().filter(|url| url.of(content).contains("://"));
                    if url.is_none() {
                        self.lockfile.problems.push(tarball.problem(Lost::Detail, "the address of the tarball is none"));
                    }
                    url.map_or(Locator::Missing, Locator::File)
                }
                (_, None) => Locator::Silent,
            };
            let runs_code = node.get("scripts").filter(|flag| flag.bool() == Some(true)).map(Node::span);
            let (name, version) = (part(&key, content, name), part(&key, content, version));
            let index = self.lockfile.push(Entry { runs_code, ..Entry::new(ecosystem, name, Some(version), locator) });
            self.merged.insert(same, index);
            self.hash(index, node.get("integrity"), ecosystem != Ecosystem::Npm);
            index
        };
        self.by_id.insert(node.key(), index);
        self.by_name.entry(name).and_modify(|one| *one = one.filter(|one| *one == index)).or_insert(Some(index));
    }

    /// npm's hashes are subresource integrity, the others SHA-256 in hexadecimal.
    fn hash(&mut self, index: u32, node: Option<Node<'d>>, is_hex: bool) {
        let Some(node) = node else { return };
        let content = &self.text.content;
        let whole = node.str().unwrap_or_default();
        let written = whole.of(content);
        if is_hex && written.len() == 64 && written.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            self.lockfile.hash(index, Str::made(whole.span, format!("sha256:{written}")));
            return;
        }
        let mut has_any = false;
        for word in npm_spec::hashes(written).filter(|_| !is_hex) {
            let Ok(hash) = word else {
                has_any = false;
                break;
            };
            has_any = true;
            self.lockfile.hash(index, part(&whole, content, hash));
        }
        if !has_any {
            self.lockfile.problems.push(node.problem(Lost::Detail, format!("`{written}` is no hash")));
        }
    }

    /// Addresses and their hashes. What has one `@version` in its path is a module of several files.
    fn remote(&mut self, remote: Node<'d>) {
        for node in remote.members() {
            let content = &self.text.content;
            let url = node.key();
            let Some(rest) =
                url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).filter(|_| node.text().is_some())
            else {
                self.lose(node, format!("`{url}` is no address with a hash"));
                continue;
            };
            let key = node.key_str();
            let (module, version) = module(rest);
            let known =
                url.get(..url.len() - rest.len() + module.len() + version.map_or(0, |version| version.len() + 1)).unwrap_or(url);
            let index = if let Some(index) = self.modules.get(known) {
                self.lockfile.stated += 1;
                *index
            } else {
                let version = version.map(|version| part(&key, content, version));
                let name = part(&key, content, module);
                let index = self.lockfile.push(Entry::new(Ecosystem::Generic, name, version, Locator::Url(key)));
                self.modules.insert(known, index);
                index
            };
            self.hash(index, Some(node), true);
        }
    }

    /// The entry that a specifier (`jsr:@std/path@1`, `npm:chalk@^5`) or an id means.
    fn find(&self, wanted: &str) -> Option<u32> {
        let bare = strip(wanted);
        if let Some(found) = self.by_id.get(bare) {
            return Some(*found);
        }
        let (name, _) = split_name(bare);
        let version = self.specifiers.get(wanted).copied().map(strip);
        if let Some(version) = version {
            return self.by_id.get(version).or_else(|| self.by_id.get(format!("{name}@{version}").as_str())).copied();
        }
        self.by_name.get(name).copied().flatten().or_else(|| self.only_asked(wanted))
    }

    /// Of several versions of a name, the one that the only specifier of that name is locked to.
    fn only_asked(&self, wanted: &str) -> Option<u32> {
        let mut all =
            self.specifiers.iter().filter(|(asked, _)| asked.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('@')));
        let (asked, version) = all.next()?;
        all.next()
            .is_none()
            .then(|| self.by_id.get(format!("{}@{}", split_name(strip(asked)).0, strip(version)).as_str()).copied())?
    }

    fn edges(&mut self, node: Node<'d>) {
        let Some(from) = self.by_id.get(node.key()).copied() else { return };
        for section in ["dependencies", "optionalDependencies"] {
            let Some(wanted) = node.get(section) else { continue };
            let ids: Vec<&str> = wanted.members().chain(wanted.items()).filter_map(Node::text).collect();
            for id in ids {
                // `alias@npm:real@1` names the real one behind `npm:`.
                let id = id.split_once("@npm:").map_or(id, |(_, real)| real);
                if let Some(to) = self.find(id).filter(|to| *to != from) {
                    self.lockfile.edge(from, to);
                }
            }
        }
    }

    fn directness(&mut self, root: Node<'d>, specifiers: Option<Node<'d>>, is_second: bool) {
        let mut asked: Vec<(&'d str, Place)> = Vec::new();
        if let Some(workspace) = root.get("workspace") {
            let members = workspace.get("members").into_iter().flat_map(Node::members);
            for project in std::iter::once(workspace).chain(members) {
                let lists = [project.get("dependencies"), project.at(&["packageJson", "dependencies"])];
                let items = lists.into_iter().flatten().flat_map(Node::items);
                asked.extend(items.filter_map(|item| Some((item.text()?, item.place()))));
            }
        } else if is_second {
            let all = specifiers.into_iter().flat_map(Node::members);
            asked.extend(all.filter_map(|specifier| Some((specifier.text()?, specifier.key_place()))));
        } else {
            return;
        }
        for (wanted, place) in asked {
            if let Some(entry) = self.find(wanted) {
                self.lockfile.declare(entry, place);
            }
        }
        for entry in self.lockfile.entries.iter_mut().filter(|entry| entry.ecosystem != Ecosystem::Generic) {
            entry.direct.get_or_insert(false);
        }
    }
}

fn strip(wanted: &str) -> &str {
    wanted.strip_prefix("jsr:").or_else(|| wanted.strip_prefix("npm:")).unwrap_or(wanted).trim_start_matches('/')
}

/// Host and path up to a version in it, and that version: `deno.land/std` and `0.140.0`.
fn module(rest: &str) -> (&str, Option<&str>) {
    let path = rest.split(['?', '#']).next().unwrap_or(rest);
    let mut start = 0;
    for segment in path.split('/') {
        let at = segment.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
        if let Some(at) = at.filter(|_| start > 0) {
            let name = path.get(..start + at).unwrap_or(path);
            return (name, segment.get(at + 1..).filter(|version| !version.is_empty()));
        }
        start += segment.len() + 1;
    }
    (path, None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// Keys of the sections, wherever the version keeps them.
    fn counted_entries(content: &str) -> usize {
        let root: serde_json::Value = serde_json::from_str(content).unwrap();
        let count = |value: &serde_json::Value| value.as_object().map_or(0, serde_json::Map::len);
        if root.get("version").is_none() {
            return count(&root);
        }
        let npm = match (&root["npm"]["packages"], &root["npm"]) {
            (packages, _) if packages.is_object() => count(packages),
            (_, npm) => count(npm),
        };
        count(&root["jsr"]) + npm + count(&root["packages"]["jsr"]) + count(&root["packages"]["npm"]) + count(&root["remote"])
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "deno.lock", counted_entries);
    }

    #[test]
    fn modules_end_at_their_version() {
        assert_eq!(module("deno.land/std@0.140.0/path/mod.ts"), ("deno.land/std", Some("0.140.0")));
        assert_eq!(module("esm.sh/@scope/name@1.0.0/x"), ("esm.sh/@scope/name", Some("1.0.0")));
        assert_eq!(module("example.com/mod.ts?x=@1"), ("example.com/mod.ts", None));
        assert_eq!(module("user@example.com/mod.ts"), ("user@example.com/mod.ts", None));
    }
}
