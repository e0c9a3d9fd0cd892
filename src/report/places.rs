//! Places as reports show them: addresses relative to the work tree's top, who brings something in.

use std::fmt::Write as _;

use crate::dependency::Locator;
use crate::finding::Subject;
use crate::lost::nearest_lockfile;
use crate::rules::{Case, Dependency};
use crate::text::{Lines, Place, Region, Side, Span, Text, TextId};

/// Positions in the texts of a case.
pub(super) struct Places<'r> {
    case: &'r Case<'r>,
}

impl<'r> Places<'r> {
    pub(super) fn new(case: &'r Case<'r>) -> Self {
        Self { case }
    }

    fn lines(&self, id: TextId) -> Option<Lines<'r>> {
        self.case.text(id).map(Text::lines)
    }

    /// The path of a text.
    pub(super) fn path(&self, id: TextId) -> &'r str {
        self.case.path(id)
    }

    /// The line of a place, 1-based.
    pub(super) fn line(&self, place: Place) -> u32 {
        self.lines(place.text).map_or(1, |lines| lines.position(place.span.start).0)
    }

    /// Whether two places stand on one line.
    pub(super) fn is_same_line(&self, one: Place, other: Place) -> bool {
        one.text == other.text && self.line(one) == self.line(other)
    }

    /// The region of a place, cut at the end of its first line.
    pub(super) fn region(&self, place: Place) -> Region {
        let Some(lines) = self.lines(place.text) else { return Region { line: 1, column: 1, end_line: 1, end_column: 1 } };
        let region = lines.region(place.span);
        if region.line == region.end_line {
            return region;
        }
        lines.region(Span { start: place.span.start, end: lines.span_of(region.line).end.max(place.span.start) })
    }

    /// The region of the first line of a text.
    pub(super) fn first_line(&self, id: TextId) -> Region {
        let line = self.lines(id).map(|lines| lines.span_of(1)).unwrap_or_default();
        self.region(Place { text: id, span: line })
    }

    /// `path:line` of a place.
    pub(super) fn spoken(&self, place: Place) -> String {
        format!("{}:{}", self.case.path(place.text), self.line(place))
    }

    /// The place itself if it lies at the head. What only the base has is shown at the start of the nearest lockfile.
    pub(super) fn at_head(&self, place: Place) -> Option<Place> {
        match place.text.side {
            Side::Head => Some(place),
            Side::Base => {
                let nearest = nearest_lockfile(self.case.head, self.case.path(place.text));
                nearest.map(|text| Place { text, span: Span::default() })
            }
            Side::Outside => None,
        }
    }

    /// The path of a text from the work tree's top; none for what does not lie in the tree under judgement.
    pub(super) fn path_below_top(&self, id: TextId) -> Option<String> {
        let path = self.case.path(id);
        let prefix = self.case.head.prefix.as_str();
        let slash = if prefix.is_empty() { "" } else { "/" };
        (id.side == Side::Head && !path.is_empty()).then(|| [prefix, slash, path].concat())
    }

    /// The same as an address, percent-encoded.
    pub(super) fn uri(&self, id: TextId) -> Option<String> {
        self.path_below_top(id).map(|path| encoded(&path))
    }
}

/// A path as a relative reference: whatever is not plain in every part of an address is percent-encoded.
pub(super) fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// Who brings a dependency in.
pub(super) struct Brought {
    /// The direct dependency that does, for a sentence; none if it is direct itself.
    pub(super) by: Option<String>,
    /// Where the repository asks for that one.
    pub(super) asked: Option<Place>,
}

/// Who brings a dependency in, as far as its lockfile and the manifests beside it tell.
pub(super) fn brought_in(case: &Case<'_>, dependency: &Dependency<'_>) -> Option<Brought> {
    let lockfile = &dependency.judged.lockfile;
    let is_member = |entry: u32| lockfile.entries.get(entry as usize).is_none_or(|entry| entry.locator == Locator::Workspace);
    let via = dependency.judged.paths().via(dependency.id.1);
    match via.into_iter().find(|entry| !is_member(*entry)) {
        None => lockfile.declared_at(dependency.id.1).map(|place| Brought { by: None, asked: Some(place) }),
        Some(direct) => {
            let by = case.dependency(Subject::Entry(dependency.id.0, direct))?.spoken();
            Some(Brought { by: Some(by), asked: lockfile.declared_at(direct) })
        }
    }
}
