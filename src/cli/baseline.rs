//! `packman baseline`.
//!
//! Answers for: beginning a baseline where there is none, and shrinking one that is there. It never adds to one, and it writes nothing
//! while something could not be judged.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cli::args::Baseline;
use crate::cli::check::{open, refuse};
use crate::cli::output::write_file;
use crate::cli::{Environment, Exit};
use crate::finding::{Finding, State};
use crate::gate::check;
use crate::judge::Report;
use crate::policy::{BASELINE_BYTES_MAX, BASELINE_PATH, BaselineKey, Level, may_be_baselined, render_baseline};
use crate::report::plural;
use crate::rules::baseline_key;

/// What becomes of the file.
enum Plan {
    /// Something could not be judged.
    Undecided,
    /// There is no baseline yet; this would be it, with the number of findings that it accepts, and of those that it cannot accept.
    Begin { text: String, lines: usize, findings: usize, others: usize },
    /// There is one; this is left of it. The last number is that of findings that decide and that no line accepts.
    Shrink { text: String, left: usize, gone: usize, is_same: bool, others: usize },
}

/// Writes the baseline.
pub(super) fn run(command: &Baseline, environment: &mut Environment<'_>) -> Exit {
    let (tree, request) = match open(&command.path, command.policy.as_deref(), command.today, environment) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let plan = match check(tree.as_ref(), request, plan) {
        Ok(plan) => plan,
        Err(refusal) => return refuse(&refusal, environment),
    };
    match plan {
        Plan::Undecided => {
            let message = "not everything could be judged, so no baseline was written\n  run `packman check` to see what, and mend \
                           it first: what is not known cannot be accepted";
            environment.say("undecided", message);
            Exit::Undecided
        }
        Plan::Begin { findings: 0, .. } => {
            environment.print(b"nothing was found, so there is nothing to accept and no baseline was begun\n")
        }
        Plan::Begin { .. } if command.prune => environment.print(b"there is no baseline to shrink\n"),
        Plan::Begin { text, lines, findings, others } => {
            let exit = begin(command, &text, lines, environment);
            if exit == Exit::Pass { environment.print(begun(lines, findings, others).as_bytes()) } else { exit }
        }
        Plan::Shrink { text, left, gone, is_same, others } => {
            let exit = if is_same { Exit::Pass } else { write(command, &text, environment) };
            if exit == Exit::Pass { environment.print(shrunk(left, gone, others).as_bytes()) } else { exit }
        }
    }
}

fn plan(report: &Report<'_>) -> Plan {
    let case = &report.case;
    if !report.is_complete {
        return Plan::Undecided;
    }
    let acceptable = |finding: &&Finding| finding.state == State::New && may_be_baselined(finding.rule.id);
    let baseline = &case.policy.baseline;
    let Some(text) = baseline.text() else {
        let keys: Vec<BaselineKey> =
            report.findings.iter().filter(acceptable).map(|finding| baseline_key(case, finding)).collect();
        let findings = keys.len();
        let lines: BTreeMap<BaselineKey, _> = keys.into_iter().map(|key| (key, case.today)).collect();
        let text = render_baseline(lines.iter().map(|(key, since)| (key, *since)));
        let decides = |finding: &&Finding| finding.state == State::New && finding.level == Level::Deny;
        let others = report.findings.iter().filter(decides).filter(|finding| !may_be_baselined(finding.rule.id)).count();
        return Plan::Begin { text, lines: lines.len(), findings, others };
    };
    let kept = baseline.keys().into_iter().filter(|(_, line)| report.stale.binary_search(line).is_err());
    let kept: Vec<(&BaselineKey, _)> =
        kept.filter_map(|(key, line)| Some((key, baseline.lines().get(line as usize)?.since))).collect();
    let left = kept.len();
    let rendered = render_baseline(kept);
    let is_same = case.text(text).is_some_and(|text| text.bytes() == rendered.as_bytes());
    let others = report.findings.iter().filter(acceptable).count();
    Plan::Shrink { text: rendered, left, gone: report.stale.len(), is_same, others }
}

fn begin(command: &Baseline, text: &str, lines: usize, environment: &mut Environment<'_>) -> Exit {
    let path = command.path.join(BASELINE_PATH);
    if text.len() > BASELINE_BYTES_MAX {
        let message = format!(
            "{} would need {} bytes, over the limit of {BASELINE_BYTES_MAX}\n  ask less in `packman.toml` first, or exclude what is not yours",
            plural(lines, "line", "lines"),
            text.len()
        );
        environment.say("error", &message);
        return Exit::Usage;
    }
    // Git ignores it, so that `check` does not see it: to write over it could add to it.
    if std::fs::symlink_metadata(&path).is_ok() {
        let message =
            format!("`{BASELINE_PATH}` is there, but git ignores it\n  take it out of `.gitignore` and commit it, or delete it");
        environment.say("error", &message);
        return Exit::Usage;
    }
    write(command, text, environment)
}

fn begun(lines: usize, findings: usize, others: usize) -> String {
    let lines = plural(lines, "line", "lines");
    let mut said = format!("{BASELINE_PATH}: {lines} for {} of today\n", plural(findings, "finding", "findings"));
    if others > 0 {
        let findings = plural(others, "finding decides", "findings decide");
        let _ = writeln!(said, "{findings} still, which no baseline can accept: packman check");
    }
    said.push_str(
        "next: read it and commit it. From now on only what comes in later decides; `packman check` says how much is left,\n",
    );
    said.push_str("and `packman baseline` takes out what nothing needs any more\n");
    said
}

fn write(command: &Baseline, text: &str, environment: &mut Environment<'_>) -> Exit {
    let path = command.path.join(BASELINE_PATH);
    match write_file(&path, text.as_bytes()) {
        Ok(()) => Exit::Pass,
        Err(error) => environment.world(&format!("`{}` cannot be written: {error}", path.display())),
    }
}

fn shrunk(left: usize, gone: usize, others: usize) -> String {
    let mut said = match (left, gone) {
        (0, 0) => format!("{BASELINE_PATH}: no line; you can delete it\n"),
        (0, _) => format!("{BASELINE_PATH}: {} taken out, none left; commit it, or delete it\n", plural(gone, "line", "lines")),
        (_, 0) => format!("{BASELINE_PATH}: {}, all of them still needed\n", plural(left, "line", "lines")),
        _ => format!("{BASELINE_PATH}: {} taken out, {left} left\n", plural(gone, "line", "lines")),
    };
    if others > 0 {
        let findings = plural(others, "finding is", "findings are");
        let _ = writeln!(said, "{findings} not in it: a baseline only shrinks");
        said.push_str("next: mend them, or make exceptions with an owner and an end: packman explain exceptions\n");
        said.push_str("to start over, as with a stricter policy: delete the file and run packman baseline once more\n");
    }
    said
}
