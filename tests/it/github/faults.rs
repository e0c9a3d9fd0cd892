//! Everything that goes wrong between here and GitHub: what is said, what is done about it, and that the token goes nowhere else. The words
//! stand in `fixtures/github/faults.txt`.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;

use packman::cli::Exit;
use serde_json::json;

use super::server::{Reply, Server};
use super::{Run, TOKEN, asked, files, json};
use crate::derived::root;

const PAGE: &[u8] = b"<!doctype html><title>Sign in to the network</title>";

fn said(status: u16, message: &str) -> Reply {
    json(status, &json!({ "message": message, "documentation_url": "https://docs.github.com/rest" }))
}

/// Every fault that an upload meets, by name: the answer, and in which event it is met.
fn answers() -> Vec<(&'static str, Reply, &'static str)> {
    let integration = "Resource not accessible by integration";
    let page = |status: u16| Reply::of(status, "text/html", PAGE);
    let limit = said(403, "API rate limit exceeded for installation ID 1.").with("x-ratelimit-remaining", "0");
    let licence = "Code Security must be enabled for this repository to use code scanning.";
    vec![
        ("token not taken", said(401, "Bad credentials"), ""),
        ("no permission", said(403, integration), ""),
        ("token of a fork", said(403, integration), "fork"),
        ("token of Dependabot", said(403, integration), "dependabot"),
        ("code scanning off", said(403, "Code scanning is not enabled for this repository. Please enable code scanning."), ""),
        ("no licence", said(403, licence), ""),
        (
            "no licence, in older words",
            said(403, "Advanced Security must be enabled for this repository to use code scanning."),
            "",
        ),
        ("archived", said(403, "Repository was archived so is read-only."), ""),
        (
            "limit that ends late",
            limit.clone().with("x-ratelimit-reset", "1795942800").with("date", "Sun, 29 Nov 2026 08:00:00 GMT"),
            "",
        ),
        ("limit without an end", limit, ""),
        ("second limit", said(429, "You have exceeded a secondary rate limit.").with("retry-after", "900"), ""),
        ("not found", said(404, "Not Found"), ""),
        ("moved", said(307, "Moved").with("location", "https://api.github.com/repositories/1/code-scanning/sarifs"), ""),
        ("moved for good", said(301, "Moved Permanently").with("location", "https://elsewhere.example/"), ""),
        ("too large", page(413), ""),
        ("invalid", said(422, "commit not found\n::error::no \u{1b}[2Jcommand"), ""),
        ("invalid, without a word", Reply::of(400, "", b""), ""),
        ("server down", said(503, "Service unavailable"), ""),
        ("server down, with a page", page(502), ""),
        ("page of a proxy", page(200), ""),
        ("page of a proxy that forbids", page(403), ""),
        ("proxy's password", page(407), ""),
        ("something else", said(451, "Repository access blocked"), ""),
        ("an answer of something else", Reply::of(202, "application/json", b"[1]"), ""),
        ("answer cut off", Reply::of(202, "application/json", b"{\"id\":\"47177e22\",\"url\":\"x\"}").cut(), ""),
        ("no answer", Reply::none(), ""),
    ]
}

#[test]
fn each_fault_has_its_own_words_and_a_next_step() {
    let files = files();
    let mut told = String::new();
    let mut messages: Vec<(String, &str)> = Vec::new();
    for (name, answer, event) in answers() {
        let server = Server::telling(vec![answer]);
        let run = Run::at(&server.url());
        let run = match event {
            "fork" => run.in_event("pull_request-from-a-fork").with("GITHUB_REF", "refs/pull/7/merge"),
            "dependabot" => run.with("GITHUB_ACTOR", "dependabot[bot]"),
            _ => run,
        };
        let ran = run.packman(&["upload", &files.at("clean.sarif")]);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::World, ""), "{name}");
        let err = ran.err.replace(&server.address.to_string(), "HOST");
        assert!(!err.contains('\u{1b}') && err.lines().count() == 2 && err.starts_with("error: "), "{name}: {err}");
        let (calls, waited) = (server.seen().len(), run.waited());
        let again = if calls > 1 { format!(", asked {calls} times, after {waited:?} s") } else { String::new() };
        writeln!(told, "# {name}{again}\n{err}").unwrap();
        messages.push((err, name));
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = Run::at(&format!("http://{closed}")).packman(&["upload", &files.at("clean.sarif")]);
    assert_eq!(ran.exit, Exit::World);
    writeln!(told, "# nobody there\n{}", ran.err.replace(&closed.to_string(), "HOST")).unwrap();
    let golden = root().join("fixtures/github/faults.txt");
    assert_eq!(crate::golden::stale(Path::new(&golden), &told), None);
    // Those that mean different things say different things.
    messages.sort();
    let alike: Vec<_> = messages.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| [pair[0].1, pair[1].1]).collect();
    assert_eq!(alike, [["answer cut off", "no answer"], ["no licence", "no licence, in older words"]]);
}

