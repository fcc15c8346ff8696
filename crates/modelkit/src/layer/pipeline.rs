//! The threads behind [`super::build`].

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::LayerBlob;
use super::compress::{Framing, PieceCompressor};
use super::read::{CHUNK, Sink, Source};
use crate::digest::{Digest, Hasher};
use crate::error::{Error, Result};
use crate::media::Compression;

/// Buffers of an uncompressed layer in flight.
const BUFFERS: usize = 8;

pub(super) type Shared = Arc<Vec<u8>>;

/// What a hashing thread is told.
pub(super) enum ToHash {
    /// To add bytes.
    Bytes(Shared, Range<usize>),
    /// To tell its state.
    Fork(SyncSender<Hasher>),
}

/// Buffers to be used again.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    /// A buffer of [`CHUNK`] bytes.
    pub fn take(&self) -> Vec<u8> {
        self.free().pop().unwrap_or_else(|| vec![0; CHUNK])
    }

    /// Takes a buffer back, from the last who has it.
    pub fn give(&self, buffer: Shared) {
        if let Some(buffer) = Arc::into_inner(buffer)
            && buffer.len() == CHUNK
        {
            self.free().push(buffer);
        }
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Reads and writes on this thread, hashes on another.
pub(super) fn plain(source: &Source<'_>, out: &mut File, out_path: &Path) -> Result<LayerBlob> {
    let (digest, size, unsettled) = hashed(out, out_path, |sink| source.pump(sink))?;
    Ok(LayerBlob {
        digest,
        diff_id: digest,
        size,
        unsettled,
    })
}

/// Writes what `feed` gives while another thread hashes it: digest, size and what `feed` returned.
pub(super) fn hashed<T>(
    out: &mut File,
    out_path: &Path,
    feed: impl FnOnce(&mut Plain<'_, '_>) -> Result<T>,
) -> Result<(Digest, u64, T)> {
    let pool = Pool::default();
    thread::scope(|scope| {
        let flushed = out.try_clone().map_err(Error::io("write", out_path))?;
        // One more is being filled and one hashed.
        let (to_hash, filled) = sync_channel(BUFFERS - 2);
        let hasher = scope.spawn(|| hash(Hasher::new(), filled, Some(&pool)));
        let flusher = Flusher::start(scope, flushed);
        let mut sink = Plain {
            flusher,
            out,
            out_path,
            to_hash,
            pool: &pool,
            size: 0,
        };
        let fed = feed(&mut sink);
        let Plain {
            flusher,
            to_hash,
            size,
            ..
        } = sink;
        drop(to_hash);
        let flushed = flusher.finish()?;
        let digest = joined(hasher.join())?;
        let fed = fed?;
        flushed.map_err(Error::io("write", out_path))?;
        Ok((digest, size, fed))
    })
}

/// Bytes from which on what was written is sent to the disk.
const FLUSH_EVERY: u64 = 16 << 20;

/// Makes layers durable while they are still being written, on a thread of its own, so that little
/// is left to wait for at the end.
struct Flusher<'scope> {
    wake: SyncSender<()>,
    pending: u64,
    thread: thread::ScopedJoinHandle<'scope, io::Result<()>>,
}

