//! The record of a run that travels inside a ModelKit: a small JSON file in a docs layer, so that
//! whoever has the kit, with whichever tool, knows which run made it. Kitbench reads it back as
//! a run.
//!
//! The file is the same for the same run, so packing twice gives the same layer. Tags that the
//! tool keeps for itself (`mlflow.user`, paths of the computer) are left out: a kit is published.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kitbench_runs::{
    MetricSummary, Problem, Reader, Refresh, Run, RunState, RunsError, Series, Source, SourceKind,
    Step,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where the record lies in a project, the first place that `.kitignore` lets through.
pub const PLACES: [&str; 2] = [".kitbench/run.json", "kitbench-run.json"];
/// The version of the format, in the field `kitbenchRun`.
pub const VERSION: u32 = 1;
/// Largest record that is read back.
pub const MAX_BYTES: u64 = 16 << 20;
/// Pieces a curve is cut into; of each the first, lowest, highest and last point are kept.
const PIECES: usize = 48;
/// Metrics recorded with their course; further ones with their figures alone.
const MOST_CURVES: usize = 200;

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("`{path}` is not the record of a run: {problem}")]
    Malformed { path: String, problem: String },
    #[error("`{path}` was written by a newer Kitbench (its version {found}, ours {VERSION})")]
    Newer { path: String, found: u32 },
}

/// A run as a kit carries it. Numbers that JSON cannot hold are the texts `NaN`, `Infinity`,
/// `-Infinity`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// [`VERSION`].
    pub kitbench_run: u32,
    /// The tool's own id.
    pub id: String,
    pub name: String,
    /// The tool, as in exports: `mlflow-file`, `tensorboard` ….
    pub source: String,
    /// The run's own file or folder, relative to the project.
    pub path: String,
    pub state: RunState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<String>,
    /// Unix ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_commit: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub params: Map<String, Value>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    pub metrics: BTreeMap<String, MetricRecord>,
    /// Damage of the run's files when it was recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// One metric of a [`RunRecord`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricRecord {
    /// By the tool's own rule for "latest".
    pub last: Value,
    #[serde(default)]
    pub last_step: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub min: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub min_step: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub max: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub max_step: Value,
    /// Points logged.
    pub count: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub nan: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub infinite: u64,
    /// `[step, time in ms or null, value]`, a part of those logged when there are many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<[Value; 3]>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A number as JSON; what JSON has no number for is a text.
