//! `.npmrc`: the configuration file that npm, pnpm, yarn 1, bun and deno share.
//!
//! Answers for: its lines as the `ini` package reads them, layers of several files, and what its registry keys say. Credentials are
//! never kept: keys of one host (`//host/:_authToken`) and `_auth` are dropped while reading. Never decides which files a client
//! reads: clients say so.
//!
//! Specification: docs.npmjs.com, npmrc. A key that stands twice: the last wins. `;` and `#` begin a comment, at the start of a line and
//! within a value. `${VAR}` is the environment's, which no file of the repository tells.

use crate::neighbours::Neighbours;
use crate::routing::{Address, Asked, Effect, Routing, When};
use crate::text::{Lost, Place, Problem, Text};

/// The name of the file.
pub(super) const NAME: &str = ".npmrc";

/// One `key = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The key.
    pub(super) key: String,
    /// What it means; `true` where nothing is written.
    pub(super) value: String,
    /// Where the value stands, or the key where there is none.
    pub(super) place: Place,
}

/// Files on top of each other, the strongest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    layers: Vec<Vec<Line>>,
    /// Something that may say anything which the layers do not: why, and where.
    pub(super) opaque: Option<(String, Place)>,
}

impl Config {
    /// Reads `.npmrc` of this folder. One that cannot be read may say anything.
    pub(super) fn beside(neighbours: &Neighbours<'_>, routing: &mut Routing) -> Self {
        let mut config = Self::default();
        if let Some(found) = neighbours.beside(NAME) {
            config.push(found, routing);
        }
        config
    }

    /// Puts a file below those that are there.
    pub(super) fn push(&mut self, found: Result<&Text, &Problem>, routing: &mut Routing) {
        match found {
            Ok(text) => {
                routing.read.push(text.id);
                self.layers.push(lines(text));
            }
            Err(problem) => {
                routing.problems.push(problem.clone());
                let reason = format!("a configuration file {}", problem.message);
                self.opaque.get_or_insert((reason, problem.place));
            }
        }
    }

    /// Puts lines of another file above those that are there.
    pub(super) fn on_top(&mut self, lines: Vec<Line>) {
        self.layers.insert(0, lines);
    }

    /// Puts all that another configuration has below what is there.
    pub(super) fn below(&mut self, other: &Self) {
        self.layers.extend(other.layers.iter().cloned());
        self.opaque = self.opaque.take().or_else(|| other.opaque.clone());
    }

    /// Follows `userconfig` and `globalconfig`, which name further files below this one.
    pub(super) fn follow(&mut self, keys: &[&str], neighbours: &Neighbours<'_>, routing: &mut Routing) {
        for key in keys {
            let Some(line) = self.get(key).cloned() else { continue };
            match neighbours.include(&line.value) {
                Ok(found) if !has_variable(&line.value) => self.push(found, routing),
                _ => {
                    let message = format!("`{key}` names `{}`, a file that the repository does not have", line.value);
                    routing.problems.push(Problem::new(line.place, Lost::Detail, message.clone()));
                    self.opaque.get_or_insert((message, line.place));
                }
            }
        }
    }

    /// The line that counts for a key.
    pub(super) fn get(&self, key: &str) -> Option<&Line> {
        self.layers.iter().find_map(|layer| layer.iter().rev().find(|line| line.key == key))
    }

    /// Whether a key is set to `true` or to `false`; `None` if it is neither.
    pub(super) fn flag(&self, key: &str) -> Option<(bool, Place)> {
        let line = self.get(key)?;
        let value = match line.value.to_ascii_lowercase().as_str() {
            "true" | "1" => true,
            "false" | "0" | "null" => false,
            _ => return None,
        };
        Some((value, line.place))
    }

    /// Npm scopes with a registry of their own, by name: `@acme` and its line.
    pub(super) fn scopes(&self) -> Vec<(&str, &Line)> {
        let keys = self.layers.iter().flatten().filter_map(|line| scope_of(&line.key));
        let mut scopes: Vec<&str> = keys.collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes.into_iter().filter_map(|scope| self.get(&format!("{scope}:registry")).map(|line| (scope, line))).collect()
    }

