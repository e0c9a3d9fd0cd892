//! Ecosystems: the types of package URLs that packman reads.

/// One ecosystem. An image is `docker` whichever registry serves it, an action `githubactions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Ecosystem {
    /// JavaScript packages.
    Npm,
    /// Python packages.
    PyPi,
    /// Rust crates.
    Cargo,
    /// Ruby gems.
    Gem,
    /// JVM artifacts.
    Maven,
    /// .NET packages.
    NuGet,
    /// Go modules.
    Golang,
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
    Pub,
    /// R packages.
    Cran,
    /// Haskell packages.
    Hackage,
    /// Swift packages.
    Swift,
    /// CocoaPods.
    CocoaPods,
    /// Terraform providers and modules.
    Terraform,
    /// Anything else that is fetched.
    Generic,
}

impl Ecosystem {
    /// All of them.
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
    pub fn id(self) -> &'static str {
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

    /// The ecosystem of a package URL type.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ecosystem| ecosystem.id() == id)
    }
}
