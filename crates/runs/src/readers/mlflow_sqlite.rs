//! MLflow's SQLite database, schemas of 2.x and 3.x. Points stay in the database.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;

use crate::error::RunsError;
use crate::formats::sqlite::{BITE, Stamp, look, stamp, tables, text};
use crate::formats::tail::{self, now_ms};
use crate::index::{Index, Store};
use crate::model::{Problem, Run, SourceKind};
use crate::reader::{Reader, Refresh};
use crate::readers::mlflow::{apply_tags, state};
use crate::readers::mlflow_rows::Rows;
use crate::readers::mlflow_schemas;
use crate::scan::Source;
use crate::series::Series;

/// One database.
pub(crate) struct MlflowSqlite {
    source: Source,
    seen: Option<Stamp>,
    runs: Vec<Run>,
    /// State as the database says it, by run.
    status: HashMap<String, String>,
    rows: Rows,
    problems: Vec<Problem>,
    store: Store,
    /// Rows were read since they were saved.
    unsaved: bool,
}

/// What is kept for the next process: the file's number and what its rows add up to.
type Kept = (u64, Rows);

/// Key and value rows of `params` or `tags`, by run.
fn key_values(
    db: &Connection,
    table: &str,
) -> rusqlite::Result<HashMap<String, BTreeMap<String, String>>> {
    let mut all: HashMap<String, BTreeMap<String, String>> = HashMap::new();
    let mut after = 0i64;
    loop {
        let mut statement = db.prepare_cached(&format!(
            "SELECT rowid, run_uuid, key, value FROM {table} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2"
        ))?;
        let mut rows = statement.query(params![after, BITE])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            after = row.get(0)?;
            count += 1;
            all.entry(row.get(1)?)
                .or_default()
                .insert(row.get(2)?, text(row, 3)?);
        }
        if count < BITE {
            return Ok(all);
        }
    }
}

type About = HashMap<String, Vec<String>>;

fn datasets(db: &Connection) -> rusqlite::Result<About> {
    let mut statement = db.prepare(
        "SELECT i.destination_id, d.name, d.digest FROM inputs i JOIN datasets d ON i.source_id = d.dataset_uuid \
         WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN'",
    )?;
    let mut found = About::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name = format!("{} ({})", text(row, 1)?, text(row, 2)?);
        found.entry(row.get(0)?).or_default().push(name);
    }
    Ok(found)
}

fn models(db: &Connection) -> rusqlite::Result<About> {
    let mut statement = db.prepare("SELECT run_id, name, version FROM model_versions WHERE run_id IS NOT NULL ORDER BY name, version")?;
    let mut found = About::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        found.entry(row.get(0)?).or_default().push(format!(
            "{} version {}",
            text(row, 1)?,
            text(row, 2)?
        ));
    }
    Ok(found)
}

/// Models logged by a run; MLflow 3 only.
fn logged_models(db: &Connection) -> rusqlite::Result<About> {
    let mut statement = db.prepare(
        "SELECT source_run_id, name, model_id FROM logged_models WHERE source_run_id IS NOT NULL ORDER BY creation_timestamp_ms",
    )?;
    let mut found = About::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name = format!("{} ({})", text(row, 1)?, text(row, 2)?);
        found.entry(row.get(0)?).or_default().push(name);
    }
    Ok(found)
}

fn run_rows(db: &Connection, source: &Source) -> rusqlite::Result<Vec<(Run, String)>> {
    let mut statement = db.prepare(
        "SELECT r.run_uuid, r.name, r.status, r.start_time, r.end_time, r.lifecycle_stage, e.name \
         FROM runs r LEFT JOIN experiments e ON e.experiment_id = r.experiment_id ORDER BY r.start_time, r.run_uuid",
    )?;
    let rows = statement.query_map([], |row| {
        let mut run = Run::new(
            row.get::<_, String>(0)?,
            SourceKind::MlflowSqlite,
            source.path.clone(),
        );
        run.name = text(row, 1)?;
        run.start_ms = row.get(3)?;
        run.end_ms = row.get(4)?;
        run.deleted = text(row, 5)? == "deleted";
        run.experiment = row.get(6)?;
        Ok((run, text(row, 2)?))
    })?;
    rows.collect()
}

impl MlflowSqlite {
    pub(crate) fn new(source: Source, index: Option<&Index>) -> Self {
        let (store, state) = match index {
            Some(index) => Store::open(index, &source),
            None => (Store::private(), None),
        };
        // Another file may have other rows under the same numbers.
        let kept = state
            .and_then(|state| postcard::from_bytes::<Kept>(&state).ok())
            .filter(|(number, _)| Some(*number) == file_number(&source))
            .filter(|_| !store.is_wasteful(0));
        if kept.is_none() {
            store.clear();
        }
        Self {
            source,
            seen: None,
            runs: Vec::new(),
            status: HashMap::new(),
            rows: kept.map(|(_, rows)| rows).unwrap_or_default(),
            problems: Vec::new(),
            store,
            unsaved: false,
        }
    }

    fn save(&mut self) {
        if !self.unsaved || !self.store.is_kept() {
            return;
        }
        let Some(number) = file_number(&self.source) else {
            return;
        };
        if let Ok(state) = postcard::to_allocvec(&(number, &self.rows)) {
            self.unsaved = !self.store.save(&self.source, &state);
        }
    }

