//! `packman explain --policy`: `fixtures/explain/<case>.txt` is what it says of all dependencies of `fixtures/check/<case>`.

use packman::cli::Exit;

use crate::cli::{Folder, packman};
use crate::golden::{self, fixtures};

const CASES: [&str; 4] = [
    "a-policy-of-several-files",
    "a-tier-and-a-control-are-asked",
    "exceptions-that-hold-end-and-lapse",
    "registries-by-your-policy",
];

fn explain(words: &[&str]) -> String {
    let ran = packman(&[&["explain", "--policy"], words].concat());
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Pass, ""), "{}", ran.out);
    ran.out
}

#[test]
fn every_question_names_the_line_that_decides() {
    let mut stale = Vec::new();
    for case in CASES {
        let root = fixtures().join("check").join(case);
        let told = explain(&["*", root.to_str().unwrap(), "--today", "2026-11-24"]);
        stale.extend(golden::stale(&fixtures().join("explain").join(case).with_extension("txt"), &told));
    }
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

#[test]
fn the_floor_has_its_own_part() {
    let root = fixtures().join("check").join("a-policy-of-several-files");
    let root = root.to_str().unwrap();
    let floor = Folder::of(&[("floor.toml", "[minimum]\ntier = 3\n[[minimum.for]]\npath = \"tools\"\ntier = 2\n")]);
    let told = explain(&["@acme/tool", root, "--floor", &floor.at("floor.toml")]);
    let at = |place: &str| floor.at("floor.toml") + place;
    for line in [
        format!("  under the floor {}\n    comes from   unknown (class unknown)\n", at("")),
        format!(
            "    tier         tier 2, by `[[minimum.for]]` with path = \"tools\" at {}: the most specific that fits\n",
            at(":5:1")
        ),
        format!("                 not tier 3, by `[minimum]` at {}\n", at(":2:1")),
    ] {
        assert!(told.contains(&line), "{line} is not in\n{told}");
    }
}

#[test]
fn names_are_escaped_and_nothing_is_invented() {
    let reason = "a\\u001b[31m\\n::error::b";
    let policy = format!(
        "[[exceptions]]\nrule = \"unknown-registry\"\npath = \"**\"\nreason = \"{reason}\"\nowner = \"o\"\nuntil = 2026-12-30\n"
    );
    let lock = "{ \"lockfileVersion\": 3, \"packages\": { \"\": {}, \"node_modules/a\": { \"version\": \"1.0.0\", \"resolved\": \
                \"https://evil.example/a/-/a-1.0.0.tgz\" } } }";
    let folder = Folder::of(&[("packman.toml", &policy), ("package-lock.json", lock)]);
    let told = explain(&["*", &folder.at("")]);
    assert!(told.contains("accepts the finding until 2026-12-30; o: a"), "{told}");
    assert!(!told.contains('\u{1b}') && !told.lines().any(|line| line.trim_start().starts_with("::")), "{told}");
    assert_eq!(told, explain(&["*", &folder.at("")]));
    let ran = packman(&["explain", "--policy", "no-such-package", &folder.at("")]);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Fail, "not found: no lockfile here states `no-such-package`\n"));
    assert_eq!(packman(&["explain", "--today", "2026-11-24"]).exit, Exit::Usage);
}
