//! XML: elements, attributes and texts with their places.
//!
//! Answers for: one tree for Maven's, Gradle's and .NET's files; document types (and with them entities of a file's own) refused;
//! depth, nodes, attributes and namespaces bounded before or while they are read. Names are local names: a prefix or a default
//! namespace changes nothing. Never knows a format.
//!
//! The declared encoding is not looked at: `Text` has decoded the file.

use roxmltree::{Error, Node, ParsingOptions};

use super::{DEPTH_MAX, broken, character_at, empty, too_deep};
use crate::text::{Lost, Place, Problem, Span, Str, Text};

/// The named limit on elements, texts and comments of one document, and likewise on attributes. Gradle's largest verification
/// metadata have a tenth of it.
pub const NODES_MAX: u32 = 2_000_000;

/// The named limit on attributes of one element: what reads them compares each with each.
pub const ATTRIBUTES_MAX: usize = 500;

/// The named limit on namespace declarations of one document: each repeats those of the elements around it.
pub const NAMESPACES_MAX: usize = 500;

/// One document.
pub struct Document<'t> {
    /// The text it was read from.
    pub text: &'t Text,
    tree: roxmltree::Document<'t>,
}

/// A cursor on one element.
#[derive(Clone, Copy)]
pub struct Element<'d> {
    text: &'d Text,
    node: Node<'d, 'd>,
}

/// Reads a document.
pub fn read(text: &Text) -> Result<Document<'_>, Problem> {
    if text.content.trim().is_empty() {
        return Err(empty(text, "XML"));
    }
    check_limits(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let tree = roxmltree::Document::parse_with_options(&text.content, options).map_err(|error| problem(text, &error))?;
    check_depth(text, &tree)?;
    Ok(Document { text, tree })
}

impl Document<'_> {
    /// The outermost element.
    #[must_use]
    pub fn root(&self) -> Element<'_> {
        Element { text: self.text, node: self.tree.root_element() }
    }
}

impl<'d> Element<'d> {
    /// Its name, without a prefix.
    #[must_use]
    pub fn name(self) -> &'d str {
        self.node.tag_name().name()
    }

    /// Whether it has this name.
    #[must_use]
    pub fn is(self, name: &str) -> bool {
        self.name() == name
    }

    /// The elements in it, in order.
    pub fn children(self) -> impl Iterator<Item = Element<'d>> {
        let text = self.text;
        self.node.children().filter(Node::is_element).map(move |node| Element { text, node })
    }

    /// The elements in it that have this name, in order.
    pub fn children_named(self, name: &str) -> impl Iterator<Item = Element<'d>> {
        self.children().filter(move |child| child.is(name))
    }

    /// The first element in it that has this name. Walks them.
    #[must_use]
    pub fn child(self, name: &str) -> Option<Element<'d>> {
        self.children().find(|child| child.is(name))
    }

    /// Follows several names.
    #[must_use]
    pub fn at(self, names: &[&str]) -> Option<Element<'d>> {
        names.iter().try_fold(self, |element, name| element.child(name))
    }

    /// It and all elements in it, however deep, in the order of the text.
    pub fn all(self) -> impl Iterator<Item = Element<'d>> {
        let text = self.text;
        self.node.descendants().filter(Node::is_element).map(move |node| Element { text, node })
    }

    /// The element that it lies in.
    #[must_use]
    pub fn parent(self) -> Option<Element<'d>> {
        self.node.parent_element().map(|node| Element { text: self.text, node })
    }

    /// The value of an attribute without namespace, as it means.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<Str> {
        self.node.attribute_node(name).map(|attribute| self.attribute_str(&attribute))
    }

    /// The value of an attribute of this namespace.
    #[must_use]
    pub fn namespaced_attribute(self, namespace: &str, name: &str) -> Option<Str> {
        self.node.attribute_node((namespace, name)).map(|attribute| self.attribute_str(&attribute))
    }

    /// All attributes without namespace, in order: name and value.
    pub fn attributes(self) -> impl Iterator<Item = (&'d str, Str)> {
        self.node
            .attributes()
            .filter(|attribute| attribute.namespace().is_none())
            .map(move |attribute| (attribute.name(), self.attribute_str(&attribute)))
    }

    fn attribute_str(self, attribute: &roxmltree::Attribute<'_, '_>) -> Str {
        let range = attribute.range_value();
        let span = Span::new(range.start, range.end);
        if self.text.slice(span) == attribute.value() { Str::at(span) } else { Str::made(span, attribute.value()) }
    }

    /// The text that stands directly in it, without space around it; comments in it say nothing.
    #[must_use]
    pub fn text(self) -> Str {
        let inner = trimmed(&self.text.content, self.inner());
        let mut texts = self.node.children().filter(Node::is_text).filter_map(|node| node.text());
        let first = texts.next().unwrap_or("");
        if first.trim() == self.text.slice(inner) {
            return Str::at(inner);
        }
        let whole = texts.fold(first.to_owned(), |whole, more| whole + more);
        Str::made(inner, whole.trim())
    }

    /// The text of the first element in it that has this name, if it is there and not empty.
    #[must_use]
    pub fn text_of(self, name: &str) -> Option<Str> {
        self.child(name).map(Element::text).filter(|text| !text.of(&self.text.content).is_empty())
    }

    /// From its first angle bracket to its last.
    #[must_use]
    pub fn span(self) -> Span {
        let range = self.node.range();
        Span::new(range.start, range.end)
    }

    /// Its name where it begins, with its prefix.
    #[must_use]
    pub fn name_span(self) -> Span {
        let start = self.node.range().start + 1;
        let rest = self.text.content.get(start..).unwrap_or("");
        let length = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(rest.len());
        Span::new(start, start + length)
    }

    /// What stands between its tags; empty if it is one tag.
    fn inner(self) -> Span {
        let range = self.node.range();
        let Some(first) = self.node.first_child() else { return Span::new(range.end, range.end) };
        // What is between the tags may begin with markup that belongs to no range (CDATA), and its last `</` is its own.
        let start = first.range().start;
        let end = self.text.content.get(start..range.end).and_then(|rest| rest.rfind("</")).map_or(range.end, |at| start + at);
        Span::new(start, end)
    }

    /// Where its name stands.
    #[must_use]
    pub fn place(self) -> Place {
        self.text.place(self.name_span())
    }

    /// A problem at its name.
    #[must_use]
    pub fn problem(self, lost: Lost, message: impl Into<String>) -> Problem {
        Problem::new(self.place(), lost, message)
    }
}

