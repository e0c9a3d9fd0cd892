//! Changes in real repositories, told with the real `git` and judged by real runs of the command.

use std::fmt::Write as _;
use std::fs;

use packman::cli::Exit;
use serde_json::Value;

use crate::cli::{Ran, packman};
use crate::tree::{Place, git};

const GOOD: &str = "version = 4\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.200\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"ddc6f9cc94d67c0e21aaf7eda3a010fd3af78ebf6e096aa6e2e13c79749cce4f\"\n";

/// The lockfile with one more crate, from nowhere that is known.
fn stranger(name: &str) -> String {
    format!(
        "{GOOD}\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry+https://crates.evil.example/index\"\n"
    )
}

/// A repository whose `main` has one good lockfile, on a branch `topic`.
fn on_topic() -> Place {
    on_topic_of("init -q -b main")
}

fn on_topic_of(init: &str) -> Place {
    let place = Place::new();
    place.git(init);
    place.write("Cargo.lock", GOOD);
    commit(&place, "one");
    place.git("checkout -q -b topic");
    place
}

fn commit(place: &Place, message: &str) {
    place.git("add -A");
    place.git(&format!("commit -q -m {message}"));
}

/// `packman check … FOLDER --output json=-`.
fn judge(place: &Place, words: &[&str]) -> (Ran, Value) {
    let folder = place.0.to_str().unwrap();
    let ran = packman(&[&["check", folder, "--output", "json=-"], words].concat());
    let report = serde_json::from_str(&ran.out).unwrap_or_default();
    (ran, report)
}

/// State and rule of each finding.
fn found(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    findings.iter().map(|one| format!("{} {}", one["state"].as_str().unwrap(), one["rule"].as_str().unwrap())).collect()
}

#[test]
fn only_what_the_branch_brings_decides() {
    for init in ["init -q -b main", "init -q -b main --object-format=sha256"] {
        let place = on_topic_of(init);
        place.write("README.md", "words");
        commit(&place, "words");
        // What came to main meanwhile is not this branch's doing.
        place.git("checkout -q main");
        place.write("Cargo.lock", &stranger("late"));
        commit(&place, "late");
        place.git("checkout -q topic");
        let (ran, report) = judge(&place, &["--base", "main"]);
        assert_eq!((ran.exit, found(&report)), (Exit::Pass, vec![]), "{}", ran.err);
        assert!(report["notes"][0].as_str().unwrap().contains("where it and `HEAD` parted"));
        place.write("Cargo.lock", &stranger("early"));
        let (ran, report) = judge(&place, &["--base", "main"]);
        assert_eq!((ran.exit, found(&report)), (Exit::Fail, vec!["new unknown-registry".to_owned()]));
    }
}

#[test]
fn a_merge_is_compared_with_its_first_parent_and_a_revision_judged_without_a_checkout() {
    let place = on_topic();
    place.write("web/Cargo.lock", &stranger("topical"));
    commit(&place, "topic");
    place.git("checkout -q main");
    place.write("api/Cargo.lock", &stranger("mainly"));
    commit(&place, "main");
    place.git("merge -q --no-ff -m merged topic");
    place.git("checkout -q HEAD~1");
    let (ran, report) = judge(&place, &["--base", "main^1", "--base-exact", "--head", "main"]);
    assert_eq!(
        (ran.exit, found(&report)),
        (Exit::Fail, vec!["new unknown-registry".to_owned(), "existing unknown-registry".to_owned()])
    );
    assert_eq!(report["findings"][0]["lockfile"], "web/Cargo.lock");
    assert_eq!(report["counts"]["existing"], 1);
    let (ran, report) = judge(&place, &["--base", "main", "--base-exact", "--head", "main"]);
    assert_eq!((ran.exit, found(&report).len()), (Exit::Pass, 2));
}

