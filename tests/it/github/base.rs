//! The base through the API: a server that tells a real repository as GitHub does, and checkouts without history. What `check` says with a
//! fetched base is what it says with the base itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use packman::cli::Exit;
use serde_json::{Value, json};

use super::server::{Reply, Seen, Server};
use super::{Run, asked, json};
use crate::cli::{Ran, packman};
use crate::golden::fixtures;
use crate::tree::{Place, git};

fn said(folder: &Path, arguments: &str) -> String {
    String::from_utf8(git(folder, arguments)).unwrap().trim().to_owned()
}

/// How a server tells a repository.
#[derive(Clone, Copy, Default)]
struct Telling {
    /// Lists of more names than this are cut.
    names_max: Option<usize>,
    /// What is sent for a file is something else.
    is_false: bool,
}

/// Answers as GitHub does, from the repository in a folder.
fn tell(folder: &Path, telling: Telling, seen: &Seen) -> Reply {
    let missing = || json(404, &json!({ "message": "Not Found" }));
    let Some(rest) = seen.path.strip_prefix("/repos/acme/shop/") else { return missing() };
    let (route, query) = rest.split_once('?').unwrap_or((rest, ""));
    let has = |id: &str| {
        std::process::Command::new("git").args(["cat-file", "-e", id]).current_dir(folder).output().unwrap().status.success()
    };
    if let Some(id) = route.strip_prefix("git/commits/") {
        if !has(id) {
            return missing();
        }
        let lines = said(folder, &format!("rev-list --parents --no-walk {id}"));
        let named = |id: &str| json!({ "sha": id, "url": "https://api.github.com/x" });
        let parents: Vec<Value> = lines.split(' ').skip(1).map(named).collect();
        return json(
            200,
            &json!({ "sha": id, "tree": named(&said(folder, &format!("rev-parse {id}^{{tree}}"))), "parents": parents }),
        );
    }
    if let Some(id) = route.strip_prefix("git/trees/") {
        let is_whole = query == "recursive=1";
        let deep = if is_whole { "-r -t " } else { "" };
        let listed = said(folder, &format!("-c core.quotePath=false ls-tree -l {deep}{id}"));
        let node = |line: &str| {
            let (head, path) = line.split_once('\t').unwrap();
            let words: Vec<&str> = head.split_whitespace().collect();
            json!({ "path": path, "mode": words[0], "type": words[1], "sha": words[2], "size": words[3].parse::<u64>().ok() })
        };
        let mut nodes: Vec<Value> = listed.lines().map(node).collect();
        let is_cut = is_whole && telling.names_max.is_some_and(|max| nodes.len() > max);
        if is_cut {
            nodes.truncate(telling.names_max.unwrap());
        }
        return json(200, &json!({ "sha": id, "tree": nodes, "truncated": is_cut }));
    }
    if let Some(id) = route.strip_prefix("git/blobs/") {
        assert_eq!(seen.header("accept"), ["application/vnd.github.raw+json"]);
        let mut bytes = git(folder, &format!("cat-file blob {id}"));
        if telling.is_false {
            bytes[0] ^= 1;
        }
        return Reply::of(200, "application/vnd.github.raw+json", &bytes);
    }
    if let Some((from, head)) = route.strip_prefix("compare/").and_then(|both| both.split_once("...")) {
        let from = from.replace("%2F", "/");
        if !has(&from) {
            return missing();
        }
        return json(
            200,
            &json!({ "merge_base_commit": { "sha": said(folder, &format!("merge-base {from} {head}")) }, "files": [] }),
        );
    }
    missing()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if path.is_symlink() {
            #[cfg(unix)]
            std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), to.join(name)).unwrap();
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// Cases of `fixtures/base` as folders of two commits: what was, and what is.
struct Cases {
    host: Place,
    checkout: Place,
    names: Vec<String>,
    base: String,
    head: String,
}

