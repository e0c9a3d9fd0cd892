//! Which git repositories, addresses and archives packages may come from.
//!
//! Answers for: comparing an address with a pattern, without scheme, user, port of the scheme, `.git`, query and fragment. Fails closed:
//! an address that two parsers could read differently fits nothing.

use std::borrow::Cow;

use super::Setting;
use super::fault::Fault;
use super::paths::{PathLines, Paths};
use super::selector::decode;
use crate::address;
use crate::pattern;

/// Host (with a port that is not the scheme's own) and path (without slashes around it) as they are compared; `None` for an address
/// without a single reading. Knows git's `user@host:path`, and npm's `ssh://user@host:owner/name`.
fn comparable(written: &str) -> Option<(String, String)> {
    let end = written.find(['?', '#']).unwrap_or(written.len());
    let bare = written.get(..end)?;
    let full = match bare.split_once("://") {
        Some((scheme, rest)) => {
            let scheme = scheme.rsplit('+').next().unwrap_or(scheme).to_ascii_lowercase();
            let scp = if scheme == "ssh" { scp(rest) } else { None };
            scp.unwrap_or_else(|| format!("{scheme}://{rest}"))
        }
        // `host:22/x` without a scheme may be a port or, to git, a path.
        None if bare.split('/').next().is_some_and(|first| first.contains(':')) => scp(bare)?,
        None => format!("https://{bare}"),
    };
    let address = address::read(&full).ok()?;
    if !address.path.split('/').all(is_plain_segment) {
        return None;
    }
    let path = address.path.strip_prefix('/').unwrap_or(address.path).trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).to_owned();
    let host = match address.port {
        Some(port) => format!("{}:{port}", address.host),
        None => address.host.into_owned(),
    };
    Some((host, path))
}

/// `host:path` as an address, unless what follows the colon is a port.
fn scp(rest: &str) -> Option<String> {
    let (host, path) = rest.split_once(':').filter(|(host, _)| !host.contains('/'))?;
    let first = path.split('/').next().unwrap_or("");
    let is_port = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    // `user:password@host`: the colon belongs to the user.
    (!is_port && !first.contains('@')).then(|| format!("ssh://{host}/{}", path.trim_start_matches('/')))
}

/// No slash or backslash in disguise, and no dot segment.
fn is_plain_segment(segment: &str) -> bool {
    decode(segment).is_some_and(|decoded| {
        decoded != "." && decoded != ".." && !decoded.contains(['/', '\\']) && !decoded.contains(char::is_control)
    })
}

/// Addresses that a policy allows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddressPattern {
    host: Box<str>,
    path: Box<str>,
}

impl AddressPattern {
    /// Reads a pattern such as `https://github.com/acme/*`. In the host `*` stands for one whole label, in the path for any run of
    /// characters. The error is a message and a hint.
    pub fn parse(written: &str) -> Result<Self, (String, String)> {
        if written == "*" {
            return Ok(Self { host: "*".into(), path: "*".into() });
        }
        let refuse = |message: String, hint: &str| Err((message, hint.to_owned()));
        let shown = written.escape_debug();
        if written.contains(['?', '#']) {
            return refuse(format!("`{shown}` has a query or fragment, which are not compared"), "leave it out");
        }
        let (plain, labels) = without_stars(written);
        let Some((host, path)) = comparable(&plain) else {
            return refuse(format!("`{shown}` is not a plain address"), "write it like `https://github.com/acme/*`");
        };
        if labels.is_none() {
            let hint = "write `*.example.com` for every host one label below it";
            return refuse(format!("`*` stands for a part of a label of the host in `{shown}`"), hint);
        }
        if path.is_empty() {
            let hint = format!("write `{}/*` for everything on it", written.trim_end_matches('/'));
            return Err((format!("`{shown}` names a host, but nothing on it"), hint));
        }
        Ok(Self { host: host.replace(ANY_LABEL, "*").into(), path: path.into() })
    }

    /// Whether it allows an address, given as a lockfile writes it.
    #[must_use]
    pub fn allows(&self, url: &str) -> bool {
        comparable(url).is_some_and(|(host, path)| self.fits(&host, &path))
    }

