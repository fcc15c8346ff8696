//! Random projects and what `kit` made of each: odd names and modes, links, overlapping paths, every
//! kind of ignore pattern, YAML of every type.
//!
//! Recorded by running `kit` 1.7.0, built from its source, on projects of a random generator; for
//! 1.11 by the same program with prompts and the annotations of 1.11, which also gives the corpus of
//! the real 1.11. `null` stands for a project that it refused.
#![cfg(target_os = "linux")]

mod common;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use common::{Place, reference};
use kitbench_modelkit::Compat;
use kitbench_modelkit::pack::PackOptions;
use serde_json::Value;

const PROJECTS: &str = include_str!("data/recorded/projects.json");

/// Lays out a project: folders are `[path, mode]`, links `[path, "link", target]`, files
/// `[path, mode, content]`, where a number stands for so many letters x.
fn lay(root: &Path, entries: &[Value]) {
    for entry in entries {
        let path = root.join(entry[0].as_str().unwrap());
        match (entry[1].as_str().unwrap(), &entry[2]) {
            ("link", target) => {
                std::os::unix::fs::symlink(target.as_str().unwrap(), &path).unwrap();
            }
            (_, Value::Null) => std::fs::create_dir(&path).unwrap(),
            (_, Value::String(text)) => std::fs::write(&path, text).unwrap(),
            (_, size) => {
                let size = usize::try_from(size.as_u64().unwrap()).unwrap();
                std::fs::write(&path, vec![b'x'; size]).unwrap();
            }
        }
    }
    for entry in entries.iter().filter(|entry| entry[1] != "link") {
        let mode = u32::from_str_radix(entry[1].as_str().unwrap(), 8).unwrap();
        let path = root.join(entry[0].as_str().unwrap());
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn random_projects_give_what_kit_made_of_them() {
    let projects: Vec<Value> = serde_json::from_str(PROJECTS).unwrap();
    assert!(projects.len() > 70);
    for project in &projects {
        let name = project["name"].as_str().unwrap();
        let folder = tempfile::tempdir().unwrap();
        lay(folder.path(), project["entries"].as_array().unwrap());
        for (version, compat) in [("1.7", Compat::V1_7), ("1.11", Compat::V1_11)] {
            let place = Place::new();
            let mut options = PackOptions::new(folder.path(), reference("x:1"));
            options.compat = compat;
            options.tool_version = Some(format!("{version}.0"));
            let result = place.pack(&options);
            let expected = &project[version];
            if expected.is_null() {
                assert!(result.is_err(), "{name} by {version} was to be refused");
                continue;
            }
            let packed = result.unwrap_or_else(|error| panic!("{name} by {version}: {error}"));
            if let Some(layers) = expected["layers"].as_array() {
                let found: Vec<String> = packed
                    .layers
                    .iter()
                    .map(|layer| layer.digest.to_string())
                    .collect();
                assert_eq!(&found, layers, "layers of {name} by {version}");
                let config = std::fs::read(place.store.blob_path(&packed.config.digest)).unwrap();
                assert_eq!(
                    String::from_utf8_lossy(&config),
                    expected["config"].as_str().unwrap(),
                    "config of {name} by {version}"
                );
            }
            assert_eq!(
                packed.manifest.digest.to_string(),
                expected["manifest"].as_str().unwrap(),
                "manifest of {name} by {version}"
            );
        }
    }
}
