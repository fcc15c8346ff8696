//! One request to one registry: signed, retried, bounded, its failures explained.
//!
//! Rules kept here, for every caller:
//! - a 401 leads to one new sign-in, then counts;
//! - 408, 429, 5xx, timeouts and broken connections are tried again ([`RetryPolicy`](crate::RetryPolicy));
//! - bodies that are read into memory have a limit;
//! - a request that makes no progress ends, one that moves may take hours;
//! - dropping the future closes the connection, so cancellation is immediate.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{
    AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, SERVER,
};
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde::Deserialize;
use tokio::time::timeout;

use crate::auth::{Auth, Scope};
use crate::config::RegistryConfig;
use crate::error::{Error, Result};
use crate::feed::Feed;
use crate::secret::Credentials;

/// Error answers are read up to here; the rest says nothing new.
const MAX_ERROR_BODY: usize = 64 * 1024;

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
        let response = self.send(request, header).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        match self
            .auth
            .answer_challenge(&self.client, &response, &request.scope)
            .await?
        {
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

    /// Turns an answer of unwanted status into an error.
    pub async fn refusal(&self, response: Response, what: &str) -> Error {
        let host = self.config.host.clone();
        let status = response.status();
        let user = self.auth.credentials().shown();
        let retry_after = retry_after(response.headers());
        let server = response
            .headers()
            .get(SERVER)
            .and_then(|value| value.to_str().ok())
            .map(|text| clip(text, 100));
        let denied_scope = crate::auth::challenges(response.headers())
            .iter()
            .any(|challenge| challenge.param("error") == Some("insufficient_scope"));
        let body = read_some(response, MAX_ERROR_BODY, self.config.timeouts.stall).await;
        let (code, message) = error_text(&body);
        let cause = message
            .clone()
            .or_else(|| code.clone())
            .unwrap_or_else(|| status.to_string());
        if status == StatusCode::BAD_REQUEST && says_https_wanted(&body) {
            return Error::HttpToHttpsServer { host };
        }
        match status {
            StatusCode::UNAUTHORIZED if denied_scope && user.is_some() => Error::Forbidden {
                host,
                user,
                what: what.into(),
                cause,
            },
            StatusCode::UNAUTHORIZED => Error::Unauthorized { host, user, cause },
            StatusCode::FORBIDDEN => Error::Forbidden {
                host,
                user,
                what: what.into(),
                cause,
            },
            StatusCode::NOT_FOUND => Error::NotFound {
                host,
                what: what.into(),
            },
            StatusCode::TOO_MANY_REQUESTS => Error::RateLimited { host, retry_after },
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge {
                host,
                server,
                what: what.into(),
            },
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Error::Unsupported {
                host,
                what: what.into(),
            },
            StatusCode::BAD_REQUEST if code.as_deref() == Some("UNSUPPORTED") => {
                Error::Unsupported {
                    host,
                    what: what.into(),
                }
            }
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                Error::Server {
                    host,
                    doing: format!("working on {what}"),
                    status: status.as_u16(),
                    message: message.unwrap_or_else(|| "no reason given".into()),
                    retry_after,
                }
            }
            status if status.is_client_error() => Error::Rejected {
                host,
                what: what.into(),
                status: status.as_u16(),
                code,
                message: message.unwrap_or_default(),
            },
            status => Error::Protocol {
                host,
                problem: format!("status {} for {what}", status.as_u16()),
            },
        }
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

fn build_client(config: &RegistryConfig) -> Result<Client> {
    // Another crate of the process may have chosen a provider already; either serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match client_builder(config, false)?.build() {
        Ok(client) => Ok(client),
        // A machine without any system certificates can still use plain HTTP or its own authorities.
        Err(_) if config.plain_http || !config.ca_certs.is_empty() || !config.tls_verify => {
            client_builder(config, true)?
                .build()
                .map_err(|error| client_error(config, &error))
        }
        Err(error) => Err(client_error(config, &error)),
    }
}

fn client_error(config: &RegistryConfig, error: &reqwest::Error) -> Error {
    Error::Config(format!(
        "no connection to {} can be set up: {}",
        config.host,
        chain(error)
    ))
}

