//! `packman policy check`: each lint where it fires and where it must not, and that whatever is called dead can be taken out.

use std::collections::BTreeMap;
use std::path::Path;

use packman::check;
use packman::cli::Exit;
use packman::gate::{Floor, outside_text};
use packman::lints::{self, Kind};
use packman::text::Span;
use packman::tree::{MapTree, Tree};
use serde_json::Value;

use crate::cli::{Folder, packman};
use crate::gate::{output, request};
use crate::golden::{collect, fixtures};
use crate::tree::Place as Disk;

/// One lint: what it means, the file and bytes that it is about, what it says.
type Told = (Kind, String, Span, String);

/// What is told of a tree's own policy.
fn told(tree: &dyn Tree) -> Vec<Told> {
    told_under(tree, None, &|_| false)
}

fn told_under(tree: &dyn Tree, floor: Option<&str>, ignores: &dyn Fn(&str) -> bool) -> Vec<Told> {
    let floor = floor.map(|floor| Floor { text: outside_text(2, "floor.toml", floor.as_bytes().to_vec()).0, is_editable: false });
    let request = packman::Request { policy: None, floor, ..request("") };
    let told = check(tree, request, |report| {
        let lints = lints::of(&report.case, ignores).lints;
        let place = |place: Option<packman::text::Place>| {
            place.map_or_else(Default::default, |place| (report.case.path(place.text).to_owned(), place.span))
        };
        let told = lints.into_iter().map(|lint| {
            let (path, span) = place(lint.place);
            (lint.kind, path, span, lint.message)
        });
        told.collect()
    });
    told.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// A text without what stands at some places: items with a comma, settings, and whole tables with those below them.
fn without(text: &str, spans: &[Span]) -> String {
    let mut left = text.to_owned();
    for span in spans.iter().rev() {
        let (start, end) = (span.start as usize, span.end as usize);
        let line = left[..start].rfind('\n').map_or(0, |at| at + 1);
        if left[line..].starts_with('[') {
            let header = left[line..].lines().next().unwrap().split(']').next().unwrap().to_owned();
            let below = format!("{header}.");
            let is_next = |at: usize| left[at..].starts_with('[') && !left[at..].starts_with(&below);
            let starts = left.match_indices('\n').map(|(at, _)| at + 1).filter(|at| *at > line);
            let next = starts.into_iter().find(|at| is_next(*at)).unwrap_or(left.len());
            left.replace_range(line..next, "");
            continue;
        }
        let behind = left[end..].len() - left[end..].trim_start().len();
        if left[end + behind..].starts_with(',') {
            left.replace_range(start..=end + behind, "");
        } else {
            let before = left[..start].trim_end().len();
            let from = if left[..before].ends_with(',') { before - 1 } else { start };
            left.replace_range(from..end, "");
        }
    }
    left
}

/// What is found, without what only speaks of exceptions that nothing needs.
fn judged(tree: &dyn Tree) -> Vec<String> {
    let report: Value = serde_json::from_str(&output(tree, None, "json")).unwrap();
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] != "exception-unused");
    let keys = ["rule", "level", "state", "purl", "registry", "lockfile", "message"];
    let mut all: Vec<String> = findings
        .map(|finding| keys.map(|key| finding[key].to_string()).join(" "))
        .chain([report["dependencies"].to_string()])
        .collect();
    all.sort();
    all
}

/// All that is called dead is taken out at once, and nothing is judged otherwise.
fn can_be_taken_out(tree: &MapTree, told: &[Told]) {
    let mut spans: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for (_, path, span, _) in told.iter().filter(|(kind, ..)| *kind == Kind::Dead) {
        spans.entry(path).or_default().push(*span);
    }
    let mut lighter = tree.clone();
    for (path, spans) in &mut spans {
        spans.sort_unstable();
        let text = String::from_utf8(tree.0[*path].clone()).unwrap();
        lighter.0.insert((*path).to_owned(), without(&text, spans).into_bytes());
    }
    let shown: Vec<_> = spans.keys().map(|path| String::from_utf8_lossy(&lighter.0[*path])).collect();
    assert_eq!(judged(tree), judged(&lighter), "{told:#?}\n{}", shown.join("\n---\n"));
}

const HASH: &str = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

/// npm's lockfile: one package of each origin, one that runs code.
fn npm() -> String {
    let commit = "0123456789012345678901234567890123456789";
    let entry = |name: &str, resolved: &str, more: &str| {
        format!(
            ",\n\"node_modules/{name}\": {{ \"version\": \"1.0.0\", \"resolved\": \"{resolved}\", \"integrity\": \"{HASH}\"{more} }}"
        )
    };
    let entries = [
        entry("left-pad", "https://registry.npmjs.org/left-pad/-/left-pad-1.0.0.tgz", ""),
        entry("esbuild", "https://registry.npmjs.org/esbuild/-/esbuild-1.0.0.tgz", ", \"hasInstallScript\": true"),
        entry("@acme/ui", "https://npm.acme.example/@acme/ui/-/ui-1.0.0.tgz", ""),
        entry("forked", &format!("git+https://github.com/acme/forked.git#{commit}"), ""),
        entry("plain", "https://files.example.net/plain-1.0.0.tgz", ""),
        entry("packed", "file:vendor/packed.tgz", ""),
    ];
    format!(
        "{{ \"lockfileVersion\": 3, \"packages\": {{ \"\": {{ \"name\": \"case\", \"version\": \"1.0.0\" }}{} }} }}\n",
        entries.concat()
    )
}

