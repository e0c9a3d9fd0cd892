//! The command line by real runs on folders: each exit, each command, and what is printed where.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use packman::catalogue::control::Control;
use packman::cli::{Environment, Exit, run};
use packman::report::{REPORTERS, list_schema};
use packman::rules::RULES;
use packman::{catalogue, formats};
use serde_json::{Value, json};

const HASH: &str = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
const GOOD: &str = "[[package]]\nname = \"serde\"\nversion = \"1.0.200\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"ddc6f9cc94d67c0e21aaf7eda3a010fd3af78ebf6e096aa6e2e13c79749cce4f\"\n";
const BROKEN: &str = "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n";

/// A folder outside every repository, removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("packman-cli-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        let folder = Self(path.canonicalize().unwrap());
        for (path, content) in files {
            folder.write(path, content);
        }
        folder
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn at(&self, path: &str) -> String {
        self.0.join(path).to_str().unwrap().to_owned()
    }

    /// The names in it, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    /// `packman COMMAND … FOLDER`.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        let folder = self.at("");
        packman(&[words, &[folder.as_str()]].concat())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a run said.
pub(crate) struct Ran {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn packman(words: &[&str]) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let exit = run_into(words, &mut stdout, &mut stderr);
    Ran { exit, out: String::from_utf8(stdout).unwrap(), err: String::from_utf8(stderr).unwrap() }
}

fn run_into(words: &[&str], stdout: &mut dyn Write, stderr: &mut dyn Write) -> Exit {
    run_with(words, &|_| None, stdout, stderr)
}

/// `packman WORDS` where the process has variables.
pub(crate) fn packman_with(words: &[&str], variable: &dyn Fn(&str) -> Option<String>) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let exit = run_with(words, variable, &mut stdout, &mut stderr);
    Ran { exit, out: String::from_utf8(stdout).unwrap(), err: String::from_utf8(stderr).unwrap() }
}

/// `packman WORDS` at a terminal whose user gives these answers, one line each, and then leaves.
pub(crate) fn packman_answered(words: &[&str], answers: &[&str]) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut answers = answers.iter();
    let mut ask = |_: &str| answers.next().map(|answer| format!("{answer}\n"));
    let mut environment = Environment {
        stdout: &mut stdout,
        stderr: &mut stderr,
        is_stdout_coloured: false,
        is_stderr_coloured: false,
        today: "2026-11-24".parse().unwrap(),
        variable: &|_| None,
        confirm: Some(&mut ask),
        pause: &|_| {},
        leave: None,
    };
    let words = std::iter::once("packman").chain(words.iter().copied()).map(OsString::from);
    let exit = run(words, &mut environment);
    Ran { exit, out: String::from_utf8(stdout).unwrap(), err: String::from_utf8(stderr).unwrap() }
}

fn run_with(words: &[&str], variable: &dyn Fn(&str) -> Option<String>, stdout: &mut dyn Write, stderr: &mut dyn Write) -> Exit {
    let mut environment = Environment {
        stdout,
        stderr,
        is_stdout_coloured: false,
        is_stderr_coloured: false,
        today: "2026-11-24".parse().unwrap(),
        variable,
        confirm: None,
        // Nobody waits in a test.
        pause: &|_| {},
        leave: None,
    };
    let words = std::iter::once("packman").chain(words.iter().copied()).map(OsString::from);
    run(words, &mut environment)
}

fn good() -> Folder {
    Folder::of(&[("Cargo.lock", GOOD)])
}

/// npm's lockfile with one dependency at an address.
fn npm(resolved: &str) -> String {
    json!({
        "name": "case", "version": "1.0.0", "lockfileVersion": 3,
        "packages": {
            "": { "name": "case", "version": "1.0.0", "dependencies": { "left-pad": "1.3.0" } },
            "node_modules/left-pad": { "version": "1.3.0", "resolved": resolved, "integrity": HASH }
        }
    })
    .to_string()
}

fn bad() -> String {
    npm("https://npm.example.net/left-pad/-/left-pad-1.3.0.tgz")
}

#[test]
fn exit_0_everything_was_judged_and_may_come_in() {
    let ran = good().run(&["check"]);
    assert_eq!(ran.exit, Exit::Pass, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("pass: 1 dependency, all may come in") && ran.err.is_empty(), "{}{}", ran.out, ran.err);
}

