//! The words of the command line. Their comments are its help, its man page and its page in the guide.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Reads every lockfile of a repository, rates the registry behind each dependency, and fails when a policy's minimums aren't met.
///
/// Start with `packman check`. It reads files only: no network (`packman github` asks GitHub), no other program. Exit codes: 0 pass, 1 fail, 2 the call or the policy is
/// wrong, 3 undecided (something could not be read), 4 the world failed.
#[derive(Debug, Parser)]
#[command(name = "packman", version, max_term_width = 100, after_help = "Words that you don't know: packman explain")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge a repository: may its dependencies come in?
    Check(Check),
    /// Accept what is found today, so that only what comes in later decides
    ///
    /// Writes `packman-baseline.toml` at the root: one dated line for each finding. Where the file is already there, it only shrinks: lines
    /// that nothing needs any more are taken out, and nothing is ever added. What must be accepted later is an exception's business, which
    /// has an owner and an end. What could not be read is never accepted.
    Baseline(Baseline),
    /// Propose a policy for this repository, and write it
    ///
    /// Looks at what is there: declares the registries that client configuration names, lists git and other addresses, asks for the minimums
    /// that hold today, and says what stricter ones would find. On a terminal it asks before it writes; elsewhere it writes `packman.toml`,
    /// and a baseline or a workflow if the flags say so. Nothing that exists is overwritten.
    Init(Init),
    /// Tools for those who write policies
    Policy(Policy),
    /// Show that the gate is on
    ///
    /// Plants one bad entry of each kind in a copy of the repository that only memory holds, judges it by the policy as it is, and tells
    /// which of them stop a build. Exit codes: 0 the gate is on, 1 it is off, or something gets by that the policy looks for.
    Doctor(Doctor),
    /// Show what changed between two revisions or folders, package by package
    ///
    /// Added, removed, upgraded, downgraded, moved to another lockfile, re-routed (another registry, host or kind of origin) and weakened (a
    /// hash or a pin is gone, a tag moved, code at install is new), by registry. Both sides are compared as they are named; `packman check
    /// --base` compares with where they parted. Exit codes: 0 nothing is re-routed or weakened, 1 something is, 3 something could not be
    /// compared.
    Diff(Diff),
    /// List every locked dependency with the registry that serves it
    List(List),
    /// Say where a package comes from and who brings it in
    Why(Why),
    /// Show the registries that packman knows, their tiers and controls
    Registries(Registries),
    /// Explain a rule, a control, a registry or a word, or with `--policy` what the policy asks of a package
    Explain(Explain),
    /// Upload to GitHub, comment there, fetch a base from there: the only commands that open a connection
    ///
    /// They need a token in `GITHUB_TOKEN` (or `GH_TOKEN`), take GitHub's address from `GITHUB_API_URL`, and go through the proxy that
    /// `HTTPS_PROXY` names, unless `NO_PROXY` names the host.
    #[cfg(feature = "github")]
    Github(crate::cli::github::Github),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print the man page
    #[command(hide = true)]
    Man,
}

