//! Rules: one file each, and the table that lists them. The only place where findings are made.
//!
//! Answers for: what is found, and the words for it. Never parses anything and never reads a file.

mod baseline;
mod control_missing;
mod coverage_lost;
mod declaration;
mod difference;
mod exceptions;
mod insecure_origin;
mod integrity_missing;
mod lockfiles;
mod moved;
mod origin_not_allowed;
mod paired;
mod policy_changed;
mod protection_lowered;
mod registry_assumed;
mod registry_mismatch;
mod registry_new;
mod registry_unrated;
mod runs_code_on_install;
mod tier_below_minimum;
mod unknown_registry;
mod unpinned_origin;
mod versions;

pub use baseline::{baseline_key, stale_lines};
pub use declaration::{Declaration, of as declaration_of};
pub use difference::{Change, Difference, Differences, Unread, differences};
pub use policy_changed::PolicyChange;

use jiff::civil::Date;
use rayon::prelude::*;

use crate::assess::Ratings;
use crate::dependency::{Entry, Lockfile};
use crate::ecosystem::Ecosystem;
use crate::finding::{Finding, State, Subject, Words};
use crate::formats;
use crate::lost::Lost;
use crate::policy::{self, Folder, Level, Minimum, Policy};
use crate::purl;
use crate::route::{self, Candidate, Class, Origin, Registry};
use crate::routing::Setting;
use crate::snapshot::{Judged, Snapshot};
use crate::text::{Place, Side, Text, TextId};

/// One rule.
pub struct Rule {
    /// Its id.
    pub id: &'static str,
    /// What it finds, as a short title.
    pub title: &'static str,
    /// What it finds, why that matters and what to do, in Markdown: the rule's page and its help in code scanning.
    pub help: &'static str,
    /// Finds.
    pub check: fn(&Case<'_>, &mut Findings<'_>),
    /// The words for one of its findings.
    pub words: fn(&Case<'_>, &Finding) -> Words,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// All rules, in the order in which they are explained.
pub static RULES: &[&Rule] = &[
    &tier_below_minimum::RULE,
    &control_missing::RULE,
    &unknown_registry::RULE,
    &registry_unrated::RULE,
    &registry_assumed::RULE,
    &registry_mismatch::RULE,
    &origin_not_allowed::RULE,
    &insecure_origin::RULE,
    &unpinned_origin::RULE,
    &integrity_missing::RULE,
    &runs_code_on_install::RULE,
    &lockfiles::MISSING,
    &lockfiles::UNREADABLE,
    &protection_lowered::RULE,
    &coverage_lost::RULE,
    &registry_new::RULE,
    &policy_changed::RULE,
    &exceptions::EXPIRED,
    &exceptions::UNUSED,
];

/// The rule that finds exceptions which nothing needs.
pub const UNUSED: &str = exceptions::UNUSED.id;

/// Whether a rule finds differences from a base, and nothing else.
#[must_use]
pub fn is_comparing(rule: &Rule) -> bool {
    [&protection_lowered::RULE, &coverage_lost::RULE, &registry_new::RULE, &policy_changed::RULE]
        .iter()
        .any(|one| one.id == rule.id)
}

/// Whether what a rule finds in one lockfile may depend on other lockfiles, or on the base.
#[must_use]
pub fn looks_across(rule: &Rule) -> bool {
    rule.id == registry_mismatch::RULE.id || is_comparing(rule)
}

/// The rule with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

/// Everything that rules look at.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The tree under judgement.
    pub head: &'a Snapshot,
    /// What it is compared with, if anything.
    pub base: Option<&'a Snapshot>,
    /// What is asked.
    pub policy: &'a Policy,
    /// How registries stand.
    pub ratings: &'a Ratings<'a>,
    /// The day that expiry is judged by.
    pub today: Date,
    /// Texts from outside the tree (a policy given by hand), by their number.
    pub outside: &'a [Text],
    /// Files that were judged at the base and are no longer.
    pub lost: &'a [Lost],
    /// How the policy changes together with what it judges.
    pub change: Option<&'a PolicyChange>,
    /// The same trees under other policies that have a say.
    pub others: &'a [Other<'a>],
    /// The folder that alone is judged, if it is not the whole tree.
    pub folder: Option<&'a Folder>,
    /// The same trees under policies of single folders, an outer one before those within it.
    pub folders: &'a [Case<'a>],
}

