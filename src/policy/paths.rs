//! Patterns of paths.
//!
//! Answers for: which lockfiles a line of the policy speaks of, for one path after the other and for many lines at once. Each path is
//! looked up once: there are far fewer of them than dependencies.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use foldhash::{HashMap, HashSet};
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use super::Setting;
use super::compile::Compiler;
use super::file::At;
use super::selector::{Lists, PATTERN_BYTES_MAX, Subject, lies_below};

/// Paths from the root, by patterns in which `*` stays within one folder and `**` does not. A folder stands for all below it.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    /// Each with the number of the first glob in it: a set can only be so large.
    sets: Vec<(usize, GlobSet)>,
}

impl Paths {
    /// Whether something is a pattern; the error says why not.
    pub fn check(written: &str) -> Result<(), String> {
        // What stands below a folder of a name is a pattern if the name is one.
        glob(checked(written)?).map(|_| ())
    }

    /// Compiles patterns; the error says why that cannot be.
    pub fn compile<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut all = Vec::new();
        for written in patterns {
            all.extend(globs(written)?);
        }
        let mut sets = Vec::new();
        for (number, some) in all.chunks(SET_GLOBS_MAX).enumerate() {
            compile_into(&mut sets, number * SET_GLOBS_MAX, some)?;
        }
        Ok(Self { sets })
    }

    /// The position of the first pattern that a path fits.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<usize> {
        self.sets.iter().find_map(|(first, set)| set.matches(path).into_iter().min().map(|glob| (first + glob) / 2))
    }

    /// The positions of all patterns that a path fits; some twice.
    fn find_all(&self, path: &str) -> impl Iterator<Item = usize> {
        self.sets.iter().flat_map(move |(first, set)| set.matches(path).into_iter().map(move |glob| (first + glob) / 2))
    }

    /// Whether a path fits any.
    #[must_use]
    pub fn fits(&self, path: &str) -> bool {
        self.sets.iter().any(|(_, set)| set.is_match(path))
    }
}

/// So many globs are compiled together, unless they are so long that fewer must do. An even number: each pattern is two of them.
const SET_GLOBS_MAX: usize = 256;

fn compile_into(sets: &mut Vec<(usize, GlobSet)>, first: usize, globs: &[Glob]) -> Result<(), String> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(glob.clone());
    }
    match set.build() {
        Ok(set) => sets.push((first, set)),
        Err(_) if globs.len() > 1 => {
            let (left, right) = globs.split_at(globs.len() / 2);
            compile_into(sets, first, left)?;
            compile_into(sets, first + left.len(), right)?;
        }
        Err(error) => return Err(error.kind().to_string()),
    }
    Ok(())
}

/// A pattern, and the same for all below a folder of that name.
fn globs(written: &str) -> Result<[Glob; 2], String> {
    let path = checked(written)?;
    Ok([glob(path)?, glob(&format!("{path}/**"))?])
}

fn glob(pattern: &str) -> Result<Glob, String> {
    let built = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
    built.map_err(|error| error.kind().to_string())
}

/// A pattern without what a path begins and ends with for people.
fn checked(written: &str) -> Result<&str, String> {
    if written.len() > PATTERN_BYTES_MAX {
        return Err(format!("it is longer than {PATTERN_BYTES_MAX} bytes"));
    }
    let path = written.trim_start_matches("./").trim_matches('/');
    if path.is_empty() || path == "." {
        return Err("it names the root itself; `**` means everything".to_owned());
    }
    if path.split('/').any(|part| part == "..") {
        return Err("it leads out of the repository".to_owned());
    }
    if path.split('/').any(|part| part.is_empty() || part == ".") {
        return Err("no path has a part that is empty or `.`".to_owned());
    }
    if written.starts_with('!') {
        return Err("`!` takes nothing back here".to_owned());
    }
    if written.trim() != written {
        return Err("no path begins or ends with a blank".to_owned());
    }
    let mut escaped = path.match_indices('\\').map(|(at, _)| path.get(at + 1..).and_then(|rest| rest.chars().next()));
    if escaped.any(|next| next.is_some_and(char::is_alphanumeric)) {
        return Err("paths have `/`, and `\\` takes the meaning of the sign behind it".to_owned());
    }
    Ok(path)
}

