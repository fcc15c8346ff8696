//! Docker's credential helpers: programs `docker-credential-<name>` that keep secrets elsewhere.
//!
//! Protocol: one verb as argument, the request on standard input, the answer as JSON on standard output; a failure is a
//! sentence on standard output and a non-zero exit code.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::explain::clip;
use crate::secret::{Credentials, Secret};

/// User name that says the secret is an identity token.
const TOKEN_USER: &str = "<token>";

/// A credential helper.
pub(crate) struct Helper {
    name: String,
    program: OsString,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(rename = "ServerURL", default)]
    server_url: String,
    #[serde(rename = "Username", default)]
    username: String,
    #[serde(rename = "Secret", default)]
    secret: String,
}

impl Helper {
    /// The helper of this name, found on PATH when it is used.
    ///
    /// # Errors
    /// [`Error::Config`] for names that are no plain words: they would start another program.
    pub fn new(name: &str) -> Result<Self> {
        if name.is_empty()
            || !name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        {
            return Err(Error::Config(format!(
                "{:?} is not the name of a credential helper",
                clip(name, 60)
            )));
        }
        Ok(Helper {
            name: name.to_owned(),
            program: format!("docker-credential-{name}").into(),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The login for a key, anonymous if the helper has none.
    pub fn get(&self, key: &str) -> Result<Credentials> {
        let Some(answer) = self.run("get", key.as_bytes())? else {
            return Ok(Credentials::Anonymous);
        };
        // The answer holds the secret, so the error must not quote it.
        let entry: Entry = serde_json::from_slice(&answer).map_err(|_| {
            Error::Config(format!(
                "the credential helper {} gave an unreadable answer",
                self.name
            ))
        })?;
        Ok(match entry.username.as_str() {
            _ if entry.secret.is_empty() => Credentials::Anonymous,
            TOKEN_USER => Credentials::IdentityToken(Secret::new(entry.secret)),
            _ => Credentials::basic(entry.username, entry.secret),
        })
    }

    pub fn store(&self, key: &str, credentials: &Credentials) -> Result<()> {
        let (username, secret) = match credentials {
            Credentials::Basic { username, password } => (username.as_str(), password),
            Credentials::IdentityToken(token) => (TOKEN_USER, token),
            Credentials::RegistryToken(_) | Credentials::Anonymous => {
                return Err(Error::Config(format!(
                    "the credential helper {} cannot keep this kind of login",
                    self.name
                )));
            }
        };
        let entry = Entry {
            server_url: key.to_owned(),
            username: username.to_owned(),
            secret: secret.reveal().to_owned(),
        };
        let request =
            serde_json::to_vec(&entry).map_err(|error| Error::Config(error.to_string()))?;
        match self.run("store", &request)? {
            Some(_) => Ok(()),
            None => Err(Error::Config(format!(
                "the credential helper {} did not keep the login",
                self.name
            ))),
        }
    }

    /// False if there was nothing to erase.
    pub fn erase(&self, key: &str) -> Result<bool> {
        if self.get(key)?.is_anonymous() {
            return Ok(false);
        }
        Ok(self.run("erase", key.as_bytes())?.is_some())
    }

    /// `None` when the helper says that it has no such login.
    fn run(&self, verb: &str, request: &[u8]) -> Result<Option<Vec<u8>>> {
        let failed = |why: String| {
            Error::Config(format!(
                "the credential helper docker-credential-{} failed to {verb}: {why}",
                self.name
            ))
        };
        let mut child = Command::new(&self.program)
            .arg(verb)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A helper that ends early breaks the pipe; its exit code says more.
            let _ = stdin.write_all(request);
        }
        let output = child
            .wait_with_output()
            .map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(Some(output.stdout));
        }
        let said = String::from_utf8_lossy(&output.stdout);
        if said.contains("not found") {
            return Ok(None);
        }
        Err(failed(if said.trim().is_empty() {
            output.status.to_string()
        } else {
            clip(said.trim(), 200)
        }))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A helper that keeps one entry in a file beside itself.
    fn helper(folder: &std::path::Path) -> Helper {
        let script = folder.join("docker-credential-test");
        let body = "#!/bin/sh\ncd \"$(dirname \"$0\")\"\ncase $1 in\nstore) cat > entry;;\nget) [ -f entry ] && cat entry || \
                    { echo 'credentials not found in native keychain'; exit 1; };;\nerase) rm entry;;\nesac\n";
        std::fs::write(&script, body).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        Helper {
            name: "test".into(),
            program: script.into_os_string(),
        }
    }

    #[test]
    fn store_get_erase() {
        let folder = tempfile::tempdir().unwrap();
        let helper = helper(folder.path());
        assert!(helper.get("r").unwrap().is_anonymous());
        assert!(!helper.erase("r").unwrap());
        for credentials in [
            Credentials::basic("ann", "s3cret"),
            Credentials::IdentityToken(Secret::new("t")),
        ] {
            helper.store("r", &credentials).unwrap();
            assert_eq!(helper.get("r").unwrap(), credentials);
        }
        assert!(helper.erase("r").unwrap());
        assert!(helper.get("r").unwrap().is_anonymous());
    }

    #[test]
    fn bad_names_and_missing_helpers_are_told() {
        assert!(Helper::new("../evil").is_err());
        assert!(Helper::new("").is_err());
        let error = Helper::new("does-not-exist-here")
            .unwrap()
            .get("r")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("docker-credential-does-not-exist-here"),
            "{error}"
        );
    }
}
