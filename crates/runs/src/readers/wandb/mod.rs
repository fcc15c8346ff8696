//! Weights & Biases run files, straight from disk.

mod decode;
mod framing;
mod media;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::error::RunsError;
use crate::formats::tail::{Change, Tail};
use crate::index::Store;
use crate::media::Medium;
use crate::model::{Run, RunState, SourceKind};
use crate::readers::columns::KeptColumns;
use crate::readers::units::{Columns, Loaded, Unit, keep_run, keeps_run_in};
use crate::scan::{Source, list};

use decode::Decoded;
use media::Collect;

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
    store: Option<Arc<Store>>,
}

/// A run as it is kept for the next process.
#[derive(Serialize, Deserialize)]
struct Kept {
    run: String,
    columns: KeptColumns,
    /// Path, reader, end of the damage, refused.
    files: Vec<(String, Tail, u64, bool)>,
    exit: Option<i64>,
    runtime: Option<i64>,
    rows: u64,
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
            state: Decoded::new(Loaded::new(run)),
            store: None,
        }
    }

    fn start_over(&mut self) {
        let run = &self.state.loaded.run;
        let run = Run::new(self.id.clone(), SourceKind::Wandb, run.path.clone());
        let mut loaded = Loaded::new(run);
        loaded.columns = Columns::within(self.store.clone());
        self.state = Decoded::new(loaded);
        self.files.clear();
    }

    /// Compares all files with what was read of them; says which have more to read. `None`
    /// when only reading all of them again keeps the order: one was rewritten, or an earlier
    /// part of the run grew or appeared after a later one was read.
    fn compare(&mut self) -> Result<Option<Vec<PathBuf>>, RunsError> {
        let mut more = Vec::new();
        let last = self.files.keys().rev().find(|p| self.order.contains(p));
        let last = last.cloned();
        for path in &self.order {
            let new = !self.files.contains_key(path);
            let file = self.files.entry(path.clone()).or_insert_with(|| RunFile {
                tail: Tail::new(path),
                skip_to: 0,
                refused: false,
            });
            match file.tail.check().map_err(|e| RunsError::io(path, e))? {
                Change::None | Change::Gone => {}
                Change::Grown => {
                    let behind = last.as_ref().is_some_and(|last| {
                        self.order.iter().position(|p| p == last)
                            > self.order.iter().position(|p| p == path)
                    });
                    if behind {
                        return Ok(None);
                    }
                    more.push(path.clone());
                }
                Change::Rewritten if new => more.push(path.clone()),
                Change::Rewritten => return Ok(None),
            }
        }
        Ok(Some(more))
    }

    fn read_file(&mut self, path: &Path) -> Result<bool, RunsError> {
        let Some(file) = self.files.get_mut(path) else {
            return Ok(false);
        };
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
            used + framing::chunks(state, &bytes[used..], offset + used as u64, skip_to, path)
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
        let mut changed = false;
        let more = match self.compare()? {
            Some(more) => more,
            None => {
                self.start_over();
                changed = true;
                self.compare()?.unwrap_or_default()
            }
        };
        for path in more {
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

    keeps_run_in!(state.loaded);

    fn media(&self, name: &str) -> Result<Vec<Medium>, RunsError> {
        let mut collect = Collect::new(name);
        for path in &self.order {
            collect.go_on_in(path.parent());
            let io = |e| RunsError::io(path, e);
            let mut tail = Tail::new(path);
            if matches!(tail.check().map_err(io)?, Change::Gone) {
                continue;
            }
            let mut skip_to = 0;
            let read = tail.read(|bytes, offset| {
                let head = if offset == 0 { HEADER.len() } else { 0 };
                let Some(rest) = bytes
                    .get(head..)
                    .filter(|_| head == 0 || bytes.starts_with(&HEADER))
                else {
                    return 0;
                };
                head + framing::chunks(&mut collect, rest, offset + head as u64, &mut skip_to, path)
            });
            read.map_err(io)?;
        }
        Ok(collect.found)
    }

    fn put_away_in(&mut self, store: &Arc<Store>) {
        self.store = Some(store.clone());
        self.state.loaded.columns = Columns::within(self.store.clone());
    }

    fn keep(&mut self) -> Option<Vec<u8>> {
        let mut files = Vec::new();
        for (path, file) in &self.files {
            let path = path.to_str()?.to_owned();
            files.push((path, file.tail.clone(), file.skip_to, file.refused));
        }
        let state = &mut self.state;
        let kept = Kept {
            run: keep_run(&state.loaded.run)?,
            columns: state.loaded.columns.keep()?,
            files,
            exit: state.exit,
            runtime: state.runtime,
            rows: state.rows,
        };
        postcard::to_allocvec(&kept).ok()
    }

    fn restore(&mut self, kept: &[u8], store: &Arc<Store>) -> bool {
        self.put_away_in(store);
        let restored = || {
            let kept: Kept = postcard::from_bytes(kept).ok()?;
            let run: Run = serde_json::from_str(&kept.run).ok()?;
            let mut decoded = Decoded::new(Loaded::new(run));
            decoded.loaded.columns = Columns::restore(kept.columns, store)?;
            decoded.loaded.settle();
            (decoded.exit, decoded.runtime, decoded.rows) = (kept.exit, kept.runtime, kept.rows);
            let mut files = BTreeMap::new();
            for (path, mut tail, skip_to, refused) in kept.files {
                let path = PathBuf::from(path);
                // What is gone from disk is not shown from the index.
                if !path.is_file() {
                    return None;
                }
                tail.restore(path.clone());
                let file = RunFile {
                    tail,
                    skip_to,
                    refused,
                };
                files.insert(path, file);
            }
            Some((decoded, files))
        };
        let Some((decoded, files)) = restored() else {
            return false;
        };
        (self.state, self.files) = (decoded, files);
        true
    }

    fn bytes_away(&self) -> u64 {
        self.state.loaded.columns.bytes_away()
    }
}
