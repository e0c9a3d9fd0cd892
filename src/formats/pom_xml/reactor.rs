//! The modules that Maven builds together with a project.
//!
//! Answers for: which pom.xml of the tree has certain coordinates and is really a module of the same build, by following `<modules>`
//! from a pom above. A pom.xml that only lies in the tree (a test's, an archetype's) is none.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

use super::model::Project;
use crate::neighbours::{Neighbours, folder_of, folders_upwards, join};
use crate::text::Text;

/// The named limit on modules of one build.
pub(super) const MODULES_MAX: usize = 10_000;

/// The modules of one build, found when first asked for.
pub(crate) struct Reactor<'a> {
    neighbours: Neighbours<'a>,
    path: &'a str,
    /// Paths by artifact.
    modules: OnceCell<BTreeMap<&'a str, Vec<&'a Text>>>,
    is_cut: Cell<bool>,
}

impl<'a> Reactor<'a> {
    /// The build that the pom.xml at `path` is part of.
    pub(crate) fn around(path: &'a str, neighbours: &Neighbours<'a>) -> Self {
        Self { neighbours: *neighbours, path, modules: OnceCell::new(), is_cut: Cell::new(false) }
    }

    /// Whether the build has more modules than the limit lets in.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.get()
    }

    /// The module with these coordinates; a version that cannot be told fits.
    pub(crate) fn find(&self, group: &str, artifact: &str, version: Option<&str>) -> Option<&'a Text> {
        let found = self.modules.get_or_init(|| self.modules()).get(artifact)?;
        let mut others = found.iter().copied().filter(|text| &*text.path != self.path);
        others.find(|text| self.is_module(text, [group, artifact], version))
    }

    /// The group of the only other module with this artifact.
    pub(super) fn group_of(&self, artifact: &str) -> Option<String> {
        let found = self.modules.get_or_init(|| self.modules()).get(artifact)?;
        let mut others = found.iter().copied().filter(|text| &*text.path != self.path);
        let text = others.next().filter(|_| others.next().is_none())?;
        let project = Project::read(text, &self.neighbours.moved_to(folder_of(&text.path))).ok()?;
        let [group, ..] = project.model().coordinates();
        group
    }

    /// Whether a pom.xml has these coordinates. A glance is enough where nothing has to be resolved.
    fn is_module(&self, text: &'a Text, [group, artifact]: [&str; 2], version: Option<&str>) -> bool {
        let glance = Glance::at(&text.content, false);
        let written = [glance.group.or(glance.parent_group), glance.version.or(glance.parent_version)];
        if let [Some(own_group), Some(own_version)] = written.map(|value| value.filter(|value| !value.contains(['$', '&']))) {
            return own_group == group && version.is_none_or(|version| version == own_version);
        }
        let around = self.neighbours.moved_to(folder_of(&text.path));
        let Ok(project) = Project::read(text, &around) else { return false };
        let [own_group, own_artifact, own_version] = project.model().coordinates();
        let is_same = |own: Option<String>, wanted: &str| own.as_deref() == Some(wanted);
        let is_version = version.is_none_or(|version| own_version.is_none() || is_same(own_version, version));
        is_same(own_group, group) && is_same(own_artifact, artifact) && is_version
    }

    /// All modules from the highest pom.xml that leads to this one, else from a parent that lies elsewhere and does.
    fn modules(&self) -> BTreeMap<&'a str, Vec<&'a Text>> {
        let mut tops: Vec<String> = folders_upwards(folder_of(self.path)).map(|folder| join(folder, "pom.xml")).collect();
        tops.reverse();
        let own = tops.pop();
        let above = tops.iter().find_map(|top| self.leading(top));
        let beside = || self.parents().iter().rev().find_map(|parent| self.leading(parent));
        above.or_else(beside).or_else(|| self.leading(&own?)).unwrap_or_default()
    }

    /// The modules of a pom.xml, if this one is among them.
    fn leading(&self, top: &str) -> Option<BTreeMap<&'a str, Vec<&'a Text>>> {
        let found = self.below(top);
        if !found.iter().any(|(text, _)| &*text.path == self.path) {
            return None;
        }
        let mut modules: BTreeMap<&str, Vec<&Text>> = BTreeMap::new();
        for (text, artifact) in found {
            modules.entry(artifact).or_default().push(text);
        }
        Some(modules)
    }

    /// The parents of this pom.xml that lie in the tree, the nearest first.
    fn parents(&self) -> Vec<&'a str> {
        let project = self.neighbours.at(self.path).and_then(Result::ok).map(|text| Project::read(text, &self.neighbours));
        project.and_then(Result::ok).map(|project| project.parents().collect()).unwrap_or_default()
    }

    /// A pom.xml and its modules, however deep, with their artifacts.
    fn below(&self, top: &str) -> Vec<(&'a Text, &'a str)> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut ahead = vec![top.to_owned()];
        while let Some(path) = ahead.pop() {
            let Some(Ok(text)) = self.neighbours.at(&path).filter(|_| seen.insert(path.clone())) else { continue };
            if found.len() >= MODULES_MAX {
                self.is_cut.set(true);
                break;
            }
            let glance = Glance::at(&text.content, true);
            let around = self.neighbours.moved_to(folder_of(&text.path));
            for module in glance.modules {
                if let Ok(path) = around.resolve(module) {
                    ahead.push(if around.has_folder(&path) { join(&path, "pom.xml") } else { path });
                }
            }
            found.push((text, glance.artifact.unwrap_or("")));
        }
        found
    }
}

