//! Manifests: fetched and checked, resolved, deleted.

use bytes::Bytes;
use kitbench_modelkit::{Descriptor, Digest, Manifest, media};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Response, StatusCode, Url};

use crate::auth::Scope;
use crate::blobs::MAX_CONFIG_BYTES;
use crate::error::{Error, Result};
use crate::names::{Selector, check_repository, shown};
use crate::registry::Registry;
use crate::transport::Request;

/// Larger manifests are refused; the distribution specification lets registries do the same.
pub const MAX_MANIFEST_BYTES: usize = 4 * 1024 * 1024;

/// Manifest types that can be read, most wanted first.
pub(crate) const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

/// A manifest as it lies in the registry; its bytes have been checked against its digest.
#[derive(Clone, Debug)]
pub struct RemoteManifest {
    pub bytes: Bytes,
    pub digest: Digest,
    pub media_type: String,
    what: String,
}

impl RemoteManifest {
    /// The manifest read as a ModelKit's.
    ///
    /// # Errors
    /// [`Error::NotAModelKit`] for indexes and other artifacts, [`Error::Protocol`] for nonsense.
    pub fn modelkit(&self) -> Result<Manifest> {
        parse_modelkit(&self.bytes, &self.what)
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(
            self.media_type.clone(),
            self.digest,
            self.bytes.len() as u64,
        )
    }
}

pub(crate) fn parse_modelkit(bytes: &[u8], what: &str) -> Result<Manifest> {
    Manifest::parse(bytes, what).map_err(|error| match error {
        kitbench_modelkit::Error::NotAModelKit { what, problem } => Error::NotAModelKit {
            what,
            found: problem,
        },
        other => Error::NotAModelKit {
            what: what.to_owned(),
            found: other.to_string(),
        },
    })
}

impl Registry {
    /// The manifest behind a tag or digest, checked against its digest.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::DigestMismatch`], [`Error::Protocol`] when larger than [`MAX_MANIFEST_BYTES`].
    pub async fn manifest(&self, repository: &str, tag_or_digest: &str) -> Result<RemoteManifest> {
        let selector = Selector::parse(tag_or_digest)?;
        let what = shown(repository, tag_or_digest);
        let request = Request::new(
            Method::GET,
            self.manifest_url(repository, tag_or_digest)?,
            Scope::pull(repository),
            what.clone(),
        )
        .header(ACCEPT, ACCEPTED)?;
        let response = self.transport.call(request, &[StatusCode::OK]).await?;
        let claimed = content_digest(&response);
        let media_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.split(';').next().unwrap_or_default().trim().to_owned());
        let bytes = self.transport.body(response, MAX_MANIFEST_BYTES).await?;
        let digest = Digest::of(&bytes);
        let expected = match selector {
            Selector::Digest(wanted) => Some(wanted),
            Selector::Tag(_) => claimed,
        };
        if let Some(expected) = expected
            && expected != digest
        {
            return Err(Error::DigestMismatch {
                host: self.host().to_owned(),
                what: format!("the manifest {what}"),
                expected: expected.to_string(),
                actual: digest.to_string(),
            });
        }
        let media_type = media_type.unwrap_or_else(|| media::MANIFEST.to_owned());
        Ok(RemoteManifest {
            bytes,
            digest,
            media_type,
            what: format!("{}/{what}", self.host()),
        })
    }

    /// The digest behind a tag, or `None` if there is no such tag: one HEAD request.
    ///
    /// # Errors
    /// Any but [`Error::NotFound`]. A registry that does not tell the digest gets a full request.
    pub async fn resolve(&self, repository: &str, tag_or_digest: &str) -> Result<Option<Digest>> {
        let request = Request::new(
            Method::HEAD,
            self.manifest_url(repository, tag_or_digest)?,
            Scope::pull(repository),
            shown(repository, tag_or_digest),
        )
        .header(ACCEPT, ACCEPTED)?;
        match self.transport.call(request, &[StatusCode::OK]).await {
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
            Ok(response) => match content_digest(&response) {
                Some(digest) => Ok(Some(digest)),
                None => self
                    .manifest(repository, tag_or_digest)
                    .await
                    .map(|manifest| Some(manifest.digest)),
            },
        }
    }

    /// The config blob of a manifest, checked against its digest.
    ///
    /// # Errors
    /// [`Error::Protocol`] when larger than [`MAX_CONFIG_BYTES`], [`Error::DigestMismatch`] …
    pub async fn config_of(&self, repository: &str, manifest: &Manifest) -> Result<Bytes> {
        self.small_blob(repository, &manifest.config, MAX_CONFIG_BYTES, "the config")
            .await
    }

    /// Deletes a manifest by digest (with all its tags), or a tag where the registry allows that.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where deletion is off or tags cannot be deleted, [`Error::NotFound`].
    pub async fn delete(&self, repository: &str, tag_or_digest: &str) -> Result<()> {
        let what = shown(repository, tag_or_digest);
        let request = Request::new(
            Method::DELETE,
            self.manifest_url(repository, tag_or_digest)?,
            Scope::delete(repository),
            what.clone(),
        );
        let accepted = [StatusCode::ACCEPTED, StatusCode::OK, StatusCode::NO_CONTENT];
        match self.transport.call(request, &accepted).await {
            Ok(_) => Ok(()),
            Err(
                Error::Rejected {
                    host, status: 400, ..
                }
                | Error::Unsupported { host, .. },
            ) => Err(Error::Unsupported {
                host,
                what: format!("deleting {what}"),
            }),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn manifest_url(&self, repository: &str, tag_or_digest: &str) -> Result<Url> {
        check_repository(repository)?;
        Selector::parse(tag_or_digest)?;
        self.transport
            .url(&format!("{repository}/manifests/{tag_or_digest}"))
    }
}

/// The digest a registry claims, if it is one that can be checked.
fn content_digest(response: &Response) -> Option<Digest> {
    response
        .headers()
        .get("docker-content-digest")?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
