//! Kits that go there, come back and are copied.

use kitbench_registry::CopyTarget;

use crate::support::*;

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
    assert_eq!(
        there.store.tag(server.host(), "team/model", "v1"),
        Some(kit.digest)
    );
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

#[tokio::test]
async fn a_layer_listed_twice_moves_once() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 6, &[MIB, 2 * MIB]).with_last_layer_twice(&here.store);
    let recorder = Arc::new(Recorder::default());
    let order = Push::new(kit.manifest.clone(), "m", "v1");
    let outcome = here
        .registry
        .push(here.store.clone(), &order, recorder.clone(), &never())
        .await
        .unwrap();
    assert_eq!(outcome.moved_bytes, 3 * MIB as u64 + kit.config.size);
    assert_eq!(
        recorder.last_states()[1..3],
        [Some(StepState::Done), Some(StepState::Reused)]
    );
    let there = setup(server.config(), Credentials::Anonymous);
    let recorder = Arc::new(Recorder::default());
    let pulled = there
        .registry
        .pull("m", "v1", there.store.clone(), recorder.clone(), &never())
        .await
        .unwrap();
    assert_eq!(pulled.outcome.moved_bytes, outcome.moved_bytes);
    assert_eq!(
        recorder.last_states()[1..3],
        [Some(StepState::Done), Some(StepState::Reused)]
    );
}

#[tokio::test]
async fn blobs_of_other_repositories_are_mounted() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 7, &[MIB, 1000]);
    push(&here, &kit, "first", "v1").await;
    let mut order = Push::new(kit.manifest.clone(), "second", "v1");
    order.mount_from = vec!["nothing/here".into(), "first".into()];
    let recorder = Arc::new(Recorder::default());
    let outcome = here
        .registry
        .push(here.store.clone(), &order, recorder.clone(), &never())
        .await
        .unwrap();
    assert_eq!(outcome.moved_bytes, 0);
    assert_eq!(outcome.mounted_bytes, MIB as u64 + 1000 + kit.config.size);
    assert_eq!(recorder.last_states()[0], Some(StepState::Mounted));
    assert!(here.registry.manifest("second", "v1").await.is_ok());
}

#[tokio::test]
async fn copies_between_and_within_registries() {
    let (from, to) = (TestRegistry::plain(), TestRegistry::plain());
    let here = setup(from.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 8, &[5 * MIB, 1000]);
    push(&here, &kit, "m", "v1").await;
    // Small chunks, so that the copy also reads its source in pieces.
    let mut config = to.config();
    config.chunk_bytes = 2 * MIB as u64;
    let target = Registry::new(config, Credentials::Anonymous).unwrap();
    let tags = vec!["v1".to_owned(), "latest".to_owned()];
    let place = CopyTarget {
        registry: &target,
        repository: "team/copy",
        tags: &tags,
    };
    let outcome = here
        .registry
        .copy("m", "v1", &place, Arc::new(Silent), &never())
        .await
        .unwrap();
    assert_eq!(outcome.digest, kit.digest);
    assert_eq!(
        target.resolve("team/copy", "latest").await.unwrap(),
        Some(kit.digest)
    );
    let there = setup(to.config(), Credentials::Anonymous);
    there
        .registry
        .pull(
            "team/copy",
            "v1",
            there.store.clone(),
            Arc::new(Silent),
            &never(),
        )
        .await
        .unwrap();

    let place = CopyTarget {
        registry: &here.registry,
        repository: "other",
        tags: &tags,
    };
    let within = here
        .registry
        .copy("m", "v1", &place, Arc::new(Silent), &never())
        .await
        .unwrap();
    assert_eq!((within.moved_bytes, within.mounted_bytes > 0), (0, true));
}

#[tokio::test]
async fn preflight_tells_what_would_move() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let base = sample_kit(&here.store, 9, &[1000, 2000]);
    let order = Push::new(base.manifest.clone(), "m", "v1");
    let before = here
        .registry
        .preflight_push(&order, &never())
        .await
        .unwrap();
    assert_eq!(
        (before.there_bytes(), before.missing_bytes()),
        (0, 3000 + base.config.size)
    );
    push(&here, &base, "m", "v1").await;
    let after = here
        .registry
        .preflight_push(&order, &never())
        .await
        .unwrap();
    assert_eq!(
        (after.there_bytes(), after.missing_bytes()),
        (3000 + base.config.size, 0)
    );

    let there = setup(server.config(), Credentials::Anonymous);
    let pull = there
        .registry
        .preflight_pull("m", "v1", there.store.as_ref())
        .await
        .unwrap();
    assert_eq!(
        (pull.digest, pull.missing_bytes()),
        (base.digest, 3000 + base.config.size)
    );
    let layer = std::fs::read(here.store.blob_path(&base.layers[1].digest)).unwrap();
    there.store.add(&layer).unwrap();
    let pull = there
        .registry
        .preflight_pull("m", "v1", there.store.as_ref())
        .await
        .unwrap();
    assert_eq!(pull.missing_bytes(), 1000 + base.config.size);
}

#[tokio::test]
async fn large_blobs_go_in_chunks() {
    let server = TestRegistry::plain();
    let mut config = server.config();
    config.chunk_bytes = MIB as u64;
    let here = setup(config, Credentials::Anonymous);
    // A multiple of the chunk size, one more byte, and smaller than a chunk.
    let kit = sample_kit(&here.store, 10, &[3 * MIB, 2 * MIB + 1, 100]);
    let recorder = Arc::new(Recorder::default());
    let order = Push::new(kit.manifest.clone(), "m", "v1");
    here.registry
        .push(here.store.clone(), &order, recorder.clone(), &never())
        .await
        .unwrap();
    assert_eq!(recorder.bytes(0), 3 * MIB as u64);
    assert!(server.log().contains("\"http.request.method\":\"PATCH\""));
    let there = setup(server.config(), Credentials::Anonymous);
    there
        .registry
        .pull("m", "v1", there.store.clone(), Arc::new(Silent), &never())
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_missing_here_is_told_before_anything_moves() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 14, &[MIB, 1000]);
    std::fs::remove_file(here.store.blob_path(&kit.layers[1].digest)).unwrap();
    let order = Push::new(kit.manifest.clone(), "m", "v1");
    let error = here
        .registry
        .push(here.store.clone(), &order, Arc::new(Silent), &never())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Local, "{error}");
    assert!(
        error
            .to_string()
            .contains(&kit.layers[1].digest.to_string()),
        "{error}"
    );
    assert!(
        !here
            .registry
            .has_blob("m", &kit.layers[0].digest)
            .await
            .unwrap()
    );

    // Damaged content is noticed by the registry, and blamed on the right side.
    std::fs::write(here.store.blob_path(&kit.layers[1].digest), vec![0; 1000]).unwrap();
    let error = here
        .registry
        .push(here.store.clone(), &order, Arc::new(Silent), &never())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Local, "{error}");
    assert_eq!(here.registry.resolve("m", "v1").await.unwrap(), None);
}
