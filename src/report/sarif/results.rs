//! From findings to results: the words of an alert, its places and its fingerprints.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rayon::prelude::*;
use serde_sarif::sarif::{Location, Result as SarifResult, ResultLevel};
use sha2::{Digest, Sha256};

use super::alerts::Alert;
use super::rules::Rules;
use super::words::{plain, sentence};
use super::{message, physical};
use crate::ecosystem::Ecosystem;
use crate::finding::{Finding, Subject, Words};
use crate::judge::Report;
use crate::policy::{Level, ROWS, SetBy};
use crate::report::escape;
use crate::report::line_hash::line_hashes_of;
use crate::report::places::{Places, brought_in};
use crate::text::{Place, Region, Side, TextId};

/// So many further members of a result are named and linked.
const MEMBERS_MAX: usize = 20;

/// So many results are built before they are written: the types of a result are large, and few of their members are used.
const CHUNK_RESULTS: usize = 64;

/// All results with their fingerprints, as the members of a JSON array, in pieces.
pub(super) fn results(
    report: &Report<'_>,
    rules: &Rules,
    alerts: &[Alert],
    places: &Places<'_>,
) -> serde_json::Result<Vec<Vec<u8>>> {
    let anchors: Vec<(TextId, Region)> = alerts.iter().map(|alert| anchor(report, alert, places)).collect();
    let mut wanted: BTreeMap<TextId, BTreeSet<u32>> = BTreeMap::new();
    for (text, region) in &anchors {
        wanted.entry(*text).or_default().insert(region.line);
    }
    let hashes: BTreeMap<TextId, BTreeMap<u32, String>> =
        wanted.into_par_iter().filter_map(|(id, lines)| Some((id, line_hashes_of(report.case.text(id)?, &lines)))).collect();
    let hash = |(text, region): &(TextId, Region)| hashes.get(text).and_then(|lines| lines.get(&region.line)).cloned();
    let pairs = alerts.par_chunks(CHUNK_RESULTS).zip(anchors.par_chunks(CHUNK_RESULTS));
    let mut chunks: Vec<Vec<u8>> = pairs
        .map(|(alerts, anchors)| {
            let mut written = Vec::new();
            for (alert, anchor) in alerts.iter().zip(anchors) {
                if let Some(result) = result(report, rules, alert, anchor, hash(anchor), places) {
                    escape::json(&result, &mut written)?;
                    written.push(b',');
                }
            }
            Ok(written)
        })
        .collect::<serde_json::Result<_>>()?;
    // Behind the last result stands no comma.
    if let Some(last) = chunks.iter_mut().rev().find(|chunk| !chunk.is_empty()) {
        last.pop();
    }
    Ok(chunks)
}

fn result(
    report: &Report<'_>,
    rules: &Rules,
    alert: &Alert,
    (text, region): &(TextId, Region),
    line_hash: Option<String>,
    places: &Places<'_>,
) -> Option<SarifResult> {
    let finding = finding(report, alert)?;
    let mut links = Links { places, from: *text, locations: Vec::new() };
    let words = if alert.is_group { group_text(report, alert, &mut links) } else { single_text(report, alert, &mut links) };
    let level = if rules.is_warning(alert.rule) { ResultLevel::Warning } else { ResultLevel::Error };
    let mut fingerprints = BTreeMap::from([("packmanFinding/v1".to_owned(), fingerprint(report, alert, finding))]);
    fingerprints.extend(line_hash.map(|hash| ("primaryLocationLineHash".to_owned(), hash)));
    let mut result = SarifResult::builder()
        .rule_id(rules.id(alert.rule))
        .rule_index(i64::try_from(alert.rule).ok()?)
        .level(level)
        .message(message(words))
        .locations(vec![Location::builder().physical_location(physical(places.uri(*text)?, *region)).build()])
        .partial_fingerprints(fingerprints)
        .build();
    result.related_locations = Some(links.locations).filter(|locations| !locations.is_empty());
    Some(result)
}

