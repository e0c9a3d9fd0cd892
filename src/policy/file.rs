//! The policy file exactly as it is written, with the place of every value.
//!
//! Answers for: names, types and descriptions of all keys, from which the JSON Schema is derived and by which a file's shape is
//! checked. Gives nothing a meaning: `compile` does.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use toml::Spanned;
use toml::value::Datetime;

use super::schema;
use crate::text::Span;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        let span = Span::new(spanned.span().start, spanned.span().end);
        Ok(Self { value: spanned.into_inner(), span })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A table whose keys the author chooses, in the order of the file.
#[derive(Clone, Debug)]
pub(super) struct Table<T>(pub(super) Vec<(At<String>, T)>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Rows<T> {
            type Value = Table<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut rows: Vec<(At<String>, T)> = Vec::new();
                while let Some(row) = map.next_entry()? {
                    rows.push(row);
                }
                rows.sort_by_key(|(key, _)| key.span);
                Ok(Table(rows))
            }
        }

        deserializer.deserialize_map(Rows(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Table<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Table_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::table_of(&generator.subschema_for::<T>())
    }
}

/// What a repository asks of the places that its packages come from.
///
/// It lies in `packman.toml` at the root, or in `.github/packman.toml`.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(title = "packman policy")]
pub(super) struct File {
    /// What this policy builds on: presets (`observe`, `standard` or `strict`) and files of the repository, by their path from this
    /// file's folder. A later one wins over an earlier, this file over all. Without any preset: `standard`.
    pub(super) extends: Vec<At<String>>,
    /// The day as of which the catalogue is read: what was learnt about registries after it does not move the verdict.
    #[schemars(schema_with = "schema::date")]
    pub(super) catalogue: Option<At<Datetime>>,
    /// Files that are not read, as path patterns from the root: `*` stays within one folder, `**` does not. A folder stands for all
    /// below it. Every report counts and lists them.
    pub(super) exclude: Vec<At<String>>,
    /// What it means if nothing at all was read.
    #[schemars(schema_with = "schema::no_lockfile")]
    pub(super) no_lockfile: Option<At<String>>,
    /// The longest that an exception or an overlay may last, in days from today.
    #[schemars(with = "Option<u32>", range(min = 1, max = 3660))]
    pub(super) exception_days_max: Option<At<i64>>,
    /// The most exceptions that there may be.
    #[schemars(with = "Option<u32>", range(min = 0, max = 10_000))]
    pub(super) exception_count_max: Option<At<i64>>,
    /// So many days before an exception or an overlay ends, every report begins to say so. 14 if not given; 0 for never.
    #[schemars(with = "Option<u32>", range(min = 0, max = 3660))]
    pub(super) exception_notice_days: Option<At<i64>>,
    /// What is asked of every dependency.
    pub(super) minimum: Minimum,
    /// How much each rule's findings weigh: `deny` fails, `warn` reports, `allow` does neither.
    #[schemars(schema_with = "schema::levels")]
    pub(super) levels: Table<At<String>>,
    /// Where packages may come from if not from a registry, and which registry a client's silence means.
    pub(super) origins: Origins,
    /// Registries that the catalogue does not know, by an id of your choice.
    pub(super) registries: Table<Registry>,
    /// Your own word on registries of the catalogue, by their ids, for a while: it counts in place of the record's.
    pub(super) overlays: Table<Overlay>,
    /// What is known about single packages.
    pub(super) packages: Packages,
    /// Values of the `ARG`s that Dockerfiles name images by.
    #[schemars(schema_with = "schema::build_args")]
    pub(super) build_args: Table<At<String>>,
    /// Accepted departures, each with a reason, an owner and an end.
    pub(super) exceptions: Vec<At<Exception>>,
    /// Policies of single folders, by the path of the folder from the root: for the lockfiles below it, both policies judge, and the worse
    /// verdict stands.
    pub(super) folders: Table<Folder>,
    /// What a repository may accept for itself, where this file is its floor (`--floor`).
    pub(super) floor: Floor,
}

