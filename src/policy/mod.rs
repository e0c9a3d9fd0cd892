//! The policy: what a repository asks, as written and as it is applied.
//!
//! Answers for: reading `packman.toml`, presets and `--level` into one validated policy in which every setting knows where it was
//! made; all faults of a file at once; and the questions that rules ask of it, quickly. Reads no lockfile, knows no record of the
//! catalogue but by id and ecosystem, and decides nothing: rules do.

mod baseline;
mod cases;
mod compile;
mod exceptions;
mod fault;
mod file;
mod floor;
mod folders;
mod layers;
mod levels;
mod lines;
mod loosened;
mod minimum;
mod origins;
mod overlays;
mod paths;
mod presets;
mod registries;
mod schema;
mod selector;
mod shape;
mod trail;

use jiff::civil::Date;

pub use baseline::{
    BASELINE_BYTES_MAX, BASELINE_PATH, Baseline, BaselineKey, BaselineLine, baseline_schema, may_be_baselined, render_baseline,
};
pub use cases::{CASES_PATH, Expected, TestCase, cases_schema, load_cases};
pub use exceptions::{Exception, Exceptions};
pub use fault::Fault;
pub use floor::Floor;
pub use folders::Folder;
pub use layers::POLICY_FILES_MAX;
pub use levels::{Level, ROWS, Row};
pub use lines::PackageLines;
pub use minimum::{Alternative, Asked, Minimum, Minimums, Narrowed, Stated, Strictest};
pub use origins::{AddressPattern, Origins, means_itself};
pub use overlays::Overlay;
pub use paths::{PathLines, Paths};
pub use presets::{IDS as PRESETS, levels as preset_levels};
pub use registries::{Assigned, Declared, Packages};
pub use schema::schema;
pub use selector::{PackagePattern, Subject};
pub use trail::Made;

use crate::ecosystem::Ecosystem;
use crate::text::{Place, Problem, Span, Text, TextId, Texts};

/// Where a policy is looked for, from the root. Both at once is a fault.
pub const PATHS: [&str; 2] = ["packman.toml", ".github/packman.toml"];

/// The named limit on a policy's size, in bytes: ten thousand exceptions fit.
pub const POLICY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Who made a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetBy {
    /// Nobody: packman's own default.
    Default,
    /// A preset, by its id.
    Preset(&'static str),
    /// The policy file.
    File,
    /// The command line.
    CommandLine,
}

/// One setting, who made it, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// What is set.
    pub value: T,
    /// Who set it.
    pub by: SetBy,
    /// Where, for settings of the file: from the key to the end of the value.
    pub place: Option<Place>,
}

impl<T> Setting<T> {
    const fn of(value: T, by: SetBy) -> Self {
        Self { value, by, place: None }
    }
}

/// The files of a tree, for a policy that extends some of them.
pub trait Files {
    /// The file at a path from the root; `None` if there is none, `Err` if it cannot be read.
    fn read(&self, path: &str) -> Option<Result<&Text, &Problem>>;
    /// All paths, for advice about one that is not there.
    fn paths(&self) -> Vec<&str>;
}

/// What a policy is read in the light of.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The ids of the catalogue's records, with what each serves.
    pub records: &'a [(&'a str, &'a [Ecosystem])],
    /// The day of judgement.
    pub today: Date,
    /// `RULE=LEVEL` of the command line; later ones win.
    pub levels: &'a [String],
    /// The files that it can extend, if any.
    pub files: Option<&'a dyn Files>,
}

/// A validated policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The file, if there is one.
    pub text: Option<TextId>,
    /// All files that it is made of, in the order in which they count: its own is the last before those of its folders.
    pub files: Vec<TextId>,
    /// The presets that it builds on, in order.
    pub extends: Vec<Setting<&'static str>>,
    /// The day as of which the catalogue is read, if it is pinned.
    pub catalogue: Option<Setting<Date>>,
    /// What it means if nothing was read: `Undecided`, `Warn` or `Allow`.
    pub no_lockfile: Setting<Level>,
    /// The longest that an exception may last, in days from today.
    pub exception_days_max: Option<Setting<i64>>,
    /// The most exceptions that there may be.
    exception_count_max: Option<Setting<i64>>,
    /// How many days before an end reports begin to tell of it.
    exception_notice_days: Option<Setting<i64>>,
    /// What is asked of dependencies.
    pub minimum: Minimums,
    /// Origins other than registries that are allowed.
    pub origins: Origins,
    /// The registry that silence means, by ecosystem.
    default_registries: Vec<(Ecosystem, Setting<Box<str>>)>,
    /// Declared registries, in the order of the file.
    pub registries: Vec<Declared>,
    /// The policy's word on registries of the catalogue.
    pub overlays: Vec<Overlay>,
    /// What is known about single packages.
    pub packages: Packages,
    /// Values of `ARG`s, in the order of the file.
    pub build_args: Vec<(Box<str>, Setting<Box<str>>)>,
    /// Accepted departures.
    pub exceptions: Exceptions,
    /// What was there when the gate was switched on. It lies in a file of its own, so whoever loads the policy adds it.
    pub baseline: Baseline,
    /// What a repository may accept for itself, where this is its floor.
    pub floor: Floor,
    /// Policies of single folders, an outer one before those within it.
    pub folders: Vec<Folder>,
    /// Single settings as each layer makes them, an earlier layer's first.
    pub trail: Vec<Made>,
    levels: Vec<Setting<Level>>,
    exclude: PathLines,
}

