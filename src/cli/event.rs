//! `--event`: the event of a workflow, held against the commit that is checked out.
//!
//! Answers for: fetching what the runner says, and finding the base that the event names in the repository. What an event means is
//! said in `event`; that a base is missing is a fault here, or a note where the change is already where it was meant to go.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::cli::Environment;
use crate::event::{Base, Candidate, CommitId, EVENT_SIZE_BYTES_MAX, Event, EventFault, IfMissing, Variables, read};
use crate::tree::{Commit, GitFault, Repository, Tree, TreeError};

/// What is compared because of an event.
pub(super) struct Compared {
    /// The base with what it is, for people.
    pub(super) base: Option<(Box<dyn Tree>, String)>,
    /// Things to know.
    pub(super) notes: Vec<String>,
}

/// Why an event decides nothing.
pub(super) enum Stop {
    /// The event, or the tree that it should be about.
    Event(EventFault),
    /// The repository.
    Tree(TreeError),
}

impl From<TreeError> for Stop {
    fn from(error: TreeError) -> Self {
        Self::Tree(error)
    }
}

impl From<GitFault> for Stop {
    fn from(fault: GitFault) -> Self {
        Self::Tree(TreeError::Git(fault))
    }
}

impl From<EventFault> for Stop {
    fn from(fault: EventFault) -> Self {
        Self::Event(fault)
    }
}

/// What the event says to compare the folder at `path` with. `named` is `auto` or an event's file.
pub(super) fn compared(named: &Path, path: &Path, environment: &Environment<'_>) -> Result<Compared, Stop> {
    let Some(event) = event(named, environment)? else {
        let note = "no workflow runs here (`GITHUB_EVENT_NAME` is not set), so nothing was compared and every finding decides";
        return Ok(Compared { base: None, notes: vec![note.to_owned()] });
    };
    let says_nothing = |candidate: &Candidate| candidate.commit.is_none() && candidate.base == Base::Nothing;
    if event.candidates.iter().all(says_nothing) {
        return Ok(Compared { base: None, notes: event.notes });
    }
    let repository = match Repository::open(path) {
        Err(TreeError::Git(GitFault::NoRepository(_))) => return Err(event.wrong_tree("is in no git work tree").into()),
        opened => opened?,
    };
    let head = repository.commit("HEAD")?;
    let id = CommitId::new(&head.to_string()).ok_or_else(|| event.wrong_tree("is at no commit"))?;
    let candidate = event.candidate(&id)?;
    let mut notes = event.notes.clone();
    match base(candidate, (head, &id), &repository) {
        Ok(None) => Ok(Compared { base: None, notes }),
        Ok(Some((commit, name))) => Ok(Compared { base: Some((repository.tree(commit)?, name)), notes }),
        Err(Stop::Tree(TreeError::Git(fault))) if is_missing(&fault) => {
            if candidate.if_missing == IfMissing::Undecided {
                let message = format!("the base that the event `{}` names cannot be had: {fault}", event.name);
                return Err(EventFault { message, hint: depth(candidate).to_owned() }.into());
            }
            notes.push(format!(
                "the base of this `{}` cannot be had ({fault}), so nothing was compared and every finding decides; to compare, {}",
                event.name,
                depth(candidate)
            ));
            Ok(Compared { base: None, notes })
        }
        Err(stop) => Err(stop),
    }
}

/// Whether a fault only says that history was not fetched that far.
fn is_missing(fault: &GitFault) -> bool {
    use GitFault::{Missing, NoSuchRevision, Shallow, Unrelated};
    matches!(fault, NoSuchRevision(_) | Shallow(_) | Missing { .. } | Unrelated { .. })
}

/// How deep a checkout must be.
fn depth(candidate: &Candidate) -> &'static str {
    match candidate.base {
        Base::FirstParent { .. } => "check out with `fetch-depth: 2`",
        _ => "check out with `fetch-depth: 0`",
    }
}

fn base(
    candidate: &Candidate,
    (head, id): (Commit, &CommitId),
    repository: &Repository,
) -> Result<Option<(Commit, String)>, Stop> {
    match &candidate.base {
        Base::Nothing => Ok(None),
        Base::FirstParent { second } => {
            // Where only the merge was fetched it names its parents all the same.
            let parents = repository.parents(head)?;
            let is_it = |merged: &Commit| second.as_ref().is_none_or(|second| merged.to_string() == second.as_str());
            let ([first, _], true) = (parents.as_slice(), parents.get(1).is_some_and(is_it)) else {
                let found = match parents.get(1) {
                    Some(merged) => format!("is commit {id}, which merges {merged}"),
                    None => format!("is commit {id}, which is no merge"),
                };
                let expected =
                    second.as_ref().map_or_else(|| "a merge of two".to_owned(), |second| format!("a merge of {second}"));
                let message = format!("the tree under judgement {found}; the event is about {expected}");
                return Err(EventFault { message, hint: "run the job anew, for the newest commit".to_owned() }.into());
            };
            let first = repository.commit(&first.to_string())?;
            Ok(Some((first, format!("commit {first}, the base branch that was merged"))))
        }
        Base::Commit(base) => {
            let base = repository.commit(base.as_str())?;
            Ok(Some((base, format!("commit {base}, which the event names"))))
        }
        Base::Parted(revisions) => {
            let mut first = None;
            for revision in revisions {
                match repository.commit(revision) {
                    Ok(named) => {
                        let parted = repository.merge_base((named, revision), (head, "HEAD"))?;
                        // A branch that has the head already says nothing about what it was before: compared with itself, all passes.
                        if parted == head && first.is_some() {
                            continue;
                        }
                        return Ok(Some((parted, format!("commit {parted}, where it parted from `{revision}`"))));
                    }
                    Err(fault) if is_missing(&fault) => {
                        first.get_or_insert(fault);
                    }
                    Err(fault) => return Err(fault.into()),
                }
            }
            first.map_or(Ok(None), |fault| Err(fault.into()))
        }
    }
}

/// The event that was asked for; `None` if no workflow runs here.
pub(super) fn event(named: &Path, environment: &Environment<'_>) -> Result<Option<Event>, EventFault> {
    let variable = |name: &str| (environment.variable)(name).filter(|value| !value.is_empty());
    let variables = Variables {
        name: variable("GITHUB_EVENT_NAME"),
        sha: variable("GITHUB_SHA"),
        reference: variable("GITHUB_REF"),
        base_ref: variable("GITHUB_BASE_REF"),
    };
    let is_auto = named == Path::new("auto");
    if is_auto && variables.name.is_none() {
        return Ok(None);
    }
    let path = if is_auto { variable("GITHUB_EVENT_PATH") } else { Some(named.display().to_string()) };
    let fault = |path: &str, error: &io::Error| EventFault {
        message: format!("the event's file `{path}` cannot be read: {error}"),
        hint: "give the file that `GITHUB_EVENT_PATH` names, or leave out `--event`".to_owned(),
    };
    let file = match &path {
        None => None,
        Some(shown) => {
            let path = if is_auto { Path::new(shown) } else { named };
            Some(bounded(path, EVENT_SIZE_BYTES_MAX).map_err(|error| fault(shown, &error))?)
        }
    };
    read(&variables, file.as_deref()).map(Some)
}

/// One byte more than may be tells that a file is too large.
pub(super) fn bounded(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
