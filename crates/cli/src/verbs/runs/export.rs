//! `kitbench runs export`: every point as JSON or CSV, or a chart as SVG or PNG.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kitbench_engine::errors::io_error;
use kitbench_protocol::ErrorKind;
use kitbench_runs::chart::{Chart, Line};
use kitbench_runs::export::{self, ExportError};
use kitbench_runs::series::XAxis;
use kitbench_runs::smooth::Smoothing;
use kitbench_runs::{Reader, Run, Series};

use super::found::{Choice, Found, choose, why};
use super::kits::{Kits, found};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, finish};

/// Colours of the lines, told apart on white; they repeat after the last.
pub const COLOURS: [[u8; 3]; 10] = [
    [31, 119, 180],
    [214, 100, 20],
    [44, 140, 44],
    [200, 40, 45],
    [128, 90, 180],
    [120, 75, 65],
    [200, 90, 170],
    [100, 100, 100],
    [140, 140, 20],
    [20, 150, 170],
];

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    pub choice: Choice,

    /// Only this run, by id or name; repeatable
    #[arg(short, long, value_name = "RUN")]
    run: Vec<String>,

    /// Only this metric; repeatable. A chart shows one
    #[arg(short, long, value_name = "KEY")]
    metric: Vec<String>,

    /// What to write [default: by the ending of the output file, else csv; json with --json]
    #[arg(long, value_name = "FORMAT")]
    format: Option<ExportFormat>,

    /// File to write; standard output without
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What a chart has below
    #[arg(long, value_name = "AXIS", default_value = "step")]
    x: Axis,

    /// Logarithmic values in a chart
    #[arg(long)]
    log_y: bool,

    /// Smooth the lines of a chart as TensorBoard does, 0 to 0.999; the raw ones stay faint
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0)]
    smoothing: f64,

    /// Width of a chart in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 960)]
    width: u32,

    /// Height of a chart in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 540)]
    height: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    Json,
    Csv,
    Svg,
    Png,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Axis {
    Step,
    Time,
    Relative,
}

impl Export {
    pub fn run(self, out: Output, kits: &Kits) -> Outcome {
        let format = self.format(out)?;
        if !(0.0..=0.999).contains(&self.smoothing) {
            return Err(Failure::misuse(
                format!(
                    "The smoothing {} is not between 0 and 0.999.",
                    self.smoothing
                ),
                "TensorBoard's own is 0.6.",
            ));
        }
        let mut found = found(&self.choice, kits)?;
        if !self.run.is_empty() {
            choose(&mut found, &self.run)?;
        }
        found.warn();
        match format {
            ExportFormat::Json if !self.metric.is_empty() => Err(Failure::misuse(
                "JSON holds all metrics of a run.",
                "Leave --metric out, or write --format csv.",
            )),
            ExportFormat::Json => self.write(|out| {
                let readers = found.readers.iter().map(|reader| reader as &dyn Reader);
                export::json(readers, out)
            }),
            ExportFormat::Csv => self.write(|out| self.csv(&found, out)),
            ExportFormat::Svg => {
                let svg = self.chart(&found)?.svg()?;
                self.write(|out| Ok(out.write_all(svg.as_bytes())?))
            }
            ExportFormat::Png => {
                if self.output.is_none() && io::stdout().is_terminal() {
                    return Err(Failure::misuse(
                        "A picture cannot be shown on a terminal.",
                        "Name a file with --output.",
                    ));
                }
                let png = self.chart(&found)?.png(1.0)?;
                self.write(|out| Ok(out.write_all(&png)?))
            }
        }
    }

