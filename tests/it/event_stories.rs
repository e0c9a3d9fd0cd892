//! Events in real repositories: `packman check --event auto` in checkouts as the runner makes them, event by event, checkout by checkout.

use std::fmt::Write as _;

use packman::cli::Exit;
use serde_json::{Value, json};

use crate::cli::{Ran, packman_with};
use crate::tree::{Place, git};

const HASH: &str = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

/// npm's lockfile with packages of which nothing explains where they come from.
fn strangers(names: &[&str]) -> String {
    let mut text = "{ \"lockfileVersion\": 3, \"packages\": { \"\": {}".to_owned();
    for name in names {
        let address = format!("https://npm.example.net/{name}/-/{name}-1.0.0.tgz");
        let entry = format!("{{ \"version\": \"1.0.0\", \"resolved\": \"{address}\", \"integrity\": \"{HASH}\" }}");
        write!(text, ",\n\"node_modules/{name}\": {entry}").unwrap();
    }
    text + "\n} }\n"
}

/// What lies on the host: `old` has been on the base branch for long, `new` is what the change brings.
///
/// ```text
/// first ── base (main) ──── merge (refs/pull/7/merge)
///      ├── head (topic) ────┘
///      ├── before (what topic was before it was rewritten)
///      └── other
/// ```
struct Host {
    place: Place,
    base: String,
    head: String,
    merge: String,
    before: String,
    other: String,
}

impl Host {
    fn new() -> Self {
        let place = Place::new();
        place.git("init -q -b main");
        place.git("config uploadpack.allowAnySHA1InWant true");
        let commit = |path: &str, content: &str| {
            place.write(path, content);
            place.git("add .");
            place.git("commit -q -m change");
            said(&place, "rev-parse HEAD")
        };
        let first = commit("old/package-lock.json", &strangers(&["old"]));
        let base = commit("README.md", "the base branch went on");
        let on = |name: &str| place.git(&format!("checkout -q -B {name} {first}"));
        on("topic");
        let before = commit("before", "");
        on("other");
        let other = commit("other", "");
        on("topic");
        let head = commit("new/package-lock.json", &strangers(&["new"]));
        place.git(&format!("checkout -q --detach {base}"));
        place.git(&format!("merge -q --no-ff -m merge {head}"));
        let merge = said(&place, "rev-parse HEAD");
        place.git("update-ref refs/pull/7/merge HEAD");
        place.git("checkout -q main");
        Self { place, base, head, merge, before, other }
    }

    /// A checkout of a commit as the runner makes one; without a depth all branches are there.
    fn checkout(&self, commit: &str, depth: Option<u32>) -> Place {
        let place = Place::new();
        place.git("init -q -b unborn");
        let from = format!("file://{}", self.place.0.display());
        place.git(&format!("remote add origin {from}"));
        match depth {
            Some(depth) => place.git(&format!("fetch -q --no-tags --depth={depth} origin +{commit}:refs/remotes/pull/7/merge")),
            None => {
                place.git(&format!("fetch -q origin +refs/heads/*:refs/remotes/origin/* +{commit}:refs/remotes/pull/7/merge"))
            }
        };
        place.git(&format!("checkout -q --detach {commit}"));
        place
    }

    fn pull_request(&self) -> Value {
        json!({ "pull_request": {
            "head": { "sha": self.head, "ref": "topic" }, "base": { "sha": self.base, "ref": "main" }, "merge_commit_sha": null,
        } })
    }
}

fn push(reference: &str, before: &str, after: &str, forced: bool) -> Value {
    json!({
        "ref": reference, "before": before, "after": after, "created": before == ZEROS, "deleted": false, "forced": forced,
        "head_commit": { "id": after }, "repository": { "default_branch": "main" },
    })
}

const ZEROS: &str = "0000000000000000000000000000000000000000";

fn said(place: &Place, arguments: &str) -> String {
    String::from_utf8(git(&place.0, arguments)).unwrap().trim().to_owned()
}

/// One event as the runner tells it.
struct Told<'h> {
    name: &'static str,
    sha: &'h str,
    reference: &'static str,
    payload: Value,
}

