//! Clients: one file each, and the table that lists them.
//!
//! Answers for: which configuration files a package client really reads from a project, and what they say (`Routing`). Data only:
//! nothing is executed, credentials never enter the model. Never maps an address to a registry.

mod bundler;
pub(crate) mod cargo;
mod docker;
mod go;
mod manager;
mod npm;
mod npmrc;
mod pdm;
mod pip;
mod pipenv;
mod poetry;
mod pyproject;
mod python;
#[cfg(test)]
mod testing;
mod uv;

use crate::dependency::Lockfile;
use crate::neighbours::Neighbours;
use crate::routing::Routing;

/// One package client.
#[derive(Debug)]
pub struct Client {
    /// Its id, which is also its module's name.
    pub id: &'static str,
    /// The file names that it reads from a project folder, for the documentation and for change detection.
    pub reads: &'static [&'static str],
    /// The formats whose files it installs from.
    pub serves: &'static [&'static str],
    /// Configuration around a lockfile, in this client's precedence.
    pub read: fn(&Lockfile, &Neighbours<'_>) -> Routing,
}

/// All clients.
#[rustfmt::skip] // one row a line
pub static CLIENTS: &[&Client] = &[
    &bundler::CLIENT, &cargo::CLIENT,
    &docker::CLIENT,
    &go::CLIENT,
    &npm::CLIENT,
    &pdm::CLIENT,
    &pip::CLIENT,
    &pipenv::CLIENT,
    &poetry::CLIENT,
    &pyproject::CLIENT,
    &uv::CLIENT,
];

/// The client that installs from files of a format.
#[must_use]
pub fn serving(format: &str) -> Option<&'static Client> {
    CLIENTS.iter().copied().find(|client| client.serves.contains(&format))
}
