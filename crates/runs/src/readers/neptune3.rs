//! Neptune 3.x local folders: operations as messages in a database per run.

use std::path::{Path, PathBuf};

use rusqlite::params;
use serde_json::Value;

use crate::error::RunsError;
use crate::formats::json::strict_float;
use crate::formats::proto::{self, Wire};
use crate::formats::sqlite::{BITE, Stamp, look, modified_ms, stamp, text};
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Loaded, Unit, keeps_run_in};
use crate::scan::{Source, list, own_name};
use crate::series::Step;

/// A Neptune 3 run that was not sent, or not all of it.
pub(crate) struct Neptune3 {
    path: PathBuf,
    seen: Option<Stamp>,
    loaded: Loaded,
    last_row: i64,
}

/// Run folders below a `.neptune` folder (or the folder itself).
pub(crate) fn runs(source: &Source) -> Result<Vec<PathBuf>, RunsError> {
    let folder = list(&source.path).map_err(|e| RunsError::io(&source.path, e))?;
    if let Some(own) = folder.file("run_operations.sqlite3") {
        return Ok(vec![own.to_path_buf()]);
    }
    let files = folder
        .folders
        .iter()
        .map(|(_, path)| path.join("run_operations.sqlite3"));
    Ok(files.filter(|path| path.is_file()).collect())
}

impl Neptune3 {
    pub(crate) fn new(_source: &Source, path: &Path) -> Self {
        let folder = path.parent().and_then(own_name);
        let run = Run::new(
            folder.unwrap_or_default(),
            SourceKind::Neptune3,
            path.parent().unwrap_or(path),
        );
        Self {
            path: path.to_path_buf(),
            seen: None,
            loaded: Loaded::new(run),
            last_row: 0,
        }
    }

