//! *.versions.toml: Gradle's version catalogs, of which `gradle/libs.versions.toml` is read without being named anywhere.
//!
//! Answers for: one entry for each library and plugin that a catalog names. Never says where they come from, what a library is for or
//! whether a build uses it: the format has no such thing. A lock of the same build shadows it (`gradle-lock`).
//!
//! Specification: docs.gradle.org, Version Catalogs. A version is text or a map of `strictly`, `require`, `prefer`, `reject`,
//! `rejectAll`, or a `ref` to `[versions]`; `!!` behind it means `strictly`. Quirks: a plugin `id` is fetched as the module
//! `id:id.gradle.plugin`, and runs while building; without a version it is one of Gradle's own (class `builtin`) or settled elsewhere; a library without a
//! version leaves it to a BOM. A range has no version here.

use std::collections::BTreeMap;

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes};
use crate::ecosystem::Ecosystem;
use crate::formats::{Claim, Format, maven_names};
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, toml};
use crate::text::{Lost, Problem, Span, Str, Text};

/// The row of the table.
pub(super) static FORMAT: Format = Format {
    id: "gradle-version-catalog",
    title: "Gradle version catalog",
    kind: Kind::Declaration,
    files: &[Claim::Around("", ".versions.toml")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = toml::read(text)?;
    let root = document.root();
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Declaration);
    lockfile.version = root.at(&["metadata", "format", "version"]).and_then(Node::scalar).map(str::to_owned);
    let versions = root.get("versions").into_iter().flat_map(Node::members).map(|node| (node.key(), node)).collect();
    let mut catalog = Catalog { text, versions, known: BTreeMap::new(), lockfile };
    for section in root.members() {
        match section.key() {
            "metadata" | "versions" | "bundles" => {}
            "libraries" => section.members().for_each(|library| catalog.read(library, &LIBRARY)),
            "plugins" => section.members().for_each(|plugin| catalog.read(plugin, &PLUGIN)),
            other => {
                let message =
                    format!("`[{other}]` is not known; expected `[versions]`, `[libraries]`, `[plugins]` or `[bundles]`");
                catalog.lockfile.problems.push(Problem::new(section.key_place(), Lost::Detail, message));
            }
        }
    }
    Ok(catalog.lockfile)
}

struct Catalog<'d> {
    text: &'d Text,
    versions: BTreeMap<&'d str, Node<'d>>,
    /// Entries by name and version.
    known: BTreeMap<(String, Option<String>), u32>,
    lockfile: Lockfile,
}

/// Plugins that are part of Gradle, as far as builds name them.
const CORE_PLUGINS: [&str; 32] = [
    "antlr",
    "application",
    "base",
    "checkstyle",
    "codenarc",
    "cpp-application",
    "cpp-library",
    "distribution",
    "ear",
    "eclipse",
    "groovy",
    "groovy-gradle-plugin",
    "idea",
    "ivy-publish",
    "jacoco",
    "jacoco-report-aggregation",
    "java",
    "java-gradle-plugin",
    "java-library",
    "java-platform",
    "java-test-fixtures",
    "jvm-test-suite",
    "maven-publish",
    "pmd",
    "project-report",
    "scala",
    "signing",
    "swift-application",
    "swift-library",
    "test-report-aggregation",
    "version-catalog",
    "war",
];

/// How an alias of a section is written.
struct Section {
    /// A name of so many parts and a version, all parted by colons.
    parts: usize,
    name: fn(Node<'_>, &str) -> Option<(Span, String)>,
    scopes: Scopes,
    expected: &'static str,
}

static LIBRARY: Section = Section {
    parts: 2,
    name: library_name,
    scopes: Scopes::UNKNOWN,
    expected: "is no library, expected `\"group:artifact:version\"`, or `module` or `group` and `name`",
};

static PLUGIN: Section =
    Section { parts: 1, name: plugin_name, scopes: Scopes::BUILD, expected: "is no plugin, expected `\"id:version\"` or `id`" };

impl<'d> Catalog<'d> {
    fn read(&mut self, alias: Node<'d>, section: &Section) {
        let read = match alias.str() {
            Some(written) => self.of_text(&written, section),
            None => (section.name)(alias, &self.text.content)
                .filter(|_| alias.is_map())
                .map(|(span, name)| (Str::made(span, name), self.version(alias))),
        };
        let Some((name, version)) = read else {
            self.lockfile.stated += 1;
            let message = format!("`{}` {}", alias.key(), section.expected);
            self.lockfile.problems.push(Problem::new(alias.key_place(), Lost::Entry, message));
            return;
        };
        let content = &self.text.content;
        let (version, moving) = version.map_or((None, None), |version| maven_names::version_of(&version, content));
        let key = (name.of(content).to_owned(), version.as_ref().map(|version| version.of(content).to_owned()));
        if self.known.contains_key(&key) {
            self.lockfile.stated += 1;
            return;
        }
        let scopes = section.scopes;
        let is_own = key.1.is_none() && CORE_PLUGINS.iter().any(|id| key.0 == marker(id));
        let locator = if is_own { Locator::Builtin } else { Locator::Silent };
        let entry = Entry::new(Ecosystem::Maven, name, version, locator);
        let index = self.lockfile.push(Entry { scopes, moving, direct: Some(true), ..entry });
        self.known.insert(key, index);
    }

