//! Directory.Packages.props, Packages.props: the versions that a .NET repository names once for all its projects.
//!
//! Answers for: each package with its version, from the file and the properties around it; packages that every project gets
//! (`GlobalPackageReference`). Never says which project uses what.
//!
//! Specification: docs.microsoft.com, "Central package management". Quirks: `PackageVersion` with `Include` or `Update`, lists with `;`,
//! `Version` as attribute or element; the SDK before (Packages.props) writes `PackageReference Update` and `DotNetCliToolReference`. An
//! item without a version that only updates states nothing. A version is the least that is taken, and NuGet takes the least that there
//! is, so it counts as exact; floating ones and ranges do not. Files of central versions are shadowed by the locks of the projects below them.

use super::{Claim, Format, msbuild, nuget};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::xml;
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "nuget-packages-props",
    title: "NuGet Directory.Packages.props",
    kind: Kind::Declaration,
    files: &[Claim::NameAnyCase(msbuild::CENTRAL), Claim::NameAnyCase("Packages.props")],
    looks: None,
    shadowed_by: &["nuget-packages-lock"],
    read,
};

const TYPES: [&str; 4] = ["PackageVersion", "PackageReference", "GlobalPackageReference", "DotNetCliToolReference"];

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = xml::read(text)?;
    let root = document.root();
    if !root.is("Project") {
        return Err(root.problem(Lost::File, format!("is `{}`, expected `Project`", root.name())));
    }
    let content = &text.content;
    let properties = msbuild::Properties::around(&text.path, neighbours);
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Declaration);
    lockfile.shows = Shows::default();
    let mut merged = nuget::Merged::default();
    for item in msbuild::items(root, &TYPES) {
        let written = item.says("Version", content);
        let names = item.names(content);
        if names.is_empty() {
            lockfile.stated += 1;
            let message = "names no package, expected `Include` or `Update`";
            lockfile.problems.push(item.element.problem(Lost::Entry, message));
            continue;
        }
        if written.is_none() && item.is_update {
            continue;
        }
        let is_global = item.element.name().eq_ignore_ascii_case("GlobalPackageReference");
        let version = written.as_ref().and_then(|written| version(written, content, &properties));
        for name in names {
            let (name, locator) = named(name, content, &properties);
            let mut entry = Entry::new(Ecosystem::NuGet, name, version.clone(), locator);
            if is_global {
                entry.direct = Some(true);
                entry.scopes = Scopes::DEVELOPMENT;
            }
            merged.add(&mut lockfile, content, entry);
        }
    }
    Ok(lockfile)
}

/// The exact version that is written, with its properties in place.
pub(super) fn version(written: &Str, content: &str, properties: &msbuild::Properties<'_>) -> Option<Str> {
    if !written.of(content).contains("$(") {
        return nuget::exact(written, content);
    }
    let expanded = properties.expand(written.of(content))?;
    nuget::exact(&Str::made(written.span, expanded), content)
}

/// A package's name with its properties in place, and where it comes from.
pub(super) fn named(name: Str, content: &str, properties: &msbuild::Properties<'_>) -> (Str, Locator) {
    let written = name.of(content);
    if !["$(", "@(", "%(", "*"].iter().any(|open| written.contains(open)) {
        return (name, Locator::Silent);
    }
    match properties.expand(written).filter(|name| !name.contains(['*', ';']) && !name.is_empty()) {
        Some(expanded) => (Str::made(name.span, expanded), Locator::Silent),
        None => (name.clone(), Locator::Unresolved(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Items that name something, and those that name nothing.
    fn counted_entries(content: &str) -> usize {
        let element = |name: &str| {
            let tag = format!("<{name} ");
            let items = content.split(&tag).skip(1).map(|rest| rest.split("/>").next().unwrap_or(rest));
            let items = items.filter(|item| !item.contains("Remove=") && (item.contains("Version") || item.contains("Include=")));
            items.map(|item| item.split("Version").next().unwrap_or(item).matches(';').count() + 1).sum::<usize>()
        };
        ["PackageVersion", "PackageReference", "GlobalPackageReference", "DotNetCliToolReference"].map(element).into_iter().sum()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "Directory.Packages.props", counted_entries);
    }
}
