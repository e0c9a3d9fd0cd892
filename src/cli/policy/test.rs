//! `packman policy test`: a team's own cases, held against the policy.
//!
//! Answers for: a lockfile for each case, judged as `check` would judge it in that folder, with the client configuration that lies there.
//! The repository's own lockfiles have no say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::plant;
use crate::cli::args::PolicyTest;
use crate::cli::check::refuse;
use crate::cli::{Environment, Exit};
use crate::clients::CLIENTS;
use crate::finding::{Finding, State, Subject};
use crate::gate::{Refusal, check, policy_files};
use crate::judge::Report;
use crate::policy::{CASES_PATH, Expected, Fault, Level, TestCase, load_cases};
use crate::report::escape::terminal;
use crate::report::plural;
use crate::text::Text;
use crate::tree::{self, FileKind, MapTree, Tree, TreeError};

/// The largest configuration file that is taken along, in bytes.
const CONFIGURATION_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Runs all cases; exit code 1 if one of them is not as expected.
pub(super) fn run(command: &PolicyTest, environment: &mut Environment<'_>) -> Exit {
    let path = command.cases.clone().unwrap_or_else(|| command.path.join(CASES_PATH));
    let text = match environment.outside(2, "list of cases", &path) {
        Ok(text) => text,
        Err(exit) => return exit,
    };
    let cases = match load_cases(&text) {
        Ok(cases) => cases,
        Err(faults) => return refuse_cases(faults, &text, environment),
    };
    if cases.is_empty() {
        environment.say("error", &format!("`{}` has no case\n  begin one with `[[case]]`", path.display()));
        return Exit::Usage;
    }
    let around = match around(command, environment) {
        Ok(around) => around,
        Err(refusal) => return refuse(&refusal, environment),
    };
    let mut said = String::new();
    let mut wrong = 0;
    for case in &cases {
        let answer = match answer(case, &around, command, &text, environment) {
            Ok(answer) => answer,
            Err(exit) => return exit,
        };
        let line = text.lines().position(case.place.span.start).0;
        if answer.is_as_expected(case) {
            let _ = writeln!(said, "as expected  {}", terminal(&case.name));
        } else {
            wrong += 1;
            let _ = writeln!(said, "WRONG        {} ({}:{line})", terminal(&case.name), terminal(&text.path));
            answer.explain(case, &mut said);
        }
    }
    let _ = writeln!(said, "\n{}, {wrong} wrong", plural(cases.len(), "case", "cases"));
    match environment.print(said.as_bytes()) {
        Exit::Pass if wrong > 0 => Exit::Fail,
        exit => exit,
    }
}

fn around(command: &PolicyTest, environment: &Environment<'_>) -> Result<Around, Refusal> {
    let tree = tree::open(&command.path)?;
    // A policy given by hand is not the repository's, and made of nothing but itself.
    let policies = match command.policy {
        Some(_) => Vec::new(),
        None => policy_files(tree.as_ref(), command.today.unwrap_or(environment.today))?,
    };
    Ok(Around::of(tree.as_ref(), policies)?)
}

/// The files of the repository that may decide what a client asks, and those that the policy is made of.
struct Around {
    files: BTreeMap<String, Vec<u8>>,
    policies: BTreeSet<String>,
}

impl Around {
    fn of(tree: &dyn Tree, policies: Vec<String>) -> Result<Self, TreeError> {
        let policies = BTreeSet::from_iter(policies);
        let read_by_clients: BTreeSet<&str> = CLIENTS.iter().flat_map(|client| client.reads.iter().copied()).collect();
        let is_read = |path: &str| {
            policies.contains(path)
                || read_by_clients
                    .iter()
                    .any(|read| path == *read || path.strip_suffix(read).is_some_and(|rest| rest.ends_with('/')))
        };
        let mut files = BTreeMap::new();
        for (path, kind) in tree.list()?.files {
            if kind == FileKind::File && is_read(&path) {
                let bytes = tree.read(&path, CONFIGURATION_BYTES_MAX)?;
                files.insert(path.into(), bytes);
            }
        }
        Ok(Self { files, policies })
    }

