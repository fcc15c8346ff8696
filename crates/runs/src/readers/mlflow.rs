//! What MLflow's file store, database and server have in common.

use crate::model::{Run, RunState};

/// What MLflow's own tags say about a run (1.4 of the format notes).
pub(crate) fn apply_tags(run: &mut Run) {
    let tag = |name: &str| run.tags.get(name).filter(|text| !text.is_empty()).cloned();
    if run.name.is_empty() {
        run.name = tag("mlflow.runName").unwrap_or_else(|| run.id.clone());
    }
    run.parent = tag("mlflow.parentRunId");
    run.note = tag("mlflow.note.content");
    run.git_commit = tag("mlflow.source.git.commit");
}

/// The state behind the word that database and server use. Running needs a sign of life: a
/// point or the run's begin.
pub(crate) fn state(run: &Run, status: &str, now_ms: i64) -> RunState {
    match status {
        "FINISHED" => RunState::Finished,
        "FAILED" => RunState::Failed,
        "KILLED" => RunState::Killed,
        "SCHEDULED" => RunState::Scheduled,
        _ => {
            let last = run.metrics.values().filter_map(|m| m.last_time_ms).max();
            RunState::without_end(last.max(run.start_ms), now_ms)
        }
    }
}
