//! What changed between a base and its head, for people and as `packman.diff/1`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use crate::judge::of_differences;
use crate::report::aligned;
use crate::report::escape;
use crate::report::json::schema;
use crate::report::plural;
use crate::route::Class;
use crate::rules::{Case, Change, Dependency, Difference, Differences, short};

/// One line for people, as cells without any escapes.
struct Line {
    changes: String,
    package: String,
    versions: String,
    notes: String,
    file: String,
}

/// The lines of one registry, or of one kind of origin.
struct Section<'a> {
    id: &'a str,
    name: &'a str,
    lines: Vec<Line>,
    /// What only moved, by both files.
    moved: BTreeMap<(&'a str, &'a str), Vec<Line>>,
}

fn sections<'a>(case: &Case<'a>, different: &'a Differences<'a>) -> Vec<Section<'a>> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    for one in &different.packages {
        let Some(dependency) = one.either() else { continue };
        let (id, name) = (case.origin_id(dependency.origin), case.origin_name(dependency.origin));
        if sections.last().is_none_or(|last| last.id != id) {
            sections.push(Section { id, name, lines: Vec::new(), moved: BTreeMap::new() });
        }
        let Some(section) = sections.last_mut() else { continue };
        match (&one.base, &one.head, one.changes.as_slice()) {
            (Some(base), Some(head), [Change::Moved]) => {
                section.moved.entry((base.path(), head.path())).or_default().push(line(case, one, dependency));
            }
            _ => section.lines.push(line(case, one, dependency)),
        }
    }
    sections.iter_mut().for_each(Section::fold);
    sections
}

impl Section<'_> {
    fn title(&self) -> String {
        if self.name == self.id { self.id.to_owned() } else { format!("{} ({})", self.name, self.id) }
    }

    /// A file that is renamed is one line, not a thousand.
    fn fold(&mut self) {
        for mut lines in std::mem::take(&mut self.moved).into_values() {
            let count = lines.len();
            let Some(line) = lines.pop() else { continue };
            self.lines.push(match count {
                1 => line,
                _ => Line { package: format!("{count} packages"), versions: String::new(), ..line },
            });
        }
    }
}

fn line(case: &Case<'_>, one: &Difference<'_>, dependency: &Dependency<'_>) -> Line {
    let base = one.base.as_ref();
    let head = one.head.as_ref();
    let turn = |before: Option<String>, now: Option<String>| match (before, now) {
        (Some(before), Some(now)) if before != now => format!("{before} → {now}"),
        (before, now) => now.or(before).unwrap_or_default(),
    };
    let version = |dependency: &Dependency<'_>| short(dependency.version().unwrap_or("-"));
    let mut notes: Vec<String> = Vec::new();
    let is_same_version = base.and_then(Dependency::version) == head.and_then(Dependency::version);
    if is_same_version && one.changes.contains(&Change::Changed) {
        let pin = |one: &Dependency<'_>| one.commit().map_or_else(|| one.location(), short);
        notes.push(turn(base.map(pin), head.map(pin)));
    }
    if one.changes.contains(&Change::Rerouted) {
        notes.push(format!("from {}", turn(base.map(|base| origin(case, base)), head.map(|head| origin(case, head)))));
    }
    notes.extend(one.weakened.iter().map(|word| word.replace('-', " ")));
    let changes: Vec<&str> = one.changes.iter().map(|change| change.id()).collect();
    Line {
        changes: changes.join(", "),
        package: dependency.spoken_name().to_owned(),
        versions: turn(base.map(version), head.map(version)),
        notes: notes.join(", "),
        file: turn(base.map(|base| base.path().to_owned()), head.map(|head| head.path().to_owned())),
    }
}

/// Where it comes from, with its address if no registry tells it.
fn origin(case: &Case<'_>, dependency: &Dependency<'_>) -> String {
    let name = case.origin_name(dependency.origin);
    let location = dependency.location();
    match dependency.origin.class {
        Class::Git | Class::Url | Class::Unknown if !location.is_empty() => format!("{name} {location}"),
        _ => name.to_owned(),
    }
}

