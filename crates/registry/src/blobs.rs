//! Blobs: asked for, and read in pieces.

use std::ops::Range;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use kitbench_modelkit::{Descriptor, Digest};
use reqwest::header::{ACCEPT_RANGES, CONTENT_RANGE, RANGE};
use reqwest::{Method, Response, StatusCode, Url};

use crate::auth::Scope;
use crate::error::{Error, Result};
use crate::names::check_repository;
use crate::registry::Registry;
use crate::transport::Request;

/// Larger configs are refused: a config is a Kitfile as JSON.
pub const MAX_CONFIG_BYTES: u64 = 16 * 1024 * 1024;
/// Largest piece of a blob that is read into memory at once.
pub const MAX_RANGE_BYTES: u64 = 64 * 1024 * 1024;

/// What is known about ranged reads.
pub(crate) const UNKNOWN: u8 = 0;
const YES: u8 = 1;
const NO: u8 = 2;

impl Registry {
    /// A whole blob in memory, checked against its descriptor.
    pub(crate) async fn small_blob(
        &self,
        repository: &str,
        descriptor: &Descriptor,
        limit: u64,
        what: &str,
    ) -> Result<Bytes> {
        if descriptor.size > limit {
            return Err(Error::Protocol {
                host: self.host().to_owned(),
                problem: format!(
                    "{what} of {repository} has {} bytes, the limit is {limit}",
                    descriptor.size
                ),
            });
        }
        let request = Request::new(
            Method::GET,
            self.blob_url(repository, &descriptor.digest)?,
            Scope::pull(repository),
            format!("{what} of {repository}"),
        );
        let response = self.transport.call(request, &[StatusCode::OK]).await?;
        let bytes = self
            .transport
            .body(response, descriptor.size as usize)
            .await?;
        let digest = Digest::of(&bytes);
        if digest != descriptor.digest {
            return Err(Error::DigestMismatch {
                host: self.host().to_owned(),
                what: format!("{what} of {repository}"),
                expected: descriptor.digest.to_string(),
                actual: digest.to_string(),
            });
        }
        Ok(bytes)
    }

    /// Whether the repository has a blob: one HEAD request.
    ///
    /// # Errors
    /// Any but [`Error::NotFound`].
    pub async fn has_blob(&self, repository: &str, digest: &Digest) -> Result<bool> {
        let request = Request::new(
            Method::HEAD,
            self.blob_url(repository, digest)?,
            Scope::pull(repository),
            format!("blob {digest} of {repository}"),
        );
        match self.transport.call(request, &[StatusCode::OK]).await {
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
            Ok(response) => {
                self.note_ranges(&response);
                Ok(true)
            }
        }
    }

    /// A piece of a blob, at most [`MAX_RANGE_BYTES`]. Such a piece cannot be checked against the digest.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the registry sends whole blobs only.
    pub async fn blob_range(
        &self,
        repository: &str,
        digest: &Digest,
        range: Range<u64>,
    ) -> Result<Bytes> {
        let length = range.end.saturating_sub(range.start);
        if length == 0 {
            return Ok(Bytes::new());
        }
        if length > MAX_RANGE_BYTES {
            return Err(Error::Config(format!(
                "a piece of {length} bytes is too much for memory"
            )));
        }
        let what = format!("a piece of blob {digest} of {repository}");
        let request = Request::new(
            Method::GET,
            self.blob_url(repository, digest)?,
            Scope::pull(repository),
            what.clone(),
        )
        .header(RANGE, format!("bytes={}-{}", range.start, range.end - 1))?;
        let response = self
            .transport
            .call(request, &[StatusCode::PARTIAL_CONTENT, StatusCode::OK])
            .await?;
        if response.status() == StatusCode::OK {
            self.ranges.store(NO, Ordering::Relaxed);
            return Err(Error::Unsupported {
                host: self.host().to_owned(),
                what: "reading pieces of layers".into(),
            });
        }
        self.ranges.store(YES, Ordering::Relaxed);
        if content_range_start(&response) != Some(range.start) {
            return Err(Error::Protocol {
                host: self.host().to_owned(),
                problem: format!("it sent another piece than asked for of {digest}"),
            });
        }
        self.transport.body(response, length as usize).await
    }

    /// Whether pieces of blobs can be read; asks with one byte of the given blob the first time.
    ///
    /// # Errors
    /// Those of [`Registry::blob_range`] but [`Error::Unsupported`].
    pub async fn supports_ranges(&self, repository: &str, digest: &Digest) -> Result<bool> {
        match self.ranges.load(Ordering::Relaxed) {
            YES => return Ok(true),
            NO => return Ok(false),
            _ => {}
        }
        match self.blob_range(repository, digest, 0..1).await {
            Ok(_) => Ok(true),
            Err(Error::Unsupported { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn note_ranges(&self, response: &Response) {
        if response
            .headers()
            .get(ACCEPT_RANGES)
            .is_some_and(|value| value.as_bytes() == b"bytes")
        {
            self.ranges.store(YES, Ordering::Relaxed);
        }
    }

    pub(crate) fn blob_url(&self, repository: &str, digest: &Digest) -> Result<Url> {
        check_repository(repository)?;
        self.transport.url(&format!("{repository}/blobs/{digest}"))
    }
}

/// First byte of `Content-Range: bytes 5-9/10`.
pub(crate) fn content_range_start(response: &Response) -> Option<u64> {
    let text = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    text.strip_prefix("bytes")?
        .trim_start()
        .split_once('-')?
        .0
        .parse()
        .ok()
}
