//! Versions that a project settles for others: `dependencyManagement` with its imports, and `pluginManagement`.
//!
//! Answers for: the version and scope that a dependency or plugin without its own gets from the project, its parents and BOMs, all in
//! the tree. What a parent or BOM elsewhere settles has no value here.

use std::collections::BTreeMap;

use super::model::{At, Model, Project, Value, own, profiles};
use super::reactor::Reactor;
use crate::neighbours::{Neighbours, folder_of};
use crate::syntax::xml::Element;

/// The named limit on imported BOMs, those that BOMs import included.
pub(super) const IMPORTS_MAX: usize = 64;

/// The group of plugins that name none.
pub(super) const PLUGIN_GROUP: &str = "org.apache.maven.plugins";

/// What is settled for one module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) version: Option<Value>,
    pub(super) scope: Option<String>,
}

/// What is settled, by `group:artifact:type:classifier` (plugins: `group:artifact`).
pub(super) type Managed = BTreeMap<String, Settled>;

/// All that a project settles.
pub(super) struct Management<'p> {
    main: Level,
    profiles: Vec<(Element<'p>, Level)>,
    /// Whether there are more imports than the limit lets in.
    pub(super) is_cut: bool,
}

/// What a project settles, or one of its profiles.
struct Level {
    dependencies: Managed,
    plugins: Managed,
}

impl<'p> Management<'p> {
    pub(super) fn of<'a>(model: &Model<'p>, neighbours: &Neighbours<'a>, reactor: &Reactor<'a>) -> Self {
        let mut budget = Budget { left: IMPORTS_MAX, is_cut: false };
        let dependencies_of_all = dependencies(model, None, neighbours, reactor, &mut budget);
        let main = Level { dependencies: dependencies_of_all, plugins: plugins(model) };
        let own_root = model.poms.first().map(|(_, root)| *root);
        let profiles = own_root.into_iter().flat_map(profiles).map(|profile| {
            let dependencies = dependencies(model, Some(profile), neighbours, reactor, &mut budget);
            (profile, Level { dependencies, plugins: plugins_of(model, in_profile(Some(profile)), profile) })
        });
        let profiles = profiles.collect();
        Self { main, profiles, is_cut: budget.is_cut }
    }

    /// What is settled for a dependency: in its profile, else in the project, else in profiles if they agree.
    pub(super) fn dependency(&self, key: &str, at: At<'p>) -> Settled {
        self.find(key, at, |level| &level.dependencies)
    }

    /// The same for a plugin.
    pub(super) fn plugin(&self, key: &str, at: At<'p>) -> Settled {
        self.find(key, at, |level| &level.plugins)
    }

    fn find(&self, key: &str, at: At<'p>, of: fn(&Level) -> &Managed) -> Settled {
        let of_profile = at.profile.and_then(|profile| self.profiles.iter().find(|(other, _)| other.span() == profile.span()));
        let in_profile = of_profile.and_then(|(_, level)| of(level).get(key));
        if let Some(settled) = in_profile.or_else(|| of(&self.main).get(key)) {
            return settled.clone();
        }
        let mut loose = self.profiles.iter().filter_map(|(_, level)| of(level).get(key));
        let Some(first) = loose.next() else { return Settled::default() };
        let version = |settled: &Settled| settled.version.as_ref().map(|version| version.text.clone());
        if loose.all(|other| version(other) == version(first)) { first.clone() } else { Settled::default() }
    }
}

/// How many imports may still be read, and whether there were more.
struct Budget {
    left: usize,
    is_cut: bool,
}

/// `group:artifact:type:classifier` of a dependency.
pub(super) fn key<'p>(model: &Model<'p>, dependency: Element<'p>, at: At<'p>) -> Option<String> {
    let text = |name| model.meant(dependency, at, name);
    let kind = text("type").unwrap_or_else(|| "jar".to_owned());
    Some(format!("{}:{}:{kind}:{}", text("groupId")?, text("artifactId")?, text("classifier").unwrap_or_default()))
}

