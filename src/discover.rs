//! Which files some format claims, in path order, and the coverage ledger.
//!
//! Answers for: what is read, shadowed, excluded, left out, unreadable. Never reads a client's configuration and never drops a file
//! silently.

use crate::formats::{FORMATS, Format};
use crate::text::{Problem, TextId, Texts};
use crate::tree::{FileKind, LeftOut, Tree};

/// One file that a format claims.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The file.
    pub text: TextId,
    /// The format.
    pub format: &'static Format,
    /// Why it cannot be read at all, if so.
    pub problem: Option<Problem>,
}

/// What discovery found.
#[derive(Debug, Default)]
pub struct Discovered {
    /// Claimed files, in path order.
    pub claimed: Vec<Claimed>,
    /// Files that a format claims by name, and the policy excludes.
    pub excluded: Vec<TextId>,
    /// What the tree left out.
    pub left_out: Vec<LeftOut>,
}

/// Finds what formats claim among the files of a tree. Reads those whose names are claimed, and whose content decides.
#[must_use]
pub fn discover(texts: &Texts, tree: &dyn Tree, exclude: &(dyn Fn(&str) -> bool + Sync), left_out: Vec<LeftOut>) -> Discovered {
    use rayon::prelude::*;
    let mut named = Vec::new();
    let mut excluded = Vec::new();
    for (id, path, kind) in texts.paths() {
        let formats = claims(path);
        if formats.is_empty() {
            continue;
        }
        if exclude(path) {
            excluded.push(id);
        } else {
            named.push((id, kind, formats));
        }
    }
    let claimed = named.par_iter().filter_map(|(id, kind, formats)| claim(texts, tree, *id, *kind, formats)).collect();
    Discovered { claimed, excluded, left_out }
}

/// The formats that claim a path by name, in the table's order.
fn claims(path: &str) -> Vec<&'static Format> {
    FORMATS.iter().copied().filter(|format| format.claims(path)).collect()
}

/// The first format whose look at the content says yes. A file that cannot be read belongs to a format only if its name, or what of its
/// content can be seen, says so.
fn claim(texts: &Texts, tree: &dyn Tree, id: TextId, kind: FileKind, formats: &[&'static Format]) -> Option<Claimed> {
    // A link that only its content could claim is not looked into.
    if kind == FileKind::Link && formats.iter().all(|format| format.looks.is_some_and(|looks| !looks(""))) {
        return None;
    }
    let problem = texts.read(tree, id).err().cloned();
    let content = texts.loaded(id).map_or("", |text| &text.content);
    let format = formats.iter().copied().find(|format| format.looks.is_none_or(|looks| looks(content)))?;
    Some(Claimed { text: id, format, problem })
}
