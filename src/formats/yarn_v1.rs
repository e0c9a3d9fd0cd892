//! yarn.lock of yarn 1: blocks of descriptors with a version, an address and a hash.
//!
//! Answers for: blocks by their own syntax (it looks like YAML and is not), aliases under their real names, repositories, files and
//! folders, hashes (the `#sha1` behind an address too), edges; directness and scopes from the manifests beside. Never guesses them
//! without, and never resolves a range.
//!
//! Specification: classic.yarnpkg.com, yarn.lock, and yarn's own parser. Quirks: npm (from 7), which writes it too, puts the names of
//! fields in quotes, and yarn takes a colon behind each; bun, which can write it as well, has members in it; one block for several ranges; `file:` and a range may share one; a folder has no `resolved`; archives of git sites are repositories; with an offline mirror `resolved` may be a bare file
//! name, which only a machine's configuration explains. yarn's later lockfiles have the same name and a `__metadata` block.
//!
//! Raises trust: `resolved`, `integrity`, the fragment of `resolved`.

use foldhash::{HashMap, HashMapExt};

use crate::dependency::{Entry, Kind, Locator, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::npm_spec::{self, Located, Spec, part, split_name};
use crate::formats::package_json::{self, Catalogs};
use crate::formats::reach::Walk;
use crate::formats::yarn::{self, Index, Projects};
use crate::formats::{Claim, Format};
use crate::neighbours::{Neighbours, join, normalise};
use crate::syntax::lines::{self, Line};
use crate::text::{Lost, Problem, Span, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "yarn-v1",
    title: "yarn 1 yarn.lock",
    kind: Kind::Lock,
    files: &[Claim::Name("yarn.lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// Fields of a block that say nothing about where it comes from.
const SILENT_FIELDS: [&str; 4] = ["permissions", "prebuiltVariants", "registry", "uid"];

/// One block while it is read.
#[derive(Default)]
struct Block {
    key: Span,
    descriptors: Vec<Str>,
    name: Option<Str>,
    version: Option<Str>,
    resolved: Option<Str>,
    integrity: Option<Str>,
    /// Name, range, and whether it may be left out.
    requires: Vec<(Str, Str, bool)>,
    /// The section that lines with four spaces belong to.
    section: Section,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Section {
    #[default]
    None,
    Dependencies,
    Optional,
    Ignored,
}

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, integrity: true, edges: true, ..Shows::default() };
    let header = "# yarn lockfile v";
    lockfile.version =
        lines::of(&text.content).find_map(|line| line.text.strip_prefix(header)).map(|version| version.trim().to_owned());
    if let Some(version) = lockfile.version.as_deref().filter(|version| *version != "1") {
        let message = format!("yarn lockfile v{version} is unknown, expected v1");
        lockfile.problem(text.place(Span::default()), Lost::Detail, message);
    }
    let blocks = blocks(text, &mut lockfile);
    let mut index = Index::default();
    let mut merged: HashMap<Same<'_>, u32> = HashMap::new();
    let mut numbers = Vec::with_capacity(blocks.len());
    let content = text.content.as_ref();
    for block in &blocks {
        let entry = add(block, (text, neighbours), &mut lockfile, &mut merged);
        for descriptor in &block.descriptors {
            let descriptor = descriptor.of(content);
            if let Some(entry) = entry {
                index.add(descriptor, split_name(descriptor).0, entry);
            }
        }
        numbers.push(entry);
    }
    let mut walk = Walk::default();
    for (block, from) in blocks.iter().zip(&numbers) {
        let Some(from) = from else { continue };
        for (name, range, is_optional) in &block.requires {
            if let Some(to) = index.find("", (name.of(content), range.of(content)), &[""]) {
                walk.edge(*from, to, *is_optional);
            }
        }
    }
    let projects = Projects::around(neighbours, &[]);
    projects.ask(&mut index, (&[""], &Catalogs::default()), &mut lockfile, &mut walk);
    yarn::settle(&mut lockfile, walk, projects.has_root);
    Ok(lockfile)
}

/// What two blocks share that are one entry.
#[derive(PartialEq, Eq, Hash)]
struct Same<'d> {
    name: &'d str,
    version: &'d str,
    resolved: &'d str,
    integrity: &'d str,
    /// A folder has no address of its own but that of its descriptor.
    descriptor: &'d str,
}

fn add<'d>(
    block: &'d Block,
    (text, neighbours): (&'d Text, &Neighbours<'_>),
    lockfile: &mut Lockfile,
    merged: &mut HashMap<Same<'d>, u32>,
) -> Option<u32> {
    let content = text.content.as_ref();
    let descriptor = block.descriptors.first()?;
    let (key_name, _) = split_name(descriptor.of(content));
    let real = block.descriptors.iter().find_map(|descriptor| alias(descriptor, content)).or_else(|| block.name.clone());
    let is_named = npm_spec::is_name(key_name) || (real.is_some() && npm_spec::is_folder(key_name));
    if block.version.is_none() || !is_named {
        lockfile.stated += 1;
        let message = format!("`{}` is no block of a package with a version", descriptor.of(content));
        lockfile.problem(text.place(block.key), Lost::Entry, message);
        return None;
    }
    let installed_as = part(descriptor, content, key_name);
    let (name, alias) = match real {
        Some(real) if real.of(content) != key_name => (real, Some(installed_as)),
        _ => (installed_as, None),
    };
    let Located { locator, moving } = located(block, (text, neighbours), lockfile);
    let value = |str: &'d Option<Str>| str.as_ref().map_or("", |str| str.of(content));
    let same = Same {
        name: match &alias {
            Some(_) => {
                block.descriptors.iter().find_map(|descriptor| alias_of(descriptor.of(content))).unwrap_or(value(&block.name))
            }
            None => key_name,
        },
        version: value(&block.version),
        resolved: value(&block.resolved),
        integrity: value(&block.integrity),
        descriptor: if block.resolved.is_some() || locator == Locator::Silent { "" } else { descriptor.of(content) },
    };
    if let Some(index) = merged.get(&same) {
        lockfile.stated += 1;
        return Some(*index);
    }
    // bun repeats there where a member lies.
    let version = block.version.clone().filter(|version| !version.of(content).starts_with(MEMBER));
    let index = lockfile.push(Entry { moving, alias, ..Entry::new(Ecosystem::Npm, name, version, locator) });
    merged.insert(same, index);
    hashes(block, text, lockfile, index);
    Some(index)
}

/// The real name behind `alias@npm:real@range`.
fn alias(descriptor: &Str, content: &str) -> Option<Str> {
    alias_of(descriptor.of(content)).map(|name| part(descriptor, content, name))
}

fn alias_of(descriptor: &str) -> Option<&str> {
    match npm_spec::parse(split_name(descriptor).1) {
        Spec::Alias { name, .. } if npm_spec::is_name(name) => Some(name),
        _ => None,
    }
}

/// What bun writes before the folder of a member.
const MEMBER: &str = "workspace:";

/// A member, if its manifest is in the tree.
fn member(folder: Str, content: &str, neighbours: &Neighbours<'_>) -> Locator {
    let path = normalise(neighbours.folder(), folder.of(content));
    let is_there = path.is_some_and(|path| neighbours.has(&join(&path, package_json::NAME)));
    if is_there { Locator::Workspace } else { Locator::Path(folder) }
}

fn located(block: &Block, (text, neighbours): (&Text, &Neighbours<'_>), lockfile: &mut Lockfile) -> Located {
    let content = text.content.as_ref();
    let specs = || block.descriptors.iter().map(|descriptor| (descriptor, npm_spec::parse(split_name(descriptor.of(content)).1)));
    let Some(resolved) = block.resolved.as_ref().filter(|resolved| !resolved.of(content).is_empty()) else {
        // Folders are not recorded; whatever else shares the block is installed from there too.
        for (descriptor, spec) in specs() {
            if let Spec::Path(path) = spec {
                return Locator::Path(part(descriptor, content, path)).into();
            }
        }
        for (descriptor, spec) in specs() {
            if let Some(located) = npm_spec::git_located(&spec, descriptor, content) {
                return located;
            }
            if let Spec::Address(address) = spec {
                return Locator::Url(part(descriptor, content, address)).into();
            }
        }
        return Locator::Silent.into();
    };
    let written = resolved.of(content);
    let spec = npm_spec::parse(written);
    if let Some(located) = npm_spec::git_located(&spec, resolved, content) {
        return located;
    }
    let (address, fragment) = written.split_once('#').unwrap_or((written, ""));
    match spec {
        Spec::Address(_) => {
            if let Some(located) = npm_spec::archive_located(address, resolved, content) {
                return located;
            }
            if npm_spec::is_commit(fragment) && specs().any(|(_, spec)| matches!(spec, Spec::Git { .. })) {
                let commit = Some(part(resolved, content, fragment));
                return Locator::Git { url: part(resolved, content, address), commit }.into();
            }
            let at = part(resolved, content, address);
            let is_asked = specs().any(|(_, spec)| matches!(spec, Spec::Address(_)));
            if is_asked { Locator::Url(at).into() } else { Locator::File(at).into() }
        }
        Spec::Workspace(folder) => member(part(resolved, content, folder), content, neighbours).into(),
        Spec::Path(path) if written.starts_with("file:") => {
            Locator::Path(part(resolved, content, path.split('#').next().unwrap_or(path))).into()
        }
        // A file of an offline mirror, which only a machine's configuration explains.
        _ if address.strip_suffix(".tgz").is_some() && !address.contains(['/', ':']) => {
            Locator::Unresolved(resolved.clone()).into()
        }
        _ => {
            let message = format!("`{written}` is no address, expected one of a tarball, repository or file");
            lockfile.problem(text.place(resolved.span), Lost::Detail, message);
            Locator::Unresolved(resolved.clone()).into()
        }
    }
}

fn hashes(block: &Block, text: &Text, lockfile: &mut Lockfile, index: u32) {
    let content = text.content.as_ref();
    if let Some(integrity) = &block.integrity {
        let mut is_odd = integrity.of(content).is_empty();
        for word in npm_spec::hashes(integrity.of(content)) {
            match word {
                Ok(hash) => lockfile.hash(index, part(integrity, content, hash)),
                Err(_) => is_odd = true,
            }
        }
        if is_odd {
            let message = format!("`{}` is no hash, expected one like `sha512-…`", integrity.of(content));
            lockfile.problem(text.place(integrity.span), Lost::Detail, message);
        }
    }
    let is_git = matches!(lockfile.entries.get(index as usize).map(|entry| &entry.locator), Some(Locator::Git { .. }));
    let Some(resolved) = block.resolved.as_ref().filter(|_| !is_git) else { return };
    if let Some((_, fragment)) = resolved.of(content).split_once('#')
        && fragment.len() == 40
        && npm_spec::is_commit(fragment)
    {
        let span = part(resolved, content, fragment).span;
        lockfile.hash(index, Str::made(span, format!("sha1:{fragment}")));
    }
}

/// Divides the lines into blocks.
fn blocks(text: &Text, lockfile: &mut Lockfile) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // What follows a line that begins no block belongs to none.
    let mut is_lost = false;
    for line in lines::of(&text.content) {
        let trimmed = line.text.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let indent = line.indent();
        if indent > 0 && is_lost {
            continue;
        }
        let understood = match (indent, blocks.last_mut()) {
            (0, _) => key(&line, trimmed).map(|block| blocks.push(block)),
            (2, Some(block)) => field(&line, trimmed, block),
            (indent, Some(block)) if indent >= 4 => requirement(&line, trimmed, block),
            _ => None,
        };
        if indent == 0 {
            is_lost = understood.is_none();
        }
        if understood.is_none() {
            let lost = if indent == 0 { Lost::Entry } else { Lost::Detail };
            lockfile.stated += usize::from(indent == 0);
            let message = format!("`{trimmed}` is nothing that yarn 1 writes");
            lockfile.problems.push(Problem::new(text.place(line.span_of(trimmed)), lost, message));
        }
    }
    blocks
}

/// `a@^1, "b@npm:c@1":`
fn key(line: &Line<'_>, trimmed: &str) -> Option<Block> {
    let mut rest = trimmed.strip_suffix(':')?;
    let key = line.span_of(rest);
    let mut descriptors = Vec::new();
    loop {
        let (descriptor, after) = word(line, rest, &[','])?;
        descriptors.push(descriptor);
        let after = after.trim_start();
        match after.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if after.is_empty() => return Some(Block { key, descriptors, ..Block::default() }),
            None => return None,
        }
    }
}

