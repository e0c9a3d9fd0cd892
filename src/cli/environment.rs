//! The only door to the outside: streams, the day, files named by hand.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use jiff::civil::Date;

use crate::cli::Exit;
use crate::gate::{Request, outside_text};
use crate::report::escape;
use crate::text::Problem;

/// What a run may touch.
pub struct Environment<'a> {
    /// Where data goes.
    pub stdout: &'a mut dyn Write,
    /// Where everything else goes.
    pub stderr: &'a mut dyn Write,
    /// Whether standard output is a terminal that wants colours.
    pub is_stdout_coloured: bool,
    /// The same of standard error.
    pub is_stderr_coloured: bool,
    /// The day.
    pub today: Date,
}

impl Environment<'_> {
    /// Prints data. A closed pipe is no error: whoever reads has had enough.
    pub fn print(&mut self, bytes: &[u8]) -> Exit {
        match self.stdout.write_all(bytes).and_then(|()| self.stdout.flush()) {
            Ok(()) => Exit::Pass,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Pass,
            Err(error) => self.world(&error),
        }
    }

    /// Says that the world failed.
    pub fn world(&mut self, error: &dyn Display) -> Exit {
        self.say("error", &error.to_string());
        Exit::World
    }

    /// Says something that is no data.
    pub fn say(&mut self, kind: &str, message: &str) {
        let _ = writeln!(self.stderr, "{kind}: {}", escape::lines(message));
    }

    /// A request with a policy given by hand.
    pub fn request(&mut self, policy: Option<&Path>, levels: &[String], today: Option<Date>) -> Result<Request, Exit> {
        let policy = match policy {
            None => None,
            Some(path) => {
                let shown = path.display().to_string();
                let bytes = std::fs::read(path).map_err(|error| {
                    self.say("error", &format!("the policy `{shown}` cannot be read: {error}"));
                    Exit::Usage
                })?;
                let (text, problem) = outside_text(0, &shown, bytes);
                if let Some(Problem { message, .. }) = problem {
                    self.say("error", &format!("the policy `{shown}` {message}"));
                    return Err(Exit::Usage);
                }
                Some(text)
            }
        };
        Ok(Request { policy, levels: levels.to_vec(), today: today.unwrap_or(self.today) })
    }
}
