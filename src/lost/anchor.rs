//! A place at the head for what the head does not have: reports that know only files of the head must show it somewhere.

use super::Seen;
use crate::neighbours::join;
use crate::policy;
use crate::snapshot::Snapshot;
use crate::text::{Place, Span, TextId};
use crate::tree::{FileKind, LINK, LeftOut};

/// Where it shows that something is left out: the link itself, or what `.gitmodules` says of a submodule.
pub(super) fn of_left_out(head: Seen<'_>, one: &LeftOut) -> Option<Place> {
    let texts = &head.side.texts;
    if one.reason == LINK {
        return texts.find(&one.path).map(|link| head.start(link));
    }
    let modules = texts.find(".gitmodules").filter(|_| one.reason == "submodule")?;
    let text = texts.read(head.tree, modules).ok()?;
    // Submodules are named from the top of the work tree, which is the root if `.gitmodules` lies there.
    let path = join(&head.side.prefix, &one.path);
    let mut start = 0;
    for line in text.content.split_inclusive('\n') {
        let value = line.trim().strip_prefix("path").and_then(|rest| rest.trim_start().strip_prefix('='));
        if value.is_some_and(|value| value.trim().trim_matches('"') == path) {
            let indent = line.len() - line.trim_start().len();
            return Some(text.place(Span::new(start + indent, start + indent + line.trim().len())));
        }
        start += line.len();
    }
    Some(head.start(modules))
}

/// The start of the lockfile or manifest that has the most folders in common with a path, else of the policy, else of any file.
pub(super) fn nearest(head: Seen<'_>, path: &str) -> Option<Place> {
    let texts = &head.side.texts;
    let policy = || policy::PATHS.iter().find_map(|path| texts.find(path));
    let any = || texts.paths().find(|(_, _, kind)| *kind == FileKind::File).map(|(text, ..)| text);
    nearest_lockfile(head.side, path).or_else(policy).or_else(any).map(|text| head.start(text))
}

/// The lockfile or manifest of a side that has the most folders in common with a path: in path order it stands next to where that would.
#[must_use]
pub fn nearest_lockfile(head: &Snapshot, path: &str) -> Option<TextId> {
    let common = |other: &str| other.split('/').zip(path.split('/')).take_while(|(one, other)| one == other).count();
    let at = head.lockfiles.partition_point(|judged| head.path(judged.lockfile.text) < path);
    let around = [at.checked_sub(1), Some(at)].into_iter().flatten().filter_map(|at| head.lockfiles.get(at));
    around.map(|judged| judged.lockfile.text).max_by_key(|text| common(head.path(*text)))
}
