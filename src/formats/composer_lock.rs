//! `composer.lock`: the packages that Composer installs, `packages` and `packages-dev`.
//!
//! Specification: Composer's `Package/Locker.php`, `ArrayDumper.php` and the documentation of its schema.
//!
//! Registry quirks: registries list packages and code hosts serve them. The mark of the registry is `notification-url`; a package without
//! one comes from a repository that `composer.json` names (locator git, or the address of its archive). What Composer asks
//! is `dist.url`, or a preferred mirror, or `source.url` where there is no archive: if that is neither a code host that Composer has a
//! driver for nor of the registry's own domain, both addresses are candidates. `dist.shasum` is mostly empty, and SHA-1 where it is not.
//! Plugins (`type: composer-plugin`) run code when they are installed; scripts of other packages never do.
//! Edges follow `require`, also to what a package `replace`s or `provide`s; PHP and its extensions are no packages.

use foldhash::{HashMap, HashMapExt, HashSet};

use super::{Claim, Format};
use crate::address;
use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::routing::{Address, Asked, KnownBy, Rule, When};
use crate::shape;
use crate::syntax::{Kind as NodeKind, Node, json};
use crate::text::{Lost, Problem, Span, Str, Text};

pub(crate) static FORMAT: Format = Format {
    id: "composer-lock",
    title: "composer.lock",
    kind: Kind::Lock,
    // The variable COMPOSER may name another manifest, and so another lock.
    files: &[Claim::Name("composer.lock"), Claim::Around("composer-", ".lock"), Claim::Around("composer.", ".lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// Keys of the file that are known.
const KEYS: [&str; 14] = [
    "_readme",
    "hash",
    "content-hash",
    "packages",
    "packages-dev",
    "aliases",
    "minimum-stability",
    "stability-flags",
    "prefer-stable",
    "prefer-lowest",
    "platform",
    "platform-dev",
    "platform-overrides",
    "plugin-api-version",
];

/// Code hosts that Composer has drivers for, and from which it takes archives by its own defaults.
const CODE_HOSTS: [&str; 6] =
    ["api.github.com", "codeload.github.com", "github.com", "gitlab.com", "bitbucket.org", "api.bitbucket.org"];

/// The named limit on pairs of a registry and a host outside it.
const PAIRS_MAX: usize = 64;

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let document = json::read(text)?;
    let root = document.root();
    if root.get("packages").is_none_or(|packages| packages.kind() != NodeKind::List) {
        return Err(root.problem(Lost::File, "has no list `packages`, which every composer.lock has"));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, integrity: true, edges: true, scope: true, install_code: true };
    lockfile.version = root.get("plugin-api-version").and_then(|version| version.text().map(str::to_owned));
    let mut reader = Reader { text, lockfile, packages: Vec::new(), by_name: HashMap::new() };
    for member in root.members() {
        match member.key() {
            "packages" => reader.list(member, Scopes::PRODUCTION),
            "packages-dev" => reader.list(member, Scopes::DEVELOPMENT),
            key if KEYS.contains(&key) => {}
            key => {
                let message = format!("`{key}` is not known in a composer.lock");
                reader.lockfile.problem(member.key_place(), Lost::Detail, message);
            }
        }
    }
    reader.edges();
    reader.manifest(neighbours);
    Ok(reader.lockfile)
}

struct Reader<'d> {
    text: &'d Text,
    lockfile: Lockfile,
    /// Nodes by their entry.
    packages: Vec<Node<'d>>,
    /// Entries by lower-case name.
    by_name: HashMap<String, u32>,
}

impl<'d> Reader<'d> {
    fn list(&mut self, list: Node<'d>, scopes: Scopes) {
        if list.kind() != NodeKind::List && list.kind() != NodeKind::Null {
            self.lockfile.problems.push(list.problem(Lost::Detail, format!("`{}` is not a list of packages", list.key())));
        }
        for node in list.items() {
            self.package(node, scopes);
        }
    }

    fn package(&mut self, node: Node<'d>, scopes: Scopes) {
        let field = |key: &str| node.get(key).filter(|field| field.text().is_some_and(|text| !text.is_empty()));
        // Some repositories state a date as a number, which Composer takes.
        let version = node.get("version").filter(|version| matches!(version.kind(), NodeKind::Text | NodeKind::Number));
        let (Some(name), Some(version)) = (field("name"), version.filter(|version| version.scalar() != Some(""))) else {
            self.lockfile.stated += 1;
            self.lockfile.problems.push(node.problem(Lost::Entry, "a package has no name or no version as text"));
            return;
        };
        let lower = name.text().unwrap_or("").to_ascii_lowercase();
        if let Some(index) = self.by_name.get(&lower).copied() {
            return self.repeated(index, node, version, scopes);
        }
        let locator = self.locate(node);
        let mut entry = Entry::new(Ecosystem::Composer, name.str().unwrap_or_default(), version.scalar_str(), locator);
        entry.scopes = scopes;
        entry.moving = moving(&entry, version);
        entry.foreign = foreign(node).and_then(|address| Some(Box::new(address.str()?)));
        let kind = node.get("type").filter(|kind| matches!(kind.text(), Some("composer-plugin" | "composer-installer")));
        entry.runs_code = kind.map(Node::span);
        let index = self.lockfile.push(entry);
        self.packages.push(node);
        self.by_name.insert(lower, index);
        if let Some(sum) = node.at(&["dist", "shasum"]) {
            self.checksum(index, sum);
        }
    }

    /// Composer installs one version of a package.
    fn repeated(&mut self, index: u32, node: Node<'d>, version: Node<'d>, scopes: Scopes) {
        self.lockfile.stated += 1;
        let content = &self.text.content;
        let Some(entry) = self.lockfile.entries.get_mut(index as usize) else { return };
        if entry.version.as_ref().is_some_and(|known| Some(known.of(content)) == version.scalar()) {
            entry.scopes = entry.scopes.with(scopes);
            return;
        }
        self.lockfile.problems.push(node.problem(Lost::Entry, "a package stands twice with different versions"));
    }

    fn checksum(&mut self, index: u32, sum: Node<'d>) {
        match sum.text() {
            None if sum.kind() == NodeKind::Null => {}
            Some("") => {}
            Some(hex) if hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                self.lockfile.hash(index, Str::made(sum.span(), format!("sha1:{hex}")));
            }
            _ => self.lockfile.problems.push(sum.problem(Lost::Detail, "`shasum` is not 40 hexadecimal digits")),
        }
    }

    fn locate(&mut self, node: Node<'d>) -> Locator {
        let part =
            |part: &str, key: &str| node.at(&[part, key]).filter(|field| field.text().is_some_and(|text| !text.is_empty()));
        let dist = part("dist", "url").filter(|_| part("dist", "type").is_some());
        let source = part("source", "url");
        if let Some(path) = dist.filter(|_| part("dist", "type").and_then(Node::text) == Some("path")) {
            return Locator::Path(path.str().unwrap_or_default());
        }
        if let Some(mirror) = preferred_mirror(node, if dist.is_some() { "dist" } else { "source" }) {
            return mirror;
        }
        let Some(registry) = node.get("notification-url") else { return unlisted(dist, source, part("source", "reference")) };
        let (Some(index), Some(written)) = (registry.str(), registry.text()) else {
            self.lockfile.problems.push(registry.problem(Lost::Detail, "`notification-url` is not text"));
            return Locator::Missing;
        };
        match dist.or(source) {
            Some(asked) if !is_served_for(written, asked, source) => self.candidates(&index, written, asked),
            _ => Locator::Index(index),
        }
    }

    /// The registry lists the package, and another host, which nothing explains, serves it.
    fn candidates(&mut self, index: &Str, registry: &str, asked: Node<'d>) -> Locator {
        let written = asked.text().unwrap_or("");
        let host = match address::read(written) {
            Ok(address) => address.origin(),
            Err(_) => return Locator::File(asked.str().unwrap_or_default()),
        };
        let name = format!("{registry} served by {host}");
        let rules = &mut self.lockfile.routing.rules;
        let is_known = rules.iter().any(|rule| matches!(&rule.when, When::Named(known) if *known == name));
        if !is_known && rules.len() >= PAIRS_MAX {
            return Locator::File(asked.str().unwrap_or_default());
        }
        if !is_known {
            let at = |url: &str, span: Span| Asked::At(Address::new(url, self.text.id, span));
            let ask = vec![at(registry, index.span), at(&format!("{host}/"), asked.span())];
            rules.push(Rule { when: When::Named(name.clone()), ask, known_by: KnownBy::File });
        }
        Locator::Named(Str::made(asked.span(), name))
    }

    /// What packages stand for beside themselves.
    fn provided(&self) -> HashMap<String, u32> {
        let mut provided = HashMap::new();
        for (index, node) in (0u32..).zip(&self.packages) {
            for name in provides(*node) {
                provided.entry(name).or_insert(index);
            }
        }
        provided
    }

    fn edges(&mut self) {
        let provided = self.provided();
        for (from, node) in (0u32..).zip(&self.packages) {
            for name in node.get("require").into_iter().flat_map(Node::members) {
                let lower = name.key().to_ascii_lowercase();
                if let Some(to) = self.by_name.get(&lower).or_else(|| provided.get(&lower)).filter(|to| **to != from) {
                    self.lockfile.edge(from, *to);
                }
            }
        }
    }

    /// What the repository itself asks for stands in `composer.json`.
    fn manifest(&mut self, neighbours: &Neighbours<'_>) {
        // The variable COMPOSER names another manifest, and the lock after it.
        let name = self.text.path.rsplit('/').next().and_then(|name| name.strip_suffix(".lock")).unwrap_or("composer");
        let text = match neighbours.beside(&format!("{name}.json")) {
            Some(Ok(text)) => text,
            Some(Err(problem)) => return self.lockfile.problems.push(Problem { lost: Lost::Detail, ..problem.clone() }),
            None => return,
        };
        self.lockfile.covers.push(text.id);
        let document = match json::read(text) {
            Ok(document) => document,
            Err(problem) => return self.lockfile.problems.push(Problem { lost: Lost::Detail, ..problem }),
        };
        for entry in &mut self.lockfile.entries {
            entry.direct = Some(false);
        }
        let mut known: HashSet<String> = self.provided().into_keys().chain(provides(document.root())).collect();
        known.extend(document.root().get("name").and_then(Node::text).map(str::to_ascii_lowercase));
        for list in ["require", "require-dev"] {
            for name in document.root().get(list).into_iter().flat_map(Node::members) {
                let lower = name.key().to_ascii_lowercase();
                if let Some(index) = self.by_name.get(&lower) {
                    self.lockfile.declare(*index, name.key_place());
                } else if lower.contains('/') && !known.contains(&lower) {
                    // Composer refuses to install so; what it would take otherwise, nobody knows.
                    let message = format!("`{}` is asked for, and the lock does not have it", name.key());
                    let hint = "write the lock anew with `composer update --lock`";
                    self.lockfile.problems.push(Problem::new(name.key_place(), Lost::Detail, message).with_hint(hint));
                }
            }
        }
    }
}