    fn format(&self, out: Output) -> Outcome<ExportFormat> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        if out.is_json() {
            return Ok(ExportFormat::Json);
        }
        let Some(file) = &self.output else {
            return Ok(ExportFormat::Csv);
        };
        let ending = file
            .extension()
            .and_then(|ending| ending.to_str())
            .unwrap_or_default();
        ExportFormat::from_str(ending, true).map_err(|_| {
            Failure::misuse(
                format!("The ending of {} tells no format.", file.display()),
                "Name one: --format json, csv, svg or png.",
            )
        })
    }

    fn wants(&self, metric: &str) -> bool {
        self.metric.is_empty() || self.metric.iter().any(|wanted| wanted == metric)
    }

    /// Series are read one at a time; all points at once could be more than the memory holds.
    fn csv(&self, found: &Found, out: &mut dyn Write) -> Result<(), ExportError> {
        let mut body = Vec::new();
        let mut first = true;
        for (reader, run) in found.runs() {
            for key in run.metrics.keys().filter(|key| self.wants(key)) {
                let series = reader.series(&run.id, key)?;
                body.clear();
                export::csv([(run, key.as_str(), &series)], &mut body)?;
                // One heading for all.
                let skip = match first {
                    true => 0,
                    false => body
                        .iter()
                        .position(|byte| *byte == b'\n')
                        .map_or(0, |end| end + 1),
                };
                first = false;
                out.write_all(body.get(skip..).unwrap_or_default())?;
            }
        }
        if first {
            export::csv(std::iter::empty::<(&Run, &str, &Series)>(), out)?;
        }
        Ok(())
    }

    fn chart(&self, found: &Found) -> Outcome<Chart> {
        let [metric] = self.metric.as_slice() else {
            return Err(Failure::misuse(
                "A chart shows one metric.",
                "Name it with --metric; `kitbench runs list` shows which there are.",
            ));
        };
        let (axis, label) = match self.x {
            Axis::Step => (XAxis::Step, "step"),
            Axis::Time => (XAxis::WallTime, "time"),
            Axis::Relative => (XAxis::Relative, "time since the start"),
        };
        let mut lines = Vec::new();
        for (reader, run) in found
            .runs()
            .filter(|(_, run)| run.metrics.contains_key(metric))
        {
            let series = reader.series(&run.id, metric)?;
            lines.push(Line {
                label: run.name.clone(),
                colour: COLOURS
                    .get(lines.len() % COLOURS.len())
                    .copied()
                    .unwrap_or_default(),
                x: series.x_values(axis, run.start_ms),
                y: series.iter().map(|(_, _, value)| value).collect(),
            });
        }
        if lines.is_empty() {
            return Err(Failure::failed(
                ErrorKind::NotFound,
                format!("No run has a metric `{metric}`."),
                "`kitbench runs list --json` shows which there are.",
            ));
        }
        Ok(Chart {
            title: metric.clone(),
            x_label: label.into(),
            x_axis: axis,
            log_y: self.log_y,
            lines,
            smoothing: match self.smoothing {
                0.0 => Smoothing::None,
                weight => Smoothing::Ema { weight },
            },
            width: self.width,
            height: self.height,
            ..Chart::default()
        })
    }

    /// Writes to the file or standard output; a file is there whole or not at all.
    fn write(&self, write: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>) -> Outcome {
        let Some(path) = &self.output else {
            let mut out = BufWriter::new(io::stdout().lock());
            return match write(&mut out) {
                Err(ExportError::Runs(error)) => {
                    Err(Failure::failed(ErrorKind::Invalid, why(&error), ""))
                }
                Err(ExportError::Write(error)) => finish(Err(error)),
                Ok(()) => finish(out.flush()),
            };
        };
        let beside = beside(path);
        let failed = |error: io::Error| Failure::from(io_error("write", path, &error));
        let file = std::fs::File::create(&beside).map_err(failed)?;
        let mut out = BufWriter::new(file);
        let written = write(&mut out).and_then(|()| Ok(out.flush()?));
        drop(out);
        let done = match written {
            Err(ExportError::Write(error)) => Err(failed(error)),
            Err(error) => Err(error.into()),
            Ok(()) => std::fs::rename(&beside, path).map_err(failed),
        };
        if done.is_err() {
            // What is half-written is of no use.
            let _ = std::fs::remove_file(&beside);
        }
        done
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}
