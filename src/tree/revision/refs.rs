//! Git's references: HEAD, branches and tags as files or packed, of linked work trees too.
//!
//! Answers for: which object a name stands for, and where history was cut. Never reads git's configuration: the length of an object's
//! name tells which hash a repository uses. Specification: gitrepository-layout(5), gitrevisions(7).

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use gix_hash::{Kind, ObjectId};

use super::GitFault;
use crate::tree::folder::read_regular;

/// The named limit on the size of a file with one reference, in bytes.
const REFERENCE_SIZE_BYTES_MAX: u64 = 64 * 1024;

/// The named limit on the sizes of `packed-refs` and `shallow`, in bytes.
const LIST_SIZE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The named limit on references that name references, git's own.
const SYMBOLIC_MAX: usize = 5;

/// Where a short name may stand, in git's order; `HEAD` of a remote comes last.
const PLACES: [(&str, &str); 6] =
    [("", ""), ("refs/", ""), ("refs/tags/", ""), ("refs/heads/", ""), ("refs/remotes/", ""), ("refs/remotes/", "/HEAD")];

/// The references of one repository.
pub(super) struct References {
    git_folder: PathBuf,
    common: PathBuf,
    packed: String,
}

/// What a reference says.
enum Said {
    Object(ObjectId),
    Name(String),
}

impl References {
    /// Opens the references of a git folder, maybe a linked work tree's.
    pub(super) fn open(git_folder: &Path) -> Result<Self, GitFault> {
        let common = match text(git_folder, "commondir", REFERENCE_SIZE_BYTES_MAX)? {
            Some(named) => git_folder.join(named.trim_end_matches(['\r', '\n'])),
            None => git_folder.to_owned(),
        };
        if common.join("reftable").is_dir() {
            return Err(GitFault::Reftable);
        }
        let packed = text(&common, "packed-refs", LIST_SIZE_BYTES_MAX)?.unwrap_or_default();
        Ok(Self { git_folder: git_folder.to_owned(), common, packed })
    }

    /// Git's folder that all work trees share.
    pub(super) fn common(&self) -> &Path {
        &self.common
    }

    /// The hash that objects are named by: the length of any name tells. A repository without any name has no object either.
    pub(super) fn kind(&self) -> Result<Kind, GitFault> {
        if let Some(id) = self.find("HEAD")? {
            return Ok(id.kind());
        }
        let packed = self.packed.lines().find_map(|line| id(line.split(' ').next()?));
        let fetched = match packed {
            None => self.find("FETCH_HEAD")?,
            found => found,
        };
        Ok(fetched.map_or(Kind::Sha1, |id| id.kind()))
    }

    /// The object that a full name stands for; `None` if there is no such reference, or one to a branch without a commit.
    pub(super) fn find(&self, name: &str) -> Result<Option<ObjectId>, GitFault> {
        let mut name = name.to_owned();
        for _ in 0..SYMBOLIC_MAX {
            match self.said(&name)? {
                Some(Said::Object(id)) => return Ok(Some(id)),
                Some(Said::Name(next)) => name = next,
                None => return Ok(None),
            }
        }
        Err(GitFault::File { file: name, reason: "is named by itself".to_owned() })
    }

    fn said(&self, name: &str) -> Result<Option<Said>, GitFault> {
        if !is_well_formed(name) {
            return Ok(None);
        }
        let is_own = !name.starts_with("refs/") || name.starts_with("refs/worktree/") || name.starts_with("refs/bisect/");
        let folder = if is_own { &self.git_folder } else { &self.common };
        if let Some(content) = text(folder, name, REFERENCE_SIZE_BYTES_MAX)? {
            if let Some(next) = content.strip_prefix("ref:") {
                return Ok(Some(Said::Name(next.trim().to_owned())));
            }
            let digits = content.split(|c: char| !c.is_ascii_hexdigit()).next().unwrap_or("");
            return match id(digits) {
                Some(id) => Ok(Some(Said::Object(id))),
                // Git's folder has other files at its top, and `main` is not the file `config`.
                None if !name.starts_with("refs/") && name != "HEAD" => Ok(None),
                None => Err(GitFault::File { file: name.to_owned(), reason: "is no reference: it names no object".to_owned() }),
            };
        }
        let packed = self.packed.lines().find_map(|line| id(line.strip_suffix(name)?.strip_suffix(' ')?));
        Ok(packed.map(Said::Object))
    }

    /// The object that a short name stands for. Several references of that name are a fault unless they agree: which of them git itself
    /// would take depends on who could push a tag.
    pub(super) fn short(&self, name: &str) -> Result<Option<ObjectId>, GitFault> {
        if name == "HEAD" || name == "@" {
            return self.find("HEAD");
        }
        let mut found: Vec<(String, ObjectId)> = Vec::new();
        for (before, behind) in PLACES {
            let full = format!("{before}{name}{behind}");
            if let Some(id) = self.find(&full)? {
                found.push((full, id));
            }
        }
        let first = found.first().map(|(_, id)| *id);
        if found.iter().all(|(_, id)| Some(*id) == first) {
            return Ok(first);
        }
        let names: Vec<String> = found.iter().map(|(name, _)| format!("`{name}`")).collect();
        Err(GitFault::Ambiguous { revision: name.to_owned(), found: names.join(" and ") })
    }

    /// Commits whose parents were not fetched.
    pub(super) fn shallow(&self) -> Result<HashSet<ObjectId>, GitFault> {
        let content = text(&self.common, "shallow", LIST_SIZE_BYTES_MAX)?.unwrap_or_default();
        Ok(content.lines().filter_map(|line| id(line.trim())).collect())
    }
}

/// An object's whole name.
pub(super) fn id(digits: &str) -> Option<ObjectId> {
    ObjectId::from_hex(digits.as_bytes()).ok()
}

/// Git's own rules as far as they keep a name inside its folder.
fn is_well_formed(name: &str) -> bool {
    let is_odd = |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    !name.contains(is_odd) && !name.contains("..") && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
}

/// A file of git's own; `None` if it is not there or is a folder.
fn text(folder: &Path, name: &str, size_bytes_max: u64) -> Result<Option<String>, GitFault> {
    let path = folder.join(name);
    if path.is_dir() {
        return Ok(None);
    }
    match read_regular(&path, size_bytes_max) {
        Ok(bytes) => Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) => Err(GitFault::File { file: name.to_owned(), reason: error.to_string() }),
    }
}
