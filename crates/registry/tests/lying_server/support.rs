//! What the tests share.

pub use std::sync::Arc;
pub use std::sync::atomic::{AtomicUsize, Ordering};
pub use std::time::Duration;

pub use kitbench_modelkit::Digest;
pub use kitbench_modelkit::progress::{CancellationToken, Silent, StepState};
pub use kitbench_registry::testing::{LocalStore, Recorder, SampleKit, sample_kit};
pub use kitbench_registry::{
    BlobStore, Credentials, Error, ErrorKind, Push, Registry, RegistryConfig, Result, RetryPolicy,
};

pub use crate::fake::{Answer, Asked, Fake};

pub const MIB: usize = 1024 * 1024;

/// A registry that is tried again without delay.
pub fn impatient(host: &str) -> RegistryConfig {
    let wait = Duration::from_millis(1);
    RegistryConfig {
        retry: RetryPolicy {
            first_wait: wait,
            min_wait: wait,
            max_wait: wait,
            ..RetryPolicy::default()
        },
        ..RegistryConfig::plain(host)
    }
}

pub fn registry(fake: &Fake) -> Registry {
    Registry::new(impatient(&fake.host), Credentials::Anonymous).unwrap()
}

/// A kit and its blobs, for servers to hand out.
pub struct Kit {
    pub kit: SampleKit,
    pub layer: Vec<u8>,
    pub config: Vec<u8>,
    pub _folder: tempfile::TempDir,
    pub store: Arc<LocalStore>,
}

pub fn kit(seed: u64, size: usize) -> Arc<Kit> {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalStore::new(folder.path()));
    let kit = sample_kit(&store, seed, &[size]);
    let read = |digest| std::fs::read(store.blob_path(digest)).unwrap();
    Arc::new(Kit {
        layer: read(&kit.layers[0].digest),
        config: read(&kit.config.digest),
        kit,
        _folder: folder,
        store,
    })
}

/// An honest answer for a pull, except for the layer.
pub fn serve(kit: &Kit, asked: &Asked, layer: impl Fn(&Asked) -> Answer) -> Answer {
    if asked.path.contains("/manifests/") {
        return Answer::ok(kit.kit.manifest.clone())
            .header("content-type", "application/vnd.oci.image.manifest.v1+json")
            .header("docker-content-digest", kit.kit.digest);
    }
    if asked.path.contains(&kit.kit.config.digest.to_string()) {
        return Answer::ok(kit.config.clone());
    }
    if asked.path.contains(&kit.kit.layers[0].digest.to_string()) {
        return layer(asked);
    }
    Answer::status(404)
}

pub struct PullResult {
    pub result: Result<kitbench_registry::Pulled>,
    pub recorder: Arc<Recorder>,
    pub store: Arc<LocalStore>,
    pub _folder: tempfile::TempDir,
}

pub async fn pull(registry: &Registry) -> PullResult {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalStore::new(folder.path()));
    let recorder = Arc::new(Recorder::default());
    let result = registry
        .pull(
            "m",
            "v1",
            store.clone(),
            recorder.clone(),
            &CancellationToken::new(),
        )
        .await;
    PullResult {
        result,
        recorder,
        store,
        _folder: folder,
    }
}

/// A pull that must fail with this kind, publish nothing and keep nothing of the layer.
pub async fn refused(fake: &Fake, kind: ErrorKind) -> Error {
    let pulled = pull(&registry(fake)).await;
    let error = pulled.result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(pulled.store.tag(&fake.host, "m", "v1"), None);
    // The config may have been on its way; of it, a beginning may stay.
    let layer: Digest = pulled.recorder.steps()[0]
        .digest
        .as_deref()
        .and_then(|digest| digest.parse().ok())
        .unwrap();
    assert_eq!(pulled.store.partial_size(&layer).unwrap(), 0);
    assert!(!pulled.store.partials().contains(&layer.hex()));
    assert_eq!(pulled.recorder.last_states()[0], Some(StepState::Failed));
    error
}
