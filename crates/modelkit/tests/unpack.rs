//! Unpacking: what is asked for, into what is there, and never outside.
#![cfg(unix)]

mod common;

use std::io::Read;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use common::kits::{self, Member, TAR, archive};
use common::{Place, reference, tree, write};
use kitbench_modelkit::manifest::{Descriptor, Manifest};
use kitbench_modelkit::pack::PackOptions;
use kitbench_modelkit::progress::{CancellationToken, Observer, Silent, Step, StepState};
use kitbench_modelkit::source::KitSource;
use kitbench_modelkit::store::StoreKit;
use kitbench_modelkit::unpack::{Existing, UnpackOptions, unpack};
use kitbench_modelkit::{Digest, Error, Reference, media};
use proptest::prelude::*;

fn packed() -> Place {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            (
                "Kitfile",
                "model: {name: wine, path: m/w.bin, parts: [{name: tok, path: t.json}]}\ncode: [{path: src}]\ndatasets: [{name: train, path: d/train.csv}, {name: test, path: d/test.csv}]\ndocs: [{path: README.md}]\n",
            ),
            ("m/w.bin", "weights"),
            ("t.json", "{}"),
            ("src/a.py", "1"),
            ("d/train.csv", "2"),
            ("d/test.csv", "3"),
            ("README.md", "# 4"),
        ],
    );
    let place = Place::new();
    place
        .pack(&PackOptions::new(folder.path(), reference("k:1")))
        .unwrap();
    place
}

fn names(folder: &Path) -> Vec<String> {
    tree(folder)
        .into_iter()
        .filter(|(.., content)| content.is_some())
        .map(|(name, ..)| name)
        .collect()
}

#[test]
fn data_sets_in_other_kits_come_when_asked_for() {
    let place = packed();
    let pack = |kit: &str, files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), files);
        place.pack(&PackOptions::new(folder.path(), reference(kit)))
    };
    let files =
        "datasets: [{name: here, path: d}, {name: far, path: ext/./far, remotePath: 'k:1'}]\n";
    pack("points:1", &[("Kitfile", files), ("d", "1")]).unwrap();
    let unpacked = |kit: &str, include: bool, filters: &[&str]| {
        let out = tempfile::tempdir().unwrap();
        let mut options = UnpackOptions::new(out.path());
        options.include_remote = include;
        options.filters = filters.iter().map(|f| f.parse().unwrap()).collect();
        let done = place.unpack_with(kit, &options);
        (out, done)
    };
    let (out, done) = unpacked("points:1", false, &[]);
    assert_eq!(names(out.path()), ["Kitfile", "d"]);
    assert!(done.unwrap().warnings[0].contains("k:1"));
    let (out, done) = unpacked("points:1", true, &[]);
    assert_eq!(done.unwrap().warnings, [""; 0]);
    let there: Vec<String> = names(out.path());
    assert_eq!(there.len(), 9, "{there:?}");
    assert!(there.contains(&"ext/far/m/w.bin".to_owned()));
    assert!(there.contains(&"ext/far/Kitfile".to_owned()));
    let (out, done) = unpacked("points:1", true, &["datasets:here"]);
    done.unwrap();
    assert_eq!(names(out.path()), ["d"]);

    // What leads out of the folder, to itself or to another kind of store is refused before anything
    // is written.
    for (path, remote, part) in [
        ("../far", "k:1", "climbs out"),
        ("far", "points:2", "back to itself"),
        ("far", "nowhere:1", "nowhere"),
        (
            "far",
            "s3://bucket/key', remoteHash: 'x",
            "only data sets in ModelKits",
        ),
    ] {
        let config = format!(
            "manifestVersion: 1.0.0\ndatasets: [{{name: far, path: f, remotePath: '{remote}'}}]\n"
        );
        pack("points:2", &[("Kitfile", &config)]).unwrap();
        let kit = place.store.kit(&reference("points:2")).unwrap();
        let edited = Edited(&kit, path);
        let out = tempfile::tempdir().unwrap();
        let mut options = UnpackOptions::new(out.path().join("new"));
        options.include_remote = true;
        let never = CancellationToken::new();
        let error = unpack(&edited, &options, &place.store, &Silent, &never).unwrap_err();
        assert!(matches!(error, Error::Remote { .. }), "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(tree(out.path()), []);
    }
    // Nor through a link that lies in the folder.
    let (out, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(outside.path(), out.path().join("ext")).unwrap();
    let mut options = UnpackOptions::new(out.path());
    options.include_remote = true;
    assert!(place.unpack_with("points:1", &options).is_err());
    assert_eq!(tree(outside.path()), []);
}

/// A kit whose data set goes to another path than its Kitfile's check lets through.
struct Edited<'a>(&'a StoreKit, &'a str);

impl Edited<'_> {
    fn config(&self) -> Vec<u8> {
        let (_, bytes) = self.0.manifest().unwrap();
        let manifest = Manifest::parse(&bytes, "it").unwrap();
        let mut text = String::new();
        self.0
            .blob(&manifest.config)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text.replace(r#""path":"f""#, &format!(r#""path":"{}""#, self.1))
            .into_bytes()
    }
}

impl KitSource for Edited<'_> {
    fn reference(&self) -> &Reference {
        self.0.reference()
    }
    fn manifest(&self) -> kitbench_modelkit::Result<(Descriptor, Vec<u8>)> {
        let (_, bytes) = self.0.manifest()?;
        let mut manifest = Manifest::parse(&bytes, "it")?;
        manifest.config = Descriptor::of(media::NATIVE_CONFIG, &self.config());
        let bytes = manifest.to_json()?;
        Ok((Descriptor::of(media::MANIFEST, &bytes), bytes))
    }
    fn blob(&self, _: &Descriptor) -> kitbench_modelkit::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(std::io::Cursor::new(self.config())))
    }
}

