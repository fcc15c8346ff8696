//! Two runs in depth: everything that is known of both, differences first.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kitbench_modelkit::Digest;
use kitbench_protocol::{
    Better, CompareRuns, ErrorView, PairHead, PairMetric, PairRow, PairSection, RunPair,
};
use kitbench_runs::Run;

use super::{columns, lock};
use crate::Inner;
use crate::kits::decimal_size;

/// Files of a run that are listed.
const MOST_FILES: usize = 1_000;
/// Deepest folder below a run's that is looked into.
const MAX_DEPTH: usize = 8;
/// Files up to this size are compared by content.
const MAX_HASHED: u64 = 32 << 20;
/// Largest list of packages that is read.
const MAX_LIST: u64 = 1 << 20;

/// Name and value of what one run has.
type Facts = BTreeMap<String, String>;

/// Answers [`CompareRuns`].
pub fn compare(inner: &Inner, call: &CompareRuns) -> Result<RunPair, ErrorView> {
    let (left, right, root) = {
        let runs = inner.experiments.of(inner, call.project)?;
        let runs = lock(&runs);
        let of = |id: &str| {
            let found = runs.runs().into_iter().find(|found| found.id == id);
            found
                .map(|found| found.run.clone())
                .ok_or_else(super::run_is_gone)
        };
        (of(&call.left)?, of(&call.right)?, runs.root.clone())
    };
    // Files are read after the runs are free for others again.
    Ok(pair((&call.left, &left), (&call.right, &right), &root))
}

/// Sets two runs of a project side by side.
fn pair(left: (&str, &Run), right: (&str, &Run), root: &Path) -> RunPair {
    let (a, b) = (left.1, right.1);
    let section = |title: &str, facts: &dyn Fn(&Run) -> Facts| section(title, &facts(a), &facts(b));
    let (files_a, files_b) = (files_of(a, root), files_of(b, root));
    let sections = [
        section("Parameters", &|run| run.flat_params().into_iter().collect()),
        section("Configuration", &configuration),
        section("Code", &code),
        section("Data sets", &data_sets),
        self::section(
            "Environment",
            &environment(a, &files_a),
            &environment(b, &files_b),
        ),
        self::section("Artifacts", &artifacts(&files_a), &artifacts(&files_b)),
        section("Logged besides", &besides),
    ];
    RunPair {
        left: head(left.0, a),
        right: head(right.0, b),
        metrics: metrics(a, b),
        sections: sections.into_iter().flatten().collect(),
    }
}

fn head(id: &str, run: &Run) -> PairHead {
    PairHead {
        id: id.to_owned(),
        name: run.name.clone(),
        source: columns::source_name(run.source).into(),
        state: columns::state(run.state),
        start_ms: run.start_ms,
        duration_ms: run.duration_ms(),
        note: run.note.clone(),
    }
}

/// Rows of what either has, those that differ first; nothing for nothing.
fn section(title: &str, left: &Facts, right: &Facts) -> Option<PairSection> {
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let mut rows: Vec<PairRow> = names
        .into_iter()
        .map(|name| PairRow {
            name: name.clone(),
            left: left.get(name).cloned(),
            right: right.get(name).cloned(),
        })
        .collect();
    // Stable: by name within each.
    rows.sort_by_key(|row| row.left == row.right);
    let differs = rows.iter().filter(|row| row.left != row.right).count() as u32;
    (!rows.is_empty()).then(|| PairSection {
        title: title.to_owned(),
        rows,
        differs,
    })
}

