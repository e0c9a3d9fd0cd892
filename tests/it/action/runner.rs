//! A small runner: takes `action.yml` apart and runs its steps as the real one does, with bash, on this machine.
//!
//! Answers for: inputs and their defaults, `if`, `env`, `continue-on-error`, files for outputs and summary, outputs at the end. What it
//! does not know it refuses. A `uses:` is not run but recorded, and answered as the test wants.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use packman::syntax::{Kind, Node, yaml};
use packman::text::{Side, Text, TextId};
use serde_json::{Map, Value, json};

use super::expression::{Status, evaluate, holds, render};
use crate::derived::root;
use crate::tree::Place;

/// A YAML file as plain values; every scalar is text.
pub(crate) fn yaml_file(path: &Path) -> Value {
    let content = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (text, _) = Text::decode(TextId { side: Side::Head, index: 0 }, "file.yml", content);
    let documents = yaml::read(&text).unwrap_or_else(|problem| panic!("{}: {}", path.display(), problem.message));
    assert_eq!(documents.len(), 1, "{}", path.display());
    value(documents[0].root())
}

fn value(node: Node<'_>) -> Value {
    match node.kind() {
        Kind::Map => node.members().map(|member| (member.key().to_owned(), value(member))).collect::<Map<_, _>>().into(),
        Kind::List => node.items().map(value).collect::<Vec<_>>().into(),
        Kind::Null => Value::Null,
        _ => node.scalar().unwrap_or_default().into(),
    }
}

/// The members of a map, as written.
pub(crate) fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// One job on a machine of its own, which is gone at the end.
pub(crate) struct Job {
    /// The action, copied, so that a test may change it.
    pub(crate) action: Place,
    pub(crate) workspace: Place,
    pub(crate) temp: Place,
    pub(crate) inputs: BTreeMap<&'static str, String>,
    /// What the job's environment holds.
    pub(crate) variables: BTreeMap<String, String>,
    /// What the tests alone may change of a step's own environment.
    pub(crate) overrides: BTreeMap<&'static str, String>,
    pub(crate) github: Value,
    /// How the upload ends.
    pub(crate) is_upload_fine: bool,
}

/// How a job ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) is_success: bool,
    pub(crate) outputs: BTreeMap<String, String>,
    /// Standard output and error of all steps.
    pub(crate) log: String,
    pub(crate) summary: String,
    /// Each step that ran with how it ended, in order.
    pub(crate) trail: Vec<String>,
    /// What the upload was given.
    pub(crate) upload: Option<BTreeMap<String, String>>,
}

/// Programs that the scripts may use. Nothing else is on the PATH: no jq, python or gh.
const PROGRAMS: &[&str] = &[
    "basename",
    "bash",
    "cat",
    "chmod",
    "cp",
    "curl",
    "cut",
    "dirname",
    "grep",
    "gzip",
    "mkdir",
    "mktemp",
    "mv",
    "od",
    "rm",
    "sha256sum",
    "tar",
    "tr",
    "uname",
];

