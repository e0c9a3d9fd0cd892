//! One page for people, in one file: verdict first, where dependencies come from, findings that can be filtered, what was accepted or was
//! there before, what was read.
//!
//! Page, style and script lie beside this file, to be read as what they are. The page loads nothing and allows nothing to be loaded, and
//! only its own style and script, by their digests, so that even a mistake of ours could not make a name in a lockfile run. Without the
//! script all findings are shown. It is well-formed XML too, which is how tests read it.

mod findings;
mod others;
mod registries;

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::judge::{Report, Verdict};
use crate::report::escape::terminal;
use crate::report::human::{policy_title, says};
use crate::report::markdown::clipped;
use crate::report::{Reporter, Style};

pub(super) static REPORTER: Reporter =
    Reporter { id: "html", about: "one page for people, with a filter", is_streamed: false, write };

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The longest stretch of text from a lockfile, in characters.
const CHARACTERS_MAX: usize = 500;

fn write(report: &Report<'_>, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let case = &report.case;
    let verdict = report.verdict.id();
    let says = says(report);
    let folder = if case.head.prefix.is_empty() { String::new() } else { format!(" {}", case.head.prefix) };
    let compared = if case.base.is_some() { "; compared with a base, so only what is new or worse decides" } else { "" };
    let values: [(&str, String); 17] = [
        ("style", STYLE.to_owned()),
        ("script", SCRIPT.to_owned()),
        ("style-hash", digest(STYLE)),
        ("script-hash", digest(SCRIPT)),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("catalogue", case.ratings.catalogue().date().to_string()),
        ("title", html(&format!("{verdict}: {says}"))),
        ("verdict", verdict.to_owned()),
        ("icon", icon(report.verdict)),
        ("says", html(&says)),
        ("policy", html(&policy_title(case))),
        ("compared", compared.to_owned()),
        ("tiles", tiles(report)),
        ("registries", registries::section(report)),
        ("findings", findings::section(report)),
        ("others", others::accepted(report)),
        ("coverage", others::coverage(report)),
    ];
    let command = [("command", html(&format!("packman check{folder}")))];
    let values: Vec<(&str, &str)> = values.iter().chain(&command).map(|(name, value)| (*name, value.as_str())).collect();
    fill(PAGE, &values, out)
}

/// Writes a template with its `{{names}}` replaced. What is put in is not looked at again.
fn fill(template: &str, values: &[(&str, &str)], out: &mut dyn Write) -> io::Result<()> {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        out.write_all(before.as_bytes())?;
        out.write_all(value.as_bytes())?;
        rest = after;
    }
    out.write_all(rest.as_bytes())
}

/// Text as HTML, in an element as in an attribute.
fn html(text: &str) -> String {
    let text = clipped(text, CHARACTERS_MAX);
    let text = terminal(&text);
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Text of ours with names in backticks: those as code.
fn inline(text: &str) -> String {
    let text = clipped(text, CHARACTERS_MAX);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return html(&text);
    }
    let parts = parts.iter().enumerate().map(|(at, part)| match (at % 2 == 1, part.is_empty()) {
        (_, true) => String::new(),
        (true, false) => code(part),
        (false, false) => html(part),
    });
    parts.collect()
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

fn icon(verdict: Verdict) -> String {
    let path = match verdict {
        Verdict::Pass => "M7.5 12.4l3 3 6-6.6",
        Verdict::Fail => "M8.5 8.5l7 7m0-7l-7 7",
        Verdict::Undecided => "M9.3 9.3a2.8 2.8 0 1 1 4 2.6c-.9.4-1.3 1-1.3 2m0 2.7v.1",
    };
    format!(
        "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" focusable=\"false\"><circle cx=\"12\" cy=\"12\" r=\"10\" />\
         <path d=\"{path}\" /></svg>"
    )
}

/// The numbers that people look for.
fn tiles(report: &Report<'_>) -> String {
    let counts = &report.counts;
    let always = [("", counts.dependencies, "dependencies"), ("", report.case.head.coverage.read, "files read")];
    let some = [
        ("deny", counts.denied_dependencies, "may not come in"),
        ("undecided", counts.undecided, "not understood"),
        ("warn", counts.warn, "warnings"),
        ("", counts.existing, "there before"),
        ("", counts.excepted, "excepted"),
        ("", counts.baselined, "in the baseline"),
    ];
    let tiles = always.into_iter().chain(some.into_iter().filter(|(_, count, _)| *count > 0));
    tiles.map(|(class, count, what)| format!("<div class=\"tile {class}\"><dt>{what}</dt><dd>{count}</dd></div>\n")).collect()
}

/// The digest by which a page allows its own style or script.
fn digest(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text)))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let at = |index: usize| three.get(index).map_or(0, |byte| u32::from(*byte));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for position in 0..4 {
            let index = (bits >> (18 - 6 * position) & 63) as usize;
            let letter = LETTERS.get(index).filter(|_| position <= three.len());
            text.push(letter.map_or('=', |letter| char::from(*letter)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_base64() {
        assert_eq!(["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())), ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
        assert_eq!(base64(&[0xfb, 0xff, 0xbf]), "+/+/");
    }

    #[test]
    fn what_is_put_in_is_not_a_template() {
        let mut out = Vec::new();
        fill("a{{x}}b{{y}}c", &[("x", "{{y}}"), ("y", "Y")], &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a{{y}}bYc");
    }

    #[test]
    fn text_is_no_html() {
        assert_eq!(html("<a href='x'>&\"\u{1b}"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\\u{1b}");
        assert_eq!(inline("`<b>` is <i>"), "<code>&lt;b&gt;</code> is &lt;i&gt;");
        assert_eq!(inline("a ` <b>"), "a ` &lt;b&gt;");
    }
}
