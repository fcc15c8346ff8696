//! The store shared with `kit` as the local side of a transfer.

use std::io;

use kitbench_modelkit::store::{BlobWriter, Store};
use kitbench_modelkit::{Descriptor, Digest, Error, Reference};

use crate::store::{BlobStore, PartialBlob, PulledManifest, ReadSeek};

impl BlobStore for Store {
    fn blob_size(&self, digest: &Digest) -> io::Result<Option<u64>> {
        size_of(&self.blob_path(digest))
    }

    fn open_blob(&self, digest: &Digest) -> io::Result<Box<dyn ReadSeek>> {
        let file = Store::open_blob(self, digest, "the ModelKit").map_err(to_io)?;
        Ok(Box::new(file))
    }

    fn partial_size(&self, digest: &Digest) -> io::Result<u64> {
        size_of(&self.root().join("ingest").join(digest.hex())).map(Option::unwrap_or_default)
    }

    fn begin_blob(&self, digest: &Digest, size: u64) -> io::Result<Box<dyn PartialBlob>> {
        self.prepare().map_err(to_io)?;
        let writer = self
            .blob_writer(&Descriptor::new("", *digest, size))
            .map_err(to_io)?;
        Ok(Box::new(Incoming {
            writer: Some(writer),
        }))
    }

    fn put_manifest(&self, manifest: &PulledManifest<'_>) -> io::Result<()> {
        let name = format!("{}/{}", manifest.registry, manifest.repository);
        let repository = Reference::from_full_repository(&name).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{name} cannot be the name of a repository of the local store"),
            )
        })?;
        let tags: Vec<String> = manifest.tag.map(str::to_owned).into_iter().collect();
        self.add_manifest(&repository, manifest.bytes, &tags)
            .map(|_| ())
            .map_err(to_io)
    }
}

/// A blob on its way into the store; empty it leaves nothing behind.
struct Incoming {
    /// `None` only after the end.
    writer: Option<BlobWriter>,
}

impl Incoming {
    fn writer(&mut self) -> io::Result<&mut BlobWriter> {
        self.writer.as_mut().ok_or_else(over)
    }
}

impl PartialBlob for Incoming {
    fn len(&self) -> u64 {
        self.writer.as_ref().map_or(0, BlobWriter::received)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer()?.write(bytes).map_err(to_io)
    }

    fn restart(&mut self) -> io::Result<()> {
        self.writer()?.restart().map_err(to_io)
    }

    fn digest(&self) -> Digest {
        self.writer
            .as_ref()
            .map_or_else(|| Digest::of(b""), BlobWriter::digest)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.writer.take().ok_or_else(over)?.commit().map_err(to_io)
    }

    fn discard(mut self: Box<Self>) -> io::Result<()> {
        self.writer()?.discard();
        self.writer = None;
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.as_mut().filter(|writer| writer.received() == 0) {
            writer.discard();
        }
    }
}

fn over() -> io::Error {
    io::Error::other("the blob is complete already")
}

fn size_of(path: &std::path::Path) -> io::Result<Option<u64>> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Keeps the kind, so that a full disk or a missing right is still told apart.
fn to_io(error: Error) -> io::Error {
    let kind = match &error {
        Error::Io { source, .. } => source.kind(),
        Error::MissingBlob { .. } => io::ErrorKind::NotFound,
        Error::Corrupt { .. } | Error::Size { .. } | Error::Malformed { .. } => {
            io::ErrorKind::InvalidData
        }
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error.to_string())
}