/// The policy of one folder, and what it may decide alone.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Folder {
    /// The folder's policy, by its path from this file's folder. Without it: `packman.toml` in the folder.
    pub(super) policy: Option<At<String>>,
    /// The rules of which the folder's own exceptions accept findings.
    #[schemars(schema_with = "schema::rules")]
    pub(super) allow_exceptions: Vec<At<String>>,
    /// The rules on which the folder's policy decides alone: levels, minimums and origins count as it says, exceptions too.
    #[schemars(schema_with = "schema::rules")]
    pub(super) allow_loosening: Vec<At<String>>,
}

/// What a repository may accept for itself, where this file is its floor (`--floor`). All else it can only tighten.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Floor {
    /// The rules of which the repository's own exceptions accept findings.
    #[schemars(schema_with = "schema::rules")]
    pub(super) allow_exceptions: Vec<At<String>>,
    /// The rules of which the repository's own baseline accepts findings.
    #[schemars(schema_with = "schema::rules")]
    pub(super) allow_baseline: Vec<At<String>>,
}

/// What is asked of every dependency.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Minimum {
    /// The lowest tier: 1 untrusted, 2 basic controls, 3 very secure.
    #[schemars(with = "Option<u8>", range(min = 1, max = 3))]
    pub(super) tier: Option<At<i64>>,
    /// When a control counts: `guaranteed` if the registry has it for every package, `offered` (the default) also if it makes it
    /// possible, `observed` if it holds for this very version.
    #[schemars(schema_with = "schema::reading")]
    pub(super) reading: Option<At<String>>,
    /// Controls that must be met, whatever the tier.
    #[schemars(schema_with = "schema::controls")]
    pub(super) controls: Option<Vec<At<String>>>,
    /// Alternatives beside `tier` and `controls`: at least one must be met.
    pub(super) any_of: Option<Vec<At<Alternative>>>,
    /// What is asked of some dependencies instead. All selectors of one entry must fit; the most specific entry wins.
    #[serde(rename = "for")]
    pub(super) narrower: Vec<At<Narrower>>,
}

/// What is asked of the dependencies that it selects. What it does not say is taken from less specific entries.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Narrower {
    /// Dependencies of this ecosystem.
    #[schemars(schema_with = "schema::ecosystem")]
    pub(super) ecosystem: Option<At<String>>,
    /// Dependencies from this registry, by its id.
    pub(super) registry: Option<At<String>>,
    /// Dependencies of this scope. A dependency that production needs too is not of scope `development`, `build` or `test`; one
    /// whose scope is not known counts as production's.
    #[schemars(schema_with = "schema::scope")]
    pub(super) scope: Option<At<String>>,
    /// Dependencies of this npm scope, such as `@acme`.
    pub(super) npm_scope: Option<At<String>>,
    /// Dependencies whose package fits: a package URL or a name, in which `*` stands for any run of characters.
    pub(super) package: Option<At<String>>,
    /// Dependencies of lockfiles whose path fits this pattern.
    pub(super) path: Option<At<String>>,
    /// The lowest tier.
    #[schemars(with = "Option<u8>", range(min = 1, max = 3))]
    pub(super) tier: Option<At<i64>>,
    /// When a control counts.
    #[schemars(schema_with = "schema::reading")]
    pub(super) reading: Option<At<String>>,
    /// Controls that must be met, whatever the tier.
    #[schemars(schema_with = "schema::controls")]
    pub(super) controls: Option<Vec<At<String>>>,
    /// Alternatives beside `tier` and `controls`: at least one must be met.
    pub(super) any_of: Option<Vec<At<Alternative>>>,
}

/// One of several things of which one is enough. All that it asks must be met.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Alternative {
    /// The lowest tier.
    #[schemars(with = "Option<u8>", range(min = 1, max = 3))]
    pub(super) tier: Option<At<i64>>,
    /// Controls that must be met.
    #[schemars(schema_with = "schema::controls")]
    pub(super) controls: Vec<At<String>>,
}

