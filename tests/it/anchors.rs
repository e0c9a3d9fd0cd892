//! Where alerts stand in a change: a pull request shows an alert only if its line is among those that the change adds.
//!
//! `fixtures/anchors/<format>.txt` is one change for each format, which adds a package and bumps another: after a line `=== PATH` the
//! lines of a file, each behind a mark: ` ` for both sides, `-` for the base, `+` for the head, `*` for a line of the head on which an
//! alert has to stand. The real `git` says what is added.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use packman::formats::FORMATS;
use packman::tree::MapTree;
use serde_json::Value;

use crate::gate::output;
use crate::golden::fixtures;
use crate::sarif;
use crate::tree::Place;

/// Asks so much of every registry that each package has an alert.
const POLICY: &str =
    "extends = [\"strict\"]\n[minimum]\ntier = 3\n[origins]\ndefault-registry = { maven = \"maven-central\", golang = \"go\" }\n";

/// A path and a line of it.
type Line = (String, u64);

/// Both sides of a change, and the lines that alerts have to stand on.
struct Change {
    base: BTreeMap<String, String>,
    head: BTreeMap<String, String>,
    expected: BTreeSet<Line>,
}

fn change(text: &str) -> Change {
    let mut change = Change { base: BTreeMap::new(), head: BTreeMap::new(), expected: BTreeSet::new() };
    let mut path = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            name.clone_into(&mut path);
            continue;
        }
        let (mark, content) = line.split_at(1);
        if matches!(mark, " " | "-") {
            writeln!(change.base.entry(path.clone()).or_default(), "{content}").unwrap();
        }
        if mark != "-" {
            let head = change.head.entry(path.clone()).or_default();
            writeln!(head, "{content}").unwrap();
            if mark == "*" {
                change.expected.insert((path.clone(), head.lines().count() as u64));
            }
        }
        assert!([" ", "-", "+", "*"].contains(&mark), "{line}");
    }
    change
}

/// The lines that git says are added.
fn added(change: &Change) -> BTreeSet<Line> {
    let place = Place::repository();
    let write = |files: &BTreeMap<String, String>| files.iter().for_each(|(path, content)| place.write(path, content));
    write(&change.base);
    place.git("add -A -f");
    place.git("commit -q -m base");
    write(&change.head);
    let diff = String::from_utf8(place.git("diff -U0 --no-color --no-ext-diff")).unwrap();
    let (mut path, mut lines) = (String::new(), BTreeSet::new());
    for line in diff.lines() {
        if let Some(name) = line.strip_prefix("+++ b/") {
            name.clone_into(&mut path);
        } else if let Some(hunk) = line.strip_prefix("@@ ") {
            let (start, count) =
                hunk.split(' ').nth(1).unwrap()[1..].split_once(',').unwrap_or((&hunk.split(' ').nth(1).unwrap()[1..], "1"));
            let (start, count): (u64, u64) = (start.parse().unwrap(), count.parse().unwrap());
            lines.extend((start..start + count).map(|line| (path.clone(), line)));
        }
    }
    lines
}

/// The lines on which something is said about a registry's tier, each once.
fn alerts(files: &BTreeMap<String, String>) -> BTreeSet<Line> {
    let tree = MapTree(files.iter().map(|(path, content)| (path.clone(), content.clone().into_bytes())).collect());
    let run = sarif::read(&output(&tree, Some(POLICY), "sarif"), &tree);
    let results = run["results"].as_array().unwrap().iter();
    let of_tiers = results.filter(|result| result["ruleId"].as_str().unwrap().starts_with("tier-below-minimum-"));
    of_tiers
        .map(|result| {
            let at: &Value = &result["locations"][0];
            (sarif::path(at), at["physicalLocation"]["region"]["startLine"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn alerts_stand_on_the_lines_that_a_change_adds() {
    let mut wrong = Vec::new();
    for format in FORMATS {
        // Never read: there is one alert for the file.
        if format.id == "bun-lockb" {
            continue;
        }
        let file = fixtures().join(format!("anchors/{}.txt", format.id));
        let change = change(&std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())));
        assert!(change.head.keys().any(|path| format.claims(path)), "{}: no file of the format", format.id);
        assert!(change.expected.len() >= 2, "{}: one package is added, one bumped", format.id);
        let (added, alerts) = (added(&change), alerts(&change.head));
        for line in &change.expected {
            if !alerts.contains(line) || !added.contains(line) {
                wrong.push(format!("{}: {line:?} has no alert in the diff; alerts on {alerts:?}, added {added:?}", format.id));
            }
        }
        // What the change leaves alone has its alerts where the change is not: nothing old is shown as new.
        let old: BTreeSet<&Line> = alerts.difference(&change.expected).collect();
        if old.is_empty() || old.iter().any(|line| added.contains(line)) {
            wrong.push(format!("{}: {old:?} should be there and not in the diff", format.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
