//! Who asks for the packages that are installed under another's name.
//!
//! Answers for: npm's way from a folder to what it asks for. Never decides who stands in for whom: `formats::aliases` does.

use foldhash::HashSet;

use super::Reading;
use crate::formats::aliases::is_put;
use crate::formats::package_json;
use crate::syntax::Node;

/// Marks those that nobody asks for, while somebody asks for the package in whose place they are.
pub(super) fn settle(reading: &mut Reading<'_>, manifest: Option<Node<'_>>) {
    let is_put = |real: &str| is_put(manifest.and_then(|manifest| manifest.get("overrides")).into_iter(), manifest, real);
    for found in std::mem::take(&mut reading.aliases).stand_ins(&reading.text.content, is_put) {
        let index = reading.entry_of(found.number);
        if let Some(entry) = index.and_then(|index| reading.lockfile.entries.get_mut(index as usize)) {
            found.mark(entry);
        }
    }
}

/// Says who asks for what in a folder: its manifest, and what the lockfile has beyond that.
pub(super) fn ask<'d>(reading: &mut Reading<'d>, folder: u32, stated: Option<Node<'d>>, manifest: Option<Node<'_>>) {
    if reading.aliases.is_empty() {
        return;
    }
    let content = &reading.text.content;
    let own: Vec<Node<'_>> = manifest.into_iter().flat_map(package_json::requests).map(|request| request.node).collect();
    let names: HashSet<&str> = own.iter().map(|node| node.key()).collect();
    let stated = stated.into_iter().flat_map(package_json::requests).map(|request| request.node);
    for node in stated.filter(|node| !names.contains(node.key())).chain(own.iter().copied()) {
        if let Some(found) = reading.resolve(folder, node.key()) {
            reading.aliases.asked(found, node.text().unwrap_or(""), true, content);
        }
    }
}
