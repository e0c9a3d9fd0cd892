//! `docs/checks.md`: every point is there, and everything that is said to show one exists.

use std::collections::BTreeSet;
use std::path::Path;

use crate::derived::root;

/// The tests of a file: functions behind `#[test]`, other attributes between.
fn tests(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim_start) {
        if line == "#[test]" {
            is_test = true;
        } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| is_test) {
            found.extend(rest.split('(').next());
            is_test = false;
        } else if !line.starts_with("#[") {
            is_test = false;
        }
    }
    found
}

/// The files of a module, below `tests/it` and `src`.
fn sources(module: &str) -> Vec<String> {
    let path = module.replace("::", "/");
    let files = ["tests/it", "src"].iter().flat_map(|top| [format!("{top}/{path}.rs"), format!("{top}/{path}/mod.rs")]);
    files
        .map(|file| root().join(file))
        .filter(|file| Path::is_file(file))
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect()
}

#[test]
fn what_is_said_to_show_a_point_is_there() {
    let page = std::fs::read_to_string(root().join("docs/checks.md")).unwrap();
    let run = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    let steps: Vec<&str> = run.lines().filter_map(|line| line.strip_prefix("step '")?.split('\'').next()).collect();
    assert!(steps.len() > 20);
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows: Vec<Vec<&str>> =
        rows.map(|row| row.split(" | ").collect()).filter(|row: &Vec<&str>| row[0].parse::<u8>().is_ok()).collect();
    let numbers: Vec<u8> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<u8>>());
    let mut wrong = Vec::new();
    for row in rows {
        let [number, point, shown_by] = row[..] else { panic!("{row:?}") };
        assert!(!point.is_empty());
        for shown in shown_by.split(", `").map(|shown| shown.trim_matches('`')) {
            let is_there = match (shown.strip_prefix(".ci/run "), shown.rsplit_once("::")) {
                (Some(step), _) => steps.iter().any(|name| name.starts_with(step)),
                (None, Some((module, test))) => sources(module).iter().any(|text| tests(text).contains(test)),
                (None, None) => false,
            };
            if !is_there {
                wrong.push(format!("point {number}: `{shown}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "nothing of these names is there:\n{}", wrong.join("\n"));
}
