//! Logins in Docker's configuration format, shared with `kit` (section 6.1 of the compatibility reference).
//!
//! `<home>/credentials.json`, indented with tabs, mode 0600 in a folder of mode 0700, replaced as a whole:
//!
//! ```json
//! {
//!     "auths": { "<host>": { "auth": "<base64 of user:password>" } },
//!     "credsStore": "<helper for all>",
//!     "credHelpers": { "<host>": "<helper>" }
//! }
//! ```
//!
//! Keys this program does not know survive. Reading falls back to Docker's own file, which is never written.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::credential_helper::Helper;
use crate::error::{Error, Result};
use crate::secret::{Credentials, Secret};

/// Docker Hub's key in the file.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
/// Larger files are no login files.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Where a login was saved, to be told to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SavedIn {
    /// A credential helper, which keeps it in its own store.
    Helper(String),
    /// The file itself: readable by anybody who can read the file.
    PlainFile(PathBuf),
}

/// The logins of a home folder. All calls block: they read files and may start helpers.
#[derive(Clone, Debug)]
pub struct Logins {
    file: PathBuf,
    fallback: Option<PathBuf>,
}

impl Logins {
    /// The logins in `<home>/credentials.json`, falling back to `$DOCKER_CONFIG/config.json` or
    /// `~/.docker/config.json`.
    pub fn of_home(home: &Path) -> Self {
        let docker = std::env::var_os("DOCKER_CONFIG")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
            .or_else(|| std::env::home_dir().map(|home| home.join(".docker")));
        Logins::new(
            home.join("credentials.json"),
            docker.map(|folder| folder.join("config.json")),
        )
    }

    /// The logins in `file`, falling back to `fallback` when reading.
    pub fn new(file: PathBuf, fallback: Option<PathBuf>) -> Self {
        Logins { file, fallback }
    }

    /// The file that is written.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The credentials for a registry; [`Credentials::Anonymous`] if there are none.
    ///
    /// # Errors
    /// [`Error::Config`] when a file or a helper's answer cannot be read.
    pub fn find(&self, host: &str) -> Result<Credentials> {
        for file in std::iter::once(&self.file).chain(&self.fallback) {
            let found = find_in(&read(file)?, host, file)?;
            if !found.is_anonymous() {
                return Ok(found);
            }
        }
        Ok(Credentials::Anonymous)
    }

    /// Registries with a login in the file (not in the fallback), sorted.
    ///
    /// # Errors
    /// [`Error::Config`] when the file cannot be read.
    pub fn hosts(&self) -> Result<Vec<String>> {
        let config = read(&self.file)?;
        let mut hosts: Vec<String> = ["auths", "credHelpers"]
            .iter()
            .filter_map(|section| config.get(*section)?.as_object())
            .flat_map(|section| section.keys())
            .map(|key| normal_host(key).to_owned())
            .collect();
        hosts.sort();
        hosts.dedup();
        Ok(hosts)
    }

    /// Saves a login: with the helper the file names for this registry or for all, else in the file.
    ///
    /// # Errors
    /// [`Error::Config`] when a helper fails, [`Error::Local`] when the file cannot be written.
    pub fn save(&self, host: &str, credentials: &Credentials) -> Result<SavedIn> {
        if credentials.is_anonymous() {
            return Err(Error::Config(
                "there is nothing to save: no user and no token was given".into(),
            ));
        }
        let mut config = read(&self.file)?;
        let key = key_of(host);
        if let Some(helper) = helper_for(&config, host)? {
            helper.store(&key, credentials)?;
            // An entry without a secret: this is how Docker notes that the helper has one.
            section(&mut config, "auths", &self.file)?.insert(key, Value::Object(Map::new()));
            self.write(&config)?;
            return Ok(SavedIn::Helper(helper.name().to_owned()));
        }
        let auths = section(&mut config, "auths", &self.file)?;
        auths.retain(|existing, _| normal_host(existing) != normal_host(&key));
        auths.insert(key, entry_of(credentials));
        self.write(&config)?;
        Ok(SavedIn::PlainFile(self.file.clone()))
    }

    /// Removes the login of a registry; false if there was none in the file or its helper.
    ///
    /// # Errors
    /// As [`Logins::save`].
    pub fn remove(&self, host: &str) -> Result<bool> {
        let mut config = read(&self.file)?;
        let mut removed = false;
        if let Some(helper) = helper_for(&config, host)? {
            removed = helper.erase(&key_of(host))?;
        }
        if let Some(Value::Object(auths)) = config.get_mut("auths") {
            let before = auths.len();
            auths.retain(|key, _| normal_host(key) != normal_host(&key_of(host)));
            if auths.len() != before {
                removed = true;
                self.write(&config)?;
            }
        }
        Ok(removed)
    }

