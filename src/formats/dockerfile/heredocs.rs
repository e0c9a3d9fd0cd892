//! The here-documents that an instruction opens, as BuildKit finds them.
//!
//! Answers for: which instructions may open one, which words do, and the word that ends each. Source: BuildKit's Dockerfile parser and
//! its shell lexer, with their quirks: the escape character is a backslash here whatever the file says, a line that the lexer refuses
//! opens nothing, a name goes through the lexer a second time. Never looks for the end of one.

use std::ops::Range;

/// The named limit on substitutions inside substitutions.
const NESTING_MAX: u8 = 32;

/// A here-document that is opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// Where its word stands in the instruction.
    pub range: Range<usize>,
    /// The line that ends it.
    pub name: String,
    /// Whether its lines lose leading tabs.
    pub is_indented: bool,
}

/// What the builder's lexer makes of blanks behind `<<`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Blanks {
    /// They part words, as until 2025.
    Part,
    /// They belong to the word.
    Join,
}

/// Why a line has no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The builder refuses it.
    Refused,
    /// Only the builder itself knows: names beyond ASCII, deep nesting.
    Unsure,
}

/// Nobody but the builder knows what an instruction opens.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsure;

/// The here-documents that an instruction opens, in order.
pub(super) fn opened(line: &str, escape: u8, blanks: Blanks) -> Result<Vec<Opened>, Unsure> {
    if !can_open(line, escape, true) {
        return Ok(Vec::new());
    }
    let words = match Lexer::of(line, true, blanks).words() {
        Ok(words) => words,
        Err(Fault::Refused) => return Ok(Vec::new()),
        Err(Fault::Unsure) => return Err(Unsure),
    };
    let mut found = Vec::new();
    for (range, word) in words {
        let opening = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let Some(name) = opening.strip_prefix("<<") else { continue };
        let (name, is_indented) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
        let name = name.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
        if name.is_empty() || name.contains('<') {
            continue;
        }
        match Lexer::of(name, false, blanks).words().as_deref() {
            Ok([(_, name)]) => found.push(Opened { range, name: name.clone(), is_indented }),
            // The builder refuses the file.
            Ok(_) | Err(Fault::Refused) => {}
            Err(Fault::Unsure) => return Err(Unsure),
        }
    }
    Ok(found)
}

/// `RUN`, `COPY` and `ADD`, also behind `ONBUILD`, unless a JSON list follows.
fn can_open(line: &str, escape: u8, is_first: bool) -> bool {
    let line = line.trim();
    let Some((keyword, rest)) = line.split_once(['\t', '\x0b', '\x0c', '\r', ' ']) else { return false };
    let arguments = behind_flags(rest, escape).trim();
    match () {
        () if keyword.eq_ignore_ascii_case("ONBUILD") => is_first && can_open(arguments, escape, false),
        () if ["RUN", "COPY", "ADD"].iter().any(|known| known.eq_ignore_ascii_case(keyword)) => !is_json_list(arguments),
        () => false,
    }
}

/// What follows an instruction's flags. The builder goes byte by byte here.
fn behind_flags(line: &str, escape: u8) -> &str {
    let is_blank = |byte: u8| matches!(byte, b'\t'..=b'\r' | b' ' | 0x85 | 0xa0);
    let bytes = line.as_bytes();
    let (mut at, mut quote) = (0, 0);
    loop {
        while bytes.get(at).copied().is_some_and(is_blank) {
            at += 1;
        }
        if bytes.get(at..at + 2) != Some(b"--") {
            // A blank that is half of a character begins no word that matters.
            return line.get(at..).unwrap_or("");
        }
        let mut length = 0;
        while let Some(byte) = bytes.get(at).copied() {
            match byte {
                byte if quote == 0 && is_blank(byte) => break,
                b'\'' | b'"' if quote == 0 => quote = byte,
                byte if quote != 0 && byte == quote => quote = 0,
                byte => {
                    at += usize::from(byte == escape);
                    length += 1;
                }
            }
            at += 1;
        }
        // `--` alone ends them.
        if length == 2 {
            return line.get(at..).unwrap_or("");
        }
    }
}

/// Whether a text is a list of strings, as Go reads JSON: halves of surrogate pairs are fine there.
fn is_json_list(text: &str) -> bool {
    let mut rest = text.bytes().peekable();
    let skip = |rest: &mut std::iter::Peekable<std::str::Bytes<'_>>| {
        while rest.next_if(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).is_some() {}
    };
    if rest.next() != Some(b'[') {
        return false;
    }
    skip(&mut rest);
    if rest.next_if_eq(&b']').is_some() {
        skip(&mut rest);
        return rest.next().is_none();
    }
    loop {
        if !is_json_string(&mut rest) {
            return false;
        }
        skip(&mut rest);
        match rest.next() {
            Some(b',') => skip(&mut rest),
            Some(b']') => {
                skip(&mut rest);
                return rest.next().is_none();
            }
            _ => return false,
        }
    }
}

