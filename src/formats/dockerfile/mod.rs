//! `Dockerfile` and `Containerfile`: images that a build starts from, copies from or mounts, and addresses that it adds.
//!
//! Answers for: the Dockerfile reference of BuildKit. Specification: <https://docs.docker.com/reference/dockerfile/>.
//! Registry: the host of each reference; without one the client's default (`docker.io`). No hash but a digest, no edges.
//!
//! What is read: the parser directive `# syntax=` (that image runs before all else), `FROM`, `COPY --from=`, `RUN --mount=…,from=`,
//! `ADD` of addresses and repositories, all of them behind `ONBUILD` too. `scratch` and build stages are no images. Names compare
//! without case; `COPY` may also give a stage's number.
//!
//! Variables: only `ARG`s before the first `FROM` count in `FROM`; their defaults are taken, though a build may override them. An
//! `ARG` without default and the platform's own (`TARGETARCH`, …) are unknown offline. `COPY --from` and `RUN --mount` expand nothing.
//! `build.args` of a compose file are not joined with its Dockerfile: they would hold for that service only.
//!
//! Scopes: what the last stage is made of (its chain of stages, and what these copy from images) is production, the rest build.
//! A compose file's `target` or `--target` may choose another stage; that is not known here.
//!
//! Templates (`Dockerfile.j2`, `.erb`, `.tmpl`) are read as far as their lines are instructions; what an engine fills in is unknown.

mod heredocs;
mod lines;
mod stages;

use std::borrow::Cow;
use std::ops::Range;

use crate::dependency::{Kind, Lockfile, Scopes, Shows};
use crate::formats::image::{PieceKind, Written};
use crate::formats::shell::{self, Dialect, Value, Word};
use crate::formats::{Claim, Format, remote};
use crate::neighbours::Neighbours;
use crate::syntax::Node;
use crate::text::{Lost, Problem, Span, Str, Text};

use lines::{Doubt, Line, Lines};
use stages::{Build, Found, What};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "dockerfile",
    title: "Dockerfile",
    kind: Kind::Reference,
    files: &[
        Claim::NameAnyCase("Dockerfile"),
        Claim::NameAnyCase("Containerfile"),
        Claim::PrefixAnyCase("Dockerfile."),
        Claim::PrefixAnyCase("Dockerfile-"),
        Claim::PrefixAnyCase("Dockerfile_"),
        Claim::PrefixAnyCase("Containerfile."),
        Claim::PrefixAnyCase("Containerfile-"),
        Claim::PrefixAnyCase("Containerfile_"),
        Claim::BareAnyCase("Dockerfile"),
        Claim::BareAnyCase("Containerfile"),
        Claim::SuffixAnyCase("dockerfile"),
        Claim::SuffixAnyCase("containerfile"),
    ],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

/// What a Dockerfile shows.
pub(super) const SHOWS: Shows = Shows { origin: true, integrity: false, edges: false, scope: true, install_code: false };

const INSTRUCTIONS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// The directives that the builder knows.
const DIRECTIVES: [&str; 3] = ["syntax", "escape", "check"];

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Reference);
    lockfile.shows = SHOWS;
    read_into(&mut lockfile, text, &text.content, &Base::Offset(0));
    Ok(lockfile)
}

/// Where the content of a Dockerfile stands in its text.
pub(super) enum Base {
    /// As it is, from this offset on.
    Offset(usize),
    /// Line by line: offset in the content, offset in the text; sorted.
    Lines(Vec<(usize, usize)>),
    /// Somewhere in here.
    Whole(Span),
}

impl Base {
    fn span(&self, inner: Span) -> Span {
        let (start, end) = (inner.start as usize, inner.end as usize);
        match self {
            Self::Offset(offset) => Span::new(start + offset, end + offset),
            Self::Lines(lines) => {
                let place = |at: usize| {
                    let after = lines.partition_point(|(from, _)| *from <= at);
                    lines.get(after.saturating_sub(1)).map_or(0, |(from, to)| to + (at - from))
                };
                Span::new(place(start), if end > start { place(end - 1) + 1 } else { place(end) })
            }
            Self::Whole(span) => *span,
        }
    }
}

/// Adds what a Dockerfile states that is all of `text` or stands inside it.
pub(super) fn read_into(lockfile: &mut Lockfile, text: &Text, content: &str, base: &Base) {
    let mut lines = Lines::of(content);
    let mut reader = Reader { text, base, build: Build::default(), problems: Vec::new() };
    reader.directives(&mut lines, content);
    while let Some(line) = lines.next() {
        reader.line(&line);
    }
    lockfile.problems.append(&mut reader.problems);
    reader.build.push_into(lockfile, text);
}