impl Cases {
    fn new() -> Self {
        let folders = fs::read_dir(fixtures().join("base")).unwrap().map(|case| case.unwrap().path());
        let mut folders: Vec<PathBuf> = folders.filter(|case| case.join("base").is_dir() && case.join("head").is_dir()).collect();
        folders.sort();
        let host = Place::new();
        host.git("init -q -b main");
        host.git("config uploadpack.allowAnySHA1InWant true");
        let commit = |side: &str| {
            let _ = fs::remove_dir_all(host.at("cases"));
            for case in &folders {
                copy(&case.join(side), &host.at("cases").join(case.file_name().unwrap()));
            }
            host.git("add -A -f .");
            host.git(&format!("commit -q -m {side}"));
            said(&host.0, "rev-parse HEAD")
        };
        let (base, head) = (commit("base"), commit("head"));
        let names = folders.iter().map(|case| case.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        let checkout = shallow(&host, &head);
        Self { host, checkout, names, base, head }
    }

    fn event(&self, place: &Place) -> String {
        let group = json!({ "merge_group": { "head_sha": self.head, "base_sha": self.base } });
        place.write("event.json", &group.to_string());
        place.at("event.json").to_str().unwrap().to_owned()
    }
}

/// A checkout of one commit, as the runner makes it.
fn shallow(host: &Place, commit: &str) -> Place {
    let place = Place::new();
    place.git("init -q -b unborn");
    place.git(&format!("remote add origin file://{}", host.0.display()));
    place.git(&format!("fetch -q --no-tags --depth=1 origin +{commit}:refs/remotes/pull/7/merge"));
    place.git(&format!("checkout -q --detach {commit}"));
    place
}

/// A report without what it was compared with.
fn report(ran: &Ran) -> (Exit, Value) {
    let mut report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    let is_other = |note: &Value| !note.as_str().unwrap().starts_with("compared with ");
    report["notes"].as_array_mut().unwrap().retain(is_other);
    (ran.exit, report)
}

#[test]
fn a_fetched_base_decides_what_the_base_itself_decides() {
    let cases = Cases::new();
    assert!(cases.names.len() > 80, "only {} cases", cases.names.len());
    let outside = Place::new();
    let host = cases.host.0.clone();
    let server = Server::new(move |seen| tell(&host, Telling::default(), seen));
    let event = cases.event(&outside);
    let run = Run::at(&server.url()).with("GITHUB_EVENT_NAME", "merge_group");
    let (mut fetched, mut verdicts) = (0, BTreeMap::new());
    for (number, name) in cases.names.iter().enumerate() {
        let folder = cases.checkout.at("cases").join(name);
        let whole = cases.host.at("cases").join(name);
        if !folder.is_dir() {
            continue;
        }
        let (folder, whole) = (folder.to_str().unwrap(), whole.to_str().unwrap());
        let out = outside.at(&number.to_string()).to_str().unwrap().to_owned();
        let ran = run.packman(&["base", folder, "--event", &event, "--out", &out]);
        assert_eq!((ran.exit, ran.out), (Exit::Pass, format!("{out}/\n")), "{name}: {}", ran.err);
        fetched += fs::read_dir(Path::new(&out).join("blobs")).unwrap().count();
        let words = ["check", "--output", "json=-", "--today", "2026-11-24"];
        let expected = report(&packman(&[&words[..], &[whole, "--base", &cases.base, "--base-exact"]].concat()));
        let found = report(&packman(&[&words[..], &[folder, "--base", &format!("{out}/")]].concat()));
        assert_eq!(found, expected, "{name}");
        *verdicts.entry(format!("{:?}", expected.0)).or_insert(0) += 1;
    }
    assert!(fetched > 100 && verdicts.len() >= 3, "{fetched} files, {verdicts:?}");
    assert!(server.seen().iter().all(|seen| seen.method == "GET"));
}

const LOCK: &str = r#"{ "lockfileVersion": 3, "packages": { "": {},
"node_modules/old": { "version": "1.0.0", "resolved": "https://npm.example.net/old/-/old-1.0.0.tgz" } } }
"#;

/// A base with all that a reader asks for, and a change that touches one file of it.
struct Shop {
    host: Place,
    base: String,
    head: String,
    merge: String,
}

impl Shop {
    fn new() -> Self {
        let host = Place::new();
        host.git("init -q -b main");
        host.git("config uploadpack.allowAnySHA1InWant true");
        let commit = |files: &[(&str, &str)]| {
            for (path, content) in files {
                host.write(path, content);
            }
            host.git("add -A -f .");
            host.git("commit -q -m change");
            said(&host.0, "rev-parse HEAD")
        };
        let first = commit(&[
            ("web/package-lock.json", LOCK),
            ("web/.npmrc", "registry=https://npm.example.net/\n"),
            ("py/requirements.txt", "-r more/extra.in\nrequests==2.32.0\n"),
            ("py/more/extra.in", "idna==3.7\n"),
            ("packman.toml", "extends = [\"observe\"]\n"),
            ("docs/read me.md", "not read\n"),
            ("src/ü/[id]/#.txt", "not read either\n"),
        ]);
        #[cfg(unix)]
        std::os::unix::fs::symlink("web", host.at("link")).unwrap();
        let base = commit(&[("README.md", "the base branch went on\n")]);
        host.git(&format!("checkout -q -B topic {first}"));
        let head = commit(&[("web/package-lock.json", &LOCK.replace("1.0.0", "2.0.0")), ("web/.npmrc", "# gone\n")]);
        host.git(&format!("checkout -q --detach {base}"));
        host.git(&format!("merge -q --no-ff -m merge {head}"));
        let merge = said(&host.0, "rev-parse HEAD");
        host.git("checkout -q main");
        Self { host, base, head, merge }
    }

