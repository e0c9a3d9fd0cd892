//! Every reader on damaged files: no panic, and every place lies inside its text.
//!
//! Each fixture is cut off, loses a line, gets a line twice, or has a character replaced; then all files of its tree are read again, and
//! the clients that serve them read their configuration.

use std::path::Path;

use packman::clients;
use packman::dependency::{Locator, Lockfile};
use packman::formats::{self, FORMATS};
use packman::neighbours::Neighbours;
use packman::text::{Place, Side, Span, Str, Texts};
use packman::tree::{MapTree, Tree};

use crate::golden::collect;

/// How many places of one file are damaged.
const DAMAGES_MAX: usize = 8;

#[test]
fn damaged_fixtures_are_read_to_the_end() {
    let mut read = 0;
    for format in FORMATS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format.id);
        for case in std::fs::read_dir(folder).unwrap().map(|case| case.unwrap().path()).filter(|path| path.is_dir()) {
            let mut tree = MapTree::default();
            collect(&case, &case, &mut tree.0);
            for (path, bytes) in &tree.0 {
                for damaged in damages(bytes) {
                    let mut tree = tree.clone();
                    tree.0.insert(path.clone(), damaged);
                    read += read_all(&tree);
                }
            }
        }
    }
    assert!(read > 1000);
}

fn damages(bytes: &[u8]) -> Vec<Vec<u8>> {
    let step = (bytes.len() / DAMAGES_MAX).max(1);
    let mut found = Vec::new();
    for at in (0..bytes.len()).step_by(step) {
        found.push(bytes[..at].to_vec());
        let mut replaced = bytes.to_vec();
        replaced[at] = b"\"'[{(=#\\ \n\t-:@/"[at % 15];
        found.push(replaced);
    }
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for at in (0..lines.len()).step_by((lines.len() / DAMAGES_MAX).max(1)) {
        found.push([&lines[..at], &lines[at + 1..]].concat().concat());
        found.push([&lines[..=at], &lines[at..]].concat().concat());
    }
    found
}

/// How many files were read.
fn read_all(tree: &MapTree) -> usize {
    let texts = Texts::of(Side::Head, tree.list().unwrap().files);
    let mut read = 0;
    for (id, path, _) in texts.paths() {
        let Ok(text) = texts.read(tree, id) else { continue };
        let claims =
            |format: &&&'static formats::Format| format.claims(path) && format.looks.is_none_or(|looks| looks(&text.content));
        let Some(format) = FORMATS.iter().find(claims) else { continue };
        let around = Neighbours::of(path, &texts, tree);
        let lockfile = formats::read(format, text, &around);
        check(&lockfile, &texts);
        if let Some(client) = clients::serving(format.id) {
            let routing = (client.read)(&lockfile, &around);
            routing.problems.iter().for_each(|problem| check_place(problem.place, &texts));
            routing.settings.iter().for_each(|setting| check_place(setting.place, &texts));
        }
        read += 1;
    }
    read
}

fn check(lockfile: &Lockfile, texts: &Texts) {
    let here = |span: Span| check_place(Place { text: lockfile.text, span }, texts);
    let value = |str: &Str| here(str.span);
    for (index, entry) in (0..).zip(&lockfile.entries) {
        here(entry.span());
        value(&entry.name);
        here(entry.locator_span().unwrap_or_default());
        entry.moving.iter().chain(&entry.alias).for_each(value);
        if let Locator::Git { commit: Some(commit), .. } = &entry.locator {
            value(commit);
        }
        here(entry.runs_code.unwrap_or_default());
        lockfile.hashes_of(index).for_each(value);
        lockfile.declared_at(index).into_iter().for_each(|place| check_place(place, texts));
        assert!(lockfile.required_by(index).all(|to| (to as usize) < lockfile.entries.len()));
    }
    lockfile.problems.iter().for_each(|problem| check_place(problem.place, texts));
}

fn check_place(place: Place, texts: &Texts) {
    let text = texts.loaded(place.text).expect("a place stands in a text that was read");
    assert!(text.content.get(place.span.range()).is_some(), "{:?} is not inside {}", place.span, text.path);
}