struct Reader<'t> {
    text: &'t Text,
    base: &'t Base,
    build: Build,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// The comments before everything else that steer the builder, and the other ways to name its image: behind a line for the system
    /// (`#!`), or as JSON.
    fn directives(&mut self, lines: &mut Lines<'_>, content: &str) {
        let body = behind_shebang(content);
        let has_shebang = body.len() < content.len();
        match json_syntax(body) {
            Json::None => {}
            Json::Syntax(image) => {
                lines.back_to(content.len());
                return self.json_syntax(content, &image);
            }
            Json::Unreadable => {
                let whole = self.base.span(Span::new(content.len() - body.len(), content.trim_end().len()));
                lines.back_to(content.len());
                return self.problem(
                    whole,
                    Lost::File,
                    "is JSON that cannot be read and may name the builder's image with `syntax`",
                );
            }
        }
        lines.back_to(content.len() - body.len());
        let mut seen = [false; 3];
        while let Some((start, line)) = lines.physical() {
            let Some((key, range)) = directive(line) else { return lines.back_to(start) };
            let known = DIRECTIVES.iter().position(|known| known.eq_ignore_ascii_case(key));
            let is_new = known.and_then(|known| seen.get_mut(known)).map(|seen| !std::mem::replace(seen, true));
            let value = line.get(range.clone()).unwrap_or("");
            let span = self.base.span(Span::new(start + range.start, start + range.end));
            match (known, is_new) {
                (Some(0), Some(true)) => {
                    let image = value.split_whitespace().next().unwrap_or("");
                    let mut written = Written::default();
                    let end = start + range.start + image.len();
                    written.push(image, self.base.span(Span::new(start + range.start, end)), PieceKind::Literal);
                    self.syntax(written);
                }
                (Some(1), Some(true)) if has_shebang => {
                    self.problem(span, Lost::Detail, "an escape character behind `#!`, which the builder passes over");
                }
                (Some(1), Some(true)) if matches!(value, "\\" | "`") => lines.escape = value.bytes().next().unwrap_or(b'\\'),
                (Some(1), Some(true)) => {
                    self.problem(span, Lost::Detail, format!("the escape character `{value}` is neither `\\` nor a backtick"));
                }
                (Some(2), Some(true)) => {}
                (Some(_), _) => {
                    self.problem(span, Lost::Detail, format!("the directive `{key}` stands twice, which the builder refuses"));
                }
                (None, _) => return lines.back_to(start),
            }
        }
    }

    /// The image that reads the file instead of the builder itself.
    fn syntax(&mut self, written: Written) {
        self.build.found.push(Found { stage: None, scopes: Some(Scopes::BUILD), what: What::Image(written) });
    }

    fn json_syntax(&mut self, content: &str, image: &str) {
        let literal = content.rfind("\"syntax\"").and_then(|key| {
            let quoted = content.get(key..)?.find(&format!("\"{image}\""))?;
            Some(Span::new(key + quoted + 1, key + quoted + 1 + image.len()))
        });
        let (span, kind) = match literal {
            Some(span) => (span, PieceKind::Literal),
            None => (Span::new(content.find('{').unwrap_or(0), content.trim_end().len()), PieceKind::Made),
        };
        let mut written = Written::default();
        written.push(image, self.base.span(span), kind);
        self.syntax(written);
    }

    fn line(&mut self, line: &Line<'_>) {
        if let Some((range, doubt)) = &line.doubt {
            let written = line.slice(range);
            let message = match doubt {
                Doubt::Unended => format!("the here-document `{written}` has no end: what follows is not read"),
                Doubt::Ambiguous => format!("the lines of the here-document `{written}` are instructions to some builders"),
                Doubt::Unsure => "only the builder knows whether this opens a here-document".to_owned(),
            };
            self.problem(self.span(line, range), Lost::Entry, message);
        }
        if shell::is_template(line.text, 0) {
            return self.template(line);
        }
        self.instruction(line, 0, false);
    }

    /// A line of a template engine. Conditions and loops only choose; an inclusion may bring anything.
    fn template(&mut self, line: &Line<'_>) {
        let is_inclusion = ["include", "extends", "import", "template"].iter().any(|word| line.text.contains(word));
        if is_inclusion {
            let whole = 0..line.text.trim_end().len();
            self.problem(self.span(line, &whole), Lost::Detail, "a template includes text that is not known here");
        }
    }

    fn instruction(&mut self, line: &Line<'_>, from: usize, is_trigger: bool) {
        let Some(keyword) = line.words(from).next() else { return };
        let name = line.slice(&keyword).to_ascii_uppercase();
        let rest = keyword.end;
        match name.as_str() {
            "FROM" if is_trigger => {
                self.problem(self.span(line, &keyword), Lost::Entry, "`ONBUILD FROM`, which the builder refuses");
            }
            "FROM" => self.from(line, &keyword),
            "ARG" => self.arg(line, rest),
            "ENV" => self.env(line, rest),
            "COPY" => self.copy(line, rest),
            "ADD" => self.add(line, rest),
            "RUN" => self.run(line, rest),
            "ONBUILD" if !is_trigger => self.instruction(line, rest, true),
            known if INSTRUCTIONS.contains(&known) && known != "ONBUILD" => {}
            _ => {
                let message = format!("`{}` is no instruction of a Dockerfile", line.slice(&keyword));
                self.problem(self.span(line, &keyword), Lost::Detail, message);
            }
        }
    }

    fn from(&mut self, line: &Line<'_>, keyword: &Range<usize>) {
        let words: Vec<_> = line.words(keyword.end).skip_while(|word| line.slice(word).starts_with("--")).take(4).collect();
        let (image, name) = match words.as_slice() {
            [image] => (image, None),
            [image, word, name] if line.slice(word).eq_ignore_ascii_case("AS") => (image, Some(line.slice(name))),
            _ => {
                let span = self.span(line, &(keyword.start..line.text.trim_end().len()));
                self.build.stage(None, None, Vec::new());
                return self.problem(span, Lost::Entry, "a `FROM` that is neither `FROM IMAGE` nor `FROM IMAGE AS NAME`");
            }
        };
        let written = self.expand(line, image, &|name| self.build.global(name));
        let bases = self.build.bases(&written);
        let is_image = bases.is_empty() && written.value != "scratch";
        self.build.stage(name, is_image.then_some(written), bases);
    }

    /// `ARG NAME`, `ARG NAME=default`, several of them.
    fn arg(&mut self, line: &Line<'_>, from: usize) {
        for word in line.words(from).collect::<Vec<_>>() {
            let (name, value) = self.assignment(line, &word);
            self.build.arg(name, value);
        }
    }

    /// `ENV NAME=value …`, or `ENV NAME all the rest`.
    fn env(&mut self, line: &Line<'_>, from: usize) {
        let Some(first) = line.words(from).next() else { return };
        if !line.slice(&first).contains('=') {
            let rest = line.text.get(first.end..).unwrap_or("");
            let start = first.end + rest.len() - rest.trim_start().len();
            let written = self.expand(line, &(start..line.text.trim_end().len().max(start)), &|name| self.build.local(name));
            return self.build.env(line.slice(&first).to_owned(), known(written));
        }
        // All values of one instruction are expanded with what was set before it.
        let words: Vec<_> = line.words(from).map(|word| self.assignment(line, &word)).collect();
        for (name, value) in words {
            self.build.env(name, value.unwrap_or(Value::Unknown));
        }
    }

    fn assignment(&self, line: &Line<'_>, word: &Range<usize>) -> (String, Option<Value<'static>>) {
        let written = line.slice(word);
        match written.split_once('=') {
            Some((name, _)) => {
                let value = self.expand(line, &(word.start + name.len() + 1..word.end), &|name| self.build.local(name));
                (name.to_owned(), Some(known(value)))
            }
            None => (written.to_owned(), None),
        }
    }

    fn copy(&mut self, line: &Line<'_>, from: usize) {
        for flag in flags(line, from) {
            if let Some(value) = flag_value(line, &flag, "--from=") {
                let written = self.expand(line, &value, &|_| Value::Unknown);
                self.build.find(What::Copied(written));
            }
        }
    }

    fn run(&mut self, line: &Line<'_>, from: usize) {
        for flag in flags(line, from) {
            let Some(value) = flag_value(line, &flag, "--mount=") else { continue };
            let mut start = value.start;
            for field in line.slice(&value).split(',') {
                let end = start + field.len();
                let quotes = usize::from(field.starts_with('"'));
                let inner = start + quotes..end - usize::from(field.len() > 1 && field.ends_with('"'));
                if let Some((key, from)) = line.slice(&inner).split_once('=')
                    && key.trim().eq_ignore_ascii_case("from")
                    && !from.is_empty()
                {
                    let written = self.expand(line, &(inner.end - from.len()..inner.end), &|_| Value::Unknown);
                    self.build.find(What::Mounted(written));
                }
                start = end + 1;
            }
        }
    }

    fn add(&mut self, line: &Line<'_>, from: usize) {
        let flags = flags(line, from);
        let start = flags.last().map_or(from, |flag| flag.end);
        let checksum = flags.iter().find_map(|flag| flag_value(line, flag, "--checksum="));
        let checksum = checksum.map(|range| self.expand(line, &range, &|name| self.build.local(name)));
        let mut operands = operands(line, start);
        operands.pop();
        for operand in operands {
            let written = self.expand(line, &operand, &|name| self.build.local(name));
            if remote::is_remote(&written) {
                let checksum = checksum.clone().filter(|checksum| !checksum.is_unknown());
                self.build.find(What::Added { written, checksum });
            }
        }
    }

    fn expand(&self, line: &Line<'_>, range: &Range<usize>, lookup: &shell::Lookup<'_>) -> Written {
        let place = |start: usize, end: usize| self.base.span(line.span(range.start + start, range.start + end));
        shell::expand(Word { text: line.slice(range), place: &place, dialect: Dialect::Builder(line.escape) }, lookup)
    }

    fn span(&self, line: &Line<'_>, range: &Range<usize>) -> Span {
        self.base.span(line.span(range.start, range.end))
    }

    fn problem(&mut self, span: Span, lost: Lost, message: impl Into<String>) {
        self.problems.push(Problem::new(self.text.place(span), lost, message));
    }
}

