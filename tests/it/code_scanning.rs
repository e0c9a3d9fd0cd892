//! What code scanning makes of our SARIF: on every fixture, with and without a base, and at its limits.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use packman::formats::FORMATS;
use packman::judge::Verdict;
use packman::report::{REPORTERS, Style, by_id, sarif_rule_ids};
use packman::tree::{MapTree, Tree};
use packman::{Base, Request, compare};
use serde_json::Value;

use crate::base::stories;
use crate::derived::{fresh, root};
use crate::gate::{STRICT, output, request};
use crate::golden::{collect, fixtures};
use crate::sarif::{self, npm_lock};

/// Asks so much of every registry that each package has an alert.
const HARD: &str = "extends = [\"strict\"]\n[minimum]\ntier = 3\n";

/// A tree with what it is compared with, and a policy given by hand.
struct Judged {
    name: String,
    head: MapTree,
    base: Option<MapTree>,
    given: Option<String>,
}

fn tree_of(folder: &std::path::Path) -> MapTree {
    let mut tree = MapTree::default();
    collect(folder, folder, &mut tree.0);
    tree
}

/// Every fixture: those of the formats under a hard policy, the stories under theirs.
fn all() -> Vec<Judged> {
    let alone =
        |name: String, head: MapTree, given: Option<&str>| Judged { name, head, base: None, given: given.map(str::to_owned) };
    let mut all = vec![alone("demo".to_owned(), tree_of(&fixtures().join("demo")), None)];
    for format in FORMATS {
        let folders = std::fs::read_dir(fixtures().join(format.id)).unwrap().map(|case| case.unwrap().path());
        all.extend(
            folders.filter(|case| case.is_dir()).map(|case| alone(case.display().to_string(), tree_of(&case), Some(HARD))),
        );
    }
    all.extend(crate::check::cases().into_iter().map(|(case, tree)| alone(case.display().to_string(), tree, None)));
    for (number, story) in stories().into_iter().enumerate() {
        all.push(Judged { name: format!("story {number}"), head: story.head, base: Some(story.base), given: story.given });
    }
    let diff = fixtures().join("diff");
    let (head, base) = (tree_of(&diff.join("head")), Some(tree_of(&diff.join("base"))));
    all.push(Judged { name: "diff".to_owned(), head, base, given: Some(STRICT.to_owned()) });
    all
}

fn asked(given: Option<&str>) -> Request {
    let none = || Request {
        policy: None,
        floor: None,
        cargo_metadata: None,
        levels: Vec::new(),
        today: "2026-11-24".parse().unwrap(),
        notes: Vec::new(),
    };
    given.map_or_else(none, request)
}

/// SARIF and the verdict; none where the policy cannot be applied.
fn judged(head: &dyn Tree, base: Option<&dyn Tree>, given: Option<&str>) -> Option<(String, Verdict)> {
    let base = base.map(|tree| Base { tree, name: String::new() });
    let answer = compare(head, base.as_ref(), asked(given), |report| {
        let mut bytes = Vec::new();
        (by_id("sarif").unwrap().write)(report, Style::default(), &mut bytes).unwrap();
        (String::from_utf8(bytes).unwrap(), report.verdict)
    });
    answer.ok()
}

/// Code scanning's own check, as GitHub sets it up: whether an alert is an error, or of high severity.
fn check_fails(run: &Value) -> bool {
    run["results"].as_array().unwrap().iter().any(|result| {
        let rule = &run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        let severity: f64 = rule["properties"]["security-severity"].as_str().unwrap().parse().unwrap();
        assert_eq!(result["level"] == "error", severity >= 7.0, "{result}");
        severity >= 7.0
    })
}

