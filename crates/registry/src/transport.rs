//! One request to one registry: signed, retried, bounded, its failures explained.
//!
//! Rules kept here, for every caller:
//! - a 401 leads to one new sign-in, then counts;
//! - 408, 429, 5xx, timeouts and broken connections are tried again ([`RetryPolicy`](crate::RetryPolicy));
//! - bodies that are read into memory have a limit;
//! - a request that makes no progress ends, one that moves may take hours;
//! - dropping the future closes the connection, so cancellation is immediate.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Method, Response, StatusCode, Url};
use tokio::time::timeout;

use crate::auth::{Auth, Scope};
use crate::client::build_client;
use crate::config::RegistryConfig;
use crate::error::{Error, Result};
use crate::explain::{clip, map_transport_error};
use crate::feed::Feed;
use crate::secret::Credentials;

/// What a request sends.
pub(crate) enum Body<'a> {
    Empty,
    Bytes(Bytes),
    /// A stream that can be opened again for a retry.
    Stream(&'a mut (dyn FnMut() -> Result<Feed> + Send)),
}

/// A request to the registry or to an address it gave out.
pub(crate) struct Request<'a> {
    pub method: Method,
    pub url: Url,
    pub scope: Scope,
    pub headers: HeaderMap,
    pub body: Body<'a>,
    /// For messages: the thing that is asked for, e.g. `tag v1 of team/model`.
    pub what: String,
    /// Whether a transient failure may be tried again here.
    pub retry: bool,
}

impl<'a> Request<'a> {
    pub fn new(method: Method, url: Url, scope: Scope, what: impl Into<String>) -> Self {
        Request {
            method,
            url,
            scope,
            headers: HeaderMap::new(),
            body: Body::Empty,
            what: what.into(),
            retry: true,
        }
    }

    pub fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Result<Self> {
        let value = HeaderValue::from_str(value.as_ref()).map_err(|_| {
            Error::Config(format!("{:?} cannot be sent in a header", value.as_ref()))
        })?;
        self.headers.insert(name, value);
        Ok(self)
    }

    pub fn body(mut self, body: Body<'a>) -> Self {
        self.body = body;
        self
    }

    pub fn once(mut self) -> Self {
        self.retry = false;
        self
    }
}

/// The connection pool and the signing state of one registry.
pub(crate) struct Transport {
    pub config: RegistryConfig,
    pub base: Url,
    client: Client,
    auth: Auth,
}

impl Transport {
    pub fn new(config: RegistryConfig, credentials: Credentials) -> Result<Self> {
        if config.concurrency == 0 {
            return Err(Error::Config(
                "the number of parallel transfers must be at least 1".into(),
            ));
        }
        let base = config.base_url()?;
        let client = build_client(&config)?;
        let auth = Auth::new(config.host.clone(), base.clone(), credentials);
        Ok(Transport {
            config,
            base,
            client,
            auth,
        })
    }

    pub fn host(&self) -> &str {
        &self.config.host
    }

    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// `<base>/v2/<path>`; the path's pieces are names and digests that were checked before.
    pub fn url(&self, path: &str) -> Result<Url> {
        self.base
            .join(&format!("/v2/{path}"))
            .map_err(|error| Error::Config(format!("{path:?} makes no address: {error}")))
    }

    /// Sends a request and gives the answer if its status is one of `accepted`.
    pub async fn call(
        &self,
        mut request: Request<'_>,
        accepted: &[StatusCode],
    ) -> Result<Response> {
        let mut attempt = 0;
        loop {
            let error = match self.attempt(&mut request).await {
                Ok(response) if accepted.contains(&response.status()) => return Ok(response),
                Ok(response) => self.refusal(response, &request.what).await,
                Err(error) => error,
            };
            if !request.retry || attempt >= self.config.retry.retries || !error.is_transient() {
                return Err(error);
            }
            self.pause(attempt, error).await?;
            attempt += 1;
        }
    }

    /// One attempt without any sign-in, whatever the status.
    pub async fn call_unsigned(&self, mut request: Request<'_>) -> Result<Response> {
        self.send(&mut request, None).await
    }

    /// Waits before retry number `attempt`; gives the error back when the server wants more patience than we have.
    pub async fn pause(&self, attempt: u32, error: Error) -> Result<()> {
        let asked = error.retry_after();
        if asked.is_some_and(|asked| asked > self.config.retry.max_retry_after) {
            return Err(error);
        }
        tokio::time::sleep(self.config.retry.wait(attempt, asked)).await;
        Ok(())
    }

