//! Transfers that stop and continue.

use crate::support::*;

#[tokio::test]
async fn a_cancelled_push_publishes_nothing_and_continues_later() {
    let server = TestRegistry::plain();
    let mut config = server.config();
    config.chunk_bytes = MIB as u64;
    let here = setup(config, Credentials::Anonymous);
    let kit = sample_kit(&here.store, 11, &[8 * MIB]);
    let order = Push::new(kit.manifest.clone(), "m", "v1");

    let cancel = CancellationToken::new();
    let token = cancel.clone();
    let recorder = Arc::new(Recorder::acting(move |row, bytes| {
        if row == 0 && bytes > 3 * MIB as u64 {
            token.cancel();
        }
    }));
    let error = here
        .registry
        .push(here.store.clone(), &order, recorder, &cancel)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert_eq!(here.registry.resolve("m", "v1").await.unwrap(), None);
    assert!(
        !here
            .registry
            .has_blob("m", &kit.layers[0].digest)
            .await
            .unwrap()
    );

    // The journal in the order remembers the session: the first report is of bytes that are there already.
    let first = Arc::new(std::sync::Mutex::new(None));
    let seen = first.clone();
    let recorder = Arc::new(Recorder::acting(move |row, bytes| {
        if row == 0 {
            seen.lock().unwrap().get_or_insert(bytes);
        }
    }));
    here.registry
        .push(here.store.clone(), &order, recorder.clone(), &never())
        .await
        .unwrap();
    let first = first.lock().unwrap().unwrap_or_default();
    assert!(first >= 2 * MIB as u64, "continued at {first}");
    assert_eq!(recorder.bytes(0), 8 * MIB as u64);
    let there = setup(server.config(), Credentials::Anonymous);
    there
        .registry
        .pull("m", "v1", there.store.clone(), Arc::new(Silent), &never())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_cancelled_pull_keeps_only_what_it_can_continue() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 12, &[24 * MIB]);
    push(&here, &kit, "m", "v1").await;

    let there = setup(server.config(), Credentials::Anonymous);
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    let recorder = Arc::new(Recorder::acting(move |row, bytes| {
        if row == 0 && bytes > 5 * MIB as u64 {
            token.cancel();
        }
    }));
    let error = there
        .registry
        .pull("m", "v1", there.store.clone(), recorder, &cancel)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert_eq!(there.store.tag(server.host(), "m", "v1"), None);
    let layer = kit.layers[0].digest;
    assert_eq!(there.store.blob_size(&layer).unwrap(), None);
    let kept = there.store.partial_size(&layer).unwrap();
    assert!(kept > 5 * MIB as u64 && kept < 24 * MIB as u64, "{kept}");

    let recorder = Arc::new(Recorder::default());
    there
        .registry
        .pull("m", "v1", there.store.clone(), recorder.clone(), &never())
        .await
        .unwrap();
    assert_eq!(recorder.bytes(0), 24 * MIB as u64);
    assert!(
        recorder
            .states(0)
            .starts_with(&[StepState::Verifying, StepState::Downloading])
    );
    assert!(
        server.log().contains("\"http.response.status\":206"),
        "the second pull asked for the rest only"
    );
    assert!(there.store.partials().is_empty());
}

#[tokio::test]
async fn a_damaged_partial_is_fetched_anew() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 13, &[2 * MIB]);
    push(&here, &kit, "m", "v1").await;
    let there = setup(server.config(), Credentials::Anonymous);
    let partial = there.store.partial_path(&kit.layers[0].digest);
    for content in [vec![7u8; MIB], vec![7u8; 2 * MIB], vec![7u8; 3 * MIB]] {
        std::fs::create_dir_all(partial.parent().unwrap()).unwrap();
        std::fs::write(&partial, &content).unwrap();
        there
            .registry
            .pull("m", "v1", there.store.clone(), Arc::new(Silent), &never())
            .await
            .unwrap();
        let blob = there.store.blob_path(&kit.layers[0].digest);
        assert_eq!(
            Digest::of(&std::fs::read(&blob).unwrap()),
            kit.layers[0].digest
        );
        std::fs::remove_file(blob).unwrap();
    }
}
