//! Whichever tool a `pyproject.toml` belongs to, where its own lockfile is not what is read.
//!
//! For a `pyproject.toml` without lock, and for a `pylock.toml` whose files have names only: every tool whose tables the project has,
//! since nothing says which of them is at work; uv if it has none, whose `uv.toml` no other tool reads.

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
    let tools = [("poetry", &poetry::CLIENT), ("pdm", &pdm::CLIENT), ("uv", &uv::CLIENT)];
    let used = tools.into_iter().filter(|(tool, _)| has(tool)).map(|(_, client)| (client.read)(lockfile, neighbours));
    used.reduce(Routing::or).unwrap_or_else(|| uv::read(lockfile, neighbours))
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

    #[test]
    fn of_two_tools_either_may_be_at_work() {
        let project = "[project]\ndependencies = [\"a\"]\n[[tool.poetry.source]]\nname = \"x\"\nurl = \"https://x.example/\"\n\
            [[tool.uv.index]]\nname = \"y\"\nurl = \"https://y.example/\"\ndefault = true\n";
        let found = routing("pyproject.toml", &[("pyproject.toml", project)]);
        assert!(found.contains("Silent -> https://x.example/, https://y.example/\n"), "{found}");
        assert!(found.contains("Named(y) -> https://y.example/\n"), "{found}");
    }
}
