//! What alerts are known by from one day to the next: both fingerprints hold still where nothing about a package changes, move where
//! something does, and are never shared by two results of one run.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use packman::tree::MapTree;
use proptest::prelude::*;
use serde_json::Value;

use crate::gate::output;
use crate::sarif::{self, npm_lock};

/// Asks so much of every registry that each package has an alert.
const POLICY: &str = "[minimum]\ntier = 3\n[levels]\nintegrity-missing = \"allow\"\n";

/// A package of a lockfile: a name, a patch version, and whether a hash stands there.
type Package = (String, u8, bool);

#[derive(Clone, Copy, Debug)]
enum Writer {
    Cargo,
    /// With so many blanks for each step, or with tabs.
    Npm(usize),
}

impl Writer {
    fn path(self) -> &'static str {
        match self {
            Self::Cargo => "Cargo.lock",
            Self::Npm(_) => "package-lock.json",
        }
    }

    fn write(self, packages: &[Package]) -> String {
        match self {
            Self::Cargo => cargo(packages),
            Self::Npm(indent) => npm(packages, &if indent == 0 { "\t".to_owned() } else { " ".repeat(indent) }),
        }
    }
}

/// Something of the length of a hash that is a package's own.
fn digest(name: &str, patch: u8) -> String {
    let seed: u64 = name.bytes().chain([patch]).fold(7, |seed, byte| seed.wrapping_mul(1_099_511_628_211) ^ u64::from(byte));
    format!("{seed:016x}").repeat(4)
}

fn cargo(packages: &[Package]) -> String {
    let mut lock = "version = 4\n".to_owned();
    for (name, patch, has_hash) in packages {
        let source = "registry+https://github.com/rust-lang/crates.io-index";
        let _ = write!(lock, "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.{patch}\"\nsource = \"{source}\"\n");
        if *has_hash {
            let _ = writeln!(lock, "checksum = \"{}\"", digest(name, *patch));
        }
    }
    lock
}

fn npm(packages: &[Package], step: &str) -> String {
    let mut lock = format!(
        "{{\n{step}\"name\": \"case\",\n{step}\"version\": \"1.0.0\",\n{step}\"lockfileVersion\": 3,\n{step}\"packages\": {{\n"
    );
    let _ = write!(lock, "{step}{step}\"\": {{\n{step}{step}{step}\"name\": \"case\"\n{step}{step}}}");
    for (name, patch, has_hash) in packages {
        let key = |key: &str, value: &str| format!("{step}{step}{step}\"{key}\": \"{value}\"");
        let resolved = format!("https://registry.npmjs.org/{name}/-/{name}-1.0.{patch}.tgz");
        let mut lines = vec![key("version", &format!("1.0.{patch}")), key("resolved", &resolved)];
        lines.extend(has_hash.then(|| key("integrity", &format!("sha256-{}", &digest(name, *patch)[..43]))));
        let _ = write!(lock, ",\n{step}{step}\"node_modules/{name}\": {{\n{}\n{step}{step}}}", lines.join(",\n"));
    }
    lock + &format!("\n{step}}}\n}}\n")
}

/// What one alert is known by, with the text that code scanning's hash looks at.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    /// From the finding's key.
    key: String,
    /// Code scanning's, without its count.
    line_hash: String,
    /// How many lines of this hash there were.
    count: String,
    /// The hundred units that begin with the line, blanks left out.
    window: String,
}

/// Each package's, by name.
fn known(path: &str, content: &str) -> BTreeMap<String, Known> {
    let tree = MapTree::of(&[(path, content)]);
    let run = sarif::read(&output(&tree, Some(POLICY), "sarif"), &tree);
    let of_result = |result: &Value| {
        let text = result["message"]["text"].as_str().unwrap();
        let name = text.split('\'').nth(1).unwrap().to_owned();
        let prints = &result["partialFingerprints"];
        let (line_hash, count) = prints["primaryLocationLineHash"].as_str().unwrap().split_once(':').unwrap();
        let line = result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap();
        let rest: String = content.split_inclusive('\n').skip(usize::try_from(line).unwrap() - 1).collect();
        let units = rest.replace('\r', "").chars().filter(|c| !matches!(c, ' ' | '\t')).take(100).collect();
        let key = prints["packmanFinding/v1"].as_str().unwrap().to_owned();
        (name, Known { key, line_hash: line_hash.to_owned(), count: count.to_owned(), window: units })
    };
    run["results"].as_array().unwrap().iter().map(of_result).collect()
}

