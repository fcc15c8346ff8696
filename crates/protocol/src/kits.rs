//! ModelKits: the local store, one kit, unpacking, differences.

use serde::{Deserialize, Serialize};

use crate::{AttachedRun, LayerKind, MarkdownBlock};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListKits;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitList {
    pub kits: Vec<KitRow>,
    /// All blobs, each counted once.
    pub store_bytes: u64,
    /// Bytes that more than one kit uses.
    pub shared_bytes: u64,
    /// Bytes per layer kind, for the store bar.
    pub by_kind: Vec<(LayerKind, u64)>,
    /// Kits or index files that could not be read: path and cause.
    pub problems: Vec<String>,
}

/// A kit in one repository of the local store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitRow {
    /// `localhost` for kits without a registry.
    pub registry: String,
    pub repository: String,
    pub tags: Vec<String>,
    pub digest: String,
    /// Sum of the layers.
    pub bytes: u64,
    /// `package.name`, version and first author, empty if missing.
    pub name: String,
    pub version: String,
    pub author: String,
    /// Unix milliseconds, from the manifest or the blob's file time.
    pub created_ms: Option<i64>,
    /// Relation to the registry, as last asked.
    pub relation: Relation,
}

/// How a local kit and the registry's tag of the same name relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Relation {
    /// No registry in its name.
    LocalOnly,
    /// Not asked yet.
    Unknown,
    Same,
    NotPushed,
    NotPulled,
    /// The tag names other bytes there.
    Differs,
}

/// A kit of the local store by reference (`repository:tag` or `repository@digest`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetKit {
    pub reference: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KitDetail {
    pub row: KitRow,
    /// `None` for something that is not a ModelKit.
    pub format: Option<String>,
    pub cli_version: String,
    pub layers: Vec<KitLayer>,
    /// The Kitfile as YAML.
    pub kitfile: String,
    /// The manifest, indented.
    pub manifest: String,
    /// The README, if a docs layer holds one.
    pub readme: Option<Vec<MarkdownBlock>>,
    pub readme_path: Option<String>,
    /// Bytes that deleting this kit would free.
    pub frees_bytes: u64,
    /// Other tags of the same repository with their digests.
    pub other_tags: Vec<(String, String)>,
    pub history: Vec<HistoryEntry>,
    pub facts: Vec<(String, String)>,
    /// The run that produced it, if one was attached when it was packed.
    pub run: Option<AttachedRun>,
    pub problems: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitLayer {
    /// Place in the manifest.
    pub index: u32,
    pub kind: Option<LayerKind>,
    pub label: String,
    pub path: String,
    pub digest: String,
    pub media_type: String,
    pub bytes: u64,
    pub files: Vec<KitFileEntry>,
    /// Why the files could not be listed, if so.
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitFileEntry {
    pub path: String,
    pub bytes: u64,
    pub is_folder: bool,
    /// Permission bits.
    pub mode: u32,
}

/// What happened to a kit on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// `Packed`, `Pushed to …`, `Pulled from …`, `Tagged …`, `Unpacked to …`.
    pub what: String,
    pub detail: String,
}

/// Lists the files of one layer of a kit on a registry. Only the pieces of the layer that it takes
/// are fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListLayerFiles {
    pub reference: String,
    /// Place of the layer in the manifest.
    pub layer: u32,
    /// Also where all of the layer has to be fetched for it.
    pub whole: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerFiles {
    pub files: Vec<KitFileEntry>,
    /// Whether there are more than are listed.
    pub cut: bool,
    /// Bytes of the layer that were fetched.
    pub fetched_bytes: u64,
    /// Nothing is listed, because all of the layer would have to be fetched: why.
    pub needs_whole: Option<String>,
}

/// Looks into one file of a kit, local or remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadKitFile {
    pub reference: String,
    pub remote: bool,
    /// Place of the layer in the manifest.
    pub layer: u32,
    pub path: String,
}

/// A decoded picture.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Pixels of the picture itself.
    pub width: u32,
    pub height: u32,
    /// Pixels of what is sent, which may be smaller.
    pub shown_width: u32,
    pub shown_height: u32,
    /// Red, green, blue, alpha (not multiplied) by rows from the top: `4 · shown_width · shown_height`
    /// bytes.
    #[serde(with = "serde_bytes")]
    pub rgba: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({} x {})", self.width, self.height)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileView {
    pub path: String,
    pub bytes: u64,
    /// How many bytes had to be read to show this.
    pub read_bytes: u64,
    pub content: FileContent,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FileContent {
    /// Text; `cut` when only the beginning is here.
    Text {
        text: String,
        cut: bool,
    },
    /// Markdown; `cut` when only the beginning is here.
    Markdown {
        blocks: Vec<MarkdownBlock>,
        cut: bool,
    },
    Tensors {
        format: String,
        metadata: Vec<(String, String)>,
        tensors: Vec<TensorRow>,
    },
    /// A table's columns with their types, and the first rows.
    Table {
        columns: Vec<(String, String)>,
        rows: Vec<Vec<String>>,
        total_rows: Option<u64>,
    },
    Image(Picture),
    /// Key, value; for formats that are summed up rather than shown.
    Facts {
        title: String,
        facts: Vec<(String, String)>,
        warnings: Vec<String>,
    },
    /// The first bytes, for a hex view.
    Bytes {
        #[serde(with = "serde_bytes")]
        head: Vec<u8>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorRow {
    pub name: String,
    pub dtype: String,
    pub shape: Vec<u64>,
    pub bytes: u64,
}

/// Gives a kit another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagKit {
    pub source: String,
    pub target: String,
}

/// What removing would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRemoveKit {
    pub reference: String,
    /// All tags of the kit in this repository, not just the named one.
    pub all_tags: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveKit {
    pub reference: String,
    pub all_tags: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalPlan {
    /// Only the name goes; the kit keeps other tags.
    pub tag_only: bool,
    pub tags: Vec<String>,
    pub frees_bytes: u64,
    /// Layers other kits still use.
    pub kept_shared_layers: u32,
    /// No registry is known to have it.
    pub only_copy: bool,
    /// `Frees 1.2 GB, keeps 3 shared layers`.
    pub sentence: String,
}

/// Hashes all bytes of a kit again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyKit {
    pub reference: String,
}

/// What unpacking would write. `filters` as in `kit unpack -f`: `model`, `datasets:train`, …
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanUnpack {
    pub reference: String,
    pub target: String,
    pub filters: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpackPlan {
    /// The absolute target folder.
    pub target: String,
    pub files: u32,
    pub bytes: u64,
    /// Paths that exist already; cut after 200.
    pub existing: Vec<String>,
    pub existing_count: u32,
    pub disk_free_bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IfExists {
    /// Stop before anything is overwritten.
    #[default]
    Refuse,
    Overwrite,
    Keep,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartUnpack {
    pub reference: String,
    pub target: String,
    pub filters: Vec<String>,
    pub if_exists: IfExists,
}

/// Compares two kits or a kit and a project folder. Each side is a reference,
/// `project:<id>`, or a reference with `local://` or `remote://` before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffKits {
    pub left: String,
    pub right: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitDiff {
    pub identical: bool,
    /// Kitfile fields: path, left, right.
    pub fields: Vec<(String, String, String)>,
    pub shared_layers: Vec<String>,
    pub left_layers: Vec<String>,
    pub right_layers: Vec<String>,
    pub files: Vec<FileChange>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    pub path: String,
    pub kind: FileChangeKind,
    pub left_bytes: Option<u64>,
    pub right_bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FileChangeKind {
    Added,
    Removed,
    Changed,
    /// The same content under another path; the path shows both.
    Moved,
}
