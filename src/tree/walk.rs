//! One walk over a folder: what is tracked and there, what is untracked and not ignored, what is left out.
//!
//! Answers for: reading each folder once, which tells at the same time which tracked files exist and which others there are. Nothing is
//! asked of the system for a file beyond its name and kind. Never follows a link, never enters `.git`.

use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::folder::read_regular;
use super::git;
use super::ignore::{IGNORE_FILE_SIZE_BYTES_MAX, Rules};
use super::index::{Index, Tracked};
use super::{FileKind, LeftOut, Listing};

/// What untracked files are left out.
#[derive(Clone, Debug)]
pub(super) enum Ignoring {
    /// None: below a folder of a sparse index nobody knows which files are tracked.
    Nothing,
    /// None but what package managers fill: outside git.
    Filled,
    /// Those that these rules ignore, and those that `.gitignore` files further down do.
    Rules(Option<Arc<Rules>>),
    /// All: the folder itself is ignored.
    Everything,
}

/// One folder to visit.
struct Folder {
    /// Its path from the top, empty or with a last `/`.
    path: Vec<u8>,
    /// Where it is.
    disk: PathBuf,
    /// What is tracked below it.
    tracked: Range<usize>,
    ignoring: Ignoring,
}

/// A walk: what it knows.
struct Walk<'a> {
    index: &'a Index,
    /// How much of a path from the top is above the root.
    above_size: usize,
}

/// What one folder gave.
#[derive(Default)]
struct Visit {
    listing: Listing,
    folders: Vec<Folder>,
}

/// So many folders are visited in a row: to hand one over to another thread costs as much as a visit.
const FOLDERS_MIN: usize = 8;

/// Lists the folder at `disk`. Its path from the work tree's top is `prefix`, empty or with a last `/`.
pub(super) fn list(disk: &Path, prefix: &[u8], index: &Index, ignoring: Ignoring) -> Listing {
    let walk = Walk { index, above_size: prefix.len() };
    let tracked = index.below(&index.all(), prefix);
    let mut listing = Listing::default();
    for (path, what) in index.iter(&tracked) {
        if what == Tracked::Submodule {
            listing.left_out.push(LeftOut { path: walk.shown(path), reason: "submodule" });
        }
    }
    let mut folders = vec![Folder { path: prefix.to_vec(), disk: disk.to_owned(), tracked, ignoring }];
    while !folders.is_empty() {
        let visits: Vec<Visit> = folders.into_par_iter().with_min_len(FOLDERS_MIN).map(|folder| walk.visit(folder)).collect();
        folders = Vec::new();
        for mut visit in visits {
            listing.files.append(&mut visit.listing.files);
            listing.left_out.append(&mut visit.listing.left_out);
            folders.append(&mut visit.folders);
        }
    }
    listing
}

/// What the `.gitignore` files from `top` down to the folder at `prefix` ignore there, before that folder's own.
pub(super) fn ignoring_at(top: &Path, prefix: &[u8], names: &[OsString]) -> Ignoring {
    let mut rules = None;
    let mut disk = top.to_owned();
    let mut size = 0;
    for name in names {
        rules = with_ignore_file(rules, prefix.get(..size).unwrap_or(&[]), &disk);
        size += name.len();
        if rules.as_deref().is_some_and(|rules| rules.ignore(prefix.get(..size).unwrap_or(&[]), true)) {
            return Ignoring::Everything;
        }
        size += 1;
        disk.push(name);
    }
    Ignoring::Rules(rules)
}

/// Whether a path below the root, or a folder above it, is one that package managers fill, or that the `.gitignore` files from the work
/// tree's top down ignore; whether it is there or not. `in_git` is that top, with the names of the folders from there to the root.
pub(super) fn ignores(in_git: Option<(&Path, &[OsString])>, path: &str) -> bool {
    if path
        .match_indices('/')
        .map(|(at, _)| at)
        .chain([path.len()])
        .any(|end| is_filled(path.get(..end).unwrap_or(path).as_bytes()))
    {
        return true;
    }
    let Some((top, names)) = in_git else { return false };
    let mut rules = None;
    let mut disk = top.to_owned();
    let mut whole = String::new();
    let parts: Vec<&str> = names.iter().filter_map(|name| name.to_str()).chain(path.split('/')).collect();
    for (number, part) in parts.iter().enumerate() {
        // A folder that is none, or a link, has no ignore file.
        if fs::symlink_metadata(&disk).is_ok_and(|found| found.is_dir()) {
            rules = with_ignore_file(rules, whole.as_bytes(), &disk);
        }
        whole.push_str(part);
        let ignores = |is_folder: bool| rules.as_deref().is_some_and(|rules: &Rules| rules.ignore(whole.as_bytes(), is_folder));
        if ignores(true) || (number + 1 == parts.len() && ignores(false)) {
            return true;
        }
        whole.push('/');
        disk.push(part);
    }
    false
}

