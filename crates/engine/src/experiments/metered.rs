//! A kit of which only so much may be moved.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kitbench_modelkit::manifest::Descriptor;
use kitbench_modelkit::source::{KitSource, ReadSeek};
use kitbench_modelkit::{Reference, Result};

/// Counts what is moved of a kit's layers, and stops beyond a limit.
pub struct Metered<'a> {
    pub inner: &'a dyn KitSource,
    /// Bytes moved so far.
    pub read: Arc<AtomicU64>,
    /// The most that may be moved.
    pub limit: u64,
}

/// What a range request moves at least.
pub const BLOCK: u64 = 1 << 20;

impl KitSource for Metered<'_> {
    fn reference(&self) -> &Reference {
        self.inner.reference()
    }

    fn manifest(&self) -> Result<(Descriptor, Vec<u8>)> {
        self.inner.manifest()
    }

    fn blob(&self, blob: &Descriptor) -> Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(Counted {
            inner: self.inner.blob(blob)?,
            read: self.read.clone(),
            limit: self.limit,
        }))
    }

    fn seekable(&self, blob: &Descriptor) -> Result<Option<Box<dyn ReadSeek + '_>>> {
        let Some(inner) = self.inner.seekable(blob)? else {
            return Ok(None);
        };
        Ok(Some(Box::new(CountedBlocks {
            inner,
            read: self.read.clone(),
            limit: self.limit,
            size: blob.size,
            position: 0,
            block: None,
        })))
    }
}

struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
    limit: u64,
}

fn count(read: &AtomicU64, bytes: u64, limit: u64) -> io::Result<()> {
    let before = read.fetch_add(bytes, Ordering::Relaxed);
    if before.saturating_add(bytes) > limit {
        return Err(io::Error::other("more would be moved than allowed"));
    }
    Ok(())
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        count(&self.read, n as u64, self.limit)?;
        Ok(n)
    }
}

/// Ranges are moved in whole blocks, so those are what counts.
struct CountedBlocks<R> {
    inner: R,
    read: Arc<AtomicU64>,
    limit: u64,
    size: u64,
    position: u64,
    block: Option<u64>,
}

impl<R: Read> Read for CountedBlocks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let block = self.position / BLOCK;
        if self.block != Some(block) && self.position < self.size {
            let bytes = BLOCK.min(self.size - block * BLOCK);
            count(&self.read, bytes, self.limit)?;
            self.block = Some(block);
        }
        // Not over the block's end, where the next one begins to count.
        let room = usize::try_from((block + 1) * BLOCK - self.position).unwrap_or(usize::MAX);
        let room = room.min(buffer.len());
        let n = self
            .inner
            .read(buffer.get_mut(..room).unwrap_or_default())?;
        self.position += n as u64;
        Ok(n)
    }
}

impl<R: Seek> Seek for CountedBlocks<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.inner.seek(to)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_counted_once_and_the_limit_holds() {
        let data = vec![7u8; 3 * BLOCK as usize];
        let read: Arc<AtomicU64> = Arc::default();
        let mut reader = CountedBlocks {
            inner: io::Cursor::new(data.clone()),
            read: read.clone(),
            limit: 2 * BLOCK,
            size: data.len() as u64,
            position: 0,
            block: None,
        };
        let mut some = [0; 512];
        reader.read_exact(&mut some).unwrap();
        reader.read_exact(&mut some).unwrap();
        assert_eq!(read.load(Ordering::Relaxed), BLOCK);
        reader.seek(SeekFrom::Start(2 * BLOCK + 5)).unwrap();
        reader.read_exact(&mut some).unwrap();
        assert_eq!(read.load(Ordering::Relaxed), 2 * BLOCK);
        reader.seek(SeekFrom::Start(BLOCK)).unwrap();
        assert!(reader.read_exact(&mut some).is_err());
    }
}
