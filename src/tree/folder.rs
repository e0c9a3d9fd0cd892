//! A folder on disk.