    /// Writes beside the file and renames, so that no reader sees half of it.
    fn write(&self, config: &Map<String, Value>) -> Result<()> {
        let failed =
            |cause: io::Error| Error::local(format!("writing {}", self.file.display()), cause);
        let mut text = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
        serde::Serialize::serialize(config, &mut serializer)
            .map_err(|error| failed(io::Error::other(error)))?;
        if let Some(folder) = self.file.parent() {
            crate::private::create_folder(folder).map_err(failed)?;
        }
        let temporary = self
            .file
            .with_extension(format!("json.{}", std::process::id()));
        let replace = || -> io::Result<()> {
            let mut file = crate::private::create(&temporary)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&temporary, &self.file)
        };
        replace().map_err(|cause| {
            let _ = std::fs::remove_file(&temporary);
            failed(cause)
        })
    }
}

/// The file's content; empty if there is no file.
fn read(file: &Path) -> Result<Map<String, Value>> {
    let unreadable = |why: String| {
        Error::Config(format!(
            "the logins in {} cannot be read: {why}",
            file.display()
        ))
    };
    let text = match std::fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => return Err(unreadable(error.to_string())),
        Ok(metadata) if metadata.len() > MAX_FILE_BYTES => {
            return Err(unreadable("the file is too large".into()));
        }
        Ok(_) => std::fs::read(file).map_err(|error| unreadable(error.to_string()))?,
    };
    if text.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))
}

fn find_in(config: &Map<String, Value>, host: &str, file: &Path) -> Result<Credentials> {
    if let Some(helper) = helper_for(config, host)? {
        let found = helper.get(&key_of(host))?;
        if !found.is_anonymous() {
            return Ok(found);
        }
    }
    let Some(auths) = config.get("auths").and_then(Value::as_object) else {
        return Ok(Credentials::Anonymous);
    };
    let key = key_of(host);
    // The exact key first; then old entries with scheme and path, as Docker itself looks.
    let entry = auths.get(&key).or_else(|| {
        auths
            .iter()
            .find(|(existing, _)| normal_host(existing) == normal_host(&key))
            .map(|(_, entry)| entry)
    });
    match entry.and_then(Value::as_object) {
        Some(entry) => credentials_of(entry).ok_or_else(|| {
            Error::Config(format!(
                "the login for {host} in {} is damaged; sign in again",
                file.display()
            ))
        }),
        None => Ok(Credentials::Anonymous),
    }
}

/// `None` for entries that make no sense.
fn credentials_of(entry: &Map<String, Value>) -> Option<Credentials> {
    let text = |key: &str| {
        entry
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    if let Some(token) = text("identitytoken") {
        return Some(Credentials::IdentityToken(Secret::new(token)));
    }
    if let Some(token) = text("registrytoken") {
        return Some(Credentials::RegistryToken(Secret::new(token)));
    }
    if let Some(auth) = text("auth") {
        let decoded = String::from_utf8(STANDARD.decode(auth.trim()).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        return Some(Credentials::basic(user, password.trim_end_matches('\0')));
    }
    match (text("username"), text("password")) {
        (Some(user), Some(password)) => Some(Credentials::basic(user, password)),
        _ => Some(Credentials::Anonymous),
    }
}

fn entry_of(credentials: &Credentials) -> Value {
    let mut entry = Map::new();
    match credentials {
        Credentials::Anonymous => {}
        Credentials::Basic { username, password } => {
            let auth = STANDARD.encode(format!("{username}:{}", password.reveal()));
            entry.insert("auth".into(), auth.into());
        }
        Credentials::IdentityToken(token) => {
            entry.insert("identitytoken".into(), token.reveal().into());
        }
        Credentials::RegistryToken(token) => {
            entry.insert("registrytoken".into(), token.reveal().into());
        }
    }
    Value::Object(entry)
}

fn helper_for(config: &Map<String, Value>, host: &str) -> Result<Option<Helper>> {
    let own = config
        .get("credHelpers")
        .and_then(Value::as_object)
        .and_then(|helpers| {
            helpers
                .iter()
                .find(|(key, _)| normal_host(key) == normal_host(&key_of(host)))
                .map(|(_, name)| name)
        });
    match own
        .or_else(|| config.get("credsStore"))
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty())
    {
        Some(name) => Helper::new(name).map(Some),
        None => Ok(None),
    }
}

fn section<'a>(
    config: &'a mut Map<String, Value>,
    name: &str,
    file: &Path,
) -> Result<&'a mut Map<String, Value>> {
    match config
        .entry(name)
        .or_insert_with(|| Value::Object(Map::new()))
    {
        Value::Object(section) => Ok(section),
        _ => Err(Error::Config(format!(
            "{name:?} in {} is not an object",
            file.display()
        ))),
    }
}

