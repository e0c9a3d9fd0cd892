//! The encoding that a requirements file declares for itself (PEP 263), which pip obeys.
//!
//! Answers for: whether pip reads a file as it was decoded here. Never decodes: what is declared as anything else cannot be read.

use crate::text::{Lost, Problem, Span, Text};

/// Encodings by which a text of UTF-8 means what it says.
const UTF_8: [&str; 2] = ["utf-8", "utf8"];
/// Encodings by which a text of ASCII means what it says.
const ASCII: [&str; 7] = ["ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1", "cp1252", "windows-1252"];

/// What is wrong with the encoding that a file declares.
pub(super) fn fault(text: &Text) -> Option<Problem> {
    // A byte order mark decides before any declaration does.
    let has_mark = [&[0xEF, 0xBB, 0xBF][..], &[0xFF, 0xFE], &[0xFE, 0xFF]].iter().any(|mark| text.bytes().starts_with(mark));
    let (start, declared) = declared(&text.content).filter(|_| !has_mark)?;
    if is_plain(declared, &text.content) {
        return None;
    }
    let place = text.place(Span::new(start, start + declared.len()));
    let message = format!("declares the encoding `{declared}`, by which pip reads it as another text, expected `utf-8`");
    Some(Problem::new(place, Lost::File, message).with_hint("save it as UTF-8, and take the declaration out"))
}

/// Whether a content declares an encoding by which it would be another text.
pub(super) fn is_odd(content: &str) -> bool {
    declared(content).is_some_and(|(_, declared)| !is_plain(declared, content))
}

fn is_plain(declared: &str, content: &str) -> bool {
    let name = declared.to_ascii_lowercase().replace('_', "-");
    UTF_8.contains(&name.as_str()) || (content.is_ascii() && ASCII.contains(&name.as_str()))
}

/// The declaration in the first two lines, which end with LF alone here, and where it stands: `coding[:=]\s*([-\w.]+)`.
fn declared(content: &str) -> Option<(usize, &str)> {
    let mut start = 0;
    for line in content.split('\n').take(2) {
        if let Some((at, name)) = declared_in(line).filter(|_| line.starts_with('#')) {
            return Some((start + at, name));
        }
        start += line.len() + 1;
    }
    None
}

fn declared_in(line: &str) -> Option<(usize, &str)> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    memchr::memmem::find_iter(line.as_bytes(), b"coding").find_map(|at| {
        let rest = line.get(at..)?.strip_prefix("coding")?.strip_prefix([':', '='])?;
        let rest = rest.trim_start_matches([' ', '\t', '\r', '\x0b', '\x0c']);
        let size = rest.bytes().position(|byte| !is_name(byte)).unwrap_or(rest.len());
        let (name, _) = rest.split_at_checked(size).filter(|(name, _)| !name.is_empty())?;
        Some((line.len() - rest.len(), name))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::text::{Side, TextId};

    fn found(bytes: &[u8]) -> Option<String> {
        let (text, problem) = Text::decode(TextId { side: Side::Head, index: 0 }, "requirements.txt", bytes.to_vec());
        assert!(problem.is_none());
        fault(&text).map(|problem| text.slice(problem.place.span).to_owned())
    }

    #[test]
    fn a_declaration_counts_where_pip_looks_for_it() {
        for (content, declared) in [
            ("# coding: utf-7\na==1\n", "utf-7"),
            ("\n#coding=\tunicode_escape", "unicode_escape"),
            ("# -*- encoding: UTF-16 -*-\r\na==1\r\n", "UTF-16"),
            ("# coding: ? coding:cp037", "cp037"),
            ("# coding: latin-1\nb # \u{e9}\n", "latin-1"),
        ] {
            assert_eq!(found(content.as_bytes()).as_deref(), Some(declared), "{content:?}");
            assert!(is_odd(content));
        }
    }

    #[test]
    fn what_changes_nothing_is_fine() {
        for content in [
            "# -*- coding: utf-8 -*-\na==1 # \u{e9}\n",
            "# coding=UTF_8\n",
            "# coding: Latin_1\na==1\n",
            "# vim: set fileencoding=us-ascii :\n",
            "\n\n# coding: utf-7\n",
            " # coding: utf-7\n",
            "a==1 # coding: utf-7\n",
            "# coding is hard: utf-7\n",
            "\u{feff}# coding: utf-7\n",
        ] {
            assert_eq!(found(content.as_bytes()), None, "{content:?}");
        }
    }
}
