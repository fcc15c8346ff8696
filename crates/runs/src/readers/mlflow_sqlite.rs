//! MLflow's SQLite database, schemas of 2.x and 3.x. Points stay in the database.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;

use crate::error::RunsError;
use crate::formats::sqlite::{BITE, Stamp, look, real, stamp, tables, text};
use crate::formats::tail::now_ms;
use crate::model::{MetricSummary, Problem, Run, SourceKind};
use crate::reader::{Reader, Refresh};
use crate::readers::mlflow::{apply_tags, state};
use crate::readers::mlflow_schemas;
use crate::scan::Source;
use crate::series::{Series, Step};

/// NaN has a flag. An infinity is stored as the largest double and handed out as such, as
/// MLflow's own client does: the two cannot be told apart.
fn value(stored: f64, is_nan: bool) -> f64 {
    if is_nan { f64::NAN } else { stored }
}

/// One database.
pub(crate) struct MlflowSqlite {
    source: Source,
    seen: Option<Stamp>,
    runs: Vec<Run>,
    /// State as the database says it, by run.
    status: HashMap<String, String>,
    metrics: HashMap<String, BTreeMap<String, MetricSummary>>,
    /// Greatest rowid of `metrics` taken into account, and the row that had it.
    last_row: i64,
    mark: Option<Mark>,
    problems: Vec<Problem>,
}

/// What a row of `metrics` is recognised by: run, key, step, time.
type Mark = (String, String, i64, i64);

/// The row with this rowid, if it is there.
fn row_at(db: &Connection, row: i64) -> rusqlite::Result<Option<Mark>> {
    let mut statement =
        db.prepare("SELECT run_uuid, key, step, timestamp FROM metrics WHERE rowid = ?1")?;
    let mut rows = statement.query([row])?;
    Ok(match rows.next()? {
        Some(row) => Some((text(row, 0)?, text(row, 1)?, row.get(2)?, row.get(3)?)),
        None => None,
    })
}

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
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            seen: None,
            runs: Vec::new(),
            status: HashMap::new(),
            metrics: HashMap::new(),
            last_row: 0,
            mark: None,
            problems: Vec::new(),
        }
    }

    /// Takes all new rows of `metrics` into account, in small bites.
    fn read_points(&mut self) -> Result<Vec<String>, RunsError> {
        let path = self.source.path.clone();
        let after = self.last_row;
        let (max, mark): (i64, Option<Mark>) = look(&path, |db| {
            let sql = "SELECT coalesce(max(rowid), 0) FROM metrics";
            Ok((db.query_row(sql, [], |row| row.get(0))?, row_at(db, after)?))
        })?;
        let mut touched: Vec<String> = Vec::new();
        // Rows went away, and their numbers may have been given to others since.
        if max < self.last_row || mark != self.mark {
            self.last_row = 0;
            touched.extend(self.metrics.drain().map(|(run, _)| run));
        }
        while self.last_row < max {
            let before = self.last_row;
            // One connection, many finished statements: the writer gets its turn between.
            look(&path, |db| {
                for _ in 0..20 {
                    if self.bite(db, &mut touched)? == 0 {
                        break;
                    }
                }
                Ok(())
            })?;
            if self.last_row == before {
                break;
            }
        }
        let last = self.last_row;
        self.mark = look(&path, |db| row_at(db, last))?;
        touched.sort();
        touched.dedup();
        Ok(touched)
    }

    /// Takes the next rows into account; says how many there were. Broken off anywhere, it
    /// goes on behind the last row taken.
    fn bite(&mut self, db: &Connection, touched: &mut Vec<String>) -> rusqlite::Result<i64> {
        let mut statement = db.prepare_cached(
            "SELECT rowid, run_uuid, key, step, timestamp, value, is_nan FROM metrics WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
        )?;
        let mut rows = statement.query(params![self.last_row, BITE])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            let (run, key) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
            let (step, time) = (Step::from(row.get::<_, i64>(3)?), row.get(4)?);
            let value = value(real(row, 5)?, row.get::<_, i64>(6)? != 0);
            // Names are copied only when they are new: there are millions of rows.
            if !self.metrics.contains_key(run) {
                self.metrics.insert(run.to_owned(), BTreeMap::new());
            }
            if touched.last().is_none_or(|last| last != run) {
                touched.push(run.to_owned());
            }
            if let Some(metrics) = self.metrics.get_mut(run) {
                match metrics.get_mut(key) {
                    Some(summary) => summary.add(step, Some(time), value, true),
                    None => {
                        let mut summary = MetricSummary::default();
                        summary.add(step, Some(time), value, true);
                        metrics.insert(key.to_owned(), summary);
                    }
                }
            }
            self.last_row = row.get(0)?;
            count += 1;
        }
        Ok(count)
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
        let touched = self.read_points()?;
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
            run.metrics = self.metrics.get(&id).cloned().unwrap_or_default();
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
        let refresh = self.read_all()?;
        self.seen = Some(now);
        Ok(refresh)
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        let path = &self.source.path;
        let metrics = self.metrics.get(run);
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
        let mut points: Vec<(i64, i64, f64)> = Vec::new();
        let mut after = 0i64;
        loop {
            let bite: Vec<(i64, i64, i64, f64)> = look(path, |db| {
                let mut statement = db.prepare_cached(
                    "SELECT rowid, step, timestamp, value, is_nan FROM metrics \
                     WHERE run_uuid = ?1 AND key = ?2 AND rowid > ?3 AND rowid <= ?4 ORDER BY rowid LIMIT ?5",
                )?;
                let rows = statement.query_map(
                    params![run, key, after, self.last_row, 4 * BITE],
                    |row| {
                        Ok((
                            row.get(0)?,
                            row.get(1)?,
                            row.get(2)?,
                            value(real(row, 3)?, row.get::<_, i64>(4)? != 0),
                        ))
                    },
                )?;
                rows.collect()
            })?;
            let full = bite.len() as i64 == 4 * BITE;
            after = bite.last().map_or(after, |last| last.0);
            points.extend(
                bite.into_iter()
                    .map(|(_, step, time, value)| (step, time, value)),
            );
            if !full {
                break;
            }
        }
        let mut series = Series::default();
        points
            .into_iter()
            .for_each(|(step, time, value)| series.push(Step::from(step), Some(time), value));
        Ok(series.sorted())
    }
}
