//! `go.sum` and `go.work.sum`: hashes of modules. A detail of the `go.mod` or `go.work` beside it; alone it is read by itself.
//!
//! Specification: the Go Modules Reference, "go.sum files". A line with `/go.mod` is the hash of a module's `go.mod` only: Go looked at
//! that version and need not have taken it, so it is no entry. A line without is the hash of a module's content. Versions that were
//! left since may still stand here.
//!
//! Registry quirks: names no registry, like `go.mod`. One version with two different hashes cannot be both, and Go stops at it.

use foldhash::{HashMap, HashMapExt};

use super::go_lines;
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::text::{Lost, Problem, Str, Text};

pub(crate) static FORMAT: Format = Format {
    id: "go-sum",
    title: "go.sum",
    kind: Kind::Lock,
    files: &[Claim::Name("go.sum"), Claim::Around("go.", ".sum"), Claim::In(".bingo", ".sum")],
    looks: None,
    shadowed_by: &["go-mod", "go-work"],
    read,
};

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { integrity: true, ..Shows::default() };
    let mut known: HashMap<(&str, &str), (u32, &str)> = HashMap::new();
    for sum in go_lines::sums(&text.content) {
        let sum = match sum {
            Ok(sum) => sum,
            Err((span, message)) => {
                lockfile.stated += 1;
                lockfile.problem(text.place(span), Lost::Entry, message);
                continue;
            }
        };
        if sum.is_of_go_mod {
            continue;
        }
        let hash = Str::at(sum.line.span_of(sum.hash));
        if let Some((index, before)) = known.get(&(sum.path, sum.version)) {
            lockfile.stated += 1;
            if *before != sum.hash {
                let message = format!("`{} {}` has two different hashes", sum.path, sum.version);
                lockfile.problem(text.place(hash.span), Lost::Detail, message);
                lockfile.hash(*index, hash);
            }
            continue;
        }
        let name = Str::at(sum.line.span_of(sum.path));
        let version = Str::at(sum.line.span_of(sum.version));
        let index = lockfile.push(Entry::new(Ecosystem::Golang, name, Some(version), Locator::Silent));
        lockfile.hash(index, hash);
        known.insert((sum.path, sum.version), (index, sum.hash));
    }
    Ok(lockfile)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dumb second count: lines that are no hash of a `go.mod`.
    fn counted_entries(content: &str) -> usize {
        content.lines().filter(|line| !line.trim().is_empty() && !line.contains("/go.mod ")).count()
    }

    #[test]
    fn no_entry_is_lost() {
        super::super::counting::check(&FORMAT, "go.sum", counted_entries);
    }
}
