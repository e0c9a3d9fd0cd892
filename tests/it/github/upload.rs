//! Uploads: what is sent, and what becomes of it.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use packman::cli::Exit;
use serde_json::json;

use super::server::{Reply, Server};
use super::{CLEAN, Run, TOKEN, asked, body, files, json};
use crate::cli::Folder;

fn taken() -> Reply {
    json(202, &json!({ "id": "47177e22", "url": "https://api.github.com/repos/acme/shop/code-scanning/sarifs/47177e22" }))
}

fn status(status: &str) -> Reply {
    json(200, &json!({ "processing_status": status, "errors": ["line one\nline two", "\u{1b}[31mred"] }))
}

#[test]
fn a_file_is_sent_once_with_its_commit_its_ref_and_the_token() {
    let (server, files) = (Server::telling(vec![taken(), status("complete")]), files());
    let run = Run::at(&server.url());
    let ran = run.packman(&["upload", &files.at("clean.sarif")]);
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Pass, ""), "{}", ran.err);
    let of = "0 results of commit 3333333333333333333333333333333333333333 (refs/heads/main)";
    assert_eq!(ran.err, format!("note: code scanning has {of}\n"));
    let base = "/repos/acme/shop/code-scanning/sarifs";
    assert_eq!(asked(&server), [format!("POST {base}"), format!("GET {base}/47177e22")]);
    let seen = server.seen();
    for seen in &seen {
        assert_eq!(seen.header("authorization"), [format!("Bearer {TOKEN}")]);
        assert_eq!(seen.header("user-agent"), [concat!("packman/", env!("CARGO_PKG_VERSION"))]);
        assert_eq!(seen.header("accept"), ["application/vnd.github+json, application/json;q=0.9"]);
        assert_eq!(seen.header("x-github-api-version"), ["2022-11-28"]);
    }
    let sent = body(&seen[0]);
    assert_eq!(sent["commit_sha"], "3333333333333333333333333333333333333333");
    assert_eq!(sent["ref"], "refs/heads/main");
    assert_eq!(sent["tool_name"], "packman");
    let members: Vec<&String> = sent.as_object().unwrap().keys().collect();
    assert_eq!(members, ["commit_sha", "ref", "sarif", "tool_name"]);
    let packed = STANDARD.decode(sent["sarif"].as_str().unwrap()).unwrap();
    let mut unpacked = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked, CLEAN);
}

