//! `packman init`: what it proposes holds today, and nothing is overwritten.

use std::fs;

use packman::cli::Exit;

use crate::cli::{Folder, packman, packman_answered};

const HASH: &str = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
const GO: &str = "module example.com/a\n\ngo 1.22\n\nrequire golang.org/x/text v0.14.0\n";
const SUM: &str = "golang.org/x/text v0.14.0 h1:ScX5w1eTa3QqT8oi6+ziP7dTV1S2+ALU0bI+0zXKWiQ=\ngolang.org/x/text v0.14.0/go.mod h1:18ZOQIKpY8NJVqYksKHtTdi31H5itFRjB5/qKTNYzSU=\n";

/// npm's lockfile: a public package, a private one, one from git.
fn lock() -> String {
    let entry = |name: &str, resolved: &str| {
        format!("\"node_modules/{name}\": {{ \"version\": \"1.0.0\", \"resolved\": \"{resolved}\", \"integrity\": \"{HASH}\" }}")
    };
    let entries = [
        entry("left-pad", "https://registry.npmjs.org/left-pad/-/left-pad-1.0.0.tgz"),
        entry("@acme/ui", "https://npm.acme.example/@acme/ui/-/ui-1.0.0.tgz"),
        entry("forked", "git+ssh://git@github.com/acme/forked.git#0123456789012345678901234567890123456789"),
    ];
    format!("{{ \"lockfileVersion\": 3, \"packages\": {{ \"\": {{}},\n{}\n}} }}\n", entries.join(",\n"))
}

fn repository() -> Folder {
    Folder::of(&[("package-lock.json", &lock()), ("svc/go.mod", GO), ("svc/go.sum", SUM)])
}

#[test]
fn what_is_proposed_holds_today_but_for_what_only_its_owner_can_say() {
    let folder = repository();
    folder.write(".npmrc", "@acme:registry=https://npm.acme.example/\n");
    let ran = folder.run(&["init"]);
    assert_eq!(ran.exit, Exit::Pass, "{}{}", ran.out, ran.err);
    let policy = fs::read_to_string(folder.at("packman.toml")).unwrap();
    for part in [
        "extends = [\"standard\"]",
        "[minimum]\ntier = 2 # holds today for 1 dependency",
        "registry = \"go\"\ntier = 1",
        "[[minimum.for]] # declared below\nregistry = \"acme-npm\"\ntier = 1",
        "allow-git = [\n  \"https://github.com/acme/forked\", # 1 dependency",
        "\n# .npmrc names it, and 1 dependency comes from there. Is it yours? Else take this out.\n[registries.acme-npm]\n",
    ] {
        assert!(policy.contains(part), "{part}\n---\n{policy}");
    }
    let checked = folder.run(&["check"]);
    assert_eq!(checked.exit, Exit::Pass, "{}{}\n{policy}", checked.out, checked.err);
    assert!(ran.out.contains("`packman check` says today: pass"), "{}", ran.out);
    assert_eq!(folder.names(), [".npmrc", "package-lock.json", "packman.toml", "svc"]);
}

#[test]
fn a_host_that_only_a_lockfile_names_stays_a_comment() {
    let folder = repository();
    let ran = folder.run(&["init"]);
    assert_eq!(ran.exit, Exit::Pass, "{}{}", ran.out, ran.err);
    let policy = fs::read_to_string(folder.at("packman.toml")).unwrap();
    assert!(
        policy.contains("# 1 dependency comes from https://npm.acme.example/, and only a lockfile says so. If it is yours"),
        "{policy}"
    );
    assert!(policy.contains("\n# [registries.acme-npm]\n# ecosystem = \"npm\"\n"), "{policy}");
    assert!(ran.out.contains("says today: fail, 1 finding decides"), "{}", ran.out);
    assert_eq!(folder.run(&["check"]).exit, Exit::Fail);
    // Taken as it is meant, it settles the finding.
    let open: Vec<String> = policy.lines().map(uncommented).collect();
    fs::write(folder.at("packman.toml"), open.join("\n")).unwrap();
    let checked = folder.run(&["check"]);
    assert_eq!(checked.exit, Exit::Pass, "{}{}", checked.out, checked.err);
}

/// A line of the declaration without the `#` that `init` set before it; the choices below it stay comments.
fn uncommented(line: &str) -> String {
    let is_declaration = ["# [", "# ecosystem", "# urls", "# registry", "# tier"].iter().any(|start| line.starts_with(start));
    if is_declaration { line[2..].to_owned() } else { line.to_owned() }
}

