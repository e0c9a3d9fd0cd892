//! The whole gate: against reading the same files and counting lines, on a million entries, and on one small lockfile.
//!
//! `PACKMAN_CORPUS=FOLDER cargo bench` also measures a folder of real lockfiles. Ratios within one run are what counts.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rayon::prelude::*;

const PACKMAN: &str = env!("CARGO_BIN_EXE_packman");
const RUNS: usize = 9;

pub(crate) fn run() {
    let scratch = std::env::temp_dir().join(format!("packman-bench-{}", std::process::id()));
    fs::create_dir_all(&scratch).expect("a scratch folder");
    small(&scratch);
    million(&scratch);
    change(&scratch);
    policy(&scratch);
    match std::env::var_os("PACKMAN_CORPUS").map(PathBuf::from) {
        Some(corpus) => {
            against_the_floor("the corpus", &corpus, &scratch);
            let first = scratch.join("first");
            copy_of_formats(&corpus, &first);
            against_the_floor("its npm, pnpm, Cargo, Go and Docker files", &first, &scratch);
        }
        None => println!("whole: the corpus is not measured, PACKMAN_CORPUS is not set"),
    }
    let _ = fs::remove_dir_all(&scratch);
}

/// From process start to the answer about one small lockfile.
fn small(scratch: &Path) {
    let folder = scratch.join("small");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("package-lock.json"), lockfile("small", 5)).expect("a file");
    let time = median(|| {
        let mut command = Command::new(PACKMAN);
        command.arg("check").arg(&folder).stdout(Stdio::null()).stderr(Stdio::null());
        judges(&mut command, &[0]);
    });
    println!("whole: one small lockfile, from process start: {:.1} ms", time.as_secs_f64() * 1e3);
}

/// A million entries in 50 files: time, and the most memory that the process held.
fn million(scratch: &Path) {
    let folder = scratch.join("million");
    for number in 0..50 {
        let project = folder.join(format!("project-{number}"));
        fs::create_dir_all(&project).expect("a folder");
        fs::write(project.join("package-lock.json"), lockfile(&format!("p{number}"), 20_000)).expect("a file");
    }
    let script = r#""$0" check "$1" --output json=/dev/null --output sarif=/dev/null --output human=/dev/null 2>/dev/null &
        pid=$!; peak=0
        while now=$(grep VmHWM /proc/$pid/status 2>/dev/null); do peak=$now; sleep 0.01; done
        echo "$peak""#;
    let start = Instant::now();
    let output = Command::new("sh").args(["-c", script, PACKMAN]).arg(&folder).output().expect("a shell");
    let peak = String::from_utf8_lossy(&output.stdout);
    let peak = peak.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or(f64::NAN);
    println!(
        "whole: 1,000,000 entries in 50 files with JSON and SARIF: {:.2} s, at most {:.0} MB",
        start.elapsed().as_secs_f64(),
        peak / 1024.0
    );
    against_the_floor("a million entries", &folder, scratch);
    let _ = fs::remove_dir_all(&folder);
}

/// A change of 3 of 2,000 lockfiles, compared with its base, in turn with a plain check.
fn change(scratch: &Path) {
    let folder = scratch.join("change");
    let lockfile_at = |number: usize, entries: usize| {
        let project = folder.join(format!("group-{}/project-{number}", number % 40));
        fs::create_dir_all(&project).expect("a folder");
        fs::write(project.join("package-lock.json"), lockfile(&format!("p{number}"), entries)).expect("a file");
    };
    let git = |words: &str| {
        let settings = ["-c", "user.name=a", "-c", "user.email=a@example.invalid", "-c", "commit.gpgSign=false"];
        let done = Command::new("git").args(settings).args(words.split(' ')).current_dir(&folder).status();
        assert!(done.expect("git").success(), "git {words}");
    };
    (0..2_000).for_each(|number| lockfile_at(number, 150));
    ["init -q -b main", "add .", "commit -q -m one", "repack -q -a -d"].into_iter().for_each(git);
    (0..3).for_each(|number| lockfile_at(number, 151));
    let (mut plain, mut compared) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        for (base, times) in [(None, &mut plain), (Some("--base=main"), &mut compared)] {
            times.push(time(|| {
                let mut command = Command::new(PACKMAN);
                command.arg("check").arg(&folder).args(base).stdout(Stdio::null()).stderr(Stdio::null());
                judges(&mut command, &[0]);
            }));
        }
    }
    let (plain, compared) = (middle(plain).as_secs_f64() * 1e3, middle(compared).as_secs_f64() * 1e3);
    println!(
        "whole: 3 of 2,000 lockfiles changed: check {plain:.1} ms, with --base {compared:.1} ms, ratio {:.2}",
        compared / plain
    );
    let _ = fs::remove_dir_all(&folder);
}

