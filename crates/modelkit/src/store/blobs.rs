//! Blobs: reading them, and taking them in.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Store, TempFile, files};
use crate::digest::{Digest, Hasher};
use crate::error::{Error, Result};
use crate::manifest::Descriptor;
use crate::reference::Reference;
use crate::source::{KitResolver, KitSource, ReadSeek};

impl Store {
    /// Whether the blob is there with the right size. Its content is not checked.
    pub fn has_blob(&self, digest: &Digest, size: u64) -> bool {
        std::fs::metadata(self.blob_path(digest))
            .is_ok_and(|found| found.is_file() && found.len() == size)
    }

    /// Opens a blob for reading and seeking. `what` names it in errors.
    ///
    /// # Errors
    /// [`Error::MissingBlob`], [`Error::Io`].
    pub fn open_blob(&self, digest: &Digest, what: &str) -> Result<File> {
        let path = self.blob_path(digest);
        File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::MissingBlob {
                digest: *digest,
                what: what.to_owned(),
            },
            _ => Error::io("open", &path)(error),
        })
    }

    /// Reads a small blob whole and checks its digest.
    ///
    /// # Errors
    /// [`Error::MissingBlob`], [`Error::Size`] if it is not `size` bytes or `size` is over `limit`,
    /// [`Error::Corrupt`], [`Error::Io`].
    pub fn read_blob(&self, digest: &Digest, size: u64, limit: u64, what: &str) -> Result<Vec<u8>> {
        let file = self.open_blob(digest, what)?;
        read_small(file, digest, size, limit, what, &self.blob_path(digest))
    }

    /// Starts taking in a blob that must turn out to be `blob`, resuming at what an earlier attempt
    /// left. Call [`Store::prepare`] once before.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn blob_writer(&self, blob: &Descriptor) -> Result<BlobWriter> {
        let path = self.root().join("ingest").join(blob.digest.hex());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(&path).map_err(Error::io("open", &path))?;
        let mut writer = if file.try_lock().is_ok() {
            let mut hasher = Hasher::new();
            let mut received = 0;
            let mut buffer = vec![0; 256 << 10];
            loop {
                let n = file.read(&mut buffer).map_err(Error::io("read", &path))?;
                if n == 0 {
                    break;
                }
                hasher.update(buffer.get(..n).unwrap_or_default());
                received += n as u64;
            }
            BlobWriter {
                target: self.blob_path(&blob.digest),
                place: Place::Partial { file, path },
                hasher,
                received,
                digest: blob.digest,
                size: blob.size,
            }
        } else {
            // Another process is at it; both finish, the second rename replaces like with like.
            let temp = TempFile::create(&self.temp_folder())?;
            BlobWriter {
                target: self.blob_path(&blob.digest),
                place: Place::Temp(temp),
                hasher: Hasher::new(),
                received: 0,
                digest: blob.digest,
                size: blob.size,
            }
        };
        if writer.received > writer.size {
            writer.restart()?;
        }
        Ok(writer)
    }

    /// Takes in a small blob at once; its digest. Nothing happens if it is there.
    pub(crate) fn put_blob(&self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        if !self.has_blob(&digest, bytes.len() as u64) {
            let put = (|| {
                let mut temp = TempFile::create(&self.temp_folder())?;
                let (file, path) = temp.parts()?;
                file.write_all(bytes).map_err(Error::io("write", path))?;
                self.adopt(temp, &digest, 0o444)
            })();
            put.map_err(|error: Error| error.needing(bytes.len() as u64, self.root()))?;
        }
        Ok(digest)
    }

    /// Gives a finished temporary file its place among the blobs.
    pub(crate) fn adopt(&self, mut temp: TempFile, digest: &Digest, mode: u32) -> Result<()> {
        let (file, path) = temp.parts()?;
        files::set_mode(file, path, mode)?;
        temp.keep(&self.blob_path(digest))?;
        files::sync_folder(&self.root().join("blobs").join("sha256"));
        Ok(())
    }

    /// The kit `reference` names, as a source.
    ///
    /// # Errors
    /// As [`Store::resolve`].
    pub fn kit(&self, reference: &Reference) -> Result<StoreKit> {
        let entry = self.resolve(reference)?;
        Ok(StoreKit {
            store: self.clone(),
            reference: reference.clone(),
            entry,
        })
    }
}

