//! Where files are written before they get their names, and how an interrupted unpack is told from
//! files that were there before.
//!
//! A run owns a folder `.kitbench-unpack-…` in the target, which holds the file being written and a
//! lock. A file moves out of it complete, so nothing half-written ever has a name of the kit. A run
//! that is killed leaves the folder, unlocked; the next one takes it over. It then knows that files
//! may be there from the killed run, and leaves those alone that are what it would write.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
#[cfg(unix)]
use cap_std::fs::OpenOptionsExt as _;
use cap_std::fs::{Dir, File, OpenOptions};

const PREFIX: &str = ".kitbench-unpack-";
const LOCK: &str = "lock";
const FILE: &str = "file";

/// The folder of one run.
pub(super) struct Work {
    dir: Dir,
    name: PathBuf,
    lock: Option<std::fs::File>,
    /// Whether a killed run left it.
    taken_over: bool,
}

impl Work {
    /// Takes over the folder of a killed run in `target`, else makes one.
    pub fn start(target: &Dir) -> io::Result<Work> {
        let mut found: Option<Work> = None;
        for entry in target.entries()? {
            let name = entry?.file_name();
            if !name.to_string_lossy().starts_with(PREFIX) {
                continue;
            }
            let Some(left) = Work::take_over(target, Path::new(&name)) else {
                continue;
            };
            match &found {
                None => found = Some(left),
                // One of them says all there is to say.
                Some(_) => left.remove(target),
            }
        }
        match found {
            Some(work) => Ok(work),
            None => Work::make(target),
        }
    }

    /// The folder `name`, if no process is using it.
    fn take_over(target: &Dir, name: &Path) -> Option<Work> {
        if !target.symlink_metadata(name).ok()?.is_dir() {
            return None;
        }
        let dir = target.open_dir(name).ok()?;
        let lock = lock(&dir).ok()?;
        Some(Work {
            dir,
            name: name.to_path_buf(),
            lock: Some(lock),
            taken_over: true,
        })
    }

    fn make(target: &Dir) -> io::Result<Work> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = PathBuf::from(format!("{PREFIX}{}-{number}", std::process::id()));
            match target.create_dir(&name) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
            let dir = target.open_dir(&name)?;
            match lock(&dir) {
                Ok(lock) => {
                    return Ok(Work {
                        dir,
                        name,
                        lock: Some(lock),
                        taken_over: false,
                    });
                }
                // Another process took it for a left one before it was locked.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    let _ = target.remove_dir_all(&name);
                    return Err(error);
                }
            }
        }
    }

    /// Whether files of a killed run may be in the target.
    pub fn resumes(&self) -> bool {
        self.taken_over
    }

    /// A new empty file of mode `mode`, less the process's mask.
    pub fn file(&self, mode: u32) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create_new(true)
            .follow(FollowSymlinks::No);
        #[cfg(unix)]
        options.mode(mode & 0o7777);
        #[cfg(not(unix))]
        let _ = mode;
        match self.dir.open_with(FILE, &options) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.dir.remove_file(FILE)?;
                self.dir.open_with(FILE, &options)
            }
            opened => opened,
        }
    }

    /// Gives the file its place, replacing what is there.
    pub fn place(&self, folder: &Dir, leaf: &Path) -> io::Result<()> {
        match self.dir.rename(FILE, folder, leaf) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
            done => return done,
        }
        // Another file system is mounted within the target.
        let mut beside = leaf.as_os_str().to_owned();
        beside.push(PREFIX);
        let beside = PathBuf::from(beside);
        let copied = self
            .dir
            .copy(FILE, folder, &beside)
            .and_then(|_| folder.rename(&beside, folder, leaf));
        if copied.is_err() {
            let _ = folder.remove_file(&beside);
        }
        copied
    }

    /// Ends a run that failed. What a killed run left stays marked as such.
    pub fn give_up(mut self, target: &Dir) {
        if self.taken_over {
            let _ = self.dir.remove_file(FILE);
            self.lock = None;
        } else {
            self.remove(target);
        }
    }

    /// Removes the folder. What cannot be removed is for the next run.
    pub fn remove(mut self, target: &Dir) {
        let _ = self.dir.remove_file(FILE);
        let _ = self.dir.remove_file(LOCK);
        self.lock = None;
        let Work { dir, name, .. } = self;
        drop(dir);
        let _ = target.remove_dir(name);
    }
}

/// Locks the folder, or says [`io::ErrorKind::WouldBlock`].
fn lock(dir: &Dir) -> io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(false)
        .follow(FollowSymlinks::No);
    let file = dir.open_with(LOCK, &options)?.into_std();
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        // Some network file systems have no locks; then nothing is known to be left.
        Err(std::fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            Ok(file)
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}
