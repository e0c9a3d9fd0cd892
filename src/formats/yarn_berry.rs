//! yarn.lock of yarn 2 and later: YAML blocks with a `resolution`, which is the truth about name and origin.
//!
//! Answers for: resolutions of every protocol, patches counted with what they patch, aliases, workspace members, edges, directness and
//! scopes (from the members' manifests, since blocks of members merge dependencies and development ones). Never decides which registry
//! an `npm:` resolution means: only `.yarnrc.yml` can say.
//!
//! Specification: yarnpkg.com, lexicon and protocols; lockfile versions 4 and later. Quirks: `checksum` is of yarn's own archive and
//! compares with no registry's hash, shown as `checksum:…`; packages for other platforms and folders have none; `__archiveUrl` names an
//! address that is fetched as it stands; `exec:` runs a script of the repository to make the package; version 1 has the same file name.
//!
//! Raises trust: `checksum`, `resolution`.

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::npm_spec::{self, Located, Spec, part, split_name};
use crate::formats::package_json::{self, Catalogs};
use crate::formats::reach::Walk;
use crate::formats::yarn::{self, Index, Projects};
use crate::formats::{Claim, Format};
use crate::neighbours::{Neighbours, join, normalise};
use crate::syntax::{Node, yaml};
use crate::text::{Lost, Problem, Span, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "yarn-berry",
    title: "yarn 2 and later yarn.lock",
    kind: Kind::Lock,
    files: &[Claim::Name("yarn.lock")],
    looks: Some(is_berry),
    shadowed_by: &[],
    read,
};

const METADATA: &str = "__metadata";

/// So many patches of patches are followed.
const PATCHES_MAX: usize = 4;

/// Protocols that a range may stand for: itself, then the default one.
const PROTOCOLS: [&str; 2] = ["", "npm:"];

fn is_berry(content: &str) -> bool {
    memchr::memmem::find_iter(content.as_bytes(), "__metadata:")
        .any(|at| at == 0 || content.as_bytes().get(at - 1).is_some_and(|before| matches!(before, b'\n' | b'\r')))
}

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let documents = yaml::read(text)?;
    let Some(root) = documents.first().map(crate::syntax::Document::root).filter(|root| root.is_map() && documents.len() == 1)
    else {
        return Err(Problem::new(text.place(Span::default()), Lost::File, "is no map of blocks, expected what yarn writes"));
    };
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: false, integrity: true, edges: true, ..Shows::default() };
    metadata(root, &mut lockfile);
    let cache_key = root.get(METADATA).and_then(|metadata| metadata.get("cacheKey")).and_then(Node::scalar);
    let (merged, by_resolution) = (HashMap::new(), HashMap::new());
    let mut reading = Reading { lockfile, text, neighbours, cache_key, merged, by_resolution };
    let blocks: Vec<Node<'_>> = root.members().filter(|block| block.key() != METADATA).collect();
    // Patches come last, so that what they patch is there to be counted with.
    let is_patch = |block: &Node<'_>| resolution(*block).1.starts_with("patch:");
    let mut numbers: Vec<Option<u32>> = vec![None; blocks.len()];
    for wants_patches in [false, true] {
        for (block, number) in blocks.iter().zip(&mut numbers).filter(|(block, _)| is_patch(block) == wants_patches) {
            *number = reading.block(*block);
        }
    }
    Ok(reading.connect(&blocks, &numbers))
}

fn metadata(root: Node<'_>, lockfile: &mut Lockfile) {
    let metadata = root.get(METADATA).unwrap_or(root);
    let version = metadata.get("version").and_then(Node::scalar);
    lockfile.version = version.map(str::to_owned);
    if version.and_then(|version| version.parse::<u32>().ok()).is_none_or(|version| version < 4) {
        let message = format!("__metadata.version `{}` is unknown, expected 4 or more", version.unwrap_or(""));
        lockfile.problems.push(metadata.problem(Lost::Detail, message));
    }
}

/// Name and reference of a block's resolution, without the mark of a virtual instance.
fn resolution(block: Node<'_>) -> (&str, &str) {
    let (name, reference) = split_name(block.get("resolution").and_then(Node::text).unwrap_or(""));
    let real = reference.strip_prefix("virtual:").and_then(|rest| rest.split_once('#'));
    (name, real.map_or(reference, |(_, reference)| reference))
}

