//! The whole gate in one function: discover, read, route, assess, judge; reporting is the caller's.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use thiserror::Error;

use crate::assess::Ratings;
use crate::catalogue::rating::Statuses;
use crate::catalogue::{self, Catalogue, CatalogueTooOld};
use crate::facts::Facts;
use crate::judge::{Note, Report, judge};
use crate::lost::{Seen, lost};
use crate::policy::{self, BASELINE_PATH, Baseline, Context, Fault, Files, Policy};
use crate::route::{Declarations, Declared, Registry, Router};
use crate::rules::{Case, PolicyChange};
use crate::snapshot::{Listed, Snapshot, Through};
use crate::text::{Problem, Side, Text, TextId, Texts};
use crate::tree::{Listing, Tree, TreeError};

/// What is asked of the gate beside the tree.
#[derive(Debug)]
pub struct Request {
    /// A policy given by hand, in place of the tree's own.
    pub policy: Option<Text>,
    /// The output of `cargo metadata --format-version 1`, made beforehand.
    pub cargo_metadata: Option<Text>,
    /// `RULE=LEVEL` of the command line.
    pub levels: Vec<String>,
    /// The day that expiry is judged by.
    pub today: Date,
    /// Things to know that whoever asks has found out.
    pub notes: Vec<String>,
}

