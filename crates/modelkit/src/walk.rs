//! Lists a project folder in the order in which `kit` walks it.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::error::{Error, Result};
use crate::ignore::IgnoreRules;

/// What a directory entry is, without following links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    File,
    Folder,
    Symlink,
    /// Device, pipe or socket.
    Special,
}

/// One entry of the project folder.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Relative to the project folder, `/` between elements. Raw bytes where the system has such.
    pub path: Vec<u8>,
    pub kind: EntryKind,
    pub stamp: Stamp,
    /// The pattern that ignores it and its line; only its own folder's listing is cut off then.
    pub ignored: Option<(String, Option<usize>)>,
    /// Its folder could not be listed.
    pub unreadable: Option<String>,
}

impl Entry {
    /// The path as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.path)
    }
}

/// What the file system says about an entry; also what tells whether it changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes of a file, 0 for a folder.
    pub size: u64,
    /// Permission, set-id and sticky bits.
    pub mode: u32,
    /// Last change of the content, nanoseconds since 1970 UTC.
    pub mtime: i128,
    /// Last change of the inode, likewise; 0 where the system has none.
    pub ctime: i128,
    /// Device and inode; 0 where the system has none.
    pub dev: u64,
    pub ino: u64,
}

impl Stamp {
    /// The stamp of what `metadata` describes.
    pub(crate) fn of(metadata: &std::fs::Metadata) -> Stamp {
        let mtime = metadata
            .modified()
            .map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
                Ok(after) => after.as_nanos() as i128,
                Err(before) => -(before.duration().as_nanos() as i128),
            });
        let size = if metadata.is_dir() { 0 } else { metadata.len() };
        let mut stamp = Stamp {
            size,
            mtime,
            ..Stamp::default()
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            stamp.mode = metadata.mode() & 0o7777;
            stamp.ctime =
                i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
            stamp.dev = metadata.dev();
            stamp.ino = metadata.ino();
        }
        #[cfg(not(unix))]
        {
            // The modes Go makes up on Windows.
            stamp.mode = match (metadata.is_dir(), metadata.permissions().readonly()) {
                (true, _) => 0o777,
                (false, true) => 0o444,
                (false, false) => 0o666,
            };
        }
        stamp
    }
}

/// Everything below `context`, folders before their contents, names sorted as bytes. Ignored
/// folders are entered only if a pattern could bring something in them back.
///
/// # Errors
/// [`Error::Io`] if `context` itself cannot be listed, [`Error::Ignore`] for a pattern that cannot
/// be matched.
pub(crate) fn scan(context: &Path, ignore: &IgnoreRules) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    // A stack: what comes next lies on top.
    let mut pending: Vec<Pending> = Vec::new();
    let top = list(context).map_err(Error::io("list the folder", context))?;
    push_all(&mut pending, b"", top);
    while let Some(Pending {
        absolute,
        path,
        metadata,
    }) = pending.pop()
    {
        let kind = match metadata.file_type() {
            t if t.is_dir() => EntryKind::Folder,
            t if t.is_file() => EntryKind::File,
            t if t.is_symlink() => EntryKind::Symlink,
            _ => EntryKind::Special,
        };
        let text = String::from_utf8_lossy(&path);
        // `kit` trims white space off the path before it asks the patterns.
        let cleaned = kitbench_kitfile::clean_path(text.trim());
        let ignored = ignore
            .ignored_by(&cleaned)?
            .map(|by| (by.pattern.to_owned(), by.line));
        let mut entry = Entry {
            path,
            kind,
            stamp: Stamp::of(&metadata),
            ignored,
            unreadable: None,
        };
        if kind == EntryKind::Folder && (entry.ignored.is_none() || ignore.has_negation()) {
            match list(&absolute) {
                Ok(names) => push_all(&mut pending, &entry.path, names),
                Err(error) => entry.unreadable = Some(error.to_string()),
            }
        }
        entries.push(entry);
    }
    Ok(entries)
}

struct Pending {
    absolute: PathBuf,
    path: Vec<u8>,
    metadata: std::fs::Metadata,
}

type Listed = (Vec<u8>, PathBuf, std::fs::Metadata);

fn list(folder: &Path) -> io::Result<Vec<Listed>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // An entry that vanished since is no entry.
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        names.push((name_bytes(&entry.file_name()), entry.path(), metadata));
    }
    names.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(names)
}

fn push_all(pending: &mut Vec<Pending>, prefix: &[u8], names: Vec<Listed>) {
    for (name, absolute, metadata) in names.into_iter().rev() {
        let mut path = prefix.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(&name);
        pending.push(Pending {
            absolute,
            path,
            metadata,
        });
    }
}

fn name_bytes(name: &OsStr) -> Vec<u8> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        name.as_bytes().to_vec()
    }
    #[cfg(not(unix))]
    name.to_string_lossy().into_owned().into_bytes()
}

/// The path in the file system that `path`, raw bytes relative to a folder, stands for.
pub(crate) fn to_path(path: &[u8]) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        PathBuf::from(OsStr::from_bytes(path))
    }
    #[cfg(not(unix))]
    PathBuf::from(String::from_utf8_lossy(path).into_owned())
}
