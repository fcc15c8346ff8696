//! The door to every format: open a source, list its runs, read a series, look again.

use std::collections::HashSet;

use crate::error::RunsError;
use crate::index::Index;
use crate::mapping::{Column, Mapping};
use crate::media::Medium;
use crate::model::{Problem, Run, SourceKind};
use crate::readers;
use crate::readers::units::{Discover, Make, UnitReader, only_itself};
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

    /// The runs as people think of them: as [`Reader::runs`], but TensorBoard's sub-run of
    /// hyperparameters is part of the run it belongs to. [`Reader::series`] of such a run
    /// gives the sub-run's metrics too.
    fn rows(&self) -> Vec<&Run> {
        self.runs()
    }

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

    /// The same where it costs no question to somebody else: `None` for what a tracking server
    /// was not asked for yet.
    fn series_at_hand(&self, run: &str, key: &str) -> Option<Series> {
        self.series(run, key).ok()
    }

    /// Every point of many metrics, each a run and a metric of it, in the order asked for.
    fn many_series(&self, wanted: &[(&str, &str)]) -> Vec<Result<Series, RunsError>> {
        wanted
            .iter()
            .map(|(run, key)| self.series(run, key))
            .collect()
    }

    /// The images, histograms or texts called `name` in [`Run::other`], in the order logged,
    /// read from the source now; a thousand of them and 256 MiB at most. None where the
    /// format only lists names.
    ///
    /// # Errors
    /// When the run is unknown, or its files cannot be read any more.
    fn media(&self, run: &str, name: &str) -> Result<Vec<Medium>, RunsError> {
        let _ = name;
        match self.run(run) {
            Some(_) => Ok(Vec::new()),
            None => Err(RunsError::UnknownRun {
                path: self.source().path.clone(),
                run: run.to_owned(),
            }),
        }
    }

    /// What the columns of a plain table mean and how that is known, as of the last refresh;
    /// `None` for formats that leave no choice.
    fn columns(&self) -> Option<Vec<Column>> {
        None
    }

    /// Columns mean what `mapping` says from the next refresh on, which reads all anew. False
    /// for formats that leave no choice.
    fn map_columns(&mut self, mapping: &Mapping) -> bool {
        let _ = mapping;
        false
    }

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
    let mut reader = unread(source, None)?;
    reader.refresh()?;
    Ok(reader)
}

/// Opens a source and reads what was added since its index was written; keeps the index for
/// the next time. The result is that of [`open`].
///
/// # Errors
/// As [`open`]: an index that cannot be read or written is no error.
pub fn open_indexed(source: &Source, index: &Index) -> Result<Box<dyn Reader>, RunsError> {
    let mut reader = unread(source, Some(index))?;
    reader.refresh()?;
    Ok(reader)
}

/// As [`open`], with columns that mean what `mapping` says.
///
/// # Errors
/// As [`open`].
pub fn open_mapped(source: &Source, mapping: &Mapping) -> Result<Box<dyn Reader>, RunsError> {
    let mut reader = unread(source, None)?;
    reader.map_columns(mapping);
    reader.refresh()?;
    Ok(reader)
}

/// All runs of several readers, each run once.
///
/// `mlflow migrate-filestore` copies a file store into a database, so the same run id can be
/// in both: it is one run, taken from the database, which MLflow goes on with.
pub fn distinct<'a>(
    readers: impl IntoIterator<Item = &'a dyn Reader>,
) -> Vec<(&'a dyn Reader, &'a Run)> {
    let readers: Vec<&dyn Reader> = readers.into_iter().collect();
    let kind = |reader: &&dyn Reader| reader.source().kind;
    let databases = readers
        .iter()
        .filter(|r| kind(r) == SourceKind::MlflowSqlite);
    let mut seen: HashSet<&str> = HashSet::new();
    let mut twice: HashSet<*const Run> = HashSet::new();
    for run in databases.flat_map(|reader| reader.runs()) {
        if !seen.insert(&run.id) {
            twice.insert(std::ptr::from_ref(run));
        }
    }
    let mut all = Vec::new();
    for reader in readers {
        for run in reader.runs() {
            let again = match reader.source().kind {
                SourceKind::MlflowFile => !seen.insert(&run.id),
                SourceKind::MlflowSqlite => twice.contains(&std::ptr::from_ref(run)),
                _ => false,
            };
            if !again {
                all.push((reader, run));
            }
        }
    }
    all
}

/// The reader of a source's format, before its first look.
fn unread(source: &Source, index: Option<&Index>) -> Result<Box<dyn Reader>, RunsError> {
    let own = source.clone();
    let units = |discover: Discover, make: Make| -> Box<dyn Reader> {
        Box::new(UnitReader::new(source.clone(), discover, make, index))
    };
    Ok(match source.kind {
        SourceKind::MlflowFile => Box::new(readers::mlflow_file::MlflowFiles::new(own, index)),
        SourceKind::MlflowSqlite => Box::new(readers::mlflow_sqlite::MlflowSqlite::new(own, index)),
        SourceKind::MlflowServer => {
            let (address, login) = crate::server::Address::parse(&source.path.to_string_lossy())?;
            Box::new(readers::mlflow_server::MlflowServer::new(
                own, address, &login,
            ))
        }
        SourceKind::Trackio => Box::new(readers::trackio::Trackio::new(own)),
        SourceKind::Lightning
        | SourceKind::Keras
        | SourceKind::Ultralytics
        | SourceKind::Csv
        | SourceKind::Tsv => Box::new(readers::table::reader(own)),
        SourceKind::Jsonl => Box::new(readers::jsonl::reader(own)),
        SourceKind::HfTrainer => units(only_itself, |s, p| {
            Box::new(readers::hf_trainer::Trainer::new(s, p))
        }),
        SourceKind::Dvclive => units(readers::dvc_git::runs, |s, p| {
            if readers::dvc_git::is_experiment(p) {
                Box::new(readers::dvc_git::Experiment::new(s, p))
            } else {
                Box::new(readers::dvclive::Dvclive::new(s, p))
            }
        }),
        SourceKind::Dvc => units(readers::dvc_git::runs, |s, p| {
            if readers::dvc_git::is_experiment(p) {
                Box::new(readers::dvc_git::Experiment::new(s, p))
            } else {
                Box::new(readers::dvc_project::DvcProject::new(s, p))
            }
        }),
        SourceKind::Goodseed => units(only_itself, |s, p| {
            Box::new(readers::goodseed::Goodseed::new(s, p))
        }),
        SourceKind::Sacred => units(readers::sacred::runs, |s, p| {
            Box::new(readers::sacred::Sacred::new(s, p))
        }),
        SourceKind::Neptune2 => units(readers::neptune2::runs, |s, p| {
            Box::new(readers::neptune2::Neptune2::new(s, p))
        }),
        SourceKind::Neptune3 => units(readers::neptune3::runs, |s, p| {
            Box::new(readers::neptune3::Neptune3::new(s, p))
        }),
        SourceKind::Aim => units(readers::aim::runs, |s, p| {
            Box::new(readers::aim::Aim::new(s, p))
        }),
        SourceKind::Tensorboard => units(readers::tensorboard::runs, |s, p| {
            Box::new(readers::tensorboard::Events::new(s, p))
        }),
        SourceKind::Wandb => units(readers::wandb::runs, |s, p| {
            Box::new(readers::wandb::Wandb::new(s, p))
        }),
        SourceKind::NeptuneExport => units(readers::neptune_export::runs, |s, p| {
            Box::new(readers::neptune_export::Export::new(s, p))
        }),
    })
}
