//! Goldens of the format readers: `fixtures/<format>/<case>/` is a small tree, `expected.txt` in it what its files of that format say.
//!
//! Each case is read three times: as it is, with CR LF line ends, and with a byte order mark. `UPDATE=1 cargo test golden` rewrites
//! the goldens; read the difference before you commit it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use packman::dependency::{Locator, Lockfile};
use packman::formats::{self, FORMATS, Format};
use packman::neighbours::Neighbours;
use packman::purl;
use packman::text::{Place, Side, Span, Str, Text, Texts};
use packman::tree::{MapTree, Tree};

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

#[test]
fn golden() {
    let mut stale = Vec::new();
    let mut cases = 0;
    for format in FORMATS {
        let folder = fixtures().join(format.id);
        let Ok(found) = std::fs::read_dir(&folder) else { panic!("{} has no fixtures in {}", format.id, folder.display()) };
        for case in found.map(|case| case.unwrap().path()).filter(|path| path.is_dir()) {
            cases += 1;
            check(format, &case, &mut stale);
        }
    }
    assert!(stale.is_empty(), "goldens differ (UPDATE=1 rewrites them):\n{}", stale.join("\n"));
    assert!(cases > 0 || FORMATS.is_empty());
}

/// What a golden has to say if it does not say what was told; `UPDATE=1` rewrites it.
pub(crate) fn stale(golden: &Path, told: &str) -> Option<String> {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(golden, told).unwrap();
    }
    let is_stale = std::fs::read_to_string(golden).unwrap_or_default() != told;
    is_stale.then(|| format!("{} (UPDATE=1 rewrites it):\n{told}", golden.display()))
}

fn check(format: &'static Format, case: &Path, stale: &mut Vec<String>) {
    let mut tree = MapTree::default();
    collect(case, case, &mut tree.0);
    let found = dump_all(format, &tree);
    let golden = case.join("expected.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&golden, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    if expected != found {
        stale.push(format!("{}:\n{}", golden.display(), difference(&expected, &found)));
    }
    for (twin, change) in [("CR LF", crlf as fn(&[u8]) -> Vec<u8>), ("byte order mark", bom)] {
        let changed = MapTree(tree.0.iter().map(|(path, bytes)| (path.clone(), change(bytes))).collect());
        let found = dump_all(format, &changed);
        if expected != found {
            stale.push(format!("{} with {twin}:\n{}", case.display(), difference(&expected, &found)));
        }
    }
}

pub(crate) fn collect(root: &Path, folder: &Path, into: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, into);
        } else if path.file_name().unwrap() != "expected.txt" {
            let relative = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            into.insert(relative, std::fs::read(&path).unwrap());
        }
    }
}

/// Files that are not UTF-8 without a mark are left as they are.
fn crlf(bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with('\u{feff}') => text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes(),
        _ => bytes.to_vec(),
    }
}

fn bom(bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with('\u{feff}') => [b"\xEF\xBB\xBF", bytes].concat(),
        _ => bytes.to_vec(),
    }
}

fn dump_all(format: &'static Format, tree: &MapTree) -> String {
    let texts = Texts::of(Side::Head, tree.list().unwrap().files);
    let mut out = String::new();
    for (id, path, _) in texts.paths() {
        if !format.claims(path) {
            continue;
        }
        let neighbours = Neighbours::of(path, &texts, tree);
        let lockfile = match texts.read(tree, id) {
            Ok(text) if format.looks.is_some_and(|looks| !looks(&text.content)) => continue,
            Ok(text) => formats::read(format, text, &neighbours),
            Err(problem) => {
                let _ = writeln!(out, "{path}\n  unreadable: {}", problem.message);
                continue;
            }
        };
        dump(&mut out, path, &lockfile, texts.loaded(id).unwrap(), &texts);
    }
    out
}

