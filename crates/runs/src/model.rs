//! What is known of a run without its points.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::series::{Series, Step, is_plain};

/// Without an end mark and without a write for this long a run counts as stale (ms).
pub const STALE_AFTER_MS: i64 = 10 * 60 * 1000;

/// Which tool's format a source is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// MLflow file store (`mlruns/`).
    MlflowFile,
    /// MLflow SQLite database.
    MlflowSqlite,
    /// MLflow tracking server, asked by REST.
    MlflowServer,
    /// TensorBoard event files.
    Tensorboard,
    /// Weights & Biases run files.
    Wandb,
    /// dvclive folder.
    Dvclive,
    /// Results that a `dvc.yaml` names and that are not dvclive's.
    Dvc,
    /// Trackio database.
    Trackio,
    /// Lightning CSVLogger.
    Lightning,
    /// Keras CSVLogger.
    Keras,
    /// Hugging Face Trainer state.
    HfTrainer,
    /// Ultralytics `results.csv`.
    Ultralytics,
    /// Sacred FileStorageObserver.
    Sacred,
    /// Neptune 2.x local data.
    Neptune2,
    /// Neptune 3.x local data.
    Neptune3,
    /// neptune-exporter Parquet.
    NeptuneExport,
    /// GoodSeed database.
    Goodseed,
    /// Plain comma- or semicolon-separated table.
    Csv,
    /// Plain tab-separated table.
    Tsv,
    /// JSON lines.
    Jsonl,
    /// Aim repository: recognised, its values are not read.
    Aim,
}

impl SourceKind {
    /// The name used in exports and filters.
    pub fn name(self) -> &'static str {
        match self {
            Self::MlflowFile => "mlflow-file",
            Self::MlflowSqlite => "mlflow-sqlite",
            Self::MlflowServer => "mlflow-server",
            Self::Tensorboard => "tensorboard",
            Self::Wandb => "wandb",
            Self::Dvclive => "dvclive",
            Self::Dvc => "dvc",
            Self::Trackio => "trackio",
            Self::Lightning => "lightning",
            Self::Keras => "keras",
            Self::HfTrainer => "hf-trainer",
            Self::Ultralytics => "ultralytics",
            Self::Sacred => "sacred",
            Self::Neptune2 => "neptune2",
            Self::Neptune3 => "neptune3",
            Self::NeptuneExport => "neptune-export",
            Self::Goodseed => "goodseed",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Jsonl => "jsonl",
            Self::Aim => "aim",
        }
    }
}

impl SourceKind {
    /// The names a filter knows it by: its own, then that of the tool all formats of which
    /// it means (`mlflow` for files, databases and servers).
    pub fn names(self) -> [&'static str; 2] {
        let tool = match self {
            Self::MlflowFile | Self::MlflowSqlite | Self::MlflowServer => "mlflow",
            Self::Neptune2 | Self::Neptune3 | Self::NeptuneExport => "neptune",
            other => other.name(),
        };
        [self.name(), tool]
    }
}

impl std::fmt::Display for SourceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a run is in its life.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Not ended, and written to within the last ten minutes; a log without end marks also has
    /// to have grown since it was found.
    Running,
    /// Planned, not begun.
    Scheduled,
    /// Ended well.
    Finished,
    /// Ended with an error.
    Failed,
    /// Stopped from outside.
    Killed,
    /// No end mark and no write for [`STALE_AFTER_MS`], or since it was found: nobody can tell.
    #[default]
    Stale,
}

impl RunState {
    /// The name used in exports and filters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Scheduled => "scheduled",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Stale => "stale",
        }
    }

    /// The state of a log that has no end mark and never will: running while it grows under our
    /// eyes, through pauses of up to [`STALE_AFTER_MS`]. A log that was only found is as likely a
    /// finished run's, however young its file is (a copy is as young), and must not look alive.
    pub(crate) fn of_log(last_ms: Option<i64>, grew: bool, now_ms: i64) -> Self {
        if grew {
            Self::without_end(last_ms, now_ms)
        } else {
            Self::Stale
        }
    }

    /// The state of a run without an end mark whose last sign of life was at `last_ms`.
    pub(crate) fn without_end(last_ms: Option<i64>, now_ms: i64) -> Self {
        match last_ms {
            Some(last) if now_ms.saturating_sub(last) <= STALE_AFTER_MS => Self::Running,
            _ => Self::Stale,
        }
    }
}

impl std::fmt::Display for RunState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Damage or an oddity in a run's files; the rest of the run is exact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The file it is in.
    pub file: PathBuf,
    /// Bytes from the start of the file, where a place can be named.
    pub offset: Option<u64>,
    /// What is wrong, in a sentence.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.offset {
            Some(offset) => write!(
                f,
                "{} at byte {offset}: {}",
                self.file.display(),
                self.message
            ),
            None => write!(f, "{}: {}", self.file.display(), self.message),
        }
    }
}

