//! What is asked of each dependency: tier, reading, controls.
//!
//! Answers for: which line of `[minimum]` and `[[minimum.for]]` speaks about a dependency. Each of tier, reading, controls and alternatives is
//! taken
//! from the most specific entry that states it; where two are equally specific, from the one of the later file, then from the one that asks
//! more.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::compile::Compiler;
use super::file::{self, At};
use super::paths::OfPath;
use super::selector::{Index, PackagePattern, Rank, Selector, Subject};
use super::{SetBy, Setting};
use crate::catalogue::control::{Control, Tier};
use crate::catalogue::rating::Reading;
use crate::dependency::Scopes;
use crate::ecosystem::Ecosystem;
use crate::text::Place;

/// What is asked of one dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minimum<'p> {
    /// The lowest tier, if one is asked.
    pub tier: Option<Setting<Tier>>,
    /// When a control counts.
    pub reading: Setting<Reading>,
    /// Controls asked by name.
    pub controls: &'p [Setting<Control>],
    /// Alternatives of which one must be met, if there are any.
    pub any_of: &'p [Alternative],
}

/// One of several things of which one is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The lowest tier.
    pub tier: Option<Tier>,
    /// Controls that must all be met.
    pub controls: Vec<Control>,
    /// Where it stands.
    pub place: Option<Place>,
}

impl Alternative {
    /// Whether all that meets this one meets another.
    fn asks_all_of(&self, other: &Self) -> bool {
        self.tier >= other.tier && other.controls.iter().all(|control| self.controls.contains(control))
    }
}

impl std::fmt::Display for Alternative {
    /// `tier 2 and mfa-to-push`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tier = self.tier.map(|tier| format!("tier {tier}"));
        let all: Vec<String> = tier.into_iter().chain(self.controls.iter().map(|control| control.id().to_owned())).collect();
        f.write_str(&all.join(" and "))
    }
}

#[derive(Clone, Debug, Default)]
struct Ask {
    tier: Option<Setting<Tier>>,
    reading: Option<Setting<Reading>>,
    controls: Option<Vec<Setting<Control>>>,
    any_of: Option<Vec<Alternative>>,
}

impl Ask {
    /// Each of its keys, as it is said at a place of what is selected.
    fn keys(&self, start: Option<Place>, selects: &str) -> [Keyed; 4] {
        let Self { tier, reading, controls, any_of } = self;
        let tier = tier.map(|tier| (Much::Amount(usize::from(tier.value.0)), stated_tier(tier, selects)));
        let reading = reading.map(|reading| (Much::Amount(strictness(reading.value)), stated_reading(reading, selects)));
        let all = |named: &[Setting<Control>]| named.iter().map(|control| control.value).collect();
        let controls = controls.as_ref();
        let controls = controls.map(|named| (Much::Controls(all(named)), stated_controls(named, start, selects)));
        let any_of = any_of.as_ref();
        let any_of = any_of.map(|any_of| (Much::AnyOf(any_of.clone()), stated_any_of(any_of, start, selects)));
        [
            Keyed { key: "tier", rule: "tier-below-minimum", asks: tier },
            Keyed { key: "reading", rule: "tier-below-minimum", asks: reading },
            Keyed { key: "controls", rule: "control-missing", asks: controls },
            Keyed { key: "any-of", rule: "tier-below-minimum", asks: any_of },
        ]
    }

    /// Takes on what another one says.
    fn overlay(&mut self, over: Self) {
        self.tier = over.tier.or(self.tier);
        self.reading = over.reading.or(self.reading);
        self.controls = over.controls.or(self.controls.take());
        self.any_of = over.any_of.or(self.any_of.take());
    }
}

#[derive(Clone, Debug)]
struct Narrower {
    selector: Selector,
    rank: Rank,
    /// The number of the layer that says so: of two that select alike, a later one wins.
    layer: usize,
    ask: Ask,
    /// Where it begins.
    start: Option<Place>,
    /// What it selects by, as the policy writes it.
    words: Box<str>,
}

