//! A registry: reached, asked whether it is one, signed in to.

use std::sync::Arc;
use std::sync::atomic::AtomicU8;

use reqwest::{Method, Response, StatusCode};

use crate::auth::{Scheme, Scope, challenges};
use crate::blobs::UNKNOWN;
use crate::config::RegistryConfig;
use crate::error::{Error, Result};
use crate::explain::clip;
use crate::secret::Credentials;
use crate::transport::{Request, Shared, Transport};

/// A registry with the credentials to use there. Cheap to clone; clones share connections and tokens.
#[derive(Clone)]
pub struct Registry {
    pub(crate) transport: Shared,
    /// Whether pieces of blobs can be read, once that is known; see `blobs`.
    pub(crate) ranges: Arc<AtomicU8>,
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