/// `version "1.0.0"` or `dependencies:`.
fn field(line: &Line<'_>, trimmed: &str, block: &mut Block) -> Option<()> {
    block.section = Section::None;
    let (name, rest) = field_name(trimmed)?;
    if rest.is_empty() {
        block.section = match name {
            "dependencies" | "devDependencies" => Section::Dependencies,
            "optionalDependencies" => Section::Optional,
            silent if SILENT_FIELDS.contains(&silent) => Section::Ignored,
            _ => return None,
        };
        return Some(());
    }
    let (value, after) = word(line, rest, &[])?;
    let slot = match name {
        "version" => &mut block.version,
        "resolved" => &mut block.resolved,
        "integrity" => {
            // Several hashes stand unquoted in one line.
            let whole = rest.trim();
            block.integrity = Some(if after.trim().is_empty() { value } else { Str::at(line.span_of(whole)) });
            return Some(());
        }
        "name" => &mut block.name,
        silent if SILENT_FIELDS.contains(&silent) => return Some(()),
        _ => return None,
    };
    if slot.is_some() || !after.trim().is_empty() {
        return None;
    }
    *slot = Some(value);
    Some(())
}

/// The name of a field, in quotes as npm writes it or without, and the value behind a space or a colon; none behind a section's.
fn field_name(trimmed: &str) -> Option<(&str, &str)> {
    let (name, rest) = match trimmed.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => trimmed.split_at_checked(trimmed.find([' ', ':'])?)?,
    };
    let rest = rest.trim_start();
    let behind_colon = rest.strip_prefix(':').map(str::trim_start);
    // A name alone is nothing.
    if behind_colon.is_none() && rest.is_empty() { None } else { Some((name, behind_colon.unwrap_or(rest))) }
}

