//! Where packages come from, in every ecosystem: assigned names, declared registries and defaults hold everywhere, and addresses of other
//! packages are found wherever a lock records addresses.

use packman::ecosystem::Ecosystem;
use packman::tree::MapTree;
use serde_json::Value;

use crate::gate::{STRICT, report};
use crate::golden::{collect, fixtures};

/// Files by path and content.
type Files = &'static [(&'static str, &'static str)];

/// One ecosystem's tiny repository that locks one package of our own.
struct Confusion {
    ecosystem: Ecosystem,
    /// The package, as reports write its name.
    package: &'static str,
    /// Below which our own registry serves.
    url: &'static str,
    /// The lock takes it from the public registry.
    public: Files,
    /// The lock takes it from our own; empty where no file of this ecosystem can say so, and only `default-registry` does.
    own: Files,
    /// No file says where from; empty where locks always do.
    silent: Files,
}

static CONFUSIONS: &[Confusion] = &[
    Confusion {
        ecosystem: Ecosystem::Npm,
        package: "@acme/x",
        url: "https://npm.acme.example/",
        public: &[("package-lock.json", NPM_PUBLIC)],
        own: &[("package-lock.json", NPM_OWN)],
        silent: &[("package-lock.json", NPM_SILENT)],
    },
    Confusion {
        ecosystem: Ecosystem::PyPi,
        package: "acme-x",
        url: "https://pypi.acme.example/",
        public: &[("uv.lock", UV_PUBLIC)],
        own: &[("uv.lock", UV_OWN)],
        silent: &[("requirements.txt", "acme-x==1.0\n")],
    },
    Confusion {
        ecosystem: Ecosystem::Cargo,
        package: "acme-x",
        url: "sparse+https://crates.acme.example/index/",
        public: &[("Cargo.lock", CARGO_PUBLIC)],
        own: &[("Cargo.lock", CARGO_OWN)],
        silent: &[("Cargo.toml", "[package]\nname = \"a\"\nversion = \"1.0.0\"\n[dependencies]\nacme-x = \"1\"\n")],
    },
    Confusion {
        ecosystem: Ecosystem::Gem,
        package: "acme-x",
        url: "https://gems.acme.example/",
        public: &[(
            "Gemfile.lock",
            "GEM\n  remote: https://rubygems.org/\n  specs:\n    acme-x (1.0)\n\nDEPENDENCIES\n  acme-x\n",
        )],
        own: &[(
            "Gemfile.lock",
            "GEM\n  remote: https://gems.acme.example/\n  specs:\n    acme-x (1.0)\n\nDEPENDENCIES\n  acme-x\n",
        )],
        silent: &[],
    },
    Confusion {
        ecosystem: Ecosystem::Maven,
        package: "com.acme:x",
        url: "https://maven.acme.example/releases/",
        public: &[("gradle.lockfile", GRADLE), ("build.gradle", "repositories { mavenCentral() }\n")],
        own: &[
            ("gradle.lockfile", GRADLE),
            ("build.gradle", "repositories { maven { url 'https://maven.acme.example/releases/' } }\n"),
        ],
        silent: &[("pom.xml", POM)],
    },
    Confusion {
        ecosystem: Ecosystem::NuGet,
        package: "Acme.X",
        url: "https://nuget.acme.example/v3/",
        public: &[("packages.lock.json", NUGET)],
        own: &[("packages.lock.json", NUGET), ("nuget.config", NUGET_CONFIG)],
        silent: &[("packages.lock.json", NUGET)],
    },
    Confusion {
        ecosystem: Ecosystem::Golang,
        package: "acme.example/x",
        url: "https://go.acme.example/",
        public: &[("go.mod", "module a\n\nrequire acme.example/x v1.0.0\n")],
        own: &[],
        silent: &[("go.mod", "module a\n\nrequire acme.example/x v1.0.0\n")],
    },
    Confusion {
        ecosystem: Ecosystem::Docker,
        package: "acme/x",
        url: "https://images.acme.example/",
        public: &[("Dockerfile", "FROM acme/x:1\n")],
        own: &[("Dockerfile", "FROM images.acme.example/acme/x:1\n")],
        silent: &[("Dockerfile", "FROM acme/x:1\n")],
    },
    Confusion {
        ecosystem: Ecosystem::GitHubActions,
        package: "acme/x",
        url: "https://git.acme.example/",
        public: &[(".github/workflows/a.yml", WORKFLOW)],
        own: &[],
        silent: &[(".github/workflows/a.yml", WORKFLOW)],
    },
    Confusion {
        ecosystem: Ecosystem::Composer,
        package: "acme/x",
        url: "https://php.acme.example/",
        public: &[("composer.lock", COMPOSER_PUBLIC)],
        own: &[("composer.lock", COMPOSER_OWN)],
        silent: &[],
    },
    Confusion {
        ecosystem: Ecosystem::Conda,
        package: "acme-x",
        url: "https://conda.acme.example/main/",
        public: &[("conda-linux-64.lock", "@EXPLICIT\nhttps://conda.anaconda.org/conda-forge/noarch/acme-x-1.0-0.conda#00\n")],
        own: &[("conda-linux-64.lock", "@EXPLICIT\nhttps://conda.acme.example/main/noarch/acme-x-1.0-0.conda#00\n")],
        silent: &[],
    },
];

