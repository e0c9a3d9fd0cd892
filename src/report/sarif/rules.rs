//! The rules of a run: one for each rule of packman and registry that it looked at, whether it found something there or not.
//!
//! Ids are `<rule>-<registry>`, or `<rule>` where no registry is behind the origin; `-warn` is added where one policy gives one of
//! these two levels, since code scanning keeps the severity with the rule. The severity follows the level, so that code scanning's
//! check and packman's verdict agree: what denies or undecides is "high" (8.5 where the registry is tier 1 or nothing explains the
//! origin, else 7.5), a warning is "medium" (5.5). "Critical" (9.0 and more) is kept for what packman does not know: a known exploit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::json;
use serde_sarif::sarif::{MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor};

use super::limits::RULES_MAX;
use super::words::{clipped, sentence, unmarked};
use crate::catalogue::control::{Control, Tier};
use crate::catalogue::rating::Reading;
use crate::catalogue::{self, RegistryId, Standing};
use crate::ecosystem::Ecosystem;
use crate::finding::Finding;
use crate::judge::Report;
use crate::policy::{Level, ROWS};
use crate::report::escape::{code, markdown};
use crate::route::Registry;
use crate::rules::{Case, RULES, Rule};

/// GitHub's limit on a description, in characters.
const DESCRIPTION_MAX: usize = 1024;
/// So many links to evidence are given for each control.
const EVIDENCE_MAX: usize = 3;
/// The part of `unpinned-origin` that images and actions have a level of their own by.
const REFERENCES: &str = "unpinned-reference";

/// What one id stands for: the rule's position, the registry, and whether it is at `warn`.
type Key = (usize, Option<Registry>, bool);

/// The rules of a run, sorted by id.
pub(super) struct Rules {
    listed: Vec<Listed>,
    index: BTreeMap<Key, usize>,
    /// How many were left out because there are too many.
    pub(super) cut: usize,
}

/// One of them.
pub(super) struct Listed {
    pub(super) id: String,
    rule: &'static Rule,
    registry: Option<Registry>,
    is_warning: bool,
}

impl Rules {
    /// All that were evaluated, and whatever else a finding needs.
    pub(super) fn of(report: &Report<'_>) -> Self {
        let found = report.findings.iter().filter_map(|finding| key(&report.case, finding));
        let mut keys: BTreeSet<Key> = found.collect();
        let mut cut = keys.len().saturating_sub(RULES_MAX);
        for registry in std::iter::once(None).chain(registries(report).into_iter().map(Some)) {
            for (position, rule) in RULES.iter().enumerate() {
                for level in levels(&report.case, rule, registry) {
                    let key = (position, registry, level == Level::Warn);
                    if keys.len() < RULES_MAX {
                        keys.insert(key);
                    } else {
                        cut += usize::from(!keys.contains(&key));
                    }
                }
            }
        }
        let mut listed: BTreeMap<String, Listed> = BTreeMap::new();
        let mut names: Vec<(Key, String)> = Vec::new();
        for (position, registry, is_warning) in keys.iter().copied().take(RULES_MAX) {
            let Some(rule) = RULES.get(position).copied() else { continue };
            let has_two = is_warning && keys.contains(&(position, registry, false));
            let name = registry.and_then(|registry| report.case.ratings.id(registry));
            let id = id(rule, name, has_two);
            names.push(((position, registry, is_warning), id.clone()));
            // A policy may declare a registry `warn`, so that two have one id: then the stricter one.
            let one = listed.entry(id.clone()).or_insert(Listed { id, rule, registry, is_warning });
            one.is_warning &= is_warning;
        }
        let rules: Vec<Listed> = listed.into_values().collect();
        let at = |id: &String| rules.binary_search_by(|listed| listed.id.cmp(id)).ok();
        let index = names.iter().filter_map(|(key, id)| Some((*key, at(id)?))).collect();
        Self { listed: rules, index, cut }
    }

    /// The rule of a finding, by its position in the list.
    pub(super) fn find(&self, case: &Case<'_>, finding: &Finding) -> Option<usize> {
        self.index.get(&key(case, finding)?).copied()
    }

    /// The id at a position.
    pub(super) fn id(&self, at: usize) -> &str {
        self.listed.get(at).map_or("", |listed| &listed.id)
    }

    /// Whether the one at a position warns, so that code scanning's check lets it pass.
    pub(super) fn is_warning(&self, at: usize) -> bool {
        self.listed.get(at).is_some_and(|listed| listed.is_warning)
    }

    /// Everything that a reader of the run is told about them.
    pub(super) fn descriptors(&self, case: &Case<'_>) -> Vec<ReportingDescriptor> {
        let mut tables: BTreeMap<Registry, String> = BTreeMap::new();
        self.listed
            .iter()
            .map(|listed| {
                let table = listed.registry.map(|registry| tables.entry(registry).or_insert_with(|| table(case, registry)));
                descriptor(case, listed, table.map_or("", |table| table.as_str()))
            })
            .collect()
    }
}

