//! Policies of single folders: they tighten what the policy at the root asks, and loosen what it lets them.

use packman::gate::{Floor, Refusal, outside_text};
use packman::report::{Style, by_id};
use packman::tree::{MapTree, Tree};
use packman::{Base, Request, compare};
use proptest::prelude::*;
use serde_json::Value;

use crate::cli::Folder;
use crate::gate::request;

/// npm's lockfile with one package from npm and one from nowhere.
fn lockfile(name: &str) -> String {
    let hash = "sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==";
    format!(
        "{{ \"lockfileVersion\": 3, \"packages\": {{ \"\": {{ \"dependencies\": {{ \"{name}\": \"1\", \"good\": \"1\" }} }},\n\
         \"node_modules/{name}\": {{ \"version\": \"1.0.0\", \"resolved\": \"https://npm.{name}.example/{name}/-/{name}-1.0.0.tgz\", \
         \"integrity\": \"{hash}\" }},\n\
         \"node_modules/good\": {{ \"version\": \"1.0.0\", \"resolved\": \"https://registry.npmjs.org/good/-/good-1.0.0.tgz\", \
         \"integrity\": \"{hash}\" }} }} }}"
    )
}

/// A monorepo with a lockfile at the root, one in `apps/pay` and one in `apps/pay/inner`.
fn tree(root: &str, more: &[(&str, &str)]) -> MapTree {
    let lockfiles = ["root", "pay", "inner"].map(lockfile);
    let [own, pay, inner] = &lockfiles;
    let mut files = vec![
        ("packman.toml", root),
        ("package-lock.json", own.as_str()),
        ("apps/pay/package-lock.json", pay.as_str()),
        ("apps/pay/inner/package-lock.json", inner.as_str()),
    ];
    files.retain(|(path, _)| !more.iter().any(|(other, _)| other == path));
    files.extend(more);
    MapTree::of(&files)
}

fn asked() -> Request {
    Request { policy: None, ..request("") }
}

fn told(head: &dyn Tree, base: Option<&dyn Tree>, request: Request, id: &str) -> Result<String, Vec<String>> {
    let base = base.map(|tree| Base { tree, name: String::new() });
    let bytes = compare(head, base.as_ref(), request, |report| {
        let mut bytes = Vec::new();
        (by_id(id).unwrap().write)(report, Style::default(), &mut bytes).unwrap();
        bytes
    });
    match bytes {
        Ok(bytes) => Ok(String::from_utf8(bytes).unwrap()),
        Err(Refusal::Policy { faults, texts }) => {
            let at = |place: packman::text::Place| {
                let text = texts.iter().find(|text| text.id == place.text).unwrap();
                format!("{}:{}", text.path, text.lines().position(place.span.start).0)
            };
            let fault = |fault: &packman::policy::Fault| {
                let also = fault.also.as_ref().map(|(place, label)| format!("; {} {label}", at(*place))).unwrap_or_default();
                format!("{} {}; {}{also}", at(fault.place.unwrap()), fault.message, fault.hint)
            };
            Err(faults.iter().map(fault).collect())
        }
        Err(refusal) => panic!("{refusal}"),
    }
}

fn report_beside(head: &dyn Tree, base: Option<&dyn Tree>) -> Value {
    serde_json::from_str(&told(head, base, asked(), "json").unwrap()).unwrap()
}

fn report(head: &dyn Tree) -> Value {
    report_beside(head, None)
}

fn faults(head: &dyn Tree) -> Vec<String> {
    told(head, None, asked(), "json").unwrap_err()
}

