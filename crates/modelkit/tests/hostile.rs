//! Kits that nobody honest makes: each is refused or bounded, and writes nothing outside.
#![cfg(unix)]

mod common;

use common::kits::{self, Member, TAR, archive, plant, reseal};
use common::{Place, reference, tree, write};
use kitbench_modelkit::manifest::{Descriptor, Manifest};
use kitbench_modelkit::pack::PackOptions;
use kitbench_modelkit::tar::{END, Header, Kind, header_bytes};
use kitbench_modelkit::unpack::{Existing, UnpackOptions};
use kitbench_modelkit::{Digest, Error, media};

/// A store with the kit `evil:1`, which has one code layer of these bytes.
fn planted(layer: &[u8]) -> Place {
    let place = Place::new();
    plant(&place.store, layer, TAR, Digest::of(layer));
    place
}

/// Unpacks a gzip layer of these bytes, which must be refused with nothing written; the reason.
fn refused_gzip(bytes: &[u8], change: impl FnOnce(&mut UnpackOptions)) -> String {
    let place = Place::new();
    let gzip = format!("{TAR}+gzip");
    plant(&place.store, bytes, &gzip, Digest::of(b"unknown"));
    let out = tempfile::tempdir().unwrap();
    let mut options = UnpackOptions::new(out.path());
    change(&mut options);
    let error = place.unpack_with("evil:1", &options).unwrap_err();
    assert!(matches!(error, Error::Archive { .. }), "{error}");
    assert_eq!(tree(out.path()), []);
    error.to_string()
}

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
            let place = planted(&bytes);
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
    assert!(bytes.len() < 200_000);
    let text = refused_gzip(&bytes, |options| {
        options.max_expansion = 10;
        options.free_expansion = 1 << 20;
    });
    assert!(text.contains("at most"), "{text}");
}

/// A gzip of ten thousand million zeros as one file, or as many, without making them all: a gzip
/// may be made of several, and each of these holds the same zeros.
fn ten_billion_zeros(file: u64) -> Vec<u8> {
    use std::io::Write as _;
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let header = |number: u64| {
        header_bytes(&Header {
            name: format!("zeros{number}").into_bytes(),
            kind: Kind::File,
            mode: 0o644,
            size: file,
        })
        .unwrap()
    };
    let piece = vec![0; usize::try_from(file).unwrap().min(100 << 20)];
    let zeros = gzip(&piece);
    let mut out = Vec::new();
    for number in 0..10_000_000_000 / file {
        out.extend(gzip(&header(number)));
        for _ in 0..file.div_ceil(piece.len() as u64) {
            out.extend_from_slice(&zeros);
        }
    }
    out
}

#[test]
fn ten_gigabytes_of_zeros_in_a_small_gzip_are_refused_by_their_size() {
    let bytes = ten_billion_zeros(10_000_000_000);
    assert!(bytes.len() < 20 << 20, "{}", bytes.len());
    // The size that is declared is over what such a small layer may unpack to.
    let text = refused_gzip(&bytes, |_| {});
    assert!(text.contains("claims 10000000000 bytes"), "{text}");
    assert!(text.contains("at most"), "{text}");
}

#[test]
fn zeros_in_many_small_files_end_at_the_limit() {
    let file = 8 << 20;
    let bytes = ten_billion_zeros(file);
    let text = refused_gzip(&bytes, |options| {
        options.max_expansion = 2;
        options.free_expansion = 3 * file;
    });
    assert!(text.contains("at most"), "{text}");
}

