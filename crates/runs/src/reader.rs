//! The door to every format: open a source, list its runs, read a series, look again.

use crate::error::RunsError;
use crate::model::{Problem, Run, SourceKind};
use crate::readers;
use crate::scan::Source;
use crate::series::Series;

/// What a [`Reader::refresh`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refresh {
    /// Ids of runs that are new.
    pub added: Vec<String>,
    /// Ids of runs with new points, parameters, states or problems.
    pub changed: Vec<String>,
    /// Ids of runs that are gone.
    pub removed: Vec<String>,
}

impl Refresh {
    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// One open source. Holds no file, lock or statement between calls.
pub trait Reader: Send {
    /// What is read.
    fn source(&self) -> &Source;

    /// All runs as of the last refresh, in the format's order.
    fn runs(&self) -> Vec<&Run>;

    /// Looks again: reads only what was added since, as far as the format allows.
    ///
    /// # Errors
    /// Only when the whole source cannot be read; what was known before stays available.
    fn refresh(&mut self) -> Result<Refresh, RunsError>;

    /// Every point of one metric, as of the last refresh.
    ///
    /// # Errors
    /// When the run or the metric is unknown, or its file cannot be read any more.
    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError>;

    /// Damage that belongs to the source and not to one run.
    fn problems(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// One run by id.
    fn run(&self, id: &str) -> Option<&Run> {
        self.runs().into_iter().find(|run| run.id == id)
    }
}

/// Opens a source and reads it once.
///
/// # Errors
/// When the source cannot be read at all; damage inside is reported on its runs instead.
pub fn open(source: &Source) -> Result<Box<dyn Reader>, RunsError> {
    let mut reader: Box<dyn Reader> = match source.kind {
        SourceKind::MlflowFile => Box::new(readers::mlflow_file::MlflowFiles::new(source.clone())),
        SourceKind::Lightning
        | SourceKind::Keras
        | SourceKind::Ultralytics
        | SourceKind::Csv
        | SourceKind::Tsv => Box::new(readers::table::reader(source.clone())),
        other => {
            return Err(RunsError::format(
                &source.path,
                format!("no reader for {other}"),
            ));
        }
    };
    reader.refresh()?;
    Ok(reader)
}
