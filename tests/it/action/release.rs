//! The way of a release, from the programs of all machines to the Action that takes one of them: the steps of `.ci/release`, in a copy of
//! the repository, with a stand-in for `gh`; and the workflow that calls them.

use std::fs;
use std::process::{Command, Output};

use super::archive::sha256;
use super::runner::{Job, members, text, write_program, yaml_file};
use super::server::{Answer, Server};
use super::stand_in;
use crate::derived::root;
use crate::tree::Place;

const TARGETS: [&str; 6] = [
    "aarch64-apple-darwin",
    "aarch64-pc-windows-msvc",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "x86_64-unknown-linux-musl",
];

/// What `.ci/release` needs of the repository, as version 9.8.7.
fn repository() -> Place {
    let place = Place::repository();
    for path in [".ci/release", "action/checksums.txt", "README.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        fs::create_dir_all(place.at(path).parent().unwrap()).unwrap();
        fs::copy(root().join(path), place.at(path)).unwrap();
    }
    let blank: String = fs::read_to_string(place.at("action/checksums.txt"))
        .unwrap()
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    place.write("action/checksums.txt", &blank);
    place.write("Cargo.toml", "[package]\nname = \"packman\"\nversion = \"9.8.7\"\n\n[dependencies]\nother = \"1\"\n");
    place.write(
        "Cargo.lock",
        "[[package]]\nname = \"other\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"packman\"\nversion = \"9.8.7\"\n",
    );
    place.write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\nLater.\n\n## [9.8.7] - 2026-12-01\n\n- This and that.\n\n## [9.8.6] - 2026-11-01\n\n- Before.\n");
    place.git("add .");
    place.git("commit -q -m release");
    place
}

fn release(place: &Place, arguments: &str) -> Output {
    let mut command = Command::new("bash");
    command.arg(place.at(".ci/release")).args(arguments.split(' ')).current_dir(&place.0);
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", place.at("bin").display())).env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.output().unwrap()
}

