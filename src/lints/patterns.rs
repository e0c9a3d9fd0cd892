//! Lines that name files, packages, addresses or registries, and that fit nothing in the repository.
//!
//! Answers for: which lines nothing needs, and which are needed by nothing that an earlier line does not fit already.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::{Found, blind};
use crate::dependency::Locator;
use crate::ecosystem::Ecosystem;
use crate::formats::image;
use crate::policy::{AddressPattern, PackagePattern, Paths, Setting};
use crate::report::plural;
use crate::route::{Class, Registry};
use crate::routing::KnownBy;
use crate::rules::Case;
use crate::text::Place;

pub(super) fn check(found: &mut Found<'_, '_>, ignores: &dyn Fn(&str) -> bool) {
    excludes(found, ignores);
    origins(found);
    assignments(found);
    code(found);
    let asked = Asked::of(found.case);
    registries(found, &asked);
    defaults(found, &asked);
    overlays(found, &asked);
    build_args(found);
    folders(found);
}

/// A list of which the first line that fits something decides about it.
struct List<'l> {
    key: &'l str,
    /// Where each line stands, and the ecosystems that it can be about; none for any.
    lines: Vec<(Option<Place>, Vec<Ecosystem>)>,
    /// What a line would have to fit, as in `fits …`.
    nothing: &'l str,
}

/// What becomes of one line of a list.
enum Fits {
    /// It decides about something.
    Something,
    /// All that it fits is decided by the line of this number and others before it.
    Taken(usize),
    Nothing,
}

impl List<'_> {
    /// What each line fits.
    fn fit<S>(&self, subjects: &[S], fits: impl Fn(usize, &S) -> bool) -> Vec<Fits> {
        let mut all: Vec<Fits> = self.lines.iter().map(|_| Fits::Nothing).collect();
        for subject in subjects {
            let mut first = None;
            for (number, slot) in all.iter_mut().enumerate() {
                if !fits(number, subject) {
                    continue;
                }
                match (first, &slot) {
                    (None, _) => *slot = Fits::Something,
                    (Some(first), Fits::Nothing) => *slot = Fits::Taken(first),
                    _ => {}
                }
                first = first.or(Some(number));
            }
        }
        all
    }

    /// Tells of the lines that decide nothing.
    fn tell(&self, found: &mut Found<'_, '_>, fits: &[Fits]) {
        found.tried.extend(self.lines.iter().filter_map(|(place, _)| *place));
        for ((place, about), fits) in self.lines.iter().zip(fits) {
            let (line, key) = (found.written(*place), self.key);
            match fits {
                Fits::Something => {}
                Fits::Taken(first) => {
                    let first = self.lines.get(*first).and_then(|(place, _)| *place);
                    let at = first.map(|first| format!(" ({})", found.at(first))).unwrap_or_default();
                    let message = format!("`{line}` in `{key}` fits only what `{}`{at} fits before it", found.written(first));
                    found.idle(*place, about, &message, "take it out");
                }
                Fits::Nothing => {
                    let message = format!("`{line}` in `{key}` fits {}", self.nothing);
                    found.idle(*place, about, &message, "take it out, or mend it");
                }
            }
        }
    }
}

/// Patterns that keep nothing from sight. Names alone decide, so that nothing need be read for it.
fn excludes(found: &mut Found<'_, '_>, ignores: &dyn Fn(&str) -> bool) {
    let case = found.case;
    let coverage = &case.head.coverage;
    let paths: Vec<&str> = coverage.excluded.iter().map(|id| case.head.path(*id)).collect();
    let lines = case.policy.exclude();
    let compiled: Vec<Paths> = lines.iter().map(|line| Paths::compile([&*line.value]).unwrap_or_default()).collect();
    let list = List {
        key: "exclude",
        lines: lines.iter().map(|line| (line.place, Vec::new())).collect(),
        nothing: "no file that packman would read",
    };
    let mut fits = list.fit(&paths, |line, path| compiled.get(line).is_some_and(|one| one.fits(path)));
    // What is left out anyway in this copy of the repository may be there in another.
    for ((line, compiled), fits) in lines.iter().zip(&compiled).zip(&mut fits) {
        let example = example(&line.value);
        let is_below = |left: &str| example.strip_prefix(left).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let is_left_out = |left: &str| compiled.fits(left) || is_below(left);
        if matches!(fits, Fits::Nothing) && (ignores(&example) || coverage.left_out.iter().any(|left| is_left_out(&left.path))) {
            *fits = Fits::Something;
        }
    }
    let blind = std::mem::take(&mut found.blind);
    list.tell(found, &fits);
    found.blind = blind;
}

/// A path that a pattern could fit.
fn example(pattern: &str) -> String {
    let parts = pattern.split('/').filter(|part| !matches!(*part, "" | "." | "**"));
    parts.map(|part| part.replace(['*', '?'], "x")).collect::<Vec<_>>().join("/")
}

/// All ecosystems but that of images, which come from registries and run nothing when they are installed.
fn packages() -> Vec<Ecosystem> {
    Ecosystem::ALL.into_iter().filter(|one| *one != Ecosystem::Docker).collect()
}

