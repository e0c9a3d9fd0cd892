//! `vendor/modules.txt`: the modules whose packages lie in `vendor`. A detail of the `go.mod` that they are vendored for.
//!
//! Specification: the Go Modules Reference, "Vendoring", and `cmd/go/internal/modload`. `# path version` begins a module,
//! `=> path [version]` names its replacement, `## explicit` says that `go.mod` requires it, other lines are packages. A module line
//! without a version repeats a `replace` that counts for all versions; mostly its module stands above already.
//!
//! Registry quirks: the content lies in the repository, and Go checks it against nothing when it builds: no hashes. Where it was
//! taken from is not recorded; the locator is silent, like in `go.mod`.

use foldhash::{HashSet, HashSetExt};

use super::go_lines::is_folder;
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::lines::{self, Line};
use crate::text::{Lost, Problem, Str, Text};

pub(crate) static FORMAT: Format = Format {
    id: "go-vendor",
    title: "vendor/modules.txt",
    kind: Kind::Lock,
    files: &[Claim::Path("vendor/modules.txt")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let content = &text.content;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    let mut known = HashSet::new();
    for line in lines::of(content) {
        let Some(module) = line.text.strip_prefix("# ") else {
            if !is_package(line.text) && !line.text.starts_with("## ") {
                let message = "is no line of this format, expected `# module version`, `## explicit` or a package";
                lockfile.problem(text.place(line.span()), Lost::Detail, message);
            }
            continue;
        };
        lockfile.stated += 1;
        let Some(entry) = read_module(line, module) else {
            let message = "is no module, expected `# module version [=> module version]`";
            lockfile.problem(text.place(line.span()), Lost::Entry, message);
            continue;
        };
        let version = entry.version.as_ref().map_or("", |version| text.slice(version.span));
        if known.insert((text.slice(entry.name.span), version)) {
            lockfile.stated -= 1;
            lockfile.push(entry);
        }
    }
    Ok(lockfile)
}

/// Whether a line is a package's path, or nothing. Nothing else stands in a path that can be imported.
fn is_package(line: &str) -> bool {
    line.trim_end().bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/'))
}

fn read_module(line: Line<'_>, module: &str) -> Option<Entry> {
    let words: Vec<&str> = module.split_whitespace().collect();
    let (path, new) = match words.as_slice() {
        [path, version] => return Some(module_entry(line, path, version)),
        [path, "=>", new @ ..] | [path, _, "=>", new @ ..] => (path, new),
        _ => return None,
    };
    match new {
        [new, version] => {
            let mut entry = module_entry(line, new, version);
            entry.alias = Some(Str::at(line.span_of(path))).filter(|_| path != new);
            Some(entry)
        }
        [folder] if is_folder(folder) => {
            // Folders are relative to the main module, which lies one above.
            let at = Str::made(line.span_of(folder), above(folder));
            Some(Entry::new(Ecosystem::Golang, Str::at(line.span_of(path)), None, Locator::Path(at)))
        }
        _ => None,
    }
}

fn module_entry(line: Line<'_>, path: &str, version: &str) -> Entry {
    let version = Str::at(line.span_of(version));
    Entry::new(Ecosystem::Golang, Str::at(line.span_of(path)), Some(version), Locator::Silent)
}

fn above(folder: &str) -> String {
    if folder.starts_with('.') { format!("../{}", folder.trim_start_matches("./")) } else { folder.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dumb second count: module lines.
    fn counted_entries(content: &str) -> usize {
        content.lines().filter(|line| line.starts_with("# ")).count()
    }

    #[test]
    fn no_entry_is_lost() {
        super::super::counting::check(&FORMAT, "vendor/modules.txt", counted_entries);
    }
}
