//! `packman github base`.
//!
//! Answers for: finding the base that the event names, gathering from it what a judgement reads, and a folder that holds all of that or is
//! not there. What is gathered is found out by reading: the base is read as `check` would read it, what was missing is fetched, and again,
//! until nothing is missing.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::{Base, Stop, access, pull_of, repository};
use crate::cli::check::refuse;
use crate::cli::event::event;
use crate::cli::{Environment, Exit};
use crate::event::{self, Candidate, CommitId, Event, EventFault, IfMissing};
use crate::gate::{Refusal, read_through};
use crate::github::{self, Client, Commit, Fault, Misuse, Slug, Unhad};
use crate::report::plural;
use crate::text::FILE_SIZE_BYTES_MAX;
use crate::tree::fetched::{BLOBS, Fetched, File, MANIFEST, Manifest, name_of};
use crate::tree::{self, Repository, Tree, TreeError};

/// The named limit on files that are asked for one by one: a workflow's token has a thousand calls an hour.
const FETCHED_MAX: usize = 800;
/// The named limit on their bytes.
const FETCHED_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The named limit on readings: files name files that name files.
const ROUNDS_MAX: usize = 64;

pub(super) fn run(command: &Base, environment: &mut Environment<'_>) -> Result<Exit, Stop> {
    vacant(&command.out)?;
    let pull = pull_of(environment)?;
    let repo = repository(command.repo.as_deref(), environment)?;
    let access = access(environment, pull.as_ref())?;
    let Some(event) = event(&command.event, environment)? else {
        environment.say("note", "no workflow runs here (`GITHUB_EVENT_NAME` is not set), so there is no base to fetch");
        return Ok(Exit::Pass);
    };
    let says_nothing = |candidate: &Candidate| candidate.base == event::Base::Nothing;
    if event.candidates.iter().all(says_nothing) {
        environment.say("note", &nothing(&event));
        return Ok(Exit::Pass);
    }
    let (id, head, prefix) = opened(command, &event).map_err(|stop| told(stop, environment))?;
    let candidate = event.candidate(&id)?;
    if says_nothing(candidate) {
        environment.say("note", &nothing(&event));
        return Ok(Exit::Pass);
    }
    let work = Work { repo: &repo, head: head.as_ref(), prefix, today: environment.today };
    let done = Client::run(&access, environment.pause, async |client| work.fetch(client, &event, (candidate, &id)).await)?;
    let Some((fetched, asked)) = done.map_err(|stop| told(stop, environment))? else {
        let message =
            format!("GitHub does not have the base of this `{}` any more, so there is nothing to compare with", event.name);
        environment.say("note", &message);
        return Ok(Exit::Pass);
    };
    let (manifest, blobs) = fetched.into_parts();
    write(&command.out, &manifest, &blobs)
        .map_err(|error| Stop::World(format!("`{}` cannot be written: {error}", command.out.display())))?;
    let read = plural(blobs.len(), "file", "files");
    let message = format!("the base is commit {} of {}: {read} of it, {asked} fetched", manifest.commit, manifest.repository);
    environment.say("note", &message);
    let shown = command.out.display().to_string();
    Ok(environment.print(format!("{}/\n", shown.trim_end_matches('/')).as_bytes()))
}

/// What a refusal of the gate is here.
enum Ended {
    Stop(Stop),
    Refusal(Refusal),
}

impl From<Stop> for Ended {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Self::Stop(fault.into())
    }
}

impl From<EventFault> for Ended {
    fn from(fault: EventFault) -> Self {
        Self::Stop(fault.into())
    }
}

fn told(ended: Ended, environment: &mut Environment<'_>) -> Stop {
    match ended {
        Ended::Stop(stop) => stop,
        Ended::Refusal(refusal) => Stop::Said(refuse(&refusal, environment)),
    }
}