fn origins(found: &mut Found<'_, '_>) {
    let case = found.case;
    let sorted = |all: BTreeSet<String>| all.into_iter().collect::<Vec<_>>();
    let locations =
        |class: Class| sorted(case.dependencies().filter(|one| one.origin.class == class).map(|one| one.location()).collect());
    let addresses: [(&str, &[Setting<AddressPattern>], Class, &str); 2] = [
        ("allow-git", &case.policy.origins.git, Class::Git, "no repository that a dependency comes from"),
        ("allow-url", &case.policy.origins.url, Class::Url, "no address that a dependency comes from"),
    ];
    for (key, lines, class, nothing) in addresses {
        let list = List { key, lines: lines.iter().map(|line| (line.place, packages())).collect(), nothing };
        let fits = list.fit(&locations(class), |line, url| lines.get(line).is_some_and(|line| line.value.allows(url)));
        list.tell(found, &fits);
    }
    let lines = case.policy.origins.archive.lines();
    let compiled: Vec<Paths> = lines.iter().map(|line| Paths::compile([&*line.value]).unwrap_or_default()).collect();
    let list = List {
        key: "allow-archive",
        lines: lines.iter().map(|line| (line.place, packages())).collect(),
        nothing: "no archive that a dependency comes from",
    };
    let fits = list.fit(&sorted(case.dependencies().filter_map(|one| one.archive()).collect()), |line, path| {
        compiled.get(line).is_some_and(|one| one.fits(path))
    });
    list.tell(found, &fits);
}

/// Names count whatever serves them: that a package may come from one place alone matters before it comes from another.
fn assignments(found: &mut Found<'_, '_>) {
    let case = found.case;
    let lines = case.policy.packages.assignments();
    if lines.is_empty() {
        return;
    }
    let names: BTreeSet<(Ecosystem, &str)> = case.dependencies().map(|one| (one.entry.ecosystem, one.name())).collect();
    let names: Vec<_> = names.into_iter().collect();
    let list = List {
        key: "assign",
        lines: lines.iter().map(|line| (line.registry.place, line.ecosystems.to_vec())).collect(),
        nothing: "no package",
    };
    let fits = list.fit(&names, |line, (ecosystem, name)| {
        lines.get(line).is_some_and(|line| line.ecosystems.contains(ecosystem) && line.package.fits(*ecosystem, name, None))
    });
    list.tell(found, &fits);
}

/// Versions that run no code need no line. Where the lockfile cannot tell, any may.
fn code(found: &mut Found<'_, '_>) {
    let case = found.case;
    let lines = case.policy.packages.may_run_code().all();
    if lines.is_empty() {
        return;
    }
    let versions = |may_run: bool| {
        let runs = |one: &crate::rules::Dependency<'_>| one.entry.runs_code.is_some() || !one.lockfile().shows.install_code;
        let wanted = case.dependencies().filter(|one| runs(one) == may_run);
        let versions: BTreeSet<_> = wanted.map(|one| (one.entry.ecosystem, one.name(), one.version())).collect();
        versions.into_iter().collect::<Vec<_>>()
    };
    let about = |line: &Setting<PackagePattern>| line.value.ecosystem().map_or_else(packages, |one| vec![one]);
    let list =
        List { key: "may-run-code", lines: lines.iter().map(|line| (line.place, about(line))).collect(), nothing: "no package" };
    let is_of = |line: &Setting<PackagePattern>, (ecosystem, name, version): &(Ecosystem, &str, Option<&str>)| {
        line.value.fits(*ecosystem, name, *version)
    };
    let mut fits = list.fit(&versions(true), |line, version| lines.get(line).is_some_and(|line| is_of(line, version)));
    let harmless = versions(false);
    for (line, fits) in lines.iter().zip(&mut fits).filter(|(_, fits)| matches!(fits, Fits::Nothing)) {
        let count = harmless.iter().filter(|version| is_of(line, version)).count();
        if count > 0 {
            let message = format!(
                "`{}` in `may-run-code` fits {}, and the lockfile says of none that it runs code",
                found.written(line.place),
                plural(count, "version", "versions")
            );
            found.idle(line.place, &about(line), &message, "take it out");
            *fits = Fits::Something;
        }
    }
    list.tell(found, &fits);
}

/// What clients may ask for any dependency, whichever candidate is judged.
#[derive(Default)]
struct Asked {
    registries: BTreeSet<Registry>,
    /// Ecosystems of which the policy's own default decides something.
    silent: BTreeSet<Ecosystem>,
}

impl Asked {
    fn of(case: &Case<'_>) -> Self {
        let mut asked = Self::default();
        for dependency in case.dependencies() {
            asked.registries.insert(dependency.origin.registry);
            let answer = dependency.judged.routed.answer(dependency.origin);
            for candidate in answer.iter().flat_map(|answer| &answer.candidates) {
                asked.registries.insert(candidate.registry);
                // An image that build arguments name is known by the policy too, but has an address.
                if candidate.known_by == KnownBy::Policy && candidate.location.is_empty() {
                    asked.silent.insert(dependency.entry.ecosystem);
                }
            }
        }
        asked
    }
}

