//! The command line: types, the door to the outside, exits. One file for each command.
//!
//! Answers for: words in, bytes out, and the exit code, which is the same whatever the outputs. Nothing left of here prints.

mod args;
mod baseline;
mod check;
mod diff;
mod doctor;
mod environment;
mod event;
mod explain;
mod explain_policy;
#[cfg(feature = "github")]
mod github;
mod init;
mod list;
mod output;
mod policy;
mod registries;
mod registry_page;
mod what_if;
mod why;

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

pub use args::{Cli, Command};
pub use environment::{Ask, Environment};

use crate::judge::Verdict;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All was judged, nothing decides at `deny`.
    Pass = 0,
    /// At least one finding decides at `deny`, or the answer is no.
    Fail = 1,
    /// The call, or the policy, cannot be applied as written.
    Usage = 2,
    /// It could not be decided.
    Undecided = 3,
    /// The world failed, or packman has a bug.
    World = 4,
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Undecided => Self::Undecided,
        }
    }
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// Runs one command line.
pub fn run(words: impl IntoIterator<Item = OsString>, environment: &mut Environment<'_>) -> Exit {
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, environment),
    };
    match cli.command {
        Command::Check(command) => check::run(&command, environment),
        Command::Baseline(command) => baseline::run(&command, environment),
        Command::Init(command) => init::run(&command, environment),
        Command::Policy(command) => policy::run(&command, environment),
        Command::Doctor(command) => doctor::run(&command, environment),
        Command::Diff(command) => diff::run(&command, environment),
        Command::List(command) => list::run(&command, environment),
        Command::Why(command) => why::run(&command, environment),
        Command::Registries(command) => registries::run(&command, environment),
        Command::Explain(command) => explain::run(&command, environment),
        #[cfg(feature = "github")]
        Command::Github(command) => github::run(&command, environment),
        Command::Completions(command) => {
            let mut script = Vec::new();
            clap_complete::generate(command.shell, &mut Cli::command(), "packman", &mut script);
            environment.print(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            match clap_mangen::Man::new(Cli::command()).render(&mut page) {
                Ok(()) => environment.print(&page),
                Err(error) => environment.world(&error),
            }
        }
    }
}

/// Help and version are answers; everything else is a mistake in the call.
fn refuse(error: &clap::Error, environment: &mut Environment<'_>) -> Exit {
    let is_styled = if error.use_stderr() { environment.is_stderr_coloured } else { environment.is_stdout_coloured };
    let text = if is_styled { error.render().ansi().to_string() } else { error.render().to_string() };
    if error.use_stderr() {
        let _ = environment.stderr.write_all(text.as_bytes());
        return Exit::Usage;
    }
    environment.print(text.as_bytes())
}
