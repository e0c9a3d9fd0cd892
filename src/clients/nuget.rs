//! NuGet: `nuget.config` in the project's folder and every folder above, and the restore properties of the project.
//!
//! The nearest file wins, collections merge until a `<clear />`; without one the user's own file adds its sources, which is nuget.org
//! where nobody changed it. All sources are asked at once and the first that has the version wins, so all are candidates, unless source
//! mapping leaves fewer: the exact id before the longest prefix before `*`, and an id that nothing maps is asked nowhere. `%NAME%` is the
//! environment's. `RestoreSources` replaces the configured sources, `RestoreAdditionalProjectSources` adds to them, `RestoreConfigFile` is
//! the only file then. NuGet starts at the folder of the solution or project that is restored; that this is the lockfile's folder is an
//! assumption. Folders of packages inside the repository (fallback, global) may answer without any source.
//! Specification: docs.microsoft.com, "nuget.config reference", "Package source mapping"; NuGet.Client for the properties.

use std::collections::{BTreeMap, HashMap};

use super::Client;
use super::nuget_config::{Config, Value};
use crate::dependency::Lockfile;
use crate::formats::{msbuild, nuget};
use crate::neighbours::{Neighbours, folder_of, join, normalise};
use crate::routing::{Address, Asked, Routing, When};
use crate::text::{Lost, Problem};

/// The row of the table.
pub(super) static CLIENT: Client = Client {
    id: "nuget",
    reads: &["nuget.config", "NuGet.config", "NuGet.Config", "Directory.Build.props", "Directory.Build.targets"],
    serves: &[
        "nuget-deps-json",
        "nuget-packages-config",
        "nuget-packages-lock",
        "nuget-packages-props",
        "nuget-project",
        "nuget-project-assets",
    ],
    read,
};

/// The key of the source that the user's own file has from the start.
const DEFAULT_KEY: &str = "nuget.org";

fn read(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let folder = match neighbours.folder() {
        // Restore writes project.assets.json below its project.
        folder if lockfile.format.id == "nuget-project-assets" => folder_of(folder),
        folder => folder,
    };
    let around = neighbours.moved_to(folder);
    let projects = Restore::of_projects(lockfile, &around);
    for restore in &projects {
        routing.read.extend(restore.places().map(|place| place.text));
    }
    let config = config(&projects, &around, &mut routing);
    if let Some((reason, place)) = config.unknown.clone() {
        routing.rule(When::Silent, vec![Asked::Unknown(reason, place)]);
        return routing;
    }
    let properties = Sources::of(&projects, &around);
    let folders: Vec<Asked> = config.folders.iter().filter_map(|folder| package_folder(folder, &around)).collect();
    let beside: Vec<Asked> = properties.added.iter().chain(&folders).cloned().collect();
    if properties.leaves_configured && !config.mapping.values().all(Vec::is_empty) {
        mapped(&config, &properties, &beside, &mut routing);
        return routing;
    }
    let mut ask = properties.replacing.clone();
    if properties.leaves_configured {
        ask.extend(configured(&config, &mut routing));
    }
    ask.extend(beside);
    ask.dedup();
    if ask != [Asked::Default] {
        routing.rule(When::Silent, ask);
    }
    routing
}

