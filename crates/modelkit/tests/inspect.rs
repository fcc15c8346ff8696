//! Looking into kits, and comparing them.
#![cfg(unix)]

mod common;

use std::io::{Read as _, Seek as _, SeekFrom};

use common::{Place, data, project, reference, untar, write};
use kitbench_modelkit::diff::{Change, Side, diff, texts};
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::inspect::content::{Content, inspect};
use kitbench_modelkit::inspect::files::{find_readme, list_files, open_file, read_file};
use kitbench_modelkit::pack::{PackOptions, preview};
use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::store::{Home, Store, StoreKit};
use kitbench_modelkit::text_diff::Line;
use kitbench_modelkit::{Compression, Error};

fn pack(place: &Place, files: &[(&str, &str)], name: &str, compression: Compression) -> StoreKit {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    let mut options = PackOptions::new(folder.path(), reference(name));
    options.compression = compression;
    place.pack(&options).unwrap();
    place.store.kit(&reference(name)).unwrap()
}

const FILES: &[(&str, &str)] = &[
    ("Kitfile", "code: [{path: src}]\ndocs: [{path: docs}]\n"),
    ("src/a.py", "print(1)"),
    ("src/b.py", "print(2)"),
    ("docs/deep/README.md", "# deep"),
    ("docs/readme.md", "# here"),
];

#[test]
fn files_are_listed_and_read_without_unpacking() {
    let never = CancellationToken::new();
    for compression in Compression::ALL {
        let place = Place::new();
        let source = pack(&place, FILES, "k:1", compression);
        let kit = Kit::read(&source).unwrap();
        let layer = &kit.layers[0];
        let listing = list_files(&source, layer, 100, &never).unwrap();
        let paths: Vec<_> = listing
            .files
            .iter()
            .map(|file| (file.path.as_str(), file.size, file.is_folder))
            .collect();
        assert_eq!(
            paths,
            [
                ("src", 0, true),
                ("src/a.py", 8, false),
                ("src/b.py", 8, false)
            ]
        );
        assert!(list_files(&source, layer, 2, &never).unwrap().truncated);
        let file = read_file(&source, layer, "./src/b.py", 5, &never).unwrap();
        assert_eq!((file.bytes.as_slice(), file.size), (b"print".as_slice(), 8));
        assert!(matches!(
            read_file(&source, layer, "src/c.py", 5, &never),
            Err(Error::NoFile { .. })
        ));
        let (mut reader, size) = open_file(&source, layer, "src/b.py", &never).unwrap();
        let mut tail = String::new();
        reader.seek(SeekFrom::End(-3)).unwrap();
        reader.read_to_string(&mut tail).unwrap();
        assert_eq!((tail.as_str(), size), ("(2)", 8));
        let (number, path, text) = find_readme(&source, &kit, 100, &never).unwrap().unwrap();
        assert_eq!(
            (number, path.as_str(), text.bytes.as_slice()),
            (1, "docs/readme.md", b"# here".as_slice())
        );
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        assert!(matches!(
            list_files(&source, layer, 100, &cancelled),
            Err(Error::Cancelled)
        ));
    }
}

#[test]
fn a_kit_packed_by_kit_can_be_looked_into() {
    let never = CancellationToken::new();
    let home = tempfile::tempdir().unwrap();
    untar(&data("wine/kitops-home.tar.gz"), home.path());
    let store = Store::new(Home::at(home.path().join("kitops-home")));
    let source = store.kit(&reference("registry.example/wine:v1")).unwrap();
    let kit = Kit::read(&source).unwrap();
    let (mut file, size) = open_file(
        &source,
        &kit.layers[2],
        "datasets/winequality-red.csv",
        &never,
    )
    .unwrap();
    let Content::Table(table) = inspect("datasets/winequality-red.csv", &mut file, size).unwrap()
    else {
        panic!()
    };
    assert!(
        table.columns.len() > 1 && !table.rows.is_empty() && table.truncated,
        "{:?}",
        table.columns
    );
    let (mut file, size) = open_file(&source, &kit.layers[1], "code/train.py", &never).unwrap();
    assert!(matches!(
        inspect("code/train.py", &mut file, size).unwrap(),
        Content::Text {
            truncated: false,
            ..
        }
    ));
}

