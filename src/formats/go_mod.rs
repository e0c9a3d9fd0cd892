//! `go.mod`: the modules that Go builds with, and `go.sum` beside it, which has their hashes.
//!
//! Specification: the Go Modules Reference and `golang.org/x/mod/modfile`. From `go 1.17` on, `go.mod` lists every module that a build
//! needs. Before, modules that only others require stand in `go.sum` alone: those with a content hash there are entries too, indirect,
//! and anchored at the `go` line, since no line of `go.mod` names them. `go.sum` may keep hashes of versions that were left since, so
//! this errs on the side of too many. Files for `-modfile` (`go.tool.mod`) are read likewise.
//!
//! Registry quirks: nothing names a registry; the module path is the identity and the proxy is the client's (locator silent). `replace`
//! counts for the version that it names, else for all; a replaced module stands under its replacement's path and version, a folder under
//! its own path without a version. `go.work` above, if it uses this module, replaces before `go.mod` does and makes its other
//! modules members. `tool` makes a module direct, and build-only where nothing else imports it. `go` and `toolchain` are no entries.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::go_lines::{self, Replacements, Statement, Sums};
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{Neighbours, folder_of, join, normalise, relative};
use crate::text::{Lost, Problem, Span, Str, Text};

pub(crate) static FORMAT: Format = Format {
    id: "go-mod",
    title: "go.mod",
    kind: Kind::Lock,
    files: &[Claim::Name("go.mod"), Claim::Around("go.", ".mod"), Claim::In(".bingo", ".mod")],
    looks: None,
    shadowed_by: &[],
    read,
};

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let (statements, problems) = go_lines::statements(text);
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { integrity: true, ..Shows::default() };
    lockfile.stated += problems.iter().filter(|problem| problem.lost == Lost::Entry).count();
    lockfile.problems = problems;
    if statements.is_empty() {
        lockfile.problem(text.place(Span::default()), Lost::File, "states nothing, not even a `module`");
    }
    let work = Work::above(text, neighbours);
    let mut module = Module { text, replacements: Replacements::default(), members: HashSet::new(), sums: Sums::default() };
    if let Some(work) = &work {
        module.join(work, neighbours, &mut lockfile);
    }
    read_sums(&mut lockfile, &mut module, neighbours);
    for statement in &statements {
        read_other(&mut lockfile, &mut module, statement);
    }
    let mut required = HashMap::new();
    for statement in statements.iter().filter(|statement| statement.verb == "require") {
        module.require(&mut lockfile, statement, &mut required);
    }
    read_exclusions(&mut lockfile, text, &statements, &required);
    read_tools(&mut lockfile, text, &statements, &required);
    let (language, at) = language_of(text, &statements);
    lockfile.version = language.map(|(major, minor)| format!("go {major}.{minor}"));
    if language.unwrap_or((1, 16)) < (1, 17) {
        module.add_unlisted(&mut lockfile, &required, at);
    }
    Ok(lockfile)
}

/// The version of the language, and where modules anchor that only `go.sum` names.
fn language_of(text: &Text, statements: &[Statement<'_>]) -> (Option<(u32, u32)>, Span) {
    let of =
        |verb: &str| statements.iter().find(|statement| statement.verb == verb).and_then(|statement| statement.words.first());
    let Some(word) = of("go") else { return (None, of("module").map_or_else(Span::default, |word| word.span)) };
    let mut parts = word.of(&text.content).split('.').map(|part| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part.get(..digits).and_then(|digits| digits.parse::<u32>().ok())
    });
    let version = parts.next().flatten().zip(parts.next().flatten());
    (version, word.span)
}

/// The name of the checksum file that belongs to this file.
fn sum_name(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    format!("{}.sum", name.strip_suffix(".mod").unwrap_or(name))
}

fn read_sums<'t>(lockfile: &mut Lockfile, module: &mut Module<'t>, neighbours: &Neighbours<'t>) {
    let name = sum_name(&module.text.path);
    for path in [join(neighbours.folder(), &name), join(neighbours.folder(), "vendor/modules.txt")] {
        lockfile.covers.extend(neighbours.find(&path));
    }
    match neighbours.beside(&name) {
        Some(Ok(text)) => module.sums.add(text, &mut lockfile.problems),
        Some(Err(problem)) => lockfile.problems.push(Problem { lost: Lost::Detail, ..problem.clone() }),
        None => {}
    }
}

fn read_other<'t>(lockfile: &mut Lockfile, module: &mut Module<'t>, statement: &'t Statement<'_>) {
    let place = module.text.place(statement.span);
    match statement.verb {
        "module" | "go" | "toolchain" | "godebug" | "require" | "exclude" | "retract" | "tool" | "ignore" => {}
        "replace" => {
            if let Err(message) = module.replacements.add(statement, module.text, false) {
                lockfile.problem(place, Lost::Detail, message);
            }
        }
        other => {
            let message =
                format!("directive `{other}` is not known; expected `require`, `replace`, `exclude` or another of go.mod's");
            lockfile.problem(module.text.place(statement.verb_span), Lost::Detail, message);
        }
    }
}

