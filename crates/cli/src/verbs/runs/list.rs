//! `kitbench runs list`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use clap::Args;
use kitbench_runs::{Column, MetricSummary, Reader as _, Run};
use serde::Serialize;
use serde_json::{Map, Value};

use super::found::{Choice, Found, SkippedJson, number, short, shown_path};
use super::kits::{Kits, found};
use crate::failure::Outcome;
use crate::output::{Output, table};
use crate::units;

/// Columns of parameters, and of metrics, in the table unless they are named.
const COLUMNS: usize = 4;
/// Longest cell of the table.
const WIDEST: usize = 32;

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub choice: Choice,

    /// Show this parameter in the table; repeatable
    #[arg(long, value_name = "KEY")]
    param: Vec<String>,

    /// Show the last value of this metric in the table; repeatable
    #[arg(long, value_name = "KEY")]
    metric: Vec<String>,
}

/// The JSON of `runs list`.
#[derive(Serialize)]
struct ListJson<'a> {
    sources: Vec<SourceJson>,
    skipped: Vec<SkippedJson>,
    runs: Vec<RunJson<'a>>,
}

#[derive(Serialize)]
struct SourceJson {
    kind: &'static str,
    path: String,
    runs: usize,
    problems: Vec<String>,
    /// What the columns of a plain table mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<ColumnJson>>,
}

#[derive(Serialize)]
struct ColumnJson {
    name: String,
    role: &'static str,
    /// Said with --map.
    chosen: bool,
    /// How the role is known.
    why: String,
}

impl From<Column> for ColumnJson {
    fn from(column: Column) -> Self {
        ColumnJson {
            role: column.role.name(),
            name: column.name,
            chosen: column.chosen,
            why: column.why,
        }
    }
}

/// A run without its points.
#[derive(Serialize)]
pub struct RunJson<'a> {
    id: &'a str,
    name: &'a str,
    source: &'static str,
    path: String,
    state: &'static str,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    experiment: Option<&'a str>,
    parent: Option<&'a str>,
    git_commit: Option<&'a str>,
    note: Option<&'a str>,
    datasets: &'a [String],
    /// Things that are no numbers: kind (`image`, `histogram`, …) to names.
    other: &'a BTreeMap<String, Vec<String>>,
    /// What the tool summed up itself.
    summary: &'a Map<String, Value>,
    params: &'a Map<String, Value>,
    tags: &'a BTreeMap<String, String>,
    metrics: BTreeMap<&'a str, MetricJson>,
    problems: Vec<String>,
}

/// A metric summed up.
#[derive(Serialize)]
pub struct MetricJson {
    last: Value,
    last_step: Option<Value>,
    min: Option<Value>,
    max: Option<Value>,
    /// Points logged.
    count: u64,
}

impl MetricJson {
    pub fn new(summary: &MetricSummary) -> MetricJson {
        MetricJson {
            last: summary.last.map_or(Value::Null, number),
            last_step: summary.last_step.map(|step| number(step.as_f64())),
            min: summary.min.map(number),
            max: summary.max.map(number),
            count: summary.count,
        }
    }
}

impl<'a> RunJson<'a> {
    pub fn new(run: &'a Run) -> RunJson<'a> {
        RunJson {
            id: &run.id,
            name: &run.name,
            source: run.source.name(),
            path: run.path.display().to_string(),
            state: run.state.name(),
            start_ms: run.start_ms,
            end_ms: run.end_ms,
            experiment: run.experiment.as_deref(),
            parent: run.parent.as_deref(),
            git_commit: run.git_commit.as_deref(),
            note: run.note.as_deref(),
            datasets: &run.datasets,
            other: &run.other,
            summary: &run.summary,
            params: &run.params,
            tags: &run.tags,
            metrics: run
                .metrics
                .iter()
                .map(|(key, summary)| (key.as_str(), MetricJson::new(summary)))
                .collect(),
            problems: run.problems.iter().map(ToString::to_string).collect(),
        }
    }
}

impl List {
    pub fn run(self, out: Output, kits: &Kits) -> Outcome {
        let found = found(&self.choice, kits)?;
        if !out.is_json() {
            found.warn();
            return out.text(|out| self.write(&found, out));
        }
        out.json(&ListJson {
            sources: found
                .readers
                .iter()
                .map(|reader| SourceJson {
                    kind: reader.source().kind.name(),
                    path: reader.source().path.display().to_string(),
                    runs: reader.runs().len(),
                    problems: reader.problems().iter().map(ToString::to_string).collect(),
                    columns: reader
                        .columns()
                        .map(|columns| columns.into_iter().map(ColumnJson::from).collect()),
                })
                .collect(),
            skipped: found.skipped_json(),
            runs: found.runs().map(|(_, run)| RunJson::new(run)).collect(),
        })
    }

    fn write(&self, found: &Found, out: &mut dyn Write) -> io::Result<()> {
        let runs: Vec<&Run> = found.runs().map(|(_, run)| run).collect();
        if runs.is_empty() {
            let path = self.choice.place();
            return writeln!(out, "There are no runs in {path}.");
        }
        let params = match self.param.is_empty() {
            true => differing(&runs),
            false => self.param.clone(),
        };
        let metrics = match self.metric.is_empty() {
            true => frequent(&runs),
            false => self.metric.clone(),
        };
        let head = ["RUN", "SOURCE", "STATE", "TIME"].map(str::to_owned);
        let mut rows = vec![
            head.into_iter()
                .chain(params.iter().chain(&metrics).map(|key| cut(key)))
                .chain(["ID".to_owned()])
                .collect::<Vec<_>>(),
        ];
        for run in runs {
            let mut row = vec![
                cut(&run.name),
                run.source.name().to_owned(),
                run.state.name().to_owned(),
                run.duration_ms().map(units::duration).unwrap_or_default(),
            ];
            row.extend(
                params
                    .iter()
                    .map(|key| cut(&run.param(key).unwrap_or_default())),
            );
            row.extend(metrics.iter().map(|key| {
                let last = run.metrics.get(key).and_then(|summary| summary.last);
                last.map(short).unwrap_or_default()
            }));
            // A path as id is the same for every machine only below the folder searched.
            row.push(shown_path(run.id.as_ref(), &self.choice.path));
            rows.push(row);
        }
        table(out, &rows)
    }
}

/// Parameters that are not the same in all runs, by name.
fn differing(runs: &[&Run]) -> Vec<String> {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for run in runs {
        for (key, value) in run.flat_params() {
            *counts.entry(key.clone()).or_default() += 1;
            values.entry(key).or_default().insert(value);
        }
    }
    let differs = |(key, values): &(String, BTreeSet<String>)| {
        values.len() > 1 || counts.get(key).copied() != Some(runs.len())
    };
    let keys = values.into_iter().filter(differs).map(|(key, _)| key);
    keys.take(COLUMNS).collect()
}

/// The metrics that most runs have.
fn frequent(runs: &[&Run]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for key in runs.iter().flat_map(|run| run.metrics.keys()) {
        *counts.entry(key).or_default() += 1;
    }
    let mut keys: Vec<_> = counts.into_iter().collect();
    keys.sort_by_key(|(key, count)| (std::cmp::Reverse(*count), *key));
    keys.into_iter()
        .take(COLUMNS)
        .map(|(key, _)| key.to_owned())
        .collect()
}

fn cut(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(WIDEST - 1) {
        Some((end, _)) if line.chars().count() > WIDEST => {
            format!("{}…", line.get(..end).unwrap_or_default())
        }
        _ => line.to_owned(),
    }
}