/// One line that states something that is asked of a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// What it asks.
    pub asks: String,
    /// What it selects by; empty for `[minimum]` itself.
    pub selects: Box<str>,
    /// Where it stands.
    pub place: Option<Place>,
    /// The entry of `[[minimum.for]]` that states it, by position; none for `[minimum]` itself.
    pub entry: Option<usize>,
}

/// One entry of `[[minimum.for]]`.
#[derive(Clone, Copy, Debug)]
pub struct Narrowed<'p> {
    /// What it selects by, as the policy writes it.
    pub selects: &'p str,
    /// The one ecosystem that it can be about, if it says so.
    pub ecosystem: Option<Ecosystem>,
    /// The id of the registry that it is about.
    pub registry: Option<&'p str>,
    /// Where it begins.
    pub place: Option<Place>,
}

/// One key of `[minimum]` or of an entry of `[[minimum.for]]`.
pub(super) struct Keyed {
    pub(super) key: &'static str,
    /// The rule that finds what does not meet it.
    pub(super) rule: &'static str,
    /// How much it asks, and the words for it.
    pub(super) asks: Option<(Much, Stated)>,
}

/// What a line of a folder's policy asks, where the root's policy asks more of all that it selects.
pub(super) struct Less {
    pub(super) key: &'static str,
    /// The rule that finds what does not meet it.
    pub(super) rule: &'static str,
    pub(super) own: Stated,
    /// The line of the root.
    pub(super) root: Stated,
}

/// How much one key asks.
pub(super) enum Much {
    /// More is more.
    Amount(usize),
    /// All of these.
    Controls(Vec<Control>),
    /// One of these.
    AnyOf(Vec<Alternative>),
}

impl Much {
    /// Whether something meets this that does not meet another.
    pub(super) fn loosens(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Amount(own), Self::Amount(other)) => own < other,
            (Self::Controls(own), Self::Controls(other)) => !other.iter().all(|control| own.contains(control)),
            (Self::AnyOf(own), Self::AnyOf(other)) => {
                let is_within = |one: &Alternative| other.iter().any(|other| one.asks_all_of(other));
                !other.is_empty() && (own.is_empty() || !own.iter().all(is_within))
            }
            _ => false,
        }
    }
}

/// Minimums of which one asks at least what any dependency is asked.
#[derive(Clone, Debug)]
pub struct Strictest<'p> {
    tier: Option<Setting<Tier>>,
    readings: Vec<Setting<Reading>>,
    controls: Vec<Setting<Control>>,
    any_of: Vec<&'p [Alternative]>,
}

impl Strictest<'_> {
    /// What meets all of them meets whatever is asked of a dependency. No stranger could tell by one of them what was asked: they are for
    /// nothing else.
    pub fn all(&self) -> impl Iterator<Item = Minimum<'_>> {
        let of = |reading, any_of| Minimum { tier: self.tier, reading, controls: &self.controls, any_of };
        self.readings.iter().flat_map(move |reading| self.any_of.iter().map(move |any_of| of(*reading, *any_of)))
    }
}

/// All lines that speak of a dependency, for each of tier, reading and controls the one that decides first.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Of the tier.
    pub tier: Vec<Stated>,
    /// Of the reading.
    pub reading: Vec<Stated>,
    /// Of controls.
    pub controls: Vec<Stated>,
    /// Of alternatives.
    pub any_of: Vec<Stated>,
}

/// All that the policy asks of dependencies.
#[derive(Clone, Debug, Default)]
pub struct Minimums {
    general: Ask,
    narrower: Vec<Narrower>,
    index: Index,
}

/// The named limit on how many lines of a folder, times lines of the root, are compared: a tenth of a second.
pub(super) const PAIRS_MAX: usize = 4_000_000;

/// With more alternatives than so many, nobody asks what the strictest minimum is.
const ANY_OF_MAX: usize = 16;

/// The reading that holds where the policy names none.
const READING_DEFAULT: Setting<Reading> = Setting::of(Reading::Offered, SetBy::Default);

