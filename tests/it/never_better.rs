//! Never better: what raises trust, taken away or garbled in any fixture, never improves a verdict or a tier; other line ends and a byte
//! order mark change nothing.

use std::collections::BTreeMap;

use packman::formats::FORMATS;
use packman::tree::MapTree;
use serde_json::Value;

use crate::bad_input::told;
use crate::gate::{STRICT, report};
use crate::golden::{collect, fixtures};

/// So many details of one file are spoilt, spread over it.
const DETAILS_MAX: usize = 5;

/// Every fixture of every format: its name and its tree.
fn cases() -> Vec<(String, MapTree)> {
    let mut cases = Vec::new();
    for format in FORMATS {
        let mut paths: Vec<_> = std::fs::read_dir(fixtures().join(format.id)).unwrap().map(|case| case.unwrap().path()).collect();
        paths.sort();
        for case in paths.into_iter().filter(|case| case.is_dir()) {
            let mut tree = MapTree::default();
            collect(&case, &case, &mut tree.0);
            cases.push((format!("{}/{}", format.id, case.file_name().unwrap().to_str().unwrap()), tree));
        }
    }
    assert!(cases.len() > 60);
    cases
}

/// Fail is worst, pass is best.
fn rank(report: &Value) -> u8 {
    match report["verdict"].as_str().unwrap() {
        "fail" => 0,
        "undecided" => 1,
        _ => 2,
    }
}

/// Of each entry that has tiers, the best ones of its package in its lockfile. Not of those where the client's default is all that is
/// known: `registry-assumed` speaks of them.
fn entries(report: &Value) -> BTreeMap<String, (u64, u64)> {
    let mut entries = BTreeMap::new();
    for row in report["dependencies"].as_array().unwrap() {
        if row["origin"]["known_by"] == "assumed" {
            continue;
        }
        let tier = |reading: &str| row["tier"][reading].as_u64();
        let Some(found) = tier("guaranteed").zip(tier("offered")) else { continue };
        let key = format!("{} {} {}", row["lockfile"], row["ecosystem"], row["name"]);
        let best = entries.entry(key).or_insert(found);
        *best = (*best).max(found);
    }
    entries
}

/// What is there to spoil: hashes and the addresses of entries, as they stand in a file; each with whether it raises trust. Without the
/// address of a stranger, the client's default is rightly judged.
fn details(report: &Value, path: &str, content: &str) -> Vec<(String, bool)> {
    let mut details = Vec::new();
    for row in report["dependencies"].as_array().unwrap().iter().filter(|row| row["lockfile"] == path) {
        let hashes = row["integrity"].as_array().unwrap().iter();
        details.extend(hashes.filter_map(|hash| Some((hash.as_str()?.to_owned(), true))));
        let raises = matches!(row["origin"]["class"].as_str().unwrap(), "registry" | "unrated" | "declared");
        details.extend(row["origin"]["location"].as_str().map(|location| (location.to_owned(), raises)));
    }
    details.retain(|(detail, _)| detail.len() > 3 && content.contains(detail.as_str()));
    details.sort();
    details.dedup();
    let step = details.len().div_ceil(DETAILS_MAX).max(1);
    details.into_iter().step_by(step).collect()
}

/// One detail of a content, gone or garbled in several ways. Only its first occurrence, so that what remains is judged beside it.
fn spoilt(content: &str, detail: &str) -> Vec<(&'static str, String)> {
    let at = content.find(detail).unwrap();
    let (before, after) = (&content[..at], &content[at + detail.len()..]);
    let half = detail.char_indices().nth(detail.chars().count() / 2).unwrap().0;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line_end = after.find('\n').map_or(content.len(), |end| at + detail.len() + end + 1);
    let with = |middle: &str| format!("{before}{middle}{after}");
    vec![
        ("emptied", with("")),
        ("cut", with(&detail[..half])),
        ("garbled", with(&format!("x{}", &detail[half..]))),
        ("null", with("null")),
        ("backslashes", with(&detail.replace("://", ":\\\\"))),
        ("elsewhere", with(&detail.replacen("://", "://x@evil.example/", 1))),
        ("upper case", with(&detail.to_ascii_uppercase())),
        ("line gone", format!("{}{}", &content[..line_start], &content[line_end.min(content.len())..])),
    ]
}

