//! packman reads every lockfile of a repository, finds the registry that serves each dependency, looks up how that registry protects its
//! packages, and holds all that against a policy. It passes, fails, or says that it could not decide; it never guesses.
//!
//! # Codemap, read left to right
//!
//! `tree` gives files, `text` keeps them with places, `syntax` turns them into nodes. `discover` finds which files some of the `formats`
//! claim; each becomes a `dependency::Lockfile`. `clients` say, as `routing`, what package clients would really ask. `route` joins both
//! with `catalogue` and `policy` into origins: it alone maps an address to a registry (`shape` says whose file an address is). `snapshot`
//! holds one side of all that, `lost` says what a change takes out of sight. `assess` knows how registries stand, `rules` make findings, `states` says which of them a change brings,
//! `judge` makes the verdict, `report` writes it, `propose` writes a policy that fits, `lints`
//! tell of one what does nothing. `cli` is the only part that prints. `github` (a
//! feature) uploads, comments, and fetches a base; nothing that judges asks it.
//!
//! # What a layer never does
//!
//! `formats` and `clients` know no registry, tier or policy. `catalogue` reads no lockfile. `rules` parse nothing. `report` decides nothing.
//! Stages before `rules` give `Problem`s, never findings. Only `cli` and `tree` touch files and the process, only
//! `github` a network. The gate opens no connection, starts no process and reads no clock: the day by which exceptions end is given to it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice))]

pub mod address;
pub mod assess;
pub mod catalogue;
pub mod cli;
pub mod clients;
pub mod dependency;
pub mod discover;
pub mod ecosystem;
pub mod event;
pub mod facts;
pub mod finding;
pub mod formats;
pub mod gate;
#[cfg(feature = "github")]
pub mod github;
pub mod graph;
pub mod judge;
pub mod lints;
pub mod lost;
pub mod neighbours;
pub mod pattern;
pub mod policy;
pub mod propose;
pub mod purl;
pub mod report;
pub mod route;
pub mod routing;
pub mod rules;
pub mod shape;
pub mod snapshot;
pub mod states;
pub mod syntax;
pub mod text;
pub mod tree;

pub use gate::{Base, Refusal, Request, check, compare};
