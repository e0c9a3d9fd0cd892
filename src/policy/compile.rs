//! From the file as written to the policy as applied.
//!
//! Answers for: the order of things (shape, then meaning), layers (preset, file, command line), and what every section needs to
//! check its words: places, registries, packages, days.

use std::collections::HashMap;

use jiff::civil::Date;
use toml::de::{DeTable, Deserializer};
use toml::value::Datetime;

use super::fault::{Fault, advice, listed, nearest};
use super::file::{At, File};
use super::layers::{self, Layer, Layers, Source};
use super::levels::{Level, ROWS, Row};
use super::origins::AddressPattern;
use super::paths::{PathPattern, Paths};
use super::selector::PackagePattern;
use super::shape::{self, Keys, Lost, Shape, Step};
use super::{Context, Policy, SetBy, Setting};
use super::{folders, overlays, registries, trail};
use crate::ecosystem::Ecosystem;
use crate::text::{Place, Span, Text};

/// What validation knows and collects.
pub(super) struct Compiler<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) faults: Vec<Fault>,
    /// The file whose sections are being read.
    text: Option<&'a Text>,
    keys: &'a Keys,
    declared: HashMap<String, (Option<Ecosystem>, Place)>,
    /// Whether every registry that the policy declares is known: not where a file of it could not be read.
    is_whole: bool,
}

/// A fault that was just added.
pub(super) struct Added<'f>(Option<&'f mut Fault>);

impl Added<'_> {
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(fault) = &mut self.0 {
            fault.hint = hint.into();
        }
        self
    }

    pub(super) fn also(self, place: Option<Place>, label: impl Into<String>) {
        if let (Some(fault), Some(place)) = (self.0, place) {
            fault.also = Some((place, label.into()));
        }
    }
}

/// Reads, checks and compiles.
pub(super) fn load(text: Option<&Text>, context: &Context<'_>) -> Result<Policy, Vec<Fault>> {
    let sorted = |mut faults: Vec<Fault>| {
        faults.sort_by_key(|fault| fault.place);
        faults
    };
    let Layers { all: layers, faults, is_whole } = layers::of(text, context);
    let (mut policy, mut faults) = policy(text, &layers.iter().collect::<Vec<_>>(), context, (faults, is_whole));
    folders::add(&mut policy, &layers, context, &mut faults);
    if faults.is_empty() { Ok(policy) } else { Err(sorted(faults)) }
}

/// A kind of file of ours.
pub(super) struct Document<'a> {
    /// What it is called.
    pub(super) noun: &'static str,
    /// The limit on its size.
    pub(super) bytes_max: usize,
    /// Its shape.
    pub(super) schema: &'a serde_json::Value,
}

/// A file of ours in its type, without what is not of its shape.
pub(super) struct Read<T> {
    pub(super) file: T,
    pub(super) keys: Keys,
    pub(super) faults: Vec<Fault>,
    pub(super) lost: Lost,
}

/// Reads a file of ours into its type.
pub(super) fn read<T: serde::de::DeserializeOwned>(text: &Text, document: &Document<'_>) -> Result<T, Vec<Fault>> {
    let Read { file, faults, .. } = read_what_stands(text, document)?;
    if faults.is_empty() { Ok(file) } else { Err(faults) }
}

