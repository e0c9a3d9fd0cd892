//! Formats: one file each, and the table that lists them.
//!
//! Answers for: which names (and, where a name is shared, which content) belong to which format, and a text into a `Lockfile`.
//! Never knows a registry, a tier or a policy, and never makes a finding.

mod actions;
mod actions_lock;
mod aliases;
mod bun_lock;
mod bun_lockb;
mod cargo_lock;
mod cargo_manifest;
mod cargo_toml;
mod compose;
mod compose_file;
mod composer_lock;
mod conda;
mod conda_explicit;
mod conda_lock;
#[cfg(test)]
mod counting;
mod deno_lock;
mod devcontainer;
mod devcontainer_lock;
mod dockerfile;
mod gemfile;
mod gemfile_lock;
mod github_action;
mod github_workflow;
mod go_lines;
mod go_mod;
mod go_sum;
mod go_vendor;
mod go_work;
pub(crate) mod gradle_lock;
mod gradle_verification_metadata;
mod gradle_version_catalog;
mod helm_template;
mod helm_values;
pub mod image;
mod kubernetes;
mod kustomization;
pub(crate) mod maven_extensions;
mod maven_lockfile;
pub(crate) mod maven_names;
pub(crate) mod msbuild;
mod npm_package_lock;
mod npm_shrinkwrap;
mod npm_spec;
pub(crate) mod nuget;
mod nuget_assets;
mod nuget_deps_json;
mod nuget_packages_config;
mod nuget_packages_lock;
mod nuget_packages_props;
mod nuget_project;
mod nuget_project_assets;
pub(crate) mod package_json;
mod paket_lock;
mod pdm_lock;
mod pipfile;
mod pipfile_lock;
mod pixi_lock;
mod pnpm_lock;
mod poetry_lock;
pub(crate) mod pom_xml;
mod pylock;
mod pyproject;
pub(crate) mod python;
mod reach;
mod remote;
mod requirements;
pub(crate) mod rush;
pub(crate) mod sbt_lock;
mod shell;
#[cfg(test)]
mod testing;
mod uv_lock;
mod yarn;
mod yarn_berry;
mod yarn_v1;

use crate::dependency::{Kind, Lockfile};
use crate::neighbours::{Neighbours, folder_of};
use crate::text::{Problem, Text};