pub fn number(value: f64) -> Value {
    match serde_json::Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => "NaN".into(),
        None if value > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

/// The inverse of [`number`].
pub fn from_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

fn step_value(step: Step) -> Value {
    match step.micro {
        0 => step.whole.into(),
        _ => number(step.as_f64()),
    }
}

fn from_step(value: &Value) -> Option<Step> {
    match value.as_i64() {
        Some(whole) => Some(Step::from(whole)),
        None => Step::from_f64(from_number(value)?),
    }
}

/// Places of the points that stand for a series: all of a short one.
fn kept(series: &Series) -> Vec<usize> {
    let count = series.len();
    if count <= PIECES * 4 {
        return (0..count).collect();
    }
    let size = count.div_ceil(PIECES);
    let mut kept = Vec::new();
    for start in (0..count).step_by(size) {
        let end = (start + size).min(count);
        let mut piece = vec![start, end - 1];
        let finite = || {
            (start..end).filter_map(|at| {
                let value = series.values.get(at).copied()?;
                value.is_finite().then_some((at, value))
            })
        };
        piece.extend(
            finite()
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .map(|(at, _)| at),
        );
        piece.extend(
            finite()
                .max_by(|a, b| a.1.total_cmp(&b.1))
                .map(|(at, _)| at),
        );
        piece.sort_unstable();
        piece.dedup();
        kept.extend(piece);
    }
    kept
}

fn metric_record(summary: &MetricSummary, series: Option<&Series>) -> MetricRecord {
    let value = |value: Option<f64>| value.map_or(Value::Null, number);
    let step = |step: Option<Step>| step.map_or(Value::Null, step_value);
    let points = series.map(|series| {
        let point = |at| {
            let (step, time, value) = series.point(at)?;
            Some([
                step_value(step),
                time.map_or(Value::Null, Into::into),
                number(value),
            ])
        };
        kept(series).into_iter().filter_map(point).collect()
    });
    MetricRecord {
        last: value(summary.last),
        last_step: step(summary.last_step),
        min: value(summary.min),
        min_step: step(summary.min_step),
        max: value(summary.max),
        max_step: step(summary.max_step),
        count: summary.count,
        nan: summary.nan,
        infinite: summary.infinite,
        points: points.unwrap_or_default(),
    }
}

fn summary(metric: &MetricRecord) -> MetricSummary {
    MetricSummary {
        last: from_number(&metric.last),
        last_step: from_step(&metric.last_step),
        last_time_ms: metric.points.last().and_then(|point| point[1].as_i64()),
        min: from_number(&metric.min),
        min_step: from_step(&metric.min_step),
        max: from_number(&metric.max),
        max_step: from_step(&metric.max_step),
        count: metric.count,
        nan: metric.nan,
        infinite: metric.infinite,
    }
}

impl RunRecord {
    /// Of a run in the project at `root`. `series` gives the points of a metric; where it cannot,
    /// the figures stand alone.
    pub fn new(
        run: &Run,
        root: &Path,
        series: &mut dyn FnMut(&str) -> Option<std::sync::Arc<Series>>,
    ) -> RunRecord {
        let path = run.path.strip_prefix(root).unwrap_or(&run.path);
        let parts: Vec<_> = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        let mut metrics = BTreeMap::new();
        for (at, (name, summary)) in run.metrics.iter().enumerate() {
            let series = (at < MOST_CURVES).then(|| series(name)).flatten();
            metrics.insert(name.clone(), metric_record(summary, series.as_deref()));
        }
        RunRecord {
            kitbench_run: VERSION,
            id: run.id.clone(),
            name: run.name.clone(),
            source: run.source.name().into(),
            path: parts.join("/"),
            state: run.state,
            experiment: run.experiment.clone(),
            start_ms: run.start_ms,
            end_ms: run.end_ms,
            git_commit: run.git_commit.clone(),
            datasets: run.datasets.clone(),
            note: run.note.clone().filter(|note| !note.is_empty()),
            params: run.params.clone(),
            tags: run
                .tags
                .iter()
                .filter(|(name, _)| !name.starts_with("mlflow."))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            metrics,
            problems: run
                .problems
                .iter()
                .map(|problem| problem.message.clone())
                .collect(),
        }
    }

    /// The file's bytes: JSON with a field, parameter or metric per line, and a line end.
    pub fn bytes(&self) -> Vec<u8> {
        // Plain maps and texts always have a JSON form.
        let value = serde_json::to_value(self).unwrap_or_default();
        let mut out = lines(&value, 2, "").into_bytes();
        out.push(b'\n');
        out
    }

    /// Reads a record back; `path` names it in errors.
    ///
    /// # Errors
    /// [`RecordError::Malformed`] if it is something else, [`RecordError::Newer`].
    pub fn parse(bytes: &[u8], path: &str) -> Result<RunRecord, RecordError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            kitbench_run: u32,
        }
        let malformed = |error: serde_json::Error| RecordError::Malformed {
            path: path.to_owned(),
            problem: error.to_string(),
        };
        let version: Version = serde_json::from_slice(bytes).map_err(malformed)?;
        if version.kitbench_run > VERSION {
            return Err(RecordError::Newer {
                path: path.to_owned(),
                found: version.kitbench_run,
            });
        }
        serde_json::from_slice(bytes).map_err(malformed)
    }

    /// The tool; a name this Kitbench does not know is shown as JSON lines.
    pub fn kind(&self) -> SourceKind {
        serde_json::from_value(Value::String(self.source.clone())).unwrap_or(SourceKind::Jsonl)
    }

    /// The run as readers give it.
    pub fn run(&self) -> Run {
        Run {
            id: self.id.clone(),
            name: self.name.clone(),
            source: self.kind(),
            path: PathBuf::from(&self.path),
            state: match self.state {
                // It ran when the kit was packed; nobody can tell from the kit how it ended.
                RunState::Running => RunState::Stale,
                state => state,
            },
            start_ms: self.start_ms,
            end_ms: self.end_ms,
            params: self.params.clone(),
            tags: self.tags.clone(),
            metrics: self
                .metrics
                .iter()
                .map(|(name, metric)| (name.clone(), summary(metric)))
                .collect(),
            summary: Map::new(),
            problems: self
                .problems
                .iter()
                .map(|message| Problem {
                    file: PathBuf::from(&self.path),
                    offset: None,
                    message: message.clone(),
                })
                .collect(),
            parent: None,
            experiment: self.experiment.clone(),
            datasets: self.datasets.clone(),
            git_commit: self.git_commit.clone(),
            note: self.note.clone(),
            deleted: false,
            step_metrics: BTreeMap::new(),
            other: BTreeMap::new(),
        }
    }

    /// The points recorded of a metric.
    pub fn series(&self, metric: &str) -> Option<Series> {
        let mut series = Series::default();
        for [step, time, value] in &self.metrics.get(metric)?.points {
            if let (Some(step), Some(value)) = (from_step(step), from_number(value)) {
                series.push(step, time.as_i64(), value);
            }
        }
        Some(series)
    }
}

/// Objects down to `depth` with a field per line, what lies deeper on that line.
fn lines(value: &Value, depth: usize, indent: &str) -> String {
    let Value::Object(fields) = value else {
        return value.to_string();
    };
    if depth == 0 || fields.is_empty() {
        return value.to_string();
    }
    let inner = format!("{indent}  ");
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| {
            let name = Value::String(name.clone());
            format!("{inner}{name}: {}", lines(value, depth - 1, &inner))
        })
        .collect();
    format!("{{\n{}\n{indent}}}", fields.join(",\n"))
}

