//! `packman why`.

use std::io::Write;

use crate::cli::args::Why;
use crate::cli::check::look;
use crate::cli::{Environment, Exit};
use crate::judge::Report;
use crate::pattern;
use crate::report::escape::terminal;
use crate::rules::Dependency;

/// Says where each matching dependency comes from, how that is known, and who brings it in. Exit 1 if there is none.
pub(super) fn run(command: &Why, environment: &mut Environment<'_>) -> Exit {
    let looked = look(&command.path, command.policy.as_deref(), environment, |report| {
        let mut bytes = Vec::new();
        let count = explain_all(report, &command.package, &mut bytes)?;
        Ok::<_, std::io::Error>((bytes, count))
    });
    match looked {
        Ok(Ok((bytes, count))) if count > 0 => environment.print(&bytes),
        Ok(Ok(_)) => {
            environment.say("not found", &format!("no lockfile here states `{}`", terminal(&command.package)));
            Exit::Fail
        }
        Ok(Err(error)) => environment.world(&error),
        Err(exit) => exit,
    }
}

fn explain_all(report: &Report<'_>, wanted: &str, out: &mut dyn Write) -> std::io::Result<usize> {
    let mut count = 0;
    for dependency in report.case.dependencies().filter(|dependency| fits(dependency, wanted)) {
        if count > 0 {
            writeln!(out)?;
        }
        count += 1;
        explain(report, &dependency, out)?;
    }
    Ok(count)
}

/// Whether a dependency is meant by a name, a package URL or a pattern.
pub(super) fn fits(dependency: &Dependency<'_>, wanted: &str) -> bool {
    let name = dependency.name();
    if let Some(rest) = wanted.strip_prefix("pkg:") {
        let purl = dependency.purl();
        return pattern::matches(wanted, &purl) || (!rest.contains('@') && pattern::matches(wanted, &dependency.package()));
    }
    pattern::matches(wanted, name) || name.rsplit(['/', ':']).next() == Some(wanted)
}

fn explain(report: &Report<'_>, dependency: &Dependency<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let case = &report.case;
    let at = |place: crate::text::Place| {
        let text = case.text(place.text)?;
        let (line, column) = text.lines().position(place.span.start);
        Some(format!("{}:{line}:{column}", text.path))
    };
    writeln!(out, "{}", terminal(&dependency.purl()))?;
    writeln!(out, "  stated in    {}", terminal(&at(dependency.place()).unwrap_or_default()))?;
    let origin = dependency.origin;
    let name = case.origin_name(origin);
    let location = dependency.location();
    let from = if location.is_empty() { name.to_owned() } else { format!("{name}, {location}") };
    writeln!(out, "  comes from   {} (class {})", terminal(&from), origin.class.id())?;
    let how = match origin.known_by {
        crate::routing::KnownBy::Entry => "the entry says so",
        crate::routing::KnownBy::File => "the lockfile says so once, for many entries",
        crate::routing::KnownBy::Configuration => "the client's configuration says so",
        crate::routing::KnownBy::Policy => "the policy says so",
        crate::routing::KnownBy::Assumed => "assumed: the client's built-in default",
    };
    let place = dependency.origin_place().and_then(at).map(|at| format!(", {at}")).unwrap_or_default();
    writeln!(out, "  known by     {how}{}", terminal(&place))?;
    if let Some(candidate) = dependency.candidate().filter(|candidate| !candidate.reason.is_empty()) {
        writeln!(out, "  because      it {}", terminal(&candidate.reason))?;
    }
    let answer = dependency.judged.routed.answer(origin);
    for candidate in
        answer.map_or(&[][..], |answer| &answer.candidates).iter().filter(|_| answer.is_some_and(|a| a.candidates.len() > 1))
    {
        let name = case.ratings.name(candidate.registry).unwrap_or(candidate.class.id());
        writeln!(out, "  may ask      {} {}", terminal(name), terminal(&candidate.location))?;
    }
    if let Some(rating) = case.ratings.rating(origin.registry, dependency.name(), crate::catalogue::rating::Reading::Offered) {
        writeln!(out, "  rated        {rating}, reading `offered`")?;
    }
    let scopes: Vec<&str> = dependency.entry.scopes.ids().collect();
    if !scopes.is_empty() {
        writeln!(out, "  for          {}", scopes.join(", "))?;
    }
    let via = case.via(dependency);
    let asked = dependency.judged.lockfile.declared_at(dependency.id.1).and_then(at);
    match (via.as_slice(), dependency.entry.direct) {
        ([], Some(true)) => {
            writeln!(out, "  asked for    {}", terminal(&asked.unwrap_or_else(|| "by the repository itself".to_owned())))
        }
        ([], _) => writeln!(out, "  brought by   this file cannot say"),
        (path, _) => writeln!(out, "  brought by   {}", terminal(&path.join(" → "))),
    }
}
