//! Which files some format claims, in path order, and the coverage ledger.
//!
//! Answers for: what is read, shadowed, excluded, left out, unreadable. Never reads a client's configuration and never drops a file
//! silently.

use crate::formats::{self, Format};
use crate::text::{Problem, TextId, Texts};
use crate::tree::{FileKind, Tree};

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

/// A file whose name some format claims.
pub(crate) struct Named {
    pub(crate) text: TextId,
    kind: FileKind,
    formats: Vec<&'static Format>,
}

/// The files whose names some format claims, in path order, and those of them that are excluded. Reads nothing.
pub(crate) fn named(texts: &Texts, exclude: &(dyn Fn(&str) -> bool + Sync)) -> (Vec<Named>, Vec<TextId>) {
    let mut named = Vec::new();
    let mut excluded = Vec::new();
    for (text, path, kind) in texts.paths() {
        let formats = formats::claiming(path);
        if formats.is_empty() {
            continue;
        }
        if exclude(path) {
            excluded.push(text);
        } else {
            named.push(Named { text, kind, formats });
        }
    }
    (named, excluded)
}

/// What formats claim among named files. Reads those, and their content decides.
pub(crate) fn claimed(texts: &Texts, tree: &dyn Tree, named: &[Named]) -> Vec<Claimed> {
    use rayon::prelude::*;
    named.par_iter().filter_map(|named| claim(texts, tree, named)).collect()
}

/// The first format whose look at the content says yes. A file that cannot be read belongs to a format only if its name, or what of its
/// content can be seen, says so.
fn claim(texts: &Texts, tree: &dyn Tree, named: &Named) -> Option<Claimed> {
    let Named { text: id, kind, formats } = named;
    // A link that only its content could claim is not looked into.
    if *kind == FileKind::Link && formats.iter().all(|format| format.looks.is_some_and(|looks| !looks(""))) {
        return None;
    }
    let problem = texts.read(tree, *id).err().cloned();
    let content = texts.loaded(*id).map_or("", |text| &text.content);
    let format = formats.iter().copied().find(|format| format.looks.is_none_or(|looks| looks(content)))?;
    Some(Claimed { text: *id, format, problem })
}
