//! What the .NET formats share: ids without case, exact versions, merging, and the projects around a file.
//!
//! Answers for: one entry for one id, version and kind, however often frameworks and runtimes repeat it; which written versions are exact;
//! which project files lie in a folder and in the tree. Never reads a syntax.

use foldhash::{HashMap, HashSet};

use crate::dependency::{Entry, Locator, Lockfile};
use crate::neighbours::{Neighbours, folder_of};
use crate::text::{Str, TextId};

/// How project files end, without case.
pub(super) const PROJECT_ENDS: [&str; 6] = [".csproj", ".esproj", ".fsproj", ".sqlproj", ".vbproj", ".wixproj"];
/// Other project files, which can be referenced and so be members, but whose dependencies are not read.
const MEMBER_ENDS: [&str; 9] =
    [".csproj", ".esproj", ".fsproj", ".proj", ".shproj", ".sqlproj", ".vbproj", ".vcxproj", ".wixproj"];

/// Entries of one file by id without case, version and whether they are members of the repository.
#[derive(Default)]
pub(super) struct Merged(HashMap<(String, String, bool), u32>);

impl Merged {
    /// Adds what the file states: a new entry, or one more word on an entry that is there.
    pub(super) fn add(&mut self, lockfile: &mut Lockfile, content: &str, entry: Entry) -> u32 {
        let version = entry.version.as_ref().map_or("", |version| version.of(content)).to_ascii_lowercase();
        let key = (key(entry.name.of(content)), version, entry.locator == Locator::Workspace);
        if let Some(index) = self.0.get(&key) {
            lockfile.stated += 1;
            if let Some(known) = lockfile.entries.get_mut(*index as usize) {
                known.scopes = known.scopes.with(entry.scopes);
                known.direct = match (known.direct, entry.direct) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (known, other) => known.or(other),
                };
            }
            return *index;
        }
        let index = lockfile.push(entry);
        self.0.insert(key, index);
        index
    }
}

/// An id as NuGet compares it.
pub(super) fn key(id: &str) -> String {
    id.to_lowercase()
}

/// Adds a SHA-512 in base64 to an entry, once.
pub(super) fn hash(lockfile: &mut Lockfile, content: &str, seen: &mut HashSet<(u32, String)>, entry: u32, written: &Str) {
    let value = written.of(content).trim();
    let value = value.strip_prefix("sha512-").unwrap_or(value);
    if !value.is_empty() && seen.insert((entry, value.to_owned())) {
        lockfile.hash(entry, Str::made(written.span, format!("sha512-{value}")));
    }
}

/// The exact version that is written, alone or in square brackets; nothing for ranges, floating versions and expressions.
pub(super) fn exact(written: &Str, content: &str) -> Option<Str> {
    let whole = written.of(content).trim();
    let inner = whole.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(whole).trim();
    let is_plain = inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'_'));
    (is_plain && inner.starts_with(|first: char| first.is_ascii_digit())).then(|| part(written, content, inner))
}

/// A piece that was cut out of a value.
pub(super) fn part(whole: &Str, content: &str, piece: &str) -> Str {
    let offset = piece.as_ptr().addr().checked_sub(whole.of(content).as_ptr().addr());
    match offset.filter(|_| whole.made.is_none()) {
        Some(offset) => {
            let start = whole.span.start as usize + offset;
            Str::at(crate::text::Span::new(start, start + piece.len()))
        }
        None => Str::made(whole.span, piece),
    }
}

/// Whether a path is a project file whose dependencies are read.
pub(crate) fn is_project(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    PROJECT_ENDS.iter().any(|end| path.ends_with(end))
}

/// The name of a file without folder and last ending.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The project files that lie directly in a folder.
pub(crate) fn projects_in<'a>(folder: &str, neighbours: &Neighbours<'a>) -> Vec<(TextId, &'a str)> {
    neighbours.below(folder).filter(|(_, path)| folder_of(path) == folder && is_project(path)).collect()
}

/// The names of all projects of the tree, by their files, as NuGet compares them.
pub(super) fn members(neighbours: &Neighbours<'_>) -> HashSet<String> {
    let is_member = |path: &str| {
        let path = path.to_ascii_lowercase();
        MEMBER_ENDS.iter().any(|end| path.ends_with(end))
    };
    neighbours.below("").filter(|(_, path)| is_member(path)).map(|(_, path)| key(stem(path))).collect()
}

/// Whether a source is asked over a network.
pub(crate) fn is_web(source: &str) -> bool {
    let scheme = source.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| scheme != "file")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::formats::by_id;
    use crate::formats::testing::assert_spans;

    #[test]
    fn only_exact_versions_are_versions() {
        let version =
            |written: &str| exact(&Str::made(crate::text::Span::default(), written), "").map(|version| version.of("").to_owned());
        for (written, expected) in [("1.0", "1.0"), (" [1.2.3-rc.1+b] ", "1.2.3-rc.1+b"), ("13.0.3", "13.0.3")] {
            assert_eq!(version(written).as_deref(), Some(expected));
        }
        for written in ["", "*", "1.*", "1.0.*-*", "[1.0,2.0)", "(1.0,)", "[1.0,)", "$(V)", "latest", ">= 1.0", "~> 1"] {
            assert_eq!(version(written), None, "{written}");
        }
    }

    /// Every file of our fixtures, cut off anywhere, gives spans inside it and no panic.
    #[test]
    fn cut_off_files_are_read() {
        let fixtures = [
            ("nuget-packages-lock", include_str!("../../fixtures/nuget-packages-lock/frameworks/app/packages.lock.json")),
            ("nuget-packages-lock", include_str!("../../fixtures/nuget-packages-lock/odd/packages.lock.json")),
            ("nuget-packages-config", include_str!("../../fixtures/nuget-packages-config/odd/packages.config")),
            ("nuget-packages-props", include_str!("../../fixtures/nuget-packages-props/properties/Directory.Packages.props")),
            ("nuget-project", include_str!("../../fixtures/nuget-project/odd/App.csproj")),
            ("nuget-project-assets", include_str!("../../fixtures/nuget-project-assets/odd/obj/project.assets.json")),
            ("nuget-deps-json", include_str!("../../fixtures/nuget-deps-json/odd/Odd.deps.json")),
            ("paket-lock", include_str!("../../fixtures/paket-lock/sources/paket.lock")),
            ("paket-lock", include_str!("../../fixtures/paket-lock/odd/paket.lock")),
        ];
        for (format, content) in fixtures {
            let format = by_id(format).unwrap();
            assert_spans(format, content);
            for (at, _) in content.char_indices() {
                assert_spans(format, content.get(..at).unwrap());
                // The rest after something was cut out of the middle.
                let cut = at + 7;
                if let Some(rest) = content.get(cut..) {
                    assert_spans(format, &format!("{}{rest}", content.get(..at).unwrap()));
                }
            }
        }
    }
}
