//! `actions.lock`: the actions that GitHub's workflows use, and those that these use, each locked to a commit.
//!
//! Written by `gh actions-lock`; specification: <https://github.com/github/actions-lockfile>, versions v0.0.1 and v0.0.2. `dependencies`
//! maps `owner/repo@ref` (older: with `:sha1-…` behind it) to `commit` (`sha1-…`), the ids of owner and repository, and `uses`, what a
//! composite action uses itself. `workflows` lists what each workflow needs, directly or not. Registry: actions name none (GitHub serves
//! them). The version of an entry is its commit. Direct is what no other entry uses; of the rest that cannot be told here.
//!
//! What workflows ask for by tag stays judged there: a workflow that is not in the lock, one that calls a workflow of another repository,
//! or a server without locks runs what the tag is then.

use std::collections::{HashMap, HashSet};

use crate::dependency::{Entry, Kind, Locator, Lockfile, Scopes, Shows};
use crate::ecosystem::Ecosystem;
use crate::formats::image::Written;
use crate::formats::{Claim, Format, github_workflow};
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, yaml};
use crate::text::{Lost, Problem, Text};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "actions-lock",
    title: "GitHub actions.lock",
    kind: Kind::Lock,
    files: &[Claim::Path(".github/workflows/actions.lock")],
    looks: None,
    shadowed_by: &[],
    read,
};

/// The versions that are known.
const VERSIONS: [&str; 2] = ["v0.0.1", "v0.0.2"];
/// What a locked action may say.
const KEYS: [&str; 7] = ["branch", "commit", "owner_id", "ref", "repo_id", "tag", "uses"];

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let documents = yaml::read(text)?;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { edges: true, ..github_workflow::SHOWS };
    for document in &documents {
        let root = document.root();
        let version = root.get("version");
        lockfile.version = version.and_then(Node::scalar).map(str::to_owned);
        let Some(written) = lockfile.version.as_deref().filter(|_| root.is_map()) else {
            return Err(root.problem(Lost::File, "expected a map with `version` and `dependencies`"));
        };
        if !VERSIONS.contains(&written) {
            let message = format!("version `{written}` of actions.lock is not known; expected v0.0.1 or v0.0.2");
            lockfile.problems.push(version.unwrap_or(root).problem(Lost::Detail, message));
        }
        for section in root.members() {
            let is_known = ["dependencies", "version", "workflows"].contains(&section.key());
            let is_map = matches!(section.kind(), NodeKind::Map | NodeKind::Null);
            if !is_known || (section.key() != "version" && !is_map) {
                let message = format!("`{}` is not known, expected maps `workflows` and `dependencies`", section.key());
                lockfile.problems.push(section.problem(Lost::Detail, message));
            }
        }
        actions(&mut lockfile, text, root);
    }
    Ok(lockfile)
}

/// The locked actions, and who uses whom.
fn actions(lockfile: &mut Lockfile, text: &Text, root: Node<'_>) {
    let mut indexes: HashMap<&str, u32> = HashMap::new();
    let mut lost = HashSet::new();
    let mut known = HashMap::new();
    for action in root.get("dependencies").into_iter().flat_map(Node::members) {
        if let Some(index) = push(lockfile, text, action, &mut known) {
            indexes.insert(pin(action.key()), index);
        } else {
            lost.insert(pin(action.key()));
        }
    }
    let mut used = HashSet::new();
    for action in root.get("dependencies").into_iter().flat_map(Node::members) {
        for uses in action.get("uses").into_iter().flat_map(Node::items) {
            let to = uses.scalar().map(pin);
            match to.and_then(|to| indexes.get(to)) {
                Some(to) => {
                    used.insert(*to);
                    if let Some(from) = indexes.get(pin(action.key())) {
                        lockfile.edge(*from, *to);
                    }
                }
                None if to.is_some_and(|to| lost.contains(to)) => {}
                None => lockfile.problems.push(uses.problem(Lost::Entry, "is used and not locked here")),
            }
        }
    }
    for listed in root.get("workflows").into_iter().flat_map(Node::members).flat_map(Node::items) {
        match listed.scalar().map(pin) {
            Some(name) if lost.contains(name) => {}
            Some(name) => match indexes.get(name) {
                Some(index) if !used.contains(index) => {
                    if let Some(entry) = lockfile.entries.get_mut(*index as usize) {
                        entry.direct = Some(true);
                    }
                }
                Some(_) => {}
                None => lockfile.problems.push(listed.problem(Lost::Entry, "is listed for a workflow and not locked here")),
            },
            None => lockfile.problems.push(listed.problem(Lost::Entry, "is no text, expected `owner/repo@ref`")),
        }
    }
}

