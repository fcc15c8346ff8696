//! The file of one index: chunks and states in, chunks and the newest state out.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::codec::{self, Damaged};
use super::{Index, LOCK};
use crate::scan::Source;
use crate::series::Series;

/// Changes with the form of chunks or states: an older index is thrown away.
const MARK: [u8; 8] = *b"KBRUNS\x00\x01";
/// Mark, place and length of the newest state, its checksum, the checksum of all this.
const HEAD: usize = 8 + 8 + 8 + 4 + 4;
/// An index that is more than this and mostly old states or chunks of no use is made anew.
const WASTE: u64 = 64 << 20;

/// Points that lie in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Chunk {
    place: Place,
    bytes: u32,
    /// How many points.
    pub(crate) points: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Place {
    /// In the index file, at this offset.
    Index(u64),
    /// In a file of this process alone.
    #[serde(skip)]
    Private(u64),
    /// Nowhere on disk, because the disk took nothing.
    #[serde(skip)]
    Memory(Arc<[u8]>),
}

/// The store of one open source.
#[derive(Debug)]
pub(crate) struct Store {
    path: Option<PathBuf>,
    inner: Mutex<Inner>,
    /// A chunk could not be read: the source has to be read again.
    damaged: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    /// The index as it was found or as this process writes it.
    index: Option<Arc<File>>,
    /// Held while this process is the one that writes.
    lock: Option<File>,
    /// Points of a process that does not write the index; gone with it.
    private: Option<Arc<File>>,
    /// Where the next chunk goes in the index.
    end: u64,
    /// The same in the private file.
    private_end: u64,
    /// Bytes put since the last state was saved.
    unsaved: u64,
    /// The disk refused: nothing more is tried.
    refused: bool,
}

/// The state's beginning, which tells whose it is.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Owner {
    kind: String,
    path: String,
    root: String,
}

impl Owner {
    fn of(source: &Source) -> Option<Self> {
        Some(Self {
            kind: source.kind.name().to_owned(),
            path: source.path.to_str()?.to_owned(),
            root: source.root.to_str()?.to_owned(),
        })
    }
}

impl Store {
    /// A store of this process alone: points go to an unnamed file.
    pub(crate) fn private() -> Self {
        Self {
            path: None,
            inner: Mutex::default(),
            damaged: AtomicBool::new(false),
        }
    }

