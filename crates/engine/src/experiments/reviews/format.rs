//! A review as its file keeps it: what was compared, what was said, and the data that was shown.

use std::collections::{BTreeMap, BTreeSet};

use kitbench_protocol as protocol;
use kitbench_protocol::{
    CurveOptions, ExportRun, PackedF64, ReviewChart, ReviewSpec, RunState, SeriesView, Smoothing,
    Verdict, XAxis,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kept::{Bands, KeptPlot};
use crate::experiments::columns;
use crate::experiments::record::{from_number, number};

/// The version of the format, in the field `kitbenchReview`.
pub const VERSION: u32 = 1;
/// Largest review that is opened, in bytes.
pub const MAX_BYTES: u64 = 256 << 20;

#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error("`{path}` is not a review: {problem}")]
    Malformed { path: String, problem: String },
    #[error("`{path}` was written by a newer Kitbench (its version {found}, ours {VERSION})")]
    Newer { path: String, found: u32 },
}

/// A review. Numbers that JSON cannot hold are the texts `NaN`, `Infinity`, `-Infinity`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// [`VERSION`].
    pub kitbench_review: u32,
    pub name: String,
    /// Name of the project.
    pub project: String,
    /// Unix ms.
    pub created_ms: i64,
    pub saved_ms: i64,
    pub verdict: Verdict,
    pub note: String,
    #[serde(default)]
    pub filter: String,
    /// How the screen was arranged.
    #[serde(default)]
    pub view: String,
    pub runs: Vec<ReviewRun>,
    pub charts: Vec<Drawn>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plots: Vec<KeptPlot>,
}

/// A run with its final values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReviewRun {
    /// As in the runs table.
    pub id: String,
    pub name: String,
    /// `#56b4e9`.
    pub colour: String,
    pub source: String,
    pub path: String,
    pub state: String,
    pub start_ms: Option<i64>,
    pub end_ms: Option<i64>,
    pub duration_ms: Option<i64>,
    pub experiment: Option<String>,
    pub git_commit: Option<String>,
    pub datasets: Vec<String>,
    pub starred: bool,
    pub note: String,
    pub params: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub metrics: BTreeMap<String, Final>,
    pub problems: Vec<String>,
}

/// A metric summed up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Final {
    pub last: Value,
    pub last_step: Value,
    pub min: Value,
    pub min_step: Value,
    pub max: Value,
    pub max_step: Value,
    pub count: u64,
}

/// A chart as it was drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drawn {
    pub metric: String,
    pub x_axis: XAxis,
    #[serde(default)]
    pub x_range: Option<(f64, f64)>,
    #[serde(default)]
    pub log_y: bool,
    pub smoothing: Smoothing,
    #[serde(default)]
    pub options: CurveOptions,
    pub curves: Vec<Curve>,
    /// Drawn in their place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<Bands>,
}

/// A line: points `[x, y]`.
pub type Stretch = Vec<[f64; 2]>;

/// One run's curve, reduced to what was drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Curve {
    /// [`ReviewRun::id`].
    pub run: String,
    pub session: u32,
    pub sessions: u32,
    pub left_out: u64,
    /// Lines without gaps; every minimum and maximum of a pixel column is kept.
    pub raw: Vec<Stretch>,
    pub smooth: Vec<Stretch>,
    /// x of NaN, +infinity, -infinity.
    pub nan: Vec<f64>,
    pub pos_inf: Vec<f64>,
    pub neg_inf: Vec<f64>,
    /// Points drawn, and logged in the range.
    pub drawn: u64,
    pub logged: u64,
    pub non_positive: u64,
    pub unordered: bool,
    pub extent: (f64, f64),
}

impl Curve {
    pub fn new(view: &SeriesView) -> Curve {
        Curve {
            run: view.run.clone(),
            session: view.session,
            sessions: view.sessions,
            left_out: view.left_out,
            raw: stretches(&view.x, &view.y),
            smooth: stretches(&view.smooth_x, &view.smooth_y),
            nan: view.nan_x.to_vec(),
            pos_inf: view.pos_inf_x.to_vec(),
            neg_inf: view.neg_inf_x.to_vec(),
            drawn: view.drawn,
            logged: view.logged,
            non_positive: view.non_positive,
            unordered: view.unordered,
            extent: (view.x_min, view.x_max),
        }
    }