/// On every fixture: what `sarif::read` demands of rules, places, messages and hashes, ids that are known, and a check of code scanning
/// that fails where ours does.
#[test]
fn every_fixture_is_fit_for_code_scanning() {
    let ids = sarif_rule_ids();
    let (mut reports, mut results) = (0, 0);
    for Judged { name, head, base, given } in all() {
        let Some((log, verdict)) = judged(&head, base.as_ref().map(|base| base as &dyn Tree), given.as_deref()) else { continue };
        let run = sarif::read(&log, &head);
        (reports, results) = (reports + 1, results + run["results"].as_array().unwrap().len());
        let declares = |text: &[u8]| String::from_utf8_lossy(text).contains("[registries");
        if !head.0.values().chain(base.iter().flat_map(|base| base.0.values())).any(|text| declares(text)) {
            for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
                let id = rule["id"].as_str().unwrap();
                assert!(ids.contains(id.strip_suffix("-warn").unwrap_or(id)), "{name}: {id}");
            }
        }
        let told = run["invocations"][0]["toolExecutionNotifications"].as_array().cloned().unwrap_or_default();
        let is_told = told.iter().any(|one| one["level"] == "error");
        match verdict {
            // What was there before decides nothing, and is an alert all the same.
            Verdict::Pass if base.is_some() => {}
            Verdict::Pass => assert!(!check_fails(&run), "{name}: stricter than the gate"),
            Verdict::Fail | Verdict::Undecided => assert!(check_fails(&run) || is_told, "{name}: laxer than the gate"),
        }
    }
    assert!(reports > 300 && results > 1000, "{reports} reports, {results} results");
}

/// Where everything only warns, code scanning's check never fails.
#[test]
fn what_only_warns_fails_no_check() {
    for Judged { name, head, .. } in all() {
        let observe = "extends = [\"observe\"]\n[minimum]\ntier = 3\n";
        let (log, verdict) = judged(&head, None, Some(observe)).unwrap();
        let run = sarif::read(&log, &head);
        assert!(verdict == Verdict::Pass && !check_fails(&run), "{name}");
    }
}

#[test]
fn severity_follows_level_and_tier() {
    let basic = [
        "strong-authentication",
        "mfa-to-push",
        "security-contacts",
        "package-security-notifications",
        "source-provenance",
        "update-notifications",
    ];
    let more = [
        "code-signing",
        "static-analysis",
        "dependency-analysis",
        "no-code-execution",
        "no-data-collection",
        "roles-guide",
        "roles-review",
    ];
    let enforced = |ids: &[&str]| ids.iter().map(|id| format!("{id} = \"enforced\"")).collect::<Vec<_>>().join(", ");
    let tiers = [(1, String::new()), (2, enforced(&basic)), (3, enforced(&[&basic[..], &more].concat()))];
    let lock = npm_lock(1, "npm.acme.example", false);
    for (tier, controls) in &tiers {
        for (level, expected) in [("deny", ("error", if *tier == 1 { "8.5" } else { "7.5" })), ("warn", ("warning", "5.5"))] {
            let declared = format!(
                "[registries.acme]\necosystem = \"npm\"\nurls = [\"https://npm.acme.example/\"]\ncontrols = {{ {controls} }}\nreason = \"r\"\nowner = \"o\"\n"
            );
            let policy = format!("[levels]\nintegrity-missing = \"{level}\"\n{declared}");
            let tree = MapTree::of(&[("package-lock.json", &lock), ("packman.toml", &policy)]);
            let run = sarif::read(&output(&tree, None, "sarif"), &tree);
            let report: Value = serde_json::from_str(&output(&tree, None, "json")).unwrap();
            assert_eq!(report["registries"][0]["tier"]["offered"], *tier);
            assert_eq!(severity(&run, "integrity-missing-acme"), expected, "{level} at tier {tier}");
        }
    }
    for (level, expected) in [("deny", ("error", "8.5")), ("warn", ("warning", "5.5"))] {
        let policy = format!("[levels]\nunknown-registry = \"{level}\"\n");
        let run = run(&policy);
        assert_eq!(severity(&run, "unknown-registry"), expected);
    }
    for (level, expected) in [("deny", ("error", "7.5")), ("undecided", ("error", "7.5")), ("warn", ("warning", "5.5"))] {
        let run = run(&format!("[levels]\nlockfile-unreadable = \"{level}\"\n"));
        assert_eq!(severity(&run, "lockfile-unreadable"), expected);
    }
    // Never looked for, so no rule of the run.
    let run = run("[levels]\nunknown-registry = \"allow\"\n");
    assert!(run["tool"]["driver"]["rules"].as_array().unwrap().iter().all(|rule| rule["id"] != "unknown-registry"));
}

