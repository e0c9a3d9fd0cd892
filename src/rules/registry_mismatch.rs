//! `registry-mismatch`: a package that belongs to another registry, or a locator that is another package's.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::address::stripped;
use crate::dependency::Scopes;
use crate::ecosystem::Ecosystem;
use crate::finding::{Finding, Subject, Words};
use crate::policy::Setting;
use crate::report::escape::terminal;
use crate::route::{Class, Registry};
use crate::rules::{Case, Dependency, Findings, Rule, entry_words};

pub(super) static RULE: Rule = Rule {
    id: "registry-mismatch",
    title: "A package comes from another registry than it should",
    help: "\
**Finds** three things: a package that the policy assigns to one registry and that another one serves (dependency confusion); an address
in a lockfile that is another package's or another version's, or a package in the place of another one (lockfile injection; aliases that
are asked for are read, not flagged); one name that two registries serve in one repository (where several may be asked, only if none of them may
be asked for both; what builds with Maven or Gradle is compared apart, since it has repositories of its own). Addresses are compared wherever a lock records them: tarballs of npm, wheels and source distributions
of Python, files of Maven and Conda, archives in Composer's locks.

**Why it matters.** In February 2021 Alex Birsan published packages under the internal names of 35 companies; their builds took the public
ones. The name was right, the registry was not.

**What to do.** Assign internal names once, `[packages] assign = { \"@acme/*\" = \"acme\" }`, and let the client's configuration say the same.
For a wrong address, remove the entry and install the package again with its own client.",
    check,
    words,
};

/// What kind of mismatch: the finding's detail.
const ASSIGNED: u32 = 1;
const INJECTED: u32 = 2;
const TWO_REGISTRIES: u32 = 3;

/// Which of the three a finding is.
pub(super) fn kind(finding: &Finding) -> &'static str {
    match finding.detail {
        ASSIGNED => "assigned elsewhere",
        INJECTED => "another package's address",
        _ => "two registries",
    }
}

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if !findings.wants(RULE.id) {
        return;
    }
    findings.in_each_lockfile(case, |dependencies, findings| {
        for dependency in dependencies {
            let (lockfile, entry) = dependency.id;
            let subject = Subject::Entry(lockfile, entry);
            if let Some(assigned) = assigned_elsewhere(case, &dependency) {
                findings.add(&RULE, subject, assigned.place, ASSIGNED);
            } else if dependency.origin.is_mismatch {
                findings.add(&RULE, subject, None, INJECTED);
            }
        }
    });
    for subject in odd_ones(case) {
        findings.add(&RULE, subject, None, TWO_REGISTRIES);
    }
}

/// The line of the policy that assigns the name to another registry than serves it.
fn assigned_elsewhere<'p>(case: &Case<'p>, dependency: &Dependency<'_>) -> Option<&'p Setting<Box<str>>> {
    let is_served = matches!(dependency.origin.class, Class::Registry | Class::Unrated | Class::Declared | Class::Unknown);
    if !is_served || case.policy.packages.assigns_nothing() {
        return None;
    }
    let assigned = &case.policy.packages.assigned(dependency.entry.ecosystem, dependency.name())?.registry;
    let registry = case.ratings.find(&assigned.value)?;
    (registry != dependency.origin.registry).then_some(assigned)
}

/// Entries of names that certainly come from two registries: of each name those that do not come from its usual registry; where several are
/// equally usual all that have nothing in common with some other.
fn odd_ones(case: &Case<'_>) -> Vec<Subject> {
    let several = names_of_several(case);
    if several.is_empty() {
        return Vec::new();
    }
    let mut entries: HashMap<Name<'_>, HashMap<Vec<Registry>, Vec<Subject>>> = HashMap::new();
    for dependency in case.dependencies().filter(is_compared) {
        let name = name(&dependency);
        if several.contains(&name) {
            let of_name = entries.entry(name).or_default();
            of_name.entry(served_by(case, &dependency)).or_default().push(Subject::Entry(dependency.id.0, dependency.id.1));
        }
    }
    let mut odd = Vec::new();
    for entries in entries.into_values() {
        let have_nothing_in_common = |one: &[Registry], other: &[Registry]| !one.iter().any(|registry| other.contains(registry));
        let mut counts: HashMap<Registry, usize> = HashMap::new();
        for (registries, of_these) in &entries {
            for registry in registries {
                *counts.entry(*registry).or_default() += of_these.len();
            }
        }
        let most = counts.values().copied().max().unwrap_or_default();
        let mut usual = counts.iter().filter(|(_, count)| **count == most).map(|(registry, _)| *registry);
        // Where several are equally usual, nobody knows which is the odd one: what accepts the one says nothing of the other.
        let usual = usual.next().filter(|_| usual.next().is_none());
        let is_odd = |registries: &[Registry]| match usual {
            Some(usual) => !registries.contains(&usual),
            None => entries.keys().any(|other| have_nothing_in_common(registries, other)),
        };
        odd.extend(entries.iter().filter(|(registries, _)| is_odd(registries)).flat_map(|(_, of_these)| of_these).copied());
    }
    odd.sort_unstable();
    odd
}