const NPM_PUBLIC: &str = r#"{ "lockfileVersion": 3, "packages": { "": {},
  "node_modules/@acme/x": { "version": "1.0.0", "resolved": "https://registry.npmjs.org/@acme/x/-/x-1.0.0.tgz" } } }"#;
pub(crate) const NPM_OWN: &str = r#"{ "lockfileVersion": 3, "packages": { "": {},
  "node_modules/@acme/x": { "version": "1.0.0", "resolved": "https://npm.acme.example/@acme/x/-/x-1.0.0.tgz" } } }"#;
const NPM_SILENT: &str = r#"{ "lockfileVersion": 3, "packages": { "": {}, "node_modules/@acme/x": { "version": "1.0.0" } } }"#;
const UV_PUBLIC: &str = r#"version = 1
[[package]]
name = "acme-x"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://files.pythonhosted.org/packages/aa/acme_x-1.0.tar.gz", hash = "sha256:00" }
"#;
pub(crate) const UV_OWN: &str = r#"version = 1
[[package]]
name = "acme-x"
version = "1.0"
source = { registry = "https://pypi.acme.example/simple" }
sdist = { url = "https://pypi.acme.example/packages/aa/acme_x-1.0.tar.gz", hash = "sha256:00" }
"#;
const CARGO_PUBLIC: &str = r#"version = 4
[[package]]
name = "acme-x"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
"#;
pub(crate) const CARGO_OWN: &str = r#"version = 4
[[package]]
name = "acme-x"
version = "1.0.0"
source = "sparse+https://crates.acme.example/index/"
"#;
pub(crate) const GRADLE: &str = "com.acme:x:1.0=runtimeClasspath\nempty=\n";
const POM: &str = "<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>b</artifactId><version>1</version>
<dependencies><dependency><groupId>com.acme</groupId><artifactId>x</artifactId><version>1.0</version></dependency></dependencies>
</project>";
pub(crate) const NUGET: &str =
    r#"{ "version": 1, "dependencies": { "net9.0": { "Acme.X": { "type": "Direct", "resolved": "1.0.0" } } } }"#;
pub(crate) const NUGET_CONFIG: &str = r#"<configuration><packageSources><clear />
  <add key="acme" value="https://nuget.acme.example/v3/index.json" /></packageSources></configuration>"#;
const WORKFLOW: &str = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: acme/x@v1\n";
const COMPOSER_PUBLIC: &str = r#"{ "packages": [ { "name": "acme/x", "version": "1.0.0",
  "dist": { "type": "zip", "url": "https://api.github.com/repos/acme/x/zipball/00" },
  "notification-url": "https://packagist.org/downloads/" } ] }"#;
pub(crate) const COMPOSER_OWN: &str = r#"{ "packages": [ { "name": "acme/x", "version": "1.0.0",
  "dist": { "type": "zip", "url": "https://php.acme.example/dists/00.zip" },
  "notification-url": "https://php.acme.example/downloads/" } ] }"#;

fn tree(files: Files) -> MapTree {
    let mut tree = MapTree::default();
    tree.0.extend(files.iter().map(|(path, content)| ((*path).to_owned(), content.as_bytes().to_vec())));
    tree
}

impl Confusion {
    fn declaration(&self) -> String {
        format!("{STRICT}[registries.acme]\necosystem = \"{}\"\nurls = [\"{}\"]\n", self.ecosystem.id(), self.url)
    }

    fn assignment(&self) -> String {
        format!("[packages]\nassign = {{ \"pkg:{}/{}\" = \"acme\" }}\n", self.ecosystem.id(), self.package.replace(':', "/"))
    }

    fn default(&self) -> String {
        format!("[origins]\ndefault-registry = {{ {} = \"acme\" }}\n", self.ecosystem.id())
    }
}

