//! The store's JSON files.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde::{Deserialize, Serialize};

use super::Store;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::json;
use crate::manifest::{Descriptor, null_is_default};
use crate::media;

/// An index file. What this program does not know in it is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Index {
    #[serde(rename = "schemaVersion", default)]
    pub schema_version: u32,
    #[serde(rename = "mediaType", default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub manifests: Vec<Descriptor>,
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

impl Index {
    pub fn find(&self, digest: &Digest) -> Option<&Descriptor> {
        self.manifests.iter().find(|entry| entry.digest == *digest)
    }

    /// Lists `entry` unless its digest is listed; whether anything changed.
    pub fn add(&mut self, entry: &Descriptor) -> bool {
        let new = self.find(&entry.digest).is_none();
        if new {
            self.manifests.push(Descriptor::new(
                entry.media_type.clone(),
                entry.digest,
                entry.size,
            ));
        }
        new
    }

    pub fn drop(&mut self, digest: &Digest) -> bool {
        let before = self.manifests.len();
        self.manifests.retain(|entry| entry.digest != *digest);
        self.manifests.len() != before
    }
}

/// Tags of one repository.
pub(super) type Tags = BTreeMap<String, Descriptor>;

/// The JSON files of one repository.
pub(super) struct Repository {
    pub name: String,
    pub index: Index,
    pub tags: Tags,
}

impl Repository {
    /// The tags of the manifest `digest`, sorted.
    pub fn tags_of(&self, digest: &Digest) -> Vec<String> {
        self.tags
            .iter()
            .filter(|(_, entry)| entry.digest == *digest)
            .map(|(tag, _)| tag.clone())
            .collect()
    }
}

/// Reads a JSON file of the store; `None` if there is none.
///
/// `kit` writes its files in place, so one may be empty or half written for a moment: what does not
/// parse is read again a few times before it counts as broken.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    const ATTEMPTS: u32 = 20;
    const PAUSE: Duration = Duration::from_millis(5);
    let mut attempt = 1;
    loop {
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", path)(error)),
        };
        let mut bytes = Vec::new();
        file.take(json::MAX_INDEX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(Error::io("read", path))?;
        if bytes.len() as u64 > json::MAX_INDEX_BYTES {
            return Err(Error::Malformed {
                what: path.display().to_string(),
                problem: "it is too large for an index".into(),
            });
        }
        match json::from_slice(&bytes, &path.display().to_string()) {
            Ok(value) => return Ok(Some(value)),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(_) => attempt += 1,
        }
        std::thread::sleep(PAUSE);
    }
}

impl Store {
    fn shared_index_path(&self) -> PathBuf {
        self.root().join("index.json")
    }

    pub(super) fn repository_files(&self, name: &str) -> (PathBuf, PathBuf) {
        let encoded = URL_SAFE.encode(name);
        (
            self.root().join(format!("{encoded}-index.json")),
            self.root().join(format!("{encoded}-tags.json")),
        )
    }

    /// The shared index. Where it is missing or broken it is made up from the repositories'
    /// indexes, which between them list every kit.
    pub(super) fn shared_index(&self) -> Result<Index> {
        match read_json(&self.shared_index_path()) {
            Ok(Some(index)) => return Ok(index),
            Ok(None) | Err(Error::Malformed { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut index = Index {
            schema_version: 2,
            media_type: Some(media::INDEX.into()),
            ..Index::default()
        };
        for name in self.repositories()? {
            for entry in &self.repository(&name)?.index.manifests {
                index.add(entry);
            }
        }
        Ok(index)
    }

    /// Writes the shared index; an empty list becomes `null`, as `kit` has it.
    pub(super) fn write_shared_index(&self, index: &Index) -> Result<()> {
        self.write_file(&self.shared_index_path(), &index_json(index)?)
    }

    pub(super) fn repository(&self, name: &str) -> Result<Repository> {
        let (index, tags) = self.repository_files(name);
        let index: Option<Index> = read_json(&index)?;
        let tags: Option<Option<Tags>> = read_json(&tags)?;
        Ok(Repository {
            name: name.to_owned(),
            index: index.unwrap_or_else(|| Index {
                schema_version: 2,
                ..Index::default()
            }),
            tags: tags.flatten().unwrap_or_default(),
        })
    }

    pub(super) fn write_repository_index(&self, repository: &Repository) -> Result<()> {
        let (path, _) = self.repository_files(&repository.name);
        if repository.index.manifests.is_empty() {
            return remove_if_there(&path);
        }
        self.write_file(&path, &index_json(&repository.index)?)
    }

    pub(super) fn write_tags(&self, repository: &Repository) -> Result<()> {
        let (_, path) = self.repository_files(&repository.name);
        if repository.tags.is_empty() {
            return remove_if_there(&path);
        }
        self.write_file(&path, &json::to_vec(&repository.tags)?)
    }

    /// All repositories by name, `registry/repository`, sorted.
    ///
    /// # Errors
    /// [`Error::Io`] if the store cannot be listed.
    pub fn repositories(&self) -> Result<Vec<String>> {
        let entries = match std::fs::read_dir(self.root()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("list the folder", self.root())(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::io("list the folder", self.root()))?;
            let file = entry.file_name();
            let Some(encoded) = file
                .to_str()
                .and_then(|name| name.strip_suffix("-index.json"))
            else {
                continue;
            };
            if let Some(name) = URL_SAFE
                .decode(encoded)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

fn index_json(index: &Index) -> Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Written<'a> {
        #[serde(rename = "schemaVersion")]
        schema_version: u32,
        #[serde(rename = "mediaType", skip_serializing_if = "Option::is_none")]
        media_type: Option<&'a str>,
        manifests: Option<&'a [Descriptor]>,
        #[serde(flatten)]
        other: &'a BTreeMap<String, serde_json::Value>,
    }
    json::to_vec(&Written {
        schema_version: index.schema_version.max(2),
        media_type: index.media_type.as_deref(),
        manifests: (!index.manifests.is_empty()).then_some(index.manifests.as_slice()),
        other: &index.other,
    })
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("delete", path)(error))
        }
        _ => Ok(()),
    }
}
