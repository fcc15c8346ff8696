//! The uncompressed bytes of a layer, as a sequence of full buffers.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use crate::error::{Error, Result};
use crate::media::Packaging;
use crate::plan::{PlannedEntry, PlannedLayer};
use crate::progress::CancellationToken;
use crate::tar;
use crate::walk::{Stamp, to_path};

/// Bytes of a buffer.
pub(super) const CHUNK: usize = 512 << 10;

/// A layer to be read.
pub(super) struct Source<'a> {
    pub context: &'a Path,
    pub layer: &'a PlannedLayer,
    pub packaging: Packaging,
    pub progress: &'a (dyn Fn(u64) + Sync),
    pub cancel: &'a CancellationToken,
}

/// Takes full buffers and gives back empty ones.
pub(super) trait Sink {
    /// Takes a buffer, the last one possibly not full, and returns one of [`CHUNK`] bytes length.
    fn chunk(&mut self, buffer: Vec<u8>, length: usize) -> Result<Vec<u8>>;
}

fn kind(entry: &PlannedEntry) -> tar::Kind {
    if entry.is_folder {
        tar::Kind::Folder
    } else {
        tar::Kind::File
    }
}

/// Bytes of the header blocks of `entry`.
pub(super) fn header_size(entry: &PlannedEntry) -> Result<u64> {
    tar::header_size(entry.name(), kind(entry), entry.stamp.size)
        .ok_or_else(|| Error::Name(entry.path.clone()))
}

/// The header blocks of `entry`.
fn header(entry: &PlannedEntry) -> Result<Vec<u8>> {
    let header = tar::Header {
        name: entry.name().to_vec(),
        kind: kind(entry),
        mode: entry.stamp.mode,
        size: entry.stamp.size,
    };
    tar::header_bytes(&header).ok_or_else(|| Error::Name(entry.path.clone()))
}

impl Source<'_> {
    /// Feeds the whole layer to `sink`; the numbers of the entries whose files were not, at the end,
    /// what they were when planned.
    pub fn pump(&self, sink: &mut impl Sink) -> Result<Vec<usize>> {
        let mut writer = self.writer(sink)?;
        let mut unsettled = Vec::new();
        for (number, entry) in self.layer.entries.iter().enumerate() {
            if !writer.entry(entry)? {
                unsettled.push(number);
            }
        }
        writer.end()?;
        Ok(unsettled)
    }

    /// Writes entries of this layer to `sink`.
    pub fn writer<'a, S: Sink>(&'a self, sink: &'a mut S) -> Result<Writer<'a, S>> {
        let context = Dir::open_ambient_dir(self.context, ambient_authority())
            .map_err(Error::io("open the folder", self.context))?;
        Ok(Writer {
            sink,
            context,
            buffer: vec![0; CHUNK],
            filled: 0,
            source: self,
        })
    }

    /// To be called before each buffer that is passed on, with its bytes of the layer.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn passing(&self, bytes: usize) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        (self.progress)(bytes as u64);
        Ok(())
    }
}

/// Fills the buffers that go to a sink.
pub(super) struct Writer<'a, S> {
    pub sink: &'a mut S,
    context: Dir,
    buffer: Vec<u8>,
    filled: usize,
    source: &'a Source<'a>,
}

impl<S: Sink> Writer<'_, S> {
    /// Writes header and content of an entry; whether its file was what it was when planned.
    pub fn entry(&mut self, entry: &PlannedEntry) -> Result<bool> {
        if self.source.packaging == Packaging::Raw {
            return self.file(entry);
        }
        self.push(&header(entry)?)?;
        if entry.is_folder {
            return Ok(true);
        }
        let settled = self.file(entry)?;
        self.zeros(tar::padding(entry.stamp.size))?;
        Ok(settled)
    }

    /// Writes what ends the layer, and the last buffer.
    pub fn end(&mut self) -> Result<()> {
        if self.source.packaging == Packaging::Tar {
            self.push(&tar::END)?;
        }
        self.flush()
    }

    /// Passes on what is in the buffer, if anything.
    pub fn flush(&mut self) -> Result<()> {
        if self.filled == 0 {
            return Ok(());
        }
        self.source.passing(self.filled)?;
        self.buffer = self
            .sink
            .chunk(std::mem::take(&mut self.buffer), self.filled)?;
        self.filled = 0;
        Ok(())
    }

    fn free(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.filled..).unwrap_or_default()
    }

    fn advance(&mut self, bytes: usize) -> Result<()> {
        self.filled += bytes;
        if self.filled >= self.buffer.len() {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn push(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let free = self.free();
            let n = free.len().min(bytes.len());
            let (now, later) = bytes.split_at(n);
            if let Some(to) = free.get_mut(..n) {
                to.copy_from_slice(now);
            }
            bytes = later;
            self.advance(n)?;
        }
        Ok(())
    }

    fn zeros(&mut self, count: usize) -> Result<()> {
        self.push(tar::END.get(..count).unwrap_or_default())
    }

    /// Copies the content of one file; whether it still carries the stamp it was planned with.
    fn file(&mut self, entry: &PlannedEntry) -> Result<bool> {
        let relative = to_path(entry.name());
        let path = self.source.context.join(&relative);
        let mut file = open(&self.context, &relative).map_err(Error::io("open", &path))?;
        let changed = |found: String| Error::Changed {
            path: path.clone(),
            expected: entry.stamp.size,
            found,
        };
        let stamp = |file: &File| file.metadata().map_err(Error::io("look at", &path));
        let before = stamp(&file)?;
        if !before.is_file() {
            return Err(changed("it is no plain file".into()));
        }
        if before.len() != entry.stamp.size {
            return Err(changed(format!("it has {} bytes", before.len())));
        }
        let mut left = entry.stamp.size;
        while left > 0 {
            let free = self.free();
            let want = usize::try_from(left).unwrap_or(usize::MAX).min(free.len());
            let n = match file.read(free.get_mut(..want).unwrap_or_default()) {
                Ok(0) => {
                    return Err(changed(format!(
                        "it ends after {} bytes",
                        entry.stamp.size - left
                    )));
                }
                Ok(n) => n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::io("read", &path)(error)),
            };
            left -= n as u64;
            self.advance(n)?;
        }
        let after = stamp(&file)?;
        if after.len() != entry.stamp.size {
            return Err(changed(format!("it has {} bytes", after.len())));
        }
        Ok(Stamp::of(&after) == entry.stamp)
    }
}

/// Opens a file below `context`; never one that links lead out to, and not a link itself.
fn open(context: &Dir, path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    // Not blocking: a pipe that took the file's place must not stop us.
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    Ok(context.open_with(path, &options)?.into_std())
}
