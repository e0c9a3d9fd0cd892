//! Gradle: the `repositories` blocks of a build's scripts.
//!
//! Answers for: what Gradle asks for dependencies and for plugins, in the order of the scripts, as far as they can be read without
//! running them. Gradle has no default repository: where no script names one, nothing is known. A statement that cannot be read adds
//! an unknown candidate.
//!
//! Read are, in the build's folder (the nearest one upwards with a settings script), the settings script, the build's and the
//! project's own build script, scripts that those apply by a path, and scripts below `buildSrc`, `build-logic` and `gradle`, and those
//! that are plugins of a build which the settings include: all these may be applied anywhere; catalogs and verification metadata are the whole build's, so all its scripts are. A project's own
//! repositories end those of the settings unless `repositoriesMode` says otherwise. Plugins come from `pluginManagement`, else the
//! Gradle Plugin Portal, and from `buildscript`. `content` narrows a repository to some modules, `exclusiveContent` some modules to
//! a repository. Init scripts, the user's own files and plugins that add repositories are outside. From Gradle's documentation; not
//! run.

mod applied;
mod repositories;
mod script;

use std::collections::{BTreeMap, BTreeSet};

use crate::clients::Client;
use crate::dependency::Lockfile;
use crate::formats::gradle_lock;
use crate::neighbours::{Neighbours, folder_of, folders_upwards, join, normalise};
use crate::pattern;
use crate::routing::{Address, Asked, Effect, KnownBy, Routing, Rule, When};
use crate::syntax::lines;
use crate::text::{Lost, Place, Problem, Span, Text, TextId};
use applied::Applied;
use repositories::{Found, Level, Mode, Repository, Script, plain};

/// The row of the table.
pub(super) static CLIENT: Client = Client {
    id: "gradle",
    reads: &["build.gradle", "build.gradle.kts", "gradle.properties", "settings.gradle", "settings.gradle.kts"],
    serves: &["gradle-lock", "gradle-verification-metadata", "gradle-version-catalog"],
    read,
};

/// The named limit on scripts that one answer is read from.
const SCRIPTS_MAX: usize = 2_000;
/// The named limit on repositories that are asked for one module: each entry is judged by the weakest of them.
const ASKED_MAX: usize = 64;

/// Modules that stand for plugins.
const MARKERS: &str = "*.gradle.plugin";

fn read(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let build = Build::around(lockfile, neighbours);
    let properties = build.properties(neighbours, &mut routing);
    if let Some(Ok(text)) = neighbours.at(&join(build.root, "gradle/verification-metadata.xml")) {
        // Its being there switches verification on.
        routing.setting(Effect::IntegrityOn, "verification-metadata.xml", text.place(Span::default()));
    }
    let mut found = build.found(neighbours, &properties, &mut routing);
    let has_snapshots = lockfile.entries.iter().any(|entry| entry.moving.is_some());
    found.repositories.retain(|repository| has_snapshots || !repository.only_snapshots);
    let plugins = of_plugins(&found, portal(lockfile, &properties));
    if build.locks_builds {
        add_rules(&mut routing, &plugins);
        return routing;
    }
    let (ask, known_by) = (serving(&plugins, MARKERS, &mut routing.problems), known_by(&plugins));
    routing.rules.push(Rule { when: When::SilentFor(MARKERS.to_owned()), ask, known_by });
    let mut dependencies = of_dependencies(&found);
    if !dependencies.is_empty() {
        if lockfile.format.id == "gradle-verification-metadata" {
            // It lists what plugins need beside what the build needs, and does not say which is which.
            dependencies.extend(plugins);
        }
        add_rules(&mut routing, &dependencies);
    }
    routing
}

/// Names of folders of the build.
const OWN_FOLDERS: [&str; 6] =
    ["buildDir", "projectDir", "project.projectDir", "rootDir", "rootProject.projectDir", "rootProject.rootDir"];

