//! What `uses:` means, for workflows and for actions.
//!
//! Answers for: `OWNER/REPO[/PATH]@REF`, `./FOLDER`, `$/FOLDER`, `docker://IMAGE`, and steps. A name is `owner/repo`, without the path
//! in it; a version is the reference. Only a full commit (40 hexadecimal digits, or 64) does not move. A local folder starts at the
//! repository's root, whichever file names it. An unknown reference (`@${{ … }}`) leaves the name known. Never decides which registry serves actions.
//!
//! `$/` is the repository of the file that says so, at the commit that runs. `./` is where the job has its files: another program may put
//! a folder there before the step runs (a second checkout). If that is this repository once more, its own folder is meant; else no file
//! of the repository shows it, and the entry's locator is missing.

use std::collections::HashSet;

use crate::dependency::{Entry, Locator, Lockfile, Scopes};
use crate::ecosystem::Ecosystem;
use crate::formats::image::{self, HOLE, Written};
use crate::neighbours::Neighbours;
use crate::syntax::{Kind, Node};
use crate::text::{Lost, Str, Text};

/// Reads what steps use into one lockfile.
pub(super) struct Uses<'t, 'n> {
    /// The file.
    pub text: &'t Text,
    /// The files around it.
    pub neighbours: &'n Neighbours<'n>,
    /// What it states.
    pub lockfile: Lockfile,
    /// The folder that local actions start from: the repository's root, seen from the root of what is read.
    pub root: String,
    /// Where values stand that were read: anchors bring them again.
    pub seen: HashSet<u32>,
    /// Folders that steps before put this repository into (`path` of `actions/checkout`).
    pub copies: Vec<String>,
}

/// The folder that a step puts this repository into, if it does.
fn copy(step: Node<'_>) -> Option<String> {
    step.get("uses")?.scalar()?.strip_prefix("actions/checkout@")?;
    let with = step.get("with")?;
    let is_own = with
        .get("repository")
        .is_none_or(|repository| repository.scalar().is_some_and(|written| written.replace(' ', "") == "${{github.repository}}"));
    let path = with.get("path")?.scalar()?.trim_start_matches("./").trim_end_matches('/');
    (is_own && !path.is_empty() && !path.contains("${{")).then(|| path.to_owned())
}

/// What a local `uses:` names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Local {
    /// A folder with an action.
    Action,
    /// A workflow's file.
    Workflow,
}

impl Uses<'_, '_> {
    /// `uses:` of every step.
    pub(super) fn steps(&mut self, steps: Node<'_>) {
        if !matches!(steps.kind(), Kind::List | Kind::Null) {
            self.lockfile.problems.push(steps.problem(Lost::Entry, "`steps` is not a list"));
        }
        self.copies.clear();
        for step in steps.items() {
            if let Some(uses) = step.get("uses") {
                self.uses(uses, Local::Action);
            }
            self.copies.extend(copy(step));
        }
    }

    /// One `uses:`.
    pub(super) fn uses(&mut self, node: Node<'_>, local: Local) {
        if !self.is_new(node) {
            return;
        }
        let Some(value) = node.scalar_str() else {
            return self.lockfile.problems.push(node.problem(Lost::Entry, "`uses` is no text"));
        };
        let written = Written::foreign(&value, &self.text.content);
        let used = written.value.as_str();
        if let Some(image) = used.strip_prefix("docker://") {
            let image = written.part(used.len() - image.len()..used.len());
            image::push(&mut self.lockfile, self.text, &image, Scopes::BUILD);
        } else if used.starts_with("./") || used.starts_with(".\\") {
            self.local(&value, used, local);
        } else if let Some(path) = used.strip_prefix("$/") {
            self.local(&value, path, local);
        } else if written
            .unknowns()
            .next()
            .is_some_and(|unknown| !used.get(..unknown.start).is_some_and(|known| known.contains('@')))
        {
            let whole = written.whole(&self.text.content);
            let moving = Some(whole.clone());
            self.push(Entry { moving, ..Entry::new(Ecosystem::GitHubActions, whole.clone(), None, Locator::Unresolved(whole)) });
        } else {
            self.remote(&written, node);
        }
    }