fn tree(policy: &str) -> MapTree {
    let hash = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let sums = format!("golang.org/x/text v0.14.0 {hash}\ngolang.org/x/text v0.14.0/go.mod {hash}\n");
    MapTree::of(&[
        ("packman.toml", policy),
        ("web/package-lock.json", &npm()),
        ("web/vendor/packed.tgz", "x"),
        (
            "old/Gemfile.lock",
            "GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  rack\n",
        ),
        ("go.mod", "module case.example/case\n\ngo 1.22\n\nrequire golang.org/x/text v0.14.0\n"),
        ("go.sum", &sums),
        ("requirements.txt", &format!("requests==2.31.0 --hash=sha256:{}\n", "0".repeat(64))),
    ])
}

const ACME: &str = "[registries.acme]\necosystem = \"npm\"\nurls = [\"https://npm.acme.example/\"]\n";

/// Holds a policy against a tree, and gives the messages of a kind. What is dead can be taken out.
fn messages(tree: &MapTree, kind: Kind) -> Vec<String> {
    let told = told(tree);
    can_be_taken_out(tree, &told);
    told.into_iter().filter(|told| told.0 == kind).map(|told| told.3).collect()
}

/// A policy in which one line is dead, the words that say why, and its twin in which none is.
#[track_caller]
fn dead(policy: &str, says: &str, twin: &str) {
    let found = messages(&tree(policy), Kind::Dead);
    assert!(found.len() == 1 && found[0].contains(says), "{policy}\n{found:#?}");
    for kind in [Kind::Dead, Kind::Unsaid] {
        let found = messages(&tree(twin), kind);
        assert!(found.is_empty(), "{twin}\n{found:#?}");
    }
}

#[test]
fn levels_that_repeat_or_can_find_nothing() {
    dead(
        "[levels]\nintegrity-missing = \"warn\"\n",
        "`integrity-missing = \"warn\"` repeats what the preset `standard` says",
        "[levels]\nintegrity-missing = \"deny\"\n",
    );
    dead("no-lockfile = \"undecided\"\n", "repeats what the preset `standard` says", "no-lockfile = \"warn\"\n");
    dead(
        "[levels]\ntier-below-minimum = \"warn\"\n[minimum]\ntier = 1\n",
        "can never find anything: no tier above 1 and no alternative",
        "[levels]\ntier-below-minimum = \"warn\"\n[minimum]\nany-of = [{ tier = 2 }]\n",
    );
    dead(
        "[levels]\ncontrol-missing = \"warn\"\n",
        "can never find anything: no control is asked by name",
        "[levels]\ncontrol-missing = \"warn\"\n[minimum]\ncontrols = [\"security-contacts\"]\n",
    );
    dead(
        "[levels]\ntag-missing = \"warn\"\n",
        "this packman does not have that rule yet",
        // Rules on changes find nothing without a base, and much with one.
        "[levels]\ncoverage-lost = \"warn\"\n",
    );
    dead(
        "extends = [\"observe\", \"strict\"]\n",
        "the preset `observe` counts for nothing: `strict`",
        "extends = [\"strict\"]\n",
    );
    dead(
        "[minimum]\nreading = \"guaranteed\"\n",
        "counts for nothing: no tier above 1, no control and no alternative",
        "[minimum]\nreading = \"guaranteed\"\ncontrols = [\"security-contacts\"]\n",
    );
}

#[test]
fn of_settings_of_several_files_one_is_dead_and_not_both() {
    let two = |base: &str, own: &str| {
        let mut tree = tree(&format!("extends = [\"standard\", \"policies/base.toml\"]\n{own}"));
        tree.0.insert("policies/base.toml".to_owned(), base.as_bytes().to_vec());
        tree
    };
    let deny = "[levels]\nintegrity-missing = \"deny\"\n";
    for (base, own, at, says) in [
        (deny, deny, "packman.toml", "repeats what policies/base.toml:2 says"),
        (deny, "[levels]\nintegrity-missing = \"warn\"\n", "policies/base.toml", "packman.toml:3 comes later and says otherwise"),
        ("[minimum]\ntier = 2\n", "[minimum]\ntier = 3\n", "policies/base.toml", "packman.toml:3 comes later"),
        ("exception-days-max = 9\n", "exception-days-max = 9\n", "packman.toml", "repeats"),
        (
            "[origins]\nallow-git = [\"https://github.com/acme/*\"]\n",
            "[origins]\nallow-git = [\"https://github.com/acme/forked\"]\n",
            "packman.toml",
            "fits only what `\"https://github.com/acme/*\"` (policies/base.toml:2) fits before it",
        ),
        (
            "[[minimum.for]]\nregistry = \"pypi\"\ntier = 3\n",
            "[[minimum.for]]\nregistry = \"pypi\"\ntier = 2\n",
            "policies/base.toml",
            "decides nothing for the 1 dependency that it selects: the one with registry = \"pypi\" (packman.toml:4) comes first",
        ),
    ] {
        let tree = two(base, own);
        let told = told(&tree);
        can_be_taken_out(&tree, &told);
        let dead: Vec<_> = told.iter().filter(|told| told.0 == Kind::Dead).collect();
        assert!(dead.len() == 1 && dead[0].1 == at && dead[0].3.contains(says), "{base}{own}{told:#?}");
    }
    // A preset behind a file overrules that.
    let mut late = two(deny, "");
    late.0.insert("packman.toml".to_owned(), b"extends = [\"policies/base.toml\", \"standard\"]\n".to_vec());
    let told = told(&late);
    assert!(told[0].3.contains("the preset `standard` comes later"), "{told:?}");
    can_be_taken_out(&late, &told);
}

