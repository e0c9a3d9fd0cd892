//! A revision of a git repository as a tree, read from git's objects without a checkout.
//!
//! Answers for: which commit a name stands for, where two of them parted, and the files of a commit below the root, in the same meaning as a
//! folder's: tracked files, links listed and not followed, submodules left out, LFS pointers as they are. Never reads git's configuration,
//! never obeys git's environment, never runs anything: a hostile repository can say what it likes there. What git cannot give is a
//! [`GitFault`], never guessed.

mod fault;
mod history;
mod objects;
mod refs;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use gix_hash::ObjectId;
use gix_object::TreeRefIter;
use rayon::prelude::*;

pub use fault::GitFault;

use self::history::History;
use self::objects::{Objects, Unread};
use self::refs::References;
use super::folder::{Root, root_of};
use super::{FileKind, LeftOut, Listing, Tree, TreeError, links};

/// The named limits on what a revision lists: a tree may name another one many times.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Files and folders, as many as the largest index has.
    entries_max: usize,
    /// Their paths together, in bytes.
    paths_size_bytes_max: usize,
}

/// The named limit on what a link says, in bytes: no system follows longer ones.
const LINK_SIZE_BYTES_MAX: u64 = 4096;

const LIMITS: Limits = Limits { entries_max: 8 * 1024 * 1024, paths_size_bytes_max: 1024 * 1024 * 1024 };

/// What a listing has used of its limits, whichever thread did.
struct Budget {
    limits: Limits,
    entries: AtomicUsize,
    paths_size: AtomicUsize,
}

impl Budget {
    fn spend(&self, path_size: usize) -> Result<(), GitFault> {
        let Limits { entries_max, paths_size_bytes_max } = self.limits;
        let entries = self.entries.fetch_add(1, Ordering::Relaxed);
        let size = self.paths_size.fetch_add(path_size, Ordering::Relaxed).saturating_add(path_size);
        if entries >= entries_max || size > paths_size_bytes_max {
            let found = format!("more than {entries_max} files and folders or {paths_size_bytes_max} bytes of paths");
            return Err(GitFault::TooLarge(found));
        }
        Ok(())
    }
}

/// One commit of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit(ObjectId);

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The repository that a folder lies in.
pub struct Repository {
    objects: Arc<Objects>,
    references: References,
    shallow: HashSet<ObjectId>,
    /// Names of the folders between the work tree's top and the root.
    names: Vec<Vec<u8>>,
}

impl Repository {
    /// Opens the repository of the folder at `path`, which becomes the root of its revisions.
    pub fn open(path: &Path) -> Result<Self, TreeError> {
        let Root { work_tree, names, .. } = root_of(path)?;
        let work_tree = work_tree.ok_or_else(|| GitFault::NoRepository(path.display().to_string()))?;
        let references = References::open(&work_tree.git_folder)?;
        let objects = Arc::new(Objects::open(references.common(), references.kind()?)?);
        let shallow = references.shallow()?;
        let names = names.into_iter().map(|name| name.as_encoded_bytes().to_vec()).collect();
        Ok(Self { objects, references, shallow, names })
    }

    fn history(&self) -> History<'_> {
        History { objects: &self.objects, references: &self.references, shallow: &self.shallow }
    }

    /// The commit that a name stands for: a branch, a tag, a commit, maybe with `~N` or `^N` behind.
    pub fn commit(&self, revision: &str) -> Result<Commit, GitFault> {
        self.history().resolve(revision).map(Commit)
    }

    /// The parents that a commit names, whether or not they were fetched.
    pub fn parents(&self, commit: Commit) -> Result<Vec<Commit>, GitFault> {
        Ok(self.history().written(commit.0)?.parents.into_iter().map(Commit).collect())
    }

    /// Where two commits parted: their best common ancestor. The names are for faults.
    pub fn merge_base(&self, one: (Commit, &str), other: (Commit, &str)) -> Result<Commit, GitFault> {
        self.history().merge_base((one.0.0, one.1), (other.0.0, other.1)).map(Commit)
    }

    /// The files of a commit below the root.
    pub fn tree(&self, commit: Commit) -> Result<Box<dyn Tree>, GitFault> {
        let tree = self.history().commit(commit.0)?.tree;
        let objects = Arc::clone(&self.objects);
        Ok(Box::new(Revision { objects, tree, names: self.names.clone(), blobs: OnceLock::new(), fault: Mutex::default() }))
    }
}

