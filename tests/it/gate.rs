//! What tests of the whole gate share: one run over a tree in memory.

use packman::report::{Style, by_id};
use packman::text::Text;
use packman::tree::Tree;
use packman::{Request, check, gate};
use serde_json::Value;

/// The policy that takes nothing on trust.
pub(crate) const STRICT: &str = "extends = [\"strict\"]\n";

/// A run by a policy, on a day that is no special one.
pub(crate) fn request(policy: &str) -> Request {
    let (policy, problem) = gate::outside_text(0, "given.toml", policy.as_bytes().to_vec());
    assert_eq!(problem, None);
    asked(Some(policy))
}

fn asked(policy: Option<Text>) -> Request {
    Request {
        policy,
        floor: None,
        cargo_metadata: None,
        levels: Vec::new(),
        today: "2026-11-24".parse().unwrap(),
        notes: Vec::new(),
    }
}

/// What an output says of a tree; the tree's own policy holds if none is given.
pub(crate) fn output(tree: &dyn Tree, policy: Option<&str>, id: &str) -> String {
    let request = policy.map_or_else(|| asked(None), request);
    let bytes = check(tree, request, |report| {
        let mut bytes = Vec::new();
        (by_id(id).unwrap().write)(report, Style::default(), &mut bytes).unwrap();
        bytes
    });
    String::from_utf8(bytes.unwrap()).unwrap()
}

/// `packman.report/1` of a tree.
pub(crate) fn report(tree: &dyn Tree, policy: &str) -> Value {
    serde_json::from_str(&output(tree, Some(policy), "json")).unwrap()
}

/// The rules that found something, each once, sorted.
pub(crate) fn rules(report: &Value) -> Vec<&str> {
    let mut rules: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}
