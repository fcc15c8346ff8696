//! The local side of a transfer, as this crate needs it: blobs by digest, partial blobs that can be continued,
//! and one call that makes a pulled manifest visible.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use kitbench_modelkit::digest::Hasher;
use kitbench_modelkit::{Descriptor, Digest};

/// Something to read from any position.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// The local side of a transfer. All calls block and run on blocking threads, except
/// [`BlobStore::blob_size`] and [`BlobStore::open_blob`], which must be quick.
pub trait BlobStore: Send + Sync + 'static {
    /// Size of a complete blob in bytes, `None` if it is not here.
    fn blob_size(&self, digest: &Digest) -> io::Result<Option<u64>>;

    /// Opens a complete blob.
    fn open_blob(&self, digest: &Digest) -> io::Result<Box<dyn ReadSeek>>;

    /// Bytes of an unfinished blob that are here already; 0 if there are none.
    fn partial_size(&self, digest: &Digest) -> io::Result<u64>;

    /// Begins or continues a blob of `size` bytes; what is here already is hashed again.
    fn begin_blob(&self, digest: &Digest, size: u64) -> io::Result<Box<dyn PartialBlob>>;

    /// Makes a manifest visible, whose blobs are all here. The last step of a pull.
    fn put_manifest(&self, manifest: &PulledManifest<'_>) -> io::Result<()>;
}

/// A blob that is being received. Dropping it keeps what was written, to be continued later.
pub trait PartialBlob: Send {
    /// Bytes so far.
    fn len(&self) -> u64;
    /// True when nothing is here yet.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Adds bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Forgets everything and starts at 0.
    fn restart(&mut self) -> io::Result<()>;
    /// Digest of all bytes so far.
    fn digest(&self) -> Digest;
    /// Makes the blob a complete one. The caller has checked length and digest.
    fn finish(self: Box<Self>) -> io::Result<()>;
    /// Removes what was written.
    fn discard(self: Box<Self>) -> io::Result<()>;
}

/// A manifest that was pulled, ready to be listed.
#[derive(Clone, Debug)]
pub struct PulledManifest<'a> {
    /// Host as the user wrote it.
    pub registry: &'a str,
    pub repository: &'a str,
    /// `None` when pulled by digest.
    pub tag: Option<&'a str>,
    pub descriptor: &'a Descriptor,
    pub bytes: &'a [u8],
}

/// A partial blob in a file: `<ingest>/<hex>`, moved to its place when complete. `kit` uses the same
/// place and continues such files too (section 6.4 of the compatibility reference).
///
/// One process writes it at a time: the file is locked while open. A second transfer of the same blob writes a
/// private file beside it, which does not outlive it.
pub struct PartialFile {
    file: File,
    path: PathBuf,
    target: PathBuf,
    hasher: Hasher,
    len: u64,
    private: bool,
    finished: bool,
}

impl PartialFile {
    /// Opens or creates the partial file of `digest` in the folder `ingest`; complete it goes to `target`.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn open(
        ingest: &Path,
        target: PathBuf,
        digest: &Digest,
        size: u64,
    ) -> io::Result<PartialFile> {
        std::fs::create_dir_all(ingest)?;
        let mut path = ingest.join(digest.hex());
        let mut file = open_partial(&path)?;
        let mut private = false;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                path = ingest.join(format!(
                    "{}.{}-{}",
                    digest.hex(),
                    std::process::id(),
                    unique()
                ));
                file = open_partial(&path)?;
                private = true;
            }
            // Some network file systems know no locks; the digest still guards the content.
            Err(std::fs::TryLockError::Error(_)) => {}
        }
        let mut partial = PartialFile {
            file,
            path,
            target,
            hasher: Hasher::new(),
            len: 0,
            private,
            finished: false,
        };
        if partial.file.metadata()?.len() > size {
            partial.restart()?;
        } else {
            partial.rehash()?;
        }
        Ok(partial)
    }

    fn rehash(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut buffer = vec![0u8; 1024 * 1024];
        loop {
            match self.file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => {
                    self.hasher.update(buffer.get(..count).unwrap_or_default());
                    self.len += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn open_partial(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

fn unique() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl PartialBlob for PartialFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.len))?;
        if let Err(error) = self.file.write_all(bytes) {
            // A full disk leaves a piece that is not counted; cut it off so that length and hash agree.
            let _ = self.file.set_len(self.len);
            return Err(error);
        }
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.hasher = Hasher::new();
        self.len = 0;
        Ok(())
    }

    fn digest(&self) -> Digest {
        self.hasher.clone().finish()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.file.sync_data()?;
        if let Some(folder) = self.target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::rename(&self.path, &self.target)?;
        self.finished = true;
        Ok(())
    }

    fn discard(mut self: Box<Self>) -> io::Result<()> {
        self.finished = true;
        std::fs::remove_file(&self.path)
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        // An empty file is of no use to a continuation, a private one has no name to be found by.
        if !self.finished && (self.private || self.len == 0) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
