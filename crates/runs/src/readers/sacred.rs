//! Sacred's FileStorageObserver: a folder per run, its files written anew at each heartbeat.

use std::path::{Path, PathBuf};

use crate::error::RunsError;
use crate::formats::json::Json;
use crate::formats::time::iso_ms;
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Columns, Loaded, Unit, keeps_run_in};
use crate::readers::whole_json::{Seen, newest_ms, parse, seen};
use crate::scan::{Source, list, own_name};
use crate::series::Step;

/// One run of Sacred's FileStorageObserver.
pub(crate) struct Sacred {
    folder: PathBuf,
    seen: Seen,
    loaded: Loaded,
    heartbeat: Option<i64>,
    status: String,
}

/// Run folders: those with a `run.json`.
pub(crate) fn runs(source: &Source) -> Result<Vec<PathBuf>, RunsError> {
    let folder = list(&source.path).map_err(|e| RunsError::io(&source.path, e))?;
    if folder.file("run.json").is_some() {
        return Ok(vec![source.path.clone()]);
    }
    let mut runs: Vec<PathBuf> = folder
        .folders
        .into_iter()
        .map(|(_, path)| path)
        .filter(|path| path.join("run.json").is_file())
        .collect();
    // Numbered folders in the order of their numbers.
    let number = |path: &PathBuf| {
        path.file_name()
            .and_then(|n| n.to_str())
            .and_then(|n| n.parse::<u64>().ok())
    };
    runs.sort_by_key(|path| (number(path).unwrap_or(u64::MAX), path.clone()));
    Ok(runs)
}

impl Sacred {
    pub(crate) fn new(_source: &Source, path: &Path) -> Self {
        let id = own_name(path).unwrap_or_default();
        let run = Run::new(id, SourceKind::Sacred, path);
        Self {
            folder: path.to_path_buf(),
            seen: Seen::new(),
            loaded: Loaded::new(run),
            heartbeat: None,
            status: String::new(),
        }
    }

    fn read(&mut self) {
        let file = |name: &str| self.folder.join(name);
        let run = &mut self.loaded.run;
        run.problems.clear();
        match parse(&file("run.json")) {
            Ok(about) => {
                let text = |key: &str| about.get(key).and_then(Json::text);
                let time = |key: &str| text(key).and_then(iso_ms);
                run.start_ms = time("start_time");
                run.end_ms = time("stop_time");
                self.heartbeat = time("heartbeat");
                self.status = text("status").unwrap_or_default().to_owned();
                if let Some(experiment) = about.get("experiment") {
                    if let Some(name) = experiment.get("name").and_then(Json::text) {
                        run.name = name.to_owned();
                        run.experiment = Some(name.to_owned());
                    }
                    let repository = experiment
                        .get("repositories")
                        .map(Json::items)
                        .and_then(<[Json]>::first);
                    run.git_commit = repository
                        .and_then(|r| r.get("commit"))
                        .and_then(Json::text)
                        .map(str::to_owned);
                }
                if let Some(result) = about.get("result").filter(|r| **r != Json::Null) {
                    run.summary.insert("result".into(), result.strict());
                }
                if let Some(comment) = about
                    .get("meta")
                    .and_then(|m| m.get("comment"))
                    .and_then(Json::text)
                {
                    run.note = Some(comment.to_owned());
                }
            }
            Err(error) => run.report(&file("run.json"), None, format!("cannot be read: {error}")),
        }
        if file("config.json").exists() {
            match parse(&file("config.json")) {
                Ok(config) => run.params = config.strict_map(),
                Err(error) => run.report(
                    &file("config.json"),
                    None,
                    format!("cannot be read: {error}"),
                ),
            }
        }
        if !file("metrics.json").exists() {
            return;
        }
        match parse(&file("metrics.json")) {
            Ok(metrics) => {
                let mut columns = Columns::default();
                for (key, metric) in metrics.entries() {
                    let list = |name: &str| metric.get(name).map(Json::items).unwrap_or_default();
                    let (steps, values, times) =
                        (list("steps"), list("values"), list("timestamps"));
                    if steps.len() != values.len() {
                        run.report(
                            &file("metrics.json"),
                            None,
                            format!("{key}: {} steps but {} values", steps.len(), values.len()),
                        );
                    }
                    for (i, (step, value)) in steps.iter().zip(values).enumerate() {
                        let time = times.get(i).and_then(Json::text).and_then(iso_ms);
                        let step = step.step().unwrap_or(Step::from(i as i64));
                        if let Some(value) = number(value) {
                            columns.push(key, step, time, value);
                        }
                    }
                }
                self.loaded.columns = columns;
                self.loaded.settle();
            }
            Err(error) => run.report(
                &file("metrics.json"),
                None,
                format!("cannot be read: {error}; what was read before is kept"),
            ),
        }
    }
}

/// Numbers, also those that jsonpickle wraps: `{"py/object": …, "value": 1.0}`.
fn number(value: &Json) -> Option<f64> {
    value
        .number()
        .or_else(|| value.get("value").and_then(Json::number))
}

impl Unit for Sacred {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let files =
            seen(["run.json", "config.json", "metrics.json"].map(|name| self.folder.join(name)));
        let mut changed = false;
        if files != self.seen {
            self.read();
            self.seen = files;
            changed = true;
        }
        let state = match self.status.as_str() {
            "COMPLETED" => RunState::Finished,
            "INTERRUPTED" => RunState::Killed,
            "QUEUED" => RunState::Scheduled,
            // Heartbeats are local times without an offset: the file's own time is surer.
            "RUNNING" | "" => RunState::without_end(
                newest_ms(&self.seen).max(self.heartbeat.filter(|h| *h <= now_ms)),
                now_ms,
            ),
            _ => RunState::Failed,
        };
        changed |= self.loaded.set_state(state);
        Ok(changed)
    }

    keeps_run_in!(loaded);
}
