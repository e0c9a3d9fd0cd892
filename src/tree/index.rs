//! Git's index: which paths a repository tracks.
//!
//! Answers for: paths and what each one is, from versions 2, 3 and 4, split and sparse ones included, with SHA-1 or SHA-256 object
//! names. Nothing else of an entry is kept. Specification: gitformat-index(5). Quirks: the file doesn't say which object names it has,
//! and only one length fits; a split index leaves out what its shared one has; optional extensions (capital first letter: caches of
//! trees, of untracked files, of a file system monitor) are not even decoded; like git itself, the checksum at the end is not verified.
//! Never reads git's configuration or objects, never runs anything.

use std::ops::Range;
use std::path::Path;

use super::TreeError;
use super::folder::read_regular;

/// The named limit on the index's size, in bytes.
const INDEX_SIZE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// The named limit on all paths together, in bytes: version 4 can state long paths in few bytes.
const PATHS_SIZE_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// The named limit on entries: what fits into the largest index.
const ENTRIES_MAX: u32 = 512 * 1024 * 1024 / 64;

/// Lengths of SHA-1 and SHA-256 object names, in bytes.
const NAME_SIZES_BYTES: [usize; 2] = [20, 32];

/// What a tracked path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracked {
    /// A file or a link; the disk says which.
    File,
    /// Another repository's commit.
    Submodule,
    /// Everything below a folder, in a sparse index. Its path ends with `/`.
    Folder,
}

#[derive(Clone, Debug)]
struct Entry {
    path: Range<u32>,
    stage: u8,
    tracked: Tracked,
}

/// Tracked paths from the work tree's top, sorted by their bytes, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    paths: Vec<u8>,
    entries: Vec<Entry>,
}

/// Reads the index of a git folder; without one, nothing is tracked yet.
pub(super) fn read(git_folder: &Path) -> Result<Index, TreeError> {
    let bytes = match read_regular(&git_folder.join("index"), INDEX_SIZE_BYTES_MAX) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Index::default()),
        Err(error) => return Err(TreeError::Index(format!("it {error}"))),
    };
    decode(&bytes, &|name| match read_regular(&git_folder.join(name), INDEX_SIZE_BYTES_MAX) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(format!("it builds on {name}, which is not there")),
        Err(error) => Err(format!("it builds on {name}, which {error}")),
    })
    .map_err(TreeError::Index)
}

