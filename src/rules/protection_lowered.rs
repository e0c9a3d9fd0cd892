//! `protection-lowered`: a change that takes protection from a package that was there.

use std::collections::BTreeSet;

use crate::dependency::{Kind, Locator};
use crate::ecosystem::Ecosystem;
use crate::finding::{Finding, Subject, Words};
use crate::report::escape::terminal;
use crate::route::Class;
use crate::routing::{Effect, Setting};
use crate::rules::integrity_missing::is_weak;
use crate::rules::moved::predecessors;
use crate::rules::paired::{Paired, changed, paired, sources};
use crate::rules::{Case, Dependency, Findings, Rule, entry_words, short};
use crate::snapshot::Judged;
use crate::text::{Place, Span, TextId};

pub(super) static RULE: Rule = Rule {
    id: "protection-lowered",
    title: "A change takes protection from a dependency",
    help: "\
**Finds** what a change weakens: a package that comes from another registry, host or kind of origin than at the base; another hash of the
same version; a hash that is gone or of a weaker algorithm; a pin that is gone; a tag that stands for another commit; code at install that is
new; a client's setting that protected and is gone. Origins are compared after client configuration is applied, so one line of it is enough.

**Why it matters.** A new package is looked at. What was there already is trusted, and that is what attacks change: in March 2025 the tags of
`tj-actions/changed-files` were moved to another commit, and registries hand out what they are asked for.

**What to do.** If the change is not meant, take it back and write the lockfile anew with its own client. If it is, say so by an exception
with a reason and an end that is merged first: one that comes with the change does not help it.",
    check,
    words,
};

/// What was lowered: the finding's detail.
const ORIGIN: u32 = 1;
const HASH_CHANGED: u32 = 2;
const HASH_GONE: u32 = 3;
const HASH_WEAKER: u32 = 4;
const HASH_OTHER: u32 = 5;
const PIN: u32 = 6;
const TAG: u32 = 7;
const CODE: u32 = 8;
const SETTING_GONE: u32 = 9;
const SETTING_NEW: u32 = 10;

/// What was lowered, for keys.
pub(super) fn what(detail: u32) -> &'static str {
    match detail {
        ORIGIN => "origin",
        HASH_CHANGED..=HASH_OTHER => "hash",
        PIN => "pin",
        TAG => "tag",
        CODE => "code",
        _ => "setting",
    }
}

/// The word for a package that comes from elsewhere than it did, as a whole.
pub(super) const ORIGIN_WORD: &str = "second-origin";

/// What was lowered, more exactly than keys say it.
pub(super) fn lowered_to(detail: u32) -> &'static str {
    match detail {
        ORIGIN => ORIGIN_WORD,
        HASH_CHANGED => "hash-changed",
        HASH_GONE => "hash-gone",
        HASH_WEAKER => "hash-weaker",
        HASH_OTHER => "hash-of-another-algorithm",
        PIN => "pin-gone",
        TAG => "tag-moved",
        CODE => "code-at-install",
        _ => "setting",
    }
}

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if case.base.is_none() || !findings.wants(RULE.id) {
        return;
    }
    for pair in paired(case) {
        let (lockfile, entry) = pair.head.id;
        for detail in lowered(case, &pair) {
            findings.add_difference(&RULE, Subject::Entry(lockfile, entry), pair.base.first().map(|base| base.id), detail);
        }
    }
    settings(case, findings);
}

fn lowered(case: &Case<'_>, pair: &Paired<'_>) -> Vec<u32> {
    let mut lowered = Vec::new();
    lowered.extend(has_moved(case, pair).then_some(ORIGIN));
    lowered.extend(hash_lowered(pair));
    lowered.extend((!is_pinned(&pair.head) && pair.base.iter().all(is_pinned)).then_some(PIN));
    lowered.extend(tag_moved(pair).then_some(TAG));
    lowered.extend(runs_new_code(case, pair).then_some(CODE));
    lowered
}

/// Whether its lockfile, which stays, has it no longer, so that only a declaration asks for it. Where it comes from is then for other rules.
fn is_unlocked(pair: &Paired<'_>) -> bool {
    pair.head.lockfile().kind == Kind::Declaration && pair.base.iter().all(|base| base.lockfile().kind == Kind::Lock)
}

