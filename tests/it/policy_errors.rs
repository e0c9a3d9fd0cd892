//! Every message about a policy, a baseline or a team's cases, with the input that brings it about, as it is printed: one file to read.
//!
//! Holds that no message of `src/policy` is missing there, and that each says where, and what is expected or what to do.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::cli::{Folder, packman};
use crate::derived::root;
use crate::golden;

/// The golden.
const GOLDEN: &str = "fixtures/policy-errors.txt";

/// What needs more than a policy of a repository: a title, the files, the words of the call (`@` is the folder).
type Story = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const STORIES: &[Story] = &[
    (
        "--level",
        &[],
        &["check", "@", "--level", "x", "--level", "integrity-mising=deny", "--level", "integrity-missing=undecided"],
    ),
    (
        "a folder's policy that is no text",
        &[("packman.toml", "[folders.pay]\n"), ("pay/packman.toml", "\u{0}\u{1}")],
        &["check", "@"],
    ),
    (
        "a policy from outside with folders",
        &[("outside/p.toml", "[folders.pay]\n")],
        &["check", "@", "--policy", "@outside/p.toml"],
    ),
    (
        "paths that no file has",
        &[("packman.toml", "exclude = [\"!a/**\", \"a//b\", \" a/**\", 'a\\b.json', \"a/./b\"]\n")],
        &["check", "@"],
    ),
    ("a word that is no registry", &[("packman.toml", "[[minimum.for]]\nregistry = \"unknown\"\ntier = 2\n")], &["check", "@"]),
    (
        "a case that expects nothing of a rule",
        &[(
            "packman-tests.toml",
            "[[case]]\nname = \"n\"\npackage = \"pkg:npm/a@1.0.0\"\nexpect = \"pass\"\nrule = \"unknown-registry\"\n",
        )],
        &["policy", "test", "@"],
    ),
    ("a policy that is no text", &[("packman.toml", "\u{0}\u{1}")], &["check", "@"]),
    (
        "a file that is no text",
        &[("packman.toml", "extends = [\"./binary.toml\"]\n"), ("binary.toml", "\u{0}\u{1}")],
        &["check", "@"],
    ),
    (
        "two policies",
        &[("packman.toml", "extends = [\"strict\"]\n"), (".github/packman.toml", "extends = [\"observe\"]\n")],
        &["check", "@"],
    ),
    (
        "a policy from outside extends a file",
        &[("outside/p.toml", "extends = [\"./q.toml\"]\n"), ("outside/q.toml", "")],
        &["check", "@", "--policy", "@outside/p.toml"],
    ),
    (
        "a baseline",
        &[(
            "packman-baseline.toml",
            "findings = [\n  { rule = \"exception-unused\", since = 2026-01-01 },\n  { rule = \"lockfile-unreadable\", since = 2026-01-01 },\n  { rule = \"policy-changed\", since = 2026-01-01 },\n  { rule = \"unknown-registry\", package = \"pkg:npm/a\", since = 2026-01-01 },\n  { rule = \"unknown-registry\", package = \"pkg:npm/a\", since = 2026-02-01 },\n]\n",
        )],
        &["check", "@"],
    ),
    ("a baseline's shape", &[("packman-baseline.toml", "findings = [{ rule = \"unknown-registry\" }]\n")], &["check", "@"]),
    (
        "cases",
        &[(
            "packman-tests.toml",
            "[[case]]\nname = \"no version\"\npackage = \"pkg:npm/a\"\nexpect = \"pass\"\n\n[[case]]\nname = \"pattern\"\npackage = \"pkg:npm/a*@1.0.0\"\nexpect = \"pass\"\n\n[[case]]\nname = \"folder\"\npackage = \"pkg:npm/a@1.0.0\"\nfolder = \"a/../b\"\nexpect = \"pass\"\n\n[[case]]\nname = \"rule\"\npackage = \"pkg:npm/a@1.0.0\"\nrule = \"unknown-registy\"\nexpect = \"fail\"\n\n[[case]]\nname = \"no package\"\npackage = \"pkg:npn/a@1.0.0\"\nexpect = \"fail\"\n",
        )],
        &["policy", "test", "@"],
    ),
    ("cases that are not TOML", &[("packman-tests.toml", "[[case]]\nname = no quotes\n")], &["policy", "test", "@"]),
    ("cases' shape", &[("packman-tests.toml", "[[case]]\nname = \"x\"\nexpect = \"maybe\"\n")], &["policy", "test", "@"]),
];

