//! Policies of single folders: in a monorepo a team tightens what the policy at the root asks, and loosens what that lets it.
//!
//! Answers for: which file is a folder's policy, and what may stand in it. Which of its lines would loosen what it may not, [`loosened`] says;
//! that the worse of both verdicts stands, `states`.

use super::compile;
use super::fault::Fault;
use super::file::{self, At, File, Table};
use super::layers::{self, Layer, Layers, Source, shown};
use super::levels::Row;
use super::selector::lies_below;
use super::{Context, PATHS, Policy, loosened};
use crate::text::{Place, Side, Span, Text, TextId};

/// The named limit on folders with a policy of their own.
const FOLDERS_MAX: usize = 32;

/// A folder with a policy of its own.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Its path from the root, without a slash at its end.
    pub path: Box<str>,
    /// Where the policy at the root names it.
    pub place: Place,
    /// All that holds in it: the policy at the root, with the folder's own over it.
    pub policy: Policy,
    /// The files that say what holds in it alone.
    pub files: Vec<TextId>,
    /// The rules of which its exceptions count.
    pub(super) exceptions: Vec<&'static str>,
    /// The rules on which it decides alone.
    loosens: Vec<&'static str>,
}

impl Folder {
    /// Whether a file lies in it, at any depth.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        lies_below(&self.path, path)
    }

    /// Whether its policy's word on a rule counts in place of the root's.
    #[must_use]
    pub fn decides_alone(&self, rule: &str) -> bool {
        self.loosens.contains(&rule)
    }

    /// Whether a setting stands in its own policy.
    #[must_use]
    pub fn says(&self, place: Option<Place>) -> bool {
        place.is_some_and(|place| self.files.contains(&place.text))
    }
}

/// Reads the policies of all folders that the layers name, and lets them count.
pub(super) fn add(policy: &mut Policy, root: &[Layer<'_>], context: &Context<'_>, faults: &mut Vec<Fault>) {
    let mut named: Vec<Named<'_>> = Vec::new();
    for source in root.iter().filter_map(Layer::source) {
        for (path, written) in &source.file.folders.0 {
            match name((source, path, written), &named, root, context) {
                Ok(folder) => named.push(folder),
                Err(fault) => faults.push(fault),
            }
        }
    }
    // What is wrong with the root's own settings would be said again for each folder.
    let is_root_sound = faults.is_empty();
    // An outer folder first: what lies within it has the last word.
    named.sort_by_key(|folder| folder.path);
    for folder in &named {
        let Layers { all: layers, faults: found, .. } = layers::over(root, (folder.path, folder.text), context);
        let is_root = |text: TextId| policy.files.contains(&text);
        let sources: Vec<&Source<'_>> = layers.iter().filter_map(Layer::source).filter(|one| !is_root(one.text.id)).collect();
        let misplaced: Vec<Fault> = sources.iter().flat_map(|source| misplaced(source, folder)).collect();
        let is_sound = is_root_sound && found.is_empty() && misplaced.is_empty();
        faults.extend(found.into_iter().chain(misplaced));
        if !is_sound {
            continue;
        }
        let all: Vec<&Layer<'_>> = root.iter().chain(&layers).collect();
        let (own, found) = compile::policy(Some(folder.text), &all, context, (Vec::new(), true));
        let files = sources.iter().map(|source| source.text.id).collect();
        let (exceptions, loosens) = (rules(&folder.written.allow_exceptions), rules(&folder.written.allow_loosening));
        let folder = Folder { path: folder.path.into(), place: folder.place, policy: own, files, exceptions, loosens };
        faults.extend(found);
        faults.extend(loosened::faults(policy, &folder));
        policy.folders.push(folder);
    }
    if faults.is_empty() {
        take_on(policy, faults);
    }
}

/// A folder that the policy at the root names.
struct Named<'a> {
    path: &'a str,
    place: Place,
    written: &'a file::Folder,
    text: &'a Text,
}

