//! One file of each format, spoilt as files are in practice: the gate never passes silently, and says which file and where.

use packman::formats::{FORMATS, Format};
use packman::tree::{FileKind, Listing, MapTree, Tree, TreeError};
use serde_json::Value;

use crate::gate::{STRICT, report};
use crate::golden::{collect, fixtures};

/// A file of a format with the tree around it.
struct Sample {
    format: &'static Format,
    path: String,
    tree: MapTree,
}

impl Sample {
    fn content(&self) -> &[u8] {
        &self.tree.0[&self.path]
    }

    fn with(&self, content: impl Into<Vec<u8>>) -> MapTree {
        let mut tree = self.tree.clone();
        tree.0.insert(self.path.clone(), content.into());
        tree
    }

    fn is(&self, report: &Value) -> bool {
        report["lockfiles"].as_array().unwrap().iter().any(|lockfile| self.names(lockfile))
    }

    fn names(&self, lockfile: &Value) -> bool {
        lockfile["path"] == self.path.as_str() && lockfile["format"] == self.format.id
    }
}

/// The first sound case of each format: the largest file of it there.
fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for format in FORMATS {
        let mut cases: Vec<_> = std::fs::read_dir(fixtures().join(format.id)).unwrap().map(|case| case.unwrap().path()).collect();
        cases.sort();
        let mut found: Vec<Sample> = Vec::new();
        for case in cases.iter().filter(|case| case.is_dir() && !case.ends_with("malformed")) {
            let mut tree = MapTree::default();
            collect(case, case, &mut tree.0);
            let report = report(&tree, STRICT);
            let sound = report["lockfiles"].as_array().unwrap().iter().find(|lockfile| {
                lockfile["format"] == format.id && lockfile["problems"] == Value::Array(Vec::new()) && lockfile["entries"] != 0
            });
            found.extend(sound.map(|lockfile| Sample { format, path: lockfile["path"].as_str().unwrap().to_owned(), tree }));
        }
        samples.extend(found.into_iter().max_by_key(|sample| sample.content().len()));
    }
    assert!(samples.len() + 2 >= FORMATS.len(), "nearly every format has a sound case with entries");
    samples
}

/// Whether a report owns up: it has not passed, or every entry of the file was judged without loss.
fn owns_up(sample: &Sample, report: &Value) -> bool {
    report["verdict"] != "pass"
        || report["dependencies"].as_array().unwrap().iter().any(|found| found["lockfile"] == sample.path.as_str())
}

/// Holds that a file which nobody can read is reported as such, with a place in it.
fn assert_unreadable(sample: &Sample, tree: &dyn Tree, what: &str, line: Option<u64>) {
    let report = report(tree, STRICT);
    let findings = report["findings"].as_array().unwrap();
    let place = |finding: &Value| finding["places"][0].clone();
    let found = findings.iter().find(|finding| {
        finding["rule"] == "lockfile-unreadable"
            && place(finding)["path"] == sample.path.as_str()
            && line.is_none_or(|line| place(finding)["line"] == line)
    });
    assert!(found.is_some(), "{} {what}: nothing says that {} cannot be read: {findings:#?}", sample.format.id, sample.path);
    assert_ne!(report["verdict"], "pass", "{} {what}", sample.format.id);
    assert_eq!(report["complete"], false, "{} {what}", sample.format.id);
}

#[test]
fn what_cannot_be_text_is_unreadable() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    for sample in samples() {
        // A file that is claimed by its content is one only if its content says so.
        if sample.format.looks.is_some() {
            continue;
        }
        for (what, content) in [("binary", &b"\x7fELF\x02\x01\x01\0\0\0"[..]), ("not UTF-8", b"a\xff\xfe\xfa\n"), ("zero", b"\0")]
        {
            assert_unreadable(&sample, &sample.with(content), what, Some(1));
        }
        assert_unreadable(&sample, &sample.with(pointer), "LFS pointer", Some(1));
    }
}

