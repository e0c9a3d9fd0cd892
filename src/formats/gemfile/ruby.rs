//! The little of Ruby that a Gemfile or a gemspec is written in: words, symbols, strings and lists, cut into statements.
//!
//! Answers for: where statements begin and end, and what stands in them. Nothing is run: what only a run would tell stays `is_plain: false`.

use std::ops::Range;

use crate::text::{Span, Str};

/// The named limit on the characters of a `%` literal: what is longer is taken for a sign of arithmetic.
const LITERAL_MAX: usize = 1 << 12;

/// One piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) span: Span,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    /// A name, of a method or variable, or a keyword.
    Word(&'t str),
    /// `key:` before a value.
    Label(&'t str),
    /// `:name`
    Symbol(&'t str),
    /// A text. One that is put together when the file runs is not plain.
    Text { value: &'t str, is_plain: bool },
    /// `%w[a b]`
    List(Vec<&'t str>),
    /// `=>`
    Arrow,
    /// Anything else.
    Sign(char),
}

impl Token<'_> {
    /// The value of a plain text.
    pub(super) fn text(&self) -> Option<Str> {
        matches!(self.kind, Kind::Text { is_plain: true, .. }).then(|| Str::at(self.span))
    }

    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self.kind, Kind::Word(found) if found == word)
    }

    pub(super) fn is_sign(&self, signs: &[char]) -> bool {
        matches!(self.kind, Kind::Sign(found) if signs.contains(&found))
    }
}

/// The statements of a content. One goes on in the next line behind a comma, an arrow, a label, or where a bracket is open.
pub(super) fn statements(content: &str) -> Vec<Vec<Token<'_>>> {
    let mut scanner = Scanner { content, at: 0, heredocs: Vec::new(), depth: 0, statement: Vec::new(), all: Vec::new() };
    while scanner.step() {}
    scanner.end_statement();
    for statement in &mut scanner.all {
        fold(statement);
    }
    scanner.all
}

/// Paths that begin at the file's own folder become plain texts: `File.expand_path("a", __dir__)`, `File.expand_path("../a", __FILE__)`,
/// `File.join(__dir__, "a")`, `"#{__dir__}/a"`.
fn fold(statement: &mut Vec<Token<'_>>) {
    let mut folded = Vec::with_capacity(statement.len());
    let mut at = 0;
    while let Some(first) = statement.get(at) {
        let (token, length) = beside(statement.get(at..).unwrap_or(&[])).unwrap_or_else(|| (first.clone(), 1));
        folded.push(token);
        at += length;
    }
    *statement = folded;
}

/// The path that pieces begin with, and how many pieces it takes.
fn beside<'t>(tokens: &[Token<'t>]) -> Option<(Token<'t>, usize)> {
    let without = |token: &Token<'t>, start: &str| {
        let Kind::Text { value, .. } = token.kind else { return None };
        let rest = value.strip_prefix(start).filter(|rest| !rest.contains(['#', '\\']))?;
        let span = Span::new(token.span.start as usize + start.len(), token.span.end as usize);
        Some(Token { kind: Kind::Text { value: rest, is_plain: true }, span })
    };
    let plain = |token: &Token<'t>| matches!(token.kind, Kind::Text { is_plain: true, .. }).then(|| token.clone());
    if let Some(token) = tokens.first().and_then(|first| without(first, "#{__dir__}/")) {
        return Some((token, 1));
    }
    let [file, dot, method, open, inner @ ..] = tokens else { return None };
    if !file.is("File") || !dot.is_sign(&['.']) || !open.is_sign(&['(']) {
        return None;
    }
    let is_end = |token: &Token<'t>| token.is_sign(&[')']);
    match inner {
        [path, end, ..] if method.is("expand_path") && is_end(end) => Some((plain(path)?, 6)),
        [path, comma, base, end, ..] if comma.is_sign(&[',']) && is_end(end) => {
            let token = match () {
                () if method.is("expand_path") && base.is("__dir__") => plain(path)?,
                () if method.is("expand_path") && base.is("__FILE__") => without(&plain(path)?, "../")?,
                () if method.is("join") && path.is("__dir__") => plain(base)?,
                () => return None,
            };
            Some((token, 8))
        }
        _ => None,
    }
}

