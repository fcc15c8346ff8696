//! Experiments: runs that trackers left in a project folder.

use serde::{Deserialize, Serialize};

use crate::{PackedF64, ProjectId, ThemeChoice, TrackingServerId};

/// Runs of a project; `refresh` looks for new ones first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRuns {
    pub project: ProjectId,
    /// Filter expression, empty for all.
    pub filter: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunsTable {
    pub sources: Vec<RunSource>,
    /// What looked like a source and was not read: path and reason.
    pub skipped: Vec<(String, String)>,
    /// The runs the filter lets through, in the order of the sources.
    pub runs: Vec<RunRow>,
    pub total_runs: u32,
    /// Parameter names over all runs, those that differ first.
    pub params: Vec<ParamColumn>,
    /// Metric names over all runs, sorted.
    pub metrics: Vec<MetricColumn>,
    /// Where the filter is wrong; `runs` then holds all.
    pub filter_error: Option<FilterError>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterError {
    /// Byte range in the filter text.
    pub start: u32,
    pub end: u32,
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSource {
    /// `MLflow`, `CSV`, `TensorBoard` …
    pub kind: String,
    pub path: String,
    pub runs: u32,
    pub problems: Vec<String>,
    /// What its columns mean can be chosen: [`crate::GetColumnMapping`].
    pub columns: bool,
    /// The tracking server that it is.
    pub server: Option<TrackingServerId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParamColumn {
    pub name: String,
    /// Not the same in all runs.
    pub differs: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricColumn {
    pub name: String,
    pub better: Better,
    /// Runs that have it.
    pub runs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Better {
    Higher,
    Lower,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RunState {
    Running,
    Finished,
    Failed,
    Killed,
    /// No end mark, but nothing was written for ten minutes; to a plain log, since it was found.
    Stale,
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// Unique in the project: format, source path and the tool's id.
    pub id: String,
    pub name: String,
    /// Short name of the source, as in [`RunSource::kind`].
    pub source: String,
    pub path: String,
    pub state: RunState,
    pub start_ms: Option<i64>,
    pub end_ms: Option<i64>,
    /// In the order of [`RunsTable::params`]; `None` where the run has none.
    pub params: Vec<Option<String>>,
    /// In the order of [`RunsTable::metrics`].
    pub metrics: Vec<Option<MetricSummary>>,
    pub tags: Vec<(String, String)>,
    /// Of the run's data: cut files, damaged records.
    pub problems: Vec<String>,
    pub parent: Option<String>,
    pub git_commit: Option<String>,
    /// From begin to end, or to the last logged point while it has not ended.
    pub duration_ms: Option<i64>,
    /// Experiment, project or group in the tool.
    pub experiment: Option<String>,
    /// Data sets, as `name (digest)`.
    pub datasets: Vec<String>,
    /// References of ModelKits that were packed with this run attached, newest first.
    pub kits: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricSummary {
    /// By the tracker's own rule for "latest".
    pub last: f64,
    /// Finite values only; NaN if there are none.
    pub min: f64,
    pub max: f64,
    /// Steps at which the smallest and the largest value were logged first.
    pub min_step: Option<f64>,
    pub max_step: Option<f64>,
    pub last_step: Option<f64>,
    pub count: u64,
    /// A few values in step order for the trend; at most 32.
    pub spark: PackedF64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum XAxis {
    #[default]
    Step,
    /// Unix seconds.
    Time,
    /// Seconds since the run's first point.
    Relative,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Smoothing {
    None,
    /// Bias-corrected exponential average, weight 0 to 0.999 (TensorBoard's).
    Ema(f64),
    /// Time-weighted exponential average (W&B's).
    TimeWeightedEma(f64),
    /// Mean over a window of this many points.
    RunningMean(u32),
    /// Standard deviation in units of the x axis.
    Gaussian(f64),
}

/// What to draw where a resumed run logged steps again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Resumed {
    /// All points, as logged.
    #[default]
    KeepAll,
    /// Of a repeated stretch the latest.
    LatestWins,
    /// A curve per session.
    Split,
}

/// How curves are laid out, beyond the axis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CurveOptions {
    /// Another metric of the same run as x, in place of the axis: points of equal steps.
    pub x_metric: Option<String>,
    /// Pixel columns are equal steps of log10(x).
    pub log_x: bool,
    pub resumed: Resumed,
}

/// Curves of one metric, reduced to what a view of this width can show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetSeries {
    pub project: ProjectId,
    pub runs: Vec<String>,
    pub metric: String,
    pub x_axis: XAxis,
    /// Visible range; `None` is all.
    pub x_range: Option<(f64, f64)>,
    /// Pixel columns.
    pub width: u32,
    pub smoothing: Smoothing,
    pub options: CurveOptions,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesView {
    pub run: String,
    /// Which session of a resumed run, from 0; sessions are told apart with [`Resumed::Split`].
    pub session: u32,
    /// How many sessions the run has.
    pub sessions: u32,
    /// Points not drawn: without an x, or overwritten by a later session.
    pub left_out: u64,
    /// Raw values, reduced: every minimum and maximum of a pixel column is kept.
    pub x: PackedF64,
    pub y: PackedF64,
    /// Smoothed over the full series, then reduced alike; empty without smoothing.
    pub smooth_x: PackedF64,
    pub smooth_y: PackedF64,
    /// x of points that are NaN, +infinity, -infinity.
    pub nan_x: PackedF64,
    pub pos_inf_x: PackedF64,
    pub neg_inf_x: PackedF64,
    /// Points drawn, and points logged in the visible range.
    pub drawn: u64,
    pub logged: u64,
    /// Points that cannot stand on a logarithmic axis.
    pub non_positive: u64,
    /// Steps repeat or go backwards.
    pub unordered: bool,
    /// Whole extent of x, for resetting the zoom.
    pub x_min: f64,
    pub x_max: f64,
}

/// What is drawn of a group of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BandKind {
    /// Mean, and one standard deviation (of the sample) to each side.
    #[default]
    MeanStd,
    /// Mean, smallest and largest.
    MinMax,
    /// Median, lower and upper quartile.
    Quartiles,
}

/// Runs that are summed up together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunGroup {
    pub label: String,
    pub runs: Vec<String>,
}

/// A band per group instead of a curve per run. Where a run has no point, its last value before
/// counts, from its first to its last point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetBands {
    pub project: ProjectId,
    pub groups: Vec<RunGroup>,
    pub metric: String,
    pub kind: BandKind,
    pub x_axis: XAxis,
    pub x_range: Option<(f64, f64)>,
    pub width: u32,
    /// Of each run, before they are summed up.
    pub smoothing: Smoothing,
    pub options: CurveOptions,
}

/// A group's band; the columns have equal length and are in x order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandView {
    pub label: String,
    pub x: PackedF64,
    /// Mean or median.
    pub middle: PackedF64,
    pub low: PackedF64,
    pub high: PackedF64,
    /// Runs with a finite value there.
    pub n: PackedF64,
    /// Runs of the group that have the metric.
    pub runs: u32,
    /// Places drawn, and places at which some run of the group logged.
    pub drawn: u64,
    pub logged: u64,
    pub x_min: f64,
    pub x_max: f64,
}

/// Values at (or last before) a place on the x axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetValuesAt {
    pub project: ProjectId,
    pub runs: Vec<String>,
    pub metrics: Vec<String>,
    pub x_axis: XAxis,
    pub x: f64,
    pub options: CurveOptions,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValuesAt {
    /// Per run, per metric: the nearest logged x at or before, and the value.
    pub values: Vec<Vec<Option<(f64, f64)>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChartFormat {
    Png,
    Svg,
    /// All points, not the reduced ones.
    Csv,
}

/// The chart as a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportChart {
    pub project: ProjectId,
    pub runs: Vec<ExportRun>,
    pub metric: String,
    pub x_axis: XAxis,
    pub x_range: Option<(f64, f64)>,
    pub log_y: bool,
    pub smoothing: Smoothing,
    pub options: CurveOptions,
    /// Bands over these groups instead of a curve per run, each in the colour of its first run.
    pub bands: Option<(BandKind, Vec<RunGroup>)>,
    pub format: ChartFormat,
    /// `System` is drawn light.
    pub theme: ThemeChoice,
    /// Pixels.
    pub width: u32,
    pub height: u32,
}

/// A run to draw, with the colour it has on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRun {
    pub id: String,
    /// `0xRRGGBB`.
    pub color: u32,
    pub label: String,
}
