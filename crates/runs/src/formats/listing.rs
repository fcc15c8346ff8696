//! What in a folder may have changed, in as few questions to the system as that takes: stores
//! have tens of thousands of small files, and each is looked at whenever the store is opened.

use std::path::Path;
use std::time::SystemTime;

/// What shows that a file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) len: u64,
    pub(crate) modified: SystemTime,
    /// The file's number in its file system.
    pub(crate) number: u64,
    pub(crate) is_file: bool,
}

/// Hands the name and stamp of each entry of a folder to `take` until that says no; links are
/// followed. Answers when the folder itself changed, or `None` when `take` said no, the folder
/// or an entry cannot be looked at, or the system has no such way.
#[cfg(unix)]
pub(crate) fn each(
    folder: &Path,
    mut take: impl FnMut(&[u8], Stamp) -> bool,
) -> Option<SystemTime> {
    use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, open, statat};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = open(folder, flags, Mode::empty()).ok()?;
    let own = stamp(&fstat(&folder).ok()?)?;
    let mut entries = Dir::read_from(&folder).ok()?;
    while let Some(entry) = entries.read() {
        let entry = entry.ok()?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let found = statat(&folder, name, AtFlags::empty()).ok()?;
        let is_file = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
        let stamp = Stamp {
            is_file,
            ..stamp(&found)?
        };
        if !take(name.to_bytes(), stamp) {
            return None;
        }
    }
    Some(own.modified)
}

#[cfg(unix)]
#[allow(
    clippy::unnecessary_cast,
    clippy::useless_conversion,
    reason = "these figures have other types on other systems"
)]
fn stamp(found: &rustix::fs::Stat) -> Option<Stamp> {
    use std::time::Duration;
    let seconds = u64::try_from(found.st_mtime).ok()?;
    let nanos = u32::try_from(found.st_mtime_nsec).ok()?;
    Some(Stamp {
        len: u64::try_from(found.st_size).ok()?,
        modified: SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))?,
        number: found.st_ino as u64,
        is_file: false,
    })
}

/// The system has no such way.
#[cfg(not(unix))]
pub(crate) fn each(_: &Path, _: impl FnMut(&[u8], Stamp) -> bool) -> Option<SystemTime> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::formats::tail::file_number;

    #[test]
    fn stamps_are_what_the_system_tells_of_each_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "1234").unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        std::os::unix::fs::symlink("a", folder.path().join("c")).unwrap();
        let mut found = Vec::new();
        let own = each(folder.path(), |name, stamp| {
            found.push((String::from_utf8(name.to_vec()).unwrap(), stamp));
            true
        });
        let meta = std::fs::metadata(folder.path()).unwrap();
        assert_eq!(own, meta.modified().ok());
        found.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(found.len(), 3);
        for (name, stamp) in &found {
            let meta = std::fs::metadata(folder.path().join(name)).unwrap();
            assert_eq!(stamp.len, meta.len());
            assert_eq!(Some(stamp.modified), meta.modified().ok());
            assert_eq!(stamp.number, file_number(&meta));
            assert_eq!(stamp.is_file, meta.is_file());
        }
        assert_eq!(each(folder.path(), |_, stamp| stamp.is_file), None);
        std::os::unix::fs::symlink("gone", folder.path().join("d")).unwrap();
        assert_eq!(each(folder.path(), |_, _| true), None, "a dangling link");
        assert_eq!(each(&folder.path().join("none"), |_, _| true), None);
    }
}