fn metrics(left: &Run, right: &Run) -> Vec<PairMetric> {
    let names: BTreeSet<&String> = left.metrics.keys().chain(right.metrics.keys()).collect();
    let mut rows: Vec<PairMetric> = names
        .into_iter()
        .map(|name| {
            let better = columns::better(name);
            let last = |run: &Run| {
                let metric = run.metrics.get(name)?;
                Some((metric.last?, metric.last_step.map(|step| step.as_f64())))
            };
            let best = |run: &Run| {
                let metric = run.metrics.get(name)?;
                match better {
                    Better::Higher => metric.max,
                    Better::Lower => metric.min,
                    Better::Unknown => None,
                }
            };
            let (l, r) = (last(left), last(right));
            PairMetric {
                name: name.clone(),
                better,
                left: l,
                right: r,
                delta: l.zip(r).map(|((l, _), (r, _))| r - l),
                left_best: best(left),
                right_best: best(right),
            }
        })
        .collect();
    rows.sort_by(|a, b| moved(b).total_cmp(&moved(a)).then(Ordering::Equal));
    rows
}

/// How far a metric moved, relative to its values; below zero for one that only one run has.
fn moved(metric: &PairMetric) -> f64 {
    let (Some((left, _)), Some((right, _))) = (metric.left, metric.right) else {
        return -1.0;
    };
    let size = left.abs().max(right.abs());
    let moved = (right - left).abs() / size;
    if moved.is_finite() { moved } else { 0.0 }
}

const GIT_TAGS: [&str; 4] = [
    "mlflow.source.git.commit",
    "mlflow.source.git.branch",
    "mlflow.source.git.repoURL",
    "mlflow.source.name",
];
/// Tags that are shown elsewhere or say nothing of the run.
const SHOWN_ELSEWHERE: [&str; 3] = [
    "mlflow.runName",
    "mlflow.note.content",
    "mlflow.log-model.history",
];

