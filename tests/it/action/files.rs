//! The files around the Action: its tables in the guide, its scripts, what it and the workflows and examples use.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use packman::syntax::{Node, yaml};
use packman::text::{Side, Text, TextId};
use serde_json::Value;

use super::runner::{members, text, yaml_file};
use crate::derived::{fresh, root};

/// Scripts that run on other people's machines.
const SCRIPTS: [&str; 4] = ["common.sh", "get.sh", "check.sh", "verdict.sh"];

/// Bash 4 and later, which macOS does not have; and what would make a script of a text.
const NOT_IN_BASH_3: &[&str] = &[
    "declare -A",
    "local -A",
    "mapfile",
    "readarray",
    "^^}",
    ",,}",
    "|&",
    "&>>",
    "coproc",
    "local -n",
    "@Q}",
    "@E}",
    "${!",
    "eval ",
    "${{",
    "\r",
    "BASHPID",
    "EPOCHSECONDS",
    "wait -n",
    "[-1]",
    "printf -v",
    "globstar",
    "lastpipe",
];

#[test]
fn scripts_are_for_old_shells_too() {
    for name in SCRIPTS {
        let script = fs::read_to_string(root().join("action").join(name)).unwrap();
        for (number, line) in script.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
            let found: Vec<&&str> = NOT_IN_BASH_3.iter().filter(|words| line.contains(**words)).collect();
            // The carriage return as text is what is taken out.
            assert!(found.is_empty(), "action/{name}:{}: {found:?} in {line}", number + 1);
        }
        assert!(
            !script.contains("${array") && !script.contains("[@]}"),
            "action/{name}: an empty array fails in bash 3.2 under `set -u`"
        );
    }
    // Nor does a checkout on Windows change them.
    let attributes = fs::read_to_string(root().join(".gitattributes")).unwrap();
    assert!(attributes.lines().any(|line| line == "* -text"));
    let mut files: Vec<String> =
        fs::read_dir(root().join("action")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.retain(|name| name != "checksums.txt");
    files.sort();
    let mut expected = SCRIPTS;
    expected.sort_unstable();
    assert_eq!(files, expected);
}

/// The rows of the inputs or outputs of `action.yml`, in its order.
fn table(what: &str) -> String {
    let content = fs::read(root().join("action.yml")).unwrap();
    let (file, _) = Text::decode(TextId { side: Side::Head, index: 0 }, "action.yml", content);
    let documents = yaml::read(&file).unwrap();
    let entries = documents[0].root().get(what).unwrap();
    let mut table = match what {
        "inputs" => "| input | default | |\n|---|---|---|\n".to_owned(),
        _ => "| output | |\n|---|---|\n".to_owned(),
    };
    for entry in entries.members() {
        let said = entry.get("description").and_then(Node::text).unwrap();
        // What YAML wants in quotes is code here.
        let said = said
            .replace("'true'", "`true`")
            .replace("'false'", "`false`")
            .replace("'auto'", "`auto`")
            .replace("'always'", "`always`");
        assert!(!said.contains('|') && said.trim_end().ends_with('.'), "{}: {said}", entry.key());
        let default = entry.get("default").and_then(Node::scalar).unwrap_or_default();
        let said = said.trim_end();
        match (what, default) {
            ("inputs", "") => writeln!(table, "| `{}` | | {said} |", entry.key()).unwrap(),
            ("inputs", default) => writeln!(table, "| `{}` | `{default}` | {said} |", entry.key()).unwrap(),
            _ => writeln!(table, "| `{}` | {said} |", entry.key()).unwrap(),
        }
    }
    table
}

/// The lines of a table below `<!-- from action.yml: inputs -->` are written from there.
#[test]
fn the_guide_s_tables_are_those_of_the_action() {
    let mut out = String::new();
    let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let mut lines = page.lines().peekable();
    let mut count = 0;
    while let Some(line) = lines.next() {
        out += line;
        out.push('\n');
        if let Some(what) = line.strip_prefix("<!-- from action.yml: ").and_then(|rest| rest.strip_suffix(" -->")) {
            count += 1;
            while lines.next_if(|line| line.starts_with('|')).is_some() {}
            out += &table(what);
        }
    }
    assert_eq!(count, 2);
    fresh("docs/ci.md", &out);
}

/// The files of a folder with this ending, as paths.
fn files(folder: &str, end: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).filter(|name| name.ends_with(end));
    let mut files: Vec<String> = names.map(|name| format!("{folder}/{name}")).collect();
    files.sort();
    files
}

fn workflows() -> Vec<String> {
    let mut files = [files(".github/workflows", ".yml"), files("examples", ".yml")].concat();
    files.retain(|file| file != "examples/gitlab-ci.yml");
    files
}

/// What stands for a release of ours in the examples: a commit cannot name itself.
const OURS: &str = "OWASP/packman@0000000000000000000000000000000000000000 # put the full commit of a release here";