#[test]
fn minimums_that_decide_for_nothing() {
    let two = "[minimum]\ntier = 2\n";
    dead(
        &format!("{two}[[minimum.for]]\nregistry = \"nuget\"\ntier = 1\n"),
        "`[[minimum.for]]` with registry = \"nuget\" selects no dependency",
        &format!("{two}[[minimum.for]]\nregistry = \"pypi\"\ntier = 1\n"),
    );
    dead(
        &format!("{two}[[minimum.for]]\nregistry = \"pypi\"\ntier = 2\n"),
        "asks of 1 dependency what `[minimum]` (packman.toml:2) asks already",
        &format!("{two}[[minimum.for]]\nregistry = \"pypi\"\ntier = 3\n"),
    );
    dead(
        &format!(
            "{two}[[minimum.for]]\nregistry = \"pypi\"\ntier = 3\n[[minimum.for]]\nregistry = \"pypi\"\nreading = \"guaranteed\"\npath = \"**\"\ntier = 1\n"
        ),
        "decides nothing for the 1 dependency that it selects: the one with registry = \"pypi\", path = \"**\" (packman.toml:10) comes first",
        // It decides on the controls.
        &format!(
            "{two}[[minimum.for]]\nregistry = \"pypi\"\ncontrols = [\"security-contacts\"]\n[[minimum.for]]\nregistry = \"pypi\"\npath = \"**\"\ntier = 1\n"
        ),
    );
    // Of two that say the same of one dependency the later one is dead, and only that.
    dead(
        &format!(
            "{two}[[minimum.for]]\nregistry = \"pypi\"\ntier = 1\n[[minimum.for]]\npackage = \"pkg:pypi/requests\"\ntier = 1\n"
        ),
        "with package = \"pkg:pypi/requests\" asks of 1 dependency what the one with registry = \"pypi\" (packman.toml:5) asks already",
        &format!("{two}[[minimum.for]]\nregistry = \"pypi\"\ntier = 1\n[[minimum.for]]\nregistry = \"npm\"\ntier = 3\n"),
    );
    dead(
        &format!("{two}[[minimum.for]]\npackage = \"forked\"\ntier = 1\n"),
        "selects 1 dependency, which comes from no registry",
        // What nothing explains yet may come from a registry once that is declared.
        &format!("{two}[[minimum.for]]\nnpm-scope = \"@acme\"\ntier = 1\n"),
    );
    dead("[[minimum.for]]\nregistry = \"pypi\"\ntier = 1\n", "asks nothing of the 1 dependency", two);
    dead(
        "[[minimum.for]]\nregistry = \"pypi\"\nreading = \"guaranteed\"\n",
        "asks nothing of the 1 dependency",
        "[minimum]\ncontrols = [\"security-contacts\"]\n[[minimum.for]]\nregistry = \"pypi\"\nreading = \"guaranteed\"\n",
    );
}

#[test]
fn patterns_that_fit_nothing() {
    dead("exclude = [\"new/**\"]\n", "`\"new/**\"` in `exclude` fits no file that packman would read", "exclude = [\"old\"]\n");
    // There is such a file, but packman would not read it.
    dead("exclude = [\"web/vendor/**\"]\n", "fits no file that packman would read", "exclude = [\"web/**\"]\n");
    dead(
        "exclude = [\"old/**\", \"**/Gemfile.lock\"]\n",
        "`\"**/Gemfile.lock\"` in `exclude` fits only what `\"old/**\"` (packman.toml:1) fits before it",
        "exclude = [\"old/**\", \"**/go.*\"]\n",
    );
    for (key, dead_line, says, live) in [
        (
            "allow-git",
            "https://github.com/acmee/*",
            "fits no repository that a dependency comes from",
            "https://github.com/acme/*",
        ),
        ("allow-url", "https://files.example.com/*", "fits no address that a dependency", "https://files.example.net/*"),
        ("allow-archive", "vendored/**", "fits no archive that a dependency", "**/packed.tgz"),
    ] {
        dead(&format!("[origins]\n{key} = [\"{dead_line}\"]\n"), says, &format!("[origins]\n{key} = [\"{live}\"]\n"));
    }
    dead(
        &format!("{ACME}[packages]\nassign = {{ \"@acme/*\" = \"acme\", \"@acmee/*\" = \"acme\" }}\n"),
        "`\"@acmee/*\" = \"acme\"` in `assign` fits no package",
        &format!("{ACME}[packages]\nassign = {{ \"@acme/*\" = \"acme\", \"left-pad\" = \"npm\" }}\n"),
    );
    dead(
        "[packages]\nmay-run-code = [\"pkg:npm/esbild\"]\n",
        "`\"pkg:npm/esbild\"` in `may-run-code` fits no package",
        "[packages]\nmay-run-code = [\"pkg:npm/esbuild@1.0.0\"]\n",
    );
    dead(
        "[packages]\nmay-run-code = [\"pkg:npm/left-pad\"]\n",
        "fits 1 version, and the lockfile says of none that it runs code",
        // This lockfile cannot tell.
        "[packages]\nmay-run-code = [\"pkg:pypi/requests\"]\n",
    );
}

