//! How addresses are compared: which lie below a declared one, which spell one index, and what can be changed on the way to them.
//!
//! Answers for: comparisons of addresses that `address` has read. Never knows a registry.

use super::Insecure;
use crate::address::{self, Address};
use crate::ecosystem::Ecosystem;
use crate::neighbours::{folder_of, normalise};

/// Scheme and authority of an address.
pub(super) fn host_part(written: &str) -> &str {
    let start = written.find("://").map_or(0, |at| at + 3);
    let end = written.get(start..).and_then(|rest| rest.find('/')).map_or(written.len(), |at| start + at);
    written.get(..end).unwrap_or(written)
}

/// Cargo's ids wrap addresses: `registry+https://…`, `sparse+https://…`. No other client reads them so.
pub(super) fn bare_scheme(ecosystem: Ecosystem, written: &str) -> &str {
    let prefixes = if ecosystem == Ecosystem::Cargo { &["registry+", "sparse+"][..] } else { &[] };
    prefixes.iter().find_map(|prefix| written.strip_prefix(prefix)).unwrap_or(written)
}

/// Whether registries are asked by this scheme. Another one leads elsewhere, whatever host follows.
pub(super) fn is_web(address: &Address<'_>) -> bool {
    matches!(address.scheme, "https" | "http")
}

/// Two spellings of one index.
pub(super) fn same_index(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let bare = text.strip_prefix("sparse+").or_else(|| text.strip_prefix("registry+")).unwrap_or(text);
        address::read(bare).map(|address| format!("{}{}", address.origin(), address.path.trim_end_matches('/')))
    };
    a == b || plain(a).is_ok_and(|left| plain(b).is_ok_and(|right| left == right))
}

/// Whether an address lies below a declared one: same scheme, host and port, and whole path segments.
pub(super) fn is_below(address: &Address<'_>, declared: &str, ecosystem: Ecosystem) -> bool {
    let with_scheme;
    let declared = if ecosystem == Ecosystem::Docker && !declared.contains("://") {
        with_scheme = format!("https://{declared}");
        &with_scheme
    } else {
        bare_scheme(ecosystem, declared)
    };
    let Ok(declared) = address::read(declared) else { return false };
    let prefix = declared.path.trim_end_matches('/');
    let is_within = |path: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    declared.scheme == address.scheme && declared.host == address.host && declared.port == address.port && is_within(address.path)
}

pub(super) fn insecure(address: &Address<'_>) -> Option<Insecure> {
    if address.is_plain_text() {
        Some(Insecure::PlainText)
    } else if address.is_ip() {
        Some(Insecure::IpAddress)
    } else {
        None
    }
}

pub(super) fn insecure_git(written: &str) -> Option<Insecure> {
    let written = written.strip_prefix("git+").unwrap_or(written);
    address::read(written).ok().and_then(|address| insecure(&address))
}

/// The path from the root that a file at `from` means by one that it writes; `None` if that leads out of the root.
#[must_use]
pub fn path_from_root(from: &str, written: &str) -> Option<String> {
    normalise(folder_of(from), relative(written))
}

/// A path as clients seek it, for one as it is written: `file:` and two slashes mean nothing.
pub(super) fn relative(written: &str) -> &str {
    let relative = written.strip_prefix("file:").unwrap_or(written);
    relative.strip_prefix("//").unwrap_or(relative)
}

pub(super) fn is_archive(path: &str) -> bool {
    let name = path.to_ascii_lowercase();
    [".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".zip", ".whl", ".gem", ".nupkg", ".jar", ".crate", ".tar", ".conda"]
        .iter()
        .any(|end| name.ends_with(end))
}
