//! The fast path for YAML against the general reader.

#![allow(clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::super::super::NONE;
use super::super::Reader as General;
use super::*;
use crate::text::{Side, TextId};

fn text(content: &str) -> Text {
    Text::decode(TextId { side: Side::Head, index: 0 }, "x.yaml", content.as_bytes().to_vec()).0
}

/// Every node of a document as one line.
fn told(document: &Document<'_>) -> String {
    let mut told = String::new();
    for (index, node) in document.nodes.iter().enumerate() {
        let at = |made: u32, span: Span| match document.made.get(made as usize) {
            Some(made) => format!("{span:?} means {made:?}"),
            None => format!("{span:?} {:?}", document.text.slice(span)),
        };
        let value = if matches!(node.kind, Kind::Map | Kind::List) {
            format!("{:?}", node.value)
        } else {
            at(node.value_made, node.value)
        };
        let link = |to: u32| if to == NONE { "-".to_owned() } else { to.to_string() };
        let _ = writeln!(
            told,
            "{index} {:?} {} = {value} [{} {} {}]",
            node.kind,
            at(node.key_made, node.key),
            link(node.first),
            link(node.last),
            link(node.next)
        );
    }
    told
}

/// Whether the fast path read it; if so, the general reader reads the same.
fn is_read_alike(content: &str) -> bool {
    let text = text(content);
    let Some(fast) = read(&text, 1) else { return false };
    for has_aliases in [false, true] {
        let general = General::new(&text, has_aliases).run().unwrap_or_else(|problem| panic!("{problem:?}\n{content}"));
        assert_eq!(general.len(), fast.len(), "{content}");
        let all = |documents: &[Document<'_>]| documents.iter().map(told).collect::<Vec<_>>().join("---\n");
        let (general, fast) = (all(&general), all(&fast));
        let differs = general.lines().zip(fast.lines()).find(|(general, fast)| general != fast);
        assert!(general == fast, "general, then fast: {differs:#?}\n{}", content.get(..2000).unwrap_or(content));
    }
    true
}

fn every_file(folder: &Path, take: &mut dyn FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            every_file(&path, take);
        } else if let Ok(content) = std::fs::read_to_string(&path) {
            take(&path, &content);
        }
    }
}

/// All that lies in the fixtures, YAML or not, and in the corpus if there is one.
#[test]
fn files_are_read_alike() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let corpus = std::env::var_os("PACKMAN_CORPUS").map(std::path::PathBuf::from);
    let (mut read, mut slow) = (0, 0);
    for folder in [Some(fixtures), corpus].into_iter().flatten() {
        every_file(&folder, &mut |path, content| {
            let is_fast = is_read_alike(content);
            let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
            read += usize::from(is_fast && is_yaml);
            slow += usize::from(!is_fast && is_yaml);
        });
    }
    assert!(read > slow, "{read} files are read fast, {slow} in general");
}

#[test]
fn what_lockfiles_look_like() {
    for content in [
        "a: 1\nb:\n  - x\n  - y: 'it''s'\n    z: {a: [b, 'c'], d: https://e}\n",
        "a:\n- b\n- c:\n  - d\n  -\n    e: f\n",
        "a:\nb:\n  c:\nd: ~\n",
        "- a\n- b: c\n  d:\n- - e\n  - f\n",
        "---\na: b\n\n---\n# x\nc:\n- d\n---\n- e\n",
        "a: \"b\\_c \\\"d\\\\\"\nb: 'a\\b'\nc: 'a\\''b'\n",
        "---\n# first\na: \"b\" # last\n\n'c d': {}\ne: []\n",
        "a: |-\n  one\n  two\n\n  three\nb: |\n  one\nc: |-\n  one\n",
        "a: {b: 1, c: {d: [1, 2.5, true, null, ~]}}\n",
        "  a: b\n  c: d\n",
        "/a@1.0.0(b@2): {resolution: {integrity: sha512-x==}}\n",
        "\u{fc}: \u{2019}\n",
    ] {
        assert!(is_read_alike(content), "{content}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]
    #[test]
    fn lines_are_read_alike(lines in prop::collection::vec((0usize..7, prop::sample::select(vec![
        "a:", "b: c", "- d", "-", "- e: f", "- - g", "'h': i", "\"j\": 'k'", "l: {m: n, o: [p, q]}", "r: []", "- {s: t}", "u: |-", "v: |",
        "text", "# comment", "", "w: x # y", "z:  '1''2'", "1: 2", "- 3.5", "~: null", "a b: c d", "- ? x", "k: &a b", "k: *a", "k: !t b",
        "k: >-", "{a: b}", "[a, b]", "k: [a,\u{20}", "k: {a:b}", "k: {a: }", "---", "...", "k: - a", "k: a: b", "k :v", "k: -1", "- -1", ": a",
        "k: \"a\\n\"", "k: \"a\\\"\"", "k: \"a\\", "k: 'a\\' '", "k: \"\\x41\"", "k: a]", "k: {a: b}c", "k: 'a' b", "k: ''", "k: {'a': \"b\"}", "k: [[a], {b: c}]", "k: @a", "k: %a", "k: a#b", "k: #b", "k:#b",
        "- # c", "k: {a: b#c, d: e}", "k: [a b, c]", "k: {a: b: c}", "k: \u{2019}", "k: |+", "?", "? a", "k: [-]", "k: [- a]", "k: [a:b]", "k: {a: -}", "k: { a: b }", "k: [ ]", "k: [a,]",
    ])), 1..12)) {
        let content: String = lines.iter().map(|(indent, line)| format!("{}{line}\n", " ".repeat(*indent))).collect();
        is_read_alike(&content);
        is_read_alike(content.trim_end());
    }

    #[test]
    fn damaged_files_are_read_alike(at in 0usize..ORDINARY.len(), cut in 0usize..4, put in prop::sample::select(vec![
        "", " ", "  ", "\n", ":", ": ", "'", "\"", "{", "}", "[", "]", ",", "-", "- ", "#", " #", "|", "&", "*", "!", "?", "\\", "\n\n", "a", "\n---\n", "~", "0", "%", "@", "\u{e9}",
    ])) {
        let damaged = format!("{}{put}{}", &ORDINARY[..at], ORDINARY.get(at + cut..).unwrap_or(""));
        is_read_alike(&damaged);
    }
}

const ORDINARY: &str = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      '@a/b':\n        specifier: ^1.0.0\n        version: 1.0.0(c@2)\n\n\
    packages:\n\n  '@a/b@1.0.0':\n    resolution: {integrity: sha512-x==, tarball: https://e.example/b.tgz}\n    engines: {node: '>=6'}\n    os: [linux, '!win32']\n    deprecated: |-\n      it's\n\n      old\n    \
    hasBin: true\n# end\nsnapshots:\n  e: {}\n  f:\n    list:\n    - g\n    - h: i # j\n      k: \"l\\n\"\n    other:\n      - m\n      - - n\n        - o\n";
