//! What a Python project asks for: `pyproject.toml` (PEP 621, PEP 735, Poetry, PDM, uv) and `Pipfile`.
//!
//! Answers for: every dependency with its name's place, the version if it is one only, where it shall come from, what it is needed
//! for. Never reads indexes: that is the clients' part.

use foldhash::{HashMap, HashMapExt};

use super::{Needs, asked, in_project, is_commit, name, normalised, part, requirement, text_of};
use crate::dependency::Locator;
use crate::syntax::{Kind, Node, toml};
use crate::text::{Lost, Problem, Str, Text};

/// One dependency that a manifest asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Its normalised name.
    pub(crate) name: Str,
    /// The version, if it is one only.
    pub(crate) version: Option<Str>,
    /// Where it shall come from.
    pub(crate) locator: Locator,
    /// The branch or tag that moves it.
    pub(crate) moving: Option<Str>,
    /// What it is needed for.
    pub(crate) needs: Needs,
    /// Whether only some platforms or versions of Python want it.
    pub(crate) is_conditional: bool,
}

/// What a manifest says.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    /// The project's normalised name.
    pub(crate) name: Option<String>,
    /// What it asks for.
    pub(crate) wanted: Vec<Wanted>,
    /// The extras that it offers (`[project.optional-dependencies]`).
    pub(crate) extras: Vec<String>,
    /// What its build asks for.
    pub(crate) build: Vec<Wanted>,
    /// How many dependencies are written, whatever became of them.
    pub(crate) stated: usize,
    /// What could not be understood.
    pub(crate) problems: Vec<Problem>,
}

/// Reads a `pyproject.toml`.
pub(crate) fn pyproject(text: &Text) -> Result<Manifest, Problem> {
    let document = toml::read(text)?;
    let root = document.root();
    let mut reader = Reader { manifest: Manifest::default(), sources: sources(root) };
    let stated = root.at(&["project", "name"]).or_else(|| root.at(&["tool", "poetry", "name"]));
    reader.manifest.name = stated.and_then(Node::text).map(|name| normalised(name).into_owned());
    let list = |keys: &[&str]| root.at(keys).into_iter();
    for node in list(&["project", "dependencies"]) {
        reader.requirements(node, Needs::PRODUCTION);
    }
    for node in list(&["project", "optional-dependencies"]).flat_map(Node::members) {
        reader.manifest.extras.push(node.key().to_owned());
        reader.requirements(node, Needs::EXTRA);
    }
    for node in list(&["dependency-groups"]).chain(list(&["tool", "pdm", "dev-dependencies"])).flat_map(Node::members) {
        reader.requirements(node, Needs::of_group(node.key()));
    }
    for node in list(&["tool", "uv", "dev-dependencies"]) {
        reader.requirements(node, Needs::DEVELOPMENT);
    }
    let project = reader.manifest.wanted.len();
    for node in list(&["tool", "poetry", "dependencies"]).flat_map(Node::members).filter(|node| node.key() != "python") {
        reader.entry(node, Needs::PRODUCTION);
    }
    for node in list(&["tool", "poetry", "dev-dependencies"]).flat_map(Node::members) {
        reader.entry(node, Needs::DEVELOPMENT);
    }
    for group in list(&["tool", "poetry", "group"]).flat_map(Node::members) {
        for node in group.get("dependencies").into_iter().flat_map(Node::members) {
            reader.entry(node, Needs::of_group(group.key()));
        }
    }
    enrich(&mut reader.manifest.wanted, project, &text.content);
    // Nothing locks what a build asks for alone, so that alone makes no declaration.
    if !reader.manifest.wanted.is_empty() {
        let wanted = std::mem::take(&mut reader.manifest.wanted);
        for node in list(&["build-system", "requires"]) {
            reader.requirements(node, Needs::BUILD);
        }
        reader.manifest.build = std::mem::replace(&mut reader.manifest.wanted, wanted);
    }
    Ok(reader.manifest)
}

