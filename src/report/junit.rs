//! JUnit XML, which the test pages of CI systems read: one suite for each lockfile, in it one test case for each rule, and one for each
//! package that a rule found something about.
//!
//! What the policy denies is a failure, what could not be understood an error, a warning a passed case that says something, and what was
//! there before, or is accepted, is skipped. Names stay the same from run to run, so that a page tells what is new. There are no times
//! and no host names in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use crate::finding::{Finding, State};
use crate::judge::Report;
use crate::policy::{Level, ROWS};
use crate::report::escape::{lines, terminal};
use crate::report::human::brought;
use crate::report::places::Places;
use crate::report::{Reporter, Style, plural};
use crate::rules::{Case, RULES, Rule, is_comparing};

pub(super) static REPORTER: Reporter =
    Reporter { id: "junit", about: "JUnit XML for the test pages of CI systems", is_streamed: false, write };

/// Above so many cases of findings the rest is counted, one case for each suite: CI systems refuse files of some ten megabytes.
const CASES_MAX: usize = 20_000;
/// So many findings of one case are told.
const TOLD_MAX: usize = 20;
/// The suite of what no single lockfile answers for.
const WHOLE: &str = "packman";
/// The rules that look at the policy and at the whole tree.
const OF_THE_WHOLE: [&str; 4] = ["coverage-lost", "policy-changed", "exception-expired", "exception-unused"];

/// The cases of one suite: by rule, in the order in which rules are explained, and by what was found something about.
type Cases<'r> = BTreeMap<(usize, String), Vec<&'r Finding>>;

fn write(report: &Report<'_>, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut suites: BTreeMap<String, Cases<'_>> = BTreeMap::new();
    for judged in report.case.head.lockfiles.iter().filter(|judged| judged.is_judged()) {
        suites.entry(report.case.path(judged.lockfile.text).to_owned()).or_default();
    }
    let lockfiles: BTreeSet<String> = suites.keys().cloned().collect();
    for finding in &report.findings {
        let (suite, name) = named(&report.case, finding);
        let rule = RULES.iter().position(|rule| rule.id == finding.rule.id).unwrap_or(RULES.len());
        suites.entry(suite).or_default().entry((rule, name)).or_default().push(finding);
    }
    let prefix = &report.case.head.prefix;
    let mut junit = Junit::new("packman");
    let whole = suites.remove(WHOLE).unwrap_or_default();
    let mut room = CASES_MAX;
    junit.add_test_suite(suite(report, WHOLE, whole, &of_whole(report), &mut room));
    for (path, cases) in suites {
        let rules =
            if lockfiles.contains(&path) { rules(&report.case, |rule| !OF_THE_WHOLE.contains(&rule)) } else { Vec::new() };
        let passed: Vec<TestCase> = rules
            .into_iter()
            .filter(|(at, _)| !cases.keys().any(|(rule, _)| rule == at))
            .map(|(_, rule)| case(prefix, &path, rule.id, TestCaseStatus::success()))
            .collect();
        junit.add_test_suite(suite(report, &path, cases, &passed, &mut room));
    }
    junit.serialize(out).map_err(io::Error::other)
}

/// The suite that a finding belongs to, and what it is about, without a version.
fn named(case: &Case<'_>, finding: &Finding) -> (String, String) {
    if OF_THE_WHOLE.contains(&finding.rule.id) {
        return (WHOLE.to_owned(), String::new());
    }
    if let Some(dependency) = case.dependency(finding.subject) {
        return (dependency.path().to_owned(), dependency.name().to_owned());
    }
    let path = finding.words(case).primary.map(|place| case.path(place.text).to_owned());
    (path.unwrap_or_else(|| WHOLE.to_owned()), String::new())
}

/// The rules that the policy asks something of.
fn rules(case: &Case<'_>, wanted: impl Fn(&str) -> bool) -> Vec<(usize, &'static Rule)> {
    let is_asked = |rule: &Rule| ROWS.iter().any(|row| row.rule == rule.id && case.policy.level(row.id).value != Level::Allow);
    let is_looking = |rule: &Rule| case.base.is_some() || !is_comparing(rule);
    RULES.iter().copied().enumerate().filter(|(_, rule)| wanted(rule.id) && is_asked(rule) && is_looking(rule)).collect()
}

