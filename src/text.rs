//! Every text that packman reads, once, and the places in them.
//!
//! Answers for: decoding, byte spans, lines, UTF-16 and display columns, digests, and what makes a text unreadable whatever its
//! format (size, binary, wrong encoding, merge-conflict markers, an LFS pointer, a link). Never interprets a format.

use std::fmt;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::tree::{FileKind, Tree};

/// The named limit on a file's size, in bytes. Above it a file is unreadable, never half read.
pub const FILE_SIZE_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The tree under judgement.
    Head,
    /// The tree that it is compared with.
    Base,
    /// A file given by hand from outside both trees.
    Outside,
}

impl Side {
    /// The word used in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Base => "base",
            Self::Outside => "outside",
        }
    }
}

/// One text: its side, and its position in that side's path-sorted list of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId {
    /// Which list.
    pub side: Side,
    /// Position in it.
    pub index: u32,
}

/// Half-open range of bytes in a decoded text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from byte offsets; files are bounded far below `u32::MAX`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// As a range for slicing.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether nothing stands in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// One spot in one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which text.
    pub text: TextId,
    /// Which bytes of it.
    pub span: Span,
}

/// A value as it means, with the place where it stands.
///
/// Where what stands there is what it means (nearly always), nothing is copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Str {
    /// Where it stands.
    pub span: Span,
    /// What it means, where that differs from what stands there (an escape, a normalised name).
    pub made: Option<Box<str>>,
}

impl Str {
    /// What stands at `span`, as it stands there.
    #[must_use]
    pub fn at(span: Span) -> Self {
        Self { span, made: None }
    }

    /// A value that was derived from what stands at `span`.
    #[must_use]
    pub fn made(span: Span, value: impl Into<Box<str>>) -> Self {
        Self { span, made: Some(value.into()) }
    }

    /// The value, looked up in the content it was read from.
    #[must_use]
    pub fn of<'a>(&'a self, content: &'a str) -> &'a str {
        match &self.made {
            Some(made) => made,
            None => content.get(self.span.range()).unwrap_or(""),
        }
    }
}

/// How much a problem takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lost {
    /// Nothing of the file can be relied on.
    File,
    /// One entry is not judged.
    Entry,
    /// An entry is judged, but something that it says was not understood.
    Detail,
}

/// Input that cannot be judged: what was found, what was expected, where. A rule turns it into a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// How much it takes away.
    pub lost: Lost,
    /// A lowercase fragment: what was found and what was expected.
    pub message: String,
    /// An imperative: what to do. Empty for the general advice.
    pub hint: String,
}

impl Problem {
    /// A problem without particular advice.
    #[must_use]
    pub fn new(place: Place, lost: Lost, message: impl Into<String>) -> Self {
        Self { place, lost, message: message.into(), hint: String::new() }
    }

    /// The same with one imperative sentence of advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// One decoded text. Spans refer to `content`, which has no byte order mark.
#[derive(Debug)]
pub struct Text {
    /// Its identity.
    pub id: TextId,
    /// Path relative to the root, `/`-separated.
    pub path: Box<str>,
    /// The decoded text.
    pub content: Box<str>,
    /// The bytes as they are on disk, where they are not the UTF-8 bytes of `content`.
    raw: Option<Box<[u8]>>,
    digest: OnceLock<[u8; 32]>,
    line_index: OnceLock<LineIndex>,
}

impl Text {
    /// Decodes `bytes`. On failure the text is empty of meaning but keeps a lossy content, so that the problem's place can be shown.
    #[must_use]
    pub fn decode(id: TextId, path: &str, bytes: Vec<u8>) -> (Self, Option<Problem>) {
        let decoded = decode(bytes);
        let problem = decoded
            .fault
            .or_else(|| fault_of_content(&decoded.content))
            .map(|fault| Problem::new(Place { text: id, span: fault.span }, Lost::File, fault.message).with_hint(fault.hint));
        let text = Self {
            id,
            path: path.into(),
            content: decoded.content.into(),
            raw: decoded.raw.map(Vec::into_boxed_slice),
            digest: OnceLock::new(),
            line_index: OnceLock::new(),
        };
        (text, problem)
    }

    /// A place in this text.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        Place { text: self.id, span }
    }

