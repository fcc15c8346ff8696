//! JSON lines: an object per line.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::formats::json::{self, Json};
use crate::formats::time::{guess_ms, iso_ms};
use crate::mapping::{Column, ColumnRole, Mapping, Seen};
use crate::readers::row_log::{Parts, RowLog, Rows};
use crate::scan::{Source, names};
use crate::series::Step;

/// The reader of one file.
pub(crate) fn reader(source: Source) -> RowLog<JsonLines> {
    let lines = JsonLines {
        path: source.path.clone(),
        mapping: Mapping::default(),
        keys: Vec::new(),
        places: HashMap::new(),
        lines: 0,
        stepped: false,
    };
    RowLog::new(source.clone(), source.path, None, lines)
}

/// Keys that are told; more are read all the same.
const MOST_TOLD: usize = 20_000;

/// How lines are read.
pub(crate) struct JsonLines {
    path: PathBuf,
    mapping: Mapping,
    /// Keys in the order they appeared.
    keys: Vec<Key>,
    places: HashMap<String, usize>,
    lines: i64,
    /// A line with a step key was seen: lines without one are no points then.
    stepped: bool,
}

struct Key {
    name: String,
    role: ColumnRole,
    seen: Seen,
}

/// Numbers of an object, nested names joined by `/`.
pub(crate) fn numbers(row: &Json, push: &mut impl FnMut(&str, f64)) {
    row.each_leaf("/", |_| true, &mut |name, value| {
        if let Some(number) = value.number() {
            push(name, number);
        }
    });
}

/// The value at a key, or at keys joined by `/`.
fn at<'a>(row: &'a Json, path: &str) -> Option<&'a Json> {
    if let Some(value) = row.get(path) {
        return Some(value);
    }
    path.match_indices('/').find_map(|(slash, _)| {
        let inner = row.get(path.get(..slash)?)?;
        at(inner, path.get(slash + 1..)?)
    })
}

/// A value as a table's cell would have it.
fn cell(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        other => other.strict().to_string(),
    }
}

impl JsonLines {
    /// The key that has a role in this line: the chosen one, or the first of `names`.
    fn key_of(&self, role: ColumnRole, names: &[&'static str], row: &Json) -> Option<String> {
        if let Some(chosen) = self.mapping.column(role) {
            return at(row, chosen).map(|_| chosen.to_owned());
        }
        let is_key = |name: &str| row.get(name).is_some();
        self.mapping.guess(role, names, is_key).map(str::to_owned)
    }

    fn row(&mut self, line: &[u8], offset: u64, parts: &mut Parts) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let row = match json::parse(line) {
            Ok(row @ Json::Object(_)) => row,
            Ok(_) => return parts.report(Some(offset), "a line is no object: left out"),
            Err(error) => {
                let message = format!("a line is not JSON ({error}): left out");
                return parts.report(Some(offset), message);
            }
        };
        let number = self.lines;
        self.lines += 1;
        let run = match self.mapping.column(ColumnRole::Run) {
            None => None,
            Some(key) => match at(&row, key) {
                Some(value) if *value != Json::Null => Some(cell(value)),
                _ => {
                    let message =
                        format!("a line has no {key:?}, so its run is not known: left out");
                    return parts.report(Some(offset), message);
                }
            },
        };
        let step_key = self.key_of(ColumnRole::Step, names::STEP, &row);
        let place = parts.place(run.as_deref());
        let part = parts.part(place);
        let counted = part.rows;
        part.rows += 1;
        let step = match step_key
            .as_deref()
            .and_then(|key| Some((key, at(&row, key)?)))
        {
            Some((key, value)) => match value.step() {
                Some(step) => {
                    self.stepped = true;
                    step
                }
                None => {
                    let message = format!("{key:?} is not a step: the line is left out");
                    return part.loaded.run.report(&self.path, Some(offset), message);
                }
            },
            // A first line of settings, as MMEngine writes it.
            None if number == 0
                && self.mapping.is_empty()
                && row.entries().iter().any(|(_, v)| v.number().is_none()) =>
            {
                part.loaded.run.params = row.strict_map();
                return;
            }
            None if self.stepped => {
                let message = "a line has no step: left out";
                return part.loaded.run.report(&self.path, Some(offset), message);
            }
            None => Step::from(counted),
        };
        let time_key = self.key_of(ColumnRole::Time, names::TIME, &row);
        let time = time_key.as_deref().and_then(|key| match at(&row, key)? {
            Json::Text(text) => iso_ms(text),
            other => other.number().and_then(guess_ms),
        });
        // Seconds per iteration are also called `time`: only a date is the time of the point.
        let chosen = self.mapping.column(ColumnRole::Time);
        let time_key = time_key.filter(|key| time.is_some() || chosen == Some(key));
        let run_key = self.mapping.column(ColumnRole::Run).map(str::to_owned);
        row.each_leaf("/", |_| true, &mut |name, value| {
            let special = |key: &Option<String>| key.as_deref() == Some(name);
            let role = match (special(&step_key), special(&time_key), special(&run_key)) {
                (true, _, _) => ColumnRole::Step,
                (_, true, _) => ColumnRole::Time,
                (_, _, true) => ColumnRole::Run,
                _ => self.mapping.role(name).unwrap_or(ColumnRole::Metric),
            };
            self.note(name, role, value);
            match role {
                ColumnRole::Metric => {
                    if let Some(number) = value.number() {
                        let id = parts.metric(name);
                        let columns = &mut parts.part(place).loaded.columns;
                        columns.push_id(id, step, time, number);
                    }
                }
                ColumnRole::Param if *value != Json::Null => {
                    parts
                        .part(place)
                        .param(&self.path, offset, name, value.strict());
                }
                _ => {}
            }
        });
    }

