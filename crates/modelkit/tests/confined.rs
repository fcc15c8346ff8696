//! A disk that is full and a disk that is mounted read-only: nothing is lost, the error says what
//! is missing, and with room the same succeeds.
//!
//! Each test runs itself once more in a mount namespace of its own, where it may mount a small disk
//! in memory that nobody else sees and that goes with the process.
#![cfg(target_os = "linux")]

mod common;
#[path = "common/small_disk.rs"]
mod small_disk;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::work::{OPERATIONS, content, operate, scene, store, verify};
use common::{reference, tree};
use kitbench_modelkit::cache::FileCache;
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::pack::PackOptions;
use kitbench_modelkit::progress::{CancellationToken, Silent};
use kitbench_modelkit::{Error, Reference, Result};
use small_disk::{fill, on_a_small_disk};

const WEIGHTS: usize = 40_000;
const FILES: usize = 3;

/// What must be there after a job that failed: everything as it was, and nothing else.
fn assert_intact(disk: &Path, what: &str) {
    let report = verify(disk);
    assert_eq!(report.damage, [], "{what}");
    for kit in ["old:1", "doomed:1"] {
        assert!(store(disk).resolve(&reference(kit)).is_ok(), "{what}");
    }
    assert_eq!(tree(&disk.join("home/storage/.kitbench/tmp")), [], "{what}");
    assert!(!disk.join("out").exists(), "{what}");
}

fn told_full(error: &Error, what: &str) {
    assert!(error.is_disk_full(), "{what}: {error}");
    let text = error.to_string();
    assert!(
        text.contains("the disk is full") || text.contains("the disk was full"),
        "{what}: {text}"
    );
    assert!(text.contains("bytes are needed"), "{what}: {text}");
    assert!(text.contains("are free"), "{what}: {text}");
    assert!(text.contains("free some space"), "{what}: {text}");
    assert!(text.contains('/'), "it names the place: {text}");
}

#[test]
fn a_full_disk_loses_nothing() {
    let Some(disk) = on_a_small_disk("a_full_disk_loses_nothing", "8m") else {
        return;
    };
    for operation in OPERATIONS {
        // With ever more room, so that it breaks off at every place where it can.
        let mut failed = 0;
        for pages in 0.. {
            let folder = disk.join("scene");
            std::fs::create_dir(&folder).unwrap();
            scene(&folder, WEIGHTS, FILES);
            fill(&folder, pages * 4096);
            let what = format!("{operation} with room for {pages} pages");
            match operate(operation, &folder) {
                Err(error) => {
                    told_full(&error, &what);
                    if pages == 0 {
                        assert!(error.to_string().contains("missing"), "{what}: {error}");
                    }
                    assert_intact(&folder, &what);
                    failed += 1;
                    std::fs::remove_file(folder.join("filler")).unwrap();
                    operate(operation, &folder).unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(verify(&folder).damage, [], "{what}");
                    std::fs::remove_dir_all(&folder).unwrap();
                }
                Ok(()) => {
                    assert_eq!(verify(&folder).damage, [], "{what}");
                    std::fs::remove_dir_all(&folder).unwrap();
                    break;
                }
            }
        }
        match operation {
            // Removing is how a full disk is emptied.
            "remove" => assert_eq!(failed, 0),
            "tag" => assert!(failed >= 2, "{failed}"),
            _ => assert!(failed >= 10, "{operation}: {failed}"),
        }
    }
}

/// A name, and what it stands for.
type Attempt<'a> = (&'a str, Box<dyn Fn() -> Result<()> + 'a>);

#[test]
fn a_read_only_store_is_read_and_says_that_it_is_read_only() {
    let name = "a_read_only_store_is_read_and_says_that_it_is_read_only";
    let Some(disk) = on_a_small_disk(name, "16m") else {
        return;
    };
    let mount = |how: &str| {
        let done = Command::new("mount")
            .args(["-o", &format!("remount,{how}")])
            .arg(&disk)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    let folder = disk.join("scene");
    std::fs::create_dir(&folder).unwrap();
    scene(&folder, WEIGHTS, FILES);
    let before = content(&folder);
    let elsewhere = tempfile::tempdir().unwrap();
    let store = store(&folder);
    mount("ro");

    // Everything that only reads goes on.
    assert_eq!(store.list().unwrap().len(), 2);
    assert_eq!(verify(&folder).damage, []);
    let kit = store.kit(&reference("old:1")).unwrap();
    assert_eq!(Kit::read(&kit).unwrap().layers.len(), 3);
    store.plan_removal(&reference("doomed:1"), false).unwrap();
    let options = kitbench_modelkit::unpack::UnpackOptions::new(elsewhere.path());
    let never = CancellationToken::new();
    kitbench_modelkit::unpack::unpack(&kit, &options, &store, &Silent, &never).unwrap();
    kitbench_modelkit::oci::export(
        &store,
        &[reference("old:1")],
        &elsewhere.path().join("kits.tar"),
        &Default::default(),
        &Silent,
        &never,
    )
    .unwrap();

    // Everything that writes says why it cannot, and where.
    let from: Reference = reference("old:1");
    let pack = || -> Result<()> {
        let cache = FileCache::open(elsewhere.path());
        let options = PackOptions::new(folder.join("project"), reference("new:1"));
        kitbench_modelkit::pack::pack(&store, &options, &store, &cache, &Silent, &never).map(drop)
    };
    let attempts: [Attempt<'_>; 8] = [
        ("pack", Box::new(pack)),
        ("unpack", Box::new(|| operate("unpack", &folder))),
        ("tag", Box::new(|| operate("tag", &folder))),
        ("remove", Box::new(|| operate("remove", &folder))),
        ("import", Box::new(|| operate("import", &folder))),
        ("untag", Box::new(|| store.untag(&from).map(drop))),
        (
            "prune",
            Box::new(|| store.prune(true, Duration::ZERO).map(drop)),
        ),
        (
            "remove by force",
            Box::new(|| store.remove(&from, true).map(drop)),
        ),
    ];
    for (what, attempt) in &attempts {
        let text = attempt().expect_err(what).to_string();
        assert!(text.contains("read-only"), "{what}: {text}");
        assert!(
            text.contains(&folder.display().to_string()),
            "{what}: {text}"
        );
    }
    assert_eq!(content(&folder), before);

    mount("rw");
    for operation in OPERATIONS {
        operate(operation, &folder).unwrap_or_else(|error| panic!("{operation}: {error}"));
    }
    assert_eq!(verify(&folder).damage, []);
}
