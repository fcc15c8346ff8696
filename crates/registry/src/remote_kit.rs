//! A ModelKit in a registry as a source for blocking code: unpacking, comparing, looking inside,
//! without keeping it in the local store.
//!
//! These types bridge from blocking threads to the runtime, so they must not be used on its worker threads.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::{Buf as _, Bytes};
use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::source::{KitResolver, KitSource, ReadSeek};
use kitbench_modelkit::{Descriptor, Digest, Manifest, Reference};
use reqwest::header::RANGE;
use reqwest::{Method, StatusCode};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::auth::Scope;
use crate::blobs::content_range_start;
use crate::error::{Error, Result};
use crate::manifests::RemoteManifest;
use crate::registry::Registry;
use crate::transfer::or_cancelled;
use crate::transport::Request;

/// Pieces waiting between connection and reader.
const PIECES_AHEAD: usize = 16;
/// Bytes that [`BlobReader`] asks for at once.
const BLOCK: u64 = 1024 * 1024;

/// A ModelKit in a registry.
pub struct RemoteKit {
    registry: Registry,
    reference: Reference,
    remote: RemoteManifest,
    manifest: Manifest,
    runtime: Handle,
    cancel: CancellationToken,
    fetched: Arc<AtomicU64>,
    /// The last piece that was read: who looks for a file in a layer reads its beginning twice.
    last: Arc<Mutex<Option<(Digest, u64, Bytes)>>>,
}

impl Registry {
    /// The ModelKit that `reference` names (its tag or digest, else `latest`); its registry is this one.
    /// Cancelling later ends the reading of its blobs.
    ///
    /// # Errors
    /// Those of [`Registry::manifest`], and [`Error::NotAModelKit`].
    pub async fn kit(
        &self,
        reference: &Reference,
        cancel: &CancellationToken,
    ) -> Result<RemoteKit> {
        let reference = reference.clone().or_latest();
        let tag_or_digest = reference.tag_or_digest().unwrap_or_default();
        let fetched = self.manifest(&reference.repository, &tag_or_digest);
        let remote = or_cancelled(cancel, fetched).await?;
        let manifest = remote.modelkit()?;
        Ok(RemoteKit {
            registry: self.clone(),
            reference,
            remote,
            manifest,
            runtime: Handle::current(),
            cancel: cancel.clone(),
            fetched: Arc::default(),
            last: Arc::default(),
        })
    }
}

impl RemoteKit {
    /// Its manifest.
    pub fn parsed_manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its digest.
    pub fn digest(&self) -> Digest {
        self.remote.digest
    }

    /// Bytes of blobs that came from the registry so far.
    pub fn fetched_bytes(&self) -> u64 {
        self.fetched.load(Ordering::Relaxed)
    }

    /// Reads a blob from any position, in pieces, where the registry allows that.
    pub fn reader(&self, blob: &Descriptor) -> BlobReader {
        BlobReader {
            registry: self.registry.clone(),
            repository: self.reference.repository.clone(),
            digest: blob.digest,
            size: blob.size,
            runtime: self.runtime.clone(),
            cancel: self.cancel.clone(),
            fetched: self.fetched.clone(),
            last: self.last.clone(),
            position: 0,
            block_start: 0,
            block: Bytes::new(),
        }
    }
}

impl KitSource for RemoteKit {
    fn reference(&self) -> &Reference {
        &self.reference
    }

    fn manifest(&self) -> kitbench_modelkit::Result<(Descriptor, Vec<u8>)> {
        Ok((self.remote.descriptor(), self.remote.bytes.to_vec()))
    }

