//! pom.xml: what a Maven project wants.
//!
//! Answers for: one entry for each dependency, BOM, parent, plugin, extension, plugin's dependency and annotation processor that the
//! file itself asks for, in all its profiles, with the version that the file, or parents and BOMs in the tree, settle. Never lists what
//! parents ask for (their own files do), what `dependencyManagement` and `pluginManagement` only settle, and what is transitive.
//!
//! Specification: maven.apache.org, POM reference and model builder; models 4.0.0 and 4.1.0. Quirks: a file at the parent's place with
//! other coordinates is not the parent; the project's `${…}` are resolved in Maven's order, `-D` of `.mvn/maven.config` included, and one
//! that nothing in the tree resolves (a remote parent, the environment) leaves no version; a property that only profiles have counts
//! if they agree. What models since 4.1.0 let a file leave out, a parent's coordinates and a module's group, is taken from the
//! files that it means. A module of the same build is class `workspace`, `system` scope a path or the JDK's own. Types and classifiers of one
//! module are one entry. `-SNAPSHOT`, `LATEST` and `RELEASE` move; a range has no version. Plugins are fetched from plugin
//! repositories only, so their locator names those (client `maven`).

pub(crate) mod config;
mod managed;
pub(crate) mod model;
pub(crate) mod reactor;

use std::collections::HashMap;
use std::mem::Discriminant;

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::{Claim, Format, maven_names};
use crate::neighbours::Neighbours;
use crate::syntax::xml::Element;
use crate::text::{Lost, Problem, Span, Str, Text};
use managed::{IMPORTS_MAX, Management, PLUGIN_GROUP, in_profile};
use model::{At, Model, Project, Value, profiles};
use reactor::{MODULES_MAX, Reactor};

/// The row of the table.
pub(super) static FORMAT: Format = Format {
    id: "pom-xml",
    title: "pom.xml",
    kind: Kind::Declaration,
    files: &[Claim::Name("pom.xml")],
    looks: None,
    shadowed_by: &["maven-lockfile"],
    read,
};

/// The locator of what is fetched from plugin repositories.
pub(crate) const PLUGIN_REPOSITORIES: &str = "plugin repositories";

/// Elements that a project may have.
const KNOWN: [&str; 31] = [
    "artifactId",
    "build",
    "ciManagement",
    "contributors",
    "dependencies",
    "dependencyManagement",
    "description",
    "developers",
    "distributionManagement",
    "groupId",
    "inceptionYear",
    "issueManagement",
    "licenses",
    "mailingLists",
    "modelVersion",
    "modules",
    "name",
    "organization",
    "packaging",
    "parent",
    "pluginRepositories",
    "prerequisites",
    "profiles",
    "properties",
    "reporting",
    "reports",
    "repositories",
    "scm",
    "subprojects",
    "url",
    "version",
];

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let project = Project::read(text, neighbours)?;
    let model = project.model();
    let Some((_, root)) = model.poms.first().copied().filter(|(_, root)| root.is("project")) else {
        return Err(Problem::new(
            text.place(model.poms.first().map_or_else(Span::default, |(_, root)| root.name_span())),
            Lost::File,
            "does not begin with `<project>`, which every pom.xml does",
        ));
    };
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Declaration);
    lockfile.shows = Shows { scope: true, ..Shows::default() };
    lockfile.version = model.meant(root, model::own(), "modelVersion");
    for odd in root.children().filter(|child| !KNOWN.contains(&child.name())) {
        let message = format!("`<{}>` is not known in a project", odd.name());
        lockfile.problems.push(odd.problem(Lost::Detail, message));
    }
    let reactor = Reactor::around(&text.path, neighbours);
    let management = Management::of(&model, neighbours, &reactor);
    let mut reading = Reading { text, model: &model, reactor: &reactor, management, known: HashMap::new(), lockfile };
    reading.parent(root);
    reading.level(root, None);
    for profile in profiles(root) {
        reading.level(profile, Some(profile));
    }
    let imports = format!("imports more than {IMPORTS_MAX} BOMs of the repository; what the others settle is not read");
    let modules = format!("is part of a build with more than {MODULES_MAX} modules, the rest of which is not known");
    let Reading { management, mut lockfile, .. } = reading;
    for (is_cut, message) in [(management.is_cut, imports), (reactor.is_cut(), modules)] {
        if is_cut {
            lockfile.problems.push(root.problem(Lost::Detail, message));
        }
    }
    Ok(lockfile)
}

