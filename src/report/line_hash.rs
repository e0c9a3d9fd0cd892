//! Code scanning's own fingerprint of a line, so that alerts keep their identity whoever computes it.
//!
//! Answers for: the hash of a line and the 100 units that begin with it, exactly as the upload action computes it from the file's
//! bytes. Never looks at what the bytes mean.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};

use crate::text::Text;

/// How many UTF-16 units a hash covers, blanks not counted.
const WINDOW: usize = 100;
const FACTOR: u64 = 37;
/// Stands behind the last unit.
const END: u16 = 65535;
const LF: u16 = 0x0A;
const CR: u16 = 0x0D;

/// The hashes of these lines (1-based), as `primaryLocationLineHash` writes them: the hash in hexadecimal, and how many times it has
/// occurred up to here.
#[must_use]
pub fn line_hashes(bytes: &[u8], wanted: &BTreeSet<u32>) -> BTreeMap<u32, String> {
    let behind = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
    let starts: Vec<u32> = std::iter::once(0).chain(memchr::memchr_iter(b'\n', bytes).map(behind)).collect();
    hashes(bytes, &starts, wanted)
}

/// The same of a text whose lines have been counted.
#[must_use]
pub fn line_hashes_of(text: &Text, wanted: &BTreeSet<u32>) -> BTreeMap<u32, String> {
    // Where the content is what the file has, and neither has another line end, lines begin in both alike.
    if text.is_as_on_disk() { hashes(text.bytes(), text.lines().starts(), wanted) } else { line_hashes(text.bytes(), wanted) }
}

fn hashes(bytes: &[u8], starts: &[u32], wanted: &BTreeSet<u32>) -> BTreeMap<u32, String> {
    few_hashes(bytes, starts, wanted).unwrap_or_else(|| hashes_among_all(bytes, wanted))
}

/// So many units tell most lines apart, so many most others: only lines of which both are the same are hashed.
const BEGINNING: usize = 16;
const LONGER_BEGINNING: usize = 56;
/// So many lines at least must not begin like wanted ones for each one that does: a hash costs as much as looking at several beginnings.
const OTHERS_MIN: usize = 4;

