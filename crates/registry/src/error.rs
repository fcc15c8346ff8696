//! What can go wrong with a registry: what happened, to what, and what to do next.

use std::time::Duration;

/// Result of an operation on a registry.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed operation. The text says what happened and to what; [`Error::hint`]
/// says what to do next. Neither ever holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection: name not found, connection refused or reset, no route.
    #[error("{host} cannot be reached: {cause}")]
    Unreachable {
        host: String,
        cause: String,
        /// The connection stood and broke, instead of not coming about.
        broke: bool,
    },

    /// The connection stands, but nothing moved for too long.
    #[error("{host} did not answer within {} s while {doing}", after.as_secs())]
    Timeout {
        host: String,
        doing: String,
        after: Duration,
    },

    /// The server's certificate is not trusted, or the handshake failed.
    #[error("no trusted TLS connection to {host}: {cause}")]
    Tls { host: String, cause: String },

    /// HTTPS was spoken to a server that speaks plain HTTP.
    #[error("{host} answers plain HTTP, but was addressed with HTTPS")]
    HttpsToHttpServer { host: String },

    /// Plain HTTP was spoken to a server that wants HTTPS.
    #[error("{host} wants HTTPS, but was addressed with plain HTTP")]
    HttpToHttpsServer { host: String },

    /// No credentials where some are needed, or wrong ones.
    #[error("{host} refused the sign-in{}: {cause}", for_user(user))]
    Unauthorized {
        host: String,
        /// Who was signed in, when anybody was.
        user: Option<String>,
        cause: String,
    },

    /// Signed in, but not allowed to do this.
    #[error("{host} does not allow {what}{}: {cause}", for_user(user))]
    Forbidden {
        host: String,
        user: Option<String>,
        what: String,
        cause: String,
    },

    /// The repository, tag, manifest or blob is not there.
    #[error("{what} was not found on {host}")]
    NotFound { host: String, what: String },

    /// 429, also after the retries.
    #[error("{host} limits the number of requests")]
    RateLimited {
        host: String,
        /// How long the server asked to wait.
        retry_after: Option<Duration>,
    },

    /// The bytes that arrived are not those that were asked for.
    #[error("{what} from {host} is not what it claims to be: expected {expected}, got {actual}")]
    DigestMismatch {
        host: String,
        what: String,
        expected: String,
        actual: String,
    },

    /// More or fewer bytes than the descriptor says.
    #[error("{what} from {host} has the wrong length: expected {expected} bytes, got {actual}")]
    SizeMismatch {
        host: String,
        what: String,
        expected: u64,
        actual: u64,
    },

    /// 413: some server on the way has a limit on the body.
    #[error("{host} refused {what} as too large (413{})", by_server(server))]
    TooLarge {
        host: String,
        /// The `Server` header of the answer: often a proxy, not the registry itself.
        server: Option<String>,
        what: String,
    },

    /// The registry does not offer this function.
    #[error("{host} does not support {what}")]
    Unsupported { host: String, what: String },

    /// The registry refused the request for another reason (4xx).
    #[error(
        "{host} refused {what}: {} ({status})",
        code_and_message(code, message)
    )]
    Rejected {
        host: String,
        what: String,
        status: u16,
        /// The code of the OCI error answer, e.g. `MANIFEST_INVALID`.
        code: Option<String>,
        message: String,
    },

    /// The server failed (5xx), also after the retries.
    #[error("{host} failed while {doing}: {message} ({status})")]
    Server {
        host: String,
        doing: String,
        status: u16,
        message: String,
        /// How long the server asked to wait.
        retry_after: Option<Duration>,
    },

    /// The answer breaks the distribution protocol.
    #[error("{host} gave an answer that makes no sense: {problem}")]
    Protocol { host: String, problem: String },

    /// The artifact is not a ModelKit (another artifact type, or an index).
    #[error("{what} is not a ModelKit: {found}")]
    NotAModelKit { what: String, found: String },

    /// The local side failed: a blob is missing, the disk is full, no permission.
    #[error("{what}: {cause}")]
    Local {
        what: String,
        #[source]
        cause: std::io::Error,
    },

    /// Something in the settings or arguments cannot be used as it is.
    #[error("{0}")]
    Config(String),

    /// The user stopped the operation. Its own end, not a failure.
    #[error("cancelled")]
    Cancelled,
}

