//! The files of a commit through the API, for checkouts that have no history: https://docs.github.com/rest/git.
//!
//! Answers for: which commit an event's base is, what lies in its tree, and the bytes of single files, each held against its name. A list
//! that was cut is asked for folder by folder. What cannot be had is a fault; nothing is left out in silence.

use std::collections::VecDeque;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;

use super::access::Slug;
use super::call::{Ask, Client, part};
use super::fault::{Fault, Why};
use crate::event::CommitId;
use crate::tree::fetched::{self, File};

const READS: &str = "read the base";
const NEEDS: &str = "contents: read";

/// How the bytes of a file are asked for.
const RAW: &str = "application/vnd.github.raw+json";

/// The named limit on calls for folders of a tree that is cut.
const FOLDERS_MAX: usize = 1000;
/// The named limit on files of a tree.
const FILES_MAX: usize = 2_000_000;
/// Files that are asked for at the same time; GitHub takes up to a hundred.
const AT_ONCE: usize = 8;

/// Why a commit's files cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unhad {
    /// The world.
    Fault(Fault),
    /// What there is is not what is needed.
    Other(String),
}

impl From<Fault> for Unhad {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// What it is called.
    pub id: CommitId,
    /// Its tree.
    pub tree: CommitId,
    /// Its parents, the first first.
    pub parents: Vec<CommitId>,
}

/// The files of a folder of a tree.
#[derive(Debug, Default)]
pub struct Files {
    /// Paths from that folder on.
    pub files: Vec<File>,
    /// Other repositories in it.
    pub submodules: Vec<String>,
}

#[derive(Deserialize)]
struct Named {
    sha: String,
}

#[derive(Deserialize)]
struct CommitAnswer {
    sha: String,
    tree: Named,
    #[serde(default)]
    parents: Vec<Named>,
}

#[derive(Deserialize)]
struct Compared {
    merge_base_commit: Named,
}

