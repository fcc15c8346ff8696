//! Builds an archive from the blob that the layer was last time and the few files that are new since.
//!
//! Opening thousands of small files costs far more than reading their bytes from one. What is taken
//! over is proved twice: by the stamps of the files (see [`crate::cache`]), and by hashing the old blob,
//! all of it and the very bytes that are copied, so that a damaged one never gets into a new layer. The
//! hash of what both archives begin with is computed once; behind it both go on, on a core each.

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use super::LayerBlob;
use super::pipeline::{Plain, Shared, ToHash, hash, hashed, joined, stopped};
use super::read::{CHUNK, Source, Writer};
use crate::cache::Layout;
use crate::digest::{Digest, Hasher};
use crate::error::Result;
use crate::media::Packaging;
use crate::plan::{PlannedEntry, PlannedLayer};
use crate::progress::CancellationToken;

/// Reading this many bytes takes about as long as opening and closing a file.
const BYTES_PER_FILE: u64 = 128 << 10;

/// Buffers on their way to the thread that checks the old blob.
const UNCHECKED: usize = 4;

/// How to make a layer from the blob that it was last time.
pub(crate) struct Last<'a> {
    digest: Digest,
    parts: Vec<Part<'a>>,
}

/// A part of the new archive.
enum Part<'a> {
    /// These bytes of the old blob.
    Kept(Range<u64>),
    /// An entry to be read, with its number.
    New(usize, &'a PlannedEntry),
}

impl<'a> Last<'a> {
    /// How to make `layer`, whose entries have the digests `stamps`, from the blob `layout` describes;
    /// `None` if reading its files anew is faster.
    pub fn plan(layer: &'a PlannedLayer, stamps: &[Digest], layout: &Layout) -> Option<Last<'a>> {
        let places = layout.places();
        let mut parts: Vec<Part<'a>> = Vec::new();
        let mut kept_files = 0;
        let mut end = 0;
        for (number, (entry, stamp)) in layer.entries.iter().zip(stamps).enumerate() {
            let Some(place) = places.get(stamp) else {
                parts.push(Part::New(number, entry));
                continue;
            };
            // Both are sorted by name; what is not was not made by us.
            if place.start < end {
                return None;
            }
            end = place.end;
            kept_files += u64::from(!entry.is_folder);
            match parts.last_mut() {
                Some(Part::Kept(before)) if before.end == place.start => before.end = place.end,
                _ => parts.push(Part::Kept(place.clone())),
            }
        }
        (layout.size <= kept_files.saturating_mul(BYTES_PER_FILE)).then_some(Last {
            digest: layout.digest,
            parts,
        })
    }
}

/// What came of it.
pub(crate) enum Patched {
    Built(LayerBlob),
    /// The old blob is not what it was. What was written is of no use.
    Damaged,
}

/// Writes the uncompressed archive of `layer` to `out`, an empty file, by means of `old`, the blob
/// `last` was planned for.
///
/// # Errors
/// As [`super::build`].
pub(crate) fn patch(
    context: &Path,
    layer: &PlannedLayer,
    last: &Last<'_>,
    old: File,
    (out, out_path): (&mut File, &Path),
    progress: &(dyn Fn(u64) + Sync),
    cancel: &CancellationToken,
) -> Result<Patched> {
    let source = Source {
        context,
        layer,
        packaging: Packaging::Tar,
        progress,
        cancel,
    };
    let built = hashed(out, out_path, |sink| {
        thread::scope(|scope| {
            let pool = sink.pool;
            let (to_check, unchecked) = sync_channel(UNCHECKED);
            let (send_state, state) = sync_channel::<Hasher>(1);
            let checker = scope.spawn(move || {
                let start = state.recv().ok()?;
                Some(hash(start, unchecked, Some(pool)))
            });
            let mut copier = Copier {
                source: &source,
                writer: source.writer(sink)?,
                old,
                at: 0,
                chunk: Arc::new(Vec::new()),
                start: 0,
                filled: 0,
                fork: Some(send_state),
                to_check,
                unreadable: false,
            };
            let copied = copier.run(last);
            let unreadable = copier.unreadable;
            drop(copier);
            let sound = joined(checker.join())? == Some(last.digest);
            if unreadable {
                return Ok(None);
            }
            let unsettled = copied?;
            Ok(sound.then_some(unsettled))
        })
    });
    let (digest, size, unsettled) = built?;
    Ok(match unsettled {
        Some(unsettled) => Patched::Built(LayerBlob {
            digest,
            diff_id: digest,
            size,
            unsettled,
        }),
        None => Patched::Damaged,
    })
}

struct Copier<'a, 'b, 'scope> {
    source: &'a Source<'a>,
    writer: Writer<'a, Plain<'b, 'scope>>,
    old: File,
    /// How far the old blob was used or passed over.
    at: u64,
    /// Its bytes from `start`, as many as `filled`.
    chunk: Shared,
    start: u64,
    filled: usize,
    /// Where to send the state of the hash once the archives differ.
    fork: Option<SyncSender<Hasher>>,
    to_check: SyncSender<ToHash>,
    /// Whether reading the old blob failed or it ended early.
    unreadable: bool,
}

