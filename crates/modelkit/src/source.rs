//! Where a kit's bytes come from: the local store, a registry, an exported folder.

use std::io::{Read, Seek};

use crate::error::Result;
use crate::manifest::Descriptor;
use crate::reference::Reference;

/// One kit, wherever it lies. Bytes are not trusted: readers check digests.
pub trait KitSource: Send + Sync {
    /// What the kit is called.
    fn reference(&self) -> &Reference;

    /// The manifest's descriptor and text. The text matches the descriptor's digest.
    ///
    /// # Errors
    /// If it cannot be had.
    fn manifest(&self) -> Result<(Descriptor, Vec<u8>)>;

    /// The bytes of a blob, from the start.
    ///
    /// # Errors
    /// If it cannot be had. Reading may fail later as well.
    fn blob(&self, blob: &Descriptor) -> Result<Box<dyn Read + Send + '_>>;

    /// The same for reading here and there, where the source can do that cheaply (a local file, a
    /// registry that serves ranges). `None` where it cannot.
    ///
    /// # Errors
    /// If it cannot be had.
    fn seekable(&self, blob: &Descriptor) -> Result<Option<Box<dyn ReadSeek + '_>>> {
        let _ = blob;
        Ok(None)
    }
}

/// What can be read here and there.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// Finds kits by reference: parents named in a model's path, for packing and unpacking.
pub trait KitResolver: Send + Sync {
    /// The kit `reference` names.
    ///
    /// # Errors
    /// If there is none, or it cannot be reached.
    fn find(&self, reference: &Reference) -> Result<Box<dyn KitSource + '_>>;
}
