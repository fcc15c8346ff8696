//! Runs in separated tables: Lightning, Keras, Ultralytics and plain CSV or TSV.

use std::path::{Path, PathBuf};

use crate::error::RunsError;
use crate::formats::csv::{self, Record};
use crate::formats::number::{float, is_missing};
use crate::formats::tail::{Change, Tail, modified_ms, read_small};
use crate::formats::time::{guess_ms, iso_ms};
use crate::formats::yaml;
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Loaded, Unit, UnitReader, only_itself};
use crate::scan::{Source, names};
use crate::series::Step;

/// Largest parameter file that is read.
const PARAMS_LIMIT: u64 = 8 << 20;

/// The reader for one table.
pub(crate) fn reader(source: Source) -> UnitReader {
    let make =
        |source: &Source, path: &Path| -> Box<dyn Unit> { Box::new(Table::new(source, path)) };
    UnitReader::new(source, only_itself, make, None)
}

/// What the columns of a table mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Layout {
    header: Vec<String>,
    delimiter: u8,
    step: Option<usize>,
    time: Option<usize>,
    /// A time was seen, so the column really holds dates.
    time_sure: bool,
    /// Number of the metric in the run's columns, per table column.
    metrics: Vec<Option<usize>>,
}

struct Table {
    kind: SourceKind,
    tail: Tail,
    params: Option<PathBuf>,
    params_seen: Option<i64>,
    layout: Option<Layout>,
    rows: i64,
    loaded: Loaded,
    /// Rows came after the first look.
    grew: bool,
}

impl Table {
    fn new(source: &Source, path: &Path) -> Self {
        let (file, params) = match source.kind {
            SourceKind::Lightning => (path.join("metrics.csv"), Some(path.join("hparams.yaml"))),
            SourceKind::Ultralytics => (path.join("results.csv"), Some(path.join("args.yaml"))),
            _ => (path.to_path_buf(), None),
        };
        let run = Run::new(source.relative(path), source.kind, path);
        Self {
            kind: source.kind,
            tail: Tail::new(file),
            params,
            params_seen: None,
            layout: None,
            rows: 0,
            loaded: Loaded::new(run),
            grew: false,
        }
    }

    fn start_over(&mut self) {
        self.layout = None;
        self.rows = 0;
        self.params_seen = None;
        let old = &self.loaded.run;
        self.loaded = Loaded::new(Run::new(old.id.clone(), old.source, old.path.clone()));
    }

    fn read_params(&mut self) -> bool {
        let Some(file) = &self.params else {
            return false;
        };
        let modified = modified_ms(file);
        if modified.is_none() || modified == self.params_seen {
            return false;
        }
        self.params_seen = modified;
        let run = &mut self.loaded.run;
        match read_small(file, PARAMS_LIMIT)
            .map_err(|e| e.to_string())
            .and_then(|b| yaml::params(&b))
        {
            Ok(params) => run.params = params,
            Err(message) => {
                run.report(
                    file,
                    None,
                    format!("the parameters cannot be read: {message}"),
                );
            }
        }
        true
    }

    fn read_rows(&mut self) -> Result<(), RunsError> {
        let path = self.tail.path().to_path_buf();
        let (kind, layout, rows, loaded) = (
            self.kind,
            &mut self.layout,
            &mut self.rows,
            &mut self.loaded,
        );
        let read = self.tail.read(|bytes, offset| {
            let mut bytes = bytes;
            let mut skipped = 0;
            if offset == 0 {
                let bom = if bytes.starts_with(b"\xef\xbb\xbf") {
                    3
                } else {
                    0
                };
                bytes = &bytes[bom..];
                skipped = bom;
            }
            let mut used = 0;
            if layout.is_none() {
                let Some((line, end)) = header_line(bytes) else {
                    return 0;
                };
                *layout = Some(Layout::new(line, kind, loaded));
                used = end;
            }
            let Some(layout) = layout.as_mut() else {
                return 0;
            };
            used += csv::split(
                &bytes[used..],
                layout.delimiter,
                layout.header.len(),
                |record, at| {
                    let at = offset + (skipped + used + at) as u64;
                    layout.row(record, at, &path, rows, loaded);
                },
            );
            skipped + used
        });
        read.map_err(|e| RunsError::io(&path, e))
    }

    fn set_state(&mut self, now_ms: i64) -> bool {
        let run = &mut self.loaded.run;
        let written = self.tail.modified_ms();
        let old = RunState::without_end(written, now_ms) == RunState::Stale;
        let state = RunState::of_log(written, self.grew, now_ms);
        let done = self.kind == SourceKind::Ultralytics
            && yaml::int(&run.params, "epochs").is_some_and(|epochs| self.rows >= epochs);
        let state = if done { RunState::Finished } else { state };
        let changed = run.state != state;
        run.state = state;
        let left = self.tail.len().saturating_sub(self.tail.offset());
        if left > 0 && old {
            let file = self.tail.path().to_path_buf();
            let offset = self.tail.offset();
            run.report(
                &file,
                Some(offset),
                format!("the last line has no line end, so its {left} bytes are not read: the value may be cut off"),
            );
        }
        changed
    }
}

/// The first line that is neither empty nor a comment, and where the next begins.
fn header_line(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let mut start = 0;
    loop {
        let end = start + bytes.get(start..)?.iter().position(|&b| b == b'\n')?;
        let line = bytes[start..end].trim_ascii();
        if !line.is_empty() && !line.starts_with(b"#") {
            return Some((line, end + 1));
        }
        start = end + 1;
    }
}

