//! The trackers' own writers at work while their files are read again and again: the writer
//! succeeds, whatever is read meanwhile is the beginning of what was logged, and new points are
//! seen while the writer still runs.

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use common::venv;
use common::{copy, float};
use kitbench_runs::{Reader, RunState, SourceKind, open, scan};
use serde_json::Value;

/// A writer that says nothing for this long hangs.
const PATIENCE: Duration = Duration::from_secs(600);

/// Run and metric with every step and the bits of every value (all NaN alike).
type Points = BTreeMap<(String, String), Vec<(String, u64)>>;

fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN } else { value }.to_bits()
}

/// A writer and what it says.
struct Writer {
    child: Child,
    said: Receiver<Value>,
}

impl Writer {
    fn start(script: &str, argument: &str, home: &Path) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live");
        let mut child = venv::program("python", home)
            .arg("-B")
            .arg(folder.join(script))
            .arg(argument)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = listen(child.stdout.take().unwrap());
        Self { child, said }
    }

    fn go_on(&mut self) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(b"\n").and_then(|()| input.flush()).unwrap();
    }

    /// The writer's own end.
    fn end(mut self) {
        drop(self.child.stdin.take());
        let mut errors = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        let status = self.child.wait().unwrap();
        assert!(
            status.success(),
            "the writer failed while being read ({status}):\n{errors}"
        );
    }
}

fn listen(out: ChildStdout) -> Receiver<Value> {
    let (send, said) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            // Tools print words of their own.
            if let Ok(value) = serde_json::from_str::<Value>(&line)
                && value.get("say").is_some()
                && send.send(value).is_err()
            {
                return;
            }
        }
    });
    said
}

/// The reader of the source that the writer has begun below `root`, once it is there.
fn look_for(root: &Path, kind: SourceKind) -> Option<Box<dyn Reader>> {
    let found = scan(root).unwrap().sources;
    let source = found.into_iter().find(|source| source.kind == kind)?;
    open(&source).ok()
}

/// What is shown now of the runs `wanted`.
fn shown(reader: &dyn Reader, wanted: impl Fn(&str) -> bool) -> Points {
    let mut all = Points::new();
    for run in reader.runs().into_iter().filter(|run| wanted(&run.id)) {
        for key in run.metrics.keys() {
            let series = reader.series(&run.id, key).unwrap();
            assert_eq!(
                series.len() as u64,
                run.metrics[key].count,
                "summary and series agree"
            );
            let points = series.iter().map(|(s, _, v)| (s.to_string(), bits(v)));
            all.insert((run.id.clone(), key.clone()), points.collect());
        }
    }
    all
}

fn length(points: &Points) -> usize {
    let loss = points.iter().filter(|((_, key), _)| key == "loss");
    loss.map(|(_, list)| list.len()).sum()
}

/// Runs a writer and reads beside it. `slack` is how many of the points handed to the tool it
/// may hold back before they are on disk.
fn beside(root: &Path, kind: SourceKind, script: &str, argument: &str, slack: usize) {
    let before: Vec<String> = look_for(root, kind).map_or_else(Vec::new, |reader| {
        reader.runs().iter().map(|run| run.id.clone()).collect()
    });
    let mut writer = Writer::start(script, argument, root);
    let mut reader: Option<Box<dyn Reader>> = None;
    let mut snapshots: Vec<Points> = Vec::new();
    let mut waiting: Option<usize> = None;
    let mut deadline = Instant::now() + PATIENCE;
    let truth = loop {
        match &mut reader {
            Some(reader) => {
                reader
                    .refresh()
                    .unwrap_or_else(|e| panic!("{script}: a look failed: {e}"));
                let now = shown(reader.as_ref(), |id| {
                    !before.iter().any(|known| known == id)
                });
                if snapshots.last() != Some(&now) {
                    snapshots.push(now);
                }
            }
            None => reader = look_for(root, kind),
        }
        let seen = snapshots.last().map_or(0, length);
        if let Some(count) = waiting
            && seen + slack >= count
        {
            waiting = None;
            deadline = Instant::now() + PATIENCE;
            writer.go_on();
        }
        match writer.said.try_recv() {
            Ok(said) if said["say"] == "logged" => {
                waiting = said["count"].as_u64().map(|count| count as usize);
            }
            Ok(said) => break said,
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                writer.end();
                panic!("{script} ended without a word");
            }
        }
        assert!(
            Instant::now() < deadline,
            "{script}: only {seen} of {waiting:?} points came"
        );
        std::thread::yield_now();
    };
    writer.end();
    let mut wanted = Points::new();
    for (run, metrics) in truth["runs"].as_object().unwrap() {
        for (key, points) in metrics.as_object().unwrap() {
            let point = |p: &Value| (p[0].to_string(), bits(float(&p[1])));
            let points = points.as_array().unwrap().iter().map(point);
            wanted.insert((run.clone(), key.clone()), points.collect());
        }
    }
    // The last look, and one by a reader that saw nothing of the way.
    let mut reader = reader.unwrap_or_else(|| panic!("{script}: nothing was found"));
    reader.refresh().unwrap();
    let new = |id: &str| !before.iter().any(|known| known == id);
    assert_eq!(shown(reader.as_ref(), new), wanted, "{script}: at the end");
    let fresh = look_for(root, kind).unwrap();
    assert_eq!(shown(fresh.as_ref(), new), wanted, "{script}: read anew");
    for run in reader.runs().into_iter().filter(|run| new(&run.id)) {
        assert!(run.problems.is_empty(), "{script}: {:?}", run.problems);
        assert_ne!(run.state, RunState::Stale, "{script}: just written");
    }
    for (i, points) in snapshots.iter().enumerate() {
        for (key, list) in points {
            let all = wanted
                .get(key)
                .unwrap_or_else(|| panic!("{script}: {key:?} was never logged"));
            assert!(
                all.starts_with(list),
                "{script}: look {i} of {key:?} is no beginning of what was logged"
            );
        }
    }
    let mut lengths: Vec<usize> = snapshots.iter().map(length).collect();
    assert!(lengths.is_sorted(), "{script}: points went away");
    lengths.dedup();
    assert!(lengths.len() >= 3, "{script}: grew as {lengths:?} only");
}

#[test]
fn mlflow_files() {
    let dir = tempfile::tempdir().unwrap();
    let uri = format!("file:{}/mlruns", dir.path().display());
    beside(
        dir.path(),
        SourceKind::MlflowFile,
        "mlflow_writer.py",
        &uri,
        0,
    );
}

#[test]
fn mlflow_database() {
    // The recorded database has this version's schema, so the writer has nothing to upgrade.
    let dir = copy("mlflow-sqlite-3x");
    let uri = format!("sqlite:///{}/mlflow.db", dir.path().display());
    beside(
        dir.path(),
        SourceKind::MlflowSqlite,
        "mlflow_writer.py",
        &uri,
        0,
    );
}

#[test]
fn tensorboardx() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().display().to_string();
    beside(
        dir.path(),
        SourceKind::Tensorboard,
        "tensorboardx_writer.py",
        &root,
        0,
    );
}

#[test]
fn wandb_offline() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().display().to_string();
    // Written in blocks of 32 KiB: with these two metrics about 130 steps.
    beside(dir.path(), SourceKind::Wandb, "wandb_writer.py", &root, 399);
}

#[test]
fn trackio() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().display().to_string();
    beside(
        dir.path(),
        SourceKind::Trackio,
        "trackio_writer.py",
        &root,
        0,
    );
}
