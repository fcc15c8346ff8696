//! A reader that hashes what passes through it on a thread of its own.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

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
        let mut filled = 0;
        while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
            match self.inner.read(free) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
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
    pub fn finish(mut self) -> io::Result<(Digest, u64)> {
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

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position == self.filled {
            self.refill()?;
        }
        let ready = self
            .current
            .get(self.position..self.filled)
            .unwrap_or_default();
        let n = ready.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..n), ready.get(..n)) {
            to.copy_from_slice(from);
        }
        self.position += n;
        Ok(n)
    }
}
