//! `packman diff`.

use std::path::{Path, PathBuf};

use crate::cli::args::{Diff, DiffFormat};
use crate::cli::check::{is_folder, refuse};
use crate::cli::{Environment, Exit};
use crate::gate::{Base, Refusal, compare};
use crate::judge::of_differences;
use crate::report::{diff_json, diff_markdown, diff_table};
use crate::rules::differences;
use crate::tree::{self, Repository, Tree, TreeError};

/// What a change weakens is shown whatever the policy makes of it.
const LEVELS: [&str; 2] = ["protection-lowered=deny", "coverage-lost=deny"];

/// Shows what changed; what that is worth, `check` judges.
pub(super) fn run(command: &Diff, environment: &mut Environment<'_>) -> Exit {
    let mut request = match environment.request(command.policy.as_deref(), &LEVELS.map(str::to_owned), None) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    request.floor = match environment.floor(command.floor.as_deref(), &root(command)) {
        Ok(floor) => floor,
        Err(exit) => return exit,
    };
    let [base, head] = match sides(command) {
        Ok(sides) => sides,
        Err(error) => return refuse(&Refusal::Tree(error), environment),
    };
    let base = Base { tree: base.as_ref(), name: String::new() };
    let compared = compare(head.as_ref(), Some(&base), request, |report| {
        let different = differences(&report.case, &report.findings);
        let mut bytes = Vec::new();
        let write = match command.format {
            DiffFormat::Table => diff_table,
            DiffFormat::Json => diff_json,
            DiffFormat::Markdown => diff_markdown,
        };
        write(&report.case, &different, &mut bytes)?;
        Ok::<_, std::io::Error>((bytes, of_differences(&different).into()))
    });
    match compared {
        Ok(Ok((bytes, exit))) => match environment.print(&bytes) {
            Exit::Pass => exit,
            failed => failed,
        },
        Ok(Err(error)) => environment.world(&error),
        Err(refusal) => refuse(&refusal, environment),
    }
}

/// Base and head.
fn sides(command: &Diff) -> Result<[Box<dyn Tree>; 2], TreeError> {
    let root = root(command);
    let side = |named: &str| -> Result<Box<dyn Tree>, TreeError> {
        if is_folder(named) {
            return tree::open(Path::new(named));
        }
        let repository = Repository::open(&root)?;
        Ok(repository.tree(repository.commit(named)?)?)
    };
    let head = match &command.head {
        Some(head) => side(head)?,
        None => tree::open(&root)?,
    };
    let base =
        if is_folder(&command.base) { tree::open_base(Path::new(&command.base), head.as_ref())?.0 } else { side(&command.base)? };
    Ok([base, head])
}

/// The folder that revisions are looked up in.
fn root(command: &Diff) -> PathBuf {
    let folder = command.head.as_ref().filter(|head| is_folder(head)).map(PathBuf::from);
    command.path.clone().or(folder).unwrap_or_else(|| PathBuf::from("."))
}
