//! Git's history: what a revision's name stands for, and where two commits parted.
//!
//! Answers for: names with `~N` and `^N` behind, and merge bases as git finds them: commits are visited the latest first, so that a long
//! history behind costs nothing. Specification: gitrevisions(7), git-merge-base(1).

use std::collections::{BinaryHeap, HashMap, HashSet};

use gix_hash::ObjectId;
use gix_object::CommitRefIter;

use super::GitFault;
use super::objects::Objects;
use super::refs::{self, References};

/// The named limit on commits visited for a merge base.
const COMMITS_MAX: usize = 4_000_000;

/// The fewest digits that may stand for an object.
const DIGITS_MIN: usize = 4;

/// What is needed of a commit.
pub(super) struct Commit {
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    /// Seconds since 1970.
    time: i64,
}

/// The history of one repository.
pub(super) struct History<'r> {
    pub(super) objects: &'r Objects,
    pub(super) references: &'r References,
    /// Commits whose parents were not fetched.
    pub(super) shallow: &'r HashSet<ObjectId>,
}

impl History<'_> {
    /// Reads a commit. Of one that a shallow clone ends with, the parents are not there.
    pub(super) fn commit(&self, id: ObjectId) -> Result<Commit, GitFault> {
        let commit = self.written(id)?;
        Ok(if self.shallow.contains(&id) { Commit { parents: Vec::new(), ..commit } } else { commit })
    }

    /// Reads a commit with the parents that it names, whether or not they were fetched.
    pub(super) fn written(&self, id: ObjectId) -> Result<Commit, GitFault> {
        let (kind, bytes) = self.objects.meta(id)?;
        if kind != gix_object::Kind::Commit {
            return Err(GitFault::NotACommit { revision: id.to_string(), kind: kind.to_string() });
        }
        let corrupt = |error: &dyn std::fmt::Display| GitFault::Corrupt { id, reason: error.to_string() };
        let read = || CommitRefIter::from_bytes(&bytes, self.objects.kind);
        let tree = read().tree_id().map_err(|error| corrupt(&error))?;
        let parents = read().parent_ids().collect();
        // A commit without a readable date is still a commit.
        let time = read().committer().ok().and_then(|committer| committer.time().ok()).map_or(0, |time| time.seconds);
        Ok(Commit { tree, parents, time })
    }

    /// The commit that a name stands for.
    pub(super) fn resolve(&self, revision: &str) -> Result<ObjectId, GitFault> {
        let name_end = revision.find(['~', '^']).unwrap_or(revision.len());
        let (name, steps) = revision.split_at_checked(name_end).unwrap_or((revision, ""));
        let unsupported = |reason: &str| GitFault::Unsupported { revision: revision.to_owned(), reason: reason.to_owned() };
        if name.is_empty() {
            return Err(unsupported("it names nothing"));
        }
        if name.contains("..") || name.contains("@{") || name.contains(':') || name.starts_with('-') {
            return Err(unsupported("ranges, reflogs, paths and searches are not understood"));
        }
        let object = self.named(name)?;
        let mut at = self.objects.commit(object, revision)?;
        let mut rest = steps;
        while !rest.is_empty() {
            let (step, next) = rest.split_at_checked(1).unwrap_or((rest, ""));
            let length = next.find(|c: char| !c.is_ascii_digit()).unwrap_or(next.len());
            let (digits, next) = next.split_at_checked(length).unwrap_or((next, ""));
            if let (true, Some(behind)) = (digits.is_empty(), next.strip_prefix("{commit}").or(next.strip_prefix("{}"))) {
                rest = behind;
                continue;
            }
            let count: usize =
                if digits.is_empty() { 1 } else { digits.parse().map_err(|_| unsupported("a number is too large"))? };
            at = match step {
                "~" => (0..count).try_fold(at, |at, _| self.parent(at, 1, revision))?,
                _ if count == 0 => at,
                _ => self.parent(at, count, revision)?,
            };
            rest = next;
            if !rest.is_empty() && !rest.starts_with(['~', '^']) {
                return Err(unsupported("what stands behind its name is not understood"));
            }
        }
        Ok(at)
    }

    fn parent(&self, of: ObjectId, number: usize, revision: &str) -> Result<ObjectId, GitFault> {
        let commit = self.commit(of)?;
        let parent = commit.parents.get(number.saturating_sub(1)).copied();
        parent.ok_or_else(|| {
            let is_cut = self.shallow.contains(&of);
            if is_cut { GitFault::Shallow(format!("`{revision}`")) } else { GitFault::NoSuchRevision(revision.to_owned()) }
        })
    }

    fn named(&self, name: &str) -> Result<ObjectId, GitFault> {
        let is_hex = name.bytes().all(|byte| byte.is_ascii_hexdigit());
        // All digits of an object's name can be nothing else, whatever a branch is called.
        if let Some(id) = refs::id(name).filter(|id| id.kind() == self.objects.kind) {
            return Ok(id);
        }
        let referenced = self.references.short(name)?;
        let object = if is_hex && (DIGITS_MIN..self.objects.kind.len_in_hex()).contains(&name.len()) {
            self.objects.starting_with(name)?
        } else {
            None
        };
        match (referenced, object) {
            (Some(one), Some(other)) if one != other => {
                Err(GitFault::Ambiguous { revision: name.to_owned(), found: "a reference and an object".to_owned() })
            }
            (Some(found), _) | (None, Some(found)) => Ok(found),
            (None, None) if name == "HEAD" || name == "@" => Err(GitFault::Unborn(name.to_owned())),
            (None, None) => Err(GitFault::NoSuchRevision(name.to_owned())),
        }
    }

    /// The best common ancestor of two commits, the latest of several. The names are for faults.
    pub(super) fn merge_base(&self, one: (ObjectId, &str), other: (ObjectId, &str)) -> Result<ObjectId, GitFault> {
        if one.0 == other.0 {
            return Ok(one.0);
        }
        let mut walk = Walk::from(self, one.0, &[other.0])?;
        let mut common = walk.run()?;
        // Dates may lie: of several, those behind another one are no best ones.
        if common.len() > 1 {
            let all = common.clone();
            let mut best = Vec::new();
            for id in all.iter().copied() {
                let others: Vec<ObjectId> = all.iter().copied().filter(|other| *other != id).collect();
                let mut walk = Walk::from(self, id, &others)?;
                walk.run()?;
                best.extend((!walk.has(id, OTHER)).then_some(id));
            }
            common = best;
        }
        match common.into_iter().max_by_key(|id| (walk.time(*id), *id)) {
            Some(found) => Ok(found),
            None if self.shallow.is_empty() => Err(GitFault::Unrelated { one: one.1.to_owned(), other: other.1.to_owned() }),
            None => Err(GitFault::Shallow(format!("the commit where `{}` and `{}` parted", one.1, other.1))),
        }
    }
}