/// Whose policy has a say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// That of the tree under judgement, or one given by hand in its place.
    Own,
    /// That of the base.
    Base,
    /// A floor from outside.
    Floor,
}

impl By {
    /// The word used in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Own => "policy",
            Self::Base => "base",
            Self::Floor => "floor",
        }
    }
}

/// The same trees under another policy.
pub struct Other<'a> {
    /// Whose.
    pub by: By,
    /// What it sees.
    pub case: Case<'a>,
}

/// One judged entry with everything around it.
#[derive(Clone, Copy)]
pub struct Dependency<'a> {
    /// Its lockfile and what was routed.
    pub judged: &'a Judged,
    /// The lockfile's text.
    pub text: &'a Text,
    /// What the lockfile states.
    pub entry: &'a Entry,
    /// Where it comes from.
    pub origin: &'a Origin,
    /// Lockfile and entry by number.
    pub id: (u32, u32),
}

impl<'a> Dependency<'a> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.entry.name.of(&self.text.content)
    }

    /// Its version, if there is one.
    #[must_use]
    pub fn version(&self) -> Option<&'a str> {
        self.entry.version.as_ref().map(|version| version.of(&self.text.content))
    }

    /// The commit that pins it, if it is a repository's.
    #[must_use]
    pub fn commit(&self) -> Option<&'a str> {
        match &self.entry.locator {
            crate::dependency::Locator::Git { commit, .. } => commit.as_ref().map(|commit| commit.of(&self.text.content)),
            _ => None,
        }
    }

    /// Its package URL with version.
    #[must_use]
    pub fn purl(&self) -> String {
        purl::of(self.entry.ecosystem, self.name(), self.version())
    }

    /// Its package URL without version.
    #[must_use]
    pub fn package(&self) -> String {
        purl::of(self.entry.ecosystem, self.name(), None)
    }

    /// The name as people write it: Docker Hub's `library/` is silent.
    #[must_use]
    pub fn spoken_name(&self) -> &'a str {
        let name = self.name();
        match self.entry.ecosystem {
            Ecosystem::Docker => name.strip_prefix("library/").unwrap_or(name),
            _ => name,
        }
    }

    /// Name and version for a sentence: `` `left-pad` 1.3.0 ``. A digest is cut.
    #[must_use]
    pub fn spoken(&self) -> String {
        match self.version() {
            Some(version) if !version.is_empty() => format!("`{}` {}", self.spoken_name(), short(version)),
            _ => format!("`{}`", self.spoken_name()),
        }
    }

    /// The path of its lockfile.
    #[must_use]
    pub fn path(&self) -> &'a str {
        &self.text.path
    }

    /// Where it stands: its version, else its name.
    #[must_use]
    pub fn place(&self) -> Place {
        self.text.place(self.entry.span())
    }

    /// Where its origin stands: the locator, else the configuration that was asked.
    #[must_use]
    pub fn origin_place(&self) -> Option<Place> {
        let locator = self.entry.locator_span().map(|span| self.text.place(span));
        let answered = self.candidate().and_then(|candidate| candidate.place);
        match self.origin.known_by {
            crate::routing::KnownBy::Entry => locator.or(answered),
            _ => answered.or(locator),
        }
    }

    /// The weakest candidate, which is the one that is judged.
    #[must_use]
    pub fn candidate(&self) -> Option<&'a Candidate> {
        let answer = self.judged.routed.answer(self.origin)?;
        let is_same = |candidate: &&Candidate| {
            (candidate.class == self.origin.class || self.origin.class == Class::Bundled)
                && candidate.registry == self.origin.registry
        };
        answer.candidates.iter().find(is_same)
    }

    /// All candidates, of which the weakest is judged.
    #[must_use]
    pub fn candidates(&self) -> &'a [Candidate] {
        self.judged.routed.answer(self.origin).map_or(&[], |answer| &answer.candidates)
    }

    /// Where it comes from, as an address for people; empty if there is none.
    #[must_use]
    pub fn location(&self) -> String {
        let is_own = self.origin.known_by == crate::routing::KnownBy::Entry;
        // Images of one host share an answer, whose address is that of the first.
        if let (true, Ecosystem::Docker, crate::dependency::Locator::Index(host)) =
            (is_own, self.entry.ecosystem, &self.entry.locator)
        {
            let content = &self.text.content;
            let name = formats::image::known_part(self.entry.name.of(content));
            return crate::address::stripped(&format!("https://{}/{name}", host.of(content)));
        }
        match self.written() {
            Some(own) if is_own => crate::address::stripped(own),
            _ => self.candidate().map(|candidate| candidate.location.clone()).unwrap_or_default(),
        }
    }

    /// What the entry itself says of where it comes from.
    fn written(&self) -> Option<&'a str> {
        let entry: &'a Entry = self.entry;
        entry.locator_span().and_then(|_| match &entry.locator {
            crate::dependency::Locator::File(at)
            | crate::dependency::Locator::Url(at)
            | crate::dependency::Locator::Git { url: at, .. }
            | crate::dependency::Locator::Path(at)
            | crate::dependency::Locator::Unresolved(at)
            | crate::dependency::Locator::Index(at) => Some(at.of(&self.text.content)),
            _ => None,
        })
    }

    /// The path from the root of the archive of the tree that it comes from, if it comes from one.
    #[must_use]
    pub fn archive(&self) -> Option<String> {
        if self.origin.class != Class::Path || !self.origin.is_archive {
            return None;
        }
        route::path_from_root(self.path(), self.written()?)
    }

    /// Whether it is a reference that no hash could pin but its own digest or commit.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        matches!(self.entry.ecosystem, Ecosystem::Docker | Ecosystem::GitHubActions)
    }

    /// The lockfile.
    #[must_use]
    pub fn lockfile(&self) -> &'a Lockfile {
        &self.judged.lockfile
    }
}

