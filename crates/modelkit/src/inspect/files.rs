//! The files of a layer, without unpacking it.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use kitbench_kitfile::clean_path;

use super::{Kit, KitLayer};
use crate::LayerKind;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::layer::decoder;
use crate::media::{Compression, Packaging};
use crate::progress::CancellationToken;
use crate::source::{KitSource, ReadSeek};
use crate::tar::{Header, Kind, Limits, Reader};

/// A file or folder of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFile {
    /// Relative to the project folder, `/` between elements.
    pub path: String,
    pub is_folder: bool,
    /// Bytes; 0 for a folder.
    pub size: u64,
    /// Permission, set-id and sticky bits.
    pub mode: u32,
    /// Where its data begin in the uncompressed layer.
    pub offset: u64,
}

/// What a layer holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerListing {
    /// In the order of the archive.
    pub files: Vec<LayerFile>,
    /// Whether there are more than were asked for.
    pub truncated: bool,
}

/// The most bytes of a compressed layer's file that [`open_file`] holds in memory.
pub const MAX_HELD: u64 = 32 << 20;

/// Lists at most `limit` files and folders of `layer`. Seeks over their data where it can.
///
/// # Errors
/// [`Error::Archive`] if the layer is broken, [`Error::Cancelled`], those of the source.
pub fn list_files(
    source: &dyn KitSource,
    layer: &KitLayer,
    limit: usize,
    cancel: &CancellationToken,
) -> Result<LayerListing> {
    let mut listing = LayerListing::default();
    walk(source, layer, cancel, &mut |header, offset, _| {
        if listing.files.len() == limit {
            listing.truncated = true;
            return Ok(false);
        }
        listing.files.push(LayerFile {
            path: String::from_utf8_lossy(&header.name).into_owned(),
            is_folder: header.kind == Kind::Folder,
            size: header.size,
            mode: header.mode,
            offset,
        });
        Ok(true)
    })?;
    Ok(listing)
}

/// A file taken out of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileBytes {
    pub bytes: Vec<u8>,
    /// The file's whole size; more than `bytes` has if it is larger than was asked for.
    pub size: u64,
}

/// Reads the first `limit` bytes of the file `path` of `layer`.
///
/// # Errors
/// [`Error::NoFile`], and as [`list_files`].
pub fn read_file(
    source: &dyn KitSource,
    layer: &KitLayer,
    path: &str,
    limit: u64,
    cancel: &CancellationToken,
) -> Result<FileBytes> {
    let wanted = clean_path(path);
    let mut found = None;
    walk(source, layer, cancel, &mut |header, _, data| {
        if header.kind == Kind::Folder
            || clean_path(&String::from_utf8_lossy(&header.name)) != wanted
        {
            return Ok(true);
        }
        let mut bytes = Vec::new();
        data.take(limit.min(header.size)).read_to_end(&mut bytes)?;
        found = Some(FileBytes {
            bytes,
            size: header.size,
        });
        Ok(false)
    })?;
    found.ok_or_else(|| Error::NoFile {
        what: layer.label.clone(),
        path: path.to_owned(),
    })
}

/// Opens the file `path` of `layer` for reading here and there, with its size. What lies in a
/// compressed layer, or in a source that cannot seek, is held in memory up to [`MAX_HELD`] bytes,
/// behind which it seems to end.
///
/// # Errors
/// As [`read_file`].
pub fn open_file<'s>(
    source: &'s dyn KitSource,
    layer: &KitLayer,
    path: &str,
    cancel: &CancellationToken,
) -> Result<(Box<dyn ReadSeek + 's>, u64)> {
    if layer.compression == Compression::None
        && let Some(blob) = source.seekable(&layer.descriptor)?
    {
        let wanted = clean_path(path);
        let mut place = None;
        walk(source, layer, cancel, &mut |header, offset, _| {
            let here = header.kind == Kind::File
                && clean_path(&String::from_utf8_lossy(&header.name)) == wanted;
            if here {
                place = Some((offset, header.size));
            }
            Ok(!here)
        })?;
        let (start, size) = place.ok_or_else(|| Error::NoFile {
            what: layer.label.clone(),
            path: path.to_owned(),
        })?;
        return Ok((
            Box::new(Window {
                inner: blob,
                start,
                size,
                position: 0,
            }),
            size,
        ));
    }
    let file = read_file(source, layer, path, MAX_HELD, cancel)?;
    Ok((Box::new(Cursor::new(file.bytes)), file.size))
}