#[test]
fn a_pull_request_has_its_merge_commit_or_its_head() {
    let (server, files) = (Server::telling(vec![taken(), status("complete")]), files());
    let run = Run::at(&server.url()).in_event("pull_request").with("GITHUB_REF", "refs/pull/7/merge");
    assert_eq!(run.packman(&["upload", &files.at("clean.sarif"), "--wait", "0"]).exit, Exit::Pass);
    let head = "1111111111111111111111111111111111111111";
    assert_eq!(run.packman(&["upload", &files.at("clean.sarif"), "--wait", "0", "--commit", head]).exit, Exit::Pass);
    let sent: Vec<_> = server.seen().iter().map(body).map(|sent| (sent["commit_sha"].clone(), sent["ref"].clone())).collect();
    assert_eq!(sent[0], (json!("3333333333333333333333333333333333333333"), json!("refs/pull/7/merge")));
    assert_eq!(sent[1], (json!(head), json!("refs/pull/7/head")));
    let mixed = run.packman(&["upload", &files.at("clean.sarif"), "--commit", head, "--ref", "refs/pull/7/merge"]);
    assert_eq!(mixed.exit, Exit::Usage);
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn it_is_waited_for_and_never_without_an_end() {
    let files = files();
    let upload = |replies: Vec<Reply>, words: &[&str]| {
        let server = Server::telling(replies);
        let run = Run::at(&server.url());
        let ran = run.packman(&[&["upload", &files.at("clean.sarif")], words].concat());
        (ran, run.waited(), server.seen().len())
    };
    let missing = || json(404, &json!({ "message": "Not Found" }));
    let (ran, waited, calls) = upload(vec![taken(), missing(), status("pending"), status("complete")], &[]);
    assert_eq!((ran.exit, waited, calls), (Exit::Pass, vec![5, 10, 20], 4), "{}", ran.err);
    let (ran, waited, calls) = upload(vec![taken(), status("pending")], &[]);
    assert_eq!((ran.exit, waited, calls), (Exit::Pass, vec![5, 10, 20, 40, 80], 6));
    assert!(ran.err.starts_with("warning: code scanning took ") && ran.err.contains("nobody knows yet"), "{}", ran.err);
    let (ran, waited, _) = upload(vec![taken(), Reply::of(502, "", b"")], &["--wait", "12"]);
    assert_eq!((ran.exit, waited), (Exit::Pass, vec![5, 7]));
    assert!(ran.err.contains("GitHub is down"), "{}", ran.err);
    let (ran, _, calls) = upload(vec![taken()], &["--wait", "0"]);
    assert_eq!((ran.exit, calls), (Exit::Pass, 1));
    let (ran, _, _) = upload(vec![taken(), status("failed")], &[]);
    assert_eq!(ran.exit, Exit::World);
    let said: Vec<&str> = ran.err.lines().skip(1).collect();
    assert_eq!(said, ["  it says: line one line two", "  it says: \\u{1b}[31mred"]);
    // The schema lets both be left out.
    let (ran, _, calls) = upload(vec![json(202, &json!({}))], &[]);
    assert_eq!((ran.exit, calls), (Exit::Pass, 1));
}

#[test]
fn what_would_be_refused_opens_nothing() {
    let server = Server::telling(vec![taken()]);
    let failed = CLEAN.replace("\"results\"", "\"invocations\":[{\"executionSuccessful\":false}],\"results\"");
    let files = Folder::of(&[("clean.sarif", CLEAN), ("failed.sarif", &failed), ("page.sarif", "<html>"), ("none.sarif", "{}")]);
    let clean = files.at("clean.sarif");
    let rows: Vec<(&str, Vec<String>, Exit, &str)> = vec![
        ("token with a line end", vec![clean.clone()], Exit::Usage, "at place 5 of 5"),
        ("token with a blank", vec![clean.clone()], Exit::Usage, "has a character that no token has"),
        ("token with a letter of elsewhere", vec![clean.clone()], Exit::Usage, "has a character that no token has"),
        ("no token", vec![clean.clone()], Exit::Usage, "there is no token"),
        ("http", vec![clean.clone()], Exit::Usage, "is not `https`"),
        ("user in it", vec![clean.clone()], Exit::Usage, "has a user or a question in it"),
        ("failed", vec![files.at("failed.sarif")], Exit::Undecided, "says that it is not complete"),
        ("page", vec![files.at("page.sarif")], Exit::Usage, "not JSON"),
        ("none", vec![files.at("none.sarif")], Exit::Usage, "is no SARIF"),
        ("absent", vec![files.at("absent.sarif")], Exit::Usage, "cannot be read"),
        ("repo", vec![clean.clone(), "--repo".to_owned(), "../x".to_owned()], Exit::Usage, "is no repository's name"),
        ("commit", vec![clean.clone(), "--commit".to_owned(), "HEAD".to_owned()], Exit::Usage, "no commit's whole name"),
        ("ref", vec![clean.clone(), "--ref".to_owned(), "main".to_owned()], Exit::Usage, "`main` is no ref"),
        ("category", vec![clean, "--category".to_owned(), "/".to_owned()], Exit::Usage, "the category is empty"),
    ];
    for (name, words, exit, said) in rows {
        let run = Run::at(&server.url());
        let run = match name {
            "token with a line end" => run.with("GITHUB_TOKEN", "ghp_\n"),
            "token with a blank" => run.with("GITHUB_TOKEN", "ghp_ x"),
            "token with a letter of elsewhere" => run.with("GITHUB_TOKEN", "ghp_ü"),
            "no token" => run.with("GITHUB_TOKEN", ""),
            "http" => run.with("GITHUB_API_URL", "http://ghe.example/api/v3"),
            "user in it" => run.with("GITHUB_API_URL", "https://me@ghe.example/api/v3"),
            _ => run,
        };
        let words: Vec<&str> = std::iter::once("upload").chain(words.iter().map(String::as_str)).collect();
        let ran = run.packman(&words);
        assert_eq!(ran.exit, exit, "{name}: {}", ran.err);
        assert!(ran.err.contains(said), "{name}: {}", ran.err);
        assert!(!ran.err.contains("ghp_"), "{name}: {}", ran.err);
    }
    assert!(server.seen().is_empty());
}
