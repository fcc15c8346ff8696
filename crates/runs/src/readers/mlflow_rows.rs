//! Rows of `metrics` in an MLflow database: summed up by run and metric, and read as series.
//! The points stay in the database.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::error::RunsError;
use crate::formats::sqlite::{BITE, look, real, text};
use crate::model::MetricSummary;
use crate::parallel;
use crate::series::{Series, Step};

/// Rows that are worth a thread of their own.
const MANY: i64 = 200_000;
/// Series of one metric from which on its rows are read in one go, run after run in between.
const TOGETHER: usize = 24;

/// Summaries by run and metric.
pub(crate) type Summaries = HashMap<String, BTreeMap<String, MetricSummary>>;

/// What a row of `metrics` is recognised by: run, key, step, time.
type Mark = (String, String, i64, i64);

/// The rows taken into account so far.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rows {
    metrics: Summaries,
    /// Greatest rowid taken into account, and the row that had it.
    last_row: i64,
    mark: Option<Mark>,
}

/// NaN has a flag. An infinity is stored as the largest double and handed out as such, as
/// MLflow's own client does: the two cannot be told apart.
fn value(stored: f64, is_nan: bool) -> f64 {
    if is_nan { f64::NAN } else { stored }
}

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

/// Rows of a range of rowids, summed up.
struct Part {
    metrics: Summaries,
    /// Greatest rowid taken into account.
    last_row: i64,
    /// Last rowid of the range.
    end: i64,
    /// Runs met, in order of their rows.
    touched: Vec<String>,
}

impl Part {
    /// Reads on to the end of the range in small bites; the writer gets its turn between.
    fn read(&mut self, path: &Path) -> Result<(), RunsError> {
        while self.last_row < self.end {
            let before = self.last_row;
            look(path, |db| {
                for _ in 0..20 {
                    if self.bite(db)? == 0 {
                        break;
                    }
                }
                Ok(())
            })?;
            if self.last_row == before {
                break;
            }
        }
        Ok(())
    }

