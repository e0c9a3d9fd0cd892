//! Files of a base that are gone from their path and stand elsewhere at the head, where nobody looks.
//!
//! Answers for: the same bytes at a path that no format claims, that the policy excludes, or that the tree left out; and a lockfile that
//! went to an excluded folder together with its declaration, whatever it says now. Looks only when something is gone, only at what is new
//! or changed, and at no file that is larger than what is gone. A file that was edited on the way to a name without meaning is not found.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use rayon::prelude::*;

use super::{Seen, anchor, in_left_out};
use crate::neighbours::{folder_of, join};
use crate::policy::Policy;
use crate::snapshot::Judged;
use crate::text::{FILE_SIZE_BYTES_MAX, Place, TextId};
use crate::tree::{FileKind, LeftOut};

/// The named limit on paths that are tried below folders that a tree left out, which nobody lists.
const LEFT_OUT_LOOKS_MAX: usize = 10_000;

/// A judged file of the base that is gone.
pub(super) struct Gone<'b> {
    path: &'b str,
    bytes: &'b [u8],
    /// The declaration that lies nearest below its folder: its path from there, and what it says.
    declaration: Option<(&'b str, &'b [u8])>,
}

/// A reason as a fragment, and where it shows.
type Found = (String, Option<Place>);

/// Files of one name by number: by the path of the declaration from there, and by what it says.
type ByDeclaration<'b> = BTreeMap<&'b str, HashMap<&'b [u8], Vec<usize>>>;

/// A file of the head that is new, or that was excluded before with other bytes.
struct Candidate<'h> {
    text: TextId,
    path: &'h str,
    is_excluded: bool,
}

impl<'b> Gone<'b> {
    /// `None` if the file says nothing that could be lost.
    pub(super) fn of(base: Seen<'b>, judged: &Judged, declarations: &BTreeSet<&'b str>) -> Option<Self> {
        let path = base.side.path(judged.lockfile.text);
        let bytes_at = |path: &str| {
            let text = base.side.texts.find(path)?;
            let _ = base.side.texts.read(base.tree, text);
            Some(base.side.texts.loaded(text)?.bytes())
        };
        let folder = folder_of(path);
        let below = |path: &'b str| if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') };
        let nearest = declarations.iter().copied().filter_map(|path| Some((path, below(path)?)));
        let nearest = nearest.min_by_key(|(_, below)| below.matches('/').count());
        let declaration = nearest.and_then(|(path, below)| Some((below, bytes_at(path)?))).filter(|(_, bytes)| !bytes.is_empty());
        Some(Self { path, bytes: bytes_at(path)?, declaration }).filter(|_| !judged.lockfile.entries.is_empty())
    }

    /// Whether a path that nobody listed has this file, or one of its name with its declaration.
    fn is_at(&self, path: &str, head: Seen<'_>) -> bool {
        let is_beside = |(below, bytes): (&str, &[u8])| holds(head, &join(folder_of(path), below), bytes);
        holds(head, path, self.bytes)
            || self.declaration.is_some_and(is_beside) && head.tree.read(path, FILE_SIZE_BYTES_MAX).is_ok()
    }
}

/// For each file that is gone, where it stands now.
pub(super) fn find(gone: &[Gone<'_>], base: Seen<'_>, head: Seen<'_>, policy: &Policy) -> Vec<Option<Found>> {
    if gone.is_empty() {
        return Vec::new();
    }
    let candidates = candidates(base, head, policy);
    let mut search =
        Search { gone, base, head, policy, candidates, found: vec![None; gone.len()], renamed: vec![false; gone.len()] };
    search.for_same_bytes();
    search.for_same_declaration();
    search.in_left_out();
    search.found
}

/// A search: what it knows and what it has found.
struct Search<'s> {
    gone: &'s [Gone<'s>],
    base: Seen<'s>,
    head: Seen<'s>,
    policy: &'s Policy,
    candidates: Vec<Candidate<'s>>,
    found: Vec<Option<Found>>,
    /// Which files are judged under another name, so that copies of them elsewhere do not matter.
    renamed: Vec<bool>,
}

