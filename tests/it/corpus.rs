//! Real lockfiles: each is read without a problem unless the manifest calls it broken, and states what peers' own tests say is in it.
//!
//! Runs where `PACKMAN_CORPUS` names the corpus folder (a `MANIFEST.tsv` and the files that it lists, `expected/` with lists); says so
//! where it does not. Differences that are meant stand in `corpus_differences.tsv` beside this file, each with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use packman::dependency::{Entry, Locator, Lockfile};
use packman::formats::{self, Format};
use packman::neighbours::Neighbours;
use packman::shape::{self, Shape};
use packman::text::{Side, Texts};
use packman::tree::{MapTree, Tree};

/// Which of our formats reads what the manifest calls so: the first row whose words begin it.
const FORMATS: &[(&str, &str)] = &[
    ("package-lock", "npm-package-lock"),
    ("npm-shrinkwrap", "npm-shrinkwrap"),
    ("pnpm", "pnpm-lock"),
    ("yarn v1", "yarn-v1"),
    ("yarn berry", "yarn-berry"),
    ("bun.lock", "bun-lock"),
    ("deno.lock", "deno-lock"),
    ("Cargo.lock", "cargo-lock"),
    ("go.mod", "go-mod"),
    ("go.sum", "go-sum"),
    ("go.work.sum", "go-sum"),
    ("go.work", "go-work"),
    ("vendor/modules.txt", "go-vendor"),
    ("Dockerfile", "dockerfile"),
    ("docker compose", "compose"),
    ("k8s manifest", "kubernetes"),
    ("kustomization", "kustomization"),
    ("helm values", "helm-values"),
    ("devcontainer.json", "devcontainer"),
    ("devcontainer-lock.json", "devcontainer-lock"),
    ("workflow", "github-workflow"),
    ("action.yml", "github-action"),
    ("Gemfile.lock", "gemfile-lock"),
    ("gems.locked", "gemfile-lock"),
    ("requirements.txt", "requirements"),
    ("poetry.lock", "poetry-lock"),
    ("uv.lock", "uv-lock"),
    ("uv script lock", "uv-lock"),
    ("pdm.lock", "pdm-lock"),
    ("Pipfile.lock", "pipfile-lock"),
    ("pylock.toml", "pylock"),
    ("conda-lock", "conda-lock"),
    ("pixi.lock", "pixi-lock"),
    ("pom.xml", "pom-xml"),
    ("gradle.lockfile", "gradle-lock"),
    ("gradle buildscript lockfile", "gradle-lock"),
    ("gradle verification-metadata", "gradle-verification-metadata"),
    ("verification-metadata.xml", "gradle-verification-metadata"),
    ("gradle version catalog", "gradle-version-catalog"),
    ("libs.versions.toml", "gradle-version-catalog"),
    ("maven-lockfile", "maven-lockfile"),
    ("sbt lock", "sbt-lock"),
    ("packages.lock.json", "nuget-packages-lock"),
    ("packages.config", "nuget-packages-config"),
    ("Directory.Packages.props", "nuget-packages-props"),
    ("project.assets.json", "nuget-project-assets"),
    ("deps.json", "nuget-deps-json"),
    ("paket.lock", "paket-lock"),
    ("composer.lock", "composer-lock"),
];

