//! The folder that is unpacked into. Everything goes through one handle on it that cannot be led
//! outside, whatever names an archive has and whatever links lie in the folder.

use std::collections::HashSet;
use std::io::{self, BufRead, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, Permissions};
#[cfg(unix)]
use cap_std::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};

use super::Existing;
use super::work::Work;
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
    dir: Arc<Dir>,
    path: PathBuf,
    existing: Existing,
    counts: Counts,
    /// What this run created, in order; to be undone on failure.
    created: Vec<Created>,
    /// Folders whose final permissions would have kept us from filling them.
    modes: Vec<(PathBuf, u32)>,
    /// Folders known to exist, so that each is asked for once.
    known: HashSet<PathBuf>,
    /// The folder that the last file went to.
    last: Option<(PathBuf, Arc<Dir>)>,
    /// Where files are written; taken away at the end.
    work: Option<Work>,
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
        let mut target = Target {
            dir: Arc::new(dir),
            path: path.to_path_buf(),
            existing,
            counts: Counts::default(),
            created: missing,
            modes: Vec::new(),
            known: HashSet::from([PathBuf::new()]),
            last: None,
            work: None,
        };
        match Work::start(&target.dir) {
            Ok(work) => target.work = Some(work),
            Err(error) => {
                target.undo();
                return Err(Error::io("write to the folder", path)(error));
            }
        }
        Ok(target)
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Writes the Kitfile, or finds it there with the same content.
    pub fn write_kitfile(&mut self, place: &Path, text: &[u8]) -> Result<()> {
        let name = &place.join("Kitfile");
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
        let full = self.path.join(name);
        let parent = name.parent().unwrap_or(Path::new(""));
        let leaf = name.file_name().map(Path::new).unwrap_or(name);
        self.parents(parent)?;
        let folder = self.folder_of(parent)?;
        let there = match folder.symlink_metadata(leaf) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(self.blocked(name, error)),
        };
        let work = self.work.as_ref().ok_or_else(|| {
            Error::io("write", &full)(io::Error::other("unpacking has ended already"))
        })?;
        if let Some(metadata) = &there {
            match self.existing {
                Existing::Keep => {
                    self.counts.kept += 1;
                    return Ok(());
                }
                // A killed run may have written it.
                Existing::Refuse if work.resumes() && metadata.is_file() => {
                    let file = folder.open(leaf).map_err(Error::io("read", &full))?;
                    if metadata.len() != size || !is_same(file, &full, size, data, cancel)? {
                        return Err(Error::Exists(full));
                    }
                    self.counts.kept += 1;
                    return Ok(());
                }
                Existing::Refuse => return Err(Error::Exists(full)),
                Existing::Overwrite if metadata.is_dir() => {
                    return Err(Error::Blocked {
                        path: full,
                        problem: "a folder is where a file belongs".into(),
                    });
                }
                Existing::Overwrite => {}
            }
        }
        let mut file = work.file(mode).map_err(Error::io("write", &full))?;
        fill(&mut file, &full, size, data, cancel)?;
        if let Some(old) = there.as_ref().filter(|old| old.is_file()) {
            file.set_permissions(old.permissions())
                .map_err(Error::io("set the permissions of", &full))?;
        }
        drop(file);
        work.place(&folder, leaf)
            .map_err(Error::io("write", &full))?;
        if there.is_none() {
            self.created.push(Created::File(name.to_path_buf()));
        }
        self.counts.files += 1;
        self.counts.bytes += size;
        Ok(())
    }

    /// A handle on the folder `name`, which exists; links within the target are followed.
    fn folder_of(&mut self, name: &Path) -> Result<Arc<Dir>> {
        if name.as_os_str().is_empty() {
            return Ok(Arc::clone(&self.dir));
        }
        if let Some((known, dir)) = &self.last
            && known == name
        {
            return Ok(Arc::clone(dir));
        }
        let dir = self.dir.open_dir(name);
        let dir = Arc::new(dir.map_err(|error| self.blocked(name, error))?);
        self.last = Some((name.to_path_buf(), Arc::clone(&dir)));
        Ok(dir)
    }

    /// Whether two names that differ by case are there and stand for the same file.
    #[cfg(not(unix))]
    pub fn is_one_file(&self, a: &Path, b: &Path) -> bool {
        self.dir.symlink_metadata(a).is_ok() && self.dir.symlink_metadata(b).is_ok()
    }

    /// Whether two names that differ by case are there and stand for the same file.
    #[cfg(unix)]
    pub fn is_one_file(&self, a: &Path, b: &Path) -> bool {
        let identity = |name: &Path| {
            let metadata = self.dir.symlink_metadata(name).ok()?;
            Some((metadata.dev(), metadata.ino()))
        };
        identity(a).is_some_and(|file| identity(b) == Some(file))
    }

    /// Gives folders the permissions they were held back from.
    pub fn finish(&mut self) -> Result<()> {
        self.last = None;
        if let Some(work) = self.work.take() {
            work.remove(&self.dir);
        }
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
        self.last = None;
        if let Some(work) = self.work.take() {
            work.give_up(&self.dir);
        }
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

/// Writes `size` bytes of `data` to `file`.
fn fill(
    file: &mut cap_std::fs::File,
    full: &Path,
    size: u64,
    data: &mut dyn BufRead,
    cancel: &CancellationToken,
) -> Result<()> {
    pieces(full, size, data, cancel, &mut |piece| {
        file.write_all(piece).map_err(Error::io("write", full))
    })
}

/// Whether `file` holds the `size` bytes of `data`, which are taken in any case.
fn is_same(
    file: cap_std::fs::File,
    full: &Path,
    size: u64,
    data: &mut dyn BufRead,
    cancel: &CancellationToken,
) -> Result<bool> {
    let mut present = io::BufReader::with_capacity(256 << 10, file);
    let mut same = true;
    let mut buffer = Vec::new();
    pieces(full, size, data, cancel, &mut |piece| {
        if same {
            buffer.resize(piece.len(), 0);
            same = match present.read_exact(&mut buffer) {
                Ok(()) => buffer == piece,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
                Err(error) => return Err(Error::io("read", full)(error)),
            };
        }
        Ok(())
    })?;
    Ok(same)
}

/// Hands `size` bytes of `data`, meant for `full`, to `take`.
fn pieces(
    full: &Path,
    size: u64,
    data: &mut dyn BufRead,
    cancel: &CancellationToken,
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
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
        take(ready.get(..n).unwrap_or_default())?;
        data.consume(n);
        left -= n as u64;
    }
    Ok(())
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
