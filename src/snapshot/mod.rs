//! One side of a judgement: a tree's lockfiles, read and routed.
//!
//! Answers for: reading in parallel, client configuration beside each lockfile, shadowing, and the coverage ledger; and what a base has in
//! common with the head, which is read once. Never judges.

mod ahead;
mod beside;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

pub use ahead::Ahead;

use crate::clients;
use crate::dependency::{Kind, Locator, Lockfile};
use crate::discover::{self, Claimed};
use crate::facts::Facts;
use crate::formats;
use crate::graph::Paths;
use crate::neighbours::{Asked, Neighbours, folder_of, folders_upwards};
use crate::route::{Routed, Router};
use crate::routing::{Routing, Setting};
use crate::text::{Problem, Text, TextId, Texts};
use crate::tree::{FileKind, LINK, LeftOut, Tree};

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
    /// Where it asks for more than its lockfiles have: then only that is left of its entries, and is judged.
    pub ahead: Option<Ahead>,
    /// All lockfiles that lock it.
    locks: Vec<TextId>,
    /// What was asked of the tree to know all that.
    asked: Asked,
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

    /// The id of the client that reads it.
    #[must_use]
    pub fn client_id(&self) -> Option<&'static str> {
        clients::serving(self.lockfile.format.id).map(|client| client.id)
    }

    /// What could not be understood: of the file itself, of what it says about registries, of its client's configuration.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.lockfile.problems.iter().chain(&self.lockfile.routing.problems).chain(&self.client.problems)
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
    /// Its texts, each read at most once, whoever asks.
    pub texts: Arc<Texts>,
    /// What it left out.
    pub left_out: Vec<LeftOut>,
    /// The root's path below the work tree's top.
    pub prefix: String,
}

/// What a tree is read through.
#[derive(Clone, Copy)]
pub struct Through<'r> {
    /// Whether the policy excludes a path.
    pub exclude: &'r (dyn Fn(&str) -> bool + Sync),
    /// Facts given by hand.
    pub facts: &'r Facts,
    /// What joins locators with registries.
    pub router: &'r Router<'r>,
}

/// One side.
pub struct Snapshot {
    /// All its texts.
    pub texts: Arc<Texts>,
    /// The other side's texts, where lockfiles are shared with it.
    shared: Option<Arc<Texts>>,
    /// Its lockfiles, in path order.
    pub lockfiles: Vec<Arc<Judged>>,
    /// Lockfiles beyond these: excluded here, and only there for findings of another policy.
    pub beyond: Vec<Arc<Judged>>,
    /// What was read and what was not.
    pub coverage: Coverage,
    /// The root's path below the work tree's top.
    pub prefix: String,
}

impl Drop for Snapshot {
    /// Millions of small parts are given back by all threads, not by the last one alone.
    fn drop(&mut self) {
        std::mem::take(&mut self.lockfiles).into_par_iter().for_each(drop);
    }
}

impl Snapshot {
    /// Reads and routes all lockfiles of a tree.
    #[must_use]
    pub fn read(listed: &Listed, tree: &dyn Tree, through: Through<'_>) -> Self {
        let texts = &listed.texts;
        let (named, excluded) = discover::named(texts, through.exclude);
        let claimed = discover::claimed(texts, tree, &named);
        let read = read_all(texts, tree, &claimed, through.facts);
        let shadows = shadows(read.iter().map(|(lockfile, _)| (texts.path(lockfile.text), lockfile)), |id| texts.path(id));
        let lockfiles = {
            let all = read.iter().map(|(lockfile, _)| (texts.path(lockfile.text), lockfile));
            let ahead = ahead::find(all, &shadows, |id| texts.loaded(id));
            route_all(texts, tree, through.router, read, (&shadows, &ahead))
        };
        Self::of(listed, None, lockfiles, excluded)
    }

    fn of(listed: &Listed, shared: Option<Arc<Texts>>, lockfiles: Vec<Arc<Judged>>, excluded: Vec<TextId>) -> Self {
        let count = |counts: fn(&Judged) -> bool| lockfiles.iter().filter(|judged| counts(judged)).count();
        let coverage = Coverage {
            read: count(|judged| judged.is_judged() && !judged.lockfile.is_unreadable()),
            shadowed: count(|judged| !judged.is_judged() && !judged.lockfile.is_unreadable()),
            unreadable: count(|judged| judged.lockfile.is_unreadable()),
            excluded,
            left_out: listed.left_out.clone(),
        };
        let texts = Arc::clone(&listed.texts);
        Self { texts, shared, lockfiles, beyond: Vec::new(), coverage, prefix: listed.prefix.clone() }
    }

