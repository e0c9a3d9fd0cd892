//! `packman github …`: the commands that ask another machine. Everything that they need to know comes from the command line, files and the
//! process's variables; what is asked and how stands in `github`.

mod base;
mod comment;
mod upload;
mod words;

use std::path::Path;

pub(super) use words::{Base, Comment, Github, GithubCommand, Upload};

use crate::cli::event::bounded;
use crate::cli::{Environment, Exit};
use crate::event::{EVENT_SIZE_BYTES_MAX, EventFault, Pull, pull};
use crate::github::{Access, Fault, Misuse, Slug};

pub(super) fn run(command: &Github, environment: &mut Environment<'_>) -> Exit {
    let done = match &command.command {
        GithubCommand::Upload(command) => upload::run(command, environment),
        GithubCommand::Comment(command) => comment::run(command, environment),
        GithubCommand::Base(command) => base::run(command, environment),
    };
    done.unwrap_or_else(|stop| stop.say(environment))
}

/// Why nothing was done.
enum Stop {
    /// The call is wrong.
    Misuse(Misuse),
    /// Something is not as it must be; with what to do.
    Undecided(String, String),
    /// GitHub, or what is between.
    Fault(Fault),
    /// The world here.
    World(String),
    /// It was said already.
    Said(Exit),
}

impl Stop {
    fn say(self, environment: &mut Environment<'_>) -> Exit {
        match self {
            Self::Misuse(Misuse { message, hint }) => {
                environment.say("error", &format!("{message}\n  {hint}"));
                Exit::Usage
            }
            Self::Undecided(message, hint) => {
                environment.say("undecided", &format!("{message}\n  {hint}"));
                Exit::Undecided
            }
            Self::Fault(fault) => environment.world(&format!("{fault}\n  {}", fault.hint())),
            Self::World(message) => environment.world(&message),
            Self::Said(exit) => exit,
        }
    }
}

impl From<Misuse> for Stop {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<EventFault> for Stop {
    fn from(EventFault { message, hint }: EventFault) -> Self {
        Self::Undecided(message, hint)
    }
}

/// A variable that is set to something.
fn variable(environment: &Environment<'_>, name: &str) -> Option<String> {
    (environment.variable)(name).filter(|value| !value.is_empty())
}

/// Where GitHub is and as whom it is asked, in the light of the pull request that the run is about.
fn access(environment: &Environment<'_>, pull: Option<&Pull>) -> Result<Access, Misuse> {
    let mut access = Access::of(environment.variable)?;
    access.whose.is_fork = pull.is_some_and(|pull| pull.is_fork);
    Ok(access)
}

/// The repository that was named, else the run's own.
fn repository(named: Option<&str>, environment: &Environment<'_>) -> Result<Slug, Misuse> {
    let own = variable(environment, "GITHUB_REPOSITORY");
    match named.map(str::to_owned).or(own) {
        Some(written) => Slug::parse(&written),
        None => Err(Misuse::new("no repository is named", "give `--repo OWNER/NAME`, or set `GITHUB_REPOSITORY`")),
    }
}

/// The pull request that the run is about, if its event's file tells of one.
fn pull_of(environment: &Environment<'_>) -> Result<Option<Pull>, Stop> {
    let Some(path) = variable(environment, "GITHUB_EVENT_PATH") else { return Ok(None) };
    Ok(pull(&file(Path::new(&path), "event's file", EVENT_SIZE_BYTES_MAX)?)?)
}

/// The bytes of a file that was named, within a limit.
fn file(path: &Path, what: &str, bytes_max: u64) -> Result<Vec<u8>, Misuse> {
    let shown = path.display();
    let look = "look at the path";
    let bytes = bounded(path, bytes_max);
    let bytes = bytes.map_err(|error| Misuse::new(format!("the {what} `{shown}` cannot be read: {error}"), look))?;
    if bytes.len() as u64 > bytes_max {
        return Err(Misuse::new(format!("the {what} `{shown}` is over the limit of {bytes_max} bytes"), "give a smaller one"));
    }
    Ok(bytes)
}