/// The same of a plain file in which few lines begin like the wanted ones: only those are hashed. `None` for other files. Lines begin at
/// `starts` if it is plain.
fn few_hashes(bytes: &[u8], starts: &[u32], wanted: &BTreeSet<u32>) -> Option<BTreeMap<u32, String>> {
    if !is_plain(bytes) {
        return None;
    }
    let start_of = |line: &u32| starts.get((*line as usize).checked_sub(1)?).map(|start| *start as usize);
    let wanted_starts = || wanted.iter().filter_map(start_of);
    let beginnings: HashSet<[u8; BEGINNING]> = wanted_starts().map(|start| units_from(bytes, start)).collect();
    let longer: HashSet<[u8; LONGER_BEGINNING]> = wanted_starts().map(|start| units_from(bytes, start)).collect();
    let first = First::of(wanted_starts().map(|start| units_from(bytes, start)));
    let factors = std::array::from_fn(|at| power(WINDOW - 1 - at));
    let mut left = starts.len() / (OTHERS_MIN + 1);
    let mut counts: HashMap<u64, u32> = HashMap::default();
    let mut hashes = BTreeMap::new();
    for (line, start) in (1u32..).zip(starts.iter().map(|start| *start as usize)) {
        if !first.may_begin(bytes, start) {
            continue;
        }
        if !beginnings.contains(&units_from(bytes, start)) {
            continue;
        }
        left = left.checked_sub(1)?;
        if !longer.contains(&units_from(bytes, start)) {
            continue;
        }
        let hash = hash_of_units(&units_from(bytes, start), &factors);
        let count = counts.entry(hash).or_default();
        *count += 1;
        if wanted.contains(&line) {
            hashes.insert(line, format!("{hash:x}:{count}"));
        }
    }
    Some(hashes)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// What lines begin with, blanks left out: the quickest look at whether a line begins like one of them.
struct First {
    fours: Few,
    eights: Few,
}

impl First {
    fn of(lines: impl Iterator<Item = [u8; 8]>) -> Self {
        let mut first = Self { fours: Few([0; 64]), eights: Few([0; 64]) };
        for [a, b, c, d, e, f, g, h] in lines {
            first.fours.add(u32::from_le_bytes([a, b, c, d]).into());
            first.eights.add(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        }
        first
    }

    /// Whether the line that begins here may begin like one of them. Blanks are left out before its first unit only.
    fn may_begin(&self, bytes: &[u8], start: usize) -> bool {
        let bytes = bytes.get(start..).unwrap_or(&[]);
        let blanks = bytes.iter().take_while(|byte| is_blank(**byte)).count();
        let Some(eight) = bytes.get(blanks..).and_then(|rest| rest.first_chunk()) else { return true };
        let eight = u64::from_le_bytes(*eight);
        let blank = blank_bytes(eight);
        if blank == 0 {
            return self.eights.may_have(eight);
        }
        // The first four, if no blank is among them.
        blank.trailing_zeros() < 32 || self.fours.may_have(eight & u64::from(u32::MAX))
    }
}

/// Has the top bit of the first byte that is a blank; what is borrowed for it changes only those above it.
fn blank_bytes(eight: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let zero = |eight: u64| eight.wrapping_sub(ONES) & !eight & (ONES << 7);
    zero(eight ^ (ONES * u64::from(b' '))) | zero(eight ^ (ONES * u64::from(b'\t')))
}

/// A set that may take something else for one of its members.
struct Few([u64; 64]);

impl Few {
    fn add(&mut self, member: u64) {
        let (word, bit) = Self::place(member);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn may_have(&self, units: u64) -> bool {
        let (word, bit) = Self::place(units);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Twelve bits of a product: six for the word, six for the bit.
    fn place(units: u64) -> (usize, u64) {
        let mixed = units.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed >> 58) as usize, 1 << (mixed >> 52 & 63))
    }
}

/// No byte of a plain file.
const BEHIND: u8 = 0xFF;

/// The units from a place on, blanks left out; behind the last one a mark and zeros.
fn units_from<const COUNT: usize>(bytes: &[u8], start: usize) -> [u8; COUNT] {
    let mut units = [0; COUNT];
    let mut kept = 0;
    for byte in bytes.get(start..).unwrap_or(&[]) {
        let Some(unit) = units.get_mut(kept) else { return units };
        // A blank is written over by what comes next: nothing to guess for the processor.
        *unit = *byte;
        kept += usize::from(!is_blank(*byte));
    }
    if let Some(unit) = units.get_mut(kept) {
        *unit = BEHIND;
    }
    units
}

fn hash_of_units(units: &[u8; WINDOW], factors: &[u64; WINDOW]) -> u64 {
    let value = |unit: &u8| u64::from(if *unit == BEHIND { END } else { u16::from(*unit) });
    units.iter().zip(factors).fold(0u64, |sum, (unit, factor)| sum.wrapping_add(factor.wrapping_mul(value(unit))))
}

/// ASCII without carriage returns.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.is_ascii() && memchr::memchr(b'\r', bytes).is_none()
}

/// The same of any file: every line is hashed.
fn hashes_among_all(bytes: &[u8], wanted: &BTreeSet<u32>) -> BTreeMap<u32, String> {
    let all = all_hashes(bytes);
    let hash_of = |line: &u32| all.get((*line as usize).checked_sub(1)?).copied();
    let mut counts: HashMap<u64, u32> = wanted.iter().filter_map(hash_of).map(|hash| (hash, 0)).collect();
    let mut hashes = BTreeMap::new();
    for (line, hash) in (1u32..).zip(&all) {
        let Some(count) = counts.get_mut(hash) else { continue };
        *count += 1;
        if wanted.contains(&line) {
            hashes.insert(line, format!("{hash:x}:{count}"));
        }
    }
    hashes
}

/// The hash of every line, in order.
///
/// A line's hash is that of the 100 units that begin with it: the difference of two values of one polynomial over the whole file, so
/// each unit costs one multiplication however many lines there are.
fn all_hashes(bytes: &[u8]) -> Vec<u64> {
    let Kept { units, starts } = Kept::of(bytes);
    let polynomial = Polynomial::of(&units);
    let hash = |start: &usize| {
        let before = polynomial.up_to(*start).wrapping_mul(WINDOW_FACTOR);
        polynomial.up_to(start + WINDOW).wrapping_sub(before)
    };
    starts.iter().map(hash).collect()
}

/// What is hashed: UTF-16 units without blanks, line ends as LF; behind the last one a mark and as many zeros as fill its window.
#[derive(Default)]
struct Kept {
    units: Vec<u16>,
    /// Where lines begin.
    starts: Vec<usize>,
}

impl Kept {
    fn of(bytes: &[u8]) -> Self {
        let mut kept = Self { units: Vec::with_capacity(bytes.len() + WINDOW + 1), starts: Vec::new() };
        if is_plain(bytes) {
            kept.plain(bytes);
        } else {
            kept.any(bytes);
        }
        kept.begin_line();
        kept.units.push(END);
        kept.units.resize(kept.units.len() + WINDOW, 0);
        kept
    }

    /// The next unit begins a line if the last one ended one.
    fn begin_line(&mut self) {
        if self.units.last().is_none_or(|last| *last == LF) && self.starts.last() != Some(&self.units.len()) {
            self.starts.push(self.units.len());
        }
    }

    /// ASCII without carriage returns: whole runs at once.
    fn plain(&mut self, bytes: &[u8]) {
        let mut from = 0;
        for at in memchr::memchr3_iter(b'\n', b' ', b'\t', bytes) {
            if at > from || bytes.get(at) == Some(&b'\n') {
                self.begin_line();
                self.units.extend(bytes.get(from..at).unwrap_or(&[]).iter().map(|byte| u16::from(*byte)));
                self.units.extend((bytes.get(at) == Some(&b'\n')).then_some(LF));
            }
            from = at + 1;
        }
        let rest = bytes.get(from..).unwrap_or(&[]);
        if !rest.is_empty() {
            self.begin_line();
            self.units.extend(rest.iter().map(|byte| u16::from(*byte)));
        }
    }

    /// Any bytes: each maximal run that begins no character is one U+FFFD, a byte order mark stays.
    fn any(&mut self, bytes: &[u8]) {
        let units = bytes.utf8_chunks().flat_map(|chunk| {
            let broken = (!chunk.invalid().is_empty()).then_some(0xFFFD);
            chunk.valid().encode_utf16().chain(broken)
        });
        let mut is_after_cr = false;
        for unit in units {
            let is_dropped = unit == 0x20 || unit == 0x09 || (unit == LF && is_after_cr);
            is_after_cr = unit == CR;
            if !is_dropped {
                self.begin_line();
                self.units.push(if unit == CR { LF } else { unit });
            }
        }
    }
}

/// The values of a polynomial over units, modulo 2^64. Only every eighth is kept: several multiplications of a block can then be under
/// way at once.
struct Polynomial<'u> {
    units: &'u [u16],
    blocks: Vec<u64>,
}