/// The configuration files: those around, or the one that the project names.
fn config(projects: &[Restore<'_>], around: &Neighbours<'_>, routing: &mut Routing) -> Config {
    let named = projects.iter().find_map(|restore| restore.get("RestoreConfigFile"));
    let Some(property) = named else { return Config::around(around, routing) };
    let mut config = Config::default();
    let file = match property.possible.as_slice() {
        [(path, _)] if !property.is_open => normalise(around.folder(), path).and_then(|path| around.at(&path)),
        _ => None,
    };
    match (file, property.place) {
        (Some(file), _) => config.file(file, routing),
        (None, Some(place)) => {
            let reason = "`RestoreConfigFile` names a file that is not in the repository";
            routing.problems.push(Problem::new(place, Lost::Detail, reason));
            config.unknown = Some((reason.to_owned(), place));
        }
        (None, None) => {}
    }
    config
}

/// What the files configure, without mapping.
fn configured(config: &Config, routing: &mut Routing) -> Vec<Asked> {
    let is_on = |key: &str| config.disabled.get(key) != Some(&true);
    let sources = config.sources.iter().filter(|(key, _)| is_on(key));
    let mut ask: Vec<Asked> = sources.map(|(_, value)| asked(value, routing)).collect();
    let is_named = config.sources.iter().any(|(key, _)| key == DEFAULT_KEY);
    if !config.is_closed && !is_named && is_on(DEFAULT_KEY) {
        ask.push(Asked::Default);
    }
    if ask.is_empty()
        && let Some(file) = routing.read.last()
    {
        let place = crate::text::Place { text: *file, span: crate::text::Span::default() };
        ask.push(Asked::Unknown("NuGet's configuration leaves no source".to_owned(), place));
    }
    ask
}

/// One rule for each pattern, the most specific first, and none left over.
fn mapped(config: &Config, properties: &Sources, beside: &[Asked], routing: &mut Routing) {
    let mut patterns: BTreeMap<&str, Vec<Asked>> = BTreeMap::new();
    let mut last = None;
    let mapped = config.sources.iter().filter(|(key, _)| config.mapping.contains_key(key));
    let sources: HashMap<&str, Asked> = mapped.map(|(key, value)| (key.as_str(), asked(value, routing))).collect();
    for (key, values) in &config.mapping {
        for value in values {
            last = Some(value.place);
            let asks = patterns.entry(&value.text).or_default();
            if config.disabled.get(key) == Some(&true) {
                continue;
            }
            asks.push(match sources.get(key.as_str()) {
                Some(source) => source.clone(),
                None if key == DEFAULT_KEY && !config.is_closed => Asked::Default,
                None => Asked::Unknown(format!("source mapping names the source `{key}`, which no file defines"), value.place),
            });
        }
    }
    let Some(last) = last else { return };
    let nobody = || Asked::Unknown("source mapping leaves no source for it".to_owned(), last);
    let mut patterns: Vec<(&str, Vec<Asked>)> = patterns.into_iter().collect();
    patterns.sort_by_key(|(pattern, _)| std::cmp::Reverse((!pattern.contains('*'), pattern.len())));
    let everything = ("*".to_owned(), vec![nobody()]);
    let has_rest = patterns.iter().any(|(pattern, _)| *pattern == "*");
    let rest = (!has_rest).then_some(everything);
    let rules = patterns.into_iter().map(|(pattern, asks)| (pattern.to_owned(), asks)).chain(rest);
    for (pattern, mut asks) in rules.collect::<Vec<_>>() {
        if asks.is_empty() {
            asks.push(nobody());
        }
        asks.extend(properties.replacing.iter().chain(beside).cloned());
        let when = if pattern == "*" { When::Silent } else { When::SilentFor(pattern) };
        routing.rule(when, asks);
    }
}

/// What a configured source is.
fn asked(value: &Value, routing: &mut Routing) -> Asked {
    if has_variable(&value.text) {
        let reason = format!("the source `{}` depends on the environment", value.text);
        routing.problems.push(Problem::new(value.place, Lost::Detail, format!("{reason}, which is not read")));
        return Asked::Unknown(reason, value.place);
    }
    located(&value.text, value.place, &value.folder)
}

/// Whether `%NAME%` stands in a value; `%20` in an address is none.
fn has_variable(value: &str) -> bool {
    let is_name = |part: &&str| part.starts_with(|first: char| first.is_alphabetic() || first == '_') && !part.contains('/');
    let parts: Vec<&str> = value.split('%').collect();
    // What stands behind the last sign is closed by none.
    parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default().iter().any(is_name)
}

/// An address, or a folder as it lies in the repository.
fn located(written: &str, place: crate::text::Place, folder: &str) -> Asked {
    if nuget::is_web(written) {
        return Asked::At(Address { url: written.to_owned(), place });
    }
    let path = normalise(folder, written).unwrap_or_else(|| written.to_owned());
    Asked::Folder(Address { url: path, place })
}

/// A folder of packages, if it is in the repository.
fn package_folder(value: &Value, around: &Neighbours<'_>) -> Option<Asked> {
    let path = normalise(&value.folder, &value.text).filter(|path| !path.is_empty() && around.has_folder(path))?;
    Some(Asked::Folder(Address { url: path, place: value.place }))
}

/// The restore properties of one project.
struct Restore<'a> {
    properties: msbuild::Properties<'a>,
}

impl<'a> Restore<'a> {
    /// Of the projects that a lockfile locks; of the folder's own properties where there is none.
    fn of_projects(lockfile: &Lockfile, around: &Neighbours<'a>) -> Vec<Self> {
        let is_own = |id| lockfile.text == id || lockfile.covers.contains(&id);
        let folder = around.folder();
        let own = around.below(folder).filter(|(id, path)| folder_of(path) == folder && nuget::is_project(path) && is_own(*id));
        let mut paths: Vec<String> = own.map(|(_, path)| path.to_owned()).collect();
        if paths.is_empty() && lockfile.format.id == "nuget-packages-config" {
            paths.extend(nuget::projects_in(folder, around).into_iter().map(|(_, path)| path.to_owned()));
        }
        if paths.is_empty() {
            paths.push(join(folder, "Directory.Build.props"));
        }
        paths.iter().map(|path| Self { properties: msbuild::Properties::around(path, around) }).collect()
    }