/// What a quick look at a pom.xml shows, as written. A build of a thousand modules is looked at once for each of them.
#[derive(Default)]
struct Glance<'t> {
    group: Option<&'t str>,
    artifact: Option<&'t str>,
    version: Option<&'t str>,
    parent_group: Option<&'t str>,
    parent_version: Option<&'t str>,
    modules: Vec<&'t str>,
}

impl<'t> Glance<'t> {
    /// All of it, or as much as artifact and modules take.
    fn at(content: &'t str, is_enough_with_artifact: bool) -> Self {
        let bytes = content.as_bytes();
        let has_modules = ["module>", "subproject>"].iter().any(|end| memchr::memmem::find(bytes, end.as_bytes()).is_some());
        let mut glance = Self::default();
        let mut open: Vec<&str> = Vec::new();
        let mut rest = content;
        while let Some((_, tag)) = rest.split_once('<') {
            if is_enough_with_artifact && !has_modules && glance.artifact.is_some() {
                break;
            }
            if let Some(comment) = tag.strip_prefix("!--") {
                rest = comment.split_once("-->").map_or("", |(_, after)| after);
                continue;
            }
            let Some((inside, after)) = tag.split_once('>') else { break };
            rest = after;
            if inside.starts_with(['!', '?']) || inside.ends_with('/') {
                continue;
            }
            if inside.starts_with('/') {
                open.pop();
                continue;
            }
            let name = inside.split_ascii_whitespace().next().unwrap_or("");
            glance.take(&open, name, after);
            open.push(name);
        }
        glance
    }

    fn take(&mut self, open: &[&str], name: &str, after: &'t str) {
        let value = || Some(after.split('<').next().unwrap_or("").trim());
        match (open, name) {
            (["project"], "groupId") => self.group = value(),
            (["project"], "artifactId") => self.artifact = value(),
            (["project"], "version") => self.version = value(),
            (["project", "parent"], "groupId") => self.parent_group = value(),
            (["project", "parent"], "version") => self.parent_version = value(),
            ([.., "modules"], "module") | ([.., "subprojects"], "subproject") if is_list(open) => self.modules.extend(value()),
            _ => {}
        }
    }
}

/// Whether a list of modules is the project's own or a profile's, not a plugin's configuration.
fn is_list(open: &[&str]) -> bool {
    matches!(open, ["project", _] | ["project", "profiles", "profile", _])
}
