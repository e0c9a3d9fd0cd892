//! Links that stand where a folder is looked for.
//!
//! Answers for: which links of a listing lead to a folder of it: nothing below them is judged by that path. Goes by what links say and what
//! is listed; never asks the system where a link ends.

use std::collections::BTreeSet;

use super::{FileKind, LeftOut, Listing};

/// The named limit on links that lead to links, git's own and the systems'.
const LINKS_MAX: usize = 32;

/// The reason by which a link is left out.
pub(crate) const REASON: &str = "symbolic link";

/// Adds the links at folders to what was left out. `says` gives what a link says.
pub(super) fn leave_out(listing: &mut Listing, says: impl Fn(&str) -> Option<String>) {
    let is_link = |(_, kind): &&(Box<str>, FileKind)| *kind == FileKind::Link;
    if !listing.files.iter().any(|file| is_link(&file)) {
        return;
    }
    listing.files.sort_unstable();
    let files = &listing.files;
    let left_out: BTreeSet<&str> = listing.left_out.iter().map(|one| one.path.as_str()).collect();
    let leads_to_folder = |link: &str| {
        let mut at = link.to_owned();
        for _ in 0..LINKS_MAX {
            let Some(next) = says(&at).and_then(|target| resolve(&at, &target)) else { return false };
            let start = if next.is_empty() { String::new() } else { format!("{next}/") };
            let first = files.partition_point(|(path, _)| path.as_ref() < start.as_str());
            let has_files = files.get(first).is_some_and(|(path, _)| path.starts_with(&start));
            if has_files || left_out.contains(next.as_str()) {
                return true;
            }
            let found = files.binary_search_by(|(path, _)| path.as_ref().cmp(&next)).ok().and_then(|at| files.get(at));
            if !found.is_some_and(|file| is_link(&file)) {
                return false;
            }
            at = next;
        }
        false
    };
    let links = files.iter().filter(is_link).filter(|(path, _)| leads_to_folder(path));
    let links: Vec<LeftOut> = links.map(|(path, _)| LeftOut { path: path.to_string(), reason: REASON }).collect();
    listing.left_out.extend(links);
}

/// Where a link leads, from the root; `None` if that is outside.
fn resolve(link: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}
