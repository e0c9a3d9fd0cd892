//! Arguments, environment, streams → `cli::run` → exit.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use packman::cli::{Environment, Exit, run};

#[cfg(all(feature = "mimalloc", target_os = "linux"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // This thread does its share, instead of waiting for one more.
    let _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
    // A bug of ours is told apart from every verdict: the panic message goes to standard error, the exit says so.
    let ended = std::panic::catch_unwind(|| {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let is_stdout_coloured = stdout.is_terminal() && AutoStream::choice(&stdout) != ColorChoice::Never;
        let is_stderr_coloured = stderr.is_terminal() && AutoStream::choice(&stderr) != ColorChoice::Never;
        let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
        let is_somebody_there = io::stdin().is_terminal() && stdout.is_terminal() && stderr.is_terminal();
        let mut ask = |question: &str| {
            let mut answer = String::new();
            let asked = io::stderr().write_all(question.as_bytes());
            asked.and_then(|()| io::stdin().read_line(&mut answer)).is_ok_and(|read| read > 0).then_some(answer)
        };
        let mut environment = Environment {
            stdout: &mut stdout.lock(),
            stderr: &mut stderr.lock(),
            is_stdout_coloured,
            is_stderr_coloured,
            today,
            variable: &|name| std::env::var(name).ok(),
            confirm: if is_somebody_there { Some(&mut ask) } else { None },
            pause: &std::thread::sleep,
            leave: Some(&|exit| std::process::exit(exit.code().into())),
        };
        run(std::env::args_os(), &mut environment)
    });
    ExitCode::from(ended.unwrap_or(Exit::World).code())
}
