//! What `packman doctor` plants: one bad entry of each kind, as a change would bring it in.
//!
//! Answers for: files that are bad in exactly one way each. Never judges them.

use crate::catalogue;
use crate::ecosystem::Ecosystem;

/// Below this folder everything is planted; no repository has it.
pub(super) const FOLDER: &str = "packman-doctor";

/// One bad thing.
#[derive(Clone)]
pub(super) struct Plant {
    /// Its folder's name, below [`FOLDER`].
    pub(super) id: &'static str,
    /// What it is, for people.
    pub(super) what: &'static str,
    /// The rule that has to find it.
    pub(super) rule: &'static str,
    /// The key of its level, where that is not the rule's.
    pub(super) level: &'static str,
    /// What a gate is for: if this gets by, the gate is off.
    pub(super) is_vital: bool,
    /// The files that the change brings: name and content.
    pub(super) head: Vec<(&'static str, String)>,
    /// The files that were there before.
    pub(super) base: Vec<(&'static str, String)>,
}

/// All of them, in the order in which they are told.
pub(super) fn plants() -> Vec<Plant> {
    [by_themselves(), by_a_change()].concat()
}

/// What is bad wherever it stands.
fn by_themselves() -> Vec<Plant> {
    let unknown = tarball("https", "packages.example.invalid", "planted-unknown");
    let other = good("another-package");
    let plain = tarball("http", npm(), "planted-insecure");
    let unreadable = "{\n<<<<<<< ours\n  \"lockfileVersion\": 3\n=======\n  \"lockfileVersion\": 2\n>>>>>>> theirs\n}\n";
    let unrated = catalogue::all().map(catalogue::RegistryId::row).find_map(|row| {
        let is_plain = |host: &&&str| !host.contains('*');
        (!row.rated && row.ecosystems.contains(&Ecosystem::Docker)).then(|| row.hosts.iter().find(is_plain))?
    });
    let image = format!("FROM {}/planted/image@sha256:{}\n", unrated.copied().unwrap_or_default(), "0".repeat(64));
    vec![
        Plant {
            is_vital: true,
            ..new(
                "unknown-registry",
                "a package from a host that nothing explains",
                "unknown-registry",
                lock("planted-unknown", Entry::at(&unknown)),
            )
        },
        Plant {
            is_vital: true,
            ..new(
                "lockfile-unreadable",
                "a lockfile that cannot be read",
                "lockfile-unreadable",
                vec![("package-lock.json", unreadable.to_owned())],
            )
        },
        new(
            "registry-mismatch",
            "a package whose entry fetches another package",
            "registry-mismatch",
            lock("planted-injection", Entry::at(&other)),
        ),
        new(
            "origin-not-allowed",
            "a package from a stranger's git repository",
            "origin-not-allowed",
            lock(
                "planted-git",
                Entry {
                    integrity: false,
                    ..Entry::at("git+https://git.example.invalid/a/b.git#0123456789012345678901234567890123456789")
                },
            ),
        ),
        new(
            "insecure-origin",
            "a package fetched without encryption",
            "insecure-origin",
            lock("planted-insecure", Entry::at(&plain)),
        ),
        new(
            "integrity-missing",
            "a package without a hash",
            "integrity-missing",
            lock("planted-hashless", Entry { integrity: false, ..Entry::at(&good("planted-hashless")) }),
        ),
        new(
            "runs-code-on-install",
            "a package that runs code when it is installed",
            "runs-code-on-install",
            lock("planted-script", Entry { runs_code: true, ..Entry::at(&good("planted-script")) }),
        ),
        Plant {
            level: "unpinned-reference",
            ..new(
                "unpinned-origin",
                "an image named by a tag, which moves",
                "unpinned-origin",
                vec![("Dockerfile", "FROM planted:1\n".to_owned())],
            )
        },
        new(
            "tier-below-minimum",
            "an image from a registry that nobody has rated (tier 1)",
            "tier-below-minimum",
            vec![("Dockerfile", image)],
        ),
        new("lockfile-missing", "a manifest without its lockfile", "lockfile-missing", vec![manifest("planted-unlocked")]),
    ]
}

/// What is bad because of what was there before.
fn by_a_change() -> Vec<Plant> {
    let (kept, lowered) = (good("planted-lost"), good("planted-lowered"));
    vec![
        Plant {
            base: vec![manifest("planted-lost"), ("package-lock.json", package_lock("planted-lost", &Entry::at(&kept)))],
            ..new(
                "coverage-lost",
                "a change that deletes a lockfile and keeps its manifest",
                "coverage-lost",
                vec![manifest("planted-lost")],
            )
        },
        Plant {
            base: lock("planted-lowered", Entry::at(&lowered)),
            ..new(
                "protection-lowered",
                "a change that drops a package's hash",
                "protection-lowered",
                lock("planted-lowered", Entry { integrity: false, ..Entry::at(&lowered) }),
            )
        },
    ]
}

fn new(id: &'static str, what: &'static str, rule: &'static str, head: Vec<(&'static str, String)>) -> Plant {
    Plant { id, what, rule, level: rule, is_vital: false, head, base: Vec::new() }
}

/// The host of npm's own registry.
fn npm() -> &'static str {
    catalogue::find("npm").and_then(|id| id.row().hosts.first().copied()).unwrap_or_default()
}

fn tarball(scheme: &str, host: &str, name: &str) -> String {
    format!("{scheme}://{host}/{name}/-/{name}-1.0.0.tgz")
}

/// Where a package should come from.
fn good(name: &str) -> String {
    tarball("https", npm(), name)
}

fn lock(name: &str, entry: Entry<'_>) -> Vec<(&'static str, String)> {
    vec![("package-lock.json", package_lock(name, &entry))]
}

fn manifest(name: &str) -> (&'static str, String) {
    let text = format!("{{ \"name\": \"case\", \"version\": \"1.0.0\", \"dependencies\": {{ \"{name}\": \"1.0.0\" }} }}\n");
    ("package.json", text)
}

/// One entry of npm's lockfile.
#[derive(Clone, Copy)]
struct Entry<'a> {
    resolved: &'a str,
    integrity: bool,
    runs_code: bool,
}

impl<'a> Entry<'a> {
    fn at(resolved: &'a str) -> Self {
        Self { resolved, integrity: true, runs_code: false }
    }
}

fn package_lock(name: &str, entry: &Entry<'_>) -> String {
    let hash = format!("sha512-{}==", "A".repeat(86));
    let integrity = if entry.integrity { format!(",\n      \"integrity\": \"{hash}\"") } else { String::new() };
    let script = if entry.runs_code { ",\n      \"hasInstallScript\": true" } else { "" };
    format!(
        "{{\n  \"name\": \"case\",\n  \"version\": \"1.0.0\",\n  \"lockfileVersion\": 3,\n  \"packages\": {{\n    \"\": {{ \"name\": \
         \"case\", \"version\": \"1.0.0\", \"dependencies\": {{ \"{name}\": \"1.0.0\" }} }},\n    \"node_modules/{name}\": {{\n      \
         \"version\": \"1.0.0\",\n      \"resolved\": \"{}\"{integrity}{script}\n    }}\n  }}\n}}\n",
        entry.resolved
    )
}