#[test]
fn exit_1_something_may_not_come_in() {
    let ran = Folder::of(&[("package-lock.json", &bad())]).run(&["check"]);
    assert_eq!(ran.exit, Exit::Fail);
    assert!(ran.out.contains("error[unknown-registry]") && ran.err.is_empty(), "{}", ran.out);
}

#[test]
fn exit_1_beats_3_and_says_that_it_is_not_complete() {
    let folder = Folder::of(&[("a/package-lock.json", BROKEN), ("b/package-lock.json", &bad())]);
    let ran = folder.run(&["check", "--output", "json=-"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.exit, &report["verdict"], &report["complete"]), (Exit::Fail, &json!("fail"), &json!(false)));
}

#[test]
fn exit_2_the_call_is_wrong() {
    let folder = good();
    let path = folder.at("");
    let nowhere = folder.at("nowhere");
    let file = folder.at("Cargo.lock");
    let calls: &[(&[&str], &str)] = &[
        (&[], "Usage"),
        (&["chekc"], "chekc"),
        (&["check", "--nope", &path], "--nope"),
        (&["check", &path, &path], "unexpected argument"),
        (&["check", &nowhere], "is not there"),
        (&["check", &file], "is not a folder"),
        (&["check", &path, "--output", "json"], "`json` is not `FORMAT=FILE`"),
        (&["check", &path, "--output", "json="], "is not `FORMAT=FILE`"),
        (&["check", &path, "--output", "=x"], "no output format"),
        (&["check", &path, "--output", "yaml=x"], "`yaml` is no output format; known are `human`"),
        (&["check", &path, "--output", "json=-", "--output", "sarif=-"], "two outputs want standard output"),
        (&["check", &path, "--output", "json=-", "--output", "json=-"], "two outputs want standard output"),
        (&["check", &path, "--output", "json=x", "--output", "sarif=./x"], "two outputs want `./x`"),
        (&["check", &path, "--level", "unknown-registry"], "unknown-registry"),
        (&["check", &path, "--level", "no-such-rule=deny"], "no-such-rule"),
        (&["check", &path, "--level", "unknown-registry=never"], "never"),
        (&["check", &path, "--level", "unknown-registry=undecided"], "undecided"),
        (&["check", &path, "--today", "yesterday"], "yesterday"),
        (&["check", &path, "--today", "2026-02-30"], "2026-02-30"),
        (&["check", &path, "--policy", &nowhere], "cannot be read"),
        (&["registries", "no-such"], "no registry has the id `no-such`"),
        (&["explain", "no-such"], "nothing is called `no-such`"),
        (&["completions", "tcsh"], "tcsh"),
        (&["why"], "PACKAGE"),
    ];
    for (words, says) in calls {
        let ran = packman(words);
        assert_eq!(ran.exit, Exit::Usage, "{words:?}: {}", ran.err);
        assert!(ran.err.contains(says) && ran.out.is_empty(), "{words:?}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn exit_2_two_policies() {
    let folder = Folder::of(&[("Cargo.lock", GOOD), ("packman.toml", ""), (".github/packman.toml", "")]);
    for command in ["check", "list"] {
        let ran = folder.run(&[command]);
        assert_eq!(ran.exit, Exit::Usage);
        assert!(ran.err.contains("there are two policies") && ran.out.is_empty(), "{}", ran.err);
    }
    // One given by hand replaces both.
    let policy = Folder::of(&[("p.toml", "extends = [\"observe\"]\n")]);
    assert_eq!(folder.run(&["check", "--policy", &policy.at("p.toml")]).exit, Exit::Pass);
}

#[test]
fn exit_2_a_broken_policy_shows_every_fault_with_its_line() {
    let policy = "[minimum]\ntier = \"2\"\n[levels]\nunknown-registy = \"deny\"\nintegrity-missing = \"denied\"\n\n[origins]\nallow-git = \"x\"\n";
    let folder = Folder::of(&[("Cargo.lock", GOOD), ("packman.toml", policy)]);
    let ran = folder.run(&["check"]);
    assert_eq!(ran.exit, Exit::Usage);
    for place in ["packman.toml:2:", "packman.toml:4:", "packman.toml:5:", "packman.toml:8:"] {
        assert!(ran.err.contains(place), "{place} in\n{}", ran.err);
    }
    assert!(ran.err.contains("nothing was judged") && ran.out.is_empty());
    // What words mean is looked at once all of them are known: again every fault.
    folder.write("packman.toml", "extends = [\"standrad\"]\n[packages]\nassign = { \"a\" = \"nowhere\" }\n");
    let ran = folder.run(&["check"]);
    for place in ["packman.toml:1:", "packman.toml:3:"] {
        assert!(ran.err.contains(place), "{place} in\n{}", ran.err);
    }
    for broken in ["not toml", "[levels\n", BROKEN, "a = 1\na = 2\n", "[minimum]\ntier = 2\nreading = \"observed\"\n"] {
        folder.write("packman.toml", broken);
        let ran = folder.run(&["check"]);
        assert_eq!(ran.exit, Exit::Usage, "{broken:?}: {}", ran.err);
        assert!(ran.out.is_empty() && ran.err.contains("policy"), "{broken:?}: {}", ran.err);
    }
    fs::write(folder.at("packman.toml"), b"\xFF\xFE\xFF").unwrap();
    assert_eq!(folder.run(&["check"]).exit, Exit::Usage);
}

#[test]
fn exit_3_a_lockfile_that_cannot_be_read() {
    let ran = Folder::of(&[("web/package-lock.json", BROKEN)]).run(&["check"]);
    assert_eq!(ran.exit, Exit::Undecided);
    for says in ["undecided:", "lockfile-unreadable", "web/package-lock.json:1:1", "merge-conflict"] {
        assert!(ran.out.contains(says), "{says} in {}", ran.out);
    }
}

#[test]
fn exit_3_no_lockfile_unless_the_policy_says_otherwise() {
    let folder = Folder::of(&[("README", "")]);
    let ran = folder.run(&["check"]);
    assert_eq!(ran.exit, Exit::Undecided);
    assert!(ran.out.contains("no lockfile was found"), "{}", ran.out);
    for (policy, exit) in [
        ("extends = [\"observe\"]\n", Exit::Pass),
        ("extends = [\"strict\"]\n", Exit::Undecided),
        ("no-lockfile = \"warn\"\n", Exit::Pass),
        ("no-lockfile = \"allow\"\n", Exit::Pass),
        ("no-lockfile = \"undecided\"\n", Exit::Undecided),
    ] {
        folder.write("packman.toml", policy);
        assert_eq!(folder.run(&["check"]).exit, exit, "{policy}");
    }
    // All that there is, excluded: the same.
    folder.write("Cargo.lock", GOOD);
    folder.write("packman.toml", "exclude = [\"**\"]\n");
    assert_eq!(folder.run(&["check"]).exit, Exit::Undecided);
}

#[test]
fn exit_3_a_pin_that_is_newer_than_the_data() {
    let folder = Folder::of(&[("Cargo.lock", GOOD), ("packman.toml", "catalogue = 2999-01-01\n")]);
    let ran = folder.run(&["check"]);
    assert_eq!(ran.exit, Exit::Undecided, "{}", ran.err);
    assert!(ran.err.contains("update packman"), "{}", ran.err);
    assert_eq!(packman(&["registries", "--as-of", "2999-01-01"]).exit, Exit::Undecided);
}

#[test]
fn exit_4_an_output_that_cannot_be_written_leaves_nothing() {
    let folder = Folder::of(&[("Cargo.lock", GOOD), ("reports/x", "")]);
    let before = folder.names();
    for target in ["nowhere/report.json", "Cargo.lock/report.json"] {
        let ran = folder.run(&["check", "--output", &format!("json={}", folder.at(target))]);
        assert_eq!(ran.exit, Exit::World, "{target}");
        assert!(ran.err.contains(target) && ran.err.contains("cannot be written"), "{}", ran.err);
    }
    assert_eq!(folder.names(), before);
    // A failed verdict does not hide it.
    folder.write("package-lock.json", &bad());
    assert_eq!(folder.run(&["check", "--output", &format!("json={}", folder.at("no/x"))]).exit, Exit::World);
    // Nor does a folder in the target's place: nothing is left beside it.
    let before = folder.names();
    assert_eq!(folder.run(&["check", "--output", &format!("json={}", folder.at("reports"))]).exit, Exit::World);
    assert_eq!(folder.names(), before);
}

#[test]
fn several_outputs_come_from_one_run() {
    let folder = Folder::of(&[("package-lock.json", &bad()), ("out/x", "")]);
    let word = |format: &str, file: &str| format!("{format}={}", folder.at(&format!("out/{file}")));
    let files = ["a.json", "b.json", "c.sarif", "d.md", "e.txt", "f.out"];
    let formats = ["json", "json", "sarif", "summary", "human", "outputs"];
    let mut words = vec!["check".to_owned()];
    for (format, file) in formats.iter().zip(files) {
        words.extend(["--output".to_owned(), word(format, file)]);
    }
    words.push(folder.at(""));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ran = packman(&words);
    assert_eq!(ran.exit, Exit::Fail);
    assert!(ran.out.is_empty(), "people's output went to a file");
    let read = |file: &str| fs::read_to_string(folder.at(&format!("out/{file}"))).unwrap();
    let first: Vec<String> = files.iter().map(|file| read(file)).collect();
    assert_eq!(first[0], first[1]);
    assert!(first.iter().all(|content| !content.is_empty()));
    assert!(first[5].contains("verdict=fail\n") && first[5].lines().all(|line| line.contains('=')));
    // Again over the same files: the same bytes, nothing else there.
    assert_eq!(packman(&words).exit, Exit::Fail);
    assert_eq!(files.map(read).to_vec(), first);
    assert_eq!(fs::read_dir(folder.at("out")).unwrap().count(), files.len() + 1);
}

#[test]
fn people_get_theirs_unless_standard_output_is_taken() {
    let folder = good();
    let file = format!("json={}", folder.at("r.json"));
    let ran = folder.run(&["check", "--output", &file]);
    assert!(ran.out.contains("pass:"), "{}", ran.out);
    let ran = folder.run(&["check", "--output", "json=-"]);
    assert!(ran.out.starts_with("{\"schema\":\"packman.report/1\"") && ran.out.ends_with("}\n"));
    let human = folder.run(&["check", "--output", "human=-"]).out;
    assert_eq!(human, folder.run(&["check"]).out);
    assert!(!human.contains('\u{1b}'));
    assert!(folder.run(&["check", "--color", "always"]).out.contains("\u{1b}["));
}

/// A stream that fails.
struct Failing(io::ErrorKind);

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_no_error_and_a_full_disk_is() {
    let (good, bad) = (good(), Folder::of(&[("package-lock.json", &bad())]));
    let ends = |folder: &Folder, kind| run_into(&["check", &folder.at("")], &mut Failing(kind), &mut io::sink());
    assert_eq!(ends(&good, io::ErrorKind::BrokenPipe), Exit::Pass);
    assert_eq!(ends(&bad, io::ErrorKind::BrokenPipe), Exit::Fail);
    assert_eq!(ends(&bad, io::ErrorKind::StorageFull), Exit::World);
    for words in [&["explain"][..], &["registries"], &["man"], &["completions", "bash"], &["--help"], &["list", &good.at("")]] {
        assert_eq!(run_into(words, &mut Failing(io::ErrorKind::BrokenPipe), &mut io::sink()), Exit::Pass, "{words:?}");
        assert_eq!(run_into(words, &mut Failing(io::ErrorKind::StorageFull), &mut io::sink()), Exit::World, "{words:?}");
    }
}

#[test]
fn levels_of_the_command_line_win() {
    let folder = Folder::of(&[("package-lock.json", &bad()), ("packman.toml", "[levels]\nunknown-registry = \"deny\"\n")]);
    assert_eq!(folder.run(&["check", "--level", "unknown-registry=warn"]).exit, Exit::Pass);
    assert_eq!(folder.run(&["check", "--level", "unknown-registry=allow"]).exit, Exit::Pass);
    let broken = Folder::of(&[("package-lock.json", BROKEN)]);
    assert_eq!(broken.run(&["check", "--level", "lockfile-unreadable=deny"]).exit, Exit::Fail);
    assert_eq!(broken.run(&["check", "--level", "lockfile-unreadable=warn"]).exit, Exit::Pass);
}

#[test]
fn exceptions_end_with_their_day() {
    let exception = "[[exceptions]]\nrule = \"unknown-registry\"\npackage = \"pkg:npm/left-pad\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2026-12-01\n";
    let folder = Folder::of(&[("package-lock.json", &bad()), ("packman.toml", exception)]);
    let on = |day: &str| folder.run(&["check", "--today", day]);
    assert_eq!(folder.run(&["check"]).exit, Exit::Pass, "the environment's own day");
    assert_eq!(on("2026-12-01").exit, Exit::Pass, "the day included");
    let over = on("2026-12-02");
    assert_eq!(over.exit, Exit::Fail);
    assert!(over.out.contains("error[exception-expired]") && over.out.contains("packman.toml:"), "{}", over.out);
}

#[test]
fn why_says_where_and_who() {
    let folder = Folder::of(&[("package-lock.json", &bad()), ("Cargo.lock", GOOD)]);
    let path = folder.at("");
    for name in ["left-pad", "pkg:npm/left-pad", "pkg:npm/left-pad@1.3.0", "left-*"] {
        let ran = packman(&["why", name, &path]);
        assert_eq!(ran.exit, Exit::Pass, "{name}: {}", ran.err);
        for says in ["pkg:npm/left-pad@1.3.0", "package-lock.json:1:", "class unknown", "npm.example.net"] {
            assert!(ran.out.contains(says), "{says} in {}", ran.out);
        }
    }
    for name in ["right-pad", "pkg:npm/left-pad@1.3.1", "pkg:cargo/left-pad"] {
        let ran = packman(&["why", name, &path]);
        assert_eq!(ran.exit, Exit::Fail, "{name}");
        assert!(ran.out.is_empty() && ran.err.contains(name), "{}", ran.err);
    }
}

/// Holds a value against a JSON Schema as far as ours go: types, properties, required ones, items, references, alternatives.
pub(crate) fn fits(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).ok_or("a reference to nothing")?;
        return fits(value, target, root);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let faults: Vec<String> = any.iter().filter_map(|schema| fits(value, schema, root).err()).collect();
        return if faults.len() < any.len() { Ok(()) } else { Err(faults.join("; ")) };
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_allowed = match &schema["type"] {
        Value::String(only) => only == kind,
        Value::Array(several) => several.contains(&json!(kind)),
        _ => true,
    };
    if !is_allowed {
        return Err(format!("{value} is not {}", schema["type"]));
    }
    for item in value.as_array().into_iter().flatten() {
        fits(item, &schema["items"], root)?;
    }
    let Some(object) = value.as_object() else { return Ok(()) };
    let empty = serde_json::Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    for required in schema["required"].as_array().into_iter().flatten() {
        object.get(required.as_str().unwrap()).ok_or_else(|| format!("{required} is missing"))?;
    }
    for (key, value) in object {
        fits(value, properties.get(key).ok_or_else(|| format!("`{key}` is not in the schema"))?, root)?;
    }
    Ok(())
}

#[test]
fn a_list_fits_its_schema() {
    let folder = Folder::of(&[
        ("a/package-lock.json", &bad()),
        ("a/package.json", "{ \"dependencies\": { \"left-pad\": \"1.3.0\" } }"),
        ("b/package-lock.json", BROKEN),
        ("Cargo.lock", GOOD),
        ("Dockerfile", "FROM node\nFROM $BASE\n"),
    ]);
    let ran = folder.run(&["list", "--format", "json"]);
    assert_eq!(ran.exit, Exit::Pass);
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    let schema = list_schema();
    assert_eq!(fits(&list, &schema, &schema), Ok(()));
    assert_eq!(list["schema"], "packman.list/1");
    assert_eq!(list["lockfiles"].as_array().unwrap().len(), 5);
    let names: Vec<&str> = list["dependencies"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    let keys: Vec<&String> = list["dependencies"][0].as_object().unwrap().keys().collect();
    for key in [
        "purl",
        "ecosystem",
        "name",
        "version",
        "lockfile",
        "line",
        "column",
        "origin",
        "scopes",
        "direct",
        "requires",
        "integrity",
        "tier",
    ] {
        assert!(keys.iter().any(|found| *found == key), "{key}");
    }
    let report: Value = serde_json::from_str(&folder.run(&["check", "--output", "json=-"]).out).unwrap();
    let schema = packman::report::report_schema();
    assert_eq!(fits(&report, &schema, &schema), Ok(()));
    assert_eq!(report["dependencies"], list["dependencies"]);
    let table = folder.run(&["list"]).out;
    for says in ["pkg:cargo/serde@1.0.200", "a/package-lock.json", "b/package-lock.json  unreadable"] {
        assert!(table.contains(says), "{says} in {table}");
    }
}

#[test]
fn images_of_one_host_each_have_their_own_address() {
    let folder =
        Folder::of(&[("Dockerfile", "FROM quay.io/acme/one:1 AS one\nFROM quay.io/acme/two:1\nCOPY --from=one /a /a\n")]);
    let list: Value = serde_json::from_str(&folder.run(&["list", "--format", "json"]).out).unwrap();
    let at = |row: &Value| row["origin"]["location"].as_str().unwrap_or("").to_owned();
    let found: Vec<String> = list["dependencies"].as_array().unwrap().iter().map(at).collect();
    assert_eq!(found, ["https://quay.io/acme/one", "https://quay.io/acme/two"]);
}

#[test]
fn before_the_first_entry_the_seeds_tiers_hold() {
    let ran = packman(&["registries", "--as-of", "2020-01-01", "--format", "json"]);
    assert_eq!(ran.exit, Exit::Pass);
    let rows: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    for (id, declared) in [
        ("npm", "1"),
        ("rubygems", "1"),
        ("pypi", "1"),
        ("maven-central", "2"),
        ("nuget", "2"),
        ("docker-hub", "1"),
        ("go", "1"),
        ("crates-io", "2?"),
    ] {
        let row = rows.iter().find(|row| row["id"] == id).unwrap();
        assert_eq!(row["tier"]["declared"], declared, "{id}");
        let number: u64 = if declared == "2" { 2 } else { 1 };
        assert_eq!((&row["tier"]["offered"], &row["tier"]["guaranteed"]), (&json!(number), &json!(number)), "{id}");
        assert_eq!(row["controls"], json!({}), "{id}");
    }
    for format in ["table", "markdown"] {
        let ran = packman(&["registries", "--as-of", "2020-01-01", "--format", format]);
        assert!(ran.out.contains("tier as the seed document declared it"), "{}", ran.out);
    }
    let now: Vec<Value> = serde_json::from_str(&packman(&["registries", "--format", "json"]).out).unwrap();
    assert!(now.iter().all(|row| row["controls"].as_object().is_some_and(|controls| controls.len() == Control::ALL.len())));
}

#[test]
fn every_word_is_explained() {
    let contents = packman(&["explain"]);
    assert_eq!(contents.exit, Exit::Pass);
    let words = contents.out.lines().filter(|line| line.starts_with("  ")).filter_map(|line| line.split_whitespace().next());
    let ids = RULES.iter().map(|rule| rule.id);
    let ids = ids.chain(Control::ALL.into_iter().map(Control::id)).chain(catalogue::all().map(|id| id.row().id));
    let ids = ids.chain(formats::FORMATS.iter().map(|format| format.id));
    let mut count = 0;
    let ids: Vec<&str> = ids.collect();
    for word in words.chain(ids.iter().copied()) {
        let ran = packman(&["explain", word]);
        assert_eq!(ran.exit, Exit::Pass, "{word}: {}", ran.err);
        assert!(ran.out.trim().len() > word.len() + 10 && ran.err.is_empty(), "{word}: {}", ran.out);
        count += 1;
    }
    assert!(count > 100);
    for id in catalogue::all() {
        let ran = packman(&["registries", id.row().id]);
        assert!(ran.exit == Exit::Pass && ran.out.contains(id.row().name), "{}", id.row().id);
    }
}

/// What a number means, as a text tells it: `0 pass, 1 fail, …` behind `Exit codes:` or `exit code:`, or the rows of a table.
fn told_exits(text: &str) -> std::collections::BTreeMap<u8, String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let list = text.split_once("xit codes: ").or_else(|| text.split_once("xit code: ")).map_or("", |(_, list)| list);
    let parts = list.split('.').next().unwrap().split(", ").filter_map(|part| part.trim().split_once(' '));
    parts.filter_map(|(number, words)| Some((number.parse().ok()?, words.to_owned()))).collect()
}

#[test]
fn exits_mean_the_same_wherever_they_are_told() {
    let read = |path: &str| fs::read_to_string(crate::derived::root().join(path)).unwrap();
    let verdict = read("docs/verdict.md");
    let cells = verdict
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| row.split('|').collect::<Vec<_>>());
    let rows = cells.filter(|row| row.len() == 3).filter_map(|row| Some((row[0].trim().parse::<u8>().ok()?, row[1..].join(" "))));
    let mut sources = vec![
        ("--help", told_exits(&packman(&["--help"]).out)),
        ("docs/cli.md", told_exits(&read("docs/cli.md"))),
        ("docs/verdict.md", rows.filter(|(number, _)| *number != 130).collect()),
    ];
    if crate::derived::root().join("action").is_dir() {
        sources.push(("action.yml", told_exits(&read("action.yml"))));
    }
    let meant = [
        (Exit::Pass, "pass"),
        (Exit::Fail, "fail"),
        (Exit::Usage, "policy"),
        (Exit::Undecided, "undecided"),
        (Exit::World, "world failed"),
    ];
    for (name, told) in sources {
        assert_eq!(told.keys().copied().collect::<Vec<_>>(), meant.map(|(exit, _)| exit.code()), "{name}: {told:?}");
        for (exit, word) in meant {
            assert!(told[&exit.code()].contains(word), "{name}: {told:?}");
        }
    }
}

