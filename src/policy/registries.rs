//! Registries that the policy declares, and what it knows about single packages.
//!
//! Answers for: `[registries]`, `[packages]` and `default-registry`, and what in them contradicts the catalogue or each other. Never
//! maps an address to a registry: `route` does, with what stands here.

use std::collections::HashMap;

use super::Setting;
use super::compile::Compiler;
use super::fault::advice;
use super::file::{self, At, Table};
use super::lines::PackageLines;
use super::origins;
use super::selector::{Index, PackagePattern, Selector, Subject};
use crate::catalogue::control::{Control, Status};
use crate::ecosystem::Ecosystem;
use crate::text::Place;

/// A registry that the policy declares.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its id; never one of the catalogue.
    pub id: Setting<Box<str>>,
    /// What it serves.
    pub ecosystem: Ecosystem,
    /// Its addresses: scheme and host in lowercase, no port that is the scheme's own, a slash at the end. Cargo's `sparse+` is gone.
    pub urls: Vec<Setting<Box<str>>>,
    /// The record whose packages it passes on.
    pub mirror_of: Option<Setting<Box<str>>>,
    /// Names of the packages that are its own, beside the mirrored ones.
    pub own: PackageLines,
    /// How it protects its own packages.
    pub controls: Vec<(Control, Setting<Status>)>,
    /// Who vouches for that.
    pub owner: Option<Box<str>>,
    /// Why that holds.
    pub reason: Option<Box<str>>,
}

impl Declared {
    /// Whether a package is its own: all are, unless it is a mirror.
    #[must_use]
    pub fn owns(&self, name: &str) -> bool {
        self.mirror_of.is_none() || self.own.first(self.ecosystem, name, None).is_some()
    }
}

/// What the policy knows about single packages.
#[derive(Clone, Debug, Default)]
pub struct Packages {
    /// What is assigned so far, for what contradicts it.
    seen: HashMap<(PackagePattern, Ecosystem), (Option<Place>, String)>,
    assigned: Vec<Assigned>,
    index: Index,
    may_run_code: PackageLines,
}

/// The one registry that packages may come from.
#[derive(Clone, Debug)]
pub struct Assigned {
    /// Which packages.
    pub package: PackagePattern,
    /// The ecosystems that it speaks about: those of its registry, or the package URL's.
    pub ecosystems: Box<[Ecosystem]>,
    /// The registry's id.
    pub registry: Setting<Box<str>>,
}

impl Packages {
    /// Validates one file's `[packages]`.
    pub(super) fn add(&mut self, file: &file::Packages, compiler: &mut Compiler<'_>) {
        for (written, registry) in &file.assign.0 {
            let Some(serves) = compiler.registry(registry) else { continue };
            let only = match serves.as_slice() {
                [only] => Some(*only),
                _ => None,
            };
            let Some(package) = compiler.package(written, only) else { continue };
            refuse_version(written, &package, compiler);
            if let Some(found) = package.ecosystem().filter(|found| !serves.contains(found)) {
                compiler
                    .fault(written.span, format!("`{}` serves no packages of `{}`", registry.value, found.id()))
                    .hint("assign it elsewhere");
                continue;
            }
            let ecosystems = package.ecosystem().map_or(serves, |ecosystem| vec![ecosystem]);
            for ecosystem in &ecosystems {
                let line = (compiler.at(written.span), registry.value.clone());
                if let Some((first, other)) = self.seen.insert((package.clone(), *ecosystem), line)
                    && other != registry.value
                {
                    compiler
                        .fault(written.span, format!("the same packages are assigned to `{}` and to `{other}`", registry.value))
                        .hint("keep one of them")
                        .also(first, "assigned here first");
                }
            }
            let registry = compiler.setting(registry, registry.value.as_str().into());
            self.assigned.push(Assigned { package, ecosystems: ecosystems.into(), registry });
        }
        self.may_run_code.extend(packages(&file.may_run_code, None, compiler));
    }

    /// Makes lines quick to find, the most specific first.
    pub(super) fn finish(&mut self) {
        self.seen.clear();
        self.assigned.sort_by_key(|line| std::cmp::Reverse(line.package.specificity()));
        let selectors: Vec<Selector> =
            self.assigned.iter().map(|line| Selector { package: Some(line.package.clone()), ..Selector::default() }).collect();
        self.index = Index::of(selectors.iter());
    }

    /// Whether nothing is assigned.
    #[must_use]
    pub fn assigns_nothing(&self) -> bool {
        self.assigned.is_empty()
    }

