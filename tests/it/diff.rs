//! What changed between two sides, for people: `fixtures/diff/` has a pair that shows every kind of change, and what each format makes of it
//! (`UPDATE=1 cargo test diff` rewrites that; read the difference before you commit it).

use std::collections::BTreeMap;

use packman::cli::Exit;
use packman::report::diff_schema;
use serde_json::Value;

use crate::cli::{Folder, Ran, fits, packman};
use crate::golden::{self, fixtures};
use crate::tree::Place;

const SERDE: &str = "[[package]]\nname = \"serde\"\nversion = \"1.0.200\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"ddc6f9cc94d67c0e21aaf7eda3a010fd3af78ebf6e096aa6e2e13c79749cce4f\"\n";
const SUB: &str = "[[package]]\nname = \"sub\"\nversion = \"0.1.0\"\n";
const LIBC: &str = "[[package]]\nname = \"libc\"\nversion = \"0.2.150\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"89d92a4743f9a61002fae18374ed11e7973f530cb3a3255fb354818118b2203c\"\n";

fn side(name: &str) -> String {
    fixtures().join("diff").join(name).to_str().unwrap().to_owned()
}

fn diff(base: &str, head: &str, format: &str) -> Ran {
    packman(&["diff", base, head, "--format", format])
}

fn json(base: &str, head: &str) -> (Exit, Value) {
    let ran = diff(base, head, "json");
    (ran.exit, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err)))
}

/// Changes of each package, by name, with versions; several of one name in order.
fn told(report: &Value) -> BTreeMap<String, Vec<String>> {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in report["packages"].as_array().unwrap() {
        let words = |list: &Value| {
            list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        let version = |side: &str| one[side]["version"].as_str().unwrap_or("-").to_owned();
        let line = format!("{} {} {}", version("base"), version("head"), words(&one["changes"]));
        told.entry(one["name"].as_str().unwrap().to_owned()).or_default().push(line);
    }
    told
}

fn lock(packages: &[&str]) -> String {
    format!("version = 4\n\n{}", packages.join("\n"))
}

#[test]
fn each_format_shows_every_kind_of_change() {
    let mut stale = Vec::new();
    for (format, golden) in [("table", "expected-table.txt"), ("json", "expected.json"), ("markdown", "expected.md")] {
        let ran = diff(&side("base"), &side("head"), format);
        assert_eq!((ran.exit, ran.err.as_str()), (Exit::Fail, ""));
        let shown = match format {
            "json" => format!("{:#}\n", serde_json::from_str::<Value>(&ran.out).unwrap()),
            _ => ran.out,
        };
        stale.extend(golden::stale(&fixtures().join("diff").join(golden), &shown));
    }
    assert!(stale.is_empty(), "{}", stale.join("\n"));
    let (_, report) = json(&side("base"), &side("head"));
    let counts = report["counts"].as_object().unwrap();
    assert!(counts.len() == 8 && counts.values().all(|count| count.as_u64() > Some(0)), "{counts:?}");
    let schema = diff_schema();
    assert_eq!(fits(&report, &schema, &schema), Ok(()));
}

#[test]
fn nothing_differs_from_itself() {
    for name in ["base", "head"] {
        let (exit, report) = json(&side(name), &side(name));
        assert_eq!((exit, told(&report).len(), &report["complete"]), (Exit::Pass, 0, &Value::Bool(true)));
        assert_eq!(report["beyond"].as_array().unwrap().len(), 0);
    }
    assert_eq!(diff(&side("base"), &side("base"), "table").out, "no differences\n");
}

/// What is told the other way round, but for what is weakened: that is strengthened then.
fn inverse(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let swapped = |word: &str| {
        match word {
            "added" => "removed",
            "removed" => "added",
            "upgraded" => "downgraded",
            "downgraded" => "upgraded",
            other => return other.to_owned(),
        }
        .to_owned()
    };
    let rest = words[2..].iter().map(|word| swapped(word));
    [words[1], words[0]].map(str::to_owned).into_iter().chain(rest).collect::<Vec<_>>().join(" ")
}

/// Lines with their names, sorted, without what is weakened.
fn neutral(told: BTreeMap<String, Vec<String>>, change: fn(&str) -> String) -> Vec<String> {
    let lines = told.iter().flat_map(|(name, lines)| lines.iter().map(move |line| (name, line.replace(" weakened", ""))));
    let mut lines: Vec<String> =
        lines.filter(|(_, line)| line.split(' ').count() > 2).map(|(name, line)| format!("{name} {}", change(&line))).collect();
    lines.sort();
    lines
}

#[test]
fn the_other_way_round_is_the_inverse() {
    let (_, there) = json(&side("base"), &side("head"));
    let (_, back) = json(&side("head"), &side("base"));
    assert_eq!(neutral(told(&there), inverse), neutral(told(&back), str::to_owned));
}

#[test]
fn stories_of_changes_are_told_alike_by_check_and_both_ways_round() {
    let mut count = [0; 2];
    for story in std::fs::read_dir(fixtures().join("base")).unwrap().map(|story| story.unwrap().path()) {
        let [base, head] = ["base", "head"].map(|side| story.join(side));
        let has_policy =
            |side: &std::path::Path| side.join("packman.toml").exists() || side.join(".github/packman.toml").exists();
        if !base.is_dir() || !head.is_dir() || story.join("given.toml").exists() {
            continue;
        }
        let [base_path, head_path] = [&base, &head].map(|side| side.to_str().unwrap());
        let (exit, there) = json(base_path, head_path);
        let expected = std::fs::read_to_string(story.join("expected.txt")).unwrap();
        let is_lowered = expected.contains(" protection-lowered\n") || expected.contains(" coverage-lost\n");
        if is_lowered {
            assert_eq!(exit, Exit::Fail, "{}: {there}", story.display());
            count[0] += 1;
        }
        if !has_policy(&base) && !has_policy(&head) {
            let (_, back) = json(head_path, base_path);
            assert_eq!(neutral(told(&there), inverse), neutral(told(&back), str::to_owned), "{}", story.display());
            count[1] += 1;
        }
        assert_eq!(told(&json(head_path, head_path).1).len(), 0);
    }
    assert!(count.iter().all(|count| *count > 10), "{count:?}");
}

#[test]
fn order_and_the_version_of_the_format_are_no_difference() {
    let folder = Folder::of(&[("a/Cargo.lock", &lock(&[SERDE, LIBC])), ("b/Cargo.lock", &lock(&[LIBC, SERDE]))]);
    let entry = "{\"version\":\"1.3.0\",\"resolved\":\"https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz\",\"integrity\":\"sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==\"}";
    let root = "{\"name\":\"web\",\"version\":\"1.0.0\",\"dependencies\":{\"left-pad\":\"1.3.0\"}}";
    let packages = format!("\"packages\":{{\"\":{root},\"node_modules/left-pad\":{entry}}}");
    let head = "\"name\":\"web\",\"version\":\"1.0.0\",\"requires\":true";
    let two = format!("{{{head},\"lockfileVersion\":2,{packages},\"dependencies\":{{\"left-pad\":{entry}}}}}");
    folder.write("a/web/package-lock.json", &two);
    folder.write("b/web/package-lock.json", &format!("{{{head},\"lockfileVersion\":3,{packages}}}"));
    let ran = diff(&folder.at("a"), &folder.at("b"), "table");
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Pass, "no differences\n"), "{}", ran.err);
}

