//! Cargo's manifests: what each `Cargo.toml` asks for, and which of them one `Cargo.lock` locks.
//!
//! Answers for: dependency tables (also `target.*`, renamed, optional, inherited from `workspace.dependencies`), patches, and the
//! members of a workspace by Cargo's own rules: `members` are globs, `exclude` are plain path prefixes that an explicit member beats,
//! and path dependencies of members that lie below the root are members too. Never makes an entry.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use crate::dependency::Scopes;
use crate::neighbours::{Neighbours, folder_of, join, normalise, relative};
use crate::syntax::{Kind, Node, toml};
use crate::text::{Lost, Place, Problem, Str, Text, TextId};

/// The table that a dependency stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Production,
    Development,
    Build,
    /// `[patch]` and `[replace]`: another origin for something that is wanted elsewhere.
    Patch,
}

impl Table {
    /// What its dependencies are for.
    pub(super) fn scopes(self) -> Scopes {
        match self {
            Self::Production => Scopes::PRODUCTION,
            Self::Development => Scopes::DEVELOPMENT,
            Self::Build => Scopes::BUILD,
            Self::Patch => Scopes::UNKNOWN,
        }
    }
}

/// One dependency as a manifest writes it.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    /// Its key, in the manifest that asks for it.
    pub(super) key: Str,
    /// The manifest that asks for it.
    pub(super) asker: &'a Text,
    /// Where the other fields stand: the asker, or the workspace's root for what is inherited.
    pub(super) text: &'a Text,
    pub(super) table: Table,
    pub(super) is_optional: bool,
    /// Whether it inherits from `workspace.dependencies`, and nothing there has its name.
    pub(super) is_orphan: bool,
    inherits: bool,
    /// The real name, where the key is an alias.
    pub(super) package: Option<Str>,
    pub(super) requirement: Option<Str>,
    pub(super) path: Option<Str>,
    pub(super) git: Option<Str>,
    pub(super) rev: Option<Str>,
    pub(super) branch: Option<Str>,
    pub(super) tag: Option<Str>,
    pub(super) registry: Option<Str>,
    pub(super) registry_index: Option<Str>,
}

impl Wanted<'_> {
    /// The package's real name.
    pub(super) fn name(&self) -> &str {
        match &self.package {
            Some(package) => package.of(&self.text.content),
            // `[replace]` writes `name:version`.
            None => self.key.of(&self.asker.content).split(':').next().unwrap_or(""),
        }
    }

    /// Where it is asked for.
    pub(super) fn place(&self) -> Place {
        self.asker.place(self.key.span)
    }

    /// Whether a version may be what is asked for. When in doubt it may.
    pub(super) fn may_be(&self, version: &str) -> bool {
        self.requirement.as_ref().is_none_or(|requirement| may_satisfy(requirement.of(&self.text.content), version))
    }
}

/// One `Cargo.toml`.
#[derive(Debug)]
pub(super) struct Manifest<'a> {
    pub(super) text: &'a Text,
    /// Its folder from the root.
    pub(super) folder: &'a str,
    /// The package's name; `None` for a virtual workspace.
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    /// Whether it is a member of the workspace (or its root), and not only a path dependency.
    pub(super) is_member: bool,
    pub(super) wanted: Vec<Wanted<'a>>,
}

/// All manifests that one lockfile locks.
#[derive(Debug, Default)]
pub(super) struct Workspace<'a> {
    /// The root first, then members, then other path dependencies.
    pub(super) manifests: Vec<Manifest<'a>>,
    /// Path dependencies without a manifest in the tree: name, and path from the lockfile's folder.
    pub(super) absent: HashMap<String, String>,
    /// What could not be understood in manifests; never more than a detail of the lockfile.
    pub(super) problems: Vec<Problem>,
}

/// What a workspace's root says for its members.
#[derive(Default)]
struct Shared<'a> {
    has_workspace: bool,
    folder: &'a str,
    members: Vec<String>,
    exclude: Vec<String>,
    dependencies: HashMap<String, Wanted<'a>>,
    version: Option<String>,
}

