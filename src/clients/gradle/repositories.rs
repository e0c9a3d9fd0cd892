//! `repositories { … }` of Gradle's scripts.
//!
//! Answers for: what each statement of such a block asks, and for which modules (`content`, `exclusiveContent`); what cannot be read is
//! asked as unknown. `repositories` of `publishing` are where a build uploads to, and are no part of this.

use std::collections::BTreeMap;

use super::script::{Kind, Statement, Token};
use crate::routing::{Address, Asked, Effect, Routing};
use crate::text::Text;

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
}

impl Script<'_> {
    /// Reads the statements of a script.
    pub(super) fn read(&self, statements: &[Statement], level: Level, found: &mut Found, routing: &mut Routing) {
        for statement in statements {
            let head = statement.head(self.text);
            match head {
                "repositories" if statement.tokens.len() == 1 => {
                    for inner in statement.inner() {
                        self.repository(inner, level, found, routing);
                    }
                }
                "repositories" if statement.blocks.is_empty() || is_call(statement) => {
                    let tokens = statement.tokens.get(2..).unwrap_or(&[]).to_vec();
                    self.repository(&Statement { tokens, blocks: statement.blocks.clone() }, level, found, routing);
                }
                "repositoriesMode" => self.mode(statement, found),
                "apply" => self.apply(statement, level, found, routing),
                "publishing" | "uploadArchives" | "distributionManagement" => {}
                _ => {
                    let inner = level_of(head, level);
                    statement.blocks.iter().for_each(|block| self.read(block, inner, found, routing));
                }
            }
        }
    }

    fn mode(&self, statement: &Statement, found: &mut Found) {
        let words: Vec<&str> = statement.words(self.text).collect();
        found.mode = match words.last() {
            Some(&"PREFER_PROJECT") => Mode::PreferProject,
            Some(&("PREFER_SETTINGS" | "FAIL_ON_PROJECT_REPOS")) => Mode::Settings,
            _ => Mode::Unknown,
        };
    }

    /// A script from elsewhere may do anything; one of the repository is read for itself.
    fn apply(&self, statement: &Statement, level: Level, found: &mut Found, routing: &mut Routing) {
        let from_afar = statement.texts().find(|token| self.text.slice(token.span).contains("://"));
        if let Some(token) = from_afar.filter(|_| statement.words(self.text).any(|word| word == "from")) {
            let place = self.text.place(token.span);
            routing.setting(Effect::RunsProgram, "apply from", place);
            let reason = "a script from another place is applied, which may name any repository".to_owned();
            found.repositories.push(plain(level, Asked::Unknown(reason, place)));
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
            _ if known.is_some() && !has_arguments => Asked::At(Address { url: known.unwrap_or("").to_owned(), place }),
            "mavenLocal" if !has_arguments => Asked::Folder(Address { url: "~/.m2/repository".to_owned(), place }),
            "flatDir" => Asked::Folder(Address { url: "flatDir".to_owned(), place }),
            "maven" | "ivy" if is_call(statement) => self.address(statement, routing),
            "exclusiveContent" => return self.exclusive(statement, level, found, routing),
            "if" | "else" => {
                statement.inner().for_each(|inner| self.repository(inner, level, found, routing));
                return;
            }
            "val" | "var" | "def" if statement.blocks.is_empty() => return,
            _ => self.unread(statement),
        };
        let mut repository = plain(level, asked);
        self.content(statement, &mut repository);
        found.repositories.push(repository);
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
        for inner in statement.inner() {
            match inner.head(self.text) {
                "url" | "setUrl" => asked = Some(self.url(inner.tokens.get(1..).unwrap_or(&[]), inner)),
                "isAllowInsecureProtocol" | "allowInsecureProtocol" | "setAllowInsecureProtocol"
                    if inner.words(self.text).any(|word| word == "true") =>
                {
                    routing.setting(Effect::TlsOff, "allowInsecureProtocol", self.text.place(inner.span()));
                }
                "artifactUrls" => asked = Some(self.unread(inner)),
                "if" | "else" | "when" => asked = Some(self.unread(statement)),
                _ => {}
            }
        }
        asked.unwrap_or_else(|| self.unread(statement))
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
        for inner in statement.inner() {
            match inner.head(self.text) {
                "forRepository" | "forRepositories" if !inner.blocks.is_empty() => {
                    inner.inner().for_each(|inner| self.repository(inner, level, &mut inside, routing));
                }
                "filter" => only = self.filters(inner),
                _ => inside.repositories.push(plain(level, self.unread(inner))),
            }
        }
        for mut repository in inside.repositories {
            // A filter that cannot be read leaves it one of several.
            repository.is_exclusive = only.as_ref().is_some_and(|only| !only.is_empty());
            repository.only = only.clone().unwrap_or_default();
            found.repositories.push(repository);
        }
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
            let texts: Option<Vec<String>> = inner.texts().map(|token| self.meant_or_regex(token, head)).collect();
            match (head, texts.as_deref()) {
                ("includeGroup" | "includeGroupByRegex", Some([group])) => patterns.push(format!("{group}:*")),
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
        let written = self.text.slice(token.span);
        let pattern = written.replace("\\\\.", "\u{0}").replace("\\.", "\u{0}").replace(".*", "*").replace(".+", "*");
        // A bare dot fits any character, nearly always a dot.
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '\u{0}' | '*' | '-' | '_' | '.');
        pattern.chars().all(is_plain).then(|| pattern.replace('\u{0}', "."))
    }
}

/// Whether a statement is one call, perhaps with a block, and not part of something longer.
fn is_call(statement: &Statement) -> bool {
    statement.blocks.len() <= 1
}

fn plain(level: Level, asked: Asked) -> Repository {
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
