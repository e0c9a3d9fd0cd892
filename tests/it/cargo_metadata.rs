//! What `cargo metadata` adds to a Cargo.lock. The fixture is Cargo's own output for a small workspace with vendored crates.

use std::path::Path;

use packman::facts::cargo_metadata::{self, CargoMetadata};
use packman::formats;
use packman::neighbours::Neighbours;
use packman::text::{Lost, Problem, Side, Text, TextId, Texts};
use packman::tree::{MapTree, Tree};

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/facts/cargo-metadata");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn metadata(content: &str) -> Result<CargoMetadata, Problem> {
    let id = TextId { side: Side::Outside, index: 0 };
    let (text, _) = Text::decode(id, "cargo-metadata.json", content.as_bytes().to_vec());
    let read = cargo_metadata::read(&text);
    if let Err(problem) = &read {
        assert!(text.content.get(problem.place.span.range()).is_some());
    }
    read
}

/// Entries as lines, after metadata was laid over the fixture's lockfile, and problems.
fn applied(lock: &str, metadata: &CargoMetadata) -> Vec<String> {
    let mut tree = MapTree::of(&[("Cargo.lock", lock)]);
    for name in ["Cargo.toml", "app/Cargo.toml", "tool/Cargo.toml"] {
        tree.0.insert(name.to_owned(), fixture(name).into_bytes());
    }
    let texts = Texts::of(Side::Head, tree.list().unwrap().files);
    let text = texts.read(&tree, texts.find("Cargo.lock").unwrap()).unwrap();
    let around = Neighbours::of("Cargo.lock", &texts, &tree);
    let mut lockfile = formats::read(formats::by_id("cargo-lock").unwrap(), text, &around);
    cargo_metadata::apply(&mut lockfile, text, metadata);
    let entries = lockfile.entries.iter().map(|entry| {
        let scopes: Vec<&str> = entry.scopes.ids().collect();
        let direct = if entry.direct == Some(true) { " direct" } else { "" };
        let runs = if entry.runs_code.is_some() { " runs code" } else { "" };
        format!("{}: {}{direct}{runs}", entry.name.of(&text.content), scopes.join(" "))
    });
    let problems = lockfile.problems.iter().map(|problem| format!("problem: {}", problem.message));
    let known = lockfile.shows.install_code.then(|| "all known".to_owned());
    entries.chain(problems).chain(known).collect()
}

#[test]
fn scopes_and_code_come_from_what_cargo_would_build() {
    let metadata = metadata(&fixture("cargo-metadata.json")).unwrap();
    assert_eq!(
        applied(&fixture("Cargo.lock"), &metadata),
        [
            "app: production direct",
            "deep: production optional",
            "helps-build: build",
            "makes: build direct runs code",
            "on-windows: production direct",
            "optional-one: production optional direct",
            "parses: production build",
            "runs: production direct runs code",
            "tests-with: development direct",
            "tool: ",
            "all known",
        ]
    );
}

#[test]
fn a_way_leads_to_each_package() {
    let metadata = metadata(&fixture("cargo-metadata.json")).unwrap();
    let ways: Vec<String> = metadata
        .packages()
        .iter()
        .map(|package| {
            let steps = metadata.path(package);
            let steps = steps
                .iter()
                .map(|step| format!("{}{}", step.package.name, step.platform.map(|on| format!(" on {on}")).unwrap_or_default()));
            steps.collect::<Vec<_>>().join(" > ")
        })
        .collect();
    assert_eq!(
        ways,
        [
            "app",
            "app > optional-one > deep",
            "app > runs > helps-build",
            "app > makes",
            "app > on-windows on cfg(windows)",
            "app > optional-one",
            "app > makes > parses",
            "app > runs",
            "app > tests-with",
            "tool",
        ]
    );
}

#[test]
fn metadata_of_another_state_gives_code_but_no_scopes() {
    let metadata = metadata(&fixture("cargo-metadata.json")).unwrap();
    let lock = fixture("Cargo.lock").replace("name = \"deep\"\nversion = \"1.0.0\"", "name = \"deep\"\nversion = \"1.0.1\"");
    let lines = applied(&lock, &metadata);
    assert!(lines.contains(&"problem: lacks `deep 1.0.0`, which the given cargo metadata names".to_owned()), "{lines:?}");
    assert!(lines.contains(&"makes: production direct runs code".to_owned()), "{lines:?}");
    assert!(!lines.contains(&"all known".to_owned()));
    // Another source is another package, whatever its name.
    let lock = fixture("Cargo.lock").replace("https://github.com/rust-lang/crates.io-index", "https://crates.example.com/index");
    assert!(!applied(&lock, &metadata).iter().any(|line| line.contains("runs code")));
}

#[test]
fn what_is_no_metadata_is_refused_at_its_place() {
    let whole = fixture("cargo-metadata.json");
    for broken in ["", "{}", "[1, 2]", "{\"packages\": [\n  {\"name\": 7}]}", &whole[..whole.len() / 2]] {
        let problem = metadata(broken).unwrap_err();
        assert_eq!(problem.lost, Lost::File);
        assert!(problem.message.starts_with("is not the output of `cargo metadata"), "{}", problem.message);
    }
    let without = {
        let mut value: serde_json::Value = serde_json::from_str(&whole).unwrap();
        value["resolve"] = serde_json::Value::Null;
        value.to_string()
    };
    assert!(metadata(&without).unwrap_err().message.contains("--no-deps"));
}

#[test]
fn garbled_metadata_never_panics() {
    let whole: serde_json::Value = serde_json::from_str(&fixture("cargo-metadata.json")).unwrap();
    for list in ["packages", "workspace_members"] {
        for index in 0..whole[list].as_array().unwrap().len() {
            let mut value = whole.clone();
            value[list].as_array_mut().unwrap().remove(index);
            let _ = metadata(&value.to_string());
        }
    }
    for index in 0..whole["resolve"]["nodes"].as_array().unwrap().len() {
        let mut value = whole.clone();
        let removed = value["resolve"]["nodes"].as_array_mut().unwrap().remove(index);
        let _ = metadata(&value.to_string());
        value["resolve"]["nodes"].as_array_mut().unwrap().extend([removed.clone(), removed]);
        let _ = metadata(&value.to_string());
    }
}