/// Why there is no report.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The policy cannot be applied as written. The text is the one that the faults stand in, unless it is the tree's.
    #[error("the policy cannot be applied as it is written")]
    Policy {
        /// All that is wrong with it.
        faults: Vec<Fault>,
        /// The texts that the faults stand in.
        texts: Vec<Text>,
    },
    /// The policy's file cannot be read.
    #[error("the policy cannot be read: {}", .0.message)]
    Unreadable(Problem),
    /// A file of facts given by hand cannot be read.
    #[error("the facts cannot be read: {}", .0.message)]
    Facts(Problem),
    /// The policy asks for a day that this binary's data does not know yet.
    #[error(transparent)]
    Catalogue(#[from] CatalogueTooOld),
    /// The tree cannot be listed.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Judges a tree and hands the report to `with`.
pub fn check<T>(tree: &dyn Tree, request: Request, with: impl FnOnce(&Report<'_>) -> T) -> Result<T, Refusal> {
    compare(tree, None, request, with)
}

/// Judges a tree, beside a base if there is one, and hands the report to `with`.
pub fn compare<T>(
    tree: &dyn Tree,
    base: Option<&Base<'_>>,
    request: Request,
    with: impl FnOnce(&Report<'_>) -> T,
) -> Result<T, Refusal> {
    let listed = list(tree, Side::Head)?;
    let facts = Facts::read(request.cargo_metadata.as_ref()).map_err(Refusal::Facts)?;
    let own = Ruling::of(load(tree, &listed.texts, request.policy.as_ref(), &request.levels, request.today)?, request.today)?;
    let ratings = Ratings::new(own.catalogue, &own.declarations);
    let router = Router::new(&ratings);
    let exclude = |path: &str| own.policy.excludes(path).is_some();
    let through = Through { exclude: &exclude, facts: &facts, router: &router };
    let mut head = Snapshot::read(&listed, tree, through);
    fault_of(tree)?;
    let mut notes = notes(&own.policy, own.catalogue, &ratings);
    notes.extend(request.notes.into_iter().map(|message| Note { message, place: None }));
    if let Some(text) = &request.cargo_metadata {
        notes.push(Note { message: format!("crates are judged by features and targets, as `{}` says", text.path), place: None });
    }
    let today = request.today;
    let outside: Vec<Text> = request.policy.into_iter().chain(request.cargo_metadata).collect();
    let alone = |head| Case::of(head, &own.policy, &ratings, today, &outside);
    let Some(Base { tree: base_tree, name }) = base else {
        return Ok(with(&judge(alone(&head), notes)));
    };

    let base_listed = list(*base_tree, Side::Base)?;
    notes.extend((!name.is_empty()).then(|| Note { message: format!("compared with {name}"), place: None }));
    let text_of = |id: TextId| outside.iter().find(|text| text.id == id).or_else(|| listed.texts.loaded(id));
    let own_files: Vec<&Text> = own.policy.files.iter().filter_map(|id| text_of(*id)).collect();
    let own_policy = (own_files.as_slice(), &own.policy.baseline);
    let theirs = base_policy(*base_tree, &base_listed.texts, own_policy, (&request.levels, today), &mut notes)?;
    let beside = Snapshot::beside(&head, &base_listed, *base_tree, through);
    let files = |paths: &[&str]| [file_of(tree, &listed.texts, paths), file_of(*base_tree, &base_listed.texts, paths)];
    let their_files = theirs.as_ref().map_or(&[][..], |theirs| &theirs.policy.files);
    let extended = extended_paths(own_files.into_iter().chain(their_files.iter().filter_map(|id| base_listed.texts.loaded(*id))));
    let policies = std::iter::once(files(&policy::PATHS)).chain(extended.iter().map(|path| files(&[path])));
    let change = PolicyChange::between(policies, files(&[BASELINE_PATH]));
    let Some(theirs) = theirs else {
        fault_of(*base_tree)?;
        head.leave_out_links(&beside);
        let lost = lost(Seen { side: &beside, tree: *base_tree }, Seen { side: &head, tree }, &own.policy);
        let case = Case { base: Some(&beside), lost: &lost, change: change.as_ref(), ..alone(&head) };
        return Ok(with(&judge(case, notes)));
    };

    let message = "the base has another policy; both judge this change, and the worse verdict stands".to_owned();
    notes.push(Note { message, place: None });
    // Each policy reads both sides on its own: what it excludes and declares decides what there is and where it comes from.
    let their_ratings = Ratings::new(theirs.catalogue, &theirs.declarations);
    let their_router = Router::new(&their_ratings);
    let exclude = |path: &str| theirs.policy.excludes(path).is_some();
    let their_through = Through { exclude: &exclude, facts: &facts, router: &their_router };
    let their_head = Snapshot::read(&listed, tree, their_through);
    let their_beside = Snapshot::beside(&their_head, &base_listed, *base_tree, their_through);
    head.read_beyond(tree, through, &their_head);
    fault_of(tree)?;
    fault_of(*base_tree)?;
    head.leave_out_links(&their_beside);
    let lost = lost(Seen { side: &their_beside, tree: *base_tree }, Seen { side: &head, tree }, &own.policy);
    let theirs =
        Case { base: Some(&their_beside), lost: &lost, ..Case::of(&their_head, &theirs.policy, &their_ratings, today, &outside) };
    let case = Case { base: Some(&beside), lost: &lost, change: change.as_ref(), under_base: Some(&theirs), ..alone(&head) };
    Ok(with(&judge(case, notes)))
}

/// What a tree is compared with.
pub struct Base<'b> {
    /// Its files.
    pub tree: &'b dyn Tree,
    /// What it is, for people; may be empty.
    pub name: String,
}

/// A policy with what follows from it for origins.
struct Ruling {
    policy: Policy,
    catalogue: Catalogue,
    declarations: Declarations,
}

impl Ruling {
    fn of(policy: Policy, today: Date) -> Result<Self, CatalogueTooOld> {
        let catalogue = Catalogue::as_of(policy.catalogue.map(|pin| pin.value))?;
        let declarations = declarations(&policy, today);
        Ok(Self { policy, catalogue, declarations })
    }
}

fn list(tree: &dyn Tree, side: Side) -> Result<Listed, TreeError> {
    let Listing { files, left_out, prefix } = tree.list()?;
    Ok(Listed { texts: Arc::new(Texts::of(side, files)), left_out, prefix })
}

/// What the world could not give is no fault of the files.
fn fault_of(tree: &dyn Tree) -> Result<(), TreeError> {
    tree.fault().map_or(Ok(()), Err)
}

/// Which files of the trees policies extend, beside those that everybody looks for.
fn extended_paths<'t>(files: impl Iterator<Item = &'t Text>) -> BTreeSet<&'t str> {
    let of_trees = files.filter(|text| text.id.side != Side::Outside).map(|text| text.path.as_ref());
    of_trees.filter(|path| !policy::PATHS.contains(path)).collect()
}

/// The text of the first of these files that a tree has, if it can be read.
fn file_of<'t>(tree: &dyn Tree, texts: &'t Texts, paths: &[&str]) -> Option<&'t Text> {
    paths.iter().find_map(|path| texts.find(path)).and_then(|id| texts.read(tree, id).ok())
}

