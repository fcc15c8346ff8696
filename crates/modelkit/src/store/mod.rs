//! The local store, shared with `kit`.
//!
//! # Layout
//!
//! The home folder is `--config`, else `KITOPS_HOME`, else the system's place (see [`Home::find`]).
//!
//! | Path in the home folder | Content |
//! |---|---|
//! | `storage/oci-layout` | `{"imageLayoutVersion":"1.0.0"}` |
//! | `storage/index.json` | every manifest of the store by digest, no names |
//! | `storage/blobs/sha256/<hex>` | all blobs of all repositories |
//! | `storage/ingest/<hex>` | partial downloads, resumed by the next pull |
//! | `storage/<B>-index.json` | the manifests of one repository |
//! | `storage/<B>-tags.json` | its tags; each names an entry of the index |
//! | `storage/.kitbench/lock` | locked by this program while it changes any of the JSON files |
//! | `storage/.kitbench/removing` | the blobs of a removal under way, see the rules |
//! | `storage/.kitbench/tmp/` | files being written; each is locked by its writer |
//! | `cache/kitbench/layers` | which unchanged files gave which layer, see [`crate::cache`] |
//! | `credentials.json` | registry logins (not read here) |
//!
//! `<B>` is the URL-safe base64, with padding, of `registry/repository`.
//!
//! # Rules
//!
//! * A file appears under its final name complete, by renaming, or not at all.
//! * Order of writing: blobs, `index.json`, `<B>-index.json`, `<B>-tags.json`; of deleting: the
//!   reverse. So whatever is visible is whole, whenever the program is killed.
//! * JSON files are read again right before they are changed, under the lock. `kit` takes no lock;
//!   the window in which it could lose a change is kept to microseconds.
//! * A removal notes the blobs it is going to free; if it is killed, the next program that changes
//!   the store deletes those of them that no kit uses.
//! * A manifest is always listed in `index.json` too: `kit` deletes blobs by what that file reaches.
//! * No file named `index.json` below `storage/`: older `kit`s take it for their old layout.
//! * Blobs that no manifest names yet (a pack or pull under way) are not deleted by removing other
//!   kits; they may be by [`Store::prune`], which is why a pack checks for its blobs at the end.

mod blobs;
mod files;
mod home;
mod index;
mod kits;
mod old_layout;
mod pending;
mod remove;
mod verify;

pub use blobs::{BlobWriter, StoreKit};
pub use home::Home;
pub use kits::StoredKit;
pub use old_layout::Adopted;
pub use remove::{Removal, Removed};
pub use verify::{Damage, Verification};

pub(crate) use files::TempFile;

use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::error::{Error, Result};

/// The local store of one home folder.
#[derive(Clone, Debug)]
pub struct Store {
    home: Home,
    root: PathBuf,
}

impl Store {
    /// The store in `home`. Nothing is read or created yet; an absent store is an empty one.
    pub fn new(home: Home) -> Store {
        let root = home.path().join("storage");
        Store { home, root }
    }

    /// The home folder.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The folder of the store itself, `storage/`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the blob `digest` lies or would lie.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs").join("sha256").join(digest.hex())
    }

    /// Creates the folders and `oci-layout` where they are missing, removes temporary files that a
    /// killed run of this program left, and finishes its removal. Takes the lock for that.
    ///
    /// # Errors
    /// [`Error::Io`] if the place cannot be written.
    pub fn prepare(&self) -> Result<()> {
        for folder in [
            self.root.join("blobs").join("sha256"),
            self.root.join("ingest"),
            self.temp_folder(),
        ] {
            std::fs::create_dir_all(&folder).map_err(Error::io("create the folder", &folder))?;
        }
        let layout = self.root.join("oci-layout");
        if !layout.exists() {
            self.write_file(&layout, br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        }
        files::sweep(&self.temp_folder());
        self.finish_removal()
    }

    pub(crate) fn temp_folder(&self) -> PathBuf {
        self.root.join(".kitbench").join("tmp")
    }
}
