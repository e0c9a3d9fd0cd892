//! *.deps.json: what a built .NET program loads; a build output that is sometimes committed or shipped in an image.
//!
//! Answers for: packages with versions, hashes, edges and directness, the projects built with them, and the runtime's own packs. Never
//! lists loose assemblies (`reference`): they are files of the build, not packages.
//!
//! Specification: dotnet/sdk, "runtime configuration files". Quirks: the first project of a target is the program itself; a runtime pack
//! carries `runtimepack.` before its id and comes with the SDK; `sha512` is empty for what is no package.
//!
//! Raises trust: `sha512` of the package's file.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::{Claim, Format, nuget, nuget_assets};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::{Node, json};
use crate::text::{Lost, Problem, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "nuget-deps-json",
    title: ".NET deps.json",
    kind: Kind::Lock,
    files: &[Claim::SuffixAnyCase(".deps.json")],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

/// What a runtime pack's id begins with.
const PACK: &str = "runtimepack.";

/// Other tools write files of this name, too.
fn looks(content: &str) -> bool {
    content.contains("\"runtimeTarget\"") || (content.contains("\"libraries\"") && content.contains("\"targets\""))
}

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read(text)?;
    let root = document.root();
    if root.get("libraries").is_none_or(|libraries| !libraries.is_map()) {
        return Err(root.problem(Lost::File, "has no map `libraries`, expected one of packages and projects"));
    }
    let content = &text.content;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { integrity: true, edges: true, ..Shows::default() };
    let mut merged = nuget::Merged::default();
    let mut hashes = HashSet::new();
    let mut known = HashMap::new();
    for library in nuget_assets::libraries(root, content, &mut lockfile) {
        let (id, locator) = match library.kind.as_str() {
            "package" => (library.id, Locator::Silent),
            "project" => (library.id, Locator::Workspace),
            "runtimepack" => {
                let written = library.id.of(content);
                let id = written.strip_prefix(PACK).unwrap_or(written);
                (nuget::part(&library.id, content, id), Locator::Builtin)
            }
            "reference" | "referenceassembly" => continue,
            other => {
                let message = format!("`{}` has the type `{other}`, expected `package` or `project`", library.node.key());
                lockfile.stated += 1;
                lockfile.problem(library.node.key_place(), Lost::Entry, message);
                continue;
            }
        };
        let entry = Entry { direct: Some(false), ..Entry::new(Ecosystem::NuGet, id, Some(library.version), locator) };
        let index = merged.add(&mut lockfile, content, entry);
        known.insert(nuget::key(library.node.key()), index);
        if let Some(hash) = library.node.get("sha512").and_then(Node::str).filter(|_| library.kind == "package") {
            nuget::hash(&mut lockfile, content, &mut hashes, index, &hash);
        }
    }
    nuget_assets::edges(root, &known, &mut lockfile);
    direct(root, &known, &mut lockfile);
    Ok(lockfile)
}

/// The program is the first project of each target; what it requires is direct.
fn direct(root: Node<'_>, known: &HashMap<String, u32>, lockfile: &mut Lockfile) {
    let mut asked = HashSet::new();
    for target in root.get("targets").into_iter().flat_map(Node::members) {
        let indexed = target.members().filter_map(|node| Some((node, *known.get(&nuget::key(node.key()))?)));
        let is_project =
            |index: u32| lockfile.entries.get(index as usize).is_some_and(|entry| entry.locator == Locator::Workspace);
        let Some((program, index)) = indexed.into_iter().find(|(_, index)| is_project(*index)) else { continue };
        asked.insert(index);
        for required in program.get("dependencies").into_iter().flat_map(Node::members) {
            let version = required.text().unwrap_or_default();
            asked.extend(known.get(&nuget::key(&format!("{}/{version}", required.key()))));
        }
    }
    for index in asked {
        if let Some(entry) = lockfile.entries.get_mut(index as usize) {
            entry.direct = Some(true);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// Libraries that are no loose assemblies.
    fn counted_entries(content: &str) -> usize {
        let root: serde_json::Value = serde_json::from_str(content).unwrap();
        root["libraries"].as_object().unwrap().values().filter(|library| library["type"] != "reference").count()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "deps.json", counted_entries);
    }
}
