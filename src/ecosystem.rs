<<<<<<< HEAD
//! Ecosystems: the types of package URLs that packman reads.

/// One ecosystem. An image is `docker` whichever registry serves it, an action `githubactions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Ecosystem {
    /// JavaScript packages.
    Npm,
    /// Python packages.
=======
//! The ecosystems that packman knows, by their package URL types.
//!
//! Answers for: one closed list with stable ids. Never says which registry serves an ecosystem: that is the catalogue's and the
//! router's to know.

use std::fmt;

/// A package URL type. The format of a file decides it, never an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Ecosystem {
    /// JavaScript packages of npm-like registries.
    Npm,
    /// Python distributions.
>>>>>>> a76bd9a (Ecosystems, one closed list by package URL type)
    PyPi,
    /// Rust crates.
    Cargo,
    /// Ruby gems.
    Gem,
<<<<<<< HEAD
    /// JVM artifacts.
=======
    /// Artifacts of Maven repositories, whichever build tool asks.
>>>>>>> a76bd9a (Ecosystems, one closed list by package URL type)
    Maven,
    /// .NET packages.
    NuGet,
    /// Go modules.
    Golang,
<<<<<<< HEAD
    /// Container images.
    Docker,
    /// Actions and reusable workflows.
    GitHubActions,
    /// PHP packages.
    Composer,
    /// Conda packages.
    Conda,
    /// JSR packages.
    Jsr,
    /// Erlang and Elixir packages.
    Hex,
    /// Dart packages.
=======
    /// Container images of any registry.
    Docker,
    /// Actions and reusable workflows of GitHub Actions.
    GitHubActions,
    /// PHP packages.
    Composer,
    /// Conda packages of any channel.
    Conda,
    /// Packages of JSR asked for by their own names (through an npm client they are npm packages).
    Jsr,
    /// Erlang and Elixir packages.
    Hex,
    /// Dart and Flutter packages.
>>>>>>> a76bd9a (Ecosystems, one closed list by package URL type)
    Pub,
    /// R packages.
    Cran,
    /// Haskell packages.
    Hackage,
    /// Swift packages.
    Swift,
<<<<<<< HEAD
    /// CocoaPods.
    CocoaPods,
    /// Terraform providers and modules.
    Terraform,
    /// Anything else that is fetched.
=======
    /// Pods.
    CocoaPods,
    /// Providers and modules of Terraform and `OpenTofu`.
    Terraform,
    /// Anything else that has an address.
>>>>>>> a76bd9a (Ecosystems, one closed list by package URL type)
    Generic,
}

impl Ecosystem {
<<<<<<< HEAD
    /// All of them.
=======
    /// Every ecosystem, in declaration order.
>>>>>>> a76bd9a (Ecosystems, one closed list by package URL type)
    pub const ALL: [Self; 20] = [
        Self::Npm,
        Self::PyPi,
        Self::Cargo,
        Self::Gem,
        Self::Maven,
        Self::NuGet,
        Self::Golang,
        Self::Docker,
        Self::GitHubActions,
        Self::Composer,
        Self::Conda,
        Self::Jsr,
        Self::Hex,
        Self::Pub,
        Self::Cran,
        Self::Hackage,
        Self::Swift,
        Self::CocoaPods,
        Self::Terraform,
        Self::Generic,
    ];

    /// The package URL type.
    #[must_use]
<<<<<<< HEAD
    pub fn id(self) -> &'static str {
=======
    pub const fn id(self) -> &'static str {
>>>>>>> a76bd9a (Ecosystems, one closed list by package URL type)
        match self {
            Self::Npm => "npm",
            Self::PyPi => "pypi",
            Self::Cargo => "cargo",
            Self::Gem => "gem",
            Self::Maven => "maven",
            Self::NuGet => "nuget",
            Self::Golang => "golang",
            Self::Docker => "docker",
            Self::GitHubActions => "githubactions",
            Self::Composer => "composer",
            Self::Conda => "conda",
            Self::Jsr => "jsr",
            Self::Hex => "hex",
            Self::Pub => "pub",
            Self::Cran => "cran",
            Self::Hackage => "hackage",
            Self::Swift => "swift",
            Self::CocoaPods => "cocoapods",
            Self::Terraform => "terraform",
            Self::Generic => "generic",
        }
    }

<<<<<<< HEAD
    /// The ecosystem of a package URL type.
=======
    /// The ecosystem with this package URL type, compared exactly.
>>>>>>> a76bd9a (Ecosystems, one closed list by package URL type)
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ecosystem| ecosystem.id() == id)
    }
}
<<<<<<< HEAD
=======

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::Ecosystem;

    #[test]
    fn ids_read_back() {
        for (index, ecosystem) in Ecosystem::ALL.into_iter().enumerate() {
            assert_eq!(Ecosystem::from_id(ecosystem.id()), Some(ecosystem));
            assert_eq!(ecosystem as usize, index, "ALL is in declaration order");
        }
        assert_eq!(Ecosystem::from_id("NPM"), None);
    }
}
>>>>>>> a76bd9a (Ecosystems, one closed list by package URL type)
