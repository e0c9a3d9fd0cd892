//! `packman check`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use jiff::civil::Date;
use rayon::prelude::*;

use crate::cli::args::{Check, Colour};
use crate::cli::event::{Compared, Stop, compared};
use crate::cli::output::{Output, Part, is_stream, outputs, write_stream};
use crate::cli::what_if::{self, Tally};
use crate::cli::{Environment, Exit};
use crate::event::EventFault;
use crate::gate::{Base, Refusal, Request, check, compare};
use crate::judge::Report;
use crate::policy::Fault;
use crate::report::Style;
use crate::report::snippet::{Excerpt, Message, Severity, render as render_message};
use crate::text::Text;
use crate::tree::{self, Repository, Tree, TreeError};

/// Judges, reports, and gives the verdict's exit.
pub(super) fn run(command: &Check, environment: &mut Environment<'_>) -> Exit {
    let outputs = match outputs(&command.output) {
        Ok(outputs) => outputs,
        Err(message) => {
            environment.say("error", &message);
            return Exit::Usage;
        }
    };
    let is_coloured = match command.color {
        Colour::Auto => environment.is_stdout_coloured,
        Colour::Always => true,
        Colour::Never => false,
    };
    let mut request = match request(command, environment) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    let sides = match sides(command, environment) {
        Ok(sides) => sides,
        Err(Stop::Tree(error)) => return refuse(&Refusal::Tree(error), environment),
        Err(Stop::Event(EventFault { message, hint })) => {
            environment.say("undecided", &format!("{message}\n  {hint}"));
            return Exit::Undecided;
        }
    };
    request.notes.extend(sides.notes);
    let base = sides.base.as_ref().map(|(tree, name)| Base { tree: tree.as_ref(), name: name.clone() });
    let judged = compare(sides.head.as_ref(), base.as_ref(), request, |report| {
        let render = |output| render(report, output, Style { is_coloured, is_explained: command.explain });
        let rendered: Vec<_> = outputs.par_iter().map(render).collect();
        let delivered = deliver(report, &outputs, rendered, environment);
        if delivered == Exit::Pass && command.what_if.is_empty() {
            environment.leave(report.verdict.into());
        }
        (report.verdict, Tally::of(report), delivered)
    });
    match judged {
        Ok((verdict, tally, Exit::Pass)) => {
            let sides = (sides.head.as_ref(), base.as_ref());
            what_if::tell(command, sides, &tally, environment).map_or_else(|failed| failed, |()| verdict.into())
        }
        Ok((_, _, failed)) => failed,
        Err(refusal) => refuse(&refusal, environment),
    }
}

/// What is judged, and what it is compared with.
struct Sides {
    head: Box<dyn Tree>,
    /// With what it is, for people.
    base: Option<(Box<dyn Tree>, String)>,
    /// Things to know.
    notes: Vec<String>,
}

fn sides(command: &Check, environment: &Environment<'_>) -> Result<Sides, Stop> {
    if let Some(named) = &command.event {
        let head = tree::open(&command.path)?;
        let Compared { base, notes } = compared(named, &command.path, environment)?;
        return Ok(Sides { head, base, notes });
    }
    let head = match &command.head {
        Some(revision) => {
            let repository = Repository::open(&command.path)?;
            repository.tree(repository.commit(revision)?)?
        }
        None => tree::open(&command.path)?,
    };
    let base = command.base.as_deref().map(|base| {
        let parted_from = (!command.base_exact).then(|| command.head.as_deref().unwrap_or("HEAD"));
        base_of(&command.path, base, head.as_ref(), parted_from)
    });
    let base = base.transpose()?;
    Ok(Sides { head, base, notes: Vec::new() })
}

/// Opens a base, a folder or a revision, with what it is for people: the revision itself, or where it and another one parted.
pub(super) fn base_of(
    path: &Path,
    base: &str,
    head: &dyn Tree,
    parted_from: Option<&str>,
) -> Result<(Box<dyn Tree>, String), TreeError> {
    if is_folder(base) {
        return tree::open_base(Path::new(base), head);
    }
    let repository = Repository::open(path)?;
    let named = repository.commit(base)?;
    let (commit, how) = match parted_from {
        None => (named, String::new()),
        Some(other) => {
            let commit = repository.merge_base((named, base), (repository.commit(other)?, other))?;
            (commit, format!(", where it and `{other}` parted"))
        }
    };
    Ok((repository.tree(commit)?, format!("`{base}` ({commit}{how})")))
}

/// Whether a base is a folder. It must be written as one: a folder that a change adds must not take a branch's place.
pub(super) fn is_folder(base: &str) -> bool {
    let is_relative = matches!(base, "." | "..") || base.starts_with("./") || base.starts_with("../") || base.ends_with('/');
    is_relative || Path::new(base).is_absolute()
}

pub(super) fn request(command: &Check, environment: &mut Environment<'_>) -> Result<Request, Exit> {
    let mut request = environment.request(command.policy.as_deref(), &command.level, command.today)?;
    request.floor = environment.floor(command.floor.as_deref(), &command.path)?;
    let metadata = command.cargo_metadata.as_deref();
    request.cargo_metadata = metadata.map(|path| environment.outside(1, "metadata", path)).transpose()?;
    Ok(request)
}

/// An output before it is delivered.
enum Rendered {
    /// A file beside its target.
    Part(Part),
    /// What goes to a stream.
    Bytes(Vec<u8>),
    /// What is rendered while it goes to a stream.
    Later(Style),
}

