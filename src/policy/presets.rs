//! The presets: policies that are data of packman itself.

use super::file::File;

/// A preset: its id and its text.
const PRESETS: [(&str, &str); 3] = [
    ("observe", include_str!("../../policies/presets/observe.toml")),
    ("standard", include_str!("../../policies/presets/standard.toml")),
    ("strict", include_str!("../../policies/presets/strict.toml")),
];

/// The preset that holds where none is named.
pub(super) const DEFAULT: &str = "standard";

/// The ids, from the mildest on.
pub const IDS: [&str; 3] = [PRESETS[0].0, PRESETS[1].0, PRESETS[2].0];

/// The preset with this id, read. A test holds that each can be.
pub(super) fn read(id: &str) -> Option<(&'static str, File)> {
    let (id, text) = PRESETS.iter().find(|(known, _)| *known == id)?;
    Some((id, toml::from_str(text).ok()?))
}

/// The levels of a preset as `--level` writes them; `None` if there is none with this id.
#[must_use]
pub fn levels(id: &str) -> Option<Vec<String>> {
    let (_, preset) = read(id)?;
    Some(preset.levels.0.iter().map(|(rule, level)| format!("{}={}", rule.value, level.value)).collect())
}
