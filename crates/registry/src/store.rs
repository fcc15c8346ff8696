//! The local side of a transfer, as this crate needs it: blobs by digest, partial blobs that can be continued,
//! and one call that makes a pulled manifest visible.

use std::io::{self, Read, Seek};

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
