//! Whatever the input, the answer is a value or an error, never a panic; and what is packed is what
//! is unpacked.

mod common;

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::path::Path;

use common::{Node, Place, reference, tree};
use kitbench_modelkit::pack::{PackOptions, Packed};
use kitbench_modelkit::{Compression, Format};

use kitbench_modelkit::ignore::IgnoreRules;
use kitbench_modelkit::inspect::content::inspect;
use kitbench_modelkit::manifest::Manifest;
use kitbench_modelkit::tar::{Header, Kind, Limits, Reader, header_bytes, padding};
use kitbench_modelkit::{Reference, unpack::Filter};
use proptest::prelude::*;

const NAMES: [&str; 10] = [
    "x.safetensors",
    "x.onnx",
    "x.gguf",
    "x.npy",
    "x.csv",
    "x.tsv",
    "x.ipynb",
    "x.pkl",
    "x.parquet",
    "x",
];
const MARKS: [&[u8]; 6] = [
    b"",
    b"GGUF\x03\0\0\0",
    b"\x93NUMPY\x01\0",
    b"PAR1",
    b"\x80\x04",
    b"{\"a\":",
];

/// Files by path: their content and mode. Where a name is a file here and a folder there the first
/// wins.
type Files = BTreeMap<String, (Vec<u8>, u32)>;

fn any_files() -> impl Strategy<Value = Files> {
    let name = prop_oneof!["[a-z]{1,3}", "[a-zA-Z0-9 _.é-]{1,30}", "[x]{95,105}"].prop_filter(
        "a name of its own",
        |name: &String| {
            !name.contains("..") && name != "." && name.trim() == name && !name.contains("kit")
        },
    );
    let path = prop::collection::vec(name, 1..4).prop_map(|parts| parts.join("/"));
    let content = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..3000),
        (0usize..5).prop_map(|blocks| vec![7; blocks * 512]),
        Just(vec![0; 300_000]),
    ];
    let mode = prop_oneof![Just(0o644u32), Just(0o600), Just(0o755), Just(0o444)];
    prop::collection::btree_map(path, (content, mode), 0..10)
}

#[cfg(unix)]
fn create(folder: &Path, files: &Files) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(folder).unwrap();
    for (path, (content, mode)) in files {
        let path = folder.join(path);
        let parent = path.parent().unwrap();
        if std::fs::create_dir_all(parent).is_ok()
            && !path.exists()
            && std::fs::write(&path, content).is_ok()
        {
            let mode = std::fs::Permissions::from_mode(*mode);
            std::fs::set_permissions(&path, mode).unwrap();
        }
    }
}

#[cfg(unix)]
proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn trees(
        model in prop::collection::vec(any::<u8>(), 0..5000), code in any_files(), data in any_files(),
        compression in prop::sample::select(Compression::ALL.to_vec()), modelpack in any::<bool>(),
    ) {
        let project = tempfile::tempdir().unwrap();
        create(&project.path().join("src"), &code);
        create(&project.path().join("data/set"), &data);
        std::fs::write(project.path().join("weights"), &model).unwrap();
        std::fs::write(
            project.path().join("Kitfile"),
            "model: {path: weights}\ncode: [{path: src}]\ndatasets: [{path: data/set}]\n",
        ).unwrap();
        let place = Place::new();
        let pack = |folder: &Path, name: &str| -> Packed {
            let mut options = PackOptions::new(folder, reference(name));
            options.compression = compression;
            options.format = if modelpack { Format::ModelPack } else { Format::Native };
            options.created = Some(0);
            place.pack(&options).unwrap()
        };
        let first = pack(project.path(), "k:1");
        let out = tempfile::tempdir().unwrap();
        place.unpack("k:1", out.path(), &[]).unwrap();
        let files = |folder: &Path| -> Vec<Node> {
            tree(folder).into_iter().filter(|(name, ..)| name != "Kitfile").collect()
        };
        prop_assert_eq!(files(out.path()), files(project.path()));
        // And packing what was unpacked gives the same kit, down to its digest.
        let again = pack(out.path(), "k:2");
        let digests = |packed: &Packed| packed.layers.iter().map(|layer| layer.digest).collect::<Vec<_>>();
        prop_assert_eq!(digests(&again), digests(&first));
        prop_assert_eq!(again.manifest.digest, first.manifest.digest);
    }
}

proptest! {
    #[test]
    fn files(mark in 0..MARKS.len(), mut bytes in prop::collection::vec(any::<u8>(), 0..600), length in any::<u16>()) {
        let mut file = MARKS[mark].to_vec();
        file.append(&mut bytes);
        if mark == 3 {
            file.extend(u32::from(length % 600).to_le_bytes());
            file.extend(b"PAR1");
        }
        for name in NAMES {
            // A size that lies must do no harm either.
            for size in [file.len() as u64, u64::from(length), u64::MAX] {
                let _ = inspect(name, &mut Cursor::new(&file), size);
            }
        }
    }

    #[test]
    fn archives(changes in prop::collection::vec((any::<u16>(), any::<u8>()), 0..8), cut in any::<u16>()) {
        let mut archive = Vec::new();
        for (name, data) in [("d/ü", &b"12345"[..]), ("plain", &[7; 700])] {
            let header = Header { name: name.into(), kind: Kind::File, mode: 0o644, size: data.len() as u64 };
            archive.extend(header_bytes(&header).unwrap_or_default());
            archive.extend(data);
            archive.resize(archive.len() + padding(data.len() as u64), 0);
        }
        for (at, value) in changes {
            let at = usize::from(at) % archive.len();
            archive[at] = value;
        }
        archive.truncate(usize::from(cut).max(512));
        let mut reader = Reader::new(Cursor::new(&archive), Limits::default());
        while let Ok(Some(_)) = reader.next_member() {
            let mut data = Vec::new();
            if reader.read_to_end(&mut data).is_err() {
                break;
            }
        }
    }

    #[test]
    fn texts(text in "\\PC{0,60}", pattern in "[a-c*?!/\\\\\\[\\]\\-^{}|,0-9.$+() ]{0,14}", path in "[a-c/.]{1,12}") {
        let _ = text.parse::<Reference>();
        let _ = text.parse::<Filter>();
        let _ = Manifest::parse(text.as_bytes(), "it");
        let _ = IgnoreRules::parse(text.as_bytes());
        if let Ok(rules) = IgnoreRules::parse(pattern.as_bytes()) {
            let _ = rules.ignored_by(&path);
        }
    }

    #[test]
    fn references_that_parse_are_shown_as_they_parse(text in "([a-z.]{1,6}(:[0-9]{1,4})?/)?[a-z0-9._/-]{1,12}(:[a-zA-Z0-9._-]{1,6})?") {
        if let Ok(reference) = text.parse::<Reference>() {
            let shown = reference.to_string();
            prop_assert_eq!(shown.parse::<Reference>(), Ok(reference));
        }
    }
}