fn known(written: Written) -> Value<'static> {
    if written.is_unknown() { Value::Unknown } else { Value::Known(Cow::Owned(written.value)) }
}

/// The flags right behind an instruction.
fn flags(line: &Line<'_>, from: usize) -> Vec<Range<usize>> {
    line.words(from).take_while(|word| line.slice(word).starts_with("--") && word.len() > 2).collect()
}

/// Where the value of a flag stands, without quotes around it; the name compares as the builder does, with case.
fn flag_value(line: &Line<'_>, flag: &Range<usize>, name: &str) -> Option<Range<usize>> {
    let value = line.slice(flag).strip_prefix(name)?;
    Some(flag.end - value.len()..flag.end)
}

/// What `ADD` adds and where to: words, or the strings of a JSON list.
fn operands(line: &Line<'_>, from: usize) -> Vec<Range<usize>> {
    let rest = line.text.get(from..).unwrap_or("");
    if !(rest.trim_start().starts_with('[') && rest.trim_end().ends_with(']')) {
        return line.words(from).filter(|word| !line.slice(word).starts_with("<<")).collect();
    }
    let quotes: Vec<usize> = memchr::memchr_iter(b'"', rest.as_bytes()).collect();
    quotes.chunks_exact(2).filter_map(|pair| Some(from + pair.first()? + 1..from + pair.last()?)).collect()
}

