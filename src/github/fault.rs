//! What went wrong with GitHub, in words that differ for whatever has to be done about it.
//!
//! Answers for: telling apart a token that may not, a feature that is off, a limit, a server that is down, and a page of somebody between.
//! What the other side says is quoted as text, short, and never taken for more.

use std::fmt;

use http::StatusCode;

use super::access::Whose;

/// How much of what the other side said is shown.
const SAID_CHARACTERS_MAX: usize = 200;

/// What could not be done, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was wanted, such as `upload to code scanning`.
    pub what: &'static str,
    /// Who was asked.
    pub host: String,
    /// Why not.
    pub why: Why,
}

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nothing listens there.
    Refused,
    /// The host's name says nothing.
    NoSuchHost,
    /// No secure connection.
    Tls(String),
    /// The proxy, and what is the matter with it.
    Proxy(&'static str),
    /// No answer within so many seconds.
    Silent(u64),
    /// The connection ended before the answer did.
    Broken,
    /// An answer of more bytes than are read.
    Endless(usize),
    /// An answer that is not of GitHub's API; its status.
    Page(u16),
    /// An answer of GitHub's API that lacks something.
    Odd(&'static str),
    /// The token is not taken.
    Token,
    /// A fork's token may only read.
    Fork,
    /// A token of a run that Dependabot started may only read.
    Dependabot,
    /// The token may not; the permission that it lacks.
    Permission(&'static str, String),
    /// Code scanning is switched off.
    Disabled,
    /// Code scanning would have to be paid for.
    Licence,
    /// The repository is archived.
    Archived,
    /// Too many calls; for so many more seconds, if that was said.
    Limited(Option<u64>),
    /// Not there, or not for this token.
    Missing,
    /// It is elsewhere now.
    Moved(String),
    /// Too large.
    TooLarge,
    /// Not as it should be, with what was said.
    Invalid(u16, String),
    /// Comments are switched off.
    Gone,
    /// The server cannot, for now; its status.
    Down(u16),
    /// Anything else; its status and what was said.
    Other(u16, String),
}

impl Fault {
    /// Whether it says that this token may not write here, as tokens of forks may not: whoever asked for no more than a comment goes on.
    #[must_use]
    pub fn is_lack_of_permission(&self) -> bool {
        matches!(self.why, Why::Fork | Why::Dependabot | Why::Permission(..))
    }

    /// One next step.
    #[must_use]
    pub fn hint(&self) -> String {
        let hint = match &self.why {
            Why::Refused | Why::NoSuchHost => "look at `GITHUB_API_URL`; behind a proxy, name it in `HTTPS_PROXY`",
            Why::Tls(_) => {
                "if a proxy of yours looks into TLS, name its certificates in `SSL_CERT_FILE`; in a bare image, install `ca-certificates`"
            }
            Why::Proxy(_) => "look at `HTTPS_PROXY`, or name the host in `NO_PROXY` if it is reached without one",
            Why::Silent(_) | Why::Broken => "run it again; if it stays, look at what stands between, such as a proxy",
            Why::Endless(_) | Why::Odd(_) => "run it again; if it stays, look whether `GITHUB_API_URL` is GitHub's",
            Why::Page(_) => {
                "a proxy, a sign-in page or a wrong `GITHUB_API_URL` (an Enterprise Server's ends in `/api/v3`) answers so"
            }
            Why::Token => "set `GITHUB_TOKEN` to a token that is still good; in a workflow, `${{ github.token }}`",
            Why::Fork => {
                "nothing is amiss: read the job's summary; to write from forks, do it in a `workflow_run` workflow of the base repository"
            }
            Why::Dependabot => "give the job `permissions` that name what it needs: without them Dependabot's runs may only read",
            Why::Permission(needs, _) => return format!("give the job, or the token, `{needs}`"),
            Why::Disabled => "switch code scanning on in the repository's security settings, or leave out the upload",
            Why::Licence => "private repositories need GitHub Code Security for it: have it switched on, or leave out the upload",
            Why::Archived => "an archived repository takes nothing: leave out this step there",
            Why::Limited(_) => "run it again later; runs that share a token share its limit",
            Why::Missing => "look at `--repo` and the numbers given; GitHub says so too where the token may not read",
            Why::Moved(_) => "name the repository as it is called now: `--repo`, or `GITHUB_REPOSITORY`",
            Why::TooLarge => "make it smaller: report fewer findings, such as with a baseline",
            Why::Invalid(..) => "look at what was given: the commit must be pushed, and the ref belong to it",
            Why::Gone => "comments are switched off or the conversation is locked: leave out this step there",
            Why::Down(_) => "run it again later; https://www.githubstatus.com tells how GitHub is",
            Why::Other(..) => "run it again; if it stays, report what GitHub said",
        };
        hint.to_owned()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, host, why } = self;
        write!(f, "cannot {what}: ")?;
        match why {
            Why::Refused => write!(f, "`{host}` refuses the connection"),
            Why::NoSuchHost => write!(f, "the name `{host}` cannot be looked up"),
            Why::Tls(reason) => write!(f, "no secure connection to `{host}`{}", quoted_as(":", reason)),
            Why::Proxy(reason) => write!(f, "the proxy on the way to `{host}` {reason}"),
            Why::Silent(seconds) => write!(f, "`{host}` gave no whole answer within {seconds} seconds"),
            Why::Broken => write!(f, "the connection to `{host}` ended before the answer did"),
            Why::Endless(max) => write!(f, "the answer of `{host}` is over the limit of {max} bytes"),
            Why::Page(status) => write!(f, "`{host}` answered {status} with a page that is not of GitHub's API"),
            Why::Odd(lacks) => write!(f, "the answer of `{host}` lacks {lacks}"),
            Why::Token => write!(f, "GitHub does not take the token"),
            Why::Fork => write!(f, "the token of a pull request from a fork may only read"),
            Why::Dependabot => write!(f, "the token of a run that Dependabot started may only read"),
            Why::Permission(needs, said) => write!(f, "the token lacks `{needs}`{}", quoted(said)),
            Why::Disabled => write!(f, "code scanning is not enabled in this repository"),
            Why::Licence => write!(f, "this repository has no licence for code scanning"),
            Why::Archived => write!(f, "the repository is archived"),
            Why::Limited(None) => write!(f, "GitHub's limit on calls is reached"),
            Why::Limited(Some(seconds)) => write!(f, "GitHub's limit on calls is reached, and ends in {}", minutes(*seconds)),
            Why::Missing => write!(f, "GitHub found nothing there (404)"),
            Why::Moved(to) => write!(f, "the repository has moved{}", quoted_as(" to", to)),
            Why::TooLarge => write!(f, "it is too large for GitHub (413)"),
            Why::Invalid(status, said) => write!(f, "GitHub finds it invalid ({status}){}", quoted(said)),
            Why::Gone => write!(f, "GitHub takes nothing there any more (410)"),
            Why::Down(status) => write!(f, "GitHub is down: it answered {status}"),
            Why::Other(status, said) => write!(f, "GitHub refused it ({status}){}", quoted(said)),
        }
    }
}

fn minutes(seconds: u64) -> String {
    if seconds < 120 { format!("{seconds} seconds") } else { format!("{} minutes", seconds.div_ceil(60)) }
}

fn quoted(said: &str) -> String {
    quoted_as("; it says:", said)
}

fn quoted_as(before: &str, said: &str) -> String {
    if said.is_empty() { String::new() } else { format!("{before} {said}") }
}

/// What the other side said as one short line.
pub(super) fn short(said: &str) -> String {
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SAID_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// An answer that is no success, as far as it explains itself.
pub(super) struct Refusal<'a> {
    pub(super) status: StatusCode,
    /// The message of the API; `None` if the body is not of it.
    pub(super) message: Option<String>,
    pub(super) is_empty: bool,
    /// Where it is now.
    pub(super) location: Option<&'a str>,
    /// The limit that it is.
    pub(super) limit: Option<Limit>,
}

/// A limit on calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// How long until more calls are taken, if that was said.
    pub(super) seconds: Option<u64>,
}

