//! A local store to test with.

use std::io;
use std::path::PathBuf;

use kitbench_modelkit::store::{Home, Store};
use kitbench_modelkit::{Digest, Reference};

use crate::store::{BlobStore, PartialBlob, PulledManifest, ReadSeek};

/// The store of a home folder, with the questions that tests ask.
pub struct LocalStore {
    store: Store,
}

impl LocalStore {
    /// The store of the home folder `home`.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        LocalStore {
            store: Store::new(Home::at(home)),
        }
    }

    /// The store itself.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// File of a complete blob.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.store.blob_path(digest)
    }

    /// File of an unfinished blob.
    pub fn partial_path(&self, digest: &Digest) -> PathBuf {
        self.store.root().join("ingest").join(digest.hex())
    }

    /// Adds a blob.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn add(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        self.store.prepare().map_err(io::Error::other)?;
        std::fs::write(self.blob_path(&digest), bytes)?;
        Ok(digest)
    }

    /// What a tag points at.
    pub fn tag(&self, registry: &str, repository: &str, tag: &str) -> Option<Digest> {
        let repository = Reference::from_full_repository(&format!("{registry}/{repository}"))?;
        self.store
            .resolve(&repository.with_tag(tag))
            .ok()
            .map(|entry| entry.digest)
    }

    /// Names of the unfinished blobs.
    pub fn partials(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.store.root().join("ingest")) else {
            return Vec::new();
        };
        entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }
}

impl BlobStore for LocalStore {
    fn blob_size(&self, digest: &Digest) -> io::Result<Option<u64>> {
        self.store.blob_size(digest)
    }

    fn open_blob(&self, digest: &Digest) -> io::Result<Box<dyn ReadSeek>> {
        BlobStore::open_blob(&self.store, digest)
    }

    fn partial_size(&self, digest: &Digest) -> io::Result<u64> {
        self.store.partial_size(digest)
    }

    fn begin_blob(&self, digest: &Digest, size: u64) -> io::Result<Box<dyn PartialBlob>> {
        self.store.begin_blob(digest, size)
    }

    fn put_manifest(&self, manifest: &PulledManifest<'_>) -> io::Result<()> {
        self.store.put_manifest(manifest)
    }
}
