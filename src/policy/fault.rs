//! What makes a policy inapplicable, and the nearest word to one that was not known.

use crate::text::Place;

/// One thing that keeps a policy from being applied as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where; `None` for the command line.
    pub place: Option<Place>,
    /// A lowercase fragment: what was found and what was expected.
    pub message: String,
    /// An imperative: what to do. May be empty.
    pub hint: String,
    /// The place that it contradicts, with a fragment that says what stands there.
    pub also: Option<(Place, String)>,
}

impl Fault {
    /// A fault without advice.
    #[must_use]
    pub fn new(place: Option<Place>, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: String::new(), also: None }
    }

    /// The same with one imperative.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same with the place that it contradicts.
    #[must_use]
    pub fn with_also(mut self, place: Option<Place>, label: impl Into<String>) -> Self {
        self.also = place.map(|place| (place, label.into()));
        self
    }
}

/// Longer words than this are not compared: nobody meant them.
const WORD_CHARS_MAX: usize = 64;

/// The known word that an unknown one was probably meant to be: at most a third of it differs, or it is the beginning of one only.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    if word.chars().count() > WORD_CHARS_MAX {
        return None;
    }
    let folded = word.to_lowercase().replace('_', "-");
    let most = folded.chars().count().div_ceil(3);
    let mut longer = known.clone().into_iter().filter(|candidate| folded.len() >= 3 && candidate.starts_with(&folded));
    if let (Some(only), None) = (longer.next(), longer.next()) {
        return Some(only);
    }
    let distances = known.into_iter().map(|candidate| (distance(&folded, candidate), candidate));
    distances.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// How many characters have to be put in, left out, replaced, or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut rows = [vec![0; to.len() + 1], (0..=to.len()).collect::<Vec<usize>>(), Vec::new()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let [older, last, _] = &rows;
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(last, j) + usize::from(a != b)).min(at(last, j + 1) + 1).min(at(&row, j) + 1);
            let before = |word: &[char], at: usize| at.checked_sub(1).and_then(|at| word.get(at)).copied();
            if i > 0 && j > 0 && before(&from, i) == Some(*b) && before(&to, j) == Some(*a) {
                best = best.min(at(older, j - 1) + 1);
            }
            row.push(best);
        }
        rows.swap(0, 1);
        let [_, last, _] = &mut rows;
        *last = row;
    }
    let [_, last, _] = &rows;
    last.last().copied().unwrap_or(usize::MAX)
}

/// Words as a sentence lists them: `` `a`, `b` or `c` ``.
pub(super) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// Advice about an unknown word: the one that was meant, else all that are known.
pub(super) fn advice<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write {}", listed(known)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["tier", "reading", "controls", "no-lockfile"];
        for (word, meant) in [
            ("teir", Some("tier")),
            ("Tier", Some("tier")),
            ("contrls", Some("controls")),
            ("no_lockfile", Some("no-lockfile")),
            ("read", Some("reading")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "ab"), 2);
    }
}
