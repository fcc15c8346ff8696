//! The wire of an MLflow tracking server: one JSON question, one JSON answer.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use ureq::config::RedirectAuthHeaders;
use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::error::{RunsError, ServerTrouble};
use crate::formats::json::{self, Json};
use crate::server::{Address, Login};

/// The longest answer taken. A page of 1,000 runs with 1,000 metrics each is about 100 MB.
const LONGEST: u64 = 512 << 20;
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the server may think, and how long it may pause within an answer.
const ANSWER: Duration = Duration::from_secs(120);
/// How often a question is asked that the server was too busy for.
const ATTEMPTS: u32 = 3;
/// Pause before the second attempt; doubled before each further one.
const PAUSE: Duration = Duration::from_millis(250);

/// A connection to one server; keeps connections open between questions.
pub(super) struct Client {
    agent: Agent,
    address: Address,
    authorization: Option<String>,
}

impl Client {
    pub(super) fn new(address: Address, login: &Login) -> Self {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_per_read(Some(ANSWER))
            .user_agent("kitbench")
            .tls_config(tls)
            .build();
        let authorization = match login {
            Login::None => None,
            Login::Basic { user, password } => {
                let pair = format!("{user}:{password}");
                let text = base64::engine::general_purpose::STANDARD.encode(pair);
                Some(format!("Basic {text}"))
            }
            Login::Token(token) => Some(format!("Bearer {token}")),
        };
        Self {
            agent: config.into(),
            address,
            authorization,
        }
    }

    /// A failure that concerns the server as a whole.
    pub(super) fn fail(&self, message: impl Into<String>) -> RunsError {
        self.trouble(ServerTrouble::Other, message)
    }

    fn trouble(&self, trouble: ServerTrouble, message: impl Into<String>) -> RunsError {
        RunsError::Server {
            address: self.address.to_string(),
            message: message.into(),
            trouble,
        }
    }

    /// `GET` of a call below `api/2.0/mlflow/`.
    pub(super) fn get(&self, call: &str, query: &[(&str, &str)]) -> Result<Json, RunsError> {
        self.ask(call, || {
            let mut request = self.agent.get(self.address.api(call));
            if let Some(authorization) = &self.authorization {
                request = request.header("Authorization", authorization);
            }
            request.query_pairs(query.iter().copied()).call()
        })
    }

    /// `POST` of a call below `api/2.0/mlflow/`. The calls used here only search.
    pub(super) fn post(&self, call: &str, body: &serde_json::Value) -> Result<Json, RunsError> {
        let body = body.to_string();
        self.ask(call, || {
            let mut request = self
                .agent
                .post(self.address.api(call))
                .content_type("application/json");
            if let Some(authorization) = &self.authorization {
                request = request.header("Authorization", authorization);
            }
            request.send(&body)
        })
    }

    fn ask(
        &self,
        call: &str,
        send: impl Fn() -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Json, RunsError> {
        let mut pause = PAUSE;
        let mut attempt = 1;
        loop {
            let busy = match send() {
                Ok(answer) if !matches!(answer.status().as_u16(), 429 | 502..=504) => {
                    return self.read(call, answer);
                }
                Ok(answer) => format!("is too busy (HTTP {})", answer.status().as_u16()),
                // A kept connection that the server closed meanwhile looks like this.
                Err(ureq::Error::Io(error)) if error.kind() != ErrorKind::ConnectionRefused => {
                    format!("does not answer: {error}")
                }
                Err(error) => {
                    return Err(self.trouble(ServerTrouble::Unreachable, unreachable(&error)));
                }
            };
            if attempt == ATTEMPTS {
                return Err(self.trouble(ServerTrouble::Unreachable, busy));
            }
            attempt += 1;
            std::thread::sleep(pause);
            pause *= 2;
        }
    }

    fn read(&self, call: &str, mut answer: Response<Body>) -> Result<Json, RunsError> {
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(LONGEST).read_to_vec();
        let body = body.map_err(|e| {
            let message = format!("broke off its answer to {call}: {e}");
            self.trouble(ServerTrouble::Unreachable, message)
        })?;
        let parsed = json::parse(&body);
        if status == 200 {
            return parsed.map_err(|error| {
                let message = format!(
                    "does not answer {call} as an MLflow server does ({error}): check the address"
                );
                self.trouble(ServerTrouble::NotMlflow, message)
            });
        }
        let said = parsed.ok().and_then(|answer| {
            let text = answer.get("message").and_then(Json::text)?;
            Some(text.chars().take(300).collect::<String>())
        });
        let refused = |message: &str| self.trouble(ServerTrouble::Refused, message);
        Err(match (status, &self.authorization, said) {
            (401, None, _) => refused("asks for a user and a password"),
            (401, Some(_), _) => refused("does not accept this user and password"),
            (403, _, _) => refused(&format!("does not let this user read {call}")),
            (404, _, None) => {
                let message = format!(
                    "knows no {call}: it is no MLflow server, or the address lacks its path"
                );
                self.trouble(ServerTrouble::NotMlflow, message)
            }
            (_, _, Some(said)) => self.fail(format!("refuses {call}: {said} (HTTP {status})")),
            (_, _, None) => self.fail(format!("refuses {call} (HTTP {status})")),
        })
    }
}

/// Why no answer came.
fn unreachable(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "cannot be found: there is no such host".into(),
        ureq::Error::ConnectionFailed | ureq::Error::Io(_) => {
            "cannot be reached: does the server run there?".into()
        }
        ureq::Error::Timeout(_) => "does not answer in time".into(),
        other => format!("cannot be asked: {other}"),
    }
}
