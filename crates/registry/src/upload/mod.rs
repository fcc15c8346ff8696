//! Sending one blob: mount it, or send it in one request or in chunks (section 6.3 of the compatibility reference),
//! continuing where an earlier attempt stopped.

mod chunked;
mod source;

use std::sync::Arc;

use kitbench_modelkit::Descriptor;
use kitbench_modelkit::progress::{CancellationToken, StepState};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode, Url};

use crate::auth::Scope;
use crate::error::{Error, Result};
use crate::feed::Feed;
use crate::journal::{UploadJournal, UploadKey};
use crate::names::check_repository;
use crate::registry::Registry;
use crate::steps::Row;
use crate::transfer::or_cancelled;
use crate::transport::{Body, Request};
pub(crate) use source::Source;

/// Repositories that are tried as the source of a mount.
const MAX_MOUNT_TRIES: usize = 3;

/// How a blob got there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Mounted,
    Uploaded,
}

/// Sends one blob to one repository.
pub(crate) struct Upload<'a> {
    pub registry: &'a Registry,
    pub repository: &'a str,
    pub blob: &'a Descriptor,
    pub source: &'a Source,
    /// Repositories of the same registry that may have the blob.
    pub mount_from: &'a [String],
    pub journal: &'a dyn UploadJournal,
    pub row: &'a Row,
    pub cancel: &'a CancellationToken,
}

/// An open upload session.
pub(super) struct Session {
    pub location: Url,
    /// Bytes the registry has.
    pub offset: u64,
}