impl Told<'_> {
    fn check(&self, place: &Place, words: &[&str]) -> Ran {
        let outside = Place::new();
        outside.write("event.json", &self.payload.to_string());
        let file = outside.at("event.json").to_str().unwrap().to_owned();
        let variable = |name: &str| match name {
            "GITHUB_EVENT_NAME" => Some(self.name.to_owned()),
            "GITHUB_EVENT_PATH" => Some(file.clone()),
            "GITHUB_SHA" => Some(self.sha.to_owned()),
            "GITHUB_REF" => Some(self.reference.to_owned()),
            // Not of this event, and set to nothing, as the runner does.
            "GITHUB_BASE_REF" => Some(String::new()),
            _ => None,
        };
        packman_with(&[&["check", "--event", "auto"], words, &[place.0.to_str().unwrap()]].concat(), &variable)
    }

    /// What becomes of both strangers, with what it was compared with; or why nothing was decided.
    fn outcome(&self, place: &Place) -> String {
        let ran = self.check(place, &["--output", "json=-"]);
        if ran.exit == Exit::Undecided {
            let fault = ran.err.strip_prefix("undecided: ").unwrap_or_else(|| panic!("{}", ran.err));
            assert!(ran.out.is_empty() && fault.lines().count() == 2, "{}{fault}", ran.out);
            return if fault.starts_with("the tree under judgement ") {
                "wrong tree".to_owned()
            } else {
                fault.replace('\n', ";")
            };
        }
        assert!(ran.err.is_empty(), "{}", ran.err);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let state = |name: &str| {
            let path = format!("{name}/package-lock.json");
            let findings = report["findings"].as_array().unwrap().iter();
            let found =
                findings.filter(|finding| finding["rule"] == "unknown-registry").find(|finding| finding["lockfile"] == *path);
            found.map_or("-", |finding| finding["state"].as_str().unwrap())
        };
        let notes = report["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap());
        let compared = if notes.clone().any(|note| note.starts_with("compared with commit ")) { "compared" } else { "alone" };
        format!("{compared}: old {}, new {}", state("old"), state("new"))
    }
}

const COMPARED: &str = "compared: old existing, new new";
const ALONE: &str = "alone: old new, new new";
const BASE_ALONE: &str = "alone: old new, new -";
const WRONG: &str = "wrong tree";