#[test]
fn registries_that_nothing_uses() {
    let other = "[registries.other]\necosystem = \"npm\"\nurls = [\"https://npm.other.example/\"]\n";
    dead(
        &format!("{ACME}{other}"),
        "no dependency comes from `other`, and no line of `assign` or `default-registry` names it",
        &format!("{ACME}{other}[packages]\nassign = {{ \"left-pad\" = \"other\" }}\n"),
    );
    let mirror = |own: &str| format!("{ACME}mirror-of = \"npm\"\nown = [\"@acme/*\"{own}]\n");
    dead(&mirror(", \"@acmee/*\""), "`\"@acmee/*\"` in `own` of `acme` fits no package", &mirror(", \"left-*\""));
    dead(
        "[origins]\ndefault-registry = { npm = \"npm\" }\n",
        "wherever a package of `npm` comes from, a file of the repository says so",
        "[origins]\ndefault-registry = { golang = \"go\" }\n",
    );
    dead("[origins]\ndefault-registry = { nuget = \"nuget\" }\n", "there is no package of `nuget`", "");
    let overlay = |id: &str| {
        format!("[overlays.{id}]\nstatus = \"absent\"\nreason = \"an incident\"\nowner = \"@acme/sec\"\nuntil = 2026-12-24\n")
    };
    dead(&overlay("nuget"), "the overlay of `nuget` decides nothing", &overlay("pypi"));
    // A mirror passes on what the original has.
    let mirrored = format!(
        "[registries.inner]\necosystem = \"nuget\"\nurls = [\"https://n.acme.example/\"]\nmirror-of = \"nuget\"\n{}",
        overlay("nuget")
    );
    let mut tree = tree(&mirrored);
    tree.0.insert("packages.lock.json".to_owned(), format!("{{ \"version\": 1, \"dependencies\": {{ \"net8.0\": {{ \"A\": {{ \"type\": \"Direct\", \"resolved\": \"1.0.0\", \"contentHash\": \"{HASH}\" }} }} }} }}").into_bytes());
    tree.0.insert("nuget.config".to_owned(), b"<configuration><packageSources><clear /><add key=\"x\" value=\"https://n.acme.example/\" /></packageSources></configuration>".to_vec());
    assert_eq!(messages(&tree, Kind::Dead), Vec::<String>::new());
}

#[test]
fn defaults_also_decide_for_what_is_bundled() {
    let lock = format!(
        "{{ \"lockfileVersion\": 3, \"packages\": {{ \"\": {{}}, \"node_modules/a\": {{ \"version\": \"1.0.0\", \"integrity\": \"{HASH}\" }}, \
         \"node_modules/a/node_modules/b\": {{ \"version\": \"1.0.0\", \"inBundle\": true }} }} }}"
    );
    let tree = MapTree::of(&[
        ("packman.toml", "[origins]\ndefault-registry = { npm = \"npm\" }\n[[minimum.for]]\npackage = \"b\"\ntier = 3\n"),
        ("package-lock.json", &lock),
    ]);
    assert_eq!(messages(&tree, Kind::Dead), Vec::<String>::new());
}

#[test]
fn arguments_of_images() {
    let with = |policy: &str, file: &str| {
        let mut tree = tree(policy);
        tree.0.insert("Dockerfile".to_owned(), file.as_bytes().to_vec());
        messages(&tree, Kind::Dead)
    };
    let policy = "[build-args]\nREGISTRY = \"quay.io\"\n";
    assert_eq!(with(policy, "ARG REGISTRY\nFROM $REGISTRY/acme/app:1\n"), Vec::<String>::new());
    assert_eq!(with(policy, "ARG A\nARG REGISTRY\nFROM ${A:-$REGISTRY}/acme/app:1\n"), Vec::<String>::new());
    let found = with(policy, "ARG OTHER\nFROM $OTHER/acme/app:1\n");
    assert!(found.len() == 1 && found[0].contains("no image that is not known without it is named by `REGISTRY`"), "{found:?}");
}

fn exception(rule: &str, rest: &str) -> String {
    format!("[[exceptions]]\nrule = \"{rule}\"\n{rest}\nreason = \"r\"\nowner = \"o\"\nuntil = 2026-12-24\n")
}

