//! What each event asks: `fixtures/event/<name>.json`, as GitHub documents its webhooks, with the variables that the runner would set.
//! Pure; tests/it/event_stories.rs tells the same in real repositories.

use packman::event::{Base, Candidate, CommitId, Event, EventFault, IfMissing, Variables, read};
use proptest::prelude::*;

use crate::golden::fixtures;

/// The head, the base, what was made of both, something older, and a commit that no event speaks of.
const HEAD: char = '1';
const BASE: char = '2';
const MERGE: char = '3';
const OLDER: char = '4';
const OTHER: char = '9';

fn digits(of: char) -> String {
    of.to_string().repeat(40)
}

fn id(of: char) -> CommitId {
    CommitId::new(&digits(of)).unwrap()
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join("event").join(format!("{name}.json"))).unwrap()
}

fn variables(event: &str, sha: char, reference: &str) -> Variables {
    let base_ref = event.starts_with("pull_request").then(|| "main".to_owned());
    Variables { name: Some(event.to_owned()), sha: Some(digits(sha)), reference: Some(reference.to_owned()), base_ref }
}

/// The event of a fixture, whose name begins with that of its event.
fn event(fixture: &str, sha: char, reference: &str) -> Event {
    let name = fixture.split('-').next().unwrap();
    read(&variables(name, sha, reference), Some(&file(fixture))).unwrap_or_else(|fault| panic!("{fixture}: {fault:?}"))
}

/// What is asked of a tree at a commit, as a word: the base, or `wrong` with what is expected.
fn asked(event: &Event, head: char) -> String {
    let base = match event.candidate(&id(head)) {
        Err(fault) => return format!("wrong: {}", fault.message),
        Ok(Candidate { base, if_missing, .. }) => {
            let or = if *if_missing == IfMissing::Nothing && *base != Base::Nothing { ", or nothing" } else { "" };
            match base {
                Base::Nothing => "nothing".to_owned(),
                Base::FirstParent { second: Some(second) } => format!("first parent, the second being {second}{or}"),
                Base::FirstParent { second: None } => format!("first parent{or}"),
                Base::Commit(commit) => format!("{commit}{or}"),
                Base::Parted(revisions) => format!("parted from {}{or}", revisions.join(" else ")),
            }
        }
    };
    [HEAD, BASE, MERGE, OLDER].into_iter().fold(base, |text, commit| text.replace(&digits(commit), &commit.to_string()))
}

/// Every kind of event with every kind of checkout: `ref:` left out, the change's head, the base branch, and something else.
#[test]
fn each_event_with_each_checkout() {
    const PULL: &str = "refs/pull/7/merge";
    const PARTED: &str = "parted from 2 else refs/remotes/origin/main";
    const MERGED: &str = "first parent, the second being 1";
    const WRONG: &str = "wrong";
    // Fixture, GITHUB_SHA, GITHUB_REF; then what is asked of a tree at the head, the base, the merge, and an older merge.
    let rows: &[(&str, char, &str, [&str; 4])] = &[
        ("pull_request", MERGE, PULL, [PARTED, WRONG, MERGED, MERGED]),
        ("pull_request-from-a-fork", MERGE, PULL, [PARTED, WRONG, MERGED, WRONG]),
        ("pull_request-deleted-fork", MERGE, PULL, [PARTED, WRONG, MERGED, WRONG]),
        // The base branch has what was merged into it, so that only the commit that the event names is a base.
        ("pull_request-closed-by-merging", MERGE, "refs/heads/main", [PARTED, WRONG, "parted from 2", WRONG]),
        ("pull_request-empty", MERGE, PULL, [WRONG, WRONG, "first parent", WRONG]),
        // A runner that checks out the head says so.
        ("pull_request", HEAD, PULL, [PARTED, WRONG, WRONG, MERGED]),
        ("pull_request_target", BASE, "refs/heads/main", [PARTED, WRONG, WRONG, MERGED]),
        ("merge_group", HEAD, "refs/heads/gh-readonly-queue/main/pr-7-2", ["2", WRONG, WRONG, WRONG]),
        ("push", HEAD, "refs/heads/main", ["2, or nothing", WRONG, WRONG, WRONG]),
        (
            "push-first-of-a-branch",
            HEAD,
            "refs/heads/topic",
            ["parted from refs/remotes/origin/main, or nothing", WRONG, WRONG, WRONG],
        ),
        ("push-first-of-the-default-branch", HEAD, "refs/heads/main", ["nothing", WRONG, WRONG, WRONG]),
        ("push-forced", HEAD, "refs/heads/topic", ["parted from refs/remotes/origin/main, or nothing", WRONG, WRONG, WRONG]),
        ("push-forced-on-the-default-branch", HEAD, "refs/heads/main", ["2, or nothing", WRONG, WRONG, WRONG]),
        ("push-deleted", MERGE, "refs/heads/main", [WRONG, WRONG, "nothing", WRONG]),
        ("push-tag", HEAD, "refs/tags/v1.0.0", ["nothing", WRONG, "nothing", WRONG]),
        ("schedule", HEAD, "refs/heads/main", ["nothing", WRONG, WRONG, WRONG]),
        ("workflow_dispatch", HEAD, "refs/heads/topic", ["nothing", WRONG, WRONG, WRONG]),
        ("workflow_run", BASE, "refs/heads/main", ["nothing", "nothing", WRONG, WRONG]),
        ("issue_comment", BASE, "refs/heads/main", [WRONG, "nothing", WRONG, WRONG]),
    ];
    for (fixture, sha, reference, expected) in rows {
        let event = event(fixture, *sha, reference);
        for (head, expected) in [HEAD, BASE, MERGE, OLDER].into_iter().zip(expected) {
            let found = asked(&event, head);
            let found = if found.starts_with("wrong: ") { "wrong" } else { &found };
            assert_eq!(found, *expected, "{fixture} with GITHUB_SHA {sha}, tree at {head}");
        }
        assert!(asked(&event, OTHER).starts_with("wrong: "), "{fixture}");
    }
}

