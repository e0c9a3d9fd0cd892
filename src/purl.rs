//! Package URLs, written by the crate that follows their specification.

use packageurl::PackageUrl;

use crate::ecosystem::Ecosystem;

/// The package URL of a name as the ecosystem writes it, with a version if there is one.
#[must_use]
pub fn of(ecosystem: Ecosystem, name: &str, version: Option<&str>) -> String {
    let (namespace, last) = split(ecosystem, name);
    let Ok(mut purl) = PackageUrl::new(ecosystem.id(), last.to_owned()) else {
        return format!("pkg:{}/{}", ecosystem.id(), encoded(name));
    };
    if let Some(namespace) = namespace {
        let _ = purl.with_namespace(namespace.to_owned());
    }
    if let Some(version) = version.filter(|version| !version.is_empty()) {
        let _ = purl.with_version(version.to_owned());
    }
    purl.to_string()
}

/// Namespace and name, as the type's definition divides them.
fn split(ecosystem: Ecosystem, name: &str) -> (Option<&str>, &str) {
    match ecosystem {
        Ecosystem::Maven => name.rsplit_once(':').map_or((None, name), |(group, artifact)| (Some(group), artifact)),
        Ecosystem::Npm
        | Ecosystem::Golang
        | Ecosystem::Docker
        | Ecosystem::GitHubActions
        | Ecosystem::Composer
        | Ecosystem::Jsr
        | Ecosystem::Swift
        | Ecosystem::Terraform
        | Ecosystem::Generic => name.rsplit_once('/').map_or((None, name), |(namespace, last)| (Some(namespace), last)),
        _ => (None, name),
    }
}

fn encoded(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-._~".contains(c) { c } else { '_' }).collect()
}