    /// Those that have a say in a folder, with the case's own files over them.
    fn with(&self, folder: &str, planted: Vec<plant::File>) -> MapTree {
        let has_a_say = |path: &str| {
            let of = path.rsplit_once('/').map_or("", |(of, _)| of);
            // `.yarn/…`, `.cargo/config.toml` and the like lie one folder below the one that they are about.
            let of = of.rsplit_once('/').map_or(if of.starts_with('.') { "" } else { of }, |(outer, last)| {
                if last.starts_with('.') { outer } else { of }
            });
            let is_above = of.is_empty() || folder == of || folder.strip_prefix(of).is_some_and(|rest| rest.starts_with('/'));
            is_above || self.policies.contains(path)
        };
        let mut files: BTreeMap<String, Vec<u8>> =
            self.files.iter().filter(|(path, _)| has_a_say(path)).map(|(path, bytes)| (path.clone(), bytes.clone())).collect();
        files.extend(planted.into_iter().map(|(name, content)| (join(folder, name), content.into_bytes())));
        MapTree(files)
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What the policy says of a case.
struct Answer {
    verdict: Expected,
    /// Rules with what they say, the worst first.
    findings: Vec<(&'static str, Level, String)>,
    /// Whether the lockfile was read at all.
    is_judged: bool,
}

fn answer(
    case: &TestCase,
    around: &Around,
    command: &PolicyTest,
    text: &Text,
    environment: &mut Environment<'_>,
) -> Result<Answer, Exit> {
    let planted = match plant::files(case) {
        Ok(planted) => planted,
        Err((message, hint)) => {
            return Err(refuse_cases(vec![Fault::new(Some(case.place), message).with_hint(hint)], text, environment));
        }
    };
    let lockfile = planted.first().map(|(name, _)| join(&case.folder, name)).unwrap_or_default();
    let tree = around.with(&case.folder, planted);
    let request = environment.request(command.policy.as_deref(), &[], case.today.or(command.today))?;
    check(&tree, request, |report| Answer::of(report, case, &lockfile)).map_err(|refusal| refuse(&refusal, environment))
}

impl Answer {
    fn of(report: &Report<'_>, case: &TestCase, lockfile: &str) -> Self {
        let is_it = |finding: &&Finding| {
            matches!(finding.subject, Subject::Entry(..))
                && finding.state == State::New
                && report
                    .case
                    .dependency(finding.subject)
                    .is_some_and(|dependency| dependency.path() == lockfile && dependency.entry.ecosystem == case.ecosystem)
        };
        let mut findings: Vec<(&'static str, Level, String)> = report
            .findings
            .iter()
            .filter(is_it)
            .map(|finding| (finding.rule.id, finding.level, finding.words(&report.case).message))
            .collect();
        findings.sort_by_key(|(rule, level, _)| (std::cmp::Reverse(*level), *rule));
        let verdict = match findings.first().map(|(_, level, _)| *level) {
            Some(Level::Deny | Level::Undecided) => Expected::Fail,
            Some(Level::Warn) => Expected::Warn,
            _ => Expected::Pass,
        };
        let is_judged = report.case.dependencies().any(|dependency| dependency.path() == lockfile);
        Self { verdict, findings, is_judged }
    }

    fn is_as_expected(&self, case: &TestCase) -> bool {
        let has_rule = |rule: &String| self.deciding().any(|(found, ..)| found == rule);
        self.is_judged && self.verdict == case.expect && case.rule.as_ref().is_none_or(has_rule)
    }

    /// The findings that make the verdict.
    fn deciding(&self) -> impl Iterator<Item = &(&'static str, Level, String)> {
        let worst = self.findings.first().map(|(_, level, _)| *level);
        self.findings.iter().filter(move |(_, level, _)| Some(*level) == worst)
    }

    fn explain(&self, case: &TestCase, said: &mut String) {
        if !self.is_judged {
            let _ = writeln!(said, "             its lockfile is not judged: does `exclude` keep it from sight?");
            return;
        }
        let rule = case.rule.as_ref().map(|rule| format!(" by `{}`", terminal(rule))).unwrap_or_default();
        let _ = writeln!(said, "             expected {}{rule}, got {}", case.expect.id(), self.verdict.id());
        for (rule, level, message) in &self.findings {
            let _ = writeln!(said, "             {}[{rule}]: {}", level.id(), terminal(message));
        }
    }
}

fn refuse_cases(faults: Vec<Fault>, text: &Text, environment: &mut Environment<'_>) -> Exit {
    let texts = vec![Text::decode(text.id, &text.path, text.bytes().to_vec()).0];
    crate::cli::check::show_faults(&faults, &texts, environment);
    environment.say("error", "the cases cannot be run as they are written");
    Exit::Usage
}
