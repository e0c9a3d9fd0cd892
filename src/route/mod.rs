//! Locator, routing, catalogue and policy into origins. The only code that maps an address to a registry.
//!
//! Answers for: the address that the client would ask, the class and registry behind it, all candidates where there are several (judged
//! as the weakest), how it is known, and why it is unknown. Never makes a finding.

mod compare;
mod origin;

use std::collections::BTreeMap;

pub use compare::path_from_root;
use compare::{bare_scheme, host_part, insecure, insecure_git, is_archive, is_below, is_web, relative, same_index};
use foldhash::{HashMap, HashMapExt};
pub use origin::{Answer, Candidate, Class, Insecure, Origin, Registry};

use crate::address::{self, Address};
use crate::assess::Ratings;
use crate::catalogue::rating::Statuses;
use crate::catalogue::{self, RegistryId};
use crate::dependency::{Entry, Locator, Lockfile};
use crate::ecosystem::Ecosystem;
use crate::formats::image;
use crate::neighbours::Neighbours;
use crate::pattern;
use crate::policy::{Overlay, PackageLines};
use crate::purl;
use crate::routing::{Asked, KnownBy, Routing, Rule, When};
use crate::shape::{self, Shape};
use crate::text::{Place, Text};

/// A registry that the policy declares.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its id in the policy.
    pub id: String,
    /// The one ecosystem that it serves.
    pub ecosystem: Ecosystem,
    /// Addresses below which it serves.
    pub urls: Vec<String>,
    /// The public registry that it mirrors.
    pub mirror_of: Option<RegistryId>,
    /// Patterns of internal packages served beside the mirror.
    pub own: PackageLines,
    /// What the policy says of its own controls; `None` if it says nothing.
    pub statuses: Option<Statuses>,
}

impl Declared {
    /// Whether a package is its own: all are, unless it is a mirror.
    #[must_use]
    pub fn owns(&self, name: &str) -> bool {
        self.mirror_of.is_none() || self.own.first(self.ecosystem, name, None).is_some()
    }
}

/// What the policy says about origins.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    /// Declared registries.
    pub registries: Vec<Declared>,
    /// What serves an ecosystem where no file says anything.
    pub defaults: BTreeMap<Ecosystem, Registry>,
    /// Values of build arguments.
    pub build_args: BTreeMap<String, String>,
    /// Packages whose code may run.
    pub may_run_code: PackageLines,
    /// The policy's word on records, as far as it holds on the day.
    pub overlays: Vec<(RegistryId, Overlay)>,
}

/// Origins of one lockfile's entries, in their order.
#[derive(Debug, Default)]
pub struct Routed {
    /// One for each entry.
    pub origins: Vec<Origin>,
    /// What origins refer to by number.
    pub answers: Vec<Answer>,
}

impl Routed {
    /// What was asked for an origin, and why.
    #[must_use]
    pub fn answer(&self, origin: &Origin) -> Option<&Answer> {
        self.answers.get(origin.answer as usize)
    }
}

/// Joins locators with routing, catalogue and policy.
pub struct Router<'a> {
    ratings: &'a Ratings<'a>,
    declarations: &'a Declarations,
}

impl<'a> Router<'a> {
    /// A router for one catalogue and policy.
    #[must_use]
    pub fn new(ratings: &'a Ratings<'a>) -> Self {
        Self { ratings, declarations: ratings.declarations() }
    }

    /// The origins of all entries of a lockfile.
    #[must_use]
    pub fn route(&self, lockfile: &Lockfile, text: &Text, client: &Routing, around: &Neighbours<'_>) -> Routed {
        let mut one = One {
            router: self,
            lockfile,
            text,
            client,
            around,
            answers: Vec::new(),
            known: HashMap::new(),
            hosts: HashMap::new(),
            last: None,
        };
        let origins = lockfile.entries.iter().map(|entry| one.entry(entry)).collect();
        let mut routed = Routed { origins, answers: one.answers };
        inherit_bundled(lockfile, &mut routed);
        routed
    }

