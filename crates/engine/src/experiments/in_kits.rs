//! Runs inside ModelKits: the trackers' files and the attached record are taken out of the layers
//! into a folder, and read there as in a project. Nothing else of the kit is read.
//!
//! A kit never changes, so what was taken out once is good for ever: [`open`] keeps it under the
//! kit's digest.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kitbench_modelkit::inspect::{Kit, KitLayer, files};
use kitbench_modelkit::media::{Compression, Packaging};
use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::source::KitSource;
use kitbench_modelkit::{Error, LayerKind, Reference, Result};
use kitbench_protocol::AttachedRun;
use kitbench_runs::{Reader, Run};
use serde::{Deserialize, Serialize};

use super::attach::suggested;
use super::metered::Metered;
use super::record::{self, PLACES, RecordReader, RunRecord};

/// How much is read to find runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest file taken out, in bytes.
    pub file: u64,
    /// All files taken out together.
    pub files: u64,
    /// Bytes of layers that are moved to look for files: what is passed over by seeking does not
    /// count, what must be decompressed or streamed does.
    pub layers: u64,
    /// Only the attached record, not the trackers' files.
    pub record_only: bool,
}

impl Limits {
    /// On this computer.
    pub const LOCAL: Limits = Limits {
        file: 512 << 20,
        files: 2 << 30,
        layers: u64::MAX,
        record_only: false,
    };
    /// Over a network, without being asked: the record alone, from a small layer.
    pub const RECORD: Limits = Limits {
        file: record::MAX_BYTES,
        files: record::MAX_BYTES,
        layers: 4 << 20,
        record_only: true,
    };
    /// Over a network, when asked.
    pub const REMOTE: Limits = Limits {
        file: 128 << 20,
        files: 256 << 20,
        layers: 256 << 20,
        record_only: false,
    };
}

/// The runs of one kit.
pub struct KitRuns {
    /// What it was asked by.
    pub reference: Reference,
    /// The kit's digest.
    pub digest: String,
    /// Place of the record in the kit, and the record.
    pub record: Option<(String, RunRecord)>,
    /// The record's reader first, then those of the trackers' files.
    pub readers: Vec<Box<dyn Reader>>,
    pub took: Took,
    hold: Hold,
}

/// Keeps the files taken out of a kit where readers look for them; those that are not kept are
/// removed with the last one.
#[derive(Clone)]
pub struct Hold {
    _folder: Option<Arc<TemporaryFolder>>,
}

/// What was taken out of a kit, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Took {
    /// Files taken out.
    pub files: u32,
    /// Bytes that had to be moved.
    pub read_bytes: u64,
    /// Bytes of layers that were not looked into, because that would have moved more than allowed.
    pub unread_bytes: u64,
    /// What was passed over and why, in sentences.
    pub notes: Vec<String>,
    limits: Option<Limits>,
}

impl Took {
    /// Whether asking with `limits` would find nothing more.
    fn is_enough_for(&self, limits: Limits) -> bool {
        let Some(had) = self.limits else { return false };
        had == limits
            || (!had.record_only && self.unread_bytes == 0 && self.notes.is_empty())
            || (limits.record_only && !had.record_only)
    }
}

/// Opens the runs of the kit that `source` is. What is taken out is kept below `cache` if given,
/// else in a temporary folder for as long as the runs are held.
///
/// # Errors
/// When the kit cannot be read; what is wrong with one layer is a note instead.
pub fn open(
    source: &dyn KitSource,
    cache: Option<&Path>,
    limits: Limits,
    cancel: &CancellationToken,
) -> Result<KitRuns> {
    let kit = Kit::read(source)?;
    let digest = kit.digest.to_string();
    let (folder, temporary) = match cache {
        Some(cache) => (cache.join(digest.replace(':', "-")), None),
        None => {
            let folder = TemporaryFolder::new()?;
            (folder.0.clone(), Some(folder))
        }
    };
    let files = folder.join("files");
    let known = std::fs::read(folder.join("took.json")).ok();
    let known = known.and_then(|text| serde_json::from_slice::<Took>(&text).ok());
    let took = match known.filter(|took| took.is_enough_for(limits)) {
        Some(took) => took,
        None => {
            let beside = folder.with_file_name(format!(
                "{}.{}",
                folder
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default(),
                std::process::id()
            ));
            let mut begun = Beside(Some(beside.clone()));
            let took = take(source, &kit, &beside.join("files"), limits, cancel)?;
            let text = serde_json::to_vec(&took).unwrap_or_default();
            std::fs::write(beside.join("took.json"), text).map_err(Error::io("write", &beside))?;
            // Seen whole or not at all.
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::rename(&beside, &folder).map_err(Error::io("write", &folder))?;
            begun.0 = None;
            took
        }
    };
    let mut runs = KitRuns {
        reference: source.reference().clone(),
        digest,
        record: None,
        readers: Vec::new(),
        took,
        hold: Hold {
            _folder: temporary.map(Arc::new),
        },
    };
    runs.read(&files);
    Ok(runs)
}

