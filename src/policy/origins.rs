//! Which git repositories, addresses and archives packages may come from.
//!
//! Answers for: comparing an address with a pattern, without scheme, user, port of the scheme, `.git`, query (of git) and fragment.
//! Fails closed: an address that two parsers could read differently fits nothing.

use super::Setting;
use super::fault::Fault;
use super::selector::{Paths, decode};
use crate::pattern;

/// An address taken apart as far as comparing needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// In lowercase; `ssh` for `git@host:path`, empty where none is written.
    pub scheme: String,
    /// Whether a user, and perhaps a password, stands in front of the host.
    pub has_user: bool,
    /// Host in lowercase, with a port that is not the scheme's own.
    pub host: String,
    /// Without a slash in front or at the end.
    pub path: String,
    /// What follows `?`.
    pub query: Option<String>,
    /// Whether something follows `#`.
    pub has_fragment: bool,
}

impl Address {
    /// Takes an address apart; `None` if it is none, or if two parsers might read another one. `*` may stand in it.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        if written.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control()) {
            return None;
        }
        let (rest, fragment) = split_off(written, '#');
        let (rest, query) = split_off(rest, '?');
        let (scheme, authority, path) = match rest.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => {
                let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
                (scheme.to_ascii_lowercase(), authority.to_owned(), path.to_owned())
            }
            Some(_) => return None,
            None => without_scheme(rest)?,
        };
        let (user, host) = authority.rsplit_once('@').map_or((None, authority.as_str()), |(user, host)| (Some(user), host));
        if user.is_some_and(|user| user.contains('@')) {
            return None;
        }
        let (host, path) = host_and_path(&scheme, host, &path)?;
        if !path.split('/').all(is_plain_segment) {
            return None;
        }
        let path = path.trim_end_matches('/').to_owned();
        let query = query.map(str::to_owned);
        Some(Self { scheme, has_user: user.is_some(), host, path, query, has_fragment: fragment.is_some() })
    }

    /// The path as repositories are compared: without `.git`.
    fn repository(&self) -> &str {
        self.path.strip_suffix(".git").unwrap_or(&self.path)
    }

    /// The path as other addresses are compared: with the query, which may name the file.
    fn resource(&self) -> String {
        self.query.as_ref().map_or_else(|| self.path.clone(), |query| format!("{}?{query}", self.path))
    }
}

fn split_off(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// `git@host:path` and `host:path` as git reads them (a colon before any slash); else `host/path`.
fn without_scheme(rest: &str) -> Option<(String, String, String)> {
    let (first, path) = rest.split_once('/').unwrap_or((rest, ""));
    match first.split_once(':') {
        Some((authority, start)) => {
            let path = rest.get(authority.len() + 1..)?;
            // A port is no path; `host:22/x` without a scheme is either.
            let is_port = !start.is_empty() && start.bytes().all(|byte| byte.is_ascii_digit());
            (!is_port).then(|| ("ssh".to_owned(), authority.to_owned(), path.trim_start_matches('/').to_owned()))
        }
        None => Some((String::new(), first.to_owned(), path.to_owned())),
    }
}

/// Host in lowercase with a port that is not the scheme's own. npm writes `ssh://git@host:owner/name`, where the colon begins a path.
fn host_and_path(scheme: &str, host: &str, path: &str) -> Option<(String, String)> {
    let (name, port) = split_off(host, ':');
    let name = name.to_ascii_lowercase();
    let is_host = !name.is_empty()
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._*".contains(c));
    if !is_host {
        return None;
    }
    let transport = scheme.rsplit('+').next().unwrap_or(scheme);
    let own = match transport {
        "https" => "443",
        "http" => "80",
        "ssh" => "22",
        "git" => "9418",
        _ => "",
    };
    match port {
        None => Some((name, path.to_owned())),
        Some(port) if port == own => Some((name, path.to_owned())),
        Some(port) if !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((format!("{name}:{port}"), path.to_owned()))
        }
        Some(start) if transport == "ssh" && !start.is_empty() && !start.contains(':') => {
            Some((name, if path.is_empty() { start.to_owned() } else { format!("{start}/{path}") }))
        }
        Some(_) => None,
    }
}

/// Not `.` or `..`, and no slash or backslash in disguise.
fn is_plain_segment(segment: &str) -> bool {
    decode(segment).is_some_and(|decoded| {
        decoded != "." && decoded != ".." && !decoded.contains(['/', '\\']) && !decoded.contains(char::is_control)
    })
}