impl Shared<'_> {
    /// Cargo's own rule: `exclude` is a path prefix, and so is an explicit member, which wins.
    fn excludes(&self, folder: &str) -> bool {
        let is_below = |prefix: &String| is_below(folder, &normalise(self.folder, prefix).unwrap_or_default());
        self.exclude.iter().any(is_below) && !self.members.iter().any(is_below)
    }
}

/// The manifests that the `Cargo.lock` in this folder locks.
pub(super) fn around<'a>(neighbours: &Neighbours<'a>) -> Workspace<'a> {
    let mut walk = Walk {
        neighbours: *neighbours,
        found: Workspace::default(),
        seen: HashSet::new(),
        shared: Shared::default(),
        others: HashMap::new(),
    };
    walk.all();
    walk.found
}

struct Walk<'a> {
    neighbours: Neighbours<'a>,
    found: Workspace<'a>,
    seen: HashSet<String>,
    shared: Shared<'a>,
    /// What other manifests say as the root of a workspace; `None` for those that are none.
    others: HashMap<TextId, Option<Rc<Shared<'a>>>>,
}

impl<'a> Walk<'a> {
    fn all(&mut self) {
        let mut members = VecDeque::from([join(self.neighbours.folder(), "Cargo.toml")]);
        let mut others = VecDeque::new();
        while let Some(path) = members.pop_front() {
            let is_root = self.seen.is_empty();
            self.one(path, true, &mut members, &mut others);
            if is_root {
                self.listed_members(&mut members);
            }
        }
        if !self.found.manifests.is_empty() {
            self.patches_of_configuration(&mut others);
        }
        while let Some(path) = others.pop_front() {
            self.one(path, false, &mut VecDeque::new(), &mut others);
        }
    }

    fn listed_members(&mut self, members: &mut VecDeque<String>) {
        for pattern in &self.shared.members {
            let found = self.neighbours.members(pattern, "Cargo.toml");
            members.extend(
                found.into_iter().filter(|(_, path)| !self.shared.excludes(folder_of(path))).map(|(_, path)| path.to_owned()),
            );
        }
    }

    fn one(&mut self, path: String, is_member: bool, members: &mut VecDeque<String>, others: &mut VecDeque<String>) {
        let is_root = self.seen.is_empty();
        let found = self.neighbours.at(&path);
        if !self.seen.insert(path) {
            return;
        }
        let text = match found {
            Some(Ok(text)) => text,
            Some(Err(problem)) => return self.found.problems.push(as_detail(problem.clone())),
            None => return,
        };
        // What is no member may belong to a workspace of its own, from which it inherits.
        let other = if is_member && !is_root { None } else { self.workspace_of(text) };
        let shared = if is_member && !is_root { Some(&self.shared) } else { other.as_deref() };
        let Some(read) = read(text, shared, is_member, &mut self.found.problems) else { return };
        if let Some(shared) = read.shared {
            self.shared = shared;
        }
        let manifest = read.manifest;
        for wanted in manifest.wanted.iter().filter(|wanted| is_root || wanted.table != Table::Patch) {
            let Some(path) = &wanted.path else { continue };
            let base = folder_of(&wanted.text.path);
            let Some(folder) = self.folder_of(wanted.name(), base, path.of(&wanted.text.content)) else { continue };
            let is_member = is_member
                && wanted.table != Table::Patch
                && self.shared.has_workspace
                && is_below(&folder, self.shared.folder)
                && !self.shared.excludes(&folder);
            let target = join(&folder, "Cargo.toml");
            if is_member { members.push_back(target) } else { others.push_back(target) }
        }
        self.found.manifests.push(manifest);
    }

