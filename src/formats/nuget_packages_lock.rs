//! packages.lock.json: what `dotnet restore` locks for one project.
//!
//! Answers for: packages of all target frameworks and runtimes, merged by id and version; their hashes, edges and directness; the
//! projects that a project refers to. Never says where a package comes from: no version of the format does.
//!
//! Specification: docs.microsoft.com, PackageReference, "Locking dependencies", and NuGet.Client's own reader. Versions: 1; 2 with central
//! package management (`CentralTransitive`); 3, where targets stand at the root under their alias, each with `framework` and
//! `dependencies`. Quirks: a section of a runtime (`net8.0/linux-x64`) repeats only what differs from its framework's; ids have no case,
//! and projects stand in lower case; packages that the framework itself brings are required and not listed. A project is a member if a
//! project file of the tree has its name or gives itself that name. `packages.<project>.lock.json` locks that project only, with `_` for
//! spaces; it goes before packages.lock.json.
//!
//! Raises trust: `contentHash` (SHA-512 of the package's content, compared by every restore).

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::{Claim, Format, msbuild, nuget};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{Neighbours, join};
use crate::syntax::{Node, json, xml};
use crate::text::{Lost, Problem, Str, Text, TextId};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "nuget-packages-lock",
    title: "NuGet packages.lock.json",
    kind: Kind::Lock,
    files: &[Claim::Name("packages.lock.json"), Claim::Around("packages.", ".lock.json")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// The newest version of the format that is known.
const VERSION_MAX: u32 = 3;

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read(text)?;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { integrity: true, edges: true, ..Shows::default() };
    let targets = targets(document.root(), &mut lockfile)?;
    let projects = own_projects(text, neighbours);
    lockfile.covers.extend(projects.iter().map(|(id, _)| *id));
    lockfile.covers.extend(msbuild::shared(neighbours).filter(|_| !projects.is_empty()).map(|text| text.id));
    let mut reader = Reader {
        text,
        neighbours,
        lockfile,
        merged: nuget::Merged::default(),
        hashes: HashSet::new(),
        members: None,
        given: None,
    };
    let known: Vec<HashMap<String, u32>> = targets.iter().map(|target| reader.target(target.packages)).collect();
    let by_name: HashMap<&str, usize> = targets.iter().enumerate().map(|(index, target)| (target.name, index)).collect();
    for (target, own) in targets.iter().zip(&known) {
        let framework = target.name.split_once('/').and_then(|(framework, _)| known.get(*by_name.get(framework)?));
        reader.edges(target.packages, own, framework);
    }
    declare(&mut reader.lockfile, &projects, neighbours, &known);
    Ok(reader.lockfile)
}

/// The packages of one framework, or of one framework and runtime.
struct Target<'d> {
    name: &'d str,
    packages: Node<'d>,
}

/// The targets, wherever the version of the format has them.
fn targets<'d>(root: Node<'d>, lockfile: &mut Lockfile) -> Result<Vec<Target<'d>>, Problem> {
    if !root.is_map() {
        return Err(root.problem(Lost::File, "is no map, expected the keys of a packages.lock.json"));
    }
    let version = root.get("version").and_then(Node::scalar).unwrap_or_default();
    lockfile.version = (!version.is_empty()).then(|| version.to_owned());
    let number: u32 = version.parse().unwrap_or(0);
    if number == 0 || number > VERSION_MAX {
        let place = root.get("version").map_or_else(|| root.place(), Node::place);
        let message = format!("has the version `{version}`, expected 1 to {VERSION_MAX}");
        lockfile.problem(place, Lost::Detail, message);
    }
    if number < 3
        && let Some(dependencies) = root.get("dependencies").filter(|dependencies| dependencies.is_map())
    {
        return Ok(maps(dependencies, lockfile).map(|packages| Target { name: packages.key(), packages }).collect());
    }
    if number < 3 {
        return Err(root.problem(Lost::File, "has no map `dependencies`, expected a framework in it for each target"));
    }
    let mut targets = Vec::new();
    for target in root.members().filter(|member| member.key() != "version") {
        match target.get("dependencies") {
            Some(packages) if packages.is_map() => targets.push(Target { name: target.key(), packages }),
            // A target without packages.
            None if target.get("framework").is_some() => {}
            _ => lockfile.problem(target.key_place(), Lost::Detail, "is no target, expected `framework` and `dependencies`"),
        }
    }
    Ok(targets)
}

/// The members of a map that are maps; the others are problems.
fn maps<'d>(map: Node<'d>, lockfile: &mut Lockfile) -> impl Iterator<Item = Node<'d>> {
    let (maps, odd): (Vec<_>, Vec<_>) = map.members().partition(|member| member.is_map());
    for member in odd {
        lockfile.problem(member.key_place(), Lost::Detail, format!("`{}` is no map of packages", member.key()));
    }
    maps.into_iter()
}

struct Reader<'r, 'a> {
    text: &'r Text,
    neighbours: &'r Neighbours<'a>,
    lockfile: Lockfile,
    merged: nuget::Merged,
    hashes: HashSet<(u32, String)>,
    /// Names of the tree's projects, once something asks.
    members: Option<HashSet<String>>,
    /// Names that projects give themselves, once that does not do.
    given: Option<HashSet<String>>,
}

impl Reader<'_, '_> {
    /// The entries of a target by id.
    fn target(&mut self, packages: Node<'_>) -> HashMap<String, u32> {
        packages.members().filter_map(|package| Some((nuget::key(package.key()), self.package(package)?))).collect()
    }