fn with_ignore_file(rules: Option<Arc<Rules>>, folder: &[u8], disk: &Path) -> Option<Arc<Rules>> {
    match read_regular(&disk.join(".gitignore"), IGNORE_FILE_SIZE_BYTES_MAX) {
        Ok(Some(content)) => Rules::and(rules, folder, content),
        Ok(None) | Err(_) => rules,
    }
}

impl Walk<'_> {
    fn visit(&self, mut folder: Folder) -> Visit {
        let mut visit = Visit::default();
        let names = match names_in(&folder.disk) {
            Ok(names) => names,
            Err(error) => {
                self.unreadable(&folder, &error, &mut visit);
                return visit;
            }
        };
        let is_root = folder.path.len() == self.above_size;
        let may_be_nested = !is_root && folder.tracked.is_empty() && !matches!(folder.ignoring, Ignoring::Filled);
        if may_be_nested && names.iter().any(|(name, _)| name == ".git") && git::is_repository(&folder.disk.join(".git")) {
            visit.listing.left_out.push(LeftOut { path: self.shown(trimmed(&folder.path)), reason: "nested repository" });
            return visit;
        }
        if let Ignoring::Rules(rules) = &mut folder.ignoring
            && names.iter().any(|(name, kind)| name == ".gitignore" && kind.is_some_and(|kind| kind.is_file()))
        {
            *rules = with_ignore_file(rules.take(), &folder.path, &folder.disk);
        }
        let mut path = folder.path.clone();
        for (name, kind) in names.iter().filter(|(name, _)| name != ".git") {
            path.truncate(folder.path.len());
            path.extend_from_slice(name.as_encoded_bytes());
            if kind.is_some_and(|kind| kind.is_dir()) {
                self.meet_folder(&folder, name, &mut path, &mut visit);
            } else if self.index.find(&folder.tracked, &path).is_some() || !folder.ignoring.ignore(&path, false) {
                let kind = if kind.is_some_and(|kind| kind.is_symlink()) { FileKind::Link } else { FileKind::File };
                visit.listing.files.push((self.shown(&path).into(), kind));
            }
        }
        visit
    }

    /// Decides whether the folder at `path` is visited.
    fn meet_folder(&self, above: &Folder, name: &OsString, path: &mut Vec<u8>, visit: &mut Visit) {
        let is_submodule = self.index.find(&above.tracked, path) == Some(Tracked::Submodule);
        let mut ignoring = above.ignoring.clone();
        if matches!(ignoring, Ignoring::Filled) && is_filled(path) {
            visit.listing.left_out.push(LeftOut { path: self.shown(path), reason: "filled by a package manager" });
            return;
        }
        let is_ignored = ignoring.ignore(path, true);
        path.push(b'/');
        let tracked = self.index.below(&above.tracked, path);
        if tracked.is_empty() && (is_submodule || is_ignored) {
            return;
        }
        if self.index.find(&tracked, path) == Some(Tracked::Folder) {
            ignoring = Ignoring::Nothing;
        } else if is_ignored {
            ignoring = Ignoring::Everything;
        }
        visit.folders.push(Folder { path: path.clone(), disk: above.disk.join(name), tracked, ignoring });
    }

    /// Tracked files in a folder that cannot be read are listed: reading them fails and says why. The rest is left out by name.
    fn unreadable(&self, folder: &Folder, error: &io::Error, visit: &mut Visit) {
        if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
            return; // it went away meanwhile
        }
        let tracked = self.index.iter(&folder.tracked).filter(|(_, what)| *what == Tracked::File);
        visit.listing.files.extend(tracked.map(|(path, _)| (self.shown(path).into(), FileKind::File)));
        visit.listing.left_out.push(LeftOut { path: self.shown(trimmed(&folder.path)), reason: "unreadable folder" });
    }

    /// A path from the root. A name that is not UTF-8 is listed with replacement characters, which `read` refuses.
    fn shown(&self, path: &[u8]) -> String {
        String::from_utf8_lossy(path.get(self.above_size..).unwrap_or(&[])).into_owned()
    }
}

impl Ignoring {
    fn ignore(&self, path: &[u8], is_folder: bool) -> bool {
        match self {
            Self::Nothing | Self::Filled => false,
            Self::Everything => true,
            Self::Rules(rules) => rules.as_deref().is_some_and(|rules| rules.ignore(path, is_folder)),
        }
    }
}

/// Folders that hold what a package manager installed or built.
fn is_filled(path: &[u8]) -> bool {
    let mut names = path.rsplit(|byte| *byte == b'/');
    match names.next() {
        Some(b"node_modules" | b".venv" | b"target") => true,
        Some(b"bundle") => names.next() == Some(b"vendor"),
        _ => false,
    }
}

fn trimmed(folder: &[u8]) -> &[u8] {
    folder.strip_suffix(b"/").unwrap_or(folder)
}

/// Names and kinds; a kind that cannot be told is left to whoever reads the file.
fn names_in(disk: &Path) -> io::Result<Vec<(OsString, Option<FileType>)>> {
    fs::read_dir(disk)?.map(|entry| entry.map(|entry| (entry.file_name(), entry.file_type().ok()))).collect()
}
