//! GitHub actions: what a composite action's steps use, and the image of a container action.
//!
//! Specification: <https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax>. JavaScript actions use nothing
//! here; their packages stand in their own lockfiles. `runs.image` is `docker://IMAGE` or a Dockerfile, which is read for itself.

use std::collections::HashSet;

use crate::dependency::{Kind, Lockfile};
use crate::formats::actions::Uses;
use crate::formats::image::{self, Written};
use crate::formats::{Claim, Format, dockerfile, github_workflow};
use crate::neighbours::Neighbours;
use crate::syntax::{Node, yaml};
use crate::text::{Lost, Problem, Text};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "github-action",
    title: "GitHub action",
    kind: Kind::Reference,
    files: &[Claim::Name("action.yaml"), Claim::Name("action.yml")],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

/// Other programs have files of this name; an action says how it runs.
fn looks(content: &str) -> bool {
    let is_runs = |line: &str| {
        let rest = line.trim_start_matches(['"', '\'']).strip_prefix("runs").map(|rest| rest.trim_start_matches(['"', '\'']));
        rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
    };
    content.is_empty() || content.trim_start().starts_with('{') || content.lines().any(is_runs)
}

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let documents = yaml::read_with_aliases(text)?;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Reference);
    lockfile.shows = github_workflow::SHOWS;
    let mut uses = Uses { text, neighbours, lockfile, root: String::new(), seen: HashSet::new(), copies: Vec::new() };
    for document in &documents {
        let root = document.root();
        match root.get("runs") {
            Some(runs) if runs.is_map() => self::runs(&mut uses, runs),
            _ => uses.lockfile.problems.push(root.problem(Lost::File, "expected an action: a map with `runs`")),
        }
    }
    Ok(uses.lockfile)
}

fn runs(uses: &mut Uses<'_, '_>, runs: Node<'_>) {
    let using = runs.get("using").and_then(Node::scalar).unwrap_or("");
    match using {
        "composite" => {
            if let Some(steps) = runs.get("steps") {
                uses.steps(steps);
            }
        }
        "docker" => match runs.get("image").and_then(|image| Some((image, image.scalar_str()?))) {
            Some((node, value)) => {
                let written = Written::foreign(&value, &uses.text.content);
                if let Some(image) = written.value.strip_prefix("docker://") {
                    let image = written.part(written.value.len() - image.len()..written.value.len());
                    image::push(&mut uses.lockfile, uses.text, &image, crate::dependency::Scopes::BUILD);
                } else {
                    dockerfile::expect_read(&mut uses.lockfile, node, &written, uses.neighbours);
                }
            }
            None => uses.lockfile.problems.push(runs.problem(Lost::Entry, "a container action without `image`")),
        },
        javascript if javascript.starts_with("node") => {}
        unknown => {
            let at = runs.get("using").unwrap_or(runs);
            let message = format!("runs using `{unknown}`, expected `composite`, `docker` or a version of `node`");
            uses.lockfile.problems.push(at.problem(Lost::Detail, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    /// Counts by spelling alone.
    fn counted_entries(content: &str) -> usize {
        content
            .lines()
            .filter(|line| line.trim_start_matches([' ', '-']).starts_with("uses:") || line.contains("docker://"))
            .count()
    }

    #[test]
    fn none_is_lost() {
        testing::assert_counted("github-action", "composite", counted_entries);
        testing::assert_damaged(&FORMAT);
        testing::assert_corpus(&FORMAT, &["action.yml"], counted_entries);
    }
}
