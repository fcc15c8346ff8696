//! The folder that is unpacked into. Everything goes through one handle on it that cannot be led
//! outside, whatever names an archive has and whatever links lie in the folder.

use std::collections::HashSet;
use std::io::{self, BufRead, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, OpenOptions, Permissions};
#[cfg(unix)]
use cap_std::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};

use super::Existing;
use crate::error::{Error, Result};
use crate::progress::CancellationToken;

/// What was written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub files: u64,
    pub folders: u64,
    pub kept: u64,
    pub bytes: u64,
}

/// The folder.
pub(super) struct Target {
    dir: Dir,
    path: PathBuf,
    existing: Existing,
    counts: Counts,
    /// What this run created, in order; to be undone on failure.
    created: Vec<Created>,
    /// Folders whose final permissions would have kept us from filling them.
    modes: Vec<(PathBuf, u32)>,
    /// Folders known to exist, so that each is asked for once.
    known: HashSet<PathBuf>,
}

enum Created {
    /// The target itself or a folder above it.
    Outer(PathBuf),
    Folder(PathBuf),
    File(PathBuf),
}

impl Target {
    /// Opens `path`, creating it and what is missing above it.
    pub fn open(path: &Path, existing: Existing) -> Result<Target> {
        let mut missing = Vec::new();
        let mut at = path;
        while !at.as_os_str().is_empty() && !at.exists() {
            missing.push(Created::Outer(at.to_path_buf()));
            match at.parent() {
                Some(parent) => at = parent,
                None => break,
            }
        }
        missing.reverse();
        std::fs::create_dir_all(path).map_err(Error::io("create the folder", path))?;
        let dir = Dir::open_ambient_dir(path, ambient_authority())
            .map_err(Error::io("open the folder", path))?;
        Ok(Target {
            dir,
            path: path.to_path_buf(),
            existing,
            counts: Counts::default(),
            created: missing,
            modes: Vec::new(),
            known: HashSet::from([PathBuf::new()]),
        })
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Writes the Kitfile, or finds it there with the same content.
    pub fn write_kitfile(&mut self, text: &[u8]) -> Result<()> {
        let name = Path::new("Kitfile");
        let full = self.path.join(name);
        match self.dir.symlink_metadata(name) {
            Ok(metadata) if !metadata.is_file() => {
                return Err(Error::Blocked {
                    path: full,
                    problem: "something that is no plain file is in the place of the Kitfile"
                        .into(),
                });
            }
            Ok(_) if self.existing != Existing::Overwrite => {
                let mut present = Vec::new();
                let file = self.dir.open(name).map_err(Error::io("read", &full))?;
                file.take(text.len() as u64 + 1)
                    .read_to_end(&mut present)
                    .map_err(Error::io("read", &full))?;
                return if present == text {
                    Ok(())
                } else {
                    Err(Error::Exists(full))
                };
            }
            _ => {}
        }
        let existing = std::mem::replace(&mut self.existing, Existing::Overwrite);
        let written = self.file(
            name,
            0o644,
            text.len() as u64,
            &mut &text[..],
            &CancellationToken::new(),
        );
        self.existing = existing;
        written
    }

    /// Makes the folder `name` with permissions `mode`; an existing one is fine.
    pub fn folder(&mut self, name: &Path, mode: u32) -> Result<()> {
        if self.known.contains(name) {
            return Ok(());
        }
        if let Some(parent) = name.parent() {
            self.parents(parent)?;
        }
        self.make_folder(name, mode)
    }

    /// Makes the folders of `path` that are missing.
    fn parents(&mut self, path: &Path) -> Result<()> {
        if self.known.contains(path) {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.parents(parent)?;
        }
        self.make_folder(path, 0o755)
    }

    fn make_folder(&mut self, name: &Path, mode: u32) -> Result<()> {
        let full = self.path.join(name);
        #[cfg_attr(not(unix), expect(unused_mut))]
        let mut builder = DirBuilder::new();
        // Its owner must be able to fill it; the rest of its permissions comes last.
        #[cfg(unix)]
        builder.mode((mode & 0o777) | 0o700);
        match self.dir.create_dir_with(name, &builder) {
            Ok(()) => {
                self.created.push(Created::Folder(name.to_path_buf()));
                self.counts.folders += 1;
                if mode & 0o700 != 0o700 || mode & 0o7000 != 0 {
                    self.modes.push((name.to_path_buf(), mode));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // A link to a folder within the target is followed, one that leads out is not.
                let metadata = self
                    .dir
                    .metadata(name)
                    .map_err(|error| self.blocked(name, error))?;
                if !metadata.is_dir() {
                    return Err(Error::Blocked {
                        path: full,
                        problem: "a file is where a folder belongs".into(),
                    });
                }
            }
            Err(error) => return Err(self.blocked(name, error)),
        }
        self.known.insert(name.to_path_buf());
        Ok(())
    }

    /// Writes the file `name` of `size` bytes from `data`.
    pub fn file(
        &mut self,
        name: &Path,
        mode: u32,
        size: u64,
        data: &mut dyn BufRead,
        cancel: &CancellationToken,
    ) -> Result<()> {
        if let Some(parent) = name.parent() {
            self.parents(parent)?;
        }
        let full = self.path.join(name);
        match self.create(name, mode) {
            Ok(file) => {
                self.created.push(Created::File(name.to_path_buf()));
                self.fill(file, &full, size, data, cancel)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let metadata = self
                    .dir
                    .symlink_metadata(name)
                    .map_err(|error| self.blocked(name, error))?;
                match self.existing {
                    Existing::Refuse => return Err(Error::Exists(full)),
                    Existing::Keep => {
                        self.counts.kept += 1;
                        return Ok(());
                    }
                    Existing::Overwrite if metadata.is_dir() => {
                        return Err(Error::Blocked {
                            path: full,
                            problem: "a folder is where a file belongs".into(),
                        });
                    }
                    Existing::Overwrite => self.replace(name, &full, mode, size, data, cancel)?,
                }
            }
            Err(error) => return Err(self.blocked(name, error)),
        }
        self.counts.files += 1;
        self.counts.bytes += size;
        Ok(())
    }

    fn create(&self, name: &Path, mode: u32) -> io::Result<cap_std::fs::File> {
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create_new(true)
            .follow(FollowSymlinks::No);
        #[cfg(unix)]
        options.mode(mode & 0o7777);
        #[cfg(not(unix))]
        let _ = mode;
        self.dir.open_with(name, &options)
    }

    /// Replaces a file or link in one step, so that it is the old or the new one at any time.
    fn replace(
        &mut self,
        name: &Path,
        full: &Path,
        mode: u32,
        size: u64,
        data: &mut dyn BufRead,
        cancel: &CancellationToken,
    ) -> Result<()> {
        let mut beside = name.as_os_str().to_owned();
        beside.push(format!(".kitbench-{}", std::process::id()));
        let beside = PathBuf::from(beside);
        let permissions = self
            .dir
            .symlink_metadata(name)
            .ok()
            .filter(|old| old.is_file())
            .map(|old| old.permissions());
        let file = self
            .create(&beside, mode)
            .map_err(|error| self.blocked(&beside, error))?;
        self.created.push(Created::File(beside.clone()));
        self.fill(file, full, size, data, cancel)?;
        if let Some(permissions) = permissions {
            self.dir
                .set_permissions(&beside, permissions)
                .map_err(Error::io("set the permissions of", full))?;
        }
        self.dir
            .rename(&beside, &self.dir, name)
            .map_err(Error::io("write", full))?;
        self.created.pop();
        Ok(())
    }

    fn fill(
        &mut self,
        mut file: cap_std::fs::File,
        full: &Path,
        size: u64,
        data: &mut dyn BufRead,
        cancel: &CancellationToken,
    ) -> Result<()> {
        let mut left = size;
        while left > 0 {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let ready = data
                .fill_buf()
                .map_err(Error::io("read the archive for", full))?;
            let n = usize::try_from(left).unwrap_or(usize::MAX).min(ready.len());
            if n == 0 {
                return Err(Error::io("read the archive for", full)(
                    io::ErrorKind::UnexpectedEof.into(),
                ));
            }
            file.write_all(ready.get(..n).unwrap_or_default())
                .map_err(Error::io("write", full))?;
            data.consume(n);
            left -= n as u64;
        }
        Ok(())
    }

    /// Gives folders the permissions they were held back from.
    pub fn finish(&mut self) -> Result<()> {
        #[cfg(unix)]
        for (name, mode) in std::mem::take(&mut self.modes).into_iter().rev() {
            let full = self.path.join(&name);
            // What the system's mask left of the bits asked for stays left out.
            let given = self
                .dir
                .metadata(&name)
                .map_err(Error::io("look at", &full))?
                .permissions()
                .mode();
            let mode = (mode & 0o7000) | (mode & given & 0o777);
            self.dir
                .set_permissions(&name, Permissions::from_mode(mode))
                .map_err(Error::io("set the permissions of", &full))?;
        }
        Ok(())
    }

    /// Removes what this run created.
    pub fn undo(&mut self) {
        // What cannot be removed, or holds things of others by now, stays.
        while let Some(created) = self.created.pop() {
            let _ = match created {
                Created::File(name) => self.dir.remove_file(&name),
                Created::Folder(name) => self.dir.remove_dir(&name),
                Created::Outer(path) => std::fs::remove_dir(&path),
            };
        }
    }

    fn blocked(&self, name: &Path, error: io::Error) -> Error {
        let path = self.path.join(name);
        match error.kind() {
            io::ErrorKind::PermissionDenied if self.leads_out(name) => {
                Error::Blocked { path, problem: "a link on the way leads out of the target folder; remove it or unpack elsewhere".into() }
            }
            io::ErrorKind::NotADirectory => Error::Blocked { path, problem: "a file is where a folder belongs".into() },
            _ => Error::io("write", path)(error),
        }
    }

    /// Whether `name` or a folder above it is a link.
    fn leads_out(&self, name: &Path) -> bool {
        name.ancestors().any(|part| {
            !part.as_os_str().is_empty()
                && std::fs::symlink_metadata(self.path.join(part))
                    .is_ok_and(|metadata| metadata.is_symlink())
        })
    }
}

/// The path an archive's name stands for; the error is a sentence. Refuses what is not local.
pub(super) fn local_path(name: &[u8]) -> std::result::Result<PathBuf, String> {
    let shown = || crate::error::shorten(&String::from_utf8_lossy(name));
    let path = crate::walk::to_path(name);
    let mut local = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => local.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                return Err(format!(
                    "the name “{}” climbs out of the target folder",
                    shown()
                ));
            }
            Component::RootDir | Component::Prefix(_) => {
                return Err(format!("the name “{}” is absolute", shown()));
            }
        }
    }
    if cfg!(windows)
        && local
            .to_string_lossy()
            .contains([':', '*', '?', '"', '<', '>', '|'])
    {
        return Err(format!("the name “{}” is not possible on Windows", shown()));
    }
    Ok(local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_local_are_refused() {
        for name in ["/etc/passwd", "../x", "a/../../x", "a/..", ".."] {
            assert!(local_path(name.as_bytes()).is_err(), "{name}");
        }
        for (name, path) in [
            ("a/b", "a/b"),
            ("./a", "a"),
            ("a//b", "a/b"),
            (".", ""),
            ("a..b", "a..b"),
        ] {
            assert_eq!(local_path(name.as_bytes()), Ok(PathBuf::from(path)));
        }
    }
}
