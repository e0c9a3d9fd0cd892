//! Keys of pnpm-lock.yaml: name and version in the three spellings that pnpm has had.
//!
//! Answers for: what a key says by itself. A key that is no registry package's says nothing here; its fields do.

use crate::formats::npm_spec::{is_name, is_version, split_name};

/// Which spelling a lockfile version has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spelling {
    /// `/name/1.2.3_peers`, lockfile versions 5.x.
    Slash,
    /// `/name@1.2.3(peers)`, 6.x.
    SlashAt,
    /// `name@1.2.3`, 9.0.
    At,
}

/// What a key says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Key<'k> {
    /// The package's name.
    pub(super) name: Option<&'k str>,
    /// Its version, if the key names a package of a registry.
    pub(super) version: Option<&'k str>,
    /// The host before the name: a registry that is not the default one.
    pub(super) host: Option<&'k str>,
    /// The registry that the workspace's `namedRegistries` names.
    pub(super) named: Option<&'k str>,
    /// Whether it is a runtime (node, deno, bun), not a package.
    pub(super) is_runtime: bool,
}

/// Reads a key.
pub(super) fn parse(key: &str, spelling: Spelling) -> Key<'_> {
    let key = without_peers(key);
    if spelling == Spelling::At && !key.starts_with('/') {
        return at(key);
    }
    if let Some(body) = key.strip_prefix('/') {
        return body_of(body, spelling).unwrap_or_default();
    }
    // A host counts only where a name follows it: dots are common in names.
    let Some((host, body)) = key.split_once('/') else { return Key::default() };
    if !host.contains('.') || host.contains(['@', ':', '+']) {
        return Key::default();
    }
    body_of(body, spelling).map_or_else(Key::default, |found| Key { host: Some(host), ..found })
}

/// `name@rest`, where the rest may be a version, a named registry's version, or an address.
fn at(key: &str) -> Key<'_> {
    let (name, rest) = split_name(key);
    if !is_name(name) || rest.is_empty() {
        return Key::default();
    }
    let plain = Key { name: Some(name), ..Key::default() };
    if is_version(rest) {
        return Key { version: Some(rest), ..plain };
    }
    match rest.split_once(':') {
        Some(("runtime", version)) if is_version(version) => Key { version: Some(version), is_runtime: true, ..plain },
        Some((registry, version)) if is_version(version) => Key { version: Some(version), named: Some(registry), ..plain },
        _ => plain,
    }
}

fn body_of(body: &str, spelling: Spelling) -> Option<Key<'_>> {
    // Hand-made and half-converted files mix the two.
    let (first, second) = if spelling == Spelling::Slash { (slash(body), joined(body)) } else { (joined(body), slash(body)) };
    first.or(second).map(|(name, version)| Key { name: Some(name), version: Some(version), ..Key::default() })
}

/// `name/1.2.3_peers`.
fn slash(body: &str) -> Option<(&str, &str)> {
    let name_parts = if body.starts_with('@') { 2 } else { 1 };
    let length = body.split('/').take(name_parts).map(|part| part.len() + 1).sum::<usize>().checked_sub(1)?;
    let name = body.get(..length)?;
    let rest = body.get(length + 1..)?;
    let version = rest.split(['/', '_']).next().unwrap_or(rest);
    (is_name(name) && is_version(version)).then_some((name, version))
}

/// `name@1.2.3`.
fn joined(body: &str) -> Option<(&str, &str)> {
    let (name, version) = split_name(body);
    (is_name(name) && is_version(version)).then_some((name, version))
}

/// A key without the groups in parentheses at its end: peers and patches.
pub(super) fn without_peers(key: &str) -> &str {
    let bytes = key.as_bytes();
    let mut end = bytes.len();
    while end > 0 && bytes.get(end - 1) == Some(&b')') {
        let mut depth = 0_usize;
        let mut at = end;
        loop {
            let Some(before) = at.checked_sub(1) else { return key };
            at = before;
            match bytes.get(at) {
                Some(b')') => depth += 1,
                Some(b'(') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        end = at;
    }
    key.get(..end).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(key: &str, spelling: Spelling) -> String {
        let key = parse(key, spelling);
        let word = |part: Option<&str>| part.unwrap_or("-").to_owned();
        let runtime = if key.is_runtime { " runtime" } else { "" };
        format!("{} {} {} {}{runtime}", word(key.name), word(key.version), word(key.host), word(key.named))
    }

    #[test]
    fn keys_of_all_versions() {
        for (key, spelling, says) in [
            ("/foo/1.0.0", Spelling::Slash, "foo 1.0.0 - -"),
            ("/@foo/bar/1.0.0_a@1.0.0+b@2", Spelling::Slash, "@foo/bar 1.0.0 - -"),
            ("/foo/1.4.0_@types+babel__core@7.1.14", Spelling::Slash, "foo 1.4.0 - -"),
            ("registry.npmjs.org/@foo/bar/1.1.0", Spelling::Slash, "@foo/bar 1.1.0 registry.npmjs.org -"),
            ("github.com/kevva/is-positive", Spelling::Slash, "- - - -"),
            ("github.com/o/r/2fa0531ab04e300a24ef4fd7fb3a280eccb7ccc5", Spelling::Slash, "- - - -"),
            ("/foo/bar", Spelling::Slash, "- - - -"),
            ("/lodash.merge@4.6.2", Spelling::SlashAt, "lodash.merge 4.6.2 - -"),
            ("/a@1.0.0(b@2.0.0(c@3.0.0))(@d/e@4.0.0)", Spelling::SlashAt, "a 1.0.0 - -"),
            ("npm.acme.example/a@1.0.0", Spelling::SlashAt, "a 1.0.0 npm.acme.example -"),
            ("file:package1", Spelling::SlashAt, "- - - -"),
            ("@codeload.github.com/o/r/tar.gz/main", Spelling::SlashAt, "- - - -"),
            ("@s/n@1.0.0-rc.1", Spelling::At, "@s/n 1.0.0-rc.1 - -"),
            ("chart.js@4.0.0(patch_hash=abc)", Spelling::At, "chart.js 4.0.0 - -"),
            ("a@cc:1.0.0", Spelling::At, "a 1.0.0 - cc"),
            ("node@runtime:22.0.0", Spelling::At, "node 22.0.0 - - runtime"),
            ("a@https://example.com/a.tgz", Spelling::At, "a - - -"),
            ("a@file:x(y)", Spelling::At, "a - - -"),
            ("../a@1.0.0", Spelling::At, "- - - -"),
            ("a", Spelling::At, "- - - -"),
            ("/@s/n@1.0.0", Spelling::At, "@s/n 1.0.0 - -"),
        ] {
            assert_eq!(shown(key, spelling), says, "{key}");
        }
    }

    #[test]
    fn peers_end_where_their_group_begins() {
        assert_eq!(without_peers("a@1(b@2(c@3))(d@4)"), "a@1");
        assert_eq!(without_peers("a@1)"), "a@1)");
        assert_eq!(without_peers(")"), ")");
    }
}