/// The kind of an [`Error`], for callers that branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    Unreachable,
    Timeout,
    TlsProblem,
    HttpsToHttpServer,
    HttpToHttpsServer,
    Unauthorized,
    Forbidden,
    NotFound,
    RateLimited,
    DigestMismatch,
    TooLarge,
    Unsupported,
    Rejected,
    Server,
    Protocol,
    NotAModelKit,
    Local,
    Config,
    Cancelled,
}

impl Error {
    /// The kind, for callers that branch.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Unreachable { .. } => ErrorKind::Unreachable,
            Error::Timeout { .. } => ErrorKind::Timeout,
            Error::Tls { .. } => ErrorKind::TlsProblem,
            Error::HttpsToHttpServer { .. } => ErrorKind::HttpsToHttpServer,
            Error::HttpToHttpsServer { .. } => ErrorKind::HttpToHttpsServer,
            Error::Unauthorized { .. } => ErrorKind::Unauthorized,
            Error::Forbidden { .. } => ErrorKind::Forbidden,
            Error::NotFound { .. } => ErrorKind::NotFound,
            Error::RateLimited { .. } => ErrorKind::RateLimited,
            Error::DigestMismatch { .. } | Error::SizeMismatch { .. } => ErrorKind::DigestMismatch,
            Error::TooLarge { .. } => ErrorKind::TooLarge,
            Error::Unsupported { .. } => ErrorKind::Unsupported,
            Error::Rejected { .. } => ErrorKind::Rejected,
            Error::Server { .. } => ErrorKind::Server,
            Error::Protocol { .. } => ErrorKind::Protocol,
            Error::NotAModelKit { .. } => ErrorKind::NotAModelKit,
            Error::Local { .. } => ErrorKind::Local,
            Error::Config(_) => ErrorKind::Config,
            Error::Cancelled => ErrorKind::Cancelled,
        }
    }

    /// What to do next, where there is advice worth giving.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::Unreachable { host, .. } => format!(
                "Check the address and the network, and that the registry at {host} is running; \
                 behind a company proxy, set the proxy in the registry's settings."
            ),
            Error::Timeout { .. } => {
                "Try again; transfers continue where they stopped. If it happens again, lower the \
                 number of parallel transfers."
                    .into()
            }
            Error::Tls { .. } => {
                "If the registry uses a private certificate authority, add its certificate to the \
                 registry's settings; only for a test machine, turn certificate checking off."
                    .into()
            }
            Error::HttpsToHttpServer { .. } => {
                "Turn on plain HTTP for this registry (--plain-http).".into()
            }
            Error::HttpToHttpsServer { .. } => {
                "Turn off plain HTTP for this registry (leave --plain-http out).".into()
            }
            Error::Unauthorized { host, user: None, .. } => {
                format!("Sign in to {host} (kitbench login {host}).")
            }
            Error::Unauthorized { host, .. } => format!(
                "Check user name and password or token, then sign in to {host} again; a token may \
                 have expired."
            ),
            Error::Forbidden { user: None, host, .. } => {
                format!("Sign in to {host} with an account that may do this.")
            }
            Error::Forbidden { .. } => {
                "Ask the owner of the repository for the right, or use a repository of your own."
                    .into()
            }
            Error::NotFound { .. } => {
                "Check the spelling of repository and tag; some registries also answer this way \
                 when you are not signed in."
                    .into()
            }
            Error::RateLimited { retry_after: Some(wait), .. } => {
                format!("Try again in {} s; signing in often raises the limit.", wait.as_secs().max(1))
            }
            Error::RateLimited { .. } => {
                "Try again in some minutes; signing in often raises the limit.".into()
            }
            Error::DigestMismatch { .. } | Error::SizeMismatch { .. } => {
                "Nothing of it was kept. Try again; if it happens again, the copy in the registry is \
                 damaged and has to be pushed anew."
                    .into()
            }
            Error::TooLarge { server, .. } => format!(
                "Raise the limit on request bodies of {}, or set a smaller chunk size for this \
                 registry.",
                server.as_deref().unwrap_or("the server in front of the registry")
            ),
            Error::Unsupported { .. } => {
                "The registry's operator may have turned it off; its web page may offer it.".into()
            }
            Error::Server { .. } => "Try again later; the registry's own log says more.".into(),
            Error::Protocol { .. } => {
                "Check that the address is that of an OCI registry and not of its web page.".into()
            }
            Error::NotAModelKit { .. } => {
                "Choose a tag or digest that was pushed by kitbench, kit or another ModelPack tool."
                    .into()
            }
            Error::Local { cause, .. } => match cause.kind() {
                std::io::ErrorKind::StorageFull => {
                    "Free some space; what has arrived is kept, and the transfer continues there.".into()
                }
                std::io::ErrorKind::PermissionDenied => {
                    "Check who owns the local store and its permissions.".into()
                }
                std::io::ErrorKind::NotFound | std::io::ErrorKind::InvalidData => {
                    "Verify the local store, then pack or pull the ModelKit again.".into()
                }
                _ => return None,
            },
            Error::Rejected { .. } | Error::Config(_) | Error::Cancelled => return None,
        };
        Some(hint)
    }

    /// True when the same request may succeed if it is repeated as it is.
    ///
    /// 408, 429, 5xx, timeouts and broken connections (section 6.2 of the
    /// compatibility reference); certificate problems and refusals are not.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Error::Unreachable { broke: true, .. }
                | Error::Timeout { .. }
                | Error::RateLimited { .. }
                | Error::Server { .. }
        )
    }

    /// As [`Error::is_transient`], in the middle of a transfer: the registry was there a moment ago, so a refused
    /// connection is worth another try.
    pub(crate) fn is_transient_in_transfer(&self) -> bool {
        self.is_transient() || matches!(self, Error::Unreachable { .. })
    }

    /// How long the server asked to wait before the next attempt.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::RateLimited { retry_after, .. } | Error::Server { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// An error of the local side.
    pub fn local(what: impl Into<String>, cause: std::io::Error) -> Self {
        Error::Local {
            what: what.into(),
            cause,
        }
    }
}

