//! Where a folder lies in a git work tree.
//!
//! Answers for: the work tree's top and its git folder, also of linked work trees and submodules. Never reads git's configuration, never
//! obeys git's environment variables, never runs anything: a hostile repository can say what it likes there.

use std::fs;
use std::path::{Path, PathBuf};

use super::TreeError;
use super::folder::read_regular;

/// The named limit on the size of a `.git` file, in bytes.
const GIT_FILE_SIZE_BYTES_MAX: u64 = 64 * 1024;

/// A git work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WorkTree {
    /// The folder that has `.git`.
    pub(super) top: PathBuf,
    /// Where its index lies.
    pub(super) git_folder: PathBuf,
}

/// The work tree that `folder`, an absolute path, lies in: the nearest one upwards.
pub(super) fn work_tree_of(folder: &Path) -> Result<Option<WorkTree>, TreeError> {
    for top in folder.ancestors() {
        let git = top.join(".git");
        let Ok(metadata) = fs::metadata(&git) else { continue };
        if metadata.is_dir() {
            if is_git_folder(&git) {
                return Ok(Some(WorkTree { top: top.to_owned(), git_folder: git }));
            }
        } else {
            return Ok(Some(WorkTree { top: top.to_owned(), git_folder: named_by(&git)? }));
        }
    }
    Ok(None)
}

/// Whether a folder with this `.git` is a repository's work tree. An empty `.git` makes none, as for git itself.
pub(super) fn is_repository(git: &Path) -> bool {
    fs::symlink_metadata(git).is_ok_and(|metadata| !metadata.is_dir() || is_git_folder(git))
}

fn is_git_folder(path: &Path) -> bool {
    fs::symlink_metadata(path.join("HEAD")).is_ok()
}

/// The git folder that a `.git` file names: `gitdir: `, then a path, relative ones from the file's own folder.
fn named_by(git_file: &Path) -> Result<PathBuf, TreeError> {
    let fault = |reason: String| TreeError::Root { path: git_file.display().to_string(), reason };
    let content = match read_regular(git_file, GIT_FILE_SIZE_BYTES_MAX) {
        Ok(content) => content.unwrap_or_default(),
        Err(error) => return Err(fault(error.to_string())),
    };
    let content = String::from_utf8_lossy(&content);
    let Some(named) = content.strip_prefix("gitdir: ") else {
        return Err(fault("is a file that does not begin with `gitdir: `".to_owned()));
    };
    let named = named.trim_end_matches(['\r', '\n']);
    let git_folder = git_file.parent().unwrap_or(git_file).join(named);
    if is_git_folder(&git_folder) { Ok(git_folder) } else { Err(fault(format!("names {named}, which is no repository"))) }
}
