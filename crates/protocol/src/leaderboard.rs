//! Packed tags beside the working folder, with the metrics of the runs that made them.

use serde::{Deserialize, Serialize};

use crate::{MetricColumn, MetricSummary, ProjectId};

/// The leaderboard of a project's tags. Local kits are read from their layers; with `remote` the
/// registries of the project's repositories are asked too, where without `deep` only the attached
/// record is fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPackedRuns {
    pub project: ProjectId,
    pub remote: bool,
    /// Remote references whose layers may be moved to look for runs.
    pub deep: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PackedRuns {
    /// Repositories looked at, as people write them.
    pub repositories: Vec<String>,
    /// The working folder first, then tags, newest first.
    pub rows: Vec<PackedRow>,
    /// Metric names over all rows, sorted.
    pub metrics: Vec<MetricColumn>,
    /// What could not be listed or read: what and why.
    pub problems: Vec<String>,
    /// The repositories name registries that could be asked.
    pub has_remote: bool,
    /// Tags beyond those listed.
    pub more_tags: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PackedPlace {
    /// Not packed: the project as it lies there.
    WorkingFolder,
    Local,
    /// On a registry, not in the local store.
    Remote,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PackedRow {
    /// Names the run in [`crate::GetSeries`] and the like. For the working folder that of the
    /// run itself, for a tag one of its own.
    pub id: String,
    pub place: PackedPlace,
    /// `v0.7.0`; `Working folder` for that.
    pub label: String,
    /// Other tags of the same kit.
    pub also: Vec<String>,
    pub reference: String,
    pub digest: String,
    /// When it was packed, as far as known; Unix ms.
    pub created_ms: Option<i64>,
    /// The working folder differs from the last pack.
    pub changed: bool,
    /// Name and tool of the run that made it; `None` when none is known.
    pub run: Option<String>,
    pub source: Option<String>,
    /// The run was attached when it was packed; else it is the newest one found in the layers.
    pub attached: bool,
    /// Runs found in the kit.
    pub runs: u32,
    pub git_commit: Option<String>,
    pub params: Vec<(String, String)>,
    pub metrics: Vec<(String, MetricSummary)>,
    /// Bytes that would have to be moved to look for (more) runs.
    pub unread_bytes: u64,
    /// What was passed over and why.
    pub notes: Vec<String>,
}
