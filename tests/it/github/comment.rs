//! One comment, edited in place.

use std::sync::Mutex;

use packman::cli::Exit;
use serde_json::{Value, json};

use super::server::{Reply, Server};
use super::{Run, asked, body, files, json};

const MARKER: &str = "<!-- packman -->";

fn comment(id: u64, login: Option<&str>, body: &str) -> Value {
    let user = login.map(|login| json!({ "login": login }));
    json!({ "id": id, "user": user, "body": body, "html_url": format!("https://github.com/acme/shop/pull/7#issuecomment-{id}") })
}

/// A pull request with comments, each page having two; whoever asks is a workflow.
fn pull(comments: Vec<Value>, below: &'static str) -> Server {
    let comments = Mutex::new(comments);
    Server::new(move |seen| {
        let Some(path) = seen.path.strip_prefix(below) else { return Reply::of(500, "", b"") };
        let host = seen.header("host")[0];
        let mut comments = comments.lock().unwrap();
        let (route, query) = path.split_once('?').unwrap_or((path, ""));
        match (seen.method.as_str(), route) {
            ("GET", "/user") => json(403, &json!({ "message": "Resource not accessible by integration" })),
            ("GET", "/repos/acme/shop/issues/7/comments") => {
                let page: usize = query.split("&page=").nth(1).map_or(1, |page| page.parse().unwrap());
                let rest = comments.chunks(2).nth(page - 1).unwrap_or_default();
                let reply = json(200, &json!(rest));
                let at = |page: usize| format!("<http://{host}{below}{route}?per_page=100&page={page}>");
                if comments.len() > page * 2 {
                    reply.with("link", &format!("{}; rel=\"next\", {}; rel=\"last\"", at(page + 1), at(9)))
                } else {
                    reply
                }
            }
            ("POST", "/repos/acme/shop/issues/7/comments") => {
                let made = comment(100, Some("github-actions[bot]"), body(seen)["body"].as_str().unwrap());
                comments.push(made.clone());
                json(201, &made)
            }
            ("PATCH", route) => {
                let id: u64 = route.strip_prefix("/repos/acme/shop/issues/comments/").unwrap().parse().unwrap();
                let old = comments.iter_mut().find(|comment| comment["id"] == id).unwrap();
                old["body"] = body(seen)["body"].clone();
                json(200, old)
            }
            _ => Reply::of(500, "", b""),
        }
    })
}

#[test]
fn it_is_written_once_then_edited_then_left_alone() {
    let (server, files) = (pull(Vec::new(), ""), files());
    let run = Run::at(&server.url()).in_event("pull_request");
    let comment = || run.packman(&["comment", &files.at("note.md")]);
    let list = "GET /repos/acme/shop/issues/7/comments?per_page=100";
    let url = "https://github.com/acme/shop/pull/7#issuecomment-100";

    let ran = comment();
    assert_eq!((ran.exit, ran.err), (Exit::Pass, format!("note: commented: {url}\n")));
    assert_eq!(asked(&server), [list, "POST /repos/acme/shop/issues/7/comments"]);
    assert_eq!(body(&server.seen()[1]), json!({ "body": format!("{MARKER}\nhello\n") }));

    let ran = comment();
    assert_eq!((ran.exit, ran.err), (Exit::Pass, format!("note: the comment says that already: {url}\n")));
    assert_eq!(asked(&server)[2..], [list, "GET /user"]);

    files.write("note.md", "all clear\n");
    let ran = comment();
    assert_eq!((ran.exit, ran.err), (Exit::Pass, format!("note: edited the comment: {url}\n")));
    assert_eq!(asked(&server)[4..], [list, "GET /user", "PATCH /repos/acme/shop/issues/comments/100"]);
    assert_eq!(body(&server.seen()[6]), json!({ "body": format!("{MARKER}\nall clear\n") }));
}

/// The own one on the third page; before it, copies of its first line by others and by nobody.
fn crowd() -> Vec<Value> {
    vec![
        comment(1, Some("somebody"), &format!("{MARKER}\nnot yours")),
        comment(2, None, &format!("{MARKER}\nof nobody")),
        comment(3, Some("github-actions[bot]"), "another tool's"),
        comment(4, Some("github-actions[bot]"), "<!-- packman web -->\nanother of ours"),
        comment(5, Some("GitHub-Actions[bot]"), &format!("{MARKER}\r\nold\r\n")),
    ]
}

