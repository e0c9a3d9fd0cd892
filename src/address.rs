//! Addresses, read so that no two parsers could disagree about them.
//!
//! Answers for: splitting an address into scheme, host, port and path if, and only if, a WHATWG and an RFC 3986 parser read it alike
//! (a property test holds this against the `url` crate); a reason otherwise. Never knows which registry a host belongs to.

use std::borrow::Cow;

/// An address that has one reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// Scheme, as written in lower case.
    pub scheme: &'a str,
    /// Host in lower case.
    pub host: Cow<'a, str>,
    /// Port, if it is not the scheme's own.
    pub port: Option<u16>,
    /// Path with its leading slash, without query and fragment.
    pub path: &'a str,
    /// Whether user-info stood before the host.
    pub has_user: bool,
}

/// Why an address has no one reading, as a fragment.
pub type Odd = &'static str;

impl Address<'_> {
    /// Whether its host is a number, not a name.
    #[must_use]
    pub fn is_ip(&self) -> bool {
        self.host.starts_with('[') || self.host.rsplit('.').next().is_some_and(is_number)
    }

    /// Whether what is fetched from it can be changed on the way.
    #[must_use]
    pub fn is_plain_text(&self) -> bool {
        matches!(self.scheme, "http" | "git" | "ftp" | "svn")
    }

    /// Scheme, host and port, as they are compared and shown.
    #[must_use]
    pub fn origin(&self) -> String {
        match self.port {
            Some(port) => format!("{}://{}:{port}", self.scheme, self.host),
            None => format!("{}://{}", self.scheme, self.host),
        }
    }
}

/// Reads an address, or says why it has no one reading.
pub fn read(written: &str) -> Result<Address<'_>, Odd> {
    let (scheme, rest) = split_scheme(written).ok_or("is not an address with a scheme")?;
    let is_scheme = || scheme.bytes().enumerate().all(|(at, byte)| byte.is_ascii_lowercase() || (at > 0 && is_scheme_byte(byte)));
    if scheme.is_empty() || (scheme != "https" && !is_scheme()) {
        return Err("has an odd scheme");
    }
    // Whether there is one is quicker to say than which.
    if rest.bytes().any(|byte| odd_byte(byte).is_some())
        && let Some(odd) = rest.bytes().find_map(odd_byte)
    {
        return Err(odd);
    }
    let end = memchr::memchr3(b'/', b'?', b'#', rest.as_bytes()).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    let is_usual = is_usual_host(authority.as_bytes());
    let (user, host_and_port) = match authority.split_once('@').filter(|_| !is_usual) {
        Some((_, host)) if host.contains('@') => return Err("has two `@` before its host"),
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let (host, port) = if is_usual { (host_and_port, None) } else { split_port(host_and_port)? };
    if !is_usual {
        check_host(host)?;
    }
    if scheme == "file" && (user.is_some() || port.is_some() || host.eq_ignore_ascii_case("localhost")) {
        return Err("names a file with a user, a port or the machine itself");
    }
    let path = without_query(after);
    if has_dot_segment(path) {
        return Err("has a dot segment in its path");
    }
    let port = port.filter(|port| Some(*port) != own_port(scheme));
    let host = if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    };
    Ok(Address { scheme, host, port, path: if path.is_empty() { "/" } else { path }, has_user: user.is_some() })
}

/// A scheme and what stands behind its `://`.
fn split_scheme(written: &str) -> Option<(&str, &str)> {
    let mut colons = memchr::memchr_iter(b':', written.as_bytes());
    let at = colons.find(|at| written.as_bytes().get(at + 1..at + 3) == Some(b"//"))?;
    Some((written.get(..at)?, written.get(at + 3..)?))
}

/// What stands before a query and a fragment.
fn without_query(written: &str) -> &str {
    let end = memchr::memchr2(b'?', b'#', written.as_bytes()).unwrap_or(written.len());
    written.get(..end).unwrap_or(written)
}

fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.')
}

fn odd_byte(byte: u8) -> Option<Odd> {
    match byte {
        b'\\' => Some("has a backslash"),
        0..=0x20 | 0x7f => Some("has a space or control character"),
        0x80.. => Some("has a character outside ASCII"),
        b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}' => Some("has a character that addresses do not have"),
        _ => None,
    }
}