impl<'scope> Flusher<'scope> {
    fn start(scope: &'scope thread::Scope<'scope, '_>, out: File) -> Flusher<'scope> {
        // Without room for a message: one is taken only when the thread is idle.
        let (wake, woken) = sync_channel::<()>(0);
        let thread = scope.spawn(move || {
            let mut outcome = Ok(());
            while woken.recv().is_ok() {
                if outcome.is_ok() {
                    outcome = out.sync_data();
                }
            }
            outcome
        });
        Flusher {
            wake,
            pending: 0,
            thread,
        }
    }

    fn wrote(&mut self, bytes: u64) {
        self.pending += bytes;
        if self.pending >= FLUSH_EVERY && self.wake.try_send(()).is_ok() {
            self.pending = 0;
        }
    }

    /// The system tells a failure to write only once per file, so it must not be lost here.
    fn finish(self) -> Result<io::Result<()>> {
        drop(self.wake);
        joined(self.thread.join())
    }
}

pub(super) struct Plain<'a, 'scope> {
    flusher: Flusher<'scope>,
    out: &'a mut File,
    out_path: &'a Path,
    to_hash: SyncSender<ToHash>,
    pub pool: &'a Pool,
    size: u64,
}

impl Plain<'_, '_> {
    /// Adds a part of a buffer.
    pub fn piece(&mut self, buffer: &Shared, part: Range<usize>) -> Result<()> {
        // The hash starts while the same bytes are being written.
        self.to_hash
            .send(ToHash::Bytes(Arc::clone(buffer), part.clone()))
            .map_err(|_| stopped())?;
        let length = part.len() as u64;
        self.out
            .write_all(buffer.get(part).unwrap_or_default())
            .map_err(Error::io("write", self.out_path))?;
        self.size += length;
        self.flusher.wrote(length);
        Ok(())
    }

    /// Sends the state of the hash after all that was added so far.
    pub fn fork(&self, to: SyncSender<Hasher>) -> Result<()> {
        self.to_hash.send(ToHash::Fork(to)).map_err(|_| stopped())
    }
}

impl Sink for Plain<'_, '_> {
    fn chunk(&mut self, buffer: Vec<u8>, length: usize) -> Result<Vec<u8>> {
        let buffer = Arc::new(buffer);
        self.piece(&buffer, 0..length)?;
        self.pool.give(buffer);
        Ok(self.pool.take())
    }
}

/// Hashes what comes until nothing comes any more.
pub(super) fn hash(mut hasher: Hasher, filled: Receiver<ToHash>, pool: Option<&Pool>) -> Digest {
    while let Ok(next) = filled.recv() {
        match next {
            ToHash::Bytes(buffer, part) => {
                hasher.update(buffer.get(part).unwrap_or_default());
                if let Some(pool) = pool {
                    pool.give(buffer);
                }
            }
            ToHash::Fork(to) => {
                // Who does not wait for it any more has failed and says why.
                let _ = to.send(hasher.clone());
            }
        }
    }
    hasher.finish()
}

/// Reads on this thread, hashes on a second, compresses on `workers` more and writes on another.
pub(super) fn compressed(
    source: &Source<'_>,
    compression: Compression,
    workers: usize,
    out: &mut File,
    out_path: &Path,
) -> Result<LayerBlob> {
    thread::scope(|scope| {
        let in_flight = 2 * workers + 2;
        let (to_hash, filled) = sync_channel(in_flight);
        let (to_work, work) = sync_channel::<Piece>(in_flight);
        let (to_write, packed) = sync_channel::<Packed>(in_flight);
        let (ticket, tickets) = sync_channel::<()>(in_flight + 1);
        let diff_hasher = scope.spawn(move || hash(Hasher::new(), filled, None));
        let work = Arc::new(Mutex::new(work));
        let compressors: Vec<_> = (0..workers)
            .map(|_| {
                let (work, to_write) = (Arc::clone(&work), to_write.clone());
                scope.spawn(move || compress(compression, &work, &to_write, out_path))
            })
            .collect();
        drop((work, to_write));
        let writer = scope.spawn(move || write(compression, &packed, &ticket, out, out_path));

        let mut sink = Compressed {
            to_hash,
            to_work,
            tickets,
            in_flight,
            sent: 0,
            held: None,
        };
        let pumped = source
            .pump(&mut sink)
            .and_then(|unsettled| sink.finish().map(|()| unsettled));
        drop(sink);
        let diff_id = joined(diff_hasher.join())?;
        let compressed: Result<Vec<()>> = compressors
            .into_iter()
            .map(|thread| joined(thread.join())?)
            .collect();
        // A failure further down closes the channels and shows as a stop further up, so the last
        // on the way of the bytes is asked first.
        let (digest, size) = joined(writer.join())??;
        compressed?;
        Ok(LayerBlob {
            digest,
            diff_id,
            size,
            unsettled: pumped?,
        })
    })
}

struct Piece {
    number: u64,
    data: Shared,
    length: usize,
    last: bool,
}

struct Packed {
    piece: Piece,
    bytes: Vec<u8>,
}

struct Compressed {
    to_hash: SyncSender<ToHash>,
    to_work: SyncSender<Piece>,
    /// One comes back for each piece written; bounds what is in memory.
    tickets: Receiver<()>,
    in_flight: usize,
    sent: usize,
    /// The latest buffer, held back until it is known whether it is the last.
    held: Option<(Shared, usize)>,
}

impl Compressed {
    fn send(&mut self, data: Shared, length: usize, last: bool) -> Result<()> {
        if self.sent >= self.in_flight {
            self.tickets.recv().map_err(|_| stopped())?;
        }
        let piece = Piece {
            number: self.sent as u64,
            data,
            length,
            last,
        };
        self.sent += 1;
        self.to_work.send(piece).map_err(|_| stopped())
    }

