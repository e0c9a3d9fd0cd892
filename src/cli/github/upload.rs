//! `packman github upload`.

use std::path::PathBuf;
use std::time::Duration;

use super::{Stop, Upload, access, file, pull_of, repository, variable};
use crate::cli::{Environment, Exit};
use crate::event::{CommitId, Pull};
use crate::github::{self, Client, Misuse, SARIF_BYTES_MAX, Unsent, Uploaded, pack};
use crate::tree::Repository;

pub(super) fn run(command: &Upload, environment: &mut Environment<'_>) -> Result<Exit, Stop> {
    let category = command.category.as_deref().map(category).transpose()?;
    let bytes = file(&command.sarif, "SARIF file", SARIF_BYTES_MAX)?;
    let sarif = pack(&bytes, category).map_err(|unsent| match unsent {
        Unsent::Misuse(misuse) => Stop::Misuse(misuse),
        Unsent::Incomplete => Stop::Undecided(
            format!(
                "`{}` says that it is not complete (`executionSuccessful` is false), so it was not uploaded",
                command.sarif.display()
            ),
            "mend what could not be judged first: code scanning would close the alerts that are missing from it".to_owned(),
        ),
    })?;
    let pull = pull_of(environment)?;
    let repo = repository(command.repo.as_deref(), environment)?;
    let (commit, reference) = Told::of(command, pull.as_ref(), environment)?.target()?;
    let access = access(environment, pull.as_ref())?;
    let wait = Duration::from_secs(command.wait);
    let upload = github::Upload { repo, commit, reference, sarif, wait };
    let done = Client::run(&access, environment.pause, async |client| github::upload(client, &upload).await)??;
    let of = format!("{} of commit {} ({})", results(upload.sarif.results), upload.commit, upload.reference);
    match done {
        Uploaded::Processed => environment.say("note", &format!("code scanning has {of}")),
        Uploaded::Taken(last) => {
            let why = last.map(|fault| format!(": {fault}")).unwrap_or_default();
            let message = format!("code scanning took {of}, and nobody knows yet what becomes of it{why}");
            environment.say("warning", &format!("{message}\n  look at the repository's code scanning later"));
        }
        Uploaded::Refused(errors) => {
            let errors: String = errors.iter().map(|error| format!("\n  it says: {error}")).collect();
            return Err(Stop::World(format!("code scanning took {of}, and refused it when it was processed{errors}")));
        }
    }
    Ok(Exit::Pass)
}

fn results(number: usize) -> String {
    crate::report::plural(number, "result", "results")
}

fn category(written: &str) -> Result<&str, Misuse> {
    let is_plain = !written.trim_matches('/').is_empty() && written.len() <= 200 && !written.chars().any(char::is_control);
    if is_plain {
        Ok(written)
    } else {
        Err(Misuse::new("the category is empty, too long or has a control character", "give a short name, such as `packman`"))
    }
}

/// What is said about the commit and its ref, and by whom.
#[derive(Clone, Debug, Default)]
struct Told {
    /// On the command line.
    commit: Option<CommitId>,
    reference: Option<String>,
    /// What is checked out.
    checked_out: Option<CommitId>,
    /// By the runner.
    sha: Option<CommitId>,
    run: Option<String>,
    pull: Option<Pull>,
}

impl Told {
    fn of(command: &Upload, pull: Option<&Pull>, environment: &Environment<'_>) -> Result<Self, Misuse> {
        let whole = |name: &str, written: &str| {
            let hint = "give all of its 40 or 64 hexadecimal digits";
            CommitId::new(written).ok_or_else(|| Misuse::new(format!("{name} is no commit's whole name"), hint))
        };
        let commit = command.commit.as_deref().map(|written| whole("`--commit`", written)).transpose()?;
        let sha = variable(environment, "GITHUB_SHA").map(|written| whole("`GITHUB_SHA`", &written)).transpose()?;
        let folder = variable(environment, "GITHUB_WORKSPACE").map_or_else(|| PathBuf::from("."), PathBuf::from);
        let head = || CommitId::new(&Repository::open(&folder).ok()?.commit("HEAD").ok()?.to_string());
        Ok(Self {
            commit,
            reference: command.reference.clone(),
            checked_out: head(),
            sha,
            run: variable(environment, "GITHUB_REF"),
            pull: pull.cloned(),
        })
    }

