//! Sending one blob: mount it, or send it in one request or in chunks (section 6.3 of the compatibility reference),
//! continuing where an earlier attempt stopped.

use std::sync::Arc;

use futures_util::stream;
use kitbench_modelkit::Descriptor;
use kitbench_modelkit::progress::StepState;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, RANGE};
use reqwest::{Method, Response, StatusCode, Url};

use crate::auth::Scope;
use crate::error::{Error, Result};
use crate::feed::{Feed, Pieces, pieces_of};
use crate::journal::{UploadJournal, UploadKey};
use crate::names::check_repository;
use crate::registry::{Registry, content_range_start};
use crate::steps::Row;
use crate::store::BlobStore;
use crate::transport::{Body, Request};

/// How often a lost upload session is replaced by a new one.
const MAX_SESSIONS: u32 = 5;
/// Repositories that are tried as the source of a mount.
const MAX_MOUNT_TRIES: usize = 3;

/// How a blob got there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Mounted,
    Uploaded,
}

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
    async fn open(&self, blob: &Descriptor, start: u64, length: u64) -> Result<Pieces> {
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
}

/// An open upload session.
struct Session {
    location: Url,
    offset: u64,
}

impl Upload<'_> {
    /// Mounts or sends the blob. The caller has asked whether it is there already.
    pub async fn run(&self) -> Result<Sent> {
        check_repository(self.repository)?;
        let opened = match self.resumed().await? {
            Some(session) => Some(session),
            None => match self.mount().await? {
                Mount::Done => return Ok(Sent::Mounted),
                Mount::Session(session) => Some(session),
                Mount::No => None,
            },
        };
        self.row.state(StepState::Uploading);
        let result = match self.in_chunks() {
            true => self.send_chunks(opened).await,
            false => self.send_whole(opened).await,
        };
        match result {
            Err(Error::Rejected {
                host,
                code: Some(code),
                message,
                ..
            }) if code == "DIGEST_INVALID" => {
                self.journal.forget(&self.key());
                Err(Error::DigestMismatch {
                    host,
                    what: format!("blob {} as sent", self.blob.digest),
                    expected: self.blob.digest.to_string(),
                    actual: message,
                })
            }
            other => other.map(|()| Sent::Uploaded),
        }
    }

    fn in_chunks(&self) -> bool {
        let config = self.registry.config();
        self.blob.size >= config.chunk_bytes.max(1) && !config.single_put_only()
    }

    fn what(&self) -> String {
        format!("uploading blob {} to {}", self.blob.digest, self.repository)
    }

    fn key(&self) -> UploadKey {
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
            Ok(None) | Err(Error::Rejected { .. } | Error::Protocol { .. }) => {
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

    async fn open_session(&self) -> Result<Session> {
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
    async fn status(&self, location: &Url) -> Result<Option<Session>> {
        let request = Request::new(
            Method::GET,
            location.clone(),
            Scope::push(self.repository),
            self.what(),
        );
        let accepted = [StatusCode::NO_CONTENT, StatusCode::ACCEPTED, StatusCode::OK];
        let response = match self.registry.transport.call(request, &accepted).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            other => other?,
        };
        let location = self
            .registry
            .transport
            .location(&response)
            .unwrap_or_else(|_| location.clone());
        let offset = received(&response).unwrap_or(0);
        if offset > self.blob.size {
            return Ok(None);
        }
        Ok(Some(Session { location, offset }))
    }

    /// A body of `length` bytes from `start`, counted on this blob's row.
    async fn feed(&self, start: u64, length: u64) -> Result<Feed> {
        let pieces = self.source.open(self.blob, start, length).await?;
        let row = self.row.clone();
        let position = std::sync::atomic::AtomicU64::new(start);
        let count = move |bytes: u64| {
            row.reached(position.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed) + bytes);
        };
        Ok(Feed::new(length, pieces, Arc::new(count)))
    }

    /// One request for the whole blob.
    async fn send_whole(&self, mut opened: Option<Session>) -> Result<()> {
        let mut attempt = 0;
        loop {
            let session = match opened.take() {
                Some(session) => session,
                None => self.open_session().await?,
            };
            match self.put_whole(&session).await {
                Ok(()) => return Ok(()),
                // The session is spent, whatever was wrong; the next attempt opens a new one.
                Err(error) if error.is_transient() || matches!(error, Error::NotFound { .. }) => {
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
        let mut reopen = || prepared.take().ok_or_else(lost_body);
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

    /// Chunks, each checked against what the registry says it has.
    async fn send_chunks(&self, mut opened: Option<Session>) -> Result<()> {
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
                    self.open_session().await?
                }
            };
            self.journal
                .remember(&self.key(), session.location.as_str());
            let mut attempt = 0;
            loop {
                self.row.reached(session.offset);
                let before = session.offset;
                let result = match session.offset < self.blob.size {
                    true => self.patch(&mut session).await,
                    false => match self.commit(&session).await {
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
                if !(error.is_transient() || counts_differ || gone)
                    || attempt >= self.registry.config().retry.retries
                {
                    return Err(error);
                }
                self.registry.transport.pause(attempt, error).await?;
                attempt += 1;
                match self.status(&session.location).await? {
                    Some(found) => session = found,
                    None if self
                        .registry
                        .has_blob(self.repository, &self.blob.digest)
                        .await? =>
                    {
                        self.journal.forget(&self.key());
                        self.row.reached(self.blob.size);
                        return Ok(());
                    }
                    None => continue 'session,
                }
            }
        }
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
        let mut reopen = || prepared.take().ok_or_else(lost_body);
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

    fn commit_url(&self, session: &Session) -> Url {
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
const COMMITTED: [StatusCode; 3] = [StatusCode::CREATED, StatusCode::OK, StatusCode::NO_CONTENT];

/// A streamed body that was sent and is wanted again within one attempt, after a 401: the caller starts over.
fn lost_body() -> Error {
    Error::Server {
        host: "the registry".into(),
        doing: "signing an upload".into(),
        status: 401,
        message: "the sign-in expired in the middle".into(),
        retry_after: None,
    }
}

/// Bytes that an upload session has, from `Range: 0-<last>`. Nothing yet is also written `0-0`.
fn received(response: &Response) -> Option<u64> {
    let text = response.headers().get(RANGE)?.to_str().ok()?;
    let text = text
        .strip_prefix("bytes=")
        .or_else(|| text.strip_prefix("bytes "))
        .unwrap_or(text);
    let last: u64 = text.split_once('-')?.1.trim().parse().ok()?;
    Some(if last == 0 { 0 } else { last.saturating_add(1) })
}
