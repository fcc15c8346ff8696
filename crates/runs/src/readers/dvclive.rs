//! dvclive folders: a table per metric, a summary and parameters beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::RunsError;
use crate::formats::csv;
use crate::formats::json;
use crate::formats::number::float;
use crate::formats::tail::{Change, Tail, modified_ms, read_small};
use crate::formats::time::guess_ms;
use crate::formats::yaml;
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Loaded, Unit, keeps_run_in};
use crate::readers::whole_json::leaves;
use crate::scan::{Source, list};
use crate::series::Step;

/// Largest summary or parameter file read.
const SMALL: u64 = 64 << 20;

struct Plot {
    tail: Tail,
    /// Columns of time and step; the value is in the last one.
    columns: Option<(Option<usize>, usize)>,
}

/// One folder.
pub(crate) struct Dvclive {
    folder: PathBuf,
    loaded: Loaded,
    plots: BTreeMap<String, Plot>,
    params_seen: Option<i64>,
    summary_seen: Option<i64>,
    looked: bool,
    /// Something was written after the first look.
    grew: bool,
}

impl Dvclive {
    pub(crate) fn new(source: &Source, path: &Path) -> Self {
        let run = Run::new(source.relative(path), SourceKind::Dvclive, path);
        Self {
            folder: path.to_path_buf(),
            loaded: Loaded::new(run),
            plots: BTreeMap::new(),
            params_seen: None,
            summary_seen: None,
            looked: false,
            grew: false,
        }
    }

    fn read_plots(&mut self) -> bool {
        let mut changed = false;
        let root = self.folder.join("plots/metrics");
        let mut found = Vec::new();
        tables(&root, "", 0, &mut found);
        for (key, path) in found {
            let plot = self.plots.entry(key.clone()).or_insert_with(|| Plot {
                tail: Tail::new(&path),
                columns: None,
            });
            match plot.tail.check() {
                Ok(Change::Grown) => {}
                Ok(Change::Rewritten) => {
                    plot.columns = None;
                    self.loaded.columns.clear_key(&key);
                }
                Ok(Change::None | Change::Gone) => continue,
                Err(error) => {
                    self.loaded
                        .run
                        .report(&path, None, format!("cannot be read: {error}"));
                    continue;
                }
            }
            changed = true;
            let loaded = &mut self.loaded;
            let columns = &mut plot.columns;
            let read = plot
                .tail
                .read_lines(|line, at| row(&key, line, at, &path, columns, loaded));
            if let Err(error) = read {
                self.loaded
                    .run
                    .report(&path, None, format!("cannot be read: {error}"));
            }
        }
        changed
    }

    fn read_params(&mut self) -> bool {
        let file = self.folder.join("params.yaml");
        let modified = modified_ms(&file);
        if modified.is_none() || modified == self.params_seen {
            return false;
        }
        self.params_seen = modified;
        match read_small(&file, SMALL)
            .map_err(|e| e.to_string())
            .and_then(|b| yaml::params(&b))
        {
            Ok(params) => self.loaded.run.params = params,
            Err(error) => self.loaded.run.report(
                &file,
                None,
                format!("the parameters cannot be read: {error}"),
            ),
        }
        true
    }

    /// Values that dvclive only summed up, without a table.
    fn read_summary(&mut self) -> bool {
        let file = self.folder.join("metrics.json");
        let modified = modified_ms(&file);
        if modified.is_none() || modified == self.summary_seen {
            return false;
        }
        // Rewritten whole: a half one is looked at again at the next refresh.
        let Ok(bytes) = read_small(&file, SMALL) else {
            return false;
        };
        match json::parse(&bytes) {
            Ok(summary) => {
                self.summary_seen = modified;
                let mut all = Vec::new();
                leaves(&summary, &mut all);
                let plots = &self.plots;
                self.loaded.run.summary = all
                    .into_iter()
                    .filter(|(key, _)| key != "step" && !plots.contains_key(key))
                    .collect();
                true
            }
            Err(error) if error.cut => false,
            Err(error) => {
                self.summary_seen = modified;
                self.loaded
                    .run
                    .report(&file, None, format!("the summary cannot be read: {error}"));
                true
            }
        }
    }
}

fn tables(folder: &Path, prefix: &str, depth: usize, out: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = list(folder) else { return };
    for (name, path) in entries.files {
        if let Some(stem) = name.strip_suffix(".tsv") {
            out.push((format!("{prefix}{stem}"), path));
        }
    }
    for (name, path) in entries.folders {
        if depth < 16 {
            tables(&path, &format!("{prefix}{name}/"), depth + 1, out);
        }
    }
}

/// Takes one line of a metric's table; the first is its header.
pub(crate) fn row(
    key: &str,
    line: &[u8],
    at: u64,
    path: &Path,
    columns: &mut Option<(Option<usize>, usize)>,
    loaded: &mut Loaded,
) {
    let cells = csv::cells(line, b'\t').cells;
    let Some((time, step)) = *columns else {
        let find = |name: &str| cells.iter().position(|cell| cell == name);
        match find("step") {
            Some(step) => *columns = Some((find("timestamp"), step)),
            None => loaded.run.report(
                path,
                Some(at),
                "the header has no column \"step\": nothing can be read",
            ),
        }
        return;
    };
    let Some((step_text, text)) = cells
        .get(step)
        .zip(cells.last())
        .filter(|_| cells.len() > step + 1)
    else {
        if !line.is_empty() {
            loaded
                .run
                .report(path, Some(at), "a line is too short: left out");
        }
        return;
    };
    let Some(step) = Step::parse(step_text) else {
        loaded.run.report(
            path,
            Some(at),
            format!("{step_text:?} is not a step: the line is left out"),
        );
        return;
    };
    let time = time
        .and_then(|i| cells.get(i))
        .and_then(|text| float(text))
        .and_then(guess_ms);
    // Text values occur; they are no points.
    if let Some(value) = float(text) {
        loaded.columns.push(key, step, time, value);
    }
}

impl Unit for Dvclive {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let mut changed = self.read_plots();
        changed |= self.read_params();
        changed |= self.read_summary();
        let written = self
            .plots
            .values()
            .filter_map(|plot| plot.tail.modified_ms())
            .max()
            .max(self.summary_seen);
        self.grew |= self.looked && changed;
        self.looked = true;
        let state = RunState::of_log(written, self.grew, now_ms);
        changed |= self.loaded.set_state(state);
        self.loaded.settle();
        self.loaded.run.start_ms = self.loaded.columns.first_time_ms();
        Ok(changed)
    }

    keeps_run_in!(loaded);
}
