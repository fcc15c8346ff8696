//! Signing requests: Basic, or the bearer token exchange of the distribution
//! specification, with one cached token per scope.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::challenge::{self, Challenge};
use crate::error::{Error, Result};
use crate::explain::map_transport_error;
use crate::secret::{Credentials, Secret};
use crate::transport::bounded_body;

/// Lifetime of a token whose answer does not tell one (distribution token specification).
const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_secs(60);
/// Tokens are renewed a little before their end, so that they do not expire on the way.
const TOKEN_MARGIN: Duration = Duration::from_secs(10);
/// Larger answers of a token server are refused.
const MAX_TOKEN_ANSWER: usize = 1024 * 1024;

/// What a request is allowed to do, in the token server's words, e.g. `repository:a/b:pull`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct Scope(Vec<String>);

impl Scope {
    /// No particular right: the ping and the sign-in check.
    pub fn none() -> Self {
        Scope(Vec::new())
    }
    pub fn catalog() -> Self {
        Scope(vec!["registry:catalog:*".into()])
    }
    pub fn pull(repository: &str) -> Self {
        Scope(vec![format!("repository:{repository}:pull")])
    }
    pub fn push(repository: &str) -> Self {
        Scope(vec![format!("repository:{repository}:pull,push")])
    }
    pub fn delete(repository: &str) -> Self {
        Scope(vec![format!("repository:{repository}:delete,pull")])
    }
    /// Mounting needs to read the source beside writing the target.
    pub fn mount(repository: &str, from: &str) -> Self {
        Scope(vec![
            format!("repository:{repository}:pull,push"),
            format!("repository:{from}:pull"),
        ])
    }
}

/// How the registry wants requests to be signed, as far as it has told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Unknown,
    Basic,
    Bearer { realm: Url, service: Option<String> },
}

struct Token {
    value: Secret,
    valid_until: Instant,
}

/// The state of signing for one registry.
pub(crate) struct Auth {
    host: String,
    base: Url,
    credentials: Credentials,
    scheme: std::sync::Mutex<Scheme>,
    tokens: Mutex<HashMap<Scope, Token>>,
}

