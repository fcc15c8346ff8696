//! Sending a ModelKit to a registry, or from one registry to another: blobs first, the manifest last.
//!
//! The manifest is what makes a kit visible, so a push that stops in the middle publishes nothing.

use std::sync::Arc;

use bytes::Bytes;
use kitbench_modelkit::progress::{CancellationToken, Observer, StepState};
use kitbench_modelkit::{Descriptor, Digest, Manifest, media};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};

use crate::auth::Scope;
use crate::error::{Error, Result};
use crate::journal::{MemoryJournal, UploadJournal};
use crate::manifests::parse_modelkit;
use crate::names::{check_repository, check_tag};
use crate::registry::Registry;
use crate::steps::{Row, steps_of, unique_blobs};
use crate::store::BlobStore;
use crate::transfer::{Outcome, Preflight, PreflightBlob, in_parallel, or_cancelled};
use crate::transport::{Body, Request};
use crate::upload::{Sent, Source, Upload};

/// A push to order.
#[derive(Clone)]
pub struct Push {
    /// The manifest, byte for byte.
    pub manifest: Bytes,
    /// Repository in the registry.
    pub repository: String,
    /// Tags to set; with none, the kit is only reachable by digest.
    pub tags: Vec<String>,
    /// Repositories of the same registry that may hold some of the blobs; the registry then links instead of receiving.
    pub mount_from: Vec<String>,
    /// Where upload sessions of large blobs are remembered, to be continued by a later push.
    pub journal: Arc<dyn UploadJournal>,
}

/// Where [`Registry::copy`] copies to.
pub struct CopyTarget<'a> {
    pub registry: &'a Registry,
    pub repository: &'a str,
    /// Tags to set there; with none, the kit is only reachable by digest.
    pub tags: &'a [String],
}

impl Push {
    /// A push of `manifest` to `repository` under one tag, remembering nothing.
    pub fn new(
        manifest: impl Into<Bytes>,
        repository: impl Into<String>,
        tag: impl Into<String>,
    ) -> Self {
        Push {
            manifest: manifest.into(),
            repository: repository.into(),
            tags: vec![tag.into()],
            mount_from: Vec::new(),
            journal: Arc::new(MemoryJournal::default()),
        }
    }
}

impl Registry {
    /// Pushes a ModelKit whose blobs are in `store`. Steps: layers, config, manifest.
    ///
    /// Memory does not depend on the size of the layers. Cancelled, it leaves no tag and no manifest; large
    /// blobs continue where they stopped if the same journal is given again.
    ///
    /// # Errors
    /// [`Error::Local`] when a blob that the registry lacks is missing or damaged here, else what the registry said.
    pub async fn push(
        &self,
        store: Arc<dyn BlobStore>,
        push: &Push,
        observer: Arc<dyn Observer>,
        cancel: &CancellationToken,
    ) -> Result<Outcome> {
        self.send(Source::Local(store), push, observer, cancel)
            .await
    }

    /// Copies a ModelKit from a repository of this registry to another place without keeping it here.
    /// Within one registry the blobs are mounted, nothing moves.
    ///
    /// # Errors
    /// What either registry said; the message names the one that failed.
    pub async fn copy(
        &self,
        repository: &str,
        tag_or_digest: &str,
        target: &CopyTarget<'_>,
        observer: Arc<dyn Observer>,
        cancel: &CancellationToken,
    ) -> Result<Outcome> {
        let manifest = or_cancelled(cancel, self.manifest(repository, tag_or_digest)).await?;
        let same = self.transport.base == target.registry.transport.base;
        let push = Push {
            manifest: manifest.bytes,
            repository: target.repository.to_owned(),
            tags: target.tags.to_vec(),
            mount_from: if same {
                vec![repository.to_owned()]
            } else {
                Vec::new()
            },
            journal: Arc::new(MemoryJournal::default()),
        };
        let source = Source::Remote {
            registry: self.clone(),
            repository: repository.to_owned(),
        };
        target.registry.send(source, &push, observer, cancel).await
    }

