//! A team's own cases: dependencies, each with the verdict that the policy must give it.
//!
//! Answers for: reading `packman-tests.toml`. Judges nothing.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde_json::Value;
use toml::value::Datetime;

use super::compile::{Document, day, read};
use super::fault::{Fault, advice};
use super::file::At;
use super::levels::ROWS;
use super::schema;
use super::selector::PackagePattern;
use crate::ecosystem::Ecosystem;
use crate::text::{Place, Text};

/// Where the cases lie, from the root.
pub const CASES_PATH: &str = "packman-tests.toml";

/// The named limit on the size of the cases, in bytes.
const CASES_BYTES_MAX: usize = 1024 * 1024;

/// What the policy must say of a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It may come in, and nothing is said.
    Pass,
    /// It may come in, with a warning.
    Warn,
    /// It may not come in.
    Fail,
}

impl Expected {
    pub(super) const ALL: [Self; 3] = [Self::Pass, Self::Warn, Self::Fail];

    /// The word in the file.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One case.
#[derive(Clone, Debug)]
pub struct TestCase {
    /// What it shows, for people.
    pub name: String,
    /// The ecosystem of the package.
    pub ecosystem: Ecosystem,
    /// Its name as the ecosystem writes it.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The address that it comes from; else whatever its client asks in that folder.
    pub from: Option<String>,
    /// The folder of its lockfile, from the root; empty for the root.
    pub folder: String,
    /// The day by which it is judged, if the case says so.
    pub today: Option<Date>,
    /// The verdict.
    pub expect: Expected,
    /// A rule that must be among those that say so.
    pub rule: Option<String>,
    /// Where the case stands.
    pub place: Place,
}

/// Reads the cases. All faults are given at once, in the order of the file.
pub fn load_cases(text: &Text) -> Result<Vec<TestCase>, Vec<Fault>> {
    let document = Document { noun: "list of cases", bytes_max: CASES_BYTES_MAX, schema: &cases_schema() };
    let file = read::<File>(text, &document)?;
    let mut faults = Vec::new();
    let cases: Vec<TestCase> = file.case.into_iter().filter_map(|written| case(written, text, &mut faults)).collect();
    faults.sort_by_key(|fault| fault.place);
    if faults.is_empty() { Ok(cases) } else { Err(faults) }
}

fn case(written: At<Written>, text: &Text, faults: &mut Vec<Fault>) -> Option<TestCase> {
    let At { value: written, span } = written;
    let mut refuse =
        |span, message: String, hint: String| faults.push(Fault::new(Some(text.place(span)), message).with_hint(hint));
    let example = "write it like `pkg:npm/@acme/ui@1.0.0`";
    let parsed = match PackagePattern::parse(&written.package.value, None) {
        Ok(parsed) => parsed,
        Err((message, hint)) => {
            refuse(written.package.span, message, hint);
            return None;
        }
    };
    let (Some(ecosystem), name, Some(version)) = (parsed.ecosystem(), parsed.name(), parsed.version()) else {
        refuse(written.package.span, format!("`{}` is no package URL with a version", written.package.value), example.to_owned());
        return None;
    };
    if name.contains('*') || version.contains('*') {
        refuse(
            written.package.span,
            format!("`{}` is a pattern; a case is about one package", written.package.value),
            example.to_owned(),
        );
    }
    let folder = written.folder.as_ref().map_or("", |folder| folder.value.trim_matches('/'));
    if let Some(folder_written) = &written.folder
        && folder.split('/').any(|part| matches!(part, "." | ".."))
    {
        refuse(
            folder_written.span,
            format!("`{}` is no folder below the root", folder_written.value),
            "write it like `services/pay`".to_owned(),
        );
    }
    let today = written.today.as_ref().and_then(|today| {
        let found = day(&today.value);
        if found.is_none() {
            refuse(today.span, format!("there is no day {}", today.value), String::new());
        }
        found
    });
    let expect = Expected::ALL.into_iter().find(|expected| expected.id() == written.expect.value)?;
    if let (Some(rule), Expected::Pass) = (&written.rule, expect) {
        let message = format!("`{}` cannot be what says that nothing is said", rule.value.escape_debug());
        refuse(rule.span, message, "leave `rule` out, or expect `warn` or `fail`".to_owned());
    }
    if let Some(rule) = &written.rule
        && !ROWS.iter().any(|row| row.rule == rule.value)
    {
        let rules = ROWS.iter().filter(|row| row.id == row.rule).map(|row| row.id);
        refuse(rule.span, format!("there is no rule `{}`", rule.value.escape_debug()), advice(&rule.value, rules));
    }
    Some(TestCase {
        name: written.name.value,
        ecosystem,
        package: name.to_owned(),
        version: version.to_owned(),
        from: written.from.map(|from| from.value),
        folder: folder.to_owned(),
        today,
        expect,
        rule: written.rule.map(|rule| rule.value),
        place: text.place(span),
    })
}

/// Dependencies with the verdict that the policy must give them.
///
/// It lies in `packman-tests.toml` at the root. `packman policy test` runs it.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "packman tests")]
struct File {
    /// The cases, in the order in which they are run.
    #[serde(default)]
    case: Vec<At<Written>>,
}

/// One dependency, and what the policy must say of it.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    /// What the case shows, in a few words.
    name: At<String>,
    /// The package, as a package URL with a version: `pkg:npm/@acme/ui@1.0.0`.
    package: At<String>,
    /// Where it comes from: the registry, repository or file, as the lockfile would say it. Left out, it is whatever the client asks in
    /// that folder.
    #[serde(default)]
    from: Option<At<String>>,
    /// The folder that its lockfile lies in, from the root.
    #[serde(default)]
    folder: Option<At<String>>,
    /// The day by which exceptions are judged.
    #[serde(default)]
    #[schemars(schema_with = "schema::date")]
    today: Option<At<Datetime>>,
    /// What the policy must say: `pass` (it may come in, and nothing is said), `warn` (it may come in, with a warning) or `fail`.
    #[schemars(schema_with = "schema::expected")]
    expect: At<String>,
    /// A rule that must be among those that say so.
    #[serde(default)]
    rule: Option<At<String>>,
}

/// The schema as it is published, in `policies/packman-tests.schema.json`.
#[must_use]
pub fn cases_schema() -> Value {
    schema::of::<File>()
}
