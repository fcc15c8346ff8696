//! Fetching a ModelKit into the local store: blobs first, the manifest last.

use std::sync::Arc;

use bytes::Bytes;
use kitbench_modelkit::progress::{CancellationToken, Observer, StepState};
use kitbench_modelkit::{Descriptor, Digest, Manifest};

use crate::blobs::MAX_CONFIG_BYTES;
use crate::download::{Download, blocking};
use crate::error::{Error, Result};
use crate::manifests::RemoteManifest;
use crate::names::Selector;
use crate::registry::Registry;
use crate::steps::{Row, steps_of, unique_blobs};
use crate::store::{BlobStore, PulledManifest};
use crate::transfer::{Outcome, Preflight, PreflightBlob, in_parallel, or_cancelled};

/// A ModelKit that was pulled.
#[derive(Clone, Debug)]
pub struct Pulled {
    pub outcome: Outcome,
    pub manifest: Manifest,
    pub manifest_bytes: Bytes,
    /// The config blob: the Kitfile as JSON. If its `model.path` names another ModelKit, that parent has
    /// to be pulled too, under its own repository name (section 1.5 of the compatibility reference).
    pub config: Bytes,
}

impl Registry {
    /// Pulls a ModelKit into `store`. Steps: layers, config, manifest.
    ///
    /// A blob that is here is not fetched, a partial one is continued, one that is listed twice is fetched once. Every
    /// byte is checked against its digest before the manifest becomes visible. Cancelled, it keeps only what can be continued.
    ///
    /// # Errors
    /// [`Error::NotAModelKit`], [`Error::NotFound`], [`Error::DigestMismatch`], [`Error::Local`] …
    pub async fn pull(
        &self,
        repository: &str,
        tag_or_digest: &str,
        store: Arc<dyn BlobStore>,
        observer: Arc<dyn Observer>,
        cancel: &CancellationToken,
    ) -> Result<Pulled> {
        let remote = or_cancelled(cancel, self.manifest(repository, tag_or_digest)).await?;
        let manifest = remote.modelkit()?;
        self.check_config_size(repository, &manifest)?;
        observer.steps(&steps_of(
            &manifest,
            &remote.digest,
            remote.bytes.len() as u64,
        ));
        let rows: Vec<Row> = (0..manifest.layers().len() + 2)
            .map(|index| Row::new(observer.clone(), index))
            .collect();
        let stop = cancel.child_token();
        let job = Receiving {
            registry: self,
            repository,
            store: &store,
            rows: &rows,
            stop: &stop,
        };
        let results = in_parallel(
            unique_blobs(&manifest),
            self.config().concurrency,
            &stop,
            |blob| job.receive(blob),
        )
        .await?;
        let mut outcome = Outcome::new(remote.digest);
        for (size, moved) in results {
            match moved {
                true => outcome.moved_bytes += size,
                false => outcome.reused_bytes += size,
            }
        }
        let tag = match Selector::parse(tag_or_digest)? {
            Selector::Tag(tag) => Some(tag),
            Selector::Digest(_) => None,
        };
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        job.publish(&remote, tag).await?;
        let config = read_config(store, manifest.config.clone()).await?;
        Ok(Pulled {
            outcome,
            manifest,
            manifest_bytes: remote.bytes,
            config,
        })
    }

    /// What [`Registry::pull`] would have to move.
    ///
    /// # Errors
    /// Those of [`Registry::manifest`], and [`Error::NotAModelKit`].
    pub async fn preflight_pull(
        &self,
        repository: &str,
        tag_or_digest: &str,
        store: &dyn BlobStore,
    ) -> Result<Preflight> {
        let remote = self.manifest(repository, tag_or_digest).await?;
        let manifest = remote.modelkit()?;
        let mut blobs = Vec::new();
        for (descriptor, _) in unique_blobs(&manifest) {
            let failed =
                |cause| Error::local(format!("looking for blob {}", descriptor.digest), cause);
            let there_bytes = match store.blob_size(&descriptor.digest).map_err(failed)? {
                Some(size) if size == descriptor.size => size,
                _ => store
                    .partial_size(&descriptor.digest)
                    .map_err(failed)?
                    .min(descriptor.size),
            };
            blobs.push(PreflightBlob {
                descriptor,
                there_bytes,
            });
        }
        Ok(Preflight {
            digest: remote.digest,
            blobs,
        })
    }

