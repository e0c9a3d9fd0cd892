//! What a change lowers, told as stories: `fixtures/base/<story>/` has both sides (`base/`, `head/`; one that is not there is empty), maybe a
//! policy given by hand (`given.toml`), and `expected.txt`: verdict, findings with their states and places, exit. `UPDATE=1 cargo test base`
//! rewrites them; read the difference before you commit it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use packman::report::{Style, by_id};
use packman::snapshot::Snapshot;
use packman::tree::{MapTree, Tree};
use packman::{Base, Request, check, compare};
use serde_json::Value;

use crate::gate::request;
use crate::golden::{self, collect, fixtures};

/// A story: its folder, base, head, and a policy given by hand.
pub(crate) struct Story {
    folder: PathBuf,
    pub(crate) base: MapTree,
    pub(crate) head: MapTree,
    pub(crate) given: Option<String>,
}

pub(crate) fn output(head: &dyn Tree, base: &dyn Tree, given: Option<&str>, id: &str) -> String {
    let asked = given.map_or_else(
        || Request {
            policy: None,
            floor: None,
            cargo_metadata: None,
            levels: Vec::new(),
            today: "2026-11-24".parse().unwrap(),
            notes: Vec::new(),
        },
        request,
    );
    let base = Base { tree: base, name: String::new() };
    let bytes = compare(head, Some(&base), asked, |report| {
        let mut bytes = Vec::new();
        (by_id(id).unwrap().write)(report, Style::default(), &mut bytes).unwrap();
        bytes
    });
    String::from_utf8(bytes.unwrap()).unwrap()
}

pub(crate) fn stories() -> Vec<Story> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(fixtures().join("base")).unwrap().map(|one| one.unwrap().path()).collect();
    folders.sort();
    let side = |folder: &Path| {
        let mut tree = MapTree::default();
        if folder.is_dir() {
            collect(folder, folder, &mut tree.0);
        }
        tree
    };
    let story = |folder: PathBuf| Story {
        base: side(&folder.join("base")),
        head: side(&folder.join("head")),
        given: std::fs::read_to_string(folder.join("given.toml")).ok(),
        folder,
    };
    folders.into_iter().map(story).collect()
}

impl Story {
    pub(crate) fn report(&self, id: &str) -> String {
        output(&self.head, &self.base, self.given.as_deref(), id)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.report("json")).unwrap()
    }
}

fn told(report: &Value) -> String {
    let mut told = String::new();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let complete = if report["complete"] == true { "" } else { ", incomplete" };
    let coverage = &report["coverage"];
    let _ = writeln!(told, "{}{complete}", text(&report["verdict"]));
    let _ = writeln!(
        told,
        "read {}, excluded {}, unreadable {}, lost {}",
        coverage["read"], coverage["excluded"], coverage["unreadable"], coverage["lost"]
    );
    for finding in report["findings"].as_array().unwrap() {
        let (state, level, rule) = (text(&finding["state"]), text(&finding["level"]), text(&finding["rule"]));
        let _ = writeln!(told, "\n{state} {level} {rule}\n  {}", text(&finding["message"]));
        for place in finding["places"].as_array().unwrap() {
            let side = if place["side"] == "head" { String::new() } else { format!("{} ", text(&place["side"])) };
            let at = format!("{}:{}:{}", text(&place["path"]), place["line"], place["column"]);
            let _ = writeln!(told, "  {}: {side}{at}", text(&place["role"]));
        }
    }
    for note in report["notes"].as_array().unwrap() {
        let _ = writeln!(told, "\nnote: {}", text(note));
    }
    let exit = match report["verdict"].as_str() {
        Some("pass") => 0,
        Some("fail") => 1,
        _ => 3,
    };
    let _ = writeln!(told, "\nexit {exit}");
    told
}