    /// The store of a source, and the state that was saved in it last.
    ///
    /// Nothing that goes wrong here is an error: without an index the source is read.
    pub(crate) fn open(index: &Index, source: &Source) -> (Self, Option<Vec<u8>>) {
        let mut store = Self::private();
        // Paths that are no Unicode cannot be written into the state.
        let Some(owner) = Owner::of(source) else {
            return (store, None);
        };
        let path = index.file(source);
        let lock = match lock(&path) {
            Ok(lock) => lock,
            Err(error) => {
                log::debug!("no index of {}: {error}", source.path.display());
                None
            }
        };
        let found = open(&path, lock.is_some()).ok();
        let loaded = found.and_then(|file| {
            let (state, end) = load(&file, &owner)?;
            Some((file, state, end))
        });
        let inner = store
            .inner
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let mut state = None;
        if let Some((file, content, end)) = loaded {
            inner.index = Some(Arc::new(file));
            inner.end = end;
            state = Some(content);
        } else if lock.is_some() {
            inner.index = create(&path).ok().map(Arc::new);
            inner.end = HEAD as u64;
        }
        if inner.index.is_some() {
            inner.lock = lock;
        }
        store.path = Some(path);
        (store, state)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the points from `from` to `to` away.
    pub(crate) fn put(&self, series: &Series, from: usize, to: usize) -> Chunk {
        let bytes = codec::encode(series, from, to);
        let points = (to - from) as u32;
        let length = bytes.len() as u32;
        let mut inner = self.inner();
        let place = match inner.append(&bytes) {
            Ok(place) => place,
            Err(error) => {
                if !inner.refused {
                    log::warn!("points stay in memory, the disk takes none: {error}");
                }
                inner.refused = true;
                Place::Memory(bytes.into())
            }
        };
        inner.unsaved += u64::from(length);
        Chunk {
            place,
            bytes: length,
            points,
        }
    }

    /// Appends the points of a chunk to `series`. After an error [`Store::is_damaged`].
    pub(crate) fn get(&self, chunk: &Chunk, series: &mut Series) -> Result<(), Damaged> {
        let length = chunk.bytes as usize;
        let read = |file: Option<Arc<File>>, offset| {
            let mut bytes = vec![0; length];
            read_at(file.ok_or(Damaged)?.as_ref(), &mut bytes, offset).map_err(|_| Damaged)?;
            Ok(bytes)
        };
        let before = series.len();
        let result = match &chunk.place {
            Place::Memory(bytes) => codec::decode(bytes, series),
            Place::Index(offset) => {
                let file = self.inner().index.clone();
                read(file, *offset).and_then(|bytes| codec::decode(&bytes, series))
            }
            Place::Private(offset) => {
                let file = self.inner().private.clone();
                read(file, *offset).and_then(|bytes| codec::decode(&bytes, series))
            }
        };
        if result.is_err() || series.len() - before != chunk.points as usize {
            self.damaged.store(true, Ordering::Relaxed);
            return Err(Damaged);
        }
        Ok(())
    }

    /// Whether a chunk could not be read.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Whether this process writes the index, so that a state is worth making.
    pub(crate) fn is_kept(&self) -> bool {
        let inner = self.inner();
        inner.lock.is_some() && !inner.refused && !self.is_damaged()
    }

    /// Bytes put since the state was saved.
    pub(crate) fn unsaved(&self) -> u64 {
        self.inner().unsaved
    }

    /// Saves what the reader knows; `live` is how many bytes of chunks it still needs.
    ///
    /// False when it cannot be saved: the old state stays.
    pub(crate) fn save(&self, source: &Source, state: &[u8]) -> bool {
        if !self.is_kept() {
            return false;
        }
        let Some(owner) = Owner::of(source).and_then(|o| postcard::to_allocvec(&o).ok()) else {
            return false;
        };
        let mut inner = self.inner();
        let Some(file) = inner.index.clone() else {
            return false;
        };
        let content = [owner.as_slice(), state].concat();
        let mut head = MARK.to_vec();
        head.extend_from_slice(&inner.end.to_le_bytes());
        head.extend_from_slice(&(content.len() as u64).to_le_bytes());
        head.extend_from_slice(&crc32fast::hash(&content).to_le_bytes());
        let check = crc32fast::hash(&head);
        head.extend_from_slice(&check.to_le_bytes());
        // The state first: a reader that comes between finds the old one.
        let written = write_at(&file, &content, inner.end).and_then(|()| write_at(&file, &head, 0));
        match written {
            Ok(()) => {
                inner.end += content.len() as u64;
                inner.unsaved = 0;
                true
            }
            Err(error) => {
                log::warn!("an index cannot be written: {error}");
                inner.refused = true;
                false
            }
        }
    }

    /// Throws the content away, because it is damaged or the source is another one now. Chunks
    /// handed out before cannot be read any more.
    pub(crate) fn clear(&self) {
        let mut inner = self.inner();
        self.damaged.store(false, Ordering::Relaxed);
        (inner.private, inner.private_end, inner.unsaved) = (None, 0, 0);
        if inner.lock.is_some()
            && let Some(path) = &self.path
        {
            inner.index = create(path).ok().map(Arc::new);
            inner.end = HEAD as u64;
        } else {
            inner.index = None;
        }
    }

    /// Whether most of a large index is of no use any more; `live` is what is.
    pub(crate) fn is_wasteful(&self, live: u64) -> bool {
        let inner = self.inner();
        inner.lock.is_some() && inner.end > live.saturating_mul(2).saturating_add(WASTE)
    }
}

impl Inner {
    fn append(&mut self, bytes: &[u8]) -> io::Result<Place> {
        if self.refused {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if self.lock.is_some()
            && let Some(file) = &self.index
        {
            write_at(file, bytes, self.end)?;
            let place = Place::Index(self.end);
            self.end += bytes.len() as u64;
            return Ok(place);
        }
        let file = match &self.private {
            Some(file) => file.clone(),
            None => {
                let file = Arc::new(tempfile::tempfile()?);
                self.private = Some(file.clone());
                file
            }
        };
        write_at(&file, bytes, self.private_end)?;
        let place = Place::Private(self.private_end);
        self.private_end += bytes.len() as u64;
        Ok(place)
    }
}

impl Chunk {
    /// Bytes it takes.
    pub(crate) fn bytes(&self) -> u64 {
        u64::from(self.bytes)
    }

    /// Whether it lies in the index, where the next process finds it.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(self.place, Place::Index(_))
    }
}

/// The right to write the index at `path`, unless another process has it.
fn lock(path: &Path) -> io::Result<Option<File>> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path.with_extension(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

fn open(path: &Path, write: bool) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(write).open(path)?;
    if write {
        // Told apart from one that nobody uses.
        let _ = file.set_modified(SystemTime::now());
    }
    Ok(file)
}

/// An empty index in place of what is there; who reads the old one goes on reading it.
fn create(path: &Path) -> io::Result<File> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&[0; HEAD])?;
    file.persist(path).map_err(|error| error.error)
}

/// The newest state and the end of the file; `None` for what is no index of this source.
fn load(file: &File, owner: &Owner) -> Option<(Vec<u8>, u64)> {
    let end = file.metadata().ok()?.len();
    let mut head = [0; HEAD];
    read_at(file, &mut head, 0).ok()?;
    let (content, check) = head.split_at(HEAD - 4);
    let number = |bytes: &[u8]| {
        let mut whole = [0; 8];
        whole[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(whole)
    };
    if !content.starts_with(&MARK) || u64::from(crc32fast::hash(content)) != number(check) {
        return None;
    }
    let (offset, length) = (number(&content[8..16]), number(&content[16..24]));
    if offset.checked_add(length)? > end {
        return None;
    }
    let mut state = vec![0; usize::try_from(length).ok()?];
    read_at(file, &mut state, offset).ok()?;
    if u64::from(crc32fast::hash(&state)) != number(&content[24..28]) {
        return None;
    }
    let (found, rest) = postcard::take_from_bytes::<Owner>(&state).ok()?;
    let begin = state.len() - rest.len();
    if found != *owner {
        return None;
    }
    state.drain(..begin);
    Some((state, end))
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                bytes = &mut bytes[n..];
                offset += n as u64;
            }
        }
    }
    Ok(())
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        bytes = &bytes[n..];
        offset += n as u64;
    }
    Ok(())
}