fn run(policy: &str) -> Value {
    let tree = MapTree::of(&[("package-lock.json", &npm_lock(1, "npm.example.net", false)), ("packman.toml", policy)]);
    sarif::read(&output(&tree, None, "sarif"), &tree)
}

fn severity<'r>(run: &'r Value, id: &str) -> (&'r str, &'r str) {
    let rule = run["tool"]["driver"]["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == id).unwrap();
    (rule["defaultConfiguration"]["level"].as_str().unwrap(), rule["properties"]["security-severity"].as_str().unwrap())
}

/// A declared registry may be called `warn`, so that two rules have one id: the severity of the stricter one holds for both.
#[test]
fn an_id_for_two_rules_is_never_laxer_than_one_of_them() {
    let declared = "[registries.warn]\necosystem = \"npm\"\nurls = [\"https://warn.example/\"]\nreason = \"r\"\nowner = \"o\"\ncontrols = { mfa-to-push = \"enforced\" }\n";
    let policy = format!("[levels]\nunpinned-origin = \"deny\"\nunpinned-reference = \"warn\"\n{declared}");
    let lock = npm_lock(1, "warn.example", false);
    let tree = MapTree::of(&[("Dockerfile", "FROM $BASE\n"), ("package-lock.json", &lock), ("packman.toml", &policy)]);
    let run = sarif::read(&output(&tree, None, "sarif"), &tree);
    assert_eq!(severity(&run, "unpinned-origin-warn"), ("error", "7.5"));
}

/// `fixtures/sarif/rule-ids.txt` has every id that was ever there. Alerts are kept by them: one that goes leaves its alerts open for ever.
#[test]
fn rule_ids_never_go() {
    const PATH: &str = "fixtures/sarif/rule-ids.txt";
    let now = sarif_rule_ids();
    let committed = std::fs::read_to_string(root().join(PATH)).unwrap_or_default();
    let gone: Vec<&str> = committed.lines().filter(|id| !now.contains(*id)).collect();
    assert!(gone.is_empty(), "rule ids never change, these are gone: {gone:?}");
    fresh(PATH, &now.iter().map(|id| format!("{id}\n")).collect::<String>());
}

/// Rule without its level, file, and the finding's own fingerprint, of every result.
fn known(log: &str) -> BTreeSet<(String, String, String)> {
    let log: Value = serde_json::from_str(log).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of_result = |result: &Value| {
        let id = text(&result["ruleId"]);
        let id = id.strip_suffix("-warn").map(str::to_owned).unwrap_or(id);
        (id, sarif::path(&result["locations"][0]), text(&result["partialFingerprints"]["packmanFinding/v1"]))
    };
    results.map(of_result).collect()
}

/// Code scanning closes what is missing from an upload: with a base there is everything that there is without one, and what only a
/// comparison finds.
#[test]
fn a_base_takes_nothing_away() {
    let mut added = 0;
    for (number, story) in stories().into_iter().enumerate() {
        let given = story.given.as_deref();
        let Some((alone, _)) = judged(&story.head, None, given) else { continue };
        let with_base = judged(&story.head, Some(&story.base), given).unwrap().0;
        let (alone, with_base) = (known(&alone), known(&with_base));
        let missing: Vec<_> = alone.difference(&with_base).collect();
        assert!(missing.is_empty(), "story {number}: {missing:?} are not in {with_base:?}");
        added += with_base.len() - alone.len();
    }
    assert!(added > 50, "{added}");
}

/// Paths that mean something in an address, on a real disk: they come back from `decodeURIComponent`, and nothing of this machine is told.
#[cfg(unix)]
#[test]
fn hostile_paths_are_addresses_and_the_machine_is_not_told() {
    let names = [
        "a b",
        "c#d",
        "e%2Fg",
        "%",
        "h?i",
        "é/ü",
        "[id]",
        "(group)/@slot",
        "j:k",
        "l\\m",
        "n\"o",
        "p'q",
        "r+s",
        "t&u=v",
        "<w>",
        "new\nline",
        "tab\t",
        "🦀",
        "--dash",
        "..dots",
        "trailing ",
        "{x}",
        "y|z^",
        "`tick`",
        "C:",
        "~",
        "file:",
        "data:text",
        "\u{202e}rtl",
        "\u{1b}[31m",
    ];
    let place = crate::tree::Place::repository();
    let lock = npm_lock(1, "npm.example.net", false);
    let files: BTreeSet<String> = names.iter().map(|name| format!("{name}/package-lock.json")).collect();
    for path in &files {
        place.write(path, &lock);
    }
    let ran = crate::cli::packman(&["check", place.0.to_str().unwrap(), "--output", "sarif=-"]);
    let tree = MapTree(files.iter().map(|path| (path.clone(), lock.clone().into_bytes())).collect());
    let run = sarif::read(&ran.out, &tree);
    let found: BTreeSet<String> =
        run["results"].as_array().unwrap().iter().map(|result| sarif::path(&result["locations"][0])).collect();
    assert_eq!(found, files);
    let of_machine =
        ["HOME", "USER", "HOSTNAME", "PWD", "CARGO_MANIFEST_DIR"].map(|name| std::env::var(name).unwrap_or_default());
    let paths = [place.0.to_str().unwrap().to_owned(), std::env::temp_dir().to_str().unwrap().to_owned()];
    for told in of_machine.iter().chain(&paths).filter(|told| told.len() > 3 && *told != "root") {
        assert!(!ran.out.contains(told.as_str()), "{told}");
    }
}

/// A policy that cannot be applied leaves no SARIF that somebody could upload as an answer.
#[test]
fn nothing_is_written_where_nothing_was_judged() {
    let folder = crate::cli::Folder::of(&[("Cargo.lock", "version = 4\n"), ("packman.toml", "nonsense = 1\n")]);
    let ran = crate::cli::packman(&["check", &folder.at(""), "--output", &format!("sarif={}", folder.at("out.sarif"))]);
    assert_eq!((ran.exit, folder.names().contains(&"out.sarif".to_owned())), (packman::cli::Exit::Usage, false), "{}", ran.err);
}

/// Every output of a tree, by id.
fn outputs(tree: &dyn Tree) -> BTreeMap<&'static str, Vec<u8>> {
    let written = compare(tree, None, asked(None), |report| {
        let write =
            |id: &'static str, write: fn(&packman::judge::Report<'_>, Style, &mut dyn std::io::Write) -> std::io::Result<()>| {
                let mut bytes = Vec::new();
                write(report, Style::default(), &mut bytes).unwrap();
                (id, bytes)
            };
        REPORTERS.iter().map(|reporter| write(reporter.id, reporter.write)).collect()
    });
    written.unwrap()
}

