//! Kits of the store: listing, resolving, adding, tagging.

use super::Store;
use super::index::Repository;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::json;
use crate::manifest::{Descriptor, Manifest};
use crate::media::{self, Format};
use crate::reference::Reference;

/// A kit as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredKit {
    /// Its repository, without tag or digest.
    pub repository: Reference,
    pub digest: Digest,
    /// Sorted; perhaps none.
    pub tags: Vec<String>,
    /// From the Kitfile's `package`; empty where missing.
    pub name: String,
    pub version: String,
    pub authors: Vec<String>,
    pub description: String,
    /// Bytes of all layers as the manifest lists them; what `kit list` shows.
    pub layer_bytes: u64,
    /// Number of layers.
    pub layers: usize,
    pub format: Format,
    /// Version of the tool that packed it, if stated.
    pub tool_version: Option<String>,
    /// When its manifest came into the store, seconds since 1970 UTC.
    pub stored: Option<i64>,
    /// Why it cannot be read, if so; most of the above is then empty.
    pub problem: Option<String>,
}

impl StoredKit {
    /// The kit by its first tag, else by its digest.
    pub fn reference(&self) -> Reference {
        match self.tags.first() {
            Some(tag) => self.repository.with_tag(tag.clone()),
            None => self.repository.with_digest(self.digest),
        }
    }
}

impl Store {
    /// All kits, sorted by repository as shown, then by digest. A kit that cannot be read is listed
    /// with its problem.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Malformed`] for the store's own files.
    pub fn list(&self) -> Result<Vec<StoredKit>> {
        let mut kits = Vec::new();
        for name in self.repositories()? {
            let Some(repository) = Reference::from_full_repository(&name) else {
                continue;
            };
            let files = self.repository(&name)?;
            for entry in &files.index.manifests {
                kits.push(self.describe(&repository, &files, entry));
            }
        }
        kits.sort_by_cached_key(|kit| (kit.repository.to_string(), kit.digest));
        Ok(kits)
    }

    fn describe(
        &self,
        repository: &Reference,
        files: &Repository,
        entry: &Descriptor,
    ) -> StoredKit {
        let mut kit = StoredKit {
            repository: repository.clone(),
            digest: entry.digest,
            tags: files.tags_of(&entry.digest),
            name: String::new(),
            version: String::new(),
            authors: Vec::new(),
            description: String::new(),
            layer_bytes: 0,
            layers: 0,
            format: Format::Native,
            tool_version: None,
            stored: self.stored_at(&entry.digest),
            problem: None,
        };
        if let Err(error) = self.fill_in(&mut kit, entry) {
            kit.problem = Some(error.to_string());
        }
        kit
    }