/// The workspace above, if it uses this module.
struct Work<'t> {
    text: &'t Text,
    statements: Vec<Statement<'t>>,
}

impl<'t> Work<'t> {
    fn above(text: &Text, neighbours: &Neighbours<'t>) -> Option<Self> {
        let found = neighbours.upwards("go.work").into_iter().next()?.ok()?;
        let (statements, _) = go_lines::statements(found);
        let work = Self { text: found, statements };
        let here = folder_of(&text.path);
        let is_used = work.used().any(|folder| folder.as_deref() == Some(here));
        is_used.then_some(work)
    }

    /// The folders that it uses, from the root.
    fn used(&self) -> impl Iterator<Item = Option<String>> {
        let uses = self.statements.iter().filter(|statement| statement.verb == "use");
        uses.filter_map(|statement| Some(normalise(folder_of(&self.text.path), statement.words.first()?.of(&self.text.content))))
    }
}

/// The path that a `go.mod` gives its module; looks no further than needed.
pub(super) fn module_path(content: &str) -> Option<&str> {
    content.lines().map(str::trim).find_map(|line| {
        let rest = line.strip_prefix("module").filter(|rest| rest.starts_with([' ', '\t', '"', '`']))?;
        rest.split("//").next().map(|path| path.trim().trim_matches(['"', '`']))
    })
}

/// One module with what decides about its requirements.
struct Module<'t> {
    text: &'t Text,
    replacements: Replacements<'t>,
    /// Module paths of the other modules of the workspace.
    members: HashSet<&'t str>,
    sums: Sums<'t>,
}

impl<'t> Module<'t> {
    fn join(&mut self, work: &'t Work<'t>, neighbours: &Neighbours<'t>, lockfile: &mut Lockfile) {
        for statement in work.statements.iter().filter(|statement| statement.verb == "replace") {
            // What is broken in it is told where go.work is read.
            let _ = self.replacements.add(statement, work.text, true);
        }
        let texts = work.used().flatten().filter_map(|folder| neighbours.at(&join(&folder, "go.mod"))?.ok());
        self.members.extend(texts.filter(|text| text.id != self.text.id).filter_map(|text| module_path(&text.content)));
        if let Some(Ok(text)) = neighbours.at(&join(folder_of(&work.text.path), "go.work.sum")) {
            self.sums.add(text, &mut lockfile.problems);
        }
    }

    fn require(&self, lockfile: &mut Lockfile, statement: &Statement<'_>, required: &mut HashMap<String, Vec<u32>>) {
        let [path, version] = statement.words.as_slice() else {
            lockfile.stated += 1;
            let place = self.text.place(statement.span);
            return lockfile.problem(place, Lost::Entry, "is no requirement, expected `module version`");
        };
        let content = &self.text.content;
        let entry = self.entry(path, version.of(content), version.span);
        let known = required.entry(path.of(content).to_owned()).or_default();
        let is_same = |index: &&u32| {
            let before = lockfile.entries.get(**index as usize);
            before.is_some_and(|before| value(before.version.as_ref(), content) == value(entry.version.as_ref(), content))
        };
        let before = known.iter().take(2).find(is_same).copied();
        let index = before.unwrap_or_else(|| self.push(lockfile, entry));
        if before.is_some() {
            lockfile.stated += 1;
        } else {
            known.push(index);
        }
        if !statement.is_indirect() {
            lockfile.declare(index, self.text.place(path.span));
        }
    }

    /// The entry of one requirement, after replacements.
    fn entry(&self, path: &Str, version: &str, version_span: Span) -> Entry {
        let content = &self.text.content;
        let name = path.of(content);
        if self.members.contains(name) {
            return Entry::new(Ecosystem::Golang, path.clone(), None, Locator::Workspace);
        }
        let Some(replacement) = self.replacements.find(name, version) else {
            let written = Str::at(version_span);
            let written = if written.of(content) == version { written } else { Str::made(version_span, version) };
            return go_lines::module(path.clone(), written, version);
        };
        let there = &replacement.text.content;
        let here = |str: &Str, at: Span| {
            let stands_here = replacement.text.id == self.text.id;
            if stands_here { str.clone() } else { Str::made(at, str.of(there)) }
        };
        if let Some(new) = replacement.version {
            let mut entry = go_lines::module(here(replacement.new, path.span), here(new, version_span), new.of(there));
            entry.alias = Some(path.clone()).filter(|_| replacement.new.of(there) != name);
            return entry;
        }
        let base = relative(folder_of(&self.text.path), folder_of(&replacement.text.path));
        let at = if base.is_empty() {
            here(replacement.new, path.span)
        } else {
            Str::made(path.span, join(&base, replacement.new.of(there).trim_start_matches("./")))
        };
        Entry::new(Ecosystem::Golang, path.clone(), None, Locator::Path(at))
    }

