//! The words of `packman github …`. Their comments are its help and its page in the guide.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Talk to GitHub.
#[derive(Debug, Args)]
pub struct Github {
    /// What to do.
    #[command(subcommand)]
    pub command: GithubCommand,
}

/// What to do at GitHub.
#[derive(Debug, Subcommand)]
pub enum GithubCommand {
    /// Upload a SARIF file to code scanning
    ///
    /// For wherever `github/codeql-action/upload-sarif` is not at hand. Waits until GitHub has processed the file. A file that says that it is
    /// not complete (`executionSuccessful` is false) is not uploaded: alerts that are missing from it would be closed. Exit codes: 0 taken, 2
    /// the call or the file is wrong, 3 the file is not complete, 4 GitHub could not be reached or refused it.
    Upload(Upload),
    /// Write a comment on a pull request, or edit the one that is there
    ///
    /// There is one comment for each name (`--id`). It is found again by its first line and by who wrote it, and edited in place. Where the
    /// token may not write, as in pull requests from forks, this says so and ends well: a comment is no gate.
    Comment(Comment),
    /// Fetch the base of a change, for `packman check --base` in a checkout without history
    ///
    /// Asks GitHub for the list of the base's files, takes from it what a judgement reads, and writes that into a folder. What is the same in
    /// the checkout is taken from there. Prints the folder as `packman check --base` wants it, or nothing if the event has no base. Exit codes:
    /// 0 done or nothing to do, 2 the call is wrong, 3 the base cannot be had or the checkout is not the event's commit, 4 GitHub could not be
    /// reached or refused.
    Base(Base),
}

/// Upload a SARIF file.
#[derive(Debug, Args)]
pub struct Upload {
    /// The file
    pub sarif: PathBuf,
    /// The repository; `GITHUB_REPOSITORY` if not given
    #[arg(long, value_name = "OWNER/NAME")]
    pub repo: Option<String>,
    /// The commit that was judged, by its whole name; the one that is checked out, else `GITHUB_SHA`, if not given. It must be pushed
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// The ref that the commit belongs to: `refs/heads/NAME`, `refs/tags/NAME`, and of a pull request `refs/pull/N/merge` with the merge
    /// commit or `refs/pull/N/head` with the head; what the event says if not given
    #[arg(long = "ref", value_name = "REF")]
    pub reference: Option<String>,
    /// Put the results into this category, which tells several uploads for one commit apart; what the file says if not given
    #[arg(long)]
    pub category: Option<String>,
    /// How long to wait until it is processed; 0 does not wait
    #[arg(long, value_name = "SECONDS", default_value_t = 155, value_parser = clap::value_parser!(u64).range(..=3600))]
    pub wait: u64,
}

/// Write a comment.
#[derive(Debug, Args)]
pub struct Comment {
    /// The file with the comment's Markdown
    pub file: PathBuf,
    /// The pull request's number; that of the event if not given
    #[arg(long, value_name = "N")]
    pub pull: Option<u64>,
    /// The comment's name, where there are several on one pull request; that of the file's first line if not given and it has one
    #[arg(long, value_name = "NAME")]
    pub id: Option<String>,
    /// Who wrote the comment before; found out from the token if not given (`github-actions[bot]` for a workflow's own)
    #[arg(long, value_name = "LOGIN")]
    pub author: Option<String>,
    /// The repository; `GITHUB_REPOSITORY` if not given
    #[arg(long, value_name = "OWNER/NAME")]
    pub repo: Option<String>,
    /// Fail (4) if the comment may not be written
    #[arg(long)]
    pub require: bool,
}

/// Fetch a base.
#[derive(Debug, Args)]
pub struct Base {
    /// The folder that will be judged
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// The event that says what the base is: `auto` reads the runner's variables, FILE is an event's file
    #[arg(long, value_name = "auto|FILE", default_value = "auto")]
    pub event: PathBuf,
    /// Where to write the base: a folder that is not there yet, or empty
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The repository; `GITHUB_REPOSITORY` if not given
    #[arg(long, value_name = "OWNER/NAME")]
    pub repo: Option<String>,
}