    /// What the workspace says that a manifest belongs to: the one that it names, else the nearest above.
    fn workspace_of(&mut self, text: &'a Text) -> Option<Rc<Shared<'a>>> {
        let document = toml::read(text).ok()?;
        let root = document.root();
        if root.get("workspace").is_some() {
            return None;
        }
        let around = self.neighbours.moved_to(folder_of(&text.path));
        candidates(text, root, &around).into_iter().find_map(|candidate| {
            let read = || workspace_in(candidate, &mut Vec::new()).map(Rc::new);
            self.others.entry(candidate.id).or_insert_with(read).clone()
        })
    }

    /// The folder of a path dependency, if a manifest lies there; otherwise it is kept as absent.
    fn folder_of(&mut self, name: &str, base: &str, path: &str) -> Option<String> {
        let folder = normalise(base, path).filter(|folder| self.neighbours.has(&join(folder, "Cargo.toml")));
        if folder.is_none() {
            let path = join(&relative(self.neighbours.folder(), base), path);
            self.found.absent.entry(name.to_owned()).or_insert(path);
        }
        folder
    }

    /// Cargo's configuration may patch as well; its paths are relative to the folder that `.cargo` lies in. The client reports what is
    /// broken in it.
    fn patches_of_configuration(&mut self, others: &mut VecDeque<String>) {
        for text in crate::clients::cargo::files(&self.neighbours).into_iter().filter_map(Result::ok) {
            let Ok(document) = toml::read(text) else { continue };
            let tables = document.root().get("patch").into_iter().flat_map(Node::members);
            for node in tables.flat_map(Node::members) {
                let Some(path) = node.get("path").and_then(Node::text) else { continue };
                let name = node.get("package").and_then(Node::text).unwrap_or(node.key());
                let folder = self.folder_of(name, folder_of(folder_of(&text.path)), path);
                others.extend(folder.map(|folder| join(&folder, "Cargo.toml")));
            }
        }
    }
}

/// What one manifest gave.
struct Read<'a> {
    manifest: Manifest<'a>,
    /// If it has a `[workspace]` of its own.
    shared: Option<Shared<'a>>,
}

/// Reads one manifest. `shared` is what its workspace's root says, where that is another file.
fn read<'a>(text: &'a Text, shared: Option<&Shared<'a>>, is_member: bool, problems: &mut Vec<Problem>) -> Option<Read<'a>> {
    let document = match toml::read(text) {
        Ok(document) => document,
        Err(problem) => {
            problems.push(as_detail(problem));
            return None;
        }
    };
    let root = document.root();
    let own = root.get("workspace").map(|workspace| read_shared(text, workspace, problems));
    let shared_here = own.as_ref().or(shared);
    let package = root.get("package").or_else(|| root.get("project"));
    let version = package.and_then(|package| package.get("version"));
    let mut wanted = Vec::new();
    for (table, kind) in tables(root) {
        for member in table.members() {
            wanted.extend(read_wanted(text, member, kind, problems));
        }
    }
    for wanted in wanted.iter_mut().filter(|wanted| wanted.inherits) {
        inherit(wanted, shared_here);
    }
    let manifest = Manifest {
        text,
        folder: folder_of(&text.path),
        name: package.and_then(|package| package.get("name")?.text().map(str::to_owned)),
        version: match version {
            Some(version) if version.is_map() => shared_here.and_then(|shared| shared.version.clone()),
            version => version.and_then(|version| version.text().map(str::to_owned)),
        },
        is_member,
        wanted,
    };
    Some(Read { manifest, shared: own })
}

/// What a manifest alone asks for, with what it inherits from the workspace around it; and what could not be understood.
pub(super) fn alone<'a>(text: &'a Text, neighbours: &Neighbours<'a>) -> Result<(Manifest<'a>, Vec<Problem>), Problem> {
    let document = toml::read(text)?;
    let root = document.root();
    let mut problems = Vec::new();
    let needs_root = root.get("workspace").is_none();
    let mut ignored = Vec::new();
    let shared = if needs_root { workspace_above(text, root, neighbours, &mut ignored) } else { None };
    match read(text, shared.as_ref(), true, &mut problems) {
        Some(read) => Ok((read.manifest, problems)),
        None => Err(problems.pop().unwrap_or_else(|| Problem::new(root.place(), Lost::File, "is not a manifest"))),
    }
}