#[test]
fn names_that_differ_by_case_never_replace_one_another() {
    use std::os::unix::fs::MetadataExt as _;
    let bytes = archive(&[
        Member("Readme", b'0', b"one"),
        Member("README", b'0', b"two"),
        Member("d/x", b'0', b"1"),
        Member("D/x", b'0', b"2"),
    ]);
    let place = planted(&bytes);
    let out = tempfile::tempdir().unwrap();
    let folds_case = {
        std::fs::write(out.path().join("probe"), "").unwrap();
        let folds = out.path().join("PROBE").exists();
        std::fs::remove_file(out.path().join("probe")).unwrap();
        folds
    };
    for existing in [Existing::Refuse, Existing::Overwrite] {
        let target = out.path().join(format!("{existing:?}"));
        let mut options = UnpackOptions::new(&target);
        options.existing = existing;
        let unpacked = place.unpack_with("evil:1", &options);
        if folds_case {
            unpacked.unwrap_err();
            assert_eq!(tree(out.path()), []);
        } else {
            assert_eq!(unpacked.unwrap().files, 5, "the Kitfile is one of them");
            for (name, text) in [
                ("Readme", "one"),
                ("README", "two"),
                ("d/x", "1"),
                ("D/x", "2"),
            ] {
                assert_eq!(std::fs::read_to_string(target.join(name)).unwrap(), text);
            }
        }
    }
    // Two names of one file are what a disk shows that does not tell upper from lower case.
    let target = tempfile::tempdir().unwrap();
    std::fs::write(target.path().join("Readme"), "mine").unwrap();
    std::fs::hard_link(target.path().join("Readme"), target.path().join("README")).unwrap();
    let before = std::fs::metadata(target.path().join("README"))
        .unwrap()
        .ino();
    let mut options = UnpackOptions::new(target.path());
    options.existing = Existing::Keep;
    let error = place.unpack_with("evil:1", &options).unwrap_err();
    assert!(
        error.to_string().contains("one file on this disk"),
        "{error}"
    );
    let after = std::fs::metadata(target.path().join("README"))
        .unwrap()
        .ino();
    assert_eq!(before, after);
}

#[test]
fn links_in_the_target_that_lead_out_are_not_followed() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    std::fs::write(&secret, "untouched").unwrap();
    std::fs::create_dir(outside.path().join("folder")).unwrap();
    let before = tree(outside.path());
    let members = [
        Member("out/x", b'0', b"1"),
        Member("deep/out/x", b'0', b"1"),
        Member("up/x", b'0', b"1"),
        Member("round/out/folder/x", b'0', b"1"),
        Member("out/new/", b'5', b""),
        Member("file/x", b'0', b"1"),
    ];
    for member in members {
        for existing in [Existing::Refuse, Existing::Overwrite, Existing::Keep] {
            let out = tempfile::tempdir().unwrap();
            let target = out.path().join("target");
            std::fs::create_dir_all(target.join("deep")).unwrap();
            symlink(outside.path(), target.join("out")).unwrap();
            symlink(outside.path(), target.join("deep/out")).unwrap();
            symlink("..", target.join("up")).unwrap();
            // Within the target, and from there out of it.
            symlink(".", target.join("round")).unwrap();
            symlink(&secret, target.join("file")).unwrap();
            let name = member.0;
            let bytes = archive(&[Member(name, member.1, member.2)]);
            let place = planted(&bytes);
            let mut options = UnpackOptions::new(&target);
            options.existing = existing;
            let error = place.unpack_with("evil:1", &options).expect_err(name);
            assert!(matches!(error, Error::Blocked { .. }), "{name}: {error}");
            assert_eq!(tree(outside.path()), before, "{name}");
            assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1, "{name}");
        }
    }
    // What an earlier run left as its own is not believed either.
    let out = tempfile::tempdir().unwrap();
    symlink(outside.path(), out.path().join(".kitbench-unpack-1-0")).unwrap();
    std::fs::create_dir(out.path().join(".kitbench-unpack-2-0")).unwrap();
    for name in ["lock", "file"] {
        symlink(&secret, out.path().join(".kitbench-unpack-2-0").join(name)).unwrap();
    }
    let bytes = archive(&[Member("a", b'0', b"1")]);
    let place = planted(&bytes);
    place.unpack("evil:1", out.path(), &["code"]).unwrap();
    assert_eq!(tree(outside.path()), before);
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "untouched");
}

#[test]
fn a_hundred_thousand_layers_are_refused() {
    let layer = format!(
        r#"{{"mediaType":"{TAR}","digest":"{}","size":1}}"#,
        Digest::of(b"x")
    );
    let manifest = |count: usize| {
        let layers = vec![layer.as_str(); count].join(",");
        let config = Digest::of(b"{}");
        format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"{}","digest":"{config}","size":2}},"layers":[{layers}]}}"#,
            media::NATIVE_CONFIG
        )
    };
    for count in [100_000, 10_001] {
        let text = manifest(count);
        let error = Manifest::parse(text.as_bytes(), "the kit").unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
        assert!(error.to_string().contains("the limit is"), "{error}");
        let place = Place::new();
        place
            .store
            .add_manifest(&reference("many"), text.as_bytes(), &["1".into()])
            .unwrap_err();
        assert_eq!(place.store.list().unwrap().len(), 0);
    }
    // As many as may be are read, and missing ones said to be missing.
    let place = Place::new();
    let error = place
        .store
        .add_manifest(
            &reference("many"),
            manifest(10_000).as_bytes(),
            &["1".into()],
        )
        .unwrap_err();
    assert!(matches!(error, Error::MissingBlob { .. }), "{error}");
}