fn fine(place: &Place, arguments: &str) -> String {
    let output = release(place, arguments);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(place: &Place, arguments: &str, reason: &str) {
    let output = release(place, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(reason), "{arguments}: expected {reason:?} in {said}");
}

/// The programs of all machines in a folder, each a stand-in.
fn built(place: &Place, job: &Job, folder: &str) {
    for target in TARGETS {
        let name = if target.contains("windows") { "packman.exe" } else { "packman" };
        place.write(&format!("{folder}/{target}/{name}"), &stand_in(job));
    }
    place.write(&format!("{folder}/packman-9.8.7.cdx.json"), "{}\n");
}

#[test]
fn a_release_is_packed_the_same_twice_and_the_action_takes_it() {
    let Some(mut job) = Job::new() else { return };
    let place = repository();
    fine(&place, "check cli-v9.8.7");
    built(&place, &job, "one");
    fine(&place, "pack one first");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    built(&place, &job, "elsewhere/two");
    fine(&place, "pack elsewhere/two second");
    let checksums = fs::read_to_string(place.at("first/checksums.txt")).unwrap();
    assert_eq!(checksums, fs::read_to_string(place.at("second/checksums.txt")).unwrap());
    assert_eq!(checksums.lines().count(), TARGETS.len() + 1);
    for line in checksums.lines() {
        let (digest, name) = line.split_once("  ").unwrap();
        assert_eq!(sha256(&fs::read(place.at("first").join(name)).unwrap()), digest);
    }
    let listed = Command::new("tar")
        .args(["-tvzf", "first/packman-9.8.7-x86_64-unknown-linux-musl.tar.gz"])
        .current_dir(&place.0)
        .env("TZ", "UTC")
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let told: Vec<(&str, &str)> = listed.lines().map(|line| (&line[..10], line.rsplit('/').next().unwrap())).collect();
    assert_eq!(
        told,
        [
            ("drwxr-xr-x", ""),
            ("-rw-r--r--", "CHANGELOG.md"),
            ("-rw-r--r--", "LICENSE-APACHE"),
            ("-rw-r--r--", "LICENSE-MIT"),
            ("-rw-r--r--", "README.md"),
            ("-rwxr-xr-x", "packman")
        ]
    );
    assert!(listed.lines().all(|line| line.contains(" 0/0 ")), "{listed}");

    // Their digests into the Action, and the Action takes what they are of.
    refused(&place, "check v9.8.7", "the Action carries \"\"");
    fine(&place, "digests first/checksums.txt");
    fine(&place, "check v9.8.7");
    job.action.write("action/checksums.txt", &fs::read_to_string(place.at("action/checksums.txt")).unwrap());
    let first = place.at("first");
    let server = Server::new(move |path, _| {
        path.strip_prefix("/cli-v9.8.7/")
            .and_then(|name| fs::read(first.join(name)).ok())
            .map_or(Answer::Status(404), Answer::Bytes)
    });
    job.overrides.insert("PACKMAN_RELEASES", server.address.clone());
    let ended = job.run();
    assert!(ended.is_success && ended.outputs["version"] == "9.8.7", "{}", ended.log);
}

#[test]
fn a_release_that_does_not_agree_with_itself_is_refused() {
    let place = repository();
    refused(&place, "check cli-v9.8.8", "the tag is cli-v9.8.8, and Cargo.toml has 9.8.7");
    refused(&place, "check 9.8.7", "a release is tagged cli-v9.8.7");
    place.write("CHANGELOG.md", "## [9.8.7]\n\n- No day.\n");
    refused(&place, "check cli-v9.8.7", "no dated heading for 9.8.7");
    place.write("CHANGELOG.md", "## [9.8.7] - 2026-12-01\n\n## [9.8.6] - 2026-11-01\n\n- Before.\n");
    refused(&place, "check cli-v9.8.7", "says nothing about 9.8.7");
    place.write("Cargo.lock", "[[package]]\nname = \"packman\"\nversion = \"9.8.6\"\n");
    refused(&place, "check", "Cargo.lock does not have packman at 9.8.7");
    let place = repository();
    let digest = "0".repeat(64);
    let lines =
        |targets: &[&str]| targets.iter().map(|target| format!("{digest}  packman-9.8.7-{target}.tar.gz\n")).collect::<String>();
    place.write("some.txt", &lines(&TARGETS[1..]));
    refused(&place, "digests some.txt", "has no digest of 9.8.7 for aarch64-apple-darwin");
    place.write("twice.txt", &(lines(&TARGETS) + &lines(&TARGETS[..1])));
    refused(&place, "digests twice.txt", "more than one digest of 9.8.7 for aarch64-apple-darwin");
    assert!(!fs::read_to_string(place.at("action/checksums.txt")).unwrap().contains("version "));
    place.write("action/checksums.txt", &format!("version 9.8.7\n{}", lines(&TARGETS[..5])));
    refused(&place, "check", "has no digest for x86_64-unknown-linux-musl");
    place.write("action/checksums.txt", &format!("version 9.9.9\n{}", lines(&TARGETS)));
    refused(&place, "check", "carries 9.9.9, which CHANGELOG.md does not know");
}

#[test]
fn a_release_is_a_draft_until_everything_is_in_it() {
    let Some(job) = Job::new() else { return };
    let place = repository();
    built(&place, &job, "built");
    fine(&place, "pack built out");
    fs::create_dir(place.at("bin")).unwrap();
    write_program(
        &place.at("bin/gh"),
        "#!/bin/bash\nprintf '%s\\n' \"$*\" >>said\n[ \"$2\" != create ] || cat >notes\n[ \"$2\" != \"${GH_FAILS:-}\" ]\n",
    );
    fine(&place, "publish cli-v9.8.7 out");
    let said = fs::read_to_string(place.at("said")).unwrap();
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with("release create cli-v9.8.7 --draft --verify-tag "), "{said:?}");
    assert!(said[1].starts_with("release upload cli-v9.8.7 /") && said[1].contains("/checksums.txt "), "{said:?}");
    assert!(
        TARGETS.iter().all(|target| said[1].contains(&format!("/packman-9.8.7-{target}.tar.gz")))
            && said[1].contains(".cdx.json")
    );
    assert_eq!(said[2], "release edit cli-v9.8.7 --draft=false");
    assert_eq!(fs::read_to_string(place.at("notes")).unwrap().trim(), "- This and that.");

    fs::remove_file(place.at("said")).unwrap();
    refused(&place, "publish cli-v9.8.8 out", "a release is tagged cli-v9.8.7");
    let archive = place.at("out/packman-9.8.7-x86_64-apple-darwin.tar.gz");
    let bytes = fs::read(&archive).unwrap();
    fs::write(&archive, b"other").unwrap();
    refused(&place, "publish cli-v9.8.7 out", "computed checksum did NOT match");
    fs::remove_file(&archive).unwrap();
    refused(&place, "publish cli-v9.8.7 out", "there is no archive for x86_64-apple-darwin");
    assert!(!place.at("said").exists(), "nothing was begun");
    // A draft that could not be filled is not published.
    fs::write(&archive, bytes).unwrap();
    write_program(&place.at("bin/gh"), "#!/bin/bash\nprintf '%s\\n' \"$*\" >>said\ncat >/dev/null\n[ \"$2\" != upload ]\n");
    refused(&place, "publish cli-v9.8.7 out", "");
    assert!(!fs::read_to_string(place.at("said")).unwrap().contains("--draft=false"));
}

