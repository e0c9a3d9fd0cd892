//! A newcomer's way from nothing to `strict`, walked on whole repositories: the demo, and real files where `PACKMAN_CORPUS` names them.
//!
//! Every step says what it shows. What is planted is text that the repository's own files get, as a change under review would add it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use packman::cli::Exit;
use serde_json::Value;

use crate::cli::{Folder, Ran};
use crate::derived::root;

const HASH: &str = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

/// How something bad gets into a file of a repository.
struct Plant {
    path: &'static str,
    /// The line that it is put behind; empty for the end of the file.
    behind: &'static str,
    /// The lines of the dependency of this name.
    lines: fn(&str) -> String,
    /// What packman calls it.
    package: fn(&str) -> String,
}

/// A package of npm's world from a host that nobody knows, in npm's own lockfile.
const IN_PACKAGE_LOCK: Plant = Plant {
    path: "",
    behind: "  \"packages\": {",
    lines: |name| {
        format!(
            "    \"node_modules/{name}\": {{ \"version\": \"1.0.0\", \"resolved\": \"https://npm.evil.example/{name}/-/{name}-1.0.0.tgz\", \"integrity\": \"{HASH}\" }},"
        )
    },
    package: |name| format!("pkg:npm/{name}"),
};

/// The same as an address in Bun's lockfile.
const IN_BUN_LOCK: Plant = Plant {
    path: "bun.lock",
    behind: "  \"packages\": {",
    lines: |name| format!("    \"{name}\": [\"{name}@https://evil.example/{name}.tgz\", {{}}, \"{HASH}\"],"),
    package: |name| format!("pkg:npm/{name}"),
};

/// A package that pip fetches from an address.
const IN_REQUIREMENTS: Plant = Plant {
    path: "requirements/main.txt",
    behind: "",
    lines: |name| {
        let hash = "0123456789abcdef".repeat(4);
        format!("{name} @ https://evil.example/{name}-1.0.0.tar.gz --hash=sha256:{hash}")
    },
    package: |name| format!("pkg:pypi/{name}"),
};

/// A stage of an image that is built from a host that nobody knows.
const IN_DOCKERFILE: Plant = Plant {
    path: "src/frontend/Dockerfile",
    behind: "",
    lines: |name| format!("FROM evil.example/{name}@sha256:{}", "0123456789abcdef".repeat(4)),
    package: |name| format!("pkg:docker/{name}"),
};

/// A service that runs an image from a host that nobody knows.
const IN_COMPOSE: Plant = Plant {
    path: "dependency-track/dev/monitoring/compose.yaml",
    behind: "services:",
    lines: |name| format!("  {name}:\n    image: evil.example/{name}@sha256:{}", "0123456789abcdef".repeat(4)),
    package: |name| format!("pkg:docker/{name}"),
};

impl Plant {
    fn into(&self, folder: &Folder, name: &str) {
        let text = fs::read_to_string(folder.at(self.path)).unwrap();
        let lines = (self.lines)(name);
        let planted = if self.behind.is_empty() {
            format!("{}\n{lines}\n", text.trim_end())
        } else {
            let behind = format!("\n{}\n", self.behind);
            assert_eq!(text.matches(&behind).count(), 1, "{}: `{}` should be there once", self.path, self.behind);
            text.replace(&behind, &format!("{behind}{lines}\n"))
        };
        folder.write(self.path, &planted);
    }
}

/// Everything in a folder, by path.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.insert(entry.path(), fs::read(entry.path()).unwrap());
        }
    }
    found
}

struct Walk<'a> {
    name: &'a str,
    folder: Folder,
    plant: &'a Plant,
}