    fn server(&self, telling: Telling) -> Server {
        let host = self.host.0.clone();
        Server::new(move |seen| tell(&host, telling, seen))
    }

    /// The pull request's event; written outside of the checkout.
    fn run(&self, server: &Server, outside: &Place) -> Run {
        let event = json!({ "pull_request": {
            "number": 7, "merge_commit_sha": self.merge,
            "head": { "sha": self.head, "ref": "topic", "repo": { "full_name": "acme/shop" } },
            "base": { "sha": self.base, "ref": "main", "repo": { "full_name": "acme/shop" } },
        } });
        outside.write("event.json", &event.to_string());
        let path = outside.at("event.json").to_str().unwrap().to_owned();
        let run = Run::at(&server.url()).with("GITHUB_EVENT_NAME", "pull_request").with("GITHUB_EVENT_PATH", &path);
        run.with("GITHUB_SHA", &self.merge).with("GITHUB_REF", "refs/pull/7/merge")
    }
}

fn calls(server: &Server, of: &str) -> usize {
    asked(server).iter().filter(|asked| asked.contains(of)).count()
}

#[test]
fn only_what_differs_is_fetched_and_what_no_reader_wants_is_not() {
    let shop = Shop::new();
    let (server, outside) = (shop.server(Telling::default()), Place::new());
    let run = shop.run(&server, &outside);
    // The merge commit without its parents, and the head itself.
    for (number, commit) in [&shop.merge, &shop.head].into_iter().enumerate() {
        let checkout = shallow(&shop.host, commit);
        let out = outside.at(&format!("out{number}")).to_str().unwrap().to_owned();
        let before = server.seen().len();
        let ran = run.packman(&["base", checkout.0.to_str().unwrap(), "--out", &out]);
        assert_eq!(ran.exit, Exit::Pass, "{}", ran.err);
        assert!(ran.err.contains("5 files of it, 2 fetched"), "{}", ran.err);
        let made = server.seen().len() - before;
        assert!(made <= 6, "{made} calls: {:?}", &asked(&server)[before..]);
        let manifest: Value = serde_json::from_slice(&fs::read(Path::new(&out).join("packman-base.json")).unwrap()).unwrap();
        let paths: Vec<&str> = manifest["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
        assert!(paths.contains(&"docs/read me.md") && paths.contains(&"src/ü/[id]/#.txt"), "{paths:?}");
        assert!(!paths.contains(&"link") || manifest["files"].to_string().contains("\"is_link\":true"));
        let ran = packman(&["check", checkout.0.to_str().unwrap(), "--base", &format!("{out}/"), "--output", "json=-"]);
        let (_, report) = report(&ran);
        let states = |rule: &str| -> Vec<&str> {
            let of_rule = report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule);
            of_rule.map(|finding| finding["state"].as_str().unwrap()).collect()
        };
        assert_eq!(states("unknown-registry"), ["new"]);
        assert_eq!(states("integrity-missing"), ["existing", "existing"]);
    }
}

