//! `packman init`.
//!
//! Answers for: proposing a policy that holds today, saying what stricter ones would find, and writing it with a baseline and a workflow
//! where that is wanted. It asks on a terminal, takes flags elsewhere, and overwrites nothing.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::cli::args::{Baseline, Init};
use crate::cli::check::refuse;
use crate::cli::output::write_file;
use crate::cli::{Environment, Exit, baseline};
use crate::gate::{Refusal, Request, check, outside_text};
use crate::judge::{Counts, Verdict};
use crate::policy::{BASELINE_PATH, PATHS, PRESETS};
use crate::propose::{Ask, Costs, Seen, seen};
use crate::report::plural;
use crate::tree::{self, Overlay, Tree};

/// Where the workflow goes.
const WORKFLOW_PATH: &str = ".github/workflows/packman.yml";
/// The workflow: the guide's own example of a gate on pull requests.
const WORKFLOW: &str = include_str!("../../examples/pull-request.yml");

/// Looks, proposes, writes.
pub(super) fn run(command: &Init, environment: &mut Environment<'_>) -> Exit {
    if !PRESETS.contains(&command.preset.as_str()) {
        let message = format!("there is no preset `{}`\n  write one of {}", command.preset, PRESETS.join(", "));
        environment.say("error", &message);
        return Exit::Usage;
    }
    let taken = |path: &&str| fs::symlink_metadata(command.path.join(path)).is_ok();
    if let Some(path) = PATHS.iter().copied().find(taken).filter(|_| !command.print) {
        let message = format!(
            "there is a policy already, `{path}`, and nothing is overwritten\n  `packman check` says how it judges today"
        );
        environment.say("error", &message);
        return Exit::Usage;
    }
    let tree = match tree::open(&command.path) {
        Ok(tree) => tree,
        Err(error) => return refuse(&Refusal::Tree(error), environment),
    };
    // The workflow that will be there uses actions too.
    let mut planned = Overlay::new(tree.as_ref());
    let plants = command.workflow && !taken(&WORKFLOW_PATH);
    if plants {
        planned.put(WORKFLOW_PATH, WORKFLOW);
    }
    let proposal = match propose(command, (&planned, usize::from(plants)), environment) {
        Ok(proposal) => proposal,
        Err(exit) => return exit,
    };
    if command.print {
        return environment.print(proposal.text.as_bytes());
    }
    let exit = environment.print(proposal.says().as_bytes());
    if exit != Exit::Pass {
        return exit;
    }
    let is_asking = !command.yes && environment.confirm.is_some();
    if is_asking && !environment.confirms(&format!("write {}?", PATHS[0]), true) {
        return environment.print(format!("\nnothing was written; this would be it:\n\n{}", proposal.text).as_bytes());
    }
    write(command, &proposal, is_asking, environment)
}

struct Proposal {
    seen: Seen,
    text: String,
    counts: Counts,
    verdict: Verdict,
    costs: Costs,
}

/// Looks at a tree, of whose files some are only planned.
fn propose(command: &Init, (tree, planned): (&dyn Tree, usize), environment: &mut Environment<'_>) -> Result<Proposal, Exit> {
    let today = command.today.unwrap_or(environment.today);
    let request = |policy: &str| {
        let (text, _) = outside_text(0, "the proposed policy", policy.as_bytes().to_vec());
        Request { policy: Some(text), floor: None, cargo_metadata: None, levels: Vec::new(), today, notes: Vec::new() }
    };
    // Whatever policy is there has no say in what is seen.
    let seen = check(tree, request("extends = [\"standard\"]\n"), seen).map_err(|refusal| refuse(&refusal, environment))?;
    if seen.lockfiles <= planned {
        environment.say(
            "undecided",
            "no lockfile was found, so there is nothing to propose\n  name the folder that has them: packman init FOLDER",
        );
        return Err(Exit::Undecided);
    }
    let mut counts = |ask: Ask| {
        let policy = seen.policy(&command.preset, ask, None);
        check(tree, request(&policy), |report| (report.counts, report.verdict)).map_err(|refusal| refuse(&refusal, environment))
    };
    let (now, verdict) = counts(Ask::Today)?;
    let mut more = |ask: Ask| counts(ask).map(|(counts, _)| counts.deny.saturating_sub(now.deny));
    let costs = Costs { everywhere: more(Ask::Everywhere)?, guaranteed: more(Ask::Guaranteed)?, strict: more(Ask::Strict)? };
    let text = seen.policy(&command.preset, Ask::Today, Some(costs));
    Ok(Proposal { seen, text, counts: now, verdict, costs })
}