#[test]
fn help_completions_and_the_man_page() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = packman(&["completions", shell]);
        assert!(ran.exit == Exit::Pass && ran.out.contains("packman") && ran.out.contains("registries"), "{shell}");
    }
    let man = packman(&["man"]);
    assert!(man.exit == Exit::Pass && man.out.contains(".TH packman"));
    for words in [&["--help"][..], &["--version"], &["check", "--help"], &["help", "why"]] {
        let ran = packman(words);
        assert!(ran.exit == Exit::Pass && ran.err.is_empty() && ran.out.contains("packman"), "{words:?}");
    }
    assert!(packman(&["--help"]).out.contains("Exit codes: 0 pass, 1"));
}

#[test]
fn a_folder_inside_a_work_tree_is_judged_alone() {
    let folder = Folder::of(&[
        ("packman.toml", "extends = [\"observe\"]\n"),
        ("package-lock.json", BROKEN),
        (".gitignore", "ignored/\n"),
        ("deep/er/package-lock.json", &bad()),
        ("deep/er/ignored/package-lock.json", BROKEN),
    ]);
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.args(words).current_dir(&folder.0).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(variable);
        }
        assert!(command.output().unwrap().status.success());
    };
    git(&["init", "-q"]);
    git(&["add", "deep"]);
    let path = folder.at("deep/er");
    let ran = packman(&["check", &path, "--output", "json=-"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.exit, Exit::Fail, "the policy above is not read, the ignored file is not there");
    assert_eq!(report["lockfiles"].as_array().unwrap().len(), 1);
    assert_eq!(report["findings"][0]["places"][0]["path"], "package-lock.json");
    let sarif: Value = serde_json::from_str(&packman(&["check", &path, "--output", "sarif=-"]).out).unwrap();
    let uri = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "deep/er/package-lock.json");
}

