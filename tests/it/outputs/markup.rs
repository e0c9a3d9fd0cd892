//! Readers of our markup that know what we write and accept nothing else.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use roxmltree::{Document, ParsingOptions};

/// The rendered text of a Markdown document outside of code, after what must hold for every one of ours.
pub(super) fn markdown(text: &str) -> String {
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    rows(text);
    let mut prose = String::new();
    let (mut is_code, mut html, mut folds) = (false, String::new(), 0);
    for event in Parser::new_ext(text, Options::all() - Options::ENABLE_MATH - Options::ENABLE_SMART_PUNCTUATION) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => is_code = true,
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Text(words) if !is_code => prose.push_str(&words),
            Event::Html(part) => html.push_str(&part),
            Event::InlineHtml(part) => panic!("inline HTML {part:?} in {text}"),
            Event::End(TagEnd::HtmlBlock) => folds += ours(&std::mem::take(&mut html), text),
            Event::Start(tag @ (Tag::Link { .. } | Tag::Image { .. } | Tag::FootnoteDefinition(_) | Tag::MetadataBlock(_))) => {
                panic!("{tag:?} in {text}")
            }
            Event::FootnoteReference(_) | Event::TaskListMarker(_) | Event::Rule => panic!("{event:?} in {text}"),
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell | TagEnd::Heading(_)) | Event::Code(_) => {
                prose.push('\n');
            }
            _ => {}
        }
    }
    assert_eq!(folds, 0, "every fold is closed: {text}");
    for mark in ["@", "#", "$", "://", "www."] {
        assert!(!prose.contains(mark), "{mark} outside of code in {prose}");
    }
    prose
}

/// A block of HTML that is one of ours: how many folds it opens or closes.
fn ours(html: &str, text: &str) -> i32 {
    let html = html.trim();
    let title = html.strip_prefix("<details><summary>").and_then(|rest| rest.strip_suffix("</summary>"));
    let is_marker =
        html.starts_with("<!-- packman") && html.ends_with(" -->") && html.lines().count() == 1 && text.starts_with(html);
    match title {
        Some(title) => {
            assert!(title.chars().all(|c| c.is_ascii_alphanumeric() || c == ' '), "{title}");
            1
        }
        None if html == "</details>" => -1,
        None => {
            assert!(is_marker, "HTML {html:?} in {text}");
            0
        }
    }
}

/// Rows of tables have as many bars as their heads.
fn rows(text: &str) {
    let (mut bars, mut is_code) = (None, false);
    for line in text.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if is_code || !line.starts_with("| ") {
            bars = None;
            continue;
        }
        let count = line.char_indices().filter(|(at, c)| *c == '|' && !line[..*at].ends_with('\\')).count();
        assert_eq!(*bars.get_or_insert(count), count, "{line}");
        assert!(count > 2 && line.ends_with(" |"), "{line}");
    }
}

const ELEMENTS: &[&str] = &[
    "a",
    "article",
    "body",
    "button",
    "caption",
    "circle",
    "code",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "head",
    "header",
    "html",
    "input",
    "label",
    "legend",
    "li",
    "link",
    "main",
    "mark",
    "meta",
    "nav",
    "option",
    "p",
    "path",
    "pre",
    "rect",
    "script",
    "section",
    "select",
    "span",
    "strong",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];
const ATTRIBUTES: &[&str] = &[
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "autocomplete",
    "charset",
    "checked",
    "class",
    "content",
    "cx",
    "cy",
    "d",
    "data-level",
    "data-registries",
    "data-rule",
    "focusable",
    "for",
    "height",
    "hidden",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "placeholder",
    "preserveAspectRatio",
    "r",
    "rel",
    "role",
    "rx",
    "scope",
    "spellcheck",
    "tabindex",
    "type",
    "value",
    "viewBox",
    "width",
    "x",
    "y",
];

/// The text of a page, after what must hold for every one of ours: only known elements and attributes, one script and one style that the
/// page's own policy names, no address but within the page, every id once and every reference to one that is there.
pub(super) fn page(text: &str) -> String {
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    let (style, script) =
        (include_str!("../../../src/report/html/style.css"), include_str!("../../../src/report/html/script.js"));
    assert_eq!((text.matches(style).count(), text.matches(script).count()), (1, 1));
    let bare = text.replace(style, "").replace(script, "");
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(&bare, options).unwrap_or_else(|error| panic!("{error}\n{bare}"));
    let mut ids = Vec::new();
    let mut wanted = Vec::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(ELEMENTS.contains(&name), "<{name}>");
        for attribute in node.attributes() {
            assert!(ATTRIBUTES.contains(&attribute.name()), "{name} {}", attribute.name());
            match attribute.name() {
                "href" if attribute.value() == "data:," => assert_eq!(name, "link"),
                "href" => wanted.push(attribute.value().strip_prefix('#').expect("an address within the page")),
                "aria-labelledby" | "for" => wanted.push(attribute.value()),
                "id" => ids.push(attribute.value()),
                _ => {}
            }
        }
    }
    for name in ["script", "style"] {
        assert_eq!(document.descendants().filter(|node| node.has_tag_name(name)).count(), 1);
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "every id once");
    assert!(wanted.iter().all(|id| ids.contains(id)), "{wanted:?}");
    document.root_element().descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect()
}

#[test]
#[should_panic(expected = "Link")]
fn a_link_is_seen() {
    markdown("[x](y)");
}

#[test]
#[should_panic(expected = "outside of code")]
fn a_mention_is_seen() {
    markdown("a &#64;b");
}

#[test]
#[should_panic(expected = "HTML")]
fn html_is_seen() {
    markdown("- x\n\n<b>y</b>");
}