/// A span without the space at its ends.
fn trimmed(content: &str, span: Span) -> Span {
    let inner = content.get(span.range()).unwrap_or("");
    let start = span.start as usize + (inner.len() - inner.trim_start().len());
    Span::new(start, start + inner.trim().len())
}

/// Counts attributes and namespaces before anything is built.
fn check_limits(text: &Text) -> Result<(), Problem> {
    let bytes = text.content.as_bytes();
    if let Some(at) = memchr::memmem::find_iter(bytes, "xmlns").nth(NAMESPACES_MAX) {
        let message = format!("declares more than {NAMESPACES_MAX} namespaces");
        return Err(broken(text, Span::new(at, at + 5), message));
    }
    let mut all = 0;
    for start in memchr::memchr_iter(b'<', bytes) {
        let tag = bytes.get(start + 1..).unwrap_or(&[]);
        if tag.first().is_none_or(|byte| matches!(byte, b'!' | b'?' | b'/')) {
            continue;
        }
        let count = attributes_in(tag);
        all += count;
        if count > ATTRIBUTES_MAX || all > NODES_MAX as usize {
            let limit = if count > ATTRIBUTES_MAX { "500 attributes in one element" } else { "2000000 attributes" };
            return Err(broken(text, Span::new(start, start + 1), format!("has more than {limit}")));
        }
    }
    Ok(())
}

/// How many quoted values a tag has, up to its end or the next `<`, which no value may hold.
fn attributes_in(tag: &[u8]) -> usize {
    let mut quote = None;
    let mut count = 0;
    for byte in tag {
        match (byte, quote) {
            (b'<', _) | (b'>', None) => break,
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => {
                quote = None;
                count += 1;
            }
            _ => {}
        }
    }
    count
}

/// Nodes come in the order of the text, so a parent's depth is known before its children's.
fn check_depth(text: &Text, tree: &roxmltree::Document<'_>) -> Result<(), Problem> {
    let mut depths: Vec<usize> = Vec::new();
    for node in tree.root().descendants() {
        let above = node.parent().and_then(|parent| depths.get(parent.id().get_usize()));
        let depth = above.map_or(0, |above| above + 1);
        if depth > DEPTH_MAX {
            return Err(too_deep(text, node.range().start));
        }
        depths.push(depth);
    }
    Ok(())
}