    fn fill_in(&self, kit: &mut StoredKit, entry: &Descriptor) -> Result<()> {
        let manifest = self.manifest_of(entry)?;
        kit.layer_bytes = manifest.layer_bytes();
        kit.layers = manifest.layers().len();
        kit.format = manifest.format().unwrap_or_default();
        kit.tool_version = manifest.tool_version().map(str::to_owned);
        let config = &manifest.config;
        let config = self.read_blob(
            &config.digest,
            config.size,
            json::MAX_CONFIG_BYTES,
            "the config",
        )?;
        let (text, key) = match (kit.format, manifest.annotations.get(media::KITFILE)) {
            (Format::ModelPack, Some(kitfile)) => (kitfile.as_bytes(), "package"),
            (Format::ModelPack, None) => (config.as_slice(), "descriptor"),
            (Format::Native, _) => (config.as_slice(), "package"),
        };
        let document: serde_json::Value = json::from_slice(text, "the config")?;
        let Some(about) = member(&document, key) else {
            return Ok(());
        };
        let text = |key| {
            member(about, key)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        kit.name = text("name");
        kit.version = text("version");
        kit.description = text("description");
        if let Some(authors) = member(about, "authors").and_then(serde_json::Value::as_array) {
            kit.authors = authors
                .iter()
                .filter_map(|author| author.as_str().map(str::to_owned))
                .collect();
        }
        Ok(())
    }

    fn stored_at(&self, digest: &Digest) -> Option<i64> {
        let modified = std::fs::metadata(self.blob_path(digest))
            .ok()?
            .modified()
            .ok()?;
        let after = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(after.as_secs()).ok()
    }

    /// Reads and checks the manifest an index entry points at.
    pub(super) fn manifest_of(&self, entry: &Descriptor) -> Result<Manifest> {
        let what = format!("the manifest {}", entry.digest);
        let bytes = self.read_blob(&entry.digest, entry.size, json::MAX_MANIFEST_BYTES, &what)?;
        Manifest::parse(&bytes, &what)
    }

    /// The manifest's entry that `reference` names, by its digest or its tag.
    ///
    /// # Errors
    /// [`Error::NoTag`] if it names neither, [`Error::NotFound`].
    pub fn resolve(&self, reference: &Reference) -> Result<Descriptor> {
        let repository = self.repository(&reference.full_repository())?;
        let found = match (&reference.digest, &reference.tag) {
            // Without a repository any kit with this digest will do.
            (Some(digest), _) if reference.is_unnamed() => match repository.index.find(digest) {
                Some(entry) => Some(entry.clone()),
                None => self.shared_index()?.find(digest).cloned(),
            },
            (Some(digest), _) => repository.index.find(digest).cloned(),
            // A tag counts only if its manifest is listed.
            (None, Some(tag)) => repository
                .tags
                .get(tag)
                .and_then(|entry| repository.index.find(&entry.digest))
                .cloned(),
            (None, None) => return Err(Error::NoTag(Box::new(reference.clone()))),
        };
        found.ok_or_else(|| Error::NotFound(Box::new(reference.clone())))
    }

    /// Makes a manifest whose blobs are in the store a kit of `repository`, with `tags`. A tag that
    /// exists moves.
    ///
    /// # Errors
    /// [`Error::NotAModelKit`], [`Error::Malformed`]; [`Error::MissingBlob`] if a blob it names is
    /// not there, and nothing is changed then; [`Error::Io`].
    pub fn add_manifest(
        &self,
        repository: &Reference,
        text: &[u8],
        tags: &[String],
    ) -> Result<Descriptor> {
        let manifest = Manifest::parse(text, "the manifest")?;
        self.prepare()?;
        let _lock = self.lock()?;
        for blob in manifest.layers().iter().chain([&manifest.config]) {
            if !self.has_blob(&blob.digest, blob.size) {
                return Err(Error::MissingBlob {
                    digest: blob.digest,
                    what: blob.media_type.clone(),
                });
            }
        }
        let digest = self.put_blob(text)?;
        let entry = Descriptor::new(media::MANIFEST, digest, text.len() as u64);
        self.list_entry(repository, &entry, tags)?;
        Ok(entry)
    }

    /// Enters a manifest in the indexes, in the order that is safe for readers. Needs the lock.
    fn list_entry(
        &self,
        repository: &Reference,
        entry: &Descriptor,
        tags: &[String],
    ) -> Result<()> {
        let mut shared = self.shared_index()?;
        if shared.add(entry) {
            self.write_shared_index(&shared)?;
        }
        let mut files = self.repository(&repository.full_repository())?;
        if files.index.add(entry) {
            self.write_repository_index(&files)?;
        }
        let plain = Descriptor::new(entry.media_type.clone(), entry.digest, entry.size);
        let mut changed = false;
        for tag in tags {
            changed |= files
                .tags
                .insert(tag.clone(), plain.clone())
                .is_none_or(|old| old.digest != entry.digest);
        }
        if changed {
            self.write_tags(&files)?;
        }
        Ok(())
    }

    /// Gives the kit `from` the further name `to`, in the same repository or another. Blobs are
    /// shared. A tag that exists moves.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NoTag`] if `to` has no tag, [`Error::Io`].
    pub fn tag(&self, from: &Reference, to: &Reference) -> Result<Descriptor> {
        let Some(tag) = to.tag.clone() else {
            return Err(Error::NoTag(Box::new(to.clone())));
        };
        self.resolve(from)?;
        self.prepare()?;
        let _lock = self.lock()?;
        let entry = self.resolve(from)?;
        self.list_entry(to, &entry, &[tag])?;
        Ok(entry)
    }

    /// Takes a tag away; the kit stays, if need be without a tag.
    ///
    /// # Errors
    /// [`Error::NoTag`], [`Error::NotFound`], [`Error::Io`].
    pub fn untag(&self, reference: &Reference) -> Result<Descriptor> {
        let Some(tag) = &reference.tag else {
            return Err(Error::NoTag(Box::new(reference.clone())));
        };
        self.prepare()?;
        let _lock = self.lock()?;
        let mut files = self.repository(&reference.full_repository())?;
        let entry = files
            .tags
            .remove(tag)
            .ok_or_else(|| Error::NotFound(Box::new(reference.clone())))?;
        self.write_tags(&files)?;
        Ok(entry)
    }

    /// The tags of the kit `reference` names in its repository, sorted.
    ///
    /// # Errors
    /// As [`Store::resolve`].
    pub fn tags(&self, reference: &Reference) -> Result<Vec<String>> {
        let entry = self.resolve(reference)?;
        Ok(self
            .repository(&reference.full_repository())?
            .tags_of(&entry.digest))
    }
}

/// A member of an object, by Go's rule: the exact key, else one that differs in case only.
fn member<'v>(value: &'v serde_json::Value, key: &str) -> Option<&'v serde_json::Value> {
    let object = value.as_object()?;
    object.get(key).or_else(|| {
        object
            .iter()
            .find(|(k, _)| k.eq_ignore_ascii_case(key))
            .map(|(_, v)| v)
    })
}
