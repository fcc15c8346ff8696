//! Where the bytes of a blob come from.

use std::sync::Arc;

use futures_util::stream;
use kitbench_modelkit::Descriptor;
use reqwest::header::RANGE;
use reqwest::{Method, StatusCode};

use crate::auth::Scope;
use crate::blobs::content_range_start;
use crate::error::{Error, Result};
use crate::feed::{Pieces, pieces_of};
use crate::registry::Registry;
use crate::store::BlobStore;
use crate::transport::Request;

/// Where the bytes of a blob come from.
#[derive(Clone)]
pub(crate) enum Source {
    Local(Arc<dyn BlobStore>),
    /// Another registry (or another repository): nothing is kept on this machine.
    Remote {
        registry: Registry,
        repository: String,
    },
}

impl Source {
    /// `length` bytes of the blob from `start`.
    pub async fn open(&self, blob: &Descriptor, start: u64, length: u64) -> Result<Pieces> {
        match self {
            Source::Local(store) => {
                let what = format!("blob {} of the local store", blob.digest);
                let failed = |cause| Error::local(format!("opening {what}"), cause);
                let mut reader = store.open_blob(&blob.digest).map_err(failed)?;
                reader
                    .seek(std::io::SeekFrom::Start(start))
                    .map_err(failed)?;
                Ok(pieces_of(Box::new(reader), length, what))
            }
            Source::Remote {
                registry,
                repository,
            } => remote_pieces(registry, repository, blob, start, length).await,
        }
    }
}

async fn remote_pieces(
    registry: &Registry,
    repository: &str,
    blob: &Descriptor,
    start: u64,
    length: u64,
) -> Result<Pieces> {
    let what = format!("blob {} of {repository}", blob.digest);
    let mut request = Request::new(
        Method::GET,
        registry.blob_url(repository, &blob.digest)?,
        Scope::pull(repository),
        what.clone(),
    );
    let whole = start == 0 && length == blob.size;
    if !whole {
        request = request.header(
            RANGE,
            format!("bytes={start}-{}", start + length.saturating_sub(1)),
        )?;
    }
    let response = registry
        .transport
        .call(request, &[StatusCode::OK, StatusCode::PARTIAL_CONTENT])
        .await?;
    if !whole
        && (response.status() == StatusCode::OK || content_range_start(&response) != Some(start))
    {
        return Err(Error::Unsupported {
            host: registry.host().to_owned(),
            what: "reading pieces of layers".into(),
        });
    }
    let state = (registry.transport.clone(), response, length, what);
    Ok(Box::pin(stream::try_unfold(
        state,
        |(transport, mut response, left, what)| async move {
            match transport.next_chunk(&mut response, &what).await? {
                Some(chunk) if chunk.len() as u64 <= left => {
                    let left = left - chunk.len() as u64;
                    Ok(Some((chunk, (transport, response, left, what))))
                }
                None if left == 0 => Ok(None),
                other => Err(Error::Protocol {
                    host: transport.host().to_owned(),
                    problem: match other {
                        Some(_) => format!("{what} is longer than its descriptor says"),
                        None => format!("{what} ends {left} bytes early"),
                    },
                }),
            }
        },
    )))
}