/// The tree of one commit.
struct Revision {
    objects: Arc<Objects>,
    tree: ObjectId,
    names: Vec<Vec<u8>>,
    /// The blob of each listed file.
    blobs: OnceLock<HashMap<Box<str>, ObjectId>>,
    /// The first object that git could not give while files were read.
    fault: Mutex<Option<GitFault>>,
}

/// One folder to list: its path from the root, empty or with a last `/`, and its tree.
type Folder = (Vec<u8>, ObjectId);

/// What one folder has.
#[derive(Default)]
struct Visit {
    files: Vec<(Vec<u8>, FileKind, ObjectId)>,
    left_out: Vec<LeftOut>,
    folders: Vec<Folder>,
}

impl Tree for Revision {
    fn list(&self) -> Result<Listing, TreeError> {
        Ok(self.list_within(LIMITS)?)
    }

    fn read(&self, path: &str, size_bytes_max: u64) -> Result<Vec<u8>, TreeError> {
        if path.contains(char::REPLACEMENT_CHARACTER) {
            return Err(TreeError::File("a name in its path is not UTF-8".to_owned()));
        }
        let blob = self.blobs.get().and_then(|blobs| blobs.get(path)).copied();
        let blob = blob.ok_or_else(|| TreeError::File("it is not there".to_owned()))?;
        match self.objects.read(blob, size_bytes_max) {
            Ok((gix_object::Kind::Blob, bytes)) => Ok(bytes),
            Ok((kind, _)) => Err(self.failed(GitFault::Corrupt { id: blob, reason: format!("it is a {kind}, not a file") })),
            Err(Unread::TooLarge(found)) => Err(TreeError::TooLarge { found, max: size_bytes_max }),
            Err(Unread::Fault(fault)) => Err(self.failed(fault)),
        }
    }

    fn holds(&self, path: &str, bytes: &[u8]) -> Option<bool> {
        let blob = self.blobs.get()?.get(path)?;
        Some(*blob == self.objects.name_of(bytes)?)
    }

    fn fault(&self) -> Option<TreeError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take().map(TreeError::Git)
    }
}

impl Revision {
    fn list_within(&self, limits: Limits) -> Result<Listing, GitFault> {
        let prefix = String::from_utf8_lossy(&self.names.join(&b'/')).into_owned();
        let mut listing = Listing { prefix, ..Listing::default() };
        let mut blobs = HashMap::new();
        let budget = Budget { limits, entries: AtomicUsize::new(0), paths_size: AtomicUsize::new(0) };
        let mut folders: Vec<Folder> = self.root()?.map(|tree| (Vec::new(), tree)).into_iter().collect();
        while !folders.is_empty() {
            let visits: Result<Vec<Visit>, GitFault> =
                folders.into_par_iter().map(|folder| self.visit(&folder, &budget)).collect();
            folders = Vec::new();
            for mut visit in visits? {
                for (path, kind, blob) in visit.files {
                    let shown: Box<str> = String::from_utf8_lossy(&path).into();
                    listing.files.push((shown.clone(), kind));
                    blobs.insert(shown, blob);
                }
                listing.left_out.append(&mut visit.left_out);
                folders.append(&mut visit.folders);
            }
        }
        links::leave_out(&mut listing, |path| {
            let (_, target) = self.objects.read(*blobs.get(path)?, LINK_SIZE_BYTES_MAX).ok()?;
            String::from_utf8(target).ok()
        });
        let _ = self.blobs.set(blobs);
        Ok(listing)
    }

    /// Remembers what git could not give: the file is unreadable for now, and nobody may take that for the file's own fault.
    fn failed(&self, fault: GitFault) -> TreeError {
        let error = TreeError::File(fault.to_string());
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
        error
    }

    /// The tree of the root; `None` if the commit has no such folder.
    fn root(&self) -> Result<Option<ObjectId>, GitFault> {
        let mut at = self.tree;
        for name in &self.names {
            let bytes = self.entries(at)?;
            let mut found = None;
            for entry in TreeRefIter::from_bytes(&bytes, self.objects.kind) {
                let entry = entry.map_err(|error| GitFault::Corrupt { id: at, reason: error.to_string() })?;
                if entry.filename == name.as_slice() && entry.mode.is_tree() {
                    found = Some(entry.oid.to_owned());
                }
            }
            let Some(next) = found else { return Ok(None) };
            at = next;
        }
        Ok(Some(at))
    }