/// Whether it may come from a place that it did not come from. What the repository itself now holds is under review like any other file.
fn has_moved(case: &Case<'_>, pair: &Paired<'_>) -> bool {
    let is_own = match pair.head.origin.class {
        Class::Workspace | Class::Builtin | Class::Bundled => true,
        Class::Path => !pair.head.origin.is_archive,
        _ => false,
    };
    if is_own || is_unlocked(pair) {
        return false;
    }
    let before: Vec<_> = pair.base.iter().flat_map(|base| sources(case, base)).collect();
    sources(case, &pair.head).iter().any(|source| !before.contains(source))
}

/// Algorithm and digest of each hash. A bare digest tells its algorithm by its length.
fn hashes<'a>(dependency: &Dependency<'a>) -> BTreeSet<(String, &'a str)> {
    let hashes = dependency.judged.lockfile.hashes_of(dependency.id.1).map(|hash| hash.of(&dependency.text.content));
    let split = |hash: &'a str| match hash.split_once(['-', ':', '=']) {
        Some((algorithm, digest)) => (algorithm.trim().to_ascii_lowercase(), digest.trim()),
        None => (hash.len().to_string(), hash),
    };
    hashes.map(split).collect()
}

/// Formats whose hashes are all of the archive that npm's registry serves.
const OF_NPM_ARCHIVES: [&str; 5] = ["npm-package-lock", "npm-shrinkwrap", "yarn-v1", "pnpm-lock", "bun-lock"];

/// Formats whose entries are one file each, whatever the platform: any of several hashes lets it pass.
const OF_ONE_FILE: [&str; 7] =
    ["npm-package-lock", "npm-shrinkwrap", "yarn-v1", "yarn-berry", "pnpm-lock", "bun-lock", "cargo-lock"];

/// Whether hashes of two formats can be compared. Mostly they are of different things: archives, folders, sums of sums.
fn hash_alike(one: &str, other: &str) -> bool {
    one == other || [one, other].iter().all(|id| OF_NPM_ARCHIVES.contains(id))
}

fn hash_lowered(pair: &Paired<'_>) -> Option<u32> {
    let head = &pair.head;
    let is_served = matches!(head.origin.class, Class::Registry | Class::Unrated | Class::Declared | Class::Url | Class::Unknown);
    let is_alike = |base: &&Dependency<'_>| hash_alike(base.lockfile().format.id, head.lockfile().format.id);
    let same_format: Vec<_> = pair.base.iter().filter(is_alike).collect();
    if !is_served || head.is_reference() {
        return None;
    }
    // A declaration proves nothing.
    if same_format.is_empty() {
        return (is_unlocked(pair) && pair.base.iter().all(|base| !hashes(base).is_empty())).then_some(HASH_GONE);
    }
    let now = hashes(head);
    let before: Vec<_> = same_format.iter().map(|base| hashes(base)).collect();
    if before.iter().any(BTreeSet::is_empty) {
        return None;
    }
    if now.is_empty() {
        return Some(HASH_GONE);
    }
    let strong = |dependency: &Dependency<'_>| {
        let mut hashes = dependency.judged.lockfile.hashes_of(dependency.id.1);
        hashes.any(|hash| !is_weak(hash.of(&dependency.text.content)))
    };
    if !strong(head) && same_format.iter().all(|base| strong(base)) {
        return Some(HASH_WEAKER);
    }
    if !pair.is_same_version || before.contains(&now) {
        return None;
    }
    let algorithms: BTreeSet<&str> = now.iter().map(|(algorithm, _)| algorithm.as_str()).collect();
    let before: BTreeSet<_> = before.into_iter().flatten().collect();
    let (comparable, other): (BTreeSet<_>, BTreeSet<_>) =
        before.iter().partition(|(algorithm, _)| algorithms.contains(algorithm.as_str()));
    if comparable.is_empty() {
        // From a weak to a strong one is what everybody should do.
        let was_strong = same_format.iter().any(|base| strong(base));
        return (was_strong && !other.is_empty()).then_some(HASH_OTHER);
    }
    // More hashes are more files (another platform's), where there may be several; one that stands in place of another is another file.
    let known: BTreeSet<&str> = comparable.iter().map(|(algorithm, _)| algorithm.as_str()).collect();
    let is_new = now.iter().any(|hash| known.contains(hash.0.as_str()) && !before.contains(hash));
    let is_kept =
        OF_ONE_FILE.iter().all(|id| *id != head.lockfile().format.id) && comparable.iter().all(|hash| now.contains(hash));
    (is_new && !is_kept).then_some(HASH_CHANGED)
}

