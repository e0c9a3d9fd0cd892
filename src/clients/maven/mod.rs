//! Maven: `<repositories>` and `<pluginRepositories>` of a project and its parents, and what lies in `.mvn`.
//!
//! Answers for: the repositories that Maven asks for dependencies and for plugins, in its order: those of profiles, the project's own,
//! its parents', and Central unless one with the id `central` takes its place. All are candidates, since the next one is asked for what
//! one does not have; plugins and what they need come from plugin repositories only. A repository without releases serves snapshots
//! only, and one of another layout no modules.
//!
//! `.mvn` of the nearest folder upwards: `maven.config` (arguments: `-s` brings settings with mirrors), `settings.xml` (Maven 4 reads it by
//! itself, Maven 3 does not: both answers are candidates unless the wrapper names a version), `maven-user.properties` (may move
//! Central), `extensions.xml` (core extensions run inside Maven and can change every address, so what they do is unknown unless the policy
//! lists them in `may-run-code`; they themselves are asked for before any of them runs, and not from the pom's repositories). Settings of
//! the user and of the machine are outside, and so is what a parent elsewhere adds. Tested with Maven 3.8, 3.9 and 4.

mod repository;
mod settings;

use std::collections::BTreeSet;

use crate::clients::Client;
use crate::dependency::{Locator, Lockfile};
use crate::ecosystem::Ecosystem;
use crate::formats::maven_extensions;
use crate::formats::pom_xml::PLUGIN_REPOSITORIES;
use crate::formats::pom_xml::config::{self, Argument};
use crate::formats::pom_xml::model::{At, Model, PARENTS_MAX, Project, profiles};
use crate::neighbours::{Neighbours, join};
use crate::routing::{Address, Asked, Effect, Program, Routing, When};
use crate::syntax::{lines, xml};
use crate::text::{Lost, Problem, Str, Text};
use repository::{Kind, Repository};
use settings::Settings;

/// The row of the table.
pub(super) static CLIENT: Client = Client {
    id: "maven",
    reads: &[
        "pom.xml",
        ".mvn/extensions.xml",
        ".mvn/jvm.config",
        ".mvn/maven.config",
        ".mvn/maven-system.properties",
        ".mvn/maven-user.properties",
        ".mvn/settings.xml",
        ".mvn/wrapper/maven-wrapper.properties",
    ],
    serves: &["maven-extensions", "maven-lockfile", "pom-xml"],
    read,
};

/// Above so many snapshots their repositories count for everything.
const SNAPSHOTS_MAX: usize = 200;
/// The named limit on repositories that are asked for one module: each entry is judged by the weakest of them.
const ASKED_MAX: usize = 64;

fn read(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let mut around = Around { is_maven_4: is_maven_4(neighbours), ..Around::default() };
    around.read_config(neighbours, &mut routing);
    around.read_settings(neighbours, &mut routing);
    around.read_central(neighbours, &mut routing);
    if lockfile.format.id != maven_extensions::FORMAT.id {
        around.read_extensions(neighbours, &mut routing);
    }
    let (dependencies, plugins) = declared(neighbours, &mut routing);
    let snapshots = snapshots(lockfile);
    let dependencies = around.settings.repositories.iter().cloned().chain(dependencies).collect::<Vec<_>>();
    let plugins = around.settings.plugin_repositories.iter().cloned().chain(plugins).collect::<Vec<_>>();
    let all = snapshots.names.len() > SNAPSHOTS_MAX;
    let of_plugins = around.asked(&plugins, |repository| repository.has_releases || snapshots.has_plugins, &mut routing);
    routing.rule(When::Named(PLUGIN_REPOSITORIES.to_owned()), of_plugins);
    let of_snapshots = around.asked(&dependencies, |repository| repository.has_snapshots, &mut routing);
    for name in snapshots.names.iter().filter(|_| !all) {
        routing.rule(When::SilentFor(name.clone()), of_snapshots.clone());
    }
    let of_releases = around.asked(&dependencies, |repository| repository.has_releases || all, &mut routing);
    if of_releases != [Asked::Default] {
        routing.rule(When::Silent, of_releases);
    }
    routing
}

/// What the lockfile has of snapshots.
struct Snapshots {
    names: BTreeSet<String>,
    has_plugins: bool,
}

