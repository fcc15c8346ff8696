//! Memory does not depend on the size of a layer. A test program of its own: it measures its process.

use std::sync::Arc;

use kitbench_modelkit::progress::{CancellationToken, Silent};
use kitbench_registry::testing::{LocalStore, TestRegistry, sample_kit};
use kitbench_registry::{Credentials, Push, Registry};

/// Highest memory use of this process so far, in kiB.
#[cfg(target_os = "linux")]
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_ascii_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_large_layer_takes_no_more_memory_than_a_small_one() {
    const MIB: usize = 1024 * 1024;
    const LARGE: u64 = 160 * MIB as u64;
    let server = TestRegistry::plain();
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalStore::new(folder.path().join("here")));
    // A layer of zeros that was never in memory: a sparse file under the digest of its content.
    let layer = {
        let mut hasher = kitbench_modelkit::digest::Hasher::new();
        (0..LARGE / MIB as u64).for_each(|_| hasher.update(&[0u8; MIB]));
        hasher.finish()
    };
    let small = sample_kit(&store, 1, &[10]);
    std::fs::File::create(store.blob_path(&layer))
        .and_then(|file| file.set_len(LARGE))
        .unwrap();
    let manifest = String::from_utf8(small.manifest.to_vec())
        .unwrap()
        .replace(&small.layers[0].digest.to_string(), &layer.to_string())
        .replace("\"size\":10", &format!("\"size\":{LARGE}"));
    let before = peak_kib();
    let cancel = CancellationToken::new();
    let registry = Registry::new(server.config(), Credentials::Anonymous).unwrap();
    let push = Push::new(manifest, "m", "v1");
    registry
        .push(store, &push, Arc::new(Silent), &cancel)
        .await
        .unwrap();
    let there = Arc::new(LocalStore::new(folder.path().join("there")));
    registry
        .pull("m", "v1", there, Arc::new(Silent), &cancel)
        .await
        .unwrap();
    let grown = peak_kib() - before;
    assert!(grown < 32 * 1024, "{grown} kiB more");
}