impl Proposal {
    fn says(&self) -> String {
        let Self { seen, counts, costs, verdict, .. } = self;
        let dependencies = plural(seen.dependencies, "dependency", "dependencies");
        let files = plural(seen.lockfiles, "file", "files");
        let mut says =
            format!("{dependencies} in {files}\n\nwith the proposed policy `packman check` says today: {}", verdict.id());
        let findings = |count| plural(count, "finding decides", "findings decide");
        match (counts.deny, counts.undecided) {
            (0, 0) => {}
            (deny, undecided) => {
                let _ = write!(says, ", {}", findings(deny + undecided));
            }
        }
        if counts.warn > 0 {
            let _ = write!(says, ", {}", plural(counts.warn, "warning", "warnings"));
        }
        says.push('\n');
        let rows = [
            ("tier 2 of every registry", costs.everywhere),
            ("tier 2 in the reading `guaranteed`", costs.guaranteed),
            ("the preset `strict`", costs.strict),
        ];
        for (what, count) in rows {
            let _ = writeln!(says, "  {what} would find {count} more");
        }
        says
    }
}

fn write(command: &Init, proposal: &Proposal, is_asking: bool, environment: &mut Environment<'_>) -> Exit {
    let policy = command.path.join(PATHS[0]);
    if let Err(error) = write_file(&policy, proposal.text.as_bytes()) {
        return environment.world(&format!("`{}` cannot be written: {error}", policy.display()));
    }
    let mut exit = environment.print(format!("\nwrote {}\n", PATHS[0]).as_bytes());
    let decides = proposal.counts.deny > 0;
    let wants_baseline = command.baseline
        || (is_asking
            && decides
            && environment
                .confirms(&format!("begin a baseline, {BASELINE_PATH}, so that only what comes in later decides?"), false));
    if exit == Exit::Pass && wants_baseline {
        let command = Baseline { path: command.path.clone(), policy: None, prune: false, today: command.today };
        exit = baseline::run(&command, environment);
    }
    let wants_workflow =
        command.workflow || (is_asking && environment.confirms(&format!("write {WORKFLOW_PATH} for GitHub Actions?"), false));
    if exit == Exit::Pass && wants_workflow {
        exit = write_workflow(&command.path, environment);
    }
    if exit != Exit::Pass {
        return exit;
    }
    let next = match (proposal.verdict, wants_baseline) {
        (Verdict::Undecided, _) => {
            "next: see what could not be understood, and mend it: packman check. Then read what was written and commit it\n"
        }
        (Verdict::Fail, false) => {
            "next: read it, then see what decides: packman check. What is to stay for now: packman baseline, or make exceptions: packman explain exceptions\n"
        }
        _ => "next: read what was written and commit it. Whether the gate is on: packman doctor\n",
    };
    environment.print(next.as_bytes())
}

fn write_workflow(root: &Path, environment: &mut Environment<'_>) -> Exit {
    let path = root.join(WORKFLOW_PATH);
    if fs::symlink_metadata(&path).is_ok() {
        return environment.print(format!("{WORKFLOW_PATH} is there already and stays as it is\n").as_bytes());
    }
    let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| write_file(&path, WORKFLOW.as_bytes()));
    match made {
        Ok(()) => environment.print(format!("wrote {WORKFLOW_PATH}; put the full commit of a release into it\n").as_bytes()),
        Err(error) => environment.world(&format!("`{}` cannot be written: {error}", path.display())),
    }
}
