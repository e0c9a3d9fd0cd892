//! What strangers read first: its links lead somewhere, what it shows as output is output, and its policies are policies.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::policy::Folder;
use jiff::civil::{Date, date};
use packman::catalogue;
use packman::cli::{Environment, run};
use packman::policy::{self, Context};
use packman::text::{Side, Text, TextId};

use crate::derived::{fresh_all, root};

/// The day of every output that is shown.
pub(crate) const TODAY: Date = date(2026, 11, 24);

/// What a command prints to standard output; with `--what-if` as a terminal shows it, since the comparison is no part of the report.
pub(crate) fn packman(words: &[&str]) -> String {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut environment = Environment {
        stdout: &mut stdout,
        stderr: &mut stderr,
        is_stdout_coloured: false,
        is_stderr_coloured: false,
        today: TODAY,
        variable: &|_| None,
        confirm: None,
        pause: &|_| {},
        leave: None,
    };
    run(std::iter::once("packman").chain(words.iter().copied()).map(Into::into), &mut environment);
    if words.contains(&"--what-if") {
        stdout.append(&mut stderr);
    }
    assert!(stderr.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// Every page, relative to the root.
fn pages() -> Vec<String> {
    let mut pages: Vec<String> = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map(str::to_owned).into();
    for folder in ["docs", "docs/registries"] {
        let Ok(entries) = fs::read_dir(root().join(folder)) else { continue };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        pages.extend(
            names
                .filter(|name| Path::new(name).extension().is_some_and(|end| end == "md"))
                .map(|name| format!("{folder}/{name}")),
        );
    }
    pages.sort();
    pages
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// Lines outside of fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The targets of `[…](target)`; code spans hold none.
fn links(line: &str) -> Vec<String> {
    let outside: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    outside.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(str::to_owned).collect()
}

/// A heading's anchor, as code hosts and mdBook make it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut count = 0;
    for page in pages() {
        let text = read(&page);
        for link in prose(&text).flat_map(links).filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            count += 1;
            let (path, fragment) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => page.clone(),
                path => PathBuf::from(&page).parent().unwrap().join(path).to_str().unwrap().to_owned(),
            };
            if !root().join(&target).exists() {
                broken.push(format!("{page}: {link}: no such file"));
            } else if page.starts_with("docs/") && path.starts_with("../") && !page.starts_with("docs/registries/") {
                broken.push(format!("{page}: {link}: leads out of the book"));
            } else if !fragment.is_empty() && !prose(&read(&target)).any(|line| line.starts_with('#') && anchor(line) == fragment)
            {
                broken.push(format!("{page}: {link}: no such heading"));
            }
        }
    }
    assert!(count > 50, "only {count} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let summary = read("docs/SUMMARY.md");
    let listed: Vec<String> = summary.lines().flat_map(links).map(|link| format!("docs/{link}")).collect();
    let unique: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(unique.len(), listed.len(), "a page stands twice");
    for page in pages().into_iter().filter(|page| page.starts_with("docs/") && page != "docs/SUMMARY.md") {
        assert!(listed.contains(&page), "{page} is not in docs/SUMMARY.md");
    }
}

/// `<!-- shown: packman COMMAND -->` before a block of text: what the command prints. With `; WORDS; WORDS …` behind it, only the
/// paragraphs that hold some of these words, and `…` for what lies between. `<!-- file: PATH -->` before a block of TOML: that file.
#[test]
fn outputs_are_outputs() {
    // Pages that show none are left alone: another test may be writing them.
    let pages = pages().into_iter().map(|page| (page.clone(), read(&page))).filter(|(_, text)| text.contains("<!-- shown: "));
    let files: Vec<(String, String)> = pages.map(|(page, text)| (page, with_outputs(&text))).collect();
    assert!(files.len() > 3, "only {} pages show an output", files.len());
    fresh_all(&files);
}

fn with_outputs(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out += line;
        out.push('\n');
        if let Some(path) = line.strip_prefix("<!-- file: ").and_then(|rest| rest.strip_suffix(" -->")) {
            assert_eq!(lines.next(), Some("```toml"), "a block of TOML follows {line}");
            assert!(lines.by_ref().any(|line| line == "```"), "the block after {line} ends");
            writeln!(out, "```toml\n{}\n```", read(path).trim_end()).unwrap();
            continue;
        }
        let Some(command) = line.strip_prefix("<!-- shown: packman ").and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        assert_eq!(lines.next(), Some("```text"), "a block of text follows {line}");
        assert!(lines.by_ref().any(|line| line == "```"), "the block after {line} ends");
        let mut parts = command.split("; ");
        let words: Vec<&str> = parts.next().unwrap().split(' ').collect();
        let output = excerpt(&packman(&words), &parts.collect::<Vec<_>>());
        writeln!(out, "```text\n{}\n```", output.trim_end()).unwrap();
    }
    out
}

/// The folders of the worked repository are one repository, step by step: each differs from the one before in what its step is about.
#[test]
fn the_guide_s_repository_changes_as_the_guide_says() {
    let files = |step: &str| {
        let mut files = std::collections::BTreeMap::new();
        let folder = root().join("fixtures/guide").join(step);
        crate::golden::collect(&folder, &folder, &mut files);
        files
    };
    for (before, after, expected) in [
        ("1-begin", "2-gate", &["packman.toml"][..]),
        ("2-gate", "3-change", &["web/package-lock.json"]),
        ("2-gate", "4-strict", &["packman-baseline.toml", "packman.toml"]),
    ] {
        let (before, after) = (files(before), files(after));
        let changed = |path: &&String| before.get(*path) != after.get(*path);
        let paths: BTreeSet<&String> = before.keys().chain(after.keys()).filter(changed).collect();
        assert_eq!(paths.into_iter().collect::<Vec<_>>(), expected);
    }
}

fn excerpt(output: &str, wanted: &[&str]) -> String {
    if wanted.is_empty() {
        return output.to_owned();
    }
    for words in wanted {
        assert!(output.contains(words), "`{words}` is not in the output");
    }
    let mut kept: Vec<&str> = Vec::new();
    for paragraph in output.trim_end().split("\n\n") {
        if wanted.iter().any(|words| paragraph.contains(words)) {
            kept.push(paragraph);
        } else if kept.last() != Some(&"…") {
            kept.push("…");
        }
    }
    kept.join("\n\n")
}

#[test]
fn policies_are_policies() {
    let records: Vec<(&str, &[packman::ecosystem::Ecosystem])> =
        catalogue::all().map(|id| (id.row().id, id.row().ecosystems)).collect();
    let mut count = 0;
    for page in pages() {
        for example in read(&page).split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
            count += 1;
            let id = TextId { side: Side::Head, index: 0 };
            let (text, _) = Text::decode(id, "packman.toml", example.as_bytes().to_vec());
            if example.contains("[[case]]") {
                assert!(policy::load_cases(&text).is_ok(), "{page}: {example}");
                continue;
            }
            let files = Folder::of_the_guide(example);
            let loaded =
                policy::load(Some(&text), &Context { records: &records, today: TODAY, levels: &[], files: Some(&files) });
            assert!(loaded.is_ok(), "{page}: {example}\n{:?}", loaded.err());
        }
    }
    assert!(count > 12);
}