    fn entries(&self, tree: ObjectId) -> Result<Vec<u8>, GitFault> {
        match self.objects.meta(tree)? {
            (gix_object::Kind::Tree, bytes) => Ok(bytes),
            (kind, _) => Err(GitFault::Corrupt { id: tree, reason: format!("it is a {kind}, not a folder") }),
        }
    }

    /// What one folder has, counted before it is kept: limits that are looked at later come too late.
    fn visit(&self, (path, tree): &Folder, budget: &Budget) -> Result<Visit, GitFault> {
        let bytes = self.entries(*tree)?;
        let mut visit = Visit::default();
        for entry in TreeRefIter::from_bytes(&bytes, self.objects.kind) {
            let corrupt = |reason: String| GitFault::Corrupt { id: *tree, reason };
            let entry = entry.map_err(|error| corrupt(error.to_string()))?;
            let name: &[u8] = entry.filename;
            if name.is_empty() || name.contains(&b'/') || [b".".as_slice(), b"..", b".git"].contains(&name) {
                return Err(corrupt(format!("it has an entry called `{}`", String::from_utf8_lossy(name))));
            }
            budget.spend(path.len() + name.len())?;
            let full = [path, name].concat();
            let id = entry.oid.to_owned();
            if entry.mode.is_tree() {
                visit.folders.push(([full.as_slice(), b"/"].concat(), id));
            } else if entry.mode.is_commit() {
                visit.left_out.push(LeftOut { path: String::from_utf8_lossy(&full).into_owned(), reason: "submodule" });
            } else {
                let kind = if entry.mode.is_link() { FileKind::Link } else { FileKind::File };
                visit.files.push((full, kind, id));
            }
        }
        Ok(visit)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::PathBuf;
    use std::process::{Command, Stdio};

    use super::*;

    /// A repository, gone when dropped.
    struct Scratch(PathBuf);

    impl Scratch {
        fn git(&self, words: &str, input: &str) -> String {
            let mut command = Command::new("git");
            command.args(["-c", "user.name=a", "-c", "user.email=a@example.invalid"]).args(words.split(' ')).current_dir(&self.0);
            command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "git {words}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// Three trees of two hundred names each stand for eight million files.
    #[test]
    fn a_tree_that_names_one_tree_again_and_again_is_too_large_before_it_is_listed() {
        let scratch = Scratch(std::env::temp_dir().join(format!("packman-wide-{}", std::process::id())));
        std::fs::create_dir_all(&scratch.0).unwrap();
        scratch.git("init -q -b main", "");
        let mut id = scratch.git("hash-object -w --stdin", "");
        let mut kind = "100644 blob";
        for _ in 0..3 {
            let entries: String = (0..200).map(|number| format!("{kind} {id}\t{number:03}\n")).collect();
            id = scratch.git("mktree", &entries);
            kind = "040000 tree";
        }
        let commit = scratch.git(&format!("commit-tree -m wide {id}"), "");
        scratch.git(&format!("update-ref refs/heads/main {commit}"), "");
        let repository = Repository::open(&scratch.0).unwrap();
        let tree = repository.history().commit(repository.commit("main").unwrap().0).unwrap().tree;
        let revision = |objects: &Arc<Objects>| Revision {
            objects: Arc::clone(objects),
            tree,
            names: Vec::new(),
            blobs: OnceLock::new(),
            fault: Mutex::default(),
        };
        for limits in [Limits { entries_max: 50_000, ..LIMITS }, Limits { paths_size_bytes_max: 50_000, ..LIMITS }] {
            let fault = revision(&repository.objects).list_within(limits).unwrap_err();
            assert!(matches!(&fault, GitFault::TooLarge(found) if found.contains("50000")), "{fault}");
        }
        // A folder of it has 200 folders of 200 files, and fits.
        let below = Revision { names: vec![b"000".to_vec()], ..revision(&repository.objects) };
        let listing = below.list_within(Limits { entries_max: 200 * 201, ..LIMITS }).unwrap();
        assert_eq!(listing.files.len(), 200 * 200);
        assert!(below.list_within(Limits { entries_max: 200 * 201 - 1, ..LIMITS }).is_err());
    }
}