/// Every id that a rule can have where a registry of the catalogue is behind the origin, or none. Policies add those of the registries
/// that they declare, and `-warn` where they give a rule two levels. What stands here once never goes: alerts are kept by it.
#[must_use]
pub fn ids() -> BTreeSet<String> {
    let registries = || std::iter::once(None).chain(catalogue::all().map(Some));
    // A rated record is an unrated one for policies that pin an earlier day.
    let fits = |rule: &Rule, registry: Option<RegistryId>| looks_at(rule, registry.map(Registry::Record), true);
    let of_rule = |rule: &'static Rule| {
        registries().filter(move |one| fits(rule, *one)).map(move |one| id(rule, one.map(|one| one.row().id), false))
    };
    RULES.iter().copied().flat_map(of_rule).collect()
}

fn id(rule: &Rule, registry: Option<&str>, has_two: bool) -> String {
    [Some(rule.id), registry, has_two.then_some("warn")].into_iter().flatten().collect::<Vec<_>>().join("-")
}

fn key(case: &Case<'_>, finding: &Finding) -> Option<Key> {
    let position = RULES.iter().position(|rule| rule.id == finding.rule.id)?;
    let registry = case.dependency(finding.subject).map(|dependency| dependency.origin.registry);
    let registry = registry.filter(|registry| case.ratings.id(*registry).is_some());
    Some((position, registry, finding.level == Level::Warn))
}

/// The registries that dependencies came from.
fn registries(report: &Report<'_>) -> BTreeSet<Registry> {
    report
        .case
        .dependencies()
        .map(|dependency| dependency.origin.registry)
        .filter(|registry| *registry != Registry::None)
        .collect()
}

/// The levels at which a rule can find something at a registry, or at origins without one; `allow` is none.
fn levels<'a>(case: &'a Case<'_>, rule: &'static Rule, registry: Option<Registry>) -> impl Iterator<Item = Level> + 'a {
    let is_unrated = matches!(registry, Some(Registry::Record(id)) if !case.ratings.is_rated(id));
    let fits = looks_at(rule, registry, is_unrated);
    let (has_references, has_packages) = kinds(case, registry);
    let rows = ROWS.iter().filter(move |row| row.rule == rule.id && fits);
    rows.filter(move |row| match (row.id, row.id == row.rule) {
        (REFERENCES, _) => has_references,
        ("unpinned-origin" | "integrity-missing", _) => has_packages,
        (_, is_whole) => is_whole,
    })
    .map(|row| case.policy.level(row.id).value)
    .filter(|level| *level != Level::Allow)
}

/// Whether a rule looks at what comes from a registry, or at what comes from none.
fn looks_at(rule: &Rule, registry: Option<Registry>, is_unrated: bool) -> bool {
    match rule.id {
        "tier-below-minimum" | "control-missing" | "registry-assumed" => registry.is_some(),
        "registry-unrated" => registry.is_some() && is_unrated,
        "unknown-registry"
        | "origin-not-allowed"
        | "lockfile-missing"
        | "lockfile-unreadable"
        | "exception-expired"
        | "exception-unused" => registry.is_none(),
        _ => true,
    }
}

/// Whether a registry serves references (images, actions), and whether it serves packages; without one both may be.
fn kinds(case: &Case<'_>, registry: Option<Registry>) -> (bool, bool) {
    let Some(registry) = registry else { return (true, true) };
    let ecosystems = ecosystems(case, registry);
    let is_reference = |ecosystem: &Ecosystem| matches!(ecosystem, Ecosystem::Docker | Ecosystem::GitHubActions);
    (ecosystems.iter().any(is_reference), !ecosystems.iter().all(is_reference))
}

fn ecosystems(case: &Case<'_>, registry: Registry) -> Vec<Ecosystem> {
    match registry {
        Registry::None => Vec::new(),
        Registry::Record(id) => id.row().ecosystems.to_vec(),
        Registry::Declared(index) => {
            let declared = case.ratings.declarations().registries.get(index as usize);
            declared.map(|declared| declared.ecosystem).into_iter().collect()
        }
    }
}

fn descriptor(case: &Case<'_>, listed: &Listed, table: &str) -> ReportingDescriptor {
    let rule = listed.rule;
    let name = listed.registry.and_then(|registry| case.ratings.name(registry));
    let short = name.map_or_else(|| rule.title.to_owned(), |name| format!("{} ({name})", rule.title));
    let help = unmarked(rule.help);
    let full = help.split("\n\n").next().unwrap_or("").replace('\n', " ");
    let more = format!(
        "More: `packman explain {}`, or <{}>. {}",
        rule.id,
        page(rule),
        except(listed.registry.and_then(|one| case.ratings.id(one)))
    );
    let about = if table.is_empty() { String::new() } else { format!("\n\n{table}") };
    ReportingDescriptor::builder()
        .id(listed.id.clone())
        .name(pascal(&listed.id))
        .short_description(text(&clipped(&sentence(&short), DESCRIPTION_MAX - 1)))
        .full_description(text(&clipped(&sentence(&full), DESCRIPTION_MAX - 1)))
        .help(
            MultiformatMessageString::builder()
                .text(format!("{help}\n\n{}", unmarked(&more)))
                .markdown(format!("{}{about}\n\n{more}\n", rule.help))
                .build(),
        )
        .help_uri(page(rule))
        .default_configuration(
            ReportingConfiguration::builder().level(json!(if listed.is_warning { "warning" } else { "error" })).build(),
        )
        .properties(properties(case, listed))
        .build()
}