/// The base's policy with its baseline, unless it says what the head's says, or the head's baseline has only lost lines. A file that
/// cannot be applied counts as none: the change that mends it must pass.
fn base_policy(
    tree: &dyn Tree,
    texts: &Texts,
    (own, own_baseline): (&[&Text], &Baseline),
    (levels, today): (&[String], Date),
    notes: &mut Vec<Note>,
) -> Result<Option<Ruling>, Refusal> {
    let baseline = baseline_of(tree, texts).unwrap_or_else(|_| {
        let message = format!("the base's `{BASELINE_PATH}` cannot be applied as it is written; it accepts nothing");
        notes.push(Note { message, place: None });
        Baseline::default()
    });
    let found = rules_of(tree, texts, None, levels, today);
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
        rules_of(tree, &Texts::of(Side::Base, Vec::new()), None, levels, today)
    })?;
    policy.baseline = baseline;
    Ok(Some(Ruling::of(policy, today)?))
}

/// The policy given by hand, else the tree's, else `standard`; with the tree's baseline.
fn load(tree: &dyn Tree, texts: &Texts, given: Option<&Text>, levels: &[String], today: Date) -> Result<Policy, Refusal> {
    let mut policy = rules_of(tree, texts, given, levels, today)?;
    policy.baseline = baseline_of(tree, texts)?;
    Ok(policy)
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

fn rules_of(tree: &dyn Tree, texts: &Texts, given: Option<&Text>, levels: &[String], today: Date) -> Result<Policy, Refusal> {
    let rows: Vec<(&str, &[crate::ecosystem::Ecosystem])> =
        catalogue::all().map(|id| (id.row().id, id.row().ecosystems)).collect();
    let files = TreeFiles { tree, texts };
    let context = Context { records: &rows, today, levels, files: Some(&files) };
    let text = match given {
        Some(given) => Some(given),
        None => policy::find(texts)
            .map_err(|fault| refuse(vec![fault], texts, None))?
            .map(|id| texts.read(tree, id).map_err(|problem| Refusal::Unreadable(problem.clone())))
            .transpose()?,
    };
    policy::load(text, &context).map_err(|faults| refuse(faults, texts, given))
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
fn declarations(policy: &Policy, today: Date) -> Declarations {
    let registries: Vec<Declared> = policy
        .registries
        .iter()
        .map(|declared| Declared {
            id: declared.id.value.to_string(),
            ecosystem: declared.ecosystem,
            urls: declared.urls.iter().map(|url| url.value.to_string()).collect(),
            mirror_of: declared.mirror_of.as_ref().and_then(|id| catalogue::find(&id.value)),
            own: declared.own.iter().map(|own| own.value.clone()).collect(),
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
    let defaults = crate::ecosystem::Ecosystem::ALL
        .into_iter()
        .filter_map(|ecosystem| Some((ecosystem, find(&policy.default_registry(ecosystem)?.value)?)))
        .collect();
    let build_args = policy.build_args.iter().map(|(name, value)| (name.to_string(), value.value.to_string())).collect();
    let overlays = policy.overlays.iter().filter(|overlay| !overlay.is_expired(today));
    let overlays = overlays.filter_map(|overlay| Some((catalogue::find(&overlay.registry.value)?, overlay.clone()))).collect();
    Declarations { registries, defaults, build_args, overlays }
}

/// Things to know that are no findings: minimums out of reach, newer entries of the catalogue.
fn notes(policy: &Policy, catalogue: Catalogue, ratings: &Ratings<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let newer = catalogue.newer_entries().len();
    if let Some(pin) = policy.catalogue.filter(|_| newer > 0) {
        let message = format!(
            "the policy reads the catalogue as of {}; {newer} newer entries exist, as of {}",
            pin.value,
            Catalogue::newest_date()
        );
        notes.push(Note { message, place: pin.place });
    }
    notes.extend(ratings.unreachable(policy));
    notes
}

/// A text from outside the tree, such as a policy given by hand.
#[must_use]
pub fn outside_text(index: u32, path: &str, bytes: Vec<u8>) -> (Text, Option<Problem>) {
    Text::decode(TextId { side: Side::Outside, index }, path, bytes)
}