/// What makes two requests one entry: name, version, locator.
type Key = (String, Option<String>, Discriminant<Locator>);

struct Reading<'r, 'p, 'a> {
    text: &'p Text,
    model: &'r Model<'p>,
    reactor: &'r Reactor<'a>,
    management: Management<'p>,
    known: HashMap<Key, u32>,
    lockfile: Lockfile,
}

/// Something that is asked for.
struct Request<'p> {
    element: Element<'p>,
    at: At<'p>,
    group: Option<&'static str>,
    version: Option<Value>,
    locator: Option<Locator>,
    scopes: Scopes,
}

impl<'p> Reading<'_, 'p, '_> {
    fn parent(&mut self, root: Element<'p>) {
        let Some(element) = root.child("parent") else { return };
        let is_here = self.model.poms.len() > 1;
        let named = self.model.parent().and_then(|[_, _, version]| version);
        let locator = Some(if is_here { Locator::Workspace } else { Locator::Silent });
        let at = model::own();
        self.push(&Request { element, at, group: None, version: named, locator, scopes: Scopes::BUILD });
    }

    /// The project itself or one of its profiles.
    fn level(&mut self, level: Element<'p>, profile: Option<Element<'p>>) {
        let at = in_profile(profile);
        let list = |path: &[&str], name: &'static str| {
            level.at(path).into_iter().flat_map(move |list| list.children_named(name)).collect::<Vec<_>>()
        };
        for dependency in list(&["dependencies"], "dependency") {
            self.dependency(dependency, at);
        }
        for import in list(&["dependencyManagement", "dependencies"], "dependency") {
            if managed::is_import(self.model, import, at) {
                let version = self.version(import, at);
                self.push(&Request { element: import, at, group: None, version, locator: None, scopes: Scopes::BUILD });
            }
        }
        for extension in list(&["build", "extensions"], "extension") {
            let version = self.version(extension, at);
            self.push(&Request {
                element: extension,
                at,
                group: None,
                version,
                locator: Some(of_plugins()),
                scopes: Scopes::BUILD,
            });
        }
        for plugin in list(&["build", "plugins"], "plugin").into_iter().chain(list(&["reporting", "plugins"], "plugin")) {
            self.plugin(plugin, at);
        }
    }

    fn dependency(&mut self, element: Element<'p>, at: At<'p>) {
        let settled = managed::key(self.model, element, at).map(|key| self.management.dependency(&key, at)).unwrap_or_default();
        let scope = self.model.meant(element, at, "scope").or(settled.scope);
        let scope = scope.as_deref().unwrap_or("compile");
        let mut scopes = match scope {
            "compile" | "provided" | "runtime" | "compile-only" | "system" => Scopes::PRODUCTION,
            "test" | "test-only" | "test-runtime" => Scopes::TEST,
            // Tycho and others have their own.
            _ => Scopes::UNKNOWN,
        };
        if self.model.meant(element, at, "optional").as_deref() == Some("true") {
            scopes = scopes.with(Scopes::OPTIONAL);
        }
        let version = if element.child("version").is_some() { self.version(element, at) } else { settled.version };
        let locator = (scope == "system").then(|| self.system_path(element, at));
        self.push(&Request { element, at, group: None, version, locator, scopes });
    }

    /// Where a dependency of scope `system` lies. The JDK's own files are the language's.
    fn system_path(&self, element: Element<'p>, at: At<'p>) -> Locator {
        let Some(written) = element.text_of("systemPath") else { return Locator::Missing };
        let value = written.of(&self.text.content);
        if value.starts_with("${java.home}") || value.starts_with("${env.JAVA_HOME}") {
            return Locator::Builtin;
        }
        match self.model.value(at, &written) {
            Some(path) => Locator::Path(Str::made(written.span, path.text)),
            None => Locator::Unresolved(written),
        }
    }

    fn plugin(&mut self, element: Element<'p>, at: At<'p>) {
        let group = self.model.meant(element, at, "groupId").unwrap_or_else(|| PLUGIN_GROUP.to_owned());
        let artifact = self.model.meant(element, at, "artifactId").unwrap_or_default();
        let settled = self.management.plugin(&format!("{group}:{artifact}"), at);
        let version = if element.child("version").is_some() { self.version(element, at) } else { settled.version };
        let scopes = Scopes::BUILD;
        self.push(&Request { element, at, group: Some(PLUGIN_GROUP), version, locator: Some(of_plugins()), scopes });
        for dependency in element.child("dependencies").into_iter().flat_map(|list| list.children_named("dependency")) {
            let version = self.version(dependency, at);
            self.push(&Request { element: dependency, at, group: None, version, locator: Some(of_plugins()), scopes });
        }
        let executions = element.child("executions").into_iter().flat_map(|list| list.children_named("execution"));
        for configured in std::iter::once(element).chain(executions) {
            let paths = configured.at(&["configuration", "annotationProcessorPaths"]);
            for processor in paths.into_iter().flat_map(Element::children) {
                let settled = managed::key(self.model, processor, at).map(|key| self.management.dependency(&key, at));
                let has_version = processor.child("version").is_some();
                let version = if has_version { self.version(processor, at) } else { settled.and_then(|settled| settled.version) };
                self.push(&Request { element: processor, at, group: None, version, locator: None, scopes });
            }
        }
    }

    fn version(&self, element: Element<'p>, at: At<'p>) -> Option<Value> {
        element.text_of("version").and_then(|version| self.model.value(at, &version))
    }

    fn push(&mut self, request: &Request<'p>) {
        let Some((name, is_known)) = self.name(request) else {
            self.lockfile.stated += 1;
            let message = format!("`<{}>` names no `groupId` and `artifactId`", request.element.name());
            self.lockfile.problems.push(request.element.problem(Lost::Entry, message));
            return;
        };
        let content = &self.text.content;
        let version = request.version.as_ref().map(|version| Str::made(version.span.unwrap_or(name.span), version.text.as_str()));
        let (version, moving) = version.map_or((None, None), |version| maven_names::version_of(&version, content));
        let locator = match &request.locator {
            _ if !is_known => Locator::Unresolved(name.clone()),
            // Parents are found by their place alone.
            Some(locator) if request.element.is("parent") => locator.clone(),
            Some(locator) => self.of_build(&name, version.as_ref(), locator),
            None => self.of_build(&name, version.as_ref(), &Locator::Silent),
        };
        let moving = moving.filter(|_| !matches!(locator, Locator::Workspace | Locator::Path(_) | Locator::Builtin));
        let key = (
            name.of(content).to_owned(),
            version.as_ref().map(|version| version.of(content).to_owned()),
            std::mem::discriminant(&locator),
        );
        if let Some(index) = self.known.get(&key) {
            self.lockfile.stated += 1;
            if let Some(entry) = self.lockfile.entries.get_mut(*index as usize) {
                entry.scopes = entry.scopes.with(request.scopes);
            }
            return;
        }
        let entry = Entry::new(Ecosystem::Maven, name, version, locator);
        let index = self.lockfile.push(Entry { scopes: request.scopes, moving, direct: Some(true), ..entry });
        self.known.insert(key, index);
    }

    /// `group:artifact`, and whether nothing in it is left to resolve.
    fn name(&self, request: &Request<'p>) -> Option<(Str, bool)> {
        let content = &self.text.content;
        let of_parent = |name: &str| request.element.is("parent").then(|| self.model.inferred(name)).flatten();
        let artifact = request.element.text_of("artifactId");
        let artifact = artifact.or_else(|| Some(Str::made(request.element.name_span(), of_parent("artifactId")?)))?;
        let group = request.element.text_of("groupId");
        let value = |written: &Str| self.model.value(request.at, written).map(|value| value.text);
        let of_module = || request.element.is("dependency").then(|| self.reactor.group_of(artifact.of(content))).flatten();
        let group_meant = match &group {
            Some(group) => value(group),
            None => request.group.map(str::to_owned).or_else(|| of_parent("groupId")).or_else(of_module),
        };
        let is_whole = |part: &Option<String>| part.as_deref().is_some_and(maven_names::is_part);
        let artifact_meant = value(&artifact);
        let written = |part: &Option<Str>| part.as_ref().map(|part| part.of(content).to_owned());
        let is_known = is_whole(&group_meant) && is_whole(&artifact_meant);
        let group = group_meant.or_else(|| written(&group))?;
        let name = format!("{group}:{}", artifact_meant.unwrap_or_else(|| artifact.of(content).to_owned()));
        Some((Str::made(artifact.span, name), is_known))
    }

    /// A module of the same build comes from there, whatever else would serve it.
    fn of_build(&self, name: &Str, version: Option<&Str>, locator: &Locator) -> Locator {
        let content = &self.text.content;
        let is_module = matches!(locator, Locator::Silent | Locator::Named(_))
            && name.of(content).split_once(':').is_some_and(|(group, artifact)| {
                self.reactor.find(group, artifact, version.map(|version| version.of(content))).is_some()
            });
        if is_module { Locator::Workspace } else { locator.clone() }
    }
}

