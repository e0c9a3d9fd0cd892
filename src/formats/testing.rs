//! What the readers' own tests share: reading a content, counting fixtures and corpus files, and spans that lie inside the file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::string_slice, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use crate::dependency::Lockfile;
use crate::formats::{self, Format};
use crate::neighbours::Neighbours;
use crate::text::{Side, Span, Text, TextId, Texts};
use crate::tree::{MapTree, Tree};

/// Reads a content as the only file of a tree.
pub(super) fn read(format: &'static Format, content: &str) -> Lockfile {
    let (text, tree) = only(content);
    let texts = Texts::of(Side::Head, tree.list().unwrap().files);
    formats::read(format, &text, &Neighbours::of("file", &texts, &tree))
}

fn only(content: &str) -> (Text, MapTree) {
    let id = TextId { side: Side::Head, index: 0 };
    (Text::decode(id, "file", content.as_bytes().to_vec()).0, MapTree::of(&[("file", content)]))
}

/// Every span of what is read lies inside the content, on character boundaries.
pub(super) fn assert_spans(format: &'static Format, content: &str) {
    let (text, _) = only(content);
    let lockfile = read(format, content);
    let check = |span: Span| assert!(text.content.get(span.range()).is_some(), "{span:?} in {content:?}");
    for entry in &lockfile.entries {
        check(entry.span());
        check(entry.name.span);
        check(entry.locator_span().unwrap_or_default());
        check(entry.moving.as_ref().map(|moving| moving.span).unwrap_or_default());
    }
    lockfile.problems.iter().for_each(|problem| check(problem.place.span));
}

/// Fixtures of a format that end too early, or lose a piece in the middle, are read without panic and with spans inside of them.
pub(super) fn assert_damaged(format: &'static Format) {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format.id)];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if format.claims(path.to_str().unwrap()) {
                let content = std::fs::read_to_string(&path).unwrap();
                let cuts: Vec<usize> = content.char_indices().map(|(at, _)| at).step_by(5).collect();
                read += 1;
                for pair in cuts.windows(2) {
                    assert_spans(format, &content[..pair[0]]);
                    assert_spans(format, &[&content[..pair[0]], &content[pair[1]..]].concat());
                }
            }
        }
    }
    assert!(read > 0, "{} has no fixtures", format.id);
}

/// Each file of a fixture states as many entries as are counted.
pub(super) fn assert_counted(format: &str, case: &str, counted_entries: fn(&str) -> usize) {
    let format = formats::by_id(format).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format.id).join(case);
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        if format.claims(path.to_str().unwrap()) {
            assert_file(format, &path, counted_entries);
        }
    }
}

/// The same for files of the corpus, by their format in its manifest, where there is one (`PACKMAN_CORPUS`).
pub(super) fn assert_corpus(format: &'static Format, kinds: &[&str], counted_entries: fn(&str) -> usize) {
    let Some(corpus) = std::env::var_os("PACKMAN_CORPUS").map(PathBuf::from) else { return };
    for row in std::fs::read_to_string(corpus.join("MANIFEST.tsv")).unwrap().lines() {
        let cells: Vec<&str> = row.split('\t').collect();
        if let [path, _, _, _, _, kind, ..] = cells.as_slice()
            && kinds.contains(kind)
        {
            assert_file(format, &corpus.join(path), counted_entries);
        }
    }
}

fn assert_file(format: &'static Format, path: &Path, counted_entries: fn(&str) -> usize) {
    let content = std::fs::read_to_string(path).unwrap();
    let lockfile = read(format, &content);
    assert_eq!(lockfile.stated, counted_entries(&content), "{}", path.display());
}
