//! Two runs in depth.

use serde::{Deserialize, Serialize};

use crate::{Better, ProjectId, RunState};

/// Everything of two runs side by side. Ids are those of [`crate::RunRow`] or
/// [`crate::PackedRow`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompareRuns {
    pub project: ProjectId,
    pub left: String,
    pub right: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunPair {
    pub left: PairHead,
    pub right: PairHead,
    /// Metrics that both have first, those that moved most before; then by name.
    pub metrics: Vec<PairMetric>,
    /// Parameters, configuration, code, data sets, environment, artifacts; empty ones left out.
    pub sections: Vec<PairSection>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairHead {
    pub id: String,
    pub name: String,
    pub source: String,
    pub state: RunState,
    pub start_ms: Option<i64>,
    pub duration_ms: Option<i64>,
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairMetric {
    pub name: String,
    pub better: Better,
    /// Last values with their steps.
    pub left: Option<(f64, Option<f64>)>,
    pub right: Option<(f64, Option<f64>)>,
    /// Right less left.
    pub delta: Option<f64>,
    /// The best values, where it is known which is better.
    pub left_best: Option<f64>,
    pub right_best: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairSection {
    pub title: String,
    /// Rows that differ first.
    pub rows: Vec<PairRow>,
    /// How many of them differ.
    pub differs: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairRow {
    pub name: String,
    /// `None`: not there.
    pub left: Option<String>,
    pub right: Option<String>,
}
