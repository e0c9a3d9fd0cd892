//! `packman github comment`.

use super::{Comment, Stop, access, file, pull_of, repository, variable};
use crate::cli::{Environment, Exit};
use crate::github::{self, Client, Commented, Marker, Misuse, Note};

/// The named limit on the file of a comment, in bytes: it is cut to what a comment takes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

pub(super) fn run(command: &Comment, environment: &mut Environment<'_>) -> Result<Exit, Stop> {
    let bytes = file(&command.file, "file", FILE_BYTES_MAX)?;
    let shown = command.file.display();
    let text = String::from_utf8(bytes).map_err(|_| Misuse::new(format!("`{shown}` is not UTF-8"), "give a Markdown file"))?;
    if text.trim().is_empty() {
        return Err(Misuse::new(format!("`{shown}` is empty"), "give a file that says something").into());
    }
    let own = Marker::on(&text).filter(|_| command.id.is_none());
    let marker = own.map_or_else(|| Marker::of(command.id.as_deref()), Ok)?;
    let pull = pull_of(environment)?;
    let repo = repository(command.repo.as_deref(), environment)?;
    let Some(number) = command.pull.or(pull.as_ref().and_then(|pull| pull.number)) else {
        return no_pull(command, environment);
    };
    let access = access(environment, pull.as_ref())?;
    let note = Note { repo, pull: number, marker, text, author: command.author.clone() };
    let done = Client::run(&access, environment.pause, async |client| github::comment(client, &note).await)?;
    let said = match done {
        Ok(Commented::Created(url)) => format!("commented: {url}"),
        Ok(Commented::Edited(url)) => format!("edited the comment: {url}"),
        Ok(Commented::Unchanged(url)) => format!("the comment says that already: {url}"),
        Err(fault) if fault.is_lack_of_permission() && !command.require => {
            environment.say("notice", &format!("{fault}\n  {}", fault.hint()));
            return Ok(Exit::Pass);
        }
        Err(fault) => return Err(fault.into()),
    };
    environment.say("note", &said);
    Ok(Exit::Pass)
}

/// In a workflow that another event started there is nowhere to comment, and nothing is amiss.
fn no_pull(command: &Comment, environment: &mut Environment<'_>) -> Result<Exit, Stop> {
    match variable(environment, "GITHUB_EVENT_NAME") {
        Some(name) if !command.require => {
            environment.say("notice", &format!("there is no comment: the event `{name}` is about no pull request"));
            Ok(Exit::Pass)
        }
        _ => Err(Misuse::new("no pull request is named", "give `--pull N`, or run this where an event is about one").into()),
    }
}
