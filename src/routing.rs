//! What client configuration says about where packages come from, in one shape for every client.
//!
//! Answers for: the words in which clients (and lockfiles that declare registries themselves) tell `route` which address would be
//! asked. Never maps an address to a registry.

use crate::ecosystem::Ecosystem;
use crate::text::{Place, Problem, Span, Str, TextId};

/// How an origin is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KnownBy {
    /// The entry says it.
    Entry,
    /// The lockfile says it once, for many entries.
    File,
    /// A client file that this client really reads from a project.
    Configuration,
    /// The policy says it.
    Policy,
    /// Only the client's built-in default.
    Assumed,
}

impl KnownBy {
    /// The word used in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::File => "file",
            Self::Configuration => "configuration",
            Self::Policy => "policy",
            Self::Assumed => "assumed",
        }
    }
}

/// A value with the text it stands in, since a lockfile and its configuration are different files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address as it means: variables resolved, relative paths joined. User-info may still be in it.
    pub url: String,
    /// Where it stands.
    pub place: Place,
}

/// One place that a client would ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// This registry.
    At(Address),
    /// The client's built-in default.
    Default,
    /// The address that was recorded, as it is.
    Recorded,
    /// A folder of the repository or of the machine; nothing is asked over a network.
    Folder(Address),
    /// Something that the repository's files cannot tell: a variable, a file from outside, a script. With the reason as a fragment.
    Unknown(String, Place),
    /// Whatever this program makes of it.
    Program(Box<Program>),
}

impl Asked {
    /// Where it is named.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::At(address) | Self::Folder(address) => Some(address.place),
            Self::Unknown(_, place) => Some(*place),
            Self::Program(program) => Some(program.place),
            Self::Default | Self::Recorded => None,
        }
    }
}

/// A package whose code runs in the client and may change what is asked. A policy can let it run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Whose package it is.
    pub ecosystem: Ecosystem,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// What it may do, as a fragment.
    pub reason: String,
    /// Where it is asked for.
    pub place: Place,
}

/// When a rule applies. The first rule that applies wins, so clients list the most specific first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// The entry names no registry.
    Silent,
    /// The entry names no registry, and its name matches: `*` stands for any run of characters (`@acme/*`, `Acme.*`, `com.acme:*`).
    SilentFor(String),
    /// The entry names a registry by this name (compared without case).
    Named(String),
    /// The entry records this registry, index or client id (compared as addresses: scheme and host without case, no final slash).
    Index(String),
    /// The entry records a file on this host, which the client replaces (npm's default host), whatever its port and user-info.
    Host(String),
    /// The same, and its name matches: host, then names as in `SilentFor`.
    HostFor(String, String),
    /// The entry records anything.
    Recorded,
}

/// One rule of a client's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// When it applies.
    pub when: When,
    /// What is asked then: one, or several candidates.
    pub ask: Vec<Asked>,
    /// How it is known; `Configuration` for client files, `File` for what the lockfile itself declares.
    pub known_by: KnownBy,
}

/// A setting that protects or endangers, for rules that look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What it does.
    pub effect: Effect,
    /// The setting as the client names it (`strict-ssl`).
    pub key: String,
    /// Where it stands.
    pub place: Place,
}

/// What the key of a setting begins with that lets one package run code when it is installed; its name follows.
pub const BUILDS_OF: &str = "builds of ";

impl Setting {
    /// The package that it is about, where it is not about all.
    #[must_use]
    pub fn package(&self) -> Option<&str> {
        self.key.strip_prefix(BUILDS_OF)
    }
}

/// What a setting does to protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Certificates are not checked, or plain http is allowed.
    TlsOff,
    /// Hashes are not checked.
    IntegrityOff,
    /// Code of dependencies may run when they are installed.
    InstallCodeOn,
    /// Code of dependencies may not run when they are installed.
    InstallCodeOff,
    /// Hashes are demanded.
    IntegrityOn,
    /// Only versions of a certain age are taken, or lost provenance is refused.
    Cautious,
    /// The client runs a program that the repository brings (`yarnPath`, a pnpmfile, Maven extensions).
    RunsProgram,
    /// All traffic goes through a proxy that the repository names.
    Proxy,
}

/// All that the configuration of one client says for one folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routing {
    /// Its rules, the most specific first.
    pub rules: Vec<Rule>,
    /// Settings that protect or endanger.
    pub settings: Vec<Setting>,
    /// Configuration that is there and cannot be understood; each also leaves an `Asked::Unknown` where it could matter.
    pub problems: Vec<Problem>,
    /// The configuration files that were read.
    pub read: Vec<TextId>,
}

impl Routing {
    /// Adds a rule that one configured address answers.
    pub fn rule(&mut self, when: When, ask: Vec<Asked>) {
        self.rules.push(Rule { when, ask, known_by: KnownBy::Configuration });
    }

    /// What is asked if either of two clients may be at work: whatever one of them would ask is a candidate.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        let (mine, theirs) = (self.rules, other.rules);
        let (silent, mut rules): (Vec<Rule>, Vec<Rule>) =
            mine.iter().chain(&theirs).cloned().partition(|rule| rule.when == When::Silent);
        rules.extend(silent);
        self.rules = Vec::new();
        for rule in rules {
            if self.rules.iter().any(|known| known.when == rule.when) {
                continue;
            }
            let asks = [asked(&mine, &rule.when), asked(&theirs, &rule.when)].concat();
            let mut ask: Vec<Asked> = Vec::new();
            for one in asks {
                if !ask.contains(&one) {
                    ask.push(one);
                }
            }
            self.rules.push(Rule { ask, ..rule });
        }
        let settings = other.settings.into_iter().filter(|setting| !self.settings.contains(setting)).collect::<Vec<_>>();
        self.settings.extend(settings);
        let problems = other.problems.into_iter().filter(|problem| !self.problems.contains(problem)).collect::<Vec<_>>();
        self.problems.extend(problems);
        let read = other.read.into_iter().filter(|text| !self.read.contains(text)).collect::<Vec<_>>();
        self.read.extend(read);
        self
    }

    /// Adds a setting.
    pub fn setting(&mut self, effect: Effect, key: &str, place: Place) {
        self.settings.push(Setting { effect, key: key.to_owned(), place });
    }
}

/// What a client with these rules asks. One that does not know a name asks nothing for it.
fn asked(rules: &[Rule], when: &When) -> Vec<Asked> {
    let is_silent = matches!(when, When::Silent | When::SilentFor(_));
    let own = rules.iter().find(|rule| rule.when == *when);
    let own = own.or_else(|| rules.iter().find(|rule| is_silent && rule.when == When::Silent));
    own.map_or_else(|| if is_silent { vec![Asked::Default] } else { Vec::new() }, |rule| rule.ask.clone())
}

impl Address {
    /// An address that stands at `span` of `text`.
    #[must_use]
    pub fn new(url: impl Into<String>, text: TextId, span: Span) -> Self {
        Self { url: url.into(), place: Place { text, span } }
    }

    /// The same from a value of `content`.
    #[must_use]
    pub fn of(value: &Str, content: &str, text: TextId) -> Self {
        Self::new(value.of(content), text, value.span)
    }
}
