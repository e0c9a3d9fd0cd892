//! A folder on disk, in a git work tree or outside one.
//!
//! Answers for: what the root is, and reading files below it. Every part of a path is checked to be a real folder before the file is
//! opened, and the file to be a regular one, so that no link leads out and no pipe blocks. Never executes anything.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::git::{self, WorkTree};
use super::index::{self, Index};
use super::links;
use super::walk::{self, Ignoring};
use super::{Listing, Tree, TreeError};

/// The tree of the files below a folder.
#[derive(Debug)]
struct Folder {
    root: PathBuf,
    work_tree: Option<WorkTree>,
    /// Names of the folders between the work tree's top and the root.
    names: Vec<OsString>,
    /// Folders below the root that were seen to be real ones.
    real: Mutex<HashSet<Box<str>>>,
}

/// A root of judgement: where it is, and where in a git work tree.
pub(super) struct Root {
    path: PathBuf,
    pub(super) work_tree: Option<WorkTree>,
    /// Names of the folders between the work tree's top and the root.
    pub(super) names: Vec<OsString>,
}

/// The folder at `path` as a root of judgement. It may be named by a link.
pub(super) fn root_of(path: &Path) -> Result<Root, TreeError> {
    let fault = |reason: String| TreeError::Root { path: path.display().to_string(), reason };
    let root = path.canonicalize().map_err(|error| match error.kind() {
        ErrorKind::NotFound => fault("is not there".to_owned()),
        _ => fault(format!("cannot be opened: {error}")),
    })?;
    if !root.is_dir() {
        return Err(fault("is not a folder".to_owned()));
    }
    let work_tree = git::work_tree_of(&root)?;
    let mut names = Vec::new();
    if let Some(WorkTree { top, .. }) = &work_tree {
        let below = root.strip_prefix(top).unwrap_or(Path::new(""));
        names = below.components().map(|part| part.as_os_str().to_owned()).collect();
    }
    if names.iter().any(|name| name == ".git") {
        return Err(fault("lies in git's own folder".to_owned()));
    }
    Ok(Root { path: root, work_tree, names })
}

/// Opens the folder at `path` as a root of judgement. It may be named by a link; nothing below it is followed.
pub fn open(path: &Path) -> Result<Box<dyn Tree>, TreeError> {
    let Root { path: root, work_tree, names } = root_of(path)?;
    Ok(Box::new(Folder { root, work_tree, names, real: Mutex::default() }))
}

/// Whether a file is one of the repository that a root lies in, so that a change can edit it: wherever it lies there, and whether git knows
/// it or not. What `.gitignore` or another repository holds is none.
pub fn is_of_repository(root: &Path, file: &Path) -> Result<bool, TreeError> {
    let Root { path, work_tree, .. } = root_of(root)?;
    let top = work_tree.map_or(path, |work_tree| work_tree.top);
    let real = file.canonicalize().ok();
    let Some(below) = real.as_deref().and_then(|file| file.strip_prefix(&top).ok()) else { return Ok(false) };
    let names: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let path = names.join("/");
    Ok(open(&top)?.list()?.files.iter().any(|(known, _)| **known == *path))
}

impl Tree for Folder {
    fn list(&self) -> Result<Listing, TreeError> {
        let Some(WorkTree { top, git_folder }) = &self.work_tree else {
            return Ok(self.with_links(walk::list(&self.root, b"", &Index::default(), Ignoring::Filled)));
        };
        let index = index::read(git_folder)?;
        let prefix: Vec<u8> = self.names.iter().flat_map(|name| [name.as_encoded_bytes(), b"/"].concat()).collect();
        let listing = walk::list(&self.root, &prefix, &index, walk::ignoring_at(top, &prefix, &self.names));
        let prefix = String::from_utf8_lossy(&prefix).trim_end_matches('/').to_owned();
        Ok(self.with_links(Listing { prefix, ..listing }))
    }

    fn ignores(&self, path: &str) -> bool {
        let rules = self.work_tree.as_ref().map(|WorkTree { top, .. }| (top.as_path(), self.names.as_slice()));
        walk::ignores(rules, path)
    }

