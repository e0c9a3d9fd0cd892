//! The baseline: what it records, that it only shrinks, what it accepts and what never, and what a file that is not one says.

use std::fs;

use packman::cli::Exit;
use packman::policy::baseline_schema;
use packman::tree::MapTree;
use serde_json::Value;

use crate::base::output;
use crate::cli::{Folder, Ran, packman};
use crate::derived::fresh;
use crate::tree::Place;

const PATH: &str = "packman-baseline.toml";
const HASH: &str = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
const BROKEN: &str = "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n";
const SINCE: &str = "since = 2026-11-24 },";

/// npm's lockfile with packages, each a name, a version and the rest of its entry.
fn npm(packages: &[(&str, &str, &str)]) -> String {
    let entry = |(name, version, rest): &(&str, &str, &str)| {
        format!(",\n\"node_modules/{name}\": {{ \"version\": \"{version}\"{rest} }}")
    };
    let entries: Vec<String> = packages.iter().map(entry).collect();
    format!("{{ \"lockfileVersion\": 3, \"packages\": {{ \"\": {{}}{}\n}} }}\n", entries.concat())
}

/// The rest of an entry that comes from somewhere, with a hash.
fn from(address: &str) -> String {
    format!(", \"resolved\": \"{address}\", \"integrity\": \"{HASH}\"")
}

fn registry(name: &str, version: &str) -> String {
    from(&format!("https://registry.npmjs.org/{name}/-/{name}-{version}.tgz"))
}

/// A package from a host that nothing explains.
fn stranger(name: &str, version: &str) -> String {
    npm(&[(name, version, &from(&format!("https://npm.example.net/{name}/-/{name}-{version}.tgz")))])
}

impl Folder {
    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap()
    }

    /// The lines of the baseline that accept something.
    fn lines(&self) -> Vec<String> {
        self.read(PATH).lines().filter(|line| line.starts_with("  { ")).map(|line| line.trim().to_owned()).collect()
    }

    fn report(&self) -> Value {
        serde_json::from_str(&self.run(&["check", "--output", "json=-"]).out).unwrap()
    }
}

fn states(report: &Value) -> Vec<(&str, &str)> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| (finding["rule"].as_str().unwrap(), finding["state"].as_str().unwrap())).collect()
}

#[test]
fn what_is_found_today_is_accepted_and_what_comes_later_decides() {
    let folder = Folder::of(&[("package-lock.json", &stranger("left-pad", "1.3.0"))]);
    assert_eq!(folder.run(&["check"]).exit, Exit::Fail);
    let ran = folder.run(&["baseline"]);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Pass, ""), "{}", ran.out);
    assert!(ran.out.starts_with("packman-baseline.toml: 1 line for 1 finding of today\nnext: "), "{}", ran.out);
    let line = "{ rule = \"unknown-registry\", origin = \"unknown\", package = \"pkg:npm/left-pad@1.3.0\", path = \"package-lock.json\", \
                address = \"https://npm.example.net/left-pad/-/left-pad-1.3.0.tgz\", since = 2026-11-24 },";
    assert_eq!(folder.lines(), [line]);

    let ran = folder.run(&["check"]);
    assert_eq!(ran.exit, Exit::Pass, "{}", ran.out);
    assert!(ran.out.contains("pass: 1 dependency, all may come in, 1 baselined\n"), "{}", ran.out);
    assert!(ran.out.contains("not judged: nothing. left in the baseline: 1 line, the oldest of 2026-11-24\n"), "{}", ran.out);

    folder.write("web/package-lock.json", &stranger("left-pad", "1.3.0"));
    let ran = folder.run(&["check"]);
    assert!(ran.exit == Exit::Fail && ran.out.contains("--> web/package-lock.json:2:"), "{}", ran.out);
}