#[test]
fn json_a_thousand_levels_deep_is_refused_everywhere() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(1000), close.repeat(1000));
    let texts = [
        deep("[", "]"),
        deep(r#"{"a":"#, "}").replacen(":}", ":1}", 1),
        format!(r#"{{"config":{}}}"#, deep("[", "]")),
        format!(r#"{{"manifests":{}}}"#, deep("[", "]")),
        format!(r#"{{"manifests":[],"other":{}}}"#, deep("[", "]")),
    ];
    for text in &texts {
        let error = Manifest::parse(text.as_bytes(), "the kit").unwrap_err();
        assert!(
            matches!(error, Error::Malformed { .. } | Error::NotAModelKit { .. }),
            "{error}"
        );
        // As the index of a layout that is imported, and as the store's own.
        let place = Place::new();
        let layout = tempfile::tempdir().unwrap();
        std::fs::write(layout.path().join("index.json"), text).unwrap();
        let imported = kitbench_modelkit::oci::import(
            &place.store,
            layout.path(),
            &reference("unnamed"),
            &kitbench_modelkit::progress::Silent,
            &kitbench_modelkit::progress::CancellationToken::new(),
        );
        // What no index has is passed over, however deep it is.
        match imported {
            Err(error) => assert!(matches!(error, Error::Malformed { .. }), "{error}"),
            Ok(imported) => assert!(imported.kits.is_empty()),
        }
        place.store.prepare().unwrap();
        for name in [
            "ci5leGFtcGxlL2tpdA==-index.json",
            "ci5leGFtcGxlL2tpdA==-tags.json",
        ] {
            std::fs::write(place.store.root().join(name), text).unwrap();
        }
        let error = place
            .store
            .resolve(&reference("r.example/kit:1"))
            .unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
    }
}

#[test]
fn sizes_that_lie_in_a_manifest_are_found() {
    for claimed in [0, 100, 1 << 50, u64::MAX] {
        let bytes = archive(&[Member("a", b'0', b"123")]);
        let place = Place::new();
        plant(&place.store, &bytes, TAR, Digest::of(&bytes));
        let kit =
            kitbench_modelkit::inspect::Kit::read(&place.store.kit(&reference("evil:1")).unwrap())
                .unwrap();
        let mut manifest = kit.manifest.clone();
        if let Some(layer) = manifest.layers.iter_mut().flatten().next() {
            layer.size = claimed;
        }
        let error = place
            .store
            .add_manifest(
                &reference("liar"),
                &manifest.to_json().unwrap(),
                &["1".into()],
            )
            .unwrap_err();
        assert!(matches!(error, Error::MissingBlob { .. }), "{error}");
        // From elsewhere such a kit can come all the same.
        let source = Liar {
            inner: place.store.kit(&reference("evil:1")).unwrap(),
            manifest: manifest.to_json().unwrap(),
        };
        let out = tempfile::tempdir().unwrap();
        let error = kitbench_modelkit::unpack::unpack(
            &source,
            &UnpackOptions::new(out.path()),
            &place.store,
            &kitbench_modelkit::progress::Silent,
            &kitbench_modelkit::progress::CancellationToken::new(),
        )
        .unwrap_err();
        assert!(
            matches!(error, Error::Size { .. } | Error::Archive { .. }),
            "{claimed}: {error}"
        );
        assert_eq!(tree(out.path()), [], "{claimed}");
    }
}

/// A source whose manifest is not that of its kit.
struct Liar {
    inner: kitbench_modelkit::store::StoreKit,
    manifest: Vec<u8>,
}

impl kitbench_modelkit::source::KitSource for Liar {
    fn reference(&self) -> &kitbench_modelkit::Reference {
        self.inner.reference()
    }

    fn manifest(&self) -> kitbench_modelkit::Result<(Descriptor, Vec<u8>)> {
        Ok((
            Descriptor::of(media::MANIFEST, &self.manifest),
            self.manifest.clone(),
        ))
    }

    fn blob(
        &self,
        blob: &Descriptor,
    ) -> kitbench_modelkit::Result<Box<dyn std::io::Read + Send + '_>> {
        self.inner.blob(blob)
    }
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
    let manifest = kits::manifest(config.as_bytes(), None);
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
