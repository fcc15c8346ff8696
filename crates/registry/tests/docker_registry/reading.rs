//! Kits that are read without being kept.

use std::io::{Read as _, Seek as _, SeekFrom};

use kitbench_modelkit::Reference;
use kitbench_modelkit::source::KitResolver as _;
use kitbench_registry::RemoteResolver;

use crate::support::*;

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
