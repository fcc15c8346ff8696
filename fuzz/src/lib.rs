//! What several targets share.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::OnceLock;

use kitbench_modelkit::inspect::content::inspect;
use kitbench_modelkit::manifest::{Descriptor, Manifest};
use kitbench_modelkit::reference::Reference;
use kitbench_modelkit::source::{KitResolver, KitSource};
use kitbench_modelkit::{Digest, Error, Result, media};

#[cfg(feature = "runs")]
mod runs;
pub mod seal;
#[cfg(feature = "runs")]
pub use runs::{lay, points, read_growing, read_runs, source};

/// Divides one input into several files.
pub const SEPARATOR: u8 = 0x1e;

/// The parts of an input, divided by [`SEPARATOR`]; never empty.
pub fn parts(input: &[u8]) -> Vec<&[u8]> {
    input.split(|byte| *byte == SEPARATOR).collect()
}

/// A kit that lies in memory.
pub struct MemoryKit {
    reference: Reference,
    manifest: Vec<u8>,
    blobs: Vec<(Digest, Vec<u8>)>,
}

impl MemoryKit {
    /// A kit of these texts; blobs are found by their digest.
    pub fn new(manifest: Vec<u8>, blobs: Vec<Vec<u8>>) -> MemoryKit {
        MemoryKit {
            reference: Reference::unnamed(),
            manifest,
            blobs: blobs
                .into_iter()
                .map(|blob| (Digest::of(&blob), blob))
                .collect(),
        }
    }

    /// A kit with one code layer for the whole folder.
    pub fn of_layer(media_type: &str, blob: Vec<u8>) -> MemoryKit {
        let config = br#"{"manifestVersion":"1.0.0","package":{},"code":[{"path":"."}]}"#.to_vec();
        let manifest = Manifest {
            schema_version: 2,
            media_type: None,
            artifact_type: None,
            config: Descriptor::of(media::NATIVE_CONFIG, &config),
            layers: Some(vec![Descriptor::of(media_type, &blob)]),
            subject: None,
            annotations: Default::default(),
        };
        let manifest = manifest.to_json().expect("a manifest can be written");
        MemoryKit::new(manifest, vec![config, blob])
    }
}

impl KitSource for MemoryKit {
    fn reference(&self) -> &Reference {
        &self.reference
    }

    fn manifest(&self) -> Result<(Descriptor, Vec<u8>)> {
        Ok((
            Descriptor::of(media::MANIFEST, &self.manifest),
            self.manifest.clone(),
        ))
    }

    fn blob(&self, blob: &Descriptor) -> Result<Box<dyn Read + Send + '_>> {
        match self.blobs.iter().find(|(digest, _)| *digest == blob.digest) {
            Some((_, bytes)) => Ok(Box::new(bytes.as_slice())),
            None => Err(Error::MissingBlob {
                digest: blob.digest,
                what: "a blob".into(),
            }),
        }
    }
}

/// Knows no kit.
pub struct NoParents;

impl KitResolver for NoParents {
    fn find(&self, reference: &Reference) -> Result<Box<dyn KitSource + '_>> {
        Err(Error::NotFound(Box::new(reference.clone())))
    }
}

/// Looks into an input as into a file of one of these names, which its first byte chooses.
pub fn look_into(names: &[&str], input: &[u8]) {
    let Some((selector, input)) = input.split_first() else {
        return;
    };
    let name = names[usize::from(*selector) % names.len()];
    // A size that lies must do no harm either.
    let size = match selector >> 6 {
        0..=2 => input.len() as u64,
        _ => u64::MAX,
    };
    let _ = inspect(name, &mut Cursor::new(input), size);
}

/// A target that looks into files of these names.
#[macro_export]
macro_rules! inspect_target {
    ($($name:literal),+) => {
        libfuzzer_sys::fuzz_target!(|input: &[u8]| $crate::look_into(&[$($name),+], input));
    };
}

/// A folder for this process, in memory where the system has such a place.
pub fn scratch() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let memory = Path::new("/dev/shm");
            if memory.is_dir() {
                tempfile::tempdir_in(memory)
            } else {
                tempfile::tempdir()
            }
            .expect("a folder for the inputs")
        })
        .path()
}
