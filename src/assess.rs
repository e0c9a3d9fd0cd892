//! How the registry behind an origin protects its packages, under one catalogue date and one policy.
//!
//! Answers for: a registry's standing (record, declaration or mirror), computed once, and the tier of an origin in each reading.
//! Never makes a finding.

use std::sync::OnceLock;

use crate::catalogue::control::{Control, Tier};
use crate::catalogue::rating::{Rating, Reading, Statuses};
use crate::catalogue::{self, Catalogue, RegistryId, Standing};
use crate::judge::Note;
use crate::policy::{Overlay, Policy, Subject};
use crate::route::{Class, Declarations, Origin, Registry};

/// Standings of all registries, each computed at most once.
pub struct Ratings<'a> {
    catalogue: Catalogue,
    declarations: &'a Declarations,
    /// By the position of a record.
    records: Vec<OnceLock<Rated>>,
}

#[derive(Clone, Copy)]
struct Rated {
    /// Whether somebody has read the record, whatever an overlay says.
    is_read: bool,
    standing: Standing,
    guaranteed: Tier,
    offered: Tier,
}

impl Rated {
    fn of(standing: Standing) -> Self {
        let is_read = standing != Standing::Unrated;
        Self { is_read, standing, guaranteed: standing.tier(Reading::Guaranteed), offered: standing.tier(Reading::Offered) }
    }
}

/// A record's standing with the policy's word over it. Where no control was read, all that the overlay does not name is unknown: a tier
/// that is only declared is never better for an overlay.
fn overlaid(read: Standing, overlay: &Overlay) -> Standing {
    let mut statuses = read.statuses();
    for control in Control::ALL {
        if let Some(status) = overlay.status(control) {
            statuses.overlay(control, status.value);
        }
    }
    Standing::Controls(statuses)
}

/// Tiers of one origin. `None` for classes that have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tiers {
    /// What the registry promises.
    pub guaranteed: Option<Tier>,
    /// What it makes possible.
    pub offered: Option<Tier>,
}

impl<'a> Ratings<'a> {
    /// Ratings under a catalogue and a policy's declarations.
    #[must_use]
    pub fn new(catalogue: Catalogue, declarations: &'a Declarations) -> Self {
        Self { catalogue, declarations, records: catalogue::all().map(|_| OnceLock::new()).collect() }
    }