fn is_pinned(dependency: &Dependency<'_>) -> bool {
    if dependency.entry.moving.is_some() {
        return false;
    }
    match &dependency.entry.locator {
        Locator::Git { commit, .. } => commit.is_some(),
        Locator::Workspace | Locator::Builtin | Locator::Path(_) | Locator::Bundled(_) => true,
        _ => dependency.entry.version.is_some(),
    }
}

/// Whether the same tag of the same repository stands for another commit.
fn tag_moved(pair: &Paired<'_>) -> bool {
    let Some((url, tag, commit)) = tagged(&pair.head) else { return false };
    let before: Vec<_> = pair.base.iter().filter_map(tagged).filter(|(of, at, _)| *of == url && *at == tag).collect();
    pair.is_same_version && !before.is_empty() && before.iter().all(|(_, _, before)| *before != commit)
}

/// Repository, tag and commit of an entry that is pinned to the commit behind a tag.
fn tagged<'a>(dependency: &Dependency<'a>) -> Option<(String, &'a str, &'a str)> {
    let content = &dependency.text.content;
    let Locator::Git { url, commit: Some(commit) } = &dependency.entry.locator else { return None };
    let written = url.of(content);
    // What was asked for stands between both: `URL?tag=v1#commit`.
    let between = content.get(url.span.end as usize..commit.span.start as usize).unwrap_or("");
    let query = between.strip_prefix('?').and_then(|rest| rest.strip_suffix('#')).unwrap_or("");
    let asked = query.split('&').find_map(|part| part.strip_prefix("tag="));
    // Swift's pins and Composer's packages have the versions of tags; elsewhere a version is what the package says of itself.
    let is_by_version = matches!(dependency.entry.ecosystem, Ecosystem::Swift | Ecosystem::Composer);
    let tag = asked.or_else(|| dependency.version().filter(|version| is_by_version && !version.starts_with("dev-")))?;
    Some((crate::address::repository(written), tag, commit.of(content)))
}

fn runs_new_code(case: &Case<'_>, pair: &Paired<'_>) -> bool {
    let head = &pair.head;
    let ran = |base: &Dependency<'_>| base.entry.runs_code.is_some() || !base.lockfile().shows.install_code;
    let is_listed = || case.policy.packages.may_run_code().first(head.entry.ecosystem, head.name(), head.version()).is_some();
    head.entry.runs_code.is_some() && !pair.base.iter().any(ran) && !is_listed()
}

/// Settings that protected and are gone, and new ones that take protection away; each once, wherever it applies.
fn settings(case: &Case<'_>, findings: &mut Findings<'_>) {
    let Some(base) = case.base else { return };
    let mut seen = BTreeSet::new();
    let changed = changed(case.head, base);
    let predecessors = predecessors(case, &changed);
    for (number, twin) in changed {
        let twin = twin.or_else(|| predecessors.get(&number).copied());
        let (Some(twin), Some(judged)) = (twin, case.judged(number)) else { continue };
        let Some(before) = base.judged(twin) else { continue };
        for (index, setting) in before.settings().enumerate().filter(|(_, setting)| protects(setting)) {
            let is_kept = judged.settings().any(|now| now.effect == setting.effect);
            if !is_kept && seen.insert(setting.place) {
                let subject = Subject::BaseSetting(twin, u32::try_from(index).unwrap_or(u32::MAX));
                findings.add(&RULE, subject, None, SETTING_GONE);
            }
        }
        for (index, setting) in judged.settings().enumerate().filter(|(_, setting)| endangers(setting)) {
            let is_as_wide = |then: &Setting| then.package().is_none() || then.key == setting.key;
            let is_old = before.settings().any(|then| then.effect == setting.effect && is_as_wide(then));
            if !is_old && !may_run_code(case, setting) && seen.insert(setting.place) {
                findings.add(&RULE, Subject::Setting(number, u32::try_from(index).unwrap_or(u32::MAX)), None, SETTING_NEW);
            }
        }
    }
}

/// Whether the policy lists the package that a setting lets run code.
fn may_run_code(case: &Case<'_>, setting: &Setting) -> bool {
    let Some(package) = setting.package() else { return false };
    // `a@1.0.0 || 1.1.0` is of these versions only.
    let end = package.rfind('@').filter(|at| *at > 0).unwrap_or(package.len());
    let name = package.get(..end).unwrap_or(package);
    case.policy.packages.may_run_code().first(Ecosystem::Npm, name, None).is_some()
}