#[derive(Deserialize)]
struct TreeAnswer {
    tree: Vec<Node>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Node {
    path: String,
    mode: String,
    sha: String,
    size: Option<u64>,
}

fn named(client: &Client<'_>, named: &Named) -> Result<CommitId, Fault> {
    CommitId::new(&named.sha).ok_or_else(|| client.fault(READS, Why::Odd("an object's whole name")))
}

/// A commit by its whole name; `None` if the repository has none of that name.
pub async fn commit(client: &Client<'_>, repo: &Slug, id: &CommitId) -> Result<Option<Commit>, Fault> {
    let ask = Ask::get(repo.route(&format!("/git/commits/{id}")), READS, NEEDS);
    let Some(found) = there::<CommitAnswer>(client.json(&ask).await)? else { return Ok(None) };
    let parents = found.parents.iter().map(|parent| named(client, parent)).collect::<Result<_, _>>()?;
    let commit = Commit { id: named(client, &Named { sha: found.sha })?, tree: named(client, &found.tree)?, parents };
    if commit.id != *id {
        return Err(client.fault(READS, Why::Odd("the commit that was asked for")));
    }
    Ok(Some(commit))
}

/// Where a commit parted from a branch or another commit; `None` if the repository does not have both, or they have nothing in common.
pub async fn parted(client: &Client<'_>, repo: &Slug, from: &str, head: &CommitId) -> Result<Option<CommitId>, Fault> {
    let both = format!("{}...{head}", part(from));
    let ask = Ask::get(repo.route(&format!("/compare/{both}?per_page=1")), READS, NEEDS);
    let Some(found) = there::<Compared>(client.json(&ask).await)? else { return Ok(None) };
    Ok(Some(named(client, &found.merge_base_commit)?))
}

fn there<T>(found: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Fault { why: Why::Missing | Why::Invalid(422, _), .. }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The files below the folder `prefix` (empty for the top) of a commit's tree.
pub async fn files(client: &Client<'_>, repo: &Slug, commit: &Commit, prefix: &str) -> Result<Files, Unhad> {
    let mut tree = commit.tree.to_string();
    for name in prefix.split('/').filter(|name| !name.is_empty()) {
        let nodes = tree_of(client, repo, &tree, false).await?;
        let folder = nodes.tree.into_iter().find(|node| node.path == name && node.mode == "040000");
        // The base has no such folder, and so no files.
        let Some(folder) = folder else { return Ok(Files::default()) };
        tree = named(client, &Named { sha: folder.sha })?.to_string();
    }
    let mut files = Files::default();
    let mut folders = VecDeque::from([(String::new(), tree, true)]);
    let mut calls = 0;
    while let Some((folder, tree, is_whole)) = folders.pop_front() {
        calls += 1;
        if calls > FOLDERS_MAX {
            return Err(Unhad::Other(format!(
                "its tree is cut by GitHub, and has more than {FOLDERS_MAX} folders to ask for one by one"
            )));
        }
        let answer = tree_of(client, repo, &tree, is_whole).await?;
        if answer.truncated && !is_whole {
            let shown = if folder.is_empty() { "the top".to_owned() } else { format!("`{folder}`") };
            return Err(Unhad::Other(format!("GitHub cuts what it lists of a single folder ({shown})")));
        }
        if answer.truncated {
            // Its own names first, then each of its folders, whole if that can be.
            folders.push_front((folder, tree, false));
            continue;
        }
        for node in answer.tree {
            take(client, &mut files, &mut folders, &folder, (node, is_whole))?;
        }
        if files.files.len() > FILES_MAX {
            return Err(Unhad::Other(format!("its tree has more than {FILES_MAX} files")));
        }
    }
    files.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Takes one name of a list.
fn take(
    client: &Client<'_>,
    files: &mut Files,
    folders: &mut VecDeque<(String, String, bool)>,
    folder: &str,
    (node, is_whole): (Node, bool),
) -> Result<(), Unhad> {
    let Node { path, mode, sha, size } = node;
    if !fetched::is_plain(&path) {
        return Err(Unhad::Other(format!("its tree has an entry called `{path}`")));
    }
    let path = if folder.is_empty() { path } else { format!("{folder}/{path}") };
    let id = named(client, &Named { sha })?.to_string();
    match mode.as_str() {
        // A whole list has what lies in its folders too.
        "040000" if is_whole => {}
        "040000" => folders.push_back((path, id, true)),
        "160000" => files.submodules.push(path),
        "120000" => files.files.push(File { path, id, size: size.unwrap_or(0), is_link: true }),
        "100644" | "100755" | "100664" => files.files.push(File { path, id, size: size.unwrap_or(0), is_link: false }),
        _ => return Err(Unhad::Other(format!("`{path}` in its tree is of a kind that git has not (mode {mode})"))),
    }
    Ok(())
}

async fn tree_of(client: &Client<'_>, repo: &Slug, tree: &str, is_whole: bool) -> Result<TreeAnswer, Fault> {
    let whole = if is_whole { "?recursive=1" } else { "" };
    client.json(&Ask::get(repo.route(&format!("/git/trees/{tree}{whole}")), READS, NEEDS)).await
}

/// The bytes of files, in the order given.
pub async fn blobs(client: &Client<'_>, repo: &Slug, files: &[&File]) -> Result<Vec<Vec<u8>>, Unhad> {
    stream::iter(files.iter().map(|file| blob(client, repo, file))).buffered(AT_ONCE).try_collect().await
}

async fn blob(client: &Client<'_>, repo: &Slug, file: &File) -> Result<Vec<u8>, Unhad> {
    let room = usize::try_from(file.size).unwrap_or(usize::MAX).saturating_add(1);
    let get = Ask::get(repo.route(&format!("/git/blobs/{}", file.id)), READS, NEEDS);
    let answer = client.ask(&Ask { accept: RAW, bytes_max: room, ..get }).await?;
    if fetched::name_of(&file.id, &answer.bytes).as_deref() != Some(file.id.as_str()) {
        return Err(Unhad::Other(format!("what was sent for `{}` is not what its name in git stands for", file.path)));
    }
    Ok(answer.bytes.to_vec())
}