    /// What is asked where no scope applies; empty if no file says it.
    pub(super) fn default_registry(&self, routing: &mut Routing) -> Vec<Asked> {
        if let Some(line) = self.get("registry") {
            return vec![asked(line, routing)];
        }
        self.unknown().map(|unknown| vec![unknown, Asked::Default]).unwrap_or_default()
    }

    /// What cannot be told because a file cannot be read.
    pub(super) fn unknown(&self) -> Option<Asked> {
        self.opaque.as_ref().map(|(reason, place)| Asked::Unknown(reason.clone(), *place))
    }

    /// The settings that mean the same to all clients which read them.
    pub(super) fn settings(&self, keys: &[(&str, Effect)], routing: &mut Routing) {
        for (key, effect) in keys {
            let Some(line) = self.get(key) else { continue };
            let flag = self.flag(key).map(|(flag, _)| flag);
            let is_set = match effect {
                Effect::TlsOff => flag == Some(false),
                Effect::Proxy | Effect::RunsProgram => !line.value.is_empty() && flag != Some(false),
                Effect::Cautious => flag != Some(false) && line.value != "0",
                _ => flag == Some(true),
            };
            if is_set {
                routing.setting(*effect, key, line.place);
            }
        }
    }
}

/// The rules of clients that ask configured registries for what records nothing, and recorded addresses as they stand: one for each
/// scope and one for the rest. Several configurations, which count for who starts the client elsewhere, are candidates.
pub(super) fn plain_rules(all: &[Config], routing: &mut Routing) {
    let mut scopes: Vec<&str> = all.iter().flat_map(Config::scopes).map(|(scope, _)| scope).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let mut quiet = Routing::default();
    let defaults: Vec<Vec<Asked>> = all.iter().map(|config| config.default_registry(&mut quiet)).collect();
    let or_default = |asked: &[Asked]| if asked.is_empty() { vec![Asked::Default] } else { asked.to_vec() };
    for scope in scopes {
        let mut ask = Vec::new();
        for (config, default) in all.iter().zip(&defaults) {
            match config.get(&format!("{scope}:registry")) {
                Some(line) => ask.push(asked(line, &mut quiet)),
                None => ask.extend(or_default(default)),
            }
            if has_variable(scope) {
                ask.extend(or_default(default));
            }
            ask.extend(config.unknown());
        }
        routing.rule(When::SilentFor(names_of(scope)), unique(ask));
    }
    if all.iter().zip(&defaults).any(|(config, default)| !default.is_empty() || config.opaque.is_some()) {
        let ask = all.iter().zip(&defaults).flat_map(|(config, default)| or_default(default).into_iter().chain(config.unknown()));
        routing.rule(When::Silent, unique(ask.collect()));
    }
    keep_problems(routing, quiet.problems);
}

/// Adds problems, each once: several configurations share files.
pub(super) fn keep_problems(routing: &mut Routing, problems: Vec<Problem>) {
    for problem in problems {
        if !routing.problems.contains(&problem) {
            routing.problems.push(problem);
        }
    }
}

/// Candidates, each address once.
pub(super) fn unique(ask: Vec<Asked>) -> Vec<Asked> {
    let mut found: Vec<Asked> = Vec::new();
    for asked in ask {
        let same = |other: &Asked| match (other, &asked) {
            (Asked::At(a), Asked::At(b)) => a.url == b.url,
            (a, b) => a == b,
        };
        if !found.iter().any(same) {
            found.push(asked);
        }
    }
    found
}

/// `@acme` of `@acme:registry`.
fn scope_of(key: &str) -> Option<&str> {
    key.strip_suffix(":registry").filter(|scope| scope.starts_with('@'))
}

/// Whether the environment has a say in a value.
pub(super) fn has_variable(value: &str) -> bool {
    value.split_once("${").is_some_and(|(_, rest)| rest.contains('}'))
}

