//! What is found of minimums, whichever way it is asked: a registry that meets all is not asked for each of its packages.

use std::fmt::Write as _;

use packman::tree::MapTree;
use proptest::prelude::*;

use crate::gate::report;

/// Packages of three ecosystems, of two registries of one of them, and of a mirror with a package of its own.
fn tree() -> MapTree {
    let hash = "sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==";
    let package = |name: &str, host: &str| {
        format!(
            "\"node_modules/{name}\": {{ \"version\": \"1.0.0\", \"resolved\": \"https://{host}/{name}/-/{name}-1.0.0.tgz\", \
             \"integrity\": \"{hash}\" }}"
        )
    };
    let packages = [
        package("left-pad", "registry.npmjs.org"),
        package("a-pad", "npm.acme.example"),
        package("acme-own", "npm.acme.example"),
        package("lib", "npm.corp.example"),
        package("pad", "registry.npmjs.org"),
    ];
    let npm = format!("{{ \"lockfileVersion\": 3, \"packages\": {{ \"\": {{}},\n{} }} }}", packages.join(",\n"));
    let cargo = "version = 4\n[[package]]\nname = \"pad\"\nversion = \"1.0.0\"\n\
                 source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
                 checksum = \"ddc6f9cc94d67c0e21aaf7eda3a010fd3af78ebf6e096aa6e2e13c79749cce4f\"\n";
    let gem = "GEM\n  remote: https://rubygems.org/\n  specs:\n    pad (1.0.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  pad\n";
    MapTree::of(&[("web/package-lock.json", &npm), ("package-lock.json", &npm), ("Cargo.lock", cargo), ("Gemfile.lock", gem)])
}

const DECLARED: &str = "extends = [\"observe\"]\n[levels]\ntier-below-minimum = \"deny\"\ncontrol-missing = \"deny\"\n\
    [registries.acme]\necosystem = \"npm\"\nurls = [\"https://npm.acme.example/\"]\nmirror-of = \"npm\"\nown = [\"acme-*\"]\n\
    [registries.corp]\necosystem = \"npm\"\nurls = [\"https://npm.corp.example/\"]\n\
    controls = { mfa-to-push = \"enforced\", security-contacts = \"optional\" }\nreason = \"r\"\nowner = \"o\"\n";

/// More alternatives than the strictest minimum is asked of, for nothing that is there.
fn too_many() -> String {
    let line = |number| format!("[[minimum.for]]\npath = \"nowhere-{number}\"\nany-of = [{{ tier = 2 }}]\n");
    (0..20).map(line).collect()
}

fn found(policy: &str) -> Vec<String> {
    let report = report(&tree(), policy);
    let of = |finding: &serde_json::Value| {
        ["rule", "purl", "lockfile", "message"].map(|key| finding[key].as_str().unwrap_or_default().to_owned()).join(" ")
    };
    let about = |finding: &&serde_json::Value| matches!(finding["rule"].as_str(), Some("tier-below-minimum" | "control-missing"));
    report["findings"].as_array().unwrap().iter().filter(about).map(of).collect()
}

#[test]
fn a_registry_that_meets_all_but_one_line_is_asked_for_each_package() {
    let lines = format!("{DECLARED}[minimum]\ntier = 1\n[[minimum.for]]\npackage = \"pkg:npm/pad\"\ntier = 3\n");
    let all = found(&lines);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().all(|line| line.contains("pkg:npm/pad@1.0.0")), "{all:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn all_at_once_is_as_one_by_one(
        general in asked(),
        lines in proptest::collection::vec((0..5_usize, asked()), 0..4),
    ) {
        let selects = ["registry = \"npm\"", "ecosystem = \"cargo\"", "package = \"*pad\"", "path = \"web\"", "registry = \"acme\""];
        let mut policy = format!("{DECLARED}[minimum]\n{general}");
        let mut seen = std::collections::BTreeSet::new();
        for (number, asked) in lines {
            if !asked.is_empty() && seen.insert(number) {
                let _ = write!(policy, "[[minimum.for]]\n{}\n{asked}", selects[number]);
            }
        }
        prop_assert_eq!(found(&policy), found(&format!("{policy}{}", too_many())), "{}", policy);
    }
}

/// What one table asks.
fn asked() -> impl Strategy<Value = String> {
    let tier = prop::sample::select(vec!["", "tier = 1\n", "tier = 2\n", "tier = 3\n"]);
    let reading = prop::sample::select(vec!["", "", "reading = \"guaranteed\"\n", "reading = \"offered\"\n"]);
    let controls = prop::sample::select(vec![
        "",
        "",
        "controls = [\"mfa-to-push\"]\n",
        "controls = [\"security-contacts\", \"code-signing\"]\n",
    ]);
    let any_of =
        prop::sample::select(vec!["", "", "any-of = [{ tier = 2 }, { controls = [\"mfa-to-push\"] }]\n", "any-of = []\n"]);
    (tier, reading, controls, any_of).prop_map(|(tier, reading, controls, any_of)| [tier, reading, controls, any_of].concat())
}