/// Reads a `Pipfile`.
pub(crate) fn pipfile(text: &Text) -> Result<Manifest, Problem> {
    let document = toml::read(text)?;
    let mut reader = Reader { manifest: Manifest::default(), sources: HashMap::new() };
    for table in document.root().members() {
        let needs = match table.key() {
            "source" | "requires" | "scripts" | "pipenv" | "pipfile" => continue,
            "packages" => Needs::PRODUCTION,
            "dev-packages" => Needs::DEVELOPMENT,
            _ => Needs::NONE,
        };
        for node in table.members() {
            reader.entry(node, needs);
        }
    }
    Ok(reader.manifest)
}

/// `[tool.uv.sources]` by normalised name.
fn sources(root: Node<'_>) -> HashMap<String, Node<'_>> {
    let sources = root.at(&["tool", "uv", "sources"]).into_iter().flat_map(Node::members);
    sources.map(|node| (normalised(node.key()).into_owned(), node)).collect()
}

/// Poetry's own table adds to `[project]` what that cannot say: one of its entries is no second dependency of the same name.
fn enrich(wanted: &mut Vec<Wanted>, project: usize, content: &str) {
    if project == 0 || project == wanted.len() {
        return;
    }
    let poetry = wanted.split_off(project);
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for (index, one) in wanted.iter().enumerate() {
        by_name.entry(one.name.of(content).to_owned()).or_insert(index);
    }
    for one in poetry {
        match by_name.get(one.name.of(content)).and_then(|index| wanted.get_mut(*index)) {
            Some(first) if first.locator == Locator::Silent => {
                first.locator = one.locator;
                first.moving = one.moving;
                first.needs = first.needs.with(one.needs);
            }
            _ => wanted.push(one),
        }
    }
}

struct Reader<'d> {
    manifest: Manifest,
    sources: HashMap<String, Node<'d>>,
}

impl<'d> Reader<'d> {
    fn problem(&mut self, node: Node<'_>, message: String) {
        let place = if node.span().is_empty() { node.key_place() } else { node.place() };
        self.manifest.problems.push(Problem::new(place, Lost::Entry, message));
    }

    /// A list of PEP 508 strings; tables in it name other groups.
    fn requirements(&mut self, list: Node<'_>, needs: Needs) {
        if list.kind() != Kind::List {
            let message = format!("`{}` is no list of requirements", list.key());
            return self.problem(list, message);
        }
        for node in list.items().filter(|node| !node.is_map()) {
            self.manifest.stated += 1;
            match node.str().zip(node.text()) {
                Some((whole, written)) => self.requirement(node, &whole, written, needs),
                None => self.problem(node, "is no requirement, expected text".to_owned()),
            }
        }
    }

    fn requirement(&mut self, node: Node<'_>, whole: &Str, written: &str, needs: Needs) {
        if let Some(editable) = written.strip_prefix("-e ").map(str::trim) {
            return self.editable(node, whole, written, editable, needs);
        }
        let Some(found) = requirement(written) else {
            return self.problem(node, format!("`{written}` is no requirement, expected a name and what versions it may have"));
        };
        let at = part(whole, written, found.name);
        let own = Wanted {
            name: name(&at, found.name),
            version: found.version.map(|version| part(whole, written, version)),
            locator: Locator::Silent,
            moving: None,
            needs,
            is_conditional: !found.marker.is_empty(),
        };
        if let Some(address) = found.address {
            let at = part(whole, written, address);
            let (locator, moving) = in_project(&at, address).map_or_else(|| asked(&at, address), |path| (path, None));
            return self.manifest.wanted.push(Wanted { locator, moving, ..own });
        }
        match self.sources.get(normalised(found.name).as_ref()).copied() {
            Some(source) => {
                for source in each(source) {
                    let (locator, moving) = locate(source);
                    self.manifest.wanted.push(Wanted { locator, moving, ..own.clone() });
                }
            }
            None => self.manifest.wanted.push(own),
        }
    }

