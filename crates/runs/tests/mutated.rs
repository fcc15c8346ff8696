//! Files that grow while they are read, with anything in them: what is read in two bites is what
//! is read in one, and the summary counts what the series has. Checksums are put right, so that
//! what lies behind them is reached. The same as the fuzz targets look for, on every toolchain.
//!
//! `KITBENCH_ROUNDS` sets the number of rounds per format.

mod common;
#[path = "../../../fuzz/src/seal.rs"]
#[allow(dead_code, reason = "archives are not read here")]
mod seal;

use std::path::{Path, PathBuf};

use common::data;
use kitbench_runs::{Reader, Source, SourceKind, open};

/// A small generator of numbers; the same in every test run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// Every point a reader shows, as text: NaN equals NaN.
fn points(reader: &dyn Reader) -> Vec<String> {
    let mut lines = Vec::new();
    for run in reader.runs() {
        for (key, summary) in &run.metrics {
            let Ok(series) = reader.series(&run.id, key) else {
                lines.push(format!("{} {key} cannot be read", run.id));
                continue;
            };
            assert_eq!(series.len() as u64, summary.count, "{key:?}");
            for (step, time, value) in series.iter() {
                lines.push(format!("{} {key} {step} {time:?} {value:?}", run.id));
            }
        }
    }
    lines
}

/// Changes some of `bytes`: turns, repeats, drops, and puts in what the formats care about.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    const PIECES: [&[u8]; 16] = [
        b"\n",
        b"\"",
        b",",
        b"\t",
        b"nan",
        b"-inf",
        b"1e999",
        b"{",
        b"}",
        b"\0",
        b"\xff\xff",
        b"\r\n",
        b"9223372036854775808",
        b"-1",
        b"null",
        b"\xef\xbb\xbf",
    ];
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(40)).min(bytes.len());
        match random.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(end..end, copy);
            }
            2 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            3 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            _ if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ => {}
        }
    }
}

fn first_file(folder: &Path, end: &str) -> Vec<u8> {
    let mut open = vec![folder.to_path_buf()];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                found.push(path);
            }
        }
    }
    found.sort();
    std::fs::read(&found[0]).unwrap()
}

fn grows(kind: SourceKind, seed: &str, end: &str, place: &str, file: &str, seal: fn(&mut [u8])) {
    let rounds = std::env::var("KITBENCH_ROUNDS").map_or(150, |text| text.parse().unwrap());
    let original = first_file(&data(seed), end);
    let original = &original[..original.len().min(6000)];
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join(file);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let source = Source {
        kind,
        path: root.path().join(place),
        root: root.path().to_path_buf(),
        runs: None,
    };
    let mut random = Random(0x2026_1125);
    for round in 0..rounds {
        let mut bytes = original.to_vec();
        mutate(&mut bytes, &mut random);
        seal(&mut bytes);
        let cut = random.below(bytes.len() + 1);
        std::fs::write(&file, &bytes[..cut]).unwrap();
        let growing = open(&source);
        std::fs::write(&file, &bytes).unwrap();
        let whole = open(&source).map(|reader| points(reader.as_ref()));
        if let (Ok(mut growing), Ok(whole)) = (growing, whole)
            && growing.refresh().is_ok()
        {
            let shown = points(growing.as_ref());
            assert!(
                shown == whole,
                "{kind}, round {round}, cut at {cut}:\n{:?}\ngrowing: {shown:#?}\nwhole: {whole:#?}",
                String::from_utf8_lossy(&bytes)
            );
        }
    }
}

fn nothing(_: &mut [u8]) {}

#[test]
fn event_files() {
    let file = "tb/events.out.tfevents.1.host";
    grows(
        SourceKind::Tensorboard,
        "tensorboard/runs/resumed",
        ".node1",
        "tb",
        file,
        seal::records,
    );
}

#[test]
fn wandb_files() {
    let file = "wandb/offline-run-20260101_000000-x/run-x.wandb";
    grows(
        SourceKind::Wandb,
        "wandb-offline",
        "dig00003.wandb",
        "wandb",
        file,
        seal::chunks,
    );
}

#[test]
fn tables() {
    for (kind, seed, end, file) in [
        (SourceKind::Csv, "plain", "progress.csv", "x.csv"),
        (SourceKind::Tsv, "dvclive", "lr.tsv", "x.tsv"),
        (
            SourceKind::Lightning,
            "lightning-csv",
            "metrics.csv",
            "metrics.csv",
        ),
        (
            SourceKind::Keras,
            "keras-csv",
            "training.log",
            "training.log",
        ),
        (
            SourceKind::Ultralytics,
            "ultralytics",
            "results.csv",
            "results.csv",
        ),
    ] {
        grows(kind, seed, end, file, file, nothing);
    }
}

#[test]
fn json_lines() {
    grows(
        SourceKind::Jsonl,
        "plain",
        "log.jsonl",
        "x.jsonl",
        "x.jsonl",
        nothing,
    );
}