impl Upload<'_> {
    /// Mounts or sends the blob. The caller has asked whether it is there already.
    pub async fn run(&self) -> Result<Sent> {
        check_repository(self.repository)?;
        let opened = or_cancelled(self.cancel, async {
            match self.resumed().await? {
                Some(session) => Ok(Mount::Session(session)),
                None => self.mount().await,
            }
        })
        .await?;
        let opened = match opened {
            Mount::Done => return Ok(Sent::Mounted),
            Mount::Session(session) => Some(session),
            Mount::No => None,
        };
        self.row.state(StepState::Uploading);
        let result = match self.in_chunks() {
            true => self.send_chunks(opened).await,
            false => self.send_whole_or_clear_up(opened).await,
        };
        match result {
            Err(Error::Rejected {
                code: Some(code), ..
            }) if code == "DIGEST_INVALID" => {
                self.journal.forget(&self.key());
                Err(self.damaged_source())
            }
            other => other.map(|()| Sent::Uploaded),
        }
    }

    /// The registry hashed what it got, and it is not what the digest says: our side sent other bytes.
    fn damaged_source(&self) -> Error {
        match self.source {
            Source::Local(_) => Error::local(
                format!("blob {} of the local store", self.blob.digest),
                std::io::Error::new(
                    std::io::ErrorKind::InvalidData,
                    "its content does not match its digest",
                ),
            ),
            Source::Remote { registry, .. } => Error::DigestMismatch {
                host: registry.host().to_owned(),
                what: "a blob".into(),
                expected: self.blob.digest.to_string(),
                actual: "other content".into(),
            },
        }
    }

    fn in_chunks(&self) -> bool {
        let config = self.registry.config();
        self.blob.size >= config.chunk_bytes.max(1) && !config.single_put_only()
    }

    pub(super) fn what(&self) -> String {
        format!("uploading blob {} to {}", self.blob.digest, self.repository)
    }

    pub(super) fn key(&self) -> UploadKey {
        UploadKey {
            registry: self.registry.host().to_owned(),
            repository: self.repository.to_owned(),
            digest: self.blob.digest,
        }
    }

    /// The session an earlier run left behind, if the registry still knows it.
    async fn resumed(&self) -> Result<Option<Session>> {
        if !self.in_chunks() {
            return Ok(None);
        }
        let key = self.key();
        let Some(location) = self
            .journal
            .find(&key)
            .and_then(|text| Url::parse(&text).ok())
        else {
            return Ok(None);
        };
        match self.status(&location).await {
            Ok(Some(session)) => Ok(Some(session)),
            Ok(None) | Err(Error::Protocol { .. }) => {
                self.journal.forget(&key);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Tries to link the blob from another repository. The answer may be an ordinary upload session.
    async fn mount(&self) -> Result<Mount> {
        let candidates = self
            .mount_from
            .iter()
            .filter(|from| from.as_str() != self.repository);
        let mut session = None;
        for from in candidates.take(MAX_MOUNT_TRIES) {
            check_repository(from)?;
            let mut url = self.uploads_url()?;
            url.query_pairs_mut()
                .append_pair("mount", &self.blob.digest.to_string())
                .append_pair("from", from);
            let request = Request::new(
                Method::POST,
                url,
                Scope::mount(self.repository, from),
                self.what(),
            );
            match self
                .registry
                .transport
                .call(request, &[StatusCode::CREATED, StatusCode::ACCEPTED])
                .await
            {
                Ok(response) if response.status() == StatusCode::CREATED => {
                    self.drop_session(session).await;
                    return Ok(Mount::Done);
                }
                Ok(response) => {
                    let opened = Session {
                        location: self.registry.transport.location(&response)?,
                        offset: 0,
                    };
                    self.drop_session(session.replace(opened)).await;
                }
                // No right to read the source, or no mounting at all: upload instead.
                Err(
                    Error::NotFound { .. } | Error::Forbidden { .. } | Error::Unauthorized { .. },
                )
                | Err(Error::Rejected { .. } | Error::Unsupported { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(session.map_or(Mount::No, Mount::Session))
    }

    async fn drop_session(&self, session: Option<Session>) {
        if let Some(session) = session {
            let request = Request::new(
                Method::DELETE,
                session.location,
                Scope::push(self.repository),
                self.what(),
            )
            .once();
            // An abandoned session expires by itself; this is only courtesy.
            let _ = self
                .registry
                .transport
                .call(request, &[StatusCode::NO_CONTENT])
                .await;
        }
    }

    fn uploads_url(&self) -> Result<Url> {
        self.registry
            .transport
            .url(&format!("{}/blobs/uploads/", self.repository))
    }

    pub(super) async fn open_session(&self) -> Result<Session> {
        let request = Request::new(
            Method::POST,
            self.uploads_url()?,
            Scope::push(self.repository),
            self.what(),
        );
        let response = self
            .registry
            .transport
            .call(request, &[StatusCode::ACCEPTED])
            .await?;
        Ok(Session {
            location: self.registry.transport.location(&response)?,
            offset: 0,
        })
    }

    /// Asks how far a session got; `None` if it is gone.
    pub(super) async fn status(&self, location: &Url) -> Result<Option<Session>> {
        let request = Request::new(
            Method::GET,
            location.clone(),
            Scope::push(self.repository),
            self.what(),
        );
        let accepted = [StatusCode::NO_CONTENT, StatusCode::ACCEPTED, StatusCode::OK];
        let response = match self.registry.transport.call(request, &accepted).await {
            // `docker-registry` also forgets a session whose last request broke off (400).
            Err(Error::NotFound { .. } | Error::Rejected { .. }) => return Ok(None),
            other => other?,
        };
        let location = self
            .registry
            .transport
            .location(&response)
            .unwrap_or_else(|_| location.clone());
        let offset = chunked::received(&response).unwrap_or(0);
        if offset > self.blob.size {
            return Ok(None);
        }
        Ok(Some(Session { location, offset }))
    }

    /// A body of `length` bytes from `start`, counted on this blob's row.
    pub(super) async fn feed(&self, start: u64, length: u64) -> Result<Feed> {
        let pieces = self.source.open(self.blob, start, length).await?;
        let row = self.row.clone();
        let position = std::sync::atomic::AtomicU64::new(start);
        let count = move |bytes: u64| {
            row.reached(position.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed) + bytes);
        };
        Ok(Feed::new(length, pieces, Arc::new(count)))
    }

    /// Cancelled in the middle, tells the registry that the session is over.
    async fn send_whole_or_clear_up(&self, opened: Option<Session>) -> Result<()> {
        let mut location = None;
        let result = or_cancelled(self.cancel, self.send_whole(opened, &mut location)).await;
        if matches!(result, Err(Error::Cancelled))
            && let Some(location) = location
        {
            let session = Session {
                location,
                offset: 0,
            };
            let _ = tokio::time::timeout(
                self.registry.config().timeouts.cancel_grace,
                self.drop_session(Some(session)),
            )
            .await;
        }
        result
    }

    /// One request for the whole blob.
    async fn send_whole(
        &self,
        mut opened: Option<Session>,
        current: &mut Option<Url>,
    ) -> Result<()> {
        let mut attempt = 0;
        loop {
            let session = match opened.take() {
                Some(session) => session,
                None => self.open_session().await?,
            };
            *current = Some(session.location.clone());
            match self.put_whole(&session).await {
                Ok(()) => return Ok(()),
                // The session is spent, whatever was wrong; the next attempt opens a new one.
                Err(error)
                    if error.is_transient_in_transfer()
                        || matches!(error, Error::NotFound { .. }) =>
                {
                    if attempt >= self.registry.config().retry.retries {
                        return Err(error);
                    }
                    self.registry.transport.pause(attempt, error).await?;
                    attempt += 1;
                    // The answer may have been lost, not the blob.
                    if self
                        .registry
                        .has_blob(self.repository, &self.blob.digest)
                        .await?
                    {
                        self.row.reached(self.blob.size);
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn put_whole(&self, session: &Session) -> Result<()> {
        let mut prepared = Some(self.feed(0, self.blob.size).await?);
        let mut reopen = || {
            prepared
                .take()
                .ok_or_else(|| lost_body(self.registry.host()))
        };
        let request = Request::new(
            Method::PUT,
            self.commit_url(session),
            Scope::push(self.repository),
            self.what(),
        )
        .header(CONTENT_TYPE, "application/octet-stream")?
        .body(Body::Stream(&mut reopen))
        .once();
        self.registry.transport.call(request, &COMMITTED).await?;
        self.row.reached(self.blob.size);
        Ok(())
    }

    pub(super) fn commit_url(&self, session: &Session) -> Url {
        let mut url = session.location.clone();
        url.query_pairs_mut()
            .append_pair("digest", &self.blob.digest.to_string());
        url
    }
}

enum Mount {
    Done,
    Session(Session),
    No,
}

/// 201 is right; some registries say 200 or 204.
pub(super) const COMMITTED: [StatusCode; 3] =
    [StatusCode::CREATED, StatusCode::OK, StatusCode::NO_CONTENT];

/// A streamed body that was sent and is wanted again within one attempt, after a 401: the caller starts over.
pub(super) fn lost_body(host: &str) -> Error {
    Error::Server {
        host: host.to_owned(),
        doing: "signing an upload".into(),
        status: 401,
        message: "the sign-in expired in the middle".into(),
        retry_after: None,
    }
}
