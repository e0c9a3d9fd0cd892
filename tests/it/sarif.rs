//! SARIF, the job summary and the outputs file: what other programs read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use packman::gate::outside_text;
use packman::report::line_hash::line_hashes;
use packman::report::{Style, by_id};
use packman::text::Text;
use packman::tree::{Listing, MapTree, Tree, TreeError};
use packman::{Request, check};
use serde_json::Value;

const LOCK: &str = r#"version = 4

[[package]]
name = "serde"
version = "1.0.200"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "ddc6f9cc94d67c0e21aaf7eda3a010fd3af78ebf6e096aa6e2e13c79749cce4f"

[[package]]
name = "forked"
version = "0.2.0"
source = "git+https://github.com/acme/forked?branch=main#0123456789abcdef0123456789abcdef01234567"
"#;

const NPM: &str = r#"{
  "name": "case", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": { "name": "case", "version": "1.0.0", "dependencies": { "ui-kit": "2.0.0" } },
    "node_modules/left-pad": {
      "🦀": "é", "version": "1.3.0",
      "resolved": "https://npm.example.net/left-pad/-/left-pad-1.3.0.tgz",
      "integrity": "sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA=="
    },
    "node_modules/ui-kit": {
      "version": "2.0.0",
      "resolved": "https://registry.npmjs.org/ui-kit/-/ui-kit-2.0.0.tgz",
      "dependencies": { "left-pad": "1.3.0" }
    },
    "node_modules/left-pad/node_modules/left-pad": {
      "version": "1.2.0",
      "resolved": "https://npm.example.net/left-pad/-/left-pad-1.2.0.tgz"
    }
  }
}
"#;
const MANIFEST: &str = r#"{ "name": "case", "version": "1.0.0",
  "dependencies": { "ui-kit": "2.0.0" } }
"#;
const POLICY: &str = "extends = [\"standard\"]\n[minimum]\ntier = 3\n";

fn tree() -> MapTree {
    MapTree::of(&[
        ("Cargo.lock", LOCK),
        ("a b#%é/Dockerfile", "FROM node:22\nFROM $BASE\n"),
        ("web/package-lock.json", NPM),
        ("web/package.json", MANIFEST),
        ("packman.toml", POLICY),
    ])
}

/// A lockfile without anything to find.
fn good() -> MapTree {
    MapTree::of(&[("Cargo.lock", LOCK.split_once("\n\n[[package]]\nname = \"forked").unwrap().0)])
}

pub(crate) fn written(tree: &dyn Tree, policy: Option<Text>, output: &str) -> String {
    let request = Request {
        policy,
        floor: None,
        cargo_metadata: None,
        levels: Vec::new(),
        today: "2026-11-24".parse().unwrap(),
        notes: Vec::new(),
    };
    let bytes = check(tree, request, |report| {
        let mut bytes = Vec::new();
        (by_id(output).unwrap().write)(report, Style::default(), &mut bytes).unwrap();
        bytes
    });
    String::from_utf8(bytes.unwrap()).unwrap()
}

/// The one run of a log, after what must hold for every log.
fn run(tree: &MapTree) -> Value {
    let log = written(tree, None, "sarif");
    assert_eq!(log, written(tree, None, "sarif"), "the same bytes twice");
    read(&log, tree)
}

pub(crate) fn read(log: &str, tree: &MapTree) -> Value {
    let mut log: Value = serde_json::from_str(log).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
    let run = log["runs"][0].take();
    assert_eq!(run["tool"]["driver"]["name"], "packman", "alerts are kept under this name");
    let category = run["automationDetails"]["id"].as_str().unwrap();
    assert!(category == "packman/" || (category.starts_with("packman/") && category.ends_with('/')), "{category}");
    check_rules(&run);
    check_results(&run, tree);
    run
}

fn check_rules(run: &Value) {
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "sorted, each once: {ids:?}");
    let pages = std::fs::read_to_string(crate::derived::root().join("docs/rules.md")).unwrap();
    for rule in rules {
        let text = |key: &str| rule[key]["text"].as_str().unwrap().to_owned();
        let name = rule["name"].as_str().unwrap();
        assert!(name.len() <= 255 && name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphanumeric), "{name}");
        assert!(["very-high", "high", "medium", "low"].contains(&rule["properties"]["precision"].as_str().unwrap()));
        let (page, anchor) = rule["helpUri"].as_str().unwrap().split_once('#').unwrap();
        assert_eq!(page, concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/rules.md"));
        assert!(pages.contains(&format!("\n## {anchor}\n")) && rule["id"].as_str().unwrap().starts_with(anchor), "{anchor}");
        for description in [text("shortDescription"), text("fullDescription")] {
            assert!(description.ends_with('.') && description.chars().count() <= 1024, "{description}");
        }
        assert!(
            !text("help").is_empty()
                && !text("help").contains("**")
                && rule["help"]["markdown"].as_str().unwrap().contains("**Finds**")
        );
        let tags = rule["properties"]["tags"].as_array().unwrap();
        assert!(tags.contains(&Value::from("security")) && tags.len() <= 10);
        let severity: f64 = rule["properties"]["security-severity"].as_str().unwrap().parse().unwrap();
        match rule["defaultConfiguration"]["level"].as_str().unwrap() {
            "error" => assert!((7.0..9.0).contains(&severity)),
            "warning" => assert!((4.0..7.0).contains(&severity)),
            other => panic!("{other}"),
        }
    }
}