fn snapshots(lockfile: &Lockfile) -> Snapshots {
    let mut found = Snapshots { names: BTreeSet::new(), has_plugins: false };
    for entry in lockfile.entries.iter().filter(|entry| entry.moving.is_some()) {
        match (&entry.locator, &entry.name.made) {
            (Locator::Silent, Some(name)) => {
                found.names.insert(name.to_string());
            }
            (Locator::Named(_), _) => found.has_plugins = true,
            _ => {}
        }
    }
    found
}

/// Repositories that the project, its parents and their profiles declare: for dependencies and for plugins.
fn declared(neighbours: &Neighbours<'_>, routing: &mut Routing) -> (Vec<Repository>, Vec<Repository>) {
    let Some(Ok(text)) = neighbours.beside("pom.xml") else { return Default::default() };
    let Ok(project) = Project::read(text, neighbours) else { return Default::default() };
    let model = project.model();
    routing.read.extend(model.poms.iter().map(|(text, _)| text.id));
    let mut dependencies = of_kind(&model, Kind::Dependencies, routing);
    let mut plugins = of_kind(&model, Kind::Plugins, routing);
    if let Some(place) = project.more_parents() {
        let message = format!("names a parent above {PARENTS_MAX} others, which is not read");
        routing.problems.push(Problem::new(place, Lost::Detail, message.clone()));
        let asked = Asked::Unknown(message, place);
        let unknown = Repository { id: String::new(), asked, has_releases: true, has_snapshots: true, place };
        dependencies.push(unknown.clone());
        plugins.push(unknown);
    }
    (dependencies, plugins)
}

fn of_kind(model: &Model<'_>, kind: Kind, routing: &mut Routing) -> Vec<Repository> {
    let mut found = Vec::new();
    for (pom, (text, root)) in model.poms.iter().enumerate() {
        for profile in profiles(*root) {
            // Only the own pom's profiles are looked up by the model; the address of a parent's is told from what is settled.
            let at = At { pom, profile: (pom == 0).then_some(profile) };
            for element in repository::listed(profile, kind).filter(|element| repository::is_maven(*element, text)) {
                let value = |written: Str| model.value(at, &written).map(|value| value.text);
                // It may be inactive, and then leaves the others their ids.
                found.push(Repository { id: String::new(), ..Repository::read(element, text, &value, routing) });
            }
        }
    }
    let mut ids = BTreeSet::new();
    for (pom, (text, root)) in model.poms.iter().enumerate() {
        let at = At { pom, profile: None };
        for element in repository::listed(*root, kind).filter(|element| repository::is_maven(*element, text)) {
            let value = |written: Str| model.value(at, &written).map(|value| value.text);
            let repository = Repository::read(element, text, &value, routing);
            if repository.id.is_empty() || ids.insert(repository.id.clone()) {
                found.push(repository);
            }
        }
    }
    found
}

/// What lies in `.mvn`.
#[derive(Default)]
struct Around {
    settings: Settings,
    /// The version that the wrapper installs, if it says.
    is_maven_4: Option<bool>,
    /// What `maven.repo.central` makes of Central.
    central: Vec<Asked>,
    /// What cannot be told and may answer for anything.
    unknown: Vec<Asked>,
}

impl Around {
    /// Everything that is asked, in order and once.
    fn asked(&self, repositories: &[Repository], serves: impl Fn(&Repository) -> bool, routing: &mut Routing) -> Vec<Asked> {
        let mut all = Vec::new();
        for (at, repository) in repositories.iter().filter(|repository| serves(repository)).enumerate() {
            if at >= ASKED_MAX {
                let place = repository.place;
                let message = format!("is one of more than {ASKED_MAX} repositories, which are not judged");
                let problem = Problem::new(place, Lost::Detail, message.clone());
                if !routing.problems.contains(&problem) {
                    routing.problems.push(problem);
                }
                all.push(Asked::Unknown(message, place));
                break;
            }
            all.extend(self.settings.mirrored(&repository.id, &repository.asked));
        }
        if !repositories.iter().any(|repository| repository.id == "central") {
            let central = if self.central.is_empty() { vec![Asked::Default] } else { self.central.clone() };
            all.extend(central.iter().flat_map(|asked| self.settings.mirrored("central", asked)));
        }
        all.extend(self.unknown.iter().cloned());
        let mut once: Vec<Asked> = Vec::new();
        for asked in all {
            if !once.contains(&asked) {
                once.push(asked);
            }
        }
        once
    }

