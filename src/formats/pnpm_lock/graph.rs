//! Who requires whom in one document of pnpm-lock.yaml.
//!
//! Answers for: what a reference means in each version. Snapshots that differ only in their peers are walked apart, since one may be
//! development's and the other production's.

use foldhash::{HashMap, HashMapExt};

use super::key::{Spelling, without_peers};
use crate::formats::reach::Walk;
use crate::syntax::Node;

pub(super) const NONE: u32 = u32::MAX;

/// One snapshot (or package, in versions that do not tell them apart).
#[derive(Clone, Copy)]
pub(super) struct Snapshot<'d> {
    /// Where its dependencies stand.
    pub(super) node: Node<'d>,
    /// Its entry; `NONE` if it has none.
    pub(super) entry: u32,
}

/// The snapshots of a document.
pub(super) struct Graph<'d> {
    /// How its keys are spelt.
    pub(super) spelling: Spelling,
    pub(super) snapshots: Vec<Snapshot<'d>>,
    by_key: HashMap<&'d str, u32>,
    pub(super) walk: Walk,
}

impl<'d> Graph<'d> {
    pub(super) fn new(spelling: Spelling) -> Self {
        Self { spelling, snapshots: Vec::new(), by_key: HashMap::new(), walk: Walk::default() }
    }

    /// Adds a snapshot under its key.
    pub(super) fn add(&mut self, key: &'d str, node: Node<'d>, entry: u32) {
        let number = u32::try_from(self.snapshots.len()).unwrap_or(NONE);
        self.snapshots.push(Snapshot { node, entry });
        self.by_key.insert(key, number);
    }

    /// Whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// The snapshot that `name: reference` means. `key` is a buffer.
    pub(super) fn find(&self, name: &str, reference: &str, key: &mut String) -> Option<u32> {
        let is_whole = match self.spelling {
            Spelling::At => names_itself(reference),
            _ => without_peers(reference).contains('/') || reference.starts_with("file:"),
        };
        let as_is = || self.by_key.get(reference).or_else(|| self.by_key.get(without_peers(reference))).copied();
        if is_whole && let Some(found) = as_is() {
            return Some(found);
        }
        let joins = match self.spelling {
            Spelling::Slash => [("/", "/"), ("/", "@"), ("", "@")],
            Spelling::SlashAt => [("/", "@"), ("/", "/"), ("", "@")],
            Spelling::At => [("", "@"), ("/", "@"), ("/", "/")],
        };
        for (before, between) in joins {
            key.clear();
            key.extend([before, name, between, reference]);
            if let Some(found) = self.by_key.get(key.as_str()).or_else(|| self.by_key.get(without_peers(key))) {
                return Some(*found);
            }
        }
        as_is()
    }
}

/// Whether a reference of version 9 is a key of its own (an alias's) and not a version to put behind the name.
fn names_itself(reference: &str) -> bool {
    if reference.starts_with('@') {
        return true;
    }
    let Some(at) = reference.find('@') else { return false };
    let is_before = |mark: char| reference.find(mark).is_none_or(|found| at < found);
    is_before(':') && is_before('(')
}