const BLOCK: usize = 8;
const BLOCK_FACTOR: u64 = power(BLOCK);
const WINDOW_FACTOR: u64 = power(WINDOW);

const fn power(exponent: usize) -> u64 {
    let (mut power, mut at) = (1u64, 0);
    while at < exponent {
        power = power.wrapping_mul(FACTOR);
        at += 1;
    }
    power
}

impl<'u> Polynomial<'u> {
    fn of(units: &'u [u16]) -> Self {
        let factors: [u64; BLOCK] = std::array::from_fn(|at| power(BLOCK - 1 - at));
        let mut blocks = Vec::with_capacity(units.len() / BLOCK + 1);
        let mut value = 0u64;
        blocks.push(value);
        for block in units.as_chunks::<BLOCK>().0 {
            let sum = block
                .iter()
                .zip(factors)
                .fold(0u64, |sum, (unit, factor)| sum.wrapping_add(factor.wrapping_mul(u64::from(*unit))));
            value = value.wrapping_mul(BLOCK_FACTOR).wrapping_add(sum);
            blocks.push(value);
        }
        Self { units, blocks }
    }

    /// The value of the first `count` units.
    fn up_to(&self, count: usize) -> u64 {
        let block = self.blocks.get(count / BLOCK).copied().unwrap_or_default();
        let rest = self.units.get(count / BLOCK * BLOCK..count).unwrap_or(&[]);
        rest.iter().fold(block, |value, unit| value.wrapping_mul(FACTOR).wrapping_add(u64::from(*unit)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use proptest::prelude::*;

    use super::*;
    use crate::text::{Side, TextId};

    fn starts(text: &str) -> Vec<u32> {
        std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| u32::try_from(at + 1).unwrap())).collect()
    }

    fn all(bytes: &[u8]) -> Vec<String> {
        let count = u32::try_from(all_hashes(bytes).len()).unwrap();
        line_hashes(bytes, &(1..=count).collect()).into_values().collect()
    }

    /// Straight from the description, without rolling anything.
    fn naive(bytes: &[u8]) -> Vec<String> {
        let (mut kept, mut is_after_cr) = (Vec::new(), false);
        for unit in String::from_utf8_lossy(bytes).encode_utf16() {
            match unit {
                0x20 | 0x09 => is_after_cr = false,
                0x0A if is_after_cr => is_after_cr = false,
                0x0D => {
                    kept.push(0x0A);
                    is_after_cr = true;
                }
                other => {
                    kept.push(other);
                    is_after_cr = false;
                }
            }
        }
        kept.push(65535);
        let starts = (0..kept.len()).filter(|at| *at == 0 || kept[*at - 1] == 0x0A);
        let mut counts: HashMap<u64, u32> = HashMap::default();
        starts
            .map(|start| {
                let unit = |at: usize| u64::from(kept.get(start + at).copied().unwrap_or(0));
                let hash = (0..100).fold(0u64, |hash, at| hash.wrapping_mul(37).wrapping_add(unit(at)));
                let count = counts.entry(hash).or_default();
                *count += 1;
                format!("{hash:x}:{count}")
            })
            .collect()
    }

    #[test]
    fn the_vectors_of_the_original_program() {
        const LAST: &str = "c129715d7a2bc9a3:1";
        let long = |times: usize, last: char| "x".repeat(times) + &last.to_string();
        let vectors: &[(&[u8], &[&str])] = &[
            (b"", &[LAST]),
            (b"packman\n", &["1085d043326ccd88:1", LAST]),
            (b"packman\r\n", &["1085d043326ccd88:1", LAST]),
            (b"\t p a c k\tman\n", &["1085d043326ccd88:1", LAST]),
            (b"packman", &["3fad0c78bac1884a:1"]),
            ("\u{feff}packman\n".as_bytes(), &["a89d0b0ae289a98b:1", LAST]),
            ("\u{1f4e6} packman\n".as_bytes(), &["5755ee3218342de7:1", LAST]),
            (b"tier\ntier\ntier\n", &["319f3670e3c9226d:1", "e7a9ed6c43c811d7:1", "b00c6fec7b4a0909:1", LAST]),
            (&long(100, 'a').into_bytes(), &["52b56201ffb58620:1"]),
            (&long(100, 'b').into_bytes(), &["52b56201ffb58620:1"]),
            (&long(99, 'a').into_bytes(), &["52b56201ffb58609:1"]),
            (&long(99, 'b').into_bytes(), &["52b56201ffb5860a:1"]),
            (b"a\r \nb", &["67c066a59e652f5e:1", "cc4c43d77869440f:1", "8ee5a81e681643c1:1"]),
            (b"a\r\r\nb", &["67c066a59e652f5e:1", "cc4c43d77869440f:1", "8ee5a81e681643c1:1"]),
            (b"a\rb", &["c74339777b6a2c60:1", "8ee5a81e681643c1:1"]),
            ("a\u{2028}b\n".as_bytes(), &["620718c20f04af2c:1", LAST]),
            ("a\u{a0}b\n".as_bytes(), &["480a5b3cb5831ce4:1", LAST]),
            (b"\xC3\x28\x0A", &["f6685fa4b241bac2:1", LAST]),
            (b"\xED\xA0\x80\x0A", &["66bb4c1842ee204c:1", LAST]),
            (b"\xF0\x9F\x92\x0A", &["a88b3c201b7e6ebe:1", LAST]),
            (b"\xFF\x0A", &["a88b3c201b7e6ebe:1", LAST]),
            (b"\x61\x0A\xE2\x82", &["a343296759c7747:1", "8989dec65f08d110:1"]),
        ];
        for (bytes, hashes) in vectors {
            assert_eq!(all(bytes), *hashes, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn the_vectors_of_whole_files() {
        let braces = all("}\n".repeat(120).as_bytes());
        assert_eq!(braces[..3], ["4d54ff68c4c1c5ce:1", "4d54ff68c4c1c5ce:2", "4d54ff68c4c1c5ce:3"]);
        assert_eq!(braces[118..], ["1da0d4c20a2cbb51:1", "32dce9ccfdbc9d3e:1", "c129715d7a2bc9a3:1"]);
        let lock = "version = 4\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.200\"\n\
            source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
            checksum = \"ddc6f9cc94d67c0e21aaf7eda3a010fd3af78ebf6e096aa6e2e13c79749cce4f\"\n";
        let hashes = [
            "ee7bb1346e99608e:1",
            "b6f06f15ad08298e:1",
            "789fe81c030d6f85:1",
            "e8cbff773086cce7:1",
            "6a53218d11f17684:1",
            "d574be6e20352f9d:1",
            "f2eafbdd40c14608:1",
            "c129715d7a2bc9a3:1",
        ];
        assert_eq!(all(lock.as_bytes()), hashes);
        assert_eq!(all(lock.replace('\n', "\r\n").as_bytes()), hashes);
    }

    #[test]
    fn the_shortcut_is_taken() {
        let lines: String = (0..100).map(|number| format!("  \"version\": \"1.{number}.0\"\n")).collect();
        let wanted = [7, 101].into();
        let few = |text: &str, wanted| few_hashes(text.as_bytes(), &starts(text), wanted);
        assert_eq!(few(&lines, &wanted), Some(hashes_among_all(lines.as_bytes(), &wanted)));
        assert_eq!(few(&"}\n".repeat(120), &[2].into()), None);
    }

    #[test]
    fn only_what_is_wanted() {
        let hashes = line_hashes("}\n".repeat(120).as_bytes(), &[2, 500].into());
        assert_eq!(hashes.into_iter().collect::<Vec<_>>(), [(2, "4d54ff68c4c1c5ce:2".to_owned())]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn rolling_equals_naive(pieces in prop::collection::vec(
            prop::sample::select(vec![
                &b"\r"[..], b"\n", b" ", b"\t", b"a", b"}", b"line\r\n", b"0123456789abcdef", b"\xC2\xA0", b"\xE2\x80\xA8",
                b"\xF0\x9F\x93\xA6", b"\xF0\x9F", b"\xFF", b"\xC3", b"\xED\xA0\x80", b"\xEF\xBB\xBF",
            ]),
            0..300,
        )) {
            let bytes = pieces.concat();
            prop_assert_eq!(all(&bytes), naive(&bytes));
        }

        /// Some begin alike, some are alike, some blanks stand within, some ends are reached early.
        #[test]
        fn few_are_hashed_as_among_all(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "\n", " ", "\t", "a", "  \"version\": \"1.0.0\",\n", "\"version\":\"1.0.0\",\n", "\"version\": \"1.0.1\",\n",
                    "a line that is longer than the window, which has room for a hundred units that are no blanks, and then some more\n",
                    "another line\n",
                ]),
                0..300,
            ),
            wanted in prop::collection::btree_set(0..200u32, 0..4),
        ) {
            let bytes = pieces.concat().into_bytes();
            let among_all = hashes_among_all(&bytes, &wanted);
            prop_assert_eq!(line_hashes(&bytes, &wanted), among_all.clone());
            let text = String::from_utf8(bytes).unwrap();
            if let Some(few) = few_hashes(text.as_bytes(), &starts(&text), &wanted) {
                prop_assert_eq!(few, among_all.clone());
            }
            let text = Text::decode(TextId { side: Side::Head, index: 0 }, "x", text.into_bytes()).0;
            prop_assert_eq!(line_hashes_of(&text, &wanted), among_all);
        }
    }
}
