//! MSBuild: as much of project files as says what is asked for, and from where.
//!
//! Answers for: items with their names, and properties as far as the repository's files give them: the nearest Directory.Build.props,
//! Directory.Packages.props and Packages.props upwards, the project itself, Directory.Build.targets, and what they import. Nothing is
//! executed. A property that depends on what no file says (a framework, the environment, a function) has no one value.
//!
//! Specification: docs.microsoft.com, MSBuild reference. Of conditions only one comparison is understood; anything else may or may not
//! hold. Properties inside targets belong to a running build and are not read.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::nuget;
use crate::neighbours::{Neighbours, folder_of, join, normalise, relative};
use crate::syntax::xml::{self, Element};
use crate::text::{Place, Str, Text, TextId};

/// The name of the file that holds central versions.
pub(crate) const CENTRAL: &str = "Directory.Packages.props";
/// What every project below brings in.
pub(crate) const ALL_PROJECTS: [&str; 2] = ["Directory.Build.props", "Directory.Build.targets"];
/// The same of the SDK before NuGet's own.
const CENTRAL_OLD: &str = "Packages.props";
/// What a project imports by itself, the nearest upwards of each, before and after its own.
const BEFORE: [&str; 3] = ["Directory.Build.props", CENTRAL, CENTRAL_OLD];
const AFTER: [&str; 2] = ["Directory.Build.targets", "Directory.Packages.targets"];
/// The named limit on files that one project imports.
const IMPORTS_MAX: usize = 64;
/// The named limit on a property's value, in bytes: values can repeat each other.
const VALUE_BYTES_MAX: usize = 16 * 1024;
/// The named limit on values that conditions leave possible.
const POSSIBLE_MAX: usize = 16;
/// The named limit on projects that are asked for the names that they give themselves.
const PROJECTS_ASKED_MAX: usize = 500;

/// One item: `<PackageReference Include="A;B" Version="1" />`.
#[derive(Clone, Copy)]
pub(crate) struct Item<'d> {
    /// The element.
    pub(crate) element: Element<'d>,
    /// Whether it changes items that stand elsewhere.
    pub(crate) is_update: bool,
}

/// Items of these types wherever they stand, but those that only take away.
pub(crate) fn items<'d>(root: Element<'d>, types: &[&str]) -> Vec<Item<'d>> {
    let is_wanted = |element: &Element<'d>| types.iter().any(|name| element.name().eq_ignore_ascii_case(name));
    let is_item = |element: &Element<'d>| element.parent().is_some_and(|parent| parent.is("ItemGroup"));
    let found = root.all().filter(|element| is_wanted(element) && is_item(element));
    found
        .filter(|element| element.attribute("Remove").is_none())
        .map(|element| Item { element, is_update: element.attribute("Include").is_none() })
        .collect()
}

impl Item<'_> {
    /// The names that it includes or updates, as written.
    pub(crate) fn names(&self, content: &str) -> Vec<Str> {
        let written = self.element.attribute("Include").or_else(|| self.element.attribute("Update"));
        let Some(written) = written else { return Vec::new() };
        let names = written.of(content).split(';').map(str::trim).filter(|name| !name.is_empty());
        names.map(|name| nuget::part(&written, content, name)).collect()
    }

    /// What it says under a name: an attribute, else an element in it.
    pub(crate) fn says(&self, name: &str, content: &str) -> Option<Str> {
        let attribute = self.element.attributes().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let child = || self.element.children().find(|child| child.name().eq_ignore_ascii_case(name)).map(Element::text);
        attribute.or_else(child).filter(|value| !value.of(content).trim().is_empty())
    }
}

/// What a property may be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Property {
    /// Values that the files give, each with its place.
    pub(crate) possible: Vec<(String, Place)>,
    /// Whether it may be something else, or nothing.
    pub(crate) is_open: bool,
    /// Whether a file gives it a value that no file explains.
    pub(crate) is_unresolved: bool,
    /// Where it is given at all.
    pub(crate) place: Option<Place>,
}

/// What the files give a property.
enum Given {
    Value(String),
    /// Several values, or one that is not known.
    Several,
    Nowhere,
}

/// The properties of one project.
pub(crate) struct Properties<'a> {
    neighbours: Neighbours<'a>,
    values: BTreeMap<String, Property>,
    /// The files that were read, in order.
    pub(crate) files: Vec<&'a Text>,
    seen: HashSet<TextId>,
    folder: String,
    /// The names of the files under evaluation.
    this: Vec<(String, String)>,
    name: String,
}

impl<'a> Properties<'a> {
    /// The properties around a project file, or around any file that is evaluated on its own.
    pub(crate) fn around(path: &str, neighbours: &Neighbours<'a>) -> Self {
        let mut properties = Self {
            neighbours: *neighbours,
            values: BTreeMap::new(),
            files: Vec::new(),
            seen: HashSet::new(),
            folder: folder_of(path).to_owned(),
            this: Vec::new(),
            name: nuget::stem(path).to_owned(),
        };
        let folder = properties.folder.clone();
        for name in BEFORE {
            properties.nearest(name, &folder);
        }
        properties.file(path);
        for name in AFTER {
            properties.nearest(name, &folder);
        }
        properties
    }