impl Minimums {
    /// Validates one file's `[minimum]`. In a folder's policy all of it is narrower than what the root asks.
    pub(super) fn add(&mut self, file: &file::Minimum, layer: usize, folder: Option<&str>, compiler: &mut Compiler<'_>) {
        let general = ask(file.tier.as_ref(), file.reading.as_ref(), file.controls.as_deref(), file.any_of.as_deref(), compiler);
        let first = self.narrower.len();
        if let Some(folder) = folder {
            let selector = Selector { folder: Some(folder.into()), ..Selector::default() };
            self.narrower.push(Narrower {
                rank: selector.rank(),
                selector,
                layer,
                ask: general,
                start: None,
                words: Box::default(),
            });
        } else {
            self.general.overlay(general);
        }
        self.narrower.extend(file.narrower.iter().filter_map(|entry| narrower(entry, layer, folder, compiler)));
        let mut seen = HashMap::new();
        for entry in self.narrower.iter().skip(first) {
            if let Some(first) = seen.insert(entry.selector.identity(), entry.start) {
                compiler
                    .fault_at(entry.start, "two entries of `[[minimum.for]]` select the same dependencies")
                    .hint("make one of them")
                    .also(first, "the first one");
            }
        }
    }

    /// Makes entries quick to find.
    pub(super) fn finish(&mut self) {
        self.index = Index::of(self.narrower.iter().map(|entry| &entry.selector));
    }