    /// What [`Registry::push`] would have to move.
    ///
    /// # Errors
    /// What the registry said.
    pub async fn preflight_push(
        &self,
        push: &Push,
        cancel: &CancellationToken,
    ) -> Result<Preflight> {
        let manifest = self.check(push)?;
        let blobs = unique_blobs(&manifest)
            .into_iter()
            .map(|(descriptor, _)| descriptor);
        let stop = cancel.child_token();
        let mut found = in_parallel(
            blobs.enumerate(),
            self.config().concurrency,
            &stop,
            |(at, descriptor)| {
                let stop = &stop;
                async move {
                    let there =
                        or_cancelled(stop, self.has_blob(&push.repository, &descriptor.digest))
                            .await?;
                    let there_bytes = if there { descriptor.size } else { 0 };
                    Ok((
                        at,
                        PreflightBlob {
                            descriptor,
                            there_bytes,
                        },
                    ))
                }
            },
        )
        .await?;
        found.sort_by_key(|(at, _)| *at);
        Ok(Preflight {
            digest: Digest::of(&push.manifest),
            blobs: found.into_iter().map(|(_, blob)| blob).collect(),
        })
    }

    fn check(&self, push: &Push) -> Result<Manifest> {
        check_repository(&push.repository)?;
        push.tags.iter().try_for_each(|tag| check_tag(tag))?;
        parse_modelkit(
            &push.manifest,
            &format!("the manifest for {}", push.repository),
        )
    }

    async fn send(
        &self,
        source: Source,
        push: &Push,
        observer: Arc<dyn Observer>,
        cancel: &CancellationToken,
    ) -> Result<Outcome> {
        let manifest = self.check(push)?;
        let digest = Digest::of(&push.manifest);
        observer.steps(&steps_of(&manifest, &digest, push.manifest.len() as u64));
        let rows: Vec<Row> = (0..manifest.layers().len() + 2)
            .map(|index| Row::new(observer.clone(), index))
            .collect();
        let stop = cancel.child_token();
        let job = Sending {
            registry: self,
            push,
            source: &source,
            rows: &rows,
            stop: &stop,
        };
        let mut outcome = Outcome::new(digest);

        let blobs = unique_blobs(&manifest);
        let absent = in_parallel(&blobs, self.config().concurrency, &stop, |blob| {
            job.ask(blob)
        })
        .await?;
        let absent: Vec<_> = absent.into_iter().flatten().collect();
        let all = blobs
            .iter()
            .fold(0u64, |sum, (blob, _)| sum.saturating_add(blob.size));
        outcome.reused_bytes =
            all.saturating_sub(absent.iter().fold(0, |sum, (blob, _)| sum + blob.size));

        // Before anything moves: everything that has to move is here.
        for (blob, rows) in &absent {
            job.check_source(blob)
                .inspect_err(|_| job.state(rows, StepState::Failed))?;
        }
        let sent = in_parallel(absent, self.config().concurrency, &stop, |blob| {
            job.send_blob(blob)
        })
        .await?;
        for (size, how) in sent {
            match how {
                Sent::Mounted => outcome.mounted_bytes += size,
                Sent::Uploaded => outcome.moved_bytes += size,
            }
        }
        job.put_manifest(&manifest, &digest).await?;
        Ok(outcome)
    }
}

/// One push on its way.
struct Sending<'a> {
    registry: &'a Registry,
    push: &'a Push,
    source: &'a Source,
    rows: &'a [Row],
    stop: &'a CancellationToken,
}

/// A blob with the indices of the rows that show it.
type Blob = (Descriptor, Vec<usize>);

