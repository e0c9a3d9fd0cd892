//! The whole gate in one function: discover, read, route, assess, judge; reporting is the caller's.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use thiserror::Error;

use crate::assess::Ratings;
use crate::catalogue::rating::Statuses;
use crate::catalogue::{self, Catalogue, CatalogueTooOld};
use crate::ecosystem::Ecosystem;
use crate::facts::Facts;
use crate::judge::{Note, Report, judge};
use crate::lost::{Seen, lost};
use crate::policy::{self, BASELINE_PATH, Baseline, Context, Fault, Files, Folder, Policy};
use crate::route::{Declarations, Declared, Registry, Router};
use crate::rules::{By, Case, Other, PolicyChange};
use crate::snapshot::{Listed, Snapshot, Through};
use crate::text::{Problem, Side, Span, Text, TextId, Texts};
use crate::tree::{Listing, Tree, TreeError};

/// What is asked of the gate beside the tree.
#[derive(Debug)]
pub struct Request {
    /// A policy given by hand, in place of the tree's own.
    pub policy: Option<Text>,
    /// A policy from outside that the tree's own may only tighten.
    pub floor: Option<Floor>,
    /// The output of `cargo metadata --format-version 1`, made beforehand.
    pub cargo_metadata: Option<Text>,
    /// `RULE=LEVEL` of the command line.
    pub levels: Vec<String>,
    /// The day that expiry is judged by.
    pub today: Date,
    /// Things to know that whoever asks has found out.
    pub notes: Vec<String>,
}

/// A policy from outside.
#[derive(Debug)]
pub struct Floor {
    /// The file.
    pub text: Text,
    /// Its path from the root under judgement, where it lies below that.
    pub inside: Option<String>,
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
    let today = request.today;
    let own = Ruling::of(load(tree, &listed.texts, request.policy.as_ref(), &request.levels, today)?, today)?;
    let own_ratings = Ratings::new(own.catalogue, &own.declarations);
    let base_listed = base.map(|base| list(base.tree, Side::Base)).transpose()?;
    let sides = Sides { head: (tree, &listed), base: base.map(|base| base.tree).zip(base_listed.as_ref()), facts: &facts };
    let mut head = own.read(&own_ratings, &sides);
    fault_of(tree)?;

    let mut notes = notes(&own.policy, own.catalogue, &own_ratings);
    notes.extend(request.notes.into_iter().map(|message| Note { message, place: None }));
    if let Some(text) = &request.cargo_metadata {
        notes.push(Note { message: format!("crates are judged by features and targets, as `{}` says", text.path), place: None });
    }
    notes.extend(unapplied(&listed.texts, &own.policy));
    let mut rulings: Vec<(By, Ruling)> = Vec::new();
    let mut change = None;
    let outside: Vec<Text> = request.policy.into_iter().chain(request.cargo_metadata).collect();
    if let (Some(Base { tree: base_tree, name }), Some(base_listed)) = (base, &base_listed) {
        notes.extend((!name.is_empty()).then(|| Note { message: format!("compared with {name}"), place: None }));
        let text_of = |id: TextId| outside.iter().find(|text| text.id == id).or_else(|| listed.texts.loaded(id));
        let own_files: Vec<&Text> = own.policy.files.iter().filter_map(|id| text_of(*id)).collect();
        let own_policy = (own_files.as_slice(), &own.policy.baseline);
        let theirs = base_policy(*base_tree, &base_listed.texts, own_policy, (&request.levels, today), &mut notes)?;
        let files = |paths: &[&str]| [file_of(tree, &listed.texts, paths), file_of(*base_tree, &base_listed.texts, paths)];
        let their_files = theirs.as_ref().map_or(&[][..], |theirs| &theirs.policy.files);
        let their_files = their_files.iter().filter_map(|id| base_listed.texts.loaded(*id));
        let extended = extended_paths(own_files.into_iter().chain(their_files));
        let policies = std::iter::once(files(&policy::PATHS)).chain(extended.iter().map(|path| files(&[path])));
        change = PolicyChange::between(policies, files(&[BASELINE_PATH]));
        if let Some(theirs) = theirs {
            let message = "the base has another policy; both judge this change, and the worse verdict stands".to_owned();
            notes.push(Note { message, place: None });
            rulings.push((By::Base, theirs));
        }
    }
    let floor = request.floor.map(|floor| (load_floor(&floor, &own.policy, &listed.texts, today, &mut notes), floor.text));
    let mut outside = outside;
    if let Some((policy, text)) = floor {
        rulings.push((By::Floor, Ruling::of(policy?, today)?));
        outside.push(text);
    }

