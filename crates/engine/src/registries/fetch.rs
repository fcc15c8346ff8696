//! Kits on a registry, read without pulling them.

use std::sync::Arc;

use kitbench_modelkit::Descriptor;
use kitbench_modelkit::Reference;
use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::source::KitSource;
use kitbench_protocol::ErrorView;
use kitbench_registry::RemoteKit;

use super::{client_for, note};
use crate::Inner;
use crate::errors::view_of_registry;

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

/// A remote kit whose layers can be read in parts. Read it on blocking threads only.
pub async fn remote_kit(inner: &Arc<Inner>, reference: &Reference) -> Result<RemoteKit, ErrorView> {
    let client = client_for(inner, &reference.registry).await?;
    let kit = client.kit(reference, &CancellationToken::new()).await;
    note(inner, &reference.registry, kit)
}