    /// Remembers a key to tell of it.
    fn note(&mut self, name: &str, role: ColumnRole, value: &Json) {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None if self.keys.len() >= MOST_TOLD => return,
            None => {
                self.keys.push(Key {
                    name: name.to_owned(),
                    role,
                    seen: Seen::default(),
                });
                let place = self.keys.len() - 1;
                self.places.insert(name.to_owned(), place);
                place
            }
        };
        let Some(key) = self.keys.get_mut(place) else {
            return;
        };
        key.role = role;
        if key.seen.wants(value.number().is_some()) && *value != Json::Null {
            key.seen.add(&cell(value), value.number().is_some());
        }
    }
}

impl Rows for JsonLines {
    fn take(&mut self, bytes: &[u8], offset: u64, parts: &mut Parts) -> usize {
        let mut start = 0;
        while let Some(rest) = bytes.get(start..).filter(|rest| !rest.is_empty()) {
            let (line, used) = match rest.iter().position(|&b| b == b'\n') {
                Some(end) => (&rest[..end], end + 1),
                // An object says itself where it ends, so the last one may lack its line end.
                None if json::parse(rest).is_ok_and(|v| matches!(v, Json::Object(_))) => {
                    (rest, rest.len())
                }
                None => break,
            };
            self.row(line, offset + start as u64, parts);
            start += used;
        }
        start
    }

    fn start_over(&mut self, mapping: &Mapping) {
        self.mapping = mapping.clone();
        self.keys.clear();
        self.places.clear();
        self.lines = 0;
        self.stepped = false;
    }

    fn columns(&self) -> Option<Vec<Column>> {
        let column = |key: &Key| {
            let chosen = self.mapping.role(&key.name).is_some();
            let guessed = match key.role {
                ColumnRole::Step | ColumnRole::Time => Some(names::called(&key.name)),
                _ => None,
            };
            key.seen
                .column(&key.name, key.role, chosen, guessed.as_deref())
        };
        (self.lines > 0).then(|| self.keys.iter().map(column).collect())
    }

    fn unfinished(&self, left: u64) -> String {
        format!("the file ends inside a line: its last {left} bytes are not read")
    }
}
