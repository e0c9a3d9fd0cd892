//! What `cargo metadata --format-version 1` knows and `Cargo.lock` does not: what a package is really for, and whether it runs code.
//!
//! Answers for: reading its output from a file, and laying it over a lockfile. Cargo is never called: that could run what a repository
//! configures. The crate `cargo_metadata` gives the packages and who requires whom, `guppy` says what a build would take: it resolves
//! features and targets as Cargo does. What a default build takes on some platform is for production, what its build scripts and macros
//! need is for building, what only tests, examples and benchmarks need is for development, and what only other features bring is optional.
//!
//! Build scripts and procedural macros run on the machine that builds. That holds for a package wherever it is locked; scopes
//! and directness hold for one workspace, so they are laid over a lockfile only if it has all members of that workspace, and nothing is
//! missing in it. Plain `cargo metadata` leaves out what only other features bring: `--all-features` shows it as well.

use std::collections::{HashMap, HashSet, VecDeque};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId, TargetKind};
use guppy::graph::cargo::{CargoOptions, CargoSet};
use guppy::graph::feature::StandardFeatures;
use guppy::graph::{PackageGraph, PackageSet};
use guppy::platform::PlatformSpec;

use crate::dependency::{Entry, Locator, Lockfile, Scopes};
use crate::text::{Lost, Problem, Span, Text};

/// What one run of `cargo metadata` said.
#[derive(Clone, Debug, Default)]
pub struct CargoMetadata {
    /// Packages, sorted by name, version and source.
    packages: Vec<Package>,
    /// Which of them have a name and version.
    by_name: HashMap<(String, String), Vec<usize>>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its source as `Cargo.lock` writes it; `None` for what lies in a folder.
    pub source: Option<String>,
    /// Whether it is a member of the workspace.
    pub is_member: bool,
    /// What a build takes it for; empty for members.
    pub scopes: Scopes,
    /// Whether a build script runs when it is built.
    pub has_build_script: bool,
    /// Whether it runs inside the compiler.
    pub is_proc_macro: bool,
    /// What requires it on the shortest way from a member, by number, and for which platforms (`cfg(windows)`; `None` for all).
    via: Option<(usize, Option<String>)>,
}

/// One step of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'m> {
    /// The package.
    pub package: &'m Package,
    /// The platforms for which the step before requires it; `None` for all.
    pub platform: Option<&'m str>,
}

impl Package {
    /// Whether building it runs code of its own.
    #[must_use]
    pub fn runs_code(&self) -> bool {
        self.has_build_script || self.is_proc_macro
    }
}

impl CargoMetadata {
    /// All packages, sorted.
    #[must_use]
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The package that an entry of a `Cargo.lock` is.
    #[must_use]
    pub fn find(&self, entry: &Entry, content: &str) -> Option<&Package> {
        let version = entry.version.as_ref()?.of(content);
        let key = (entry.name.of(content).to_owned(), version.to_owned());
        let candidates = self.by_name.get(&key)?.iter().filter_map(|index| self.packages.get(*index));
        candidates.into_iter().find(|package| is_from(package.source.as_deref(), &entry.locator, content))
    }

    /// The shortest way from a member to a package, which is its last step.
    #[must_use]
    pub fn path<'m>(&'m self, package: &'m Package) -> Vec<Step<'m>> {
        let mut at = package;
        let mut steps = Vec::new();
        for _ in 0..=self.packages.len() {
            steps.push(Step { package: at, platform: at.via.as_ref().and_then(|(_, platform)| platform.as_deref()) });
            match at.via.as_ref().and_then(|(from, _)| self.packages.get(*from)) {
                Some(from) => at = from,
                None => break,
            }
        }
        steps.reverse();
        steps
    }

    /// Whether a member requires a package itself, on its shortest way.
    #[must_use]
    pub fn is_direct(&self, package: &Package) -> bool {
        package.via.as_ref().and_then(|(from, _)| self.packages.get(*from)).is_some_and(|from| from.is_member)
    }
}