    fn package(&mut self, package: Node<'_>) -> Option<u32> {
        let content = &self.text.content;
        let kind = package.get("type").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
        let version = package.get("resolved").and_then(Node::str).filter(|version| !version.of(content).trim().is_empty());
        if !package.is_map() || package.key().trim().is_empty() || (version.is_none() && kind != "project") {
            self.lockfile.stated += 1;
            let message = format!("`{}` is no package, expected `type` and `resolved`", package.key());
            self.lockfile.problem(package.key_place(), Lost::Entry, message);
            return None;
        }
        let entry = match kind.as_str() {
            "project" => {
                let locator = self.member(&package.key_str());
                Entry { direct: Some(false), ..Entry::new(Ecosystem::NuGet, package.key_str(), None, locator) }
            }
            "direct" | "transitive" | "centraltransitive" => {
                let direct = Some(kind == "direct");
                Entry { direct, ..Entry::new(Ecosystem::NuGet, package.key_str(), version, Locator::Silent) }
            }
            _ => {
                let message = format!(
                    "`{}` has the type `{kind}`, expected `Direct`, `Transitive`, `CentralTransitive` or `Project`",
                    package.key()
                );
                self.lockfile.problem(package.key_place(), Lost::Detail, message);
                Entry::new(Ecosystem::NuGet, package.key_str(), version, Locator::Silent)
            }
        };
        let is_package = entry.locator == Locator::Silent;
        let index = self.merged.add(&mut self.lockfile, content, entry);
        if let Some(hash) = package.get("contentHash").and_then(Node::str).filter(|_| is_package) {
            nuget::hash(&mut self.lockfile, content, &mut self.hashes, index, &hash);
        }
        Some(index)
    }

    /// What a project is: a member of the repository, or a name that nothing in it explains.
    fn member(&mut self, name: &Str) -> Locator {
        let wanted = nuget::key(name.of(&self.text.content));
        let neighbours = self.neighbours;
        let has_file = self.members.get_or_insert_with(|| nuget::members(neighbours)).contains(&wanted);
        let is_member = has_file || self.given.get_or_insert_with(|| msbuild::given_names(neighbours)).contains(&wanted);
        if is_member { Locator::Workspace } else { Locator::Unresolved(name.clone()) }
    }

    fn edges(&mut self, packages: Node<'_>, own: &HashMap<String, u32>, framework: Option<&HashMap<String, u32>>) {
        for package in packages.members() {
            let Some(from) = own.get(&nuget::key(package.key())) else { continue };
            for required in package.get("dependencies").into_iter().flat_map(Node::members) {
                let id = nuget::key(required.key());
                if let Some(to) = own.get(&id).or_else(|| framework.and_then(|known| known.get(&id))) {
                    self.lockfile.edge(*from, *to);
                }
            }
        }
    }
}

/// The projects of the folder that this file locks.
fn own_projects<'a>(text: &Text, neighbours: &Neighbours<'a>) -> Vec<(TextId, &'a str)> {
    let projects = nuget::projects_in(neighbours.folder(), neighbours);
    let lock_of = |path: &str| format!("packages.{}.lock.json", nuget::stem(path).replace(' ', "_"));
    let name = text.path.rsplit('/').next().unwrap_or_default();
    let is_own = |path: &str| match lock_of(path) {
        own if own == name => true,
        own => name == "packages.lock.json" && !neighbours.has(&join(neighbours.folder(), &own)),
    };
    projects.into_iter().filter(|(_, path)| is_own(path)).collect()
}

/// Where the project asks for what is locked as direct, and for other projects.
fn declare(lockfile: &mut Lockfile, projects: &[(TextId, &str)], neighbours: &Neighbours<'_>, known: &[HashMap<String, u32>]) {
    let mut by_id: HashMap<&str, BTreeSet<u32>> = HashMap::new();
    for (id, index) in known.iter().flatten().filter(|_| !projects.is_empty()) {
        by_id.entry(id).or_default().insert(*index);
    }
    for (_, path) in projects {
        let Some(Ok(text)) = neighbours.at(path) else { continue };
        let Ok(document) = xml::read(text) else { continue };
        for item in msbuild::items(document.root(), &["PackageReference", "ProjectReference"]) {
            let is_project = item.element.name().eq_ignore_ascii_case("ProjectReference");
            for name in item.names(&text.content) {
                let written = name.of(&text.content).replace('\\', "/");
                let id = nuget::key(if is_project { nuget::stem(&written) } else { &written });
                for index in by_id.get(id.as_str()).into_iter().flatten().copied() {
                    let direct = lockfile.entries.get(index as usize).and_then(|entry| entry.direct);
                    if is_project || direct == Some(true) {
                        lockfile.declare(index, text.place(name.span));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// Members of the maps of packages.
    fn counted_entries(content: &str) -> usize {
        let root: serde_json::Value = serde_json::from_str(content).unwrap();
        let has_aliases = root["version"].as_u64() > Some(2);
        let targets = if has_aliases { &root } else { &root["dependencies"] };
        let packages = |target: &serde_json::Value| {
            let packages = if has_aliases { &target["dependencies"] } else { target };
            packages.as_object().map_or(0, serde_json::Map::len)
        };
        targets.as_object().unwrap().values().map(packages).sum()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "packages.lock.json", counted_entries);
    }
}
