//! `--what-if`: what another preset or policy would find, beside the verdict that stands.
//!
//! Answers for: counts, and nothing that decides: the exit is that of the run itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::cli::args::Check;
use crate::cli::check::{refuse, request};
use crate::cli::{Environment, Exit};
use crate::finding::State;
use crate::gate::{Base, compare};
use crate::judge::{Report, Verdict};
use crate::policy::{Level, PRESETS, preset_levels};
use crate::report::escape::terminal;
use crate::report::plural;
use crate::tree::Tree;

/// What a run found, by rule: how much decides, and how much is a warning.
pub(super) struct Tally {
    verdict: Verdict,
    rules: BTreeMap<&'static str, (usize, usize)>,
}

impl Tally {
    pub(super) fn of(report: &Report<'_>) -> Self {
        let mut rules: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
        for finding in report.findings.iter().filter(|finding| finding.state == State::New) {
            let (decides, warns) = rules.entry(finding.rule.id).or_default();
            *(if finding.level == Level::Warn { warns } else { decides }) += 1;
        }
        Self { verdict: report.verdict, rules }
    }

    fn decides(&self) -> usize {
        self.rules.values().map(|(decides, _)| decides).sum()
    }
}

/// Judges once more, and says what is different. Without a word if nothing is asked.
pub(super) fn tell(
    command: &Check,
    (head, base): (&dyn Tree, Option<&Base<'_>>),
    now: &Tally,
    environment: &mut Environment<'_>,
) -> Result<(), Exit> {
    for named in &command.what_if {
        let mut request = request(command, environment)?;
        match preset_levels(named) {
            // Whoever names levels on the command line means them here too: later ones win.
            Some(levels) => request.levels = [levels, request.levels].concat(),
            None if Path::new(named).exists() => request.policy = Some(environment.outside(0, "policy", Path::new(named))?),
            None => {
                let presets = PRESETS.map(|preset| format!("`{preset}`")).join(", ");
                let message = format!(
                    "`--what-if {named}`: there is no such preset and no such file\n  name one of {presets}, or a policy's file"
                );
                environment.say("error", &message);
                return Err(Exit::Usage);
            }
        }
        let then = compare(head, base, request, Tally::of).map_err(|refusal| refuse(&refusal, environment))?;
        let said = says(named, now, &then);
        let _ = environment.stderr.write_all(said.as_bytes());
    }
    Ok(())
}

fn says(named: &str, now: &Tally, then: &Tally) -> String {
    let decides = plural(then.decides(), "finding decides", "findings decide");
    let mut says = format!("\nwhat if `{}`: {}, {decides} ({} now)\n", terminal(named), then.verdict.id(), now.decides());
    let rules: std::collections::BTreeSet<_> = now.rules.keys().chain(then.rules.keys()).collect();
    let mut is_same = true;
    for rule in rules {
        let counts = |tally: &Tally| tally.rules.get(rule).copied().unwrap_or_default();
        let ((was, warned), (is, warns)) = (counts(now), counts(then));
        if (was, warned) != (is, warns) {
            is_same = false;
            let _ = writeln!(says, "  {rule}: {is} decide ({was} now), {} ({warned} now)", plural(warns, "warning", "warnings"));
        }
    }
    if is_same {
        says.push_str("  each rule finds what it finds now\n");
    }
    says
}