    /// What stands at a span; empty if the span is not of this text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.content.get(span.range()).unwrap_or("")
    }

    /// The bytes as they are on disk.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.content.as_bytes())
    }

    /// SHA-256 of the bytes on disk, computed at most once, in lowercase hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        let digest = self.digest.get_or_init(|| Sha256::digest(self.bytes()).into());
        let mut hex = String::with_capacity(64);
        for byte in digest {
            use fmt::Write as _;
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }

    /// Whether its content is what stands in the file, byte for byte.
    #[must_use]
    pub fn is_as_on_disk(&self) -> bool {
        self.raw.is_none()
    }

    /// The lines of this text, found at most once.
    #[must_use]
    pub fn lines(&self) -> Lines<'_> {
        Lines { content: &self.content, index: self.line_index.get_or_init(|| LineIndex::of(&self.content)) }
    }
}

/// Start and end of a span for people and for SARIF: 1-based, columns in UTF-16 units, `end_column` exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    /// Line of the first byte.
    pub line: u32,
    /// Column of the first byte.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column one past the end.
    pub end_column: u32,
}

/// Where the lines of a content start. Lines end with LF, CR LF or a lone CR, as SARIF consumers count them.
#[derive(Debug)]
struct LineIndex {
    starts: Vec<u32>,
    /// UTF-16 units before each block of the content; empty if all of it is ASCII. Keeps columns in very long lines cheap.
    units: Vec<u32>,
}

const BLOCK_BYTES: usize = 4096;

impl LineIndex {
    fn of(content: &str) -> Self {
        let bytes = content.as_bytes();
        let mut starts = vec![0];
        let behind = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
        if memchr::memchr(b'\r', bytes).is_none() {
            starts.extend(memchr::memchr_iter(b'\n', bytes).map(behind));
        } else {
            let is_pair = |at: usize| bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
            starts.extend(memchr::memchr2_iter(b'\n', b'\r', bytes).filter(|at| !is_pair(*at)).map(behind));
        }
        let mut units = Vec::new();
        if !content.is_ascii() {
            let mut before = 0;
            for block in bytes.chunks(BLOCK_BYTES) {
                units.push(before);
                before += utf16_units(block);
            }
            units.push(before);
        }
        Self { starts, units }
    }
}

/// The lines of one text.
#[derive(Clone, Copy)]
pub struct Lines<'a> {
    content: &'a str,
    index: &'a LineIndex,
}

impl<'a> Lines<'a> {
    /// The region of a span.
    #[must_use]
    pub fn region(&self, span: Span) -> Region {
        let (line, column) = self.position(span.start);
        let (end_line, end_column) = self.position(span.end);
        Region { line, column, end_line, end_column }
    }

    /// Line and UTF-16 column of a byte offset, both 1-based.
    #[must_use]
    pub fn position(&self, at: u32) -> (u32, u32) {
        let line = self.index.starts.partition_point(|start| *start <= at);
        let start = self.index.starts.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        (u32::try_from(line).unwrap_or(u32::MAX), self.units_between(start as usize, at as usize) + 1)
    }

    fn units_between(&self, start: usize, at: usize) -> u32 {
        let is_near = !self.index.units.is_empty() && at.saturating_sub(start) < BLOCK_BYTES;
        match self.content.as_bytes().get(start..at) {
            Some(bytes) if is_near => utf16_units(bytes),
            _ => self.units_before(at).saturating_sub(self.units_before(start)),
        }
    }

    fn units_before(&self, at: usize) -> u32 {
        let at = at.min(self.content.len());
        let block = at / BLOCK_BYTES;
        let Some(before) = self.index.units.get(block) else { return u32::try_from(at).unwrap_or(u32::MAX) };
        before + utf16_units(self.content.as_bytes().get(block * BLOCK_BYTES..at).unwrap_or(&[]))
    }

    /// Where each line starts.
    #[must_use]
    pub fn starts(&self) -> &'a [u32] {
        &self.index.starts
    }

    /// The bytes of a 1-based line, without its line end.
    #[must_use]
    pub fn span_of(&self, line: u32) -> Span {
        let index = line.saturating_sub(1) as usize;
        let start = self.index.starts.get(index).copied().unwrap_or(0) as usize;
        let end = self.index.starts.get(index + 1).map_or(self.content.len(), |next| *next as usize);
        let line = self.content.get(start..end).unwrap_or("");
        Span::new(start, start + line.trim_end_matches(['\n', '\r']).len())
    }

    /// How many lines there are; a text that ends with a line end has an empty last one.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.index.starts.len()).unwrap_or(u32::MAX)
    }
}

/// UTF-16 units of UTF-8 bytes: one for each character, two for those beyond the first plane.
fn utf16_units(bytes: &[u8]) -> u32 {
    bytes.iter().map(|byte| u32::from(byte & 0xC0 != 0x80) + u32::from(*byte >= 0xF0)).sum::<u32>()
}

