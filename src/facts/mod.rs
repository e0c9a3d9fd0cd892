//! What shows a control, or a danger, for one version: facts from files that other tools wrote.
//!
//! Answers for: reading such files, and laying what they say over a lockfile. Never starts the tools, never opens a connection.

#[cfg(feature = "cargo-metadata")]
pub mod cargo_metadata;

use crate::dependency::Lockfile;
use crate::text::{Problem, Text};

/// All facts of one run.
#[derive(Debug, Default)]
pub struct Facts {
    #[cfg(feature = "cargo-metadata")]
    cargo: Option<cargo_metadata::CargoMetadata>,
}

impl Facts {
    /// Reads what was given by hand: the output of `cargo metadata`, if any.
    pub fn read(cargo_metadata: Option<&Text>) -> Result<Self, Problem> {
        #[cfg(feature = "cargo-metadata")]
        return Ok(Self { cargo: cargo_metadata.map(cargo_metadata::read).transpose()? });
        #[cfg(not(feature = "cargo-metadata"))]
        match cargo_metadata {
            None => Ok(Self::default()),
            Some(text) => Err(Problem::new(
                text.place(crate::text::Span::default()),
                crate::text::Lost::File,
                "cannot be used: this packman was built without the feature `cargo-metadata`",
            )),
        }
    }

    /// Lays them over a lockfile.
    pub fn apply(&self, lockfile: &mut Lockfile, text: &Text) {
        #[cfg(feature = "cargo-metadata")]
        if let Some(metadata) = &self.cargo {
            cargo_metadata::apply(lockfile, text, metadata);
            lockfile.finish();
        }
        #[cfg(not(feature = "cargo-metadata"))]
        let _ = (lockfile, text);
    }
}
