//! Receiving one blob: continued where it stopped, checked against its digest, never longer than announced.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use kitbench_modelkit::progress::{CancellationToken, StepState};
use kitbench_modelkit::{Descriptor, Digest};
use reqwest::header::RANGE;
use reqwest::{Method, StatusCode};
use tokio::task::JoinHandle;

use crate::auth::Scope;
use crate::blobs::content_range_start;
use crate::error::{Error, Result};
use crate::registry::Registry;
use crate::steps::Row;
use crate::store::{BlobStore, PartialBlob};
use crate::transport::Request;

/// Bytes collected before they are hashed and written on a blocking thread.
const BATCH: usize = 1024 * 1024;

/// Receives one blob of one repository into the local store.
pub(crate) struct Download<'a> {
    pub registry: &'a Registry,
    pub repository: &'a str,
    pub blob: &'a Descriptor,
    pub store: &'a Arc<dyn BlobStore>,
    pub row: &'a Row,
    pub cancel: &'a CancellationToken,
}

/// How one connection ended.
enum Ended {
    /// The body is complete as far as the server is concerned.
    Complete,
    /// The server starts over, or wants us to.
    Restarted,
}

impl Download<'_> {
    /// Receives the blob. Cancelled or failed on the way, it keeps what can be continued.
    pub async fn run(&self) -> Result<()> {
        let mut sink = self.open_sink().await?;
        let result = tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Error::Cancelled),
            result = self.fill(&mut sink) => result,
        };
        match result {
            Ok(()) => {
                self.row.state(StepState::Verifying);
                sink.finish().await
            }
            Err(error @ (Error::DigestMismatch { .. } | Error::SizeMismatch { .. })) => {
                // Not worth continuing: nothing of it stays.
                sink.discard().await?;
                Err(error)
            }
            Err(error) => {
                // What has arrived stays, to be continued; if even that fails, the first error is the story.
                let _ = sink.settle().await;
                Err(error)
            }
        }
    }

    fn what(&self) -> String {
        format!("blob {} of {}", self.blob.digest, self.repository)
    }

    async fn open_sink(&self) -> Result<Sink> {
        if self
            .store
            .partial_size(&self.blob.digest)
            .map_err(|cause| Error::local(self.what(), cause))?
            > 0
        {
            self.row.state(StepState::Verifying);
        }
        let (store, digest, size) = (self.store.clone(), self.blob.digest, self.blob.size);
        let partial = blocking(move || store.begin_blob(&digest, size)).await?;
        let partial =
            partial.map_err(|cause| Error::local(format!("writing {}", self.what()), cause))?;
        self.row.state(StepState::Downloading);
        self.row.reached(partial.len());
        Ok(Sink::new(partial, self.what()))
    }

    /// Fills the sink to the blob's size and digest, over as many connections as it takes.
    async fn fill(&self, sink: &mut Sink) -> Result<()> {
        let mut continued = sink.len > 0;
        let mut attempt = 0;
        loop {
            let before = sink.len;
            let outcome = match sink.len < self.blob.size
                || (self.blob.size == 0 && attempt == 0 && before == 0)
            {
                true => self.connection(sink).await,
                false => Ok(Ended::Complete),
            };
            let error = match outcome {
                Ok(Ended::Restarted) => {
                    continued = false;
                    if attempt >= self.registry.config().retry.retries {
                        return Err(Error::Protocol {
                            host: self.registry.host().to_owned(),
                            problem: format!(
                                "it never sends {} from where it was asked to",
                                self.what()
                            ),
                        });
                    }
                    attempt += 1;
                    continue;
                }
                Ok(Ended::Complete) => {
                    let digest = sink.digest().await?;
                    if sink.len == self.blob.size && digest == self.blob.digest {
                        return Ok(());
                    }
                    if continued {
                        // The part from an earlier run was bad; this run starts over once.
                        continued = false;
                        sink.restart().await?;
                        continue;
                    }
                    return Err(self.mismatch(sink.len, digest));
                }
                Err(error) => error,
            };
            // Every connection that brought something earns new patience.
            if sink.len > before {
                attempt = 0;
            }
            if !error.is_transient_in_transfer() || attempt >= self.registry.config().retry.retries
            {
                return Err(error);
            }
            self.registry.transport.pause(attempt, error).await?;
            attempt += 1;
        }
    }

    fn mismatch(&self, length: u64, digest: Digest) -> Error {
        let host = self.registry.host().to_owned();
        match length == self.blob.size {
            true => Error::DigestMismatch {
                host,
                what: self.what(),
                expected: self.blob.digest.to_string(),
                actual: digest.to_string(),
            },
            false => Error::SizeMismatch {
                host,
                what: self.what(),
                expected: self.blob.size,
                actual: length,
            },
        }
    }

    /// One request, from where the sink stands to the end of its body.
    async fn connection(&self, sink: &mut Sink) -> Result<Ended> {
        let offset = sink.len;
        let mut request = Request::new(
            Method::GET,
            self.registry.blob_url(self.repository, &self.blob.digest)?,
            Scope::pull(self.repository),
            self.what(),
        )
        .once();
        if offset > 0 {
            request = request.header(
                RANGE,
                format!("bytes={offset}-{}", self.blob.size.saturating_sub(1)),
            )?;
        }
        let accepted = [
            StatusCode::OK,
            StatusCode::PARTIAL_CONTENT,
            StatusCode::RANGE_NOT_SATISFIABLE,
        ];
        let mut response = self.registry.transport.call(request, &accepted).await?;
        let whole_again = response.status() == StatusCode::OK && offset > 0;
        let elsewhere = response.status() == StatusCode::PARTIAL_CONTENT
            && content_range_start(&response).unwrap_or_default() != offset;
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE || elsewhere {
            sink.restart().await?;
            return Ok(Ended::Restarted);
        }
        if whole_again {
            // No ranges here: this answer is the blob from its beginning.
            sink.restart().await?;
        }
        if let Some(announced) = response.content_length()
            && sink.len.saturating_add(announced) > self.blob.size
        {
            return Err(self.too_long(sink.len.saturating_add(announced)));
        }
        loop {
            match self
                .registry
                .transport
                .next_chunk(&mut response, &self.what())
                .await
            {
                Ok(Some(chunk)) => {
                    if sink.len.saturating_add(chunk.len() as u64) > self.blob.size {
                        return Err(self.too_long(sink.len.saturating_add(chunk.len() as u64)));
                    }
                    sink.push(chunk).await?;
                    self.row.reached(sink.len);
                }
                Ok(None) => return Ok(Ended::Complete),
                Err(error) => {
                    sink.settle().await?;
                    return Err(error);
                }
            }
        }
    }

    fn too_long(&self, actual: u64) -> Error {
        Error::SizeMismatch {
            host: self.registry.host().to_owned(),
            what: self.what(),
            expected: self.blob.size,
            actual,
        }
    }
}

