//! The Action: its steps, run as a runner runs them. What decides and when, what is uploaded, which calls are wrong.

mod archive;
mod examples;
mod expression;
mod files;
mod install;
mod release;
mod runner;
mod server;

use std::fs;

use serde_json::json;

use runner::Job;

use crate::tree::git;

const VERSION: &str = "9.8.7";

/// A program that leaves a file where it runs, says its version, and passes everything.
fn stand_in(job: &Job) -> String {
    let ran = job.temp.at("ran");
    format!(
        "#!/bin/bash -p\nprintf '%s\\n' \"$*\" >>'{ran}'\n/usr/bin/env >>'{ran}.env'\n[ \"$1\" != --version ] || {{ echo 'packman {VERSION}'; exit; }}\n\
         for word; do case $word in\n  outputs=*) printf 'verdict=pass\\ncomplete=true\\n' >\"${{word#*=}}\" ;;\n  \
         summary=*) echo fine >\"${{word#*=}}\" ;;\n  annotations=*) echo ::notice::fine >\"${{word#*=}}\" ;;\nesac; done\n",
        ran = ran.display()
    )
}

fn has_run(job: &Job) -> bool {
    job.temp.at("ran").exists()
}

/// A job with the packman of this build, in a workspace with one npm lockfile.
fn judging(address: &str) -> Option<Job> {
    let mut job = Job::new()?;
    job.input("binary", env!("CARGO_BIN_EXE_packman"));
    lock(&job, address);
    Some(job)
}

const DENIED: &str = "https://npm.example.net";
const FINE: &str = "https://registry.npmjs.org";

fn lock(job: &Job, address: &str) {
    let entry = json!({
        "version": "1.3.0", "resolved": format!("{address}/left-pad/-/left-pad-1.3.0.tgz"),
        "integrity": "sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==",
    });
    let root = json!({ "dependencies": { "left-pad": "1.3.0" } });
    let lock = json!({ "lockfileVersion": 3, "packages": { "": root, "node_modules/left-pad": entry } });
    job.workspace.write("package-lock.json", &serde_json::to_string_pretty(&lock).unwrap());
}

const ALL: [&str; 5] = ["get: success", "gate: success", "upload: success", "comment: skipped", "verdict: success"];

#[test]
fn a_verdict_decides_after_the_upload() {
    let Some(mut job) = judging(DENIED) else { return };
    let ended = job.run();
    assert!(!ended.is_success);
    assert_eq!(ended.trail, ["get: success", "gate: success", "upload: success", "comment: skipped", "verdict: failure"]);
    let numbers = ["verdict", "complete", "exit-code", "dependencies", "deny", "undecided", "existing", "excepted", "baselined"];
    let values: Vec<&str> = numbers.iter().map(|name| ended.outputs[*name].as_str()).collect();
    assert_eq!(values, ["fail", "true", "1", "1", "1", "0", "0", "0", "0"]);
    assert_eq!((ended.outputs["upload"].as_str(), ended.outputs["unreadable"].as_str()), ("uploaded", "0"));
    assert!(ended.outputs.values().all(|value| !value.is_empty()), "{:?}", ended.outputs);
    let upload = ended.upload.unwrap();
    assert_eq!(upload["sarif_file"], ended.outputs["sarif-file"]);
    assert_eq!(upload["wait-for-processing"], "false");
    assert!(fs::read_to_string(&ended.outputs["sarif-file"]).unwrap().contains("left-pad"));
    assert!(fs::read_to_string(&ended.outputs["json-file"]).unwrap().contains("packman.report/1"));
    assert!(fs::read_to_string(&ended.outputs["html-file"]).unwrap().to_lowercase().starts_with("<!doctype html>"));
    assert!(fs::read_to_string(&ended.outputs["comment-file"]).unwrap().contains("left-pad"));
    assert!(ended.summary.starts_with("## fail"), "{}", ended.summary);

    job.input("fail", "false");
    let ended = job.run();
    assert!(ended.is_success && ended.log.contains("lets the step pass"));
    assert_eq!((ended.trail, ended.outputs["verdict"].as_str()), (ALL.map(str::to_owned).into(), "fail"));

    lock(&job, FINE);
    job.input("fail", "true");
    let ended = job.run();
    assert!(ended.is_success, "{}", ended.log);
    assert_eq!((ended.trail, ended.outputs["verdict"].as_str()), (ALL.map(str::to_owned).into(), "pass"));
}

