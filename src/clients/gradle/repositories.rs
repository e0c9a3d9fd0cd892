//! `repositories { … }` of Gradle's scripts.
//!
//! Answers for: what each statement of such a block asks, and for which modules (`content`, `exclusiveContent`), behind whatever
//! receiver the block stands (`project.repositories`); what cannot be read is asked as unknown. `repositories` of `publishing` are
//! where a build uploads to, and are no part of this.

use std::collections::BTreeMap;

use super::applied::{self, Applied};
use super::script::{Kind, Statement, Token};
use crate::routing::{Address, Asked, Effect, Routing};
use crate::text::{Span, Text};

/// Where a block stands, which says whom it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// The script's own project.
    Project,
    /// `allprojects`, and whatever else may be any project.
    All,
    /// `subprojects`.
    Below,
    /// `buildscript`.
    Buildscript,
    /// `pluginManagement`.
    Plugins,
    /// `dependencyResolutionManagement`.
    Settings,
    /// What Gradle asks where nothing says anything.
    Builtin,
}

/// One repository.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    pub(super) level: Level,
    pub(super) asked: Asked,
    /// Patterns of the modules that it alone or only it serves; empty for all.
    pub(super) only: Vec<String>,
    /// Whether no other repository serves those.
    pub(super) is_exclusive: bool,
    /// Whether it serves snapshots only.
    pub(super) only_snapshots: bool,
}

/// What a script knows about texts.
pub(super) struct Script<'t> {
    pub(super) text: &'t Text,
    /// Texts by the names that they are given in the script, and properties of the build.
    pub(super) values: BTreeMap<String, String>,
}

/// `repositoriesMode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// A project's own repositories end those of the settings.
    #[default]
    PreferProject,
    /// Only those of the settings count.
    Settings,
    /// Something that cannot be read.
    Unknown,
}

/// Everything that the scripts of a build say.
#[derive(Default)]
pub(super) struct Found {
    pub(super) repositories: Vec<Repository>,
    pub(super) mode: Mode,
    /// Scripts of the repository that are applied.
    pub(super) applied: Vec<Applied>,
    /// Repositories that a script gives names to, by their numbers.
    pub(super) named: BTreeMap<String, usize>,
}

