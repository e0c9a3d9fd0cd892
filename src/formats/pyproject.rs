//! `pyproject.toml`: what a Python project asks for, where no lock lies beside it.
//!
//! Specification: packaging.python.org (PEP 621 `[project]`, PEP 735 `[dependency-groups]`, PEP 518 `[build-system]`), Poetry's, PDM's and
//! uv's own tables. Only a file that asks for dependencies is a declaration; what its build requires is then of scope build. Groups
//! are a developer's, those named `test` or `tests` a test's; extras are optional. A version is given only where one is asked for exactly.
//!
//! Registry quirks: `[tool.uv.sources]` and Poetry's `source` name an index; which ones there are, the client `pyproject` tells, after the
//! tool whose tables the file has. `{ workspace = true }` is a member of the repository.

use super::pipfile::fill;
use super::python::manifest;
use super::{Claim, Format};
use crate::dependency::{Kind, Lockfile};
use crate::neighbours::Neighbours;
use crate::text::{Problem, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "pyproject",
    title: "pyproject.toml",
    kind: Kind::Declaration,
    files: &[Claim::Name("pyproject.toml")],
    looks: Some(looks),
    shadowed_by: &["poetry-lock", "uv-lock", "pdm-lock", "pylock"],
    read,
};

/// Whether any line may begin a list or table of dependencies. `dynamic = ["dependencies"]` begins none.
fn looks(content: &str) -> bool {
    let asks = |line: &str| line.contains("dependencies") || line.contains("dependency-groups");
    content.lines().map(str::trim_start).any(|line| asks(line) && !line.starts_with("dynamic") && !line.starts_with('#'))
}

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Declaration);
    match manifest::pyproject(text) {
        Ok(manifest) => fill(&mut lockfile, text, manifest),
        Err(problem) => return Err(problem),
    }
    Ok(lockfile)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_dependency_is_stated() {
        // The fixtures write one dependency a line, and mark those lines.
        let marked = |content: &str| content.lines().filter(|line| line.trim_end().ends_with("# 1")).count();
        crate::formats::counting::check(&super::FORMAT, "pyproject", marked);
    }
}
