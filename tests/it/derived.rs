//! Files that are written from others: rewritten here when stale, and the test then fails once.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use packman::catalogue::record::Record;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Writes `text` if the file differs, and says so by failing.
pub(crate) fn fresh(path: &str, text: &str) {
    fresh_all(&[(path.to_owned(), text.to_owned())]);
}

/// The same for several files: all that differ are written before it fails.
pub(crate) fn fresh_all(files: &[(String, String)]) {
    let mut stale = Vec::new();
    for (path, text) in files {
        let file = root().join(path);
        if fs::read_to_string(&file).unwrap_or_default() != *text {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
            stale.push(path.as_str());
        }
    }
    assert!(stale.is_empty(), "{} was stale and is rewritten: look at the difference and run the tests again", stale.join(", "));
}

#[test]
fn embedded_rows_are_those_of_the_records() {
    let mut records: Vec<Record> = fs::read_dir(root().join("policies/registries"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let record =
                Record::parse(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(path.file_stem().unwrap().to_str(), Some(record.id.as_str()), "a record's id is its file's name");
            record
        })
        .collect();
    records.sort_by(|a, b| a.id.cmp(&b.id));

    let catalogue: toml::Table = fs::read_to_string(root().join("policies/catalogue.toml")).unwrap().parse().unwrap();
    let date = catalogue["date"].as_datetime().unwrap().date.unwrap();
    let mut text = format!(
        "//! One row for each record of `policies/registries/`. Written by `cargo test` (tests/it/derived.rs) when stale; edit the records.\n\n\
         use jiff::civil::{{Date, date}};\n\n\
         use super::Row;\n\
         use crate::ecosystem::Ecosystem;\n\n\
         /// The date of `policies/catalogue.toml`.\n\
         pub(super) const DATE: Date = date({}, {}, {});\n\n\
         /// Sorted by id.\n\
         pub(super) static ROWS: &[Row] = &[\n",
        date.year, date.month, date.day
    );
    for record in &records {
        let ecosystems: Vec<_> = record.ecosystems().iter().map(|ecosystem| format!("Ecosystem::{ecosystem:?}")).collect();
        let matching = &record.matching;
        write!(
            text,
            "    Row {{\n        id: {:?},\n        name: {:?},\n        ecosystems: &[{}],\n        rated: {},\n        hosts: &{:?},\n        \
             url_prefixes: &{:?},\n        client_ids: &{:?},\n        default_for: &{:?},\n        mirror_of: {:?},\n        \
             text: include_str!(\"../../policies/registries/{}.toml\"),\n    }},\n",
            record.id,
            record.name,
            ecosystems.join(", "),
            record.rated,
            matching.hosts,
            matching.url_prefixes,
            matching.client_ids,
            matching.default_for,
            record.mirror_of,
            record.id,
        )
        .unwrap();
    }
    text += "];\n";
    fresh("src/catalogue/embedded.rs", &text);
}

#[test]
fn the_policy_schema_is_that_of_its_types() {
    let schema = serde_json::to_string_pretty(packman::policy::schema()).unwrap();
    fresh("policies/packman.schema.json", &format!("{schema}\n"));
}
