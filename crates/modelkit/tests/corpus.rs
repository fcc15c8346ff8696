//! What `kit` 1.7 and 1.11 made of real projects, this crate makes too, byte for byte.
#![cfg(unix)]

mod common;

use common::{Node, PROJECTS, Place, data, expected, project, reference, tree, untar};
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::pack::{PackOptions, Packed};
use kitbench_modelkit::store::{Home, Store};
use kitbench_modelkit::{Compat, Compression, Error, Format};
use serde_json::Value;

fn options(folder: &std::path::Path, compat: Compat) -> PackOptions {
    let mut options = PackOptions::new(folder, reference("registry.example/kit:v1"));
    options.compat = compat;
    options.tool_version = Some(
        if compat == Compat::V1_7 {
            "unknown"
        } else {
            "1.11.0"
        }
        .into(),
    );
    options
}

fn check_layers(name: &str, packed: &Packed, expected: &Value) {
    let layers: Vec<(String, u64)> = packed
        .layers
        .iter()
        .map(|layer| (layer.digest.to_string(), layer.size))
        .collect();
    let wanted: Vec<(String, u64)> = expected["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| {
            (
                layer["digest"].as_str().unwrap().to_owned(),
                layer["size"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(layers, wanted, "layers of {name}");
}

#[test]
fn uncompressed_kits_are_identical() {
    for (key, compat) in [("1.7/none", Compat::V1_7), ("1.11/none", Compat::V1_11)] {
        for name in PROJECTS {
            let wanted = &expected(name)[key];
            let folder = project(name);
            let place = Place::new();
            let result = place.pack(&options(folder.path(), compat));
            if wanted["error"].is_array() || wanted["error"].is_string() {
                assert!(
                    matches!(result, Err(Error::Kitfile(_))),
                    "{name} {key}: {result:?}"
                );
                continue;
            }
            let packed = result.unwrap_or_else(|error| panic!("{name} {key}: {error}"));
            check_layers(name, &packed, wanted);
            let blob = |digest| {
                String::from_utf8(std::fs::read(place.store.blob_path(digest)).unwrap()).unwrap()
            };
            assert_eq!(
                blob(&packed.config.digest),
                wanted["config"].as_str().unwrap(),
                "config of {name} {key}"
            );
            assert_eq!(
                blob(&packed.manifest.digest),
                wanted["manifest"].as_str().unwrap(),
                "manifest of {name} {key}"
            );
            assert_eq!(
                packed.manifest.digest.to_string(),
                wanted["manifest_digest"].as_str().unwrap()
            );
        }
    }
}

/// All values of `key` in a document, in order.
fn values(document: &Value, key: &str, found: &mut Vec<String>) {
    match document {
        Value::Object(map) => {
            for (name, value) in map {
                if name == key {
                    found.extend(value.as_str().map(str::to_owned));
                }
                values(value, key, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| values(value, key, found)),
        _ => {}
    }
}

#[test]
fn gzip_layers_have_the_recorded_content() {
    for compression in [Compression::Gzip, Compression::GzipFastest] {
        for name in PROJECTS {
            let config: Value =
                serde_json::from_str(expected(name)["1.11/gzip"]["config"].as_str().unwrap())
                    .unwrap();
            let mut wanted = Vec::new();
            values(&config, "diffId", &mut wanted);
            let folder = project(name);
            let mut options = options(folder.path(), Compat::V1_11);
            options.compression = compression;
            let packed = Place::new().pack(&options).unwrap();
            let mut found: Vec<String> = packed
                .layers
                .iter()
                .map(|layer| layer.diff_id.to_string())
                .collect();
            wanted.sort();
            found.sort();
            assert_eq!(found, wanted, "{name}");
        }
    }
}

#[test]
fn modelpack_artifacts_differ_in_time_and_diff_ids_only() {
    for name in PROJECTS {
        let wanted = &expected(name)["1.11/modelpack"];
        let folder = project(name);
        let place = Place::new();
        let mut options = options(folder.path(), Compat::V1_11);
        options.format = Format::ModelPack;
        options.created = Some(0);
        let packed = place.pack(&options).unwrap();
        check_layers(name, &packed, wanted);
        let read = |digest| {
            serde_json::from_slice::<Value>(&std::fs::read(place.store.blob_path(digest)).unwrap())
                .unwrap()
        };
        let mut manifest = read(&packed.manifest.digest);
        let mut wanted_manifest: Value =
            serde_json::from_str(wanted["manifest"].as_str().unwrap()).unwrap();
        for manifest in [&mut manifest, &mut wanted_manifest] {
            manifest["config"] = Value::Null;
        }
        assert_eq!(manifest, wanted_manifest, "{name}");
        let mut config = read(&packed.config.digest);
        let mut wanted_config: Value =
            serde_json::from_str(wanted["config"].as_str().unwrap()).unwrap();
        assert_eq!(config["descriptor"]["createdAt"], "1970-01-01T00:00:00Z");
        for config in [&mut config, &mut wanted_config] {
            config["descriptor"]["createdAt"] = Value::Null;
            if config["modelfs"]["diffIds"].is_array() {
                config["modelfs"]["diffIds"] = Value::Array(Vec::new());
            }
        }
        assert_eq!(config, wanted_config, "{name}");
        let kit = Kit::read(&place.store.kit(&packed.reference).unwrap()).unwrap();
        assert_eq!(kit.layers.len(), packed.layers.len());
    }
}

#[test]
fn stores_written_by_kit_are_listed_inspected_and_unpacked() {
    for (name, tag) in [
        ("tree", "registry.example/tree:v1"),
        ("wine", "registry.example/wine:v1"),
    ] {
        let home = tempfile::tempdir().unwrap();
        untar(&data(&format!("{name}/kitops-home.tar.gz")), home.path());
        let store = Store::new(Home::at(home.path().join("kitops-home")));
        let kits = store.list().unwrap();
        assert_eq!(kits.len(), 1);
        assert_eq!(kits[0].reference().to_string(), tag);
        assert_eq!(kits[0].problem, None);
        assert_eq!(kits[0].tool_version.as_deref(), Some("1.11.0"));
        assert_eq!(
            kits[0].digest.to_string(),
            expected(name)["1.11/none"]["manifest_digest"]
                .as_str()
                .unwrap()
        );
        let place = Place {
            cache: kitbench_modelkit::cache::FileCache::open(home.path()),
            folder: tempfile::tempdir().unwrap(),
            store,
        };
        let kit = Kit::read(&place.store.kit(&reference(tag)).unwrap()).unwrap();
        assert!(kit.layers.iter().all(|layer| layer.diff_id.is_some()));
        let target = tempfile::tempdir().unwrap();
        place.unpack(tag, &target.path().join("out"), &[]).unwrap();
        let packed_from = project(name);
        let strip = |tree: Vec<Node>| -> Vec<_> {
            tree.into_iter()
                .filter(|(name, ..)| name != "Kitfile")
                .collect()
        };
        assert_eq!(
            strip(tree(&target.path().join("out"))),
            strip(tree(packed_from.path())),
            "{name}"
        );
        // What was unpacked packs to the same kit.
        let mut again = options(&target.path().join("out"), Compat::V1_11);
        again.reference = reference("again:1");
        assert_eq!(
            place.pack(&again).unwrap().manifest.digest,
            kits[0].digest,
            "{name}"
        );
    }
}
