//! Blocks and chunks: LevelDB's log format with a plain CRC-32.

use std::path::Path;

use crate::formats::crc::crc32;

/// Blocks are counted from the start of the file.
const BLOCK: u64 = 32_768;
/// Checksum, length, type.
const CHUNK_HEAD: usize = 7;

/// What takes the records of a file.
pub(super) trait Records {
    /// A complete record found at `place`.
    fn record(&mut self, data: &[u8], path: &Path, place: u64);
    /// Something at `place` cannot be read.
    fn damaged(&mut self, path: &Path, place: u64, message: String);
}

/// Takes all complete records; returns how many bytes they use. `offset` is where
/// `bytes` begin in the file.
pub(super) fn chunks(
    records: &mut impl Records,
    bytes: &[u8],
    offset: u64,
    skip_to: &mut u64,
    path: &Path,
) -> usize {
    let mut at = 0usize;
    // Where the record under way begins and what it has so far.
    let mut start = 0usize;
    let mut record: Option<Vec<u8>> = None;
    loop {
        let place = offset + at as u64;
        if place < *skip_to {
            let step = usize::try_from(*skip_to - place)
                .unwrap_or(usize::MAX)
                .min(bytes.len() - at);
            at += step;
            start = at;
            if at >= bytes.len() {
                return at;
            }
            continue;
        }
        let left = BLOCK - place % BLOCK;
        if left < CHUNK_HEAD as u64 {
            if (bytes.len() - at) < left as usize {
                return if record.is_some() { start } else { at };
            }
            at += left as usize;
            if record.is_none() {
                start = at;
            }
            continue;
        }
        let unfinished = if record.is_some() { start } else { at };
        let Some((head, rest)) = bytes[at..].split_first_chunk::<CHUNK_HEAD>() else {
            return unfinished;
        };
        let stored = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let length = usize::from(u16::from_le_bytes([head[4], head[5]]));
        let kind = head[6];
        let fits = (CHUNK_HEAD + length) as u64 <= left;
        let Some(payload) = rest.get(..length).filter(|_| fits) else {
            if fits {
                return unfinished;
            }
            record = None;
            *skip_to = place + left;
            records.damaged(path, place, given_up(left));
            continue;
        };
        if !(1..=4).contains(&kind) || crc32(&head[6..7], payload) != stored {
            record = None;
            *skip_to = place + left;
            records.damaged(path, place, given_up(left));
            continue;
        }
        at += CHUNK_HEAD + length;
        match (kind, record.take()) {
            (1, _) => {
                records.record(payload, path, place);
                start = at;
            }
            (2, _) => {
                start = at - CHUNK_HEAD - length;
                record = Some(payload.to_vec());
            }
            (3, Some(mut known)) => {
                known.extend_from_slice(payload);
                record = Some(known);
            }
            (4, Some(mut known)) => {
                known.extend_from_slice(payload);
                records.record(&known, path, offset + start as u64);
                start = at;
            }
            // A middle or an end whose beginning was lost.
            _ => start = at,
        }
    }
}

/// With a half record in it, if there was one.
fn given_up(left: u64) -> String {
    format!("a chunk is damaged: the rest of this block, {left} bytes, is left out")
}