/// The workspace that a manifest belongs to: the one that it names, else the nearest above.
fn workspace_above<'a>(
    text: &Text,
    root: Node<'_>,
    neighbours: &Neighbours<'a>,
    problems: &mut Vec<Problem>,
) -> Option<Shared<'a>> {
    candidates(text, root, neighbours).into_iter().find_map(|candidate| workspace_in(candidate, problems))
}

/// The manifests that may be the root of a manifest's workspace, the first that is one is it.
fn candidates<'a>(text: &Text, root: Node<'_>, neighbours: &Neighbours<'a>) -> Vec<&'a Text> {
    let named = root.at(&["package", "workspace"]).and_then(Node::text);
    let candidates = match named {
        Some(path) => neighbours.include(&format!("{path}/Cargo.toml")).into_iter().collect(),
        None => neighbours.upwards("Cargo.toml"),
    };
    candidates.into_iter().filter_map(Result::ok).filter(|candidate| candidate.id != text.id).collect()
}

/// What a manifest says as the root of a workspace.
fn workspace_in<'a>(text: &'a Text, problems: &mut Vec<Problem>) -> Option<Shared<'a>> {
    let document = toml::read(text).ok()?;
    let workspace = document.root().get("workspace")?;
    Some(read_shared(text, workspace, problems))
}

fn read_shared<'a>(text: &'a Text, workspace: Node<'_>, problems: &mut Vec<Problem>) -> Shared<'a> {
    let list = |key: &str| {
        let items = workspace.get(key).into_iter().flat_map(Node::items);
        items.filter_map(|item| item.text().map(|path| path.trim_start_matches("./").to_owned())).collect()
    };
    let dependencies = workspace.get("dependencies").into_iter().flat_map(Node::members);
    Shared {
        has_workspace: true,
        folder: folder_of(&text.path),
        members: list("members"),
        exclude: list("exclude"),
        dependencies: dependencies
            .filter_map(|member| Some((member.key().to_owned(), read_wanted(text, member, Table::Production, problems)?)))
            .collect(),
        version: workspace.at(&["package", "version"]).and_then(|version| version.text().map(str::to_owned)),
    }
}

/// The tables of dependencies of a manifest, in the order of their kinds.
fn tables(root: Node<'_>) -> Vec<(Node<'_>, Table)> {
    const NAMES: [(&str, Table); 5] = [
        ("dependencies", Table::Production),
        ("dev-dependencies", Table::Development),
        ("dev_dependencies", Table::Development),
        ("build-dependencies", Table::Build),
        ("build_dependencies", Table::Build),
    ];
    let targets = root.get("target").into_iter().flat_map(Node::members);
    let mut found = Vec::new();
    for owner in std::iter::once(root).chain(targets) {
        found.extend(NAMES.into_iter().filter_map(|(name, kind)| Some((owner.get(name)?, kind))));
    }
    let patches = root.get("patch").into_iter().flat_map(Node::members);
    found.extend(patches.chain(root.get("replace")).map(|table| (table, Table::Patch)));
    found
}

