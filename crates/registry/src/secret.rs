//! Secrets that cannot be printed, and the credentials made of them.

use std::fmt;

/// A password or token. `Debug` and `Display` show stars; only [`Secret::reveal`]
/// gives the text, so that every use is easy to find.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The secret text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// True when there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// How to sign in to a registry.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Credentials {
    /// Not at all.
    #[default]
    Anonymous,
    /// User name and password (or access token used as one).
    Basic { username: String, password: Secret },
    /// An OAuth2 refresh token (`identitytoken` in Docker's configuration).
    IdentityToken(Secret),
    /// A bearer token used as it is (`registrytoken` in Docker's configuration).
    RegistryToken(Secret),
}

impl Credentials {
    /// User name and password.
    pub fn basic(username: impl Into<String>, password: impl Into<String>) -> Self {
        Credentials::Basic {
            username: username.into(),
            password: Secret::new(password),
        }
    }

    /// True for [`Credentials::Anonymous`].
    pub fn is_anonymous(&self) -> bool {
        matches!(self, Credentials::Anonymous)
    }

    /// The user name that messages may show.
    pub fn username(&self) -> Option<&str> {
        match self {
            Credentials::Basic { username, .. } => Some(username),
            _ => None,
        }
    }

    /// Name for messages: the user, or what kind of token was used.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Credentials::Anonymous => None,
            Credentials::Basic { username, .. } => Some(username.clone()),
            Credentials::IdentityToken(_) => Some("the identity token".into()),
            Credentials::RegistryToken(_) => Some("the registry token".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_print() {
        let credentials = Credentials::basic("ann", "hunter2");
        let shown = format!(
            "{credentials:?} {:#?} {}",
            credentials,
            Secret::new("hunter2")
        );
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("ann"));
        let token = format!("{:?}", Credentials::IdentityToken(Secret::new("t0ken")));
        assert!(!token.contains("t0ken"), "{token}");
    }
}
