//! Excerpts of files with the culprit underlined, in rustc's look; also used for mistakes in a policy.
//!
//! Answers for: cutting one line out of a text, however long, escaping it without losing the underline.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::report::escape::{lines, terminal};
use crate::text::{Place, Span, Text, TextId};

/// Characters shown before and behind the culprit in a long line.
const CONTEXT: usize = 60;
/// Characters shown of the culprit itself.
const CULPRIT_MAX: usize = 100;

/// How bad.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It decides.
    Error,
    /// It is shown.
    Warning,
}

/// A place with what stands under it.
pub struct Excerpt {
    /// The culprit.
    pub place: Place,
    /// What stands under it.
    pub label: String,
    /// Whether it is the main one.
    pub is_primary: bool,
}

/// One line around a culprit, escaped.
pub(super) struct Cut {
    path: String,
    pub(super) line: usize,
    pub(super) shown: String,
    /// Of the culprit, in bytes of what is shown.
    pub(super) span: std::ops::Range<usize>,
    pub(super) label: String,
    is_primary: bool,
}

/// One message: its sentence, what it says below its excerpts, and advice.
pub struct Message<'m> {
    /// How bad.
    pub severity: Severity,
    /// The rule's id, or what else found it.
    pub id: &'m str,
    /// The sentence.
    pub title: &'m str,
    /// What is said below the excerpts.
    pub notes: &'m [String],
    /// What to do next; may be empty.
    pub hint: &'m str,
}

/// A message with excerpts of the texts that `text` gives.
#[must_use]
pub fn render<'t>(
    message: &Message<'_>,
    excerpts: &[Excerpt],
    text: impl Fn(TextId) -> Option<&'t Text>,
    is_coloured: bool,
) -> String {
    let Message { severity, id, title, notes, hint } = *message;
    let title = terminal(title);
    let cuts: Vec<Cut> = excerpts.iter().filter_map(|excerpt| Some(cut(text(excerpt.place.text)?, excerpt))).collect();
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(title.as_ref()).id(id));
    for cut in &cuts {
        if cut.shown.is_empty() {
            group = group.element(Origin::path(cut.path.as_str()).line(cut.line));
            continue;
        }
        let kind = if cut.is_primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        group = group.element(
            Snippet::source(cut.shown.as_str())
                .line_start(cut.line)
                .path(cut.path.as_str())
                .fold(false)
                .annotation(kind.span(cut.span.clone()).label(cut.label.as_str())),
        );
    }
    for note in notes {
        group = group.element(Level::NOTE.no_name().message(terminal(note)));
    }
    if !hint.is_empty() {
        group = group.element(Level::HELP.message(lines(hint)));
    }
    let renderer = if is_coloured { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

/// One line around the culprit, escaped; of a long line only what is near.
pub(super) fn cut(text: &Text, excerpt: &Excerpt) -> Cut {
    let all = text.lines();
    let (line, _) = all.position(excerpt.place.span.start);
    let whole = all.span_of(line);
    let start = (excerpt.place.span.start as usize).clamp(whole.start as usize, whole.end as usize);
    let end = (excerpt.place.span.end as usize).clamp(start, whole.end as usize);
    let before = tail(text.slice(Span::new(whole.start as usize, start)), CONTEXT);
    let after = head(text.slice(Span::new(end, whole.end as usize)), CONTEXT);
    let culprit = head(text.slice(Span::new(start, end)), CULPRIT_MAX);
    let is_cut_before = before.len() < start - whole.start as usize;
    let is_cut_after = after.len() < whole.end as usize - end;
    let mut raw = if is_cut_before { "…".to_owned() } else { String::new() };
    // Tabs would be widened by the renderer, which then underlines the wrong columns in some terminals.
    raw.push_str(&before.replace('\t', "    "));
    // The beginning of a text is escaped as it is in the whole: no command for a runner arises where two parts meet.
    let from = terminal(&raw).len();
    raw.push_str(&culprit.replace('\t', " "));
    if culprit.len() < end - start {
        raw.push('…');
    }
    let to = terminal(&raw).len();
    raw.push_str(&after.replace('\t', " "));
    if is_cut_after {
        raw.push('…');
    }
    let shown = terminal(&raw);
    Cut {
        path: terminal(&text.path).into_owned(),
        line: line as usize,
        // Blanks at the end go, but none that are underlined.
        shown: shown.get(..shown.trim_end().len().max(to)).unwrap_or(&shown).to_owned(),
        span: from..to.max(from),
        label: terminal(&excerpt.label).into_owned(),
        is_primary: excerpt.is_primary,
    }
}

fn head(text: &str, characters: usize) -> &str {
    let end = text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

fn tail(text: &str, characters: usize) -> &str {
    let Some(skip) = text.chars().count().checked_sub(characters).filter(|skip| *skip > 0) else { return text };
    let start = text.char_indices().nth(skip).map_or(0, |(at, _)| at);
    text.get(start..).unwrap_or(text)
}