impl Script<'_> {
    /// Reads the statements of a script.
    pub(super) fn read(&self, statements: &[Statement], level: Level, found: &mut Found, routing: &mut Routing) {
        for statement in statements {
            let head = statement.head(self.text);
            let is_upload = |token: &Token| token.kind == Kind::Word && self.text.slice(token.span) == UPLOADING;
            if UPLOADS.contains(&head) || matches!(head, "import" | "package") || statement.tokens.iter().any(is_upload) {
                continue;
            }
            if let Some((at, after)) = self.handler(statement) {
                self.behind(statement, at, after, level, found, routing);
                continue;
            }
            if applied::is_apply(statement, self.text) {
                self.apply(statement, level, found, routing);
            }
            if head == "repositoriesMode" {
                self.mode(statement, found);
                continue;
            }
            let inner = self.level_inside(&statement.tokens, level);
            statement.blocks.iter().for_each(|block| self.read(block, inner, found, routing));
        }
    }

    /// Where a statement names a project's repositories outside of parentheses, behind whatever receiver, and where that name ends.
    fn handler(&self, statement: &Statement) -> Option<(usize, usize)> {
        let mut open = 0_usize;
        let mut before: Option<&Token> = None;
        let is_with = statement.head(self.text) == "with" && statement.blocks.len() == 1;
        for (at, token) in statement.tokens.iter().enumerate() {
            match token.kind {
                Kind::Sign(b'(' | b'[') => open += 1,
                Kind::Sign(b')' | b']') => open = open.saturating_sub(1),
                Kind::Word if open == 0 || is_with => {
                    // A name behind another one is declared (`val repositories`), unless that is `else`.
                    let is_named = before.is_none_or(|before| match before.kind {
                        Kind::Sign(_) => true,
                        Kind::Word => self.text.slice(before.span) == "else",
                        _ => false,
                    });
                    let signs = |from: usize| statement.tokens.get(from).map(|token| token.kind);
                    let is_got = signs(at + 1) == Some(Kind::Sign(b'(')) && signs(at + 2) == Some(Kind::Sign(b')'));
                    match self.text.slice(token.span) {
                        "repositories" | "getRepositories" if open > 0 => return Some((at, statement.tokens.len())),
                        // A package of Gradle's own classes.
                        "repositories" if self.is_package(statement.tokens.get(..at)) => {}
                        "repositories" if is_named => return Some((at, at + 1)),
                        "getRepositories" if is_named && is_got => return Some((at, at + 3)),
                        _ => {}
                    }
                }
                _ => {}
            }
            before = Some(token);
        }
        None
    }

    fn is_package(&self, before: Option<&[Token]>) -> bool {
        matches!(before, Some([.., name, _]) if self.text.slice(name.span) == "artifacts")
    }

    /// What a statement does with the repositories that it names: a block of them, or one call.
    fn behind(&self, statement: &Statement, at: usize, after: usize, level: Level, found: &mut Found, routing: &mut Routing) {
        let receiver = statement.tokens.get(..at).unwrap_or(&[]);
        let is_upload = |token: &Token| token.kind == Kind::Word && UPLOADS.contains(&self.text.slice(token.span));
        if receiver.iter().any(is_upload) {
            return;
        }
        let level = if self.is_own(receiver) { level } else { self.level_inside(receiver, level) };
        let rest = statement.tokens.get(after..).unwrap_or(&[]);
        let is_kept = receiver.iter().any(|token| token.kind == Kind::Sign(b'='));
        if rest.is_empty() && is_kept {
            // They have another name from here on.
            found.repositories.push(plain(level, self.unread(statement)));
        } else if rest.is_empty() {
            statement.inner().for_each(|inner| self.repository(inner, level, found, routing));
        } else if statement.blocks.is_empty() || is_call(statement) {
            let tokens = rest.get(1..).unwrap_or(&[]).to_vec();
            self.repository(&Statement { tokens, blocks: statement.blocks.clone() }, level, found, routing);
        } else {
            found.repositories.push(plain(level, self.unread(statement)));
        }
    }

    /// Whether a receiver is the project that the script is about, whatever it calls it.
    fn is_own(&self, receiver: &[Token]) -> bool {
        receiver.iter().all(|token| match token.kind {
            Kind::Word => matches!(self.text.slice(token.span), "project" | "this" | "it"),
            Kind::Sign(sign) => sign == b'.',
            _ => false,
        })
    }

    /// Whom a block behind these words serves: the first one says it, or one outside of parentheses (`settings.pluginManagement`).
    fn level_inside(&self, tokens: &[Token], level: Level) -> Level {
        let mut open = 0_usize;
        for (at, token) in tokens.iter().enumerate() {
            match token.kind {
                Kind::Sign(b'(' | b'[') => open += 1,
                Kind::Sign(b')' | b']') => open = open.saturating_sub(1),
                Kind::Word if open == 0 => {
                    let said = level_of(self.text.slice(token.span), level);
                    let is_said = matches!(said, Level::Buildscript | Level::Plugins | Level::Settings);
                    if is_said || (at == 0 && said == Level::Below) {
                        return said;
                    }
                }
                _ => {}
            }
        }
        level_of("", level)
    }

    fn mode(&self, statement: &Statement, found: &mut Found) {
        let words: Vec<&str> = statement.words(self.text).collect();
        found.mode = match words.last() {
            Some(&"PREFER_PROJECT") => Mode::PreferProject,
            Some(&("PREFER_SETTINGS" | "FAIL_ON_PROJECT_REPOS")) => Mode::Settings,
            _ => Mode::Unknown,
        };
    }

    /// A script from elsewhere may do anything; one of the repository is read as well, for whom it is applied to.
    fn apply(&self, statement: &Statement, level: Level, found: &mut Found, routing: &mut Routing) {
        for source in applied::sources(statement, self.text) {
            if let Some(token) = source.iter().find(|token| self.text.slice(token.span).contains("://")) {
                let place = self.text.place(token.span);
                routing.setting(Effect::RunsProgram, "apply from", place);
                let reason = "a script from another place is applied, which may name any repository".to_owned();
                found.repositories.push(plain(level, Asked::Unknown(reason, place)));
                continue;
            }
            let span = source.first().zip(source.last()).map_or(statement.span(), |(first, last)| Span {
                start: first.span.start,
                end: last.span.end.max(first.span.start),
            });
            let path = applied::path(&source, self.text, |written| self.filled(written), &self.values);
            found.applied.push(Applied { path, level, place: self.text.place(span) });
        }
    }

    /// One statement of a `repositories` block.
    fn repository(&self, statement: &Statement, level: Level, found: &mut Found, routing: &mut Routing) {
        let head = statement.head(self.text);
        let has_arguments = statement.tokens.iter().skip(1).any(|token| !matches!(token.kind, Kind::Sign(b'(' | b')')));
        let known = match head {
            "mavenCentral" => Some("https://repo.maven.apache.org/maven2/"),
            "google" => Some("https://dl.google.com/dl/android/maven2/"),
            "gradlePluginPortal" => Some("https://plugins.gradle.org/m2/"),
            "jcenter" => Some("https://jcenter.bintray.com/"),
            _ => None,
        };
        let place = self.text.place(statement.span());
        let asked = match head {
            _ if known.is_some() && !has_arguments => {
                let url = known.unwrap_or("").to_owned();
                self.built_in(statement, Asked::At(Address { url, place }), routing)
            }
            "mavenLocal" if !has_arguments => {
                let folder = Asked::Folder(Address { url: "~/.m2/repository".to_owned(), place });
                self.built_in(statement, folder, routing)
            }
            "flatDir" => Asked::Folder(Address { url: "flatDir".to_owned(), place }),
            "maven" | "ivy" if is_call(statement) => self.address(statement, routing),
            "exclusiveContent" => return self.exclusive(statement, level, found, routing),
            "if" | "else" => {
                statement.inner().for_each(|inner| self.repository(inner, level, found, routing));
                return;
            }
            "val" | "var" | "def" => match self.declared(statement) {
                Some((name, inner)) => {
                    let number = found.repositories.len();
                    self.repository(&inner, level, found, routing);
                    found.named.insert(name, number);
                    return;
                }
                None if statement.blocks.is_empty() => return,
                None => self.unread(statement),
            },
            _ => self.unread(statement),
        };
        let mut repository = plain(level, asked);
        self.content(statement, &mut repository);
        found.repositories.push(repository);
    }

    /// `val NAME = maven("…")`: a repository as any other, with a name. Other values add none.
    fn declared(&self, statement: &Statement) -> Option<(String, Statement)> {
        let equals = statement.tokens.iter().position(|token| token.kind == Kind::Sign(b'='))?;
        let name = statement.tokens.get(1).filter(|name| name.kind == Kind::Word)?;
        let inner = Statement { tokens: statement.tokens.get(equals + 1..)?.to_vec(), blocks: statement.blocks.clone() };
        let is_one = CALLS.contains(&inner.head(self.text));
        is_one.then(|| (self.text.slice(name.span).to_owned(), inner))
    }

    fn unread(&self, statement: &Statement) -> Asked {
        let shown: String = self.text.slice(statement.span()).chars().take(60).collect();
        let shown = shown.split(['\n', '\r']).next().unwrap_or("");
        Asked::Unknown(
            format!("`{shown}` in a `repositories` block cannot be read without running it"),
            self.text.place(statement.span()),
        )
    }

    /// `maven("…")`, or `url` in its block.
    fn address(&self, statement: &Statement, routing: &mut Routing) -> Asked {
        let arguments = statement.tokens.get(1..).unwrap_or(&[]);
        let has_arguments = arguments.iter().any(|token| !matches!(token.kind, Kind::Sign(b'(' | b')')));
        let mut asked = has_arguments.then(|| self.url(arguments, statement));
        self.settle(statement, &mut asked, false, routing);
        asked.unwrap_or_else(|| self.unread(statement))
    }

    /// `mavenCentral { … }` and the like: what its block may say moves it as it would any other.
    fn built_in(&self, statement: &Statement, usual: Asked, routing: &mut Routing) -> Asked {
        let mut asked = Some(usual);
        self.settle(statement, &mut asked, true, routing);
        asked.unwrap_or_else(|| self.unread(statement))
    }

    /// What the block of a repository says about its address. Where it has one without saying so, all that is not known to leave it alone
    /// may move it.
    fn settle(&self, statement: &Statement, asked: &mut Option<Asked>, is_built_in: bool, routing: &mut Routing) {
        let mut beside = None;
        for inner in statement.inner() {
            match inner.head(self.text) {
                "url" | "setUrl" => *asked = Some(self.url(inner.tokens.get(1..).unwrap_or(&[]), inner)),
                "isAllowInsecureProtocol" | "allowInsecureProtocol" | "setAllowInsecureProtocol"
                    if inner.words(self.text).any(|word| word == "true") =>
                {
                    routing.setting(Effect::TlsOff, "allowInsecureProtocol", self.text.place(inner.span()));
                }
                "artifactUrls" | "setArtifactUrls" => {
                    // No `url` behind it takes these back.
                    beside = Some(self.unread(inner));
                }
                "if" | "else" | "when" => *asked = Some(self.unread(statement)),
                head if LEAVES_ADDRESS.contains(&head) => {}
                _ if is_parameter(inner) => {}
                "val" | "var" | "def" if inner.blocks.is_empty() && !self.may_move(inner) => {}
                _ if is_built_in || self.may_move(inner) => *asked = Some(self.unread(inner)),
                _ => {}
            }
        }
        if beside.is_some() {
            *asked = beside;
        }
    }

    /// Whether a statement that is not understood speaks of an address.
    fn may_move(&self, statement: &Statement) -> bool {
        let names = |token: &Token| {
            token.kind == Kind::Word
                && matches!(self.text.slice(token.span), "url" | "setUrl" | "artifactUrls" | "setArtifactUrls")
        };
        statement.tokens.iter().any(names) || statement.inner().any(|inner| self.may_move(inner))
    }

    /// One text, or one name of a text, perhaps made a URI of.
    fn url(&self, tokens: &[Token], statement: &Statement) -> Asked {
        let is_dressing = |token: &&Token| match token.kind {
            Kind::Sign(sign) => matches!(sign, b'=' | b'(' | b')' | b'.' | b','),
            Kind::Word => {
                matches!(
                    self.text.slice(token.span),
                    "uri" | "URI" | "create" | "new" | "java" | "net" | "toURI" | "url" | "name"
                )
            }
            _ => false,
        };
        let telling: Vec<&Token> = tokens.iter().filter(|token| !is_dressing(token)).collect();
        let value = match telling.as_slice() {
            [only] if only.kind == Kind::Word => self.values.get(self.text.slice(only.span)).cloned(),
            [only] => self.meant(only),
            _ => None,
        };
        let span = telling.first().map_or(statement.span(), |token| token.span);
        let place = self.text.place(span);
        match value {
            Some(url) if url.starts_with("file:") || !url.contains("://") => Asked::Folder(Address { url, place }),
            Some(url) => Asked::At(Address { url, place }),
            None => self.unread(statement),
        }
    }

    /// What a text means, with `$name` and `${name}` looked up.
    fn meant(&self, token: &Token) -> Option<String> {
        let written = self.text.slice(token.span);
        if token.kind == (Kind::Text { is_plain: true }) || !written.contains('$') {
            return (!written.contains('\\')).then(|| written.to_owned());
        }
        self.filled(written)
    }

    /// A text with `$name` and `${name}` looked up.
    fn filled(&self, written: &str) -> Option<String> {
        let mut meant = String::new();
        let mut rest = written;
        while let Some((before, after)) = rest.split_once('$') {
            meant.push_str(before);
            let (name, behind) = match after.strip_prefix('{') {
                Some(braced) => braced.split_once('}')?,
                None => after.split_at_checked(after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len()))?,
            };
            meant.push_str(self.values.get(name)?);
            rest = behind;
        }
        meant.push_str(rest);
        (!meant.contains('\\')).then_some(meant)
    }

    /// `exclusiveContent { forRepository { … } filter { … } }`.
    fn exclusive(&self, statement: &Statement, level: Level, found: &mut Found, routing: &mut Routing) {
        let mut inside = Found::default();
        let mut only = Some(Vec::new());
        let mut named = Vec::new();
        for inner in statement.inner() {
            match inner.head(self.text) {
                "forRepository" | "forRepositories" if let Some(numbers) = self.meant_by_name(inner, found) => {
                    named.extend(numbers);
                }
                "forRepository" | "forRepositories" if !inner.blocks.is_empty() => {
                    inner.inner().for_each(|inner| self.repository(inner, level, &mut inside, routing));
                }
                "filter" => only = self.filters(inner),
                _ => inside.repositories.push(plain(level, self.unread(inner))),
            }
        }
        // A filter that cannot be read leaves it one of several.
        let narrow = |repository: &mut Repository| {
            repository.is_exclusive = only.as_ref().is_some_and(|only| !only.is_empty());
            repository.only = only.clone().unwrap_or_default();
        };
        for number in named {
            found.repositories.get_mut(number).into_iter().for_each(narrow);
        }
        inside.repositories.iter_mut().for_each(narrow);
        found.repositories.append(&mut inside.repositories);
    }

    /// The repositories that `forRepositories(a, b)` and `forRepository { a }` mean by names that the script gave them.
    fn meant_by_name(&self, statement: &Statement, found: &Found) -> Option<Vec<usize>> {
        let words = |tokens: &[Token]| -> Option<Vec<usize>> {
            let words = tokens.iter().filter(|token| !matches!(token.kind, Kind::Sign(b'(' | b')' | b',')));
            words.map(|word| found.named.get(self.text.slice(word.span)).copied()).collect()
        };
        let inner = statement.inner().map(|inner| words(&inner.tokens).filter(|_| inner.blocks.is_empty()));
        let numbers: Vec<usize> = inner.chain([words(statement.tokens.get(1..)?)]).collect::<Option<Vec<_>>>()?.concat();
        (!numbers.is_empty()).then_some(numbers)
    }

    /// `content { … }` and `mavenContent { … }`.
    fn content(&self, statement: &Statement, repository: &mut Repository) {
        for inner in statement.inner() {
            if matches!(inner.head(self.text), "content" | "mavenContent") {
                repository.only_snapshots |= inner.inner().any(|filter| filter.head(self.text) == "snapshotsOnly");
                repository.only = self.filters(inner).unwrap_or_default();
            }
        }
    }

    /// Patterns of the modules that a filter lets in; `None` if one cannot be read. What it keeps out makes no candidate surer.
    fn filters(&self, filter: &Statement) -> Option<Vec<String>> {
        let mut patterns = Vec::new();
        for inner in filter.inner() {
            let head = inner.head(self.text);
            if head == "includeGroupByRegex" {
                let mut texts = inner.texts();
                let groups = texts.next().filter(|_| texts.next().is_none()).and_then(|token| self.groups(token));
                patterns.extend(groups?.into_iter().map(|group| format!("{group}:*")));
                continue;
            }
            let texts: Option<Vec<String>> = inner.texts().map(|token| self.meant_or_regex(token, head)).collect();
            match (head, texts.as_deref()) {
                ("includeGroup", Some([group])) => patterns.push(format!("{group}:*")),
                ("includeGroupAndSubgroups", Some([group])) => patterns.extend([format!("{group}:*"), format!("{group}.*:*")]),
                ("includeModule" | "includeModuleByRegex", Some([group, artifact]))
                | ("includeVersion" | "includeVersionByRegex", Some([group, artifact, _])) => {
                    patterns.push(format!("{group}:{artifact}"));
                }
                (head, _) if head.starts_with("exclude") || matches!(head, "releasesOnly" | "snapshotsOnly") => {}
                _ => return None,
            }
        }
        Some(patterns)
    }

    fn meant_or_regex(&self, token: &Token, head: &str) -> Option<String> {
        if !head.ends_with("ByRegex") {
            return self.meant(token).filter(|meant| !meant.contains('*'));
        }
        plain_pattern(self.text.slice(token.span))
    }

    /// Patterns of the groups that an expression fits: alternatives, at its top or in parentheses, one by one.
    fn groups(&self, token: &Token) -> Option<Vec<String>> {
        let mut ahead = vec![self.text.slice(token.span).to_owned()];
        let mut patterns = Vec::new();
        while let Some(written) = ahead.pop() {
            let found = alternatives(&written)?;
            match found.as_slice() {
                [] => patterns.push(plain_pattern(&written)?),
                _ if patterns.len() + ahead.len() + found.len() > ALTERNATIVES_MAX => return None,
                _ => ahead.extend(found.into_iter().rev()),
            }
        }
        Some(patterns)
    }
}