#[test]
fn this_repository_agrees_with_itself() {
    let output = Command::new("bash").args([".ci/release", "check"]).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_workflow_builds_for_every_machine_and_lets_one_job_write() {
    let workflow = yaml_file(&root().join(".github/workflows/release.yml"));
    assert_eq!(workflow["on"], serde_json::json!({ "push": { "tags": ["cli-v*"] } }));
    let build = &workflow["jobs"]["build"];
    let mut targets: Vec<&str> =
        build["strategy"]["matrix"]["include"].as_array().unwrap().iter().map(|row| text(row, "target")).collect();
    targets.sort_unstable();
    assert_eq!(targets, TARGETS);
    let output = Command::new("bash").args([".ci/release", "targets"]).current_dir(root()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().collect::<Vec<_>>(), TARGETS);
    let script = fs::read_to_string(root().join("action/get.sh")).unwrap();
    assert!(TARGETS.iter().all(|target| script.contains(&format!("echo {target} ;;"))));

    for (job, body) in members(&workflow["jobs"]) {
        let rights: Vec<(&str, &str)> =
            members(&body["permissions"]).map(|(right, how)| (right, how.as_str().unwrap())).collect();
        let expected: &[(&str, &str)] = if job == "publish" {
            &[("attestations", "write"), ("contents", "write"), ("id-token", "write")]
        } else {
            &[("contents", "read")]
        };
        assert_eq!(rights, expected, "{job}");
        let steps = body["steps"].as_array().unwrap();
        let runs: Vec<&str> = steps.iter().map(|step| text(step, "run")).filter(|run| !run.is_empty()).collect();
        if job == "publish" {
            // Nothing is compiled or installed where something may be written.
            assert_eq!(runs[0], ".ci/release pack built out");
            assert_eq!(*runs.last().unwrap(), ".ci/release publish \"$GITHUB_REF_NAME\" out");
            assert!(!runs.iter().any(|run| run.contains("cargo") || run.contains("apt")), "{runs:?}");
            let attested: Vec<&serde_json::Value> =
                steps.iter().filter(|step| text(step, "uses").starts_with("actions/attest@")).collect();
            assert!(attested.iter().all(|step| step["with"]["subject-checksums"] == "out/checksums.txt") && attested.len() == 2);
            assert!(attested[1]["with"].get("sbom-path").is_some());
        } else {
            assert!(!runs.iter().any(|run| run.contains("gh ")), "{runs:?}");
        }
        let holds_token = steps.iter().filter(|step| step["env"].get("GH_TOKEN").is_some()).count();
        assert_eq!(holds_token, usize::from(job == "publish"), "{job}");
    }
    assert_eq!(workflow["jobs"]["publish"]["needs"], serde_json::json!(["build", "sbom"]));
}