#[test]
fn two_runs_on_the_demo_give_the_same_bytes() {
    let demo = tree_of(&fixtures().join("demo"));
    let (first, second) = (outputs(&demo), outputs(&demo));
    assert_eq!(first.len(), REPORTERS.len());
    for (id, bytes) in &first {
        assert!(!bytes.is_empty() && *bytes == second[id], "{id}");
    }
}

/// Ten thousand findings: the same bytes twice, and everything that code scanning limits.
#[test]
fn ten_thousand_findings_stay_within_all_limits() {
    let files =
        (0..200).map(|number| (format!("{number:03}/package-lock.json"), npm_lock(50, "npm.example.net", false).into_bytes()));
    let tree = MapTree(files.collect());
    let (first, second) = (outputs(&tree), outputs(&tree));
    for (id, bytes) in &first {
        assert!(*bytes == second[id], "{id}");
    }
    let report: Value = serde_json::from_slice(&first["json"]).unwrap();
    assert!(report["counts"]["deny"].as_u64().unwrap() >= 10_000, "{}", report["counts"]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&first["sarif"]).unwrap();
    assert!(packed.finish().unwrap().len() <= 7_000_000);
    let log: Value = serde_json::from_slice(&first["sarif"]).unwrap();
    let run = &log["runs"][0];
    assert!(run["tool"]["driver"]["rules"].as_array().unwrap().len() <= 25_000);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5000);
    for result in results {
        let related = result["relatedLocations"].as_array().map_or(0, Vec::len);
        assert!(related <= 100 && result["locations"].as_array().unwrap().len() == 1);
    }
    let told = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(told.contains("Code scanning keeps 5000 results; ") && told.contains(" more are left out"), "{told}");
    assert!(first["summary"].len() <= 1024 * 1024);
}