#[test]
fn exceptions_of_rules_that_say_nothing() {
    let code = exception("runs-code-on-install", "package = \"pkg:npm/esbuild\"");
    dead(
        &format!("[levels]\nruns-code-on-install = \"allow\"\n{code}"),
        "the exception from `runs-code-on-install` accepts nothing: that rule is at `allow` (packman.toml:2)",
        &code,
    );
    // One part of a rule may be at `allow` while another is not.
    dead(
        &format!(
            "[levels]\nunpinned-origin = \"allow\"\nunpinned-reference = \"allow\"\n{}",
            exception("unpinned-origin", "path = \"**\"")
        ),
        "the exception from `unpinned-origin` accepts nothing",
        &format!("[levels]\nunpinned-origin = \"allow\"\n{}", exception("unpinned-origin", "path = \"**\"")),
    );
    // A floor may need it.
    let policy = format!("[levels]\nruns-code-on-install = \"allow\"\n{code}");
    let dead =
        |floor: &str| told_under(&tree(&policy), Some(floor), &|_| false).iter().filter(|told| told.0 == Kind::Dead).count();
    assert_eq!(dead("[floor]\nallow-exceptions = [\"runs-code-on-install\"]\n"), 0);
    assert_eq!(dead("[levels]\nruns-code-on-install = \"allow\"\n[floor]\nallow-exceptions = [\"runs-code-on-install\"]\n"), 1);
    assert_eq!(dead(""), 1);
}

#[test]
fn what_was_not_read_may_need_a_line() {
    let policy =
        "[packages]\nmay-run-code = [\"pkg:cargo/ring\", \"pkg:npm/esbild\"]\n[[minimum.for]]\nregistry = \"nuget\"\ntier = 2\n";
    let mut with = tree(policy);
    assert_eq!(messages(&with, Kind::Dead).len(), 3);
    with.0.insert("engine/Cargo.lock".to_owned(), b"<<<<<<< ours\n".to_vec());
    let unsaid = messages(&with, Kind::Unsaid);
    assert_eq!(messages(&with, Kind::Dead), Vec::<String>::new(), "any file could have held anything");
    assert!(unsaid.len() == 3 && unsaid.iter().all(|one| one.contains("`engine/Cargo.lock` could not be read")), "{unsaid:?}");
    // Where only a part of a file was not read, it is about the ecosystem of the rest.
    let part = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\nversion = 7\n";
    with.0.insert("engine/Cargo.lock".to_owned(), part.as_bytes().to_vec());
    let (unsaid, dead) = (messages(&with, Kind::Unsaid), messages(&with, Kind::Dead));
    assert!(
        unsaid.len() == 1 && unsaid[0].contains("pkg:cargo/ring") && unsaid[0].contains("not all of `engine/Cargo.lock`"),
        "{unsaid:?}"
    );
    assert_eq!(dead.len(), 2, "{dead:?}");
    // An image that a variable names may be any image, and no package.
    let mut image =
        tree("[[minimum.for]]\nregistry = \"quay\"\ntier = 2\n[origins]\nallow-git = [\"https://github.com/acmee/*\"]\n");
    image.0.insert("Dockerfile".to_owned(), b"ARG BASE\nFROM $BASE\n".to_vec());
    let (unsaid, dead) = (messages(&image, Kind::Unsaid), messages(&image, Kind::Dead));
    assert!(unsaid.len() == 1 && unsaid[0].contains("`Dockerfile` has a variable in place of a name"), "{unsaid:?}");
    assert!(dead.len() == 1 && dead[0].contains("acmee"), "{dead:?}");
    // Where nothing is read at all, only what no file decides can be said.
    let bare = MapTree::of(&[("packman.toml", &*format!("exclude = [\"x\"]\n{policy}[levels]\nintegrity-missing = \"warn\"\n"))]);
    assert_eq!((messages(&bare, Kind::Unsaid).len(), messages(&bare, Kind::Dead).len()), (3, 2));
}

#[test]
fn what_is_left_out_on_this_machine_may_be_there_on_another() {
    let policy = "exclude = [\"build/**\", \"**/dist\", \"sub/out/**\", \"**/node_modules/**\", \"gone/**\", \"*.bak/*\", \"linked/deep/**\"]\n";
    let place = Disk::repository();
    place.write(".gitignore", "build/\n/sub/dist\n*.bak\n");
    place.write("sub/.gitignore", "out\n");
    place.write("packman.toml", policy);
    place.write("Cargo.lock", "version = 4\n");
    let ran = packman(&["policy", "check", place.at("").to_str().unwrap()]);
    assert_eq!(ran.exit, Exit::Fail, "{}{}", ran.out, ran.err);
    let dead: Vec<&str> = ran.out.lines().filter(|line| line.contains("does nothing: ")).collect();
    assert_eq!(dead.len(), 3, "{}", ran.out);
    for (line, pattern) in dead.into_iter().zip(["**/dist", "gone/**", "linked/deep/**"]) {
        assert!(line.contains(pattern), "{}", ran.out);
    }
    // Below a submodule or a nested repository nothing is read; a copy without git would.
    place.git("init -q gone");
    let ran = packman(&["policy", "check", place.at("").to_str().unwrap()]);
    assert!(!ran.out.contains("gone/**"), "{}", ran.out);
}