#[test]
fn a_renamed_folder_is_one_line_and_a_second_version_is_added() {
    let newer = SERDE.replace("1.0.200", "2.0.0");
    let folder = Folder::of(&[
        ("a/old/Cargo.lock", &lock(&[SERDE, LIBC])),
        ("b/new/Cargo.lock", &lock(&[SERDE, LIBC])),
        ("c/old/Cargo.lock", &lock(&[&newer, SERDE, LIBC])),
    ]);
    let ran = diff(&folder.at("a"), &folder.at("b"), "table");
    assert_eq!(ran.exit, Exit::Pass, "{}", ran.out);
    assert!(ran.out.contains("  moved  2 packages    old/Cargo.lock → new/Cargo.lock\n"), "{}", ran.out);
    let (exit, report) = json(&folder.at("a"), &folder.at("c"));
    assert_eq!((exit, told(&report)), (Exit::Pass, BTreeMap::from([("serde".to_owned(), vec!["- 2.0.0 added".to_owned()])])));
}

#[test]
fn what_cannot_be_compared_is_undecided() {
    let folder = Folder::of(&[
        ("a/Cargo.lock", &lock(&[SERDE])),
        ("b/Cargo.lock", "<<<<<<< HEAD\n"),
        ("c/README.md", ""),
        ("d/README.md", ""),
    ]);
    for (base, head) in [("a", "b"), ("b", "a"), ("c", "d")] {
        let (exit, report) = json(&folder.at(base), &folder.at(head));
        assert_eq!(report["packages"].as_array().unwrap().len(), 0, "what is unreadable is not gone");
        assert_eq!((exit, &report["verdict"], &report["complete"]), (Exit::Undecided, &"undecided".into(), &Value::Bool(false)));
    }
    assert_eq!(packman(&["diff"]).exit, Exit::Usage);
    assert_eq!(packman(&["diff", &folder.at("a"), &folder.at("none")]).exit, Exit::Usage);
}