#[test]
fn every_output_says_what_is_left() {
    let folder =
        Folder::of(&[("package-lock.json", &stranger("left-pad", "1.3.0")), ("b/package-lock.json", &stranger("b", "1.0.0"))]);
    folder.run(&["baseline"]);
    folder.write("b/package-lock.json", &npm(&[("b", "1.0.0", &registry("b", "1.0.0"))]));
    let report = folder.report();
    let baseline = serde_json::json!({ "path": PATH, "lines": 2, "stale": 1, "since": "2026-11-24" });
    assert_eq!((&report["baseline"], &report["counts"]["baselined"]), (&baseline, &Value::from(1)));
    assert_eq!(states(&report), [("unknown-registry", "baselined")]);
    let roles: Vec<&Value> = report["inputs"].as_array().unwrap().iter().filter(|input| input["path"] == PATH).collect();
    assert_eq!(roles.len(), 1);
    assert_eq!(roles[0]["role"], "baseline");
    let note = "1 line of the 2 in `packman-baseline.toml` matches nothing any more; `packman baseline` takes them out";
    assert_eq!(report["notes"], serde_json::json!([note]));
    let human = folder.run(&["check"]).out;
    assert!(human.contains(&format!("note: {note}\n")) && human.contains("left in the baseline: 1 line, "), "{human}");
    let summary = folder.run(&["check", "--output", "summary=-"]).out;
    assert!(
        summary.contains("1 finding accepted by the baseline (left in the baseline: 1 line, the oldest of 2026-11-24)"),
        "{summary}"
    );
    let sarif: Value = serde_json::from_str(&folder.run(&["check", "--output", "sarif=-"]).out).unwrap();
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
    assert!(folder.run(&["check", "--output", "outputs=-"]).out.contains("baselined=1\n"));
    assert_eq!(Folder::of(&[("package-lock.json", &npm(&[]))]).report()["baseline"], Value::Null);
}

#[test]
fn it_only_shrinks_and_lines_keep_their_day() {
    let folder =
        Folder::of(&[("a/package-lock.json", &stranger("a", "1.0.0")), ("b/package-lock.json", &stranger("b", "1.0.0"))]);
    folder.run(&["baseline", "--today", "2026-01-31"]);
    let before = folder.lines();
    assert_eq!(before.len(), 2);
    assert!(before.iter().all(|line| line.ends_with("since = 2026-01-31 },")), "{before:?}");

    // Another stranger, and one that is gone.
    folder.write("c/package-lock.json", &stranger("c", "1.0.0"));
    folder.write("a/package-lock.json", &npm(&[("a", "1.0.0", &registry("a", "1.0.0"))]));
    let ran = folder.run(&["baseline"]);
    let said = "packman-baseline.toml: 1 line taken out, 1 left\n1 finding is not in it: a baseline only shrinks\nnext: \
                mend them, or make exceptions with an owner and an end: packman explain exceptions\nto start over, as with a stricter policy: delete the file and run packman baseline once more\n";
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Pass, said), "{}", ran.err);
    assert_eq!(folder.lines(), before[1..]);
    assert_eq!(folder.run(&["check"]).exit, Exit::Fail);

    // What is mended and comes back is not accepted again.
    folder.write("a/package-lock.json", &stranger("a", "1.0.0"));
    folder.run(&["baseline"]);
    assert_eq!(folder.lines(), before[1..]);

    // The last line goes, the file stays and still adds nothing.
    folder.write("b/package-lock.json", &npm(&[]));
    assert!(folder.run(&["baseline"]).out.starts_with("packman-baseline.toml: 1 line taken out, none left; "));
    assert!(folder.run(&["baseline"]).out.starts_with("packman-baseline.toml: no line; you can delete it\n"));
    assert_eq!(folder.lines(), [""; 0]);
}

#[test]
fn a_baseline_that_nothing_changes_is_not_written() {
    let folder = Folder::of(&[("package-lock.json", &stranger("a", "1.0.0"))]);
    folder.run(&["baseline"]);
    let modified = || fs::metadata(folder.0.join(PATH)).unwrap().modified().unwrap();
    let (text, before) = (folder.read(PATH), modified());
    let ran = folder.run(&["baseline", "--today", "2027-01-01"]);
    assert_eq!(ran.out, "packman-baseline.toml: 1 line, all of them still needed\n");
    assert_eq!((folder.read(PATH), modified()), (text.clone(), before));
    // Another order and other spaces mean the same, and are put right.
    folder.write(PATH, &text.replace("  { ", " {  ").replace('#', "# #"));
    assert_eq!(folder.run(&["check"]).exit, Exit::Pass);
    folder.run(&["baseline"]);
    assert_eq!(folder.read(PATH), text);
}

