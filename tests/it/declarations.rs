//! Declarations that hints hand out: each is pasted into a policy, loads, and settles its finding.

use packman::ecosystem::Ecosystem;
use packman::tree::MapTree;
use serde_json::Value;

use crate::gate::{STRICT, report};
use crate::origins::{CARGO_OWN, COMPOSER_OWN, GRADLE, NPM_OWN, NUGET, NUGET_CONFIG, UV_OWN};

/// A registry of one's own, by an address that a lock or a client's configuration has.
struct Private {
    ecosystem: Ecosystem,
    /// The address of a file, or of the registry where files are not recorded.
    address: &'static str,
    /// Where a declaration should cut it.
    url: &'static str,
    /// Whether its name says that it mirrors the public one.
    is_mirror: bool,
}

const fn private(ecosystem: Ecosystem, address: &'static str, url: &'static str) -> Private {
    Private { ecosystem, address, url, is_mirror: false }
}

const fn mirror(ecosystem: Ecosystem, address: &'static str, url: &'static str) -> Private {
    Private { ecosystem, address, url, is_mirror: true }
}

static PRIVATE: &[Private] = &[
    // Artifactory
    mirror(
        Ecosystem::Npm,
        "https://acme.jfrog.io/artifactory/api/npm/npm-virtual/@acme/x/-/@acme/x-1.0.0.tgz",
        "https://acme.jfrog.io/artifactory/api/npm/npm-virtual/",
    ),
    private(
        Ecosystem::PyPi,
        "https://repo.acme.example/artifactory/api/pypi/pypi-local/acme-x/1.0/acme_x-1.0-py3-none-any.whl",
        "https://repo.acme.example/artifactory/api/pypi/pypi-local/",
    ),
    mirror(
        Ecosystem::Maven,
        "https://acme.jfrog.io/artifactory/libs-virtual/",
        "https://acme.jfrog.io/artifactory/libs-virtual/",
    ),
    private(
        Ecosystem::NuGet,
        "https://acme.jfrog.io/artifactory/api/nuget/v3/nuget-all/index.json",
        "https://acme.jfrog.io/artifactory/api/nuget/v3/nuget-all/",
    ),
    mirror(
        Ecosystem::Cargo,
        "sparse+https://acme.jfrog.io/artifactory/api/cargo/crates-remote/index/",
        "https://acme.jfrog.io/artifactory/api/cargo/crates-remote/",
    ),
    private(
        Ecosystem::Gem,
        "https://acme.jfrog.io/artifactory/api/gems/gems-local/",
        "https://acme.jfrog.io/artifactory/api/gems/gems-local/",
    ),
    mirror(Ecosystem::Docker, "acme.jfrog.io/docker-virtual/acme/x", "https://acme.jfrog.io/docker-virtual/"),
    private(
        Ecosystem::Conda,
        "https://acme.jfrog.io/artifactory/api/conda/conda-remote/noarch/acme-x-1.0-0.conda",
        "https://acme.jfrog.io/artifactory/api/conda/conda-remote/",
    ),
    // Nexus
    mirror(
        Ecosystem::Npm,
        "https://nexus.acme.example/repository/npm-group/@acme/x/-/x-1.0.0.tgz",
        "https://nexus.acme.example/repository/npm-group/",
    ),
    mirror(
        Ecosystem::PyPi,
        "https://nexus.acme.example:8443/repository/pypi-proxy/packages/acme-x/1.0/acme_x-1.0.tar.gz",
        "https://nexus.acme.example:8443/repository/pypi-proxy/",
    ),
    private(
        Ecosystem::Maven,
        "https://nexus.acme.example/nexus/content/repositories/releases/",
        "https://nexus.acme.example/nexus/content/repositories/releases/",
    ),
    private(
        Ecosystem::NuGet,
        "https://nexus.acme.example/repository/nuget-hosted/index.json",
        "https://nexus.acme.example/repository/nuget-hosted/",
    ),
    private(
        Ecosystem::Conda,
        "https://nexus.acme.example/repository/conda/main/noarch/acme-x-1.0-0.conda",
        "https://nexus.acme.example/repository/conda/",
    ),
    // GitHub Packages
    private(
        Ecosystem::Npm,
        "https://npm.pkg.github.com/download/@acme/x/1.0.0/0123abcd",
        "https://npm.pkg.github.com/download/@acme/",
    ),
    private(Ecosystem::Maven, "https://maven.pkg.github.com/acme/x", "https://maven.pkg.github.com/acme/x/"),
    private(Ecosystem::NuGet, "https://nuget.pkg.github.com/acme/index.json", "https://nuget.pkg.github.com/acme/"),
    private(Ecosystem::Gem, "https://rubygems.pkg.github.com/acme/", "https://rubygems.pkg.github.com/acme/"),
    // GitLab
    private(
        Ecosystem::Npm,
        "https://gitlab.acme.example/api/v4/projects/7/packages/npm/@acme/x/-/@acme/x-1.0.0.tgz",
        "https://gitlab.acme.example/api/v4/projects/7/packages/npm/",
    ),
    private(
        Ecosystem::PyPi,
        "https://gitlab.com/api/v4/projects/7/packages/pypi/files/00/acme_x-1.0.tar.gz",
        "https://gitlab.com/api/v4/projects/7/packages/pypi/",
    ),
    private(
        Ecosystem::Maven,
        "https://gitlab.com/api/v4/groups/9/-/packages/maven",
        "https://gitlab.com/api/v4/groups/9/-/packages/maven/",
    ),
    private(
        Ecosystem::Composer,
        "https://gitlab.acme.example/api/v4/group/9/-/packages/composer/downloads",
        "https://gitlab.acme.example/api/v4/group/9/-/packages/composer/",
    ),
    private(Ecosystem::Docker, "registry.gitlab.com/acme/tools/x", "https://registry.gitlab.com/acme/"),
    // Azure Artifacts
    private(
        Ecosystem::Npm,
        "https://pkgs.dev.azure.com/acme/shop/_packaging/feed/npm/registry/@acme/x/-/x-1.0.0.tgz",
        "https://pkgs.dev.azure.com/acme/shop/_packaging/feed/npm/registry/",
    ),
    private(
        Ecosystem::PyPi,
        "https://pkgs.dev.azure.com/acme/_packaging/feed/pypi/download/acme-x/1/acme_x-1.0.tar.gz",
        "https://pkgs.dev.azure.com/acme/_packaging/feed/pypi/",
    ),
    private(
        Ecosystem::NuGet,
        "https://acme.pkgs.visualstudio.com/shop/_packaging/feed/nuget/v3/index.json",
        "https://acme.pkgs.visualstudio.com/shop/_packaging/feed/nuget/",
    ),
    private(
        Ecosystem::Maven,
        "https://pkgs.dev.azure.com/acme/shop/_packaging/feed/maven/v1",
        "https://pkgs.dev.azure.com/acme/shop/_packaging/feed/maven/",
    ),
    // AWS CodeArtifact
    private(
        Ecosystem::Npm,
        "https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/npm/shop/@acme/x/-/x-1.0.0.tgz",
        "https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/npm/shop/",
    ),
    private(
        Ecosystem::Maven,
        "https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/maven/shop/",
        "https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/maven/shop/",
    ),
    private(
        Ecosystem::Cargo,
        "sparse+https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/cargo/shop/",
        "https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/cargo/shop/",
    ),
    // Google Artifact Registry
    mirror(
        Ecosystem::Npm,
        "https://europe-west4-npm.pkg.dev/acme-prod/npm-virtual/@acme/x/-/@acme/x-1.0.0.tgz",
        "https://europe-west4-npm.pkg.dev/acme-prod/npm-virtual/",
    ),
    private(
        Ecosystem::PyPi,
        "https://europe-west4-python.pkg.dev/acme-prod/ours/acme-x/acme_x-1.0-py3-none-any.whl",
        "https://europe-west4-python.pkg.dev/acme-prod/ours/",
    ),
    private(Ecosystem::Docker, "europe-docker.pkg.dev/acme-prod/images/x", "https://europe-docker.pkg.dev/acme-prod/images/"),
    // Cloudsmith
    private(Ecosystem::Npm, "https://npm.cloudsmith.io/acme/shop/@acme/x/-/x-1.0.0.tgz", "https://npm.cloudsmith.io/acme/shop/"),
    private(
        Ecosystem::PyPi,
        "https://dl.cloudsmith.io/basic/acme/shop/python/acme_x-1.0.tar.gz",
        "https://dl.cloudsmith.io/basic/acme/shop/python/",
    ),
    private(Ecosystem::Docker, "docker.cloudsmith.io/acme/shop/x", "https://docker.cloudsmith.io/acme/shop/"),
    // Gitea, devpi, Verdaccio, clouds' image registries
    private(
        Ecosystem::Npm,
        "https://git.acme.example/api/packages/shop/npm/@acme/x/-/1.0.0/x-1.0.0.tgz",
        "https://git.acme.example/api/packages/shop/npm/",
    ),
    private(
        Ecosystem::Cargo,
        "sparse+https://git.acme.example/api/packages/shop/cargo/",
        "https://git.acme.example/api/packages/shop/cargo/",
    ),
    private(
        Ecosystem::PyPi,
        "https://devpi.acme.example/acme/prod/+f/00/11/acme_x-1.0.tar.gz",
        "https://devpi.acme.example/acme/prod/",
    ),
    private(Ecosystem::Npm, "https://verdaccio.acme.example/@acme/x/-/x-1.0.0.tgz", "https://verdaccio.acme.example/"),
    private(
        Ecosystem::Docker,
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x",
        "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",
    ),
    private(Ecosystem::Docker, "acme.azurecr.io/team/x", "https://acme.azurecr.io/"),
    // No known layout: ports, numbers, plain http, indexes of crates, gems and channels below a path.
    private(Ecosystem::Docker, "registry.acme.example:5000/x", "https://registry.acme.example:5000/"),
    private(Ecosystem::Docker, "localhost:5000/x", "https://localhost:5000/"),
    private(Ecosystem::Docker, "10.0.0.5:5000/team/x", "https://10.0.0.5:5000/"),
    private(Ecosystem::Npm, "http://10.0.0.5:4873/@acme/x/-/x-1.0.0.tgz", "http://10.0.0.5:4873/"),
    private(Ecosystem::Npm, "https://[2001:db8::1]/@acme/x/-/x-1.0.0.tgz", "https://[2001:db8::1]/"),
    private(Ecosystem::Cargo, "registry+https://code.acme.example/crates/index", "https://code.acme.example/crates/index/"),
    private(Ecosystem::Cargo, "sparse+https://crates.acme.example/api/v1/", "https://crates.acme.example/api/v1/"),
    private(Ecosystem::Gem, "https://gems.acme.example/private/", "https://gems.acme.example/private/"),
    private(Ecosystem::Conda, "https://conda.acme.example/main/noarch/acme-x-1.0-0.conda", "https://conda.acme.example/main/"),
    private(Ecosystem::Composer, "https://php.acme.example/downloads/", "https://php.acme.example/"),
    private(Ecosystem::NuGet, "https://nuget.acme.example/v3/index.json", "https://nuget.acme.example/v3/"),
];

