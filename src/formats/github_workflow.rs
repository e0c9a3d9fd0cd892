//! GitHub workflows: actions, reusable workflows and images that jobs use.
//!
//! Specification: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>. Read are `jobs.*.steps[].uses`,
//! `jobs.*.uses`, `jobs.*.container` and `jobs.*.services.*.image`. Registry: actions name none (GitHub serves them), images their
//! host. No hash but the commit or digest; no edges, since what an action uses itself stands in its own repository.
//!
//! Expressions (`${{ … }}`) are unknown, with one exception: `${{ matrix.NAME }}` (or `matrix.NAME.KEY`) as a whole image stands for
//! every value that the job's matrix writes out, each where it is written.

use std::collections::HashSet;

use crate::dependency::{Kind, Lockfile, Shows};
use crate::formats::actions::{Local, Uses};
use crate::formats::{Claim, Format};
use crate::neighbours::Neighbours;
use crate::syntax::{Node, yaml};
use crate::text::{Lost, Problem, Text};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "github-workflow",
    title: "GitHub workflow",
    kind: Kind::Reference,
    files: &[Claim::In(".github/workflows", ".yml"), Claim::In(".github/workflows", ".yaml")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// What workflows and actions show.
pub(super) const SHOWS: Shows = Shows { origin: true, integrity: false, edges: false, scope: true, install_code: false };

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let documents = yaml::read_with_aliases(text)?;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Reference);
    lockfile.shows = SHOWS;
    let root = neighbours.folder().strip_suffix(".github/workflows").unwrap_or("").trim_end_matches('/').to_owned();
    let mut uses = Uses { text, neighbours, lockfile, root, seen: HashSet::new(), copies: Vec::new() };
    for document in &documents {
        let root = document.root();
        match root.get("jobs") {
            Some(jobs) if jobs.is_map() => jobs.members().for_each(|each| job(&mut uses, each)),
            Some(jobs) => uses.lockfile.problems.push(jobs.problem(Lost::Entry, "`jobs` is not a map of jobs")),
            None => uses.lockfile.problems.push(root.problem(Lost::File, "expected a workflow: a map with `jobs`")),
        }
    }
    Ok(uses.lockfile)
}

fn job(uses: &mut Uses<'_, '_>, job: Node<'_>) {
    if !job.is_map() {
        return uses.lockfile.problems.push(job.problem(Lost::Entry, "a job that is not a map"));
    }
    if let Some(workflow) = job.get("uses") {
        uses.uses(workflow, Local::Workflow);
    }
    let matrix = job.at(&["strategy", "matrix"]);
    if let Some(container) = job.get("container") {
        image(uses, container.get("image").unwrap_or(container), matrix);
    }
    for service in job.get("services").into_iter().flat_map(Node::members) {
        image(uses, service.get("image").unwrap_or(service), matrix);
    }
    if let Some(steps) = job.get("steps") {
        uses.steps(steps);
    }
}

/// An image, or the images that the job's matrix writes out for it.
fn image(uses: &mut Uses<'_, '_>, node: Node<'_>, matrix: Option<Node<'_>>) {
    let values = matrix.map_or_else(Vec::new, |matrix| node.scalar().map_or_else(Vec::new, |written| values_of(written, matrix)));
    if values.is_empty() {
        return uses.image(node);
    }
    for value in values {
        uses.image(value);
    }
}

/// The values of `${{ matrix.NAME }}` or `${{ matrix.NAME.KEY }}`; none if the matrix does not write out all of them.
fn values_of<'d>(written: &str, matrix: Node<'d>) -> Vec<Node<'d>> {
    let inner = written.trim().strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
    let Some(path) = inner.and_then(|inner| inner.trim().strip_prefix("matrix.")) else { return Vec::new() };
    let keys: Vec<&str> = path.split('.').collect();
    let Some((name, below)) = keys.split_first() else { return Vec::new() };
    let listed = matrix.get(name).into_iter().flat_map(|list| list.items().map(|item| item.at(below)));
    let included = matrix
        .get("include")
        .into_iter()
        .flat_map(|list| list.items().filter_map(|item| item.get(name)))
        .map(|item| item.at(below));
    let is_dynamic =
        [Some(matrix), matrix.get(name), matrix.get("include")].into_iter().flatten().any(|node| node.scalar().is_some());
    let values: Vec<Option<Node<'d>>> =
        listed.chain(included).filter(|value| value.is_none_or(|value| value.kind() != crate::syntax::Kind::Null)).collect();
    let is_plain = |value: &Option<Node<'d>>| value.is_none_or(|value| value.scalar().is_some());
    if is_dynamic || !values.iter().all(is_plain) {
        return Vec::new();
    }
    values.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    /// Counts by spelling alone.
    fn counted_entries(content: &str) -> usize {
        let keys = ["uses:", "image:", "container: "];
        let is_key = |line: &&str| keys.iter().any(|key| line.trim_start_matches([' ', '-']).starts_with(key));
        content.lines().filter(is_key).filter(|line| !line.contains(": ${{ matrix.")).count()
    }

    #[test]
    fn none_is_lost() {
        testing::assert_counted("github-workflow", "minimal", counted_entries);
        testing::assert_damaged(&FORMAT);
        testing::assert_corpus(&FORMAT, &["workflow"], counted_entries);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(content in "jobs:\n(  a:\n|    steps:\n|      - uses: |    container: |    uses: |[a-z]{1,3}|\\$\\{\\{|\\}\\}|[:@/=.,\"'#&*-]|docker://|\\./|\n|\r\n| |☕){0,60}") {
            testing::assert_spans(&FORMAT, &content);
        }
    }
}
