//! The modules that Maven builds together with a project.
//!
//! Answers for: which pom.xml of the tree has certain coordinates and is really a module of the same build, by following `<modules>`
//! from a pom above. A pom.xml that only lies in the tree (a test's, an archetype's) is none.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::model::Project;
use crate::neighbours::{Neighbours, folder_of, folders_upwards, join};
use crate::text::Text;

/// The named limit on modules of one build.
const MODULES_MAX: usize = 10_000;

/// The modules of one build, found when first asked for.
pub(super) struct Reactor<'a> {
    neighbours: Neighbours<'a>,
    path: &'a str,
    /// Paths by artifact.
    modules: OnceCell<BTreeMap<&'a str, Vec<&'a Text>>>,
}

impl<'a> Reactor<'a> {
    /// The build that the pom.xml at `path` is part of.
    pub(super) fn around(path: &'a str, neighbours: &Neighbours<'a>) -> Self {
        Self { neighbours: *neighbours, path, modules: OnceCell::new() }
    }

    /// The module with these coordinates; a version that cannot be told fits.
    pub(super) fn find(&self, group: &str, artifact: &str, version: Option<&str>) -> Option<&'a Text> {
        let found = self.modules.get_or_init(|| self.modules()).get(artifact)?;
        found.iter().copied().filter(|text| &*text.path != self.path).find(|text| {
            let around = self.neighbours.moved_to(folder_of(&text.path));
            let Ok(project) = Project::read(text, &around) else { return false };
            let [own_group, own_artifact, own_version] = project.model().coordinates();
            let is_same = |own: Option<String>, wanted: &str| own.as_deref() == Some(wanted);
            let is_version = version.is_none_or(|version| own_version.is_none() || is_same(own_version, version));
            is_same(own_group, group) && is_same(own_artifact, artifact) && is_version
        })
    }

    /// All modules from the highest pom.xml that leads to this one.
    fn modules(&self) -> BTreeMap<&'a str, Vec<&'a Text>> {
        let mut tops: Vec<String> = folders_upwards(folder_of(self.path)).map(|folder| join(folder, "pom.xml")).collect();
        tops.reverse();
        for top in tops {
            let found = self.below(&top);
            if found.iter().any(|(text, _)| &*text.path == self.path) {
                let mut modules: BTreeMap<&str, Vec<&Text>> = BTreeMap::new();
                for (text, artifact) in found {
                    modules.entry(artifact).or_default().push(text);
                }
                return modules;
            }
        }
        BTreeMap::new()
    }

    /// A pom.xml and its modules, however deep, with their artifacts.
    fn below(&self, top: &str) -> Vec<(&'a Text, &'a str)> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut ahead = vec![top.to_owned()];
        while let Some(path) = ahead.pop().filter(|_| found.len() < MODULES_MAX) {
            let Some(Ok(text)) = self.neighbours.at(&path).filter(|_| seen.insert(path.clone())) else { continue };
            let glance = Glance::at(&text.content);
            let around = self.neighbours.moved_to(folder_of(&text.path));
            for module in glance.modules {
                if let Ok(path) = around.resolve(module) {
                    ahead.push(if around.has_folder(&path) { join(&path, "pom.xml") } else { path });
                }
            }
            found.push((text, glance.artifact));
        }
        found
    }
}

/// What a quick look at a pom.xml shows. A build of a thousand modules is looked at once for each of them.
#[derive(Default)]
struct Glance<'t> {
    artifact: &'t str,
    modules: Vec<&'t str>,
}

impl<'t> Glance<'t> {
    fn at(content: &'t str) -> Self {
        let mut glance = Self::default();
        let mut open: Vec<&str> = Vec::new();
        let mut rest = content;
        while let Some((_, tag)) = rest.split_once('<') {
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
            let value = after.split('<').next().unwrap_or("").trim();
            match (open.last().copied(), name) {
                (Some("project"), "artifactId") if open.len() == 1 => glance.artifact = value,
                (Some("modules"), "module") | (Some("subprojects"), "subproject") if is_list(&open) => glance.modules.push(value),
                _ => {}
            }
            open.push(name);
        }
        glance
    }
}

/// Whether a list of modules is the project's own or a profile's, not a plugin's configuration.
fn is_list(open: &[&str]) -> bool {
    matches!(open, ["project", _] | ["project", "profiles", "profile", _])
}