/// Each finding as `file rule level state`, sorted.
fn findings(report: &Value) -> Vec<String> {
    let line = |finding: &Value| {
        let path = finding["places"][0]["path"].as_str().unwrap_or("-").trim_end_matches("/package-lock.json");
        let words = ["rule", "level", "state"].map(|key| finding[key].as_str().unwrap().to_owned());
        format!("{path} {}", words.join(" "))
    };
    let mut lines: Vec<String> = report["findings"].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

fn notes(report: &Value) -> Vec<&str> {
    report["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect()
}

/// A root that denies nothing of what is there.
const MILD: &str = "[levels]\nunknown-registry = \"warn\"\ninsecure-origin = \"warn\"\n[folders.\"apps/pay\"]\n";
/// A root that denies what comes from nowhere.
const HARD: &str = "extends = [\"observe\"]\n[levels]\nunknown-registry = \"deny\"\n[folders.\"apps/pay\"]\n";

#[test]
fn a_folder_tightens_for_what_lies_below_it_alone() {
    let pay = "[levels]\nunknown-registry = \"deny\"\n";
    let found = report(&tree(MILD, &[("apps/pay/packman.toml", pay)]));
    assert_eq!(
        findings(&found),
        [
            "apps/pay unknown-registry deny new",
            "apps/pay/inner unknown-registry deny new",
            "package-lock.json unknown-registry warn new",
        ]
    );
    assert_eq!(found["verdict"], "fail");
    // Whose policy asks is told, with its line.
    let human = told(&tree(MILD, &[("apps/pay/packman.toml", pay)]), None, asked(), "human").unwrap();
    assert!(human.contains("apps/pay/packman.toml:2"), "{human}");
    assert!(human.contains("apps/pay has its own"), "{human}");
    // A name that only begins alike is another folder.
    let beside = MapTree::of(&[
        ("packman.toml", MILD),
        ("apps/pay/packman.toml", pay),
        ("apps/payments/package-lock.json", &lockfile("evil")),
    ]);
    assert_eq!(findings(&report(&beside)), ["apps/payments unknown-registry warn new"]);
}

#[test]
fn what_only_a_folder_denies_is_in_all_outputs() {
    let root = "extends = [\"observe\"]\n[levels]\nunknown-registry = \"allow\"\n[folders.\"apps/pay\"]\n";
    let head = tree(root, &[("apps/pay/packman.toml", "extends = [\"strict\"]\n")]);
    let sarif: Value = serde_json::from_str(&told(&head, None, asked(), "sarif").unwrap()).unwrap();
    let results: Vec<&Value> = sarif["runs"][0]["results"].as_array().unwrap().iter().collect();
    let strangers: Vec<&&Value> = results.iter().filter(|result| result["ruleId"] == "unknown-registry").collect();
    assert_eq!(strangers.len(), 2, "{results:?}");
    for result in strangers {
        assert_eq!(result["level"], "error");
        let text = result["message"]["text"].as_str().unwrap();
        assert!(text.contains("The policy 'strict' does not let that pass."), "{text}");
    }
    for id in ["junit", "summary", "comment", "html"] {
        assert!(told(&head, None, asked(), id).unwrap().contains("npm.inner.example"), "{id}");
    }
}

#[test]
fn what_a_folder_asks_is_narrower_than_all_that_the_root_asks() {
    let root = "extends = [\"observe\"]\n[levels]\ntier-below-minimum = \"deny\"\nunknown-registry = \"allow\"\n\
                [[minimum.for]]\nregistry = \"npm\"\ntier = 1\n[folders.\"apps/pay\"]\n";
    let found = report(&tree(root, &[("apps/pay/packman.toml", "[minimum]\ntier = 3\n")]));
    assert_eq!(findings(&found), ["apps/pay tier-below-minimum deny new", "apps/pay/inner tier-below-minimum deny new"]);
    // What the root asks of a registry, a folder's own line for some of it does not lower without leave.
    let root = "extends = [\"observe\"]\n[levels]\ntier-below-minimum = \"deny\"\nunknown-registry = \"allow\"\n\
                [[minimum.for]]\nregistry = \"npm\"\ntier = 3\n[folders.\"apps/pay\"]\n";
    let lower = [(
        "apps/pay/packman.toml",
        "[minimum]\ntier = 2\n[[minimum.for]]\npackage = \"go*\"\ntier = 1\n[[minimum.for]]\nscope = \"production\"\ntier = 1\n",
    )];
    assert_eq!(findings(&report(&tree(root, &lower))).len(), 3);
    let let_it = root.replace("[folders.\"apps/pay\"]", "[folders.\"apps/pay\"]\nallow-loosening = [\"tier-below-minimum\"]");
    assert_eq!(findings(&report(&tree(&let_it, &lower))), ["package-lock.json tier-below-minimum deny new"]);
}

#[test]
fn no_path_of_the_root_is_narrower_than_a_folder() {
    for line in ["path = \"apps/pay/**\"", "path = \"**/package-lock.json\"", "path = \"apps/pay\"\nregistry = \"npm\""] {
        let root = format!("[minimum]\ntier = 1\n[[minimum.for]]\n{line}\ntier = 1\n[folders.\"apps/pay\"]\n");
        let found = findings(&report(&tree(&root, &[("apps/pay/packman.toml", "[minimum]\ntier = 3\n")])));
        let below: Vec<&String> = found.iter().filter(|line| line.contains("tier-below-minimum")).collect();
        assert!(!below.is_empty() && below.iter().all(|line| line.starts_with("apps/pay")), "{line}: {found:?}");
    }
}

#[test]
fn controls_and_alternatives_are_loosened_too() {
    let of = refused;
    let controls = "[minimum]\ncontrols = [\"mfa-to-push\"]\n";
    let found = of(controls, "[minimum]\ncontrols = [\"security-contacts\"]\n");
    assert!(found[0].starts_with("apps/pay/packman.toml:2 `controls` is `mfa-to-push` at the root"), "{found:?}");
    assert!(of(controls, "[minimum]\ncontrols = [\"security-contacts\", \"mfa-to-push\"]\n").is_empty());
    let any_of = "[minimum]\nany-of = [{ tier = 2 }, { controls = [\"mfa-to-push\"] }]\n";
    for own in ["[]", "[{ tier = 2 }, { controls = [\"security-contacts\"] }]"] {
        let found = of(any_of, &format!("[minimum]\nany-of = {own}\n"));
        assert!(
            found[0].contains("`any-of` is tier 2, or mfa-to-push at the root, which `apps/pay` may not loosen"),
            "{found:?}"
        );
    }
    assert!(of(any_of, "[minimum]\nany-of = [{ tier = 3 }]\n").is_empty());
}

/// What is refused of a folder's policy below a root's.
fn refused(root: &str, own: &str) -> Vec<String> {
    let root = format!("{root}[folders.\"apps/pay\"]\n");
    told(&tree(&root, &[("apps/pay/packman.toml", own)]), None, asked(), "json").err().unwrap_or_default()
}

#[test]
fn a_narrower_line_cannot_ask_less_of_all_that_it_selects() {
    let general = "[minimum]\ntier = 2\n";
    assert_eq!(
        refused(general, "[[minimum.for]]\nregistry = \"npm\"\ntier = 1\n"),
        [
            "apps/pay/packman.toml:3 `tier` is tier 2 at the root for all that `registry = \"npm\"` selects, which `apps/pay` may not loosen to \
             tier 1; take it out, or let the root allow it: `allow-loosening = [\"tier-below-minimum\"]` in `[folders.\"apps/pay\"]`; \
             packman.toml:2 the root asks here"
        ]
    );
    let line = |selects: &str, tier: u8| format!("[[minimum.for]]\n{selects}\ntier = {tier}\n");
    let of_root = |selects: &str, tier: u8| format!("{general}{}", line(selects, tier));
    let npm = "registry = \"npm\"";
    // The more specific line of the root is named, where it speaks of all that the folder's selects.
    for (root, own) in [
        (npm, npm),
        (npm, "registry = \"npm\"\npackage = \"pkg:npm/good\""),
        ("ecosystem = \"npm\"", "package = \"pkg:npm/good\""),
        ("ecosystem = \"npm\"", "npm-scope = \"@acme\""),
        ("package = \"pkg:npm/g*\"", "package = \"pkg:npm/go*\""),
        ("package = \"g*\"", "package = \"pkg:npm/good@1.*\""),
        ("path = \"apps/*\"", npm),
        ("path = \"apps/pay/**\"", npm),
    ] {
        let found = refused(&of_root(root, 3), &line(own, 2));
        assert!(found.iter().any(|fault| fault.contains("`tier` is tier 3 at the root for all that")), "{root} {own}: {found:?}");
        assert!(found[0].contains("packman.toml:5 the root asks here"), "{root} {own}: {found:?}");
    }
    // It does something: the root asks as little of some of it.
    for (root, own) in [
        (npm, "ecosystem = \"npm\""),
        ("package = \"pkg:npm/good\"", npm),
        ("package = \"go*\"", "package = \"*d\""),
        ("scope = \"development\"", npm),
        ("path = \"apps/pay/inner/**\"", npm),
        ("path = \"**/package-lock.json\"", npm),
    ] {
        let found = refused(&of_root(root, 1), &line(own, 1));
        assert!(found.is_empty(), "{root} {own}: {found:?}");
        let found = refused(&line(root, 3), &line(own, 2));
        assert!(found.is_empty() || root.starts_with("path = \"**"), "{root} {own}: {found:?}");
    }
    // That the root asks as little of something else does not help.
    for (root, own) in [
        ("registry = \"pypi\"", npm),
        ("ecosystem = \"pypi\"", "ecosystem = \"npm\""),
        ("package = \"pkg:npm/other\"", "package = \"pkg:npm/good\""),
        ("package = \"pkg:npm/other*\"", "package = \"pkg:npm/good\""),
        ("package = \"pkg:pypi/g*\"", "package = \"pkg:npm/g*\""),
        ("npm-scope = \"@acme\"", "npm-scope = \"@corp\""),
        ("path = \"apps/shop/**\"", npm),
        ("path = \"apps/payments/*.json\"", npm),
        ("path = \"apps/pa\"", npm),
    ] {
        let found = refused(&of_root(root, 1), &line(own, 1));
        assert_eq!(found.len(), 1, "{root} {own}: {found:?}");
    }
    // Controls and alternatives likewise; by another rule's leave, or a higher level of the folder's own, the line counts.
    let controls = "[minimum]\ncontrols = [\"mfa-to-push\"]\n";
    let own = "[[minimum.for]]\nregistry = \"npm\"\ncontrols = [\"security-contacts\"]\n";
    assert!(
        refused(controls, own)[0].contains("`control-missing`") || refused(controls, own)[0].contains("[\"control-missing\"]")
    );
    let leave = |rule: &str| {
        let root = format!("{general}[folders.\"apps/pay\"]\nallow-loosening = [\"{rule}\"]\n");
        told(&tree(&root, &[("apps/pay/packman.toml", &line(npm, 1))]), None, asked(), "json").is_ok()
    };
    assert!(leave("tier-below-minimum") && !leave("control-missing"));
    let warns = "[minimum]\ntier = 3\n[levels]\ntier-below-minimum = \"warn\"\n";
    let denies = "[minimum]\ntier = 2\n[levels]\ntier-below-minimum = \"deny\"\n";
    assert!(refused(warns, denies).is_empty() && refused(warns, &format!("{denies}{}", line(npm, 1))).is_empty());
    let below = |own: &str| {
        let root = format!("{warns}unknown-registry = \"allow\"\n[folders.\"apps/pay\"]\n");
        let found = findings(&report(&tree(&root, &[("apps/pay/packman.toml", own)])));
        found.into_iter().filter(|line| line.starts_with("apps/pay tier")).collect::<Vec<_>>()
    };
    assert_eq!(below(denies), ["apps/pay tier-below-minimum warn new"]);
    assert_eq!(below(&denies.replace('2', "3")), ["apps/pay tier-below-minimum deny new"]);
}

#[test]
fn a_folder_cannot_let_more_origins_and_code_pass() {
    let root = "[levels]\norigin-not-allowed = \"deny\"\nruns-code-on-install = \"warn\"\nprotection-lowered = \"allow\"\n";
    let of = |own: &str| refused(root, own);
    for (key, value) in
        [("allow-git", "https://github.com/acme/*"), ("allow-url", "https://files.acme.example/*"), ("allow-archive", "vendor/*")]
    {
        assert_eq!(
            of(&format!("[origins]\n{key} = [\"{value}\"]\n")),
            [format!(
                "apps/pay/packman.toml:2 the root does not let `apps/pay` add to `{key}`; take it out, or let the root allow it: \
                 `allow-loosening = [\"origin-not-allowed\"]` in `[folders.\"apps/pay\"]`; packman.toml:2 the root asks here"
            )]
        );
        // What the root allows itself may be said again.
        let both = format!("[origins]\n{key} = [\"{value}\"]\n");
        assert!(refused(&format!("{root}{both}"), &both).is_empty());
        // With the root's leave it counts, and where the folder alone minds, it is for the folder to say.
        let leave = format!("{root}[folders.\"apps/pay\"]\nallow-loosening = [\"origin-not-allowed\"]\n");
        assert!(told(&tree(&leave, &[("apps/pay/packman.toml", &both)]), None, asked(), "json").is_ok());
        let mild = root.replace("\"deny\"", "\"warn\"");
        assert!(refused(&mild, &format!("{both}[levels]\norigin-not-allowed = \"deny\"\n")).is_empty());
        assert_eq!(refused(&mild, &both).len(), 1);
    }
    let assigned = "[registries.acme]\necosystem = \"npm\"\nurls = [\"https://npm.acme.example/\"]\n[packages.assign]\n\"@acme/*\" = \"acme\"\n";
    let found = refused(assigned, "[packages.assign]\n\"@acme/u*\" = \"npm\"\n");
    assert!(found[0].starts_with("apps/pay/packman.toml:2 these packages are assigned to `acme` at the root"), "{found:?}");
    assert!(refused(assigned, "[packages.assign]\n\"@acme/u*\" = \"acme\"\n\"*\" = \"npm\"\n").is_empty());
    let leave = format!("{assigned}[folders.\"apps/pay\"]\nallow-loosening = [\"registry-mismatch\"]\n");
    let own = [("apps/pay/packman.toml", "[packages.assign]\n\"@acme/u*\" = \"npm\"\n")];
    assert!(told(&tree(&leave, &own), None, asked(), "json").is_ok());
    let code = "[packages]\nmay-run-code = [\"pkg:npm/esbuild\"]\n";
    let found = of(code);
    assert!(found[0].contains("allow-loosening = [\"runs-code-on-install\"]"), "{found:?}");
    assert!(of(&format!("{code}[levels]\nruns-code-on-install = \"deny\"\n")).is_empty());
    // Where nothing is asked, nothing is loosened.
    assert!(refused(&root.replace("runs-code-on-install = \"warn\"", "runs-code-on-install = \"allow\""), code).is_empty());
}

#[test]
fn a_folder_cannot_loosen_without_leave() {
    let of = |root: &str, pay: &str| faults(&tree(root, &[("apps/pay/packman.toml", pay)]));
    assert_eq!(
        of(HARD, "[levels]\nunknown-registry = \"warn\"\n"),
        [
            "apps/pay/packman.toml:2 `unknown-registry` is `deny` at the root, which `apps/pay` may not loosen; take it out, or let the root \
          allow it: `allow-loosening = [\"unknown-registry\"]` in `[folders.\"apps/pay\"]`; packman.toml:3 the root asks here"
        ]
    );
    assert_eq!(
        of(HARD, "extends = [\"observe\"]\n"),
        [
            "apps/pay/packman.toml:1 `observe` loosens `unknown-registry`, which `apps/pay` may not; take it out, or let the root allow it: \
          `allow-loosening = [\"unknown-registry\"]` in `[folders.\"apps/pay\"]`; packman.toml:3 the root asks here"
        ]
    );
    let asks = format!("{HARD}[minimum]\ntier = 3\ncontrols = [\"mfa-to-push\", \"security-contacts\"]\n");
    assert_eq!(
        of(&asks, "[minimum]\ntier = 2\ncontrols = [\"mfa-to-push\"]\n"),
        [
            "apps/pay/packman.toml:2 `tier` is tier 3 at the root, which `apps/pay` may not loosen to tier 2; take it out, or let the root \
             allow it: `allow-loosening = [\"tier-below-minimum\"]` in `[folders.\"apps/pay\"]`; packman.toml:6 the root asks here",
            "apps/pay/packman.toml:3 `controls` is `mfa-to-push`, `security-contacts` at the root, which `apps/pay` may not loosen to \
             `mfa-to-push`; take it out, or let the root allow it: `allow-loosening = [\"control-missing\"]` in `[folders.\"apps/pay\"]`; \
             packman.toml:7 the root asks here",
        ]
    );
    assert_eq!(
        of(HARD, EXCEPTION),
        [
            "apps/pay/packman.toml:1 the root lets `apps/pay` accept no finding of `unknown-registry`; take it out, or let the root allow it: \
          `allow-exceptions = [\"unknown-registry\"]` in `[folders.\"apps/pay\"]`; packman.toml:4 the folder is named here"
        ]
    );
}

const EXCEPTION: &str = "[[exceptions]]\nrule = \"unknown-registry\"\npackage = \"*\"\nreason = \"moves in May\"\nowner = \"@acme/pay\"\n\
                         until = 2026-12-31\n";

#[test]
fn a_folder_accepts_what_the_root_lets_it_accept() {
    let root = format!("{HARD}allow-exceptions = [\"unknown-registry\"]\n");
    let accepting = tree(&root, &[("apps/pay/packman.toml", EXCEPTION)]);
    let found = report(&accepting);
    assert_eq!(
        findings(&found),
        [
            "apps/pay unknown-registry deny excepted",
            "apps/pay/inner unknown-registry deny excepted",
            "package-lock.json unknown-registry deny new",
        ]
    );
    // It is told of before it ends, once.
    let ending = Request { today: "2026-12-30".parse().unwrap(), ..asked() };
    let ending: Value = serde_json::from_str(&told(&accepting, None, ending, "json").unwrap()).unwrap();
    assert_eq!(notes(&ending).iter().filter(|note| note.contains("ends tomorrow")).count(), 1);
    let over = Request { today: "2027-01-01".parse().unwrap(), ..asked() };
    let over: Value = serde_json::from_str(&told(&accepting, None, over, "json").unwrap()).unwrap();
    let ended: Vec<String> = findings(&over).into_iter().filter(|line| line.contains("exception-")).collect();
    assert_eq!(ended, ["apps/pay/packman.toml exception-expired warn new"]);
    // One that nothing needs is told of, once.
    let unused = EXCEPTION.replace("\"*\"", "\"pkg:npm/gone\"");
    let unused: Vec<String> = findings(&report(&tree(&root, &[("apps/pay/packman.toml", &unused)])));
    assert_eq!(unused.iter().filter(|line| line.contains("exception-unused")).count(), 1, "{unused:?}");
    // The budget counts those of all folders.
    let few = format!("exception-count-max = 0\n{root}");
    assert_eq!(
        faults(&tree(&few, &[("apps/pay/packman.toml", EXCEPTION)])),
        [
            "apps/pay/packman.toml:1 this is one exception too many: there are 1, at most 0 are accepted; mend the cause of one, or take out \
          one that has ended; packman.toml:1 the most that are accepted"
        ]
    );
    let two = format!("exception-count-max = 1\n{root}[folders.other]\nallow-exceptions = [\"unknown-registry\"]\n");
    let two = faults(&tree(&two, &[("apps/pay/packman.toml", EXCEPTION), ("other/packman.toml", EXCEPTION)]));
    assert_eq!(two.len(), 1, "{two:?}");
    assert!(
        two[0].starts_with("other/packman.toml:1 this is one exception too many: there are 2 with those of folders"),
        "{two:?}"
    );
}

#[test]
fn a_folder_decides_alone_where_the_root_lets_it() {
    let root = format!("{HARD}allow-loosening = [\"unknown-registry\"]\n");
    let loosened = "[levels]\nunknown-registry = \"allow\"\n";
    assert_eq!(
        findings(&report(&tree(&root, &[("apps/pay/packman.toml", loosened)]))),
        ["package-lock.json unknown-registry deny new"]
    );
    // Its exceptions count on its own side alone, and are told of when nothing needs them.
    let found = findings(&report(&tree(&root, &[("apps/pay/packman.toml", &format!("{loosened}{EXCEPTION}"))])));
    assert_eq!(found, ["apps/pay/packman.toml exception-unused warn new", "package-lock.json unknown-registry deny new",]);
    // The inner folder has the last word on what lies in it, where the root lets it.
    let both = format!("{HARD}[folders.\"apps/pay/inner\"]\nallow-loosening = [\"unknown-registry\"]\n");
    let inner = [("apps/pay/packman.toml", ""), ("apps/pay/inner/packman.toml", loosened)];
    assert_eq!(
        findings(&report(&tree(&both, &inner))),
        ["apps/pay unknown-registry deny new", "package-lock.json unknown-registry deny new"]
    );
    // A file elsewhere, which extends another one.
    let named = format!("{HARD}policy = \"policies/pay.toml\"\nallow-loosening = [\"unknown-registry\"]\n");
    let elsewhere = [("policies/pay.toml", "extends = [\"shared.toml\"]\n"), ("policies/shared.toml", loosened)];
    assert_eq!(findings(&report(&tree(&named, &elsewhere))), ["package-lock.json unknown-registry deny new"]);
}

#[test]
fn what_is_about_the_whole_repository_stands_at_the_root() {
    for (line, key) in [
        ("catalogue = 2026-11-22", "catalogue"),
        ("exclude = [\"x\"]", "exclude"),
        ("no-lockfile = \"allow\"", "no-lockfile"),
        ("exception-days-max = 9", "exception-days-max"),
        ("exception-count-max = 9", "exception-count-max"),
        ("exception-notice-days = 9", "exception-notice-days"),
        ("registries.acme = { ecosystem = \"npm\", urls = [\"https://npm.acme.example/\"] }", "[registries]"),
        ("overlays.npm = { status = \"absent\", reason = \"r\", owner = \"o\", until = 2026-12-31 }", "[overlays]"),
        ("origins.default-registry = { golang = \"go\" }", "[origins] default-registry"),
        ("build-args.X = \"y\"", "[build-args]"),
        ("folders.\"apps/pay/inner\" = {}", "[folders]"),
        ("floor.allow-exceptions = [\"unknown-registry\"]", "[floor]"),
    ] {
        let found = faults(&tree(MILD, &[("apps/pay/packman.toml", line)]));
        let expected = format!(
            "apps/pay/packman.toml:1 `{key}` is for the policy at the root; this one is for `apps/pay` alone; move it there; \
             packman.toml:4 the folder is named here"
        );
        assert_eq!(found, [expected]);
    }
}

#[test]
fn faults_of_folders_name_both_places() {
    let of = |folders: &str, more: &[(&str, &str)]| faults(&tree(folders, more));
    assert_eq!(
        of("[folders.\"apps/pay\"]\n", &[]),
        [
            "packman.toml:1 there is no `apps/pay/packman.toml`, which would be the policy of `apps/pay`; write that file, name another one \
          with `policy`, or take the folder out"
        ]
    );
    assert_eq!(
        of("[folders.\"apps/pay\"]\npolicy = \"polices/pay.toml\"\n", &[("policies/pay.toml", "")]),
        ["packman.toml:2 there is no file `polices/pay.toml` in this repository; did you mean `policies/pay.toml`?"]
    );
    for path in ["", ".", "/", "../x", "apps/*", "apps//pay", "C:\\x", "/apps/pay"] {
        let found = of(&format!("[folders.{}]\n", Value::from(path)), &[]);
        assert!(found[0].contains("is no folder below the root; write its path from the root as it is"), "{path}: {found:?}");
    }
    assert_eq!(
        of("[folders]\n\"apps/pay\" = {}\n\"apps/pay/\" = {}\n", &[("apps/pay/packman.toml", "")]),
        ["packman.toml:3 `apps/pay/` is given a policy twice; keep one of them; packman.toml:2 the first one"]
    );
    assert_eq!(
        of("[folders]\na = { policy = \"x.toml\" }\nb = { policy = \"x.toml\" }\n", &[("x.toml", "")]),
        [
            "packman.toml:3 `x.toml` is the policy of two folders; give each its own file, and let both extend what they have in common; \
          packman.toml:2 the other one"
        ]
    );
    assert_eq!(
        of("[folders.a]\npolicy = \"packman.toml\"\n", &[]),
        [
            "packman.toml:2 `packman.toml` counts for the whole repository already; write a file for what this folder asks beyond it"
        ]
    );
    assert_eq!(
        of("extends = [\"base.toml\"]\n[folders.a]\npolicy = \"base.toml\"\n", &[("base.toml", "")]),
        ["packman.toml:3 `base.toml` counts for the whole repository already; write a file for what this folder asks beyond it"]
    );
    // A circle of files, and shapes, are told of as at the root; all folders at once.
    let circle = [
        ("a/packman.toml", "extends = [\"../b.toml\"]\n"),
        ("b.toml", "extends = [\"a/packman.toml\"]\n"),
        ("c/packman.toml", "x = 1"),
    ];
    let found = of("[folders]\na = {}\nc = {}\n", &circle);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("leads back to where it is extended from") && found[1].contains("has no key `x`"), "{found:?}");
    // One too many.
    let many: String = (0..33).map(|number| format!("[folders.f{number}]\npolicy = \"f{number}.toml\"\n")).collect();
    let files: Vec<(String, &str)> = (0..33).map(|number| (format!("f{number}.toml"), "")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let found = of(&many, &files);
    assert!(found[0].contains("is one folder too many; 32 at most have a policy of their own"), "{found:?}");
    // From outside nobody gives folders to files.
    let given = Request { policy: Some(outside_text(0, "given.toml", HARD.into()).0), ..asked() };
    let found = told(&tree("", &[("apps/pay/packman.toml", "")]), None, given, "json").unwrap_err();
    assert_eq!(
        found,
        [
            "given.toml:4 `apps/pay` has a policy of its own, which a policy from outside the repository cannot give it; keep `[folders]` in \
          the repository's own policy"
        ]
    );
}

#[test]
fn a_change_of_a_folders_policy_is_judged_by_both() {
    let pay = "[levels]\nunknown-registry = \"deny\"\n";
    let base = tree(MILD, &[("apps/pay/packman.toml", pay)]);
    let other = lockfile("other");
    let worse = tree(MILD, &[("apps/pay/packman.toml", ""), ("apps/pay/package-lock.json", &other)]);
    let found = report_beside(&worse, Some(&base));
    assert!(findings(&found).contains(&"apps/pay unknown-registry deny new".to_owned()), "{:?}", findings(&found));
    let changed: Vec<&Value> =
        found["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == "policy-changed").collect();
    assert_eq!(changed[0]["places"][0]["path"], "apps/pay/packman.toml");
    // Without a change of policy what was there stays existing, and what is new is new.
    let same = tree(MILD, &[("apps/pay/packman.toml", pay), ("apps/pay/package-lock.json", &other)]);
    let found = findings(&report_beside(&same, Some(&base)));
    assert!(found.contains(&"apps/pay unknown-registry deny new".to_owned()), "{found:?}");
    assert!(found.contains(&"apps/pay/inner unknown-registry deny existing".to_owned()), "{found:?}");
    assert!(found.contains(&"package-lock.json unknown-registry warn existing".to_owned()), "{found:?}");
    assert!(!found.iter().any(|line| line.contains("policy-changed")), "{found:?}");
}

#[test]
fn baselines_and_floors_know_of_folders() {
    let folder = Folder::of(&[]);
    let pay = "[levels]\nunknown-registry = \"deny\"\n";
    folder.write("packman.toml", &format!("{MILD}allow-exceptions = [\"unknown-registry\"]\n"));
    folder.write("apps/pay/packman.toml", pay);
    folder.write("apps/pay/package-lock.json", &lockfile("pay"));
    assert_eq!(folder.run(&["check"]).exit.code(), 1);
    let written = folder.run(&["baseline"]);
    assert_eq!(written.exit.code(), 0, "{}", written.err);
    let accepted = folder.run(&["check"]);
    assert_eq!(accepted.exit.code(), 0, "{}", accepted.out);
    assert!(!accepted.out.contains("match nothing"), "{}", accepted.out);

    // A floor that lets the repository accept lets its folders do so.
    let root = format!("{HARD}allow-exceptions = [\"unknown-registry\"]\n");
    let accepting = tree(&root, &[("apps/pay/packman.toml", EXCEPTION)]);
    let under = |floor: &str| {
        let floor = Floor { text: outside_text(2, "floor.toml", floor.as_bytes().to_vec()).0, is_editable: false };
        let request = Request { floor: Some(floor), ..asked() };
        let told = told(&accepting, None, request, "json").unwrap();
        findings(&serde_json::from_str(&told).unwrap())
    };
    let accepts =
        "extends = [\"observe\"]\n[levels]\nunknown-registry = \"deny\"\n[floor]\nallow-exceptions = [\"unknown-registry\"]\n";
    let found = under(accepts);
    assert!(found.contains(&"apps/pay unknown-registry deny excepted".to_owned()), "{found:?}");
    assert!(found.contains(&"package-lock.json unknown-registry deny new".to_owned()), "{found:?}");
    let found = under("extends = [\"observe\"]\n[levels]\nunknown-registry = \"deny\"\n");
    assert!(found.contains(&"apps/pay unknown-registry deny new".to_owned()), "{found:?}");
}

#[test]
fn people_see_which_policy_decides() {
    let folder = Folder::of(&[]);
    folder.write("packman.toml", &format!("{HARD}allow-loosening = [\"unknown-registry\"]\n[minimum]\ntier = 1\n"));
    folder.write("apps/pay/packman.toml", "[minimum]\ntier = 2\n[levels]\nunknown-registry = \"warn\"\n");
    folder.write("apps/pay/package-lock.json", &lockfile("pay"));
    let told = folder.run(&["explain", "--policy", "pkg:npm/good"]);
    let expected = [
        "  in the folder apps/pay, by apps/pay/packman.toml",
        "    alone on     unknown-registry, as packman.toml:4:10 lets it",
        "    tier         tier 2, by `[minimum]` at apps/pay/packman.toml:2:1: the most specific that fits",
        "                 not tier 1, by `[minimum]` at packman.toml:7:1",
        "    level        unknown-registry is at warn, by apps/pay/packman.toml:4:1",
    ];
    for line in expected {
        assert!(told.out.contains(line), "{line}\n{}", told.out);
    }
    // A policy that nothing applies is told of, unless its folder is excluded.
    let lone = |root: &str| report(&tree(root, &[("apps/other/packman.toml", "")]));
    let note = "nothing applies `apps/other/packman.toml`; the policy at the root does, if it has `[folders.\"apps/other\"]`";
    assert!(notes(&lone("")).contains(&note), "{:?}", notes(&lone("")));
    assert!(!notes(&lone("exclude = [\"apps/other\"]")).contains(&note));
}

/// Lines of a folder's policy, some of which would loosen.
const LINES: [&str; 8] = [
    "unknown-registry = \"allow\"",
    "unknown-registry = \"deny\"",
    "tier-below-minimum = \"warn\"",
    "tier-below-minimum = \"deny\"",
    "integrity-missing = \"deny\"",
    "insecure-origin = \"allow\"",
    "registry-unrated = \"deny\"",
    "registry-assumed = \"deny\"",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever a folder's policy says, without leave of the root nothing is judged better than without it.
    #[test]
    fn without_leave_nothing_gets_better(
        root_lines in proptest::sample::subsequence(&LINES[..], 0..4),
        pay_lines in proptest::sample::subsequence(&LINES[..], 0..4),
        tiers in (1..=3u8, 1..=3u8, 1..=3u8),
    ) {
        let unique = |lines: &[&str]| {
            let mut keys = std::collections::HashSet::new();
            let lines: Vec<&str> = lines.iter().copied().filter(|line| keys.insert(line.split(' ').next().unwrap())).collect();
            lines.join("\n")
        };
        let (general, narrow, own) = tiers;
        let alone = format!(
            "[minimum]\ntier = {general}\n[[minimum.for]]\nregistry = \"npm\"\ntier = {narrow}\n[levels]\n{}\n",
            unique(&root_lines)
        );
        let pay = format!("[[minimum.for]]\necosystem = \"npm\"\ntier = {own}\n[levels]\n{}\n", unique(&pay_lines));
        let without = findings(&report(&tree(&alone, &[])));
        let with = tree(&format!("{alone}[folders.\"apps/pay\"]\n"), &[("apps/pay/packman.toml", &pay)]);
        if let Ok(told) = told(&with, None, asked(), "json") {
            let with = findings(&serde_json::from_str(&told).unwrap());
            let weight = |line: &str| ["allow", "warn", "undecided", "deny"].iter().position(|level| line.contains(level)).unwrap();
            for line in &without {
                let [path, rule] = [0, 1].map(|at| line.split(' ').nth(at).unwrap());
                let same = with.iter().filter(|other| other.starts_with(&format!("{path} {rule} ")));
                prop_assert!(same.map(|other| weight(other)).max() >= Some(weight(line)), "{line}\n{with:?}");
            }
        }
    }
}
