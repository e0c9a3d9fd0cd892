//! The files around the one that is read.
//!
//! Answers for: reading manifests and configuration beside, above or named by a file, through the same tree, inside its root, once.
//! Whatever was read is known to `Texts`, which is where coverage and input digests come from. Never leaves the root.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::text::{Problem, Text, TextId, Texts};
use crate::tree::Tree;

/// The files around one file.
#[derive(Clone, Copy)]
pub struct Neighbours<'a> {
    texts: &'a Texts,
    tree: &'a dyn Tree,
    folder: &'a str,
    asked: Option<&'a RefCell<Asked>>,
}

/// What was asked of a tree while one file was read: in a tree that answers all of it alike, the file reads alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Single paths, there or not.
    pub paths: BTreeSet<Box<str>>,
    /// Which paths begin so.
    pub starts: BTreeSet<Box<str>>,
}

/// Why a path that a file names gives no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It leads out of the root, or is absolute.
    Outside,
    /// It is not there.
    Missing,
}

impl<'a> Neighbours<'a> {
    /// The files around the file at `path`.
    #[must_use]
    pub fn of(path: &'a str, texts: &'a Texts, tree: &'a dyn Tree) -> Self {
        Self { texts, tree, folder: folder_of(path), asked: None }
    }

    /// The same, noting what is asked.
    #[must_use]
    pub fn noting(self, asked: &'a RefCell<Asked>) -> Self {
        Self { asked: Some(asked), ..self }
    }

    fn note_path(&self, path: &str) {
        if let Some(asked) = self.asked
            && !asked.borrow().paths.contains(path)
        {
            asked.borrow_mut().paths.insert(path.into());
        }
    }

    fn note_start(&self, start: &str) {
        if let Some(asked) = self.asked
            && !asked.borrow().starts.contains(start)
        {
            asked.borrow_mut().starts.insert(start.into());
        }
    }

    /// The folder that the file lies in; `""` at the root.
    #[must_use]
    pub fn folder(&self) -> &'a str {
        self.folder
    }

    /// The same around another folder.
    #[must_use]
    pub fn moved_to(&self, folder: &'a str) -> Self {
        Self { folder, ..*self }
    }

    /// A text by its path from the root; `None` if it is not there.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<Result<&'a Text, &'a Problem>> {
        let id = self.find(path)?;
        Some(self.texts.read(self.tree, id))
    }

    /// A text in the same folder.
    #[must_use]
    pub fn beside(&self, name: &str) -> Option<Result<&'a Text, &'a Problem>> {
        self.at(&join(self.folder, name))
    }

    /// The texts of this name here and in every folder above up to the root, the nearest first.
    #[must_use]
    pub fn upwards(&self, name: &str) -> Vec<Result<&'a Text, &'a Problem>> {
        folders_upwards(self.folder).filter_map(|folder| self.at(&join(folder, name))).collect()
    }

    /// The path from the root of what a file names relative to its folder.
    pub fn resolve(&self, relative: &str) -> Result<String, Absent> {
        normalise(self.folder, relative).ok_or(Absent::Outside)
    }

    /// A text that a file names relative to its folder.
    pub fn include(&self, relative: &str) -> Result<Result<&'a Text, &'a Problem>, Absent> {
        self.at(&self.resolve(relative)?).ok_or(Absent::Missing)
    }

    /// Whether a path from the root is a file of the tree.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    /// Whether a path from the root is a folder with a file in it.
    #[must_use]
    pub fn has_folder(&self, path: &str) -> bool {
        self.note_start(&format!("{path}/"));
        self.texts.has_folder(path)
    }

    /// A text by its id.
    #[must_use]
    pub fn by_id(&self, id: TextId) -> Option<Result<&'a Text, &'a Problem>> {
        self.at(self.texts.path(id))
    }

    /// The id of a text, by its path from the root. Nothing is read.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<TextId> {
        self.note_path(path);
        self.texts.find(path)
    }

    /// Paths below a folder of the root (`""` for all), sorted. Nothing is read.
    pub fn below(&self, folder: &str) -> impl Iterator<Item = (TextId, &'a str)> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.starting_with(&prefix)
    }

    /// Paths from the root that begin so (`web/requirements`), sorted. Nothing is read.
    pub fn starting_with(&self, start: &str) -> impl Iterator<Item = (TextId, &'a str)> + use<'a> {
        self.note_start(start);
        self.texts.below(start).collect::<Vec<_>>().into_iter()
    }

    /// Folders below this one that match a workspace pattern (`packages/*`, `apps/**`, `tools/cli`) and have a file `name`; sorted paths of
    /// that file. `*` stands for part of one name, `**` for any number of folders.
    #[must_use]
    pub fn members(&self, pattern: &str, name: &str) -> Vec<(TextId, &'a str)> {
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        let Some(path) = normalise(self.folder, pattern) else { return Vec::new() };
        let literal = path.split('/').take_while(|part| !part.contains(['*', '?', '[', '{'])).collect::<Vec<_>>().join("/");
        if literal == path {
            let file = join(&path, name);
            return self.find(&file).map(|id| (id, self.texts.path(id))).into_iter().collect();
        }
        let Ok(glob) = globset::GlobBuilder::new(&path).literal_separator(true).build() else { return Vec::new() };
        let matcher = glob.compile_matcher();
        let suffix = format!("/{name}");
        self.below(&literal)
            .filter(|(_, path)| {
                path.strip_suffix(&suffix)
                    .is_some_and(|folder| matcher.is_match(folder) && !folder.split('/').any(|part| part == "node_modules"))
            })
            .collect()
    }
}

/// The folder of a path; `""` at the root.
#[must_use]
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A folder and every folder above it, the nearest first, the root (`""`) last.
pub fn folders_upwards(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| (!folder.is_empty()).then(|| folder_of(folder)))
}

/// A name in a folder.
#[must_use]
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// `relative` seen from `folder`, without `.` and `..`; `None` if it leads out of the root.
#[must_use]
pub fn normalise(folder: &str, relative: &str) -> Option<String> {
    let relative = relative.replace('\\', "/");
    let is_absolute = relative.starts_with('/') || relative.as_bytes().get(1) == Some(&b':');
    if is_absolute {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The path of one folder of the root seen from another; `""` for the folder itself.
#[must_use]
pub fn relative(from: &str, to: &str) -> String {
    let parts = |folder: &'_ str| folder.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(from), parts(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(common).map(|_| "..".to_owned());
    up.chain(to.iter().skip(common).cloned()).collect::<Vec<_>>().join("/")
}
