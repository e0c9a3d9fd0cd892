//! What a change lowers, told as stories: `fixtures/base/<story>/` has both sides (`base/`, `head/`; one that is not there is empty), maybe a
//! policy given by hand (`given.toml`), and `expected.txt`: verdict, findings with their states and places, exit. `UPDATE=1 cargo test base`
//! rewrites them; read the difference before you commit it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use packman::report::{Style, by_id};
use packman::tree::{MapTree, Tree};
use packman::{Base, Request, compare};
use serde_json::Value;

use crate::gate::request;
use crate::golden::{collect, fixtures};

/// A story: its folder, base, head, and a policy given by hand.
struct Story {
    folder: PathBuf,
    base: MapTree,
    head: MapTree,
    given: Option<String>,
}

pub(crate) fn output(head: &dyn Tree, base: &dyn Tree, given: Option<&str>, id: &str) -> String {
    let asked = given.map_or_else(
        || Request { policy: None, cargo_metadata: None, levels: Vec::new(), today: "2026-11-24".parse().unwrap() },
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

fn stories() -> Vec<Story> {
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
    fn report(&self, id: &str) -> String {
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
    let _ = writeln!(told, "read {}, excluded {}, unreadable {}, lost {}", coverage["read"], coverage["excluded"], coverage["unreadable"], coverage["lost"]);
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
        let golden = story.folder.join("expected.txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&golden, &told).unwrap();
        }
        if std::fs::read_to_string(&golden).unwrap_or_default() != told {
            stale.push(format!("{} (UPDATE=1 rewrites it):\n{told}", golden.display()));
        }
    }
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}