fn read_wanted<'a>(text: &'a Text, node: Node<'_>, table: Table, problems: &mut Vec<Problem>) -> Option<Wanted<'a>> {
    let mut wanted = Wanted {
        key: node.key_str(),
        asker: text,
        text,
        table,
        is_optional: false,
        is_orphan: false,
        inherits: false,
        package: None,
        requirement: None,
        path: None,
        git: None,
        rev: None,
        branch: None,
        tag: None,
        registry: None,
        registry_index: None,
    };
    match node.kind() {
        Kind::Text => wanted.requirement = node.str(),
        Kind::Map => {
            for field in node.members() {
                let slot = match field.key() {
                    "package" => &mut wanted.package,
                    "version" => &mut wanted.requirement,
                    "path" => &mut wanted.path,
                    "git" => &mut wanted.git,
                    "rev" => &mut wanted.rev,
                    "branch" => &mut wanted.branch,
                    "tag" => &mut wanted.tag,
                    "registry" => &mut wanted.registry,
                    "registry-index" => &mut wanted.registry_index,
                    "optional" => {
                        wanted.is_optional = field.bool() == Some(true);
                        continue;
                    }
                    "workspace" => {
                        wanted.inherits = field.bool() == Some(true);
                        continue;
                    }
                    _ => continue,
                };
                *slot = field.str();
                if slot.is_none() {
                    let message = format!("`{}` of dependency `{}` is not text", field.key(), node.key());
                    problems.push(field.problem(Lost::Entry, message));
                    return None;
                }
            }
        }
        _ => {
            let message = format!("dependency `{}` is neither a version nor a table", node.key());
            problems.push(node.problem(Lost::Entry, message));
            return None;
        }
    }
    Some(wanted)
}

/// Takes what `workspace.dependencies` says; what the member says itself (`optional`) stays.
fn inherit<'a>(wanted: &mut Wanted<'a>, shared: Option<&Shared<'a>>) {
    let key = wanted.key.of(&wanted.asker.content);
    let Some(from) = shared.and_then(|shared| shared.dependencies.get(key)) else {
        wanted.is_orphan = true;
        return;
    };
    let mine = Wanted { asker: wanted.asker, key: wanted.key.clone(), ..from.clone() };
    *wanted = Wanted { table: wanted.table, is_optional: wanted.is_optional, ..mine };
}

/// A lockfile stays readable when a manifest beside it is not.
fn as_detail(problem: Problem) -> Problem {
    Problem { lost: Lost::Detail, ..problem }
}

/// Whether a folder is another one or lies below it.
fn is_below(folder: &str, above: &str) -> bool {
    above.is_empty() || folder.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a version may satisfy a requirement. Only plain, caret, tilde and exact ones can say no; this tells two versions of one
/// package that one manifest asks for apart, nothing more.
fn may_satisfy(requirement: &str, version: &str) -> bool {
    let requirement = requirement.trim();
    let (operator, rest) = match requirement.as_bytes().first() {
        Some(b'^' | b'~' | b'=') => requirement.split_at(1),
        _ => ("^", requirement),
    };
    let rest = rest.trim();
    if !rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return true;
    }
    let numbers = |text: &str| -> Vec<u64> {
        let core = text.split(['-', '+']).next().unwrap_or("");
        core.split('.').filter_map(|part| part.parse().ok()).collect()
    };
    let (asked, found) = (numbers(rest), numbers(version));
    let fixed = match operator {
        "=" => asked.len(),
        "~" => asked.len().min(2),
        _ => asked.iter().position(|number| *number != 0).map_or(asked.len(), |at| at + 1),
    };
    asked.iter().take(fixed).eq(found.iter().take(fixed)) && (operator == "=" || asked.iter().le(found.iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_tell_versions_apart() {
        for (requirement, yes, no) in [
            ("1", "1.4.0", "2.0.0"),
            ("0.2", "0.2.9", "0.3.0"),
            ("^1.2.3", "1.3.0", "1.2.2"),
            ("~1.2", "1.2.9", "1.3.0"),
            ("=1.2.3", "1.2.3", "1.2.4"),
            ("0.0.3", "0.0.3", "0.0.4"),
        ] {
            assert!(may_satisfy(requirement, yes), "{requirement} {yes}");
            assert!(!may_satisfy(requirement, no), "{requirement} {no}");
        }
        assert!(may_satisfy(">=1, <3", "2.0.0"));
    }

    #[test]
    fn paths_between_folders() {
        assert_eq!(relative("app", "shared/a"), "../shared/a");
        assert_eq!(relative("", "a/b"), "a/b");
        assert_eq!(relative("a", "a"), "");
    }
}
