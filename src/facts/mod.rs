//! What shows a control, or a danger, for one version: facts from files that other tools wrote.
//!
//! Answers for: reading such files, and laying what they say over a lockfile. Never starts the tools, never opens a connection.

pub mod cargo_metadata;
