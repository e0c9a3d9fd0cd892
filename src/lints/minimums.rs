//! `[minimum]` and `[[minimum.for]]`: entries without which the same would be asked, and minimums that no version of a registry can meet.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, Kind};
use crate::catalogue::control::Control;
use crate::catalogue::rating::{Reading, rate};
use crate::ecosystem::Ecosystem;
use crate::policy::{Alternative, Asked, Minimum, Narrowed, Stated};
use crate::report::plural;
use crate::route::{Class, Registry};
use crate::rules::{Case, Dependency, has_judged_registry};
use crate::text::Place;

pub(super) fn check(found: &mut Found<'_, '_>) {
    narrower(found);
    out_of_reach(found);
}

/// Dependencies that the same entries select.
struct Group {
    fits: Vec<usize>,
    /// All lines that speak of them, for each question the one that decides first.
    asked: Asked,
    dependencies: usize,
    /// Those of them of which anything is asked: they come from a registry.
    served: usize,
}

/// What is asked of nothing, in the words of [`Stated`].
const NOTHING: [&str; 4] = ["tier 1", "`offered`", "none", "none"];

/// The lines for each question, with what holds where no line speaks.
fn questions(asked: &Asked) -> [(&[Stated], &'static str); 4] {
    let [tier, reading, controls, any_of] = NOTHING;
    [(&asked.tier, tier), (&asked.reading, reading), (&asked.controls, controls), (&asked.any_of, any_of)]
}

impl Group {
    /// The lines for a question that are not dead.
    fn alive<'g>(lines: &'g [Stated], dead: &'g [bool]) -> impl Iterator<Item = &'g Stated> {
        lines.iter().filter(|line| line.entry.is_none_or(|entry| dead.get(entry) != Some(&true)))
    }

    /// Whether anything is asked at all, without which a reading means nothing.
    fn asks(&self, dead: &[bool]) -> bool {
        let [tier, _, controls, any_of] = questions(&self.asked);
        [tier, controls, any_of]
            .into_iter()
            .any(|(lines, nothing)| Self::alive(lines, dead).next().is_some_and(|line| line.asks != nothing))
    }

    /// Whether something else would be asked without an entry.
    fn needs(&self, entry: usize, dead: &[bool]) -> bool {
        let asks = self.asks(dead);
        questions(&self.asked).into_iter().enumerate().any(|(question, (lines, nothing))| {
            let mut alive = Self::alive(lines, dead);
            let Some(first) = alive.next().filter(|first| first.entry == Some(entry)) else { return false };
            let otherwise = alive.next().map_or(nothing, |next| next.asks.as_str());
            let is_reading = question == 1;
            first.asks != otherwise && (!is_reading || asks)
        })
    }
}

fn groups(case: &Case<'_>) -> Vec<Group> {
    let minimum = &case.policy.minimum;
    let mut groups: BTreeMap<Vec<usize>, Group> = BTreeMap::new();
    for dependency in case.dependencies() {
        let subject = case.selectable(&dependency);
        let fits = minimum.fitting(&subject);
        let new = || Group { fits: fits.clone(), asked: minimum.explain(&subject), dependencies: 0, served: 0 };
        let group = groups.entry(fits.clone()).or_insert_with(new);
        group.dependencies += 1;
        // What nothing explains today may come from a registry once it is declared.
        let is_served = has_judged_registry(dependency.origin) || dependency.origin.class == Class::Unknown;
        group.served += usize::from(is_served);
    }
    groups.into_values().collect()
}

/// Entries without which the same would be asked of every dependency. Later ones are looked at first, each as if those that were found
/// dead before it were gone: so that all of them can be taken out together.
fn narrower(found: &mut Found<'_, '_>) {
    let minimum = &found.case.policy.minimum;
    let entries = minimum.narrowed().len();
    found.tried.extend(minimum.narrowed().filter_map(|entry| entry.place));
    if entries == 0 {
        return;
    }
    let groups = groups(found.case);
    let mut dead = vec![false; entries];
    for (number, entry) in minimum.narrowed().enumerate().collect::<Vec<_>>().into_iter().rev() {
        let selected: Vec<&Group> = groups.iter().filter(|group| group.fits.contains(&number)).collect();
        if selected.iter().any(|group| group.served > 0 && group.needs(number, &dead)) {
            continue;
        }
        let why = why(found, number, &selected, &dead);
        if let Some(slot) = dead.get_mut(number) {
            *slot = true;
        }
        let about = about(found.case, &entry);
        let message = format!("`[[minimum.for]]` with {} {why}", entry.selects);
        found.idle(entry.place, &about, &message, "take it out, or mend what it selects by");
    }
}

/// The ecosystems that an entry can be about; none for any.
fn about(case: &Case<'_>, entry: &Narrowed<'_>) -> Vec<Ecosystem> {
    if let Some(ecosystem) = entry.ecosystem {
        return vec![ecosystem];
    }
    match entry.registry.and_then(|registry| case.ratings.find(registry)) {
        Some(Registry::Record(id)) => id.row().ecosystems.to_vec(),
        Some(Registry::Declared(number)) => {
            let declared = case.ratings.declarations().registries.get(usize::from(number));
            declared.map(|declared| declared.ecosystem).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Why nothing would be asked otherwise without an entry.
fn why(found: &Found<'_, '_>, entry: usize, selected: &[&Group], dead: &[bool]) -> String {
    let total: usize = selected.iter().map(|group| group.dependencies).sum();
    if total == 0 {
        return "selects no dependency".to_owned();
    }
    let Some(group) = selected.iter().find(|group| group.served > 0) else {
        let total = plural(total, "dependency, which comes", "dependencies, which come");
        return format!("selects {total} from no registry, and only of registries is anything asked");
    };
    let total = plural(total, "dependency", "dependencies");
    let whose = |line: &Stated| {
        let name = if line.selects.is_empty() { "`[minimum]`".to_owned() } else { format!("the one with {}", line.selects) };
        let place = line.place.map(|place| format!(" ({})", found.at(place))).unwrap_or_default();
        format!("{name}{place}")
    };
    for (lines, _) in questions(&group.asked) {
        let alive: Vec<&Stated> = Group::alive(lines, dead).collect();
        let Some(at) = alive.iter().position(|line| line.entry == Some(entry)) else { continue };
        return match (alive.first(), alive.get(at + 1)) {
            (Some(first), _) if at > 0 => {
                format!("decides nothing for the {total} that it selects: {} comes first", whose(first))
            }
            (_, Some(next)) if alive.get(at).is_some_and(|line| line.asks == next.asks) => {
                format!("asks of {total} what {} asks already", whose(next))
            }
            _ => format!("asks nothing of the {total} that it selects that was not so without it"),
        };
    }
    format!("asks nothing of the {total} that it selects")
}

/// Something that is asked at one line and that a registry does not have.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Unmet {
    place: Option<Place>,
    /// What, and what the registry lacks of it.
    asks: String,
    lacks: String,
    registry: String,
    id: String,
}

/// Minimums that no version of a registry in use can meet, as long as nobody has accepted that.
fn out_of_reach(found: &mut Found<'_, '_>) {
    let case = found.case;
    let mut all: BTreeMap<Unmet, usize> = BTreeMap::new();
    // What a line of the baseline accepts of a registry, may stay; that nothing may come in beside it is meant.
    let keys = case.policy.baseline.keys();
    let baselined: BTreeSet<(&str, &str)> = keys.into_iter().map(|(key, _)| (key.rule.as_str(), key.origin.as_str())).collect();
    for dependency in case.dependencies().filter(|dependency| has_judged_registry(dependency.origin)) {
        let Some(minimum) = case.minimum_for(&dependency) else { continue };
        for (rule, unmet) in unmet(case, &dependency, &minimum) {
            // Where a folder's policy decides alone, this one has no say.
            if case.policy.folders.iter().any(|folder| folder.decides_alone(rule) && folder.holds(dependency.path())) {
                continue;
            }
            let is_excepted = case.policy.exception_for(rule, &case.selectable(&dependency), case.today).is_some();
            if !is_excepted && !baselined.contains(&(rule, case.origin_id(dependency.origin))) {
                *all.entry(unmet).or_default() += 1;
            }
        }
    }
    for (Unmet { place, asks, lacks, registry, id }, count) in all {
        let count = plural(count, "dependency comes", "dependencies come");
        let message = format!("{asks} is out of reach for {registry}: it lacks {lacks}; {count} from there");
        let hint = format!(
            "ask less of it (`[[minimum.for]]` with `registry = \"{id}\"`), or accept it with an end: packman explain exceptions"
        );
        found.add(Kind::OutOfReach, place, message, hint);
    }
}

/// What is asked of a dependency and what its registry does not have, with the rule that finds it.
fn unmet(case: &Case<'_>, dependency: &Dependency<'_>, minimum: &Minimum<'_>) -> Vec<(&'static str, Unmet)> {
    let reading = minimum.reading.value;
    let tiers = case.ratings.tiers(dependency.origin, dependency.name());
    let tier = if reading == Reading::Guaranteed { tiers.guaranteed } else { tiers.offered };
    let Some(tier) = tier else { return Vec::new() };
    let rating = rate(&case.ratings.statuses(dependency.origin.registry, dependency.name()), reading);
    let list = |missing: Vec<Control>| {
        let missing: Vec<&str> = missing.into_iter().map(Control::id).collect();
        if missing.is_empty() { "controls that nobody has read".to_owned() } else { missing.join(", ") }
    };
    let of = |place, asks: String, lacks| Unmet {
        place,
        asks: format!("{asks} (reading `{reading}`)"),
        lacks,
        registry: case.origin_name(dependency.origin).to_owned(),
        id: case.origin_id(dependency.origin).to_owned(),
    };
    let mut unmet = Vec::new();
    if let Some(asked) = minimum.tier.filter(|asked| tier < asked.value) {
        let lacks = list(rating.missing_for(asked.value));
        unmet.push(("tier-below-minimum", of(asked.place, format!("tier {}", asked.value), lacks)));
    }
    let is_met = |one: &Alternative| {
        one.tier.is_none_or(|asked| tier >= asked) && one.controls.iter().all(|control| rating.is_met(*control))
    };
    if let Some(first) = minimum.any_of.first().filter(|_| !minimum.any_of.iter().any(is_met)) {
        let asks: Vec<String> = minimum.any_of.iter().map(ToString::to_string).collect();
        unmet.push(("tier-below-minimum", of(first.place, asks.join(", or "), "something of each".to_owned())));
    }
    for control in minimum.controls.iter().filter(|control| !rating.is_met(control.value)) {
        let id = control.value.id();
        unmet.push(("control-missing", of(control.place, format!("`{id}`"), "it".to_owned())));
    }
    unmet
}
