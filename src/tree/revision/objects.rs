//! Git's objects, loose and packed: bounded, checked against their names, never borrowed from another repository.
//!
//! Answers for: the bytes of one object by its name. Replacements (`refs/replace`) are not looked at, alternates refused before anything is
//! opened, configuration never read. Specification: gitrepository-layout(5), gitformat-pack(5).

use std::fs;
use std::path::Path;
use std::sync::Arc;

use gix_hash::{Kind, ObjectId, Prefix};
use gix_object::Find;
use gix_odb::Header;

use super::GitFault;

/// The named limit on the size of a commit, a tag or a tree, in bytes.
pub(super) const META_SIZE_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// The named limit on what one object of a pack may make us allocate, in bytes.
const ALLOCATION_BYTES_MAX: usize = 512 * 1024 * 1024;

/// The named limit on tags that name tags.
const TAGS_MAX: usize = 16;

/// The objects of one repository.
pub(super) struct Objects {
    pub(super) kind: Kind,
    store: Arc<gix_odb::Store>,
    is_partial: bool,
}

/// Why an object of which only so much was wanted was not given.
pub(super) enum Unread {
    Fault(GitFault),
    TooLarge(u64),
}

impl Objects {
    /// Opens the objects in git's common folder.
    pub(super) fn open(common: &Path, kind: Kind) -> Result<Self, GitFault> {
        let folder = common.join("objects");
        if fs::symlink_metadata(folder.join("info/alternates")).is_ok_and(|metadata| !metadata.is_file() || metadata.len() > 0) {
            return Err(GitFault::Alternates);
        }
        let options = gix_odb::store::init::Options {
            alloc_limit_bytes: Some(ALLOCATION_BYTES_MAX),
            current_dir: Some(folder.clone()),
            ..Default::default()
        };
        let is_partial = fs::read_dir(folder.join("pack")).is_ok_and(|files| {
            files.flatten().any(|file| Path::new(&file.file_name()).extension().is_some_and(|extension| extension == "promisor"))
        });
        let store = gix_odb::Store::at_opts(folder, kind, &mut std::iter::empty(), options)
            .map_err(|error| GitFault::File { file: "objects".to_owned(), reason: format!("cannot be opened: {error}") })?;
        Ok(Self { kind, store: Arc::new(store), is_partial })
    }

    /// The bytes of an object of at most `size_bytes_max`, and what it is.
    pub(super) fn read(&self, id: ObjectId, size_bytes_max: u64) -> Result<(gix_object::Kind, Vec<u8>), Unread> {
        let corrupt = |reason: String| Unread::Fault(GitFault::Corrupt { id, reason });
        let handle = self.store.to_cache_arc();
        let header = handle.try_header(&id).map_err(|error| corrupt(error.to_string()))?;
        let missing = || Unread::Fault(GitFault::Missing { id, is_partial: self.is_partial });
        let header = header.ok_or_else(missing)?;
        if header.size() > size_bytes_max {
            return Err(Unread::TooLarge(header.size()));
        }
        let mut bytes = Vec::new();
        let found = handle.try_find(&id, &mut bytes).map_err(|error| corrupt(error.to_string()))?;
        let data = found.ok_or_else(missing)?;
        data.verify_checksum(&id).map_err(|_| corrupt("its bytes are not the ones that its name stands for".to_owned()))?;
        let (kind, length) = (data.kind, data.data.len());
        bytes.truncate(length);
        Ok((kind, bytes))
    }

    /// The bytes of a commit, a tag or a tree, and what it is.
    pub(super) fn meta(&self, id: ObjectId) -> Result<(gix_object::Kind, Vec<u8>), GitFault> {
        self.read(id, META_SIZE_BYTES_MAX).map_err(|unread| match unread {
            Unread::Fault(fault) => fault,
            Unread::TooLarge(size) => GitFault::TooLarge(format!("an object of {size} bytes")),
        })
    }

    /// The name of a blob with these bytes.
    pub(super) fn name_of(&self, bytes: &[u8]) -> Option<ObjectId> {
        gix_object::compute_hash(self.kind, gix_object::Kind::Blob, bytes).ok()
    }

    /// The commit that an object is, or that the tags on it name.
    pub(super) fn commit(&self, id: ObjectId, revision: &str) -> Result<ObjectId, GitFault> {
        let mut at = id;
        for _ in 0..TAGS_MAX {
            let (kind, bytes) = self.meta(at)?;
            match kind {
                gix_object::Kind::Commit => return Ok(at),
                gix_object::Kind::Tag => {
                    let target = gix_object::TagRefIter::from_bytes(&bytes, self.kind).target_id();
                    at = target.map_err(|error| GitFault::Corrupt { id: at, reason: error.to_string() })?;
                }
                other => return Err(GitFault::NotACommit { revision: revision.to_owned(), kind: other.to_string() }),
            }
        }
        Err(GitFault::NotACommit { revision: revision.to_owned(), kind: "tag of a tag of a tag".to_owned() })
    }

    /// The only object whose name begins so; `None` if there is none.
    pub(super) fn starting_with(&self, digits: &str) -> Result<Option<ObjectId>, GitFault> {
        let mut hex = digits.to_ascii_lowercase();
        hex.extend(std::iter::repeat_n('0', self.kind.len_in_hex().saturating_sub(digits.len())));
        let Ok(padded) = ObjectId::from_hex(hex.as_bytes()) else { return Ok(None) };
        let Ok(prefix) = Prefix::new(&padded, digits.len()) else { return Ok(None) };
        let found = self.store.to_handle_arc().lookup_prefix(prefix, None);
        let fault = |error| GitFault::File { file: "objects".to_owned(), reason: format!("cannot be read: {error}") };
        match found.map_err(fault)? {
            Some(Ok(id)) => Ok(Some(id)),
            Some(Err(())) => Err(GitFault::Ambiguous { revision: digits.to_owned(), found: "several objects".to_owned() }),
            None => Ok(None),
        }
    }
}
