//! TensorBoard event files: a run is a folder that directly holds some.

mod event;
mod media;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::RunsError;
use crate::formats::crc::masked_crc32c;
use crate::formats::tail::{Change, Tail};
use crate::index::Store;
use crate::media::Medium;
use crate::model::{MetricSummary, Run, RunState, SourceKind};
use crate::readers::columns::KeptColumns;
use crate::readers::units::{Columns, Loaded, Unit, keep_run, keeps_run_in};
use crate::scan::{Source, list};
use crate::series::Series;

use event::{KeptTags, Tags};
use media::Collect;

/// Bytes around a record's data: length, its checksum, the data's checksum.
const HEAD: usize = 12;
const FRAME: usize = 16;
/// Deepest folder below the source looked into.
const MAX_DEPTH: usize = 16;

/// Whether a file name is that of an event file.
pub(crate) fn is_event_file(name: &str) -> bool {
    name.contains("tfevents") && !name.ends_with(".profile-empty")
}

/// Run folders below the source, in path order.
pub(crate) fn runs(source: &Source) -> Result<Vec<PathBuf>, RunsError> {
    let mut found = Vec::new();
    let mut open = vec![(source.path.clone(), 0)];
    while let Some((path, depth)) = open.pop() {
        let folder = match list(&path) {
            Ok(folder) => folder,
            Err(error) if depth == 0 => return Err(RunsError::io(&path, error)),
            Err(_) => continue,
        };
        if folder.files.iter().any(|(name, _)| is_event_file(name)) {
            found.push(path);
        }
        if depth < MAX_DEPTH {
            let below = folder
                .folders
                .into_iter()
                .filter(|(_, path)| !path.is_symlink());
            open.extend(below.map(|(_, path)| (path, depth + 1)));
        }
    }
    found.sort();
    Ok(found)
}

struct EventFile {
    tail: Tail,
    columns: Columns,
    /// Nothing behind this place can be found.
    lost: bool,
}

/// One run folder.
pub(crate) struct Events {
    folder: PathBuf,
    root: PathBuf,
    files: BTreeMap<String, EventFile>,
    tags: Tags,
    loaded: Loaded,
    parent: String,
    store: Option<Arc<Store>>,
}

/// A run folder as it is kept for the next process.
#[derive(Serialize, Deserialize)]
struct Kept {
    run: String,
    tags: KeptTags,
    files: Vec<(String, Tail, KeptColumns, bool)>,
}

impl Events {
    pub(crate) fn new(source: &Source, path: &Path) -> Self {
        let run = Run::new(source.relative(path), SourceKind::Tensorboard, path);
        let parent = path
            .parent()
            .map(|p| source.relative(p))
            .unwrap_or_default();
        Self {
            folder: path.to_path_buf(),
            root: source.path.clone(),
            files: BTreeMap::new(),
            tags: Tags::default(),
            loaded: Loaded::new(run),
            parent,
            store: None,
        }
    }

    fn read_file(&mut self, name: &str) -> Result<bool, RunsError> {
        let Some(file) = self.files.get_mut(name) else {
            return Ok(false);
        };
        let path = file.tail.path().to_path_buf();
        match file.tail.check().map_err(|e| RunsError::io(&path, e))? {
            Change::None | Change::Gone => return Ok(false),
            Change::Grown => {}
            Change::Rewritten => {
                file.columns = Columns::within(self.store.clone());
                file.lost = false;
                self.loaded.run.problems.retain(|p| p.file != path);
            }
        }
        let before = file.tail.offset();
        let EventFile {
            tail,
            columns,
            lost,
        } = file;
        let (tags, run) = (&mut self.tags, &mut self.loaded.run);
        tail.read(|bytes, offset| {
            if *lost {
                return 0;
            }
            records(bytes, offset, &path, run, lost, |data, run| {
                tags.event(data, columns, run)
            })
        })
        .map_err(|e| RunsError::io(&path, e))?;
        Ok(file.tail.offset() != before || file.lost)
    }

    /// Joins the files' summaries, in file order.
    fn settle(&mut self) {
        let mut all: BTreeMap<String, MetricSummary> = BTreeMap::new();
        for file in self.files.values() {
            for (key, summary) in file.columns.all_summaries() {
                match all.get_mut(key) {
                    Some(known) => known.merge(summary),
                    None => {
                        all.insert(key.to_owned(), summary.clone());
                    }
                }
            }
        }
        let run = &mut self.loaded.run;
        run.metrics = all;
        run.start_ms = self
            .files
            .values()
            .filter_map(|f| f.columns.first_time_ms())
            .min()
            .or(run.start_ms);
        self.tags.describe(run);
        // `add_hparams` writes a sub-run with the final metrics: it belongs to its parent.
        let joins = self.tags.has_hparams() && run.metrics.values().all(|m| m.count <= 1);
        let parent_is_run = self.folder != self.root
            && self.folder.parent().is_some_and(|p| {
                list(p).is_ok_and(|f| f.files.iter().any(|(name, _)| is_event_file(name)))
            });
        run.parent = (joins && parent_is_run).then(|| self.parent.clone());
    }
}

