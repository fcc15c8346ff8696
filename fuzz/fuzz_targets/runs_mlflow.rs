//! The MLflow file store: descriptions, metrics, parameters and tags.
#![no_main]

use kitbench_fuzz::{lay, parts, read_runs, scratch};
use kitbench_runs::SourceKind;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 6] = [
    "mlruns/1/0123456789abcdef0123456789abcdef/metrics/loss",
    "mlruns/1/0123456789abcdef0123456789abcdef/meta.yaml",
    "mlruns/1/0123456789abcdef0123456789abcdef/params/lr",
    "mlruns/1/0123456789abcdef0123456789abcdef/tags/mlflow.runName",
    "mlruns/1/meta.yaml",
    "mlruns/1/tags/note",
];

fuzz_target!(|input: &[u8]| {
    let root = scratch().join("store");
    let parts = parts(input);
    for (at, name) in FILES.iter().enumerate() {
        lay(&root.join(name), parts.get(at).copied().unwrap_or_default());
    }
    let _ = read_runs(SourceKind::MlflowFile, &root.join("mlruns"), &root);
});