/// A digest or commit cut to what people compare.
#[must_use]
pub fn short(version: &str) -> String {
    let hex = version.rsplit(':').next().unwrap_or(version);
    let is_hex = hex.len() >= 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (is_hex, version.split_once(':')) {
        (true, Some((algorithm, hex))) => format!("{algorithm}:{}…", hex.get(..12).unwrap_or(hex)),
        (true, None) => format!("{}…", version.get(..12).unwrap_or(version)),
        _ => version.to_owned(),
    }
}

/// Parts of a finding's key.
pub(crate) struct KeyParts {
    pub(crate) registry: String,
    pub(crate) package: String,
    pub(crate) lockfile: String,
    pub(crate) detail: String,
}

impl<'a> Case<'a> {
    /// A tree under judgement, compared with nothing.
    #[must_use]
    pub fn of(head: &'a Snapshot, policy: &'a Policy, ratings: &'a Ratings<'a>, today: Date, outside: &'a [Text]) -> Self {
        Self {
            head,
            base: None,
            policy,
            ratings,
            today,
            outside,
            lost: &[],
            change: None,
            others: &[],
            folder: None,
            folders: &[],
        }
    }

    /// A base as if it were under judgement, by the same policy.
    #[must_use]
    pub fn at(&self, base: &'a Snapshot) -> Self {
        Self { folder: self.folder, ..Self::of(base, self.policy, self.ratings, self.today, self.outside) }
    }

