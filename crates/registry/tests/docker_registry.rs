//! Against a real `docker-registry`: plain HTTP, TLS, users.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::process::Command;
use std::sync::Arc;

use kitbench_modelkit::progress::{CancellationToken, Silent, StepState};
use kitbench_modelkit::source::{KitResolver as _, KitSource as _};
use kitbench_modelkit::{Digest, Reference};
use kitbench_registry::testing::{
    LocalStore, Options, Recorder, SampleKit, TestRegistry, sample_kit,
};
use kitbench_registry::{
    BlobStore, CopyTarget, Credentials, ErrorKind, Push, Registry, RegistryConfig, RemoteResolver,
    SignIn,
};

const MIB: usize = 1024 * 1024;

/// A registry as one user sees it, with a local store of its own.
struct Setup {
    registry: Registry,
    store: Arc<LocalStore>,
    _folder: tempfile::TempDir,
}

fn setup(config: RegistryConfig, credentials: Credentials) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalStore::new(folder.path()));
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
async fn over_tls_with_a_private_authority() {
    let server = TestRegistry::start(&Options {
        tls: true,
        ..Options::default()
    });
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 2, &[MIB]);
    push(&here, &kit, "m", "v1").await;
    let there = setup(server.config(), Credentials::Anonymous);
    there
        .registry
        .pull("m", "v1", there.store.clone(), Arc::new(Silent), &never())
        .await
        .unwrap();

    // Without the authority's certificate there is no trust, and the error says so.
    let stranger = setup(RegistryConfig::new(server.host()), Credentials::Anonymous);
    let error = stranger.registry.ping().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TlsProblem, "{error}");
    assert!(error.hint().unwrap().contains("certificate authority"));
    // Unless the user does not care.
    let careless = RegistryConfig {
        tls_verify: false,
        ..RegistryConfig::new(server.host())
    };
    assert_eq!(
        setup(careless, Credentials::Anonymous)
            .registry
            .ping()
            .await
            .unwrap()
            .sign_in,
        SignIn::NotNeeded
    );
}

#[tokio::test]
async fn the_wrong_scheme_is_recognised_both_ways() {
    let plain = TestRegistry::plain();
    let registry = setup(RegistryConfig::new(plain.host()), Credentials::Anonymous).registry;
    let error = registry.ping().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HttpsToHttpServer, "{error}");
    assert!(error.hint().unwrap().contains("--plain-http"));

    let tls = TestRegistry::start(&Options {
        tls: true,
        ..Options::default()
    });
    let registry = setup(RegistryConfig::plain(tls.host()), Credentials::Anonymous).registry;
    let error = registry.ping().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HttpToHttpsServer, "{error}");
    let error = registry.tags("m", 10, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HttpToHttpsServer, "{error}");
}