/// A [`RunRecord`] as a source of one run.
pub struct RecordReader {
    source: Source,
    run: Run,
    record: RunRecord,
}

impl RecordReader {
    /// `path` is where it was read from.
    pub fn new(record: RunRecord, path: &Path, root: &Path) -> RecordReader {
        RecordReader {
            source: Source {
                kind: record.kind(),
                path: path.to_path_buf(),
                root: root.to_path_buf(),
                runs: Some(1),
            },
            run: record.run(),
            record,
        }
    }
}

impl Reader for RecordReader {
    fn source(&self) -> &Source {
        &self.source
    }

    fn runs(&self) -> Vec<&Run> {
        vec![&self.run]
    }

    /// A kit does not change.
    fn refresh(&mut self) -> Result<Refresh, RunsError> {
        Ok(Refresh::default())
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        if run != self.run.id {
            return Err(RunsError::UnknownRun {
                path: self.source.path.clone(),
                run: run.to_owned(),
            });
        }
        self.record
            .series(key)
            .ok_or_else(|| RunsError::UnknownMetric {
                run: run.to_owned(),
                key: key.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn wine() -> Vec<Box<dyn Reader>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/examples/wine");
        let found = kitbench_runs::scan(&folder).unwrap();
        found
            .sources
            .iter()
            .map(|source| kitbench_runs::open(source).unwrap())
            .collect()
    }

    /// What a kit says of a run is what the tracker said, for every run of the example.
    #[test]
    fn a_record_reads_back_as_the_run() {
        let mut seen = 0;
        for reader in wine() {
            for run in reader.runs() {
                let root = reader.source().root.clone();
                let mut series = |key: &str| reader.series(&run.id, key).ok().map(Arc::new);
                let record = RunRecord::new(run, &root, &mut series);
                let bytes = record.bytes();
                assert_eq!(bytes, RunRecord::new(run, &root, &mut series).bytes());
                let back = RunRecord::parse(&bytes, "run.json").unwrap();
                assert_eq!(back, record);
                let other = RecordReader::new(back, Path::new("run.json"), Path::new("."));
                let read = other.run(&run.id).unwrap();
                assert_eq!(read.params, run.params);
                assert_eq!(
                    (read.start_ms, read.end_ms, read.state),
                    (run.start_ms, run.end_ms, run.state)
                );
                for (key, summary) in &run.metrics {
                    assert_eq!(&read.metrics[key], summary, "{key}");
                    let (all, kept) = (
                        reader.series(&run.id, key).unwrap(),
                        other.series(&run.id, key).unwrap(),
                    );
                    assert!(kept.len() <= PIECES * 4 && !kept.is_empty());
                    assert_eq!(kept.iter().next(), all.iter().next());
                    assert_eq!(kept.iter().last(), all.iter().last());
                }
                assert!(!record.path.starts_with('/'), "{}", record.path);
                assert!(record.tags.keys().all(|tag| !tag.starts_with("mlflow.")));
                seen += 1;
            }
        }
        assert!(seen > 10, "{seen}");
    }

    #[test]
    fn long_and_odd_curves_keep_their_ends_and_extremes() {
        let mut series = Series::default();
        for step in 0..100_000 {
            let value = match step {
                77_777 => 9.0,
                500 => f64::NAN,
                501 => f64::NEG_INFINITY,
                _ => 1.0,
            };
            series.push(Step::from(step), None, value);
        }
        series.push(Step::from(i64::MAX), Some(5), f64::INFINITY);
        let mut run = wine().remove(0).runs().remove(0).clone();
        run.metrics = BTreeMap::from([("m".to_owned(), MetricSummary::of(&series))]);
        let series = Arc::new(series);
        let record = RunRecord::new(&run, Path::new("/"), &mut |_| Some(series.clone()));
        let back = RunRecord::parse(&record.bytes(), "run.json").unwrap();
        assert_eq!(back.run().metrics["m"], run.metrics["m"]);
        let kept = back.series("m").unwrap();
        assert!(kept.len() <= PIECES * 4 + 4);
        assert!(kept.values.contains(&9.0));
        assert_eq!(
            kept.iter().last(),
            Some((Step::from(i64::MAX), Some(5), f64::INFINITY))
        );
        assert!(record.bytes().len() < 20_000);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for text in [
            "",
            "{}",
            "[1]",
            "{\"kitbenchRun\": 1}",
            "{\"kitbenchRun\": \"x\"}",
        ] {
            let error = RunRecord::parse(text.as_bytes(), "a/run.json").unwrap_err();
            assert!(error.to_string().contains("a/run.json"), "{error}");
        }
        let newer = RunRecord::parse(b"{\"kitbenchRun\": 2}", "run.json").unwrap_err();
        assert!(matches!(newer, RecordError::Newer { found: 2, .. }));
    }
}