    /// What is asked of a dependency; `None` if nothing is.
    #[must_use]
    pub fn of(&self, subject: &Subject<'_>) -> Option<Minimum<'_>> {
        self.of_at(&self.index.of_path(subject.path), subject)
    }

    /// What is asked of one dependency after the other, as [`Minimums::of`] answers it: a lockfile's path is looked up once for all of its
    /// dependencies that come in a row.
    pub fn asking<'a>(&'a self) -> impl FnMut(&Subject<'a>) -> Option<Minimum<'a>> {
        let mut known: Option<(&str, OfPath)> = None;
        move |subject| {
            let of_path = match &mut known {
                Some((path, of_path)) if *path == subject.path => of_path,
                other => &mut other.insert((subject.path, self.index.of_path(subject.path))).1,
            };
            self.of_at(of_path, subject)
        }
    }

    fn of_at(&self, of_path: &OfPath, subject: &Subject<'_>) -> Option<Minimum<'_>> {
        let mut tier = (None, self.general.tier);
        let mut reading = (None, self.general.reading);
        let mut controls = (None, self.general.controls.as_deref());
        let mut any_of = (None, self.general.any_of.as_deref());
        if !self.narrower.is_empty() {
            self.index.each_at(of_path, subject, |position| {
                let entry = self.narrower.get(position).filter(|entry| entry.selector.fits_beside_path(subject));
                let Some(Narrower { rank, layer, ask, .. }) = entry else { return };
                // The position last, so that the answer never hangs on the order in which candidates come.
                let weight = |strictness: usize| (*rank, *layer, strictness, Reverse(position));
                if let Some(asked) = &ask.tier {
                    prefer(&mut tier, weight(usize::from(asked.value.0)), *asked);
                }
                if let Some(asked) = &ask.reading {
                    prefer(&mut reading, weight(strictness(asked.value)), *asked);
                }
                if let Some(asked) = &ask.controls {
                    prefer(&mut controls, weight(asked.len()), asked.as_slice());
                }
                if let Some(asked) = &ask.any_of {
                    prefer(&mut any_of, weight(few(asked)), asked.as_slice());
                }
            });
        }
        let minimum = Minimum {
            tier: tier.1,
            reading: reading.1.unwrap_or(READING_DEFAULT),
            controls: controls.1.unwrap_or(&[]),
            any_of: any_of.1.unwrap_or(&[]),
        };
        (minimum.tier.is_some() || !minimum.controls.is_empty() || !minimum.any_of.is_empty()).then_some(minimum)
    }

    /// What all lines together ask: dependencies of a registry that meets all of it need no look at one by one. `None` if that is too much
    /// to be asked of every registry.
    #[must_use]
    pub fn strictest(&self) -> Option<Strictest<'_>> {
        let asks = || std::iter::once(&self.general).chain(self.narrower.iter().map(|entry| &entry.ask));
        let mut readings = vec![self.general.reading.unwrap_or(READING_DEFAULT)];
        let mut controls: Vec<Setting<Control>> = Vec::new();
        for ask in asks() {
            if let Some(reading) = ask.reading.filter(|one| !readings.iter().any(|known| known.value == one.value)) {
                readings.push(reading);
            }
            for control in ask.controls.iter().flatten() {
                if !controls.iter().any(|known| known.value == control.value) {
                    controls.push(*control);
                }
            }
        }
        // No alternatives are one way to be asked, too.
        let any_of: Vec<&[Alternative]> = asks().filter_map(|ask| ask.any_of.as_deref()).chain([&[][..]]).collect();
        let is_much = any_of.len() > ANY_OF_MAX || any_of.iter().any(|any_of| any_of.len() > ANY_OF_MAX);
        (!is_much).then(|| Strictest {
            tier: asks().filter_map(|ask| ask.tier).max_by_key(|tier| tier.value),
            readings,
            controls,
            any_of,
        })
    }

    /// Every line that speaks of a dependency, and which of them decides: what [`Minimums::of`] answers, with the reasons.
    #[must_use]
    pub fn explain(&self, subject: &Subject<'_>) -> Asked {
        let mut asked = Asked::default();
        let mut tiers = Vec::new();
        let mut readings = Vec::new();
        let mut controls = Vec::new();
        let mut any_of = Vec::new();
        for (position, entry) in self.narrower.iter().enumerate().filter(|(_, entry)| entry.selector.fits(subject)) {
            let weight = |strictness: usize| (entry.rank, entry.layer, strictness, Reverse(position));
            let Ask { tier, reading, controls: named, any_of: alternatives } = &entry.ask;
            let by_it = |stated: Stated| Stated { entry: Some(position), ..stated };
            any_of.extend(alternatives.as_ref().map(|of| (weight(few(of)), by_it(stated_any_of(of, entry.start, &entry.words)))));
            tiers.extend(tier.map(|tier| (weight(usize::from(tier.value.0)), by_it(stated_tier(tier, &entry.words)))));
            readings
                .extend(reading.map(|reading| (weight(strictness(reading.value)), by_it(stated_reading(reading, &entry.words)))));
            controls.extend(
                named.as_ref().map(|named| (weight(named.len()), by_it(stated_controls(named, entry.start, &entry.words)))),
            );
        }
        let general = &self.general;
        for (lines, sorted, last) in [
            (&mut asked.tier, tiers, general.tier.map(|tier| stated_tier(tier, ""))),
            (&mut asked.reading, readings, general.reading.map(|reading| stated_reading(reading, ""))),
            (&mut asked.controls, controls, general.controls.as_ref().map(|named| stated_controls(named, None, ""))),
            (&mut asked.any_of, any_of, general.any_of.as_ref().map(|of| stated_any_of(of, None, ""))),
        ] {
            let mut sorted = sorted;
            sorted.sort_by_key(|(weight, _)| Reverse(*weight));
            lines.extend(sorted.into_iter().map(|(_, line)| line).chain(last));
        }
        asked
    }

    /// All entries of `[[minimum.for]]`, by position.
    #[must_use]
    pub fn narrowed(&self) -> impl ExactSizeIterator<Item = Narrowed<'_>> {
        self.narrower.iter().map(|entry| {
            let Selector { ecosystem, package, npm_scope, .. } = &entry.selector;
            let of_package = || package.as_ref().and_then(PackagePattern::ecosystem);
            let ecosystem = ecosystem.or_else(of_package).or(npm_scope.as_ref().map(|_| Ecosystem::Npm));
            Narrowed { selects: &entry.words, ecosystem, registry: entry.selector.registry.as_deref(), place: entry.start }
        })
    }