impl Sending<'_> {
    fn state(&self, rows: &[usize], state: StepState) {
        for row in rows.iter().filter_map(|&index| self.rows.get(index)) {
            row.state(state);
        }
    }

    /// A failure marks the rows; being stopped does not.
    fn failed<T>(&self, rows: &[usize], result: Result<T>) -> Result<T> {
        if result
            .as_ref()
            .is_err_and(|error| !matches!(error, Error::Cancelled))
        {
            self.state(rows, StepState::Failed);
        }
        result
    }

    /// Gives the blob back if the registry lacks it.
    async fn ask(&self, (blob, rows): &Blob) -> Result<Option<Blob>> {
        self.state(rows, StepState::Asking);
        let asked = self.registry.has_blob(&self.push.repository, &blob.digest);
        if self.failed(rows, or_cancelled(self.stop, asked).await)? {
            self.state(rows, StepState::Reused);
            return Ok(None);
        }
        self.state(rows, StepState::Waiting);
        Ok(Some((blob.clone(), rows.clone())))
    }

    fn check_source(&self, blob: &Descriptor) -> Result<()> {
        let Source::Local(store) = self.source else {
            return Ok(());
        };
        let what = format!("blob {} of the local store", blob.digest);
        match store.blob_size(&blob.digest) {
            Ok(Some(size)) if size == blob.size => Ok(()),
            Ok(Some(size)) => Err(Error::local(
                what,
                std::io::Error::new(
                    std::io::ErrorKind::InvalidData,
                    format!("it has {size} bytes where its manifest says {}", blob.size),
                ),
            )),
            Ok(None) => Err(Error::local(
                what,
                std::io::Error::new(std::io::ErrorKind::NotFound, "it is missing"),
            )),
            Err(cause) => Err(Error::local(what, cause)),
        }
    }

    async fn send_blob(&self, (blob, rows): Blob) -> Result<(u64, Sent)> {
        let Some((first, others)) = rows.split_first() else {
            return Ok((0, Sent::Uploaded));
        };
        let Some(row) = self.rows.get(*first) else {
            return Ok((0, Sent::Uploaded));
        };
        let upload = Upload {
            registry: self.registry,
            repository: &self.push.repository,
            blob: &blob,
            source: self.source,
            mount_from: &self.push.mount_from,
            journal: self.push.journal.as_ref(),
            row,
            cancel: self.stop,
        };
        let sent = self.failed(&rows, upload.run().await)?;
        row.state(match sent {
            Sent::Mounted => StepState::Mounted,
            Sent::Uploaded => StepState::Done,
        });
        self.state(others, StepState::Reused);
        Ok((blob.size, sent))
    }

    /// Puts the manifest to every tag, or to its digest.
    async fn put_manifest(&self, manifest: &Manifest, digest: &Digest) -> Result<()> {
        let index = self.rows.len().saturating_sub(1);
        self.state(&[index], StepState::Uploading);
        let by_digest = [digest.to_string()];
        let targets: &[String] = if self.push.tags.is_empty() {
            &by_digest
        } else {
            &self.push.tags
        };
        let media_type = manifest.media_type.as_deref().unwrap_or(media::MANIFEST);
        for target in targets {
            let put = async {
                let url = self.registry.manifest_url(&self.push.repository, target)?;
                let what = format!(
                    "the manifest {}",
                    crate::names::shown(&self.push.repository, target)
                );
                let request =
                    Request::new(Method::PUT, url, Scope::push(&self.push.repository), what)
                        .header(CONTENT_TYPE, media_type)?
                        .body(Body::Bytes(self.push.manifest.clone()));
                let accepted = [StatusCode::CREATED, StatusCode::OK, StatusCode::ACCEPTED];
                self.registry.transport.call(request, &accepted).await
            };
            self.failed(&[index], or_cancelled(self.stop, put).await)?;
        }
        if let Some(row) = self.rows.get(index) {
            row.reached(self.push.manifest.len() as u64);
            row.state(StepState::Done);
        }
        Ok(())
    }
}
