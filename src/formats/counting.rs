//! Holds what a reader says a file states against a dumb count of its own. Tests only.
//!
//! Every fixture of the format is read, and every file of a corpus of real lockfiles where `PACKMAN_CORPUS` names its folder; there
//! `MANIFEST.tsv` says which files are of the format, whatever they are called.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Format;
use crate::neighbours::Neighbours;
use crate::text::{Side, Texts};
use crate::tree::{MapTree, Tree};

/// Counts from a content, and from files of the same folder by name where entries stand there.
pub(super) type Counter<'c> = &'c dyn Fn(&str, &dyn Fn(&str) -> String) -> usize;

/// The same for entries that stand in the content itself.
pub(super) fn check(format: &'static Format, corpus: &str, counted: fn(&str) -> usize) {
    check_beside(format, corpus, &|content, _| counted(content));
}

/// `corpus` is what the format's column in the corpus's manifest begins with.
pub(super) fn check_beside(format: &'static Format, corpus: &str, counted: Counter<'_>) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format.id);
    let mut checked = 0;
    for case in std::fs::read_dir(fixtures).unwrap().map(|case| case.unwrap().path()).filter(|path| path.is_dir()) {
        let tree = tree_of(&case);
        for path in tree.0.keys().filter(|path| format.claims(path)) {
            checked += usize::from(check_one(format, &tree, path, counted, &case));
        }
    }
    assert!(checked > 0, "no fixture of {} was counted", format.id);
    let Some(folder) = std::env::var_os("PACKMAN_CORPUS").map(PathBuf::from) else { return };
    let manifest = std::fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let mut checked = 0;
    for line in manifest.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        if columns[5].strip_prefix(corpus).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')) {
            let parts: Vec<&str> = columns[0].splitn(3, '/').collect();
            let root = folder.join(parts[0]).join(parts[1]);
            checked += usize::from(check_one(format, &tree_of(&root), parts[2], counted, &root));
            compare(format, &tree_of(&root), parts[2], &folder.join("expected").join(format!("{}.json", columns[0])));
        }
    }
    eprintln!("{}: {checked} files of the corpus counted", format.id);
}

/// Whether there was something to count: broken files state nothing.
fn check_one(format: &'static Format, tree: &MapTree, path: &str, counted: Counter<'_>, root: &Path) -> bool {
    let texts = Texts::of(Side::Head, tree.list().unwrap().files);
    let Ok(text) = texts.read(tree, texts.find(path).unwrap()) else { return false };
    if format.looks.is_some_and(|looks| !looks(&text.content)) {
        return false;
    }
    let lockfile = super::read(format, text, &Neighbours::of(path, &texts, tree));
    if std::env::var_os("PACKMAN_PROBLEMS").is_some() {
        let shown: Vec<String> = lockfile.entries.iter().take(3).map(|entry| format!("{:?}", entry.locator)).collect();
        eprintln!("{} {path}: {} stated, {} entries, {shown:?}", root.display(), lockfile.stated, lockfile.entries.len());
        for problem in &lockfile.problems {
            eprintln!("    {:?} {}: {}", problem.lost, texts.path(problem.place.text), problem.message);
        }
    }
    if lockfile.is_unreadable() {
        return false;
    }
    let folder = crate::neighbours::folder_of(path);
    let beside = |name: &str| {
        let bytes = tree.0.get(&crate::neighbours::join(folder, name)).cloned().unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    };
    assert_eq!(lockfile.stated, counted(&text.content, &beside), "{path} in {}", root.display());
    true
}

/// Shows where a peer's list of the same file differs. Not asserted: peers leave things out on purpose.
fn compare(format: &'static Format, tree: &MapTree, path: &str, expected: &Path) {
    let Ok(expected) = std::fs::read_to_string(expected) else { return };
    let texts = Texts::of(Side::Head, tree.list().unwrap().files);
    let Ok(text) = texts.read(tree, texts.find(path).unwrap()) else { return };
    let lockfile = super::read(format, text, &Neighbours::of(path, &texts, tree));
    let ours: BTreeSet<(String, String)> = lockfile
        .entries
        .iter()
        .map(|entry| {
            let version = entry.version.as_ref().map_or("", |version| version.of(&text.content));
            (entry.name.of(&text.content).to_owned(), version.to_owned())
        })
        .collect();
    let list: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let word = |entry: &serde_json::Value, key: &str| entry[key].as_str().unwrap_or("").to_owned();
    let theirs: BTreeSet<(String, String)> =
        list.as_array().unwrap().iter().map(|entry| (word(entry, "name"), word(entry, "version"))).collect();
    for (whose, list) in [("theirs", theirs.difference(&ours)), ("ours", ours.difference(&theirs))] {
        let list: Vec<String> = list.map(|(name, version)| format!("{name} {version}")).collect();
        if !list.is_empty() {
            eprintln!("{path}: {} only {whose}: {}", list.len(), list[..list.len().min(5)].join(", "));
        }
    }
}

fn tree_of(root: &Path) -> MapTree {
    let mut tree = MapTree::default();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "expected.txt" {
                let relative = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                tree.0.insert(relative, std::fs::read(&path).unwrap());
            }
        }
    }
    tree
}
