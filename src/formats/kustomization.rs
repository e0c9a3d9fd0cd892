//! Kustomizations: images that they put in place of others, and remote resources.
//!
//! Specification: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>. `images[]` with `newName`, `newTag` or
//! `digest`: the image that results, of which the repository is `newName` or else `name`. What only replaces a name takes its tag from
//! the manifests: the version is unknown. `resources`, `bases`, `components` and the like: addresses (`https://…/x.yaml`) and
//! repositories (`https://host/owner/repo//folder?ref=v1`, `github.com/owner/repo?ref=v1`, `git@host:path`). `helmCharts[]`: charts with
//! their repository. Local files are read for themselves, as far as they are of a format.

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::image::{self, PieceKind, Written};
use crate::formats::{Claim, Format, remote};
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, yaml};
use crate::text::{Lost, Problem, Span, Text};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "kustomization",
    title: "Kustomization",
    kind: Kind::Reference,
    files: &[Claim::Name("Kustomization"), Claim::Name("kustomization.yaml"), Claim::Name("kustomization.yml")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// Lists of files and folders, which may be remote.
const SOURCES: [&str; 8] =
    ["bases", "components", "configurations", "crds", "generators", "resources", "transformers", "validators"];

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let documents = yaml::read_with_aliases(text)?;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Reference);
    lockfile.shows = Shows { origin: true, scope: true, ..Shows::default() };
    for document in &documents {
        let root = document.root();
        if !matches!(root.kind(), NodeKind::Map | NodeKind::Null) {
            lockfile.problems.push(root.problem(Lost::File, "expected a map with `resources` or `images`"));
        }
        for image in list(&mut lockfile, root, "images") {
            replaced(&mut lockfile, text, image);
        }
        for source in SOURCES {
            for item in list(&mut lockfile, root, source) {
                resource(&mut lockfile, text, item, neighbours);
            }
        }
        for chart in list(&mut lockfile, root, "helmCharts") {
            helm_chart(&mut lockfile, text, chart);
        }
    }
    Ok(lockfile)
}

fn list<'d>(lockfile: &mut Lockfile, root: Node<'d>, key: &str) -> Vec<Node<'d>> {
    let Some(list) = root.get(key) else { return Vec::new() };
    if !matches!(list.kind(), NodeKind::List | NodeKind::Null) {
        lockfile.problems.push(list.problem(Lost::Entry, format!("`{key}` is not a list")));
    }
    list.items().collect()
}

fn replaced(lockfile: &mut Lockfile, text: &Text, image: Node<'_>) {
    let part = |key: &str| {
        let value = image.get(key)?.scalar_str().filter(|value| !value.of(&text.content).is_empty())?;
        Some(Written::foreign(&value, &text.content))
    };
    let (new_name, tag, digest) = (part("newName"), part("newTag"), part("digest"));
    if new_name.is_none() && tag.is_none() && digest.is_none() && image.get("tagSuffix").is_none() && image.is_map() {
        return;
    }
    let Some(name) = new_name.or_else(|| part("name")) else {
        return lockfile.problems.push(image.problem(Lost::Entry, "an image without `name`"));
    };
    let end = name.span().end as usize;
    let mut written = Written::anchored(name.span());
    written.append(&name);
    for (sign, part) in [(":", &tag), ("@", &digest)] {
        if let Some(part) = part {
            written.push(sign, Span::new(end, end), PieceKind::Made);
            written.append(part);
        }
    }
    let has_own = name.value.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    if tag.is_none() && digest.is_none() && !has_own {
        written.push(":", Span::new(end, end), PieceKind::Made);
        written.push("the manifest's tag", name.span(), PieceKind::Unknown);
    }
    image::push(lockfile, text, &written, Scopes::PRODUCTION);
}

fn resource(lockfile: &mut Lockfile, text: &Text, item: Node<'_>, neighbours: &Neighbours<'_>) {
    let Some(value) = item.scalar_str() else {
        // A transformer may stand here as a map.
        if !item.is_map() {
            lockfile.problems.push(item.problem(Lost::Entry, "a resource that is no text"));
        }
        return;
    };
    let written = Written::foreign(&value, &text.content);
    let path = &written.value;
    // A patch or generator may stand here as text of several lines.
    let is_here =
        path.contains('\n') || neighbours.resolve(path).is_ok_and(|path| neighbours.has(&path) || neighbours.has_folder(&path));
    if !is_here && is_remote(&written) {
        remote::push_resource(lockfile, text, &written, Scopes::PRODUCTION);
    }
}

/// An address, a repository, or a path that begins with the name of a host.
fn is_remote(written: &Written) -> bool {
    let path = &written.value;
    let host = path.split(['/', ':']).next().unwrap_or("");
    let is_host = !path.starts_with('.')
        && path.contains('/')
        && host.contains('.')
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    remote::is_remote(written) || path.starts_with("git::") || is_host
}

fn helm_chart(lockfile: &mut Lockfile, text: &Text, chart: Node<'_>) {
    let value = |key: &str| chart.get(key)?.scalar_str().filter(|value| !value.of(&text.content).is_empty());
    let Some(name) = value("name") else {
        return lockfile.problems.push(chart.problem(Lost::Entry, "a chart without `name`"));
    };
    // Without a repository the chart is a folder of this repository.
    let Some(repository) = value("repo") else { return };
    let mut entry = Entry::new(Ecosystem::Generic, name, value("version"), Locator::Index(repository));
    entry.scopes = Scopes::PRODUCTION;
    entry.direct = Some(true);
    lockfile.push(entry);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    /// Counts by spelling alone.
    fn counted_entries(content: &str) -> usize {
        let is_one = |line: &&str| {
            let line = line.trim_start_matches([' ', '-']);
            line.starts_with("name:") || line.starts_with("https://") || line.starts_with("github.com/")
        };
        content.lines().filter(is_one).count()
    }

    #[test]
    fn none_is_lost() {
        testing::assert_counted("kustomization", "minimal", counted_entries);
        testing::assert_damaged(&FORMAT);
        testing::assert_corpus(&FORMAT, &["kustomization"], counted_entries);
    }
}