    /// The positions of all entries that select a dependency, in order.
    #[must_use]
    pub fn fitting(&self, subject: &Subject<'_>) -> Vec<usize> {
        let mut fitting = Vec::new();
        self.index.each(subject, |position| {
            let entry = self.narrower.get(position);
            fitting.extend(entry.filter(|entry| entry.selector.fits_beside_path(subject)).map(|_| position));
        });
        fitting.sort_unstable();
        fitting
    }

    /// Whether a tier above the lowest, or an alternative, is asked of anything.
    #[must_use]
    pub fn asks_tiers(&self) -> bool {
        self.asks(|ask| {
            ask.tier.is_some_and(|tier| tier.value > Tier::UNTRUSTED)
                || ask.any_of.as_ref().is_some_and(|any_of| !any_of.is_empty())
        })
    }

    /// Whether a control is asked of anything by name.
    #[must_use]
    pub fn asks_controls(&self) -> bool {
        self.asks(|ask| ask.controls.as_ref().is_some_and(|controls| !controls.is_empty()))
    }

    fn asks(&self, asks: impl Fn(&Ask) -> bool) -> bool {
        asks(&self.general) || self.narrower.iter().any(|entry| asks(&entry.ask))
    }

    /// What is asked of every dependency, by keys of `[minimum]`.
    pub(super) fn general(&self) -> [Keyed; 4] {
        let mut general = self.general.clone();
        for folder in self.narrower.iter().filter(|entry| entry.selector.is_empty()) {
            general.overlay(folder.ask.clone());
        }
        general.keys(None, "")
    }

    /// Lines of a folder's policy that ask less of all that they select than the root's policy does. `Err` with the numbers of both's
    /// lines if they are too many to be compared.
    pub(super) fn less_than(&self, root: &Self, folder: &str) -> Result<Vec<Less>, [usize; 2]> {
        let all_own = || self.narrower.iter().filter(|entry| entry.selector.folder.is_some() && !entry.selector.is_empty());
        let counts = [all_own().count(), root.narrower.len()];
        if counts.iter().product::<usize>() > PAIRS_MAX {
            return Err(counts);
        }
        let general = root.general.keys(None, "");
        let mut lines: Vec<&Narrower> = root.narrower.iter().collect();
        // The most specific first, as they are asked.
        lines.sort_by_key(|line| Reverse((line.rank, line.layer)));
        let lines: Vec<(&Selector, [Keyed; 4])> =
            lines.iter().map(|line| (&line.selector, line.ask.keys(line.start, &line.words))).collect();
        let mut less = Vec::new();
        for own in all_own() {
            let keys = own.ask.keys(own.start, &own.words).into_iter().zip(&general).enumerate();
            less.extend(keys.filter_map(|(key, (asked, general))| {
                let (much, stated) = asked.asks?;
                let lines = lines.iter().filter_map(|(selector, keys)| Some((*selector, keys.get(key)?.asks.as_ref()?)));
                let root = all_more(&much, &own.selector, lines, general.asks.as_ref(), folder)?;
                Some(Less { key: asked.key, rule: asked.rule, own: stated, root: root.clone() })
            }));
        }
        Ok(less)
    }

    /// The registries that narrower entries name, in the order of the file.
    pub fn registries(&self) -> impl Iterator<Item = &str> {
        self.narrower.iter().filter_map(|entry| entry.selector.registry.as_deref())
    }
}

/// The line of the root that says so, if all that its lines ask of anything that is selected is more than so much.
fn all_more<'a>(
    much: &Much,
    own: &Selector,
    lines: impl Iterator<Item = (&'a Selector, &'a (Much, Stated))>,
    general: Option<&'a (Much, Stated)>,
    folder: &str,
) -> Option<&'a Stated> {
    for (selector, (asked, stated)) in lines {
        if !selector.may_meet(own, folder) {
            continue;
        }
        if !much.loosens(asked) {
            return None;
        }
        // What is less specific than a line that speaks of all that is selected is never asked.
        if selector.covers(own, folder) {
            return Some(stated);
        }
    }
    let (asked, stated) = general?;
    much.loosens(asked).then_some(stated)
}

fn stated_tier(tier: Setting<Tier>, selects: &str) -> Stated {
    Stated { asks: format!("tier {}", tier.value), selects: selects.into(), place: tier.place, entry: None }
}