/// What an index says; `shared` gives the bytes of the shared index that a split one builds on.
fn decode(bytes: &[u8], shared: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<Index, String> {
    let mut fault = String::new();
    for name_size in NAME_SIZES_BYTES {
        match parse(bytes, name_size) {
            Ok(Parsed { index, link: None }) => return index.checked(),
            Ok(Parsed { index, link: Some(link) }) => {
                let base = shared(&format!("sharedindex.{}", link.base))?;
                let base = parse(&base, name_size)?;
                return match base.link {
                    None => merge(base.index.checked()?, &index, &link),
                    Some(_) => Err("its shared index is split itself".to_owned()),
                };
            }
            // The first fault is told: nearly every index has SHA-1 names.
            Err(found) if fault.is_empty() => fault = found,
            Err(_) => {}
        }
    }
    Err(fault)
}

impl Index {
    /// All entries.
    pub(super) fn all(&self) -> Range<usize> {
        0..self.entries.len()
    }

    /// The part of `range` that lies below `folder`, which is empty or ends with `/`.
    pub(super) fn below(&self, range: &Range<usize>, folder: &[u8]) -> Range<usize> {
        let entries = self.entries.get(range.clone()).unwrap_or(&[]);
        let start = entries.partition_point(|entry| self.path(entry) < folder);
        let rest = entries.get(start..).unwrap_or(&[]);
        let length = rest.partition_point(|entry| self.path(entry).starts_with(folder));
        range.start + start..range.start + start + length
    }

    /// What `path` is, if it is tracked and in `range`.
    pub(super) fn find(&self, range: &Range<usize>, path: &[u8]) -> Option<Tracked> {
        let entries = self.entries.get(range.clone())?;
        let at = entries.binary_search_by(|entry| self.path(entry).cmp(path)).ok()?;
        entries.get(at).map(|entry| entry.tracked)
    }

    /// The entries of `range`.
    pub(super) fn iter(&self, range: &Range<usize>) -> impl Iterator<Item = (&[u8], Tracked)> {
        self.entries.get(range.clone()).unwrap_or(&[]).iter().map(|entry| (self.path(entry), entry.tracked))
    }

    fn path(&self, entry: &Entry) -> &[u8] {
        self.paths.get(entry.path.start as usize..entry.path.end as usize).unwrap_or(&[])
    }

    fn push(&mut self, path: &[u8], stage: u8, tracked: Tracked) -> Result<(), String> {
        if self.paths.len() + path.len() > PATHS_SIZE_BYTES_MAX {
            return Err(format!("its paths take more than {PATHS_SIZE_BYTES_MAX} bytes"));
        }
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let start = offset(self.paths.len());
        self.paths.extend_from_slice(path);
        self.entries.push(Entry { path: start..offset(self.paths.len()), stage, tracked });
        Ok(())
    }

    /// Refuses paths that are empty or out of order: everything here searches by halves. Keeps one of several stages.
    fn checked(mut self) -> Result<Self, String> {
        let paths = &self.paths;
        let path = |entry: &Entry| paths.get(entry.path.start as usize..entry.path.end as usize).unwrap_or(&[]);
        if self.entries.first().is_some_and(|entry| path(entry).is_empty()) {
            return Err("an entry has no path".to_owned());
        }
        let is_sorted = self.entries.is_sorted_by(|a, b| path(a) < path(b) || (path(a) == path(b) && a.stage < b.stage));
        if !is_sorted {
            return Err("its entries are out of order".to_owned());
        }
        self.entries.dedup_by(|b, a| path(a) == path(b));
        Ok(self)
    }
}

/// A split index: which shared one it builds on, and which of that one's entries it deletes or replaces.
struct Link {
    base: String,
    deleted: Vec<u32>,
    replaced: Vec<u32>,
}

/// Entries in the order of the file. Those that replace a shared entry have no path.
struct Parsed {
    index: Index,
    link: Option<Link>,
}

fn parse(bytes: &[u8], name_size: usize) -> Result<Parsed, String> {
    let body = bytes.len().checked_sub(name_size).and_then(|end| bytes.get(..end)).unwrap_or(&[]);
    let mut cursor = Cursor(body);
    if cursor.take(4) != Some(b"DIRC") {
        return Err("it does not begin with DIRC".to_owned());
    }
    let version = cursor.u32().ok_or("it ends within its header")?;
    if !(2..=4).contains(&version) {
        return Err(format!("its version is {version}, expected 2, 3 or 4"));
    }
    let count = cursor.u32().ok_or("it ends within its header")?;
    let mut index = Index::default();
    let mut path = Vec::new();
    for number in 1..=count {
        let entry = parse_entry(&mut cursor, version, name_size, &mut path)
            .ok_or_else(|| format!("entry {number} of {count} is broken"))?;
        index.push(&path, entry.0, entry.1)?;
    }
    let mut link = None;
    while !cursor.0.is_empty() {
        let (signature, content) = parse_extension(&mut cursor).ok_or("an extension of it is broken")?;
        match signature {
            // A link without a name is what git writes when there is nothing to share.
            b"link" if content.get(..name_size).is_some_and(|name| name.iter().all(|byte| *byte == 0)) => {}
            b"link" => link = Some(parse_link(content, name_size).ok_or("its link to a shared index is broken")?),
            b"sdir" => {}
            [first, ..] if first.is_ascii_uppercase() => {}
            unknown => return Err(format!("it needs the unknown extension `{}`", unknown.escape_ascii())),
        }
    }
    Ok(Parsed { index, link })
}

/// One entry: its stage and what it is; its path replaces what is in `path`, which has the one before.
fn parse_entry(cursor: &mut Cursor, version: u32, name_size: usize, path: &mut Vec<u8>) -> Option<(u8, Tracked)> {
    let before = cursor.0.len();
    cursor.take(24)?; // times, device, inode
    let mode = cursor.u32()?;
    cursor.take(12 + name_size)?; // owner, group, size, object name
    let flags = cursor.u16()?;
    if flags & 0x4000 != 0 {
        cursor.take((version >= 3).then_some(2)?)?;
    }
    if version == 4 {
        let kept = path.len().checked_sub(cursor.varint()?)?;
        path.truncate(kept);
    } else {
        path.clear();
    }
    path.extend_from_slice(cursor.until_nul()?);
    if version < 4 {
        let read = before - cursor.0.len();
        cursor.take(read.next_multiple_of(8) - read)?;
    }
    let length = usize::from(flags & 0xFFF);
    if length != path.len().min(0xFFF) {
        return None;
    }
    let tracked = match mode >> 12 {
        0o10 | 0o12 => Tracked::File,
        0o16 => Tracked::Submodule,
        0o04 if path.ends_with(b"/") => Tracked::Folder,
        _ => return None,
    };
    Some((u8::try_from(flags >> 12 & 3).ok()?, tracked))
}

fn parse_extension<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a [u8; 4], &'a [u8])> {
    let signature = cursor.take(4)?.first_chunk()?;
    let size = cursor.u32()?;
    Some((signature, cursor.take(size as usize)?))
}