    /// What an address of an ecosystem is.
    fn address(&self, ecosystem: Ecosystem, written: &str, place: Option<Place>, known_by: KnownBy) -> Candidate {
        let mut candidate = Candidate::unknown(address::stripped(written), place, known_by);
        if let Some(id) = catalogue::find_client_id(ecosystem, written) {
            return self.record(id, candidate);
        }
        let bare = bare_scheme(ecosystem, written);
        let address = match address::read(bare) {
            Ok(address) => address,
            Err(odd) => {
                candidate.reason = odd.to_owned();
                return candidate;
            }
        };
        candidate.insecure = insecure(&address);
        if let Some(index) = self.declared(ecosystem, &address) {
            candidate.registry = Registry::Declared(index);
            candidate.class = Class::Declared;
            return candidate;
        }
        if address.has_user {
            candidate.reason = "has user-info before its host".to_owned();
        } else if !is_web(&address) {
            candidate.reason = format!("has the scheme `{}`, by which no registry serves", address.scheme);
        } else if address.port.is_some() {
            candidate.reason = format!("`{}` is in no record and not declared", address.origin());
        } else if let Some(id) = catalogue::find_host(ecosystem, &address.host, address.path) {
            return self.record(id, candidate);
        } else {
            candidate.reason = format!("`{}` is in no record and not declared", address.host);
        }
        candidate
    }

    fn record(&self, id: RegistryId, mut candidate: Candidate) -> Candidate {
        candidate.registry = Registry::Record(id);
        candidate.class = if self.ratings.is_rated(id) { Class::Registry } else { Class::Unrated };
        candidate
    }

    fn declared(&self, ecosystem: Ecosystem, address: &Address<'_>) -> Option<u16> {
        let serves = |declared: &Declared| {
            declared.ecosystem == ecosystem && declared.urls.iter().any(|url| is_below(address, url, ecosystem))
        };
        self.declarations.registries.iter().position(serves).and_then(|index| u16::try_from(index).ok())
    }

    /// Whether the path of an address on this host may decide which registry it is.
    fn path_decides(&self, ecosystem: Ecosystem, address: &Address<'_>) -> bool {
        let is_declared = |declared: &Declared| declared.urls.iter().any(|url| url.contains(address.host.as_ref()));
        catalogue::path_decides(ecosystem, &address.host) || self.declarations.registries.iter().any(is_declared)
    }

    /// How strong a candidate is; the weakest of several is judged.
    fn strength(&self, candidate: &Candidate) -> (u8, u8, (usize, usize, usize, usize)) {
        let rank = match candidate.class {
            Class::Unknown => 0,
            Class::Url | Class::Git => 1,
            Class::Unrated => 2,
            // Beside a registry a folder changes nothing: what is not in it is asked there.
            Class::Path => 4,
            _ => 3,
        };
        let (tier, controls) = self.ratings.strength(candidate.registry);
        (rank, tier, controls)
    }
}

/// Work on one lockfile.
struct One<'r> {
    router: &'r Router<'r>,
    lockfile: &'r Lockfile,
    text: &'r Text,
    client: &'r Routing,
    around: &'r Neighbours<'r>,
    answers: Vec<Answer>,
    known: HashMap<AnswerKey, u32>,
    hosts: HashMap<(Ecosystem, String), u32>,
    last: Option<((Ecosystem, String), u32)>,
}

/// What makes two entries that record nothing have the same answer.
#[derive(PartialEq, Eq, Hash)]
enum AnswerKey {
    Rule(Ecosystem, bool, usize),
    Default(Ecosystem),
}