#[test]
fn it_is_found_by_its_first_line_and_its_author_on_whatever_page() {
    // An Enterprise Server answers below a path of its own only.
    for below in ["", "/api/v3"] {
        let (server, files) = (pull(crowd(), below), files());
        let run = Run::at(&format!("{}{below}", server.url()));
        let ran = run.packman(&["comment", &files.at("note.md"), "--pull", "7"]);
        assert_eq!(ran.exit, Exit::Pass, "{}", ran.err);
        let list = format!("GET {below}/repos/acme/shop/issues/7/comments?per_page=100");
        let expected = [
            list.clone(),
            format!("{list}&page=2"),
            format!("{list}&page=3"),
            format!("GET {below}/user"),
            format!("PATCH {below}/repos/acme/shop/issues/comments/5"),
        ];
        assert_eq!(asked(&server), expected);
    }
}

#[test]
fn each_name_has_its_own_and_each_author() {
    let (server, files) = (pull(crowd(), ""), files());
    let run = Run::at(&server.url());
    let comment = |words: &[&str]| run.packman(&[&["comment", &files.at("note.md"), "--pull", "7"], words].concat()).err;
    assert!(comment(&["--id", "web"]).ends_with("issuecomment-4\n"));
    files.write("note.md", "<!-- packman web -->\nas its own first line says\n");
    assert!(comment(&[]).ends_with("issuecomment-4\n"));
    files.write("note.md", "hello\n");
    assert!(comment(&["--author", "Somebody"]).ends_with("issuecomment-1\n"));
    assert!(comment(&["--id", "new"]).starts_with("note: commented"));
    assert_eq!(run.packman(&["comment", &files.at("note.md"), "--pull", "7", "--id", "a b"]).exit, Exit::Usage);
}

#[test]
fn a_next_page_that_lies_elsewhere_is_not_asked() {
    let elsewhere = Server::telling(vec![json(200, &json!([]))]);
    let link = format!("<{}/repos/acme/shop/issues/7/comments?page=2>; rel=\"next\"", elsewhere.url());
    let (server, files) = (Server::telling(vec![json(200, &json!([])).with("link", &link)]), files());
    let ran = Run::at(&server.url()).packman(&["comment", &files.at("note.md"), "--pull", "7"]);
    assert_eq!((ran.exit, server.seen().len(), elsewhere.seen().len()), (Exit::World, 1, 0), "{}", ran.err);
    assert!(ran.err.contains("lacks a next page of its own"), "{}", ran.err);
}

#[test]
fn where_the_token_may_not_write_it_says_so_and_goes_on() {
    let refusal = json(403, &json!({ "message": "Resource not accessible by integration" }));
    let (server, files) = (Server::telling(vec![json(200, &json!([])), refusal]), files());
    let run = Run::at(&server.url()).in_event("pull_request-from-a-fork");
    let ran = run.packman(&["comment", &files.at("note.md")]);
    assert_eq!(ran.exit, Exit::Pass);
    assert!(
        ran.err.starts_with("notice: cannot comment on the pull request: the token of a pull request from a fork may only read"),
        "{}",
        ran.err
    );
    let ran = run.packman(&["comment", &files.at("note.md"), "--require"]);
    assert_eq!(ran.exit, Exit::World, "{}", ran.err);
}

#[test]
fn without_a_pull_request_there_is_nowhere_to_comment() {
    let (server, files) = (pull(Vec::new(), ""), files());
    let run = Run::at(&server.url()).in_event("push");
    let ran = run.packman(&["comment", &files.at("note.md")]);
    assert_eq!(
        (ran.exit, ran.err.as_str()),
        (Exit::Pass, "notice: there is no comment: the event `push` is about no pull request\n")
    );
    assert_eq!(run.packman(&["comment", &files.at("note.md"), "--require"]).exit, Exit::Usage);
    let terminal = Run::at(&server.url()).with("GITHUB_EVENT_NAME", "");
    assert_eq!(terminal.packman(&["comment", &files.at("note.md")]).exit, Exit::Usage);
    assert!(server.seen().is_empty());
}

#[test]
fn a_comment_is_never_written_twice() {
    let files = files();
    for broken in [Reply::of(502, "", b""), Reply::none(), Reply::of(429, "", b"").with("retry-after", "1")] {
        let server = Server::telling(vec![json(200, &json!([])), broken]);
        let run = Run::at(&server.url());
        let ran = run.packman(&["comment", &files.at("note.md"), "--pull", "7"]);
        assert_eq!((ran.exit, server.seen().len(), run.waited()), (Exit::World, 2, vec![]), "{}", ran.err);
    }
}