/// One pattern, which has been checked. It is compiled when somebody asks for it alone.
#[derive(Clone, Debug)]
pub(super) struct PathPattern {
    written: Box<str>,
    compiled: OnceLock<Paths>,
}

impl PathPattern {
    pub(super) fn new(written: &str) -> Self {
        Self { written: written.into(), compiled: OnceLock::new() }
    }

    pub(super) fn written(&self) -> &str {
        &self.written
    }

    /// Whether all that lies below a folder fits.
    pub(super) fn covers(&self, folder: &str) -> bool {
        // A pattern stands for all below a folder that it fits, and says so with `/**`, too.
        self.fits(folder) || self.written.strip_suffix("/**").is_some_and(|of| Self::new(of).fits(folder))
    }

    /// Whether something that lies below a folder may fit, going by how the pattern begins.
    pub(super) fn may_reach(&self, folder: &str) -> bool {
        let written = checked(&self.written).unwrap_or_default();
        let plain = written.split(['*', '?', '[', '{', '\\']).next().unwrap_or_default();
        lies_below(folder, plain)
            || folder.starts_with(plain) && (plain.len() < written.len() || lies_below(plain, folder) || plain == folder)
    }

    pub(super) fn fits(&self, path: &str) -> bool {
        // What could be read compiles: its length is bounded, and nothing in a glob is repeated by number.
        self.compiled.get_or_init(|| Paths::compile([self.written()]).unwrap_or_default()).fits(path)
    }
}

/// Lines of path patterns.
#[derive(Clone, Debug, Default)]
pub struct PathLines {
    lines: Vec<Setting<Box<str>>>,
    paths: Paths,
}

impl PathLines {
    pub(super) fn add(&mut self, written: &[At<String>], compiler: &mut Compiler<'_>) {
        for pattern in written {
            compiler.check_path(pattern);
            self.lines.push(compiler.setting(pattern, pattern.value.as_str().into()));
        }
    }

    pub(super) fn finish(&mut self, compiler: &mut Compiler<'_>) {
        if !compiler.faults.is_empty() {
            return;
        }
        match (Paths::compile(self.lines.iter().map(|line| line.value.as_ref())), self.lines.last()) {
            (Ok(paths), _) => self.paths = paths,
            (Err(why), Some(last)) => compiler.refuse_path(last.place, &last.value, &why),
            (Err(_), None) => {}
        }
    }

    /// The first line that a path fits.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Setting<Box<str>>> {
        self.paths.find(path).and_then(|index| self.lines.get(index))
    }

    /// All lines, in the order of the files.
    #[must_use]
    pub fn lines(&self) -> &[Setting<Box<str>>] {
        &self.lines
    }
}

/// Which selectors a path fits; none where no selector has a path.
pub(super) type OfPath = Option<Arc<FitsPath>>;

/// Which selectors a path fits, by position.
#[derive(Debug)]
pub(super) enum FitsPath {
    /// These few.
    Few(Vec<u32>),
    /// So many that they are better looked up.
    Many(HashSet<u32>),
}

/// More than so many are looked up.
const FEW_MAX: usize = 16;

/// Selectors with paths, and which of them a lockfile's path fits.
#[derive(Debug)]
pub(super) struct PathIndex {
    /// The pattern of each, with its position.
    patterns: Vec<(u32, Box<str>)>,
    /// What else they select by.
    lists: Lists,
    /// Compiled when the first path is asked for.
    compiled: OnceLock<Paths>,
    known: RwLock<HashMap<Box<str>, Arc<FitsPath>>>,
}

impl PathIndex {
    /// Of patterns that have been checked; `None` if there are none.
    pub(super) fn of(patterns: Vec<(u32, Box<str>)>, lists: Lists) -> Option<Self> {
        let has_any = !patterns.is_empty();
        has_any.then(|| Self { patterns, lists, compiled: OnceLock::new(), known: RwLock::default() })
    }

