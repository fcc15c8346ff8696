//! ModelKits: KitOps' OCI artifacts.
pub mod progress;

use serde::{Deserialize, Serialize};

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
