//! Turns planned files into the blob of a layer, in one pass: read, archive, hash, compress, write.
//!
//! One thread reads; hashing and compressing run beside it, so that on two cores an uncompressed
//! layer costs about what the slower of reading-and-writing and SHA-256 costs. Buffers are fixed in
//! number: memory does not depend on the size of a file.

mod compress;
mod patch;
mod pipeline;
mod read;

use std::fs::File;
use std::path::Path;

use crate::digest::Digest;
use crate::error::Result;
use crate::media::{Compression, Packaging};
use crate::plan::{PlannedEntry, PlannedLayer};
use crate::progress::CancellationToken;
use crate::tar;

pub use compress::decoder;
pub(crate) use patch::{Last, Patched, patch};

/// A finished layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerBlob {
    /// Digest of the stored bytes.
    pub digest: Digest,
    /// Digest before compression.
    pub diff_id: Digest,
    /// Stored bytes.
    pub size: u64,
    /// The numbers of the entries whose files were not, at the end, what they were when planned;
    /// only without any may the result be remembered.
    pub unsettled: Vec<usize>,
}

/// How to build a layer.
#[derive(Clone, Copy, Debug)]
pub struct LayerOptions {
    pub packaging: Packaging,
    pub compression: Compression,
    /// Threads that compress, at least 1.
    pub workers: usize,
}

/// Bytes of the layer before compression.
///
/// # Errors
/// [`crate::Error::Name`] for a name no archive can hold.
pub fn uncompressed_size(layer: &PlannedLayer, packaging: Packaging) -> Result<u64> {
    if packaging == Packaging::Raw {
        return Ok(layer.bytes);
    }
    let mut total = tar::END.len() as u64;
    for entry in &layer.entries {
        total += member_size(entry)?;
    }
    Ok(total)
}

/// Bytes of an entry in an archive: headers, data and padding.
pub(crate) fn member_size(entry: &PlannedEntry) -> Result<u64> {
    let header = read::header_size(entry)?;
    Ok(if entry.is_folder {
        header
    } else {
        header + entry.stamp.size + tar::padding(entry.stamp.size) as u64
    })
}

/// Writes the blob of `layer`, a part of the project in `context`, to `out`, an empty file.
/// `progress` hears of bytes before compression.
///
/// # Errors
/// [`crate::Error::Changed`] if a file is not what it was when planned, [`crate::Error::Io`],
/// [`crate::Error::Cancelled`]. What was written to `out` is then of no use.
pub fn build(
    context: &Path,
    layer: &PlannedLayer,
    options: LayerOptions,
    out: &mut File,
    out_path: &Path,
    progress: &(dyn Fn(u64) + Sync),
    cancel: &CancellationToken,
) -> Result<LayerBlob> {
    let source = read::Source {
        context,
        layer,
        packaging: options.packaging,
        progress,
        cancel,
    };
    match options.compression {
        Compression::None => pipeline::plain(&source, out, out_path),
        compression => {
            pipeline::compressed(&source, compression, options.workers.max(1), out, out_path)
        }
    }
}