/// `"@scope/name" "^1.0.0"` below `dependencies:`.
fn requirement(line: &Line<'_>, trimmed: &str, block: &mut Block) -> Option<()> {
    if block.section == Section::Ignored {
        return Some(());
    }
    let (name, rest) = word(line, trimmed, &[' ', ':'])?;
    let rest = rest.trim_start();
    let (range, after) = word(line, rest.strip_prefix(':').unwrap_or(rest).trim_start(), &[])?;
    let is_optional = match block.section {
        Section::Dependencies => false,
        Section::Optional => true,
        Section::None | Section::Ignored => return None,
    };
    block.requires.push((name, range, is_optional));
    after.trim().is_empty().then_some(())
}

/// The first word of `rest`, quoted or up to one of `ends` (without any: to a space), and what follows it.
fn word<'t>(line: &Line<'t>, rest: &'t str, ends: &[char]) -> Option<(Str, &'t str)> {
    if let Some(inner) = rest.strip_prefix('"') {
        let mut is_escaped = false;
        let end = inner.find(|c: char| {
            let is_end = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        })?;
        let (value, after) = (inner.get(..end)?, inner.get(end + 1..)?);
        if !value.contains('\\') {
            return Some((Str::at(line.span_of(value)), after));
        }
        let meant: String = serde_json::from_str(rest.get(..end + 2)?).ok()?;
        return Some((Str::made(line.span_of(value), meant), after));
    }
    let end = rest.find(|c: char| ends.contains(&c) || (ends.is_empty() && c == ' ')).unwrap_or(rest.len());
    let (value, after) = (rest.get(..end)?.trim_end(), rest.get(end..)?);
    (!value.is_empty()).then(|| (Str::at(line.span_of(value)), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines that begin a block.
    fn counted_entries(content: &str) -> usize {
        content.lines().filter(|line| !line.starts_with([' ', '#', '\t']) && !line.trim().is_empty()).count()
    }

    #[test]
    fn states_what_is_counted() {
        crate::formats::counting::check(&FORMAT, "yarn v1", counted_entries);
    }
}