#[test]
fn an_upload_that_fails_decides_only_where_it_is_required() {
    for (address, verdict, is_passed) in [(DENIED, "fail", false), (FINE, "pass", true)] {
        let Some(mut job) = judging(address) else { return };
        job.is_upload_fine = false;
        let ended = job.run();
        assert_eq!((ended.is_success, ended.outputs["verdict"].as_str()), (is_passed, verdict), "{}", ended.log);
        assert_eq!(ended.outputs["upload"], "failed");
        assert!(ended.log.contains("::warning title=packman::code scanning did not take the report"), "{}", ended.log);
        job.input("require-upload", "true");
        let ended = job.run();
        assert!(!ended.is_success && ended.log.contains("::error title=packman::code scanning did not take"), "{}", ended.log);
        assert_eq!(ended.upload.unwrap()["wait-for-processing"], "true");
        assert_eq!(
            (ended.outputs["verdict"].as_str(), ended.outputs["exit-code"].as_str()),
            (verdict, if is_passed { "0" } else { "1" })
        );
        job.input("upload", "false");
        assert!(job.run().log.contains("asks for what \"upload: false\" forbids"));
    }
}

#[test]
fn nothing_is_uploaded_that_code_scanning_should_not_have() {
    let pull_request = |repository: serde_json::Value| json!({ "pull_request": { "head": { "repo": repository } } });
    let own = pull_request(json!({ "full_name": "acme/shop" }));
    let fork = pull_request(json!({ "full_name": "somebody/shop", "fork": true }));
    let deleted = pull_request(serde_json::Value::Null);
    for (name, actor, event, upload, expected) in [
        ("pull_request", "somebody", &own, "true", ""),
        ("pull_request", "somebody", &own, "false", "-"),
        ("pull_request", "somebody", &fork, "true", "comes from a fork"),
        ("pull_request", "somebody", &deleted, "true", "comes from a fork"),
        ("pull_request", "somebody", &fork, "always", ""),
        ("pull_request", "dependabot[bot]", &own, "true", "Dependabot's token"),
        ("pull_request", "dependabot[bot]", &own, "always", ""),
        ("push", "dependabot[bot]", &json!({}), "true", "Dependabot's token"),
        ("push", "somebody", &json!({}), "true", ""),
        ("merge_group", "somebody", &json!({ "merge_group": {} }), "true", ""),
        ("pull_request_target", "somebody", &own, "true", "it would stand for another commit"),
        ("pull_request_target", "somebody", &own, "always", "it would stand for another commit"),
        ("workflow_run", "somebody", &json!({}), "true", "it would stand for another commit"),
    ] {
        let Some(mut job) = judging(DENIED) else { return };
        job.input("event", "");
        job.input("upload", upload);
        job.github["event"] = event.clone();
        job.variables.insert("GITHUB_EVENT_NAME".to_owned(), name.to_owned());
        job.variables.insert("GITHUB_ACTOR".to_owned(), actor.to_owned());
        let ended = job.run();
        let case = format!("{name} of {actor} with {upload}: {}", ended.log);
        assert!(!ended.is_success && ended.outputs["verdict"] == "fail", "{case}");
        assert_eq!(ended.upload.is_some(), expected.is_empty(), "{case}");
        assert_eq!(ended.outputs["upload"], if expected.is_empty() { "uploaded" } else { "skipped" }, "{case}");
        if !matches!(expected, "" | "-") {
            assert!(ended.log.contains("not uploaded to code scanning: ") && ended.log.contains(expected), "{case}");
        }
    }
}

#[test]
fn what_is_not_complete_is_not_uploaded() {
    let Some(job) = judging(DENIED) else { return };
    job.workspace.write("web/package-lock.json", "<<<<<<< HEAD\n{}\n");
    let ended = job.run();
    assert_eq!((ended.outputs["verdict"].as_str(), ended.outputs["complete"].as_str()), ("fail", "false"), "{}", ended.log);
    assert!(ended.upload.is_none() && ended.log.contains("the report is not complete") && !ended.is_success);
    fs::remove_file(job.workspace.at("package-lock.json")).unwrap();
    let ended = job.run();
    assert_eq!((ended.outputs["verdict"].as_str(), ended.outputs["exit-code"].as_str()), ("undecided", "3"));
    assert!(ended.upload.is_none() && !ended.is_success && ended.summary.starts_with("## undecided"));
}