    /// Takes the next rows into account; says how many there were. Broken off anywhere, it
    /// goes on behind the last row taken.
    fn bite(&mut self, db: &Connection) -> rusqlite::Result<i64> {
        let mut statement = db.prepare_cached(
            "SELECT rowid, run_uuid, key, step, timestamp, value, is_nan FROM metrics \
             WHERE rowid > ?1 AND rowid <= ?2 ORDER BY rowid LIMIT ?3",
        )?;
        let mut rows = statement.query(params![self.last_row, self.end, BITE])?;
        let mut count = 0;
        // A run's rows mostly follow each other: its metrics are looked up once for all.
        let mut run = String::new();
        let mut metrics: Option<&mut BTreeMap<String, MetricSummary>> = None;
        while let Some(row) = rows.next()? {
            let (of, key) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
            let (step, time) = (Step::from(row.get::<_, i64>(3)?), row.get(4)?);
            let value = value(real(row, 5)?, row.get::<_, i64>(6)? != 0);
            if metrics.is_none() || of != run {
                of.clone_into(&mut run);
                if self.touched.last() != Some(&run) {
                    self.touched.push(run.clone());
                }
                metrics = Some(self.metrics.entry(run.clone()).or_default());
            }
            if let Some(metrics) = &mut metrics {
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
}

/// Joins the summary of later rows; ties go to the greater value, as MLflow has it.
fn merge(known: &mut MetricSummary, later: &MetricSummary) {
    let place = |s: &MetricSummary| (s.last_step, s.last_time_ms);
    let tie = place(known) == place(later);
    let before = known.last;
    known.merge(later);
    if tie && let (Some(before), Some(after)) = (before, later.last) {
        let newer = before.is_nan() || (!after.is_nan() && after >= before);
        known.last = Some(if newer { after } else { before });
    }
}

impl Rows {
    /// The metrics of a run.
    pub(crate) fn of(&self, run: &str) -> Option<&BTreeMap<String, MetricSummary>> {
        self.metrics.get(run)
    }

    /// Takes all new rows into account; answers the runs that have some.
    pub(crate) fn read(&mut self, path: &Path) -> Result<Vec<String>, RunsError> {
        let after = self.last_row;
        let (max, mark): (i64, Option<Mark>) = look(path, |db| {
            let sql = "SELECT coalesce(max(rowid), 0) FROM metrics";
            Ok((db.query_row(sql, [], |row| row.get(0))?, row_at(db, after)?))
        })?;
        let mut touched: Vec<String> = Vec::new();
        // Rows went away, and their numbers may have been given to others since.
        if max < self.last_row || mark != self.mark {
            self.last_row = 0;
            touched.extend(self.metrics.drain().map(|(run, _)| run));
        }
        let mut result = Ok(());
        if max > self.last_row {
            for (part, read) in self.read_parts(path, max) {
                let whole = read.is_ok() && part.last_row >= part.end.min(max);
                touched.extend(part.touched);
                self.take(part.metrics);
                self.last_row = part.last_row;
                // What comes after a gap is read once the gap is.
                if !whole {
                    result = read;
                    break;
                }
            }
            let last = self.last_row;
            self.mark = look(path, |db| row_at(db, last))?;
        }
        touched.sort();
        touched.dedup();
        result.map(|()| touched)
    }

    /// The rows up to `max`, in parts that threads read side by side.
    fn read_parts(&self, path: &Path, max: i64) -> Vec<(Part, Result<(), RunsError>)> {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let rows = max.saturating_sub(self.last_row);
        let parts = (rows / MANY).clamp(1, threads as i64);
        let ends: Vec<(i64, i64)> = (0..parts)
            .map(|part| {
                let place = |part: i64| self.last_row + rows / parts * part;
                let end = if part + 1 == parts {
                    max
                } else {
                    place(part + 1)
                };
                (place(part), end)
            })
            .collect();
        parallel::each_on_a_thread(&ends, |(from, end)| {
            let mut part = Part {
                metrics: Summaries::new(),
                last_row: *from,
                end: *end,
                touched: Vec::new(),
            };
            let read = part.read(path);
            if read.is_ok() {
                // The last rows of the range may have been deleted.
                part.last_row = part.end;
            }
            (part, read)
        })
    }

    fn take(&mut self, metrics: Summaries) {
        for (run, later) in metrics {
            let known = self.metrics.entry(run).or_default();
            for (key, summary) in later {
                match known.get_mut(&key) {
                    Some(known) => merge(known, &summary),
                    None => {
                        known.insert(key, summary);
                    }
                }
            }
        }
    }

    /// Every point of one metric of one run.
    pub(crate) fn series(&self, path: &Path, run: &str, key: &str) -> Result<Series, RunsError> {
        let mut series = Series::default();
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
            for (_, step, time, value) in bite {
                series.push(Step::from(step), Some(time), value);
            }
            if !full {
                return Ok(series.sorted());
            }
        }
    }

    /// Every point of one metric of many runs, by run: one walk along the primary key.
    fn series_of_all(&self, path: &Path, key: &str) -> Result<HashMap<String, Series>, RunsError> {
        let mut all: HashMap<String, Series> = HashMap::new();
        // The place reached in the key: time, step, run, value, flag.
        let mut after = (i64::MIN, i64::MIN, String::new(), f64::NEG_INFINITY, 0i64);
        loop {
            let from = after.clone();
            type Point = (i64, i64, String, f64, i64, i64);
            let bite: Vec<Point> = look(path, |db| {
                let mut statement = db.prepare_cached(
                    "SELECT timestamp, step, run_uuid, value, is_nan, rowid FROM metrics WHERE key = ?1 \
                     AND (timestamp, step, run_uuid, value, is_nan) > (?2, ?3, ?4, ?5, ?6) \
                     ORDER BY timestamp, step, run_uuid, value, is_nan LIMIT ?7",
                )?;
                let rows = statement.query_map(
                    params![key, from.0, from.1, from.2, from.3, from.4, 4 * BITE],
                    |row| {
                        Ok((
                            row.get(0)?,
                            row.get(1)?,
                            row.get(2)?,
                            real(row, 3)?,
                            row.get(4)?,
                            row.get(5)?,
                        ))
                    },
                )?;
                rows.collect()
            })?;
            let full = bite.len() as i64 == 4 * BITE;
            if let Some((time, step, run, value, is_nan, _)) = bite.last() {
                after = (*time, *step, run.clone(), *value, *is_nan);
            }
            for (time, step, run, stored, is_nan, row) in bite {
                // Not beyond what the summaries count, so that both always agree.
                if row <= self.last_row {
                    let value = value(stored, is_nan != 0);
                    let series = all.entry(run).or_default();
                    series.push(Step::from(step), Some(time), value);
                }
            }
            if !full {
                return Ok(all);
            }
        }
    }

    /// Many series, each a run and a metric; metrics asked of many runs are read in one go.
    pub(crate) fn many(
        &self,
        path: &Path,
        wanted: &[(&str, &str)],
        one: impl Fn(&str, &str) -> Result<Series, RunsError>,
    ) -> Vec<Result<Series, RunsError>> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for (_, key) in wanted {
            *counts.entry(key).or_default() += 1;
        }
        let mut together: HashMap<&str, HashMap<String, Series>> = HashMap::new();
        for (key, _) in counts.into_iter().filter(|(_, count)| *count >= TOGETHER) {
            // One by one, each with its own error, if this fails.
            if let Ok(all) = self.series_of_all(path, key) {
                together.insert(key, all);
            }
        }
        wanted
            .iter()
            .map(|(run, key)| {
                let found = together.get_mut(key).and_then(|all| all.remove(*run));
                match found {
                    Some(series) => Ok(series.sorted()),
                    None => one(run, key),
                }
            })
            .collect()
    }
}