#[test]
fn a_base_that_was_pushed_over_is_compared_where_both_parted() {
    let place = on_topic();
    place.git("checkout -q main");
    place.write("README.md", "words");
    commit(&place, "two");
    // The branch goes on from a commit that the base exchanges for another one; the first is common to both.
    place.git("checkout -q -B topic");
    place.write("NOTES.md", "words");
    commit(&place, "three");
    place.git("checkout -q main");
    place.write("Cargo.lock", &stranger("rewritten"));
    place.git("add -A");
    place.git("commit -q --amend -m rewritten");
    place.git("checkout -q topic");
    let (ran, report) = judge(&place, &["--base", "main"]);
    assert_eq!((ran.exit, found(&report)), (Exit::Pass, vec![]), "{}", ran.err);
    place.write("Cargo.lock", &stranger("rewritten"));
    let (ran, report) = judge(&place, &["--base", "main"]);
    assert_eq!((ran.exit, found(&report)), (Exit::Fail, vec!["new unknown-registry".to_owned()]), "{}", ran.err);
}

#[test]
fn a_base_that_was_pushed_over_from_its_first_commit_is_undecided() {
    let place = on_topic();
    place.write("README.md", "words");
    commit(&place, "words");
    place.git("checkout -q main");
    place.write("Cargo.lock", &stranger("rewritten"));
    place.git("add -A");
    place.git("commit -q --amend -m rewritten");
    place.git("checkout -q topic");
    let (ran, _) = judge(&place, &["--base", "main"]);
    assert_eq!(ran.exit, Exit::Undecided, "the only commit was replaced, so nothing is common");
    assert!(ran.err.contains("no common history"), "{}", ran.err);
}

#[test]
fn a_conflict_left_in_the_lockfile_is_undecided() {
    let place = on_topic();
    place.write("Cargo.lock", &GOOD.replace("1.0.200", "1.0.201"));
    commit(&place, "topic");
    place.git("checkout -q main");
    place.write("Cargo.lock", &GOOD.replace("1.0.200", "1.0.202"));
    commit(&place, "main");
    place.git("checkout -q topic");
    let merged = std::process::Command::new("git").args(["merge", "-q", "main"]).current_dir(&place.0).output().unwrap();
    assert!(!merged.status.success());
    let (ran, report) = judge(&place, &["--base", "main"]);
    assert_eq!((ran.exit, found(&report)), (Exit::Undecided, vec!["new lockfile-unreadable".to_owned()]));
}

#[cfg(unix)]
#[test]
fn a_lockfile_that_became_a_link_is_lost() {
    let place = on_topic();
    fs::remove_file(place.at("Cargo.lock")).unwrap();
    place.write("kept/lock", GOOD);
    std::os::unix::fs::symlink("kept/lock", place.at("Cargo.lock")).unwrap();
    commit(&place, "link");
    for words in [&["--base", "main"][..], &["--base", "main", "--head", "topic"]] {
        let (ran, report) = judge(&place, words);
        assert_eq!(ran.exit, Exit::Fail);
        assert_eq!(found(&report), ["new coverage-lost", "new lockfile-unreadable"]);
        assert_eq!(report["coverage"]["lost"], 1);
    }
}

/// Messages of what is lost, each with its first place, and results of SARIF with theirs, judged in the work tree and as a commit.
fn lost(place: &Place) -> Vec<(String, String)> {
    let told = ["HEAD", ""].map(|head| {
        let words = ["--base", "main", "--head", head];
        let words = if head.is_empty() { &words[..2] } else { &words[..] };
        let (ran, report) = judge(place, words);
        assert_eq!(ran.exit, Exit::Fail, "{}", ran.err);
        assert_eq!(report["coverage"]["lost"], report["findings"].as_array().unwrap().len());
        let place_of = |one: &Value| format!("{}:{}", one["places"][0]["path"].as_str().unwrap(), one["places"][0]["line"]);
        let findings = report["findings"].as_array().unwrap().iter();
        let told: Vec<_> = findings.map(|one| (one["message"].as_str().unwrap().to_owned(), place_of(one))).collect();

        let ran = packman(&[&["check", place.0.to_str().unwrap(), "--output", "sarif=-"], words].concat());
        let sarif: Value = serde_json::from_str(&ran.out).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap().iter();
        let shown: Vec<String> = results
            .map(|one| &one["locations"][0]["physicalLocation"])
            .map(|at| format!("{}:{}", at["artifactLocation"]["uri"].as_str().unwrap(), at["region"]["startLine"]))
            .collect();
        assert_eq!(shown, told.iter().map(|(_, place)| place.clone()).collect::<Vec<_>>(), "{told:?}");
        told
    });
    let [commit, folder] = told;
    assert_eq!(commit, folder);
    folder
}

