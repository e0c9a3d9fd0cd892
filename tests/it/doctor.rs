//! `packman doctor`: what it plants is found, and a gate that is off is called so.

use packman::cli::Exit;

use crate::cli::{Folder, Ran};

const LOCK: &str = "[[package]]\nname = \"serde\"\nversion = \"1.0.200\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"ddc6f9cc94d67c0e21aaf7eda3a010fd3af78ebf6e096aa6e2e13c79749cce4f\"\n";

fn doctor(policy: &str) -> (Folder, Ran) {
    let folder = Folder::of(&[("Cargo.lock", LOCK), ("packman.toml", policy)]);
    let ran = folder.run(&["doctor"]);
    (folder, ran)
}

/// What the table says happens to what a rule has to find.
fn fate<'r>(ran: &'r Ran, rule: &str) -> &'r str {
    let line =
        ran.out.lines().find(|line| line.contains(&format!("  {rule} "))).unwrap_or_else(|| panic!("{}{}", ran.out, ran.err));
    line.rsplit("  ").next().unwrap()
}

#[test]
fn the_gate_is_on_by_default_and_nothing_is_written() {
    let (folder, ran) = doctor("extends = [\"standard\"]\n");
    assert_eq!(ran.exit, Exit::Pass, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("the gate is on"), "{}", ran.out);
    let stops = ["unknown-registry", "lockfile-unreadable", "registry-mismatch", "origin-not-allowed", "insecure-origin"];
    for rule in stops.into_iter().chain(["coverage-lost", "protection-lowered"]) {
        assert_eq!(fate(&ran, rule), "stops the build", "{rule}\n{}", ran.out);
    }
    for rule in ["integrity-missing", "runs-code-on-install", "unpinned-origin", "lockfile-missing"] {
        assert_eq!(fate(&ran, rule), "is shown, stops nothing", "{rule}\n{}", ran.out);
    }
    assert_eq!(fate(&ran, "tier-below-minimum"), "is not looked for: no minimum is asked of it");
    assert_eq!(folder.names(), ["Cargo.lock", "packman.toml"]);
}

#[test]
fn under_strict_everything_stops_a_build_and_a_minimum_is_tried() {
    let (_, ran) = doctor("extends = [\"strict\"]\n[minimum]\ntier = 2\n");
    assert_eq!(ran.exit, Exit::Pass, "{}{}", ran.out, ran.err);
    assert_eq!(ran.out.matches("stops the build").count(), 12, "{}", ran.out);
}

#[test]
fn a_gate_that_only_observes_is_off() {
    let (_, ran) = doctor("extends = [\"observe\"]\n");
    assert_eq!(ran.exit, Exit::Fail, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("the gate is off: `unknown-registry` and `lockfile-unreadable` stop nothing"), "{}", ran.out);
}

#[test]
fn what_the_policy_keeps_from_sight_or_accepts_gets_by_and_is_named_with_its_line() {
    let (_, ran) = doctor("extends = [\"standard\"]\nexclude = [\"**/package-lock.json\"]\n");
    assert_eq!(ran.exit, Exit::Fail, "{}{}", ran.out, ran.err);
    assert!(fate(&ran, "unknown-registry").contains("`**/package-lock.json`"), "{}", ran.out);
    assert!(fate(&ran, "unknown-registry").contains("packman.toml:2"), "{}", ran.out);

    let exception = "[[exceptions]]\nrule = \"unknown-registry\"\npath = \"**\"\nreason = \"too loud\"\nowner = \"@acme/build\"\nuntil = 2026-12-31\n";
    let (_, ran) = doctor(exception);
    assert_eq!(ran.exit, Exit::Fail, "{}{}", ran.out, ran.err);
    assert!(fate(&ran, "unknown-registry").contains("exception"), "{}", ran.out);

    let (_, ran) = doctor("[levels]\ninsecure-origin = \"allow\"\n");
    assert_eq!(ran.exit, Exit::Pass, "{}{}", ran.out, ran.err);
    assert_eq!(fate(&ran, "insecure-origin"), "is not looked for, packman.toml:2");
}

#[test]
fn a_workflow_that_runs_packman_is_named() {
    let workflow = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: packman check\n";
    let folder = Folder::of(&[("Cargo.lock", LOCK)]);
    assert!(folder.run(&["doctor"]).out.contains("nothing below .github/workflows names packman"));
    folder.write(".github/workflows/gate.yml", workflow);
    assert!(folder.run(&["doctor"]).out.contains(".github/workflows/gate.yml runs packman"));
}

#[test]
fn a_policy_that_cannot_be_applied_is_no_gate_either() {
    let (_, ran) = doctor("extends = [\"standart\"]\n");
    assert_eq!(ran.exit, Exit::Usage, "{}{}", ran.out, ran.err);
}
