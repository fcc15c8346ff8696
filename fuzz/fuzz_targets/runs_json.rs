//! Trackers that keep a run in a folder of JSON, YAML and line files.
#![no_main]

use kitbench_fuzz::{lay, parts, read_runs, scratch};
use kitbench_runs::SourceKind;
use libfuzzer_sys::fuzz_target;

/// The tool, the source below the folder (empty for the folder), and the files in it.
const FOLDERS: [(SourceKind, &str, &[&str]); 4] = [
    (
        SourceKind::HfTrainer,
        "trainer_state.json",
        &["trainer_state.json"],
    ),
    (
        SourceKind::Sacred,
        "",
        &[
            "1/run.json",
            "1/config.json",
            "1/metrics.json",
            "1/info.json",
        ],
    ),
    (
        SourceKind::Neptune2,
        "",
        &[
            ".neptune/offline/run__x/data-1.log",
            ".neptune/offline/run__x/metadata.json",
            ".neptune/offline/run__x/last_put_version",
        ],
    ),
    (
        SourceKind::Dvclive,
        "dvclive",
        &[
            "dvclive/metrics.json",
            "dvclive/params.yaml",
            "dvclive/plots/metrics/loss.tsv",
            "dvc.yaml",
        ],
    ),
];

fuzz_target!(|input: &[u8]| {
    let Some((selector, input)) = input.split_first() else {
        return;
    };
    let (kind, source, files) = FOLDERS[usize::from(*selector) % FOLDERS.len()];
    let root = scratch().join(kind.name());
    for (name, bytes) in files.iter().zip(parts(input)) {
        lay(&root.join(name), bytes);
    }
    let _ = read_runs(kind, &root.join(source), &root);
    let _ = kitbench_runs::scan(&root);
});