/// Reads what has the right shape in a file of ours, and says what has not. `Err` if nothing can be read at all.
pub(super) fn read_what_stands<T: serde::de::DeserializeOwned>(
    text: &Text,
    document: &Document<'_>,
) -> Result<Read<T>, Vec<Fault>> {
    let Document { noun, bytes_max, schema } = document;
    if text.content.len() > *bytes_max {
        let message = format!("the {noun} has {} bytes; at most {bytes_max} are read", text.content.len());
        let fault = Fault::new(Some(text.place(Span::default())), message);
        return Err(vec![fault.with_hint("take out what nobody needs any more")]);
    }
    let (mut table, errors) = DeTable::parse_recoverable(&text.content);
    if !errors.is_empty() {
        let mut faults: Vec<Fault> = errors.iter().map(|error| syntax(noun, text, error)).collect();
        faults.sort_by_key(|fault| fault.place);
        // A list that is never closed swallows all that follows: only where it first goes wrong says something.
        let swallows = |error: &toml::de::Error| {
            ["unclosed array", "unclosed inline table"].iter().any(|what| error.message().contains(what))
        };
        if errors.iter().any(swallows) {
            faults.truncate(1);
        }
        faults.truncate(FAULTS_OF_SYNTAX_MAX);
        return Err(faults);
    }
    let Shape { keys, faults, lost } = shape::check(text, &table, noun, schema);
    if !lost.is_empty() {
        table = shape::leave_out(table, &lost);
    }
    match T::deserialize(Deserializer::from(table)) {
        Ok(file) => Ok(Read { file, keys, faults, lost }),
        Err(error) if faults.is_empty() => Err(vec![syntax(noun, text, &error)]),
        Err(_) => Err(faults),
    }
}

/// Faults of syntax above this number are not listed.
const FAULTS_OF_SYNTAX_MAX: usize = 10;

fn syntax(noun: &str, text: &Text, error: &toml::de::Error) -> Fault {
    let span = error.span().map_or_else(Span::default, |span| Span::new(span.start, span.end));
    if error.message() == "duplicate key" {
        let message = format!("the key `{}` stands twice in one table", text.slice(span).escape_debug());
        return Fault::new(Some(text.place(span)), message).with_hint("keep one of them");
    }
    let message = error.message().replace('\n', ", ");
    let is_unquoted = message.contains("must be quoted");
    let (what, hint) = if !is_unquoted {
        let hint = if message.contains("date") {
            "write a day that the calendar has, like 2026-11-22"
        } else {
            "write `key = value`, a list between `[` and `]` with commas, and `[table]` in a line of its own"
        };
        (message.as_str(), hint)
    } else if text.slice(span).trim().is_empty() {
        ("a value is missing", "write it behind the `=`")
    } else {
        ("a text without quotes", "put it between quotes")
    };
    Fault::new(Some(text.place(span)), format!("the {noun} is not TOML: {what}")).with_hint(hint)
}

/// The policy that layers make, with all that is wrong with it. What is wrong already, and whether the layers are whole, is given.
pub(super) fn policy<'a>(
    text: Option<&Text>,
    layers: &[&'a Layer<'a>],
    context: &'a Context<'a>,
    (faults, is_whole): (Vec<Fault>, bool),
) -> (Policy, Vec<Fault>) {
    let none = Keys::new();
    let mut compiler = Compiler { context, faults, text: None, keys: &none, declared: HashMap::new(), is_whole };
    let sources = || layers.iter().filter_map(|layer| layer.source());
    sources().for_each(|source| compiler.declare(source));
    let compiler = &mut compiler;
    let mut policy = Policy::bare(text.map(|text| text.id));
    // Limits count whatever the order of the layers that they stand in.
    for source in sources() {
        compiler.enter(source);
        limits(&source.file, &mut policy, compiler);
    }
    for (number, layer) in layers.iter().enumerate() {
        match layer {
            Layer::Preset(id, file) => {
                policy.extends.push(*id);
                let by = SetBy::Preset(id.value);
                levels(file, &mut policy, |_, value| Setting::of(value, by));
            }
            Layer::File(source) => {
                compiler.enter(source);
                sections(source, number, &mut policy, compiler);
            }
        }
    }
    policy.trail = trail::of(layers.iter().copied(), compiler);
    overrule(&mut policy.levels, compiler);
    policy.minimum.finish();
    policy.packages.finish();
    policy.exceptions.finish(policy.exception_count_max, compiler);
    policy.exclude.finish(compiler);
    policy.origins.archive.finish(compiler);
    (policy, std::mem::take(&mut compiler.faults))
}

