//! `packman policy …`: tools for those who write policies.

mod check;
mod plant;
mod test;

use crate::cli::args::{Policy, PolicyCommand};
use crate::cli::{Environment, Exit};

/// Runs one of them.
pub(super) fn run(command: &Policy, environment: &mut Environment<'_>) -> Exit {
    match &command.command {
        PolicyCommand::Check(command) => check::run(command, environment),
        PolicyCommand::Test(command) => test::run(command, environment),
    }
}