/// Reads what must be at most `limit` bytes and exactly `size` of digest `digest`.
pub(crate) fn read_small(
    reader: impl Read,
    digest: &Digest,
    size: u64,
    limit: u64,
    what: &str,
    path: &Path,
) -> Result<Vec<u8>> {
    if size > limit {
        return Err(Error::Malformed {
            what: what.to_owned(),
            problem: format!("it has {size} bytes, the limit is {limit}"),
        });
    }
    let mut bytes = Vec::new();
    reader
        .take(size + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", path))?;
    if bytes.len() as u64 != size {
        return Err(Error::Size {
            what: what.to_owned(),
            expected: size,
            found: bytes.len() as u64,
        });
    }
    let found = Digest::of(&bytes);
    if found != *digest {
        return Err(Error::Corrupt {
            what: what.to_owned(),
            expected: *digest,
            found,
        });
    }
    Ok(bytes)
}

/// A kit of the local store.
pub struct StoreKit {
    store: Store,
    reference: Reference,
    entry: Descriptor,
}

impl KitSource for StoreKit {
    fn reference(&self) -> &Reference {
        &self.reference
    }

    fn manifest(&self) -> Result<(Descriptor, Vec<u8>)> {
        let what = format!("the manifest of {}", self.reference);
        let bytes = self.store.read_blob(
            &self.entry.digest,
            self.entry.size,
            crate::json::MAX_MANIFEST_BYTES,
            &what,
        )?;
        Ok((self.entry.clone(), bytes))
    }

    fn blob(&self, blob: &Descriptor) -> Result<Box<dyn Read + Send + '_>> {
        let what = format!("{} of {}", blob.media_type, self.reference);
        Ok(Box::new(self.store.open_blob(&blob.digest, &what)?))
    }

    fn seekable(&self, blob: &Descriptor) -> Result<Option<Box<dyn ReadSeek + '_>>> {
        let what = format!("{} of {}", blob.media_type, self.reference);
        Ok(Some(Box::new(self.store.open_blob(&blob.digest, &what)?)))
    }
}

impl KitResolver for Store {
    fn find(&self, reference: &Reference) -> Result<Box<dyn KitSource + '_>> {
        Ok(Box::new(self.kit(reference)?))
    }
}

enum Place {
    /// Kept when the transfer breaks off, for the next attempt.
    Partial {
        file: File,
        path: PathBuf,
    },
    Temp(TempFile),
}

/// Takes in one blob. Dropped without [`BlobWriter::commit`], it keeps what it got for the next
/// attempt.
pub struct BlobWriter {
    place: Place,
    target: PathBuf,
    hasher: Hasher,
    received: u64,
    digest: Digest,
    size: u64,
}

impl BlobWriter {
    /// Bytes there already; continue behind them.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The digest of what is there so far.
    pub fn digest(&self) -> Digest {
        self.hasher.clone().finish()
    }

    /// Drops what is there; for sources that can only start at the beginning.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn restart(&mut self) -> Result<()> {
        let (file, path) = self.file()?;
        let path = path.to_path_buf();
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .map_err(Error::io("write", path))?;
        self.hasher = Hasher::new();
        self.received = 0;
        Ok(())
    }

    /// Adds the next bytes.
    ///
    /// # Errors
    /// [`Error::Size`] once there are more than promised, [`Error::Io`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let total = self.received + bytes.len() as u64;
        if total > self.size {
            let error = Error::Size {
                what: format!("the blob {}", self.digest),
                expected: self.size,
                found: total,
            };
            self.discard();
            return Err(error);
        }
        let needed = self.size - self.received;
        let (file, path) = self.file()?;
        if let Err(error) = file.write_all(bytes) {
            // What has arrived stays, so the rest is all that is needed.
            return Err(Error::io("write", path)(error).needing(needed, path));
        }
        self.hasher.update(bytes);
        self.received = total;
        Ok(())
    }

    /// Checks the blob and puts it in its place.
    ///
    /// # Errors
    /// [`Error::Size`] if bytes are missing (what is there is kept), [`Error::Corrupt`] if they are
    /// the wrong ones (nothing is kept), [`Error::Io`].
    pub fn commit(mut self) -> Result<()> {
        if self.received != self.size {
            return Err(Error::Size {
                what: format!("the blob {}", self.digest),
                expected: self.size,
                found: self.received,
            });
        }
        let found = std::mem::take(&mut self.hasher).finish();
        if found != self.digest {
            self.discard();
            return Err(Error::Corrupt {
                what: format!("the blob {}", self.digest),
                expected: self.digest,
                found,
            });
        }
        match self.place {
            Place::Partial { file, path } => {
                files::set_mode(&file, &path, 0o600)?;
                file.sync_data().map_err(Error::io("write", &path))?;
                std::fs::rename(&path, &self.target).map_err(Error::io("write", &self.target))?;
            }
            Place::Temp(temp) => temp.keep(&self.target)?,
        }
        if let Some(folder) = self.target.parent() {
            files::sync_folder(folder);
        }
        Ok(())
    }

    /// Throws away what was received.
    pub fn discard(&mut self) {
        if let Place::Partial { path, file } = &mut self.place {
            // If it cannot be deleted it is emptied; a wrong partial must not be resumed.
            if std::fs::remove_file(path).is_err() {
                let _ = file.set_len(0);
            }
        }
        self.hasher = Hasher::new();
        self.received = 0;
    }

    fn file(&mut self) -> Result<(&mut File, &Path)> {
        match &mut self.place {
            Place::Partial { file, path } => Ok((file, path)),
            Place::Temp(temp) => temp.parts(),
        }
    }
}
