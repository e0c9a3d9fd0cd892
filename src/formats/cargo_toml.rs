//! `Cargo.toml`: what a crate asks for. A declaration: a detail where a `Cargo.lock` lies beside it or at its workspace's root.
//!
//! Specification: the Cargo book, "Specifying Dependencies", "Overriding Dependencies" and "Workspaces".
//!
//! Registry quirks: a requirement is a range, so only `=1.2.3` is a version. `registry = "name"` is looked up in Cargo's configuration;
//! without it the client's default is asked. With `git` or `path` beside a version, those decide here. `workspace = true` takes the
//! fields from the root of the workspace. Patches are listed as well, since they are origins. A virtual workspace lists nothing:
//! `workspace.dependencies` asks for nothing until a member does.

use std::collections::HashMap;

use super::cargo_lock::is_commit;
use super::cargo_manifest::{self, Wanted};
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{Neighbours, folder_of, join, relative};
use crate::text::{Lost, Problem, Span, Str, Text};

pub(crate) static FORMAT: Format = Format {
    id: "cargo-toml",
    title: "Cargo.toml",
    kind: Kind::Declaration,
    files: &[Claim::Name("Cargo.toml")],
    looks: None,
    shadowed_by: &["cargo-lock"],
    read,
};

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let (manifest, problems) = cargo_manifest::alone(text, neighbours)?;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Declaration);
    lockfile.shows = Shows { origin: true, scope: true, ..Shows::default() };
    lockfile.stated += problems.iter().filter(|problem| problem.lost == Lost::Entry).count();
    lockfile.problems = problems;
    let mut known = HashMap::new();
    for wanted in &manifest.wanted {
        add(&mut lockfile, text, wanted, &mut known);
    }
    Ok(lockfile)
}

/// One package with one origin may stand in several tables.
type Known = HashMap<(String, String), u32>;

fn add(lockfile: &mut Lockfile, text: &Text, wanted: &Wanted<'_>, known: &mut Known) {
    let scopes = wanted.table.scopes().with(if wanted.is_optional { Scopes::OPTIONAL } else { Scopes::UNKNOWN });
    let locator = locate(wanted);
    let version = exact(wanted);
    let content = &text.content;
    let origin = match &locator {
        Locator::Path(at) | Locator::Index(at) | Locator::Named(at) | Locator::Unresolved(at) => at.of(content).to_owned(),
        Locator::Git { url, commit } => {
            format!("{}#{}", url.of(content), commit.as_ref().map_or("", |commit| commit.of(content)))
        }
        _ => String::new(),
    };
    let number = version.as_ref().map_or("", |version| version.of(content)).to_owned();
    let key = (wanted.name().to_owned(), format!("{number} {origin}"));
    if let Some(index) = known.get(&key) {
        lockfile.stated += 1;
        if let Some(entry) = lockfile.entries.get_mut(*index as usize) {
            entry.scopes = entry.scopes.with(scopes);
        }
        return lockfile.declare(*index, wanted.place());
    }
    let name = match &wanted.package {
        Some(package) => here(wanted, package),
        None => Str {
            span: wanted.key.span,
            made: Some(wanted.name().into()).filter(|_| wanted.name() != text.slice(wanted.key.span)),
        },
    };
    let mut entry = Entry::new(Ecosystem::Cargo, name, version, locator);
    entry.scopes = scopes;
    entry.alias = wanted.package.as_ref().map(|_| wanted.key.clone());
    if matches!(entry.locator, Locator::Git { commit: None, .. }) {
        let moving = wanted.branch.as_ref().or(wanted.tag.as_ref()).or(wanted.rev.as_ref());
        entry.moving = moving.map(|moving| here(wanted, moving));
    }
    if wanted.is_orphan {
        let message = format!("`{}` inherits from `workspace.dependencies`, which is not in the tree or lacks it", wanted.name());
        lockfile.problem(wanted.place(), Lost::Detail, message);
    }
    let index = lockfile.push(entry);
    lockfile.declare(index, wanted.place());
    known.insert(key, index);
}

fn locate(wanted: &Wanted<'_>) -> Locator {
    let content = &wanted.text.content;
    if wanted.is_orphan {
        return Locator::Unresolved(wanted.key.clone());
    }
    if let Some(url) = &wanted.git {
        let commit = wanted.rev.as_ref().filter(|rev| is_commit(rev.of(content)));
        return Locator::Git { url: here(wanted, url), commit: commit.map(|commit| here(wanted, commit)) };
    }
    if let Some(path) = &wanted.path {
        return Locator::Path(path_here(wanted, path));
    }
    match (&wanted.registry_index, &wanted.registry) {
        (Some(index), _) => Locator::Index(here(wanted, index)),
        (None, Some(name)) => Locator::Named(here(wanted, name)),
        (None, None) => Locator::Silent,
    }
}

/// Only `=x.y.z` is a version.
fn exact(wanted: &Wanted<'_>) -> Option<Str> {
    let requirement = wanted.requirement.as_ref()?;
    let written = requirement.of(&wanted.text.content);
    let version = written.trim().strip_prefix('=')?.trim();
    let core = version.split(['-', '+']).next().unwrap_or("");
    let is_full = core.split('.').count() == 3 && core.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !is_full || version.contains([',', ' ']) {
        return None;
    }
    if wanted.text.id != wanted.asker.id || requirement.made.is_some() {
        return Some(Str::made(wanted.key.span, version));
    }
    let start = requirement.span.start as usize + written.trim_end().len() - version.len();
    Some(Str::at(Span::new(start, start + version.len())))
}

/// A field as a value of the manifest that asks: what is inherited stands in another file.
fn here(wanted: &Wanted<'_>, field: &Str) -> Str {
    if wanted.text.id == wanted.asker.id { field.clone() } else { Str::made(wanted.key.span, field.of(&wanted.text.content)) }
}

/// Paths are relative to the file that writes them.
fn path_here(wanted: &Wanted<'_>, path: &Str) -> Str {
    if wanted.text.id == wanted.asker.id {
        return path.clone();
    }
    let base = relative(folder_of(&wanted.asker.path), folder_of(&wanted.text.path));
    Str::made(wanted.key.span, join(&base, path.of(&wanted.text.content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dumb second count for tests: lines `key = …` in tables of dependencies, and tables of one dependency.
    fn counted_entries(content: &str) -> usize {
        let is_table = |header: &str| {
            let header = header.rsplit('.').next().unwrap_or(header);
            matches!(header, "dependencies" | "dev-dependencies" | "build-dependencies")
        };
        let mut count = 0;
        let mut is_inside = false;
        for line in content.lines().map(str::trim) {
            if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                let above = header.rsplit_once('.').map_or("", |(above, _)| above);
                let is_shared = header.starts_with("workspace");
                is_inside = !is_shared && (is_table(header) || header.starts_with("patch.") || header == "replace");
                count += usize::from(!is_inside && !is_shared && is_table(above));
            } else if is_inside && line.contains('=') && !line.starts_with(['#', '}', ']']) {
                count += 1;
            }
        }
        count
    }

    #[test]
    fn no_entry_is_lost() {
        super::super::counting::check(&FORMAT, "Cargo.toml", counted_entries);
    }
}