/// The rule on its documentation page.
fn page(rule: &Rule) -> String {
    format!("{}/blob/main/docs/rules.md#{}", env!("CARGO_PKG_REPOSITORY"), rule.id)
}

fn text(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

/// How to accept it, with an end.
fn except(registry: Option<&str>) -> String {
    let what = registry
        .map_or_else(|| "`package`, `registry` or `path`".to_owned(), |id| format!("`registry = \"{id}\"`, `package` or `path`"));
    format!(
        "To accept it for a while, add an `[[exceptions]]` to packman.toml with {what}, a `reason`, an `owner` and its last day, `until`."
    )
}

fn properties(case: &Case<'_>, listed: &Listed) -> PropertyBag {
    let tier = listed.registry.map(|registry| case.ratings.standing(registry, "").tier(Reading::Offered));
    let is_untrusted = tier == Some(Tier::UNTRUSTED) || listed.rule.id == "unknown-registry";
    let severity = match (listed.is_warning, is_untrusted) {
        (true, _) => "5.5",
        (false, true) => "8.5",
        (false, false) => "7.5",
    };
    // What a client would ask by default is a well-founded guess; all else stands in files.
    let precision = if listed.rule.id == "registry-assumed" { "medium" } else { "very-high" };
    let served = listed.registry.map(|registry| ecosystems(case, registry)).unwrap_or_default();
    let tags = ["security", "supply-chain"].into_iter().chain(served.into_iter().map(Ecosystem::id)).take(10);
    let mut bag = PropertyBag::builder().tags(tags.map(str::to_owned).collect::<Vec<_>>()).build();
    bag.additional_properties.insert("precision".to_owned(), json!(precision));
    bag.additional_properties.insert("security-severity".to_owned(), json!(severity));
    bag
}

/// `unpinned-origin-docker-hub` → `UnpinnedOriginDockerHub`.
fn pascal(id: &str) -> String {
    let capital = |word: &str| {
        let mut rest = word.chars();
        rest.next().map(|first| first.to_uppercase().chain(rest).collect::<String>()).unwrap_or_default()
    };
    id.split(|c: char| !c.is_ascii_alphanumeric()).map(capital).collect()
}

/// How a registry stands, control by control, with what was read and where, in Markdown.
fn table(case: &Case<'_>, registry: Registry) -> String {
    let name = markdown(case.ratings.name(registry).unwrap_or(""));
    let catalogue = case.ratings.catalogue();
    // Any name that no `own` pattern matches stands for the mirrored packages.
    let record = match case.ratings.original(registry, "") {
        Registry::Record(id) => Some(id),
        _ => None,
    };
    let date = catalogue.date();
    let standing = case.ratings.standing(registry, "");
    let statuses = match standing {
        Standing::Controls(statuses) => statuses,
        Standing::Declared(tier) => {
            return format!("**{name}** is tier {tier} as declared; nobody had read its controls by {date}.");
        }
        Standing::Unrated => return format!("**{name}** is known, and nobody had read its controls by {date}: tier 1."),
    };
    let mut table = format!("**{name}** as of {date}");
    for reading in [Reading::Guaranteed, Reading::Offered] {
        let rating = standing.rating(reading).map(|rating| rating.to_string()).unwrap_or_default();
        let _ = write!(table, "; {reading}: {rating}");
    }
    table.push_str(".\n\n| control | status | what was read | evidence |\n| --- | --- | --- | --- |\n");
    for (control, status) in statuses.iter() {
        let entry = record.and_then(|id| catalogue.entry(id, control));
        let summary = entry.map(|entry| markdown(&entry.summary)).unwrap_or_default();
        let _ = writeln!(
            table,
            "| {} | {status} | {summary} | {} |",
            titled(control),
            evidence(entry.map_or(&[], |entry| &entry.evidence))
        );
    }
    if let Some(page) = record.map(|id| id.record().page.as_str()).filter(|page| page.starts_with("https://")) {
        let _ = write!(table, "\nThe registry: <{page}>");
    }
    table.trim_end().to_owned()
}

/// A control with the tier that needs it first.
fn titled(control: Control) -> String {
    let needed = control.needed_from().map(|tier| format!(" (tier {tier})")).unwrap_or_default();
    format!("{}{needed}", code(control.id()))
}

/// Links to the first few pieces of evidence; files of public repositories by name.
fn evidence(all: &[String]) -> String {
    let link = |(number, one): (usize, &String)| match one.strip_prefix("https://") {
        Some(_) if !one.contains([' ', '<', '>', '|']) => format!("[{}](<{one}>)", number + 1),
        _ => code(one),
    };
    all.iter().enumerate().take(EVIDENCE_MAX).map(link).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(pascal("unpinned-origin-docker-hub"), "UnpinnedOriginDockerHub");
    }
}