/// Goes through the files of a layer in the order of the archive, once. `visit` reads what it wants
/// of each (the rest is passed over, by seeking where the source can) and says whether to go on.
///
/// # Errors
/// As [`list_files`]; an error of `visit` is [`Error::Io`] about the layer.
pub fn visit_files(
    source: &dyn KitSource,
    layer: &KitLayer,
    cancel: &CancellationToken,
    visit: &mut dyn FnMut(&LayerFile, &mut dyn Read) -> io::Result<bool>,
) -> Result<()> {
    walk(source, layer, cancel, &mut |header, offset, data| {
        if header.kind != Kind::File {
            return Ok(true);
        }
        let file = LayerFile {
            path: clean_path(&String::from_utf8_lossy(&header.name)),
            is_folder: false,
            size: header.size,
            mode: header.mode,
            offset,
        };
        visit(&file, data)
    })
}

/// Reads a layer once and tells the digest of each of its files.
///
/// # Errors
/// As [`list_files`].
pub fn digest_files(
    source: &dyn KitSource,
    layer: &KitLayer,
    cancel: &CancellationToken,
    found: &mut dyn FnMut(LayerFile, Digest),
) -> Result<()> {
    walk(source, layer, cancel, &mut |header, offset, data| {
        if header.kind == Kind::File {
            let digest = crate::diff::hash(data, cancel)?;
            let path = clean_path(&String::from_utf8_lossy(&header.name));
            found(
                LayerFile {
                    path,
                    is_folder: false,
                    size: header.size,
                    mode: header.mode,
                    offset,
                },
                digest,
            );
        }
        Ok(true)
    })
}

/// Reads a layer once and gives those of the files `wanted` that have at most `limit` bytes.
///
/// # Errors
/// As [`list_files`].
pub fn read_files(
    source: &dyn KitSource,
    layer: &KitLayer,
    wanted: &BTreeSet<String>,
    limit: u64,
    cancel: &CancellationToken,
    found: &mut dyn FnMut(String, Vec<u8>),
) -> Result<()> {
    walk(source, layer, cancel, &mut |header, _, data| {
        let path = clean_path(&String::from_utf8_lossy(&header.name));
        if header.kind == Kind::File && header.size <= limit && wanted.contains(&path) {
            let mut bytes = Vec::new();
            data.take(header.size).read_to_end(&mut bytes)?;
            found(path, bytes);
        }
        Ok(true)
    })
}

/// The README of a kit: the layer's number, the path and at most `limit` bytes of text. Docs layers
/// are searched first, then code; the file nearest to the project's root wins.
///
/// # Errors
/// As [`list_files`].
pub fn find_readme(
    source: &dyn KitSource,
    kit: &Kit,
    limit: u64,
    cancel: &CancellationToken,
) -> Result<Option<(usize, String, FileBytes)>> {
    /// Entries looked at per layer; a README lies near the top.
    const MAX_ENTRIES: usize = 10_000;
    for kind in [
        LayerKind::Docs,
        LayerKind::Code,
        LayerKind::Model,
        LayerKind::ModelPart,
    ] {
        let mut best: Option<(usize, String)> = None;
        for (number, layer) in kit
            .layers
            .iter()
            .enumerate()
            .filter(|(_, layer)| layer.kind == kind)
        {
            for file in list_files(source, layer, MAX_ENTRIES, cancel)?.files {
                let name = file
                    .path
                    .rsplit('/')
                    .next()
                    .unwrap_or_default()
                    .to_lowercase();
                let is_readme = !file.is_folder
                    && matches!(
                        name.as_str(),
                        "readme" | "readme.md" | "readme.txt" | "readme.markdown" | "readme.rst"
                    );
                let depth = |path: &str| path.matches('/').count();
                if is_readme
                    && best
                        .as_ref()
                        .is_none_or(|(_, path)| depth(&file.path) < depth(path))
                {
                    best = Some((number, file.path));
                }
            }
        }
        if let Some((number, path)) = best
            && let Some(layer) = kit.layers.get(number)
        {
            let text = read_file(source, layer, &path, limit, cancel)?;
            return Ok(Some((number, path, text)));
        }
    }
    Ok(None)
}

