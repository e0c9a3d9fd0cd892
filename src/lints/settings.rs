//! Single settings: those that repeat what was said, that another overrules, that can find nothing, and those that loosen a default.

use std::collections::BTreeMap;

use jiff::ToSpan as _;

use super::{Found, Kind};
use crate::policy::{Level, Made, PRESETS, ROWS, Row, SetBy};
use crate::rules::{By, by_id};

pub(super) fn check(found: &mut Found<'_, '_>) {
    let policy = found.case.policy;
    let mut chains: BTreeMap<&str, Vec<&Made>> = BTreeMap::new();
    for made in &policy.trail {
        chains.entry(&made.key).or_default().push(made);
        found.tried.extend(made.place);
    }
    for (key, chain) in &chains {
        let counting = chain_lints(found, chain);
        let Some((last, before)) = counting.split_last() else { continue };
        loosened(found, key, last, before);
        if let Some(row) = key.strip_prefix("levels.").filter(|_| last.by == SetBy::File).and_then(Row::find) {
            finds_nothing(found, last, row.1);
        }
        if *key == "minimum.reading" && last.by == SetBy::File && !policy.minimum.asks_tiers() && !policy.minimum.asks_controls()
        {
            let message = format!(
                "`{}` counts for nothing: no tier above 1, no control and no alternative is asked",
                found.written(last.place)
            );
            found.add(Kind::Dead, last.place, message, "take it out, or ask a `tier` too");
        }
    }
    presets(found);
    exceptions(found);
    old_pin(found);
}

/// Tells of lines of one key that repeat or are overruled, and gives those that are left, an earlier layer's first.
fn chain_lints<'m>(found: &mut Found<'_, '_>, chain: &[&'m Made]) -> Vec<&'m Made> {
    let repeats = |at: usize| {
        let made = chain.get(at)?;
        let before = chain.get(at.checked_sub(1)?)?;
        (made.by == SetBy::File && made.value.is_some() && made.value == before.value).then_some(*before)
    };
    let mut left: Vec<&Made> = Vec::new();
    for (at, made) in chain.iter().enumerate() {
        match repeats(at) {
            Some(before) => {
                let message = format!("`{}` repeats what {} says", found.written(made.place), said_by(found, before));
                found.add(Kind::Dead, made.place, message, "take it out");
            }
            None => left.push(made),
        }
    }
    if let Some((last, overruled)) = left.split_last() {
        for made in overruled.iter().filter(|made| made.by == SetBy::File) {
            let message = format!(
                "`{}` counts for nothing: {} comes later and says otherwise",
                found.written(made.place),
                said_by(found, last)
            );
            found.add(Kind::Dead, made.place, message, "take one of them out");
        }
    }
    left
}

fn said_by(found: &Found<'_, '_>, made: &Made) -> String {
    match (made.by, made.place) {
        (SetBy::Preset(id), _) => format!("the preset `{id}`"),
        (_, Some(place)) => found.at(place),
        _ => "packman's default".to_owned(),
    }
}

/// A setting that is lower than what holds without it.
fn loosened(found: &mut Found<'_, '_>, key: &str, last: &Made, before: &[&Made]) {
    if last.by != SetBy::File {
        return;
    }
    let strictness = |made: &Made| -> Option<usize> {
        let value = made.value.as_deref()?;
        match key {
            "minimum.tier" => value.parse().ok(),
            "minimum.reading" => ["offered", "observed", "guaranteed"].iter().position(|reading| *reading == value),
            _ => Level::ALL.iter().position(|level| level.id() == value),
        }
    };
    let is_ordered = key.starts_with("levels.") || ["no-lockfile", "minimum.tier", "minimum.reading"].contains(&key);
    let preset = before.iter().rev().find(|made| matches!(made.by, SetBy::Preset(_)));
    let strictest = [preset, before.last()].into_iter().flatten().max_by_key(|made| strictness(made));
    if let Some(before) = strictest.filter(|before| is_ordered && strictness(before) > strictness(last)) {
        let was = before.value.as_deref().unwrap_or_default();
        let message = format!("`{}` is less than {} says: `{was}`", found.written(last.place), said_by(found, before));
        found.add(Kind::Loosened, last.place, message, "see that it is meant");
    }
}