const MANIFEST: &str = "[package]\nname = \"web\"\nversion = \"0.1.0\"\n\n[dependencies]\nserde = \"1\"\n";

/// A repository that has a project `web` besides.
fn with_web() -> Place {
    let place = on_topic();
    place.git("checkout -q main");
    place.write("web/Cargo.lock", GOOD);
    place.write("web/Cargo.toml", MANIFEST);
    commit(&place, "web");
    place.git("checkout -q -B topic");
    place
}

#[cfg(unix)]
#[test]
fn what_lies_behind_a_link_is_lost() {
    for target in ["fixtures/web", "../elsewhere", "/elsewhere", "nothing"] {
        let place = with_web();
        place.git("rm -q -r web");
        place.write("fixtures/web/notes", "");
        std::os::unix::fs::symlink(target, place.at("web")).unwrap();
        commit(&place, "link");
        let message = "`web/Cargo.lock` was judged before this change and lies in what is left out now (`web`: symbolic link)";
        assert_eq!(lost(&place), [(message.to_owned(), "web:1".to_owned())], "{target}");
        assert_eq!(judge(&place, &["--base", "main"]).1["coverage"]["left_out"], 1);
    }
}

#[test]
fn what_went_into_a_submodule_is_lost() {
    let inner = on_topic();
    inner.write("Cargo.toml", MANIFEST);
    commit(&inner, "manifest");
    let place = with_web();
    place.git("rm -q -r web");
    place.git(&format!("submodule --quiet add {} web", inner.0.display()));
    commit(&place, "sub");
    let message = "`web/Cargo.lock` was judged before this change and lies in what is left out now (`web`: submodule)";
    assert_eq!(lost(&place), [(message.to_owned(), ".gitmodules:2".to_owned())]);
    // Without a line about it the nearest lockfile stands in.
    fs::remove_file(place.at(".gitmodules")).unwrap();
    commit(&place, "unnamed");
    assert_eq!(lost(&place), [(message.to_owned(), "Cargo.lock:1".to_owned())]);
    // Elsewhere it can be seen as long as the submodule is checked out.
    let place = with_web();
    place.git("rm -q -r web");
    place.git(&format!("submodule --quiet add {} deep/site", inner.0.display()));
    commit(&place, "sub");
    let (ran, report) = judge(&place, &["--base", "main"]);
    assert_eq!((ran.exit, found(&report)), (Exit::Fail, vec!["new coverage-lost".to_owned()]));
    let message = report["findings"][0]["message"].as_str().unwrap();
    assert!(message.ends_with("stands in what is left out now (`deep/site`: submodule)"), "{message}");
}

#[test]
fn what_moved_to_where_nobody_looks_is_lost() {
    let place = with_web();
    place.write("packman.toml", "exclude = [\n  \"old/**\",\n]\n");
    commit(&place, "policy");
    place.git("branch -q -f main HEAD");
    place.git("mv web old");
    place.write("old/Cargo.lock", &stranger("evil"));
    place.git("mv Cargo.lock Cargo.lock.txt");
    commit(&place, "moved");
    let told = lost(&place);
    let was = "was judged before this change and stands at";
    assert_eq!(
        told,
        [
            (format!("`Cargo.lock` {was} `Cargo.lock.txt` now, where nothing reads it"), "Cargo.lock.txt:1".to_owned()),
            (format!("`web/Cargo.lock` {was} `old/Cargo.lock` now, which the policy excludes"), "packman.toml:2".to_owned()),
        ]
    );
}

