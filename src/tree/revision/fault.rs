//! What git cannot give, and what mends it.

use gix_hash::ObjectId;
use thiserror::Error;

/// Why a revision cannot be judged or compared with. None of them is guessed around: the verdict is undecided.
#[derive(Debug, Error)]
pub enum GitFault {
    /// The folder is in no git work tree.
    #[error("`{0}` is in no git work tree")]
    NoRepository(String),
    /// Nothing has this name.
    #[error("the repository has no revision `{0}`")]
    NoSuchRevision(String),
    /// The name is none that packman reads.
    #[error("`{revision}` is not read as a revision: {reason}")]
    Unsupported {
        /// As given.
        revision: String,
        /// Why, as a fragment.
        reason: String,
    },
    /// Several things have this name.
    #[error("`{revision}` is ambiguous: it names {found}")]
    Ambiguous {
        /// As given.
        revision: String,
        /// What it names.
        found: String,
    },
    /// It names something else.
    #[error("`{revision}` is a {kind}, not a commit")]
    NotACommit {
        /// As given.
        revision: String,
        /// What it is.
        kind: String,
    },
    /// There is no commit yet.
    #[error("`{0}` has no commit yet")]
    Unborn(String),
    /// The history that is there does not reach far enough.
    #[error("the history of this shallow clone does not reach {0}")]
    Shallow(String),
    /// An object is not there.
    #[error("git's object {id} is not there")]
    Missing {
        /// Its name.
        id: ObjectId,
        /// Whether the repository is a partial clone, which fetches objects when they are asked for.
        is_partial: bool,
    },
    /// An object is damaged.
    #[error("git's object {id} is damaged: {reason}")]
    Corrupt {
        /// Its name.
        id: ObjectId,
        /// What is wrong, as a fragment.
        reason: String,
    },
    /// Two commits have no common ancestor.
    #[error("`{one}` and `{other}` have no common history")]
    Unrelated {
        /// One.
        one: String,
        /// The other.
        other: String,
    },
    /// Objects lie outside the repository.
    #[error("the repository borrows objects from elsewhere (`objects/info/alternates`), which packman does not follow")]
    Alternates,
    /// References are kept in a format that is not read.
    #[error("the repository keeps its references as reftable, which packman does not read")]
    Reftable,
    /// A file of git's own cannot be used.
    #[error("git's file `{file}` {reason}")]
    File {
        /// Its name below git's folder.
        file: String,
        /// Why, as a fragment.
        reason: String,
    },
    /// Over a named limit.
    #[error("the revision has {0}, over packman's limit")]
    TooLarge(String),
}

impl GitFault {
    /// What mends it: an imperative sentence with a command.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoRepository(_) => {
                "give the folder of a git checkout, or a folder to compare with: `--base ./FOLDER`".to_owned()
            }
            // `~` and `^` count commits that git cannot fetch by that name.
            Self::NoSuchRevision(revision) if revision.contains(['~', '^']) => {
                "look at `git log --oneline`: its history may be shorter than that".to_owned()
            }
            Self::NoSuchRevision(revision) => match revision.strip_prefix("origin/") {
                Some(branch) => format!("run `git fetch origin {branch}`, or check out with `fetch-depth: 0`"),
                None => format!("run `git fetch origin {revision}`; a folder is written with `./` in front"),
            },
            Self::Unsupported { .. } => "give a branch, a tag or a commit, maybe with `~N` or `^N` behind".to_owned(),
            Self::Ambiguous { .. } => {
                "write it out (`refs/heads/…`, `refs/tags/…`, `refs/remotes/…`, all digits of a commit)".to_owned()
            }
            Self::NotACommit { .. } => "give a branch, a tag or a commit".to_owned(),
            Self::Unborn(_) => "commit something first".to_owned(),
            Self::Shallow(_) => {
                "run `git fetch --deepen=1000` or `git fetch --unshallow`, or check out with `fetch-depth: 0`".to_owned()
            }
            Self::Missing { is_partial: true, .. } => {
                "this is a partial clone: run `git fetch --refetch --no-filter`, or check out without a filter".to_owned()
            }
            Self::Missing { .. } => "run `git fsck`, then `git fetch --refetch` or clone anew".to_owned(),
            Self::Corrupt { .. } => "run `git fsck` to see what git makes of it, then clone anew".to_owned(),
            Self::Unrelated { .. } => {
                "compare with a revision of the same history, or name the base itself with `--base-exact`".to_owned()
            }
            Self::Alternates => "run `git repack -a -d`, then remove `objects/info/alternates`".to_owned(),
            Self::Reftable => "run `git refs migrate --ref-format=files`".to_owned(),
            Self::File { .. } => "run `git status` to see what git makes of it".to_owned(),
            Self::TooLarge(_) => "judge a folder of it: `packman check FOLDER`".to_owned(),
        }
    }
}
