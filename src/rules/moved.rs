//! Which lockfile of the base a lockfile of the head took the place of, where their paths differ. Finds nothing itself.

use foldhash::{HashMap, HashMapExt};

use crate::ecosystem::Ecosystem;
use crate::rules::Case;
use crate::rules::paired::of_lockfile;

/// So many gone lockfiles are remembered for one name; more would have the same packages.
const GONE_PER_NAME_MAX: usize = 64;

/// A client, and a package of an ecosystem.
type Name<'a> = (&'static str, Ecosystem, &'a str);

/// Of new lockfiles of the head (by number) the gone one of the base: one of the same client in the same folder, else one that shares at least
/// half of its packages. `changed` is what `paired::changed` says.
pub(super) fn predecessors(case: &Case<'_>, changed: &[(u32, Option<u32>)]) -> HashMap<u32, u32> {
    let mut predecessors = HashMap::new();
    let new: Vec<u32> = changed.iter().filter(|(_, twin)| twin.is_none()).map(|(number, _)| *number).collect();
    let Some(base) = case.base.filter(|_| !new.is_empty()) else { return predecessors };
    let at_base = case.at(base);
    let mut by_folder: HashMap<(&str, &str), u32> = HashMap::new();
    let mut by_name: HashMap<Name<'_>, Vec<u32>> = HashMap::new();
    for (number, judged) in (0u32..).zip(&base.lockfiles) {
        let is_gone = judged.is_judged() && case.head.number_at(base.path(judged.lockfile.text)).is_none();
        let Some(client) = judged.client_id().filter(|_| is_gone) else { continue };
        by_folder.entry((client, base.folder(judged.lockfile.text))).or_insert(number);
        for dependency in of_lockfile(&at_base, number) {
            let gone = by_name.entry((client, dependency.entry.ecosystem, dependency.name())).or_default();
            if gone.len() < GONE_PER_NAME_MAX && gone.last() != Some(&number) {
                gone.push(number);
            }
        }
    }
    if by_folder.is_empty() {
        return predecessors;
    }
    for number in new {
        let Some(judged) = case.judged(number) else { continue };
        let Some(client) = judged.client_id() else { continue };
        let beside = by_folder.get(&(client, case.head.folder(judged.lockfile.text))).copied();
        if let Some(gone) = beside.or_else(|| alike(case, number, client, &by_name)) {
            predecessors.insert(number, gone);
        }
    }
    predecessors
}

/// The gone lockfile that shares most packages with this one, at least half of its own.
fn alike(case: &Case<'_>, number: u32, client: &'static str, by_name: &HashMap<Name<'_>, Vec<u32>>) -> Option<u32> {
    let mut shared: HashMap<u32, usize> = HashMap::new();
    for dependency in of_lockfile(case, number) {
        for gone in by_name.get(&(client, dependency.entry.ecosystem, dependency.name())).into_iter().flatten() {
            *shared.entry(*gone).or_default() += 1;
        }
    }
    let (gone, count) = shared.into_iter().max_by_key(|(gone, count)| (*count, std::cmp::Reverse(*gone)))?;
    let all = case.base?.judged(gone)?.dependencies();
    (count * 2 >= all).then_some(gone)
}