impl<'s> Search<'s> {
    fn for_same_bytes(&mut self) {
        let mut by_bytes: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (number, gone) in self.gone.iter().enumerate() {
            by_bytes.entry(gone.bytes).or_default().push(number);
        }
        let sizes: HashSet<usize> = by_bytes.keys().map(|bytes| bytes.len()).collect();
        let judged = self.head.side.lockfiles.iter().filter(|judged| judged.is_judged());
        let texts = judged.filter_map(|judged| self.head.side.text(judged.lockfile.text));
        for text in texts.filter(|text| sizes.contains(&text.bytes().len())) {
            let numbers = by_bytes.get(text.bytes()).filter(|_| !was_at(self.base, &text.path, text.bytes()));
            for number in numbers.into_iter().flatten() {
                if let Some(renamed) = self.renamed.get_mut(*number) {
                    *renamed = true;
                }
            }
        }
        let size_max = sizes.iter().max().copied().unwrap_or(0) as u64;
        let are_renamed = self.renamed.iter().all(|renamed| *renamed);
        let folders: HashSet<&str> = self.gone.iter().map(|gone| folder_of(gone.path)).collect();
        self.assign(|search, candidate| {
            if are_renamed && !folders.contains(folder_of(candidate.path)) {
                return None;
            }
            let bytes = search.head.tree.read(candidate.path, size_max).ok();
            let bytes = bytes.filter(|bytes| sizes.contains(&bytes.len()))?;
            by_bytes.get(bytes.as_slice()).filter(|_| !was_at(search.base, candidate.path, &bytes))
        });
    }

    fn for_same_declaration(&mut self) {
        let mut by_declaration: HashMap<&str, ByDeclaration<'_>> = HashMap::new();
        let mut size_max = 0;
        for (number, gone) in self.open() {
            if let Some((below, bytes)) = gone.declaration {
                let named = by_declaration.entry(name_of(gone.path)).or_default();
                named.entry(below).or_default().entry(bytes).or_default().push(number);
                size_max = size_max.max(bytes.len() as u64);
            }
        }
        self.assign(|search, candidate| {
            let name = name_of(candidate.path);
            let named = by_declaration.get(name).filter(|_| candidate.is_excluded)?;
            named.iter().find_map(|(below, by_content)| {
                let path = join(folder_of(candidate.path), below);
                let bytes = search.head.tree.read(&path, size_max).ok()?;
                by_content.get(bytes.as_slice()).filter(|_| !was_at(search.base, &path, &bytes))
            })
        });
    }

    /// Folders that only the head's tree left out, as far as it can be looked into: the same path below them, with fewer and fewer
    /// folders above it.
    fn in_left_out(&mut self) {
        let before: BTreeSet<&LeftOut> = self.base.side.coverage.left_out.iter().collect();
        let mut looks = 0;
        for one in self.head.side.coverage.left_out.iter().filter(|one| !before.contains(one)) {
            for (number, gone) in self.open() {
                let ends: Vec<&str> =
                    std::iter::successors(Some(gone.path), |path| path.split_once('/').map(|(_, rest)| rest)).collect();
                looks += ends.len();
                if looks > LEFT_OUT_LOOKS_MAX {
                    return;
                }
                if ends.iter().any(|end| gone.is_at(&join(&one.path, end), self.head)) {
                    let found = (in_left_out("stands", one), anchor::of_left_out(self.head, one));
                    if let Some(slot) = self.found.get_mut(number) {
                        *slot = Some(found.clone());
                    }
                }
            }
        }
    }