    fn finish(&mut self) -> Result<()> {
        let (data, length) = self.held.take().unwrap_or_default();
        self.send(data, length, true)
    }
}

impl Sink for Compressed {
    fn chunk(&mut self, buffer: Vec<u8>, length: usize) -> Result<Vec<u8>> {
        let buffer = Arc::new(buffer);
        self.to_hash
            .send(ToHash::Bytes(Arc::clone(&buffer), 0..length))
            .map_err(|_| stopped())?;
        if let Some((data, length)) = self.held.replace((buffer, length)) {
            self.send(data, length, false)?;
        }
        Ok(vec![0; CHUNK])
    }
}

fn compress(
    compression: Compression,
    work: &Mutex<Receiver<Piece>>,
    to_write: &SyncSender<Packed>,
    out_path: &Path,
) -> Result<()> {
    let mut compressor = PieceCompressor::new(compression)?;
    loop {
        let next = work
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .recv();
        let Ok(piece) = next else { return Ok(()) };
        let data = piece.data.get(..piece.length).unwrap_or_default();
        let bytes = compressor
            .piece(data, piece.last)
            .map_err(Error::io("compress", out_path))?;
        if to_write.send(Packed { piece, bytes }).is_err() {
            return Ok(());
        }
    }
}

/// Writes the pieces in order; digest and size of what was written.
fn write(
    compression: Compression,
    packed: &Receiver<Packed>,
    ticket: &SyncSender<()>,
    out: &mut File,
    out_path: &Path,
) -> Result<(Digest, u64)> {
    let mut framing = Framing::new(compression);
    let (mut hasher, mut size) = (Hasher::new(), 0);
    let mut put = |bytes: &[u8]| {
        hasher.update(bytes);
        size += bytes.len() as u64;
        out.write_all(bytes).map_err(Error::io("write", out_path))
    };
    put(framing.start(compression))?;
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    while let Ok(one) = packed.recv() {
        waiting.insert(one.piece.number, one);
        while let Some(one) = waiting.remove(&next) {
            framing.saw(one.piece.data.get(..one.piece.length).unwrap_or_default());
            put(&one.bytes)?;
            next += 1;
            // Nobody waits for room any more once reading is done.
            let _ = ticket.try_send(());
        }
    }
    put(&framing.end())?;
    Ok((hasher.finish(), size))
}

/// A later stage is gone; it reports why, and this is replaced by its reason.
pub(super) fn stopped() -> Error {
    Error::Cancelled
}

pub(super) fn joined<T>(result: thread::Result<T>) -> Result<T> {
    result.map_err(|panic| std::panic::resume_unwind(panic))
}
