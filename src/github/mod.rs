//! GitHub's API: uploads to code scanning, a comment on a pull request, the files of a base.
//!
//! Answers for: all that packman does over a network; nothing else opens a connection, and nothing here runs unless a command `packman
//! github …` asks for it. Every request goes to the one address that `GITHUB_API_URL` names, with the token, and nowhere else: no redirect is
//! followed. What changes something at GitHub is not repeated blindly. Never judges anything.

mod access;
mod base;
mod call;
mod comment;
mod fault;
mod patience;
mod sarif;
mod transport;
mod upload;

pub use access::{Access, Api, Misuse, Slug, Whose};
pub use base::{Commit, Files, Unhad, blobs, commit, files, parted};
pub use call::Client;
pub use comment::{COMMENT_BYTES_MAX, Commented, Marker, Note, comment};
pub use fault::{Fault, Why};
pub use sarif::{Packed, SARIF_BYTES_MAX, Unsent, pack};
pub use upload::{Upload, Uploaded, upload};
