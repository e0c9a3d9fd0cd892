//! gradle/verification-metadata.xml: what Gradle's dependency verification accepts.
//!
//! Answers for: one entry for each component with the hashes and keys of its artifacts. Never says where a component comes from, what it
//! is for or who requires it: the format has no such thing.
//!
//! Specification: docs.gradle.org, Verifying Dependencies; schemas 1.0 to 1.3. Quirks: it is no resolved set but a superset of one:
//! plugins, BOMs and parents, and every version that any configuration ever met. So it is judged where nothing better is there; a
//! `gradle.lockfile` of the same build shadows it (`gradle-lock`). A component may have artifacts of metadata only (`.pom`, `.module`):
//! Gradle fetched that and no more. A `<pgp>` element binds an artifact to a key and is given as a hash of its own kind, since Gradle
//! checks the bytes by it. `+` in a version is part of it, not a range.

use std::collections::BTreeMap;

use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::{Claim, Format, maven_names};
use crate::neighbours::{Neighbours, folder_of, join};
use crate::syntax::xml::{self, Element};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(super) static FORMAT: Format = Format {
    id: "gradle-verification-metadata",
    title: "gradle/verification-metadata.xml",
    kind: Kind::Lock,
    files: &[Claim::Name("verification-metadata.xml"), Claim::Name("verification-metadata.dryrun.xml")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// Elements of an artifact that prove its bytes.
const PROOFS: [&str; 5] = ["pgp", "md5", "sha1", "sha256", "sha512"];

/// Keys whose signatures of an artifact are not looked at: its hashes decide.
const IGNORED_KEYS: &str = "ignored-keys";

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = xml::read(text)?;
    let root = document.root();
    if !root.is("verification-metadata") {
        let message = format!("begins with `<{}>`, expected `<verification-metadata>`", root.name());
        return Err(root.problem(Lost::File, message));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { integrity: true, ..Shows::default() };
    lockfile.version = schema_version(root, text);
    // Every build has one of them, beside the folder `gradle`.
    for name in ["settings.gradle", "settings.gradle.kts"] {
        lockfile.covers.extend(neighbours.find(&join(folder_of(neighbours.folder()), name)));
    }
    let mut known: BTreeMap<String, u32> = BTreeMap::new();
    for section in root.children() {
        match section.name() {
            "configuration" => {}
            "components" => section.children().for_each(|component| read_component(&mut lockfile, text, component, &mut known)),
            other => {
                let message = format!("`<{other}>` is not known; expected `<configuration>` or `<components>`");
                lockfile.problems.push(section.problem(Lost::Detail, message));
            }
        }
    }
    Ok(lockfile)
}

/// The version in the schema's address, the only place that has one.
fn schema_version(root: Element<'_>, text: &Text) -> Option<String> {
    let location = root_location(root)?;
    let (_, after) = location.of(&text.content).rsplit_once("dependency-verification-")?;
    after.strip_suffix(".xsd").map(str::to_owned)
}

/// `xsi:schemaLocation`, which has a namespace of its own.
fn root_location(root: Element<'_>) -> Option<Str> {
    root.namespaced_attribute("http://www.w3.org/2001/XMLSchema-instance", "schemaLocation")
}

fn read_component(lockfile: &mut Lockfile, text: &Text, component: Element<'_>, known: &mut BTreeMap<String, u32>) {
    if !component.is("component") {
        let message = format!("`<{}>` is not known; expected `<component>`", component.name());
        lockfile.problems.push(component.problem(Lost::Detail, message));
        return;
    }
    let content = &text.content;
    let part = |name| component.attribute(name).filter(|value| maven_names::is_part(value.of(content)));
    let (Some(group), Some(artifact), Some(version)) = (part("group"), part("name"), part("version")) else {
        lockfile.stated += 1;
        let problem = component.problem(Lost::Entry, "is no component, expected `group`, `name` and `version`");
        lockfile.problems.push(problem);
        return;
    };
    let name = format!("{}:{}", group.of(content), artifact.of(content));
    let key = format!("{name}:{}", version.of(content));
    let index = if let Some(index) = known.get(&key) {
        lockfile.stated += 1;
        *index
    } else {
        let moving = version.of(content).ends_with("-SNAPSHOT").then(|| version.clone());
        let name = Str::made(artifact.span, name);
        let entry = Entry { moving, ..Entry::new(Ecosystem::Maven, name, Some(version), Locator::Silent) };
        let index = lockfile.push(entry);
        known.insert(key, index);
        index
    };
    for artifact in component.children() {
        if artifact.is("artifact") {
            read_artifact(lockfile, text, artifact, index);
        } else {
            let message = format!("`<{}>` is not known; expected `<artifact>`", artifact.name());
            lockfile.problems.push(artifact.problem(Lost::Detail, message));
        }
    }
}

fn read_artifact(lockfile: &mut Lockfile, text: &Text, artifact: Element<'_>, entry: u32) {
    for proof in artifact.children() {
        let algorithm = proof.name();
        if algorithm == IGNORED_KEYS {
            continue;
        }
        if !PROOFS.contains(&algorithm) {
            let message = format!("`<{algorithm}>` is not known; expected `<pgp>` or a hash");
            lockfile.problems.push(proof.problem(Lost::Detail, message));
            continue;
        }
        let values = proof.attribute("value").into_iter();
        for value in values.chain(proof.children_named("also-trust").filter_map(|also| also.attribute("value"))) {
            let digest = value.of(&text.content);
            if digest.is_empty() || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                lockfile.problem(text.place(value.span), Lost::Detail, format!("`{algorithm}` is no hexadecimal number"));
            } else {
                let hash = Str::made(value.span, format!("{algorithm}:{}", digest.to_ascii_lowercase()));
                lockfile.hash(entry, hash);
            }
        }
    }
}

#[cfg(test)]
fn counted_entries(content: &str) -> usize {
    content.matches("<component ").count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::counting;

    #[test]
    fn states_as_many_entries_as_there_are() {
        counting::check(&FORMAT, "gradle verification-metadata", counted_entries);
        counting::check(&FORMAT, "verification-metadata.xml", counted_entries);
    }
}