/// The file's key for a registry.
fn key_of(host: &str) -> String {
    match host {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB_KEY.to_owned(),
        host => host.to_owned(),
    }
}

/// `https://r.example/v1/` and `r.example` are the same registry.
fn normal_host(key: &str) -> &str {
    let key = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    key.split('/').next().unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logins(text: Option<&str>, fallback: Option<&str>) -> (tempfile::TempDir, Logins) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("home").join("credentials.json");
        if let Some(text) = text {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
        }
        let docker = folder.path().join("config.json");
        if let Some(text) = fallback {
            std::fs::write(&docker, text).unwrap();
        }
        let logins = Logins::new(file, Some(docker));
        (folder, logins)
    }

    #[test]
    fn the_file_looks_as_kit_writes_it() {
        let (_folder, logins) = logins(None, None);
        let saved = logins
            .save("localhost:5000", &Credentials::basic("ann", "pass:word"))
            .unwrap();
        assert_eq!(saved, SavedIn::PlainFile(logins.file().to_owned()));
        assert_eq!(
            std::fs::read_to_string(logins.file()).unwrap(),
            "{\n\t\"auths\": {\n\t\t\"localhost:5000\": {\n\t\t\t\"auth\": \"YW5uOnBhc3M6d29yZA==\"\n\t\t}\n\t}\n}"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(logins.file()), 0o600);
            assert_eq!(mode(logins.file().parent().unwrap()), 0o700);
        }
        assert_eq!(
            logins.find("localhost:5000").unwrap(),
            Credentials::basic("ann", "pass:word")
        );
        assert_eq!(logins.hosts().unwrap(), ["localhost:5000"]);
        assert!(logins.remove("localhost:5000").unwrap());
        assert!(!logins.remove("localhost:5000").unwrap());
        assert!(logins.find("localhost:5000").unwrap().is_anonymous());
    }

    #[test]
    fn unknown_keys_survive_and_old_keys_are_found() {
        let text = r#"{"HttpHeaders":{"a":"b"},"auths":{"https://r.example/v1/":{"auth":"YTpi"},"t":{"identitytoken":"x"},"u":{"registrytoken":"y"}}}"#;
        let (_folder, logins) = logins(Some(text), None);
        assert_eq!(
            logins.find("r.example").unwrap(),
            Credentials::basic("a", "b")
        );
        assert_eq!(
            logins.find("t").unwrap(),
            Credentials::IdentityToken(Secret::new("x"))
        );
        assert_eq!(
            logins.find("u").unwrap(),
            Credentials::RegistryToken(Secret::new("y"))
        );
        logins
            .save("r.example", &Credentials::basic("a", "c"))
            .unwrap();
        let text = std::fs::read_to_string(logins.file()).unwrap();
        assert!(
            text.contains("HttpHeaders") && !text.contains("/v1/"),
            "{text}"
        );
        assert_eq!(
            logins.find("r.example").unwrap(),
            Credentials::basic("a", "c")
        );
    }

    #[test]
    fn docker_hub_and_the_fallback() {
        let docker = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"},"only.docker":{"auth":"Yzpk"}}}"#;
        let (_folder, logins) = logins(None, Some(docker));
        assert_eq!(
            logins.find("docker.io").unwrap(),
            Credentials::basic("a", "b")
        );
        assert_eq!(
            logins.find("only.docker").unwrap(),
            Credentials::basic("c", "d")
        );
        logins
            .save("docker.io", &Credentials::basic("x", "y"))
            .unwrap();
        assert_eq!(
            logins.find("docker.io").unwrap(),
            Credentials::basic("x", "y")
        );
        assert!(
            std::fs::read_to_string(logins.file())
                .unwrap()
                .contains("https://index.docker.io/v1/")
        );
    }

    #[test]
    fn damage_is_told_without_secrets() {
        let (_folder, logins) = logins(Some(r#"{"auths":{"a":{"auth":"%%%"}}}"#), None);
        let error = logins.find("a").unwrap_err().to_string();
        assert!(
            error.contains("sign in again") && !error.contains("%%%"),
            "{error}"
        );
        std::fs::write(logins.file(), "{").unwrap();
        assert!(
            logins
                .find("a")
                .unwrap_err()
                .to_string()
                .contains("cannot be read")
        );
        assert!(logins.save("a", &Credentials::basic("a", "b")).is_err());
        assert_eq!(
            std::fs::read_to_string(logins.file()).unwrap(),
            "{",
            "a file that cannot be read is not replaced"
        );
    }
}
