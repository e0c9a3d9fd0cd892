//! Who brings an entry in: shortest paths from what the repository itself asks for.

use std::collections::VecDeque;

use crate::dependency::{Locator, Lockfile};

/// Shortest paths in one lockfile.
#[derive(Debug)]
pub struct Paths {
    /// The entry one step nearer to the repository, itself for direct ones, `u32::MAX` where nothing leads there.
    nearer: Vec<u32>,
}

const NOBODY: u32 = u32::MAX;

impl Paths {
    /// Walks a lockfile once, breadth first from all direct entries (and the repository's own members) together.
    #[must_use]
    pub fn of(lockfile: &Lockfile) -> Self {
        let mut nearer = vec![NOBODY; lockfile.entries.len()];
        let mut queue = VecDeque::new();
        for (index, entry) in lockfile.entries.iter().enumerate() {
            if entry.direct == Some(true) && entry.locator != Locator::Workspace {
                start(index, &mut nearer, &mut queue);
            }
        }
        spread(lockfile, &mut nearer, &mut queue);
        // Members come second: what they ask for is direct already, unless the format tells it by edges only.
        for (index, entry) in lockfile.entries.iter().enumerate() {
            if entry.locator == Locator::Workspace {
                start(index, &mut nearer, &mut queue);
            }
        }
        spread(lockfile, &mut nearer, &mut queue);
        Self { nearer }
    }

    /// The entries that lead to `entry`, the direct one first, without `entry` itself; empty for direct entries and where nothing is known.
    #[must_use]
    pub fn via(&self, entry: u32) -> Vec<u32> {
        let mut path = Vec::new();
        let mut at = entry;
        while let Some(next) = self.nearer.get(at as usize).copied().filter(|next| *next != at && *next != NOBODY) {
            path.push(next);
            at = next;
            if path.len() > self.nearer.len() {
                break;
            }
        }
        path.reverse();
        path
    }
}

fn start(index: usize, nearer: &mut [u32], queue: &mut VecDeque<u32>) {
    let Ok(id) = u32::try_from(index) else { return };
    if let Some(slot) = nearer.get_mut(index).filter(|slot| **slot == NOBODY) {
        *slot = id;
        queue.push_back(id);
    }
}

fn spread(lockfile: &Lockfile, nearer: &mut [u32], queue: &mut VecDeque<u32>) {
    while let Some(from) = queue.pop_front() {
        for to in lockfile.required_by(from) {
            if let Some(slot) = nearer.get_mut(to as usize).filter(|slot| **slot == NOBODY) {
                *slot = from;
                queue.push_back(to);
            }
        }
    }
}
