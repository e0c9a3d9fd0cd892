//! One call to GitHub's API, from a route to a whole answer or a fault.
//!
//! Answers for: limits on time and size, calls that are made again and those that never are, and taking nothing for success that is none.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, DATE, HeaderMap, LINK, LOCATION, RETRY_AFTER};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use octocrab::{OctoBody, Octocrab};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::access::Access;
use super::fault::{Fault, Limit, Refusal, Why};
use super::patience::{Failed, Repeat, again};
use super::transport::{Lost, connect};

/// The named limit on one call, with its answer.
const CALL_MAX: Duration = Duration::from_secs(100);

/// The named limit on an answer of JSON, in bytes: above the 7 MB at which a tree is cut.
const JSON_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What the API gives if nothing else is wanted: GitHub's own name for it, and the one that its description of the API has.
const JSON: &str = "application/vnd.github+json, application/json;q=0.9";

/// Everything but letters, digits and these is written with `%` in a part of a route.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One part of a route.
pub(super) fn part(name: &str) -> String {
    utf8_percent_encode(name, PART).to_string()
}

/// One call.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    /// From the API's address on; begins with `/`.
    pub(super) route: String,
    /// What is wanted, as a part of a sentence: `cannot …`.
    pub(super) what: &'static str,
    /// The permission that it takes.
    pub(super) needs: &'static str,
    pub(super) body: Option<serde_json::Value>,
    pub(super) repeat: Repeat,
    pub(super) accept: &'static str,
    pub(super) bytes_max: usize,
}

impl Ask {
    /// A call that changes nothing.
    pub(super) fn get(route: String, what: &'static str, needs: &'static str) -> Self {
        Self {
            method: Method::GET,
            route,
            what,
            needs,
            body: None,
            repeat: Repeat::Always,
            accept: JSON,
            bytes_max: JSON_BYTES_MAX,
        }
    }

    /// The same with another method and something to say.
    pub(super) fn with(self, method: Method, body: serde_json::Value, repeat: Repeat) -> Self {
        Self { method, body: Some(body), repeat, ..self }
    }
}

/// A whole answer that is a success.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) bytes: Bytes,
    headers: HeaderMap,
}

/// A connection to GitHub.
pub struct Client<'c> {
    crab: Octocrab,
    pub(super) access: &'c Access,
    pause: &'c dyn Fn(Duration),
}

/// What every answer that is no success has.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Message {
    message: Option<String>,
    detail: Option<String>,
}

impl<'c> Client<'c> {
    /// Runs something that asks GitHub. `pause` waits.
    pub fn run<T>(access: &'c Access, pause: &'c dyn Fn(Duration), work: impl AsyncFnOnce(&Client<'c>) -> T) -> Result<T, Fault> {
        let fault = |why| Fault { what: "begin", host: access.api.host().to_owned(), why };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(|_| fault(Why::Broken))?;
        runtime.block_on(async {
            let crab = connect(access).map_err(fault)?;
            Ok(work(&Client { crab, access, pause }).await)
        })
    }

    /// Waits.
    pub(super) fn wait(&self, wait: Duration) {
        (self.pause)(wait);
    }

    pub(super) fn fault(&self, what: &'static str, why: Why) -> Fault {
        Fault { what, host: self.access.api.host().to_owned(), why }
    }

    /// Makes a call, more than once if it may be.
    pub(super) async fn ask(&self, ask: &Ask) -> Result<Answer, Fault> {
        let mut times = 0;
        loop {
            let why = match self.once(ask).await {
                Ok(answer) => return Ok(answer),
                Err(why) => why,
            };
            times += 1;
            let failed = match &why {
                Why::Broken | Why::Silent(_) => Some(Failed::Lost),
                Why::Down(_) => Some(Failed::Down),
                Why::Limited(seconds) => Some(Failed::Limited(seconds.map(Duration::from_secs))),
                _ => None,
            };
            match failed.and_then(|failed| again(ask.repeat, failed, times)) {
                Some(wait) => self.wait(wait),
                None => return Err(self.fault(ask.what, why)),
            }
        }
    }

    /// The JSON that a call gives.
    pub(super) async fn json<T: DeserializeOwned>(&self, ask: &Ask) -> Result<T, Fault> {
        let answer = self.ask(ask).await?;
        self.read(ask, &answer)
    }

    pub(super) fn read<T: DeserializeOwned>(&self, ask: &Ask, answer: &Answer) -> Result<T, Fault> {
        serde_json::from_slice(&answer.bytes).map_err(|error| {
            let is_json = error.is_data() || serde_json::from_slice::<serde::de::IgnoredAny>(&answer.bytes).is_ok();
            self.fault(ask.what, if is_json { Why::Odd("what it should say") } else { Why::Page(200) })
        })
    }

    /// The route of the next page of an answer, if there is one.
    pub(super) fn next(&self, ask: &Ask, answer: &Answer) -> Result<Option<String>, Fault> {
        let links = answer.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        let Some(address) = links.flat_map(|line| line.split(',')).find_map(next_of) else { return Ok(None) };
        let route = self.access.api.route(address).ok_or_else(|| self.fault(ask.what, Why::Odd("a next page of its own")))?;
        Ok(Some(route.to_owned()))
    }

    async fn once(&self, ask: &Ask) -> Result<Answer, Why> {
        let builder = Request::builder().method(ask.method.clone()).uri(ask.route.as_str()).header(ACCEPT, ask.accept);
        let request = self.crab.build_request(builder, ask.body.as_ref()).map_err(|_| Why::Odd("a route that can be asked"))?;
        match tokio::time::timeout(CALL_MAX, self.whole(request, ask)).await {
            Ok(answer) => answer,
            Err(_) => Err(Why::Silent(CALL_MAX.as_secs())),
        }
    }

    async fn whole(&self, request: Request<OctoBody>, ask: &Ask) -> Result<Answer, Why> {
        let response = self.crab.execute(request).await.map_err(|error| lost(&error))?;
        let (parts, body) = response.into_parts();
        let collected = Limited::new(body, ask.bytes_max)
            .collect()
            .await
            .map_err(|error| if error.is::<LengthLimitError>() { Why::Endless(ask.bytes_max) } else { Why::Broken })?;
        let bytes = collected.to_bytes();
        if parts.status.is_success() {
            return Ok(Answer { bytes, headers: parts.headers });
        }
        let said = serde_json::from_slice::<Message>(&bytes).ok().filter(|_| bytes.first() == Some(&b'{'));
        let message = said.map(|said| said.message.or(said.detail).unwrap_or_default());
        let limit = limit(parts.status, &parts.headers, message.as_deref().unwrap_or_default());
        let location = parts.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let refusal = Refusal { status: parts.status, message, is_empty: bytes.is_empty(), location, limit };
        Err(refusal.why(self.access.whose, ask.needs))
    }
}

/// What a call that gave no answer failed of.
fn lost(error: &octocrab::Error) -> Why {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(Lost(why)) = error.downcast_ref::<Lost>() {
            return why.clone();
        }
        next = error.source();
    }
    Why::Broken
}

