//! What people say of runs: notes and stars. Kept by Kitbench, never in a tracker.

use serde::{Deserialize, Serialize};

use crate::ProjectId;

/// Notes and stars of a project's runs. Runs without either are not listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetRunMarks {
    pub project: ProjectId,
}

/// What a person said of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunMark {
    /// [`crate::RunRow::id`].
    pub run: String,
    pub starred: bool,
    /// Plain text, at most [`MAX_NOTE`] bytes.
    pub note: String,
}

/// Longest note of a run, in bytes.
pub const MAX_NOTE: usize = 64 << 10;

/// Replaces what is said of a run; without star and note it is forgotten. Sends
/// [`crate::EventKind::Runs`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRunMark {
    pub project: ProjectId,
    pub mark: RunMark,
}
