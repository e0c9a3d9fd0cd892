//! What a policy is made of: presets and files, in the order in which they count.
//!
//! Answers for: `extends`, and every way in which it can go wrong: a missing file, one outside the repository, a circle, too many. Gives no
//! setting a meaning: `compile` does.

use super::compile::{Document, Read, read_what_stands};
use super::fault::{Fault, advice, listed, nearest};
use super::file::{At, File};
use super::shape::{Keys, Lost, Step};
use super::{Context, Files, POLICY_BYTES_MAX, SetBy, Setting, presets};
use crate::text::{Place, Side, Text, TextId};

/// The named limit on the files that one policy is made of.
pub const POLICY_FILES_MAX: usize = 32;

/// One layer; a later one wins over an earlier.
pub(super) enum Layer<'a> {
    /// A preset.
    Preset(Setting<&'static str>, Box<File>),
    /// A file.
    File(Source<'a>),
}

impl<'a> Layer<'a> {
    /// The file, if it is one.
    pub(super) fn source(&self) -> Option<&Source<'a>> {
        match self {
            Self::Preset(..) => None,
            Self::File(source) => Some(source),
        }
    }
}

/// A file as it is written.
pub(super) struct Source<'a> {
    pub(super) text: &'a Text,
    pub(super) file: Box<File>,
    pub(super) keys: Keys,
    /// What had to be left out of it.
    pub(super) lost: Lost,
    /// The folder for which alone it counts, if it is not for all.
    pub(super) folder: Option<&'a str>,
}

/// All layers of a policy.
pub(super) struct Layers<'a> {
    /// In the order in which they count.
    pub(super) all: Vec<Layer<'a>>,
    /// What is wrong with `extends`, and with the shape of the files.
    pub(super) faults: Vec<Fault>,
    /// Whether nothing is missing that could declare what others rely on.
    pub(super) is_whole: bool,
}

/// All layers of a policy. Without any preset, `standard` lies below them.
pub(super) fn of<'a>(text: Option<&'a Text>, context: &Context<'a>) -> Layers<'a> {
    let Layers { all: mut layers, faults, is_whole } = walk(text, (None, &[]), context);
    let has_preset = layers.iter().any(|layer| matches!(layer, Layer::Preset(..)));
    if !has_preset && let Some((id, preset)) = presets::read(presets::DEFAULT) {
        layers.insert(0, Layer::Preset(Setting::of(id, SetBy::Default), Box::new(preset)));
    }
    Layers { all: layers, faults, is_whole }
}

/// The layers of a folder's policy that come over those of the policy at the root.
pub(super) fn over<'a>(root: &[Layer<'a>], (folder, text): (&'a str, &'a Text), context: &Context<'a>) -> Layers<'a> {
    walk(Some(text), (Some(folder), root), context)
}

fn walk<'a>(text: Option<&'a Text>, (folder, below): (Option<&'a str>, &[Layer<'a>]), context: &Context<'a>) -> Layers<'a> {
    let known = below.iter().filter_map(|layer| Some(layer.source()?.text.id)).collect();
    let mut walk = Walk { context, folder, layers: Vec::new(), open: Vec::new(), known, is_whole: true, faults: Vec::new() };
    if let Some(text) = text {
        walk.visit(text);
    }
    Layers { all: walk.layers, faults: walk.faults, is_whole: walk.is_whole }
}

struct Walk<'a, 'w> {
    context: &'w Context<'a>,
    folder: Option<&'a str>,
    layers: Vec<Layer<'a>>,
    /// The files around the one that is read, each with the line of it that is followed.
    open: Vec<(TextId, Option<Place>)>,
    /// All files so far.
    known: Vec<TextId>,
    is_whole: bool,
    faults: Vec<Fault>,
}

