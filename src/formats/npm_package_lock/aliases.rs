//! Packages that are installed under another's name, and whether anybody asks for that.
//!
//! Answers for: which of them stand in for a package that was asked for plainly (lockfile injection). Manifests count before what the
//! lockfile repeats of them. Never looks at addresses, and says nothing of what nobody asks for: npm takes that out.

use std::collections::BTreeMap;

use foldhash::HashSet;

use super::Reading;
use crate::dependency::Locator;
use crate::formats::npm_spec::{self, Spec};
use crate::formats::package_json;
use crate::syntax::Node;
use crate::text::Str;

/// Who asks for one of them, and how.
#[derive(Clone, Debug)]
struct Alias {
    installed_as: Str,
    real: Str,
    by_manifests: Asks,
    by_packages: Asks,
}

#[derive(Clone, Copy, Debug, Default)]
struct Asks {
    for_it: bool,
    for_another: bool,
}

/// All of them, by number of package.
#[derive(Debug, Default)]
pub(super) struct Aliases(BTreeMap<u32, Alias>);

impl Aliases {
    /// Notes a package that lies in another's folder.
    pub(super) fn add(&mut self, number: u32, installed_as: &Str, real: &Str) {
        let (installed_as, real) = (installed_as.clone(), real.clone());
        self.0.insert(number, Alias { installed_as, real, by_manifests: Asks::default(), by_packages: Asks::default() });
    }

    /// Notes that somebody asks for what lies there.
    pub(super) fn asked(&mut self, number: u32, spec: &str, by_manifest: bool, content: &str) {
        let Some(alias) = self.0.get_mut(&number) else { return };
        let is_it = is_for(spec, alias.real.of(content));
        let asks = if by_manifest { &mut alias.by_manifests } else { &mut alias.by_packages };
        asks.for_it |= is_it;
        asks.for_another |= !is_it;
    }

    /// Marks those that nobody asks for, while somebody asks for the package in whose place they are.
    pub(super) fn settle(self, reading: &mut Reading<'_>, manifest: Option<Node<'_>>) {
        let content = &reading.text.content;
        for (number, alias) in self.0 {
            let Alias { by_manifests, by_packages, .. } = alias;
            let asks = if by_manifests.for_it || by_manifests.for_another { by_manifests } else { by_packages };
            if asks.for_it || !asks.for_another || is_overridden(manifest, alias.real.of(content)) {
                continue;
            }
            let Some(index) = reading.entry_of(number) else { continue };
            let entry = reading.lockfile.entries.get_mut(index as usize);
            // What a repository or an address calls itself is its own business.
            if let Some(entry) = entry.filter(|entry| matches!(entry.locator, Locator::Silent | Locator::File(_))) {
                entry.alias = Some(alias.installed_as);
                entry.foreign = Some(Box::new(entry.name.clone()));
            }
        }
    }
}

/// Whether a specification may mean a package of another name than its key.
fn is_for(spec: &str, real: &str) -> bool {
    match npm_spec::parse(spec) {
        Spec::Alias { name, .. } => name == real,
        Spec::Version(_) | Spec::Range(_) => false,
        _ => true,
    }
}

/// Whether the root's `overrides` put a package in the place of others; `$name` is what the root itself asks for.
fn is_overridden(manifest: Option<Node<'_>>, real: &str) -> bool {
    let Some(manifest) = manifest else { return false };
    let puts = |spec: &str| matches!(npm_spec::parse(spec), Spec::Alias { name, .. } if name == real);
    let asks = |name: &str| {
        let named = package_json::requests(manifest).map(|request| request.node).filter(|node| node.key() == name);
        named.filter_map(Node::text).any(puts)
    };
    let mut waiting: Vec<Node<'_>> = manifest.get("overrides").into_iter().collect();
    while let Some(node) = waiting.pop() {
        waiting.extend(node.members());
        let is_it = |spec: &str| spec.strip_prefix('$').map_or_else(|| puts(spec), asks);
        if node.text().is_some_and(is_it) {
            return true;
        }
    }
    false
}

/// Says who asks for what in a folder: its manifest, and what the lockfile has beyond that.
pub(super) fn ask<'d>(reading: &mut Reading<'d>, folder: u32, stated: Option<Node<'d>>, manifest: Option<Node<'_>>) {
    if reading.aliases.0.is_empty() {
        return;
    }
    let content = &reading.text.content;
    let own: Vec<Node<'_>> = manifest.into_iter().flat_map(package_json::requests).map(|request| request.node).collect();
    let names: HashSet<&str> = own.iter().map(|node| node.key()).collect();
    let stated = stated.into_iter().flat_map(package_json::requests).map(|request| request.node);
    for node in stated.filter(|node| !names.contains(node.key())).chain(own.iter().copied()) {
        if let Some(found) = reading.resolve(folder, node.key()) {
            reading.aliases.asked(found, node.text().unwrap_or(""), true, content);
        }
    }
}