/// `# key = value`, or the form with `//`: the key and where the value stands. Blanks are what they are to the builder.
fn directive(line: &str) -> Option<(&str, Range<usize>)> {
    const BLANKS: [char; 5] = ['\t', '\n', '\x0c', '\r', ' '];
    let trimmed = line.trim_start();
    let rest = trimmed.strip_prefix('#').or_else(|| trimmed.strip_prefix("//"))?;
    let (key, value) = rest.split_once('=')?;
    let key = key.trim_start().trim_end_matches(BLANKS);
    let is_key =
        key.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_key || value.is_empty() {
        return None;
    }
    // A blank alone is a value.
    let start = line.len() - value.trim_start_matches(BLANKS).len().max(1);
    let end = line.trim_end_matches(BLANKS).len().max(start);
    Some((key, start..end))
}

/// What follows the line that tells a system which program reads the file. The builder passes over it where it looks for its image.
fn behind_shebang(content: &str) -> &str {
    if !content.starts_with("#!") {
        return content;
    }
    content.split_once('\n').map_or("", |(_, rest)| rest)
}

/// What a file that may be JSON says of the builder's image.
enum Json {
    /// Nothing.
    None,
    /// It is this one.
    Syntax(String),
    /// It may name one: Go reads some JSON that is none here.
    Unreadable,
}

