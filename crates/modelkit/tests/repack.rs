//! Packing again after a few of many files changed: the layer is made from its old blob, and is the same
//! as if every file had been read.
#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use common::work::weights;
use common::{Place, Watcher, reference, settle, write};
use kitbench_modelkit::cache::{LayerCache, Layout, Remembered};
use kitbench_modelkit::pack::{PackOptions, Packed};
use kitbench_modelkit::progress::Silent;
use kitbench_modelkit::{Digest, Error};
use proptest::prelude::*;
use tempfile::TempDir;

const KITFILE: &str = "datasets: [{path: data}]\n";
const FILES: usize = 40;

/// A cache that hands out what a test wants and notes what it is given.
#[derive(Default)]
struct Notes {
    layouts: Mutex<BTreeMap<Digest, Layout>>,
}

impl Notes {
    fn only(&self) -> Layout {
        let layouts = self.layouts.lock().unwrap();
        assert_eq!(layouts.len(), 1);
        layouts.values().next().unwrap().clone()
    }

    fn change(&self, change: impl FnOnce(&mut Layout)) {
        change(self.layouts.lock().unwrap().values_mut().next().unwrap());
    }
}

impl LayerCache for Notes {
    fn get(&self, _: &Digest) -> Option<Remembered> {
        None
    }
    fn put(&self, _: &Digest, _: Remembered) {}
    fn layout(&self, key: &Digest) -> Option<Layout> {
        self.layouts.lock().unwrap().get(key).cloned()
    }
    fn put_layout(&self, key: &Digest, layout: &Layout) {
        self.layouts.lock().unwrap().insert(*key, layout.clone());
    }
}

fn name(number: usize) -> String {
    format!("data/{}/{number:03}.txt", number % 3)
}

/// A project of [`FILES`] small files, some of no bytes, packed once.
fn packed() -> (TempDir, Place, PackOptions, Notes) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("Kitfile", KITFILE)]);
    for number in 0..FILES {
        let content = weights(number as u64, 700 * (number % 5));
        write(folder.path(), &[(&name(number), &content)]);
    }
    settle(folder.path());
    let (place, notes) = (Place::new(), Notes::default());
    let options = PackOptions::new(folder.path(), reference("m:1"));
    place.pack_with(&options, &notes).unwrap();
    (folder, place, options, notes)
}

/// What packing every file anew gives.
fn fresh(options: &PackOptions) -> Packed {
    Place::new().pack_with(options, &Notes::default()).unwrap()
}

/// Changes the content of a file and keeps its size.
fn touch(folder: &Path) {
    std::fs::write(folder.join(name(8)), weights(999, 700 * (8 % 5))).unwrap();
}

#[test]
fn files_whose_stamps_prove_them_unchanged_are_not_read() {
    let (folder, place, options, notes) = packed();
    let old = notes.only();
    touch(folder.path());
    settle(folder.path());
    place.pack_with(&options, &notes).unwrap();
    assert_ne!(notes.only().digest, old.digest);
    // With the new stamps said to stand for the old blob, its bytes come out again.
    notes.change(|layout| layout.digest = old.digest);
    let again = place.pack_with(&options, &notes).unwrap();
    assert_eq!(again.layers[0].digest, old.digest);
}

#[test]
fn what_only_just_changed_is_read_again() {
    let (folder, place, options, notes) = packed();
    touch(folder.path());
    place.pack_with(&options, &notes).unwrap();
    let known = notes.only().members;
    let unknown = known.iter().filter(|member| member.stamp.is_none()).count();
    // A slow machine may have let it settle.
    assert!(unknown <= 1, "{unknown}");
    assert_eq!(known.len(), FILES + 4);
    touch(folder.path());
    std::fs::write(folder.path().join(name(9)), "other").unwrap();
    let again = place.pack_with(&options, &notes).unwrap();
    assert_eq!(again.manifest, fresh(&options).manifest);
}