    /// An image of a `container:`, a service or a docker action.
    pub(super) fn image(&mut self, node: Node<'_>) {
        if !self.is_new(node) {
            return;
        }
        match node.scalar_str() {
            // An empty name means no container.
            Some(value) if value.of(&self.text.content).is_empty() => {}
            Some(value) => {
                let written = Written::foreign(&value, &self.text.content);
                // The runner takes `docker://` off here too.
                let length = written.value.len();
                let image = written.value.strip_prefix("docker://").map_or(0, |image| length - image.len());
                image::push(&mut self.lockfile, self.text, &written.part(image..length), Scopes::BUILD);
            }
            None if node.kind() == Kind::Null => {}
            None => self.lockfile.problems.push(node.problem(Lost::Entry, "an image that is no text")),
        }
    }

    fn is_new(&mut self, node: Node<'_>) -> bool {
        let is_new = self.seen.insert(node.span().start);
        self.lockfile.stated += usize::from(!is_new);
        is_new
    }

    fn push(&mut self, mut entry: Entry) {
        entry.scopes = Scopes::BUILD;
        entry.direct = Some(true);
        self.lockfile.push(entry);
    }

    fn remote(&mut self, written: &Written, node: Node<'_>) {
        let content = &self.text.content;
        let used = &written.value;
        let parts = used.rsplit_once('@').filter(|(_, reference)| !reference.is_empty());
        let name_length = parts.and_then(|(path, _)| {
            let owner = path.find('/')?;
            let repository = path.get(owner + 1..)?.find('/').map_or(path.len(), |length| owner + 1 + length);
            let is_name = |part: &str| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
            };
            (is_name(path.get(..owner)?) && is_name(path.get(owner + 1..repository)?)).then_some(repository)
        });
        let (Some((path, reference)), Some(name_length)) = (parts, name_length) else {
            let message = format!("`{used}` is none of `owner/repo@ref`, `./folder`, `$/folder` and `docker://image`");
            return self.lockfile.problems.push(node.problem(Lost::Entry, message));
        };
        let name = written.str(0..name_length, content);
        let version = written.str(path.len() + 1..used.len(), content);
        let is_known = !written.is_unknown();
        let is_commit = is_known && matches!(reference.len(), 40 | 64) && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut entry = Entry::new(Ecosystem::GitHubActions, name, is_known.then(|| version.clone()), Locator::Silent);
        entry.moving = (!is_commit).then_some(version);
        self.push(entry);
    }

    /// An action or workflow of the repository itself.
    fn local(&mut self, value: &Str, used: &str, local: Local) {
        let path = crate::neighbours::normalise(&self.root, used.trim_end_matches('/')).filter(|_| !used.contains(HOLE));
        let is_there = |path: &String| match local {
            Local::Action => ["action.yml", "action.yaml", "Dockerfile"]
                .iter()
                .any(|name| self.neighbours.has(&crate::neighbours::join(path, name))),
            Local::Workflow => self.neighbours.has(path),
        };
        let in_copy = || {
            let rest =
                self.copies.iter().find_map(|copy| used.strip_prefix("./")?.strip_prefix(copy.as_str())?.strip_prefix('/'));
            crate::neighbours::normalise(&self.root, rest?.trim_end_matches('/')).filter(&is_there)
        };
        let locator = match path.filter(is_there).or_else(in_copy) {
            Some(path) => {
                let depth = self.neighbours.folder().split('/').filter(|part| !part.is_empty()).count();
                let relative = format!("{}{path}", "../".repeat(depth));
                Locator::Path(Str::made(value.span, if relative.is_empty() { "." } else { relative.trim_end_matches('/') }))
            }
            None => Locator::Missing,
        };
        self.push(Entry::new(Ecosystem::GitHubActions, value.clone(), None, locator));
    }
}
