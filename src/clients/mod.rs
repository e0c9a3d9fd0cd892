//! Clients: one file each, and the table that lists them.
//!
//! Answers for: which configuration files a package client really reads from a project, and what they say (`Routing`). Data only:
//! nothing is executed, credentials never enter the model. Never maps an address to a registry.

mod bun;
mod bundler;
pub(crate) mod cargo;
mod deno;
mod docker;
mod go;
mod gradle;
mod manager;
mod maven;
mod npm;
mod npmrc;
mod nuget;
mod nuget_config;
mod pdm;
mod pip;
mod pipenv;
mod pnpm;
mod poetry;
mod pyproject;
mod python;
mod sbt;
#[cfg(test)]
mod testing;
mod uv;
mod yarn_berry;
mod yarn_v1;

use crate::dependency::Lockfile;
use crate::formats::package_json;
use crate::neighbours::{Neighbours, folder_of, join};
use crate::routing::Routing;
use crate::syntax::{Document, lines, yaml};
use crate::text::{Problem, Text};

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
    &bun::CLIENT,
    &bundler::CLIENT,
    &cargo::CLIENT,
    &deno::CLIENT,
    &docker::CLIENT,
    &go::CLIENT,
    &gradle::CLIENT,
    &maven::CLIENT,
    &npm::CLIENT,
    &nuget::CLIENT,
    &pdm::CLIENT,
    &pip::CLIENT,
    &pipenv::CLIENT,
    &pnpm::CLIENT,
    &poetry::CLIENT,
    &pyproject::CLIENT,
    &sbt::CLIENT,
    &uv::CLIENT,
    &yarn_berry::CLIENT,
    &yarn_v1::CLIENT,
];

/// The client that installs from files of a format.
#[must_use]
pub fn serving(format: &str) -> Option<&'static Client> {
    CLIENTS.iter().copied().find(|client| client.serves.contains(&format))
}

/// The documents of a YAML file of settings: none where it has only comments, which clients take for no settings.
fn settings_in(text: &Text) -> Result<Vec<Document<'_>>, Problem> {
    let is_silent = |line: lines::Line<'_>| line.text.trim().is_empty() || line.text.trim_start().starts_with('#');
    if lines::of(&text.content).all(is_silent) { Ok(Vec::new()) } else { yaml::read_with_aliases(text) }
}

/// The files of this name in the folders of other projects that a lockfile locks, in path order: some clients read them when they are
/// started there.
fn members_with<'a>(name: &str, lockfile: &Lockfile, neighbours: &Neighbours<'a>) -> Vec<Result<&'a Text, &'a Problem>> {
    let root = neighbours.folder();
    let is_members = |path: &str| {
        let folder = folder_of(path);
        let is_named = path.strip_prefix(folder).is_some_and(|rest| rest.trim_start_matches('/') == name);
        let manifest = neighbours.find(&join(folder, package_json::NAME));
        is_named
            && folder != root
            && !package_json::is_installed(folder)
            && manifest.is_some_and(|manifest| lockfile.covers.contains(&manifest))
    };
    neighbours
        .below(root)
        .filter(|(_, path)| path.ends_with(name) && is_members(path))
        .filter_map(|(_, path)| neighbours.at(path))
        .collect()
}