/// The locator of what plugin repositories serve. It stands nowhere in the file.
fn of_plugins() -> Locator {
    Locator::Named(Str::made(Span::default(), PLUGIN_REPOSITORIES))
}

/// Elements that ask for something, by where they stand.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
fn counted_entries(content: &str) -> usize {
    let document = roxmltree::Document::parse(content).unwrap();
    let asks = |node: &roxmltree::Node<'_, '_>| {
        let mut path: Vec<&str> = node.ancestors().map(|node| node.tag_name().name()).collect();
        path.reverse();
        let path = path.join("/").replace("/project/profiles/profile/", "/project/");
        let is_import = node.children().any(|child| child.has_tag_name("scope") && child.text() == Some("import"))
            || node.children().any(|child| child.tag_name().name() == "scope" && child.text().map(str::trim) == Some("import"));
        match path.strip_prefix("/project/").unwrap_or("") {
            "parent"
            | "dependencies/dependency"
            | "build/plugins/plugin"
            | "reporting/plugins/plugin"
            | "build/extensions/extension"
            | "build/plugins/plugin/dependencies/dependency" => true,
            "dependencyManagement/dependencies/dependency" => is_import,
            path => path.ends_with("/configuration/annotationProcessorPaths/path") && path.starts_with("build/plugins/"),
        }
    };
    document.descendants().filter(asks).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::counting;

    #[test]
    fn states_as_many_entries_as_there_are() {
        counting::check(&FORMAT, "pom.xml", counted_entries);
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_spans_lie_inside(
            parts in proptest::collection::vec(proptest::sample::select(&[
                "<project>", "</project>", "<dependencies>", "</dependencies>", "<dependency>", "</dependency>", "<groupId>ü</groupId>",
                "<artifactId>${project.artifactId}</artifactId>", "<artifactId>a</artifactId>", "<version>${v}</version>", "<version/>",
                "<properties><v>1.0</v></properties>", "<properties><v>${v}</v></properties>", "<!-- ", " -->", "<![CDATA[ 1 ]]>", "&amp;", "1",
                "<parent>", "</parent>", "<profiles><profile>", "</profile></profiles>", "\r\n",
            ][..]), 0..40)
        ) {
            crate::formats::testing::assert_spans(&FORMAT, &parts.concat());
            crate::formats::testing::assert_spans(&FORMAT, &format!("<project>{}</project>", parts.concat()));
        }
    }
}