/// What passed of the whole: that there are lockfiles, and the rules that found nothing.
fn of_whole(report: &Report<'_>) -> Vec<TestCase> {
    let mut status = match report.no_lockfile {
        Some(Level::Deny) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Some(Level::Undecided) => TestCaseStatus::non_success(NonSuccessKind::Error),
        _ => TestCaseStatus::success(),
    };
    status.set_message("no lockfile was found, so nothing was judged");
    status.set_description("Run packman in the folder that has the lockfiles, and commit them.");
    let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.rule.id).collect();
    let rules = rules(&report.case, |rule| OF_THE_WHOLE.contains(&rule) && !found.contains(rule));
    let passed = rules.into_iter().map(|(_, rule)| case("", WHOLE, rule.id, TestCaseStatus::success()));
    [case("", WHOLE, "no-lockfile", status)].into_iter().chain(passed).collect()
}

fn suite(report: &Report<'_>, path: &str, cases: Cases<'_>, passed: &[TestCase], room: &mut usize) -> TestSuite {
    let places = Places::new(&report.case);
    let mut suite = TestSuite::new(terminal(path));
    suite.add_test_cases(passed.iter().cloned());
    let mut left: Vec<&Finding> = Vec::new();
    for ((_, name), findings) in cases {
        if *room == 0 {
            left.extend(findings);
            continue;
        }
        *room -= 1;
        suite.add_test_case(found(report, &places, path, &name, &findings));
    }
    if !left.is_empty() {
        let mut status = status(&left);
        let message = format!("{} more, which the JSON report names", plural(left.len(), "finding", "findings"));
        status.set_message(message);
        suite.add_test_case(case(&report.case.head.prefix, path, "more findings", status));
    }
    suite
}

/// One case of a rule that found something about one package.
fn found(report: &Report<'_>, places: &Places<'_>, path: &str, name: &str, findings: &[&Finding]) -> TestCase {
    let prefix = &report.case.head.prefix;
    let mut status = status(findings);
    let decisive = findings.iter().filter(|finding| finding.decides()).max_by_key(|finding| finding.level);
    let Some(first) = decisive.or(findings.first()) else { return case(prefix, path, name, status) };
    let words = first.words(&report.case);
    let said = match first.state {
        State::New => words.message,
        State::Existing => format!("was there before this change: {}", words.message),
        State::Excepted(number) => {
            format!("accepted by {}: {}", first.exception_name(&report.case, number), words.message)
        }
        State::Baselined(_) => format!("accepted by the baseline: {}", words.message),
    };
    let told: Vec<String> = findings.iter().take(TOLD_MAX).map(|finding| told(report, places, finding)).collect();
    let more = findings.len().checked_sub(TOLD_MAX).filter(|more| *more > 0).map(|more| format!("and {more} more"));
    let told = told.into_iter().chain(more).collect::<Vec<_>>().join("\n\n");
    let is_success = matches!(status, TestCaseStatus::Success { .. });
    status.set_type(first.level.id()).set_message(terminal(&said)).set_description(&told);
    let name = if name.is_empty() { first.rule.id.to_owned() } else { format!("{}: {name}", first.rule.id) };
    let mut case = case(prefix, path, &name, status);
    if is_success {
        case.set_system_out(format!("{}: {told}", first.level.id()));
    }
    case
}

/// The worst of what decides, else that nothing does.
fn status(findings: &[&Finding]) -> TestCaseStatus {
    match findings.iter().filter(|finding| finding.decides()).map(|finding| finding.level).max() {
        Some(Level::Deny) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Some(Level::Undecided) => TestCaseStatus::non_success(NonSuccessKind::Error),
        Some(_) => TestCaseStatus::success(),
        None => TestCaseStatus::skipped(),
    }
}

/// Where, what, who brings it in, what to do.
fn told(report: &Report<'_>, places: &Places<'_>, finding: &Finding) -> String {
    let words = finding.words(&report.case);
    let at = words.primary.map(|place| format!("{}: ", places.spoken(place))).unwrap_or_default();
    let mut told = terminal(&format!("{at}{}", words.message)).into_owned();
    for (head, part) in [("", brought(&report.case, finding).unwrap_or_default()), ("Next: ", words.hint)] {
        if !part.is_empty() {
            told.push('\n');
            told.push_str(&lines(&format!("{head}{part}")));
        }
    }
    told
}

/// A case of the suite of a path, which CI systems look for below the work tree's top.
fn case(prefix: &str, path: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(terminal(name), status);
    case.set_classname(terminal(path));
    if path != WHOLE {
        let slash = if prefix.is_empty() { "" } else { "/" };
        case.extra.insert("file".into(), terminal(&[prefix, slash, path].concat()).into());
    }
    case
}