#[test]
fn a_list_that_is_cut_is_asked_for_folder_by_folder() {
    let shop = Shop::new();
    let outside = Place::new();
    let checkout = shallow(&shop.host, &shop.merge);
    let manifest = |telling: Telling, out: &str| {
        let server = shop.server(telling);
        let out = outside.at(out);
        let ran = shop.run(&server, &outside).packman(&["base", checkout.0.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        assert_eq!(ran.exit, Exit::Pass, "{}", ran.err);
        (fs::read(out.join("packman-base.json")).unwrap(), calls(&server, "/git/trees/"))
    };
    let (whole, one) = manifest(Telling::default(), "whole");
    let (cut, many) = manifest(Telling { names_max: Some(2), ..Telling::default() }, "cut");
    assert_eq!(whole, cut);
    assert!(one == 1 && many > 5, "{one} and {many} calls");
}

#[test]
fn what_cannot_be_had_or_is_not_the_events_leaves_nothing() {
    let shop = Shop::new();
    let outside = Place::new();
    let merged = shallow(&shop.host, &shop.merge);
    let based = shallow(&shop.host, &shop.base);
    let base = |telling: Telling, checkout: &Place, change: &dyn Fn(Run) -> Run| {
        let server = shop.server(telling);
        let out = outside.at("out");
        let run = change(shop.run(&server, &outside));
        let ran = run.packman(&["base", checkout.0.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        let left: Vec<_> = fs::read_dir(&outside.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["event.json"], "something was left");
        ran
    };
    let same = |run: Run| run;
    let ran = base(Telling { is_false: true, ..Telling::default() }, &merged, &same);
    assert_eq!(ran.exit, Exit::Undecided);
    assert!(ran.err.contains("is not what its name in git stands for"), "{}", ran.err);
    let ran = base(Telling::default(), &based, &same);
    assert_eq!(ran.exit, Exit::Undecided);
    assert!(ran.err.contains("the tree under judgement is commit"), "{}", ran.err);
    let ran = base(Telling::default(), &merged, &|run| run.with("GITHUB_REPOSITORY", "acme/other"));
    assert_eq!(ran.exit, Exit::Undecided);
    assert!(ran.err.contains("cannot be had: acme/other does not have it"), "{}", ran.err);
    let ran = base(Telling::default(), &merged, &|run| run.with("GITHUB_API_URL", "http://127.0.0.1:1"));
    assert_eq!(ran.exit, Exit::World, "{}", ran.err);
    // An event without a base: nothing to fetch, nothing to give to `--base`.
    let ran = base(Telling::default(), &merged, &|run| run.in_event("schedule"));
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Pass, ""), "{}", ran.err);
}

#[test]
fn what_is_there_already_is_not_written_over() {
    let shop = Shop::new();
    let (server, outside) = (shop.server(Telling::default()), Place::new());
    outside.write("full/mine", "");
    outside.write("file", "");
    let checkout = shallow(&shop.host, &shop.merge);
    for out in ["full", "file"] {
        let ran = shop.run(&server, &outside).packman(&[
            "base",
            checkout.0.to_str().unwrap(),
            "--out",
            outside.at(out).to_str().unwrap(),
        ]);
        assert_eq!(ran.exit, Exit::Usage, "{}", ran.err);
    }
    assert!(server.seen().is_empty() && outside.at("full/mine").is_file());
}

#[test]
fn a_fetched_base_that_was_changed_or_is_another_folders_decides_nothing() {
    let shop = Shop::new();
    let (server, outside) = (shop.server(Telling::default()), Place::new());
    let checkout = shallow(&shop.host, &shop.merge);
    let out = outside.at("out");
    let base = format!("{}/", out.to_str().unwrap());
    let root = checkout.0.to_str().unwrap();
    assert_eq!(shop.run(&server, &outside).packman(&["base", root, "--out", out.to_str().unwrap()]).exit, Exit::Pass);
    let check = |folder: &str| packman(&["check", folder, "--base", &base, "--output", "json=-"]);
    assert_ne!(check(root).exit, Exit::Undecided);
    let ran = check(&format!("{root}/web"));
    assert_eq!(ran.exit, Exit::Undecided);
    assert!(ran.err.contains("it was fetched for the top, and `web` is judged"), "{}", ran.err);
    let lock = said(&shop.host.0, &format!("rev-parse {}:web/package-lock.json", shop.base));
    let blob = out.join("blobs").join(lock);
    let bytes = fs::read(&blob).unwrap();
    fs::write(&blob, [&bytes[..], b" "].concat()).unwrap();
    let ran = check(root);
    assert_eq!(ran.exit, Exit::Undecided, "{}", ran.out);
    assert!(ran.err.contains("`web/package-lock.json` of the fetched base was changed"), "{}", ran.err);
    fs::remove_file(&blob).unwrap();
    let ran = check(root);
    assert_eq!(ran.exit, Exit::Undecided);
    assert!(ran.err.contains("`web/package-lock.json` was not fetched with the base"), "{}", ran.err);
    fs::write(out.join("packman-base.json"), "{}").unwrap();
    assert_eq!(check(root).exit, Exit::Undecided);
}
