//! Overlays: the policy's own word on registries of the catalogue, for a while.
//!
//! Answers for: what an overlay says of a control, and until when. `assess` puts it over the record; nothing here knows what the record
//! says.

use jiff::civil::Date;

use super::Setting;
use super::compile::{Compiler, too_long};
use super::file::{self, At};
use crate::catalogue::control::{Control, Status};
use crate::text::Place;

/// One registry's overlay.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// The record's id.
    pub registry: Setting<Box<str>>,
    /// What counts for every control that is not listed.
    pub all: Option<Setting<Status>>,
    /// What counts for single controls.
    pub controls: Vec<(Control, Setting<Status>)>,
    /// Why.
    pub reason: Box<str>,
    /// Who.
    pub owner: Box<str>,
    /// The last day on which it holds.
    pub until: Setting<Date>,
}

impl Overlay {
    /// Whether its last day is over.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        self.until.value < today
    }

    /// What it says of a control, if it speaks of it.
    #[must_use]
    pub fn status(&self, control: Control) -> Option<Setting<Status>> {
        self.controls.iter().find(|(of, _)| *of == control).map(|(_, status)| *status).or(self.all)
    }
}

/// Validates one file's `[overlays]`, which count over those of the files before it: a registry's whole overlay is replaced.
pub(super) fn compile(
    file: &file::Table<file::Overlay>,
    days_max: Option<Setting<i64>>,
    compiler: &mut Compiler<'_>,
) -> Vec<Overlay> {
    file.0.iter().filter_map(|(id, written)| overlay(id, written, days_max, compiler)).collect()
}

fn overlay(
    id: &At<String>,
    written: &file::Overlay,
    days_max: Option<Setting<i64>>,
    compiler: &mut Compiler<'_>,
) -> Option<Overlay> {
    let shown = id.value.escape_debug().to_string();
    if let Some(declared) = compiler.declared_at(&id.value) {
        compiler
            .fault(id.span, format!("`{shown}` is declared by this policy; overlays are for registries of the catalogue"))
            .hint(format!("change `controls` in `[registries.{shown}]`"))
            .also(Some(declared), "declared here");
        return None;
    }
    if !compiler.is_record(&id.value) {
        let hint = compiler.nearest_record(&id.value);
        compiler.fault(id.span, format!("`{shown}` is not in the catalogue")).hint(hint);
        return None;
    }
    if written.status.is_none() && written.controls.0.is_empty() {
        compiler
            .fault(id.span, format!("the overlay of `{shown}` says nothing"))
            .hint(format!("add `status = \"absent\"` to lower all controls, or `[overlays.{shown}.controls.mfa-to-push]`"));
    }
    let all = written.status.as_ref().and_then(|word| Some(compiler.setting(word, Status::from_id(&word.value)?)));
    let control = |(control, written): &(At<String>, file::OverlaidControl)| {
        let status = Status::from_id(&written.status.value)?;
        Some((Control::from_id(&control.value)?, compiler.setting(&written.status, status)))
    };
    let controls = written.controls.0.iter().filter_map(control).collect();
    let until = compiler.date(&written.until)?;
    too_long("overlay", &until, written.until.span, days_max, compiler);
    Some(Overlay {
        registry: compiler.setting(id, id.value.as_str().into()),
        all,
        controls,
        reason: written.reason.value.as_str().into(),
        owner: written.owner.value.as_str().into(),
        until,
    })
}

/// Where an overlay begins, for those who point at it.
impl Overlay {
    /// The place of the registry's name.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.registry.place
    }
}
