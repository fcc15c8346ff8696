//! Runs in separated tables: Lightning, Keras, Ultralytics and plain CSV or TSV.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::formats::csv::{self, Record};
use crate::formats::json::strict_float;
use crate::formats::number::{float, int, is_missing};
use crate::formats::time::{guess_ms, iso_ms};
use crate::mapping::{Column, ColumnRole, Mapping, Seen};
use crate::model::SourceKind;
use crate::readers::row_log::{Parts, RowLog, Rows};
use crate::scan::{Source, names};
use crate::series::Step;

/// The reader of one table.
pub(crate) fn reader(source: Source) -> RowLog<Table> {
    let path = &source.path;
    let (file, params) = match source.kind {
        SourceKind::Lightning => (path.join("metrics.csv"), Some(path.join("hparams.yaml"))),
        SourceKind::Ultralytics => (path.join("results.csv"), Some(path.join("args.yaml"))),
        _ => (path.clone(), None),
    };
    let table = Table {
        file: file.clone(),
        mapping: Mapping::default(),
        layout: None,
    };
    RowLog::new(source, file, params, table)
}

/// How the lines of a table are read.
pub(crate) struct Table {
    file: PathBuf,
    mapping: Mapping,
    layout: Option<Layout>,
}

/// What the columns of a table mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Layout {
    header: Vec<String>,
    delimiter: u8,
    step: Option<usize>,
    time: Option<usize>,
    run: Option<usize>,
    /// A time was seen, so the column really holds dates.
    time_sure: bool,
    /// Number of the metric, per table column.
    metrics: Vec<Option<usize>>,
    params: Vec<usize>,
    seen: Vec<Seen>,
    /// Lines that were looked at to tell of the columns.
    looked: usize,
}

/// Lines that are looked at to tell what columns hold.
const LOOKED_AT: usize = 200;

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
    fn new(line: &[u8], delimiter: Option<u8>, mapping: &Mapping, parts: &mut Parts) -> Self {
        let delimiter = delimiter.unwrap_or_else(|| csv::guess_delimiter(line));
        let header = trimmed(csv::cells(line, delimiter));
        let place = |name: &str| header.iter().position(|cell| cell == name);
        let find = |role, wanted: &[&str]| {
            let chosen = mapping.column(role).and_then(place);
            let guess = || place(mapping.guess(role, wanted, |name| place(name).is_some())?);
            chosen.or_else(guess)
        };
        let step = find(ColumnRole::Step, steps_of(parts.kind()));
        let time = match parts.kind() {
            SourceKind::Csv | SourceKind::Tsv => find(ColumnRole::Time, names::TIME),
            _ => find(ColumnRole::Time, &[]),
        };
        let run = find(ColumnRole::Run, &[]);
        let mut params = Vec::new();
        let mut metrics = Vec::new();
        for (i, name) in header.iter().enumerate() {
            let special = [step, time, run].contains(&Some(i)) || name.is_empty();
            let role = mapping.role(name).unwrap_or(ColumnRole::Metric);
            if role == ColumnRole::Param && !special {
                params.push(i);
            }
            let is_metric = role == ColumnRole::Metric && !special;
            metrics.push(is_metric.then(|| parts.metric(name)));
        }
        Self {
            delimiter,
            step,
            time,
            run,
            time_sure: mapping.column(ColumnRole::Time).is_some(),
            metrics,
            params,
            seen: vec![Seen::default(); header.len()],
            looked: 0,
            header,
        }
    }

    fn row(&mut self, cells: &[String], at: u64, file: &Path, parts: &mut Parts) {
        let cell = |i: Option<usize>| i.and_then(|i| cells.get(i)).map(String::as_str);
        self.look(cells);
        let run = match self.run {
            None => None,
            Some(_) => match cell(self.run).filter(|name| !is_missing(name)) {
                Some(name) => Some(name),
                None => return parts.report(Some(at), "a line names no run: left out"),
            },
        };
        let place = parts.place(run);
        let part = parts.part(place);
        let (wanted, has) = (self.header.len(), cells.len());
        let step = match (self.step, cell(self.step)) {
            (None, _) => Ok(Step::from(part.rows)),
            (Some(_), None) => Err("a line has no step cell: left out".to_owned()),
            _ if has != wanted => Err(format!(
                "a line has {has} cells where the header has {wanted}: left out"
            )),
            (_, Some(text)) if is_missing(text) => Err("a line has no step: left out".to_owned()),
            (_, Some(text)) => Step::parse(text)
                .ok_or_else(|| format!("{text:?} is not a step: the line is left out")),
        };
        let step = match step {
            Ok(step) => step,
            Err(why) => return part.loaded.run.report(file, Some(at), why),
        };
        part.rows += 1;
        let text = cell(self.time).filter(|text| !is_missing(text));
        let time = text.and_then(|text| float(text).and_then(guess_ms).or_else(|| iso_ms(text)));
        match (time, text, self.time) {
            (Some(_), _, _) => self.time_sure = true,
            // Seconds since the start are also called `time`: a metric like any other.
            (None, Some(text), Some(column)) if !self.time_sure && float(text).is_some() => {
                self.time = None;
                let id = self.header.get(column).map(|name| parts.metric(name));
                if let Some(metric) = self.metrics.get_mut(column) {
                    *metric = id;
                }
            }
            _ => {}
        }
        let part = parts.part(place);
        for (cell, metric) in cells.iter().zip(&self.metrics) {
            if let Some(metric) = metric
                && !is_missing(cell)
                && let Some(value) = float(cell)
            {
                part.loaded.columns.push_id(*metric, step, time, value);
            }
        }
        for column in &self.params {
            if let (Some(name), Some(cell)) = (self.header.get(*column), cells.get(*column))
                && !is_missing(cell)
            {
                part.param(file, at, name, typed(cell));
            }
        }
    }

    /// Remembers values to tell of the columns.
    fn look(&mut self, cells: &[String]) {
        if self.looked == LOOKED_AT {
            return;
        }
        self.looked += 1;
        for (cell, seen) in cells.iter().zip(&mut self.seen) {
            if !is_missing(cell) {
                let is_number = float(cell).is_some();
                if seen.wants(is_number) {
                    seen.add(cell, is_number);
                }
            }
        }
    }

    /// A line of names among which is one for steps.
    fn is_header(&self, cells: &[String], kind: SourceKind) -> bool {
        let own = self.step.and_then(|step| self.header.get(step));
        let known = |name: &String| Some(name) == own || steps_of(kind).contains(&name.as_str());
        // Checked first: numbers are the rule, and the look at all cells is dear.
        cells.first().is_some_and(|cell| float(cell).is_none())
            && cells.iter().any(known)
            && cells.iter().all(|cell| float(cell).is_none())
    }

    fn column(&self, at: usize, name: &str, mapping: &Mapping) -> Column {
        let called = || Some(names::called(name));
        let (role, guessed) = match Some(at) {
            place if place == self.step => (ColumnRole::Step, called()),
            place if place == self.time => (ColumnRole::Time, called()),
            place if place == self.run => (ColumnRole::Run, None),
            _ if self.params.contains(&at) => (ColumnRole::Param, None),
            _ if self.metrics.get(at).is_some_and(Option::is_some) => (ColumnRole::Metric, None),
            _ => (ColumnRole::Ignored, None),
        };
        let chosen = mapping.role(name).is_some();
        let seen = self.seen.get(at).cloned().unwrap_or_default();
        seen.column(name, role, chosen, guessed.as_deref())
    }
}