/// Whether an element of `dependencyManagement` brings in a BOM.
pub(super) fn is_import<'p>(model: &Model<'p>, dependency: Element<'p>, at: At<'p>) -> bool {
    model.meant(dependency, at, "scope").as_deref() == Some("import")
}

/// What the project and its parents, or one profile, settle for dependencies. The nearest pom wins, then its imports in their order.
fn dependencies<'p, 'a>(
    model: &Model<'p>,
    profile: Option<Element<'p>>,
    neighbours: &Neighbours<'a>,
    reactor: &Reactor<'a>,
    budget: &mut Budget,
) -> Managed {
    let mut managed = Managed::new();
    let mut imports = Vec::new();
    let sections: Vec<(At<'p>, Element<'p>)> = match profile {
        Some(element) => vec![(At { pom: 0, profile }, element)],
        None => model.poms.iter().enumerate().map(|(pom, (_, root))| (At { pom, profile: None }, *root)).collect(),
    };
    for (at, section) in sections {
        let list = section.at(&["dependencyManagement", "dependencies"]);
        for dependency in list.into_iter().flat_map(|list| list.children_named("dependency")) {
            if is_import(model, dependency, at) {
                imports.push((at, dependency));
            } else if let Some(key) = key(model, dependency, at) {
                let version = dependency.text_of("version").and_then(|version| model.value(at, &version));
                managed.entry(key).or_insert(Settled { version, scope: model.meant(dependency, at, "scope") });
            }
        }
    }
    for (at, import) in imports {
        let Some(text) = bom(model, import, at, reactor) else { continue };
        let Some(left) = budget.left.checked_sub(1) else {
            budget.is_cut = true;
            break;
        };
        budget.left = left;
        let around = neighbours.moved_to(folder_of(&text.path));
        let Ok(project) = Project::read(text, &around) else { continue };
        for (key, mut settled) in dependencies(&project.model(), None, &around, reactor, budget) {
            // It stands in another file than the one that is read.
            if let Some(version) = &mut settled.version {
                version.span = None;
            }
            managed.entry(key).or_insert(settled);
        }
    }
    managed
}

/// The pom.xml of a BOM that is a module of the same build.
fn bom<'p, 'a>(model: &Model<'p>, import: Element<'p>, at: At<'p>, reactor: &Reactor<'a>) -> Option<&'a crate::text::Text> {
    let text = |name| model.meant(import, at, name);
    reactor.find(&text("groupId")?, &text("artifactId")?, Some(&text("version")?))
}

/// What the project and its parents settle for plugins: parents' own plugins, then `pluginManagement`.
fn plugins(model: &Model<'_>) -> Managed {
    let mut managed = Managed::new();
    let list = |pom: usize, path: &[&str]| model.poms.get(pom).and_then(|(_, root)| root.at(path));
    for path in [&["build", "plugins"][..], &["build", "pluginManagement", "plugins"]] {
        for pom in 0..model.poms.len() {
            for (key, settled) in in_list(model, At { pom, profile: None }, list(pom, path)) {
                if settled.version.is_some() {
                    managed.entry(key).or_insert(settled);
                }
            }
        }
    }
    managed
}

fn plugins_of<'p>(model: &Model<'p>, at: At<'p>, profile: Element<'p>) -> Managed {
    let list = profile.at(&["build", "pluginManagement", "plugins"]);
    in_list(model, at, list).into_iter().filter(|(_, settled)| settled.version.is_some()).collect()
}

fn in_list<'p>(model: &Model<'p>, at: At<'p>, list: Option<Element<'p>>) -> Vec<(String, Settled)> {
    let of = |plugin: Element<'p>| {
        let group = model.meant(plugin, at, "groupId").unwrap_or_else(|| PLUGIN_GROUP.to_owned());
        let artifact = model.meant(plugin, at, "artifactId")?;
        let version = plugin.text_of("version").and_then(|version| model.value(at, &version));
        Some((format!("{group}:{artifact}"), Settled { version, scope: None }))
    };
    list.into_iter().flat_map(|list| list.children_named("plugin")).filter_map(of).collect()
}

/// At the project's own level.
pub(super) fn in_profile(profile: Option<Element<'_>>) -> At<'_> {
    At { profile, ..own() }
}