#[test]
fn corpus() {
    let Some(root) = std::env::var_os("PACKMAN_CORPUS").map(PathBuf::from) else {
        eprintln!("corpus: not run, PACKMAN_CORPUS is not set");
        return;
    };
    let differences = differences();
    let manifest = std::fs::read_to_string(root.join("MANIFEST.tsv")).expect("the corpus has a manifest");
    let mut complaints = Vec::new();
    let mut used = BTreeSet::new();
    let (mut read, mut compared, mut waiting) = (0, 0, BTreeMap::new());
    for row in manifest.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let (path, said) = (columns[0], columns[5]);
        let format = FORMATS.iter().find(|(words, _)| said.starts_with(words)).and_then(|(_, id)| formats::by_id(id));
        let Some(format) = format else {
            *waiting.entry(said.to_owned()).or_insert(0) += 1;
            continue;
        };
        read += 1;
        let Read { lockfile, stated, others } = read_one(&root, path, format);
        let problems: Vec<&str> = lockfile.problems.iter().map(|problem| problem.message.as_str()).collect();
        let key = (path.to_owned(), "problem".to_owned());
        match (problems.is_empty(), differences.contains_key(&key)) {
            (false, false) => complaints.push(format!("{path}: {}", problems.join("; "))),
            (true, true) => complaints.push(format!("{path}: should be broken and is read without a problem")),
            (is_clean, _) => {
                if !is_clean {
                    used.insert(key);
                }
            }
        }
        for (name, version) in others {
            let key = (path.to_owned(), format!("another's {name}@{version}"));
            if differences.contains_key(&key) {
                used.insert(key);
            } else {
                complaints.push(format!("{path}: the address of {name}@{version} is taken for another package's"));
            }
        }
        let Some(expected) = expected(&root, path) else { continue };
        compared += 1;
        for (name, version) in expected {
            let wanted = format!("{name}@{version}");
            let key = (path.to_owned(), wanted.clone());
            // Peers leave out what we write (Docker Hub's `library/`, Go's `v`) and keep what we don't: hosts of images, spellings of
            // Python's names, paths in an action's repository.
            let without_host = name.split_once('/').map_or("", |(_, rest)| rest).to_owned();
            let normal = name.to_lowercase().replace(['_', '.'], "-");
            let names = [name.clone(), format!("library/{name}"), without_host, normal, owner_and_name(&name)];
            let versions = [version.clone(), format!("v{version}")];
            let states = |(of, at): &(String, String)| names.contains(of) && (version.is_empty() || versions.contains(at));
            let found = stated.iter().any(states);
            // A row `*` explains a kind of difference of the whole file.
            let key = if differences.contains_key(&key) { key } else { (path.to_owned(), "*".to_owned()) };
            match (found, differences.contains_key(&key)) {
                (false, false) => complaints.push(format!("{path}: {wanted} is missing")),
                (false, true) => {
                    used.insert(key);
                }
                _ => {}
            }
        }
    }
    for (path, what) in differences.keys().filter(|key| !used.contains(*key) && root.join(&key.0).exists()) {
        if what != "problem" {
            complaints.push(format!("{path}: {what} is explained in corpus_differences.tsv and not missing any more"));
        }
    }
    eprintln!("corpus: {read} files read, {compared} compared with peers' lists, not ours yet: {waiting:?}");
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
    assert!(read > 0);
}

fn owner_and_name(action: &str) -> String {
    action.splitn(3, '/').take(2).collect::<Vec<_>>().join("/")
}

/// One file, read.
struct Read {
    lockfile: Lockfile,
    /// Names and versions.
    stated: BTreeSet<(String, String)>,
    /// Those whose addresses look like other packages', which in real files they should not.
    others: BTreeSet<(String, String)>,
}

fn read_one(root: &Path, path: &str, format: &'static Format) -> Read {
    // What lies in the same folder of the corpus is what lay there in its repository.
    let mut tree = MapTree::default();
    let folder = root.join(path).parent().unwrap().to_path_buf();
    for entry in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let relative = entry.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        tree.0.insert(relative, std::fs::read(&entry).unwrap());
    }
    let texts = Texts::of(Side::Head, tree.list().unwrap().files);
    let id = texts.find(path).unwrap();
    let lockfile = match texts.read(&tree, id) {
        Ok(text) => formats::read(format, text, &Neighbours::of(path, &texts, &tree)),
        Err(problem) => Lockfile::unreadable(texts.loaded(id).unwrap(), format, format.kind, problem.clone()),
    };
    let content = &texts.loaded(id).unwrap().content;
    let name = |entry: &Entry| {
        let version = entry.version.as_ref().map_or("", |version| version.of(content));
        (entry.name.of(content).to_owned(), version.to_owned())
    };
    let is_anothers = |entry: &&Entry| {
        let (name, version) = name(entry);
        let is_other = |at: &str| shape::of(entry.ecosystem, at, &name, &version) == Shape::AnotherPackage;
        entry.foreign.is_some() || matches!(&entry.locator, Locator::File(at) if is_other(at.of(content)))
    };
    let stated = lockfile.entries.iter().map(name).collect();
    let others = lockfile.entries.iter().filter(is_anothers).map(name).collect();
    Read { lockfile, stated, others }
}

fn expected(root: &Path, path: &str) -> Option<Vec<(String, String)>> {
    let text = std::fs::read_to_string(root.join("expected").join(format!("{path}.json"))).ok()?;
    let list: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let word = |entry: &serde_json::Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    Some(list.iter().map(|entry| (word(entry, "name"), word(entry, "version"))).collect())
}

/// `path`, `name@version` or `problem`, reason.
fn differences() -> BTreeMap<(String, String), String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/corpus_differences.tsv");
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            assert!(columns.len() == 3 && !columns[2].is_empty(), "a row is path, what, reason: {line}");
            ((columns[0].to_owned(), columns[1].to_owned()), columns[2].to_owned())
        })
        .collect()
}