#[test]
fn a_damaged_blob_never_gets_into_a_new_layer() {
    let (folder, place, options, notes) = packed();
    let old = notes.only();
    let path = place.store.blob_path(&old.digest);
    let sound = std::fs::read(&path).unwrap();
    touch(folder.path());
    let expected = fresh(&options);
    // In the first header, in data before and behind the changed file, and in the end.
    for at in [0, 5000, sound.len() - 3000, sound.len() - 1] {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let watcher = Watcher::default();
        notes.change(|layout| *layout = old.clone());
        let again = place.pack_watched(&options, &notes, &watcher).unwrap();
        assert_eq!(again.manifest, expected.manifest, "byte {at}");
        let warnings = watcher.warnings.lock().unwrap();
        assert!(
            warnings.len() == 1 && warnings[0].contains("damaged"),
            "{warnings:?}"
        );
        // The bytes told are those of the layer, although it was begun twice.
        let total: u64 = watcher
            .steps
            .lock()
            .unwrap()
            .iter()
            .map(|s| s.total_bytes)
            .sum();
        assert_eq!(watcher.bytes.load(Ordering::Relaxed), total);
        place.store.remove(&reference("m:1"), true).unwrap();
        std::fs::write(&path, &sound).unwrap();
    }
    // Too short or gone: the files are read without a word.
    for damage in [Some(&sound[..sound.len() - 512]), None] {
        match damage {
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        notes.change(|layout| *layout = old.clone());
        let again = place.pack_with(&options, &notes).unwrap();
        assert_eq!(again.manifest, expected.manifest);
    }
}

#[test]
fn a_repack_that_fails_leaves_the_store_as_it_was() {
    let (folder, place, options, notes) = packed();
    let before = common::work::content(place.folder.path());
    touch(folder.path());
    let changed = folder.path().join(name(8));
    let watcher = Watcher::default();
    // The first bytes told are those taken from the old blob.
    *watcher.at_first_byte.lock().unwrap() = Some(Box::new(move || {
        std::fs::write(&changed, "of another size").unwrap();
    }));
    let failed = place.pack_watched(&options, &notes, &watcher);
    assert!(matches!(failed, Err(Error::Changed { .. })), "{failed:?}");
    assert_eq!(common::work::content(place.folder.path()), before);
    let now = place.pack_with(&options, &notes).unwrap();
    assert_eq!(now.manifest, fresh(&options).manifest);
}

#[derive(Clone, Debug)]
enum Edit {
    Write(usize, usize),
    Remove(usize),
    Rename(usize, usize),
    Mode(usize, u32),
    Link(usize),
    Folder(usize),
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let file = 0..FILES + 6;
    prop_oneof![
        3 => (file.clone(), 0usize..3000).prop_map(|(n, size)| Edit::Write(n, size)),
        2 => file.clone().prop_map(Edit::Remove),
        1 => (file.clone(), file.clone()).prop_map(|(a, b)| Edit::Rename(a, b)),
        1 => (file.clone(), prop::sample::select(vec![0o600, 0o755])).prop_map(|(n, m)| Edit::Mode(n, m)),
        1 => file.clone().prop_map(Edit::Link),
        1 => (0usize..3).prop_map(Edit::Folder),
    ]
}

/// Does the edit; one that cannot be done does nothing.
fn apply(folder: &Path, edit: &Edit, seed: u64) {
    let at = |number: usize| folder.join(name(number));
    let _ = match edit {
        Edit::Write(number, size) => std::fs::write(at(*number), weights(seed, *size)),
        Edit::Remove(number) => std::fs::remove_file(at(*number)),
        Edit::Rename(from, to) => std::fs::rename(at(*from), at(*to)),
        Edit::Mode(number, mode) => {
            std::fs::set_permissions(at(*number), std::fs::Permissions::from_mode(*mode))
        }
        Edit::Link(number) => {
            let _ = std::fs::remove_file(at(*number));
            std::os::unix::fs::symlink("elsewhere", at(*number))
        }
        Edit::Folder(number) => {
            let mode = std::fs::Permissions::from_mode(0o711 + *number as u32);
            std::fs::set_permissions(folder.join(format!("data/{number}")), mode)
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn packed_again_is_packed_anew(rounds in prop::collection::vec((prop::collection::vec(any_edit(), 0..4), any::<bool>()), 1..4)) {
        let (folder, place, options, notes) = packed();
        let mut seed = 5000;
        for (edits, wait) in rounds {
            for edit in &edits {
                seed += 1;
                apply(folder.path(), edit, seed);
            }
            if wait {
                settle(folder.path());
            }
            let again = place.pack_watched(&options, &notes, &Silent).unwrap();
            prop_assert_eq!(again.manifest, fresh(&options).manifest);
            let layout = notes.only();
            prop_assert_eq!(layout.digest, again.layers[0].digest);
        }
    }
}
