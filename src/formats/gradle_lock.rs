//! gradle.lockfile, and its older form with one file for each configuration: what Gradle's dependency locking writes.
//!
//! Answers for: one entry for each locked module, and what it is for, from the names of the configurations that lock it. Never says
//! where a module comes from, who requires it or what its bytes are: the format has no such thing.
//!
//! Specification: docs.gradle.org, Locking Versions. A line is `group:artifact:version=configuration,…`; the last one,
//! `empty=configuration,…`, names those without dependencies. Files below `gradle/dependency-locks` (Gradle before 7) are named for
//! their configuration, and their lines have no `=`. Quirks: `buildscript-gradle.lockfile` and `settings-gradle.lockfile` lock plugins,
//! which run while building; configurations of plugins and of own source sets have any name, and a name that says nothing leaves the
//! scope unknown.
//!
//! A lock shadows the version catalogs and the verification metadata of its build if it lies in the build's own folder (the one that
//! holds `gradle/`), or if every project of the build has a lock.

use std::collections::{BTreeMap, BTreeSet};

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::{Claim, Format, maven_names};
use crate::neighbours::{Neighbours, folder_of, folders_upwards, join};
use crate::syntax::lines::{self, Line};
use crate::text::{Lost, Problem, Span, Str, Text, TextId};

/// The row of the table.
pub(super) static FORMAT: Format = Format {
    id: "gradle-lock",
    title: "gradle.lockfile",
    kind: Kind::Lock,
    files: &[Claim::Around("", "gradle.lockfile"), Claim::In(OLD_FOLDER, ".lockfile")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// Where Gradle before 7 keeps one file for each configuration.
const OLD_FOLDER: &str = "gradle/dependency-locks";

/// Files that lock what builds, not what is built; a build that names its lockfiles itself puts the project's name before that.
const BUILD_FILES: [&str; 2] = ["buildscript-gradle.lockfile", "settings-gradle.lockfile"];

/// Whether a file of this name locks what builds.
pub(crate) fn is_build_file(name: &str) -> bool {
    BUILD_FILES
        .iter()
        .any(|own| name.strip_suffix(own).is_some_and(|before| before.is_empty() || before.ends_with(['-', '.', '_'])))
}

/// Where a project asks for what is locked, for itself and for its build.
const SCRIPTS: [&str; 2] = ["build.gradle", "build.gradle.kts"];

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { scope: true, ..Shows::default() };
    let file = File::of(&text.path);
    let mut known: BTreeMap<&str, u32> = BTreeMap::new();
    for line in lines::of(&text.content) {
        let stated = line.text.trim();
        if stated.is_empty() || stated.starts_with('#') {
            continue;
        }
        let (module, configurations) = line.split_once("=").unwrap_or((stated, file.configuration));
        if module == "empty" {
            continue;
        }
        let scopes = if file.locks_builds { Scopes::BUILD } else { scopes(configurations) };
        if let Some(index) = known.get(module) {
            lockfile.stated += 1;
            if let Some(entry) = lockfile.entries.get_mut(*index as usize) {
                entry.scopes = entry.scopes.with(scopes);
            }
        } else if let Some(entry) = entry(&line, module, scopes) {
            known.insert(module, lockfile.push(entry));
        } else {
            lockfile.stated += 1;
            lockfile.problems.push(odd_line(text, &line));
        }
    }
    if !file.locks_builds {
        lockfile.covers = covered(file.project, neighbours);
    }
    for name in SCRIPTS {
        lockfile.covers.extend(neighbours.find(&join(file.project, name)));
    }
    Ok(lockfile)
}

/// What the path of a lockfile says about it.
struct File<'t> {
    /// The folder of the project that it locks.
    project: &'t str,
    /// The configuration that it is named for; empty if it names them itself.
    configuration: &'t str,
    locks_builds: bool,
}

impl<'t> File<'t> {
    fn of(path: &'t str) -> Self {
        let folder = folder_of(path);
        let name = path.rsplit('/').next().unwrap_or(path);
        let old = folder.strip_suffix(OLD_FOLDER).filter(|before| before.is_empty() || before.ends_with('/'));
        match (old, name.strip_suffix(".lockfile")) {
            (Some(before), Some(stem)) => Self {
                project: before.trim_end_matches('/'),
                configuration: stem,
                locks_builds: stem.starts_with("buildscript-") || is_build_file(name),
            },
            _ => Self { project: folder, configuration: "", locks_builds: is_build_file(name) },
        }
    }
}

fn entry(line: &Line<'_>, module: &str, scopes: Scopes) -> Option<Entry> {
    let (name, version) = module.rsplit_once(':')?;
    let (group, artifact) = name.split_once(':')?;
    if ![group, artifact, version].into_iter().all(maven_names::is_part) {
        return None;
    }
    let version = Str::at(line.span_of(version));
    let moving = module.ends_with("-SNAPSHOT").then(|| version.clone());
    let name = Str::at(line.span_of(name));
    Some(Entry { scopes, moving, ..Entry::new(Ecosystem::Maven, name, Some(version), Locator::Silent) })
}

