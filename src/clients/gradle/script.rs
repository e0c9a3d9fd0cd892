//! Gradle's build scripts, Groovy or Kotlin, as far as they can be read without running them.
//!
//! Answers for: words, texts and signs with their places, and statements with the blocks behind them. Knows neither language: what
//! both write alike (`name(arguments) { … }`, `name = value`) is a statement, and whoever reads it decides whether it is understood.

use crate::text::{Span, Text};

/// The named limit on blocks inside blocks; what is deeper is skipped, and told of.
pub(super) const DEPTH_MAX: usize = 64;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or number.
    Word,
    /// A text; its span lies between the quotes.
    Text {
        /// Whether `$` in it means something.
        is_plain: bool,
    },
    /// Any other sign.
    Sign(u8),
    /// The end of a line.
    Line,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// One statement: its tokens outside of blocks, and its blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Statement {
    pub(super) tokens: Vec<Token>,
    pub(super) blocks: Vec<Vec<Statement>>,
}

impl Statement {
    /// The word that it begins with.
    pub(super) fn head<'t>(&self, text: &'t Text) -> &'t str {
        self.tokens.first().filter(|token| token.kind == Kind::Word).map_or("", |token| text.slice(token.span))
    }

    /// The statements of all its blocks.
    pub(super) fn inner(&self) -> impl Iterator<Item = &Statement> {
        self.blocks.iter().flatten()
    }

    /// The texts in it.
    pub(super) fn texts(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter().filter(|token| matches!(token.kind, Kind::Text { .. }))
    }

    /// The words in it, the first one left out.
    pub(super) fn words<'t>(&self, text: &'t Text) -> impl Iterator<Item = &'t str> {
        self.tokens.iter().skip(1).filter(|token| token.kind == Kind::Word).map(|token| text.slice(token.span))
    }

    /// Where it begins and ends, without its blocks.
    pub(super) fn span(&self) -> Span {
        let start = self.tokens.first().map_or(0, |token| token.span.start);
        let end = self.tokens.last().map_or(start, |token| token.span.end);
        Span { start, end: end.max(start) }
    }
}

/// The statements of a script, and where a block begins that lies too deep to be read.
pub(super) fn read(text: &Text) -> (Vec<Statement>, Option<Span>) {
    let tokens = tokens(&text.content);
    let mut at = 0;
    let mut statements = Vec::new();
    let mut too_deep = None;
    // A `}` too many ends a block that is none.
    while at < tokens.len() {
        statements.extend(block(&tokens, &mut at, 0, &mut too_deep));
    }
    (statements, too_deep)
}

/// Statements up to the `}` that ends them, which is taken.
fn block(tokens: &[Token], at: &mut usize, depth: usize, too_deep: &mut Option<Span>) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut open = Statement::default();
    let mut parentheses = 0_usize;
    let mut finish = |open: &mut Statement| {
        if !open.tokens.is_empty() || !open.blocks.is_empty() {
            statements.push(std::mem::take(open));
        }
    };
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match token.kind {
            Kind::Sign(b'{') => {
                if depth < DEPTH_MAX {
                    open.blocks.push(block(tokens, at, depth + 1, too_deep));
                } else {
                    too_deep.get_or_insert(token.span);
                    skip(tokens, at);
                }
            }
            Kind::Sign(b'}') => break,
            Kind::Line | Kind::Sign(b';') if parentheses == 0 => finish(&mut open),
            Kind::Line => {}
            Kind::Sign(sign) => {
                match sign {
                    b'(' | b'[' => parentheses += 1,
                    b')' | b']' => parentheses = parentheses.saturating_sub(1),
                    _ => {}
                }
                open.tokens.push(*token);
            }
            _ => open.tokens.push(*token),
        }
    }
    finish(&mut open);
    statements
}

/// Leaves a block out.
fn skip(tokens: &[Token], at: &mut usize) {
    let mut depth = 1_usize;
    while let Some(token) = tokens.get(*at).filter(|_| depth > 0) {
        *at += 1;
        match token.kind {
            Kind::Sign(b'{') => depth += 1,
            Kind::Sign(b'}') => depth -= 1,
            _ => {}
        }
    }
}

fn tokens(content: &str) -> Vec<Token> {
    let bytes = content.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let (kind, length, trim) = match byte {
            b'/' if rest.starts_with(b"//") => {
                at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                continue;
            }
            b'/' if rest.starts_with(b"/*") => {
                at += comment(rest);
                continue;
            }
            b'\n' | b'\r' => (Kind::Line, 1, 0),
            b'"' | b'\'' => {
                let (length, quotes) = quoted(rest, *byte);
                (Kind::Text { is_plain: *byte == b'\'' }, length, quotes)
            }
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            byte if is_word(*byte) => (Kind::Word, rest.iter().take_while(|byte| is_word(**byte)).count(), 0),
            byte => (Kind::Sign(*byte), 1, 0),
        };
        let end = at + length;
        // A text that never ends has no closing quotes.
        let inner = (at + trim).min(end);
        let closed = end.saturating_sub(trim).max(inner);
        tokens.push(Token { kind, span: Span::new(inner, closed) });
        at = end;
    }
    tokens
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

/// The length of a comment. Kotlin's nest, Groovy's do not; comments in comments are rare enough to end at the first end.
fn comment(rest: &[u8]) -> usize {
    memchr::memmem::find(rest.get(2..).unwrap_or(&[]), b"*/").map_or(rest.len(), |end| end + 4)
}

/// The length of a text with its quotes, and of its quotes at each end. One line's text ends with the line at the latest.
fn quoted(rest: &[u8], quote: u8) -> (usize, usize) {
    let triple = [quote; 3];
    if rest.starts_with(&triple) {
        let end = memchr::memmem::find(rest.get(3..).unwrap_or(&[]), &triple);
        return (end.map_or(rest.len(), |end| end + 6), 3);
    }
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\n' | b'\r' => return (at, 1),
            byte if *byte == quote => return (at + 1, 1),
            _ => at += 1,
        }
    }
    (rest.len(), 1)
}
