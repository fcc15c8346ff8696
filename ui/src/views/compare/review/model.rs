//! Words of reviews, and the lines of their tables.

use kitbench_protocol::{Better, ReviewView, RunsTable, Verdict};

use crate::views::compare::model::state_word;
use crate::views::compare::numbers;
use crate::widgets::Mark;

/// Sign and word of a verdict.
#[must_use]
pub fn verdict(verdict: Verdict) -> (Mark, &'static str) {
    match verdict {
        Verdict::Open => (Mark::Note, "Open"),
        Verdict::Approved => (Mark::Done, "Approved"),
        Verdict::Rejected => (Mark::Blocks, "Rejected"),
    }
}

/// All verdicts in the order of the choice.
pub const VERDICTS: [Verdict; 3] = [Verdict::Open, Verdict::Approved, Verdict::Rejected];

/// Metrics of the table: charted ones first, then those with a known direction.
#[must_use]
pub fn metrics(view: &ReviewView) -> Vec<usize> {
    let charted = |name: &str| {
        let charts = &view.spec.charts;
        charts.iter().position(|chart| chart.metric == name)
    };
    let table = &view.table;
    let mut order: Vec<usize> = (0..table.metrics.len()).collect();
    order.sort_by_key(|at| {
        let column = &table.metrics[*at];
        (
            charted(&column.name).unwrap_or(usize::MAX),
            column.better == Better::Unknown,
        )
    });
    order
}

/// Whether a value is the best of its column.
#[must_use]
pub fn is_best(table: &RunsTable, run: usize, metric: usize) -> bool {
    let values = || {
        let cells = table
            .runs
            .iter()
            .filter_map(|run| run.metrics.get(metric)?.as_ref());
        cells
            .map(|metric| metric.last)
            .filter(|value| value.is_finite())
    };
    if values().count() < 2 {
        return false;
    }
    let best = match table.metrics.get(metric).map(|column| column.better) {
        Some(Better::Higher) => values().reduce(f64::max),
        Some(Better::Lower) => values().reduce(f64::min),
        _ => None,
    };
    let mine = table
        .runs
        .get(run)
        .and_then(|run| run.metrics.get(metric)?.as_ref());
    best.is_some() && mine.map(|metric| metric.last) == best
}

/// The whole page as text.
#[must_use]
pub fn as_text(view: &ReviewView) -> String {
    let mut out = format!("{} [{}]\n", view.row.name, verdict(view.spec.verdict).1);
    for line in view.spec.note.lines() {
        out.push_str(&format!("  {line}\n"));
    }
    let order = metrics(view);
    for (at, run) in view.table.runs.iter().enumerate() {
        out.push_str(&format!(
            "{} {} {}",
            run.name,
            run.source,
            state_word(run.state)
        ));
        for metric in &order {
            let value = run.metrics.get(*metric).and_then(Option::as_ref);
            let text = value.map_or("–".to_owned(), |value| numbers::metric(value.last));
            let best = if is_best(&view.table, at, *metric) {
                "*"
            } else {
                ""
            };
            out.push_str(&format!(
                " {}={text}{best}",
                view.table.metrics[*metric].name
            ));
        }
        out.push('\n');
    }
    for (name, values) in differing(&view.table) {
        out.push_str(&format!("{name}: {}\n", values.join(" | ")));
    }
    for (chart, honesty) in view.spec.charts.iter().zip(&view.honesty) {
        out.push_str(&format!("chart {}: {honesty}\n", chart.metric));
    }
    out
}

/// Parameters that are not the same in all runs, with the value of each.
#[must_use]
pub fn differing(table: &RunsTable) -> Vec<(String, Vec<String>)> {
    let columns = table
        .params
        .iter()
        .enumerate()
        .filter(|(_, column)| column.differs);
    columns
        .map(|(at, column)| {
            let value = |run: &kitbench_protocol::RunRow| {
                let value = run.params.get(at).cloned().flatten();
                value.unwrap_or_else(|| "not set".to_owned())
            };
            (column.name.clone(), table.runs.iter().map(value).collect())
        })
        .collect()
}