    /// What is not found yet, by number.
    fn open(&self) -> Vec<(usize, &'s Gone<'s>)> {
        let states = self.found.iter().zip(&self.renamed).map(|(found, renamed)| found.is_none() && !renamed);
        self.gone.iter().enumerate().zip(states).filter(|(_, is_open)| *is_open).map(|(gone, _)| gone).collect()
    }

    /// Gives each candidate to one of the files that it matches, those of its own folder first: of two equal files, one may have moved and
    /// the other been deleted. What is judged under another name stands nowhere else but in its own folder.
    fn assign<'n>(&mut self, matches: impl Fn(&Self, &Candidate<'s>) -> Option<&'n Vec<usize>> + Sync) {
        let candidates = self.candidates.par_iter();
        let pairs: Vec<(&Candidate<'_>, &Vec<usize>)> =
            candidates.filter_map(|candidate| Some((candidate, matches(self, candidate)?))).collect();
        let mut groups: BTreeMap<&Vec<usize>, Vec<&Candidate<'_>>> = BTreeMap::new();
        for (candidate, numbers) in pairs {
            groups.entry(numbers).or_default().push(candidate);
        }
        for (numbers, candidates) in groups {
            let mut at_home: HashMap<&str, VecDeque<usize>> = HashMap::new();
            for number in numbers {
                let folder = self.gone.get(*number).map_or("", |gone| folder_of(gone.path));
                at_home.entry(folder).or_default().push_back(*number);
            }
            let home = |candidate: &Candidate<'_>| at_home.get_mut(folder_of(candidate.path)).and_then(VecDeque::pop_front);
            let mut homes: Vec<Option<usize>> = candidates.iter().copied().map(home).collect();
            let taken: HashSet<usize> = homes.iter().flatten().copied().collect();
            let is_renamed = |number: usize| self.renamed.get(number).copied().unwrap_or(false);
            let mut others = numbers.iter().copied().filter(|number| !taken.contains(number) && !is_renamed(*number));
            homes.iter_mut().filter(|home| home.is_none()).for_each(|home| *home = others.next());
            for (candidate, number) in candidates.into_iter().zip(homes) {
                let found = told(candidate, self.head, self.policy);
                if let Some(slot) = number.and_then(|number| self.found.get_mut(number)) {
                    *slot = Some(found);
                }
            }
        }
    }
}

fn told(candidate: &Candidate<'_>, head: Seen<'_>, policy: &Policy) -> Found {
    match head.excluded(policy, candidate.path).filter(|_| candidate.is_excluded) {
        Some(place) => (format!("stands at `{}` now, which the policy excludes", candidate.path), Some(place)),
        None => (format!("stands at `{}` now, where nothing reads it", candidate.path), Some(head.start(candidate.text))),
    }
}

/// The files of the head that nobody judges and that are new, or excluded, in path order.
fn candidates<'h>(base: Seen<'_>, head: Seen<'h>, policy: &Policy) -> Vec<Candidate<'h>> {
    let read: HashSet<TextId> = head.side.lockfiles.iter().map(|judged| judged.lockfile.text).collect();
    let excluded: HashSet<TextId> = head.side.coverage.excluded.iter().copied().collect();
    let files = head.side.texts.paths().filter(|(text, _, kind)| *kind == FileKind::File && !read.contains(text));
    let files = files.filter(|(text, path, _)| excluded.contains(text) || base.side.texts.find(path).is_none());
    files.map(|(text, path, _)| Candidate { text, path, is_excluded: policy.excludes(path).is_some() }).collect()
}

/// Whether a file has exactly these bytes.
fn holds(seen: Seen<'_>, path: &str, bytes: &[u8]) -> bool {
    let read = || seen.tree.read(path, bytes.len() as u64).is_ok_and(|read| read == bytes);
    seen.tree.holds(path, bytes).unwrap_or_else(read)
}

/// Whether a side listed this very file.
fn was_at(seen: Seen<'_>, path: &str, bytes: &[u8]) -> bool {
    seen.side.texts.find(path).is_some() && holds(seen, path, bytes)
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
