//! Formats: one file each, and the table that lists them.
//!
//! Answers for: which names (and, where a name is shared, which content) belong to which format, and a text into a `Lockfile`.
//! Never knows a registry, a tier or a policy, and never makes a finding.

mod cargo_lock;
mod cargo_manifest;
mod cargo_toml;
mod compose;
mod composer_lock;
mod conda;
mod conda_explicit;
mod conda_lock;
#[cfg(test)]
mod counting;
mod dockerfile;
mod gemfile_lock;
mod go_lines;
mod go_mod;
mod go_sum;
mod go_vendor;
mod go_work;
pub mod image;
mod npm_package_lock;
mod npm_shrinkwrap;
mod npm_spec;
pub(crate) mod package_json;
mod pdm_lock;
mod pipfile;
mod pipfile_lock;
mod pixi_lock;
mod pnpm_lock;
mod poetry_lock;
mod pylock;
mod pyproject;
pub(crate) mod python;
mod remote;
mod requirements;
mod shell;
#[cfg(test)]
mod testing;
mod uv_lock;

use crate::dependency::{Kind, Lockfile};
use crate::neighbours::Neighbours;
use crate::text::Text;

/// Which files a format claims by name. `PATH` is relative to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This file name, exactly.
    Name(&'static str),
    /// This file name, in any case.
    NameAnyCase(&'static str),
    /// File names that begin so and have something behind it, in any case (`Dockerfile.`).
    PrefixAnyCase(&'static str),
    /// File names that end so, in any case (`.dockerfile`).
    SuffixAnyCase(&'static str),
    /// File names that begin and end so (`requirements`, `.txt`), the middle may be empty.
    Around(&'static str, &'static str),
    /// File names that hold this and end so (`compose`, `.yaml`).
    Holding(&'static str, &'static str),
    /// The last parts of a path (`vendor/modules.txt`).
    Path(&'static str),
    /// File names that end so, right in a folder of this name (`requirements`, `.txt`).
    Inside(&'static str, &'static str),
}

impl Claim {
    /// Whether a path is claimed.
    #[must_use]
    pub fn matches(self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let lower = || name.to_ascii_lowercase();
        match self {
            Self::Name(exact) => name == exact,
            Self::NameAnyCase(exact) => name.eq_ignore_ascii_case(exact),
            Self::PrefixAnyCase(prefix) => name.len() > prefix.len() && lower().starts_with(&prefix.to_ascii_lowercase()),
            Self::SuffixAnyCase(suffix) => lower().ends_with(&suffix.to_ascii_lowercase()),
            Self::Around(before, after) => {
                name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
            }
            Self::Holding(part, end) => name.strip_suffix(end).is_some_and(|stem| stem.contains(part)),
            Self::Path(end) => path == end || path.strip_suffix(end).is_some_and(|rest| rest.ends_with('/')),
            Self::Inside(folder, end) => name.ends_with(end) && path.rsplit('/').nth(1) == Some(folder),
        }
    }
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
    /// The reader. Never gives up a file for one bad entry.
    pub read: fn(&Text, &Neighbours<'_>) -> Lockfile,
}

impl Format {
    /// Whether the format claims a path, by name alone.
    #[must_use]
    pub fn claims(&self, path: &str) -> bool {
        self.files.iter().any(|claim| claim.matches(path))
    }
}

/// All formats. Where two claim a name, the first whose look at the content says yes gets it.
#[rustfmt::skip] // one row a line
pub static FORMATS: &[&Format] = &[
    &cargo_lock::FORMAT,
    &cargo_toml::FORMAT,
    &compose::FORMAT,
    &composer_lock::FORMAT,
    &conda_explicit::FORMAT,
    &conda_lock::FORMAT,
    &dockerfile::FORMAT,
    &gemfile_lock::FORMAT,
    &go_mod::FORMAT,
    &go_sum::FORMAT,
    &go_vendor::FORMAT,
    &go_work::FORMAT,
    &npm_package_lock::FORMAT,
    &npm_shrinkwrap::FORMAT,
    &package_json::FORMAT,
    &pdm_lock::FORMAT,
    &pipfile::FORMAT,
    &pipfile_lock::FORMAT,
    &pixi_lock::FORMAT,
    &pnpm_lock::FORMAT,
    &poetry_lock::FORMAT,
    &pylock::FORMAT,
    &pyproject::FORMAT,
    &requirements::FORMAT,
    &uv_lock::FORMAT,
];

/// The format with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.id == id)
}

/// Reads a text as a file of `format`.
#[must_use]
pub fn read(format: &Format, text: &Text, neighbours: &Neighbours<'_>) -> Lockfile {
    let mut lockfile = (format.read)(text, neighbours);
    lockfile.finish();
    lockfile
}