/// Whether something of a stranger's would do something on a terminal instead of showing something.
fn is_raw(text: &str) -> bool {
    text.chars().any(|c| {
        (c.is_control() && c != '\n') || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

#[test]
fn what_strangers_wrote_is_escaped_everywhere() {
    let evil = "left\u{1b}[2J\u{7}-pad\u{202e}dap\u{200b}\r\n::error::x\n\u{9b}31m";
    let lock = json!({
        "name": evil, "version": evil, "lockfileVersion": 3,
        "packages": {
            "": { "name": evil, "dependencies": { evil: evil } },
            format!("node_modules/{evil}"): { "version": format!("1{evil}"), "resolved": format!("https://npm.example.net/{evil}"), "integrity": evil },
            "node_modules/b": { "version": "1.0.0", "resolved": format!("https://{evil}.example/b/-/b-1.0.0.tgz"), "hasInstallScript": true },
            "node_modules/c": { "version": "1.0.0", "resolved": format!("git+ssh://git@github.com/{evil}/c.git#main") },
            "node_modules/d": { "version": evil, "resolved": format!("file:{evil}") }
        }
    });
    let raw = "[[package]]\nname = \"a\u{1b}[31m\"\nversion = \"1\u{202e}\"\nsource = \"registry+https://\u{9b}x.example/\"\n"
        .to_string();
    let folder = Folder::of(&[
        ("package-lock.json", &serde_json::to_string_pretty(&lock).unwrap()),
        (&format!("{}/Cargo.lock", evil.replace('/', "_")), &raw),
        (&format!("x{}/Dockerfile", "\u{1b}]0;t\u{7}\u{202e}"), "FROM \u{1b}[31mnode\u{202e}:22\nFROM $\u{200f}X\n"),
        (&format!("y{}/package-lock.json", "\u{1b}[2J\n"), BROKEN),
        (&format!("z{}/package-lock.json", "\n::error::y"), &npm("https://npm.example.net/\n::error::z/left-pad")),
        (&format!("z{}/package.json", "\n::error::y"), "{ \"dependencies\": { \"left-pad\": \"1.3.0\" } }"),
        (&format!("v{}/package.json", "\n::error::y"), "{ \"dependencies\": { \"a\\n::error::\": \"1\" } }"),
        (&format!("w{}/package-lock.json", "\n::error::y"), &npm("https://npm.example.net/left-pad/-/left-pad-1.3.0.tgz")),
        (&format!("{}.toml", "p\u{1b}[2J"), "unknown\u{202e} = \"\u{1b}\"\n"),
    ]);
    let path = folder.at("");
    let summary = format!("summary={}", folder.at("s.md"));
    let runs: &[&[&str]] = &[
        &["check", &path],
        &["check", &path, "--explain"],
        &["check", &path, "--output", "summary=-"],
        &["check", &path, "--output", &summary],
        &["check", &path, "--output", "outputs=-"],
        &["list", &path],
        &["why", "*", &path],
        &["why", evil, &path],
        &["why", "no\u{1b}[2J\u{202e}\nsuch", &path],
        &["check", &folder.at("no\u{1b}[2J\u{202e}")],
        &["check", &path, "--output", &format!("json={}", folder.at("no\u{1b}[2J/\u{202e}"))],
        &["check", &path, "--output", "\u{1b}[2J\u{202e}=x"],
        &["check", &path, "--level", "\u{1b}[2J\u{202e}=deny"],
        &["check", &path, "--policy", &folder.at("p\u{1b}[2J.toml")],
        &["explain", "\u{1b}[2J\u{202e}"],
        &["registries", "\u{1b}[2J\u{202e}"],
    ];
    for words in runs {
        let ran = packman(words);
        assert!(!is_raw(&ran.out), "{words:?} to stdout:\n{:?}", ran.out);
        assert!(!is_raw(&ran.err), "{words:?} to stderr:\n{:?}", ran.err);
        let has_command = |text: &str| text.lines().any(|line| line.trim_start().starts_with("::"));
        assert!(
            !has_command(&ran.out) && !has_command(&ran.err.replace("::: ", "")),
            "{words:?} gives a runner's command:\n{}",
            ran.out
        );
    }
    assert!(!is_raw(&fs::read_to_string(folder.at("s.md")).unwrap()));
}

#[test]
fn the_same_bytes_twice_wherever_the_folder_lies() {
    let files = [("a/package-lock.json", bad()), ("b/package-lock.json", BROKEN.to_owned()), ("Cargo.lock", GOOD.to_owned())];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, content)| (*path, content.as_str())).collect();
    let (one, two) = (Folder::of(&files), Folder::of(&files));
    for format in REPORTERS.iter().map(|reporter| reporter.id) {
        let output = format!("{format}=-");
        let said = one.run(&["check", "--output", &output]).out;
        assert_eq!(said, one.run(&["check", "--output", &output]).out, "{format}");
        assert_eq!(said, two.run(&["check", "--output", &output]).out, "{format}");
        assert!(!said.contains(one.0.to_str().unwrap()), "{format} names the machine's folder");
    }
    assert_eq!(one.run(&["list"]).out, two.run(&["list"]).out);
    assert!(Path::new(&one.at("Cargo.lock")).exists());
}

/// The program leaves as soon as all is written: nothing of it may be missing.
#[test]
fn the_program_says_what_the_library_says() {
    let bad = bad();
    let folder = Folder::of(&[("a/package-lock.json", &bad), ("Cargo.lock", GOOD)]);
    let json = folder.at("out.json");
    let runs: [&[&str]; 3] = [
        &["check", "--today", "2026-11-24", "--output", "json=-"],
        &["check", "--today", "2026-11-24"],
        &["check", "--today", "2026-11-24", "--what-if", "strict"],
    ];
    for words in runs {
        let ran = folder.run(words);
        let program = |words: &[&str]| Command::new(env!("CARGO_BIN_EXE_packman")).args(words).output().unwrap();
        let said = program(&[words, &[&folder.at("")]].concat());
        assert_eq!(String::from_utf8(said.stdout).unwrap(), ran.out, "{words:?}");
        assert_eq!(said.status.code(), Some(i32::from(ran.exit.code())), "{words:?}");
        let into_file = program(&[words, &["--output", &format!("json={json}"), &folder.at("")]].concat());
        assert_eq!(into_file.status.code(), said.status.code(), "{words:?}");
        if words.last() != Some(&"json=-") {
            serde_json::from_str::<Value>(&fs::read_to_string(&json).unwrap()).unwrap();
        }
    }
}