fn printed() -> String {
    let mut out = String::from(
        "What packman says of policies that cannot be applied: for each case of fixtures/policy the file and the messages, then cases\nthat need another call. UPDATE=1 cargo test --test it -- policy_errors writes this file.\n",
    );
    let mut cases: Vec<_> = fs::read_dir(root().join("fixtures/policy")).unwrap().map(|case| case.unwrap().path()).collect();
    cases.sort();
    for case in &cases {
        let title = case.file_name().unwrap().to_str().unwrap();
        let folder = Folder::of(&[]);
        let mut files = std::collections::BTreeMap::new();
        golden::collect(case, case, &mut files);
        files.remove("expected.txt");
        for (path, content) in &files {
            folder.write(path, std::str::from_utf8(content).unwrap());
        }
        let ran = folder.run(&["check"]);
        if ran.err.contains("error[policy]") {
            section(title, ran.err.as_str(), &folder, &mut out);
        }
    }
    for (title, files, words) in STORIES {
        let folder = Folder::of(files);
        let words: Vec<String> = words.iter().map(|word| word.replace('@', &folder.at(""))).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        section(title, packman(&words).err.as_str(), &folder, &mut out);
    }
    let many: Vec<(String, String)> =
        (0..40).map(|number| (format!("{number}.toml"), format!("extends = [\"./{}.toml\"]\n", number + 1))).collect();
    let mut files: Vec<(&str, &str)> = many.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    files.extend([("packman.toml", "extends = [\"./0.toml\"]\n"), ("40.toml", "")]);
    let folder = Folder::of(&files);
    section("too many files", folder.run(&["check"]).err.as_str(), &folder, &mut out);
    let many: Vec<(String, String)> = (0..34).map(|number| (format!("f{number}/packman.toml"), String::new())).collect();
    let named: String = (0..34).map(|number| format!("[folders.f{number}]\n")).collect();
    let mut files: Vec<(&str, &str)> = many.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    files.push(("packman.toml", &named));
    let folder = Folder::of(&files);
    section("too many folders", folder.run(&["check"]).err.as_str(), &folder, &mut out);
    let lines = |count: usize| {
        (0..count).map(|number| format!("[[minimum.for]]\npackage = \"p{number}\"\ntier = 2\n")).collect::<String>()
    };
    let (of_root, own) = (format!("[folders.pay]\n{}", lines(2001)), lines(2000));
    let folder = Folder::of(&[("packman.toml", &of_root), ("pay/packman.toml", &own)]);
    section("too many lines of a folder", folder.run(&["check"]).err.as_str(), &folder, &mut out);
    let long = "a".repeat(1500);
    let folder = Folder::of(&[("packman.toml", &format!("exclude = [\"{long}\"]\n[packages]\nmay-run-code = [\"{long}\"]\n"))]);
    section("long patterns", folder.run(&["check"]).err.as_str(), &folder, &mut out);
    // Too large to be shown: only what is said of it.
    let folder = Folder::of(&[("packman.toml", &"# nothing\n".repeat(500_000))]);
    section("a policy that is too large", folder.run(&["check"]).err.as_str(), &folder, &mut out);
    out
}

fn section(title: &str, said: &str, folder: &Folder, out: &mut String) {
    let said = said.replace(&folder.at(""), "…/");
    let _ = write!(out, "\n==== {title}\n\n{}\n", said.trim_end());
}

#[test]
fn all_are_shown() {
    let stale = golden::stale(&root().join(GOLDEN), &printed());
    assert!(stale.is_none(), "{}", stale.unwrap());
}

/// Sentences of the sources that are no message of a refusal, each with the reason.
const NOT_MESSAGES: &[(&str, &str)] = &[
    ("there is no day {", "TOML's parser knows the calendar too and is asked first"),
    ("# What packman found when this file was begun", "the head of a baseline that is written"),
    ("unclosed array", "what TOML's parser says"),
    ("unclosed inline table", "what TOML's parser says"),
    ("duplicate key", "what TOML's parser says"),
    ("must be quoted", "what TOML's parser says"),
    ("lasts {days} days from today, and the floor accepts {", "a note: tests/it/floor.rs"),
    ("is number {count}, and the floor accepts {", "a note: tests/it/floor.rs"),
];

/// The files that refuse nothing.
const NO_FAULTS: &[&str] = &["levels.rs"];