fn registries(found: &mut Found<'_, '_>, asked: &Asked) {
    let case = found.case;
    let policy = case.policy;
    let defaults: Vec<&str> = Ecosystem::ALL.into_iter().filter_map(|one| Some(&*policy.default_registry(one)?.value)).collect();
    for declared in &policy.registries {
        found.tried.extend(declared.id.place);
        let id = &*declared.id.value;
        let is_asked = case.ratings.find(id).is_some_and(|registry| asked.registries.contains(&registry));
        let is_named = defaults.contains(&id) || policy.packages.assignments().iter().any(|line| *line.registry.value == *id);
        if !is_asked && !is_named {
            let message = format!("no dependency comes from `{id}`, and no line of `assign` or `default-registry` names it");
            found.idle(
                declared.id.place,
                &[declared.ecosystem],
                &message,
                "take it out with what is said of it, or mend its `urls`",
            );
            continue;
        }
        let of_ecosystem = || case.dependencies().filter(|one| one.entry.ecosystem == declared.ecosystem);
        found.tried.extend(declared.own.all().iter().filter_map(|own| own.place));
        for own in declared.own.all() {
            if !of_ecosystem().any(|one| own.value.fits(declared.ecosystem, one.name(), None)) {
                let message = format!("`{}` in `own` of `{id}` fits no package", found.written(own.place));
                found.idle(own.place, &[declared.ecosystem], &message, "take it out, or mend it");
            }
        }
    }
}

fn defaults(found: &mut Found<'_, '_>, asked: &Asked) {
    for ecosystem in Ecosystem::ALL {
        let Some(registry) = found.case.policy.default_registry(ecosystem) else { continue };
        if !asked.silent.contains(&ecosystem) {
            let message = format!(
                "`{}` in `default-registry` decides nothing: wherever a package of `{}` comes from, a file of the repository says so",
                found.written(registry.place),
                ecosystem.id()
            );
            let has_any = found.case.dependencies().any(|one| one.entry.ecosystem == ecosystem);
            let none = format!(
                "`{}` in `default-registry` decides nothing: there is no package of `{}`",
                found.written(registry.place),
                ecosystem.id()
            );
            found.idle(registry.place, &[ecosystem], if has_any { &message } else { &none }, "take it out");
        }
    }
}

fn overlays(found: &mut Found<'_, '_>, asked: &Asked) {
    let case = found.case;
    for overlay in &case.policy.overlays {
        let id = &*overlay.registry.value;
        let Some(Registry::Record(record)) = case.ratings.find(id) else { continue };
        let mirrors = |registry: &Registry| {
            let Registry::Declared(number) = registry else { return false };
            let declared = case.ratings.declarations().registries.get(usize::from(*number));
            declared.is_some_and(|declared| declared.mirror_of == Some(record))
        };
        if !asked.registries.contains(&Registry::Record(record)) && !asked.registries.iter().any(mirrors) {
            let message = format!("the overlay of `{id}` decides nothing: no dependency comes from there");
            found.idle(overlay.place(), record.row().ecosystems, &message, "take it out");
        }
    }
}

/// Arguments that no image's name has. The names are known even where nothing can be made of them.
fn build_args(found: &mut Found<'_, '_>) {
    let case = found.case;
    if case.policy.build_args.is_empty() {
        return;
    }
    let known =
        |name: &str| case.policy.build_args.iter().find(|(arg, _)| **arg == *name).map(|(_, value)| value.value.to_string());
    let names: RefCell<BTreeSet<String>> = RefCell::default();
    for dependency in case.dependencies().filter(|one| one.entry.ecosystem == Ecosystem::Docker) {
        let Locator::Unresolved(at) = &dependency.entry.locator else { continue };
        let written = at.of(&dependency.text.content);
        // Whether a name is asked for may hang on the values of those before it.
        let ask = |value: &dyn Fn(&str) -> Option<String>| {
            let _ = image::resolve(written, &|name| {
                names.borrow_mut().insert(name.to_owned());
                value(name)
            });
        };
        ask(&known);
        ask(&|_| None);
        ask(&|_| Some("x".to_owned()));
    }
    let names = names.into_inner();
    let unread = blind::unread(case).into_iter().find(|blind| blind.may_be_about(&[Ecosystem::Docker])).map(|blind| blind.why);
    for (name, value) in case.policy.build_args.iter().filter(|(name, _)| !names.contains(&**name)) {
        let message = format!(
            "`{}` in `build-args` decides nothing: no image that is not known without it is named by `{name}`",
            found.written(value.place)
        );
        found.idle_unless(unread.clone(), value.place, &message, "take it out");
    }
}

/// Folders with a policy of their own in which nothing lies.
fn folders(found: &mut Found<'_, '_>) {
    let case = found.case;
    for folder in &case.policy.folders {
        found.tried.insert(folder.place);
        if !case.head.lockfiles.iter().any(|judged| folder.holds(case.head.path(judged.lockfile.text))) {
            let message = format!("the policy of `{}` decides nothing: no file that packman reads lies there", folder.path);
            found.idle(Some(folder.place), &[], &message, "take it out, or mend its path");
        }
    }
}