#[test]
fn a_wrong_tree_is_told_with_both_names() {
    let fault = |event: &Event| event.candidate(&id(OTHER)).unwrap_err();
    let (other, head, merge, older) = (digits(OTHER), digits(HEAD), digits(MERGE), digits(OLDER));
    let pull = fault(&event("pull_request", MERGE, "refs/pull/7/merge"));
    let expected = format!(
        "the tree under judgement is commit {other}; the event `pull_request` is about {merge}, its merge commit, or {head}, its head, or \
         {older}, its merge commit"
    );
    assert_eq!((pull.message, pull.hint.contains("no `ref:`")), (expected, true));
    let target = fault(&event("pull_request_target", BASE, "refs/heads/main"));
    assert!(target.hint.starts_with("use the event `pull_request`"), "{}", target.hint);
}

#[test]
fn what_nothing_is_compared_with_is_said() {
    let notes = |fixture: &str, reference: &str| event(fixture, HEAD, reference).notes;
    let silent = ["push", "push-forced", "push-first-of-a-branch", "push-forced-on-the-default-branch", "merge_group"];
    for fixture in silent.into_iter().chain(["schedule", "workflow_dispatch", "pull_request"]) {
        assert_eq!(notes(fixture, "refs/heads/topic"), [""; 0], "{fixture}");
    }
    let said = [
        ("push-tag", "a tag is judged as a whole"),
        ("push-deleted", "this push deleted a branch"),
        ("push-first-of-the-default-branch", "this push began the branch"),
        ("issue_comment", "the event `issue_comment` names no base"),
        ("workflow_run", "the event `workflow_run` names no base"),
    ];
    for (fixture, words) in said {
        let expected = format!("{words}, so nothing was compared and every finding decides");
        assert_eq!(notes(fixture, "refs/heads/topic"), [expected], "{fixture}");
    }
}

#[test]
fn commits_of_either_hash() {
    let long = |of: char| of.to_string().repeat(64);
    let variables = Variables { sha: Some(long(MERGE)), ..variables("pull_request", MERGE, "refs/pull/7/merge") };
    let event = read(&variables, Some(&file("pull_request-sha256"))).unwrap();
    let found = event.candidate(&CommitId::new(&long(MERGE)).unwrap()).unwrap();
    assert_eq!(found.base, Base::FirstParent { second: CommitId::new(&long(HEAD)) });
    assert!(event.candidate(&CommitId::new(&long(HEAD)).unwrap()).is_ok());
    assert!(event.candidate(&id(MERGE)).is_err(), "forty digits are another commit");
    assert_eq!(CommitId::new(&long('A')).unwrap().as_str(), long('a'));
    for none in ["", "abc", "HEAD", &digits('g'), &digits('0'), &long('0'), &format!("{} ", digits('1'))] {
        assert_eq!(CommitId::new(none), None, "{none}");
    }
}

