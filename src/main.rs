//! Arguments, environment, streams → `cli::run` → exit.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use packman::cli::{Environment, Exit, run};

fn main() -> ExitCode {
    // A bug of ours is told apart from every verdict: the panic message goes to standard error, the exit says so.
    let ended = std::panic::catch_unwind(|| {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let is_stdout_coloured = stdout.is_terminal() && AutoStream::choice(&stdout) != ColorChoice::Never;
        let is_stderr_coloured = stderr.is_terminal() && AutoStream::choice(&stderr) != ColorChoice::Never;
        let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
        let mut environment = Environment {
            stdout: &mut stdout.lock(),
            stderr: &mut stderr.lock(),
            is_stdout_coloured,
            is_stderr_coloured,
            today,
            variable: &|name| std::env::var(name).ok(),
            pause: &std::thread::sleep,
        };
        run(std::env::args_os(), &mut environment)
    });
    ExitCode::from(ended.unwrap_or(Exit::World).code())
}