/// Writes to a partial blob on blocking threads, one batch behind the network. Dropping a future that works on it
/// loses nothing: the batch and the running write stay in the sink.
struct Sink {
    what: String,
    /// Bytes taken, written or not.
    len: u64,
    batch: BytesMut,
    partial: Option<Box<dyn PartialBlob>>,
    writing: Option<JoinHandle<Written>>,
}

type Written = (Box<dyn PartialBlob>, std::io::Result<()>);

impl Sink {
    fn new(partial: Box<dyn PartialBlob>, what: String) -> Self {
        Sink {
            what,
            len: partial.len(),
            batch: BytesMut::new(),
            partial: Some(partial),
            writing: None,
        }
    }

    async fn push(&mut self, chunk: Bytes) -> Result<()> {
        self.batch.extend_from_slice(&chunk);
        self.len += chunk.len() as u64;
        if self.batch.len() >= BATCH {
            self.write().await
        } else {
            Ok(())
        }
    }

    /// Hands the batch to a blocking thread, after the one before is done.
    async fn write(&mut self) -> Result<()> {
        self.idle().await?;
        if let Some(mut partial) = self.partial.take() {
            let batch = self.batch.split();
            self.writing = Some(tokio::task::spawn_blocking(move || {
                let result = partial.append(&batch);
                (partial, result)
            }));
        }
        Ok(())
    }

    /// Waits for the running write.
    async fn idle(&mut self) -> Result<()> {
        let Some(writing) = &mut self.writing else {
            return Ok(());
        };
        let joined = writing.await;
        self.writing = None;
        let (partial, result) = joined.map_err(|_| stopped())?;
        self.partial = Some(partial);
        result.map_err(|cause| Error::local(format!("writing {}", self.what), cause))
    }

    /// Everything taken is written.
    async fn settle(&mut self) -> Result<()> {
        self.idle().await?;
        if !self.batch.is_empty() {
            self.write().await?;
            self.idle().await?;
        }
        Ok(())
    }

    async fn digest(&mut self) -> Result<Digest> {
        self.settle().await?;
        self.partial
            .as_ref()
            .map(|partial| partial.digest())
            .ok_or_else(stopped)
    }

    async fn restart(&mut self) -> Result<()> {
        self.idle().await?;
        self.batch.clear();
        self.len = 0;
        let partial = self.partial.as_mut().ok_or_else(stopped)?;
        partial
            .restart()
            .map_err(|cause| Error::local(format!("writing {}", self.what), cause))
    }

    async fn finish(mut self) -> Result<()> {
        self.settle().await?;
        let partial = self.partial.take().ok_or_else(stopped)?;
        blocking(move || partial.finish())
            .await?
            .map_err(|cause| Error::local(format!("storing {}", self.what), cause))
    }

    async fn discard(mut self) -> Result<()> {
        self.batch.clear();
        // A failed write does not matter any more.
        let _ = self.idle().await;
        match self.partial.take() {
            Some(partial) => partial
                .discard()
                .map_err(|cause| Error::local(format!("removing {}", self.what), cause)),
            None => Ok(()),
        }
    }
}

/// Runs blocking work; the error is the runtime going down.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| stopped())
}

fn stopped() -> Error {
    Error::local(
        "the transfer",
        std::io::Error::other("its writing thread stopped"),
    )
}
