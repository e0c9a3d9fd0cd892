//! Everything that is tested at a boundary: one binary, in process wherever possible.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr
)]

mod action;
mod addresses;
mod anchors;
mod bad_input;
mod base;
mod base_git;
mod baseline;
#[cfg(feature = "cargo-metadata")]
mod cargo_metadata;
mod catalogue;
mod check;
mod checks_page;
mod cli;
mod code_scanning;
mod corpus;
mod damaged;
mod declarations;
mod derived;
mod diff;
mod doctor;
mod event;
mod event_stories;
mod explain;
mod fingerprints;
mod floor;
mod folders;
mod gate;
#[cfg(feature = "github")]
mod github;
mod golden;
mod guide;
mod init;
mod layers;
mod minimums;
mod never_better;
mod origins;
mod outputs;
mod pages;
mod policy;
mod policy_check;
mod policy_errors;
mod policy_tools;
mod revision;
mod sarif;
mod syntax;
mod tree;
mod walk;
