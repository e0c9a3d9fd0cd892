//! Packages that are installed under another's name, and whether anybody asks for that.
//!
//! Answers for: which of them stand in for a package that was asked for plainly (lockfile injection). Manifests count before what a
//! lockfile repeats of them. Never looks at addresses, and says nothing of what nobody asks for: clients take that out.

use std::collections::BTreeMap;

use crate::dependency::{Entry, Locator};
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

/// One that stands in for the package of its folder.
pub(super) struct StandIn {
    pub(super) number: u32,
    installed_as: Str,
}

impl Aliases {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

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

    /// Those that nobody asks for, while somebody asks for the package in whose place they are. `is_put` says of a package by its real name
    /// whether the project puts it in the place of others.
    pub(super) fn stand_ins(self, content: &str, is_put: impl Fn(&str) -> bool) -> Vec<StandIn> {
        let stands_in = |alias: &Alias| {
            let Alias { by_manifests, by_packages, .. } = alias;
            let asks = if by_manifests.for_it || by_manifests.for_another { by_manifests } else { by_packages };
            !asks.for_it && asks.for_another && !is_put(alias.real.of(content))
        };
        let found = self.0.into_iter().filter(|(_, alias)| stands_in(alias));
        found.map(|(number, alias)| StandIn { number, installed_as: alias.installed_as }).collect()
    }
}

impl StandIn {
    /// Marks its entry. What a repository or an address calls itself is its own business.
    pub(super) fn mark(self, entry: &mut Entry) {
        if matches!(entry.locator, Locator::Silent | Locator::File(_)) {
            entry.alias = Some(self.installed_as);
            entry.foreign = Some(Box::new(entry.name.clone()));
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

/// Whether what a root puts in the place of others (`overrides`, `resolutions`) has a package; `$name` is what the root itself asks for.
pub(super) fn is_put<'n>(overrides: impl Iterator<Item = Node<'n>>, manifest: Option<Node<'_>>, real: &str) -> bool {
    let puts = |spec: &str| matches!(npm_spec::parse(spec), Spec::Alias { name, .. } if name == real);
    let asks = |name: &str| {
        let all = manifest.into_iter().flat_map(package_json::requests);
        let named = all.map(|request| request.node).filter(|node| node.key() == name);
        named.filter_map(Node::text).any(puts)
    };
    let mut waiting: Vec<Node<'_>> = overrides.collect();
    while let Some(node) = waiting.pop() {
        waiting.extend(node.members());
        let is_it = |spec: &str| spec.strip_prefix('$').map_or_else(|| puts(spec), asks);
        if node.text().is_some_and(is_it) {
            return true;
        }
    }
    false
}