fn client_builder(config: &RegistryConfig, own_roots_only: bool) -> Result<reqwest::ClientBuilder> {
    let mut builder = Client::builder()
        .user_agent(concat!("kitbench/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(config.timeouts.connect)
        .pool_idle_timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::custom(|attempt| {
            if attempt.previous().len() > 10 {
                return attempt.error("too many redirects");
            }
            let from_https = attempt
                .previous()
                .last()
                .is_some_and(|url| url.scheme() == "https");
            if from_https && attempt.url().scheme() != "https" {
                return attempt.error("redirected from HTTPS to plain HTTP");
            }
            attempt.follow()
        }));
    let mut roots = Vec::new();
    for path in &config.ca_certs {
        let found = reqwest::Certificate::from_pem_bundle(&read_pem(path)?).map_err(|error| {
            Error::Config(format!("{} holds no certificates: {error}", path.display()))
        })?;
        if found.is_empty() {
            return Err(Error::Config(format!(
                "{} holds no certificates",
                path.display()
            )));
        }
        roots.extend(found);
    }
    builder = if own_roots_only {
        builder.tls_certs_only(roots)
    } else {
        builder.tls_certs_merge(roots)
    };
    if !config.tls_verify {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    if let Some(client_cert) = &config.client_cert {
        let mut pem = read_pem(&client_cert.cert)?;
        pem.push(b'\n');
        pem.extend(read_pem(&client_cert.key)?);
        let identity = reqwest::Identity::from_pem(&pem).map_err(|error| {
            Error::Config(format!(
                "{} and {} are not a client certificate with its key: {error}",
                client_cert.cert.display(),
                client_cert.key.display()
            ))
        })?;
        builder = builder.identity(identity);
    }
    if let Some(proxy) = &config.proxy {
        let proxy = reqwest::Proxy::all(proxy).map_err(|error| {
            Error::Config(format!(
                "the proxy address cannot be used: {}",
                chain(&error)
            ))
        })?;
        builder = builder.no_proxy().proxy(proxy);
    } else if config.is_loopback() {
        // The environment's proxy is for other machines, as in every Go program.
        builder = builder.no_proxy();
    }
    Ok(builder)
}

fn read_pem(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Error::Config(format!("{} cannot be read: {error}", path.display())))
}

/// Explains why a request got no answer.
pub(crate) fn map_transport_error(host: &str, error: reqwest::Error) -> Error {
    let host = host.to_owned();
    if let Some(tls) = find_tls_error(&error) {
        return match tls {
            rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
                Error::HttpsToHttpServer { host }
            }
            other => Error::Tls {
                host,
                cause: other.to_string(),
            },
        };
    }
    if error.is_redirect() {
        return Error::Protocol {
            host,
            problem: chain(&error.without_url()),
        };
    }
    if error.is_builder() {
        return Error::Config(format!(
            "the request to {host} cannot be made: {}",
            chain(&error.without_url())
        ));
    }
    Error::Unreachable {
        host,
        cause: chain(&error.without_url()),
    }
}

fn find_tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        // io::Error does not list the error it wraps as its source, but that error's source.
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && let Some(inner) = io.get_ref()
            && let Some(tls) = find_tls_error(inner)
        {
            return Some(tls);
        }
        current = error.source();
    }
    None
}

/// The innermost reasons of an error, outermost first, repetitions left out.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut current = Some(error);
    while let Some(error) = current {
        let text = error.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        current = error.source();
    }
    parts.join(": ")
}

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
async fn read_some(mut response: Response, limit: usize, patience: Duration) -> Vec<u8> {
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

/// Code and message of an OCI error answer, or the first words of another text.
pub(crate) fn error_text(body: &[u8]) -> (Option<String>, Option<String>) {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(default)]
        errors: Vec<OciError>,
        /// Token servers and proxies use these.
        details: Option<String>,
        message: Option<String>,
    }
    #[derive(Deserialize)]
    struct OciError {
        code: Option<String>,
        message: Option<String>,
    }
    if let Ok(envelope) = serde_json::from_slice::<Envelope>(body) {
        if let Some(first) = envelope.errors.into_iter().next() {
            return (
                first.code.map(|code| clip(&code, 80)),
                first
                    .message
                    .filter(|text| !text.is_empty())
                    .map(|text| clip(&text, 300)),
            );
        }
        return (
            None,
            envelope
                .message
                .or(envelope.details)
                .map(|text| clip(&text, 300)),
        );
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    // A web page is not a message.
    if text.is_empty() || text.starts_with('<') {
        (None, None)
    } else {
        (None, Some(clip(text, 300)))
    }
}

/// Go's and nginx's words for plain HTTP on an HTTPS port.
fn says_https_wanted(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("HTTP request to an HTTPS server")
        || text.contains("plain HTTP request was sent to HTTPS port")
}

/// At most `max` characters, on one line, without control characters.
pub(crate) fn clip(text: &str, max: usize) -> String {
    let mut out: String = text
        .chars()
        .take(max)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(max).is_some() {
        out.push('…');
    }
    out
}

/// `Retry-After` in seconds or as an HTTP date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = parse_http_date(text)?;
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}

/// The one date form that servers must send: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn parse_http_date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut words = text.strip_suffix(" GMT")?.split_ascii_whitespace().skip(1);
    let day: u64 = words.next()?.parse().ok()?;
    let month_name = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month_name)? as u64 + 1;
    let year: u64 = words.next()?.parse().ok()?;
    let mut clock = words
        .next()?
        .split(':')
        .map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if !(1970..=9999).contains(&year)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    // Days since 1970-01-01 in the Gregorian calendar, with the year beginning in March.
    let (y, m) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719_468;
    Some(
        SystemTime::UNIX_EPOCH
            + Duration::from_secs(days * 86_400 + hour * 3600 + minute * 60 + second),
    )
}

/// Shares a transport between the parts of one operation.
pub(crate) type Shared = Arc<Transport>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates() {
        let date = |text| {
            parse_http_date(text)
                .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok())
                .map(|d| d.as_secs())
        };
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(date("Thu, 29 Feb 2024 12:00:00 GMT"), Some(1_709_208_000));
        for bad in [
            "",
            "GMT",
            "Sun, 99 Nov 1994 08:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "x, 1 Jan 1 0:0 GMT",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn error_answers() {
        let oci = br#"{"errors":[{"code":"DENIED","message":"no\nway","detail":[1]}]}"#;
        assert_eq!(
            error_text(oci),
            (Some("DENIED".into()), Some("no way".into()))
        );
        assert_eq!(error_text(b"<html>"), (None, None));
        assert_eq!(error_text(b" just text "), (None, Some("just text".into())));
        assert_eq!(
            error_text(br#"{"details":"incorrect username or password"}"#)
                .1
                .as_deref(),
            Some("incorrect username or password")
        );
        assert_eq!(error_text(b""), (None, None));
    }
}
