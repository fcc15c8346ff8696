//! The plainest local side there is.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use kitbench_modelkit::Digest;

use crate::store::{BlobStore, PartialBlob, PartialFile, PulledManifest, ReadSeek};

/// `blobs/<hex>`, `ingest/<hex>`, and `tags/<repository with / as +>/<tag>` holding the digest.
pub struct FolderStore {
    folder: PathBuf,
}

impl FolderStore {
    /// A store in `folder`, which is filled as needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        FolderStore {
            folder: folder.into(),
        }
    }

    /// The store's folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// File of a complete blob.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.folder.join("blobs").join(digest.hex())
    }

    /// File of an unfinished blob.
    pub fn partial_path(&self, digest: &Digest) -> PathBuf {
        self.folder.join("ingest").join(digest.hex())
    }

    /// Adds a blob.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn add(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        std::fs::create_dir_all(self.folder.join("blobs"))?;
        std::fs::write(self.blob_path(&digest), bytes)?;
        Ok(digest)
    }

    /// What a tag points at.
    pub fn tag(&self, repository: &str, tag: &str) -> Option<Digest> {
        let path = self
            .folder
            .join("tags")
            .join(repository.replace('/', "+"))
            .join(tag);
        std::fs::read_to_string(path).ok()?.parse().ok()
    }

    /// Names of the files in `ingest`.
    pub fn partials(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.folder.join("ingest")) else {
            return Vec::new();
        };
        entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }
}

impl BlobStore for FolderStore {
    fn blob_size(&self, digest: &Digest) -> io::Result<Option<u64>> {
        size_of(&self.blob_path(digest))
    }

    fn open_blob(&self, digest: &Digest) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(File::open(self.blob_path(digest))?))
    }

    fn partial_size(&self, digest: &Digest) -> io::Result<u64> {
        size_of(&self.partial_path(digest)).map(Option::unwrap_or_default)
    }

    fn begin_blob(&self, digest: &Digest, size: u64) -> io::Result<Box<dyn PartialBlob>> {
        let partial = PartialFile::open(
            &self.folder.join("ingest"),
            self.blob_path(digest),
            digest,
            size,
        )?;
        Ok(Box::new(partial))
    }

    fn put_manifest(&self, manifest: &PulledManifest<'_>) -> io::Result<()> {
        let digest = self.add(manifest.bytes)?;
        if let Some(tag) = manifest.tag {
            let folder = self
                .folder
                .join("tags")
                .join(manifest.repository.replace('/', "+"));
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join(tag), digest.to_string())?;
        }
        Ok(())
    }
}

fn size_of(path: &Path) -> io::Result<Option<u64>> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