/// Called with a member, where its data begin, and the data; whether to go on.
type Visitor<'v> = dyn FnMut(&Header, u64, &mut dyn Read) -> io::Result<bool> + 'v;

fn walk(
    source: &dyn KitSource,
    layer: &KitLayer,
    cancel: &CancellationToken,
    visit: &mut Visitor<'_>,
) -> Result<()> {
    let what = || format!("the {} ({})", layer.label, layer.descriptor.digest.short());
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::Interrupted => Error::Cancelled,
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Error::Archive {
            layer: what(),
            problem: error.to_string(),
        },
        _ => Error::io("read", what())(error),
    };
    if layer.packaging == Packaging::Raw {
        return raw(source, layer, visit).map_err(failed);
    }
    if layer.compression == Compression::None
        && let Some(blob) = source.seekable(&layer.descriptor)?
    {
        let mut reader = Reader::new(BufReader::with_capacity(4096, blob), Limits::default());
        return members(&mut reader, Reader::seek_next_member, cancel, visit).map_err(failed);
    }
    let blob = decoder(layer.compression, source.blob(&layer.descriptor)?).map_err(failed)?;
    let mut reader = Reader::new(BufReader::with_capacity(64 << 10, blob), Limits::default());
    members(&mut reader, Reader::next_member, cancel, visit).map_err(failed)
}

fn members<R: Read>(
    reader: &mut Reader<R>,
    next: impl Fn(&mut Reader<R>) -> io::Result<Option<Header>>,
    cancel: &CancellationToken,
    visit: &mut Visitor<'_>,
) -> io::Result<()> {
    while let Some(header) = next(reader)? {
        if cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let offset = reader.offset();
        if !visit(&header, offset, reader)? {
            break;
        }
    }
    Ok(())
}

/// A raw layer is one file. The size of a compressed one is known only by decompressing it.
fn raw(source: &dyn KitSource, layer: &KitLayer, visit: &mut Visitor<'_>) -> io::Result<()> {
    let open = || source.blob(&layer.descriptor).map_err(io::Error::other);
    let size = match layer.compression {
        Compression::None => layer.descriptor.size,
        _ => {
            let stated = layer
                .descriptor
                .annotations
                .get(crate::media::FILE_METADATA);
            let stated = stated.and_then(|text| {
                serde_json::from_str::<serde_json::Value>(text)
                    .ok()?
                    .get("size")?
                    .as_u64()
            });
            match stated {
                Some(size) => size,
                None => io::copy(&mut decoder(layer.compression, open()?)?, &mut io::sink())?,
            }
        }
    };
    let header = Header {
        name: layer.clean_path().into_bytes(),
        kind: Kind::File,
        mode: 0o644,
        size,
    };
    visit(&header, 0, &mut decoder(layer.compression, open()?)?).map(|_| ())
}

/// A part of a larger file, as a file.
struct Window<R> {
    inner: R,
    start: u64,
    size: u64,
    position: u64,
}

impl<R: Read + Seek> Read for Window<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(self.position);
        let want = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        if want == 0 {
            return Ok(0);
        }
        self.inner
            .seek(SeekFrom::Start(self.start + self.position))?;
        let n = self.inner.read(buf.get_mut(..want).unwrap_or_default())?;
        self.position += n as u64;
        Ok(n)
    }
}

impl<R: Read + Seek> Seek for Window<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
        };
        self.position = position.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "a place before the start")
        })?;
        Ok(self.position)
    }
}
