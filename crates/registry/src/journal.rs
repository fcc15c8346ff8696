//! Upload sessions that outlive the program: where a large blob's upload stood.
//!
//! The registry keeps the bytes it got and tells how many they are; all that has to be remembered is the
//! session's address. Used for chunked uploads only: a blob that goes up in one request starts over.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;

use kitbench_modelkit::Digest;
use kitbench_modelkit::digest::Hasher;

/// Which upload a session belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UploadKey {
    pub registry: String,
    pub repository: String,
    pub digest: Digest,
}

/// Remembers upload sessions. Losing an entry costs a repeated upload, nothing else, so nothing here can fail.
pub trait UploadJournal: Send + Sync {
    /// The session's address, as the registry gave it. It may hold a signature: keep it private.
    fn find(&self, key: &UploadKey) -> Option<String>;
    /// Remembers or replaces an address.
    fn remember(&self, key: &UploadKey, location: &str);
    /// The upload is complete or the session gone.
    fn forget(&self, key: &UploadKey);
}

/// A journal in memory, for programs that do not come back.
#[derive(Default)]
pub struct MemoryJournal(Mutex<HashMap<UploadKey, String>>);

impl MemoryJournal {
    fn map(&self) -> std::sync::MutexGuard<'_, HashMap<UploadKey, String>> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl UploadJournal for MemoryJournal {
    fn find(&self, key: &UploadKey) -> Option<String> {
        self.map().get(key).cloned()
    }
    fn remember(&self, key: &UploadKey, location: &str) {
        self.map().insert(key.clone(), location.to_owned());
    }
    fn forget(&self, key: &UploadKey) {
        self.map().remove(key);
    }
}

/// A journal in a folder: one file per upload, named by the hash of its key, holding the address.
pub struct FolderJournal {
    folder: PathBuf,
}

impl FolderJournal {
    /// Uses `folder`, which is created when the first upload is remembered.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        FolderJournal {
            folder: folder.into(),
        }
    }

    fn file(&self, key: &UploadKey) -> PathBuf {
        let mut hasher = Hasher::new();
        for part in [
            key.registry.as_str(),
            "\n",
            &key.repository,
            "\n",
            &key.digest.to_string(),
        ] {
            hasher.update(part.as_bytes());
        }
        self.folder
            .join(format!("{}.upload", hasher.finish().hex()))
    }
}

impl UploadJournal for FolderJournal {
    fn find(&self, key: &UploadKey) -> Option<String> {
        let text = std::fs::read_to_string(self.file(key)).ok()?;
        (!text.is_empty()).then_some(text)
    }

    fn remember(&self, key: &UploadKey, location: &str) {
        let path = self.file(key);
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(&self.folder)?;
            let temporary = path.with_extension("new");
            let mut file = crate::private::create(&temporary)?;
            file.write_all(location.as_bytes())?;
            drop(file);
            std::fs::rename(&temporary, &path)
        };
        if write().is_err() {
            let _ = std::fs::remove_file(&path);
        }
    }

    fn forget(&self, key: &UploadKey) {
        let _ = std::fs::remove_file(self.file(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journals_find_what_they_remember() {
        let folder = tempfile::tempdir().unwrap();
        let key = |repository: &str| UploadKey {
            registry: "r".into(),
            repository: repository.into(),
            digest: Digest::of(b"x"),
        };
        let journals: [Box<dyn UploadJournal>; 2] = [
            Box::new(MemoryJournal::default()),
            Box::new(FolderJournal::new(folder.path().join("uploads"))),
        ];
        for journal in journals {
            assert_eq!(journal.find(&key("a")), None);
            journal.remember(&key("a"), "http://r/1");
            journal.remember(&key("a"), "http://r/2");
            assert_eq!(journal.find(&key("a")).as_deref(), Some("http://r/2"));
            assert_eq!(journal.find(&key("b")), None);
            journal.forget(&key("a"));
            assert_eq!(journal.find(&key("a")), None);
        }
    }
}
