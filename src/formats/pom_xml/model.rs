//! A project as Maven puts it together, as far as the repository goes: its pom.xml and the parents that lie in the tree.
//!
//! Answers for: which parents are really its parents, what a property or `${project.…}` stands for, and coordinates. Never reads a parent
//! from a registry, the environment or a machine's settings: what they may add has no value here.

use std::collections::BTreeMap;

use super::config;
use crate::neighbours::{Neighbours, folder_of};
use crate::syntax::xml::{self, Element};
use crate::text::{Place, Problem, Span, Str, Text};

/// The named limit on parents above one another.
pub(crate) const PARENTS_MAX: usize = 32;
/// The named limits on one interpolation: references inside references, references in all, and bytes.
const NESTED_MAX: usize = 16;
const REFERENCES_MAX: usize = 256;
const VALUE_BYTES_MAX: usize = 4096;

/// A pom.xml and its parents in the tree, the nearest first.
pub(crate) struct Project<'a> {
    poms: Vec<(&'a Text, xml::Document<'a>)>,
    user: BTreeMap<String, String>,
    /// Whether there are more parents than the limit lets in.
    is_cut: bool,
}

impl<'a> Project<'a> {
    /// Reads a pom.xml and the parents that lie in the tree.
    pub(crate) fn read(text: &'a Text, neighbours: &Neighbours<'a>) -> Result<Self, Problem> {
        let mut project = Self { poms: Vec::new(), user: config::properties(neighbours), is_cut: false };
        project.poms.push((text, xml::read(text)?));
        while let Some(parent) = project.next_parent(neighbours) {
            if project.poms.len() > PARENTS_MAX {
                project.is_cut = true;
                break;
            }
            project.poms.push(parent);
            if !project.is_last_named() {
                // A file at the right place with other coordinates is not the parent: Maven then asks a repository.
                project.poms.pop();
                break;
            }
        }
        Ok(project)
    }

    /// Where its parents lie, the nearest first.
    pub(super) fn parents(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.poms.iter().skip(1).map(|(text, _)| &*text.path)
    }

    /// Where the last pom that was read names one more parent, if the limit kept that out.
    pub(crate) fn more_parents(&self) -> Option<Place> {
        let (_, document) = self.poms.last().filter(|_| self.is_cut)?;
        document.root().child("parent").map(Element::place)
    }

    /// The file that the last pom names as its parent's, if it is there and not part of a loop.
    fn next_parent(&self, neighbours: &Neighbours<'a>) -> Option<(&'a Text, xml::Document<'a>)> {
        let (text, document) = self.poms.last()?;
        let parent = document.root().child("parent")?;
        let relative = match parent.child("relativePath") {
            Some(written) => written.text().of(&text.content).to_owned(),
            None => "../pom.xml".to_owned(),
        };
        if relative.is_empty() || relative.contains("${") {
            return None;
        }
        let around = neighbours.moved_to(folder_of(&text.path));
        let path = around.resolve(&relative).ok()?;
        let path = if around.has_folder(&path) { crate::neighbours::join(&path, "pom.xml") } else { path };
        let text = around.at(&path)?.ok()?;
        let is_loop = self.poms.iter().any(|(known, _)| known.id == text.id);
        let document = xml::read(text).ok().filter(|document| !is_loop && document.root().is("project"))?;
        Some((text, document))
    }

    /// Whether the last pom but one names the last one as its parent. Maven compares what is written, before anything is resolved: `1.0` is
    /// not `${revision}`, even where that is 1.0. What Maven 4 lets a pom leave out fits.
    fn is_last_named(&self) -> bool {
        let [.., (text, child), (other_text, next)] = self.poms.as_slice() else { return false };
        let (child, next) = (child.root(), next.root());
        let Some(named) = child.child("parent") else { return false };
        let above = next.child("parent");
        ["groupId", "artifactId", "version"].into_iter().all(|name| {
            let inherited = || above.filter(|_| name != "artifactId").and_then(|above| above.text_of(name));
            match (named.text_of(name), next.text_of(name).or_else(inherited)) {
                (Some(named), Some(found)) => named.of(&text.content) == found.of(&other_text.content),
                _ => true,
            }
        })
    }

