//! Reviews: a comparison of runs with notes and a verdict, kept as a file in the project together
//! with the data that it shows.

use serde::{Deserialize, Serialize};

use crate::{
    BandKind, BandView, CurveOptions, ExportRun, Plot, PlotView, ProjectId, RunGroup, RunsTable,
    SeriesView, Smoothing, ThemeChoice, XAxis,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Not decided yet.
    #[default]
    Open,
    Approved,
    Rejected,
}

/// What a review (or a report that is not kept) is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReviewSpec {
    pub name: String,
    pub verdict: Verdict,
    /// Paragraphs, with an empty line between them.
    pub note: String,
    /// The filter that was set, for the record.
    pub filter: String,
    /// How the screen was arranged, as it keeps that itself; given back as it is.
    pub view: String,
    /// In the order shown.
    pub runs: Vec<ExportRun>,
    pub charts: Vec<ReviewChart>,
    /// Plots over whole runs, after the charts.
    pub plots: Vec<ReviewPlot>,
}

/// How one chart is set up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewChart {
    pub metric: String,
    pub x_axis: XAxis,
    pub x_range: Option<(f64, f64)>,
    pub log_y: bool,
    pub smoothing: Smoothing,
    pub options: CurveOptions,
    /// Bands over these groups instead of a curve per run, each in the colour of its first run.
    pub bands: Option<(BandKind, Vec<RunGroup>)>,
}

/// A plot over the review's runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewPlot {
    pub plot: Plot,
    pub log_x: bool,
    pub log_y: bool,
}

/// A project's reviews, the one saved last first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListReviews {
    pub project: ProjectId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRow {
    /// Path below the project: `reviews/july.review.json`.
    pub file: String,
    pub name: String,
    pub verdict: Verdict,
    pub saved_ms: i64,
    pub runs: u32,
    pub charts: u32,
    /// A docs entry of the Kitfile packs it.
    pub packed: bool,
    /// Why it cannot be read, if so.
    pub problem: Option<String>,
}

/// Makes a review of what is there now and writes it. With `file`, that review is replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaveReview {
    pub project: ProjectId,
    pub file: Option<String>,
    pub spec: ReviewSpec,
}

/// Opens a review from its file alone; the trackers' files need not be there any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetReview {
    pub project: ProjectId,
    pub file: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewView {
    pub row: ReviewRow,
    pub created_ms: i64,
    /// Colours and labels are those of when it was saved.
    pub spec: ReviewSpec,
    /// Runs in the order of the spec with final values.
    pub table: RunsTable,
    /// Per chart of the spec: the curves as they were drawn.
    pub curves: Vec<Vec<SeriesView>>,
    /// Per chart: its bands as they were drawn; none for charts of curves.
    pub bands: Vec<Vec<BandView>>,
    /// Per plot of the spec: its figures as they were drawn.
    pub plots: Vec<PlotView>,
    /// Per chart: points drawn of points logged, smoothing, damage.
    pub honesty: Vec<String>,
}

/// Changes the words of a review, not its data. Another name gives the file another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditReview {
    pub project: ProjectId,
    pub file: String,
    pub name: String,
    pub verdict: Verdict,
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteReview {
    pub project: ProjectId,
    pub file: String,
}

/// Adds a review to the Kitfile's docs, or takes it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackReview {
    pub project: ProjectId,
    pub file: String,
    pub packed: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReportFormat {
    /// One file that needs nothing else.
    #[default]
    Html,
    /// One file with its pictures inside.
    Markdown,
}

/// A review as a file to hand on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReview {
    pub project: ProjectId,
    pub file: String,
    pub format: ReportFormat,
    /// Of the pictures; `System` is light.
    pub theme: ThemeChoice,
}

/// Writes a review as Markdown with pictures (SVG, PNG) and tables (CSV) beside it, in a folder next
/// to its file; answers the paths below the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteReview {
    pub project: ProjectId,
    pub file: String,
    pub theme: ThemeChoice,
}

/// A report of what is there now, without keeping it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportRuns {
    pub project: ProjectId,
    pub spec: ReviewSpec,
    pub format: ReportFormat,
    pub theme: ThemeChoice,
}

/// One chart of a review as a picture or its drawn points as CSV.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewChartFile {
    pub project: ProjectId,
    pub file: String,
    /// Place in [`ReviewSpec::charts`], then in [`ReviewSpec::plots`].
    pub chart: u32,
    pub format: crate::ChartFormat,
    pub theme: ThemeChoice,
}