/// What one file says, over what the layers before it said.
fn sections<'a>(source: &'a Source<'a>, layer: usize, policy: &mut Policy, compiler: &mut Compiler<'a>) {
    let file = &source.file;
    policy.files.push(source.text.id);
    levels(file, policy, |written, value| compiler.setting(written, value));
    policy.catalogue = file.catalogue.as_ref().and_then(|date| compiler.date(date)).or(policy.catalogue);
    policy.minimum.add(&file.minimum, layer, source.folder, compiler);
    let boxed =
        |written: &At<String>, compiler: &Compiler<'_>| compiler.setting(written, Box::<str>::from(written.value.as_str()));
    policy.exclude.add(&file.exclude, compiler);
    policy.origins.git.extend(compiler.addresses(&file.origins.allow_git));
    policy.origins.url.extend(compiler.addresses(&file.origins.allow_url));
    policy.origins.archive.add(&file.origins.allow_archive, compiler);
    for (ecosystem, registry) in registries::compile_defaults(&file.origins.default_registry, compiler) {
        replace(&mut policy.default_registries, ecosystem, registry);
    }
    registries::compile(&file.registries, &mut policy.registries, compiler);
    for overlay in overlays::compile(&file.overlays, policy.exception_days_max, compiler) {
        policy.overlays.retain(|earlier| earlier.registry.value != overlay.registry.value);
        policy.overlays.push(overlay);
    }
    policy.packages.add(&file.packages, compiler);
    for (key, value) in &file.build_args.0 {
        replace(&mut policy.build_args, key.value.as_str().into(), boxed(value, compiler));
    }
    policy.exceptions.add(&file.exceptions, policy.exception_days_max, compiler);
    policy.floor.add(&file.floor, compiler);
}

fn limits(file: &File, policy: &mut Policy, compiler: &Compiler<'_>) {
    let number = |written: &Option<At<i64>>, before: Option<Setting<i64>>| {
        written.as_ref().map(|written| compiler.setting(written, written.value)).or(before)
    };
    policy.exception_days_max = number(&file.exception_days_max, policy.exception_days_max);
    policy.exception_count_max = number(&file.exception_count_max, policy.exception_count_max);
    policy.exception_notice_days = number(&file.exception_notice_days, policy.exception_notice_days);
}

/// What a layer says of levels and of having no lockfile.
fn levels(file: &File, policy: &mut Policy, setting: impl Fn(&At<String>, Level) -> Setting<Level>) {
    for (key, written) in &file.levels.0 {
        let slot = Row::find(&key.value).and_then(|(index, _)| policy.levels.get_mut(index));
        if let (Some(slot), Some(level)) = (slot, Level::from_id(&written.value)) {
            *slot = setting(written, level);
        }
    }
    if let Some((written, level)) = file.no_lockfile.as_ref().and_then(|written| Some((written, Level::from_id(&written.value)?)))
    {
        policy.no_lockfile = setting(written, level);
    }
}

/// The value of a key, in place of the one that it had.
fn replace<K: PartialEq, V>(rows: &mut Vec<(K, V)>, key: K, value: V) {
    match rows.iter_mut().find(|(known, _)| *known == key) {
        Some((_, slot)) => *slot = value,
        None => rows.push((key, value)),
    }
}

/// `--level RULE=LEVEL`.
fn overrule(levels: &mut [Setting<Level>], compiler: &mut Compiler<'_>) {
    for written in compiler.context.levels {
        let shown = written.escape_debug();
        let Some((id, level)) = written.split_once('=') else {
            let fault = Fault::new(None, format!("`--level {shown}` has no `=`"));
            compiler.faults.push(fault.with_hint("write it like `--level integrity-missing=deny`"));
            continue;
        };
        let Some((index, row)) = Row::find(id) else {
            let fault = Fault::new(None, format!("`--level {shown}`: there is no rule `{}`", id.escape_debug()));
            compiler.faults.push(fault.with_hint(advice(id, ROWS.iter().map(|row| row.id))));
            continue;
        };
        let Some(level) = Level::from_id(level).filter(|level| row.levels().contains(level)) else {
            let known = listed(row.levels().iter().map(|level| level.id()));
            let fault = Fault::new(None, format!("`--level {shown}`: `{}` is no level of `{id}`", level.escape_debug()));
            compiler.faults.push(fault.with_hint(format!("write {known}")));
            continue;
        };
        if let Some(slot) = levels.get_mut(index) {
            *slot = Setting::of(level, SetBy::CommandLine);
        }
    }
}