/// Which files a format claims by name. `PATH` is relative to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This file name, exactly.
    Name(&'static str),
    /// This file name, in any case.
    NameAnyCase(&'static str),
    /// File names that begin so and have something behind it, in any case (`Dockerfile.`).
    PrefixAnyCase(&'static str),
    /// File names that begin so, have something behind it and no ending, in any case (`DockerfileProd`).
    BareAnyCase(&'static str),
    /// File names that end so, in any case (`.dockerfile`).
    SuffixAnyCase(&'static str),
    /// File names that begin and end so (`requirements`, `.txt`), the middle may be empty.
    Around(&'static str, &'static str),
    /// File names that hold this and end so (`compose`, `.yaml`).
    Holding(&'static str, &'static str),
    /// File names that end so in a folder whose path ends so (`.github/workflows`, `.yml`).
    In(&'static str, &'static str),
    /// File names that end so below a folder of this name, at any depth (`requirements`, `.txt`).
    Below(&'static str, &'static str),
    /// The last parts of a path (`vendor/modules.txt`).
    Path(&'static str),
}

impl Claim {
    /// Whether a path is claimed.
    #[must_use]
    pub fn matches(self, path: &str) -> bool {
        self.fits(path, name_of(path))
    }

    /// The same where the file's name is known: every file of a repository is asked about every claim.
    fn fits(self, path: &str, name: &str) -> bool {
        let is_any_case =
            |part: Option<&[u8]>, wanted: &str| part.is_some_and(|part| part.eq_ignore_ascii_case(wanted.as_bytes()));
        match self {
            Self::Name(exact) => name == exact,
            Self::NameAnyCase(exact) => name.eq_ignore_ascii_case(exact),
            Self::PrefixAnyCase(prefix) => name.len() > prefix.len() && is_any_case(name.as_bytes().get(..prefix.len()), prefix),
            Self::BareAnyCase(prefix) => {
                name.len() > prefix.len() && !name.contains('.') && is_any_case(name.as_bytes().get(..prefix.len()), prefix)
            }
            Self::SuffixAnyCase(suffix) => {
                is_any_case(name.len().checked_sub(suffix.len()).and_then(|start| name.as_bytes().get(start..)), suffix)
            }
            Self::Around(before, after) => {
                name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
            }
            Self::Holding(part, end) => name.strip_suffix(end).is_some_and(|stem| stem.contains(part)),
            Self::In(folder, end) => name.len() > end.len() && name.ends_with(end) && ends_in_parts(folder_of(path), folder),
            Self::Below(folder, end) => {
                name.len() > end.len() && name.ends_with(end) && folder_of(path).split('/').any(|part| part == folder)
            }
            Self::Path(end) => ends_in_parts(path, end),
        }
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether the last parts of a path are these.
fn ends_in_parts(path: &str, end: &str) -> bool {
    path == end || path.strip_suffix(end).is_some_and(|rest| rest.ends_with('/'))
}

/// One format.
#[derive(Debug)]
pub struct Format {
    /// Its id, which is also its module's and its fixture folder's name with `_` for `-`.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What kind of statement its files make (a reader may decide otherwise, as for requirements).
    pub kind: Kind,
    /// The files that it claims.
    pub files: &'static [Claim],
    /// Where names are shared: a cheap look at the content. Formats are asked in the table's order.
    pub looks: Option<fn(&str) -> bool>,
    /// For declarations and neighbours: the formats that make files of this one details when they lie in the same folder.
    pub shadowed_by: &'static [&'static str],
    /// The reader. Never gives up a file for one bad entry; an error is what leaves nothing of the file to rely on.
    pub read: fn(&Text, &Neighbours<'_>) -> Result<Lockfile, Problem>,
}

impl Format {
    /// Whether the format claims a path, by name alone.
    #[must_use]
    pub fn claims(&self, path: &str) -> bool {
        self.claims_named(path, name_of(path))
    }

    fn claims_named(&self, path: &str, name: &str) -> bool {
        self.files.iter().any(|claim| claim.fits(path, name))
    }
}

/// The formats that claim a path by name, in the table's order.
#[must_use]
pub fn claiming(path: &str) -> Vec<&'static Format> {
    let name = name_of(path);
    FORMATS.iter().copied().filter(|format| format.claims_named(path, name)).collect()
}

/// All formats. Where two claim a name, the first whose look at the content says yes gets it.
#[rustfmt::skip] // one row a line
pub static FORMATS: &[&Format] = &[
    &actions_lock::FORMAT,
    &bun_lock::FORMAT,
    &bun_lockb::FORMAT,
    &cargo_lock::FORMAT,
    &cargo_toml::FORMAT,
    &compose::FORMAT,
    &composer_lock::FORMAT,
    &conda_explicit::FORMAT,
    &conda_lock::FORMAT,
    &deno_lock::FORMAT,
    &devcontainer::FORMAT,
    &devcontainer_lock::FORMAT,
    &dockerfile::FORMAT,
    &gemfile::FORMAT,
    &gemfile_lock::FORMAT,
    &github_action::FORMAT,
    &github_workflow::FORMAT,
    &go_mod::FORMAT,
    &go_sum::FORMAT,
    &go_vendor::FORMAT,
    &go_work::FORMAT,
    &gradle_lock::FORMAT,
    &gradle_verification_metadata::FORMAT,
    &gradle_version_catalog::FORMAT,
    &helm_values::FORMAT,
    &kustomization::FORMAT,
    &maven_extensions::FORMAT,
    &maven_lockfile::FORMAT,
    &npm_package_lock::FORMAT,
    &npm_shrinkwrap::FORMAT,
    &nuget_deps_json::FORMAT,
    &nuget_packages_config::FORMAT,
    &nuget_packages_lock::FORMAT,
    &nuget_packages_props::FORMAT,
    &nuget_project::FORMAT,
    &nuget_project_assets::FORMAT,
    &package_json::FORMAT,
    &paket_lock::FORMAT,
    &pdm_lock::FORMAT,
    &pipfile::FORMAT,
    &pipfile_lock::FORMAT,
    &pixi_lock::FORMAT,
    &pnpm_lock::FORMAT,
    &poetry_lock::FORMAT,
    &pom_xml::FORMAT,
    &pylock::FORMAT,
    &pyproject::FORMAT,
    &requirements::FORMAT,
    &sbt_lock::FORMAT,
    &uv_lock::FORMAT,
    &yarn_berry::FORMAT,
    &yarn_v1::FORMAT,
    // Only their content claims these, among names that others share.
    &helm_template::FORMAT,
    &kubernetes::FORMAT,
    &compose_file::FORMAT,
];

/// The format with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.id == id)
}

/// Reads a text as a file of `format`.
#[must_use]
pub fn read(format: &'static Format, text: &Text, neighbours: &Neighbours<'_>) -> Lockfile {
    let read = (format.read)(text, neighbours);
    let mut lockfile = read.unwrap_or_else(|problem| Lockfile::unreadable(text, format, format.kind, problem));
    if package_json::FORMAT.shadowed_by.contains(&format.id) {
        lockfile.covers.extend(package_json::installed(neighbours));
    }
    lockfile.finish();
    lockfile
}
