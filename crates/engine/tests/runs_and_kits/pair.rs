//! Two runs in depth, as text.

use kitbench_protocol::*;

use crate::common::{Bench, repaired};
use crate::kits::runs;

fn text(pair: &RunPair) -> String {
    let mut out = format!("{} | {}\n", pair.left.name, pair.right.name);
    for metric in &pair.metrics {
        let value = |value: Option<(f64, Option<f64>)>| match value {
            Some((value, step)) => format!("{value:.6} @ {}", step.unwrap_or(-1.0)),
            None => "-".into(),
        };
        let delta = metric
            .delta
            .map_or("-".into(), |delta| format!("{delta:+.6}"));
        out.push_str(&format!(
            "  {} [{:?}] {} | {} | {delta}\n",
            metric.name,
            metric.better,
            value(metric.left),
            value(metric.right),
        ));
    }
    for section in &pair.sections {
        out.push_str(&format!("{} ({} differ)\n", section.title, section.differs));
        for row in &section.rows {
            let mark = if row.left == row.right { " " } else { "*" };
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
            let (left, right) = (value(&row.left), value(&row.right));
            out.push_str(&format!("  {mark} {}: {left} | {right}\n", row.name));
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_of_the_example_side_by_side() {
    let bench = Bench::start().await;
    let project = repaired(&bench).await.id;
    let table = runs(&bench, project).await;
    let id = |name: &str| {
        let run = table.runs.iter().find(|run| run.name == name);
        run.unwrap().id.clone()
    };
    let call = CompareRuns {
        project,
        left: id("mlp16-lr0.1"),
        right: id("mlp16-l2-0.3"),
    };
    let pair = bench.engine.call(call.clone()).await.unwrap();
    assert_eq!(text(&pair), include_str!("../data/pair.txt"));
    let gone = CompareRuns {
        right: "nothing".into(),
        ..call
    };
    let error = bench.engine.call(gone).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}