#[test]
fn what_only_the_base_needs_does_something() {
    let policy = format!("{ACME}[origins]\nallow-git = [\"https://github.com/acme/forked\", \"https://github.com/acmee/*\"]\n");
    let base = Folder::of(&[("package-lock.json", &npm())]);
    let head = Folder::of(&[
        ("packman.toml", &policy),
        ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"case\"\nversion = \"1.0.0\"\n"),
    ]);
    let dead = |more: &[&str]| {
        let ran = head.run(&[&["policy", "check"], more].concat());
        assert_eq!(ran.exit, Exit::Fail, "{}{}", ran.out, ran.err);
        ran.out.lines().filter(|line| line.contains(": does nothing: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(dead(&[]).len(), 3);
    let compared = dead(&["--base", &base.at("")]);
    assert!(compared.len() == 1 && compared[0].contains("acmee"), "{compared:?}");
    // What the base could not tell cannot be said.
    base.write("package-lock.json", "<<<<<<< ours\n");
    let ran = head.run(&["policy", "check", "--base", &base.at("")]);
    assert_eq!(ran.exit, Exit::Undecided, "{}{}", ran.out, ran.err);
    assert_eq!(ran.out.matches(": cannot be said: ").count(), 3, "{}", ran.out);
    assert_eq!(ran.out.matches("but `package-lock.json` could not be read").count(), 3, "{}", ran.out);
    assert!(ran.out.contains("`\"https://github.com/acmee/*\"` in `allow-git`"), "{}", ran.out);
    assert_eq!(head.run(&["policy", "check", "--base", "no-such-branch"]).exit, Exit::Undecided);
}

#[test]
fn policies_of_folders_are_held_against_what_lies_there() {
    let with = |root: &str, own: &str| {
        let mut tree = tree(root);
        tree.0.insert("web/packman.toml".to_owned(), own.as_bytes().to_vec());
        let told = told(&tree);
        can_be_taken_out(&tree, &told);
        told.into_iter()
            .filter(|told| told.0 <= Kind::OutOfReach)
            .map(|told| format!("{}: {}", told.1, told.3))
            .collect::<Vec<_>>()
    };
    let folder = "[folders.web]\nallow-loosening = [\"runs-code-on-install\"]\n";
    let own = "[packages]\nmay-run-code = [\"pkg:npm/esbuild\", \"pkg:pypi/requests\"]\n[levels]\nintegrity-missing = \"deny\"\n";
    let told = with(folder, own);
    assert!(
        told.len() == 1 && told[0].starts_with("web/packman.toml: `\"pkg:pypi/requests\"` in `may-run-code` fits no package"),
        "{told:?}"
    );
    // What the folder repeats, and what the root says for the folder alone.
    let told = with(&format!("[levels]\nintegrity-missing = \"deny\"\n{folder}"), own);
    assert!(told.len() == 2 && told.iter().any(|one| one.contains("repeats what packman.toml:2 says")), "{told:?}");
    let level = "[levels]\ntier-below-minimum = \"warn\"\n";
    assert_eq!(with(&format!("{level}{folder}"), "[minimum]\ntier = 2\n"), Vec::<String>::new());
    assert_eq!(with(&format!("{level}{folder}"), "[levels]\nintegrity-missing = \"deny\"\n").len(), 1);
    // Where the folder decides alone, what the root asks is not out of reach.
    let pypi = "[[minimum.for]]\nregistry = \"npm\"\nreading = \"guaranteed\"\ntier = 2\n";
    assert_eq!(with(&format!("{pypi}{folder}"), "[levels]\nintegrity-missing = \"deny\"\n").len(), 1);
    let alone = "[folders.web]\nallow-loosening = [\"tier-below-minimum\"]\n";
    assert_eq!(with(&format!("{pypi}{alone}"), "[levels]\nintegrity-missing = \"deny\"\n"), Vec::<String>::new());
    // A folder in which nothing lies.
    let mut empty = tree("[folders.none]\npolicy = \"none.toml\"\nallow-loosening = [\"runs-code-on-install\"]\n[folders.web]\n");
    empty.0.insert("web/packman.toml".to_owned(), b"[levels]\nintegrity-missing = \"deny\"\n".to_vec());
    empty.0.insert("none.toml".to_owned(), b"[packages]\nmay-run-code = [\"x\"]\n".to_vec());
    assert_eq!(messages(&empty, Kind::Dead), ["the policy of `none` decides nothing: no file that packman reads lies there"]);
}

#[test]
fn minimums_out_of_reach() {
    let reach = |policy: &str| messages(&tree(policy), Kind::OutOfReach);
    let found = reach("[[minimum.for]]\nregistry = \"pypi\"\ntier = 2\n");
    assert_eq!(
        found,
        ["tier 2 (reading `offered`) is out of reach for PyPI: it lacks update-notifications; 1 dependency comes from there"]
    );
    assert_eq!(reach("[[minimum.for]]\nregistry = \"npm\"\ntier = 2\n"), Vec::<String>::new());
    let found = reach("[[minimum.for]]\nregistry = \"npm\"\ntier = 2\nreading = \"guaranteed\"\n");
    assert!(found.len() == 1 && found[0].contains("(reading `guaranteed`) is out of reach for npm"), "{found:?}");
    // One line may be out of reach for one registry and not for another.
    let found = reach("[minimum]\ntier = 2\n");
    assert!(found.len() == 2 && found[0].contains("for Go modules") && found[1].contains("for PyPI"), "{found:?}");
    let found = reach("[[minimum.for]]\nregistry = \"pypi\"\ncontrols = [\"update-notifications\", \"mfa-to-push\"]\n");
    assert!(
        found.len() == 1 && found[0].starts_with("`update-notifications` (reading `offered`) is out of reach for PyPI"),
        "{found:?}"
    );
    let any = |second: &str| {
        format!("[[minimum.for]]\nregistry = \"pypi\"\nany-of = [{{ tier = 2 }}, {{ controls = [\"{second}\"] }}]\n")
    };
    assert_eq!(reach(&any("mfa-to-push")), Vec::<String>::new());
    assert!(reach(&any("update-notifications"))[0].starts_with("tier 2, or update-notifications"));
    // Accepted: by an exception, or by the baseline.
    let excepted = |until: &str| {
        let exception = exception("tier-below-minimum", "registry = \"pypi\"").replace("2026-12-24", until);
        reach(&format!("[[minimum.for]]\nregistry = \"pypi\"\ntier = 2\n{exception}"))
    };
    assert_eq!((excepted("2026-12-24").len(), excepted("2026-11-23").len()), (0, 1));
    let mut baselined = tree("[[minimum.for]]\nregistry = \"pypi\"\ntier = 2\n");
    let line = "[[findings]]\nrule = \"tier-below-minimum\"\norigin = \"pypi\"\npackage = \"pkg:pypi/requests\"\npath = \"requirements.txt\"\nsince = 2026-11-01\n";
    baselined.0.insert("packman-baseline.toml".to_owned(), line.as_bytes().to_vec());
    assert_eq!(messages(&baselined, Kind::OutOfReach), Vec::<String>::new());
}

#[test]
fn defaults_that_are_loosened_are_told_and_decide_nothing() {
    for (policy, says) in [
        (
            "[levels]\nunknown-registry = \"warn\"\n",
            "`unknown-registry = \"warn\"` is less than the preset `standard` says: `deny`",
        ),
        ("no-lockfile = \"allow\"\n", "`no-lockfile = \"allow\"` is less than the preset `standard` says: `undecided`"),
        ("extends = [\"strict\"]\n[levels]\nintegrity-missing = \"warn\"\n", "is less than the preset `strict` says: `deny`"),
        ("extends = [\"observe\"]\n", "the preset `observe` only tells"),
    ] {
        let folder = Folder::of(&[("packman.toml", policy), ("web/package-lock.json", &npm())]);
        let ran = folder.run(&["policy", "check"]);
        assert_eq!(ran.exit, Exit::Pass, "{policy}\n{}{}", ran.out, ran.err);
        assert!(ran.out.contains("loosened: ") && ran.out.contains(says), "{policy}\n{}", ran.out);
        assert!(ran.out.contains("the policy is in order, and 1 default is loosened: "), "{}", ran.out);
    }
    // What an extended file says is a default too.
    let mut both = tree("extends = [\"base.toml\"]\n[minimum]\ntier = 1\n");
    both.0.insert("base.toml".to_owned(), b"[minimum]\ntier = 2\n".to_vec());
    assert_eq!(messages(&both, Kind::Loosened), ["`tier = 1` is less than base.toml:2 says: `2`"]);
    assert_eq!(messages(&tree("[levels]\nintegrity-missing = \"deny\"\n"), Kind::Loosened), Vec::<String>::new());
    // The pin, by the day.
    let pinned = Folder::of(&[("packman.toml", "catalogue = 2026-11-22\n"), ("web/package-lock.json", &npm())]);
    let ran = |day: &str| pinned.run(&["policy", "check", "--today", day]);
    assert!(ran("2027-11-23").out.contains("the catalogue is read as of 2026-11-22, which is more than a year ago"));
    assert!(!ran("2027-11-22").out.contains("loosened"), "{}", ran("2027-11-22").out);
}

#[test]
fn a_policy_in_order_is_said_to_be() {
    let policy = "[origins]\nallow-git = [\"https://github.com/acme/*\"]\n[levels]\nintegrity-missing = \"deny\"\n";
    let folder = Folder::of(&[("packman.toml", policy), ("web/package-lock.json", &npm())]);
    let ran = folder.run(&["policy", "check"]);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Pass, ""));
    assert_eq!(
        ran.out,
        "packman policy check, policy packman.toml (standard)\n\nthe policy is in order: 2 settings, tried on 6 dependencies\n"
    );
    let none = Folder::of(&[("web/package-lock.json", &npm())]).run(&["policy", "check"]);
    assert_eq!(none.exit, Exit::Pass);
    assert!(none.out.ends_with("there is no setting to look at: what packman brings along holds\n"), "{}", none.out);
}

