//! The section as data: packed tags in the columns of the runs table, and who leads.

use kitbench_protocol::{
    Better, MetricSummary, PackedPlace, PackedRow, PackedRuns, RunRow, RunState,
};

use crate::views::compare::model::RunsModel;
use crate::views::compare::numbers;

/// Packed tags made fit for the runs table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// One per packed row, with parameters and metrics in the order of the runs table.
    pub rows: Vec<RunRow>,
    /// What stands behind the title.
    pub note: String,
    /// Who leads in the metric that weighs most, where runs and tags both have it.
    pub lead: Option<String>,
    /// The best finished run, to pack next: id, and its metrics in words.
    pub best: Option<(String, String)>,
}

impl Standing {
    /// From the engine's answer and the runs beside it.
    #[must_use]
    pub fn new(packed: &PackedRuns, runs: &RunsModel) -> Self {
        let tags = packed
            .rows
            .iter()
            .filter(|row| row.place != PackedPlace::WorkingFolder)
            .count();
        let with_runs = packed
            .rows
            .iter()
            .filter(|row| row.place != PackedPlace::WorkingFolder && row.run.is_some())
            .count();
        let mut note = if tags == 0 {
            "none here yet".to_owned()
        } else {
            format!("{with_runs} of {tags} with metrics, read from the kits")
        };
        if packed.more_tags > 0 {
            note.push_str(&format!(", {} more", packed.more_tags));
        }
        Self {
            rows: packed.rows.iter().map(|row| aligned(row, runs)).collect(),
            note,
            lead: lead(packed, runs),
            best: best(runs),
        }
    }
}

/// A packed row with the runs table's columns. Its id is what charts draw it by.
fn aligned(row: &PackedRow, runs: &RunsModel) -> RunRow {
    let table = &runs.table;
    let metric = |name: &String| -> Option<MetricSummary> {
        let found = row.metrics.iter().find(|(known, _)| known == name);
        found.map(|(_, metric)| metric.clone())
    };
    RunRow {
        id: row.id.clone(),
        name: row.label.clone(),
        source: match row.place {
            PackedPlace::WorkingFolder => "Folder",
            PackedPlace::Local => "Kit",
            PackedPlace::Remote => "Remote",
        }
        .into(),
        path: row.reference.clone(),
        state: if row.run.is_some() {
            RunState::Finished
        } else {
            RunState::Unknown
        },
        start_ms: row.created_ms,
        end_ms: None,
        params: table
            .params
            .iter()
            .map(|column| {
                let found = row.params.iter().find(|(name, _)| *name == column.name);
                found.map(|(_, value)| value.clone())
            })
            .collect(),
        metrics: table
            .metrics
            .iter()
            .map(|column| metric(&column.name))
            .collect(),
        tags: Vec::new(),
        problems: row.notes.clone(),
        parent: None,
        git_commit: row.git_commit.clone(),
        duration_ms: None,
        experiment: None,
        datasets: Vec::new(),
        kits: Vec::new(),
    }
}

/// The metric that weighs most and has a direction.
fn decisive(runs: &RunsModel) -> Option<(usize, &str, Better)> {
    let at = runs.metrics_by_weight().first().copied()?;
    let column = runs.table.metrics.get(at)?;
    (column.better != Better::Unknown).then_some((at, column.name.as_str(), column.better))
}

fn better_of(better: Better, a: f64, b: f64) -> bool {
    match better {
        Better::Higher => a > b,
        Better::Lower => a < b,
        Better::Unknown => false,
    }
}

/// The finished run with the best value of the metric that weighs most.
fn best_run(runs: &RunsModel) -> Option<(&RunRow, f64)> {
    let (at, _, better) = decisive(runs)?;
    let values = runs.table.runs.iter().filter_map(|run| {
        let value = run.metrics.get(at)?.as_ref()?.last;
        (run.state == RunState::Finished && value.is_finite()).then_some((run, value))
    });
    values.reduce(|best, next| {
        if better_of(better, next.1, best.1) {
            next
        } else {
            best
        }
    })
}

/// `mlp16: val/macro_f1 0.982, val/loss 0.071`.
fn best(runs: &RunsModel) -> Option<(String, String)> {
    let (run, _) = best_run(runs)?;
    let values = runs.metrics_by_weight().iter().take(3).filter_map(|at| {
        let value = run.metrics.get(*at)?.as_ref()?.last;
        let name = &runs.table.metrics.get(*at)?.name;
        Some(format!("{name} {}", numbers::metric(value)))
    });
    let values: Vec<String> = values.collect();
    Some((
        run.id.clone(),
        format!("{}: {}", run.name, values.join(", ")),
    ))
}

