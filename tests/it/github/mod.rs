//! `packman github …` against a server on this machine: what is asked, how often, with which token, and what is said when it goes wrong.
//! `.ci/github` holds the same requests against GitHub's own description of its API.

mod base;
mod comment;
mod faults;
mod server;
mod upload;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use packman::cli::{Environment, run};
use serde_json::Value;
use server::{Reply, Seen, Server};

use crate::cli::{Folder, Ran};

/// It must never be seen anywhere but in a request to the API.
const TOKEN: &str = "ghp_CanaryOfTheTests0123456789";

/// A run: its variables, and what it waited.
struct Run {
    variables: BTreeMap<&'static str, String>,
    waits: RefCell<Vec<u64>>,
}

impl Run {
    /// In a workflow whose API is at an address.
    fn at(api: &str) -> Self {
        let variables = [
            ("GITHUB_API_URL", api),
            ("GITHUB_TOKEN", TOKEN),
            ("GITHUB_REPOSITORY", "acme/shop"),
            // Where no repository is.
            ("GITHUB_WORKSPACE", "/"),
            ("GITHUB_SHA", "3333333333333333333333333333333333333333"),
            ("GITHUB_REF", "refs/heads/main"),
            ("GITHUB_EVENT_NAME", "push"),
        ];
        Self { variables: variables.map(|(name, value)| (name, value.to_owned())).into(), waits: RefCell::default() }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.to_owned());
        self
    }

    /// In the event of a fixture.
    fn in_event(self, fixture: &str) -> Self {
        let path = crate::golden::fixtures().join("event").join(format!("{fixture}.json"));
        let name = fixture.split('-').next().unwrap().to_owned();
        self.with("GITHUB_EVENT_PATH", path.to_str().unwrap()).with("GITHUB_EVENT_NAME", &name)
    }

    fn packman(&self, words: &[&str]) -> Ran {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut environment = Environment {
            stdout: &mut out,
            stderr: &mut err,
            is_stdout_coloured: false,
            is_stderr_coloured: false,
            today: "2026-11-24".parse().unwrap(),
            variable: &|name| self.variables.get(name).cloned(),
            confirm: None,
            pause: &|wait: Duration| self.waits.borrow_mut().push(wait.as_secs()),
            leave: None,
        };
        let words = ["packman", "github"].iter().chain(words).map(OsString::from);
        let exit = run(words, &mut environment);
        let ran = Ran { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() };
        assert!(!ran.out.contains(TOKEN) && !ran.err.contains(TOKEN), "the token was shown");
        ran
    }

    fn waited(&self) -> Vec<u64> {
        self.waits.take()
    }
}

/// A SARIF file without results.
const CLEAN: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"packman"}},"results":[]}]}"#;

fn files() -> Folder {
    Folder::of(&[("clean.sarif", CLEAN), ("note.md", "hello\n")])
}

/// `METHOD PATH` of each request.
fn asked(server: &Server) -> Vec<String> {
    server.seen().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

/// A reply of the API.
fn json(status: u16, value: &Value) -> Reply {
    Reply::of(status, "application/json; charset=utf-8", value.to_string().as_bytes())
}