/// Addresses that a policy allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPattern {
    host: Box<str>,
    path: Box<str>,
}

impl AddressPattern {
    /// Reads a pattern such as `https://github.com/acme/*`. In the host `*` stands for one whole label, in the path for any run of
    /// characters. The error is a message and a hint.
    pub fn parse(written: &str, is_git: bool) -> Result<Self, (String, String)> {
        if written == "*" {
            return Ok(Self { host: "*".into(), path: "*".into() });
        }
        let Some(address) = Address::parse(written) else {
            let hint = "write it like `https://github.com/acme/*`".to_owned();
            return Err((format!("`{}` is not a plain address", written.escape_debug()), hint));
        };
        if address.host.split('.').any(|label| label.contains('*') && label != "*") {
            let hint = "write `*.example.com` for every host one label below it".to_owned();
            return Err((format!("`*` stands for a part of a label of the host in `{written}`"), hint));
        }
        let path = if is_git { address.repository().to_owned() } else { address.resource() };
        if path.is_empty() {
            let hint = format!("write `{}/*` for everything on it", written.trim_end_matches('/'));
            return Err((format!("`{written}` names a host, but nothing on it"), hint));
        }
        Ok(Self { host: address.host.into(), path: path.into() })
    }

    fn fits(&self, host: &str, path: &str) -> bool {
        let is_any = &*self.host == "*" && &*self.path == "*";
        is_any || (fits_host(&self.host, host) && !path.is_empty() && pattern::matches(&self.path, path))
    }
}

fn fits_host(pattern: &str, host: &str) -> bool {
    let mut labels = host.split('.');
    pattern.split('.').all(|wanted| labels.next().is_some_and(|label| wanted == label || wanted == "*"))
        && labels.next().is_none()
}

/// What `[origins]` allows.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    pub(super) git: Vec<Setting<AddressPattern>>,
    pub(super) url: Vec<Setting<AddressPattern>>,
    pub(super) archive: Paths,
    pub(super) archive_settings: Vec<Setting<Box<str>>>,
}

impl Origins {
    /// The line that allows this repository, given as a lockfile writes it.
    #[must_use]
    pub fn git(&self, url: &str) -> Option<&Setting<AddressPattern>> {
        let address = if self.git.is_empty() { None } else { Address::parse(url) }?;
        self.git.iter().find(|allowed| allowed.value.fits(&address.host, address.repository()))
    }

    /// The line that allows this address.
    #[must_use]
    pub fn url(&self, url: &str) -> Option<&Setting<AddressPattern>> {
        let address = if self.url.is_empty() { None } else { Address::parse(url) }?;
        self.url.iter().find(|allowed| allowed.value.fits(&address.host, &address.resource()))
    }

    /// The line that allows this archive, by its path from the root.
    #[must_use]
    pub fn archive(&self, path: &str) -> Option<&Setting<Box<str>>> {
        self.archive.find(path).and_then(|index| self.archive_settings.get(index))
    }
}

/// An address of a declared registry as it is compared: `scheme://host/path/`.
pub(super) fn registry_url(written: &str) -> Result<String, Fault> {
    let refuse = |message: String, hint: &str| Err(Fault::new(None, message).with_hint(hint));
    let example = "write it like `https://npm.acme.example/`";
    let plain = written.strip_prefix("sparse+").or_else(|| written.strip_prefix("registry+")).unwrap_or(written);
    let Some(address) = Address::parse(plain).filter(|address| !address.host.contains('*') && !address.path.contains('*')) else {
        return refuse(format!("`{}` is not a plain address", written.escape_debug()), example);
    };
    if address.has_user {
        let message = "the address of a registry has a user or password in it".to_owned();
        return refuse(message, "take it out, and revoke it if it was a secret: policies are public to every reader");
    }
    if address.query.is_some() || address.has_fragment {
        return refuse(format!("`{}` has a query or fragment", written.escape_debug()), "leave it out");
    }
    if address.scheme != "https" && address.scheme != "http" {
        return refuse(format!("`{}` does not begin with https://", written.escape_debug()), example);
    }
    let slash = if address.path.is_empty() { "" } else { "/" };
    Ok(format!("{}://{}/{}{slash}", address.scheme, address.host, address.path))
}