#[test]
fn branches_that_take_out_different_lines_merge_line_by_line() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let folder = Folder::of(&[]);
    let set = |name: &str, text: &str| folder.write(&format!("{name}/package-lock.json"), text);
    for name in names {
        set(name, &stranger(name, "1.0.0"));
    }
    folder.run(&["baseline"]);
    let all = folder.read(PATH);
    let without = |gone: &[&str]| {
        folder.write(PATH, &all);
        for name in names {
            let lock = if gone.contains(&name) { npm(&[]) } else { stranger(name, "1.0.0") };
            set(name, &lock);
        }
        folder.run(&["baseline"]);
        folder.read(PATH)
    };
    let (ours, theirs, both) = (without(&["b"]), without(&["e"]), without(&["b", "e"]));
    let place = Place::new();
    place.git("init -q -b main");
    let commit = |text: &str, branch: &str| {
        place.git(&format!("checkout -q -B {branch}"));
        place.write(PATH, text);
        place.git("add -A");
        place.git(&format!("commit -q -m {branch}"));
    };
    commit(&all, "main");
    commit(&ours, "ours");
    place.git("checkout -q main");
    commit(&theirs, "theirs");
    place.git("merge -q -m merged ours");
    assert_eq!(fs::read_to_string(place.at(PATH)).unwrap(), both);
    assert_ne!(both, ours);
    assert_ne!(both, theirs);
}

#[test]
fn prune_begins_nothing() {
    let folder = Folder::of(&[("package-lock.json", &stranger("a", "1.0.0"))]);
    let ran = folder.run(&["baseline", "--prune"]);
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Pass, "there is no baseline to shrink\n"));
    assert_eq!(folder.names(), ["package-lock.json"]);
    folder.run(&["baseline"]);
    folder.write("package-lock.json", &npm(&[]));
    assert!(folder.run(&["baseline", "--prune"]).out.contains("1 line taken out"));
}

#[test]
fn nothing_to_accept_begins_nothing() {
    let folder = Folder::of(&[("package-lock.json", &npm(&[("a", "1.0.0", &registry("a", "1.0.0"))]))]);
    let ran = folder.run(&["baseline"]);
    assert!(ran.exit == Exit::Pass && ran.out.starts_with("nothing was found"), "{}{}", ran.out, ran.err);
    assert_eq!(folder.names(), ["package-lock.json"]);
}

/// A line accepts one finding and not what takes its place: what changes, and whether the line still accepts it.
#[test]
fn a_line_accepts_no_other_stranger() {
    let lock = |rest: &str, version: &str| npm(&[("left-pad", version, rest)]);
    let git = |commit: char| {
        let commit = commit.to_string().repeat(40);
        lock(&format!(", \"resolved\": \"git+ssh://git@github.com/acme/left-pad.git#{commit}\""), "1.3.0")
    };
    let weak = |version: &str| {
        let address = format!("https://registry.npmjs.org/left-pad/-/left-pad-{version}.tgz");
        lock(&format!(", \"resolved\": \"{address}\""), version)
    };
    let cases: &[(&str, String, String, bool)] = &[
        ("another version from a registry", weak("1.3.0"), weak("1.3.1"), true),
        ("another version from a stranger", stranger("left-pad", "1.3.0"), stranger("left-pad", "1.3.1"), false),
        (
            "another stranger",
            stranger("left-pad", "1.3.0"),
            stranger("left-pad", "1.3.0").replace("npm.example.net", "npm.example.org"),
            false,
        ),
        ("the same commit", git('a'), git('a').replace("git@", "user:secret@"), true),
        ("another commit", git('a'), git('b'), false),
        ("another repository", git('a'), git('a').replace("acme/", "evil/"), false),
        ("http instead of https", git('a'), git('a').replace("git+ssh", "git+http"), false),
        (
            "an address of another package where one was missing",
            weak("1.3.0"),
            lock(&registry("left-pad-evil", "1.3.0"), "1.3.0"),
            false,
        ),
        (
            "the address of a third package",
            lock(&registry("evil", "1.3.0"), "1.3.0"),
            lock(&registry("worse", "1.3.0"), "1.3.0"),
            false,
        ),
    ];
    let policy = "[levels]\nintegrity-missing = \"deny\"\n";
    for (name, before, after, is_accepted) in cases {
        let folder = Folder::of(&[("package-lock.json", before), ("packman.toml", policy)]);
        assert_eq!(folder.run(&["check"]).exit, Exit::Fail, "{name}");
        folder.run(&["baseline"]);
        assert_eq!(folder.run(&["check"]).exit, Exit::Pass, "{name}: {}", folder.read(PATH));
        assert!(!folder.read(PATH).contains("secret"), "{name}");
        folder.write("package-lock.json", after);
        let ran = folder.run(&["check"]);
        assert_eq!(ran.exit == Exit::Pass, *is_accepted, "{name}: {}{}", folder.read(PATH), ran.out);
    }
}

