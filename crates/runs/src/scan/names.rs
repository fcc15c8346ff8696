//! Column and folder names that training programs use.

/// Columns that count steps, best first.
pub(crate) const STEP: &[&str] = &[
    "step",
    "_step",
    "global_step",
    "Step",
    "iteration",
    "iter",
    "iters",
    "it",
    "epoch",
    "Epoch",
    "timesteps",
    "total_timesteps",
    "time/total_timesteps",
    "num_timesteps",
    "training_iteration",
    "update",
    "batch",
];

/// Columns that hold the time of a point, best first.
pub(crate) const TIME: &[&str] = &[
    "time",
    "timestamp",
    "_timestamp",
    "wall_time",
    "ts",
    "Wall time",
];

/// How a column is known by its name, as part of a sentence.
pub(crate) fn called(name: &str) -> String {
    format!("is called {name:?}")
}

/// Parts of file or folder names where logs of training are to be expected.
const PLACES: &[&str] = &[
    "log",
    "run",
    "output",
    "result",
    "experiment",
    "exp",
    "train",
    "metric",
    "progress",
    "monitor",
    "history",
    "eval",
    "loss",
    "scalar",
    "checkpoint",
    "version_",
    "stats",
];

/// Folders that hold data sets, where a table is not a log unless its name says so.
const DATA: &[&str] = &["data", "dataset", "datasets", "raw", "corpus"];

/// Whether a table may be a log of training, judging by its name and its folders below root.
pub(crate) fn plausible_place(relative: &str) -> bool {
    let lower = relative.to_lowercase();
    let mut parts: Vec<&str> = lower.split('/').collect();
    let file = parts.pop().unwrap_or("");
    let hinted = |part: &str| PLACES.iter().any(|place| part.contains(place));
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    // `training.log` says it with its ending.
    if hinted(stem) && !parts.iter().any(|part| DATA.contains(part)) || file.ends_with(".log") {
        return true;
    }
    parts.iter().any(|part| hinted(part)) && !parts.iter().any(|part| DATA.contains(part))
}

#[cfg(test)]
mod tests {
    use super::plausible_place;

    #[test]
    fn logs_and_data_sets() {
        for yes in [
            "training.log",
            "history.csv",
            "progress.csv",
            "logs/a.csv",
            "out/runs/3/x.csv",
        ] {
            assert!(plausible_place(yes), "{yes}");
        }
        for no in [
            "data/train.csv",
            "wine.csv",
            "datasets/a/b.csv",
            "prices.csv",
        ] {
            assert!(!plausible_place(no), "{no}");
        }
    }
}