/// A level of a rule that can never find anything under this policy. Rules on exceptions are not among them: whoever sets their level
/// before the first exception is there does well.
fn finds_nothing(found: &mut Found<'_, '_>, made: &Made, row: &Row) {
    let minimum = &found.case.policy.minimum;
    let (why, hint) = match row.rule {
        "tier-below-minimum" if !minimum.asks_tiers() => {
            ("no tier above 1 and no alternative is asked of anything", "ask a `tier` in `[minimum]`, or take it out")
        }
        "control-missing" if !minimum.asks_controls() => {
            ("no control is asked by name of anything", "ask `controls` in `[minimum]`, or take it out")
        }
        rule if by_id(rule).is_none() => ("this packman does not have that rule yet", "take it out until it does"),
        _ => return,
    };
    let message = format!("`{}` can never find anything: {why}", found.written(made.place));
    found.add(Kind::Dead, made.place, message, hint);
}

/// Every preset sets every level, so that of several the last counts alone.
fn presets(found: &mut Found<'_, '_>) {
    let Some((last, others)) = found.case.policy.extends.split_last() else { return };
    for preset in others.iter().filter(|preset| preset.by == SetBy::File) {
        found.tried.extend(preset.place);
        let place = last.place.map(|place| format!(" ({})", found.at(place))).unwrap_or_default();
        let message =
            format!("the preset `{}` counts for nothing: `{}`{place} comes later and sets every level", preset.value, last.value);
        found.add(Kind::Dead, preset.place, message, "keep one of them");
    }
    if last.by != SetBy::File {
        return;
    }
    found.tried.extend(last.place);
    let [mildest, ..] = PRESETS;
    if last.value == mildest {
        let message =
            format!("the preset `{mildest}` only tells: almost nothing that it finds fails a build, which `standard` would");
        found.add(Kind::Loosened, last.place, message, "extend `standard` when you have seen enough");
    }
}

/// Exceptions of rules that report nothing.
fn exceptions(found: &mut Found<'_, '_>) {
    let case = found.case;
    for exception in case.policy.exceptions.all() {
        found.tried.extend(exception.place);
        let is_silent = |policy: &crate::policy::Policy| {
            ROWS.iter().filter(|row| row.rule == exception.rule).all(|row| policy.level(row.id).value == Level::Allow)
        };
        let is_there = by_id(exception.rule).is_some();
        let needs = |floor: &crate::policy::Policy| {
            !is_silent(floor) && floor.exceptions.all().iter().any(|theirs| theirs.place == exception.place)
        };
        let is_for_floor = case.others.iter().any(|other| other.by == By::Floor && needs(other.case.policy));
        if is_there && (!is_silent(case.policy) || is_for_floor) {
            continue;
        }
        let why = if is_there {
            let level = case.policy.level(exception.rule);
            let by = level.place.map(|place| format!(" ({})", found.at(place))).unwrap_or_default();
            format!("that rule is at `allow`{by}, so that there is nothing to accept")
        } else {
            "this packman does not have that rule yet".to_owned()
        };
        let message = format!("the exception from `{}` accepts nothing: {why}", exception.rule);
        found.add(Kind::Dead, exception.place, message, "take it out");
    }
}

/// A pin that keeps a year of readings from sight.
fn old_pin(found: &mut Found<'_, '_>) {
    let Some(pin) = found.case.policy.catalogue else { return };
    if pin.value.checked_add(1.year()).is_ok_and(|end| end < found.case.today) {
        let message = format!("the catalogue is read as of {}, which is more than a year ago", pin.value);
        found.add(Kind::Loosened, pin.place, message, "see what newer readings would change, and pin a later day");
    }
}