/// All texts of one side, by path, read at most once each, from any thread.
pub struct Texts {
    side: Side,
    files: Vec<Slot>,
}

struct Slot {
    path: Box<str>,
    kind: FileKind,
    loaded: OnceLock<Box<(Text, Option<Problem>)>>,
}

impl Texts {
    /// The texts of a tree; nothing is read yet.
    #[must_use]
    pub fn of(side: Side, files: Vec<(Box<str>, FileKind)>) -> Self {
        let mut files: Vec<Slot> = files.into_iter().map(|(path, kind)| Slot { path, kind, loaded: OnceLock::new() }).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { side, files }
    }

    /// Which side's texts they are.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// All paths, sorted.
    #[must_use]
    pub fn paths(&self) -> impl ExactSizeIterator<Item = (TextId, &str, FileKind)> {
        let side = self.side;
        self.files.iter().enumerate().map(move |(index, slot)| {
            (TextId { side, index: u32::try_from(index).unwrap_or(u32::MAX) }, slot.path.as_ref(), slot.kind)
        })
    }

    /// The text at a path, if the tree has it. Nothing is read.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<TextId> {
        let index = self.files.binary_search_by(|slot| slot.path.as_ref().cmp(path)).ok()?;
        Some(TextId { side: self.side, index: u32::try_from(index).ok()? })
    }

    /// The texts whose path begins with `prefix`, sorted.
    pub fn below(&self, prefix: &str) -> impl Iterator<Item = (TextId, &str)> {
        let first = self.files.partition_point(|slot| slot.path.as_ref() < prefix);
        let side = self.side;
        let rest = self.files.get(first..).unwrap_or(&[]);
        rest.iter().enumerate().take_while(move |(_, slot)| slot.path.starts_with(prefix)).map(move |(offset, slot)| {
            (TextId { side, index: u32::try_from(first + offset).unwrap_or(u32::MAX) }, slot.path.as_ref())
        })
    }

    /// Whether something lies below the folder `path`.
    #[must_use]
    pub fn has_folder(&self, path: &str) -> bool {
        let prefix = format!("{path}/");
        path.is_empty() || self.below(&prefix).next().is_some()
    }

    /// Reads a text, or gives it from before. `Err` holds what makes it unreadable whatever its format; the text is kept either way,
    /// so that the place can be shown.
    pub fn read(&self, tree: &dyn Tree, id: TextId) -> Result<&Text, &Problem> {
        let Some(slot) = self.files.get(id.index as usize) else {
            return Err(&NO_SUCH_TEXT);
        };
        let loaded = slot.loaded.get_or_init(|| Box::new(load(tree, id, slot)));
        match &loaded.1 {
            Some(problem) => Err(problem),
            None => Ok(&loaded.0),
        }
    }

    /// A text that was read before, readable or not.
    #[must_use]
    pub fn loaded(&self, id: TextId) -> Option<&Text> {
        self.files.get(id.index as usize)?.loaded.get().map(|loaded| &loaded.0)
    }

    /// The path of a text.
    #[must_use]
    pub fn path(&self, id: TextId) -> &str {
        self.files.get(id.index as usize).map_or("", |slot| &slot.path)
    }

    /// What a text is.
    #[must_use]
    pub fn kind(&self, id: TextId) -> Option<FileKind> {
        self.files.get(id.index as usize).map(|slot| slot.kind)
    }

    /// Every text that was read, in path order.
    pub fn all_loaded(&self) -> impl Iterator<Item = &Text> {
        self.files.iter().filter_map(|slot| slot.loaded.get().map(|loaded| &loaded.0))
    }
}

static NO_SUCH_TEXT: Problem = Problem {
    place: Place { text: TextId { side: Side::Outside, index: 0 }, span: Span { start: 0, end: 0 } },
    lost: Lost::File,
    message: String::new(),
    hint: String::new(),
};

fn load(tree: &dyn Tree, id: TextId, slot: &Slot) -> (Text, Option<Problem>) {
    let unread = |message: String, hint: &str| {
        let (text, _) = Text::decode(id, &slot.path, Vec::new());
        let problem = Problem::new(text.place(Span::default()), Lost::File, message).with_hint(hint);
        (text, Some(problem))
    };
    match slot.kind {
        FileKind::Link => return unread("is a symbolic link, which is not followed".into(), "commit the file itself"),
        FileKind::File => {}
    }
    match tree.read(&slot.path, FILE_SIZE_BYTES_MAX) {
        Ok(bytes) => Text::decode(id, &slot.path, bytes),
        Err(error) => unread(error.to_string(), ""),
    }
}