#[test]
fn two_versions_of_one_package_are_one_line() {
    let weak = |name: &str| format!(", \"resolved\": \"https://registry.npmjs.org/{name}\"");
    let lock = npm(&[("a", "1.0.0", &weak("a/-/a-1.0.0.tgz")), ("b/node_modules/a", "2.0.0", &weak("a/-/a-2.0.0.tgz"))]);
    let folder = Folder::of(&[("package-lock.json", &lock)]);
    assert!(folder.run(&["baseline"]).out.starts_with("packman-baseline.toml: 1 line for 2 findings of today\n"));
    assert_eq!(folder.report()["counts"]["baselined"], 2);
}

#[test]
fn what_cannot_be_read_is_never_accepted() {
    let folder = Folder::of(&[("a/package-lock.json", BROKEN), ("b/package-lock.json", &stranger("b", "1.0.0"))]);
    let ran = folder.run(&["baseline"]);
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Undecided, ""));
    assert!(ran.err.starts_with("undecided: not everything could be judged, so no baseline was written\n"), "{}", ran.err);
    assert_eq!(folder.names(), ["a", "b"]);
    let empty = Folder::of(&[("README.md", "")]);
    assert_eq!(empty.run(&["baseline"]).exit, Exit::Undecided);

    // Nor does it lose its lines while it cannot be read, where a policy lets that pass.
    folder.write("a/package-lock.json", &stranger("a", "1.0.0"));
    folder.run(&["baseline"]);
    let before = folder.read(PATH);
    folder.write("a/package-lock.json", BROKEN);
    assert_eq!(folder.run(&["baseline"]).exit, Exit::Undecided);
    folder.write("packman.toml", "[levels]\nlockfile-unreadable = \"warn\"\n");
    let ran = folder.run(&["baseline"]);
    assert!(ran.exit == Exit::Pass && ran.out.contains("2 lines, all of them still needed"), "{}{}", ran.out, ran.err);
    assert!(!folder.run(&["check"]).out.contains("matches nothing any more"));
    assert_eq!(folder.read(PATH), before);
}

#[test]
fn exceptions_come_first_and_are_never_accepted_themselves() {
    let exception = |until: &str| {
        format!(
            "[[exceptions]]\nrule = \"unknown-registry\"\npackage = \"pkg:npm/a\"\nreason = \"r\"\nowner = \"o\"\nuntil = {until}\n"
        )
    };
    let folder = Folder::of(&[("package-lock.json", &stranger("a", "1.0.0")), ("packman.toml", &exception("2026-12-31"))]);
    assert!(folder.run(&["baseline"]).out.starts_with("nothing was found"));

    // Ended: what it accepted can be accepted, that it ended cannot.
    folder.write("packman.toml", &exception("2026-01-31"));
    let ran = folder.run(&["baseline"]);
    assert!(ran.out.contains("1 finding decides still, which no baseline can accept"), "{}", ran.out);
    assert_eq!(states(&folder.report()), [("exception-expired", "new"), ("unknown-registry", "baselined")]);

    // Renewed: the line is needed no more.
    folder.write("packman.toml", &exception("2026-12-31"));
    assert_eq!(states(&folder.report()), [("unknown-registry", "excepted")]);
    assert!(folder.run(&["baseline"]).out.contains("1 line taken out"));
}

