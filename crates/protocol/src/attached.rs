//! The run that produced a ModelKit: attached when packing, shown on the kit's page.

use serde::{Deserialize, Serialize};

use crate::{Better, ProjectId, RunState};

/// Which run could be attached to the next pack, and what attaching `run` would change in the
/// project. With `run: None` the change is that of attaching nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAttach {
    pub project: ProjectId,
    /// [`crate::RunRow::id`].
    pub run: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AttachPlan {
    /// Newest first; at most [`MAX_CHOICES`].
    pub runs: Vec<AttachChoice>,
    /// Runs beyond those.
    pub more_runs: u32,
    /// The newest finished run.
    pub suggested: Option<String>,
    /// The record that lies in the project now.
    pub attached: Option<AttachedRun>,
    /// `None` when nothing would change.
    pub change: Option<AttachChange>,
    /// Why `run` cannot be attached.
    pub problem: Option<String>,
}

/// Runs offered for attaching.
pub const MAX_CHOICES: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachChoice {
    /// [`crate::RunRow::id`].
    pub run: String,
    pub name: String,
    pub source: String,
    pub state: RunState,
    /// End, else begin; Unix ms.
    pub at_ms: Option<i64>,
    /// Its final metrics in short, the most telling first: `val/loss 0.0712, val/accuracy 0.95`.
    pub metrics: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachChange {
    /// The file that is written (or removed), below the project.
    pub path: String,
    /// Its new size; `None` when it is removed.
    pub bytes: Option<u64>,
    /// Lines that the Kitfile gains and loses.
    pub added_lines: Vec<String>,
    pub removed_lines: Vec<String>,
}

/// What a kit says of the run that produced it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttachedRun {
    /// The tool's own id.
    pub id: String,
    pub name: String,
    pub source: String,
    /// Path of the record in the kit.
    pub path: String,
    pub state: RunState,
    pub start_ms: Option<i64>,
    pub end_ms: Option<i64>,
    pub experiment: Option<String>,
    pub git_commit: Option<String>,
    pub datasets: Vec<String>,
    pub note: Option<String>,
    pub params: Vec<(String, String)>,
    pub tags: Vec<(String, String)>,
    pub metrics: Vec<AttachedMetric>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttachedMetric {
    pub name: String,
    pub last: f64,
    pub last_step: Option<f64>,
    /// The smallest or largest value, where it is known which is better.
    pub best: Option<f64>,
    pub best_step: Option<f64>,
    pub better: Better,
    /// Points logged.
    pub count: u64,
}
