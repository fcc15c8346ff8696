//! Tables and JSON lines with one point per line, also while they grow.
#![no_main]

use kitbench_fuzz::read_growing;
use kitbench_runs::SourceKind;
use libfuzzer_sys::fuzz_target;

const KINDS: [(SourceKind, &str); 6] = [
    (SourceKind::Csv, "x.csv"),
    (SourceKind::Tsv, "x.tsv"),
    (SourceKind::Jsonl, "x.jsonl"),
    (SourceKind::Lightning, "metrics.csv"),
    (SourceKind::Keras, "training.log"),
    (SourceKind::Ultralytics, "results.csv"),
];

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (kind, cut, bytes) = input;
    let (kind, name) = KINDS[usize::from(kind) % KINDS.len()];
    read_growing(kind, name, name, bytes, cut.into());
});
