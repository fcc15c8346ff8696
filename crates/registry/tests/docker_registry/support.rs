//! What the tests share.

pub use std::sync::Arc;

pub use kitbench_modelkit::Digest;
pub use kitbench_modelkit::progress::{CancellationToken, Silent, StepState};
pub use kitbench_registry::testing::{
    LocalStore, Options, Recorder, SampleKit, TestRegistry, sample_kit,
};
pub use kitbench_registry::{BlobStore, Credentials, ErrorKind, Push, Registry, RegistryConfig};

pub const MIB: usize = 1024 * 1024;

/// A registry as one user sees it, with a local store of its own.
pub struct Setup {
    pub registry: Registry,
    pub store: Arc<LocalStore>,
    pub _folder: tempfile::TempDir,
}

pub fn setup(config: RegistryConfig, credentials: Credentials) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalStore::new(folder.path()));
    Setup {
        registry: Registry::new(config, credentials).unwrap(),
        store,
        _folder: folder,
    }
}

pub fn never() -> CancellationToken {
    CancellationToken::new()
}

pub async fn push(setup: &Setup, kit: &SampleKit, repository: &str, tag: &str) {
    let push = Push::new(kit.manifest.clone(), repository, tag);
    setup
        .registry
        .push(setup.store.clone(), &push, Arc::new(Silent), &never())
        .await
        .unwrap();
}
