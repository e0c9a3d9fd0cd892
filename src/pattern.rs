//! The one pattern of policies and client files: `*` stands for any run of characters, everything else for itself.
//!
//! Answers for: matching in time linear in pattern and text, whatever they are. Path globs, where `*` stops at a slash, are
//! `globset`'s.

use memchr::memmem;

/// Whether the whole of `text` fits the pattern.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let Some(first) = pattern.iter().position(|byte| *byte == b'*') else { return pattern == text };
    let (prefix, rest) = around(pattern, first);
    let Some(text) = text.strip_prefix(prefix) else { return false };
    let Some(last) = rest.iter().rposition(|byte| *byte == b'*') else { return text.ends_with(rest) };
    let (middle, suffix) = around(rest, last);
    let Some(mut text) = text.strip_suffix(suffix) else { return false };
    // The leftmost place for each piece leaves the most to the pieces after it, so nothing is ever tried twice.
    for piece in middle.split(|byte| *byte == b'*') {
        let Some(rest) = memmem::find(text, piece).and_then(|at| text.get(at + piece.len()..)) else { return false };
        text = rest;
    }
    true
}

/// What stands before and behind a byte.
fn around(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default())
}

/// Whether the pattern fits one text only.
#[must_use]
pub fn is_literal(pattern: &str) -> bool {
    !pattern.contains('*')
}

/// How much a pattern says: one that fits a single text says most, then the one with more characters that stand for themselves.
#[must_use]
pub fn specificity(pattern: &str) -> (bool, usize) {
    (is_literal(pattern), pattern.chars().filter(|c| *c != '*').count())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fits() {
        for (pattern, text) in [("*", ""), ("*", "x"), ("a*", "a"), ("*a", "ba"), ("@acme/*", "@acme/x"), ("a*b*c", "a-b-b-c")] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "x"), ("a", "ab"), ("@acme/*", "@acmee/x"), ("a*a", "a"), ("a*b*c", "a-c-b"), ("ab*ba", "aba")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn stays_linear() {
        let pattern = "*a".repeat(100_000) + "b";
        let text = "a".repeat(200_000);
        assert!(!matches(&pattern, &text));
        assert!(!matches(&("a*".repeat(100_000) + "b*c"), &text));
    }

    /// The obvious, exponential reading.
    fn plainly(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|at| plainly(rest, text.get(at..).unwrap_or(&[]))),
            Some((byte, rest)) => text.split_first().is_some_and(|(first, text)| first == byte && plainly(rest, text)),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_obvious_reading(pattern in "[ab*]{0,8}", text in "[ab]{0,8}") {
            prop_assert_eq!(matches(&pattern, &text), plainly(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
