//! From a host, a client's id or a format's silence to a registry.
//!
//! Answers for: exact hosts, `*` for one whole label, URL prefixes in whole path segments, always within one ecosystem: an address
//! alone cannot turn a crate into an npm package. Never parses an address: it is given a host and a path that the router has
//! checked (lower case, no port, no user-info, no dot segments).

use std::sync::LazyLock;

use foldhash::HashMap;

use super::{RegistryId, all};
use crate::ecosystem::Ecosystem;

/// The registry with this id.
#[must_use]
pub fn find(id: &str) -> Option<RegistryId> {
    INDEX.ids.get(id).copied()
}

/// The registry that a host and path belong to in an ecosystem. The longest URL prefix wins, then the exact host, then a pattern.
#[must_use]
pub fn find_host(ecosystem: Ecosystem, host: &str, path: &str) -> Option<RegistryId> {
    let key = (ecosystem, host);
    let prefixes = INDEX.prefixes.get(&key).map_or([].as_slice(), Vec::as_slice);
    let prefix = prefixes.iter().find(|(prefix, _)| starts_with_segments(path, prefix)).map(|(_, id)| *id);
    prefix.or_else(|| INDEX.hosts.get(&key).copied()).or_else(|| {
        let patterns = INDEX.patterns.get(&(ecosystem, host.split('.').count()))?;
        patterns.iter().find(|(pattern, _)| host_matches(pattern, host)).map(|(_, id)| *id)
    })
}

/// Whether addresses on one host may belong to several registries, by their paths.
#[must_use]
pub fn path_decides(ecosystem: Ecosystem, host: &str) -> bool {
    INDEX.prefixes.contains_key(&(ecosystem, host))
}

/// The registry that a client means by an id of its own, such as `npm:` or Cargo's name of an index.
#[must_use]
pub fn find_client_id(ecosystem: Ecosystem, client_id: &str) -> Option<RegistryId> {
    INDEX.client_ids.get(&(ecosystem, client_id)).copied()
}

/// The registry that a format's silence means in an ecosystem (some formats mix several).
#[must_use]
pub fn default_for(ecosystem: Ecosystem, format_id: &str) -> Option<RegistryId> {
    INDEX.defaults.get(&(ecosystem, format_id)).copied()
}

/// Whether every label equals, with `*` for any one whole label.
pub(super) fn host_matches(pattern: &str, host: &str) -> bool {
    let mut labels = host.split('.');
    let all = pattern
        .split('.')
        .all(|wanted| labels.next().is_some_and(|label| wanted == label || (wanted == "*" && !label.is_empty())));
    all && labels.next().is_none()
}

/// Whether `path` is `prefix` or lies below it, in whole segments.
fn starts_with_segments(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_matches('/');
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_prefix(prefix).is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

type ByName = HashMap<(Ecosystem, &'static str), RegistryId>;

#[derive(Default)]
struct Index {
    ids: HashMap<&'static str, RegistryId>,
    hosts: ByName,
    /// By number of labels: there are few of each.
    patterns: HashMap<(Ecosystem, usize), Vec<(&'static str, RegistryId)>>,
    /// Paths by host, longest first.
    prefixes: HashMap<(Ecosystem, &'static str), Vec<(&'static str, RegistryId)>>,
    client_ids: ByName,
    defaults: ByName,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index::default();
    for id in all() {
        let row = id.row();
        index.ids.insert(row.id, id);
        for &ecosystem in row.ecosystems {
            for host in row.hosts {
                if host.contains('*') {
                    index.patterns.entry((ecosystem, host.split('.').count())).or_default().push((host, id));
                } else {
                    index.hosts.insert((ecosystem, host), id);
                }
            }
            for prefix in row.url_prefixes {
                let (host, path) = split_prefix(prefix);
                index.prefixes.entry((ecosystem, host)).or_default().push((path, id));
            }
            index.client_ids.extend(row.client_ids.iter().map(|client_id| ((ecosystem, *client_id), id)));
            index.defaults.extend(row.default_for.iter().map(|format_id| ((ecosystem, *format_id), id)));
        }
    }
    for prefixes in index.prefixes.values_mut() {
        prefixes.sort_by_key(|(path, _)| std::cmp::Reverse(path.trim_matches('/').len()));
    }
    index
});

/// Host and path of `https://host/path`.
fn split_prefix(prefix: &'static str) -> (&'static str, &'static str) {
    let address = prefix.split_once("://").map_or(prefix, |(_, address)| address);
    address.split_once('/').unwrap_or((address, ""))
}

#[cfg(test)]
mod tests {
    use super::{host_matches, starts_with_segments};

    #[test]
    fn a_star_is_one_whole_label() {
        assert!(host_matches("*.pkg.dev", "europe-docker.pkg.dev"));
        for host in ["pkg.dev", "a.b.pkg.dev", ".pkg.dev", "xpkg.dev", "a.pkg.dev.evil.example", "a.pkg.dev."] {
            assert!(!host_matches("*.pkg.dev", host), "{host}");
        }
    }

    #[test]
    fn prefixes_end_at_segments() {
        for path in ["/conda-forge", "/conda-forge/", "/conda-forge/noarch/x.conda", "conda-forge/x"] {
            assert!(starts_with_segments(path, "/conda-forge/"), "{path}");
        }
        for path in ["/conda-forge-evil/x", "/", "", "/x/conda-forge", "//conda-forge"] {
            assert!(!starts_with_segments(path, "/conda-forge/"), "{path}");
        }
    }
}