/// Hosts of services that keep registries for others.
const SERVICES: [&str; 9] = [
    "amazonaws.com/",
    "azurecr.io/",
    "cloudsmith.io/",
    "gitlab.com/",
    "jfrog.io/",
    "pkg.dev/",
    "pkg.github.com/",
    "pkgs.dev.azure.com/",
    "pkgs.visualstudio.com/",
];

/// A repository that takes one package from an address.
fn repository(private: &Private) -> MapTree {
    let at = private.address;
    let (path, content) = match private.ecosystem {
        Ecosystem::Npm => ("package-lock.json", NPM_OWN.replace("https://npm.acme.example/@acme/x/-/x-1.0.0.tgz", at)),
        Ecosystem::PyPi => ("uv.lock", UV_OWN.replace("https://pypi.acme.example/packages/aa/acme_x-1.0.tar.gz", at)),
        Ecosystem::Cargo => ("Cargo.lock", CARGO_OWN.replace("sparse+https://crates.acme.example/index/", at)),
        Ecosystem::Gem => {
            ("Gemfile.lock", format!("GEM\n  remote: {at}\n  specs:\n    acme-x (1.0)\n\nDEPENDENCIES\n  acme-x\n"))
        }
        Ecosystem::Maven => ("gradle.lockfile", GRADLE.to_owned()),
        Ecosystem::NuGet => ("packages.lock.json", NUGET.to_owned()),
        Ecosystem::Docker => ("Dockerfile", format!("FROM {at}:1\n")),
        Ecosystem::Composer => ("composer.lock", COMPOSER_OWN.replace("https://php.acme.example/downloads/", at)),
        Ecosystem::Conda => ("conda-linux-64.lock", format!("@EXPLICIT\n{at}#00\n")),
        other => panic!("{other:?} records no address"),
    };
    let mut tree = MapTree::default();
    tree.0.insert(path.to_owned(), content.into_bytes());
    let beside = match private.ecosystem {
        Ecosystem::Maven => Some(("build.gradle", format!("repositories {{ maven {{ url '{at}' }} }}\n"))),
        Ecosystem::NuGet => Some(("nuget.config", NUGET_CONFIG.replace("https://nuget.acme.example/v3/index.json", at))),
        _ => None,
    };
    tree.0.extend(beside.map(|(path, content)| (path.to_owned(), content.into_bytes())));
    tree
}