struct Scanner<'t> {
    content: &'t str,
    at: usize,
    /// Names of texts that begin in the next line.
    heredocs: Vec<&'t str>,
    depth: usize,
    statement: Vec<Token<'t>>,
    all: Vec<Vec<Token<'t>>>,
}

impl<'t> Scanner<'t> {
    fn rest(&self) -> &'t str {
        self.content.get(self.at..).unwrap_or("")
    }

    fn slice(&self, range: Range<usize>) -> &'t str {
        self.content.get(range).unwrap_or("")
    }

    fn line_end(&self) -> usize {
        self.at + self.rest().find(['\n', '\r']).unwrap_or(self.rest().len())
    }

    fn push(&mut self, kind: Kind<'t>, range: Range<usize>, end: usize) {
        self.statement.push(Token { kind, span: Span::new(range.start, range.end) });
        self.at = end;
    }

    fn end_statement(&mut self) {
        if !self.statement.is_empty() {
            self.all.push(std::mem::take(&mut self.statement));
        }
    }

    /// Reads one piece; `false` at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        let is_line_start = self.at == 0 || self.slice(self.at - 1..self.at).starts_with(['\n', '\r']);
        if is_line_start && rest.starts_with("__END__") {
            return false;
        }
        if is_line_start && rest.starts_with("=begin") {
            self.at = rest.find("\n=end").map_or(self.content.len(), |end| self.at + end + 5);
            self.at = self.line_end();
            return true;
        }
        match first {
            '\n' | '\r' => self.end_line(first),
            '#' => self.at = self.line_end(),
            '\\' => self.at += 1 + rest.get(1..).map_or(0, |rest| rest.len() - rest.trim_start_matches(['\r', '\n']).len()),
            ';' => {
                self.end_statement();
                self.at += 1;
            }
            '"' | '\'' | '`' => self.quoted(first),
            '%' => self.percent(),
            '/' if self.may_match() => self.pattern(),
            ':' => self.colon(),
            '<' if rest.starts_with("<<") => self.heredoc(),
            '=' if rest.starts_with("=>") => self.push(Kind::Arrow, self.at..self.at + 2, self.at + 2),
            first if first.is_whitespace() => self.at += first.len_utf8(),
            first if first.is_alphabetic() || first == '_' => self.word(),
            other => self.sign(other),
        }
        true
    }

    fn end_line(&mut self, first: char) {
        self.at += first.len_utf8();
        for name in std::mem::take(&mut self.heredocs) {
            loop {
                let end = self.line_end();
                let line = self.slice(self.at..end).trim();
                self.at = (end + 1).min(self.content.len());
                if line == name || self.at >= self.content.len() {
                    break;
                }
            }
        }
        let goes_on = self.statement.last().is_some_and(|last| {
            matches!(last.kind, Kind::Arrow | Kind::Label(_)) || last.is_sign(&[',', '(', '[', '{', '=', '+', '.', '&'])
        });
        // `.method` goes on with the line before.
        let is_chained = self.rest().trim_start_matches([' ', '\t']).starts_with('.');
        // A bracket that something odd left open ends where a line begins as none in a bracket does.
        if self.begins() {
            self.depth = 0;
        }
        if self.depth == 0 && !goes_on && !is_chained {
            self.end_statement();
        }
    }

    /// Whether the next line begins with what begins a statement.
    fn begins(&self) -> bool {
        let line = self.rest().trim_start_matches([' ', '\t']);
        let end = line.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(line.len());
        let (word, rest) = line.split_at_checked(end).unwrap_or((line, ""));
        let is_word = matches!(word, "gem" | "source" | "group" | "gemspec" | "eval_gemfile" | "if" | "unless" | "end" | "def");
        is_word && (rest.is_empty() || rest.starts_with([' ', '(', '\n', '\r']))
    }

    /// Whether a slash begins a pattern here, and does not divide.
    fn may_match(&self) -> bool {
        self.statement.last().is_none_or(|last| match last.kind {
            Kind::Sign(sign) => !matches!(sign, ')' | ']' | '}') && !sign.is_ascii_digit(),
            Kind::Word(word) => matches!(word, "if" | "unless" | "when" | "and" | "or" | "match?" | "match" | "not"),
            Kind::Label(_) | Kind::Arrow => true,
            _ => false,
        })
    }

    /// `/pattern/` in one line.
    fn pattern(&mut self) {
        let start = self.at + 1;
        let mut is_escaped = false;
        let close = self.content.get(start..).unwrap_or("").char_indices().find(|(_, c)| {
            let is_end = (*c == '/' && !is_escaped) || matches!(c, '\n' | '\r');
            is_escaped = *c == '\\' && !is_escaped;
            is_end
        });
        let Some((length, _)) = close.filter(|(_, c)| *c == '/') else { return self.sign('/') };
        let value = self.slice(start..start + length);
        self.push(Kind::Text { value, is_plain: false }, start..start + length, start + length + 1);
    }

    fn sign(&mut self, sign: char) {
        match sign {
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        let end = self.at + sign.len_utf8();
        self.push(Kind::Sign(sign), self.at..end, end);
    }

    fn word(&mut self) {
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let end = self.at + length;
        let end = if self.slice(end..end + 1).starts_with(['?', '!']) { end + 1 } else { end };
        let range = self.at..end;
        let is_label = self.slice(end..end + 1) == ":" && self.slice(end..end + 2) != "::";
        let kind = if is_label { Kind::Label(self.slice(range.clone())) } else { Kind::Word(self.slice(range.clone())) };
        // A word that ends a block in the middle of an open bracket belongs to it; at the start of a line it stands alone.
        self.push(kind, range, end + usize::from(is_label));
    }

    fn quoted(&mut self, quote: char) {
        let start = self.at + 1;
        let mut is_escaped = false;
        // A text that goes on in another line is none in a Gemfile, but a quote that was left open.
        let close = self.content.get(start..).unwrap_or("").char_indices().find(|(_, c)| {
            let is_end = (*c == quote && !is_escaped) || matches!(c, '\n' | '\r');
            is_escaped = *c == '\\' && !is_escaped;
            is_end
        });
        let Some((length, _)) = close.filter(|(_, c)| *c == quote) else { return self.sign(quote) };
        let value = self.slice(start..start + length);
        let is_plain = quote != '`' && !value.contains('\\') && (quote == '\'' || !value.contains("#{"));
        let end = start + length + 1;
        let is_label = self.slice(end..end + 1) == ":" && self.slice(end..end + 2) != "::";
        let kind = if is_label { Kind::Label(value) } else { Kind::Text { value, is_plain } };
        self.push(kind, start..start + length, end + usize::from(is_label));
    }

    /// `%w[a b]`, `%q(a)`, `%(a)`; anything else is a sign.
    fn percent(&mut self) {
        let rest = self.rest();
        let letter = rest.get(1..).and_then(|rest| rest.chars().next()).filter(|c| "wWiIqQ".contains(*c));
        let open_at = 1 + letter.map_or(0, char::len_utf8);
        let open = rest.get(open_at..).and_then(|rest| rest.chars().next());
        let close = match open {
            Some('(') => ')',
            Some('[') => ']',
            Some('{') => '}',
            Some('<') => '>',
            Some(open @ ('|' | '!' | '/')) if letter.is_some() => open,
            _ => return self.sign('%'),
        };
        let start = self.at + open_at + 1;
        let body = self.content.get(start..).unwrap_or("");
        let found = body.char_indices().take(LITERAL_MAX).find(|(_, c)| *c == close);
        let Some((length, _)) = found else { return self.sign('%') };
        let value = body.get(..length).unwrap_or("");
        let kind = match letter {
            Some('w' | 'W' | 'i' | 'I') => Kind::List(value.split_whitespace().collect()),
            _ => Kind::Text { value, is_plain: !value.contains(['\\', '\n']) && (letter == Some('q') || !value.contains("#{")) },
        };
        self.push(kind, start..start + length, start + length + 1);
    }

    fn colon(&mut self) {
        let rest = self.rest();
        if rest.starts_with("::") {
            return self.push(Kind::Sign(':'), self.at..self.at + 2, self.at + 2);
        }
        let after = rest.get(1..).unwrap_or("");
        if after.starts_with(['"', '\'']) {
            self.at += 1;
            return;
        }
        let length = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
        if length == 0 {
            return self.sign(':');
        }
        let range = self.at + 1..self.at + 1 + length;
        self.push(Kind::Symbol(self.slice(range.clone())), range.clone(), range.end);
    }

    fn heredoc(&mut self) {
        let rest = self.rest();
        let after = rest.get(2..).unwrap_or("");
        let after = after.strip_prefix(['~', '-']).unwrap_or(after);
        let after = after.strip_prefix(['"', '\'']).unwrap_or(after);
        let length = after.find(|c: char| !c.is_ascii_uppercase() && c != '_' && !c.is_ascii_digit()).unwrap_or(after.len());
        let name = after.get(..length).unwrap_or("");
        if !name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return self.sign('<');
        }
        self.heredocs.push(name);
        let end = self.at + rest.len() - after.len() + length;
        let end = end + usize::from(self.slice(end..end + 1).starts_with(['"', '\'']));
        self.push(Kind::Text { value: "", is_plain: false }, self.at..end, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(content: &str) -> Vec<String> {
        let word = |token: &Token<'_>| match &token.kind {
            Kind::Word(word) => (*word).to_owned(),
            Kind::Label(key) => format!("{key}:"),
            Kind::Symbol(name) => format!(":{name}"),
            Kind::Text { value, is_plain } => format!("{}\"{value}\"", if *is_plain { "" } else { "~" }),
            Kind::List(all) => format!("{all:?}"),
            Kind::Arrow => "=>".to_owned(),
            Kind::Sign(sign) => sign.to_string(),
        };
        statements(content).iter().map(|tokens| tokens.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn statements_end_where_ruby_ends_them() {
        assert_eq!(told("gem 'a', # why\n  '~> 1'\ngem \"b\""), ["gem \"a\" , \"~> 1\"", "gem \"b\""]);
        assert_eq!(told("gem 'a',\r\n  :git =>\r\n 'x'\r\n"), ["gem \"a\" , :git => \"x\""]);
        assert_eq!(told("gem('a',\n\n 'b'\n)\nend"), ["gem ( \"a\" , \"b\" )", "end"]);
        assert_eq!(told("=begin\ngem 'x'\n=end\ngem 'a'; gem 'b'\n__END__\ngem 'c'"), ["gem \"a\"", "gem \"b\""]);
        assert_eq!(told("x = <<~RUBY\n  gem 'no'\nRUBY\ngem 'a'"), ["x = ~\"\"", "gem \"a\""]);
        assert_eq!(told("x = 1\n  .abs\ny"), ["x = 1 . abs", "y"]);
    }

    #[test]
    fn pieces_are_what_they_mean() {
        assert_eq!(
            told("gem \"a#{x}\", 'b#{x}', git: '', \"ref\": :main, 'k' => 1"),
            ["gem ~\"a#{x}\" , \"b#{x}\" , git: \"\" , ref: :main , \"k\" => 1"]
        );
        assert_eq!(told("%w[a b].each { |g| gem g }"), ["[\"a\", \"b\"] . each { | g | gem g }"]);
        assert_eq!(
            told("s.add_dependency(%q<rack>.freeze, [\">= 1\"])"),
            ["s . add_dependency ( \"rack\" . freeze , [ \">= 1\" ] )"]
        );
        assert_eq!(told("A::B ? 'x' : 'y'"), ["A : B ? \"x\" : \"y\""]);
        assert_eq!(told("it's"), ["it ' s"]);
        assert_eq!(
            told(
                "a File.expand_path('../x', __FILE__), File.expand_path('y', __dir__), File.join(__dir__, 'z'), \"#{__dir__}/q\""
            ),
            ["a \"x\" , \"y\" , \"z\" , \"q\""]
        );
        assert_eq!(told("File.expand_path(ENV['A'], __dir__)"), ["File . expand_path ( ENV [ \"A\" ] , __dir__ )"]);
        assert_eq!(told("x =~ /^((?:git[:@])[^#]*)#'/\ngem 'a'"), ["x = ~ ~\"^((?:git[:@])[^#]*)#'\"", "gem \"a\""]);
        assert_eq!(told("4 / 2 / 1"), ["4 / 2 / 1"]);
        assert_eq!(told("call(a ?( b\ngem 'a'"), ["call ( a ? ( b", "gem \"a\""]);
    }
}