/// Which scripts matter for a file.
struct Build<'a> {
    /// The build's folder.
    root: &'a str,
    /// The project's folder; `None` for files of the whole build.
    project: Option<&'a str>,
    /// Whether the file locks what builds.
    locks_builds: bool,
}

/// Whom a script's own repositories serve, seen from the file that is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    /// The settings.
    Settings,
    /// The project that is asked about.
    Project,
    /// A project above it: what it says about itself does not matter.
    Above,
    /// Any project.
    Any,
}

impl Of {
    fn of(self, repository: Repository) -> Option<Repository> {
        let is_own = matches!(repository.level, Level::Project | Level::Buildscript);
        match self {
            Self::Above if is_own => None,
            // What settings say outside of their blocks is about all projects.
            Self::Settings | Self::Any if repository.level == Level::Project => {
                Some(Repository { level: Level::All, ..repository })
            }
            Self::Project if repository.level == Level::Below => None,
            _ => Some(repository),
        }
    }
}

impl<'a> Build<'a> {
    fn around(lockfile: &Lockfile, neighbours: &Neighbours<'a>) -> Self {
        let folder = neighbours.folder();
        let strip = |end: &str| {
            let before = folder.strip_suffix(end)?;
            (before.is_empty() || before.ends_with('/')).then(|| before.trim_end_matches('/'))
        };
        let project = strip("gradle/dependency-locks").or_else(|| strip("gradle")).unwrap_or(folder);
        let has_settings = |folder: &&str| SETTINGS.iter().any(|name| neighbours.has(&join(folder, name)));
        let root = folders_upwards(project).find(has_settings).unwrap_or(project);
        let name = neighbours.by_id(lockfile.text).and_then(Result::ok).and_then(|text| text.path.rsplit('/').next());
        let locks_builds = name.is_some_and(|name| gradle_lock::is_build_file(name) || name == "buildscript-classpath.lockfile");
        Self { root, project: (lockfile.format.id == "gradle-lock").then_some(project), locks_builds }
    }

    /// What the scripts say, and those that they apply.
    fn found(&self, neighbours: &Neighbours<'a>, properties: &BTreeMap<String, String>, routing: &mut Routing) -> Found {
        let mut found = Found::default();
        let first = self.scripts(neighbours);
        // What any project may have is nothing else where it is applied.
        let shared = |(text, of): &(Result<&'a Text, &'a Problem>, Of)| {
            matches!(of, Of::Any | Of::Settings).then(|| text.ok().map(|text| text.id)).flatten()
        };
        let shared: BTreeSet<TextId> = first.iter().filter_map(shared).collect();
        let run = |(text, of): (Result<&'a Text, &'a Problem>, Of)| {
            let folder = text.map_or("", |text| folder_of(&text.path));
            Run { text, of, level: Level::Project, folder, is_applied: false }
        };
        let mut ahead: Vec<Run<'a>> = first.into_iter().map(run).rev().collect();
        let mut seen = BTreeSet::new();
        while let Some(run) = ahead.pop() {
            let text = match run.text {
                Ok(text) => text,
                Err(problem) => {
                    found.repositories.push(unreadable(problem.place));
                    routing.problems.push(problem.clone());
                    continue;
                }
            };
            let is_shared = run.is_applied && shared.contains(&text.id);
            if is_shared || !seen.insert((text.id, run.of, run.level, run.folder)) {
                continue;
            }
            if seen.len() > SCRIPTS_MAX {
                let message = format!("is one of more than {SCRIPTS_MAX} scripts of the build");
                cut(text.place(Span::default()), message, &mut found, routing);
                break;
            }
            if !routing.read.contains(&text.id) {
                routing.read.push(text.id);
            }
            let (statements, too_deep) = script::read(text);
            if let Some(span) = too_deep {
                let message = format!("is a block inside of more than {} others, and is not read", script::DEPTH_MAX);
                cut(text.place(span), message, &mut found, routing);
            }
            let mut values = properties.clone();
            values.extend(OWN_FOLDERS.map(|name| (name.to_owned(), ".".to_owned())));
            values.extend(repositories::values(&statements, text));
            let mut own = Found { mode: found.mode, ..Found::default() };
            Script { text, values }.read(&statements, run.level, &mut own, routing);
            found.mode = own.mode;
            let applied = std::mem::take(&mut own.applied);
            for script in applied.iter().rev() {
                self.apply(script, &run, neighbours, &mut ahead, &mut own);
            }
            found.repositories.extend(own.repositories.into_iter().filter_map(|repository| run.of.of(repository)));
        }
        found
    }

