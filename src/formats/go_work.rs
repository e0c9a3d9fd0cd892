//! `go.work`: the modules of a workspace, and what it replaces in all of them.
//!
//! Specification: the Go Modules Reference, "Workspaces". Members have their own `go.mod`, which is where dependencies stand; here only
//! replacements are entries. A member that is not in the tree is a problem: Go would stop, or take another one.
//!
//! Registry quirks: as in `go.mod`. A replacement here beats those of members.

use super::go_lines::{self, Replacements, Statement, Sums};
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{Neighbours, join};
use crate::text::{Lost, Problem, Str, Text};

pub(crate) static FORMAT: Format = Format {
    id: "go-work",
    title: "go.work",
    kind: Kind::Lock,
    files: &[Claim::Name("go.work")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let (statements, problems) = go_lines::statements(text);
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { integrity: true, ..Shows::default() };
    lockfile.stated += problems.iter().filter(|problem| problem.lost == Lost::Entry).count();
    lockfile.problems = problems;
    let mut sums = Sums::default();
    for name in ["go.work.sum", "vendor/modules.txt"] {
        lockfile.covers.extend(neighbours.find(&join(neighbours.folder(), name)));
    }
    match neighbours.beside("go.work.sum") {
        Some(Ok(found)) => sums.add(found, &mut lockfile.problems),
        Some(Err(problem)) => lockfile.problems.push(Problem { lost: Lost::Detail, ..problem.clone() }),
        None => {}
    }
    for statement in &statements {
        match statement.verb {
            "go" | "toolchain" | "godebug" => {}
            "use" => read_use(&mut lockfile, text, neighbours, statement),
            "replace" => read_replace(&mut lockfile, text, statement, &sums),
            other => {
                let message =
                    format!("directive `{other}` is not known; expected `use`, `replace`, `go`, `toolchain` or `godebug`");
                lockfile.problem(text.place(statement.verb_span), Lost::Detail, message);
            }
        }
    }
    Ok(lockfile)
}

fn read_use(lockfile: &mut Lockfile, text: &Text, neighbours: &Neighbours<'_>, statement: &Statement<'_>) {
    let content = &text.content;
    let [folder] = statement.words.as_slice() else {
        return lockfile.problem(text.place(statement.span), Lost::Detail, "is no member, expected one folder");
    };
    let written = folder.of(content);
    // A folder without go.mod has nothing to judge; one outside the repository is not judged, which has to be said.
    if neighbours.resolve(written).is_err() {
        let message = format!("uses `{written}`, which is outside the repository");
        lockfile.problem(text.place(folder.span), Lost::Detail, message);
    }
}

fn read_replace(lockfile: &mut Lockfile, text: &Text, statement: &Statement<'_>, sums: &Sums<'_>) {
    let content = &text.content;
    let mut one = Replacements::default();
    if let Err(message) = one.add(statement, text, true) {
        lockfile.stated += 1;
        return lockfile.problem(text.place(statement.span), Lost::Entry, message);
    }
    let Some(replacement) = one.into_one() else { return };
    let entry = match replacement.version {
        None => Entry::new(Ecosystem::Golang, replacement.old.clone(), None, Locator::Path(replacement.new.clone())),
        Some(version) => {
            let mut entry = go_lines::module(replacement.new.clone(), version.clone(), version.of(content));
            entry.alias = Some(replacement.old.clone()).filter(|old| old.of(content) != replacement.new.of(content));
            entry
        }
    };
    let span = entry.span();
    let hashes: Vec<Str> = sums.of(&entry, content).iter().map(|hash| Str::made(span, *hash)).collect();
    let index = lockfile.push(entry);
    lockfile.declare(index, text.place(replacement.old.span));
    for hash in hashes {
        lockfile.hash(index, hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dumb second count: lines with an arrow, or with the directive and nothing that opens a block.
    fn counted_entries(content: &str) -> usize {
        let is_one = |line: &&str| line.contains("=>") || (line.starts_with("replace ") && !line.contains('('));
        content.lines().filter(is_one).count()
    }

    #[test]
    fn no_entry_is_lost() {
        super::super::counting::check(&FORMAT, "go.work", counted_entries);
    }
}
