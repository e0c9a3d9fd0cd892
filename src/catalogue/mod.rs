//! The catalogue: every registry that packman knows, as of a day.
//!
//! Answers for: which record a host, a client's id or a format's silence means, and where a registry stands on the catalogue's
//! date. Rows are statics; a record's text is parsed only when somebody asks for it. Never reads a lockfile or a policy, and never
//! decides what an address is: the router parses it and asks here with its host and path.

pub mod control;
pub mod definition;
#[rustfmt::skip] // one line for each field, as the test writes it
mod embedded;
pub mod layout;
mod lookup;
pub mod rating;
pub mod record;

use std::sync::{LazyLock, OnceLock};

use jiff::civil::Date;

use crate::ecosystem::Ecosystem;
use control::{Control, Tier};
pub use lookup::{default_for, find, find_client_id, find_host, path_decides};
use rating::{Rating, Reading, Statuses, rate};
use record::{Entry, Record};

/// One registry, as much of it as matching needs. Derived from the record's text, which it carries.
#[derive(Debug)]
pub struct Row {
    /// The record's id.
    pub id: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// The ecosystems that it serves.
    pub ecosystems: &'static [Ecosystem],
    /// Whether the record has controls.
    pub rated: bool,
    /// Hosts, `*` for one label.
    pub hosts: &'static [&'static str],
    /// `https://host/path` prefixes.
    pub url_prefixes: &'static [&'static str],
    /// What clients write in place of an address.
    pub client_ids: &'static [&'static str],
    /// Formats whose silence means it.
    pub default_for: &'static [&'static str],
    /// The registry whose packages it copies.
    pub mirror_of: Option<&'static str>,
    /// The record itself.
    pub text: &'static str,
}

/// A registry of the catalogue: its position among the rows, which are sorted by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryId(u16);

/// Every registry, in id order.
pub fn all() -> impl Iterator<Item = RegistryId> {
    (0..embedded::ROWS.len()).map_while(|index| u16::try_from(index).ok().map(RegistryId))
}

impl RegistryId {
    /// Its position among all registries.
    #[must_use]
    pub fn position(self) -> usize {
        usize::from(self.0)
    }

    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static Row {
        embedded::ROWS.get(self.position()).unwrap_or(&MISSING)
    }

    /// Its record, parsed on first use. A record that does not parse (a test holds that none is) is an unrated one without
    /// matching data, so that nothing is ever better than what was read.
    #[must_use]
    pub fn record(self) -> &'static Record {
        static PARSED: LazyLock<Vec<OnceLock<Record>>> =
            LazyLock::new(|| embedded::ROWS.iter().map(|_| OnceLock::new()).collect());
        static BROKEN: LazyLock<Record> = LazyLock::new(|| Record::unread(&MISSING));
        let row = self.row();
        let Some(cell) = PARSED.get(usize::from(self.0)) else { return &BROKEN };
        cell.get_or_init(|| Record::parse(row.text).unwrap_or_else(|_| Record::unread(row)))
    }
}

/// Stands for an index that no row has; ids are made here only, so it is never seen.
static MISSING: Row = Row {
    id: "missing",
    name: "missing",
    ecosystems: &[],
    rated: false,
    hosts: &[],
    url_prefixes: &[],
    client_ids: &[],
    default_for: &[],
    mirror_of: None,
    text: "",
};

/// The catalogue read as of a day: entries read later are as if they were not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Catalogue {
    date: Date,
}

/// A date was asked for that is newer than the data of this binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue of this packman ends on {newest}, {asked} is asked for")]
pub struct CatalogueTooOld {
    /// The date asked for.
    pub asked: Date,
    /// The newest date that there is.
    pub newest: Date,
}

/// Where a registry stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its controls were read.
    Controls(Statuses),
    /// Only the seed document's tier is known.
    Declared(Tier),
    /// Known, and nobody has read its controls.
    Unrated,
}

impl Standing {
    /// The tier in a reading. A declared tier stands in every reading; unrated is 1.
    #[must_use]
    pub fn tier(&self, reading: Reading) -> Tier {
        match self {
            Self::Controls(statuses) => rate(statuses, reading).tier,
            Self::Declared(tier) => *tier,
            Self::Unrated => Tier::UNTRUSTED,
        }
    }

    /// The tier with its arithmetic, where controls are known.
    #[must_use]
    pub fn rating(&self, reading: Reading) -> Option<Rating> {
        match self {
            Self::Controls(statuses) => Some(rate(statuses, reading)),
            Self::Declared(_) | Self::Unrated => None,
        }
    }

    /// The statuses; all `unknown` where no control was read.
    #[must_use]
    pub fn statuses(&self) -> Statuses {
        match self {
            Self::Controls(statuses) => *statuses,
            Self::Declared(_) | Self::Unrated => Statuses::default(),
        }
    }
}

impl Catalogue {
    /// The catalogue as of a date, or as of its newest.
    ///
    /// # Errors
    /// When the date is newer than the data: nothing can be said about that day yet.
    pub fn as_of(date: Option<Date>) -> Result<Self, CatalogueTooOld> {
        let newest = Self::newest_date();
        match date {
            Some(asked) if asked > newest => Err(CatalogueTooOld { asked, newest }),
            Some(date) => Ok(Self { date }),
            None => Ok(Self::newest()),
        }
    }

    /// The catalogue with all that this binary has.
    #[must_use]
    pub const fn newest() -> Self {
        Self { date: embedded::DATE }
    }

    /// The date of this binary's data (`policies/catalogue.toml`).
    #[must_use]
    pub const fn newest_date() -> Date {
        embedded::DATE
    }

    /// The date that this view is as of.
    #[must_use]
    pub const fn date(self) -> Date {
        self.date
    }

    /// Where a registry stands.
    #[must_use]
    pub fn standing(self, id: RegistryId) -> Standing {
        let record = id.record();
        if record.rated && record.first_read_on().is_some_and(|first| first <= self.date) {
            return Standing::Controls(Statuses::from_fn(|control| {
                record.entry(control, self.date).map(|entry| entry.status).unwrap_or_default()
            }));
        }
        record.declared.as_ref().map_or(Standing::Unrated, |declared| Standing::Declared(declared.counts_as()))
    }

    /// The entry of a control that holds.
    #[must_use]
    pub fn entry(self, id: RegistryId, control: Control) -> Option<&'static Entry> {
        id.record().entry(control, self.date)
    }

    /// The entries that this view leaves out because they were read later, oldest first: what a newer pin would bring.
    #[must_use]
    pub fn newer_entries(self) -> Vec<(RegistryId, Control, &'static Entry)> {
        let mut newer: Vec<_> = all()
            .filter(|id| id.row().rated)
            .flat_map(|id| id.record().controls.iter().map(move |(control, entries)| (id, *control, entries)))
            .flat_map(|(id, control, entries)| entries.iter().map(move |entry| (id, control, entry)))
            .filter(|(_, _, entry)| entry.read_on > self.date)
            .collect();
        newer.sort_by_key(|(id, control, entry)| (entry.read_on, *id, *control));
        newer
    }
}
