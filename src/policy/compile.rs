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
use super::levels::{Level, ROWS, Row};
use super::origins::{AddressPattern, Origins};
use super::selector::{PackagePattern, Paths};
use super::shape::{self, Keys};
use super::{Context, POLICY_BYTES_MAX, Policy, SetBy, Setting};
use super::{exceptions, minimum, presets, registries};
use crate::ecosystem::Ecosystem;
use crate::text::{Place, Span, Text};

/// What validation knows and collects.
pub(super) struct Compiler<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) faults: Vec<Fault>,
    text: Option<&'a Text>,
    keys: Keys,
    declared: HashMap<String, (Option<Ecosystem>, Span)>,
}

/// A fault that was just added.
pub(super) struct Added<'f> {
    fault: Option<&'f mut Fault>,
    text: Option<&'f Text>,
}

impl Added<'_> {
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(fault) = &mut self.fault {
            fault.hint = hint.into();
        }
        self
    }

    pub(super) fn also(self, span: Span, label: impl Into<String>) {
        if let (Some(fault), Some(text)) = (self.fault, self.text) {
            fault.also = Some((text.place(span), label.into()));
        }
    }
}

/// Reads, checks and compiles.
pub(super) fn load(text: Option<&Text>, context: &Context<'_>) -> Result<Policy, Vec<Fault>> {
    let (file, keys) = match text {
        Some(text) => read(text, &Document { noun: "policy", bytes_max: POLICY_BYTES_MAX, schema: &super::schema() })?,
        None => (File::default(), Keys::new()),
    };
    let declared = |(id, registry): &(At<String>, super::file::Registry)| {
        (id.value.clone(), (Ecosystem::from_id(&registry.ecosystem.value), id.span))
    };
    let declared = file.registries.0.iter().map(declared).collect();
    let mut compiler = Compiler { context, faults: Vec::new(), text, keys, declared };
    let policy = policy(&file, &mut compiler);
    let mut faults = compiler.faults;
    if faults.is_empty() {
        return Ok(policy);
    }
    faults.sort_by_key(|fault| fault.place);
    Err(faults)
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

/// Reads a file of ours into its type.
pub(super) fn read<T: serde::de::DeserializeOwned>(text: &Text, document: &Document<'_>) -> Result<(T, Keys), Vec<Fault>> {
    let Document { noun, bytes_max, schema } = document;
    if text.content.len() > *bytes_max {
        let message = format!("the {noun} has {} bytes; at most {bytes_max} are read", text.content.len());
        return Err(vec![Fault::new(Some(text.place(Span::default())), message)]);
    }
    let (table, errors) = DeTable::parse_recoverable(&text.content);
    if !errors.is_empty() {
        let mut faults: Vec<Fault> = errors.iter().map(|error| syntax(text, error)).collect();
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
    let (keys, faults) = shape::check(text, &table, noun, schema);
    if !faults.is_empty() {
        return Err(faults);
    }
    let file = T::deserialize(Deserializer::from(table));
    file.map(|file| (file, keys)).map_err(|error| vec![syntax(text, &error)])
}

/// Faults of syntax above this number are not listed.
const FAULTS_OF_SYNTAX_MAX: usize = 10;

fn syntax(text: &Text, error: &toml::de::Error) -> Fault {
    let span = error.span().map_or_else(Span::default, |span| Span::new(span.start, span.end));
    if error.message() == "duplicate key" {
        let message = format!("the key `{}` stands twice in one table", text.slice(span).escape_debug());
        return Fault::new(Some(text.place(span)), message).with_hint("keep one of them");
    }
    Fault::new(Some(text.place(span)), format!("is not TOML: {}", error.message().replace('\n', ", ")))
}

fn policy(file: &File, compiler: &mut Compiler<'_>) -> Policy {
    let (extends, mut levels, mut no_lockfile) = layers(file, compiler);
    for (key, level) in &file.levels.0 {
        if let (Some((index, _)), Some(value)) = (Row::find(&key.value), Level::from_id(&level.value))
            && let Some(slot) = levels.get_mut(index)
        {
            *slot = compiler.setting(level, value);
        }
    }
    overrule(&mut levels, compiler);
    if let Some((written, level)) = file.no_lockfile.as_ref().and_then(|written| Some((written, Level::from_id(&written.value)?)))
    {
        no_lockfile = compiler.setting(written, level);
    }
    let catalogue = file.catalogue.as_ref().and_then(|date| compiler.date(date));
    let exclude = compiler.paths(&file.exclude);
    let allow_archive = &file.origins.allow_archive;
    let boxed =
        |written: &At<String>, compiler: &Compiler<'_>| compiler.setting(written, Box::<str>::from(written.value.as_str()));
    Policy {
        text: compiler.text.map(|text| text.id),
        extends,
        catalogue,
        no_lockfile,
        exception_days_max: file.exception_days_max.as_ref().map(|days| compiler.setting(days, days.value)),
        minimum: minimum::compile(&file.minimum, compiler),
        origins: Origins {
            git: compiler.addresses(&file.origins.allow_git),
            url: compiler.addresses(&file.origins.allow_url),
            archive: compiler.paths(allow_archive),
            archive_settings: allow_archive.iter().map(|written| boxed(written, compiler)).collect(),
        },
        default_registries: registries::compile_defaults(&file.origins.default_registry, compiler),
        registries: registries::compile(&file.registries, compiler),
        packages: registries::compile_packages(&file.packages, compiler),
        build_args: file.build_args.0.iter().map(|(key, value)| (key.value.as_str().into(), boxed(value, compiler))).collect(),
        baseline: super::Baseline::default(),
        exceptions: exceptions::compile(&file.exceptions, file.exception_days_max.as_ref(), compiler),
        levels,
        exclude,
        exclude_settings: file.exclude.iter().map(|written| boxed(written, compiler)).collect(),
    }
}

type Layers = (Vec<Setting<&'static str>>, Vec<Setting<Level>>, Setting<Level>);

/// The presets, one over the other. Where one says nothing, and there is none such, the strictest holds.
fn layers(file: &File, compiler: &mut Compiler<'_>) -> Layers {
    let mut extends: Vec<Setting<&'static str>> = Vec::new();
    let mut levels: Vec<Setting<Level>> = ROWS.iter().map(|_| Setting::of(Level::Deny, SetBy::Default)).collect();
    let mut no_lockfile = Setting::of(Level::Undecided, SetBy::Default);
    let default = At { value: presets::DEFAULT.to_owned(), span: Span::default() };
    let written = if file.extends.is_empty() { std::slice::from_ref(&default) } else { file.extends.as_slice() };
    for entry in written {
        let Some((id, preset)) = presets::read(&entry.value) else {
            refuse_layer(entry, compiler);
            continue;
        };
        if let Some(first) = extends.iter().find(|first| first.value == id).and_then(|first| first.place) {
            compiler
                .fault(entry.span, format!("`{id}` is extended twice"))
                .hint("keep one of them")
                .also(first.span, "the first one");
        }
        let by = SetBy::Preset(id);
        let is_default = file.extends.is_empty();
        extends.push(if is_default { Setting::of(id, SetBy::Default) } else { compiler.setting(entry, id) });
        for (key, level) in &preset.levels.0 {
            let slot = Row::find(&key.value).and_then(|(index, _)| levels.get_mut(index));
            if let (Some(slot), Some(level)) = (slot, Level::from_id(&level.value)) {
                *slot = Setting::of(level, by);
            }
        }
        if let Some(level) = preset.no_lockfile.and_then(|level| Level::from_id(&level.value)) {
            no_lockfile = Setting::of(level, by);
        }
    }
    (extends, levels, no_lockfile)
}

fn refuse_layer(entry: &At<String>, compiler: &mut Compiler<'_>) {
    let name = entry.value.escape_debug().to_string();
    let looks_like_file = entry.value.contains(['/', '.']);
    if looks_like_file {
        let hint = format!("write {} here, and the file's settings into this one", listed(presets::IDS));
        compiler.fault(entry.span, format!("`{name}` is a file; only presets can be extended yet")).hint(hint);
    } else {
        compiler.fault(entry.span, format!("`{name}` is no preset")).hint(advice(&entry.value, presets::IDS));
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

impl Compiler<'_> {
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
        self.faults.push(Fault::new(self.text.map(|text| text.place(span)), message));
        Added { fault: self.faults.last_mut(), text: self.text }
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
        let known = self.context.records.iter().map(|(record, _)| *record).chain(self.declared.keys().map(String::as_str));
        let hint = match nearest(&id.value, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("declare it as `[registries.{}]`, or see `packman registries`", id.value.escape_debug()),
        };
        let message = format!("`{}` is neither in the catalogue nor declared", id.value.escape_debug());
        self.fault(id.span, message).hint(hint);
        None
    }

    /// Where a registry is declared, if it is.
    pub(super) fn declared_at(&self, id: &str) -> Option<Span> {
        self.declared.get(id).map(|(_, span)| *span)
    }

    /// The ids of all registries that serve an ecosystem, sorted.
    pub(super) fn registries_of(&self, ecosystem: Ecosystem) -> Vec<String> {
        let records =
            self.context.records.iter().filter(|(_, serves)| serves.contains(&ecosystem)).map(|(id, _)| (*id).to_owned());
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

    /// One pattern of paths.
    pub(super) fn path(&mut self, written: &At<String>) -> (Box<str>, Paths) {
        let paths = self.paths(std::slice::from_ref(written));
        (written.value.as_str().into(), paths)
    }

    /// Patterns of paths; adds a fault for one that cannot be compiled.
    pub(super) fn paths(&mut self, written: &[At<String>]) -> Paths {
        let faults_before = self.faults.len();
        for pattern in written {
            if let Err(why) = Paths::check(&pattern.value) {
                self.refuse_path(pattern, &why);
            }
        }
        if self.faults.len() > faults_before {
            return Paths::default();
        }
        Paths::compile(written.iter().map(|pattern| pattern.value.as_str())).unwrap_or_else(|why| {
            if let Some(last) = written.last() {
                self.refuse_path(last, &why);
            }
            Paths::default()
        })
    }

    fn refuse_path(&mut self, pattern: &At<String>, why: &str) {
        let message = format!("`{}` is no path pattern: {why}", pattern.value.escape_debug());
        self.fault(pattern.span, message).hint("write it like `fixtures/**`, from the root");
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
