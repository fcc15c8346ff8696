//! Sources of runs that a person sets up: tracking servers, and what columns of tables mean.

use serde::{Deserialize, Serialize};

use crate::{ErrorView, ProjectId, Secret, SignInState};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrackingServerId(pub i64);

/// The tracking servers of a project, in the order they were added. While a front end asks
/// this or for the project's runs at least once a minute, each server is looked at every few
/// seconds; [`crate::EventKind::TrackingServers`] follows each look, [`crate::EventKind::Runs`]
/// those that found something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListTrackingServers {
    pub project: ProjectId,
}

/// An MLflow tracking server whose runs are shown with those of a project's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingServer {
    pub id: TrackingServerId,
    pub project: ProjectId,
    /// Without a login; [`crate::RunSource::path`] of its runs.
    pub url: String,
    /// For people; the URL's host where none was given.
    pub name: String,
    pub sign_in: SignInState,
    pub state: ServerState,
    /// Runs known, those of the last answer while there is none.
    pub runs: u32,
    /// When it was asked last, Unix ms.
    pub asked_ms: Option<i64>,
    /// A question is under way.
    pub asking: bool,
}

/// How a tracking server answered last. The errors say what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerState {
    /// Not asked yet.
    #[default]
    Unknown,
    Reachable,
    /// It wants a login, or another one.
    NeedsLogin(ErrorView),
    /// No answer, or a broken one; runs known before stay.
    Unreachable(ErrorView),
    /// Something answers there that is no MLflow server (any more); runs known before stay.
    Gone(ErrorView),
}

/// Adds a server to a project, or changes the one with this id, and looks at it. A login in
/// the URL goes to where secrets are kept. One URL is one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveTrackingServer {
    pub project: ProjectId,
    pub id: Option<TrackingServerId>,
    /// As in a browser: `http://localhost:5000`.
    pub url: String,
    /// May be empty.
    pub name: String,
}

/// Takes a server from its project; nothing changes on the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveTrackingServer {
    pub id: TrackingServerId,
    /// Forget its login too. Other projects that use the server lose it as well.
    pub and_login: bool,
}

/// Tries a login and keeps it only if the server takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInTrackingServer {
    pub id: TrackingServerId,
    /// Empty: the secret is a bearer token.
    pub user: String,
    pub secret: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOutTrackingServer {
    pub id: TrackingServerId,
}

/// Looks at a server now and answers when that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookAtTrackingServer {
    pub id: TrackingServerId,
}

/// What the columns of a table or of JSON lines mean. Also of a file that was passed over
/// ([`crate::RunsTable::skipped`]): it becomes a source when a mapping is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetColumnMapping {
    pub project: ProjectId,
    /// [`crate::RunSource::path`].
    pub source: String,
}

/// Columns mean this from now on; remembered for the project and file, and the file is read
/// anew. Columns that are not named are guessed; with none named all are, and a file that
/// only a mapping made a source is passed over again. Sends [`crate::EventKind::Runs`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetColumnMapping {
    pub project: ProjectId,
    pub source: String,
    /// Column and role; [`ColumnRole::Step`], [`ColumnRole::Time`] and [`ColumnRole::Run`]
    /// at most once each.
    pub columns: Vec<(String, ColumnRole)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnMapping {
    pub source: String,
    /// As in [`crate::RunSource::kind`].
    pub kind: String,
    /// Somebody chose something for this file.
    pub chosen: bool,
    /// In the order of the file.
    pub columns: Vec<MappedColumn>,
    /// Runs that came of it.
    pub runs: u32,
    /// What is wrong with lines, on the source and on its runs.
    pub problems: Vec<String>,
}

/// One column, what it holds and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedColumn {
    pub name: String,
    pub role: ColumnRole,
    /// Chosen by a person, not guessed.
    pub chosen: bool,
    /// How the role is known, as part of a sentence: `is called "epoch"`, `holds numbers`.
    pub why: String,
    /// Its first values as written; three at most.
    pub sample: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnRole {
    /// Counts the steps; without one the lines are counted.
    Step,
    /// When the point was logged: Unix time or ISO 8601.
    Time,
    /// Which run the line belongs to; without one all lines are one run.
    Run,
    Metric,
    /// The same for all lines of a run.
    Param,
    Ignored,
}
