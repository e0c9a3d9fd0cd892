//! package.json: what a JavaScript project wants.
//!
//! Answers for: the dependencies that a manifest asks for with their places and scopes, the members of its workspaces, and, where no
//! lockfile locks it, one entry for each. Lock readers of the npm family take directness and scopes from here. Never resolves a range,
//! and never reads `overrides` or `resolutions` as dependencies.
//!
//! Specification: docs.npmjs.com, package.json. Quirks: a name may stand in several sections; `npm:` renames; `user/repo` is a GitHub
//! repository; `workspaces` is a list or a map with `packages`; pnpm and bun add `catalog:` and `workspace:`, which only they resolve.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt, HashSet};
use globset::{GlobBuilder, GlobMatcher};

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::npm_spec::{self, Located, Spec};
use crate::formats::{Claim, Format, yarn_berry};
use crate::neighbours::{Neighbours, join};
use crate::syntax::{Document, Node, json, yaml};
use crate::text::{Lost, Place, Problem, Str, Text, TextId};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "package-json",
    title: "package.json",
    kind: Kind::Declaration,
    files: &[Claim::Name(NAME)],
    looks: None,
    shadowed_by: &["bun-lock", "bun-lockb", "npm-package-lock", "npm-shrinkwrap", "pnpm-lock", "yarn-berry", "yarn-v1"],
    read,
};

/// The name of the file.
pub(crate) const NAME: &str = "package.json";

/// Sections that ask for packages, and what for.
const SECTIONS: [(&str, Scopes); 4] = [
    ("dependencies", Scopes::PRODUCTION),
    ("devDependencies", Scopes::DEVELOPMENT),
    ("optionalDependencies", Scopes::PRODUCTION.with(Scopes::OPTIONAL)),
    ("peerDependencies", Scopes::PEER),
];

/// One package that a manifest asks for: its key is the name, its text the specification.
#[derive(Clone, Copy)]
pub(crate) struct Request<'d> {
    /// Name and specification.
    pub(crate) node: Node<'d>,
    /// What for.
    pub(crate) scopes: Scopes,
}

/// All that a manifest asks for, in the order of its sections.
pub(crate) fn requests(manifest: Node<'_>) -> impl Iterator<Item = Request<'_>> {
    SECTIONS.into_iter().flat_map(move |(section, scopes)| {
        manifest.get(section).into_iter().flat_map(Node::members).map(move |node| Request { node, scopes })
    })
}

/// Where a manifest asks for each name first.
pub(crate) fn places(manifest: Option<Node<'_>>) -> HashMap<&str, Place> {
    let mut found = HashMap::new();
    for request in manifest.into_iter().flat_map(requests) {
        found.entry(request.node.key()).or_insert_with(|| request.node.place());
    }
    found
}

/// A manifest by its folder, relative to the root; `None` if it is not there or cannot be read.
pub(crate) fn manifest<'a>(folder: &str, neighbours: &Neighbours<'a>) -> Option<Document<'a>> {
    let text = neighbours.at(&join(folder, NAME))?.ok()?;
    json::read(text).ok().filter(|document| document.root().is_map())
}

/// The patterns that name the members of a workspace.
pub(crate) fn patterns(manifest: Node<'_>) -> Vec<&str> {
    let Some(workspaces) = manifest.get("workspaces") else { return Vec::new() };
    let list = workspaces.get("packages").unwrap_or(workspaces);
    list.items().filter_map(Node::text).collect()
}

/// Folders of a workspace, by patterns; a later `!pattern` takes away.
pub(crate) struct Members(Vec<(bool, GlobMatcher)>);

impl Members {
    /// The members that patterns name. A pattern that is none names nothing.
    pub(crate) fn of(patterns: &[&str]) -> Self {
        let matcher = |pattern: &&str| {
            let (takes_away, pattern) = pattern.strip_prefix('!').map_or((false, *pattern), |pattern| (true, pattern));
            let plain = pattern.trim_start_matches("./").trim_end_matches('/');
            let glob = GlobBuilder::new(plain).literal_separator(true).build().ok()?;
            Some((takes_away, glob.compile_matcher()))
        };
        Self(patterns.iter().filter_map(matcher).collect())
    }