    fn read(&mut self) -> Result<(), RunsError> {
        let path = self.path.clone();
        let about: Option<[String; 3]> = look(&path, |db| {
            let mut statement =
                db.prepare("SELECT version, project, run_id FROM metadata ORDER BY id LIMIT 1")?;
            let mut rows = statement.query([])?;
            Ok(match rows.next()? {
                Some(row) => Some([text(row, 0)?, text(row, 1)?, text(row, 2)?]),
                None => None,
            })
        })?;
        if let Some([version, project, id]) = about {
            let run = &mut self.loaded.run;
            if run.id != id {
                run.id.clone_from(&id);
                run.name = id;
            }
            run.experiment = Some(project);
            if !["v2", "v3", "v4", "v5"].contains(&version.as_str()) {
                run.report(
                    &path,
                    None,
                    format!("the layout version {version} is newer than the one known (v5)"),
                );
            }
        }
        // Operations that were sent are deleted by the tool; sequence ids only grow.
        loop {
            let after = self.last_row;
            let rows: Vec<(i64, i64, Vec<u8>)> = look(&path, |db| {
                let mut statement = db.prepare(
                    "SELECT sequence_id, operation_type, operation FROM run_operations WHERE sequence_id > ?1 ORDER BY sequence_id LIMIT ?2",
                )?;
                let rows = statement.query_map(params![after, BITE], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
                rows.collect()
            })?;
            if rows.is_empty() {
                return Ok(());
            }
            for (row, kind, bytes) in rows {
                self.last_row = row;
                if !proto::is_whole(&bytes) {
                    self.loaded.run.report(
                        &path,
                        None,
                        format!("operation {row} is damaged: left out"),
                    );
                    continue;
                }
                match kind {
                    1 => self.created(&bytes),
                    0 => self.update(&bytes, row),
                    _ => {}
                }
            }
        }
    }

    fn created(&mut self, bytes: &[u8]) {
        let run = &mut self.loaded.run;
        run.start_ms = proto::field(bytes, 3)
            .and_then(Wire::bytes)
            .and_then(timestamp);
        if let Some(name) = proto::field(bytes, 5).and_then(Wire::text) {
            run.tags
                .insert("sys/experiment/name".into(), name.to_owned());
            run.name = name.to_owned();
        }
        if let Some(fork) = proto::field(bytes, 2).and_then(Wire::bytes) {
            run.parent = proto::fields(fork).find_map(|(_, value)| value.text().map(str::to_owned));
        }
    }

    fn update(&mut self, bytes: &[u8], row: i64) {
        let step = proto::field(bytes, 1).and_then(Wire::bytes).map(|step| {
            let part = |n| proto::field(step, n).and_then(Wire::int).unwrap_or(0);
            Step::from_parts(part(1), part(2))
        });
        let time = proto::field(bytes, 2)
            .and_then(Wire::bytes)
            .and_then(timestamp);
        for (number, wire) in proto::fields(bytes) {
            let Some(entry) = wire.bytes().filter(|_| [4, 5, 8].contains(&number)) else {
                continue;
            };
            let Some(key) = proto::field(entry, 1).and_then(Wire::text) else {
                continue;
            };
            let value = proto::field(entry, 2)
                .and_then(Wire::bytes)
                .unwrap_or_default();
            match number {
                4 => self.assign(key, value),
                5 => self.modify_set(key, value),
                _ => match (step, number_of(value)) {
                    (Some(Some(step)), Some(number)) => {
                        self.loaded.columns.push(key, step, time, number)
                    }
                    (Some(None), _) => {
                        self.loaded.run.report(
                            &self.path,
                            None,
                            format!("operation {row} has a step out of range: left out"),
                        );
                    }
                    // Without a step the service counted on from the last one.
                    (None, Some(number)) => {
                        let columns = &mut self.loaded.columns;
                        let last = columns.last_step(key);
                        let step = last.map_or(Step::default(), Step::next);
                        columns.push(key, step, time, number);
                    }
                    (_, None) => {
                        let names = self
                            .loaded
                            .run
                            .other
                            .entry("series without numbers".into())
                            .or_default();
                        if !names.iter().any(|n| n == key) {
                            names.push(key.to_owned());
                        }
                    }
                },
            }
        }
    }

    fn assign(&mut self, key: &str, value: &[u8]) {
        let Some((number, wire)) = proto::fields(value).last() else {
            return;
        };
        let typed = match number {
            1 => wire.double().map(strict_float),
            3 => wire.int().map(Value::from),
            5 => wire.int().map(|v| Value::from(v != 0)),
            6 => wire.text().map(Value::from),
            8 => wire
                .bytes()
                .and_then(timestamp)
                .map(|ms| Value::from(crate::formats::time::iso(ms))),
            12 => wire.bytes().map(|set| {
                proto::fields(set)
                    .filter_map(|(_, v)| v.text())
                    .map(Value::from)
                    .collect()
            }),
            _ => None,
        };
        let run = &mut self.loaded.run;
        match typed {
            Some(value) if key.starts_with("sys/") => {
                if key == "sys/name" {
                    run.name = crate::model::plain(&value);
                }
                run.tags.insert(key.to_owned(), crate::model::plain(&value));
            }
            Some(value) => {
                run.params.insert(key.to_owned(), value);
            }
            None => run
                .other
                .entry("file or histogram".into())
                .or_default()
                .push(key.to_owned()),
        }
    }

    /// A string set: `{1: {1: text, 2: 1 add | 2 remove}}` per entry; shown as a list.
    fn modify_set(&mut self, key: &str, value: &[u8]) {
        let run = &mut self.loaded.run;
        let mut set: Vec<String> = run
            .tags
            .get(key)
            .map(|known| {
                known
                    .split(", ")
                    .filter(|s| !s.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default();
        for (_, group) in proto::fields(value) {
            for (_, entry) in proto::fields(group.bytes().unwrap_or_default()) {
                let entry = entry.bytes().unwrap_or_default();
                let Some(text) = proto::field(entry, 1).and_then(Wire::text) else {
                    continue;
                };
                set.retain(|known| known != text);
                if proto::field(entry, 2).and_then(Wire::int) != Some(2) {
                    set.push(text.to_owned());
                }
            }
        }
        set.sort();
        run.tags.insert(key.to_owned(), set.join(", "));
    }
}

fn timestamp(bytes: &[u8]) -> Option<i64> {
    let part = |n| proto::field(bytes, n).and_then(Wire::int).unwrap_or(0);
    part(1)
        .checked_mul(1000)?
        .checked_add((part(2) + 500_000).div_euclid(1_000_000))
}

fn number_of(value: &[u8]) -> Option<f64> {
    let (number, wire) = proto::fields(value).last()?;
    match number {
        1 => wire.double(),
        3 => wire.int().map(|v| v as f64),
        _ => None,
    }
}

impl Unit for Neptune3 {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let seen = stamp(&self.path);
        let mut changed = false;
        if self.seen != Some(seen) {
            self.read()?;
            self.loaded.settle();
            self.seen = Some(seen);
            changed = true;
        }
        let state = RunState::without_end(modified_ms(&seen), now_ms);
        changed |= self.loaded.set_state(state);
        Ok(changed)
    }

    keeps_run_in!(loaded);
}