/// `owner/repo@ref`, without the commit that older files have behind it.
fn pin(key: &str) -> &str {
    key.split(':').next().unwrap_or(key)
}

/// One locked action. Several references of one commit are one entry.
fn push(lockfile: &mut Lockfile, text: &Text, action: Node<'_>, known: &mut HashMap<(String, String), u32>) -> Option<u32> {
    let key = action.key_str();
    let written = Written::foreign(&key, &text.content);
    let name = pin(&written.value).split_once('@').filter(|(_, reference)| !reference.is_empty()).map(|(name, _)| name);
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let name = name.filter(|name| matches!(name.split_once('/'), Some((owner, repo)) if is_name(owner) && is_name(repo)));
    let commit = action.get("commit").and_then(Node::scalar_str);
    let hex = commit.as_ref().and_then(|commit| digest(commit.of(&text.content)));
    let (Some(name), Some(commit), Some(hex)) = (name, commit.as_ref(), hex) else {
        lockfile.stated += 1;
        let message = "is no locked action, expected `owner/repo@ref` with `commit: sha1-…` and 40 hexadecimal digits";
        lockfile.problems.push(Problem::new(action.key_place(), Lost::Entry, message));
        return None;
    };
    for odd in action.members().filter(|member| !KEYS.contains(&member.key())) {
        lockfile.problems.push(odd.problem(Lost::Detail, format!("`{}` is not known in a locked action", odd.key())));
    }
    let written_commit = Written::foreign(commit, &text.content);
    let version = written_commit.str(written_commit.value.len() - hex..written_commit.value.len(), &text.content);
    let name = written.str(0..name.len(), &text.content);
    let same = (name.of(&text.content).to_ascii_lowercase(), version.of(&text.content).to_ascii_lowercase());
    if let Some(index) = known.get(&same) {
        lockfile.stated += 1;
        return Some(*index);
    }
    let mut entry = Entry::new(Ecosystem::GitHubActions, name, Some(version), Locator::Silent);
    entry.scopes = Scopes::BUILD;
    let index = lockfile.push(entry);
    known.insert(same, index);
    Some(index)
}

/// How many hexadecimal digits a commit has, with its algorithm before it.
fn digest(commit: &str) -> Option<usize> {
    let (algorithm, hex) = commit.split_once('-')?;
    let is_whole = matches!((algorithm, hex.len()), ("sha1", 40) | ("sha256", 64));
    (is_whole && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(hex.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    /// Counts by spelling alone.
    fn counted_entries(content: &str) -> usize {
        content.lines().filter(|line| line.trim_start().starts_with("commit:")).count()
    }

    #[test]
    fn none_is_lost() {
        testing::assert_damaged(&FORMAT);
        for case in ["minimal", "older"] {
            let path = format!("{}/fixtures/actions-lock/{case}/.github/workflows/actions.lock", env!("CARGO_MANIFEST_DIR"));
            let content = std::fs::read_to_string(path).unwrap();
            assert_eq!(testing::read(&FORMAT, &content).stated, counted_entries(&content), "{case}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(content in "version: v0.0.2\n(dependencies:\n|workflows:\n|  'a/b@v1':\n|    commit: |sha1-|0123456789|    uses:\n|      - |a/b@v1|[a-z]{1,3}|[:@/=.,\"'#&*-]|\n|\r\n| |☕){0,60}") {
            testing::assert_spans(&FORMAT, &content);
        }
    }
}
