//! Everything that rules look at: both sides, the policy, how registries stand.
//!
//! Answers for: entries by number, where something stands, what a policy can select by, the parts of a finding's key. Never finds anything.

use jiff::civil::Date;

use super::{Dependency, PolicyChange, protection_lowered};
use crate::assess::Ratings;
use crate::finding::{Finding, Subject};
use crate::lost::Lost;
use crate::policy::{self, Folder, Minimum, Policy};
use crate::route::{Origin, Registry};
use crate::routing::Setting;
use crate::snapshot::{Judged, Snapshot};
use crate::text::{Place, Side, Text, TextId};

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
    pub(super) fn dependencies_of(&self, number: usize) -> impl Iterator<Item = Dependency<'a>> + use<'a> {
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
