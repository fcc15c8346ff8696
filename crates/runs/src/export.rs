//! Runs for other programs: JSON and CSV with every point.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::RunsError;
use crate::formats::json::{float_text, strict_float};
use crate::model::Run;
use crate::reader::{Reader, distinct};
use crate::series::{Series, Step};

/// A failure while exporting: of the source, or of the place written to.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The source could not be read.
    #[error(transparent)]
    Runs(#[from] RunsError),
    /// The output could not be written.
    #[error("cannot write the export: {0}")]
    Write(#[from] io::Error),
}

/// Writes `{"runs": […]}` with every point of every run of `readers` in one stream, so that
/// only one series is in memory at a time.
///
/// Each run is `{"id", "name", "source", "path", "state", "start_ms", "end_ms", "params",
/// "tags", "metrics": {KEY: [[step, time_ms or null, value], …]}, "problems"}`; NaN and
/// infinities are the texts `"NaN"`, `"Infinity"`, `"-Infinity"`. A run that is in two MLflow
/// stores appears once (see [`distinct`]).
///
/// # Errors
/// When a series cannot be read or `out` cannot be written.
pub fn json<'a>(
    readers: impl IntoIterator<Item = &'a dyn Reader>,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    out.write_all(b"{\"runs\": [")?;
    let mut first = true;
    for (reader, run) in distinct(readers) {
        out.write_all(if first {
            b"
"
        } else {
            b",
"
        })?;
        first = false;
        run_json(reader, run, out)?;
    }
    out.write_all(b"\n]}\n")?;
    Ok(())
}

/// The parts of a run that come before its metrics.
#[derive(Serialize)]
struct Head<'a> {
    id: &'a str,
    name: &'a str,
    source: &'a str,
    path: String,
    state: &'a str,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    params: &'a Map<String, Value>,
    tags: &'a std::collections::BTreeMap<String, String>,
}

fn run_json(reader: &dyn Reader, run: &Run, out: &mut dyn Write) -> Result<(), ExportError> {
    let head = Head {
        id: &run.id,
        name: &run.name,
        source: run.source.name(),
        path: run.path.display().to_string(),
        state: run.state.name(),
        start_ms: run.start_ms,
        end_ms: run.end_ms,
        params: &run.params,
        tags: &run.tags,
    };
    let head = serde_json::to_string(&head).map_err(io::Error::other)?;
    out.write_all(head.strip_suffix('}').unwrap_or(&head).as_bytes())?;
    out.write_all(b",\"metrics\":{")?;
    for (i, key) in run.metrics.keys().enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, key).map_err(io::Error::other)?;
        out.write_all(b":[")?;
        let series = reader.series(&run.id, key)?;
        points_json(&series, out)?;
        out.write_all(b"]")?;
    }
    out.write_all(b"},\"problems\":")?;
    let problems: Vec<Value> = run.problems.iter().map(|p| {
        serde_json::json!({"file": p.file.display().to_string(), "offset": p.offset, "message": p.message})
    }).collect();
    serde_json::to_writer(&mut *out, &problems).map_err(io::Error::other)?;
    out.write_all(b"}")?;
    Ok(())
}

fn points_json(series: &Series, out: &mut dyn Write) -> io::Result<()> {
    for (i, (step, time, value)) in series.iter().enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        write!(out, "[{},", step_json(step))?;
        match time {
            Some(time) => write!(out, "{time},{}]", strict_float(value))?,
            None => write!(out, "null,{}]", strict_float(value))?,
        }
    }
    Ok(())
}

fn step_json(step: Step) -> String {
    step.to_string()
}

/// Writes all points of chosen series as CSV: `run,name,metric,step,time_ms,value`.
///
/// # Errors
/// When `out` cannot be written.
pub fn csv<'a>(
    series: impl IntoIterator<Item = (&'a Run, &'a str, &'a Series)>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "run,name,metric,step,time_ms,value")?;
    for (run, key, series) in series {
        let head = format!("{},{},{}", cell(&run.id), cell(&run.name), cell(key));
        for (step, time, value) in series.iter() {
            let time = time.map(|t| t.to_string()).unwrap_or_default();
            writeln!(out, "{head},{step},{time},{}", number(value))?;
        }
    }
    Ok(())
}

/// Writes rows of texts as CSV, quoted where needed.
///
/// # Errors
/// When `out` cannot be written.
pub fn rows(rows: impl IntoIterator<Item = Vec<String>>, out: &mut dyn Write) -> io::Result<()> {
    for row in rows {
        let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
        writeln!(out, "{}", cells.join(","))?;
    }
    Ok(())
}

fn number(value: f64) -> String {
    if value.is_finite() {
        strict_float(value).to_string()
    } else {
        float_text(value).to_owned()
    }
}

fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