    fn blob(&self, blob: &Descriptor) -> kitbench_modelkit::Result<Box<dyn Read + Send + '_>> {
        let (sender, receiver) = mpsc::channel(PIECES_AHEAD);
        let stream = BlobStream {
            registry: self.registry.clone(),
            repository: self.reference.repository.clone(),
            blob: blob.clone(),
            cancel: self.cancel.clone(),
            fetched: self.fetched.clone(),
        };
        self.runtime.spawn(async move {
            if let Err(error) = stream.run(&sender).await {
                // The reader may be gone already.
                let _ = sender.send(Err(error)).await;
            }
        });
        Ok(Box::new(ChannelReader {
            receiver,
            piece: Bytes::new(),
        }))
    }

    /// Whether this registry serves pieces is found out with the first one.
    fn seekable(
        &self,
        blob: &Descriptor,
    ) -> kitbench_modelkit::Result<Option<Box<dyn ReadSeek + '_>>> {
        let mut reader = self.reader(blob);
        match reader.load(0) {
            Ok(()) => Ok(Some(Box::new(reader))),
            Err(Error::Unsupported { .. }) => Ok(None),
            Err(Error::Cancelled) => Err(kitbench_modelkit::Error::Cancelled),
            Err(error) => Err(kitbench_modelkit::Error::Source(Box::new(error))),
        }
    }
}

/// One blob on its way to a blocking reader; continued where a connection breaks.
struct BlobStream {
    registry: Registry,
    repository: String,
    blob: Descriptor,
    cancel: CancellationToken,
    fetched: Arc<AtomicU64>,
}

type Piece = Result<Bytes>;

impl BlobStream {
    async fn run(&self, sender: &mpsc::Sender<Piece>) -> Result<()> {
        let mut sent = 0;
        let mut attempt = 0;
        while sent < self.blob.size {
            let before = sent;
            let error = match or_cancelled(&self.cancel, self.connection(sender, &mut sent)).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if sent > before {
                attempt = 0;
            }
            if !error.is_transient_in_transfer() || attempt >= self.registry.config().retry.retries
            {
                return Err(error);
            }
            or_cancelled(&self.cancel, self.registry.transport.pause(attempt, error)).await?;
            attempt += 1;
        }
        Ok(())
    }

    /// Sends from byte `sent` to the end of the blob; returns early when the reader is gone.
    async fn connection(&self, sender: &mpsc::Sender<Piece>, sent: &mut u64) -> Result<()> {
        let what = format!("blob {} of {}", self.blob.digest, self.repository);
        let url = self
            .registry
            .blob_url(&self.repository, &self.blob.digest)?;
        let mut request = Request::new(
            Method::GET,
            url,
            Scope::pull(&self.repository),
            what.clone(),
        )
        .once();
        if *sent > 0 {
            request = request.header(RANGE, format!("bytes={sent}-{}", self.blob.size - 1))?;
        }
        let accepted = [StatusCode::OK, StatusCode::PARTIAL_CONTENT];
        let mut response = self.registry.transport.call(request, &accepted).await?;
        let mut skip = match response.status() {
            // The whole blob once more: what the reader has is passed over.
            StatusCode::OK => *sent,
            _ if content_range_start(&response) == Some(*sent) => 0,
            _ => {
                return Err(Error::Protocol {
                    host: self.registry.host().to_owned(),
                    problem: format!("it sent another piece of {what} than asked for"),
                });
            }
        };
        while let Some(mut chunk) = self
            .registry
            .transport
            .next_chunk(&mut response, &what)
            .await?
        {
            self.fetched
                .fetch_add(chunk.len() as u64, Ordering::Relaxed);
            let passed = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
            chunk.advance(passed);
            skip -= passed as u64;
            if chunk.is_empty() {
                continue;
            }
            let total = sent.saturating_add(chunk.len() as u64);
            if total > self.blob.size {
                return Err(self.wrong_size(&what, total));
            }
            if sender.send(Ok(chunk)).await.is_err() {
                return Ok(());
            }
            *sent = total;
        }
        match *sent == self.blob.size {
            true => Ok(()),
            false => Err(self.wrong_size(&what, *sent)),
        }
    }

    fn wrong_size(&self, what: &str, actual: u64) -> Error {
        Error::SizeMismatch {
            host: self.registry.host().to_owned(),
            what: what.to_owned(),
            expected: self.blob.size,
            actual,
        }
    }
}

struct ChannelReader {
    receiver: mpsc::Receiver<Piece>,
    piece: Bytes,
}

