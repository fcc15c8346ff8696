//! What is measured: stores as the trackers write them, the same bytes at each start. Made once, kept in
//! `target/bench`.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::peers;

/// Runs, metrics of each, points of each metric of the MLflow file store.
pub const FILES: (usize, usize, usize) = (1_000, 20, 1_000);
/// The same of the MLflow database.
pub const DATABASE: (usize, usize, usize) = (10_000, 10, 100);
/// Tags and steps of the TensorBoard run.
pub const EVENTS: (usize, usize) = (5, 1_000_000);
/// Steps of the W&B run, which logs [`WANDB_METRICS`] at each.
pub const WANDB: usize = 500_000;
pub const WANDB_METRICS: [&str; 2] = ["loss", "accuracy"];

/// Changes when the generator does, so that no old corpus is measured.
const VERSION: u32 = 1;
/// When the first run began, Unix ms.
const BEGIN: u64 = 1_790_000_000_000;

/// Where the corpora are.
pub struct Corpus {
    pub files: PathBuf,
    pub database: PathBuf,
    pub events: PathBuf,
    pub wandb: PathBuf,
}

impl Corpus {
    /// Makes what is not there yet below `folder`.
    pub fn prepare(folder: &Path) -> Result<Self> {
        let folder = folder.join(format!("runs-{VERSION}"));
        fs::create_dir_all(&folder)?;
        let made = |name: &str, make: &dyn Fn(&Path) -> Result<()>| -> Result<PathBuf> {
            let path = folder.join(name);
            if !path.exists() {
                eprintln!("making {}", path.display());
                // Whole or not at all: an interrupted start leaves nothing that would be taken for it.
                let half = folder.join(format!("{name}.half"));
                if half.exists() {
                    fs::remove_dir_all(&half)?;
                }
                fs::create_dir_all(&half)?;
                make(&half)?;
                fs::rename(&half, &path)?;
            }
            Ok(path)
        };
        Ok(Self {
            files: made("mlflow-files", &mlflow_files)?.join("mlruns"),
            events: made("tensorboard", &tensorboard)?,
            wandb: made("wandb", &wandb)?,
            database: made("mlflow-database", &|half| {
                peers::make_database(&half.join("mlflow.db"), DATABASE)
            })?
            .join("mlflow.db"),
        })
    }
}

/// The id of a run of the file store.
pub fn run_id(run: usize) -> String {
    format!("{:032x}", 0xabc0_0000_0000 + run)
}

/// The name of a metric of the file store and the database.
pub fn metric(index: usize) -> String {
    format!("metric_{index:02}")
}

/// A curve that falls, with noise on it: what a loss looks like, to the last digit.
fn value(curve: usize, step: usize) -> f64 {
    let mut z = (curve as u64) << 32 | step as u64;
    z = z.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let noise = ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
    0.1 + 100.0 / (100.0 + step as f64) + 0.05 * noise
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("cannot make {}", path.display()))?;
    Ok(BufWriter::with_capacity(1 << 20, file))
}

fn mlflow_files(folder: &Path) -> Result<()> {
    let (runs, metrics, steps) = FILES;
    let store = folder.join("mlruns");
    let experiment = store.join("1");
    fs::create_dir_all(&experiment)?;
    let meta = |id: &str| {
        format!(
            "artifact_location: {}\ncreation_time: {BEGIN}\nexperiment_id: '{id}'\nlast_update_time: {BEGIN}\n\
             lifecycle_stage: active\nname: bench-{id}\n",
            store.join(id).display()
        )
    };
    fs::write(experiment.join("meta.yaml"), meta("1"))?;
    fs::create_dir_all(store.join("0"))?;
    fs::write(store.join("0/meta.yaml"), meta("0"))?;
    let mut text = Vec::new();
    for run in 0..runs {
        let id = run_id(run);
        let path = experiment.join(&id);
        for below in ["metrics", "params", "tags", "artifacts"] {
            fs::create_dir_all(path.join(below))?;
        }
        let start = BEGIN + 1_000_000 * run as u64;
        fs::write(
            path.join("meta.yaml"),
            format!(
                "artifact_uri: {}/artifacts\nend_time: {}\nentry_point_name: ''\nexperiment_id: '1'\n\
                 lifecycle_stage: active\nrun_id: {id}\nrun_name: run-{run}\nsource_name: ''\nsource_type: 4\n\
                 source_version: ''\nstart_time: {start}\nstatus: 3\ntags: []\nuser_id: bench\n",
                path.display(),
                start + 1_000 * steps as u64,
            ),
        )?;
        for (key, value) in [
            ("lr", format!("{}", 1e-4 * (1 + run % 10) as f64)),
            ("batch_size", format!("{}", 16 << (run % 4))),
            ("optimizer", ["adam", "sgd"][run % 2].to_owned()),
            ("seed", run.to_string()),
            ("model", "resnet50".to_owned()),
        ] {
            fs::write(path.join("params").join(key), value)?;
        }
        for (key, value) in [
            ("mlflow.runName", format!("run-{run}")),
            ("mlflow.user", "bench".to_owned()),
            ("mlflow.source.name", "train.py".to_owned()),
        ] {
            fs::write(path.join("tags").join(key), value)?;
        }
        for index in 0..metrics {
            text.clear();
            for step in 0..steps {
                let time = start + 1_000 * step as u64 + (step as u64 * 7919) % 500;
                let value = value(run * metrics + index, step);
                writeln!(text, "{time} {value} {step}")?;
            }
            fs::write(path.join("metrics").join(metric(index)), &text)?;
        }
    }
    Ok(())
}