fn check_results(run: &Value, tree: &MapTree) {
    let mut seen = BTreeSet::new();
    for result in run["results"].as_array().unwrap() {
        let rule = &run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(result["ruleId"], rule["id"]);
        assert_eq!(result["level"], rule["defaultConfiguration"]["level"]);
        assert_eq!(result["locations"].as_array().unwrap().len(), 1);
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region["startLine"], region["endLine"], "one line, so that a diff can have all of it");
        let path = path(&result["locations"][0]);
        let line = u32::try_from(region["startLine"].as_u64().unwrap()).unwrap();
        let prints = &result["partialFingerprints"];
        let hash = prints["primaryLocationLineHash"].as_str().unwrap();
        assert_eq!(line_hashes(&tree.0[&path], &[line].into())[&line], hash);
        assert!(seen.insert((result["ruleId"].to_string(), path, hash.to_owned())), "twins: {result}");
        assert_eq!(prints["packmanFinding/v1"].as_str().unwrap().len(), 64);
        check_message(result);
    }
}

/// Full sentences, and no link but to one of our own locations.
pub(crate) fn check_message(result: &Value) {
    let text = result["message"]["text"].as_str().unwrap();
    assert!(text.ends_with('.') && !text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
    let related = result["relatedLocations"].as_array().cloned().unwrap_or_default();
    assert!(related.len() <= 25);
    let is_escaped = |at: usize| (at - text[..at].trim_end_matches('\\').len()) % 2 == 1;
    let links = text.match_indices("](").filter(|(at, _)| !is_escaped(*at));
    let linked: Vec<String> = links.map(|(at, _)| text[at + 2..].split(')').next().unwrap().to_owned()).collect();
    let ids: Vec<String> = related.iter().map(|location| location["id"].to_string()).collect();
    assert_eq!(linked, ids, "{text}");
}

pub(crate) fn path(location: &Value) -> String {
    let artifact = &location["physicalLocation"]["artifactLocation"];
    assert_eq!(artifact["uriBaseId"], "%SRCROOT%");
    let uri = artifact["uri"].as_str().unwrap();
    let url = url::Url::parse("file:///").unwrap().join(uri).unwrap();
    assert_eq!(url.path(), format!("/{uri}"), "already encoded");
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next().unwrap());
        bytes.push(if byte == b'%' { u8::from_str_radix(&format!("{}{}", digit(), digit()), 16).unwrap() } else { byte });
    }
    String::from_utf8(bytes).unwrap()
}

/// What stands in a location's region, cut out as a consumer of SARIF does: lines, then UTF-16 units.
fn cut(location: &Value, tree: &MapTree) -> String {
    let content = String::from_utf8(tree.0[&path(location)].clone()).unwrap();
    let content = content.strip_prefix('\u{feff}').unwrap_or(&content).to_owned();
    let region = &location["physicalLocation"]["region"];
    let at = |key: &str| usize::try_from(region[key].as_u64().unwrap()).unwrap() - 1;
    let line: Vec<u16> = content.split('\n').nth(at("startLine")).unwrap().encode_utf16().collect();
    String::from_utf16(&line[at("startColumn")..at("endColumn")]).unwrap()
}

/// Rule, file and what stands in the region, of every result.
fn found(run: &Value, tree: &MapTree) -> Vec<(String, String, String)> {
    let results = run["results"].as_array().unwrap().iter();
    let found = results.map(|result| {
        let location = &result["locations"][0];
        (result["ruleId"].as_str().unwrap().to_owned(), path(location), cut(location, tree))
    });
    found.collect()
}