impl One<'_> {
    fn entry(&mut self, entry: &Entry) -> Origin {
        let mut origin = self.located(entry);
        origin.is_mismatch |= entry.foreign.is_some();
        origin
    }

    fn located(&mut self, entry: &Entry) -> Origin {
        let content = &self.text.content;
        match &entry.locator {
            Locator::Silent => self.silent(entry),
            Locator::Named(name) => self.named(entry, name.of(content), self.text.place(name.span)),
            Locator::File(at) => {
                let written = at.of(content);
                self.file(entry, written, self.text.place(at.span))
            }
            Locator::Index(at) => {
                let written = at.of(content);
                self.index(entry, written, self.text.place(at.span))
            }
            Locator::Url(at) => {
                let place = self.text.place(at.span);
                self.url(entry, at.of(content), place)
            }
            Locator::Git { url, .. } => {
                let place = self.text.place(url.span);
                self.outside(Class::Git, url.of(content), place)
            }
            Locator::Path(at) => self.path(at.of(content), self.text.place(at.span)),
            Locator::Workspace => Origin::plain(Class::Workspace),
            Locator::Bundled(_) => Origin::plain(Class::Bundled),
            Locator::Builtin => Origin::plain(Class::Builtin),
            Locator::Unresolved(at) => {
                let written = at.of(content).to_owned();
                self.unresolved(entry, &written, self.text.place(at.span))
            }
            Locator::Missing => {
                let place = self.text.place(entry.span());
                self.unknown("names no origin, which entries of this format always do".to_owned(), String::new(), place)
            }
        }
    }

    fn silent(&mut self, entry: &Entry) -> Origin {
        let written = entry.name.of(&self.text.content);
        // NuGet's ids have no case, and its client's patterns come in lower case.
        let lower = (entry.ecosystem == Ecosystem::NuGet).then(|| written.to_lowercase());
        let name = lower.as_deref().unwrap_or(written);
        let applies = |rule: &&Rule| match &rule.when {
            When::Silent => true,
            When::SilentFor(pattern) => pattern::matches(pattern, name),
            _ => false,
        };
        self.by_rule(entry.ecosystem, &applies).unwrap_or_else(|| self.by_default(entry.ecosystem))
    }

    fn named(&mut self, entry: &Entry, name: &str, place: Place) -> Origin {
        let applies = |rule: &&Rule| matches!(&rule.when, When::Named(named) if named.eq_ignore_ascii_case(name));
        match self.by_rule(entry.ecosystem, &applies) {
            Some(origin) => origin,
            None => self.unknown(format!("`{name}` names a registry that no configuration defines"), name.to_owned(), place),
        }
    }

    fn index(&mut self, entry: &Entry, written: &str, place: Place) -> Origin {
        let applies = |rule: &&Rule| match &rule.when {
            When::Index(index) => same_index(index, written),
            When::Recorded => true,
            _ => false,
        };
        if let Some(origin) = self.replaced(entry, &applies, written, place) {
            return origin;
        }
        if entry.ecosystem == Ecosystem::Docker {
            let name = image::known_part(entry.name.of(&self.text.content));
            return self.recorded(entry.ecosystem, &format!("https://{written}/{name}"), place);
        }
        self.recorded(entry.ecosystem, written, place)
    }

    fn file(&mut self, entry: &Entry, written: &str, place: Place) -> Origin {
        let host = address::read(written).ok().filter(is_web).map(|address| address.host.into_owned()).unwrap_or_default();
        let name = entry.name.of(&self.text.content);
        let applies = |rule: &&Rule| match &rule.when {
            When::Host(from) => !host.is_empty() && *from == host,
            When::HostFor(from, names) => !host.is_empty() && *from == host && pattern::matches(names, name),
            When::Recorded => true,
            _ => false,
        };
        let shape = self.shape(entry, written);
        if let Some(mut origin) = self.replaced(entry, &applies, written, place) {
            // A registry that stands in for the recorded one is asked for the recorded path.
            origin.is_mismatch = shape == Shape::AnotherPackage;
            return origin;
        }
        let mut origin = self.recorded(entry.ecosystem, written, place);
        // Files of npm's registries have no other shapes; elsewhere an index may name any address.
        let is_bare = entry.ecosystem == Ecosystem::Npm && shape == Shape::Other;
        if is_bare && matches!(origin.class, Class::Registry | Class::Unknown) && !self.is_odd(&origin) {
            return self.outside(Class::Url, written, place);
        }
        origin.is_mismatch = shape == Shape::AnotherPackage;
        origin
    }

    /// An address that the entry itself asks for. A wheel's name binds wherever it lies, any other only where a registry serves it.
    fn url(&mut self, entry: &Entry, written: &str, place: Place) -> Origin {
        let mut origin = self.outside(Class::Url, written, place);
        if entry.ecosystem == Ecosystem::PyPi && self.shape(entry, written) == Shape::AnotherPackage {
            let is_served = || self.router.address(entry.ecosystem, written, None, KnownBy::Entry).registry != Registry::None;
            let is_wheel = written.split(['?', '#']).next().is_some_and(|path| path.to_ascii_lowercase().ends_with(".whl"));
            origin.is_mismatch = is_wheel || is_served();
        }
        origin
    }

    /// Whose file an address is.
    fn shape(&self, entry: &Entry, written: &str) -> Shape {
        let version = entry.version.as_ref().map_or("", |version| version.of(&self.text.content));
        shape::of(entry.ecosystem, written, entry.name.of(&self.text.content), version)
    }

    /// Whether an address was not understood at all, which stays unknown whatever it looks like.
    fn is_odd(&self, origin: &Origin) -> bool {
        let answer = self.answers.get(origin.answer as usize);
        answer.is_some_and(|answer| {
            answer.candidates.iter().any(|candidate| !candidate.reason.is_empty() && !candidate.is_plain_host())
        })
    }

    /// The origin after a client's replacement of recorded addresses, if one applies.
    fn replaced(&mut self, entry: &Entry, applies: &dyn Fn(&&Rule) -> bool, written: &str, place: Place) -> Option<Origin> {
        let rule = self.client.rules.iter().find(applies)?;
        if rule.ask.contains(&Asked::Recorded) {
            let candidates = self.candidates(entry.ecosystem, rule, Some((written, place)));
            let answer = self.keep(Answer { candidates, place: Some(place) });
            return Some(self.weakest(answer));
        }
        self.by_rule(entry.ecosystem, applies)
    }

    /// The origin that the first rule that applies gives: the lockfile's own rules first, then the client's.
    fn by_rule(&mut self, ecosystem: Ecosystem, applies: &dyn Fn(&&Rule) -> bool) -> Option<Origin> {
        let own = self.lockfile.routing.rules.iter().enumerate().find(|(_, rule)| applies(rule));
        let (is_own, (index, rule)) = match own {
            Some(found) => (true, found),
            None => (false, self.client.rules.iter().enumerate().find(|(_, rule)| applies(rule))?),
        };
        let key = AnswerKey::Rule(ecosystem, is_own, index);
        if let Some(answer) = self.known.get(&key) {
            return Some(self.weakest(*answer));
        }
        let candidates = self.candidates(ecosystem, rule, None);
        let place = candidates.iter().find_map(|candidate| candidate.place);
        let answer = self.keep(Answer { candidates, place });
        self.known.insert(key, answer);
        Some(self.weakest(answer))
    }

    fn candidates(&self, ecosystem: Ecosystem, rule: &Rule, recorded: Option<(&str, Place)>) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for asked in &rule.ask {
            match asked {
                Asked::At(address) => candidates.push(self.configured(ecosystem, &address.url, address.place, rule.known_by)),
                Asked::Default => candidates.push(self.default(ecosystem)),
                Asked::Recorded => candidates.extend(
                    recorded.map(|(written, place)| self.router.address(ecosystem, written, Some(place), KnownBy::Entry)),
                ),
                Asked::Folder(address) => {
                    candidates.push(Candidate::folder(address.url.clone(), Some(address.place), rule.known_by));
                }
                Asked::Program(program) => {
                    let version = program.version.as_deref();
                    let lines = &self.router.declarations.may_run_code;
                    if lines.first(program.ecosystem, &program.name, version).is_none() {
                        candidates.push(Candidate {
                            reason: program.reason.clone(),
                            program: Some(purl::of(program.ecosystem, &program.name, None)),
                            ..Candidate::unknown(String::new(), Some(program.place), rule.known_by)
                        });
                    }
                }
                Asked::Unknown(reason, place) => {
                    let mut candidate = Candidate::unknown(String::new(), Some(*place), rule.known_by);
                    candidate.reason.clone_from(reason);
                    candidates.push(candidate);
                }
            }
        }
        candidates
    }

    /// A configured address; what the lockfile itself declares may be replaced by the client (Bundler's mirrors).
    fn configured(&self, ecosystem: Ecosystem, url: &str, place: Place, known_by: KnownBy) -> Candidate {
        let replacement = (known_by == KnownBy::File)
            .then(|| self.client.rules.iter().find(|rule| matches!(&rule.when, When::Index(index) if same_index(index, url))))
            .flatten();
        match replacement.and_then(|rule| rule.ask.first()) {
            Some(Asked::At(address)) => self.router.address(ecosystem, &address.url, Some(address.place), KnownBy::Configuration),
            _ => self.router.address(ecosystem, url, Some(place), known_by),
        }
    }

    /// What the client asks where nothing says anything.
    fn default(&self, ecosystem: Ecosystem) -> Candidate {
        let settled = self.router.declarations.defaults.get(&ecosystem);
        if let Some(registry) = settled {
            let candidate = Candidate::unknown(String::new(), None, KnownBy::Policy);
            return match registry {
                Registry::Record(id) => self.router.record(*id, candidate),
                other => Candidate { registry: *other, class: Class::Declared, ..candidate },
            };
        }
        let mut candidate = Candidate::unknown(String::new(), None, KnownBy::Assumed);
        if let Some(id) = catalogue::default_for(ecosystem, self.lockfile.format.id) {
            self.router.record(id, candidate)
        } else {
            "no file of the repository says which registry serves it, and its client has no default"
                .clone_into(&mut candidate.reason);
            candidate
        }
    }

    fn by_default(&mut self, ecosystem: Ecosystem) -> Origin {
        let key = AnswerKey::Default(ecosystem);
        let answer = if let Some(answer) = self.known.get(&key) {
            *answer
        } else {
            let candidates = vec![self.default(ecosystem)];
            let answer = self.keep(Answer { candidates, place: None });
            self.known.insert(key, answer);
            answer
        };
        self.weakest(answer)
    }

    /// The origin of an address that an entry records and the client asks as it is. Entries of one host share an answer, unless a path
    /// decides there or the address is odd.
    fn recorded(&mut self, ecosystem: Ecosystem, written: &str, place: Place) -> Origin {
        let host =
            address::read(bare_scheme(ecosystem, written)).ok().filter(|address| !self.router.path_decides(ecosystem, address));
        let Some(host) = host.map(|_| host_part(written)) else { return self.recorded_alone(ecosystem, written, place) };
        if let Some((_, answer)) = self.last.as_ref().filter(|((of, last), _)| *of == ecosystem && last == host) {
            return self.weakest(*answer);
        }
        let key = (ecosystem, host.to_owned());
        let answer = if let Some(answer) = self.hosts.get(&key) {
            *answer
        } else {
            let origin = self.recorded_alone(ecosystem, written, place);
            self.hosts.insert(key.clone(), origin.answer);
            origin.answer
        };
        self.last = Some((key, answer));
        self.weakest(answer)
    }

    fn recorded_alone(&mut self, ecosystem: Ecosystem, written: &str, place: Place) -> Origin {
        let candidate = self.router.address(ecosystem, written, Some(place), KnownBy::Entry);
        let answer = self.keep(Answer { candidates: vec![candidate], place: Some(place) });
        self.weakest(answer)
    }

    fn outside(&mut self, class: Class, written: &str, place: Place) -> Origin {
        let (insecure, location) = match class {
            Class::Git => (insecure_git(written), address::stripped(written)),
            _ => (address::read(written).ok().and_then(|address| insecure(&address)), address::stripped(written)),
        };
        let candidate = Candidate {
            class,
            registry: Registry::None,
            location,
            place: Some(place),
            known_by: KnownBy::Entry,
            insecure,
            reason: String::new(),
            program: None,
        };
        let answer = self.keep(Answer { candidates: vec![candidate], place: Some(place) });
        self.weakest(answer)
    }

    fn path(&mut self, written: &str, place: Place) -> Origin {
        let relative = relative(written);
        let reason = match self.around.resolve(relative) {
            Err(_) => Some("leads out of the repository"),
            Ok(path) if self.around.has(&path) || self.around.has_folder(&path) => None,
            Ok(_) => Some("names a file or folder that the repository does not have"),
        };
        match reason {
            Some(reason) => self.unknown(format!("`{written}` {reason}"), written.to_owned(), place),
            None => Origin { is_archive: is_archive(relative), ..Origin::plain(Class::Path) },
        }
    }

    fn unresolved(&mut self, entry: &Entry, written: &str, place: Place) -> Origin {
        if entry.ecosystem == Ecosystem::Docker {
            let args = &self.router.declarations.build_args;
            if let Some(reference) = image::resolve(written, &|name| args.get(name).cloned()) {
                let host = reference.host.as_deref().unwrap_or("docker.io");
                let url = format!("https://{host}/{}", reference.name);
                let mut candidate = self.router.address(Ecosystem::Docker, &url, Some(place), KnownBy::Policy);
                candidate.known_by = KnownBy::Policy;
                let answer = self.keep(Answer { candidates: vec![candidate], place: Some(place) });
                return self.weakest(answer);
            }
        }
        self.unknown(format!("`{written}` cannot be resolved from the repository's files"), written.to_owned(), place)
    }

    fn unknown(&mut self, reason: String, location: String, place: Place) -> Origin {
        let mut candidate = Candidate::unknown(address::stripped(&location), Some(place), KnownBy::Entry);
        candidate.reason = reason;
        let answer = self.keep(Answer { candidates: vec![candidate], place: Some(place) });
        self.weakest(answer)
    }

    fn keep(&mut self, answer: Answer) -> u32 {
        self.answers.push(answer);
        u32::try_from(self.answers.len() - 1).unwrap_or(u32::MAX)
    }

    /// The origin of an answer: its weakest candidate.
    fn weakest(&self, answer: u32) -> Origin {
        let candidates = self.answers.get(answer as usize).map_or(&[][..], |answer| &answer.candidates);
        let weakest = candidates.iter().min_by_key(|candidate| self.router.strength(candidate));
        let Some(weakest) = weakest else { return Origin { answer, ..Origin::plain(Class::Unknown) } };
        Origin {
            class: weakest.class,
            registry: weakest.registry,
            known_by: weakest.known_by,
            insecure: candidates.iter().find_map(|candidate| candidate.insecure),
            is_mismatch: false,
            is_archive: false,
            answer,
        }
    }
}

/// Bundled entries come from where their parent comes from.
fn inherit_bundled(lockfile: &Lockfile, routed: &mut Routed) {
    for index in 0..lockfile.entries.len() {
        let mut parent = index;
        for _ in 0..lockfile.entries.len().min(64) {
            match lockfile.entries.get(parent).map(|entry| &entry.locator) {
                Some(Locator::Bundled(next)) => parent = *next as usize,
                _ => break,
            }
        }
        let Some(from) = routed.origins.get(parent).copied().filter(|_| parent != index) else { continue };
        if let Some(origin) = routed.origins.get_mut(index) {
            *origin = Origin { class: Class::Bundled, is_mismatch: false, is_archive: false, ..from };
        }
    }
}