    /// What a property may be.
    pub(crate) fn get(&self, name: &str) -> Option<&Property> {
        self.values.get(&name.to_ascii_lowercase())
    }

    /// A text with its properties in place, if each has one value.
    pub(crate) fn expand(&self, text: &str) -> Option<String> {
        self.expanded(text, &mut |_| None)
    }

    fn expanded(&self, text: &str, missing: &mut dyn FnMut(&str) -> Option<String>) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("$(") {
            let (name, after) = after.split_once(')')?;
            out.push_str(before);
            match self.value(name.trim()) {
                Given::Value(value) => out.push_str(&value),
                Given::Several => return None,
                Given::Nowhere => out.push_str(&missing(name.trim())?),
            }
            if out.len() > VALUE_BYTES_MAX {
                return None;
            }
            rest = after;
        }
        out.push_str(rest);
        let is_whole = !["@(", "%("].iter().any(|open| out.contains(open));
        is_whole.then_some(out)
    }

    /// What stands for a property.
    fn value(&self, name: &str) -> Given {
        let this = self.this.last();
        let built_in = match name.to_ascii_lowercase().as_str() {
            "msbuildthisfiledirectory" => this.map(|(folder, _)| self.relative_folder(folder)),
            "msbuildthisfile" => this.map(|(_, name)| name.clone()),
            "msbuildprojectname" => Some(self.name.clone()),
            "msbuildprojectdirectory" => Some(".".to_owned()),
            _ => None,
        };
        if let Some(value) = built_in {
            return Given::Value(value);
        }
        match self.get(name) {
            None => Given::Nowhere,
            Some(Property { possible, is_open: false, .. }) if possible.len() == 1 => {
                possible.first().map_or(Given::Several, |(value, _)| Given::Value(value.clone()))
            }
            Some(_) => Given::Several,
        }
    }

    /// A folder as the project sees it.
    fn relative_folder(&self, folder: &str) -> String {
        match relative(&self.folder, folder) {
            same if same.is_empty() => "./".to_owned(),
            other => other + "/",
        }
    }

    fn nearest(&mut self, name: &str, folder: &str) {
        let neighbours = self.neighbours;
        let found = crate::neighbours::folders_upwards(folder).map(|folder| join(folder, name)).find(|path| neighbours.has(path));
        if let Some(path) = found {
            self.file(&path);
        }
    }

    fn file(&mut self, path: &str) {
        let Some(Ok(text)) = self.neighbours.at(path) else { return };
        if self.seen.len() >= IMPORTS_MAX || !self.seen.insert(text.id) {
            return;
        }
        self.files.push(text);
        let Ok(document) = xml::read(text) else { return };
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        self.this.push((folder_of(path).to_owned(), name));
        self.elements(document.root(), text, Some(true));
        self.this.pop();
    }

    /// Reads properties and imports below an element; `holds` says whether it applies.
    fn elements(&mut self, parent: Element<'_>, text: &Text, holds: Option<bool>) {
        for element in parent.children() {
            let holds = self.holds_in(element, text, holds);
            if holds == Some(false) {
                continue;
            }
            match element.name() {
                "PropertyGroup" => {
                    for property in element.children() {
                        self.property(property, text, holds);
                    }
                }
                "ImportGroup" => self.elements(element, text, holds),
                "Choose" | "When" | "Otherwise" => self.elements(element, text, None),
                "Import" => self.import(element, text),
                _ => {}
            }
        }
    }

    /// Whether an element applies, in one that applies so.
    fn holds_in(&self, element: Element<'_>, text: &Text, outer: Option<bool>) -> Option<bool> {
        let own = element.attribute("Condition").map_or(Some(true), |condition| self.condition(condition.of(&text.content)));
        if own == Some(false) || outer == Some(true) { own } else { outer }
    }

    fn property(&mut self, element: Element<'_>, text: &Text, holds: Option<bool>) {
        let holds = self.holds_in(element, text, holds);
        if holds == Some(false) {
            return;
        }
        let written = element.text();
        let place = text.place(if written.span.is_empty() { element.name_span() } else { written.span });
        let name = element.name().to_ascii_lowercase();
        let itself = name.clone();
        // Of what is not there only the property itself is surely empty.
        let value =
            self.expanded(written.of(&text.content), &mut |missing| missing.eq_ignore_ascii_case(&itself).then(String::new));
        let property = self.values.entry(name).or_insert_with(|| Property { is_open: true, ..Property::default() });
        property.place = Some(place);
        if holds == Some(true) {
            property.possible.clear();
            property.is_open = false;
            property.is_unresolved = false;
        }
        match value.filter(|_| property.possible.len() < POSSIBLE_MAX) {
            Some(value) if property.possible.iter().any(|(known, _)| *known == value) => {}
            Some(value) => property.possible.push((value, place)),
            None => {
                property.is_open = true;
                property.is_unresolved = true;
            }
        }
    }

    /// Follows an import into the repository. What lies outside says nothing here.
    fn import(&mut self, element: Element<'_>, text: &Text) {
        let Some(written) = element.attribute("Project") else { return };
        let written = written.of(&text.content).to_owned();
        let here = folder_of(&text.path).to_owned();
        if written.contains("OfFileAbove") {
            let (_, own) = self.this.last().cloned().unwrap_or_default();
            let is_file = |word: &&str| matches!(word.rsplit_once('.'), Some((_, "props" | "targets")));
            let named = written.split(['(', ')', ',', '\'', '"', '/', '\\']).map(str::trim).find(is_file).unwrap_or(&own);
            let from = if named == own { folder_of(&here) } else { &here };
            if named != own || !here.is_empty() {
                self.nearest(named, from);
            }
            return;
        }
        let from_project = written.contains("MSBuildThisFileDirectory");
        let Some(path) = self.expand(&written) else { return };
        let base = if from_project { self.folder.clone() } else { here };
        if let Some(path) = normalise(&base, &path) {
            self.file(&path);
        }
    }

    /// Whether a condition holds; `None` if that depends on more than the files say.
    fn condition(&self, condition: &str) -> Option<bool> {
        let condition = condition.trim();
        if condition.is_empty() {
            return Some(true);
        }
        let (left, right, is_equal) = match (condition.split_once("=="), condition.split_once("!=")) {
            (Some((left, right)), None) => (left, right, true),
            (None, Some((left, right))) => (left, right, false),
            _ => return None,
        };
        let mut is_missing = false;
        let mut side = |text: &str| {
            let inner = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            let expanded = |missing: &mut dyn FnMut(&str) -> Option<String>| self.expanded(inner, missing);
            expanded(&mut |_| {
                is_missing = true;
                Some(String::new())
            })
            .filter(|_| !inner.contains('\''))
        };
        let (left, right) = (side(left)?, side(right)?);
        let equal = left.eq_ignore_ascii_case(&right);
        // What no file gives is empty, but for what the build itself brings.
        if is_missing && !(left.is_empty() && right.is_empty()) {
            return None;
        }
        Some(equal == is_equal)
    }
}

