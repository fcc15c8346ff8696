//! `kitbench runs compare`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use clap::Args;
use kitbench_runs::{Reader as _, Run};
use serde::Serialize;
use serde_json::Value;

use super::found::{Choice, choose, number, short};
use super::kits::{Kits, found};
use super::list::{MetricJson, RunJson};
use super::save::Save;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, table};

#[derive(Debug, Args)]
pub struct Compare {
    #[command(flatten)]
    pub choice: Choice,

    /// Compare this run, by id or name; repeat for the others. All without. The first is what the
    /// others are measured against
    #[arg(short, long, value_name = "RUN")]
    run: Vec<String>,

    /// Only what differs
    #[arg(long)]
    differences: bool,

    #[command(flatten)]
    save: Save,
}

/// The JSON of `runs compare`. Values stand in the order of `runs`.
#[derive(Serialize)]
struct CompareJson<'a> {
    runs: Vec<RunJson<'a>>,
    params: Vec<ParamJson>,
    metrics: Vec<MetricRowJson>,
    /// The file of the review that was saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    review: Option<String>,
}

#[derive(Serialize)]
struct ParamJson {
    name: String,
    differs: bool,
    values: Vec<Option<String>>,
}

#[derive(Serialize)]
struct MetricRowJson {
    name: String,
    values: Vec<Option<MetricJson>>,
    /// Last value less that of the first run.
    deltas: Vec<Option<Value>>,
}

impl Compare {
    pub fn run(self, out: Output, kits: &Kits) -> Outcome {
        let mut found = found(&self.choice, kits)?;
        let order = choose_all_or(&mut found, &self.run)?;
        let runs: Vec<&Run> = order
            .iter()
            .filter_map(|(at, id)| found.readers.get(*at)?.run(id))
            .collect();
        if runs.is_empty() {
            return Err(Failure::failed(
                kitbench_protocol::ErrorKind::NotFound,
                format!("There are no runs to compare in {}.", self.choice.place()),
                "`kitbench runs list` shows what is there.",
            ));
        }
        let filter = self.choice.filter.as_deref().unwrap_or_default();
        let saved = self.save.write(&self.choice.path, &runs, filter)?;
        let mut params = params(&runs);
        if self.differences {
            params.retain(|param| param.differs);
        }
        let json = CompareJson {
            metrics: metrics(&runs),
            review: saved,
            params,
            runs: runs.iter().map(|run| RunJson::new(run)).collect(),
        };
        if !out.is_json() {
            found.warn();
        }
        out.show(&json, |out| {
            write(&json, &runs, out)?;
            match &json.review {
                Some(file) => writeln!(out, "Saved the review {file}"),
                None => Ok(()),
            }
        })
    }
}

/// The runs named, in that order; all of them without names.
fn choose_all_or(
    found: &mut super::found::Found,
    names: &[String],
) -> Outcome<Vec<(usize, String)>> {
    if !names.is_empty() {
        return choose(found, names);
    }
    let readers = found.readers.iter().enumerate();
    Ok(readers
        .flat_map(|(at, reader)| {
            reader
                .runs()
                .into_iter()
                .map(move |run| (at, run.id.clone()))
        })
        .collect())
}

/// One row per parameter, those that differ first.
fn params(runs: &[&Run]) -> Vec<ParamJson> {
    let flat: Vec<BTreeMap<String, String>> = runs
        .iter()
        .map(|run| run.flat_params().into_iter().collect())
        .collect();
    let names: BTreeSet<&String> = flat.iter().flat_map(BTreeMap::keys).collect();
    let mut rows: Vec<ParamJson> = names
        .into_iter()
        .map(|name| {
            let values: Vec<Option<String>> = flat
                .iter()
                .map(|params| params.get(name).cloned())
                .collect();
            ParamJson {
                name: name.clone(),
                differs: values.windows(2).any(|pair| pair.first() != pair.last()),
                values,
            }
        })
        .collect();
    // Stable: by name within each.
    rows.sort_by_key(|row| !row.differs);
    rows
}

fn metrics(runs: &[&Run]) -> Vec<MetricRowJson> {
    let names: BTreeSet<&String> = runs.iter().flat_map(|run| run.metrics.keys()).collect();
    names
        .into_iter()
        .map(|name| {
            let summaries: Vec<_> = runs.iter().map(|run| run.metrics.get(name)).collect();
            let last: Vec<Option<f64>> = summaries
                .iter()
                .map(|summary| summary.and_then(|s| s.last))
                .collect();
            let first = last.first().copied().flatten();
            MetricRowJson {
                name: name.clone(),
                values: summaries
                    .iter()
                    .map(|summary| summary.map(MetricJson::new))
                    .collect(),
                deltas: last
                    .iter()
                    .map(|value| Some(number(value.as_ref()? - first?)))
                    .collect(),
            }
        })
        .collect()
}

fn write(json: &CompareJson<'_>, runs: &[&Run], out: &mut dyn Write) -> io::Result<()> {
    let mut rows = vec![
        std::iter::once(String::new())
            .chain(runs.iter().map(|run| run.name.clone()))
            .collect::<Vec<_>>(),
    ];
    let row = |name: &str, cells: Vec<String>| {
        std::iter::once(name.to_owned())
            .chain(cells)
            .collect::<Vec<_>>()
    };
    rows.push(row(
        "state",
        runs.iter().map(|run| run.state.name().to_owned()).collect(),
    ));
    for param in &json.params {
        let values = param
            .values
            .iter()
            .map(|value| value.clone().unwrap_or_default());
        let mark = if param.differs { "* " } else { "" };
        rows.push(row(&format!("{mark}{}", param.name), values.collect()));
    }
    for metric in &json.metrics {
        let last: Vec<Option<f64>> = runs
            .iter()
            .map(|run| {
                run.metrics
                    .get(&metric.name)
                    .and_then(|summary| summary.last)
            })
            .collect();
        let first = last.first().copied().flatten();
        let cells = last
            .iter()
            .enumerate()
            .map(|(at, value)| match (value, first) {
                (None, _) => String::new(),
                (Some(value), Some(first)) if at > 0 => {
                    let delta = value - first;
                    let sign = if delta >= 0.0 { "+" } else { "" };
                    format!("{} ({sign}{})", short(*value), short(delta))
                }
                (Some(value), _) => short(*value),
            });
        rows.push(row(&metric.name, cells.collect()));
    }
    table(out, &rows)
}
