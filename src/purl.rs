//! Package URLs, written by the crate that follows their specification.

use packageurl::PackageUrl;

use crate::ecosystem::Ecosystem;

/// The package URL of a name as the ecosystem writes it, with a version if there is one.
#[must_use]
pub fn of(ecosystem: Ecosystem, name: &str, version: Option<&str>) -> String {
    let (namespace, last) = split(ecosystem, name);
    if let Some(purl) = plain(ecosystem, namespace, last, version) {
        return purl;
    }
    by_the_book(ecosystem, name, version)
}

/// Most names need neither case nor percent signs looked at, and purls are written by the hundred thousand: those are put together here,
/// in the same way (a property test holds the two equal).
fn plain(ecosystem: Ecosystem, namespace: Option<&str>, last: &str, version: Option<&str>) -> Option<String> {
    let is_free = matches!(
        ecosystem,
        Ecosystem::Npm
            | Ecosystem::Cargo
            | Ecosystem::Gem
            | Ecosystem::Maven
            | Ecosystem::Golang
            | Ecosystem::PyPi
            | Ecosystem::NuGet
            | Ecosystem::Conda
            | Ecosystem::Composer
    );
    // One type has another sign for it.
    let is_plain_byte = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'-' | b'.')
            || byte == b'_' && ecosystem != Ecosystem::PyPi
    };
    let is_plain = |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.bytes().all(is_plain_byte);
    let version = version.unwrap_or_default();
    let (at, namespace) = match namespace {
        Some(scope) if ecosystem == Ecosystem::Npm => ("%40", Some(scope.strip_prefix('@')?)),
        namespace => ("", namespace),
    };
    let is_plain = is_free
        && is_plain(last)
        && (version.is_empty() || is_plain(version))
        && namespace.is_none_or(|namespace| namespace.split('/').all(is_plain));
    if !is_plain {
        return None;
    }
    let (namespace, slash) = namespace.map_or(("", ""), |namespace| (namespace, "/"));
    let mark = if version.is_empty() { "" } else { "@" };
    Some(["pkg:", ecosystem.id(), "/", at, namespace, slash, last, mark, version].concat())
}

/// By the crate that knows each type's own rules.
fn by_the_book(ecosystem: Ecosystem, name: &str, version: Option<&str>) -> String {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{by_the_book, of};
    use crate::ecosystem::Ecosystem;

    proptest! {
        #[test]
        fn plain_names_are_written_as_the_specification_says(
            name in "(@?[a-z0-9-]{0,3}[.:/_A]?/?)?[a-z0-9.-]{1,4}[A-Z~%@ _:é+]?",
            version in proptest::option::of("v?[0-9a-z.]{0,4}[-+A-Z~%@ _:é/]?[0-9.]{0,2}"),
        ) {
            for ecosystem in Ecosystem::ALL {
                let version = version.as_deref();
                prop_assert_eq!(of(ecosystem, &name, version), by_the_book(ecosystem, &name, version));
            }
        }
    }
}
