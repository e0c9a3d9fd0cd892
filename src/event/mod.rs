//! What a workflow's event says about the change under review: which commits the work tree may be, and what each is compared with.
//!
//! Answers for: reading the event's file and the runner's variables, both as strangers wrote them. Pure: it opens no file, asks no
//! repository and starts nothing. What it does not understand is a fault, never a guess: the verdict is then undecided.

mod kinds;
mod payload;

use std::fmt;

use payload::Payload;

/// The named limit on an event's file, in bytes: above what a webhook may carry.
pub const EVENT_SIZE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// What the runner says about its run, each as the variable's value; `None` where it is not set or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// `GITHUB_EVENT_NAME`.
    pub name: Option<String>,
    /// `GITHUB_SHA`.
    pub sha: Option<String>,
    /// `GITHUB_REF`.
    pub reference: Option<String>,
    /// `GITHUB_BASE_REF`.
    pub base_ref: Option<String>,
}

/// The whole name of a commit: 40 or 64 hexadecimal digits in lower case, not all of them zero.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(String);

impl CommitId {
    /// A commit by its whole name; `None` if this is none.
    #[must_use]
    pub fn new(written: &str) -> Option<Self> {
        let is_hex = matches!(written.len(), 40 | 64) && written.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hex && !is_zero(written)).then(|| Self(written.to_ascii_lowercase()))
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands for no commit: the side of a push on which the branch was not there.
fn is_zero(written: &str) -> bool {
    written.bytes().all(|byte| byte == b'0')
}

/// What a tree is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing: every finding decides.
    Nothing,
    /// Its own first parent: the tree is the merge that the host made for this event. Its second parent must be this commit, if it is
    /// known which one was merged.
    FirstParent {
        /// The head that was merged.
        second: Option<CommitId>,
    },
    /// This commit itself.
    Commit(CommitId),
    /// Where the tree's history parted from the first of these revisions that the repository has. Never empty.
    Parted(Vec<String>),
}

/// What it means if the base cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// The verdict is undecided.
    Undecided,
    /// Nothing is compared, and every finding decides: the change is already where it was meant to go.
    Nothing,
}

/// One commit that the tree under judgement may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The commit; `None` if the event says nothing about it, and any will do.
    pub commit: Option<CommitId>,
    /// What it is to the event, such as `its merge commit`.
    pub what: &'static str,
    /// What it is compared with.
    pub base: Base,
    /// What it means if that cannot be had.
    pub if_missing: IfMissing,
}

/// What an event asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name, such as `pull_request`.
    pub name: String,
    /// The commits that the tree may be, the likeliest first. Never empty.
    pub candidates: Vec<Candidate>,
    /// Things to know.
    pub notes: Vec<String>,
}

/// Why an event decides nothing: the verdict is undecided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFault {
    /// A lowercase fragment: what was found and what was expected.
    pub message: String,
    /// An imperative: what to do.
    pub hint: String,
}

impl EventFault {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// The pull request that an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: Option<u64>,
    /// The newest commit of the change.
    pub head: Option<CommitId>,
    /// Whether the change comes from another repository, or from one that is gone.
    pub is_fork: bool,
}

/// The pull request that an event's file tells of; `None` if it tells of none.
pub fn pull(file: &[u8]) -> Result<Option<Pull>, EventFault> {
    let payload = Payload::read(file)?;
    let Some(request) = payload.pull_request else { return Ok(None) };
    let name = |side: &Option<payload::Side>| {
        side.as_ref().and_then(|side| side.repo.as_ref()).and_then(|repository| repository.full_name.clone())
    };
    let (head, base) = (name(&request.head), name(&request.base));
    let written = request.head.as_ref().and_then(|head| head.sha.as_deref());
    let id = payload::commit("pull_request.head.sha", written)?;
    Ok(Some(Pull { number: request.number.or(payload.number), head: id, is_fork: head.is_none() || head != base }))
}

/// Reads an event: the runner's variables, and the bytes of its file if there is one.
pub fn read(variables: &Variables, file: Option<&[u8]>) -> Result<Event, EventFault> {
    let payload = file.map(Payload::read).transpose()?;
    let guessed = payload.as_ref().and_then(Payload::guessed_name);
    let Some(name) = variables.name.as_deref().or(guessed) else {
        return Err(EventFault::new(
            "the event has no name, and its file looks like none that packman knows",
            "set `GITHUB_EVENT_NAME`, or name what to compare with: `--base`",
        ));
    };
    // It ends up in sentences.
    if name.len() > 64 || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        return Err(EventFault::new(
            "the name of the event is not one that GitHub gives",
            "set `GITHUB_EVENT_NAME` as the runner does",
        ));
    }
    kinds::of(name, variables, payload.as_ref())
}

impl Event {
    /// The candidate that the tree under judgement is, `head` being the commit that is checked out. A tree that is none of them is not
    /// what the event is about.
    pub fn candidate(&self, head: &CommitId) -> Result<&Candidate, EventFault> {
        let fits = |candidate: &&Candidate| candidate.commit.as_ref().is_none_or(|commit| commit == head);
        self.candidates.iter().find(fits).ok_or_else(|| self.wrong_tree(&format!("is commit {head}")))
    }

    /// The fault of a tree that is not known to be the event's. `found` says what it is.
    #[must_use]
    pub fn wrong_tree(&self, found: &str) -> EventFault {
        let expected: Vec<String> = self
            .candidates
            .iter()
            .filter_map(|candidate| candidate.commit.as_ref().map(|commit| format!("{commit}, {}", candidate.what)))
            .collect();
        let hint = match self.name.as_str() {
            "pull_request_target" => {
                "use the event `pull_request`: in `pull_request_target` the usual checkout is the base branch, not the change"
            }
            _ => "check out the event's own commit (no `ref:`), or leave out `--event` to judge this tree by itself",
        };
        EventFault::new(
            format!("the tree under judgement {found}; the event `{}` is about {}", self.name, expected.join(", or ")),
            hint,
        )
    }
}