/// One event file as `SummaryWriter.add_scalar` writes it: an event per value.
fn tensorboard(folder: &Path) -> Result<()> {
    let (tags, steps) = EVENTS;
    let mut file = create(&folder.join("events.out.tfevents.1790000000.bench.1.0"))?;
    let begin = BEGIN as f64 / 1000.0;
    let mut event = Vec::new();
    let version: &[u8] = b"\x1a\x0dbrain.Event:2";
    event.push(0x09);
    event.extend_from_slice(&begin.to_le_bytes());
    event.extend_from_slice(version);
    record(&mut file, &event)?;
    for step in 0..steps {
        for tag in 0..tags {
            event.clear();
            event.push(0x09);
            event.extend_from_slice(&(begin + step as f64 * 0.25).to_le_bytes());
            event.push(0x10);
            varint(&mut event, step as u64);
            let mut content = Vec::with_capacity(40);
            let name = format!("train/metric_{tag}");
            content.push(0x0a);
            varint(&mut content, name.len() as u64);
            content.extend_from_slice(name.as_bytes());
            content.push(0x15);
            content.extend_from_slice(&(value(tag, step) as f32).to_le_bytes());
            let mut summary = vec![0x0a];
            varint(&mut summary, content.len() as u64);
            summary.extend_from_slice(&content);
            event.push(0x2a);
            varint(&mut event, summary.len() as u64);
            event.extend_from_slice(&summary);
            record(&mut file, &event)?;
        }
    }
    file.flush()?;
    Ok(())
}

/// Length, its checksum, the data, its checksum.
fn record(file: &mut impl Write, data: &[u8]) -> Result<()> {
    let masked = |bytes: &[u8]| {
        crc32c::crc32c(bytes)
            .rotate_right(15)
            .wrapping_add(0xa282_ead8)
            .to_le_bytes()
    };
    let length = (data.len() as u64).to_le_bytes();
    file.write_all(&length)?;
    file.write_all(&masked(&length))?;
    file.write_all(data)?;
    file.write_all(&masked(data))?;
    Ok(())
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A field of bytes of a protocol buffer message.
fn field(out: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    varint(out, number << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// An offline run as the W&B client writes it.
fn wandb(folder: &Path) -> Result<()> {
    let run = folder.join("wandb/offline-run-20260921_120000-bench001");
    fs::create_dir_all(&run)?;
    let mut file = Blocks {
        file: create(&run.join("run-bench001.wandb"))?,
        at: 7,
    };
    file.file.write_all(b":W&B\xe1\xbe\x00")?;
    let mut about = Vec::new();
    field(&mut about, 1, b"bench001");
    field(&mut about, 3, b"bench");
    field(&mut about, 8, b"bench");
    let mut record = Vec::new();
    field(&mut record, 17, &about);
    file.record(&record)?;
    let begin = BEGIN as f64 / 1000.0;
    let mut text = String::new();
    for step in 0..WANDB {
        let mut history = Vec::new();
        let mut item = |key: &str, value: std::fmt::Arguments<'_>| -> Result<()> {
            use std::fmt::Write as _;
            text.clear();
            text.write_fmt(value)?;
            let mut item = Vec::new();
            field(&mut item, 2, key.as_bytes());
            field(&mut item, 16, text.as_bytes());
            field(&mut history, 1, &item);
            Ok(())
        };
        for (curve, metric) in WANDB_METRICS.iter().enumerate() {
            item(metric, format_args!("{}", value(curve, step)))?;
        }
        let runtime = step as f64 * 0.123_456_789;
        item("_timestamp", format_args!("{:?}", begin + runtime))?;
        item("_runtime", format_args!("{runtime:?}"))?;
        item("_step", format_args!("{step}"))?;
        let mut counted = vec![0x08];
        varint(&mut counted, step as u64);
        field(&mut history, 2, &counted);
        record.clear();
        varint(&mut record, 1 << 3);
        varint(&mut record, step as u64 + 2);
        field(&mut record, 2, &history);
        file.record(&record)?;
    }
    record.clear();
    field(&mut record, 18, &[0x08, 0]);
    file.record(&record)?;
    file.file.flush()?;
    Ok(())
}

/// LevelDB's log format with a plain CRC-32.
struct Blocks {
    file: BufWriter<File>,
    at: usize,
}

impl Blocks {
    fn record(&mut self, mut data: &[u8]) -> Result<()> {
        const BLOCK: usize = 32_768;
        const HEAD: usize = 7;
        let mut first = true;
        loop {
            let left = BLOCK - self.at % BLOCK;
            if left < HEAD {
                self.file.write_all(&[0; HEAD][..left])?;
                self.at += left;
                continue;
            }
            let part = data.len().min(left - HEAD);
            let (now, rest) = data.split_at(part);
            let kind = match (first, rest.is_empty()) {
                (true, true) => 1u8,
                (true, false) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            let mut crc = flate2::Crc::new();
            crc.update(&[kind]);
            crc.update(now);
            self.file.write_all(&crc.sum().to_le_bytes())?;
            self.file.write_all(&(part as u16).to_le_bytes())?;
            self.file.write_all(&[kind])?;
            self.file.write_all(now)?;
            self.at += HEAD + part;
            if rest.is_empty() {
                return Ok(());
            }
            (data, first) = (rest, false);
        }
    }
}