#[test]
fn stories_are_told_as_expected() {
    let mut stale = Vec::new();
    for story in stories() {
        let told = told(&story.json());
        stale.extend(golden::stale(&story.folder.join("expected.txt"), &told));
    }
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

#[test]
fn every_comparing_rule_has_a_story() {
    let rules: std::collections::BTreeSet<String> = stories().iter().flat_map(|story| found(&story.json())).collect();
    for rule in ["protection-lowered", "coverage-lost", "registry-new", "policy-changed"] {
        assert!(rules.contains(rule), "{rule}");
    }
}

/// The rules that found something.
pub(crate) fn found(report: &Value) -> Vec<String> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn compared_with_itself_nothing_is_new() {
    for story in stories() {
        for side in [&story.head, &story.base] {
            if side.0.get("packman.toml").is_some_and(|policy| policy.starts_with(b"extend =")) {
                continue;
            }
            let report: Value = serde_json::from_str(&output(side, side, None, "json")).unwrap_or_default();
            let findings = report["findings"].as_array().unwrap();
            let fresh: Vec<&Value> = findings.iter().filter(|finding| finding["state"] == "new").collect();
            assert!(fresh.is_empty(), "{}: {fresh:?}", story.folder.display());
            assert_eq!(report["coverage"]["lost"], 0, "{}", story.folder.display());
        }
    }
}

/// Packages that come from elsewhere, with their lockfiles.
fn moved(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let moved = findings.filter(|finding| finding["message"].as_str().unwrap().contains("before this change it came from"));
    let mut moved: Vec<String> = moved
        .map(|finding| {
            let purl = finding["purl"].as_str().unwrap();
            format!("{} {}", purl.rsplit_once('@').map_or(purl, |(package, _)| package), finding["lockfile"])
        })
        .collect();
    moved.sort();
    moved.dedup();
    moved
}

#[test]
fn what_comes_from_elsewhere_came_from_elsewhere_the_other_way_round() {
    // One way only: what the repository takes in itself, and one more source, which gone again lowers nothing.
    let one_way = ["a-package-becomes-a-workspace-member", "a-workspace-member-becomes-a-package", "a-fork-beside-the-registry"];
    let more = ["a-second-version-comes-from-elsewhere", "one-repository-of-a-pom", "one-more-index"];
    for story in stories() {
        let name = story.folder.file_name().unwrap().to_str().unwrap().to_owned();
        // The lockfile has another path there and back.
        let is_moved = name == "the-folder-moves-to-where-nobody-looks-any-more";
        if is_moved || one_way.contains(&name.as_str()) || more.contains(&name.as_str()) {
            continue;
        }
        let policy = "extends = [\"strict\"]\n";
        let there: Value = serde_json::from_str(&output(&story.head, &story.base, Some(policy), "json")).unwrap();
        let back: Value = serde_json::from_str(&output(&story.base, &story.head, Some(policy), "json")).unwrap();
        assert_eq!(moved(&there), moved(&back), "{name}");
    }
}

/// All that a snapshot says, without saying which side it is.
fn dump(snapshot: &Snapshot) -> String {
    let mut dump = String::new();
    for judged in &snapshot.lockfiles {
        let lockfile = &judged.lockfile;
        let shadowed = judged.shadowed_by.map(|by| snapshot.path(by));
        let _ = writeln!(dump, "{} {} {shadowed:?}", snapshot.path(lockfile.text), lockfile.format.id);
        for (entry, origin) in lockfile.entries.iter().zip(&judged.routed.origins) {
            let content = &snapshot.text(lockfile.text).unwrap().content;
            let version = entry.version.as_ref().map(|version| version.of(content));
            let places: Vec<&str> = judged
                .routed
                .answer(origin)
                .map_or(Vec::new(), |answer| answer.candidates.iter().map(|one| one.location.as_str()).collect());
            let _ = writeln!(dump, "  {} {version:?} {:?} {places:?}", entry.name.of(content), origin.class);
        }
        let _ = writeln!(dump, "  {:?}", judged.settings().map(|setting| setting.key.as_str()).collect::<Vec<_>>());
    }
    let coverage = &snapshot.coverage;
    let excluded: Vec<&str> = coverage.excluded.iter().map(|id| snapshot.path(*id)).collect();
    let _ = writeln!(dump, "{} {} {} {excluded:?}", coverage.read, coverage.shadowed, coverage.unreadable);
    dump
}

#[test]
fn what_a_base_shares_with_its_head_is_what_it_would_read_alone() {
    for story in stories() {
        for (head, base) in [(&story.head, &story.base), (&story.base, &story.head)] {
            let policy = head.0.get("packman.toml").map_or("", |bytes| std::str::from_utf8(bytes).unwrap());
            // One that cannot be given by hand.
            let policy = if ["extend =", ".toml\"", "[folders"].iter().any(|word| policy.contains(word)) { "" } else { policy };
            let beside = Base { tree: base, name: String::new() };
            let shared = compare(head, Some(&beside), request(policy), |report| dump(report.case.base.unwrap())).unwrap();
            let alone = check(base, request(policy), |report| dump(report.case.head)).unwrap();
            assert_eq!(shared, alone, "{}", story.folder.display());
        }
    }
}

/// Many projects, of which one change touches a few: a lockfile, a manifest, a configuration above several, a folder.
#[test]
fn a_change_in_a_large_tree_is_read_as_if_nothing_were_shared() {
    let mut base = MapTree::default();
    for story in stories() {
        let name = story.folder.file_name().unwrap().to_str().unwrap().to_owned();
        base.0.extend(story.base.0.iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes.clone())));
    }
    base.0.retain(|path, _| !path.ends_with("packman.toml"));
    let paths: Vec<String> = base.0.keys().cloned().collect();
    for (number, path) in paths.iter().enumerate().step_by(7) {
        let mut head = base.clone();
        match number % 3 {
            0 => drop(head.0.remove(path)),
            1 => head.0.get_mut(path).unwrap().extend_from_slice(b"\n"),
            _ => drop(head.0.insert(".npmrc".to_owned(), b"registry=https://npm.evil.example/\n".to_vec())),
        }
        let beside = Base { tree: &base, name: String::new() };
        let shared = compare(&head, Some(&beside), request(""), |report| dump(report.case.base.unwrap())).unwrap();
        let alone = check(&base, request(""), |report| dump(report.case.head)).unwrap();
        assert_eq!(shared, alone, "{path}");
    }
}

