//! The lists of a document, which may be longer than what memory should hold.
//!
//! Answers for: writing a document as far as its lists, then their rows, rendered in parallel and written in order. Never knows a row.

use std::collections::VecDeque;
use std::io::{self, Write};

use rayon::prelude::*;
use serde::Serialize;

use crate::report::escape;

/// Writes a document as far as its lists, whose names come last in it and which are still empty.
pub(super) fn begin<'w>(document: &impl Serialize, lists: &[&str], out: &'w mut dyn Write) -> io::Result<Lists<'w>> {
    let mut head = Vec::new();
    escape::json(document, &mut head)?;
    let empty: Vec<String> = lists.iter().map(|list| format!("\"{list}\":[]")).collect();
    let kept = head.len().saturating_sub(empty.join(",").len() + 1);
    head.truncate(kept);
    out.write_all(&head)?;
    Ok(Lists { out, names: lists.iter().map(|list| (*list).to_owned()).collect() })
}

/// The lists of a document, written one after the other.
pub(super) struct Lists<'w> {
    out: &'w mut dyn Write,
    /// Those that are still to come.
    names: VecDeque<String>,
}

/// So many chunks a thread are rendered before the next ones are begun.
const CHUNKS_PER_THREAD: usize = 2;
/// So many rows make a chunk: much less than a processor's cache, much more than the cost of handing it over.
pub(super) const CHUNK_ROWS: usize = 256;

impl Lists<'_> {
    /// Renders chunks of rows in parallel and writes them in order. A chunk writes a comma behind each of its rows.
    pub(super) fn write<C: Sync>(
        &mut self,
        chunks: &mut dyn Iterator<Item = C>,
        render: impl Fn(&C, &mut Vec<u8>) -> io::Result<()> + Sync,
    ) -> io::Result<()> {
        let name = self.names.pop_front().unwrap_or_default();
        write!(self.out, "\"{name}\":[")?;
        let mut is_first = true;
        let mut batches = [(); 2].map(|()| vec![Vec::new(); rayon::current_num_threads() * CHUNKS_PER_THREAD]);
        let [written, rendered] = &mut batches;
        let mut count = 0;
        loop {
            let some: Vec<C> = chunks.take(rendered.len()).collect();
            if some.is_empty() && count == 0 {
                break;
            }
            // One batch is written while the next one is rendered.
            let mut done = Ok(());
            rayon::in_place_scope(|scope| {
                scope.spawn(|_| done = render_all(&some, rendered, &render));
                write_rows(self.out, written.iter().take(count), &mut is_first)
            })?;
            done?;
            count = some.len();
            std::mem::swap(written, rendered);
        }
        self.out.write_all(if self.names.is_empty() { b"]}\n" } else { b"]," })
    }
}

fn render_all<C: Sync>(
    chunks: &[C],
    rendered: &mut [Vec<u8>],
    render: &(impl Fn(&C, &mut Vec<u8>) -> io::Result<()> + Sync),
) -> io::Result<()> {
    let chunks = chunks.par_iter().zip(rendered).with_max_len(1);
    chunks
        .map(|(chunk, rows)| {
            rows.clear();
            render(chunk, rows)
        })
        .collect()
}

fn write_rows<'r>(out: &mut dyn Write, chunks: impl Iterator<Item = &'r Vec<u8>>, is_first: &mut bool) -> io::Result<()> {
    for rows in chunks.filter_map(|rows| rows.strip_suffix(b",")) {
        if !std::mem::take(is_first) {
            out.write_all(b",")?;
        }
        out.write_all(rows)?;
    }
    Ok(())
}

pub(super) fn row(row: &impl Serialize, rows: &mut Vec<u8>) -> io::Result<()> {
    escape::json(row, rows)?;
    rows.push(b',');
    Ok(())
}
