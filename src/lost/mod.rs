//! What was judged at a base and is not at its head, and where that shows.
//!
//! Answers for: which files of a base a change takes out of sight: excluded, linked, left out, moved to where nobody looks, or deleted while
//! what they lock stays. Compares what each side reads under its own policy; finds nothing and decides nothing.

mod anchor;
mod moved;

use std::collections::{BTreeSet, HashMap, HashSet};

pub use anchor::nearest_lockfile;

use crate::dependency::Kind;
use crate::neighbours::{folder_of, folders_upwards};
use crate::policy::Policy;
use crate::snapshot::{Judged, Snapshot};
use crate::text::{Place, Side, Span, TextId};
use crate::tree::{LeftOut, Tree};

/// A file that was judged at the base and is not at the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Its path.
    pub path: String,
    /// What became of it, as a fragment.
    pub reason: String,
    /// Where that shows at the head.
    pub place: Option<Place>,
    /// Whether that place is only the nearest one, and says nothing of it.
    pub is_elsewhere: bool,
    /// The file at the base.
    pub base: Option<Place>,
}

/// One side with the tree that it was read from.
#[derive(Clone, Copy)]
pub struct Seen<'s> {
    /// What was read.
    pub side: &'s Snapshot,
    /// Where from.
    pub tree: &'s dyn Tree,
}

impl Seen<'_> {
    /// The start of a text, which is read for it.
    fn start(self, text: TextId) -> Place {
        let _ = self.side.texts.read(self.tree, text);
        Place { text, span: Span::default() }
    }

    /// The line of the policy that excludes a file which is there; the file itself if that line is not of this tree.
    fn excluded(self, policy: &Policy, path: &str) -> Option<Place> {
        let file = self.side.texts.find(path)?;
        let line = policy.excludes(path)?.place.filter(|place| place.text.side == Side::Head);
        Some(line.unwrap_or_else(|| self.start(file)))
    }
}

/// What became of a file.
enum Fate {
    /// It is judged, or it is not told that it is not.
    Judged,
    /// It is there and not judged any more.
    Unseen(String, Option<Place>),
    /// It is gone.
    Gone,
}

/// What is lost between a base as its own policy reads it and a head as its own policy reads it, in path order.
#[must_use]
pub fn lost(base: Seen<'_>, head: Seen<'_>, head_policy: &Policy) -> Vec<Lost> {
    let was_judged = |judged: &&Judged| judged.is_judged() && !judged.lockfile.is_unreadable();
    let left_out = head.side.coverage.left_out.iter().map(|one| (one.path.as_str(), one)).collect();
    let mut fates: Vec<(&Judged, Fate)> = Vec::new();
    for judged in base.side.lockfiles.iter().map(AsRef::as_ref).filter(was_judged) {
        match fate(base.side.path(judged.lockfile.text), judged, (head, &left_out), head_policy) {
            Fate::Judged => {}
            fate => fates.push((judged, fate)),
        }
    }
    if fates.iter().any(|(_, fate)| matches!(fate, Fate::Gone)) {
        settle_gone(&mut fates, base, head, head_policy);
    }
    let lost = fates.into_iter().filter_map(|(judged, fate)| {
        let Fate::Unseen(reason, place) = fate else { return None };
        let path = base.side.path(judged.lockfile.text);
        let stand_in = || anchor::nearest(head, path);
        Some(Lost {
            path: path.to_owned(),
            reason,
            place: place.or_else(stand_in),
            is_elsewhere: place.is_none(),
            base: base.side.texts.find(path).map(|text| base.start(text)),
        })
    });
    lost.collect()
}