/// The address of a `Link` whose relation is `next`.
fn next_of(link: &str) -> Option<&str> {
    let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = rest.split(';').any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
    is_next.then_some(address)
}

/// The limit on calls that an answer is, if it is one. The server's own clock is what its moment is held against.
fn limit(status: StatusCode, headers: &HeaderMap, message: &str) -> Option<Limit> {
    if !matches!(status.as_u16(), 403 | 429) {
        return None;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number = |name: &str| text(name).and_then(|value| value.parse::<u64>().ok());
    if let Some(seconds) = number(RETRY_AFTER.as_str()) {
        return Some(Limit { seconds: Some(seconds) });
    }
    if number("x-ratelimit-remaining") == Some(0) {
        let now = text(DATE.as_str()).and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        let now = now.and_then(|now| u64::try_from(now.timestamp().as_second()).ok());
        let seconds = number("x-ratelimit-reset").zip(now).map(|(reset, now)| reset.saturating_sub(now) + 1);
        return Some(Limit { seconds });
    }
    let is_said = status == StatusCode::TOO_MANY_REQUESTS || message.to_ascii_lowercase().contains("rate limit");
    is_said.then_some(Limit { seconds: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_link_that_says_so() {
        assert_eq!(next_of(" <https://a/x?page=2>; rel=\"next\""), Some("https://a/x?page=2"));
        assert_eq!(next_of("<https://a/x?page=9>; rel=\"last\""), None);
        assert_eq!(next_of("https://a/x?page=9; rel=\"next\""), None);
    }

    #[test]
    fn limits_are_told_from_other_refusals() {
        let headers = |lines: &[(&'static str, &str)]| {
            lines.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect::<HeaderMap>()
        };
        let date = ("date", "Sun, 29 Nov 2026 08:00:00 GMT");
        let told = |seconds| Some(Limit { seconds });
        let rows: &[(u16, HeaderMap, &str, Option<Limit>)] = &[
            (403, headers(&[]), "Resource not accessible by integration", None),
            (403, headers(&[("retry-after", "7")]), "", told(Some(7))),
            (429, headers(&[]), "", told(None)),
            (403, headers(&[]), "You have exceeded a secondary rate limit.", told(None)),
            (403, headers(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795939230"), date]), "", told(Some(31))),
            (403, headers(&[("x-ratelimit-remaining", "0")]), "", told(None)),
            (403, headers(&[("x-ratelimit-remaining", "12")]), "", None),
            (503, headers(&[("retry-after", "7")]), "", None),
        ];
        for (status, headers, message, expected) in rows {
            assert_eq!(
                limit(StatusCode::from_u16(*status).unwrap(), headers, message),
                *expected,
                "{status} {headers:?} {message}"
            );
        }
    }
}
