//! Floors: a policy from outside, which the repository's own may only tighten.

use packman::gate::{Floor, outside_text};
use packman::report::{Style, by_id};
use packman::tree::{MapTree, Tree};
use packman::{Base, Request, compare};
use serde_json::Value;

use crate::check::cases;
use crate::cli::{Folder, packman};
use crate::gate::request;
use crate::tree::git;

/// npm's lockfile with one package from nowhere.
fn lockfile() -> String {
    String::from(
        "{ \"lockfileVersion\": 3, \"packages\": { \"\": { \"dependencies\": { \"evil\": \"1\" } },\n\"node_modules/evil\": { \"version\": \
         \"1.0.0\", \"resolved\": \"https://npm.evil.example/evil/-/evil-1.0.0.tgz\", \"integrity\": \
         \"sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==\" } } }",
    )
}

fn tree(policy: &str) -> MapTree {
    MapTree::of(&[("packman.toml", policy), ("package-lock.json", &lockfile())])
}

fn asked(floor: Option<&str>) -> Request {
    let floor = floor.map(|floor| Floor { text: outside_text(2, "floor.toml", floor.as_bytes().to_vec()).0, is_editable: false });
    Request { policy: None, floor, ..request("") }
}

fn told(head: &dyn Tree, base: Option<&dyn Tree>, request: Request, id: &str) -> String {
    let base = base.map(|tree| Base { tree, name: String::new() });
    let bytes = compare(head, base.as_ref(), request, |report| {
        let mut bytes = Vec::new();
        (by_id(id).unwrap().write)(report, Style::default(), &mut bytes).unwrap();
        bytes
    });
    String::from_utf8(bytes.unwrap()).unwrap()
}

fn report(head: &dyn Tree, floor: &str) -> Value {
    serde_json::from_str(&told(head, None, asked(Some(floor)), "json")).unwrap()
}