#[test]
fn a_folder_that_is_called_like_the_base_does_not_take_its_place() {
    let place = on_topic();
    // A base with the stranger in it would make it an old acquaintance.
    place.write("Cargo.lock", &stranger("evil"));
    place.write("main/Cargo.lock", &stranger("evil"));
    commit(&place, "evil");
    let (ran, report) = judge(&place, &["--base", "main"]);
    assert_eq!((ran.exit, found(&report)), (Exit::Fail, vec!["new unknown-registry".to_owned(); 2]));
    // Written as a folder, a folder is a base.
    let folder = place.at("main");
    let (_, report) = judge(&place, &["--base", folder.to_str().unwrap()]);
    assert_eq!(found(&report), ["new unknown-registry", "existing unknown-registry"]);
}

#[test]
fn a_linked_work_tree_and_a_sparse_one() {
    let place = on_topic();
    place.write("web/Cargo.lock", GOOD);
    commit(&place, "web");
    let other = Place::new();
    place.git(&format!("worktree add -q -b more {}/linked", other.0.display()));
    other.write("linked/web/Cargo.lock", &stranger("evil"));
    let linked = other.at("linked");
    let ran = packman(&["check", linked.to_str().unwrap(), "--base", "topic"]);
    assert_eq!(ran.exit, Exit::Fail, "{}", ran.err);
    assert!(ran.out.contains("`evil` 1.0.0"), "{}", ran.out);
    // What a sparse checkout leaves out is gone together with what it locks.
    git(&linked, "checkout -q -- .");
    git(&linked, "sparse-checkout set --no-cone /Cargo.lock");
    let ran = packman(&["check", linked.to_str().unwrap(), "--base", "topic"]);
    assert_eq!(ran.exit, Exit::Pass, "{}", ran.out);
}

#[test]
fn a_folder_of_a_repository_is_compared_with_the_same_folder() {
    let place = on_topic();
    place.write("web/Cargo.lock", GOOD);
    commit(&place, "web");
    place.write("Cargo.lock", &stranger("above"));
    place.write("web/Cargo.lock", &stranger("inside"));
    let folder = place.at("web");
    let ran = packman(&["check", folder.to_str().unwrap(), "--base", "topic"]);
    assert_eq!(ran.exit, Exit::Fail);
    assert!(ran.out.contains("`inside`") && !ran.out.contains("`above`"), "{}", ran.out);
}

#[test]
fn a_base_that_cannot_be_had_is_undecided_with_the_command_that_mends_it() {
    let place = on_topic();
    let said = |words: &[&str], place: &Place| {
        let (ran, _) = judge(place, words);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::Undecided, ""), "{}", ran.err);
        ran.err
    };
    assert!(said(&["--base", "origin/main"], &place).contains("git fetch origin main"));
    assert!(said(&["--head", "nothing"], &place).contains("no revision `nothing`"));
    place.write("README.md", "words");
    commit(&place, "words");
    let clone = Place::new();
    git(&clone.0, &format!("clone -q --depth 1 --no-single-branch file://{} .", place.0.display()));
    let shallow = said(&["--base", "origin/main"], &clone);
    assert!(shallow.contains("shallow clone") && shallow.contains("git fetch --deepen"), "{shallow}");
    // A file of the base that git cannot give is no unreadable lockfile of the base.
    let blob = String::from_utf8(place.git("rev-parse main:Cargo.lock")).unwrap();
    let blob = blob.trim();
    place.write("Cargo.lock", &stranger("evil"));
    fs::remove_file(place.at(&format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).unwrap();
    let missing = said(&["--base", "main"], &place);
    assert!(missing.contains(blob) && missing.contains("git fsck"), "{missing}");
    // Outside every repository there is no base to name.
    let bare = Place::new();
    bare.write("Cargo.lock", GOOD);
    assert!(said(&["--base", "main"], &bare).contains("no git work tree"));
}