#[test]
fn every_action_is_the_commit_that_was_looked_at() {
    let lock = fs::read_to_string(root().join(".github/actions.lock")).unwrap();
    let mut unused: BTreeSet<(&str, String)> = BTreeSet::new();
    for line in lock.lines().filter(|line| !line.starts_with('#')) {
        let [name, commit, version] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert!(commit.len() == 40 && commit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{line}");
        let numbers: Vec<&str> = version.strip_prefix('v').unwrap_or_default().split('.').collect();
        assert!(numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok()), "{line}");
        unused.insert((name, format!("{commit} # {version}")));
    }
    let known = unused.clone();
    let mut count = 0;
    for file in workflows().into_iter().chain(["action.yml".to_owned()]) {
        for line in fs::read_to_string(root().join(&file)).unwrap().lines() {
            let Some(uses) = line.trim_start().trim_start_matches("- ").strip_prefix("uses: ") else { continue };
            count += 1;
            if uses == OURS && file.starts_with("examples/") || uses.starts_with("./ ") {
                continue;
            }
            let (path, pin) = uses.split_once('@').unwrap_or_else(|| panic!("{file}: {uses}"));
            let name = path.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
            let pin = known.iter().find(|(known, known_pin)| *known == name && known_pin == pin);
            let pin = pin.unwrap_or_else(|| panic!("{file}: {uses} is not in .github/actions.lock"));
            unused.remove(pin);
        }
    }
    assert!(count > 15, "only {count} were found");
    assert!(unused.is_empty(), "nothing uses {unused:?}");
}

#[test]
fn workflows_begin_without_rights_and_paste_nothing() {
    for file in workflows() {
        let workflow = yaml_file(&root().join(&file));
        assert_eq!(workflow["permissions"], serde_json::json!({}), "{file}");
        for (job, body) in members(&workflow["jobs"]) {
            assert!(body["permissions"].is_object(), "{file}: {job} says which rights it needs");
            assert!(body["timeout-minutes"].is_string(), "{file}: {job}");
            for step in body["steps"].as_array().unwrap() {
                assert!(!text(step, "run").contains("${{"), "{file}: an expression in a script of {job}");
                if text(step, "uses").starts_with("actions/checkout@") {
                    assert_eq!(step["with"]["persist-credentials"], "false", "{file}: {job}");
                }
            }
        }
    }
    let action = yaml_file(&root().join("action.yml"));
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert!(!text(step, "run").contains("${{"), "an expression in a script of the action: {step}");
    }
}

#[test]
fn examples_call_the_action_as_it_is() {
    let action = yaml_file(&root().join("action.yml"));
    let mut count = 0;
    for file in workflows().into_iter().filter(|file| file.starts_with("examples/")) {
        let workflow = yaml_file(&root().join(&file));
        for (_, job) in members(&workflow["jobs"]) {
            let steps = job["steps"].as_array().unwrap();
            for step in steps.iter().filter(|step| text(step, "uses").starts_with("OWASP/packman@")) {
                count += 1;
                for (input, _) in members(&step["with"]) {
                    assert!(action["inputs"].get(input).is_some(), "{file}: the action has no input {input}");
                }
                let rights = &job["permissions"];
                assert_eq!(rights["contents"], "read", "{file}");
                let is_uploaded = step["with"].get("upload").and_then(Value::as_str) != Some("false");
                assert_eq!(
                    rights["security-events"] == "write",
                    is_uploaded,
                    "{file}: what is uploaded needs the right, and nothing else does"
                );
            }
        }
    }
    assert!(count >= 5);
}

/// The page of the examples is made of them: what a comment says at the top of each, and then itself.
#[test]
fn the_guide_shows_the_examples() {
    const TITLES: &[(&str, &str)] = &[
        ("pull-request.yml", "A gate for pull requests"),
        ("code-scanning.yml", "With alerts in code scanning"),
        ("merge-queue.yml", "With a merge queue"),
        ("required-workflow.yml", "For all repositories of an organisation"),
        ("self-hosted.yml", "On machines without a way out"),
        ("gitlab-ci.yml", "GitLab CI"),
        ("check.sh", "A plain shell"),
        ("pre-push", "Before each push"),
    ];
    let mut page = "<!-- Written by `cargo test` from `examples/`. Do not edit. -->\n\n# Workflows to copy\n\n\
        Each of these is a file in the folder `examples` of the repository, and is checked like our own workflows: by their schemas, by actionlint, \
        zizmor and shellcheck; the scripts are run. [In CI](ci.md) explains what they have in common. In place of the zeros put the full commit of a \
        release that you have looked at.\n"
        .to_owned();
    for (name, title) in TITLES {
        let content = fs::read_to_string(root().join("examples").join(name)).unwrap();
        let language = if content.starts_with("#!") { "sh" } else { "yaml" };
        write!(page, "\n## {title}\n\n`examples/{name}`\n\n```{language}\n{content}```\n").unwrap();
    }
    let shown: BTreeSet<String> = TITLES.iter().map(|(name, _)| format!("examples/{name}")).collect();
    assert_eq!(shown, files("examples", "").into_iter().collect(), "each example has a title");
    fresh("docs/examples.md", &page);
}

#[test]
fn hooks_of_pre_commit_call_packman_as_it_is() {
    let hooks = yaml_file(&root().join(".pre-commit-hooks.yaml"));
    let hooks = hooks.as_array().unwrap();
    assert_eq!(hooks.iter().map(|hook| text(hook, "id")).collect::<Vec<_>>(), ["packman", "packman-system"]);
    for hook in hooks {
        // It judges the repository, whichever files a commit has.
        assert_eq!(
            (text(hook, "entry"), text(hook, "pass_filenames"), text(hook, "always_run")),
            ("packman check", "false", "true")
        );
    }
    let folder = crate::cli::Folder::of(&[("package-lock.json", "{ \"lockfileVersion\": 3, \"packages\": {} }")]);
    assert_eq!(folder.run(&["check"]).exit, packman::cli::Exit::Pass);
}