    fn check_config_size(&self, repository: &str, manifest: &Manifest) -> Result<()> {
        if manifest.config.size <= MAX_CONFIG_BYTES {
            return Ok(());
        }
        Err(Error::Protocol {
            host: self.host().to_owned(),
            problem: format!(
                "the config of {repository} has {} bytes, the limit is {MAX_CONFIG_BYTES}",
                manifest.config.size
            ),
        })
    }
}

/// One pull on its way.
struct Receiving<'a> {
    registry: &'a Registry,
    repository: &'a str,
    store: &'a Arc<dyn BlobStore>,
    rows: &'a [Row],
    stop: &'a CancellationToken,
}

impl Receiving<'_> {
    fn state(&self, rows: &[usize], state: StepState) {
        for row in rows.iter().filter_map(|&index| self.rows.get(index)) {
            row.state(state);
        }
    }

    /// Fetches a blob unless it is here; gives its size and whether it moved.
    async fn receive(&self, (blob, rows): (Descriptor, Vec<usize>)) -> Result<(u64, bool)> {
        let here = self
            .store
            .blob_size(&blob.digest)
            .map_err(|cause| Error::local(format!("looking for blob {}", blob.digest), cause))?;
        if here == Some(blob.size) {
            self.state(&rows, StepState::Reused);
            return Ok((blob.size, false));
        }
        let Some((first, others)) = rows.split_first() else {
            return Ok((0, false));
        };
        let Some(row) = self.rows.get(*first) else {
            return Ok((0, false));
        };
        let download = Download {
            registry: self.registry,
            repository: self.repository,
            blob: &blob,
            store: self.store,
            row,
            cancel: self.stop,
        };
        match download.run().await {
            Ok(()) => {
                row.state(StepState::Done);
                self.state(others, StepState::Reused);
                Ok((blob.size, true))
            }
            Err(error) => {
                if !matches!(error, Error::Cancelled) {
                    self.state(&rows, StepState::Failed);
                }
                Err(error)
            }
        }
    }

    async fn publish(&self, remote: &RemoteManifest, tag: Option<&str>) -> Result<()> {
        let index = self.rows.len().saturating_sub(1);
        let store = self.store.clone();
        let descriptor = remote.descriptor();
        let bytes = remote.bytes.clone();
        let (registry, repository) = (self.registry.host().to_owned(), self.repository.to_owned());
        let tag = tag.map(str::to_owned);
        let put = blocking(move || {
            store.put_manifest(&PulledManifest {
                registry: &registry,
                repository: &repository,
                tag: tag.as_deref(),
                descriptor: &descriptor,
                bytes: &bytes,
            })
        });
        if let Err(cause) = put.await? {
            self.state(&[index], StepState::Failed);
            return Err(Error::local(
                "listing the ModelKit in the local store",
                cause,
            ));
        }
        if let Some(row) = self.rows.get(index) {
            row.reached(remote.bytes.len() as u64);
            row.state(StepState::Done);
        }
        Ok(())
    }
}

/// Reads the config back and checks it: it may have been here already.
async fn read_config(store: Arc<dyn BlobStore>, config: Descriptor) -> Result<Bytes> {
    let digest = config.digest;
    let read = blocking(move || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(
            &mut std::io::Read::take(store.open_blob(&config.digest)?, MAX_CONFIG_BYTES),
            &mut bytes,
        )?;
        if Digest::of(&bytes) != config.digest {
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                "its content has changed",
            ));
        }
        Ok(bytes)
    });
    let bytes = read
        .await?
        .map_err(|cause| Error::local(format!("reading the config {digest}"), cause))?;
    Ok(bytes.into())
}
