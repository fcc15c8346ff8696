//! Readers of runs, put to the question.

use std::path::Path;

use kitbench_runs::{Reader, Source, SourceKind};

use crate::scratch;

/// Every point a reader shows, as text: NaN equals NaN.
pub fn points(reader: &dyn Reader) -> Vec<String> {
    let mut lines = Vec::new();
    for run in reader.runs() {
        for (key, summary) in &run.metrics {
            let Ok(series) = reader.series(&run.id, key) else {
                lines.push(format!("{} {key} unreadable", run.id));
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

/// Reads the file or folder at `path` as runs of `kind`, and uses everything that it shows.
pub fn read_runs(kind: SourceKind, path: &Path, root: &Path) -> Option<Vec<String>> {
    let source = source(kind, path, root);
    let reader = kitbench_runs::open(&source).ok()?;
    let shown = points(reader.as_ref());
    for run in reader.runs() {
        let _ = run.flat_params();
        let _ = run.duration_ms();
    }
    Some(shown)
}

/// Runs of `kind` at `path`.
pub fn source(kind: SourceKind, path: &Path, root: &Path) -> Source {
    Source {
        kind,
        path: path.to_path_buf(),
        root: root.to_path_buf(),
        runs: None,
    }
}

/// Writes a file long ago: of one just written a reader thinks that the rest may be on its way, and waits.
pub fn lay(path: &Path, bytes: &[u8]) {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).expect("a folder");
    }
    let written = std::fs::write(path, bytes)
        .and_then(|()| std::fs::File::options().write(true).open(path))
        .and_then(|file| file.set_modified(std::time::UNIX_EPOCH + AGE));
    written.expect("the input is written");
}

/// Some time in 2020.
const AGE: std::time::Duration = std::time::Duration::from_secs(1_600_000_000);

/// Reads `bytes` as a file that grows: first its beginning up to `cut`, then the rest. What is
/// shown in the end must be what a fresh reader shows. `place` is the source in the scratch folder
/// and `file` the file, below it or itself.
pub fn read_growing(kind: SourceKind, place: &str, file: &str, bytes: &[u8], cut: usize) {
    let root = scratch();
    let place = root.join(place);
    let file = root.join(file);
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).expect("a folder");
    }
    let (first, _) = bytes.split_at(cut.min(bytes.len()));
    std::fs::write(&file, first).expect("the input is written");
    let growing = kitbench_runs::open(&source(kind, &place, root));
    std::fs::write(&file, bytes).expect("the input is written");
    let whole = read_runs(kind, &place, root);
    if let (Ok(mut reader), Some(whole)) = (growing, whole)
        && reader.refresh().is_ok()
    {
        assert_eq!(points(reader.as_ref()), whole, "read on from byte {cut}");
    }
}
