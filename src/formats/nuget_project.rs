//! Project files of .NET: what a project asks for, and what Directory.Build.props and Directory.Build.targets ask for all below them.
//!
//! Answers for: `PackageReference`, command-line tools, downloads and SDKs that come as packages, with the version that the project, the
//! nearest Directory.Packages.props or a property gives. Never follows references to other projects, and never asks what an SDK adds.
//!
//! Specification: docs.microsoft.com, "PackageReference in project files". Quirks: `VersionOverride` goes before the central version;
//! `Update` gives a version to what stands elsewhere; names may be lists; one package may stand under several conditions, each of
//! which is read. A version is the least that is taken, and NuGet takes the least that there is, so it counts as exact; floating ones
//! and ranges do not. `PrivateAssets="all"` means that nobody who uses the project gets the package: development.
//! Details of packages.lock.json and obj/project.assets.json, where they are there.

use std::collections::HashMap;

use super::nuget_packages_props::{named, version};
use super::{Claim, Format, msbuild, nuget};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::xml::{self, Element};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "nuget-project",
    title: ".NET project file",
    kind: Kind::Declaration,
    files: &[
        Claim::SuffixAnyCase(".csproj"),
        Claim::SuffixAnyCase(".esproj"),
        Claim::SuffixAnyCase(".fsproj"),
        Claim::SuffixAnyCase(".sqlproj"),
        Claim::SuffixAnyCase(".vbproj"),
        Claim::SuffixAnyCase(".wixproj"),
        Claim::NameAnyCase("Directory.Build.props"),
        Claim::NameAnyCase("Directory.Build.targets"),
    ],
    looks: None,
    // packages.lock.json and obj/project.assets.json name the projects that they lock: a folder may have others.
    shadowed_by: &[],
    read,
};

const TYPES: [&str; 4] = ["PackageReference", "GlobalPackageReference", "DotNetCliToolReference", "PackageDownload"];

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = xml::read(text)?;
    let root = document.root();
    if !root.is("Project") {
        return Err(root.problem(Lost::File, format!("is `{}`, expected `Project`", root.name())));
    }
    let properties = msbuild::Properties::around(&text.path, neighbours);
    let lockfile = Lockfile::new(text, &FORMAT, Kind::Declaration);
    let versions = msbuild::versions(&properties);
    let mut reader = Reader { text, properties, versions, lockfile, merged: nuget::Merged::default() };
    reader.lockfile.shows = Shows::default();
    reader.sdks(root);
    let items = msbuild::items(root, &TYPES);
    let included = items.iter().filter(|item| !item.is_update).flat_map(|item| item.names(&text.content));
    let included: std::collections::HashSet<String> = included.map(|name| nuget::key(name.of(&text.content))).collect();
    for item in items {
        reader.item(item, &included);
    }
    Ok(reader.lockfile)
}

struct Reader<'r, 'a> {
    text: &'r Text,
    properties: msbuild::Properties<'a>,
    versions: HashMap<String, Option<String>>,
    lockfile: Lockfile,
    merged: nuget::Merged,
}

impl Reader<'_, '_> {
    fn item(&mut self, item: msbuild::Item<'_>, included: &std::collections::HashSet<String>) {
        let content = &self.text.content;
        let names = item.names(content);
        if names.is_empty() {
            self.lockfile.stated += 1;
            let message = "names no package, expected `Include` or `Update`";
            return self.lockfile.problems.push(item.element.problem(Lost::Entry, message));
        }
        let written = item.says("VersionOverride", content).or_else(|| item.says("Version", content));
        let is_private =
            item.says("PrivateAssets", content).is_some_and(|assets| assets.of(content).to_ascii_lowercase().contains("all"));
        let scopes = match item.element.name() {
            name if name.eq_ignore_ascii_case("PackageReference") && !is_private => Scopes::UNKNOWN,
            name if name.eq_ignore_ascii_case("DotNetCliToolReference") => Scopes::BUILD,
            _ => Scopes::DEVELOPMENT,
        };
        for name in names {
            // An update of what the file includes says more of that item.
            if item.is_update && (written.is_none() || included.contains(&nuget::key(name.of(content)))) {
                continue;
            }
            let central = || self.versions.get(&nuget::key(name.of(content))).cloned().flatten();
            let version = match &written {
                Some(written) => version(written, content, &self.properties),
                None => central().and_then(|version| nuget::exact(&Str::made(name.span, version), content)),
            };
            let (name, locator) = named(name, content, &self.properties);
            self.add(Entry { scopes, ..Entry::new(Ecosystem::NuGet, name, version, locator) });
        }
    }

    /// SDKs with a version are packages: `Sdk="Name/1.0"`, `<Sdk Name Version>`, `<Import Sdk Version>`.
    fn sdks(&mut self, root: Element<'_>) {
        let content = &self.text.content;
        if let Some(list) = root.attribute("Sdk") {
            for sdk in list.of(content).split(';').map(str::trim) {
                if let Some((name, version)) = sdk.split_once('/') {
                    self.sdk(nuget::part(&list, content, name), &nuget::part(&list, content, version));
                }
            }
        }
        for element in root.all() {
            let name = match element.name() {
                "Sdk" => element.attribute("Name"),
                "Import" => element.attribute("Sdk"),
                _ => continue,
            };
            if let (Some(name), Some(version)) = (name, element.attribute("Version")) {
                self.sdk(name, &version);
            }
        }
    }

    fn sdk(&mut self, name: Str, written: &Str) {
        let version = version(written, &self.text.content, &self.properties);
        self.add(Entry { scopes: Scopes::BUILD, ..Entry::new(Ecosystem::NuGet, name, version, Locator::Silent) });
    }

    fn add(&mut self, entry: Entry) {
        let place = self.text.place(entry.name.span);
        let index = self.merged.add(&mut self.lockfile, &self.text.content, entry);
        self.lockfile.declare(index, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names in items that include, updates with a version, SDKs with a version.
    fn counted_entries(content: &str) -> usize {
        let items = |name: &str| {
            let tag = format!("<{name} ");
            let items = content.split(&tag).skip(1).map(|rest| rest.split('>').next().unwrap_or(rest));
            items
                .filter(|item| !item.contains("Update=") && !item.contains("Remove="))
                .map(|item| item.matches(';').count() + 1)
                .sum::<usize>()
        };
        let updates = content.matches("Update=").count() - content.matches("Update=\"Counted.Not\"").count();
        let sdks = content.matches("Sdk=\"").count() - content.matches("Sdk=\"Microsoft.NET.Sdk\"").count();
        updates + sdks + ["PackageReference", "DotNetCliToolReference", "PackageDownload"].map(items).into_iter().sum::<usize>()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "csproj", counted_entries);
    }
}
