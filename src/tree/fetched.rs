//! A base that was fetched into a folder: the whole list of a commit's files, and the bytes of those that a judgement reads.
//!
//! Answers for: a folder that stands for a revision exactly, without its history: links and submodules stay what they are, a file that was
//! not fetched is a fault and never an empty or missing one, and every file is held against its name. Files lie under their names in git, so
//! that no path of theirs is ever one on disk, and none of them is taken for a file of the folder around.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use gix_hash::{Kind, ObjectId};
use serde::{Deserialize, Serialize};

use super::folder::read_regular;
use super::{FileKind, LeftOut, Listing, Tree, TreeError};

/// The file that says what is there.
pub const MANIFEST: &str = "packman-base.json";
/// The folder of the files, each under its name in git.
pub const BLOBS: &str = "blobs";
/// What the first member of that file says.
const SCHEMA: &str = "packman.base/1";
/// The named limit on that file, in bytes.
const MANIFEST_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// A commit's files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    schema: String,
    /// `OWNER/NAME`.
    pub repository: String,
    /// The commit's whole name.
    pub commit: String,
    /// The root's path below the work tree's top, `""` for the top.
    pub prefix: String,
    /// Every file and link below the root, in path order.
    pub files: Vec<File>,
    /// Submodules below the root.
    pub submodules: Vec<String>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its path from the root.
    pub path: String,
    /// Its name in git.
    pub id: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it is a symbolic link.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_link: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde gives a reference
fn is_false(is: &bool) -> bool {
    !is
}

impl Manifest {
    /// Of a commit.
    #[must_use]
    pub fn new(repository: String, commit: String, prefix: String, files: Vec<File>, submodules: Vec<String>) -> Self {
        Self { schema: SCHEMA.to_owned(), repository, commit, prefix, files, submodules }
    }
}

/// Whether a path is one that git could have: names that are not empty, `.`, `..` or `.git`.
#[must_use]
pub fn is_plain(path: &str) -> bool {
    path.split('/').all(|name| !name.is_empty() && !matches!(name, "." | "..") && !name.eq_ignore_ascii_case(".git"))
}

/// The name in git of a file with these bytes, of the kind of `id`.
#[must_use]
pub fn name_of(id: &str, bytes: &[u8]) -> Option<String> {
    let kind = Kind::from_hex_len(id.len())?;
    ObjectId::from_hex(id.as_bytes()).ok()?;
    gix_object::compute_hash(kind, gix_object::Kind::Blob, bytes).ok().map(|id| id.to_string())
}

/// Where the bytes are.
enum Store {
    /// In memory, while they are gathered: by name.
    Memory(HashMap<String, Vec<u8>>),
    /// In a folder.
    Folder(PathBuf),
}

/// The tree of a fetched base.
pub struct Fetched {
    manifest: Manifest,
    by_path: HashMap<String, usize>,
    store: Store,
    /// Files that were asked for and are not there.
    missing: Mutex<BTreeSet<usize>>,
    fault: Mutex<Option<String>>,
}

impl Fetched {
    /// A base whose files are being gathered.
    #[must_use]
    pub fn gathering(manifest: Manifest) -> Self {
        Self::of(manifest, Store::Memory(HashMap::new()))
    }

    fn of(manifest: Manifest, store: Store) -> Self {
        let by_path = manifest.files.iter().enumerate().map(|(at, file)| (file.path.clone(), at)).collect();
        Self { manifest, by_path, store, missing: Mutex::default(), fault: Mutex::default() }
    }

    /// Opens the folder that a base was fetched into; `None` if nothing was fetched into it.
    pub fn open(folder: &Path) -> Result<Option<Self>, TreeError> {
        let shown = folder.join(MANIFEST).display().to_string();
        let odd = |why: &str| TreeError::Base(format!("`{shown}` {why}"));
        let bytes = match read_regular(&folder.join(MANIFEST), MANIFEST_BYTES_MAX) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(error) => return Err(odd(&error.to_string())),
        };
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|_| odd("is not what `packman github base` wrote"))?;
        let is_sound = manifest.schema == SCHEMA
            && manifest.files.iter().all(|file| is_plain(&file.path) && ObjectId::from_hex(file.id.as_bytes()).is_ok());
        if !is_sound {
            return Err(odd("is not what this packman wrote"));
        }
        Ok(Some(Self::of(manifest, Store::Folder(folder.join(BLOBS)))))
    }

    /// What it is of.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The files that were asked for and are not there, in path order. They are forgotten by that.
    pub fn missing(&self) -> Vec<File> {
        let missing = std::mem::take(&mut *self.missing.lock().unwrap_or_else(PoisonError::into_inner));
        missing.into_iter().filter_map(|at| self.manifest.files.get(at).cloned()).collect()
    }

    /// Adds what was gathered.
    pub fn add(&mut self, id: String, bytes: Vec<u8>) {
        if let Store::Memory(store) = &mut self.store {
            store.insert(id, bytes);
        }
    }

    /// What was gathered, with the names in git.
    #[must_use]
    pub fn into_parts(self) -> (Manifest, HashMap<String, Vec<u8>>) {
        match self.store {
            Store::Memory(store) => (self.manifest, store),
            Store::Folder(_) => (self.manifest, HashMap::new()),
        }
    }

    fn failed(&self, why: String) -> TreeError {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| why.clone());
        TreeError::File(why)
    }

    fn bytes(&self, at: usize, file: &File, size_bytes_max: u64) -> Result<Vec<u8>, TreeError> {
        let found = match &self.store {
            Store::Memory(store) => store.get(&file.id).cloned(),
            Store::Folder(folder) => match read_regular(&folder.join(&file.id), size_bytes_max) {
                Ok(found) => found,
                Err(error) => return Err(self.failed(format!("`{}` of the fetched base {error}", file.path))),
            },
        };
        let Some(bytes) = found else {
            self.missing.lock().unwrap_or_else(PoisonError::into_inner).insert(at);
            return Err(self.failed(format!("`{}` was not fetched with the base", file.path)));
        };
        if name_of(&file.id, &bytes).as_deref() != Some(file.id.as_str()) {
            return Err(self.failed(format!("`{}` of the fetched base was changed", file.path)));
        }
        Ok(bytes)
    }
}

impl Tree for Fetched {
    fn list(&self) -> Result<Listing, TreeError> {
        let kind = |file: &File| if file.is_link { FileKind::Link } else { FileKind::File };
        let files = self.manifest.files.iter().map(|file| (file.path.as_str().into(), kind(file))).collect();
        let left_out = |path: &String| LeftOut { path: path.clone(), reason: "submodule" };
        let left_out = self.manifest.submodules.iter().map(left_out).collect();
        Ok(Listing { files, left_out, prefix: self.manifest.prefix.clone() })
    }

    fn read(&self, path: &str, size_bytes_max: u64) -> Result<Vec<u8>, TreeError> {
        let at = self.by_path.get(path).copied();
        let Some((at, file)) = at.and_then(|at| Some((at, self.manifest.files.get(at)?))) else {
            return Err(TreeError::File("it is not there".to_owned()));
        };
        if file.size > size_bytes_max {
            return Err(TreeError::TooLarge { found: file.size, max: size_bytes_max });
        }
        self.bytes(at, file, size_bytes_max)
    }

    fn holds(&self, path: &str, bytes: &[u8]) -> Option<bool> {
        let file = self.manifest.files.get(*self.by_path.get(path)?)?;
        Some(name_of(&file.id, bytes)? == file.id)
    }

    fn fault(&self) -> Option<TreeError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take().map(TreeError::Base)
    }
}