#[test]
fn conflicts_are_named_where_they_begin() {
    for sample in samples() {
        let content = String::from_utf8(sample.content().to_vec()).unwrap();
        let lines: Vec<&str> = content.split_inclusive('\n').collect();
        let at = lines.len() / 2;
        let (before, after) = (lines[..at].concat(), lines[at..].concat());
        let conflict = format!("{before}<<<<<<< HEAD\n{after}=======\n{after}>>>>>>> other\n");
        let line = u64::try_from(at).unwrap() + 1;
        assert_unreadable(&sample, &sample.with(conflict), "conflict", Some(line));
    }
}

/// A tree in which one file is something else than a file that can be read.
struct Odd<'a> {
    tree: &'a MapTree,
    path: &'a str,
    is_link: bool,
}

impl Tree for Odd<'_> {
    fn list(&self) -> Result<Listing, TreeError> {
        let mut listing = self.tree.list()?;
        for (path, kind) in &mut listing.files {
            if &**path == self.path && self.is_link {
                *kind = FileKind::Link;
            }
        }
        Ok(listing)
    }

    fn read(&self, path: &str, max: u64) -> Result<Vec<u8>, TreeError> {
        if path == self.path {
            return Err(TreeError::TooLarge { found: max + 1, max });
        }
        self.tree.read(path, max)
    }
}

#[test]
fn links_and_giants_are_unreadable() {
    for sample in samples() {
        // What only its content would claim cannot be told: nobody looked into it.
        if sample.format.looks.is_some_and(|looks| !looks("")) {
            continue;
        }
        for is_link in [true, false] {
            let odd = Odd { tree: &sample.tree, path: &sample.path, is_link };
            assert_unreadable(&sample, &odd, if is_link { "link" } else { "too large" }, Some(1));
        }
    }
}