/// The named limit on the alternatives of one expression.
const ALTERNATIVES_MAX: usize = 64;

/// An expression that has neither alternatives nor parentheses, as a pattern.
fn plain_pattern(written: &str) -> Option<String> {
    let pattern = written.replace("\\\\.", "\u{0}").replace("\\.", "\u{0}").replace(".*", "*").replace(".+", "*");
    // A bare dot fits any character, nearly always a dot.
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '\u{0}' | '*' | '-' | '_' | '.');
    pattern.chars().all(is_plain).then(|| pattern.replace('\u{0}', "."))
}

/// What an expression with alternatives stands for, one step: those at its top, else those of its first parentheses, which may be left
/// out if `?` stands behind them. Empty if it has none; `None` if it cannot be read.
fn alternatives(written: &str) -> Option<Vec<String>> {
    let at_top = divided(written)?;
    if at_top.len() > 1 {
        return Some(at_top.into_iter().map(str::to_owned).collect());
    }
    let Some((before, behind)) = written.split_once('(') else { return Some(Vec::new()) };
    let mut open = 1_usize;
    let end = behind.char_indices().find_map(|(at, c)| {
        match c {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        (open == 0).then_some(at)
    })?;
    let (inner, rest) = (behind.get(..end)?, behind.get(end + 1..)?);
    let inner = inner.strip_prefix("?:").unwrap_or(inner);
    let (is_optional, rest) = rest.strip_prefix('?').map_or((false, rest), |rest| (true, rest));
    if before.ends_with('\\') || inner.starts_with('?') || rest.starts_with(['*', '+', '{']) {
        return None;
    }
    let mut found: Vec<String> = divided(inner)?.into_iter().map(|inner| format!("{before}{inner}{rest}")).collect();
    if is_optional {
        found.push(format!("{before}{rest}"));
    }
    Some(found)
}

/// The parts between `|` outside of parentheses; `None` if parentheses do not fit.
fn divided(written: &str) -> Option<Vec<&str>> {
    let (mut open, mut from) = (0_usize, 0);
    let mut parts = Vec::new();
    for (at, c) in written.char_indices() {
        match c {
            '(' => open += 1,
            ')' => open = open.checked_sub(1)?,
            '|' if open == 0 => {
                parts.push(written.get(from..at)?);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(written.get(from..)?);
    (open == 0).then_some(parts)
}

/// Calls that add one repository.
const CALLS: [&str; 8] = ["flatDir", "google", "gradlePluginPortal", "ivy", "jcenter", "maven", "mavenCentral", "mavenLocal"];

/// What `configure<…> { … }` and the like name where they say the same as `publishing`.
const UPLOADING: &str = "PublishingExtension";

/// Blocks that say where a build uploads to.
const UPLOADS: [&str; 4] = ["distributionManagement", "nexusPublishing", "publishing", "uploadArchives"];

/// What the block of a repository may say that leaves its address as it is.
const LEAVES_ADDRESS: [&str; 17] = [
    "allowInsecureProtocol",
    "authentication",
    "content",
    "credentials",
    "isAllowInsecureProtocol",
    "ivyPattern",
    "layout",
    "logger",
    "mavenContent",
    "metadataSources",
    "name",
    "patternLayout",
    "print",
    "println",
    "setAllowInsecureProtocol",
    "setName",
    "withCredentials",
];

/// Whether a statement is only the parameter of its block: `repository ->`.
fn is_parameter(statement: &Statement) -> bool {
    let kinds = statement.tokens.iter().map(|token| token.kind).collect::<Vec<_>>();
    statement.blocks.is_empty() && kinds == [Kind::Word, Kind::Sign(b'-'), Kind::Sign(b'>')]
}

/// Whether a statement is one call, perhaps with a block, and not part of something longer.
fn is_call(statement: &Statement) -> bool {
    statement.blocks.len() <= 1
}

/// A repository for all modules.
pub(super) fn plain(level: Level, asked: Asked) -> Repository {
    Repository { level, asked, only: Vec::new(), is_exclusive: false, only_snapshots: false }
}

/// Whom a block inside of this one serves.
fn level_of(head: &str, level: Level) -> Level {
    match head {
        "buildscript" | "initscript" => Level::Buildscript,
        "pluginManagement" => Level::Plugins,
        "dependencyResolutionManagement" => Level::Settings,
        "subprojects" => Level::Below,
        _ if level == Level::Project => Level::All,
        _ => level,
    }
}

/// Texts that a script gives names to: `val x = "…"`, `def x = '…'`, `ext.x = "…"`.
pub(super) fn values(statements: &[Statement], text: &Text) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut ambiguous = Vec::new();
    let mut ahead: Vec<&Statement> = statements.iter().collect();
    while let Some(statement) = ahead.pop() {
        ahead.extend(statement.inner());
        let [before @ .., name, equals, value] = statement.tokens.as_slice() else { continue };
        let is_plain = matches!(value.kind, Kind::Text { .. }) && !text.slice(value.span).contains(['$', '\\']);
        if before.len() > 3 || name.kind != Kind::Word || equals.kind != Kind::Sign(b'=') {
            continue;
        }
        let name = text.slice(name.span).to_owned();
        // A name with two values, or one that is computed, has none.
        if !is_plain || values.insert(name.clone(), text.slice(value.span).to_owned()).is_some() {
            ambiguous.push(name);
        }
    }
    for name in ambiguous {
        values.remove(&name);
    }
    values
}