fn name<'a>(
    (source, path, written): (&'a Source<'a>, &'a At<String>, &'a file::Folder),
    others: &[Named<'a>],
    root: &[Layer<'_>],
    context: &Context<'a>,
) -> Result<Named<'a>, Fault> {
    let place = source.text.place(path.span);
    let refuse = |message: String, hint: &str| Fault::new(Some(place), message).with_hint(hint);
    let shown = shown(path);
    if context.files.is_none() || source.text.id.side == Side::Outside {
        let message = format!("`{shown}` has a policy of its own, which a policy from outside the repository cannot give it");
        return Err(refuse(message, "keep `[folders]` in the repository's own policy"));
    }
    let trimmed = path.value.trim_end_matches('/');
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '*', '?', '[', '{', ':']);
    if !trimmed.split('/').all(is_plain) {
        let hint = "write its path from the root as it is, like `services/payments`; patterns are for `[[minimum.for]]`";
        return Err(refuse(format!("`{shown}` is no folder below the root"), hint));
    }
    if let Some(first) = others.iter().find(|one| one.path == trimmed) {
        let fault = refuse(format!("`{shown}` is given a policy twice"), "keep one of them");
        return Err(fault.with_also(Some(first.place), "the first one"));
    }
    if others.len() >= FOLDERS_MAX {
        let message = format!("`{shown}` is one folder too many; {FOLDERS_MAX} at most have a policy of their own");
        return Err(refuse(message, "put some of them together"));
    }
    let text = if let Some(file) = &written.policy {
        layers::file(context, source.text, file, "name")?
    } else {
        let path = format!("{trimmed}/{}", PATHS[0]);
        match context.files.and_then(|files| files.read(&path)) {
            Some(Ok(text)) => text,
            Some(Err(problem)) => return Err(refuse(format!("`{path}` {}", problem.message), "make it a plain file")),
            None => {
                let message = format!("there is no `{path}`, which would be the policy of `{shown}`");
                return Err(refuse(message, "write that file, name another one with `policy`, or take the folder out"));
            }
        }
    };
    let at = written.policy.as_ref().map_or(place, |file| source.text.place(file.span));
    if let Some(first) = others.iter().find(|one| one.text.id == text.id) {
        let fault = Fault::new(Some(at), format!("`{}` is the policy of two folders", text.path.escape_debug()));
        let fault = fault.with_hint("give each its own file, and let both extend what they have in common");
        return Err(fault.with_also(Some(first.place), "the other one"));
    }
    if root.iter().filter_map(Layer::source).any(|layer| layer.text.id == text.id) {
        let fault = Fault::new(Some(at), format!("`{}` counts for the whole repository already", text.path.escape_debug()));
        return Err(fault.with_hint("write a file for what this folder asks beyond it"));
    }
    Ok(Named { path: trimmed, place, written, text })
}

fn rules(written: &[At<String>]) -> Vec<&'static str> {
    written.iter().filter_map(|id| Some(Row::rule(&id.value)?.id)).collect()
}

/// What may only stand in the policy at the root, because it is about the whole repository or about what that lets others do.
fn misplaced(source: &Source<'_>, folder: &Named<'_>) -> Vec<Fault> {
    fn first<T>(table: &Table<T>) -> Option<Span> {
        table.0.first().map(|(key, _)| key.span)
    }
    let File { origins, floor, .. } = source.file.as_ref();
    let file = source.file.as_ref();
    let number = |written: &Option<At<i64>>| written.as_ref().map(|written| written.span);
    let of_root = [
        ("catalogue", file.catalogue.as_ref().map(|date| date.span)),
        ("exclude", file.exclude.first().map(|pattern| pattern.span)),
        ("no-lockfile", file.no_lockfile.as_ref().map(|level| level.span)),
        ("exception-days-max", number(&file.exception_days_max)),
        ("exception-count-max", number(&file.exception_count_max)),
        ("exception-notice-days", number(&file.exception_notice_days)),
        ("[registries]", first(&file.registries)),
        ("[overlays]", first(&file.overlays)),
        ("[origins] default-registry", first(&origins.default_registry)),
        ("[build-args]", first(&file.build_args)),
        ("[folders]", first(&file.folders)),
        ("[floor]", floor.allow_exceptions.iter().chain(&floor.allow_baseline).next().map(|rule| rule.span)),
    ];
    let fault = |(key, span): (&str, Option<Span>)| {
        let span = span?;
        let start = source.keys.get(&span.start).copied().unwrap_or(span.start);
        let message = format!("`{key}` is for the policy at the root; this one is for `{}` alone", folder.path.escape_debug());
        let fault = Fault::new(Some(source.text.place(Span { start, ..span })), message);
        Some(fault.with_hint("move it there").with_also(Some(folder.place), "the folder is named here"))
    };
    of_root.into_iter().filter_map(fault).collect()
}

/// Lets the folders' exceptions accept what the root finds, as far as it allows.
fn take_on(policy: &mut Policy, faults: &mut Vec<Fault>) {
    let of =
        |folder: &Folder, is_for: &dyn Fn(&str) -> bool| folder.policy.exceptions.of_folder(&folder.path, &folder.files, is_for);
    if let Some(most) = policy.exception_count_max {
        let all: Vec<_> = policy.folders.iter().flat_map(|folder| of(folder, &|_| true)).collect();
        let count = policy.exceptions.all().len() + all.len();
        let first = usize::try_from(most.value).ok().and_then(|most| all.get(most.saturating_sub(policy.exceptions.all().len())));
        if let Some(first) = first {
            let message = format!(
                "this is one exception too many: there are {count} with those of folders, at most {} are accepted",
                most.value
            );
            let fault = Fault::new(first.start, message).with_hint("mend the cause of one, or take out one that has ended");
            faults.push(fault.with_also(most.place, "the most that are accepted"));
        }
    }
    let accepted = policy.folders.iter().flat_map(|folder| of(folder, &|rule| folder.exceptions.contains(&rule))).collect();
    policy.exceptions.accept(accepted);
    let files: Vec<TextId> = policy.folders.iter().flat_map(|folder| folder.files.iter().copied()).collect();
    policy.files.extend(files);
}
