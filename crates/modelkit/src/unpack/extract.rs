//! One layer: from its blob to files, checked on the way.

use std::cell::Cell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::thread;

use serde::Deserialize;

use super::hashing::{Hashed, HashingReader, ReadAhead};
use super::target::{Target, local_path};
use super::{UnpackOptions, legacy_base};
use crate::error::{Error, Result};
use crate::inspect::KitLayer;
use crate::layer::decoder;
use crate::media::{self, Compression, Packaging};
use crate::progress::CancellationToken;
use crate::source::KitSource;
use crate::tar::{Kind, Limits, Reader};

/// Extracts `layer` into `target`, below its folder `place`, and checks its digest, size and diffId.
pub(super) fn layer(
    source: &dyn KitSource,
    layer: &KitLayer,
    place: &Path,
    target: &mut Target,
    options: &UnpackOptions,
    progress: &(dyn Fn(u64) + Send + Sync),
    cancel: &CancellationToken,
) -> Result<()> {
    let blob = &layer.descriptor;
    let what = format!("the {} ({})", layer.label, blob.digest.short());
    let counted = Watched {
        inner: source.blob(blob)?,
        left: blob.size,
        progress,
        cancel,
    };
    thread::scope(|scope| {
        let stored = ReadAhead::start(scope, counted);
        extract(stored, layer, (place, target), options, &what, cancel)
    })
}

fn extract(
    mut stored: ReadAhead<'_>,
    layer: &KitLayer,
    (place, target): (&Path, &mut Target),
    options: &UnpackOptions,
    what: &str,
    cancel: &CancellationToken,
) -> Result<()> {
    let blob = &layer.descriptor;
    if layer.compression == Compression::None {
        take(layer, (place, target), &mut stored, blob.size, what, cancel)?;
        let (digest, size) = drain(stored, what)?;
        check(what, blob, digest, size)?;
        // Without compression the two digests are one.
        return match layer.diff_id {
            Some(diff_id) if diff_id != digest => Err(Error::Corrupt {
                what: format!("the content of {what}"),
                expected: diff_id,
                found: digest,
            }),
            _ => Ok(()),
        };
    }
    let limit = options
        .free_expansion
        .saturating_add(blob.size.saturating_mul(options.max_expansion));
    let decoded =
        decoder(layer.compression, Box::new(&mut stored)).map_err(Error::io("decompress", what))?;
    let bounded = Bounded {
        inner: decoded,
        left: Cell::new(limit),
        limit,
    };
    let mut content = HashingReader::new(bounded);
    take(layer, (place, target), &mut content, limit, what, cancel)?;
    let (diff_id, _) = drain(content, what)?;
    let (digest, size) = drain(stored, what)?;
    check(what, blob, digest, size)?;
    match layer.diff_id {
        Some(expected) if expected != diff_id => Err(Error::Corrupt {
            what: format!("the content of {what}"),
            expected,
            found: diff_id,
        }),
        _ => Ok(()),
    }
}

fn check(what: &str, blob: &crate::Descriptor, digest: crate::Digest, size: u64) -> Result<()> {
    if size != blob.size {
        return Err(Error::Size {
            what: what.to_owned(),
            expected: blob.size,
            found: size,
        });
    }
    if digest != blob.digest {
        return Err(Error::Corrupt {
            what: what.to_owned(),
            expected: blob.digest,
            found: digest,
        });
    }
    Ok(())
}

fn drain(mut reader: impl Hashed, what: &str) -> Result<(crate::Digest, u64)> {
    io::copy(&mut reader, &mut io::sink()).map_err(|error| failed(what, error))?;
    reader.finish().map_err(|error| failed(what, error))
}

/// An error while reading an archive, told by its kind.
fn failed(what: &str, error: io::Error) -> Error {
    if error.get_ref().is_some_and(|inner| inner.is::<Stop>()) {
        return Error::Cancelled;
    }
    match error.kind() {
        io::ErrorKind::InvalidData
        | io::ErrorKind::UnexpectedEof
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::Other => Error::Archive {
            layer: what.to_owned(),
            problem: error.to_string(),
        },
        _ => Error::io("read", what)(error),
    }
}

fn take(
    layer: &KitLayer,
    (place, target): (&Path, &mut Target),
    content: &mut dyn BufRead,
    limit: u64,
    what: &str,
    cancel: &CancellationToken,
) -> Result<()> {
    match layer.packaging {
        Packaging::Tar => members(layer, (place, target), content, limit, what, cancel),
        Packaging::Raw => raw(layer, (place, target), content, limit, what, cancel),
    }
}