/// The work on one file.
struct Reading<'d> {
    lockfile: Lockfile,
    text: &'d Text,
    neighbours: &'d Neighbours<'d>,
    /// What checksums of this file begin with.
    cache_key: Option<&'d str>,
    merged: HashMap<Same<'d>, u32>,
    by_resolution: HashMap<&'d str, u32>,
}

/// What two blocks share that are one entry.
#[derive(PartialEq, Eq, Hash)]
struct Same<'d> {
    resolution: &'d str,
    version: &'d str,
    checksum: &'d str,
}

/// What a reference says.
struct Says {
    located: Located,
    runs_code: bool,
}

impl From<Located> for Says {
    fn from(located: Located) -> Self {
        Self { located, runs_code: false }
    }
}

impl From<Locator> for Says {
    fn from(locator: Locator) -> Self {
        Located::from(locator).into()
    }
}

impl<'d> Reading<'d> {
    fn block(&mut self, block: Node<'d>) -> Option<u32> {
        let content = &self.text.content;
        let (name, reference) = resolution(block);
        let whole = block.get("resolution").and_then(Node::str);
        let Some(whole) = whole.filter(|_| npm_spec::is_name(name) && !reference.is_empty()) else {
            self.lockfile.stated += 1;
            let message = format!("`{}` has no resolution like `name@npm:1.2.3`", block.key());
            self.lockfile.problems.push(Problem::new(block.key_place(), Lost::Entry, message));
            return None;
        };
        if let Some(patched) = self.patched(reference, 0) {
            self.lockfile.stated += 1;
            return Some(patched);
        }
        let text_of = |key: &str| block.get(key).and_then(Node::scalar).unwrap_or("");
        let same = Same { resolution: whole_of(block), version: text_of("version"), checksum: text_of("checksum") };
        if let Some(index) = self.merged.get(&same).copied() {
            self.lockfile.stated += 1;
            return Some(index);
        }
        let says = self.says(reference, &whole, 0);
        let version = block.get("version").and_then(Node::scalar_str);
        if let (Some(version), Some(fetched)) = (&version, fetched_version(reference))
            && version.of(content) != fetched
        {
            let message = format!("`{}` states another version than {fetched}, which its resolution fetches", block.key());
            self.lockfile.problem(self.text.place(version.span), Lost::Detail, message);
        }
        if version.is_none() {
            self.lockfile.problem(self.text.place(whole.span), Lost::Detail, format!("`{}` states no version", block.key()));
        }
        let name_str = part(&whole, content, name);
        let descriptor = split_name(block.key().split(", ").next().unwrap_or("")).0;
        let alias = (descriptor != name && npm_spec::is_name(descriptor)).then(|| part(&block.key_str(), content, descriptor));
        let Located { locator, moving } = says.located;
        let runs_code = says.runs_code.then_some(whole.span);
        let is_served = matches!(locator, Locator::Silent | Locator::File(_));
        let stands_for =
            block.key().split(", ").map(split_name).find(|(asked, range)| *asked != name && npm_spec::is_plain(range));
        let stands_for = stands_for.filter(|(asked, _)| is_served && npm_spec::is_name(asked));
        let alias = stands_for.map(|(asked, _)| part(&block.key_str(), content, asked)).or(alias);
        // Somebody asks for another package, in whose place it is.
        let foreign = stands_for.map(|_| Box::new(name_str.clone()));
        let entry = Entry { runs_code, moving, alias, foreign, ..Entry::new(Ecosystem::Npm, name_str, version, locator) };
        let index = self.lockfile.push(entry);
        self.merged.insert(same, index);
        self.by_resolution.insert(whole_of(block), index);
        let checksum = block.get("checksum").and_then(Node::scalar_str);
        if let Some(checksum) = checksum.filter(|checksum| self.is_compared(checksum.of(content))) {
            let shown = format!("checksum:{}", checksum.of(content));
            self.lockfile.hash(index, Str::made(checksum.span, shown));
        }
        Some(index)
    }

    /// Whether yarn holds what it fetches against a checksum: one of a cache that was filled otherwise it writes anew instead.
    fn is_compared(&self, checksum: &str) -> bool {
        let is_of_cache = |(key, _)| self.cache_key.is_none_or(|cache_key| cache_key == key);
        !checksum.is_empty() && checksum.split_once('/').is_none_or(is_of_cache)
    }

