//! Registries: addresses, sign-in, what they hold, and the clients that talk to them.

mod catalogue;
mod fetch;
mod tags;

pub use catalogue::repositories;
pub use fetch::{fetch, remote_kit};
pub use tags::tags;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kitbench_modelkit::Reference;
use kitbench_protocol::{
    ErrorKind, ErrorView, EventKind, Reachable, RegistryAddress, RegistryId, RegistryRow,
    RegistryTest, Secret, SignInState,
};
use kitbench_registry::{ClientCert, Credentials, Registry, RegistryConfig, SignIn};

use crate::errors::{sentence, view_of_registry, view_of_state};
use crate::state::registries::RegistryRecord;
use crate::{Inner, blocking};

/// Clients in use and how each registry answered last.
#[derive(Default)]
pub struct Registries {
    known: Mutex<BTreeMap<String, Known>>,
}

struct Known {
    address: RegistryAddress,
    client: Option<Registry>,
    reachable: Reachable,
    refused: bool,
}

impl Registries {
    fn with<T>(&self, host: &str, work: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        work(known.entry(host.to_owned()).or_insert_with(|| Known {
            address: RegistryAddress::default(),
            client: None,
            reachable: Reachable::Unknown,
            refused: false,
        }))
    }

    /// The next use signs in again.
    fn forget_client(&self, host: &str) {
        self.with(host, |known| known.client = None);
    }
}

/// How many registries answered when they were last asked, and how many there are.
pub fn reachable_count(inner: &Inner) -> Result<(u32, u32), ErrorView> {
    let records = inner.state.registries().map_err(|e| view_of_state(&e))?;
    let yes = records
        .iter()
        .filter(|record| {
            inner.registries.with(&record.address.host, |known| {
                known.reachable == Reachable::Yes
            })
        })
        .count();
    Ok((yes as u32, records.len() as u32))
}

fn config(inner: &Inner, address: &RegistryAddress) -> RegistryConfig {
    let mut config = RegistryConfig::new(address.host.clone());
    config.plain_http = address.plain_http;
    config.tls_verify = !address.skip_tls_verify;
    if !address.ca_file.is_empty() {
        config.ca_certs.push(address.ca_file.clone().into());
    }
    if !address.client_cert_file.is_empty() {
        config.client_cert = Some(ClientCert {
            cert: address.client_cert_file.clone().into(),
            key: address.client_key_file.clone().into(),
        });
    }
    if !address.proxy.is_empty() {
        config.proxy = Some(kitbench_registry::Secret::new(address.proxy.clone()));
    }
    config.concurrency = inner
        .state
        .settings()
        .unwrap_or_default()
        .layers_at_once
        .into();
    config
}

/// The address a host is reached at: as the user set it, else HTTPS.
fn address_of(inner: &Inner, host: &str) -> Result<(RegistryAddress, String), ErrorView> {
    let record = inner
        .state
        .registry_by_host(host)
        .map_err(|e| view_of_state(&e))?;
    Ok(match record {
        Some(record) => (record.address, record.user),
        None => (
            RegistryAddress {
                host: host.to_owned(),
                ..RegistryAddress::default()
            },
            String::new(),
        ),
    })
}

/// A client for a host, signed in with what is known. Blocks on key stores, so it is
/// called off the async threads.
fn client(inner: &Inner, host: &str) -> Result<Registry, ErrorView> {
    let (address, user) = address_of(inner, host)?;
    let ready = inner.registries.with(host, |known| {
        known.client.clone().filter(|_| known.address == address)
    });
    if let Some(client) = ready {
        return Ok(client);
    }
    let (credentials, _) = inner.credentials.find(&inner.state, host, &user);
    let client = Registry::new(config(inner, &address), credentials)
        .map_err(|error| view_of_registry(&error))?;
    inner.registries.with(host, |known| {
        known.address = address;
        known.client = Some(client.clone());
    });
    Ok(client)
}

/// A client for the registry of a reference.
pub async fn client_for(inner: &Arc<Inner>, host: &str) -> Result<Registry, ErrorView> {
    let host = host.to_owned();
    blocking(inner, move |inner| client(inner, &host)).await
}