impl KitRuns {
    fn read(&mut self, files: &Path) {
        let found = match kitbench_runs::scan(files) {
            Ok(found) => found,
            Err(error) => {
                self.took.notes.push(error.to_string());
                return;
            }
        };
        for source in &found.sources {
            match kitbench_runs::open(source) {
                Ok(reader) => self.readers.push(reader),
                Err(error) => self.took.notes.push(error.to_string()),
            }
        }
        for place in PLACES {
            let path = files.join(place);
            let Ok(bytes) = std::fs::read(&path) else {
                continue;
            };
            match RunRecord::parse(&bytes, place) {
                Ok(record) if self.record.is_none() => {
                    // Where the tracker's own files are in the kit, they tell more.
                    let whole = self.readers.iter().any(|reader| {
                        reader.source().kind == record.kind() && reader.run(&record.id).is_some()
                    });
                    if !whole {
                        let reader = RecordReader::new(record.clone(), &path, files);
                        self.readers.insert(0, Box::new(reader));
                    }
                    self.record = Some((place.to_owned(), record));
                }
                Ok(_) => {}
                Err(error) => self.took.notes.push(error.to_string()),
            }
        }
    }

    /// The readers alone, with what keeps their files there.
    pub fn into_readers(self) -> (Vec<Box<dyn Reader>>, Hold) {
        (self.readers, self.hold)
    }

    /// Every run, with its reader's place.
    pub fn runs(&self) -> Vec<(usize, &Run)> {
        let readers = self.readers.iter().enumerate();
        readers
            .flat_map(|(at, reader)| reader.rows().into_iter().map(move |run| (at, run)))
            .filter(|(_, run)| !run.deleted)
            .collect()
    }

    /// The run that stands for the kit: the attached one, else the newest that finished.
    pub fn chosen(&self) -> Option<(usize, &Run)> {
        let runs = self.runs();
        if let Some((_, record)) = &self.record {
            let is_it = |run: &Run| run.id == record.id && run.source == record.kind();
            return runs.into_iter().find(|(_, run)| is_it(run));
        }
        let all: Vec<&Run> = runs.iter().map(|(_, run)| *run).collect();
        let best = suggested(&all)?;
        runs.into_iter().find(|(_, run)| std::ptr::eq(*run, best))
    }
}

/// Bytes of the layers that [`open`] would look into: what that moves at most.
pub fn cost(kit: &Kit, limits: Limits) -> u64 {
    let layers = kit.layers.iter().filter(|layer| may_hold(layer, limits));
    layers.map(|layer| layer.descriptor.size).sum()
}

/// The record attached to a kit, read from its docs layers of at most `most` bytes alone. What cannot
/// be read is shown as no record; the page tells what is wrong with a layer elsewhere.
pub fn attached(source: &dyn KitSource, kit: &Kit, most: u64) -> Option<AttachedRun> {
    let cancel = CancellationToken::new();
    for layer in kit
        .layers
        .iter()
        .filter(|layer| may_hold(layer, Limits::RECORD) && layer.descriptor.size <= most)
    {
        for place in PLACES {
            let file = files::read_file(source, layer, place, record::MAX_BYTES, &cancel);
            if let Ok(file) = file
                && let Ok(record) = RunRecord::parse(&file.bytes, place)
            {
                return Some(super::attach::view(&record, place));
            }
        }
    }
    None
}