    /// The line that assigns a package to a registry: the most specific that fits, and of two the earlier.
    #[must_use]
    pub fn assigned(&self, ecosystem: Ecosystem, name: &str) -> Option<&Assigned> {
        if self.assigned.is_empty() {
            return None;
        }
        // `assigned` is sorted with the most specific first.
        let subject = Subject { ecosystem: Some(ecosystem), name, ..Subject::default() };
        let mut first: Option<(usize, &Assigned)> = None;
        self.index.each(&subject, |position| {
            let is_earlier = first.is_none_or(|(earlier, _)| position < earlier);
            let line = self.assigned.get(position).filter(|line| is_earlier && line.ecosystems.contains(&ecosystem));
            if let Some(line) = line.filter(|line| line.package.fits(ecosystem, name, None)) {
                first = Some((position, line));
            }
        });
        first.map(|(_, line)| line)
    }

    /// All lines that assign packages, the most specific first.
    #[must_use]
    pub fn assignments(&self) -> &[Assigned] {
        &self.assigned
    }

    /// The lines that let versions run code when they are installed or built.
    #[must_use]
    pub fn may_run_code(&self) -> &PackageLines {
        &self.may_run_code
    }
}

/// Words that reports use for dependencies without a registry.
pub(super) const RESERVED: [&str; 9] =
    ["registry", "unrated", "declared", "git", "url", "path", "workspace", "builtin", "unknown"];

/// Validates one file's `[registries]`, beside those of the files before it.
pub(super) fn compile(file: &Table<file::Registry>, declared: &mut Vec<Declared>, compiler: &mut Compiler<'_>) {
    let known = declared.iter().flat_map(|one| one.urls.iter().map(|url| (url_key(one.ecosystem, &url.value), url.place)));
    let mut urls: HashMap<(Ecosystem, String), Option<Place>> = known.collect();
    for (id, written) in &file.0 {
        refuse_id(id, compiler);
        let Some(ecosystem) = Ecosystem::from_id(&written.ecosystem.value) else { continue };
        let registry = Declared {
            id: compiler.setting(id, id.value.as_str().into()),
            ecosystem,
            urls: written.urls.iter().filter_map(|url| address(url, ecosystem, &mut urls, compiler)).collect(),
            mirror_of: mirror(id, written, ecosystem, compiler),
            own: PackageLines::of(packages(&written.own, Some(ecosystem), compiler)),
            controls: statuses(&written.controls, compiler),
            owner: written.owner.as_ref().map(|owner| owner.value.as_str().into()),
            reason: written.reason.as_ref().map(|reason| reason.value.as_str().into()),
        };
        refuse_half(id, written, compiler);
        declared.push(registry);
    }
}

fn refuse_id(id: &At<String>, compiler: &mut Compiler<'_>) {
    let is_kebab = id
        .value
        .split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    if compiler.is_record(&id.value) {
        compiler
            .fault(id.span, format!("`{}` is a registry of the catalogue already", id.value))
            .hint(format!("choose another id, such as `our-{}`", id.value));
    } else if RESERVED.contains(&id.value.as_str()) {
        compiler.fault(id.span, format!("`{}` has a meaning of its own in reports", id.value)).hint("choose another id");
    } else if !is_kebab || id.value.len() > 64 {
        compiler
            .fault(id.span, format!("`{}` is no id", id.value.escape_debug()))
            .hint("use up to 64 lowercase letters, digits and single hyphens");
    }
}

fn address(
    url: &At<String>,
    ecosystem: Ecosystem,
    seen: &mut HashMap<(Ecosystem, String), Option<Place>>,
    compiler: &mut Compiler<'_>,
) -> Option<Setting<Box<str>>> {
    let plain = match origins::registry_url(&url.value) {
        Ok(plain) => plain,
        Err(fault) => {
            compiler.fault(url.span, fault.message).hint(fault.hint);
            return None;
        }
    };
    if let Some(first) = seen.insert(url_key(ecosystem, &plain), compiler.at(url.span)) {
        compiler
            .fault(url.span, format!("`{}` is declared twice", url.value))
            .hint("keep one of them")
            .also(first, "declared here too");
    }
    Some(compiler.setting(url, plain.into()))
}

/// Two schemes are one registry; that one of them is plain http, a rule says.
fn url_key(ecosystem: Ecosystem, plain: &str) -> (Ecosystem, String) {
    (ecosystem, plain.split_once("://").map_or("", |(_, rest)| rest).to_owned())
}