/// Answer of a token server; both names of the token are in use.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl Auth {
    pub fn new(host: String, base: Url, credentials: Credentials) -> Self {
        Auth {
            host,
            base,
            credentials,
            scheme: std::sync::Mutex::new(Scheme::Unknown),
            tokens: Mutex::new(HashMap::new()),
        }
    }

    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub fn scheme(&self) -> Scheme {
        self.scheme
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }

    fn set_scheme(&self, scheme: Scheme) {
        *self
            .scheme
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = scheme;
    }

    /// The `Authorization` header for a request, as far as the scheme is known.
    /// `None` for addresses outside the registry: an upload location or a redirect may lead
    /// to a storage service, which must not see the credentials.
    pub async fn header(
        &self,
        client: &Client,
        url: &Url,
        scope: &Scope,
    ) -> Result<Option<HeaderValue>> {
        if url.origin() != self.base.origin() {
            return Ok(None);
        }
        if let Credentials::RegistryToken(token) = &self.credentials {
            return bearer(token).map(Some);
        }
        match self.scheme() {
            Scheme::Unknown => Ok(None),
            Scheme::Basic => self.basic_header(),
            Scheme::Bearer { realm, service } => self
                .token(client, &realm, service.as_deref(), scope, None)
                .await
                .map(Some),
        }
    }

    /// Learns from a 401 and gives the header to try again with; `None` when there is nothing better to try.
    /// `sent` is the header that was refused.
    pub async fn answer_challenge(
        &self,
        client: &Client,
        response: &Response,
        scope: &Scope,
        sent: Option<&HeaderValue>,
    ) -> Result<Option<HeaderValue>> {
        if response.url().origin() != self.base.origin() {
            return Ok(None);
        }
        if matches!(self.credentials, Credentials::RegistryToken(_)) {
            return Ok(None);
        }
        let challenges = challenges(response.headers());
        if let Some(challenge) = challenges
            .iter()
            .find(|challenge| challenge.scheme == "bearer")
            && let Some(realm) = challenge.param("realm")
        {
            let realm = self.checked_realm(realm)?;
            let service = challenge.param("service").map(str::to_owned);
            self.set_scheme(Scheme::Bearer {
                realm: realm.clone(),
                service: service.clone(),
            });
            self.forget_token(scope, sent).await?;
            return self
                .token(
                    client,
                    &realm,
                    service.as_deref(),
                    scope,
                    challenge.param("scope"),
                )
                .await
                .map(Some);
        }
        if challenges
            .iter()
            .any(|challenge| challenge.scheme == "basic")
        {
            self.set_scheme(Scheme::Basic);
            return Ok(self.basic_header()?.filter(|header| sent != Some(header)));
        }
        Ok(None)
    }

    /// Drops the refused token, but not one that a parallel request has fetched since.
    async fn forget_token(&self, scope: &Scope, refused: Option<&HeaderValue>) -> Result<()> {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(scope)
            && refused == Some(&bearer(&token.value)?)
        {
            tokens.remove(scope);
        }
        Ok(())
    }

    /// Credentials go to the token server the registry names, but never from HTTPS to HTTP.
    fn checked_realm(&self, realm: &str) -> Result<Url> {
        let url = self.base.join(realm).map_err(|error| Error::Protocol {
            host: self.host.clone(),
            problem: format!("its token address {realm:?} is not one: {error}"),
        })?;
        if !matches!(url.scheme(), "http" | "https")
            || (self.base.scheme() == "https" && url.scheme() != "https")
        {
            return Err(Error::Protocol {
                host: self.host.clone(),
                problem: format!("it asks for credentials at the unprotected address {url}"),
            });
        }
        Ok(url)
    }

    fn basic_header(&self) -> Result<Option<HeaderValue>> {
        let Credentials::Basic { username, password } = &self.credentials else {
            return Ok(None);
        };
        let text = STANDARD.encode(format!("{username}:{}", password.reveal()));
        let mut value = HeaderValue::from_str(&format!("Basic {text}")).map_err(|_| {
            Error::Config("user name or password cannot be sent in a header".into())
        })?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    async fn token(
        &self,
        client: &Client,
        realm: &Url,
        service: Option<&str>,
        scope: &Scope,
        challenged: Option<&str>,
    ) -> Result<HeaderValue> {
        // Held over the exchange, so that parallel requests wait for one token instead of fetching five.
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens
            .get(scope)
            .filter(|token| token.valid_until > Instant::now())
        {
            return bearer(&token.value);
        }
        let token = self
            .exchange(client, realm, service, scope, challenged)
            .await?;
        let header = bearer(&token.value)?;
        tokens.insert(scope.clone(), token);
        Ok(header)
    }

    async fn exchange(
        &self,
        client: &Client,
        realm: &Url,
        service: Option<&str>,
        scope: &Scope,
        challenged: Option<&str>,
    ) -> Result<Token> {
        let mut scopes = scope.0.clone();
        if let Some(wanted) = challenged {
            for item in wanted.split_ascii_whitespace() {
                if !scopes.iter().any(|have| have == item) {
                    scopes.push(item.to_owned());
                }
            }
        }
        let request = match &self.credentials {
            Credentials::IdentityToken(refresh) => {
                let form = form_urlencoded(&[
                    ("grant_type", "refresh_token"),
                    ("client_id", "kitbench"),
                    ("service", service.unwrap_or("")),
                    ("scope", &scopes.join(" ")),
                    ("refresh_token", refresh.reveal()),
                ])?;
                client
                    .post(realm.clone())
                    .header(
                        reqwest::header::CONTENT_TYPE,
                        "application/x-www-form-urlencoded",
                    )
                    .body(form)
            }
            credentials => {
                let mut url = realm.clone();
                {
                    let mut query = url.query_pairs_mut();
                    if let Some(service) = service {
                        query.append_pair("service", service);
                    }
                    for item in &scopes {
                        query.append_pair("scope", item);
                    }
                    if let Some(user) = credentials.username() {
                        query.append_pair("account", user);
                    }
                }
                if url.query() == Some("") {
                    url.set_query(None);
                }
                let request = client.get(url);
                match self.basic_header()? {
                    Some(header) => request.header(AUTHORIZATION, header),
                    None => request,
                }
            }
        };
        let realm_host = realm.host_str().unwrap_or(&self.host).to_owned();
        let response = request
            .send()
            .await
            .map_err(|error| map_transport_error(&realm_host, error))?;
        let status = response.status();
        let body = bounded_body(response, MAX_TOKEN_ANSWER, &realm_host).await?;
        match status {
            StatusCode::OK => self.read_token(&body, &realm_host),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Error::Unauthorized {
                    host: self.host.clone(),
                    user: self.credentials.shown(),
                    cause: crate::explain::error_text(&body).1.unwrap_or_else(|| {
                        format!("{realm_host} gave no token ({})", status.as_u16())
                    }),
                })
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(Error::Server {
                    host: realm_host,
                    doing: "asking for a token".into(),
                    status: status.as_u16(),
                    message: crate::explain::error_text(&body).1.unwrap_or_default(),
                    retry_after: None,
                })
            }
            status => Err(Error::Protocol {
                host: realm_host,
                problem: format!("asked for a token it answered {}", status.as_u16()),
            }),
        }
    }

    fn read_token(&self, body: &[u8], realm_host: &str) -> Result<Token> {
        let answer: TokenAnswer =
            serde_json::from_slice(body).map_err(|error| Error::Protocol {
                host: realm_host.to_owned(),
                problem: format!("its token answer cannot be read: {error}"),
            })?;
        let value = answer
            .token
            .or(answer.access_token)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Error::Protocol {
                host: realm_host.to_owned(),
                problem: "its token answer holds no token".into(),
            })?;
        let lifetime = answer
            .expires_in
            .map_or(DEFAULT_TOKEN_LIFETIME, Duration::from_secs);
        // A day at most: longer claims only delay noticing a revoked token.
        let lifetime = lifetime
            .min(Duration::from_secs(24 * 3600))
            .saturating_sub(TOKEN_MARGIN);
        Ok(Token {
            value: Secret::new(value),
            valid_until: Instant::now() + lifetime,
        })
    }
}

/// All challenges of an answer.
pub(crate) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(challenge::parse)
        .collect()
}

fn bearer(token: &Secret) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
        .map_err(|_| Error::Config("the token cannot be sent in a header".into()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// `application/x-www-form-urlencoded`, by way of the URL type that is here anyway.
fn form_urlencoded(pairs: &[(&str, &str)]) -> Result<String> {
    let mut url = Url::parse("http://form/").map_err(|error| Error::Config(error.to_string()))?;
    url.query_pairs_mut()
        .extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    Ok(url.query().unwrap_or_default().to_owned())
}
