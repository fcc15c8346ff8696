//! Removals that were interrupted: what they were to free is freed by the next run.
//!
//! A removal first takes the kit out of its repository, then out of the shared index, and then
//! deletes its blobs. Before the first step it notes the kit and these blobs, so that a kill on the
//! way loses no space: whoever changes the store next finds the note, and if the kit is in no
//! repository any more does the rest.
//!
//! The note has a digest per line, the manifest's first.

use std::io;
use std::path::PathBuf;

use super::Store;
use crate::digest::Digest;
use crate::error::{Error, Result};

impl Store {
    fn note_path(&self) -> PathBuf {
        self.root().join(".kitbench").join("removing")
    }

    /// Notes that a kit is about to go, and blobs to be unused then. Needs the lock.
    pub(super) fn note_removal(&self, kit: &Digest, blobs: &[Digest]) -> Result<()> {
        let lines = std::iter::once(kit).chain(blobs);
        let text: String = lines.map(|digest| format!("{digest}\n")).collect();
        match self.write_file(&self.note_path(), text.as_bytes()) {
            // Removing is how a full disk is emptied; it must not fail for want of the note.
            Err(error) if error.is_disk_full() => Ok(()),
            done => done,
        }
    }

    /// Forgets the note. Needs the lock.
    pub(super) fn removal_done(&self) -> Result<()> {
        let path = self.note_path();
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("delete", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Does what an interrupted removal left to do.
    pub(super) fn finish_removal(&self) -> Result<()> {
        let path = self.note_path();
        if !path.exists() {
            return Ok(());
        }
        let _lock = self.lock()?;
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            // Somebody else has finished it by now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        let digests: Vec<Digest> = text.lines().filter_map(|line| line.parse().ok()).collect();
        if let Some(kit) = digests.first()
            && !self.users(None)?.manifests.contains(kit)
        {
            let mut shared = self.shared_index()?;
            if shared.drop(kit) {
                self.write_shared_index(&shared)?;
            }
        }
        let used = self.users(None)?.blobs;
        for digest in digests {
            if !used.contains_key(&digest) {
                self.delete_blob(&digest)?;
            }
        }
        self.removal_done()
    }
}