    /// Every judged entry, in order.
    pub fn dependencies(&self) -> impl Iterator<Item = Dependency<'a>> {
        let case = *self;
        (0..case.head.lockfiles.len()).flat_map(move |number| case.dependencies_of(number))
    }

    /// The judged entries of one lockfile, in order.
    fn dependencies_of(&self, number: usize) -> impl Iterator<Item = Dependency<'a>> + use<'a> {
        let Self { head, folder, .. } = *self;
        let is_here =
            |judged: &&Judged| judged.is_judged() && folder.is_none_or(|folder| folder.holds(head.path(judged.lockfile.text)));
        let judged: Option<&'a Judged> = head.lockfiles.get(number).map(AsRef::as_ref).filter(is_here);
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        judged.into_iter().flat_map(move |judged| {
            let text = head.text(judged.lockfile.text);
            judged.lockfile.entries.iter().zip(&judged.routed.origins).enumerate().filter_map(move |(index, (entry, origin))| {
                Some(Dependency { judged, text: text?, entry, origin, id: (number, u32::try_from(index).unwrap_or(u32::MAX)) })
            })
        })
    }

    /// The entry that a finding is about.
    #[must_use]
    pub fn dependency(&self, subject: Subject) -> Option<Dependency<'a>> {
        let Subject::Entry(number, index) = subject else { return None };
        let judged = self.head.judged(number)?;
        let text = self.head.text(judged.lockfile.text)?;
        let entry = judged.lockfile.entries.get(index as usize)?;
        let origin = judged.routed.origins.get(index as usize)?;
        Some(Dependency { judged, text, entry, origin, id: (number, index) })
    }

    /// What the subject of a finding about a difference was at the base.
    #[must_use]
    pub fn was(&self, finding: &Finding) -> Option<Dependency<'a>> {
        let (lockfile, entry) = finding.was?;
        self.at(self.base?).dependency(Subject::Entry(lockfile, entry))
    }

    /// A text of any side that was read.
    #[must_use]
    pub fn text(&self, id: TextId) -> Option<&'a Text> {
        match id.side {
            Side::Head | Side::Base => self.head.text(id).or_else(|| self.base.and_then(|base| base.text(id))),
            Side::Outside => self.outside.iter().find(|text| text.id == id),
        }
    }

    /// The path of a text of any side.
    #[must_use]
    pub fn path(&self, id: TextId) -> &'a str {
        self.text(id).map_or("", |text| &text.path)
    }

    /// The package URL of another entry of a dependency's lockfile.
    #[must_use]
    pub fn purl_of(&self, dependency: &Dependency<'_>, entry: u32) -> String {
        self.dependency(Subject::Entry(dependency.id.0, entry)).map(|other| other.purl()).unwrap_or_default()
    }

    /// What brings a dependency in, the direct one first.
    #[must_use]
    pub fn via(&self, dependency: &Dependency<'_>) -> Vec<String> {
        dependency.judged.paths().via(dependency.id.1).into_iter().map(|entry| self.purl_of(dependency, entry)).collect()
    }

    /// The part of a dependency's address that names its host, where it stands as it is; else its whole origin.
    #[must_use]
    pub fn host_place(&self, dependency: &Dependency<'_>) -> Option<Place> {
        let place = dependency.origin_place()?;
        let written = self.text(place.text)?.slice(place.span);
        let start = written.find("://").map(|at| at + 3)?;
        let rest = written.get(start..)?;
        let length = start + rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let end = place.span.start.saturating_add(u32::try_from(length).ok()?);
        Some(Place { span: crate::text::Span { end: end.min(place.span.end), ..place.span }, ..place })
    }

    /// A lockfile by number.
    #[must_use]
    pub fn judged(&self, number: u32) -> Option<&'a Judged> {
        self.head.judged(number)
    }

    /// What a policy can select a finding's subject by.
    #[must_use]
    pub fn policy_subject(&self, subject: Subject) -> policy::Subject<'a> {
        match (subject, self.dependency(subject)) {
            (_, Some(dependency)) => self.selectable(&dependency),
            (Subject::Lockfile(number), _) => self.file_subject(self.judged(number).map(|judged| judged.lockfile.text)),
            (Subject::Problem(number, index), _) => {
                self.file_subject(self.problem(number, index).map(|problem| problem.place.text))
            }
            (Subject::Setting(number, index), _) => {
                let setting = self.judged(number).and_then(|judged| judged.settings().nth(index as usize));
                self.file_subject(setting.map(|setting| setting.place.text))
            }
            (Subject::Lost(index), _) => policy::Subject {
                path: self.lost.get(index as usize).map_or("", |lost| &lost.path),
                ..policy::Subject::default()
            },
            (Subject::BaseSetting(number, index), _) => policy::Subject {
                path: self.base_setting(number, index).map_or("", |(_, path)| path),
                ..policy::Subject::default()
            },
            _ => policy::Subject::default(),
        }
    }

    fn file_subject(&self, text: Option<TextId>) -> policy::Subject<'a> {
        policy::Subject { path: text.map_or("", |text| self.path(text)), ..policy::Subject::default() }
    }

    /// What a policy can select a dependency by.
    #[must_use]
    pub fn selectable(&self, dependency: &Dependency<'a>) -> policy::Subject<'a> {
        policy::Subject {
            ecosystem: Some(dependency.entry.ecosystem),
            name: dependency.name(),
            version: dependency.version(),
            registry: Some(self.origin_id(dependency.origin)),
            scopes: dependency.entry.scopes,
            path: dependency.path(),
        }
    }

    /// Whether any dependency comes from a registry of the catalogue, directly or by a declared mirror of it.
    #[must_use]
    pub fn uses(&self, id: &str) -> bool {
        let is_it = |registry| matches!(registry, Registry::Record(record) if record.row().id == id);
        self.dependencies().any(|dependency| is_it(self.ratings.original(dependency.origin.registry, dependency.name())))
    }

    /// What the policy asks of a dependency.
    #[must_use]
    pub fn minimum_for(&self, dependency: &Dependency<'a>) -> Option<Minimum<'a>> {
        self.policy.minimum_for(&self.selectable(dependency))
    }

    /// What the policy asks of one dependency after the other: for rules, which look at all of them.
    pub fn minimums(&self) -> impl FnMut(&Dependency<'a>) -> Option<Minimum<'a>> {
        let case = *self;
        let mut asking = self.policy.minimum.asking();
        move |dependency| asking(&case.selectable(dependency))
    }

    /// The id of an origin for keys, tables and rule ids: a registry's, else its class.
    #[must_use]
    pub fn origin_id(&self, origin: &Origin) -> &'a str {
        self.ratings.id(origin.registry).unwrap_or(origin.class.id())
    }

    /// The name of an origin for sentences.
    #[must_use]
    pub fn origin_name(&self, origin: &Origin) -> &'a str {
        self.ratings.name(origin.registry).unwrap_or(origin.class.id())
    }

    pub(crate) fn key_parts(&self, finding: &Finding) -> KeyParts {
        let path = |number: u32| self.judged(number).map_or("-", |judged| self.head.path(judged.lockfile.text)).to_owned();
        let mut parts =
            KeyParts { registry: "-".to_owned(), package: "-".to_owned(), lockfile: "-".to_owned(), detail: String::new() };
        match finding.subject {
            Subject::Entry(number, _) => {
                parts.lockfile = path(number);
                if let Some(dependency) = self.dependency(finding.subject) {
                    self.origin_id(dependency.origin).clone_into(&mut parts.registry);
                    parts.package = dependency.package();
                }
            }
            Subject::Lockfile(number) => parts.lockfile = path(number),
            Subject::Problem(number, index) => {
                parts.lockfile = path(number);
                if let Some(problem) = self.problem(number, index) {
                    parts.detail.clone_from(&problem.message);
                    self.head.path(problem.place.text).clone_into(&mut parts.lockfile);
                }
            }
            Subject::Setting(number, index) => {
                if let Some(setting) = self.judged(number).and_then(|judged| judged.settings().nth(index as usize)) {
                    parts.detail.clone_from(&setting.key);
                    self.head.path(setting.place.text).clone_into(&mut parts.lockfile);
                }
            }
            Subject::Exception(index) => parts.detail = self.exception_name(index),
            Subject::Overlay(index) => {
                let id = self.policy.overlays.get(index as usize).map_or("-", |overlay| &overlay.registry.value);
                id.clone_into(&mut parts.registry);
                "overlay".clone_into(&mut parts.detail);
            }
            Subject::Lost(index) => parts.lockfile = self.lost.get(index as usize).map_or("-", |lost| &lost.path).to_owned(),
            Subject::BaseSetting(number, index) => {
                if let Some((setting, path)) = self.base_setting(number, index) {
                    parts.detail.clone_from(&setting.key);
                    path.clone_into(&mut parts.lockfile);
                }
            }
            Subject::Policy => {}
        }
        match finding.rule.id {
            "protection-lowered" if parts.detail.is_empty() => {
                protection_lowered::what(finding.detail).clone_into(&mut parts.detail);
            }
            // One for each registry, whichever package is the first.
            "registry-new" => "-".clone_into(&mut parts.package),
            _ => {}
        }
        parts
    }

    /// A setting around a lockfile of the base, and the path of its file.
    #[must_use]
    pub fn base_setting(&self, number: u32, index: u32) -> Option<(&'a Setting, &'a str)> {
        let base = self.base?;
        let setting = base.judged(number)?.settings().nth(index as usize)?;
        Some((setting, base.path(setting.place.text)))
    }

    /// An exception for sentences: its rule and what it accepts.
    #[must_use]
    pub fn exception_name(&self, index: u32) -> String {
        let Some(exception) = self.policy.exceptions.all().get(index as usize) else { return String::new() };
        let parts = [&exception.package, &exception.registry, &exception.path];
        let what: Vec<String> = parts.into_iter().flatten().map(|part| format!("`{part}`")).collect();
        format!("from `{}` for {}", exception.rule, what.join(", "))
    }

    /// A problem of a lockfile, its client's configuration coming after its own.
    #[must_use]
    pub fn problem(&self, number: u32, index: u32) -> Option<&'a crate::text::Problem> {
        self.judged(number)?.problems().nth(index as usize)
    }
}

