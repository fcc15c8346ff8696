//! Tracking servers: where one is, how to sign in, and the reader over it.
//!
//! A server is a source like a folder: [`connect`] gives a [`Reader`]. Only searches and
//! reads are sent.

use std::fmt;
use std::path::PathBuf;

use crate::error::{RunsError, ServerTrouble};
use crate::model::SourceKind;
use crate::reader::Reader;
use crate::readers::mlflow_server::MlflowServer;
use crate::scan::Source;

/// Where a tracking server is: scheme, host, port and path, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    base: String,
}

/// How to sign in to a tracking server. Never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Login {
    /// The server is open.
    #[default]
    None,
    /// A user with a password (MLflow's `basic-auth` app).
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: String,
    },
    /// A bearer token, as proxies and hosted servers want it.
    Token(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "Login::None",
            Self::Basic { .. } => "Login::Basic(…)",
            Self::Token(_) => "Login::Token(…)",
        })
    }
}

impl Login {
    /// What MLflow's own variables say: `MLFLOW_TRACKING_USERNAME` with
    /// `MLFLOW_TRACKING_PASSWORD`, else `MLFLOW_TRACKING_TOKEN`. `get` looks one up.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| get(name).filter(|text| !text.is_empty());
        match value("MLFLOW_TRACKING_USERNAME") {
            Some(user) => Self::Basic {
                user,
                password: value("MLFLOW_TRACKING_PASSWORD").unwrap_or_default(),
            },
            None => value("MLFLOW_TRACKING_TOKEN").map_or(Self::None, Self::Token),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl Address {
    /// Whether a text is meant as the address of a server rather than as a path.
    pub fn is_meant(text: &str) -> bool {
        scheme(text).is_some()
    }

    /// Reads `http[s]://[user[:password]@]host[:port][/path]`; what a browser shows behind
    /// `#` or `?` is dropped.
    ///
    /// # Errors
    /// When the text is no such address.
    pub fn parse(text: &str) -> Result<(Self, Login), RunsError> {
        let fail = |message: &str| RunsError::Server {
            address: text.split('@').next_back().unwrap_or_default().to_owned(),
            message: format!("{message}: an address is like http://localhost:5000"),
            trouble: ServerTrouble::NotMlflow,
        };
        let text = text.trim();
        let (scheme, rest) =
            scheme(text).ok_or_else(|| fail("begins with neither http:// nor https://"))?;
        let rest = rest.split(['#', '?']).next().unwrap_or_default();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, host) = match authority.rsplit_once('@') {
            None => (Login::None, authority),
            Some((pair, host)) => {
                let (user, password) = pair.split_once(':').unwrap_or((pair, ""));
                let part = |text| decoded(text).ok_or_else(|| fail("has a broken % in its login"));
                let login = Login::Basic {
                    user: part(user)?,
                    password: part(password)?,
                };
                (login, host)
            }
        };
        let wrong = |c: char| c.is_whitespace() || c.is_control() || "\\^`{|}<>\"".contains(c);
        if host.is_empty() || host.starts_with(':') || host.contains(wrong) || path.contains(wrong)
        {
            return Err(fail("names no host"));
        }
        let path = path.trim_end_matches('/');
        let slash = if path.is_empty() { "" } else { "/" };
        let host = host.to_ascii_lowercase();
        Ok((
            Self {
                base: format!("{scheme}://{host}{slash}{path}"),
            },
            login,
        ))
    }

    /// Host and port, as people tell servers apart.
    pub fn host(&self) -> &str {
        let rest = self.base.split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// The address of a call.
    pub(crate) fn api(&self, call: &str) -> String {
        format!("{}/api/2.0/mlflow/{call}", self.base)
    }
}

/// Scheme in small letters, and what follows `://`.
fn scheme(text: &str) -> Option<(&'static str, &str)> {
    let (scheme, rest) = text.trim().split_once("://")?;
    if scheme.eq_ignore_ascii_case("http") {
        Some(("http", rest))
    } else if scheme.eq_ignore_ascii_case("https") {
        Some(("https", rest))
    } else {
        None
    }
}

/// Percent-decoded text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// Opens a tracking server and reads its runs once.
///
/// # Errors
/// When the server cannot be reached, refuses the login or does not answer as MLflow does.
pub fn connect(address: &Address, login: &Login) -> Result<Box<dyn Reader>, RunsError> {
    let source = Source {
        kind: SourceKind::MlflowServer,
        path: PathBuf::from(address.to_string()),
        root: PathBuf::from(address.to_string()),
        runs: None,
    };
    let mut reader = MlflowServer::new(source, address.clone(), login);
    reader.refresh()?;
    Ok(Box::new(reader))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, base, login) in [
            ("http://localhost:5000", "http://localhost:5000", None),
            (" HTTP://Host:1/ ", "http://host:1", None),
            (
                "https://h/mlflow/#/experiments/3?x=1",
                "https://h/mlflow",
                None,
            ),
            ("http://u:p%40%3A@h", "http://h", Some(("u", "p@:"))),
            ("http://u@[::1]:5000", "http://[::1]:5000", Some(("u", ""))),
        ] {
            let (address, found) = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), base);
            let wanted = login.map_or(Login::None, |(user, password)| Login::Basic {
                user: user.into(),
                password: password.into(),
            });
            assert!(found == wanted, "{text}");
        }
        for wrong in [
            "ftp://h",
            "h:5000",
            "http://",
            "http://:80",
            "http://a b",
            "http://u:%zz@h",
        ] {
            let error = Address::parse(wrong).unwrap_err().to_string();
            assert!(error.contains("http://localhost:5000"), "{error}");
            assert!(!error.contains("%zz"), "no login in a message");
        }
        assert!(Address::is_meant("https://x") && !Address::is_meant("runs/http"));
    }

    #[test]
    fn variables_of_mlflow() {
        let login = |pairs: &[(&str, &str)]| {
            Login::from_variables(|name| {
                pairs
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, v)| (*v).into())
            })
        };
        assert!(login(&[]) == Login::None);
        assert!(login(&[("MLFLOW_TRACKING_TOKEN", "t")]) == Login::Token("t".into()));
        let both = login(&[
            ("MLFLOW_TRACKING_USERNAME", "u"),
            ("MLFLOW_TRACKING_PASSWORD", "p"),
        ]);
        assert!(
            both == Login::Basic {
                user: "u".into(),
                password: "p".into()
            }
        );
        assert!(!format!("{both:?}").contains('p'), "{both:?}");
    }
}