/// Every way of a repository's configuration to run something is planted, and none leaves its mark.
#[cfg(unix)]
#[test]
fn nothing_of_a_hostile_configuration_runs() {
    use std::os::unix::fs::PermissionsExt;
    let place = on_topic();
    place.write("Cargo.lock", &stranger("evil"));
    place.write(".gitattributes", "*.lock filter=evil diff=evil merge=evil\n");
    commit(&place, "evil");
    let marks = Place::new();
    let program = |name: &str| {
        marks.write(name, &format!("#!/bin/sh\ntouch {}/ran-{name}\ncat\n", marks.0.display()));
        fs::set_permissions(marks.at(name), fs::Permissions::from_mode(0o755)).unwrap();
        marks.at(name).to_str().unwrap().to_owned()
    };
    let more = marks.at("more");
    marks.write("more", &format!("[alias]\n\tcheck = !{}\n", program("included")));
    let mut config = format!("[include]\n\tpath = {}\n[alias]\n\tcat-file = !{}\n", more.display(), program("alias"));
    for (section, key) in [
        ("core", "fsmonitor"),
        ("core", "sshCommand"),
        ("core", "pager"),
        ("core", "editor"),
        ("core", "gitProxy"),
        ("core", "askPass"),
        ("core", "alternateRefsCommand"),
        ("credential", "helper"),
        ("gpg", "program"),
        ("filter \"evil\"", "smudge"),
        ("filter \"evil\"", "process"),
        ("diff \"evil\"", "textconv"),
        ("merge \"evil\"", "driver"),
        ("uploadpack", "packObjectsHook"),
        ("extensions", "partialClone"),
    ] {
        let name = format!("{}-{key}", section.replace([' ', '"'], "-"));
        let _ = write!(config, "[{section}]\n\t{key} = {}\n", program(&name));
    }
    config += "[core]\n\tworktree = /nowhere\n\tbare = true\n";
    let path = place.at(".git/config");
    fs::write(&path, fs::read_to_string(&path).unwrap() + &config).unwrap();
    for hook in ["post-checkout", "pre-commit", "reference-transaction", "post-index-change", "fsmonitor-watchman"] {
        let hook_path = place.at(&format!(".git/hooks/{hook}"));
        fs::create_dir_all(place.at(".git/hooks")).unwrap();
        fs::copy(program(&format!("hook-{hook}")), hook_path).unwrap();
    }
    for words in [&["--base", "main"][..], &["--base", "main", "--head", "topic"], &["--base", "main", "--base-exact"]] {
        let (ran, report) = judge(&place, words);
        assert_eq!((ran.exit, found(&report)), (Exit::Fail, vec!["new unknown-registry".to_owned()]), "{}", ran.err);
    }
    let ran = || -> std::collections::BTreeSet<String> {
        let names = fs::read_dir(&marks.0).unwrap().map(|mark| mark.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("ran-")).collect()
    };
    assert!(ran().is_empty(), "{:?}", ran());
    // The traps are live: git itself steps into some of them.
    let mut git = std::process::Command::new("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@example.invalid", "commit", "-q", "-a", "--allow-empty", "-m", "trapped"]);
    let folders = [("GIT_DIR", place.at(".git")), ("GIT_WORK_TREE", place.0.clone())];
    git.envs(folders).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = git.current_dir(&place.0).output().unwrap();
    for mark in ["ran-core-fsmonitor", "ran-hook-pre-commit", "ran-hook-reference-transaction"] {
        assert!(ran().contains(mark), "{:?} {output:?}", ran());
    }
}

/// History is not walked further than to where both parted.
#[test]
fn depth_of_history_does_not_matter() {
    let place = on_topic();
    place.git("checkout -q main");
    let id = String::from_utf8(place.git("rev-parse main")).unwrap();
    let first = place.at(&format!(".git/objects/{}/{}", &id[..2], id[2..].trim()));
    for (hour, message) in ["second", "third", "fourth"].iter().enumerate() {
        place.write("notes", message);
        place.git("add -A");
        if *message == "fourth" {
            place.git("checkout -q -B topic");
        }
        let date = format!("2031-01-01T0{hour}:00:00Z");
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.invalid", "commit", "-q", "-m", message]);
        assert!(command.env("GIT_COMMITTER_DATE", &date).current_dir(&place.0).status().unwrap().success());
    }
    // Behind the commit where both parted something is missing: nobody looks.
    fs::remove_file(first).unwrap();
    let (ran, _) = judge(&place, &["--base", "main"]);
    assert_eq!(ran.exit, Exit::Pass, "{}", ran.err);
}
