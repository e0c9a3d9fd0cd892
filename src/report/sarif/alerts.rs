//! Which findings become one result: those of one key, those that anchor on one line, and above fifty of one rule, registry and file
//! all of them.
//!
//! Code scanning opens one alert for each result, and twins where rule, file and line hash are equal; here nothing is equal.

use std::borrow::Cow;
use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt};
use rayon::prelude::*;

use super::rules::Rules;
use crate::finding::State;
use crate::judge::Report;
use crate::policy::Level;
use crate::report::places::Places;
use crate::text::{Place, TextId};

/// Above this many of one rule, registry and file there is one result for all.
const APART_MAX: usize = 50;

/// What one result is made of.
pub(super) struct Alert {
    /// Its rule, by position.
    pub(super) rule: usize,
    /// Its level.
    pub(super) level: Level,
    /// Its findings by number in the report, the first one leading; never empty.
    pub(super) findings: Vec<usize>,
    /// Where the first one anchors.
    pub(super) primary: Place,
    /// Whether it stands for all of one rule, registry and file.
    pub(super) is_group: bool,
}

/// All of them.
pub(super) struct Alerts {
    /// The worst first.
    pub(super) kept: Vec<Alert>,
    /// How many were left out because there are too many.
    pub(super) cut: usize,
    /// Findings that have no place in the tree.
    pub(super) homeless: Vec<usize>,
}

/// One finding on its way.
struct Found<'r> {
    number: usize,
    level: Level,
    primary: Place,
    key: Cow<'r, str>,
}

/// Everything that is not accepted by an exception or the baseline.
pub(super) fn alerts(report: &Report<'_>, rules: &Rules, places: &Places<'_>, results_max: usize) -> Alerts {
    let mut buckets: BTreeMap<(usize, TextId), Vec<Found<'_>>> = BTreeMap::new();
    let mut homeless = Vec::new();
    let open = report.findings.par_iter().enumerate();
    let open = open.filter(|(_, finding)| !matches!(finding.state, State::Excepted(_) | State::Baselined(_)));
    let found: Vec<(usize, Option<(usize, Found<'_>)>)> = open
        .map(|(number, finding)| {
            let primary = report.words(number).primary;
            let primary = primary.and_then(|place| places.at_head(place)).filter(|place| report.case.text(place.text).is_some());
            let rule = rules.find(&report.case, finding);
            let found = |primary| Found { number, level: finding.level, primary, key: report.key(number) };
            (number, primary.zip(rule).map(|(primary, rule)| (rule, found(primary))))
        })
        .collect();
    for (number, found) in found {
        match found {
            Some((rule, found)) => buckets.entry((rule, found.primary.text)).or_default().push(found),
            None => homeless.push(number),
        }
    }
    let mut kept: Vec<Alert> = buckets.into_iter().flat_map(|((rule, _), bucket)| of_bucket(rule, &bucket, places)).collect();
    kept.sort_by_key(|alert| (std::cmp::Reverse(alert.level), alert.findings.first().copied()));
    let cut = kept.len().saturating_sub(results_max);
    kept.truncate(results_max);
    Alerts { kept, cut, homeless }
}

/// The findings of one rule, registry and file.
fn of_bucket(rule: usize, bucket: &[Found<'_>], places: &Places<'_>) -> Vec<Alert> {
    let mut keys: HashMap<&str, usize> = HashMap::new();
    let mut lines: HashMap<u32, usize> = HashMap::new();
    let mut alerts: Vec<Alert> = Vec::new();
    for found in bucket {
        let line = places.line(found.primary);
        let at = keys.get(found.key.as_ref()).or_else(|| lines.get(&line)).copied();
        keys.entry(&found.key).or_insert(at.unwrap_or(alerts.len()));
        if let Some(alert) = at.and_then(|at| alerts.get_mut(at)) {
            alert.findings.push(found.number);
            continue;
        }
        lines.insert(line, alerts.len());
        let findings = vec![found.number];
        alerts.push(Alert { rule, level: found.level, findings, primary: found.primary, is_group: false });
    }
    let Some(first) = bucket.first().filter(|_| keys.len() > APART_MAX) else { return alerts };
    let findings = bucket.iter().map(|found| found.number).collect();
    vec![Alert { rule, level: first.level, findings, primary: first.primary, is_group: true }]
}
