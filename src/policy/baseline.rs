//! The baseline: findings that were there when the gate was switched on, each a line of `packman-baseline.toml`.
//!
//! Answers for: reading and writing that file, and which line speaks of a finding. It knows no finding but by its key; whether one may
//! be accepted at all is said here, that it is accepted in `rules`. Nothing here adds a line to a file that is there.

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde_json::Value;
use toml::value::Datetime;

use super::compile::{Document, day, read};
use super::fault::Fault;
use super::file::At;
use super::schema;
use crate::text::{Place, Text, TextId};

/// Where the baseline lies, from the root.
pub const BASELINE_PATH: &str = "packman-baseline.toml";

/// The named limit on a baseline's size, in bytes: about a hundred thousand lines.
pub const BASELINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Rules of which no finding can be accepted by a baseline, each with the reason, which follows on the rule's name.
const NEVER_BASELINED: [(&str, &str); 7] = [
    ("lockfile-unreadable", "says that nothing is known, and what is not known cannot be accepted"),
    ("exception-expired", "speaks about exceptions"),
    ("exception-unused", "speaks about exceptions"),
    ("protection-lowered", "speaks about a change, not about what was there"),
    ("coverage-lost", "speaks about a change, not about what was there"),
    ("registry-new", "speaks about a change, not about what was there"),
    ("policy-changed", "speaks about a change, not about what was there"),
];

/// Whether findings of a rule may be accepted by a baseline.
#[must_use]
pub fn may_be_baselined(rule: &str) -> bool {
    never(rule).is_none()
}

/// Why no finding of a rule can be accepted by a baseline, if that is so; follows on the rule's name.
pub(super) fn never(rule: &str) -> Option<&'static str> {
    NEVER_BASELINED.iter().find(|(never, _)| *never == rule).map(|(_, why)| *why)
}

/// What a line accepts: all of it must be equal. Empty parts are left out of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaselineKey {
    /// The rule.
    pub rule: String,
    /// The registry's id, else the class of the origin.
    pub origin: String,
    /// The package URL; with its version only where no registry serves it.
    pub package: String,
    /// The file that the finding stands in.
    pub path: String,
    /// What else tells this finding from others of its rule.
    pub detail: String,
    /// The address, where no registry serves it: another address is another finding.
    pub address: String,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaselineLine {
    /// The day on which it was written.
    pub since: Date,
    /// Where it stands.
    pub place: Place,
}

/// All lines.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    text: Option<TextId>,
    lines: Vec<BaselineLine>,
    keys: HashMap<BaselineKey, u32>,
}

impl Baseline {
    /// Reads a baseline. All faults are given at once, in the order of the file.
    pub fn load(text: &Text) -> Result<Self, Vec<Fault>> {
        let document = Document { noun: "baseline", bytes_max: BASELINE_BYTES_MAX, schema: &baseline_schema() };
        let file = read::<File>(text, &document)?;
        let mut baseline = Self { text: Some(text.id), ..Self::default() };
        let mut faults = Vec::new();
        for entry in file.findings {
            baseline.add(entry, text, &mut faults);
        }
        faults.sort_by_key(|fault| fault.place);
        if faults.is_empty() { Ok(baseline) } else { Err(faults) }
    }

    fn add(&mut self, entry: At<Entry>, text: &Text, faults: &mut Vec<Fault>) {
        let At { value: entry, span } = entry;
        let place = text.place(span);
        if let Some(why) = never(&entry.rule.value) {
            let message = format!("no baseline can accept `{}`: it {why}", entry.rule.value);
            let fault = Fault::new(Some(text.place(entry.rule.span)), message);
            faults.push(fault.with_hint("take the line out"));
        }
        let Some(since) = day(&entry.since.value) else {
            faults.push(Fault::new(Some(text.place(entry.since.span)), format!("there is no day {}", entry.since.value)));
            return;
        };
        let key = BaselineKey {
            rule: entry.rule.value,
            origin: entry.origin.unwrap_or_default(),
            package: entry.package.unwrap_or_default(),
            path: entry.path.unwrap_or_default(),
            detail: entry.detail.unwrap_or_default(),
            address: entry.address.unwrap_or_default(),
        };
        if let Some(first) = self.find(&key).and_then(|number| self.lines.get(number as usize)) {
            let fault = Fault::new(Some(place), "this line stands twice").with_hint("keep the older one");
            faults.push(fault.with_also(Some(first.place), "the first one"));
            return;
        }
        self.keys.insert(key, u32::try_from(self.lines.len()).unwrap_or(u32::MAX));
        self.lines.push(BaselineLine { since, place });
    }

    /// The file, if there is one.
    #[must_use]
    pub fn text(&self) -> Option<TextId> {
        self.text
    }

    /// The lines, in the order of the file.
    #[must_use]
    pub fn lines(&self) -> &[BaselineLine] {
        &self.lines
    }

    /// Every key with the number of its line, sorted by key.
    #[must_use]
    pub fn keys(&self) -> Vec<(&BaselineKey, u32)> {
        let mut keys: Vec<(&BaselineKey, u32)> = self.keys.iter().map(|(key, number)| (key, *number)).collect();
        keys.sort_unstable();
        keys
    }

