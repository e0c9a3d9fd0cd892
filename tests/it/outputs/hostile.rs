//! No content of a repository starts a command of a runner, moves a terminal's cursor, or becomes mark-up, in any output.

use packman::gate::{Base, compare};
use packman::report::{REPORTERS, Style, list};
use packman::tree::{MapTree, Tree};
use packman::{Request, check};
use proptest::prelude::*;
use serde_json::json;

use super::markup::{markdown, page};
use super::runner::{annotations, commands, outputs};
use super::{npm, rendered, request, written};
use crate::cli::Folder;

/// What somebody would try.
const PARTS: &[&str] = &[
    "::",
    ":",
    "##[",
    "#",
    "[",
    "]",
    "##",
    "add-mask",
    "error",
    "::error::x",
    "##[error]x",
    "::add-mask::tier",
    "##[add-matcher]m.json",
    "::stop-commands::abc",
    "::set-output name=a::b",
    "::set-env name=a::b",
    "file=x,line=1",
    "%",
    "%0A",
    "%25",
    "%3A",
    ",",
    "=",
    ";",
    " ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{a0}",
    "\u{3000}",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "\u{1d173}",
    "\u{0}",
    "\u{8}",
    "\u{1b}[2J",
    "\u{1b}]0;x\u{7}",
    "\u{9b}2J",
    "`",
    "``",
    "```",
    "|",
    "\\",
    "*",
    "_",
    "~~",
    "<b>",
    "</details>",
    "<!--",
    "-->",
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
    "\"",
    "'",
    "&",
    "&lt;",
    "&#64;",
    "]]>",
    "{{script}}",
    "${x}",
    "![x](y)",
    "[x](https://e.example)",
    "[x]: y",
    "<https://e.example>",
    "@me",
    "#123",
    "GH-12",
    "me/it#1",
    "www.e.example",
    "https://e.example/z",
    "a@b.example",
    "$x$",
    "- ",
    "1. ",
    "> ",
    "---",
    "===",
    "    ",
    ":tada:",
    "\u{fffe}",
    "é",
    "🦀",
    "x",
    "acme",
];

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        30 => proptest::sample::select(PARTS).prop_map(str::to_owned),
        2 => any::<char>().prop_map(String::from),
        1 => proptest::sample::select(&[120_usize, 700, 5000][..]).prop_map(|count| "A☃".repeat(count)),
    ]
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(part(), 0..8).prop_map(|parts| parts.concat())
}

/// A repository whose every name is somebody's try.
fn tree(words: &[String]) -> MapTree {
    let word = |at: usize| words[at % words.len()].as_str();
    let address = |at: usize| format!("https://npm.example.net/{}/-/{}-1.0.0.tgz", word(at), word(at + 1));
    let (first, second) = (address(0), address(3));
    let lock = npm([(word(0), word(1), first.as_str()), (word(2), "1.0.0", second.as_str()), ("plain", word(3), word(4))]);
    let manifest = json!({ "name": word(5), "dependencies": { word(0): word(1), "plain": word(2) } }).to_string();
    // What TOML does not take as it stands.
    let toml = |text: String| json!(text).to_string().replace('\u{7f}', "\\u007f");
    let quoted = |at: usize| toml(word(at).to_owned());
    let cargo = format!(
        "version = 4\n\n[[package]]\nname = {}\nversion = {}\nsource = {}\n\n[[package]]\nname = \"forked\"\nversion = \"1.0.0\"\nsource = {}\n",
        quoted(0),
        quoted(1),
        toml(format!("registry+https://{}", word(2))),
        toml(format!("git+https://{}?branch={}#{}", word(3), word(4), word(5))),
    );
    let policy = format!(
        "extends = [\"standard\"]\n[levels]\nunpinned-reference = \"deny\"\n[[exceptions]]\nrule = \"unknown-registry\"\npackage = \
         \"pkg:npm/plain\"\nreason = {}\nowner = {}\nuntil = 2026-12-31\n",
        toml(format!("r{}", word(1))),
        toml(format!("o{}", word(2))),
    );
    let folder = |at: usize| word(at).split('/').filter(|part| !["", ".", ".."].contains(part)).collect::<Vec<_>>().join("/");
    let (web, own) = (format!("web{}", folder(4)), format!("{}own", folder(5)));
    MapTree::of(&[
        (&format!("{web}/package-lock.json"), &lock),
        (&format!("{web}/package.json"), &manifest),
        (&format!("{own}/Cargo.lock"), &cargo),
        (&format!("{own}/Dockerfile"), &format!("FROM {}\nFROM evil.example/x:{}\n", word(0), word(1))),
        (&format!("{own}/yarn.lock"), word(3)),
        ("packman.toml", &policy),
    ])
}