    /// Puts a script that another one applies next in line, or says that nobody knows what it says.
    fn apply(&self, script: &Applied, by: &Run<'a>, neighbours: &Neighbours<'a>, ahead: &mut Vec<Run<'a>>, own: &mut Found) {
        // Whatever block applies it, a script speaks for its project.
        let level = match script.level {
            level @ (Level::Project | Level::Below) => level,
            _ => Level::All,
        };
        let here = by.text.map_or("", |text| folder_of(&text.path));
        let folders = [Some(by.folder), Some(here), self.project.filter(|_| level != Level::Project)];
        let folders: Vec<&str> = folders.into_iter().flatten().collect();
        let places = script.path.as_ref().map(|path| path.places(self.root, &folders)).unwrap_or_default();
        let before = ahead.len();
        for text in places.iter().filter_map(|path| neighbours.at(path)) {
            ahead.push(Run { text, level, is_applied: true, ..*by });
        }
        if ahead.len() == before {
            let reason = "a script is applied that cannot be found in the repository, and may name any repository".to_owned();
            for level in BTreeSet::from([level, script.level]) {
                own.repositories.push(plain(level, Asked::Unknown(reason.clone(), script.place)));
            }
        }
    }

    /// Folders of builds that the settings include: plugins of theirs that are scripts may be applied anywhere.
    fn included(&self, neighbours: &Neighbours<'a>) -> Vec<String> {
        let mut folders = Vec::new();
        for text in SETTINGS.iter().filter_map(|name| neighbours.at(&join(self.root, name))?.ok()) {
            let (statements, _) = script::read(text);
            let mut ahead: Vec<&script::Statement> = statements.iter().collect();
            while let Some(statement) = ahead.pop() {
                ahead.extend(statement.inner());
                if statement.head(text) == "includeBuild"
                    && let Some(token) = statement.texts().next()
                    && let Some(folder) = normalise(self.root, text.slice(token.span))
                    && !folder.is_empty()
                {
                    folders.push(folder);
                }
            }
        }
        folders
    }

    /// The scripts that matter, in the order in which Gradle runs them.
    fn scripts(&self, neighbours: &Neighbours<'a>) -> Vec<(Result<&'a Text, &'a Problem>, Of)> {
        let mut paths: Vec<(String, Of)> = SETTINGS.iter().map(|name| (join(self.root, name), Of::Settings)).collect();
        let mut below: BTreeSet<&str> = BTreeSet::new();
        let usual = ["buildSrc", "build-logic", "gradle"].map(|folder| join(self.root, folder));
        for folder in usual {
            below.extend(neighbours.below(&folder).map(|(_, path)| path).filter(|path| is_shared(path)));
        }
        for folder in self.included(neighbours) {
            let scripts = neighbours.below(&folder).map(|(_, path)| path).filter(|path| is_shared(path));
            below.extend(scripts.filter(|path| path.contains("/src/main/")));
        }
        match self.project {
            Some(project) => {
                let own: Vec<&str> = folders_upwards(project).take_while(|folder| *folder != self.root).collect();
                let folders = std::iter::once(self.root).chain(own.into_iter().rev());
                for folder in folders {
                    let of = if folder == project { Of::Project } else { Of::Above };
                    paths.extend(BUILDS.iter().map(|name| (join(folder, name), of)));
                }
            }
            None => {
                below.extend(neighbours.below(self.root).map(|(_, path)| path).filter(|path| is_shared(path)));
            }
        }
        // One more than the limit tells that there are more.
        paths.extend(below.into_iter().take(SCRIPTS_MAX + 1).map(|path| (path.to_owned(), Of::Any)));
        paths.into_iter().filter_map(|(path, of)| Some((neighbours.at(&path)?, of))).collect()
    }

