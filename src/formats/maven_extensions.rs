//! `.mvn/extensions.xml`: what Maven loads into itself before it reads a project.
//!
//! Answers for: one entry for each core extension. Never says where one comes from, carries no hash, and does not know what an extension
//! brings with it.
//!
//! Specification: <https://maven.apache.org/configure.html>, "`.mvn/extensions.xml` file". A version is written out; variables in it are
//! the caller's (`-D`) or the machine's. Extensions of a project's `<build>` stand in its pom.xml.

use super::{Claim, Format, maven_names};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::xml::{self, Element};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "maven-extensions",
    title: "Maven core extensions",
    kind: Kind::Reference,
    files: &[Claim::Path(".mvn/extensions.xml")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = xml::read(text)?;
    let root = document.root();
    if !root.is("extensions") {
        return Err(root.problem(Lost::File, format!("is `{}`, expected `extensions`", root.name())));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Reference);
    lockfile.shows = Shows { scope: true, install_code: true, ..Shows::default() };
    for element in root.children() {
        if !element.is("extension") {
            let message = format!("`{}` is not known, expected `extension`", element.name());
            lockfile.problems.push(element.problem(Lost::Detail, message));
            continue;
        }
        if let Some(entry) = entry(element, text) {
            lockfile.push(entry);
        } else {
            lockfile.stated += 1;
            lockfile.problems.push(element.problem(Lost::Entry, "is no extension, expected `groupId` and `artifactId`"));
        }
    }
    Ok(lockfile)
}

/// An extension, if it has a name without variables.
pub(crate) fn entry(element: Element<'_>, text: &Text) -> Option<Entry> {
    let content = &text.content;
    let part = |name: &str| element.text_of(name).filter(|part| maven_names::is_part(part.of(content)));
    let (group, artifact) = (part("groupId")?, part("artifactId")?);
    let name = Str::made(artifact.span, format!("{}:{}", group.of(content), artifact.of(content)));
    let version = element.text_of("version").map(|version| maven_names::version_of(&version, content));
    let (version, moving) = version.unwrap_or_default();
    let runs_code = Some(artifact.span);
    let entry = Entry::new(Ecosystem::Maven, name, version, Locator::Silent);
    Some(Entry { scopes: Scopes::BUILD, moving, runs_code, direct: Some(true), ..entry })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Opening tags.
    fn counted_entries(content: &str) -> usize {
        content.matches("<extension>").count()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, ".mvn/extensions.xml", counted_entries);
    }
}
