//! The policies that have a say about a tree: its own, the base's, the floor's; and what is to be known about them.
//!
//! Answers for: which file is read for each, and what it means if that cannot be. Judges nothing.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Floor, Refusal};
use crate::assess::Ratings;
use crate::catalogue::rating::Statuses;
use crate::catalogue::{self, Catalogue};
use crate::ecosystem::Ecosystem;
use crate::judge::Note;
use crate::policy::{self, BASELINE_PATH, Baseline, Context, Fault, Files, Policy};
use crate::route::{Declarations, Declared, Registry};
use crate::text::{Problem, Side, Span, Text, TextId, Texts};
use crate::tree::Tree;

/// Which files of the trees policies extend, beside those that everybody looks for.
pub(super) fn extended_paths<'t>(files: impl Iterator<Item = &'t Text>) -> BTreeSet<&'t str> {
    let of_trees = files.filter(|text| text.id.side != Side::Outside).map(|text| text.path.as_ref());
    of_trees.filter(|path| !policy::PATHS.contains(path)).collect()
}

/// The base's policy with its baseline, unless it says what the head's says, or the head's baseline has only lost lines. A file that
/// cannot be applied counts as none: the change that mends it must pass.
pub(super) fn of_base(
    tree: &dyn Tree,
    texts: &Texts,
    (own, own_baseline): (&[&Text], &Baseline),
    (levels, today): (&[String], Date),
    notes: &mut Vec<Note>,
) -> Result<Option<Policy>, Refusal> {
    let baseline = baseline_of(tree, texts).unwrap_or_else(|_| {
        let message = format!("the base's `{BASELINE_PATH}` cannot be applied as it is written; it accepts nothing");
        notes.push(Note { message, place: None });
        Baseline::default()
    });
    let found = of_tree(tree, texts, None, levels, today);
    let is_same = found.as_ref().is_ok_and(|policy| {
        let files = policy.files.iter().map(|id| texts.loaded(*id).map(Text::bytes));
        files.eq(own.iter().map(|text| Some(text.bytes())))
    });
    if is_same && own_baseline.is_within(&baseline) {
        return Ok(None);
    }
    let mut policy = found.or_else(|_| {
        let message = "the base's policy cannot be applied as it is written; `standard` stands in for it".to_owned();
        notes.push(Note { message, place: None });
        of_tree(tree, &Texts::of(Side::Base, Vec::new()), None, levels, today)
    })?;
    policy.set_baseline(baseline);
    Ok(Some(policy))
}

/// The policy given by hand, else the tree's, else `standard`; with the tree's baseline.
pub(super) fn load(
    tree: &dyn Tree,
    texts: &Texts,
    given: Option<&Text>,
    levels: &[String],
    today: Date,
) -> Result<Policy, Refusal> {
    let mut policy = of_tree(tree, texts, given, levels, today)?;
    policy.set_baseline(baseline_of(tree, texts)?);
    Ok(policy)
}

/// The floor, with what it lets the tree's own policy accept.
pub(super) fn floor(floor: &Floor, own: &Policy, texts: &Texts, today: Date, notes: &mut Vec<Note>) -> Result<Policy, Refusal> {
    let text = &floor.text;
    if floor.is_editable {
        let fault = Fault::new(
            Some(text.place(Span::default())),
            "the floor is a file of the repository that is judged, which a change can edit",
        );
        let fault = fault.with_hint("keep it in a repository of its own, and check that out beside this one");
        return Err(refuse(vec![fault], texts, Some(text)));
    }
    let rows = records();
    let context = Context { records: &rows, today, levels: &[], files: None };
    let mut policy = policy::load(Some(text), &context).map_err(|faults| refuse(faults, texts, Some(text)))?;
    for refused in policy.accept(own, today) {
        let exception = own.exceptions.all().get(refused.position as usize);
        let rule = exception.map_or("", |exception| exception.rule);
        let message = format!("under the floor, an exception from `{rule}` counts for nothing: it {}", refused.why);
        notes.push(Note { message, place: refused.place });
    }
    Ok(policy)
}

/// The catalogue's records with what each serves.
fn records() -> Vec<(&'static str, &'static [Ecosystem])> {
    catalogue::all().map(|id| (id.row().id, id.row().ecosystems)).collect()
}

/// The files of a tree, for policies that extend some of them.
struct TreeFiles<'t> {
    tree: &'t dyn Tree,
    texts: &'t Texts,
}

impl Files for TreeFiles<'_> {
    fn read(&self, path: &str) -> Option<Result<&Text, &Problem>> {
        self.texts.find(path).map(|id| self.texts.read(self.tree, id))
    }

    fn paths(&self) -> Vec<&str> {
        self.texts.paths().map(|(_, path, _)| path).collect()
    }
}

pub(super) fn of_tree(
    tree: &dyn Tree,
    texts: &Texts,
    given: Option<&Text>,
    levels: &[String],
    today: Date,
) -> Result<Policy, Refusal> {
    let rows = records();
    let files = TreeFiles { tree, texts };
    let context = Context { records: &rows, today, levels, files: Some(&files) };
    let text = match given {
        Some(given) => Some(given),
        None => policy::find(texts)
            .map_err(|fault| {
                // Read only to be shown.
                let _both = policy::PATHS.map(|path| texts.find(path).map(|id| texts.read(tree, id)));
                refuse(vec![fault], texts, None)
            })?
            .map(|id| texts.read(tree, id).map_err(|problem| refuse(vec![unread(problem)], texts, None)))
            .transpose()?,
    };
    policy::load(text, &context).map_err(|faults| refuse(faults, texts, given))
}

