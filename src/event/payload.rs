//! The file of an event, as far as packman needs it. Every member may be missing; none may be something else than it should.

use serde::Deserialize;
use serde_json::error::Category;

use super::{CommitId, EVENT_SIZE_BYTES_MAX, EventFault, is_zero};

/// What is read of an event. Everything else in it is passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Payload {
    pub(super) number: Option<u64>,
    pub(super) pull_request: Option<PullRequest>,
    pub(super) merge_group: Option<MergeGroup>,
    pub(super) workflow_run: Option<WorkflowRun>,
    pub(super) repository: Option<Repository>,
    pub(super) head_commit: Option<HeadCommit>,
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) deleted: Option<bool>,
    pub(super) forced: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PullRequest {
    pub(super) head: Option<Side>,
    pub(super) base: Option<Side>,
    pub(super) merge_commit_sha: Option<String>,
    pub(super) number: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Side {
    pub(super) sha: Option<String>,
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    /// Of a fork that was deleted, nothing.
    pub(super) repo: Option<SideRepository>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SideRepository {
    pub(super) full_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MergeGroup {
    pub(super) head_sha: Option<String>,
    pub(super) base_sha: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WorkflowRun {
    pub(super) head_sha: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Repository {
    pub(super) default_branch: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HeadCommit {
    pub(super) id: Option<String>,
}

impl Payload {
    /// Reads the bytes of an event's file.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, EventFault> {
        let refuse = |what: String| {
            EventFault::new(format!("the event's file {what}"), "run the job anew; if it stays, leave out `--event`")
        };
        if bytes.len() as u64 > EVENT_SIZE_BYTES_MAX {
            return Err(refuse(format!("has {} bytes; at most {EVENT_SIZE_BYTES_MAX} are read", bytes.len())));
        }
        // Derived types take a list for a struct.
        let is_object = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        if !is_object {
            return Err(refuse("is no JSON object".to_owned()));
        }
        serde_json::from_slice(bytes).map_err(|error| {
            let what = match error.classify() {
                Category::Eof => "ends too early",
                Category::Data => "has a member that is not what it should be",
                Category::Syntax | Category::Io => "is not JSON",
            };
            refuse(format!("{what} (line {}, column {})", error.line(), error.column()))
        })
    }

    /// The event that a file without a name must be of.
    pub(super) fn guessed_name(&self) -> Option<&'static str> {
        match self {
            Self { merge_group: Some(_), .. } => Some("merge_group"),
            Self { pull_request: Some(_), .. } => Some("pull_request"),
            Self { before: Some(_), after: Some(_), .. } => Some("push"),
            _ => None,
        }
    }
}

/// A commit as a member or a variable names it: `None` if it is not there or stands for no commit.
pub(super) fn commit(name: &str, written: Option<&str>) -> Result<Option<CommitId>, EventFault> {
    let Some(written) = written.filter(|written| !is_zero(written)) else { return Ok(None) };
    let odd = || {
        EventFault::new(
            format!("`{name}` of the event is no commit's whole name"),
            "run the job anew; if it stays, leave out `--event`",
        )
    };
    CommitId::new(written).map(Some).ok_or_else(odd)
}

/// A branch's short name, by git's own rules as far as they matter where it is looked up.
pub(super) fn branch(name: &str, written: Option<&str>) -> Result<Option<String>, EventFault> {
    let Some(written) = written.filter(|written| !written.is_empty()) else { return Ok(None) };
    let is_odd = |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    let parts_hold = written.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    if written.contains(is_odd) || written.contains("..") || written.contains("@{") || written.starts_with('-') || !parts_hold {
        return Err(EventFault::new(
            format!("`{name}` of the event is no branch's name"),
            "run the job anew; if it stays, leave out `--event`",
        ));
    }
    Ok(Some(written.to_owned()))
}