/// Nothing but text and line ends, and colours where they were asked for.
fn is_still(text: &str, is_coloured: bool) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| {
        c.is_control() && c != '\n' || ('\u{200b}'..='\u{200f}').contains(&c) || ('\u{2028}'..='\u{202e}').contains(&c)
    }) {
        let Some(style) = rest[at..].strip_prefix("\u{1b}[").filter(|_| is_coloured) else { return false };
        let end = style.find(|c: char| !c.is_ascii_digit() && c != ';');
        let Some(end) = end.filter(|end| style[*end..].starts_with('m')) else { return false };
        rest = &style[end..];
    }
    true
}

fn hold(report: &packman::judge::Report<'_>) {
    for reporter in REPORTERS {
        let plain = Style::default();
        let others = [Style { is_coloured: true, ..plain }, Style { is_explained: true, ..plain }];
        for style in std::iter::once(plain).chain(others.into_iter().filter(|_| reporter.id == "human")) {
            let said = rendered(report, reporter.id, style);
            assert!(is_still(&said, style.is_coloured), "{}: {said:?}", reporter.id);
            let obeyed = commands(&said);
            let own = if reporter.id == "annotations" { said.lines().count() } else { 0 };
            assert_eq!(obeyed.len(), own, "{}: {obeyed:?} of {said}", reporter.id);
            assert_eq!(annotations(&said).len(), own, "ten of each level");
            match reporter.id {
                "summary" | "comment" => drop(markdown(&said)),
                "html" => drop(page(&said)),
                "junit" => drop(roxmltree::Document::parse(&said).unwrap()),
                "json" | "sarif" => drop(serde_json::from_str::<serde_json::Value>(&said).unwrap()),
                "outputs" => assert_eq!(outputs(&said, true), outputs(&said, false)),
                _ => {}
            }
        }
    }
    let mut listed = Vec::new();
    list(&report.case, &mut listed).unwrap();
    assert_eq!(commands(&String::from_utf8(listed).unwrap()), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_from_a_repository_is_obeyed(words in proptest::collection::vec(text(), 6)) {
        check(&tree(&words), request(), hold).unwrap();
    }

    #[test]
    fn nor_when_it_is_compared(words in proptest::collection::vec(text(), 7)) {
        let (head, base) = (tree(&words[..6]), tree(&words[1..]));
        compare(&head, Some(&Base { tree: &base, name: words[0].clone() }), Request { notes: vec![words[1].clone()], ..request() }, hold).unwrap();
    }

    /// One annotation with the same file, line and title, and the message made harmless, cut where the runner cuts.
    #[test]
    fn an_annotation_arrives_as_it_was_meant(name in text(), folder in text()) {
        let folder: String = folder.chars().filter(|c| !"/\\".contains(*c)).collect();
        prop_assume!(!["", ".", "..", "node_modules"].contains(&folder.as_str()));
        let path = format!("{folder}/package-lock.json");
        let lock = npm([("plain", format!("1{name}").as_str(), "https://npm.example.net/plain/-/plain-1.0.0.tgz")]);
        let tree = MapTree::of(&[(path.as_str(), lock.as_str())]);
        let said = written(&tree, "annotations");
        let human = written(&tree, "human");
        let shown = annotations(&said);
        let stranger = shown.iter().find(|one| one.title.as_deref() == Some("packman: unknown-registry"));
        // What is no version is not judged as one.
        let Some(shown) = stranger else { return Ok(()) };
        prop_assert_eq!(shown.level.as_str(), "error");
        // The version's, or the name's where the version is none.
        let line = lock.lines().nth(shown.line.unwrap() as usize - 1).unwrap();
        prop_assert!(line.contains("\"version\": \"1") || line.contains("node_modules/plain"), "{}", line);
        let file = packman::report::escape::terminal(&path);
        let dot = if path.starts_with('=') { "./" } else { "" };
        prop_assert_eq!(shown.file.clone(), Some(format!("{dot}{file}")));
        prop_assert!(shown.message.encode_utf16().count() <= 4096);
        let title = shown.message.lines().next().unwrap().trim_end_matches('…');
        prop_assert!(title.starts_with("`plain` ") && human.contains(title), "{} in {}", title, human);
    }
}

/// What the command line says on standard error is text of strangers too: a policy's, a path's, an argument's.
#[test]
fn standard_error_gives_no_commands() {
    let bad = [
        "\n::error::x",
        "\r::add-mask::x",
        "\u{2028}::error::x",
        "\u{a0}::error::x",
        "##[error]x",
        "\u{1b}[2J::error::x",
        ":\u{200b}:error::x",
        "#\u{ad}#[error]x",
    ];
    for word in bad {
        let quoted = json!(word).to_string();
        let policies = [
            format!("{quoted} = 1\n"),
            format!("extends = [{quoted}]\n"),
            format!("[levels]\n{quoted} = \"deny\"\n"),
            format!("[registries.a]\necosystem = {quoted}\nurls = []\n"),
            word.to_owned(),
        ];
        for policy in policies {
            let folder = Folder::of(&[("packman.toml", policy.as_str())]);
            let ran = folder.run(&["check"]);
            assert!(!ran.err.is_empty() || policy.starts_with('#'), "{policy:?}");
            for said in [&ran.out, &ran.err] {
                assert_eq!(commands(said), [], "{policy:?}: {said}");
                assert!(is_still(said, false), "{policy:?}: {said:?}");
            }
        }
        let folder = Folder::of(&[]);
        for words in [
            &["check", "--policy", word][..],
            &["check", "--base", word],
            &["check", "--output", word],
            &["why", word],
            &["explain", word],
            &["registries", word],
            &["check", word],
        ] {
            let ran = if words.len() == 3 { folder.run(words) } else { crate::cli::packman(words) };
            for said in [&ran.out, &ran.err] {
                assert_eq!(commands(said), [], "{words:?}: {said}");
                assert!(is_still(said, false), "{words:?}: {said:?}");
            }
        }
    }
}

/// What once was thought of, kept: each must be harmless as a name, as a version, as a folder.
#[test]
fn attacks_that_were_thought_of() {
    let tries = [
        "x\n::add-mask::tier",
        "##[error]x",
        "##[add-matcher].github/m.json",
        "::stop-commands::x",
        "\u{3000}::set-output name=verdict::pass",
        "\r::set-env name=PATH::/tmp",
        "x\u{1b}]8;;https://e.example\u{7}y",
        "#\u{200d}#[error]",
        "##",
        "[error]x",
        "`##[error]`",
        "|`|",
        "` <b>`<i>` @me `",
        "x` @me `y",
        "$`x`$",
        "\\`<b>",
        "\\|a|b",
        "---\n",
        "| a |\n| --- |",
        "</code></pre><script>x</script>",
        "-->",
    ];
    for word in tries {
        let words =
            vec![word.to_owned(), "1.0.0".to_owned(), word.to_owned(), word.to_owned(), "plain".to_owned(), word.to_owned()];
        let tree = tree(&words);
        assert!(tree.list().unwrap().files.len() >= 5);
        check(&tree, request(), hold).unwrap();
    }
}