impl<'a> Walk<'a, '_> {
    fn visit(&mut self, text: &'a Text) {
        self.known.push(text.id);
        let document = Document { noun: "policy", bytes_max: POLICY_BYTES_MAX, schema: super::schema() };
        let Read { file, keys, faults, lost } = match read_what_stands::<File>(text, &document) {
            Ok(read) => read,
            Err(faults) => {
                self.is_whole = false;
                return self.faults.extend(faults);
            }
        };
        self.faults.extend(faults);
        let is_all = |path: &[Step]| match path {
            [Step::Key(key), ..] if key == "extends" => true,
            [Step::Key(key)] => key == "registries",
            _ => false,
        };
        self.is_whole &= !lost.keys().any(|path| is_all(path));
        for (position, entry) in file.extends.iter().enumerate() {
            let first = file.extends.iter().take(position).find(|first| first.value == entry.value);
            if let Some(first) = first {
                let fault = Fault::new(Some(text.place(entry.span)), format!("`{}` is extended twice", shown(entry)));
                let first = Some(text.place(first.span));
                self.faults.push(fault.with_hint("keep one of them").with_also(first, "the first one"));
            } else if let Some((id, preset)) = presets::read(&entry.value) {
                let setting = Setting { value: id, by: SetBy::File, place: Some(text.place(entry.span)) };
                self.layers.push(Layer::Preset(setting, Box::new(preset)));
            } else {
                self.open.push((text.id, Some(text.place(entry.span))));
                self.follow(text, entry);
                self.open.pop();
            }
        }
        self.layers.push(Layer::File(Source { text, file: Box::new(file), keys, lost, folder: self.folder }));
    }

    /// Reads a file that another one extends.
    fn follow(&mut self, from: &Text, entry: &At<String>) {
        let refuse = |message: String, hint: String| Fault::new(Some(from.place(entry.span)), message).with_hint(hint);
        let name = shown(entry);
        if !entry.value.contains(['/', '\\', '.']) {
            let fault = refuse(format!("`{name}` is no preset"), advice(&entry.value, presets::IDS));
            return self.faults.push(fault);
        }
        let was_whole = std::mem::replace(&mut self.is_whole, false);
        if self.context.files.is_none() || from.id.side == Side::Outside {
            let message = format!("`{name}` is a file, which a policy from outside the repository cannot extend");
            let hint = format!("write {}, and the file's settings into this one", listed(presets::IDS));
            return self.faults.push(refuse(message, hint));
        }
        let text = match file(self.context, from, entry, "extend") {
            Ok(text) => text,
            Err(fault) => return self.faults.push(fault),
        };
        self.is_whole = was_whole;
        if let Some(at) = self.open.iter().position(|(open, _)| *open == text.id) {
            let (message, hint) = match self.open.get(at..) {
                Some([_]) | None => ("this file extends itself".to_owned(), "take it out"),
                Some(circle) => (
                    format!("`{name}` leads back to where it is extended from, over {} files", circle.len()),
                    "take one of them out",
                ),
            };
            let begins = self.open.get(at).filter(|_| at + 1 < self.open.len()).and_then(|(_, place)| *place);
            let fault = refuse(message, hint.to_owned()).with_also(begins, "the circle begins here");
            return self.faults.push(fault);
        }
        if self.known.contains(&text.id) {
            return;
        }
        if self.known.len() >= POLICY_FILES_MAX {
            let message = format!("`{name}` is one file too many; a policy is made of {POLICY_FILES_MAX} at most");
            return self.faults.push(refuse(message, "put some of them together".to_owned()));
        }
        self.visit(text);
    }
}

/// The file of the repository that another one names, or what is wrong with the name.
pub(super) fn file<'a>(context: &Context<'a>, from: &Text, entry: &At<String>, verb: &str) -> Result<&'a Text, Fault> {
    let refuse = |message: String, hint: String| Fault::new(Some(from.place(entry.span)), message).with_hint(hint);
    let name = shown(entry);
    let Some(path) = resolve(&from.path, &entry.value) else {
        let hint = "write it from the folder of this file, like `policies/base.toml`".to_owned();
        return Err(refuse(format!("`{name}` is no path inside this repository"), hint));
    };
    match context.files.and_then(|files| files.read(&path)) {
        Some(Ok(text)) => Ok(text),
        Some(Err(problem)) => Err(refuse(format!("`{name}` {}", problem.message), format!("{verb} a plain file"))),
        None => {
            let others = context.files.map(Files::paths).unwrap_or_default();
            let others = others.into_iter().filter(|path| path.rsplit_once('.').is_some_and(|(_, end)| end == "toml"));
            let hint = match nearest(&path, others.collect::<Vec<_>>().iter().copied()) {
                Some(meant) => format!("did you mean `{}`?", relative(&from.path, meant)),
                None => "write its path from the folder of this file".to_owned(),
            };
            Err(refuse(format!("there is no file `{name}` in this repository"), hint))
        }
    }
}

pub(super) fn shown(entry: &At<String>) -> String {
    entry.value.escape_debug().to_string()
}

/// A path from the root, for one that is written in a file; `None` if it leaves the root or is none.
fn resolve(from: &str, written: &str) -> Option<String> {
    if written.starts_with('/') || written.contains(['\\', ':']) {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// A path from the root as a file would write it.
fn relative(from: &str, path: &str) -> String {
    let folders: Vec<&str> = from.split('/').collect();
    let folders = folders.split_last().map_or(&[][..], |(_, folders)| folders);
    let parts: Vec<&str> = path.split('/').collect();
    let common = folders.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    let up = "../".repeat(folders.len() - common);
    format!("{up}{}", parts.get(common..).unwrap_or(&[]).join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        for (from, written, path) in [
            ("packman.toml", "policies/base.toml", Some("policies/base.toml")),
            (".github/packman.toml", "../base.toml", Some("base.toml")),
            (".github/packman.toml", "./x/../y.toml", Some(".github/y.toml")),
            ("packman.toml", "../base.toml", None),
            ("a/b.toml", "../../c.toml", None),
            ("a/b.toml", "/c.toml", None),
            ("a/b.toml", "..\\c.toml", None),
            ("a/b.toml", "C:/c.toml", None),
        ] {
            assert_eq!(resolve(from, written).as_deref(), path, "{from} {written}");
        }
        assert_eq!(relative(".github/packman.toml", "policies/base.toml"), "../policies/base.toml");
        assert_eq!(relative("a/b/c.toml", "a/d.toml"), "../d.toml");
    }
}
