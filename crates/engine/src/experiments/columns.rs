//! The runs table: which columns there are and what stands in them.

use std::collections::{BTreeMap, BTreeSet};

use kitbench_protocol as protocol;
use kitbench_protocol::{Better, MetricColumn, PackedF64, ParamColumn, RunRow, RunsTable};
use kitbench_runs::filter::Filter;
use kitbench_runs::{MetricSummary, RunState, SourceKind};

use super::{FoundRun, ProjectRuns};

/// Values in a trend line: one per three pixels of its cell.
const SPARK_POINTS: usize = 32;
/// Reading every series for a trend would defeat a fast first look; past this many
/// rows the trend is asked for chart by chart instead.
const SPARK_RUNS: usize = 60;
/// Metrics with a trend in the table.
const SPARK_METRICS: usize = 12;

/// Name of a source as people know the tool.
pub fn source_name(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::MlflowFile | SourceKind::MlflowSqlite | SourceKind::MlflowServer => "MLflow",
        SourceKind::Tensorboard => "TensorBoard",
        SourceKind::Wandb => "W&B",
        SourceKind::Dvclive => "DVCLive",
        SourceKind::Dvc => "DVC",
        SourceKind::Trackio => "Trackio",
        SourceKind::Lightning => "Lightning",
        SourceKind::Keras => "Keras",
        SourceKind::HfTrainer => "HF Trainer",
        SourceKind::Ultralytics => "Ultralytics",
        SourceKind::Sacred => "Sacred",
        SourceKind::Neptune2 | SourceKind::Neptune3 | SourceKind::NeptuneExport => "Neptune",
        SourceKind::Goodseed => "GoodSeed",
        SourceKind::Csv => "CSV",
        SourceKind::Tsv => "TSV",
        SourceKind::Jsonl => "JSON lines",
        SourceKind::Aim => "Aim",
    }
}