#[test]
fn a_limit_that_ends_soon_is_waited_for_once() {
    let files = files();
    let limit = said(429, "").with("retry-after", "30");
    let taken = json(202, &json!({ "id": "1" }));
    let server = Server::telling(vec![limit.clone(), taken]);
    let run = Run::at(&server.url());
    let ran = run.packman(&["upload", &files.at("clean.sarif"), "--wait", "0"]);
    assert_eq!((ran.exit, server.seen().len(), run.waited()), (Exit::Pass, 2, vec![30]), "{}", ran.err);
    let server = Server::telling(vec![limit]);
    let run = Run::at(&server.url());
    let ran = run.packman(&["upload", &files.at("clean.sarif"), "--wait", "0"]);
    assert_eq!((ran.exit, server.seen().len(), run.waited()), (Exit::World, 2, vec![30]), "{}", ran.err);
}

#[test]
fn the_token_goes_to_no_other_address() {
    let files = files();
    let elsewhere = Server::telling(vec![json(200, &json!([]))]);
    for status in [301, 302, 303, 307, 308] {
        let moved = Reply::of(status, "", b"").with("location", &format!("{}/repositories/1", elsewhere.url()));
        let server = Server::telling(vec![moved]);
        for words in [&["upload", &files.at("clean.sarif")][..], &["comment", &files.at("note.md"), "--pull", "7"]] {
            let ran = Run::at(&server.url()).packman(words);
            assert_eq!(ran.exit, Exit::World, "{status}");
            assert!(ran.err.contains("the repository has moved"), "{status}: {}", ran.err);
        }
    }
    assert!(elsewhere.seen().is_empty());
}

#[test]
fn a_listener_without_tls_gets_no_token() {
    let files = files();
    let server = Server::telling(vec![json(202, &json!({ "id": "1" }))]);
    let ran = Run::at(&format!("https://{}", server.address)).packman(&["upload", &files.at("clean.sarif")]);
    assert_eq!(ran.exit, Exit::World);
    assert!(ran.err.contains(": no secure connection to `127.0.0.1:"), "{}", ran.err);
    assert!(server.seen().iter().all(|seen| seen.header("authorization").is_empty()));
}

#[test]
fn a_proxy_is_gone_through_and_told_nothing_but_the_host() {
    let files = files();
    let proxy = Server::telling(vec![Reply::of(403, "", b"")]);
    let at = |address: &str| Run::at(address).with("HTTPS_PROXY", &proxy.url().replace("http://", "http://me:secret@"));
    let upload = |run: Run| run.packman(&["upload", &files.at("clean.sarif")]);
    let ran = upload(at("https://github.invalid/api/v3"));
    assert_eq!(ran.exit, Exit::World);
    assert!(ran.err.contains("the proxy on the way to `github.invalid` lets nothing through"), "{}", ran.err);
    assert!(!ran.err.contains("secret"), "{}", ran.err);
    assert_eq!(asked(&proxy), ["CONNECT github.invalid:443"]);
    let seen = &proxy.seen()[0];
    assert_eq!(seen.header("proxy-authorization"), ["Basic bWU6c2VjcmV0"]);
    assert!(seen.headers.iter().all(|(_, value)| !value.contains(TOKEN)) && seen.header("authorization").is_empty());

    // Round it, where that is asked for, and on this machine without TLS.
    let server = Server::telling(vec![json(202, &json!({ "id": "1" }))]);
    let ran = upload(at(&format!("https://{}", server.address)).with("NO_PROXY", "localhost, 127.0.0.0/8"));
    assert!(ran.err.contains("no secure connection"), "{}", ran.err);
    assert_eq!(upload(at(&server.url())).exit, Exit::Pass);
    assert_eq!(proxy.seen().len(), 1);

    let wants = Server::telling(vec![Reply::of(407, "", b"")]);
    let ran = upload(Run::at("https://github.invalid").with("https_proxy", &wants.url()));
    assert!(ran.err.contains("wants a name and a password"), "{}", ran.err);
    for odd in ["socks5://127.0.0.1:1", "https://127.0.0.1:1", "::"] {
        let ran = upload(Run::at("https://github.invalid").with("HTTPS_PROXY", odd));
        assert_eq!(ran.exit, Exit::Usage, "{odd}: {}", ran.err);
    }
}
