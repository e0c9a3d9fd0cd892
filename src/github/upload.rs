//! A SARIF file to code scanning: https://docs.github.com/rest/code-scanning (Upload an analysis as SARIF data).
//!
//! Answers for: one upload, and waiting for what becomes of it, never without an end.

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::access::Slug;
use super::call::{Ask, Client, part};
use super::fault::{Fault, Why, short};
use super::patience::{Poll, Repeat, Seen, Step};
use super::sarif::Packed;
use crate::event::CommitId;

const WHAT: &str = "upload to code scanning";
const NEEDS: &str = "security-events: write";

/// The named limit on errors that are told one by one.
const ERRORS_MAX: usize = 10;

/// What is uploaded where.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The repository.
    pub repo: Slug,
    /// The commit that was judged; it must be pushed.
    pub commit: CommitId,
    /// The ref that it belongs to: `refs/heads/…`, `refs/tags/…`, `refs/pull/N/merge` or `refs/pull/N/head`.
    pub reference: String,
    /// What was found.
    pub sarif: Packed,
    /// How long to wait until it is processed.
    pub wait: Duration,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// Taken and processed.
    Processed,
    /// Taken. Nobody waited for more, or not long enough; with why nothing was learnt at last.
    Taken(Option<Fault>),
    /// Taken, and refused when it was processed.
    Refused(Vec<String>),
}

#[derive(Deserialize)]
struct Receipt {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    processing_status: Option<String>,
    errors: Option<Vec<String>>,
}

/// Uploads and waits.
pub async fn upload(client: &Client<'_>, upload: &Upload) -> Result<Uploaded, Fault> {
    let route = upload.repo.route("/code-scanning/sarifs");
    let body = json!({
        "commit_sha": upload.commit.as_str(),
        "ref": upload.reference,
        "sarif": upload.sarif.text,
        "tool_name": upload.sarif.tool,
    });
    let ask = Ask::get(route.clone(), WHAT, NEEDS).with(Method::POST, body, Repeat::IfRefused);
    let receipt: Receipt = client.json(&ask).await?;
    let Some(id) = receipt.id else { return Ok(Uploaded::Taken(None)) };
    // The wait has its own rhythm.
    let ask = Ask { repeat: Repeat::Never, ..Ask::get(format!("{route}/{}", part(&id)), WHAT, NEEDS) };
    let mut poll = Poll::new(upload.wait);
    let (mut seen, mut errors, mut last) = (None, Vec::new(), None);
    loop {
        match poll.next(seen) {
            Step::Wait(wait) => client.wait(wait),
            Step::Complete => return Ok(Uploaded::Processed),
            Step::Failed => return Ok(Uploaded::Refused(errors)),
            Step::TimedOut => return Ok(Uploaded::Taken(last)),
        }
        (seen, last) = match client.json::<Status>(&ask).await {
            Ok(Status { processing_status: Some(status), .. }) if status == "complete" => (Some(Seen::Complete), None),
            Ok(Status { processing_status: Some(status), errors: found }) if status == "failed" => {
                errors = found.unwrap_or_default().iter().take(ERRORS_MAX).map(|error| short(error)).collect();
                (Some(Seen::Failed), None)
            }
            // It may not be known yet.
            Ok(_) | Err(Fault { why: Why::Missing, .. }) => (Some(Seen::Pending), None),
            Err(fault) => (Some(Seen::Pending), Some(fault)),
        };
    }
}