/// Reads the output of `cargo metadata --format-version 1`.
pub fn read(text: &Text) -> Result<CargoMetadata, Problem> {
    let metadata = MetadataCommand::parse(&*text.content).map_err(|error| broken(text, &error))?;
    let here = Span::default();
    if metadata.resolve.is_none() {
        let message = "has no `resolve`: `cargo metadata` was run with `--no-deps`";
        return Err(Problem::new(text.place(here), Lost::File, message).with_hint("run it without `--no-deps`"));
    }
    let uses = uses(text).map_err(|message| Problem::new(text.place(here), Lost::File, message))?;
    let members: HashSet<&PackageId> = metadata.workspace_members.iter().collect();
    let mut known: Vec<&cargo_metadata::Package> = metadata.packages.iter().collect();
    known.sort_by(|a, b| (&*a.name, &a.version, &a.id).cmp(&(&*b.name, &b.version, &b.id)));
    let ways = ways(&metadata, &known);
    let packages: Vec<Package> = known
        .iter()
        .zip(ways)
        .map(|(package, via)| {
            let is_member = members.contains(&package.id);
            let has = |kind: &TargetKind| package.targets.iter().any(|target| target.kind.contains(kind));
            Package {
                name: package.name.to_string(),
                version: package.version.to_string(),
                source: package.source.as_ref().map(|source| source.repr.clone()),
                is_member,
                scopes: if is_member { Scopes::UNKNOWN } else { uses.get(&package.id.repr).copied().unwrap_or_default() },
                has_build_script: has(&TargetKind::CustomBuild),
                is_proc_macro: has(&TargetKind::ProcMacro),
                via,
            }
        })
        .collect();
    let mut by_name: HashMap<(String, String), Vec<usize>> = HashMap::new();
    for (index, package) in packages.iter().enumerate() {
        by_name.entry((package.name.clone(), package.version.clone())).or_default().push(index);
    }
    Ok(CargoMetadata { packages, by_name })
}

/// Lays it over a lockfile of Cargo's (of any other: does nothing). `text` is the lockfile's.
pub fn apply(lockfile: &mut Lockfile, text: &Text, metadata: &CargoMetadata) {
    if lockfile.format.id != "cargo-lock" {
        return;
    }
    let content = &text.content;
    let found: Vec<Option<&Package>> = lockfile.entries.iter().map(|entry| metadata.find(entry, content)).collect();
    let locked: HashSet<*const Package> = found.iter().flatten().map(|package| std::ptr::from_ref(*package)).collect();
    let is_locked = |package: &&Package| locked.contains(&std::ptr::from_ref(*package));
    let mut members = metadata.packages.iter().filter(|package| package.is_member).peekable();
    let is_of_workspace = members.peek().is_some() && members.all(|member| is_locked(&member));
    let missing = metadata.packages.iter().find(|package| !is_locked(package)).filter(|_| is_of_workspace);
    if let Some(missing) = missing {
        let message = format!("lacks `{} {}`, which the given cargo metadata names", missing.name, missing.version);
        let problem = Problem::new(text.place(Span::default()), Lost::Detail, message);
        lockfile.problems.push(problem.with_hint("run `cargo metadata` on this very lockfile"));
    }
    let is_current = is_of_workspace && missing.is_none();
    for (entry, package) in lockfile.entries.iter_mut().zip(&found) {
        let Some(package) = package else { continue };
        if package.runs_code() {
            entry.runs_code = Some(entry.span());
        }
        if is_current && !package.is_member {
            entry.scopes = package.scopes;
            entry.direct = Some(metadata.is_direct(package));
        }
    }
    lockfile.shows.scope |= is_current;
    lockfile.shows.install_code = found.iter().all(Option::is_some);
}

/// Whether a package of metadata comes from where an entry says.
fn is_from(source: Option<&str>, locator: &Locator, content: &str) -> bool {
    match (source, locator) {
        (None, Locator::Workspace | Locator::Path(_) | Locator::Missing) => true,
        (Some(source), Locator::Index(at)) => source == at.of(content),
        (Some(source), Locator::Git { url, commit }) => {
            let (bare, pinned) = source.split_once('#').unwrap_or((source, ""));
            bare.split('?').next() == Some(url.of(content)) && commit.as_ref().is_some_and(|commit| commit.of(content) == pinned)
        }
        _ => false,
    }
}

fn broken(text: &Text, error: &cargo_metadata::Error) -> Problem {
    let at = match error {
        cargo_metadata::Error::Json(error) => {
            let line = u32::try_from(error.line()).unwrap_or(u32::MAX);
            let span = text.lines().span_of(line);
            let start = span.start as usize + error.column().saturating_sub(1).min(span.len());
            let is_inside = text.content.is_char_boundary(start);
            if is_inside { Span::new(start, start) } else { Span { end: span.start, ..span } }
        }
        _ => Span::default(),
    };
    let message = format!("is not the output of `cargo metadata --format-version 1`: {error}");
    Problem::new(text.place(at), Lost::File, message)
}

/// What a build takes each package for, by its id.
fn uses(text: &Text) -> Result<HashMap<String, Scopes>, String> {
    // The graph is built by a library that checks its input, and might miss something.
    let built = std::panic::catch_unwind(|| uses_unguarded(&text.content));
    built.unwrap_or_else(|_| Err("describes a graph that contradicts itself".to_owned()))
}

