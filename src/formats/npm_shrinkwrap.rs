//! npm-shrinkwrap.json: package-lock.json under the name that is published with a package.
//!
//! Answers for: the row; the grammar is `npm_package_lock`'s. Where both files lie side by side, npm up to 11 installs from this one
//! and npm 12 ignores it: packman reads both.
//!
//! Specification: docs.npmjs.com, npm-shrinkwrap.json.

use crate::dependency::Kind;
use crate::formats::{Claim, Format, npm_package_lock};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "npm-shrinkwrap",
    title: "npm npm-shrinkwrap.json",
    kind: Kind::Lock,
    files: &[Claim::Name("npm-shrinkwrap.json")],
    looks: None,
    shadowed_by: &[],
    read: |text, neighbours| npm_package_lock::read_as(&FORMAT, text, neighbours),
};
