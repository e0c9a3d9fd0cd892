#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr
)]

use proptest::prelude::*;

use super::*;
use crate::formats::testing;

/// Counts by spelling alone: no here-documents, no continued words, no variables.
fn counted_entries(content: &str) -> usize {
    let content = content.replace("\r\n", "\n").replace("\\\n", " ");
    let mut stages: Vec<String> = Vec::new();
    let mut count = 0;
    for line in content.lines() {
        let words: Vec<&str> = line.split_whitespace().filter(|word| !word.starts_with("--platform")).collect();
        let is = |at: usize, word: &str| words.get(at).is_some_and(|found| found.eq_ignore_ascii_case(word));
        if line.replace(' ', "").starts_with("#syntax=") {
            count += 1;
        }
        if is(0, "FROM") && words.len() > 1 {
            count += usize::from(words[1] != "scratch" && !stages.contains(&words[1].to_lowercase()));
            if is(2, "AS") {
                stages.push(words[3].to_lowercase());
            }
        }
        let is_image = |name: &str| !name.is_empty() && name.parse::<usize>().is_err() && !stages.contains(&name.to_lowercase());
        if is(0, "COPY") {
            count += words.iter().filter_map(|word| word.strip_prefix("--from=")).filter(|name| is_image(name)).count();
        }
        if is(0, "RUN") {
            let fields = words.iter().filter_map(|word| word.strip_prefix("--mount=")).flat_map(|mount| mount.split(','));
            count += fields.filter_map(|field| field.strip_prefix("from=")).filter(|name| is_image(name)).count();
        }
        if is(0, "ADD") {
            count += words[1..words.len() - 1].iter().filter(|word| word.starts_with("http")).count();
        }
    }
    count
}

#[test]
fn none_is_lost() {
    for case in ["minimal", "origins", "variables"] {
        testing::assert_counted("dockerfile", case, counted_entries);
    }
    testing::assert_damaged(&FORMAT);
    testing::assert_corpus(&FORMAT, &["Dockerfile"], counted_entries);
}

#[test]
fn names_with_endings_are_shared_with_other_files() {
    for (content, expected) in [
        ("", true),
        ("# comment\n", false),
        ("# syntax=x\nwhatever", true),
        ("\n# c\nfrom alpine", true),
        ("from parse import parse", false),
        ("from . import parse", false),
        ("package dockerfile", false),
        ("node_modules\n", false),
        ("*.md\n", false),
        ("{{ header }}\nFROM x", true),
        ("ARG X\nFROM $X", true),
        ("INCLUDE x\nFROM y", true),
        ("FR\\\n# c\nOM x", true),
        ("\\\nfrom x", true),
        ("a\\\nb\\\n", false),
        ("# escape=`\n# syntax=x\nwhatever", true),
        ("#!/x\n# syntax=x\nwhatever", true),
        ("#!/x\n// syntax=x\nwhatever", true),
        ("#!/x\necho", false),
        ("# vim: x\n# syntax=x\nwhatever", false),
        ("\" Vim syntax file\nsyntax=x", false),
        ("{\"syntax\": \"x\"}", true),
        ("#!/x\n{\"\\u0073yntax\": \"x\"}", true),
        ("{\"syntax\": \"x\", \"y\": \"\\ud800\"}", true),
        ("{\"syntax\": 1}", false),
        ("{\"name\": \"Dockerfile\"}", false),
    ] {
        assert_eq!(looks(content), expected, "{content}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(content in "(FROM |COPY --from=|RUN --mount=from=|ADD |ARG |ENV |ONBUILD |[a-z]{1,3}|\\$\\{?|\\}|\\{\\{|<<[A-Z]|[:@/=.,\"'\\\\`#-]|https://|\n|\r\n| |☕){0,60}") {
        testing::assert_spans(&FORMAT, &content);
    }
}

#[test]
fn long_lines_and_growing_values_take_bounded_work() {
    let doubling = (0..200).map(|number| format!("ARG A{}=$A{number}$A{number}x", number + 1)).collect::<Vec<_>>().join("\n");
    let content = format!("ARG A0=x\n{doubling}\nFROM $A200\n");
    assert_eq!(testing::read(&FORMAT, &content).entries.len(), 1);
    for part in ["${", "{{", "$A", "\"", "<<A ", "\\\n", "from=x,"] {
        testing::assert_spans(&FORMAT, &format!("FROM {}\nRUN --mount={}\n", part.repeat(50_000), part.repeat(50_000)));
    }
}
