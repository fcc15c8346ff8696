//! Projects: watched folders.

use serde::{Deserialize, Serialize};

use crate::{KitfileProblem, LayerKind, Severity};

/// Stable id of a project in the state database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProjectId(pub i64);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListProjects;

/// Starts watching a folder. Adding one twice answers with the row that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddProject {
    pub path: String,
}

/// Copies the example project into a new folder and adds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyExample {
    /// `None` takes [`crate::AppInfo::example_target`]. An example already there is opened.
    pub target: Option<String>,
}

/// Changes what the user may change of a row; `None` leaves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateProject {
    pub project: ProjectId,
    pub group: Option<String>,
    /// The folder moved: watch it there.
    pub path: Option<String>,
}

/// Stops watching; files stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveProject {
    pub project: ProjectId,
}

/// How a project stands; a row shows at most two, worst first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProjectState {
    /// The folder cannot be read; the text is the cause.
    Unreachable(String),
    KitfileErrors(u32),
    NoKitfile,
    /// Decisions that wait for the user.
    ToDecide(u32),
    /// Files changed since the last pack.
    Changed(u32),
    /// Packed here, not on the registry of its reference.
    PackedNotPushed,
    NeverPacked,
    SameAsLastPack,
    /// The first look at the folder is under way.
    Scanning,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitState {
    pub branch: String,
    /// Seven hex digits.
    pub commit: String,
    /// Uncommitted files; `None` while unknown.
    pub uncommitted: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectRow {
    pub id: ProjectId,
    /// `package.name` of the Kitfile, else the folder's name.
    pub name: String,
    pub path: String,
    pub group: String,
    /// Tag of the last pack, e.g. `v0.7.0`.
    pub last_tag: Option<String>,
    pub states: Vec<ProjectState>,
    pub git: Option<GitState>,
    pub is_example: bool,
    /// Unix milliseconds of the last scan.
    pub scanned_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetProject {
    pub project: ProjectId,
}

/// Everything of the project page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectDetail {
    pub row: ProjectRow,
    pub next: NextAction,
    pub last_pack: Option<LastPack>,
    /// Files packed by some layer, and files in none.
    pub files_in_layers: u32,
    pub files_outside: u32,
    pub changed: ChangeCount,
    /// Bytes of the next pack that the store has, and that it has not.
    pub reused_bytes: u64,
    pub new_bytes: u64,
    /// Figures may still change: hashing is under way.
    pub about: bool,
    /// One per layer in Kitfile order, the Kitfile first, "In no layer" last.
    pub layers: Vec<LayerRow>,
    pub decisions: Vec<Decision>,
    pub problems: Vec<KitfileProblem>,
    /// One box per layer with its largest files; small ones are summed up.
    pub treemap: Vec<TreemapBox>,
    /// `true` while changes are looked for by polling.
    pub polling: bool,
    /// The tag that the pack dialog starts with.
    pub suggested_tag: String,
}

/// The one thing most people do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NextAction {
    DraftKitfile,
    FixKitfile {
        errors: u32,
        first: String,
    },
    Decide {
        count: u32,
        first: String,
    },
    Pack {
        tag: String,
        bytes: u64,
        new_bytes: u64,
    },
    Push {
        reference: String,
    },
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastPack {
    pub reference: String,
    pub tag: String,
    pub digest: String,
    pub bytes: u64,
    /// Unix milliseconds.
    pub packed_ms: i64,
    pub git_commit: Option<String>,
    /// Where it was pushed last, if anywhere.
    pub pushed_to: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCount {
    pub changed: u32,
    pub added: u32,
    pub removed: u32,
}

/// What a row of the layers table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RowKind {
    Kitfile,
    Layer(LayerKind),
    InNoLayer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRow {
    pub kind: RowKind,
    /// `Model`, `Dataset, train` …
    pub label: String,
    pub path: String,
    pub files: u32,
    pub bytes: u64,
    pub since: SinceLastPack,
    /// Bytes the next pack adds to the store.
    pub new_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SinceLastPack {
    /// There is no last pack to compare with.
    AllNew,
    Reused,
    Changed(ChangeCount),
    /// Not known yet.
    Unknown,
}

/// Something the user should decide before packing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Stable for the same finding, so that a decision can be remembered.
    pub key: String,
    pub severity: Severity,
    pub kind: DecisionKind,
    /// `Looks like a secret, in the code layer`.
    pub title: String,
    /// Path and detail.
    pub path: String,
    pub detail: String,
    pub choices: Vec<DecisionChoice>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DecisionKind {
    Secret,
    InNoLayer,
    PackedTwice,
    /// `kit` would leave it out in silence: a link, a special file, `..` in a name.
    LeftOutSilently,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecisionChoice {
    /// Writes a line to `.kitignore`.
    LeaveOut,
    /// Adds an entry for the path to this section of the Kitfile.
    AddToLayer(LayerKind),
    /// Remembers that it is fine as it is.
    Keep,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decide {
    pub project: ProjectId,
    pub key: String,
    pub choice: DecisionChoice,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionDone {
    /// `Added src/.env to .kitignore`.
    pub message: String,
    /// Give this to [`UndoDecision`].
    pub undo: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoDecision {
    pub undo: u64,
}

/// Box of the treemap: a layer with its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreemapBox {
    pub kind: RowKind,
    pub label: String,
    pub bytes: u64,
    pub new_bytes: u64,
    pub files: Vec<TreemapFile>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreemapFile {
    pub path: String,
    pub bytes: u64,
    /// Number of files it stands for: 1, or more for "the rest".
    pub files: u32,
    pub changed: bool,
}

/// One level of the project's file tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListTree {
    pub project: ProjectId,
    /// Relative to the project, `/` between parts, empty for the top.
    pub folder: String,
    pub show_ignored: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeEntry {
    pub name: String,
    /// Relative to the project.
    pub path: String,
    pub is_folder: bool,
    /// For folders: of everything below.
    pub bytes: u64,
    pub files: u32,
    /// The layer that packs it; for a folder, when all below is in one layer.
    pub layer: Option<LayerKind>,
    pub mark: TreeMark,
    pub changed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TreeMark {
    None,
    Ignored,
    NoLayer,
    Secret,
    /// A link or special file, which is never packed.
    NotPackable,
}
