//! The edges between modules: who may use whom, who may touch the outside, who may print. What `lib.rs` promises, held against `use` and
//! paths as they stand in `src`, tests left out.

use std::path::{Path, PathBuf};

/// A file of `src`: its module (`formats`), its path, and its code without comments and tests.
struct File {
    module: String,
    path: String,
    code: String,
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    let files = paths.iter().map(|path| {
        let relative = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let module = relative.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        File { module, path: relative, code: code(&std::fs::read_to_string(path).unwrap()) }
    });
    // Modules that only tests have.
    files.filter(|file| !["testing.rs", "counting.rs", "tests.rs"].iter().any(|name| file.path.ends_with(name))).collect()
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            walk(&entry, into);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            into.push(entry);
        }
    }
}

/// Without comment lines and without what follows the first module of tests.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The modules of ours that a file names: `crate::x`, and `crate::{x, y}`.
fn used(code: &str) -> Vec<&str> {
    let mut used = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let list = list.split('}').next().unwrap_or("");
            used.extend(list.split(',').map(|item| item.trim().split("::").next().unwrap_or("")));
        } else {
            used.push(rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or(""));
        }
    }
    used
}

#[test]
fn layers_keep_to_what_they_may_know() {
    // Readers know no registry, tier or policy (some ask a client which files it reads); the catalogue reads no lockfile; rules parse nothing; reports decide nothing.
    let forbidden: &[(&str, &[&str])] = &[
        ("text", &["syntax", "formats", "clients", "catalogue", "route", "policy", "rules", "report", "judge", "gate", "cli"]),
        ("tree", &["syntax", "formats", "clients", "catalogue", "route", "policy", "rules", "report", "judge", "gate", "cli"]),
        ("syntax", &["formats", "clients", "catalogue", "route", "policy", "rules", "report", "judge", "gate", "cli", "tree"]),
        ("formats", &["catalogue", "route", "assess", "policy", "rules", "finding", "judge", "report", "gate", "cli", "tree"]),
        ("clients", &["catalogue", "route", "assess", "policy", "rules", "finding", "judge", "report", "gate", "cli", "tree"]),
        (
            "discover",
            &["catalogue", "route", "assess", "policy", "rules", "finding", "judge", "report", "gate", "cli", "clients"],
        ),
        (
            "catalogue",
            &[
                "formats",
                "clients",
                "dependency",
                "route",
                "policy",
                "rules",
                "finding",
                "judge",
                "report",
                "gate",
                "cli",
                "tree",
                "syntax",
            ],
        ),
        ("address", &["formats", "clients", "catalogue", "route", "policy", "rules", "report", "cli"]),
        ("route", &["rules", "finding", "judge", "report", "gate", "cli", "syntax", "tree"]),
        ("assess", &["rules", "finding", "report", "gate", "cli", "syntax", "tree"]),
        ("policy", &["rules", "finding", "judge", "report", "gate", "cli", "formats", "clients", "route"]),
        ("rules", &["syntax", "clients", "tree", "gate", "cli", "judge", "neighbours", "discover"]),
        ("report", &["syntax", "clients", "tree", "gate", "cli", "neighbours", "discover", "policy::load"]),
        ("judge", &["syntax", "formats", "clients", "tree", "report", "gate", "cli", "neighbours", "discover"]),
        ("lints", &["syntax", "clients", "tree", "gate", "cli", "judge", "neighbours", "discover"]),
        ("gate", &["cli", "report", "syntax", "clients"]),
        (
            "github",
            &[
                "formats",
                "clients",
                "catalogue",
                "route",
                "policy",
                "rules",
                "finding",
                "judge",
                "report",
                "gate",
                "cli",
                "text",
                "syntax",
                "discover",
                "snapshot",
            ],
        ),
        (
            "event",
            &[
                "formats",
                "clients",
                "catalogue",
                "route",
                "policy",
                "rules",
                "finding",
                "judge",
                "report",
                "gate",
                "cli",
                "tree",
                "text",
                "syntax",
            ],
        ),
    ];
    let files = files();
    let mut wrong = Vec::new();
    for (module, never) in forbidden {
        let of_module: Vec<&File> = files.iter().filter(|file| file.module == *module).collect();
        assert!(!of_module.is_empty(), "there is no module `{module}`");
        for file in of_module {
            wrong.extend(
                used(&file.code)
                    .into_iter()
                    .filter(|used| never.contains(used))
                    .map(|used| format!("{} uses `{used}`", file.path)),
            );
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_doors_touch_the_outside() {
    let doors = ["cli", "tree", "main"];
    let outside = [
        "std::fs",
        "fs::",
        "std::env",
        "env::",
        "std::process",
        "process::",
        "std::net::Tcp",
        "std::net::Udp",
        "ToSocketAddrs",
        "std::os::",
        "std::thread",
    ];
    let is_inside = |file: &File| !doors.contains(&file.module.as_str());
    assert_never(&outside, as_word, is_inside);
}

#[test]
fn nothing_runs_a_program_and_only_main_reads_the_clock() {
    assert_never(&["Command::new", "UdpSocket", "unsafe "], anywhere, |_| true);
    assert_never(&["Timestamp::now", "Zoned::now", "SystemTime", "Instant::now", "now()"], anywhere, |file| {
        file.path != "main.rs"
    });
}

/// Whoever looks for code that opens a connection has one folder to read.
#[test]
fn only_github_has_a_network() {
    let names = ["TcpStream", "TcpListener", "std::net::Udp", "tokio::", "hyper", "octocrab", "rustls::"];
    assert_never(&names, anywhere, |file| file.module != "github");
    // Nothing that judges asks it: only its commands do.
    let files = files();
    let asks = |file: &&File| used(&file.code).contains(&"github") && file.module != "github";
    let asking: Vec<&str> = files.iter().filter(asks).map(|file| file.path.as_str()).collect();
    assert!(asking.iter().all(|path| path.starts_with("cli/github/")), "{asking:?}");
    assert!(asking.len() > 2, "{asking:?}");
}

#[test]
fn nothing_left_of_the_command_line_prints() {
    assert_never(&["println!", "eprintln!", "print!(", "eprint!(", "dbg!"], anywhere, |_| true);
    assert_never(&["io::stdout", "io::stderr", "io::stdin"], anywhere, |file| file.module != "main");
}

/// No file that this is about has any of these words, as `has` sees it.
fn assert_never(words: &[&str], has: fn(&str, &str) -> bool, is_about: impl Fn(&File) -> bool) {
    let files = files();
    let about = files.iter().filter(|file| is_about(file));
    let wrong: Vec<String> = about
        .flat_map(|file| words.iter().filter(|word| has(&file.code, word)).map(|word| format!("{} has `{word}`", file.path)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn anywhere(code: &str, word: &str) -> bool {
    code.contains(word)
}

/// Not as the end of a longer name.
fn as_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| !code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_'))
}

/// The test would be worth nothing if it saw nothing.
#[test]
fn edges_are_seen() {
    assert_eq!(
        used("use crate::text::{Text};\nuse crate::{policy, rules::Case};\ncrate::judge::judge()"),
        ["text", "policy", "rules", "judge"]
    );
    let files = files();
    assert!(files.len() > 60);
    assert!(files.iter().any(|file| file.module == "rules" && used(&file.code).contains(&"finding")));
    assert!(files.iter().any(|file| file.module == "cli" && file.code.contains("std::fs")));
}
