//! Kits that nobody honest makes: each is refused or bounded, and writes nothing outside.
#![cfg(unix)]

mod common;

use common::kits::{Member, TAR, archive, plant, reseal};
use common::{Place, reference, tree, write};
use kitbench_modelkit::manifest::{Descriptor, Manifest};
use kitbench_modelkit::pack::PackOptions;
use kitbench_modelkit::tar::{END, Header, Kind, header_bytes};
use kitbench_modelkit::unpack::{Existing, UnpackOptions};
use kitbench_modelkit::{Digest, Error, media};

#[test]
fn hostile_archives_are_refused_and_write_nothing() {
    let outside = tempfile::tempdir().unwrap();
    let absolute = outside.path().join("x").to_string_lossy().into_owned();
    let mut lying = archive(&[Member("a", b'0', b"123")]);
    reseal(&mut lying[..512], |block| {
        block[124..135].copy_from_slice(b"77777777777")
    });
    let mut folder_with_data = archive(&[Member("d", b'0', b"123")]);
    reseal(&mut folder_with_data[..512], |block| block[156] = b'5');
    let mut damaged = archive(&[Member("a", b'0', b"123")]);
    damaged[3] = 7;
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("climbing", archive(&[Member("../x", b'0', b"1")])),
        (
            "climbing later",
            archive(&[Member("a/../../x", b'0', b"1")]),
        ),
        ("absolute", archive(&[Member(&absolute, b'0', b"1")])),
        ("symlink", archive(&[Member("a", b'2', b"")])),
        ("hard link", archive(&[Member("a", b'1', b"")])),
        ("device", archive(&[Member("a", b'3', b"")])),
        ("pipe", archive(&[Member("a", b'6', b"")])),
        (
            "twice",
            archive(&[Member("ok", b'0', b"1"), Member("ok", b'0', b"2")]),
        ),
        (
            "file as folder",
            archive(&[Member("ok", b'0', b"1"), Member("ok/x", b'0', b"2")]),
        ),
        (
            "folder over file",
            archive(&[Member("ok", b'0', b"1"), Member("ok", b'5', b"")]),
        ),
        ("size lies", lying),
        ("folder with data", folder_with_data),
        ("checksum", damaged),
        ("no archive", vec![b'x'; 2048]),
        (
            "cut off",
            archive(&[Member("a", b'0', &[1; 2000])])[..1000].to_vec(),
        ),
        ("empty name", archive(&[Member(".", b'0', b"1")])),
    ];
    for (what, bytes) in cases {
        for existing in [Existing::Refuse, Existing::Overwrite] {
            let place = Place::new();
            plant(&place.store, &bytes, TAR, Digest::of(&bytes));
            let out = tempfile::tempdir().unwrap();
            let mut options = UnpackOptions::new(out.path().join("target"));
            options.existing = existing;
            let error = place.unpack_with("evil:1", &options).expect_err(what);
            assert!(
                matches!(error, Error::Archive { .. } | Error::Blocked { .. }),
                "{what}: {error}"
            );
            assert_eq!(tree(out.path()), [], "{what}");
            assert_eq!(tree(outside.path()), [], "{what}");
        }
    }
}

#[test]
fn digests_that_lie_are_found_while_streaming() {
    let bytes = archive(&[Member("a", b'0', b"123")]);
    let place = Place::new();
    plant(&place.store, &bytes, TAR, Digest::of(b"another"));
    let out = tempfile::tempdir().unwrap();
    let error = place.unpack("evil:1", out.path(), &[]).unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert_eq!(tree(out.path()), []);
}

#[test]
fn zeros_out_of_all_proportion_are_bounded() {
    use std::io::Write as _;
    // 12 MiB of zeros in a gzip of about 12 KiB.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let size = 12u64 << 20;
    encoder
        .write_all(
            &header_bytes(&Header {
                name: b"zeros".to_vec(),
                kind: Kind::File,
                mode: 0o644,
                size,
            })
            .unwrap(),
        )
        .unwrap();
    let piece = vec![0; 1 << 20];
    for _ in 0..12 {
        encoder.write_all(&piece).unwrap();
    }
    encoder.write_all(&END).unwrap();
    let bytes = encoder.finish().unwrap();
    let place = Place::new();
    plant(
        &place.store,
        &bytes,
        &format!("{TAR}+gzip"),
        Digest::of(b"unknown"),
    );
    let out = tempfile::tempdir().unwrap();
    let mut options = UnpackOptions::new(out.path());
    assert!(bytes.len() < 200_000);
    options.max_expansion = 10;
    options.free_expansion = 1 << 20;
    let error = place.unpack_with("evil:1", &options).unwrap_err();
    assert!(error.to_string().contains("proportion"), "{error}");
    assert_eq!(tree(out.path()), []);
}

#[test]
fn more_layers_than_elements_is_an_error_not_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[("Kitfile", "code: [{path: src}]\n"), ("src/a.py", "1")],
    );
    let place = Place::new();
    place
        .pack(&PackOptions::new(folder.path(), reference("k:1")))
        .unwrap();
    let kit = kitbench_modelkit::inspect::Kit::read(&place.store.kit(&reference("k:1")).unwrap())
        .unwrap();
    let mut manifest = kit.manifest.clone();
    let mut layers = manifest.layers().to_vec();
    layers.push(layers[0].clone());
    manifest.layers = Some(layers);
    place
        .store
        .add_manifest(
            &reference("odd"),
            &manifest.to_json().unwrap(),
            &["1".into()],
        )
        .unwrap();
    let out = tempfile::tempdir().unwrap();
    assert!(matches!(
        place.unpack("odd:1", out.path(), &[]),
        Err(Error::Malformed { .. })
    ));
}

/// Stores a kit without layers whose config and manifest are these texts.
fn plant_texts(place: &Place, config: &str) -> kitbench_modelkit::Result<Descriptor> {
    place.store.prepare().unwrap();
    std::fs::write(
        place.store.blob_path(&Digest::of(config.as_bytes())),
        config,
    )
    .unwrap();
    let manifest = Manifest {
        schema_version: 2,
        media_type: None,
        artifact_type: None,
        config: Descriptor::of(media::NATIVE_CONFIG, config.as_bytes()),
        layers: None,
        subject: None,
        annotations: Default::default(),
    };
    place
        .store
        .add_manifest(&reference("deep"), &manifest.to_json()?, &["1".into()])
}

#[test]
fn hostile_configs_are_refused() {
    let nested = |levels: usize| {
        format!(
            r#"{{"model":{{"parameters":{}{}}}}}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    for config in [
        nested(1000),
        nested(500_000),
        "{".into(),
        "[]".into(),
        String::new(),
        r#"{"code":{}}"#.into(),
    ] {
        let place = Place::new();
        plant_texts(&place, &config).unwrap();
        let out = tempfile::tempdir().unwrap();
        let error = place.unpack("deep:1", out.path(), &[]).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
        // A kit that cannot be read is listed with its problem.
        assert_eq!(place.store.list().unwrap().len(), 1);
    }
}