    /// The project put together.
    pub(crate) fn model(&self) -> Model<'_> {
        Model::from(&self.poms, &self.user)
    }
}

/// Where something is written: in which pom, and in which of its profiles.
#[derive(Clone, Copy)]
pub(crate) struct At<'p> {
    /// Number of the pom, 0 for the project's own.
    pub(crate) pom: usize,
    /// The profile, if it is in one.
    pub(crate) profile: Option<Element<'p>>,
}

/// What something means, and where that stands in the project's own pom, if it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) span: Option<Span>,
}

/// A project with what its parts stand for.
pub(crate) struct Model<'p> {
    /// The project's own pom and its parents: text and outermost element.
    pub(crate) poms: Vec<(&'p Text, Element<'p>)>,
    /// Properties of each pom.
    properties: Vec<BTreeMap<&'p str, Element<'p>>>,
    /// Properties of profiles, which may or may not be active: pom and value.
    loose: BTreeMap<&'p str, Vec<(usize, Element<'p>)>>,
    user: &'p BTreeMap<String, String>,
}

impl<'p> Model<'p> {
    fn from<'a: 'p>(poms: &'p [(&'a Text, xml::Document<'a>)], user: &'p BTreeMap<String, String>) -> Self {
        let poms: Vec<(&'p Text, Element<'p>)> = poms.iter().map(|(text, document)| (*text, document.root())).collect();
        let of = |element: Element<'p>| {
            element.child("properties").into_iter().flat_map(Element::children).map(|property| (property.name(), property))
        };
        let properties = poms.iter().map(|(_, root)| of(*root).collect()).collect();
        let mut loose: BTreeMap<&str, Vec<(usize, Element<'p>)>> = BTreeMap::new();
        for (pom, (_, root)) in poms.iter().enumerate() {
            for (name, property) in profiles(*root).flat_map(of) {
                loose.entry(name).or_default().push((pom, property));
            }
        }
        Self { poms, properties, loose, user }
    }

    /// Group, artifact and version of the project, as far as they can be told.
    pub(crate) fn coordinates(&self) -> [Option<String>; 3] {
        ["groupId", "artifactId", "version"].map(|name| self.expand(&format!("${{project.{name}}}")))
    }

    /// Group, artifact and version of the parent that the project names.
    pub(crate) fn parent(&self) -> Option<[Option<Value>; 3]> {
        let (_, root) = self.poms.first()?;
        let parent = root.child("parent")?;
        Some(["groupId", "artifactId", "version"].map(|name| self.value(own(), &parent.text_of(name)?)))
    }

    /// Group or artifact of the parent that lies in the tree, where the project leaves them out. A group may be said further above.
    pub(crate) fn inferred(&self, name: &str) -> Option<String> {
        let mut above = self.poms.iter().skip(1).take(if name == "groupId" { usize::MAX } else { 1 });
        above.find_map(|(text, root)| Some(root.text_of(name)?.of(&text.content).to_owned()))
    }

    fn expand(&self, written: &str) -> Option<String> {
        let mut budget = REFERENCES_MAX;
        self.interpolate(written, own(), 0, &mut budget)
    }

    /// What a text of a pom means; `None` if it holds a reference that nothing in the repository resolves.
    pub(crate) fn value(&self, at: At<'p>, written: &Str) -> Option<Value> {
        let text = self.text_of(at.pom)?;
        let mut budget = REFERENCES_MAX;
        let meant = self.interpolate(written.of(&text.content), at, 0, &mut budget)?;
        Some(Value { text: meant, span: self.literal(at, written, 0) })
    }

    /// What the first element of this name in an element means.
    pub(crate) fn meant(&self, element: Element<'p>, at: At<'p>, name: &str) -> Option<String> {
        self.value(at, &element.text_of(name)?).map(|value| value.text)
    }