/// A policy that is no text.
fn unread(problem: &Problem) -> Fault {
    let hint = if problem.hint.is_empty() { "write it anew as a plain text file" } else { &problem.hint };
    Fault::new(Some(problem.place), format!("the policy {}", problem.message)).with_hint(hint)
}

/// A refusal with every text that its faults stand in.
fn refuse(faults: Vec<Fault>, texts: &Texts, given: Option<&Text>) -> Refusal {
    let places = |fault: &Fault| [fault.place, fault.also.as_ref().map(|(place, _)| *place)];
    let ids: BTreeSet<TextId> = faults.iter().flat_map(places).flatten().map(|place| place.text).collect();
    let text = |id: TextId| given.filter(|given| given.id == id).or_else(|| texts.loaded(id));
    let texts = ids.into_iter().filter_map(text);
    let texts = texts.map(|text| Text::decode(text.id, &text.path, text.bytes().to_vec()).0).collect();
    Refusal::Policy { faults, texts }
}

fn baseline_of(tree: &dyn Tree, texts: &Texts) -> Result<Baseline, Refusal> {
    let Some(id) = texts.find(BASELINE_PATH) else { return Ok(Baseline::default()) };
    let unreadable = |problem: &Problem| {
        let hint = "commit a file that can be read, with the lines that both sides of a merge have; then run `packman baseline`";
        vec![Fault::new(Some(problem.place), format!("`{BASELINE_PATH}` {}", problem.message)).with_hint(hint)]
    };
    let baseline = texts.read(tree, id).map_err(unreadable).and_then(Baseline::load);
    baseline.map_err(|faults| refuse(faults, texts, None))
}

/// What the policy says about origins, in the router's words. The policy has been validated, so every id is known.
pub(super) fn declarations(policy: &Policy, today: Date) -> Declarations {
    let registries: Vec<Declared> = policy
        .registries
        .iter()
        .map(|declared| Declared {
            id: declared.id.value.to_string(),
            ecosystem: declared.ecosystem,
            urls: declared.urls.iter().map(|url| url.value.to_string()).collect(),
            mirror_of: declared.mirror_of.as_ref().and_then(|id| catalogue::find(&id.value)),
            own: declared.own.clone(),
            statuses: (!declared.controls.is_empty()).then(|| {
                let status = |control| declared.controls.iter().find(|(of, _)| *of == control).map(|(_, status)| status.value);
                Statuses::from_fn(|control| status(control).unwrap_or_default())
            }),
        })
        .collect();
    let find = |id: &str| {
        let declared = registries.iter().position(|declared| declared.id == id).and_then(|at| u16::try_from(at).ok());
        declared.map(Registry::Declared).or_else(|| catalogue::find(id).map(Registry::Record))
    };
    let defaults = Ecosystem::ALL
        .into_iter()
        .filter_map(|ecosystem| Some((ecosystem, find(&policy.default_registry(ecosystem)?.value)?)))
        .collect();
    let build_args = policy.build_args.iter().map(|(name, value)| (name.to_string(), value.value.to_string())).collect();
    let overlays = policy.overlays.iter().filter(|overlay| !overlay.is_expired(today));
    let overlays = overlays.filter_map(|overlay| Some((catalogue::find(&overlay.registry.value)?, overlay.clone()))).collect();
    let may_run_code = policy.packages.may_run_code().clone();
    Declarations { registries, defaults, build_args, may_run_code, overlays }
}

/// Things to know that are no findings: minimums out of reach, newer entries of the catalogue.
pub(super) fn notes(policy: &Policy, catalogue: Catalogue, ratings: &Ratings<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    // Only a pin leaves entries out: else the records need not be looked at.
    let newer = if policy.catalogue.is_some() { catalogue.newer_entries().len() } else { 0 };
    if let Some(pin) = policy.catalogue.filter(|_| newer > 0) {
        let message = format!(
            "the policy reads the catalogue as of {}; {newer} newer entries exist, as of {}",
            pin.value,
            Catalogue::newest_date()
        );
        notes.push(Note { message, place: pin.place });
    }
    notes.extend(ratings.unreachable(policy));
    for folder in &policy.folders {
        notes.extend(ratings.unreachable(&folder.policy).into_iter().filter(|note| folder.says(note.place)));
    }
    notes
}

/// Above this number of policies that nothing applies, the rest is counted.
const UNAPPLIED_MAX: usize = 5;

/// Which policies lie in folders that the policy at the root does not name.
pub(super) fn unapplied(texts: &Texts, policy: &Policy) -> Vec<Note> {
    let is_one = |path: &str| path.rsplit_once('/').is_some_and(|(folder, name)| name == policy::PATHS[0] && folder != ".github");
    let found =
        texts.paths().filter(|(id, path, _)| is_one(path) && !policy.files.contains(id) && policy.excludes(path).is_none());
    let found: Vec<&str> = found.map(|(_, path, _)| path).collect();
    let mut notes: Vec<Note> = found
        .iter()
        .take(UNAPPLIED_MAX)
        .map(|path| {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let message = format!("nothing applies `{path}`; the policy at the root does, if it has `[folders.\"{folder}\"]`");
            Note { message, place: None }
        })
        .collect();
    let more = found.len().saturating_sub(UNAPPLIED_MAX);
    if more > 0 {
        notes.push(Note { message: format!("nor does anything apply {more} more policies in folders"), place: None });
    }
    notes
}