#[test]
fn what_could_not_run_fails_uploads_nothing_and_says_so() {
    let Some(mut job) = judging(DENIED) else { return };
    job.input("policy", "not-there.toml");
    job.input("fail", "false");
    let ended = job.run();
    assert!(!ended.is_success && ended.upload.is_none() && ended.log.contains("not-there.toml"), "{}", ended.log);
    assert_eq!(
        (ended.outputs["verdict"].as_str(), ended.outputs["exit-code"].as_str(), ended.outputs["sarif-file"].as_str()),
        ("", "2", "")
    );
    assert!(ended.summary.starts_with("## packman could not run"), "{}", ended.summary);
    assert_eq!(ended.trail.last().unwrap(), "verdict: failure");

    // The same of a packman that breaks; and of one that says nothing.
    job.inputs.clear();
    for (end, outputs, expected) in
        [(101, "", "packman could not run"), (0, "", "wrote no outputs"), (0, "X<<Y", "its outputs are none")]
    {
        let script = format!(
            "#!/bin/bash\n[ \"$1\" != --version ] || {{ echo packman 1.0.0; exit; }}\nfor word; do case $word in outputs=*) [ -z '{outputs}' ] || echo '{outputs}' >\"${{word#*=}}\" ;; esac; done\nexit {end}\n"
        );
        runner::write_program(&job.temp.at("broken"), &script);
        job.input("binary", job.temp.at("broken").to_str().unwrap());
        let ended = job.run();
        assert!(!ended.is_success && ended.upload.is_none(), "{}", ended.log);
        assert!((ended.log + &ended.summary).contains(expected), "{expected}");
        assert_eq!(ended.outputs["verdict"], "");
    }
}

#[test]
fn a_floor_holds_what_the_repository_would_let_in() {
    let Some(mut job) = judging(DENIED) else { return };
    job.workspace.write("packman.toml", "extends = [\"observe\"]\n");
    job.workspace.git("init -q -b main");
    job.workspace.git("add .");
    job.input("event", "");
    assert_eq!(job.run().outputs["verdict"], "pass");
    let strict = "extends = [\"standard\"]\n";
    job.temp.write("floor.toml", strict);
    let outside = job.temp.at("floor.toml").to_str().unwrap().to_owned();
    // A second checkout inside the first, as the example has it.
    job.workspace.write(".packman-organisation/floor.toml", strict);
    git(&job.workspace.at(".packman-organisation"), "init -q -b main");
    for floor in [outside.as_str(), ".packman-organisation/floor.toml"] {
        job.input("floor", floor);
        let ended = job.run();
        assert!(!ended.is_success, "{floor}: {}", ended.log);
        assert_eq!((ended.outputs["verdict"].as_str(), ended.outputs["deny"].as_str()), ("fail", "1"), "{floor}: {}", ended.log);
        let report = fs::read_to_string(&ended.outputs["json-file"]).unwrap();
        assert!(report.contains("\"judged_by\":\"floor\"") || report.contains("\"judged_by\": \"floor\""), "{report}");
    }
    // A repository cannot bring the floor along: what stands in its index can be edited by a change.
    job.workspace.git("rm -q --cached -r . --ignore-unmatch");
    fs::remove_dir_all(job.workspace.at(".packman-organisation/.git")).unwrap();
    job.workspace.git("add .");
    git(&job.workspace.at(".packman-organisation"), "init -q -b main");
    for (floor, expected) in [
        (".packman-organisation/floor.toml", "which a change can edit"),
        ("packman.toml", "which a change can edit"),
        ("not-there.toml", "the floor `not-there.toml` cannot be read"),
        (".packman-organisation", "the floor `.packman-organisation` cannot be read"),
    ] {
        job.input("floor", floor);
        job.input("fail", "false");
        let ended = job.run();
        assert!(!ended.is_success && ended.upload.is_none() && ended.log.contains(expected), "{floor}: {}", ended.log);
        assert_eq!((ended.outputs["verdict"].as_str(), ended.outputs["exit-code"].as_str()), ("", "2"), "{floor}");
    }
}

#[test]
fn a_call_that_is_wrong_says_which_input() {
    let Some(base) = judging(FINE) else { return };
    let inside = base.workspace.at("packman").to_str().unwrap().to_owned();
    runner::write_program(&base.workspace.at("packman"), &stand_in(&base));
    let link = base.temp.at("link");
    std::os::unix::fs::symlink(&inside, &link).unwrap();
    let by_link = base.temp.at("folder");
    std::os::unix::fs::symlink(&base.workspace.0, &by_link).unwrap();
    for (inputs, expected) in [
        (vec![("binary", inside.as_str())], "lies in the workspace"),
        (vec![("binary", by_link.join("packman").to_str().unwrap())], "lies in the workspace"),
        (vec![("binary", link.to_str().unwrap())], "is a link"),
        (vec![("binary", "/nowhere/packman")], "names no program that can be run"),
        (vec![("build", "true")], "the inputs \"binary\" and \"build\" exclude each other"),
        (vec![("attestation", "true")], "\"binary\" takes another program"),
        (vec![("attestation", "yes")], "the input \"attestation\" must be true or false, and is \"yes\""),
        (vec![("build", "")], "the input \"build\" must be true or false"),
        (vec![("annotations", "no")], "the input \"annotations\" must be true or false"),
        (vec![("comment", "always")], "the input \"comment\" must be true or false"),
        (vec![("summary", "no")], "the input \"summary\" must be true or false"),
        (vec![("fail", "never")], "the input \"fail\" must be true or false"),
        (
            vec![("upload", "auto\n::add-mask::x")],
            "the input \"upload\" must be true, false or always, and is \"auto%0A::add-mask::x\"",
        ),
        (vec![("base", "main"), ("event", "event.json")], "the inputs \"base\" and \"event\" exclude each other"),
    ] {
        let Some(mut job) = judging(FINE) else { return };
        for (name, value) in inputs {
            job.input(name, value);
        }
        job.variables.insert("GITHUB_WORKSPACE".to_owned(), base.workspace.0.to_str().unwrap().to_owned());
        let ended = job.run();
        assert!(!ended.is_success && ended.log.contains(expected), "{expected}: {}", ended.log);
        assert!(ended.upload.is_none() && !has_run(&base));
    }
}