#[test]
fn a_file_by_hand_names_its_event_by_its_shape() {
    let by_shape = |fixture: &str| read(&Variables::default(), Some(&file(fixture))).map(|event| event.name);
    assert_eq!(by_shape("pull_request").unwrap(), "pull_request");
    assert_eq!(by_shape("merge_group").unwrap(), "merge_group");
    assert_eq!(by_shape("push").unwrap(), "push");
    assert!(by_shape("schedule").unwrap_err().message.contains("the event has no name"));
    let event = read(&Variables::default(), Some(&file("pull_request"))).unwrap();
    assert_eq!(asked(&event, OLDER), "first parent, the second being 1");
    assert_eq!(asked(&event, HEAD), "parted from 2 else refs/remotes/origin/main");
}

/// Whatever is wrong with a file or a variable is said; nothing is guessed.
#[test]
fn what_is_not_understood_is_a_fault() {
    let pull = |text: &str| read(&variables("pull_request", MERGE, "refs/pull/7/merge"), Some(text.as_bytes()));
    let push = |text: &str| read(&variables("push", HEAD, "refs/heads/main"), Some(text.as_bytes()));
    let whole = String::from_utf8(file("pull_request")).unwrap();
    let pushed = String::from_utf8(file("push")).unwrap();
    let mut odd_name = variables("push", HEAD, "refs/heads/main");
    odd_name.name = Some("push\n::error::".to_owned());
    let mut odd_sha = variables("schedule", HEAD, "refs/heads/main");
    odd_sha.sha = Some("--upload-pack=x".to_owned());
    let cases: &[(&str, Result<Event, EventFault>, &str)] = &[
        ("no file", read(&variables("pull_request", MERGE, "refs/pull/7/merge"), None), "has no file that says what it is about"),
        ("no file for a push", read(&variables("push", HEAD, "refs/heads/main"), None), "has no file"),
        ("nothing at all", read(&Variables::default(), None), "the event has no name"),
        ("empty", pull(""), "is no JSON object"),
        ("a list", pull("[]"), "is no JSON object"),
        ("cut off", pull(&whole[..whole.len() / 2]), "ends too early (line "),
        ("no JSON", pull("{\"a\": nonsense}"), "is not JSON (line 1, column "),
        ("not UTF-8", read(&variables("push", HEAD, ""), Some(b"{\"ref\": \"\xff\"}")), "is not JSON"),
        ("nested too deep", pull(&format!("{{\"pull_request\": {}", "[".repeat(100_000))), "the event's file "),
        ("another event's file", pull("{}"), "has no `pull_request`"),
        ("no base", pull(&format!("{{\"pull_request\": {{\"head\": {{\"sha\": \"{}\"}}}}}}", digits(HEAD))), ""),
        ("a number for a commit", pull(&whole.replace(&format!("\"{}\"", digits(HEAD)), "7")), "has a member that is not what"),
        ("a member twice", push("{\"after\": \"a\", \"after\": \"b\"}"), "has a member that is not what"),
        ("a short commit", pull(&whole.replace(&digits(HEAD), "1111111")), "`pull_request.head.sha` of the event is no commit's"),
        ("an option for a commit", push(&pushed.replace(&digits(BASE), "--output=x")), "`before` of the event is no commit's"),
        ("a revision for a branch", push(&pushed.replace("\"main\"", "\"main~5\"")), "`repository.default_branch` of the event"),
        ("a range for a branch", pull(&whole.replace("\"main\"", "\"a..b\"")), "`pull_request.base.ref` of the event"),
        ("a way out for a branch", pull(&whole.replace("\"main\"", "\"../../x\"")), "`pull_request.base.ref` of the event"),
        ("an odd name", read(&odd_name, Some(pushed.as_bytes())), "the name of the event is not one that GitHub gives"),
        ("an odd variable", read(&odd_sha, None), "`GITHUB_SHA` of the event is no commit's"),
        ("no merge group", read(&variables("merge_group", HEAD, ""), Some(b"{}")), "has no `merge_group`"),
        (
            "half of one",
            read(&variables("merge_group", HEAD, ""), Some(b"{\"merge_group\": {}}")),
            "has no `merge_group.base_sha`",
        ),
    ];
    for (name, found, words) in cases {
        if words.is_empty() {
            // GITHUB_BASE_REF stands in.
            assert!(found.is_ok(), "{name}");
            continue;
        }
        let fault = found.as_ref().unwrap_err();
        assert!(fault.message.contains(words) && !fault.hint.is_empty(), "{name}: {fault:?}");
        assert!(!fault.message.contains('\n'), "{name}");
    }
    let large = vec![b' '; 32 * 1024 * 1024 + 1];
    assert!(read(&odd_sha, Some(&large)).unwrap_err().message.contains("at most 33554432 are read"));
}

