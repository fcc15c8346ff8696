//! Charts over whole runs instead of over steps: scatter, box and violin, bar, correlation,
//! parallel coordinates.

use serde::{Deserialize, Serialize};

use crate::{ChartFormat, ProjectId, ThemeChoice};

/// Which value of a metric stands for a run.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum Pick {
    /// By the tracker's own rule for "latest".
    #[default]
    Last,
    Min,
    Max,
}

/// Something each run has one value of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Quantity {
    Param(String),
    Metric(String, Pick),
    Tag(String),
    Source,
    State,
    /// Seconds.
    Duration,
}

/// Which runs a plot is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunChoice {
    /// All that a filter lets through.
    Listed(String),
    These(Vec<String>),
}

/// A way to correlate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Correlation {
    /// Of ranks: any monotonous relation.
    #[default]
    Spearman,
    /// Of values: a straight relation.
    Pearson,
}

/// An axis of parallel coordinates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlotAxis {
    pub quantity: Quantity,
    /// The largest value at the bottom.
    pub flipped: bool,
}

/// What to plot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Plot {
    /// A point per run.
    Scatter { x: Quantity, y: Quantity },
    /// Quartiles per group, or their density.
    Boxes {
        value: Quantity,
        group: Option<Quantity>,
        violin: bool,
    },
    /// A bar per run.
    Bars { value: Quantity },
    /// Each parameter against one metric.
    Correlation { with: Quantity, method: Correlation },
    /// A line per run over all axes.
    Parallel { axes: Vec<PlotAxis> },
}

/// A plot's figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetPlot {
    pub project: ProjectId,
    pub runs: RunChoice,
    pub plot: Plot,
}

/// A plot as figures; runs are told by id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlotView {
    /// Runs asked for.
    pub runs: u32,
    /// Runs that lack a value (or have one that is not finite) and are in no figure.
    pub left_out: u32,
    pub what: PlotFigures,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PlotFigures {
    Scatter {
        points: Vec<ScatterPoint>,
        /// Words along an axis whose values are no numbers; a point's place is its index.
        x_words: Option<Vec<String>>,
        y_words: Option<Vec<String>>,
        /// Over the points; `None` where an axis has words or too few points differ.
        spearman: Option<f64>,
        pearson: Option<f64>,
    },
    Boxes(Vec<BoxFigures>),
    Bars(Vec<(String, f64)>),
    Correlation(Vec<Correlated>),
    Parallel(Vec<ParallelFigures>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScatterPoint {
    pub run: String,
    pub x: f64,
    pub y: f64,
}

/// A group's distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoxFigures {
    pub label: String,
    pub q1: f64,
    pub median: f64,
    pub q3: f64,
    pub mean: f64,
    /// Furthest values within 1.5 times the box from it (Tukey).
    pub low: f64,
    pub high: f64,
    /// Every run's value; those beyond the whiskers are outliers.
    pub values: Vec<(String, f64)>,
    /// Density over values, its largest being 1; empty for boxes and for fewer than three values.
    pub density: Vec<(f64, f64)>,
}

/// A parameter against a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correlated {
    pub param: String,
    /// -1 to 1; `None` says in `why` why there is none.
    pub coefficient: Option<f64>,
    /// Runs that have both.
    pub n: u32,
    pub why: Option<String>,
}

/// An axis of parallel coordinates and where each run crosses it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParallelFigures {
    pub name: String,
    /// Run, and share of the axis from its bottom.
    pub at: Vec<(String, f64)>,
    pub words: Option<Vec<String>>,
    pub low: f64,
    pub high: f64,
    pub flipped: bool,
}

/// A plot as a file. CSV holds its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportPlot {
    pub project: ProjectId,
    pub runs: RunChoice,
    pub plot: Plot,
    /// Runs with a colour of their own (`0xRRGGBB`) and label; others are drawn grey.
    pub colors: Vec<crate::ExportRun>,
    pub log_x: bool,
    pub log_y: bool,
    pub format: ChartFormat,
    /// `System` is drawn light.
    pub theme: ThemeChoice,
    /// Pixels.
    pub width: u32,
    pub height: u32,
}