#[test]
fn results_stand_on_versions() {
    let expected = [
        ("origin-not-allowed", "Cargo.lock", "0.2.0"),
        ("tier-below-minimum-crates-io", "Cargo.lock", "1.0.200"),
        ("tier-below-minimum-docker-hub", "a b#%é/Dockerfile", "22"),
        ("tier-below-minimum-npm", "web/package-lock.json", "2.0.0"),
        ("unknown-registry", "a b#%é/Dockerfile", "$BASE"),
        ("unknown-registry", "web/package-lock.json", "1.3.0"),
        ("integrity-missing-npm", "web/package-lock.json", "2.0.0"),
        ("unpinned-origin-docker-hub", "a b#%é/Dockerfile", "22"),
        ("unpinned-origin-warn", "a b#%é/Dockerfile", "$BASE"),
    ];
    let expected: BTreeSet<_> = expected.map(|(rule, path, cut)| (rule.to_owned(), path.to_owned(), cut.to_owned())).into();
    let plain = tree();
    let mut with_crlf = tree();
    let mut with_mark = tree();
    with_crlf.0.values_mut().for_each(|bytes| *bytes = String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes());
    with_mark.0.iter_mut().filter(|(path, _)| path.contains("lock")).for_each(|(_, bytes)| {
        bytes.splice(0..0, [0xEF, 0xBB, 0xBF]);
    });
    for tree in [plain, with_crlf, with_mark] {
        let run = run(&tree);
        let found: BTreeSet<_> = found(&run, &tree).into_iter().filter(|(rule, ..)| !rule.contains("runs-code")).collect();
        assert_eq!(found, expected);
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    }
}

#[test]
fn a_line_hash_of_the_original_program() {
    let run = run(&tree());
    let results = run["results"].as_array().unwrap();
    let serde = results.iter().find(|result| result["ruleId"] == "tier-below-minimum-crates-io").unwrap();
    assert_eq!(serde["partialFingerprints"]["primaryLocationLineHash"], "6a53218d11f17684:1");
}

