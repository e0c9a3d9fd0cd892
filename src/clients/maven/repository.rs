//! Repositories as a pom.xml or settings declare them.
//!
//! Answers for: id, address, and whether one serves releases and snapshots. Never orders or mirrors them.

use crate::routing::{Address, Asked, Effect, Routing};
use crate::syntax::xml::Element;
use crate::text::{Lost, Place, Problem, Str, Text};

/// What a repository serves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dependencies,
    Plugins,
}

/// One declared repository.
#[derive(Clone)]
pub(super) struct Repository {
    pub(super) id: String,
    pub(super) asked: Asked,
    pub(super) has_releases: bool,
    pub(super) has_snapshots: bool,
    pub(super) place: Place,
}

/// The repositories that a project, a profile or settings list.
pub(super) fn listed(level: Element<'_>, kind: Kind) -> impl Iterator<Item = Element<'_>> {
    let (list, item) = match kind {
        Kind::Dependencies => ("repositories", "repository"),
        Kind::Plugins => ("pluginRepositories", "pluginRepository"),
    };
    level.child(list).into_iter().flat_map(move |list| list.children_named(item))
}

impl Repository {
    /// Reads one; `value` says what a text means, or nothing if that cannot be told.
    pub(super) fn read(element: Element<'_>, text: &Text, value: &dyn Fn(Str) -> Option<String>, routing: &mut Routing) -> Self {
        let asked = match element.text_of("url") {
            Some(url) => asked(value(url.clone()), &url, text, routing),
            None => Asked::Unknown("a repository without `<url>`".to_owned(), element.place()),
        };
        let is_on = |policy: &str| {
            let enabled = element.at(&[policy, "enabled"]).map(Element::text);
            enabled.and_then(value).is_none_or(|enabled| !enabled.eq_ignore_ascii_case("false"))
        };
        for policy in ["releases", "snapshots"].iter().filter_map(|policy| element.at(&[policy, "checksumPolicy"])) {
            if policy.text().of(&text.content) == "ignore" {
                routing.setting(Effect::IntegrityOff, "checksumPolicy", text.place(policy.text().span));
            }
        }
        let id = element.text_of("id").and_then(value).unwrap_or_default();
        Self { id, asked, has_releases: is_on("releases"), has_snapshots: is_on("snapshots"), place: element.place() }
    }
}

/// Whether a repository of this layout serves Maven's modules; Tycho's p2 repositories serve something else.
pub(super) fn is_maven(element: Element<'_>, text: &Text) -> bool {
    element.text_of("layout").is_none_or(|layout| matches!(layout.of(&text.content), "default" | "legacy"))
}

/// What an address asks: a folder, a registry, or something that only the environment knows.
pub(super) fn asked(value: Option<String>, written: &Str, text: &Text, routing: &mut Routing) -> Asked {
    let place = text.place(written.span);
    let shown = written.of(&text.content);
    // The build's own folder under the names that settings and poms have for it.
    let is_own = ["${maven.multiModuleProjectDirectory}", "${session.rootDirectory}", "${session.topDirectory}"];
    if shown.starts_with("file:") || is_own.iter().any(|own| shown.contains(own) && !shown.contains("://${")) {
        return Asked::Folder(Address { url: value.unwrap_or_else(|| shown.to_owned()), place });
    }
    let Some(url) = value else {
        let message = format!("`{shown}` is an address that nothing in the repository resolves");
        let problem = Problem::new(place, Lost::Detail, message.clone());
        routing.problems.push(problem.with_hint("write the address itself, or its property into the pom.xml"));
        return Asked::Unknown(message, place);
    };
    if url.starts_with("./") || url.starts_with('/') {
        return Asked::Folder(Address { url, place });
    }
    Asked::At(Address { url, place })
}