impl Layout {
    fn new(line: &[u8], kind: SourceKind, loaded: &mut Loaded) -> Self {
        let delimiter = csv::guess_delimiter(line);
        let header = trimmed(csv::cells(line, delimiter));
        let find = |wanted: &[&str]| {
            wanted
                .iter()
                .find_map(|name| header.iter().position(|cell| cell == name))
        };
        let step = match kind {
            SourceKind::Keras | SourceKind::Ultralytics => find(&["epoch"]),
            SourceKind::Lightning => find(&["step"]),
            _ => find(names::STEP),
        };
        let time = match kind {
            SourceKind::Csv | SourceKind::Tsv => find(names::TIME),
            _ => None,
        };
        let metrics = header
            .iter()
            .enumerate()
            .map(|(i, name)| {
                (Some(i) != step && Some(i) != time && !name.is_empty())
                    .then(|| loaded.columns.id(name))
            })
            .collect();
        Self {
            header,
            delimiter,
            step,
            time,
            time_sure: false,
            metrics,
        }
    }

    fn row(&mut self, record: Record, at: u64, file: &Path, rows: &mut i64, loaded: &mut Loaded) {
        let broken = record.broken_quote;
        let cells = trimmed(record);
        if cells.iter().all(String::is_empty) {
            return;
        }
        if broken {
            loaded.run.report(
                file,
                Some(at),
                "a quote is never closed: this line is left out",
            );
            return;
        }
        let cell = |i: Option<usize>| i.and_then(|i| cells.get(i)).map(String::as_str);
        // A restarted job writes its header again, perhaps with other columns.
        if cells == self.header {
            return;
        }
        if self.is_header(&cells, loaded.run.source) {
            self.new_header(&cells, loaded);
            return;
        }
        let Some(step_text) = cell(self.step) else {
            match self.step {
                Some(_) => loaded
                    .run
                    .report(file, Some(at), "a line has no step cell: left out"),
                None => self.fill(&cells, Step::from(*rows), None, loaded),
            }
            *rows += 1;
            return;
        };
        if cells.len() != self.header.len() {
            loaded.run.report(
                file,
                Some(at),
                format!(
                    "a line has {} cells where the header has {}: left out",
                    cells.len(),
                    self.header.len()
                ),
            );
            return;
        }
        let Some(step) = Step::parse(step_text) else {
            if !is_missing(step_text) {
                loaded.run.report(
                    file,
                    Some(at),
                    format!("{step_text:?} is not a step: the line is left out"),
                );
            } else {
                loaded
                    .run
                    .report(file, Some(at), "a line has no step: left out");
            }
            return;
        };
        let text = cell(self.time).filter(|text| !is_missing(text));
        let time = text.and_then(|text| float(text).and_then(guess_ms).or_else(|| iso_ms(text)));
        match (time, text, self.time) {
            (Some(_), _, _) => self.time_sure = true,
            // Seconds since the start are also called `time`: a metric like any other.
            (None, Some(text), Some(column)) if !self.time_sure && float(text).is_some() => {
                self.time = None;
                let id = self.header.get(column).map(|name| loaded.columns.id(name));
                if let Some(metric) = self.metrics.get_mut(column) {
                    *metric = id;
                }
            }
            _ => {}
        }
        self.fill(&cells, step, time, loaded);
        *rows += 1;
    }

    fn fill(&self, cells: &[String], step: Step, time: Option<i64>, loaded: &mut Loaded) {
        for (cell, metric) in cells.iter().zip(&self.metrics) {
            if let Some(metric) = metric
                && !is_missing(cell)
                && let Some(value) = float(cell)
            {
                loaded.columns.push_id(*metric, step, time, value);
            }
        }
    }

    /// A line of names among which is one for steps.
    fn is_header(&self, cells: &[String], kind: SourceKind) -> bool {
        let known = |name: &String| match kind {
            SourceKind::Keras | SourceKind::Ultralytics => name == "epoch",
            SourceKind::Lightning => name == "step",
            _ => names::STEP.contains(&name.as_str()),
        };
        // Checked first: numbers are the rule, and the look at all cells is dear.
        cells.first().is_some_and(|cell| float(cell).is_none())
            && cells.iter().any(known)
            && cells.iter().all(|cell| float(cell).is_none())
    }

    /// A second header with other names: the columns below have new meanings.
    fn new_header(&mut self, cells: &[String], loaded: &mut Loaded) {
        let line = cells.join(&char::from(self.delimiter).to_string());
        let kind = loaded.run.source;
        let next = Self::new(line.as_bytes(), kind, loaded);
        if next.step.is_some() {
            *self = Self {
                delimiter: self.delimiter,
                ..next
            };
        }
    }
}

fn trimmed(record: Record) -> Vec<String> {
    record
        .cells
        .into_iter()
        .map(|cell| {
            if cell.trim().len() == cell.len() {
                cell
            } else {
                cell.trim().to_owned()
            }
        })
        .collect()
}

impl Unit for Table {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let path = self.tail.path().to_path_buf();
        let looked_before = self.tail.modified_ms().is_some();
        let mut changed = false;
        match self.tail.check().map_err(|e| RunsError::io(&path, e))? {
            Change::None => {}
            Change::Gone => {
                return Err(RunsError::format(
                    &path,
                    "the file is gone; what was read is kept",
                ));
            }
            Change::Rewritten => {
                self.start_over();
                changed = true;
            }
            Change::Grown => {}
        }
        let before = self.tail.offset();
        self.read_rows()?;
        let more = self.tail.offset() != before;
        self.grew |= looked_before && (more || changed);
        changed |= more;
        changed |= self.read_params();
        changed |= self.set_state(now_ms);
        self.loaded.settle();
        let start = self.loaded.columns.first_time_ms();
        self.loaded.run.start_ms = start;
        Ok(changed)
    }

    fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    fn loaded_mut(&mut self) -> &mut Loaded {
        &mut self.loaded
    }
}
