//! Registries: addresses, sign-in, what they hold, and the clients that talk to them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::source::KitSource;
use kitbench_modelkit::{Descriptor, Format, Manifest, Reference};
use kitbench_protocol::{
    ErrorKind, ErrorView, EventKind, LayerAcrossTags, Reachable, RegistryAddress, RegistryId,
    RegistryRow, RegistryTest, Relation, RepositoryList, Secret, SignInState, TagList, TagRow,
};
use kitbench_registry::{ClientCert, Credentials, Registry, RegistryConfig, SignIn};

use crate::errors::{sentence, view_of_registry, view_of_state};
use crate::state::now_ms;
use crate::state::registries::RegistryRecord;
use crate::{Inner, blocking, convert};

/// Names asked for per page, and the most that are listed.
const PAGE: usize = 100;
const MAX_REPOSITORIES: usize = 5_000;
const MAX_TAGS: usize = 2_000;
/// Manifests read at the same time for a list of tags.
const AT_ONCE: usize = 8;

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

/// Repositories of a registry: its catalogue, else those used before.
pub async fn repositories(inner: &Arc<Inner>, id: RegistryId) -> Result<RepositoryList, ErrorView> {
    use kitbench_registry::ErrorKind as Kind;
    let host = blocking(inner, move |inner| Ok(record(inner, id)?.address.host)).await?;
    let client = client_for(inner, &host).await?;
    let used: Vec<String> = inner
        .state
        .used_repositories()
        .map_err(|e| view_of_state(&e))?
        .into_iter()
        .filter(|(known, _)| *known == host)
        .map(|(_, repository)| repository)
        .collect();
    let mut repositories = Vec::new();
    let mut from = None;
    loop {
        let page = client.catalog(PAGE, from.as_deref()).await;
        if let Err(error) = &page
            && matches!(
                error.kind(),
                Kind::NotFound | Kind::Unsupported | Kind::Forbidden | Kind::Rejected
            )
        {
            return Ok(RepositoryList {
                repositories: used,
                no_catalogue: true,
            });
        }
        let page = note(inner, &host, page)?;
        repositories.extend(page.names);
        from = page.next;
        if from.is_none() || repositories.len() >= MAX_REPOSITORIES {
            break;
        }
    }
    for repository in used {
        if !repositories.contains(&repository) {
            repositories.push(repository);
        }
    }
    repositories.sort();
    Ok(RepositoryList {
        repositories,
        no_catalogue: false,
    })
}

/// Manifest and config of a kit on a registry, read without its layers.
pub struct Fetched {
    pub reference: Reference,
    pub entry: Descriptor,
    pub manifest: Vec<u8>,
    pub config: Vec<u8>,
}

impl KitSource for Fetched {
    fn reference(&self) -> &Reference {
        &self.reference
    }

    fn manifest(&self) -> kitbench_modelkit::Result<(Descriptor, Vec<u8>)> {
        Ok((self.entry.clone(), self.manifest.clone()))
    }

    fn blob(
        &self,
        blob: &Descriptor,
    ) -> kitbench_modelkit::Result<Box<dyn std::io::Read + Send + '_>> {
        if kitbench_modelkit::Digest::of(&self.config) == blob.digest {
            return Ok(Box::new(self.config.as_slice()));
        }
        Err(kitbench_modelkit::Error::MissingBlob {
            digest: blob.digest,
            what: "a layer that was not fetched".into(),
        })
    }
}

/// Manifest and config of a remote kit.
pub async fn fetch(inner: &Arc<Inner>, reference: &Reference) -> Result<Fetched, ErrorView> {
    let client = client_for(inner, &reference.registry).await?;
    let selector = reference.tag_or_digest().unwrap_or_else(|| "latest".into());
    let remote = client.manifest(&reference.repository, &selector).await;
    let remote = note(inner, &reference.registry, remote)?;
    let manifest = remote
        .modelkit()
        .map_err(|error| view_of_registry(&error))?;
    let config = client.config_of(&reference.repository, &manifest).await;
    let config = note(inner, &reference.registry, config)?;
    Ok(Fetched {
        reference: reference.clone(),
        entry: remote.descriptor(),
        manifest: remote.bytes.to_vec(),
        config: config.to_vec(),
    })
}

struct ReadTag {
    row: TagRow,
    layers: Vec<(String, kitbench_protocol::LayerKind, String)>,
    first_blob: Option<Descriptor>,
}

