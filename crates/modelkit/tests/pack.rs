//! Packing: what goes where, what is reused, and what a failure leaves behind.
#![cfg(unix)]

mod common;

use std::sync::atomic::Ordering;

use common::{Place, Watcher, reference, settle, tree, write};
use kitbench_modelkit::cache::FileCache;
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::pack::{PackOptions, pack, preview};
use kitbench_modelkit::plan::LeftOutReason;
use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::{Compat, Compression, Error, LayerKind, Packaging};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    folder
}

#[test]
fn steps_add_up_to_the_archives() {
    let folder = folder(&[
        ("Kitfile", "model: {path: w}\ncode: [{path: src}]\n"),
        ("w", "12345"),
        ("src/a.py", "x"),
        ("src/b.py", "y"),
    ]);
    let place = Place::new();
    let watcher = Watcher::default();
    let options = PackOptions::new(folder.path(), reference("m:1"));
    let packed = place
        .pack_watched(&options, &place.cache, &watcher)
        .unwrap();
    let steps = watcher.steps.lock().unwrap().clone();
    assert_eq!(
        steps.iter().map(|step| step.kind).collect::<Vec<_>>(),
        [Some(LayerKind::Model), Some(LayerKind::Code), None]
    );
    let sizes: u64 = packed.layers.iter().map(|layer| layer.size).sum();
    assert_eq!(
        steps.iter().map(|step| step.total_bytes).sum::<u64>(),
        sizes
    );
    assert_eq!(watcher.bytes.load(Ordering::Relaxed), sizes);
}

#[test]
fn packing_again_reads_nothing_and_gives_the_same_kit() {
    let folder = folder(&[
        ("Kitfile", "model: {path: w}\ncode: [{path: src}]\n"),
        ("w", "12345"),
        ("src/a.py", "x"),
    ]);
    settle(folder.path());
    let place = Place::new();
    let options = PackOptions::new(folder.path(), reference("m:1"));
    let first = place.pack(&options).unwrap();
    // A fresh process: the cache is read from its file.
    let cache = FileCache::open(&place.store.home().cache());
    let watcher = Watcher::default();
    let again = place.pack_watched(&options, &cache, &watcher).unwrap();
    assert_eq!(again.manifest, first.manifest);
    assert!(again.layers.iter().all(|layer| layer.reused));
    assert_eq!(watcher.bytes.load(Ordering::Relaxed), 0);

    std::fs::write(folder.path().join("src/a.py"), "z").unwrap();
    let watcher = Watcher::default();
    let changed = place.pack_watched(&options, &cache, &watcher).unwrap();
    assert_eq!(
        changed
            .layers
            .iter()
            .map(|layer| layer.reused)
            .collect::<Vec<_>>(),
        [true, false]
    );
    assert_ne!(changed.manifest.digest, first.manifest.digest);
}

#[test]
fn a_remembered_layer_whose_blob_is_gone_is_built_again() {
    let folder = folder(&[("Kitfile", "model: {path: w}\n"), ("w", "12345")]);
    settle(folder.path());
    let place = Place::new();
    let options = PackOptions::new(folder.path(), reference("m:1"));
    let first = place.pack(&options).unwrap();
    std::fs::remove_file(place.store.blob_path(&first.layers[0].digest)).unwrap();
    let again = place.pack(&options).unwrap();
    assert!(!again.layers[0].reused);
    assert_eq!(again.manifest, first.manifest);
}

