//! `packman list`.

use std::io::Write;

use crate::cli::args::{List, ListFormat};
use crate::cli::check::look;
use crate::cli::{Environment, Exit};
use crate::judge::Report;
use crate::report::escape::terminal;
use crate::report::{list, plural};

/// Lists dependencies; what they are worth is not judged.
pub(super) fn run(command: &List, environment: &mut Environment<'_>) -> Exit {
    let looked = look(&command.path, command.policy.as_deref(), environment, |report| {
        let mut bytes = Vec::new();
        match command.format {
            ListFormat::Json => list(&report.case, &mut bytes)?,
            ListFormat::Table => table(report, &mut bytes)?,
        }
        Ok::<_, std::io::Error>(bytes)
    });
    match looked {
        Ok(Ok(bytes)) => environment.print(&bytes),
        Ok(Err(error)) => environment.world(&error),
        Err(exit) => exit,
    }
}

/// A heading for each lockfile, a line for each dependency.
fn table(report: &Report<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let case = &report.case;
    let mut last = None;
    for dependency in case.dependencies() {
        if last != Some(dependency.id.0) {
            let lockfile = &dependency.judged.lockfile;
            let gap = if last.is_some() { "\n" } else { "" };
            let entries = plural(lockfile.stated, "entry", "entries");
            writeln!(out, "{gap}{}  ({}, {entries})", terminal(dependency.path()), lockfile.format.title)?;
            last = Some(dependency.id.0);
        }
        let tiers = case.ratings.tiers(dependency.origin, dependency.name());
        let tier = tiers.offered.map(|tier| format!(", tier {tier} offered")).unwrap_or_default();
        let how = dependency.origin.known_by.id();
        let name = case.origin_name(dependency.origin);
        let says = if dependency.origin.class.has_tier() { format!("{name} ({how}{tier})") } else { name.to_owned() };
        writeln!(out, "  {:<44} {}", terminal(&dependency.purl()), terminal(&says))?;
    }
    for judged in case.head.lockfiles.iter().filter(|judged| judged.lockfile.is_unreadable()) {
        let problem = judged.lockfile.problems.first().map(|problem| problem.message.as_str()).unwrap_or_default();
        writeln!(out, "\n{}  unreadable: {}", terminal(case.path(judged.lockfile.text)), terminal(problem))?;
    }
    Ok(())
}