/// Whether the package was found to come from the wrong registry, and the class and registry of its origin.
fn judged(case: &Confusion, files: Files, policy: &str) -> (bool, String) {
    let report = report(&tree(files), policy);
    let found = report["findings"].as_array().unwrap().iter().any(|finding| finding["rule"] == "registry-mismatch");
    let of_name = |dependency: &&Value| dependency["name"] == case.package;
    let all = report["dependencies"].as_array().unwrap();
    let dependency = all.iter().find(of_name).unwrap_or_else(|| panic!("{}: {all:?}", case.ecosystem.id()));
    let origin = &dependency["origin"];
    (found, format!("{} {}", origin["class"].as_str().unwrap(), origin["registry"].as_str().unwrap_or("-")))
}

#[test]
fn assigned_names_hold_in_every_ecosystem() {
    for case in CONFUSIONS {
        let id = case.ecosystem.id();
        let policy = format!("{}{}", case.declaration(), case.assignment());
        let (is_found, origin) = judged(case, case.public, &policy);
        assert!(is_found, "{id}: taken from {origin}, and nobody says so");
        if !case.own.is_empty() {
            let (is_found, origin) = judged(case, case.own, &policy);
            assert_eq!((is_found, origin.as_str()), (false, "declared acme"), "{id}");
        }
    }
}

#[test]
fn declared_defaults_hold_in_every_ecosystem() {
    for case in CONFUSIONS.iter().filter(|case| !case.silent.is_empty()) {
        let policy = format!("{}{}{}", case.default(), case.declaration().replace(STRICT, ""), case.assignment());
        let (is_found, origin) = judged(case, case.silent, &format!("{STRICT}{policy}"));
        assert_eq!((is_found, origin.as_str()), (false, "declared acme"), "{}", case.ecosystem.id());
    }
}

#[test]
fn addresses_of_other_packages_are_found_wherever_they_are_recorded() {
    let root = fixtures().join("check/the-address-of-another-package/head");
    let mut tree = MapTree::default();
    collect(&root, &root, &mut tree.0);
    let report = report(&tree, STRICT);
    let findings = report["findings"].as_array().unwrap();
    let mut found: Vec<&str> = findings
        .iter()
        .filter(|finding| finding["rule"] == "registry-mismatch")
        .map(|finding| finding["purl"].as_str().unwrap())
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "pkg:composer/monolog/monolog@3.5.0",
            "pkg:conda/numpy@1.26.4",
            "pkg:maven/com.google.guava/guava@33.4.8-jre",
            "pkg:npm/ms@2.1.3",
            "pkg:npm/once@1.4.0",
            "pkg:pypi/certifi@2024.2.2",
            "pkg:pypi/jinja2@3.1.4",
            "pkg:pypi/requests@2.32.0",
            "pkg:pypi/urllib3@2.2.1",
        ]
    );
}

/// An archive is known by its path from the root, however its lockfile writes it, and wherever that lies.
#[test]
fn archives_are_allowed_by_their_path_from_the_root() {
    let lock = |written: &str| {
        let hash = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
        format!(
            "{{ \"lockfileVersion\": 3, \"packages\": {{ \"\": {{ \"dependencies\": {{ \"x\": \"{written}\" }} }}, \"node_modules/x\": \
             {{ \"version\": \"1.0.0\", \"resolved\": \"{written}\", \"integrity\": \"{hash}\" }} }} }}"
        )
    };
    let findings = |written: &str, pattern: &str| {
        let tree = MapTree::of(&[
            ("web/package-lock.json", &lock(written)),
            ("web/vendor/x.tgz", ""),
            ("vendor/x.tgz", ""),
            ("packman.toml", ""),
        ]);
        let report = report(&tree, &format!("extends = [\"observe\"]\n[origins]\nallow-archive = [\"{pattern}\"]\n"));
        let all = report["findings"].as_array().unwrap().clone();
        all.into_iter().filter(|finding| finding["rule"] == "origin-not-allowed").collect::<Vec<Value>>()
    };
    for written in ["file:vendor/x.tgz", "file:./vendor/x.tgz", "file:../web/vendor/x.tgz"] {
        assert!(findings(written, "web/vendor/**").is_empty(), "{written}");
        let denied = findings(written, "vendor/**");
        assert_eq!(denied.len(), 1, "{written}");
        assert!(denied[0]["hint"].as_str().unwrap().contains("allow-archive = [\"web/vendor/x.tgz\"]"), "{denied:?}");
    }
    assert!(findings("file:../vendor/x.tgz", "vendor/**").is_empty());
    assert_eq!(findings("file:../vendor/x.tgz", "web/**").len(), 1);
}
