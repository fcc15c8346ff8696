//! Secrets of registries: the system's key store where there is one, else (or by
//! choice) the logins file shared with `kit`. Where a secret really is, is always told.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use kitbench_protocol::{ErrorKind, ErrorView, SecretStore, SignInState};
use kitbench_registry::{Credentials, Logins, SavedIn, Secret};

use crate::errors::view_of_registry;
use crate::state::{State, StateError};

/// Service name of our entries in the system's key store.
const SERVICE: &str = "kitbench";
/// What names of tracking servers begin with among the logins; no registry's host does.
pub const TRACKING: &str = "mlflow+";

pub struct CredentialStore {
    logins: Logins,
    /// Whether the system's key store answers; asked once.
    system: Mutex<Option<bool>>,
}

impl CredentialStore {
    pub fn new(kit_home: &Path) -> CredentialStore {
        CredentialStore {
            logins: Logins::of_home(kit_home),
            system: Mutex::new(None),
        }
    }

    /// Whether the system has a key store that answers.
    fn has_system_store(&self) -> bool {
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        *system.get_or_insert_with(|| match keyring::Entry::store_status() {
            Ok(()) => true,
            Err(error) => {
                log::info!("no system key store: {error}");
                false
            }
        })
    }

    fn uses_system(&self, state: &State) -> bool {
        let choice = state.settings().unwrap_or_default().secret_store;
        choice == SecretStore::System && self.has_system_store()
    }

    /// Where secrets go, as a sentence for the settings and the sign-in form.
    pub fn sentence(&self, state: &State) -> String {
        let choice = state.settings().unwrap_or_default().secret_store;
        let file = self.logins.file().display();
        match (choice, self.has_system_store()) {
            (SecretStore::System, true) => "Secrets are kept in the system's key store.".into(),
            (SecretStore::System, false) => format!(
                "This computer offers no key store: secrets are kept in {file}, as kit does, readable by whoever can read that file."
            ),
            (SecretStore::KitFile, _) => format!(
                "Secrets are kept in {file}, as kit does, readable by whoever can read that file."
            ),
        }
    }

    /// What to sign in with, and who from where. The key store goes first, then the
    /// logins that `kit` and Docker left.
    pub fn find(&self, state: &State, host: &str, user: &str) -> (Credentials, SignInState) {
        if let Some(credentials) = self.in_key_store(state, host, user) {
            let signed_in = SignInState::SignedIn {
                user: user.to_owned(),
                source: "system key store".into(),
            };
            return (credentials, signed_in);
        }
        match self.logins.find(host) {
            Ok(Credentials::Anonymous) => (Credentials::Anonymous, SignInState::Anonymous),
            Ok(credentials) => {
                let user = credentials.username().unwrap_or("a token").to_owned();
                let own = self
                    .logins
                    .hosts()
                    .is_ok_and(|hosts| hosts.iter().any(|known| known == host));
                let source = if own {
                    "kit's credentials.json"
                } else {
                    "Docker's config.json"
                };
                (
                    credentials,
                    SignInState::SignedIn {
                        user,
                        source: source.into(),
                    },
                )
            }
            Err(error) => {
                log::warn!("the logins could not be read: {error}");
                (Credentials::Anonymous, SignInState::Anonymous)
            }
        }
    }

    fn in_key_store(&self, state: &State, host: &str, user: &str) -> Option<Credentials> {
        if user.is_empty() || !self.uses_system(state) {
            return None;
        }
        match entry(host).and_then(|entry| entry.get_password()) {
            Ok(secret) => Some(Credentials::basic(user, secret)),
            Err(keyring::Error::NoEntry) => None,
            Err(error) => {
                log::warn!("the key store did not answer for {host}: {error}");
                None
            }
        }
    }

    /// Keeps a login; answers where.
    pub fn save(
        &self,
        state: &State,
        host: &str,
        user: &str,
        secret: &Secret,
    ) -> Result<String, ErrorView> {
        if !user.is_empty() && self.uses_system(state) {
            entry(host)
                .and_then(|entry| entry.set_password(secret.reveal()))
                .map_err(|error| {
                    ErrorView::new(
                        ErrorKind::Io,
                        format!("The system's key store did not take the secret: {error}."),
                        "Unlock it, or choose the file that kit uses in Settings.",
                    )
                })?;
            return Ok("system key store".into());
        }
        let credentials = if user.is_empty() {
            Credentials::IdentityToken(secret.clone())
        } else {
            Credentials::basic(user, secret.reveal())
        };
        match self
            .logins
            .save(host, &credentials)
            .map_err(|error| view_of_registry(&error))?
        {
            SavedIn::Helper(name) => Ok(format!("docker-credential-{name}")),
            SavedIn::PlainFile(_) => Ok("kit's credentials.json".into()),
        }
    }

    /// Forgets a login wherever Kitbench or `kit` keeps it.
    pub fn remove(&self, host: &str) -> Result<(), ErrorView> {
        if self.has_system_store() {
            match entry(host).and_then(|entry| entry.delete_credential()) {
                Ok(()) | Err(keyring::Error::NoEntry) => {}
                Err(error) => {
                    return Err(ErrorView::new(
                        ErrorKind::Io,
                        format!("The system's key store did not forget the secret: {error}."),
                        "Unlock it and try again.",
                    ));
                }
            }
        }
        self.logins
            .remove(host)
            .map_err(|error| view_of_registry(&error))?;
        Ok(())
    }

    /// Registries with a login in `kit`'s file.
    pub fn known_hosts(&self) -> Vec<String> {
        let mut hosts = self.logins.hosts().unwrap_or_else(|error| {
            log::warn!("the logins could not be read: {error}");
            Vec::new()
        });
        hosts.retain(|host| !host.starts_with(TRACKING));
        hosts
    }
}

/// The login for `host` that the window keeps in the system's key store. `None` when it
/// keeps none there, so that the logins shared with `kit` are asked next. For the shell's
/// verbs: neither the state nor the key store is made if it is not there.
///
/// # Errors
/// The window's state could not be read.
pub fn login_of_key_store(
    state_folder: &Path,
    kit_home: &Path,
    host: &str,
) -> Result<Option<Credentials>, StateError> {
    if !State::is_in(state_folder) {
        return Ok(None);
    }
    let state = State::open(state_folder)?;
    let Some(record) = state.registry_by_host(host)? else {
        return Ok(None);
    };
    Ok(CredentialStore::new(kit_home).in_key_store(&state, host, &record.user))
}

/// Forgets the login for `host` that the window keeps in the system's key store; answers
/// whether there was one.
pub fn forget_in_key_store(state_folder: &Path, host: &str) -> bool {
    State::is_in(state_folder)
        && keyring::Entry::store_status().is_ok()
        && entry(host).is_ok_and(|entry| entry.delete_credential().is_ok())
}

fn entry(host: &str) -> keyring::Result<keyring::Entry> {
    keyring::Entry::new(SERVICE, host)
}