/// Reached from the one commit.
const ONE: u8 = 1;
/// Reached from the other.
const OTHER: u8 = 2;
/// Behind a common ancestor.
const STALE: u8 = 4;

struct Seen {
    flags: u8,
    parents: Vec<ObjectId>,
    time: i64,
    is_queued: bool,
}

/// A walk from two commits backwards.
struct Walk<'r> {
    history: &'r History<'r>,
    seen: HashMap<ObjectId, Seen>,
    queue: BinaryHeap<(i64, ObjectId)>,
    /// Queued commits that are not stale; without any, all common ancestors that matter have been met.
    undecided: usize,
}

impl<'r> Walk<'r> {
    fn from(history: &'r History<'r>, one: ObjectId, others: &[ObjectId]) -> Result<Self, GitFault> {
        let mut walk = Self { history, seen: HashMap::new(), queue: BinaryHeap::new(), undecided: 0 };
        walk.mark(one, ONE)?;
        for other in others {
            walk.mark(*other, OTHER)?;
        }
        Ok(walk)
    }

    fn has(&self, id: ObjectId, flag: u8) -> bool {
        self.seen.get(&id).is_some_and(|seen| seen.flags & flag != 0)
    }

    fn time(&self, id: ObjectId) -> i64 {
        self.seen.get(&id).map_or(0, |seen| seen.time)
    }

    /// Adds flags to a commit and queues it if they are new.
    fn mark(&mut self, id: ObjectId, flags: u8) -> Result<(), GitFault> {
        if !self.seen.contains_key(&id) {
            if self.seen.len() >= COMMITS_MAX {
                return Err(GitFault::TooLarge(format!("more than {COMMITS_MAX} commits since its history parted")));
            }
            let commit = self.history.commit(id)?;
            self.seen.insert(id, Seen { flags: 0, parents: commit.parents, time: commit.time, is_queued: false });
        }
        let Some(seen) = self.seen.get_mut(&id) else { return Ok(()) };
        if seen.flags & flags == flags {
            return Ok(());
        }
        let was_undecided = seen.is_queued && seen.flags & STALE == 0;
        seen.flags |= flags;
        if !seen.is_queued {
            seen.is_queued = true;
            self.queue.push((seen.time, id));
        }
        let is_undecided = seen.flags & STALE == 0;
        self.undecided = self.undecided + usize::from(is_undecided) - usize::from(was_undecided);
        Ok(())
    }

    /// Walks until nothing new can be common; gives the common ancestors that are not known to be behind another one.
    fn run(&mut self) -> Result<Vec<ObjectId>, GitFault> {
        let mut common = Vec::new();
        while self.undecided > 0 {
            let Some((_, id)) = self.queue.pop() else { break };
            let Some(seen) = self.seen.get_mut(&id) else { continue };
            seen.is_queued = false;
            let mut flags = seen.flags;
            if flags & STALE == 0 {
                self.undecided -= 1;
            }
            if flags == ONE | OTHER {
                common.push(id);
                flags |= STALE;
            }
            for parent in seen.parents.clone() {
                self.mark(parent, flags)?;
            }
        }
        common.retain(|id| !self.has(*id, STALE));
        common.sort_unstable();
        common.dedup();
        Ok(common)
    }
}
