//! Kits carried in OCI layouts.
#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{Place, project, reference, tree};
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::oci::{Transferred, export, import};
use kitbench_modelkit::pack::PackOptions;
use kitbench_modelkit::progress::{CancellationToken, Silent};
use kitbench_modelkit::{Error, Reference, Result};

fn packed() -> Place {
    let place = Place::new();
    for name in ["wine", "files"] {
        let folder = project(name);
        place
            .pack(&PackOptions::new(
                folder.path(),
                reference(&format!("r.example/{name}:1")),
            ))
            .unwrap();
    }
    place
}

const KITS: [&str; 2] = ["r.example/wine:1", "r.example/files:1"];

/// Exports everything of these kits.
fn send(place: &Place, kits: &[Reference], target: &Path) -> Transferred {
    let none = BTreeSet::new();
    let never = CancellationToken::new();
    export(&place.store, kits, target, &none, &Silent, &never).unwrap()
}

/// Imports; what has no name is called `name`.
fn take(place: &Place, source: &Path, name: &str) -> Result<Transferred> {
    let never = CancellationToken::new();
    import(&place.store, source, &reference(name), &Silent, &never)
}

#[test]
fn kits_travel_in_a_folder_or_a_tar_file() {
    let place = packed();
    let never = CancellationToken::new();
    for name in ["layout", "layout.tar"] {
        let out = tempfile::tempdir().unwrap();
        let target = out.path().join(name);
        let kits: Vec<Reference> = KITS.map(reference).to_vec();
        let exported = send(&place, &kits, &target);
        let there = Place::new();
        let imported = take(&there, &target, "unnamed").unwrap();
        assert_eq!(
            (imported.kits.as_slice(), imported.blobs),
            (kits.as_slice(), exported.blobs),
            "{name}"
        );
        for kit in KITS {
            assert_eq!(
                there.store.resolve(&reference(kit)).unwrap(),
                place.store.resolve(&reference(kit)).unwrap()
            );
        }
        assert!(
            there
                .store
                .verify(false, &Silent, &never)
                .unwrap()
                .damage
                .is_empty()
        );
        // No temporary file stays beside it.
        let stray: Vec<_> = tree(out.path())
            .into_iter()
            .filter(|(path, ..)| path.contains(&format!("{}-", std::process::id())))
            .collect();
        assert_eq!(stray, []);
        let again = take(&there, &target, "unnamed").unwrap();
        assert_eq!(again.blobs, 0);
    }
}

#[test]
fn kits_without_a_name_get_the_one_chosen() {
    let place = Place::new();
    let folder = project("files");
    let packed = place
        .pack(&PackOptions::new(folder.path(), Reference::unnamed()))
        .unwrap();
    let out = tempfile::tempdir().unwrap();
    let target = out.path().join("layout");
    send(&place, &[packed.reference], &target);
    let there = Place::new();
    let imported = take(&there, &target, "chosen:1").unwrap();
    assert_eq!(imported.kits, [reference("chosen:1")]);
    assert!(there.store.resolve(&reference("chosen:1")).is_ok());
}

#[test]
fn what_the_other_side_has_stays_here() {
    let place = packed();
    let never = CancellationToken::new();
    let there = Place::new();
    let out = tempfile::tempdir().unwrap();
    let wine = [reference(KITS[0])];
    let first = out.path().join("first.tar");
    send(&place, &wine, &first);
    take(&there, &first, "x").unwrap();
    let kit = Kit::read(&place.store.kit(&wine[0]).unwrap()).unwrap();
    let theirs: BTreeSet<_> = kit
        .layers
        .iter()
        .map(|layer| layer.descriptor.digest)
        .collect();
    let second = out.path().join("second.tar");
    let exported = export(&place.store, &wine, &second, &theirs, &Silent, &never).unwrap();
    assert_eq!((exported.blobs, exported.skipped), (2, 3));
    take(&there, &second, "x").unwrap();
    // A place that has none of the layers cannot take it.
    let empty = Place::new();
    assert!(matches!(
        take(&empty, &second, "x"),
        Err(Error::MissingBlob { .. })
    ));
    assert!(empty.store.list().unwrap().is_empty());
}

#[test]
fn damaged_layouts_are_refused() {
    let place = packed();
    let out = tempfile::tempdir().unwrap();
    let target = out.path().join("layout");
    send(&place, &[reference(KITS[0])], &target);
    let kit = Kit::read(&place.store.kit(&reference(KITS[0])).unwrap()).unwrap();
    let blob = target
        .join("blobs/sha256")
        .join(kit.layers[0].descriptor.digest.hex());
    let mut bytes = std::fs::read(&blob).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&blob, bytes).unwrap();
    let there = Place::new();
    let error = take(&there, &target, "x").unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert!(there.store.list().unwrap().is_empty());
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let tar = out.path().join("x.tar");
    assert!(matches!(
        export(
            &place.store,
            &[reference(KITS[0])],
            &tar,
            &BTreeSet::new(),
            &Silent,
            &cancelled
        ),
        Err(Error::Cancelled)
    ));
    assert!(!tar.exists());
    std::fs::write(out.path().join("no.tar"), [0; 1024]).unwrap();
    assert!(matches!(
        take(&there, &out.path().join("no.tar"), "x"),
        Err(Error::Malformed { .. })
    ));
}