/// Hands every complete record's data to `take`; returns how many bytes were used.
fn records(
    bytes: &[u8],
    offset: u64,
    path: &Path,
    run: &mut Run,
    lost: &mut bool,
    mut take: impl FnMut(&[u8], &mut Run) -> bool,
) -> usize {
    let mut at = 0;
    while let Some((head, rest)) = bytes[at..].split_first_chunk::<HEAD>() {
        let place = offset + at as u64;
        let (length, check) = head.split_at(8);
        let stored = u32::from_le_bytes([check[0], check[1], check[2], check[3]]);
        if masked_crc32c(length) != stored {
            *lost = true;
            run.report(
                path,
                Some(place),
                "a record's length is damaged: nothing behind it can be found",
            );
            return at;
        }
        let mut size = [0; 8];
        size.copy_from_slice(length);
        let Ok(size) = usize::try_from(u64::from_le_bytes(size)) else {
            return at;
        };
        let Some((data, check)) = rest
            .split_at_checked(size)
            .and_then(|(data, rest)| Some((data, rest.first_chunk::<4>()?)))
        else {
            // Still being written.
            return at;
        };
        if masked_crc32c(data) != u32::from_le_bytes(*check) {
            run.report(
                path,
                Some(place),
                "a record is damaged (checksum): left out",
            );
        } else if !take(data, run) {
            run.report(path, Some(place), "a record is no event: left out");
        }
        at += FRAME + size;
    }
    at
}

impl Unit for Events {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let folder = list(&self.folder).map_err(|e| RunsError::io(&self.folder, e))?;
        for (name, path) in folder.files {
            if is_event_file(&name) && !self.files.contains_key(&name) {
                let file = EventFile {
                    tail: Tail::new(path),
                    columns: Columns::within(self.store.clone()),
                    lost: false,
                };
                self.files.insert(name, file);
            }
        }
        let names: Vec<String> = self.files.keys().cloned().collect();
        let mut changed = false;
        let mut failed = None;
        for name in names {
            match self.read_file(&name) {
                Ok(more) => changed |= more,
                Err(error) => failed = Some(error),
            }
        }
        if changed {
            self.settle();
        }
        let written = self
            .files
            .values()
            .filter_map(|f| f.tail.modified_ms())
            .max();
        let run = &mut self.loaded.run;
        let state = match self.tags.ended() {
            Some(state) => state,
            None => RunState::without_end(written, now_ms),
        };
        changed |= state != run.state;
        run.state = state;
        if run.state != RunState::Running {
            for file in self
                .files
                .values()
                .filter(|f| !f.lost && f.tail.offset() < f.tail.len())
            {
                let left = file.tail.len() - file.tail.offset();
                run.report(
                    file.tail.path(),
                    Some(file.tail.offset()),
                    format!("the file ends inside a record: its last {left} bytes are not read"),
                );
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(changed),
        }
    }

    keeps_run_in!(loaded);

    fn media(&self, name: &str) -> Result<Vec<Medium>, RunsError> {
        let mut collect = Collect::new(name);
        // What is damaged was noted when the points were read.
        let mut notes = Run::new("", SourceKind::Tensorboard, &self.folder);
        for file in self.files.values() {
            let path = file.tail.path().to_path_buf();
            let mut tail = Tail::new(&path);
            let mut lost = false;
            let io = |e| RunsError::io(&path, e);
            if matches!(tail.check().map_err(io)?, Change::Gone) {
                continue;
            }
            let read = tail.read(|bytes, offset| {
                if lost {
                    return 0;
                }
                records(bytes, offset, &path, &mut notes, &mut lost, |data, _| {
                    collect.event(data);
                    true
                })
            });
            read.map_err(io)?;
        }
        Ok(collect.found)
    }

    /// Files in name order, each in its own order.
    fn series(&self, key: &str) -> Option<Series> {
        let files = || self.files.values().filter(|f| f.columns.len_of(key) > 0);
        let mut series = Series::default();
        series.reserve(files().map(|f| f.columns.len_of(key)).sum());
        files().try_for_each(|file| file.columns.append_to(key, &mut series))?;
        (!series.is_empty()).then_some(series)
    }

    fn put_away_in(&mut self, store: &Arc<Store>) {
        self.store = Some(store.clone());
    }

    fn keep(&mut self) -> Option<Vec<u8>> {
        let mut files = Vec::new();
        for (name, file) in &mut self.files {
            files.push((
                name.clone(),
                file.tail.clone(),
                file.columns.keep()?,
                file.lost,
            ));
        }
        let kept = Kept {
            run: keep_run(&self.loaded.run)?,
            tags: self.tags.keep(),
            files,
        };
        postcard::to_allocvec(&kept).ok()
    }

    fn restore(&mut self, kept: &[u8], store: &Arc<Store>) -> bool {
        self.put_away_in(store);
        let restored = || {
            let kept: Kept = postcard::from_bytes(kept).ok()?;
            let mut files = BTreeMap::new();
            for (name, mut tail, columns, lost) in kept.files {
                let path = self.folder.join(&name);
                // What is gone from disk is not shown from the index.
                if !path.is_file() {
                    return None;
                }
                tail.restore(path);
                let file = EventFile {
                    tail,
                    columns: Columns::restore(columns, store)?,
                    lost,
                };
                files.insert(name, file);
            }
            let run: Run = serde_json::from_str(&kept.run).ok()?;
            Some((run, Tags::restore(kept.tags)?, files))
        };
        let Some((run, tags, files)) = restored() else {
            return false;
        };
        (self.loaded.run, self.tags, self.files) = (run, tags, files);
        self.settle();
        true
    }

    fn bytes_away(&self) -> u64 {
        self.files.values().map(|f| f.columns.bytes_away()).sum()
    }
}
