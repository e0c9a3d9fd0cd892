//! How services for registries of one's own lay out their addresses (`policies/private-registries.toml`).
//!
//! Answers for: where in an address a repository ends, and what its name says. Only hints use it: a layout never decides what serves a
//! package.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::lookup::host_matches;
use crate::ecosystem::Ecosystem;

/// A repository of a service, found in an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository<'a> {
    /// What the service is called.
    pub service: &'static str,
    /// The repository's path, without slashes around it.
    pub path: &'a str,
    /// Its name, where the layout has one.
    pub name: Option<&'a str>,
    /// Whose it is, where the layout says so.
    pub owner: Option<&'a str>,
}

/// The repository that an address belongs to, by its host and path; `None` if no layout fits.
#[must_use]
pub fn find<'a>(ecosystem: Ecosystem, host: &str, path: &'a str) -> Option<Repository<'a>> {
    let is_on = |layout: &&Layout| layout.hosts.is_empty() || layout.hosts.iter().any(|wanted| host_matches(wanted, host));
    LAYOUTS.layouts.iter().filter(is_on).find_map(|layout| {
        let templates = [ecosystem.id(), "any"].into_iter().filter_map(|key| layout.paths.get(key)).flatten();
        templates.filter_map(|template| fit(template, path)).map(|found| Repository { service: &layout.name, ..found }).next()
    })
}

/// Whether a repository's name says that it passes a public registry's packages on.
#[must_use]
pub fn is_mirror(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| LAYOUTS.mirrors.iter().any(|mirror| mirror == word))
}

/// What a template makes of a path.
fn fit<'a>(template: &str, path: &'a str) -> Option<Repository<'a>> {
    let trimmed = path.trim_matches('/');
    let Some(anywhere) = template.strip_prefix("**/") else { return fit_here(template, trimmed, 0) };
    let starts = std::iter::once(0).chain(trimmed.match_indices('/').map(|(at, _)| at + 1));
    starts.take(SEGMENTS_MAX).find_map(|start| fit_here(anywhere, trimmed, start))
}

/// The named limit on places where a template may begin.
const SEGMENTS_MAX: usize = 64;

fn fit_here<'a>(template: &str, path: &'a str, start: usize) -> Option<Repository<'a>> {
    let (own, behind) = template.split_once(' ').unwrap_or((template, ""));
    let mut found = Repository { service: "", path: "", name: None, owner: None };
    let mut rest = path.get(start..)?;
    for wanted in own.split('/').filter(|wanted| !wanted.is_empty()) {
        let (segment, after) = rest.split_once('/').unwrap_or((rest, ""));
        match wanted {
            _ if segment.is_empty() => return None,
            "{repository}" => found.name = Some(segment),
            "{owner}" => found.owner = Some(segment),
            _ if wanted.starts_with('{') || wanted.eq_ignore_ascii_case(segment) => {}
            _ => return None,
        }
        rest = after;
    }
    let length = path.len() - rest.len();
    found.path = path.get(..length)?.trim_end_matches('/');
    (behind.is_empty() || rest.split('/').next() == Some(behind)).then_some(found)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mirrors: Vec<String>,
    layouts: Vec<Layout>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout {
    name: String,
    #[serde(default)]
    hosts: Vec<String>,
    paths: BTreeMap<String, Vec<String>>,
}

/// A file that does not parse (a test holds that it does) has no layouts: then hints name hosts.
static LAYOUTS: LazyLock<File> = LazyLock::new(|| {
    let text = include_str!("../../policies/private-registries.toml");
    toml::from_str(text).unwrap_or(File { mirrors: Vec::new(), layouts: Vec::new() })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_is_of_ecosystems_that_there_are() {
        assert!(LAYOUTS.layouts.len() > 15);
        for layout in &LAYOUTS.layouts {
            for (key, templates) in &layout.paths {
                assert!(key == "any" || Ecosystem::from_id(key).is_some(), "{key}");
                assert!(!templates.is_empty(), "{}", layout.name);
            }
        }
    }

    #[test]
    fn a_repository_ends_where_its_template_does() {
        let path = |ecosystem, host, path| find(ecosystem, host, path).map(|found| (found.path, found.name, found.owner));
        let nexus = path(Ecosystem::Npm, "nexus.acme.example", "/nexus/repository/npm-group/x/-/x-1.0.0.tgz");
        assert_eq!(nexus, Some(("nexus/repository/npm-group", Some("npm-group"), None)));
        let devpi = path(Ecosystem::PyPi, "devpi.acme.example", "/acme/prod/+simple/");
        assert_eq!(devpi, Some(("acme/prod", Some("prod"), Some("acme"))));
        for short in ["/repository", "/repository/", "/", "", "/repositoryx/y"] {
            assert_eq!(path(Ecosystem::Npm, "nexus.acme.example", short), None, "{short}");
        }
        assert_eq!(path(Ecosystem::Docker, "acme.azurecr.io", "/team/x"), Some(("", None, None)));
    }

    #[test]
    fn names_of_mirrors() {
        for name in ["npm-virtual", "pypi-group", "proxy", "npm_remote"] {
            assert!(is_mirror(name), "{name}");
        }
        for name in ["npm-local", "grouped", "maven-releases", "public"] {
            assert!(!is_mirror(name), "{name}");
        }
    }
}
