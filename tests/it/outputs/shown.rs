//! What the outputs say of a case that a person can oversee.

#[cfg(feature = "junit")]
use std::collections::BTreeMap;

use packman::report::comment_marker;
use packman::tree::MapTree;

use super::markup::{markdown, page};
use super::runner::{Annotation, annotations, outputs};
use super::{Below, compared, npm, written};

const GOOD: (&str, &str, &str) = ("ui-kit", "2.0.0", "https://registry.npmjs.org/ui-kit/-/ui-kit-2.0.0.tgz");
const STRANGER: (&str, &str, &str) = ("left-pad", "1.3.0", "https://npm.example.net/left-pad/-/left-pad-1.3.0.tgz");
const OTHER: (&str, &str, &str) = ("right-pad", "1.3.0", "https://npm.example.org/right-pad/-/right-pad-1.3.0.tgz");

fn tree(packages: &[(&'static str, &'static str, &'static str)]) -> MapTree {
    MapTree::of(&[("web/package-lock.json", &npm(packages.iter().copied())), ("Dockerfile", "FROM node:22\n")])
}

#[test]
fn an_annotation_stands_on_its_line_from_the_top_of_the_work_tree() {
    let tree = tree(&[GOOD, STRANGER]);
    let said = written(&Below(&tree, "deep/er"), "annotations");
    let shown = annotations(&said);
    let lock = String::from_utf8(tree.0["web/package-lock.json"].clone()).unwrap();
    let line = lock.lines().position(|line| line.contains("1.3.0\"")).unwrap() + 1;
    let Annotation { level, file, line: at, columns, title, message } = &shown[0];
    assert_eq!(
        (level.as_str(), file.as_deref(), title.as_deref()),
        ("error", Some("deep/er/web/package-lock.json"), Some("packman: unknown-registry"))
    );
    assert_eq!(*at, Some(u32::try_from(line).unwrap()));
    let (start, end) = columns.unwrap();
    let shown_line = lock.lines().nth(line - 1).unwrap();
    assert_eq!(&shown_line[start as usize - 1..end as usize - 1], "1.3.0");
    assert!(
        message.starts_with("`left-pad` 1.3.0 comes from `https://npm.example.net`") && message.contains("\nNext: "),
        "{message}"
    );
    assert_eq!(shown[1].level, "warning");
    assert_eq!(shown.len(), 2);
}

#[test]
fn what_is_undecided_is_an_error_and_what_is_clean_says_nothing() {
    let undecided = annotations(&written(&MapTree::of(&[("package-lock.json", "{")]), "annotations"));
    assert_eq!(
        (undecided.len(), undecided[0].level.as_str(), undecided[0].file.as_deref()),
        (1, "error", Some("package-lock.json"))
    );
    let nothing = annotations(&written(&MapTree::of(&[("README.md", "")]), "annotations"));
    assert_eq!(
        (nothing.len(), nothing[0].level.as_str(), nothing[0].title.as_deref()),
        (1, "error", Some("packman: no-lockfile"))
    );
    assert_eq!(written(&MapTree::of(&[("package-lock.json", &npm([GOOD]))]), "annotations"), "");
}

/// The action reads the lines, whichever system it runs on.
#[test]
fn outputs_are_the_same_pairs_under_every_line_rule() {
    let said = written(&tree(&[GOOD, STRANGER]), "outputs");
    let pairs = outputs(&said, false).unwrap();
    assert_eq!(Ok(&pairs), outputs(&said, true).as_ref());
    let expected =
        [("verdict", "fail"), ("complete", "true"), ("dependencies", "3"), ("deny", "1"), ("undecided", "0"), ("warn", "1")];
    for (name, value) in expected {
        assert_eq!(pairs[name], value, "{name}");
    }
    assert!(said.ends_with('\n') && said.encode_utf16().count() < 500_000);
}

#[test]
fn a_comment_begins_with_its_marker_and_has_what_is_new_first() {
    let comment = compared(&Below(&tree(&[GOOD, STRANGER, OTHER]), "deep/er"), &tree(&[GOOD, STRANGER]), "comment");
    markdown(&comment);
    let mut lines = comment.lines();
    assert_eq!(lines.next(), Some("<!-- packman deep/er -->"));
    assert!(lines.next().unwrap().starts_with("## packman: fail: 1 of 4 dependencies may not come in"), "{comment}");
    let at = |part: &str| comment.find(part).unwrap_or_else(|| panic!("{part} in {comment}"));
    assert!(at("### New in this change") < at("`right-pad` `1.3.0` comes from"));
    assert!(at("right-pad") < at("**Next:**"));
    assert!(at("**Next:**") < at("<details><summary>2 there before this change</summary>"));
    assert!(at("there before this change") < at("`left-pad` `1.3.0`"));
    assert!(at("`left-pad` `1.3.0`") < at("| registry | dependencies | tier |"));
    let clean = written(&MapTree::of(&[("package-lock.json", &npm([GOOD]))]), "comment");
    assert!(clean.starts_with("<!-- packman -->\n## packman: pass: 1 dependency, all may come in\n"), "{clean}");
}

#[test]
fn a_marker_is_one_line_that_ends_where_it_should() {
    for id in ["", "web", "a b", "-->", "--", "---", "a\n-->", "<b>", "é", "-"] {
        let marker = comment_marker(id);
        let inside = marker.strip_prefix("<!-- packman").and_then(|rest| rest.strip_suffix(" -->")).unwrap();
        assert!(!inside.contains("--") && !inside.contains(['<', '>', '\n']), "{marker}");
        markdown(&format!("{marker}\n## x\n"));
    }
    assert_ne!(comment_marker("a"), comment_marker("b"));
}

/// Suites by name: status and message of their cases by name.
#[cfg(feature = "junit")]
fn junit(text: &str) -> BTreeMap<String, BTreeMap<String, (String, String)>> {
    let document = roxmltree::Document::parse(text).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    assert!(!text.contains(" time") && !text.contains("uuid") && !text.contains("hostname"));
    let count = |node: roxmltree::Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<usize>().unwrap();
    let mut suites = BTreeMap::new();
    let (mut tests, mut failures) = (0, 0);
    for suite in root.children().filter(roxmltree::Node::is_element) {
        let mut cases = BTreeMap::new();
        for case in suite.children().filter(roxmltree::Node::is_element) {
            assert_eq!(case.attribute("classname"), suite.attribute("name"));
            let told = case.children().find(roxmltree::Node::is_element);
            let status = told.map_or("passed", |told| told.tag_name().name()).to_owned();
            let message = told.and_then(|told| told.attribute("message").or(told.text())).unwrap_or("").to_owned();
            assert!(cases.insert(case.attribute("name").unwrap().to_owned(), (status, message)).is_none(), "names are unique");
        }
        let of = |status: &str| cases.values().filter(|(found, _)| found == status).count();
        assert_eq!(count(suite, "tests"), cases.len());
        assert_eq!(
            (count(suite, "failures"), count(suite, "errors"), count(suite, "skipped")),
            (of("failure"), of("error"), of("skipped"))
        );
        tests += cases.len();
        failures += of("failure");
        suites.insert(suite.attribute("name").unwrap().to_owned(), cases);
    }
    assert_eq!((count(root, "tests"), count(root, "failures")), (tests, failures));
    suites
}

#[cfg(feature = "junit")]
#[test]
fn junit_has_a_suite_for_each_lockfile() {
    let text = written(&Below(&tree(&[GOOD, STRANGER]), "deep/er"), "junit");
    let suites = junit(&text);
    assert_eq!(suites.keys().collect::<Vec<_>>(), ["Dockerfile", "packman", "web/package-lock.json"]);
    let status = |suite: &str, case: &str| suites[suite].get(case).map(|(status, _)| status.as_str());
    let web = "web/package-lock.json";
    assert_eq!(status(web, "unknown-registry: left-pad"), Some("failure"));
    assert_eq!(status(web, "unknown-registry"), None, "a rule that found something has no passed case");
    assert_eq!(status(web, "integrity-missing"), Some("passed"));
    assert_eq!(status(web, "coverage-lost"), None);
    assert_eq!(status("packman", "no-lockfile"), Some("passed"));
    let (told, words) = &suites["Dockerfile"]["unpinned-origin: library/node"];
    assert!(told == "system-out" && words.starts_with("warn: Dockerfile:1: "), "{told} {words}");
    assert!(text.contains("file=\"deep/er/web/package-lock.json\""));
    // Read back by the crate that other programs read it with.
    let read = quick_junit_of(&text);
    assert_eq!(read, suites.values().map(BTreeMap::len).sum::<usize>());
}

#[cfg(feature = "junit")]
fn quick_junit_of(text: &str) -> usize {
    quick_junit::Report::deserialize_from_str(text).unwrap().tests
}

#[cfg(feature = "junit")]
#[test]
fn junit_tells_what_is_undecided_what_was_there_and_what_is_clean() {
    let undecided = junit(&written(&MapTree::of(&[("package-lock.json", "{")]), "junit"));
    assert_eq!(undecided["package-lock.json"]["lockfile-unreadable"].0, "error");
    let nothing = junit(&written(&MapTree::of(&[("README.md", "")]), "junit"));
    assert_eq!(nothing["packman"]["no-lockfile"].0, "error");
    let clean = junit(&written(&MapTree::of(&[("package-lock.json", &npm([GOOD]))]), "junit"));
    assert!(
        clean["package-lock.json"].len() > 5 && clean.values().flat_map(BTreeMap::values).all(|(status, _)| status == "passed")
    );
    let existing = junit(&compared(&tree(&[GOOD, STRANGER]), &tree(&[GOOD, STRANGER]), "junit"));
    let (status, message) = &existing["web/package-lock.json"]["unknown-registry: left-pad"];
    assert!(status == "skipped" && message.starts_with("was there before this change: "), "{status} {message}");
}

#[test]
fn the_page_says_it_all() {
    let tree = tree(&[GOOD, STRANGER]);
    let html = written(&Below(&tree, "deep/er"), "html");
    let text = page(&html);
    for part in [
        "1 of 3 dependencies may not come in",
        "left-pad 1.3.0 comes from https://npm.example.net",
        "web/package-lock.json:",
        "whose registry offers tier 2 (basic controls)",
        "All 2 causes are shown.",
        "Next:",
        "packman check deep/er",
        "npm-package-lock",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(html.contains("data-level=\"deny\" data-rule=\"unknown-registry\" data-registries=\"unknown\""));
    assert!(html.contains("<mark>https://npm.example.net</mark>"));
    let existing = page(&compared(&tree, &tree, "html"));
    assert!(
        existing.contains("2 findings there before this change") && existing.contains("Nothing was found that the policy minds.")
    );
    let undecided = page(&written(&MapTree::of(&[("package-lock.json", "{")]), "html"));
    assert!(undecided.contains("could not be understood"));
    let nothing = page(&written(&MapTree::of(&[("README.md", "")]), "html"));
    assert!(nothing.contains("No lockfile was found, so nothing was judged"));
}