/// What became of the file at a path; what the head left out is given by path.
fn fate(path: &str, judged: &Judged, (head, left_out): (Seen<'_>, &HashMap<&str, &LeftOut>), policy: &Policy) -> Fate {
    let side = head.side;
    let here = side.texts.find(path);
    if let Some(place) = head.excluded(policy, path) {
        return Fate::Unseen("is excluded by the policy now".to_owned(), Some(place));
    }
    if let Some(twin) = side.number_at(path).and_then(|number| side.lockfiles.get(number as usize)) {
        let text = twin.lockfile.text;
        let is_pointer = || side.text(text).is_some_and(|text| text.content.starts_with("version https://git-lfs"));
        let reason = match () {
            () if !twin.lockfile.is_unreadable() => return Fate::Judged,
            () if side.is_link(text) => "is a symbolic link now",
            () if is_pointer() => "is a pointer of Git LFS now",
            // What was damaged is undecided already, and nobody can tell what it says.
            () => return Fate::Judged,
        };
        return Fate::Unseen(reason.to_owned(), Some(head.start(text)));
    }
    if let Some(here) = here {
        // A file that only its content made one of this format is another file now.
        let is_named = judged.lockfile.format.looks.is_none() || side.is_link(here);
        return if is_named { Fate::Unseen("is no longer read".to_owned(), Some(head.start(here))) } else { Fate::Judged };
    }
    match folders_upwards(folder_of(path)).find_map(|folder| left_out.get(folder)) {
        Some(one) => Fate::Unseen(in_left_out("lies", one), anchor::of_left_out(head, one)),
        None => Fate::Gone,
    }
}

fn in_left_out(lies: &str, one: &LeftOut) -> String {
    format!("{lies} in what is left out now (`{}`: {})", one.path, one.reason)
}

/// Which of the files that are gone are lost: those whose declaration stays, and those that stand where nobody looks.
fn settle_gone(fates: &mut [(&Judged, Fate)], base: Seen<'_>, head: Seen<'_>, head_policy: &Policy) {
    let locked = locked(head.side);
    let mut details: HashMap<&str, Vec<&str>> = HashMap::new();
    for judged in &base.side.lockfiles {
        if let Some(by) = judged.shadowed_by {
            details.entry(base.side.path(by)).or_default().push(base.side.path(judged.lockfile.text));
        }
    }
    let mut gone: Vec<(usize, moved::Gone<'_>)> = Vec::new();
    for (at, (judged, fate)) in fates.iter_mut().enumerate().filter(|(_, (_, fate))| matches!(fate, Fate::Gone)) {
        let declarations = declarations(base.side, judged, &details);
        if let Some((path, text)) = declarations.iter().find_map(|path| Some((path, unlocked(head.side, &locked, path)?))) {
            let reason = format!("is gone, while `{path}`, which it locked, stays");
            *fate = Fate::Unseen(reason, Some(head.start(text)));
        } else if let Some(one) = moved::Gone::of(base, judged, &declarations) {
            gone.push((at, one));
        }
    }
    let (positions, gone): (Vec<usize>, Vec<moved::Gone<'_>>) = gone.into_iter().unzip();
    for (at, found) in positions.into_iter().zip(moved::find(&gone, base, head, head_policy)) {
        if let (Some((_, fate)), Some((reason, place))) = (fates.get_mut(at), found) {
            *fate = Fate::Unseen(reason, place);
        }
    }
}

/// The paths of the declarations that a lockfile of the base makes details, or locks. What lies above a lockfile often serves others too,
/// and counts only where nothing beside or below it does.
fn declarations<'b>(base: &'b Snapshot, lock: &Judged, details: &HashMap<&str, Vec<&'b str>>) -> BTreeSet<&'b str> {
    // By path: a declaration that is shared with the head names the head's lockfile.
    let path = base.path(lock.lockfile.text);
    let details = details.get(path).into_iter().flatten().copied();
    let all: BTreeSet<&str> = details.chain(locked_by(base, lock)).filter(|of| *of != path).collect();
    let folder = folder_of(path);
    let is_own = |path: &&str| folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let own: BTreeSet<&str> = all.iter().copied().filter(is_own).collect();
    if own.is_empty() { all } else { own }
}

/// The files that a lockfile covers, or that ask for what it locks.
fn locked_by<'s>(side: &'s Snapshot, lock: &Judged) -> impl Iterator<Item = &'s str> {
    let asking = lock.lockfile.asked_in().filter(|_| lock.lockfile.kind == Kind::Lock);
    let texts: BTreeSet<TextId> = lock.lockfile.covers.iter().copied().chain(asking).collect();
    texts.into_iter().map(|text| side.path(text))
}

/// All files that some lockfile locks.
fn locked(side: &Snapshot) -> HashSet<&str> {
    let others = |judged: &'_ Judged| {
        let own = side.path(judged.lockfile.text);
        locked_by(side, judged).filter(move |path| *path != own).collect::<Vec<_>>()
    };
    side.lockfiles.iter().flat_map(|judged| others(judged)).collect()
}

/// A declaration that is still there and that no other lockfile locks.
fn unlocked(head: &Snapshot, locked: &HashSet<&str>, path: &str) -> Option<TextId> {
    let id = head.texts.find(path).filter(|_| !locked.contains(path))?;
    let judged = head.number_at(path).and_then(|number| head.judged(number));
    judged.is_none_or(Judged::is_judged).then_some(id)
}