impl Refusal<'_> {
    /// What it means for somebody whose call needs a permission.
    pub(super) fn why(self, whose: Whose, needs: &'static str) -> Why {
        let code = self.status.as_u16();
        if let Some(limit) = self.limit {
            return Why::Limited(limit.seconds);
        }
        let is_page = self.message.is_none() && !self.is_empty;
        let said = self.message.unwrap_or_default();
        let lower = said.to_ascii_lowercase();
        match code {
            300..=399 => Why::Moved(short(self.location.unwrap_or_default())),
            413 => Why::TooLarge,
            500..=599 => Why::Down(code),
            407 => Why::Proxy("wants a name and a password"),
            _ if is_page => Why::Page(code),
            401 => Why::Token,
            403 if lower.contains("code scanning is not enabled") => Why::Disabled,
            403 if lower.contains("advanced security") || lower.contains("code security") => Why::Licence,
            403 if lower.contains("archived") => Why::Archived,
            403 if whose.is_fork => Why::Fork,
            403 if whose.is_dependabot => Why::Dependabot,
            403 => Why::Permission(needs, short(&said)),
            404 => Why::Missing,
            410 => Why::Gone,
            400 | 422 => Why::Invalid(code, short(&said)),
            _ => Why::Other(code, short(&said)),
        }
    }
}
