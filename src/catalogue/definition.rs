//! What each control means, as `policies/controls.toml` says it.
//!
//! Answers for: titles, explanations and criteria in the words that people read. Never decides what a tier needs: the table in
//! [`super::control`] does, and a test holds the two equal.

use std::sync::LazyLock;

use serde::Deserialize;

use super::control::{Control, Tier};

/// One control, explained.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Definition {
    /// Which control.
    pub id: Control,
    /// Its number in the matrix, from 1.
    pub number: u8,
    /// A short name.
    pub title: String,
    /// What it asks, in plain words.
    pub question: String,
    /// Why it matters, for people who meet it for the first time.
    pub explanation: String,
    /// How its status is read, for every registry alike.
    pub rule: String,
    /// The tiers that need it.
    pub needed_by: Vec<Tier>,
    /// What the seed document asks, one by one.
    pub criteria: Vec<Criterion>,
}

/// One thing that a control asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Criterion {
    /// The id that records use.
    pub id: String,
    /// What is asked.
    pub text: String,
}

/// Every control in the order of the matrix. Empty only if the embedded text were broken, which a test rules out.
#[must_use]
pub fn definitions() -> &'static [Definition] {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        controls: Vec<Definition>,
    }
    static DEFINITIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
        let text = include_str!("../../policies/controls.toml");
        toml::from_str::<File>(text).map(|file| file.controls).unwrap_or_default()
    });
    &DEFINITIONS
}

/// The definition of one control.
#[must_use]
pub fn definition(control: Control) -> Option<&'static Definition> {
    definitions().get(control.index())
}