/// Judge a repository.
#[derive(Debug, Args)]
pub struct Check {
    /// The folder to judge
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Use this policy instead of the repository's `packman.toml`
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// A policy from outside the checkout that the repository's own may only tighten: the worse of both verdicts stands, and exceptions count as
    /// far as FILE's `[floor]` allows
    #[arg(long, value_name = "FILE")]
    pub floor: Option<PathBuf>,
    /// Compare with this revision, so that only what is new or worse decides: a branch, a tag or a commit (where it and the head parted), or
    /// a folder, written with `./` or `/` in front
    #[arg(long, value_name = "REV|DIR")]
    pub base: Option<String>,
    /// Compare with the base itself, not with where it and the head parted
    #[arg(long, requires = "base")]
    pub base_exact: bool,
    /// Judge this revision instead of the files on disk
    #[arg(long, value_name = "REV")]
    pub head: Option<String>,
    /// Compare as the event of a workflow says: `auto` reads the runner's variables (`GITHUB_EVENT_NAME`, `GITHUB_EVENT_PATH`, …), FILE is an
    /// event's file. A checkout that is not at the event's commit leaves the verdict undecided
    #[arg(long, value_name = "auto|FILE", conflicts_with_all = ["base", "base_exact", "head"])]
    pub event: Option<PathBuf>,
    /// Write a report: `FORMAT=FILE`, or `FORMAT=-` for standard output. Formats: human, json, sarif, summary, comment, html,
    /// annotations, junit, outputs. May be given several times; `human` goes to standard output unless another one does
    #[arg(long, value_name = "FORMAT=FILE")]
    pub output: Vec<String>,
    /// Set the level of a rule for this run: `deny`, `warn` or `allow`
    #[arg(long, value_name = "RULE=LEVEL")]
    pub level: Vec<String>,
    /// Also tell what the levels of this preset, or a policy in this file, would find; the verdict and the exit code stay. May be given several
    /// times
    #[arg(long, value_name = "PRESET|FILE")]
    pub what_if: Vec<String>,
    /// What `cargo metadata --format-version 1 --locked` printed: real scopes by feature and target, build scripts, macros. Make it where
    /// the repository is trusted: cargo may run what a repository configures
    #[arg(long, value_name = "FILE")]
    pub cargo_metadata: Option<PathBuf>,
    /// The day that exceptions are judged by, for repeatable runs; today if not given
    #[arg(long, value_name = "DATE")]
    pub today: Option<jiff::civil::Date>,
    /// Show the arithmetic and every dependency of each finding
    #[arg(long)]
    pub explain: bool,
    /// Colours: `auto` only on a terminal
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
}

/// Accept what is found today.
#[derive(Debug, Args)]
pub struct Baseline {
    /// The folder to judge
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Use this policy instead of the repository's `packman.toml`
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Only take lines out: where there is no baseline yet, none is begun
    #[arg(long)]
    pub prune: bool,
    /// The day that new lines bear and that exceptions are judged by; today if not given
    #[arg(long, value_name = "DATE")]
    pub today: Option<jiff::civil::Date>,
}

/// Propose a policy.
#[derive(Debug, Args)]
pub struct Init {
    /// The folder to look at
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// The preset to build on: `observe`, `standard` or `strict`
    #[arg(long, default_value = "standard")]
    pub preset: String,
    /// Also begin a baseline, so that what is found today does not decide
    #[arg(long)]
    pub baseline: bool,
    /// Also write a workflow for GitHub Actions
    #[arg(long)]
    pub workflow: bool,
    /// Print the policy, and write nothing
    #[arg(long, conflicts_with_all = ["baseline", "workflow"])]
    pub print: bool,
    /// Ask nothing, also on a terminal
    #[arg(long, short)]
    pub yes: bool,
    /// The day that a baseline's lines bear; today if not given
    #[arg(long, value_name = "DATE")]
    pub today: Option<jiff::civil::Date>,
}

/// Tools for those who write policies.
#[derive(Debug, Args)]
pub struct Policy {
    /// Which one.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// Tools for those who write policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Look for lines of the policy that do nothing, and for what nobody can meet
    ///
    /// Holds each line against the repository: levels, minimums, patterns, registries and exceptions without which everything would be
    /// judged as it is now; minimums that no version of a registry can meet; and, so that a reviewer sees them, defaults that are loosened.
    /// Exit codes: 0 the policy is in order, 1 a line does nothing or cannot be met, 3 it cannot be said because something was not read.
    Check(PolicyCheck),
    /// Run your own cases: dependencies, each with the verdict that the policy must give it
    ///
    /// Reads `packman-tests.toml` at the root. Each case is judged as `check` would judge it in its folder, with the client configuration
    /// that lies there. Exit codes: 0 all are as expected, 1 one is not.
    Test(PolicyTest),
}

