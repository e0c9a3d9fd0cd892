//! Templates of Helm charts: images whose registry a template writes out.
//!
//! Specification: <https://helm.sh/docs/chart_template_guide/>. A template becomes YAML only once Helm has filled it in, so it is read
//! line by line: `image:` and what stands behind it. Registry: the host of each reference; without one the runtime's default.
//!
//! What `{{ … }}` brings is unknown. Where a reference begins with that and the expression speaks of an image (`.Values.image.…`, a
//! helper's name), the values are the place to look, which `helm-values` reads; else it is an entry that cannot be resolved.
//!
//! Resources that give a chart its values (`HelmRelease`, `Application`) may have `{{ … }}` in texts; they are read as manifests are.

use crate::dependency::{Kind, Lockfile, Scopes, Shows};
use crate::formats::image::{self, Written};
use crate::formats::{Claim, Format, kubernetes, shell};
use crate::neighbours::Neighbours;
use crate::syntax::yaml;
use crate::text::{Problem, Span, Str, Text};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "helm-template",
    title: "Helm template",
    kind: Kind::Reference,
    files: &[Claim::SuffixAnyCase(".yaml"), Claim::SuffixAnyCase(".yml"), Claim::SuffixAnyCase(".tpl")],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

/// Many files have `{{`; a chart's templates use its objects or include its helpers.
pub(super) fn looks(content: &str) -> bool {
    let mut rest = content;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"{{") {
        rest = rest.get(at + 2..).unwrap_or("");
        let line_end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let expression = rest.get(..line_end).unwrap_or("");
        let expression = expression.split_once("}}").map_or(expression, |(expression, _)| expression);
        let names = [".Values", ".Release.", ".Chart.", ".Capabilities.", "include \"", "template \"", "define \""];
        if names.iter().any(|name| expression.contains(name)) {
            return true;
        }
    }
    false
}

/// Resources that give values to a chart: `{{ … }}` in them is text, which the chart fills in.
const GIVING_VALUES: [&str; 3] = ["Application", "ApplicationSet", "HelmRelease"];

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    if GIVING_VALUES.iter().any(|kind| text.content.contains(kind))
        && let Ok(documents) = yaml::read_with_aliases(text)
        && documents.iter().filter_map(|document| document.root().get("kind")?.scalar()).any(|kind| GIVING_VALUES.contains(&kind))
    {
        return Ok(kubernetes::read_as(&FORMAT, text, &documents));
    }
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Reference);
    lockfile.shows = Shows { origin: true, scope: true, ..Shows::default() };
    let mut start = 0;
    for line in text.content.split_inclusive('\n') {
        if let Some((from, to)) = image_of(line) {
            let value = Str::at(Span::new(start + from, start + to));
            let written = Written::foreign(&value, &text.content);
            if !comes_from_values(&written) {
                image::push(&mut lockfile, text, &written, Scopes::PRODUCTION);
            }
        }
        start += line.len();
    }
    Ok(lockfile)
}

/// Where the value of `image:` stands in a line, without quotes and comment; `None` if the line has none.
fn image_of(line: &str) -> Option<(usize, usize)> {
    let body = line.trim_start_matches([' ', '\t', '-']);
    let rest = body.strip_prefix("image:")?;
    let value = rest.trim_start_matches(' ');
    let from = line.len() - value.len();
    let value = value.trim_end();
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
    let (from, value) = match quote {
        Some(quote) => (from + 1, quoted(value.get(1..)?, quote)),
        None => (from, value.split_once(" #").map_or(value, |(value, _)| value.trim_end())),
    };
    let is_value = !value.is_empty() && !value.starts_with(['#', '&', '*', '|', '>', '{', '[']) || shell::is_template(value, 0);
    (is_value && rest.starts_with(' ')).then_some((from, from + value.len()))
}

/// What stands before the closing quote; quotes inside of expressions do not close.
fn quoted(value: &str, quote: char) -> &str {
    let mut at = 0;
    while let Some(next) = value.get(at..).and_then(|rest| rest.chars().next()) {
        if next == quote {
            break;
        }
        at = shell::template_end(value, at).unwrap_or(at + next.len_utf8());
    }
    value.get(..at).unwrap_or(value)
}

/// Whether a reference begins with an expression that speaks of an image.
fn comes_from_values(written: &Written) -> bool {
    let first = written.unknowns().next().filter(|unknown| unknown.start == 0);
    let is_known_behind = written.shape().split('/').next().is_some_and(|first| !first.contains(image::HOLE));
    let all = written
        .unknowns()
        .any(|unknown| written.value.get(unknown).is_some_and(|text| text.to_ascii_lowercase().contains("image")));
    first.is_some() && !is_known_behind && all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    #[test]
    fn damaged_templates_are_read() {
        testing::assert_damaged(&FORMAT);
    }

    #[test]
    fn values_of_lines() {
        let cut = |line: &'static str| image_of(line).map(|(from, to)| line.get(from..to).unwrap_or("-"));
        for (line, expected) in [
            ("  image: nginx:1 # c\n", Some("nginx:1")),
            ("- image: \"{{ .Values.a | default \"x\" }}:1\"\r\n", Some("{{ .Values.a | default \"x\" }}:1")),
            ("image: {{ .Values.image }}\n", Some("{{ .Values.image }}")),
            ("image: 'a:1' # 'b'", Some("a:1")),
            ("image:\n", None),
            ("image: {a: b}", None),
            ("image: |", None),
            ("imagePullPolicy: x", None),
            ("image:x", None),
        ] {
            assert_eq!(cut(line), expected, "{line}");
        }
    }
}