pub fn table(found: &[FoundRun<'_>], filter: Option<&Filter>) -> RunsTable {
    let params: Vec<BTreeMap<String, String>> = found
        .iter()
        .map(|found| found.run.flat_params().into_iter().collect())
        .collect();
    let param_columns = param_columns(&params);
    let metric_columns = metric_columns(found);
    let listed = |found: &FoundRun<'_>| filter.is_none_or(|filter| filter.matches(found.run));
    let runs = found
        .iter()
        .zip(&params)
        .filter(|(found, _)| listed(found))
        .map(|(found, params)| row(found, params, &param_columns, &metric_columns))
        .collect();
    RunsTable {
        runs,
        total_runs: found.len() as u32,
        params: param_columns,
        metrics: metric_columns,
        ..RunsTable::default()
    }
}

/// All parameter names, those that differ between runs first. A parameter that some
/// runs lack differs.
fn param_columns(params: &[BTreeMap<String, String>]) -> Vec<ParamColumn> {
    let names: BTreeSet<&String> = params.iter().flat_map(BTreeMap::keys).collect();
    let mut columns: Vec<ParamColumn> = names
        .into_iter()
        .map(|name| {
            let values: BTreeSet<Option<&String>> =
                params.iter().map(|run| run.get(name)).collect();
            ParamColumn {
                name: name.clone(),
                differs: values.len() > 1,
            }
        })
        .collect();
    columns.sort_by_key(|column| !column.differs);
    columns
}

fn metric_columns(found: &[FoundRun<'_>]) -> Vec<MetricColumn> {
    let mut counts: BTreeMap<&String, u32> = BTreeMap::new();
    for found in found {
        for name in found.run.metrics.keys() {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts
        .into_iter()
        .map(|(name, runs)| MetricColumn {
            name: name.clone(),
            better: better(name),
            runs,
        })
        .collect()
}

/// Which direction is better, from the name. Unknown rather than wrong: a best value is
/// only marked where the direction is known.
pub fn better(name: &str) -> Better {
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&[
        "loss",
        "error",
        "perplexity",
        "rmse",
        "mse",
        "mae",
        "wer",
        "cer",
        "fid",
        "nll",
    ]) {
        Better::Lower
    } else if has(&[
        "acc",
        "f1",
        "auc",
        "precision",
        "recall",
        "map",
        "bleu",
        "rouge",
        "reward",
        "score",
        "r2",
        "iou",
        "dice",
    ]) {
        Better::Higher
    } else {
        Better::Unknown
    }
}

fn row(
    found: &FoundRun<'_>,
    params: &BTreeMap<String, String>,
    param_columns: &[ParamColumn],
    metric_columns: &[MetricColumn],
) -> RunRow {
    let run = found.run;
    RunRow {
        id: found.id.clone(),
        name: run.name.clone(),
        source: source_name(run.source).into(),
        path: run.path.display().to_string(),
        state: state(run.state),
        start_ms: run.start_ms,
        end_ms: run.end_ms,
        params: param_columns
            .iter()
            .map(|column| params.get(&column.name).cloned())
            .collect(),
        metrics: metric_columns
            .iter()
            .map(|column| run.metrics.get(&column.name).and_then(summary))
            .collect(),
        tags: run
            .tags
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        problems: run.problems.iter().map(ToString::to_string).collect(),
        parent: run.parent.clone(),
        git_commit: run.git_commit.clone(),
        duration_ms: run.duration_ms(),
        experiment: run.experiment.clone(),
        datasets: run.datasets.clone(),
        kits: Vec::new(),
    }
}

pub fn summary(metric: &MetricSummary) -> Option<protocol::MetricSummary> {
    Some(protocol::MetricSummary {
        last: metric.last?,
        min: metric.min.unwrap_or(f64::NAN),
        max: metric.max.unwrap_or(f64::NAN),
        min_step: metric.min_step.map(|step| step.as_f64()),
        max_step: metric.max_step.map(|step| step.as_f64()),
        last_step: metric.last_step.map(|step| step.as_f64()),
        count: metric.count,
        spark: PackedF64::default(),
    })
}

pub fn state(state: RunState) -> protocol::RunState {
    match state {
        RunState::Running => protocol::RunState::Running,
        RunState::Scheduled => protocol::RunState::Unknown,
        RunState::Finished => protocol::RunState::Finished,
        RunState::Failed => protocol::RunState::Failed,
        RunState::Killed => protocol::RunState::Killed,
        RunState::Stale => protocol::RunState::Stale,
    }
}

/// Adds the trends, for tables small enough that reading their series is cheap.
pub fn add_sparks(runs: &mut ProjectRuns, table: &mut RunsTable) {
    if table.runs.len() > SPARK_RUNS {
        return;
    }
    for row in &mut table.runs {
        let columns = table.metrics.iter().zip(&mut row.metrics);
        for (column, metric) in columns.take(SPARK_METRICS) {
            if let Some(metric) = metric
                && let Some(spark) = super::lines::spark(runs, &row.id, &column.name, spark)
            {
                metric.spark = PackedF64::from(spark.as_slice());
            }
        }
    }
}

/// At most [`SPARK_POINTS`] finite values; of each stretch the one furthest from the
/// stretch's mean, so that a spike stays visible.
pub fn spark(values: &[f64]) -> Vec<f64> {
    let finite: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    if finite.len() <= SPARK_POINTS {
        return finite;
    }
    let size = finite.len().div_ceil(SPARK_POINTS);
    finite
        .chunks(size)
        .filter_map(|chunk| {
            let mean = chunk.iter().sum::<f64>() / chunk.len() as f64;
            chunk
                .iter()
                .copied()
                .max_by(|a, b| (a - mean).abs().total_cmp(&(b - mean).abs()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_is_read_from_the_name_or_left_open() {
        assert_eq!(better("val/loss"), Better::Lower);
        assert_eq!(better("eval/macro_f1"), Better::Higher);
        assert_eq!(better("learning_rate"), Better::Unknown);
    }

    #[test]
    fn a_spike_survives_the_trend() {
        let mut values = vec![1.0; 1000];
        values[501] = 9.0;
        values[3] = f64::NAN;
        let spark = spark(&values);
        assert!(spark.len() <= SPARK_POINTS && spark.contains(&9.0));
    }

    #[test]
    fn differing_parameters_come_first() {
        let run = |lr: &str| {
            BTreeMap::from([
                ("lr".to_owned(), lr.to_owned()),
                ("a".to_owned(), "1".to_owned()),
            ])
        };
        let columns = param_columns(&[run("0.1"), run("0.2")]);
        let names: Vec<_> = columns
            .iter()
            .map(|c| (c.name.as_str(), c.differs))
            .collect();
        assert_eq!(names, [("lr", true), ("a", false)]);
    }
}