/// The files upwards that name packages for all projects below them: the nearest of central versions, and the nearest that projects
/// bring in.
pub(crate) fn shared<'a>(neighbours: &Neighbours<'a>) -> impl Iterator<Item = &'a Text> {
    let nearest = |name: &&str| neighbours.upwards(name).into_iter().next();
    let central = [CENTRAL, CENTRAL_OLD].iter().find_map(nearest);
    let brought = ALL_PROJECTS.iter().filter_map(nearest).collect::<Vec<_>>();
    central.into_iter().chain(brought).filter_map(Result::ok)
}

/// Versions by id that the files around a project give for all of them; `None` where they give several.
pub(crate) fn versions(properties: &Properties<'_>) -> HashMap<String, Option<String>> {
    let mut versions: HashMap<String, Option<String>> = HashMap::new();
    for text in &properties.files {
        let Ok(document) = xml::read(text) else { continue };
        let content = &text.content;
        for item in items(document.root(), &["PackageVersion", "PackageReference"]) {
            let is_reference = item.element.is("PackageReference");
            let Some(version) = item.says("Version", content).filter(|_| !is_reference || item.is_update) else { continue };
            let condition = item.element.attribute("Condition");
            let group = item.element.parent().and_then(|group| group.attribute("Condition"));
            let holds =
                |condition: Option<Str>| condition.is_none_or(|text| properties.condition(text.of(content)) != Some(false));
            if !(holds(condition) && holds(group)) {
                continue;
            }
            let version = properties.expand(version.of(content));
            for name in item.names(content) {
                versions
                    .entry(nuget::key(name.of(content)))
                    .and_modify(|known| *known = known.take().filter(|known| Some(known) == version.as_ref()))
                    .or_insert_with(|| version.clone());
            }
        }
    }
    versions
}

/// The names that projects of the tree give themselves beside their files' names.
pub(crate) fn given_names(neighbours: &Neighbours<'_>) -> foldhash::HashSet<String> {
    let projects = neighbours.below("").filter(|(_, path)| nuget::is_project(path)).take(PROJECTS_ASKED_MAX);
    let names = projects.flat_map(|(_, path)| {
        let properties = Properties::around(path, neighbours);
        ["PackageId", "AssemblyName"].into_iter().flat_map(move |name| {
            let possible = properties.get(name).map(|property| property.possible.clone()).unwrap_or_default();
            possible.into_iter().map(|(value, _)| nuget::key(&value))
        })
    });
    names.collect()
}