    /// A file of `.mvn`, if it is there. What one would say that cannot be read is unknown.
    fn readable<'a>(&mut self, neighbours: &Neighbours<'a>, name: &str, routing: &mut Routing) -> Option<&'a Text> {
        match config::file(neighbours, name)? {
            Ok(text) => {
                routing.read.push(text.id);
                Some(text)
            }
            Err(problem) => {
                self.unknown.push(Asked::Unknown(format!("`.mvn/{name}` cannot be read"), problem.place));
                routing.problems.push(problem.clone());
                None
            }
        }
    }

    fn read_config(&mut self, neighbours: &Neighbours<'_>, routing: &mut Routing) {
        if let Some(text) = self.readable(neighbours, "jvm.config", routing) {
            for argument in config::arguments(text) {
                if argument.text.starts_with("-javaagent") {
                    routing.setting(Effect::RunsProgram, "-javaagent", text.place(argument.span));
                }
                // The machine's properties are Maven's too.
                if let Some(defined) = argument.text.strip_prefix("-D") {
                    self.property(defined, text, argument, routing);
                }
            }
        }
        let Some(text) = self.readable(neighbours, "maven.config", routing) else { return };
        let arguments = config::arguments(text);
        for (at, argument) in arguments.iter().enumerate() {
            let (key, value) = argument.text.split_once('=').map_or((argument.text, None), |(key, value)| (key, Some(value)));
            match key {
                "-s" | "--settings" | "-gs" | "--global-settings" => {
                    let path = value.or_else(|| arguments.get(at + 1).map(|next| next.text)).unwrap_or("");
                    self.read_given(path, *argument, text, neighbours, routing);
                }
                "-C" | "--strict-checksums" => routing.setting(Effect::IntegrityOn, key, text.place(argument.span)),
                "-c" | "--lax-checksums" => routing.setting(Effect::IntegrityOff, key, text.place(argument.span)),
                "-D" | "--define" => {
                    let defined = value.or_else(|| arguments.get(at + 1).map(|next| next.text)).unwrap_or("");
                    let defined = argument.text.strip_prefix("--define=").unwrap_or(defined);
                    self.property(defined, text, *argument, routing);
                }
                _ => {
                    if let Some(defined) = argument.text.strip_prefix("-D") {
                        self.property(defined, text, *argument, routing);
                    }
                }
            }
        }
    }

    /// A property that changes what Maven does: `name=value`.
    fn property(&mut self, defined: &str, text: &Text, argument: Argument<'_>, routing: &mut Routing) {
        let (key, value) = defined.split_once('=').map_or((defined, None), |(key, value)| (key, Some(value)));
        let effect = match key {
            "aether.artifactResolver.postProcessor.trustedChecksums" if value == Some("true") => Effect::IntegrityOn,
            "maven.wagon.http.ssl.insecure" if value != Some("false") => Effect::TlsOff,
            "aether.connector.https.securityMode" if value == Some("insecure") => Effect::TlsOff,
            "maven.ext.class.path" => Effect::RunsProgram,
            "maven.repo.central" => return self.move_central(value.unwrap_or(""), text, argument, routing),
            _ => return,
        };
        routing.setting(effect, key, text.place(argument.span));
    }

    /// Settings that an argument names, seen from the folder of `.mvn`.
    fn read_given(
        &mut self,
        path: &str,
        argument: Argument<'_>,
        text: &Text,
        neighbours: &Neighbours<'_>,
        routing: &mut Routing,
    ) {
        let place = text.place(argument.span);
        let relative = path.strip_prefix("${maven.multiModuleProjectDirectory}/").unwrap_or(path);
        let top = config::top(neighbours).unwrap_or("");
        let found = neighbours.moved_to(top).include(relative);
        let read = match found {
            Ok(Ok(given)) => self.settings.read(given, true, routing),
            Ok(Err(problem)) => Err(problem.clone()),
            Err(_) => {
                self.unknown.push(settings::lost(place, path, routing));
                return;
            }
        };
        if let Err(problem) = read {
            self.unknown.push(Asked::Unknown(format!("`{path}` cannot be read"), place));
            routing.problems.push(problem);
        }
    }

    /// `.mvn/settings.xml`, unless it was given by hand already.
    fn read_settings(&mut self, neighbours: &Neighbours<'_>, routing: &mut Routing) {
        let top = config::top(neighbours).unwrap_or("");
        let id = neighbours.find(&join(top, ".mvn/settings.xml"));
        if self.is_maven_4 == Some(false) || id.is_none_or(|id| routing.read.contains(&id)) {
            return;
        }
        let is_sure = self.is_maven_4 == Some(true);
        let problem = match config::file(neighbours, "settings.xml") {
            Some(Ok(text)) => self.settings.read(text, is_sure, routing).err(),
            Some(Err(problem)) => Some(problem.clone()),
            None => None,
        };
        if let Some(problem) = problem {
            self.unknown.push(Asked::Unknown("`.mvn/settings.xml` cannot be read".to_owned(), problem.place));
            routing.problems.push(problem);
        }
    }

    /// Properties that Maven 4 reads by itself.
    fn read_central(&mut self, neighbours: &Neighbours<'_>, routing: &mut Routing) {
        if self.is_maven_4 == Some(false) {
            return;
        }
        for name in ["maven-user.properties", "maven-system.properties"] {
            let Some(text) = self.readable(neighbours, name, routing) else { continue };
            for line in lines::of(&text.content) {
                let Some(("maven.repo.central", value)) = line.split_once("=") else { continue };
                let argument = Argument { text: value, span: line.span_of(value) };
                self.move_central(value, text, argument, routing);
            }
        }
    }

    fn move_central(&mut self, url: &str, text: &Text, at: Argument<'_>, routing: &mut Routing) {
        let place = text.place(at.span);
        let asked = if url.contains("${") || url.is_empty() {
            let message = format!("`{url}` is an address that nothing in the repository resolves");
            routing.problems.push(Problem::new(place, Lost::Detail, message.clone()));
            Asked::Unknown(message, place)
        } else {
            Asked::At(Address { url: url.to_owned(), place })
        };
        self.central.push(asked);
        // Maven 3 does not know the property.
        if self.is_maven_4.is_none() && !self.central.contains(&Asked::Default) {
            self.central.push(Asked::Default);
        }
    }

    fn read_extensions(&mut self, neighbours: &Neighbours<'_>, routing: &mut Routing) {
        let Some(text) = self.readable(neighbours, "extensions.xml", routing) else { return };
        let document = match xml::read(text) {
            Ok(document) => document,
            Err(problem) => {
                self.unknown.push(Asked::Unknown("`.mvn/extensions.xml` cannot be read".to_owned(), problem.place));
                routing.problems.push(problem);
                return;
            }
        };
        for extension in document.root().children_named("extension") {
            let Some(entry) = maven_extensions::entry(extension, text) else {
                routing.setting(Effect::RunsProgram, "core extension", extension.place());
                let reason = "a core extension without a name may change every address that Maven asks".to_owned();
                self.unknown.push(Asked::Unknown(reason, extension.place()));
                continue;
            };
            let name = entry.name.of(&text.content).to_owned();
            let place = text.place(entry.name.span);
            routing.setting(Effect::RunsProgram, "core extension", place);
            self.unknown.push(Asked::Program(Box::new(Program {
                ecosystem: Ecosystem::Maven,
                reason: format!("the core extension `{name}` may change every address that Maven asks"),
                name,
                version: entry.version.map(|version| version.of(&text.content).to_owned()),
                place,
            })));
        }
    }
}

/// The version that the wrapper installs.
fn is_maven_4(neighbours: &Neighbours<'_>) -> Option<bool> {
    let text = config::file(neighbours, "wrapper/maven-wrapper.properties")?.ok()?;
    let line = lines::of(&text.content).find(|line| line.text.trim_start().starts_with("distributionUrl"))?;
    let (_, after) = line.text.rsplit_once("apache-maven-")?;
    Some(after.starts_with('4'))
}

#[cfg(test)]
mod tests;