impl Read for ChannelReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece.map_err(to_io)?,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.piece.len());
        self.piece
            .split_to(count)
            .copy_to_slice(buffer.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}

/// A blob in a registry, read from any position, one megabyte at a time. What it reads cannot be checked against
/// the digest, which is that of the whole.
pub struct BlobReader {
    registry: Registry,
    repository: String,
    digest: Digest,
    size: u64,
    runtime: Handle,
    cancel: CancellationToken,
    fetched: Arc<AtomicU64>,
    last: Arc<Mutex<Option<(Digest, u64, Bytes)>>>,
    position: u64,
    block_start: u64,
    block: Bytes,
}

impl BlobReader {
    fn in_block(&self) -> Option<usize> {
        let offset = self.position.checked_sub(self.block_start)?;
        usize::try_from(offset)
            .ok()
            .filter(|&offset| offset < self.block.len())
    }

    /// Fetches the block that `position` lies in.
    fn load(&mut self, position: u64) -> Result<()> {
        let start = position - position % BLOCK;
        if let Ok(last) = self.last.lock()
            && let Some((digest, at, block)) = &*last
            && (digest, *at) == (&self.digest, start)
        {
            (self.block_start, self.block) = (start, block.clone());
            return Ok(());
        }
        let range = start..start.saturating_add(BLOCK).min(self.size);
        let wanted = range.end.saturating_sub(range.start);
        let read = self
            .registry
            .blob_range(&self.repository, &self.digest, range);
        let block = self.runtime.block_on(or_cancelled(&self.cancel, read))?;
        self.fetched
            .fetch_add(block.len() as u64, Ordering::Relaxed);
        if block.len() as u64 != wanted {
            return Err(Error::SizeMismatch {
                host: self.registry.host().to_owned(),
                what: format!("a piece of blob {} of {}", self.digest, self.repository),
                expected: wanted,
                actual: block.len() as u64,
            });
        }
        if let Ok(mut last) = self.last.lock() {
            *last = Some((self.digest, start, block.clone()));
        }
        (self.block_start, self.block) = (start, block);
        Ok(())
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        if self.in_block().is_none() {
            self.load(self.position).map_err(to_io)?;
        }
        let offset = self.in_block().unwrap_or_default();
        let rest = self.block.get(offset..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for BlobReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "a position before the beginning",
            )
        })?;
        Ok(self.position)
    }
}

/// Finds kits in registries, for parents named in a Kitfile and for kits that are not in the local store.
pub struct RemoteResolver<Open> {
    open: Open,
    runtime: Handle,
    cancel: CancellationToken,
}

impl<Open: Fn(&Reference) -> Result<Registry> + Send + Sync> RemoteResolver<Open> {
    /// `open` gives the registry of a reference, with its settings and credentials.
    pub fn new(runtime: Handle, cancel: CancellationToken, open: Open) -> Self {
        RemoteResolver {
            open,
            runtime,
            cancel,
        }
    }
}

impl<Open: Fn(&Reference) -> Result<Registry> + Send + Sync> KitResolver for RemoteResolver<Open> {
    fn find(&self, reference: &Reference) -> kitbench_modelkit::Result<Box<dyn KitSource + '_>> {
        let found = (self.open)(reference)
            .and_then(|registry| self.runtime.block_on(registry.kit(reference, &self.cancel)));
        match found {
            Ok(kit) => Ok(Box::new(kit)),
            Err(Error::Cancelled) => Err(kitbench_modelkit::Error::Cancelled),
            Err(error) => Err(kitbench_modelkit::Error::Source(Box::new(error))),
        }
    }
}

/// Keeps the error inside, so that its kind and hint are not lost.
fn to_io(error: Error) -> io::Error {
    let kind = match &error {
        Error::Timeout { .. } => io::ErrorKind::TimedOut,
        Error::NotFound { .. } => io::ErrorKind::NotFound,
        Error::DigestMismatch { .. } | Error::SizeMismatch { .. } => io::ErrorKind::InvalidData,
        Error::Unsupported { .. } => io::ErrorKind::Unsupported,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