#[test]
fn a_policy_given_by_hand_leaves_the_baseline_in_force() {
    let folder = Folder::of(&[("package-lock.json", &stranger("a", "1.0.0"))]);
    let other = Folder::of(&[("other.toml", "extends = [\"strict\"]\n")]);
    let policy = other.at("other.toml");
    folder.run(&["baseline", "--policy", &policy]);
    assert_eq!(folder.run(&["check", "--policy", &policy]).exit, Exit::Pass);
}

/// The change that mends a broken baseline must pass.
#[test]
fn a_broken_baseline_of_the_base_accepts_nothing() {
    let folder = Folder::of(&[("package-lock.json", &stranger("a", "1.0.0"))]);
    folder.run(&["baseline"]);
    let (lock, baseline) = (folder.read("package-lock.json"), folder.read(PATH));
    let head = MapTree::of(&[("package-lock.json", &lock), (PATH, &baseline)]);
    let base = MapTree::of(&[("package-lock.json", &lock), (PATH, BROKEN)]);
    let report: Value = serde_json::from_str(&output(&head, &base, None, "json")).unwrap();
    assert_eq!(report["verdict"], "pass");
    assert_eq!(states(&report), [("policy-changed", "new"), ("unknown-registry", "baselined")]);
    let note = "the base's `packman-baseline.toml` cannot be applied as it is written; it accepts nothing";
    assert!(report["notes"].as_array().unwrap().iter().any(|found| found == note), "{}", report["notes"]);
}