fn dump(out: &mut String, path: &str, lockfile: &Lockfile, text: &Text, texts: &Texts) {
    let shows = [
        (lockfile.shows.origin, "origin"),
        (lockfile.shows.integrity, "integrity"),
        (lockfile.shows.edges, "edges"),
        (lockfile.shows.scope, "scope"),
        (lockfile.shows.install_code, "install-code"),
    ];
    let shows: Vec<&str> = shows.into_iter().filter(|(shown, _)| *shown).map(|(_, word)| word).collect();
    let version = lockfile.version.as_deref().unwrap_or("-");
    let _ = writeln!(out, "{path}\n  {} {version}, states {}, shows {}", lockfile.kind.id(), lockfile.stated, shows.join(" "));
    let lines = text.lines();
    let spot = |span: Span| {
        let region = lines.region(span);
        format!("{}:{} `{}`", region.line, region.column, text.slice(span).replace('\n', "⏎").replace('\r', ""))
    };
    let elsewhere = |place: Place| {
        let other = texts.loaded(place.text).unwrap();
        let region = other.lines().region(place.span);
        let excerpt = other.slice(place.span).replace('\n', "⏎").replace('\r', "");
        format!("{}:{}:{} `{excerpt}`", other.path, region.line, region.column)
    };
    let name_of = |index: u32| {
        lockfile.entries.get(index as usize).map_or_else(
            || "?".to_owned(),
            |entry| {
                let version = entry.version.as_ref().map(|version| version.of(&text.content));
                purl::of(entry.ecosystem, entry.name.of(&text.content), version)
            },
        )
    };
    for (index, entry) in lockfile.entries.iter().enumerate() {
        let index = u32::try_from(index).unwrap();
        let value = |str: &Str| str.of(&text.content).to_owned();
        let locator = match &entry.locator {
            Locator::Silent => "silent".to_owned(),
            Locator::File(at) => format!("file {}", value(at)),
            Locator::Index(at) => format!("index {}", value(at)),
            Locator::Named(at) => format!("named {}", value(at)),
            Locator::Url(at) => format!("url {}", value(at)),
            Locator::Git { url, commit } => {
                format!("git {} at {}", value(url), commit.as_ref().map_or_else(|| "no commit".to_owned(), value))
            }
            Locator::Path(at) => format!("path {}", value(at)),
            Locator::Workspace => "workspace".to_owned(),
            Locator::Bundled(parent) => format!("bundled in {}", name_of(*parent)),
            Locator::Builtin => "builtin".to_owned(),
            Locator::Unresolved(at) => format!("unresolved {}", value(at)),
            Locator::Missing => "missing".to_owned(),
        };
        let _ = write!(out, "\n  {}\n    {locator}", name_of(index));
        let scopes: Vec<&str> = entry.scopes.ids().collect();
        let _ = write!(out, " · {}", if scopes.is_empty() { "scope unknown".to_owned() } else { scopes.join(" ") });
        let _ = writeln!(
            out,
            " · {}",
            match entry.direct {
                Some(true) => "direct",
                Some(false) => "indirect",
                None => "directness unknown",
            }
        );
        let _ = write!(out, "    {}", spot(entry.span()));
        if let Some(span) = entry.locator_span() {
            let _ = write!(out, "  from {}", spot(span));
        }
        out.push('\n');
        for hash in lockfile.hashes_of(index) {
            let _ = writeln!(out, "    hash {}", value(hash));
        }
        if let Some(span) = entry.runs_code {
            let _ = writeln!(out, "    runs code {}", spot(span));
        }
        if let Some(moving) = &entry.moving {
            let _ = writeln!(out, "    moves with {} {}", value(moving), spot(moving.span));
        }
        if let Some(alias) = &entry.alias {
            let _ = writeln!(out, "    as {}", value(alias));
        }
        if let Some(foreign) = &entry.foreign {
            let _ = writeln!(out, "    another's {}", value(foreign));
        }
        if let Some(place) = lockfile.declared_at(index) {
            let _ = writeln!(out, "    asked for at {}", elsewhere(place));
        }
        for to in lockfile.required_by(index) {
            let _ = writeln!(out, "    requires {}", name_of(to));
        }
    }
    for rule in &lockfile.routing.rules {
        let _ = writeln!(out, "\n  declares {:?} -> {:?}", rule.when, rule.ask.iter().map(asked).collect::<Vec<_>>());
    }
    for covered in &lockfile.covers {
        let _ = writeln!(out, "\n  locks {}", texts.path(*covered));
    }
    for problem in lockfile.problems.iter().chain(&lockfile.routing.problems) {
        let _ = writeln!(out, "\n  problem ({:?} lost) {}\n    {}", problem.lost, elsewhere(problem.place), problem.message);
    }
    out.push('\n');
}

fn asked(asked: &packman::routing::Asked) -> String {
    use packman::routing::Asked;
    match asked {
        Asked::At(address) => address.url.clone(),
        Asked::Folder(address) => format!("folder {}", address.url),
        Asked::Default => "default".to_owned(),
        Asked::Recorded => "recorded".to_owned(),
        Asked::Unknown(reason, _) => format!("unknown: {reason}"),
        Asked::Program(program) => format!("program {}: {}", program.name, program.reason),
    }
}

/// The first lines that differ, so that a failure can be read.
fn difference(expected: &str, found: &str) -> String {
    let mut expected = expected.lines();
    let mut found = found.lines();
    let mut number = 0;
    loop {
        number += 1;
        match (expected.next(), found.next()) {
            (None, None) => return "the same lines; another line end or final newline".to_owned(),
            (a, b) if a == b => {}
            (a, b) => return format!("  line {number}\n  - {}\n  + {}", a.unwrap_or("(end)"), b.unwrap_or("(end)")),
        }
    }
}
