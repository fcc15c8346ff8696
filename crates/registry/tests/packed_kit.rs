//! From a project folder through a registry into another home, and out again to identical files.

use std::path::Path;
use std::sync::Arc;

use kitbench_modelkit::Reference;
use kitbench_modelkit::cache::FileCache;
use kitbench_modelkit::inspect::{Kit, files};
use kitbench_modelkit::pack::{PackOptions, pack};
use kitbench_modelkit::progress::{CancellationToken, Silent};
use kitbench_modelkit::store::{Home, Store};
use kitbench_registry::testing::TestRegistry;
use kitbench_registry::{Credentials, Push, Registry};

fn project(folder: &Path) {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "Kitfile",
        "manifestVersion: 1.0.0\npackage:\n  name: demo\nmodel:\n  name: m\n  path: model\ndatasets:\n  - name: train\n    path: data/train.csv\ncode:\n  - path: src\n",
    );
    write("model/weights.bin", &"w".repeat(9_000_000));
    write("model/config.json", "{}");
    write("data/train.csv", "a,b\n1,2\n");
    write("src/main.py", "print(1)\n");
}

#[tokio::test]
async fn a_packed_project_travels() {
    let server = TestRegistry::plain();
    let folder = tempfile::tempdir().unwrap();
    let context = folder.path().join("project");
    project(&context);
    let here = Store::new(Home::at(folder.path().join("here")));
    let reference: Reference = format!("{}/team/demo:v1", server.host()).parse().unwrap();
    let options = PackOptions::new(&context, reference.clone());
    let cancel = CancellationToken::new();
    let packed = pack(
        &here,
        &options,
        &here,
        &FileCache::open(&folder.path().join("cache")),
        &Silent,
        &cancel,
    )
    .unwrap();

    let registry = Registry::new(server.config(), Credentials::Anonymous).unwrap();
    let entry = here.resolve(&reference).unwrap();
    let manifest = here
        .read_blob(&entry.digest, entry.size, 1 << 20, "the manifest")
        .unwrap();
    let push = Push::new(manifest, "team/demo", "v1");
    let outcome = registry
        .push(Arc::new(here.clone()), &push, Arc::new(Silent), &cancel)
        .await
        .unwrap();
    assert_eq!(outcome.digest, packed.manifest.digest);

    // Looking inside fetches the pieces that it takes: of 9 MB of weights the beginning and the end.
    let kit = registry.kit(&reference, &cancel).await.unwrap();
    let (kit, listed, fetched) = tokio::task::spawn_blocking(move || {
        let read = Kit::read(&kit).unwrap();
        let layer = &read.layers[0];
        let cancel = CancellationToken::new();
        let listed = files::list_files(&kit, layer, 10, &cancel).unwrap();
        let path = &listed.files[1].path.clone();
        let config = files::read_file(&kit, layer, path, 100, &cancel).unwrap();
        assert_eq!(config.bytes, b"{}");
        let fetched = kit.fetched_bytes();
        (kit, listed, fetched)
    })
    .await
    .unwrap();
    drop(kit);
    let names: Vec<&str> = listed.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(names, ["model", "model/config.json", "model/weights.bin"]);
    assert!(fetched < 4_000_000, "{fetched} bytes were fetched");

    let there = Store::new(Home::at(folder.path().join("there")));
    let pulled = registry
        .pull(
            "team/demo",
            "v1",
            Arc::new(there.clone()),
            Arc::new(Silent),
            &cancel,
        )
        .await
        .unwrap();
    assert_eq!(pulled.outcome.digest, packed.manifest.digest);
    let kits = there.list().unwrap();
    assert_eq!(kits.len(), 1);
    assert_eq!(
        (kits[0].name.as_str(), kits[0].tags.as_slice()),
        ("demo", ["v1".to_owned()].as_slice())
    );
    assert_eq!(kits[0].problem, None);
    for layer in &packed.layers {
        let read = |store: &Store| std::fs::read(store.blob_path(&layer.digest)).unwrap();
        assert!(read(&here) == read(&there), "{}", layer.label);
    }
}