/// Notes how a registry answered and tells if that changed.
pub fn note<T>(
    inner: &Inner,
    host: &str,
    result: Result<T, kitbench_registry::Error>,
) -> Result<T, ErrorView> {
    use kitbench_registry::ErrorKind as Kind;
    let (reachable, refused) = match &result {
        Ok(_) => (Reachable::Yes, false),
        Err(error) => match error.kind() {
            Kind::Unreachable
            | Kind::Timeout
            | Kind::TlsProblem
            | Kind::HttpsToHttpServer
            | Kind::HttpToHttpsServer => (Reachable::No(view_of_registry(error)), false),
            Kind::Cancelled | Kind::Local | Kind::Config => {
                return result.map_err(|error| view_of_registry(&error));
            }
            Kind::Unauthorized => (Reachable::Yes, true),
            _ => (Reachable::Yes, false),
        },
    };
    let changed = inner.registries.with(host, |known| {
        let changed = known.reachable != reachable || known.refused != refused;
        known.reachable = reachable;
        known.refused = refused;
        changed
    });
    if changed {
        inner.events.send(EventKind::Registries);
        inner.events.send(EventKind::Status);
    }
    result.map_err(|error| view_of_registry(&error))
}

pub fn list(inner: &Inner) -> Result<Vec<RegistryRow>, ErrorView> {
    let records = inner.state.registries().map_err(|e| view_of_state(&e))?;
    Ok(records
        .into_iter()
        .map(|record| row(inner, record))
        .collect())
}

fn row(inner: &Inner, record: RegistryRecord) -> RegistryRow {
    let host = &record.address.host;
    let (credentials, sign_in) = inner.credentials.find(&inner.state, host, &record.user);
    let (reachable, refused) = inner
        .registries
        .with(host, |known| (known.reachable.clone(), known.refused));
    let sign_in = match sign_in {
        SignInState::SignedIn { user, .. } if refused => SignInState::Refused { user },
        _ if credentials.is_anonymous() => SignInState::Anonymous,
        sign_in => sign_in,
    };
    RegistryRow {
        id: record.id,
        address: record.address,
        sign_in,
        reachable,
    }
}

pub fn record(inner: &Inner, id: RegistryId) -> Result<RegistryRecord, ErrorView> {
    inner
        .state
        .registry(id)
        .map_err(|e| view_of_state(&e))?
        .ok_or_else(|| {
            ErrorView::new(
                ErrorKind::NotFound,
                "This registry is not in the list any more.",
                "Add it again.",
            )
        })
}

/// Takes what people paste: a scheme decides between HTTP and HTTPS, a path is dropped.
fn tidy(mut address: RegistryAddress) -> Result<RegistryAddress, ErrorView> {
    let mut host = address.host.trim();
    if let Some(rest) = host.strip_prefix("http://") {
        address.plain_http = true;
        host = rest;
    } else if let Some(rest) = host.strip_prefix("https://") {
        host = rest;
    }
    let host = host.split('/').next().unwrap_or_default().to_lowercase();
    let valid = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'));
    if !valid {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            format!("`{}` is not a registry's address.", address.host),
            "Write a host with an optional port, like `ghcr.io` or `localhost:5000`.",
        ));
    }
    address.host = host;
    Ok(address)
}

pub fn save(
    inner: &Inner,
    id: Option<RegistryId>,
    address: RegistryAddress,
) -> Result<RegistryRow, ErrorView> {
    let address = tidy(address)?;
    if id.is_none()
        && let Some(known) = inner
            .state
            .registry_by_host(&address.host)
            .map_err(|e| view_of_state(&e))?
        && known.address == address
    {
        return Ok(row(inner, known));
    }
    let id = inner
        .state
        .save_registry(id, &address)
        .map_err(|e| view_of_state(&e))?;
    inner.registries.with(&address.host, |known| {
        known.client = None;
        known.reachable = Reachable::Unknown;
    });
    inner.events.send(EventKind::Registries);
    inner.events.send(EventKind::Status);
    Ok(row(inner, record(inner, id)?))
}

pub fn remove(inner: &Inner, id: RegistryId, and_secret: bool) -> Result<(), ErrorView> {
    let record = record(inner, id)?;
    if and_secret {
        inner.credentials.remove(&record.address.host)?;
    }
    inner
        .state
        .delete_registry(id)
        .map_err(|e| view_of_state(&e))?;
    inner.registries.forget_client(&record.address.host);
    inner.events.send(EventKind::Registries);
    inner.events.send(EventKind::Status);
    Ok(())
}

/// Tries the login; keeps it only if the registry takes it.
pub async fn sign_in(
    inner: &Arc<Inner>,
    id: RegistryId,
    user: String,
    secret: Secret,
) -> Result<RegistryRow, ErrorView> {
    let record = blocking(inner, move |inner| record(inner, id)).await?;
    let host = record.address.host.clone();
    let secret = kitbench_registry::Secret::new(secret.0);
    let credentials = if user.is_empty() {
        Credentials::IdentityToken(secret.clone())
    } else {
        Credentials::basic(user.clone(), secret.reveal())
    };
    let trial = Registry::new(config(inner, &record.address), credentials)
        .map_err(|error| view_of_registry(&error))?;
    trial
        .check_login()
        .await
        .map_err(|error| view_of_registry(&error))?;
    blocking(inner, move |inner| {
        inner
            .credentials
            .save(&inner.state, &host, &user, &secret)?;
        inner
            .state
            .set_registry_user(id, &user)
            .map_err(|e| view_of_state(&e))?;
        inner.registries.with(&host, |known| {
            known.client = None;
            known.reachable = Reachable::Yes;
            known.refused = false;
        });
        inner.events.send(EventKind::Registries);
        Ok(row(inner, crate::registries::record(inner, id)?))
    })
    .await
}

