//! From statuses to a tier, with its arithmetic.
//!
//! Answers for: the three readings, the count, what is missing, and one printed form, so that a tier is never shown bare. Pure: the
//! statuses come from a record, a policy's declaration or an overlay, and nothing here knows which registry they are of.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use super::control::{CONTROLS, Control, Status, Tier};

/// When a control counts as met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// What the registry promises for every package: `enforced`, `not-applicable`.
    Guaranteed,
    /// Also what it makes possible: `optional`, `partial`.
    #[default]
    Offered,
    /// What is guaranteed, and what is offered and shown for this version.
    Observed,
}

impl Reading {
    /// The word used in policies and reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Guaranteed => "guaranteed",
            Self::Offered => "offered",
            Self::Observed => "observed",
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A set of controls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ControlSet(u32);

impl ControlSet {
    /// Adds one.
    pub fn insert(&mut self, control: Control) {
        self.0 |= 1 << control.index();
    }

    /// Whether it is in.
    #[must_use]
    pub const fn contains(self, control: Control) -> bool {
        self.0 & (1 << control.index()) != 0
    }

    /// Whether nothing is in.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in the order of the matrix.
    pub fn iter(self) -> impl Iterator<Item = Control> {
        Control::ALL.into_iter().filter(move |control| self.contains(*control))
    }
}

impl FromIterator<Control> for ControlSet {
    fn from_iter<T: IntoIterator<Item = Control>>(controls: T) -> Self {
        let mut set = Self::default();
        controls.into_iter().for_each(|control| set.insert(control));
        set
    }
}

/// The status of every control, and which of them a policy has put there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Statuses {
    statuses: [Status; CONTROLS],
    overlaid: ControlSet,
}

impl Statuses {
    /// What `status` says of each control.
    #[must_use]
    pub fn from_fn(status: impl Fn(Control) -> Status) -> Self {
        Self { statuses: Control::ALL.map(status), overlaid: ControlSet::default() }
    }

    /// The status of one control.
    #[must_use]
    pub fn get(&self, control: Control) -> Status {
        self.statuses.get(control.index()).copied().unwrap_or_default()
    }

    /// Whether a control counts in a reading; `shown` are the controls that facts which count show.
    #[must_use]
    pub fn is_met(&self, control: Control, reading: Reading, shown: ControlSet) -> bool {
        let status = self.get(control);
        let counts = match reading {
            Reading::Guaranteed => false,
            Reading::Offered => true,
            Reading::Observed => shown.contains(control),
        };
        status.is_guaranteed() || (status.is_offered() && counts)
    }

    /// Each control with its status, in the order of the matrix.
    pub fn iter(&self) -> impl Iterator<Item = (Control, Status)> {
        Control::ALL.into_iter().zip(self.statuses)
    }

    /// Puts a policy's word over the record's. Every arithmetic then says "by your policy".
    pub fn overlay(&mut self, control: Control, status: Status) {
        if let Some(slot) = self.statuses.get_mut(control.index()) {
            *slot = status;
            self.overlaid.insert(control);
        }
    }

    /// The controls whose status is a policy's.
    #[must_use]
    pub const fn overlaid(&self) -> ControlSet {
        self.overlaid
    }
}

/// A tier and how it came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating {
    /// When a control counts.
    pub reading: Reading,
    /// The tier in that reading.
    pub tier: Tier,
    statuses: Statuses,
    shown: ControlSet,
}

/// Rates statuses. In [`Reading::Observed`] nothing offered counts, since no fact is given: see [`rate_observed`].
#[must_use]
pub fn rate(statuses: &Statuses, reading: Reading) -> Rating {
    Rating::new(*statuses, reading, ControlSet::default())
}

/// Rates one version: `shown` are the controls that facts which count show for it.
#[must_use]
pub fn rate_observed(statuses: &Statuses, shown: ControlSet) -> Rating {
    Rating::new(*statuses, Reading::Observed, shown)
}

impl Rating {
    fn new(statuses: Statuses, reading: Reading, shown: ControlSet) -> Self {
        let mut rating = Self { reading, tier: Tier::UNTRUSTED, statuses, shown };
        for tier in [Tier::BASIC, Tier::SECURE] {
            if tier.needs().all(|control| rating.is_met(control)) {
                rating.tier = tier;
            }
        }
        rating
    }

    /// Whether this control counts in this reading.
    #[must_use]
    pub fn is_met(&self, control: Control) -> bool {
        self.statuses.is_met(control, self.reading, self.shown)
    }

    /// The controls that `tier` needs and that don't count, in the order of the matrix. Empty if the tier is reached.
    #[must_use]
    pub fn missing_for(&self, tier: Tier) -> Vec<Control> {
        tier.needs().filter(|control| !self.is_met(*control)).collect()
    }

    /// How many of the controls that `tier` needs are `enforced` or `not-applicable`.
    #[must_use]
    pub fn enforced(&self, tier: Tier) -> usize {
        tier.needs().filter(|control| self.statuses.get(*control).is_guaranteed()).count()
    }

