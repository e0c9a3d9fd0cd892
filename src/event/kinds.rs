//! The events, one by one: https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows.

use super::payload::{Payload, branch, commit};
use super::{Base, Candidate, CommitId, Event, EventFault, IfMissing, Variables};

/// What an event of this name asks.
pub(super) fn of(name: &str, variables: &Variables, payload: Option<&Payload>) -> Result<Event, EventFault> {
    let asked = Asked { name, variables, payload };
    match name {
        "pull_request" => asked.pull_request(true),
        // The variables are those of the base's side.
        "pull_request_target" => asked.pull_request(false),
        "merge_group" => asked.merge_group(),
        "push" => asked.push(),
        "schedule" | "workflow_dispatch" | "repository_dispatch" => asked.by_itself(Vec::new()),
        _ => {
            let note = format!("the event `{name}` names no base, so nothing was compared and every finding decides");
            asked.by_itself(vec![note])
        }
    }
}

struct Asked<'a> {
    name: &'a str,
    variables: &'a Variables,
    payload: Option<&'a Payload>,
}

impl<'a> Asked<'a> {
    fn event(&self, candidates: Vec<Candidate>, notes: Vec<String>) -> Event {
        let mut unique: Vec<Candidate> = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            if !unique.iter().any(|known| known.commit == candidate.commit) {
                unique.push(candidate);
            }
        }
        Event { name: self.name.to_owned(), candidates: unique, notes }
    }

    /// The file, for events that say nothing without it.
    fn file(&self) -> Result<&'a Payload, EventFault> {
        self.payload.ok_or_else(|| {
            let message = format!("the event `{}` has no file that says what it is about", self.name);
            EventFault::new(message, "set `GITHUB_EVENT_PATH` as the runner does, or name what to compare with: `--base`")
        })
    }

    fn lacks(&self, member: &str) -> EventFault {
        let message = format!("the file of the event `{}` has no `{member}`", self.name);
        EventFault::new(message, "run the job anew, or name what to compare with: `--base`")
    }

    /// The commit that the runner would check out.
    fn sha(&self) -> Result<Option<CommitId>, EventFault> {
        commit("GITHUB_SHA", self.variables.sha.as_deref())
    }

    /// A pull request. Its merge commit, made by the host, is compared with its first parent, the newest state of the base branch; its
    /// head with where it parted from the base branch.
    fn pull_request(&self, is_checked_out: bool) -> Result<Event, EventFault> {
        let file = self.file()?;
        let request = file.pull_request.as_ref().ok_or_else(|| self.lacks("pull_request"))?;
        let side = |side: &'a Option<super::payload::Side>| side.as_ref().and_then(|side| side.sha.as_deref());
        let head = commit("pull_request.head.sha", side(&request.head))?;
        let base = commit("pull_request.base.sha", side(&request.base))?;
        let written = request.base.as_ref().and_then(|base| base.reference.as_deref()).or(self.variables.base_ref.as_deref());
        let branch = branch("pull_request.base.ref", written)?;
        let revisions: Vec<String> =
            base.iter().map(ToString::to_string).chain(branch.map(|branch| format!("refs/remotes/origin/{branch}"))).collect();
        if revisions.is_empty() {
            return Err(self.lacks("pull_request.base"));
        }
        let candidate = |commit: CommitId, what: &'static str, base: Base| Candidate {
            commit: Some(commit),
            what,
            base,
            if_missing: IfMissing::Undecided,
        };
        // A branch moves when the request is merged into it; only the commit that the event names stays what it was.
        let named: Vec<String> = base.iter().map(ToString::to_string).collect();
        let merged = || Base::FirstParent { second: head.clone() };
        let mut candidates = Vec::new();
        if let Some(sha) = self.sha()?.filter(|sha| is_checked_out && Some(sha) != head.as_ref()) {
            // Of a request that was closed by merging it, the runner checks out the base branch.
            let is_merge = self.variables.reference.as_deref().is_none_or(|reference| reference.starts_with("refs/pull/"));
            candidates.push(if is_merge {
                candidate(sha, "its merge commit", merged())
            } else {
                candidate(sha, "what it was merged as", Base::Parted(named))
            });
        }
        candidates.extend(head.clone().map(|head| candidate(head, "its head", Base::Parted(revisions))));
        // The host makes it anew with each push, so that it may be an older one: whose head it merged is looked at.
        let merge = commit("pull_request.merge_commit_sha", request.merge_commit_sha.as_deref())?;
        if let (Some(merge), Some(_)) = (merge, &head) {
            candidates.push(candidate(merge, "its merge commit", merged()));
        }
        if candidates.is_empty() {
            return Err(self.lacks("pull_request.head.sha"));
        }
        Ok(self.event(candidates, Vec::new()))
    }

    /// A group of a merge queue: everything that it brings, on top of what stands before it in the queue.
    fn merge_group(&self) -> Result<Event, EventFault> {
        let file = self.file()?;
        let group = file.merge_group.as_ref().ok_or_else(|| self.lacks("merge_group"))?;
        let base =
            commit("merge_group.base_sha", group.base_sha.as_deref())?.ok_or_else(|| self.lacks("merge_group.base_sha"))?;
        let head =
            commit("merge_group.head_sha", group.head_sha.as_deref())?.ok_or_else(|| self.lacks("merge_group.head_sha"))?;
        let candidate =
            Candidate { commit: Some(head), what: "its head", base: Base::Commit(base), if_missing: IfMissing::Undecided };
        Ok(self.event(vec![candidate], Vec::new()))
    }

    /// A push: all of its commits, against what the branch was before. It is already there, so that a base that cannot be had does not
    /// make the verdict undecided: everything decides.
    fn push(&self) -> Result<Event, EventFault> {
        let file = self.file()?;
        let after = commit("after", file.after.as_deref())?;
        let before = commit("before", file.before.as_deref())?;
        let tip = commit("head_commit.id", file.head_commit.as_ref().and_then(|commit| commit.id.as_deref()))?;
        let sha = self.sha()?;
        let reference = file.reference.as_deref().or(self.variables.reference.as_deref()).unwrap_or_default();
        let written = file.repository.as_ref().and_then(|repository| repository.default_branch.as_deref());
        let default = branch("repository.default_branch", written)?;
        let is_default = default.as_deref().is_some_and(|default| reference.strip_prefix("refs/heads/") == Some(default));
        let is_deleted = file.deleted == Some(true) || file.after.is_some() && after.is_none();
        let is_rewritten = file.forced == Some(true);
        let parted = default.filter(|_| !is_default).map(|default| Base::Parted(vec![format!("refs/remotes/origin/{default}")]));
        let (base, note) = match (before, parted) {
            _ if is_deleted => (Base::Nothing, Some("this push deleted a branch")),
            _ if reference.starts_with("refs/tags/") => (Base::Nothing, Some("a tag is judged as a whole")),
            // What was rewritten on the default branch is held against what was there.
            (Some(before), _) if !is_rewritten || is_default => (Base::Commit(before), None),
            // Another branch that is new or rewritten is judged by what it would bring to the default branch.
            (_, Some(parted)) => (parted, None),
            (Some(_), None) => (Base::Nothing, Some("this push rewrote the branch, and the default branch is not known")),
            (None, None) if file.before.is_none() => (Base::Nothing, Some("the event's file names no state before this push")),
            (None, None) => (Base::Nothing, Some("this push began the branch")),
        };
        let notes = note.map(|note| format!("{note}, so nothing was compared and every finding decides"));
        let candidate = |commit: Option<CommitId>| Candidate {
            commit,
            what: "what was pushed",
            base: base.clone(),
            if_missing: IfMissing::Nothing,
        };
        // Of a tag, `after` may be the tag itself.
        let mut candidates: Vec<Candidate> =
            [sha, after.filter(|_| !is_deleted), tip].into_iter().flatten().map(|id| candidate(Some(id))).collect();
        if candidates.is_empty() {
            candidates.push(candidate(None));
        }
        Ok(self.event(candidates, notes.into_iter().collect()))
    }

    /// An event that is about no change.
    fn by_itself(&self, notes: Vec<String>) -> Result<Event, EventFault> {
        let run = self.payload.and_then(|file| file.workflow_run.as_ref()).filter(|_| self.name == "workflow_run");
        let run = commit("workflow_run.head_sha", run.and_then(|run| run.head_sha.as_deref()))?;
        let candidate = |commit: Option<CommitId>, what: &'static str| Candidate {
            commit,
            what,
            base: Base::Nothing,
            if_missing: IfMissing::Nothing,
        };
        let mut candidates: Vec<Candidate> = self.sha()?.map(|sha| candidate(Some(sha), "its commit")).into_iter().collect();
        candidates.extend(run.map(|run| candidate(Some(run), "the commit of the run before")));
        if candidates.is_empty() {
            candidates.push(candidate(None, "any commit"));
        }
        Ok(self.event(candidates, notes))
    }
}