fn problem(text: &Text, error: &Error) -> Problem {
    let message = match error {
        Error::DtdDetected => {
            let at = text.content.find("<!DOCTYPE").unwrap_or(0);
            let problem = broken(text, Span::new(at, at + "<!DOCTYPE".len()), "has a document type, which may rewrite the rest");
            return problem.with_hint("remove the `<!DOCTYPE …>`");
        }
        Error::NodesLimitReached => {
            return broken(text, Span::default(), format!("has more than {NODES_MAX} elements and texts"));
        }
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            let end = text.content.len();
            return broken(text, Span::new(end, end), "ends before its first element is closed");
        }
        error => error.to_string(),
    };
    let position = error.pos();
    let at = offset(&text.content, position.row, position.col);
    let message = message.replace(&format!(" at {position}"), "");
    broken(text, character_at(&text.content, at), format!("is not well-formed XML: {message}"))
}

/// The byte at a 1-based row and column, where columns are characters and rows end with LF.
fn offset(content: &str, row: u32, column: u32) -> usize {
    let line = content.split_inclusive('\n').take(row.saturating_sub(1) as usize).map(str::len).sum::<usize>();
    let rest = content.get(line..).unwrap_or("");
    rest.char_indices().nth(column.saturating_sub(1) as usize).map_or(content.len(), |(at, _)| line + at)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::text::{Side, TextId};

    fn text(content: &str) -> Text {
        let id = TextId { side: Side::Head, index: 0 };
        Text::decode(id, "x.xml", content.as_bytes().to_vec()).0
    }

    #[test]
    fn texts_and_attributes_have_places() {
        let text = text(
            "<?xml version='1.0'?>\r\n<m:a xmlns:m=\"x\">\r\n  <b c=\"1\" d='&lt;é'>\r\n   v<!-- n -->w </b>\r\n  <b> ü&amp; </b><b><![CDATA[ z<]]></b><b/></m:a>",
        );
        let document = read(&text).unwrap();
        let root = document.root();
        assert_eq!((root.name(), text.slice(root.name_span())), ("a", "m:a"));
        let values: Vec<(String, &str)> = root
            .children_named("b")
            .map(|child| (child.text().of(&text.content).to_owned(), text.slice(child.text().span)))
            .collect();
        let expected = [("vw", "v<!-- n -->w"), ("ü&", "ü&amp;"), ("z<", "<![CDATA[ z<]]>"), ("", "")];
        assert_eq!(values, expected.map(|(value, slice)| (value.to_owned(), slice)));
        let first = root.child("b").unwrap();
        assert_eq!(first.attribute("c"), Some(Str::at(first.attribute("c").unwrap().span)));
        assert_eq!(first.attribute("d").unwrap().of(&text.content), "<é");
        assert_eq!(text.slice(first.attribute("d").unwrap().span), "&lt;é");
        assert_eq!(first.attributes().count(), 2);
    }

    #[test]
    fn what_is_refused_says_where() {
        let deep = "<a>".repeat(DEPTH_MAX + 1) + &"</a>".repeat(DEPTH_MAX + 1);
        let wide = format!("<a {}/>", (0..=ATTRIBUTES_MAX).map(|n| format!("a{n}='>' ")).collect::<String>());
        let spaces = format!("<a>{}</a>", "<b xmlns='x'/>".repeat(NAMESPACES_MAX + 1));
        for (content, at, said) in [
            ("", "", "is empty"),
            ("<a>", "", "ends before"),
            ("<a>\n  <b>\n</a>", "<", "expected 'b' tag, not 'a'"),
            ("<a>&eacute;</a>", "&", "unknown entity"),
            ("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "<!DOCTYPE", "document type"),
            ("<a b='1' b='2'/>", "b", "already defined"),
            (deep.as_str(), "<", "nested more than"),
            (wide.as_str(), "<", "500 attributes"),
            (spaces.as_str(), "xmlns", "namespaces"),
        ] {
            let text = text(content);
            let Err(problem) = read(&text) else { panic!("{content} was read") };
            assert!(problem.message.contains(said), "{}", problem.message);
            assert_eq!((text.slice(problem.place.span), problem.lost), (at, Lost::File), "{content}");
        }
    }

    #[test]
    fn very_deep_files_are_refused_without_a_stack() {
        let text = text(&"<a>".repeat(1_000_000));
        assert!(read(&text).is_err());
    }
}
