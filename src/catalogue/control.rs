//! The 17 controls, how far a registry can have one, and which of them a tier needs.
//!
//! Answers for: names, order and the needed sets, held equal to `policies/controls.toml` by a test. Never says what a registry has:
//! that stands in its record.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One protective measure of a registry. The order is the matrix's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Control {
    /// Accounts are hard to take over.
    StrongAuthentication,
    /// Publishing needs a second factor.
    MfaToPush,
    /// Security reports reach somebody who answers.
    SecurityContacts,
    /// A bad release can be flagged or removed.
    PackageSecurityNotifications,
    /// A version names the public code that it was made from.
    SourceProvenance,
    /// Every maintainer hears of a release.
    UpdateNotifications,
    /// Developers sign, the manager verifies.
    CodeSigning,
    /// The platform looks at the code.
    StaticAnalysis,
    /// The platform tracks vulnerable upstreams.
    DependencyAnalysis,
    /// Installing runs no package code.
    NoCodeExecution,
    /// Nothing about the consuming project is collected.
    NoDataCollection,
    /// Roles, succession and engagement are written down.
    RolesGuide,
    /// Somebody checks that maintainers are active.
    RolesReview,
    /// Consumers tag libraries and build only with tagged ones.
    LibraryTagging,
    /// A consumer can ask for known issues.
    ConsumerStatusCheck,
    /// Credentials are kept out of packages.
    CredentialLeakPrevention,
    /// What was downloaded is what was published.
    IntegrityVerification,
}

/// How many controls there are.
pub const CONTROLS: usize = 17;

impl Control {
    /// Every control, in the order of the matrix.
    pub const ALL: [Self; CONTROLS] = [
        Self::StrongAuthentication,
        Self::MfaToPush,
        Self::SecurityContacts,
        Self::PackageSecurityNotifications,
        Self::SourceProvenance,
        Self::UpdateNotifications,
        Self::CodeSigning,
        Self::StaticAnalysis,
        Self::DependencyAnalysis,
        Self::NoCodeExecution,
        Self::NoDataCollection,
        Self::RolesGuide,
        Self::RolesReview,
        Self::LibraryTagging,
        Self::ConsumerStatusCheck,
        Self::CredentialLeakPrevention,
        Self::IntegrityVerification,
    ];

    /// The id used in records, policies and reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::StrongAuthentication => "strong-authentication",
            Self::MfaToPush => "mfa-to-push",
            Self::SecurityContacts => "security-contacts",
            Self::PackageSecurityNotifications => "package-security-notifications",
            Self::SourceProvenance => "source-provenance",
            Self::UpdateNotifications => "update-notifications",
            Self::CodeSigning => "code-signing",
            Self::StaticAnalysis => "static-analysis",
            Self::DependencyAnalysis => "dependency-analysis",
            Self::NoCodeExecution => "no-code-execution",
            Self::NoDataCollection => "no-data-collection",
            Self::RolesGuide => "roles-guide",
            Self::RolesReview => "roles-review",
            Self::LibraryTagging => "library-tagging",
            Self::ConsumerStatusCheck => "consumer-status-check",
            Self::CredentialLeakPrevention => "credential-leak-prevention",
            Self::IntegrityVerification => "integrity-verification",
        }
    }

    /// The control with this id, compared exactly.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|control| control.id() == id)
    }

    /// Position in [`Control::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The lowest tier that needs this control, if any does. A higher tier needs it too.
    #[must_use]
    pub const fn needed_from(self) -> Option<Tier> {
        match self.index() {
            0..=5 => Some(Tier::BASIC),
            6..=12 => Some(Tier::SECURE),
            _ => None,
        }
    }
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// How far a registry has a control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// For every package.
    Enforced,
    /// For packages whose owners choose it.
    Optional,
    /// For some packages, or in part.
    Partial,
    /// Not at all.
    Absent,
    /// Nothing public says.
    #[default]
    Unknown,
    /// The risk that the control answers cannot occur there.
    NotApplicable,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Enforced, Self::Optional, Self::Partial, Self::Absent, Self::Unknown, Self::NotApplicable];

    /// The status that a word names, compared exactly.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.id() == id)
    }

    /// The word used in records and reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::Optional => "optional",
            Self::Partial => "partial",
            Self::Absent => "absent",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not-applicable",
        }
    }

    /// Whether it counts in every reading.
    #[must_use]
    pub const fn is_guaranteed(self) -> bool {
        matches!(self, Self::Enforced | Self::NotApplicable)
    }

    /// Whether it counts only where what a registry makes possible counts.
    #[must_use]
    pub const fn is_offered(self) -> bool {
        matches!(self, Self::Optional | Self::Partial)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// 1 untrusted, 2 basic controls, 3 very secure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tier(pub u8);

impl Tier {
    /// Consider it untrusted.
    pub const UNTRUSTED: Self = Self(1);
    /// Basic controls are in place: the first six.
    pub const BASIC: Self = Self(2);
    /// Very secure: the first thirteen.
    pub const SECURE: Self = Self(3);

    /// The controls that this tier needs, in the order of the matrix.
    pub fn needs(self) -> impl Iterator<Item = Control> + Clone {
        Control::ALL.into_iter().filter(move |control| control.needed_from().is_some_and(|tier| tier <= self))
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
