//! Trackio databases: one project, many runs.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, params};

use crate::error::RunsError;
use crate::formats::json::{self, Json};
use crate::formats::number;
use crate::formats::sqlite::{BITE, Stamp, has_column, look, modified_ms, stamp, text};
use crate::formats::tail::now_ms;
use crate::formats::time::iso_ms;
use crate::model::{Problem, Run, RunState, SourceKind};
use crate::reader::{Reader, Refresh};
use crate::readers::units::Loaded;
use crate::scan::Source;
use crate::series::{Series, Step};

/// One database.
pub(crate) struct Trackio {
    source: Source,
    seen: Option<Stamp>,
    runs: Vec<Loaded>,
    index: HashMap<String, usize>,
    last_row: i64,
    problems: Vec<Problem>,
}

/// The newest layout known (`PRAGMA user_version`).
const NEWEST: i64 = 2;

struct Row {
    id: i64,
    run: String,
    name: String,
    time: String,
    step: Option<i64>,
    metrics: String,
}

fn next_rows(db: &Connection, after: i64) -> rusqlite::Result<Vec<Row>> {
    // Before schema 2 the name was the key.
    let run = if has_column(db, "metrics", "run_id")? {
        "coalesce(run_id, run_name)"
    } else {
        "run_name"
    };
    let mut statement = db.prepare(&format!(
        "SELECT id, {run}, run_name, timestamp, step, metrics FROM metrics WHERE id > ?1 ORDER BY id LIMIT ?2"
    ))?;
    let rows = statement.query_map(params![after, BITE], |row| {
        Ok(Row {
            id: row.get(0)?,
            run: text(row, 1)?,
            name: text(row, 2)?,
            time: text(row, 3)?,
            step: row.get(4)?,
            metrics: text(row, 5)?,
        })
    })?;
    rows.collect()
}

/// Per run: name, configuration, time of creation.
fn configs(db: &Connection) -> rusqlite::Result<BTreeMap<i64, (String, String, String, String)>> {
    let run = if has_column(db, "configs", "run_id")? {
        "coalesce(run_id, run_name)"
    } else {
        "run_name"
    };
    let mut statement = db.prepare(&format!(
        "SELECT rowid, {run}, run_name, config, created_at FROM configs"
    ))?;
    let rows = statement.query_map([], |row| {
        Ok((
            row.get(0)?,
            (text(row, 1)?, text(row, 2)?, text(row, 3)?, text(row, 4)?),
        ))
    })?;
    rows.collect()
}