/// Look for lines of the policy that do nothing.
#[derive(Debug, Args)]
pub struct PolicyCheck {
    /// The folder that the policy is for
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Use this policy instead of the repository's `packman.toml`
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Also look at this revision (where it and HEAD parted) or this folder, written with `./` or `/` in front: a line that is needed there
    /// does something
    #[arg(long, value_name = "REV|DIR")]
    pub base: Option<String>,
    /// The policy from outside that the repository's own may only tighten: exceptions that it needs do something
    #[arg(long, value_name = "FILE")]
    pub floor: Option<PathBuf>,
    /// The day that exceptions are judged by; today if not given
    #[arg(long, value_name = "DATE")]
    pub today: Option<jiff::civil::Date>,
}

/// Run your own cases.
#[derive(Debug, Args)]
pub struct PolicyTest {
    /// The folder whose policy is tried
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Read the cases from this file instead of `packman-tests.toml`
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,
    /// Use this policy instead of the repository's `packman.toml`
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The day that exceptions are judged by, where a case names none; today if not given
    #[arg(long, value_name = "DATE")]
    pub today: Option<jiff::civil::Date>,
}

/// Show that the gate is on.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The folder whose policy is tried
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Use this policy instead of the repository's `packman.toml`
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The day that exceptions are judged by; today if not given
    #[arg(long, value_name = "DATE")]
    pub today: Option<jiff::civil::Date>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// Only on a terminal that wants them.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Show what changed.
#[derive(Debug, Args)]
pub struct Diff {
    /// What was: a branch, a tag or a commit, or a folder, written with `./` or `/` in front
    pub base: String,
    /// What is: the same; the files on disk if not given
    pub head: Option<String>,
    /// The folder whose repository has the revisions, and below which they are compared; HEAD if that is a folder, else this folder
    pub path: Option<PathBuf>,
    /// How to write it; `json` is `packman.diff/1`
    #[arg(long, value_enum, default_value_t = DiffFormat::Table)]
    pub format: DiffFormat,
    /// Use this policy's declarations instead of the head's
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// A policy from outside the checkout that the repository's own may only tighten
    #[arg(long, value_name = "FILE")]
    pub floor: Option<PathBuf>,
}

/// How to write a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people.
    Table,
    /// `packman.diff/1`.
    Json,
    /// For documents and comments.
    Markdown,
}

/// List every locked dependency.
#[derive(Debug, Args)]
pub struct List {
    /// The folder to read
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// How to write the list; `json` is `packman.list/1`
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub format: ListFormat,
    /// Use this policy's declarations instead of the repository's
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// How to write a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A line for each dependency.
    Table,
    /// `packman.list/1`.
    Json,
}

/// Say where a package comes from.
#[derive(Debug, Args)]
pub struct Why {
    /// A name, a package URL, or a pattern with `*`
    pub package: String,
    /// The folder to read
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Use this policy instead of the repository's `packman.toml`
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// Show registries.
#[derive(Debug, Args)]
pub struct Registries {
    /// Only this one, control by control
    pub id: Option<String>,
    /// Read the catalogue as of this day
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<jiff::civil::Date>,
    /// How to write it
    #[arg(long, value_enum, default_value_t = RegistriesFormat::Table)]
    pub format: RegistriesFormat,
    /// Also those whose controls nobody has read
    #[arg(long)]
    pub unrated: bool,
}

/// How to write registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RegistriesFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For documents.
    Markdown,
}

/// Explain a word, or what the policy asks of a package.
#[derive(Debug, Args)]
pub struct Explain {
    /// A rule, a control, a registry, a format or a word; all of them if not given. With `--policy`, the folder to read
    #[arg(value_name = "WORD|PATH")]
    pub id: Option<String>,
    /// Say which line of the policy decides each question about a package, wherever a lockfile states it: a name, a package URL, or a pattern
    /// with `*`
    #[arg(long, value_name = "PURL")]
    pub policy: Option<String>,
    /// A policy from outside the checkout that the repository's own may only tighten
    #[arg(long, value_name = "FILE", requires = "policy")]
    pub floor: Option<PathBuf>,
    /// The day that exceptions are judged by; today if not given
    #[arg(long, value_name = "DATE", requires = "policy")]
    pub today: Option<jiff::civil::Date>,
}

/// Print a completion script.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}