#[test]
fn what_stricter_settings_would_find_is_what_they_find() {
    let folder = repository();
    let ran = folder.run(&["init", "--print"]);
    assert_eq!((ran.exit, folder.names()), (Exit::Pass, vec!["package-lock.json".to_owned(), "svc".to_owned()]), "{}", ran.err);
    let count = |policy: &str| -> usize {
        fs::write(folder.at("packman.toml"), policy).unwrap();
        let ran = folder.run(&["check", "--output", "json=-"]);
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
        usize::try_from(report["counts"]["deny"].as_u64().unwrap()).unwrap()
    };
    let now = count(&ran.out);
    let said = |start: &str| -> usize {
        let line = ran.out.lines().find(|line| line.contains(start)).unwrap_or_else(|| panic!("{start}\n{}", ran.out));
        line.split("would find ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap_or(0)
    };
    let strict = count(&ran.out.replace("extends = [\"standard\"]", "extends = [\"strict\"]"));
    assert_eq!(said("# `strict`"), strict - now);
    let everywhere = count(&ran.out.replace("registry = \"go\"\ntier = 1", "registry = \"go\"\ntier = 2"));
    assert_eq!(said("# Below it today"), everywhere - now);
    let guaranteed = ran
        .out
        .replace("# reading = \"guaranteed\"", "reading = \"guaranteed\"")
        .replace("registry = \"go\"\ntier = 1", "registry = \"go\"\ntier = 2");
    assert_eq!(said("reading = \"guaranteed\""), count(&guaranteed) - now);
}

#[test]
fn flags_write_a_baseline_and_a_workflow_and_nothing_is_overwritten() {
    let folder = repository();
    let ran = folder.run(&["init", "--baseline", "--workflow"]);
    assert_eq!(ran.exit, Exit::Pass, "{}{}", ran.out, ran.err);
    assert_eq!(folder.names(), [".github", "package-lock.json", "packman-baseline.toml", "packman.toml", "svc"]);
    assert_eq!(folder.run(&["check"]).exit, Exit::Pass);
    let written = fs::read_to_string(folder.at("packman.toml")).unwrap();
    let again = folder.run(&["init"]);
    assert_eq!(again.exit, Exit::Usage);
    assert!(again.err.contains("there is a policy already, `packman.toml`"), "{}", again.err);
    assert_eq!(fs::read_to_string(folder.at("packman.toml")).unwrap(), written);

    fs::remove_file(folder.at("packman.toml")).unwrap();
    folder.write(".github/workflows/packman.yml", "mine\n");
    let third = folder.run(&["init", "--workflow"]);
    assert_eq!(third.exit, Exit::Pass, "{}{}", third.out, third.err);
    assert_eq!(fs::read_to_string(folder.at(".github/workflows/packman.yml")).unwrap(), "mine\n");
}

#[test]
fn on_a_terminal_it_asks_first() {
    let folder = repository();
    let words = |answers: &[&str]| packman_answered(&["init", &folder.at("")], answers);
    let no = words(&["n"]);
    assert_eq!((no.exit, folder.names().len()), (Exit::Pass, 2), "{}", no.out);
    assert!(no.out.contains("nothing was written; this would be it"), "{}", no.out);
    // What cannot be understood is asked about again; who says nothing gets what is safe.
    let yes = words(&["what?", "", "y", ""]);
    assert_eq!(yes.exit, Exit::Pass, "{}{}", yes.out, yes.err);
    assert_eq!(folder.names(), ["package-lock.json", "packman-baseline.toml", "packman.toml", "svc"]);
}

#[test]
fn hostile_names_stay_inside_strings_and_comments() {
    let evil = "https://evil.example/a%22%5D%0Ax/\\u001b[2J\\\"]\\nextends = [\\\"observe\\\"]\\n#";
    let lock = format!(
        "{{ \"lockfileVersion\": 3, \"packages\": {{ \"\": {{}}, \"node_modules/a\": {{ \"version\": \"1.0.0\", \"resolved\": \"git+{evil}\" }}, \"node_modules/b\": {{ \"version\": \"1.0.0\", \"resolved\": \"{evil}/b.tgz\" }} }} }}"
    );
    let folder = Folder::of(&[("package-lock.json", &lock)]);
    let ran = folder.run(&["init", "--print"]);
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
    let policy: toml::Table = ran.out.parse().unwrap_or_else(|error| panic!("{error}\n{}", ran.out));
    assert_eq!(policy["extends"].as_array().unwrap().len(), 1);
    assert_eq!(policy["extends"][0].as_str(), Some("standard"), "{}", ran.out);
}

#[test]
fn where_nothing_is_there_nothing_is_proposed() {
    let folder = Folder::of(&[("README.md", "hello\n")]);
    let ran = folder.run(&["init"]);
    assert_eq!((ran.exit, folder.names().len()), (Exit::Undecided, 1), "{}{}", ran.out, ran.err);
}

#[test]
fn an_unknown_preset_is_a_mistake_in_the_call() {
    let ran = packman(&["init", "--preset", "standart", "."]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("write one of observe, standard, strict"), "{}", ran.err);
}