/// What a policy of 500 lines adds to a check of 20,000 dependencies: in turn with one that says nothing.
fn policy(scratch: &Path) {
    let folder = scratch.join("policy");
    for number in 0..10 {
        let project = folder.join(format!("team-{number}/web"));
        fs::create_dir_all(&project).expect("a folder");
        fs::write(project.join("package-lock.json"), lockfile(&format!("p{number}"), 2_000)).expect("a file");
    }
    let (short, long) = (scratch.join("short.toml"), scratch.join("long.toml"));
    fs::write(&short, "").expect("a file");
    fs::write(&long, long_policy()).expect("a file");
    let (mut shorts, mut longs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS * 3 {
        for (policy, times) in [(&short, &mut shorts), (&long, &mut longs)] {
            times.push(time(|| {
                let mut command = Command::new(PACKMAN);
                command.arg("check").arg(&folder).arg("--policy").arg(policy).args(["--today", "2026-11-24"]);
                command.stdout(Stdio::null()).stderr(Stdio::null());
                judges(&mut command, &[0]);
            }));
        }
    }
    let (short, long) = (middle(shorts).as_secs_f64() * 1e3, middle(longs).as_secs_f64() * 1e3);
    println!(
        "whole: 20,000 entries: check without a policy {short:.1} ms, by one of {} lines {long:.1} ms, ratio {:.2}",
        long_policy().lines().count(),
        long / short
    );
    let _ = fs::remove_dir_all(&folder);
}

/// Minimums by package, pattern, registry and path, assignments, exceptions, overlays: 500 lines that find nothing.
fn long_policy() -> String {
    let mut text = String::from(
        "exception-days-max = 365\n[levels]\nexception-unused = \"allow\"\n[minimum]\ntier = 2\ncontrols = [\"security-contacts\"]\n",
    );
    text.push_str("[overlays.npm]\nreason = \"r\"\nowner = \"o\"\nuntil = 2027-06-01\n[overlays.npm.controls.code-signing]\nstatus = \"optional\"\n");
    text.push_str("[packages.assign]\n");
    (0..40).for_each(|number| {
        let _ = writeln!(text, "\"p{}-1{number}*\" = \"npm\"", number % 10);
    });
    for number in 0..80 {
        let selector = match number % 4 {
            0 => format!("package = \"pkg:npm/p1-{number}\""),
            1 => format!("package = \"p{}-{number}*\"", number % 10),
            2 => format!("path = \"team-{}/**/part-{number}/*.json\"", number % 10),
            _ => format!("path = \"team-{}/web\"\npackage = \"pkg:npm/p*-{number}\"", number % 10),
        };
        let _ = writeln!(text, "[[minimum.for]]\n{selector}\ncontrols = []");
    }
    for number in 0..31 {
        let _ = writeln!(
            text,
            "[[exceptions]]\nrule = \"unknown-registry\"\npath = \"team-{number}/**\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2027-06-01"
        );
    }
    text
}

/// Copies what the first formats that packman read claim in a folder.
fn copy_of_formats(from: &Path, to: &Path) {
    const FORMATS: [&str; 12] = [
        "cargo-lock",
        "cargo-toml",
        "compose",
        "dockerfile",
        "go-mod",
        "go-sum",
        "go-vendor",
        "go-work",
        "npm-package-lock",
        "npm-shrinkwrap",
        "package-json",
        "pnpm-lock",
    ];
    let list = Command::new(PACKMAN).arg("list").arg(from).args(["--format", "json"]).output().expect("packman");
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).expect("a list");
    let files = list.get("lockfiles").and_then(|files| files.as_array()).into_iter().flatten();
    let text = |file: &serde_json::Value, key: &str| file.get(key).and_then(|text| text.as_str()).unwrap_or("").to_owned();
    for file in files.filter(|file| FORMATS.contains(&text(file, "format").as_str())) {
        let path = text(file, "path");
        fs::create_dir_all(to.join(&path).parent().expect("a folder")).expect("a folder");
        fs::copy(from.join(&path), to.join(&path)).expect("a file");
    }
}

