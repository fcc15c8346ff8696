//! Remembers which unchanged files gave which layer, so that packing again reads nothing.
//!
//! A layer is known by the fingerprint of what the file system says about each of its files: path,
//! mode, size, modification and change time, inode. Content that changes without any of these
//! changing would go unnoticed, so results are remembered only when the latest change lies far
//! enough back for the file system's clock to tell a later one apart.
//!
//! Of an archive of many files it is also known what stands where ([`Layout`]), so that a few changed
//! files need not mean opening all the others again.

mod layout;

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::digest::{Digest, Hasher};
use crate::layer::LayerOptions;
use crate::media::Packaging;
use crate::plan::{PlannedEntry, PlannedLayer};

pub(crate) use layout::layout_key;
pub use layout::{Layout, Member};

/// What a layer was, last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    pub digest: Digest,
    pub diff_id: Digest,
    /// Bytes of the blob.
    pub size: u64,
}

/// A memory of layers. Losing it costs time only.
pub trait LayerCache: Send + Sync {
    /// The layer with this fingerprint, if known.
    fn get(&self, fingerprint: &Digest) -> Option<Remembered>;
    /// Remembers a layer.
    fn put(&self, fingerprint: &Digest, layer: Remembered);
    /// The layout last kept under `key`.
    fn layout(&self, key: &Digest) -> Option<Layout>;
    /// Keeps a layout.
    fn put_layout(&self, key: &Digest, layout: &Layout);
}

/// Nanoseconds within which two changes may get the same time stamp: the kernel's tick on Linux,
/// whole seconds (two on FAT) elsewhere.
const CLOCK_GRAIN: i128 = if cfg!(target_os = "linux") {
    20_000_000
} else {
    2_000_000_000
};

/// Nanoseconds since 1970.
pub(crate) fn now() -> i128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_nanos() as i128)
}

/// Whether everything in `layer` was last changed well before `listed_at` (nanoseconds since 1970),
/// when the folder was listed.
pub(crate) fn is_settled(layer: &PlannedLayer, listed_at: i128) -> bool {
    layer
        .entries
        .iter()
        .all(|entry| is_settled_entry(entry, listed_at))
}

/// The same of one entry.
fn is_settled_entry(entry: &PlannedEntry, listed_at: i128) -> bool {
    entry.stamp.mtime.max(entry.stamp.ctime) < listed_at - CLOCK_GRAIN
}

/// What a layer is known by.
pub(crate) fn fingerprint(layer: &PlannedLayer, options: LayerOptions) -> Digest {
    let mut hasher = Hasher::new();
    let packaging = match options.packaging {
        Packaging::Tar => "tar",
        Packaging::Raw => "raw",
    };
    hasher.update(format!("1 {packaging} {}\n", options.compression.name()).as_bytes());
    for entry in &layer.entries {
        add_entry(&mut hasher, entry);
    }
    hasher.finish()
}

/// What each member of an archive is known by.
pub(crate) fn stamps(layer: &PlannedLayer) -> Vec<Digest> {
    let stamp = |entry| {
        let mut hasher = Hasher::new();
        add_entry(&mut hasher, entry);
        hasher.finish()
    };
    layer.entries.iter().map(stamp).collect()
}

fn add_entry(hasher: &mut Hasher, entry: &PlannedEntry) {
    let stamp = &entry.stamp;
    hasher.update(&(entry.name().len() as u64).to_le_bytes());
    hasher.update(entry.name());
    hasher.update(&[u8::from(entry.is_folder)]);
    hasher.update(&stamp.mode.to_le_bytes());
    // Folders change when neighbours come and go; only their name and mode are in the layer.
    if !entry.is_folder {
        for number in [
            stamp.mtime,
            stamp.ctime,
            i128::from(stamp.size),
            i128::from(stamp.dev),
            i128::from(stamp.ino),
        ] {
            hasher.update(&number.to_le_bytes());
        }
    }
}

/// A [`LayerCache`] in a folder: the file `layers` of lines `fingerprint digest diffId size`, added to
/// at the end, and a file per layout in the folder `layouts`.
pub struct FileCache {
    folder: PathBuf,
    known: Mutex<HashMap<Digest, Remembered>>,
}

/// Lines from which on the file is written anew at opening with the latest half.
const MAX_LINES: usize = 20_000;

