//! A registry: what it holds, without moving layers.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use kitbench_modelkit::{Descriptor, Digest, Manifest, media};
use reqwest::header::{ACCEPT, ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, LINK, RANGE};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Deserialize;

use crate::auth::{Scheme, Scope, challenges};
use crate::config::RegistryConfig;
use crate::error::{Error, Result};
use crate::names::{Selector, check_repository, shown};
use crate::secret::Credentials;
use crate::transport::{Request, Shared, Transport, clip};

/// Larger manifests are refused; the distribution specification lets registries do the same.
pub const MAX_MANIFEST_BYTES: usize = 4 * 1024 * 1024;
/// Larger configs are refused: a config is a Kitfile as JSON.
pub const MAX_CONFIG_BYTES: u64 = 16 * 1024 * 1024;
/// Largest piece of a blob that is read into memory at once.
pub const MAX_RANGE_BYTES: u64 = 64 * 1024 * 1024;
/// Largest page of a listing.
const MAX_LIST_BYTES: usize = 16 * 1024 * 1024;
/// Names in one page of a listing unless the caller wants another number.
pub const PAGE: usize = 100;

/// Manifest types that can be read, most wanted first.
const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

/// A registry with the credentials to use there. Cheap to clone; clones share connections and tokens.
#[derive(Clone)]
pub struct Registry {
    pub(crate) transport: Shared,
    ranges: Arc<AtomicU8>,
}

/// How a registry wants to be signed in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// It answers without.
    NotNeeded,
    /// User and password with every request.
    Basic,
    /// Tokens from a token server.
    Token,
}

/// The answer to a ping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    pub sign_in: SignIn,
    /// Where tokens come from, if they do.
    pub token_server: Option<String>,
}

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub names: Vec<String>,
    /// Give this to the next call to get the next page; `None` on the last one.
    pub next: Option<String>,
}

/// A manifest as it lies in the registry; its bytes have been checked against its digest.
#[derive(Clone, Debug)]
pub struct RemoteManifest {
    pub bytes: Bytes,
    pub digest: Digest,
    pub media_type: String,
    what: String,
}

impl RemoteManifest {
    /// The manifest read as a ModelKit's.
    ///
    /// # Errors
    /// [`Error::NotAModelKit`] for indexes and other artifacts, [`Error::Protocol`] for nonsense.
    pub fn modelkit(&self) -> Result<Manifest> {
        parse_modelkit(&self.bytes, &self.what)
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(
            self.media_type.clone(),
            self.digest,
            self.bytes.len() as u64,
        )
    }
}

pub(crate) fn parse_modelkit(bytes: &[u8], what: &str) -> Result<Manifest> {
    Manifest::parse(bytes, what).map_err(|error| match error {
        kitbench_modelkit::Error::NotAModelKit { what, problem } => Error::NotAModelKit {
            what,
            found: problem,
        },
        other => Error::NotAModelKit {
            what: what.to_owned(),
            found: other.to_string(),
        },
    })
}

/// An artifact that refers to another one: a signature, an attestation, an SBOM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrer {
    pub digest: Digest,
    pub media_type: String,
    pub artifact_type: Option<String>,
    pub size: u64,
    pub annotations: BTreeMap<String, String>,
}

impl Registry {
    /// Prepares to talk to a registry; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Config`] for an unusable address, certificate or proxy.
    pub fn new(config: RegistryConfig, credentials: Credentials) -> Result<Self> {
        Ok(Registry {
            transport: Arc::new(Transport::new(config, credentials)?),
            ranges: Arc::new(AtomicU8::new(UNKNOWN)),
        })
    }

    /// How the registry is reached.
    pub fn config(&self) -> &RegistryConfig {
        &self.transport.config
    }

    /// The address, for messages.
    pub fn host(&self) -> &str {
        self.transport.host()
    }

    /// Is it there, is it a registry, how does it want to be signed in to? Sends no credentials.
    ///
    /// # Errors
    /// [`Error::HttpsToHttpServer`] and [`Error::HttpToHttpsServer`] for the wrong scheme,
    /// [`Error::Protocol`] if something else than a registry answers, [`Error::Unreachable`] …
    pub async fn ping(&self) -> Result<Ping> {
        let anonymous = Transport::new(self.transport.config.clone(), Credentials::Anonymous)?;
        let response = anonymous
            .call_unsigned(
                Request::new(
                    Method::GET,
                    anonymous.url("")?,
                    Scope::none(),
                    "the registry",
                )
                .once(),
            )
            .await?;
        match response.status() {
            StatusCode::OK => Ok(Ping {
                sign_in: SignIn::NotNeeded,
                token_server: None,
            }),
            StatusCode::UNAUTHORIZED => {
                let challenges = challenges(response.headers());
                if let Some(bearer) = challenges
                    .iter()
                    .find(|challenge| challenge.scheme == "bearer")
                {
                    let token_server = bearer.param("realm").map(|realm| clip(realm, 300));
                    return Ok(Ping {
                        sign_in: SignIn::Token,
                        token_server,
                    });
                }
                if challenges
                    .iter()
                    .any(|challenge| challenge.scheme == "basic")
                {
                    return Ok(Ping {
                        sign_in: SignIn::Basic,
                        token_server: None,
                    });
                }
                Err(Error::Protocol {
                    host: self.host().to_owned(),
                    problem: "it wants a sign-in of an unknown kind".into(),
                })
            }
            StatusCode::NOT_FOUND => Err(Error::Protocol {
                host: self.host().to_owned(),
                problem: "there is no registry at /v2/".into(),
            }),
            _ => Err(anonymous.refusal(response, "the registry").await),
        }
    }