fn json_syntax(content: &str) -> Json {
    let content = content.trim_start();
    let may_name = content.starts_with('{')
        && !shell::is_template(content, 0)
        && ["\"syntax\"", "\\u"].iter().any(|part| memchr::memmem::find(content.as_bytes(), part.as_bytes()).is_some());
    if !may_name {
        return Json::None;
    }
    match serde_json::from_str::<serde_json::Value>(content) {
        Ok(value) => match value.get("syntax") {
            Some(serde_json::Value::String(image)) => Json::Syntax(image.clone()),
            _ => Json::None,
        },
        Err(_) => Json::Unreadable,
    }
}

/// Whether a file names the builder's image: then that image reads it, whatever else it holds.
fn names_syntax(content: &str) -> bool {
    let body = behind_shebang(content);
    let keys = body.lines().map_while(|line| directive(line).map(|(key, _)| key));
    let mut known = keys.take_while(|key| DIRECTIVES.iter().any(|known| known.eq_ignore_ascii_case(key)));
    known.any(|key| key.eq_ignore_ascii_case("syntax")) || !matches!(json_syntax(body), Json::None)
}

/// Longer names are shared with programs, notes and ignore files: the first line that says something must be an instruction or a
/// template's, or the file names the builder's image.
fn looks(content: &str) -> bool {
    if content.is_empty() || names_syntax(content) {
        return true;
    }
    let mut first = String::new();
    for line in content.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') || (first.is_empty() && shell::is_template(trimmed, 0)) {
            continue;
        }
        first.push_str(if first.is_empty() { trimmed } else { line.trim_end() });
        // A keyword may go on in the next line.
        match first.strip_suffix(['\\', '`']).map(str::len) {
            Some(length) if !first.contains(char::is_whitespace) => first.truncate(length),
            _ => break,
        }
    }
    let mut words = first.split_whitespace();
    let keyword = words.next().unwrap_or("");
    // `from x import y` opens many a Python file.
    let is_import = keyword == "from" && words.nth(1) == Some("import");
    let is_instruction = INSTRUCTIONS.iter().any(|known| known.eq_ignore_ascii_case(keyword));
    // An ignore file may begin with `LICENSE`, and nothing behind it.
    let is_alone = first.trim() == keyword && !INSTRUCTIONS.contains(&keyword);
    let is_shouted = keyword.len() > 1 && keyword.bytes().all(|byte| byte.is_ascii_uppercase()) && !is_alone;
    !is_import && (is_instruction || is_shouted)
}

/// Says so where another file builds from a Dockerfile that is not read: one that is not there, or whose name is none.
pub(super) fn expect_read(lockfile: &mut Lockfile, node: Node<'_>, written: &Written, neighbours: &Neighbours<'_>) {
    let reason = match neighbours.resolve(&written.value) {
        _ if written.is_unknown() => "has a name that only a variable knows",
        Ok(path) if neighbours.has(&path) && FORMAT.claims(&path) => return,
        Ok(path) if neighbours.has(&path) => "is not read, since its name is none of a Dockerfile",
        Ok(_) => "is not there",
        Err(_) => "lies outside of what is read",
    };
    lockfile.problems.push(node.problem(Lost::Detail, format!("builds from `{}`, which {reason}", written.value)));
}

/// Places of a Dockerfile that stands in a value of another format.
pub(super) fn base_of(value: &Str, content: &str) -> Base {
    let Some(made) = value.made.as_deref() else { return Base::Offset(value.span.start as usize) };
    // A block of YAML loses its indentation, line by line.
    let raw = content.get(value.span.range()).unwrap_or("");
    let (mut lines, mut from) = (Vec::new(), 0);
    let mut at = value.span.start as usize;
    let mut written = made.split_inclusive('\n').peekable();
    for line in raw.split_inclusive('\n') {
        let Some(expected) = written.peek() else { break };
        let stripped = line.trim_end_matches(['\n', '\r']);
        let expected_line = expected.trim_end_matches(['\n', '\r']);
        if stripped.trim_start_matches(' ').len() <= expected_line.len() && stripped.ends_with(expected_line) {
            lines.push((from, at + stripped.len() - expected_line.len()));
            from += expected.len();
            written.next();
        }
        at += line.len();
    }
    if written.next().is_none() && !lines.is_empty() { Base::Lines(lines) } else { Base::Whole(value.span) }
}

#[cfg(test)]
mod tests;
