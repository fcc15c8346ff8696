//! What was read, kept on disk: the next look at a source goes on where the last one stopped,
//! and points that nobody looks at need no memory.
//!
//! One file per source below the cache folder of whoever opens it, never beside the tracker's
//! files. It only grows: chunks of points, then what the reader knows (its *state*: how far
//! each file was read and what was in it), then at the very beginning where the newest state
//! is. A file that is cut, damaged, of another version or of another source is thrown away;
//! what is lost with it is time.
//!
//! Of several processes that look at one source the first one writes; the others read what
//! was there when they came and keep what is new to themselves.

mod codec;
mod store;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::scan::Source;

pub(crate) use store::{Chunk, Store};

/// Ending of index files.
const ENDING: &str = "runs-index";
/// Ending of the files that tell who writes.
const LOCK: &str = "runs-lock";

/// The folder that index files are kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    folder: PathBuf,
}

impl Index {
    /// Index files below `folder`, which is made when the first one is written.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the index of a source is, whether there is one or not.
    pub fn file(&self, source: &Source) -> PathBuf {
        self.folder.join(format!("{:016x}.{ENDING}", name(source)))
    }

    /// Deletes the index files that nobody has opened for so long; the sources they are of may
    /// be gone.
    pub fn tidy(&self, unused: Duration) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let ours = path.extension().is_some_and(|e| e == ENDING || e == LOCK);
            let old = std::fs::metadata(&path)
                .and_then(|meta| meta.modified())
                .ok()
                .and_then(|time| SystemTime::now().duration_since(time).ok())
                .is_some_and(|age| age > unused);
            if ours
                && old
                && let Err(error) = std::fs::remove_file(&path)
            {
                log::debug!("{} stays: {error}", path.display());
            }
        }
    }
}

/// A number for a source: FNV-1a over its kind and path. Two sources with one number take
/// turns in throwing each other's index away.
fn name(source: &Source) -> u64 {
    let kind = source.kind.name().as_bytes();
    let path = source.path.as_os_str().as_encoded_bytes();
    let root = source.root.as_os_str().as_encoded_bytes();
    [kind, path, root]
        .join(&0)
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}
