//! A base beside its head: what both have in common is read once.
//!
//! Answers for: which lockfiles of a base must be read on their own. A lockfile is the head's if its bytes are the same and everything that
//! was asked of the head's tree while it was read would be answered alike by the base's. Compares bytes, or git's names for them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::{Judged, Listed, Shadows, Snapshot, Through, ahead, read_all, route_all, shadows};
use crate::dependency::Lockfile;
use crate::discover::{self, Named};
use crate::neighbours::Asked;
use crate::text::{TextId, Texts};
use crate::tree::Tree;

/// What differs between two trees, as far as anybody looked.
struct Changed<'t> {
    /// Paths whose bytes differ, and all those below.
    files: HashSet<&'t str>,
    /// Paths that only one tree has, or as another kind; sorted.
    appeared: Vec<&'t str>,
}

impl<'t> Changed<'t> {
    fn between(head: &'t Texts, base: &'t Texts, tree: &dyn Tree) -> Self {
        let mut appeared = Vec::new();
        let mut both = Vec::new();
        let (mut ours, mut theirs) = (head.paths().peekable(), base.paths().peekable());
        loop {
            match (ours.peek().copied(), theirs.peek().copied()) {
                (Some((id, path, kind)), Some((base_id, base_path, base_kind))) if path == base_path => {
                    ours.next();
                    theirs.next();
                    if kind == base_kind { both.push((id, base_id)) } else { appeared.push(path) }
                }
                (Some((_, path, _)), other) if other.is_none_or(|(_, base_path, _)| path < base_path) => {
                    ours.next();
                    appeared.push(path);
                }
                (_, Some((_, path, _))) => {
                    theirs.next();
                    appeared.push(path);
                }
                (_, None) => break,
            }
        }
        // What nobody read at the head nobody asked for: only whether it is there can matter.
        let differs = |(id, base_id): &(TextId, TextId)| {
            let text = head.loaded(*id)?;
            let is_same = tree.holds(&text.path, text.bytes());
            let is_same = is_same.unwrap_or_else(|| base.read(tree, *base_id).is_ok_and(|base| base.bytes() == text.bytes()));
            (!is_same).then(|| base.path(*base_id))
        };
        let mut files: HashSet<&str> = both.par_iter().filter_map(differs).collect();
        files.extend(&appeared);
        Self { files, appeared }
    }

    fn touches(&self, asked: &Asked) -> bool {
        let has = |start: &str| {
            let first = self.appeared.partition_point(|path| *path < start);
            self.appeared.get(first).is_some_and(|path| path.starts_with(start))
        };
        asked.paths.iter().any(|path| self.files.contains(path.as_ref())) || asked.starts.iter().any(|start| has(start))
    }
}

impl Snapshot {
    /// Reads and routes the lockfiles of a base, in the light of the same policy as its head; those that are the head's are shared with it.
    #[must_use]
    pub fn beside(head: &Self, listed: &Listed, tree: &dyn Tree, through: Through<'_>) -> Self {
        let texts = listed.texts.as_ref();
        let (named, excluded) = discover::named(texts, through.exclude);
        let changed = Changed::between(&head.texts, texts, tree);
        let mut shared: Vec<Arc<Judged>> = Vec::new();
        let mut own: Vec<Named> = Vec::new();
        for named in named {
            let path = texts.path(named.text);
            match head.at(path).map(|(_, twin)| twin) {
                _ if changed.files.contains(path) => own.push(named),
                Some(twin) if changed.touches(&twin.asked) => own.push(named),
                Some(twin) => shared.push(Arc::clone(twin)),
                // Its content was looked at there and claimed by no format.
                None => {}
            }
        }
        let mut read = read_all(texts, tree, &discover::claimed(texts, tree, &own), through.facts);
        // What lies beside a file may have made it a detail on one side only; such files are routed anew.
        let path_of = |id: TextId| if id.side == texts.side() { texts.path(id) } else { head.path(id) };
        let shadows = {
            let own = read.iter().map(|(lockfile, _)| lockfile);
            let all: Vec<&Lockfile> = own.chain(shared.iter().map(|judged| &judged.lockfile)).collect();
            let mut all: Vec<(&str, &Lockfile)> = all.into_iter().map(|lockfile| (path_of(lockfile.text), lockfile)).collect();
            all.sort_by_key(|(path, _)| *path);
            shadows(all.into_iter(), path_of)
        };
        let own: HashSet<&str> = read.iter().map(|(lockfile, _)| texts.path(lockfile.text)).collect();
        // Whatever its locks have, or lock beside it, may have put a declaration ahead of them on one side only.
        let pairs = shadows.iter().flat_map(|(path, locks)| locks.iter().map(move |by| (*path, *by)));
        let moved = pairs.filter(|(path, by)| own.contains(path) || own.contains(path_of(*by)));
        let moved: HashSet<TextId> = moved.map(|(_, by)| by).collect();
        let is_turned = |judged: &Arc<Judged>| {
            let now = shadows.get(head.path(judged.lockfile.text)).map_or(&[][..], Vec::as_slice);
            let is_same = now.iter().map(|by| path_of(*by)).eq(judged.locks.iter().map(|by| head.path(*by)));
            !is_same || now.iter().any(|by| moved.contains(by))
        };
        let (turned, shared): (Vec<_>, Vec<_>) = shared.into_iter().partition(is_turned);
        let turned: HashSet<&str> = turned.iter().map(|judged| head.path(judged.lockfile.text)).collect();
        if !turned.is_empty() {
            let (named, _) = discover::named(texts, &|path| !turned.contains(path));
            read.extend(read_all(texts, tree, &discover::claimed(texts, tree, &named), through.facts));
        }
        let mut lockfiles = {
            let own = read.iter().map(|(lockfile, _)| lockfile).chain(shared.iter().map(|judged| &judged.lockfile));
            let all: Vec<(&str, &Lockfile)> = own.map(|lockfile| (path_of(lockfile.text), lockfile)).collect();
            let text_of = |id: TextId| if id.side == texts.side() { texts.loaded(id) } else { head.text(id) };
            let ahead = ahead::find(all.into_iter(), &shadows, text_of);
            route_all(texts, tree, through.router, read, (&shadows, &ahead))
        };
        lockfiles.extend(shared);
        lockfiles.sort_by(|a, b| path_of(a.lockfile.text).cmp(path_of(b.lockfile.text)));
        Self::of(listed, Some(Arc::clone(&head.texts)), lockfiles, excluded)
    }

    /// Reads what other policies' readings of the same tree have and this one lacks, for findings about that.
    pub fn read_beyond<'o>(&mut self, tree: &dyn Tree, through: Through<'_>, others: impl Iterator<Item = &'o Self>) {
        let paths = others.flat_map(|other| other.lockfiles.iter().map(|judged| other.path(judged.lockfile.text)));
        let missing: HashSet<&str> = paths.filter(|path| self.number_at(path).is_none()).collect();
        if missing.is_empty() {
            return;
        }
        let (named, _) = discover::named(&self.texts, &|path| !missing.contains(path));
        let read = read_all(&self.texts, tree, &discover::claimed(&self.texts, tree, &named), through.facts);
        self.beyond = route_all(&self.texts, tree, through.router, read, (&Shadows::new(), &BTreeMap::new()));
    }
}
