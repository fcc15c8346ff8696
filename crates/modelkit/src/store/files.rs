//! Files that appear whole or not at all, and the lock.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Store;
use crate::error::{Error, Result};

/// A file being written, locked as long as it is, and deleted unless it is kept.
pub(crate) struct TempFile {
    file: Option<File>,
    path: PathBuf,
}

impl TempFile {
    /// A new file in `folder`.
    pub fn create(folder: &Path) -> Result<TempFile> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{}-{number}", std::process::id()));
            let mut options = OpenOptions::new();
            options.read(true).write(true).create_new(true);
            #[cfg(unix)]
            {
                use std::os::unix::fs::OpenOptionsExt as _;
                options.mode(0o600);
            }
            match options.open(&path) {
                Ok(file) => {
                    // The lock tells others that it is in use; without lock support they rely on
                    // nothing, but then they cannot lock it to sweep it either.
                    let _ = file.lock();
                    // Somebody may have swept it away between the two.
                    if path.exists() {
                        return Ok(TempFile {
                            file: Some(file),
                            path,
                        });
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("create", &path)(error)),
            }
        }
    }

    /// The file and its path.
    pub fn parts(&mut self) -> Result<(&mut File, &Path)> {
        match &mut self.file {
            Some(file) => Ok((file, &self.path)),
            None => Err(Error::io("write", &self.path)(std::io::Error::other(
                "it is closed",
            ))),
        }
    }

    /// Makes it durable and gives it its final name, replacing what is there.
    pub fn keep(mut self, target: &Path) -> Result<()> {
        let (file, path) = self.parts()?;
        file.sync_data().map_err(Error::io("write", path))?;
        std::fs::rename(path, target).map_err(Error::io("write", target))?;
        self.file = None;
        Ok(())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Nothing better can be done here; the next run sweeps.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Deletes temporary files that no process holds any more.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(file) = File::open(&path) else {
            continue;
        };
        if file.try_lock().is_ok() {
            let _ = std::fs::remove_file(&path);
        }
    }
}

/// Holds the store's lock until dropped.
pub(super) struct Lock(#[expect(dead_code, reason = "closing the file releases the lock")] File);

impl Store {
    /// Waits for the lock that this program's processes take to change index files.
    pub(super) fn lock(&self) -> Result<Lock> {
        let path = self.root().join(".kitbench").join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        match file.lock() {
            Ok(()) => {}
            // Some network file systems have no locks; then rereading before writing must do.
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {}
            Err(error) => return Err(Error::io("lock", &path)(error)),
        }
        Ok(Lock(file))
    }

    /// Replaces the file at `path` by one that holds `bytes`.
    pub(super) fn write_file(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let written = (|| {
            let mut temp = TempFile::create(&self.temp_folder())?;
            let (file, temp_path) = temp.parts()?;
            file.write_all(bytes).map_err(Error::io("write", path))?;
            set_mode(file, temp_path, 0o644)?;
            temp.keep(path)
        })();
        written.map_err(|error: Error| error.needing(bytes.len() as u64, self.root()))?;
        sync_folder(self.root());
        Ok(())
    }
}

/// Sets permission bits where the system has them.
pub(super) fn set_mode(file: &File, path: &Path, mode: u32) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(std::fs::Permissions::from_mode(mode))
            .map_err(Error::io("set the permissions of", path))?;
    }
    #[cfg(not(unix))]
    let _ = (file, path, mode);
    Ok(())
}

/// Makes renames in `folder` durable where the system can.
pub(super) fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        // Not all file systems can; the rename itself has happened.
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_file_vanishes_unless_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = {
            let mut temp = TempFile::create(folder.path()).unwrap();
            temp.parts().unwrap().1.to_path_buf()
        };
        assert!(!path.exists());
        let target = folder.path().join("kept");
        TempFile::create(folder.path())
            .unwrap()
            .keep(&target)
            .unwrap();
        assert!(target.exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn sweeping_spares_files_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let mut used = TempFile::create(folder.path()).unwrap();
        let used = used.parts().unwrap().1.to_path_buf();
        let stale = folder.path().join("1-0");
        std::fs::write(&stale, "x").unwrap();
        let _keep = TempFile::create(folder.path()).unwrap();
        sweep(folder.path());
        assert!(!stale.exists());
        assert!(used.exists());
    }
}
