//! Plain text as SARIF has it: sentences, names in single quotes, no link but ours.

use crate::report::escape;

/// The longest stretch of text that is shown of something that may come from a lockfile, in characters.
const CHARACTERS_MAX: usize = 1000;

/// Text of ours with names in backticks, or text from a lockfile, for a message: one line unless packman laid it out in several, names
/// in single quotes, and every bracket escaped, so that only our own links are links (SARIF 2.1.0, 3.11.6).
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 16);
    for c in escape::lines(&clipped(text, CHARACTERS_MAX)).chars() {
        match c {
            '`' => plain.push('\''),
            '[' | ']' | '\\' => {
                plain.push('\\');
                plain.push(c);
            }
            other => plain.push(other),
        }
    }
    plain
}

/// A fragment as a sentence: a capital first, a full stop last.
pub(super) fn sentence(fragment: &str) -> String {
    let fragment = fragment.trim();
    let mut rest = fragment.chars();
    let Some(first) = rest.next() else { return String::new() };
    let mut sentence: String = first.to_uppercase().chain(rest).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// At most so many characters, with a sign where something was cut.
pub(super) fn clipped(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}

/// Markdown of ours as plain text: no emphasis, no code fences, names in single quotes.
pub(super) fn unmarked(markdown: &str) -> String {
    let lines = markdown.lines().filter(|line| !line.trim_start().starts_with("```"));
    lines.map(|line| line.replace("**", "").replace('`', "'")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_lockfile_is_a_link() {
        assert_eq!(plain("`[x](1)` \\ y\u{1b}[0m"), "'\\[x\\](1)' \\\\ y\\\\u{1b}\\[0m");
        assert_eq!(plain(&"é".repeat(1001)).chars().count(), 1001);
    }

    #[test]
    fn sentences() {
        assert_eq!(sentence("'a' 1.0 has no hash"), "'a' 1.0 has no hash.");
        assert_eq!(sentence("delete it"), "Delete it.");
        assert_eq!(sentence(" "), "");
    }
}