    /// Counts the links as left out that stand where a base has folders with judged files, wherever they lead.
    pub fn leave_out_links(&mut self, base: &Self) {
        let judged = base.lockfiles.iter().filter(|judged| judged.is_judged());
        let folders = judged.flat_map(|judged| folders_upwards(folder_of(base.path(judged.lockfile.text))));
        let links = folders.filter(|folder| self.texts.find(folder).is_some_and(|id| self.is_link(id)));
        let known: BTreeSet<&str> = self.coverage.left_out.iter().map(|one| one.path.as_str()).collect();
        let links: BTreeSet<&str> = links.filter(|link| !known.contains(link)).collect();
        let links: Vec<LeftOut> = links.into_iter().map(|link| LeftOut { path: link.to_owned(), reason: LINK }).collect();
        self.coverage.left_out.extend(links);
    }

    /// A text that was read.
    #[must_use]
    pub fn text(&self, id: TextId) -> Option<&Text> {
        self.texts_of(id)?.loaded(id)
    }

    /// The path of a text.
    #[must_use]
    pub fn path(&self, id: TextId) -> &str {
        self.texts_of(id).map_or("", |texts| texts.path(id))
    }

    /// The folder of a text, empty for the root.
    #[must_use]
    pub fn folder(&self, id: TextId) -> &str {
        folder_of(self.path(id))
    }

    /// Whether a text of this side is a symbolic link.
    #[must_use]
    pub fn is_link(&self, id: TextId) -> bool {
        self.texts.kind(id) == Some(FileKind::Link)
    }

    fn texts_of(&self, id: TextId) -> Option<&Texts> {
        [Some(&self.texts), self.shared.as_ref()].into_iter().flatten().find(|texts| texts.side() == id.side).map(AsRef::as_ref)
    }

    /// A lockfile by number, those beyond coming last.
    #[must_use]
    pub fn judged(&self, number: u32) -> Option<&Judged> {
        self.lockfiles.iter().chain(&self.beyond).nth(number as usize).map(AsRef::as_ref)
    }

    /// The lockfile at a path with its number, if it is judged or a detail here.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<(u32, &Arc<Judged>)> {
        let at = self.lockfiles.binary_search_by(|judged| self.path(judged.lockfile.text).cmp(path)).ok()?;
        Some((u32::try_from(at).ok()?, self.lockfiles.get(at)?))
    }

    /// The number of the lockfile at a path, those beyond coming last.
    #[must_use]
    pub fn number_at(&self, path: &str) -> Option<u32> {
        let beyond = || self.beyond.iter().position(|judged| self.path(judged.lockfile.text) == path);
        let found = self.at(path).map(|(number, _)| number);
        found.or_else(|| beyond().and_then(|at| u32::try_from(self.lockfiles.len() + at).ok()))
    }
}

/// The largest files first, so that one of them does not end the run alone.
fn read_all(texts: &Texts, tree: &dyn Tree, claimed: &[Claimed], facts: &Facts) -> Vec<(Lockfile, Asked)> {
    let size = |claimed: &Claimed| texts.loaded(claimed.text).map_or(0, |text| text.content.len());
    let mut order: Vec<&Claimed> = claimed.iter().collect();
    order.sort_by_key(|claimed| std::cmp::Reverse(size(claimed)));
    let mut lockfiles: Vec<(Lockfile, Asked)> =
        order.par_iter().with_max_len(1).filter_map(|claimed| read_one(texts, tree, claimed, facts)).collect();
    lockfiles.sort_by_key(|(lockfile, _)| lockfile.text);
    lockfiles
}

