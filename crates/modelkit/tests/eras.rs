//! What kits of every era and tool may hold, beyond what the recordings show.
#![cfg(unix)]

mod common;

use std::os::unix::fs::PermissionsExt as _;

use common::kits::{self, Member, TAR, archive};
use common::{Place, reference, tree, write};
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::manifest::{Descriptor, Manifest};
use kitbench_modelkit::pack::{MAX_PARENTS, PackOptions, Shape};
use kitbench_modelkit::unpack::{Existing, UnpackOptions};
use kitbench_modelkit::{Digest, Error, Format, LayerKind, Packaging, media};

/// Packs files as `kit`, the first of them being the Kitfile.
fn pack(place: &Place, kit: &str, files: &[(&str, &str)]) -> Kit {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    place
        .pack(&PackOptions::new(folder.path(), reference(kit)))
        .unwrap();
    read(place, kit)
}

fn read(place: &Place, kit: &str) -> Kit {
    Kit::read(&place.store.kit(&reference(kit)).unwrap()).unwrap()
}

/// Enters a manifest as `name:1`; its blobs are there already.
fn enter(place: &Place, name: &str, manifest: &Manifest) {
    let text = manifest.to_json().unwrap();
    place
        .store
        .add_manifest(&reference(name), &text, &["1".into()])
        .unwrap();
}

fn put(place: &Place, bytes: &[u8]) {
    place.store.prepare().unwrap();
    std::fs::write(place.store.blob_path(&Digest::of(bytes)), bytes).unwrap();
}

#[test]
fn a_line_of_parents_has_an_end() {
    let place = Place::new();
    pack(
        &place,
        "k0:1",
        &[("Kitfile", "model: {path: w}\n"), ("w", "1")],
    );
    for number in 1..=MAX_PARENTS {
        let kitfile = format!("model: {{path: 'k{}:1'}}\n", number - 1);
        pack(&place, &format!("k{number}:1"), &[("Kitfile", &kitfile)]);
    }
    let out = tempfile::tempdir().unwrap();
    let last = format!("k{MAX_PARENTS}:1");
    place.unpack(&last, out.path(), &["model"]).unwrap();
    assert_eq!(std::fs::read(out.path().join("w")).unwrap(), b"1");

    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[("Kitfile", &format!("model: {{path: '{last}'}}\n"))],
    );
    let options = PackOptions::new(folder.path(), reference("one-more:1"));
    let error = place.pack(&options).unwrap_err();
    assert!(error.to_string().contains("more than 10"), "{error}");
}

#[test]
fn layers_of_unknown_types_are_passed_over_with_a_warning() {
    let place = Place::new();
    let kit = pack(
        &place,
        "k:1",
        &[("Kitfile", "code: [{path: a}]\n"), ("a", "1")],
    );
    let mut manifest = kit.manifest.clone();
    let mut layers = manifest.layers().to_vec();
    let strange = b"a picture of the model";
    put(&place, strange);
    layers.insert(0, Descriptor::of("image/png", strange));
    manifest.layers = Some(layers);
    enter(&place, "strange", &manifest);
    let kit = read(&place, "strange:1");
    assert_eq!(kit.layers.len(), 1);
    assert!(kit.warnings[0].contains("image/png"), "{:?}", kit.warnings);
    let out = tempfile::tempdir().unwrap();
    let done = place.unpack("strange:1", out.path(), &["code"]).unwrap();
    assert_eq!(done.warnings, kit.warnings);
    assert_eq!(tree(out.path()).len(), 1);
}

