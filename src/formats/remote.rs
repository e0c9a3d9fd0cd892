//! Addresses and git repositories, as builders and tools of containers write them.
//!
//! Answers for: which operand is fetched over a network, and how it becomes an entry: `https://…`, `https://….git#REF:FOLDER`,
//! `…?ref=`, `ssh://…`, `git@host:path`. Its name is the address without scheme, user and query. Never decides where it leads to.

use std::ops::Range;

use crate::dependency::{Entry, Locator, Lockfile, Scopes};
use crate::ecosystem::Ecosystem;
use crate::formats::image::{HOLE, Written};
use crate::text::Text;

/// Whether it is fetched: an address, a repository, or something that only a variable knows.
pub(super) fn is_remote(written: &Written) -> bool {
    let value = &written.value;
    scheme_length(value).is_some() || is_scp(value) || written.unknowns().next().is_some_and(|unknown| unknown.start == 0)
}

/// The length of a scheme, with its `://`.
fn scheme_length(value: &str) -> Option<usize> {
    ["http://", "https://", "git://", "ssh://"]
        .into_iter()
        .find(|scheme| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
        .map(str::len)
}

/// `git@host:path`.
fn is_scp(value: &str) -> bool {
    value.split_once('@').and_then(|(user, rest)| Some((user, rest.split_once(':')?))).is_some_and(|(user, (host, path))| {
        let is_word = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        };
        is_word(user) && is_word(host) && !path.is_empty()
    })
}

/// Adds what an address or a repository names, and the hash or commit that is asked of it.
pub(super) fn push(lockfile: &mut Lockfile, text: &Text, written: &Written, checksum: Option<&Written>, scopes: Scopes) -> u32 {
    let shape = written.shape();
    let end = shape.find(['?', '#']).unwrap_or(shape.len());
    let address = shape.get(..end).unwrap_or("");
    let is_git =
        !address.to_ascii_lowercase().starts_with("http") || address.trim_end_matches('/').strip_suffix(".git").is_some();
    push_as(lockfile, text, written, checksum, is_git.then_some(end), scopes)
}

/// Adds what a kustomization names: an address of a file, or a repository and a folder in it.
pub(super) fn push_resource(lockfile: &mut Lockfile, text: &Text, written: &Written, scopes: Scopes) {
    let forced =
        written.value.strip_prefix("git::").map(|rest| written.part(written.value.len() - rest.len()..written.value.len()));
    let written = forced.as_ref().unwrap_or(written);
    let shape = written.shape();
    let query = shape.find(['?', '#']).unwrap_or(shape.len());
    let address = shape.get(..query).unwrap_or("");
    let has_reference = shape.get(query..).is_some_and(|query| query.contains("ref=") || query.contains("version="));
    let end = repository_end(address);
    let name = address.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let is_file = [".yaml", ".yml", ".json"].iter().any(|ending| name.strip_suffix(ending).is_some())
        && address.to_ascii_lowercase().starts_with("http")
        && !has_reference
        && forced.is_none();
    push_as(lockfile, text, written, None, (!is_file).then_some(end), scopes);
}

/// Where the repository ends and a folder in it begins: at `//`, behind `.git`, else behind owner and name.
fn repository_end(address: &str) -> usize {
    let start = scheme_length(address).unwrap_or(0);
    let path = address.get(start..).unwrap_or("");
    if let Some(folder) = path.find("//") {
        return start + folder;
    }
    if let Some(git) = path.find(".git/") {
        return start + git + ".git".len();
    }
    let host = path.find(['/', ':']).map_or(path.len(), |at| at + 1);
    let behind = path.get(host..).unwrap_or("");
    behind.match_indices('/').nth(1).map_or(address.len(), |(at, _)| start + host + at)
}

/// `repository_end`: where a repository's address ends; `None` for an address that is fetched as it is.
fn push_as(
    lockfile: &mut Lockfile,
    text: &Text,
    written: &Written,
    checksum: Option<&Written>,
    repository_end: Option<usize>,
    scopes: Scopes,
) -> u32 {
    let content = &text.content;
    let shape = written.shape();
    let start = scheme_length(&shape).unwrap_or(0);
    let query = shape.find(['?', '#']).unwrap_or(shape.len());
    let end = repository_end.unwrap_or(query);
    let host_end = shape.get(start..end).and_then(|rest| rest.find(['/', HOLE])).map_or(end, |length| start + length);
    let is_host_known = host_end > start && !shape.get(start..=host_end).unwrap_or(&shape).contains(HOLE);
    let user_end = shape.get(start..host_end).and_then(|host| host.rfind('@')).map_or(start, |at| start + at + 1);
    let address = shape.get(..end).unwrap_or("").trim_end_matches('/');
    let name_end = if repository_end.is_some() { address.trim_end_matches(".git").len() } else { end };
    let name = written.str(user_end..name_end.max(user_end), content);
    let mut entry = Entry::new(Ecosystem::Generic, name, None, Locator::Missing);
    entry.scopes = scopes;
    entry.direct = Some(true);
    let mut hash = checksum.map(|checksum| checksum.whole(content));
    entry.locator = if !is_host_known {
        Locator::Unresolved(written.whole(content))
    } else if repository_end.is_some() {
        let is_commit = |value: &str| matches!(value.len(), 40 | 64) && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        let reference = reference_of(written, &shape, query).map(|range| written.str(range, content));
        let commit = reference.clone().into_iter().chain(hash.take()).find(|reference| is_commit(reference.of(content)));
        entry.moving = reference.filter(|_| commit.is_none());
        entry.version.clone_from(&commit);
        Locator::Git { url: written.str(0..end, content), commit }
    } else {
        Locator::Url(written.whole(content))
    };
    let index = lockfile.push(entry);
    if let Some(hash) = hash {
        lockfile.hash(index, hash);
    }
    index
}

/// The branch, tag or commit behind a repository's address: `#REF[:FOLDER]`, or `?commit=`, `?tag=`, `?branch=`, `?ref=`.
fn reference_of(written: &Written, shape: &str, end: usize) -> Option<Range<usize>> {
    let rest = written.value.get(end..)?;
    if let Some(fragment) = rest.strip_prefix('#') {
        let length = fragment.find(':').unwrap_or(fragment.len());
        return (length > 0).then_some(end + 1..end + 1 + length);
    }
    let query_end = shape.get(end..).and_then(|query| query.find('#')).map_or(shape.len(), |at| end + at);
    for key in ["commit=", "tag=", "branch=", "ref=", "version="] {
        let mut at = end + 1;
        for part in written.value.get(at..query_end)?.split('&') {
            if part.len() > key.len() && part.starts_with(key) {
                return Some(at + key.len()..at + part.len());
            }
            at += part.len() + 1;
        }
    }
    None
}