    fn text_of(&self, pom: usize) -> Option<&'p Text> {
        self.poms.get(pom).map(|(text, _)| *text)
    }

    /// Where the text stands that a text stands for: the property's own, if it is nothing but one reference to it. In the own pom only.
    fn literal(&self, at: At<'p>, written: &Str, nested: usize) -> Option<Span> {
        let text = self.text_of(at.pom)?;
        let name = written.of(&text.content).strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let name = name.filter(|name| nested < NESTED_MAX && !self.user.contains_key(*name));
        let follows = name.and_then(|name| self.property(name, at));
        let behind = follows.and_then(|(pom, property)| self.literal(At { pom, ..at }, &property.text(), nested + 1));
        behind.or((at.pom == 0).then_some(written.span))
    }

    fn interpolate(&self, written: &str, at: At<'p>, nested: usize, budget: &mut usize) -> Option<String> {
        let mut meant = String::new();
        let mut rest = written;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}')?;
            *budget = budget.checked_sub(1).filter(|_| nested < NESTED_MAX)?;
            meant.push_str(before);
            meant.push_str(&self.reference(name, at, nested + 1, budget)?);
            rest = behind;
            if meant.len() > VALUE_BYTES_MAX {
                return None;
            }
        }
        meant.push_str(rest);
        Some(meant)
    }

    /// What `${name}` stands for, in Maven's order: the project's own values, the command line, properties, and the project's values
    /// once more under their old names.
    fn reference(&self, name: &str, at: At<'p>, nested: usize, budget: &mut usize) -> Option<String> {
        if matches!(name, "basedir" | "project.basedir" | "pom.basedir") {
            return Some(".".to_owned());
        }
        let prefixed = name.strip_prefix("project.").or_else(|| name.strip_prefix("pom."));
        if let Some(value) = prefixed.and_then(|name| self.own_value(name)) {
            return self.interpolate(&value, own(), nested, budget);
        }
        if let Some(value) = self.user.get(name) {
            return self.interpolate(value, at, nested, budget);
        }
        if let Some((pom, property)) = self.property(name, at) {
            let text = self.text_of(pom)?;
            let value = property.text();
            return self.interpolate(value.of(&text.content), At { pom, ..at }, nested, budget);
        }
        self.own_value(name).and_then(|value| self.interpolate(&value, own(), nested, budget))
    }

    /// A property: of the profile, else of the nearest pom, else of profiles if they agree.
    fn property(&self, name: &str, at: At<'p>) -> Option<(usize, Element<'p>)> {
        if let Some(property) = at.profile.and_then(|profile| profile.at(&["properties", name])) {
            return Some((0, property));
        }
        let settled = self.properties.iter().enumerate().find_map(|(pom, of)| of.get(name).map(|property| (pom, *property)));
        settled.or_else(|| {
            let found = self.loose.get(name)?;
            let value = |(pom, property): &(usize, Element<'p>)| {
                self.text_of(*pom).map(|text| property.text().of(&text.content).to_owned())
            };
            let first = found.first()?;
            found.iter().all(|other| value(other) == value(first)).then_some(*first)
        })
    }

    /// `groupId`, `artifactId`, `version`, `packaging` and the parent's, as written.
    fn own_value(&self, name: &str) -> Option<String> {
        let (text, root) = self.poms.first()?;
        let in_parent = |name: &str| root.child("parent").and_then(|parent| parent.text_of(name));
        let found = match name {
            "groupId" | "version" => root.text_of(name).or_else(|| in_parent(name)),
            "artifactId" | "packaging" | "modelVersion" => root.text_of(name),
            "parent.groupId" | "parent.artifactId" | "parent.version" => in_parent(name.trim_start_matches("parent.")),
            _ => None,
        };
        // Maven 4 lets a module leave out what its parent says.
        let of_parent = || self.poms.get(1).and_then(|(text, root)| Some((*text, root.text_of(name)?)));
        let found = found.map(|value| (*text, value)).or_else(|| of_parent().filter(|_| matches!(name, "groupId" | "version")));
        found.map(|(text, value)| value.of(&text.content).to_owned())
    }
}

/// In the project's own pom, outside of profiles.
pub(crate) fn own<'p>() -> At<'p> {
    At { pom: 0, profile: None }
}

/// The profiles of a pom.
pub(crate) fn profiles(root: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    root.child("profiles").into_iter().flat_map(|profiles| profiles.children_named("profile"))
}