/// The policy file of a tree; a fault if there are two.
pub fn find(texts: &Texts) -> Result<Option<TextId>, Fault> {
    let [root, github] = PATHS.map(|path| texts.find(path));
    match (root, github) {
        (Some(root), Some(github)) => {
            let start = |text: TextId| Some(Place { text, span: Span::default() });
            let message = format!("there are two policies, `{}` and `{}`", PATHS[0], PATHS[1]);
            Err(Fault::new(start(root), message).with_hint("keep one of them").with_also(start(github), "the other one"))
        }
        (root, github) => Ok(root.or(github)),
    }
}

/// Reads and validates a policy. Without a text, `standard` holds. All faults are given at once, in the order of the file.
pub fn load(text: Option<&Text>, context: &Context<'_>) -> Result<Policy, Vec<Fault>> {
    compile::load(text, context)
}

/// How many days before an end reports tell of it, where the policy does not say.
const NOTICE_DAYS: i64 = 14;

impl Policy {
    /// A policy that says nothing: the strictest.
    fn bare(text: Option<TextId>) -> Self {
        Self {
            text,
            files: Vec::new(),
            extends: Vec::new(),
            catalogue: None,
            no_lockfile: Setting::of(Level::Undecided, SetBy::Default),
            exception_days_max: None,
            exception_count_max: None,
            exception_notice_days: None,
            minimum: Minimums::default(),
            origins: Origins::default(),
            default_registries: Vec::new(),
            registries: Vec::new(),
            overlays: Vec::new(),
            packages: Packages::default(),
            build_args: Vec::new(),
            exceptions: Exceptions::default(),
            baseline: Baseline::default(),
            floor: Floor::default(),
            folders: Vec::new(),
            trail: Vec::new(),
            levels: ROWS.iter().map(|_| Setting::of(Level::Deny, SetBy::Default)).collect(),
            exclude: PathLines::default(),
        }
    }

    /// Lets a baseline accept findings, of its folders' policies too.
    pub fn set_baseline(&mut self, baseline: Baseline) {
        for folder in &mut self.folders {
            folder.policy.baseline = baseline.clone();
        }
        self.baseline = baseline;
    }

    /// How many days are left until an end, if so few that it should be told of; the last day itself is 0.
    #[must_use]
    pub fn days_left(&self, until: Date, today: Date) -> Option<i64> {
        let days = i64::from(today.until(until).ok()?.get_days());
        let notice = self.exception_notice_days.map_or(NOTICE_DAYS, |days| days.value);
        (0..notice).contains(&days).then_some(days)
    }

    /// The level of a rule, or of a part of one that has its own. Something without a level is denied.
    #[must_use]
    pub fn level(&self, id: &str) -> Setting<Level> {
        let found = Row::find(id).and_then(|(index, _)| self.levels.get(index));
        found.copied().unwrap_or(Setting::of(Level::Deny, SetBy::Default))
    }

    /// The line that excludes a path, if one does.
    #[must_use]
    pub fn excludes(&self, path: &str) -> Option<&Setting<Box<str>>> {
        self.exclude.find(path)
    }

    /// The patterns of `exclude`, in the order of the file.
    #[must_use]
    pub fn exclude(&self) -> &[Setting<Box<str>>] {
        self.exclude.lines()
    }

    /// The registry that silence means in an ecosystem, if the policy says so.
    #[must_use]
    pub fn default_registry(&self, ecosystem: Ecosystem) -> Option<&Setting<Box<str>>> {
        self.default_registries.iter().find(|(of, _)| *of == ecosystem).map(|(_, registry)| registry)
    }

    /// What is asked of a dependency; `None` if nothing is.
    #[must_use]
    pub fn minimum_for(&self, subject: &Subject<'_>) -> Option<Minimum<'_>> {
        self.minimum.of(subject)
    }

    /// The first exception that accepts a rule's finding about a subject on this day, with its position in the file.
    #[must_use]
    pub fn exception_for(&self, rule: &str, subject: &Subject<'_>, today: Date) -> Option<(usize, &Exception)> {
        self.exceptions.find(rule, subject, today)
    }
}