    fn read_all(&mut self) -> Result<Refresh, RunsError> {
        let path = self.source.path.clone();
        self.problems.clear();
        let names = tables(&path)?;
        let schema: Option<String> = look(&path, |db| {
            let sql = "SELECT version_num FROM alembic_version";
            db.query_row(sql, [], |row| text(row, 0)).optional()
        })?;
        let schema = schema.unwrap_or_default();
        for table in ["runs", "experiments", "metrics", "params", "tags"] {
            if !names.iter().any(|name| name == table) {
                return Err(RunsError::Database {
                    path,
                    message: format!(
                        "table {table:?} is missing: the schema {schema:?} is not known"
                    ),
                });
            }
        }
        if !mlflow_schemas::is_known(&schema) {
            self.problems.push(Problem {
                file: path.clone(),
                offset: None,
                message: format!(
                    "the schema {schema:?} is not known (the newest known one is that of MLflow {}): what is shown was read as if it were",
                    mlflow_schemas::NEWEST
                ),
            });
        }
        let source = self.source.clone();
        let found = look(&path, |db| run_rows(db, &source))?;
        let mut params = look(&path, |db| key_values(db, "params"))?;
        let mut tags = look(&path, |db| key_values(db, "tags"))?;
        let mut extra = |what: &str, read: fn(&Connection) -> rusqlite::Result<About>| {
            look(&path, read).unwrap_or_else(|error| {
                let message = format!("{what} are not shown: {error}");
                self.problems.push(Problem {
                    file: path.clone(),
                    offset: None,
                    message,
                });
                About::new()
            })
        };
        let mut sets = if names.iter().any(|n| n == "datasets") {
            extra("data sets", datasets)
        } else {
            About::new()
        };
        let mut registered = if names.iter().any(|n| n == "model_versions") {
            extra("registered models", models)
        } else {
            About::new()
        };
        let mut logged = if names.iter().any(|n| n == "logged_models") {
            extra("logged models", logged_models)
        } else {
            About::new()
        };
        let touched = self.rows.read(&path)?;
        self.unsaved |= !touched.is_empty();
        let now = now_ms();
        let mut known: HashMap<String, Run> = self
            .runs
            .drain(..)
            .map(|run| (run.id.clone(), run))
            .collect();
        let mut refresh = Refresh::default();
        self.status.clear();
        for (mut run, status) in found {
            let id = run.id.clone();
            run.params = params
                .remove(&id)
                .unwrap_or_default()
                .into_iter()
                .map(|(k, v)| (k, Value::from(v)))
                .collect();
            run.tags = tags.remove(&id).unwrap_or_default();
            run.datasets = sets.remove(&id).unwrap_or_default();
            if let Some(names) = registered.remove(&id) {
                run.other.insert("registered model".into(), names);
            }
            if let Some(names) = logged.remove(&id) {
                run.other.insert("logged model".into(), names);
            }
            apply_tags(&mut run);
            run.metrics = self.rows.of(&id).cloned().unwrap_or_default();
            run.state = state(&run, &status, now);
            self.status.insert(id.clone(), status);
            match known.remove(&id) {
                None => refresh.added.push(id),
                Some(old) if old != run || touched.contains(&id) => refresh.changed.push(id),
                Some(_) => {}
            }
            self.runs.push(run);
        }
        refresh.removed = known.into_keys().collect();
        refresh.removed.sort();
        Ok(refresh)
    }
}

/// The database file's number in its file system.
fn file_number(source: &Source) -> Option<u64> {
    let meta = std::fs::metadata(&source.path).ok()?;
    Some(tail::file_number(&meta))
}

impl Drop for MlflowSqlite {
    fn drop(&mut self) {
        self.save();
    }
}

impl Reader for MlflowSqlite {
    fn source(&self) -> &Source {
        &self.source
    }

    fn runs(&self) -> Vec<&Run> {
        self.runs.iter().collect()
    }

    fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }

    fn refresh(&mut self) -> Result<Refresh, RunsError> {
        let now = stamp(&self.source.path);
        if self.seen == Some(now) {
            // Nothing new on disk, but a run without signs of life grows stale.
            let mut refresh = Refresh::default();
            let time = now_ms();
            for run in &mut self.runs {
                let state = state(
                    run,
                    self.status.get(&run.id).map_or("", String::as_str),
                    time,
                );
                if state != run.state {
                    run.state = state;
                    refresh.changed.push(run.id.clone());
                }
            }
            return Ok(refresh);
        }
        let first = self.seen.is_none();
        let refresh = self.read_all()?;
        self.seen = Some(now);
        if first {
            self.save();
        }
        Ok(refresh)
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        let path = &self.source.path;
        let metrics = self.rows.of(run);
        if metrics.is_none() && self.run(run).is_none() {
            return Err(RunsError::UnknownRun {
                path: path.clone(),
                run: run.to_owned(),
            });
        }
        if metrics.is_none_or(|metrics| !metrics.contains_key(key)) {
            return Err(RunsError::UnknownMetric {
                run: run.to_owned(),
                key: key.to_owned(),
            });
        }
        self.rows.series(path, run, key)
    }

    fn many_series(&self, wanted: &[(&str, &str)]) -> Vec<Result<Series, RunsError>> {
        let one = |run: &str, key: &str| self.series(run, key);
        self.rows.many(&self.source.path, wanted, one)
    }
}