/// `Best run beats v0.7.0 by 0.022`, or which tag is still ahead.
fn lead(packed: &PackedRuns, runs: &RunsModel) -> Option<String> {
    let (_, name, better) = decisive(runs)?;
    let (_, run) = best_run(runs)?;
    let values = packed.rows.iter().filter_map(|row| {
        if row.place == PackedPlace::WorkingFolder {
            return None;
        }
        let (_, metric) = row.metrics.iter().find(|(known, _)| known == name)?;
        metric.last.is_finite().then_some((row, metric.last))
    });
    let (tag, value) = values.reduce(|best, next| {
        if better_of(better, next.1, best.1) {
            next
        } else {
            best
        }
    })?;
    Some(if better_of(better, run, value) {
        format!(
            "Best run beats {} by {}",
            tag.label,
            numbers::metric((run - value).abs())
        )
    } else if run == value {
        format!("{} is the best run", tag.label)
    } else {
        format!("{} is ahead of all runs", tag.label)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::compare::model::Arrangement;
    use kitbench_protocol::{MetricColumn, PackedF64, RunsTable};

    fn metric(last: f64) -> MetricSummary {
        MetricSummary {
            last,
            min: last,
            max: last,
            min_step: None,
            max_step: None,
            last_step: None,
            count: 1,
            spark: PackedF64::default(),
        }
    }

    fn packed(label: &str, place: PackedPlace, f1: Option<f64>) -> PackedRow {
        PackedRow {
            id: format!("kit|{label}"),
            place,
            label: label.into(),
            also: Vec::new(),
            reference: format!("wine:{label}"),
            digest: String::new(),
            created_ms: None,
            changed: false,
            run: f1.map(|_| "a run".into()),
            source: None,
            attached: true,
            runs: 1,
            git_commit: None,
            params: vec![("lr".into(), "0.1".into())],
            metrics: f1
                .map(|f1| ("f1".to_owned(), metric(f1)))
                .into_iter()
                .collect(),
            unread_bytes: 0,
            notes: Vec::new(),
        }
    }

    fn runs(values: &[f64]) -> RunsModel {
        let row = |(at, value): (usize, &f64)| {
            let mut row = aligned(
                &packed(&format!("r{at}"), PackedPlace::Local, None),
                &RunsModel::default(),
            );
            row.state = RunState::Finished;
            row.metrics = vec![Some(metric(*value))];
            row
        };
        let table = RunsTable {
            runs: values.iter().enumerate().map(row).collect(),
            total_runs: values.len() as u32,
            metrics: vec![MetricColumn {
                name: "f1".into(),
                better: Better::Higher,
                runs: values.len() as u32,
            }],
            ..RunsTable::default()
        };
        RunsModel::new(table, Default::default(), &Arrangement::default(), None)
    }

    fn standing(run: f64, tags: &[(&str, Option<f64>)]) -> Standing {
        let mut rows = vec![packed(
            "Working folder",
            PackedPlace::WorkingFolder,
            Some(run),
        )];
        rows.extend(
            tags.iter()
                .map(|(label, f1)| packed(label, PackedPlace::Local, *f1)),
        );
        let packed = PackedRuns {
            rows,
            ..PackedRuns::default()
        };
        Standing::new(&packed, &runs(&[0.5, run]))
    }

    #[test]
    fn who_leads_is_said() {
        let ahead = standing(0.861, &[("v2", Some(0.839)), ("v1", Some(0.7))]);
        assert_eq!(ahead.lead.as_deref(), Some("Best run beats v2 by 0.022"));
        assert_eq!(ahead.note, "2 of 2 with metrics, read from the kits");
        assert_eq!(
            ahead.best.as_ref().map(|best| best.1.as_str()),
            Some("r1: f1 0.861")
        );
        let behind = standing(0.6, &[("v2", Some(0.839)), ("old", None)]);
        assert_eq!(behind.lead.as_deref(), Some("v2 is ahead of all runs"));
        assert_eq!(behind.note, "1 of 2 with metrics, read from the kits");
        let same = standing(0.6, &[("v2", Some(0.6))]);
        assert_eq!(same.lead.as_deref(), Some("v2 is the best run"));
        assert!(standing(0.6, &[]).lead.is_none());
    }

    #[test]
    fn tags_stand_in_the_columns_of_the_runs() {
        let standing = standing(0.6, &[("v1", Some(0.7)), ("v0", None)]);
        let lines: Vec<String> = standing
            .rows
            .iter()
            .map(|row| {
                let value = row.metrics[0].as_ref().map(|metric| metric.last);
                format!("{} {} {value:?}", row.name, row.source)
            })
            .collect();
        assert_eq!(
            lines,
            [
                "Working folder Folder Some(0.6)",
                "v1 Kit Some(0.7)",
                "v0 Kit None"
            ]
        );
    }
}