/// A file that is no baseline: what is said, and that nothing is judged by it.
#[test]
fn faults_are_named_and_stop_the_run() {
    let line = |parts: &str| format!("findings = [\n  {{ {parts} }},\n]\n");
    let good = "rule = \"unknown-registry\", since = 2026-11-24";
    let cases: &[(&str, String, &[&str])] = &[
        ("an unknown key at the top", "version = 1\nfindings = []\n".to_owned(), &["a baseline has no key `version`"]),
        ("no list", String::new(), &["a baseline has no `findings`", "add `findings`"]),
        ("an unknown key of a line", line(&format!("{good}, until = 2027-01-01")), &["`[[findings]]` has no key `until`"]),
        ("a key that is nearly right", line(&format!("{good}, pakage = \"a\"")), &["did you mean `package`?"]),
        ("a wrong type", line("rule = 1, since = 2026-11-24"), &["`rule` is the number 1"]),
        ("a day in quotes", line("rule = \"unknown-registry\", since = \"2026-11-24\""), &["write the day without quotes"]),
        ("no day", line("rule = \"unknown-registry\""), &["`[[findings]]` has no `since`"]),
        ("a day that is none", line("rule = \"unknown-registry\", since = 2026-02-30"), &["2026-02-30"]),
        ("a rule that is none", line("rule = \"unknown-regisrty\", since = 2026-11-24"), &["did you mean `unknown-registry`?"]),
        (
            "a rule that is never accepted",
            line("rule = \"lockfile-unreadable\", since = 2026-11-24"),
            &["no baseline can accept `lockfile-unreadable`: it says that nothing is known", "take the line out"],
        ),
        (
            "a rule about changes",
            line("rule = \"coverage-lost\", since = 2026-11-24"),
            &["no baseline can accept `coverage-lost`: it speaks about a change"],
        ),
        (
            "a line twice, with another day",
            "findings = [\n  { rule = \"unknown-registry\", since = 2026-11-24 },\n  { rule = \"unknown-registry\", since = \
             2026-11-25 },\n]\n"
                .to_owned(),
            &["this line stands twice", "packman-baseline.toml:3:3", "the first one", "keep the older one"],
        ),
        ("cut off", format!("findings = [\n  {{ {good} }},\n"), &["is not TOML: unclosed array"]),
        ("a comma too few", format!("findings = [\n  {{ {good} }}\n  {{ {good} }},\n]\n"), &["is not TOML"]),
        ("a conflict", "findings = [\n<<<<<<< HEAD\n=======\n>>>>>>> other\n]\n".to_owned(), &["merge-conflict markers"]),
    ];
    for (name, text, expected) in cases {
        let folder = Folder::of(&[("package-lock.json", &npm(&[])), (PATH, text)]);
        for command in ["check", "baseline", "list"] {
            let Ran { exit, out, err } = folder.run(&[command]);
            assert_eq!((exit, out.as_str()), (Exit::Usage, ""), "{name}: {err}");
            assert!(err.contains(PATH) && err.ends_with("so nothing was judged\n"), "{name}: {err}");
            for words in *expected {
                assert!(err.contains(words), "{name}: `{words}` is not in {err}");
            }
        }
        assert_eq!(folder.read(PATH), *text, "{name}: a file that is not understood is left alone");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_no_baseline() {
    let folder = Folder::of(&[("package-lock.json", &stranger("a", "1.0.0"))]);
    let other = Folder::of(&[("b.toml", "findings = []\n")]);
    std::os::unix::fs::symlink(other.at("b.toml"), folder.0.join(PATH)).unwrap();
    for command in ["check", "baseline"] {
        let ran = folder.run(&[command]);
        assert!(ran.exit == Exit::Usage && ran.err.contains("`packman-baseline.toml` is a symbolic link"), "{}", ran.err);
    }
    assert_eq!(other.read("b.toml"), "findings = []\n");
}

#[test]
fn a_baseline_that_git_ignores_is_not_written_over() {
    let folder = Folder::of(&[("package-lock.json", &stranger("a", "1.0.0")), (".gitignore", PATH), (PATH, "findings = []\n")]);
    git(&folder, &["init", "-q"]);
    let ran = folder.run(&["baseline"]);
    assert_eq!(ran.exit, Exit::Usage, "{}", ran.out);
    assert!(ran.err.contains("`packman-baseline.toml` is there, but git ignores it"), "{}", ran.err);
    assert_eq!(folder.read(PATH), "findings = []\n");
}

fn git(folder: &Folder, words: &[&str]) {
    let done = std::process::Command::new("git").arg("-C").arg(&folder.0).args(words).status().unwrap();
    assert!(done.success());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_the_worlds_fault() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::of(&[("package-lock.json", &stranger("a", "1.0.0"))]);
    let set = |mode: u32| fs::set_permissions(&folder.0, fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    let is_root = fs::write(folder.0.join("probe"), "").is_ok();
    let ran = folder.run(&["baseline"]);
    set(0o755);
    if !is_root {
        assert!(ran.exit == Exit::World && ran.err.contains("cannot be written"), "{}", ran.err);
        assert_eq!(folder.names(), ["package-lock.json"]);
    }
}

/// Thousands of lines: the time does not grow with their product.
#[test]
fn many_lines_are_looked_up_quickly() {
    const MANY: usize = 4_000;
    let entries: Vec<(String, String)> =
        (0..MANY).map(|n| (format!("p{n}"), from(&format!("https://npm.example.net/p{n}/-/p{n}-1.0.0.tgz")))).collect();
    let packages: Vec<(&str, &str, &str)> = entries.iter().map(|(name, rest)| (name.as_str(), "1.0.0", rest.as_str())).collect();
    let folder = Folder::of(&[("package-lock.json", &npm(&packages))]);
    folder.run(&["baseline"]);
    assert_eq!(folder.lines().len(), MANY);
    assert!(folder.lines().iter().all(|line| line.ends_with(SINCE)));
    assert_eq!(folder.report()["counts"]["baselined"], MANY);
    folder.write("package-lock.json", &npm(&packages[..MANY / 2]));
    assert!(folder.run(&["baseline"]).out.starts_with("packman-baseline.toml: 2000 lines taken out, 2000 left\n"));
}

#[test]
fn its_help_says_what_it_does() {
    let ran = packman(&["baseline", "--help"]);
    assert_eq!(ran.exit, Exit::Pass);
    for words in ["it only shrinks", "--prune", "never accepted"] {
        assert!(ran.out.replace('\n', " ").contains(words), "{}", ran.out);
    }
}

#[test]
fn the_schema_of_baselines_is_that_of_its_types() {
    let schema = serde_json::to_string_pretty(&baseline_schema()).unwrap();
    fresh("policies/packman-baseline.schema.json", &format!("{schema}\n"));
}