/// `2 added, 1 weakened`.
fn summary(different: &Differences<'_>) -> String {
    let mut counts: Vec<String> = Change::ALL
        .iter()
        .map(|change| (different.count(*change), change.id()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, id)| format!("{count} {id}"))
        .collect();
    let beyond = different.beyond.len();
    counts.extend((beyond > 0).then(|| format!("{} weakened", plural(beyond, "setting or file", "settings or files"))));
    let unread = different.unread.len();
    counts.extend((unread > 0).then(|| format!("{} not understood", plural(unread, "place", "places"))));
    match (different.is_nothing, counts.is_empty()) {
        (true, _) => {
            "neither side has a lockfile, so nothing was compared; give the folders or revisions that have them".to_owned()
        }
        (_, true) => "no differences".to_owned(),
        _ => counts.join(", "),
    }
}

/// For a terminal: a block for each registry, a line for each package, and the counts at the end.
pub fn table(case: &Case<'_>, different: &Differences<'_>, out: &mut dyn Write) -> io::Result<()> {
    for section in sections(case, different) {
        writeln!(out, "{}", escape::terminal(&section.title()))?;
        let cells = |line: &Line| {
            [&line.changes, &line.package, &line.versions, &line.file, &line.notes]
                .map(|cell| escape::terminal(cell).into_owned())
        };
        let rows: Vec<[String; 5]> = section.lines.iter().map(cells).collect();
        for line in aligned(&rows, &[]) {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
    }
    for message in &different.beyond {
        writeln!(out, "weakened: {}", escape::terminal(message))?;
    }
    for unread in &different.unread {
        let (path, message) = (escape::terminal(&unread.path), escape::terminal(&unread.message));
        writeln!(out, "not understood: {path} ({}): {message}", unread.side.id())?;
    }
    writeln!(out, "{}", summary(different))
}

/// For documents and comments.
pub fn markdown(case: &Case<'_>, different: &Differences<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "**{}**", escape::markdown(&summary(different)))?;
    for section in sections(case, different) {
        writeln!(
            out,
            "\n### {}\n\n| change | package | version | file | |\n|---|---|---|---|---|",
            escape::markdown(&section.title())
        )?;
        for line in section.lines {
            let code = |text: &str| if text.is_empty() { String::new() } else { escape::code(text) };
            let (changes, notes) = (escape::markdown(&line.changes), escape::markdown(&line.notes));
            writeln!(out, "| {changes} | {} | {} | {} | {notes} |", code(&line.package), code(&line.versions), code(&line.file))?;
        }
    }
    if !different.beyond.is_empty() || !different.unread.is_empty() {
        writeln!(out)?;
    }
    for message in &different.beyond {
        writeln!(out, "- weakened: {}", escape::markdown(message))?;
    }
    for unread in &different.unread {
        let (path, message) = (escape::code(&unread.path), escape::markdown(&unread.message));
        writeln!(out, "- not understood: {path} ({}): {message}", unread.side.id())?;
    }
    Ok(())
}

/// `packman diff --format json`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "packman.diff/1")]
struct DiffDocument<'r> {
    /// Always `packman.diff/1`.
    schema: &'static str,
    /// `pass`: nothing is re-routed or weakened; `fail`: something is; `undecided`: something could not be compared.
    verdict: &'static str,
    /// Whether all was compared.
    complete: bool,
    /// How many packages each kind of change happened to; one package may count in several.
    counts: Counts,
    /// Packages that are not what they were, by registry and name.
    packages: Vec<PackageRow<'r>>,
    /// What is weakened and is no package: settings, and files that are no longer judged.
    beyond: Vec<&'r str>,
    /// What differs and was not understood.
    unread: Vec<UnreadRow<'r>>,
}

#[derive(Serialize, JsonSchema)]
struct Counts {
    added: usize,
    removed: usize,
    upgraded: usize,
    downgraded: usize,
    changed: usize,
    moved: usize,
    re_routed: usize,
    weakened: usize,
}