struct Decoded {
    content: String,
    /// The bytes, where they are not those of the content.
    raw: Option<Vec<u8>>,
    fault: Option<Fault>,
}

struct Fault {
    span: Span,
    message: String,
    hint: &'static str,
}

fn decode(bytes: Vec<u8>) -> Decoded {
    if let Some(rest) = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
        let decoded = decode_utf8(rest.to_vec());
        return Decoded { raw: Some(bytes), ..decoded };
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let (content, fault) = decode_utf16(&bytes);
        return Decoded { content, raw: Some(bytes), fault };
    }
    decode_utf8(bytes)
}

fn decode_utf8(bytes: Vec<u8>) -> Decoded {
    let error = match String::from_utf8(bytes) {
        Ok(content) => return Decoded { content, raw: None, fault: None },
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let bytes = error.into_bytes();
    if is_declared_latin1(&bytes) {
        return Decoded { content: bytes.iter().map(|byte| char::from(*byte)).collect(), raw: Some(bytes), fault: None };
    }
    let message = if memchr::memchr(0, &bytes).is_some() {
        "is binary, not text".to_owned()
    } else {
        format!("is not UTF-8: byte {at} begins no character")
    };
    let fault = Fault { span: Span::new(at, at), message, hint: "save it as UTF-8, or write it anew with its own tool" };
    Decoded { content: String::from_utf8_lossy(&bytes).into_owned(), raw: Some(bytes), fault: Some(fault) }
}

/// XML may name its own encoding; Maven's files often name this one.
fn is_declared_latin1(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(200)).unwrap_or(bytes).to_ascii_lowercase();
    let Some(end) = memchr::memmem::find(&head, b"?>") else { return false };
    let declaration = head.get(..end).unwrap_or(&[]);
    declaration.starts_with(b"<?xml")
        && [b"iso-8859-1".as_slice(), b"latin1", b"windows-1252", b"iso-8859-15"]
            .iter()
            .any(|name| memchr::memmem::find(declaration, name).is_some())
}

fn decode_utf16(bytes: &[u8]) -> (String, Option<Fault>) {
    let is_little = bytes.first() == Some(&0xFF);
    let units = bytes.get(2..).unwrap_or(&[]).chunks(2).map(|pair| match (pair, is_little) {
        ([low, high], true) | ([high, low], false) => u16::from_le_bytes([*low, *high]),
        _ => 0xD800,
    });
    let mut content = String::with_capacity(bytes.len() / 2);
    let mut fault = None;
    for unit in char::decode_utf16(units) {
        content.push(unit.unwrap_or_else(|_| {
            fault.get_or_insert_with(|| Fault {
                span: Span::new(content.len(), content.len()),
                message: "is not UTF-16, although its byte order mark says so".to_owned(),
                hint: "save it as UTF-8",
            });
            char::REPLACEMENT_CHARACTER
        }));
    }
    (content, fault)
}

fn fault_of_content(content: &str) -> Option<Fault> {
    if let Some(at) = memchr::memchr(0, content.as_bytes()) {
        let hint = "write it anew with its own tool";
        return Some(Fault { span: Span::new(at, at + 1), message: "is binary, not text".to_owned(), hint });
    }
    if content.starts_with("version https://git-lfs.github.com/spec/") {
        let span = Span::new(0, content.lines().next().unwrap_or("").len());
        let message = "is a pointer of Git LFS, not the file itself".to_owned();
        return Some(Fault { span, message, hint: "run `git lfs pull`, or check out with LFS" });
    }
    let (start, marker) = conflict_marker(content)?;
    let message = format!("has merge-conflict markers (`{marker}`)");
    let hint = "resolve the conflict, then write the lockfile anew with its own tool";
    Some(Fault { span: Span::new(start, start + marker.len()), message, hint })
}

/// The first line that begins a conflict, if a separator and an end follow it.
fn conflict_marker(content: &str) -> Option<(usize, &str)> {
    let bytes = content.as_bytes();
    let at_line_start = |at: usize| at == 0 || matches!(bytes.get(at - 1), Some(b'\n' | b'\r'));
    let start = memchr::memmem::find_iter(bytes, b"<<<<<<< ").find(|at| at_line_start(*at))?;
    let ends =
        |marker: &[u8]| memchr::memmem::find_iter(bytes.get(start..).unwrap_or(&[]), marker).any(|at| at_line_start(start + at));
    (ends(b"=======") && ends(b">>>>>>> ")).then(|| (start, content.get(start..start + 7).unwrap_or("")))
}
