//! What refers to a manifest: signatures, attestations, SBOMs.

use std::collections::BTreeMap;

use kitbench_modelkit::{Descriptor, Digest};
use reqwest::header::ACCEPT;
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use crate::auth::Scope;
use crate::error::{Error, Result};
use crate::manifests::MAX_MANIFEST_BYTES;
use crate::names::check_repository;
use crate::registry::Registry;
use crate::transport::Request;

/// An artifact that refers to another one: a signature, an attestation, an SBOM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrer {
    pub digest: Digest,
    pub media_type: String,
    pub artifact_type: Option<String>,
    pub size: u64,
    pub annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
}

impl Registry {
    /// What refers to the manifest `subject`, if wanted only of one artifact type.
    ///
    /// Registries without the referrers interface are asked for the fallback tag `sha256-<hex>` of the distribution
    /// specification; none at all gives an empty list.
    ///
    /// # Errors
    /// [`Error::Protocol`] for unreadable answers, and any but [`Error::NotFound`].
    pub async fn referrers(
        &self,
        repository: &str,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Referrer>> {
        check_repository(repository)?;
        let mut url = self
            .transport
            .url(&format!("{repository}/referrers/{subject}"))?;
        if let Some(wanted) = artifact_type {
            url.query_pairs_mut().append_pair("artifactType", wanted);
        }
        let what = format!("the referrers of {subject}");
        let request = Request::new(Method::GET, url, Scope::pull(repository), what.clone())
            .header(ACCEPT, "application/vnd.oci.image.index.v1+json")?;
        let index: Index = match self.transport.call(request, &[StatusCode::OK]).await {
            Ok(response) => self.json(response, MAX_MANIFEST_BYTES, &what).await?,
            Err(Error::NotFound { .. } | Error::Unsupported { .. }) => {
                self.fallback_index(repository, subject).await?
            }
            Err(error) => return Err(error),
        };
        let found = index
            .manifests
            .unwrap_or_default()
            .into_iter()
            .map(|descriptor| Referrer {
                digest: descriptor.digest,
                media_type: descriptor.media_type,
                artifact_type: descriptor.artifact_type,
                size: descriptor.size,
                annotations: descriptor.annotations,
            });
        // Registries may leave the filtering to us.
        let wanted = |referrer: &Referrer| {
            artifact_type.is_none_or(|wanted| referrer.artifact_type.as_deref() == Some(wanted))
        };
        Ok(found.filter(wanted).collect())
    }

    async fn fallback_index(&self, repository: &str, subject: &Digest) -> Result<Index> {
        let manifest = match self
            .manifest(repository, &format!("sha256-{}", subject.hex()))
            .await
        {
            Err(Error::NotFound { .. }) => return Ok(Index { manifests: None }),
            other => other?,
        };
        serde_json::from_slice(&manifest.bytes).map_err(|error| Error::Protocol {
            host: self.host().to_owned(),
            problem: format!("the index of what refers to {subject} cannot be read: {error}"),
        })
    }
}
