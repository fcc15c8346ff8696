//! Whatever kills the program, the store stays whole, nothing half-written has a name, and the same
//! again succeeds.
#![cfg(target_os = "linux")]

mod common;

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ChildStdout;
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use common::work::{self, ENDED, OPERATIONS, STARTED, content, process, verify};
use common::{Node, reference, tree};

/// Kills that strike within the work, per operation.
const KILLS: usize = 200 / OPERATIONS.len();
/// Bytes of weights and number of small files of each kit: some milliseconds of work.
const WEIGHTS: usize = 600_000;
const FILES: usize = 60;

/// The process that is killed; as a test by itself it does nothing.
#[test]
fn worker() {
    work::work();
}

/// The scene that every round starts from.
fn template() -> &'static Path {
    static TEMPLATE: OnceLock<tempfile::TempDir> = OnceLock::new();
    TEMPLATE
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            work::scene(folder.path(), WEIGHTS, FILES);
            folder
        })
        .path()
}

/// A copy of the scene. Files of a store are never changed in place, so links are enough.
fn scene() -> tempfile::TempDir {
    fn link(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                link(&entry.path(), &target);
            } else {
                std::fs::hard_link(entry.path(), target).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    link(template(), folder.path());
    folder
}

/// A small generator of evenly spread numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}

fn wait_for_start(out: &mut BufReader<ChildStdout>) {
    let mut line = String::new();
    while line.trim() != STARTED {
        line.clear();
        assert_ne!(
            out.read_line(&mut line).unwrap(),
            0,
            "the worker never started"
        );
    }
}

/// Does `operation` to its end; how long the work itself took.
fn undisturbed(operation: &str, folder: &Path) -> Duration {
    let mut child = process(operation, folder).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    wait_for_start(&mut out);
    let start = Instant::now();
    let mut rest = String::new();
    let mut line = String::new();
    while line.trim() != ENDED {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "{rest}");
        rest.push_str(&line);
    }
    let took = start.elapsed();
    out.read_to_string(&mut rest).unwrap();
    let mut errors = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut errors)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{operation}: {errors}");
    took
}

/// Starts `operation` and kills it after `delay`; whether that was within its work.
fn killed(operation: &str, folder: &Path, delay: Duration) -> bool {
    let mut child = process(operation, folder).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    wait_for_start(&mut out);
    // Waits for nothing that ever comes: after the delay the kill strikes.
    let (_keep, never) = channel::<()>();
    assert_eq!(never.recv_timeout(delay), Err(RecvTimeoutError::Timeout));
    child.kill().unwrap();
    let struck = child.wait().unwrap().signal().is_some();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    struck && !rest.lines().any(|line| line == ENDED)
}

/// What is there when nobody interferes.
struct Outcome {
    home: Vec<Node>,
    out: Vec<Node>,
}

fn outcome(folder: &Path) -> Outcome {
    let out = folder.join("out");
    Outcome {
        home: content(&folder.join("home")),
        out: if out.exists() { tree(&out) } else { Vec::new() },
    }
}

/// Kills `operation` at random moments within its work, [`KILLS`] times.
fn kill_many(operation: &str) {
    let reference_scene = scene();
    let mut longest = undisturbed(operation, reference_scene.path());
    let expected = outcome(reference_scene.path());
    let mut random = Random(20_261_124);
    let (mut inside, mut late) = (0, 0);
    while inside < KILLS {
        let folder = scene();
        let delay = random.below(u64::try_from(longest.as_nanos()).unwrap());
        let what = format!("{operation}, killed after {delay} ns");
        if killed(operation, folder.path(), Duration::from_nanos(delay)) {
            inside += 1;
        } else {
            // The machine is faster than it was: aim earlier.
            late += 1;
            longest = longest * 9 / 10;
            assert!(late < 20 * KILLS, "no kill strikes within {operation}");
        }

        let report = verify(folder.path());
        assert_eq!(report.damage, [], "{what}");
        let store = work::store(folder.path());
        let mut intact = vec!["old:1"];
        if operation != "remove" {
            intact.push("doomed:1");
        }
        for kit in intact {
            assert!(store.resolve(&reference(kit)).is_ok(), "{what}: {kit}");
        }
        // Whatever has the name of a file of the kit is that file.
        for node in outcome(folder.path()).out {
            assert!(
                node.0.starts_with(".kitbench-unpack-") || expected.out.contains(&node),
                "{what}: {node:?}"
            );
        }

        // The same again succeeds, or finds that it has happened, and cleans up.
        match operation {
            "remove" if store.resolve(&reference("doomed:1")).is_err() => {
                let error = work::operate("remove", folder.path()).unwrap_err();
                assert!(
                    matches!(error, kitbench_modelkit::Error::NotFound(_)),
                    "{what}: {error}"
                );
            }
            // It had come to its end: the files are there as they are to be.
            "unpack" if outcome(folder.path()).out == expected.out => {}
            _ => {
                undisturbed(operation, folder.path());
            }
        }
        let after = outcome(folder.path());
        assert_eq!(after.home, expected.home, "{what}");
        assert_eq!(after.out, expected.out, "{what}");
        let report = verify(folder.path());
        assert_eq!(report.damage, [], "{what}");
        assert_eq!(report.unused_blobs, 0, "{what}");
    }
}

#[test]
fn packing_survives_kills() {
    kill_many("pack");
}

#[test]
fn packing_again_survives_kills() {
    kill_many("repack");
}

#[test]
fn unpacking_survives_kills() {
    kill_many("unpack");
}

#[test]
fn tagging_survives_kills() {
    kill_many("tag");
}

#[test]
fn removing_survives_kills() {
    kill_many("remove");
}

#[test]
fn importing_survives_kills() {
    kill_many("import");
}

/// Somebody else's next job does what a killed removal left to do.
#[test]
fn blobs_of_a_killed_removal_go_with_the_next_change() {
    let folder = scene();
    let store = work::store(folder.path());
    let plan = store.plan_removal(&reference("doomed:1"), false).unwrap();
    let (kit, blobs) = (plan.digest.unwrap(), plan.freed_blobs);
    let shared_index = folder.path().join("home/storage/index.json");
    let listed = std::fs::read(&shared_index).unwrap();
    let kept: Vec<(std::path::PathBuf, Vec<u8>)> = blobs
        .iter()
        .map(|digest| store.blob_path(digest))
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect();
    work::operate("remove", folder.path()).unwrap();
    let clean = content(&folder.path().join("home"));
    // As it is when the kill comes after the repository's index.
    std::fs::remove_file(&shared_index).unwrap();
    std::fs::write(&shared_index, listed).unwrap();
    for (path, bytes) in &kept {
        std::fs::write(path, bytes).unwrap();
    }
    let lines = std::iter::once(&kit).chain(&blobs);
    let note: String = lines.map(|digest| format!("{digest}\n")).collect();
    let note_path = folder.path().join("home/storage/.kitbench/removing");
    std::fs::write(&note_path, note).unwrap();
    let report = verify(folder.path());
    assert_eq!(report.damage, []);
    store.prepare().unwrap();
    assert_eq!(content(&folder.path().join("home")), clean);
    assert!(!note_path.exists());
    assert_eq!(verify(folder.path()).unused_blobs, 0);
}