/// One metric of a run, summed up over all its points. Two summaries are equal when they
/// tell the same, NaN included.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MetricSummary {
    /// Value of the point with the greatest step, then time; of equals the last logged one,
    /// NaN losing such ties (for MLflow: the greatest value).
    pub last: Option<f64>,
    /// Step of `last`.
    pub last_step: Option<Step>,
    /// Time of `last`, Unix ms.
    pub last_time_ms: Option<i64>,
    /// Smallest finite value.
    pub min: Option<f64>,
    /// Step of `min`.
    pub min_step: Option<Step>,
    /// Largest finite value.
    pub max: Option<f64>,
    /// Step of `max`.
    pub max_step: Option<Step>,
    /// Points logged, non-finite ones included. 0 when only the last value is known yet (a
    /// large tracking server, until the series is read).
    pub count: u64,
    /// How many of them are NaN.
    pub nan: u64,
    /// How many of them are infinite (or the largest double, see [`is_plain`]).
    pub infinite: u64,
}

impl PartialEq for MetricSummary {
    fn eq(&self, other: &Self) -> bool {
        let bits = |value: Option<f64>| value.map(f64::to_bits);
        let places = |s: &Self| (s.last_step, s.last_time_ms, s.min_step, s.max_step);
        bits(self.last) == bits(other.last)
            && bits(self.min) == bits(other.min)
            && bits(self.max) == bits(other.max)
            && places(self) == places(other)
            && (self.count, self.nan, self.infinite) == (other.count, other.nan, other.infinite)
    }
}

impl MetricSummary {
    /// Of a whole series.
    pub fn of(series: &Series) -> Self {
        let mut summary = Self::default();
        series
            .iter()
            .for_each(|(step, time, value)| summary.add(step, time, value, false));
        summary
    }

    /// Adds the summary of points that come after those summed up here.
    pub(crate) fn merge(&mut self, later: &Self) {
        self.count += later.count;
        self.nan += later.nan;
        self.infinite += later.infinite;
        if later
            .min
            .is_some_and(|v| self.min.is_none_or(|min| v < min))
        {
            (self.min, self.min_step) = (later.min, later.min_step);
        }
        if later
            .max
            .is_some_and(|v| self.max.is_none_or(|max| v > max))
        {
            (self.max, self.max_step) = (later.max, later.max_step);
        }
        let place = |s: &Self| (s.last_step, s.last_time_ms);
        let tie_lost = place(later) == place(self) && later.last.is_some_and(f64::is_nan);
        if later.last.is_some() && place(later) >= place(self) && !tie_lost {
            (self.last, self.last_step, self.last_time_ms) =
                (later.last, later.last_step, later.last_time_ms);
        }
    }

    /// Takes one more point into account. `by_value` breaks ties as MLflow does.
    pub(crate) fn add(&mut self, step: Step, time_ms: Option<i64>, value: f64, by_value: bool) {
        self.count += 1;
        if value.is_nan() {
            self.nan += 1;
        } else if !is_plain(value) {
            self.infinite += 1;
        } else {
            if self.min.is_none_or(|min| value < min) {
                (self.min, self.min_step) = (Some(value), Some(step));
            }
            if self.max.is_none_or(|max| value > max) {
                (self.max, self.max_step) = (Some(value), Some(step));
            }
        }
        let newer = match (self.last, self.last_step) {
            (Some(last), Some(last_step)) => {
                let place = (step, time_ms).cmp(&(last_step, self.last_time_ms));
                place.is_gt()
                    || (place.is_eq()
                        && (last.is_nan() || (!value.is_nan() && (!by_value || value >= last))))
            }
            _ => true,
        };
        if newer {
            (self.last, self.last_step, self.last_time_ms) = (Some(value), Some(step), time_ms);
        }
    }
}

