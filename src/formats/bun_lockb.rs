//! bun.lockb: bun's binary lockfile, which is never read.
//!
//! Answers for: saying so. A binary file is unreadable before any reader sees it; what is no binary file under this name is too.
//!
//! Specification: bun.sh, lockfile. `bun install --save-text-lockfile` writes the text form, `bun_lock`'s.

use crate::dependency::Kind;
use crate::formats::{Claim, Format};
use crate::text::{Lost, Problem, Span};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "bun-lockb",
    title: "bun bun.lockb",
    kind: Kind::Lock,
    files: &[Claim::Name("bun.lockb")],
    looks: None,
    shadowed_by: &["bun-lock"],
    read: |text, _| {
        let problem = Problem::new(text.place(Span::default()), Lost::File, "is bun's binary lockfile, which is not read")
            .with_hint("run `bun install --save-text-lockfile` and commit bun.lock instead");
        Err(problem)
    },
};