fn split_port(text: &str) -> Result<(&str, Option<u16>), Odd> {
    let after_bracket = text.rfind(']').map_or(0, |at| at + 1);
    let Some((host, port)) = text.rsplit_once(':').filter(|(host, _)| host.len() >= after_bracket) else {
        return Ok((text, None));
    };
    let is_plain = !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = if is_plain { port.parse().ok() } else { None };
    port.map(|port| (host, Some(port))).ok_or("has an odd port")
}

/// A host as nearly all are, with nothing else about it: labels in lower case, none international, the last one no number. [`check_host`]
/// finds nothing odd in it.
fn is_usual_host(host: &[u8]) -> bool {
    let mut start = 0;
    for (at, byte) in host.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => {}
            b'-' if at != start + 2 => {}
            b'.' if at > start && at - start < 64 => start = at + 1,
            _ => return false,
        }
    }
    host.get(start).is_some_and(u8::is_ascii_lowercase) && host.len() - start < 64 && host.len() < 254
}

fn check_host(host: &str) -> Result<(), Odd> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().map(|_| ()).map_err(|_| "has an odd host");
    }
    if host.is_empty() {
        return Err("has no host");
    }
    if host.ends_with('.') {
        return Err("has a host with a trailing dot");
    }
    if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) {
        return Err("has an odd host");
    }
    if host.split('.').any(|label| label.is_empty() || label.len() > 63) || host.len() > 253 {
        return Err("has an odd host");
    }
    let is_international = |label: &str| label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"));
    if host.split('.').any(is_international) {
        return Err("has an internationalised host, which may look like another one");
    }
    let last = host.rsplit('.').next().unwrap_or(host);
    if is_number(last) && host.parse::<std::net::Ipv4Addr>().is_err() {
        return Err("has a host that some read as a number");
    }
    Ok(())
}

/// Whether a WHATWG parser takes a last label for part of an IPv4 number.
fn is_number(label: &str) -> bool {
    let is_hex = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()))
        || label.strip_prefix("0x").or_else(|| label.strip_prefix("0X")).is_some_and(is_hex)
}

fn has_dot_segment(path: &str) -> bool {
    // Nearly no path has a segment that begins with a dot, raw or encoded.
    let bytes = path.as_bytes();
    let begins_segment = |at: usize| at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'/');
    if !memchr::memchr2_iter(b'.', b'%', bytes).any(|at| bytes.get(at) == Some(&b'%') || begins_segment(at)) {
        return false;
    }
    path.split('/').any(|segment| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        plain == "." || plain == ".."
    })
}

fn own_port(scheme: &str) -> Option<u16> {
    match scheme {
        "https" | "wss" => Some(443),
        "http" | "ws" => Some(80),
        "ssh" => Some(22),
        "ftp" => Some(21),
        "git" => Some(9418),
        _ => None,
    }
}

/// Without user-info, query and fragment: what may be shown and kept.
#[must_use]
pub fn stripped(written: &str) -> String {
    let bare = without_query(written);
    let Some((scheme, rest)) = split_scheme(bare) else { return bare.to_owned() };
    let authority_end = memchr::memchr2(b'/', b'\\', rest.as_bytes()).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    [scheme, "://", host, path].concat()
}

/// A repository's address as policies compare it: without scheme, user, `.git`, query, fragment and final slash; `host:owner/name` (the
/// form of scp) likewise.
#[must_use]
pub fn repository(written: &str) -> String {
    let written = written.strip_prefix("git+").unwrap_or(written);
    let bare = without_query(written);
    let without_scheme = match bare.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        None => match bare.split_once(':') {
            Some((host, path)) if !host.contains('/') => format!("{host}/{}", path.trim_start_matches('/')),
            _ => bare.to_owned(),
        },
    };
    let slash = without_scheme.find('/').unwrap_or(without_scheme.len());
    let (authority, path) = without_scheme.split_at(slash);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase();
    let path = path.trim_end_matches('/');
    format!("{host}{}", path.strip_suffix(".git").unwrap_or(path))
}
