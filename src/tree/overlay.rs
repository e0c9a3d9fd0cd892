//! A tree with some files more, others in their place, and some gone, without touching the disk: what a change would look like.

use std::collections::{BTreeMap, BTreeSet};

use super::{FileKind, Listing, Tree, TreeError};

/// A tree seen through a change.
pub struct Overlay<'t> {
    tree: &'t dyn Tree,
    files: BTreeMap<String, Vec<u8>>,
    gone: BTreeSet<String>,
}

impl<'t> Overlay<'t> {
    /// The tree as it is.
    #[must_use]
    pub fn new(tree: &'t dyn Tree) -> Self {
        Self { tree, files: BTreeMap::new(), gone: BTreeSet::new() }
    }

    /// Adds a file, or puts it in another one's place.
    pub fn put(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        let path = path.into();
        self.gone.remove(&path);
        self.files.insert(path, bytes.into());
    }

    /// Takes a file out.
    pub fn take(&mut self, path: &str) {
        self.files.remove(path);
        self.gone.insert(path.to_owned());
    }
}

impl Tree for Overlay<'_> {
    fn list(&self) -> Result<Listing, TreeError> {
        let mut listing = self.tree.list()?;
        listing.files.retain(|(path, _)| !self.files.contains_key(path.as_ref()) && !self.gone.contains(path.as_ref()));
        listing.files.extend(self.files.keys().map(|path| (path.as_str().into(), FileKind::File)));
        Ok(listing)
    }

    fn read(&self, path: &str, size_bytes_max: u64) -> Result<Vec<u8>, TreeError> {
        let Some(bytes) = self.files.get(path) else { return self.tree.read(path, size_bytes_max) };
        let found = bytes.len() as u64;
        if found > size_bytes_max {
            return Err(TreeError::TooLarge { found, max: size_bytes_max });
        }
        Ok(bytes.clone())
    }

    fn holds(&self, path: &str, bytes: &[u8]) -> Option<bool> {
        match self.files.get(path) {
            Some(own) => Some(own == bytes),
            None => self.tree.holds(path, bytes),
        }
    }

    fn fault(&self) -> Option<TreeError> {
        self.tree.fault()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::MapTree;

    #[test]
    fn a_change_is_seen_and_the_tree_stays() {
        let tree = MapTree::of(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let mut overlay = Overlay::new(&tree);
        overlay.put("b", "two");
        overlay.put("d", "4");
        overlay.take("c");
        let mut paths: Vec<String> = overlay.list().unwrap().files.iter().map(|(path, _)| path.to_string()).collect();
        paths.sort();
        assert_eq!(paths, ["a", "b", "d"]);
        assert_eq!(overlay.read("a", 10).unwrap(), b"1");
        assert_eq!(overlay.read("b", 10).unwrap(), b"two");
        assert!(overlay.read("b", 2).is_err());
        assert_eq!((overlay.holds("b", b"two"), overlay.holds("d", b"5")), (Some(true), Some(false)));
        assert_eq!(tree.read("b", 10).unwrap(), b"2");
    }
}