    /// What is known about a path.
    pub(super) fn of_path(&self, path: &str) -> Arc<FitsPath> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Arc::clone(known);
        }
        let paths = self.compiled.get_or_init(|| {
            // What was checked compiles: see `PathPattern::fits`.
            Paths::compile(self.patterns.iter().map(|(_, written)| written.as_ref())).unwrap_or_default()
        });
        let mut fitting: Vec<u32> =
            paths.find_all(path).filter_map(|number| self.patterns.get(number)).map(|(position, _)| *position).collect();
        fitting.sort_unstable();
        fitting.dedup();
        let is_few = fitting.len() <= FEW_MAX;
        let fits = Arc::new(if is_few { FitsPath::Few(fitting) } else { FitsPath::Many(fitting.into_iter().collect()) });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(path.into()).or_insert(fits))
    }

    /// Calls `with` for the positions of all that a path fits, and that may fit beside it.
    pub(super) fn each(&self, fits: &FitsPath, subject: &Subject<'_>, mut with: impl FnMut(u32)) {
        match fits {
            FitsPath::Few(positions) => positions.iter().for_each(|position| with(*position)),
            FitsPath::Many(positions) => self.lists.each(subject, |position| {
                if positions.contains(&position) {
                    with(position);
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::policy::selector::{Index, Selector};

    /// A pattern that a policy may have is never one that cannot be compiled, alone or with all others.
    #[test]
    fn what_can_be_read_compiles() {
        let longest = |piece: &str| piece.repeat(PATTERN_BYTES_MAX / piece.len());
        let alternatives = format!("{{{}}}", longest("a*,").get(..PATTERN_BYTES_MAX - 3).unwrap_or_default());
        let patterns: Vec<String> =
            ["?", "*a", "**/", "[a-z]", "[!a-z]", "é", "€*"].map(longest).into_iter().chain([alternatives]).collect();
        for pattern in &patterns {
            assert_eq!(Paths::check(pattern), Ok(()), "{pattern}");
            assert!(Paths::compile([pattern.as_str()]).is_ok(), "{pattern}");
        }
        let many = || patterns.iter().cycle().map(String::as_str).take(400);
        assert!(Paths::compile(many()).is_ok());
    }

    /// Positions are counted through all sets.
    #[test]
    fn many_patterns_keep_apart() {
        let patterns: Vec<String> = (0..1_000).map(|number| format!("team-{number}/**/x")).collect();
        let paths = Paths::compile(patterns.iter().map(String::as_str)).unwrap();
        for number in [0, 127, 128, 500, 999] {
            let path = format!("team-{number}/a/x");
            assert_eq!(paths.find(&path), Some(number));
            assert_eq!(paths.find_all(&path).collect::<Vec<_>>(), [number]);
            assert_eq!(paths.find(&format!("{path}/y")), Some(number));
        }
        assert_eq!(paths.find("other/a/x"), None);
    }

    /// Few or many, the selectors that a path fits are found.
    #[test]
    fn selectors_are_found_by_path() {
        let selector = |path: Option<&str>, npm: bool| Selector {
            path: path.map(PathPattern::new),
            npm_scope: npm.then(|| "@acme".into()),
            ..Selector::default()
        };
        let few =
            [selector(Some("a/**"), false), selector(None, false), selector(Some("b/**"), false), selector(Some("a/x"), true)];
        let many: Vec<Selector> = (0..40).map(|number| selector(Some(["a/**", "b/**"][number % 2]), false)).collect();
        let found = |selectors: &[Selector]| {
            let index = Index::of(selectors.iter());
            let mut found = Vec::new();
            index.each(&Subject { path: "a/x/y", ..Subject::default() }, |position| found.push(position));
            found.sort_unstable();
            found
        };
        assert_eq!(found(&few), [0, 1, 3], "what else a selector asks is the caller's");
        assert_eq!(found(&many), (0..40).step_by(2).collect::<Vec<_>>());
    }
}
