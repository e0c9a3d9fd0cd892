#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use super::FORMAT;

/// Keys of `packages`, or of `dependencies` in `dependencies`.
pub(super) fn counted_entries(content: &str) -> usize {
    let root: serde_json::Value = serde_json::from_str(content).unwrap();
    match root["packages"].as_object() {
        Some(packages) => packages.keys().filter(|path| !path.is_empty()).count(),
        None => nested(&root),
    }
}

fn nested(node: &serde_json::Value) -> usize {
    node["dependencies"].as_object().map_or(0, |inner| inner.len() + inner.values().map(nested).sum::<usize>())
}

#[test]
fn states_what_is_counted() {
    crate::formats::counting::check(&FORMAT, "package-lock", counted_entries);
    crate::formats::counting::check(&crate::formats::npm_shrinkwrap::FORMAT, "npm-shrinkwrap", counted_entries);
}
