//! Stories: `fixtures/check/<case>/` is a small repository (its part `head/`, if there is one), `expected.txt` what people see of it and
//! the exit. `UPDATE=1 cargo test check` rewrites them; read the difference before you commit it.

use std::collections::BTreeSet;

use packman::rules::{RULES, is_comparing};
use packman::tree::MapTree;
use serde_json::Value;

use crate::gate::output;
use crate::golden::{self, collect, fixtures};

/// Each case: its folder and its tree.
pub(crate) fn cases() -> Vec<(std::path::PathBuf, MapTree)> {
    let folders = std::fs::read_dir(fixtures().join("check")).unwrap().map(|case| case.unwrap().path());
    let mut folders: Vec<_> = folders.filter(|case| case.is_dir()).collect();
    folders.sort();
    let with_tree = |case: std::path::PathBuf| {
        let root = Some(case.join("head")).filter(|head| head.is_dir()).unwrap_or_else(|| case.clone());
        let mut tree = MapTree::default();
        collect(&root, &root, &mut tree.0);
        (case, tree)
    };
    folders.into_iter().map(with_tree).collect()
}

#[test]
fn stories_are_told_as_expected() {
    let mut stale = Vec::new();
    for (case, tree) in cases() {
        let exit = match output(&tree, None, "outputs").lines().next() {
            Some("verdict=pass") => 0,
            Some("verdict=fail") => 1,
            _ => 3,
        };
        let told = format!("{}\nexit {exit}\n", output(&tree, None, "human").trim_end());
        stale.extend(golden::stale(&case.join("expected.txt"), &told));
    }
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

#[test]
fn every_rule_has_a_story() {
    let mut found = BTreeSet::new();
    for (_, tree) in cases() {
        let report: Value = serde_json::from_str(&output(&tree, None, "json")).unwrap();
        let rules = report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap().to_owned());
        found.extend(rules);
    }
    let without: Vec<&str> =
        RULES.iter().filter(|rule| !is_comparing(rule)).map(|rule| rule.id).filter(|id| !found.contains(*id)).collect();
    assert!(without.is_empty(), "no case of fixtures/check shows {without:?}");
}