/// Takes the files of runs out of the layers of `kit` into `folder`.
fn take(
    source: &dyn KitSource,
    kit: &Kit,
    folder: &Path,
    limits: Limits,
    cancel: &CancellationToken,
) -> Result<Took> {
    std::fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    let metered = Metered {
        inner: source,
        read: Arc::default(),
        limit: limits.layers,
    };
    let mut took = Took {
        limits: Some(limits),
        ..Took::default()
    };
    // Small layers first: the record is in one, and the budget goes further.
    let mut layers: Vec<&KitLayer> = kit.layers.iter().filter(|l| may_hold(l, limits)).collect();
    layers.sort_by_key(|layer| (layer.kind != LayerKind::Docs, layer.descriptor.size));
    let mut bytes = 0;
    for layer in layers {
        let size = layer.descriptor.size;
        let whole = limits.layers == u64::MAX;
        let left = limits
            .layers
            .saturating_sub(metered.read.load(Ordering::Relaxed));
        let can_skip = layer.compression == Compression::None
            && (whole || source.seekable(&layer.descriptor)?.is_some());
        if size > left && !can_skip {
            took.unread_bytes += size;
            took.notes.push(format!(
                "The {} was not looked into: that would move {}.",
                layer.label,
                crate::kits::decimal_size(size)
            ));
            continue;
        }
        let over = Cell::new(false);
        let result = files::visit_files(&metered, layer, cancel, &mut |file, data| {
            if !wanted(&file.path, file.size, layer.kind, limits) {
                return Ok(true);
            }
            if bytes + file.size > limits.files {
                over.set(true);
                return Ok(false);
            }
            let Some(target) = below(folder, &file.path) else {
                return Ok(true);
            };
            bytes += file.size;
            took.files += u32::from(write(&target, data)?);
            Ok(true)
        });
        match result {
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => {
                let read = metered.read.load(Ordering::Relaxed);
                if read > limits.layers {
                    took.unread_bytes += size;
                    took.notes.push(format!(
                        "The {} was looked into as far as {} allow.",
                        layer.label,
                        crate::kits::decimal_size(limits.layers)
                    ));
                } else {
                    took.notes.push(format!("The {}: {error}.", layer.label));
                }
            }
            Ok(()) if over.get() => took.notes.push(format!(
                "The {} holds more files of runs than {}; the rest was passed over.",
                layer.label,
                crate::kits::decimal_size(limits.files)
            )),
            Ok(()) => {}
        }
    }
    took.read_bytes = metered.read.load(Ordering::Relaxed);
    Ok(took)
}