    /// PDM's `-e file:///${PROJECT_ROOT}/folder#egg=name`.
    fn editable(&mut self, node: Node<'_>, whole: &Str, written: &str, address: &str, needs: Needs) {
        let Some(egg) = address.split_once("#egg=").map(|(_, egg)| egg.split(['&', '[']).next().unwrap_or(egg)) else {
            return self.problem(node, format!("`{written}` names no package, expected `#egg=name` at its end"));
        };
        let bare = address.split('#').next().unwrap_or(address);
        let at = part(whole, written, bare);
        let (locator, moving) = in_project(&at, bare).map_or_else(|| asked(&at, bare), |path| (path, None));
        let name = name(&part(whole, written, egg), egg);
        self.manifest.wanted.push(Wanted { name, version: None, locator, moving, needs, is_conditional: false });
    }

    /// `name = "1.2.3"`, `name = { … }` or `name = [{ … }]` of Poetry and Pipenv.
    fn entry(&mut self, node: Node<'d>, needs: Needs) {
        self.manifest.stated += 1;
        let at = name(&node.key_str(), node.key());
        for value in each(node) {
            let written = match value.kind() {
                Kind::Text => value.str().zip(value.text()),
                Kind::Map => text_of(value, "version"),
                _ => {
                    let message = format!("`{}` is neither a version nor a table", node.key());
                    self.problem(value, message);
                    continue;
                }
            };
            let version = written.and_then(|(whole, written)| Some(part(&whole, written, one_version(written)?)));
            let (locator, moving) = if value.is_map() { locate(value) } else { (Locator::Silent, None) };
            let is_optional = value.get("optional").and_then(Node::bool) == Some(true);
            let needs = if is_optional { Needs::EXTRA } else { needs };
            let is_conditional = value.members().any(|member| CONDITIONS.contains(&member.key()));
            self.manifest.wanted.push(Wanted { name: at.clone(), version, locator, moving, needs, is_conditional });
        }
    }
}

/// Keys of Poetry and Pipenv that say who wants a package.
const CONDITIONS: [&str; 8] =
    ["markers", "os_name", "platform", "platform_machine", "platform_system", "python", "python_version", "sys_platform"];

/// A node, or the items of a list.
fn each(node: Node<'_>) -> Vec<Node<'_>> {
    if node.kind() == Kind::List { node.items().collect() } else { vec![node] }
}

/// The version that a constraint of Poetry or Pipenv accepts, if it is one: `1.2.3`, `==1.2.3`.
fn one_version(constraint: &str) -> Option<&str> {
    let bare = constraint.trim().trim_start_matches('=').trim_start();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'!' | b'_');
    (bare.starts_with(|first: char| first.is_ascii_digit()) && bare.bytes().all(is_plain)).then_some(bare)
}

/// Where a table says that its package shall come from.
pub(crate) fn locate(table: Node<'_>) -> (Locator, Option<Str>) {
    for program in ["git", "hg", "svn", "bzr"] {
        let Some((url, _)) = text_of(table, program) else { continue };
        let reference = ["rev", "revision", "ref", "tag", "branch"].into_iter().find_map(|key| text_of(table, key));
        let is_pinned = reference.as_ref().is_some_and(|(_, written)| is_commit(written));
        let reference = reference.map(|(at, _)| at);
        let (commit, moving) = if is_pinned { (reference, None) } else { (None, reference) };
        return (Locator::Git { url, commit }, moving);
    }
    if let Some((at, written)) = text_of(table, "url").or_else(|| text_of(table, "file")) {
        return asked(&at, written);
    }
    if let Some((at, _)) = text_of(table, "path") {
        return (Locator::Path(at), None);
    }
    if table.get("workspace").and_then(Node::bool) == Some(true) {
        return (Locator::Workspace, None);
    }
    match text_of(table, "source").or_else(|| text_of(table, "index")) {
        Some((at, _)) => (Locator::Named(at), None),
        None => (Locator::Silent, None),
    }
}