#[test]
fn places_steps_and_exits() {
    let folder = Folder::of(&[
        ("packman.toml", "[levels]\nintegrity-missing = \"deny\"\n  insecure-origin = \"deny\"\n"),
        ("web/package-lock.json", &npm()),
    ]);
    let ran = folder.run(&["policy", "check"]);
    assert_eq!(ran.exit, Exit::Fail);
    let line =
        "packman.toml:3:3: does nothing: `insecure-origin = \"deny\"` repeats what the preset `standard` says\n  take it out\n";
    assert!(
        ran.out.contains(line) && ran.out.ends_with("1 line does nothing: 2 settings, tried on 6 dependencies\n"),
        "{}",
        ran.out
    );
    // A policy from elsewhere.
    let outside = Folder::of(&[("other.toml", "exclude = [\"nothing/**\"]\n")]);
    let other = outside.at("other.toml");
    let ran = folder.run(&["policy", "check", "--policy", &other]);
    assert_eq!(ran.exit, Exit::Fail);
    assert!(ran.out.contains(&format!("{other}:1:12: does nothing: `\"nothing/**\"` in `exclude`")), "{}", ran.out);
    // Something was not read, and nothing worse.
    folder.write("packman.toml", "[packages]\nmay-run-code = [\"pkg:cargo/ring\"]\n");
    folder.write("Cargo.lock", "<<<<<<< ours\n");
    let ran = folder.run(&["policy", "check"]);
    assert_eq!(ran.exit, Exit::Undecided, "{}", ran.out);
    assert!(ran.out.contains("packman.toml:2:17: cannot be said: "), "{}", ran.out);
    // A policy that cannot be applied.
    folder.write("packman.toml", "[levles]\n");
    let ran = folder.run(&["policy", "check"]);
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Usage, ""));
    assert!(ran.err.contains("did you mean `levels`?"), "{}", ran.err);
    assert_eq!(folder.run(&["policy", "check", "--policy", &outside.at("none.toml")]).exit, Exit::Usage);
    assert_eq!(packman(&["policy", "check", &outside.at("none")]).exit, Exit::Usage);
}

