//! GoodSeed: a database per run.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use serde_json::Value;

use crate::error::RunsError;
use crate::formats::json::{self, strict_float};
use crate::formats::sqlite::{BITE, Stamp, look, modified_ms, real, stamp, text};
use crate::formats::time::iso_ms;
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Loaded, Unit, keeps_run_in};
use crate::scan::Source;
use crate::series::Step;

/// A GoodSeed run.
pub(crate) struct Goodseed {
    path: PathBuf,
    seen: Option<Stamp>,
    loaded: Loaded,
    last_row: i64,
    rows: i64,
    status: String,
}

impl Goodseed {
    pub(crate) fn new(_source: &Source, path: &Path) -> Self {
        let stem = path
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned())
            .unwrap_or_default();
        let run = Run::new(stem, SourceKind::Goodseed, path);
        Self {
            path: path.to_path_buf(),
            seen: None,
            loaded: Loaded::new(run),
            last_row: 0,
            rows: 0,
            status: String::new(),
        }
    }

    fn read(&mut self) -> Result<(), RunsError> {
        let path = self.path.clone();
        let pairs = |db: &Connection, sql: &str| -> rusqlite::Result<Vec<[String; 3]>> {
            let mut statement = db.prepare(sql)?;
            let rows =
                statement.query_map([], |row| Ok([text(row, 0)?, text(row, 1)?, text(row, 2)?]))?;
            rows.collect()
        };
        let run = &mut self.loaded.run;
        for [key, value, _] in look(&path, |db| pairs(db, "SELECT key, value, '' FROM run_meta"))? {
            match key.as_str() {
                "run_id" => run.id = value,
                "project" => run.experiment = Some(value),
                "name" => run.name = value,
                "status" => self.status = value,
                "created_at" => run.start_ms = iso_ms(&value),
                "closed_at" => run.end_ms = iso_ms(&value),
                "schema_version" if value != "1" => run.report(
                    &path,
                    None,
                    format!("the layout version {value} is not the one known (1)"),
                ),
                _ => {}
            }
        }
        for [key, kind, value] in look(&path, |db| {
            pairs(db, "SELECT path, type_tag, value FROM configs")
        })? {
            let typed = match kind.as_str() {
                "float" => value
                    .parse()
                    .map_or(Value::from(value.as_str()), strict_float),
                "int" => value
                    .parse::<i64>()
                    .map_or(Value::from(value.as_str()), Value::from),
                "bool" => Value::from(value.eq_ignore_ascii_case("true") || value == "1"),
                "string_set" => json::parse(value.as_bytes())
                    .map_or(Value::from(value.as_str()), |set| set.strict()),
                _ => Value::from(value.as_str()),
            };
            if key.starts_with("sys/") {
                if key == "sys/name" {
                    run.name.clone_from(&value);
                }
                run.tags.insert(key, value);
            } else {
                run.params.insert(key, typed);
            }
        }
        let (max, count): (i64, i64) = look(&path, |db| {
            db.query_row(
                "SELECT coalesce(max(rowid), 0), count(*) FROM metric_points",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
        })?;
        let new: i64 = look(&path, |db| {
            db.query_row(
                "SELECT count(*) FROM metric_points WHERE rowid > ?1",
                [self.last_row],
                |row| row.get(0),
            )
        })?;
        // A value that replaced another leaves a hole: then all is read anew.
        if max < self.last_row || count != self.rows + new {
            self.last_row = 0;
            self.rows = 0;
            self.loaded.columns = Default::default();
        }
        while self.last_row < max {
            let after = self.last_row;
            let rows: Vec<(i64, String, f64, f64, Option<i64>)> = look(&path, |db| {
                let mut statement = db.prepare(
                    "SELECT p.rowid, s.path, p.step, p.y, p.ts FROM metric_points p JOIN metric_series s ON s.id = p.series_id \
                     WHERE p.rowid > ?1 ORDER BY p.rowid LIMIT ?2",
                )?;
                let rows = statement.query_map(params![after, BITE], |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        real(row, 2)?,
                        real(row, 3)?,
                        row.get(4)?,
                    ))
                })?;
                rows.collect()
            })?;
            if rows.is_empty() {
                break;
            }
            for (row, key, step, value, time) in rows {
                self.last_row = row;
                self.rows += 1;
                match Step::from_f64(step) {
                    Some(step) => self.loaded.columns.push(
                        &key,
                        step,
                        time.map(|t| t.saturating_mul(1000)),
                        value,
                    ),
                    None => self.loaded.run.report(
                        &path,
                        None,
                        format!("row {row}: {step} is not a step: left out"),
                    ),
                }
            }
        }
        Ok(())
    }
}

impl Unit for Goodseed {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let seen = stamp(&self.path);
        let mut changed = false;
        if self.seen != Some(seen) {
            self.read()?;
            self.loaded.settle();
            self.seen = Some(seen);
            changed = true;
        }
        let state = match self.status.as_str() {
            "finished" | "completed" | "closed" => RunState::Finished,
            "failed" | "error" => RunState::Failed,
            "killed" | "aborted" => RunState::Killed,
            _ => RunState::without_end(modified_ms(&seen), now_ms),
        };
        changed |= self.loaded.set_state(state);
        Ok(changed)
    }

    keeps_run_in!(loaded);
}