fn stated_reading(reading: Setting<Reading>, selects: &str) -> Stated {
    Stated { asks: format!("`{}`", reading.value), selects: selects.into(), place: reading.place, entry: None }
}

fn stated_controls(controls: &[Setting<Control>], start: Option<Place>, selects: &str) -> Stated {
    let ids: Vec<String> = controls.iter().map(|control| format!("`{}`", control.value.id())).collect();
    let asks = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
    Stated { asks, selects: selects.into(), place: controls.first().and_then(|control| control.place).or(start), entry: None }
}

fn stated_any_of(any_of: &[Alternative], start: Option<Place>, selects: &str) -> Stated {
    let asks: Vec<String> = any_of.iter().map(ToString::to_string).collect();
    let asks = if asks.is_empty() { "none".to_owned() } else { asks.join(", or ") };
    Stated { asks, selects: selects.into(), place: any_of.first().and_then(|first| first.place).or(start), entry: None }
}

/// The fewer alternatives, the more is asked; without any, least.
fn few(any_of: &[Alternative]) -> usize {
    if any_of.is_empty() { 0 } else { usize::MAX - any_of.len() }
}

type Weight = (Rank, usize, usize, Reverse<usize>);

fn prefer<T>(best: &mut (Option<Weight>, Option<T>), weight: Weight, asked: T) {
    if best.0.is_none_or(|so_far| weight > so_far) {
        *best = (Some(weight), Some(asked));
    }
}

fn strictness(reading: Reading) -> usize {
    match reading {
        Reading::Offered => 0,
        Reading::Observed => 1,
        Reading::Guaranteed => 2,
    }
}

fn narrower(entry: &At<file::Narrower>, layer: usize, folder: Option<&str>, compiler: &mut Compiler<'_>) -> Option<Narrower> {
    let At { value: entry, span } = entry;
    let faults_before = compiler.faults.len();
    let selector = Selector { folder: folder.map(Into::into), ..selector(entry, compiler) };
    let ask = ask(entry.tier.as_ref(), entry.reading.as_ref(), entry.controls.as_deref(), entry.any_of.as_deref(), compiler);
    if compiler.faults.len() > faults_before {
        return None;
    }
    if selector.is_empty() {
        let hint = "say which dependencies it is for: `ecosystem`, `registry`, `scope`, `npm-scope`, `package` or `path`";
        compiler.fault(*span, "an entry of `[[minimum.for]]` selects nothing").hint(hint);
    } else if ask.tier.is_none() && ask.reading.is_none() && ask.controls.is_none() && ask.any_of.is_none() {
        let hint = "add `tier`, `reading`, `controls` or `any-of`";
        compiler.fault(*span, "an entry of `[[minimum.for]]` asks nothing").hint(hint);
    }
    Some(Narrower { rank: selector.rank(), selector, layer, ask, start: compiler.at(*span), words: words(entry) })
}

/// What an entry selects by, as it is written.
fn words(entry: &file::Narrower) -> Box<str> {
    let keys = [
        ("ecosystem", &entry.ecosystem),
        ("registry", &entry.registry),
        ("scope", &entry.scope),
        ("npm-scope", &entry.npm_scope),
        ("package", &entry.package),
        ("path", &entry.path),
    ];
    let words = keys.iter().filter_map(|(key, written)| Some(format!("{key} = \"{}\"", written.as_ref()?.value)));
    words.collect::<Vec<_>>().join(", ").into()
}