    /// Whether a folder, relative to the workspace's root, is a member.
    pub(crate) fn contain(&self, folder: &str) -> bool {
        let applies = self.0.iter().rev().find(|(_, matcher)| matcher.is_match(folder));
        applies.is_some_and(|(takes_away, _)| !takes_away)
    }
}

/// The manifests of the members that patterns name, in path order, by their folder relative to the root of the tree.
pub(crate) fn members<'a>(patterns: &[&str], neighbours: &Neighbours<'a>) -> BTreeMap<&'a str, TextId> {
    let mut found = BTreeMap::new();
    for pattern in patterns {
        let (takes_away, pattern) = pattern.strip_prefix('!').map_or((false, *pattern), |pattern| (true, pattern));
        for (id, path) in neighbours.members(pattern, NAME) {
            let folder = crate::neighbours::folder_of(path);
            if takes_away {
                found.remove(folder);
            } else {
                found.insert(folder, id);
            }
        }
    }
    found
}

/// Whether a path is one of an installed package, whose manifest asks for nothing that the repository installs.
pub(crate) fn is_installed(path: &str) -> bool {
    path.split('/').any(|part| part == "node_modules")
}

/// The manifests of the packages that are installed beside a lockfile, where a repository has them too.
pub(super) fn installed<'a>(neighbours: &Neighbours<'a>) -> impl Iterator<Item = TextId> + use<'a> {
    let all = neighbours.starting_with(&join(neighbours.folder(), "node_modules/"));
    all.filter(|(_, path)| path.rsplit('/').next() == Some(NAME)).map(|(id, _)| id)
}

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read(text)?;
    let root = document.root();
    if !root.is_map() {
        return Err(root.problem(Lost::File, "is no map, expected the keys of a package.json"));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Declaration);
    lockfile.shows = Shows { scope: true, ..Shows::default() };
    for (section, _) in SECTIONS {
        if let Some(odd) = root.get(section).filter(|node| !node.is_map()) {
            lockfile.problems.push(odd.problem(Lost::Detail, format!("`{section}` is no map of names and versions")));
        }
    }
    // Members of a workspace ask for each other as for any package.
    if let Some(name) = root.get("name").and_then(Node::str) {
        lockfile.mention(name);
    }
    let is_optional = |meta: &Node<'_>| meta.get("optional").and_then(Node::bool) == Some(true);
    let meta = root.get("peerDependenciesMeta").into_iter().flat_map(Node::members);
    let optional_peers: HashSet<&str> = meta.filter(is_optional).map(Node::key).collect();
    let has_any = requests(root).any(|request| request.node.text().is_some_and(|spec| spec.starts_with(CATALOG)));
    let catalog_files = if has_any { catalog_files(neighbours) } else { Vec::new() };
    let catalogs = Catalogs::of(&catalog_files);
    let mut known: HashMap<(&str, &str), u32> = HashMap::new();
    for request in requests(root) {
        let Some(spec) = request.node.text().filter(|spec| is_request(request.node.key(), spec)) else {
            lockfile.stated += 1;
            let message = format!("`{}` is no request, expected a name and a version", request.node.key());
            lockfile.problems.push(Problem::new(request.node.key_place(), Lost::Entry, message));
            continue;
        };
        let mut scopes = request.scopes;
        if scopes.contains(Scopes::PEER) && optional_peers.contains(request.node.key()) {
            scopes = scopes.with(Scopes::OPTIONAL);
        }
        if let Some(index) = known.get(&(request.node.key(), spec)) {
            lockfile.stated += 1;
            if let Some(entry) = lockfile.entries.get_mut(*index as usize) {
                entry.scopes = entry.scopes.with(scopes);
            }
            continue;
        }
        let entry = Entry { scopes, ..entry(request.node, &text.content, &catalogs) };
        let index = lockfile.push(entry);
        lockfile.declare(index, request.node.place());
        known.insert((request.node.key(), spec), index);
    }
    Ok(lockfile)
}

