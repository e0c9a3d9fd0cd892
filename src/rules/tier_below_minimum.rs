//! `tier-below-minimum`: a dependency whose registry is below the tier that the policy asks.

use crate::catalogue::rating::Reading;
use crate::finding::{Finding, Subject, Words};
use crate::rules::{Case, Findings, Rule, entry_words, has_judged_registry};

pub(super) static RULE: Rule = Rule {
    id: "tier-below-minimum",
    title: "A dependency's registry is below the tier that the policy asks",
    help: "\
**Finds** a dependency whose registry has a lower tier than the policy's minimum. Tier 1 is untrusted, tier 2 has basic controls, tier 3
is very secure; `packman registries` shows how each tier comes about, control by control.

**Why it matters.** A registry without, say, a second factor for publishing hands every stolen password to your build. In September 2025
one phished maintainer was enough to put malware into `chalk` and `debug`, which are installed more than a billion times a week.

**What to do.** Move to a registry that reaches the tier, put a reviewed mirror in front and declare it, or accept this registry with an
end (`packman explain exceptions`). A minimum for one registry or scope alone is set with `[[minimum.for]]`.",
    check,
    words,
};

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if !findings.wants(RULE.id) || case.policy.minimum.is_empty() {
        return;
    }
    for dependency in case.dependencies().filter(|dependency| has_judged_registry(dependency.origin)) {
        let Some(minimum) = case.minimum_for(&dependency) else { continue };
        let Some((tier, place)) = minimum.tier.map(|tier| (tier.value, tier.place)) else { continue };
        let tiers = case.ratings.tiers(dependency.origin, dependency.name());
        let found = match minimum.reading.value {
            Reading::Guaranteed => tiers.guaranteed,
            Reading::Offered | Reading::Observed => tiers.offered,
        };
        if found.is_some_and(|found| found < tier) {
            let (lockfile, entry) = dependency.id;
            findings.add(&RULE, Subject::Entry(lockfile, entry), place, u32::from(tier.0));
        }
    }
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let name = case.origin_name(dependency.origin);
    let id = case.origin_id(dependency.origin);
    let asked = finding.detail;
    let reading = case.minimum_for(&dependency).map(|minimum| minimum.reading.value).unwrap_or_default();
    let rating = case.ratings.rating(dependency.origin.registry, dependency.name(), reading);
    let tier = case.ratings.standing(dependency.origin.registry, dependency.name()).tier(reading);
    let arithmetic = rating.as_ref().map_or_else(
        || "nobody has read its controls".to_owned(),
        |rating| rating.arithmetic(crate::catalogue::control::Tier(u8::try_from(asked).unwrap_or(2))),
    );
    words.message = format!(
        "{} comes from {name}, which is tier {tier} ({arithmetic}); tier {asked} is asked for, reading `{reading}`",
        dependency.spoken()
    );
    words.many = format!("{{}} come from {name}, which is tier {tier}; tier {asked} is asked for (reading `{reading}`)");
    words.label = format!("{name} is tier {tier}");
    words.cause = format!("{id} tier {asked}");
    words.hint = format!(
        "accept it for this registry, with an end: `packman explain exceptions`; what {name} lacks: `packman registries {id}`"
    );
    words
}