    /// The commit and a ref that belongs to it: of a pull request its merge commit with `merge`, its head with `head`, never mixed.
    fn target(self) -> Result<(CommitId, String), Misuse> {
        let Self { commit, reference, checked_out, sha, run, pull } = self;
        let head = pull.as_ref().and_then(|pull| pull.head.clone());
        let is_head = |reference: &str| reference.starts_with("refs/pull/") && reference.ends_with("/head");
        let meant = match reference.as_deref() {
            Some(named) if is_head(named) => head.clone(),
            Some(named) if Some(named) == run.as_deref() => sha.clone(),
            _ => None,
        };
        let Some(commit) = commit.or(meant).or(checked_out).or_else(|| sha.clone()) else {
            let hint = "give `--commit SHA`, or run this in the checkout";
            return Err(Misuse::new("no commit is named, and none is checked out here", hint));
        };
        let is_heads = head.as_ref() == Some(&commit);
        let number = pull.as_ref().and_then(|pull| pull.number);
        let own = if sha.as_ref() == Some(&commit) { run.filter(|run| !run.is_empty()) } else { None };
        let of_pull = || number.filter(|_| is_heads).map(|number| format!("refs/pull/{number}/head"));
        let Some(reference) = reference.or(own).or_else(of_pull) else {
            let message = format!("no ref is known that commit {commit} belongs to");
            return Err(Misuse::new(message, "give `--ref`, such as `refs/heads/main` or `refs/pull/7/head`"));
        };
        if !is_reference(&reference) {
            let hint = "write `refs/heads/NAME`, `refs/tags/NAME`, `refs/pull/N/merge` or `refs/pull/N/head`";
            return Err(Misuse::new(format!("`{reference}` is no ref that code scanning knows"), hint));
        }
        let is_mixed = head.is_some() && reference.starts_with("refs/pull/") && is_head(&reference) != is_heads;
        if is_mixed {
            let message = format!("commit {commit} does not belong to `{reference}`");
            let hint = "give the merge commit with `refs/pull/N/merge`, or the head with `refs/pull/N/head`";
            return Err(Misuse::new(message, hint));
        }
        Ok((commit, reference))
    }
}

fn is_reference(reference: &str) -> bool {
    if let Some(rest) = reference.strip_prefix("refs/pull/") {
        let number = rest.strip_suffix("/merge").or_else(|| rest.strip_suffix("/head"));
        return number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    }
    let name = reference.strip_prefix("refs/heads/").or_else(|| reference.strip_prefix("refs/tags/"));
    name.is_some_and(|name| !name.is_empty() && !name.contains(|c: char| c.is_control() || c == ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(of: char) -> Option<CommitId> {
        CommitId::new(&of.to_string().repeat(40))
    }

    /// In a pull request: the merge commit is 3, its head 1.
    fn in_pull() -> Told {
        Told {
            sha: id('3'),
            run: Some("refs/pull/7/merge".to_owned()),
            pull: Some(Pull { number: Some(7), head: id('1'), is_fork: false }),
            ..Told::default()
        }
    }

    /// A name, what is told, and the commit's digit with its ref, or words of the fault.
    type Row = (&'static str, Told, Result<(char, &'static str), &'static str>);

    #[test]
    fn a_commit_goes_with_its_own_ref() {
        let push = || Told { sha: id('1'), run: Some("refs/heads/main".to_owned()), ..Told::default() };
        let given = |reference: &str| Some(reference.to_owned());
        let rows: Vec<Row> = vec![
            ("merge commit", in_pull(), Ok(('3', "refs/pull/7/merge"))),
            ("merge commit, checked out", Told { checked_out: id('3'), ..in_pull() }, Ok(('3', "refs/pull/7/merge"))),
            ("head, checked out", Told { checked_out: id('1'), ..in_pull() }, Ok(('1', "refs/pull/7/head"))),
            ("head, named", Told { commit: id('1'), ..in_pull() }, Ok(('1', "refs/pull/7/head"))),
            ("head's ref, named", Told { reference: given("refs/pull/7/head"), ..in_pull() }, Ok(('1', "refs/pull/7/head"))),
            ("something else, checked out", Told { checked_out: id('9'), ..in_pull() }, Err("no ref is known")),
            (
                "mixed",
                Told { commit: id('1'), reference: given("refs/pull/7/merge"), ..in_pull() },
                Err("does not belong to `refs/pull/7/merge`"),
            ),
            (
                "mixed the other way",
                Told { commit: id('3'), reference: given("refs/pull/7/head"), ..in_pull() },
                Err("does not belong to `refs/pull/7/head`"),
            ),
            ("push", push(), Ok(('1', "refs/heads/main"))),
            ("tag", Told { run: given("refs/tags/v1"), ..push() }, Ok(('1', "refs/tags/v1"))),
            (
                "outside of Actions",
                Told { checked_out: id('5'), reference: given("refs/heads/x/y"), ..Told::default() },
                Ok(('5', "refs/heads/x/y")),
            ),
            ("outside, no ref", Told { checked_out: id('5'), ..Told::default() }, Err("no ref is known")),
            ("nothing", Told::default(), Err("no commit is named")),
            ("bare branch", Told { reference: given("main"), ..push() }, Err("`main` is no ref")),
            ("pull without kind", Told { reference: given("refs/pull/7"), ..push() }, Err("is no ref")),
        ];
        for (name, told, expected) in rows {
            match (told.target(), expected) {
                (Ok((commit, reference)), Ok((digit, expected))) => {
                    assert_eq!((Some(commit), reference.as_str()), (id(digit), expected), "{name}");
                }
                (Err(misuse), Err(words)) => assert!(misuse.message.contains(words), "{name}: {}", misuse.message),
                (found, expected) => panic!("{name}: {found:?}, not {expected:?}"),
            }
        }
    }
}
