//! The run that produced a ModelKit, as its page shows it.

use egui::Ui;
use kitbench_protocol::{AttachedMetric, AttachedRun, Better};

use crate::clock;
use crate::theme::{Tokens, Type};
use crate::views::compare::numbers;
use crate::widgets::{key_value, label, named, paragraph};

/// Metrics and parameters shown; the record in the kit has all.
const MOST: usize = 12;
/// Metrics where there is little room.
const BRIEF: usize = 2;

/// Heading, name, tool, times, final metrics and parameters.
pub fn show(ui: &mut Ui, run: &AttachedRun) {
    let t = Tokens::of(ui);
    named(
        ui,
        egui::Role::Heading,
        Type::Heading,
        t.text,
        "Run that made it",
    );
    ui.add_space(6.0);
    for (key, value) in facts(run) {
        key_value(ui, &key, &value);
    }
    if let Some(note) = &run.note {
        paragraph(ui, Type::Small, t.text_2, note);
    }
    for (key, value) in metrics(run) {
        key_value(ui, &key, &value);
    }
    for (key, value) in run.params.iter().take(MOST) {
        key_value(ui, key, value);
    }
    let more = run.metrics.len().saturating_sub(MOST) + run.params.len().saturating_sub(MOST);
    if more > 0 {
        let words = format!("and {more} more values in {}", run.path);
        label(ui, Type::Small, t.text_3, &words);
    }
}

/// Heading, name and the values that tell most, for where there is little room.
pub fn brief(ui: &mut Ui, run: &AttachedRun) {
    let t = Tokens::of(ui);
    label(ui, Type::BodyBold, t.text, "Run that made it");
    ui.add_space(6.0);
    key_value(ui, "Run", &format!("{}, {}", run.name, run.source));
    for (key, value) in metrics(run).iter().take(BRIEF) {
        key_value(ui, key, value);
    }
}

/// Who it was, when and from what.
fn facts(run: &AttachedRun) -> Vec<(String, String)> {
    let mut facts = vec![
        ("Run".to_owned(), run.name.clone()),
        ("Tool".to_owned(), run.source.clone()),
    ];
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push((key.to_owned(), value));
        }
    };
    add("Experiment", run.experiment.clone());
    add("Ended", run.end_ms.or(run.start_ms).map(clock::when_exact));
    add("Commit", run.git_commit.clone());
    add("Data sets", Some(run.datasets.join(", ")));
    facts
}

/// Final values; with the best one where the last is not it.
fn metrics(run: &AttachedRun) -> Vec<(String, String)> {
    let mut metrics: Vec<&AttachedMetric> = run.metrics.iter().collect();
    metrics.sort_by_key(|metric| {
        (
            metric.better == Better::Unknown,
            metric.name.starts_with("train"),
        )
    });
    let value = |metric: &AttachedMetric| {
        let last = numbers::metric(metric.last);
        match (metric.best, metric.best_step) {
            (Some(best), Some(step)) if best != metric.last => format!(
                "{last}, best {} at step {}",
                numbers::metric(best),
                numbers::step(step)
            ),
            _ => last,
        }
    };
    let shown = metrics.into_iter().take(MOST);
    shown
        .map(|metric| (metric.name.clone(), value(metric)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kitbench_protocol::RunState;

    #[test]
    fn a_run_in_words() {
        let metric = |name: &str, last, best, better| AttachedMetric {
            name: name.into(),
            last,
            last_step: Some(120.0),
            best,
            best_step: best.map(|_| 80.0),
            better,
            count: 120,
        };
        let run = AttachedRun {
            id: "1".into(),
            name: "mlp16".into(),
            source: "MLflow".into(),
            path: ".kitbench/run.json".into(),
            state: RunState::Finished,
            start_ms: None,
            end_ms: None,
            experiment: Some("sweep".into()),
            git_commit: None,
            datasets: Vec::new(),
            note: None,
            params: vec![("lr".into(), "0.1".into())],
            tags: Vec::new(),
            metrics: vec![
                metric("train/loss", 0.5, None, Better::Lower),
                metric("val/loss", 0.25, Some(0.125), Better::Lower),
            ],
        };
        let lines: Vec<String> = facts(&run)
            .into_iter()
            .chain(metrics(&run))
            .map(|(key, value)| format!("{key}: {value}"))
            .collect();
        assert_eq!(
            lines,
            [
                "Run: mlp16",
                "Tool: MLflow",
                "Experiment: sweep",
                "val/loss: 0.250, best 0.125 at step 80",
                "train/loss: 0.500",
            ]
        );
    }
}
