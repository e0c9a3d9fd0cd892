//! project.assets.json: what a restore resolved for one project, and which feeds it asked; a build output that is rarely committed.
//!
//! Answers for: packages and projects with versions, hashes, edges, directness, and the feeds that the file names. Never reads what a
//! package contains.
//!
//! Specification: NuGet.Client's `LockFileFormat`. Versions: 1 to 4, alike in what is read here. Quirks: the file lies in `obj` below its
//! project; `project.restore.sources` are all feeds of that restore, so each is a candidate; paths of other machines stand in it.
//!
//! Raises trust: `sha512` of the package's file, the feeds.

use std::cell::OnceCell;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::nuget_assets::{self, Library};
use super::{Claim, Format, nuget};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{Neighbours, folder_of, join, normalise};
use crate::routing::{Address, Asked, KnownBy, Rule, When};
use crate::syntax::{Node, json};
use crate::text::{Lost, Problem, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "nuget-project-assets",
    title: "NuGet project.assets.json",
    kind: Kind::Lock,
    files: &[Claim::Name("project.assets.json")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// The newest version of the format that is known.
const VERSION_MAX: u32 = 4;

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read(text)?;
    let root = document.root();
    if root.get("libraries").is_none_or(|libraries| !libraries.is_map()) {
        return Err(root.problem(Lost::File, "has no map `libraries`, expected one of packages and projects"));
    }
    let content = &text.content;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.version = root.get("version").and_then(Node::scalar).map(str::to_owned);
    let number = lockfile.version.as_deref().and_then(|version| version.parse::<u32>().ok()).unwrap_or(0);
    if number == 0 || number > VERSION_MAX {
        let place = root.get("version").map_or_else(|| root.place(), Node::place);
        lockfile.problem(place, Lost::Detail, format!("has another version than 1 to {VERSION_MAX}"));
    }
    lockfile.shows = Shows { integrity: true, edges: true, ..Shows::default() };
    let project_folder = folder_of(neighbours.folder());
    let mut merged = nuget::Merged::default();
    let mut hashes = HashSet::new();
    let mut known = HashMap::new();
    let members = OnceCell::new();
    let is_member = |id: &str| members.get_or_init(|| nuget::members(neighbours)).contains(&nuget::key(id));
    let is_there = |path: &str| normalise(project_folder, path).is_some_and(|path| neighbours.has(&path));
    for library in nuget_assets::libraries(root, content, &mut lockfile) {
        let Some(entry) = entry(&library, content, &is_there, &is_member, &mut lockfile) else { continue };
        let index = merged.add(&mut lockfile, content, entry);
        known.insert(nuget::key(library.node.key()), index);
        if let Some(hash) = library.node.get("sha512").and_then(Node::str).filter(|_| library.kind == "package") {
            nuget::hash(&mut lockfile, content, &mut hashes, index, &hash);
        }
    }
    nuget_assets::edges(root, &known, &mut lockfile);
    direct(root, &mut lockfile, content);
    sources(root, text, project_folder, &mut lockfile);
    covers(root, neighbours, project_folder, &mut lockfile);
    Ok(lockfile)
}

fn entry(
    library: &Library<'_>,
    content: &str,
    is_there: &dyn Fn(&str) -> bool,
    is_member: &dyn Fn(&str) -> bool,
    lockfile: &mut Lockfile,
) -> Option<Entry> {
    let locator = match library.kind.as_str() {
        "package" => Locator::Silent,
        "project" => {
            let path = ["msbuildProject", "path"].iter().find_map(|key| library.node.get(key).and_then(Node::str));
            let is_found = path.as_ref().is_some_and(|path| is_there(path.of(content))) || is_member(library.id.of(content));
            if is_found { Locator::Workspace } else { Locator::Unresolved(path.unwrap_or_else(|| library.id.clone())) }
        }
        other => {
            let message = format!("`{}` has the type `{other}`, expected `package` or `project`", library.node.key());
            lockfile.stated += 1;
            lockfile.problem(library.node.key_place(), Lost::Entry, message);
            return None;
        }
    };
    let direct = Some(false);
    Some(Entry { direct, ..Entry::new(Ecosystem::NuGet, library.id.clone(), Some(library.version.clone()), locator) })
}

/// `projectFileDependencyGroups` lists what the project asks for as `Id >= version`, for each framework.
fn direct(root: Node<'_>, lockfile: &mut Lockfile, content: &str) {
    let groups = root.get("projectFileDependencyGroups").into_iter().flat_map(Node::members);
    let asked = groups.flat_map(Node::items).filter_map(Node::text).filter_map(|line| line.split_whitespace().next());
    let asked: HashSet<String> = asked.map(nuget::key).collect();
    for entry in &mut lockfile.entries {
        if asked.contains(&nuget::key(entry.name.of(content))) {
            entry.direct = Some(true);
        }
    }
}

/// The feeds that this restore asked.
fn sources(root: Node<'_>, text: &Text, folder: &str, lockfile: &mut Lockfile) {
    let sources = root.at(&["project", "restore", "sources"]).into_iter().flat_map(Node::members);
    let ask: Vec<Asked> = sources
        .map(|source| {
            let key = source.key_str();
            let written = key.of(&text.content);
            if nuget::is_web(written) {
                return Asked::At(Address::of(&key, &text.content, text.id));
            }
            let path = normalise(folder, written).unwrap_or_else(|| written.to_owned());
            Asked::Folder(Address::new(path, text.id, key.span))
        })
        .collect();
    if !ask.is_empty() {
        lockfile.shows.origin = true;
        lockfile.routing.rules.push(Rule { when: When::Silent, ask, known_by: KnownBy::File });
    }
}

/// The project that was restored: by its file's name if the file says it, else all of the folder.
fn covers(root: Node<'_>, neighbours: &Neighbours<'_>, folder: &str, lockfile: &mut Lockfile) {
    let named = root.at(&["project", "restore", "projectPath"]).and_then(Node::text);
    let name = named.map(|path| path.rsplit(['/', '\\']).next().unwrap_or(path));
    let own = name.and_then(|name| neighbours.find(&join(folder, name)));
    match own {
        Some(id) => lockfile.covers.push(id),
        None => lockfile.covers.extend(nuget::projects_in(folder, neighbours).into_iter().map(|(id, _)| id)),
    }
    if !lockfile.covers.is_empty() {
        lockfile.covers.extend(super::msbuild::shared(&neighbours.moved_to(folder)).map(|text| text.id));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// Libraries.
    fn counted_entries(content: &str) -> usize {
        let root: serde_json::Value = serde_json::from_str(content).unwrap();
        root["libraries"].as_object().unwrap().len()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "project.assets.json", counted_entries);
    }
}
