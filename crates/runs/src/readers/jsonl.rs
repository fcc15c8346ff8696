//! JSON lines: an object per line.

use std::path::Path;

use crate::error::RunsError;
use crate::formats::json::{self, Json};
use crate::formats::tail::{Change, Tail};
use crate::formats::time::{guess_ms, iso_ms};
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Loaded, Unit};
use crate::scan::{Source, names};
use crate::series::Step;

/// One file.
pub(crate) struct JsonLines {
    tail: Tail,
    loaded: Loaded,
    lines: i64,
    /// A line with a step key was seen: lines without one are no points then.
    stepped: bool,
    /// Lines came after the first look.
    grew: bool,
}

/// The entry whose key stands first in `keys`.
pub(crate) fn first_of<'a>(row: &'a Json, keys: &[&str]) -> Option<(&'a str, &'a Json)> {
    keys.iter().find_map(|wanted| {
        row.entries()
            .iter()
            .find(|(key, _)| key == wanted)
            .map(|(key, value)| (key.as_str(), value))
    })
}

/// Numbers of an object, nested names joined by `separator`.
pub(crate) fn flatten(
    prefix: &str,
    separator: &str,
    value: &Json,
    push: &mut impl FnMut(&str, f64),
) {
    for (key, value) in value.entries() {
        let joined;
        let name = if prefix.is_empty() {
            key
        } else {
            joined = format!("{prefix}{separator}{key}");
            &joined
        };
        match value {
            Json::Object(_) => flatten(name, separator, value, push),
            other => {
                if let Some(number) = other.number() {
                    push(name, number);
                }
            }
        }
    }
}

impl JsonLines {
    pub(crate) fn new(source: &Source, path: &Path) -> Self {
        let run = Run::new(source.relative(path), SourceKind::Jsonl, path);
        Self {
            tail: Tail::new(path),
            loaded: Loaded::new(run),
            lines: 0,
            stepped: false,
            grew: false,
        }
    }

    fn start_over(&mut self) {
        let old = &self.loaded.run;
        self.loaded = Loaded::new(Run::new(old.id.clone(), old.source, old.path.clone()));
        self.lines = 0;
        self.stepped = false;
    }

    fn read(&mut self) -> Result<(), RunsError> {
        let path = self.tail.path().to_path_buf();
        let Self {
            tail,
            loaded,
            lines,
            stepped,
            ..
        } = self;
        tail.read(|bytes, offset| {
            let mut start = 0;
            loop {
                let rest = &bytes[start..];
                let (line, used) = match rest.iter().position(|&b| b == b'\n') {
                    Some(end) => (&rest[..end], end + 1),
                    // An object says itself where it ends, so the last one may lack its line end.
                    None if json::parse(rest).is_ok_and(|v| matches!(v, Json::Object(_))) => {
                        (rest, rest.len())
                    }
                    None => return start,
                };
                row(line, offset + start as u64, &path, loaded, lines, stepped);
                start += used;
                if start >= bytes.len() {
                    return start;
                }
            }
        })
        .map_err(|e| RunsError::io(&path, e))
    }
}

fn row(
    line: &[u8],
    at: u64,
    path: &Path,
    loaded: &mut Loaded,
    lines: &mut i64,
    stepped: &mut bool,
) {
    if line.trim_ascii().is_empty() {
        return;
    }
    let row = match json::parse(line) {
        Ok(row @ Json::Object(_)) => row,
        Ok(_) => {
            loaded
                .run
                .report(path, Some(at), "a line is no object: left out");
            return;
        }
        Err(error) => {
            loaded.run.report(
                path,
                Some(at),
                format!("a line is not JSON ({error}): left out"),
            );
            return;
        }
    };
    let number = *lines;
    *lines += 1;
    let step_entry = first_of(&row, names::STEP);
    let step = match step_entry {
        Some((key, value)) => match value.step() {
            Some(step) => {
                *stepped = true;
                step
            }
            None => {
                loaded.run.report(
                    path,
                    Some(at),
                    format!("{key:?} is not a step: the line is left out"),
                );
                return;
            }
        },
        // A first line of settings, as MMEngine writes it.
        None if number == 0 && row.entries().iter().any(|(_, v)| v.number().is_none()) => {
            loaded.run.params = row.strict_map();
            return;
        }
        None if *stepped => {
            loaded
                .run
                .report(path, Some(at), "a line has no step: left out");
            return;
        }
        None => Step::from(number),
    };
    let time_entry = first_of(&row, names::TIME);
    let time = time_entry.and_then(|(_, value)| match value {
        Json::Text(text) => iso_ms(text),
        other => other.number().and_then(guess_ms),
    });
    // Seconds per iteration are also called `time`: only a date is the time of the point.
    let time_key = time_entry.filter(|_| time.is_some()).map(|(key, _)| key);
    let step_key = step_entry.map(|(key, _)| key);
    flatten("", "/", &row, &mut |key, value| {
        if Some(key) != step_key && Some(key) != time_key {
            loaded.columns.push(key, step, time, value);
        }
    });
}

impl Unit for JsonLines {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let path = self.tail.path().to_path_buf();
        let looked_before = self.tail.modified_ms().is_some();
        let mut changed = false;
        match self.tail.check().map_err(|e| RunsError::io(&path, e))? {
            Change::Gone => {
                return Err(RunsError::format(
                    &path,
                    "the file is gone; what was read is kept",
                ));
            }
            Change::None => {}
            Change::Grown | Change::Rewritten if self.tail.offset() == 0 => {
                self.start_over();
                self.read()?;
                changed = true;
            }
            Change::Grown | Change::Rewritten => {
                let before = self.tail.offset();
                self.read()?;
                changed = self.tail.offset() != before;
            }
        }
        let left = self.tail.len().saturating_sub(self.tail.offset());
        self.grew |= looked_before && changed;
        let written = self.tail.modified_ms();
        let old = RunState::without_end(written, now_ms) == RunState::Stale;
        let state = RunState::of_log(written, self.grew, now_ms);
        changed |= self.loaded.set_state(state);
        if left > 0 && old {
            let offset = self.tail.offset();
            self.loaded.run.report(
                &path,
                Some(offset),
                format!("the file ends inside a line: its last {left} bytes are not read"),
            );
        }
        self.loaded.settle();
        self.loaded.run.start_ms = self.loaded.columns.first_time_ms();
        Ok(changed)
    }

    fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    fn loaded_mut(&mut self) -> &mut Loaded {
        &mut self.loaded
    }
}