    pub fn view(&self) -> SeriesView {
        let (x, y) = crate::experiments::series::pack(&self.raw);
        let (smooth_x, smooth_y) = crate::experiments::series::pack(&self.smooth);
        SeriesView {
            run: self.run.clone(),
            session: self.session,
            sessions: self.sessions,
            left_out: self.left_out,
            x,
            y,
            smooth_x,
            smooth_y,
            nan_x: self.nan.as_slice().into(),
            pos_inf_x: self.pos_inf.as_slice().into(),
            neg_inf_x: self.neg_inf.as_slice().into(),
            drawn: self.drawn,
            logged: self.logged,
            non_positive: self.non_positive,
            unordered: self.unordered,
            x_min: self.extent.0,
            x_max: self.extent.1,
        }
    }
}

/// Columns with a NaN where the pen is lifted, as lines.
fn stretches(x: &PackedF64, y: &PackedF64) -> Vec<Stretch> {
    let mut lines = vec![Vec::new()];
    for (x, y) in x.iter().zip(y.iter()) {
        if x.is_nan() {
            lines.push(Vec::new());
        } else if let Some(line) = lines.last_mut() {
            line.push([x, y]);
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

impl Final {
    pub fn new(metric: &protocol::MetricSummary) -> Final {
        let step = |step: Option<f64>| step.map_or(Value::Null, number);
        Final {
            last: number(metric.last),
            last_step: step(metric.last_step),
            min: number(metric.min),
            min_step: step(metric.min_step),
            max: number(metric.max),
            max_step: step(metric.max_step),
            count: metric.count,
        }
    }

    fn summary(&self) -> Option<protocol::MetricSummary> {
        Some(protocol::MetricSummary {
            last: from_number(&self.last)?,
            last_step: from_number(&self.last_step),
            min: from_number(&self.min).unwrap_or(f64::NAN),
            min_step: from_number(&self.min_step),
            max: from_number(&self.max).unwrap_or(f64::NAN),
            max_step: from_number(&self.max_step),
            count: self.count,
            spark: PackedF64::default(),
        })
    }
}

/// `0x56B4E9` as `#56b4e9`.
pub fn colour_text(colour: u32) -> String {
    format!("#{:06x}", colour & 0xFF_FFFF)
}

/// The inverse; grey for what is no colour.
pub fn colour_of(text: &str) -> u32 {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    digits
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .unwrap_or(0x80_8080)
}

/// The word for a state in files.
pub fn state_text(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Finished => "finished",
        RunState::Failed => "failed",
        RunState::Killed => "killed",
        RunState::Stale => "stale",
        RunState::Unknown => "unknown",
    }
}

fn state_of(text: &str) -> RunState {
    match text {
        "running" => RunState::Running,
        "finished" => RunState::Finished,
        "failed" => RunState::Failed,
        "killed" => RunState::Killed,
        "stale" => RunState::Stale,
        _ => RunState::Unknown,
    }
}

impl Review {
    /// # Errors
    /// [`ReviewError`]; `path` names the file in it.
    pub fn parse(bytes: &[u8], path: &str) -> Result<Review, ReviewError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            kitbench_review: u32,
        }
        let malformed = |error: serde_json::Error| ReviewError::Malformed {
            path: path.to_owned(),
            problem: error.to_string(),
        };
        let version: Version = serde_json::from_slice(bytes).map_err(malformed)?;
        if version.kitbench_review > VERSION {
            return Err(ReviewError::Newer {
                path: path.to_owned(),
                found: version.kitbench_review,
            });
        }
        serde_json::from_slice(bytes).map_err(malformed)
    }

    /// The file's text: JSON on one line per run and curve would serve a diff, but no person reads
    /// the points; it is as small as JSON gets.
    pub fn text(&self) -> String {
        // Plain maps and texts always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What it was made of.
    pub fn spec(&self) -> ReviewSpec {
        ReviewSpec {
            name: self.name.clone(),
            verdict: self.verdict,
            note: self.note.clone(),
            filter: self.filter.clone(),
            view: self.view.clone(),
            runs: self
                .runs
                .iter()
                .map(|run| ExportRun {
                    id: run.id.clone(),
                    color: colour_of(&run.colour),
                    label: run.name.clone(),
                })
                .collect(),
            charts: self.charts.iter().map(Drawn::setup).collect(),
            plots: self.plots.iter().map(|kept| kept.plot.clone()).collect(),
        }
    }

    /// The runs with final values.
    pub fn table(&self) -> protocol::RunsTable {
        let mut names: Vec<(&String, bool)> = {
            let all: BTreeSet<&String> =
                self.runs.iter().flat_map(|run| run.params.keys()).collect();
            all.into_iter()
                .map(|name| {
                    let values: BTreeSet<Option<&String>> =
                        self.runs.iter().map(|run| run.params.get(name)).collect();
                    (name, values.len() > 1)
                })
                .collect()
        };
        // Those that differ first, as in the runs table.
        names.sort_by_key(|(_, differs)| !differs);
        let metrics: BTreeSet<&String> = self
            .runs
            .iter()
            .flat_map(|run| run.metrics.keys())
            .collect();
        let row = |run: &ReviewRun| protocol::RunRow {
            id: run.id.clone(),
            name: run.name.clone(),
            source: run.source.clone(),
            path: run.path.clone(),
            state: state_of(&run.state),
            start_ms: run.start_ms,
            end_ms: run.end_ms,
            params: names
                .iter()
                .map(|(name, _)| run.params.get(*name).cloned())
                .collect(),
            metrics: metrics
                .iter()
                .map(|name| run.metrics.get(*name).and_then(Final::summary))
                .collect(),
            tags: run
                .tags
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            problems: run.problems.clone(),
            parent: None,
            git_commit: run.git_commit.clone(),
            duration_ms: run.duration_ms,
            experiment: run.experiment.clone(),
            datasets: run.datasets.clone(),
            kits: Vec::new(),
        };
        protocol::RunsTable {
            runs: self.runs.iter().map(row).collect(),
            total_runs: self.runs.len() as u32,
            params: names
                .iter()
                .map(|(name, differs)| protocol::ParamColumn {
                    name: (*name).clone(),
                    differs: *differs,
                })
                .collect(),
            metrics: metrics
                .iter()
                .map(|name| protocol::MetricColumn {
                    name: (*name).clone(),
                    better: columns::better(name),
                    runs: self
                        .runs
                        .iter()
                        .filter(|run| run.metrics.contains_key(*name))
                        .count() as u32,
                })
                .collect(),
            ..protocol::RunsTable::default()
        }
    }
}

impl Drawn {
    /// How it was set up.
    pub fn setup(&self) -> ReviewChart {
        ReviewChart {
            metric: self.metric.clone(),
            x_axis: self.x_axis,
            x_range: self.x_range,
            log_y: self.log_y,
            smoothing: self.smoothing,
            options: self.options.clone(),
            bands: self.bands.as_ref().map(Bands::setup),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_review_is_refused() {
        for text in ["", "[]", "{}", "{\"kitbenchReview\": 1}"] {
            let error = Review::parse(text.as_bytes(), "reviews/a").unwrap_err();
            assert!(error.to_string().contains("reviews/a"), "{error}");
        }
        let newer = Review::parse(b"{\"kitbenchReview\": 9}", "a").unwrap_err();
        assert!(matches!(newer, ReviewError::Newer { found: 9, .. }));
    }

    #[test]
    fn colours_and_gaps_read_back() {
        assert_eq!(colour_of(&colour_text(0x56_B4E9)), 0x56_B4E9);
        assert_eq!(colour_of("red"), 0x80_8080);
        let view = SeriesView {
            x: [1.0, 2.0, f64::NAN, 4.0].as_slice().into(),
            y: [1.0, 2.0, f64::NAN, -4.0].as_slice().into(),
            nan_x: [3.0].as_slice().into(),
            run: "a".into(),
            session: 0,
            sessions: 1,
            left_out: 0,
            smooth_x: PackedF64::default(),
            smooth_y: PackedF64::default(),
            pos_inf_x: PackedF64::default(),
            neg_inf_x: PackedF64::default(),
            drawn: 3,
            logged: 4,
            non_positive: 1,
            unordered: false,
            x_min: 1.0,
            x_max: 4.0,
        };
        let text = serde_json::to_string(&Curve::new(&view)).unwrap();
        let back: Curve = serde_json::from_str(&text).unwrap();
        assert_eq!(back.view(), view);
    }
}