/// A package of an ecosystem, and whether it builds. What builds with Maven or Gradle has repositories of its own, by design.
type Name<'a> = (Ecosystem, &'a str, bool);

fn name<'a>(dependency: &Dependency<'a>) -> Name<'a> {
    let ecosystem = dependency.entry.ecosystem;
    (ecosystem, dependency.name(), ecosystem == Ecosystem::Maven && dependency.entry.scopes == Scopes::BUILD)
}

fn is_compared(dependency: &Dependency<'_>) -> bool {
    !dependency.is_reference() && matches!(dependency.origin.class, Class::Registry | Class::Unrated | Class::Declared)
}

/// The registries of which one serves it, in order and once.
fn served_by(case: &Case<'_>, dependency: &Dependency<'_>) -> Vec<Registry> {
    let original = |registry| case.ratings.original(registry, dependency.name());
    let candidates = dependency.candidates().iter().filter(|candidate| candidate.registry != Registry::None);
    let mut registries: Vec<Registry> = candidates.map(|candidate| original(candidate.registry)).collect();
    registries.push(original(dependency.origin.registry));
    registries.sort_unstable();
    registries.dedup();
    registries
}

/// Names whose entries are not all judged by one registry.
fn names_of_several<'a>(case: &Case<'a>) -> HashSet<Name<'a>> {
    let mut first: HashMap<Name<'_>, Registry> = HashMap::new();
    let mut several = HashSet::new();
    // One registry for a whole ecosystem, the usual case, cannot clash.
    let mut registries: HashMap<Ecosystem, HashSet<Registry>> = HashMap::new();
    for dependency in case.dependencies().filter(is_compared) {
        registries.entry(dependency.entry.ecosystem).or_default().insert(dependency.origin.registry);
    }
    registries.retain(|_, served_by| served_by.len() > 1);
    for dependency in case.dependencies().filter(is_compared) {
        if registries.contains_key(&dependency.entry.ecosystem) {
            let name = name(&dependency);
            let registry = case.ratings.original(dependency.origin.registry, name.1);
            if *first.entry(name).or_insert(registry) != registry {
                several.insert(name);
            }
        }
    }
    several
}

/// The name that a package is installed under, where nobody who asks for that name asks for this package.
fn stands_in<'a>(dependency: &Dependency<'a>) -> Option<&'a str> {
    let entry = dependency.entry;
    let is_by_name = entry.foreign.as_ref().is_some_and(|foreign| **foreign == entry.name);
    entry.alias.as_ref().filter(|_| is_by_name).map(|alias| alias.of(&dependency.text.content))
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let spoken = dependency.spoken();
    let name = dependency.name();
    let found = match dependency.origin.class {
        Class::Unknown => "an origin that nothing explains".to_owned(),
        _ => case.origin_name(dependency.origin).to_owned(),
    };
    let foreign = dependency.entry.foreign.as_deref().filter(|_| finding.detail == INJECTED);
    words.culprit = foreign.map(|at| dependency.text.place(at.span)).or_else(|| dependency.origin_place());
    // A hint keeps its line ends: what stands in it must not bring its own.
    let safe = terminal(name);
    match finding.detail {
        ASSIGNED => {
            let wanted = case
                .policy
                .packages
                .assigned(dependency.entry.ecosystem, name)
                .map(|line| line.registry.value.to_string())
                .unwrap_or_default();
            words.message = format!("{spoken} is assigned to the registry `{wanted}` and comes from {found}");
            words.many = format!("{{}} are assigned to the registry `{wanted}` and come from {found}");
            words.label = format!("{found}, not `{wanted}`");
            words.cause = format!("assigned {wanted}");
            words.hint = format!("let the client's configuration send `{safe}` to `{wanted}`, then write the lockfile anew");
        }
        INJECTED if stands_in(&dependency).is_some() => {
            let asked = stands_in(&dependency).unwrap_or_default();
            words.message = format!("{spoken} is installed in the place of `{asked}`, which is asked for under its own name");
            words.many = "{} are installed in the place of other packages, which are asked for under their own names".to_owned();
            words.label = format!("not `{asked}`");
            "another package's place".clone_into(&mut words.cause);
            let safe = terminal(asked);
            words.hint = format!("remove the entry, install `{safe}` again with its own client, and look at the difference");
        }
        INJECTED => {
            let location = foreign.map_or_else(|| dependency.location(), |at| stripped(at.of(&dependency.text.content)));
            words.message = format!("the address of {spoken} is another package's or version's: `{location}`");
            words.many = "the addresses of {} are other packages' or versions'".to_owned();
            words.label = format!("not an address of {spoken}");
            "another package's address".clone_into(&mut words.cause);
            words.hint = format!("remove the entry, install `{safe}` again with its own client, and look at the difference");
        }
        _ => {
            words.message = format!(
                "{spoken} comes from {found}, while the same name comes from another registry elsewhere in the repository"
            );
            words.many = "{} come from another registry than the same names elsewhere in the repository".to_owned();
            words.label = format!("{found} here");
            words.cause = "two registries".to_owned();
            words.hint = format!(
                "say which one is right, `[packages] assign = {{ \"{safe}\" = \"…\" }}`, and write the other lockfile anew"
            );
        }
    }
    words
}