    /// The catalogue that is read.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        self.catalogue
    }

    /// What the policy declares.
    #[must_use]
    pub fn declarations(&self) -> &'a Declarations {
        self.declarations
    }

    fn record(&self, id: RegistryId) -> Rated {
        let cell = self.records.get(id.position());
        let rated = || {
            let read = self.catalogue.standing(id);
            let overlay = self.declarations.overlays.iter().find(|(of, _)| *of == id).map(|(_, overlay)| overlay);
            let rated = Rated::of(overlay.map_or(read, |overlay| overlaid(read, overlay)));
            Rated { is_read: read != Standing::Unrated, ..rated }
        };
        cell.map_or_else(|| Rated::of(Standing::Unrated), |cell| *cell.get_or_init(rated))
    }

    /// What the catalogue says of a record, without the policy's word.
    #[must_use]
    pub fn as_read(&self, id: RegistryId) -> Standing {
        self.catalogue.standing(id)
    }

    /// Whether a record's controls, or at least its tier, are known on the catalogue's date.
    #[must_use]
    pub fn is_rated(&self, id: RegistryId) -> bool {
        self.record(id).is_read
    }

    /// Where a registry stands for a package of this name (a declared mirror has its own packages beside the mirrored).
    #[must_use]
    pub fn standing(&self, registry: Registry, name: &str) -> Standing {
        self.rated(registry, name).standing
    }

    fn rated(&self, registry: Registry, name: &str) -> Rated {
        match registry {
            Registry::None => Rated::of(Standing::Unrated),
            Registry::Record(id) => self.record(id),
            Registry::Declared(index) => {
                let Some(declared) = self.declarations.registries.get(index as usize) else {
                    return Rated::of(Standing::Unrated);
                };
                match declared.mirror_of {
                    Some(id) if !declared.owns(name) => self.record(id),
                    _ => declared.statuses.map_or_else(|| Rated::of(Standing::Unrated), |own| Rated::of(Standing::Controls(own))),
                }
            }
        }
    }

    /// Whether a declared registry serves a name as its own, not as a mirror.
    #[must_use]
    pub fn is_own(&self, registry: Registry, name: &str) -> bool {
        let Registry::Declared(index) = registry else { return false };
        let Some(declared) = self.declarations.registries.get(index as usize) else { return false };
        declared.owns(name)
    }

    /// Where a declared registry stands for its own packages.
    #[must_use]
    pub fn own_standing(&self, registry: Registry) -> Standing {
        let Registry::Declared(index) = registry else { return self.standing(registry, "") };
        let own = self.declarations.registries.get(index as usize).and_then(|declared| declared.statuses);
        own.map_or(Standing::Unrated, Standing::Controls)
    }

    /// Whether a registry is a declared mirror.
    #[must_use]
    pub fn is_mirror(&self, registry: Registry) -> bool {
        let Registry::Declared(index) = registry else { return false };
        self.declarations.registries.get(index as usize).is_some_and(|declared| declared.mirror_of.is_some())
    }

    /// The tiers of an origin.
    #[must_use]
    pub fn tiers(&self, origin: &Origin, name: &str) -> Tiers {
        let is_bundled = origin.class == Class::Bundled && origin.registry != Registry::None;
        if !origin.class.has_tier() && !is_bundled {
            return Tiers::default();
        }
        let rated = self.rated(origin.registry, name);
        Tiers { guaranteed: Some(rated.guaranteed), offered: Some(rated.offered) }
    }

    /// The rating with its arithmetic, where controls are known.
    #[must_use]
    pub fn rating(&self, registry: Registry, name: &str, reading: Reading) -> Option<Rating> {
        self.standing(registry, name).rating(reading)
    }

    /// The statuses that count for a package of this name.
    #[must_use]
    pub fn statuses(&self, registry: Registry, name: &str) -> Statuses {
        self.standing(registry, name).statuses()
    }

    /// What candidates and tables are sorted by: offered tier, then controls enforced and offered. More is better.
    #[must_use]
    pub fn strength(&self, registry: Registry) -> (u8, (usize, usize, usize, usize)) {
        let rated = self.rated(registry, "");
        let controls = rated.standing.rating(Reading::Offered).map_or((0, 0, 0, 0), |rating| rating.strength());
        (rated.offered.0, controls)
    }

    /// Minimums that no version of a registry can meet: notes, since a registry may mend it one day.
    #[must_use]
    pub fn unreachable(&self, policy: &Policy) -> Vec<Note> {
        let mut notes = Vec::new();
        for id in policy.minimum.registries().filter_map(catalogue::find) {
            let subject =
                Subject { registry: Some(id.row().id), ecosystem: id.row().ecosystems.first().copied(), ..Subject::default() };
            let Some(asked) = policy.minimum_for(&subject).and_then(|minimum| minimum.tier) else { continue };
            let rated = self.record(id);
            if rated.offered >= asked.value {
                continue;
            }
            let missing =
                rated.standing.rating(Reading::Offered).map(|rating| rating.missing_for(asked.value)).unwrap_or_default();
            let missing: Vec<&str> = missing.into_iter().map(Control::id).collect();
            let lacks = if missing.is_empty() { "controls that nobody has read".to_owned() } else { missing.join(", ") };
            let message = format!("tier {} is unreachable for {}: it lacks {lacks}", asked.value, id.row().name);
            notes.push(Note { message, place: asked.place });
        }
        notes
    }

    /// A registry's id for reports.
    #[must_use]
    pub fn id(&self, registry: Registry) -> Option<&str> {
        match registry {
            Registry::None => None,
            Registry::Record(id) => Some(id.row().id),
            Registry::Declared(index) => self.declarations.registries.get(index as usize).map(|declared| declared.id.as_str()),
        }
    }

    /// A registry's name for people.
    #[must_use]
    pub fn name(&self, registry: Registry) -> Option<&str> {
        match registry {
            Registry::Record(id) => Some(id.row().name),
            other => self.id(other),
        }
    }

    /// The registry that an id names: declared ones first.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Registry> {
        let declared = self.declarations.registries.iter().position(|declared| declared.id == id);
        match declared.and_then(|at| u16::try_from(at).ok()) {
            Some(at) => Some(Registry::Declared(at)),
            None => catalogue::find(id).map(Registry::Record),
        }
    }

    /// The public registry that a registry is or mirrors; a declared mirror equals its original.
    #[must_use]
    pub fn original(&self, registry: Registry, name: &str) -> Registry {
        match registry {
            Registry::Declared(index) if !self.is_own(registry, name) => {
                let declared = self.declarations.registries.get(index as usize);
                declared.and_then(|declared| declared.mirror_of).map_or(registry, Registry::Record)
            }
            other => other,
        }
    }
}