impl Job {
    /// `None` where this machine cannot play a runner.
    pub(crate) fn new() -> Option<Self> {
        let is_runner = cfg!(target_os = "linux") && PROGRAMS.iter().all(|name| program(name).is_some());
        if !is_runner {
            eprintln!("skipped: not all of {} are on this machine", PROGRAMS.join(", "));
            return None;
        }
        let job = Self {
            action: Place::new(),
            workspace: Place::new(),
            temp: Place::new(),
            inputs: BTreeMap::new(),
            variables: BTreeMap::new(),
            overrides: BTreeMap::new(),
            github: json!({ "repository": "acme/shop", "token": "ghs_canary", "event": {} }),
            is_upload_fine: true,
        };
        job.action.write("action.yml", &fs::read_to_string(root().join("action.yml")).unwrap());
        for entry in fs::read_dir(root().join("action")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, job.at_action(path.file_name().unwrap().to_str().unwrap())).unwrap();
        }
        fs::create_dir(job.temp.at("bin")).unwrap();
        for name in PROGRAMS {
            std::os::unix::fs::symlink(program(name).unwrap(), job.temp.at("bin").join(name)).unwrap();
        }
        fs::create_dir(job.temp.at("runner")).unwrap();
        Some(job)
    }

    fn at_action(&self, name: &str) -> PathBuf {
        let folder = self.action.at("action");
        fs::create_dir_all(&folder).unwrap();
        folder.join(name)
    }

    /// A program on the PATH of the job, as a script.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let path = self.temp.at("bin").join(name);
        let _ = fs::remove_file(&path);
        write_program(&path, script);
    }

    pub(crate) fn input(&mut self, name: &'static str, value: impl Into<String>) {
        self.inputs.insert(name, value.into());
    }

    /// Runs the action.
    pub(crate) fn run(&self) -> Ended {
        let action = yaml_file(&self.action.at("action.yml"));
        let mut inputs: BTreeMap<&str, String> =
            members(&action["inputs"]).map(|(name, input)| (name, text(input, "default").to_owned())).collect();
        for (name, value) in &self.inputs {
            assert!(inputs.insert(name, value.clone()).is_some(), "the action has no input {name}");
        }
        let mut contexts = json!({ "inputs": inputs, "github": self.github, "steps": {} });
        let mut ended = Ended {
            is_success: true,
            outputs: BTreeMap::new(),
            log: String::new(),
            summary: String::new(),
            trail: vec![],
            upload: None,
        };
        assert_eq!(action["runs"]["using"], "composite");
        for (number, step) in action["runs"]["steps"].as_array().unwrap().iter().enumerate() {
            let status = Status { is_success: ended.is_success };
            let condition = text(step, "if").trim_start_matches("${{").trim_end_matches("}}");
            let asks_status = ["success()", "failure()", "always()", "cancelled()"].iter().any(|name| condition.contains(name));
            let is_wanted = condition.is_empty() || holds(&evaluate(condition, &contexts, status));
            let (outcome, outputs) = if !is_wanted || !asks_status && !ended.is_success {
                ("skipped", BTreeMap::new())
            } else if text(step, "uses").is_empty() {
                self.step(number, step, &contexts, &mut ended)
            } else {
                let uses = text(step, "uses");
                assert!(uses.starts_with("github/codeql-action/upload-sarif@"), "{uses} is not known here");
                let with = members(&step["with"])
                    .map(|(name, value)| (name.to_owned(), render(value.as_str().unwrap(), &contexts, status)));
                ended.upload = Some(with.collect());
                (if self.is_upload_fine { "success" } else { "failure" }, BTreeMap::new())
            };
            let goes_on = text(step, "continue-on-error") == "true";
            ended.is_success &= outcome != "failure" || goes_on;
            ended.trail.push(format!("{}: {outcome}", text(step, "id")));
            let conclusion = if goes_on && outcome == "failure" { "success" } else { outcome };
            contexts["steps"][text(step, "id")] = json!({ "outputs": outputs, "outcome": outcome, "conclusion": conclusion });
        }
        let status = Status { is_success: ended.is_success };
        let outputs = members(&action["outputs"]);
        ended.outputs =
            outputs.map(|(name, output)| (name.to_owned(), render(text(output, "value"), &contexts, status))).collect();
        ended
    }

    fn step(&self, number: usize, step: &Value, contexts: &Value, ended: &mut Ended) -> (&'static str, BTreeMap<String, String>) {
        assert_eq!(step["shell"], "bash");
        let known = ["name", "id", "if", "shell", "env", "run", "continue-on-error"];
        assert!(members(step).all(|(key, _)| known.contains(&key)), "a key of this step is not known here: {step}");
        let temp = |name: &str| self.temp.at(&format!("{name}-{number}"));
        let (script, output, summary) = (temp("script.sh"), temp("output"), temp("summary"));
        fs::write(&script, text(step, "run")).unwrap();
        fs::write(&output, "").unwrap();
        fs::write(&summary, "").unwrap();
        let mut command = Command::new(self.temp.at("bin/bash"));
        command.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(&script);
        command.current_dir(&self.workspace.0).stdin(Stdio::null()).env_clear();
        command.env("PATH", self.temp.at("bin")).env("HOME", self.temp.at("home"));
        command.env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64").env("RUNNER_TEMP", self.temp.at("runner"));
        command
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_WORKSPACE", &self.workspace.0)
            .env("GITHUB_ACTION_PATH", &self.action.0);
        command.envs(&self.variables);
        command.env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", &summary);
        let status = Status { is_success: ended.is_success };
        for (name, value) in members(&step["env"]) {
            let own = render(value.as_str().unwrap(), contexts, status);
            command.env(name, self.overrides.get(name).unwrap_or(&own));
        }
        let ran = command.output().unwrap();
        ended.log += &String::from_utf8_lossy(&ran.stdout);
        ended.log += &String::from_utf8_lossy(&ran.stderr);
        ended.summary += &fs::read_to_string(&summary).unwrap();
        let outputs = outputs(&fs::read_to_string(&output).unwrap());
        (if ran.status.success() { "success" } else { "failure" }, outputs)
    }
}

/// A program as a script.
pub(crate) fn write_program(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Where a program lies on this machine.
fn program(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// A file of outputs, as the runner reads it; a later pair of the same name wins.
pub(crate) fn outputs(content: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = content.lines();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let is_block = line.find("<<").is_some_and(|at| line.find('=').is_none_or(|equals| at < equals));
        let (name, value) = if is_block {
            let (name, mark) = line.split_once("<<").unwrap();
            let mut value = Vec::new();
            loop {
                match lines.next() {
                    Some(line) if line == mark => break,
                    Some(line) => value.push(line),
                    None => panic!("the value of {name} does not end"),
                }
            }
            (name, value.join("\n"))
        } else {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("no output: {line}"));
            (name, value.to_owned())
        };
        assert!(!name.is_empty(), "{line}");
        outputs.insert(name.to_owned(), value);
    }
    outputs
}