/// Names that a package stands for beside its own.
fn provides(package: Node<'_>) -> impl Iterator<Item = String> {
    let lists = ["replace", "provide"].into_iter().filter_map(move |list| package.get(list));
    lists.flat_map(Node::members).map(|name| name.key().to_ascii_lowercase())
}

/// The address of the archive that Composer fetches first, where it is of another repository or commit than the source beside it.
fn foreign(node: Node<'_>) -> Option<Node<'_>> {
    let text = |part: &str, key: &str| node.at(&[part, key]).and_then(Node::text).filter(|text| !text.is_empty());
    let reference = text("source", "reference").unwrap_or("");
    let is_foreign = shape::is_archive_of_another(text("dist", "url")?, text("source", "url")?, reference);
    is_foreign.then(|| node.at(&["dist", "url"])).flatten()
}

/// A mirror that Composer asks before all else; its address is a pattern, of which the fixed part counts.
fn preferred_mirror(node: Node<'_>, part: &str) -> Option<Locator> {
    let mirrors = node.at(&[part, "mirrors"])?;
    let preferred = mirrors.items().find(|mirror| mirror.get("preferred").and_then(Node::bool) == Some(true))?;
    let url = preferred.get("url")?;
    let fixed = url.text()?.split('%').next().unwrap_or("").to_owned();
    Some(Locator::Index(Str::made(url.span(), fixed)))
}

/// A package that no registry lists: a repository, or an archive from somewhere.
fn unlisted(dist: Option<Node<'_>>, source: Option<Node<'_>>, reference: Option<Node<'_>>) -> Locator {
    let host = |node: Node<'_>| host_of(node.text().unwrap_or(""));
    let is_of_source = |dist: Node<'_>, source: Node<'_>| {
        let (dist, source) = (host(dist), host(source));
        dist == source || dist.strip_prefix("api.") == Some(source.as_str())
    };
    match (dist, source) {
        (Some(dist), Some(source)) if !is_of_source(dist, source) => Locator::File(dist.str().unwrap_or_default()),
        (_, Some(source)) => {
            let pinned = reference.filter(|reference| is_pinned(reference.text().unwrap_or("")));
            Locator::Git { url: source.str().unwrap_or_default(), commit: pinned.and_then(Node::str) }
        }
        (Some(dist), None) => Locator::File(dist.str().unwrap_or_default()),
        (None, None) => Locator::Missing,
    }
}

/// Whether what is asked belongs to the registry that lists the package: its own domain, or a code host that Composer has a driver for
/// and that also has the source.
fn is_served_for(registry: &str, asked: Node<'_>, source: Option<Node<'_>>) -> bool {
    let host = host_of(asked.text().unwrap_or(""));
    let own = host_of(registry);
    if !own.is_empty() && domain(&host) == domain(&own) {
        return true;
    }
    let source = source.map(|source| host_of(source.text().unwrap_or("")));
    CODE_HOSTS.contains(&host.as_str()) && source.is_none_or(|source| domain(&source) == domain(&host))
}

/// The host of an address, also of the form of scp.
fn host_of(written: &str) -> String {
    address::repository(written).split(['/', ':']).next().unwrap_or("").to_owned()
}

/// The last two labels of a host.
fn domain(host: &str) -> &str {
    let end = host.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at + 1);
    host.get(end..).unwrap_or(host)
}

/// A full commit, or a revision of Subversion.
fn is_pinned(reference: &str) -> bool {
    let is_commit = matches!(reference.len(), 40 | 64) && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    let revision = reference.rsplit_once('@').map_or("", |(_, revision)| revision);
    is_commit || (!revision.is_empty() && revision.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The branch that moves a package of a repository, where no commit pins it.
fn moving(entry: &Entry, version: Node<'_>) -> Option<Str> {
    if matches!(entry.locator, Locator::Git { commit: None, .. }) { version.scalar_str() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dumb second count: names at the depth that packages have when Composer writes them.
    fn counted_entries(content: &str) -> usize {
        let value: serde_json::Value = serde_json::from_str(content).unwrap_or_default();
        let count = |key: &str| value.get(key).and_then(serde_json::Value::as_array).map_or(0, Vec::len);
        count("packages") + count("packages-dev")
    }

    #[test]
    fn no_entry_is_lost() {
        super::super::counting::check(&FORMAT, "composer.lock", counted_entries);
    }
}