#[test]
fn cancelling_leaves_the_store_as_it_was() {
    let big = "x".repeat(3 << 20);
    let folder = folder(&[
        ("Kitfile", "model: {path: w}\ncode: [{path: src}]\n"),
        ("w", &big),
        ("src/a.py", &big),
    ]);
    let place = Place::new();
    place.store.prepare().unwrap();
    let before = tree(place.folder.path());
    for compression in Compression::ALL {
        let cancel = CancellationToken::new();
        let watcher = Watcher::default();
        let trigger = cancel.clone();
        *watcher.at_first_byte.lock().unwrap() = Some(Box::new(move || trigger.cancel()));
        let mut options = PackOptions::new(folder.path(), reference("m:1"));
        options.compression = compression;
        let result = pack(
            &place.store,
            &options,
            &place.store,
            &place.cache,
            &watcher,
            &cancel,
        );
        assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
        assert_eq!(tree(place.folder.path()), before);
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_named() {
    let big = "x".repeat(3 << 20);
    for longer in [true, false] {
        let folder = folder(&[
            ("Kitfile", "model: {path: m}\n"),
            ("m/a", &big),
            ("m/w", &big),
        ]);
        let place = Place::new();
        place.store.prepare().unwrap();
        let before = tree(place.folder.path());
        let watcher = Watcher::default();
        let path = folder.path().join("m/w");
        let length = if longer { big.len() + 1 } else { 10 };
        *watcher.at_first_byte.lock().unwrap() = Some(Box::new(move || {
            std::fs::OpenOptions::new()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(length as u64)
                .unwrap();
        }));
        let options = PackOptions::new(folder.path(), reference("m:1"));
        let error = place
            .pack_watched(&options, &place.cache, &watcher)
            .unwrap_err();
        assert!(
            matches!(&error, Error::Changed { path, .. } if path.ends_with("m/w")),
            "{error}"
        );
        assert_eq!(tree(place.folder.path()), before);
    }
}

#[test]
fn what_belongs_to_another_layer_depends_on_the_rules() {
    let folder = folder(&[
        ("Kitfile", "code: [{path: .}]\ndatasets: [{path: data}]\n"),
        ("data/a", "1"),
        ("database.txt", "2"),
        ("data2/b", "3"),
    ]);
    let names = |compat| {
        let mut options = PackOptions::new(folder.path(), reference("m:1"));
        options.compat = compat;
        let (_, plan) = preview(&options, &Place::new().store).unwrap();
        let names: Vec<String> = plan.layers[0]
            .entries
            .iter()
            .map(|entry| entry.path.clone())
            .collect();
        (names, plan.left_out)
    };
    let (old, left_out) = names(Compat::V1_11);
    assert_eq!(old, Vec::<String>::new());
    let prefix_only: Vec<_> = left_out
        .iter()
        .filter(|left| matches!(left.reason, LeftOutReason::PrefixOnly { .. }))
        .map(|left| left.path.as_str())
        .collect();
    assert_eq!(prefix_only, ["data2", "database.txt"]);
    let (new, left_out) = names(Compat::Current);
    assert_eq!(new, ["data2", "data2/b", "database.txt"]);
    assert!(
        left_out.iter().all(|left| left.path == "Kitfile"),
        "{left_out:?}"
    );
}

#[test]
fn the_plan_names_what_no_layer_takes() {
    let folder = folder(&[
        ("Kitfile", "model: {path: m}\n"),
        (".kitignore", "m/*.tmp\n"),
        ("m/w", "1"),
        ("m/x.tmp", "2"),
        ("other/y", "3"),
        ("z", "4"),
    ]);
    let (_, plan) = preview(
        &PackOptions::new(folder.path(), reference("m:1")),
        &Place::new().store,
    )
    .unwrap();
    assert_eq!(plan.uncovered, ["other/y", "z"]);
    assert_eq!(plan.left_out.len(), 1);
    assert_eq!(plan.left_out[0].path, "m/x.tmp");
    assert_eq!(
        plan.left_out[0].reason,
        LeftOutReason::Ignored {
            pattern: "m/*.tmp".into(),
            line: Some(1)
        }
    );
}

#[test]
fn negated_patterns_give_kits_with_missing_folders_that_unpack() {
    let folder = folder(&[
        ("Kitfile", "code: [{path: .}]\n"),
        (".kitignore", "sub\n!sub/keep\n"),
        ("sub/keep/a", "1"),
        ("sub/drop", "2"),
    ]);
    let place = Place::new();
    place
        .pack(&PackOptions::new(folder.path(), reference("m:1")))
        .unwrap();
    let out = tempfile::tempdir().unwrap();
    place.unpack("m:1", out.path(), &["code"]).unwrap();
    let names: Vec<String> = tree(out.path())
        .into_iter()
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(names, ["sub", "sub/keep", "sub/keep/a"]);
}

#[test]
fn every_error_before_packing_says_what_to_do() {
    let place = Place::new();
    let error = |files: &[(&str, &str)]| {
        let folder = folder(files);
        place
            .pack(&PackOptions::new(folder.path(), reference("m:1")))
            .unwrap_err()
    };
    assert!(matches!(error(&[("a", "")]), Error::NoKitfile(_)));
    assert!(
        matches!(error(&[("Kitfile", "model: {path: w}\n")]), Error::MissingPath { path, .. } if path == "w")
    );
    assert!(matches!(
        error(&[("Kitfile", "package: {author: x}\n")]),
        Error::Kitfile(_)
    ));
    assert!(matches!(
        error(&[("Kitfile", "code: [{path: .}]\n"), (".kitignore", "[")]),
        Error::Ignore { line: 1, .. }
    ));
    assert!(place.store.list().unwrap().is_empty());
}

#[test]
fn raw_layers_and_mcp_bundles_are_the_files_themselves() {
    // The smallest ZIP archive with an empty manifest.json at its root.
    let name = b"manifest.json";
    let mut central = b"PK\x01\x02".to_vec();
    central.extend([0; 24]);
    central.extend((name.len() as u16).to_le_bytes());
    central.extend([0; 16]);
    central.extend(name);
    let mut zip = central.clone();
    zip.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    zip.extend((central.len() as u32).to_le_bytes());
    zip.extend([0; 6]);
    let folder = folder(&[
        (
            "Kitfile",
            "model: {path: w.bin}\nmcpServers: [{name: s, path: s.mcpb}]\n",
        ),
        ("w.bin", "weights"),
    ]);
    std::fs::write(folder.path().join("s.mcpb"), &zip).unwrap();
    let place = Place::new();
    let mut options = PackOptions::new(folder.path(), reference("m:1"));
    for compression in Compression::ALL {
        options.packaging = Packaging::Raw;
        options.compression = compression;
        let packed = place.pack(&options).unwrap();
        assert_eq!(
            packed.layers[0].diff_id,
            kitbench_modelkit::Digest::of(b"weights")
        );
        assert_eq!(packed.layers[1].digest, kitbench_modelkit::Digest::of(&zip));
        let kit = Kit::read(&place.store.kit(&packed.reference).unwrap()).unwrap();
        assert_eq!(kit.layers[1].kind, LayerKind::McpServer);
        let out = tempfile::tempdir().unwrap();
        place.unpack("m:1", out.path(), &[]).unwrap();
        assert_eq!(std::fs::read(out.path().join("w.bin")).unwrap(), b"weights");
        assert_eq!(std::fs::read(out.path().join("s.mcpb")).unwrap(), zip);
    }
    write(folder.path(), &[("s.mcpb", "no archive")]);
    assert!(matches!(place.pack(&options), Err(Error::NotRaw { .. })));
    write(folder.path(), &[("Kitfile", "code: [{path: .}]\n")]);
    assert!(matches!(place.pack(&options), Err(Error::NotRaw { .. })));
}

#[test]
fn a_parent_kit_gives_its_model_and_keeps_its_paths() {
    let place = Place::new();
    let base = folder(&[
        (
            "Kitfile",
            "model: {path: w.gguf, name: base}\ndocs: [{path: README.md}]\n",
        ),
        ("w.gguf", "base weights"),
        ("README.md", "# base"),
    ]);
    place
        .pack(&PackOptions::new(
            base.path(),
            reference("r.example/base:v1"),
        ))
        .unwrap();
    let child = folder(&[
        (
            "Kitfile",
            "model:\n  path: r.example/base:v1\n  parts: [{name: adapter, path: lora.bin}]\ncode: [{path: .}]\n",
        ),
        ("w.gguf", "a local copy"),
        ("lora.bin", "adapter"),
        ("main.py", "x"),
    ]);
    let packed = place
        .pack(&PackOptions::new(
            child.path(),
            reference("r.example/child:v1"),
        ))
        .unwrap();
    assert_eq!(
        packed
            .layers
            .iter()
            .map(|layer| layer.kind)
            .collect::<Vec<_>>(),
        [LayerKind::ModelPart, LayerKind::Code]
    );
    let left: Vec<_> = packed
        .left_out
        .iter()
        .filter(|left| matches!(left.reason, LeftOutReason::Parent { .. }))
        .map(|left| left.path.as_str())
        .collect();
    assert_eq!(left, ["w.gguf"]);

    let out = tempfile::tempdir().unwrap();
    place.unpack("r.example/child:v1", out.path(), &[]).unwrap();
    let names: Vec<String> = tree(out.path())
        .into_iter()
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(names, ["Kitfile", "lora.bin", "main.py", "w.gguf"]);
    assert_eq!(
        std::fs::read(out.path().join("w.gguf")).unwrap(),
        b"base weights"
    );
    assert!(
        std::fs::read_to_string(out.path().join("Kitfile"))
            .unwrap()
            .contains("r.example/base:v1")
    );

    // Filters that select no model take nothing of the parent, and do not need it.
    place
        .store
        .remove(&reference("r.example/base:v1"), false)
        .unwrap();
    let out = tempfile::tempdir().unwrap();
    place
        .unpack("r.example/child:v1", out.path(), &["code"])
        .unwrap();
    assert!(matches!(
        place.unpack("r.example/child:v1", &out.path().join("x"), &[]),
        Err(Error::Parent { .. })
    ));
}

/// Digests as `kit` 1.7.0 and one with the annotations of 1.11 made them of these two projects.
#[test]
fn a_path_of_the_parent_is_the_childs_too_by_the_older_rules() {
    let base = folder(&[
        ("Kitfile", "model: {path: w}\ncode: [{path: src}]\n"),
        ("src/a", "a\n"),
        ("w", "w\n"),
    ]);
    let child = folder(&[
        (
            "Kitfile",
            "model: {path: \"org/base:1\"}\ncode: [{path: src},{path: .}]\n",
        ),
        ("src/b", "b\n"),
        ("w", "w2\n"),
        ("z", "z\n"),
    ]);
    for (compat, version, digest) in [
        (
            Compat::V1_7,
            "1.7.0",
            "sha256:3d0be69cd0cce4d9d708cd40e1621f88a6ed8ee65d486378e2281feda30955fe",
        ),
        (
            Compat::V1_11,
            "1.11.0",
            "sha256:594f5cff7deaf98c1fcaaf1c6534b1ab09a2fa13307e4a9b91571781fd737407",
        ),
    ] {
        let place = Place::new();
        let pack = |folder: &tempfile::TempDir, name: &str| {
            let mut options = PackOptions::new(folder.path(), reference(name));
            (options.compat, options.tool_version) = (compat, Some(version.into()));
            place.pack(&options)
        };
        pack(&base, "org/base:1").unwrap();
        let packed = pack(&child, "org/child:1").unwrap();
        assert_eq!(packed.manifest.digest.to_string(), digest);
        let strict = place.pack(&PackOptions::new(child.path(), reference("org/child:2")));
        assert!(matches!(strict, Err(Error::Kitfile(_))), "{strict:?}");
    }
}

/// The digest is that of `kit` 1.7.0, which reads all three.
#[test]
fn a_kitfile_in_utf_16_is_read() {
    let text = "package: {name: é}\ncode: [{path: a}]\n";
    let utf_16: Vec<u16> = text.encode_utf16().collect();
    let le = utf_16.iter().flat_map(|unit| unit.to_le_bytes());
    let be = utf_16.iter().flat_map(|unit| unit.to_be_bytes());
    for bytes in [
        [0xff, 0xfe].into_iter().chain(le).collect(),
        [0xfe, 0xff].into_iter().chain(be).collect(),
        format!("\u{feff}{text}").into_bytes(),
    ] {
        let folder = folder(&[("a", "1")]);
        std::fs::write(folder.path().join("Kitfile"), &bytes).unwrap();
        let mut options = PackOptions::new(folder.path(), reference("x:1"));
        options.compat = Compat::V1_7;
        options.tool_version = Some("1.7.0".into());
        let packed = Place::new().pack(&options).unwrap();
        assert_eq!(
            packed.manifest.digest.to_string(),
            "sha256:390c54ee37ff535cf258c9babfe5d3d080cac05c4dfef4298b20ec1f3c2f3900"
        );
    }
}

#[test]
fn circles_of_parents_are_found() {
    let place = Place::new();
    let seed = folder(&[("Kitfile", "code: [{path: a}]\n"), ("a", "x")]);
    place
        .pack(&PackOptions::new(seed.path(), reference("r.example/a:1")))
        .unwrap();
    let b = folder(&[("Kitfile", "model: {path: \"r.example/a:1\"}\n")]);
    place
        .pack(&PackOptions::new(b.path(), reference("r.example/b:1")))
        .unwrap();
    let a = folder(&[("Kitfile", "model: {path: \"r.example/b:1\"}\n")]);
    let error = place
        .pack(&PackOptions::new(a.path(), reference("r.example/b:1")))
        .unwrap_err();
    assert!(matches!(error, Error::Parent { .. }), "{error}");
}
