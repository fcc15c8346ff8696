//! Weights & Biases run files, straight from disk.

mod decode;
mod framing;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::RunsError;
use crate::formats::tail::{Change, Tail};
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Loaded, Unit};
use crate::scan::{Source, list};

use decode::Decoded;

/// File header: mark and version 0.
const HEADER: [u8; 7] = *b":W&B\xe1\xbe\x00";

/// Whether bytes begin as a run file does, of whatever version.
pub(crate) fn is_run_file(bytes: &[u8]) -> bool {
    bytes.starts_with(&HEADER[..6])
}

/// The run id in `run-<id>.wandb`.
fn run_id(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(".wandb")?;
    Some(stem.strip_prefix("run-").unwrap_or(stem))
}

/// Run files in the source folder and the folders in it, by folder date; of one run when
/// `only` names it (its folders end with its id).
fn files(source: &Source, only: Option<&str>) -> Result<Vec<(String, PathBuf)>, RunsError> {
    let folder = list(&source.path).map_err(|e| RunsError::io(&source.path, e))?;
    let mut found = Vec::new();
    let mut take = |order: &str, files: Vec<(String, PathBuf)>| {
        for (name, path) in files {
            if run_id(&name).is_some_and(|id| only.is_none_or(|only| id == only)) {
                found.push((order.to_owned(), name, path));
            }
        }
    };
    take("", folder.files);
    for (name, path) in folder.folders {
        // `latest-run` is a link to another one.
        if only.is_some_and(|id| !name.ends_with(id)) || path.is_symlink() {
            continue;
        }
        let date = name
            .split_once("run-")
            .map_or(name.as_str(), |(_, date)| date)
            .to_owned();
        if let Ok(below) = list(&path) {
            take(&date, below.files);
        }
    }
    found.sort();
    Ok(found
        .into_iter()
        .filter_map(|(_, name, path)| Some((run_id(&name)?.to_owned(), path)))
        .collect())
}

/// One unit per run id, named by the first of its files.
pub(crate) fn runs(source: &Source) -> Result<Vec<PathBuf>, RunsError> {
    let mut seen = HashSet::new();
    let mut units = Vec::new();
    for (id, path) in files(source, None)? {
        if seen.insert(id) {
            units.push(path);
        }
    }
    Ok(units)
}

struct RunFile {
    tail: Tail,
    /// Everything before this offset is damaged.
    skip_to: u64,
    /// Another version or no run file at all.
    refused: bool,
}

/// A run, perhaps resumed in further folders.
pub(crate) struct Wandb {
    source: Source,
    id: String,
    files: BTreeMap<PathBuf, RunFile>,
    /// Files in folder order, as the source folder had them when it last changed.
    order: Vec<PathBuf>,
    listed: Option<SystemTime>,
    state: Decoded,
}

impl Wandb {
    pub(crate) fn new(source: &Source, path: &Path) -> Self {
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let id = run_id(&name).unwrap_or(&name).to_owned();
        let run = Run::new(id.clone(), SourceKind::Wandb, path);
        Self {
            source: source.clone(),
            id,
            files: BTreeMap::new(),
            order: Vec::new(),
            listed: None,
            state: Decoded {
                loaded: Loaded::new(run),
                exit: None,
                runtime: None,
                rows: 0,
            },
        }
    }

    fn start_over(&mut self) {
        let run = &self.state.loaded.run;
        let run = Run::new(self.id.clone(), SourceKind::Wandb, run.path.clone());
        self.state = Decoded {
            loaded: Loaded::new(run),
            exit: None,
            runtime: None,
            rows: 0,
        };
        self.files.clear();
    }

    fn read_file(&mut self, path: &Path) -> Result<bool, RunsError> {
        let file = self
            .files
            .entry(path.to_path_buf())
            .or_insert_with(|| RunFile {
                tail: Tail::new(path),
                skip_to: 0,
                refused: false,
            });
        match file.tail.check().map_err(|e| RunsError::io(path, e))? {
            Change::None | Change::Gone => return Ok(false),
            Change::Grown | Change::Rewritten => {}
        }
        let before = file.tail.offset();
        let RunFile {
            tail,
            skip_to,
            refused,
        } = file;
        let state = &mut self.state;
        tail.read(|bytes, offset| {
            if *refused {
                return 0;
            }
            let mut used = 0;
            if offset == 0 {
                if bytes.len() < HEADER.len() {
                    return 0;
                }
                if !bytes.starts_with(&HEADER) {
                    *refused = true;
                    let message = if is_run_file(bytes) {
                        format!(
                            "run file version {} is not known (0 is): not read",
                            bytes[6]
                        )
                    } else {
                        "not a W&B run file: its first bytes are not the W&B mark".to_owned()
                    };
                    state.loaded.run.report(path, Some(0), message);
                    return 0;
                }
                used = HEADER.len();
            }
            used + state.chunks(&bytes[used..], offset + used as u64, skip_to, path)
        })
        .map_err(|e| RunsError::io(path, e))?;
        Ok(file.tail.offset() != before || file.refused)
    }
}

impl Unit for Wandb {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        // A resumed part is a new folder, which changes the source folder.
        let listed = std::fs::metadata(&self.source.path)
            .and_then(|meta| meta.modified())
            .ok();
        if listed.is_none() || listed != self.listed {
            let mine = files(&self.source, Some(&self.id))?;
            self.order = mine.into_iter().map(|(_, path)| path).collect();
            self.listed = listed;
        }
        // A part that was rewritten, or an earlier one that grew after a later one was
        // read: only reading all again keeps the order.
        let mut later = false;
        let mut again = false;
        for path in &self.order {
            match self.files.get(path) {
                Some(file) => {
                    let len = std::fs::metadata(path).map_or(0, |m| m.len());
                    again |= later || len < file.tail.offset();
                }
                None => {
                    later = !self.files.is_empty()
                        && self
                            .order
                            .iter()
                            .any(|p| p > path && self.files.contains_key(p))
                }
            }
        }
        if again {
            self.start_over();
        }
        let mut changed = again;
        for path in self.order.clone() {
            changed |= self.read_file(&path)?;
        }
        self.state.loaded.settle();
        let decoded = &mut self.state;
        let run = &mut decoded.loaded.run;
        run.summary.retain(|key, _| !key.starts_with('_'));
        let written = self
            .files
            .values()
            .filter_map(|f| f.tail.modified_ms())
            .max();
        run.state = match decoded.exit {
            Some(0) => RunState::Finished,
            Some(_) => RunState::Failed,
            None => RunState::without_end(written, now_ms),
        };
        let last = decoded.loaded.columns.last_time_ms();
        let by_runtime = decoded
            .runtime
            .filter(|r| *r > 0)
            .zip(run.start_ms)
            .map(|(r, start)| start.saturating_add(r.saturating_mul(1000)));
        run.end_ms = decoded.exit.and(by_runtime.max(last).or(run.start_ms));
        if run.state == RunState::Stale
            && let Some(file) = self.order.last().and_then(|path| self.files.get(path))
        {
            let rows = decoded.rows;
            run.report(
                file.tail.path(),
                Some(file.tail.offset()),
                format!("{rows} of at least {rows} steps: the file ends here without an exit record, and W&B writes in blocks of 32 KiB"),
            );
        }
        Ok(changed)
    }

    fn loaded(&self) -> &Loaded {
        &self.state.loaded
    }

    fn loaded_mut(&mut self) -> &mut Loaded {
        &mut self.state.loaded
    }
}
