//! The whole gate in one function: discover, read, route, assess, judge; reporting is the caller's.

mod policies;

use std::sync::Arc;

use jiff::civil::Date;
use thiserror::Error;

use crate::assess::Ratings;
use crate::catalogue::{Catalogue, CatalogueTooOld};
use crate::facts::Facts;
use crate::judge::{Note, Report, judge};
use crate::lost::{Seen, lost};
use crate::policy::{self, BASELINE_PATH, Fault, Folder, Policy};
use crate::route::{Declarations, Router};
use crate::rules::{By, Case, Other, PolicyChange};
use crate::snapshot::{Listed, Snapshot, Through};
use crate::text::{Problem, Side, Text, TextId, Texts};
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
    /// Whether a change of the repository under judgement can edit it.
    pub is_editable: bool,
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
    let own = policies::load(tree, &listed.texts, request.policy.as_ref(), &request.levels, today)?;
    let own = Ruling::of(own, today)?;
    let own_ratings = Ratings::new(own.catalogue, &own.declarations);
    let base_listed = base.map(|base| list(base.tree, Side::Base)).transpose()?;
    let sides = Sides { head: (tree, &listed), base: base.map(|base| base.tree).zip(base_listed.as_ref()), facts: &facts };
    let mut head = own.read(&own_ratings, &sides);
    fault_of(tree)?;

    let mut notes = policies::notes(&own.policy, own.catalogue, &own_ratings);
    notes.extend(request.notes.into_iter().map(|message| Note { message, place: None }));
    if let Some(text) = &request.cargo_metadata {
        notes.push(Note { message: format!("crates are judged by features and targets, as `{}` says", text.path), place: None });
    }
    notes.extend(policies::unapplied(&listed.texts, &own.policy));
    let mut rulings: Vec<(By, Ruling)> = Vec::new();
    let mut change = None;
    let outside: Vec<Text> = request.policy.into_iter().chain(request.cargo_metadata).collect();
    if let Some((base, base_listed)) = base.zip(base_listed.as_ref()) {
        let given = (outside.as_slice(), request.levels.as_slice());
        let (changed, theirs) = beside((tree, &listed.texts), (base, &base_listed.texts), &own, given, today, &mut notes)?;
        change = changed;
        rulings.extend(theirs.map(|theirs| (By::Base, theirs)));
    }
    let floor = request.floor.map(|floor| (policies::floor(&floor, &own.policy, &listed.texts, today, &mut notes), floor.text));
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

/// How the policy changes from a base to a head, and the base's own if it has a say.
fn beside(
    (tree, texts): (&dyn Tree, &Texts),
    (base, base_texts): (&Base<'_>, &Texts),
    own: &Ruling,
    (outside, levels): (&[Text], &[String]),
    today: Date,
    notes: &mut Vec<Note>,
) -> Result<(Option<PolicyChange>, Option<Ruling>), Refusal> {
    let Base { tree: base_tree, name } = base;
    notes.extend((!name.is_empty()).then(|| Note { message: format!("compared with {name}"), place: None }));
    let text_of = |id: TextId| outside.iter().find(|text| text.id == id).or_else(|| texts.loaded(id));
    let own_files: Vec<&Text> = own.policy.files.iter().filter_map(|id| text_of(*id)).collect();
    let theirs = policies::of_base(*base_tree, base_texts, (&own_files, &own.policy.baseline), (levels, today), notes)?;
    let files = |paths: &[&str]| [file_of(tree, texts, paths), file_of(*base_tree, base_texts, paths)];
    let their_files = theirs.as_ref().map_or(&[][..], |theirs| &theirs.files);
    let their_files = their_files.iter().filter_map(|id| base_texts.loaded(*id));
    let extended = policies::extended_paths(own_files.into_iter().chain(their_files));
    let policies = std::iter::once(files(&policy::PATHS)).chain(extended.iter().map(|path| files(&[path])));
    let change = PolicyChange::between(policies, files(&[BASELINE_PATH]));
    if theirs.is_some() {
        let message = "the base has another policy; both judge this change, and the worse verdict stands".to_owned();
        notes.push(Note { message, place: None });
    }
    Ok((change, theirs.map(|policy| Ruling::of(policy, today)).transpose()?))
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
    let own = policies::of_tree(tree, &listed.texts, None, &[], today);
    let policy = own.or_else(|_| policies::of_tree(tree, &Texts::of(Side::Base, Vec::new()), None, &[], today))?;
    let declarations = policies::declarations(&policy, today);
    let ratings = Ratings::new(Catalogue::newest(), &declarations);
    let router = Router::new(&ratings);
    let facts = Facts::read(None).map_err(Refusal::Facts)?;
    let _ = Snapshot::read(&listed, tree, Through { exclude: &|_| false, facts: &facts, router: &router });
    Ok(())
}

/// The files of a tree that its policy is made of, by path from the root, those of its folders among them.
pub fn policy_files(tree: &dyn Tree, today: Date) -> Result<Vec<String>, Refusal> {
    let listed = list(tree, Side::Head)?;
    let policy = policies::of_tree(tree, &listed.texts, None, &[], today)?;
    Ok(policy.files.iter().map(|id| listed.texts.path(*id).to_owned()).collect())
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
        let declarations = policies::declarations(&policy, today);
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

/// The text of the first of these files that a tree has, if it can be read.
fn file_of<'t>(tree: &dyn Tree, texts: &'t Texts, paths: &[&str]) -> Option<&'t Text> {
    paths.iter().find_map(|path| texts.find(path)).and_then(|id| texts.read(tree, id).ok())
}

/// A text from outside the tree, such as a policy given by hand.
#[must_use]
pub fn outside_text(index: u32, path: &str, bytes: Vec<u8>) -> (Text, Option<Problem>) {
    Text::decode(TextId { side: Side::Outside, index }, path, bytes)
}