fn nothing(event: &Event) -> String {
    let notes = event.notes.first().cloned();
    notes.unwrap_or_else(|| {
        format!("the event `{}` has no base, so nothing is to be compared and every finding decides", event.name)
    })
}

/// The commit that is checked out, its files, and the root's path below the work tree's top.
fn opened(command: &Base, event: &Event) -> Result<(CommitId, Box<dyn Tree>, String), Ended> {
    let refusal = |error: TreeError| Ended::Refusal(Refusal::Tree(error));
    let repository = match Repository::open(&command.path) {
        Err(TreeError::Git(tree::GitFault::NoRepository(_))) => return Err(event.wrong_tree("is in no git work tree").into()),
        opened => opened.map_err(refusal)?,
    };
    let head = repository.commit("HEAD").map_err(|fault| refusal(fault.into()))?;
    let id = CommitId::new(&head.to_string()).ok_or_else(|| event.wrong_tree("is at no commit"))?;
    let tree = tree::open(&command.path).map_err(refusal)?;
    let prefix = tree.list().map_err(refusal)?.prefix;
    Ok((id, tree, prefix))
}

/// What is fetched from where.
struct Work<'w> {
    repo: &'w Slug,
    head: &'w dyn Tree,
    prefix: String,
    today: Date,
}

impl Work<'_> {
    /// The base with the files of it that a judgement reads, and how many of them were asked for; `None` if it is not there and need not be.
    async fn fetch(
        &self,
        client: &Client<'_>,
        event: &Event,
        (candidate, head): (&Candidate, &CommitId),
    ) -> Result<Option<(Fetched, usize)>, Ended> {
        let Some(base) = self.base(client, candidate, head).await? else {
            if candidate.if_missing == IfMissing::Nothing {
                return Ok(None);
            }
            let message = format!("the base that the event `{}` names cannot be had: {} does not have it", event.name, self.repo);
            let hint = "look whether `GITHUB_REPOSITORY` is the base's repository, and run the job anew";
            return Err(Stop::Undecided(message, hint.to_owned()).into());
        };
        let listed = github::files(client, self.repo, &base, &self.prefix).await.map_err(unhad)?;
        let (repo, commit) = (self.repo.to_string(), base.id.to_string());
        let mut base = Fetched::gathering(Manifest::new(repo, commit, self.prefix.clone(), listed.files, listed.submodules));
        let (mut asked, mut bytes) = (0, 0);
        for _ in 0..ROUNDS_MAX {
            read_through(&base, self.today).map_err(Ended::Refusal)?;
            let missing = base.missing();
            if missing.is_empty() {
                return Ok(Some((base, asked)));
            }
            let (here, elsewhere): (Vec<_>, Vec<_>) =
                missing.iter().map(|file| (file, self.here(file))).partition(|(_, here)| here.is_some());
            for (file, found) in here {
                base.add(file.id.clone(), found.unwrap_or_default());
            }
            let elsewhere: BTreeMap<&str, &File> = elsewhere.into_iter().map(|(file, _)| (file.id.as_str(), file)).collect();
            let elsewhere: Vec<&File> = elsewhere.into_values().collect();
            asked += elsewhere.len();
            bytes += elsewhere.iter().map(|file| file.size).sum::<u64>();
            if asked > FETCHED_MAX || bytes > FETCHED_BYTES_MAX {
                return Err(over(asked, bytes).into());
            }
            let found = github::blobs(client, self.repo, &elsewhere).await;
            let found = found.map_err(unhad)?;
            for (file, bytes) in elsewhere.into_iter().zip(found) {
                base.add(file.id.clone(), bytes);
            }
        }
        let message = format!("the base's files name each other more than {ROUNDS_MAX} deep");
        Err(Stop::Undecided(message, HISTORY.to_owned()).into())
    }

    /// A file of the base that is the same in the checkout.
    fn here(&self, file: &File) -> Option<Vec<u8>> {
        let bytes = self.head.read(&file.path, FILE_SIZE_BYTES_MAX).ok()?;
        (name_of(&file.id, &bytes)? == file.id).then_some(bytes)
    }

    /// The base's commit.
    async fn base(&self, client: &Client<'_>, candidate: &Candidate, head: &CommitId) -> Result<Option<Commit>, Ended> {
        match &candidate.base {
            event::Base::Nothing => Ok(None),
            event::Base::Commit(id) => Ok(github::commit(client, self.repo, id).await?),
            event::Base::FirstParent { second } => {
                let Some(merge) = github::commit(client, self.repo, head).await? else { return Ok(None) };
                let [first, merged] = merge.parents.as_slice() else {
                    let message = format!("the tree under judgement is commit {head}, which is no merge of two");
                    return Err(Stop::Undecided(message, "run the job anew, for the newest commit".to_owned()).into());
                };
                if second.as_ref().is_some_and(|second| second != merged) {
                    let expected = second.as_ref().map(ToString::to_string).unwrap_or_default();
                    let message = format!(
                        "the tree under judgement is commit {head}, which merges {merged}; the event is about a merge of {expected}"
                    );
                    return Err(Stop::Undecided(message, "run the job anew, for the newest commit".to_owned()).into());
                }
                Ok(github::commit(client, self.repo, first).await?)
            }
            event::Base::Parted(revisions) => {
                for (number, revision) in revisions.iter().enumerate() {
                    let from = revision.strip_prefix("refs/remotes/origin/").unwrap_or(revision);
                    let Some(parted) = github::parted(client, self.repo, from, head).await? else { continue };
                    // A branch that has the head already says nothing about what it was before.
                    if parted == *head && number > 0 {
                        continue;
                    }
                    return Ok(github::commit(client, self.repo, &parted).await?);
                }
                Ok(None)
            }
        }
    }
}