fn uses_unguarded(content: &str) -> Result<HashMap<String, Scopes>, String> {
    let graph = PackageGraph::from_json(content).map_err(|error| format!("describes no graph: {error}"))?;
    let default = Taken::by(&graph, StandardFeatures::Default, false)?;
    let default_dev = Taken::by(&graph, StandardFeatures::Default, true)?;
    let all = Taken::by(&graph, StandardFeatures::All, false)?;
    let all_dev = Taken::by(&graph, StandardFeatures::All, true)?;
    let mut uses = HashMap::new();
    for package in graph.packages() {
        let id = package.id();
        let mut scopes = default.scopes(id);
        if scopes.is_empty() && default_dev.has(id) {
            scopes = Scopes::DEVELOPMENT;
        }
        if scopes.is_empty() {
            scopes = all.scopes(id).with(Scopes::OPTIONAL);
            if scopes == Scopes::OPTIONAL && all_dev.has(id) {
                scopes = Scopes::DEVELOPMENT.with(Scopes::OPTIONAL);
            }
        }
        uses.insert(id.repr().to_owned(), scopes);
    }
    Ok(uses)
}

/// What one build takes, on whatever platform.
struct Taken<'g> {
    target: PackageSet<'g>,
    host: PackageSet<'g>,
}

impl<'g> Taken<'g> {
    fn by(graph: &'g PackageGraph, features: StandardFeatures, include_dev: bool) -> Result<Self, String> {
        let all = graph.feature_graph();
        let mut options = CargoOptions::new();
        options.set_include_dev(include_dev).set_platform(PlatformSpec::Any);
        let initials = graph.resolve_workspace().to_feature_set(features);
        let set =
            CargoSet::new(initials, all.resolve_none(), &options).map_err(|error| format!("describes no build: {error}"))?;
        Ok(Self { target: set.target_features().to_package_set(), host: set.host_features().to_package_set() })
    }

    fn has(&self, id: &guppy::PackageId) -> bool {
        !self.scopes(id).is_empty()
    }

    fn scopes(&self, id: &guppy::PackageId) -> Scopes {
        let is_in = |set: &PackageSet<'g>| set.contains(id).unwrap_or(false);
        let target = if is_in(&self.target) { Scopes::PRODUCTION } else { Scopes::UNKNOWN };
        if is_in(&self.host) { target.with(Scopes::BUILD) } else { target }
    }
}

/// What requires each package on its shortest way: breadth first from the members, in the packages' order.
fn ways(metadata: &Metadata, known: &[&cargo_metadata::Package]) -> Vec<Option<(usize, Option<String>)>> {
    let numbers: HashMap<&PackageId, usize> = known.iter().enumerate().map(|(number, package)| (&package.id, number)).collect();
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let nodes: HashMap<usize, _> = nodes.filter_map(|node| Some((*numbers.get(&node.id)?, node))).collect();
    let mut pending: Vec<usize> = metadata.workspace_members.iter().filter_map(|id| numbers.get(id).copied()).collect();
    pending.sort_unstable();
    let mut seen: HashSet<usize> = pending.iter().copied().collect();
    let mut pending = VecDeque::from(pending);
    let mut ways = vec![None; known.len()];
    while let Some(from) = pending.pop_front() {
        let required = nodes.get(&from).into_iter().flat_map(|node| &node.deps);
        let mut required: Vec<_> = required.filter_map(|dep| Some((*numbers.get(&dep.pkg)?, dep))).collect();
        required.sort_by_key(|(number, _)| *number);
        for (number, dep) in required {
            if seen.insert(number) {
                pending.push_back(number);
                if let Some(way) = ways.get_mut(number) {
                    *way = Some((from, platform_of(&dep.dep_kinds)));
                }
            }
        }
    }
    ways
}

/// The platforms of a requirement, if it is for some only.
fn platform_of(kinds: &[cargo_metadata::DepKindInfo]) -> Option<String> {
    let is_needed = |kind: &&cargo_metadata::DepKindInfo| kind.kind != DependencyKind::Development;
    let needed: Vec<_> = kinds.iter().filter(is_needed).collect();
    let kinds = if needed.is_empty() { kinds.iter().collect() } else { needed };
    let mut platforms: Vec<String> =
        kinds.iter().map(|kind| kind.target.as_ref().map(ToString::to_string)).collect::<Option<_>>()?;
    platforms.sort();
    platforms.dedup();
    (!platforms.is_empty()).then(|| platforms.join(" or "))
}
