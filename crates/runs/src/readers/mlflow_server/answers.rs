//! What the server's answers say of runs and points.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde_json::Value;

use super::Listed;
use crate::formats::json::Json;
use crate::formats::number;
use crate::model::{MetricSummary, Run, SourceKind};
use crate::readers::mlflow::apply_tags;
use crate::series::Step;

/// A whole number, also when written as text, as protobuf's JSON has 64-bit ones.
fn int(value: &Json) -> Option<i64> {
    match value {
        Json::Text(text) => text.parse().ok(),
        other => other.int(),
    }
}

/// A metric's point. A missing step is 0, as protobuf leaves out zeros.
pub(super) fn point(json: &Json) -> Option<(Step, Option<i64>, f64)> {
    let step = json.get("step").map_or(Some(0), int)?;
    let time = json.get("timestamp").and_then(int);
    let value = match json.get("value") {
        Some(Json::Text(text)) => number::float(text)?,
        Some(other) => other.number()?,
        None => 0.0,
    };
    Some((Step::from(step), time, value))
}

/// One run of a search; `None` when it has no id.
pub(super) fn run(
    json: &Json,
    experiments: &HashMap<String, String>,
    server: &Path,
) -> Option<Listed> {
    let info = json.get("info")?;
    let text = |key: &str| info.get(key).and_then(Json::text);
    let id = text("run_id").or_else(|| text("run_uuid"))?;
    let mut run = Run::new(id, SourceKind::MlflowServer, server);
    run.name = text("run_name").unwrap_or_default().to_owned();
    run.start_ms = info.get("start_time").and_then(int);
    run.end_ms = info.get("end_time").and_then(int);
    run.deleted = text("lifecycle_stage") == Some("deleted");
    run.experiment = text("experiment_id").map(|id| {
        let name = experiments.get(id);
        name.cloned().unwrap_or_else(|| id.to_owned())
    });
    let data = json.get("data");
    let list = |key: &str| data.and_then(|data| data.get(key)).map(Json::items);
    let pairs = |key: &str| {
        let items = list(key).unwrap_or_default().iter();
        items.filter_map(|pair| {
            let text = |key: &str| pair.get(key).and_then(Json::text);
            Some((
                text("key")?.to_owned(),
                text("value").unwrap_or_default().to_owned(),
            ))
        })
    };
    run.params = pairs("params")
        .map(|(key, value)| (key, Value::from(value)))
        .collect();
    run.tags = pairs("tags").collect();
    apply_tags(&mut run);
    let mut latest = BTreeMap::new();
    for metric in list("metrics").unwrap_or_default() {
        let key = metric.get("key").and_then(Json::text);
        if let (Some(key), Some((step, time, value))) = (key, point(metric)) {
            let summary = MetricSummary {
                last: Some(value),
                last_step: Some(step),
                last_time_ms: time,
                ..MetricSummary::default()
            };
            latest.insert(key.to_owned(), summary);
        }
    }
    let inputs = json.get("inputs").and_then(|i| i.get("dataset_inputs"));
    for input in inputs.map(Json::items).unwrap_or_default() {
        let set = input.get("dataset");
        let text = |key: &str| set.and_then(|set| set.get(key)).and_then(Json::text);
        if let Some(name) = text("name") {
            run.datasets.push(match text("digest") {
                Some(digest) => format!("{name} ({digest})"),
                None => name.to_owned(),
            });
        }
    }
    let status = text("status").unwrap_or_default().to_owned();
    Some(Listed {
        run,
        status,
        latest,
    })
}
