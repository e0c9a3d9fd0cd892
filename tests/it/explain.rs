//! `packman check --explain`: `fixtures/explain/check/<case>.txt` is what it says of `fixtures/check/<case>`, of the demo, of a change and under a
//! floor. `packman explain --policy`: `fixtures/explain/<case>.txt` is what it says of all dependencies of `fixtures/check/<case>`.

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

/// What each case says when it is explained, below the table of registries.
fn explained(words: &[&str]) -> String {
    let ran = packman(&[&["check", "--explain", "--today", "2026-11-24"], words].concat());
    assert!(ran.err.is_empty(), "{}", ran.err);
    ran.out
}

#[test]
fn a_check_shows_the_arithmetic_of_each_finding() {
    let golden = |case: &str| fixtures().join("explain/check").join(case).with_extension("txt");
    let mut stale = Vec::new();
    for (case, _) in crate::check::cases() {
        let root = Some(case.join("head")).filter(|head| head.is_dir()).unwrap_or_else(|| case.clone());
        let name = case.file_name().unwrap().to_str().unwrap();
        stale.extend(golden::stale(&golden(name), &explained(&[root.to_str().unwrap()])));
    }
    let demo = fixtures().join("demo");
    let demo = demo.to_str().unwrap();
    stale.extend(golden::stale(&golden("the-demo"), &explained(&[demo])));
    let sides = ["base", "head"].map(|side| fixtures().join("diff").join(side).to_str().unwrap().to_owned());
    let changed = explained(&[&sides[1], "--base", &sides[0]]).replace(&sides[0], "…");
    stale.extend(golden::stale(&golden("a-change"), &changed));
    let folder = Folder::of(&[(
        "floor.toml",
        "extends = [\"observe\"]\n[minimum]\ntier = 3\n[levels]\ntier-below-minimum = \"deny\"\n[[minimum.for]]\necosystem = \"npm\"\nreading = \"guaranteed\"\nany-of = [{ tier = 2 }, { controls = [\"mfa-to-push\", \"code-signing\"] }]\n",
    )]);
    let floored = explained(&[demo, "--floor", &folder.at("floor.toml")]).replace(&folder.at(""), "…/");
    stale.extend(golden::stale(&golden("under-a-floor"), &floored));
    let folder = mirrored();
    let mirror = explained(&[&folder.at("")]).replace(&folder.at(""), "…/");
    stale.extend(golden::stale(&golden("a-mirror"), &mirror));
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

/// A declared mirror with packages of its own, one without, a default of the policy, an overlay that has ended, several candidates.
fn mirrored() -> Folder {
    let entry = |name: &str, host: &str| {
        format!(
            "\"node_modules/{name}\": {{ \"version\": \"1.0.0\", \"resolved\": \"https://{host}/{name}/-/{}-1.0.0.tgz\", \"integrity\": \"sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\" }}",
            name.rsplit('/').next().unwrap()
        )
    };
    let entries = [entry("left-pad", "npm.acme.example"), entry("@acme/ui", "npm.acme.example"), entry("b", "npm.other.example")];
    let lock = format!("{{ \"lockfileVersion\": 3, \"packages\": {{ \"\": {{}},\n{}\n}} }}\n", entries.join(",\n"));
    let policy = "[minimum]\ntier = 2\nreading = \"guaranteed\"\n\n[origins]\ndefault-registry = { golang = \"go\" }\n\n[overlays.npm]\nstatus = \"absent\"\nreason = \"an incident\"\nowner = \"@acme/security\"\nuntil = 2026-11-01\n\n[registries.acme]\necosystem = \"npm\"\nurls = [\"https://npm.acme.example/\"]\nmirror-of = \"npm\"\nown = [\"@acme/*\"]\nowner = \"@acme/platform\"\nreason = \"publishing needs a key\"\n[registries.acme.controls]\nmfa-to-push = \"enforced\"\n\n[registries.other]\necosystem = \"npm\"\nurls = [\"https://npm.other.example/\"]\n\n[[exceptions]]\nrule = \"tier-below-minimum\"\npackage = \"pkg:npm/b\"\nreason = \"soon gone\"\nowner = \"@acme/web\"\nuntil = 2026-11-20\n";
    let requirements =
        format!("--extra-index-url https://pypi.other.example/simple\nidna==3.10 --hash=sha256:{}\n", "ab".repeat(32));
    Folder::of(&[
        ("package-lock.json", &lock),
        ("packman.toml", policy),
        ("go.mod", "module a.example/a\n\ngo 1.24\n\nrequire golang.org/x/text v0.21.0\n"),
        ("requirements.txt", &requirements),
    ])
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