impl Copier<'_, '_, '_> {
    /// The numbers of new entries that were not, at the end, what they were when planned.
    fn run(&mut self, last: &Last<'_>) -> Result<Vec<usize>> {
        let mut unsettled = Vec::new();
        for part in &last.parts {
            match part {
                Part::Kept(range) => {
                    // Passing over old members as well as having written new ones ends what both
                    // begin with.
                    if self.at != range.start {
                        self.forked()?;
                    }
                    self.advance(range.start, false)?;
                    self.writer.flush()?;
                    self.advance(range.end, true)?;
                }
                Part::New(number, entry) => {
                    self.forked()?;
                    if !self.writer.entry(entry)? {
                        unsettled.push(*number);
                    }
                }
            }
        }
        self.forked()?;
        self.writer.end()?;
        self.advance(u64::MAX, false)?;
        Ok(unsettled)
    }

    /// From here on the archives are hashed apart.
    fn forked(&mut self) -> Result<()> {
        match self.fork.take() {
            Some(to) => self.writer.sink.fork(to),
            None => Ok(()),
        }
    }

    /// Reads the old blob up to `end` or its own end; what is kept goes into the new archive.
    fn advance(&mut self, end: u64, keep: bool) -> Result<()> {
        while self.at < end {
            let loaded = self.start + self.filled as u64;
            if self.at == loaded && !self.load()? {
                if end == u64::MAX {
                    return Ok(());
                }
                self.unreadable = true;
                return Err(stopped());
            }
            let loaded = self.start + self.filled as u64;
            let part = offset(self.at - self.start)..offset(loaded.min(end) - self.start);
            self.at += part.len() as u64;
            if self.fork.is_none() {
                let piece = ToHash::Bytes(Arc::clone(&self.chunk), part.clone());
                self.to_check.send(piece).map_err(|_| stopped())?;
            }
            if keep {
                self.source.passing(part.len())?;
                self.writer.sink.piece(&self.chunk, part)?;
            }
        }
        Ok(())
    }

    /// Reads the next bytes; whether there were any.
    fn load(&mut self) -> Result<bool> {
        let pool = self.writer.sink.pool;
        pool.give(std::mem::take(&mut self.chunk));
        let mut buffer = pool.take();
        self.start += self.filled as u64;
        self.filled = 0;
        while self.filled < CHUNK {
            match self
                .old
                .read(buffer.get_mut(self.filled..).unwrap_or_default())
            {
                Ok(0) => break,
                Ok(n) => self.filled += n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.unreadable = true;
                    return Err(stopped());
                }
            }
        }
        self.chunk = Arc::new(buffer);
        Ok(self.filled > 0)
    }
}

/// A place within a buffer.
fn offset(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