#[test]
fn inputs_reach_packman_as_they_are() {
    let Some(mut job) = Job::new() else { return };
    runner::write_program(&job.temp.at("packman"), &stand_in(&job));
    job.input("binary", job.temp.at("packman").to_str().unwrap());
    job.input("path", "--help $(touch x) 'y'");
    job.input("policy", "a b.toml");
    job.input("floor", "../c d.toml");
    job.input("base", "v1.0.0");
    job.input("sarif-file", "out/my.sarif");
    job.input("summary", "false");
    let ended = job.run();
    assert!(ended.is_success, "{}", ended.log);
    let ran = fs::read_to_string(job.temp.at("ran")).unwrap();
    let words = ran.lines().last().unwrap();
    assert!(words.ends_with(" --policy a b.toml --floor ../c d.toml --base v1.0.0 -- --help $(touch x) 'y'"), "{words}");
    assert!(
        words.contains(" --output sarif=out/my.sarif ") && !words.contains("summary=") && !words.contains("--event"),
        "{words}"
    );
    assert_eq!((ended.outputs["sarif-file"].as_str(), ended.summary.as_str()), ("out/my.sarif", ""));
}

#[test]
fn the_runner_obeys_nothing_between_the_token_lines() {
    let Some(job) = judging(DENIED) else { return };
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let log = job.run().log;
        let (_, after) = log.split_once("::stop-commands::").unwrap();
        let (token, after) = after.split_once('\n').unwrap();
        assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
        let (report, _) = after.split_once(&format!("\n::{token}::\n")).expect("it is let go again");
        let (_, after) = after.split_once(&format!("\n::{token}::\n")).unwrap();
        assert!(!report.contains("::error ") && after.starts_with("::error ") && after.contains("package-lock.json"), "{after}");
        assert!(report.contains("left-pad") && report.contains("error[unknown-registry]"), "{report}");
        tokens.push(token.to_owned());
    }
    assert_ne!(tokens[0], tokens[1]);
}

#[test]
fn a_comment_is_written_when_it_is_asked_for_and_decides_nothing() {
    let Some(mut job) = Job::new() else { return };
    let asked = job.temp.at("asked");
    let program = |end: u8| {
        format!(
            "#!/bin/bash -p\ncase $1 in\n  --version) echo packman 1.0.0 ;;\n  github) echo \"$GITHUB_TOKEN $*\" >>'{asked}'; exit {end} ;;\n  \
             *) echo \"${{GITHUB_TOKEN:-none}}\" >>'{asked}'; for word; do case $word in outputs=*) printf 'verdict=pass\\ncomplete=true\\n' \
             >\"${{word#*=}}\" ;; *=/*) : >\"${{word#*=}}\" ;; esac; done ;;\nesac\n",
            asked = asked.display()
        )
    };
    for (end, wanted) in [(0, "success"), (4, "failure")] {
        runner::write_program(&job.temp.at("packman"), &program(end));
        job.input("binary", job.temp.at("packman").to_str().unwrap());
        job.input("comment", "true");
        let ended = job.run();
        assert!(ended.is_success, "{}", ended.log);
        assert_eq!(ended.trail[3..], [format!("comment: {wanted}"), "verdict: success".to_owned()]);
        assert_eq!(ended.log.contains("::warning title=packman::the comment could not be written"), end != 0);
        // Only that step holds the token.
        let said = fs::read_to_string(&asked).unwrap();
        assert_eq!(said, format!("none\nghs_canary github comment {}\n", ended.outputs["comment-file"]));
        fs::remove_file(&asked).unwrap();
    }
}