    /// The entry that a patch is of, if it has a block of its own.
    fn patched(&self, reference: &str, depth: usize) -> Option<u32> {
        let patched = reference.strip_prefix("patch:").filter(|_| depth < PATCHES_MAX)?;
        let inner = decoded(patched.split('#').next()?);
        match self.by_resolution.get(inner.as_str()) {
            Some(found) => Some(*found),
            // A patch of a patch.
            None => self.patched(split_name(&inner).1, depth + 1),
        }
    }

    fn says(&mut self, reference: &str, whole: &Str, depth: usize) -> Says {
        let content = &self.text.content;
        let made = |value: &str| part(whole, content, value);
        let (plain, bindings) = reference.split_once("::").unwrap_or((reference, ""));
        let Some((protocol, rest)) = plain.split_once(':') else { return self.unknown(reference, whole) };
        match protocol {
            "npm" => {
                let mut urls = bindings_of(bindings).filter(|(key, _)| key == "__archiveUrl").map(|(_, url)| url);
                match (urls.next(), urls.next()) {
                    (None, _) => Locator::Silent.into(),
                    (Some(url), None) => Locator::File(Str::made(whole.span, url)).into(),
                    (Some(_), Some(_)) => self.unknown(reference, whole),
                }
            }
            "workspace" => self.workspace(made(rest)).into(),
            "link" | "portal" | "file" => self.folder(rest, bindings, whole).into(),
            "exec" => Says { runs_code: true, ..self.folder(rest, bindings, whole).into() },
            "patch" if depth < PATCHES_MAX => {
                let inner = decoded(rest.split('#').next().unwrap_or(rest));
                let inner_whole = Str::made(whole.span, inner.as_str());
                self.says(split_name(&inner).1, &inner_whole, depth + 1)
            }
            _ => self.address(reference, plain, whole),
        }
    }

    fn address(&mut self, reference: &str, plain: &str, whole: &Str) -> Says {
        let content = &self.text.content;
        let spec = npm_spec::parse(plain);
        if let Some(located) = npm_spec::git_located(&spec, whole, content) {
            return located.into();
        }
        let Spec::Address(address) = spec else { return self.unknown(reference, whole) };
        let (url, fragment) = address.split_once('#').unwrap_or((address, ""));
        let (commit, _) = npm_spec::pin(fragment);
        if let Some(commit) = commit {
            return Locator::Git { url: part(whole, content, url), commit: Some(part(whole, content, commit)) }.into();
        }
        match npm_spec::archive_located(url, whole, content) {
            Some(located) => located.into(),
            None => Locator::Url(part(whole, content, url)).into(),
        }
    }

    fn unknown(&mut self, reference: &str, whole: &Str) -> Says {
        let message = format!("`{reference}` is in no protocol that is known");
        self.lockfile.problem(self.text.place(whole.span), Lost::Detail, message);
        Locator::Unresolved(Str::made(whole.span, reference)).into()
    }

    /// A member, if its manifest is in the tree.
    fn workspace(&self, folder: Str) -> Locator {
        let path = normalise(self.neighbours.folder(), folder.of(&self.text.content));
        let is_there = path.is_some_and(|path| self.neighbours.has(&join(&path, package_json::NAME)));
        if is_there { Locator::Workspace } else { Locator::Path(folder) }
    }

    /// A folder or archive, as the member that asks for it sees it.
    fn folder(&self, path: &str, bindings: &str, whole: &Str) -> Locator {
        let path = path.split('#').next().unwrap_or(path);
        let asker = binding(bindings, "locator").unwrap_or_default();
        let from = split_name(&asker).1.strip_prefix("workspace:").unwrap_or("");
        let seen = npm_spec::relative(from, path);
        if seen == path {
            Locator::Path(part(whole, &self.text.content, path))
        } else {
            Locator::Path(Str::made(whole.span, seen))
        }
    }

