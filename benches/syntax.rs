//! Our trees against the bare libraries under them: what places, tables, duplicates and nodes cost on top.
//!
//! Each input is generated, about 10 MB, and read a few times by every contestant in one process; the quickest run of each counts.
//! Ratios within one run are what this is for; milliseconds of a shared machine drift.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use packman::syntax::{json, toml, xml, yaml};
use packman::text::{Side, Text, TextId};
use serde::Deserialize;
use serde::de::IgnoredAny;

const BYTES: usize = 10_000_000;
const ROUNDS: usize = 9;

/// Prints one line for each syntax and contestant.
#[allow(clippy::print_stdout)]
pub(crate) fn run() {
    let text = text(package_lock());
    let nothing = best(|| serde_json::from_str::<IgnoredAny>(&text.content).is_ok());
    print("json, package-lock", "serde_json, everything ignored", nothing, nothing);
    print("", "serde_json, typed and borrowed", best(|| serde_json::from_str::<Lock<'_>>(&text.content).is_ok()), nothing);
    print("", "packman", best(|| json::read(&text).is_ok()), nothing);
    print("", "packman, no comment in it", best(|| json::read_with_comments(&text).is_ok()), nothing);
    // What serde_json cannot read is held against what it can: the same without comments and commas.
    let text = self::text(package_lock().replace("true,\n", "true, // a comment\n").replace("\"\n", "\",\n"));
    print("", "packman, comments and commas", best(|| json::read_with_comments(&text).is_ok()), nothing);

    let text = self::text(cargo_lock());
    let events = best(|| toml_events(&text.content));
    print("toml, Cargo.lock", "toml_parser events", events, events);
    print("", "packman", best(|| toml::read(&text).is_ok()), events);

    let text = self::text(verification_metadata());
    let tree = best(|| roxmltree::Document::parse(&text.content).is_ok());
    print("xml, verification", "roxmltree", tree, tree);
    print("", "packman", best(|| xml::read(&text).is_ok()), tree);

    let text = self::text(pnpm_lock());
    let events = best(|| yaml_events(&text.content));
    print("yaml, pnpm-lock", "granit-parser events", events, events);
    print("", "packman", best(|| yaml::read(&text).is_ok()), events);
    print("", "packman, with aliases", best(|| yaml::read_with_aliases(&text).is_ok()), events);
}

#[allow(clippy::print_stdout)]
fn print(input: &str, contestant: &str, time: Duration, bare: Duration) {
    let ratio = time.as_secs_f64() / bare.as_secs_f64();
    println!("{input:20} {contestant:32} {:8.1} ms {ratio:6.2}x", time.as_secs_f64() * 1e3);
}

fn best(run: impl Fn() -> bool) -> Duration {
    let times = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        assert!(black_box(run()), "the input is valid");
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

fn text(content: String) -> Text {
    Text::decode(TextId { side: Side::Head, index: 0 }, "file", content.into_bytes()).0
}

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(borrow)]
    #[allow(dead_code)]
    packages: HashMap<&'a str, Package<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Package<'a> {
    version: Option<&'a str>,
    resolved: Option<&'a str>,
    integrity: Option<&'a str>,
}

pub(crate) fn toml_events(content: &str) -> bool {
    let tokens = toml_parser::Source::new(content).lex().into_vec();
    let mut count = 0;
    let mut error = None;
    toml_parser::parser::parse_document(&tokens, &mut |_: toml_parser::parser::Event| count += 1, &mut error);
    error.is_none() && count > 0
}

pub(crate) fn yaml_events(content: &str) -> bool {
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    granit_parser::Parser::new_from_str_with_options(content, options).all(|event| event.is_ok())
}

/// A stand-in for a checksum: as long, as irregular for a parser, the same every time.
fn digest(number: usize, length: usize) -> String {
    let mut state = number as u64;
    let mut digest = String::with_capacity(length + 16);
    while digest.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let _ = write!(digest, "{:016x}", state ^ (state >> 29));
    }
    digest.truncate(length);
    digest
}

fn until_full(start: &str, mut entry: impl FnMut(usize, &mut String)) -> String {
    let mut content = start.to_owned();
    let mut number = 0;
    while content.len() < BYTES {
        entry(number, &mut content);
        number += 1;
    }
    content
}

fn package_lock() -> String {
    let start = "{\n  \"name\": \"x\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \"packages\": {\n";
    let mut content = until_full(start, |number, content| {
        let _ = write!(
            content,
            "    \"node_modules/@scope/package-{number}\": {{\n      \"version\": \"1.{number}.0\",\n      \"resolved\": \
             \"https://registry.example/@scope/package-{number}/-/package-{number}-1.{number}.0.tgz\",\n      \"integrity\": \
             \"sha512-{}==\",\n      \"dev\": true,\n      \"license\": \"MIT\",\n      \"dependencies\": {{\n        \"other-{number}\": \
             \"^2.0.{number}\",\n        \"@scope/third\": \">= 1.0.0\"\n      }},\n      \"engines\": {{\n        \"node\": \">=18\"\n      }}\n    }},\n",
            digest(number, 86)
        );
    });
    content.push_str("    \"node_modules/last\": {}\n  }\n}\n");
    content
}

fn cargo_lock() -> String {
    until_full("# This file is generated.\nversion = 4\n\n", |number, content| {
        let _ = write!(
            content,
            "[[package]]\nname = \"package-{number}\"\nversion = \"1.{number}.0\"\nsource = \
             \"registry+https://index.example/crates.io-index\"\nchecksum = \"{}\"\ndependencies = [\n \"other-{number}\",\n \"third\",\n \
             \"fourth 0.{number}.1\",\n]\n\n",
            digest(number, 64)
        );
    })
}

fn verification_metadata() -> String {
    let start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<verification-metadata xmlns=\"https://schema.gradle.org/dependency-verification\">\n   \
                 <configuration>\n      <verify-metadata>true</verify-metadata>\n   </configuration>\n   <components>\n";
    let mut content = until_full(start, |number, content| {
        let _ = write!(
            content,
            "      <component group=\"org.example.group{number}\" name=\"artifact-{number}\" version=\"1.{number}.0\">\n         <artifact \
             name=\"artifact-{number}-1.{number}.0.jar\">\n            <sha256 value=\"{}\" origin=\"Generated by Gradle\"/>\n         \
             </artifact>\n      </component>\n",
            digest(number, 64)
        );
    });
    content.push_str("   </components>\n</verification-metadata>\n");
    content
}

fn pnpm_lock() -> String {
    let start = "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n\npackages:\n\n";
    until_full(start, |number, content| {
        let _ = write!(
            content,
            "  '@scope/package-{number}@1.{number}.0':\n    resolution: {{integrity: sha512-{}==}}\n    engines: {{node: '>=18'}}\n    \
             hasBin: true\n    peerDependencies:\n      other: ^2.0.{number}\n      third: '>= 1.0.0'\n\n",
            digest(number, 86)
        );
    })
}