#[derive(Serialize, JsonSchema)]
struct PackageRow<'r> {
    /// Of `added`, `removed`, `upgraded`, `downgraded`, `changed`, `moved`, `re-routed`, `weakened`; at least one.
    changes: Vec<&'static str>,
    /// What was taken from it: `hash-changed`, `hash-gone`, `hash-weaker`, `hash-of-another-algorithm`, `pin-gone`, `tag-moved`,
    /// `code-at-install`, `second-origin` (it comes from where no version of it came from).
    weakened: Vec<&'static str>,
    /// Package URL type.
    ecosystem: &'static str,
    /// The name as the ecosystem writes it.
    name: &'r str,
    /// What it was; `null` if it was not there.
    base: Option<SideRow<'r>>,
    /// What it is; `null` if it is gone.
    head: Option<SideRow<'r>>,
}

#[derive(Serialize, JsonSchema)]
struct SideRow<'r> {
    /// Package URL with version.
    purl: String,
    /// The exact version; `null` where the file gives none.
    version: Option<&'r str>,
    /// The commit that pins it, if it is a repository's.
    commit: Option<&'r str>,
    /// The file that states it.
    lockfile: &'r str,
    /// Line of the version, else of the name; 1-based.
    line: u32,
    /// Column in UTF-16 units; 1-based.
    column: u32,
    /// The class of its origin.
    class: &'static str,
    /// The registry, if there is one.
    registry: Option<&'r str>,
    /// The address, without user-info and query.
    location: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct UnreadRow<'r> {
    /// `head` or `base`.
    side: &'static str,
    /// Path from the root.
    path: &'r str,
    /// What was found there.
    message: &'r str,
}

/// Writes `packman.diff/1`.
pub fn json(case: &Case<'_>, different: &Differences<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = DiffDocument {
        schema: "packman.diff/1",
        verdict: of_differences(different).id(),
        complete: different.is_complete(),
        counts: Counts {
            added: different.count(Change::Added),
            removed: different.count(Change::Removed),
            upgraded: different.count(Change::Upgraded),
            downgraded: different.count(Change::Downgraded),
            changed: different.count(Change::Changed),
            moved: different.count(Change::Moved),
            re_routed: different.count(Change::Rerouted),
            weakened: different.count(Change::Weakened),
        },
        packages: different.packages.iter().filter_map(|one| package_row(case, one)).collect(),
        beyond: different.beyond.iter().map(String::as_str).collect(),
        unread: different
            .unread
            .iter()
            .map(|one| UnreadRow { side: one.side.id(), path: &one.path, message: &one.message })
            .collect(),
    };
    let mut bytes = Vec::new();
    escape::json(&document, &mut bytes)?;
    bytes.push(b'\n');
    out.write_all(&bytes)
}

fn package_row<'r>(case: &Case<'r>, one: &Difference<'r>) -> Option<PackageRow<'r>> {
    let dependency = *one.either()?;
    Some(PackageRow {
        changes: one.changes.iter().map(|change| change.id()).collect(),
        weakened: one.weakened.clone(),
        ecosystem: dependency.entry.ecosystem.id(),
        name: dependency.name(),
        base: one.base.as_ref().map(|base| side_row(case, base)),
        head: one.head.as_ref().map(|head| side_row(case, head)),
    })
}

fn side_row<'r>(case: &Case<'r>, dependency: &Dependency<'r>) -> SideRow<'r> {
    let (line, column) = dependency.text.lines().position(dependency.place().span.start);
    let location = dependency.location();
    SideRow {
        purl: dependency.purl(),
        version: dependency.version(),
        commit: dependency.commit(),
        lockfile: dependency.path(),
        line,
        column,
        class: dependency.origin.class.id(),
        registry: case.ratings.id(dependency.origin.registry),
        location: (!location.is_empty()).then_some(location),
    }
}

/// The schema of `packman.diff/1`.
#[must_use]
pub fn diff_schema() -> serde_json::Value {
    schema::<DiffDocument<'_>>()
}
