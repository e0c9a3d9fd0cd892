//! Whichever tool a `pyproject.toml` belongs to, where its own lockfile is not what is read.
//!
//! For a `pyproject.toml` without lock, and for a `pylock.toml` whose files have names only: Poetry if the project has its tables, PDM if
//! it has PDM's, else uv, whose configuration no other tool reads.

use crate::clients::{Client, pdm, poetry, uv};
use crate::dependency::Lockfile;
use crate::neighbours::Neighbours;
use crate::routing::Routing;
use crate::syntax::toml;

/// The row of the table.
pub(super) static CLIENT: Client = Client {
    id: "pyproject",
    reads: &["pyproject.toml", "poetry.toml", "pdm.toml", "uv.toml"],
    serves: &["pyproject", "pylock"],
    read,
};

fn read(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let project = neighbours.beside("pyproject.toml").and_then(Result::ok);
    let document = project.and_then(|text| toml::read(text).ok());
    let has = |tool: &str| document.as_ref().is_some_and(|document| document.root().at(&["tool", tool]).is_some());
    if has("poetry") {
        poetry::read(lockfile, neighbours)
    } else if has("pdm") {
        pdm::read(lockfile, neighbours)
    } else {
        uv::read(lockfile, neighbours)
    }
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    #[test]
    fn the_tables_say_whose_project_it_is() {
        let sources = |tool: &str, list: &str| {
            format!("[project]\ndependencies = [\"a\"]\n[[tool.{tool}.{list}]]\nname = \"x\"\nurl = \"https://x.example/\"\n")
        };
        for (tool, list, asked) in [
            ("poetry", "source", "Silent -> https://x.example/\n"),
            ("pdm", "source", "Silent -> default, https://x.example/\n"),
            ("uv", "index", "Silent -> https://x.example/, default\n"),
        ] {
            let found = routing("pyproject.toml", &[("pyproject.toml", &sources(tool, list))]);
            assert!(found.contains(asked), "{tool}: {found}");
        }
    }
}