#[tokio::test]
async fn users_and_passwords() {
    let users = vec![("ann".to_owned(), "right".to_owned())];
    let server = TestRegistry::start(&Options {
        users,
        ..Options::default()
    });
    let nobody = setup(server.config(), Credentials::Anonymous);
    assert_eq!(nobody.registry.ping().await.unwrap().sign_in, SignIn::Basic);
    let error = nobody.registry.check_login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    assert!(error.hint().unwrap().contains("kitbench login"));

    let wrong = setup(server.config(), Credentials::basic("ann", "wr0ng"));
    let error = wrong.registry.check_login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    assert!(
        error.to_string().contains("ann") && !format!("{error:?}").contains("wr0ng"),
        "{error:?}"
    );
    let kit = sample_kit(&wrong.store, 3, &[100]);
    let order = Push::new(kit.manifest.clone(), "m", "v1");
    let error = wrong
        .registry
        .push(wrong.store.clone(), &order, Arc::new(Silent), &never())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");

    let ann = setup(server.config(), Credentials::basic("ann", "right"));
    ann.registry.check_login().await.unwrap();
    let kit = sample_kit(&ann.store, 3, &[MIB, 100]);
    push(&ann, &kit, "m", "v1").await;
    assert_eq!(ann.registry.sign_in(), Some(SignIn::Basic));
    let error = nobody.registry.manifest("m", "v1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
}

#[tokio::test]
async fn listings_come_in_pages() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 4, &[10]);
    for at in 0..5 {
        push(&here, &kit, &format!("team/m{at}"), "v1").await;
    }
    let mut order = Push::new(kit.manifest.clone(), "team/m0", "v0");
    order.tags = (0..250).map(|at| format!("t{at:03}")).collect();
    here.registry
        .push(here.store.clone(), &order, Arc::new(Silent), &never())
        .await
        .unwrap();

    let mut names = Vec::new();
    let mut from = None;
    let mut pages = 0;
    loop {
        let page = here.registry.catalog(2, from.as_deref()).await.unwrap();
        assert!(page.names.len() <= 2);
        names.extend(page.names);
        pages += 1;
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(
        names,
        ["team/m0", "team/m1", "team/m2", "team/m3", "team/m4"]
    );
    assert!(pages >= 3);
    assert_eq!(
        here.registry.all_tags("team/m0", 1000).await.unwrap().len(),
        251
    );
    assert_eq!(here.registry.all_tags("team/m0", 7).await.unwrap().len(), 7);
    let error = here.registry.tags("no/such", 10, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("no/such"), "{error}");
}

#[tokio::test]
async fn manifests_configs_pieces_and_deletion() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 5, &[5000]);
    push(&here, &kit, "m", "v1").await;
    let manifest = here.registry.manifest("m", "v1").await.unwrap();
    assert_eq!(
        (manifest.digest, &manifest.bytes),
        (kit.digest, &kit.manifest)
    );
    assert_eq!(
        manifest.media_type,
        "application/vnd.oci.image.manifest.v1+json"
    );
    let parsed = manifest.modelkit().unwrap();
    let config = here.registry.config_of("m", &parsed).await.unwrap();
    assert_eq!(Digest::of(&config), kit.config.digest);
    assert_eq!(
        here.registry.resolve("m", "v1").await.unwrap(),
        Some(kit.digest)
    );
    assert_eq!(here.registry.resolve("m", "v2").await.unwrap(), None);
    assert!(
        here.registry
            .manifest("m", &kit.digest.to_string())
            .await
            .is_ok()
    );

    let layer = kit.layers[0].digest;
    let whole = std::fs::read(here.store.blob_path(&layer)).unwrap();
    assert!(here.registry.supports_ranges("m", &layer).await.unwrap());
    assert_eq!(
        here.registry
            .blob_range("m", &layer, 100..228)
            .await
            .unwrap(),
        &whole[100..228]
    );
    assert_eq!(
        here.registry.blob_range("m", &layer, 9..9).await.unwrap(),
        ""
    );
    assert!(here.registry.has_blob("m", &layer).await.unwrap());
    assert!(
        !here
            .registry
            .has_blob("m", &Digest::of(b"absent"))
            .await
            .unwrap()
    );
    assert_eq!(
        here.registry
            .referrers("m", &kit.digest, None)
            .await
            .unwrap(),
        []
    );

    // This registry deletes by digest only.
    let error = here.registry.delete("m", "v1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    here.registry
        .delete("m", &kit.digest.to_string())
        .await
        .unwrap();
    let error = here.registry.manifest("m", "v1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let error = here
        .registry
        .delete("m", &kit.digest.to_string())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
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
    assert_eq!(
        server
            .log()
            .matches("\"http.request.method\":\"PATCH\"")
            .count()
            > 0,
        true,
        "{}",
        server.log()
    );
    let there = setup(server.config(), Credentials::Anonymous);
    there
        .registry
        .pull("m", "v1", there.store.clone(), Arc::new(Silent), &never())
        .await
        .unwrap();
}

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

#[tokio::test]
async fn other_artifacts_are_not_pulled() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 15, &[10]);
    push(&here, &kit, "m", "v1").await;
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("image");
    write_plain_image(&layout);
    let status = Command::new("skopeo")
        .args(["copy", "--dest-tls-verify=false"])
        .arg(format!("oci:{}:image", layout.display()))
        .arg(format!("docker://{}/image:v1", server.host()))
        .output()
        .unwrap();
    assert!(
        status.status.success(),
        "{}",
        String::from_utf8_lossy(&status.stderr)
    );
    let error = here
        .registry
        .pull(
            "image",
            "v1",
            here.store.clone(),
            Arc::new(Silent),
            &never(),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAModelKit, "{error}");
}