/// Whether a key asks for a package; another's may be installed below a name too.
fn is_request(key: &str, spec: &str) -> bool {
    npm_spec::is_name(key) || (npm_spec::is_folder(key) && matches!(npm_spec::parse(spec), Spec::Alias { .. }))
}

/// The entry for one request that no lockfile answers.
fn entry(node: Node<'_>, content: &str, catalogs: &Catalogs<'_>) -> Entry {
    let whole = node.str().unwrap_or_default();
    let key = node.key_str();
    let written = whole.of(content);
    let spec = npm_spec::parse(written);
    let plain = |version, locator| Entry::new(Ecosystem::Npm, key.clone(), version, locator);
    let part = |piece: &str| npm_spec::part(&whole, content, piece);
    match &spec {
        Spec::Version(version) => plain(Some(part(version)), Locator::Silent),
        Spec::Range(_) => plain(None, Locator::Silent),
        Spec::Alias { name, wanted } => {
            let version = npm_spec::exact(wanted).map(part);
            let alias = (*name != key.of(content)).then(|| key.clone());
            Entry { alias, ..Entry::new(Ecosystem::Npm, part(name), version, Locator::Silent) }
        }
        Spec::Git { .. } => {
            let Some(Located { locator, moving }) = npm_spec::git_located(&spec, &whole, content) else {
                return plain(None, Locator::Missing);
            };
            Entry { moving, ..plain(None, locator) }
        }
        Spec::Address(address) => match npm_spec::archive_located(address, &whole, content) {
            Some(Located { locator, moving }) => Entry { moving, ..plain(None, locator) },
            None => plain(None, Locator::Url(part(address))),
        },
        Spec::Path(path) => plain(None, Locator::Path(part(path))),
        Spec::Workspace(_) => plain(None, Locator::Workspace),
        Spec::Jsr(wanted) => jsr(&key, wanted, &whole, content),
        Spec::Catalog(name) => match catalogs.wanted(name, node.key()).map(npm_spec::parse) {
            Some(Spec::Version(version)) => plain(Some(Str::made(whole.span, version)), Locator::Silent),
            Some(Spec::Range(_)) => plain(None, Locator::Silent),
            Some(Spec::Alias { name, wanted }) => {
                let version = npm_spec::exact(wanted).map(|version| Str::made(whole.span, version));
                let name = Str::made(whole.span, name);
                Entry { alias: Some(key.clone()), ..Entry::new(Ecosystem::Npm, name, version, Locator::Silent) }
            }
            _ => plain(None, Locator::Unresolved(whole.clone())),
        },
        Spec::Unknown(other) => {
            let patched = other.strip_prefix("patch:").and_then(|patched| patched_entry(patched, &key, &whole, content));
            patched.unwrap_or_else(|| plain(None, Locator::Unresolved(whole.clone())))
        }
    }
}

/// What yarn patches (`name@npm%3A^1.0.0#./a.patch`), if a registry has it.
fn patched_entry(patched: &str, key: &Str, whole: &Str, content: &str) -> Option<Entry> {
    let of = yarn_berry::decoded(patched.split('#').next()?);
    let (name, range) = npm_spec::split_name(&of);
    let made = |text: &str| Str::made(whole.span, text);
    let (name, version) = match npm_spec::parse(range) {
        Spec::Version(version) => (name, Some(made(version))),
        Spec::Range(_) => (name, None),
        Spec::Alias { name, wanted } => (name, npm_spec::exact(wanted).map(made)),
        _ => return None,
    };
    let alias = (name != key.of(content)).then(|| key.clone());
    npm_spec::is_name(name).then(|| Entry { alias, ..Entry::new(Ecosystem::Npm, made(name), version, Locator::Silent) })
}