/// What helps if it cannot be done this way.
const HISTORY: &str = "check out with `fetch-depth: 0`, and compare with `packman check --event auto`";

fn over(files: usize, bytes: u64) -> Stop {
    let message = format!(
        "the base differs in {files} files of {bytes} bytes; at most {FETCHED_MAX} files of {FETCHED_BYTES_MAX} bytes are fetched one by one"
    );
    Stop::Undecided(message, HISTORY.to_owned())
}

fn unhad(unhad: Unhad) -> Stop {
    match unhad {
        Unhad::Fault(fault) => Stop::Fault(fault),
        Unhad::Other(why) => Stop::Undecided(format!("the base cannot be had: {why}"), HISTORY.to_owned()),
    }
}

/// Whether something may be written there.
fn vacant(out: &Path) -> Result<(), Misuse> {
    let refuse = |why: &str| Misuse::new(format!("`{}` {why}", out.display()), "give a folder that is not there yet, or empty");
    match fs::symlink_metadata(out) {
        Err(_) => Ok(()),
        Ok(found) if !found.is_dir() => Err(refuse("is no folder")),
        Ok(_) => match fs::read_dir(out).map(|mut entries| entries.next().is_none()) {
            Ok(true) => Ok(()),
            _ => Err(refuse("is not empty")),
        },
    }
}

/// Writes all of it beside the folder, which it then becomes.
fn write(out: &Path, manifest: &Manifest, blobs: &HashMap<String, Vec<u8>>) -> std::io::Result<()> {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let part = Part(out.with_file_name(format!(".{name}.{}.part", std::process::id())));
    fs::create_dir(&part.0)?;
    fs::create_dir(part.0.join(BLOBS))?;
    for (id, bytes) in blobs {
        fs::write(part.0.join(BLOBS).join(id), bytes)?;
    }
    fs::write(part.0.join(MANIFEST), serde_json::to_vec_pretty(manifest)?)?;
    if out.is_dir() {
        fs::remove_dir(out)?;
    }
    fs::rename(&part.0, out)
}

/// A folder that goes unless it was renamed.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