fn protects(setting: &Setting) -> bool {
    matches!(setting.effect, Effect::InstallCodeOff | Effect::IntegrityOn | Effect::Cautious)
}

fn endangers(setting: &Setting) -> bool {
    matches!(setting.effect, Effect::InstallCodeOn | Effect::IntegrityOff)
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    match finding.subject {
        Subject::BaseSetting(number, index) => return words_setting_gone(case, number, index),
        Subject::Setting(number, index) => return words_setting_new(case, number, index),
        _ => {}
    }
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let before = case.was(finding);
    let is_same = before.is_some_and(|before| before.version() == dependency.version());
    let spoken = dependency.spoken();
    let name = terminal(dependency.name());
    "take it back; if it is meant, merge an exception with a reason and an end first".clone_into(&mut words.hint);
    match finding.detail {
        ORIGIN => origin_words(case, &dependency, before.as_ref(), is_same, &mut words),
        HASH_CHANGED..=HASH_OTHER => {
            let (does, many) = match finding.detail {
                HASH_CHANGED => {
                    ("has another hash than at the base, at the same version", "have other hashes at the same versions")
                }
                HASH_GONE => ("has no hash any more", "have no hash any more"),
                HASH_WEAKER => ("has only a weak hash now", "have only weak hashes now"),
                _ => ("has a hash of another algorithm, which cannot be compared", "have hashes of another algorithm"),
            };
            let hash = dependency.lockfile().hashes_of(dependency.id.1).next().map(|hash| dependency.text.place(hash.span));
            words.culprit = hash;
            words.primary = hash.filter(|_| is_same).or(words.primary);
            words.message = format!("{spoken} {does}");
            words.many = format!("{{}} {many}");
            "not what was locked before".clone_into(&mut words.label);
            words.hint = format!("install `{name}` again with its own client; if the hash stays, ask the registry why");
        }
        PIN => {
            words.message = format!("{spoken} is not pinned; every use of it here was before this change");
            "{} are not pinned; every use of them was before this change".clone_into(&mut words.many);
            "may change without a change here".clone_into(&mut words.label);
            words.hint = format!("pin `{name}` again, as it was");
        }
        TAG => {
            let commit = tagged(&dependency).map(|(_, tag, commit)| format!("`{tag}` stands for {} now", short(commit)));
            words.message = format!("{spoken}: the tag {}, another commit than at the base", commit.unwrap_or_default());
            "the tags of {} stand for other commits".clone_into(&mut words.many);
            "another commit".clone_into(&mut words.label);
            words.culprit = dependency.origin_place();
            words.primary = words.culprit.or(words.primary);
        }
        _ => {
            words.culprit = dependency.entry.runs_code.map(|span| dependency.text.place(span));
            words.primary = words.culprit.filter(|_| is_same).or(words.primary);
            words.message = format!("{spoken} runs code when it is installed, which it did not before");
            "{} run code when they are installed, which they did not before".clone_into(&mut words.many);
            "runs code".clone_into(&mut words.label);
            words.hint =
                format!("look at what it runs, then list it: `[packages] may-run-code = [\"{}\"]`", dependency.package());
        }
    }
    if words.cause.is_empty() {
        words.cause = format!("{} {}", what(finding.detail), finding.detail);
    }
    words.also.retain(|(_, place)| Some(*place) != words.primary);
    words.also.extend(before.map(|before| ("base", place_of(&before, finding.detail))));
    words
}

/// Where what was lowered stands.
fn place_of(dependency: &Dependency<'_>, detail: u32) -> Place {
    let hash = || dependency.lockfile().hashes_of(dependency.id.1).next().map(|hash| dependency.text.place(hash.span));
    let place = match detail {
        ORIGIN | TAG => dependency.origin_place(),
        HASH_CHANGED..=HASH_OTHER => hash(),
        _ => None,
    };
    place.unwrap_or_else(|| dependency.place())
}