impl Walk<'_> {
    fn run(&self, words: &[&str], exit: Exit) -> Ran {
        let ran = self.folder.run(words);
        assert_eq!(ran.exit, exit, "{}: packman {words:?}\n{}{}", self.name, ran.out, ran.err);
        ran
    }

    /// What a check says, as JSON.
    fn report(&self, words: &[&str], exit: Exit) -> Value {
        let ran = self.run(&[&["check", "--output", "json=-"], words].concat(), exit);
        serde_json::from_str(&ran.out).unwrap()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.at(path)).unwrap()
    }

    /// Runs a command and holds that it left everything as it was but for what it may write, which was not there or is its own.
    fn writes(&self, words: &[&str], may: &[&str]) -> Ran {
        let before = files(&self.folder.0);
        let ran = self.run(words, Exit::Pass);
        let mut after = files(&self.folder.0);
        for path in may {
            let written = after.remove(&self.folder.0.join(path));
            assert!(written.is_some(), "{}: packman {words:?} did not write {path}\n{}", self.name, ran.out);
        }
        let others: BTreeMap<_, _> =
            before.into_iter().filter(|(path, _)| !may.iter().any(|may| *path == self.folder.0.join(may))).collect();
        assert_eq!(after.keys().collect::<Vec<_>>(), others.keys().collect::<Vec<_>>(), "{}: packman {words:?}", self.name);
        assert!(after == others, "{}: packman {words:?} changed a file of others", self.name);
        ran
    }

    /// From nothing to `strict`.
    fn walk(&self, init: &[&str], writes: &[&str]) {
        self.begin(init, writes);
        let kept = (self.read(self.plant.path), self.read("packman.toml"));
        self.except();
        self.folder.write(self.plant.path, &kept.0);
        self.folder.write("packman.toml", &kept.1);
        self.tighten(&kept.0);
        self.run(&["doctor"], Exit::Pass);
    }

    /// What `init` proposes holds today, and it overwrites nothing.
    fn begin(&self, init: &[&str], writes: &[&str]) {
        let said = self.writes(init, writes);
        assert!(said.out.contains("wrote packman.toml\n"), "{}: {}", self.name, said.out);
        let checked = self.report(&[], Exit::Pass);
        assert_eq!((&checked["verdict"], &checked["complete"]), (&"pass".into(), &true.into()), "{}", self.name);
        assert!(checked["counts"]["dependencies"].as_u64() > Some(10), "{}: {}", self.name, checked["counts"]);
        // Each line that it proposes does something.
        self.run(&["policy", "check"], Exit::Pass);
        let before = files(&self.folder.0);
        let again = self.run(init, Exit::Usage);
        assert!(again.err.contains("nothing is overwritten"), "{}: {}", self.name, again.err);
        assert!(files(&self.folder.0) == before, "{}: the second `init` wrote something", self.name);
    }

    /// Something bad comes in, is accepted for a while, and decides again when the while is over.
    fn except(&self) {
        self.plant.into(&self.folder, "intruder");
        let failed = self.report(&[], Exit::Fail);
        let found = deciding(&failed);
        assert_eq!(found.len(), 1, "{}: {found:#?}", self.name);
        let (rule, purl) = (found[0]["rule"].as_str().unwrap(), found[0]["purl"].as_str().unwrap());
        let package = (self.plant.package)("intruder");
        assert!(purl.starts_with(&package), "{}: {purl} is not {package}", self.name);
        let told = self.run(&["check"], Exit::Fail).out;
        for words in [&format!("error[{rule}]"), "intruder", self.plant.path, "help: "] {
            assert!(told.contains(words), "{}: nothing says {words}\n{told}", self.name);
        }

        let policy = self.read("packman.toml");
        let exception = format!(
            "\n[[exceptions]]\nrule = \"{rule}\"\npackage = \"{package}\"\nreason = \"looked at\"\nowner = \"@acme\"\nuntil = 2026-12-31\n"
        );
        self.folder.write("packman.toml", &(policy + &exception));
        let accepted = self.report(&["--today", "2026-12-31"], Exit::Pass);
        assert_eq!(accepted["counts"]["excepted"], 1, "{}: {}", self.name, accepted["counts"]);
        let over = deciding(&self.report(&["--today", "2027-01-01"], Exit::Fail));
        let rules: Vec<&str> = over.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
        assert_eq!(rules.len(), 2, "{}: {over:#?}", self.name);
        assert!(rules.contains(&rule) && rules.contains(&"exception-expired"), "{}: {rules:?}", self.name);

        // It accepts this one and no other.
        self.plant.into(&self.folder, "accomplice");
        let other = deciding(&self.report(&[], Exit::Fail));
        assert_eq!(other.len(), 1, "{}: {other:#?}", self.name);
        assert!(other[0]["purl"].as_str().unwrap().starts_with(&(self.plant.package)("accomplice")), "{}: {other:#?}", self.name);
    }

    /// `strict` with what is there accepted for now: only what comes in later decides, and what was mended is taken out.
    fn tighten(&self, clean: &str) {
        let _ = fs::remove_file(self.folder.at("packman-baseline.toml"));
        let policy = self.read("packman.toml").replacen("extends = [\"standard\"]", "extends = [\"strict\"]", 1);
        self.folder.write("packman.toml", &policy);
        let strict = deciding(&self.report(&[], Exit::Fail)).len();
        assert!(strict > 0);
        self.writes(&["baseline"], &["packman-baseline.toml"]);
        let counts = self.report(&[], Exit::Pass)["counts"].clone();
        assert!(counts["baselined"].as_u64() >= Some(strict as u64), "{}: {counts}", self.name);
        let baseline = self.read("packman-baseline.toml");
        self.plant.into(&self.folder, "latecomer");
        let late = deciding(&self.report(&[], Exit::Fail));
        let package = (self.plant.package)("latecomer");
        assert!(!late.is_empty(), "{}", self.name);
        for finding in &late {
            assert!(finding["purl"].as_str().unwrap().starts_with(&package), "{}: {finding:#}", self.name);
        }
        // A baseline that is there takes in nothing new.
        self.writes(&["baseline"], &["packman-baseline.toml"]);
        assert_eq!(self.read("packman-baseline.toml"), baseline, "{}", self.name);
        self.folder.write(self.plant.path, clean);
        self.report(&[], Exit::Pass);

        // The line that `init` left to say: said, it settles what it speaks of.
        let line = policy.lines().find(|line| line.starts_with("# default-registry = "));
        let line = line.unwrap_or_else(|| panic!("{}: nothing was left to say\n{policy}", self.name));
        self.folder.write("packman.toml", &policy.replace(line, &line[2..]));
        self.report(&[], Exit::Pass);
        let shrunk = self.writes(&["baseline"], &["packman-baseline.toml"]);
        assert!(shrunk.out.contains(" taken out, "), "{}: {}", self.name, shrunk.out);
        assert!(!self.read("packman-baseline.toml").contains("registry-assumed"), "{}", self.name);
        self.report(&[], Exit::Pass);
    }
}

