//! `packman policy check`: what in a policy does nothing, and what nobody can meet.
//!
//! Answers for: words and exit. What there is to tell, `lints` knows.

use std::fmt::Write as _;

use crate::cli::args::PolicyCheck;
use crate::cli::check::{base_of, open, refuse};
use crate::cli::{Environment, Exit};
use crate::gate::{Base, Refusal, compare};
use crate::lints::{self, Kind, Lint, Lints};
use crate::report::escape::terminal;
use crate::report::{plural, policy_title};
use crate::rules::Case;

/// Looks, and tells; exit code 1 if a line does nothing or cannot be met.
pub(super) fn run(command: &PolicyCheck, environment: &mut Environment<'_>) -> Exit {
    match look(command, environment) {
        Ok((said, exit)) => match environment.print(said.as_bytes()) {
            Exit::Pass => exit,
            failed => failed,
        },
        Err(exit) => exit,
    }
}

fn look(command: &PolicyCheck, environment: &mut Environment<'_>) -> Result<(String, Exit), Exit> {
    let (tree, mut request) = open(&command.path, command.policy.as_deref(), command.today, environment)?;
    request.floor = environment.floor(command.floor.as_deref(), &command.path)?;
    let base = command.base.as_deref().map(|base| base_of(&command.path, base, tree.as_ref(), Some("HEAD")));
    let base = base.transpose().map_err(|error| refuse(&Refusal::Tree(error), environment))?;
    let base = base.as_ref().map(|(tree, name)| Base { tree: tree.as_ref(), name: name.clone() });
    let ignores = |path: &str| tree.ignores(path);
    let told = compare(tree.as_ref(), base.as_ref(), request, |report| tell(&report.case, &lints::of(&report.case, &ignores)));
    told.map_err(|refusal| refuse(&refusal, environment))
}

/// The word for a kind.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Dead => "does nothing",
        Kind::OutOfReach => "out of reach",
        Kind::Unsaid => "cannot be said",
        Kind::Loosened => "loosened",
    }
}

fn tell(case: &Case<'_>, lints: &Lints) -> (String, Exit) {
    let mut said = format!("packman policy check, policy {}\n\n", terminal(&policy_title(case)));
    for lint in &lints.lints {
        line(case, lint, &mut said);
    }
    if !lints.lints.is_empty() {
        said.push('\n');
    }
    let [dead, out_of_reach, unsaid, loosened] = Kind::ALL.map(|kind| lints.count(kind));
    let tried = format!(
        "{}, tried on {}",
        plural(lints.settings, "setting", "settings"),
        plural(lints.dependencies, "dependency", "dependencies")
    );
    let exit = match (dead + out_of_reach, unsaid) {
        (0, 0) => Exit::Pass,
        (0, _) => Exit::Undecided,
        _ => Exit::Fail,
    };
    let counts = [
        (dead, plural(dead, "line does nothing", "lines do nothing")),
        (out_of_reach, format!("{} out of reach", plural(out_of_reach, "minimum is", "minimums are"))),
        (unsaid, format!("of {} it cannot be said", plural(unsaid, "line", "lines"))),
        (loosened, format!("{} loosened", plural(loosened, "default is", "defaults are"))),
    ];
    let counts: Vec<String> = counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect();
    let _ = match (exit, lints.settings) {
        (Exit::Pass, 0) => writeln!(said, "there is no setting to look at: what packman brings along holds"),
        (Exit::Pass, _) if loosened == 0 => writeln!(said, "the policy is in order: {tried}"),
        (Exit::Pass, _) => writeln!(said, "the policy is in order, and {}: {tried}", counts.join(", ")),
        _ => writeln!(said, "{}: {tried}", counts.join(", ")),
    };
    (said, exit)
}

fn line(case: &Case<'_>, lint: &Lint, said: &mut String) {
    let place = lint.place.and_then(|place| {
        let text = case.text(place.text)?;
        let (line, column) = text.lines().position(place.span.start);
        Some(format!("{}:{line}:{column}: ", text.path))
    });
    let line = format!("{}{}: {}", place.unwrap_or_default(), word(lint.kind), lint.message);
    let _ = writeln!(said, "{}\n  {}", terminal(&line), terminal(&lint.hint));
}