/// What a byte order mark or other line ends change: nothing.
#[test]
fn marks_line_ends_and_utf_16_change_nothing() {
    for sample in samples() {
        let content = String::from_utf8(sample.content().to_vec()).unwrap();
        let sound = report(&sample.tree, STRICT);
        let bom = [b"\xEF\xBB\xBF", content.as_bytes()].concat();
        let crlf = content.replace('\n', "\r\n").into_bytes();
        let wide: Vec<u8> = std::iter::once(0xFEFF).chain(content.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for (what, content) in [("mark", bom), ("CR LF", crlf), ("UTF-16", wide)] {
            let twin = report(&sample.with(content), STRICT);
            let is_unreadable = twin["coverage"]["unreadable"] != sound["coverage"]["unreadable"];
            if is_unreadable && what == "UTF-16" {
                assert_ne!(twin["verdict"], "pass", "{}", sample.format.id);
                continue;
            }
            assert_eq!(told(&twin), told(&sound), "{} with {what}", sample.format.id);
        }
    }
}

/// What a report says but for digests and places.
pub(crate) fn told(report: &Value) -> (String, Vec<String>, Vec<String>) {
    let words = |list: &str, keys: &[&str]| {
        let rows = report[list].as_array().unwrap().iter();
        let mut rows: Vec<String> = rows.map(|row| keys.iter().map(|key| format!("{} ", row[*key])).collect()).collect();
        rows.sort();
        rows
    };
    let findings = words("findings", &["key", "level", "state", "message"]);
    let dependencies = words("dependencies", &["purl", "lockfile", "line", "origin", "scopes", "direct", "integrity", "tier"]);
    (report["verdict"].to_string(), findings, dependencies)
}

#[test]
fn cut_off_files_never_pass_silently() {
    for sample in samples() {
        let content = sample.content().to_vec();
        let whole = report(&sample.tree, STRICT);
        let stated = |report: &Value| {
            let lockfiles = report["lockfiles"].as_array().unwrap();
            lockfiles.iter().find(|lockfile| sample.names(lockfile)).map_or(0, |lockfile| lockfile["entries"].as_u64().unwrap())
        };
        for part in 0..12 {
            let cut = &content[..content.len() * part / 12];
            let report = report(&sample.with(cut), STRICT);
            let is_told = report["verdict"] != "pass" || stated(&report) <= stated(&whole);
            assert!(is_told && owns_up_or_empty(&sample, &report), "{} cut to {} bytes", sample.format.id, cut.len());
        }
    }
}

/// A file without any entry left may pass only if its format cannot tell that something is gone; then it says that it states nothing.
fn owns_up_or_empty(sample: &Sample, report: &Value) -> bool {
    owns_up(sample, report) || !sample.is(report) || {
        let lockfiles = report["lockfiles"].as_array().unwrap();
        lockfiles.iter().any(|lockfile| sample.names(lockfile) && lockfile["entries"] == 0)
    }
}

#[test]
fn nothing_at_all_is_no_lockfile_of_a_format_that_has_a_head() {
    // Formats whose files always state something about themselves; an empty one was damaged.
    let heads = ["npm-package-lock", "npm-shrinkwrap", "composer-lock", "package-json", "cargo-toml", "go-mod"];
    for sample in samples().into_iter().filter(|sample| heads.contains(&sample.format.id)) {
        for nothing in ["", "\n", " \n\t\n", "\u{feff}"] {
            let report = report(&sample.with(nothing), STRICT);
            assert_ne!(report["verdict"], "pass", "{} {nothing:?}: {report:#}", sample.format.id);
        }
    }
}

#[test]
fn deep_nesting_is_refused_and_no_stack_overflows() {
    const DEPTH: usize = 50_000;
    let nest = |open: &str, close: &str| format!("{}{}", open.repeat(DEPTH), close.repeat(DEPTH));
    let json = ["[", "{\"a\":"].map(|open| nest(open, if open == "[" { "]" } else { "}" }));
    let toml = [format!("a = {}", nest("[", "]")), format!("a = {}", nest("{a=", "}")), format!("[{}a]", "a.".repeat(DEPTH))];
    let yaml = [nest("[", "]"), nest("{a: ", "}"), format!("{}a", "- ".repeat(DEPTH)), indented(2_000)];
    let lines = [nest("(", ")"), nest("\"", "\""), nest("${a:-", "}"), format!("FROM {}", nest("${a:-", "}"))];
    for sample in samples() {
        let deep: &[String] = match sample.path.rsplit('.').next().unwrap() {
            "json" => &json,
            "toml" => &toml,
            "yaml" | "yml" => &yaml,
            "lock" if sample.format.id.starts_with("cargo") => &toml,
            "lock" if sample.format.id.starts_with("composer") => &json,
            _ => &lines,
        };
        for content in deep {
            let content = if sample.format.id == "compose" { format!("services: {content}") } else { content.clone() };
            if sample.format.looks.is_some_and(|looks| !looks(&content)) {
                continue;
            }
            let start: String = content.chars().take(20).collect();
            let begun = std::time::Instant::now();
            let report = report(&sample.with(content), STRICT);
            // Far more than linear work needs, far less than quadratic work takes.
            assert!(begun.elapsed().as_secs() < 20, "{} with {start}… took {:?}", sample.format.id, begun.elapsed());
            assert_ne!(report["verdict"], "pass", "{} with {start}…", sample.format.id);
        }
    }
}

fn indented(depth: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for level in 0..depth {
        let _ = writeln!(text, "{:level$}a:", "");
    }
    text
}

#[test]
fn a_version_of_the_future_is_not_taken_for_a_known_one() {
    let changes = [
        ("npm-package-lock", "\"lockfileVersion\": ", "\"lockfileVersion\": 9"),
        ("npm-shrinkwrap", "\"lockfileVersion\": ", "\"lockfileVersion\": 9"),
        ("cargo-lock", "version = ", "version = 9"),
        ("pnpm-lock", "lockfileVersion: '", "lockfileVersion: '9"),
        ("pnpm-lock", "lockfileVersion: ", "lockfileVersion: true # "),
    ];
    for sample in samples() {
        for (_, from, to) in changes.iter().filter(|(id, ..)| *id == sample.format.id) {
            let content = String::from_utf8(sample.content().to_vec()).unwrap();
            let changed = content.replacen(from, to, 1);
            if changed == content {
                continue;
            }
            let report = report(&sample.with(changed), STRICT);
            assert_ne!(report["verdict"], "pass", "{}", sample.format.id);
            let unreadable =
                report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "lockfile-unreadable");
            let path = unreadable.map(|finding| finding["places"][0]["path"].clone());
            assert_eq!(path, Some(Value::from(sample.path.as_str())), "{} {to}", sample.format.id);
        }
    }
}