#[test]
fn one_line_of_configuration_re_routes_and_strange_names_stay_text() {
    let entry = "registry.npmjs.org";
    let lock = "# yarn lockfile v1\n\n\nleft-pad@1.3.0:\n  version \"1.3.0\"\n  resolved \"https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz\"\n  integrity sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==\n";
    let strange = lock.replace("left-pad@1.3.0", "\"<b>|\u{202e}@1.3.0\"").replace(entry, "npm.evil.example");
    let folder = Folder::of(&[("a/yarn.lock", lock), ("b/yarn.lock", &strange)]);
    for format in ["table", "markdown"] {
        let ran = diff(&folder.at("a"), &folder.at("b"), format);
        assert!(!ran.out.contains('\u{202e}') && ran.out.contains("202e"), "{}", ran.out);
    }
    let pip = "requests==2.31.0 --hash=sha256:58cd2187c01e70e6e26505bca751777aa9f2ee0b7f4300988b709f44e013003f\n";
    folder.write("c/requirements.txt", pip);
    folder.write("d/requirements.txt", &format!("--index-url https://pypi.evil.example/simple\n{pip}"));
    let (exit, report) = json(&folder.at("c"), &folder.at("d"));
    assert_eq!((exit, told(&report)["requests"].clone()), (Exit::Fail, vec!["2.31.0 2.31.0 re-routed".to_owned()]));
    // The policy of either side says nothing about what is shown.
    folder.write("d/packman.toml", "extends = [\"observe\"]\n");
    assert_eq!(json(&folder.at("c"), &folder.at("d")).0, Exit::Fail);
}

#[test]
fn a_policy_that_comes_with_a_change_does_not_hide_it() {
    let lock = |host: &str| {
        let entry = format!(
            "\"node_modules/left-pad\":{{\"version\":\"1.3.0\",\"resolved\":\"https://{host}/left-pad/-/left-pad-1.3.0.tgz\",\"integrity\":\"sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==\"}}"
        );
        format!(
            "{{\"name\":\"web\",\"version\":\"1.0.0\",\"lockfileVersion\":3,\"packages\":{{\"\":{{\"dependencies\":{{\"left-pad\":\"1.3.0\"}}}},{entry}}}}}"
        )
    };
    let policy = "[registries.acme]\necosystem = \"npm\"\nurls = [\"https://npm.acme.example/\"]\nmirror-of = \"npm\"\n";
    let folder = Folder::of(&[
        ("a/package-lock.json", &lock("registry.npmjs.org")),
        ("b/package-lock.json", &lock("npm.acme.example")),
        ("b/packman.toml", policy),
    ]);
    let (exit, report) = json(&folder.at("a"), &folder.at("b"));
    assert_eq!((exit, told(&report)["left-pad"].clone()), (Exit::Fail, vec!["1.3.0 1.3.0 re-routed".to_owned()]));
    folder.write("a/packman.toml", policy);
    assert_eq!(json(&folder.at("a"), &folder.at("b")).0, Exit::Pass, "a mirror that both sides know is no other place");
}

#[test]
fn revisions_of_a_repository_and_its_files_on_disk() {
    let place = Place::new();
    place.git("init -q -b main");
    place.write("Cargo.lock", &lock(&[SERDE]));
    place.write("sub/Cargo.lock", &lock(&[SUB, SERDE]));
    place.git("add -A");
    place.git("commit -q -m one");
    place.write("Cargo.lock", &lock(&[LIBC, SERDE]));
    place.git("commit -q -a -m two");
    place.write("sub/Cargo.lock", &lock(&[SUB]));
    let root = format!("{}/", place.0.to_str().unwrap());
    let run = |words: &[&str]| {
        let ran = packman(&[&["diff", "--format", "json"], words].concat());
        assert_eq!(ran.exit, Exit::Pass, "{words:?}: {}{}", ran.out, ran.err);
        told(&serde_json::from_str(&ran.out).unwrap())
    };
    let added = ("libc".to_owned(), vec!["- 0.2.150 added".to_owned()]);
    let removed = ("serde".to_owned(), vec!["1.0.200 - removed".to_owned()]);
    assert_eq!(run(&["main~1", "main", &root]), BTreeMap::from([added.clone()]));
    assert_eq!(run(&["main~1", &root]), BTreeMap::from([added, removed.clone()]));
    assert_eq!(run(&["main", &root]), BTreeMap::from([removed.clone()]));
    assert_eq!(run(&["main", &format!("{root}sub/")]), BTreeMap::from([removed]), "below a folder");
    assert_eq!(run(&["main", "main~1", &root]), BTreeMap::from([("libc".to_owned(), vec!["0.2.150 - removed".to_owned()])]));
    let ran = packman(&["diff", "nowhere", "main", &root]);
    assert_eq!(ran.exit, Exit::Undecided, "{}", ran.err);
}