impl FileCache {
    /// The cache in the folder `folder`, created on the first [`LayerCache::put`]. What cannot be
    /// read counts as empty.
    pub fn open(folder: &Path) -> FileCache {
        let path = folder.join("layers");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let known = lines.iter().filter_map(|line| parse(line)).collect();
        if lines.len() > MAX_LINES {
            let latest = lines
                .get(lines.len() - MAX_LINES / 2..)
                .unwrap_or_default()
                .join("\n")
                + "\n";
            let fresh = folder.join(format!("layers.{}", std::process::id()));
            if std::fs::write(&fresh, latest)
                .and_then(|()| std::fs::rename(&fresh, &path))
                .is_err()
            {
                let _ = std::fs::remove_file(&fresh);
            }
        }
        FileCache {
            folder: folder.to_path_buf(),
            known: Mutex::new(known),
        }
    }

    fn layouts(&self) -> PathBuf {
        self.folder.join("layouts")
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Remembered>> {
        self.known
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Layouts kept; each takes 40 bytes per file of its layer.
const MAX_LAYOUTS: usize = 200;

/// Deletes the older half of the layouts once there are too many.
fn make_room(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut files: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    if files.len() < MAX_LAYOUTS {
        return;
    }
    files.sort();
    for (_, path) in files.iter().take(MAX_LAYOUTS / 2) {
        let _ = std::fs::remove_file(path);
    }
}

/// A line, unless it is broken, e.g. cut off.
fn parse(line: &str) -> Option<(Digest, Remembered)> {
    let mut words = line.split(' ');
    let mut digest = || format!("sha256:{}", words.next()?).parse::<Digest>().ok();
    let (fingerprint, digest, diff_id) = (digest()?, digest()?, digest()?);
    let size = words.next()?.parse().ok()?;
    // The end mark shows that the size is whole.
    (words.next() == Some(".")).then_some((
        fingerprint,
        Remembered {
            digest,
            diff_id,
            size,
        },
    ))
}

impl LayerCache for FileCache {
    fn get(&self, fingerprint: &Digest) -> Option<Remembered> {
        self.known().get(fingerprint).copied()
    }

    fn put(&self, fingerprint: &Digest, layer: Remembered) {
        if self.known().insert(*fingerprint, layer) == Some(layer) {
            return;
        }
        let line = format!(
            "{} {} {} {} .\n",
            fingerprint.hex(),
            layer.digest.hex(),
            layer.diff_id.hex(),
            layer.size
        );
        // Losing the line costs time only.
        let _ = std::fs::create_dir_all(&self.folder);
        if let Ok(mut file) = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join("layers"))
        {
            let _ = file.write_all(line.as_bytes());
        }
    }

    fn layout(&self, key: &Digest) -> Option<Layout> {
        let bytes = std::fs::read(self.layouts().join(key.hex())).ok()?;
        Layout::parse(&bytes)
    }

    fn put_layout(&self, key: &Digest, layout: &Layout) {
        let folder = self.layouts();
        // Losing it costs time only. A half-written one is told by its digest.
        let _ = std::fs::create_dir_all(&folder);
        make_room(&folder);
        let _ = std::fs::write(folder.join(key.hex()), layout.to_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_and_broken_ones_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let layer = Remembered {
            digest: Digest::of(b"a"),
            diff_id: Digest::of(b"b"),
            size: 12,
        };
        FileCache::open(folder.path()).put(&Digest::of(b"1"), layer);
        let path = folder.path().join("layers");
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{whole}junk\n{}", &whole[..whole.len() - 3])).unwrap();
        let cache = FileCache::open(folder.path());
        assert_eq!(cache.get(&Digest::of(b"1")), Some(layer));
        assert_eq!(cache.known().len(), 1);
    }

    #[test]
    fn layouts_are_kept_but_not_without_bound() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout {
            digest: Digest::of(b"a"),
            size: 1024,
            members: Vec::new(),
        };
        let cache = FileCache::open(folder.path());
        for number in 0..2 * MAX_LAYOUTS {
            let key = Digest::of(&number.to_le_bytes());
            cache.put_layout(&key, &layout);
            assert_eq!(cache.layout(&key).as_ref(), Some(&layout));
        }
        let kept = std::fs::read_dir(folder.path().join("layouts")).unwrap();
        assert!(kept.count() <= MAX_LAYOUTS);
    }
}
