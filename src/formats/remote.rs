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
pub(super) fn push(lockfile: &mut Lockfile, text: &Text, written: &Written, checksum: Option<&Written>, scopes: Scopes) {
    let content = &text.content;
    let shape = written.shape();
    let scheme = scheme_length(&shape);
    let end = shape.find(['?', '#']).unwrap_or(shape.len());
    let start = scheme.unwrap_or(0);
    let host_end = shape.get(start..end).and_then(|rest| rest.find(['/', HOLE])).map_or(end, |length| start + length);
    let is_host_known = !shape.get(start..=host_end).unwrap_or("").contains(HOLE) && (scheme.is_some() || is_scp(&shape));
    let user_end = shape.get(start..host_end).and_then(|host| host.rfind('@')).map_or(start, |at| start + at + 1);
    let address = shape.get(..end).unwrap_or("");
    let repository = address.trim_end_matches('/');
    let is_git =
        is_host_known && (!address.to_ascii_lowercase().starts_with("http") || repository.strip_suffix(".git").is_some());
    let name_end = if is_git { repository.trim_end_matches(".git").len() } else { end };
    let mut entry =
        Entry::new(Ecosystem::Generic, written.str(user_end..name_end.max(user_end), content), None, Locator::Missing);
    entry.scopes = scopes;
    entry.direct = Some(true);
    let mut hash = checksum.map(|checksum| checksum.whole(content));
    entry.locator = if !is_host_known {
        Locator::Unresolved(written.whole(content))
    } else if is_git {
        let asked = reference_of(written, &shape, end);
        let is_commit = |value: &str| matches!(value.len(), 40 | 64) && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        let reference = asked.map(|range| written.str(range, content));
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
}

/// The branch, tag or commit behind a repository's address: `#REF[:FOLDER]`, or `?commit=`, `?tag=`, `?branch=`, `?ref=`.
fn reference_of(written: &Written, shape: &str, end: usize) -> Option<Range<usize>> {
    let rest = written.value.get(end..)?;
    if let Some(fragment) = rest.strip_prefix('#') {
        let length = fragment.find(':').unwrap_or(fragment.len());
        return (length > 0).then_some(end + 1..end + 1 + length);
    }
    let query_end = shape.get(end..).and_then(|query| query.find('#')).map_or(shape.len(), |at| end + at);
    for key in ["commit=", "tag=", "branch=", "ref="] {
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