    fn get(&self, name: &str) -> Option<&msbuild::Property> {
        self.properties.get(name)
    }

    fn places(&self) -> impl Iterator<Item = crate::text::Place> {
        let names = ["RestoreSources", "RestoreAdditionalProjectSources", "RestoreConfigFile"];
        names.into_iter().filter_map(|name| self.get(name).and_then(|property| property.place))
    }
}

/// Sources that properties name.
#[derive(Default)]
struct Sources {
    /// In place of the configured ones.
    replacing: Vec<Asked>,
    /// Beside them.
    added: Vec<Asked>,
    /// Whether the configured ones may be asked, too.
    leaves_configured: bool,
}

impl Sources {
    fn of(projects: &[Restore<'_>], around: &Neighbours<'_>) -> Self {
        let mut sources = Self::default();
        for restore in projects {
            let (replacing, is_sure) = Self::property(restore.get("RestoreSources"), around);
            sources.leaves_configured |= replacing.is_empty() || !is_sure;
            sources.replacing.extend(replacing);
            sources.added.extend(Self::property(restore.get("RestoreAdditionalProjectSources"), around).0);
        }
        sources
    }

    /// The sources of one property, and whether it surely has them.
    fn property(property: Option<&msbuild::Property>, around: &Neighbours<'_>) -> (Vec<Asked>, bool) {
        let Some(property) = property else { return (Vec::new(), false) };
        let mut asks = Vec::new();
        for (value, place) in &property.possible {
            let items = value.split(';').map(str::trim).filter(|item| !item.is_empty() && !item.eq_ignore_ascii_case("clear"));
            asks.extend(items.map(|item| located(item, *place, around.folder())));
        }
        if let Some(place) = property.place.filter(|_| property.is_unresolved) {
            asks.push(Asked::Unknown("a restore property depends on what no file says".to_owned(), place));
        }
        (asks, !property.is_open || property.is_unresolved)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::routing;

    const LOCK: (&str, &str) = ("src/App/packages.lock.json", "{\"version\":1,\"dependencies\":{}}");

    fn said(files: &[(&str, &str)]) -> String {
        let mut all = vec![LOCK];
        all.extend(files);
        routing(LOCK.0, &all)
    }

    const ORG: &str = r#"<add key="nuget.org" value="https://api.nuget.org/v3/index.json" />"#;
    const ACME: &str = r#"<add key="Acme" value="https://nuget.acme.example/v3/index.json" />"#;

    fn config(sections: &str) -> String {
        format!("<configuration>{sections}</configuration>")
    }

    fn sources(inner: &str) -> String {
        format!("<packageSources>{inner}</packageSources>")
    }

    #[test]
    fn no_configuration_moves_nothing() {
        assert_eq!(said(&[]), "");
        let other = config(
            "<packageSourceCredentials><Acme><add key=\"ClearTextPassword\" value=\"x\" /></Acme></packageSourceCredentials>",
        );
        assert_eq!(said(&[("nuget.config", &other)]), "reads nuget.config\n");
    }

    #[test]
    fn the_users_sources_join_unless_cleared() {
        let open = config(&sources(ACME));
        assert!(said(&[("NuGet.Config", &open)]).starts_with("Silent -> https://nuget.acme.example/v3/index.json, default\n"));
        let closed = config(&sources(&format!("{ORG}<clear />{ACME}")));
        assert!(said(&[("nuget.config", &closed)]).starts_with("Silent -> https://nuget.acme.example/v3/index.json\n"));
        let named = config(&sources(ORG));
        assert!(said(&[("nuget.config", &named)]).starts_with("Silent -> https://api.nuget.org/v3/index.json\n"));
        let off = config(&format!(
            "{}<disabledPackageSources><add key=\"NuGet.org\" value=\"true\" /></disabledPackageSources>",
            sources(ACME)
        ));
        assert!(said(&[("nuget.config", &off)]).starts_with("Silent -> https://nuget.acme.example/v3/index.json\n"));
        let none = config(&sources("<clear />"));
        assert!(said(&[("nuget.config", &none)]).starts_with("Silent -> unknown: NuGet's configuration leaves no source\n"));
    }

    #[test]
    fn nearer_files_go_first_and_clear_what_is_farther() {
        let near = config(&sources(r#"<add key="acme" value="..\feed" />"#));
        let far = config(&sources(&format!("<clear />{ACME}{ORG}")));
        let found = said(&[("src/nuget.config", &near), ("nuget.config", &far)]);
        assert_eq!(
            found,
            "Silent -> folder feed, https://api.nuget.org/v3/index.json\nreads src/nuget.config\nreads nuget.config\n"
        );
        let near = config(&sources(&format!("<clear />{ORG}")));
        assert!(
            said(&[("src/nuget.config", &near), ("nuget.config", &far)])
                .starts_with("Silent -> https://api.nuget.org/v3/index.json\n")
        );
    }

    #[test]
    fn mapping_goes_from_the_exact_id_to_everything() {
        let mapping = r#"<packageSourceMapping>
            <packageSource key="nuget.org"><package pattern="*" /><package pattern="Acme.Open" /></packageSource>
            <packageSource key="Acme"><package pattern="Acme.*" /><package pattern="Acme.Core.*" /></packageSource>
            <packageSource key="Gone"><package pattern="Gone.*" /></packageSource></packageSourceMapping>"#;
        let found = said(&[("nuget.config", &config(&format!("{}{mapping}", sources(&format!("<clear />{ORG}{ACME}")))))]);
        let acme = "https://nuget.acme.example/v3/index.json";
        let org = "https://api.nuget.org/v3/index.json";
        assert_eq!(
            found,
            format!(
                "SilentFor(acme.open) -> {org}\nSilentFor(acme.core.*) -> {acme}\nSilentFor(acme.*) -> {acme}\nSilentFor(gone.*) -> unknown: source \
                 mapping names the source `gone`, which no file defines\nSilent -> {org}\nreads nuget.config\n"
            )
        );
        let partly = r#"<packageSourceMapping><packageSource key="Acme"><package pattern="Acme.*" /></packageSource></packageSourceMapping>"#;
        let found = said(&[("nuget.config", &config(&format!("{}{partly}", sources(ACME))))]);
        assert!(found.contains("Silent -> unknown: source mapping leaves no source for it"), "{found}");
    }

    #[test]
    fn what_cannot_be_known_is_unknown() {
        let variable = config(&sources(r#"<clear /><add key="a" value="https://%FEED_HOST%/v3/index.json" />"#));
        let found = said(&[("nuget.config", &variable)]);
        assert!(
            found.starts_with("Silent -> unknown: the source `https://%FEED_HOST%/v3/index.json` depends on the environment")
        );
        assert!(found.contains("problem nuget.config:1"));
        for broken in [
            "<configuration><packageSources>",
            "",
            "<packages />",
            "<configuration><packageSources><add key=\"a\" /></packageSources></configuration>",
        ] {
            let found = said(&[("nuget.config", broken)]);
            assert!(found.starts_with("Silent -> unknown: NuGet's configuration cannot be read\n"), "{broken}: {found}");
            assert!(found.contains("problem nuget.config"), "{broken}: {found}");
        }
    }

    #[test]
    fn settings_and_folders() {
        let text = config(
            r#"<packageSources><add key="a" value="http://nuget.acme.example/v3/index.json" allowInsecureConnections="True" /></packageSources>
            <fallbackPackageFolders><add key="f" value="offline" /><add key="g" value="C:\elsewhere" /></fallbackPackageFolders>
            <config><add key="http_proxy" value="http://proxy.example:8080" /><add key="signatureValidationMode" value="require" /></config>"#,
        );
        let found = said(&[("nuget.config", &text), ("offline/acme/1.0.0/acme.1.0.0.nupkg", "")]);
        assert!(found.starts_with("Silent -> http://nuget.acme.example/v3/index.json, default, folder offline\n"), "{found}");
        for setting in ["TlsOff allowInsecureConnections", "Proxy http_proxy", "Cautious signatureValidationMode"] {
            assert!(found.contains(setting), "{found}");
        }
    }

    #[test]
    fn properties_replace_and_add() {
        let project =
            |inner: &str| format!("<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup>{inner}</PropertyGroup></Project>");
        let file = config(&sources(&format!("<clear />{ACME}")));
        let with = |inner: &str| said(&[("src/App/App.csproj", &project(inner)), ("nuget.config", &file)]);
        let acme = "https://nuget.acme.example/v3/index.json";
        assert!(
            with("<RestoreSources>$(RestoreSources);https://a.example/v3;../feed</RestoreSources>")
                .starts_with("Silent -> https://a.example/v3, folder src/feed\n")
        );
        assert!(
            with("<RestoreSources Condition=\"'$(CI)' == 'true'\">https://a.example/v3</RestoreSources>")
                .starts_with(&format!("Silent -> https://a.example/v3, {acme}\n"))
        );
        assert!(
            with("<RestoreAdditionalProjectSources>https://a.example/v3</RestoreAdditionalProjectSources>")
                .starts_with(&format!("Silent -> {acme}, https://a.example/v3\n"))
        );
        assert!(with("<RestoreSources>$(FeedHost)/v3</RestoreSources>").starts_with("Silent -> unknown: a restore property"));
        assert!(with("<RestoreConfigFile>gone.config</RestoreConfigFile>").starts_with("Silent -> unknown: `RestoreConfigFile`"));
    }
}