/// The check with JSON and SARIF, in turn with the floor: every file read, lines counted.
fn against_the_floor(name: &str, folder: &Path, scratch: &Path) {
    let floor = "find \"$0\" -type f -print0 | xargs -0 cat | wc -l >/dev/null";
    let (json, sarif) = (scratch.join("out.json"), scratch.join("out.sarif"));
    let (mut floors, mut checks, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        bare.push(time(|| assert!(parsed_by_libraries(folder) > 0, "there are files")));
        floors.push(time(|| {
            let _ = Command::new("sh").args(["-c", floor]).arg(folder).status();
        }));
        // To take the place of another file costs what freeing that costs.
        let _ = (fs::remove_file(&json), fs::remove_file(&sarif));
        checks.push(time(|| {
            let mut command = Command::new(PACKMAN);
            command.arg("check").arg(folder).args(["--output", "human=/dev/null", "--output"]);
            command.arg(format!("json={}", json.display())).arg("--output").arg(format!("sarif={}", sarif.display()));
            command.stdout(Stdio::null()).stderr(Stdio::null());
            judges(&mut command, &[0, 1, 3]);
        }));
    }
    let (floor, check) = (middle(floors).as_secs_f64() * 1e3, middle(checks).as_secs_f64() * 1e3);
    println!("whole: {name}: floor {floor:.1} ms, check with JSON and SARIF {check:.1} ms, ratio {:.2}", check / floor);
    let bare = middle(bare).as_secs_f64() * 1e3;
    println!("whole: {name}: read and parsed by the libraries alone, nothing kept {bare:.1} ms, ratio {:.2}", bare / floor);
}

/// What no check can do without: every file read and given to the library for its syntax, on all threads, with nothing done about it. How many
/// files were parsed to their end.
fn parsed_by_libraries(folder: &Path) -> usize {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    let parses = |path: &&PathBuf| {
        let Ok(content) = fs::read_to_string(path) else { return false };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        let end = name.rsplit('.').next().unwrap_or("");
        let is_toml =
            matches!(end, "toml") || ["Cargo.lock", "poetry.lock", "uv.lock", "pdm.lock"].iter().any(|lock| name.ends_with(lock));
        match end {
            "json" | "resolved" => serde_json::from_str::<serde::de::IgnoredAny>(&content).is_ok(),
            "yaml" | "yml" => crate::syntax::yaml_events(&content),
            "xml" | "csproj" | "props" | "config" => roxmltree::Document::parse(&content).is_ok(),
            _ if is_toml => crate::syntax::toml_events(&content),
            _ => content.lines().count() > 0,
        }
    };
    files.par_iter().filter(parses).count()
}

/// Runs a check that must end so: one that gives up early would be splendidly fast.
fn judges(command: &mut Command, exits: &[i32]) {
    let status = command.status().expect("packman");
    assert!(status.code().is_some_and(|code| exits.contains(&code)), "{command:?}: {status}");
}

fn median(mut work: impl FnMut()) -> Duration {
    middle((0..RUNS * 3).map(|_| time(&mut work)).collect())
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn lockfile(prefix: &str, entries: usize) -> String {
    let mut text = String::from("{\n  \"lockfileVersion\": 3,\n  \"packages\": {\n    \"\": {}");
    for number in 0..entries {
        let name = format!("{prefix}-{number}");
        let _ = write!(
            text,
            ",\n    \"node_modules/{name}\": {{\n      \"version\": \"1.{number}.0\",\n      \"resolved\": \"https://registry.npmjs.org/{name}/-/{name}-1.{number}.0.tgz\",\n      \"integrity\": \"sha512-{number:086}==\"\n    }}"
        );
    }
    text.push_str("\n  }\n}\n");
    text
}