/// `kit` 1.10 and 1.11 wrote the digest of the digest's text into ModelPack configs.
#[test]
fn the_diff_ids_of_modelpack_are_believed_but_where_kit_got_them_wrong() {
    let layer = archive(&[Member("a", b'0', b"1")]);
    let wrong = Digest::of(Digest::of(&layer).to_string().as_bytes());
    let config = format!(
        r#"{{"descriptor":{{}},"modelfs":{{"type":"layers","diffIds":["{wrong}"]}},"config":{{}}}}"#
    );
    for (version, believed) in [
        (Some("1.10.0"), false),
        (Some("1.11.2"), false),
        (Some("1.12.0"), true),
        (Some("1.1.0"), true),
        (None, true),
    ] {
        let place = Place::new();
        put(&place, &layer);
        put(&place, config.as_bytes());
        let mut manifest = kits::manifest(config.as_bytes(), None);
        manifest.config.media_type = media::MODELPACK_CONFIG.into();
        let mut code = Descriptor::of("application/vnd.cncf.model.code.v1.tar", &layer);
        code.annotations.insert(media::FILE_PATH.into(), "a".into());
        manifest.layers = Some(vec![code]);
        if let Some(version) = version {
            manifest
                .annotations
                .insert("ml.kitops.modelkit.cli-version".into(), version.into());
        }
        enter(&place, "pack", &manifest);
        let out = tempfile::tempdir().unwrap();
        let unpacked = place.unpack("pack:1", out.path(), &["code"]);
        match believed {
            true => assert!(
                matches!(unpacked, Err(Error::Corrupt { .. })),
                "{version:?}"
            ),
            false => assert_eq!(unpacked.unwrap().files, 1, "{version:?}"),
        }
    }
}

#[test]
fn equal_elements_have_equal_layers_each_of_its_own() {
    let place = Place::new();
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[(
            "Kitfile",
            "code: [{path: a}, {path: b}]\ndocs: [{path: c}]\n",
        )],
    );
    for link in ["a", "b", "c"] {
        std::os::unix::fs::symlink("Kitfile", folder.path().join(link)).unwrap();
    }
    let options = PackOptions::new(folder.path(), reference("k:1"));
    let packed = place.pack(&options).unwrap();
    assert_eq!(packed.warnings.len(), 3, "{:?}", packed.warnings);
    let kit = read(&place, "k:1");
    let digests: Vec<Digest> = kit.manifest.layers().iter().map(|l| l.digest).collect();
    assert_eq!(digests, [Digest::of(&[0; 1024]); 3]);
    place.store.remove(&reference("k:1"), false).unwrap();
    assert!(!place.store.has_blob(&digests[0], 1024));
}

#[test]
fn an_ignored_ancestor_leaves_a_layer_empty() {
    let place = Place::new();
    let files = [
        ("Kitfile", "datasets: [{path: a/b/c}]\n"),
        (".kitignore", "a\n"),
        ("a/b/c", "1"),
    ];
    let kit = pack(&place, "k:1", &files);
    assert_eq!(kit.layers[0].descriptor.digest, Digest::of(&[0; 1024]));
}

#[test]
fn prompts_are_code_with_a_note() {
    let place = Place::new();
    let files = [
        (
            "Kitfile",
            "code: [{path: src}]\nprompts: [{path: p.prompt}]\n",
        ),
        ("src/a", "1"),
        ("p.prompt", "2"),
    ];
    let kit = pack(&place, "k:1", &files);
    let [code, prompt] = kit.manifest.layers() else {
        panic!("{:?}", kit.manifest);
    };
    assert_eq!(code.media_type, TAR);
    assert_eq!(prompt.media_type, TAR);
    assert_eq!(code.annotations.get(media::LAYER_SUBTYPE), None);
    assert_eq!(prompt.annotations[media::LAYER_SUBTYPE], "prompt");
    let kinds: Vec<LayerKind> = kit.layers.iter().map(|layer| layer.kind).collect();
    assert_eq!(kinds, [LayerKind::Code, LayerKind::Prompt]);
    let out = tempfile::tempdir().unwrap();
    place.unpack("k:1", out.path(), &["prompts"]).unwrap();
    assert_eq!(tree(out.path()).len(), 1);
}

#[test]
fn the_note_of_a_raw_layer_is_what_kit_writes() {
    let place = Place::new();
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("Kitfile", "model: {path: deep/w.bin}\n"),
            ("deep/w.bin", "12345"),
        ],
    );
    let file = folder.path().join("deep/w.bin");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o4755)).unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::new(1_700_000_000, 250_000_000);
    std::fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(time)
        .unwrap();
    let mut options = PackOptions::new(folder.path(), reference("k:1"));
    options.packaging = Packaging::Raw;
    place.pack(&options).unwrap();
    let kit = read(&place, "k:1");
    let layer = &kit.manifest.layers()[0];
    assert_eq!(
        layer.media_type,
        "application/vnd.kitops.modelkit.model.v1.raw"
    );
    assert_eq!(layer.annotations[media::FILE_PATH], "deep/w.bin");
    assert_eq!(
        layer.annotations[media::FILE_METADATA],
        r#"{"name":"w.bin","mode":493,"uid":0,"gid":0,"size":5,"mtime":"2023-11-14T22:13:20.25Z","typeflag":0}"#
    );
}

