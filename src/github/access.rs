//! Where GitHub is, as whom it is asked, and through which proxy: what the process's variables say, checked before anything is opened.
//!
//! Answers for: refusing addresses to which no token may be sent, and tokens that are none. A token is never shown.

use std::fmt;
use std::net::IpAddr;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;

/// Where the API is if nobody says otherwise.
const API: &str = "https://api.github.com";

/// Variables that may hold the token, the first that is set counts.
const TOKENS: [&str; 2] = ["GITHUB_TOKEN", "GH_TOKEN"];

/// The named limit on a token, in bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Something that the call got wrong: nothing was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse {
    /// A lowercase fragment: what was found.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Misuse {
    /// What was found, and what to do.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Everything that is needed to ask GitHub.
#[derive(Clone, Debug)]
pub struct Access {
    /// Where the API is.
    pub api: Api,
    pub(super) token: Token,
    pub(super) proxy: Option<Proxy>,
    /// Whose token it is.
    pub whose: Whose,
}

/// What is known of a run that may explain why its token may only read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    /// It is about a pull request from a fork.
    pub is_fork: bool,
    /// Dependabot started it.
    pub is_dependabot: bool,
}

impl Access {
    /// What the process's variables say.
    pub fn of(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Misuse> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let api = Api::parse(&set("GITHUB_API_URL").unwrap_or_else(|| API.to_owned()))?;
        let token = TOKENS.iter().find_map(|name| set(name).map(|value| Token::parse(name, value)));
        let token = token.unwrap_or_else(|| {
            let hint = "set it in the step's `env:`, from `${{ github.token }}` or a secret; never on the command line";
            Err(Misuse::new("there is no token: neither `GITHUB_TOKEN` nor `GH_TOKEN` is set", hint))
        })?;
        let proxy = Proxy::of(&set, &api)?;
        let whose = Whose { is_fork: false, is_dependabot: set("GITHUB_ACTOR").as_deref() == Some("dependabot[bot]") };
        Ok(Self { api, token, proxy, whose })
    }
}

/// The API's address: `https://`, or `http://` on this machine; of an Enterprise Server with a path (`/api/v3`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    pub(super) uri: Uri,
    /// Without a slash at its end.
    written: String,
}

impl Api {
    /// Reads an address.
    pub fn parse(written: &str) -> Result<Self, Misuse> {
        let refuse = |why: &str| {
            let hint = "set `GITHUB_API_URL` as the runner does, such as `https://HOST/api/v3` for an Enterprise Server";
            Misuse::new(format!("the address of GitHub's API {why}"), hint)
        };
        let trimmed = written.trim_end_matches('/');
        let uri: Uri = trimmed.parse().map_err(|_| refuse("is none"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(refuse("has no scheme or no host"));
        };
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(refuse("has a user or a question in it"));
        }
        match scheme {
            "https" => {}
            "http" if is_loopback(authority.host()) => {}
            "http" => return Err(refuse("is not `https`, so that a token sent there could be read on the way")),
            _ => return Err(refuse("is not `https`")),
        }
        Ok(Self { written: trimmed.to_owned(), uri })
    }

    /// Its host, with the port if it has one.
    #[must_use]
    pub fn host(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// The whole address of a route, which begins with `/`.
    pub(super) fn at(&self, route: &str) -> Option<Uri> {
        format!("{}{route}", self.written).parse().ok()
    }

    /// The route of a whole address; `None` if it lies elsewhere.
    pub(super) fn route<'a>(&self, address: &'a str) -> Option<&'a str> {
        address.strip_prefix(&self.written).filter(|route| route.starts_with('/') && !route.contains(['\\', '#']))
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A token. It is never shown, whole or in part.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token(HeaderValue);

impl Token {
    fn parse(variable: &str, written: String) -> Result<Self, Misuse> {
        let refuse = |why: String| {
            let hint =
                format!("set `{variable}` to the token alone; a line end at its end is a usual mistake when it was stored");
            Misuse::new(format!("the token in `{variable}` {why}"), hint)
        };
        if written.len() > TOKEN_BYTES_MAX {
            return Err(refuse(format!("has {} bytes; at most {TOKEN_BYTES_MAX} are taken", written.len())));
        }
        if let Some(at) = written.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(refuse(format!("has a character that no token has, at place {} of {}", at + 1, written.len())));
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {written}")).map_err(|_| refuse("is none".to_owned()))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A proxy that tunnels (`CONNECT`).
#[derive(Clone, Debug)]
pub(super) struct Proxy {
    pub(super) uri: Uri,
    pub(super) auth: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy for the API's address, if there is one. One that cannot be used is a fault: nothing goes round it in silence.
    fn of(set: &dyn Fn(&str) -> Option<String>, api: &Api) -> Result<Option<Self>, Misuse> {
        // What is not `https` is on this machine.
        if api.uri.scheme_str() != Some("https") {
            return Ok(None);
        }
        let named = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        let Some((variable, address)) = named.iter().find_map(|name| Some((*name, set(name)?))) else { return Ok(None) };
        let without = set("NO_PROXY").or_else(|| set("no_proxy")).unwrap_or_default();
        let asked = |no: String| Matcher::builder().https(address.clone()).no(no).build().intercept(&api.uri);
        let refuse = |why: &str| {
            let hint = "name one as `http://HOST:PORT`, or name GitHub's host in `NO_PROXY`";
            Misuse::new(format!("the proxy in `{variable}` {why}"), hint)
        };
        let Some(found) = asked(String::new()) else { return Err(refuse("is not an address")) };
        if asked(without).is_none() {
            return Ok(None);
        }
        if found.uri().scheme_str() != Some("http") {
            return Err(refuse("is not spoken to by `http://`, which is what packman can do"));
        }
        let auth = found.basic_auth().cloned().map(|mut auth| {
            auth.set_sensitive(true);
            auth
        });
        Ok(Some(Self { uri: found.uri().clone(), auth }))
    }
}

/// A repository's name: `OWNER/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slug(String);

impl Slug {
    /// Reads a name.
    pub fn parse(written: &str) -> Result<Self, Misuse> {
        let fits = |part: &str, max: usize, also: &[char]| {
            (1..=max).contains(&part.len())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(&c))
                && !matches!(part, "." | "..")
        };
        let is_one = written
            .split_once('/')
            .is_some_and(|(owner, name)| fits(owner, 64, &['-', '_']) && fits(name, 100, &['-', '_', '.']));
        if !is_one {
            return Err(Misuse::new(format!("`{written}` is no repository's name"), "write it as `OWNER/NAME`"));
        }
        Ok(Self(written.to_owned()))
    }

    /// A route of the repository; `rest` begins with `/`.
    pub(super) fn route(&self, rest: &str) -> String {
        format!("/repos/{}{rest}", self.0)
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
