//! Jobs: everything slow.

use serde::{Deserialize, Serialize};

use crate::{ErrorView, LayerKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobId(pub i64);

/// Running and past jobs, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListJobs;

/// Stops a job for good; nothing half-done stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelJob {
    pub job: JobId,
}

/// Stops a transfer but keeps what arrived; [`RetryJob`] goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseJob {
    pub job: JobId,
}

/// Starts a failed, cancelled, paused or interrupted job again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryJob {
    pub job: JobId,
}

/// Forgets all finished jobs (or one).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearJobs {
    pub job: Option<JobId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum JobKind {
    Pack,
    Push,
    Pull,
    Unpack,
    Verify,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobState {
    /// Waits for its turn; the text says for what.
    Waiting(String),
    Running,
    /// By the user, or interrupted: the text says why.
    Paused(String),
    Done,
    Cancelled,
    Failed(ErrorView),
}

impl JobState {
    /// Whether the job moves or is about to.
    pub fn is_active(&self) -> bool {
        matches!(self, JobState::Waiting(_) | JobState::Running)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobView {
    pub id: JobId,
    pub kind: JobKind,
    /// The reference or path it is about.
    pub subject: String,
    pub project: Option<crate::ProjectId>,
    pub state: JobState,
    pub steps: Vec<StepView>,
    /// Bytes that really move, over all steps.
    pub done_bytes: u64,
    pub total_bytes: u64,
    /// Bytes that need not move: reused, mounted, already there.
    pub saved_bytes: u64,
    /// Over the last seconds; `None` while unknown.
    pub bytes_per_second: Option<u64>,
    /// Seconds left at that speed; `None` while unknown.
    pub seconds_left: Option<u64>,
    /// Unix milliseconds.
    pub created_ms: i64,
    pub started_ms: Option<i64>,
    pub ended_ms: Option<i64>,
    /// One sentence: what it is doing or what came of it.
    pub summary: String,
    /// Warnings that came up on the way.
    pub warnings: Vec<String>,
    /// Digest of the manifest it made or moved, when known.
    pub digest: Option<String>,
    pub can_retry: bool,
    pub can_pause: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepView {
    pub label: String,
    pub kind: Option<LayerKind>,
    pub state: StepState,
    pub done_bytes: u64,
    pub total_bytes: u64,
    pub bytes_per_second: Option<u64>,
    pub seconds_left: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StepState {
    Waiting,
    Packing,
    Asking,
    Uploading,
    Downloading,
    Extracting,
    Verifying,
    Reused,
    Mounted,
    Done,
    Failed,
}