fn read_one(texts: &Texts, tree: &dyn Tree, claimed: &Claimed, facts: &Facts) -> Option<(Lockfile, Asked)> {
    let text = texts.loaded(claimed.text)?;
    if let Some(problem) = &claimed.problem {
        let lockfile = Lockfile::unreadable(text, claimed.format, claimed.format.kind, problem.clone());
        return Some((lockfile, Asked::default()));
    }
    let asked = RefCell::default();
    let neighbours = Neighbours::of(texts.path(claimed.text), texts, tree).noting(&asked);
    let mut lockfile = formats::read(claimed.format, text, &neighbours);
    facts.apply(&mut lockfile, text);
    Some((lockfile, asked.into_inner()))
}

/// Which files make which other one, by path, a detail: by lying beside it, or by naming it. The first is named in reports.
type Shadows<'p> = BTreeMap<&'p str, Vec<TextId>>;

/// Finds them.
fn shadows<'p, 'l>(
    lockfiles: impl Iterator<Item = (&'p str, &'l Lockfile)> + Clone,
    path_of: impl Fn(TextId) -> &'p str,
) -> Shadows<'p> {
    let mut beside: BTreeMap<(&str, &'static str), Vec<TextId>> = BTreeMap::new();
    for (path, lockfile) in lockfiles.clone() {
        beside.entry((folder_of(path), lockfile.format.id)).or_default().push(lockfile.text);
    }
    let mut shadows = Shadows::new();
    for (path, lockfile) in lockfiles.clone() {
        let by = lockfile.format.shadowed_by.iter().filter_map(|format| beside.get(&(folder_of(path), *format))).flatten();
        for by in by {
            shadows.entry(path).or_default().push(*by);
        }
    }
    for (path, lockfile) in lockfiles {
        for covered in lockfile.covers.iter().map(|covered| path_of(*covered)) {
            if covered != path {
                let by = shadows.entry(covered).or_default();
                if !by.contains(&lockfile.text) {
                    by.push(lockfile.text);
                }
            }
        }
    }
    shadows
}

/// Joins lockfiles with what their clients are told; those that are details are not.
fn route_all(
    texts: &Texts,
    tree: &dyn Tree,
    router: &Router<'_>,
    read: Vec<(Lockfile, Asked)>,
    (shadows, ahead): (&Shadows<'_>, &BTreeMap<&str, Ahead>),
) -> Vec<Arc<Judged>> {
    let mut lockfiles: Vec<Arc<Judged>> = read
        .into_par_iter()
        .map(|(mut lockfile, asked)| {
            let path = texts.path(lockfile.text);
            let locks = shadows.get(path).cloned().unwrap_or_default();
            let ahead = ahead.get(path).cloned();
            if let Some(ahead) = &ahead {
                ahead.cut(&mut lockfile);
            }
            let shadowed_by = locks.first().copied().filter(|_| ahead.is_none());
            Arc::new(Judged { ahead, locks, ..route(texts, tree, router, (lockfile, asked), shadowed_by) })
        })
        .collect();
    lockfiles.sort_by_key(|judged| judged.lockfile.text);
    lockfiles
}

fn route(
    texts: &Texts,
    tree: &dyn Tree,
    router: &Router<'_>,
    (lockfile, asked): (Lockfile, Asked),
    shadowed_by: Option<TextId>,
) -> Judged {
    let paths = OnceLock::new();
    let text = texts.loaded(lockfile.text).filter(|_| shadowed_by.is_none());
    let Some(text) = text else {
        let (client, routed) = (Routing::default(), Routed::default());
        return Judged { lockfile, client, routed, shadowed_by, ahead: None, locks: Vec::new(), asked, paths };
    };
    let asked = RefCell::new(asked);
    let neighbours = Neighbours::of(texts.path(lockfile.text), texts, tree).noting(&asked);
    let client = clients::serving(lockfile.format.id).map(|client| (client.read)(&lockfile, &neighbours)).unwrap_or_default();
    let routed = router.route(&lockfile, text, &client, &neighbours);
    Judged { lockfile, client, routed, shadowed_by, ahead: None, locks: Vec::new(), asked: asked.into_inner(), paths }
}

/// Whether a declaration asks for anything that a lock would pin.
#[must_use]
pub fn asks_for_something(lockfile: &Lockfile) -> bool {
    lockfile.kind == Kind::Declaration
        && lockfile.entries.iter().any(|entry| !matches!(entry.locator, Locator::Workspace | Locator::Path(_) | Locator::Builtin))
}
