//! The layout of stores before `kit` 0.5: a whole OCI layout per repository, in
//! `storage/<registry>/<repository>/`, with tags as annotations of its index.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::Store;
use super::index::{Index, read_json};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::json;
use crate::manifest::{Descriptor, Manifest};
use crate::oci::{TAG, take_in};
use crate::progress::CancellationToken;
use crate::reference::Reference;

/// What of `storage/` belongs to the present layout.
const PRESENT: [&str; 4] = ["blobs", "ingest", "indexes", ".kitbench"];
/// What an OCI layout consists of.
const LAYOUT: [&str; 4] = ["index.json", "oci-layout", "blobs", "ingest"];
/// Folders of a repository's name; far more than registries allow.
const MAX_DEPTH: usize = 32;

/// What became of an old layout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Kits that are in the present layout now, each by its tag, else by its digest.
    pub kits: Vec<Reference>,
    /// Repositories left as they are, and why.
    pub left: Vec<(PathBuf, String)>,
}

impl Store {
    /// Whether kits lie here in the layout from before 0.5.
    ///
    /// # Errors
    /// [`Error::Io`] if the store cannot be listed.
    pub fn has_old_layout(&self) -> Result<bool> {
        Ok(!self.old_repositories()?.is_empty())
    }

    /// Moves kits from the layout before 0.5 into the present one, as `kit` does at its start up to
    /// 1.11. Every blob is checked; a repository's old files go only once all its kits are here, so a
    /// kill loses nothing and the next call goes on.
    ///
    /// # Errors
    /// [`Error::Cancelled`]; [`Error::Io`] if this store cannot be written. What is wrong with an old
    /// repository is told in [`Adopted::left`] and does not stop the others.
    pub fn adopt_old_layout(&self, cancel: &CancellationToken) -> Result<Adopted> {
        let mut adopted = Adopted::default();
        let old = self.old_repositories()?;
        if old.is_empty() {
            return Ok(adopted);
        }
        self.prepare()?;
        for folder in old {
            match self.adopt_repository(&folder, cancel) {
                Ok(kits) => adopted.kits.extend(kits),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => adopted.left.push((folder, error.to_string())),
            }
        }
        Ok(adopted)
    }

    /// The folders of old repositories, deepest first.
    fn old_repositories(&self) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut pending = vec![(self.root().to_path_buf(), 0)];
        while let Some((folder, depth)) = pending.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::io("list the folder", &folder)(error)),
            };
            if depth > 0 && folder.join("index.json").is_file() {
                found.push(folder.clone());
            }
            let skipped: &[&str] = if depth == 0 { &PRESENT } else { &LAYOUT };
            for entry in entries {
                let entry = entry.map_err(Error::io("list the folder", &folder))?;
                let known = entry
                    .file_name()
                    .to_str()
                    .is_some_and(|name| skipped.contains(&name));
                if !known && depth < MAX_DEPTH && entry.file_type().is_ok_and(|kind| kind.is_dir())
                {
                    pending.push((entry.path(), depth + 1));
                }
            }
        }
        found.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
        Ok(found)
    }

    fn adopt_repository(
        &self,
        folder: &Path,
        cancel: &CancellationToken,
    ) -> Result<Vec<Reference>> {
        let malformed = |problem: &str| Error::Malformed {
            what: folder.display().to_string(),
            problem: problem.to_owned(),
        };
        let name = folder
            .strip_prefix(self.root())
            .ok()
            .and_then(Path::to_str)
            .map(|name| name.replace('\\', "/"));
        let repository = name
            .as_deref()
            .and_then(Reference::from_full_repository)
            .ok_or_else(|| malformed("its place is no registry and repository"))?;
        let index: Index = read_json(&folder.join("index.json"))?
            .ok_or_else(|| malformed("its index has gone"))?;
        let mut kits = Vec::new();
        for entry in &index.manifests {
            let text = self.adopt_blobs(folder, entry, cancel)?;
            let tag = entry.annotations.get(TAG).cloned();
            let tags: Vec<String> = tag.iter().cloned().collect();
            self.add_manifest(&repository, &text, &tags)?;
            kits.push(match tag {
                Some(tag) => repository.with_tag(tag),
                None => repository.with_digest(entry.digest),
            });
        }
        self.clear(folder)?;
        Ok(kits)
    }

    /// Takes in what an old manifest names and gives its text.
    fn adopt_blobs(
        &self,
        folder: &Path,
        entry: &Descriptor,
        cancel: &CancellationToken,
    ) -> Result<Vec<u8>> {
        let blob_path = |digest: &Digest| folder.join("blobs").join("sha256").join(digest.hex());
        let path = blob_path(&entry.digest);
        let text = match File::open(&path) {
            Ok(file) => {
                let mut text = Vec::new();
                file.take(json::MAX_MANIFEST_BYTES + 1)
                    .read_to_end(&mut text)
                    .map_err(Error::io("read", &path))?;
                text
            }
            // An earlier call was cut off while it cleared up.
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.read_blob(
                &entry.digest,
                entry.size,
                json::MAX_MANIFEST_BYTES,
                "a manifest of the old layout",
            )?,
            Err(error) => return Err(Error::io("open", &path)(error)),
        };
        let found = Digest::of(&text);
        if found != entry.digest {
            return Err(Error::Corrupt {
                what: format!("the manifest {}", path.display()),
                expected: entry.digest,
                found,
            });
        }
        let manifest = Manifest::parse(&text, &path.display().to_string())?;
        let blobs: BTreeMap<Digest, u64> = manifest
            .layers()
            .iter()
            .chain([&manifest.config])
            .map(|blob| (blob.digest, blob.size))
            .collect();
        for (digest, size) in blobs {
            if !self.has_blob(&digest, size) {
                let path = blob_path(&digest);
                let file = File::open(&path).map_err(Error::io("open", &path))?;
                take_in(self, &digest, size, file, size, &|_| {}, cancel)?;
            }
        }
        Ok(text)
    }

    /// Deletes an old repository's files, its index last, and the folders that are empty then.
    fn clear(&self, folder: &Path) -> Result<()> {
        for name in LAYOUT.iter().rev() {
            let path = folder.join(name);
            let removed = if path.is_dir() {
                std::fs::remove_dir_all(&path)
            } else {
                std::fs::remove_file(&path)
            };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io("delete", &path)(error));
                }
                _ => {}
            }
        }
        for empty in folder.ancestors().take_while(|at| *at != self.root()) {
            if std::fs::remove_dir(empty).is_err() {
                break;
            }
        }
        Ok(())
    }
}