/// What people see: the line of the base where the base has the culprit.
#[test]
fn excerpts_of_the_base_are_the_bases() {
    let story = |name: &str| stories().into_iter().find(|story| story.folder.ends_with(name)).unwrap().report("human");
    let gone = story("a-protecting-setting-is-gone");
    assert!(gone.contains("--> .npmrc:1:16\n  |\n1 | ignore-scripts=true\n  |                ^^^^ gone"), "{gone}");
    let line = story("one-line-of-npmrc");
    assert!(line.contains("--> .npmrc:1:10\n  |\n1 | registry=https://npm.evil.example/"), "{line}");
}

#[test]
fn sarif_shows_all_that_stands_and_nothing_of_the_base() {
    for story in stories() {
        let sarif: Value = serde_json::from_str(&story.report("sarif")).unwrap();
        let json = story.json();
        let standing = json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["state"] != "excepted" && one["state"] != "baselined")
            .count();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        // Only an empty tree has no line that a result could stand on.
        assert!(standing == 0 || !results.is_empty() || story.head.0.is_empty(), "{}", story.folder.display());
        let told = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"];
        let told = told.as_array().into_iter().flatten().filter_map(|one| one["message"]["text"].as_str());
        let homeless: Vec<&str> = told.filter(|text| text.contains("before this change")).collect();
        assert!(homeless.is_empty() || story.head.0.is_empty(), "{}: {homeless:?}", story.folder.display());
        for result in results {
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(story.head.0.contains_key(&uri.replace("%20", " ")), "{}: {uri}", story.folder.display());
        }
    }
}

#[test]
fn half_a_file_on_either_side_is_no_reason_to_panic() {
    let judged = |head: &MapTree, base: &MapTree| {
        let asked = Request {
            policy: None,
            floor: None,
            cargo_metadata: None,
            levels: Vec::new(),
            today: "2026-11-24".parse().unwrap(),
            notes: Vec::new(),
        };
        let base = Base { tree: base, name: String::new() };
        let _ = compare(head, Some(&base), asked, |report| {
            for id in ["human", "json", "sarif", "summary", "comment", "html", "annotations"] {
                let _ = (by_id(id).unwrap().write)(report, Style::default(), &mut Vec::new());
            }
        });
    };
    for story in stories() {
        for path in story.head.0.keys().chain(story.base.0.keys()) {
            let cut = |tree: &MapTree| {
                let mut tree = tree.clone();
                if let Some(bytes) = tree.0.get_mut(path) {
                    bytes.truncate(bytes.len() * 2 / 3);
                }
                tree
            };
            judged(&cut(&story.head), &story.base);
            judged(&story.head, &cut(&story.base));
        }
    }
}

/// Of a link nothing is read, so that nobody knows whether it is what it was.
#[cfg(unix)]
#[test]
fn a_link_that_points_elsewhere_is_not_existing() {
    let folder = crate::cli::Folder::of(&[("base/kept/go.mod", "module a\n"), ("head/kept/go.mod", "module a\n")]);
    for (side, target) in [("base", "a.json"), ("head", "b.json")] {
        std::os::unix::fs::symlink(target, folder.at(&format!("{side}/package-lock.json"))).unwrap();
    }
    let ran = crate::cli::packman(&["check", &folder.at("head"), "--base", &folder.at("base")]);
    assert_eq!(ran.exit, packman::cli::Exit::Undecided, "{}", ran.out);
}

/// Work grows with the entries, not with their square: every comparison of one package's versions with each other would take minutes.
#[test]
fn a_package_in_thousands_of_versions_is_compared_quickly() {
    let lock = |minor: u32| {
        let mut lock = String::from("version = 4\n");
        for patch in 0..20_000 {
            let _ = write!(
                lock,
                "\n[[package]]\nname = \"x\"\nversion = \"1.{minor}.{patch}\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{patch:064x}\"\n"
            );
        }
        MapTree([("Cargo.lock".to_owned(), lock.into_bytes())].into())
    };
    let (base, head) = (lock(1), lock(2));
    let base = Base { tree: &base, name: String::new() };
    let found = compare(&head, Some(&base), request(""), |report| report.counts).unwrap();
    assert_eq!((found.dependencies, found.deny), (20_000, 0));
}