fn configuration(run: &Run) -> Facts {
    let mut facts: Facts = run
        .tags
        .iter()
        .filter(|(name, _)| {
            !GIT_TAGS.contains(&name.as_str()) && !SHOWN_ELSEWHERE.contains(&name.as_str())
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let named = [("experiment", &run.experiment), ("parent run", &run.parent)];
    for (name, value) in named {
        if let Some(value) = value {
            facts.insert(name.into(), value.clone());
        }
    }
    facts
}

fn code(run: &Run) -> Facts {
    let mut facts = Facts::new();
    if let Some(commit) = &run.git_commit {
        facts.insert("commit".into(), commit.clone());
    }
    let tags = [
        ("mlflow.source.git.branch", "branch"),
        ("mlflow.source.git.repoURL", "repository"),
        ("mlflow.source.name", "program"),
    ];
    for (tag, name) in tags {
        if let Some(value) = run.tags.get(tag) {
            facts.insert(name.into(), value.clone());
        }
    }
    facts
}

/// `name (digest)` as name and digest.
fn data_sets(run: &Run) -> Facts {
    let sets = run.datasets.iter().map(|text| {
        let split = text
            .strip_suffix(')')
            .and_then(|text| text.rsplit_once(" ("));
        match split {
            Some((name, digest)) => (name.to_owned(), digest.to_owned()),
            None => (text.clone(), "used".to_owned()),
        }
    });
    sets.collect()
}

/// Values that the tool summed up itself, and what is logged besides numbers.
fn besides(run: &Run) -> Facts {
    let mut facts = Facts::new();
    for (name, value) in &run.summary {
        let text = match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        facts.insert(name.clone(), text);
    }
    for (kind, names) in &run.other {
        facts.insert(format!("{kind}s"), names.join(", "));
    }
    facts
}

/// A file that a run left besides its metrics.
struct RunFile {
    /// Below the folder of such files.
    name: String,
    path: PathBuf,
    bytes: u64,
}

/// What MLflow keeps in `artifacts`, W&B in `files`, Sacred beside its JSON.
fn files_of(run: &Run, root: &Path) -> Vec<RunFile> {
    let mut found = Vec::new();
    let own = if run.path.is_absolute() {
        run.path.clone()
    } else {
        root.join(&run.path)
    };
    let own = if own.is_dir() {
        own
    } else {
        own.parent().map(Path::to_path_buf).unwrap_or_default()
    };
    for name in ["artifacts", "files"] {
        let folder = own.join(name);
        if folder.is_dir() {
            walk(&folder, "", 0, &mut found);
        }
    }
    found
}

fn walk(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<RunFile>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<_> = entries.flatten().take(10 * MOST_FILES).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        if found.len() >= MOST_FILES {
            return;
        }
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // Links are not followed: they lead out of the run.
        match entry.metadata() {
            Ok(meta) if meta.is_dir() && depth < MAX_DEPTH => {
                walk(&entry.path(), &format!("{name}/"), depth + 1, found);
            }
            Ok(meta) if meta.is_file() => found.push(RunFile {
                name,
                path: entry.path(),
                bytes: meta.len(),
            }),
            _ => {}
        }
    }
}

fn is_environment(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    matches!(
        file,
        "requirements.txt" | "python_env.yaml" | "conda.yaml" | "wandb-metadata.json"
    )
}

fn artifacts(files: &[RunFile]) -> Facts {
    let shown = files.iter().filter(|file| !is_environment(&file.name));
    shown
        .map(|file| {
            let size = decimal_size(file.bytes);
            let content = (file.bytes <= MAX_HASHED)
                .then(|| std::fs::read(&file.path).ok())
                .flatten();
            let text = match content {
                Some(bytes) => format!("{size}, {}", Digest::of(&bytes).short()),
                None => size,
            };
            (file.name.clone(), text)
        })
        .collect()
}

/// Packages and machine, from what the trackers keep of them.
fn environment(run: &Run, files: &[RunFile]) -> Facts {
    let mut facts = Facts::new();
    for file in files {
        if !is_environment(&file.name) || file.bytes > MAX_LIST {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&file.path) else {
            continue;
        };
        if file.name.ends_with(".json") {
            machine(&text, &mut facts);
        } else {
            packages(&text, &mut facts);
        }
    }
    for (tag, value) in &run.tags {
        let lower = tag.to_lowercase();
        if lower.contains("python") || lower.contains("host") || lower.contains("cuda") {
            facts.insert(tag.clone(), value.clone());
        }
    }
    facts
}

/// `name==version` per line, as pip writes it and as it stands in a list of a conda file.
fn packages(text: &str, facts: &mut Facts) {
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let line = line
            .trim()
            .trim_start_matches("- ")
            .trim_matches(['"', '\'']);
        let split = line.split_once("==").or_else(|| line.split_once('='));
        let Some((name, version)) = split else {
            continue;
        };
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '[' | ']');
        let (name, version) = (name.trim(), version.trim());
        if !name.is_empty() && name.chars().all(is_name) && !version.is_empty() {
            facts.insert(name.to_owned(), version.to_owned());
        }
    }
}

/// The plain fields of W&B's description of the machine.
fn machine(text: &str, facts: &mut Facts) {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(text) else {
        return;
    };
    for (name, value) in fields {
        match value {
            serde_json::Value::String(text) => facts.insert(name, text),
            serde_json::Value::Number(number) => facts.insert(name, number.to_string()),
            _ => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_machines_are_read() {
        let mut facts = Facts::new();
        packages(
            "numpy==2.1.0 # pinned\n- python=3.12.1\n  - pip\nuvicorn[standard]==0.30\n\u{0}=x\n",
            &mut facts,
        );
        machine(
            "{\"os\": \"Linux\", \"cpu_count\": 2, \"disk\": {}}",
            &mut facts,
        );
        let all: Vec<String> = facts.iter().map(|(k, v)| format!("{k} {v}")).collect();
        assert_eq!(
            all,
            [
                "cpu_count 2",
                "numpy 2.1.0",
                "os Linux",
                "python 3.12.1",
                "uvicorn[standard] 0.30"
            ]
        );
        machine("[", &mut facts);
    }
}
