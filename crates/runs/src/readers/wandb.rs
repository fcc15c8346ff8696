//! Weights & Biases run files, straight from disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::RunsError;
use crate::formats::crc::crc32;
use crate::formats::json::{self, Json};
use crate::formats::proto::{self, Wire};
use crate::formats::tail::{Change, Tail};
use crate::formats::time::seconds_ms;
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Loaded, Unit};
use crate::scan::{Source, list};
use crate::series::Step;

/// Blocks are counted from the start of the file.
const BLOCK: u64 = 32_768;
/// Checksum, length, type.
const CHUNK_HEAD: usize = 7;
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

/// Run files in the source folder and the folders in it, by folder date.
fn files(source: &Source) -> Result<Vec<(String, PathBuf)>, RunsError> {
    let folder = list(&source.path).map_err(|e| RunsError::io(&source.path, e))?;
    let mut found = Vec::new();
    let mut take = |order: &str, files: Vec<(String, PathBuf)>| {
        for (name, path) in files {
            if run_id(&name).is_some() {
                found.push((order.to_owned(), name, path));
            }
        }
    };
    take("", folder.files);
    for (name, path) in folder.folders {
        // `latest-run` is a link to another one.
        if path.is_symlink() {
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
    let mut seen = Vec::new();
    let mut units = Vec::new();
    for (id, path) in files(source)? {
        if !seen.contains(&id) {
            seen.push(id);
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
    /// Files in folder order.
    order: Vec<PathBuf>,
    state: Decoded,
}

struct Decoded {
    loaded: Loaded,
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

impl Decoded {
    /// Takes all complete records; returns how many bytes they use. `offset` is where
    /// `bytes` begin in the file.
    fn chunks(&mut self, bytes: &[u8], offset: u64, skip_to: &mut u64, path: &Path) -> usize {
        let mut at = 0usize;
        // Where the record under way begins and what it has so far.
        let mut start = 0usize;
        let mut record: Option<Vec<u8>> = None;
        loop {
            let place = offset + at as u64;
            if place < *skip_to {
                let step = usize::try_from(*skip_to - place)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len() - at);
                at += step;
                start = at;
                if at >= bytes.len() {
                    return at;
                }
                continue;
            }
            let left = BLOCK - place % BLOCK;
            if left < CHUNK_HEAD as u64 {
                if (bytes.len() - at) < left as usize {
                    return if record.is_some() { start } else { at };
                }
                at += left as usize;
                if record.is_none() {
                    start = at;
                }
                continue;
            }
            let unfinished = if record.is_some() { start } else { at };
            let Some((head, rest)) = bytes[at..].split_first_chunk::<CHUNK_HEAD>() else {
                return unfinished;
            };
            let stored = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
            let length = usize::from(u16::from_le_bytes([head[4], head[5]]));
            let kind = head[6];
            let fits = (CHUNK_HEAD + length) as u64 <= left;
            let Some(payload) = rest.get(..length).filter(|_| fits) else {
                if fits {
                    return unfinished;
                }
                self.damaged(path, place, &mut record, skip_to, left);
                continue;
            };
            if !(1..=4).contains(&kind) || crc32(&head[6..7], payload) != stored {
                self.damaged(path, place, &mut record, skip_to, left);
                continue;
            }
            at += CHUNK_HEAD + length;
            match (kind, record.take()) {
                (1, _) => {
                    self.record(payload, path, place);
                    start = at;
                }
                (2, _) => {
                    start = at - CHUNK_HEAD - length;
                    record = Some(payload.to_vec());
                }
                (3, Some(mut known)) => {
                    known.extend_from_slice(payload);
                    record = Some(known);
                }
                (4, Some(mut known)) => {
                    known.extend_from_slice(payload);
                    self.record(&known, path, offset + start as u64);
                    start = at;
                }
                // A middle or an end whose beginning was lost.
                _ => start = at,
            }
        }
    }

    /// The rest of this block is given up, and a half record with it.
    fn damaged(
        &mut self,
        path: &Path,
        place: u64,
        record: &mut Option<Vec<u8>>,
        skip_to: &mut u64,
        left: u64,
    ) {
        *record = None;
        *skip_to = place + left;
        self.loaded.run.report(
            path,
            Some(place),
            format!("a chunk is damaged: the rest of this block, {left} bytes, is left out"),
        );
    }

    fn record(&mut self, data: &[u8], path: &Path, place: u64) {
        if !proto::is_whole(data) {
            self.loaded
                .run
                .report(path, Some(place), "a record is not readable: left out");
            return;
        }
        for (number, wire) in proto::fields(data) {
            let Some(message) = wire.bytes() else {
                continue;
            };
            match number {
                2 => self.history(message),
                3 => {
                    let mut summary = std::mem::take(&mut self.loaded.run.summary);
                    apply(message, &mut summary);
                    self.loaded.run.summary = summary;
                }
                5 => self.config(message),
                12 => self.metric(message),
                17 => self.about(message),
                18 => {
                    self.exit = Some(proto::field(message, 1).and_then(Wire::int).unwrap_or(0));
                    self.runtime = proto::field(message, 2).and_then(Wire::int);
                }
                _ => {}
            }
        }
    }

    fn config(&mut self, message: &[u8]) {
        apply(message, &mut self.loaded.run.params);
        self.loaded.run.params.remove("_wandb");
    }

    fn history(&mut self, message: &[u8]) {
        let mut step = None;
        let mut time = None;
        let mut numbers: Vec<(String, f64)> = Vec::new();
        let mut media: Vec<(String, String)> = Vec::new();
        for (number, wire) in proto::fields(message) {
            match (number, wire) {
                (1, Wire::Bytes(item)) => {
                    let Some((path, text)) = item_parts(item) else {
                        continue;
                    };
                    let name = path.join(".");
                    let value = number_or_json(text);
                    match (path.as_slice(), &value) {
                        (["_step"], Some(value)) => step = value.step(),
                        (["_timestamp"], Some(value)) => time = value.number().and_then(seconds_ms),
                        ([first, ..], _) if first.starts_with('_') => {}
                        ([parent @ .., "_type"], Some(Json::Text(kind))) => {
                            media.push((parent.join("."), kind.clone()))
                        }
                        (_, Some(Json::Object(_))) => {
                            objects(&name, value.as_ref(), &mut numbers, &mut media)
                        }
                        (_, Some(value)) => {
                            if let Some(number) = value.number() {
                                numbers.push((name, number));
                            }
                        }
                        _ => {}
                    }
                }
                (2, Wire::Bytes(message)) => {
                    let counted = proto::field(message, 1).and_then(Wire::int).unwrap_or(0);
                    step = step.or(Some(Step::from(counted)));
                }
                _ => {}
            }
        }
        let step = step.unwrap_or_else(|| Step::from(self.rows as i64));
        self.rows += 1;
        for (name, number) in numbers {
            let in_media = |(parent, _): &(String, String)| {
                name.strip_prefix(parent.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
            };
            if !media.iter().any(in_media) {
                self.loaded.columns.merge(&name, step, time, number);
            }
        }
        for (name, kind) in media {
            let names = self.loaded.run.other.entry(kind).or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }

    fn metric(&mut self, message: &[u8]) {
        let text = |n| {
            proto::field(message, n)
                .and_then(Wire::text)
                .filter(|t| !t.is_empty())
        };
        if let (Some(name), Some(axis)) = (text(1).or(text(2)), text(4)) {
            self.loaded
                .run
                .step_metrics
                .insert(name.to_owned(), axis.to_owned());
        }
    }

    fn about(&mut self, message: &[u8]) {
        if let Some(config) = proto::field(message, 4).and_then(Wire::bytes) {
            self.config(config);
        }
        if let Some(summary) = proto::field(message, 5).and_then(Wire::bytes) {
            apply(summary, &mut self.loaded.run.summary);
        }
        let run = &mut self.loaded.run;
        let mut tags = Vec::new();
        for (number, wire) in proto::fields(message) {
            let text = wire
                .text()
                .filter(|text| !text.is_empty())
                .map(str::to_owned);
            let mut tag = |name: &str, text: Option<String>| {
                if let Some(text) = text {
                    run.tags.insert(name.to_owned(), text);
                }
            };
            match number {
                2 => tag("entity", text),
                3 => {
                    tag("project", text.clone());
                    run.experiment = text;
                }
                6 => tag("group", text),
                7 => tag("job_type", text),
                8 => run.name = text.unwrap_or_else(|| run.id.clone()),
                9 => run.note = text,
                10 => tags.extend(text),
                12 => tag("sweep", text),
                13 => tag("host", text),
                17 => {
                    let stamp = wire.bytes().unwrap_or_default();
                    let part = |n| proto::field(stamp, n).and_then(Wire::int).unwrap_or(0);
                    let start = part(1)
                        .checked_mul(1000)
                        .and_then(|s| s.checked_add((part(2) + 500_000).div_euclid(1_000_000)));
                    // A resumed run began when its first part did.
                    run.start_ms = run.start_ms.or(start);
                }
                21 => {
                    let commit =
                        proto::field(wire.bytes().unwrap_or_default(), 2).and_then(Wire::text);
                    run.git_commit = commit.filter(|c| !c.is_empty()).map(str::to_owned);
                }
                _ => {}
            }
        }
        if !tags.is_empty() {
            run.tags.insert("tags".into(), tags.join(", "));
        }
    }
}

/// Key path and JSON text of an item.
fn item_parts(item: &[u8]) -> Option<(Vec<&str>, &[u8])> {
    let (mut path, mut value) = (Vec::new(), None);
    for (number, wire) in proto::fields(item) {
        match number {
            1 => {
                if let Some(key) = wire.text().filter(|key| !key.is_empty()) {
                    path = vec![key];
                }
            }
            2 => path.push(wire.text()?),
            16 => value = wire.bytes(),
            _ => {}
        }
    }
    (!path.is_empty()).then_some((path, value?))
}

fn number_or_json(text: &[u8]) -> Option<Json> {
    json::parse(text).ok()
}

/// Numbers and media inside an object given as one value.
fn objects(
    name: &str,
    value: Option<&Json>,
    numbers: &mut Vec<(String, f64)>,
    media: &mut Vec<(String, String)>,
) {
    let Some(value) = value else { return };
    if let Some(kind) = value.get("_type").and_then(Json::text) {
        media.push((name.to_owned(), kind.to_owned()));
        return;
    }
    for (key, value) in value.entries() {
        let name = format!("{name}.{key}");
        match value {
            Json::Object(_) => objects(&name, Some(value), numbers, media),
            other => {
                if let Some(number) = other.number() {
                    numbers.push((name, number));
                }
            }
        }
    }
}

/// Applies a config or summary message: repeated 1 update, repeated 2 remove.
fn apply(message: &[u8], map: &mut Map<String, Value>) {
    for (number, wire) in proto::fields(message) {
        let Some(item) = wire.bytes() else { continue };
        match number {
            1 => {
                if let Some((path, text)) = item_parts(item)
                    && let Ok(value) = json::parse(text)
                {
                    set(map, &path, value.strict());
                }
            }
            2 => {
                let path: Vec<&str> = proto::fields(item)
                    .filter(|(n, _)| matches!(n, 1 | 2))
                    .filter_map(|(_, w)| w.text())
                    .filter(|t| !t.is_empty())
                    .collect();
                remove(map, &path);
            }
            _ => {}
        }
    }
}

fn set(map: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [key] => {
            map.insert((*key).to_owned(), value);
        }
        [key, rest @ ..] => {
            let below = map
                .entry((*key).to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            if !below.is_object() {
                *below = Value::Object(Map::new());
            }
            if let Some(below) = below.as_object_mut() {
                set(below, rest, value);
            }
        }
    }
}

fn remove(map: &mut Map<String, Value>, path: &[&str]) {
    match path {
        [] => {}
        [key] => {
            map.remove(*key);
        }
        [key, rest @ ..] => {
            if let Some(below) = map.get_mut(*key).and_then(Value::as_object_mut) {
                remove(below, rest);
            }
        }
    }
}

impl Unit for Wandb {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        let mine = files(&self.source)?
            .into_iter()
            .filter(|(id, _)| *id == self.id)
            .map(|(_, path)| path);
        self.order = mine.collect();
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
