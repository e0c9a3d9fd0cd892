//! Levels, and the table of what has one.
//!
//! Answers for: the ids that `[levels]` and `--level` take. What a rule does stands with the rule; which level a preset gives it in
//! `policies/presets/`.

/// What a finding does to the verdict, from nothing to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not reported.
    Allow,
    /// Reported.
    Warn,
    /// Leaves the verdict undecided.
    Undecided,
    /// Fails.
    Deny,
}

impl Level {
    /// All of them, from nothing to most.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Warn, Self::Undecided, Self::Deny];

    /// The word used in policies and reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Undecided => "undecided",
            Self::Deny => "deny",
        }
    }

    /// The level that a word names, compared exactly.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.id() == id)
    }
}

/// Something that has a level: a rule, or a part of one that has a level of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key in `[levels]`.
    pub id: &'static str,
    /// The rule that it belongs to: its own id but for parts.
    pub rule: &'static str,
    /// What is found then.
    pub finds: &'static str,
}

const fn rule(id: &'static str, finds: &'static str) -> Row {
    Row { id, rule: id, finds }
}

/// All that has a level, in the order in which it is explained.
pub const ROWS: &[Row] = &[
    rule("tier-below-minimum", "A dependency whose registry is below the tier that the policy asks."),
    rule("control-missing", "A control that the policy asks by name and that is not met."),
    rule("unknown-registry", "An origin that nothing explains."),
    rule("registry-unrated", "A known registry whose controls nobody has read."),
    rule("registry-assumed", "Only the client's built-in default says where it comes from."),
    rule("registry-mismatch", "A package that should come from another registry, or a locator that is another package's."),
    rule("origin-not-allowed", "A git, url or archive origin that the policy does not list."),
    rule("insecure-origin", "Plain http, an IP address, git without authentication, TLS checks switched off."),
    rule("unpinned-origin", "A moving reference: a git branch or tag."),
    Row {
        id: "unpinned-reference",
        rule: "unpinned-origin",
        finds: "The same rule, for images and actions: one named by tag instead of digest or commit.",
    },
    rule("integrity-missing", "No hash, or only a weak one, where the lockfile could carry one."),
    rule("runs-code-on-install", "A version that runs code when installed or built, and that `may-run-code` does not list."),
    rule("lockfile-missing", "A declaration without its lock."),
    rule("lockfile-unreadable", "A lockfile, or an entry of one, that cannot be understood. May also be `undecided`."),
    rule("tag-missing", "A tag that the policy asks for and that nobody signed."),
    rule("known-issue", "A version with a known issue that the policy does not accept."),
    rule("protection-lowered", "A change that takes protection from a package: another registry, hash or host, a looser pin."),
    rule("coverage-lost", "A file judged before the change and no longer after it."),
    rule("registry-new", "A registry that was not used before the change."),
    rule("policy-changed", "A policy, exception or baseline that changes together with what it judges."),
    rule("exception-expired", "An exception whose last day is over."),
    rule("exception-unused", "An exception that nothing needs."),
];

/// The rule that alone may be `undecided`.
const MAY_BE_UNDECIDED: &str = "lockfile-unreadable";

impl Row {
    /// The row with this id and its position.
    #[must_use]
    pub fn find(id: &str) -> Option<(usize, &'static Self)> {
        ROWS.iter().enumerate().find(|(_, row)| row.id == id)
    }

    /// The rule with this id; a part of a rule is none.
    #[must_use]
    pub fn rule(id: &str) -> Option<&'static Self> {
        ROWS.iter().find(|row| row.id == id && row.rule == id)
    }

    /// The levels that it may be at.
    #[must_use]
    pub fn levels(&self) -> &'static [Level] {
        if self.id == MAY_BE_UNDECIDED { &Level::ALL } else { &[Level::Allow, Level::Warn, Level::Deny] }
    }
}