fn parse_link(content: &[u8], name_size: usize) -> Option<Link> {
    let mut cursor = Cursor(content);
    let name = cursor.take(name_size)?;
    let digits = name.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let base = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    let (deleted, replaced) = if cursor.0.is_empty() { (Vec::new(), Vec::new()) } else { (cursor.bitmap()?, cursor.bitmap()?) };
    cursor.0.is_empty().then_some(Link { base, deleted, replaced })
}

/// The shared index with the split one's changes.
fn merge(base: Index, split: &Index, link: &Link) -> Result<Index, String> {
    let count = base.entries.len();
    let position = |bit: &u32| {
        let position = *bit as usize;
        if position < count { Ok(position) } else { Err(format!("it changes entry {position} of {count} shared ones")) }
    };
    // Paths stay in the base's buffer; what is not deleted or replaced is taken over as it is.
    let mut kept: Vec<Option<Entry>> = base.entries.into_iter().map(Some).collect();
    let mut merged = Index { paths: base.paths, entries: Vec::with_capacity(count) };
    let mut changes = split.entries.iter();
    for bit in &link.replaced {
        let change = changes.next().filter(|change| change.path.is_empty()).ok_or("a replaced entry is missing")?;
        if let Some(Some(entry)) = kept.get_mut(position(bit)?) {
            *entry = Entry { path: entry.path.clone(), ..change.clone() };
        }
    }
    for bit in &link.deleted {
        if let Some(entry) = kept.get_mut(position(bit)?) {
            *entry = None;
        }
    }
    merged.entries.extend(kept.into_iter().flatten());
    for added in changes {
        merged.push(split.path(added), added.stage, added.tracked)?;
    }
    let Index { paths, entries } = &mut merged;
    let path = |entry: &Entry| paths.get(entry.path.start as usize..entry.path.end as usize).unwrap_or(&[]);
    entries.sort_by(|a, b| path(a).cmp(path(b)).then(a.stage.cmp(&b.stage)));
    merged.checked()
}

/// What is left of some bytes; each step is `None` where they end.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().copied().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().copied().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.first_chunk().copied().map(u64::from_be_bytes)
    }

    fn until_nul(&mut self) -> Option<&'a [u8]> {
        let taken = self.take(memchr::memchr(0, self.0)?)?;
        self.take(1)?;
        Some(taken)
    }

    /// Git's offset encoding: seven bits a byte, the highest first, each longer form begins where the shorter ends.
    fn varint(&mut self) -> Option<usize> {
        let mut value = 0_usize;
        loop {
            let byte = *self.take(1)?.first()?;
            value = value.checked_mul(128)?.checked_add(usize::from(byte & 127))?;
            if byte & 128 == 0 {
                return Some(value);
            }
            value = value.checked_add(1)?;
        }
    }

    /// The positions of an EWAH bitmap's set bits.
    fn bitmap(&mut self) -> Option<Vec<u32>> {
        let bits = self.u32().filter(|bits| *bits <= ENTRIES_MAX)?;
        let words = self.u32()?;
        let mut words = Cursor(self.take((words as usize).checked_mul(8)?)?);
        self.take(4)?; // where the last run begins
        let mut set = Vec::new();
        let mut at = 0_u64;
        while !words.0.is_empty() {
            let run = words.u64()?;
            let end = at + (run >> 1 & 0xFFFF_FFFF) * 64;
            // The last run may be longer than the bitmap.
            if end > u64::from(bits).next_multiple_of(64) {
                return None;
            }
            if run & 1 == 1 {
                set.extend((at..end.min(bits.into())).filter_map(|bit| u32::try_from(bit).ok()));
            }
            at = end;
            for _ in 0..run >> 33 {
                let literal = words.u64()?;
                set.extend((0..64).filter(|bit| literal >> bit & 1 == 1).filter_map(|bit| u32::try_from(at + bit).ok()));
                at += 64;
            }
        }
        Some(set)
    }
}