    /// One attempt, with one new sign-in after a 401.
    async fn attempt(&self, request: &mut Request<'_>) -> Result<Response> {
        let header = self
            .auth
            .header(&self.client, &request.url, &request.scope)
            .await?;
        let response = self.send(request, header.clone()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let answer = self
            .auth
            .answer_challenge(&self.client, &response, &request.scope, header.as_ref())
            .await?;
        match answer {
            Some(header) => self.send(request, Some(header)).await,
            None => Ok(response),
        }
    }

    async fn send(
        &self,
        request: &mut Request<'_>,
        authorization: Option<HeaderValue>,
    ) -> Result<Response> {
        let mut builder = self
            .client
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone());
        if let Some(value) = authorization {
            builder = builder.header(AUTHORIZATION, value);
        }
        let mut feed = None;
        match &mut request.body {
            Body::Empty => {
                if matches!(request.method, Method::POST | Method::PUT | Method::PATCH) {
                    // Some registries insist on the header for empty bodies too.
                    builder = builder.header(reqwest::header::CONTENT_LENGTH, 0);
                }
            }
            Body::Bytes(bytes) => builder = builder.body(bytes.clone()),
            Body::Stream(open) => {
                let opened = open()?;
                builder = builder.header(reqwest::header::CONTENT_LENGTH, opened.len);
                builder = builder.body(reqwest::Body::wrap_stream(opened.stream));
                feed = Some(opened.state);
            }
        }
        let timeouts = self.config.timeouts;
        let timed_out = |after: Duration| Error::Timeout {
            host: self.config.host.clone(),
            doing: format!("working on {}", request.what),
            after,
        };
        let sent = match &feed {
            None => timeout(timeouts.stall, builder.send())
                .await
                .map_err(|_| timed_out(timeouts.stall))?,
            Some(state) => state
                .watch(builder.send(), timeouts)
                .await
                .map_err(timed_out)?,
        };
        sent.map_err(
            |error| match feed.as_ref().and_then(|state| state.take_failure()) {
                // The source of the body failed, and that is the story to tell.
                Some(source) => source,
                None => map_transport_error(&self.config.host, error),
            },
        )
    }

    /// Reads a body into memory, refusing more than `limit` bytes.
    pub async fn body(&self, response: Response, limit: usize) -> Result<Bytes> {
        timeout(
            self.config.timeouts.commit,
            bounded_body(response, limit, self.host()),
        )
        .await
        .map_err(|_| Error::Timeout {
            host: self.config.host.clone(),
            doing: "reading its answer".into(),
            after: self.config.timeouts.commit,
        })?
    }

    /// The next piece of a body, or `None` at its end; ends a body that stalls.
    pub async fn next_chunk(&self, response: &mut Response, what: &str) -> Result<Option<Bytes>> {
        let stall = self.config.timeouts.stall;
        timeout(stall, response.chunk())
            .await
            .map_err(|_| Error::Timeout {
                host: self.config.host.clone(),
                doing: format!("sending {what}"),
                after: stall,
            })?
            .map_err(|error| map_transport_error(&self.config.host, error))
    }

    /// The `Location` of an answer, made absolute.
    ///
    /// Registries behind a TLS proxy often answer with `http://` and their own name; that is read as what was
    /// meant, since following it would send the blob in the clear.
    pub fn location(&self, response: &Response) -> Result<Url> {
        let protocol = |problem: String| Error::Protocol {
            host: self.config.host.clone(),
            problem,
        };
        let text = response
            .headers()
            .get(LOCATION)
            .ok_or_else(|| protocol("an upload answer has no Location".into()))?
            .to_str()
            .map_err(|_| protocol("an upload answer has an unreadable Location".into()))?;
        let mut url = response.url().join(text).map_err(|error| {
            protocol(format!(
                "its upload address {:?} is not one: {error}",
                clip(text, 200)
            ))
        })?;
        if self.base.scheme() == "https" && url.scheme() == "http" {
            if url.host_str() != self.base.host_str() || !matches!(url.port(), None | Some(443)) {
                return Err(protocol(format!(
                    "it wants the upload at the unprotected address {}",
                    shown_url(&url)
                )));
            }
            let port = self.base.port();
            if url.set_scheme("https").is_err() || url.set_port(port).is_err() {
                return Err(protocol("its upload address cannot be used".into()));
            }
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(protocol(format!(
                "it wants the upload at {}",
                shown_url(&url)
            )));
        }
        Ok(url)
    }
}

/// An address without its query, which may carry signatures.
fn shown_url(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    clip(url.as_str(), 200)
}

/// Shares a transport between the parts of one operation.
pub(crate) type Shared = Arc<Transport>;

/// Reads a body, refusing more than `limit` bytes.
pub(crate) async fn bounded_body(
    mut response: Response,
    limit: usize,
    host: &str,
) -> Result<Bytes> {
    let too_long = || Error::Protocol {
        host: host.to_owned(),
        problem: format!("an answer longer than {limit} bytes"),
    };
    if response
        .content_length()
        .is_some_and(|length| length > limit as u64)
    {
        return Err(too_long());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| map_transport_error(host, error))?
    {
        if body.len() + chunk.len() > limit {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

/// The beginning of a body, as far as it comes without trouble.
pub(crate) async fn read_some(mut response: Response, limit: usize, patience: Duration) -> Vec<u8> {
    let mut body = Vec::new();
    let deadline = tokio::time::Instant::now() + patience;
    while body.len() < limit {
        match tokio::time::timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
            _ => break,
        }
    }
    body.truncate(limit);
    body
}