#[test]
fn a_spoilt_detail_is_never_better() {
    let mut tried = 0;
    let mut better = Vec::new();
    for (name, tree) in cases() {
        let sound = report(&tree, STRICT);
        let before = entries(&sound);
        let count = sound["dependencies"].as_array().unwrap().len();
        for (path, bytes) in &tree.0 {
            let Ok(content) = std::str::from_utf8(bytes) else { continue };
            for (detail, raises) in details(&sound, path, content) {
                for (how, changed) in spoilt(content, &detail) {
                    let mut tree = tree.clone();
                    tree.0.insert(path.clone(), changed.into_bytes());
                    let spoilt = report(&tree, STRICT);
                    tried += 1;
                    // Entries that are gone take their findings along: only a base can tell.
                    let is_whole = spoilt["dependencies"].as_array().unwrap().len() >= count;
                    if is_whole && rank(&spoilt) > rank(&sound) {
                        better.push(format!("{name}: {detail} {how}: {} became {}", sound["verdict"], spoilt["verdict"]));
                    }
                    for (entry, now) in entries(&spoilt) {
                        let Some(then) = before.get(&entry).filter(|_| raises) else { continue };
                        if now.0 > then.0 || now.1 > then.1 {
                            better.push(format!("{name}: {detail} {how}: {entry} {then:?} became {now:?}"));
                        }
                    }
                }
            }
        }
    }
    assert!(tried > 500, "{tried}");
    assert!(better.is_empty(), "{} of {tried}:\n{}", better.len(), better.join("\n"));
}

#[test]
fn a_hash_that_is_gone_or_garbled_is_found() {
    let hash = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
    let lock = |integrity: &str| {
        format!(
            r#"{{"lockfileVersion": 3, "packages": {{"node_modules/a": {{"version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz"{integrity}}}}}}}"#
        )
    };
    let verdict = |integrity: &str| report(&MapTree::of(&[("package-lock.json", &lock(integrity))]), STRICT)["verdict"].clone();
    assert_eq!(verdict(&format!(", \"integrity\": \"{hash}\"")), "pass");
    let gone = [
        String::new(),
        ", \"integrity\": \"\"".to_owned(),
        ", \"integrity\": null".to_owned(),
        ", \"integrity\": 1".to_owned(),
        ", \"integrity\": \"sha1-aaaaaaaaaaaaaaaaaaaaaaaaaaa=\"".to_owned(),
        ", \"integrity\": \"md5-aaaaaaaaaaaaaaaaaaaaaa==\"".to_owned(),
        ", \"integrity\": \"sha512\"".to_owned(),
        ", \"integrity\": \"sha512-\"".to_owned(),
        ", \"integrity\": \"sha999-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"".to_owned(),
        format!(", \"integrity\": \"{}\"", hash.replace("sha512-", "sha512 ")),
        format!(", \"integrity\": \"{}\"", hash.replace("AAAA==", "A!*A==")),
        format!(", \"Integrity\": \"{hash}\""),
        format!(", \"integrity\": [\"{hash}\"]"),
    ];
    let passed: Vec<&String> = gone.iter().filter(|gone| verdict(gone) == "pass").collect();
    assert!(passed.is_empty(), "{passed:#?}");
}

#[test]
fn twins_are_judged_the_same() {
    for (name, tree) in cases() {
        let sound = told(&report(&tree, STRICT));
        let is_plain =
            |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|text| !text.starts_with('\u{feff}') && !text.contains('\r'));
        let twin = |change: &dyn Fn(&str) -> String| {
            let changed = tree.0.iter().map(|(path, bytes)| {
                let bytes =
                    if is_plain(bytes) { change(std::str::from_utf8(bytes).unwrap()).into_bytes() } else { bytes.clone() };
                (path.clone(), bytes)
            });
            told(&report(&MapTree(changed.collect()), STRICT))
        };
        assert_eq!(twin(&|text| text.replace('\n', "\r\n")), sound, "{name} with CR LF");
        assert_eq!(twin(&|text| format!("\u{feff}{text}")), sound, "{name} with a byte order mark");
        assert_eq!(twin(&|text| format!("\u{feff}{}", text.replace('\n', "\r\n"))), sound, "{name} with both");
    }
}