/// One run of any tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The tool's own id where it has one, else the path below the scanned folder. Unique
    /// within a source; the identity of a run is (source kind, source path, id).
    pub id: String,
    /// Name for people; not unique.
    pub name: String,
    /// The tool.
    pub source: SourceKind,
    /// The run's own file or folder.
    pub path: PathBuf,
    /// Where it is in its life.
    pub state: RunState,
    /// Begin, Unix ms.
    pub start_ms: Option<i64>,
    /// End, Unix ms.
    pub end_ms: Option<i64>,
    /// Parameters as the tool keeps them: text for MLflow, typed and nested for others.
    /// Numbers that JSON cannot hold are the texts `NaN`, `Infinity`, `-Infinity`.
    pub params: Map<String, Value>,
    /// Tags and the tool's own descriptive fields.
    pub tags: BTreeMap<String, String>,
    /// Metrics with points, by name.
    pub metrics: BTreeMap<String, MetricSummary>,
    /// Values that the tool summed up itself and that have no points (or differ from them).
    pub summary: Map<String, Value>,
    /// Damage found.
    pub problems: Vec<Problem>,
    /// Id of the parent run.
    pub parent: Option<String>,
    /// Experiment, project or group it belongs to.
    pub experiment: Option<String>,
    /// Data sets, as `name (digest)`.
    pub datasets: Vec<String>,
    /// Git commit of the code.
    pub git_commit: Option<String>,
    /// The user's note.
    pub note: Option<String>,
    /// Deleted in the tool but still on disk.
    pub deleted: bool,
    /// For a metric (or a pattern with `*`): the metric the tool wants as its x axis.
    pub step_metrics: BTreeMap<String, String>,
    /// Things listed but not read as numbers: kind (`image`, `histogram`, `text`, …) to names.
    pub other: BTreeMap<String, Vec<String>>,
}

impl Run {
    /// A run of which nothing is known yet.
    pub(crate) fn new(id: impl Into<String>, source: SourceKind, path: impl Into<PathBuf>) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            source,
            path: path.into(),
            state: RunState::default(),
            start_ms: None,
            end_ms: None,
            params: Map::new(),
            tags: BTreeMap::new(),
            metrics: BTreeMap::new(),
            summary: Map::new(),
            problems: Vec::new(),
            parent: None,
            experiment: None,
            datasets: Vec::new(),
            git_commit: None,
            note: None,
            deleted: false,
            step_metrics: BTreeMap::new(),
            other: BTreeMap::new(),
        }
    }

    /// Notes damage once; the same message at the same place is not repeated.
    pub(crate) fn report(
        &mut self,
        file: &std::path::Path,
        offset: Option<u64>,
        message: impl Into<String>,
    ) {
        let problem = Problem {
            file: file.to_path_buf(),
            offset,
            message: message.into(),
        };
        // A file of noise must not fill the memory with complaints about it.
        if self.problems.len() < 1000 && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Parameters with nested objects joined by `.`, in order, as text.
    pub fn flat_params(&self) -> Vec<(String, String)> {
        let mut flat = Vec::new();
        for (key, value) in &self.params {
            flatten(key.clone(), value, &mut flat);
        }
        flat
    }

    /// One parameter by its flat name, as text.
    pub fn param(&self, name: &str) -> Option<String> {
        if let Some(value) = self.params.get(name).filter(|v| !v.is_object()) {
            return Some(plain(value));
        }
        let mut parts = name.split('.');
        let mut value = self.params.get(parts.next()?)?;
        for part in parts {
            value = value.as_object()?.get(part)?;
        }
        (!value.is_object()).then(|| plain(value))
    }

    /// Seconds from begin to end, or to the last logged point while it has not ended.
    pub fn duration_ms(&self) -> Option<i64> {
        let end = self
            .end_ms
            .or_else(|| self.metrics.values().filter_map(|m| m.last_time_ms).max())?;
        end.checked_sub(self.start_ms?).filter(|ms| *ms >= 0)
    }
}

fn flatten(key: String, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                flatten(format!("{key}.{name}"), value, out);
            }
        }
        _ => out.push((key, plain(value))),
    }
}

/// A value as people write it: text without quotes, everything else as JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_of_everything_odd() {
        let mut series = Series::default();
        for (step, value) in [
            (0, 3.0),
            (5, f64::NAN),
            (2, -1.0),
            (5, 2.0),
            (4, f64::INFINITY),
            (5, f64::NAN),
        ] {
            series.push(Step::from(step), None, value);
        }
        let s = MetricSummary::of(&series);
        assert_eq!((s.count, s.nan, s.infinite), (6, 2, 1));
        assert_eq!((s.min, s.max), (Some(-1.0), Some(3.0)));
        assert_eq!(s.last, Some(2.0), "NaN loses the tie at step 5");
        assert_eq!(s.min_step, Some(Step::from(2)));
    }

    #[test]
    fn nested_params_have_flat_names() {
        let mut run = Run::new("r", SourceKind::Dvclive, "/x");
        run.params.insert(
            "model".into(),
            serde_json::json!({"depth": 4, "opt": {"name": "adam"}}),
        );
        run.params.insert("lr".into(), serde_json::json!(0.1));
        assert_eq!(run.param("model.opt.name").as_deref(), Some("adam"));
        assert_eq!(run.param("model"), None);
        assert_eq!(run.flat_params().len(), 3);
    }
}