#[test]
fn names_of_strangers_are_escaped() {
    let name = "a\u{1b}[31m\u{202e}##[error]b";
    let policy = format!("[packages]\nmay-run-code = [\"{}\"]\n", "pkg:npm/\u{202e}x");
    let folder = Folder::of(&[("packman.toml", &policy), (&format!("{name}/Cargo.lock"), "<<<<<<< ours\n")]);
    let ran = folder.run(&["policy", "check"]);
    assert_eq!(ran.exit, Exit::Undecided, "{}{}", ran.out, ran.err);
    assert!(!ran.out.contains(['\u{1b}', '\u{202e}']) && !ran.out.contains("##["), "{}", ran.out);
    assert!(ran.out.contains("\\u{1b}"), "{}", ran.out);
}

#[test]
fn what_init_proposes_is_in_order() {
    let mut folders: Vec<_> = std::fs::read_dir(fixtures().join("check")).unwrap().map(|case| case.unwrap().path()).collect();
    folders.push(fixtures().join("demo"));
    let mut proposed = 0;
    for folder in folders.iter().filter_map(|folder| folder.to_str()) {
        let init = packman(&["init", "--print", folder]);
        if init.exit != Exit::Pass {
            continue;
        }
        proposed += 1;
        let policy = Folder::of(&[("proposed.toml", &init.out)]);
        let ran = packman(&["policy", "check", folder, "--policy", &policy.at("proposed.toml")]);
        assert!(matches!(ran.exit, Exit::Pass | Exit::Undecided), "{folder}\n{}\n{}{}", init.out, ran.out, ran.err);
    }
    assert!(proposed > 15, "{proposed}");
}

#[test]
fn our_own_policy_is_in_order() {
    let ran = packman(&["policy", "check", env!("CARGO_MANIFEST_DIR")]);
    assert_eq!(ran.exit, Exit::Pass, "{}{}", ran.out, ran.err);
}

/// Every tree below `fixtures` that has a policy of its own.
fn trees_with_policies() -> Vec<(String, MapTree)> {
    let mut found = Vec::new();
    let mut folders = vec![fixtures()];
    while let Some(folder) = folders.pop() {
        folders.extend(std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()));
        if folder.join("packman.toml").exists() || folder.join(".github/packman.toml").exists() {
            let mut tree = MapTree::default();
            collect(&folder, &folder, &mut tree.0);
            let name = folder.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap().display().to_string();
            found.push((name, tree));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn whatever_is_called_dead_can_be_taken_out() {
    let (mut applied, mut dead) = (0, 0);
    for (name, tree) in trees_with_policies() {
        let lints = || {
            let request = packman::Request { policy: None, ..request("") };
            check(&tree, request, |report| lints::of(&report.case, &|_| false).lints)
        };
        let Ok(first) = lints() else { continue };
        assert_eq!(Ok(first), lints().map_err(|_| ()), "{name} is told alike twice");
        applied += 1;
        let told = told(&tree);
        dead += told.iter().filter(|told| told.0 == Kind::Dead).count();
        can_be_taken_out(&tree, &told);
    }
    assert!(applied > 50 && dead > 10, "{applied} policies, {dead} dead lines");
}