impl Trackio {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            seen: None,
            runs: Vec::new(),
            index: HashMap::new(),
            last_row: 0,
            problems: Vec::new(),
        }
    }

    fn check_layout(&mut self) -> Result<(), RunsError> {
        let path = self.source.path.clone();
        let layout: i64 = look(&path, |db| {
            db.query_row("PRAGMA user_version", [], |row| row.get(0))
        })?;
        self.problems.clear();
        if layout > NEWEST {
            self.problems.push(Problem {
                file: path,
                offset: None,
                message: format!(
                    "the layout version {layout} is newer than the one known ({NEWEST}): what is shown was read as if it were that one"
                ),
            });
        }
        Ok(())
    }

    fn entry(&mut self, id: &str, name: &str) -> usize {
        if let Some(&at) = self.index.get(id) {
            return at;
        }
        let mut run = Run::new(id, SourceKind::Trackio, self.source.path.clone());
        run.name = name.to_owned();
        run.experiment = self
            .source
            .path
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned());
        self.index.insert(id.to_owned(), self.runs.len());
        self.runs.push(Loaded::new(run));
        self.runs.len() - 1
    }

    fn read_configs(&mut self) -> Result<(), RunsError> {
        let path = self.source.path.clone();
        for (id, name, config, created) in look(&path, configs)?.into_values() {
            let at = self.entry(&id, &name);
            let run = &mut self.runs[at].run;
            run.start_ms = iso_ms(&created);
            match json::parse(config.as_bytes()) {
                Ok(config) => {
                    run.params.clear();
                    for (key, value) in config.entries() {
                        match (key.as_str(), value.text()) {
                            ("_Created", Some(time)) => {
                                run.start_ms = iso_ms(time).or(run.start_ms)
                            }
                            ("_Username" | "_Group", Some(text)) => {
                                run.tags.insert(
                                    key.trim_start_matches('_').to_lowercase(),
                                    text.to_owned(),
                                );
                            }
                            ("_Created" | "_Username" | "_Group", None) => {}
                            _ => {
                                run.params.insert(key.clone(), value.strict());
                            }
                        }
                    }
                }
                Err(error) => run.report(
                    &path,
                    None,
                    format!("the configuration cannot be read: {error}"),
                ),
            }
        }
        Ok(())
    }

    fn read_rows(&mut self) -> Result<Vec<String>, RunsError> {
        let path = self.source.path.clone();
        let max: i64 = look(&path, |db| {
            db.query_row("SELECT coalesce(max(id), 0) FROM metrics", [], |row| {
                row.get(0)
            })
        })?;
        if max < self.last_row {
            self.runs.clear();
            self.index.clear();
            self.last_row = 0;
        }
        let mut touched = Vec::new();
        while self.last_row < max {
            let after = self.last_row;
            let rows = look(&path, |db| next_rows(db, after))?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                self.last_row = row.id;
                let at = self.entry(&row.run, &row.name);
                let loaded = &mut self.runs[at];
                if touched.last() != Some(&row.run) {
                    touched.push(row.run.clone());
                }
                match json::parse(row.metrics.as_bytes()) {
                    Ok(metrics) => {
                        let step = Step::from(row.step.unwrap_or_default());
                        let time = iso_ms(&row.time);
                        numbers(&metrics, &mut |key, value| {
                            loaded.columns.push(key, step, time, value)
                        });
                    }
                    Err(error) => {
                        loaded.run.report(
                            &path,
                            None,
                            format!("row {} of metrics cannot be read: {error}", row.id),
                        );
                    }
                }
            }
        }
        Ok(touched)
    }

    fn set_states(&mut self, now: i64, written: Option<i64>) -> Vec<String> {
        let mut changed = Vec::new();
        for loaded in &mut self.runs {
            // Trackio marks no end; a database written to by another run proves nothing.
            let last = loaded
                .columns
                .last_time_ms()
                .or(loaded.run.start_ms)
                .min(written.or(Some(now)));
            let state = RunState::without_end(last, now);
            if state != loaded.run.state {
                loaded.run.state = state;
                changed.push(loaded.run.id.clone());
            }
        }
        changed
    }
}

/// Numbers of a row, nested names joined by `/`. Non-finite numbers are texts in the database.
fn numbers(row: &Json, push: &mut impl FnMut(&str, f64)) {
    // Media and tables are objects with a type.
    let enter = |value: &Json| value.get("_type").is_none();
    row.each_leaf("/", enter, &mut |name, value| match value {
        Json::Text(text) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {
            push(name, number::float(text).unwrap_or(f64::NAN));
        }
        other => {
            if let Some(number) = other.number() {
                push(name, number);
            }
        }
    });
}

impl Reader for Trackio {
    fn source(&self) -> &Source {
        &self.source
    }

    fn runs(&self) -> Vec<&Run> {
        self.runs.iter().map(|loaded| &loaded.run).collect()
    }

    fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }

    fn refresh(&mut self) -> Result<Refresh, RunsError> {
        let seen = stamp(&self.source.path);
        let mut refresh = Refresh::default();
        let before: Vec<String> = self.runs.iter().map(|l| l.run.id.clone()).collect();
        let mut touched = Vec::new();
        if self.seen != Some(seen) {
            self.check_layout()?;
            touched = self.read_rows()?;
            self.read_configs()?;
            self.runs.iter_mut().for_each(Loaded::settle);
            self.seen = Some(seen);
        }
        touched.extend(self.set_states(now_ms(), modified_ms(&seen)));
        touched.sort();
        touched.dedup();
        let known = |id: &String| before.contains(id);
        refresh.added = self
            .runs
            .iter()
            .map(|l| l.run.id.clone())
            .filter(|id| !known(id))
            .collect();
        refresh.changed = touched.into_iter().filter(known).collect();
        refresh.removed = before
            .iter()
            .filter(|id| !self.index.contains_key(*id))
            .cloned()
            .collect();
        Ok(refresh)
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        let at = self.index.get(run).ok_or_else(|| RunsError::UnknownRun {
            path: self.source.path.clone(),
            run: run.to_owned(),
        })?;
        let series = self
            .runs
            .get(*at)
            .and_then(|loaded| loaded.columns.get(key));
        series.ok_or_else(|| RunsError::UnknownMetric {
            run: run.to_owned(),
            key: key.to_owned(),
        })
    }
}
