//! Where files come from: a folder on disk, a revision of git, a map in tests.
//!
//! Answers for: which files there are, in which order, and their bytes, bounded to the root. Never follows a link, never leaves the
//! root, never interprets a format.

pub mod fetched;
mod folder;
mod git;
mod ignore;
mod index;
mod links;
mod overlay;
mod revision;
mod walk;

use std::collections::BTreeMap;
use std::path::Path;

use thiserror::Error;

pub use folder::{is_of_repository, open};
pub(crate) use links::REASON as LINK;
pub use overlay::Overlay;
pub use revision::{Commit, GitFault, Repository};

/// What a path is. Folders are not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A symbolic link: listed, never followed.
    Link,
}

/// Something that was found and left out on purpose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Path relative to the root.
    pub path: String,
    /// Why: `submodule`, `nested repository`, `filled by a package manager`, `unreadable folder`, `symbolic link` (to a folder).
    pub reason: &'static str,
}

/// What a tree has.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Files and links, relative to the root, `/`-separated, in any order.
    pub files: Vec<(Box<str>, FileKind)>,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
    /// The root's own path below the work tree's top, `""` at the top or outside git. SARIF addresses begin with it.
    pub prefix: String,
}

/// The world failing while a tree is listed or read.
#[derive(Debug, Error)]
pub enum TreeError {
    /// The root cannot be used.
    #[error("{path}: {reason}")]
    Root {
        /// As given.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// Git's index is there and cannot be understood.
    #[error("git's index cannot be read: {0}")]
    Index(String),
    /// Git cannot give a revision.
    #[error(transparent)]
    Git(#[from] GitFault),
    /// A base that was fetched is not what it should be.
    #[error("the base cannot be had: {0}")]
    Base(String),
    /// One file cannot be read.
    #[error("cannot be read: {0}")]
    File(String),
    /// One file is over the limit.
    #[error("is {found} bytes long, over the limit of {max}")]
    TooLarge {
        /// Bytes found.
        found: u64,
        /// Bytes allowed.
        max: u64,
    },
}

/// A place that files come from. Everything that packman judges goes through here.
pub trait Tree: Sync {
    /// What there is.
    fn list(&self) -> Result<Listing, TreeError>;
    /// The bytes of one listed regular file, at most `size_bytes_max` of them.
    fn read(&self, path: &str, size_bytes_max: u64) -> Result<Vec<u8>, TreeError>;
    /// Whether the listed file at `path` has exactly these bytes, where that is known without reading it.
    fn holds(&self, _path: &str, _bytes: &[u8]) -> Option<bool> {
        None
    }
    /// Whether the tree leaves a path out that is there on some machines only: one that its ignore files name, or that package managers fill.
    fn ignores(&self, _path: &str) -> bool {
        false
    }
    /// What the world could not give while files were read, told once: files that failed for it are not to be judged as unreadable.
    fn fault(&self) -> Option<TreeError> {
        None
    }
}

/// Opens the folder at `path` as the base of a head: as what `packman github base` fetched into it, else as it is. With what it is, for
/// people.
pub fn open_base(path: &Path, head: &dyn Tree) -> Result<(Box<dyn Tree>, String), TreeError> {
    let shown = path.display();
    let Some(base) = fetched::Fetched::open(path)? else { return Ok((open(path)?, format!("`{shown}`"))) };
    let (prefix, own) = (&base.manifest().prefix, head.list()?.prefix);
    if *prefix != own {
        let folder = |prefix: &str| if prefix.is_empty() { "the top".to_owned() } else { format!("`{prefix}`") };
        return Err(TreeError::Base(format!("it was fetched for {}, and {} is judged", folder(prefix), folder(&own))));
    }
    let name = format!("`{shown}` (commit {} of {})", base.manifest().commit, base.manifest().repository);
    Ok((Box::new(base), name))
}

/// A tree in memory, for tests.
#[derive(Clone, Debug, Default)]
pub struct MapTree(pub BTreeMap<String, Vec<u8>>);

impl MapTree {
    /// A tree of these texts.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, content)| ((*path).to_owned(), content.as_bytes().to_vec())).collect())
    }
}

impl Tree for MapTree {
    fn list(&self) -> Result<Listing, TreeError> {
        let files = self.0.keys().map(|path| (path.as_str().into(), FileKind::File)).collect();
        Ok(Listing { files, ..Listing::default() })
    }

    fn read(&self, path: &str, size_bytes_max: u64) -> Result<Vec<u8>, TreeError> {
        let bytes = self.0.get(path).ok_or_else(|| TreeError::File("no such file".to_owned()))?;
        let found = bytes.len() as u64;
        if found > size_bytes_max {
            return Err(TreeError::TooLarge { found, max: size_bytes_max });
        }
        Ok(bytes.clone())
    }
}