fn mirror(
    id: &At<String>,
    written: &file::Registry,
    ecosystem: Ecosystem,
    compiler: &mut Compiler<'_>,
) -> Option<Setting<Box<str>>> {
    let original = written.mirror_of.as_ref()?;
    let Some(serves) = compiler.record(&original.value) else {
        let message = if original.value == id.value {
            format!("`{}` cannot mirror itself", id.value)
        } else {
            format!("`{}` is not in the catalogue; only what is there can be mirrored", original.value.escape_debug())
        };
        let hint = compiler.nearest_record(&original.value);
        compiler.fault(original.span, message).hint(hint);
        return None;
    };
    if !serves.contains(&ecosystem) {
        let served = compiler.at(written.ecosystem.span);
        let known = compiler.records_of(ecosystem);
        let hint = advice(&original.value, known.iter().map(String::as_str));
        compiler
            .fault(original.span, format!("`{}` serves no packages of `{}`", original.value, ecosystem.id()))
            .hint(hint)
            .also(served, "what this registry serves");
    }
    Some(compiler.setting(original, original.value.as_str().into()))
}

fn statuses(controls: &Table<At<String>>, compiler: &Compiler<'_>) -> Vec<(Control, Setting<Status>)> {
    let known = |(control, status): &(At<String>, At<String>)| {
        Some((Control::from_id(&control.value)?, compiler.setting(status, Status::from_id(&status.value)?)))
    };
    controls.0.iter().filter_map(known).collect()
}

/// Declarations of which one half would silently count for nothing.
fn refuse_half(id: &At<String>, written: &file::Registry, compiler: &mut Compiler<'_>) {
    let name = format!("[registries.{}]", id.value.escape_debug());
    if let (Some(own), None) = (written.own.first(), &written.mirror_of) {
        compiler
            .fault(own.span, format!("`own` says what a mirror serves beside its original, but `{name}` is no mirror"))
            .hint("leave `own` out, since all its packages are its own; or add `mirror-of`");
    }
    let Some((_, status)) = written.controls.0.first() else { return };
    if let (Some(original), true) = (&written.mirror_of, written.own.is_empty()) {
        let original = compiler.at(original.span);
        compiler
            .fault(status.span, format!("`controls` speak of own packages, but `{name}` only mirrors"))
            .hint("leave `controls` out, since the original's count; or say with `own` which packages are its own")
            .also(original, "mirrors this");
    }
    for (key, value) in [("owner", &written.owner), ("reason", &written.reason)] {
        if value.is_none() {
            let message = format!("`{name}` states its own `controls`, but no `{key}`");
            compiler.fault(id.span, message).hint(format!("add `{key}`: somebody has to vouch for them"));
        }
    }
}

fn packages(written: &[At<String>], ecosystem: Option<Ecosystem>, compiler: &mut Compiler<'_>) -> Vec<Setting<PackagePattern>> {
    let mut packages = Vec::with_capacity(written.len());
    for line in written {
        let Some(package) = compiler.package(line, ecosystem) else { continue };
        if let (Some(wanted), Some(found)) = (ecosystem, package.ecosystem())
            && wanted != found
        {
            let message =
                format!("`{}` is a package of `{}`, but this registry serves `{}`", line.value, found.id(), wanted.id());
            compiler.fault(line.span, message).hint("write only the name");
            continue;
        }
        if ecosystem.is_some() {
            refuse_version(line, &package, compiler);
        }
        packages.push(compiler.setting(line, package));
    }
    packages
}

/// A registry serves all versions of a package, or none.
fn refuse_version(written: &At<String>, package: &PackagePattern, compiler: &mut Compiler<'_>) {
    if package.has_version() {
        compiler
            .fault(written.span, format!("`{}` names a version, which does not count here", written.value))
            .hint("leave it out");
    }
}

/// Validates `default-registry`.
pub(super) fn compile_defaults(file: &Table<At<String>>, compiler: &mut Compiler<'_>) -> Vec<(Ecosystem, Setting<Box<str>>)> {
    let mut defaults = Vec::with_capacity(file.0.len());
    for (key, registry) in &file.0 {
        let Some(ecosystem) = Ecosystem::from_id(&key.value) else { continue };
        let Some(serves) = compiler.registry(registry) else { continue };
        if !serves.contains(&ecosystem) {
            let known = compiler.registries_of(ecosystem);
            let hint = advice(&registry.value, known.iter().map(String::as_str));
            let declared = compiler.declared_at(&registry.value);
            let fault = compiler
                .fault(registry.span, format!("`{}` serves no packages of `{}`", registry.value, ecosystem.id()))
                .hint(hint);
            fault.also(declared, "declared for another ecosystem here");
            continue;
        }
        defaults.push((ecosystem, compiler.setting(registry, registry.value.as_str().into())));
    }
    defaults
}
