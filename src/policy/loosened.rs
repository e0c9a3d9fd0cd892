//! Lines of a folder's policy that would loosen what the policy at the root does not let it.
//!
//! Answers for: that nobody believes in a line that does nothing. The worse of both verdicts stands whatever stands here.

use std::hash::Hash;

use foldhash::HashSet;

use super::fault::Fault;
use super::folders::Folder;
use super::levels::{Level, ROWS, Row};
use super::minimum::{Less, PAIRS_MAX};
use super::{Policy, SetBy, Setting};
use crate::ecosystem::Ecosystem;
use crate::text::{Place, Span};

/// Lines of a folder's policy that would loosen what the policy at the root does not let it.
pub(super) fn faults(root: &Policy, folder: &Folder) -> Vec<Fault> {
    let path = folder.path.escape_debug();
    let mut faults = Vec::new();
    let mut too_many = None;
    let mut refuse = |place: Option<Place>, message: String, (rule, key): (&str, &str), root: Option<Place>| {
        let hint = format!("take it out, or let the root allow it: `{key} = [\"{rule}\"]` in `[folders.\"{path}\"]`");
        let label = if root.is_some() { "the root asks here" } else { "the folder is named here" };
        faults.push(Fault::new(place, message).with_hint(hint).with_also(root.or(Some(folder.place)), label));
    };
    let mut by_preset: Vec<(&Row, Setting<&'static str>)> = Vec::new();
    for row in ROWS.iter().filter(|row| !folder.decides_alone(row.rule)) {
        let (asked, own) = (root.level(row.id), folder.policy.level(row.id));
        if own.value >= asked.value {
            continue;
        }
        if folder.says(own.place) {
            let message = format!("`{}` is `{}` at the root, which `{path}` may not loosen", row.id, asked.value.id());
            refuse(own.place, message, (row.rule, "allow-loosening"), asked.place);
        } else if let SetBy::Preset(_) = own.by
            && let Some(preset) = folder.policy.extends.iter().rev().find(|preset| folder.says(preset.place))
        {
            by_preset.push((row, *preset));
        }
    }
    if let Some((row, preset)) = by_preset.first() {
        let more = match by_preset.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("`{}` loosens `{}`{more}, which `{path}` may not", preset.value, row.id);
        refuse(preset.place, message, (row.rule, "allow-loosening"), root.level(row.id).place);
    }
    // Where its policy is at a higher level, what it lets pass there stays at the root's: that tightens.
    let is_bound = |rule: &str| !folder.decides_alone(rule) && folder.policy.level(rule).value <= root.level(rule).value;
    for (asked, own) in root.minimum.general().into_iter().zip(folder.policy.minimum.general()) {
        let (Some((much, asks)), Some((less, own))) = (asked.asks, own.asks) else { continue };
        if less.loosens(&much) && is_bound(asked.rule) {
            let message = format!("`{}` is {} at the root, which `{path}` may not loosen to {}", asked.key, asks.asks, own.asks);
            let file = folder.policy.text.map(|text| Place { text, span: Span::default() });
            refuse(own.place.or(file), message, (asked.rule, "allow-loosening"), asks.place);
        }
    }
    let less = folder.policy.minimum.less_than(&root.minimum, &folder.path).unwrap_or_else(|[own, of_root]| {
        let message =
            format!("the lines of `[[minimum.for]]` of `{path}` and of the root are too many to hold them against each other");
        let hint = format!("let patterns stand for several packages: {own} times {of_root} is more than {PAIRS_MAX}");
        too_many = Some(Fault::new(Some(folder.place), message).with_hint(hint));
        Vec::new()
    });
    for Less { key, rule, own, root } in less {
        if is_bound(rule) {
            let message = format!(
                "`{key}` is {} at the root for all that `{}` selects, which `{path}` may not loosen to {}",
                root.asks, own.selects, own.asks
            );
            refuse(own.place, message, (rule, "allow-loosening"), root.place);
        }
    }
    for (key, rules, lines) in lists(root, folder) {
        let asked = rules.iter().find(|rule| root.level(rule).value > Level::Allow);
        if let Some(rule) = asked.filter(|_| rules.iter().all(|rule| is_bound(rule))) {
            for place in lines {
                let message = format!("the root does not let `{path}` add to `{key}`");
                refuse(place, message, (rule, "allow-loosening"), root.level(rule).place);
            }
        }
    }
    for line in folder.policy.packages.assignments().iter().filter(|line| folder.says(line.registry.place)) {
        // A `*` of the line is a character like any: only a `*` of the root's line can stand for it.
        let of_root = |ecosystem: &Ecosystem| root.packages.assigned(*ecosystem, line.package.name());
        let other = line.ecosystems.iter().filter_map(of_root).find(|other| other.registry.value != line.registry.value);
        if let Some(other) = other.filter(|_| is_bound("registry-mismatch")) {
            let [own, other] = [&line.registry, &other.registry];
            let message = format!(
                "these packages are assigned to `{}` at the root, which `{path}` may not change to `{}`",
                other.value, own.value
            );
            refuse(own.place, message, ("registry-mismatch", "allow-loosening"), other.place);
        }
    }
    for exception in folder.policy.exceptions.all().iter().filter(|one| folder.says(one.start)) {
        let rule = exception.rule;
        if !folder.exceptions.contains(&rule) && !folder.decides_alone(rule) {
            let message = format!("the root lets `{path}` accept no finding of `{rule}`");
            refuse(exception.place.or(exception.start), message, (rule, "allow-exceptions"), None);
        }
    }
    faults.extend(too_many);
    faults
}

/// The key of a list, the rules that let pass what it names, and where the folder's lines are that the root has not.
type List = (&'static str, &'static [&'static str], Vec<Option<Place>>);

/// Lists of what rules let pass.
fn lists(root: &Policy, folder: &Folder) -> [List; 4] {
    fn more<T: Eq + Hash>(root: &[Setting<T>], own: &[Setting<T>], folder: &Folder) -> Vec<Option<Place>> {
        let known: HashSet<&T> = root.iter().map(|line| &line.value).collect();
        let is_more = |line: &&Setting<T>| folder.says(line.place) && !known.contains(&line.value);
        own.iter().filter(is_more).map(|line| line.place).collect()
    }
    let (asked, own) = (&root.origins, &folder.policy.origins);
    let origins: &[&str] = &["origin-not-allowed"];
    let code: &[&str] = &["runs-code-on-install", "protection-lowered"];
    [
        ("allow-git", origins, more(&asked.git, &own.git, folder)),
        ("allow-url", origins, more(&asked.url, &own.url, folder)),
        ("allow-archive", origins, more(asked.archive.lines(), own.archive.lines(), folder)),
        ("may-run-code", code, more(root.packages.may_run_code().all(), folder.policy.packages.may_run_code().all(), folder)),
    ]
}