/// Writes a file taken out; whether it is there now. A name met twice keeps its first content.
fn write(target: &Path, data: &mut dyn Read) -> io::Result<bool> {
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(target);
    match file {
        Ok(mut file) => io::copy(data, &mut file).map(|_| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// The place of a member below `folder`; `None` for names that lead elsewhere.
fn below(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut target = folder.to_path_buf();
    for part in path.split('/') {
        let is_plain = !part.is_empty()
            && part != "."
            && part != ".."
            && !part.contains(['\\', '\0'])
            && !(cfg!(windows) && part.contains(':'));
        if !is_plain {
            return None;
        }
        target.push(part);
    }
    Some(target)
}

/// Whether a layer can hold files of runs.
fn may_hold(layer: &KitLayer, limits: Limits) -> bool {
    let path = layer.clean_path();
    if limits.record_only {
        let covers =
            |place: &&str| path == **place || path == "." || place.starts_with(&format!("{path}/"));
        return layer.kind == LayerKind::Docs && PLACES.iter().any(covers);
    }
    // One file that is a model is no run.
    layer.packaging != Packaging::Raw || wanted(&path, layer.descriptor.size, layer.kind, limits)
}

/// Folders that trackers make.
const TRACKERS: [&str; 9] = [
    "mlruns",
    "wandb",
    ".neptune",
    "neptune",
    "dvclive",
    "lightning_logs",
    "trackio",
    "sacred",
    "tb_logs",
];
/// Folders of an MLflow run whose files have any ending or none.
const MLFLOW: [&str; 4] = ["metrics", "params", "tags", "inputs"];
/// Endings of trackers' files.
const ENDINGS: [&str; 17] = [
    "yaml",
    "yml",
    "json",
    "jsonl",
    "ndjson",
    "csv",
    "tsv",
    "log",
    "txt",
    "wandb",
    "db",
    "sqlite",
    "sqlite3",
    "db3",
    "parquet",
    "db-wal",
    "sqlite-wal",
];
/// Endings of what models and pictures are kept in.
const HEAVY: [&str; 20] = [
    "safetensors",
    "gguf",
    "onnx",
    "pt",
    "pth",
    "ckpt",
    "bin",
    "h5",
    "hdf5",
    "keras",
    "pb",
    "tflite",
    "pkl",
    "joblib",
    "npy",
    "npz",
    "zip",
    "gz",
    "png",
    "jpg",
];
/// Largest JSON and YAML that is taken for a tracker's; larger ones are data.
const MAX_TEXT: u64 = 64 << 20;

/// Whether a file may be a run's: by name here, by content when it is read.
fn wanted(path: &str, size: u64, kind: LayerKind, limits: Limits) -> bool {
    if PLACES.contains(&path) {
        return size <= record::MAX_BYTES;
    }
    if limits.record_only || size > limits.file {
        return false;
    }
    let lower = path.to_lowercase();
    let parts: Vec<&str> = lower.split('/').collect();
    let Some((name, folders)) = parts.split_last() else {
        return false;
    };
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if name.contains("tfevents") || ending == "wandb" {
        return true;
    }
    if HEAVY.contains(&ending) || folders.contains(&"artifacts") {
        return false;
    }
    let tracked = folders.iter().any(|folder| TRACKERS.contains(folder));
    let of_mlflow = folders.iter().skip(2).any(|folder| MLFLOW.contains(folder));
    if tracked || of_mlflow {
        return true;
    }
    // A data set's tables are not logs.
    kind != LayerKind::Dataset
        && ENDINGS.contains(&ending)
        && (size <= MAX_TEXT || !matches!(ending, "json" | "yaml" | "yml" | "txt"))
}

/// A folder that is half filled until it is renamed; removed if that does not happen.
struct Beside(Option<PathBuf>);

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

/// A folder in the system's place for such, removed with this.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> Result<TemporaryFolder> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "kitbench-runs-{}-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed),
            crate::state::now_ms()
        );
        let path = std::env::temp_dir().join(name);
        // Must be new: a folder that somebody else made may hold anything.
        std::fs::create_dir(&path).map_err(Error::io("make", &path))?;
        Ok(TemporaryFolder(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_runs_are_told_from_models_and_data() {
        let wants = |path: &str, kind| wanted(path, 1000, kind, Limits::LOCAL);
        for yes in [
            ".kitbench/run.json",
            "mlruns/0/meta.yaml",
            "mlruns/1/abc/metrics/val/loss",
            "store/1/abc/params/lr",
            "logs/events.out.tfevents.1.host.1.0",
            "out/wandb/run-1/run-a.wandb",
            "logs/a.csv",
            "mlflow.db",
        ] {
            assert!(wants(yes, LayerKind::Code), "{yes}");
        }
        for no in [
            "model/wine.safetensors",
            "mlruns/1/abc/artifacts/model.pkl",
            "src/train.py",
            "LICENSE",
        ] {
            assert!(!wants(no, LayerKind::Code), "{no}");
        }
        assert!(!wants("data/train.csv", LayerKind::Dataset));
        assert!(wants("data/mlruns/0/meta.yaml", LayerKind::Dataset));
        assert!(!wanted("a.csv", 1000, LayerKind::Code, Limits::RECORD));
        assert!(wanted(PLACES[0], 1000, LayerKind::Docs, Limits::RECORD));
    }

    #[test]
    fn names_of_members_stay_below_the_folder() {
        let folder = Path::new("/x");
        assert_eq!(below(folder, "a/b"), Some(PathBuf::from("/x/a/b")));
        for path in [
            "",
            "/etc/passwd",
            "../a",
            "a/../../b",
            "a//b",
            "./a",
            "a\\..\\b",
        ] {
            assert_eq!(below(folder, path), None, "{path}");
        }
    }
}
