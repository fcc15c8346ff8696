//! ModelKits: KitOps' OCI artifacts, packed, stored, looked into and unpacked.
//!
//! Reads what every release of `kit` and other ModelPack tools write, and writes what they read,
//! byte for byte where the format allows it. Shares the local store with `kit`. Everything is
//! synchronous and streams: memory use does not depend on the size of a layer.
pub mod background;
pub mod cache;
pub mod diff;
pub mod digest;
pub mod error;
pub mod ignore;
pub mod inspect;
pub mod json;
pub mod layer;
pub mod manifest;
pub mod media;
pub mod oci;
pub mod pack;
mod parents;
pub mod plan;
pub mod progress;
pub mod reference;
pub mod source;
mod space;
pub mod store;
pub mod tar;
pub mod text_diff;
pub mod time;
pub mod unpack;
mod walk;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use digest::Digest;
pub use error::{Error, Result};
pub use kitbench_kitfile::Rules as Compat;
pub use manifest::{Descriptor, Manifest};
pub use media::{Compression, Format, Packaging};
pub use reference::Reference;

/// What a layer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LayerKind {
    Model,
    ModelPart,
    Code,
    Dataset,
    Docs,
    Prompt,
    McpServer,
}

impl LayerKind {
    /// All kinds in the order in which a manifest lists their layers.
    pub const ALL: [LayerKind; 7] = [
        LayerKind::Model,
        LayerKind::ModelPart,
        LayerKind::Code,
        LayerKind::Dataset,
        LayerKind::Docs,
        LayerKind::Prompt,
        LayerKind::McpServer,
    ];

    /// The kind in words, for people: `model`, `model part` …
    pub fn name(self) -> &'static str {
        match self {
            LayerKind::Model => "model",
            LayerKind::ModelPart => "model part",
            LayerKind::Code => "code",
            LayerKind::Dataset => "dataset",
            LayerKind::Docs => "docs",
            LayerKind::Prompt => "prompt",
            LayerKind::McpServer => "MCP server",
        }
    }
}

impl fmt::Display for LayerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
