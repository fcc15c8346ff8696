//! Manifests, alone and with the config they name, and the index files of a store.
#![no_main]

use kitbench_fuzz::{MemoryKit, parts, scratch};
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::manifest::Manifest;
use kitbench_modelkit::progress::{CancellationToken, Silent};
use kitbench_modelkit::store::{Home, Store};
use libfuzzer_sys::fuzz_target;

/// `r.example/kit`, as the store names its files.
const REPOSITORY: &str = "ci5leGFtcGxlL2tpdA==";

fuzz_target!(|input: &[u8]| {
    let Some((selector, input)) = input.split_first() else {
        return;
    };
    let parts = parts(input);
    let first = parts.first().copied().unwrap_or_default();
    let second = parts.get(1).copied().unwrap_or_default();
    if !selector.is_multiple_of(4) {
        if let Ok(manifest) = Manifest::parse(first, "it") {
            let text = manifest.to_json().expect("a manifest can be written");
            let again = Manifest::parse(&text, "it").expect("and read again");
            assert_eq!(again, manifest);
            let _ = (manifest.created(), manifest.tool_version());
            let _ = manifest.layer_bytes();
            // The config is the one that the manifest names, whatever it is.
            let mut manifest = manifest;
            let size = second.len() as u64;
            manifest.config.digest = kitbench_modelkit::Digest::of(second);
            manifest.config.size = size;
            let text = manifest.to_json().expect("a manifest can be written");
            let kit = MemoryKit::new(text, vec![second.to_vec()]);
            if let Ok(kit) = Kit::read(&kit) {
                for layer in &kit.layers {
                    let _ = layer.clean_path();
                }
            }
        }
        return;
    }
    let home = scratch().join("home");
    let storage = home.join("storage");
    let store = Store::new(Home::at(&home));
    store.prepare().expect("a store");
    let files = [
        "index.json".to_owned(),
        format!("{REPOSITORY}-index.json"),
        format!("{REPOSITORY}-tags.json"),
    ];
    for (name, bytes) in files.iter().zip(parts) {
        // What does not parse is read again for a while: `kit` may just be writing it.
        if serde_json::from_slice::<serde_json::Value>(bytes).is_err() {
            return;
        }
        std::fs::write(storage.join(name), bytes).expect("the input is written");
    }
    let _ = store.list();
    let _ = store.repositories();
    let _ = store.verify(false, &Silent, &CancellationToken::new());
    if let Ok(reference) = "r.example/kit:1".parse() {
        let _ = store.resolve(&reference);
        let _ = store.plan_removal(&reference, true);
    }
});