    fn read(&self, path: &str, size_bytes_max: u64) -> Result<Vec<u8>, TreeError> {
        if path.contains(char::REPLACEMENT_CHARACTER) {
            return Err(TreeError::File("a name in its path is not UTF-8".to_owned()));
        }
        let disk = self.real_path(path)?;
        match read_regular(&disk, size_bytes_max) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(TreeError::File("it is not there".to_owned())),
            Err(ReadError::TooLarge { found, max }) => Err(TreeError::TooLarge { found, max }),
            Err(error) => Err(TreeError::File(format!("it {error}"))),
        }
    }
}

impl Folder {
    /// The same listing, links at folders left out.
    fn with_links(&self, mut listing: Listing) -> Listing {
        links::leave_out(&mut listing, |path| {
            let target = fs::read_link(self.real_path(path).ok()?).ok()?;
            Some(target.to_str()?.to_owned())
        });
        listing
    }

    /// Where `path` is on disk, all folders on the way being real ones below the root.
    fn real_path(&self, path: &str) -> Result<PathBuf, TreeError> {
        let is_plain = |name: &str| {
            let mut parts = Path::new(name).components();
            matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
        };
        if !path.split('/').all(is_plain) {
            return Err(TreeError::File("its path leads out of the root".to_owned()));
        }
        let mut disk = self.root.clone();
        let Some((folder, name)) = path.rsplit_once('/') else {
            disk.push(path);
            return Ok(disk);
        };
        let is_known = self.real.lock().unwrap_or_else(PoisonError::into_inner).contains(folder);
        for part in folder.split('/') {
            disk.push(part);
            if is_known {
                continue;
            }
            match fs::symlink_metadata(&disk) {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => return Err(TreeError::File(format!("`{part}` in its path is a link or a file, which is not followed"))),
                Err(error) => return Err(TreeError::File(error.to_string())),
            }
        }
        if !is_known {
            self.real.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.into());
        }
        disk.push(name);
        Ok(disk)
    }
}

/// Why a file could not be read. Lowercase fragments about "it".
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("is a symbolic link, which is not followed")]
    Link,
    #[error("is not a regular file")]
    Special,
    #[error("was exchanged while it was opened")]
    Exchanged,
    #[error("is {found} bytes long, over the limit of {max}")]
    TooLarge { found: u64, max: u64 },
    #[error("cannot be read: {0}")]
    System(#[from] std::io::Error),
}

/// The bytes of a regular file, `None` if nothing is there. Pipes and devices are not opened, links not followed.
pub(super) fn read_regular(path: &Path, size_bytes_max: u64) -> Result<Option<Vec<u8>>, ReadError> {
    let seen = match fs::symlink_metadata(path) {
        Ok(seen) => seen,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if seen.is_symlink() {
        return Err(ReadError::Link);
    }
    if !seen.is_file() {
        return Err(ReadError::Special);
    }
    let too_large = |found| ReadError::TooLarge { found, max: size_bytes_max };
    if seen.len() > size_bytes_max {
        return Err(too_large(seen.len()));
    }
    let file = File::open(path)?;
    if !is_same(&seen, &file.metadata()?) {
        return Err(ReadError::Exchanged);
    }
    // One byte more than expected tells the end without another allocation; the file may still grow while it is read.
    let mut bytes = Vec::with_capacity(usize::try_from(seen.len()).unwrap_or(0).saturating_add(1));
    file.take(size_bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    let found = bytes.len() as u64;
    if found > size_bytes_max { Err(too_large(found)) } else { Ok(Some(bytes)) }
}

/// Whether what was opened is what was looked at: between the two, a link could have taken its place.
#[cfg(unix)]
fn is_same(seen: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    opened.is_file() && seen.dev() == opened.dev() && seen.ino() == opened.ino()
}

/// The standard library has no file identity elsewhere.
#[cfg(not(unix))]
fn is_same(_: &Metadata, opened: &Metadata) -> bool {
    opened.is_file()
}
