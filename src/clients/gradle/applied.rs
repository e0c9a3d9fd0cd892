//! `apply from` of Gradle's scripts.
//!
//! Answers for: which statements apply scripts, and where a script lies that one names by a text, with the names of the build's folders
//! looked up. Never reads one.

use std::collections::BTreeMap;

use super::repositories::Level;
use super::script::{Kind, Statement, Token};
use crate::neighbours::normalise;
use crate::text::{Place, Text};

/// A script that another one applies.
pub(super) struct Applied {
    /// Where it lies; `None` if that cannot be told.
    pub(super) path: Option<Path>,
    /// Where the statement stands.
    pub(super) level: Level,
    pub(super) place: Place,
}

/// A path, and the folder that it is seen from.
pub(super) enum Path {
    /// The build's.
    OfRoot(String),
    /// The project's that applies it.
    OfProject(String),
}

/// Names of the build's folder, and of the project's.
const ROOTS: [&str; 7] = [
    "project.rootDir",
    "rootDir",
    "rootProject.projectDir",
    "rootProject.rootDir",
    "settings.rootDir",
    "settings.settingsDir",
    "settingsDir",
];
const PROJECTS: [&str; 2] = ["project.projectDir", "projectDir"];

/// Words around a path that do not change it.
const DRESSING: [&str; 5] = ["File", "file", "new", "resolve", "uri"];

impl Path {
    /// Where the path may lead: Gradle seeks it from the project's folder, which for an applied script is its applier's.
    pub(super) fn places(&self, root: &str, folders: &[&str]) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let seen_from = match self {
            Self::OfRoot(_) => &[root][..],
            Self::OfProject(_) => folders,
        };
        let (Self::OfRoot(path) | Self::OfProject(path)) = self;
        for path in seen_from.iter().filter_map(|folder| normalise(folder, path)) {
            if !found.contains(&path) {
                found.push(path);
            }
        }
        found
    }
}

/// Whether a statement calls `apply`, perhaps behind a project; `apply` behind anything else is Kotlin's own.
pub(super) fn is_apply(statement: &Statement, text: &Text) -> bool {
    let end = statement.tokens.iter().position(|token| token.kind == Kind::Word && text.slice(token.span) == "apply");
    let receiver = end.and_then(|end| statement.tokens.get(..end));
    let is_project = |token: &Token| match token.kind {
        Kind::Word => matches!(text.slice(token.span), "getProject" | "it" | "project" | "rootProject" | "settings" | "this"),
        Kind::Sign(sign) => matches!(sign, b'.' | b'(' | b')'),
        _ => false,
    };
    receiver.is_some_and(|receiver| receiver.iter().all(is_project)) || has_from(statement, text)
}

/// `apply` with `from:` or `from =`, which only Gradle's has.
fn has_from(statement: &Statement, text: &Text) -> bool {
    let mut words = statement.tokens.iter().map(|token| text.slice(token.span));
    words.any(|word| word == "apply") && named(&statement.tokens, text).is_some()
}

/// The tokens behind `from:`, `from =` or `"from" to`.
fn named<'s>(tokens: &'s [Token], text: &Text) -> Option<&'s [Token]> {
    tokens.iter().enumerate().find_map(|(at, token)| {
        let next = tokens.get(at + 1)?;
        let is_from = matches!(token.kind, Kind::Word | Kind::Text { .. }) && text.slice(token.span) == "from";
        let is_named = matches!(next.kind, Kind::Sign(b':' | b'='))
            || (matches!(token.kind, Kind::Text { .. }) && text.slice(next.span) == "to");
        (is_from && is_named).then(|| tokens.get(at + 2..))?
    })
}

/// What tells where each script lies that a statement applies: `apply from: …`, `apply(from = …)`, `apply { from(…) }`.
pub(super) fn sources(statement: &Statement, text: &Text) -> Vec<Vec<Token>> {
    let own = named(&statement.tokens, text).map(of_argument);
    let of_blocks = statement.inner().filter(|inner| inner.head(text) == "from").map(|inner| {
        let rest = inner.tokens.get(1..).unwrap_or(&[]);
        of_argument(rest)
    });
    own.into_iter().chain(of_blocks).collect()
}

/// The tokens of one argument: up to the comma or the parenthesis that ends it.
fn of_argument(tokens: &[Token]) -> Vec<Token> {
    let mut open = 0_usize;
    let mut argument = Vec::new();
    for token in tokens {
        match token.kind {
            Kind::Sign(b'(' | b'[') => open += 1,
            Kind::Sign(b')' | b']' | b',') if open == 0 => break,
            Kind::Sign(b')' | b']') => open -= 1,
            _ => {}
        }
        argument.push(*token);
    }
    argument
}

/// The path that an argument means: a text, or a text behind the name of a folder (`rootProject.file("…")`, `new File(rootDir, "…")`).
pub(super) fn path(
    source: &[Token],
    text: &Text,
    filled: impl Fn(&str) -> Option<String>,
    values: &BTreeMap<String, String>,
) -> Option<Path> {
    let is_sign = |token: &Token| matches!(token.kind, Kind::Sign(b'(' | b')' | b'.' | b','));
    let (last, before) = {
        let telling: Vec<&Token> = source.iter().filter(|token| !is_sign(token)).collect();
        let (last, before) = telling.split_last()?;
        (**last, before.to_vec())
    };
    let mut folder = Vec::new();
    for token in before {
        match token.kind {
            Kind::Word => folder.push(text.slice(token.span)),
            _ => return None,
        }
    }
    folder.retain(|word| !DRESSING.contains(word));
    let folder = folder.join(".");
    let written = text.slice(last.span);
    let path = match last.kind {
        Kind::Word => Path::OfProject(values.get(written)?.clone()),
        Kind::Text { is_plain } => written_path(written, is_plain, filled)?,
        _ => return None,
    };
    match (folder.as_str(), path) {
        ("" | "project", path) => Some(path),
        (folder, Path::OfProject(path)) if folder == "rootProject" || ROOTS.contains(&folder) => Some(Path::OfRoot(path)),
        (folder, Path::OfProject(path)) if PROJECTS.contains(&folder) => Some(Path::OfProject(path)),
        _ => None,
    }
}

/// A path as it is written, perhaps behind the name of a folder: `$rootDir/…`, `${rootProject.projectDir}/…`.
fn written_path(written: &str, is_plain: bool, filled: impl Fn(&str) -> Option<String>) -> Option<Path> {
    if written.contains('\\') {
        return None;
    }
    if is_plain || !written.contains('$') {
        return Some(Path::OfProject(written.to_owned()));
    }
    let parts = written.strip_prefix('$').and_then(|after| match after.strip_prefix('{') {
        Some(braced) => braced.split_once("}/"),
        None => after.split_once('/'),
    });
    let bare = |name: &'_ str| name.trim_end_matches(".absolutePath").trim_end_matches(".path").to_owned();
    match parts.map(|(name, rest)| (bare(name), rest)) {
        Some((name, rest)) if ROOTS.contains(&name.as_str()) => Some(Path::OfRoot(filled(rest)?)),
        Some((name, rest)) if PROJECTS.contains(&name.as_str()) => Some(Path::OfProject(filled(rest)?)),
        // The name of a folder elsewhere in it has no meaning here.
        _ => {
            let filled = filled(written)?;
            let is_known = !ROOTS.iter().chain(&PROJECTS).any(|name| written.contains(name));
            is_known.then_some(Path::OfProject(filled))
        }
    }
}