fn finding<'f>(report: &'f Report<'_>, alert: &Alert) -> Option<&'f Finding> {
    alert.findings.first().and_then(|number| report.findings.get(*number))
}

fn words<'r>(report: &'r Report<'_>, alert: &Alert) -> Cow<'r, Words> {
    alert.findings.first().map(|number| report.words(*number)).unwrap_or_default()
}

/// The same for the same cause on another day, wherever it stands in its file.
fn fingerprint(report: &Report<'_>, alert: &Alert, finding: &Finding) -> String {
    let key = if alert.is_group {
        let parts = report.case.key_parts(finding);
        format!("{} {} * {}", finding.rule.id, parts.registry, parts.lockfile).into()
    } else {
        alert.findings.first().map(|number| report.key(*number)).unwrap_or_default()
    };
    Sha256::digest(key.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The line that an alert stands on. A group stands on the one line that names the source of all, else on the first.
fn anchor(report: &Report<'_>, alert: &Alert, places: &Places<'_>) -> (TextId, Region) {
    let text = alert.primary.text;
    if !alert.is_group {
        return (text, places.region(alert.primary));
    }
    let origin = |number: &usize| {
        let finding = report.findings.get(*number)?;
        report.case.dependency(finding.subject)?.origin_place().filter(|place| place.text == text)
    };
    let first = alert.findings.first().and_then(origin);
    let is_named_once = first.is_some() && alert.findings.iter().all(|number| origin(number) == first);
    (text, first.filter(|_| is_named_once).map_or_else(|| places.first_line(text), |place| places.region(place)))
}

/// The related locations of one result.
struct Links<'p, 'r> {
    places: &'p Places<'r>,
    /// The file that the result stands in.
    from: TextId,
    locations: Vec<Location>,
}

impl Links<'_, '_> {
    /// `line 12`, with its file if that is another one.
    fn at(&self, place: Place) -> String {
        let line = self.places.line(place);
        if place.text == self.from {
            format!("line {line}")
        } else {
            format!("line {line} of '{}'", plain(self.places.path(place.text)))
        }
    }

    /// A link to a place, if it lies in the tree; else the text alone.
    fn link(&mut self, text: &str, place: Place) -> String {
        let Some(uri) = self.places.uri(place.text) else { return text.to_owned() };
        let id = self.locations.len() + 1;
        let location = Location::builder()
            .id(i64::try_from(id).unwrap_or(i64::MAX))
            .message(message(sentence(text)))
            .physical_location(physical(uri, self.places.region(place)));
        self.locations.push(location.build());
        format!("[{text}]({id})")
    }
}

/// What was found, who brought it in, what asked, what to do.
fn single_text(report: &Report<'_>, alert: &Alert, links: &mut Links<'_, '_>) -> String {
    let Some(finding) = finding(report, alert) else { return String::new() };
    let words = words(report, alert);
    let mut text = sentence(&plain(&words.message));
    brought(report, finding, &words, &mut text, links);
    if let Some((_, place)) = words.also.iter().find(|(role, place)| *role == "origin" && place.text.side == Side::Head) {
        let at = links.at(*place);
        let _ = write!(text, " The origin stands on {}.", links.link(&at, *place));
    }
    if let Some(others) = alert.findings.get(1..).filter(|others| !others.is_empty()) {
        let _ = write!(text, " The same is true of {}.", members(report, others, links));
    }
    asked(report, finding, &mut text, links);
    hint(&words, &mut text);
    text
}

/// One sentence for all, then some of them.
fn group_text(report: &Report<'_>, alert: &Alert, links: &mut Links<'_, '_>) -> String {
    let Some(finding) = finding(report, alert) else { return String::new() };
    let words = words(report, alert);
    let count = counted(report, alert, finding);
    let path = plain(report.case.path(alert.primary.text));
    let all = || alert.findings.iter().map(|number| report.words(*number));
    let many = plain(&words.many.replace("{}", &count));
    let mut text = if !all().all(|one| one.many == words.many) {
        format!("In '{path}', this is true of {count}: {}", sentence(&plain(finding.rule.title)))
    } else if many.contains(&path) {
        sentence(&many)
    } else {
        format!("In '{path}', {many}.")
    };
    let _ = write!(text, " They are {}.", members(report, &alert.findings, links));
    asked(report, finding, &mut text, links);
    if all().any(|one| one.hint != words.hint) {
        text.push_str(" For the first of them:");
    }
    hint(&words, &mut text);
    text
}

fn counted(report: &Report<'_>, alert: &Alert, finding: &Finding) -> String {
    let noun = match report.case.dependency(finding.subject).map(|dependency| dependency.entry.ecosystem) {
        Some(Ecosystem::Docker) => "images",
        Some(Ecosystem::GitHubActions) => "actions",
        Some(_) => "packages",
        None => "places",
    };
    format!("{} {noun}", alert.findings.len())
}

/// Names with links, the first twenty, and how many more there are.
fn members(report: &Report<'_>, numbers: &[usize], links: &mut Links<'_, '_>) -> String {
    let mut names: Vec<String> = Vec::new();
    for number in numbers.iter().take(MEMBERS_MAX) {
        let Some(finding) = report.findings.get(*number) else { continue };
        let Some(place) = report.words(*number).primary else { continue };
        let at = links.at(place);
        let name = match report.case.dependency(finding.subject) {
            Some(dependency) => format!("{} on {at}", plain(&dependency.spoken())),
            None => at,
        };
        names.push(links.link(&name, place));
    }
    match numbers.len().checked_sub(MEMBERS_MAX).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", names.join(", ")),
        None => names.join(", "),
    }
}

fn brought(report: &Report<'_>, finding: &Finding, words: &Words, text: &mut String, links: &mut Links<'_, '_>) {
    let Subject::Entry(..) = finding.subject else { return };
    let Some(dependency) = report.case.dependency(finding.subject) else { return };
    let Some(brought) = brought_in(&report.case, &dependency) else { return };
    // Where the line that asks is the one that is judged, the alert stands there already.
    let is_here = |place: Place| words.primary.is_some_and(|primary| links.places.is_same_line(primary, place));
    let asked = brought.asked.filter(|place| !is_here(*place) && place.text.side == Side::Head);
    let asked = asked.map(|place| {
        let at = links.at(place);
        links.link(&at, place)
    });
    let sentence = match (brought.by.map(|by| plain(&by)), asked) {
        (Some(by), Some(at)) => format!(" It is brought in by {by}, which {at} asks for."),
        (Some(by), None) => format!(" It is brought in by {by}."),
        (None, Some(at)) => format!(" It is asked for on {at}."),
        (None, None) => return,
    };
    text.push_str(&sentence);
}

/// What the policy asks, with its line.
fn asked(report: &Report<'_>, finding: &Finding, text: &mut String, links: &mut Links<'_, '_>) {
    let does = match finding.level {
        Level::Deny => "does not let that pass",
        Level::Undecided => "leaves the verdict open then",
        _ => "warns of that",
    };
    let set_by = || {
        let rows = ROWS.iter().filter(|row| row.rule == finding.rule.id).map(|row| finding.policy(&report.case).level(row.id));
        rows.into_iter().find(|level| level.value == finding.level).map(|level| level.by)
    };
    let sentence = match (finding.asked, set_by()) {
        (Some(place), _) if place.text.side == Side::Head => {
            let at = links.at(place);
            format!("The policy {does}: {}.", links.link(&at, place))
        }
        (None, Some(SetBy::Preset(preset))) => format!("The policy '{preset}' {does}."),
        (None, Some(SetBy::CommandLine)) => format!("The command line {does}."),
        _ => format!("The policy {does}."),
    };
    text.push(' ');
    text.push_str(&sentence);
}

fn hint(words: &Words, text: &mut String) {
    if !words.hint.is_empty() {
        text.push(' ');
        text.push_str(&sentence(&plain(&words.hint)));
    }
}