    /// How many of the controls that `tier` needs are `optional` or `partial`.
    #[must_use]
    pub fn offered(&self, tier: Tier) -> usize {
        tier.needs().filter(|control| self.statuses.get(*control).is_offered()).count()
    }

    /// What tables sort by: controls enforced, then offered, of those that tier 2 needs, then of those that tier 3 needs. More is better.
    #[must_use]
    pub fn strength(&self) -> (usize, usize, usize, usize) {
        let [basic, secure] = [Tier::BASIC, Tier::SECURE];
        (self.enforced(basic), self.offered(basic), self.enforced(secure), self.offered(secure))
    }

    /// The statuses that were rated.
    #[must_use]
    pub const fn statuses(&self) -> &Statuses {
        &self.statuses
    }

    /// The count towards `tier`: `4 of 6 enforced, 1 offered, absent: update-notifications`.
    #[must_use]
    pub fn arithmetic(&self, tier: Tier) -> String {
        let with = |status: Status| tier.needs().filter(move |control| self.statuses.get(*control) == status);
        let mut text = format!("{} of {} enforced", with(Status::Enforced).count(), tier.needs().count());
        let not_applicable = with(Status::NotApplicable).count();
        if not_applicable > 0 {
            let _ = write!(text, ", {not_applicable} not applicable");
        }
        let offered = self.offered(tier);
        if offered > 0 {
            let _ = write!(text, ", {offered} offered");
        }
        let shown =
            tier.needs().filter(|control| self.statuses.get(*control).is_offered() && self.shown.contains(*control)).count();
        if self.reading == Reading::Observed {
            let _ = write!(text, " and {shown} of them shown");
        }
        list(&mut text, "absent", with(Status::Absent));
        list(&mut text, "unknown", with(Status::Unknown));
        let overlaid = self.statuses.overlaid();
        if tier.needs().all(|control| overlaid.contains(control)) {
            text.push_str(", all by your policy");
        } else {
            list(&mut text, "by your policy", tier.needs().filter(|control| overlaid.contains(*control)));
        }
        text
    }
}

/// `tier 1 (4 of 6 enforced, 1 offered, absent: update-notifications)`: counted towards tier 2, whatever the reading.
impl fmt::Display for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tier {} ({})", self.tier, self.arithmetic(Tier::BASIC))
    }
}

fn list(text: &mut String, title: &str, controls: impl Iterator<Item = Control>) {
    let ids: Vec<_> = controls.map(Control::id).collect();
    if !ids.is_empty() {
        let _ = write!(text, ", {title}: {}", ids.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(first: [Status; 6]) -> Statuses {
        Statuses::from_fn(|control| first.get(control.index()).copied().unwrap_or(Status::Absent))
    }

    #[test]
    fn a_tier_is_never_bare() {
        use Status::{Absent, Enforced, Partial};
        let statuses = statuses([Enforced, Enforced, Enforced, Enforced, Partial, Absent]);
        let rating = rate(&statuses, Reading::Offered);
        assert_eq!(rating.to_string(), "tier 1 (4 of 6 enforced, 1 offered, absent: update-notifications)");
        assert_eq!(rating.missing_for(Tier::BASIC), [Control::UpdateNotifications]);
        let guaranteed = rate(&statuses, Reading::Guaranteed);
        assert_eq!(guaranteed.missing_for(Tier::BASIC), [Control::SourceProvenance, Control::UpdateNotifications]);
    }

    #[test]
    fn an_overlay_shows() {
        use Status::{Enforced, Optional, Unknown};
        let mut statuses = statuses([Enforced, Optional, Enforced, Enforced, Enforced, Unknown]);
        assert_eq!(rate(&statuses, Reading::Offered).tier, Tier::UNTRUSTED, "unknown never counts");
        statuses.overlay(Control::UpdateNotifications, Enforced);
        assert_eq!(
            rate(&statuses, Reading::Offered).to_string(),
            "tier 2 (5 of 6 enforced, 1 offered, by your policy: update-notifications)"
        );
    }

    #[test]
    fn observed_counts_what_is_shown() {
        use Status::{Enforced, NotApplicable, Optional};
        let statuses = statuses([Enforced, Optional, Enforced, NotApplicable, Optional, Enforced]);
        assert_eq!(rate(&statuses, Reading::Observed).tier, Tier::UNTRUSTED);
        let one = ControlSet::from_iter([Control::MfaToPush]);
        assert_eq!(
            rate_observed(&statuses, one).to_string(),
            "tier 1 (3 of 6 enforced, 1 not applicable, 2 offered and 1 of them shown)"
        );
        let both = ControlSet::from_iter([Control::MfaToPush, Control::SourceProvenance]);
        assert_eq!(rate_observed(&statuses, both).tier, Tier::BASIC);
    }

    #[test]
    fn everything_is_tier_3() {
        assert_eq!(rate(&Statuses::from_fn(|_| Status::Enforced), Reading::Guaranteed).tier, Tier::SECURE);
        assert_eq!(rate(&Statuses::default(), Reading::Offered).tier, Tier::UNTRUSTED);
    }
}
