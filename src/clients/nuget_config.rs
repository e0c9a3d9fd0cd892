//! nuget.config: the files around a project, merged as NuGet merges them.
//!
//! Answers for: sources, switched-off sources, source mapping and package folders, the nearest file first, with `<clear />`. Credentials
//! are never looked at. What NuGet passes over in silence (a file that is no XML) is a problem here: it may have said anything.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::neighbours::{Neighbours, folder_of, folders_upwards, join};
use crate::routing::{Effect, Routing};
use crate::syntax::xml::{self, Element};
use crate::text::{Lost, Place, Problem, Text};

/// The names of the file. NuGet looks for the first three in this order, and for any spelling where names have no case.
pub(super) const NAMES: [&str; 5] = ["nuget.config", "NuGet.config", "NuGet.Config", "Nuget.config", "Nuget.Config"];

/// One value and where it stands.
#[derive(Clone)]
pub(super) struct Value {
    /// As written.
    pub(super) text: String,
    /// Where.
    pub(super) place: Place,
    /// The folder of the file, which relative paths start from.
    pub(super) folder: String,
}

/// All files around a folder, merged.
#[derive(Default)]
pub(super) struct Config {
    /// Sources by key in lower case, in the order of the files, the nearest first.
    pub(super) sources: Vec<(String, Value)>,
    /// Whether nothing farther out adds sources.
    pub(super) is_closed: bool,
    /// Whether a source of this key is switched off.
    pub(super) disabled: HashMap<String, bool>,
    /// Patterns by the key of their source.
    pub(super) mapping: BTreeMap<String, Vec<Value>>,
    /// Folders that may hold packages already.
    pub(super) folders: Vec<Value>,
    /// Why the configuration is not known, if it is not.
    pub(super) unknown: Option<(String, Place)>,
    keys: HashSet<String>,
    closed: HashSet<&'static str>,
    settings: HashSet<String>,
}

impl Config {
    /// The files in a folder and all above it.
    pub(super) fn around(neighbours: &Neighbours<'_>, routing: &mut Routing) -> Self {
        let mut config = Self::default();
        for folder in folders_upwards(neighbours.folder()) {
            if let Some(file) = NAMES.iter().find_map(|name| neighbours.at(&join(folder, name))) {
                config.file(file, routing);
            }
        }
        config
    }

    /// Takes what a file says where nearer files said nothing.
    pub(super) fn file(&mut self, file: Result<&Text, &Problem>, routing: &mut Routing) {
        let text = match file {
            Ok(text) => text,
            Err(problem) => return self.broken(problem.clone(), routing),
        };
        routing.read.push(text.id);
        let document = match xml::read(text) {
            Ok(document) => document,
            Err(problem) => return self.broken(problem, routing),
        };
        let root = document.root();
        if !root.is("configuration") {
            let message = format!("is `{}`, expected `configuration`", root.name());
            return self.broken(root.problem(Lost::Detail, message), routing);
        }
        let mut file = File { text, config: self, routing };
        for section in root.children() {
            match section.name() {
                "packageSources" => file.sources(section),
                "disabledPackageSources" => file.disabled(section),
                "packageSourceMapping" => file.mapping(section),
                "fallbackPackageFolders" => file.folders(section),
                "config" => file.settings(section),
                _ => {}
            }
        }
        let cleared = ["packageSources", "disabledPackageSources", "packageSourceMapping", "fallbackPackageFolders"];
        let is_cleared = |name: &&str| root.children_named(name).any(|section| section.child("clear").is_some());
        self.closed.extend(cleared.into_iter().filter(is_cleared));
        self.is_closed = self.closed.contains("packageSources");
    }

    /// What cannot be read may say anything, unless a nearer file made it say nothing.
    fn broken(&mut self, problem: Problem, routing: &mut Routing) {
        if !self.is_closed {
            self.unknown.get_or_insert(("NuGet's configuration cannot be read".to_owned(), problem.place));
        }
        routing.problems.push(Problem { lost: Lost::Detail, ..problem });
    }
}

/// One file under way.
struct File<'f> {
    text: &'f Text,
    config: &'f mut Config,
    routing: &'f mut Routing,
}

