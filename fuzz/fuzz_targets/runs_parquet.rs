//! Parquet files of the Neptune exporter.
#![no_main]

use kitbench_fuzz::{read_runs, scratch};
use kitbench_runs::SourceKind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let root = scratch().join("export");
    let folder = root.join("exports/data/lab_digits-0123456789abcdef");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("run_part_0.parquet"), bytes).expect("the input is written");
    let _ = read_runs(SourceKind::NeptuneExport, &folder, &root);
    let _ = kitbench_runs::scan(&root);
});