pub fn sign_out(inner: &Inner, id: RegistryId) -> Result<RegistryRow, ErrorView> {
    let host = record(inner, id)?.address.host;
    inner.credentials.remove(&host)?;
    inner
        .state
        .set_registry_user(id, "")
        .map_err(|e| view_of_state(&e))?;
    inner.registries.with(&host, |known| {
        known.client = None;
        known.refused = false;
    });
    inner.events.send(EventKind::Registries);
    Ok(row(inner, record(inner, id)?))
}

/// Asks a registry what it is and what it lets one do.
pub async fn test(inner: &Arc<Inner>, address: RegistryAddress) -> Result<RegistryTest, ErrorView> {
    let address = tidy(address)?;
    let host = address.host.clone();
    let client = {
        let address = address.clone();
        blocking(inner, move |inner| {
            let (_, user) = address_of(inner, &address.host)?;
            let (credentials, _) = inner.credentials.find(&inner.state, &address.host, &user);
            Registry::new(config(inner, &address), credentials)
                .map_err(|error| view_of_registry(&error))
        })
        .await?
    };
    let ping = client.ping().await;
    let mut checks = Vec::new();
    let ping = match note(inner, &host, ping) {
        Ok(ping) => ping,
        Err(error) => {
            checks.push(("Reachable".into(), Some(false), error.message.clone()));
            return Ok(RegistryTest {
                checks,
                error: Some(error),
                needs_sign_in: false,
            });
        }
    };
    let scheme = if address.plain_http {
        "plain HTTP"
    } else {
        "HTTPS"
    };
    checks.push((
        "Reachable".into(),
        Some(true),
        format!("{host} answers over {scheme}"),
    ));
    let needs_sign_in = ping.sign_in != SignIn::NotNeeded;
    let login = if needs_sign_in {
        let signed_in = client.check_login().await;
        let text = match &signed_in {
            Ok(_) => "the login is accepted".to_owned(),
            Err(error) => sentence(&error.to_string()),
        };
        checks.push(("Sign-in".into(), Some(signed_in.is_ok()), text));
        signed_in.is_ok()
    } else {
        checks.push(("Sign-in".into(), Some(true), "none is asked for".into()));
        true
    };
    let catalogue = client.catalog(1, None).await;
    let (known, text) = match &catalogue {
        Ok(_) => (Some(true), "repositories can be listed".to_owned()),
        Err(_) if !login => (None, "sign in to find out".to_owned()),
        Err(_) => (
            Some(false),
            "repositories cannot be listed; type their names".to_owned(),
        ),
    };
    checks.push(("Catalogue".into(), known, text));
    Ok(RegistryTest {
        checks,
        error: None,
        needs_sign_in: needs_sign_in && !login,
    })
}

/// A reference that names a registry, with tag or digest (`latest` if neither).
pub fn remote_reference(text: &str) -> Result<Reference, ErrorView> {
    let reference = crate::kits::parse_reference(text)?;
    if !reference.has_registry() {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            format!("`{text}` names no registry."),
            "Write it with a host, as in `localhost:5000/wine:v1`.",
        ));
    }
    Ok(reference.or_latest())
}

pub async fn delete(inner: &Arc<Inner>, text: &str) -> Result<(), ErrorView> {
    let reference = remote_reference(text)?;
    let client = client_for(inner, &reference.registry).await?;
    let selector = reference.tag_or_digest().unwrap_or_default();
    note(
        inner,
        &reference.registry,
        client.delete(&reference.repository, &selector).await,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Result<(String, bool), ErrorKind> {
        tidy(RegistryAddress {
            host: text.into(),
            ..RegistryAddress::default()
        })
        .map(|address| (address.host, address.plain_http))
        .map_err(|error| error.kind)
    }

    #[test]
    fn pasted_addresses_are_understood() {
        assert_eq!(host("ghcr.io"), Ok(("ghcr.io".into(), false)));
        assert_eq!(
            host(" http://LocalHost:5000/v2/ "),
            Ok(("localhost:5000".into(), true))
        );
        assert_eq!(host("https://jozu.ml/x/y"), Ok(("jozu.ml".into(), false)));
        assert_eq!(host("not a host"), Err(ErrorKind::Invalid));
        assert_eq!(host(""), Err(ErrorKind::Invalid));
    }
}