fn is_json_string(rest: &mut impl Iterator<Item = u8>) -> bool {
    if rest.next() != Some(b'"') {
        return false;
    }
    loop {
        match rest.next() {
            Some(b'"') => return true,
            Some(b'\\') => match rest.next() {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
                Some(b'u') if (0..4).all(|_| rest.next().is_some_and(|byte| byte.is_ascii_hexdigit())) => {}
                _ => return false,
            },
            Some(0x20..) => {}
            _ => return false,
        }
    }
}

type Words = Vec<(Range<usize>, String)>;

/// BuildKit's lexer where no variable has a value.
struct Lexer<'w> {
    text: &'w str,
    at: usize,
    keeps_quotes: bool,
    keeps_escapes: bool,
    blanks: Blanks,
    /// The word that is being read. There is one for all nested words too: those empty it.
    buffer: String,
    /// Where that word starts, and where the piece that is being read does.
    start: usize,
    piece: usize,
}

impl<'w> Lexer<'w> {
    fn of(text: &'w str, is_raw: bool, blanks: Blanks) -> Self {
        // The builder's scanner passes over a mark of byte order.
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let (keeps_quotes, keeps_escapes) = (is_raw, is_raw);
        Self { text, at, keeps_quotes, keeps_escapes, blanks, buffer: String::new(), start: 0, piece: 0 }
    }

