//! Transfers that stop and continue.

use std::io;

use kitbench_registry::{PartialBlob, PulledManifest, ReadSeek};

use crate::support::*;

#[tokio::test]
async fn a_cancelled_push_publishes_nothing_and_continues_later() {
    let server = TestRegistry::plain();
    let mut config = server.config();
    config.chunk_bytes = MIB as u64;
    config.timeouts.cancel_grace = std::time::Duration::from_secs(60);
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

/// A store whose disk is full after some bytes of a blob.
struct FullDisk {
    inner: Arc<LocalStore>,
    room: u64,
}

struct FullBlob {
    inner: Box<dyn PartialBlob>,
    room: u64,
}

impl BlobStore for FullDisk {
    fn blob_size(&self, digest: &Digest) -> io::Result<Option<u64>> {
        self.inner.blob_size(digest)
    }
    fn open_blob(&self, digest: &Digest) -> io::Result<Box<dyn ReadSeek>> {
        self.inner.open_blob(digest)
    }
    fn partial_size(&self, digest: &Digest) -> io::Result<u64> {
        self.inner.partial_size(digest)
    }
    fn begin_blob(&self, digest: &Digest, size: u64) -> io::Result<Box<dyn PartialBlob>> {
        let inner = self.inner.begin_blob(digest, size)?;
        Ok(Box::new(FullBlob {
            inner,
            room: self.room,
        }))
    }
    fn put_manifest(&self, manifest: &PulledManifest<'_>) -> io::Result<()> {
        self.inner.put_manifest(manifest)
    }
}

impl PartialBlob for FullBlob {
    fn len(&self) -> u64 {
        self.inner.len()
    }
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.inner.len() + bytes.len() as u64 > self.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.append(bytes)
    }
    fn restart(&mut self) -> io::Result<()> {
        self.inner.restart()
    }
    fn digest(&self) -> Digest {
        self.inner.digest()
    }
    fn finish(self: Box<Self>) -> io::Result<()> {
        self.inner.finish()
    }
    fn discard(self: Box<Self>) -> io::Result<()> {
        self.inner.discard()
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_loses_nothing() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 19, &[8 * MIB]);
    push(&here, &kit, "m", "v1").await;
    let there = setup(server.config(), Credentials::Anonymous);
    let full = Arc::new(FullDisk {
        inner: there.store.clone(),
        room: 4 * MIB as u64,
    });
    let error = there
        .registry
        .pull("m", "v1", full, Arc::new(Silent), &never())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Local, "{error}");
    assert!(error.hint().unwrap().contains("Free some space"), "{error}");
    let kept = there.store.partial_size(&kit.layers[0].digest).unwrap();
    assert!(kept >= 2 * MIB as u64, "{kept}");
    there
        .registry
        .pull("m", "v1", there.store.clone(), Arc::new(Silent), &never())
        .await
        .unwrap();
}

/// A registry that goes away in the middle of a pull and comes back is waited for.
#[tokio::test]
async fn a_restarted_registry_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let storage = folder.path().to_owned();
    let options = move |address: String| Options {
        storage: Some(storage.clone()),
        address: Some(address),
        ..Options::default()
    };
    // A loopback address of its own, so that nothing else takes the port in the meantime.
    let server = TestRegistry::start(&options("127.77.0.1:0".to_owned()));
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 20, &[24 * MIB]);
    push(&here, &kit, "m", "v1").await;

    let there = setup(server.config(), Credentials::Anonymous);
    let address = server.host().to_owned();
    let running = Arc::new(std::sync::Mutex::new(Some(server)));
    let stop = running.clone();
    let recorder = Arc::new(Recorder::acting(move |row, bytes| {
        if row == 0 && bytes > 3 * MIB as u64 {
            let mut server = stop.lock().unwrap();
            if server
                .as_ref()
                .is_some_and(|server| !server.log().contains("restarted for the test"))
            {
                *server = None;
                let again = TestRegistry::start(&options(address.clone()));
                again.note("restarted for the test");
                *server = Some(again);
            }
        }
    }));
    there
        .registry
        .pull("m", "v1", there.store.clone(), recorder.clone(), &never())
        .await
        .unwrap();
    assert_eq!(recorder.bytes(0), 24 * MIB as u64);
    drop(running);
}
