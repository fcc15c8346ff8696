//! Removing kits, with an exact account of what goes and what stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::time::{Duration, SystemTime};

use super::Store;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::manifest::Descriptor;
use crate::reference::Reference;

/// What removing would do, or did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Tags that go.
    pub tags: Vec<String>,
    /// Whether the kit goes from its repository, rather than only the tag.
    pub kit: bool,
    /// The kit's digest.
    pub digest: Option<Digest>,
    /// Whether another repository still has the kit.
    pub kept_elsewhere: bool,
    /// Blobs that go, and their bytes on disk.
    pub freed_blobs: Vec<Digest>,
    pub freed_bytes: u64,
    /// Layers that stay because other kits use them, and their bytes.
    pub shared_layers: usize,
    pub shared_bytes: u64,
}

/// What [`Store::prune`] removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Kits without a tag that went.
    pub kits: Vec<Reference>,
    /// Blobs that no kit named.
    pub blobs: usize,
    /// Partial downloads.
    pub partials: usize,
    pub bytes: u64,
}

impl Store {
    /// What [`Store::remove`] would do.
    ///
    /// # Errors
    /// As [`Store::remove`].
    pub fn plan_removal(&self, reference: &Reference, force: bool) -> Result<Removal> {
        self.removal(reference, force).map(|(removal, _)| removal)
    }

    /// Removes a kit: by a tag that is one of several, only the tag; by its last tag, by digest or
    /// with `force`, the kit with all its tags in that repository, and every blob that nothing else
    /// in the store uses. Use is counted by digest, whatever the media type. If the program is
    /// killed in between, the next one that changes the store deletes what is left to delete.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NoTag`], [`Error::Io`]; an error on the way leaves every other
    /// kit whole.
    pub fn remove(&self, reference: &Reference, force: bool) -> Result<Removal> {
        super::files::sweep(&self.temp_folder());
        self.finish_removal()?;
        self.resolve(reference)?;
        self.prepare()?;
        let _lock = self.lock()?;
        let (removal, entry) = self.removal(reference, force)?;
        if !removal.freed_blobs.is_empty() {
            self.note_removal(&entry.digest, &removal.freed_blobs)?;
        }
        match self.unlist(reference, &removal, &entry) {
            Err(error) if error.is_disk_full() => {
                // The shorter index does not fit beside the longer one: the kit's largest blob
                // makes room. Should this be the end, only the kit to be removed is not whole.
                let size = |digest: &&Digest| {
                    let metadata = std::fs::metadata(self.blob_path(digest));
                    metadata.map_or(0, |metadata| metadata.len())
                };
                let others = removal.freed_blobs.iter();
                let largest = others
                    .filter(|digest| **digest != entry.digest)
                    .max_by_key(size);
                let Some(largest) = largest else {
                    return Err(error);
                };
                self.delete_blob(largest)?;
                self.unlist(reference, &removal, &entry)?;
            }
            done => done?,
        }
        for digest in &removal.freed_blobs {
            self.delete_blob(digest)?;
        }
        self.removal_done()?;
        Ok(removal)
    }

    /// Takes what `removal` says out of tags and indexes, in the order that is safe for readers.
    fn unlist(&self, reference: &Reference, removal: &Removal, entry: &Descriptor) -> Result<()> {
        let mut files = self.repository(&reference.full_repository())?;
        for tag in &removal.tags {
            files.tags.remove(tag);
        }
        self.write_tags(&files)?;
        if !removal.kit {
            return Ok(());
        }
        files.index.drop(&entry.digest);
        self.write_repository_index(&files)?;
        if removal.kept_elsewhere {
            return Ok(());
        }
        let mut shared = self.shared_index()?;
        if shared.drop(&entry.digest) {
            self.write_shared_index(&shared)?;
        }
        Ok(())
    }

    fn removal(&self, reference: &Reference, force: bool) -> Result<(Removal, Descriptor)> {
        let entry = self.resolve(reference)?;
        let name = reference.full_repository();
        let all_tags = self.repository(&name)?.tags_of(&entry.digest);
        let mut removal = Removal {
            digest: Some(entry.digest),
            ..Removal::default()
        };
        if let Some(tag) = &reference.tag
            && !force
            && all_tags.len() > 1
        {
            removal.tags = vec![tag.clone()];
            return Ok((removal, entry));
        }
        removal.kit = true;
        removal.tags = all_tags;
        let users = self.users(Some((&name, &entry.digest)))?;
        removal.kept_elsewhere = users.manifests.contains(&entry.digest);
        if removal.kept_elsewhere {
            return Ok((removal, entry));
        }
        let mut freed = BTreeSet::from([entry.digest]);
        // A kit whose manifest is damaged can be removed too; its layers are then for `prune`.
        if let Ok(manifest) = self.manifest_of(&entry) {
            for blob in manifest.layers().iter().chain([&manifest.config]) {
                if !users.blobs.contains_key(&blob.digest) {
                    freed.insert(blob.digest);
                }
            }
            let layers: BTreeMap<_, _> = manifest
                .layers()
                .iter()
                .map(|layer| (layer.digest, layer.size))
                .collect();
            for (digest, size) in layers {
                if users.blobs.contains_key(&digest) {
                    removal.shared_layers += 1;
                    removal.shared_bytes += size;
                }
            }
        }
        for digest in freed {
            if let Ok(metadata) = std::fs::metadata(self.blob_path(&digest)) {
                removal.freed_bytes += metadata.len();
                removal.freed_blobs.push(digest);
            }
        }
        Ok((removal, entry))
    }

