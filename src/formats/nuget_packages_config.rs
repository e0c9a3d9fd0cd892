//! packages.config: the packages of an older .NET project, direct and transitive in one flat list.
//!
//! Answers for: ids with their exact versions, and which of them only developers need. Never says where a package comes from, carries no
//! hash and no edges.
//!
//! Specification: docs.microsoft.com, "packages.config reference". `packages.<project>.config` is its name where one folder has several
//! projects. Quirks: a byte order mark is usual; one package stands several times where frameworks differ. `allowedVersions` restricts
//! updates, not what is installed. Visual Studio runs `install.ps1` of packages installed in this way, which shows nowhere in the file.

use super::{Claim, Format, nuget};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::xml::{self, Element};
use crate::text::{Lost, Problem, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "nuget-packages-config",
    title: "NuGet packages.config",
    kind: Kind::Lock,
    files: &[Claim::NameAnyCase("packages.config"), Claim::Around("packages.", ".config")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = xml::read(text)?;
    let root = document.root();
    if !root.is("packages") {
        return Err(root.problem(Lost::File, format!("is `{}`, expected `packages`", root.name())));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { scope: true, ..Shows::default() };
    let mut merged = nuget::Merged::default();
    for element in root.children() {
        if !element.is("package") {
            let message = format!("`{}` is not known, expected `package`", element.name());
            lockfile.problems.push(element.problem(Lost::Detail, message));
            continue;
        }
        if let Some(entry) = entry(element, &text.content) {
            merged.add(&mut lockfile, &text.content, entry);
        } else {
            lockfile.stated += 1;
            lockfile.problems.push(element.problem(Lost::Entry, "is no package, expected `id` and an exact `version`"));
        }
    }
    Ok(lockfile)
}

fn entry(element: Element<'_>, content: &str) -> Option<Entry> {
    let id = element.attribute("id").filter(|id| !id.of(content).trim().is_empty())?;
    let version = nuget::exact(&element.attribute("version")?, content)?;
    let is_development =
        element.attribute("developmentDependency").is_some_and(|value| value.of(content).trim().eq_ignore_ascii_case("true"));
    let scopes = if is_development { Scopes::DEVELOPMENT } else { Scopes::PRODUCTION };
    Some(Entry { scopes, ..Entry::new(Ecosystem::NuGet, id, Some(version), Locator::Silent) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Opening tags.
    fn counted_entries(content: &str) -> usize {
        content.matches("<package ").count()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "packages.config", counted_entries);
    }
}