fn for_user(user: &Option<String>) -> String {
    user.as_deref()
        .map(|user| format!(" of {user}"))
        .unwrap_or_default()
}

fn by_server(server: &Option<String>) -> String {
    server
        .as_deref()
        .map(|name| format!(" from {name}"))
        .unwrap_or_default()
}

fn code_and_message(code: &Option<String>, message: &str) -> String {
    match code {
        Some(code) if message.is_empty() => code.clone(),
        Some(code) => format!("{message}, {code}"),
        None if message.is_empty() => "no reason given".into(),
        None => message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_registry_and_hints_the_next_step() {
        let error = Error::Unauthorized {
            host: "r.example".into(),
            user: None,
            cause: "authentication required".into(),
        };
        assert_eq!(
            error.to_string(),
            "r.example refused the sign-in: authentication required"
        );
        assert_eq!(
            error.hint().as_deref(),
            Some("Sign in to r.example (kitbench login r.example).")
        );

        let error = Error::TooLarge {
            host: "r.example".into(),
            server: Some("nginx/1.22".into()),
            what: "blob".into(),
        };
        assert_eq!(
            error.to_string(),
            "r.example refused blob as too large (413 from nginx/1.22)"
        );
        assert!(error.hint().is_some_and(|hint| hint.contains("nginx/1.22")));
    }
}