/// Each finding as `rule level state judged-by`, sorted.
fn findings(report: &Value) -> Vec<String> {
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let line = |finding: &Value| ["rule", "level", "state", "judged_by"].map(|key| word(finding, key)).join(" ");
    let mut lines: Vec<String> = report["findings"].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

fn notes(report: &Value) -> Vec<&str> {
    report["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect()
}

const SILENT: &str = "[levels]\nunknown-registry = \"allow\"\ninsecure-origin = \"allow\"\n";

#[test]
fn the_worse_verdict_stands() {
    let silent = tree(SILENT);
    let report_of = |floor| report(&silent, floor);
    let bad = report_of("");
    assert_eq!((&bad["verdict"], findings(&bad)), (&"fail".into(), vec!["unknown-registry deny new floor".to_owned()]));
    let roles: Vec<(&str, &str)> = bad["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| (input["path"].as_str().unwrap(), input["role"].as_str().unwrap()))
        .collect();
    assert!(roles.contains(&("floor.toml", "floor")) && roles.contains(&("packman.toml", "policy")), "{roles:?}");
    assert_eq!(report_of(SILENT)["verdict"], "pass");
    // Tightened by the repository: its own word stands.
    let strict = report(&tree(""), SILENT);
    assert_eq!(findings(&strict), ["unknown-registry deny new policy"]);
    // Both see it alike: the repository's own policy is named.
    assert_eq!(findings(&report(&tree(""), "")), ["unknown-registry deny new policy"]);
    // A milder level of the repository's is raised, and told once.
    let warned = report(&tree("[levels]\nunknown-registry = \"warn\"\n"), "");
    assert_eq!(findings(&warned), ["unknown-registry deny new floor"]);
}

#[test]
fn the_command_line_does_not_lower_it() {
    let levels = vec!["unknown-registry=allow".to_owned()];
    let request = Request { levels, ..asked(Some("")) };
    let report: Value = serde_json::from_str(&told(&tree(""), None, request, "json")).unwrap();
    assert_eq!(findings(&report), ["unknown-registry deny new floor"]);
}

const EXCEPTION: &str = "[[exceptions]]\nrule = \"unknown-registry\"\npackage = \"pkg:npm/evil\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2027-02-01\n";

#[test]
fn exceptions_count_where_it_allows_them() {
    let tree = tree(EXCEPTION);
    let of = |floor: &str| report(&tree, floor);
    assert_eq!(findings(&of("")), ["unknown-registry deny new floor"]);
    assert_eq!(findings(&of("[floor]\nallow-exceptions = [\"integrity-missing\"]\n")), ["unknown-registry deny new floor"]);
    let allowed = "[floor]\nallow-exceptions = [\"unknown-registry\"]\n";
    assert_eq!(findings(&of(allowed)), ["unknown-registry deny excepted policy"]);
    // 69 days from the day of judgement.
    assert_eq!(findings(&of(&format!("exception-days-max = 69\n{allowed}"))), ["unknown-registry deny excepted policy"]);
    let long = of(&format!("exception-days-max = 68\n{allowed}"));
    assert_eq!(findings(&long), ["unknown-registry deny new floor"]);
    let note = "under the floor, an exception from `unknown-registry` counts for nothing: it lasts 69 days from today, and the floor accepts 68";
    assert!(notes(&long).contains(&note), "{:?}", notes(&long));
    let many = of(&format!("exception-count-max = 0\n{allowed}"));
    assert_eq!(findings(&many), ["unknown-registry deny new floor"]);
    assert!(notes(&many)[0].ends_with("it is number 1, and the floor accepts 0"), "{:?}", notes(&many));
}

/// What only the floor asks may be excepted in the repository's policy, where the floor lets it.
#[test]
fn an_exception_that_only_the_floor_needs_is_used() {
    let policy = format!("[levels]\nunknown-registry = \"allow\"\n{EXCEPTION}");
    let tree = tree(&policy);
    let allowed = report(&tree, "[floor]\nallow-exceptions = [\"unknown-registry\"]\n");
    assert_eq!(findings(&allowed), ["unknown-registry deny excepted floor"]);
    assert_eq!(allowed["findings"][0]["exception"], "from `unknown-registry` for `pkg:npm/evil`");
    assert_eq!(
        findings(&report(&tree, "extends = [\"observe\"]")),
        ["exception-unused warn new policy", "unknown-registry warn new floor"]
    );
}

#[test]
fn a_baseline_counts_where_it_allows_that() {
    let baseline = "findings = [\n{ rule = \"unknown-registry\", origin = \"unknown\", package = \"pkg:npm/evil@1.0.0\", path = \
                    \"package-lock.json\", address = \"https://npm.evil.example/evil/-/evil-1.0.0.tgz\", since = 2026-11-01 },\n]\n";
    let with = |policy: &str| {
        let mut tree = tree(policy);
        tree.0.insert("packman-baseline.toml".to_owned(), baseline.as_bytes().to_vec());
        tree
    };
    let own: Value = serde_json::from_str(&told(&with(""), None, asked(None), "json")).unwrap();
    assert_eq!(findings(&own), ["unknown-registry deny baselined policy"]);
    assert_eq!(findings(&report(&with(""), "")), ["unknown-registry deny new floor"]);
    let allowed = "[floor]\nallow-baseline = [\"unknown-registry\"]\n";
    assert_eq!(findings(&report(&with(""), allowed)), ["unknown-registry deny baselined policy"]);
    // A line that only the floor needs is no stale one.
    let needed = report(&with(SILENT), allowed);
    assert_eq!(findings(&needed), ["unknown-registry deny baselined floor"]);
    assert!(notes(&needed).is_empty() && needed["baseline"]["stale"] == 0, "{:?}", notes(&needed));
}

#[test]
fn what_the_repository_declares_and_excludes_is_its_own() {
    let declared = "[registries.evil]\necosystem = \"npm\"\nurls = [\"https://npm.evil.example/\"]\n";
    let declares = tree(declared);
    assert_eq!(findings(&report(&declares, "")), ["unknown-registry deny new floor"]);
    assert_eq!(report(&declares, declared)["verdict"], "pass");
    let excludes = tree("exclude = [\"package-lock.json\"]\nno-lockfile = \"allow\"\n");
    let report = report(&excludes, "");
    assert_eq!(findings(&report), ["unknown-registry deny new floor"]);
    assert_eq!(report["findings"][0]["places"][0]["path"], "package-lock.json");
    // Nothing at all: the floor's word on that counts too.
    let nothing = MapTree::of(&[("packman.toml", "no-lockfile = \"allow\"\n")]);
    assert_eq!(self::report(&nothing, "")["verdict"], "undecided");
    assert_eq!(self::report(&nothing, "no-lockfile = \"warn\"\n")["verdict"], "pass");
}

#[test]
fn with_a_base_what_was_there_stays_there() {
    let (clean, bad) = (
        MapTree::of(&[("packman.toml", SILENT), ("package-lock.json", "{ \"lockfileVersion\": 3, \"packages\": { \"\": {} } }")]),
        tree(SILENT),
    );
    let of = |head: &MapTree, base: &MapTree| -> Value {
        serde_json::from_str(&told(head, Some(base), asked(Some("")), "json")).unwrap()
    };
    assert_eq!(findings(&of(&bad, &bad)), ["unknown-registry deny existing floor"]);
    assert_eq!(of(&bad, &bad)["verdict"], "pass");
    assert_eq!(findings(&of(&bad, &clean)), ["unknown-registry deny new floor"]);
    // The base's policy and the floor: each key once, by the one that judges it worse.
    let loosened = tree(SILENT);
    let warned = tree("[levels]\nunknown-registry = \"warn\"\n");
    let clean = MapTree::of(&[
        ("packman.toml", "[levels]\nunknown-registry = \"warn\"\n"),
        ("package-lock.json", "{ \"lockfileVersion\": 3, \"packages\": { \"\": {} } }"),
    ]);
    assert_eq!(findings(&of(&loosened, &clean)), ["policy-changed warn new policy", "unknown-registry deny new floor"]);
    assert_eq!(findings(&of(&warned, &clean)), ["unknown-registry deny new floor"]);
    let by_base: Value = serde_json::from_str(&told(&loosened, Some(&clean), asked(Some(SILENT)), "json")).unwrap();
    assert_eq!(findings(&by_base), ["policy-changed warn new policy", "unknown-registry warn new base"]);
}

/// Whatever the floor: a report is never better with it, and with one that says the same nothing is different.
#[test]
fn never_better_with_a_floor() {
    let rank = |verdict: &Value| ["pass", "undecided", "fail"].iter().position(|known| verdict == known).unwrap();
    let mut seen = 0;
    for (case, tree) in cases() {
        let without: Value = serde_json::from_str(&told(&tree, None, asked(None), "json")).unwrap();
        for floor in ["", "extends = [\"observe\"]", "extends = [\"strict\"]\n[minimum]\ntier = 3\n"] {
            let with = report(&tree, floor);
            assert!(rank(&with["verdict"]) >= rank(&without["verdict"]), "{} with {floor}", case.display());
            let decides = |report: &Value| ["deny", "undecided"].map(|key| report["counts"][key].as_u64().unwrap());
            assert!(decides(&with)[0] >= decides(&without)[0], "{} with {floor}", case.display());
            seen += 1;
        }
        let own = tree.0.get("packman.toml").map(|bytes| String::from_utf8(bytes.clone()).unwrap()).unwrap_or_default();
        if !own.contains(".toml\"") && !tree.0.contains_key("packman-baseline.toml") {
            assert_eq!(findings(&report(&tree, &own)), findings(&without), "{}", case.display());
        }
    }
    assert!(seen > 30);
}

#[test]
fn people_see_who_asks() {
    let told = told(&tree(SILENT), None, asked(Some("[levels]\nunknown-registry = \"deny\"\n")), "human");
    for words in [
        "policy packman.toml (standard), floor floor.toml",
        "::: floor.toml:2:1",
        "asked for here, by the floor",
        "the floor judges so: what this repository declares or accepts counts only as far as the floor lets it",
    ] {
        assert!(told.contains(words), "{words} is not in\n{told}");
    }
}

#[test]
fn on_the_command_line() {
    let folder = Folder::of(&[
        ("repo/packman.toml", SILENT),
        ("repo/package-lock.json", &lockfile()),
        ("floor.toml", ""),
        ("broken.toml", "tier = 2\n"),
    ]);
    let path = |name: &str| folder.at(name);
    let repo = path("repo");
    assert_eq!(packman(&["check", &repo]).exit.code(), 0);
    let ran = packman(&["check", &repo, "--floor", &path("floor.toml")]);
    assert_eq!(ran.exit.code(), 1, "{}{}", ran.out, ran.err);
    let ran = packman(&["check", &repo, "--floor", &path("broken.toml")]);
    assert_eq!(ran.exit.code(), 2);
    assert!(ran.err.contains("broken.toml:1:1") && ran.err.contains("move `tier` into `[minimum]`"), "{}", ran.err);
    let ran = packman(&["check", &repo, "--floor", &path("repo/packman.toml")]);
    assert_eq!(ran.exit.code(), 2);
    assert!(ran.err.contains("the floor is a file of the repository that is judged, which a change can edit"), "{}", ran.err);
    let ran = packman(&["check", &repo, "--floor", &path("nowhere.toml")]);
    assert_eq!(ran.exit.code(), 2);
    assert!(ran.err.contains("the floor `") && ran.err.contains("cannot be read"), "{}", ran.err);
    let extends = Folder::of(&[("floor.toml", "extends = [\"policies/x.toml\"]\n")]);
    let ran = packman(&["check", &repo, "--floor", &extends.at("floor.toml")]);
    assert_eq!(ran.exit.code(), 2);
    assert!(
        ran.err.contains("`policies/x.toml` is a file, which a policy from outside the repository cannot extend"),
        "{}",
        ran.err
    );
    let ran = packman(&["diff", &path("repo/"), &path("repo/"), "--floor", &path("broken.toml")]);
    assert_eq!(ran.exit.code(), 2, "{}{}", ran.out, ran.err);
    let ran = packman(&["diff", &path("repo/"), &path("repo/"), "--floor", &path("floor.toml")]);
    assert_eq!(ran.exit.code(), 0, "{}{}", ran.out, ran.err);
    // Nor may it lie elsewhere in the same repository, unless another repository or an ignored folder holds it.
    git(&folder.0, "init -q .");
    folder.write(".gitignore", "/fetched/\n");
    folder.write("fetched/floor.toml", "");
    folder.write("policies/floor.toml", "");
    git(&folder.0, "init -q policies");
    for (floor, code) in [("floor.toml", 2), ("fetched/floor.toml", 1), ("policies/floor.toml", 1)] {
        let ran = packman(&["check", &repo, "--floor", &path(floor)]);
        assert_eq!(ran.exit.code(), code, "{floor}: {}", ran.err);
        assert_eq!(ran.err.contains("which a change can edit"), code == 2, "{floor}: {}", ran.err);
    }
}