pub async fn tags(
    inner: &Arc<Inner>,
    id: RegistryId,
    repository: String,
) -> Result<TagList, ErrorView> {
    let host = blocking(inner, move |inner| Ok(record(inner, id)?.address.host)).await?;
    let client = client_for(inner, &host).await?;
    let names = note(inner, &host, client.all_tags(&repository, MAX_TAGS).await)?;
    let local = {
        let name = format!("{host}/{repository}");
        blocking(inner, move |inner| {
            Ok(crate::kits::local_tags(inner, &name))
        })
        .await?
    };
    let mut read: Vec<ReadTag> = futures_util::stream::iter(names)
        .map(|tag| read_tag(&client, &repository, tag))
        .buffered(AT_ONCE)
        .collect()
        .await;
    for tag in &mut read {
        tag.row.relation = match local.get(&tag.row.tag) {
            Some(digest) if *digest == tag.row.digest => Relation::Same,
            Some(_) => Relation::Differs,
            None => Relation::NotPulled,
        };
    }
    // Newest first where the manifests say; names of the same age in their own order.
    read.sort_by(|a, b| {
        b.row
            .created_ms
            .cmp(&a.row.created_ms)
            .then_with(|| b.row.tag.cmp(&a.row.tag))
    });
    let partial_reads = match read.iter().find_map(|tag| tag.first_blob.as_ref()) {
        Some(blob) => client.supports_ranges(&repository, &blob.digest).await.ok(),
        None => None,
    };
    {
        let repository = repository.clone();
        blocking(inner, move |inner| {
            inner
                .state
                .use_repository(&host, &repository)
                .map_err(|e| view_of_state(&e))
        })
        .await?;
    }
    Ok(TagList {
        layers: across_tags(&read),
        tags: read.into_iter().map(|tag| tag.row).collect(),
        partial_reads,
        listed_ms: now_ms(),
    })
}

async fn read_tag(client: &Registry, repository: &str, tag: String) -> ReadTag {
    let mut row = TagRow {
        tag: tag.clone(),
        digest: String::new(),
        bytes: 0,
        created_ms: None,
        framework: String::new(),
        name: String::new(),
        artifact: String::new(),
        is_modelkit: false,
        relation: Relation::Unknown,
        error: None,
    };
    let failed = |mut row: TagRow, message: String| {
        row.error = Some(message);
        ReadTag {
            row,
            layers: Vec::new(),
            first_blob: None,
        }
    };
    let remote = match client.manifest(repository, &tag).await {
        Ok(remote) => remote,
        Err(error) => return failed(row, error.to_string()),
    };
    row.digest = remote.digest.to_string();
    let manifest = match remote.modelkit() {
        Ok(manifest) => manifest,
        Err(error) => {
            row.artifact.clone_from(&remote.media_type);
            return failed(row, error.to_string());
        }
    };
    row.bytes = manifest.layer_bytes();
    row.is_modelkit = true;
    row.artifact = match manifest.format() {
        Some(Format::ModelPack) => "ModelPack".into(),
        _ => "ModelKit".into(),
    };
    row.created_ms = manifest.created().and_then(crate::time::parse_rfc3339_ms);
    let config = match client.config_of(repository, &manifest).await {
        Ok(config) => config,
        Err(error) => return failed(row, error.to_string()),
    };
    let source = Fetched {
        reference: Reference::placeholder(),
        entry: remote.descriptor(),
        manifest: remote.bytes.to_vec(),
        config: config.to_vec(),
    };
    let kitfile = match Kit::read(&source) {
        Ok(kit) => Some(kit.kitfile),
        Err(error) => return failed(row, error.to_string()),
    };
    if let Some(kitfile) = &kitfile {
        row.name.clone_from(&kitfile.package.name);
        if let Some(model) = &kitfile.model {
            row.framework.clone_from(&model.framework);
        }
    }
    let layers = layer_digests(&manifest, kitfile.as_ref());
    let first_blob = manifest
        .layers()
        .iter()
        .find(|layer| layer.size > 1)
        .cloned();
    ReadTag {
        row,
        layers,
        first_blob,
    }
}

/// Label, kind and digest of each layer.
fn layer_digests(
    manifest: &Manifest,
    kitfile: Option<&kitbench_kitfile::Kitfile>,
) -> Vec<(String, kitbench_protocol::LayerKind, String)> {
    let elements = kitfile
        .map(kitbench_kitfile::Kitfile::elements)
        .unwrap_or_default();
    manifest
        .layers()
        .iter()
        .filter_map(|layer| {
            let kind = layer.layer_type()?.kind;
            let digest = layer.digest.to_string();
            let element = elements
                .iter()
                .find(|element| element.layer.is_some_and(|info| info.digest == digest));
            let path = layer.annotations.get(kitbench_modelkit::media::FILE_PATH);
            let label = convert::layer_label(
                kind,
                element.map(|element| element.name).unwrap_or_default(),
                path.map(String::as_str).unwrap_or_default(),
            );
            Some((label, convert::kind_to_protocol(kind), digest))
        })
        .collect()
}

fn across_tags(read: &[ReadTag]) -> Vec<LayerAcrossTags> {
    let mut rows: Vec<LayerAcrossTags> = Vec::new();
    for (column, tag) in read.iter().enumerate() {
        for (label, kind, digest) in &tag.layers {
            let at = rows
                .iter()
                .position(|row| row.label == *label)
                .unwrap_or_else(|| {
                    rows.push(LayerAcrossTags {
                        label: label.clone(),
                        kind: *kind,
                        digests: vec![None; read.len()],
                    });
                    rows.len() - 1
                });
            rows[at].digests[column] = Some(digest.clone());
        }
    }
    rows
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