/// Names of columns that count steps, best first.
fn steps_of(kind: SourceKind) -> &'static [&'static str] {
    match kind {
        SourceKind::Keras | SourceKind::Ultralytics => &["epoch"],
        SourceKind::Lightning => &["step"],
        _ => names::STEP,
    }
}

/// A parameter's cell: a number where it is one.
fn typed(cell: &str) -> Value {
    match (int(cell.as_bytes()), float(cell)) {
        (Some(whole), _) => whole.into(),
        (None, Some(value)) => strict_float(value),
        (None, None) => cell.into(),
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

impl Rows for Table {
    fn take(&mut self, bytes: &[u8], offset: u64, parts: &mut Parts) -> usize {
        let skipped = match offset == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
            true => 3,
            false => 0,
        };
        let bytes = bytes.get(skipped..).unwrap_or_default();
        let mut used = 0;
        if self.layout.is_none() {
            let Some((line, end)) = header_line(bytes) else {
                return 0;
            };
            self.layout = Some(Layout::new(line, None, &self.mapping, parts));
            used = end;
        }
        let Some(layout) = self.layout.as_mut() else {
            return 0;
        };
        let rest = bytes.get(used..).unwrap_or_default();
        let columns = layout.header.len();
        used += csv::split(rest, layout.delimiter, columns, |record, at| {
            let at = offset + (skipped + used + at) as u64;
            let broken = record.broken_quote;
            let cells = trimmed(record);
            if cells.iter().all(String::is_empty) {
                return;
            }
            if broken {
                let why = "a quote is never closed: this line is left out";
                return parts.report(Some(at), why);
            }
            // A restarted job writes its header again, perhaps with other columns.
            if cells == layout.header {
                return;
            }
            if layout.is_header(&cells, parts.kind()) {
                let line = cells.join(&char::from(layout.delimiter).to_string());
                let delimiter = Some(layout.delimiter);
                let next = Layout::new(line.as_bytes(), delimiter, &self.mapping, parts);
                if next.step.is_some() {
                    *layout = next;
                }
                return;
            }
            layout.row(&cells, at, &self.file, parts);
        });
        skipped + used
    }

    fn start_over(&mut self, mapping: &Mapping) {
        self.mapping = mapping.clone();
        self.layout = None;
    }

    fn columns(&self) -> Option<Vec<Column>> {
        let layout = self.layout.as_ref()?;
        let columns = layout.header.iter().enumerate();
        let named = columns.filter(|(_, name)| !name.is_empty());
        Some(
            named
                .map(|(at, name)| layout.column(at, name, &self.mapping))
                .collect(),
        )
    }

    fn unfinished(&self, left: u64) -> String {
        format!(
            "the last line has no line end, so its {left} bytes are not read: the value may be cut off"
        )
    }
}