/// What is found about where a package comes from.
fn of_origin(report: &Value) -> Vec<&Value> {
    let is_of_origin = |finding: &&Value| finding["rule"] == "unknown-registry" || finding["rule"] == "registry-unrated";
    report["findings"].as_array().unwrap().iter().filter(is_of_origin).collect()
}

#[test]
fn a_hint_that_is_pasted_settles_its_finding() {
    for private in PRIVATE {
        let (id, address) = (private.ecosystem.id(), private.address);
        let tree = repository(private);
        let before = report(&tree, STRICT);
        let found = of_origin(&before);
        assert!(!found.is_empty(), "{id} {address}: {before:#}");
        // A service's own hosts are known, whosever content they have; what people run themselves is not.
        let is_known = SERVICES.iter().any(|service| address.contains(service));
        assert_eq!(found[0]["rule"], if is_known { "registry-unrated" } else { "unknown-registry" }, "{id} {address}");
        let hint = found[0]["hint"].as_str().unwrap();
        let pasted: String = hint.lines().filter_map(|line| line.strip_prefix("    ")).flat_map(|line| [line, "\n"]).collect();
        assert!(pasted.contains(&format!("urls = [\"{}\"]\n", private.url)), "{id} {address}: {hint}");
        assert_eq!(pasted.contains("\nmirror-of = "), private.is_mirror, "{id} {address}: {hint}");
        let after = report(&tree, &format!("{STRICT}{pasted}"));
        assert!(of_origin(&after).is_empty(), "{id} {address}: {pasted}{:#}", after["findings"]);
        let class = &after["dependencies"][0]["origin"]["class"];
        assert_eq!(class, "declared", "{id} {address}: {pasted}");
        // The comments hold too.
        let chosen = report(&tree, &format!("{STRICT}{}", pasted.replace("# mirror-of", "mirror-of").replace("# own", "own")));
        assert!(of_origin(&chosen).is_empty(), "{id} {address}: {pasted}");
    }
}

#[test]
fn addresses_that_cannot_be_declared_are_not_handed_out() {
    for address in [
        "https://dl.cloudsmith.io/0123secret/acme/shop/npm/@acme/x/-/x-1.0.0.tgz",
        "https://user:secret@npm.acme.example/@acme/x/-/x-1.0.0.tgz",
        "ftp://npm.acme.example/@acme/x/-/x-1.0.0.tgz",
        "https://npm.acme.example\\@evil.example/@acme/x/-/x-1.0.0.tgz",
    ] {
        let private = Private { ecosystem: Ecosystem::Npm, address, url: "", is_mirror: false };
        let report = report(&repository(&private), STRICT);
        for finding in of_origin(&report) {
            let hint = finding["hint"].as_str().unwrap();
            assert!(!hint.contains("secret") && !hint.contains("ftp://") && !hint.contains('\\'), "{address}: {hint}");
        }
    }
}