#[test]
fn a_modelpack_config_gathers_names_authors_and_licenses() {
    let place = Place::new();
    let folder = tempfile::tempdir().unwrap();
    let kitfile = "package: {name: n, version: '2', description: d, license: MIT, authors: [A, B]}\n\
                   model: {path: w, license: Apache-2.0, format: gguf, parts: [{path: p, license: MIT}]}\n\
                   datasets: [{path: d, license: CC0-1.0}]\ncode: [{path: c, license: Apache-2.0}]\n";
    write(
        folder.path(),
        &[
            ("Kitfile", kitfile),
            ("w", "1"),
            ("p", "2"),
            ("d", "3"),
            ("c", "4"),
        ],
    );
    let mut options = PackOptions::new(folder.path(), reference("k:1"));
    options.format = Format::ModelPack;
    options.created = Some(0);
    place.pack(&options).unwrap();
    let kit = read(&place, "k:1");
    let text = std::fs::read_to_string(place.store.blob_path(&kit.manifest.config.digest)).unwrap();
    let start = r#"{"descriptor":{"createdAt":"1970-01-01T00:00:00Z","authors":["A","B"],"name":"n","version":"2","licenses":["Apache-2.0","CC0-1.0","MIT"],"title":"n","description":"d"},"modelfs":{"type":"layers","diffIds":["#;
    assert!(text.starts_with(start), "{text}");
    assert!(
        text.ends_with(r#"]},"config":{"format":"gguf"}}"#),
        "{text}"
    );
    let config: serde_json::Value = serde_json::from_str(&text).unwrap();
    let diff_ids: Vec<String> = kit
        .layers
        .iter()
        .map(|l| l.descriptor.digest.to_string())
        .collect();
    assert_eq!(config["modelfs"]["diffIds"], serde_json::json!(diff_ids));
}

#[test]
fn manifests_without_layers_are_null_or_an_empty_list() {
    for (shape, layers) in [
        (Shape::E1, r#""layers":null"#),
        (Shape::E2, r#""layers":null"#),
        (Shape::E3, r#""layers":[]"#),
    ] {
        let place = Place::new();
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("Kitfile", "package: {name: x}\n")]);
        let mut options = PackOptions::new(folder.path(), reference("k:1"));
        options.shape = Some(shape);
        let packed = place.pack(&options).unwrap();
        let path = place.store.blob_path(&packed.manifest.digest);
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(layers), "{text}");
        let out = tempfile::tempdir().unwrap();
        place.unpack("k:1", out.path(), &[]).unwrap();
        assert_eq!(tree(out.path()).len(), 1);
    }
}

#[test]
fn replaced_files_keep_their_mode_and_new_ones_have_the_archives() {
    let place = Place::new();
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("Kitfile", "code: [{path: src}]\n"),
            ("src/a", "new"),
            ("src/b", "new"),
        ],
    );
    for name in ["a", "b"] {
        let path = folder.path().join("src").join(name);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    place
        .pack(&PackOptions::new(folder.path(), reference("k:1")))
        .unwrap();
    let out = tempfile::tempdir().unwrap();
    write(out.path(), &[("src/a", "old")]);
    let old = out.path().join("src/a");
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o640)).unwrap();
    let mut options = UnpackOptions::new(out.path());
    options.existing = Existing::Overwrite;
    place.unpack_with("k:1", &options).unwrap();
    let found: Vec<(String, u32)> = tree(out.path())
        .into_iter()
        .filter(|(name, ..)| name.starts_with("src/"))
        .map(|(name, mode, _)| (name, mode))
        .collect();
    assert_eq!(found, [("src/a".into(), 0o640), ("src/b".into(), 0o700)]);
    assert_eq!(std::fs::read(&old).unwrap(), b"new");
}