fn ask(
    tier: Option<&At<i64>>,
    reading: Option<&At<String>>,
    controls: Option<&[At<String>]>,
    any_of: Option<&[At<file::Alternative>]>,
    compiler: &mut Compiler<'_>,
) -> Ask {
    let tier = tier.map(|tier| compiler.setting(tier, as_tier(tier)));
    let reading = reading.map(|written| {
        let reading = match written.value.as_str() {
            "guaranteed" => Reading::Guaranteed,
            "observed" => Reading::Observed,
            _ => Reading::Offered,
        };
        if reading == Reading::Observed {
            compiler
                .fault(written.span, "`observed` needs evidence about single versions, which this packman cannot read yet")
                .hint("write `offered` or `guaranteed`");
        }
        compiler.setting(written, reading)
    });
    let controls = controls.map(|controls| {
        let known = |id: &At<String>| Control::from_id(&id.value).map(|control| compiler.setting(id, control));
        controls.iter().filter_map(known).collect()
    });
    let any_of = any_of.map(|any_of| any_of.iter().map(|written| alternative(written, compiler)).collect());
    Ask { tier, reading, controls, any_of }
}

fn as_tier(written: &At<i64>) -> Tier {
    Tier(u8::try_from(written.value).unwrap_or(3))
}

fn alternative(written: &At<file::Alternative>, compiler: &mut Compiler<'_>) -> Alternative {
    let At { value, span } = written;
    let tier = value.tier.as_ref().map(as_tier);
    let is_met_by_all = tier.is_none_or(|tier| tier <= Tier::UNTRUSTED) && value.controls.is_empty();
    if is_met_by_all {
        compiler
            .fault(*span, "everything meets this alternative, so that `any-of` asks nothing")
            .hint("add `tier = 2`, `tier = 3` or `controls`, or take `any-of` out");
    }
    let controls = value.controls.iter().filter_map(|id| Control::from_id(&id.value)).collect();
    Alternative { tier, controls, place: compiler.at(*span) }
}

fn selector(entry: &file::Narrower, compiler: &mut Compiler<'_>) -> Selector {
    let ecosystem = entry.ecosystem.as_ref().and_then(|written| Ecosystem::from_id(&written.value));
    let serves = entry.registry.as_ref().and_then(|registry| compiler.registry(registry));
    let package = entry.package.as_ref().and_then(|written| compiler.package(written, ecosystem));
    refuse_other_ecosystem(entry, ecosystem, package.as_ref(), compiler);
    let npm_scope = entry.npm_scope.as_ref().map(|written| {
        let scope = written.value.trim_end_matches("/*");
        if !scope.starts_with('@') || scope.contains(['/', '*']) || scope.contains(char::is_whitespace) || scope.len() < 2 {
            compiler.fault(written.span, format!("`{}` is no npm scope", written.value)).hint("write it like `@acme`");
        }
        scope.into()
    });
    let of_package = package.as_ref().and_then(PackagePattern::ecosystem);
    if let (Some(written), Some(ecosystem)) = (&entry.npm_scope, ecosystem.or(of_package))
        && ecosystem != Ecosystem::Npm
    {
        compiler.fault(written.span, format!("packages of `{}` have no npm scope", ecosystem.id())).hint("leave one of them out");
    }
    let wanted = ecosystem.or(of_package).or(entry.npm_scope.as_ref().map(|_| Ecosystem::Npm));
    if let (Some(registry), Some(serves), Some(wanted)) = (&entry.registry, serves, wanted)
        && !serves.contains(&wanted)
    {
        compiler
            .fault(registry.span, format!("`{}` serves no packages of `{}`", registry.value, wanted.id()))
            .hint("leave one of them out");
    }
    Selector {
        ecosystem,
        registry: entry.registry.as_ref().map(|registry| registry.value.as_str().into()),
        scope: entry.scope.as_ref().and_then(|written| Scopes::from_id(&written.value)),
        npm_scope,
        package,
        path: entry.path.as_ref().map(|written| compiler.path(written)),
        folder: None,
    }
}

fn refuse_other_ecosystem(
    entry: &file::Narrower,
    ecosystem: Option<Ecosystem>,
    package: Option<&PackagePattern>,
    compiler: &mut Compiler<'_>,
) {
    if let (Some(written), Some(wanted), Some(found)) = (&entry.package, ecosystem, package.and_then(PackagePattern::ecosystem))
        && wanted != found
    {
        let message = format!("`{}` is a package of `{}`, but `ecosystem` is `{}`", written.value, found.id(), wanted.id());
        compiler.fault(written.span, message).hint("leave `ecosystem` out");
    }
}