#[test]
fn kits_are_compared_by_meaning_layers_and_files() {
    let never = CancellationToken::new();
    let place = Place::new();
    let old = pack(
        &place,
        &[
            (
                "Kitfile",
                "package: {name: a, version: '1'}\nmodel: {path: w, parameters: {lr: 0.1, digest: x}}\ncode: [{path: src}]\n",
            ),
            ("w", "weights"),
            ("src/same.py", "0"),
            ("src/changed.py", "1"),
            ("src/moved.py", "a file that moves"),
            ("src/gone.py", "2"),
        ],
        "k:old",
        Compression::None,
    );
    let new = pack(
        &place,
        &[
            // The same model, written differently.
            (
                "Kitfile",
                "package:\n  version: \"2\"\n  name: a\nmodel:\n  parameters: {digest: x, lr: 0.2}\n  path: w\ncode:\n  - path: src\n",
            ),
            ("w", "weights"),
            ("src/same.py", "0"),
            ("src/changed.py", "one"),
            ("src/sub/moved.py", "a file that moves"),
            ("src/new.py", "3"),
        ],
        "k:new",
        Compression::None,
    );
    let (a, b) = (Kit::read(&old).unwrap(), Kit::read(&new).unwrap());
    let result = diff(
        &Side::Kit {
            source: &old,
            kit: &a,
        },
        &Side::Kit {
            source: &new,
            kit: &b,
        },
        true,
        &never,
    )
    .unwrap();
    let fields: Vec<_> = result
        .fields
        .iter()
        .map(|field| {
            (
                field.path.as_str(),
                field.old.as_deref(),
                field.new.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        fields,
        [
            ("model.parameters.lr", Some("0.1"), Some("0.2")),
            ("package.version", Some("\"1\""), Some("\"2\""))
        ]
    );
    let layers: Vec<_> = result
        .layers
        .iter()
        .map(|layer| (layer.path.as_str(), &layer.change))
        .collect();
    assert_eq!(layers, [("w", &Change::Same), ("src", &Change::Changed)]);
    let files: Vec<_> = result
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.change.clone()))
        .collect();
    assert_eq!(
        files,
        [
            ("src/changed.py", Change::Changed),
            ("src/gone.py", Change::Removed),
            ("src/new.py", Change::Added),
            (
                "src/sub/moved.py",
                Change::Moved {
                    from: "src/moved.py".into()
                }
            ),
        ]
    );
    let sides = (
        Side::Kit {
            source: &old,
            kit: &a,
        },
        Side::Kit {
            source: &new,
            kit: &b,
        },
    );
    let texts = texts(&sides.0, &sides.1, &result, &never).unwrap();
    assert_eq!(texts.keys().collect::<Vec<_>>(), ["src/changed.py"]);
    assert_eq!(
        texts["src/changed.py"][0].lines,
        [Line::Removed("1".into()), Line::Added("one".into())]
    );
    let same = diff(
        &Side::Kit {
            source: &old,
            kit: &a,
        },
        &Side::Kit {
            source: &old,
            kit: &a,
        },
        true,
        &never,
    )
    .unwrap();
    assert!(same.identical && same.files.is_empty());
}

#[test]
fn a_folder_is_compared_with_the_kit_packed_from_it() {
    let never = CancellationToken::new();
    let place = Place::new();
    let folder = project("files");
    let options = PackOptions::new(folder.path(), reference("k:1"));
    place.pack(&options).unwrap();
    let source = place.store.kit(&reference("k:1")).unwrap();
    let kit = Kit::read(&source).unwrap();
    let compare = || {
        let (kitfile, plan) = preview(&options, &place.store).unwrap();
        let folder = Side::Folder {
            context: folder.path(),
            kitfile: &kitfile,
            plan: &plan,
        };
        diff(
            &Side::Kit {
                source: &source,
                kit: &kit,
            },
            &folder,
            true,
            &never,
        )
        .unwrap()
    };
    let result = compare();
    assert!(
        result.fields.is_empty() && result.files.is_empty(),
        "{result:?}"
    );
    assert!(
        result
            .layers
            .iter()
            .all(|layer| layer.change == Change::Same)
    );
    std::fs::write(folder.path().join("data/1.csv"), "changed").unwrap();
    let result = compare();
    assert_eq!(
        result
            .files
            .iter()
            .map(|file| file.path.as_str())
            .collect::<Vec<_>>(),
        ["data/1.csv"]
    );
}
