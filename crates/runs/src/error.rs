//! What can go wrong while reading or drawing runs.

use std::path::{Path, PathBuf};

/// A failure that concerns a whole source, run or chart.
///
/// Damage *inside* a source (a torn record, an unreadable row) is not an error: it is a
/// [`crate::Problem`] on the run, and the rest of the data stays usable.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// The operating system refused a file or folder.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The content is not what the format promises.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A tracker's database could not be read.
    #[error("database {}: {message}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// What SQLite said, with the remedy where there is one.
        message: String,
    },
    /// A tracking server could not be asked.
    #[error("{address} {message}")]
    Server {
        /// The server's address, without secrets.
        address: String,
        /// What is wrong, as the end of a sentence that begins with the address.
        message: String,
        /// What kind of trouble it is.
        trouble: ServerTrouble,
    },
    /// The run is not (or no longer) in the source.
    #[error("{} holds no run {run:?}", path.display())]
    UnknownRun {
        /// The source.
        path: PathBuf,
        /// The run id asked for.
        run: String,
    },
    /// The run has no such metric.
    #[error("run {run:?} has no metric {key:?}")]
    UnknownMetric {
        /// The run id.
        run: String,
        /// The metric asked for.
        key: String,
    },
    /// A chart could not be drawn or encoded.
    #[error("cannot draw the chart: {0}")]
    Chart(String),
}

/// What kind of trouble there is with a tracking server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerTrouble {
    /// No answer came, or it broke off.
    Unreachable,
    /// It wants another login, or one at all.
    Refused,
    /// What answers is no MLflow server, or the address is none.
    NotMlflow,
    /// It answers, but not to this question.
    Other,
}

impl RunsError {
    /// An I/O failure at `path`.
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    /// A content failure at `path`.
    pub(crate) fn format(path: &Path, message: impl Into<String>) -> Self {
        Self::Format {
            path: path.to_path_buf(),
            message: message.into(),
        }
    }
}