/// Where packages may come from if not from a registry, and which registry a client's silence means.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Origins {
    /// Git repositories that packages may come from, such as `https://github.com/acme/*`. Scheme, user, `.git`, query and fragment do
    /// not count. In the host `*` stands for one label, in the path for any run of characters.
    pub(super) allow_git: Vec<At<String>>,
    /// Addresses that packages may come from, likewise.
    pub(super) allow_url: Vec<At<String>>,
    /// Archives of this repository that packages may come from, as path patterns from the root.
    pub(super) allow_archive: Vec<At<String>>,
    /// For each ecosystem the registry that is meant where neither lockfile nor client configuration names one.
    #[schemars(schema_with = "schema::default_registry")]
    pub(super) default_registry: Table<At<String>>,
}

/// A registry that the catalogue does not know.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Registry {
    /// What it serves.
    #[schemars(schema_with = "schema::ecosystem")]
    pub(super) ecosystem: At<String>,
    /// The addresses that it answers at.
    #[schemars(length(min = 1))]
    pub(super) urls: Vec<At<String>>,
    /// The registry of the catalogue whose packages it passes on unchanged.
    #[serde(default)]
    pub(super) mirror_of: Option<At<String>>,
    /// Names of the packages that a mirror serves beside those of its original; `*` stands for any run of characters.
    #[serde(default)]
    pub(super) own: Vec<At<String>>,
    /// How it protects its own packages, control by control. Needs `owner` and `reason`.
    #[serde(default)]
    #[schemars(schema_with = "schema::statuses")]
    pub(super) controls: Table<At<String>>,
    /// Who vouches for `controls`.
    #[serde(default)]
    #[schemars(with = "Option<String>", length(min = 1))]
    pub(super) owner: Option<At<String>>,
    /// Why `controls` hold.
    #[serde(default)]
    #[schemars(with = "Option<String>", length(min = 1))]
    pub(super) reason: Option<At<String>>,
}

/// Your own word on a registry of the catalogue, for a while.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Overlay {
    /// The status of all controls that are not listed below: lowers a registry in one line. To raise one, list its controls.
    #[serde(default)]
    #[schemars(schema_with = "schema::lowered")]
    pub(super) status: Option<At<String>>,
    /// The status of single controls.
    #[serde(default)]
    #[schemars(schema_with = "schema::overlaid")]
    pub(super) controls: Table<OverlaidControl>,
    /// Why the record's word does not count.
    #[schemars(with = "String", length(min = 1))]
    pub(super) reason: At<String>,
    /// Who answers for it.
    #[schemars(with = "String", length(min = 1))]
    pub(super) owner: At<String>,
    /// The last day on which it holds.
    #[schemars(schema_with = "schema::date")]
    pub(super) until: At<Datetime>,
}

/// Your own word on one control.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OverlaidControl {
    /// How far the registry has it.
    #[schemars(schema_with = "schema::status")]
    pub(super) status: At<String>,
}

/// What is known about single packages.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Packages {
    /// The one registry that a package may come from, by patterns of names or package URLs.
    pub(super) assign: Table<At<String>>,
    /// Packages that may run code when they are installed or built, as package URLs; `*` stands for any run of characters.
    pub(super) may_run_code: Vec<At<String>>,
}

/// An accepted departure from one rule.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Exception {
    /// The rule whose findings are accepted.
    #[schemars(schema_with = "schema::rule")]
    pub(super) rule: At<String>,
    /// The package: a package URL or a name, in which `*` stands for any run of characters.
    #[serde(default)]
    pub(super) package: Option<At<String>>,
    /// The registry, by its id.
    #[serde(default)]
    pub(super) registry: Option<At<String>>,
    /// The lockfile, as a path pattern from the root.
    #[serde(default)]
    pub(super) path: Option<At<String>>,
    /// Why it is accepted.
    #[schemars(with = "String", length(min = 1))]
    pub(super) reason: At<String>,
    /// Who answers for it.
    #[schemars(with = "String", length(min = 1))]
    pub(super) owner: At<String>,
    /// The last day on which it holds.
    #[schemars(schema_with = "schema::date")]
    pub(super) until: At<Datetime>,
}