    /// Adds an entry with its hashes.
    fn push(&self, lockfile: &mut Lockfile, mut entry: Entry) -> u32 {
        entry.direct = Some(false);
        let content = &self.text.content;
        let span = entry.span();
        let hashes: Vec<Str> = self.sums.of(&entry, content).iter().map(|hash| Str::made(span, *hash)).collect();
        let index = lockfile.push(entry);
        for hash in hashes {
            lockfile.hash(index, hash);
        }
        index
    }

    /// Before Go 1.17: modules that only `go.sum` names, with the hash of their content.
    fn add_unlisted(&self, lockfile: &mut Lockfile, required: &HashMap<String, Vec<u32>>, at: Span) {
        let mut unlisted: Vec<(&str, &str)> = self.sums.0.keys().copied().collect();
        unlisted.sort_unstable();
        let listed: HashSet<String> = lockfile.entries.iter().map(|entry| entry.name.of(&self.text.content).to_owned()).collect();
        for (path, version) in unlisted {
            if required.contains_key(path) || listed.contains(path) {
                continue;
            }
            let entry = self.entry(&Str::made(at, path), version, at);
            self.push(lockfile, entry);
        }
    }
}

fn value<'s>(str: Option<&'s Str>, content: &'s str) -> Option<&'s str> {
    str.map(|str| str.of(content))
}

/// A version that is required and excluded is not what Go takes.
fn read_exclusions(lockfile: &mut Lockfile, text: &Text, statements: &[Statement<'_>], required: &HashMap<String, Vec<u32>>) {
    let content = &text.content;
    for statement in statements.iter().filter(|statement| statement.verb == "exclude") {
        let [path, version] = statement.words.as_slice() else {
            lockfile.problem(text.place(statement.span), Lost::Detail, "is no exclusion, expected `module version`");
            continue;
        };
        let is_required = required.get(path.of(content)).into_iter().flatten().any(|index| {
            let entry = lockfile.entries.get(*index as usize);
            entry.is_some_and(|entry| value(entry.version.as_ref(), content) == Some(version.of(content)))
        });
        if is_required {
            let message = format!("`{}` is required in a version that is excluded here; Go takes a later one", path.of(content));
            lockfile.problem(text.place(version.span), Lost::Detail, message);
        }
    }
}

/// A tool is a package of the required module whose path it begins with, the longest one.
fn read_tools(lockfile: &mut Lockfile, text: &Text, statements: &[Statement<'_>], required: &HashMap<String, Vec<u32>>) {
    for word in statements.iter().filter(|statement| statement.verb == "tool").filter_map(|statement| statement.words.first()) {
        let package = word.of(&text.content);
        let prefixes = std::iter::successors(Some(package), |path| path.rsplit_once('/').map(|(above, _)| above));
        let Some(indexes) = prefixes.take(64).find_map(|path| required.get(path)) else { continue };
        for index in indexes {
            if let Some(entry) = lockfile.entries.get_mut(*index as usize).filter(|entry| entry.direct == Some(false)) {
                entry.scopes = Scopes::BUILD;
            }
            lockfile.declare(*index, text.place(word.span));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dumb second count: lines of `require`, and before Go 1.17 modules that only `go.sum` names.
    fn counted_entries(content: &str, beside: &dyn Fn(&str) -> String) -> usize {
        let mut count = 0;
        let mut is_inside = false;
        let mut is_old = true;
        for line in content.lines().map(|line| line.split("//").next().unwrap_or("").trim()) {
            if let Some(version) = line.strip_prefix("go 1.") {
                is_old = version.split('.').next().and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor < 17);
            }
            let is_block = line.ends_with('(');
            let is_require = line.starts_with("require");
            count +=
                usize::from((is_inside && !line.is_empty() && line != ")") || (is_require && !is_block && !line.ends_with(')')));
            is_inside = (is_inside && line != ")") || (is_require && is_block);
        }
        let required = content.lines().filter(|line| !line.contains("=>")).collect::<String>();
        let sums = beside("go.sum");
        let mut unlisted: Vec<&str> = sums.lines().filter(|line| !line.contains("/go.mod ")).collect();
        unlisted.retain(|line| is_old && line.split(' ').next().is_some_and(|path| !required.contains(&format!("{path} v"))));
        count + unlisted.len()
    }

    #[test]
    fn no_entry_is_lost() {
        super::super::counting::check_beside(&FORMAT, "go.mod", &counted_entries);
    }
}