fn origin_words(
    case: &Case<'_>,
    dependency: &Dependency<'_>,
    before: Option<&Dependency<'_>>,
    is_same_version: bool,
    words: &mut Words,
) {
    let said = |one: &Dependency<'_>| {
        let location = one.location();
        match one.origin.class {
            Class::Git | Class::Url | Class::Unknown if !location.is_empty() => format!("`{location}`"),
            Class::Workspace => "the repository itself".to_owned(),
            Class::Path => "a file or folder of the repository".to_owned(),
            Class::Bundled => "inside another package".to_owned(),
            _ => case.origin_name(one.origin).to_owned(),
        }
    };
    let (now, then) = (said(dependency), before.map_or_else(|| "elsewhere".to_owned(), said));
    words.message = format!("{} comes from {now}; before this change it came from {then}", dependency.spoken());
    words.many = format!("{{}} come from {now} and came from {then} before this change");
    words.label = format!("{now} now");
    words.cause = format!("from {then} to {now}");
    words.hint = format!(
        "if nobody meant to move `{}`, take the change back; if somebody did, merge an exception with a reason and an end first",
        terminal(dependency.name())
    );
    let here = dependency.origin_place();
    words.culprit = here.or_else(|| before.and_then(Dependency::origin_place));
    // A bump changes the version's line; else the line that moved it is the one that changed.
    if is_same_version {
        words.primary = here.map(|here| changed_place(case, dependency, before, here)).or(words.primary);
        words.culprit = words.primary.filter(|_| here.is_some()).or(words.culprit);
    }
}

/// Where an origin stands; if that line is as it was, the line that names its host (a variable's value) is what changed.
fn changed_place(case: &Case<'_>, dependency: &Dependency<'_>, before: Option<&Dependency<'_>>, here: Place) -> Place {
    let line = |place: Place| {
        let text = case.text(place.text)?;
        let lines = text.lines();
        Some(text.slice(lines.span_of(lines.position(place.span.start).0)))
    };
    let was = before.and_then(Dependency::origin_place).and_then(line);
    let location = dependency.location();
    let host = crate::address::read(&location).ok().map(|read| read.host.into_owned());
    let (Some(host), Some(text)) = (host.filter(|_| was.is_some() && was == line(here)), case.text(here.text)) else {
        return here;
    };
    let found = text.content.find(&host).map(|at| text.place(Span::new(at, at + host.len())));
    found.unwrap_or(here)
}

fn words_setting_gone(case: &Case<'_>, number: u32, index: u32) -> Words {
    let Some((setting, path)) = case.base_setting(number, index) else { return Words::default() };
    let start = |text: TextId| Place { text, span: Span::default() };
    let file = case.head.texts.find(path).filter(|id| case.text(*id).is_some());
    // Its lockfile, else the one that took its place.
    let lockfile = || {
        let base = case.base?;
        let was = base.judged(number)?;
        let is_new = |one: &&std::sync::Arc<Judged>| {
            one.is_judged() && one.client_id() == was.client_id() && base.number_at(case.head.path(one.lockfile.text)).is_none()
        };
        let new = || case.head.lockfiles.iter().find(is_new).map(|one| one.lockfile.text);
        case.head.texts.find(base.path(was.lockfile.text)).or_else(new)
    };
    Words {
        message: format!("`{}` protected what is installed here, and is gone from `{path}`", setting.key),
        label: "gone".to_owned(),
        hint: format!("bring `{}` back", terminal(&setting.key)),
        cause: format!("setting {}", setting.key),
        many: "{} protected what is installed, and are gone".to_owned(),
        primary: file.or_else(lockfile).map(start),
        culprit: Some(setting.place),
        also: vec![("base", setting.place)],
    }
}

fn words_setting_new(case: &Case<'_>, number: u32, index: u32) -> Words {
    let Some(setting) = case.judged(number).and_then(|judged| judged.settings().nth(index as usize)) else {
        return Words::default();
    };
    if let Some(package) = setting.package() {
        return Words {
            message: format!("`{package}` may run code when it is installed, which this change brings"),
            label: "new".to_owned(),
            hint: format!(
                "take the line out; if it is meant, list `{}` under `[packages] may-run-code` first",
                terminal(&crate::purl::of(Ecosystem::Npm, package, None))
            ),
            cause: "builds".to_owned(),
            many: "{} may run code when they are installed".to_owned(),
            primary: Some(setting.place),
            ..Words::default()
        };
    }
    let does = match setting.effect {
        Effect::IntegrityOff => "switches the check of hashes off",
        _ => "lets dependencies run code when they are installed",
    };
    Words {
        message: format!("`{}` {does}, which this change brings", setting.key),
        label: "new".to_owned(),
        hint: "take the line out; if it is meant, merge an exception with a reason and an end first".to_owned(),
        cause: format!("setting {}", setting.key),
        many: format!("{{}} {does}"),
        primary: Some(setting.place),
        ..Words::default()
    }
}
