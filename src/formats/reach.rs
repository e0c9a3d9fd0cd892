//! Scopes by reachability: what production asks for, and all that this requires, is production's.
//!
//! Answers for: walking from what projects ask for along the edges of a lockfile that flags no scopes. Never reads anything.

use crate::dependency::Scopes;

/// Where a walk begins, and what leads on. Numbers are the caller's own.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    starts: Vec<(u32, Scopes, bool)>,
    edges: Vec<(u32, u32, bool)>,
}

impl Walk {
    /// Something is asked for; `is_optional` if it may be left out.
    pub(crate) fn begin(&mut self, at: u32, scopes: Scopes, is_optional: bool) {
        self.starts.push((at, scopes, is_optional));
    }

    /// `from` requires `to`.
    pub(crate) fn edge(&mut self, from: u32, to: u32, is_optional: bool) {
        self.edges.push((from, to, is_optional));
    }

    /// All edges, in the order in which they were added.
    pub(crate) fn edges(&self) -> impl Iterator<Item = (u32, u32)> {
        self.edges.iter().map(|(from, to, _)| (*from, *to))
    }

    /// The scopes of each number from 0 on, without end: nothing where nothing leads. `OPTIONAL` is what only optional steps lead to.
    /// Each number is visited once for each scope at most.
    pub(crate) fn scopes(mut self) -> impl Iterator<Item = Scopes> {
        self.edges.sort_unstable();
        self.edges.dedup();
        let mut reached = Reached::default();
        for (at, scopes, is_optional) in &self.starts {
            reached.arrive(*at, *scopes, !is_optional);
        }
        while let Some(at) = reached.waiting.pop() {
            let (scopes, is_required) = reached.at(at);
            let first = self.edges.partition_point(|(from, ..)| *from < at);
            for (_, to, is_optional) in self.edges.iter().skip(first).take_while(|(from, ..)| *from == at) {
                reached.arrive(*to, scopes, is_required && !is_optional);
            }
        }
        let finished = |(scopes, is_required): (Scopes, bool)| {
            if scopes.is_empty() || is_required { scopes } else { scopes.with(Scopes::OPTIONAL) }
        };
        reached.found.into_iter().map(finished).chain(std::iter::repeat(Scopes::UNKNOWN))
    }
}

#[derive(Default)]
struct Reached {
    found: Vec<(Scopes, bool)>,
    waiting: Vec<u32>,
}

impl Reached {
    fn at(&self, at: u32) -> (Scopes, bool) {
        self.found.get(at as usize).copied().unwrap_or_default()
    }

    fn arrive(&mut self, at: u32, scopes: Scopes, is_required: bool) {
        if self.found.len() <= at as usize {
            self.found.resize(at as usize + 1, (Scopes::UNKNOWN, false));
        }
        let Some(found) = self.found.get_mut(at as usize) else { return };
        let next = (found.0.with(scopes), found.1 || is_required);
        if next != *found {
            *found = next;
            self.waiting.push(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_follow_edges() {
        let mut walk = Walk::default();
        walk.begin(0, Scopes::PRODUCTION, false);
        walk.begin(1, Scopes::DEVELOPMENT, false);
        walk.edge(0, 2, true);
        walk.edge(2, 3, false);
        walk.edge(1, 3, false);
        walk.edge(3, 2, true);
        walk.edge(5, 0, false);
        let found: Vec<String> = walk.scopes().take(6).map(|scopes| scopes.ids().collect::<Vec<_>>().join(" ")).collect();
        let both = "production development";
        assert_eq!(found, ["production", "development", &format!("{both} optional"), both, "", ""]);
    }
}
