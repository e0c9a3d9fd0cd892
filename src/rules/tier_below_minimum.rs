//! `tier-below-minimum`: a dependency whose registry is below the tier that the policy asks.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt};

use crate::catalogue::control::{Control, Tier};
use crate::catalogue::rating::{Rating, Reading, rate};
use crate::finding::{Finding, Subject, Words};
use crate::policy::{Alternative, Minimum, Strictest};
use crate::route::Registry;
use crate::rules::{Case, Dependency, Findings, Rule, control_missing, entry_words, has_judged_registry};

pub(super) static RULE: Rule = Rule {
    id: "tier-below-minimum",
    title: "A dependency's registry is below the tier that the policy asks",
    help: "\
**Finds** a dependency whose registry has a lower tier than the policy's minimum, or meets none of its alternatives (`any-of`). Tier 1 is untrusted, tier 2 has basic controls, tier 3
is very secure; `packman registries` shows how each tier comes about, control by control.

**Why it matters.** A registry without, say, a second factor for publishing hands every stolen password to your build. In September 2025
one phished maintainer was enough to put malware into `chalk` and `debug`, which are installed more than a billion times a week.

**What to do.** Move to a registry that reaches the tier, put a reviewed mirror in front and declare it, or accept this registry with an
end (`packman explain exceptions`). A minimum for one registry or scope alone is set with `[[minimum.for]]`.",
    check,
    words,
};

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    let are_tiers_asked = findings.wants(RULE.id) && case.policy.minimum.asks_tiers();
    let are_controls_asked = control_missing::is_asked(case, findings);
    if !are_tiers_asked && !are_controls_asked {
        return;
    }
    let find_all = |dependency: &Dependency<'_>, minimum: &Minimum<'_>, findings: &mut Findings<'_>| {
        if are_tiers_asked {
            find(case, dependency, minimum, findings);
        }
        if are_controls_asked {
            control_missing::find(case, dependency, minimum, findings);
        }
    };
    let strictest = case.policy.minimum.strictest();
    findings.in_each_lockfile(case, |dependencies, findings| {
        let mut minimums = case.minimums();
        // Whether a registry meets all that anything is asked; of a mirror it depends on the name which controls count.
        let mut known: HashMap<Registry, bool> = HashMap::new();
        let mut last: Option<(Registry, bool)> = None;
        for dependency in dependencies.filter(|dependency| has_judged_registry(dependency.origin)) {
            let registry = dependency.origin.registry;
            let meets_all = match last {
                Some((same, meets_all)) if same == registry => meets_all,
                _ => *known.entry(registry).or_insert_with(|| {
                    let finds_nothing = |strictest: &Strictest<'_>| {
                        findings.none_of(|found| strictest.all().for_each(|minimum| find_all(&dependency, &minimum, found)))
                    };
                    !case.ratings.is_mirror(registry) && strictest.as_ref().is_some_and(finds_nothing)
                }),
            };
            last = Some((registry, meets_all));
            if !meets_all && let Some(minimum) = minimums(&dependency) {
                find_all(&dependency, &minimum, findings);
            }
        }
    });
}

fn find(case: &Case<'_>, dependency: &Dependency<'_>, minimum: &Minimum<'_>, findings: &mut Findings<'_>) {
    let tiers = case.ratings.tiers(dependency.origin, dependency.name());
    let found = match minimum.reading.value {
        Reading::Guaranteed => tiers.guaranteed,
        Reading::Offered | Reading::Observed => tiers.offered,
    };
    let Some(found) = found else { return };
    let (lockfile, entry) = dependency.id;
    let subject = Subject::Entry(lockfile, entry);
    if let Some(asked) = minimum.tier.filter(|asked| found < asked.value) {
        findings.add(&RULE, subject, asked.place, u32::from(asked.value.0));
    } else if let Some(first) = minimum.any_of.first() {
        let statuses = case.ratings.statuses(dependency.origin.registry, dependency.name());
        let rating = rate(&statuses, minimum.reading.value);
        if !minimum.any_of.iter().any(|one| is_met(one, found, &rating)) {
            findings.add(&RULE, subject, first.place, ALTERNATIVES);
        }
    }
}

/// The detail of a finding about alternatives; else it is the tier that is asked.
const ALTERNATIVES: u32 = 1 << 8;

fn is_met(alternative: &Alternative, tier: Tier, rating: &Rating) -> bool {
    alternative.tier.is_none_or(|asked| tier >= asked) && alternative.controls.iter().all(|control| rating.is_met(*control))
}

/// An alternative with what it lacks.
fn lacking(alternative: &Alternative, tier: Tier, rating: &Rating) -> String {
    let of_tier = alternative.tier.filter(|asked| tier < *asked).map(|asked| rating.missing_for(asked)).unwrap_or_default();
    let named = alternative.controls.iter().copied().filter(|control| !rating.is_met(*control));
    let missing: BTreeSet<Control> = of_tier.into_iter().chain(named).collect();
    let missing: Vec<&str> = missing.into_iter().map(Control::id).collect();
    format!(
        "{alternative} (lacks {})",
        if missing.is_empty() { "controls that nobody has read".to_owned() } else { missing.join(", ") }
    )
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let name = case.origin_name(dependency.origin);
    let id = case.origin_id(dependency.origin);
    let asked = finding.detail;
    // A mirror's own packages have another standing than those that it passes on.
    let registry = dependency.origin.registry;
    let is_own = case.ratings.is_mirror(registry) && case.ratings.is_own(registry, dependency.name());
    let own = if is_own { " own" } else { "" };
    let reading = case.minimum_for(&dependency).map(|minimum| minimum.reading.value).unwrap_or_default();
    let rating = case.ratings.rating(dependency.origin.registry, dependency.name(), reading);
    let tier = case.ratings.standing(dependency.origin.registry, dependency.name()).tier(reading);
    if asked == ALTERNATIVES {
        let minimum = case.minimum_for(&dependency);
        let any_of = minimum.as_ref().map_or(&[][..], |minimum| minimum.any_of);
        let rating = rate(&case.ratings.statuses(dependency.origin.registry, dependency.name()), reading);
        let all: Vec<String> = any_of.iter().map(|one| lacking(one, tier, &rating)).collect();
        let all = all.join(", or ");
        words.message = format!(
            "{} comes from {name}, which is tier {tier} and meets none of these: {all}; reading `{reading}`",
            dependency.spoken()
        );
        words.many = format!("{{}} come from {name}, which is tier {tier} and meets none of these: {all} (reading `{reading}`)");
        words.label = format!("{name} meets none of the alternatives");
        words.cause = format!("{id}{own} {}", any_of.iter().map(ToString::to_string).collect::<Vec<_>>().join(", or "));
        words.hint = format!(
            "choose a registry that meets one of them, or accept this one, with an end: `packman explain exceptions`; what {name} lacks: `packman registries {id}`"
        );
        return words;
    }
    let arithmetic = rating.as_ref().map_or_else(
        || "nobody has read its controls".to_owned(),
        |rating| rating.arithmetic(Tier(u8::try_from(asked).unwrap_or(2))),
    );
    words.message = format!(
        "{} comes from {name}, which is tier {tier} ({arithmetic}); tier {asked} is asked for, reading `{reading}`",
        dependency.spoken()
    );
    words.many = format!("{{}} come from {name}, which is tier {tier}; tier {asked} is asked for (reading `{reading}`)");
    words.label = format!("{name} is tier {tier}");
    words.cause = format!("{id}{own} tier {asked}");
    words.hint = format!(
        "accept it for this registry, with an end: `packman explain exceptions`; what {name} lacks: `packman registries {id}`"
    );
    words
}