    fn fits(&self, host: &str, path: &str) -> bool {
        let is_any = &*self.host == "*" && &*self.path == "*";
        is_any || (fits_host(&self.host, host) && !path.is_empty() && pattern::matches(&self.path, path))
    }
}

/// Whether what was found in a repository means itself alone as a line of this key of `[origins]`.
#[must_use]
pub fn means_itself(key: &str, found: &str) -> bool {
    if key == "allow-archive" {
        return !found.contains(['*', '?', '[', '{', '\\']) && Paths::check(found).is_ok();
    }
    !found.contains('*') && AddressPattern::parse(found).is_ok()
}

/// Stands in for a `*` of the host while it is read as an address.
const ANY_LABEL: &str = "any-label-of-a-host";

/// The same with every `*` of the host replaced; the second is `None` if one is only a part of a label.
fn without_stars(written: &str) -> (Cow<'_, str>, Option<()>) {
    let start = written.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = written.split_at(start);
    let end = rest.find(['/', ':']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    if !host.contains('*') {
        return (Cow::Borrowed(written), Some(()));
    }
    let is_whole = host.rsplit('@').next().unwrap_or(host).split('.').all(|label| label == "*" || !label.contains('*'));
    (Cow::Owned(format!("{scheme}{}{path}", host.replace('*', ANY_LABEL))), is_whole.then_some(()))
}

fn find<'a>(allowed: &'a [Setting<AddressPattern>], written: &str) -> Option<&'a Setting<AddressPattern>> {
    let (host, path) = if allowed.is_empty() { None } else { comparable(written) }?;
    allowed.iter().find(|line| line.value.fits(&host, &path))
}

fn fits_host(pattern: &str, host: &str) -> bool {
    let mut labels = host.split('.');
    pattern.split('.').all(|wanted| labels.next().is_some_and(|label| wanted == label || wanted == "*"))
        && labels.next().is_none()
}

/// What `[origins]` allows.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// Repositories, in the order of the files.
    pub git: Vec<Setting<AddressPattern>>,
    /// Addresses, likewise.
    pub url: Vec<Setting<AddressPattern>>,
    /// Archives in the tree.
    pub archive: PathLines,
}

impl Origins {
    /// The line that allows this repository, given as a lockfile writes it.
    #[must_use]
    pub fn git(&self, url: &str) -> Option<&Setting<AddressPattern>> {
        find(&self.git, url)
    }

    /// The line that allows this address.
    #[must_use]
    pub fn url(&self, url: &str) -> Option<&Setting<AddressPattern>> {
        find(&self.url, url)
    }

    /// The line that allows this archive, by its path from the root.
    #[must_use]
    pub fn archive(&self, path: &str) -> Option<&Setting<Box<str>>> {
        self.archive.find(path)
    }
}

/// An address of a declared registry as it is compared: `scheme://host/path/`.
pub(super) fn registry_url(written: &str) -> Result<String, Fault> {
    let refuse = |message: String, hint: &str| Err(Fault::new(None, message).with_hint(hint));
    let shown = written.escape_debug();
    let example = "write it like `https://npm.acme.example/`";
    let plain = written.strip_prefix("sparse+").or_else(|| written.strip_prefix("registry+")).unwrap_or(written);
    let address = match address::read(plain) {
        Ok(address) => address,
        Err(_) if written.contains('@') => return refuse_user(),
        Err(odd) => return refuse(format!("`{shown}` {odd}"), example),
    };
    if address.has_user {
        return refuse_user();
    }
    if plain.contains(['?', '#']) {
        return refuse(format!("`{shown}` has a query or fragment"), "leave it out");
    }
    if address.path.contains('*') {
        return refuse(format!("`{shown}` has a `*`, which addresses of registries do not know"), "write each address out");
    }
    if address.scheme != "https" && address.scheme != "http" {
        return refuse(format!("`{shown}` does not begin with https://"), example);
    }
    Ok(format!("{}{}/", address.origin(), address.path.trim_end_matches('/')))
}

/// Does not repeat what may be a secret.
fn refuse_user() -> Result<String, Fault> {
    let fault = Fault::new(None, "the address of a registry has a user or password in it");
    Err(fault.with_hint("take it out, and revoke it if it was a secret: policies are public to every reader"))
}