impl File<'_> {
    /// The elements of a section behind its last `<clear />`; none if a nearer file cleared the section.
    fn rest<'d>(&self, section: Element<'d>) -> Vec<Element<'d>> {
        if self.config.closed.contains(section.name()) {
            return Vec::new();
        }
        let all: Vec<Element<'d>> = section.children().collect();
        let first = all.iter().rposition(|element| element.is("clear")).map_or(0, |at| at + 1);
        all.into_iter().skip(first).collect()
    }

    /// Key in lower case and value of an `<add>`; a problem without them.
    fn added(&mut self, element: Element<'_>) -> Option<(String, Value)> {
        let content = &self.text.content;
        let attribute = |name: &str| element.attribute(name).filter(|value| !value.of(content).trim().is_empty());
        let (Some(key), Some(value)) = (attribute("key"), attribute("value")) else {
            let problem = element.problem(Lost::Detail, "says nothing, expected `key` and `value`");
            self.config.broken(problem, self.routing);
            return None;
        };
        let value = Value {
            text: value.of(content).trim().to_owned(),
            place: self.text.place(value.span),
            folder: folder_of(&self.text.path).to_owned(),
        };
        Some((key.of(content).trim().to_lowercase(), value))
    }

    fn sources(&mut self, section: Element<'_>) {
        for element in self.rest(section).into_iter().filter(|element| element.is("add")) {
            let Some((key, value)) = self.added(element) else { continue };
            if !self.config.keys.insert(key.clone()) {
                continue;
            }
            for (name, value) in element.attributes() {
                let is_off = ["allowInsecureConnections", "disableTLSCertificateValidation"].contains(&name);
                if is_off && value.of(&self.text.content).trim().eq_ignore_ascii_case("true") {
                    self.routing.setting(Effect::TlsOff, name, self.text.place(value.span));
                }
            }
            self.config.sources.push((key, value));
        }
    }

    fn disabled(&mut self, section: Element<'_>) {
        for element in self.rest(section).into_iter().filter(|element| element.is("add")) {
            if let Some((key, value)) = self.added(element) {
                self.config.disabled.entry(key).or_insert_with(|| value.text.eq_ignore_ascii_case("true"));
            }
        }
    }

    fn mapping(&mut self, section: Element<'_>) {
        let content = &self.text.content;
        let mut own: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for source in self.rest(section).into_iter().filter(|element| element.is("packageSource")) {
            let Some(key) = source.attribute("key") else {
                let problem = source.problem(Lost::Detail, "maps packages to no source, expected `key`");
                self.config.broken(problem, self.routing);
                continue;
            };
            let patterns = source.children_named("package").filter_map(|package| package.attribute("pattern"));
            let patterns = patterns.map(|pattern| Value {
                text: pattern.of(content).trim().to_lowercase(),
                place: self.text.place(pattern.span),
                folder: String::new(),
            });
            own.entry(key.of(content).trim().to_lowercase()).or_default().extend(patterns);
        }
        for (key, patterns) in own {
            self.config.mapping.entry(key).or_insert(patterns);
        }
    }

    fn folders(&mut self, section: Element<'_>) {
        for element in self.rest(section).into_iter().filter(|element| element.is("add")) {
            if let Some((_, value)) = self.added(element) {
                self.config.folders.push(value);
            }
        }
    }

    /// Single values: the nearest file that has one decides.
    fn settings(&mut self, section: Element<'_>) {
        for element in self.rest(section).into_iter().filter(|element| element.is("add")) {
            let Some((key, value)) = self.added(element) else { continue };
            if !self.config.settings.insert(key.clone()) {
                continue;
            }
            match key.as_str() {
                "globalpackagesfolder" | "repositorypath" => self.config.folders.push(value),
                "http_proxy" => self.routing.setting(Effect::Proxy, "http_proxy", value.place),
                "signaturevalidationmode" if value.text.eq_ignore_ascii_case("require") => {
                    self.routing.setting(Effect::Cautious, "signatureValidationMode", value.place);
                }
                _ => {}
            }
        }
    }
}
