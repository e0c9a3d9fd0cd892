//! Who said what before: single settings in the order of the layers that make them, where a later one takes the place of an earlier.
//!
//! Answers for: lines of a policy that repeat what was said already, or that another one overrules. What counts in the end, the policy
//! itself says.

use super::compile::Compiler;
use super::file::{At, File};
use super::layers::Layer;
use super::{SetBy, Setting};
use crate::text::Place;

/// One setting as one layer makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What is set, as a policy names it: `levels.integrity-missing`.
    pub key: Box<str>,
    /// To what; `None` for a whole table, which is never the same as another.
    pub value: Option<Box<str>>,
    /// Who says so.
    pub by: SetBy,
    /// Where, for settings of files.
    pub place: Option<Place>,
}

/// All single settings, an earlier layer's first.
pub(super) fn of<'a>(layers: impl Iterator<Item = &'a Layer<'a>>, compiler: &mut Compiler<'a>) -> Vec<Made> {
    let mut trail = Vec::new();
    for layer in layers {
        match layer {
            Layer::Preset(id, file) => add(file, &mut trail, |_| Setting::of((), SetBy::Preset(id.value))),
            Layer::File(source) => {
                compiler.enter(source);
                add(&source.file, &mut trail, |written| compiler.setting(written, ()));
            }
        }
    }
    trail
}

fn add(file: &File, trail: &mut Vec<Made>, setting: impl Fn(&At<()>) -> Setting<()>) {
    let mut made = |key: String, value: Option<String>, span| {
        let Setting { by, place, .. } = setting(&At { value: (), span });
        trail.push(Made { key: key.into(), value: value.map(Into::into), by, place });
    };
    for (rule, level) in &file.levels.0 {
        made(format!("levels.{}", rule.value), Some(level.value.clone()), level.span);
    }
    if let Some(level) = &file.no_lockfile {
        made("no-lockfile".to_owned(), Some(level.value.clone()), level.span);
    }
    if let Some(day) = &file.catalogue {
        made("catalogue".to_owned(), Some(day.value.to_string()), day.span);
    }
    let limits = [
        ("exception-days-max", &file.exception_days_max),
        ("exception-count-max", &file.exception_count_max),
        ("exception-notice-days", &file.exception_notice_days),
    ];
    for (key, limit) in limits {
        if let Some(limit) = limit {
            made(key.to_owned(), Some(limit.value.to_string()), limit.span);
        }
    }
    if let Some(tier) = &file.minimum.tier {
        made("minimum.tier".to_owned(), Some(tier.value.to_string()), tier.span);
    }
    if let Some(reading) = &file.minimum.reading {
        made("minimum.reading".to_owned(), Some(reading.value.clone()), reading.span);
    }
    for (ecosystem, registry) in &file.origins.default_registry.0 {
        made(format!("origins.default-registry.{}", ecosystem.value), Some(registry.value.clone()), registry.span);
    }
    for (registry, _) in &file.overlays.0 {
        made(format!("overlays.{}", registry.value), None, registry.span);
    }
    for (name, value) in &file.build_args.0 {
        made(format!("build-args.{}", name.value), Some(value.value.clone()), value.span);
    }
}
