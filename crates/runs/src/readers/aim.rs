//! Aim repositories: recognised, their runs named, their values not read.

use std::path::{Path, PathBuf};

use crate::error::RunsError;
use crate::formats::sqlite::{look, text};
use crate::formats::time::iso_ms;
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Loaded, Unit, keeps_run_in};
use crate::scan::Source;

/// A run of an Aim repository: listed, its values are not read.
pub(crate) struct Aim {
    loaded: Loaded,
    database: PathBuf,
}

/// One unit per run: the repository's path with the run's hash behind it.
pub(crate) fn runs(source: &Source) -> Result<Vec<PathBuf>, RunsError> {
    let database = source.path.join("run_metadata.sqlite");
    let hashes: Vec<String> = look(&database, |db| {
        let mut statement = db.prepare("SELECT hash FROM run ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect()
    })?;
    Ok(hashes
        .into_iter()
        .map(|hash| source.path.join(hash))
        .collect())
}

impl Aim {
    pub(crate) fn new(source: &Source, path: &Path) -> Self {
        let hash = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let run = Run::new(hash, SourceKind::Aim, source.path.clone());
        Self {
            loaded: Loaded::new(run),
            database: source.path.join("run_metadata.sqlite"),
        }
    }
}

impl Unit for Aim {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let before = self.loaded.run.clone();
        let run = &mut self.loaded.run;
        let hash = run.id.clone();
        let row: [String; 5] = look(&self.database, |db| {
            db.query_row(
                "SELECT r.name, r.is_archived, r.created_at, r.finalized_at, e.name FROM run r \
                 LEFT JOIN experiment e ON e.id = r.experiment_id WHERE r.hash = ?1",
                [&hash],
                |row| {
                    Ok([
                        text(row, 0)?,
                        text(row, 1)?,
                        text(row, 2)?,
                        text(row, 3)?,
                        text(row, 4)?,
                    ])
                },
            )
        })?;
        let [name, archived, created, finalized, experiment] = row;
        run.name = if name.is_empty() { hash } else { name };
        run.deleted = archived == "1";
        run.start_ms = iso_ms(&created);
        run.end_ms = iso_ms(&finalized);
        run.experiment = Some(experiment).filter(|e| !e.is_empty());
        run.state = if run.end_ms.is_some() {
            RunState::Finished
        } else {
            RunState::without_end(run.start_ms, now_ms)
        };
        run.report(
            &self.database,
            None,
            "Aim keeps parameters and metrics in RocksDB, which is not read here: only the run's name and times are shown",
        );
        Ok(*run != before)
    }

    keeps_run_in!(loaded);
}