/// An OCI layout with an ordinary image of no layers, tagged `image`.
fn write_plain_image(layout: &std::path::Path) {
    let blobs = layout.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let put = |text: &str| {
        let digest = Digest::of(text.as_bytes());
        std::fs::write(blobs.join(digest.hex()), text).unwrap();
        format!("\"digest\":\"{digest}\",\"size\":{}", text.len())
    };
    let config = put(
        r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":{}}"#,
    );
    let manifest = put(&format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json",{config}}},"layers":[]}}"#
    ));
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json",{manifest},"annotations":{{"org.opencontainers.image.ref.name":"image"}}}}]}}"#
    );
    std::fs::write(layout.join("index.json"), index).unwrap();
    std::fs::write(
        layout.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .unwrap();
}

#[tokio::test]
async fn skopeo_sees_what_we_push_and_we_pull_what_skopeo_copies() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 16, &[MIB, 1000]);
    push(&here, &kit, "m", "v1").await;
    let skopeo = |args: &[String]| {
        let output = Command::new("skopeo").args(args).output().unwrap();
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    let address = |repository: &str| format!("docker://{}/{repository}:v1", server.host());
    let raw = skopeo(&[
        "inspect".into(),
        "--raw".into(),
        "--tls-verify=false".into(),
        address("m"),
    ]);
    assert_eq!(raw, kit.manifest);
    skopeo(&[
        "copy".into(),
        "--preserve-digests".into(),
        "--src-tls-verify=false".into(),
        "--dest-tls-verify=false".into(),
        address("m"),
        address("copied"),
    ]);
    let there = setup(server.config(), Credentials::Anonymous);
    let pulled = there
        .registry
        .pull(
            "copied",
            "v1",
            there.store.clone(),
            Arc::new(Silent),
            &never(),
        )
        .await
        .unwrap();
    assert_eq!(pulled.outcome.digest, kit.digest);
}

#[tokio::test]
async fn a_kit_is_read_without_being_kept() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 17, &[3 * MIB + 5, 1000]);
    push(&here, &kit, "m", "v1").await;
    let whole = std::fs::read(here.store.blob_path(&kit.layers[0].digest)).unwrap();
    let reference: Reference = format!("{}/m:v1", server.host()).parse().unwrap();
    let registry = here.registry.clone();
    let runtime = tokio::runtime::Handle::current();
    let layer = kit.layers[0].clone();
    tokio::task::spawn_blocking(move || {
        let resolver = RemoteResolver::new(runtime.clone(), never(), move |_| Ok(registry.clone()));
        let found = resolver.find(&reference).unwrap();
        assert_eq!(found.manifest().unwrap().0.digest, kit.digest);
        let mut read = Vec::new();
        found.blob(&layer).unwrap().read_to_end(&mut read).unwrap();
        assert!(read == whole);

        let kit = runtime
            .block_on(here.registry.kit(&reference, &never()))
            .unwrap();
        let mut reader = kit.reader(&layer);
        for (seek, length) in [(0, 10), (MIB - 5, 10), (3 * MIB, 5), (2 * MIB + 1, MIB)] {
            let mut piece = vec![0; length];
            reader.seek(SeekFrom::Start(seek as u64)).unwrap();
            reader.read_exact(&mut piece).unwrap();
            assert!(piece == whole[seek..seek + length], "{seek} {length}");
        }
        assert_eq!(reader.seek(SeekFrom::End(0)).unwrap(), layer.size);
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
        assert!(resolver.find(&reference.with_tag("none")).is_err());
    })
    .await
    .unwrap();
}
