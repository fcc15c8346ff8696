//! The one ordered stream from the engine.

use serde::{Deserialize, Serialize};

use crate::{JobId, JobView, ProjectId};

/// An event with its place in the stream. A gap in `sequence` (a slow reader was
/// cut off) means: ask for everything again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Grows by one per event since the engine started.
    pub sequence: u64,
    pub what: EventKind,
}

/// What changed. Most say only *that* something changed: whoever shows it asks again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// The list of projects, or a row of it.
    Projects,
    /// Files, plan or state of one project.
    Project(ProjectId),
    /// The Kitfile of a project changed on disk.
    KitfileOnDisk(ProjectId),
    /// The local store.
    Store,
    /// The list of registries, or the state of one.
    Registries,
    /// Runs of a project: new ones, new points, or a changed state.
    Runs(ProjectId),
    /// A project's tracking servers: the list, or how one answered.
    TrackingServers(ProjectId),
    /// A job was made or moved. At most ten a second for one job; the last state of a
    /// job is always sent.
    Job(Box<JobView>),
    /// A job was cleared from the list.
    JobCleared(JobId),
    Settings,
    /// Figures of the status bar.
    Status,
    /// Folders were dropped on the window.
    FoldersDropped(Vec<String>),
    /// A `kitops://` link was opened: show this reference.
    LinkOpened(String),
    /// A short message for the person, e.g. "Watching fell back to polling".
    Notice {
        severity: Severity,
        message: String,
    },
}

/// How much a message matters. Always drawn as icon, word and colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    Info,
    Warning,
    Error,
}