impl<'a> Compiler<'a> {
    /// Turns to a file: spans are its own from here on.
    pub(super) fn enter(&mut self, source: &'a Source<'a>) {
        self.text = Some(source.text);
        self.keys = &source.keys;
    }

    /// Remembers what a file declares, for every file that speaks of it.
    fn declare(&mut self, source: &'a Source<'a>) {
        self.enter(source);
        // What cannot be read of a declaration is told where it stands; that it is there, others may rely on.
        for (path, at) in &source.lost {
            if let [Step::Key(table), Step::Key(id)] = path.as_slice()
                && table == "registries"
            {
                self.declared.entry(id.clone()).or_insert((None, source.text.place(*at)));
            }
        }
        for (id, registry) in &source.file.registries.0 {
            let place = source.text.place(id.span);
            let declared = (Ecosystem::from_id(&registry.ecosystem.value), place);
            if let Some((_, first)) = self.declared.insert(id.value.clone(), declared) {
                let message = format!("`{}` is declared in two files", id.value.escape_debug());
                self.fault(id.span, message).hint("keep one of them").also(Some(first), "the first one");
            }
        }
    }

    /// The place of a value: with its key, where both stand in one line.
    pub(super) fn place(&self, span: Span) -> Option<Place> {
        let text = self.text?;
        let start = self.keys.get(&span.start).copied().unwrap_or(span.start);
        let whole = Span { start, end: span.end };
        let is_one_line = start <= span.start && !text.slice(whole).contains(['\n', '\r']);
        Some(text.place(if is_one_line { whole } else { span }))
    }

    /// A setting of the file.
    pub(super) fn setting<T, W>(&self, written: &At<W>, value: T) -> Setting<T> {
        Setting { value, by: SetBy::File, place: self.place(written.span) }
    }

