//! Uploads in chunks, continued where the registry says they stand.

use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, RANGE};
use reqwest::{Method, Response, StatusCode};

use super::{COMMITTED, Session, Upload, lost_body};
use crate::auth::Scope;
use crate::error::{Error, Result};
use crate::transfer::or_cancelled;
use crate::transport::{Body, Request};

/// How often a lost upload session is replaced by a new one.
const MAX_SESSIONS: u32 = 5;

impl Upload<'_> {
    /// Chunks, each checked against what the registry says it has.
    pub(super) async fn send_chunks(&self, mut opened: Option<Session>) -> Result<()> {
        let mut sessions = 0;
        'session: loop {
            let mut session = match opened.take() {
                Some(session) => session,
                None => {
                    if sessions >= MAX_SESSIONS {
                        return Err(Error::Protocol {
                            host: self.registry.host().to_owned(),
                            problem: format!("it forgets its upload sessions ({})", self.what()),
                        });
                    }
                    sessions += 1;
                    or_cancelled(self.cancel, self.open_session()).await?
                }
            };
            self.journal
                .remember(&self.key(), session.location.as_str());
            let mut attempt = 0;
            loop {
                if self.cancel.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                self.row.reached(session.offset);
                let before = session.offset;
                let result = match session.offset < self.blob.size {
                    true => self.finishing(self.patch(&mut session)).await,
                    false => match self.finishing(self.commit(&session)).await {
                        Ok(()) => {
                            self.journal.forget(&self.key());
                            return Ok(());
                        }
                        Err(error) => Err(error),
                    },
                };
                self.journal
                    .remember(&self.key(), session.location.as_str());
                let error = match result {
                    Ok(()) => {
                        if session.offset > before {
                            attempt = 0;
                        }
                        continue;
                    }
                    Err(error) => error,
                };
                // 416: the registry counts differently than we do, so ask it.
                let counts_differ = matches!(error, Error::Rejected { status: 416, .. });
                let gone = matches!(error, Error::NotFound { .. });
                if !(error.is_transient_in_transfer() || counts_differ || gone)
                    || attempt >= self.registry.config().retry.retries
                {
                    return Err(error);
                }
                or_cancelled(self.cancel, self.registry.transport.pause(attempt, error)).await?;
                attempt += 1;
                match or_cancelled(self.cancel, self.status(&session.location)).await? {
                    Some(found) => session = found,
                    None if self.is_there().await? => {
                        self.journal.forget(&self.key());
                        self.row.reached(self.blob.size);
                        return Ok(());
                    }
                    None => continue 'session,
                }
            }
        }
    }

    /// Lets a request end by itself for a moment after the user cancelled: `docker-registry` forgets a whole session
    /// when a chunk breaks off, so a finished chunk is worth a short wait.
    async fn finishing(&self, request: impl Future<Output = Result<()>>) -> Result<()> {
        let mut request = std::pin::pin!(request);
        tokio::select! {
            result = &mut request => result,
            () = self.cancel.cancelled() => {
                let grace = self.registry.config().timeouts.cancel_grace;
                tokio::time::timeout(grace, request).await.unwrap_or(Err(Error::Cancelled))
            }
        }
    }

    async fn is_there(&self) -> Result<bool> {
        or_cancelled(
            self.cancel,
            self.registry.has_blob(self.repository, &self.blob.digest),
        )
        .await
    }

    async fn patch(&self, session: &mut Session) -> Result<()> {
        let start = session.offset;
        let length = self
            .registry
            .config()
            .chunk_bytes
            .max(1)
            .min(self.blob.size - start);
        let mut prepared = Some(self.feed(start, length).await?);
        let mut reopen = || {
            prepared
                .take()
                .ok_or_else(|| lost_body(self.registry.host()))
        };
        let request = Request::new(
            Method::PATCH,
            session.location.clone(),
            Scope::push(self.repository),
            self.what(),
        )
        .header(CONTENT_TYPE, "application/octet-stream")?
        .header(CONTENT_RANGE, format!("{start}-{}", start + length - 1))?
        .body(Body::Stream(&mut reopen))
        .once();
        let response = self
            .registry
            .transport
            .call(request, &[StatusCode::ACCEPTED])
            .await?;
        session.location = self.registry.transport.location(&response)?;
        let expected = start + length;
        session.offset = received(&response).unwrap_or(expected);
        if session.offset <= start || session.offset > expected {
            return Err(Error::Protocol {
                host: self.registry.host().to_owned(),
                problem: format!(
                    "after byte {expected} of a blob it says it has {}",
                    session.offset
                ),
            });
        }
        Ok(())
    }

    async fn commit(&self, session: &Session) -> Result<()> {
        let request = Request::new(
            Method::PUT,
            self.commit_url(session),
            Scope::push(self.repository),
            self.what(),
        )
        .once();
        self.registry
            .transport
            .call(request, &COMMITTED)
            .await
            .map(|_| ())
    }
}

/// Bytes that an upload session has, from `Range: 0-<last>`. Nothing yet is also written `0-0`.
pub(super) fn received(response: &Response) -> Option<u64> {
    let text = response.headers().get(RANGE)?.to_str().ok()?;
    let text = text
        .strip_prefix("bytes=")
        .or_else(|| text.strip_prefix("bytes "))
        .unwrap_or(text);
    let last: u64 = text.split_once('-')?.1.trim().parse().ok()?;
    Some(if last == 0 { 0 } else { last.saturating_add(1) })
}
