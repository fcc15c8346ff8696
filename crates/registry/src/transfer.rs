//! What push, pull and copy share: the request, the outcome, and running blobs in parallel.

use futures_util::StreamExt as _;
use futures_util::stream;
use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::{Descriptor, Digest};

use crate::error::{Error, Result};

/// What a transfer did, in bytes. A blob that a manifest lists twice counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Digest of the manifest.
    pub digest: Digest,
    /// Bytes that went over the network.
    pub moved_bytes: u64,
    /// Bytes that were on the other side already.
    pub reused_bytes: u64,
    /// Bytes that the registry linked from another repository.
    pub mounted_bytes: u64,
}

impl Outcome {
    pub(crate) fn new(digest: Digest) -> Self {
        Outcome {
            digest,
            moved_bytes: 0,
            reused_bytes: 0,
            mounted_bytes: 0,
        }
    }
}

/// What a transfer would do, found out without moving a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preflight {
    /// Digest of the manifest.
    pub digest: Digest,
    /// The manifest's blobs (layers, then config), each once.
    pub blobs: Vec<PreflightBlob>,
}

/// One blob of a [`Preflight`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreflightBlob {
    pub descriptor: Descriptor,
    /// Bytes of it that the receiving side has: 0, all, or a part that can be continued.
    pub there_bytes: u64,
}

impl Preflight {
    /// Bytes that have to move.
    pub fn missing_bytes(&self) -> u64 {
        self.blobs.iter().fold(0, |sum, blob| {
            sum.saturating_add(blob.descriptor.size.saturating_sub(blob.there_bytes))
        })
    }

    /// Bytes that are there already.
    pub fn there_bytes(&self) -> u64 {
        self.blobs
            .iter()
            .fold(0, |sum, blob| sum.saturating_add(blob.there_bytes))
    }
}

/// Runs `work` on all items, `concurrency` at a time. The first failure stops the others through `stop` and is
/// awaited, so that nothing runs on after the return.
pub(crate) async fn in_parallel<T, R, F>(
    items: impl IntoIterator<Item = T>,
    concurrency: usize,
    stop: &CancellationToken,
    work: impl Fn(T) -> F,
) -> Result<Vec<R>>
where
    F: Future<Output = Result<R>>,
{
    let mut first_error: Option<Error> = None;
    let mut results = Vec::new();
    let futures = items.into_iter().map(|item| {
        let future = work(item);
        async move {
            if stop.is_cancelled() {
                Err(Error::Cancelled)
            } else {
                future.await
            }
        }
    });
    let mut running = stream::iter(futures).buffer_unordered(concurrency.max(1));
    while let Some(result) = running.next().await {
        match result {
            Ok(value) => results.push(value),
            Err(error) => {
                stop.cancel();
                // "Cancelled" of the others is an echo of the first failure.
                if first_error.is_none() {
                    first_error = Some(error);
                }
            }
        }
    }
    match first_error {
        None => Ok(results),
        Some(error) => Err(error),
    }
}

/// Ends a future when the user cancels.
pub(crate) async fn or_cancelled<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::Cancelled),
        result = work => result,
    }
}
