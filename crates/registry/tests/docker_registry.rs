//! Against a real `docker-registry`: plain HTTP, TLS, users.

use std::process::Command;
use std::sync::Arc;

use kitbench_modelkit::Digest;
use kitbench_modelkit::progress::{CancellationToken, Silent, StepState};
use kitbench_registry::testing::{
    FolderStore, Options, Recorder, SampleKit, TestRegistry, sample_kit,
};
use kitbench_registry::{
    BlobStore, Credentials, ErrorKind, Push, Registry, RegistryConfig, SignIn,
};

const MIB: usize = 1024 * 1024;

struct Setup {
    registry: Registry,
    store: Arc<FolderStore>,
    _folder: tempfile::TempDir,
}

fn setup(config: RegistryConfig, credentials: Credentials) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(FolderStore::new(folder.path()));
    Setup {
        registry: Registry::new(config, credentials).unwrap(),
        store,
        _folder: folder,
    }
}

fn never() -> CancellationToken {
    CancellationToken::new()
}

async fn push(setup: &Setup, kit: &SampleKit, repository: &str, tag: &str) {
    let push = Push::new(kit.manifest.clone(), repository, tag);
    setup
        .registry
        .push(setup.store.clone(), &push, Arc::new(Silent), &never())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_kit_goes_there_and_comes_back() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 1, &[3 * MIB + 17, 1000, 0]);
    let recorder = Arc::new(Recorder::default());
    let order = Push::new(kit.manifest.clone(), "team/model", "v1");
    let outcome = here
        .registry
        .push(here.store.clone(), &order, recorder.clone(), &never())
        .await
        .unwrap();
    assert_eq!(outcome.digest, kit.digest);
    assert_eq!(outcome.reused_bytes, 0);
    assert_eq!(recorder.last_states(), vec![Some(StepState::Done); 5]);
    for (row, step) in recorder.steps().iter().enumerate() {
        assert_eq!(recorder.bytes(row), step.total_bytes, "{}", step.label);
    }
    assert_eq!(recorder.steps()[0].label, "Model, model.bin");
    assert!(recorder.states(0).starts_with(&[
        StepState::Asking,
        StepState::Waiting,
        StepState::Uploading
    ]));

    let there = setup(server.config(), Credentials::Anonymous);
    let recorder = Arc::new(Recorder::default());
    let pulled = there
        .registry
        .pull(
            "team/model",
            "v1",
            there.store.clone(),
            recorder.clone(),
            &never(),
        )
        .await
        .unwrap();
    assert_eq!(pulled.outcome.digest, kit.digest);
    assert_eq!(pulled.manifest_bytes, kit.manifest);
    assert_eq!(there.store.tag("team/model", "v1"), Some(kit.digest));
    for blob in kit.layers.iter().chain([&kit.config]) {
        let (sent, got) = (
            here.store.blob_path(&blob.digest),
            there.store.blob_path(&blob.digest),
        );
        assert!(
            std::fs::read(sent).unwrap() == std::fs::read(got).unwrap(),
            "{}",
            blob.digest
        );
    }
    assert!(
        there.store.partials().is_empty(),
        "{:?}",
        there.store.partials()
    );
    assert_eq!(recorder.last_states(), vec![Some(StepState::Done); 5]);
    for (row, step) in recorder.steps().iter().enumerate() {
        assert_eq!(recorder.bytes(row), step.total_bytes, "{}", step.label);
    }

    // Again: nothing moves in either direction.
    let outcome = here
        .registry
        .push(here.store.clone(), &order, Arc::new(Silent), &never())
        .await
        .unwrap();
    assert_eq!(outcome.moved_bytes, 0);
    let pulled = there
        .registry
        .pull(
            "team/model",
            "v1",
            there.store.clone(),
            Arc::new(Silent),
            &never(),
        )
        .await
        .unwrap();
    assert_eq!(pulled.outcome.moved_bytes, 0);
}
