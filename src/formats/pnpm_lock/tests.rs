#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use super::FORMAT;

/// Keys of `packages` by their indent, and links that importers ask for.
fn counted_entries(content: &str) -> usize {
    let mut section = "";
    let (mut inner, mut count) = ("", 0);
    for line in content.lines() {
        if !line.starts_with([' ', '#', '-']) && !line.trim().is_empty() {
            section = line.split(':').next().unwrap();
        }
        let is_key = line.starts_with("  ") && !line.starts_with("   ") && !line.trim_start().starts_with('#');
        count += usize::from(section == "packages" && is_key);
        if line.ends_with("ependencies:") || line.trim() == "specifiers:" {
            inner = line.trim();
        }
        let value = line.trim().trim_start_matches("version: ").trim_matches('\'');
        let asks = matches!(section, "importers" | "dependencies" | "devDependencies" | "optionalDependencies");
        let old = line
            .trim()
            .split_once(": link:")
            .is_some_and(|(key, _)| key != "specifier" && key != "version" && inner != "specifiers:");
        count += usize::from(asks && (value.starts_with("link:") || old) && !line.trim().starts_with("specifier"));
    }
    count
}

#[test]
fn states_what_is_counted() {
    crate::formats::counting::check(&FORMAT, "pnpm", counted_entries);
}