/// `jsr:^1` keeps the key as its name, `jsr:@scope/name@^1` names another.
fn jsr(key: &Str, wanted: &str, whole: &Str, content: &str) -> Entry {
    let (name, version) = if wanted.starts_with('@') { npm_spec::split_name(wanted) } else { ("", wanted) };
    let version = npm_spec::exact(version).map(|version| npm_spec::part(whole, content, version));
    let client_id = Locator::Index(Str::made(whole.span, "jsr:"));
    if name.is_empty() || name == key.of(content) {
        return Entry::new(Ecosystem::Jsr, key.clone(), version, client_id);
    }
    let name = npm_spec::part(whole, content, name);
    Entry { alias: Some(key.clone()), ..Entry::new(Ecosystem::Jsr, name, version, client_id) }
}

/// What asks for a version that a catalog names begins so.
pub(super) const CATALOG: &str = "catalog:";

/// The files that may name versions once for all members of a workspace: pnpm's pnpm-workspace.yaml, yarn's .yarnrc.yml, bun's root
/// manifest.
pub(super) fn catalog_files<'a>(neighbours: &Neighbours<'a>) -> Vec<Document<'a>> {
    let settings = ["pnpm-workspace.yaml", ".yarnrc.yml"].into_iter().flat_map(|name| neighbours.upwards(name)).flatten();
    let mut documents: Vec<_> = settings.filter_map(|text| yaml::read_with_aliases(text).ok()).flatten().collect();
    documents.extend(neighbours.upwards(NAME).into_iter().flatten().filter_map(|text| json::read(text).ok()));
    documents
}

/// What catalogs say, by catalog and name; the default catalog is `default`.
#[derive(Default)]
pub(super) struct Catalogs<'d>(HashMap<(&'d str, &'d str), &'d str>);

impl<'d> Catalogs<'d> {
    /// What these files say; the first that names a package counts.
    pub(super) fn of(documents: &'d [Document<'d>]) -> Self {
        let mut found = HashMap::new();
        for document in documents {
            let root = document.root();
            for holder in [Some(root), root.get("workspaces")].into_iter().flatten() {
                let default = holder.get("catalog").map(|catalog| ("default", catalog));
                let named = holder.get("catalogs").into_iter().flat_map(Node::members).map(|catalog| (catalog.key(), catalog));
                for (name, catalog) in default.into_iter().chain(named) {
                    for entry in catalog.members() {
                        if let Some(wanted) = entry.scalar() {
                            found.entry((name, entry.key())).or_insert(wanted);
                        }
                    }
                }
            }
        }
        Self(found)
    }

    /// What a range asks for: itself, or what the catalog says that it names.
    pub(super) fn range<'r>(&self, name: &str, range: &'r str) -> &'r str
    where
        'd: 'r,
    {
        range.strip_prefix(CATALOG).and_then(|catalog| self.wanted(catalog.trim(), name)).unwrap_or(range)
    }

    fn wanted(&self, catalog: &str, name: &str) -> Option<&'d str> {
        self.0.get(&(if catalog.is_empty() { "default" } else { catalog }, name)).copied()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// Keys of the four sections.
    fn counted_entries(content: &str) -> usize {
        let root: serde_json::Value = serde_json::from_str(content).unwrap();
        let sections = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
        sections.iter().filter_map(|section| root[section].as_object()).map(serde_json::Map::len).sum()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "package.json", counted_entries);
    }

    #[test]
    fn a_later_pattern_takes_away() {
        let members = Members::of(&["packages/*", "!packages/old", "./tools/cli/"]);
        assert!(members.contain("packages/new") && members.contain("tools/cli"));
        assert!(!members.contain("packages/old") && !members.contain("packages/a/b"));
    }
}