/// What a registry's line asks. A value that only the environment completes, or that is no address, is unknown, and a problem.
pub(super) fn asked(line: &Line, routing: &mut Routing) -> Asked {
    let value = line.value.as_str();
    let reason = if has_variable(value) {
        format!("`{value}` depends on the environment")
    } else if !value.starts_with("http://") && !value.starts_with("https://") {
        format!("`{value}` is no address of a registry")
    } else {
        return Asked::At(Address { url: value.to_owned(), place: line.place });
    };
    routing.problems.push(Problem::new(line.place, Lost::Detail, format!("`{}`: {reason}", line.key)));
    Asked::Unknown(reason, line.place)
}

/// The pattern of names that a scope's line is for; a variable in the scope may mean any.
pub(super) fn names_of(scope: &str) -> String {
    if has_variable(scope) { "@*/*".to_owned() } else { format!("{scope}/*") }
}

/// All lines that are not in a section and hold no credentials.
pub(super) fn lines(text: &Text) -> Vec<Line> {
    let mut found = Vec::new();
    for line in crate::syntax::lines::of(&text.content) {
        let trimmed = line.text.trim();
        if trimmed.is_empty() || trimmed.starts_with([';', '#']) {
            continue;
        }
        if trimmed.starts_with('[') && trimmed.ends_with(']') {
            // What follows belongs to a section, which no client looks at.
            break;
        }
        let (key, written) = trimmed.split_once('=').map_or((trimmed, None), |(key, value)| (key, Some(value.trim())));
        let key = meant(key.trim());
        if key.is_empty() || key.starts_with("//") || key.starts_with('_') || key.contains(":_") {
            continue;
        }
        let span = line.span_of(written.filter(|value| !value.is_empty()).unwrap_or(trimmed));
        let value = written.map_or_else(|| "true".to_owned(), meant);
        found.push(Line { key, value, place: text.place(span) });
    }
    found
}

/// What a key or value means: without quotes, or without comment and escapes.
fn meant(written: &str) -> String {
    let inner = |quote: char| written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(inner) = inner('"') {
        return serde_json::from_str(written).unwrap_or_else(|_| inner.to_owned());
    }
    if let Some(inner) = inner('\'') {
        return inner.to_owned();
    }
    let mut value = String::with_capacity(written.len());
    let mut is_escaped = false;
    for c in written.chars() {
        match c {
            ';' | '#' | '\\' if is_escaped => value.push(c),
            _ if is_escaped => value.extend(['\\', c]),
            ';' | '#' => break,
            '\\' => {}
            _ => value.push(c),
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    if is_escaped {
        value.push('\\');
    }
    value.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Side, TextId};

    fn read(content: &str) -> Vec<(String, String)> {
        let id = TextId { side: Side::Head, index: 0 };
        let (text, _) = Text::decode(id, NAME, content.as_bytes().to_vec());
        lines(&text).into_iter().map(|line| (line.key, line.value)).collect()
    }

    #[test]
    fn lines_as_ini_reads_them() {
        let content = "; comment\n# comment\nregistry = \"https://a.example/\"\r\n@acme:registry='https://b.example'\n\
                       key=value ; rest\nescaped=a\\;b\\x\nbare\nempty=\n//a.example/:_authToken=secret\n_auth=secret\n\
                       //a.example/:_password=x\nregistry=https://c.example/#fragment\n[section]\nregistry=https://d.example\n";
        let expected = [
            ("registry", "https://a.example/"),
            ("@acme:registry", "https://b.example"),
            ("key", "value"),
            ("escaped", "a;b\\x"),
            ("bare", "true"),
            ("empty", ""),
            ("registry", "https://c.example/"),
        ];
        assert_eq!(read(content), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn variables() {
        assert!(has_variable("https://${HOST}/") && has_variable("${A-b}"));
        assert!(!has_variable("https://$HOST/") && !has_variable("}${"));
    }
}
