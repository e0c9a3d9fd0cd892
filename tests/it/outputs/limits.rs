//! What grows is bounded, says what was cut, and stays what it is.

use std::collections::BTreeMap;

use packman::report::{Style, by_id};
use packman::tree::MapTree;
use packman::{Request, check};

use super::markup::{markdown, page};
use super::runner::{annotations, commands};
use super::{rendered, request, strangers, written};

#[test]
fn ten_annotations_of_each_level_the_worst_first() {
    let tree = MapTree::of(&[
        ("a/package-lock.json", &strangers(30)),
        ("b/package-lock.json", "<<<<<<< HEAD\n"),
        ("c/Dockerfile", &(0..30).map(|number| format!("FROM h{number}.example/x:1\n")).collect::<String>()),
    ]);
    let said = written(&tree, "annotations");
    let all = commands(&said);
    assert_eq!(all.len(), said.lines().count());
    let of = |level: &str| all.iter().filter(|one| one.name == level).collect::<Vec<_>>();
    let (errors, warnings) = (of("error"), of("warning"));
    assert_eq!((errors.len(), warnings.len() <= 10), (10, true));
    // 60 strangers and one file that cannot be understood, which decides less.
    assert!(errors[9].data.starts_with("52 more of these"), "{}", errors[9].data);
    assert!(errors[..9].iter().all(|one| one.properties["title"] == "packman: unknown-registry"));
    assert_eq!(annotations(&said).len(), said.lines().count(), "the runner keeps all of them");
    assert!(all.iter().all(|one| one.data.encode_utf16().count() <= 4096));
}

#[test]
fn a_message_is_cut_where_the_runner_cuts() {
    let request = Request { notes: vec!["🦀x".repeat(5000)], ..request() };
    let lock = strangers(1);
    let tree = MapTree::of(&[("package-lock.json", &lock)]);
    let said = check(&tree, request, |report| rendered(report, "annotations", Style::default())).unwrap();
    let command = commands(&said).into_iter().find(|one| one.name == "notice").unwrap();
    let units = command.data.encode_utf16().count();
    assert!((4090..=4096).contains(&units) && command.data.ends_with('…'), "{units}");
    assert_eq!(annotations(&said).last().unwrap().message, command.data);
}

/// Thirty thousand findings, each a cause of its own; `.ci/limits.py` has a hundred thousand.
#[test]
fn thirty_thousand_findings_stay_within_all_limits() {
    let mut tree = MapTree::default();
    for number in 0..3 {
        tree.0.insert(
            format!("{number}/package-lock.json"),
            strangers(10_000).replace(".example.net", &format!(".e{number}.example")).into_bytes(),
        );
    }
    let ids = ["summary", "comment", "html", "annotations", "junit"];
    let known = ids.iter().filter(|id| by_id(id).is_some());
    let texts: BTreeMap<&str, String> =
        check(&tree, request(), |report| known.map(|id| (*id, rendered(report, id, Style::default()))).collect()).unwrap();
    let counted = |output: &str, max: usize| {
        let text = texts[output].clone();
        assert!(text.len() <= max, "{output}: {} bytes", text.len());
        text
    };
    let summary = counted("summary", 1_048_576);
    assert!(summary.len() > 500_000 && summary.contains(" did not fit; all of it is in the JSON report."));
    assert!(summary.trim_end().ends_with("`packman check`"));
    markdown(&summary);
    let comment = counted("comment", 65_536);
    assert!(comment.len() > 50_000 && comment.contains(" did not fit; all of it is in the JSON report."));
    markdown(&comment);
    let html = counted("html", 8 * 1024 * 1024);
    assert!(page(&html).contains("29000 more causes are not on this page (29000 findings)"));
    assert_eq!(annotations(&counted("annotations", 200_000)).len(), 10);
    #[cfg(feature = "junit")]
    {
        let junit = counted("junit", 30_000_000);
        assert_eq!(junit.matches("name=\"more findings\"").count(), 1);
        assert!(junit.contains("10000 findings more, which the JSON report names"));
    }
}