/// What the runner checks out by itself with all history, the same with one commit, the change's head, and another branch.
#[test]
fn each_event_with_each_checkout() {
    let host = Host::new();
    let Host { base, head, merge, before, other, .. } = &host;
    let main = "refs/heads/main";
    let topic = "refs/heads/topic";
    let event = |name, sha, reference, payload| Told { name, sha, reference, payload };
    let group =
        json!({ "merge_group": { "head_sha": merge, "base_sha": base, "head_ref": "refs/heads/gh-readonly-queue/main/pr-7" } });
    let lacks_base = "the base that the event ";
    // The event; the outcome with each checkout.
    let rows: Vec<(&str, Told<'_>, [&str; 4])> = vec![
        (
            "pull_request",
            event("pull_request", merge, "refs/pull/7/merge", host.pull_request()),
            [COMPARED, lacks_base, COMPARED, WRONG],
        ),
        ("pull_request_target", event("pull_request_target", base, main, host.pull_request()), [WRONG, WRONG, COMPARED, WRONG]),
        (
            "merge_group",
            event("merge_group", merge, "refs/heads/gh-readonly-queue/main/pr-7", group),
            [COMPARED, lacks_base, WRONG, WRONG],
        ),
        ("push", event("push", merge, main, push(main, base, merge, false)), [COMPARED, ALONE, WRONG, WRONG]),
        (
            "first push of a branch",
            event("push", head, topic, push(topic, ZEROS, head, false)),
            [COMPARED, ALONE, COMPARED, WRONG],
        ),
        (
            "forced push of a branch",
            event("push", head, topic, push(topic, before, head, true)),
            [COMPARED, ALONE, COMPARED, WRONG],
        ),
        (
            "forced push of the default branch",
            event("push", merge, main, push(main, base, merge, true)),
            [COMPARED, ALONE, WRONG, WRONG],
        ),
        (
            "push of a tag",
            event("push", head, "refs/tags/v1", push("refs/tags/v1", ZEROS, head, false)),
            [ALONE, ALONE, ALONE, WRONG],
        ),
        ("schedule", event("schedule", base, main, json!({ "schedule": "1 2 * * *" })), [BASE_ALONE, BASE_ALONE, WRONG, WRONG]),
        ("workflow_dispatch", event("workflow_dispatch", head, topic, json!({ "inputs": null })), [ALONE, ALONE, ALONE, WRONG]),
        ("an event of next year", event("something_new", head, topic, json!({})), [ALONE, ALONE, ALONE, WRONG]),
    ];
    let mut differences = Vec::new();
    for (name, told, expected) in &rows {
        let checkouts = [(told.sha, None), (told.sha, Some(1)), (head.as_str(), None), (other.as_str(), None)];
        for ((commit, depth), expected) in checkouts.into_iter().zip(expected) {
            let found = told.outcome(&host.checkout(commit, depth));
            if !found.starts_with(expected) {
                differences.push(format!("{name} with {commit} at depth {depth:?}: {found}; expected {expected}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn two_commits_are_enough_for_a_pull_request() {
    let host = Host::new();
    let told = Told { name: "pull_request", sha: &host.merge, reference: "refs/pull/7/merge", payload: host.pull_request() };
    assert_eq!(told.outcome(&host.checkout(&host.merge, Some(2))), COMPARED);
    let fault = told.check(&host.checkout(&host.merge, Some(1)), &[]);
    assert!(fault.exit == Exit::Undecided && fault.err.ends_with("\n  check out with `fetch-depth: 2`\n"), "{}", fault.err);
    // The base branch's own state is what it is compared with, not where the change parted from it.
    let out = told.check(&host.checkout(&host.merge, None), &[]).out;
    assert!(out.contains(&format!("compared with commit {}, the base branch that was merged\n", host.base)), "{out}");
}

/// The runner's own checkout of a pull request: the merge commit alone, so that git itself knows no parent of it. The commit's text still
/// names its base: it is asked for by that name, and compared with as soon as it is there. It is never guessed.
#[test]
fn the_merge_commit_alone_names_its_base() {
    let host = Host::new();
    let told = Told { name: "pull_request", sha: &host.merge, reference: "refs/pull/7/merge", payload: host.pull_request() };
    let place = Place::new();
    let from = format!("file://{}", host.place.0.display());
    for words in [
        "init -q".to_owned(),
        format!("remote add origin {from}"),
        format!(
            "-c protocol.version=2 fetch -q --no-tags --prune --no-recurse-submodules --depth=1 origin +{}:refs/remotes/pull/7/merge",
            host.merge
        ),
        "checkout -q --force refs/remotes/pull/7/merge".to_owned(),
    ] {
        place.git(&words);
    }
    let git = |words: &str| {
        let mut command = std::process::Command::new("git");
        command
            .args(words.split(' '))
            .current_dir(&place.0)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command.output().unwrap().status.success()
    };
    assert!(git("rev-parse -q --verify HEAD") && !git("rev-parse -q --verify HEAD^1"), "git knows no parent");
    let undecided = || {
        let ran = told.check(&place, &[]);
        assert!(ran.exit == Exit::Undecided && ran.out.is_empty() && ran.err.contains(&host.base), "{}", ran.err);
    };
    undecided();
    // A host that gives only what its branches lead to does not give it, and nothing else is taken in its place.
    host.place.git("config uploadpack.allowAnySHA1InWant false");
    host.place.git(&format!("checkout -q -B main {}", host.other));
    assert!(!git(&format!("-c protocol.version=0 fetch -q --no-tags --depth=1 origin {}", host.base)));
    undecided();
    host.place.git("config uploadpack.allowAnySHA1InWant true");
    place.git(&format!("fetch -q --no-tags --depth=1 origin {}", host.base));
    assert_eq!(told.outcome(&place), COMPARED);
}

#[test]
fn a_wrong_tree_is_told_with_both_names_and_nothing_is_written() {
    let host = Host::new();
    let told = Told { name: "pull_request_target", sha: &host.base, reference: "refs/heads/main", payload: host.pull_request() };
    let ran = told.check(&host.checkout(&host.base, None), &[]);
    let expected = format!(
        "undecided: the tree under judgement is commit {}; the event `pull_request_target` is about {}, its head\n  use the event",
        host.base, host.head
    );
    assert!(ran.exit == Exit::Undecided && ran.out.is_empty() && ran.err.starts_with(&expected), "{}", ran.err);
}

/// A merge of something else than the event's head is not the event's tree, however it came there.
#[test]
fn a_merge_of_another_head_is_not_the_events() {
    let host = Host::new();
    let place = &host.place;
    place.git(&format!("checkout -q --detach {}", host.base));
    place.git(&format!("merge -q --no-ff -m merge {}", host.other));
    let stray = said(place, "rev-parse HEAD");
    place.git("update-ref refs/pull/8/merge HEAD");
    for (sha, merges) in [(&stray, format!("which merges {}", host.other)), (&host.base, "which is no merge".to_owned())] {
        let told = Told { name: "pull_request", sha, reference: "refs/pull/7/merge", payload: host.pull_request() };
        let ran = told.check(&host.checkout(sha, None), &[]);
        let words = format!("{merges}; the event is about a merge of {}", host.head);
        assert!(ran.exit == Exit::Undecided && ran.err.contains(&words), "{}", ran.err);
    }
}

#[test]
fn a_push_that_cannot_be_compared_says_so_in_the_report() {
    let host = Host::new();
    let payload = push("refs/heads/main", &host.base, &host.merge, false);
    let told = Told { name: "push", sha: &host.merge, reference: "refs/heads/main", payload };
    let place = host.checkout(&host.merge, Some(1));
    for output in ["human=-", "json=-", "summary=-"] {
        let out = told.check(&place, &["--output", output]).out.replace("\\(", "(");
        for words in ["cannot be had (", "so nothing was compared and every finding decides; to compare, check out with "] {
            assert!(out.contains(words), "{output}: {out}");
        }
    }
}

#[test]
fn outside_of_git_the_tree_is_not_known_to_be_the_events() {
    let place = Place::new();
    place.write("package-lock.json", &strangers(&["old"]));
    let sha = "1".repeat(40);
    let told = Told { name: "schedule", sha: &sha, reference: "refs/heads/main", payload: json!({}) };
    let ran = told.check(&place, &[]);
    assert!(
        ran.exit == Exit::Undecided && ran.err.contains("is in no git work tree; the event `schedule` is about"),
        "{}",
        ran.err
    );
}

#[test]
fn without_a_workflow_auto_compares_nothing_and_says_so() {
    let place = Place::new();
    place.write("package-lock.json", &strangers(&["old"]));
    let ran = packman_with(&["check", "--event", "auto", place.0.to_str().unwrap()], &|_| None);
    assert_eq!(ran.exit, Exit::Fail);
    assert!(ran.out.contains("note: no workflow runs here (`GITHUB_EVENT_NAME` is not set)"), "{}", ran.out);
}

#[test]
fn a_file_by_hand() {
    let host = Host::new();
    let place = host.checkout(&host.head, None);
    let outside = Place::new();
    outside.write("event.json", &host.pull_request().to_string());
    let (file, folder) = (outside.at("event.json"), place.0.to_str().unwrap());
    let check = |file: &str| packman_with(&["check", "--event", file, folder], &|_| None);
    let ran = check(file.to_str().unwrap());
    assert!(ran.out.contains(&format!("where it parted from `{}`", host.base)), "{}{}", ran.out, ran.err);
    for (content, words) in
        [("", "is no JSON object"), ("{\"pull_request\": {", "ends too early"), ("{}", "the event has no name")]
    {
        outside.write("event.json", content);
        let ran = check(file.to_str().unwrap());
        assert!(ran.exit == Exit::Undecided && ran.err.contains(words), "{content}: {}", ran.err);
    }
    let ran = check(outside.at("nowhere").to_str().unwrap());
    assert!(ran.exit == Exit::Undecided && ran.err.contains("cannot be read: "), "{}", ran.err);
}

#[test]
fn an_event_and_a_base_by_hand_contradict() {
    for words in [["--base", "main"], ["--head", "main"]] {
        let ran = packman_with(&["check", "--event", "auto", words[0], words[1]], &|_| None);
        assert!(ran.exit == Exit::Usage && ran.err.contains("cannot be used with"), "{}", ran.err);
    }
}
