//! Checks every byte of the store.

use std::collections::BTreeMap;
use std::io::Read as _;

use super::Store;
use crate::LayerKind;
use crate::digest::{Digest, Hasher};
use crate::error::{Error, Result};
use crate::progress::{CancellationToken, Observer, Step, StepState};
use crate::reference::Reference;

/// The outcome of [`Store::verify`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    pub kits: usize,
    pub blobs: usize,
    /// Bytes read.
    pub bytes: u64,
    pub damage: Vec<Damage>,
    /// Blobs that no kit uses, not read: of an import or pack under way or interrupted.
    /// [`Store::prune`] takes them.
    pub unused_blobs: usize,
    pub unused_bytes: u64,
}

/// A kit that is not whole. Pulling or packing it again repairs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub kit: Reference,
    /// The blob at fault, unless it is an index.
    pub blob: Option<Digest>,
    /// A sentence.
    pub problem: String,
}

impl Store {
    /// Hashes every blob that a kit uses, once, and checks that the indexes agree. A damaged blob
    /// is renamed out of the way with `set_aside`, so that the next pull fetches it again.
    ///
    /// # Errors
    /// [`Error::Cancelled`], [`Error::Io`] for the store's own files. Damage is no error.
    pub fn verify(
        &self,
        set_aside: bool,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<Verification> {
        let mut result = Verification::default();
        // What to hash: blob → (size, what it is, kind, kits that use it).
        let mut blobs: BTreeMap<Digest, Used> = BTreeMap::new();
        let shared = self.shared_index()?;
        for name in self.repositories()? {
            let Some(repository) = Reference::from_full_repository(&name) else {
                continue;
            };
            let files = self.repository(&name)?;
            for entry in &files.index.manifests {
                result.kits += 1;
                let kit = match files.tags_of(&entry.digest).first() {
                    Some(tag) => repository.with_tag(tag.clone()),
                    None => repository.with_digest(entry.digest),
                };
                let mut damaged = |blob, problem: String| {
                    result.damage.push(Damage {
                        kit: kit.clone(),
                        blob,
                        problem,
                    })
                };
                if shared.find(&entry.digest).is_none() {
                    damaged(None, "it is missing from the shared index, so removing another kit may take its layers; tag it again to list it".into());
                }
                match self.manifest_of(entry) {
                    Ok(manifest) => {
                        let config = ("config".to_owned(), None, manifest.config.clone());
                        let layers = manifest.layers().iter().map(|layer| {
                            let kind = layer.layer_type().map(|layer| layer.kind);
                            (
                                kind.map_or_else(
                                    || "layer".to_owned(),
                                    |kind| kind.name().to_owned(),
                                ),
                                kind,
                                layer.clone(),
                            )
                        });
                        for (label, kind, blob) in std::iter::once(config).chain(layers) {
                            let used = blobs.entry(blob.digest).or_insert_with(|| Used {
                                size: blob.size,
                                label,
                                kind,
                                kits: Vec::new(),
                            });
                            used.kits.push(kit.clone());
                        }
                    }
                    Err(error) => {
                        damaged(Some(entry.digest), error.to_string());
                        if set_aside {
                            self.put_aside(&entry.digest);
                        }
                    }
                }
            }
            for (tag, entry) in &files.tags {
                if files.index.find(&entry.digest).is_none() {
                    result.damage.push(Damage {
                        kit: repository.with_tag(tag.clone()),
                        blob: Some(entry.digest),
                        problem: "the tag names a kit that its repository does not list".into(),
                    });
                }
            }
        }
        let steps: Vec<Step> = blobs
            .iter()
            .map(|(digest, used)| Step {
                label: used.label.clone(),
                kind: used.kind,
                digest: Some(digest.to_string()),
                total_bytes: used.size,
            })
            .collect();
        observer.steps(&steps);
        for (step, (digest, used)) in blobs.iter().enumerate() {
            observer.state(step, StepState::Verifying);
            let problem = self.check(
                digest,
                used,
                &mut |bytes| {
                    result.bytes += bytes;
                    observer.bytes(step, bytes);
                },
                cancel,
            )?;
            result.blobs += 1;
            observer.state(
                step,
                if problem.is_none() {
                    StepState::Done
                } else {
                    StepState::Failed
                },
            );
            let Some(problem) = problem else { continue };
            if set_aside {
                self.put_aside(digest);
            }
            for kit in &used.kits {
                result.damage.push(Damage {
                    kit: kit.clone(),
                    blob: Some(*digest),
                    problem: problem.clone(),
                });
            }
        }
        (result.unused_blobs, result.unused_bytes) = self.unused()?;
        Ok(result)
    }

    /// Blobs that no kit uses, and their bytes.
    fn unused(&self) -> Result<(usize, u64)> {
        let folder = self.root().join("blobs").join("sha256");
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((0, 0)),
            Err(error) => return Err(Error::io("list the folder", &folder)(error)),
        };
        let used = self.users(None)?.blobs;
        let indexed = self.indexed_elsewhere();
        let (mut blobs, mut bytes) = (0, 0);
        for entry in entries {
            let entry = entry.map_err(Error::io("list the folder", &folder))?;
            let digest = entry
                .file_name()
                .to_str()
                .and_then(|hex| format!("sha256:{hex}").parse::<Digest>().ok());
            let needed = digest
                .is_some_and(|digest| used.contains_key(&digest) || indexed.contains(&digest));
            if !needed && let Ok(metadata) = entry.metadata() {
                blobs += 1;
                bytes += metadata.len();
            }
        }
        Ok((blobs, bytes))
    }

    fn put_aside(&self, digest: &Digest) {
        let path = self.blob_path(digest);
        // A missing blob cannot be moved; then it is out of the way already.
        let _ = std::fs::rename(&path, path.with_extension("damaged"));
    }

    /// What is wrong with one blob, if anything.
    fn check(
        &self,
        digest: &Digest,
        used: &Used,
        progress: &mut dyn FnMut(u64),
        cancel: &CancellationToken,
    ) -> Result<Option<String>> {
        let mut file = match self.open_blob(digest, &used.label) {
            Ok(file) => file,
            Err(error) => return Ok(Some(error.to_string())),
        };
        let (mut hasher, mut size) = (Hasher::new(), 0);
        let mut buffer = vec![0; 512 << 10];
        loop {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let n = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) => {
                    return Ok(Some(
                        Error::io("read", self.blob_path(digest))(error).to_string(),
                    ));
                }
            };
            hasher.update(buffer.get(..n).unwrap_or_default());
            size += n as u64;
            progress(n as u64);
        }
        let what = format!("the {} blob", used.label);
        let found = hasher.finish();
        Ok(if size != used.size {
            Some(
                Error::Size {
                    what,
                    expected: used.size,
                    found: size,
                }
                .to_string(),
            )
        } else if found != *digest {
            Some(
                Error::Corrupt {
                    what,
                    expected: *digest,
                    found,
                }
                .to_string(),
            )
        } else {
            None
        })
    }
}

struct Used {
    size: u64,
    label: String,
    kind: Option<LayerKind>,
    kits: Vec<Reference>,
}