fn members(
    layer: &KitLayer,
    (place, target): (&Path, &mut Target),
    content: &mut dyn BufRead,
    limit: u64,
    what: &str,
    cancel: &CancellationToken,
) -> Result<()> {
    let refused = |problem: String| Error::Archive {
        layer: what.to_owned(),
        problem,
    };
    let base = if layer.is_legacy {
        place.join(local_path(legacy_base(&layer.path).as_bytes()).map_err(refused)?)
    } else {
        place.to_path_buf()
    };
    // The files so far, by their names in lower case.
    let mut names: HashMap<String, Vec<PathBuf>> = HashMap::new();
    let mut reader = Reader::new(content, Limits::default());
    while let Some(header) = reader.next_member().map_err(|error| failed(what, error))? {
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let name = local_path(&header.name).map_err(refused)?;
        if name.as_os_str().is_empty() && header.kind == Kind::File {
            return Err(refused("a file has no name".into()));
        }
        let path = base.join(name);
        if header.kind == Kind::Folder {
            if !path.as_os_str().is_empty() {
                target.folder(&path, header.mode)?;
            }
            continue;
        }
        // What cannot fit is not begun.
        let end = reader.offset().saturating_add(header.size);
        if end > limit {
            return Err(refused(format!(
                "“{}” claims {} bytes, but the layer may unpack to {limit} bytes at most",
                path.display(),
                header.size
            )));
        }
        match names.entry(path.to_string_lossy().to_lowercase()) {
            Entry::Vacant(free) => {
                free.insert(vec![path.clone()]);
            }
            Entry::Occupied(mut alike) => {
                for other in alike.get() {
                    if *other == path {
                        return Err(refused(format!("it holds “{}” twice", path.display())));
                    }
                    // So it is where the disk does not tell upper from lower case.
                    if target.is_one_file(other, &path) {
                        return Err(refused(format!(
                            "“{}” and “{}” are one file on this disk; unpack on a disk that tells upper from lower case",
                            other.display(),
                            path.display()
                        )));
                    }
                }
                alike.get_mut().push(path.clone());
            }
        }
        let mut failure = None;
        let mut data = Capture {
            inner: &mut reader,
            failure: &mut failure,
        };
        let written = target.file(&path, header.mode, header.size, &mut data, cancel);
        if let Some(error) = failure {
            return Err(failed(what, error));
        }
        written?;
    }
    Ok(())
}

/// Keeps a read error apart from write errors.
struct Capture<'a, R> {
    inner: &'a mut R,
    failure: &'a mut Option<io::Error>,
}

impl<R: BufRead> Capture<'_, R> {
    fn keep<T>(failure: &mut Option<io::Error>, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            *failure = Some(error);
            io::ErrorKind::InvalidData.into()
        })
    }
}

impl<R: BufRead> Read for Capture<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Self::keep(self.failure, self.inner.read(buf))
    }
}

impl<R: BufRead> BufRead for Capture<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Self::keep(self.failure, self.inner.fill_buf())
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
    }
}

/// A raw layer: the file itself. Its size is in the annotation, or all there is.
fn raw(
    layer: &KitLayer,
    (place, target): (&Path, &mut Target),
    content: &mut dyn BufRead,
    limit: u64,
    what: &str,
    cancel: &CancellationToken,
) -> Result<()> {
    #[derive(Default, Deserialize)]
    struct Metadata {
        #[serde(default)]
        mode: Option<u32>,
        #[serde(default)]
        size: Option<u64>,
    }
    let refused = |problem: String| Error::Archive {
        layer: what.to_owned(),
        problem,
    };
    let metadata: Metadata = match layer.descriptor.annotations.get(media::FILE_METADATA) {
        Some(text) => {
            crate::json::from_slice(text.as_bytes(), &format!("the file metadata of {what}"))?
        }
        None => Metadata::default(),
    };
    let path = local_path(layer.clean_path().as_bytes()).map_err(refused)?;
    if path.as_os_str().is_empty() {
        return Err(refused(
            "a raw layer needs the path of a file, not of the whole folder".into(),
        ));
    }
    let size = match (metadata.size, layer.compression) {
        (Some(size), _) => size,
        (None, Compression::None) => layer.descriptor.size,
        (None, _) => {
            return Err(refused(
                "a compressed raw layer does not state its size".into(),
            ));
        }
    };
    if size > limit {
        return Err(refused(format!(
            "its file claims {size} bytes, more than the layer may have"
        )));
    }
    let mut failure = None;
    let mut data = Capture {
        inner: &mut { content },
        failure: &mut failure,
    };
    let written = target.file(
        &place.join(path),
        metadata.mode.unwrap_or(0o644) & 0o777,
        size,
        &mut data,
        cancel,
    );
    match failure {
        Some(error) => Err(failed(what, error)),
        None => written,
    }
}

/// Counts, stops at what was promised, and stops when cancelled.
struct Watched<'a> {
    inner: Box<dyn Read + Send + 'a>,
    /// Bytes promised and not yet seen.
    left: u64,
    progress: &'a (dyn Fn(u64) + Send + Sync),
    cancel: &'a CancellationToken,
}

#[derive(Debug)]
struct Stop;

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cancelled")
    }
}

impl std::error::Error for Stop {}

impl Read for Watched<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other(Stop));
        }
        let n = self.inner.read(buf)?;
        let Some(left) = self.left.checked_sub(n as u64) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it has more bytes than its manifest says",
            ));
        };
        self.left = left;
        (self.progress)(n as u64);
        Ok(n)
    }
}

/// Stops a stream that grows out of proportion.
struct Bounded<R> {
    inner: R,
    left: Cell<u64>,
    limit: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        match self.left.get().checked_sub(n as u64) {
            Some(left) => self.left.set(left),
            None => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!(
                        "it unpacks to more than {} bytes, out of proportion to its size; it may be made to fill the disk",
                        self.limit
                    ),
                ));
            }
        }
        Ok(n)
    }
}
