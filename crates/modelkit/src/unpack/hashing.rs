//! Readers that hash what passes through them, beside the thread that uses it.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle, Scope, ScopedJoinHandle};

use crate::digest::{Digest, Hasher};

const CHUNK: usize = 512 << 10;
const BUFFERS: usize = 6;

/// Reads ahead in large pieces; each piece is hashed while its bytes are used.
pub(super) struct HashingReader<R> {
    inner: R,
    current: Arc<Vec<u8>>,
    filled: usize,
    position: usize,
    total: u64,
    to_hash: Option<SyncSender<(Arc<Vec<u8>>, usize)>>,
    empty: Receiver<Arc<Vec<u8>>>,
    made: usize,
    hasher: Option<JoinHandle<Digest>>,
}

impl<R: Read> HashingReader<R> {
    pub fn new(inner: R) -> HashingReader<R> {
        let (to_hash, filled) = sync_channel::<(Arc<Vec<u8>>, usize)>(BUFFERS);
        let (give_back, empty) = sync_channel(BUFFERS + 1);
        let hasher = thread::spawn(move || {
            let mut hasher = Hasher::new();
            while let Ok((piece, length)) = filled.recv() {
                hasher.update(piece.get(..length).unwrap_or_default());
                // The reader may be gone.
                let _ = give_back.try_send(piece);
            }
            hasher.finish()
        });
        HashingReader {
            inner,
            current: Arc::new(Vec::new()),
            filled: 0,
            position: 0,
            total: 0,
            to_hash: Some(to_hash),
            empty,
            made: 0,
            hasher: Some(hasher),
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        // A buffer that the hasher is through with but that is still current cannot be reused.
        self.current = Arc::new(Vec::new());
        let spare = if self.made < BUFFERS {
            self.empty.try_recv().ok()
        } else {
            self.empty.recv().ok()
        };
        let mut buffer = match spare.and_then(Arc::into_inner) {
            Some(buffer) => buffer,
            None => {
                self.made += 1;
                vec![0; CHUNK]
            }
        };
        let filled = fill(&mut self.inner, &mut buffer)?;
        self.current = Arc::new(buffer);
        (self.filled, self.position) = (filled, 0);
        self.total += filled as u64;
        if filled > 0
            && let Some(to_hash) = &self.to_hash
        {
            to_hash
                .send((Arc::clone(&self.current), filled))
                .map_err(|_| io::Error::other("the hashing thread ended"))?;
        }
        Ok(())
    }

    /// Digest and number of all bytes read so far. Read to the end first.
    fn end(mut self) -> io::Result<(Digest, u64)> {
        self.to_hash = None;
        let hasher = self
            .hasher
            .take()
            .ok_or_else(|| io::Error::other("finished twice"))?;
        let digest = hasher
            .join()
            .map_err(|_| io::Error::other("the hashing thread failed"))?;
        Ok((digest, self.total))
    }
}

impl<R> Drop for HashingReader<R> {
    /// Given up midway, it leaves no thread behind.
    fn drop(&mut self) {
        self.to_hash = None;
        if let Some(hasher) = self.hasher.take() {
            // Its digest is of no use, nor is its failure.
            let _ = hasher.join();
        }
    }
}

impl<R: Read> BufRead for HashingReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.filled {
            self.refill()?;
        }
        Ok(self
            .current
            .get(self.position..self.filled)
            .unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.position = self.filled.min(self.position + amount);
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        copy_out(self, out)
    }
}

fn copy_out(reader: &mut impl BufRead, out: &mut [u8]) -> io::Result<usize> {
    let ready = reader.fill_buf()?;
    let n = ready.len().min(out.len());
    if let (Some(to), Some(from)) = (out.get_mut(..n), ready.get(..n)) {
        to.copy_from_slice(from);
    }
    reader.consume(n);
    Ok(n)
}

/// Something to finish with the digest and number of the bytes read.
pub(super) trait Hashed: BufRead {
    /// Digest and number of all bytes. Read to the end first.
    fn finish(self) -> io::Result<(Digest, u64)>;
}

impl<R: Read> Hashed for HashingReader<R> {
    fn finish(self) -> io::Result<(Digest, u64)> {
        self.end()
    }
}

/// Reads and hashes on a thread of its own, a few buffers ahead of its user.
pub(super) struct ReadAhead<'scope> {
    filled: Receiver<io::Result<(Vec<u8>, usize)>>,
    give_back: SyncSender<Vec<u8>>,
    current: Vec<u8>,
    length: usize,
    position: usize,
    ended: bool,
    thread: ScopedJoinHandle<'scope, (Digest, u64)>,
}

impl<'scope> ReadAhead<'scope> {
    /// Starts reading `inner` to its end.
    pub fn start<R: Read + Send + 'scope>(
        scope: &'scope Scope<'scope, '_>,
        mut inner: R,
    ) -> ReadAhead<'scope> {
        let (to_user, filled) = sync_channel(BUFFERS);
        let (give_back, empty) = sync_channel::<Vec<u8>>(BUFFERS + 1);
        let thread = scope.spawn(move || {
            let (mut hasher, mut total, mut made) = (Hasher::new(), 0, 0);
            loop {
                let spare = if made < BUFFERS {
                    empty.try_recv().ok()
                } else {
                    empty.recv().ok()
                };
                let mut buffer = match spare {
                    Some(buffer) => buffer,
                    None if made < BUFFERS => {
                        made += 1;
                        vec![0; CHUNK]
                    }
                    // The user is gone.
                    None => break,
                };
                let piece = fill(&mut inner, &mut buffer).map(|length| (buffer, length));
                if let Ok((buffer, length)) = &piece {
                    hasher.update(buffer.get(..*length).unwrap_or_default());
                    total += *length as u64;
                }
                let last = !matches!(&piece, Ok((_, length)) if *length > 0);
                if to_user.send(piece).is_err() || last {
                    break;
                }
            }
            (hasher.finish(), total)
        });
        ReadAhead {
            filled,
            give_back,
            current: Vec::new(),
            length: 0,
            position: 0,
            ended: false,
            thread,
        }
    }
}

/// Reads until `buffer` is full or the end; how much.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
        match reader.read(free) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

impl BufRead for ReadAhead<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.length && !self.ended {
            let used = std::mem::take(&mut self.current);
            (self.length, self.position) = (0, 0);
            if !used.is_empty() {
                // The reading thread may have come to its end.
                let _ = self.give_back.try_send(used);
            }
            match self.filled.recv() {
                Ok(Ok((buffer, length))) => (self.current, self.length) = (buffer, length),
                Ok(Err(error)) => {
                    self.ended = true;
                    return Err(error);
                }
                Err(_) => {}
            }
            self.ended = self.length == 0;
        }
        Ok(self
            .current
            .get(self.position..self.length)
            .unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.position = self.length.min(self.position + amount);
    }
}

impl Read for ReadAhead<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        copy_out(self, out)
    }
}

impl Hashed for ReadAhead<'_> {
    fn finish(self) -> io::Result<(Digest, u64)> {
        self.thread
            .join()
            .map_err(|_| io::Error::other("the reading thread failed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_given_up_midway_leaves_no_thread_behind() {
        for _ in 0..20 {
            let mut reader = HashingReader::new(io::repeat(7));
            reader.fill_buf().unwrap();
            let held = Arc::downgrade(&reader.current);
            drop(reader);
            assert!(held.upgrade().is_none(), "the thread still hashes it");
        }
    }
}