    /// What all kits of all repositories use, but for one kit of one repository.
    pub(super) fn users(&self, without: Option<(&str, &Digest)>) -> Result<Users> {
        let mut users = Users::default();
        let mut read = BTreeSet::new();
        let mut entries = Vec::new();
        for name in self.repositories()? {
            let files = self.repository(&name)?;
            let others = files.index.manifests.into_iter().filter(|entry| {
                !without.is_some_and(|(skipped, digest)| skipped == name && *digest == entry.digest)
            });
            entries.extend(others);
        }
        users
            .manifests
            .extend(entries.iter().map(|entry| entry.digest));
        // Manifests that only the shared index lists are not ours to break.
        let shared = self.shared_index()?.manifests.into_iter();
        entries.extend(
            shared.filter(|entry| without.is_none_or(|(_, digest)| *digest != entry.digest)),
        );
        for entry in entries {
            if !read.insert(entry.digest) {
                continue;
            }
            *users.blobs.entry(entry.digest).or_default() += 1;
            match self.manifest_of(&entry) {
                Ok(manifest) => {
                    for blob in manifest.layers().iter().chain([&manifest.config]) {
                        *users.blobs.entry(blob.digest).or_default() += 1;
                    }
                }
                // An index of kits, or damaged: what can be found in it counts as used.
                Err(_) => {
                    for digest in self.digests_in(&entry) {
                        *users.blobs.entry(digest).or_default() += 1;
                    }
                }
            }
        }
        Ok(users)
    }

    /// Every digest that occurs in the text of a blob that is no readable manifest.
    fn digests_in(&self, entry: &Descriptor) -> Vec<Digest> {
        let Ok(bytes) = std::fs::read(self.blob_path(&entry.digest)) else {
            return Vec::new();
        };
        let text = String::from_utf8_lossy(&bytes);
        text.match_indices("sha256:")
            .filter_map(|(at, _)| text.get(at..at + 71)?.parse().ok())
            .collect()
    }

    /// Takes back blobs that a failed operation added, unless somebody uses them by now.
    pub(crate) fn withdraw(&self, added: &[Digest]) {
        let Ok(_lock) = self.lock() else { return };
        let Ok(users) = self.users(None) else { return };
        for digest in added
            .iter()
            .filter(|digest| !users.blobs.contains_key(digest))
        {
            // What cannot be deleted is left to `prune`.
            let _ = self.delete_blob(digest);
        }
    }

    pub(super) fn delete_blob(&self, digest: &Digest) -> Result<()> {
        let path = self.blob_path(digest);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("delete", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes kits without a tag if `untagged`, then blobs no kit uses and partial downloads, as
    /// long as nobody touched them for `min_age`: a pack or pull under way needs them.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Malformed`] for the store's own files.
    pub fn prune(&self, untagged: bool, min_age: Duration) -> Result<Removed> {
        let mut removed = Removed::default();
        if !self.root().exists() {
            return Ok(removed);
        }
        if untagged {
            for kit in self.list()?.into_iter().filter(|kit| kit.tags.is_empty()) {
                let reference = kit.repository.with_digest(kit.digest);
                removed.bytes += self.remove(&reference, false)?.freed_bytes;
                removed.kits.push(reference);
            }
        }
        self.prepare()?;
        let _lock = self.lock()?;
        let used = self.users(None)?.blobs;
        let indexes = self.indexed_elsewhere();
        let old = |metadata: &std::fs::Metadata| {
            metadata.modified().is_ok_and(|time| {
                SystemTime::now()
                    .duration_since(time)
                    .is_ok_and(|age| age >= min_age)
            })
        };
        let blobs = self.root().join("blobs").join("sha256");
        for (folder, is_blob) in [(blobs, true), (self.root().join("ingest"), false)] {
            for entry in
                std::fs::read_dir(&folder).map_err(Error::io("list the folder", &folder))?
            {
                let entry = entry.map_err(Error::io("list the folder", &folder))?;
                let digest = entry
                    .file_name()
                    .to_str()
                    .and_then(|hex| format!("sha256:{hex}").parse::<Digest>().ok());
                let needed = digest.is_some_and(|digest| {
                    is_blob && (used.contains_key(&digest) || indexes.contains(&digest))
                });
                let Ok(metadata) = entry.metadata() else {
                    continue;
                };
                if needed || !metadata.is_file() || !old(&metadata) {
                    continue;
                }
                // A download under way holds a lock on its partial file.
                let in_use =
                    !is_blob && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_err());
                if in_use {
                    continue;
                }
                std::fs::remove_file(entry.path()).map_err(Error::io("delete", entry.path()))?;
                removed.bytes += metadata.len();
                if is_blob {
                    removed.blobs += 1;
                } else {
                    removed.partials += 1;
                }
            }
        }
        Ok(removed)
    }

    /// Digests named by the ModelKit indexes that newer `kit`s keep in `storage/indexes/`.
    pub(super) fn indexed_elsewhere(&self) -> BTreeSet<Digest> {
        let mut digests = BTreeSet::new();
        let Ok(entries) = std::fs::read_dir(self.root().join("indexes")) else {
            return digests;
        };
        for entry in entries.flatten() {
            let Ok(text) = std::fs::read_to_string(entry.path()) else {
                continue;
            };
            for (at, _) in text.match_indices("sha256:") {
                if let Some(digest) = text.get(at..at + 71).and_then(|text| text.parse().ok()) {
                    digests.insert(digest);
                    digests.extend(self.digests_in(&Descriptor::new("", digest, 0)));
                }
            }
        }
        digests
    }
}

#[derive(Default)]
pub(super) struct Users {
    /// Kits of repositories.
    pub manifests: BTreeSet<Digest>,
    /// How many kits use a blob.
    pub blobs: BTreeMap<Digest, usize>,
}