    /// gradle.properties of the build.
    fn properties(&self, neighbours: &Neighbours<'_>, routing: &mut Routing) -> BTreeMap<String, String> {
        let mut properties = BTreeMap::new();
        let Some(Ok(text)) = neighbours.at(&join(self.root, "gradle.properties")) else { return properties };
        routing.read.push(text.id);
        for line in lines::of(&text.content).filter(|line| !line.text.trim_start().starts_with(['#', '!'])) {
            let Some((key, value)) = line.split_once("=") else { continue };
            let effect = match (key, value) {
                ("org.gradle.dependency.verification", "off" | "lenient") => Some(Effect::IntegrityOff),
                ("org.gradle.dependency.verification", "strict") => Some(Effect::IntegrityOn),
                ("systemProp.http.proxyHost" | "systemProp.https.proxyHost", _) => Some(Effect::Proxy),
                _ => None,
            };
            if let Some(effect) = effect {
                routing.setting(effect, key, text.place(line.span_of(value)));
            }
            properties.insert(key.to_owned(), value.to_owned());
        }
        properties
    }
}

const SETTINGS: [&str; 2] = ["settings.gradle", "settings.gradle.kts"];
const BUILDS: [&str; 2] = ["build.gradle", "build.gradle.kts"];

/// Scripts that may speak for any project. What `buildSrc` and `build-logic` say about themselves is about builds of their own.
fn is_shared(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_script = name.ends_with(".gradle") || name.ends_with(".gradle.kts");
    let is_of_its_own = path.split('/').any(|part| matches!(part, "buildSrc" | "build-logic")) && BUILDS.contains(&name);
    is_script && !is_of_its_own && !SETTINGS.contains(&name)
}

/// A script that is to be read.
#[derive(Clone, Copy)]
struct Run<'a> {
    text: Result<&'a Text, &'a Problem>,
    of: Of,
    /// Whom it speaks for.
    level: Level,
    /// The folder of the project that it runs in.
    folder: &'a str,
    is_applied: bool,
}

fn unreadable(place: Place) -> Repository {
    plain(Level::All, Asked::Unknown("a build script cannot be read".to_owned(), place))
}

/// What lies beyond a limit is not read, which is told.
fn cut(place: Place, message: String, found: &mut Found, routing: &mut Routing) {
    routing.problems.push(Problem::new(place, Lost::Detail, message.clone()));
    let asked = Asked::Unknown(message, place);
    found.repositories.extend([Level::All, Level::Buildscript].map(|level| plain(level, asked.clone())));
}

/// The Gradle Plugin Portal, or what a property puts in its place.
fn portal(lockfile: &Lockfile, properties: &BTreeMap<String, String>) -> Asked {
    let moved = properties.get("systemProp.org.gradle.internal.plugins.portal.url.override");
    let url = moved.map_or("gradlePluginPortal()", String::as_str).to_owned();
    Asked::At(Address { url, place: Place { text: lockfile.text, span: Span::default() } })
}

/// What is asked for plugins and what they need.
fn of_plugins(found: &Found, portal: Asked) -> Vec<Repository> {
    let at = |level: Level| found.repositories.iter().filter(move |repository| repository.level == level).cloned();
    let mut all: Vec<Repository> = at(Level::Plugins).collect();
    if all.is_empty() {
        all.push(Repository {
            level: Level::Builtin,
            asked: portal,
            only: Vec::new(),
            is_exclusive: false,
            only_snapshots: false,
        });
    }
    all.extend(at(Level::Buildscript));
    all
}

