//! A SARIF file before it is sent: looked at as code scanning looks at it, packed as its API wants it.
//!
//! Answers for: refusing what would be refused, and what would close alerts for the wrong reason, before anything is opened.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::access::Misuse;

/// The named limit on a SARIF file, in bytes: what packs into the limit below.
pub const SARIF_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Code scanning's own limits: https://docs.github.com/code-security/code-scanning (SARIF support).
const PACKED_BYTES_MAX: usize = 10_000_000;
const RUNS_MAX: usize = 20;
const RESULTS_MAX: usize = 25_000;
const RULES_MAX: usize = 25_000;
const EXTENSIONS_MAX: usize = 100;

/// A SARIF file as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Gzip in Base64.
    pub(super) text: String,
    /// The first tool's name.
    pub(super) tool: String,
    /// Results in all runs.
    pub results: usize,
}

/// Why a file is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// It is not what it should be.
    Misuse(Misuse),
    /// It says itself that it is not complete.
    Incomplete,
}

impl From<Misuse> for Unsent {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

#[derive(Deserialize)]
struct Log {
    version: String,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    tool: Tool,
    results: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    invocations: Vec<Invocation>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
    #[serde(default)]
    extensions: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Driver {
    name: String,
    #[serde(default)]
    rules: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Invocation {
    #[serde(rename = "executionSuccessful")]
    is_successful: Option<bool>,
}

/// Looks at a file and packs it. With a category, its runs get that one; without, its bytes stay as they are.
pub fn pack(bytes: &[u8], category: Option<&str>) -> Result<Packed, Unsent> {
    pack_within(PACKED_BYTES_MAX, bytes, category)
}

fn pack_within(packed_bytes_max: usize, bytes: &[u8], category: Option<&str>) -> Result<Packed, Unsent> {
    let hint = "give a file that a tool wrote as SARIF 2.1.0, such as with `packman check --output sarif=FILE`";
    let no_sarif = |why: String| Misuse::new(format!("the file is no SARIF that code scanning takes: {why}"), hint);
    let log: Log = serde_json::from_slice(bytes).map_err(|error| {
        let at = format!("line {}, column {}", error.line(), error.column());
        no_sarif(if error.is_data() { format!("something is missing or odd at {at}") } else { format!("it is not JSON ({at})") })
    })?;
    if log.version != "2.1.0" {
        return Err(no_sarif("its version is not 2.1.0".to_owned()).into());
    }
    let Some(first) = log.runs.first() else { return Err(no_sarif("it has no run".to_owned()).into()) };
    if log.runs.iter().any(|run| run.results.is_none()) {
        return Err(no_sarif("a run has no `results`, not even an empty list".to_owned()).into());
    }
    if log.runs.iter().flat_map(|run| &run.invocations).any(|invocation| invocation.is_successful == Some(false)) {
        return Err(Unsent::Incomplete);
    }
    let results = |run: &Run| run.results.as_ref().map_or(0, Vec::len);
    over("runs", log.runs.len(), RUNS_MAX)?;
    for run in &log.runs {
        over("results in a run", results(run), RESULTS_MAX)?;
        over("rules in a run", run.tool.driver.rules.len(), RULES_MAX)?;
        over("extensions in a run", run.tool.extensions.len(), EXTENSIONS_MAX)?;
    }
    let packed = match category {
        None => gzip(bytes),
        Some(category) => gzip(&with_category(bytes, category).map_err(|error| no_sarif(error.to_string()))?),
    };
    over("bytes when packed", packed.len(), packed_bytes_max)?;
    let found = log.runs.iter().map(results).sum();
    Ok(Packed { text: STANDARD.encode(packed), tool: first.tool.driver.name.clone(), results: found })
}

fn over(what: &str, found: usize, max: usize) -> Result<(), Misuse> {
    if found <= max {
        return Ok(());
    }
    let message = format!("the file has {found} {what}; code scanning takes at most {max}");
    Err(Misuse::new(message, "report less at once: mend what is most, or accept what is there with `packman baseline`"))
}

/// The same with the category in every run: everything before the last slash of `automationDetails.id`.
fn with_category(bytes: &[u8], category: &str) -> serde_json::Result<Vec<u8>> {
    let mut log: Value = serde_json::from_slice(bytes)?;
    for run in log.get_mut("runs").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(run) = run.as_object_mut() {
            run.insert("automationDetails".to_owned(), json!({ "id": format!("{}/", category.trim_end_matches('/')) }));
        }
    }
    serde_json::to_vec(&log)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Memory takes all there is.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn run(more: &str) -> String {
        format!("{{\"tool\":{{\"driver\":{{\"name\":\"packman\",\"rules\":[]}}}},\"results\":[]{more}}}")
    }

    fn log(runs: &[String]) -> String {
        format!("{{\"version\":\"2.1.0\",\"runs\":[{}]}}", runs.join(","))
    }

    fn unpacked(packed: &Packed) -> Vec<u8> {
        assert!(packed.text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)));
        let mut bytes = Vec::new();
        GzDecoder::new(STANDARD.decode(&packed.text).unwrap().as_slice()).read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_is_sent_is_the_file_byte_for_byte() {
        let text = format!("  {}\n", log(&[run(", \"invocations\": [{\"executionSuccessful\": true}]")]));
        let packed = pack(text.as_bytes(), None).unwrap();
        assert_eq!(unpacked(&packed), text.as_bytes());
        assert_eq!(packed.tool, "packman");
    }

