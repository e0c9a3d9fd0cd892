//! One registry's record as it stands in `policies/registries/<id>.toml`.
//!
//! Answers for: the shape of a record and reading it strictly (an unknown key is an error). Never judges: which entry holds on a
//! day is [`super::Catalogue`]'s answer, what a tier makes of it [`super::rating`]'s.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::Row;
use super::control::{Control, Status, Tier};
use crate::ecosystem::Ecosystem;

/// A record: who runs a registry, how its packages are recognised, and what was read about its controls.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Record {
    /// The file's name without its suffix.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Who runs it.
    pub operator: String,
    /// The language or field that it serves; empty if it serves several.
    #[serde(default)]
    pub language: String,
    #[serde(default, deserialize_with = "ecosystem")]
    ecosystem: Option<Ecosystem>,
    #[serde(default, deserialize_with = "ecosystems")]
    ecosystems: Vec<Ecosystem>,
    /// Whether its controls were read.
    pub rated: bool,
    /// The person who follows this registry for the project (the seed's "Packman Lead"); may be empty.
    #[serde(default)]
    pub lead: String,
    /// Its home page.
    #[serde(default)]
    pub page: String,
    /// Where security reports go: an address or a page.
    #[serde(default)]
    pub security_contact: String,
    /// The day by which the record should be read again; none for unrated records.
    #[serde(default, deserialize_with = "some_date")]
    pub review_by: Option<Date>,
    /// One line for people who meet an unrated registry.
    #[serde(default)]
    pub note: String,
    /// The record whose packages this one copies.
    #[serde(default)]
    pub mirror_of: Option<String>,
    /// How its packages are recognised.
    #[serde(rename = "match", default)]
    pub matching: Matching,
    /// What the seed document declared, before any control was read.
    pub declared: Option<Declared>,
    /// Dated entries for each control, newest last.
    #[serde(default)]
    pub controls: BTreeMap<Control, Vec<Entry>>,
}

/// How a registry's packages are recognised. The format of a file picks the ecosystem first.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Matching {
    /// Host names, exact; `*` stands for exactly one whole label.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// `https://host/path`: the path in whole segments. More exact than a host, so it wins.
    #[serde(default)]
    pub url_prefixes: Vec<String>,
    /// What a client writes in place of an address.
    #[serde(default)]
    pub client_ids: Vec<String>,
    /// Formats whose silence means this registry.
    #[serde(default)]
    pub default_for: Vec<String>,
}

/// The seed document's own tier, kept as it was written there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Declared {
    /// `1`, `2`, `3`, or with a question mark where the seed doubted.
    pub tier: String,
}

impl Declared {
    /// The tier that counts: a doubted one is 1.
    #[must_use]
    pub fn counts_as(&self) -> Tier {
        match self.tier.as_str() {
            "2" => Tier::BASIC,
            "3" => Tier::SECURE,
            _ => Tier::UNTRUSTED,
        }
    }
}

/// What was read about one control on one day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Entry {
    /// How far the registry has the control.
    pub status: Status,
    /// From when it holds: `YYYY-MM-DD`, or `YYYY-MM` where no day is known.
    #[serde(default)]
    pub since: Option<String>,
    /// The day on which this was read.
    #[serde(deserialize_with = "date")]
    pub read_on: Date,
    /// What is so, in one line.
    pub summary: String,
    /// Ids of the criteria of `policies/controls.toml` that the evidence supports.
    #[serde(default)]
    pub criteria: Vec<String>,
    /// How sure we are.
    pub confidence: Confidence,
    /// Addresses, and `owner/name:path` for files of public repositories.
    pub evidence: Vec<String>,
    /// How one version can show it.
    #[serde(default)]
    pub shown_by: Vec<ShownBy>,
    /// A setting that a project can make on its own side.
    #[serde(default)]
    pub consumer_side: Option<String>,
    /// What an earlier entry of ours had wrong.
    #[serde(default)]
    pub corrects: Option<String>,
}

/// How sure the reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Inference, or sources that are old.
    Low,
    /// Good sources that leave something open.
    Medium,
    /// The operator's own words or code.
    High,
}

impl Confidence {
    /// The word used in records.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One way in which a version can show a control.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ShownBy {
    /// How strongly.
    pub strength: Strength,
    /// Where to look.
    pub how: String,
}

/// How strongly something is shown, strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// It cannot be shown.
    None,
    /// The publisher says so inside the package.
    Claimed,
    /// It stands in the lockfile.
    Stated,
    /// The registry answers so.
    Answered,
    /// A signature, hash or log proof can be checked.
    Verified,
}

impl Strength {
    /// The word used in records.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Claimed => "claimed",
            Self::Stated => "stated",
            Self::Answered => "answered",
            Self::Verified => "verified",
        }
    }
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// What the TOML reader found, when the text is not a record.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let mut record: Self = toml::from_str(text)?;
        if let Some(ecosystem) = record.ecosystem {
            record.ecosystems.insert(0, ecosystem);
        }
        Ok(record)
    }

    /// What stands for a record that could not be read: known, unrated, matching nothing.
    pub(super) fn unread(row: &Row) -> Self {
        Self {
            id: row.id.into(),
            name: row.name.into(),
            operator: String::new(),
            language: String::new(),
            ecosystem: None,
            ecosystems: row.ecosystems.to_vec(),
            rated: false,
            lead: String::new(),
            page: String::new(),
            security_contact: String::new(),
            review_by: None,
            note: String::new(),
            mirror_of: None,
            matching: Matching::default(),
            declared: None,
            controls: BTreeMap::new(),
        }
    }

    /// The ecosystems that it serves.
    #[must_use]
    pub fn ecosystems(&self) -> &[Ecosystem] {
        &self.ecosystems
    }

    /// The newest entry of a control that was read on `date` or before.
    #[must_use]
    pub fn entry(&self, control: Control, date: Date) -> Option<&Entry> {
        self.controls.get(&control)?.iter().rev().find(|entry| entry.read_on <= date)
    }

    /// The day of the first control-level entry.
    #[must_use]
    pub fn first_read_on(&self) -> Option<Date> {
        self.controls.values().flatten().map(|entry| entry.read_on).min()
    }
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = toml::value::Datetime::deserialize(deserializer)?.to_string();
    text.parse().map_err(|_| de::Error::custom(format!("expected a date like 2026-11-22, found `{text}`")))
}

fn some_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    date(deserializer).map(Some)
}

fn ecosystem<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Ecosystem>, D::Error> {
    let id = String::deserialize(deserializer)?;
    Ecosystem::from_id(&id).map(Some).ok_or_else(|| de::Error::custom(format!("unknown ecosystem `{id}`")))
}

fn ecosystems<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Ecosystem>, D::Error> {
    let ids = Vec::<String>::deserialize(deserializer)?;
    let known = |id: &String| Ecosystem::from_id(id).ok_or_else(|| de::Error::custom(format!("unknown ecosystem `{id}`")));
    ids.iter().map(known).collect()
}