    fn words(mut self) -> Result<Words, Fault> {
        let keeps_escapes = self.keeps_escapes;
        self.run(None, keeps_escapes, 0).map(|(_, words)| words)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Reads up to the end, or behind `stop`.
    fn run(&mut self, stop: Option<char>, keeps_escapes: bool, nesting: u8) -> Result<(String, Words), Fault> {
        if nesting > NESTING_MAX {
            return Err(Fault::Unsure);
        }
        self.buffer.clear();
        let before = std::mem::replace(&mut self.keeps_escapes, keeps_escapes);
        let (mut result, mut words, mut is_in_word) = (String::new(), Words::new(), false);
        let mut is_stopped = stop.is_none();
        while let Some(next) = self.peek() {
            self.piece = self.at;
            if stop == Some(next) {
                self.next();
                is_stopped = true;
                break;
            }
            let piece = match next {
                '$' => {
                    let piece = self.dollar(nesting)?;
                    piece.chars().for_each(|c| self.add(c, &mut words, &mut is_in_word));
                    result.push_str(&piece);
                    continue;
                }
                '<' => self.angle(),
                '\'' => self.single_quoted()?,
                '"' => self.double_quoted(nesting)?,
                _ => {
                    self.next();
                    if next == '\\' {
                        let kept = if self.keeps_escapes { "\\" } else { "" };
                        kept.chars().chain(self.next()).collect()
                    } else {
                        self.add(next, &mut words, &mut is_in_word);
                        result.push(next);
                        continue;
                    }
                }
            };
            self.add_raw(&piece);
            is_in_word = true;
            result.push_str(&piece);
        }
        if !is_stopped {
            return Err(Fault::Refused);
        }
        self.piece = self.at;
        self.end_word(&mut words);
        self.keeps_escapes = before;
        Ok((result, words))
    }

    fn add_raw(&mut self, piece: &str) {
        if self.buffer.is_empty() {
            self.start = self.piece;
        }
        self.buffer.push_str(piece);
    }

    /// Adds a character, or ends the word if it is a blank.
    fn add(&mut self, c: char, words: &mut Words, is_in_word: &mut bool) {
        if !c.is_whitespace() {
            self.add_raw(c.encode_utf8(&mut [0; 4]));
            *is_in_word = true;
        } else if *is_in_word && !self.buffer.is_empty() {
            self.end_word(words);
            *is_in_word = false;
        }
    }

    fn end_word(&mut self, words: &mut Words) {
        if !self.buffer.is_empty() {
            words.push((self.start..self.piece.max(self.start), std::mem::take(&mut self.buffer)));
        }
    }

    fn angle(&mut self) -> String {
        self.next();
        let mut piece = "<".to_owned();
        if self.peek() == Some('<') {
            piece.extend(self.next());
            while self.blanks == Blanks::Join && matches!(self.peek(), Some('\t' | '\r' | ' ')) {
                piece.extend(self.next());
            }
        }
        piece
    }

    fn single_quoted(&mut self) -> Result<String, Fault> {
        let mut piece: String = self.next().filter(|_| self.keeps_quotes).into_iter().collect();
        loop {
            match self.next().ok_or(Fault::Refused)? {
                '\'' => {
                    piece.extend(self.keeps_quotes.then_some('\''));
                    return Ok(piece);
                }
                other => piece.push(other),
            }
        }
    }

    fn double_quoted(&mut self, nesting: u8) -> Result<String, Fault> {
        let mut piece: String = self.next().filter(|_| self.keeps_quotes).into_iter().collect();
        loop {
            match self.peek().ok_or(Fault::Refused)? {
                '"' => {
                    self.next();
                    piece.extend(self.keeps_quotes.then_some('"'));
                    return Ok(piece);
                }
                '$' => piece.push_str(&self.dollar(nesting)?),
                '\\' => {
                    self.next();
                    piece.extend(self.keeps_escapes.then_some('\\'));
                    match self.peek() {
                        None => {}
                        Some('"' | '$' | '\\') => piece.extend(self.next()),
                        Some(_) => piece.push('\\'),
                    }
                }
                _ => piece.extend(self.next()),
            }
        }
    }

    /// A variable: it has no value, so it stays as it is written.
    fn dollar(&mut self, nesting: u8) -> Result<String, Fault> {
        self.next();
        if self.peek() != Some('{') {
            return Ok(format!("${}", self.name()));
        }
        self.next();
        if matches!(self.peek(), None | Some('{' | '}' | ':')) {
            return Err(Fault::Refused);
        }
        let name = self.name();
        let mut sign = match self.next().ok_or(Fault::Refused)? {
            '}' => return Ok(format!("${{{name}}}")),
            '/' => {
                if self.peek() == Some('/') {
                    self.next();
                }
                let (pattern, _) = self.run(Some('/'), true, nesting + 1)?;
                let (replacement, _) = self.run(Some('}'), true, nesting + 1)?;
                return Ok(format!("${{{name}/{pattern}/{replacement}}}"));
            }
            sign @ (':' | '+' | '-' | '?' | '#' | '%') => sign.to_string(),
            // A letter beyond ASCII may belong to the name.
            other => return Err(if other.is_ascii() { Fault::Refused } else { Fault::Unsure }),
        };
        let is_strict = sign == ":";
        if is_strict {
            sign.push(self.next().ok_or(Fault::Refused)?);
        }
        let is_cut = sign.ends_with(['#', '%']);
        if is_strict && is_cut {
            return Err(Fault::Refused);
        }
        let (word, _) = self.run(Some('}'), is_cut, nesting + 1)?;
        Ok(format!("${{{name}{sign}{word}}}"))
    }

    /// A variable's name, digits, or the sign of a special parameter. Without braces letters beyond ASCII need not be told apart.
    fn name(&mut self) -> String {
        let rest = self.text.get(self.at..).unwrap_or("");
        let length = match rest.bytes().next() {
            Some(b'0'..=b'9') => rest.bytes().take_while(u8::is_ascii_digit).count(),
            Some(b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => 1,
            _ => rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count(),
        };
        let name = rest.get(..length).unwrap_or("").to_owned();
        self.at += length;
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<String> {
        let found = opened(line, b'\\', Blanks::Join).unwrap_or_default();
        found.into_iter().map(|opened| if opened.is_indented { format!("-{}", opened.name) } else { opened.name }).collect()
    }

    #[test]
    fn a_word_opens_one_where_the_builder_says_so() {
        for (line, expected) in [
            ("RUN <<EOF", &["EOF"][..]),
            ("run <<-EOT bash", &["-EOT"]),
            ("COPY <<\"EOF\" /x", &["EOF"]),
            ("RUN cat <<A <<'B' > /x", &["A", "B"]),
            ("RUN cat 3<<A", &["A"]),
            ("RUN cat << EOF", &["EOF"]),
            ("RUN cat <<#\\x", &["#x"]),
            ("RUN cat <<a\\ b", &["a b"]),
            ("RUN cat <<\"a b\"'c'", &["a bc"]),
            ("RUN cat <<$A${B:-c}", &[]),
            ("RUN cat <<$A", &["$A"]),
            ("RUN ${A:- <<x}", &["x}"]),
            ("ONBUILD RUN <<EOF", &["EOF"]),
            ("ONBUILD CMD <<EOF", &[]),
            ("ONBUILD ONBUILD RUN <<EOF", &[]),
            ("CMD <<EOF", &[]),
            ("RUN true # <<EOF it's", &[]),
            ("RUN true \"<<EOF", &[]),
            ("RUN ${} <<EOF", &[]),
            ("RUN echo a\\ <<x", &[]),
            ("RUN echo \"<<x\" '<<y'", &[]),
            ("RUN echo $((1<<2))", &[]),
            ("RUN cat <<<x", &[]),
            ("RUN cat <<", &[]),
            ("RUN cat <<''", &[]),
            ("RUN [\"<<x\"]", &[]),
            ("RUN --mount=type=bind [\"\\ud800 <<x\" , \"y\"] ", &[]),
            ("RUN -- [\" <<x\"]", &[]),
            ("RUN [ <<x ]", &["x"]),
            ("RUN [\"a\", 'b'] <<x ]", &["x"]),
        ] {
            assert_eq!(names(line), expected, "{line}");
        }
    }

    #[test]
    fn what_only_the_builder_knows_is_said() {
        let deep = format!("RUN {} <<x", "${a:-".repeat(1_000));
        for line in ["RUN ${ä} <<x", &deep] {
            assert_eq!(opened(line, b'\\', Blanks::Join), Err(Unsure), "{line}");
        }
    }
}