#[test]
fn filters_select_by_type_name_and_path() {
    let place = packed();
    for (filters, expected) in [
        (
            vec![],
            vec![
                "Kitfile",
                "README.md",
                "d/test.csv",
                "d/train.csv",
                "m/w.bin",
                "src/a.py",
                "t.json",
            ],
        ),
        (vec!["kitfile"], vec!["Kitfile"]),
        (vec!["model"], vec!["m/w.bin", "t.json"]),
        (vec!["model:tok"], vec!["t.json"]),
        (vec!["datasets:train"], vec!["d/train.csv"]),
        (vec!["datasets:d/test.csv"], vec!["d/test.csv"]),
        (vec!["code,docs"], vec!["README.md", "src/a.py"]),
        (vec!["docs", "model:wine"], vec!["README.md", "m/w.bin"]),
        (vec!["prompts"], vec![]),
    ] {
        let out = tempfile::tempdir().unwrap();
        place.unpack("k:1", out.path(), &filters).unwrap();
        assert_eq!(names(out.path()), expected, "{filters:?}");
    }
}

#[test]
fn existing_files_are_refused_kept_or_replaced() {
    let place = packed();
    let out = tempfile::tempdir().unwrap();
    write(out.path(), &[("src/a.py", "mine")]);
    std::fs::set_permissions(
        out.path().join("src/a.py"),
        std::fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    let before = tree(out.path());
    let mut options = UnpackOptions::new(out.path());
    let error = place.unpack_with("k:1", &options).unwrap_err();
    assert!(
        matches!(&error, Error::Exists(path) if path.ends_with("src/a.py")),
        "{error}"
    );
    assert_eq!(tree(out.path()), before, "a refused unpack leaves nothing");
    options.existing = Existing::Keep;
    let kept = place.unpack_with("k:1", &options).unwrap();
    assert_eq!(kept.kept, 1);
    assert_eq!(
        std::fs::read_to_string(out.path().join("src/a.py")).unwrap(),
        "mine"
    );
    options.existing = Existing::Overwrite;
    place.unpack_with("k:1", &options).unwrap();
    assert_eq!(
        std::fs::read_to_string(out.path().join("src/a.py")).unwrap(),
        "1"
    );
    let mode = std::fs::metadata(out.path().join("src/a.py"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "the old permissions stay");
}

#[test]
fn a_kitfile_with_the_same_text_is_left_and_another_refused() {
    let place = packed();
    let out = tempfile::tempdir().unwrap();
    place.unpack("k:1", out.path(), &["kitfile"]).unwrap();
    place.unpack("k:1", out.path(), &["kitfile"]).unwrap();
    std::fs::write(out.path().join("Kitfile"), "other").unwrap();
    let mut options = UnpackOptions::new(out.path());
    options.filters = vec!["kitfile".parse().unwrap()];
    assert!(matches!(
        place.unpack_with("k:1", &options),
        Err(Error::Exists(_))
    ));
    options.existing = Existing::Keep;
    assert!(
        matches!(place.unpack_with("k:1", &options), Err(Error::Exists(_))),
        "keeping does not apply to the Kitfile"
    );
    options.existing = Existing::Overwrite;
    place.unpack_with("k:1", &options).unwrap();
}

#[test]
fn links_in_the_target_lead_nowhere_else() {
    let place = packed();
    let outside = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    symlink(outside.path(), out.path().join("src")).unwrap();
    for existing in [Existing::Refuse, Existing::Keep, Existing::Overwrite] {
        let mut options = UnpackOptions::new(out.path());
        options.existing = existing;
        let error = place.unpack_with("k:1", &options).unwrap_err();
        assert!(matches!(error, Error::Blocked { .. }), "{error}");
        assert_eq!(tree(outside.path()), []);
    }
    // A link in the place of a file is replaced, not written through.
    let out = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    std::fs::write(&secret, "untouched").unwrap();
    symlink(&secret, out.path().join("README.md")).unwrap();
    let mut options = UnpackOptions::new(out.path());
    options.existing = Existing::Overwrite;
    place.unpack_with("k:1", &options).unwrap();
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "untouched");
    assert_eq!(
        std::fs::read_to_string(out.path().join("README.md")).unwrap(),
        "# 4"
    );
}

#[test]
fn cancelling_removes_what_was_written() {
    struct CancelAtFirst(CancellationToken);
    impl Observer for CancelAtFirst {
        fn steps(&self, _: &[Step]) {}
        fn state(&self, _: usize, _: StepState) {}
        fn bytes(&self, _: usize, _: u64) {
            self.0.cancel();
        }
    }
    let place = packed();
    let out = tempfile::tempdir().unwrap();
    let cancel = CancellationToken::new();
    let kit = place.store.kit(&reference("k:1")).unwrap();
    let target = out.path().join("new/folder");
    let result = unpack(
        &kit,
        &UnpackOptions::new(&target),
        &place.store,
        &CancelAtFirst(cancel.clone()),
        &cancel,
    );
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert_eq!(tree(out.path()), []);
}

#[test]
fn legacy_kits_are_extracted_beside_their_path() {
    let layer = archive(&[Member("src", b'5', b""), Member("src/a.py", b'0', b"1")]);
    let store = Place::new();
    store.store.prepare().unwrap();
    let config = r#"{"manifestVersion":"1.0.0","package":{},"code":[{"path":"deep/src"}]}"#;
    for bytes in [layer.as_slice(), config.as_bytes()] {
        std::fs::write(store.store.blob_path(&Digest::of(bytes)), bytes).unwrap();
    }
    let manifest = kits::manifest(config.as_bytes(), Some(vec![Descriptor::of(TAR, &layer)]));
    store
        .store
        .add_manifest(
            &reference("old"),
            &manifest.to_json().unwrap(),
            &["1".into()],
        )
        .unwrap();
    let out = tempfile::tempdir().unwrap();
    store.unpack("old:1", out.path(), &["code"]).unwrap();
    assert_eq!(names(out.path()), ["deep/src/a.py"]);
}

#[test]
fn foreign_modelpack_artifacts_without_a_kitfile_unpack() {
    let weights = archive(&[Member("w.safetensors", b'0', b"1")]);
    let more = b"raw weights";
    let config = format!(
        r#"{{"descriptor":{{"name":"foreign","authors":["A"]}},"modelfs":{{"type":"layers","diffIds":["{}","{}"]}},"config":{{"format":"safetensors"}}}}"#,
        Digest::of(&weights),
        Digest::of(more)
    );
    let place = Place::new();
    place.store.prepare().unwrap();
    for bytes in [weights.as_slice(), more, config.as_bytes()] {
        std::fs::write(place.store.blob_path(&Digest::of(bytes)), bytes).unwrap();
    }
    let layer = |media_type: &str, bytes: &[u8], path: &str| {
        let mut layer = Descriptor::of(media_type, bytes);
        layer
            .annotations
            .insert(media::FILE_PATH.into(), path.into());
        layer
    };
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media::MANIFEST.into()),
        artifact_type: Some(media::MODELPACK_ARTIFACT.into()),
        config: Descriptor::of(media::MODELPACK_CONFIG, config.as_bytes()),
        layers: Some(vec![
            layer(
                "application/vnd.cncf.model.weight.v1.tar",
                &weights,
                "w.safetensors",
            ),
            layer(
                "application/vnd.cncf.model.weight.v1.raw",
                more,
                "more/w2.safetensors",
            ),
        ]),
        subject: None,
        annotations: Default::default(),
    };
    place
        .store
        .add_manifest(
            &reference("foreign"),
            &manifest.to_json().unwrap(),
            &["1".into()],
        )
        .unwrap();
    let listed = &place.store.list().unwrap()[0];
    assert_eq!(
        (listed.name.as_str(), listed.problem.as_deref()),
        ("foreign", None)
    );
    let out = tempfile::tempdir().unwrap();
    place.unpack("foreign:1", out.path(), &[]).unwrap();
    assert_eq!(
        names(out.path()),
        ["Kitfile", "more/w2.safetensors", "w.safetensors"]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8_survive() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[("Kitfile", "code: [{path: d}]\n"), ("d/plain", "1")],
    );
    let name = OsStr::from_bytes(b"caf\xe9");
    std::fs::write(folder.path().join("d").join(name), "latin").unwrap();
    let place = Place::new();
    place
        .pack(&PackOptions::new(folder.path(), reference("k:1")))
        .unwrap();
    let out = tempfile::tempdir().unwrap();
    place.unpack("k:1", out.path(), &[]).unwrap();
    assert_eq!(
        std::fs::read_to_string(out.path().join("d").join(name)).unwrap(),
        "latin"
    );
}

