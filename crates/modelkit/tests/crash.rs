//! Whatever kills the program, the store stays whole.
#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use common::{Place, reference, tree, write};
use kitbench_modelkit::cache::FileCache;
use kitbench_modelkit::oci::{export, import};
use kitbench_modelkit::pack::PackOptions;
use kitbench_modelkit::progress::{CancellationToken, Silent};
use kitbench_modelkit::store::{Home, Store};
use kitbench_modelkit::unpack::{UnpackOptions, unpack};

/// Set for the process that does the work and is killed.
const OPERATION: &str = "KITBENCH_TEST_OPERATION";
const FOLDER: &str = "KITBENCH_TEST_FOLDER";
const OPERATIONS: [&str; 5] = ["pack", "tag", "remove", "import", "unpack"];

/// Does one operation in the store and projects below `folder`.
fn operate(operation: &str, folder: &Path) -> kitbench_modelkit::Result<()> {
    let store = Store::new(Home::at(folder.join("home")));
    let never = CancellationToken::new();
    match operation {
        "pack" => {
            let cache = FileCache::open(&folder.join("no-cache"));
            let options = PackOptions::new(folder.join("project"), reference("new:1"));
            kitbench_modelkit::pack::pack(&store, &options, &store, &cache, &Silent, &never)?;
        }
        "tag" => {
            store.tag(&reference("old:1"), &reference("r.example/other/name:2"))?;
        }
        "remove" => {
            store.remove(&reference("doomed:1"), false)?;
        }
        "import" => {
            import(
                &store,
                &folder.join("kits.tar"),
                &reference("unnamed"),
                &Silent,
                &never,
            )?;
        }
        _ => {
            let kit = store.kit(&reference("old:1"))?;
            let target = folder.join("out");
            let _ = std::fs::remove_dir_all(&target);
            unpack(&kit, &UnpackOptions::new(target), &store, &Silent, &never)?;
        }
    }
    Ok(())
}

/// In the process that is to be killed this does the work; as a test by itself it does nothing.
#[test]
fn worker() {
    if let (Ok(operation), Some(folder)) = (std::env::var(OPERATION), std::env::var_os(FOLDER))
        && let Err(error) = operate(&operation, Path::new(&folder))
    {
        // For the test of failing writes.
        eprintln!("failed: {error}");
        std::process::exit(3);
    }
}

fn worker_command(operation: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "worker", "--nocapture"])
        .env(OPERATION, operation)
        .env(FOLDER, folder);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// A folder with a store of two kits, a project to pack and a layout to import.
fn scene() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let project = |name: &str, content: &str| {
        let path = folder.path().join(name);
        let big = content.repeat(200_000);
        write(
            &path,
            &[
                (
                    "Kitfile",
                    "model: {path: w}\ncode: [{path: src}]\ndocs: [{path: shared}]\n",
                ),
                ("w", &big),
                ("src/a.py", content),
                ("shared", "in all kits"),
            ],
        );
        path
    };
    let place = Place {
        store: Store::new(Home::at(folder.path().join("home"))),
        cache: FileCache::open(folder.path()),
        folder: tempfile::tempdir().unwrap(),
    };
    for name in ["old", "doomed", "imported"] {
        place
            .pack(&PackOptions::new(
                project(name, name),
                reference(&format!("{name}:1")),
            ))
            .unwrap();
    }
    export(
        &place.store,
        &[reference("imported:1")],
        &folder.path().join("kits.tar"),
        &BTreeSet::new(),
        &Silent,
        &CancellationToken::new(),
    )
    .unwrap();
    place.store.remove(&reference("imported:1"), false).unwrap();
    project("project", "fresh");
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
        (self.0 >> 33) % bound
    }
}

#[test]
fn the_store_survives_being_killed() {
    let mut random = Random(20_260_623);
    let mut killed = 0;
    for round in 0..60 {
        let operation = OPERATIONS[round % OPERATIONS.len()];
        let folder = scene();
        let home = folder.path().join("home");
        let mut child = worker_command(operation, folder.path()).spawn().unwrap();
        // Waits for nothing that ever comes: a delay after which the kill strikes at random.
        let (_keep, never) = channel::<()>();
        let delay = Duration::from_micros(random.below(40_000));
        assert_eq!(never.recv_timeout(delay), Err(RecvTimeoutError::Timeout));
        let _ = child.kill();
        killed += usize::from(!child.wait().unwrap().success());

        let store = Store::new(Home::at(&home));
        let report = store
            .verify(false, &Silent, &CancellationToken::new())
            .unwrap();
        assert_eq!(report.damage, [], "{operation} in round {round}");
        assert!(
            store.resolve(&reference("old:1")).is_ok(),
            "{operation} in round {round}"
        );
        // The same again succeeds, or finds that it has happened.
        match operate(operation, folder.path()) {
            Err(kitbench_modelkit::Error::NotFound(_)) if operation == "remove" => {}
            other => other.unwrap(),
        }
        let left: Vec<_> = tree(&home.join("storage/.kitbench/tmp"));
        assert_eq!(left, [], "{operation} in round {round}");
        let report = store
            .verify(false, &Silent, &CancellationToken::new())
            .unwrap();
        assert_eq!(report.damage, []);
    }
    assert!(killed > 0, "no kill struck in time");
}

#[test]
fn a_write_that_fails_changes_nothing() {
    for operation in ["pack", "import"] {
        let folder = scene();
        let home = folder.path().join("home");
        let before = tree(&home);
        // Files of at most 512 KiB, and an error instead of a signal beyond.
        let worker = std::env::current_exe().unwrap();
        let status = Command::new("sh")
            .args([
                "-c",
                "trap '' XFSZ; ulimit -f 1024; exec \"$0\" --exact worker --nocapture",
            ])
            .arg(worker)
            .env(OPERATION, operation)
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(3), "{operation}");
        let after = tree(&home);
        let new: Vec<_> = after.iter().filter(|node| !before.contains(node)).collect();
        if operation == "pack" {
            assert_eq!(new, Vec::<&common::Node>::new());
        }
        let report = Store::new(Home::at(&home))
            .verify(false, &Silent, &CancellationToken::new())
            .unwrap();
        assert_eq!(report.damage, []);
        operate(operation, folder.path()).unwrap();
    }
}