    #[test]
    fn a_category_is_written_into_every_run() {
        let text = log(&[run(",\"automationDetails\":{\"id\":\"old/\"}"), run("")]);
        let packed = pack(text.as_bytes(), Some("web/")).unwrap();
        let sent: Value = serde_json::from_slice(&unpacked(&packed)).unwrap();
        let ids: Vec<_> = sent["runs"].as_array().unwrap().iter().map(|run| run["automationDetails"]["id"].clone()).collect();
        assert_eq!(ids, ["web/", "web/"]);
    }

    #[test]
    fn what_would_be_refused_is_not_sent() {
        let many = |count: usize, of: &str| vec![of; count].join(",");
        let results =
            |count: usize| format!("{{\"tool\":{{\"driver\":{{\"name\":\"x\"}}}},\"results\":[{}]}}", many(count, "{}"));
        let rows: Vec<(String, &str)> = vec![
            ("nothing".to_owned(), "not JSON (line 1"),
            ("[]".to_owned(), "missing or odd"),
            ("{}".to_owned(), "missing or odd"),
            (log(&[]), "has no run"),
            (log(&[run("")]).replace("2.1.0", "2.0.0"), "not 2.1.0"),
            (log(&[run("").replace("\"results\":[]", "\"x\":1")]), "no `results`"),
            (log(&vec![run(""); 21]), "21 runs; code scanning takes at most 20"),
            (log(&[results(25_001)]), "25001 results in a run"),
        ];
        for (text, expected) in rows {
            match pack(text.as_bytes(), None) {
                Err(Unsent::Misuse(Misuse { message, .. })) => assert!(message.contains(expected), "{message}"),
                other => panic!("{expected}: {other:?}"),
            }
        }
        assert!(pack(log(&[results(25_000)]).as_bytes(), None).is_ok());
        let failed = log(&[run(", \"invocations\": [{\"executionSuccessful\": false}]")]);
        assert_eq!(pack(failed.as_bytes(), None), Err(Unsent::Incomplete));
    }

    #[test]
    fn a_file_that_does_not_pack_small_enough_is_not_sent() {
        let text = log(&[run("")]);
        let packed = pack_within(1000, text.as_bytes(), None).unwrap();
        let size = STANDARD.decode(packed.text).unwrap().len();
        assert!(pack_within(size, text.as_bytes(), None).is_ok());
        match pack_within(size - 1, text.as_bytes(), None) {
            Err(Unsent::Misuse(Misuse { message, .. })) => {
                assert_eq!(message, format!("the file has {size} bytes when packed; code scanning takes at most {}", size - 1));
            }
            other => panic!("{other:?}"),
        }
    }
}
