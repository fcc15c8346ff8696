//! The pack dialog.

use serde::{Deserialize, Serialize};

use crate::{Decision, ProjectId, Severity};

/// What a layer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LayerKind {
    Model,
    ModelPart,
    Dataset,
    Code,
    Docs,
    Prompt,
    McpServer,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Compression {
    #[default]
    None,
    Gzip,
    GzipFastest,
    Zstd,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PackFormat {
    #[default]
    ModelKit,
    ModelPack,
}

/// What would be packed, and under which names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPack {
    pub project: ProjectId,
    /// `registry/repository`, or just a repository.
    pub repository: String,
    pub tags: Vec<String>,
    pub compression: Compression,
    pub format: PackFormat,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackPlan {
    pub layers: Vec<PlanLayer>,
    pub files: u32,
    pub bytes: u64,
    pub new_bytes: u64,
    /// Some figures are estimates: hashing was not finished.
    pub about: bool,
    pub checks: Vec<PlanCheck>,
    pub decisions: Vec<Decision>,
    /// What each tag points to now and after.
    pub tags: Vec<TagChange>,
    pub suggested_repository: String,
    pub suggested_tags: Vec<String>,
    /// Registries one might push to, with their usual namespace.
    pub known_repositories: Vec<String>,
    /// The same with the `kit` command line.
    pub command: String,
    pub disk_free_bytes: u64,
    /// Seconds, from this computer's measured hashing speed; `None` before the first pack.
    pub estimated_seconds: Option<u64>,
    /// Nothing stands in the way.
    pub can_pack: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanLayer {
    pub kind: LayerKind,
    pub label: String,
    pub path: String,
    pub files: u32,
    pub bytes: u64,
    pub new_bytes: u64,
    /// File paths with their sizes, largest first; cut after 2,000.
    pub largest: Vec<(String, u64)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCheck {
    /// `None`: passed.
    pub severity: Option<Severity>,
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagChange {
    pub tag: String,
    /// Digest it points to now, with other tags of the same kit.
    pub now: Option<String>,
    pub now_also: Vec<String>,
    /// It exists with other bytes, as far as known before packing.
    pub replaces: bool,
}

/// Validates a reference while it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReference {
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceCheck {
    /// As it will be shown and used; `None` while it is wrong.
    pub reference: Option<ReferenceView>,
    /// What is wrong, with byte range in the text.
    pub error: Option<String>,
    pub error_start: u32,
    pub error_end: u32,
    /// The tag exists in the local store with this digest.
    pub local_digest: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceView {
    /// `localhost` when none was given.
    pub registry: String,
    pub repository: String,
    pub tags: Vec<String>,
    pub digest: Option<String>,
    /// The short form people write.
    pub display: String,
    /// Whether it names a registry one can push to.
    pub is_remote: bool,
}

/// Packs; with `push`, pushes when packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartPack {
    pub project: ProjectId,
    /// `registry/repository` without a tag.
    pub reference: String,
    pub tags: Vec<String>,
    pub compression: Compression,
    pub format: PackFormat,
    /// Kept in the history.
    pub note: String,
    /// Id of the run that produced what is packed.
    pub attached_run: Option<String>,
    pub push: bool,
}