    // Each policy reads both sides on its own: what it excludes and declares decides what there is and where it comes from.
    let ratings: Vec<Ratings<'_>> =
        rulings.iter().map(|(_, ruling)| Ratings::new(ruling.catalogue, &ruling.declarations)).collect();
    let views: Vec<View> = rulings.iter().zip(&ratings).map(|((_, ruling), ratings)| ruling.read(ratings, &sides)).collect();
    own.read_beyond(&own_ratings, &sides, &mut head, &views);
    fault_of(tree)?;
    base.map_or(Ok(()), |base| fault_of(base.tree))?;
    let by_base = rulings.iter().position(|(by, _)| *by == By::Base).and_then(|at| views.get(at));
    let was = by_base.map_or(head.base.as_ref(), |view| view.base.as_ref());
    let mut lost_files = Vec::new();
    if let (Some(was), Some(base)) = (was, base) {
        head.side.leave_out_links(was);
        lost_files = lost(Seen { side: was, tree: base.tree }, Seen { side: &head.side, tree }, &own.policy);
    }
    let cases: Vec<(By, Case<'_>)> = rulings
        .iter()
        .zip(&ratings)
        .zip(&views)
        .map(|(((by, ruling), ratings), view)| {
            let case = Case::of(&view.side, &ruling.policy, ratings, today, &outside);
            (*by, Case { base: view.base.as_ref(), lost: &lost_files, change: change.as_ref(), ..case })
        })
        .collect();
    let folders: Vec<Vec<Case<'_>>> = cases.iter().map(|(_, case)| of_folders(case)).collect();
    let others: Vec<Other<'_>> =
        cases.iter().zip(&folders).map(|((by, case), folders)| Other { by: *by, case: Case { folders, ..*case } }).collect();
    let case = Case::of(&head.side, &own.policy, &own_ratings, today, &outside);
    let case = Case { base: head.base.as_ref(), lost: &lost_files, change: change.as_ref(), others: &others, ..case };
    let folders = of_folders(&case);
    Ok(with(&judge(Case { folders: &folders, ..case }, notes)))
}

/// What the policies of single folders see. That a policy changes, the root's says.
fn of_folders<'c>(case: &Case<'c>) -> Vec<Case<'c>> {
    let of_folder = |folder: &'c Folder| Case {
        policy: &folder.policy,
        folder: Some(folder),
        change: None,
        others: &[],
        folders: &[],
        ..*case
    };
    case.policy.folders.iter().map(of_folder).collect()
}

/// Reads everything of a tree that judging it as a base reads, whatever a policy excludes, and judges nothing: a tree that gathers its files
/// knows then which.
pub fn read_through(tree: &dyn Tree, today: Date) -> Result<(), Refusal> {
    let listed = list(tree, Side::Base)?;
    for path in policy::PATHS.into_iter().chain([BASELINE_PATH]) {
        file_of(tree, &listed.texts, &[path]);
    }
    // One that cannot be applied as it is written is stood in for.
    let own = rules_of(tree, &listed.texts, None, &[], today);
    let policy = own.or_else(|_| rules_of(tree, &Texts::of(Side::Base, Vec::new()), None, &[], today))?;
    let declarations = declarations(&policy, today);
    let ratings = Ratings::new(Catalogue::newest(), &declarations);
    let router = Router::new(&ratings);
    let facts = Facts::read(None).map_err(Refusal::Facts)?;
    let _ = Snapshot::read(&listed, tree, Through { exclude: &|_| false, facts: &facts, router: &router });
    Ok(())
}

/// Both sides, before anybody reads them.
struct Sides<'s> {
    head: (&'s dyn Tree, &'s Listed),
    base: Option<(&'s dyn Tree, &'s Listed)>,
    facts: &'s Facts,
}

/// Both sides as one policy reads them.
struct View {
    side: Snapshot,
    base: Option<Snapshot>,
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

    /// Reads both sides by this policy.
    fn read(&self, ratings: &Ratings<'_>, sides: &Sides<'_>) -> View {
        let exclude = |path: &str| self.policy.excludes(path).is_some();
        let through = Through { exclude: &exclude, facts: sides.facts, router: &Router::new(ratings) };
        let (tree, listed) = sides.head;
        let side = Snapshot::read(listed, tree, through);
        let base = sides.base.map(|(tree, listed)| Snapshot::beside(&side, listed, tree, through));
        View { side, base }
    }

    /// Reads what only others read of the head, for what they find there.
    fn read_beyond(&self, ratings: &Ratings<'_>, sides: &Sides<'_>, own: &mut View, others: &[View]) {
        let exclude = |path: &str| self.policy.excludes(path).is_some();
        let through = Through { exclude: &exclude, facts: sides.facts, router: &Router::new(ratings) };
        own.side.read_beyond(sides.head.0, through, others.iter().map(|view| &view.side));
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
    policy.set_baseline(baseline);
    Ok(Some(Ruling::of(policy, today)?))
}

/// The policy given by hand, else the tree's, else `standard`; with the tree's baseline.
fn load(tree: &dyn Tree, texts: &Texts, given: Option<&Text>, levels: &[String], today: Date) -> Result<Policy, Refusal> {
    let mut policy = rules_of(tree, texts, given, levels, today)?;
    policy.set_baseline(baseline_of(tree, texts)?);
    Ok(policy)
}

/// The floor, with what it lets the tree's own policy accept.
fn load_floor(floor: &Floor, own: &Policy, texts: &Texts, today: Date, notes: &mut Vec<Note>) -> Result<Policy, Refusal> {
    let text = &floor.text;
    if floor.inside.as_deref().is_some_and(|path| texts.find(path).is_some()) {
        let fault = Fault::new(
            Some(text.place(Span::default())),
            "the floor is a file of the tree that is judged, which a change can edit",
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

fn rules_of(tree: &dyn Tree, texts: &Texts, given: Option<&Text>, levels: &[String], today: Date) -> Result<Policy, Refusal> {
    let rows = records();
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
    let defaults = Ecosystem::ALL
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
fn unapplied(texts: &Texts, policy: &Policy) -> Vec<Note> {
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

/// A text from outside the tree, such as a policy given by hand.
#[must_use]
pub fn outside_text(index: u32, path: &str, bytes: Vec<u8>) -> (Text, Option<Problem>) {
    Text::decode(TextId { side: Side::Outside, index }, path, bytes)
}
