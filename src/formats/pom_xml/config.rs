//! `.mvn/maven.config`: arguments that a repository adds to every call of Maven.
//!
//! Answers for: the arguments with their places, and the properties (`-Dname=value`) among them. Maven reads the file in the nearest
//! folder with a `.mvn`, from the project upwards.

use std::collections::BTreeMap;

use crate::neighbours::{Neighbours, folders_upwards, join};
use crate::syntax::lines;
use crate::text::{Problem, Span, Text};

/// One argument.
#[derive(Clone, Copy)]
pub(crate) struct Argument<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: Span,
}

/// The folder whose `.mvn` counts.
pub(crate) fn top<'a>(neighbours: &Neighbours<'a>) -> Option<&'a str> {
    folders_upwards(neighbours.folder()).find(|folder| neighbours.has_folder(&join(folder, ".mvn")))
}

/// A file of the `.mvn` that counts.
pub(crate) fn file<'a>(neighbours: &Neighbours<'a>, name: &str) -> Option<Result<&'a Text, &'a Problem>> {
    neighbours.at(&join(top(neighbours)?, &format!(".mvn/{name}")))
}

/// The arguments of `.mvn/maven.config`. Maven 3.9 takes a line for one argument, older ones a word; lines with spaces inside a value
/// are rare, and names and paths have none.
pub(crate) fn arguments(text: &Text) -> Vec<Argument<'_>> {
    let of_line = |line: lines::Line<'_>| !line.text.trim_start().starts_with('#');
    lines::of(&text.content)
        .filter(|line| of_line(*line))
        .flat_map(|line| {
            line.text.split_whitespace().map(move |word| {
                let bare = word.trim_matches('"');
                Argument { text: bare, span: line.span_of(bare) }
            })
        })
        .collect()
}

/// Properties among the arguments; they beat those of a pom.
pub(super) fn properties(neighbours: &Neighbours<'_>) -> BTreeMap<String, String> {
    let Some(Ok(text)) = file(neighbours, "maven.config") else { return BTreeMap::new() };
    let arguments = arguments(text);
    let defined = |argument: &Argument<'_>| {
        let rest = argument.text.strip_prefix("-D").or_else(|| argument.text.strip_prefix("--define="))?;
        let (name, value) = rest.split_once('=').unwrap_or((rest, "true"));
        Some((name.to_owned(), value.to_owned()))
    };
    arguments.iter().filter_map(defined).collect()
}