/// What rules have found so far.
pub struct Findings<'a> {
    policy: &'a Policy,
    found: Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// Runs all rules, and marks what exceptions and the baseline accept.
    #[must_use]
    pub fn of(case: &Case<'a>) -> Vec<Finding> {
        let run = |rule: &&Rule| {
            let mut findings = Self { policy: case.policy, found: Vec::new() };
            // What looks across lockfiles looks beyond the folder too.
            let all = Case { folder: None, ..*case };
            (rule.check)(if looks_across(rule) { &all } else { case }, &mut findings);
            if let Some(folder) = case.folder {
                findings.found.retain(|finding| folder.holds(case.policy_subject(finding.subject).path));
            }
            findings.found
        };
        // The rules on exceptions act on what the others found.
        let Some((rules, last)) = RULES.split_last_chunk::<2>() else { return Vec::new() };
        let mut findings = Self { policy: case.policy, found: rules.par_iter().flat_map_iter(run).collect() };
        for rule in last {
            (rule.check)(case, &mut findings);
        }
        baseline::apply(case, &mut findings.found);
        findings.found
    }

    /// Looks at the judged entries of each lockfile by themselves, at several lockfiles at once.
    pub fn in_each_lockfile<'c>(
        &mut self,
        case: &Case<'c>,
        look: impl Fn(&mut dyn Iterator<Item = Dependency<'c>>, &mut Self) + Sync,
    ) {
        let policy = self.policy;
        let lockfiles = (0..case.head.lockfiles.len()).into_par_iter();
        self.found.par_extend(lockfiles.flat_map_iter(|number| {
            let mut findings = Self { policy, found: Vec::new() };
            look(&mut case.dependencies_of(number), &mut findings);
            findings.found
        }));
    }

    /// Whether a look at something finds nothing. What it finds is not kept.
    pub fn none_of(&self, look: impl FnOnce(&mut Self)) -> bool {
        let mut aside = Self { policy: self.policy, found: Vec::new() };
        look(&mut aside);
        aside.found.is_empty()
    }

    /// Whether anything found under a level key is reported at all.
    #[must_use]
    pub fn wants(&self, key: &str) -> bool {
        self.policy.level(key).value != Level::Allow
    }

    /// Adds a finding at the level that the policy gives the rule.
    pub fn add(&mut self, rule: &'static Rule, subject: Subject, asked: Option<Place>, detail: u32) {
        self.add_at(rule, rule.id, subject, asked, detail);
    }

    /// Adds a finding at the level of a part of the rule.
    pub fn add_at(&mut self, rule: &'static Rule, key: &str, subject: Subject, asked: Option<Place>, detail: u32) {
        self.push(key, Finding { rule, level: Level::Allow, state: State::New, subject, asked, detail, was: None, under: None });
    }

    /// Adds a finding about an entry that was another one at the base.
    pub fn add_difference(&mut self, rule: &'static Rule, subject: Subject, was: Option<(u32, u32)>, detail: u32) {
        let finding = Finding { rule, level: Level::Allow, state: State::New, subject, asked: None, detail, was, under: None };
        self.push(rule.id, finding);
    }

    fn push(&mut self, key: &str, finding: Finding) {
        let level = self.policy.level(key);
        if level.value != Level::Allow {
            self.found.push(Finding { level: level.value, asked: finding.asked.or(level.place), ..finding });
        }
    }

    /// What was found so far, for the rules on exceptions, which come last.
    pub fn found_mut(&mut self) -> &mut Vec<Finding> {
        &mut self.found
    }
}

/// Whether the tier and control rules look at an origin.
#[must_use]
pub fn has_judged_registry(origin: &Origin) -> bool {
    match origin.class {
        Class::Registry | Class::Unrated | Class::Declared => true,
        Class::Bundled => origin.registry != Registry::None,
        _ => false,
    }
}

/// Words about an entry: anchored on its version, with its origin and where the repository asks for it.
#[must_use]
pub(crate) fn entry_words<'a>(case: &Case<'a>, finding: &Finding) -> Option<(Words, Dependency<'a>)> {
    let dependency = case.dependency(finding.subject)?;
    let mut words = Words { primary: Some(dependency.place()), ..Words::default() };
    if let Some(place) = dependency.origin_place().filter(|place| Some(*place) != words.primary) {
        words.also.push(("origin", place));
    }
    if let Some(place) = dependency.judged.lockfile.declared_at(dependency.id.1) {
        words.also.push(("asked-for", place));
    }
    Some((words, dependency))
}
