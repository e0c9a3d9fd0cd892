//! The only door to the outside: streams, the day, files named by hand.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use jiff::civil::Date;

use crate::cli::Exit;
use crate::cli::check::refuse;
use crate::gate::{Floor, Refusal, Request, outside_text};
use crate::report::escape;
use crate::text::{Problem, Text};
use crate::tree;

/// Asks somebody a question and gives the line that they answer; none if they leave.
pub type Ask<'a> = dyn FnMut(&str) -> Option<String> + 'a;

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
    /// A variable of the process by its name.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The line that somebody at a terminal answers to a question; nobody is asked where there is none.
    pub confirm: Option<&'a mut Ask<'a>>,
    /// Waits. Only who asks another machine has to.
    pub pause: &'a dyn Fn(Duration),
    /// Ends the process, once all is said: to give the memory of a whole report back piece by piece takes longer than to leave with it.
    /// `None` where the process goes on.
    pub leave: Option<&'a dyn Fn(Exit)>,
}

impl Environment<'_> {
    /// Ends the process here if it has nothing else to do.
    pub(super) fn leave(&mut self, exit: Exit) {
        if let Some(leave) = self.leave {
            let _ = (self.stdout.flush(), self.stderr.flush());
            leave(exit);
        }
    }

    /// Prints data. A closed pipe is no error: whoever reads has had enough.
    pub fn print(&mut self, bytes: &[u8]) -> Exit {
        match self.stdout.write_all(bytes).and_then(|()| self.stdout.flush()) {
            Ok(()) => Exit::Pass,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Pass,
            Err(error) => self.world(&error),
        }
    }

    /// Asks for a yes or a no; an empty answer is `default`, and anything else is asked about once more, then a no.
    pub fn confirms(&mut self, question: &str, default: bool) -> bool {
        let choice = if default { "[Y/n]" } else { "[y/N]" };
        let Some(ask) = self.confirm.as_mut() else { return false };
        for _ in 0..2 {
            match ask(&format!("{question} {choice} ")).as_deref().map(str::trim) {
                Some("") => return default,
                Some("y" | "Y" | "yes") => return true,
                Some("n" | "N" | "no") | None => return false,
                Some(_) => {}
            }
        }
        false
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
        let policy = policy.map(|path| self.outside(0, "policy", path)).transpose()?;
        Ok(Request {
            policy,
            floor: None,
            cargo_metadata: None,
            levels: levels.to_vec(),
            today: today.unwrap_or(self.today),
            notes: Vec::new(),
        })
    }

    /// A floor that the command line names, for the tree at `root`.
    pub fn floor(&mut self, floor: Option<&Path>, root: &Path) -> Result<Option<Floor>, Exit> {
        let Some(path) = floor else { return Ok(None) };
        let text = self.outside(2, "floor", path)?;
        let is_editable = tree::is_of_repository(root, path).map_err(|error| refuse(&Refusal::Tree(error), self))?;
        Ok(Some(Floor { text, is_editable }))
    }

    /// A text that the command line names.
    pub fn outside(&mut self, index: u32, what: &str, path: &Path) -> Result<Text, Exit> {
        let shown = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| {
            self.say(
                "error",
                &format!("the {what} `{shown}` cannot be read: {error}\n  nothing was judged; name a file that is there"),
            );
            Exit::Usage
        })?;
        let (text, problem) = outside_text(index, &shown, bytes);
        match problem {
            None => Ok(text),
            Some(Problem { message, .. }) => {
                self.say("error", &format!("the {what} `{shown}` {message}"));
                Err(Exit::Usage)
            }
        }
    }
}
