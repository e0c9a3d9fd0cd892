//! Everything that is tested at a boundary: one binary, in process wherever possible.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr
)]

#[cfg(feature = "cargo-metadata")]
mod cargo_metadata;
mod catalogue;
mod corpus;
mod damaged;
mod derived;
mod golden;
mod policy;
mod sarif;
mod syntax;
mod tree;