/// The findings that decide.
fn deciding(report: &Value) -> Vec<Value> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["state"] == "new" && finding["level"] == "deny").cloned().collect()
}

#[test]
fn the_demo_walks_from_init_to_strict() {
    let folder = Folder::of(&[]);
    for (path, content) in files(&root().join("fixtures/demo")) {
        let path = path.strip_prefix(root().join("fixtures/demo")).unwrap().to_str().unwrap().to_owned();
        if path != "packman.toml" {
            folder.write(&path, &String::from_utf8(content).unwrap());
        }
    }
    let plant = Plant { path: "web/package-lock.json", ..IN_PACKAGE_LOCK };
    let walk = Walk { name: "demo", folder, plant: &plant };
    walk.walk(&["init", "--yes", "--baseline"], &["packman.toml", "packman-baseline.toml"]);
}

/// A repository of the corpus: its files as they lay there, or those of several below a folder of each.
struct Real {
    name: &'static str,
    /// The beginnings of the corpus's paths; what follows `owner__name/` is the path in the repository.
    files: &'static [&'static str],
    is_one: bool,
    plant: Plant,
}

const REAL: &[Real] = &[
    Real {
        name: "JavaScript, for Bun and Deno",
        files: &["npm/honojs__hono/", "deno/honojs__hono/"],
        is_one: true,
        plant: IN_BUN_LOCK,
    },
    Real {
        name: "Python with an image",
        files: &["python/pypi__warehouse/requirements/", "docker/pypi__warehouse/"],
        is_one: true,
        plant: IN_REQUIREMENTS,
    },
    Real {
        name: "services in Go, Node and Python on Kubernetes",
        files: &[
            "docker/GoogleCloudPlatform__microservices-demo/",
            "go/GoogleCloudPlatform__microservices-demo/",
            "npm/GoogleCloudPlatform__microservices-demo/",
            "python/GoogleCloudPlatform__microservices-demo/",
        ],
        is_one: true,
        plant: IN_DOCKERFILE,
    },
    Real {
        name: "Maven, NuGet and Go put together",
        files: &[
            "java/jenkinsci__git-plugin/",
            "dotnet/NuGet__NuGetGallery/",
            "go/anchore__syft/go.",
            "docker/DependencyTrack__dependency-track/",
        ],
        is_one: false,
        plant: IN_COMPOSE,
    },
];

#[test]
fn repositories_of_the_corpus_walk_from_init_to_strict() {
    let Some(corpus) = std::env::var_os("PACKMAN_CORPUS").map(PathBuf::from) else {
        eprintln!("corpus: no repository was walked through, PACKMAN_CORPUS is not set");
        return;
    };
    let manifest = fs::read_to_string(corpus.join("MANIFEST.tsv")).expect("the corpus has a manifest");
    let paths: Vec<&str> = manifest.lines().skip(1).filter_map(|row| row.split('\t').next()).collect();
    for real in REAL {
        let folder = Folder::of(&[]);
        for start in real.files {
            let found: Vec<&&str> = paths.iter().filter(|path| path.starts_with(start)).collect();
            assert!(!found.is_empty(), "{}: the corpus has no {start}", real.name);
            for path in found {
                let mut parts = path.splitn(3, '/').skip(1);
                let (repository, inside) = (parts.next().unwrap(), parts.next().unwrap());
                let name = repository.split("__").last().unwrap();
                let inside = if real.is_one { inside.to_owned() } else { format!("{name}/{inside}") };
                folder.write(&inside, &fs::read_to_string(corpus.join(path)).unwrap());
            }
        }
        let walk = Walk { name: real.name, folder, plant: &real.plant };
        walk.walk(&["init", "--yes"], &["packman.toml"]);
        eprintln!("corpus: walked through: {}", real.name);
    }
}