/// Whether anything but the built-in default answers for plugins.
fn known_by(plugins: &[Repository]) -> KnownBy {
    let is_default = plugins.iter().all(|repository| repository.level == Level::Builtin);
    if is_default { KnownBy::Assumed } else { KnownBy::Configuration }
}

/// What is asked for dependencies.
fn of_dependencies(found: &Found) -> Vec<Repository> {
    let is_settings = |repository: &Repository| repository.level == Level::Settings;
    let is_project = |repository: &Repository| matches!(repository.level, Level::Project | Level::All | Level::Below);
    let has_settings = found.repositories.iter().any(is_settings);
    // Only what certainly is the project's own ends those of the settings.
    let is_settled = found.repositories.iter().any(|repository| repository.level == Level::Project);
    let counts = |repository: &Repository| match found.mode {
        Mode::Settings if has_settings => is_settings(repository),
        Mode::PreferProject if is_settled => is_project(repository),
        _ => is_project(repository) || is_settings(repository),
    };
    found.repositories.iter().filter(|repository| counts(repository)).cloned().collect()
}

/// Rules for modules that filters name, the most specific first, then for all.
fn add_rules(routing: &mut Routing, repositories: &[Repository]) {
    let known_by = known_by(repositories);
    let mut patterns: Vec<&String> = repositories.iter().flat_map(|repository| &repository.only).collect();
    patterns.sort_by_key(|pattern| std::cmp::Reverse((pattern::specificity(pattern), pattern.as_str())));
    patterns.dedup();
    for pattern in patterns {
        let ask = serving(repositories, pattern, &mut routing.problems);
        routing.rules.push(Rule { when: When::SilentFor(pattern.clone()), ask, known_by });
    }
    let ask = serving(repositories, "", &mut routing.problems);
    if !ask.is_empty() {
        routing.rules.push(Rule { when: When::Silent, ask, known_by });
    }
}

/// The repositories that may serve what fits a pattern (`""`: what fits no filter), each once.
fn serving(repositories: &[Repository], pattern: &str, problems: &mut Vec<Problem>) -> Vec<Asked> {
    let covers = |repository: &Repository| repository.only.iter().any(|only| pattern::matches(only, pattern));
    let touches = |repository: &Repository| repository.only.iter().any(|only| pattern::matches(pattern, only));
    let is_taken = repositories.iter().any(|repository| repository.is_exclusive && covers(repository));
    let serves = |repository: &&Repository| match (is_taken, repository.is_exclusive) {
        (true, is_exclusive) => is_exclusive && covers(repository),
        (false, true) => false,
        (false, false) => repository.only.is_empty() || covers(repository) || touches(repository),
    };
    let mut once: Vec<Asked> = Vec::new();
    for repository in repositories.iter().filter(serves) {
        let is_known = once.iter().any(|known| same(known, &repository.asked));
        if is_known {
            continue;
        }
        if once.len() >= ASKED_MAX {
            // One unknown says as much as all of them.
            let is_unknown = once.iter().any(|asked| matches!(asked, Asked::Unknown(..)));
            if let Some(place) = repository.asked.place().filter(|_| !is_unknown) {
                let message = format!("is one of more than {ASKED_MAX} repositories, which are not judged");
                let problem = Problem::new(place, Lost::Detail, message.clone());
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
                once.push(Asked::Unknown(message, place));
            }
            break;
        }
        once.push(repository.asked.clone());
    }
    once
}

/// The same repository, wherever it is named.
fn same(a: &Asked, b: &Asked) -> bool {
    match (a, b) {
        (Asked::At(a), Asked::At(b)) | (Asked::Folder(a), Asked::Folder(b)) => {
            a.url.trim_end_matches('/') == b.url.trim_end_matches('/')
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests;