    /// Edges, directness and scopes.
    fn connect(mut self, blocks: &[Node<'d>], numbers: &[Option<u32>]) -> Lockfile {
        let mut index = Index::default();
        for (block, entry) in blocks.iter().zip(numbers) {
            let Some(entry) = entry else { continue };
            for descriptor in block.key().split(", ") {
                index.add(descriptor, split_name(descriptor).0, *entry);
            }
        }
        let has_catalogs = self.text.content.contains(package_json::CATALOG);
        let files = if has_catalogs { package_json::catalog_files(self.neighbours) } else { Vec::new() };
        let catalogs = Catalogs::of(&files);
        let mut walk = Walk::default();
        let mut folders: Vec<String> = Vec::new();
        for block in blocks {
            let member = resolution(*block).1.strip_prefix("workspace:");
            folders.extend(member.and_then(|folder| normalise(self.neighbours.folder(), folder)));
        }
        let projects = Projects::around(self.neighbours, &folders);
        if let Some(resolutions) = projects.resolutions() {
            index.replace(resolutions, &PROTOCOLS);
        }
        for (block, from) in blocks.iter().zip(numbers) {
            let Some(from) = from else { continue };
            let (asker, reference) = resolution(*block);
            let member = reference.strip_prefix("workspace:");
            let is_optional = |meta: &Node<'_>| meta.get("optional").and_then(Node::bool) == Some(true);
            let meta = block.get("dependenciesMeta").into_iter().flat_map(Node::members);
            let optional: HashSet<&str> = meta.filter(is_optional).map(Node::key).collect();
            for wanted in block.get("dependencies").into_iter().flat_map(Node::members) {
                let range = catalogs.range(wanted.key(), wanted.scalar().unwrap_or(""));
                let Some(to) = index.find(asker, (wanted.key(), range), &PROTOCOLS) else { continue };
                if member.is_some() {
                    self.lockfile.edge(*from, to);
                    self.lockfile.declare(to, wanted.place());
                    continue;
                }
                walk.edge(*from, to, optional.contains(wanted.key()));
            }
            if let Some(member) = self.lockfile.entries.get_mut(*from as usize).filter(|_| member.is_some()) {
                member.direct = Some(true);
            }
        }
        projects.ask(&mut index, (&PROTOCOLS, &catalogs), &mut self.lockfile, &mut walk);
        let knows = projects.has_root;
        yarn::settle(&mut self.lockfile, walk, knows);
        let has_members = !folders.is_empty();
        for entry in self.lockfile.entries.iter_mut().filter(|_| has_members) {
            entry.direct.get_or_insert(false);
        }
        self.lockfile
    }
}

/// The version that a reference to a registry fetches.
fn fetched_version(reference: &str) -> Option<&str> {
    let version = reference.strip_prefix("npm:")?.split("::").next()?;
    npm_spec::is_version(version).then_some(version)
}

fn whole_of(block: Node<'_>) -> &str {
    block.get("resolution").and_then(Node::text).unwrap_or("")
}

/// Keys and values of `a=b&c=d`, as a query string is read.
fn bindings_of(bindings: &str) -> impl Iterator<Item = (String, String)> {
    let plain = |text: &str| decoded(&text.replace('+', " "));
    bindings
        .split('&')
        .map(move |binding| binding.split_once('=').unwrap_or((binding, "")))
        .map(move |(key, value)| (plain(key), plain(value)))
}

/// The value of one of them.
fn binding(bindings: &str, key: &str) -> Option<String> {
    bindings_of(bindings).find(|(found, _)| found == key).map(|(_, value)| value)
}

/// Percent-decoding; what is no UTF-8 or no escape stays as it stands.
pub(super) fn decoded(encoded: &str) -> String {
    let digit =
        |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
    let bytes = encoded.as_bytes();
    let mut found = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            found.push(high * 16 + low);
            at += 3;
        } else {
            found.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(found).unwrap_or_else(|_| encoded.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines that begin a block.
    fn counted_entries(content: &str) -> usize {
        let begins = |line: &&str| !line.starts_with([' ', '#', '\t']) && !line.trim().is_empty() && !line.starts_with(METADATA);
        content.lines().filter(begins).count()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "yarn berry", counted_entries);
    }

    #[test]
    fn patches_of_patches_end() {
        let reference = format!("{}npm%3A1.0.0#x", "patch:a@".repeat(40_000));
        let content =
            format!("__metadata:\n  version: 8\n\n\"a@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"a@{reference}\"\n");
        let lockfile = crate::formats::testing::read(&FORMAT, &content);
        assert!(matches!(lockfile.entries.first().map(|entry| &entry.locator), Some(Locator::Unresolved(_))));
        assert_eq!(lockfile.problems.len(), 1);
    }

    #[test]
    fn escapes() {
        assert_eq!(decoded("a%40npm%3A1%zz%"), "a@npm:1%zz%");
        assert_eq!(decoded("%ff"), "%ff");
    }
}