fn render(report: &Report<'_>, output: &Output, style: Style) -> io::Result<Rendered> {
    let style = Style { is_coloured: style.is_coloured && output.file.is_none(), ..style };
    let write = output.reporter.write;
    match &output.file {
        Some(path) if !is_stream(path) => {
            let mut part = Part::of(path)?;
            write(report, style, &mut part)?;
            Ok(Rendered::Part(part))
        }
        _ if output.reporter.is_streamed => Ok(Rendered::Later(style)),
        _ => {
            let mut bytes = Vec::new();
            write(report, style, &mut bytes)?;
            Ok(Rendered::Bytes(bytes))
        }
    }
}

/// Files first, then pipes, standard output last.
fn deliver(
    report: &Report<'_>,
    outputs: &[Output],
    rendered: Vec<io::Result<Rendered>>,
    environment: &mut Environment<'_>,
) -> Exit {
    let mut pending: Vec<(&Output, Rendered)> = Vec::new();
    for (output, rendered) in outputs.iter().zip(rendered) {
        match rendered {
            Ok(rendered) => pending.push((output, rendered)),
            Err(error) => return environment.world(&unwritten(output, &error)),
        }
    }
    pending.sort_by_key(|(output, rendered)| match (rendered, &output.file) {
        (Rendered::Part(_), _) => 0,
        (_, Some(_)) => 1,
        (_, None) => 2,
    });
    for (output, rendered) in pending {
        let written = match rendered {
            Rendered::Part(part) => part.keep(),
            Rendered::Bytes(bytes) => stream(output, environment, |out| out.write_all(&bytes)),
            Rendered::Later(style) => stream(output, environment, |out| (output.reporter.write)(report, style, out)),
        };
        if let Err(error) = written {
            return environment.world(&unwritten(output, &error));
        }
    }
    Exit::Pass
}

fn stream(
    output: &Output,
    environment: &mut Environment<'_>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    match &output.file {
        Some(path) => write_stream(fs::OpenOptions::new().write(true).open(path)?, write),
        None => write_stream(&mut *environment.stdout, write),
    }
}

fn unwritten(output: &Output, error: &io::Error) -> String {
    match &output.file {
        Some(path) => format!("`{}` cannot be written: {error}", path.display()),
        None => format!("the output `{}` cannot be written: {error}", output.reporter.id),
    }
}

/// Says why there is no report, and which exit that means.
pub(super) fn refuse(refusal: &Refusal, environment: &mut Environment<'_>) -> Exit {
    match refusal {
        Refusal::Policy { faults, texts } => {
            show_faults(faults, texts, environment);
            environment.say("error", "the policy cannot be applied as it is written, so nothing was judged");
            Exit::Usage
        }
        Refusal::Facts(problem) => {
            environment.say("undecided", &format!("the output of `cargo metadata` {}\n  {}", problem.message, problem.hint));
            Exit::Undecided
        }
        Refusal::Catalogue(_) => {
            environment.say("undecided", &format!("{refusal}\n  update packman, or pin an earlier day in the policy"));
            Exit::Undecided
        }
        Refusal::Tree(TreeError::Root { .. }) => {
            environment.say("error", &format!("{refusal}"));
            Exit::Usage
        }
        Refusal::Tree(TreeError::Index(_)) => {
            environment.say("undecided", &format!("{refusal}\n  run `git status` to see what git makes of it"));
            Exit::Undecided
        }
        Refusal::Tree(TreeError::Base(_)) => {
            environment.say("undecided", &format!("{refusal}\n  fetch it anew: packman github base"));
            Exit::Undecided
        }
        Refusal::Tree(TreeError::Git(fault)) => {
            environment.say("undecided", &format!("{refusal}\n  {}", fault.hint()));
            Exit::Undecided
        }
        Refusal::Tree(_) => environment.world(refusal),
    }
}

/// What is wrong with a file of ours, each fault where it stands.
pub(super) fn show_faults(faults: &[Fault], texts: &[Text], environment: &mut Environment<'_>) {
    for fault in faults {
        let shown = fault_text(fault, texts, environment.is_stderr_coloured);
        let _ = writeln!(environment.stderr, "{shown}\n");
    }
}

fn fault_text(fault: &Fault, texts: &[Text], is_coloured: bool) -> String {
    let primary = fault.place.map(|place| Excerpt { place, label: String::new(), is_primary: true });
    let also = fault.also.as_ref().map(|(place, label)| Excerpt { place: *place, label: label.clone(), is_primary: false });
    let excerpts: Vec<Excerpt> = [primary, also].into_iter().flatten().collect();
    let message = Message { severity: Severity::Error, id: "policy", title: &fault.message, notes: &[], hint: &fault.hint };
    render_message(&message, &excerpts, |id| texts.iter().find(|text| text.id == id), is_coloured)
}

/// Opens what a command judges: the tree, and a request with the policy that the command line names.
pub(super) fn open(
    path: &Path,
    policy: Option<&Path>,
    today: Option<Date>,
    environment: &mut Environment<'_>,
) -> Result<(Box<dyn Tree>, Request), Exit> {
    let request = environment.request(policy, &[], today)?;
    let tree = tree::open(path).map_err(|error| refuse(&Refusal::Tree(error), environment))?;
    Ok((tree, request))
}

/// Opens a tree and judges it, for the commands that only look.
pub(super) fn look<T>(
    path: &Path,
    policy: Option<&Path>,
    environment: &mut Environment<'_>,
    with: impl FnOnce(&Report<'_>) -> T,
) -> Result<T, Exit> {
    let (tree, request) = open(path, policy, None, environment)?;
    check(tree.as_ref(), request, with).map_err(|refusal| refuse(&refusal, environment))
}