#[test]
fn none_is_missing() {
    let golden = fs::read_to_string(root().join(GOLDEN)).unwrap();
    let golden = golden.replace('\n', " ");
    let mut missing = Vec::new();
    let mut used = vec![false; NOT_MESSAGES.len()];
    let mut count = 0;
    let mut files: Vec<_> = fs::read_dir(root().join("src/policy")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        if NO_FAULTS.iter().any(|name| file.ends_with(name)) {
            assert!(!source.contains("Fault") && !source.contains("fault("), "{} does refuse something", file.display());
            continue;
        }
        for (line, text) in sentences(&source) {
            if let Some(known) = NOT_MESSAGES.iter().position(|(words, _)| text.contains(words)) {
                used[known] = true;
                continue;
            }
            count += 1;
            if !shows(&golden, &text) {
                missing.push(format!("{}:{line}: {text}", file.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(count > 100, "only {count} messages were found in the sources");
    assert!(missing.is_empty(), "{GOLDEN} does not show\n{}", missing.join("\n"));
    let unused: Vec<&str> = NOT_MESSAGES.iter().zip(used).filter(|(_, used)| !used).map(|((words, _), _)| *words).collect();
    assert!(unused.is_empty(), "not in the sources any more: {unused:?}");
}

/// Whether the fixed words of a template stand in a text, in their order and close together.
fn shows(text: &str, template: &str) -> bool {
    let mut pieces = template.split(['{', '}']).step_by(2).filter(|piece| !piece.is_empty());
    let Some(first) = pieces.next() else { return true };
    let rest: Vec<&str> = pieces.collect();
    text.match_indices(first).any(|(at, _)| {
        let mut at = at + first.len();
        rest.iter().all(|piece| {
            let near: String = text[at..].chars().take(piece.len() + 300).collect();
            let found = near.find(piece);
            at += found.unwrap_or(0) + piece.len();
            found.is_some()
        })
    })
}

/// The string literals of a source that have at least two words, each with its line; tests, comments and attributes are left out.
fn sentences(source: &str) -> Vec<(usize, String)> {
    let end = source.find("#[cfg(test)]\nmod tests {").unwrap_or(source.len());
    let code: Vec<&str> = source[..end]
        .lines()
        .map(|line| if ["//", "#["].iter().any(|start| line.trim_start().starts_with(start)) { "" } else { line })
        .collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    let mut rest = code.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        if c == '\'' && code[at..].starts_with("'\"'") {
            rest.next();
            rest.next();
            continue;
        }
        if c != '"' {
            continue;
        }
        let mut text = String::new();
        while let Some((_, c)) = rest.next() {
            match c {
                '"' => break,
                '\\' => match rest.next() {
                    // The line goes on below.
                    Some((_, '\n')) => while rest.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                    Some((_, 'n')) => text.push(' '),
                    Some((_, c)) => text.push(c),
                    None => {}
                },
                c => text.push(c),
            }
        }
        let words = text.split(['{', '}']).step_by(2).flat_map(str::split_whitespace);
        if words.filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1).count() >= 2 {
            found.push((code[..at].matches('\n').count() + 1, text));
        }
    }
    found
}

#[test]
fn each_says_where_and_what_to_do() {
    let golden = fs::read_to_string(root().join(GOLDEN)).unwrap();
    let mut poor = Vec::new();
    let mut count = 0;
    let mut title = "";
    let paragraphs = golden.split("\n\n").map(str::trim);
    for paragraph in paragraphs {
        title = paragraph.strip_prefix("==== ").unwrap_or(title);
        if !paragraph.starts_with("error[policy]") {
            continue;
        }
        count += 1;
        let says_where = paragraph.contains("\n  --> ") || paragraph.contains("--> ") || title == "--level";
        let says_what = paragraph.contains("= help: ") || paragraph.contains("; expected ");
        if !says_where || !says_what {
            poor.push(format!("{title}\n{paragraph}"));
        }
    }
    assert!(count > 100, "only {count} messages");
    assert!(poor.is_empty(), "{} say too little:\n\n{}", poor.len(), poor.join("\n\n"));
}

/// What the tests above rely on.
#[test]
fn sentences_are_found() {
    let source = "// \"not this\"\n#[doc = \"nor this\"]\nlet a = '\"';\nlet b = format!(\"found `{}` \\\n        twice\", \"x\");\nlet c = \"word\";\n";
    assert_eq!(sentences(source), [(4, "found `{}` twice".to_owned())]);
    assert!(shows("it found `me` twice today", "found `{}` twice") && !shows("found `me` once", "found `{}` twice"));
    assert!(Path::new(GOLDEN).is_relative());
}