/// Events that are about no change need no file.
#[test]
fn a_schedule_needs_no_file() {
    for name in ["schedule", "workflow_dispatch", "repository_dispatch", "an_event_of_next_year"] {
        let event = read(&variables(name, HEAD, "refs/heads/main"), None).unwrap();
        assert_eq!(asked(&event, HEAD), "nothing", "{name}");
        assert!(asked(&event, BASE).starts_with("wrong"), "{name}");
    }
    let nothing = Variables { name: Some("schedule".to_owned()), ..Variables::default() };
    assert_eq!(asked(&read(&nothing, None).unwrap(), OTHER), "nothing");
}

proptest! {
    /// Any bytes, any variables: an answer or a fault, and never a base that is not a commit's whole name or a branch of `origin`.
    #[test]
    fn any_file_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), name in "[a-z_]{0,20}", sha in ".{0,70}") {
        let variables = Variables { name: Some(name), sha: Some(sha), reference: None, base_ref: None };
        if let Ok(event) = read(&variables, Some(&bytes)) {
            prop_assert!(!event.candidates.is_empty());
        }
    }

    #[test]
    fn any_members_are_read_or_refused(
        event in prop::sample::select(vec!["pull_request", "pull_request_target", "merge_group", "push"]),
        sha in "[0-9a-f]{40}|[-a-z~^./]{0,12}",
        base in "[0-9a-f]{40}|0{40}|.{0,12}",
        branch in "[a-z]{1,5}|.{0,12}",
    ) {
        let text = serde_json::json!({
            "pull_request": { "head": { "sha": sha }, "base": { "sha": base, "ref": branch } },
            "merge_group": { "head_sha": sha, "base_sha": base },
            "ref": "refs/heads/topic", "before": base, "after": sha, "repository": { "default_branch": branch },
        }).to_string();
        let variables = Variables { name: Some(event.to_owned()), ..Variables::default() };
        if let Ok(event) = read(&variables, Some(text.as_bytes())) {
            prop_assert!(!event.candidates.is_empty());
            for candidate in &event.candidates {
                if let Base::Parted(revisions) = &candidate.base {
                    prop_assert!(!revisions.is_empty());
                    for revision in revisions {
                        let is_branch = revision.strip_prefix("refs/remotes/origin/").is_some_and(|name| {
                            !name.contains(['~', '^', ':', ' ', '*', '\\', '\n']) && !name.contains("..") && !name.contains("@{")
                        });
                        prop_assert!(is_branch || CommitId::new(revision).is_some(), "{revision}");
                    }
                }
            }
        }
    }
}

/// Whose change a pull request is: its own repository's, or another's, also of one that is gone or not told.
#[test]
fn a_pull_request_is_of_a_fork_unless_both_sides_are_of_one_repository() {
    let rows = [
        ("pull_request", Some((Some(7), Some(HEAD), false))),
        ("pull_request_target", Some((Some(7), Some(HEAD), true))),
        ("pull_request-from-a-fork", Some((Some(7), Some(HEAD), true))),
        ("pull_request-deleted-fork", Some((Some(7), Some(HEAD), true))),
        ("pull_request-empty", Some((Some(7), None, true))),
        ("push", None),
        ("merge_group", None),
    ];
    for (name, expected) in rows {
        let found = packman::event::pull(&file(name)).unwrap();
        let found = found.map(|pull| (pull.number, pull.head.map(|head| head.as_str().chars().next().unwrap()), pull.is_fork));
        assert_eq!(found, expected, "{name}");
    }
    assert!(packman::event::pull(b"[]").is_err());
}