fn odd_line(text: &Text, line: &Line<'_>) -> Problem {
    let trimmed = line.text.trim();
    let shown: String = trimmed.chars().take(60).collect();
    let message = format!("`{shown}` is no locked module, expected `group:artifact:version=configurations`");
    let span = if trimmed.is_empty() { Span::default() } else { line.span_of(trimmed) };
    Problem::new(text.place(span), Lost::Entry, message).with_hint("write it anew with `gradle dependencies --write-locks`")
}

fn scopes(configurations: &str) -> Scopes {
    configurations.split(',').map(str::trim).fold(Scopes::UNKNOWN, |scopes, name| scopes.with(scope_of(name)))
}

/// Parts of names of configurations whose modules run while building: compilers' plugins, checkers and generators.
const BUILD_PARTS: [&str; 18] = [
    "annotationprocessor",
    "antlr",
    "checkstyle",
    "codenarc",
    "compilerplugin",
    "detekt",
    "errorprone",
    "jacoco",
    "kapt",
    "kotlinbuildtools",
    "kotlincompilerclasspath",
    "kotlinklib",
    "ksp",
    "ktlint",
    "pmd",
    "protobuftoolslocator",
    "spotbugs",
    "zinc",
];

/// What a configuration's name says.
fn scope_of(configuration: &str) -> Scopes {
    let name = configuration.to_ascii_lowercase();
    if name == "classpath" || BUILD_PARTS.iter().any(|part| name.contains(part)) {
        Scopes::BUILD
    } else if name.starts_with("test") || configuration.contains("Test") {
        Scopes::TEST
    } else if name.starts_with("developmentonly") {
        Scopes::DEVELOPMENT
    } else if ["compileclasspath", "runtimeclasspath"].iter().any(|end| name.ends_with(end))
        || matches!(name.as_str(), "compile" | "runtime" | "default" | "archives" | "compileonly" | "implementation" | "api")
    {
        Scopes::PRODUCTION
    } else {
        Scopes::UNKNOWN
    }
}

/// The catalogs and verification metadata of the nearest `gradle` folder, if the locks of its build are complete.
fn covered(project: &str, neighbours: &Neighbours<'_>) -> Vec<TextId> {
    for root in folders_upwards(project) {
        let folder = join(root, "gradle");
        let of_build = |path: &str| {
            let name = path.strip_prefix(&folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or("");
            !name.contains('/') && (name.ends_with(".versions.toml") || is_verification(name))
        };
        let found: Vec<TextId> = neighbours.below(&folder).filter(|(_, path)| of_build(path)).map(|(id, _)| id).collect();
        if !found.is_empty() {
            return if project == root || is_locked_throughout(root, neighbours) { found } else { Vec::new() };
        }
    }
    Vec::new()
}

/// The names of verification metadata.
pub(super) fn is_verification(name: &str) -> bool {
    matches!(name, "verification-metadata.xml" | "verification-metadata.dryrun.xml")
}

/// Whether every project below the build's folder has a lock. The build's folder itself often has nothing to lock, and `buildSrc` is a
/// build of its own.
fn is_locked_throughout(root: &str, neighbours: &Neighbours<'_>) -> bool {
    let mut projects = BTreeSet::new();
    let mut locked = BTreeSet::new();
    for (_, path) in neighbours.below(root) {
        let folder = folder_of(path);
        match path.rsplit('/').next().unwrap_or(path) {
            "build.gradle" | "build.gradle.kts" if folder != root && !folder.ends_with("buildSrc") => {
                projects.insert(folder);
            }
            "gradle.lockfile" => {
                locked.insert(folder);
            }
            _ => {
                let old = folder.strip_suffix(OLD_FOLDER).map(|before| before.trim_end_matches('/'));
                locked.extend(old);
            }
        }
    }
    projects.is_subset(&locked)
}

#[cfg(test)]
fn counted_entries(content: &str) -> usize {
    let is_other = |line: &&str| line.is_empty() || line.starts_with('#') || line.starts_with("empty=");
    content.lines().map(str::trim).filter(|line| !is_other(line)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::counting;

    #[test]
    fn states_as_many_entries_as_there_are() {
        counting::check(&FORMAT, "gradle.lockfile", counted_entries);
        counting::check(&FORMAT, "gradle buildscript", counted_entries);
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_spans_lie_inside(content in "([a-zü:=., #\r\n]|g:a:1=c\n){0,60}") {
            crate::formats::testing::assert_spans(&FORMAT, &content);
        }
    }

    #[test]
    fn configurations_say_what_for() {
        for (name, expected) in [
            ("compileClasspath", Scopes::PRODUCTION),
            ("releaseRuntimeClasspath", Scopes::PRODUCTION),
            ("testRuntimeClasspath", Scopes::TEST),
            ("debugUnitTestCompileClasspath", Scopes::TEST),
            ("integrationTestRuntimeClasspath", Scopes::TEST),
            ("latestRuntimeClasspath", Scopes::PRODUCTION),
            ("testAnnotationProcessor", Scopes::BUILD),
            ("kotlinCompilerPluginClasspathMain", Scopes::BUILD),
            ("jacocoAgent", Scopes::BUILD),
            ("deploy_jar", Scopes::UNKNOWN),
        ] {
            assert_eq!(scope_of(name), expected, "{name}");
        }
    }
}