    /// Adds a fault at exactly this span.
    pub(super) fn fault(&mut self, span: Span, message: impl Into<String>) -> Added<'_> {
        self.fault_at(self.at(span), message)
    }

    /// Adds a fault at a place, be it of another file.
    pub(super) fn fault_at(&mut self, place: Option<Place>, message: impl Into<String>) -> Added<'_> {
        self.faults.push(Fault::new(place, message));
        Added(self.faults.last_mut())
    }

    /// The place of exactly this span.
    pub(super) fn at(&self, span: Span) -> Option<Place> {
        self.text.map(|text| text.place(span))
    }

    /// What a record of the catalogue serves; `None` if there is none with this id.
    pub(super) fn record(&self, id: &str) -> Option<Vec<Ecosystem>> {
        let found = self.context.records.iter().find(|(record, _)| *record == id);
        found.map(|(_, serves)| serves.to_vec())
    }

    pub(super) fn is_record(&self, id: &str) -> bool {
        self.context.records.iter().any(|(record, _)| *record == id)
    }

    /// Advice about an id that should be in the catalogue.
    pub(super) fn nearest_record(&self, id: &str) -> String {
        match nearest(id, self.context.records.iter().map(|(record, _)| *record)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "see `packman registries` for what is there".to_owned(),
        }
    }

    /// What a registry serves, be it a record's or declared; adds a fault and gives `None` if there is none with this id.
    pub(super) fn registry(&mut self, id: &At<String>) -> Option<Vec<Ecosystem>> {
        if let Some((ecosystem, _)) = self.declared.get(&id.value) {
            return ecosystem.map(|ecosystem| vec![ecosystem]);
        }
        if let Some(serves) = self.record(&id.value) {
            return Some(serves);
        }
        if !self.is_whole {
            return None;
        }
        let known = self.context.records.iter().map(|(record, _)| *record).chain(self.declared.keys().map(String::as_str));
        let hint = match nearest(&id.value, known) {
            _ if registries::RESERVED.contains(&id.value.as_str()) => {
                "reports write that for what has no registry; select it by `package` or `path`".to_owned()
            }
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("declare it as `[registries.{}]`, or see `packman registries`", id.value.escape_debug()),
        };
        let message = format!("`{}` is neither in the catalogue nor declared", id.value.escape_debug());
        self.fault(id.span, message).hint(hint);
        None
    }

    /// Where a registry is declared, if it is.
    pub(super) fn declared_at(&self, id: &str) -> Option<Place> {
        self.declared.get(id).map(|(_, place)| *place)
    }

    /// The ids of the catalogue's records that serve an ecosystem.
    pub(super) fn records_of(&self, ecosystem: Ecosystem) -> Vec<String> {
        let records = self.context.records.iter().filter(|(_, serves)| serves.contains(&ecosystem));
        records.map(|(id, _)| (*id).to_owned()).collect()
    }

    /// The ids of all registries that serve an ecosystem, sorted.
    pub(super) fn registries_of(&self, ecosystem: Ecosystem) -> Vec<String> {
        let records = self.records_of(ecosystem).into_iter();
        let declared = self.declared.iter().filter(|(_, (serves, _))| *serves == Some(ecosystem)).map(|(id, _)| id.clone());
        let mut all: Vec<String> = records.chain(declared).collect();
        all.sort();
        all
    }

    /// A pattern of packages; adds a fault if it is none.
    pub(super) fn package(&mut self, written: &At<String>, ecosystem: Option<Ecosystem>) -> Option<PackagePattern> {
        match PackagePattern::parse(&written.value, ecosystem) {
            Ok(package) => Some(package),
            Err((message, hint)) => {
                self.fault(written.span, message).hint(hint);
                None
            }
        }
    }

    /// A pattern of paths; adds a fault if it is none.
    pub(super) fn path(&mut self, written: &At<String>) -> PathPattern {
        self.check_path(written);
        PathPattern::new(&written.value)
    }

    /// Adds a fault if this is no pattern of paths.
    pub(super) fn check_path(&mut self, pattern: &At<String>) {
        if let Err(why) = Paths::check(&pattern.value) {
            self.refuse_path(self.at(pattern.span), &pattern.value, &why);
        }
    }

    pub(super) fn refuse_path(&mut self, place: Option<Place>, pattern: &str, why: &str) {
        let message = format!("`{}` is no path pattern: {why}", pattern.escape_debug());
        self.fault_at(place, message).hint("write it like `fixtures/**`, from the root");
    }

    fn addresses(&mut self, written: &[At<String>]) -> Vec<Setting<AddressPattern>> {
        let mut patterns = Vec::with_capacity(written.len());
        for line in written {
            match AddressPattern::parse(&line.value) {
                Ok(pattern) => patterns.push(self.setting(line, pattern)),
                Err((message, hint)) => {
                    self.fault(line.span, message).hint(hint);
                }
            }
        }
        patterns
    }

    /// A day; adds a fault if the calendar has none such.
    pub(super) fn date(&mut self, written: &At<Datetime>) -> Option<Setting<Date>> {
        let day = day(&written.value);
        if day.is_none() {
            self.fault(written.span, format!("there is no day {}", written.value));
        }
        day.map(|day| self.setting(written, day))
    }
}

/// The day that a date of TOML names, if the calendar has it.
pub(super) fn day(written: &Datetime) -> Option<Date> {
    let date = written.date?;
    let parts = (i16::try_from(date.year), i8::try_from(date.month), i8::try_from(date.day));
    let (Ok(year), Ok(month), Ok(day)) = parts else { return None };
    Date::new(year, month, day).ok()
}

/// Adds a fault to something that ends later than the policy lets anything last.
pub(super) fn too_long(
    noun: &str,
    until: &Setting<Date>,
    span: Span,
    days_max: Option<Setting<i64>>,
    compiler: &mut Compiler<'_>,
) {
    let Some(most) = days_max else { return };
    let days = compiler.context.today.until(until.value).map_or(i64::MAX, |span| i64::from(span.get_days()));
    if days > most.value {
        let message = format!("this {noun} lasts {days} days from today; at most {} are accepted", most.value);
        let hint = "choose an earlier day; it can be prolonged when the time comes";
        compiler.fault(span, message).hint(hint).also(most.place, "the most that is accepted");
    }
}
