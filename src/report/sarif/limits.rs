//! What code scanning takes of one upload: its limits, with room to spare.
//!
//! Answers for: how many results and rules are written, and whether a report is small enough once it is compressed. Decides nothing
//! about which are kept.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Code scanning keeps no more results than this of one run.
pub(super) const RESULTS_MAX: usize = 5000;
/// It refuses a run with more rules than this.
pub(super) const RULES_MAX: usize = 25_000;
/// It refuses more than 10 MB of gzip. As Base64, which is how it is sent, these are less than that too.
const PACKED_BYTES_MAX: usize = 7_000_000;

/// How many results fit, if these are too many of them. What is smaller than the limit as it is is not compressed to see.
pub(super) fn fewer_results(pieces: &[Vec<u8>], results: usize) -> io::Result<Option<usize>> {
    if pieces.iter().map(Vec::len).sum::<usize>() <= PACKED_BYTES_MAX || results == 0 {
        return Ok(None);
    }
    let packed = packed_bytes(pieces)?;
    // A tenth less than what would fit if all were of one size, so that a few rounds are enough.
    let fewer = || (results * (PACKED_BYTES_MAX / 1000) / (packed / 1000).max(1) * 9 / 10).min(results - 1);
    Ok((packed > PACKED_BYTES_MAX).then(fewer))
}

/// The size after the fastest compression; stronger ones make less of it.
fn packed_bytes(pieces: &[Vec<u8>]) -> io::Result<usize> {
    let mut packer = GzEncoder::new(Counter(0), Compression::fast());
    pieces.iter().try_for_each(|piece| packer.write_all(piece))?;
    Ok(packer.finish()?.0)
}

/// Counts bytes and forgets them.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that nothing compresses.
    fn noise(count: usize) -> Vec<u8> {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()
        };
        std::iter::repeat_with(|| next()[0]).take(count).collect()
    }

    #[test]
    fn what_is_small_once_compressed_stays() {
        assert_eq!(fewer_results(&[noise(PACKED_BYTES_MAX)], 5000).unwrap(), None);
        assert_eq!(fewer_results(&[vec![b'a'; PACKED_BYTES_MAX], vec![b'b'; 2 * PACKED_BYTES_MAX]], 5000).unwrap(), None);
    }

    #[test]
    fn what_is_too_large_loses_results_until_there_are_none() {
        let twice = [noise(PACKED_BYTES_MAX), noise(PACKED_BYTES_MAX)];
        let fewer = fewer_results(&twice, 5000).unwrap().unwrap();
        assert!((2000..=2250).contains(&fewer), "half of them, and a tenth less: {fewer}");
        assert_eq!(fewer_results(&twice, 1).unwrap(), Some(0));
        assert_eq!(fewer_results(&twice, 0).unwrap(), None, "rules alone are what they are");
    }
}
