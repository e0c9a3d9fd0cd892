//! What the `.gitignore` files of a work tree ignore.
//!
//! Answers for: the rules of gitignore(5), file by file from the top down. Never reads the user's own ignore files, `info/exclude` or
//! git's configuration: what counts must be the same on any machine. Letter case always counts, whatever the file system.

use std::sync::Arc;

use gix_ignore::glob::Pattern;
use gix_ignore::glob::pattern::Case;
use gix_ignore::glob::wildmatch::Mode;

/// The named limit on the size of one `.gitignore`, in bytes. A larger one ignores nothing, so more is read, not less.
pub(super) const IGNORE_FILE_SIZE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The rules of one `.gitignore`, and those of the folders above it.
#[derive(Debug)]
pub(super) struct Rules {
    above: Option<Arc<Rules>>,
    /// Length of the folder's path from the top, with its last `/`.
    folder_size: usize,
    patterns: Vec<Pattern>,
}

impl Rules {
    /// Adds the rules of the `.gitignore` with this content, which lies in `folder`.
    pub(super) fn and(above: Option<Arc<Self>>, folder: &[u8], mut content: Vec<u8>) -> Option<Arc<Self>> {
        content.push(b'\n'); // as git does: a CR counts as part of a line end even where the file ends
        let patterns: Vec<Pattern> = gix_ignore::parse(&content, false).map(|(pattern, _, _)| pattern).collect();
        if patterns.is_empty() { above } else { Some(Arc::new(Self { above, folder_size: folder.len(), patterns })) }
    }

    /// Whether the last rule that matches `path`, the nearest file first, ignores it. Folders above it are the caller's to ask about.
    pub(super) fn ignore(&self, path: &[u8], is_folder: bool) -> bool {
        let mut rules = Some(self);
        while let Some(here) = rules {
            let relative = path.get(here.folder_size..).unwrap_or(path);
            let name_start = memchr::memrchr(b'/', relative).map(|slash| slash + 1);
            let matches = |pattern: &&Pattern| {
                pattern.matches_repo_relative_path(
                    relative.into(),
                    name_start,
                    Some(is_folder),
                    Case::Sensitive,
                    Mode::NO_MATCH_SLASH_LITERAL,
                )
            };
            if let Some(last) = here.patterns.iter().rev().find(matches) {
                return !last.is_negative();
            }
            rules = here.above.as_deref();
        }
        false
    }
}