fn any_tree() -> impl Strategy<Value = Vec<(Vec<String>, Vec<u8>, u32)>> {
    let name = prop_oneof!["[a-z]{1,3}", "[a-zA-Z0-9 _.é-]{1,40}", "[x]{90,120}"].prop_filter(
        "a name",
        |name| {
            name != "."
                && !name.contains("..")
                && name.trim() == name
                && !name.to_lowercase().contains("kit")
        },
    );
    let path = prop::collection::vec(name, 1..4);
    let content = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..2000),
        Just(vec![7; 513])
    ];
    let mode = prop_oneof![Just(0o644u32), Just(0o600), Just(0o755), Just(0o4755)];
    prop::collection::vec((path, content, mode), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_packed_unpacks_to_itself(files in any_tree(), number in 0usize..4) {
        let folder = tempfile::tempdir().unwrap();
        for (path, content, mode) in &files {
            let path: std::path::PathBuf = std::iter::once("d".to_owned()).chain(path.iter().cloned()).collect();
            let path = folder.path().join(path);
            // A name may be a file here and a folder there; the first wins.
            if std::fs::create_dir_all(path.parent().unwrap()).is_ok() && !path.exists() && std::fs::write(&path, content).is_ok() {
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(*mode)).unwrap();
            }
        }
        std::fs::create_dir_all(folder.path().join("d/empty")).unwrap();
        std::fs::write(folder.path().join("Kitfile"), "code: [{path: d}]\n").unwrap();
        let place = Place::new();
        let mut options = PackOptions::new(folder.path(), reference("k:1"));
        options.compression = kitbench_modelkit::Compression::ALL[number];
        place.pack(&options).unwrap();
        let out = tempfile::tempdir().unwrap();
        let kit = place.store.kit(&reference("k:1")).unwrap();
        unpack(&kit, &UnpackOptions::new(out.path()), &place.store, &Silent, &CancellationToken::new()).unwrap();
        let only = |folder: &Path| tree(folder).into_iter().filter(|(name, ..)| name != "Kitfile").collect::<Vec<_>>();
        prop_assert_eq!(only(out.path()), only(folder.path()));
    }
}

#[test]
fn data_that_lie_elsewhere_are_named() {
    let place = Place::new();
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            (
                "Kitfile",
                "code: [{path: a.py}]\ndatasets: [{name: big, path: data, remotePath: \"r.example/data:v1\"}]\n",
            ),
            ("a.py", "1"),
        ],
    );
    place
        .pack(&PackOptions::new(folder.path(), reference("far:1")))
        .unwrap();
    let out = tempfile::tempdir().unwrap();
    let done = place.unpack("far:1", &out.path().join("all"), &[]).unwrap();
    assert!(
        done.warnings
            .iter()
            .any(|warning| warning.contains("dataset big") && warning.contains("r.example/data:v1")),
        "{:?}",
        done.warnings
    );
    let done = place
        .unpack("far:1", &out.path().join("code"), &["code"])
        .unwrap();
    assert!(done.warnings.is_empty(), "{:?}", done.warnings);
}
