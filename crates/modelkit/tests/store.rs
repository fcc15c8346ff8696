//! The local store: names, accounting, damage.
#![cfg(unix)]

mod common;

use std::time::Duration;

use common::{Place, reference, tree, write};
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::manifest::Descriptor;
use kitbench_modelkit::pack::PackOptions;
use kitbench_modelkit::progress::{CancellationToken, Silent};
use kitbench_modelkit::{Digest, Error, Format};

/// A store with kits `a:1` and `b:1` that share the layer of `shared` and have one of their own.
fn two_kits() -> Place {
    let place = Place::new();
    for name in ["a", "b"] {
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            &[
                ("Kitfile", "package: {name: NAME, version: 2.0, authors: [Ann]}\nmodel: {path: w}\ndatasets: [{path: shared}]\n".replace("NAME", name).as_str()),
                ("w", name),
                ("shared", "the same"),
            ],
        );
        place
            .pack(&PackOptions::new(
                folder.path(),
                reference(&format!("{name}:1")),
            ))
            .unwrap();
    }
    place
}

#[test]
fn files_have_the_names_and_form_that_kit_expects() {
    let place = two_kits();
    let root = place.store.root();
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    assert_eq!(read("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#);
    let entry = place.store.resolve(&reference("a:1")).unwrap();
    let json = format!(
        r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":{}}}"#,
        entry.digest, entry.size
    );
    // localhost/a
    assert_eq!(
        read("bG9jYWxob3N0L2E=-index.json"),
        format!(r#"{{"schemaVersion":2,"manifests":[{json}]}}"#)
    );
    assert_eq!(
        read("bG9jYWxob3N0L2E=-tags.json"),
        format!(r#"{{"1":{json}}}"#)
    );
    assert!(read("index.json").starts_with(
        r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"#
    ));
    for name in ["a:1", "b:1"] {
        place.store.remove(&reference(name), false).unwrap();
    }
    assert_eq!(
        read("index.json"),
        r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":null}"#
    );
    assert!(!root.join("bG9jYWxob3N0L2E=-index.json").exists());
    assert!(!root.join("bG9jYWxob3N0L2E=-tags.json").exists());
    assert!(place.store.list().unwrap().is_empty());
    let nested: Vec<_> = tree(root)
        .into_iter()
        .filter(|(name, ..)| name.ends_with("/index.json"))
        .collect();
    assert_eq!(nested, []);
}

#[test]
fn lists_say_what_is_there() {
    let place = two_kits();
    place
        .store
        .tag(&reference("a:1"), &reference("a:latest"))
        .unwrap();
    let kits = place.store.list().unwrap();
    assert_eq!(
        kits.iter()
            .map(|kit| kit.repository.to_string())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(kits[0].tags, ["1", "latest"]);
    assert_eq!(
        (kits[0].name.as_str(), kits[0].version.as_str()),
        ("a", "2.0")
    );
    assert_eq!(kits[0].authors, ["Ann"]);
    assert_eq!(kits[0].layer_bytes, 4096);
    assert_eq!((kits[0].layers, kits[0].format), (2, Format::Native));
    let absent = Place::new();
    assert!(absent.store.list().unwrap().is_empty());
}

#[test]
fn removing_frees_what_nothing_else_uses() {
    let place = two_kits();
    let a = Kit::read(&place.store.kit(&reference("a:1")).unwrap()).unwrap();
    let own = [
        a.digest,
        a.manifest.config.digest,
        a.layers[0].descriptor.digest,
    ];
    let removal = place.store.plan_removal(&reference("a:1"), false).unwrap();
    let mut freed = removal.freed_blobs.clone();
    freed.sort();
    let mut expected = own.to_vec();
    expected.sort();
    assert_eq!(freed, expected);
    assert_eq!(
        removal.freed_bytes,
        own.iter()
            .map(|digest| std::fs::metadata(place.store.blob_path(digest))
                .unwrap()
                .len())
            .sum::<u64>()
    );
    assert_eq!((removal.shared_layers, removal.shared_bytes), (1, 2048));
    assert_eq!(
        place.store.remove(&reference("a:1"), false).unwrap(),
        removal
    );
    assert!(
        own.iter()
            .all(|digest| !place.store.blob_path(digest).exists())
    );
    // The other kit is whole.
    let out = tempfile::tempdir().unwrap();
    place.unpack("b:1", out.path(), &[]).unwrap();
    assert!(matches!(
        place.store.remove(&reference("a:1"), false),
        Err(Error::NotFound(_))
    ));
}

#[test]
fn one_of_several_tags_goes_alone() {
    let place = two_kits();
    place
        .store
        .tag(&reference("a:1"), &reference("a:2"))
        .unwrap();
    let removal = place.store.remove(&reference("a:1"), false).unwrap();
    assert!(!removal.kit && removal.freed_blobs.is_empty());
    let entry = place.store.resolve(&reference("a:2")).unwrap();
    assert!(place.store.resolve(&reference("a:1")).is_err());
    // By digest the kit goes with all its tags.
    let removal = place
        .store
        .remove(&reference("a").with_digest(entry.digest), false)
        .unwrap();
    assert_eq!(removal.tags, ["2"]);
    assert!(removal.kit);
}

#[test]
fn a_kit_in_two_repositories_stays_in_the_other() {
    let place = two_kits();
    place
        .store
        .tag(&reference("a:1"), &reference("r.example/copy:x"))
        .unwrap();
    let removal = place.store.remove(&reference("a:1"), false).unwrap();
    assert!(removal.kit && removal.kept_elsewhere && removal.freed_blobs.is_empty());
    let out = tempfile::tempdir().unwrap();
    place.unpack("r.example/copy:x", out.path(), &[]).unwrap();
}

#[test]
fn layers_are_counted_by_digest_whatever_their_type() {
    // The same blob as a code layer of one kit and a dataset of another.
    let place = Place::new();
    for (name, section) in [("a", "code"), ("b", "datasets")] {
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            &[
                ("Kitfile", format!("{section}: [{{path: x}}]\n").as_str()),
                ("x", "same"),
            ],
        );
        place
            .pack(&PackOptions::new(
                folder.path(),
                reference(&format!("{name}:1")),
            ))
            .unwrap();
    }
    place.store.remove(&reference("a:1"), false).unwrap();
    let out = tempfile::tempdir().unwrap();
    place.unpack("b:1", out.path(), &[]).unwrap();
}

#[test]
fn untagging_keeps_the_kit_until_it_is_pruned() {
    let place = two_kits();
    let entry = place.store.untag(&reference("a:1")).unwrap();
    assert!(
        place
            .store
            .resolve(&reference("a").with_digest(entry.digest))
            .is_ok()
    );
    let stray = place.store.blob_path(&Digest::of(b"stray"));
    std::fs::write(&stray, "stray").unwrap();
    assert_eq!(
        place.store.prune(false, Duration::from_secs(3600)).unwrap(),
        Default::default()
    );
    let removed = place.store.prune(true, Duration::ZERO).unwrap();
    assert_eq!((removed.kits.len(), removed.blobs), (1, 1));
    assert!(!stray.exists());
    let report = place
        .store
        .verify(false, &Silent, &CancellationToken::new())
        .unwrap();
    assert_eq!((report.kits, report.damage.len()), (1, 0));
}

#[test]
fn damage_is_found_named_and_set_aside() {
    let place = two_kits();
    let b = Kit::read(&place.store.kit(&reference("b:1")).unwrap()).unwrap();
    let shared = b.layers[1].descriptor.digest;
    let path = place.store.blob_path(&shared);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[600] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let report = place
        .store
        .verify(true, &Silent, &CancellationToken::new())
        .unwrap();
    assert_eq!(
        report
            .damage
            .iter()
            .map(|damage| damage.kit.to_string())
            .collect::<Vec<_>>(),
        ["a:1", "b:1"]
    );
    assert!(
        report
            .damage
            .iter()
            .all(|damage| damage.blob == Some(shared))
    );
    assert!(!path.exists());
}

#[test]
fn unpacking_damaged_blobs_leaves_nothing() {
    let place = two_kits();
    let kit = Kit::read(&place.store.kit(&reference("a:1")).unwrap()).unwrap();
    let path = place.store.blob_path(&kit.layers[1].descriptor.digest);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[520] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let out = tempfile::tempdir().unwrap();
    let error = place
        .unpack("a:1", &out.path().join("deep/er"), &[])
        .unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert_eq!(tree(out.path()), []);
}

#[test]
fn pulls_resume_and_wrong_bytes_are_refused() {
    let place = Place::new();
    place.store.prepare().unwrap();
    let data = b"some bytes of a layer";
    let blob = Descriptor::of("application/octet-stream", data);
    let mut writer = place.store.blob_writer(&blob).unwrap();
    writer.write(&data[..5]).unwrap();
    drop(writer);
    assert!(!place.store.has_blob(&blob.digest, blob.size));
    let mut writer = place.store.blob_writer(&blob).unwrap();
    assert_eq!(writer.received(), 5);
    writer.write(&data[5..]).unwrap();
    writer.commit().unwrap();
    assert!(place.store.has_blob(&blob.digest, blob.size));

    let other = Descriptor::new("application/octet-stream", Digest::of(b"other"), 5);
    let mut writer = place.store.blob_writer(&other).unwrap();
    assert!(matches!(writer.write(b"too many"), Err(Error::Size { .. })));
    let mut writer = place.store.blob_writer(&other).unwrap();
    assert_eq!(writer.received(), 0);
    writer.write(b"wrong").unwrap();
    assert!(matches!(writer.commit(), Err(Error::Corrupt { .. })));
    assert_eq!(place.store.blob_writer(&other).unwrap().received(), 0);
}

#[test]
fn a_manifest_enters_only_with_all_its_blobs() {
    let place = two_kits();
    let kit = Kit::read(&place.store.kit(&reference("a:1")).unwrap()).unwrap();
    let elsewhere = Place::new();
    let error = elsewhere
        .store
        .add_manifest(&reference("a"), &kit.manifest_text, &["1".into()])
        .unwrap_err();
    assert!(matches!(error, Error::MissingBlob { .. }));
    assert!(elsewhere.store.list().unwrap().is_empty());
    let nonsense = place
        .store
        .add_manifest(&reference("a"), b"{}", &[])
        .unwrap_err();
    assert!(matches!(nonsense, Error::Malformed { .. }));
}

#[test]
fn a_broken_shared_index_is_made_up_from_the_repositories() {
    for broken in ["", "{\"schemaVersion\":2,\"mani"] {
        let place = two_kits();
        std::fs::write(place.store.root().join("index.json"), broken).unwrap();
        place
            .store
            .tag(&reference("a:1"), &reference("c:1"))
            .unwrap();
        place.store.remove(&reference("b:1"), false).unwrap();
        let report = place
            .store
            .verify(false, &Silent, &CancellationToken::new())
            .unwrap();
        assert_eq!((report.kits, report.damage.len()), (2, 0));
    }
}

#[test]
fn a_broken_repository_index_is_an_error_and_stays_as_it_is() {
    let place = two_kits();
    let path = place.store.root().join("bG9jYWxob3N0L2E=-index.json");
    std::fs::write(&path, "{").unwrap();
    assert!(matches!(
        place.store.tag(&reference("b:1"), &reference("a:2")),
        Err(Error::Malformed { .. })
    ));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{");
}

#[test]
fn many_writers_lose_nothing() {
    let place = two_kits();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let store = place.store.clone();
            scope.spawn(move || {
                for n in 0..10 {
                    store
                        .tag(&reference("a:1"), &reference(&format!("a:t{writer}-{n}")))
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(place.store.tags(&reference("a:1")).unwrap().len(), 81);
}

/// Lays out the kits of `place` as a store before `kit` 0.5 had them: one OCI layout a repository.
fn old_store(place: &Place) -> Place {
    let old = Place::new();
    for name in ["localhost/a", "localhost/a/sub", "r.example/team/b"] {
        let tag = if name.ends_with("/b") { "b:1" } else { "a:1" };
        kitbench_modelkit::oci::export(
            &place.store,
            &[reference(tag)],
            &old.store.root().join(name),
            &Default::default(),
            &Silent,
            &CancellationToken::new(),
        )
        .unwrap();
    }
    old
}

#[test]
fn kits_of_the_oldest_layout_are_brought_into_the_present_one() {
    let never = CancellationToken::new();
    let now = two_kits();
    let old = old_store(&now);
    assert!(old.store.has_old_layout().unwrap());
    assert!(old.store.list().unwrap().is_empty());
    // One of them is damaged: it stays where it is, and is named.
    let layer = now.store.kit(&reference("b:1")).unwrap();
    let layer = Kit::read(&layer).unwrap().layers[0].descriptor.digest;
    let damaged = old
        .store
        .root()
        .join("r.example/team/b/blobs/sha256")
        .join(layer.hex());
    let whole = std::fs::read(&damaged).unwrap();
    std::fs::write(&damaged, vec![0; whole.len()]).unwrap();

    let adopted = old.store.adopt_old_layout(&never).unwrap();
    let mut kits: Vec<String> = adopted.kits.iter().map(ToString::to_string).collect();
    kits.sort();
    assert_eq!(kits, ["a/sub:1", "a:1"]);
    assert_eq!(adopted.left.len(), 1, "{adopted:?}");
    assert!(adopted.left[0].0.ends_with("r.example/team/b"));
    assert!(!old.store.root().join("localhost").exists());
    assert!(damaged.exists());

    // Once it is whole again it follows, also if clearing up was cut off before.
    std::fs::write(&damaged, whole).unwrap();
    let manifest = now.store.resolve(&reference("b:1")).unwrap().digest;
    let from = now.store.blob_path(&manifest);
    std::fs::copy(from, old.store.blob_path(&manifest)).unwrap();
    std::fs::remove_file(damaged.with_file_name(manifest.hex())).unwrap();
    let adopted = old.store.adopt_old_layout(&never).unwrap();
    assert_eq!(adopted.kits.len(), 1, "{adopted:?}");
    assert!(!old.store.has_old_layout().unwrap());
    let digests = |place: &Place| {
        let kits = place.store.list().unwrap().into_iter();
        kits.map(|kit| (kit.repository.to_string(), kit.tags, kit.digest))
            .collect::<Vec<_>>()
    };
    let (a, b) = (digests(&now)[0].2, digests(&now)[1].2);
    let tags = vec!["1".to_owned()];
    assert_eq!(
        digests(&old),
        [
            ("a".into(), tags.clone(), a),
            ("a/sub".into(), tags.clone(), a),
            ("r.example/team/b".into(), tags, b),
        ]
    );
    let verified = old.store.verify(false, &Silent, &never).unwrap();
    assert!(verified.damage.is_empty(), "{verified:?}");
}
