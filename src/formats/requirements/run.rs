//! Which indexes a run of pip asks: options of a file, of what it includes, and of what includes it.
//!
//! Answers for: pip's one search scope, which changes line by line while all files are read. Never reads pip's configuration files:
//! pip itself reads none from a project.

use std::collections::HashSet;

use super::statement::{Statement, Value};
use super::{FORMAT, statements};
use crate::address;
use crate::formats::python::{is_variable_host, without_variable_user};
use crate::neighbours::{Neighbours, folder_of, folders_upwards, join, normalise};
use crate::routing::{Address, Asked, Effect, Setting};
use crate::text::{Place, Span, Text};

/// The named limit on files that one run includes, and on files that include one.
const FILES_MAX: usize = 128;

/// pip's search scope after all files are read.
#[derive(Default)]
pub(super) struct Run {
    /// What is asked; `None` while nothing was said, which means PyPI.
    indexes: Option<Vec<Asked>>,
    no_index: bool,
    find_links: Vec<Asked>,
    /// Settings that protect or endanger.
    pub(super) settings: Vec<Setting>,
    /// How many files were read, repeats included: pip reads a file as often as it is named.
    files: usize,
}

impl Run {
    /// The run that begins with a file.
    pub(super) fn of(text: &Text, around: &Neighbours<'_>) -> Self {
        let mut run = Self::default();
        run.read(text, around);
        run
    }

    fn read(&mut self, text: &Text, around: &Neighbours<'_>) {
        // Files that wait, last first: a file's lines go on where what they include ends.
        let mut waiting = vec![(text, statements(&text.content).into_iter())];
        while let Some((text, rest)) = waiting.last_mut() {
            let Some(statement) = rest.next() else {
                waiting.pop();
                continue;
            };
            let text: &Text = text;
            self.options(text, &statement);
            let folder = folder_of(&text.path);
            for (path, _) in statement.includes.iter().rev() {
                if path.text.contains("://") {
                    let reason = format!("options of `{}` are not in the repository", address::stripped(&path.text));
                    self.find_links.push(Asked::Unknown(reason, text.place(path.at.span)));
                    continue;
                }
                let Some(found) = normalise(folder, &path.text).and_then(|path| around.at(&path)) else { continue };
                let Ok(included) = found else { continue };
                let is_loop = waiting.iter().any(|(open, _)| open.id == included.id);
                if self.files < FILES_MAX && !is_loop {
                    self.files += 1;
                    waiting.push((included, statements(&included.content).into_iter()));
                }
            }
        }
    }

    /// One line's options, in pip's order.
    fn options(&mut self, text: &Text, statement: &Statement) {
        if statement.no_index {
            self.no_index = true;
            self.indexes = Some(Vec::new());
        }
        if let Some(index) = statement.index.as_ref().filter(|_| !self.no_index) {
            self.indexes = Some(vec![asked(text, index)]);
        }
        if !self.no_index {
            for extra in &statement.extra_indexes {
                self.indexes.get_or_insert_with(|| vec![Asked::Default]).push(asked(text, extra));
            }
        }
        self.find_links.extend(statement.find_links.iter().map(|links| asked(text, links)));
        for (option, value) in &statement.settings {
            let effect = match (*option, value.text.as_str()) {
                ("--trusted-host", _) => Effect::TlsOff,
                ("--require-hashes", _) => Effect::IntegrityOn,
                ("--no-require-hashes", _) => Effect::IntegrityOff,
                ("--only-binary", ":all:") => Effect::InstallCodeOff,
                ("--no-binary", value) if value != ":none:" => Effect::InstallCodeOn,
                _ => continue,
            };
            self.settings.push(Setting { effect, key: (*option).to_owned(), place: text.place(value.at.span) });
        }
    }

    /// What is asked for a requirement without an address of its own; PyPI where nothing says anything.
    fn asked(&self) -> Vec<Asked> {
        let mut asked = self.indexes.clone().unwrap_or_else(|| vec![Asked::Default]);
        asked.extend(self.find_links.iter().cloned());
        asked
    }
}

/// What is asked for the requirements of a file: by its own run, and by the runs of files that include it. Empty where all say nothing.
pub(super) fn asked_for(text: &Text, own: &Run, around: &Neighbours<'_>) -> Vec<Asked> {
    let mut all = own.asked();
    for including in including(text, around) {
        for one in Run::of(including, around).asked() {
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
    if all.is_empty() {
        let reason = "`--no-index` leaves no index, and no `--find-links` is given".to_owned();
        return vec![Asked::Unknown(reason, Place { text: text.id, span: Span::default() })];
    }
    if all == [Asked::Default] { Vec::new() } else { all }
}

/// Files that include this one, directly or not: those below its folder, and those above that are called `requirements…` or
/// `constraints…` or lie in a folder called so.
fn including<'a>(text: &Text, around: &Neighbours<'a>) -> Vec<&'a Text> {
    let folder = around.folder();
    let below = around.below(folder);
    let above = folders_upwards(folder).skip(1);
    let above = above.flat_map(|folder| ["requirements", "constraints"].map(|start| join(folder, start)));
    let above: Vec<_> = above.flat_map(|start| around.starting_with(&start).collect::<Vec<_>>()).collect();
    let is_named = |path: &str| (path.ends_with("txt") || path.ends_with("in")) && FORMAT.claims(path);
    let candidates: Vec<&'a str> = below.chain(above).map(|(_, path)| path).filter(|path| is_named(path)).collect();
    let mut found: Vec<&'a Text> = Vec::new();
    let mut seen = HashSet::from([text.id]);
    let mut waiting: Vec<&str> = vec![&text.path];
    while let Some(included) = waiting.pop() {
        let name = included.rsplit('/').next().unwrap_or(included);
        for path in &candidates {
            let Some(Ok(other)) = around.at(path) else { continue };
            if seen.contains(&other.id) || found.len() >= FILES_MAX || !other.content.contains(name) {
                continue;
            }
            let folder = folder_of(&other.path);
            let names_it =
                |(path, constrains): &(Value, bool)| !constrains && normalise(folder, &path.text).as_deref() == Some(included);
            if statements(&other.content).iter().any(|statement| statement.includes.iter().any(names_it)) {
                seen.insert(other.id);
                found.push(other);
                waiting.push(&other.path);
            }
        }
    }
    found
}

/// An index or a place of links.
fn asked(text: &Text, value: &Value) -> Asked {
    let place = text.place(value.at.span);
    let written = value.text.as_str();
    if !written.contains("://") && !written.contains('$') {
        let url = normalise(folder_of(&text.path), written).unwrap_or_else(|| written.to_owned());
        return Asked::Folder(Address { url, place });
    }
    if written.starts_with("file:") {
        return Asked::Folder(Address { url: written.to_owned(), place });
    }
    if is_variable_host(written) {
        return Asked::Unknown(format!("the host in `{}` is a variable", address::stripped(written)), place);
    }
    Asked::At(Address { url: without_variable_user(written).into_owned(), place })
}
