//! One side of a judgement: a tree's lockfiles, read and routed.
//!
//! Answers for: reading in parallel, client configuration beside each lockfile, shadowing, and the coverage ledger. Never judges.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rayon::prelude::*;

use crate::clients;
use crate::dependency::{Kind, Locator, Lockfile};
use crate::discover::{Claimed, Discovered, discover};
use crate::facts::Facts;
use crate::formats;
use crate::graph::Paths;
use crate::neighbours::{Neighbours, folder_of};
use crate::route::{Routed, Router};
use crate::routing::{Routing, Setting};
use crate::text::{Text, TextId, Texts};
use crate::tree::{LeftOut, Tree};

/// One lockfile with all that is known about where its entries come from.
#[derive(Debug)]
pub struct Judged {
    /// What it states.
    pub lockfile: Lockfile,
    /// What its client's configuration says.
    pub client: Routing,
    /// Where its entries come from.
    pub routed: Routed,
    /// The lockfile that makes it a detail.
    pub shadowed_by: Option<TextId>,
    paths: OnceLock<Paths>,
}

impl Judged {
    /// Shortest paths, computed when somebody asks.
    #[must_use]
    pub fn paths(&self) -> &Paths {
        self.paths.get_or_init(|| Paths::of(&self.lockfile))
    }

    /// Settings that protect or endanger: the client's, then those that the lockfile itself makes.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.client.settings.iter().chain(&self.lockfile.routing.settings)
    }

    /// Whether its entries are judged.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.shadowed_by.is_none()
    }

    /// The number of entries that are judged.
    #[must_use]
    pub fn dependencies(&self) -> usize {
        if self.is_judged() { self.lockfile.entries.len() } else { 0 }
    }
}

/// What was read and what was not.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Files whose entries are judged.
    pub read: usize,
    /// Declarations whose lock is judged in their place.
    pub shadowed: usize,
    /// Files that the policy excludes.
    pub excluded: Vec<TextId>,
    /// What the tree left out.
    pub left_out: Vec<LeftOut>,
    /// Files of which nothing can be relied on.
    pub unreadable: usize,
}

/// What a tree listed.
pub struct Listed {
    /// Its texts, unread.
    pub texts: Texts,
    /// What it left out.
    pub left_out: Vec<LeftOut>,
    /// The root's path below the work tree's top.
    pub prefix: String,
}

/// One side.
pub struct Snapshot {
    /// All its texts.
    pub texts: Texts,
    /// Its lockfiles, in path order.
    pub lockfiles: Vec<Judged>,
    /// What was read and what was not.
    pub coverage: Coverage,
    /// The root's path below the work tree's top.
    pub prefix: String,
}

impl Snapshot {
    /// Reads and routes all lockfiles of a tree.
    #[must_use]
    pub fn read(
        listed: Listed,
        tree: &dyn Tree,
        exclude: &(dyn Fn(&str) -> bool + Sync),
        facts: &Facts,
        router: &Router<'_>,
    ) -> Self {
        let Listed { texts, left_out, prefix } = listed;
        let Discovered { claimed, excluded, left_out } = discover(&texts, tree, exclude, left_out);
        let lockfiles = read_all(&texts, tree, &claimed, facts);
        let shadows = shadows(&texts, &lockfiles);
        let mut lockfiles: Vec<Judged> = lockfiles
            .into_par_iter()
            .map(|lockfile| {
                let shadowed_by = shadows.get(&lockfile.text).copied();
                route(&texts, tree, router, lockfile, shadowed_by)
            })
            .collect();
        lockfiles.sort_by_key(|judged| judged.lockfile.text);
        let coverage = Coverage {
            read: lockfiles.iter().filter(|judged| judged.is_judged() && !judged.lockfile.is_unreadable()).count(),
            shadowed: lockfiles.iter().filter(|judged| !judged.is_judged() && !judged.lockfile.is_unreadable()).count(),
            unreadable: lockfiles.iter().filter(|judged| judged.lockfile.is_unreadable()).count(),
            excluded,
            left_out,
        };
        Self { texts, lockfiles, coverage, prefix }
    }

    /// The text of a lockfile.
    #[must_use]
    pub fn text(&self, id: TextId) -> Option<&Text> {
        self.texts.loaded(id)
    }
}

/// The largest files first, so that one of them does not end the run alone.
fn read_all(texts: &Texts, tree: &dyn Tree, claimed: &[Claimed], facts: &Facts) -> Vec<Lockfile> {
    let size = |claimed: &Claimed| texts.loaded(claimed.text).map_or(0, |text| text.content.len());
    let mut order: Vec<&Claimed> = claimed.iter().collect();
    order.sort_by_key(|claimed| std::cmp::Reverse(size(claimed)));
    let mut lockfiles: Vec<Lockfile> =
        order.par_iter().with_max_len(1).filter_map(|claimed| read_one(texts, tree, claimed, facts)).collect();
    lockfiles.sort_by_key(|lockfile| lockfile.text);
    lockfiles
}

fn read_one(texts: &Texts, tree: &dyn Tree, claimed: &Claimed, facts: &Facts) -> Option<Lockfile> {
    let text = texts.loaded(claimed.text)?;
    if let Some(problem) = &claimed.problem {
        return Some(Lockfile::unreadable(text, claimed.format, claimed.format.kind, problem.clone()));
    }
    let neighbours = Neighbours::of(texts.path(claimed.text), texts, tree);
    let mut lockfile = formats::read(claimed.format, text, &neighbours);
    facts.apply(&mut lockfile, text);
    Some(lockfile)
}

/// Which file makes which other one a detail: by lying beside it, or by naming it.
fn shadows(texts: &Texts, lockfiles: &[Lockfile]) -> BTreeMap<TextId, TextId> {
    let mut beside: BTreeMap<(&str, &str), TextId> = BTreeMap::new();
    for lockfile in lockfiles {
        beside.entry((folder_of(texts.path(lockfile.text)), lockfile.format.id)).or_insert(lockfile.text);
    }
    let mut shadows = BTreeMap::new();
    for lockfile in lockfiles {
        let folder = folder_of(texts.path(lockfile.text));
        let by = lockfile.format.shadowed_by.iter().find_map(|format| beside.get(&(folder, *format)));
        if let Some(by) = by {
            shadows.insert(lockfile.text, *by);
        }
    }
    for lockfile in lockfiles {
        for covered in &lockfile.covers {
            if *covered != lockfile.text {
                shadows.entry(*covered).or_insert(lockfile.text);
            }
        }
    }
    shadows
}

fn route(texts: &Texts, tree: &dyn Tree, router: &Router<'_>, lockfile: Lockfile, shadowed_by: Option<TextId>) -> Judged {
    let paths = OnceLock::new();
    let text = texts.loaded(lockfile.text).filter(|_| shadowed_by.is_none());
    let Some(text) = text else {
        return Judged { lockfile, client: Routing::default(), routed: Routed::default(), shadowed_by, paths };
    };
    let neighbours = Neighbours::of(texts.path(lockfile.text), texts, tree);
    let client = clients::serving(lockfile.format.id).map(|client| (client.read)(&lockfile, &neighbours)).unwrap_or_default();
    let routed = router.route(&lockfile, text, &client, &neighbours);
    Judged { lockfile, client, routed, shadowed_by, paths }
}

/// Whether a declaration asks for anything that a lock would pin.
#[must_use]
pub fn asks_for_something(lockfile: &Lockfile) -> bool {
    lockfile.kind == Kind::Declaration
        && lockfile.entries.iter().any(|entry| !matches!(entry.locator, Locator::Workspace | Locator::Path(_) | Locator::Builtin))
}