    /// Checks the credentials, as `login` does before it saves them.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when they are refused, and everything of [`Registry::ping`].
    pub async fn check_login(&self) -> Result<Ping> {
        let ping = self.ping().await?;
        if ping.sign_in != SignIn::NotNeeded || !self.transport.auth().credentials().is_anonymous()
        {
            let request = Request::new(
                Method::GET,
                self.transport.url("")?,
                Scope::none(),
                "the sign-in",
            );
            self.transport.call(request, &[StatusCode::OK]).await?;
        }
        Ok(ping)
    }

    /// One page of the registry's repositories. `from` is [`Page::next`] of the page before.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there is no catalogue (Docker Hub, GitHub …).
    pub async fn catalog(&self, page_size: usize, from: Option<&str>) -> Result<Page> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            repositories: Option<Vec<String>>,
        }
        let url = self.page_url("_catalog", page_size, from)?;
        let request = Request::new(
            Method::GET,
            url,
            Scope::catalog(),
            "the list of repositories",
        );
        let response = match self.transport.call(request, &[StatusCode::OK]).await {
            Err(Error::NotFound { host, what }) => return Err(Error::Unsupported { host, what }),
            other => other?,
        };
        let next = self.next_page(&response)?;
        let answer: Answer = self
            .json(response, MAX_LIST_BYTES, "the list of repositories")
            .await?;
        Ok(Page {
            names: answer.repositories.unwrap_or_default(),
            next,
        })
    }

    /// One page of a repository's tags. `from` is [`Page::next`] of the page before.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown repository.
    pub async fn tags(
        &self,
        repository: &str,
        page_size: usize,
        from: Option<&str>,
    ) -> Result<Page> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            tags: Option<Vec<String>>,
        }
        check_repository(repository)?;
        let what = format!("the tags of {repository}");
        let url = self.page_url(&format!("{repository}/tags/list"), page_size, from)?;
        let request = Request::new(
            Method::GET,
            url,
            Scope::pull(repository),
            format!("repository {repository}"),
        );
        let response = self.transport.call(request, &[StatusCode::OK]).await?;
        let next = self.next_page(&response)?;
        let answer: Answer = self.json(response, MAX_LIST_BYTES, &what).await?;
        Ok(Page {
            names: answer.tags.unwrap_or_default(),
            next,
        })
    }

    /// All tags, page by page, at most `limit` of them.
    ///
    /// # Errors
    /// Those of [`Registry::tags`].
    pub async fn all_tags(&self, repository: &str, limit: usize) -> Result<Vec<String>> {
        let mut tags = Vec::new();
        let mut from: Option<String> = None;
        loop {
            let page = self.tags(repository, PAGE, from.as_deref()).await?;
            let empty = page.names.is_empty();
            tags.extend(page.names);
            // An empty page that names a next one would never end.
            if page.next.is_none() || empty || tags.len() >= limit {
                tags.truncate(limit);
                return Ok(tags);
            }
            from = page.next;
        }
    }

    /// The manifest behind a tag or digest, checked against its digest.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::DigestMismatch`], [`Error::Protocol`] when larger than [`MAX_MANIFEST_BYTES`].
    pub async fn manifest(&self, repository: &str, tag_or_digest: &str) -> Result<RemoteManifest> {
        let selector = Selector::parse(tag_or_digest)?;
        let what = shown(repository, tag_or_digest);
        let request = Request::new(
            Method::GET,
            self.manifest_url(repository, tag_or_digest)?,
            Scope::pull(repository),
            what.clone(),
        )
        .header(ACCEPT, ACCEPTED)?;
        let response = self.transport.call(request, &[StatusCode::OK]).await?;
        let claimed = content_digest(&response);
        let media_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.split(';').next().unwrap_or_default().trim().to_owned());
        let bytes = self.transport.body(response, MAX_MANIFEST_BYTES).await?;
        let digest = Digest::of(&bytes);
        let expected = match selector {
            Selector::Digest(wanted) => Some(wanted),
            Selector::Tag(_) => claimed,
        };
        if let Some(expected) = expected
            && expected != digest
        {
            return Err(Error::DigestMismatch {
                host: self.host().to_owned(),
                what: format!("the manifest {what}"),
                expected: expected.to_string(),
                actual: digest.to_string(),
            });
        }
        let media_type = media_type.unwrap_or_else(|| media::MANIFEST.to_owned());
        Ok(RemoteManifest {
            bytes,
            digest,
            media_type,
            what: format!("{}/{what}", self.host()),
        })
    }

    /// The digest behind a tag, or `None` if there is no such tag: one HEAD request.
    ///
    /// # Errors
    /// Any but [`Error::NotFound`]. A registry that does not tell the digest gets a full request.
    pub async fn resolve(&self, repository: &str, tag_or_digest: &str) -> Result<Option<Digest>> {
        let request = Request::new(
            Method::HEAD,
            self.manifest_url(repository, tag_or_digest)?,
            Scope::pull(repository),
            shown(repository, tag_or_digest),
        )
        .header(ACCEPT, ACCEPTED)?;
        match self.transport.call(request, &[StatusCode::OK]).await {
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
            Ok(response) => match content_digest(&response) {
                Some(digest) => Ok(Some(digest)),
                None => self
                    .manifest(repository, tag_or_digest)
                    .await
                    .map(|manifest| Some(manifest.digest)),
            },
        }
    }

    /// The config blob of a manifest, checked against its digest.
    ///
    /// # Errors
    /// [`Error::Protocol`] when larger than [`MAX_CONFIG_BYTES`], [`Error::DigestMismatch`] …
    pub async fn config_of(&self, repository: &str, manifest: &Manifest) -> Result<Bytes> {
        self.small_blob(repository, &manifest.config, MAX_CONFIG_BYTES, "the config")
            .await
    }

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

    /// Deletes a manifest by digest (with all its tags), or a tag where the registry allows that.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where deletion is off or tags cannot be deleted, [`Error::NotFound`].
    pub async fn delete(&self, repository: &str, tag_or_digest: &str) -> Result<()> {
        let what = shown(repository, tag_or_digest);
        let request = Request::new(
            Method::DELETE,
            self.manifest_url(repository, tag_or_digest)?,
            Scope::delete(repository),
            what.clone(),
        );
        let accepted = [StatusCode::ACCEPTED, StatusCode::OK, StatusCode::NO_CONTENT];
        match self.transport.call(request, &accepted).await {
            Ok(_) => Ok(()),
            Err(
                Error::Rejected {
                    host, status: 400, ..
                }
                | Error::Unsupported { host, .. },
            ) => Err(Error::Unsupported {
                host,
                what: format!("deleting {what}"),
            }),
            Err(error) => Err(error),
        }
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

    pub(crate) fn manifest_url(&self, repository: &str, tag_or_digest: &str) -> Result<Url> {
        check_repository(repository)?;
        Selector::parse(tag_or_digest)?;
        self.transport
            .url(&format!("{repository}/manifests/{tag_or_digest}"))
    }

    pub(crate) fn blob_url(&self, repository: &str, digest: &Digest) -> Result<Url> {
        check_repository(repository)?;
        self.transport.url(&format!("{repository}/blobs/{digest}"))
    }

    fn page_url(&self, path: &str, page_size: usize, from: Option<&str>) -> Result<Url> {
        let mut url = self.transport.url(path)?;
        match from {
            // `next` is the query of the next page as the registry gave it.
            Some(query) => url.set_query(Some(query)),
            None => {
                url.query_pairs_mut()
                    .append_pair("n", &page_size.max(1).to_string());
            }
        }
        Ok(url)
    }

    /// The query of `Link: <…>; rel="next"`. Only the query counts: the page is asked from the same place.
    fn next_page(&self, response: &Response) -> Result<Option<String>> {
        let Some(link) = response
            .headers()
            .get(LINK)
            .and_then(|value| value.to_str().ok())
        else {
            return Ok(None);
        };
        for part in link.split(',') {
            let Some((address, params)) = part.split_once(';') else {
                continue;
            };
            if !params
                .to_ascii_lowercase()
                .replace('"', "")
                .contains("rel=next")
            {
                continue;
            }
            let address = address.trim().trim_start_matches('<').trim_end_matches('>');
            let url = response
                .url()
                .join(address)
                .map_err(|error| Error::Protocol {
                    host: self.host().to_owned(),
                    problem: format!("its next page has no usable address: {error}"),
                })?;
            return Ok(url.query().map(str::to_owned));
        }
        Ok(None)
    }

    pub(crate) async fn json<T: serde::de::DeserializeOwned>(
        &self,
        response: Response,
        limit: usize,
        what: &str,
    ) -> Result<T> {
        let bytes = self.transport.body(response, limit).await?;
        serde_json::from_slice(&bytes).map_err(|error| Error::Protocol {
            host: self.host().to_owned(),
            problem: format!("{what} cannot be read: {error}"),
        })
    }

    /// How requests turned out to be signed, for tests and details.
    pub fn sign_in(&self) -> Option<SignIn> {
        match self.transport.auth().scheme() {
            Scheme::Unknown => None,
            Scheme::Basic => Some(SignIn::Basic),
            Scheme::Bearer { .. } => Some(SignIn::Token),
        }
    }
}

const UNKNOWN: u8 = 0;
const YES: u8 = 1;
const NO: u8 = 2;

/// The digest a registry claims, if it is one that can be checked.
fn content_digest(response: &Response) -> Option<Digest> {
    response
        .headers()
        .get("docker-content-digest")?
        .to_str()
        .ok()?
        .parse()
        .ok()
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
