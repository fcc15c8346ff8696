//! Hugging Face Trainer: the state it writes with each checkpoint.

use std::path::{Path, PathBuf};

use crate::error::RunsError;
use crate::formats::json::Json;
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Columns, Loaded, Unit, keeps_run_in};
use crate::readers::whole_json::{Seen, newest_ms, parse, seen};
use crate::scan::{Source, list};

/// A Trainer's output folder: one run, whose checkpoints repeat its history.
pub(crate) struct Trainer {
    folder: PathBuf,
    seen: Seen,
    loaded: Loaded,
    done: bool,
    /// A file was written after the first look.
    grew: bool,
}

impl Trainer {
    pub(crate) fn new(source: &Source, path: &Path) -> Self {
        let run = Run::new(source.relative(path), SourceKind::HfTrainer, path);
        Self {
            folder: path.to_path_buf(),
            seen: Seen::new(),
            loaded: Loaded::new(run),
            done: false,
            grew: false,
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let below = list(&self.folder).map(|f| f.folders).unwrap_or_default();
        let checkpoints = below
            .into_iter()
            .filter(|(name, _)| name.starts_with("checkpoint-"))
            .map(|(_, path)| path);
        std::iter::once(self.folder.clone())
            .chain(checkpoints)
            .map(|path| path.join("trainer_state.json"))
            .collect()
    }

    fn read(&mut self, files: &Seen) {
        let mut best: Option<(i64, &Path, Json)> = None;
        let mut problems = Vec::new();
        for (path, _, _) in files {
            match parse(path) {
                Ok(state) => {
                    let step = state.get("global_step").and_then(Json::int).unwrap_or(0);
                    if best.as_ref().is_none_or(|(known, _, _)| step > *known) {
                        best = Some((step, path, state));
                    }
                }
                Err(error) => problems.push((path.clone(), error)),
            }
        }
        let run = &mut self.loaded.run;
        run.problems.clear();
        for (path, error) in problems {
            run.report(
                &path,
                None,
                format!("cannot be read ({error}); the newest readable checkpoint is shown"),
            );
        }
        let Some((step, path, state)) = best else {
            return;
        };
        run.summary.clear();
        for (key, value) in state.entries() {
            let shown = [
                "best_metric",
                "best_global_step",
                "best_model_checkpoint",
                "epoch",
                "global_step",
                "max_steps",
                "num_train_epochs",
            ];
            if shown.contains(&key.as_str()) && *value != Json::Null {
                run.summary.insert(key.clone(), value.strict());
            }
        }
        run.params = state
            .get("trial_params")
            .map(Json::strict_map)
            .unwrap_or_default();
        if let Some(name) = state.get("trial_name").and_then(Json::text) {
            run.name = name.to_owned();
        }
        let max = state.get("max_steps").and_then(Json::int).unwrap_or(0);
        self.done = max > 0 && step >= max;
        let mut columns = Columns::default();
        let history = state
            .get("log_history")
            .map(Json::items)
            .unwrap_or_default();
        for (i, entry) in history.iter().enumerate() {
            let Some(step) = entry.get("step").and_then(Json::step) else {
                run.report(
                    path,
                    None,
                    format!("entry {i} of log_history has no step: left out"),
                );
                continue;
            };
            for (key, value) in entry.entries().iter().filter(|(key, _)| key != "step") {
                if let Some(value) = value.number() {
                    columns.push(key, step, None, value);
                }
            }
        }
        self.loaded.columns = columns;
        self.loaded.settle();
    }
}

impl Unit for Trainer {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let files = seen(self.files());
        let mut changed = false;
        if files != self.seen {
            self.grew |= !self.seen.is_empty();
            self.read(&files);
            self.seen = files;
            changed = true;
        }
        let state = if self.done {
            RunState::Finished
        } else {
            RunState::of_log(newest_ms(&self.seen), self.grew, now_ms)
        };
        changed |= self.loaded.set_state(state);
        Ok(changed)
    }

    keeps_run_in!(loaded);
}
