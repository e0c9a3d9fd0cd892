//! A ready-made declaration for a registry that nothing explains or nobody has rated: what to paste into packman.toml.
//!
//! Answers for: where an address is cut so that it means one repository, an id that is free, and whether it may mirror a public registry.
//! Never decides anything: whose a registry is, only its owner can say.

use crate::address::{self, Address};
use crate::catalogue::{self, layout};
use crate::dependency::Locator;
use crate::ecosystem::Ecosystem;
use crate::routing::KnownBy;
use crate::rules::Dependency;

/// A declaration in the making.
pub struct Declaration {
    /// The id that it would have.
    pub id: String,
    /// The service that its address looks like.
    pub service: Option<&'static str>,
    /// The address below which it serves.
    pub url: String,
    /// The lines, indented.
    pub text: String,
}

/// The address of a dependency's registry or file as clients open it: Cargo's `registry+` and `sparse+` are not part of it.
pub(super) fn opened(dependency: &Dependency<'_>) -> String {
    let location = dependency.location();
    let bare = location.strip_prefix("registry+").or_else(|| location.strip_prefix("sparse+"));
    match bare {
        Some(bare) if dependency.entry.ecosystem == Ecosystem::Cargo => bare.to_owned(),
        _ => location,
    }
}

/// The declaration that would explain where a dependency comes from; `None` where no address could be declared.
#[must_use]
pub fn of(dependency: &Dependency<'_>) -> Option<Declaration> {
    let ecosystem = dependency.entry.ecosystem;
    let location = opened(dependency);
    let address = address::read(&location).ok().filter(|address| matches!(address.scheme, "https" | "http"))?;
    let found = layout::find(ecosystem, &address.host, address.path);
    let path = found.as_ref().map_or_else(|| own_path(dependency, address.path), |found| found.path);
    let path = path.trim_matches('/');
    let url = match path {
        "" => format!("{}/", address.origin()),
        // The policy knows no `*` in an address.
        path if path.contains('*') => format!("{}/", address.origin()),
        path => format!("{}/{path}/", address.origin()),
    };
    let name = found.as_ref().and_then(|found| found.name);
    let owner = found.as_ref().and_then(|found| found.owner);
    let owner = words(owner.unwrap_or_else(|| owner_of(&address))).join("-");
    let id = id(ecosystem, &owner, name);
    let mut text = format!("    [registries.{id}]\n    ecosystem = \"{}\"\n    urls = [\"{url}\"]\n", ecosystem.id());
    if let Some(public) = public(ecosystem) {
        text.push_str(&mirroring(public, &example(ecosystem, &owner), name.is_some_and(layout::is_mirror)));
    }
    Some(Declaration { id, service: found.map(|found| found.service), url, text })
}

/// What to say about a public registry whose packages it may pass on: outright where its name says so, else as a choice.
fn mirroring(public: &str, own: &str, is_mirror: bool) -> String {
    let mirror = format!("mirror-of = \"{public}\"");
    let own = format!("own = [\"{own}\"]");
    let width = mirror.len().max(own.len());
    let choice = if is_mirror {
        format!("    {mirror}\n")
    } else {
        format!("    # {mirror:width$}  # if it also serves what {public} has,\n")
    };
    format!("{choice}    # {own:width$}  # beside these of its own\n")
}

/// The part of a path that a declaration has to name where no layout is known: of a registry's own address all but the page that
/// clients open there; of a file's address nothing, since nobody can tell where the registry ends.
fn own_path<'a>(dependency: &Dependency<'_>, path: &'a str) -> &'a str {
    let is_file = matches!(dependency.entry.locator, Locator::File(_)) && dependency.origin.known_by == KnownBy::Entry;
    // An image's name is no part of its registry, and Composer notes where downloads are counted.
    if is_file || matches!(dependency.entry.ecosystem, Ecosystem::Docker | Ecosystem::Composer) {
        return "";
    }
    let path = path.trim_end_matches('/');
    ["/index.json", "/simple"].into_iter().find_map(|page| path.strip_suffix(page)).unwrap_or(path)
}

/// Labels of hosts that say what a host does, not whose it is.
const COMMON: [&str; 27] = [
    "api",
    "artifactory",
    "artifacts",
    "cargo",
    "conda",
    "containers",
    "crates",
    "docker",
    "gems",
    "git",
    "gitea",
    "gitlab",
    "images",
    "index",
    "maven",
    "nexus",
    "npm",
    "nuget",
    "packages",
    "packagist",
    "php",
    "pypi",
    "registry",
    "repo",
    "rubygems",
    "www",
    "proxy",
];

/// Whose a host is, as far as its name says.
fn owner_of<'a>(address: &'a Address<'_>) -> &'a str {
    if address.is_ip() {
        return "internal";
    }
    let labels: Vec<&str> = address.host.split('.').collect();
    let telling = labels.iter().take(labels.len().saturating_sub(1).max(1)).find(|label| !COMMON.contains(label));
    telling.or(labels.first()).copied().unwrap_or("internal")
}

/// Words of lowercase letters and digits.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// An id that the catalogue does not have: whose it is, the repository, and the ecosystem unless these say it.
fn id(ecosystem: Ecosystem, owner: &str, name: Option<&str>) -> String {
    let mut words = words(owner);
    words.extend(self::words(name.unwrap_or("")));
    if !words.iter().skip(1).any(|word| word == ecosystem.id()) {
        words.push(ecosystem.id().to_owned());
    }
    let mut id = String::new();
    for word in words.iter().filter(|word| word.len() < ID_MAX) {
        if id.len() + 1 + word.len() <= ID_MAX {
            id = if id.is_empty() { word.clone() } else { format!("{id}-{word}") };
        }
    }
    if catalogue::find(&id).is_some() { format!("our-{id}") } else { id }
}

/// Policies take longer ones, but `our-` may come in front.
const ID_MAX: usize = 60;

/// The registry that most packages of an ecosystem come from.
fn public(ecosystem: Ecosystem) -> Option<&'static str> {
    let is_default = |row: &&catalogue::Row| row.ecosystems.contains(&ecosystem) && !row.default_for.is_empty();
    catalogue::all().map(catalogue::RegistryId::row).find(is_default).map(|row| row.id)
}

/// A pattern of somebody's own names as they often look.
fn example(ecosystem: Ecosystem, owner: &str) -> String {
    match ecosystem {
        Ecosystem::Npm | Ecosystem::Jsr => format!("@{owner}/*"),
        Ecosystem::Maven => format!("com.{owner}:*"),
        Ecosystem::NuGet => {
            let (first, rest) = owner.split_at_checked(1).unwrap_or((owner, ""));
            format!("{}{rest}.*", first.to_ascii_uppercase())
        }
        Ecosystem::Golang => format!("{owner}.example/*"),
        Ecosystem::Docker | Ecosystem::GitHubActions | Ecosystem::Composer => format!("{owner}/*"),
        _ => format!("{owner}-*"),
    }
}
