//! `vendor/modules.txt`: the modules whose packages lie in `vendor`. A detail of the `go.mod` that they are vendored for.
//!
//! Specification: the Go Modules Reference, "Vendoring", and `cmd/go/internal/modload`. `# path version` begins a module,
//! `=> path [version]` names its replacement, `## explicit` says that `go.mod` requires it, other lines are packages. A module line
//! without a version repeats a `replace` that counts for all versions, and is no entry.
//!
//! Registry quirks: the content lies in the repository, and Go checks it against nothing when it builds: no hashes. Where it was
//! taken from is not recorded; the locator is silent, like in `go.mod`.

use super::go_lines::is_folder;
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::lines::{self, Line};
use crate::text::{Lost, Str, Text};

pub(crate) static FORMAT: Format = Format {
    id: "go-vendor",
    title: "vendor/modules.txt",
    kind: Kind::Lock,
    files: &[Claim::Path("vendor/modules.txt")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, _: &Neighbours<'_>) -> Lockfile {
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows::default();
    for line in lines::of(&text.content) {
        let Some(module) = line.text.strip_prefix("# ") else { continue };
        let words: Vec<&str> = module.split_whitespace().collect();
        let entry = match words.as_slice() {
            [_, "=>", _] | [_, "=>", _, _] => continue,
            [path, version] => module_entry(line, path, version),
            [path, version, "=>", new, new_version] => {
                let mut entry = module_entry(line, new, new_version);
                entry.alias = Some(Str::at(line.span_of(path))).filter(|_| path != new);
                debug_assert!(!version.is_empty());
                entry
            }
            [path, _, "=>", folder] if is_folder(folder) => {
                // Folders are relative to the main module, which lies one above.
                let at = Str::made(line.span_of(folder), above(folder));
                Entry::new(Ecosystem::Golang, Str::at(line.span_of(path)), None, Locator::Path(at))
            }
            _ => {
                lockfile.stated += 1;
                let message = "is no module, expected `# module version [=> module version]`";
                lockfile.problem(text.place(line.span()), Lost::Entry, message);
                continue;
            }
        };
        lockfile.push(entry);
    }
    lockfile
}

fn module_entry(line: Line<'_>, path: &str, version: &str) -> Entry {
    let version = Str::at(line.span_of(version));
    Entry::new(Ecosystem::Golang, Str::at(line.span_of(path)), Some(version), Locator::Silent)
}

fn above(folder: &str) -> String {
    if folder.starts_with('.') { format!("../{folder}") } else { folder.to_owned() }
}
