//! An engine in a folder of its own.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use kitbench_engine::{Engine, EngineOptions, Subscription};
use kitbench_protocol::{
    CopyExample, Door, Event, EventKind, JobId, JobView, OpenKitfile, ProjectRow, RegistryAddress,
    SaveKitfile, SaveOutcome, Severity,
};

pub struct Bench {
    pub engine: Engine,
    pub folder: tempfile::TempDir,
    pub kit_home: PathBuf,
}

fn options(folder: &Path) -> EngineOptions {
    EngineOptions {
        state_folder: folder.join("state"),
        kit_home: folder.join("kitops"),
        example_target: folder.join("wine"),
        ..EngineOptions::for_this_user(Door::Browser)
    }
}

impl Bench {
    pub async fn start() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::start(options(folder.path())).await.unwrap();
        let kit_home = folder.path().join("kitops");
        Bench {
            engine,
            folder,
            kit_home,
        }
    }

    /// Another engine on the same state.
    pub async fn restart(self) -> Bench {
        let Bench {
            engine,
            folder,
            kit_home,
        } = self;
        drop(engine);
        let engine = Engine::start(options(folder.path())).await.unwrap();
        Bench {
            engine,
            folder,
            kit_home,
        }
    }
}

pub fn registry_address(host: &str) -> RegistryAddress {
    RegistryAddress {
        host: host.into(),
        plain_http: true,
        ..RegistryAddress::default()
    }
}

/// The next event; a minute without one is a failure, not a reason to hang.
pub async fn next(events: &mut Subscription) -> Event {
    tokio::time::timeout(Duration::from_secs(60), events.next())
        .await
        .expect("an event within a minute")
        .expect("the engine lives")
}

/// Waits for the end of a job.
pub async fn finished(events: &mut Subscription, job: JobId) -> JobView {
    loop {
        if let EventKind::Job(view) = next(events).await.what
            && view.id == job
            && view.ended_ms.is_some()
        {
            return *view;
        }
    }
}

/// Number of plain files below a folder, 0 if it is not there.
pub fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| {
            if entry.path().is_dir() {
                files_below(&entry.path())
            } else {
                1
            }
        })
        .sum()
}

/// The project with its Kitfile repaired by the offered fix.
pub async fn repaired(bench: &Bench) -> ProjectRow {
    let row = bench
        .engine
        .call(CopyExample { target: None })
        .await
        .unwrap();
    let doc = bench
        .engine
        .call(OpenKitfile { project: row.id })
        .await
        .unwrap();
    let problem = doc
        .problems
        .iter()
        .find(|problem| problem.severity == Severity::Error)
        .expect("the example has one mistake to repair");
    assert!(problem.path.starts_with("package"), "{problem:?}");
    let mut text = doc.text.clone();
    for edit in problem.fixes[0].edits.iter().rev() {
        text.replace_range(edit.start as usize..edit.end as usize, &edit.text);
    }
    let saved = bench
        .engine
        .call(SaveKitfile {
            project: row.id,
            text,
            revision: doc.revision,
        })
        .await
        .unwrap();
    let SaveOutcome::Saved(doc) = saved else {
        panic!("nobody else wrote it")
    };
    assert!(
        doc.problems.iter().all(|p| p.severity != Severity::Error),
        "{:?}",
        doc.problems
    );
    row
}