#[test]
fn an_alert_says_who_what_and_where() {
    let run = run(&tree());
    let results = run["results"].as_array().unwrap();
    let left_pad = results.iter().find(|result| result["message"]["text"].as_str().unwrap().starts_with("'left-pad'")).unwrap();
    let text = left_pad["message"]["text"].as_str().unwrap();
    assert!(
        text.starts_with("'left-pad' 1.3.0 comes from 'https://npm.example.net', which no registry record explains"),
        "{text}"
    );
    for part in [
        "It is brought in by 'ui-kit' 2.0.0, which [line 2 of 'web/package.json'](1) asks for.",
        "The origin stands on [line 7](2).",
        "The same is true of ['left-pad' 1.2.0 on line 16](3).",
        "The policy 'standard' does not let that pass.",
        "\\[registries.example-npm\\]",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let tree = tree();
    let cuts: Vec<String> =
        left_pad["relatedLocations"].as_array().unwrap().iter().map(|location| cut(location, &tree)).collect();
    assert_eq!(cuts[1..], ["https://npm.example.net/left-pad/-/left-pad-1.3.0.tgz", "1.2.0"]);
    let serde = results.iter().find(|result| result["ruleId"] == "tier-below-minimum-crates-io").unwrap();
    assert!(
        serde["message"]["text"].as_str().unwrap().contains("The policy does not let that pass: [line 3 of 'packman.toml'](")
    );
}

#[test]
fn rules_are_those_that_were_looked_at() {
    let run = run(&good());
    assert_eq!(run["results"].as_array().unwrap().len(), 0, "an upload without results closes alerts");
    let rules: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    for id in [
        "tier-below-minimum-crates-io",
        "integrity-missing-crates-io",
        "unknown-registry",
        "unpinned-origin",
        "lockfile-unreadable",
    ] {
        assert!(rules.contains(&id), "{id} in {rules:?}");
    }
    for id in ["registry-assumed-crates-io", "registry-unrated-crates-io", "unknown-registry-crates-io", "tier-below-minimum"] {
        assert!(!rules.contains(&id), "{id} in {rules:?}");
    }
}

#[test]
fn an_undecided_run_says_so() {
    let mut broken = tree();
    broken.0.insert("other/package-lock.json".to_owned(), b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n".to_vec());
    let run = run(&broken);
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let text = invocation["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap();
    assert!(text.contains("other/package-lock.json") && text.contains("merge-conflict"), "{text}");
    assert_eq!(run["results"].as_array().unwrap().len(), 10, "what could be judged is there");

    // Nothing could be told about it, whatever the policy makes of that.
    for policy in [
        "[levels]\nlockfile-unreadable = \"allow\"\n",
        "[[exceptions]]\nrule = \"lockfile-unreadable\"\npath = \"other/**\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2026-12-01\n",
    ] {
        broken.0.insert("packman.toml".to_owned(), policy.into());
        assert_eq!(self::run(&broken)["invocations"][0]["executionSuccessful"], false, "{policy}");
    }
    let nothing = self::run(&MapTree::of(&[("README", "none")]));
    assert_eq!(nothing["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn what_is_accepted_is_left_out() {
    let mut accepted = tree();
    let exception = "[[exceptions]]\nrule = \"unknown-registry\"\npackage = \"pkg:npm/left-pad\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2026-12-01\n";
    accepted.0.insert("packman.toml".to_owned(), format!("{POLICY}{exception}").into_bytes());
    let rules: Vec<_> = found(&run(&accepted), &accepted).into_iter().filter(|(rule, ..)| rule == "unknown-registry").collect();
    assert_eq!(rules, [("unknown-registry".to_owned(), "a b#%é/Dockerfile".to_owned(), "$BASE".to_owned())]);
}

/// A tree whose root lies below the work tree's top.
struct Below(MapTree);

impl Tree for Below {
    fn list(&self) -> Result<Listing, TreeError> {
        Ok(Listing { prefix: "deep/er".to_owned(), ..self.0.list()? })
    }
    fn read(&self, path: &str, size_bytes_max: u64) -> Result<Vec<u8>, TreeError> {
        self.0.read(path, size_bytes_max)
    }
}

#[test]
fn addresses_begin_at_the_top_and_nothing_outside_has_one() {
    let (policy, _) = outside_text(0, "/home/somebody/secret/policy.toml", POLICY.as_bytes().to_vec());
    let log = written(&Below(tree()), Some(policy), "sarif");
    assert!(!log.contains("somebody"));
    let log: Value = serde_json::from_str(&log).unwrap();
    let paths: BTreeSet<String> =
        log["runs"][0]["results"].as_array().unwrap().iter().map(|result| path(&result["locations"][0])).collect();
    let expected = ["deep/er/Cargo.lock", "deep/er/a b#%é/Dockerfile", "deep/er/web/package-lock.json"];
    assert_eq!(paths.into_iter().collect::<Vec<_>>(), expected);
    // A folder that is judged by itself has a category of its own, so that no other folder's upload takes its place.
    assert_eq!(log["runs"][0]["automationDetails"]["id"], "packman/deep/er/");
    let summary = written(&Below(tree()), None, "summary");
    assert!(summary.contains("`packman check deep/er`"));
}

pub(crate) fn npm_lock(packages: usize, host: &str, is_minified: bool) -> String {
    let mut lock =
        "{\n\"name\": \"case\", \"version\": \"1.0.0\", \"lockfileVersion\": 3,\n\"packages\": {\n\"\": { \"name\": \"case\" }"
            .to_owned();
    for number in 0..packages {
        let _ = write!(
            lock,
            ",\n\"node_modules/p{number}\": {{\n\"version\": \"1.0.{number}\",\n\"resolved\": \"https://{host}/p{number}/-/p{number}-1.0.{number}.tgz\"\n}}"
        );
    }
    lock.push_str("\n}\n}\n");
    if is_minified { lock.replace('\n', "") } else { lock }
}

#[test]
fn above_fifty_there_is_one_result_for_all() {
    let fifty = MapTree::of(&[("package-lock.json", &npm_lock(50, "npm.example.net", false))]);
    assert_eq!(run(&fifty)["results"].as_array().unwrap().len(), 50);
    let many = MapTree::of(&[("package-lock.json", &npm_lock(10_000, "npm.example.net", false))]);
    let run = run(&many);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    let text = results[0]["message"]["text"].as_str().unwrap();
    assert!(text.starts_with("In 'package-lock.json', 10000 packages come from 'https://npm.example.net'"), "{text}");
    assert!(text.contains(" and 9980 more."), "{text}");
    assert_eq!(results[0]["relatedLocations"].as_array().unwrap().len(), 20);
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["region"]["startLine"], 1);
}

#[test]
fn one_line_has_one_result_of_a_rule() {
    let minified = MapTree::of(&[("package-lock.json", &npm_lock(30, "npm.example.net", true))]);
    let run = run(&minified);
    assert_eq!(run["results"].as_array().unwrap().len(), 1);
    assert_eq!(found(&run, &minified)[0].2, "1.0.0");
}

#[test]
fn the_worst_five_thousand_are_kept() {
    let mut tree = MapTree::default();
    for number in 0..105 {
        let host = if number == 104 { "npm.example.net" } else { "registry.npmjs.org" };
        tree.0.insert(format!("{number:03}/package-lock.json"), npm_lock(50, host, false).into_bytes());
    }
    let run = read(&written(&tree, None, "sarif"), &tree);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5000);
    assert!(results[..50].iter().all(|result| result["level"] == "error"), "the last file's, which are worse");
    let told = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(told.contains("Code scanning keeps 5000 results; 250 more are left out"), "{told}");
    let summary = written(&tree, None, "summary");
    assert!(summary.len() < 900 * 1024, "{}", summary.len());
}

/// A line of Markdown without its code spans, which end at a run of as many backticks as began them.
fn without_code(line: &str) -> String {
    let (mut kept, mut rest) = (String::new(), line);
    while let Some(start) = rest.find('`') {
        kept.push_str(&rest[..start]);
        let fence = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        let inside = &rest[start + fence..];
        let run_ends = |at: usize| !inside[..at].ends_with('`') && !inside[at + fence..].starts_with('`');
        let end = inside.match_indices(&"`".repeat(fence)).map(|(at, _)| at).find(|at| run_ends(*at));
        rest = &inside[end.expect("a code span that ends") + fence..];
    }
    kept + rest
}

#[test]
fn hostile_names_show_and_do_nothing() {
    let name = r"x](https://evil.example)[y](1) <b>|`@me`\u001b[31m\u202e{0}";
    let lock = format!(
        "version = 4\n\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry+https://evil.example/`a`\"\n",
    );
    let dockerfile = "FROM evil.example/x:www.evil.example\n";
    let tree = MapTree::of(&[("a`b<i>[x](1)/Cargo.lock", &lock), ("a`b<i>[x](1)/Dockerfile", dockerfile)]);
    let run = run(&tree);
    let text = run["results"][0]["message"]["text"].as_str().unwrap();
    assert!(text.contains("x\\](https://evil.example)\\[y\\](1)") && text.contains("\\\\u{202e}"), "{text}");
    let summary = written(&tree, None, "summary");
    let blocks = summary.split("  ```").step_by(2);
    let lines = blocks.flat_map(str::lines).filter(|line| !line.contains("details>"));
    let outside_of_code: String = lines.map(without_code).collect();
    assert!(!outside_of_code.contains("<b>") && !outside_of_code.contains("<i>"), "{summary}");
    for mark in ["](", "@me", "://", "www."] {
        assert!(!outside_of_code.contains(mark), "{mark} in {summary}");
    }
    assert!(!summary.chars().any(|c| c == '\u{1b}' || c == '\u{202e}'), "{summary}");
}

#[test]
fn the_summary_begins_with_the_verdict() {
    let fail = written(&tree(), None, "summary");
    assert!(fail.lines().next().unwrap().starts_with("## fail: 7 of 7 dependencies may not come in, "), "{fail}");
    for part in [
        "| npm | 1 | 2 ",
        "### May not come in\n\n- ",
        "`left-pad` `1.2.0` at `web/package-lock.json:16`",
        "**Next:** use the released package",
        "<details><summary>",
        "**Coverage:** 3 files read, 1 shadowed",
        "`packman check`\n",
    ] {
        assert!(fail.contains(part), "{part} in {fail}");
    }
    let undecided = written(&MapTree::of(&[("package-lock.json", "{")]), None, "summary");
    assert!(undecided.lines().next().unwrap().starts_with("## undecided: "), "{undecided}");
    let pass = written(&good(), None, "summary");
    assert!(pass.lines().next().unwrap().starts_with("## pass: "), "{pass}");
}

#[test]
fn a_summary_never_outgrows_its_limit() {
    let mut tree = MapTree::default();
    for number in 0..3000 {
        // A host of its own each, so that nothing can be grouped, and as long as names get.
        let lock = npm_lock(1, &format!("{}.h{number}.example", ["x"; 60].join(".")), false);
        tree.0.insert(format!("{}/{number}/package-lock.json", "d".repeat(200)), lock.into_bytes());
    }
    let summary = written(&tree, None, "summary");
    assert!(summary.len() <= 900 * 1024 && summary.contains(" did not fit; "), "{}", summary.len());
    assert!(summary.contains("**Coverage:** 3000 files read"));
}

#[test]
fn outputs_are_plain_words_and_numbers() {
    let outputs = written(&tree(), None, "outputs");
    let pairs: BTreeMap<&str, &str> = outputs.lines().map(|line| line.split_once('=').unwrap()).collect();
    assert!(
        outputs.lines().all(|line| line.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '=')),
        "{outputs}"
    );
    assert_eq!((pairs["verdict"], pairs["complete"], pairs["dependencies"], pairs["deny"]), ("fail", "true", "7", "7"));
    assert!(pairs.contains_key("warn") && pairs["unreadable"] == "0");
}