    /// Whether the other one accepts everything that this one accepts.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.keys.keys().all(|key| other.keys.contains_key(key))
    }

    /// The same with the lines of some rules only; lines keep their numbers.
    #[must_use]
    pub fn only(&self, is_wanted: impl Fn(&str) -> bool) -> Self {
        let keys = self.keys.iter().filter(|(key, _)| is_wanted(&key.rule)).map(|(key, line)| (key.clone(), *line));
        Self { text: self.text, lines: self.lines.clone(), keys: keys.collect() }
    }

    /// The line that speaks of this, by number.
    #[must_use]
    pub fn find(&self, key: &BaselineKey) -> Option<u32> {
        self.keys.get(key).copied()
    }
}

/// What every file begins with.
const HEAD: &str = "\
# What packman found when this file was begun: accepted, one line each. `packman baseline` takes out the lines that nothing needs any
# more and never adds one. To accept something new, make an exception in packman.toml.
findings = [
";

/// Writes a baseline: the same bytes for the same lines, whatever their order. A line changes only by coming or going.
#[must_use]
pub fn render_baseline<'a>(lines: impl IntoIterator<Item = (&'a BaselineKey, Date)>) -> String {
    let mut lines: Vec<(&BaselineKey, Date)> = lines.into_iter().collect();
    lines.sort_unstable();
    let mut text = HEAD.to_owned();
    for (key, since) in lines {
        let BaselineKey { rule, origin, package, path, detail, address } = key;
        let parts =
            [("rule", rule), ("origin", origin), ("package", package), ("path", path), ("detail", detail), ("address", address)];
        text.push_str("  { ");
        for (name, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
            let _ = write!(text, "{name} = {}, ", quoted(value));
        }
        let _ = writeln!(text, "since = {since} }},");
    }
    text.push_str("]\n");
    text
}

/// A basic string of TOML: that of JSON, which leaves one more character as it is.
fn quoted(value: &str) -> String {
    Value::from(value).to_string().replace('\u{7f}', "\\u007f")
}

/// Findings that packman accepts because they were there when the gate was switched on.
///
/// It lies in `packman-baseline.toml` at the root. `packman baseline` writes it.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "packman baseline")]
struct File {
    /// One line for each.
    findings: Vec<At<Entry>>,
}

/// What one line accepts: findings of which all parts are equal.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    /// The rule.
    #[schemars(schema_with = "schema::rule")]
    rule: At<String>,
    /// The registry's id; without a registry the kind of origin, such as `git`, `url` or `unknown`.
    #[serde(default)]
    origin: Option<String>,
    /// The package URL; with its version only where no registry serves it.
    #[serde(default)]
    package: Option<String>,
    /// The file, from the root.
    #[serde(default)]
    path: Option<String>,
    /// What else tells this finding from others of its rule.
    #[serde(default)]
    detail: Option<String>,
    /// Where it comes from, if no registry serves it.
    #[serde(default)]
    address: Option<String>,
    /// The day on which this line was written.
    #[schemars(schema_with = "schema::date")]
    since: At<Datetime>,
}

/// The schema as it is published, in `policies/packman-baseline.schema.json`.
#[must_use]
pub fn baseline_schema() -> Value {
    schema::of::<File>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::Row;
    use crate::text::Side;

    /// A rule that is none would never be found.
    #[test]
    fn rules_that_are_never_baselined_are_rules() {
        for (rule, _) in NEVER_BASELINED {
            assert!(Row::rule(rule).is_some(), "{rule}");
        }
    }

    fn load(content: &str) -> Result<Baseline, Vec<Fault>> {
        let id = TextId { side: Side::Head, index: 0 };
        let (text, problem) = Text::decode(id, BASELINE_PATH, content.as_bytes().to_vec());
        assert_eq!(problem, None);
        Baseline::load(&text)
    }

    proptest! {
        /// Whatever stands in a lockfile: the file that is written can be read, says the same, and is written the same again.
        #[test]
        fn what_is_written_is_read(parts in prop::collection::vec(any::<(String, String)>(), 0..8)) {
            let key = |(package, address): &(String, String)| BaselineKey {
                rule: "unknown-registry".to_owned(),
                // A file that says nothing but white space is refused, as an empty text in a policy is.
                package: format!("pkg:npm/{package}"),
                address: format!("https://{address}"),
                ..BaselineKey::default()
            };
            let mut keys: Vec<BaselineKey> = parts.iter().map(key).collect();
            keys.sort();
            keys.dedup();
            let since = jiff::civil::date(2026, 11, 24);
            let written = render_baseline(keys.iter().rev().map(|key| (key, since)));
            let baseline = load(&written).unwrap();
            let read: Vec<(BaselineKey, u32)> = baseline.keys().into_iter().map(|(key, number)| (key.clone(), number)).collect();
            let expected: Vec<(BaselineKey, u32)> = keys.into_iter().zip(0..).collect();
            prop_assert_eq!(&read, &expected);
            prop_assert_eq!(render_baseline(read.iter().map(|(key, _)| (key, since))), written);
        }
    }
}