fn names(prefix: &'static str) -> impl Strategy<Value = Vec<Package>> {
    prop::collection::btree_map("[a-z]{1,12}", (any::<u8>(), any::<bool>()), 1..8)
        .prop_map(move |all| all.into_iter().map(|(name, (patch, hash))| (format!("{prefix}{name}"), patch, hash)).collect())
}

fn writers() -> impl Strategy<Value = Writer> {
    prop::sample::select(vec![Writer::Cargo, Writer::Npm(2)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Unrelated packages before, between and behind: known as before. A window that ends with the package's own lines says so too.
    #[test]
    fn other_packages_change_nothing(mine in names("m"), others in names("o"), writer in writers(), at in any::<prop::sample::Index>()) {
        let with_hashes = |packages: &[Package]| packages.iter().map(|(name, patch, _)| (name.clone(), *patch, true)).collect::<Vec<_>>();
        let (mine, others) = (with_hashes(&mine), with_hashes(&others));
        let before = known(writer.path(), &writer.write(&mine));
        let mut all = mine.clone();
        let middle = at.index(all.len() + 1);
        all.splice(middle..middle, others);
        let after = known(writer.path(), &writer.write(&all));
        for (name, known) in &before {
            prop_assert_eq!(known, &after[name]);
        }
    }

    /// Line ends and indentation are no change.
    #[test]
    fn line_ends_and_indentation_change_nothing(packages in names(""), writer in writers(), indent in 0..5usize) {
        let content = writer.write(&packages);
        let before = known(writer.path(), &content);
        prop_assert_eq!(&before, &known(writer.path(), &content.replace('\n', "\r\n")));
        if let Writer::Npm(_) = writer {
            prop_assert_eq!(&before, &known(writer.path(), &Writer::Npm(indent).write(&packages)));
        }
    }

    /// A package that moves is the same finding; code scanning's hash is the same exactly where the hundred units are.
    #[test]
    fn a_package_that_moves_is_known_by_its_key(packages in names(""), writer in writers(), seed in any::<u64>()) {
        let before = known(writer.path(), &writer.write(&packages));
        let mut moved = packages.clone();
        moved.sort_by_key(|(name, ..)| digest(name, 0).bytes().fold(seed, |sum, byte| sum.rotate_left(5) ^ u64::from(byte)));
        let after = known(writer.path(), &writer.write(&moved));
        for (name, known) in &before {
            prop_assert_eq!(&known.key, &after[name].key);
            prop_assert_eq!(known.line_hash == after[name].line_hash, known.window == after[name].window, "{}", name);
        }
    }

    /// Another version is another line for code scanning, and the same finding for packman.
    #[test]
    fn a_bump_changes_the_line_and_not_the_key(packages in names(""), writer in writers(), at in any::<prop::sample::Index>()) {
        let before = known(writer.path(), &writer.write(&packages));
        let mut bumped = packages.clone();
        let one = at.get(&packages).0.clone();
        bumped.iter_mut().filter(|(name, ..)| *name == one).for_each(|(_, patch, _)| *patch = patch.wrapping_add(1));
        let after = known(writer.path(), &writer.write(&bumped));
        prop_assert_eq!(&before[&one].key, &after[&one].key);
        prop_assert_ne!(&before[&one].line_hash, &after[&one].line_hash);
    }
}

/// Twenty thousand packages in one file, and a hundred files whose lines are all alike: `read` refuses two results with one rule, file
/// and line hash.
#[test]
fn twenty_thousand_packages_share_nothing() {
    let tree = MapTree::of(&[("package-lock.json", &npm_lock(20_000, "npm.example.net", false))]);
    let run = sarif::read(&output(&tree, None, "sarif"), &tree);
    assert_eq!(run["results"][0]["relatedLocations"].as_array().unwrap().len(), 20);
    let mut lock = "version = 4\n".to_owned();
    for number in 0..50 {
        let source = "registry+https://crates.example.net/index";
        let _ = write!(lock, "\n[[package]]\nname = \"p{number}\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n");
    }
    let tree = MapTree((0..100).map(|number| (format!("{number}/Cargo.lock"), lock.clone().into_bytes())).collect());
    let run = sarif::read(&output(&tree, None, "sarif"), &tree);
    assert_eq!(run["results"].as_array().unwrap().len(), 5000);
}