    /// `group:artifact:version` or `id:version`; the version may be left out of a library's.
    fn of_text(&self, written: &Str, section: &Section) -> Option<(Str, Option<Str>)> {
        let value = written.of(&self.text.content);
        let parts: Vec<&str> = value.splitn(section.parts + 1, ':').collect();
        let (name, version) = parts.split_at_checked(section.parts)?;
        if !name.iter().all(|part| maven_names::is_part(part)) {
            return None;
        }
        let name = name.join(":");
        // Where what stands there is what it means, the parts have places of their own.
        let place = |from: usize, length: usize| {
            let start = written.span.start as usize + from;
            if written.made.is_none() { Span::new(start, start + length) } else { written.span }
        };
        let name_at = place(0, name.len());
        let version = version.first().map(|version| Str::made(place(name.len() + 1, version.len()), *version));
        let name = if section.parts == 1 { marker(&name) } else { name };
        Some((Str::made(name_at, name), version.map(|version| self.bare(version))))
    }

    fn version(&mut self, alias: Node<'d>) -> Option<Str> {
        let mut node = alias.get("version")?;
        if let Some(reference) = node.get("ref") {
            let name = reference.text().unwrap_or("");
            let Some(found) = self.versions.get(name) else {
                let message = format!("`{name}` is in no line of `[versions]`");
                self.lockfile.problems.push(reference.problem(Lost::Detail, message));
                return None;
            };
            node = *found;
        }
        if let Some(version) = node.str() {
            return Some(self.bare(version));
        }
        let rich = ["strictly", "require", "prefer"].iter().find_map(|key| node.get(key)).and_then(Node::str);
        let is_rich =
            node.is_map() && node.members().all(|member| matches!(member.key(), "reject" | "rejectAll") || rich.is_some());
        if !is_rich {
            let message = "is no version, expected text, or a map of `strictly`, `require`, `prefer` and `reject`";
            let place = if node.kind() == NodeKind::Map { node.key_place() } else { node.place() };
            self.lockfile.problem(place, Lost::Detail, message);
        }
        rich.map(|version| self.bare(version))
    }

    /// `1.0!!` is Gradle's short form of `strictly`, and `[1.0,2.0[!!1.5` prefers one of a range.
    fn bare(&self, version: Str) -> Str {
        match version.of(&self.text.content).split_once("!!") {
            Some((before, _)) => {
                let end = version.span.start as usize + before.len();
                let span = if version.made.is_none() { Span::new(version.span.start as usize, end) } else { version.span };
                Str::made(span, before)
            }
            None => version,
        }
    }
}

fn library_name(library: Node<'_>, content: &str) -> Option<(Span, String)> {
    if let Some(module) = library.get("module") {
        let module = module.str()?;
        let (group, artifact) = module.of(content).split_once(':')?;
        return [group, artifact].into_iter().all(maven_names::is_part).then(|| (module.span, module.of(content).to_owned()));
    }
    let part = |key| library.get(key).and_then(Node::str).filter(|part| maven_names::is_part(part.of(content)));
    let (group, artifact) = (part("group")?, part("name")?);
    Some((artifact.span, format!("{}:{}", group.of(content), artifact.of(content))))
}

fn plugin_name(plugin: Node<'_>, content: &str) -> Option<(Span, String)> {
    let id = plugin.get("id").and_then(Node::str).filter(|id| maven_names::is_part(id.of(content)))?;
    Some((id.span, marker(id.of(content))))
}

/// The module that a plugin's id is fetched as.
fn marker(id: &str) -> String {
    format!("{id}:{id}.gradle.plugin")
}

/// Keys of the two sections, line by line.
#[cfg(test)]
fn counted_entries(content: &str) -> usize {
    let mut counts = false;
    let mut count = 0;
    for line in content.lines().map(str::trim) {
        if line.starts_with('[') && line.ends_with(']') {
            counts = matches!(line, "[libraries]" | "[plugins]");
        } else if counts && line.contains('=') && line.starts_with(|c: char| c.is_alphanumeric() || c == '"') {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::counting;

    #[test]
    fn states_as_many_entries_as_there_are() {
        counting::check(&FORMAT, "gradle version catalog", counted_entries);
        counting::check(&FORMAT, "libs.versions.toml", counted_entries);
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_spans_lie_inside(value in "[a-zü:!\\\\.\\[+1]{0,20}") {
            for line in [format!("a = \"{value}\""), format!("a = {{ module = '{value}', version = \"{value}\" }}")] {
                crate::formats::testing::assert_spans(&FORMAT, &format!("[libraries]\n{line}\n[plugins]\n{line}\n"));
            }
        }
    }
}
